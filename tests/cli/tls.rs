//! HTTPS: the right authority, the wrong one, none, and a server that breaks the handshake.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS12;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::acceptor::Acceptor;
use crate::harness::Home;
use crate::server::{Reply, Server, read_request};

const SEND: &str = "send text --to 593987654321 Hola --retry-for 0";

/// How a server misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    /// It answers outside TLS, so the client's TLS cannot read the answer.
    AnswersOutsideTls,
    /// It requires a client certificate, which TLS 1.3 reports only after the request.
    WantsCertificate,
    /// It requires one in TLS 1.2, where the handshake fails.
    WantsCertificateInTls12,
    /// It only speaks HTTP/2.
    SpeaksHttp2,
}

/// Starts a server with a certificate for `name` from its own authority. Returns the authority as PEM, too.
pub(crate) fn start(name: &str) -> (Acceptor, String) {
    start_with(name, Flaw::None, |_| {})
}

fn start_with(
    name: &str,
    flaw: Flaw,
    change: impl FnOnce(&mut CertificateParams),
) -> (Acceptor, String) {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let mut certificate = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut certificate);
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = match flaw {
        Flaw::WantsCertificateInTls12 => builder.with_protocol_versions(&[&TLS12]),
        _ => builder.with_safe_default_protocol_versions(),
    };
    let builder = if [Flaw::WantsCertificate, Flaw::WantsCertificateInTls12].contains(&flaw) {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        builder.unwrap().with_client_cert_verifier(verifier)
    } else {
        builder.unwrap().with_no_client_auth()
    };
    let mut config = builder
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    if flaw == Flaw::SpeaksHttp2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let config = Arc::new(config);
    let acceptor = Acceptor::start(move |_, stream| {
        let mut stream =
            StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        // A client that does not trust the certificate closes the connection.
        if read_request(&mut stream).is_err() {
            return;
        }
        let Reply::Bytes(answer) = Reply::accepted() else {
            unreachable!()
        };
        if flaw == Flaw::AnswersOutsideTls {
            return stream.sock.write_all(&answer).unwrap();
        }
        stream.write_all(&answer).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    (acceptor, authority.pem())
}

/// A certificate authority.
pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn named_private_authority_is_trusted() {
    let (server, authority) = start("localhost");
    let url = format!("https://localhost:{}", server.port());
    let home = Home::new();
    home.write("ca.pem", &authority);
    home.run(SEND)
        .args(&["--ca-cert", "ca.pem"])
        .api(&url)
        .success();
    // Windows and macOS have their own stores of certificates, and no variable replaces these.
    if cfg!(target_os = "linux") {
        home.run(SEND)
            .env("SSL_CERT_FILE", home.path().join("ca.pem"))
            .api(&url)
            .success();
    }
}

/// A TLS error and its hint, which mentions authorities only if they are the cause.
#[test]
fn each_tls_problem_has_its_own_message() {
    let home = Home::new();
    let try_at = |url: &str, code: i32, ca: &str, parts: &[&str]| {
        home.write("ca.pem", ca);
        let ended = home
            .run(SEND)
            .args(&["--ca-cert", "ca.pem"])
            .api(url)
            .fails(code, parts);
        assert!(!ended.stderr.contains("--ca-cert"), "{ended:?}");
        // The platform's own variable selects the authority.
        if cfg!(target_os = "linux") {
            let ended = home
                .run(SEND)
                .env("SSL_CERT_FILE", home.path().join("ca.pem"))
                .api(url)
                .fails(code, parts);
            assert!(!ended.stderr.contains("--ca-cert"), "{ended:?}");
        }
    };
    for (flaw, parts) in [
        (
            Flaw::WantsCertificateInTls12,
            [
                "the server ended the handshake: ",
                "check the port of --api-url",
            ],
        ),
        (
            Flaw::SpeaksHttp2,
            [
                "the server ended the handshake: ",
                "check the port of --api-url",
            ],
        ),
    ] {
        let (server, ca) = start_with("localhost", flaw, |_| {});
        try_at(
            &format!("https://localhost:{}", server.port()),
            7,
            &ca,
            &parts,
        );
    }
    let (tls, ca) = start("localhost");
    let plain = Server::answering(Reply::Greeting(
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    ));
    let parts = [
        "not sent: TLS failed: the server does not speak TLS",
        "check the port of --api-url",
    ];
    try_at(&plain.url.replace("http:", "https:"), 7, &ca, &parts);
    // It is unknown whether the request was read.
    let parts = [
        "it may have been sent: localhost:",
        "did not answer with HTTP, like a server for https://: invalid HTTP",
        "hint: ask the recipient",
    ];
    try_at(&format!("http://localhost:{}", tls.port()), 8, &ca, &parts);
}

#[test]
fn untrusted_certificate_is_not_sent() {
    let (server, _) = start("localhost");
    let url = format!("https://localhost:{}", server.port());
    let home = Home::new();
    home.write("other.pem", authority().pem());
    // Windows sometimes takes the authority with the same name, and then finds a wrong signature.
    let problem = if cfg!(windows) {
        "error: not sent: TLS failed: this "
    } else {
        "error: not sent: TLS failed: this machine does not trust the certificate's authority"
    };
    let refused = [problem, "--ca-cert"];
    home.run(SEND)
        .args(&["--ca-cert", "other.pem"])
        .api(&url)
        .fails(7, &refused);
    home.run(SEND)
        .env("SSL_CERT_FILE", home.path().join("other.pem"))
        .api(&url)
        .fails(7, &refused);
}

/// On other systems, no variable replaces the system's store of certificates.
#[cfg(target_os = "linux")]
#[test]
fn authority_is_found_in_every_platform_location() {
    let (server, ca) = start("localhost");
    let url = format!("https://localhost:{}", server.port());
    let home = Home::new();
    // This authority has the same name but another key.
    let other = authority().pem();
    home.write("other.pem", &other);
    home.write("both.pem", format!("# two of them\n{other}\n{ca}"));
    home.write("trusted/ca.pem", &ca);
    home.write("empty/none", "");
    let [other, both, trusted, empty] =
        ["other.pem", "both.pem", "trusted", "empty"].map(|name| home.path().join(name));
    home.run(SEND)
        .env("SSL_CERT_FILE", &both)
        .api(&url)
        .success();
    home.run(SEND)
        .env("SSL_CERT_DIR", &trusted)
        .api(&url)
        .success();
    home.run(SEND)
        .env("SSL_CERT_FILE", &other)
        .env("SSL_CERT_DIR", &trusted)
        .api(&url)
        .success();
    let refused = [
        "error: not sent: TLS failed: this machine does not trust the certificate's authority",
        "--ca-cert",
    ];
    home.run(SEND)
        .env("SSL_CERT_FILE", &other)
        .env("SSL_CERT_DIR", &empty)
        .api(&url)
        .fails(7, &refused);
    home.run(SEND).api(&url).fails(7, &refused);
    // A pipe, such as a shell's `<(…)`, can be read only once.
    let pipe = home.path().join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, ca)
    });
    home.run(SEND)
        .env("SSL_CERT_FILE", &pipe)
        .api(&url)
        .success();
    writer.join().unwrap().unwrap();
}

#[test]
fn certificate_for_another_name_is_not_sent() {
    let (server, authority) = start("elsewhere.example");
    let home = Home::new();
    home.write("ca.pem", authority);
    let url = format!("https://localhost:{}", server.port());
    // No retry: it would be the same certificate again.
    let run = home
        .run("send text --to 593987654321 Hola --ca-cert ca.pem -o record")
        .api(&url);
    let said = [
        "TLS failed: the certificate is for elsewhere.example, not for localhost (",
        "--api-url",
    ];
    let ended = run.fails(7, &said);
    assert_eq!(
        (
            ended.json()["attempts"].as_u64(),
            ended.json()["error"]["code"].as_str()
        ),
        (Some(1), Some("tls"))
    );
    if cfg!(target_os = "linux") {
        home.run(SEND)
            .env("SSL_CERT_FILE", home.path().join("ca.pem"))
            .api(&url)
            .fails(7, &said);
    }
}

#[test]
fn server_without_tls_is_not_sent() {
    let server = Server::answering(Reply::Greeting(
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    ));
    Home::new()
        .run(SEND)
        .api(&server.url.replace("http:", "https:"))
        .fails(7, &["not sent: TLS failed"]);
}

#[test]
fn tls_error_after_the_request_means_unknown() {
    let (server, authority) = start_with("localhost", Flaw::AnswersOutsideTls, |_| {});
    let home = Home::new();
    home.write("ca.pem", authority);
    let run = home.run("send text --to 593987654321 Hola --ca-cert ca.pem -o record");
    let ended = run
        .api(&format!("https://localhost:{}", server.port()))
        .fails(8, &["it may have been sent"]);
    assert_eq!(ended.json()["attempts"], 1);
}

#[test]
fn certificate_outside_its_validity_is_explained() {
    for (from, to, said) in [
        (
            2001,
            2002,
            "the certificate expired on 2002-01-01T00:00:00Z, and this machine's clock shows 20",
        ),
        (
            2901,
            2902,
            "the certificate is valid from 2901-01-01T00:00:00Z, and this machine's clock shows 20",
        ),
    ] {
        let (server, authority) = start_with("localhost", Flaw::None, |certificate| {
            certificate.not_before = date_time_ymd(from, 1, 1);
            certificate.not_after = date_time_ymd(to, 1, 1);
        });
        let home = Home::new();
        home.write("ca.pem", authority);
        let url = format!("https://localhost:{}", server.port());
        home.run(SEND)
            .args(&["--ca-cert", "ca.pem"])
            .api(&url)
            .fails(7, &[said, "set the clock"]);
    }
}

#[test]
fn required_client_certificate_is_not_sent() {
    let (server, authority) = start_with("localhost", Flaw::WantsCertificate, |_| {});
    let home = Home::new();
    home.write("ca.pem", authority);
    let run = home.run("send text --to 593987654321 Hola --ca-cert ca.pem -o record");
    let ended = run.api(&format!("https://localhost:{}", server.port()));
    let ended = ended.fails(
        7,
        &[
            "not sent: TLS failed: the server ended the handshake: CertificateRequired (localhost:",
            "check the port of --api-url",
        ],
    );
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["attempts"]),
        (&"no".into(), &1.into())
    );
}

#[test]
fn failed_tls_handshake_is_not_sent() {
    let home = Home::new();
    let hanging = Server::answering(Reply::HangBeforeReading);
    let url = hanging.url.replace("http:", "https:");
    home.run(SEND)
        .args(&["--timeout", "500ms"])
        .api(&url)
        .fails(7, &["not sent: connecting took too long"]);
    let closing = Server::answering(Reply::ResetBeforeReading);
    home.run(SEND)
        .api(&closing.url.replace("http:", "https:"))
        .fails(7, &["not sent: "]);
}

#[test]
fn broken_or_missing_roots_are_configuration_errors() {
    let home = Home::new();
    home.write("empty.pem", "");
    home.write(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let url = "https://localhost:1";
    let key = KeyPair::generate().unwrap();
    home.write("key.pem", key.serialize_pem());
    home.write("ca.der", authority().der());
    for (file, parts) in [
        (
            "empty.pem",
            [
                "empty.pem has no PEM certificate\n",
                "hint: to convert DER to PEM: openssl x509 -inform der -in empty.pem\n",
            ],
        ),
        (
            "broken.pem",
            [
                "cannot use the root certificates: broken.pem: ",
                "--ca-cert FILE",
            ],
        ),
        (
            "key.pem",
            [
                "key.pem has no PEM certificate\n",
                "hint: to convert DER to PEM: openssl x509 -inform der -in key.pem\n",
            ],
        ),
        (
            "ca.der",
            [
                "ca.der has no PEM certificate\n",
                "openssl x509 -inform der",
            ],
        ),
    ] {
        home.run(SEND)
            .args(&["--ca-cert", file])
            .api(url)
            .fails(3, &parts);
    }
    home.run(SEND)
        .args(&["--ca-cert", "missing.pem"])
        .api(url)
        .fails(3, &["missing.pem does not exist"]);
    if cfg!(target_os = "linux") {
        let missing = home.path().join("missing.pem");
        let run = home
            .run(SEND)
            .env("SSL_CERT_FILE", &missing)
            .env("SSL_CERT_DIR", home.path())
            .api(url);
        run.fails(3, &["root certificates", "--ca-cert"]);
        home.write("directory/ca.pem", authority().pem());
        for (variable, value, problem) in [
            (
                "SSL_CERT_FILE",
                "missing.pem",
                "SSL_CERT_FILE: missing.pem does not exist",
            ),
            ("SSL_CERT_FILE", "", "SSL_CERT_FILE: it is empty"),
            (
                "SSL_CERT_FILE",
                "directory",
                "SSL_CERT_FILE: directory is a directory",
            ),
            (
                "SSL_CERT_DIR",
                "missing.pem",
                "SSL_CERT_DIR: missing.pem is not a directory",
            ),
        ] {
            home.run(SEND)
                .env(variable, value)
                .api(url)
                .fails(3, &[problem, &format!("unset {variable}")]);
        }
        home.run(SEND)
            .env("SSL_CERT_FILE", "missing.pem")
            .env("SSL_CERT_DIR", "missing.pem")
            .api(url)
            .fails(3, &["SSL_CERT_FILE: ", "unset SSL_CERT_FILE SSL_CERT_DIR;"]);
        // A directory without certificates.
        home.run(SEND)
            .env("SSL_CERT_DIR", home.path())
            .api(url)
            .fails(3, &["root certificates", "unset SSL_CERT_DIR;"]);
    }
}
