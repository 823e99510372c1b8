//! Why a list of excluded people cannot be used, with the hint.

use std::io;

use thiserror::Error;

use super::country_rule::PersonError;
use crate::list::{ListError, ListErrorKind};
use crate::message::RecipientError;
use crate::phone::PhoneError;

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
#[error("{}: {message}", flag(origin))]
pub(crate) struct ExclusionError {
    pub(crate) origin: ExclusionOrigin,
    message: String,
    /// The bad lines, unless the message already names the only one.
    pub(crate) details: Vec<String>,
    pub(crate) hint: String,
}

/// The same, whatever names the list.
#[derive(Debug, Default)]
pub(super) struct ExclusionProblem {
    message: String,
    /// Whether the message does not say which list it is: there may be several.
    is_unnamed: bool,
    details: Vec<String>,
    hint: String,
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
    lines: Vec<(String, LineFault)>,
    count: u64,
}

/// What to do about a list that names nobody clearly.
const LINES: &str = "write one person a line, as +593987654321, a WhatsApp user id or id:USER, or a header with a column such \
                     as celular";

impl LineFault {
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), hint: LINES.to_owned() }
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
            PersonError::Country(error) => return Self::new(error.to_string()),
        };
        let may_be_of_several =
            matches!(error, RecipientError::Phone(PhoneError::National { .. } | PhoneError::Invalid { .. }));
        let more = "; for numbers of several countries give that list a header, and a column País";
        let hint = format!("{}{}", error.hint(), if may_be_of_several { more } else { "" });
        Self { words: error.to_string(), hint }
    }
}

impl BadLines {
    /// `sheet` is that of a workbook.
    pub(super) fn add(&mut self, sheet: Option<&str>, line: u64, fault: LineFault) {
        self.count += 1;
        if self.lines.len() < NAMED {
            let sheet = sheet.map(|sheet| format!("sheet `{sheet}`, ")).unwrap_or_default();
            self.lines.push((format!("{sheet}line {line}: {}", fault.words), fault));
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
        let Some((first, LineFault { hint, .. })) = self.lines.first() else { return Ok(()) };
        if self.count == 1 {
            let message = format!("{name}: {first}");
            return Err(ExclusionProblem { message, hint: hint.clone(), ..ExclusionProblem::default() });
        }
        let more = self.count.saturating_sub(self.lines.len() as u64);
        let details = self.lines.iter().map(|(told, _)| told.clone());
        Err(ExclusionProblem {
            message: format!("{name}: {} lines do not name a person", self.count),
            details: details.chain((more > 0).then(|| format!("and {more} more"))).collect(),
            hint: hint.clone(),
            is_unnamed: false,
        })
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
    pub(crate) fn unreadable(origin: &ExclusionOrigin, name: &str, cause: io::Error) -> Self {
        Self::new(origin, name, ListError::unreadable(name, cause).into())
    }

    pub(super) fn new(origin: &ExclusionOrigin, name: &str, problem: ExclusionProblem) -> Self {
        let ExclusionProblem { message, is_unnamed, details, hint } = problem;
        let message = if is_unnamed { format!("{name}: {message}") } else { message };
        Self { origin: origin.clone(), message, details, hint }
    }
}

impl ExclusionProblem {
    pub(super) fn empty(name: &str) -> Self {
        let hint = "check where it comes from; a file with only a header, or a comment after #, excludes no one";
        Self { message: format!("{name} is empty"), hint: hint.to_owned(), ..Self::default() }
    }
}

impl From<ListError> for ExclusionProblem {
    fn from(error: ListError) -> Self {
        let hint = match error.kind {
            ListErrorKind::NoRecipientColumn | ListErrorKind::NoRows => LINES.to_owned(),
            ListErrorKind::WideText => "save it as UTF-8, or as UTF-16 with a mark".to_owned(),
            ListErrorKind::Title { line } => format!("delete the lines above line {line}, the header"),
            ListErrorKind::TwoColumns | ListErrorKind::Other => error.hint.clone(),
        };
        let is_unnamed = match error.kind {
            ListErrorKind::NoRecipientColumn | ListErrorKind::Title { .. } | ListErrorKind::TwoColumns => true,
            ListErrorKind::NoRows | ListErrorKind::WideText | ListErrorKind::Other => false,
        };
        Self { message: error.to_string(), is_unnamed, hint, ..Self::default() }
    }
}
