//! What `--between` and a profile's `between` say: some windows, or `always`.

use std::str::FromStr;

use super::window::DailyWindow;

/// One value of `--between`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// `always`: no hours.
    Always,
    Window(DailyWindow),
}

impl FromStr for Between {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        if raw.trim().eq_ignore_ascii_case("always") { Ok(Self::Always) } else { raw.parse().map(Self::Window) }
    }
}

/// Everything that was given; without windows there is no restriction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Openings {
    pub(crate) windows: Vec<DailyWindow>,
}

impl TryFrom<Vec<Between>> for Openings {
    type Error = String;

    fn try_from(all: Vec<Between>) -> Result<Self, String> {
        if all.len() > 1 && all.contains(&Between::Always) {
            return Err("`always` stands alone: it lifts all hours".to_owned());
        }
        let windows = all.into_iter().filter_map(|one| match one {
            Between::Always => None,
            Between::Window(window) => Some(window),
        });
        Ok(Self { windows: windows.collect() })
    }
}

impl TryFrom<&[String]> for Openings {
    type Error = String;

    fn try_from(all: &[String]) -> Result<Self, String> {
        let all: Result<Vec<Between>, String> = all.iter().map(|one| one.parse()).collect();
        all?.try_into()
    }
}
