//! The column with the country of each row's local numbers.

use crate::base::suggest::plain;

/// The usual names of this column, in the form of [`plain`]: in Spanish and English, and in exports of HubSpot
/// (`Country/Region`).
const USUAL_NAMES: [&str; 3] = ["pais", "country", "countryregion"];

/// The longest usual name with its accents and punctuation, in bytes.
const MAX_LENGTH: usize = 20;

/// Which column of a list has the countries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CountryColumn {
    /// No column.
    None,
    /// Every column with a usual name.
    Usual,
    /// The column with exactly this name.
    Named(String),
}

impl CountryColumn {
    /// Returns whether it is the column with this `name`.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::Usual => is_country_column(name),
            Self::Named(named) => named == name.trim(),
        }
    }
}

/// Returns whether a column has a usual name.
pub(crate) fn is_country_column(name: &str) -> bool {
    // Check the length first: each NDJSON row has its own names, and most are longer or differ.
    name.len() <= MAX_LENGTH && USUAL_NAMES.contains(&plain(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn country_column_is_recognized_by_name() {
        for (name, expected) in [
            ("País", true),
            ("COUNTRY", true),
            ("Country/Region", true),
            ("country_code", false),
            ("paisaje", false),
            ("", false),
        ] {
            assert_eq!(is_country_column(name), expected, "{name}");
        }
        let named = CountryColumn::Named("Código".to_owned());
        assert!(named.has_name(" Código "));
        assert!(!named.has_name("codigo") && !named.has_name("País"));
        assert!(!CountryColumn::None.has_name("País"));
    }
}
