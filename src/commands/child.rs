//! A command that is run for the user: its standard streams, signals and exit code pass as if it had been started alone.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use super::Context;
use crate::exit::ExitCode;

/// Not found, as shells say it.
const NOT_FOUND: u8 = 127;
/// Found, but not a program that can be run.
const NOT_EXECUTABLE: u8 = 126;

/// Runs `command` with these variables beside our own, and gives its exit code once it has ended. One that cannot be
/// started is told, and gives 127 or 126.
///
/// # Errors
/// When signals cannot be caught.
pub async fn run(
    context: &Context,
    command: &[OsString],
    variables: &[(&'static str, String)],
) -> anyhow::Result<ExitCode> {
    let Some((program, arguments)) = command.split_first() else { return Ok(ExitCode::Success) };
    // Caught from here on, so that a signal that comes while it starts is not ours alone.
    let mut signals = Signals::catch().context("failed to listen for signals")?;
    let started =
        Command::new(program).args(arguments).envs(variables.iter().map(|(name, value)| (name, value))).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
            context.output.error(&format!("failed to run {}: {error}", program.display()), &[], None);
            return Ok(ExitCode::Command(code));
        }
    };
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.context("failed to wait for the command")?,
            signal = signals.next() => signal.pass_on(&child),
        }
    };
    Ok(ExitCode::Command(code_of(status)))
}

#[cfg(unix)]
fn code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;

    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(windows)]
fn code_of(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
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
