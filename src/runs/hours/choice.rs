//! Chooses the sending hours of a run: flags override the profile, or the resumed run. Also parses days off.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::rule::{Hours, ZoneName};
use super::window::{Between, DailyWindow, collect_windows};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

/// The hours that apply without flags.
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

    /// The time zone of a profile, else of this machine.
    pub(crate) fn zone(&self) -> TimeZone {
        let zone = self.time_zone.as_ref();
        zone.map_or_else(TimeZone::system, |zone| zone.zone().clone())
    }

    /// The hours: the windows and the time zone of flags replace the ones here, and days off are added. None if there
    /// is no restriction.
    ///
    /// # Errors
    /// If the time zone is missing, or if the hours do not open within a year from `now`.
    pub(crate) fn with_flags(
        self,
        between: &[Between],
        days: &[Date],
        zone: Option<&ZoneName>,
        now: Timestamp,
    ) -> Result<Option<Hours>, UsageError> {
        // `always` also overrides the hours of the profile or the run.
        let is_lifted = between.contains(&Between::Always);
        let base = if is_lifted {
            Self {
                time_zone: self.time_zone,
                ..Self::default()
            }
        } else {
            self
        };
        let windows = collect_windows(between)
            .map_err(|problem| UsageError::bare(msg!("--between: {problem}", problem)))?;
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
                msg!("--time-zone has no effect: the run has no sending hours"),
                msg!("to set them: --between 'mon-fri 07:00-19:00'"),
            ));
        }
        let time_zone = match zone.cloned().or(base.time_zone) {
            Some(zone) => zone,
            None => ZoneName::from_machine().map_err(|problem| {
                UsageError::new(problem, msg!("to set it: --time-zone America/Bogota"))
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
            msg!(
                "the sending hours do not open within the next year: {hours}",
                hours
            ),
            msg!("to send at any hour: --between always"),
        ))
    }
}

/// Returns a warning for each of the `days` off that is over in every time zone.
pub(crate) fn days_past_everywhere(
    days: impl Iterator<Item = Date>,
    now: Timestamp,
) -> Vec<Message> {
    // In the last time zone, the day begins twelve hours after UTC.
    let today = (now - SignedDuration::from_hours(12)).to_zoned_datetime(TimeZone::UTC);
    past_days_off(days, today.date())
}

/// Returns a warning for each of the `days` off before `today`: its year may be a typing error.
pub(crate) fn past_days_off(days: impl Iterator<Item = Date>, today: Date) -> Vec<Message> {
    let past = days.filter(|day| *day < today);
    past.map(|day| {
        let next = (today.year()..)
            .take(2)
            .filter_map(|year| day.with().year(year).build().ok())
            .find(|next| *next >= today);
        let day = day.to_string();
        match next {
            Some(next) => {
                let next = next.to_string();
                msg!("{day}: this day is over; did you mean {next}?", day, next)
            }
            None => msg!("{day}: this day is over", day),
        }
    })
    .collect()
}

/// One value of `--not-on`: `2026-12-25`.
pub(crate) fn day_off(raw: &str) -> Result<Date, Message> {
    // Other formats are ambiguous: 2026-1-2 could mean February 1st, and 05/06/2026 could mean May 6th.
    let date = if raw.len() == "2026-12-25".len() {
        Date::strptime("%Y-%m-%d", raw).ok()
    } else {
        None
    };
    date.ok_or_else(|| {
        let typed = raw.escape_debug().to_string();
        msg!("`{typed}` is not a date such as 2026-12-25", typed)
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
