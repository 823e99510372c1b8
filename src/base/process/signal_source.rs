//! The system's sources of signals, and the signals that this process ignores.

use std::io;

#[cfg(windows)]
use tokio::signal::windows;
#[cfg(unix)]
use tokio::signal::{unix, unix::Signal as SignalSource};

use super::signal::Signal;

#[cfg(unix)]
pub(super) fn sources(signal: Signal) -> io::Result<Vec<SignalSource>> {
    let kind = unix::SignalKind::from_raw(i32::from(signal.number()));
    unix::signal(kind).map(|source| vec![source])
}

/// The signals that were ignored when this process started, one bit each. Signals that we catch are no longer included,
/// and we ignore none ourselves. Only works on Linux.
pub(super) fn ignored() -> u64 {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// On Windows, console events replace signals. Ctrl-Break counts as Ctrl-C, closing the window as SIGHUP, and the end
/// of the session or a shutdown as SIGTERM.
#[cfg(windows)]
pub(super) fn sources(signal: Signal) -> io::Result<Vec<SignalSource>> {
    Ok(match signal {
        Signal::Interrupt => vec![
            SignalSource::C(windows::ctrl_c()?),
            SignalSource::Break(windows::ctrl_break()?),
        ],
        Signal::Hangup => vec![SignalSource::Close(windows::ctrl_close()?)],
        Signal::Terminate => {
            vec![
                SignalSource::Shutdown(windows::ctrl_shutdown()?),
                SignalSource::Logoff(windows::ctrl_logoff()?),
            ]
        }
        Signal::Quit | Signal::User1 | Signal::User2 | Signal::Alarm => Vec::new(),
    })
}

#[cfg(windows)]
#[derive(Debug)]
pub(super) enum SignalSource {
    C(windows::CtrlC),
    Break(windows::CtrlBreak),
    Close(windows::CtrlClose),
    Shutdown(windows::CtrlShutdown),
    Logoff(windows::CtrlLogoff),
}

#[cfg(windows)]
impl SignalSource {
    pub(super) async fn recv(&mut self) -> Option<()> {
        match self {
            Self::C(source) => source.recv().await,
            Self::Break(source) => source.recv().await,
            Self::Close(source) => source.recv().await,
            Self::Shutdown(source) => source.recv().await,
            Self::Logoff(source) => source.recv().await,
        }
    }
}
