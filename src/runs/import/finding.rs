//! What was found in a list: a fact or a fault, with its place. A command prints it.

use crate::base::message::{Message, msg};

/// A finding about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    pub(crate) severity: Severity,
    /// What was found, with its value.
    pub(crate) message: Message,
    /// What to do, as a command.
    pub(crate) hint: Option<Message>,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    List,
    /// The column with this name.
    Column(String),
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
    pub(crate) fn note(message: impl Into<Message>) -> Self {
        Self {
            place: Place::List,
            severity: Severity::Note,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn warning(message: impl Into<Message>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::note(message)
        }
    }

    pub(super) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(super) fn with_hint(self, hint: impl Into<Message>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Returns the finding on one line.
    pub(crate) fn line(&self) -> Message {
        let message = match &self.place {
            Place::List => self.message.clone(),
            Place::Column(name) => msg!("{name}: {message}", name, message = self.message),
        };
        match &self.hint {
            Some(hint) => msg!("{message}; {hint}", message, hint),
            None => message,
        }
    }
}
