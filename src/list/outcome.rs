//! The columns that a report adds behind those of the list, and the mark that keeps a spreadsheet from running a cell: a
//! report is written with them, and read back without.

use std::borrow::Cow;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::csv_records::CsvRecords;
use super::format::CsvFormat;
use crate::input::UsageError;

/// A language of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportLanguage {
    #[default]
    #[value(help = "English")]
    En,
    #[value(help = "Spanish")]
    Es,
}

impl ReportLanguage {
    pub(crate) fn of<T>(self, [english, spanish]: [T; 2]) -> T {
        match self {
            Self::En => english,
            Self::Es => spanish,
        }
    }
}

/// The columns of the outcome, behind those of the input, in each language. Which row it is and what decides whether it is
/// sent again is called the same in all of them.
const COLUMNS: [[&str; 2]; 14] = [
    ["run", "run"],
    ["line", "line"],
    ["sent", "sent"],
    ["message_id", "id del mensaje"],
    ["http_status", "estado HTTP"],
    ["code", "code"],
    ["error", "error"],
    ["attempts", "intentos"],
    ["at", "fecha"],
    ["delivery", "entrega"],
    ["delivered_at", "fecha de entrega"],
    ["read_at", "fecha de lectura"],
    ["delivery_error", "error de entrega"],
    ["sent_to", "sent_to"],
];

/// The columns of the outcome in this language.
pub(crate) fn outcome_columns(language: ReportLanguage) -> [&'static str; COLUMNS.len()] {
    COLUMNS.map(|names| language.of(names))
}

/// The one of them that says whether a row was sent, and how many of them, with it or without, are left of a report.
const TELLING_COLUMN: &str = "sent";
const FEWEST_WITH_IT: usize = 3;
const FEWEST_WITHOUT_IT: usize = 5;

/// The columns of a report in `names`, if they are more than a list has by chance.
fn parts_of_report<'a>(names: &[&'a str]) -> Option<Vec<&'a str>> {
    let of = |language| -> Vec<&str> {
        let columns = outcome_columns(language);
        let is_one = |name: &str| columns.iter().any(|column| name.eq_ignore_ascii_case(column));
        names.iter().copied().filter(|name| is_one(name)).collect()
    };
    let ours = [ReportLanguage::En, ReportLanguage::Es].map(of).into_iter().max_by_key(Vec::len)?;
    let is_told = ours.iter().any(|name| name.eq_ignore_ascii_case(TELLING_COLUMN));
    let fewest = if is_told { FEWEST_WITH_IT } else { FEWEST_WITHOUT_IT };
    (ours.len() >= fewest).then_some(ours)
}

/// What is left of a report, or stands in it, does not say for certain which rows were sent.
fn damaged(columns: &[&str]) -> UsageError {
    let columns = columns.join(", ");
    UsageError::new(
        format!(
            "it has columns of a report, {columns}, but not all of a report's once and side by side in their order"
        ),
        "take the report as `jelouctl bulk report` writes it; to send to every row again, delete all columns that the \
         report added; if some of these columns are the list's own, rename them",
    )
}

/// The outcome of a row as a report has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedOutcome {
    pub(crate) run: String,
    pub(crate) line: String,
    pub(crate) sent: String,
    pub(crate) sent_to: String,
    pub(crate) code: String,
}

/// Which columns of a header are the user's, and which are a report's.
#[derive(Debug)]
pub(crate) struct ReportLayout {
    /// The number of all columns.
    width: usize,
    /// Where [`COLUMNS`] begin, if it is a report. The user's own stand in front of them, and perhaps behind them.
    begin: Option<usize>,
}

impl ReportLayout {
    /// # Errors
    /// If the header has some of a report's columns, but not all of them side by side in their order, or one of them again
    /// behind them.
    pub(crate) fn of(header: &[&str]) -> Result<Self, UsageError> {
        let names: Vec<_> = header.iter().map(|name| name.trim()).collect();
        let is_of = |columns: [&str; COLUMNS.len()], names: &[&str]| {
            names.iter().zip(columns).all(|(name, column)| name.eq_ignore_ascii_case(column))
        };
        let languages = [ReportLanguage::En, ReportLanguage::Es].map(outcome_columns);
        let is_ours = |names: &[&str]| languages.into_iter().any(|columns| is_of(columns, names));
        let begin = names.windows(COLUMNS.len()).position(is_ours);
        let ours = begin.and_then(|begin| names.get(begin..begin + COLUMNS.len())).unwrap_or_default();
        let mut behind = names.iter().skip(begin.unwrap_or(names.len()) + COLUMNS.len());
        let again = behind.find(|name| ours.iter().any(|column| column.eq_ignore_ascii_case(name)));
        let parts = if begin.is_none() { parts_of_report(&names) } else { again.map(|name| vec![*name]) };
        parts.map_or(Ok(Self { width: names.len(), begin }), |parts| Err(damaged(&parts)))
    }

    pub(super) fn is_report(&self) -> bool {
        self.begin.is_some()
    }

    /// Whether the columns of a report are the last ones.
    pub(super) fn is_as_written(&self) -> bool {
        self.begin.is_some_and(|begin| begin + COLUMNS.len() == self.width)
    }

    /// Which of the user's own the column at this place is.
    pub(crate) fn own_place(&self, place: usize) -> Option<usize> {
        match self.begin {
            Some(begin) if place >= begin => place.checked_sub(COLUMNS.len()).filter(|own| *own >= begin),
            _ => Some(place),
        }
    }

    /// The user's own of the cells of a row, or of the header, as they were before they stood in a report.
    pub(super) fn own(&self, cells: &[&str]) -> Vec<String> {
        let own = (0..self.width).filter(|place| self.own_place(*place).is_some());
        let own = own.map(|place| cells.get(place).copied().unwrap_or_default());
        own.map(|cell| if self.is_report() { unguarded(cell) } else { cell.to_owned() }).collect()
    }

    /// What a report says of the row of these cells.
    pub(crate) fn outcome(&self, cells: &[&str]) -> Option<ReportedOutcome> {
        let begin = self.begin?;
        let ours = COLUMNS.iter().zip(cells.iter().skip(begin));
        let cells: Vec<_> = ours.map(|([name, _], cell)| (*name, unguarded(cell))).collect();
        Some(ReportedOutcome::of(|column| {
            let found = cells.iter().find(|(name, _)| *name == column);
            found.map(|(_, cell)| cell.clone()).unwrap_or_default()
        }))
    }
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
            // A person who corrects it may do so in Spanish.
            "yes" | "sí" | "si" => Ok(ReportedSent::Yes),
            "no" => Ok(ReportedSent::No),
            "unknown" | "desconocido" => Ok(ReportedSent::Unknown),
            "" => Err("sent: is empty; write `no` if the row was not sent yet, else `yes`".to_owned()),
            _ => Err(format!("sent: `{}` is not yes, no or unknown", self.sent.escape_debug())),
        }
    }

    /// Whether the row could not be sent because something was wrong with it.
    pub(crate) fn was_invalid(&self) -> bool {
        self.is_sent() == Ok(ReportedSent::No) && self.code.trim() == "invalid"
    }

    /// From the text under each of [`COLUMNS`] by its name in English.
    fn of(cell: impl Fn(&str) -> String) -> Self {
        let [run, line, sent, sent_to, code] = ["run", "line", "sent", "sent_to", "code"].map(cell);
        Self { run, line, sent, sent_to, code }
    }

    /// Takes it out of the fields of an object, if they are a row of a report.
    ///
    /// # Errors
    /// If they have only some of a report's.
    pub(super) fn take(fields: &mut Map<String, Value>) -> Result<Option<Self>, UsageError> {
        let columns = outcome_columns(ReportLanguage::En);
        if !columns.iter().all(|column| fields.contains_key(*column)) {
            let names: Vec<_> = fields.keys().map(String::as_str).collect();
            return parts_of_report(&names).map_or(Ok(None), |parts| Err(damaged(&parts)));
        }
        let outcome = Self::of(|column| match fields.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        });
        fields.retain(|name, _| !columns.contains(&name.as_str()));
        Ok(Some(outcome))
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
fn unguarded(cell: &str) -> String {
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

/// Whether a file that begins like this is a report as it was written, be it CSV or NDJSON.
pub(crate) fn is_report(begin: &[u8]) -> bool {
    let mut head = begin.to_vec();
    let format = CsvFormat::take(&mut head);
    if head.starts_with(b"{") {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return serde_json::from_slice(line).is_ok_and(|fields: Map<String, Value>| {
            let last = fields.keys().rev().map(String::as_str).take(COLUMNS.len());
            last.eq(outcome_columns(ReportLanguage::En).into_iter().rev())
        });
    }
    let header = CsvRecords::new(head.as_slice(), format.delimiter, 1).next().ok().flatten().unwrap_or_default();
    let names = header.texts().unwrap_or_default();
    [ReportLanguage::En, ReportLanguage::Es].into_iter().any(|language| names.ends_with(&outcome_columns(language)))
}

/// Whether a cell may begin behind `character`: its quotes are not part of it.
fn begins_after(character: char, at_begin: bool) -> bool {
    BEGINS_CELL.contains(&character) || (at_begin && character == '"')
}

/// A cell as a report writes it. What any program takes for a delimiter is in quotes, whichever is the list's.
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
        let [columns, spanish] = [ReportLanguage::En, ReportLanguage::Es].map(outcome_columns);
        let ours = columns.join(",");
        let with = |delimiter: &str| format!("to{delimiter}{}\r\n", columns.join(delimiter));
        let object = r#"{"to":"1","run":"r","line":2,"sent":"no","message_id":null,"http_status":null,"code":null,"error":null,"attempts":0,"at":null,"delivery":null,"delivered_at":null,"read_at":null,"delivery_error":null,"sent_to":null}"#;
        for (begin, expected) in [
            (with(","), true),
            (format!("\u{feff}sep=;\r\n{}1;r;2", with(";")), true),
            (with("\t"), true),
            (format!("\"to\n(WhatsApp)\",{ours}"), true),
            (format!("to,{}\n", spanish.join(",")), true),
            (format!("to,{}\n", spanish.join(",").replace("intentos", "attempts")), false),
            (format!("{object}\n"), true),
            (object.to_owned(), true),
            ("to\n593987654321\n".to_owned(), false),
            (format!("to\n{ours}\n"), false),
            (format!("{ours},to\n"), false),
            ("{\"to\":\"1\"}\n".to_owned(), false),
            (object.replace("\"sent_to\":null", "\"sent_to\":null,\"x\":1"), false),
            ("SQLite format 3\0".to_owned(), false),
            ("{".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_report(begin.as_bytes()), expected, "{begin:?}");
        }
    }

    #[test]
    fn a_report_has_all_its_columns_side_by_side_and_parts_of_one_are_refused() {
        let [english, spanish] =
            [ReportLanguage::En, ReportLanguage::Es].map(|language| outcome_columns(language).to_vec());
        let without = |name: &str| english.iter().copied().filter(|column| *column != name).collect::<Vec<_>>();
        let moved = [&english[..3], &["note"], &english[3..]].concat();
        for (front, ours, behind, own) in [
            (&["to"][..], &english, &[][..], Some(&["to"][..])),
            (&["to"], &spanish, &[], Some(&["to"])),
            (
                &["to", "fecha", "code"],
                &english,
                &["note", "entrega"],
                Some(&["to", "fecha", "code", "note", "entrega"]),
            ),
            (&[], &english, &["to"], Some(&["to"])),
            (&["to", "code", "error", "line"], &vec![], &[], Some(&["to", "code", "error", "line"])),
            (&["to", "fecha", "entrega"], &vec![], &[], Some(&["to", "fecha", "entrega"])),
            (&["to", "sent", "code"], &vec![], &[], Some(&["to", "sent", "code"])),
            (&["to", "sent", "code", "line"], &vec![], &[], None),
            (&["to", "sent", "fecha", "entrega"], &vec![], &[], None),
            (&["to"], &without("sent"), &[], None),
            (&["to"], &without("read_at"), &[], None),
            (&["to"], &moved, &[], None),
            (&["to"], &english, &["Code"], None),
            (&["to"], &english, &english, None),
        ] {
            let header = [front, ours, behind].concat();
            let layout = ReportLayout::of(&header).ok();
            let found = layout.as_ref().map(|layout| layout.own(&header));
            assert_eq!(found, own.map(|own| own.iter().map(ToString::to_string).collect()), "{header:?}");
            let upper: Vec<_> = header.iter().map(|name| format!(" {}", name.to_uppercase())).collect();
            let upper = ReportLayout::of(&upper.iter().map(String::as_str).collect::<Vec<_>>()).ok();
            assert_eq!(upper.map(|layout| layout.begin), layout.map(|layout| layout.begin), "{header:?}");
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
