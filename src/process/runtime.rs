//! The runtime for everything that waits: one thread, started on demand.

use crate::output::SystemError;

/// Runs `work` until it completes.
pub(crate) fn block_on<T, E: From<SystemError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| SystemError { action: "start the runtime", cause })?;
    {
        let _entered = runtime.enter();
        catch_file_size_limit()?;
        catch_ends_of_commands()?;
    }
    let done = runtime.block_on(work);
    // A name look-up or a read that hangs must not keep the process alive once the result is known.
    runtime.shutdown_background();
    done
}

/// From here on, a write to a file at its size limit (`ulimit -f`) fails, as on a full disk, instead of ending the
/// process. The signal must not be ignored, because commands inherit ignored signals.
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

/// A process that starts with SIGCHLD ignored, as under some daemons, cannot wait for its children, because they
/// disappear as soon as they end. Catching the signal undoes that.
#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail"))]
fn catch_ends_of_commands() -> Result<(), SystemError> {
    #[cfg(unix)]
    catch(rustix::process::Signal::CHILD)?;
    Ok(())
}

/// Needs a runtime; the signal stays caught after the runtime ends.
#[cfg(unix)]
fn catch(number: rustix::process::Signal) -> Result<(), SystemError> {
    use tokio::signal::unix::{SignalKind, signal};

    let caught = signal(SignalKind::from_raw(number.as_raw()));
    drop(caught.map_err(|cause| SystemError { action: "listen for signals", cause })?);
    Ok(())
}
