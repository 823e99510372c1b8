//! Catches signals while a guard exists. Without a guard, a signal ends this process as usual, so a prompt or a read
//! needs no code for signals. Also has the runtime.

use std::future::pending;
use std::time::Instant;

use futures_util::FutureExt;
use tokio::runtime::{Builder, Handle, Runtime};

use super::listener::Listener;
use super::open_files::ensure_open_files;
use super::signal::Signal;
use super::signal_source::SignalOrigin;
use crate::base::message::msg;
use crate::base::output::SystemError;

/// How many files a runtime opens. With fewer than these, it may panic.
const FILES_OF_RUNTIME: usize = 6;

/// The signals that are caught while this guard exists; none by default. A caught signal still ends the process if no
/// code takes it in time.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    caught: Vec<Signal>,
}

impl Signals {
    /// Catches all signals.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub(crate) fn catch() -> Result<Self, SystemError> {
        let caught = Listener::get()?.catch()?;
        Ok(Self { caught })
    }

    /// Keeps the signals caught until the process ends, because it must still report the outcome of its request. A
    /// signal that no code takes still ends it.
    pub(crate) fn keep(&self) {
        if let Some(listener) = self.listener() {
            listener.keep();
        }
    }

    /// Records that a command has just ended. The earlier signals were for the command. The next signal of each kind
    /// is, too, if it comes soon. They stay caught until the process ends, because it must still report the command's end.
    pub(super) fn note_command_end(&self) {
        if let Some(listener) = self.listener() {
            listener.note_command_end(Instant::now());
        }
    }

    /// Takes a signal that has already arrived. This process must end soon.
    pub(crate) fn came(&self) -> Option<Signal> {
        self.next().now_or_never()
    }

    /// Waits for the next caught signal. This process must end soon. Without caught signals, waits forever.
    pub(crate) async fn next(&self) -> Signal {
        match self.listener() {
            Some(listener) => listener.wait_for(&self.caught, true).await.signal,
            None => pending().await,
        }
    }

    /// Waits for the next caught signal. The caller continues, and must take later signals, too. Without caught signals,
    /// waits forever.
    pub(crate) async fn next_request(&mut self) -> Signal {
        match self.listener() {
            Some(listener) => listener.wait_for(&self.caught, false).await.signal,
            None => pending().await,
        }
    }

    /// Waits for the next caught signal that the command does not have. A key at the terminal signals the command, too,
    /// and many programs treat a second Ctrl-C differently. Without caught signals, waits forever.
    pub(super) async fn next_for_command(&mut self) -> Signal {
        let Some(listener) = self.listener() else {
            return pending().await;
        };
        loop {
            let arrival = listener.wait_for(&self.caught, false).await;
            if arrival.origin != SignalOrigin::Terminal {
                return arrival.signal;
            }
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
    // A name look-up or a read that hangs must not keep the process alive after the result.
    runtime.shutdown_background();
    done
}

/// Makes a write to a file at its size limit (`ulimit -f`) fail, as on a full disk, instead of ending the process.
pub(crate) fn outlive_file_size_limit() -> Result<(), SystemError> {
    // A runtime already catches the signal.
    if Handle::try_current().is_ok() {
        return Ok(());
    }
    start().map(drop)
}

/// Builds a runtime. The signals that this catches stay caught after the runtime ends.
fn start() -> Result<Runtime, SystemError> {
    let not_started = |cause| SystemError {
        action: msg!("start the runtime"),
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
        // SIGXFSZ is caught and not ignored, because commands inherit ignored signals. A process that starts with
        // SIGCHLD ignored, as under some daemons, cannot wait for its children, because they disappear when they end.
        for number in [Signal::XFSZ, Signal::CHILD] {
            let caught = signal(SignalKind::from_raw(number.as_raw()));
            drop(caught.map_err(|cause| SystemError {
                action: msg!("listen for signals"),
                cause,
            })?);
        }
    }
    Ok(runtime)
}
