//! The time zone of hours, by its IANA name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Names of zones that are UTC, which machines have if no zone was chosen.
const UTC: [&str; 9] = ["utc", "uct", "gmt", "gmt0", "gmt+0", "gmt-0", "zulu", "universal", "greenwich"];

/// A time zone that has a name: `America/Bogota`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct ZoneName(#[serde(with = "jiff::fmt::serde::tz::required")] TimeZone);

impl ZoneName {
    /// The zone of this machine, if one was chosen.
    ///
    /// # Errors
    /// Says what the zone is instead.
    pub(super) fn of_machine() -> Result<Self, &'static str> {
        let zone = TimeZone::try_system().map_err(|_| "not known")?;
        let name = zone.iana_name().filter(|_| !zone.is_unknown()).ok_or("not known by a name")?;
        let of_region = name.strip_prefix("Etc/").unwrap_or(name).to_lowercase();
        if UTC.contains(&of_region.as_str()) { Err("UTC") } else { Ok(Self(zone)) }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let known = TimeZone::get(raw).ok().filter(|zone| !zone.is_unknown() && zone.iana_name().is_some());
        let problem = || format!("`{}` is not a time zone; write its name, such as America/Bogota", raw.escape_debug());
        known.map(Self).ok_or_else(problem)
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_a_name() {
        for (text, expected) in
            [("America/Bogota", "America/Bogota"), ("america/bogota", "America/Bogota"), ("UTC", "UTC")]
        {
            assert_eq!(text.parse::<ZoneName>().unwrap().to_string(), expected);
        }
        for text in ["America/Bogotá", "Bogota", "Ecuador", "-05:00", "", "Etc/Unknown"] {
            let error = text.parse::<ZoneName>().expect_err(text);
            assert!(error.contains("is not a time zone; write its name, such as America/Bogota"), "{text}: {error}");
        }
    }
}
