//! The runtime for everything that waits: one thread, started on demand.

use tokio::runtime::{Builder, Runtime};

use crate::output::SystemError;

/// Runs `work` until it completes.
pub(crate) fn block_on<T, E: From<SystemError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = start()?;
    let done = runtime.block_on(work);
    // A name look-up or a read that hangs must not keep the process alive once the result is known.
    runtime.shutdown_background();
    done
}

/// From here on, a write to a file at its size limit (`ulimit -f`) fails, as on a full disk, instead of ending the
/// process.
pub(crate) fn outlive_file_size_limit() -> Result<(), SystemError> {
    start().map(drop)
}

/// A runtime. The signals that it catches stay caught after it ends.
fn start() -> Result<Runtime, SystemError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| SystemError { action: "start the runtime", cause })?;
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};

        let _entered = runtime.enter();
        // That of the size limit must not be ignored, because commands inherit ignored signals. A process that starts with
        // SIGCHLD ignored, as under some daemons, cannot wait for its children: they disappear as soon as they end.
        for number in [Signal::XFSZ, Signal::CHILD] {
            let caught = signal(SignalKind::from_raw(number.as_raw()));
            drop(caught.map_err(|cause| SystemError { action: "listen for signals", cause })?);
        }
    }
    Ok(runtime)
}
