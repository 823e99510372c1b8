//! The runtime of everything that waits: one thread, started on demand.

use super::error::SystemError;

/// Runs `work` to its end.
pub(crate) fn block_on<T, E: From<SystemError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| SystemError { action: "start the runtime", cause })?;
    {
        let _entered = runtime.enter();
        catch_file_size_limit()?;
        catch_ends_of_commands()?;
    }
    let done = runtime.block_on(work);
    // A name look-up or a read that hangs must not keep the process once all is decided.
    runtime.shutdown_background();
    done
}

/// From here on a file that may grow no further (`ulimit -f`) makes a write fail, as a full disk does, and does not end the
/// process. It must not be ignored: what a process ignores, the commands that it runs ignore too.
pub(crate) fn outlive_file_size_limit() -> Result<(), SystemError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| SystemError { action: "start the runtime", cause })?;
    let _entered = runtime.enter();
    catch_file_size_limit()
}

#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail"))]
fn catch_file_size_limit() -> Result<(), SystemError> {
    #[cfg(unix)]
    catch(rustix::process::Signal::XFSZ)?;
    Ok(())
}

/// A process that starts with SIGCHLD ignored, as some daemons start theirs, cannot wait for its children: they are gone as
/// soon as they end. Catching the signal takes that back.
#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail"))]
fn catch_ends_of_commands() -> Result<(), SystemError> {
    #[cfg(unix)]
    catch(rustix::process::Signal::CHILD)?;
    Ok(())
}

/// Needs a runtime; what is caught stays so when it ends.
#[cfg(unix)]
fn catch(number: rustix::process::Signal) -> Result<(), SystemError> {
    use tokio::signal::unix::{SignalKind, signal};

    let caught = signal(SignalKind::from_raw(number.as_raw()));
    drop(caught.map_err(|cause| SystemError { action: "listen for signals", cause })?);
    Ok(())
}
