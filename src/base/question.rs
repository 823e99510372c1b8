//! What a command line leaves open, as one value: the question, its answers, and the flag of each. At a terminal it is
//! asked. Elsewhere it is the hint of an error.

use std::fmt;

use super::texts::shell_argument;

/// The most answers that a hint names.
const MAX_IN_HINT: usize = 2;

/// An open question. The error that has it says what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// `Which column has the recipients?`
    pub(crate) text: &'static str,
    /// Empty if jelouctl knows none. Then nothing is asked.
    pub(crate) answers: Vec<PossibleAnswer>,
    pub(crate) free: Option<FreeAnswer>,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PossibleAnswer {
    /// What it does, after "to": `skip them`.
    pub(crate) does: String,
    pub(crate) flag: TypedFlag,
    /// A cell of the list. Only a terminal shows it, because a log is not the place for phone numbers.
    pub(crate) example: Option<String>,
}

/// An answer that is a text, if there are too many to list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeAnswer {
    /// What to type: `the code of a country, such as EC`.
    pub(crate) what: &'static str,
    /// The flag with a placeholder, for the hint.
    pub(crate) usage: &'static str,
    /// Returns the flag for a typed text; None if the text is not an answer.
    pub(crate) read: fn(&str) -> Option<TypedFlag>,
}

impl PartialEq for FreeAnswer {
    fn eq(&self, other: &Self) -> bool {
        self.usage == other.usage
    }
}

impl Eq for FreeAnswer {}

/// A flag as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypedFlag {
    /// With its hyphens.
    pub(crate) name: &'static str,
    pub(crate) value: Option<String>,
}

impl Question {
    pub(crate) fn new(text: &'static str, answers: Vec<PossibleAnswer>) -> Self {
        Self {
            text,
            answers,
            free: None,
        }
    }

    /// Returns whether it has an answer.
    pub(crate) fn can_be_asked(&self) -> bool {
        !self.answers.is_empty() || self.free.is_some()
    }

    /// Returns the hint for a command that cannot ask: the flag with a placeholder, or those of the first answers.
    pub(crate) fn hint(&self) -> String {
        if let Some(free) = self.free {
            return free.usage.to_owned();
        }
        let answers = self.answers.iter().map(ToString::to_string);
        let ways: Vec<_> = answers.take(MAX_IN_HINT).collect();
        ways.join("; ")
    }

    /// Returns the flag for what was typed: the number of an answer, or a text. None if it is no answer.
    pub(crate) fn read(&self, typed: &str) -> Option<TypedFlag> {
        let number: Option<usize> = typed.parse().ok();
        let answer = number.and_then(|number| self.answers.get(number.checked_sub(1)?));
        match answer {
            Some(answer) => Some(answer.flag.clone()),
            None => (self.free?.read)(typed),
        }
    }

    /// Returns what to type: `Type 1 or 2:`
    pub(crate) fn prompt(&self) -> String {
        let numbers = match self.answers.len() {
            0 => None,
            1 => Some("1".to_owned()),
            2 => Some("1 or 2".to_owned()),
            count => Some(format!("a number from 1 to {count}")),
        };
        let free = self.free.map(|free| free.what.to_owned());
        let what: Vec<_> = numbers.into_iter().chain(free).collect();
        format!("Type {}:", what.join(", or "))
    }
}

impl PossibleAnswer {
    pub(crate) fn new(does: impl Into<String>, flag: TypedFlag) -> Self {
        Self {
            does: does.into(),
            flag,
            example: None,
        }
    }
}

/// As in a hint: `to skip them: --hidden skip`.
impl fmt::Display for PossibleAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "to {}: {}", self.does, self.flag)
    }
}

impl TypedFlag {
    pub(crate) fn with_value(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: Some(value.into()),
        }
    }

    pub(crate) fn switch(name: &'static str) -> Self {
        Self { name, value: None }
    }

    /// Returns the words of the flag, without quotes.
    pub(crate) fn words(&self) -> Vec<String> {
        let name = self.name.to_owned();
        match &self.value {
            // The name of a column can begin with a hyphen.
            Some(value) if value.starts_with('-') => vec![format!("{name}={value}")],
            Some(value) => vec![name, value.clone()],
            None => vec![name],
        }
    }
}

/// In the quotes of a shell.
impl fmt::Display for TypedFlag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self
            .words()
            .iter()
            .map(|word| shell_argument(word))
            .collect();
        formatter.write_str(&words.join(" "))
    }
}
