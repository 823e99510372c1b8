//! Counts and durations in words.

use std::time::Duration;

use indicatif::HumanCount;

/// `1 row`, `2 rows`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// `1 row is`, `2 rows are`.
pub(crate) fn counted_are(count: u64, thing: &str) -> String {
    format!("{} {}", counted(count, thing), if count == 1 { "is" } else { "are" })
}

/// `1 person`, `2 people`.
pub(crate) fn counted_people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// `1,000`
pub(crate) fn grouped(count: u64) -> String {
    HumanCount(count).to_string()
}

/// A duration for a person: `0.4 s`, `20 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn rounded(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    let seconds = (time.as_millis() + 500) / 1000;
    match (tenths, seconds) {
        (0..100, _) if tenths == 0 || !tenths.is_multiple_of(10) => format!("{}.{} s", tenths / 10, tenths % 10),
        (_, 0..60) => format!("{seconds} s"),
        (_, 60..3600) => format!("{} min {} s", seconds / 60, seconds % 60),
        (_, 3600..172_800) => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        (_, _) => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_exact_as_it_matters() {
        for (milliseconds, expected) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (1_000, "1 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min 0 s"),
            (200_000, "3 min 20 s"),
            (3_599_500, "1 h 0 min"),
            (7_500_000, "2 h 5 min"),
            (172_799_499, "47 h 59 min"),
            (172_799_500, "2 d 0 h"),
        ] {
            assert_eq!(rounded(Duration::from_millis(milliseconds)), expected);
        }
    }
}
