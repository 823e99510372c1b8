//! Why a run is paused, in words, and what a person looks at before going on with it.

use super::times::local_time;
use crate::ledger::{FAILED_OVER, PauseReason, PausedFor, PausedRun, RESTORED, RunName, RunPause};

/// `stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn why(RunPause { reason, by }: &RunPause) -> String {
    let why = match reason {
        PausedFor::Person => "stopped by `jelouctl bulk stop`",
        PausedFor::Failover => FAILED_OVER,
        PausedFor::Restored => RESTORED,
        PausedFor::Fault(PauseReason::Unknown) => "too many messages may or may not have been sent",
        PausedFor::Fault(PauseReason::AllRefused) => "no message was accepted",
        PausedFor::Fault(PauseReason::Credentials) => "the credentials were refused",
        PausedFor::Fault(PauseReason::Account) => "WhatsApp lets the business send nothing",
        PausedFor::Fault(PauseReason::ProxyCredentials) => "the proxy asks for credentials",
        PausedFor::Fault(PauseReason::Network) => "the API could not be reached",
        PausedFor::Fault(PauseReason::RateLimit) => "the API took no more messages",
    };
    format!("{why} ({by})")
}

/// `paused since 2026-11-20 10:15 -05:00: stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn since_when(PausedRun { pause, at, .. }: &PausedRun) -> String {
    format!("paused since {}: {}", local_time(*at), why(pause))
}

/// What to look at before the run `name` goes on.
pub(super) fn what_to_look_at(reason: PausedFor, name: &RunName) -> String {
    match reason {
        PausedFor::Failover | PausedFor::Restored => {
            format!("compare jelouctl bulk report {name} --state unknown with what Jelou has sent")
        }
        PausedFor::Person | PausedFor::Fault(_) => format!("jelouctl bulk status {name} shows how it stands"),
    }
}
