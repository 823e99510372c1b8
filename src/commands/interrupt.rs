//! Ctrl-C and SIGTERM as futures. Each is caught from the call on; until then it ends the process as usual.

use std::io;

use crate::api::Signal;

/// Both signals, one after the other.
#[cfg(unix)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the system does not let them be caught.
    pub fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next one that comes.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// Ctrl-C, again and again.
#[cfg(windows)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Catches it from now on.
    ///
    /// # Errors
    /// When the system does not let it be caught.
    pub fn catch() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// The next one that comes.
    pub async fn next(&mut self) -> Signal {
        self.0.recv().await;
        Signal::Interrupt
    }
}

/// Ends with the first SIGINT.
///
/// # Errors
/// When the system does not let it be caught.
#[cfg(unix)]
pub fn interrupted() -> io::Result<impl Future<Output = ()>> {
    caught(tokio::signal::unix::SignalKind::interrupt())
}

/// Ends with the first SIGTERM.
///
/// # Errors
/// When the system does not let it be caught.
#[cfg(unix)]
pub fn terminated() -> io::Result<impl Future<Output = ()>> {
    caught(tokio::signal::unix::SignalKind::terminate())
}

#[cfg(unix)]
fn caught(kind: tokio::signal::unix::SignalKind) -> io::Result<impl Future<Output = ()>> {
    let mut signal = tokio::signal::unix::signal(kind)?;
    Ok(async move {
        signal.recv().await;
    })
}

/// Ends with the first Ctrl-C.
///
/// # Errors
/// When the system does not let it be caught.
#[cfg(windows)]
pub fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut signal = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        signal.recv().await;
    })
}

/// Never ends: there is no such signal.
///
/// # Errors
/// Never.
#[cfg(windows)]
pub fn terminated() -> io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}
