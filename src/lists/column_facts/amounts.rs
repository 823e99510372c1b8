//! Finds the smallest and the largest number or date of an expression.

use super::table::{Range, ValueInLine};
use super::{ValueOfRow, shown_value};
use crate::base::conventions::Conventions;
use crate::lists::template::AmountKind;

/// The numbers or dates of an expression so far.
#[derive(Debug, Default)]
pub(super) struct Amounts {
    source: AmountSource,
    smallest: Option<SeenAmount>,
    largest: Option<SeenAmount>,
}

/// How the values are known to be amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AmountSource {
    /// There is no value yet.
    #[default]
    Unknown,
    /// A filter has read them, or the sheet stores them. Other values are no amounts.
    Certain,
    /// All values read as amounts of this kind.
    AllRead(AmountKind),
    /// A value does not.
    NotRead,
}

#[derive(Debug)]
struct SeenAmount {
    amount: f64,
    value: String,
    line: u64,
}

impl Amounts {
    pub(super) fn count(
        &mut self,
        value: ValueOfRow<'_>,
        conventions: impl Fn() -> Option<Conventions>,
    ) {
        match value.amount {
            Some(amount) => {
                if self.source != AmountSource::Certain {
                    *self = Self {
                        source: AmountSource::Certain,
                        ..Self::default()
                    };
                }
                self.note(amount, value);
            }
            None => self.read(value, conventions),
        }
    }

    /// Reads a value that may be an amount.
    fn read(&mut self, value: ValueOfRow<'_>, conventions: impl Fn() -> Option<Conventions>) {
        let kinds = match self.source {
            AmountSource::Unknown => &AmountKind::ALL[..],
            AmountSource::AllRead(AmountKind::Number) => &[AmountKind::Number],
            AmountSource::AllRead(AmountKind::Date) => &[AmountKind::Date],
            AmountSource::Certain | AmountSource::NotRead => return,
        };
        for kind in kinds {
            if let Some(amount) = kind.read(value.text, &conventions) {
                self.source = AmountSource::AllRead(*kind);
                self.note(amount, value);
                return;
            }
        }
        self.source = AmountSource::NotRead;
    }

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

    /// The smallest and the largest. None if the values are no amounts.
    pub(super) fn range(&self) -> Option<Range> {
        if self.source == AmountSource::NotRead {
            return None;
        }
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

    fn range(values: &[&str]) -> Option<String> {
        let mut amounts = Amounts::default();
        for (text, line) in values.iter().zip(2..) {
            // A text after a sign stands for a value that a filter has read.
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
            // What a filter has read counts alone.
            (&["nada", "=7", "1", "=-2"], Some("=-2 5, =7 3")),
        ] {
            assert_eq!(range(values).as_deref(), expected, "{values:?}");
        }
    }
}
