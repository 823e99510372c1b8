//! The chart of a run: how many messages ended in each span of time, stacked by outcome, and when the run rested. The
//! drawing has no text, so that it can be stretched. The text is next to it and in a table.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::rows::{RowOutcome, UNDELIVERED};
use super::texts::PageClock;
use crate::runs::ledger::{RowState, RunEvent, RunEventKind};

/// The possible spans of a bar, in milliseconds. Each is a multiple of the one before, so that bars can be joined. After
/// the last one, spans double.
const SPANS: [i64; 13] = [
    1_000,
    5_000,
    10_000,
    30_000,
    60_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
    10_800_000,
    21_600_000,
    86_400_000,
    604_800_000,
];
const MAX_BARS: i64 = 60;
const MINUTE: i64 = 60_000;
/// The size of the drawing, in its own units.
const WIDTH: i64 = 6000;
const HEIGHT: i64 = 1000;
const WIDEST_BAR: i64 = 240;
/// The minimum size of a part, so that a single message is visible.
const MIN_SIZE: i64 = 16;

/// The outcomes that have bars, from the bottom.
const STACKED: [&str; 4] = ["sent", UNDELIVERED, "unknown", "failed"];

/// The messages of a span of time, by their outcome.
type BarCounts = [i64; STACKED.len()];

/// Counts messages by the time of their outcome. Its memory does not grow with their number.
pub(super) struct Timeline {
    /// How far local time is ahead of UTC, so that bars begin on the hour, in milliseconds.
    offset: i64,
    span: i64,
    bars: BTreeMap<i64, BarCounts>,
    rests: Vec<Rest>,
}

/// A time without sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    from: i64,
    to: i64,
    /// `waiting`, `paused` or `stopped`: the name of an event.
    kind: &'static str,
}

/// The chart for the page.
#[derive(Debug, Serialize)]
pub(super) struct DrawnTimeline {
    width: i64,
    height: i64,
    bars: Vec<DrawnBar>,
    rests: Vec<DrawnRest>,
    /// The outcomes that occur, and the kinds of rest.
    outcomes: Vec<&'static str>,
    rest_kinds: Vec<&'static str>,
    /// The span of a bar as text.
    span: String,
    /// The number of messages in the largest bar.
    tallest: i64,
    /// The start, the middle and the end.
    ticks: [String; 3],
}

#[derive(Debug, Serialize)]
struct DrawnBar {
    from: String,
    parts: Vec<BarPart>,
    /// One for each of the `outcomes` of the chart.
    counts: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct BarPart {
    outcome: &'static str,
    count: i64,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

#[derive(Debug, Serialize)]
struct DrawnRest {
    kind: &'static str,
    x: i64,
    width: i64,
    /// Its times as text.
    times: String,
}

/// The range of bars, and the times at both ends.
struct Frame {
    first: i64,
    bars: i64,
    begin: i64,
    end: i64,
    /// The number of messages at the top.
    tallest: i64,
}

impl Timeline {
    /// Creates the timeline of a run that started at `from`, in milliseconds since 1970.
    pub(super) fn new(clock: &PageClock, from: i64) -> Self {
        Self {
            offset: clock.offset(from),
            span: SPANS[0],
            bars: BTreeMap::new(),
            rests: Vec::new(),
        }
    }

    /// Counts a row. Its last attempt ended at `at`.
    pub(super) fn add(&mut self, at: i64, outcome: RowOutcome) {
        let name = match outcome.state {
            RowState::Sent if outcome.is_undelivered() => UNDELIVERED,
            RowState::Sent | RowState::Failed | RowState::Unknown => outcome.state.name(),
            RowState::Pending | RowState::Inflight | RowState::Skipped => return,
        };
        let place = STACKED.iter().position(|stacked| *stacked == name);
        let bar = self.bars.entry((at + self.offset).div_euclid(self.span));
        let counts = bar.or_default();
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
        self.join_bars();
    }

    /// Adds the times when the run rested.
    pub(super) fn rest(&mut self, rests: Vec<Rest>) {
        for rest in &rests {
            for at in [rest.from, rest.to] {
                self.bars
                    .entry((at + self.offset).div_euclid(self.span))
                    .or_default();
                self.join_bars();
            }
        }
        self.rests = rests;
    }

    /// Joins bars until they are few enough.
    fn join_bars(&mut self) {
        while self.number() > MAX_BARS {
            let longer = SPANS.into_iter().find(|span| *span > self.span);
            let span = longer.unwrap_or(self.span * 2);
            let times = span / self.span;
            let mut joined: BTreeMap<i64, BarCounts> = BTreeMap::new();
            for (place, counts) in &self.bars {
                let sums = joined.entry(place.div_euclid(times)).or_default();
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum += count;
                }
            }
            self.span = span;
            self.bars = joined;
        }
    }

    /// Counts the bars from the first to the last, including empty ones.
    fn number(&self) -> i64 {
        let first = self.bars.keys().next().copied().unwrap_or_default();
        let last = self.bars.keys().next_back().copied().unwrap_or_default();
        last.saturating_sub(first).saturating_add(1)
    }

    /// Draws the chart. Returns None if nothing was sent.
    pub(super) fn draw(&self, clock: &PageClock) -> Option<DrawnTimeline> {
        let frame = self.frame()?;
        let format = self.time_format(&frame, clock);
        let places = self.shown_outcomes();
        let filled = self
            .bars
            .iter()
            .filter(|(_, bar)| bar.iter().any(|count| *count > 0));
        let drawn = filled.map(|(place, bar)| DrawnBar {
            from: clock.format(place * self.span - self.offset, &format),
            parts: frame.parts(*place, bar),
            counts: places
                .iter()
                .filter_map(|place| bar.get(*place).copied())
                .collect(),
        });
        let mut rest_kinds: Vec<_> = self.rests.iter().map(|rest| rest.kind).collect();
        rest_kinds.sort_unstable();
        rest_kinds.dedup();
        let span = Duration::from_millis(self.span.unsigned_abs());
        let middle = frame.begin + (frame.end - frame.begin) / 2;
        Some(DrawnTimeline {
            width: WIDTH,
            height: HEIGHT,
            bars: drawn.collect(),
            rests: self
                .rests
                .iter()
                .map(|rest| frame.rest(rest, clock))
                .collect(),
            outcomes: places
                .iter()
                .filter_map(|place| STACKED.get(*place).copied())
                .collect(),
            rest_kinds,
            span: describe_span(span),
            tallest: frame.tallest,
            ticks: [frame.begin, middle, frame.end].map(|at| clock.format(at, &format)),
        })
    }

    /// Returns the range of the bars, or None if nothing was sent.
    fn frame(&self) -> Option<Frame> {
        let tallest = self.bars.values().map(|bar| bar.iter().sum()).max();
        let tallest = tallest.filter(|tallest| *tallest > 0)?;
        let first = self.bars.keys().next().copied()?;
        let bars = self.number();
        Some(Frame {
            first,
            bars,
            begin: first * self.span - self.offset,
            end: (first + bars) * self.span - self.offset,
            tallest,
        })
    }

    /// Returns the format of the times. It has the day only if there are several, and seconds only if a bar is shorter
    /// than a minute.
    fn time_format(&self, frame: &Frame, clock: &PageClock) -> String {
        let is_one_day = clock.format(frame.begin, "%F") == clock.format(frame.end - 1, "%F");
        let time = if self.span < MINUTE {
            "%H:%M:%S"
        } else {
            "%H:%M"
        };
        if is_one_day {
            time.to_owned()
        } else {
            format!("{} {time}", clock.date)
        }
    }

    /// Returns the positions in [`STACKED`] of the outcomes that occur.
    fn shown_outcomes(&self) -> Vec<usize> {
        let occurs = |place: usize| {
            self.bars
                .values()
                .any(|bar| bar.get(place).is_some_and(|count| *count > 0))
        };
        (0..STACKED.len()).filter(|place| occurs(*place)).collect()
    }
}

impl Frame {
    /// Returns the parts of a bar, from the bottom.
    fn parts(&self, place: i64, counts: &BarCounts) -> Vec<BarPart> {
        let room = WIDTH / self.bars;
        let width = (room * 5 / 6).clamp(1, WIDEST_BAR);
        let x = WIDTH * (place - self.first) / self.bars + (room - width) / 2;
        let mut y = HEIGHT;
        let mut parts = Vec::new();
        for (outcome, count) in STACKED.into_iter().zip(counts) {
            if *count == 0 {
                continue;
            }
            let height = (HEIGHT * count / self.tallest).max(MIN_SIZE);
            y -= height;
            parts.push(BarPart {
                outcome,
                count: *count,
                x,
                y: y.max(0),
                width,
                height,
            });
        }
        parts
    }

    fn rest(&self, rest: &Rest, clock: &PageClock) -> DrawnRest {
        let x = self.x(rest.from);
        DrawnRest {
            kind: rest.kind,
            x,
            width: (self.x(rest.to) - x).max(MIN_SIZE),
            times: clock.span(rest.from, rest.to),
        }
    }

    /// Returns the position of a time in the drawing.
    fn x(&self, at: i64) -> i64 {
        let passed = i128::from(at.clamp(self.begin, self.end) - self.begin);
        let x = i128::from(WIDTH) * passed / i128::from(self.end - self.begin);
        i64::try_from(x).unwrap_or_default()
    }
}

/// Describes the span of a bar, which is a whole number of one unit: `10 min`.
fn describe_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units
        .into_iter()
        .find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, name) = unit.unwrap_or((1, "s"));
    format!("{} {name}", seconds / length)
}

/// Finds the times when a run rested: from each pause or wait to its planned end, or to an earlier event. A rest until
/// `now` is at most as long as the run before it, so that the chart still shows the run.
pub(super) fn find_rests(events: &[RunEvent], is_finished: bool, now: i64) -> Vec<Rest> {
    let begin = events.first().map_or(now, |event| event.at);
    let mut rests: Vec<Rest> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let is_rest = match event.kind {
            RunEventKind::Waiting | RunEventKind::Paused | RunEventKind::Stopped => true,
            RunEventKind::Begun
            | RunEventKind::Resumed
            | RunEventKind::Cancelled
            | RunEventKind::Ended
            | RunEventKind::Resolved
            | RunEventKind::Overridden => false,
        };
        let next = events.get(place + 1).map(|next| next.at);
        let lasts = now.min(event.at.saturating_add((event.at - begin).max(MINUTE)));
        let end = next.or(Some(lasts).filter(|_| !is_finished));
        let planned = event.until.filter(|_| event.kind == RunEventKind::Waiting);
        let to = match (end, planned) {
            (Some(end), Some(planned)) => end.min(planned),
            (Some(to), None) | (None, Some(to)) => to,
            (None, None) => continue,
        };
        if !is_rest || to <= event.at {
            continue;
        }
        let kind = event.kind.name();
        match rests.last_mut() {
            // Consecutive waits are one rest.
            Some(last) if last.kind == kind && last.to >= event.at => last.to = last.to.max(to),
            _ => rests.push(Rest {
                from: event.at,
                to,
                kind,
            }),
        }
    }
    rests
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::base::message::{Lang, Message};

    const SENT: RowOutcome = RowOutcome::new(RowState::Sent);
    const FAILED: RowOutcome = RowOutcome::new(RowState::Failed);

    fn clock() -> PageClock {
        PageClock::new(TimeZone::UTC, Lang::En)
    }

    fn drawn(ends: &[(i64, RowOutcome)], rests: &[Rest]) -> DrawnTimeline {
        let first = ends.first().map_or(0, |(at, _)| *at);
        let mut timeline = Timeline::new(&clock(), first);
        for (at, outcome) in ends {
            timeline.add(*at, *outcome);
        }
        timeline.rest(rests.to_vec());
        timeline.draw(&clock()).unwrap()
    }

    fn event(kind: RunEventKind, at: i64, until: Option<i64>) -> RunEvent {
        RunEvent {
            kind,
            at,
            by: Message::default(),
            reason: None,
            problem: None,
            until,
        }
    }

    #[test]
    fn timeline_has_sixty_bars_and_every_message() {
        const DAY: i64 = 86_400_000;
        let lengths = [0, 1, 59_000, 61_000, DAY, 9 * DAY, 400 * DAY, 20_000 * DAY];
        for length in lengths {
            for begin in [0, 500, 1_795_187_703_123] {
                let ends: Vec<_> = (0..=100)
                    .map(|part| (begin + length * part / 100, SENT))
                    .collect();
                let drawn = drawn(&ends, &[]);
                assert!(drawn.bars.len() <= 60, "{length}: {}", drawn.bars.len());
                let sum: i64 = drawn.bars.iter().flat_map(|bar| &bar.counts).sum();
                assert_eq!(sum, 101, "{length}");
                let mut parts = drawn.bars.iter().flat_map(|bar| &bar.parts);
                assert!(parts.all(|part| part.x >= 0 && part.x + part.width <= WIDTH));
            }
        }
    }

    #[test]
    fn timeline_stacks_outcomes_and_keeps_pauses() {
        let undelivered = RowOutcome {
            state: RowState::Sent,
            delivery: UNDELIVERED,
        };
        let skipped = RowOutcome::new(RowState::Skipped);
        let ends = [
            (1000, SENT),
            (1200, undelivered),
            (1500, FAILED),
            (1600, FAILED),
            (9000, SENT),
            (9100, skipped),
        ];
        let rest = Rest {
            from: 2000,
            to: 8000,
            kind: "waiting",
        };
        let drawn = drawn(&ends, &[rest]);
        let parts: Vec<_> = drawn.bars[0]
            .parts
            .iter()
            .map(|part| (part.outcome, part.y, part.height))
            .collect();
        assert_eq!(
            parts,
            [
                ("sent", 750, 250),
                ("undelivered", 500, 250),
                ("failed", 0, 500)
            ]
        );
        assert_eq!(drawn.outcomes, ["sent", "undelivered", "failed"]);
        assert_eq!(drawn.bars[1].counts, [1, 0, 0]);
        // Nine seconds are drawn, from the first to the tenth.
        assert_eq!((drawn.rests[0].x, drawn.rests[0].width), (666, 4000));
        assert_eq!((drawn.span.as_str(), drawn.tallest), ("1 s", 4));
        assert_eq!(drawn.ticks, ["00:00:01", "00:00:05", "00:00:10"]);
    }

    #[test]
    fn pauses_end_as_planned_or_at_next_event() {
        use RunEventKind::{Begun, Ended, Paused, Resumed, Waiting};
        let events = [
            event(Begun, 0, None),
            event(Waiting, 1_000, Some(5_000)),
            event(Waiting, 5_000, Some(9_000)),
            event(Paused, 20_000, None),
            event(Resumed, 30_000, None),
            event(Waiting, 40_000, Some(90_000)),
            event(Ended, 50_000, None),
        ];
        let rest = |from, to, kind| Rest { from, to, kind };
        let rests = find_rests(&events, true, 1_000_000);
        let expected = [
            rest(1_000, 9_000, "waiting"),
            rest(20_000, 30_000, "paused"),
            rest(40_000, 50_000, "waiting"),
        ];
        assert_eq!(rests, expected);
        // The rest of a run that is paused now is at most as long as the run before it.
        let unfinished = [event(Begun, 0, None), event(Paused, 200_000, None)];
        let rests = find_rests(&unfinished, false, 9_000_000);
        assert_eq!(rests, [rest(200_000, 400_000, "paused")]);
        let rests = find_rests(&unfinished, false, 250_000);
        assert_eq!(rests, [rest(200_000, 250_000, "paused")]);
    }
}
