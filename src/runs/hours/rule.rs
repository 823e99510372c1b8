//! Chooses the sending hours of a run: flags override the profile, or the resumed run. Decides whether a run may send at an
//! instant, and when it may send next. The rules use local time, so they also work on days when the clocks change. Time
//! zones are stored by their IANA names.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};
use serde::{Deserialize, Serialize};

use super::window::{Between, DailyWindow, collect_windows};
use crate::base::input::UsageError;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::timestamps::value_of_time;

/// How many days after the last day off the search for an opening ends.
const DAYS_AHEAD: i32 = 366;
const YEAR: SignedDuration = SignedDuration::from_hours(24 * DAYS_AHEAD as i64);

/// The sending hours of a run, as the ledger stores them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Hours {
    /// If empty, every day except the days off is open all day.
    pub(super) between: Vec<DailyWindow>,
    pub(super) not_on: BTreeSet<Date>,
    pub(super) time_zone: ZoneName,
}

impl Hours {
    /// Whether a run may send at this instant.
    pub(crate) fn is_open(&self, at: Timestamp) -> bool {
        let local = self.zone().to_datetime(at);
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()))
            .unwrap_or_default();
        let today = local.date();
        // A day off also ends a window that opened the evening before.
        if !self.is_day(today) || self.between.is_empty() {
            return self.is_day(today);
        }
        let yesterday = today
            .yesterday()
            .ok()
            .filter(|yesterday| self.is_day(*yesterday));
        self.between.iter().any(|window| {
            window.opens_on(today.weekday()) && window.covers(minute)
                || window.is_over_midnight()
                    && minute < window.end
                    && yesterday.is_some_and(|day| window.opens_on(day.weekday()))
        })
    }

    /// The first instant when a run may send: `from` itself, or a later one within a year after the last day off.
    pub(crate) fn next_opening(&self, from: Timestamp) -> Option<Timestamp> {
        if self.is_open(from) {
            return Some(from);
        }
        let by_clock = self.next_start(from);
        let horizon = by_clock.or_else(|| from.checked_add(YEAR).ok())?;
        // A start that does not exist on that day, or exists twice, is moved to the change of the clocks.
        let changes = self.zone().following(from).map(|change| change.timestamp());
        let by_change = changes
            .take_while(|at| *at < horizon)
            .find(|at| self.is_open(*at));
        by_change.or(by_clock)
    }

    /// Whether these hours are `other` with more days off.
    pub(super) fn includes(&self, other: &Self) -> bool {
        self.between == other.between
            && self.time_zone == other.time_zone
            && self.not_on.is_superset(&other.not_on)
    }

    /// Whether the hours open within a year.
    fn opens_within_a_year(&self, from: Timestamp) -> bool {
        self.next_opening(from)
            .is_some_and(|at| at.duration_since(from) <= YEAR)
    }

    /// The first start of a window after `from`.
    fn next_start(&self, from: Timestamp) -> Option<Timestamp> {
        let mut date = self.zone().to_datetime(from).date();
        let mut days = 0;
        while days <= DAYS_AHEAD {
            if self.is_day(date) {
                days += 1;
                let first = self
                    .starts_on(date)
                    .filter(|at| *at > from && self.is_open(*at))
                    .min();
                if first.is_some() {
                    return first;
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The instants when windows start on a day: two for a window if the clock is set back over its start.
    fn starts_on(&self, date: Date) -> impl Iterator<Item = Timestamp> {
        let whole_day = self.between.is_empty().then_some(0);
        let windows = self
            .between
            .iter()
            .filter(move |window| window.opens_on(date.weekday()));
        let minutes = windows.map(|window| window.start).chain(whole_day);
        minutes.flat_map(move |minute| {
            let start = date.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes());
            let instants = start.map(|start| {
                let ambiguous = self.zone().to_ambiguous_timestamp(start);
                [ambiguous.earlier(), ambiguous.later()]
            });
            instants.into_iter().flatten().filter_map(Result::ok)
        })
    }

    /// Whether windows may open on a day.
    fn is_day(&self, date: Date) -> bool {
        !self.not_on.contains(&date)
    }

    /// The day of the instant in local time.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The instant in local time: `2026-11-23 07:00 America/Bogota`.
    fn format_local(&self, at: Timestamp) -> String {
        format!(
            "{} {}",
            self.local(at).strftime("%Y-%m-%d %H:%M"),
            self.time_zone
        )
    }

    /// The instant in local time, as a value of a text.
    pub(crate) fn local_value(&self, at: Timestamp) -> Value {
        value_of_time(self.format_local(at), self.zone(), at)
    }

    /// The instant for machines: `2026-11-23T07:00:00-05:00`.
    pub(super) fn rfc_3339(&self, at: Timestamp) -> String {
        self.local(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn local(&self, at: Timestamp) -> ZonedDateTime {
        at.to_zoned_datetime(self.zone().clone())
    }

    /// The time zone of the hours.
    pub(crate) fn zone(&self) -> &TimeZone {
        self.time_zone.zone()
    }

    /// `mon-fri 07:00-19:00, sat 08:00-15:00, not on 12 days`.
    pub(crate) fn without_zone(&self) -> Message {
        let off = match (self.not_on.first(), self.not_on.len()) {
            (None, _) => None,
            (Some(date), 1) => Some(msg!("not on {date}", date = date.to_string())),
            (Some(_), days) => Some(msg!("not on {days} days", days)),
        };
        let windows = self.between.iter();
        let windows = windows.map(|window| msg!("{window}", window));
        Message::joined(windows.chain(off).collect(), ", ")
    }

    /// The same with the zone: `mon-fri 07:00-19:00 (America/Bogota)`.
    pub(super) fn message(&self) -> Message {
        msg!(
            "{windows} ({zone})",
            windows = self.without_zone(),
            zone = self.time_zone.to_string()
        )
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(formatter)
    }
}

impl ToValue for Hours {
    fn to_value(&self) -> Value {
        self.message().to_value()
    }
}

/// Names of UTC, the default zone of a machine.
const UTC: [&str; 9] = [
    "utc",
    "uct",
    "gmt",
    "gmt0",
    "gmt+0",
    "gmt-0",
    "zulu",
    "universal",
    "greenwich",
];

/// A time zone with its IANA name: `America/Bogota`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct ZoneName(#[serde(with = "jiff::fmt::serde::tz::required")] TimeZone);

impl ZoneName {
    /// The zone of this machine. UTC does not count, because it is the default.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn from_machine() -> Result<Self, Message> {
        let zone = TimeZone::try_system()
            .map_err(|_| msg!("sending hours need a time zone, and this machine's is unknown"))?;
        let name = zone
            .iana_name()
            .filter(|_| !zone.is_unknown())
            .ok_or_else(|| msg!("sending hours need a time zone, and this machine's is unnamed"))?;
        let plain_name = name.strip_prefix("Etc/").unwrap_or(name).to_lowercase();
        if UTC.contains(&plain_name.as_str()) {
            Err(msg!(
                "sending hours need a time zone, and this machine's is UTC"
            ))
        } else {
            Ok(Self(zone))
        }
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        let typed = raw.escape_debug().to_string();
        if let Some(offset) = reversed_offset(raw) {
            return Err(msg!(
                "`{typed}` is {offset}, not the time zone of a city such as America/Bogota",
                typed,
                offset
            ));
        }
        let known = TimeZone::get(raw)
            .ok()
            .filter(|zone| !zone.is_unknown() && zone.iana_name().is_some());
        known
            .map(Self)
            .ok_or_else(|| msg!("`{typed}` is not a time zone such as America/Bogota", typed))
    }
}

/// Returns the offset of `Etc/GMT-5`, which is `UTC+5`: POSIX reverses the sign of these names, but their readers do not.
fn reversed_offset(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let typed = name.strip_prefix("etc/gmt")?;
    let sign = if typed.starts_with('-') { '+' } else { '-' };
    let hours: u8 = typed.strip_prefix(['-', '+'])?.parse().ok()?;
    (hours > 0).then(|| format!("UTC{sign}{hours}"))
}

impl fmt::Display for ZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or_default())
    }
}

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

    /// The hours: the windows and the time zone of flags replace the ones here, and days off are added. None for
    /// any time.
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
    use super::super::SendingHours;
    use super::*;

    #[test]
    fn zone_with_a_reversed_sign_is_refused() {
        for (name, offset) in [
            ("Etc/GMT-5", "UTC+5"),
            ("etc/gmt+5", "UTC-5"),
            ("Etc/GMT-14", "UTC+14"),
        ] {
            let told =
                format!("`{name}` is {offset}, not the time zone of a city such as America/Bogota");
            assert_eq!(name.parse::<ZoneName>().unwrap_err(), told.as_str());
        }
        for name in [
            "America/Bogota",
            "Etc/GMT",
            "Etc/GMT0",
            "Etc/GMT-0",
            "UTC",
            "Etc/UTC",
        ] {
            assert!(name.parse::<ZoneName>().is_ok(), "{name}");
        }
    }

    fn hours(between: &[&str], not_on: &[&str], zone: &str) -> Hours {
        Hours {
            between: between
                .iter()
                .map(|window| window.parse().unwrap())
                .collect(),
            not_on: not_on.iter().map(|date| date.parse().unwrap()).collect(),
            time_zone: zone.parse().unwrap(),
        }
    }

    /// The next opening in local time with its offset; `open` for now.
    fn next(hours: &Hours, from: &str) -> String {
        let from: Timestamp = from.parse().unwrap();
        match hours.next_opening(from) {
            Some(at) if at == from => "open".to_owned(),
            Some(at) => {
                assert!(hours.is_open(at) && !hours.is_open(at - 1.second()));
                hours.rfc_3339(at)
            }
            None => "never".to_owned(),
        }
    }

    #[test]
    fn sending_hours_open_at_start_close_at_end() {
        let hours = hours(
            &["mon-fri 07:00-19:00", "sat 08:00-15:00"],
            &["2026-11-24"],
            "America/Bogota",
        );
        for (from, expected) in [
            // 2026-11-20 is a Friday.
            ("2026-11-20T06:59:59.999-05", "2026-11-20T07:00:00-05:00"),
            ("2026-11-20T07:00:00-05", "open"),
            ("2026-11-20T18:59:59.999-05", "open"),
            ("2026-11-20T19:00:00-05", "2026-11-21T08:00:00-05:00"),
            ("2026-11-21T15:00:00-05", "2026-11-23T07:00:00-05:00"),
            // The day off is skipped.
            ("2026-11-23T19:00:00-05", "2026-11-25T07:00:00-05:00"),
            ("2026-11-24T12:00:00-05", "2026-11-25T07:00:00-05:00"),
        ] {
            assert_eq!(next(&hours, from), expected, "{from}");
        }
        assert_eq!(
            hours.to_string(),
            "mon-fri 07:00-19:00, sat 08:00-15:00, not on 2026-11-24 (America/Bogota)"
        );
    }

    #[test]
    fn work_pauses_outside_sending_hours() {
        let hours = hours(&["mon-fri 07:00-19:00"], &[], "America/Bogota");
        let run = SendingHours::new(Some(hours.clone()), None);
        for (from, seconds, expected) in [
            (
                "2026-11-20T10:00:30-05",
                90,
                Some("2026-11-20T10:02:00-05:00"),
            ),
            (
                "2026-11-20T18:59:30-05",
                30,
                Some("2026-11-20T19:00:00-05:00"),
            ),
            // 2026-11-20 is a Friday.
            (
                "2026-11-20T18:59:30-05",
                40,
                Some("2026-11-23T07:00:10-05:00"),
            ),
            (
                "2026-11-21T10:00:00-05",
                13 * 3600,
                Some("2026-11-24T08:00:00-05:00"),
            ),
            ("2026-11-20T10:00:00-05", i64::MAX, None),
        ] {
            let end = run.estimate_end(from.parse().unwrap(), SignedDuration::from_secs(seconds));
            assert_eq!(
                end.map(|end| hours.rfc_3339(end)).as_deref(),
                expected,
                "{from}"
            );
        }
    }

    #[test]
    fn overnight_hours_belong_to_their_first_day() {
        let night = hours(
            &["fri 22:00-06:00"],
            &["2026-11-21", "2026-11-27"],
            "America/Bogota",
        );
        for (from, expected) in [
            ("2026-11-20T21:59:00-05", "2026-11-20T22:00:00-05:00"),
            ("2026-11-20T23:59:59-05", "open"),
            // Saturday is off, including the rest of Friday's window. Friday the 27th is off too, with the night to
            // Saturday.
            ("2026-11-21T00:00:00-05", "2026-12-04T22:00:00-05:00"),
            ("2026-11-21T05:59:59-05", "2026-12-04T22:00:00-05:00"),
            ("2026-11-28T01:00:00-05", "2026-12-04T22:00:00-05:00"),
        ] {
            assert_eq!(next(&night, from), expected, "{from}");
        }
        let evening = hours(&["fri 18:00-00:00"], &[], "America/Bogota");
        assert_eq!(next(&evening, "2026-11-20T23:59:59-05"), "open");
        assert_eq!(
            next(&evening, "2026-11-21T00:00:00-05"),
            "2026-11-27T18:00:00-05:00"
        );
    }

    #[test]
    fn days_off_alone_keep_all_other_hours() {
        let hours = hours(&[], &["2026-12-25"], "America/Guayaquil");
        assert_eq!(next(&hours, "2026-12-24T23:59:59-05"), "open");
        assert_eq!(
            next(&hours, "2026-12-25T00:00:00-05"),
            "2026-12-26T00:00:00-05:00"
        );
    }

    #[test]
    fn skipped_start_time_opens_at_next_instant() {
        // In New York 02:00 becomes 03:00 on 2026-03-08, and 02:00 becomes 01:00 on 2026-11-01.
        let early = hours(&["02:30-05:00"], &[], "America/New_York");
        assert_eq!(
            next(&early, "2026-03-08T01:59:59-05"),
            "2026-03-08T03:00:00-04:00"
        );
        assert_eq!(
            next(&early, "2026-03-09T01:00:00-04"),
            "2026-03-09T02:30:00-04:00"
        );
        // All of it is skipped.
        let gap = hours(&["02:10-02:50"], &[], "America/New_York");
        assert_eq!(
            next(&gap, "2026-03-08T01:59:00-05"),
            "2026-03-09T02:10:00-04:00"
        );
        // Its end is skipped.
        let before = hours(&["01:00-02:30"], &[], "America/New_York");
        assert_eq!(next(&before, "2026-03-08T01:59:59-05"), "open");
        assert_eq!(
            next(&before, "2026-03-08T03:00:00-04"),
            "2026-03-09T01:00:00-04:00"
        );
        // In Asunción a day began at 01:00.
        let day = hours(&["sun 00:00-06:00"], &[], "America/Asuncion");
        assert_eq!(
            next(&day, "2023-09-30T23:59:00-04"),
            "2023-10-01T01:00:00-03:00"
        );
    }

    #[test]
    fn repeated_clock_times_open_twice() {
        let hours = hours(&["01:30-05:00"], &[], "America/New_York");
        for (from, expected) in [
            ("2026-11-01T01:00:00-04", "2026-11-01T01:30:00-04:00"),
            ("2026-11-01T01:59:59-04", "open"),
            // The clock shows 01:00 again.
            ("2026-11-01T01:00:00-05", "2026-11-01T01:30:00-05:00"),
            ("2026-11-01T04:59:59-05", "open"),
            ("2026-11-01T05:00:00-05", "2026-11-02T01:30:00-05:00"),
        ] {
            assert_eq!(next(&hours, from), expected, "{from}");
        }
        let hours = self::hours(&["00:00-01:30"], &[], "America/New_York");
        // The hours closed at the first 01:30, and open again when the clock shows 01:00 again.
        assert_eq!(
            next(&hours, "2026-11-01T01:45:00-04"),
            "2026-11-01T01:00:00-05:00"
        );
    }

    #[test]
    fn hours_closed_for_a_year_are_detected() {
        let mut off: Vec<String> = Vec::new();
        let mut date: Date = "2026-11-01".parse().unwrap();
        for _ in 0..400 {
            off.push(date.to_string());
            date = date.tomorrow().unwrap();
        }
        let off: Vec<&str> = off.iter().map(String::as_str).collect();
        let from = "2026-11-20T00:00:00Z";
        for (between, opening) in [
            (&["07:00-19:00"][..], "2027-12-06T07:00:00+00:00"),
            (&[], "2027-12-06T00:00:00+00:00"),
        ] {
            let hours = hours(between, &off, "UTC");
            assert!(!hours.opens_within_a_year(from.parse().unwrap()));
            // A run with these hours still reports correctly.
            assert_eq!(next(&hours, from), opening);
        }
    }

    #[test]
    fn hours_round_trip_as_json() {
        let hours = hours(&["mon-fri 07:00-19:00"], &["2026-12-25"], "America/Bogota");
        let kept = serde_json::to_string(&hours).unwrap();
        assert_eq!(
            kept,
            r#"{"between":["mon-fri 07:00-19:00"],"not_on":["2026-12-25"],"time_zone":"America/Bogota"}"#
        );
        assert_eq!(serde_json::from_str::<Hours>(&kept).unwrap(), hours);
    }

    #[test]
    fn time_zone_needs_its_full_name() {
        for (text, expected) in [
            ("America/Bogota", "America/Bogota"),
            ("america/bogota", "America/Bogota"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(text.parse::<ZoneName>().unwrap().to_string(), expected);
        }
        for text in [
            "America/Bogotá",
            "Bogota",
            "Ecuador",
            "-05:00",
            "",
            "Etc/Unknown",
        ] {
            let error = text.parse::<ZoneName>().expect_err(text).to_string();
            assert!(
                error.contains("is not a time zone such as America/Bogota"),
                "{text}: {error}"
            );
        }
    }

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
