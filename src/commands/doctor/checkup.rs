//! The results of the checks, and the conclusion from them.

use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Check, CheckState, RecordError};
use crate::command_error::CommandError;

/// Returns the name of the last check that a message needs.
pub(super) fn credentials() -> Message {
    msg!("credentials")
}

/// The results so far, and the first failure.
pub(super) struct Checkup {
    pub(super) checks: Vec<Check>,
    /// The settings that have their default. They need no line.
    pub(super) defaults: Vec<Message>,
    /// Whether bulk runs and --once work. A single send needs no ledger.
    pub(super) has_ledger: bool,
    pub(super) code: ExitCode,
    /// The first failure.
    pub(super) error: Option<RecordError>,
}

impl Checkup {
    pub(super) fn new() -> Self {
        Self {
            checks: Vec::new(),
            defaults: Vec::new(),
            has_ledger: true,
            code: ExitCode::Success,
            error: None,
        }
    }

    /// Returns the last line: whether a message could be sent.
    pub(super) fn summary(&self) -> Message {
        let failed: Vec<_> = self
            .checks
            .iter()
            .filter(|check| check.state == CheckState::Failed)
            .collect();
        if !failed.is_empty() {
            return msg!(
                "{problems} {problems|problem|problems}; next: {next}",
                problems = failed.len(),
                next = next(&failed)
            );
        }
        let accepted = self
            .checks
            .iter()
            .find(|check| check.name == credentials() && check.state == CheckState::Ok);
        match accepted {
            Some(Check { detail, .. }) if self.has_ledger => {
                msg!("ready: credentials {detail}", detail)
            }
            Some(Check { detail, .. }) => {
                msg!(
                    "ready for single sends, but not for bulk and --once: credentials {detail}",
                    detail
                )
            }
            None => msg!("no problem found, but some checks were skipped"),
        }
    }

    pub(super) fn push(
        &mut self,
        name: impl Into<Message>,
        state: CheckState,
        detail: impl Into<Message>,
        hint: Option<Message>,
    ) {
        self.checks.push(Check {
            name: name.into(),
            state,
            detail: detail.into(),
            hint,
        });
    }

    pub(super) fn ok(&mut self, name: impl Into<Message>, detail: impl Into<Message>) {
        self.push(name, CheckState::Ok, detail, None);
    }

    pub(super) fn warn(&mut self, name: impl Into<Message>, detail: impl Into<Message>) {
        self.push(name, CheckState::Warning, detail, None);
    }

    pub(super) fn fail(&mut self, name: impl Into<Message>, error: impl Into<CommandError>) {
        let error = error.into();
        if self.code == ExitCode::Success {
            self.code = error.code;
            self.error = Some(RecordError::from(&error));
        }
        self.push(name, CheckState::Failed, error.line(), error.hint);
    }

    /// Runs a check, and returns its value unless it has failed.
    pub(super) fn check<T>(
        &mut self,
        name: impl Into<Message>,
        checked: Result<T, impl Into<CommandError>>,
    ) -> Option<T> {
        checked.map_err(|error| self.fail(name, error)).ok()
    }
}

/// Returns what to do next: the command in the first hint of a failure, or else the hint, or else what to correct.
fn next(failed: &[&Check]) -> Message {
    let hint = failed.iter().find_map(|check| check.hint.as_ref());
    match (hint, failed) {
        (Some(hint), _) => match hint.command() {
            Some(command) => command,
            None => msg!("{hint}; then: jelouctl doctor", hint),
        },
        (None, [first, ..]) => msg!("correct {name}; then: jelouctl doctor", name = first.name),
        (None, []) => Message::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::config::no_bot;

    #[test]
    fn unusable_ledger_limits_readiness() {
        let mut checkup = Checkup::new();
        checkup.ok(credentials(), "accepted");
        assert_eq!(checkup.summary(), "ready: credentials accepted");
        checkup.has_ledger = false;
        assert_eq!(
            checkup.summary(),
            "ready for single sends, but not for bulk and --once: credentials accepted"
        );
    }

    #[test]
    fn first_failed_check_sets_the_exit_code() {
        let mut checkup = Checkup::new();
        checkup.warn("a", "x");
        assert_eq!(checkup.code, ExitCode::Success);
        checkup.fail("b", no_bot());
        checkup.fail(
            "c",
            CommandError::new(ExitCode::Network, "network", "y".into(), None),
        );
        checkup.ok("d", "z");
        assert_eq!(checkup.code, ExitCode::Configuration);
        assert_eq!(checkup.error.unwrap().code, "configuration");
        let states: Vec<_> = checkup.checks.iter().map(|check| check.state).collect();
        assert_eq!(
            states,
            [
                CheckState::Warning,
                CheckState::Failed,
                CheckState::Failed,
                CheckState::Ok
            ]
        );
    }
}
