//! The settings, by the table in `keys.tsv`, and their values, each read in one way, wherever it comes from: from a
//! flag, too. A new one is a row there, and its reader in `Settings`.

use std::sync::LazyLock;
use std::time::Duration;

use crate::base::invisible::{is_unseen, without_final_line_break};
use crate::base::texts::rows;
use crate::phone::{Country, PhoneNumber, is_clear, may_begin_number};
use crate::runs::cost::Money;

/// A setting that a profile may have.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a profile and in `profile show`.
    pub(crate) name: &'static str,
    /// `text`, `path`, `number` (or a text), `switch`, `list`, or `command` (program and arguments).
    pub(crate) form: &'static str,
    /// Which command has its flag: `all`, `profile set`, or none.
    pub(crate) of: &'static str,
    pub(crate) flag: &'static str,
    /// What its flag takes.
    pub(crate) value: &'static str,
    /// Empty if there is none.
    pub(crate) variable: &'static str,
    /// What holds if no source has it; empty if there is nothing.
    pub(crate) default: &'static str,
    /// The help of its flag: a line, and after its first sentence the details.
    pub(crate) about: &'static str,
}

/// In the order of `profile show`.
pub(crate) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let keys = rows(include_str!("keys.tsv"));
    let key = |[name, form, of, flag, value, variable, default, about]: [&'static str; 8]| Key {
        name,
        form,
        of,
        flag,
        value,
        variable,
        default,
        about,
    };
    keys.map(key).collect()
});

impl Key {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The texts of the value that a profile has: one, or those of a list.
    ///
    /// # Errors
    /// If it is of another form. The value itself may be a secret, and is not repeated.
    pub(super) fn read(&self, written: toml::Value) -> Result<Vec<String>, String> {
        use toml::Value::{Array, Boolean, Float, Integer, String};

        let found = written.type_str();
        let expected = match self.form {
            "number" => "a number, or a text such as \"30s\"",
            "switch" => "true or false",
            "list" | "command" => "an array of strings",
            _ => "a string in quotes",
        };
        let texts = match (self.form, written) {
            ("number", one @ (Integer(_) | Float(_))) | ("switch", one @ Boolean(_)) => {
                Some(vec![one.to_string()])
            }
            ("list" | "command", Array(all)) => all
                .into_iter()
                .map(|one| Some(one.as_str()?.to_owned()))
                .collect(),
            ("text" | "path" | "number", String(text)) => Some(vec![text]),
            _ => None,
        };
        texts.ok_or_else(|| format!("{}: expected {expected}, not {found}", self.name))
    }

    /// A value as it is printed.
    pub(super) fn shown(&self, texts: &[String]) -> String {
        match (self.name, self.form) {
            // An address in the environment may have a password.
            ("client_secret" | "ledger", _) => "(redacted)".to_owned(),
            (_, "list") => format!("{texts:?}"),
            _ => texts.concat(),
        }
    }

    /// The paths in a value.
    pub(super) fn paths<'a>(&self, texts: &'a mut [String]) -> Vec<&'a mut String> {
        let texts = texts.iter_mut();
        match self.form {
            "path" => texts.collect(),
            // A bare program name is looked up in PATH; one with a slash is a path like any other.
            "command" => texts
                .take(1)
                .filter(|program| program.contains(std::path::is_separator))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The value as it is written into a profile.
    pub(super) fn written(&self, texts: &[String]) -> toml_edit::Value {
        match self.form {
            "list" | "command" => texts.iter().collect::<toml_edit::Array>().into(),
            "switch" => (texts == ["true"]).into(),
            _ => texts.concat().into(),
        }
    }
}

const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long a bulk run can count what earlier ones sent.
const MOST_REMEMBERED: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Requests a second.
const FASTEST: f64 = 1_000_000.0;

/// A bot's identifier; it becomes one segment of the URL.
pub(crate) fn bot_id(raw: &str) -> Result<String, String> {
    match identifier("a bot id", raw)? {
        "." | ".." => Err(format!(
            "`{raw}` cannot be a bot id: as a part of a URL it means a folder"
        )),
        // Messages are remembered by their bot, and Jelou may take both for one.
        id if id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit()) => Err(format!(
            "`{id}` cannot be a bot id: a number does not begin with 0; write it as Jelou shows it"
        )),
        id => Ok(id.to_owned()),
    }
}

/// The client id of Basic authentication.
pub(super) fn client_id(raw: &str) -> Result<String, String> {
    match identifier("a client id", raw)? {
        // The part after the colon may be the secret.
        id if id.contains(':') => {
            Err("a client id has no colon: the server would split id and secret there".to_owned())
        }
        id => Ok(id.to_owned()),
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

/// How long one attempt may take.
pub(crate) fn timeout(raw: &str) -> Result<Duration, String> {
    match retry_for(raw)? {
        time if time < Duration::from_millis(1) => Err(format!(
            "`{}` is too short; a timeout is 1ms to 24h",
            raw.escape_debug()
        )),
        time => Ok(time),
    }
}

/// How long to keep trying: `500ms`, `30s`, `2m`; a bare number is seconds.
pub(crate) fn retry_for(raw: &str) -> Result<Duration, String> {
    let duration = match raw.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(raw.trim()).ok(),
    };
    match duration {
        Some(duration) if duration <= LONGEST => Ok(duration),
        _ => {
            let way_out = "write 500ms, 30s or 2m, or a number of seconds";
            Err(format!(
                "`{}` is not a duration of at most 24h; {way_out}",
                raw.escape_debug()
            ))
        }
    }
}

/// For how long a bulk run counts what earlier ones sent: `3d`, `12h`, `30m`; only 0 needs no unit.
pub(crate) fn remember(raw: &str) -> Result<Duration, String> {
    match raw.trim() {
        "0" => Ok(Duration::ZERO),
        raw => match humantime::parse_duration(raw) {
            Ok(duration) if duration <= MOST_REMEMBERED => Ok(duration),
            _ => Err(format!(
                "`{}` is not a time of at most 366d; write 3d, 12h or 30m, or 0",
                raw.escape_debug()
            )),
        },
    }
}

/// The most that a run may cost.
pub(crate) fn budget(raw: &str) -> Result<Money, String> {
    let amount: Money = raw.parse()?;
    if amount.is_zero() {
        Err("`0` is not a budget; write an amount above 0".to_owned())
    } else {
        Ok(amount)
    }
}

/// How many different people may be reached in any 24 hours.
pub(crate) fn people_limit(raw: &str) -> Result<u32, String> {
    match raw.trim().parse() {
        Ok(0) | Err(_) => Err(format!(
            "`{}` is not a number of people; write 1 or more, such as 2000",
            raw.escape_debug()
        )),
        Ok(people) => Ok(people),
    }
}

/// How fast a bulk run sends, in requests a second: `5/s`, `300/m`, `1000/h`; a bare number is per second.
pub(crate) fn rate(raw: &str) -> Result<f64, String> {
    let (number, unit) = raw.trim().split_once('/').unwrap_or((raw.trim(), "s"));
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let per_second = number.trim().parse().unwrap_or(f64::NAN) / seconds;
    if per_second > 0.000_1 && per_second <= FASTEST {
        return Ok(per_second);
    }
    let limits = "more than 0.0001/s and at most 1000000/s";
    Err(format!(
        "`{}` is not a rate; write 5/s, 300/m or 1000/h, {limits}",
        raw.escape_debug()
    ))
}

/// Yes or no.
pub(super) fn switch(raw: &str) -> Result<bool, String> {
    raw.parse()
        .map_err(|_| format!("`{}` is neither true nor false", raw.escape_debug()))
}

/// One of the patterns of recipients that may be written to, `*` for any characters: some recipient can match it. A
/// number without `*` may be a national one of `country`.
pub(super) fn pattern(raw: &str, country: Option<Country>) -> Result<String, String> {
    let raw = raw.trim_end_matches(is_unseen);
    let is_strange = |letter: char| letter.is_whitespace() || "+,".contains(letter);
    let fits_somebody = match raw.strip_prefix("id:") {
        // On the wire such a user looks like a number, so that a part of one would allow numbers too.
        Some(user) => !user.is_empty() && !user.contains('*'),
        None => {
            !raw.contains(is_strange)
                && raw.contains(|letter: char| letter == '*' || letter.is_ascii_digit())
        }
    };
    // It is not repeated: it may be a secret that was typed in the wrong place.
    let problem = "an allowed recipient is a number with its country code, or a pattern such as 593*, without `+`, blanks and commas";
    if !fits_somebody {
        return Err(problem.to_owned());
    }
    let is_number = raw.bytes().all(|letter| letter.is_ascii_digit());
    match country.filter(|_| is_number) {
        Some(country) => allowed_number(raw, country),
        None => Ok(raw.to_owned()),
    }
}

/// The number that bare digits mean in a profile of this country.
fn allowed_number(raw: &str, country: Country) -> Result<String, String> {
    match PhoneNumber::read(raw, Some(country)) {
        Ok(number) => Ok(number.as_str().to_owned()),
        // A user of another channel may have digits alone.
        Err(error) if error.candidates.is_empty() && is_clear(raw) => Ok(raw.to_owned()),
        Err(error) => Err(format!("an allowed recipient is not clear: {error}")),
    }
}

/// Whether no recipient can match a pattern of digits: it is not a number with its country code, or no country code
/// begins as it does.
pub(crate) fn matches_no_number(pattern: &str) -> bool {
    let begin = pattern.split('*').next().unwrap_or_default();
    let is_of_digits = begin.bytes().all(|letter| letter.is_ascii_digit());
    let is_whole = begin.len() == pattern.len();
    is_of_digits && (!may_begin_number(begin) || is_whole && !is_clear(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_a_key() {
        assert_eq!(KEYS.len(), include_str!("keys.tsv").lines().count() - 1);
        for key in KEYS.iter() {
            let forms = ["text", "path", "number", "switch", "list", "command"];
            assert!(forms.contains(&key.form), "{key:?}");
        }
    }

    #[test]
    fn allowed_number_is_read_with_country() {
        let ecuador = "EC".parse().ok();
        for (raw, expected) in [
            ("0987654321", Some("593987654321")),
            ("987654321", Some("593987654321")),
            ("593987654321", Some("593987654321")),
            ("593*", Some("593*")),
            ("12", Some("12")),
            ("id:U1", Some("id:U1")),
            ("0187654321", None),
        ] {
            assert_eq!(pattern(raw, ecuador).ok().as_deref(), expected, "{raw}");
        }
        let mexico = "MX".parse().ok();
        let error = pattern("15512340009", mexico).unwrap_err();
        assert!(error.contains("+525512340009"), "{error}");
        assert_eq!(pattern("0987654321", None).as_deref(), Ok("0987654321"));
    }

    #[test]
    fn pattern_that_matches_no_number_is_detected() {
        for (pattern, expected) in [
            ("0987654321", true),
            ("987654321", true),
            ("09*", true),
            ("593987654321", false),
            ("593*", false),
            ("5*", false),
            ("*", false),
            ("*321", false),
            ("id:0987", false),
            ("12", false),
        ] {
            assert_eq!(matches_no_number(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn numeric_bot_id_rejects_leading_zero() {
        for (raw, is_bot) in [
            ("77", true),
            ("077", false),
            ("0", false),
            ("0a7", true),
            ("a07", true),
        ] {
            assert_eq!(bot_id(raw).is_ok(), is_bot, "{raw}");
        }
    }

    #[test]
    fn id_loses_one_final_line_break() {
        for (raw, expected) in [
            ("77", Some("77")),
            ("77\n", Some("77")),
            ("77\r\n", Some("77")),
            ("77\n\n", None),
            ("\n", None),
        ] {
            assert_eq!(bot_id(raw).ok().as_deref(), expected, "{raw:?}");
            assert_eq!(client_id(raw).ok().as_deref(), expected, "{raw:?}");
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
            assert_eq!(retry_for(raw), Ok(Duration::from_millis(expected)), "{raw}");
        }
        for raw in [
            "",
            "soon",
            "-1",
            "25h",
            "1e300",
            "nan",
            "inf",
            "3 fortnights",
        ] {
            assert!(retry_for(raw).is_err(), "{raw}");
        }
        assert!(timeout("0").is_err());
    }

    #[test]
    fn rate_unit_defaults_to_seconds() {
        for (raw, expected) in [
            ("5/s", 5.0),
            ("5", 5.0),
            ("300/m", 5.0),
            (" 0.5 / s ", 0.5),
            ("3600/h", 1.0),
        ] {
            assert_eq!(rate(raw), Ok(expected), "{raw}");
        }
        for raw in ["", "0", "-1", "nan", "inf", "5/d", "5/s/s", "1e9", "fast"] {
            assert!(rate(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn remember_duration_needs_a_unit() {
        for (raw, expected) in [
            ("3d", 72 * 60),
            ("0", 0),
            ("0s", 0),
            ("12h", 12 * 60),
            ("90m", 90),
            ("366d", 366 * 24 * 60),
        ] {
            assert_eq!(
                remember(raw),
                Ok(Duration::from_secs(expected * 60)),
                "{raw}"
            );
        }
        for (raw, expected) in [
            ("3", "is not a time"),
            ("-1d", "is not a time"),
            ("", "is not a time"),
            ("367d", "366d"),
        ] {
            let error = remember(raw).unwrap_err();
            assert!(error.contains(expected), "{raw}: {error}");
        }
    }
}
