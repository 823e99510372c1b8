//! Why a list as a whole cannot be read, with the hint.

use std::io;

use crate::base::input::UsageError;
use crate::base::suggest::nearest;

/// The hint for a list of excluded people in which a person is not clear.
pub(crate) const ONE_A_LINE: &str = "write one person a line, as +593987654321, a WhatsApp user id or id:USER, or a header \
                                     with a column such as celular";

impl UsageError {
    /// With the name of the list in front.
    pub(crate) fn in_file(self, name: &str) -> Self {
        Self {
            message: format!("{name}: {}", self.message),
            ..self
        }
    }

    /// `name`, at `path`, matches both columns.
    pub(crate) fn several(path: &str, name: &str, first: &str, second: &str) -> Self {
        let message = format!("{path}: `{name}` could be the column `{first}` or `{second}`");
        Self::new(message, "write the name exactly as in the header")
    }

    /// A column of this name does not exist.
    pub(crate) fn no_column(path: &str, name: &str, columns: &[&str], hint: &str) -> Self {
        let columns: Vec<_> = columns.iter().map(|name| name.trim()).collect();
        let meant = nearest(name, columns.iter().copied());
        let meant = meant
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
        Self::new(
            format!("{name} has no rows"),
            "check the file: a list needs a header and at least one row, in a workbook on the sheet that is read (--sheet)",
        )
    }

    /// None of these columns is named like a recipient's; some of them may have one.
    pub(crate) fn no_recipient_column(columns: &[&str], proposed: &[&str]) -> Self {
        let names = columns.join(", ");
        let message = format!(
            "no column is named like a recipient column (to, phone, celular, …); the columns are: {names}"
        );
        let hint = if proposed.is_empty() {
            "give its name with --to-column COLUMN before the kind, or build it from columns after the kind: --to '593{{ celular }}'; \
             if the header is elsewhere, add --header-row LINE, and in a workbook perhaps --sheet NAME"
                .to_owned()
        } else {
            propose(proposed)
        };
        Self::new(message, hint)
    }

    /// The list, or the rest of it, cannot be read.
    pub(crate) fn unreadable(name: &str, cause: &io::Error) -> Self {
        if cause.kind() == io::ErrorKind::InvalidData {
            return Self::new(
                format!("{name}: {cause}"),
                "give another --encoding, or save it as \"CSV UTF-8\"",
            );
        }
        let hint = "check the path and its permissions; a list is a file on this machine";
        Self::new(format!("failed to read {name}: {cause}"), hint)
    }

    /// The row that begins at `line` is longer than any that is read.
    pub(super) fn row_too_long(name: &str, line: u64) -> Self {
        let message =
            format!("{name}: the row of line {line} has more than 1 MiB; a quote may be missing");
        Self::new(message, "look at the quotes of the row before it")
    }

    /// The line `wanted` is not a header: it is empty, or behind the `last` one.
    pub(super) fn no_header_row(name: &str, wanted: u64, last: Option<u64>) -> Self {
        let problem = last.map_or_else(
            || format!("this line of {name} is empty"),
            |last| format!("{name} ends in line {last}"),
        );
        let hint = "give the line of the header, as the sheet or an editor counts it";
        Self::new(format!("--header-row {wanted}: {problem}"), hint)
    }
}

/// The flags that would select one of `columns`.
pub(super) fn propose(columns: &[&str]) -> String {
    let flags = columns
        .iter()
        .take(3)
        .map(|name| format!("--to-column '{}'", name.replace('\'', "'\\''")));
    format!(
        "say which one before the kind: {}",
        flags.collect::<Vec<_>>().join(" or ")
    )
}
