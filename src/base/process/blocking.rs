//! Work that blocks, beside the runtime.

use std::{io, thread};

use tokio::sync::oneshot;

/// Runs `work`, which may block, in a thread of its own. If nothing waits for it any more, the thread is abandoned.
///
/// # Errors
/// If no thread can be started: the runtime's own threads would panic then.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    thread::Builder::new().spawn(move || done.send(work()))?;
    result
        .await
        .unwrap_or_else(|_| Err(io::Error::other("its thread ended too early")))
}
