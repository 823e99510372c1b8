//! The rows of the page, as many as fit: rows that need attention come first. Each is a short JSON array for the page's
//! script; the first rows are also HTML. Also the totals by state, reason, country and delivery status.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Value, json};

use super::texts::{Meaning, PageClock, reason_in_words};
use crate::base::message::Lang;
use crate::base::texts::shorten;
use crate::jelou::message::Part;
use crate::runs::ledger::{Counts, DeliveryCounts, RowState, SkipReason};

/// The delivery status of a message that was not delivered.
pub(super) const UNDELIVERED: &str = "undelivered";
/// The delivery status of a message that is missing from Jelou's history.
pub(super) const NOT_KNOWN: &str = "not_known";

/// The outcome of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowOutcome {
    pub(super) state: RowState,
    /// The delivery status of a sent row: a name of `DeliveryState`, or [`NOT_KNOWN`]. Empty before a delivery check.
    pub(super) delivery: &'static str,
}

impl RowOutcome {
    pub(super) const fn new(state: RowState) -> Self {
        Self {
            state,
            delivery: "",
        }
    }

    const fn delivered(delivery: &'static str) -> Self {
        Self {
            state: RowState::Sent,
            delivery,
        }
    }

    pub(super) fn is_undelivered(self) -> bool {
        self.delivery == UNDELIVERED
    }

    /// Returns its position in [`OUTCOMES`].
    fn index(self) -> usize {
        let place = OUTCOMES.iter().position(|known| *known == self);
        place.unwrap_or_default()
    }

    /// Returns its group. Groups that need attention come first.
    fn group(self) -> usize {
        match self.state {
            RowState::Failed => 0,
            RowState::Unknown => 1,
            RowState::Sent if self.is_undelivered() => 2,
            RowState::Inflight => 3,
            RowState::Pending => 4,
            RowState::Skipped => 5,
            RowState::Sent => 6,
        }
    }
}

/// The number of groups of rows.
const GROUPS: usize = 7;
/// All possible outcomes. A row stores the position of its outcome.
pub(super) const OUTCOMES: [RowOutcome; 14] = [
    RowOutcome::new(RowState::Failed),
    RowOutcome::new(RowState::Unknown),
    RowOutcome::new(RowState::Inflight),
    RowOutcome::new(RowState::Pending),
    RowOutcome::new(RowState::Skipped),
    RowOutcome::new(RowState::Sent),
    RowOutcome::delivered(UNDELIVERED),
    RowOutcome::delivered("accepted"),
    RowOutcome::delivered("at_whatsapp"),
    RowOutcome::delivered("delivered"),
    RowOutcome::delivered("read"),
    RowOutcome::delivered("replied"),
    RowOutcome::delivered("other"),
    RowOutcome::delivered(NOT_KNOWN),
];

/// The states with a number at the top, in their order. Before a run, sent means ready, failed cannot be sent, unknown
/// needs a check, and no row is pending.
const SHOWN: [RowState; 5] = [
    RowState::Sent,
    RowState::Failed,
    RowState::Unknown,
    RowState::Skipped,
    RowState::Pending,
];

/// The maximum number of different reasons.
const MAX_REASONS: usize = 100;

/// The totals, updated row by row.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// Whether nothing was sent yet: the states are planned outcomes.
    pub(super) is_preview: bool,
    /// Whether the list cannot be sent as it is.
    pub(super) is_refused: bool,
    pub(super) counts: Counts,
    /// The reasons by the state of their rows and their names.
    reasons: BTreeMap<(&'static str, String), ReasonSum>,
    countries: BTreeMap<&'static str, Counts>,
    /// The number of sent rows with each delivery status.
    pub(super) deliveries: BTreeMap<&'static str, u64>,
}

/// The rows of one reason.
#[derive(Debug, Default)]
struct ReasonSum {
    rows: u64,
    /// The line and the message of the first row.
    example: Option<(u64, String)>,
}

impl Outcomes {
    /// Returns whether there is room for a reason: a server may return a different one for each row.
    pub(super) fn has_room_for(&self, reason: &str) -> bool {
        self.reasons.len() < MAX_REASONS || self.reasons.keys().any(|(_, known)| known == reason)
    }

    /// Counts a row. `said` is the row's line and its message, if the message adds to the reason.
    pub(super) fn add(
        &mut self,
        outcome: RowOutcome,
        reason: &str,
        country: &'static str,
        said: Option<(u64, &str)>,
    ) {
        let state = outcome.state;
        if !outcome.delivery.is_empty() {
            *self.deliveries.entry(outcome.delivery).or_default() += 1;
        }
        *self.counts.count_mut(state) += 1;
        *self.countries.entry(country).or_default().count_mut(state) += 1;
        match state {
            RowState::Failed | RowState::Unknown | RowState::Skipped => {
                self.add_reason(state.name(), reason, said);
            }
            RowState::Sent if outcome.is_undelivered() => {
                self.add_reason(UNDELIVERED, reason, said);
            }
            RowState::Sent | RowState::Pending | RowState::Inflight => {}
        }
    }

    fn add_reason(&mut self, state: &'static str, reason: &str, said: Option<(u64, &str)>) {
        let sum = self.reasons.entry((state, reason.to_owned())).or_default();
        sum.rows += 1;
        if sum.example.is_none() {
            sum.example = said.map(|(line, words)| (line, words.to_owned()));
        }
    }

    /// Counts the messages that were not delivered.
    pub(super) fn undelivered(&self) -> u64 {
        self.deliveries
            .get(UNDELIVERED)
            .copied()
            .unwrap_or_default()
    }

    /// Returns the numbers at the top, each with the sum of the numbers before it. Only the sent messages have some
    /// that were not delivered.
    pub(super) fn tiles(&self) -> Vec<Value> {
        let mut before = 0;
        let tiles = self.count_tiles(&self.counts).map(|(state, count)| {
            let is_sent = state == RowState::Sent.name();
            let undelivered = if is_sent { self.undelivered() } else { 0 };
            let tile = json!({
                "state": state,
                "count": count,
                "before": before,
                "undelivered": undelivered,
            });
            before += count;
            tile
        });
        tiles.collect()
    }

    /// Returns the reasons, most frequent first: of rows skipped `on_purpose`, or of rows that need attention.
    pub(super) fn reasons(&self, on_purpose: bool, language: Lang) -> Vec<Value> {
        let is_skipped = |state: &str| state == RowState::Skipped.name();
        let is_on_purpose =
            |state: &str, reason: &str| is_skipped(state) && reason != SkipReason::Invalid.name();
        let mut reasons: Vec<_> = self
            .reasons
            .iter()
            .filter(|((state, reason), _)| is_on_purpose(state, reason) == on_purpose)
            .collect();
        // Before a run, reasons that prevent it come first.
        let is_later = |state: &str| self.is_preview && state != RowState::Failed.name();
        reasons.sort_by_key(|((state, reason), sum)| {
            (
                is_skipped(state),
                is_later(state),
                Reverse(sum.rows),
                reason,
            )
        });
        let example = |(line, words): &(u64, String)| {
            language.text_with("for_example", &line.to_string()) + " " + words
        };
        let lines = reasons.into_iter().map(|((state, reason), sum)| {
            json!({
                "state": state,
                "reason": reason_in_words(reason, language),
                "example": sum.example.as_ref().map(example),
                "meaning": Meaning::find(reason, language),
                "rows": sum.rows,
            })
        });
        lines.collect()
    }

    /// Returns the countries with their numbers, largest first. Rows without a phone number come last.
    pub(super) fn countries(&self) -> Vec<(&'static str, Vec<u64>)> {
        let mut countries: Vec<_> = self.countries.iter().collect();
        countries.sort_by_key(|(country, counts)| (country.is_empty(), Reverse(counts.all())));
        countries
            .into_iter()
            .map(|(country, counts)| {
                (
                    *country,
                    self.count_tiles(counts).map(|(_, count)| count).collect(),
                )
            })
            .collect()
    }

    /// Names and numbers of the states in `SHOWN`. Rows in flight count as pending.
    fn count_tiles(&self, counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = *counts;
        let is_preview = self.is_preview;
        SHOWN
            .into_iter()
            .filter(move |state| !is_preview || *state != RowState::Pending)
            .map(move |state| {
                (
                    state.name(),
                    if state == RowState::Pending {
                        counts.count_open()
                    } else {
                        counts.count(state)
                    },
                )
            })
    }
}

/// Counts the delivery statuses of a run. Returns None if no message was sent. The numbers in `ends` add up to all sent
/// messages.
pub(super) fn funnel(counts: &DeliveryCounts) -> Option<Value> {
    let asked = counts.count_known() + counts.not_listed;
    let sent = asked + counts.no_id + counts.not_asked;
    let ends: BTreeMap<_, _> = counts.list_counts().into_iter().collect();
    (sent > 0)
        .then(|| json!({ "asked_at": counts.asked_at, "asked": asked, "sent": sent, "ends": ends }))
}

/// How many rows are readable without a script.
pub(super) const FIRST_ROWS: usize = 200;
/// The maximum size of the rows in bytes. Every browser and mail program accepts a page of 8 MB.
const MAX_BYTES: usize = 6_000_000;
/// The maximum number of characters shown of a cell or an error.
const LONGEST_CELL: usize = 200;
/// The content of a row on the page.
pub(super) struct PageRow<'a> {
    pub(super) line: u64,
    pub(super) outcome: RowOutcome,
    pub(super) reason: &'a str,
    pub(super) country: &'static str,
    /// A page with a mask has neither this nor the fields after it. The script writes it as in the country of the page.
    pub(super) at: Option<i64>,
    pub(super) error: &'a str,
    pub(super) cells: Vec<String>,
    /// Its message, on the page of a list before its run.
    pub(super) bubble: Option<Vec<Part>>,
}

/// Collects rows in their groups.
pub(super) struct PageRows<'a> {
    clock: &'a PageClock,
    /// Whether to hide names and numbers.
    pub(super) mask: bool,
    /// The maximum size of the rows on the page, in bytes.
    max_bytes: usize,
    groups: [RowGroup; GROUPS],
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
    /// The first rows, for HTML.
    pub(super) first: Vec<Value>,
    /// All rows as JSON without `<`, so that no text can end the script.
    pub(super) json: String,
    pub(super) number: u64,
}

impl<'a> PageRows<'a> {
    pub(super) fn new(clock: &'a PageClock, mask: bool) -> Self {
        let (groups, reasons) = Default::default();
        Self {
            clock,
            mask,
            max_bytes: MAX_BYTES,
            groups,
            reasons,
            number: 0,
        }
    }

    pub(super) fn add(&mut self, row: PageRow<'_>) {
        self.number += 1;
        let next = self.reasons.len();
        let reason = *self.reasons.entry(row.reason.to_owned()).or_insert(next);
        let Some(group) = self
            .groups
            .get_mut(row.outcome.group())
            .filter(|group| group.bytes < self.max_bytes)
        else {
            return;
        };
        let mut fields = vec![
            json!(row.line),
            json!(row.outcome.index()),
            json!(reason),
            json!(row.country),
        ];
        if !self.mask {
            fields.push(json!(
                row.at.map(|at| self.clock.format(at, "%Y-%m-%d %H:%M:%S"))
            ));
            fields.push(json!(shorten(row.error, LONGEST_CELL)));
            fields.extend(
                row.cells
                    .iter()
                    .map(|cell| json!(shorten(cell, LONGEST_CELL))),
            );
            fields.extend(row.bubble.map(|parts| json!(parts)));
        }
        // The JSON must not contain the end tag of its script.
        let text = Value::Array(fields).to_string().replace('<', "\\u003c");
        group.bytes += text.len() + 1;
        group.rows.push(text);
    }

    /// Returns the reasons in the order of their positions.
    pub(super) fn reasons(&self) -> Vec<&str> {
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, place)| **place);
        reasons
            .into_iter()
            .map(|(reason, _)| reason.as_str())
            .collect()
    }

    /// Chooses the rows that fit.
    pub(super) fn choose(&self) -> ChosenRows {
        let mut json = "[".to_owned();
        let mut number = 0;
        let mut first = Vec::new();
        for row in self.groups.iter().flat_map(|group| &group.rows) {
            if json.len() + row.len() + 2 > self.max_bytes {
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
        ChosenRows {
            first,
            json,
            number,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn unsent_rows_come_first_on_limited_page() {
        let clock = PageClock::new(TimeZone::UTC, crate::base::message::Lang::En);
        let mut rows = PageRows::new(&clock, false);
        for line in 0..100 {
            let state = if line % 10 == 0 {
                RowState::Failed
            } else {
                RowState::Sent
            };
            let at = Some(0);
            let error = "</script>";
            let cells = vec!["ñ".repeat(300)];
            let bubble = None;
            rows.add(PageRow {
                line,
                outcome: RowOutcome::new(state),
                reason: "x",
                country: "EC",
                at,
                error,
                cells,
                bubble,
            });
        }
        let chosen = rows.choose();
        let read: Vec<Value> = serde_json::from_str(&chosen.json).unwrap();
        assert_eq!((read.len() as u64, rows.number), (chosen.number, 100));
        assert_eq!(
            read[0],
            json!([
                0,
                0,
                0,
                "EC",
                "1970-01-01 00:00:00",
                "</script>",
                format!("{}…", "ñ".repeat(199))
            ])
        );
        assert!(!chosen.json.contains('<'));
        assert_eq!(chosen.first, read);
        rows.max_bytes = 1000;
        let few = rows.choose();
        assert!(
            few.json.len() <= 1000 && few.number == 2,
            "{}",
            few.json.len()
        );
    }
}
