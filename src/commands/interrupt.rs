//! Ctrl-C and SIGTERM as futures. Each is caught from the call on; until then it ends the process as usual.

use std::io;

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
