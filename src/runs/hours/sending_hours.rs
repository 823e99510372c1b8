//! The sending hours of a run together with those of the profile that sends it.

use jiff::{SignedDuration, Timestamp};

use super::rule::Hours;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::output::{WaitReason, Waiting};

/// How many openings are compared before hours count as never open together: more than a year has.
const MAX_OPENINGS: u32 = 2000;
/// The maximum working time for an estimate of the end: two months of open minutes.
const MAX_MINUTES: u32 = 60 * 24 * 60;

/// The hours of a run and of the profile that sends it. A row is sent only while all of them are open. Empty for any time.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendingHours(Vec<Hours>);

impl SendingHours {
    /// Joins the hours of a run with those of a profile.
    pub(crate) fn new(run: Option<Hours>, profile: Option<Hours>) -> Self {
        let is_in_run = |profile: &Hours| run.as_ref().is_some_and(|run| run.includes(profile));
        let profile = profile.filter(|profile| !is_in_run(profile));
        Self(run.into_iter().chain(profile).collect())
    }

    /// Returns the run's hours, or else the profile's; None for any time.
    pub(crate) fn first(&self) -> Option<&Hours> {
        self.0.first()
    }

    /// Returns the first instant from `from` on when all are open; None if there is none.
    pub(crate) fn next_opening(&self, from: Timestamp) -> Option<Timestamp> {
        let mut at = from;
        for _ in 0..MAX_OPENINGS {
            let next = self
                .0
                .iter()
                .try_fold(at, |at, hours| hours.next_opening(at))?;
            if next == at {
                return Some(at);
            }
            at = next;
        }
        None
    }

    /// Returns the wait until the hours open at `opening`. None for any time.
    pub(crate) fn wait_until(&self, opening: Timestamp) -> Option<Waiting> {
        let first = self.first()?;
        Some(Waiting {
            reason: WaitReason::OutsideHours,
            until: first.rfc_3339(opening),
            since: None,
            duration_text: msg!("until {time}", time = first.local_value(opening)),
            reason_text: msg!("outside the sending hours, {hours}", hours = self),
            is_new: false,
        })
    }

    /// Returns when `work` that begins at `from`, and pauses outside the hours, is done; None if that is too far in the
    /// future.
    pub(crate) fn estimate_end(&self, from: Timestamp, work: SignedDuration) -> Option<Timestamp> {
        if self.0.is_empty() {
            return from.checked_add(work).ok();
        }
        let mut at = self.next_opening(from)?;
        let mut left = work;
        for _ in 0..MAX_MINUTES {
            // Windows begin and end on a minute.
            let next_minute =
                Timestamp::from_second((at.as_second().div_euclid(60) + 1) * 60).ok()?;
            let step = next_minute.duration_since(at).min(left);
            at = at.checked_add(step).ok()?;
            left -= step;
            if left.is_zero() {
                return Some(at);
            }
            at = self.next_opening(at)?;
        }
        None
    }
}

impl ToValue for SendingHours {
    fn to_value(&self) -> Value {
        let all = self.0.iter().map(Hours::message).collect();
        Message::joined(all, "; ").to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(between: &str, zone: &str) -> Hours {
        let kept = format!(r#"{{"between":["{between}"],"not_on":[],"time_zone":"{zone}"}}"#);
        serde_json::from_str(&kept).unwrap()
    }

    #[test]
    fn row_is_sent_while_hours_of_run_and_profile_are_open() {
        let bogota = "America/Bogota";
        let run = hours("mon-fri 07:00-19:00", bogota);
        let from: Timestamp = "2026-11-20T06:00:00-05".parse().unwrap();
        for (profile, opening) in [
            (None, Some("2026-11-20T07:00:00-05")),
            (Some(run.clone()), Some("2026-11-20T07:00:00-05")),
            (
                Some(hours("08:00-12:00", bogota)),
                Some("2026-11-20T08:00:00-05"),
            ),
            // On the same day, the profile's hours are over when the run's begin.
            (
                Some(hours("mon 12:30-13:00", "UTC")),
                Some("2026-11-23T12:30:00Z"),
            ),
            (Some(hours("sat 08:00-15:00", bogota)), None),
        ] {
            let joined = SendingHours::new(Some(run.clone()), profile);
            let opening = opening.map(|at| at.parse().unwrap());
            assert_eq!(joined.next_opening(from), opening, "{joined:?}");
        }
        let any_time = SendingHours::new(None, None);
        assert_eq!(any_time.next_opening(from), Some(from));
    }
}
