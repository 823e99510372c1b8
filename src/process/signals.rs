//! The signals that end programs, as a stream. Each is caught from the call on and keeps its usual effect until then.
//! This module decides for every command whether a signal is new and meant for us. It also has the runtime, one thread
//! that is started on demand: without it no signal is caught.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
#[cfg(windows)]
use std::task::Context;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};
#[cfg(windows)]
use tokio::signal::windows;
#[cfg(unix)]
use tokio::signal::{unix, unix::Signal as SignalSource};

use crate::output::SystemError;

/// The two that systems number differently.
const USER_1: u8 = if cfg!(target_os = "linux") { 10 } else { 30 };
const USER_2: u8 = if cfg!(target_os = "linux") { 12 } else { 31 };

/// By their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Signal {
    Hangup = 1,
    Interrupt = 2,
    Quit = 3,
    User1 = USER_1,
    User2 = USER_2,
    Alarm = 14,
    Terminate = 15,
}

impl Signal {
    /// All signals; a command gets them in our place.
    pub(crate) const ALL: [Self; 7] = [
        Self::Hangup,
        Self::Interrupt,
        Self::Quit,
        Self::User1,
        Self::User2,
        Self::Alarm,
        Self::Terminate,
    ];
    /// The signals that end a send.
    pub(crate) const THAT_END_US: [Self; 3] = [Self::Interrupt, Self::Terminate, Self::Hangup];

    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn name(self) -> Cow<'static, str> {
        signal_name(self.number().into())
    }
}

/// A signal that repeats within this time counts as the same: `timeout` signals its child and then the whole group, and
/// a parent passes on what its child already has.
const REPEATED: Duration = Duration::from_secs(1);

/// How long after the end of a command the signal that ended it may still reach us: the processes of a group do not get
/// a signal at the same time.
const BELATED: Duration = Duration::from_secs(2);

/// The name of any signal that ends programs.
pub(crate) fn signal_name(number: i32) -> Cow<'static, str> {
    let name = match u8::try_from(number).unwrap_or_default() {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        USER_1 => "SIGUSR1",
        11 => "SIGSEGV",
        USER_2 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return format!("signal {number}").into(),
    };
    name.into()
}

/// The caught signals, without repetitions.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    caught: Vec<(Signal, SignalSource)>,
    history: History,
}

impl Signals {
    /// For the time after a command that `ended` at this instant: its signals are not meant for us. None is caught yet.
    pub(crate) fn after_command(ended: Instant) -> Self {
        Self {
            history: History {
                command_ended: Some(ended),
                ..History::default()
            },
            ..Self::default()
        }
    }

    /// Also catches these; needs a runtime. Ignored signals stay ignored, for us and for the commands that we run:
    /// that is the purpose of `nohup`, of `trap '' TERM`, and of a script's `&`, whose background jobs must not get
    /// Ctrl-C.
    pub(crate) fn catch(&mut self, signals: &[Signal]) -> Result<(), SystemError> {
        let ignored = ignored();
        for signal in signals
            .iter()
            .filter(|signal| ignored & (1 << (signal.number() - 1)) == 0)
        {
            let sources = sources(*signal).map_err(|cause| SystemError {
                action: "listen for signals",
                cause,
            })?;
            self.caught
                .extend(sources.into_iter().map(|source| (*signal, source)));
        }
        Ok(())
    }

    /// A signal that has already arrived.
    pub(crate) fn came(&mut self) -> Option<Signal> {
        self.next().now_or_never()
    }

    /// The next signal; never returns if none is caught.
    pub(crate) async fn next(&mut self) -> Signal {
        let Self { caught, history } = self;
        poll_fn(|context| {
            for (signal, source) in &mut *caught {
                while source.poll_recv(context).is_ready() {
                    if history.is_new(*signal, Instant::now()) {
                        return Poll::Ready(*signal);
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// When signals arrived.
#[derive(Debug, Default)]
struct History {
    /// When each signal was last new.
    heard: HashMap<Signal, Instant>,
    /// When a command ended; the first of each signal may have been meant for it.
    command_ended: Option<Instant>,
}

impl History {
    /// Whether the `signal` that arrives `now` is neither a repetition nor meant for a command.
    fn is_new(&mut self, signal: Signal, now: Instant) -> bool {
        let is_within = |since: Instant, time| now.saturating_duration_since(since) < time;
        if self
            .heard
            .get(&signal)
            .is_some_and(|last| is_within(*last, REPEATED))
        {
            return false;
        }
        let is_first = self.heard.insert(signal, now).is_none();
        !(is_first
            && self
                .command_ended
                .is_some_and(|ended| is_within(ended, BELATED)))
    }
}

#[cfg(unix)]
fn sources(signal: Signal) -> io::Result<Vec<SignalSource>> {
    let kind = unix::SignalKind::from_raw(i32::from(signal.number()));
    unix::signal(kind).map(|source| vec![source])
}

/// The signals that were ignored when we started, one bit each. Signals that we catch are no longer included, and we
/// ignore none ourselves. Only works on Linux.
fn ignored() -> u64 {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Console events take the place of signals: Ctrl-Break is Ctrl-C, closing the window is SIGHUP, and the end of the
/// session or the machine asks us to end.
#[cfg(windows)]
fn sources(signal: Signal) -> io::Result<Vec<SignalSource>> {
    Ok(match signal {
        Signal::Interrupt => vec![
            SignalSource::C(windows::ctrl_c()?),
            SignalSource::Break(windows::ctrl_break()?),
        ],
        Signal::Hangup => vec![SignalSource::Close(windows::ctrl_close()?)],
        Signal::Terminate => {
            vec![
                SignalSource::Shutdown(windows::ctrl_shutdown()?),
                SignalSource::Logoff(windows::ctrl_logoff()?),
            ]
        }
        Signal::Quit | Signal::User1 | Signal::User2 | Signal::Alarm => Vec::new(),
    })
}

#[cfg(windows)]
#[derive(Debug)]
enum SignalSource {
    C(windows::CtrlC),
    Break(windows::CtrlBreak),
    Close(windows::CtrlClose),
    Shutdown(windows::CtrlShutdown),
    Logoff(windows::CtrlLogoff),
}

#[cfg(windows)]
impl SignalSource {
    fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        match self {
            Self::C(source) => source.poll_recv(context),
            Self::Break(source) => source.poll_recv(context),
            Self::Close(source) => source.poll_recv(context),
            Self::Shutdown(source) => source.poll_recv(context),
            Self::Logoff(source) => source.poll_recv(context),
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
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| SystemError {
        action: "start the runtime",
        cause,
    })?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Which signals at these milliseconds are new, if a command ended at 0 or if there was no command.
    fn heard(command_ended: bool, came: &[(u64, Signal)]) -> Vec<u64> {
        let begun = Instant::now();
        let mut history = History {
            command_ended: command_ended.then_some(begun),
            ..History::default()
        };
        let mut is_new = |at, signal| history.is_new(signal, begun + Duration::from_millis(at));
        came.iter()
            .copied()
            .filter(|(at, signal)| is_new(*at, *signal))
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn the_same_signal_within_a_second_is_the_same_one() {
        use Signal::{Hangup, Interrupt, Terminate};

        for (came, expected) in [
            (
                &[(0, Terminate), (1, Terminate), (999, Terminate)][..],
                &[0][..],
            ),
            (&[(0, Terminate), (1000, Terminate)], &[0, 1000]),
            // Ctrl-C pressed repeatedly counts once a second.
            (
                &[
                    (0, Interrupt),
                    (600, Interrupt),
                    (1200, Interrupt),
                    (1800, Interrupt),
                ],
                &[0, 1200],
            ),
            (
                &[(0, Interrupt), (1, Terminate), (2, Hangup), (3, Interrupt)],
                &[0, 1, 2],
            ),
        ] {
            assert_eq!(heard(false, came), expected, "{came:?}");
        }
    }

    #[test]
    fn the_first_of_each_soon_after_a_command_was_for_the_command() {
        use Signal::{Interrupt, Terminate};

        for (came, expected) in [
            (&[(0, Terminate)][..], &[][..]),
            (
                &[(1999, Terminate), (2998, Terminate), (2999, Terminate)],
                &[2999],
            ),
            (
                &[
                    (10, Terminate),
                    (500, Interrupt),
                    (1009, Terminate),
                    (1010, Terminate),
                ],
                &[1010],
            ),
            (&[(2000, Terminate)], &[2000]),
            (&[(10, Interrupt), (2010, Terminate)], &[2010]),
        ] {
            assert_eq!(heard(true, came), expected, "{came:?}");
        }
    }
}
