//! The runtime of whatever waits: one thread, made where it is needed.

use super::error::SystemError;

/// Runs `work` to its end.
pub(crate) fn block_on<T, E: From<SystemError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| SystemError { action: "start the runtime", cause })?;
    let done = runtime.block_on(work);
    // A name look-up or a read that hangs must not keep the process once all is decided.
    runtime.shutdown_background();
    done
}
