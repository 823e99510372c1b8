//! The names of months, weekdays and parts of the day that people write in dates.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::suggest::plain;
use super::texts::rows;

/// The kind, the number and the names, as [`plain`] writes them. `tests/date-names` writes it.
const NAMES: &str = include_str!("date_names.tsv");

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DateName {
    /// The number of a month, from 1.
    Month,
    /// The number of a weekday: 1 is Monday.
    Weekday,
    Morning,
    Noon,
    Afternoon,
}

impl DateName {
    fn from_kind(kind: &str) -> Option<Self> {
        match kind {
            "month" => Some(Self::Month),
            "weekday" => Some(Self::Weekday),
            "am" => Some(Self::Morning),
            "noon" => Some(Self::Noon),
            "pm" => Some(Self::Afternoon),
            _ => None,
        }
    }

    /// Returns the number of the month or weekday that `word` names, in full or abbreviated; 0 for a part of the day.
    pub(crate) fn number(self, word: &str) -> Option<i8> {
        static NUMBERS: LazyLock<HashMap<(DateName, &str), i8>> = LazyLock::new(read_names);
        NUMBERS.get(&(self, plain(word).as_str())).copied()
    }
}

fn read_names() -> HashMap<(DateName, &'static str), i8> {
    let mut numbers = HashMap::new();
    for [kind, number, names] in rows(NAMES) {
        if let (Some(kind), Ok(number)) = (DateName::from_kind(kind), number.parse()) {
            numbers.extend(names.split(' ').map(|name| ((kind, name), number)));
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::DateName::{Afternoon, Month, Morning, Noon, Weekday};

    #[test]
    fn names_are_read_in_full_and_abbreviated() {
        for (kind, word, expected) in [
            (Month, "sept", Some(9)),
            (Month, "Set.", Some(9)),
            (Month, "SETIEMBRE", Some(9)),
            (Month, "setembro", Some(9)),
            (Month, "Marzo", Some(3)),
            (Month, "março", Some(3)),
            (Month, "mar", Some(3)),
            (Month, "marz", None),
            (Month, "martes", None),
            (Weekday, "mar", Some(2)),
            (Weekday, "sáb.", Some(6)),
            (Weekday, "Sexta-Feira", Some(5)),
            (Weekday, "sexta", Some(5)),
            (Weekday, "Sunday", Some(7)),
            (Weekday, "x", None),
            (Weekday, "", None),
            (Morning, "a.\u{a0}m.", Some(0)),
            (Afternoon, "PM", Some(0)),
            (Noon, "m.", Some(0)),
            (Noon, "a", None),
        ] {
            assert_eq!(kind.number(word), expected, "{kind:?} {word}");
        }
    }
}
