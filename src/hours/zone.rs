//! The time zone of hours, by its IANA name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, db};
use serde::{Deserialize, Serialize};

use crate::nearest::plain;

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
        known.map(Self).ok_or_else(|| {
            let shown = raw.escape_debug();
            match of_city(raw) {
                Some(name) => format!("`{shown}` is not a time zone; did you mean `{name}`?"),
                None => format!("`{shown}` is not a time zone; write its name, such as America/Bogota"),
            }
        })
    }
}

/// The zone of this city, however that is spelled.
fn of_city(raw: &str) -> Option<String> {
    let city_of = |name: &str| name.rsplit_once('/').map(|(_, city)| plain(city));
    let city = city_of(raw).unwrap_or_else(|| plain(raw));
    db().available().map(|name| name.to_string()).find(|name| city_of(name).as_ref() == Some(&city))
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
    fn a_zone_has_a_name_and_an_unknown_one_the_nearest() {
        for (text, expected) in
            [("America/Bogota", "America/Bogota"), ("america/bogota", "America/Bogota"), ("UTC", "UTC")]
        {
            assert_eq!(text.parse::<ZoneName>().unwrap().to_string(), expected);
        }
        for (text, expected) in [
            ("America/Bogotá", "did you mean `America/Bogota`?"),
            ("Bogota", "did you mean `America/Bogota`?"),
            ("guayaquil", "did you mean `America/Guayaquil`?"),
            ("Mexico City", "did you mean `America/Mexico_City`?"),
            ("Ecuador", "write its name, such as America/Bogota"),
            ("Costa Rica", "did you mean `America/Costa_Rica`?"),
            ("-05:00", "write its name, such as America/Bogota"),
            ("", "write its name"),
            ("Etc/Unknown", "is not a time zone"),
        ] {
            let error = text.parse::<ZoneName>().expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
