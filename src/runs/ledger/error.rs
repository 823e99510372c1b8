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
use crate::base::process::{MORE_THREADS, Signal, open_files_hint};
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
    pub(super) fn new(
        kind: LedgerErrorKind,
        message: impl Into<Message>,
        hint: impl Into<Message>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Returns the error if this process cannot use the file.
    pub(super) fn unusable(message: String, hint: &str) -> Self {
        Self::new(LedgerErrorKind::Unusable, message, hint)
    }

    /// Returns the error if the contents of the ledger cannot be read.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` gives the error itself"
    )]
    pub(crate) fn damaged(problem: impl ToString) -> Self {
        let hint = "restore a backup of its directory; a backup may lack the latest messages";
        Self::unusable(
            format!("the ledger is damaged: {}", problem.to_string()),
            hint,
        )
    }

    /// Returns the error if the ledger was copied or restored, or its database failed over. Its runs
    /// may lack later messages.
    pub(super) fn stale_ledger(run: &str) -> Self {
        Self::unusable(
            "the ledger was copied or restored: it may not record the latest messages".to_owned(),
            &accept_run(run),
        )
    }

    /// Returns the error of a command that would send a stale run.
    pub(crate) fn stale_run(run: &RunName) -> Self {
        Self::new(
            LedgerErrorKind::Guard,
            format!(
                "run {run} is stale: the ledger was copied or restored, and may not record its \
                    latest messages"
            ),
            accept_run(&run.to_string()),
        )
    }

    /// Returns the error if the ledger lacks later runs and keys, so that new messages cannot be
    /// compared with them.
    pub(super) fn restored() -> Self {
        Self::new(
            LedgerErrorKind::Guard,
            "the ledger was copied or restored: it may lack messages, runs and --once keys",
            ACCEPT_LEDGER,
        )
    }

    /// Returns the error if the ledger was restored after you had seen what it may lack.
    pub(super) fn restored_again(run: Option<&RunName>) -> Self {
        let hint = run.map_or_else(
            || ACCEPT_LEDGER.to_owned(),
            |run| accept_run(&run.to_string()),
        );
        Self::new(
            LedgerErrorKind::Guard,
            "the ledger was restored again before the answer; nothing was accepted",
            hint,
        )
    }

    pub(super) fn sqlite(cause: &str) -> Self {
        let file = match STATE.directory() {
            Some(directory) => format!(" {}", directory.join("state.db").display()),
            None => String::new(),
        };
        Self::new(
            LedgerErrorKind::File,
            format!("the ledger{file} cannot be read or written: {cause}"),
            CHECK_THE_DISK,
        )
    }

    /// Returns the error if the limit of open files is reached. It is checked first, because SQLite
    /// would not report the cause.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` gives the error itself"
    )]
    pub(super) fn cannot_open_files(cause: io::Error) -> Self {
        let hint = open_files_hint(&cause).unwrap_or_else(|| CHECK_THE_DISK.to_owned());
        let message = format!("cannot open the ledger's files: {cause}");
        Self::new(LedgerErrorKind::Other, message, hint)
    }

    /// Returns the error if a thread that reads or writes the ledger cannot be started.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` gives the error itself"
    )]
    pub(crate) fn no_thread(cause: io::Error) -> Self {
        let message = format!("cannot start a thread for the ledger: {cause}");
        Self::new(LedgerErrorKind::Other, message, MORE_THREADS)
    }

    pub(crate) fn writer_gone() -> Self {
        Self::unusable(
            "the thread that writes the ledger has ended".to_owned(),
            CHECK_THE_DISK,
        )
    }

    /// Returns the error if the number of marked rows is not the number of rows to send.
    pub(super) fn not_marked(marked: u64, rows: usize) -> Self {
        let message = format!(
            "the ledger marked {marked} rows as in flight instead of {rows}; none of them was sent"
        );
        Self::unusable(message, CHECK_THE_FILE)
    }

    /// Returns the error if no row may change between these two states.
    pub(super) fn no_step(from: &str, to: &str) -> Self {
        let message =
            format!("a row that is {from} cannot become {to}; the ledger was not changed");
        Self::unusable(message, CHECK_THE_FILE)
    }

    pub(super) fn interrupted(signal: Signal) -> Self {
        Self::new(
            LedgerErrorKind::Interrupted(signal),
            format!(
                "interrupted by {} while waiting for the ledger",
                signal.name()
            ),
            "run the command again",
        )
    }

    pub(super) fn superseded_connection() -> Self {
        Self::new(
            LedgerErrorKind::Superseded,
            "the ledger answered an older connection",
            CHECK_THE_DISK,
        )
    }

    pub(crate) fn no_directory() -> Self {
        Self::new(
            LedgerErrorKind::Other,
            format!("cannot find the ledger: {}", STATE.problem()),
            format!("set {} to an absolute path", STATE.variable),
        )
    }

    /// Returns the error if the file was removed after this process had opened it.
    pub(super) fn removed(file: &str) -> Self {
        let hint = "restore it, then run the command again";
        Self::unusable(format!("the ledger {file} was removed"), hint)
    }

    pub(super) fn older_layout(path: &Path) -> Self {
        let path = path.display();
        Self::new(
            LedgerErrorKind::Guard,
            format!("{path} has runs of an older version: sending now could repeat their messages"),
            format!(
                "finish its runs with the jelouctl version that created it, then move {path} away"
            ),
        )
    }

    /// Returns the error if a process sends the run; `worker` names the process.
    pub(crate) fn in_use(run: &RunName, worker: Option<&str>) -> Self {
        let worker = worker
            .map(|worker| format!(" ({worker})"))
            .unwrap_or_default();
        let hint = format!(
            "to watch it: jelouctl bulk status {run}; to stop it: jelouctl bulk stop {run}"
        );
        Self::new(
            LedgerErrorKind::InUse,
            format!("run {run}{worker} is in use by another process"),
            hint,
        )
    }

    /// Completes the error if jelouctl cannot open the lock that shows whether the process is
    /// alive.
    pub(super) fn with_lock(mut self, unreadable: Option<FileError>) -> Self {
        if let Some(error) = unreadable {
            let path = error.path.display();
            self.message = format!("{self}; {error}").into();
            self.hint = format!(
                "to see whether that process has ended: chmod a+r {path}; if it has: rm {path}"
            )
            .into();
        }
        self
    }

    pub(super) fn changed(run: &RunName) -> Self {
        let hint = "check `jelouctl bulk status`, then run the command again";
        Self::new(
            LedgerErrorKind::InUse,
            format!("run {run} has changed in the meantime"),
            hint,
        )
    }

    /// Returns the error if rows of a cancelled run would be sent again.
    pub(super) fn cancelled(run: &RunName) -> Self {
        let hint = format!(
            "to set their state to sent or failed: --unknown-as STATE; to list the others: jelouctl bulk \
                report {run} --state failed --reason cancelled --file FILE"
        );
        Self::new(
            LedgerErrorKind::Choice,
            "the run is cancelled: its rows cannot be sent again",
            hint,
        )
    }

    pub(crate) fn may_still_send() -> Self {
        let message = "a process that no longer responds may still send these rows";
        Self::new(
            LedgerErrorKind::Choice,
            message,
            "stop that process, then add --yes",
        )
    }

    /// Returns the error if you must pass a run, or a different one.
    pub(crate) fn from_choice(message: impl Into<Message>) -> Self {
        Self::new(
            LedgerErrorKind::Choice,
            message,
            "pass the name of a run; to list them: jelouctl bulk list",
        )
    }

    pub(super) fn no_such_run(
        name: &RunName,
        ledger: impl fmt::Display,
        known: &[RunName],
    ) -> Self {
        let names: Vec<_> = known.iter().map(ToString::to_string).collect();
        let nearest = nearest(&name.to_string(), names.iter().map(String::as_str));
        let instead = nearest
            .map(|nearest| format!("; the nearest is {nearest}"))
            .unwrap_or_default();
        Self::from_choice(format!(
            "there is no run {name} in the ledger {ledger}{instead}"
        ))
    }

    /// Returns the error if no process sends a run of this ledger. The runs `unfinished` are not
    /// paused.
    pub(super) fn none_in_progress(ledger: impl fmt::Display, unfinished: &[RunName]) -> Self {
        let nothing = format!("nothing is being sent from the ledger {ledger}");
        match unfinished {
            [] => Self::new(
                LedgerErrorKind::Choice,
                format!("{nothing}; other accounts and databases have their own"),
                "to list its runs: jelouctl bulk list",
            ),
            [run] => Self::new(
                LedgerErrorKind::Choice,
                format!("{nothing}; unfinished: {run}"),
                format!("to pause it: jelouctl bulk stop {run}"),
            ),
            several => Self::new(
                LedgerErrorKind::Choice,
                format!("{nothing}; unfinished: {}", joined(several)),
                "to pause one: jelouctl bulk stop RUN",
            ),
        }
    }

    pub(super) fn several_in_progress(ledger: impl fmt::Display, known: &[RunName]) -> Self {
        Self::from_choice(format!(
            "several runs are being sent from the ledger {ledger}: {}",
            joined(known)
        ))
    }

    pub(crate) fn no_runs() -> Self {
        Self::new(
            LedgerErrorKind::Choice,
            "there are no runs",
            "to start one: jelouctl bulk send FILE KIND",
        )
    }

    pub(super) fn several_unfinished(known: &[RunName]) -> Self {
        Self::from_choice(format!("several runs are unfinished: {}", joined(known)))
    }

    pub(super) fn exists(name: &RunName, is_of_sandbox: bool) -> Self {
        if is_of_sandbox {
            return Self::new(
                LedgerErrorKind::Choice,
                format!("run {name} already exists: it is a run of the sandbox"),
                format!(
                    "to use the name again: jelouctl bulk remove {name}; to keep that run: \
                        choose another name"
                ),
            );
        }
        let hint = format!(
            "to continue that run: jelouctl bulk resume {name}; to start a new one: choose \
                another name"
        );
        Self::new(
            LedgerErrorKind::Choice,
            format!("run {name} already exists"),
            hint,
        )
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
        let hint = "when the database is available again: jelouctl bulk status";
        Self::new(
            LedgerErrorKind::Gone,
            format!("{self} (tried for {} s)", tried.as_secs()),
            hint,
        )
    }
}

/// The command that accepts a restored ledger.
const ACCEPT_LEDGER: &str = "jelouctl ledger accept";

fn joined(names: &[RunName]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Returns the command that sends a stale run.
fn accept_run(run: &str) -> String {
    format!("jelouctl bulk resume {run} --accept-stale")
}

const CHECK_THE_FILE: &str = "check that no other program changes the files of the ledger";
const CHECK_THE_DISK: &str = "check that the disk is not full and the directory is writable";

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        // These actions concern the directory of the ledger. Other files belong to runs.
        match error.action {
            FileAction::Create => {
                let hint = format!("to keep runs elsewhere: set {}", STATE.variable);
                Self::new(LedgerErrorKind::Other, error.message(), hint)
            }
            FileAction::Read => Self::new(LedgerErrorKind::Other, error.message(), CHECK_THE_DISK),
            _ => Self::new(LedgerErrorKind::File, error.message(), CHECK_THE_DISK),
        }
    }
}
