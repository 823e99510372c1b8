//! Converts every error into an exit code, a stable name, lines of details, and a hint. An error that is not listed
//! here does not compile.

use crate::api::{Cause, LookUpError, Outcome, UNKNOWN_HINT};
use crate::config::{ConfigError, ConfigFault};
use crate::exit::ExitCode;
use crate::import::BulkError;
use crate::input::UsageError;
use crate::ledger::{LedgerError, LedgerFault, PauseReason};
use crate::message::InvalidMessage;
use crate::output::{Sent, SystemError};
use crate::people::{ExclusionError, ExclusionOrigin};
use crate::private_file::FileError;
use crate::process::Signal;
use crate::sending::{ConnectError, GuardError, Interrupted, Panicked, UnusableTemplates};

/// An error that ends a command, as it is printed.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) code: ExitCode,
    /// The `error.code` of the record.
    pub(crate) name: &'static str,
    /// With its causes.
    error: anyhow::Error,
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
    /// Whether a command that ends with it has certainly sent nothing. It is false for errors about other senders or
    /// earlier messages, because the words would be misleading.
    nothing_was_sent: bool,
}

impl CommandError {
    /// Whether the same command can succeed later: the server is busy or unavailable.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.code, ExitCode::Unavailable | ExitCode::Network)
    }

    fn new(code: ExitCode, name: &'static str, error: impl Into<anyhow::Error>, hint: Option<String>) -> Self {
        Self { code, name, error: error.into(), details: Vec::new(), hint, nothing_was_sent: true }
    }

    /// A message may have been sent earlier.
    pub(super) fn unknown(message: String, hint: String) -> Self {
        Self::new(ExitCode::Unknown, "unknown", anyhow::Error::msg(message), Some(hint)).after_sending()
    }

    /// The same error before a single message: one of the store counts as a configuration error, unless a database
    /// cannot be reached. The store was not written.
    pub(crate) fn of_single_send(self) -> Self {
        let Some(LedgerError { fault, .. }) = self.error.downcast_ref() else { return self };
        let (code, name) = match (self.code, fault) {
            (ExitCode::Ledger, LedgerFault::Away | LedgerFault::Gone) => (ExitCode::Network, "network"),
            (ExitCode::Ledger, _) => (ExitCode::Configuration, "configuration"),
            (code, _) => (code, self.name),
        };
        Self { code, name, ..self.before_sending() }
    }

    fn before_sending(self) -> Self {
        Self { nothing_was_sent: true, ..self }
    }

    /// The same error of a list whose run was not made: if its ledger cannot be written, nothing was sent.
    pub(super) fn of_unmade_run(self) -> Self {
        match self.error.downcast_ref().map(|LedgerError { fault, .. }| *fault) {
            Some(LedgerFault::Sqlite | LedgerFault::File) => {
                let hint = "check that the disk is not full and the directory can be written".to_owned();
                Self { hint: Some(hint), ..self.before_sending() }
            }
            _ => self,
        }
    }

    /// The same error of a command that may have sent messages.
    pub(crate) fn after_sending(self) -> Self {
        Self { nothing_was_sent: false, ..self }
    }

    /// The same error as a sending command prints it: its hint ends with "nothing was sent" if that is certain.
    pub(crate) fn of_send(self) -> Self {
        if self.nothing_was_sent { self.hint_ending_with("nothing was sent") } else { self }
    }

    /// The same error as `bulk resume` and `bulk work` print it, whose run may have sent messages before.
    pub(crate) fn of_resume(self) -> Self {
        if self.nothing_was_sent { self.hint_ending_with("nothing more was sent") } else { self }
    }

    pub(super) fn hint_ending_with(mut self, what: &str) -> Self {
        self.hint = Some(match self.hint {
            None => what.to_owned(),
            Some(hint) if hint.ends_with('?') => format!("{hint} {what}"),
            Some(hint) => format!("{hint}; {what}"),
        });
        self
    }

    /// The message, with its causes.
    pub(crate) fn message(&self) -> String {
        format!("{:#}", self.error)
    }

    /// The message and its details on one line.
    pub(crate) fn line(&self) -> String {
        let details = self.details.iter().map(|detail| format!("; {detail}"));
        std::iter::once(self.message()).chain(details).collect()
    }
}

impl From<UsageError> for CommandError {
    fn from(error: UsageError) -> Self {
        let (details, hint) = (error.details.clone(), Some(error.hint.clone()));
        Self { details, ..Self::new(ExitCode::Usage, "usage", error, hint) }
    }
}

impl From<InvalidMessage> for CommandError {
    fn from(error: InvalidMessage) -> Self {
        let (details, hint) = (error.details(), error.hint());
        Self { details, ..Self::new(ExitCode::Usage, "invalid_message", error, hint) }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let hint = error.hint.clone();
        let (code, name) = match error.fault {
            ConfigFault::Interrupted => (of_signal(Signal::Interrupt), "interrupted"),
            ConfigFault::LostSandbox => (ExitCode::Guard, "guard"),
            _ => (ExitCode::Configuration, "configuration"),
        };
        Self::new(code, name, error, hint)
    }
}

impl From<SystemError> for CommandError {
    fn from(error: SystemError) -> Self {
        Self::new(ExitCode::Unexpected, "unexpected", error, None)
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        Self::new(ExitCode::Unexpected, "unexpected", error, None)
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Config(error) => error.into(),
            ConnectError::System(error) => error.into(),
            ConnectError::Interrupted(error) => error.into(),
        }
    }
}

impl From<Interrupted> for CommandError {
    fn from(error: Interrupted) -> Self {
        Self::new(of_signal(error.0), "interrupted", error, Some("try again when you like".to_owned()))
    }
}

impl From<GuardError> for CommandError {
    fn from(error: GuardError) -> Self {
        let hint = error.hint.clone();
        Self::new(ExitCode::Guard, "guard", error, hint)
    }
}

impl From<UnusableTemplates> for CommandError {
    fn from(error: UnusableTemplates) -> Self {
        let (details, hint) = (error.details(), error.hint.to_owned());
        Self { details, ..Self::new(ExitCode::Usage, "invalid_message", error, Some(hint)) }
    }
}

impl From<LookUpError> for CommandError {
    fn from(error: LookUpError) -> Self {
        let (outcome, hint) = (error.outcome(), error.hint());
        let ((code, _), name) = (of_outcome(&outcome), outcome.code());
        Self::new(code, name, error, hint)
    }
}

impl From<ExclusionError> for CommandError {
    fn from(error: ExclusionError) -> Self {
        let (details, hint) = (error.problem.details.clone(), Some(error.problem.hint.clone()));
        let told = match error.origin {
            ExclusionOrigin::Flag => Self::new(ExitCode::Usage, "usage", error, hint),
            ExclusionOrigin::Profile(_) => Self::new(ExitCode::Configuration, "configuration", error, hint),
        };
        Self { details, ..told }
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        let (code, name) = match error.fault {
            LedgerFault::Choice => (ExitCode::Usage, "usage"),
            LedgerFault::InUse => (ExitCode::InUse, "in_use"),
            LedgerFault::Guard => (ExitCode::Guard, "guard"),
            _ if error.is_of_configuration() => (ExitCode::Configuration, "configuration"),
            _ => (ExitCode::Ledger, "ledger"),
        };
        let (hint, nothing_was_sent) = (error.hint.clone(), error.nothing_was_sent());
        Self { nothing_was_sent, ..Self::new(code, name, error, Some(hint)) }
    }
}

impl From<BulkError> for CommandError {
    fn from(error: BulkError) -> Self {
        match error {
            BulkError::Usage(error) => error.into(),
            BulkError::Message(error) => error.into(),
            BulkError::Ledger(error) => error.into(),
            BulkError::Report(_) => Self::new(ExitCode::Unexpected, "unexpected", error, None),
        }
    }
}

impl From<Panicked> for CommandError {
    fn from(error: Panicked) -> Self {
        let error = match error {
            Panicked::Before => Self::new(ExitCode::Unexpected, "unexpected", error, None),
            Panicked::UnderWay => Self::new(ExitCode::Unknown, "unknown", error, Some(UNKNOWN_HINT.to_owned())),
        };
        // The messages before the one that did not begin may have been sent.
        error.after_sending()
    }
}

/// The code and the record's word for an outcome.
pub(crate) fn of_outcome(outcome: &Outcome) -> (ExitCode, Sent) {
    match outcome {
        Outcome::Sent { .. } => (ExitCode::Success, Sent::Yes),
        Outcome::NotSent(cause) => (of_cause(*cause), Sent::No),
        Outcome::Unknown(None) => (ExitCode::Unknown, Sent::Unknown),
        Outcome::Unknown(Some(signal)) => (of_signal(*signal), Sent::Unknown),
    }
}

fn of_cause(cause: Cause) -> ExitCode {
    match cause {
        Cause::Credentials | Cause::Account => ExitCode::Credentials,
        Cause::Rejected => ExitCode::Rejected,
        Cause::Unavailable => ExitCode::Unavailable,
        Cause::Network | Cause::ProxyRefusal | Cause::Tls => ExitCode::Network,
        Cause::ProxyCredentials => ExitCode::Configuration,
        Cause::Interrupted(signal) => of_signal(signal),
    }
}

/// The exit code of a bulk run that paused by itself.
pub(crate) fn of_pause(reason: PauseReason) -> ExitCode {
    match reason {
        PauseReason::Person | PauseReason::Failover | PauseReason::Restored => ExitCode::Guard,
        PauseReason::Credentials | PauseReason::Account => ExitCode::Credentials,
        PauseReason::ProxyCredentials => ExitCode::Configuration,
        PauseReason::Network => ExitCode::Network,
        PauseReason::RateLimit => ExitCode::Unavailable,
        PauseReason::Unknown => ExitCode::Unknown,
        PauseReason::AllRefused => ExitCode::Rejected,
    }
}

pub(crate) fn of_signal(signal: Signal) -> ExitCode {
    ExitCode::Signal(signal.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_an_exit_code_and_whether_it_was_sent() {
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
            (Outcome::Unknown(Some(Signal::Interrupt)), 130, Sent::Unknown),
        ] {
            let (found, is_sent) = of_outcome(&outcome);
            assert_eq!((found.code(), is_sent), (code, sent), "{outcome:?}");
        }
    }

    #[test]
    fn a_run_that_paused_ends_with_the_code_of_its_fault() {
        let codes = PauseReason::ALL.map(|reason| (reason.name(), of_pause(reason).code()));
        let expected = [
            ("person", 11),
            ("failover", 11),
            ("restored", 11),
            ("credentials", 4),
            ("account", 4),
            ("proxy_credentials", 3),
            ("network", 7),
            ("rate_limit", 6),
            ("unknown", 8),
            ("all_rejected", 5),
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn an_error_has_the_exit_code_and_the_name_that_are_documented() {
        let run = || "r".to_owned();
        let unreadable = |origin| ExclusionError { origin, problem: UsageError::new("x", "y") };
        let ends: [(CommandError, u8, &str); 17] = [
            (SystemError { action: "write", cause: std::io::ErrorKind::StorageFull.into() }.into(), 1, "unexpected"),
            (Panicked::Before.into(), 1, "unexpected"),
            (UsageError::new("x", "y").into(), 2, "usage"),
            (InvalidMessage::NoRecipient.into(), 2, "invalid_message"),
            (UnusableTemplates { faults: Vec::new(), hint: "" }.into(), 2, "invalid_message"),
            (unreadable(ExclusionOrigin::Flag).into(), 2, "usage"),
            (unreadable(ExclusionOrigin::Profile(run())).into(), 3, "configuration"),
            (LedgerError::no_runs().into(), 2, "usage"),
            (ConfigError::no_bot().into(), 3, "configuration"),
            (LedgerError::standby().into(), 3, "configuration"),
            (Panicked::UnderWay.into(), 8, "unknown"),
            (GuardError::unconfirmed(1, true).into(), 11, "guard"),
            (ConfigError::lost_sandbox(7).into(), 11, "guard"),
            (LedgerError::no_directory().into(), 12, "ledger"),
            (LedgerError::unreachable("x", "y").into(), 12, "ledger"),
            (LedgerError::in_use(&"r".parse().unwrap(), None).into(), 13, "in_use"),
            (ConfigError::interrupted().into(), 130, "interrupted"),
        ];
        for (error, code, name) in ends {
            assert_eq!((error.code.code(), error.name), (code, name), "{}", error.line());
        }
    }

    #[test]
    fn a_hint_goes_on_after_its_own_words() {
        for (hint, expected) in
            [(None, "nothing was sent"), (Some("do x"), "do x; nothing was sent"), (Some("x?"), "x? nothing was sent")]
        {
            let error = UsageError::new("x", "y");
            let error = CommandError::new(ExitCode::Usage, "usage", error, hint.map(str::to_owned));
            assert_eq!(error.of_send().hint.as_deref(), Some(expected));
        }
    }

    #[test]
    fn says_that_nothing_was_sent_only_where_that_is_certain() {
        let run = "r".parse().unwrap();
        let typed = || UsageError::new("x", "y");
        let ends: [(CommandError, bool); 13] = [
            (typed().into(), true),
            (GuardError::unconfirmed(1, true).into(), true),
            (Interrupted(Signal::Interrupt).into(), true),
            (LedgerError::no_directory().into(), true),
            (LedgerError::damaged("x").into(), false),
            (LedgerError::writer_gone().into(), false),
            (LedgerError::standby().into(), true),
            (CommandError::from(typed()).after_sending(), false),
            (LedgerError::in_use(&run, None).into(), false),
            (LedgerError::unreachable("x", "y").of_import(&run).into(), false),
            (LedgerError::standby().in_mid_run().into(), false),
            (Panicked::Before.into(), false),
            (Panicked::UnderWay.into(), false),
        ];
        for (error, says_so) in ends {
            let (line, hint) = (error.line(), error.of_send().hint.unwrap_or_default());
            assert_eq!(hint.ends_with("nothing was sent"), says_so, "{line}: {hint}");
        }
    }
}
