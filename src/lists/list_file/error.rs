//! Errors of a list as a whole, with their hints.

use std::io;

use super::columns::meant_columns;
use super::questions::{which_column, which_sheet};
use crate::base::input::UsageError;
use crate::base::message::{Message, ToValue, msg};
use crate::base::suggest::{nearest, plain};

/// Returns the hint for an exclusion list with an unclear recipient.
pub(crate) fn one_a_line() -> Message {
    msg!(
        "write one recipient per line (+593987654321, a WhatsApp user id or id:USER), or a header with a column such as \
         celular"
    )
}

impl UsageError {
    /// Adds the name of the list before the error.
    pub(crate) fn in_file(self, name: &(impl ToValue + ?Sized)) -> Self {
        Self {
            message: msg!("{name}: {message}", name, message = self.message),
            ..self
        }
    }

    /// Creates the error for a name, `asked` at `path`, that several of the columns `names` may have.
    pub(crate) fn ambiguous_column(path: &str, asked: &str, names: &[&str]) -> Self {
        let meant = meant_columns(names, asked);
        let [first, second] = [0, 1].map(|place| meant.get(place).copied().unwrap_or_default());
        if first != second {
            return Self::bare(msg!(
                "{path}: `{asked}` could be the column `{first}` or `{second}`",
                path,
                asked,
                first,
                second
            ));
        }
        let places = (1..).zip(names).filter(|(_, name)| name.trim() == first);
        let places: Vec<_> = places
            .map(|(place, _): (u64, _)| place.to_string())
            .collect();
        let message = msg!(
            "{path}: the columns {places} have the name `{name}`",
            path,
            places = places.join(", "),
            name = first
        );
        Self::new(message, msg!("rename one of these columns in the list"))
    }

    /// Creates the error for an unknown column name.
    pub(crate) fn no_column(path: &str, name: &str, columns: &[&str]) -> Self {
        let columns: Vec<_> = columns.iter().map(|name| name.trim()).collect();
        let plain_names: Vec<_> = columns.iter().map(|name| plain(name)).collect();
        let meant = nearest(&plain(name), plain_names.iter().map(String::as_str));
        let place = meant.and_then(|meant| plain_names.iter().position(|name| name == meant));
        let meant = place.and_then(|place| columns.get(place));
        let columns = columns.join(", ");
        Self::bare(match meant {
            Some(meant) => msg!(
                "{path}: there is no column `{name}` (did you mean `{meant}`?); there are: {columns}",
                path,
                name,
                meant,
                columns
            ),
            None => msg!(
                "{path}: there is no column `{name}`; there are: {columns}",
                path,
                name,
                columns
            ),
        })
    }

    pub(crate) fn no_rows(name: &str) -> Self {
        let hint = msg!("a list needs a header and at least one row");
        Self {
            // Other sheets become its answers.
            question: Some(Box::new(which_sheet(Vec::new()))),
            ..Self::new(msg!("{name} has no rows", name), hint)
        }
    }

    /// Adds the question for the recipient's column. Columns with recipients become its answers.
    pub(super) fn about_recipients(self) -> Self {
        let no_answers: [&str; 0] = [];
        Self {
            question: Some(Box::new(which_column(&no_answers))),
            ..self
        }
    }

    /// Creates the error for a list without a recipient column.
    pub(crate) fn no_recipient_column(columns: &[&str]) -> Self {
        let names = columns.join(", ");
        let message = msg!(
            "found no recipient column (to, phone, celular, …); the columns are: {names}",
            names
        );
        let hint = msg!(
            "to name the column: --to-column COLUMN; if the header is on another line: --header-row LINE"
        );
        Self::new(message, hint).about_recipients()
    }

    /// Creates the error for a list that cannot be read to its end.
    pub(crate) fn unreadable(name: &str, cause: &io::Error) -> Self {
        if cause.kind() == io::ErrorKind::InvalidData {
            return Self::new(
                msg!("{name}: {problem}", name, problem = cause),
                msg!(
                    "to use another encoding: --encoding NAME; otherwise save it as \"CSV UTF-8\""
                ),
            );
        }
        if name.is_empty() {
            return Self::bare(msg!("the name of the file is empty"));
        }
        let message = msg!(
            "failed to read {path}: {problem}",
            path = name,
            problem = cause
        );
        if name.contains("://") {
            return Self::new(message, msg!("a list is a file on this machine"));
        }
        Self::bare(message)
    }

    /// Creates the error for a row in `line` that is longer than the limit.
    pub(super) fn row_too_long(name: &str, line: u64) -> Self {
        let message = msg!(
            "{name}: the row in line {line} has more than 1 MiB; a quote may be missing",
            name,
            line
        );
        Self::new(message, msg!("check the quotes in the row before it"))
    }

    /// Creates the error for `--header-row` with a report: its header is in `line`, also if the list of its run has it in
    /// another line.
    pub(super) fn header_of_report(name: &str, wanted: u64, line: u64) -> Self {
        let message = msg!(
            "--header-row {wanted}: {name} is a report, and its header is in line {line}",
            wanted,
            name,
            line
        );
        Self::new(message, msg!("send it without --header-row"))
    }

    /// Creates the error for a line `wanted` that cannot be the header: it is empty, or after the
    /// `last` line.
    pub(super) fn no_header_row(name: &str, wanted: u64, last: Option<u64>) -> Self {
        Self::bare(match last {
            None => msg!(
                "--header-row {wanted}: this line of {name} is empty",
                wanted,
                name
            ),
            Some(last) => msg!(
                "--header-row {wanted}: {name} ends in line {last}",
                wanted,
                name,
                last
            ),
        })
    }
}
