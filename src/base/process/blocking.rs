//! Runs blocking work in threads outside the async runtime.

use std::{io, thread};

use tokio::sync::oneshot;

use crate::base::message::{Message, msg};

/// The hint if no thread can start.
pub(crate) fn more_threads() -> Message {
    msg!("end other processes of this user, or raise the limit: ulimit -u 4096")
}

/// Runs `work`, which may block, in its own thread. If nothing waits for the result any more, the thread is abandoned.
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
        .unwrap_or_else(|_| Err(io::Error::other(msg!("its thread ended too early"))))
}

/// Checks that a thread can start, for a library that panics if none can.
///
/// # Errors
/// The error of the system, such as `Resource temporarily unavailable`.
pub(crate) fn ensure_thread() -> io::Result<()> {
    let started = thread::Builder::new().spawn(|| ())?;
    started
        .join()
        .map_err(|_| io::Error::other(msg!("its thread ended too early")))
}

/// Returns the hint for an error of the system, if the cause is too many threads and processes.
pub(crate) fn threads_hint(cause: &io::Error) -> Option<Message> {
    (cause.kind() == io::ErrorKind::WouldBlock).then(more_threads)
}
