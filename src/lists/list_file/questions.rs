//! The questions about a list: its sheet, the line of its header, and the column of the recipients.

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::question::{PossibleAnswer, Question, TypedFlag};
use crate::base::texts::shorten;

/// The most characters of a header that an answer shows.
const MAX_HEADER: usize = 80;

/// A line that may be the header, and its cells.
pub(super) struct HeaderLine<'a> {
    pub(super) line: u64,
    pub(super) names: Vec<&'a str>,
}

/// Returns the question which of several sheets has the list.
pub(super) fn which_sheet(answers: Vec<PossibleAnswer>) -> Question {
    Question::new(msg!("Which sheet has the list?"), answers)
}

/// Returns the answer that reads the sheet `name`.
pub(crate) fn read_sheet(name: impl AsRef<str>) -> PossibleAnswer {
    let name = name.as_ref();
    PossibleAnswer::new(
        msg!("read `{name}`", name),
        TypedFlag::with_value("--sheet", name),
    )
}

/// Returns the answer that uses the column `name` for the recipients.
fn use_column(name: impl AsRef<str>) -> PossibleAnswer {
    let name = name.as_ref();
    PossibleAnswer::new(
        msg!("use `{name}`", name),
        TypedFlag::with_value("--to-column", typed_name(name)),
    )
}

/// Returns the name of a column as it is typed. A line break in quotes is hard to type, and these two characters mean the
/// same.
pub(crate) fn typed_name(name: &str) -> String {
    name.replace('\r', r"\r").replace('\n', r"\n")
}

/// Returns the question which of `lines` is the header.
pub(super) fn which_header(lines: &[HeaderLine<'_>]) -> Question {
    let answer = |header: &HeaderLine<'_>| {
        let line = header.line;
        let names = filled(header.names.iter().copied());
        let does = match shorten(&names, MAX_HEADER) {
            names if names.is_empty() => msg!("read line {line} as the header (no names)", line),
            names => msg!("read line {line} as the header ({names})", line, names),
        };
        PossibleAnswer::new(
            does,
            TypedFlag::with_value("--header-row", line.to_string()),
        )
    };
    Question::new(
        msg!("Which line is the header?"),
        lines.iter().map(answer).collect(),
    )
}

/// Returns the question which of `columns` has the recipients.
pub(crate) fn which_column(columns: &[impl AsRef<str>]) -> Question {
    Question::new(
        msg!("Which column has the recipients?"),
        columns.iter().map(use_column).collect(),
    )
}

/// Returns the texts that are not empty, separated by commas.
pub(super) fn filled<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts = texts.map(str::trim);
    let filled: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
    filled.join(", ")
}

/// Adds the sheets `others` to the answers of an error: the list may be on one of them.
pub(super) fn with_sheets(error: UsageError, others: &[String]) -> UsageError {
    let Some(first) = others.first() else {
        return error;
    };
    let Some(question) = error.question else {
        let flag = read_sheet(first).flag.to_string();
        let other = msg!("if the list is on another sheet: {flag}", flag);
        let hints = error.hint.into_iter().chain([other]).collect();
        let hint = Some(Message::joined(hints, "; "));
        return UsageError { hint, ..error };
    };
    let mut question = if question.answers.is_empty() {
        which_sheet(Vec::new())
    } else {
        *question
    };
    for sheet in others.iter().map(read_sheet) {
        if !question.answers.contains(&sheet) {
            question.answers.push(sheet);
        }
    }
    UsageError::open(error.message, question)
}
