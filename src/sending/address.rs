//! Decides where requests go: to the API or to a sandbox. Only this file knows where the sandbox is.

use crate::config::{ApiUrl, Sandboxed, Settings};
use crate::output::Stderr;
use crate::process::SystemError;
use crate::sandbox::{self, DEFAULT_PORT, Neighbor, Sandbox};

/// The address of a request, without checking whether a sandbox runs. A running sandbox has a page.
pub(crate) fn planned(settings: &Settings) -> ApiUrl {
    match &settings.sandbox {
        Sandboxed::No | Sandboxed::At(_) => settings.api_url.value.clone(),
        Sandboxed::Nearest => ApiUrl::on_loopback(DEFAULT_PORT),
    }
}

/// The address of a request. With `--sandbox` it is this user's running sandbox; if there is none, one is started in
/// this process.
pub(crate) async fn reach_or_start(settings: &Settings, stderr: &Stderr) -> Result<ApiUrl, SystemError> {
    if settings.sandbox != Sandboxed::Nearest {
        return Ok(planned(settings));
    }
    match sandbox::neighbor(DEFAULT_PORT).await {
        Neighbor::Ours => return Ok(planned(settings)),
        Neighbor::Foreign => {
            let message =
                format!("the sandbox on port {DEFAULT_PORT} is another user's; one inside this process is used");
            stderr.warning(&message);
        }
        Neighbor::Nobody => {}
    }
    let inside = Sandbox::start(sandbox::Options::default())
        .map_err(|cause| SystemError { action: "start the sandbox", cause })?;
    Ok(ApiUrl::on_loopback(inside.port()))
}
