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

/// A signal, and where it comes from.
#[derive(Clone, Copy)]
pub(super) struct ReceivedSignal {
    pub(super) signal: Signal,
    pub(super) origin: SignalOrigin,
}

/// The source of some signals. A source of tokio does not say where a signal comes from.
#[cfg(unix)]
pub(super) struct SignalSource(SignalDelivery<UnixStream, WithOrigin>);

/// Opens the source of `signals`. They share a pipe: a send catches seven, and each pipe takes six system calls.
#[cfg(unix)]
pub(super) fn sources(signals: &[Signal]) -> io::Result<Vec<SignalSource>> {
    let (read, write) = std::os::unix::net::UnixStream::pair()?;
    read.set_nonblocking(true)?;
    let read = UnixStream::from_std(read)?;
    let numbers = signals.iter().map(|signal| i32::from(signal.number()));
    let delivery = SignalDelivery::with_pipe(read, write, WithOrigin::default(), numbers)?;
    Ok(vec![SignalSource(delivery)])
}

#[cfg(unix)]
impl SignalSource {
    /// Waits for the next signal.
    pub(super) async fn recv(&mut self) -> Option<ReceivedSignal> {
        loop {
            if let Some(received) = self.0.pending().next() {
                let signal = Signal::from_number(received.signal)?;
                let has_key = matches!(signal, Signal::Interrupt | Signal::Quit);
                let origin = if has_key && received.process.is_none() {
                    SignalOrigin::Terminal
                } else {
                    SignalOrigin::Process
                };
                return Some(ReceivedSignal { signal, origin });
            }
            // The handler stores the signal, and then writes a byte.
            self.0.get_read_mut().read_u8().await.ok()?;
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

/// Opens the sources of `signals`. On Windows, console events replace signals. Ctrl-Break counts as
/// Ctrl-C, closing the window as SIGHUP, and the end of the session or a shutdown as SIGTERM.
#[cfg(windows)]
pub(super) fn sources(signals: &[Signal]) -> io::Result<Vec<SignalSource>> {
    let mut sources = Vec::new();
    for signal in signals {
        let events = match signal {
            Signal::Interrupt => vec![
                ConsoleEvent::C(windows::ctrl_c()?),
                ConsoleEvent::Break(windows::ctrl_break()?),
            ],
            Signal::Hangup => vec![ConsoleEvent::Close(windows::ctrl_close()?)],
            Signal::Terminate => vec![
                ConsoleEvent::Shutdown(windows::ctrl_shutdown()?),
                ConsoleEvent::Logoff(windows::ctrl_logoff()?),
            ],
            Signal::Quit | Signal::User1 | Signal::User2 | Signal::Alarm => Vec::new(),
        };
        let signal = *signal;
        sources.extend(
            events
                .into_iter()
                .map(|event| SignalSource { signal, event }),
        );
    }
    Ok(sources)
}

#[cfg(windows)]
pub(super) struct SignalSource {
    signal: Signal,
    event: ConsoleEvent,
}

#[cfg(windows)]
enum ConsoleEvent {
    C(windows::CtrlC),
    Break(windows::CtrlBreak),
    Close(windows::CtrlClose),
    Shutdown(windows::CtrlShutdown),
    Logoff(windows::CtrlLogoff),
}

#[cfg(windows)]
impl SignalSource {
    pub(super) async fn recv(&mut self) -> Option<ReceivedSignal> {
        let received = match &mut self.event {
            ConsoleEvent::C(event) => event.recv().await,
            ConsoleEvent::Break(event) => event.recv().await,
            ConsoleEvent::Close(event) => event.recv().await,
            ConsoleEvent::Shutdown(event) => event.recv().await,
            ConsoleEvent::Logoff(event) => event.recv().await,
        };
        received.map(|()| ReceivedSignal {
            signal: self.signal,
            origin: SignalOrigin::Terminal,
        })
    }
}
