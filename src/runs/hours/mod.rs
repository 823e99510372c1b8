//! The sending hours of a run: their format, their time zone, and when they open next. This module reads the machine's
//! time zone, but never its clock.

mod rule;
mod sending_hours;
mod window;

pub(crate) use self::rule::{Hours, ZoneName};
pub(crate) use self::rule::{HoursBase, day_off, days_past_everywhere, past_days_off};
pub(crate) use self::sending_hours::SendingHours;
pub(crate) use self::window::{Between, collect_windows};
