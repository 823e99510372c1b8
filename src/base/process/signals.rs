//! The guard of signals: while it lives they are caught, and without one a signal ends this process as usual. So a question,
//! a list that is read and a wait that does not know of signals need nothing. The runtime stands here, too: one thread that
//! is started on demand.

use std::future::pending;
use std::time::Instant;

use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};

use super::listener::Listener;
use super::open_files::ensure_open_files;
use super::signal::Signal;
use crate::base::output::SystemError;

/// How many files a runtime opens: with fewer than these, it may panic.
const FILES_OF_RUNTIME: usize = 6;

/// The signals that are caught while this lives; none by default. One that is caught and not taken in time ends the
/// process all the same.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    caught: Vec<Signal>,
}

impl Signals {
    /// Those that end us are caught.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub(crate) fn catch() -> Result<Self, SystemError> {
        Self::catch_these(&Signal::THAT_END_US)
    }

    /// Those that a command gets in our place are caught.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub(super) fn catch_all() -> Result<Self, SystemError> {
        Self::catch_these(&Signal::ALL)
    }

    fn catch_these(signals: &[Signal]) -> Result<Self, SystemError> {
        let caught = Listener::get()?.catch(signals)?;
        Ok(Self { caught })
    }

    /// From here on they stay caught until the process ends, because it has to say what became of its request. One that
    /// nobody takes ends it nevertheless.
    pub(crate) fn keep(&self) {
        if let Some(listener) = self.listener() {
            listener.keep();
        }
    }

    /// A command has ended just now: the signals so far were meant for it, and the first of each soon after. They stay caught
    /// until the process ends, because it has to say how the command ended.
    pub(super) fn note_end_of_command(&self) {
        if let Some(listener) = self.listener() {
            listener.note_end_of_command(Instant::now());
        }
    }

    /// A signal that has already arrived. This process must end soon.
    pub(crate) fn came(&mut self) -> Option<Signal> {
        self.next().now_or_never()
    }

    /// The next signal; never returns if none is caught. This process must end soon.
    pub(crate) async fn next(&mut self) -> Signal {
        match self.listener() {
            Some(listener) => listener.taken(&self.caught, true).await,
            None => pending().await,
        }
    }

    /// The next signal, for one who carries on in good order and takes the next one, too; never returns if none is caught.
    pub(crate) async fn next_request(&mut self) -> Signal {
        match self.listener() {
            Some(listener) => listener.taken(&self.caught, false).await,
            None => pending().await,
        }
    }

    fn listener(&self) -> Option<&'static Listener> {
        if self.caught.is_empty() {
            return None;
        }
        Listener::get().ok()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(listener) = self.listener() {
            listener.release(&self.caught);
        }
    }
}

/// Runs `work` until it completes.
pub(crate) fn block_on<T, E: From<SystemError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
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
    let not_started = |cause| SystemError {
        action: "start the runtime",
        cause,
    };
    ensure_open_files(FILES_OF_RUNTIME).map_err(not_started)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(not_started)?;
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};

        let _entered = runtime.enter();
        // That of the size limit must not be ignored, because commands inherit ignored signals. A process that starts
        // with SIGCHLD ignored, as under some daemons, cannot wait for its children: they disappear as soon as they
        // end.
        for number in [Signal::XFSZ, Signal::CHILD] {
            let caught = signal(SignalKind::from_raw(number.as_raw()));
            drop(caught.map_err(|cause| SystemError {
                action: "listen for signals",
                cause,
            })?);
        }
    }
    Ok(runtime)
}
