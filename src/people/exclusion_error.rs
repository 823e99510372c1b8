//! Why a list of excluded people cannot be used, with the hint.

use std::io;

use thiserror::Error;

use super::country_rule::PersonError;
use crate::list::{ListError, ONE_A_LINE};

/// The most lines that are listed.
const NAMED: usize = 20;

/// The setting that names a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExclusionOrigin {
    /// `--exclude`
    Flag,
    /// `do_not_contact` of this profile.
    Profile(String),
}

/// A list of excluded people that cannot be used: the people on it are unknown, so nothing may be sent.
#[derive(Debug, Error)]
#[error("{}: {}", flag(origin), problem.message)]
pub(crate) struct ExclusionError {
    pub(crate) origin: ExclusionOrigin,
    pub(crate) problem: ExclusionProblem,
}

/// The same, whatever names the list.
#[derive(Debug)]
pub(crate) struct ExclusionProblem {
    pub(super) message: String,
    /// The bad lines, unless the message already names the only one.
    pub(crate) details: Vec<String>,
    pub(crate) hint: String,
}

/// Why a line does not clearly name a person.
#[derive(Debug, Error)]
#[error("{words}")]
pub(super) struct LineFault {
    words: String,
    hint: String,
}

/// The bad lines of a file; only the first are kept.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    lines: Vec<LineFault>,
    count: u64,
}

impl LineFault {
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), hint: ONE_A_LINE.to_owned() }
    }

    pub(super) fn no_recipient(column: &str) -> Self {
        let words = format!("`{column}` is empty, so the person is not known");
        Self { words, hint: "write the person's number there, or delete the line".to_owned() }
    }

    /// The list has no header, and `text` stands behind a person.
    pub(super) fn behind(text: &str) -> Self {
        let delimiter = text.get(..1).unwrap_or(",");
        let hint = format!(
            "write a line with a name for each column above the first person, such as celular{delimiter}nombre, or leave \
             one person a line and nothing else"
        );
        Self { words: format!("the list has no header, and `{text}` stands behind the person"), hint }
    }
}

impl From<PersonError> for LineFault {
    fn from(error: PersonError) -> Self {
        let error = match error {
            PersonError::Recipient(error) => error,
            PersonError::Country(error) => return Self::new(error),
        };
        let more = "; for numbers of several countries give that list a header, and a column País";
        let hint = format!("{}{}", error.hint, if error.is_without_country { more } else { "" });
        Self { words: error.to_string(), hint }
    }
}

impl BadLines {
    /// `sheet` is that of a workbook.
    pub(super) fn add(&mut self, sheet: Option<&str>, line: u64, LineFault { words, hint }: LineFault) {
        self.count += 1;
        if self.lines.len() < NAMED {
            let sheet = sheet.map(|sheet| format!("sheet `{sheet}`, ")).unwrap_or_default();
            self.lines.push(LineFault { words: format!("{sheet}line {line}: {words}"), hint });
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Removes all but the first `kept`.
    pub(super) fn cut(&mut self, kept: u64) {
        self.count = self.count.min(kept);
        self.lines.truncate(usize::try_from(self.count).unwrap_or(NAMED));
    }

    /// # Errors
    /// When there are any.
    pub(super) fn check(self, name: &str) -> Result<(), ExclusionProblem> {
        let Some(LineFault { words, hint }) = self.lines.first() else { return Ok(()) };
        let (mut message, mut details) = (format!("{name}: {words}"), Vec::new());
        if self.count > 1 {
            message = format!("{name}: {} lines do not name a person", self.count);
            details.extend(self.lines.iter().map(|fault| fault.words.clone()));
            let more = self.count.saturating_sub(self.lines.len() as u64);
            details.extend((more > 0).then(|| format!("and {more} more")));
        }
        Err(ExclusionProblem { message, details, hint: hint.clone() })
    }
}

fn flag(origin: &ExclusionOrigin) -> String {
    match origin {
        ExclusionOrigin::Flag => "--exclude".to_owned(),
        ExclusionOrigin::Profile(profile) => format!("do_not_contact (profile {profile})"),
    }
}

impl ExclusionError {
    /// The file `name` cannot be opened.
    pub(crate) fn unreadable(origin: &ExclusionOrigin, name: &str, cause: &io::Error) -> Self {
        Self { origin: origin.clone(), problem: ListError::unreadable(name, cause).into() }
    }
}

impl From<ListError> for ExclusionProblem {
    fn from(error: ListError) -> Self {
        let message = error.to_string();
        Self { message, details: Vec::new(), hint: error.of_exclusions.unwrap_or(error.hint) }
    }
}
