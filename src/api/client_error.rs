//! Why no client for requests can be made: a fault of the configuration.

use std::fmt::Display;
use std::path::Path;

use thiserror::Error;

#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct ClientError {
    message: String,
    pub(crate) hint: &'static str,
}

impl ClientError {
    pub(super) fn of_roots(cause: impl Display) -> Self {
        Self {
            message: format!("the root certificates cannot be used: {cause}"),
            hint: "name the certificate authorities with --ca-cert FILE, or install the system's",
        }
    }

    /// `file` holds something else.
    pub(super) fn no_certificate(file: &Path) -> Self {
        Self {
            message: format!("{} has no PEM certificate", file.display()),
            hint: "--ca-cert takes authorities in PEM, which begins with -----BEGIN CERTIFICATE-----; `openssl x509 -inform \
                   der` converts DER to it",
        }
    }

    /// `shown` is the value of `variable`, if no part of it can be a password.
    pub(super) fn of_proxy(variable: &str, shown: Option<&str>) -> Self {
        let shown = shown.map(|value| format!(": {value}")).unwrap_or_default();
        Self {
            message: format!("{variable} is not the address of an HTTP proxy{shown}"),
            hint: "write it as http://HOST:PORT, or unset it",
        }
    }
}
