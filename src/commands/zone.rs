//! The time zone of printed times: the typed zone, the run's, the profile's, or this machine's.

use jiff::tz::TimeZone;

use crate::command_error::CommandError;
use crate::runs::hours::ZoneName;
use crate::runs::ledger::RunSettings;
use crate::sender::Sender;
use crate::sender::config;
use crate::sender::context::Context;

/// Returns the zone for the times of a run; `typed` is the value of `--time-zone`.
///
/// # Errors
/// When the configuration cannot be read, or has a time zone that does not exist.
pub(super) fn run_zone(
    context: &Context,
    typed: Option<&ZoneName>,
    details: &RunSettings,
) -> Result<TimeZone, CommandError> {
    if let Some(typed) = typed {
        return Ok(typed.zone().clone());
    }
    match &details.conditions.hours {
        Some(hours) => Ok(hours.zone().clone()),
        None => profile_zone(context, details.profile.as_deref()),
    }
}

/// Returns the zone for the times of a run, or of a list before it becomes a run, from its sender.
pub(super) fn sender_zone(details: &RunSettings, sender: &Sender) -> TimeZone {
    match &details.conditions.hours {
        Some(hours) => hours.zone().clone(),
        None => sender.settings.hours.zone(),
    }
}

/// Returns the zone for times of several runs, or of a run that the `profile` sent.
///
/// # Errors
/// When the configuration cannot be read, or has a time zone that does not exist.
pub(super) fn profile_zone(
    context: &Context,
    profile: Option<&str>,
) -> Result<TimeZone, CommandError> {
    let zone = config::profile_zone(&context.flags, profile)?;
    Ok(zone.map_or_else(TimeZone::system, |zone| zone.zone().clone()))
}
