//! The arguments of `messages list`.

use std::num::NonZeroUsize;
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use icu_normalizer::DecomposingNormalizerBorrowed;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use regex_lite::{Regex, RegexBuilder};

use crate::api::{MessageAuthor, SpanStart};
use crate::commands::PersonArgs;

/// List the messages of a bot, sent and received, the newest last
///
/// Examples:
///   jelouctl messages list --since 2h
///   jelouctl messages list --to 593987654321 --limit 20
///   jelouctl messages list --by user --since 30d --matching '\b(baja|stop)\b' -o to >> opted-out.txt
///
/// A table on a terminal, the API's entries as JSON lines elsewhere. `-o record` gives lines with
/// stable fields, `-o id` the ids, and `-o to` each person once, or nothing at all where a part could
/// not be read. A listing that is not complete never ends with 0.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) person: PersonArgs,

    /// Only messages that the bot, or the user, wrote; agents are neither
    #[arg(long, value_name = "WHO", value_parser = author())]
    pub(super) by: Option<MessageAuthor>,

    /// Since when: 24h, 30d, 2026-11-20 or 2026-11-20T08:00 [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) since: Option<SpanStart>,

    /// Until when [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) until: Option<SpanStart>,

    /// Only messages whose text has this; case and accents do not matter
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    pub(super) matching: Option<Matching>,

    /// Only the newest N of these
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<NonZeroUsize>,
}

/// A value of `--by`: agents are neither.
fn author() -> impl TypedValueParser<Value = MessageAuthor> {
    let words = PossibleValuesParser::new(["bot", "user"]);
    words.map(|word| if word == "bot" { MessageAuthor::Bot } else { MessageAuthor::User })
}

/// A value of `--since` and `--until`: `24h` ago, or a point in time. One without a zone is in this machine's.
fn time(raw: &str) -> Result<SpanStart, String> {
    let text = raw.trim();
    let here = |time: DateTime| time.to_zoned_datetime(TimeZone::system()).ok().map(|time| time.timestamp());
    let day = || here(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()));
    let is_day = text.len() == "2026-11-20".len();
    let at = if is_day { day() } else { text.parse().ok().or_else(|| here(text.parse().ok()?)) };
    let ago = || humantime::parse_duration(text).ok().map(SpanStart::Ago);
    at.map(SpanStart::At).or_else(ago).ok_or_else(|| {
        format!("`{}` is not a time; write 24h, 30d, 2026-11-20 or 2026-11-20T08:00", raw.escape_debug())
    })
}

/// A value of `--matching`: a regular expression that ignores case and accents, since people write `Bája`, `BAJA` and
/// `baja`.
#[derive(Clone, Debug)]
pub(crate) struct Matching(Regex);

impl Matching {
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(&plain(text))
    }
}

impl FromStr for Matching {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        if raw.trim().is_empty() {
            return Err("it would match every message; a variable may be empty".to_owned());
        }
        let regex = RegexBuilder::new(&plain(raw)).case_insensitive(true).build();
        regex.map(Self).map_err(|error| format!("`{}` is not a regular expression: {error}", raw.escape_debug()))
    }
}

/// Replaces each letter and digit of `text` with its plain form in lower case. The case of ASCII is left: in an
/// expression, `\S` differs from `\s`, and the builder ignores it.
fn plain(text: &str) -> String {
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() || !character.is_alphanumeric() && !is_mark(character) {
            plain.push(character);
        } else {
            let decomposed = normalizer.normalize_iter(std::iter::once(character));
            plain.extend(decomposed.filter(|part| !is_mark(*part)).flat_map(char::to_lowercase));
        }
    }
    plain
}

/// Whether the character only adds an accent to the previous letter.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;

    #[test]
    fn case_and_accents_do_not_matter() {
        for (regex, text, expected) in [
            (r"^\s*(baja|stop)\b", "BAJA", true),
            (r"^\s*(baja|stop)\b", "  Bája, por favor", true),
            (r"^\s*(baja|stop)\b", "ba\u{301}ja", true),
            (r"^\s*(baja|stop)\b", "ＳＴＯＰ", true),
            (r"^\s*(baja|stop)\b", "bajada", false),
            (r"^\s*(baja|stop)\b", "no bajes", false),
            ("SÍ", "si", true),
            ("si", "SÍ", true),
            ("año", "ANO", true),
            ("ANO", "Año", true),
            ("[á-ú]+$", "EO", true),
            (r"^\S+$", "a b", false),
            (r"^\D+$", "12", false),
            ("ı", "ı", true),
            ("i", "İ", true),
            ("👍", "vale 👍", true),
            ("…", "...", false),
        ] {
            assert_eq!(regex.parse::<Matching>().unwrap().is_in(text), expected, "{regex} {text}");
        }
        for regex in ["(", "[", "a{2", r"\p{Lu}", "*"] {
            let error = regex.parse::<Matching>().unwrap_err();
            assert!(error.contains("is not a regular expression: "), "{regex}: {error}");
        }
    }

    #[test]
    fn a_time_is_a_duration_or_a_point_in_time() {
        for (raw, expected) in [
            ("24h", SpanStart::Ago(Duration::from_secs(86_400))),
            ("30d", SpanStart::Ago(Duration::from_secs(30 * 86_400))),
            ("2026-11-20T08:00:00-05:00", SpanStart::At("2026-11-20T13:00:00Z".parse().unwrap())),
            ("2026-11-20T13:00:00Z", SpanStart::At("2026-11-20T13:00:00Z".parse().unwrap())),
        ] {
            assert_eq!(time(raw), Ok(expected), "{raw}");
        }
        for raw in ["2026-11-20", "2026-11-20T08:00", "2026-11-20 08:00:00"] {
            assert!(matches!(time(raw), Ok(SpanStart::At(_))), "{raw}");
        }
        for raw in ["", "24", "yesterday", "2026-13-01", "2026-02-30", "-1h", "20/11/2026", "1e9"] {
            let error = time(raw).unwrap_err();
            assert!(error.contains("is not a time; write 24h"), "{raw}: {error}");
        }
        assert_eq!(SpanStart::Ago(Duration::MAX).at(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
    }
}
