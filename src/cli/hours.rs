//! `--between`, `--not-on` and `--time-zone`: the hours of a run.

use clap::Args;

use crate::hours::{Between, DayOff, HoursChoice, ZoneName};

#[derive(Args, Clone, Debug)]
pub(crate) struct HoursFlags {
    /// Send within these hours only: 'mon-fri 07:00-19:00', '08:00-15:00', or always (repeatable)
    #[arg(long, value_name = "HOURS")]
    between: Vec<Between>,

    /// Send nothing on this day: 2026-12-25, or a file with one such date a line (repeatable)
    #[arg(long, value_name = "DATE|FILE", value_hint = clap::ValueHint::FilePath)]
    not_on: Vec<DayOff>,

    /// Time zone of the hours and days: America/Bogota [default: this machine's, unless it is UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<ZoneName>,
}

impl From<HoursFlags> for HoursChoice {
    fn from(flags: HoursFlags) -> Self {
        Self { between: flags.between, not_on: flags.not_on, time_zone: flags.time_zone }
    }
}
