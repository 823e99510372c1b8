//! Maps the typed errors to exit codes, stable names, lines of details and hints. An error that is listed neither here nor in
//! `command_error.rs` does not compile.

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::{Retry, Sent};
use crate::base::process::Signal;
use crate::command_error::CommandError;
use crate::jelou::api::{Cause, LookUpError, Outcome};
use crate::jelou::message::InvalidMessage;
use crate::runs::import::BulkError;
use crate::runs::ledger::{LedgerError, LedgerErrorKind, PauseReason, SkipReason};

impl From<InvalidMessage> for CommandError {
    fn from(error: InvalidMessage) -> Self {
        let converted = Self::new(
            ExitCode::Usage,
            "invalid_message",
            error.message(),
            error.hint(),
        );
        Self {
            details: error.details(),
            ..converted.caused_by(error)
        }
    }
}

impl From<LookUpError> for CommandError {
    fn from(error: LookUpError) -> Self {
        let outcome = error.outcome();
        let (code, _) = outcome_exit_code(&outcome);
        Self::new(code, outcome.code(), error.message(), error.hint()).caused_by(error)
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        let (code, name) = match error.kind {
            LedgerErrorKind::Choice => (ExitCode::Usage, "usage"),
            LedgerErrorKind::InUse => (ExitCode::InUse, "in_use"),
            LedgerErrorKind::Guard => (ExitCode::Guard, "guard"),
            LedgerErrorKind::Interrupted(signal) => (signal_exit_code(signal), "interrupted"),
            _ if error.is_setup_error() => (ExitCode::Configuration, "configuration"),
            _ => (ExitCode::Ledger, "ledger"),
        };
        let converted = Self::new(code, name, error.message.clone(), Some(error.hint.clone()));
        Self {
            nothing_was_sent: error.nothing_was_sent(),
            retry: error.may_pass().then_some(Retry::Later),
            ledger: Some(error.kind),
            ..converted.caused_by(error)
        }
    }
}

impl From<BulkError> for CommandError {
    fn from(error: BulkError) -> Self {
        match error {
            BulkError::Usage(error) => error.into(),
            BulkError::Message(error) => error.into(),
            BulkError::Ledger(error) => error.into(),
            BulkError::LookUp(error) => error.into(),
            BulkError::Guard(error) => Self::from_guard(error, "guard"),
            BulkError::NotAllowed(error) => Self::from_guard(error, SkipReason::NotAllowed.name()),
            BulkError::Report(_) => {
                Self::new(ExitCode::Unexpected, "unexpected", error.message(), None)
                    .caused_by(error)
            }
        }
    }
}

impl CommandError {
    fn from_guard(error: UsageError, name: &'static str) -> Self {
        Self {
            code: ExitCode::Guard,
            name,
            ..error.into()
        }
    }
}

/// Returns the exit code and the record's word for an outcome.
pub(crate) fn outcome_exit_code(outcome: &Outcome) -> (ExitCode, Sent) {
    match outcome {
        Outcome::Sent { .. } => (ExitCode::Success, Sent::Yes),
        Outcome::NotSent(cause) => (cause_exit_code(*cause), Sent::No),
        Outcome::Unknown(None) => (ExitCode::Unknown, Sent::Unknown),
        Outcome::Unknown(Some(signal)) => (signal_exit_code(*signal), Sent::Unknown),
    }
}

fn cause_exit_code(cause: Cause) -> ExitCode {
    match cause {
        Cause::Credentials | Cause::Account => ExitCode::Credentials,
        Cause::Rejected => ExitCode::Rejected,
        Cause::Unavailable => ExitCode::Unavailable,
        Cause::Network | Cause::ProxyRefusal | Cause::Tls => ExitCode::Network,
        Cause::ProxyCredentials => ExitCode::Configuration,
        Cause::Interrupted(signal) => signal_exit_code(signal),
    }
}

/// Returns the exit code of a paused bulk run.
pub(crate) fn pause_exit_code(reason: PauseReason) -> ExitCode {
    match reason {
        PauseReason::Person | PauseReason::Undelivered => ExitCode::Guard,
        PauseReason::Credentials | PauseReason::Account => ExitCode::Credentials,
        PauseReason::ProxyCredentials | PauseReason::Configuration => ExitCode::Configuration,
        PauseReason::Network => ExitCode::Network,
        PauseReason::RateLimit => ExitCode::Unavailable,
        PauseReason::Unknown => ExitCode::Unknown,
        PauseReason::AllRejected => ExitCode::Rejected,
    }
}

pub(crate) fn signal_exit_code(signal: Signal) -> ExitCode {
    ExitCode::Signal(signal.number())
}

#[cfg(test)]
mod tests {
    use crate::base::message::msg;
    use std::error::Error;
    use std::io::ErrorKind;
    use std::path::Path;

    use strum::VariantArray;

    use super::*;
    use crate::base::input::UsageError;
    use crate::base::output::SystemError;
    use crate::base::private_file::{FileAction, FileError};
    use crate::command_error::Phase;
    use crate::sender::config::{interrupted, no_bot};
    use crate::sender::panicked;

    #[test]
    fn each_outcome_has_exit_code_and_sent_value() {
        let not_sent = |cause, code| (Outcome::NotSent(cause), code, Sent::No);
        for (outcome, code, sent) in [
            (Outcome::Sent { message_id: None }, 0, Sent::Yes),
            not_sent(Cause::ProxyCredentials, 3),
            not_sent(Cause::Credentials, 4),
            not_sent(Cause::Account, 4),
            not_sent(Cause::Rejected, 5),
            not_sent(Cause::Unavailable, 6),
            not_sent(Cause::Network, 7),
            not_sent(Cause::ProxyRefusal, 7),
            not_sent(Cause::Tls, 7),
            not_sent(Cause::Interrupted(Signal::Hangup), 129),
            not_sent(Cause::Interrupted(Signal::Interrupt), 130),
            not_sent(Cause::Interrupted(Signal::Terminate), 143),
            (Outcome::Unknown(None), 8, Sent::Unknown),
            (
                Outcome::Unknown(Some(Signal::Interrupt)),
                130,
                Sent::Unknown,
            ),
        ] {
            let (found, is_sent) = outcome_exit_code(&outcome);
            assert_eq!((found.code(), is_sent), (code, sent), "{outcome:?}");
        }
    }

    #[test]
    fn paused_run_exits_with_its_fault_code() {
        let codes: Vec<_> = PauseReason::VARIANTS
            .iter()
            .map(|reason| (reason.name(), pause_exit_code(*reason).code()))
            .collect();
        let expected = [
            ("person", 11),
            ("undelivered", 11),
            ("credentials", 4),
            ("account", 4),
            ("proxy_credentials", 3),
            ("configuration", 3),
            ("network", 7),
            ("rate_limit", 6),
            ("unknown", 8),
            ("all_rejected", 5),
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn errors_have_documented_exit_codes_and_names() {
        let ends: [(CommandError, u8, &str); 13] = [
            (
                SystemError {
                    action: msg!("write"),
                    cause: std::io::ErrorKind::StorageFull.into(),
                }
                .into(),
                1,
                "unexpected",
            ),
            (panicked(false), 1, "unexpected"),
            (UsageError::new("x".into(), "y".into()).into(), 2, "usage"),
            (
                InvalidMessage::warnings(Vec::new()).into(),
                2,
                "invalid_message",
            ),
            (LedgerError::no_runs().into(), 2, "usage"),
            (no_bot(), 3, "configuration"),
            (LedgerError::read_only().into(), 3, "configuration"),
            (panicked(true), 8, "unknown"),
            (CommandError::guard("x".into(), "y".into()), 11, "guard"),
            (LedgerError::no_directory().into(), 12, "ledger"),
            (LedgerError::unreachable("x", "y").into(), 12, "ledger"),
            (
                LedgerError::in_use(&"r".parse().unwrap(), None).into(),
                13,
                "in_use",
            ),
            (interrupted(Signal::Interrupt), 130, "interrupted"),
        ];
        for (error, code, name) in ends {
            assert_eq!(
                (error.code.code(), error.name),
                (code, name),
                "{}",
                error.line()
            );
        }
    }

    #[test]
    fn nothing_sent_is_printed_only_if_certain() {
        let run = "r".parse().unwrap();
        let typed = || UsageError::new("x".into(), "y".into());
        let ends: [(CommandError, bool); 13] = [
            (typed().into(), true),
            (CommandError::guard("x".into(), "y".into()), true),
            (CommandError::interrupted(Signal::Interrupt), true),
            (LedgerError::no_directory().into(), true),
            (LedgerError::damaged("x").into(), false),
            (LedgerError::writer_gone().into(), false),
            (LedgerError::read_only().into(), true),
            (CommandError::from(typed()).in_phase(Phase::Sending), false),
            (LedgerError::in_use(&run, None).into(), false),
            (
                LedgerError::unreachable("x", "y")
                    .during_import(&run)
                    .into(),
                false,
            ),
            (LedgerError::read_only().in_mid_run().into(), false),
            (panicked(false), false),
            (panicked(true), false),
        ];
        for (error, says_so) in ends {
            let line = error.line();
            let note = error.in_phase(Phase::Planning).note();
            let note = note.map(|note| note.to_string());
            let expected = says_so.then_some("nothing was sent");
            assert_eq!(note.as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn phase_decides_code_and_note() {
        let unwritable = || {
            let write = FileError::while_doing(FileAction::Write, Path::new("x"));
            LedgerError::from(write(ErrorKind::StorageFull.into()))
        };
        let nothing = "nothing was sent";
        let more = "nothing more was sent";
        for (phase, read_only, unwritable_disk, note) in [
            (Phase::KeyChange, 3, 3, None),
            (Phase::SingleSend, 3, 3, Some(nothing)),
            (Phase::Planning, 3, 12, Some(nothing)),
            (Phase::Resuming, 3, 12, Some(more)),
            (Phase::Sending, 3, 12, None),
            (Phase::AfterWait, 12, 12, None),
        ] {
            let code = |error: LedgerError| CommandError::from(error).in_phase(phase).code.code();
            assert_eq!(code(LedgerError::read_only()), read_only, "{phase:?}");
            assert_eq!(code(unwritable()), unwritable_disk, "{phase:?}");
            let error = CommandError::from(UsageError::new("x".into(), "y".into()));
            let found = error.in_phase(phase).note().map(|note| note.to_string());
            assert_eq!(found.as_deref(), note, "{phase:?}");
        }
    }

    #[test]
    fn innermost_phase_counts() {
        let error = CommandError::guard("x".into(), "y".into()).in_phase(Phase::Sending);
        assert_eq!(error.in_phase(Phase::Planning).note(), None);
    }

    #[test]
    fn error_keeps_its_cause() {
        let error = CommandError::from(LedgerError::read_only());
        let cause = error.source().map(ToString::to_string);
        assert_eq!(cause, Some(error.message.to_string()));
    }
}
