//! The platform's certificate authorities, if they are a file with hundreds of certificates: only the authorities named
//! by a server's certificates are decoded. If those do not verify the server, all of them are used, so that the verdict
//! and its error message always come from the whole store.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::{Finder, find_iter};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;
use webpki::EndEntityCert;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// TLS for HTTP/1.1 that trusts the platform's authorities. None if they are not in one readable file; then all of them
/// are loaded at once, which also reports errors in them.
pub(super) fn platform_tls() -> Option<ClientConfig> {
    let verifier = BundleVerifier::new(bundle_path()?, Arc::new(rustls::crypto::ring::default_provider()))?;
    let config = ClientConfig::builder_with_provider(Arc::clone(&verifier.provider));
    let config = config.with_safe_default_protocol_versions().ok()?;
    // The name warns of verifiers that trust more; this one trusts only the platform's authorities.
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(config)
}

/// The file of the platform's store; there may also be directories.
fn bundle_path() -> Option<PathBuf> {
    let bundle = match (std::env::var_os("SSL_CERT_FILE"), std::env::var_os("SSL_CERT_DIR")) {
        (Some(file), _) => Some(PathBuf::from(file)),
        // Only that directory is trusted.
        (None, Some(_)) => None,
        (None, None) => openssl_probe::probe().cert_file,
    };
    // It is read more than once, which is impossible with a pipe.
    bundle.filter(|path| path.is_file())
}

#[derive(Debug)]
struct BundleVerifier {
    bundle: PathBuf,
    provider: Arc<CryptoProvider>,
    /// The authorities that were named by the first certificates: a process uses one server.
    named: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
    /// All authorities of the platform.
    whole: OnceLock<Result<Verifier, Error>>,
}

impl BundleVerifier {
    /// None if the file has no usable certificate.
    fn new(bundle: PathBuf, provider: Arc<CryptoProvider>) -> Option<Self> {
        let mut certificates = CertificateDer::pem_file_iter(&bundle).ok()?;
        certificates
            .any(|certificate| certificate.is_ok_and(|one| RootCertStore::empty().add(one).is_ok()))
            .then_some(())?;
        Some(Self { bundle, provider, named: OnceLock::new(), whole: OnceLock::new() })
    }

    fn named_by(&self, certificates: &[&CertificateDer<'_>]) -> Option<Arc<WebPkiServerVerifier>> {
        let parsed = certificates.iter().filter_map(|certificate| EndEntityCert::try_from(*certificate).ok());
        let issuers: Vec<Vec<u8>> = parsed.map(|certificate| certificate.issuer().to_vec()).collect();
        let bundle = fs::read(&self.bundle).ok()?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities(&bundle, &issuers));
        // Fails if there is no such certificate.
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider)).build().ok()
    }
}

impl ServerCertVerifier for BundleVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificates: Vec<_> = std::iter::once(end_entity).chain(intermediates).collect();
        if let Some(named) = self.named.get_or_init(|| self.named_by(&certificates))
            && let Ok(verified) = named.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        {
            return Ok(verified);
        }
        let whole = self.whole.get_or_init(|| Verifier::new(Arc::clone(&self.provider)));
        let whole = whole.as_ref().map_err(Clone::clone)?;
        whole.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The certificates of `bundle` that may belong to `names`. A missed authority only costs time.
fn authorities(bundle: &[u8], names: &[Vec<u8>]) -> Vec<CertificateDer<'static>> {
    let names: Vec<Finder<'_>> = names.iter().map(Finder::new).collect();
    let starts_line = |at: &usize| at.checked_sub(1).is_none_or(|before| bundle.get(before) == Some(&b'\n'));
    let sections = find_iter(bundle, BEGIN).filter(starts_line).filter_map(|at| bundle.get(at..));
    let wanted = sections.filter(|section| is_of_one(section, &names));
    wanted.filter_map(|section| CertificateDer::from_pem_slice(section).ok()).collect()
}

/// Whether one of `names` is near the beginning of a certificate, after its serial number and its issuer, which is
/// usually the authority itself.
fn is_of_one(section: &[u8], names: &[Finder<'_>]) -> bool {
    let longest = names.iter().map(|name| name.needle().len()).max().unwrap_or_default();
    let mut head = Vec::new();
    for line in section.split(|byte| *byte == b'\n').skip(1) {
        if STANDARD.decode_vec(line.trim_ascii_end(), &mut head).is_err() || head.len() >= 128 + 2 * longest {
            break;
        }
    }
    names.iter().any(|name| name.find(&head).is_some())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    type Authority = CertifiedIssuer<'static, KeyPair>;

    fn authority(name: &str) -> Authority {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, name);
        CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap()
    }

    fn found(bundle: &str, issuer: &Authority) -> Vec<CertificateDer<'static>> {
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap();
        let certificate = EndEntityCert::try_from(certificate.der()).unwrap();
        authorities(bundle.as_bytes(), &[certificate.issuer().to_vec()])
    }

    #[test]
    fn only_the_authorities_that_are_named_are_decoded() {
        let (one, other, twin) = (authority("one"), authority("other"), authority("other"));
        let bundle = format!("# a comment\n{}\n{}{}", one.pem(), other.pem(), twin.pem());
        assert_eq!(found(&bundle, &one), [one.der().clone()]);
        assert_eq!(found(&bundle.replace('\n', "\r\n"), &one), [one.der().clone()]);
        assert_eq!(found(&bundle, &twin), [other.der().clone(), twin.der().clone()]);
        assert!(found(&bundle, &authority("third")).is_empty());
    }

    #[test]
    fn what_is_no_certificate_of_the_store_is_none_here() {
        let authority = authority("one");
        let pem = authority.pem();
        for bundle in [
            pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
            format!("# {pem}"),
            pem.replacen("\nMII", "\n!II", 1),
            pem.replace("-----END CERTIFICATE-----", ""),
        ] {
            assert_eq!(found(&bundle, &authority), [], "{bundle}");
        }
    }

    #[test]
    fn a_bundle_without_a_certificate_is_left_to_the_platform() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        for bundle in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(bundle.as_bytes()).unwrap();
            assert!(BundleVerifier::new(file.path().to_owned(), Arc::clone(&provider)).is_none(), "{bundle}");
        }
    }
}
