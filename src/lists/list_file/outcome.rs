//! The columns that a report adds after the columns of the list, and the mark that keeps a
//! spreadsheet from running a cell. A report is written with both and read without them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::input::DELIMITERS;
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::grouped;

impl Lang {
    /// Formats a number: `12,345`, or with a thin space between the thousands: in Spanish, both dot and comma are
    /// ambiguous.
    pub(crate) fn number(self, number: u64) -> String {
        grouped(number).replace(',', self.pick([",", "\u{202f}"]))
    }
}

/// The columns of the outcome, after the columns of the list, in each language.
pub(super) const COLUMNS: [[&str; 2]; 14] = [
    ["run", "nombre del envío"],
    ["line", "fila de la lista"],
    SENT_COLUMN,
    ["message_id", "id del mensaje"],
    ["http_status", "estado HTTP"],
    ["code", "código del motivo"],
    ["error", "error"],
    ["attempts", "intentos"],
    ["at", "hora del resultado"],
    ["delivery", "entrega"],
    ["delivered_at", "fecha de entrega"],
    ["read_at", "fecha de lectura"],
    ["delivery_error", "error de entrega"],
    ["sent_to", "enviado a"],
];

/// The columns that identify a row or decide whether it is sent again, by their English names. Each
/// counts in both languages. Reports of earlier versions have the English names, and ordinary lists
/// do not have the Spanish ones.
const READ_BACK: [&str; 6] = ["run", "line", "sent", "code", "error", "sent_to"];

/// Returns the columns of the outcome in this language.
pub(crate) fn outcome_columns(language: Lang) -> [&'static str; COLUMNS.len()] {
    COLUMNS.map(|names| language.pick(names))
}

/// Returns the names that one of [`COLUMNS`] may have in a report in this language.
fn accepted_names(names: [&'static str; 2], language: Lang) -> Vec<&'static str> {
    if READ_BACK.contains(&names[0]) {
        names.to_vec()
    } else {
        vec![language.pick(names)]
    }
}

/// Returns whether the last of `names` are the columns of a report in one language.
pub(super) fn ends_with_outcome(names: &[&str]) -> bool {
    let Some(first) = names.len().checked_sub(COLUMNS.len()) else {
        return false;
    };
    let ours = names.get(first..).unwrap_or_default();
    [Lang::En, Lang::Es].into_iter().any(|language| {
        let mut pairs = COLUMNS.into_iter().zip(ours);
        pairs.all(|(names, name)| accepted_names(names, language).contains(name))
    })
}

/// The column that every report has. A list with this column and `MIN_OTHERS` other report
/// columns is a report. A list with `MIN_OTHERS` report columns, but without this one, is a
/// report that lost it.
pub(crate) const SENT_COLUMN: [&str; 2] = ["sent", "enviado por Jelou"];
const MIN_OTHERS: usize = 2;
const MIN_WITHOUT_SENT: usize = 5;

/// Returns the report columns in `names`, if the column `sent` is missing. Without it, jelouctl
/// cannot know which rows were sent.
pub(crate) fn columns_without_sent(names: &[&str]) -> Option<Vec<String>> {
    let is_one_of = |name: &str, columns: &[&str]| {
        columns
            .iter()
            .any(|column| name.to_lowercase() == column.to_lowercase())
    };
    let names: Vec<_> = names.iter().map(|name| name.trim()).collect();
    let of = |language| -> Vec<_> {
        let columns: Vec<_> = COLUMNS
            .into_iter()
            .flat_map(|names| accepted_names(names, language))
            .collect();
        names
            .iter()
            .filter(|name| is_one_of(name, &columns))
            .map(|name| (*name).to_owned())
            .collect()
    };
    let ours = [Lang::En, Lang::Es]
        .map(of)
        .into_iter()
        .max_by_key(Vec::len)?;
    let has_sent = SENT_COLUMN.iter().any(|column| is_one_of(column, &names));
    (ours.len() >= MIN_WITHOUT_SENT && !has_sent).then_some(ours)
}

/// The outcome of a row in a report. Fields of missing columns are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedOutcome {
    pub(crate) run: String,
    pub(crate) line: String,
    pub(crate) sent: String,
    /// None if the report lacks the column.
    pub(crate) sent_to: Option<String>,
    /// None if the report lacks the column.
    pub(crate) code: Option<String>,
    /// The delivery status. Empty if Jelou was not asked for it.
    pub(crate) delivery: String,
}

/// Which columns of a header belong to the list and which to the report, in any order.
#[derive(Debug)]
pub(crate) struct ReportLayout {
    /// The positions of the list's columns.
    own: Vec<usize>,
    /// The position of each of [`COLUMNS`], if this is a report.
    outcome: Option<[Option<usize>; COLUMNS.len()]>,
    language: Lang,
}

/// The columns of a header that may be a report's.
struct MatchedColumns {
    language: Lang,
    /// The position of each of [`COLUMNS`].
    places: [Option<usize>; COLUMNS.len()],
}

impl MatchedColumns {
    /// Finds them in `header`. The columns of [`READ_BACK`] can have another language than the
    /// others: up to version 0.3, they had English names in every report.
    fn in_header(header: &[&str]) -> Self {
        let place = |column: &str| {
            let column = column.to_lowercase();
            header
                .iter()
                .rposition(|name| name.trim().to_lowercase() == column)
        };
        let [english_sent, spanish_sent] = SENT_COLUMN.map(place);
        let read_back = if spanish_sent > english_sent {
            Lang::Es
        } else {
            Lang::En
        };
        let is_read_back = |names: &[&str; 2]| READ_BACK.contains(&names[0]);
        let with_others_in = |language: Lang| {
            COLUMNS.map(|names| {
                let language = if is_read_back(&names) {
                    read_back
                } else {
                    language
                };
                place(language.pick(names))
            })
        };
        let english = with_others_in(Lang::En);
        let mut spanish = with_others_in(Lang::Es);
        // Some may be the list's own columns, such as `fecha`. The other Spanish names count only
        // if all are there, and no English ones come after them.
        let mut pairs = COLUMNS.iter().zip(spanish);
        let has_all_spanish = pairs.all(|(names, at)| is_read_back(names) || at.is_some());
        let is_spanish = has_all_spanish && spanish > english;
        if read_back == Lang::En && !is_spanish {
            return Self {
                language: Lang::En,
                places: english,
            };
        }
        if !has_all_spanish {
            let others = COLUMNS.iter().zip(&mut spanish);
            for (_, place) in others.filter(|(names, _)| !is_read_back(names)) {
                *place = None;
            }
        }
        Self {
            language: Lang::Es,
            places: spanish,
        }
    }

    fn is_report(&self) -> bool {
        let has_sent = COLUMNS
            .iter()
            .zip(self.places)
            .any(|(names, place)| *names == SENT_COLUMN && place.is_some());
        has_sent && self.places.iter().flatten().count() > MIN_OTHERS
    }
}

/// Refuses a header if one of the list's `own` columns has the name of a report column in `ours`.
fn refuse_same_name(header: &[&str], own: &[usize], ours: &[usize]) -> Result<(), UsageError> {
    let name = |place: usize| {
        let name = header.get(place).map(|name| name.trim());
        name.unwrap_or_default()
    };
    let pairs = ours
        .iter()
        .flat_map(|last| own.iter().map(move |first| [*first, *last]));
    let mut doubled = pairs.filter(|pair| name(pair[0]).eq_ignore_ascii_case(name(pair[1])));
    let Some(pair) = doubled.next() else {
        return Ok(());
    };
    let [first, last] = pair.map(|place| place + 1);
    Err(UsageError::new(
        msg!(
            "the columns {first} and {last} have the name `{name}`, so the report's column is ambiguous",
            first,
            last,
            name = name(pair[1])
        ),
        msg!("rename the list's column, or move it before the report's columns"),
    ))
}

impl ReportLayout {
    /// Finds the report columns. A header with [`SENT_COLUMN`] and at least two more report columns
    /// is a report. If a name occurs twice, the last column is the report's, because those come
    /// after the list's columns.
    ///
    /// # Errors
    /// If a name occurs twice and the report's columns are not together in their order, because
    /// someone moved a column.
    pub(crate) fn from_header(header: &[&str]) -> Result<Self, UsageError> {
        let found = MatchedColumns::in_header(header);
        let outcome = found.is_report().then_some(found.places);
        let is_own = |place: &usize| !outcome.is_some_and(|places| places.contains(&Some(*place)));
        let own: Vec<_> = (0..header.len()).filter(is_own).collect();
        let ours: Vec<_> = outcome.iter().flatten().flatten().copied().collect();
        if !ours.is_sorted_by(|place, next| place + 1 == *next) {
            refuse_same_name(header, &own, &ours)?;
        }
        Ok(Self {
            own,
            outcome,
            language: found.language,
        })
    }

    pub(super) fn is_report(&self) -> bool {
        self.outcome.is_some()
    }

    /// Returns whether the report's columns are the last ones, in their order.
    pub(super) fn is_as_written(&self) -> bool {
        self.outcome.is_some_and(|places| {
            (self.own.len()..)
                .zip(places)
                .all(|(at, place)| place == Some(at))
        })
    }

    /// Returns the report columns that are missing.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let places = self.outcome.iter().flatten();
        let columns = outcome_columns(self.language).into_iter().zip(places);
        columns
            .filter(|(_, place)| place.is_none())
            .map(|(column, _)| column)
            .collect()
    }

    /// Returns the position among the list's columns of the column at `place`.
    pub(crate) fn own_place(&self, place: usize) -> Option<usize> {
        self.own.iter().position(|own| *own == place)
    }

    /// Returns the list's cells in a row or header, as they were before the report.
    pub(super) fn own(&self, cells: &[&str]) -> Vec<String> {
        let own = self
            .own
            .iter()
            .map(|place| cells.get(*place).copied().unwrap_or_default());
        own.map(|cell| self.as_typed(cell)).collect()
    }

    /// Returns a cell as it was before the report.
    pub(crate) fn as_typed(&self, cell: &str) -> String {
        if self.is_report() {
            unguarded(cell)
        } else {
            cell.to_owned()
        }
    }

    /// Returns the outcome in the cells of a report's row.
    pub(crate) fn outcome(&self, cells: &[&str]) -> Option<ReportedOutcome> {
        let places = self.outcome?;
        let cell = |place: usize| unguarded(cells.get(place).copied().unwrap_or_default());
        let of_place = |at: usize| places.get(at).copied().flatten().map(cell);
        Some(ReportedOutcome::read(|column| {
            of_place(COLUMNS.iter().position(|[known, _]| *known == column)?)
        }))
    }
}

/// The value of a report's column `sent`, which a user may have edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentValue {
    Yes,
    No,
    Unknown,
}

impl ReportedOutcome {
    /// Returns whether the row was sent.
    ///
    /// # Errors
    /// If the value is not one of the three.
    pub(crate) fn is_sent(&self) -> Result<SentValue, Message> {
        match self.sent.trim().to_lowercase().as_str() {
            // A report may be in Spanish, or edited by a user who writes Spanish.
            "yes" | "sí" | "si" => Ok(SentValue::Yes),
            "no" => Ok(SentValue::No),
            "unknown" | "sin confirmar" => Ok(SentValue::Unknown),
            "" => Err(msg!("sent: is empty")),
            _ => Err(msg!(
                "sent: `{sent}` is not yes, no or unknown",
                sent = self.sent.escape_debug().to_string()
            )),
        }
    }

    /// Returns whether the row was invalid, so that it could not be sent.
    pub(crate) fn was_invalid(&self) -> bool {
        self.is_sent() == Ok(SentValue::No)
            && self.code.as_deref().map(str::trim) == Some("invalid")
    }

    /// Returns whether Jelou accepted the message, but WhatsApp did not deliver it.
    pub(crate) fn is_undelivered(&self) -> bool {
        let delivery = self.delivery.trim().to_lowercase();
        ["undelivered", "no entregado"].contains(&delivery.as_str())
    }

    /// Reads the outcome of a row. `cell` returns the cell of a column by its English name in
    /// [`COLUMNS`]; None if the report lacks the column.
    fn read(cell: impl Fn(&str) -> Option<String>) -> Self {
        let text = |column| cell(column).unwrap_or_default();
        Self {
            run: text("run"),
            line: text("line"),
            sent: text("sent"),
            sent_to: cell("sent_to"),
            code: cell("code"),
            delivery: text("delivery"),
        }
    }

    /// Removes the outcome from the fields of an object, if they are a row of a report.
    pub(super) fn take(fields: &mut Map<String, Value>) -> Option<Self> {
        let columns = outcome_columns(Lang::En);
        let ours = columns
            .iter()
            .filter(|column| fields.contains_key(**column))
            .count();
        if !fields.contains_key(SENT_COLUMN[0]) || ours <= MIN_OTHERS {
            return None;
        }
        let outcome = Self::read(|column| match fields.get(column)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => Some(String::new()),
        });
        fields.retain(|name, _| !columns.contains(&name.as_str()));
        Some(outcome)
    }
}

/// A spreadsheet would run a cell that begins with one of these characters, or take it for a
/// guarded one. The wide forms come from Asian keyboards; a spreadsheet treats them like the
/// others.
const GUARDED: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\'',
];

/// Returns the cell with a `'` at each place where a spreadsheet would begin a cell that it runs.
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

/// Guards a cell of a workbook. It is a text and never runs, so it is guarded only if it looks like
/// a guarded cell.
pub(crate) fn guarded_in_sheet(cell: &str) -> Cow<'_, str> {
    if unguarded(cell) == cell {
        Cow::Borrowed(cell)
    } else {
        Cow::Owned(guarded(cell))
    }
}

/// Returns the original of a cell that [`guarded`] changed.
fn unguarded(cell: &str) -> String {
    let mut plain = String::with_capacity(cell.len());
    let mut at_begin = true;
    let mut characters = cell.chars();
    while let Some(mut character) = characters.next() {
        if at_begin && character == '\'' {
            let Some(guarded) = characters.next() else {
                break;
            };
            character = guarded;
        }
        plain.push(character);
        at_begin = begins_after(character, at_begin);
    }
    plain
}

/// Returns whether a cell may begin after `character`, in a program that uses any delimiter. A quote inside a cell does not
/// prevent that. The quotes around a cell are not part of it.
fn begins_after(character: char, at_begin: bool) -> bool {
    let ends_line = character == '\r' || character == '\n';
    ends_line || DELIMITERS.contains(&character) || (at_begin && character == '"')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spanish_columns_make_a_spanish_report() {
        let [english, spanish] = [Lang::En, Lang::Es].map(outcome_columns);
        let lacking = |columns: &[&'static str], name: &str| {
            columns
                .iter()
                .copied()
                .filter(|column| *column != name)
                .collect::<Vec<_>>()
        };
        let half_spanish = COLUMNS.map(|names| {
            let is_read_back = READ_BACK.contains(&names[0]);
            names[usize::from(!is_read_back)]
        });
        for (own, ours, expected, missing) in [
            (vec!["to"], spanish.to_vec(), vec!["to"], vec![]),
            (
                vec!["to", "fecha", "entrega"],
                english.to_vec(),
                vec!["to", "fecha", "entrega"],
                vec![],
            ),
            (
                vec!["to", "fecha", "entrega"],
                spanish.to_vec(),
                vec!["to", "fecha", "entrega"],
                vec![],
            ),
            (vec!["to", "at"], spanish.to_vec(), vec!["to", "at"], vec![]),
            (
                vec!["to", "fecha"],
                lacking(&english, "at"),
                vec!["to", "fecha"],
                vec!["at"],
            ),
            (
                vec!["to"],
                lacking(&spanish, "enviado a"),
                vec!["to"],
                vec!["enviado a"],
            ),
            // Up to version 0.3, some Spanish reports had English names.
            (
                vec!["to", "fecha"],
                half_spanish.to_vec(),
                vec!["to", "fecha"],
                vec![],
            ),
            // Without all of them, `fecha` is a column of the list.
            (
                vec!["to", "fecha"],
                vec!["nombre del envío", "enviado por Jelou", "código del motivo"],
                vec!["to", "fecha"],
                lacking(&spanish[1..], "enviado por Jelou")
                    .into_iter()
                    .filter(|column| *column != "código del motivo")
                    .collect(),
            ),
            (
                vec!["to", "enviado", "código", "línea", "error"],
                vec![],
                vec!["to", "enviado", "código", "línea", "error"],
                vec![],
            ),
            (
                spanish[6..13].to_vec(),
                english.to_vec(),
                spanish[6..13].to_vec(),
                vec![],
            ),
            (
                spanish[3..13].to_vec(),
                english.to_vec(),
                spanish[3..13].to_vec(),
                vec![],
            ),
            (
                english[3..13].to_vec(),
                spanish.to_vec(),
                english[3..13].to_vec(),
                vec![],
            ),
            (
                vec!["to", "fecha"],
                vec!["run", "line", "sent"],
                vec!["to", "fecha"],
                english[3..].to_vec(),
            ),
        ] {
            let header = [own, ours].concat();
            let layout = ReportLayout::from_header(&header).unwrap();
            assert_eq!(
                (layout.own(&header), layout.missing()),
                (expected.iter().map(ToString::to_string).collect(), missing),
                "{header:?}"
            );
            let upper: Vec<_> = header.iter().map(|name| name.to_uppercase()).collect();
            let upper =
                ReportLayout::from_header(&upper.iter().map(String::as_str).collect::<Vec<_>>())
                    .unwrap();
            assert_eq!(upper.own, layout.own);
        }
    }

    #[test]
    fn duplicate_report_columns_are_resolved_or_rejected() {
        let ours = outcome_columns(Lang::En);
        for (header, expected) in [
            ([&["to", "code"], &ours[..]].concat(), None),
            ([&["to", "code"], &ours[..], &["note"]].concat(), None),
            ([&["to", "code"], &ours[..4], &ours[5..]].concat(), None),
            ([&["to"], &ours[..], &["Code"]].concat(), Some([7, 16])),
            (
                [&["to"], &ours[..], &["code", "error"]].concat(),
                Some([7, 16]),
            ),
            ([&["to"], &ours[..], &["sent_to"]].concat(), Some([15, 16])),
            ([&["to"], &ours[..], &["run"]].concat(), Some([2, 16])),
            (
                [&["to", "code"], &ours[..3], &["note"], &ours[3..]].concat(),
                Some([2, 9]),
            ),
            ([&["to"], &ours[..3], &["note"], &ours[3..]].concat(), None),
        ] {
            let found = ReportLayout::from_header(&header)
                .err()
                .map(|error| error.to_string());
            let found = found
                .as_ref()
                .and_then(|error| error.split_once(" have the name `"))
                .map(|(columns, _)| columns);
            let expected = expected.map(|[first, last]| format!("the columns {first} and {last}"));
            assert_eq!(found, expected.as_deref(), "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn guarded_cell_round_trips_and_never_executes(cell in "[a'=+@\\-＝＋－＠\t\r\n,;|\" ]{0,8}.*") {
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
