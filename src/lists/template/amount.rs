//! Reads numbers and dates only to compare them, so that the smallest and the largest of a column can be shown.

use super::read_date::read_date;
use super::read_number::{DecimalSign, read_number};
use super::stored_amount::seconds;
use crate::base::conventions::Conventions;

/// The most digits that a number keeps exactly.
const EXACT_DIGITS: usize = 15;

/// What the values of a column read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountKind {
    Number,
    Date,
}

impl AmountKind {
    pub(crate) const ALL: [Self; 2] = [Self::Number, Self::Date];

    /// Reads `text` as a number, or as a date in seconds since 1970; None if it is neither certain nor complete.
    pub(crate) fn read(
        self,
        text: &str,
        conventions: impl Fn() -> Option<Conventions>,
    ) -> Option<f64> {
        match self {
            Self::Number => plain_number(text).or_else(|| number(text, conventions)),
            Self::Date => date(text, conventions().as_ref()),
        }
    }
}

/// Reads a number of only digits, which most are: this takes a tenth of the time.
fn plain_number(text: &str) -> Option<f64> {
    let is_plain = (1..=EXACT_DIGITS).contains(&text.len());
    let mut number = 0.0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if !is_plain || digit > 9 {
            return None;
        }
        number = number * 10.0 + f64::from(digit);
    }
    is_plain.then_some(number)
}

fn number(text: &str, conventions: impl Fn() -> Option<Conventions>) -> Option<f64> {
    // Most texts are names.
    if text.starts_with(char::is_alphabetic) && !text.ends_with(|sign: char| sign.is_ascii_digit())
    {
        return None;
    }
    let mark = conventions().map(|known| known.decimal_mark);
    let sign = mark.map_or(DecimalSign::Unknown, DecimalSign::Expected);
    f64::try_from(read_number(text, sign).ok()?).ok()
}

fn date(text: &str, conventions: Option<&Conventions>) -> Option<f64> {
    let read = read_date(text.trim(), conventions).ok()?;
    let at = read.day?.to_datetime(read.time.unwrap_or_default());
    Some(seconds(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_read_by_their_country() {
        let ecuador = Conventions::for_country("EC").unwrap();
        let read = |kind: AmountKind, text: &str| kind.read(text, || Some(ecuador));
        for (text, expected) in [
            ("0912345678", Some(912_345_678.0)),
            ("1.200,50", Some(1200.5)),
            ("$ -3", Some(-3.0)),
            ("1.500", Some(1500.0)),
            ("19.98999", Some(19.989_99)),
            ("1042.0", Some(1042.0)),
            ("", None),
            ("20 mil", None),
            ("nan", None),
            ("inf", None),
        ] {
            assert_eq!(read(AmountKind::Number, text), expected, "{text}");
        }
        let day = read(AmountKind::Date, "28/11/2026").unwrap();
        for (text, days_later) in [
            ("2026-11-28", Some(0.0)),
            ("29/11/2026 12:00", Some(1.5)),
            ("30 de noviembre de 2026", Some(2.0)),
            ("11/29/2026", None),
            ("mañana", None),
            ("12", None),
        ] {
            let later = read(AmountKind::Date, text).map(|at| (at - day) / 86_400.0);
            assert_eq!(later, days_later, "{text}");
        }
    }
}
