//! `--dry-run` and `--curl`: print the request that would leave, and do nothing else.

use crate::api::{Request, curl_command};
use crate::config::{ClientId, Settings};
use crate::context::{Context, Mode};
use crate::output::{StreamError, visible_json};

/// Prints `request` as a curl command, or as `{"dry_run": true, "method", …}`.
pub(crate) fn show(
    context: &Context,
    settings: &Settings,
    client_id: &ClientId,
    request: &Request,
) -> Result<(), StreamError> {
    if context.mode == Mode::Curl {
        let ca_cert = settings.ca_cert.as_ref().map(|path| path.value.as_path());
        let body = request.body.as_deref().map(visible_json);
        return context.stdout.line(&curl_command(request, client_id.as_str(), ca_cert, body.as_deref()));
    }
    let shown = request.dry_run();
    context.stdout.json(&shown.map_err(|error| StreamError { action: "show the request", cause: error.into() })?)
}
