//! The hours of a run: what was typed overrides the profile, or the run that is resumed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::day_off::{DayOff, days_off_in};
use super::error::HoursError;
use super::openings::{Between, Openings};
use super::rule::Hours;
use super::window::DailyWindow;
use super::zone::ZoneName;

/// `--between`, `--not-on` and `--time-zone`.
#[derive(Clone, Debug, Default)]
pub(crate) struct HoursChoice {
    pub(crate) between: Vec<Between>,
    pub(crate) not_on: Vec<DayOff>,
    pub(crate) time_zone: Option<ZoneName>,
}

/// The hours that apply if nothing is typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct HoursBase {
    between: Vec<DailyWindow>,
    not_on: BTreeSet<Date>,
    time_zone: Option<ZoneName>,
}

impl HoursBase {
    /// For a profile.
    pub(crate) fn new(between: Vec<DailyWindow>, not_on: BTreeSet<Date>, time_zone: Option<ZoneName>) -> Self {
        Self { between, not_on, time_zone }
    }
}

impl From<&Hours> for HoursBase {
    fn from(hours: &Hours) -> Self {
        let Hours { between, not_on, time_zone } = hours.clone();
        Self { between, not_on, time_zone: Some(time_zone) }
    }
}

impl HoursChoice {
    /// `--between always`: the base is ignored.
    pub(crate) fn lifts_all(&self) -> bool {
        self.between.contains(&Between::Always)
    }

    /// The hours: typed windows and a typed time zone replace those of `base`, and days are added. None if there is no
    /// restriction.
    ///
    /// # Errors
    /// If the time zone is missing, or they are not open within a year from `now`.
    pub(crate) fn over(&self, base: HoursBase, now: Timestamp) -> Result<Option<Hours>, HoursError> {
        let base =
            if self.lifts_all() { HoursBase { time_zone: base.time_zone, ..HoursBase::default() } } else { base };
        let openings = Openings::try_from(self.between.clone())
            .map_err(|problem| HoursError::new(format!("--between: {problem}"), "give the hours, or `always` alone"))?;
        let between = if self.between.is_empty() { base.between } else { openings.windows };
        let mut not_on = base.not_on;
        let days = days_off_in(&self.not_on);
        not_on.extend(days.map_err(|problem| HoursError::of_days("--not-on", false, &problem))?);
        if between.is_empty() && not_on.is_empty() {
            if self.time_zone.is_none() || self.lifts_all() {
                return Ok(None);
            }
            return Err(HoursError::new(
                "--time-zone says nothing here: the run has no hours".to_owned(),
                "add --between 'mon-fri 07:00-19:00', or leave --time-zone out",
            ));
        }
        let time_zone = match self.time_zone.clone().or(base.time_zone) {
            Some(zone) => zone,
            None => ZoneName::of_machine().map_err(|found| {
                HoursError::new(
                    format!("the hours need a time zone: the one of this machine is {found}"),
                    "name it with --time-zone, as America/Bogota, or with time_zone in the profile",
                )
            })?,
        };
        let hours = Hours { between, not_on, time_zone };
        if hours.opens_within_a_year(now) {
            return Ok(Some(hours));
        }
        Err(HoursError::new(
            format!("{hours}: these hours do not open within the next year"),
            "change --between and --not-on, or send at any hour with --between always",
        ))
    }
}
