//! `--dry-run` and `--curl`: the request that would leave, and nothing else happens.

use std::io;

use super::{Context, Mode};
use crate::api::{Request, curl_command};
use crate::config::{ApiUrl, ClientId, Sandboxed, Settings};
use crate::output::visible_json;
use crate::sandbox::DEFAULT_PORT;

/// Where the request would go, without a look at what runs. Where it is a sandbox, that one has a page.
pub fn base(settings: &Settings) -> ApiUrl {
    match &settings.sandbox {
        Sandboxed::No | Sandboxed::At(_) => settings.api_url.value.clone(),
        Sandboxed::Nearest => ApiUrl::on_loopback(DEFAULT_PORT),
    }
}

/// Prints `request` as a curl command, or as `{"dry_run": true, "method", …}`.
///
/// # Errors
/// When stdout cannot be written.
pub fn show(context: &Context, settings: &Settings, client_id: &ClientId, request: &Request) -> io::Result<()> {
    if context.mode == Mode::Curl {
        let ca_cert = settings.ca_cert.as_ref().map(|path| path.value.as_path());
        let body = request.body.as_deref().map(visible_json);
        return context.output.line(&curl_command(request, client_id.as_str(), ca_cert, body.as_deref()));
    }
    context.output.json(&request.dry_run()?)
}
