//! The system's sources of signals, and the signals that this process ignores.

use std::io;

#[cfg(unix)]
use signal_hook::iterator::{backend::SignalDelivery, exfiltrator::WithOrigin};
#[cfg(windows)]
use tokio::signal::windows;
#[cfg(unix)]
use tokio::{io::AsyncReadExt, net::UnixStream};

use super::signal::Signal;

/// Where a signal comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignalOrigin {
    /// Another process, or the system.
    #[cfg(unix)]
    Process,
    /// A key at the terminal. Every process in its foreground has the signal, also our command. On Windows, an event of
    /// the console.
    Terminal,
}

/// The source of one signal. A source of tokio does not say where the signal comes from.
#[cfg(unix)]
pub(super) struct SignalSource {
    delivery: SignalDelivery<UnixStream, WithOrigin>,
    has_key: bool,
}

#[cfg(unix)]
pub(super) fn sources(signal: Signal) -> io::Result<Vec<SignalSource>> {
    let (read, write) = std::os::unix::net::UnixStream::pair()?;
    read.set_nonblocking(true)?;
    let read = UnixStream::from_std(read)?;
    let number = [i32::from(signal.number())];
    Ok(vec![SignalSource {
        delivery: SignalDelivery::with_pipe(read, write, WithOrigin::default(), number)?,
        has_key: matches!(signal, Signal::Interrupt | Signal::Quit),
    }])
}

#[cfg(unix)]
impl SignalSource {
    /// Waits for the signal.
    pub(super) async fn recv(&mut self) -> Option<SignalOrigin> {
        loop {
            if let Some(signal) = self.delivery.pending().next() {
                let is_typed = self.has_key && signal.process.is_none();
                return Some(if is_typed {
                    SignalOrigin::Terminal
                } else {
                    SignalOrigin::Process
                });
            }
            // The handler stores the signal, and then writes a byte.
            self.delivery.get_read_mut().read_u8().await.ok()?;
        }
    }
}

/// Returns the signals that were ignored when this process started, one bit each. Signals that we
/// catch are no longer included, and we ignore none ourselves. Only works on Linux.
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

/// Opens the sources of `signal`. On Windows, console events replace signals. Ctrl-Break counts as
/// Ctrl-C, closing the window as SIGHUP, and the end of the session or a shutdown as SIGTERM.
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
    pub(super) async fn recv(&mut self) -> Option<SignalOrigin> {
        let received = match self {
            Self::C(source) => source.recv().await,
            Self::Break(source) => source.recv().await,
            Self::Close(source) => source.recv().await,
            Self::Shutdown(source) => source.recv().await,
            Self::Logoff(source) => source.recv().await,
        };
        received.map(|()| SignalOrigin::Terminal)
    }
}
