//! A command that is run for the user: its standard streams, signals and exit code pass as if it had been started alone.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::Context;
use super::tail::Tail;
use crate::output::pass_through;

/// Not found, as shells say it.
const NOT_FOUND: u8 = 127;
/// Found, but not a program that can be run.
const NOT_EXECUTABLE: u8 = 126;

/// How long what a command has written may still come once it has ended: what it left running may hold the pipe.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; 127 or 126 when it could not be started, 128 and the signal's number when one ended it.
    pub code: u8,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
}

/// Runs `command` with these variables beside our own, until it has ended. Its standard streams are ours; with `tail`,
/// what it writes to stderr goes through us and its end is kept. One that cannot be started is told.
///
/// # Errors
/// When signals cannot be caught.
pub async fn run(
    context: &Context,
    command: &[OsString],
    variables: &[(&'static str, String)],
    mut tail: Option<&mut Tail>,
) -> anyhow::Result<Ended> {
    let Some((program, arguments)) = command.split_first() else { return Ok(Ended { code: 0, signal: None }) };
    // Caught from here on, so that a signal that comes while it starts is not ours alone.
    let mut signals = Signals::catch().context("failed to listen for signals")?;
    let mut started = Command::new(program);
    started.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    if tail.is_some() {
        started.stderr(Stdio::piped());
    }
    let mut child = match started.spawn() {
        Ok(child) => child,
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
            context.output.error(&format!("failed to run {}: {error}", program.display()), &[], None);
            return Ok(Ended { code, signal: None });
        }
    };
    let mut stderr = child.stderr.take();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.context("failed to wait for the command")?,
            signal = signals.next() => signal.pass_on(&child),
            is_open = copy(&mut stderr, tail.as_deref_mut()), if stderr.is_some() => if !is_open { stderr = None },
        }
    };
    while let Ok(true) = timeout(DRAIN_TIMEOUT, copy(&mut stderr, tail.as_deref_mut())).await {}
    Ok(ended(status))
}

/// Passes on what has come from `stderr`; false when nothing more will.
async fn copy(stderr: &mut Option<ChildStderr>, tail: Option<&mut Tail>) -> bool {
    let (Some(stderr), Some(tail)) = (stderr, tail) else { return false };
    let mut buffer = [0; 8192];
    let count = stderr.read(&mut buffer).await.unwrap_or(0);
    let read = buffer.get(..count).unwrap_or_default();
    tail.push(read);
    pass_through(read);
    count > 0
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;

    let signal = status.signal();
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    Ended { code: code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX), signal }
}

#[cfg(windows)]
fn ended(status: ExitStatus) -> Ended {
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
    Ended { code, signal: None }
}

#[cfg(unix)]
use self::unix::Signals;
#[cfg(windows)]
use self::windows::Signals;

#[cfg(unix)]
mod unix {
    //! The signals that end programs, passed on once each.

    use rustix::process::{Pid, Signal, getpgrp, kill_process};
    use tokio::signal::unix::{self, SignalKind};

    use super::{Child, io};

    pub struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hangup: unix::Signal,
        quit: unix::Signal,
    }

    pub struct Caught(Signal);

    impl Signals {
        pub fn catch() -> io::Result<Self> {
            Ok(Self {
                interrupt: unix::signal(SignalKind::interrupt())?,
                terminate: unix::signal(SignalKind::terminate())?,
                hangup: unix::signal(SignalKind::hangup())?,
                quit: unix::signal(SignalKind::quit())?,
            })
        }

        pub async fn next(&mut self) -> Caught {
            Caught(tokio::select! {
                _ = self.interrupt.recv() => Signal::INT,
                _ = self.terminate.recv() => Signal::TERM,
                _ = self.hangup.recv() => Signal::HUP,
                _ = self.quit.recv() => Signal::QUIT,
            })
        }
    }

    impl Caught {
        /// Sends it to the child, unless the terminal has: a second Ctrl-C would mean something else to many programs.
        pub fn pass_on(self, child: &Child) {
            let from_keyboard = matches!(self.0, Signal::INT | Signal::QUIT) && in_foreground();
            let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
            if let (false, Some(pid)) = (from_keyboard, pid) {
                // One that has ended needs no signal.
                let _ = kill_process(pid, self.0);
            }
        }
    }

    /// Whether we belong to the processes that get what is typed at the terminal.
    fn in_foreground() -> bool {
        let terminal = std::fs::File::open("/dev/tty");
        terminal.is_ok_and(|terminal| rustix::termios::tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp()))
    }
}

#[cfg(windows)]
mod windows {
    //! Ctrl-C goes to every process of the console: the child's end is ours.

    use tokio::signal::windows::{CtrlC, ctrl_c};

    use super::{Child, io};

    pub struct Signals(CtrlC);
    pub struct Caught;

    impl Signals {
        pub fn catch() -> io::Result<Self> {
            ctrl_c().map(Self)
        }

        pub async fn next(&mut self) -> Caught {
            self.0.recv().await;
            Caught
        }
    }

    impl Caught {
        pub fn pass_on(self, _child: &Child) {}
    }
}
