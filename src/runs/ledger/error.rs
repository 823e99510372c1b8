//! The errors of a ledger and of the choice of a run, each with a hint.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use super::name::RunName;
use crate::base::message::{Message, msg};
use crate::base::paths::STATE;
use crate::base::private_file::{FileAction, FileError};
use crate::base::process::{Signal, more_threads, open_files_hint};
use crate::base::suggest::nearest;

/// An error of a ledger. `postgres/error.rs` has the errors of a database.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct LedgerError {
    pub(crate) kind: LedgerErrorKind,
    pub(crate) message: Message,
    /// How to fix it.
    pub(crate) hint: Message,
}

/// The kind of an error, for the exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LedgerErrorKind {
    /// You chose a run or rows that do not allow this.
    Choice,
    /// Another process uses the run, or has changed it.
    InUse,
    /// A recipient could get a message twice.
    Guard,
    /// The ledger file, or one next to it, cannot be written or locked, or SQLite fails.
    File,
    /// The ledger is damaged or another one, or the result of a change is unknown.
    Unusable,
    /// The ledger was restored to an earlier state while this process sent a run.
    RestoredDuringRun,
    /// The database does not respond. A retry may succeed.
    Away,
    /// The database did not respond to any retry. Messages may have been sent before.
    Gone,
    /// The database is read-only. If it was just promoted or is restarting, that may change soon.
    ReadOnly,
    /// The database has no ledger.
    NoLedger,
    /// The role may not do this.
    Rights,
    /// Another error of a database that lasts until you change the setup.
    Setup,
    /// Any other error. If the command has not started to send, nothing was sent.
    Other,
    /// A signal arrived while this process waited for another one, or for a database.
    Interrupted(Signal),
    /// An exchange arrived after its process had reconnected. It changed nothing.
    Superseded,
}

impl LedgerError {
    pub(super) fn new(kind: LedgerErrorKind, message: Message, hint: Message) -> Self {
        Self {
            kind,
            message,
            hint,
        }
    }

    /// Returns the error if this process cannot use the file.
    pub(super) fn unusable(message: Message, hint: Message) -> Self {
        Self::new(LedgerErrorKind::Unusable, message, hint)
    }

    /// Returns the error if the contents of the ledger cannot be read.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` gives the error itself"
    )]
    pub(crate) fn damaged(problem: impl ToString) -> Self {
        let problem = problem.to_string();
        Self::unusable(
            msg!("the ledger is damaged: {problem}", problem),
            msg!("restore a backup of its directory; a backup may lack the latest messages"),
        )
    }

    /// Returns the error if the ledger was copied or restored, or its database failed over. Its runs
    /// may lack later messages.
    pub(super) fn stale_ledger(run: &str) -> Self {
        Self::unusable(
            msg!("the ledger was copied or restored: it may not record the latest messages"),
            accept_run(run),
        )
    }

    /// Returns the error of a command that would send a stale run.
    pub(crate) fn stale_run(run: &RunName) -> Self {
        Self::new(
            LedgerErrorKind::Guard,
            msg!(
                "run {run} is stale: the ledger was copied or restored, and may not record its \
                    latest messages",
                run
            ),
            accept_run(&run.to_string()),
        )
    }

    /// Returns the error if the ledger lacks later runs and keys, so that new messages cannot be
    /// compared with them.
    pub(super) fn restored() -> Self {
        Self::new(
            LedgerErrorKind::Guard,
            msg!(
                "the ledger was copied or restored: it may lack messages, runs, --once keys and exclusions"
            ),
            accept_ledger(),
        )
    }

    /// Returns the error if the ledger was restored after you had seen what it may lack.
    pub(super) fn restored_again(run: Option<&RunName>) -> Self {
        let hint = run.map_or_else(accept_ledger, |run| accept_run(&run.to_string()));
        Self::new(
            LedgerErrorKind::Guard,
            msg!("the ledger was restored again before the answer; nothing was accepted"),
            hint,
        )
    }

    pub(super) fn sqlite(cause: &str) -> Self {
        Self::unreadable(&Message::verbatim(cause), check_the_disk())
    }

    /// Returns the error if another process keeps a lock of SQLite, for example because it was suspended during a write.
    pub(super) fn kept_locked() -> Self {
        let hint = msg!("wait until it has ended; to continue a suspended process: kill -CONT PID");
        Self::unreadable(&msg!("another process keeps it locked"), hint)
    }

    fn unreadable(cause: &Message, hint: Message) -> Self {
        let message = match STATE.directory() {
            Some(directory) => msg!(
                "the ledger {file} cannot be read or written: {cause}",
                file = directory.join("state.db"),
                cause
            ),
            None => msg!("the ledger cannot be read or written: {cause}", cause),
        };
        Self::new(LedgerErrorKind::File, message, hint)
    }

    /// Returns the error if the limit of open files is reached. It is checked first, because SQLite
    /// would not report the cause.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` gives the error itself"
    )]
    pub(super) fn cannot_open_files(cause: io::Error) -> Self {
        let hint = open_files_hint(&cause).unwrap_or_else(check_the_disk);
        let message = msg!("cannot open the ledger's files: {cause}", cause);
        Self::new(LedgerErrorKind::Other, message, hint)
    }

    /// Returns the error if a thread that reads or writes the ledger cannot be started.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` gives the error itself"
    )]
    pub(crate) fn no_thread(cause: io::Error) -> Self {
        let message = msg!("cannot start a thread for the ledger: {cause}", cause);
        Self::new(LedgerErrorKind::Other, message, more_threads())
    }

    pub(crate) fn writer_gone() -> Self {
        Self::unusable(
            msg!("the thread that writes the ledger has ended"),
            check_the_disk(),
        )
    }

    /// Returns the error if the number of marked rows is not the number of rows to send.
    pub(super) fn not_marked(marked: u64, rows: usize) -> Self {
        let message = msg!(
            "the ledger marked {marked} rows as in flight instead of {rows}; none of them was sent",
            marked,
            rows
        );
        Self::unusable(message, check_the_file())
    }

    /// Returns the error if no row may change between these two states.
    pub(super) fn no_step(from: &str, to: &str) -> Self {
        let message = msg!(
            "a row that is {from} cannot become {to}; the ledger was not changed",
            from,
            to
        );
        Self::unusable(message, check_the_file())
    }

    pub(super) fn interrupted(signal: Signal) -> Self {
        Self::new(
            LedgerErrorKind::Interrupted(signal),
            msg!(
                "interrupted by {signal} while waiting for the ledger",
                signal = signal.name()
            ),
            msg!("run the command again"),
        )
    }

    pub(super) fn superseded_connection() -> Self {
        Self::new(
            LedgerErrorKind::Superseded,
            msg!("the ledger answered an older connection"),
            check_the_disk(),
        )
    }

    pub(crate) fn no_directory() -> Self {
        Self::new(
            LedgerErrorKind::Other,
            msg!(
                "cannot find the ledger: {problem}",
                problem = STATE.problem()
            ),
            msg!(
                "set {variable} to an absolute path",
                variable = STATE.variable
            ),
        )
    }

    /// Returns the error if the file was removed after this process had opened it.
    pub(super) fn removed(file: impl fmt::Display) -> Self {
        let file = file.to_string();
        let hint = msg!("restore it, then run the command again");
        Self::unusable(msg!("the ledger {file} was removed", file), hint)
    }

    pub(super) fn older_layout(path: &Path) -> Self {
        Self::new(
            LedgerErrorKind::Guard,
            msg!(
                "{path} has runs of an older version: sending now could repeat their messages",
                path
            ),
            msg!(
                "finish its runs with the jelouctl version that created it, then move {path} away",
                path
            ),
        )
    }

    /// Returns the error if a process sends the run; `worker` names the process.
    pub(crate) fn in_use(run: &RunName, worker: Option<&str>) -> Self {
        let message = match worker {
            Some(worker) => msg!(
                "run {run} ({worker}) is in use by another process",
                run,
                worker
            ),
            None => msg!("run {run} is in use by another process", run),
        };
        let hint = msg!(
            "to watch it: jelouctl bulk status {run}; to stop it: jelouctl bulk stop {run}",
            run
        );
        Self::new(LedgerErrorKind::InUse, message, hint)
    }

    /// Completes the error if jelouctl cannot open the lock that shows whether the process is
    /// alive.
    pub(super) fn with_lock(mut self, unreadable: Option<FileError>) -> Self {
        if let Some(error) = unreadable {
            self.message = Message::joined(vec![self.message, error.message()], "; ");
            self.hint = msg!(
                "to see whether that process has ended: chmod a+r {path}; if it has: rm {path}",
                path = error.path
            );
        }
        self
    }

    pub(super) fn changed(run: &RunName) -> Self {
        Self::new(
            LedgerErrorKind::InUse,
            msg!("run {run} has changed in the meantime", run),
            msg!(
                "check `jelouctl bulk status {run}`, then run the command again",
                run
            ),
        )
    }

    /// Returns the error if rows of a cancelled run would be sent again.
    pub(super) fn cancelled(run: &RunName) -> Self {
        let hint = msg!(
            "to list them: jelouctl bulk report {run} --state failed --reason cancelled --file \
                {run}-again.csv",
            run
        );
        Self::new(
            LedgerErrorKind::Choice,
            msg!("the run is cancelled: its rows cannot be sent again"),
            hint,
        )
    }

    pub(crate) fn may_still_send() -> Self {
        Self::new(
            LedgerErrorKind::Choice,
            msg!("a process that no longer responds may still send these rows"),
            msg!("stop that process, then add --yes"),
        )
    }

    /// Returns the error if you must pass a run, or a different one.
    pub(crate) fn from_choice(message: Message) -> Self {
        Self::new(
            LedgerErrorKind::Choice,
            message,
            msg!("to list the runs: jelouctl bulk list"),
        )
    }

    pub(super) fn no_such_run(
        name: &RunName,
        ledger: impl fmt::Display,
        known: &[RunName],
    ) -> Self {
        let names: Vec<_> = known.iter().map(ToString::to_string).collect();
        let nearest = nearest(&name.to_string(), names.iter().map(String::as_str));
        let ledger = ledger.to_string();
        Self::from_choice(match nearest {
            Some(nearest) => msg!(
                "there is no run {name} in the ledger {ledger}; the nearest is {nearest}",
                name,
                ledger,
                nearest
            ),
            None => msg!(
                "there is no run {name} in the ledger {ledger}",
                name,
                ledger
            ),
        })
    }

    /// Returns the error if no process sends a run of this ledger. The runs `unfinished` are not
    /// paused.
    pub(super) fn none_in_progress(ledger: impl fmt::Display, unfinished: &[RunName]) -> Self {
        let ledger = ledger.to_string();
        let [first, ..] = unfinished else {
            return Self::from_choice(msg!(
                "nothing is being sent from the ledger {ledger}; other accounts and databases \
                    have other ledgers",
                ledger
            ));
        };
        Self::new(
            LedgerErrorKind::Choice,
            msg!(
                "nothing is being sent from the ledger {ledger}; unfinished: {runs}",
                ledger,
                runs = joined(unfinished)
            ),
            msg!("to pause {run}: jelouctl bulk stop {run}", run = first),
        )
    }

    pub(super) fn several_in_progress(ledger: impl fmt::Display, known: &[RunName]) -> Self {
        Self::new(
            LedgerErrorKind::Choice,
            msg!(
                "several runs are being sent from the ledger {ledger}: {runs}",
                ledger = ledger.to_string(),
                runs = joined(known)
            ),
            msg!("to stop one: jelouctl bulk stop RUN; to stop all: jelouctl bulk stop --all"),
        )
    }

    pub(crate) fn no_runs() -> Self {
        Self::new(
            LedgerErrorKind::Choice,
            msg!("there are no runs"),
            msg!("to start one: jelouctl bulk send LIST KIND"),
        )
    }

    pub(super) fn several_unfinished(known: &[RunName]) -> Self {
        Self::from_choice(msg!(
            "several runs are unfinished: {runs}",
            runs = joined(known)
        ))
    }

    pub(super) fn exists(name: &RunName, is_of_sandbox: bool) -> Self {
        if is_of_sandbox {
            return Self::new(
                LedgerErrorKind::Choice,
                msg!(
                    "run {name} already exists: it is a run of the sandbox",
                    name
                ),
                msg!(
                    "to continue that run: jelouctl --sandbox bulk resume {name}; to use the name again: \
                        jelouctl bulk remove {name}",
                    name
                ),
            );
        }
        let hint = msg!(
            "to continue that run: jelouctl bulk resume {name}; to start a new one: choose \
                another name",
            name
        );
        let message = msg!("run {name} already exists", name);
        Self::new(LedgerErrorKind::Choice, message, hint)
    }

    /// Returns whether the database is away, and may be back soon.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self.kind,
            LedgerErrorKind::Away | LedgerErrorKind::ReadOnly | LedgerErrorKind::Superseded
        )
    }

    /// Returns whether the ledger has lost states of rows that this process has written.
    pub(crate) fn has_lost_states(&self) -> bool {
        self.kind == LedgerErrorKind::RestoredDuringRun
    }

    /// Returns whether the setup of a database is wrong; if not, the ledger itself fails.
    pub(crate) fn is_setup_error(&self) -> bool {
        use LedgerErrorKind::{NoLedger, ReadOnly, Rights, Setup};
        matches!(self.kind, ReadOnly | NoLedger | Rights | Setup)
    }

    /// Returns whether a command that has not started to send may report that nothing was sent. It
    /// may not if the error is about an existing run, because that run may have sent.
    pub(crate) fn nothing_was_sent(&self) -> bool {
        use LedgerErrorKind::{Away, Choice, Guard, Other};
        matches!(self.kind, Choice | Guard | Away | Other) || self.is_setup_error()
    }

    /// Converts the error for a command during a run. Messages may have been sent, so a setup error
    /// becomes an unusable ledger.
    pub(crate) fn in_mid_run(self) -> Self {
        if !self.is_setup_error() {
            return self;
        }
        let hint = msg!(
            "{hint}; then check `jelouctl bulk status`",
            hint = self.hint
        );
        Self {
            kind: LedgerErrorKind::Unusable,
            hint,
            ..self
        }
    }

    /// Converts the error after retries for this time.
    pub(super) fn after(self, tried: Duration) -> Self {
        if !self.may_pass() {
            return self.in_mid_run();
        }
        Self::new(
            LedgerErrorKind::Gone,
            msg!(
                "{error} (tried for {seconds} s)",
                error = self.message,
                seconds = tried.as_secs()
            ),
            msg!("when the database is available again: jelouctl bulk status"),
        )
    }
}

/// Returns the command that accepts a restored ledger.
fn accept_ledger() -> Message {
    Message::verbatim("jelouctl ledger accept")
}

fn joined(names: &[RunName]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Returns how to look at a stale run, and how to send it.
fn accept_run(run: &str) -> Message {
    msg!(
        "to see the rows that may have been sent: jelouctl bulk report {run} --state unknown; to send them, even if \
         recipients get it twice: jelouctl bulk resume {run} --accept-stale",
        run
    )
}

fn check_the_file() -> Message {
    msg!("check that no other program changes the files of the ledger")
}

fn check_the_disk() -> Message {
    msg!("check that the disk is not full and the directory is writable")
}

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        // These actions concern the directory of the ledger. Other files belong to runs.
        match error.action {
            FileAction::Create => {
                let hint = msg!(
                    "to keep runs elsewhere: set {variable}",
                    variable = STATE.variable
                );
                Self::new(LedgerErrorKind::Other, error.message(), hint)
            }
            FileAction::Read => {
                Self::new(LedgerErrorKind::Other, error.message(), check_the_disk())
            }
            _ => Self::new(LedgerErrorKind::File, error.message(), check_the_disk()),
        }
    }
}
