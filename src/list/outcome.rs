//! The columns that a report adds behind those of the list, and the mark that keeps a spreadsheet from running a cell: a
//! report is written with them, and read back without.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::format::CsvFormat;

/// The columns of the outcome, behind those of the input.
pub(crate) const OUTCOME_COLUMNS: [&str; 13] = [
    "run",
    "line",
    "sent",
    "message_id",
    "http_status",
    "code",
    "error",
    "attempts",
    "at",
    "delivery",
    "delivered_at",
    "read_at",
    "delivery_error",
];

/// What a report says of a row, as it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedOutcome {
    pub(crate) run: String,
    pub(crate) line: String,
    pub(crate) sent: String,
    pub(crate) code: String,
    pub(crate) at: String,
}

/// What a report says in its column `sent`, which a person may have corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportedSent {
    Yes,
    No,
    Unknown,
}

impl ReportedOutcome {
    /// Whether the row was sent.
    ///
    /// # Errors
    /// When its word is none of the three.
    pub(crate) fn is_sent(&self) -> Result<ReportedSent, String> {
        match self.sent.trim().to_lowercase().as_str() {
            "yes" => Ok(ReportedSent::Yes),
            "no" => Ok(ReportedSent::No),
            "unknown" => Ok(ReportedSent::Unknown),
            _ => Err(format!("sent: `{}` is not yes, no or unknown", self.sent.escape_debug())),
        }
    }

    /// From the cell of each of [`OUTCOME_COLUMNS`].
    pub(super) fn of(mut cell: impl FnMut(usize, &str) -> String) -> Self {
        let mut outcome = Self::default();
        for (place, column) in OUTCOME_COLUMNS.into_iter().enumerate() {
            match column {
                "run" => outcome.run = cell(place, column),
                "line" => outcome.line = cell(place, column),
                "sent" => outcome.sent = cell(place, column),
                "code" => outcome.code = cell(place, column),
                "at" => outcome.at = cell(place, column),
                _ => {}
            }
        }
        outcome
    }
}

/// A spreadsheet would run a cell that begins with one of these, or take it for a guarded one. The wide forms are those of
/// Asian keyboards, which it reads as the others.
const GUARDED: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\''];

/// A program that takes another delimiter than the list's begins a cell behind one of these; a quote inside a cell does not
/// hinder it.
const BEGINS_CELL: [char; 6] = [',', ';', '|', '\t', '\r', '\n'];

/// The cell with a `'` wherever a spreadsheet would begin a cell that it runs.
pub(crate) fn guarded(cell: &str) -> String {
    let mut guarded = String::with_capacity(cell.len() + 1);
    let mut at_begin = true;
    for character in cell.chars() {
        if at_begin && GUARDED.contains(&character) {
            guarded.push('\'');
        }
        guarded.push(character);
        at_begin = begins_after(character, at_begin);
    }
    guarded
}

/// A cell of a workbook, where it is a text and runs nowhere: guarded only where it reads like a guarded one.
pub(crate) fn guarded_in_sheet(cell: &str) -> Cow<'_, str> {
    if unguarded(cell) == cell { Cow::Borrowed(cell) } else { Cow::Owned(guarded(cell)) }
}

/// What [`guarded`] made a cell of a report from.
pub(crate) fn unguarded(cell: &str) -> String {
    let mut plain = String::with_capacity(cell.len());
    let mut at_begin = true;
    let mut characters = cell.chars();
    while let Some(mut character) = characters.next() {
        if at_begin && character == '\'' {
            let Some(guarded) = characters.next() else { break };
            character = guarded;
        }
        plain.push(character);
        at_begin = begins_after(character, at_begin);
    }
    plain
}

/// The columns of a header that are the user's, and whether ours follow them.
pub(crate) fn own_columns(header: &[&str]) -> (Vec<String>, bool) {
    match header.strip_suffix(&OUTCOME_COLUMNS[..]) {
        Some(own) => (own.iter().map(|name| unguarded(name)).collect(), true),
        None => (header.iter().map(|name| (*name).to_owned()).collect(), false),
    }
}

/// Whether the fields of an object end with ours, in their order.
pub(super) fn has_outcome(fields: &Map<String, Value>) -> bool {
    fields.keys().rev().map(String::as_str).take(OUTCOME_COLUMNS.len()).eq(OUTCOME_COLUMNS.into_iter().rev())
}

/// Whether a file that begins like this is a report, be it CSV or NDJSON.
pub(crate) fn is_report(begin: &[u8]) -> bool {
    let mut head = begin.to_vec();
    let format = CsvFormat::take(&mut head);
    if head.starts_with(b"{") {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return serde_json::from_slice(line).is_ok_and(|fields| has_outcome(&fields));
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(format.delimiter).from_reader(head.as_slice());
    reader.headers().is_ok_and(|header| own_columns(&header.iter().collect::<Vec<_>>()).1)
}

/// Whether a header has all columns of a report, and not as a report has them: what it says of its rows would be passed over.
pub(crate) fn is_changed_report(names: &[&str]) -> bool {
    let has = |column: &str| names.iter().any(|name| name.trim().eq_ignore_ascii_case(column));
    OUTCOME_COLUMNS.into_iter().all(has)
}

/// Whether a cell may begin behind `character`: its quotes are not part of it.
fn begins_after(character: char, at_begin: bool) -> bool {
    BEGINS_CELL.contains(&character) || (at_begin && character == '"')
}

/// A cell as it stands in a report. What any program takes for a delimiter is in quotes, whichever is the list's.
pub(crate) fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains(['"', ',', ';', '|', '\t', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_report_is_known_by_how_it_begins() {
        let ours = OUTCOME_COLUMNS.join(",");
        let with = |delimiter: &str| format!("to{delimiter}{}\r\n", OUTCOME_COLUMNS.join(delimiter));
        let object = r#"{"to":"1","run":"r","line":2,"sent":"no","message_id":null,"http_status":null,"code":null,"error":null,"attempts":0,"at":null,"delivery":null,"delivered_at":null,"read_at":null,"delivery_error":null}"#;
        for (begin, expected) in [
            (with(","), true),
            (format!("\u{feff}sep=;\r\n{}1;r;2", with(";")), true),
            (with("\t"), true),
            (format!("\"to\n(WhatsApp)\",{ours}"), true),
            (format!("{object}\n"), true),
            (object.to_owned(), true),
            ("to\n593987654321\n".to_owned(), false),
            (format!("to\n{ours}\n"), false),
            (format!("{ours},to\n"), false),
            ("{\"to\":\"1\"}\n".to_owned(), false),
            (object.replace("\"delivery_error\":null", "\"delivery_error\":null,\"x\":1"), false),
            ("SQLite format 3\0".to_owned(), false),
            ("{".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_report(begin.as_bytes()), expected, "{begin:?}");
        }
    }

    proptest! {
        #[test]
        fn a_guarded_cell_comes_back_and_runs_nowhere(cell in "[a'=+@\\-＝＋－＠\t\r\n,;|\" ]{0,8}.*") {
            let guarded = guarded(&cell);
            prop_assert_eq!(unguarded(&guarded_in_sheet(&cell)), cell.as_str());
            prop_assert_eq!(unguarded(&guarded), cell);
            for part in guarded.split([',', ';', '|', '\t', '\r', '\n']) {
                let begin = part.trim_start_matches('"');
                prop_assert!(!begin.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{}", guarded);
            }
            prop_assert!(!guarded.starts_with(['\t', '\r', '\n']));
        }
    }
}
