//! Why a list of excluded people cannot be used, with the hint.

use std::{fmt, io};

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
#[error("{}: {}{problem}", flag(origin), file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default())]
pub(crate) struct ExclusionError {
    pub(crate) origin: ExclusionOrigin,
    /// For problems that do not name the list: there may be several.
    file: Option<String>,
    problem: Box<ExclusionProblem>,
}

#[derive(Debug, Error)]
pub(super) enum ExclusionProblem {
    #[error(transparent)]
    List(#[from] ListError),
    #[error("{name} is empty")]
    Empty { name: String },
    #[error("{name}: {bad}")]
    Lines { name: String, bad: BadLines },
}

/// A line that does not clearly name a person.
#[derive(Debug, Error)]
#[error("{}line {line}: {fault}", sheet.as_ref().map(|sheet| format!("sheet `{sheet}`, ")).unwrap_or_default())]
struct BadLine {
    /// For a workbook.
    sheet: Option<String>,
    line: u64,
    fault: LineFault,
}

#[derive(Debug, Error)]
pub(super) enum LineFault {
    #[error("{0}")]
    Recipient(RecipientError),
    #[error("`{column}` is empty, so the person is not known")]
    NoRecipient { column: String },
    /// The list has no header, and this stands behind a person.
    #[error("the list has no header, and `{0}` stands behind the person")]
    Behind(String),
    #[error("{0}")]
    Row(String),
}

impl From<PersonError> for LineFault {
    fn from(error: PersonError) -> Self {
        match error {
            PersonError::Recipient(error) => Self::Recipient(error),
            PersonError::Country(error) => Self::Row(error.to_string()),
        }
    }
}

/// The bad lines of a file; only the first are kept.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    lines: Vec<BadLine>,
    count: u64,
}

impl BadLines {
    pub(super) fn add(&mut self, sheet: Option<&str>, line: u64, fault: LineFault) {
        self.count += 1;
        if self.lines.len() < NAMED {
            self.lines.push(BadLine { sheet: sheet.map(str::to_owned), line, fault });
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
        if self.count == 0 { Ok(()) } else { Err(ExclusionProblem::Lines { name: name.to_owned(), bad: self }) }
    }
}

impl fmt::Display for BadLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines.as_slice() {
            [only] => only.fmt(formatter),
            _ => write!(formatter, "{} lines do not name a person", self.count),
        }
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
        let is_unnamed = !problem.to_string().contains(name);
        Self { origin: origin.clone(), file: is_unnamed.then(|| name.to_owned()), problem: Box::new(problem) }
    }

    /// The bad lines, unless the message already names the only one.
    pub(crate) fn details(&self) -> Vec<String> {
        match self.problem.as_ref() {
            ExclusionProblem::Lines { bad: BadLines { lines, count }, .. } if lines.len() > 1 => {
                let more = count.saturating_sub(lines.len() as u64);
                lines.iter().map(ToString::to_string).chain((more > 0).then(|| format!("and {more} more"))).collect()
            }
            ExclusionProblem::Lines { .. } | ExclusionProblem::List(_) | ExclusionProblem::Empty { .. } => Vec::new(),
        }
    }

    pub(crate) fn hint(&self) -> String {
        const LINES: &str = "write one person a line, as +593987654321, a WhatsApp user id or id:USER, or a header with a column \
                             such as celular";
        match self.problem.as_ref() {
            ExclusionProblem::List(error) => match error.kind {
                ListErrorKind::NoRecipientColumn | ListErrorKind::NoRows => LINES.to_owned(),
                ListErrorKind::WideText => "save it as UTF-8, or as UTF-16 with a mark".to_owned(),
                ListErrorKind::Title { line } => format!("delete the lines above line {line}, the header"),
                ListErrorKind::Other => error.hint.clone(),
            },
            ExclusionProblem::Empty { .. } => {
                "check where it comes from; a file with only a header, or a comment after #, excludes no one".to_owned()
            }
            ExclusionProblem::Lines { bad, .. } => match bad.lines.first().map(|line| &line.fault) {
                Some(LineFault::Recipient(RecipientError::Phone(
                    error @ (PhoneError::National { .. } | PhoneError::Invalid { .. }),
                ))) => {
                    format!(
                        "{}; for numbers of several countries give that list a header, and a column País",
                        error.hint()
                    )
                }
                Some(LineFault::Recipient(error)) => error.hint(),
                Some(LineFault::Behind(text)) => {
                    let delimiter = text.get(..1).unwrap_or(",");
                    format!(
                        "write a line with a name for each column above the first person, such as \
                         celular{delimiter}nombre, or leave one person a line and nothing else"
                    )
                }
                Some(LineFault::NoRecipient { .. }) => "write the person's number there, or delete the line".to_owned(),
                Some(LineFault::Row(_)) | None => LINES.to_owned(),
            },
        }
    }
}
