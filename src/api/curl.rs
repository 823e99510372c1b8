//! The same request as a curl command for a POSIX shell. The secret is a variable of the shell.

use std::path::Path;

use super::Request;

/// A command that sends `request`, signed as `client_id` with `$JELOU_CLIENT_SECRET`.
///
/// `body` is the request's body as JSON text, escaped as the caller prints JSON.
pub(crate) fn curl_command(request: &Request, client_id: &str, ca_cert: Option<&Path>, body: Option<&str>) -> String {
    let mut words = vec![
        "curl --silent --show-error --fail-with-body --globoff".to_owned(),
        format!("--request {}", request.method),
    ];
    if let Some(path) = ca_cert {
        words.push(format!("--cacert {}", shell_word(&path.to_string_lossy())));
    }
    words.push(format!("-u {}:\"${{JELOU_CLIENT_SECRET:?}}\"", shell_word(client_id)));
    words.extend(
        request.headers.iter().map(|(name, value)| format!("--header {}", shell_word(&format!("{name}: {value}")))),
    );
    words.extend(body.map(|body| format!("--data-raw {}", shell_word(body))));
    words.push(shell_word(request.url.as_str()));
    words.join(" \\\n  ")
}

/// A word in quotes, in which a shell takes every character literally.
pub(crate) fn shell_word(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}
