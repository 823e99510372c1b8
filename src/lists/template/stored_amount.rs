//! The numbers and dates that a sheet stores, as numbers that can be compared.

use jiff::civil::DateTime;

/// Reads the value that a sheet stores for a cell: a number with a point, or a date of ISO 8601.
pub(super) fn stored_amount(stored: &str) -> Option<f64> {
    let number = stored
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite());
    number.or_else(|| Some(seconds(stored.parse().ok()?)))
}

/// Returns the seconds from 1970 to `at`, to compare it with other dates.
pub(super) fn seconds(at: DateTime) -> f64 {
    let start = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    at.duration_since(start).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_numbers_and_dates_are_read() {
        for (stored, expected) in [
            ("1250.5", Some(1250.5)),
            ("-3", Some(-3.0)),
            ("1970-01-02", Some(86_400.0)),
            ("1970-01-01T00:00:30", Some(30.0)),
            ("TRUE", None),
            ("inf", None),
            ("", None),
        ] {
            assert_eq!(stored_amount(stored), expected, "{stored}");
        }
    }
}
