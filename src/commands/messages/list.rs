//! `messages list`: the history of a bot in both directions, newest last, as a table or as records.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use icu_normalizer::DecomposingNormalizerBorrowed;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use regex_lite::{Regex, RegexBuilder};
use serde_json::{Value, json};
use url::Url;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{Format, OutputRow};
use crate::base::timestamps::{local_second, now, parse_duration};
use crate::command_error::CommandError;
use crate::commands::RecipientArgs;
use crate::jelou::api::{
    DeliveryState, HistoryMessage, ListingCoverage, ListingQuery, LookUpError, LookUpList,
    LookUpSpan, LookUps, MOST_PAGES, MessageAuthor, Request, Since, entry_key,
};
use crate::jelou::message::typed_form;
use crate::phone::person_key;
use crate::sender::context::Context;
use crate::sender::{RequestProgress, Sender};

/// List the messages of a bot, sent and received, newest last
///
/// Examples:
///   jelouctl messages list --since 2h
///   jelouctl messages list --to 593987654321 --limit 20
///   jelouctl messages list --by user --since 30d --matching '\bbaja\b' -o to
///
/// Prints a table at a terminal, and the API's entries as JSON lines elsewhere. `-o record` prints
/// stable fields, `-o id` ids, and `-o to` each user once. If the listing is incomplete, `-o to` prints
/// nothing and the exit code is not 0.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) recipient: RecipientArgs,

    /// Only messages of the bot, or only of users (without agents)
    #[arg(long, value_name = "SENDER", value_parser = author())]
    pub(super) by: Option<MessageAuthor>,

    /// Only messages since this time, such as 30d, 2026-11-20 or 2026-11-20T08:00 [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) since: Option<Since>,

    /// Only messages until this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) until: Option<Since>,

    /// Only messages with a text that matches; case and accents do not matter
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    pub(super) matching: Option<Matching>,

    /// Only the newest N messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: Option<u32>,
}

/// Parses a value of `--by`. An agent's message matches neither value.
fn author() -> impl TypedValueParser<Value = MessageAuthor> {
    let words = PossibleValuesParser::new(["bot", "user"]);
    words.map(|word| {
        if word == "bot" {
            MessageAuthor::Bot
        } else {
            MessageAuthor::User
        }
    })
}

/// Parses a value of `--since` and `--until`: `24h` ago, or a time. A time without a zone is in
/// this machine's zone.
fn time(raw: &str) -> Result<Since, Message> {
    let text = raw.trim();
    let here = |time: DateTime| {
        time.to_zoned_datetime(TimeZone::system())
            .ok()
            .map(|time| time.timestamp())
    };
    let day = || {
        here(
            text.parse::<Date>()
                .ok()?
                .to_datetime(jiff::civil::Time::midnight()),
        )
    };
    let is_day = text.len() == "2026-11-20".len();
    let at = if is_day {
        day()
    } else {
        text.parse().ok().or_else(|| here(text.parse().ok()?))
    };
    if let Some(at) = at {
        return Ok(Since::At(at));
    }
    let ago = parse_duration(
        text,
        |_| true,
        |raw| {
            msg!(
                "`{raw}` is not a time such as 24h, 30d, 2026-11-20 or 2026-11-20T08:00",
                raw
            )
        },
    )?;
    Ok(Since::Ago(ago))
}

/// A value of `--matching`: a regular expression that ignores case and accents, because users write `Bája`, `BAJA` and
/// `baja`.
#[derive(Clone, Debug)]
pub(crate) struct Matching(Regex);

impl Matching {
    fn is_in(&self, text: &str) -> bool {
        self.0.is_match(&plain(text))
    }
}

impl FromStr for Matching {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        if raw.trim().is_empty() {
            return Err(msg!("an empty expression matches every message"));
        }
        let regex = RegexBuilder::new(&plain(raw))
            .case_insensitive(true)
            .build();
        regex.map(Self).map_err(|error| {
            msg!(
                "`{raw}` is not a regular expression: {problem}",
                raw = raw.escape_debug().to_string(),
                problem = error.to_string()
            )
        })
    }
}

/// Replaces each letter and digit of `text` with its plain form in lower case. ASCII keeps its case: in an
/// expression, `\S` differs from `\s`, and the builder ignores it.
fn plain(text: &str) -> String {
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() || !character.is_alphanumeric() && !is_mark(character) {
            plain.push(character);
        } else {
            let decomposed = normalizer.normalize_iter(std::iter::once(character));
            plain.extend(
                decomposed
                    .filter(|part| !is_mark(*part))
                    .flat_map(char::to_lowercase),
            );
        }
    }
    plain
}

/// Returns whether the character only adds an accent to the previous letter.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The default start of the listing.
const SINCE: Since = Since::Ago(Duration::from_secs(24 * 60 * 60));

pub(super) fn run(context: &mut Context, args: &ListArgs) -> Result<ExitCode, CommandError> {
    let sender = Sender::resolve(context)?;
    let start = args.since.unwrap_or(SINCE);
    let until = args.until.map(|until| until.at(now()));
    let begin = start.at(now());
    let end = until.unwrap_or_else(now);
    if end < begin {
        let begin = format!("{begin:.0}");
        let end = format!("{end:.0}");
        let message = if until.is_some() {
            msg!("--since {begin} is not before --until {end}", begin, end)
        } else {
            msg!("--since {begin} is not before now, {end}", begin, end)
        };
        return Err(UsageError::bare(message).into());
    }
    let recipient = args
        .recipient
        .read(context, sender.settings.country)?
        .map(|recipient| person_key(&recipient).into_owned());
    let first = ListingQuery {
        since: begin,
        until: end,
        message_id: None,
        page: 1,
    };
    let listing = MessageListing {
        context,
        args,
        bot: &sender.bot,
        recipient,
    };
    let first = |base: &Url| Request::history(base, &sender.bot, &first);
    sender.ask(context, first, async |connection| {
        let flight = RequestProgress::default();
        let (listed, problem) = listing
            .read(
                &mut connection.look_ups(&flight),
                &LookUpSpan { start, until },
            )
            .await;
        listing.print(&listed, problem.is_none())?;
        if let Some(problem) = problem {
            return Err(problem.into());
        }
        if listed.is_empty() {
            context.stderr.note(msg!("no messages found"));
        }
        Ok(ExitCode::Success)
    })
}

/// A message, with the API's own entry, which `-o response` prints.
type MessageWithEntry = (HistoryMessage, Value);

/// A listing of messages, and which of them to print.
struct MessageListing<'a> {
    context: &'a Context,
    args: &'a ListArgs,
    bot: &'a str,
    /// List only the messages of this user; None for all users.
    recipient: Option<String>,
}

impl MessageListing<'_> {
    /// Reads the messages of `span` to show, newest first; also returns why they are incomplete.
    async fn read(
        &self,
        look_ups: &mut LookUps<'_>,
        span: &LookUpSpan,
    ) -> (Vec<MessageWithEntry>, Option<LookUpError>) {
        let mut listed: Vec<MessageWithEntry> = Vec::new();
        let mut seen = HashSet::new();
        let mut unreadable = 0;
        let limit = self
            .args
            .limit
            .and_then(|limit| usize::try_from(limit).ok());
        let take = |entry: &Value| {
            let Some(message) = HistoryMessage::read(entry, self.bot) else {
                unreadable += 1;
                return ControlFlow::Continue(());
            };
            if self.has_no_searchable_text(&message, entry) {
                unreadable += 1;
            }
            // While pages are read, an entry may move to the next page.
            if seen.insert(entry_key(entry)) && self.shows(&message, entry) {
                // The rest of an entry can be long, and only one format prints it.
                let entry = if self.context.stdout.format == Format::Response {
                    entry.clone()
                } else {
                    Value::Null
                };
                listed.push((message, entry));
            }
            if limit == Some(listed.len()) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let read = look_ups
            .read(LookUpList::History, None, span, MOST_PAGES, take)
            .await;
        let nameless = listed
            .iter()
            .filter(|(message, _)| message.user.is_none())
            .count();
        let unreadable = if self.context.stdout.format == Format::To {
            unreadable + nameless
        } else {
            unreadable
        };
        let problem = match read {
            Ok(ListingCoverage::Whole) if unreadable == 0 => None,
            Ok(coverage) => Some(LookUpError::Incomplete {
                coverage,
                unreadable,
            }),
            Err(error) => Some(error),
        };
        (listed, problem)
    }

    /// Prints the messages, newest last. Messages of the same time keep the order of the listing. An incomplete list of
    /// users is not printed at all.
    fn print(&self, listed: &[MessageWithEntry], is_whole: bool) -> Result<(), CommandError> {
        let stdout = &self.context.stdout;
        if stdout.format == Format::To && !is_whole {
            return Ok(());
        }
        let mut ordered: Vec<_> = listed.iter().rev().collect();
        ordered.sort_by_key(|(message, _)| message.at);
        if stdout.format == Format::To {
            let recipients = ordered
                .iter()
                .filter_map(|(message, _)| message.user.as_deref());
            let mut seen = HashSet::new();
            let mut each = recipients.filter(|recipient| seen.insert(person_key(recipient)));
            return Ok(each.try_for_each(|recipient| stdout.value(&typed_form(recipient)))?);
        }
        let row = |(message, entry): &&MessageWithEntry| {
            let record = if stdout.format == Format::Response {
                entry.clone()
            } else {
                record(message)
            };
            OutputRow {
                id: message.id.clone(),
                words: describe(message, stdout.lang),
                record,
            }
        };
        let header = [
            msg!("TIME"),
            msg!("BY"),
            msg!("USER"),
            msg!("STATE"),
            msg!("TEXT"),
        ];
        Ok(stdout.rows(&header, ordered.iter().map(row))?)
    }

    fn shows(&self, message: &HistoryMessage, entry: &Value) -> bool {
        let has = |matching: &Matching| match &message.text {
            Some(text) => matching.is_in(text),
            None => entry_texts(entry).iter().any(|text| matching.is_in(text)),
        };
        self.is_wanted(message) && self.args.matching.as_ref().is_none_or(has)
    }

    /// Returns whether the message could match, but its text is missing in the listing.
    fn has_no_searchable_text(&self, message: &HistoryMessage, entry: &Value) -> bool {
        let is_text = message
            .kind
            .as_ref()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("text"));
        let has_none = || message.text.is_none() && entry_texts(entry).is_empty();
        self.args.matching.is_some() && self.is_wanted(message) && is_text && has_none()
    }

    fn is_wanted(&self, message: &HistoryMessage) -> bool {
        let is_with = |recipient: &String| {
            message
                .user
                .as_deref()
                .is_some_and(|user| person_key(user) == recipient.as_str())
        };
        self.recipient.as_ref().is_none_or(is_with)
            && self.args.by.is_none_or(|author| author == message.author)
    }
}

/// Returns every text of a listed message with an undocumented shape, such as the label of a
/// pressed button.
fn entry_texts(entry: &Value) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut left: Vec<_> = entry.get("bubble").into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => texts.push(text.as_str()),
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => {
                left.extend(
                    fields
                        .iter()
                        .filter(|(name, _)| *name != "type")
                        .map(|(_, value)| value),
                );
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    texts
}

/// Returns a message as `-o record` prints it.
fn record(message: &HistoryMessage) -> Value {
    json!({
        "message_id": message.id,
        "at": message.at,
        "by": message.author,
        "user": message.user,
        "name": message.name,
        "state": message.state,
        // The API's own word for a state that is `other`.
        "status": message.state.as_ref().and_then(DeliveryState::unknown),
        "kind": message.kind,
        "text": message.text,
        "media_url": message.media_url,
    })
}

fn describe(message: &HistoryMessage, lang: Lang) -> Vec<String> {
    let by = match message.author {
        MessageAuthor::Bot => msg!("bot"),
        MessageAuthor::User => msg!("user"),
        MessageAuthor::Other => msg!("other"),
    };
    // Jelou also lists a state for messages from the user.
    let state = message
        .state
        .as_ref()
        .filter(|_| message.author != MessageAuthor::User);
    let shown = message
        .text
        .as_ref()
        .or(message.media_url.as_ref())
        .or(message.kind.as_ref());
    vec![
        message.at.map(local_second).unwrap_or_default(),
        by.text(lang),
        message.user.clone().unwrap_or_default(),
        state.map_or_else(String::new, |state| msg!("{state}", state).text(lang)),
        shown.cloned().unwrap_or_default(),
    ]
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
            assert_eq!(
                regex.parse::<Matching>().unwrap().is_in(text),
                expected,
                "{regex} {text}"
            );
        }
        for regex in ["(", "[", "a{2", r"\p{Lu}", "*"] {
            let error = regex.parse::<Matching>().unwrap_err().to_string();
            assert!(
                error.contains("is not a regular expression: "),
                "{regex}: {error}"
            );
        }
    }

    #[test]
    fn since_is_a_duration_or_timestamp() {
        for (raw, expected) in [
            ("24h", Since::Ago(Duration::from_secs(86_400))),
            ("30d", Since::Ago(Duration::from_secs(30 * 86_400))),
            (
                "2026-11-20T08:00:00-05:00",
                Since::At("2026-11-20T13:00:00Z".parse().unwrap()),
            ),
            (
                "2026-11-20T13:00:00Z",
                Since::At("2026-11-20T13:00:00Z".parse().unwrap()),
            ),
        ] {
            assert_eq!(time(raw), Ok(expected), "{raw}");
        }
        for raw in ["2026-11-20", "2026-11-20T08:00", "2026-11-20 08:00:00"] {
            assert!(matches!(time(raw), Ok(Since::At(_))), "{raw}");
        }
        for raw in [
            "",
            "24",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "-1h",
            "20/11/2026",
            "1e9",
        ] {
            let error = time(raw).unwrap_err().to_string();
            assert!(
                error.contains("is not a time such as 24h"),
                "{raw}: {error}"
            );
        }
        assert_eq!(
            Since::Ago(Duration::MAX).at(Timestamp::UNIX_EPOCH),
            Timestamp::UNIX_EPOCH
        );
    }
}
