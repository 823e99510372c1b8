//! Errors of a list as a whole, with their hints.

use std::io;

use super::questions::{WHICH_SHEET, which_column};
use crate::base::input::UsageError;
use crate::base::private_file::NO_FILE_NAME;
use crate::base::question::Question;
use crate::base::suggest::{nearest, plain};

/// The hint for an exclusion list with an unclear recipient.
pub(crate) const ONE_A_LINE: &str = "write one recipient per line (+593987654321, a WhatsApp user id or id:USER), or a header \
                                     with a column such as celular";

impl UsageError {
    /// Adds the name of the list before the error.
    pub(crate) fn in_file(self, name: &str) -> Self {
        Self {
            message: format!("{name}: {}", self.message).into(),
            ..self
        }
    }

    /// Creates the error for a `name`, from `path`, that matches both columns.
    pub(crate) fn ambiguous_column(path: &str, name: &str, first: &str, second: &str) -> Self {
        if first == second {
            let message = format!("{path}: two columns have the name `{first}`");
            return Self::new(message, "rename one of them");
        }
        let message = format!("{path}: `{name}` could be the column `{first}` or `{second}`");
        Self::new(message, "write the name exactly as in the header")
    }

    /// Creates the error for an unknown column name.
    pub(crate) fn no_column(path: &str, name: &str, columns: &[&str], hint: &str) -> Self {
        let columns: Vec<_> = columns.iter().map(|name| name.trim()).collect();
        let plain_names: Vec<_> = columns.iter().map(|name| plain(name)).collect();
        let meant = nearest(&plain(name), plain_names.iter().map(String::as_str));
        let place = meant.and_then(|meant| plain_names.iter().position(|name| name == meant));
        let meant = place
            .and_then(|place| columns.get(place))
            .map(|column| format!(" (did you mean `{column}`?)"))
            .unwrap_or_default();
        Self::new(
            format!(
                "{path}: there is no column `{name}`{meant}; there are: {}",
                columns.join(", ")
            ),
            hint,
        )
    }

    pub(crate) fn no_rows(name: &str) -> Self {
        let hint = "a list needs a header and at least one row";
        Self {
            // Other sheets become its answers.
            question: Some(Box::new(Question::new(WHICH_SHEET.into(), Vec::new()))),
            ..Self::new(format!("{name} has no rows"), hint)
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
        let message =
            format!("found no recipient column (to, phone, celular, …); the columns are: {names}");
        let hint = "to name the column: --to-column COLUMN; if the header is on another line: --header-row LINE";
        Self::new(message, hint).about_recipients()
    }

    /// Creates the error for a list that cannot be read to its end.
    pub(crate) fn unreadable(name: &str, cause: &io::Error) -> Self {
        if cause.kind() == io::ErrorKind::InvalidData {
            return Self::new(
                format!("{name}: {cause}"),
                "to use another encoding: --encoding NAME; otherwise save it as \"CSV UTF-8\"",
            );
        }
        let hint = "check the path and its permissions; a list is a file on this machine";
        if name.is_empty() {
            return Self::new(NO_FILE_NAME, hint);
        }
        Self::new(format!("failed to read {name}: {cause}"), hint)
    }

    /// Creates the error for a row in `line` that is longer than the limit.
    pub(super) fn row_too_long(name: &str, line: u64) -> Self {
        let message =
            format!("{name}: the row in line {line} has more than 1 MiB; a quote may be missing");
        Self::new(message, "check the quotes in the row before it")
    }

    /// Creates the error for a line `wanted` that cannot be the header: it is empty, or after the
    /// `last` line.
    pub(super) fn no_header_row(name: &str, wanted: u64, last: Option<u64>) -> Self {
        let problem = last.map_or_else(
            || format!("this line of {name} is empty"),
            |last| format!("{name} ends in line {last}"),
        );
        let hint = "pass the line number of the header, as the sheet or an editor shows it";
        Self::new(format!("--header-row {wanted}: {problem}"), hint)
    }
}
