//! The hours of a run: from flags and profile when it begins, from flags and the run when it is resumed; and the notes
//! about them.

use jiff::Timestamp;

use super::options::HoursOptions;
use crate::command_error::CommandError;
use crate::config::{ConfigError, Settings};
use crate::context::Context;
use crate::hours::{DATES, Hours, HoursBase, days_off_in, lifts_all};
use crate::ledger::{Details, LedgerError, Run};
use crate::output::{WaitReason, Waiting};
use crate::timestamps::{self, local_time, of_milliseconds};

/// The hours of a new run: what was typed overrides the profile.
pub(super) fn of_new_run(typed: &HoursOptions, settings: &Settings) -> Result<Option<Hours>, CommandError> {
    let not_on = if lifts_all(&typed.between) { &[][..] } else { &settings.not_on };
    let not_on = days_off_in(not_on)
        .map_err(|problem| ConfigError::new(format!("not_on of {}: {problem}", settings.origin("not_on")), DATES))?;
    let (between, time_zone) = (settings.between.clone(), settings.time_zone.clone());
    Ok(typed.over(HoursBase { between, not_on, time_zone })?)
}

/// Warns before the question that nothing is sent right away.
pub(super) fn report_closed(context: &Context, hours: Option<&Hours>) {
    if let Some((hours, until)) = closed(hours)
        && context.can_ask()
        && !context.assume_yes
    {
        let until = hours.shown(until);
        context.stderr.note(&format!("it is outside of the hours, {hours}: the first message leaves at {until}"));
    }
}

/// What a run that another process is sending waits for: its hours, or as that process has noted, its limit of people.
pub(super) fn waiting(run: &Run, details: &Details) -> Result<Option<Waiting>, LedgerError> {
    let (reason, until, shown) =
        if let Some((hours, until)) = closed(details.conditions.hours.as_ref().filter(|_| !details.sandbox)) {
            (WaitReason::Hours, hours.rfc_3339(until), hours.shown(until))
        } else {
            let (last, now) = (run.events()?.pop(), run.store().now()?);
            let Some(until) = last.and_then(|event| event.limit_until()).filter(|until| *until > now) else {
                return Ok(None);
            };
            let until = of_milliseconds(until);
            (WaitReason::PeopleLimit, format!("{until:.0}"), format!("{}, for its limit of people", local_time(until)))
        };
    let (shown, words) = (format!("until {shown}"), String::new());
    Ok(Some(Waiting { reason, until, since: None, shown, words, is_new: false }))
}

/// The hours and their next opening, if they are closed now.
fn closed(hours: Option<&Hours>) -> Option<(&Hours, Timestamp)> {
    let now = timestamps::now();
    let hours = hours?;
    let until = hours.next_opening(now)?;
    (until > now).then_some((hours, until))
}
