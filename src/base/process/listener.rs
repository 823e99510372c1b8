//! Listens for the signals of this process in its own thread, so that a signal always has an effect. Its default effect
//! applies unless a guard ([`super::Signals`]) catches it, and also if no code handles the caught signal in time. The
//! listener also decides whether a signal is new, and whether it is for this process or only for its command.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::exit;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::signal::Signal;
use super::signal_source::{ReceivedSignal, SignalOrigin, ignored, sources};
use crate::base::message::msg;
use crate::base::output::SystemError;

/// A signal that repeats within this time counts as the same. `timeout` signals its child and then the whole group, and
/// a parent forwards a signal that its child already has.
const REPEATED: Duration = Duration::from_secs(1);

/// How long after the end of a command its signal may still reach us. The processes of a group do not get a signal at
/// the same time.
const BELATED: Duration = Duration::from_secs(2);

/// The maximum time from a signal to the end of this process, unless the code that took the signal continues.
const MAX_END_TIME: Duration = Duration::from_millis(1700);

/// How long a wait that blocks its thread continues after a signal. A wait for another process is usually shorter.
const MAX_BLOCK_TIME: Duration = Duration::from_millis(300);

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// The temporary files of this process.
static TEMPORARY_PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The thread's runtime, and the state of the signals.
pub(super) struct Listener {
    runtime: Handle,
    state: Mutex<SignalState>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct SignalState {
    /// The signals with a handler, which the system no longer applies itself.
    handled: Vec<Signal>,
    /// The number of guards that catch each signal.
    guards: HashMap<Signal, usize>,
    /// Whether signals stay caught without a guard.
    is_kept: bool,
    /// The signals that no code has taken yet.
    waiting: Vec<Arrival>,
    /// The signal that is ending this process.
    ending: Option<Arrival>,
    history: History,
}

/// A signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) signal: Signal,
    pub(super) origin: SignalOrigin,
    at: Instant,
}

impl Listener {
    /// Returns the listener of this process. The first call starts its thread.
    pub(super) fn get() -> Result<&'static Self, SystemError> {
        if let Some(listener) = LISTENER.get() {
            return Ok(listener);
        }
        let started = Self::start().map_err(listen_error)?;
        Ok(LISTENER.get_or_init(|| started))
    }

    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        // The runtime is never dropped: inside another runtime, that would panic if its thread does not start.
        let runtime: &'static Runtime = Box::leak(Box::new(runtime));
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(|| runtime.block_on(std::future::pending::<()>()))?;
        Ok(Self {
            runtime: runtime.handle().clone(),
            state: Mutex::default(),
            arrived: Notify::new(),
        })
    }

    /// Catches the signals for one more guard, and returns the caught ones.
    pub(super) fn catch(&'static self) -> Result<Vec<Signal>, SystemError> {
        let caught = self.handle_all().map_err(listen_error)?;
        let mut state = self.state();
        for signal in &caught {
            *state.guards.entry(*signal).or_default() += 1;
        }
        Ok(caught)
    }

    /// Handles the signals in this process, and returns them. Signals that were ignored when this process started stay
    /// ignored, for us and for our commands. `nohup`, `trap '' TERM` and background jobs of scripts rely on that.
    pub(super) fn handle_all(&'static self) -> io::Result<Vec<Signal>> {
        let mut state = self.state();
        let ignored = ignored();
        let is_ignored = |signal: Signal| ignored & (1 << (signal.number() - 1)) != 0;
        let mut caught = Signal::ALL.to_vec();
        caught.retain(|signal| !is_ignored(*signal));
        let mut new = caught.clone();
        new.retain(|signal| !state.handled.contains(signal));
        if !new.is_empty() {
            self.handle(&new)?;
            state.handled.extend(new);
        }
        Ok(caught)
    }

    /// Removes a guard that caught `signals`. After that, the default effect applies to a signal that no code has handled.
    pub(super) fn release(&self, signals: &[Signal]) {
        let mut state = self.state();
        for signal in signals {
            if let Some(guards) = state.guards.get_mut(signal) {
                *guards -= 1;
            }
        }
        let pending = state
            .waiting
            .iter()
            .map(|arrival| arrival.signal)
            .find(|signal| !state.is_caught(*signal));
        if let Some(signal) = pending {
            end_by(signal);
        }
    }

    /// Keeps the signals caught until this process ends, because from now on its exit code matters more.
    pub(super) fn keep(&self) {
        self.state().is_kept = true;
    }

    /// Records that a command `ended` at this instant. The earlier signals were for the command. The next signal
    /// of each kind is, too, if it comes soon.
    pub(super) fn note_command_end(&self, ended: Instant) {
        let mut state = self.state();
        state.is_kept = true;
        state.waiting.clear();
        state.history = History {
            command_ended: Some(ended),
            ..History::default()
        };
    }

    /// Takes the first of `signals` that has arrived. If it `ends_process`, this process must end soon.
    pub(super) fn take(&self, signals: &[Signal], ends_process: bool) -> Option<Arrival> {
        let mut state = self.state();
        let is_requested = |arrival: &Arrival| signals.contains(&arrival.signal);
        let place = state.waiting.iter().position(is_requested)?;
        let taken = state.waiting.remove(place);
        if ends_process {
            state.ending.get_or_insert(taken);
        }
        Some(taken)
    }

    /// Waits until one of `signals` has arrived, and takes it.
    pub(super) async fn wait_for(&self, signals: &[Signal], ends_process: bool) -> Arrival {
        loop {
            // After this, no signal is missed.
            let mut arrived = pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if let Some(taken) = self.take(signals, ends_process) {
                return taken;
            }
            arrived.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, SignalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&'static self, signals: &[Signal]) -> io::Result<()> {
        let _entered = self.runtime.enter();
        for mut source in sources(signals)? {
            self.runtime.spawn(async move {
                while let Some(received) = source.recv().await {
                    self.note(received);
                }
            });
        }
        Ok(())
    }

    /// Records a signal that has arrived.
    fn note(&'static self, received: ReceivedSignal) {
        let ReceivedSignal { signal, origin } = received;
        let at = Instant::now();
        let mut state = self.state();
        if !state.history.is_new(signal, at) {
            return;
        }
        if !state.is_caught(signal) {
            end_by(signal);
        }
        let arrival = Arrival { signal, origin, at };
        state.waiting.push(arrival);
        self.arrived.notify_waiters();
        self.runtime.spawn(self.end_after_timeout(arrival));
    }

    /// Ends this process if it has not ended after this signal in time.
    async fn end_after_timeout(&self, arrival: Arrival) {
        sleep(MAX_END_TIME).await;
        if self.state().must_end_for(arrival) {
            end_by(arrival.signal);
        }
    }
}

impl SignalState {
    fn is_caught(&self, signal: Signal) -> bool {
        let has_guard = self.guards.get(&signal).is_some_and(|guards| *guards > 0);
        has_guard || self.is_kept
    }

    /// Returns whether no code has taken the signal, or this process is ending for it.
    fn must_end_for(&self, arrival: Arrival) -> bool {
        self.ending == Some(arrival) || self.waiting.contains(&arrival)
    }
}

/// Returns the signal that must end a wait that began at `since` and blocks its thread. Either no
/// code handles the signal, because the wait blocks, or this process is ending because of it. None
/// until some time after the signal and `since`.
pub(crate) fn overdue_signal(since: Instant) -> Option<Signal> {
    if since.elapsed() < MAX_BLOCK_TIME {
        return None;
    }
    let state = LISTENER.get()?.state();
    let mut arrivals = state.ending.iter().chain(&state.waiting);
    arrivals
        .find(|arrival| arrival.at.elapsed() >= MAX_BLOCK_TIME)
        .map(|arrival| arrival.signal)
}

/// Waits until a signal is overdue for a wait that begins now.
pub(crate) async fn becomes_overdue() -> Signal {
    let since = Instant::now();
    loop {
        sleep(MAX_BLOCK_TIME).await;
        if let Some(signal) = overdue_signal(since) {
            return signal;
        }
    }
}

/// Ends this process like a signal that is not caught, and removes its temporary files.
fn end_by(signal: Signal) -> ! {
    // It stays locked, so that no other file is created.
    let paths = temporary_paths();
    for path in paths.iter() {
        let _ = fs::remove_file(path);
    }
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal.number().into());
    exit(128 + i32::from(signal.number()))
}

/// Returns the temporary files of this process, which it removes before a signal ends it.
pub(super) fn temporary_paths() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY_PATHS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn listen_error(cause: io::Error) -> SystemError {
    SystemError {
        action: msg!("listen for signals"),
        cause,
    }
}

/// The times of earlier signals.
#[derive(Debug, Default)]
struct History {
    /// When each signal was last new.
    last_new: HashMap<Signal, Instant>,
    /// When a command ended. The next signal of each kind may have been for it.
    command_ended: Option<Instant>,
}

impl History {
    /// Returns whether the `signal` that arrives `now` is not a repetition and not for a command.
    fn is_new(&mut self, signal: Signal, now: Instant) -> bool {
        let is_within = |since: Instant, time| now.saturating_duration_since(since) < time;
        if self
            .last_new
            .get(&signal)
            .is_some_and(|last| is_within(*last, REPEATED))
        {
            return false;
        }
        let is_first = self.last_new.insert(signal, now).is_none();
        !(is_first
            && self
                .command_ended
                .is_some_and(|ended| is_within(ended, BELATED)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the times of the new signals among these, in milliseconds, with or without a command
    /// that ended at 0.
    fn new_signals(command_ended: bool, arrivals: &[(u64, Signal)]) -> Vec<u64> {
        let begun = Instant::now();
        let mut history = History {
            command_ended: command_ended.then_some(begun),
            ..History::default()
        };
        let mut is_new = |at, signal| history.is_new(signal, begun + Duration::from_millis(at));
        arrivals
            .iter()
            .copied()
            .filter(|(at, signal)| is_new(*at, *signal))
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn repeated_signal_within_a_second_counts_once() {
        use Signal::{Hangup, Interrupt, Terminate};

        for (arrivals, expected) in [
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
            assert_eq!(new_signals(false, arrivals), expected, "{arrivals:?}");
        }
    }

    #[test]
    fn first_signals_after_start_reach_the_command() {
        use Signal::{Interrupt, Terminate};

        for (arrivals, expected) in [
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
            assert_eq!(new_signals(true, arrivals), expected, "{arrivals:?}");
        }
    }
}
