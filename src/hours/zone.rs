//! The time zone of hours, by its IANA name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, db};
use serde::{Deserialize, Serialize};

use crate::nearest::{nearest, plain};

/// Names of zones that are UTC, which machines have if no zone was chosen.
const UTC: [&str; 9] = ["utc", "uct", "gmt", "gmt0", "gmt+0", "gmt-0", "zulu", "universal", "greenwich"];

/// Countries and capitals whose zone has the name of another city.
const PLACES: [(&str, &str); 20] = [
    ("argentina", "America/Argentina/Buenos_Aires"),
    ("bolivia", "America/La_Paz"),
    ("brasil", "America/Sao_Paulo"),
    ("brasilia", "America/Sao_Paulo"),
    ("brazil", "America/Sao_Paulo"),
    ("chile", "America/Santiago"),
    ("colombia", "America/Bogota"),
    ("cuba", "America/Havana"),
    ("ecuador", "America/Guayaquil"),
    ("espana", "Europe/Madrid"),
    ("honduras", "America/Tegucigalpa"),
    ("mexico", "America/Mexico_City"),
    ("nicaragua", "America/Managua"),
    ("paraguay", "America/Asuncion"),
    ("peru", "America/Lima"),
    ("quito", "America/Guayaquil"),
    ("republicadominicana", "America/Santo_Domingo"),
    ("spain", "Europe/Madrid"),
    ("uruguay", "America/Montevideo"),
    ("venezuela", "America/Caracas"),
];

/// A time zone that has a name: `America/Bogota`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ZoneName {
    name: String,
    zone: TimeZone,
}

impl ZoneName {
    /// The zone of this machine, if one was chosen.
    ///
    /// # Errors
    /// Says what the zone is instead.
    pub(super) fn of_machine() -> Result<Self, &'static str> {
        let zone = TimeZone::try_system().map_err(|_| "not known")?;
        let name = zone.iana_name().filter(|_| !zone.is_unknown()).ok_or("not known by a name")?.to_owned();
        let of_region = name.strip_prefix("Etc/").unwrap_or(&name).to_lowercase();
        if UTC.contains(&of_region.as_str()) { Err("UTC") } else { Ok(Self { name, zone }) }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl FromStr for ZoneName {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let known = TimeZone::get(raw).ok().filter(|zone| !zone.is_unknown());
        if let Some(zone) = known
            && let Some(name) = zone.iana_name().map(str::to_owned)
        {
            return Ok(Self { name, zone });
        }
        let shown = raw.escape_debug();
        Err(match probably_meant(raw) {
            Some(name) => format!("`{shown}` is not a time zone; did you mean `{name}`?"),
            None => format!("`{shown}` is not a time zone; write its name, such as America/Bogota"),
        })
    }
}

/// The zone of that country or city, otherwise the one with the nearest name.
fn probably_meant(raw: &str) -> Option<String> {
    let names: Vec<String> = db().available().map(|name| name.to_string()).collect();
    let raw = raw.trim().replace(' ', "_");
    let city_of = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let place = plain(&city_of(&raw));
    if let Some((_, zone)) = PLACES.iter().find(|(name, _)| *name == place) {
        return Some((*zone).to_owned());
    }
    if raw.contains('/') {
        return nearest(&raw, names.iter().map(String::as_str)).map(str::to_owned);
    }
    let cities: Vec<String> = names.iter().map(|name| city_of(name)).collect();
    let city = nearest(&raw, cities.iter().map(String::as_str))?;
    // A city has several names if zones were renamed: the one with a place before it is current.
    names
        .iter()
        .find(|name| name.contains('/') && city_of(name) == city)
        .or_else(|| names.iter().find(|name| *name == city))
        .cloned()
}

impl fmt::Display for ZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl TryFrom<String> for ZoneName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> Self {
        zone.name
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
            ("Ecuador", "did you mean `America/Guayaquil`?"),
            ("America/Quito", "did you mean `America/Guayaquil`?"),
            ("Perú", "did you mean `America/Lima`?"),
            ("Costa Rica", "did you mean `America/Costa_Rica`?"),
            ("República Dominicana", "did you mean `America/Santo_Domingo`?"),
            ("-05:00", "write its name, such as America/Bogota"),
            ("", "write its name"),
            ("Etc/Unknown", "is not a time zone"),
        ] {
            let error = text.parse::<ZoneName>().expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
