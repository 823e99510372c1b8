//! The hours of a run: what was typed overrides the profile, or the run that is resumed; and how a day is typed on
//! which nothing is sent.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::rule::{Hours, ZoneName};
use super::window::{Between, DailyWindow, windows_of};
use crate::base::input::UsageError;

/// The hours that apply if nothing is typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct HoursBase {
    pub(crate) between: Vec<DailyWindow>,
    pub(crate) not_on: BTreeSet<Date>,
    pub(crate) time_zone: Option<ZoneName>,
}

impl From<&Hours> for HoursBase {
    fn from(hours: &Hours) -> Self {
        let Hours {
            between,
            not_on,
            time_zone,
        } = hours.clone();
        Self {
            between,
            not_on,
            time_zone: Some(time_zone),
        }
    }
}

impl HoursBase {
    /// Whether they restrict anything.
    pub(crate) fn is_some(&self) -> bool {
        !self.between.is_empty() || !self.not_on.is_empty()
    }

    /// The time zone of a profile, else that of this machine.
    pub(crate) fn zone(&self) -> TimeZone {
        let zone = self.time_zone.as_ref();
        zone.map_or_else(TimeZone::system, |zone| zone.zone().clone())
    }

    /// The hours: typed windows and a typed time zone replace those of the base, and days are added. None if there is
    /// no restriction.
    ///
    /// # Errors
    /// If the time zone is missing, or they are not open within a year from `now`.
    pub(crate) fn under(
        self,
        between: &[Between],
        days: &[Date],
        zone: Option<&ZoneName>,
        now: Timestamp,
    ) -> Result<Option<Hours>, UsageError> {
        // What would apply otherwise is ignored.
        let is_lifted = between.contains(&Between::Always);
        let base = if is_lifted {
            Self {
                time_zone: self.time_zone,
                ..Self::default()
            }
        } else {
            self
        };
        let windows = windows_of(between).map_err(|problem| {
            UsageError::new(
                format!("--between: {problem}"),
                "give the hours, or `always` alone",
            )
        })?;
        let between = if between.is_empty() {
            base.between
        } else {
            windows
        };
        let mut not_on = base.not_on;
        not_on.extend(days);
        if between.is_empty() && not_on.is_empty() {
            if zone.is_none() || is_lifted {
                return Ok(None);
            }
            return Err(UsageError::new(
                "--time-zone says nothing here: the run has no hours",
                "add --between 'mon-fri 07:00-19:00', or leave --time-zone out",
            ));
        }
        let time_zone = match zone.cloned().or(base.time_zone) {
            Some(zone) => zone,
            None => ZoneName::from_machine().map_err(|found| {
                UsageError::new(
                    format!("the hours need a time zone: the one of this machine is {found}"),
                    "name it with --time-zone, as America/Bogota, or with time_zone in the profile",
                )
            })?,
        };
        let hours = Hours {
            between,
            not_on,
            time_zone,
        };
        if hours.opens_within_a_year(now) {
            return Ok(Some(hours));
        }
        Err(UsageError::new(
            format!("{hours}: these hours do not open within the next year"),
            "change --between and --not-on, or send at any hour with --between always",
        ))
    }
}

/// One value of `--not-on`: `2026-12-25`.
pub(crate) fn day_off(raw: &str) -> Result<Date, String> {
    // Only this form is accepted: 2026-1-2 could mean February 1st, as 05/06/2026 could mean two days.
    let date = if raw.len() == "2026-12-25".len() {
        Date::strptime("%Y-%m-%d", raw).ok()
    } else {
        None
    };
    date.ok_or_else(|| {
        format!(
            "`{}` is not a date; write one as 2026-12-25",
            raw.escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_off_has_one_date_format() {
        assert_eq!(day_off("2026-12-25").unwrap().to_string(), "2026-12-25");
        for text in [
            "",
            "2026",
            "2026-02-30",
            "2026-13-01",
            "2026-1-2",
            "20261225",
            "05/06/2026",
            "holidays.txt",
        ] {
            day_off(text).expect_err(text);
        }
    }
}
