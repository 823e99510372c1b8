//! The values of the configuration, each checked once, wherever it comes from.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::cost::Money;
use crate::line_breaks::without_final_line_break;

const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A bot's identifier; it becomes one segment of the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BotId(pub(super) String);

/// The client id of Basic authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientId(pub(super) String);

/// A time of at least `LEAST` milliseconds and at most 24 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait<const LEAST: u64>(Duration);

/// How long one attempt may take.
pub(crate) type Timeout = Wait<1>;
/// How long to keep trying.
pub(crate) type RetryFor = Wait<0>;

/// Patterns of the recipients that may be written to; `*` is any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowTo(pub(crate) Vec<String>);

/// One of them, checked: some recipient can match it.
pub(super) struct Pattern;

/// How fast a bulk run sends, in requests a second. The default is what Jelou is said to accept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(f64);

/// For how long a bulk run counts what earlier ones sent: 0 to 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remember(Duration);

impl BotId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for BotId {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        match identifier("a bot id", raw)? {
            "." | ".." => Err(format!("`{raw}` cannot be a bot id: as a part of a URL it means a folder")),
            // Messages are remembered by their bot, and Jelou may take both for one.
            id if id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(format!("`{id}` cannot be a bot id: a number does not begin with 0; write it as Jelou shows it"))
            }
            id => Ok(Self(id.to_owned())),
        }
    }
}

impl ClientId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ClientId {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        match identifier("a client id", raw)? {
            // The part after the colon may be the secret.
            id if id.contains(':') => {
                Err("a client id has no colon: the server would split id and secret there".to_owned())
            }
            id => Ok(Self(id.to_owned())),
        }
    }
}

/// What every identifier is: some text on one line.
fn identifier<'a>(what: &str, raw: &'a str) -> Result<&'a str, String> {
    match without_final_line_break(raw) {
        "" => Err(format!("{what} cannot be empty")),
        id if id.chars().any(char::is_control) => Err(format!("{what} has no control characters")),
        id => Ok(id),
    }
}

impl<const LEAST: u64> Wait<LEAST> {
    pub(crate) fn duration(self) -> Duration {
        self.0
    }
}

impl Timeout {
    pub(crate) const DEFAULT: Self = Self(Duration::from_secs(30));
}

impl<const LEAST: u64> fmt::Display for Wait<LEAST> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(formatter)
    }
}

impl<const LEAST: u64> FromStr for Wait<LEAST> {
    type Err = String;

    /// `500ms`, `30s`, `2m`; a bare number is seconds.
    fn from_str(raw: &str) -> Result<Self, String> {
        let duration = match raw.trim().parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            Err(_) => humantime::parse_duration(raw.trim()).ok(),
        };
        let wrong = |problem| Err(format!("`{}` {problem}", raw.escape_debug()));
        match duration {
            Some(duration) if duration < Duration::from_millis(LEAST) => wrong("is too short; a timeout is 1ms to 24h"),
            Some(duration) if duration <= LONGEST => Ok(Self(duration)),
            Some(_) => wrong("is too long; the most is 24h"),
            None => wrong("is not a duration; write 500ms, 30s or 2m, or a number of seconds"),
        }
    }
}

impl Remember {
    const MOST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    pub(crate) fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Remember {
    type Err = String;

    /// `3d`, `12h`, `30m`; only 0 needs no unit.
    fn from_str(raw: &str) -> Result<Self, String> {
        match raw.trim() {
            "0" => Ok(Self(Duration::ZERO)),
            raw => match humantime::parse_duration(raw) {
                Ok(duration) if duration <= Self::MOST => Ok(Self(duration)),
                Ok(_) => Err(format!("`{}` is too long; the most is 366d", raw.escape_debug())),
                Err(_) => Err(format!("`{}` is not a time; write 3d, 12h or 30m, or 0", raw.escape_debug())),
            },
        }
    }
}

/// The most that a run may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget(pub(crate) Money);

impl FromStr for Budget {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let amount: Money = raw.parse()?;
        if amount.is_zero() { Err("`0` is not a budget; write an amount above 0".to_owned()) } else { Ok(Self(amount)) }
    }
}

/// How many different people may be reached in any 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PeopleLimit(pub(crate) u32);

impl FromStr for PeopleLimit {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        match raw.trim().parse() {
            Ok(0) | Err(_) => {
                Err(format!("`{}` is not a number of people; write 1 or more, such as 2000", raw.escape_debug()))
            }
            Ok(people) => Ok(Self(people)),
        }
    }
}

impl Rate {
    const MOST: f64 = 1_000_000.0;

    pub(crate) fn per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = String;

    /// `5/s`, `300/m`, `1000/h`; a bare number is per second.
    fn from_str(raw: &str) -> Result<Self, String> {
        let (number, unit) = raw.trim().split_once('/').unwrap_or((raw.trim(), "s"));
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => f64::NAN,
        };
        let per_second = number.trim().parse().unwrap_or(f64::NAN) / seconds;
        if per_second > 0.000_1 && per_second <= Self::MOST {
            return Ok(Self(per_second));
        }
        let limits = "more than 0.0001/s and at most 1000000/s";
        Err(format!("`{}` is not a rate; write 5/s, 300/m or 1000/h, {limits}", raw.escape_debug()))
    }
}

impl AllowTo {
    pub(crate) fn allows(&self, recipient: &str) -> bool {
        self.0.iter().any(|pattern| pattern == recipient || matches(on_the_wire(pattern), recipient))
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let fits_somebody = match raw.strip_prefix("id:") {
            // On the wire such a user looks like a number, so that a part of one would allow numbers too.
            Some(user) => !user.is_empty() && !user.contains('*'),
            None => raw.contains(|letter: char| letter == '*' || letter.is_ascii_digit()),
        };
        // It is not repeated: it may be a secret that was typed in the wrong place.
        let problem = "an allowed recipient is a number, or a pattern such as 593*";
        fits_somebody.then_some(Self).ok_or_else(|| problem.to_owned())
    }
}

/// The pattern without the `id:` of a user of another channel, which is not a part of what is sent. With a `*` it stays, and
/// matches no one: such users look like phone numbers, which it would allow too.
fn on_the_wire(pattern: &str) -> &str {
    pattern.strip_prefix("id:").filter(|user| !user.contains('*')).unwrap_or(pattern)
}

/// Whether `pattern` matches the whole of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = text.split_once(part) else { return false };
        text = after;
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_recipient() {
        for (pattern, text, expected) in [
            ("593*", "593987654321", true),
            ("593*", "1593", false),
            ("*", "", true),
            ("593987654321", "593987654321", true),
            ("593987654321", "5939876543210", false),
            ("*@*.com", "a@b.com", true),
            ("5*3*1", "593987654321", true),
            ("5*3*1", "593987654322", false),
            ("a*a", "a", false),
            ("id:U1", "U1", true),
            ("id:U1", "id:U1", true),
            ("id:U1", "U12", false),
            ("id:5*", "593987654321", false),
            ("id:*", "U1", false),
        ] {
            assert_eq!(AllowTo(vec![pattern.to_owned()]).allows(text), expected, "{pattern} {text}");
        }
        assert!(!AllowTo(Vec::new()).allows("593987654321"));
    }

    #[test]
    fn a_bot_of_digits_does_not_begin_with_0() {
        for (raw, is_bot) in [("77", true), ("077", false), ("0", false), ("0a7", true), ("a07", true)] {
            assert_eq!(raw.parse::<BotId>().is_ok(), is_bot, "{raw}");
        }
    }

    #[test]
    fn an_id_loses_one_final_line_break() {
        for (raw, expected) in
            [("77", Some("77")), ("77\n", Some("77")), ("77\r\n", Some("77")), ("77\n\n", None), ("\n", None)]
        {
            assert_eq!(raw.parse::<BotId>().ok().as_ref().map(BotId::as_str), expected, "{raw:?}");
            assert_eq!(raw.parse::<ClientId>().ok().as_ref().map(ClientId::as_str), expected, "{raw:?}");
        }
    }

    #[test]
    fn durations_have_units_or_are_seconds() {
        for (raw, expected) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("2m", 120_000),
            ("5", 5_000),
            ("0.5", 500),
            ("0", 0),
            ("24h", 86_400_000),
        ] {
            assert_eq!(raw.parse(), Ok(Wait::<0>(Duration::from_millis(expected))), "{raw}");
        }
        for raw in ["", "soon", "-1", "25h", "1e300", "nan", "inf", "3 fortnights"] {
            assert!(raw.parse::<RetryFor>().is_err(), "{raw}");
        }
        assert!("0".parse::<Timeout>().is_err());
        assert!("0".parse::<RetryFor>().is_ok());
    }

    #[test]
    fn a_rate_has_a_unit_or_is_per_second() {
        for (raw, expected) in [("5/s", 5.0), ("5", 5.0), ("300/m", 5.0), (" 0.5 / s ", 0.5), ("3600/h", 1.0)] {
            assert_eq!(raw.parse(), Ok(Rate(expected)), "{raw}");
        }
        for raw in ["", "0", "-1", "nan", "inf", "5/d", "5/s/s", "1e9", "fast"] {
            assert!(raw.parse::<Rate>().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_time_to_remember_has_a_unit() {
        for (raw, expected) in
            [("3d", 72 * 60), ("0", 0), ("0s", 0), ("12h", 12 * 60), ("90m", 90), ("366d", 366 * 24 * 60)]
        {
            assert_eq!(raw.parse(), Ok(Remember(Duration::from_secs(expected * 60))), "{raw}");
        }
        for (raw, expected) in
            [("3", "is not a time"), ("-1d", "is not a time"), ("", "is not a time"), ("367d", "366d")]
        {
            let error = raw.parse::<Remember>().unwrap_err();
            assert!(error.contains(expected), "{raw}: {error}");
        }
    }
}
