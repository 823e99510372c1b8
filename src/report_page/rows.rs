//! The rows of the page: as many as fit, those that need attention first. Each is a short JSON array, which the page's
//! script reads; the first ones are also real HTML.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::texts::PageClock;
use crate::ledger::RowState;
use crate::message::Part;

/// How many rows are readable without a script.
pub(super) const FIRST_ROWS: usize = 200;
/// The most bytes of the rows: a page of some 8 MB at most is one that every browser and mail program accepts.
const MOST_BYTES: usize = 6_000_000;
/// The maximum number of characters shown of a cell or an error.
const LONGEST_CELL: usize = 200;
/// The order of the states on the page.
pub(super) const ORDER: [RowState; 6] =
    [RowState::Failed, RowState::Unknown, RowState::Inflight, RowState::Pending, RowState::Skipped, RowState::Sent];

/// The content of a row on the page.
pub(super) struct PageRow<'a> {
    pub(super) line: u64,
    pub(super) state: RowState,
    pub(super) reason: &'a str,
    pub(super) country: &'static str,
    /// The rest is not on a page without names and numbers.
    pub(super) at: Option<i64>,
    pub(super) error: &'a str,
    pub(super) cells: Vec<String>,
    /// Its message, on the page of a list before its run.
    pub(super) bubble: Option<Vec<Part>>,
}

/// Collects rows by state.
pub(super) struct PageRows<'a> {
    clock: &'a PageClock,
    /// Whether names and numbers are left out.
    pub(super) mask: bool,
    /// The most bytes of those that are on the page.
    most: usize,
    groups: [RowGroup; ORDER.len()],
    /// The position of each reason.
    reasons: HashMap<String, usize>,
    /// The number of all rows.
    pub(super) number: u64,
}

#[derive(Default)]
struct RowGroup {
    rows: Vec<String>,
    bytes: usize,
}

/// The rows on the page.
#[derive(Debug, Default, Serialize)]
pub(super) struct ChosenRows {
    /// The first of them, as HTML.
    pub(super) first: Vec<Value>,
    /// The JSON of all of them, which cannot contain the end of a tag.
    pub(super) json: String,
    pub(super) number: u64,
}

impl<'a> PageRows<'a> {
    pub(super) fn new(clock: &'a PageClock, mask: bool) -> Self {
        let (groups, reasons) = Default::default();
        Self { clock, mask, most: MOST_BYTES, groups, reasons, number: 0 }
    }

    pub(super) fn add(&mut self, row: PageRow<'_>) {
        self.number += 1;
        let place = ORDER.iter().position(|state| *state == row.state).unwrap_or_default();
        let next = self.reasons.len();
        let reason = *self.reasons.entry(row.reason.to_owned()).or_insert(next);
        let Some(group) = self.groups.get_mut(place).filter(|group| group.bytes < self.most) else { return };
        let mut fields = vec![json!(row.line), json!(place), json!(reason), json!(row.country)];
        if !self.mask {
            fields.push(json!(row.at.map(|at| self.clock.day_and_second(at))));
            fields.push(json!(shortened(row.error)));
            fields.extend(row.cells.iter().map(|cell| json!(shortened(cell))));
            fields.extend(row.bubble.map(|parts| json!(parts)));
        }
        // Inside a script, nothing may look like its end tag.
        let text = Value::Array(fields).to_string().replace('<', "\\u003c");
        group.bytes += text.len() + 1;
        group.rows.push(text);
    }

    /// The reasons in the order of their positions.
    pub(super) fn reasons(&self) -> Vec<&str> {
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, place)| **place);
        reasons.into_iter().map(|(reason, _)| reason.as_str()).collect()
    }

    /// The rows that fit.
    pub(super) fn choose(&self) -> ChosenRows {
        let (mut json, mut number) = ("[".to_owned(), 0);
        let mut first = Vec::new();
        for row in self.groups.iter().flat_map(|group| &group.rows) {
            if json.len() + row.len() + 2 > self.most {
                break;
            }
            if number > 0 {
                json.push(',');
            }
            json.push_str(row);
            number += 1;
            if first.len() < FIRST_ROWS {
                first.extend(serde_json::from_str::<Value>(row));
            }
        }
        json.push(']');
        ChosenRows { first, json, number }
    }
}

/// The text, or its beginning and `…`.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn those_that_were_not_sent_come_first_and_the_page_has_an_end() {
        let clock = PageClock::new(TimeZone::UTC);
        let mut rows = PageRows::new(&clock, false);
        for line in 0..100 {
            let state = if line % 10 == 0 { RowState::Failed } else { RowState::Sent };
            let (at, error, cells, bubble) = (Some(0), "</script>", vec!["ñ".repeat(300)], None);
            rows.add(PageRow { line, state, reason: "x", country: "EC", at, error, cells, bubble });
        }
        let chosen = rows.choose();
        let read: Vec<Value> = serde_json::from_str(&chosen.json).unwrap();
        assert_eq!((read.len() as u64, rows.number), (chosen.number, 100));
        assert_eq!(read[0], json!([0, 0, 0, "EC", "01-01 00:00:00", "</script>", format!("{}…", "ñ".repeat(200))]));
        assert!(!chosen.json.contains('<'));
        assert_eq!(chosen.first, read);
        rows.most = 1000;
        let few = rows.choose();
        assert!(few.json.len() <= 1000 && few.number == 2, "{}", few.json.len());
    }
}
