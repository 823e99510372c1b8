//! The names of runs.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::SystemTime;

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::timestamps::rfc_3339;

/// The name of a run: `[a-z0-9-]`, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunName(String);

impl FromStr for RunName {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if raw.is_empty() || raw.len() > 64 || !raw.bytes().all(known) || raw.starts_with('-') {
            let raw = raw.escape_debug().to_string();
            return Err(msg!(
                "`{raw}` is not a run name: at most 64 of a-z, 0-9 and -",
                raw
            ));
        }
        Ok(Self(raw.to_owned()))
    }
}

impl ToValue for RunName {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl RunName {
    /// Creates a name for a run of the input `source`, with the time: `people-20261120-101500`.
    pub(crate) fn from_source(source: &Path) -> Self {
        let stem = source
            .file_stem()
            .map(|stem| stem.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        // `mañana` becomes `manana`.
        let stem = DecomposingNormalizerBorrowed::new_nfkd().normalize(&stem);
        let letters = stem
            .chars()
            .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter));
        let plain: String = letters
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .collect();
        let plain: String = plain.trim_matches('-').chars().take(32).collect();
        let time = rfc_3339(SystemTime::now());
        let digits = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let (date, time) = time.split_once('T').unwrap_or_default();
        let stem = if plain.is_empty() {
            "run"
        } else {
            plain.trim_matches('-')
        };
        Self(format!("{stem}-{}-{}", digits(date), digits(time)))
    }

    /// Returns the name itself, then the name with a number appended.
    pub(super) fn numbered(&self) -> impl Iterator<Item = Self> {
        let others = (2..100).filter_map(move |number| format!("{self}-{number}").parse().ok());
        std::iter::once(self.clone()).chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_name_is_not_a_path() {
        for raw in ["people-1", "7", "a"] {
            assert!(raw.parse::<RunName>().is_ok(), "{raw}");
        }
        for raw in ["", "..", "a/b", "A", "ñ", "-a", "a b", &"a".repeat(65)] {
            assert!(raw.parse::<RunName>().is_err(), "{raw}");
        }
    }

    #[test]
    fn run_name_comes_from_its_list_file() {
        for (source, expected) in [
            ("/x/Mis Clientes.csv", "mis-clientes-20"),
            ("-", "run-20"),
            ("ש.csv", "run-20"),
            ("Citas mañana.xlsx", "citas-manana-20"),
            // macOS writes names this way.
            ("Citas man\u{303}ana.xlsx", "citas-manana-20"),
        ] {
            let name = RunName::from_source(Path::new(source));
            assert!(
                name.0.starts_with(expected) && name.0.parse::<RunName>().is_ok(),
                "{name}"
            );
        }
    }
}
