//! Flags that several commands of `bulk` have, and how what is typed goes with what a run has kept.

use std::time::Duration;

use clap::{Args, ValueHint};

use crate::config::{Rate, RetryFor};
use crate::hours::{Between, DayOff, Hours, HoursChoice, ZoneName};
use crate::ledger::{RunConditions, RunName};
use crate::output::ProgressFormat;

/// Headings of the help.
pub(super) const PEOPLE: &str = "Who is written to";
pub(super) const RUN: &str = "The run";

/// How a person sends rows of a run.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = RUN)]
pub(crate) struct RunOptions {
    /// How fast to send: 5/s, 300/m, 1000/h [default: as the run was begun; of a new one the profile's rate, else 5/s]
    #[arg(long, value_name = "RATE")]
    pub(super) rate: Option<Rate>,

    #[command(flatten)]
    pub(super) work: WorkOptions,

    /// Go on when the first eleven messages are all rejected, instead of pausing
    #[arg(long)]
    pub(super) keep_going: bool,
}

/// How anyone does, also a machine beside others.
#[derive(Args, Debug, Default)]
pub(crate) struct WorkOptions {
    /// How many requests may be under way from here at once [default: as the run was begun; of a new one 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) concurrency: Option<u16>,

    /// How long to keep trying while a rate limit refuses every row, or the network is away; then the run pauses [default:
    /// as the run was begun; of a new one 15m]
    #[arg(long, value_name = "DURATION")]
    pub(super) max_wait: Option<RetryFor>,

    /// Use a new connection for each message, for servers that send extra answers [default: as the run was begun]
    #[arg(long)]
    pub(super) no_keep_alive: bool,

    /// Send a template without a look at the bot's list of templates first
    #[arg(long)]
    pub(super) unchecked: bool,

    /// How to show the progress
    #[arg(long, value_name = "FORMAT", default_value = "auto", hide_default_value = true)]
    pub(super) progress: ProgressFormat,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = PEOPLE)]
pub(crate) struct EarlierOptions {
    /// Leave out messages that an earlier run has sent at any time, may have sent or is to send
    #[arg(long, conflicts_with = "again")]
    pub(super) skip_sent: bool,

    /// Send messages once more that an earlier run has sent, may have sent or is to send
    #[arg(long)]
    pub(super) again: bool,

    /// Send although this run cannot be read and may have sent the same (repeatable)
    #[arg(long, value_name = "RUN")]
    pub(super) ignore_run: Vec<RunName>,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "When")]
pub(crate) struct HoursOptions {
    /// Send within these hours only: 'mon-fri 07:00-19:00', '08:00-15:00', or always (repeatable)
    #[arg(long, value_name = "HOURS")]
    pub(super) between: Vec<Between>,

    /// Send nothing on this day: 2026-12-25, or a file with one such date a line (repeatable)
    #[arg(long, value_name = "DATE|FILE", value_hint = ValueHint::FilePath)]
    pub(super) not_on: Vec<DayOff>,

    /// Time zone of the hours and days: America/Bogota [default: this machine's, unless it is UTC]
    #[arg(long, value_name = "ZONE")]
    pub(super) time_zone: Option<ZoneName>,
}

impl RunOptions {
    /// What holds for the run from now on: what was typed, over what it has `kept`; of a new run nothing.
    pub(super) fn conditions(
        &self,
        hours: Option<Hours>,
        earlier: &EarlierOptions,
        kept: &RunConditions,
    ) -> RunConditions {
        let (again, skip_sent) = match (earlier.again, earlier.skip_sent) {
            (false, false) => (kept.again, kept.skip_sent),
            typed => typed,
        };
        RunConditions { hours, keep_going: self.keep_going || kept.keep_going, again, skip_sent }
    }
}

impl WorkOptions {
    pub(super) fn concurrency_or(&self, kept: usize) -> usize {
        self.concurrency.map_or(kept, usize::from)
    }

    pub(super) fn max_wait_or(&self, kept: Duration) -> Duration {
        self.max_wait.map_or(kept, RetryFor::duration)
    }
}

impl HoursOptions {
    pub(super) fn choice(&self) -> HoursChoice {
        let Self { between, not_on, time_zone } = self;
        HoursChoice { between: between.clone(), not_on: not_on.clone(), time_zone: time_zone.clone() }
    }
}
