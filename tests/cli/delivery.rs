//! Requests to the API: refused, hanging, reset and truncated connections, retries and proxies.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::acceptor::Acceptor;
use crate::harness::{CommandOutput, Home};
use crate::server::{Reply, Server, read_request, refused_url};
use crate::tls;

const SEND: &str = "send text --to 593987654321 Hola -o record --retry-for 0";

fn record(reply: Reply) -> (CommandOutput, Value, Server) {
    let server = Server::answering(reply);
    let ended = Home::new().run(SEND).api(&server.url).end();
    let record = ended.json();
    (ended, record, server)
}

/// Sends a message, which fails with this code and these words. Returns the record.
fn failing_send(flags: &str, url: &str, code: i32, parts: &[&str]) -> Value {
    let line = format!("send text --to 593987654321 Hola -o record {flags}");
    Home::new().run(&line).api(url).fails(code, parts).json()
}

#[test]
fn refused_connection_is_not_sent() {
    let url = refused_url();
    let address = url.strip_prefix("http://").unwrap();
    let told =
        format!("error: not sent: failed to connect to {address}: the connection was refused");
    let record = failing_send("--retry-for 0", &url, 7, &[&told, "hint: "]);
    assert_eq!(
        (record["sent"].as_str(), record["error"]["code"].as_str()),
        (Some("no"), Some("network"))
    );
    assert_eq!(record["http_status"], Value::Null);
}

#[test]
fn unknown_host_is_not_sent() {
    failing_send(
        "--retry-for 0",
        "https://no-such-host.invalid",
        7,
        &["not sent: "],
    );
}

#[test]
fn hanging_server_means_unknown() {
    for reply in [Reply::HangBeforeReading, Reply::HangAfterReading] {
        let server = Server::answering(reply);
        let flags = "--retry-for 0 --timeout 300ms";
        let record = failing_send(
            flags,
            &server.url,
            8,
            &["it may have been sent: no response in time"],
        );
        assert_eq!(
            (record["sent"].as_str(), &record["attempts"]),
            (Some("unknown"), &1.into())
        );
    }
}

#[test]
fn reset_after_request_is_unknown_and_not_retried() {
    let server = Server::answering(Reply::ResetAfterReading);
    let record = failing_send(
        "",
        &server.url,
        8,
        &["it may have been sent: the connection failed"],
    );
    assert_eq!(record["attempts"], 1);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn early_reset_is_classified_by_request_progress() {
    // The system decides whether the connection was made before the reset; both answers are then correct.
    let ended = Home::new()
        .run(SEND)
        .api(&Server::answering(Reply::ResetBeforeReading).url)
        .end();
    let sent = ended.json()["sent"].clone();
    assert!(
        matches!(
            (ended.code, sent.as_str()),
            (7, Some("no")) | (8, Some("unknown"))
        ),
        "{ended:?}"
    );
}

#[test]
fn truncated_response_means_unknown() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"success\":true".to_vec();
    let (ended, record, _server) = record(Reply::Bytes(cut));
    assert_eq!((ended.code, record["sent"].as_str()), (8, Some("unknown")));
    assert_eq!(record["response"], "{\"success\":true");
    assert!(
        ended.stderr.contains("response is incomplete"),
        "{}",
        ended.stderr
    );
}

#[test]
fn truncated_rejection_counts_by_status() {
    for (status, code) in [(422, 5), (401, 4), (429, 6), (500, 8)] {
        let cut = format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n{{").into_bytes();
        let (ended, _, _server) = record(Reply::Bytes(cut));
        assert_eq!(ended.code, code, "{status}");
    }
}

#[test]
fn response_over_a_mebibyte_means_unknown() {
    let body = |padding: usize| {
        format!(
            "{{\"success\":true,\"padding\":\"{}\"}}",
            "x".repeat(padding)
        )
    };
    let (ended, _, _server) = record(Reply::json(200, &body(1024 * 1024)));
    assert_eq!(ended.code, 8);
    let overhead = body(0).len();
    let (ended, _, _server) = record(Reply::json(200, &body(1024 * 1024 - overhead)));
    assert_eq!(ended.code, 0);
}

#[test]
fn content_type_is_ignored() {
    for headers in [
        "Content-Type: text/html\r\n",
        "",
        "Content-Type: image/png\r\n",
    ] {
        let (ended, record, _server) =
            record(Reply::with_headers(200, headers, r#"{"messageId":"m"}"#));
        assert_eq!((ended.code, record["message_id"].as_str()), (0, Some("m")));
    }
}

#[test]
fn non_http_response_means_unknown() {
    let (ended, _, _server) = record(Reply::Greeting(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    assert_eq!(ended.code, 8);
}

#[test]
fn redirect_is_not_followed() {
    let elsewhere = Server::expect_no_requests();
    let header = format!("Location: {}/stolen\r\n", elsewhere.url);
    // 303 means that the request had an effect.
    for (status, code) in [(301, 5), (302, 5), (303, 8), (307, 5), (308, 5)] {
        let (ended, _, server) = record(Reply::with_headers(status, &header, ""));
        assert_eq!(ended.code, code, "{status}");
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn rate_limited_send_retries_until_accepted() {
    let limited = Reply::with_headers(429, "Retry-After: 1\r\n", "");
    let server = Server::start(vec![limited.clone(), limited, Reply::accepted()]);
    let ended = Home::new()
        .run("send text --to 593987654321 Hola -o record")
        .api(&server.url)
        .success();
    assert_eq!(ended.json()["attempts"], 3);
    assert_eq!(server.received().len(), 3);
    let bodies: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.body.clone())
        .collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(
        ended.stderr.matches("not sent, retrying in 1.0 s").count(),
        2,
        "{}",
        ended.stderr
    );
}

#[test]
fn retry_after_may_be_a_date() {
    let date = |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
    let limited = Reply::with_headers(503, &format!("Retry-After: {}\r\n", date(2)), "");
    let server = Server::start(vec![limited, Reply::accepted()]);
    let ended = Home::new()
        .run("send text --to 593987654321 Hola -o record")
        .api(&server.url)
        .success();
    assert_eq!(ended.json()["attempts"], 2);
    let limited = Reply::with_headers(503, &format!("Retry-After: {}\r\n", date(3600)), "");
    let server = Server::answering(limited);
    let record = failing_send("", &server.url, 6, &["not sent: Jelou answered 503"]);
    assert_eq!(record["attempts"], 1);
    assert!(record["error"]["retry_after_s"].as_u64().unwrap() > 3590);
}

#[test]
fn wait_beyond_the_retry_budget_is_skipped() {
    let server = Server::answering(Reply::with_headers(429, "Retry-After: 31\r\n", ""));
    assert_eq!(
        failing_send("", &server.url, 6, &["not sent"])["attempts"],
        1
    );
    let server = Server::answering(Reply::json(400, r#"{"error":{"code":131056}}"#));
    assert_eq!(
        failing_send("--retry-for 5s", &server.url, 6, &["6 seconds"])["attempts"],
        1
    );
}

#[test]
fn retry_after_of_any_length_is_accepted() {
    for header in ["18446744073709551615", "99999999999999999999999", "1e300"] {
        let first = Reply::with_headers(429, "Retry-After: 1\r\n", "");
        let server = Server::start(vec![
            first,
            Reply::with_headers(429, &format!("Retry-After: {header}\r\n"), ""),
        ]);
        let record = failing_send("", &server.url, 6, &["not sent"]);
        assert_eq!(record["attempts"], 2);
        assert!(record["error"]["retry_after_s"].is_null(), "{record}");
    }
}

#[test]
fn retry_budget_is_fully_used() {
    let record = failing_send("--retry-for 1200ms", &refused_url(), 7, &["retrying in"]);
    assert!(record["attempts"].as_u64().unwrap() >= 2, "{record}");
    let server = Server::answering(Reply::json(429, ""));
    let record = failing_send("--retry-for 1200ms", &server.url, 6, &["retrying in"]);
    assert_eq!(
        server.received().len() as u64,
        record["attempts"].as_u64().unwrap()
    );
}

#[test]
fn last_outcome_decides_after_a_safe_retry() {
    let limited = Reply::with_headers(429, "Retry-After: 1\r\n", "");
    for (last, code) in [
        (Reply::ResetAfterReading, 8),
        (Reply::json(422, "{}"), 5),
        (Reply::json(500, ""), 8),
    ] {
        let server = Server::start(vec![limited.clone(), last]);
        let ended = Home::new()
            .run("send text --to 593987654321 Hola -o record")
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code);
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn environment_proxy_is_used_except_for_loopback() {
    let refusing = Server::answering(Reply::json(403, ""));
    let home = Home::new();
    let through_proxy = |name: &str, value: &str| {
        home.run(SEND)
            .env(name, value)
            .api("https://api.jelou.invalid")
    };
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        through_proxy(name, &refusing.url).fails(7, &["not sent: failed to connect"]);
    }
    assert_eq!(refusing.received().len(), 3);
    assert!(
        refusing
            .received()
            .iter()
            .all(|request| request.line == "CONNECT api.jelou.invalid:443 HTTP/1.1"),
        "{:?}",
        refusing.received()
    );
    assert!(
        refusing
            .received()
            .iter()
            .all(|request| !request.headers.contains_key("authorization"))
    );
    // As in curl, the lower-case name wins; on Windows both are one variable.
    #[cfg(unix)]
    for (winner, other) in [
        ("https_proxy", "HTTPS_PROXY"),
        ("HTTPS_PROXY", "all_proxy"),
        ("all_proxy", "ALL_PROXY"),
    ] {
        let asked = refusing.received().len();
        through_proxy(winner, &refusing.url)
            .env(other, "no proxy")
            .fails(7, &["not sent: failed to connect"]);
        assert_eq!(
            refusing.received().len(),
            asked + 1,
            "{winner} before {other}"
        );
    }
    let asked = refusing.received().len();
    let excepted = through_proxy("https_proxy", &refusing.url).env("no_proxy", "*");
    #[cfg(unix)]
    let excepted = excepted.env("NO_PROXY", "other.example");
    excepted.fails(7, &["failed to connect to api.jelou.invalid"]);
    assert_eq!(refusing.received().len(), asked);
    let url = refused_url();
    let address = url.strip_prefix("http://").unwrap();
    through_proxy("HTTPS_PROXY", &format!("http://user:canary@{address}")).fails(
        7,
        &[&format!("failed to connect to api.jelou.invalid:443 through the proxy {address}: the connection was refused")],
    );

    let proxy = Server::expect_no_requests();
    let server = Server::answering(Reply::accepted());
    home.run(SEND)
        .env("HTTP_PROXY", &proxy.url)
        .env("ALL_PROXY", &proxy.url)
        .api(&server.url)
        .success();
    assert_eq!(server.received().len(), 1);
}

#[test]
fn refusing_proxy_is_contacted_once() {
    let home = Home::new();
    for (status, code, said) in [
        (
            407,
            3,
            [
                "the proxy asks for credentials (407)",
                "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
            ],
        ),
        (403, 7, ["the proxy refused the tunnel", "NO_PROXY"]),
        (
            503,
            7,
            ["the proxy refused the tunnel", "to bypass the proxy"],
        ),
    ] {
        let proxy = Server::answering(Reply::json(status, ""));
        let run = home
            .run("send text --to 593987654321 Hola -o record")
            .env("HTTPS_PROXY", &proxy.url);
        let ended = run.api("https://api.jelou.invalid").fails(code, &said);
        assert_eq!(proxy.received().len(), 1, "{ended:?}");
        assert_eq!(
            (&ended.json()["sent"], &ended.json()["attempts"]),
            (&"no".into(), &1.into())
        );

        let proxy = Server::answering(Reply::json(status, ""));
        home.write(
            "people.csv",
            "to\n593987654321\n593987654322\n593987654323\n",
        );
        let words = format!("bulk send people.csv --yes --again --run r{status} text Hola");
        let run = home
            .run(&words)
            .env("HTTPS_PROXY", &proxy.url)
            .api("https://api.jelou.invalid");
        let ended = run.fails(code, &["run paused: ", said[0], said[1]]);
        assert_eq!(proxy.received().len(), 1, "{ended:?}");
    }
    let plain = Server::answering(Reply::json(407, ""));
    let ended = home
        .run("send text --to 593987654321 Hola -o record")
        .api(&plain.url);
    let ended = ended.fails(3, &["HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"]);
    assert_eq!(
        (plain.received().len(), &ended.json()["error"]["code"]),
        (1, &"proxy_credentials".into())
    );
}

/// A proxy that connects every request to this address, whatever host it contains. Counts its tunnels.
fn forwarding_proxy(to: SocketAddr) -> (Acceptor, Arc<AtomicUsize>) {
    let tunnels = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tunnels);
    let acceptor = Acceptor::start(move |_, client| {
        read_request(client).unwrap();
        counted.fetch_add(1, Ordering::SeqCst);
        let server = TcpStream::connect(to).unwrap();
        let (mut from_client, mut to_client, mut of_server) = (client, client, &server);
        to_client
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .unwrap();
        thread::scope(|scope| {
            // Either end may close the connection.
            scope.spawn(|| std::io::copy(&mut from_client, &mut &server));
            let _ = std::io::copy(&mut of_server, &mut to_client);
        });
    });
    (acceptor, tunnels)
}

#[test]
fn send_respects_proxy_and_no_proxy() {
    let (server, authority) = tls::start("api.example");
    let home = Home::new();
    home.write("ca.pem", authority);
    let (proxy, tunnels) = forwarding_proxy(SocketAddr::from(([127, 0, 0, 1], server.port())));
    let through_proxy = || {
        home.run(SEND)
            .args(&["--ca-cert", "ca.pem"])
            .env("https_proxy", proxy.url())
            .api("https://api.example")
    };
    through_proxy().success();
    assert_eq!(tunnels.load(Ordering::SeqCst), 1);
    for direct in ["api.example", "*", "*.example", "other,.example"] {
        through_proxy()
            .env("NO_PROXY", direct)
            .fails(7, &["not sent: "]);
        assert_eq!(tunnels.load(Ordering::SeqCst), 1, "{direct}");
    }
    through_proxy()
        .env("NO_PROXY", "api.example:8443,pi.example")
        .success();
    assert_eq!(tunnels.load(Ordering::SeqCst), 2);
    let said = "https_proxy is not the address of an HTTP proxy\n";
    through_proxy()
        .env("https_proxy", "http://user:canary@h:notaport")
        .fails(3, &[said, "http://HOST:PORT"]);
}

#[test]
#[cfg(target_os = "linux")]
fn connection_timeout_is_not_sent() {
    // The waiting connections fill the queue, so the next connection hangs.
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue is never full");
    }
    let flags = "--retry-for 0 --timeout 600ms";
    let record = failing_send(
        flags,
        &format!("http://{address}"),
        7,
        &["not sent: connecting took too long"],
    );
    assert_eq!(record["sent"], "no");
}
