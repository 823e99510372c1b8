//! The settings that a profile may have, and the parser of each value. All sources use the same parser, also flags.
//! CONTRIBUTING.md describes what a new setting needs.

use std::sync::LazyLock;
use std::time::Duration;

use clap::ValueEnum;
use strum::EnumString;

use crate::base::invisible::{is_unseen, without_final_line_break};
use crate::base::message::{Lang, Message, msg};
use crate::base::texts::{has_only_digits, rows};
use crate::base::timestamps::parse_duration;
use crate::jelou::message::documented_placeholder;
use crate::phone::{Country, PhoneNumber, is_clear, is_like_user_id, may_begin_number};
use crate::runs::cost::Money;

/// A setting that a profile may have.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a profile and in `profile show`.
    pub(crate) name: &'static str,
    pub(crate) form: KeyForm,
    pub(crate) flag: Option<KeyFlag>,
    /// The environment variable.
    pub(crate) variable: Option<&'static str>,
    /// The value if no source sets it.
    pub(crate) default: Option<&'static str>,
    /// The help of its flag. The first sentence is the short help.
    pub(crate) about: &'static str,
}

/// The form of a value in a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum KeyForm {
    Text,
    Path,
    /// A number, or a text such as `30s`.
    Number,
    Switch,
    List,
    /// A program and its arguments.
    Command,
}

/// The flag of a setting.
#[derive(Debug)]
pub(crate) struct KeyFlag {
    pub(crate) name: &'static str,
    /// The placeholder of its value.
    pub(crate) value: &'static str,
    /// Whether every command has it. Otherwise only `profile set` has it.
    pub(crate) is_global: bool,
}

/// Every setting, in the order of `profile show`.
pub(crate) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let rows = rows(include_str!("keys.tsv"));
    rows.filter_map(Key::from_row).collect()
});

impl Key {
    fn from_row(
        [name, form, flag, value, commands, variable, default, about]: [&'static str; 8],
    ) -> Option<Self> {
        let given = |cell: &'static str| Some(cell).filter(|cell| !cell.is_empty());
        let flag = given(flag).map(|name| KeyFlag {
            name,
            value,
            is_global: commands == "all",
        });
        Some(Self {
            name,
            form: form.parse().ok()?,
            flag,
            variable: given(variable),
            default: given(default),
            about,
        })
    }

    pub(super) fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Returns the name of its flag; empty without one.
    pub(crate) fn flag_name(&self) -> &'static str {
        self.flag.as_ref().map_or("", |flag| flag.name)
    }

    /// Reads the texts of a profile's value: one, or all elements of a list.
    ///
    /// # Errors
    /// If the value has another type. The error does not repeat the value: it may be a secret.
    pub(super) fn read(&self, written: toml::Value) -> Result<Vec<String>, Message> {
        use toml::Value::{Array, Boolean, Float, Integer, String};

        let found = describe_type(&written);
        // The number and the type of the first item of a list that is not a text.
        let items = (1..).zip(written.as_array().into_iter().flatten());
        let item = items
            .filter(|(_, item)| !item.is_str())
            .map(|(number, item)| (number, describe_type(item)))
            .next();
        let expected = match self.form {
            KeyForm::Number => msg!("a number, or a text such as \"30s\""),
            KeyForm::Switch => msg!("true or false"),
            KeyForm::List | KeyForm::Command => {
                msg!("a list of texts in double quotes, such as [\"a\", \"b\"]")
            }
            KeyForm::Text | KeyForm::Path => msg!("a text in double quotes"),
        };
        let texts = match (self.form, written) {
            (KeyForm::Number, one @ (Integer(_) | Float(_)))
            | (KeyForm::Switch, one @ Boolean(_)) => Some(vec![one.to_string()]),
            (KeyForm::List | KeyForm::Command, Array(all)) => all
                .into_iter()
                .map(|one| Some(one.as_str()?.to_owned()))
                .collect(),
            (KeyForm::Text | KeyForm::Path | KeyForm::Number, String(text)) => Some(vec![text]),
            _ => None,
        };
        let name = self.name;
        texts.ok_or_else(|| match item {
            Some((number, item)) => msg!(
                "{name}: expected {expected}; item {number} is {item}",
                name,
                expected,
                number,
                item
            ),
            None => msg!(
                "{name}: expected {expected}; this is {found}",
                name,
                expected,
                found
            ),
        })
    }

    /// Formats the value as text to print.
    pub(super) fn display(&self, texts: &[String]) -> Message {
        match (self.name, self.form) {
            // Redact the ledger, too: a database URL in the environment may contain a password.
            ("client_secret" | "ledger", _) => redacted(),
            (_, KeyForm::List) => Message::verbatim(format!("{texts:?}")),
            _ => Message::verbatim(texts.concat()),
        }
    }

    /// Returns the paths in a value.
    pub(super) fn paths<'a>(&self, texts: &'a mut [String]) -> Vec<&'a mut String> {
        let texts = texts.iter_mut();
        match self.form {
            KeyForm::Path => texts.collect(),
            // The system looks up a bare program name in PATH. A name with a slash is a path.
            KeyForm::Command => texts
                .take(1)
                .filter(|program| program.contains(std::path::is_separator))
                .collect(),
            KeyForm::Text | KeyForm::Number | KeyForm::Switch | KeyForm::List => Vec::new(),
        }
    }

    /// Converts the value to TOML for a profile.
    pub(super) fn to_toml(&self, texts: &[String]) -> toml_edit::Value {
        match self.form {
            KeyForm::List | KeyForm::Command => texts.iter().collect::<toml_edit::Array>().into(),
            KeyForm::Switch => (texts == ["true"]).into(),
            KeyForm::Text | KeyForm::Path | KeyForm::Number => texts.concat().into(),
        }
    }
}

/// Returns what is shown in place of a secret.
pub(super) fn redacted() -> Message {
    msg!("(redacted)")
}

fn describe_type(value: &toml::Value) -> Message {
    match value {
        toml::Value::String(_) => msg!("a text"),
        toml::Value::Integer(_) | toml::Value::Float(_) => msg!("a number"),
        toml::Value::Boolean(_) => msg!("true or false"),
        toml::Value::Datetime(_) => msg!("a date or a time"),
        toml::Value::Array(_) => msg!("a list"),
        toml::Value::Table(_) => msg!("a table"),
    }
}

const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest time that a bulk run may look back for duplicates.
const MAX_REMEMBER: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// The minimum of `--every`.
const MIN_EVERY: Duration = Duration::from_secs(60);
/// Requests a second.
const MAX_RATE: f64 = 1_000_000.0;

/// Parses a bot's identifier; it becomes one segment of the URL.
pub(crate) fn bot_id(raw: &str) -> Result<String, Message> {
    let id = identifier(&msg!("a bot id"), raw)?;
    if let Some(problem) = documented_placeholder(id) {
        return Err(problem);
    }
    match id {
        "." | ".." => Err(msg!(
            "`{id}` cannot be a bot id: in a URL, it refers to a directory",
            id
        )),
        // jelouctl finds duplicates by bot id, and Jelou could treat both spellings as one bot.
        id if id.starts_with('0') && has_only_digits(id) => {
            Err(msg!("`{id}` cannot be a bot id: it starts with 0", id))
        }
        id => Ok(id.to_owned()),
    }
}

/// Parses the client id of Basic authentication.
pub(super) fn client_id(raw: &str) -> Result<String, Message> {
    match identifier(&msg!("a client id"), raw)? {
        // The part after the colon could be the secret.
        id if id.contains(':') => Err(msg!("a client id cannot contain a colon")),
        id => Ok(id.to_owned()),
    }
}

/// Checks an identifier, which is text on one line.
fn identifier<'a>(what: &Message, raw: &'a str) -> Result<&'a str, Message> {
    match without_final_line_break(raw) {
        "" => Err(msg!("{what} cannot be empty", what)),
        id if id.chars().any(char::is_control) => {
            Err(msg!("{what} cannot contain control characters", what))
        }
        id => Ok(id),
    }
}

/// Parses the time limit of one attempt.
pub(crate) fn timeout(raw: &str) -> Result<Duration, Message> {
    match retry_for(raw)? {
        time if time < Duration::from_millis(1) => Err(msg!(
            "`{raw}` is not a timeout from 1ms to 24h",
            raw = raw.escape_debug().to_string()
        )),
        time => Ok(time),
    }
}

/// Parses how long to retry: `500ms`, `30s`, `2m`. A bare number is seconds.
pub(crate) fn retry_for(raw: &str) -> Result<Duration, Message> {
    let problem = |raw: &str| {
        msg!(
            "`{raw}` is not a duration of at most 24h, such as 500ms, 30s or 2m",
            raw
        )
    };
    let is_allowed = |duration| duration <= MAX_DURATION;
    match raw.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|duration| is_allowed(*duration))
            .ok_or_else(|| problem(&raw.escape_debug().to_string())),
        Err(_) => parse_duration(raw, is_allowed, problem),
    }
}

/// Parses how far back a bulk run looks for duplicates: `3d`, `12h`, `30m`. Only 0 needs no unit.
pub(crate) fn remember(raw: &str) -> Result<Duration, Message> {
    if raw.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    let is_allowed = |duration| duration <= MAX_REMEMBER;
    parse_duration(raw, is_allowed, |raw| {
        msg!(
            "`{raw}` is not a time of at most 366d, such as 3d, 12h, 30m or 0",
            raw
        )
    })
}

/// Parses the name of a list's column.
pub(super) fn column(raw: &str) -> Result<String, Message> {
    match raw.trim() {
        "" => Err(msg!("the name of a column cannot be empty")),
        name => Ok(name.to_owned()),
    }
}

/// Parses how long a message counts under a key of `--once`: `1h`, `30d`.
pub(crate) fn every(raw: &str) -> Result<Duration, Message> {
    let is_allowed = |duration| (MIN_EVERY..=MAX_REMEMBER).contains(&duration);
    parse_duration(raw, is_allowed, |raw| {
        msg!(
            "`{raw}` is not a time from 1m to 366d, such as 1h, 6h or 30d",
            raw
        )
    })
}

/// Parses the maximum cost of a run.
pub(crate) fn budget(raw: &str) -> Result<Money, Message> {
    let amount: Money = raw.parse()?;
    if amount.is_zero() {
        Err(msg!("`0` is not an amount above 0"))
    } else {
        Ok(amount)
    }
}

/// Parses the messaging limit: recipients in any 24 hours.
pub(crate) fn messaging_limit(raw: &str) -> Result<u32, Message> {
    match raw.trim().parse() {
        Ok(0) | Err(_) => Err(msg!(
            "expected 1 or more, found `{typed}`",
            typed = raw.escape_debug().to_string()
        )),
        Ok(people) => Ok(people),
    }
}

/// Parses the speed of a bulk run in requests a second: `5/s`, `300/m`, `1000/h`. A bare number is
/// per second.
pub(crate) fn rate(raw: &str) -> Result<f64, Message> {
    let (number, unit) = raw.trim().split_once('/').unwrap_or((raw.trim(), "s"));
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let per_second = number.trim().parse().unwrap_or(f64::NAN) / seconds;
    if per_second.is_nan() {
        return Err(msg!(
            "`{raw}` is not a rate, such as 5/s, 300/m or 1000/h",
            raw = raw.escape_debug().to_string()
        ));
    }
    if per_second > 0.000_1 && per_second <= MAX_RATE {
        return Ok(per_second);
    }
    Err(msg!(
        "`{raw}` is not a rate above 0.0001/s and up to 1000000/s",
        raw = raw.escape_debug().to_string()
    ))
}

/// Parses the code of a language.
pub(super) fn lang(raw: &str) -> Result<Lang, Message> {
    Lang::from_str(raw, false).map_err(|_| msg!("`{raw}` is neither en nor es", raw))
}

/// Parses `true` or `false`.
pub(super) fn switch(raw: &str) -> Result<bool, Message> {
    raw.parse().map_err(|_| {
        let raw = raw.escape_debug().to_string();
        msg!("`{raw}` is neither true nor false", raw)
    })
}

/// Parses a pattern of `allow_to`, with `*` for any characters. Without `*`, it is a recipient: a number, which may be a
/// local number of `country`, a WhatsApp user id, or `id:USER`.
pub(super) fn pattern(raw: &str, country: Option<Country>) -> Result<String, Message> {
    let raw = raw.trim_end_matches(is_unseen);
    let is_number = !raw.is_empty() && raw.bytes().all(|letter| letter.is_ascii_digit());
    let is_recipient = is_number || is_like_user_id(raw);
    let is_strange = |letter: char| letter.is_whitespace() || "+,".contains(letter);
    let is_valid = match raw.strip_prefix("id:") {
        // The request contains this user without `id:`, like a number. So a partial pattern would also allow numbers.
        Some(user) => !user.is_empty() && !user.contains('*'),
        None => !raw.contains(is_strange) && (raw.contains('*') || is_recipient),
    };
    // The error does not repeat the pattern: it may be a secret in the wrong place.
    if !is_valid {
        return Err(msg!(
            "an allowed recipient is a number with its country code, a pattern such as 593*, or id:USER, without `+`, \
             spaces or commas"
        ));
    }
    match country.filter(|_| is_number) {
        Some(country) => allowed_number(raw, country),
        None => Ok(raw.to_owned()),
    }
}

/// Parses the number that bare digits mean in a profile with this country.
fn allowed_number(raw: &str, country: Country) -> Result<String, Message> {
    match PhoneNumber::read(raw, Some(country)) {
        Ok(number) => Ok(number.as_str().to_owned()),
        // The id of a user of another channel may consist of digits.
        Err(error) if error.candidates.is_empty() && is_clear(raw) => Ok(raw.to_owned()),
        Err(error) => Err(msg!(
            "an allowed recipient is ambiguous: {problem}",
            problem = error.message()
        )),
    }
}

/// Describes the first pattern that no recipient can match, in a profile with this country. The pattern is not named: it
/// may be a secret in the wrong place.
pub(crate) fn describe_useless_pattern<'a>(
    mut patterns: impl Iterator<Item = &'a String>,
    country: Option<Country>,
) -> Option<Message> {
    let is_useless = |raw: &str| pattern(raw, country).is_ok_and(|read| matches_no_number(&read));
    let place = patterns.position(|raw| is_useless(raw))?;
    Some(msg!(
        "pattern {place} matches no number with a country code",
        place = place + 1
    ))
}

/// The signs that people and spreadsheets write in a number. A recipient's number has only digits.
const NUMBER_SIGNS: &str = "-.()/='\u{2019}\"";

/// Returns whether no recipient can match a pattern of a number: it has a sign, it is not a number
/// with its country code, or no country code starts with its digits.
fn matches_no_number(pattern: &str) -> bool {
    let begin = pattern.split('*').next().unwrap_or_default();
    let is_whole = begin.len() == pattern.len();
    let digits = begin.chars().filter(char::is_ascii_digit).count();
    if digits == begin.len() {
        return !may_begin_number(begin) || is_whole && !is_clear(pattern);
    }
    let is_like_number = pattern
        .chars()
        .all(|letter| letter.is_ascii_digit() || letter == '*' || NUMBER_SIGNS.contains(letter));
    is_like_number && digits > 0
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let error = pattern("15512340009", mexico).unwrap_err().to_string();
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
            ("'098*", true),
            ("593-98*", true),
            ("(593)98*", true),
            ("098*", true),
            ("00593*", true),
            ("US.13491208655302741918", false),
            ("US.1*", false),
            ("*@example.com", false),
            ("ana-1*", false),
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
    fn placeholder_of_documents_is_no_bot_id() {
        for (raw, is_bot) in [
            ("BOT_ID", false),
            ("{botId}", false),
            ("BOT_ID_2", true),
            ("bot_id", true),
        ] {
            assert_eq!(bot_id(raw).is_ok(), is_bot, "{raw}");
        }
    }

    #[test]
    fn ids_ignore_one_trailing_newline() {
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
    fn every_is_from_a_minute_to_a_year() {
        for (raw, seconds) in [
            ("1m", 60),
            ("90s", 90),
            (" 6h ", 6 * 3600),
            ("366d", 366 * 86_400),
        ] {
            assert_eq!(every(raw), Ok(Duration::from_secs(seconds)), "{raw}");
        }
        for raw in ["", "0", "0s", "59s", "-1h", "6", "367d", "often"] {
            let error = every(raw).unwrap_err().to_string();
            assert!(
                error.contains("is not a time from 1m to 366d"),
                "{raw}: {error}"
            );
        }
    }

    #[test]
    fn months_are_not_taken_for_minutes() {
        for parse in [every, remember, retry_for, timeout] {
            let told = "`5M` is in months; for minutes: 5m";
            assert_eq!(parse("5M").unwrap_err(), told);
            assert_eq!(parse("5m"), Ok(Duration::from_secs(300)));
        }
        assert!(every("2months").is_ok());
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
            let error = remember(raw).unwrap_err().to_string();
            assert!(error.contains(expected), "{raw}: {error}");
        }
    }
}
