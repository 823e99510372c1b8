//! Why a run is paused or stale, in words, and what to look at.

use std::fmt::Display;

use jiff::tz::TimeZone;

use crate::base::exit::ExitCode;
use crate::base::timestamps::time_in;
use crate::runs::ledger::{LedgerError, PauseReason, RunName, RunPause};
use crate::sender::context::Context;

/// Warns of a stale run, with a hint; returns its exit code, or success if there is no doubt.
pub(super) fn report_stale(
    context: &Context,
    run: impl Display,
    stale: Option<&LedgerError>,
) -> ExitCode {
    let Some(stale) = stale else {
        return ExitCode::Success;
    };
    context.stderr.warning(&format!(
        "run {run}: {stale}; rows that are not recorded as sent or skipped are shown as unknown; {}",
        stale.hint
    ));
    ExitCode::Ledger
}

/// `stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn why(RunPause { reason, by, .. }: &RunPause) -> String {
    let why = match reason {
        PauseReason::Person => "stopped by `jelouctl bulk stop`",
        PauseReason::Undelivered => "stopped by `jelouctl bulk deliveries --pause-if-undelivered`",
        PauseReason::Stale => "what was written may be lost",
        PauseReason::Unknown => "too many messages may or may not have been sent",
        PauseReason::AllRejected => "no message was accepted",
        PauseReason::Credentials => "the credentials were refused",
        PauseReason::Account => "WhatsApp lets the business send nothing",
        PauseReason::ProxyCredentials => "the proxy asks for credentials",
        PauseReason::Network => "the API could not be reached",
        PauseReason::RateLimit => "the API accepted no more messages",
    };
    format!("{why} ({by})")
}

/// `paused since 2026-11-20 10:15 -05:00: stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn since_when(pause: &RunPause, zone: &TimeZone) -> String {
    let since = time_in(zone, pause.at);
    format!("paused since {since}: {}", why(pause))
}

/// What to check before resuming the run `name`.
pub(super) fn what_to_look_at(reason: PauseReason, name: &RunName) -> String {
    if reason == PauseReason::Stale {
        format!("compare jelouctl bulk report {name} --state unknown with what Jelou has sent")
    } else {
        format!("jelouctl bulk status {name} shows how it stands")
    }
}
