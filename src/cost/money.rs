//! An amount of money, exact. It has no currency of its own: a file of rates has one.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most digits after the decimal point; with the largest amount, no sum of a run can overflow.
const MOST_DECIMALS: u32 = 8;
const LARGEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// As JSON it is a text, such as `"0.0625"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Money(Decimal);

impl Money {
    /// The price of `messages` messages.
    pub(crate) fn times(self, messages: u64) -> Self {
        Self(self.0 * Decimal::from(messages))
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Money {
    type Err = String;

    /// Reads `0.0625`: digits, and a point before decimals.
    fn from_str(raw: &str) -> Result<Self, String> {
        let typed = raw.trim();
        let is_plain = typed.chars().all(|sign| sign.is_ascii_digit() || sign == '.');
        let read = typed.parse::<Decimal>().ok().filter(|_| is_plain);
        let Some(amount) = read else {
            let problem = format!("`{}` is not an amount", typed.escape_debug());
            return Err(format!("{problem}; write it with a point and without its currency, as 12.50"));
        };
        if amount > LARGEST || amount.scale() > MOST_DECIMALS {
            return Err(format!("`{typed}` is more than {LARGEST}, or has more than {MOST_DECIMALS} decimals"));
        }
        Ok(Self(amount))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl fmt::Display for Money {
    /// With two decimals, or as many more as it has.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.normalize();
        shown.rescale(shown.scale().max(2));
        shown.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_and_shown_exactly() {
        for (raw, shown) in [
            ("0.0625", "0.0625"),
            (" 12 ", "12.00"),
            ("0.50000", "0.50"),
            (".1", "0.10"),
            ("0", "0.00"),
            ("1000000000", "1000000000.00"),
            ("0.00000001", "0.00000001"),
        ] {
            assert_eq!(raw.parse::<Money>().map(|amount| amount.to_string()).as_deref(), Ok(shown), "{raw}");
        }
        for raw in ["", ".", "-1", "+1", "1e3", "1,5", "1_000", "0.000000001", "1000000001", "NaN", "$1", "1.2.3"] {
            assert!(raw.parse::<Money>().is_err(), "{raw}");
        }
        let price: Money = "0.1".parse().unwrap();
        assert_eq!([price.times(1), price.times(2)].into_iter().sum::<Money>(), price.times(3));
        let most: Money = "999999999.99999999".parse().unwrap();
        assert_eq!(most.times(1_000_000_000).to_string(), "999999999999999990.00");
    }
}
