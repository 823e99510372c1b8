//! The facts that help to approve a list: the duration of the run, the 24-hour limit and the budget.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::texts::PageClock;
use crate::base::message::{Lang, Message};
use crate::base::output::rounded;
use crate::jelou::message::MessageKind;
use crate::runs::cost::{Estimate, Money};
use crate::runs::hours::SendingHours;
use crate::runs::import::RowFindings;
use crate::runs::ledger::{DailyLimit, LedgerDraft, RunSettings, now};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// The estimate considers no more waits for the limit than this, about 27 years.
const MAX_WAITS: u64 = 10_000;
/// The page shows no exact duration below this, in seconds.
const SHORT_S: u64 = 60;

/// A list to show.
pub(crate) struct ListPreview<'a> {
    /// The details of its future run.
    pub(crate) details: &'a RunSettings,
    pub(crate) draft: &'a LedgerDraft,
    /// The kind of the message.
    pub(crate) kind: &'a MessageKind,
    /// What was found in rows, by line.
    pub(crate) findings: &'a RowFindings,
    /// Warnings about the whole list.
    pub(crate) warnings: &'a [Message],
    /// Whether to skip rows that cannot be sent.
    pub(crate) skip_invalid: bool,
    /// Why the list cannot be sent as it is.
    pub(crate) refused: Option<Refusal>,
    /// The command that sends the list, if it can be sent and the page may have the message.
    pub(crate) to_send: Option<String>,
    /// How many of its recipients are new under the 24-hour limit.
    pub(crate) daily: Option<DailyLimit>,
    /// The maximum cost of the run.
    pub(crate) budget: Option<Money>,
}

/// Why a list cannot be sent as it is.
pub(crate) struct Refusal {
    pub(crate) reason: Message,
    /// Whether the reason may name a recipient. A page with a mask does not show it then.
    pub(crate) may_name_recipients: bool,
    /// What to do about it.
    pub(crate) hint: Option<Message>,
}

/// Lists the facts about a plan, each with the name of its label.
pub(super) fn plan_facts(
    list: &ListPreview<'_>,
    clock: &PageClock,
    language: Lang,
) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    facts.extend(time_needed(list, clock, language).map(|time| ("takes", time)));
    if let Some(daily) = &list.daily {
        let shown = language
            .text("limit_is")
            .replace("{limit}", &language.number(daily.limit))
            .replace("{new}", &language.number(daily.new))
            .replace("{room}", &language.number(daily.room));
        facts.push(("limit", shown));
    }
    if let Some(budget) = &list.budget {
        let estimate = list.details.estimate.as_ref();
        let currency = estimate.map(Estimate::currency).unwrap_or_default();
        let maximum = language.amount(&format!("{budget} {currency}"));
        let cost = estimate.map(|estimate| language.amount(&estimate.format_total()));
        let shown = language
            .text("budget_is")
            .replace("{budget}", maximum.trim_end())
            .replace("{cost}", &cost.unwrap_or_else(|| "–".to_owned()));
        facts.push(("budget", shown));
    }
    facts
}

/// Estimates the duration of the run if it starts now, by its rate, its hours and the 24-hour limit. Returns None if
/// there is nothing to send.
fn time_needed(list: &ListPreview<'_>, clock: &PageClock, language: Lang) -> Option<String> {
    let details = list.details;
    let rows = list.draft.to_be_sent();
    if rows == 0 {
        return None;
    }
    let work = details.time_for(rows)?;
    let begin = Timestamp::from_millisecond(now()).ok()?;
    let waits = list
        .daily
        .map(|daily| daily.days_to_wait())
        .unwrap_or_default();
    let hours = details.conditions.sending_hours();
    let end = last_send(&hours, begin, work, waits);
    let Some(end) = end.filter(|end| !clock.is_one_day(*end, begin)) else {
        return Some(if work.as_secs() < SHORT_S {
            language.text("takes_short").to_owned()
        } else {
            language.text_with("takes_time", &language.amount(&rounded(work)))
        });
    };
    let days = language.counted("days", clock.days_between(begin, end));
    let until = clock.minute(end.as_millisecond());
    Some(
        language
            .text("takes_days")
            .replace("{days}", &days)
            .replace("{end}", &until),
    )
}

/// Estimates the time of the last message, by the rate and the hours, and after the waits for the limit. Messages that
/// wait are sent a day after the ones before them, but only within the hours.
fn last_send(
    hours: &SendingHours,
    begin: Timestamp,
    work: Duration,
    waits: u64,
) -> Option<Timestamp> {
    let work = SignedDuration::try_from(work).ok()?;
    let by_rate = hours.estimate_end(begin, work)?;
    let mut by_limit = hours.next_opening(begin)?;
    for _ in 0..waits.min(MAX_WAITS) {
        let a_day_later = by_limit.checked_add(A_DAY).ok()?;
        by_limit = hours.next_opening(a_day_later)?;
    }
    Some(by_rate.max(by_limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Estimates the end of a run of a minute that waits `waits` times for its limit. `windows` are the sending hours
    /// as JSON.
    fn end(windows: Option<&str>, begin: &str, waits: u64) -> String {
        let hours = windows.map(|windows| {
            let kept =
                format!(r#"{{"between":{windows},"not_on":[],"time_zone":"America/Guayaquil"}}"#);
            serde_json::from_str(&kept).unwrap()
        });
        let work = Duration::from_secs(60);
        let hours = SendingHours::new(hours, None);
        let end = last_send(&hours, begin.parse().unwrap(), work, waits);
        let zone = jiff::tz::TimeZone::get("America/Guayaquil").unwrap();
        let end = end.unwrap().to_zoned_datetime(zone);
        end.strftime("%a %F %H:%M").to_string()
    }

    #[test]
    fn limit_waits_begin_at_an_opening() {
        let workdays = Some(r#"["mon-fri 09:00-18:00"]"#);
        let friday_night = "2026-11-27T23:40:00-05";
        for (waits, expected) in [
            (0, "Mon 2026-11-30 09:01"),
            (1, "Tue 2026-12-01 09:00"),
            (2, "Wed 2026-12-02 09:00"),
            (5, "Mon 2026-12-07 09:00"),
        ] {
            assert_eq!(end(workdays, friday_night, waits), expected, "{waits}");
        }
        // A run that begins within the hours sends at the same time of each day.
        assert_eq!(
            end(workdays, "2026-11-25T15:30:00-05", 2),
            "Fri 2026-11-27 15:30"
        );
    }

    #[test]
    fn limit_waits_are_whole_days_without_hours() {
        let friday_night = "2026-11-27T23:40:00-05";
        assert_eq!(end(None, friday_night, 0), "Fri 2026-11-27 23:41");
        assert_eq!(end(None, friday_night, 2), "Sun 2026-11-29 23:40");
        assert_eq!(end(Some("[]"), friday_night, 2), "Sun 2026-11-29 23:40");
        // The estimate ends early for a list that a limit would keep for decades.
        assert_eq!(
            end(None, friday_night, u64::MAX),
            end(None, friday_night, MAX_WAITS)
        );
    }
}
