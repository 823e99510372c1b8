//! The results of the checks, and the conclusion from them.

use crate::base::exit::ExitCode;
use crate::base::message::Message;
use crate::base::output::{Check, CheckState, counted};
use crate::command_error::CommandError;

/// The last check that a message needs.
pub(super) const CREDENTIALS: &str = "credentials";

/// The results so far, and the exit code of the first failure.
pub(super) struct Checkup {
    pub(super) checks: Vec<Check>,
    /// Whether bulk runs and --once work. A single send needs no ledger.
    pub(super) has_ledger: bool,
    pub(super) code: ExitCode,
}

impl Checkup {
    pub(super) fn new() -> Self {
        Self {
            checks: Vec::new(),
            has_ledger: true,
            code: ExitCode::Success,
        }
    }

    /// Returns the last line: whether a message could be sent.
    pub(super) fn summary(&self) -> String {
        let failed = self
            .checks
            .iter()
            .filter(|check| check.state == CheckState::Failed)
            .count() as u64;
        let accepted = self
            .checks
            .iter()
            .find(|check| check.name == CREDENTIALS && check.state == CheckState::Ok);
        match accepted {
            _ if failed > 0 => format!("{}; next: {}", counted(failed, "problem"), self.next()),
            Some(Check { detail, .. }) => format!("{}: {detail}", self.readiness()),
            None => "no problem found, but some checks were skipped".to_owned(),
        }
    }

    /// Returns what works, if no check failed.
    fn readiness(&self) -> &'static str {
        if self.has_ledger {
            "ready"
        } else {
            "ready for single sends, but not for bulk and --once"
        }
    }

    /// Returns what to type next: the command in the first failure's hint, or else the hint.
    fn next(&self) -> String {
        let failed = |check: &&Check| check.state == CheckState::Failed;
        let hint = self
            .checks
            .iter()
            .filter(failed)
            .find_map(|check| check.hint.as_ref());
        let Some(hint) = hint.map(ToString::to_string) else {
            return "jelouctl doctor --verbose".to_owned();
        };
        match hint.find("jelouctl ") {
            Some(start) => {
                let command = hint.get(start..).unwrap_or_default();
                command
                    .split([';', '`'])
                    .next()
                    .unwrap_or_default()
                    .trim_end()
                    .to_owned()
            }
            None => format!("{hint}; then: jelouctl doctor"),
        }
    }

    pub(super) fn push(
        &mut self,
        name: &'static str,
        state: CheckState,
        detail: impl Into<Message>,
        hint: Option<Message>,
    ) {
        self.checks.push(Check {
            name,
            state,
            detail: detail.into(),
            hint,
        });
    }

    pub(super) fn ok(&mut self, name: &'static str, detail: impl Into<Message>) {
        self.push(name, CheckState::Ok, detail, None);
    }

    pub(super) fn warn(&mut self, name: &'static str, detail: impl Into<Message>) {
        self.push(name, CheckState::Warning, detail, None);
    }

    pub(super) fn fail(&mut self, name: &'static str, error: impl Into<CommandError>) {
        let error = error.into();
        if self.code == ExitCode::Success {
            self.code = error.code;
        }
        self.push(name, CheckState::Failed, error.line(), error.hint);
    }

    /// Runs a check, and returns its value unless it has failed.
    pub(super) fn check<T>(
        &mut self,
        name: &'static str,
        checked: Result<T, impl Into<CommandError>>,
    ) -> Option<T> {
        checked.map_err(|error| self.fail(name, error)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::config::no_bot;

    #[test]
    fn unusable_ledger_limits_readiness() {
        let mut checkup = Checkup::new();
        checkup.ok(CREDENTIALS, "accepted");
        assert_eq!(checkup.summary(), "ready: accepted");
        checkup.has_ledger = false;
        assert_eq!(
            checkup.summary(),
            "ready for single sends, but not for bulk and --once: accepted"
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
            CommandError::new(ExitCode::Network, "network", "y", None),
        );
        checkup.ok("d", "z");
        assert_eq!(checkup.code, ExitCode::Configuration);
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
