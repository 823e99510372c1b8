//! Shows the progress of a run on standard error: a bar on a terminal, an occasional line elsewhere, JSON for programs.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use super::words::{count_value, duration_value};
use super::{Stderr, compact, one_line};
use crate::base::message::{Lang, Message, msg};

/// A value of `--progress`; the comments are its help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressFormat {
    /// A bar on a terminal, otherwise a line every 10 s
    #[default]
    Auto,
    /// One JSON object per second on standard error
    Ndjson,
    /// No progress
    None,
}

/// The rows of a run by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) skipped: u64,
    /// The rows that are not final yet.
    #[serde(rename = "left")]
    pub(crate) remaining: u64,
    /// Those of them that another process is sending.
    #[serde(skip)]
    pub(crate) elsewhere: u64,
}

impl Tally {
    /// Counts the rows that have or will have an attempt.
    const fn sendable(&self) -> u64 {
        self.rows.saturating_sub(self.skipped)
    }

    /// Returns whether only other processes have rows left. How long these take does not depend on this process.
    fn is_elsewhere(&self) -> bool {
        self.remaining > 0 && self.elsewhere == self.remaining
    }

    /// Counts the rows with an attempt. Rows that are skipped during a run, as by a cancellation, have none.
    fn attempted(&self) -> u64 {
        self.sent + self.failed + self.unknown
    }
}

/// Why a run waits, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WaitReason {
    /// The sending hours have not begun.
    #[serde(rename = "hours")]
    OutsideHours,
    RateLimit,
    /// No connection is possible.
    Network,
    /// An attempt of another process failed.
    Retry,
    /// The messaging limit: different recipients in 24 hours.
    #[serde(rename = "limit_24h")]
    MessagingLimit,
}

/// A wait of a run that lasts longer than a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Waiting {
    pub(crate) reason: WaitReason,
    /// RFC 3339.
    pub(crate) until: String,
    /// When the wait of all rows began, in RFC 3339; None for a wait of a single row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// How long, or until when, as text for users.
    #[serde(skip)]
    pub(crate) duration_text: Message,
    /// The reason, as text for users.
    #[serde(skip)]
    pub(crate) reason_text: Message,
    /// Whether this is its first report.
    #[serde(skip)]
    pub(crate) is_new: bool,
}

/// The maximum of row faults to print; the report has all of them.
const MAX_FAULTS: u32 = 5;

/// How often to print a line while the run waits for its hours, so that monitoring sees that it is alive.
const EVERY_WHILE_IDLE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct Progress<'a> {
    stderr: &'a Stderr,
    layout: ProgressLayout,
    every: Duration,
    shown_at: Instant,
    /// When counting began, and the number of attempted rows at that time.
    begun: (Instant, u64),
    faults: u32,
    waiting: Option<Waiting>,
    /// Since when the run waits for hours or the limit. This time does not count for the rate.
    idle_since: Option<Instant>,
}

#[derive(Debug)]
enum ProgressLayout {
    Bar(ProgressBar),
    Lines,
    Ndjson,
    None,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(stderr: &'a Stderr, format: ProgressFormat) -> Self {
        let (layout, every) = match format {
            ProgressFormat::Ndjson => (ProgressLayout::Ndjson, Duration::from_secs(1)),
            ProgressFormat::Auto if !stderr.is_quiet() => {
                match drawable("{wide_bar} {percent}% {msg}") {
                    Some(bar) => (ProgressLayout::Bar(bar), Duration::from_millis(200)),
                    None => (ProgressLayout::Lines, Duration::from_secs(10)),
                }
            }
            ProgressFormat::Auto | ProgressFormat::None => {
                (ProgressLayout::None, Duration::from_secs(3600))
            }
        };
        let begun = (Instant::now(), 0);
        Self {
            stderr,
            layout,
            every,
            shown_at: begun.0,
            begun,
            faults: 0,
            waiting: None,
            idle_since: None,
        }
    }

    /// Starts counting from this state of the run.
    pub(crate) fn begin(&mut self, tally: &Tally) {
        self.begun = (Instant::now(), tally.attempted());
    }

    /// Returns when to show the progress again.
    pub(crate) fn due(&self) -> Instant {
        let is_idle = self.idle_since.is_some() && matches!(self.layout, ProgressLayout::Lines);
        self.shown_at
            + if is_idle {
                EVERY_WHILE_IDLE
            } else {
                self.every
            }
    }

    /// Records that the run waits, or that the wait has ended.
    pub(crate) fn wait(&mut self, waiting: Option<Waiting>) {
        use WaitReason::{MessagingLimit, OutsideHours};
        if waiting
            .as_ref()
            .is_some_and(|waiting| matches!(waiting.reason, OutsideHours | MessagingLimit))
        {
            self.idle_since.get_or_insert_with(Instant::now);
        } else if let Some(since) = self.idle_since.take() {
            self.begun.0 += since.elapsed();
        }
        if let Some(Waiting {
            duration_text,
            reason_text,
            ..
        }) = waiting.as_ref().filter(|waiting| waiting.is_new)
        {
            self.note(msg!(
                "waiting {until}: {reason}",
                until = duration_text,
                reason = reason_text
            ));
        }
        self.waiting = waiting;
    }

    pub(crate) fn show(&mut self, tally: &Tally) {
        self.shown_at = Instant::now();
        let rate = self.rate(tally);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a time is shown in whole seconds"
        )]
        let to_do = tally.remaining as f64;
        let time_left = Duration::try_from_secs_f64((to_do / rate).ceil())
            .ok()
            .filter(|_| self.idle_since.is_none() && !tally.is_elsewhere());
        match &self.layout {
            ProgressLayout::Bar(bar) => {
                bar.set_length(tally.sendable());
                bar.set_position(tally.attempted());
                let text = describe(tally, time_left, self.waiting.as_ref());
                bar.set_message(text.text(self.stderr.lang));
            }
            ProgressLayout::Lines => {
                self.stderr
                    .note(describe(tally, time_left, self.waiting.as_ref()));
            }
            ProgressLayout::Ndjson => {
                let mut line = json!(tally);
                if let Some(line) = line.as_object_mut() {
                    line.insert("rate".to_owned(), json!((rate * 10.0).round() / 10.0));
                    line.insert(
                        "seconds_left".to_owned(),
                        json!(time_left.map(|time| time.as_secs())),
                    );
                    line.insert("waiting".to_owned(), json!(self.waiting));
                }
                self.stderr.progress_line(&compact(&line));
            }
            ProgressLayout::None => {}
        }
    }

    /// Returns how many rows were attempted a second.
    fn rate(&self, tally: &Tally) -> f64 {
        let (since, attempted) = self.begun;
        let done = tally.attempted().saturating_sub(attempted);
        let elapsed = self
            .idle_since
            .unwrap_or_else(Instant::now)
            .duration_since(since)
            .as_secs_f64();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate is shown with one decimal"
        )]
        let done = done as f64;
        if elapsed > 0.0 { done / elapsed } else { 0.0 }
    }

    /// Prints the fault of a row, but only for the first rows.
    pub(crate) fn fault(&mut self, line: u64, state: &Message, problem: impl Into<Message>) {
        self.faults += 1;
        match self.faults {
            ..=MAX_FAULTS => {
                let problem = problem.into();
                let warning = msg!("line {line}: {state}: {problem}", line, state, problem);
                self.above(|stderr| stderr.warning(warning));
            }
            count if count == MAX_FAULTS + 1 => {
                self.above(|stderr| {
                    stderr.warning(msg!("more rows have problems; the report lists them"));
                });
            }
            _ => {}
        }
    }

    /// Prints a line without breaking the bar.
    pub(crate) fn note(&self, text: impl Into<Message>) {
        self.above(|stderr| stderr.note(text));
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let ProgressLayout::Bar(bar) = &self.layout {
            bar.finish_and_clear();
        }
    }

    fn above(&self, print: impl FnOnce(&Stderr)) {
        match &self.layout {
            ProgressLayout::Bar(bar) => bar.suspend(|| print(self.stderr)),
            ProgressLayout::Lines | ProgressLayout::Ndjson | ProgressLayout::None => {
                print(self.stderr);
            }
        }
    }
}

/// Creates a bar like `template`; None if the terminal cannot draw one, as with `TERM=dumb`.
fn drawable(template: &str) -> Option<ProgressBar> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    (io::stderr().is_terminal() && !bar.is_hidden()).then(|| bar.with_style(style))
}

/// The progress of reading a list file or one of Jelou's listings: a line on a terminal, after a second.
#[derive(Debug)]
pub(crate) struct ReadProgress<'a> {
    name: &'a str,
    lang: Lang,
    line: ProgressBar,
}

impl<'a> ReadProgress<'a> {
    pub(crate) fn new(stderr: &Stderr, format: ProgressFormat, name: &'a str) -> Self {
        let line =
            drawable("{msg}").filter(|_| format == ProgressFormat::Auto && !stderr.is_quiet());
        Self {
            name,
            lang: stderr.lang,
            line: line
                .unwrap_or_else(ProgressBar::hidden)
                .with_finish(ProgressFinish::AndClear),
        }
    }

    /// Shows that this many rows have been read.
    pub(crate) fn show(&self, rows: u64) {
        if rows.is_multiple_of(256) {
            self.set_text(|name| {
                msg!(
                    "reading {name}: {rows} rows",
                    name,
                    rows = count_value(rows)
                )
            });
        }
    }

    /// Shows the number of answered requests, and the number that is probably needed.
    pub(crate) fn show_requests(&self, answered: u64, needed: Option<u64>) {
        self.set_text(|name| {
            let done = count_value(answered);
            match needed {
                Some(needed) => msg!(
                    "checking {name}: {done} of {needed} requests",
                    name,
                    done,
                    needed = count_value(needed.max(answered))
                ),
                None => msg!("checking {name}: {done} requests", name, done),
            }
        });
    }

    fn set_text(&self, words: impl FnOnce(&str) -> Message) {
        if !self.line.is_hidden() && self.line.elapsed() > Duration::from_secs(1) {
            let text = words(&one_line(self.name));
            self.line.set_message(text.text(self.lang));
        }
    }

    /// Prints without breaking the line.
    pub(crate) fn above(&self, print: impl FnOnce()) {
        self.line.suspend(print);
    }
}

fn describe(tally: &Tally, time_left: Option<Duration>, waiting: Option<&Waiting>) -> Message {
    let Tally {
        sent,
        failed,
        unknown,
        skipped,
        remaining,
        elsewhere,
        ..
    } = tally;
    let rows = tally.sendable();
    let mut parts = vec![msg!("{sent} of {rows} sent", sent, rows)];
    if *failed > 0 {
        parts.push(msg!("{rows} failed", rows = failed));
    }
    if *unknown > 0 {
        parts.push(msg!("{rows} may have been sent", rows = unknown));
    }
    if *skipped > 0 {
        parts.push(msg!("{rows} skipped", rows = skipped));
    }
    match (waiting, time_left) {
        (Some(waiting), _) => parts.push(msg!("waiting {until}", until = waiting.duration_text)),
        (None, _) if tally.is_elsewhere() => {
            parts.push(msg!(
                "{rows} in flight in another process",
                rows = elsewhere
            ));
        }
        (None, Some(time)) if *remaining > 0 => {
            parts.push(msg!("{time} left", time = duration_value(time)));
        }
        (None, _) => {}
    }
    Message::joined(parts, ", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::output::{Color, Verbosity};

    #[test]
    fn skipped_rows_do_not_affect_the_rate() {
        let stderr = Stderr::new(Verbosity::Quiet, Color::default());
        let mut progress = Progress::new(&stderr, ProgressFormat::None);
        let before = Tally {
            rows: 30,
            sent: 2,
            remaining: 28,
            ..Tally::default()
        };
        progress.begin(&before);
        progress.begun.0 = Instant::now()
            .checked_sub(Duration::from_secs(100))
            .unwrap();
        // The run was cancelled.
        let after = Tally {
            rows: 30,
            sent: 4,
            failed: 1,
            unknown: 1,
            skipped: 24,
            ..Tally::default()
        };
        let rate = progress.rate(&after);
        assert!((0.03..=0.04).contains(&rate), "{rate}");
        let shown = describe(&after, Some(Duration::ZERO), None);
        assert_eq!(
            shown,
            "4 of 6 sent, 1 failed, 1 may have been sent, 24 skipped"
        );
    }

    #[test]
    fn rows_of_another_process_have_no_time_left() {
        let second = Some(Duration::from_secs(1));
        for (elsewhere, expected) in [
            (0, "3 of 5 sent, 1 s left"),
            (1, "3 of 5 sent, 1 s left"),
            (2, "3 of 5 sent, 2 in flight in another process"),
        ] {
            let tally = Tally {
                rows: 5,
                sent: 3,
                remaining: 2,
                elsewhere,
                ..Tally::default()
            };
            assert_eq!(describe(&tally, second, None), expected);
        }
    }

    #[test]
    fn idle_time_does_not_affect_the_rate() {
        let stderr = Stderr::new(Verbosity::Quiet, Color::default());
        let mut progress = Progress::new(&stderr, ProgressFormat::None);
        let hour = Duration::from_secs(3600);
        progress.begun = (Instant::now().checked_sub(2 * hour).unwrap(), 100);
        progress.idle_since = Instant::now().checked_sub(hour);
        progress.wait(None);
        assert_eq!(
            (progress.begun.0.elapsed().as_secs(), progress.begun.1),
            (3600, 100)
        );
    }
}
