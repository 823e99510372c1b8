//! Finds the smallest and the largest number or date of an expression.

use super::table::{Range, ValueInLine};
use super::{ValueOfRow, shown_value};
use crate::base::conventions::Conventions;
use crate::lists::template::AmountKind;

/// The numbers or dates of an expression so far.
#[derive(Debug, Default)]
pub(super) struct Amounts {
    /// Whether a filter has written the values. Then those without an amount, such as a default, do not count.
    is_formatted: bool,
    /// The amounts that a filter has read, or that the sheet stores.
    known: Extremes,
    /// Whether a value has no known amount.
    lacks_known: bool,
    /// The amounts that the texts of the values read as.
    read: Extremes,
    reading: ReadAs,
}

/// What all values so far read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ReadAs {
    /// There is no value yet.
    #[default]
    Unknown,
    All(AmountKind),
    /// A value reads as no amount, or as one of another kind.
    NotAll,
}

impl Amounts {
    pub(super) fn new(is_formatted: bool) -> Self {
        Self {
            is_formatted,
            ..Self::default()
        }
    }

    pub(super) fn count(
        &mut self,
        value: ValueOfRow<'_>,
        conventions: impl Fn() -> Option<Conventions>,
    ) {
        match value.amount {
            Some(amount) => self.known.note(amount, value),
            None => self.lacks_known = true,
        }
        if !self.is_formatted || value.amount.is_none() {
            self.read(value, conventions);
        }
    }

    /// Reads a value that may be an amount.
    fn read(&mut self, value: ValueOfRow<'_>, conventions: impl Fn() -> Option<Conventions>) {
        let kinds = match self.reading {
            ReadAs::Unknown => &AmountKind::ALL[..],
            ReadAs::All(AmountKind::Number) => &[AmountKind::Number],
            ReadAs::All(AmountKind::Date) => &[AmountKind::Date],
            ReadAs::NotAll => return,
        };
        for kind in kinds {
            if let Some(amount) = kind.read(value.text, &conventions) {
                self.reading = ReadAs::All(*kind);
                self.read.note(amount, value);
                return;
            }
        }
        self.reading = ReadAs::NotAll;
    }

    /// The smallest and the largest. None if the values are no amounts.
    pub(super) fn range(&self) -> Option<Range> {
        let known = self.known.range();
        if known.is_some() && (self.is_formatted || !self.lacks_known) {
            return known;
        }
        self.read.range().filter(|_| self.reading != ReadAs::NotAll)
    }
}

/// The smallest and the largest of some amounts.
#[derive(Debug, Default)]
struct Extremes {
    smallest: Option<SeenAmount>,
    largest: Option<SeenAmount>,
}

#[derive(Debug)]
struct SeenAmount {
    amount: f64,
    value: String,
    line: u64,
}

impl Extremes {
    fn note(&mut self, amount: f64, value: ValueOfRow<'_>) {
        let seen = || SeenAmount {
            amount,
            value: shown_value(value.text),
            line: value.line,
        };
        if self
            .smallest
            .as_ref()
            .is_none_or(|known| amount < known.amount)
        {
            self.smallest = Some(seen());
        }
        if self
            .largest
            .as_ref()
            .is_none_or(|known| amount > known.amount)
        {
            self.largest = Some(seen());
        }
    }

    fn range(&self) -> Option<Range> {
        let in_line = |seen: &SeenAmount| ValueInLine {
            value: Some(seen.value.clone()),
            line: seen.line,
        };
        Some(Range {
            smallest: in_line(self.smallest.as_ref()?),
            largest: in_line(self.largest.as_ref()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(values: &[&str], is_formatted: bool) -> Option<String> {
        let mut amounts = Amounts::new(is_formatted);
        for (text, line) in values.iter().zip(2..) {
            // A text after a sign stands for a value that a filter has read, or that the sheet stores.
            let amount = text.strip_prefix('=').map(|number| number.parse().unwrap());
            amounts.count(ValueOfRow { line, text, amount }, || {
                Conventions::for_country("EC")
            });
        }
        let Range { smallest, largest } = amounts.range()?;
        let shown = |value: ValueInLine| format!("{} {}", value.value.unwrap(), value.line);
        Some(format!("{}, {}", shown(smallest), shown(largest)))
    }

    #[test]
    fn smallest_and_largest_have_their_lines() {
        for (values, expected) in [
            (&["5", "12,50", "-3", "12,5"][..], Some("-3 4, 12,50 3")),
            (
                &["28/11/2026", "2026-01-05", "30/12/1899"],
                Some("30/12/1899 4, 28/11/2026 2"),
            ),
            (&["5", "nan", "3"], None),
            (&["5", "28/11/2026"], None),
            (&["Ana", "5"], None),
            (&[], None),
        ] {
            assert_eq!(range(values, false).as_deref(), expected, "{values:?}");
        }
        // What a filter has read counts alone.
        let formatted = range(&["nada", "=7", "1", "=-2"], true);
        assert_eq!(formatted.as_deref(), Some("=-2 5, =7 3"));
    }

    /// A sheet may show some numbers as it stores them, such as 900120 in the format 000000.
    #[test]
    fn sheet_that_shows_some_amounts_as_stored_has_all_in_its_range() {
        let range = |cells: &[(&str, Option<f64>)]| {
            let mut amounts = Amounts::new(false);
            for (&(text, amount), line) in cells.iter().zip(2..) {
                amounts.count(ValueOfRow { line, text, amount }, || {
                    Conventions::for_country("EC")
                });
            }
            let Range { smallest, largest } = amounts.range()?;
            Some([smallest.line, largest.line])
        };
        let padded = [
            ("001234", Some(1234.0)),
            ("000077", Some(77.0)),
            ("900120", None),
        ];
        assert_eq!(range(&padded), Some([3, 4]));
        let with_text = [("15,00", Some(15.0)), ("por definir", None)];
        assert_eq!(range(&with_text), None);
        let stored = [("5 un", Some(5.0)), ("7 un", Some(7.0))];
        assert_eq!(range(&stored), Some([2, 3]));
    }
}
