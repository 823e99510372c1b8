//! The hours in which a run may send: how they are written, in which time zone, and when they are open next. It reads the
//! machine's time zone, and never the clock.

mod choice;
mod day_off;
mod rule;
mod window;
mod zone;

pub(crate) use self::choice::HoursBase;
pub(crate) use self::day_off::day_off;
pub(crate) use self::rule::Hours;
pub(crate) use self::window::{Between, windows_of};
pub(crate) use self::zone::ZoneName;
