//! The facts that help to approve a list: the duration of the run, the 24-hour limit and the budget.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::texts::PageClock;
use crate::base::output::rounded;
use crate::jelou::message::MessageKind;
use crate::lists::list_file::ReportLanguage;
use crate::runs::cost::{Estimate, Money};
use crate::runs::import::Remarks;
use crate::runs::ledger::{DailyLimit, LedgerDraft, RunSettings, now};

const DAY_S: i64 = 24 * 60 * 60;
/// The page shows no exact duration below this, in seconds.
const SHORT_S: u64 = 60;

/// A list to show.
pub(crate) struct PlannedList<'a> {
    /// The details of its future run.
    pub(crate) details: &'a RunSettings,
    pub(crate) draft: &'a LedgerDraft,
    /// The kind of the message.
    pub(crate) kind: &'a MessageKind,
    pub(crate) remarks: &'a Remarks,
    /// Whether to skip rows that cannot be sent.
    pub(crate) skip_invalid: bool,
    /// Why the list cannot be sent as it is.
    pub(crate) refused: Option<String>,
    /// How many of its recipients are new under the 24-hour limit.
    pub(crate) daily: Option<DailyLimit>,
    /// The maximum cost of the run.
    pub(crate) budget: Option<Money>,
}

/// Facts, each with the name of its label.
pub(super) fn plan_facts(
    list: &PlannedList<'_>,
    clock: &PageClock,
    language: ReportLanguage,
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
        let cost = estimate.map(|estimate| language.amount(&estimate.shown()));
        let shown = language
            .text("budget_is")
            .replace("{budget}", maximum.trim_end())
            .replace("{cost}", &cost.unwrap_or_else(|| "–".to_owned()));
        facts.push(("budget", shown));
    }
    facts
}

/// The duration of the run if it starts now, by its rate, its hours and the 24-hour limit. None if there is nothing to
/// send.
fn time_needed(
    list: &PlannedList<'_>,
    clock: &PageClock,
    language: ReportLanguage,
) -> Option<String> {
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
    let end = last_send(list, begin, work, waits);
    let Some(end) = end.filter(|end| !clock.is_one_day(*end, begin)) else {
        return Some(if work.as_secs() < SHORT_S {
            language.text("takes_short").to_owned()
        } else {
            language.text_with("takes_time", &language.amount(&rounded(work)))
        });
    };
    let days = language.counted("days", clock.days_between(begin, end));
    let until = clock.shown(end.as_millisecond(), "%Y-%m-%d %H:%M");
    Some(
        language
            .text("takes_days")
            .replace("{days}", &days)
            .replace("{end}", &until),
    )
}

/// The time of the last message, by the rate and the hours, and after the waits for the limit.
fn last_send(
    list: &PlannedList<'_>,
    begin: Timestamp,
    work: Duration,
    waits: u64,
) -> Option<Timestamp> {
    let hours = list.details.conditions.hours.as_ref();
    let work = SignedDuration::try_from(work).ok()?;
    let by_rate = match hours {
        Some(hours) => hours.end_of(begin, work)?,
        None => begin.checked_add(work).ok()?,
    };
    let wait = i64::try_from(waits).ok()?.checked_mul(DAY_S)?;
    let wait = SignedDuration::from_secs(wait);
    let by_limit = begin.checked_add(wait).ok()?;
    let by_limit = match hours {
        Some(hours) => hours.next_opening(by_limit)?,
        None => by_limit,
    };
    Some(by_rate.max(by_limit))
}
