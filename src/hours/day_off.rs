//! A day on which nothing is sent.

use jiff::civil::Date;

/// One value of `--not-on`: `2026-12-25`.
pub(crate) fn day_off(raw: &str) -> Result<Date, String> {
    // Only this form is accepted: 2026-1-2 could mean February 1st, as 05/06/2026 could mean two days.
    let date = if raw.len() == "2026-12-25".len() { Date::strptime("%Y-%m-%d", raw).ok() } else { None };
    date.ok_or_else(|| format!("`{}` is not a date; write one as 2026-12-25", raw.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form() {
        assert_eq!(day_off("2026-12-25").unwrap().to_string(), "2026-12-25");
        for text in ["", "2026", "2026-02-30", "2026-13-01", "2026-1-2", "20261225", "05/06/2026", "holidays.txt"] {
            day_off(text).expect_err(text);
        }
    }
}
