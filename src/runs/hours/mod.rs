//! The hours in which a run may send: how they are written, in which time zone, and when they are open next. It reads
//! the machine's time zone, and never the clock.

mod choice;
mod rule;
mod window;

pub(crate) use self::choice::{HoursBase, day_off};
pub(crate) use self::rule::{Hours, ZoneName};
pub(crate) use self::window::{Between, windows_of};
