//! What was found in a list: a fact or a fault, with its place. A command prints it.

use crate::base::message::{Message, msg};
use crate::runs::ledger::SkipReason;

/// A finding about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    pub(crate) severity: Severity,
    /// What was found, with its value.
    pub(crate) message: Message,
    /// What to do, as a command.
    pub(crate) hint: Option<Message>,
    /// The column of the row with the fault, if it is in one.
    pub(super) column: Option<String>,
    /// Why the row is not sent.
    pub(super) reason: SkipReason,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    List,
    /// The column with this name.
    Column(String),
    Row(RowPlace),
}

/// A row, by its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) line: u64,
    /// Whether it is skipped because of the finding.
    pub(crate) is_skipped: bool,
    /// The earlier line that it repeats.
    pub(crate) same_as: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Severity {
    /// A fact.
    Note,
    /// Probably a mistake.
    Warning,
    /// The command ends with an error.
    Fault,
}

impl Finding {
    pub(crate) fn note(message: Message) -> Self {
        Self {
            place: Place::List,
            severity: Severity::Note,
            message,
            hint: None,
            column: None,
            reason: SkipReason::Invalid,
        }
    }

    pub(crate) fn warning(message: Message) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::note(message)
        }
    }

    /// Creates a finding about the row in `line`.
    pub(crate) fn for_row(line: u64, severity: Severity, message: Message) -> Self {
        Self {
            place: Place::Row(RowPlace {
                line,
                is_skipped: false,
                same_as: None,
            }),
            severity,
            ..Self::note(message)
        }
    }

    /// Creates the note that the row in `line` is skipped because of `problem`.
    pub(crate) fn skipped_row(line: u64, problem: Message) -> Self {
        let finding = Self::for_row(line, Severity::Note, problem);
        finding.in_row(|row| row.is_skipped = true)
    }

    /// Returns the finding with a change of its row.
    pub(super) fn in_row(mut self, change: impl FnOnce(&mut RowPlace)) -> Self {
        if let Place::Row(row) = &mut self.place {
            change(row);
        }
        self
    }

    pub(super) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(super) fn with_hint(self, hint: Message) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// Returns the finding on one line, without its hint.
    pub(crate) fn line(&self) -> Message {
        let message = &self.message;
        match &self.place {
            Place::List => message.clone(),
            Place::Column(name) => msg!("{name}: {message}", name, message),
            Place::Row(RowPlace {
                line,
                is_skipped: true,
                ..
            }) => msg!("line {line} is skipped: {message}", line, message),
            Place::Row(RowPlace { line, .. }) => msg!("line {line}: {message}", line, message),
        }
    }
}
