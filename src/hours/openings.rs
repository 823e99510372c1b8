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

/// The windows of everything that was given; without any there is no restriction.
///
/// # Errors
/// If `always` does not stand alone.
pub(crate) fn windows_of(all: &[Between]) -> Result<Vec<DailyWindow>, String> {
    if all.len() > 1 && all.contains(&Between::Always) {
        return Err("`always` stands alone: it lifts all hours".to_owned());
    }
    let windows =
        all.iter().filter_map(|one| if let Between::Window(window) = one { Some(window.clone()) } else { None });
    Ok(windows.collect())
}
