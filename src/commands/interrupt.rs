//! Ctrl-C and SIGTERM as a future.

use std::io;

use crate::api::Signal;

/// Listens from now on; the future ends with the first signal.
///
/// # Errors
/// When the system does not let signals be caught.
#[cfg(unix)]
pub fn listen() -> io::Result<impl Future<Output = Signal>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    })
}

/// Listens from the first poll on.
///
/// # Errors
/// Never here.
#[cfg(not(unix))]
pub fn listen() -> io::Result<impl Future<Output = Signal>> {
    Ok(async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    })
}
