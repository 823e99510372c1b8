//! The outcomes of the rows in total: by state, by reason and by country.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::meanings::{Meaning, shown_reason};
use crate::ledger::{Counts, RowState, SkipReason};
use crate::list::ReportLanguage;

/// The sums, updated row by row.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// Whether nothing was sent yet, so that the states say what would happen to the rows.
    is_preview: bool,
    pub(super) counts: Counts,
    reasons: HashMap<(WentWrong, String), ReasonSum>,
    countries: BTreeMap<&'static str, Counts>,
}

/// What went wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum WentWrong {
    /// It is failed, unknown or skipped.
    Row(RowState),
    /// It was sent, but the person did not get it.
    Undelivered,
}

/// The rows of one reason.
#[derive(Debug, Default)]
struct ReasonSum {
    rows: u64,
    /// The message for the first of them.
    example: Option<(u64, String)>,
}

/// A number at the top.
#[derive(Debug, Serialize)]
pub(super) struct Tile {
    state: &'static str,
    label: &'static str,
    meaning: &'static str,
    /// The number, as in `bulk status`.
    count: u64,
    shown: String,
    /// The share of the rows to be sent; empty if there are none.
    share: String,
    /// Its part of the bar for all rows: start and length, in thousandths.
    begin: u64,
    part: u64,
}

impl Tile {
    /// `Sent 950, Failed 30`, without zeros.
    pub(super) fn words(tiles: &[Self]) -> String {
        let tiles = tiles.iter().filter(|tile| tile.count > 0);
        tiles.map(|tile| format!("{} {}", tile.label, tile.shown)).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ReasonLine {
    state: &'static str,
    state_label: &'static str,
    reason: String,
    /// The message for one row, if the reason has no words of its own.
    example: Option<String>,
    sentence: Option<&'static str>,
    hint: Option<&'static str>,
    count: String,
    share: String,
}

#[derive(Debug, Serialize)]
pub(super) struct CountryLine {
    /// Two letters; empty without a number.
    country: &'static str,
    counts: Vec<String>,
    all: String,
}

impl Outcomes {
    /// For a list before its run.
    pub(super) fn of_list() -> Self {
        Self { is_preview: true, ..Self::default() }
    }

    /// `said` is the row's line and its message, if the message adds to the reason.
    pub(super) fn add(&mut self, state: RowState, reason: &str, country: &'static str, said: Option<(u64, &str)>) {
        *self.counts.of_mut(state) += 1;
        *self.countries.entry(country).or_default().of_mut(state) += 1;
        match state {
            RowState::Failed | RowState::Unknown | RowState::Skipped => {
                self.add_reason(WentWrong::Row(state), reason, said);
            }
            RowState::Sent | RowState::Pending | RowState::Inflight => {}
        }
    }

    /// Adds a row that was sent and not delivered.
    pub(super) fn add_undelivered(&mut self, reason: &str, said: Option<(u64, &str)>) {
        self.add_reason(WentWrong::Undelivered, reason, said);
    }

    fn add_reason(&mut self, wrong: WentWrong, reason: &str, said: Option<(u64, &str)>) {
        let sum = self.reasons.entry((wrong, reason.to_owned())).or_default();
        sum.rows += 1;
        if sum.example.is_none() {
            sum.example = said.map(|(line, words)| (line, words.to_owned()));
        }
    }

    pub(super) fn tiles(&self, language: ReportLanguage) -> Vec<Tile> {
        let counts = &self.counts;
        let (all, meant) = (counts.all(), self.to_be_sent());
        let tiles = self.tile_states();
        let mut before = 0;
        let tiles = tiles.iter().map(|(state, label, meaning)| {
            let count = shown_count(counts, *state);
            let begin = thousandths(before, all);
            before += count;
            Tile {
                state: state.name(),
                label: language.text(label),
                meaning: language.text(meaning),
                count,
                shown: language.number(count),
                share: if *state == RowState::Skipped || count == 0 {
                    String::new()
                } else {
                    language.share(count, meant)
                },
                begin,
                part: thousandths(before, all) - begin,
            }
        });
        tiles.collect()
    }

    /// The numbers, with the names of their labels and meanings.
    fn tile_states(&self) -> &'static [(RowState, &'static str, &'static str)] {
        if self.is_preview { &PLANNED_TILES } else { &TILES }
    }

    /// The rows that were not skipped.
    fn to_be_sent(&self) -> u64 {
        self.counts.all() - self.counts.skipped
    }

    /// The reasons, most frequent first: those that need attention, or those of rows skipped `on_purpose`.
    pub(super) fn reasons(&self, on_purpose: bool, language: ReportLanguage) -> Vec<ReasonLine> {
        let is_skipped = |wrong: WentWrong| wrong == WentWrong::Row(RowState::Skipped);
        let is_on_purpose = |wrong: WentWrong, reason: &str| is_skipped(wrong) && reason != SkipReason::Invalid.name();
        let mut reasons: Vec<_> =
            self.reasons.iter().filter(|((wrong, reason), _)| is_on_purpose(*wrong, reason) == on_purpose).collect();
        // Before a run, reasons that prevent it come first.
        let is_later =
            |wrong: WentWrong| is_skipped(wrong) || self.is_preview && wrong != WentWrong::Row(RowState::Failed);
        reasons.sort_by_key(|((wrong, reason), sum)| (is_skipped(*wrong), is_later(*wrong), Reverse(sum.rows), reason));
        let lines = reasons.into_iter().map(|((wrong, reason), sum)| {
            let meaning = Meaning::of(reason, language);
            let (state, state_label) = match *wrong {
                WentWrong::Row(state) if self.is_preview => (state.name(), planned(state, language)),
                WentWrong::Row(state) => (state.name(), one(state, language)),
                WentWrong::Undelivered => ("undelivered", language.text("one_undelivered")),
            };
            ReasonLine {
                state,
                state_label,
                reason: shown_reason(reason, language),
                example: sum
                    .example
                    .as_ref()
                    .map(|(line, words)| language.text_with("for_example", &line.to_string()) + " " + words),
                sentence: meaning.as_ref().map(|meaning| meaning.sentence),
                hint: meaning.and_then(|meaning| meaning.hint),
                count: language.number(sum.rows),
                share: match *wrong {
                    WentWrong::Row(RowState::Skipped) => String::new(),
                    _ => language.share(sum.rows, self.to_be_sent()),
                },
            }
        });
        lines.collect()
    }

    /// The countries, by number of rows, largest first; rows without a number last.
    pub(super) fn countries(&self, language: ReportLanguage) -> Vec<CountryLine> {
        let mut countries: Vec<_> = self.countries.iter().collect();
        countries.sort_by_key(|(country, counts)| (country.is_empty(), Reverse(counts.all())));
        let tiles = self.tile_states();
        let lines = countries.into_iter().map(|(country, counts)| CountryLine {
            country,
            counts: tiles.iter().map(|(state, ..)| language.number(shown_count(counts, *state))).collect(),
            all: language.number(counts.all()),
        });
        lines.collect()
    }
}

/// The numbers of a run: each state with the names of its label and its meaning.
const TILES: [(RowState, &str, &str); 5] = [
    (RowState::Sent, "sent", "sent_means"),
    (RowState::Failed, "failed", "failed_means"),
    (RowState::Unknown, "unknown", "unknown_means"),
    (RowState::Skipped, "skipped", "skipped_means"),
    (RowState::Pending, "pending", "left_means"),
];
/// The numbers of a list before its run.
const PLANNED_TILES: [(RowState, &str, &str); 4] = [
    (RowState::Sent, "fine", "fine_means"),
    (RowState::Failed, "bad", "bad_means"),
    (RowState::Unknown, "doubtful", "doubtful_means"),
    (RowState::Skipped, "left_aside", "skipped_means"),
];

/// The word for one row of a list before its run.
pub(super) fn planned(state: RowState, language: ReportLanguage) -> &'static str {
    language.text(match state {
        RowState::Sent | RowState::Pending | RowState::Inflight => "one_fine",
        RowState::Failed => "one_bad",
        RowState::Unknown => "one_doubtful",
        RowState::Skipped => "one_left_aside",
    })
}

/// The word for one row in a state.
pub(super) fn one(state: RowState, language: ReportLanguage) -> &'static str {
    language.text(match state {
        RowState::Sent => "one_sent",
        RowState::Failed => "one_failed",
        RowState::Unknown => "one_unknown",
        RowState::Skipped => "one_skipped",
        RowState::Pending => "one_pending",
        RowState::Inflight => "one_inflight",
    })
}

/// A row in flight is not sent yet.
fn shown_count(counts: &Counts, state: RowState) -> u64 {
    if state == RowState::Pending { counts.left() } else { counts.of(state) }
}

pub(super) fn thousandths(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1000) / whole.max(1)
}
