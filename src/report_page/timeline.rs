//! Messages over time: bars for equal spans, stacked by state, and the times in which nothing was sent. The drawing
//! contains no words, so that it can be stretched; its labels are around it and in a table.

use serde::Serialize;

use super::texts::{DAY, PageClock};
use crate::ledger::RowState;

const MOST_BARS: i64 = 60;
/// The spans that a bar may stand for, in seconds; longer ones are whole weeks.
const SPANS: [i64; 20] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];
/// The size of the drawing, in its own units.
const WIDTH: i64 = 6000;
const HEIGHT: i64 = 1000;
const WIDEST_BAR: i64 = 300;
/// The minimum height, so that every value is visible.
const LEAST: i64 = 14;
/// Number of labels below the drawing, at equal distances.
const TICKS: i64 = 4;

/// The states that have bars, from the bottom.
const STACKED: [RowState; 3] = [RowState::Sent, RowState::Unknown, RowState::Failed];

/// A time in which nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Rest {
    pub(super) from: i64,
    pub(super) to: i64,
    /// `waiting`, `paused` or `stopped`: the name of a text, and of a CSS class.
    pub(super) kind: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    width: i64,
    height: i64,
    bars: Vec<TimelineBar>,
    rests: Vec<DrawnRest>,
    /// The span of a bar, in milliseconds.
    span: i64,
    /// The top of the scale.
    most: i64,
    ticks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct TimelineBar {
    from: String,
    counts: [i64; STACKED.len()],
    parts: Vec<BarPart>,
}

#[derive(Debug, Serialize)]
struct BarPart {
    state: &'static str,
    count: i64,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

#[derive(Debug, Serialize)]
struct DrawnRest {
    #[serde(flatten)]
    rest: Rest,
    x: i64,
    width: i64,
}

impl Timeline {
    /// The timeline of `ends`, the time and state of each sent row; None if there are none. `until` is the last known
    /// time of the run.
    pub(super) fn of(ends: &[(i64, RowState)], rests: &[Rest], until: i64, clock: &PageClock) -> Option<Self> {
        let first = ends.iter().map(|(at, _)| *at).min()?;
        let last = ends.iter().map(|(at, _)| *at).max()?;
        let from = rests.iter().map(|rest| rest.from).min().unwrap_or(first).min(first);
        let to = last.max(until).max(from);
        let span = span_of(to.saturating_sub(from));
        let offset = clock.offset(from);
        let begin = (from + offset).div_euclid(span) * span - offset;
        let number = (to - begin) / span + 1;
        let mut counts = vec![[0_i64; STACKED.len()]; usize::try_from(number).ok()?];
        for (at, state) in ends {
            let bar = usize::try_from((at - begin) / span).ok().and_then(|bar| counts.get_mut(bar));
            let place = STACKED.iter().position(|stacked| stacked == state);
            if let (Some(bar), Some(place)) = (bar, place)
                && let Some(count) = bar.get_mut(place)
            {
                *count += 1;
            }
        }
        let most = top_of(counts.iter().map(|bar| bar.iter().sum()).max().unwrap_or_default());
        let is_one_day = clock.is_one_day(from, to);
        let shown = |at| match (is_one_day, span < 60_000) {
            (true, true) => clock.second(at),
            (true, false) => clock.minute(at),
            (false, true) => clock.day_and_second(at),
            (false, false) => clock.day_and_minute(at),
        };
        let end = begin + number * span;
        let bars = (0..).zip(counts).filter(|(_, bar)| bar.iter().sum::<i64>() > 0);
        let bars = bars.map(|(place, bar)| TimelineBar::of(place, number, bar, most, shown(begin + place * span)));
        let drawn = rests.iter().map(|rest| DrawnRest {
            rest: rest.clone(),
            x: place(rest.from, begin, end),
            width: (place(rest.to, begin, end) - place(rest.from, begin, end)).max(LEAST),
        });
        Some(Self {
            width: WIDTH,
            height: HEIGHT,
            bars: bars.collect(),
            rests: drawn.collect(),
            span,
            most,
            ticks: (0..=TICKS).map(|tick| shown(begin + (end - begin) * tick / TICKS)).collect(),
        })
    }
}

impl TimelineBar {
    fn of(place: i64, number: i64, counts: [i64; STACKED.len()], most: i64, from: String) -> Self {
        let room = WIDTH / number;
        let width = (room * 5 / 6).clamp(1, WIDEST_BAR);
        let x = WIDTH * place / number + (room - width) / 2;
        let mut y = HEIGHT;
        let mut parts = Vec::new();
        for (state, count) in STACKED.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
            let height = (HEIGHT * count / most).max(LEAST);
            y -= height;
            parts.push(BarPart { state: state.name(), count, x, y, width, height });
        }
        Self { from, counts, parts }
    }
}

/// The position of a time in the drawing.
fn place(at: i64, begin: i64, end: i64) -> i64 {
    let fraction = i128::from(WIDTH) * i128::from(at.clamp(begin, end) - begin) / i128::from(end - begin);
    i64::try_from(fraction).unwrap_or_default()
}

/// The smallest span that divides this many milliseconds into few enough bars.
fn span_of(length: i64) -> i64 {
    let fits = |span: &i64| length / span + 2 <= MOST_BARS;
    let week = 7 * DAY;
    let weeks = length / week / (MOST_BARS - 2) + 1;
    SPANS.into_iter().map(|seconds| seconds * 1000).find(fits).unwrap_or(week * weeks)
}

/// The top of a scale for a maximum of `most`: a round number whose half is an integer.
fn top_of(most: i64) -> i64 {
    let mut unit = 1;
    loop {
        if let Some(factor) = [2, 4, 6, 8].into_iter().find(|factor| factor * unit >= most) {
            return factor * unit;
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn timeline(ends: &[(i64, RowState)], rests: &[Rest], until: i64) -> Timeline {
        Timeline::of(ends, rests, until, &PageClock::new(TimeZone::UTC)).unwrap()
    }

    #[test]
    fn there_are_never_more_than_sixty_bars_and_no_message_is_lost() {
        for length in
            [0, 1, 999, 58_000, 59_000, 61_000, 86_400_000, 9 * 86_400_000, 400 * 86_400_000, 20_000 * 86_400_000]
        {
            for begin in [0, 1, 500, 1_795_187_703_123] {
                let ends: Vec<_> = (0..=100).map(|part| (begin + length * part / 100, RowState::Sent)).collect();
                let drawn = timeline(&ends, &[], begin + length);
                assert!(drawn.bars.len() <= 60, "{length}: {}", drawn.bars.len());
                let sum: i64 = drawn.bars.iter().map(|bar| bar.counts[0]).sum();
                assert_eq!(sum, 101, "{length}");
                let parts = drawn.bars.iter().flat_map(|bar| &bar.parts);
                assert!(parts.clone().all(|part| part.x >= 0 && part.x + part.width <= WIDTH && part.y >= 0));
            }
        }
    }

    #[test]
    fn bars_are_stacked_and_rests_stand_where_they_were() {
        let ends =
            [(1000, RowState::Sent), (1500, RowState::Failed), (9000, RowState::Sent), (9100, RowState::Skipped)];
        let rests = [Rest { from: 2000, to: 8000, kind: "waiting" }];
        let drawn = timeline(&ends, &rests, 9999);
        let parts = drawn.bars[0].parts.iter().map(|part| (part.state, part.count, part.y, part.height));
        assert_eq!(parts.collect::<Vec<_>>(), [("sent", 1, 500, 500), ("failed", 1, 0, 500)]);
        assert_eq!(drawn.bars[0].from, "00:00:01");
        let rest = &drawn.rests[0];
        assert_eq!((rest.x, rest.width, &rest.rest), (666, 4000, &rests[0]));
        assert_eq!((drawn.span, drawn.most), (1000, 2));
    }

    #[test]
    fn a_scale_ends_with_a_round_number() {
        for (most, top) in [(0, 2), (1, 2), (2, 2), (3, 4), (9, 20), (20, 20), (21, 40), (81, 200), (100_000, 200_000)]
        {
            assert_eq!(top_of(most), top, "{most}");
        }
    }
}
