//! `messages list`: the history of a bot, both directions, newest last; with `--follow` also what comes from now on.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::matching::Matching;
use super::time_bound::TimeBound;
use crate::api::{
    Author, Coverage, DeliveryState, HistoryMessage, ListingQuery, LookUpError, LookUpList, LookUpSpan, LookUps,
    MOST_PAGES, Request, SpanStart, entry_key,
};
use crate::commands::CommandError;
use crate::context::{Context, Mode, UsageError};
use crate::exit::ExitCode;
use crate::message::TypedRecipient;
use crate::output::{Format, Stdout, StreamError};
use crate::phone::person_key;
use crate::process::block_on;
use crate::sending::{Flight, Interrupted, Opening, Sender, UnresolvedSender};
use crate::timestamps::{local_second, now};

/// What is listed where nothing says since when.
const SINCE: TimeBound = TimeBound::Ago(Duration::from_secs(24 * 60 * 60));
/// Between two looks with `--follow`.
const PAUSE: Duration = Duration::from_secs(2);
/// How much later than its time a message may be listed and still be seen by `--follow`.
const LATEST: Duration = Duration::from_secs(10 * 60);
/// What is older than the span by more than this is not listed again.
const KEPT: Duration = Duration::from_secs(60);

/// List the messages of a bot, sent and received, the newest last
///
/// Examples:
///   jelouctl messages list --since 2h
///   jelouctl messages list --to 593987654321 --follow
///   jelouctl messages list --by user --since 30d --matching '^\s*(baja|stop)\b' -o to >> opted-out.txt
///
/// A table on a terminal, the API's entries as JSON lines elsewhere; `-o record` gives lines of a stable
/// form, `-o id` the ids, and `-o to` each person once, but nothing at all unless everything could be
/// read. It only reads. A listing that is not complete never ends with 0.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArgs {
    /// Only messages to or from this person
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    to: Option<String>,

    /// Only messages that the bot, or the user, wrote; agents are neither
    #[arg(long, value_name = "WHO")]
    by: Option<By>,

    /// Since when: 24h, 30d, 2026-11-20 or 2026-11-20T08:00 [default: 24h]
    #[arg(long, value_name = "TIME")]
    since: Option<TimeBound>,

    /// Until when [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<TimeBound>,

    /// Only messages whose text has this; case and accents do not matter
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    matching: Option<Matching>,

    /// Only the newest N of these
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,

    /// Go on with new messages as they are listed, until Ctrl-C
    #[arg(long)]
    follow: bool,
}

/// Who wrote a message, a value of `--by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Bot,
    User,
}

/// Which messages are shown.
struct Filter {
    person: Option<String>,
    author: Option<Author>,
    matching: Option<Matching>,
}

/// A message as `-o record` prints it.
#[derive(Serialize)]
struct MessageRecord<'a> {
    message_id: Option<&'a str>,
    at: Option<Timestamp>,
    by: Author,
    user: Option<&'a str>,
    name: Option<&'a str>,
    state: Option<&'a DeliveryState>,
    /// The API's own word for a state that is `other`.
    status: Option<&'a str>,
    kind: Option<&'a str>,
    text: Option<&'a str>,
    media_url: Option<&'a str>,
}

/// A message that is to be shown, with the API's own entry of it.
struct Listed {
    key: u64,
    message: HistoryMessage,
    entry: Value,
}

/// What was read of the history, as far as it was.
struct Reading {
    /// The newest first.
    listed: Vec<Listed>,
    /// Why it is not all.
    problem: Option<LookUpError>,
}

pub(super) fn run(context: &mut Context, arguments: ListArgs) -> Result<ExitCode, CommandError> {
    let sender = UnresolvedSender::claim(context)?.resolve(context)?;
    let ListArgs { to, by, since, until, matching, limit, follow } = arguments;
    let (since, until) = (since.unwrap_or(SINCE), until.map(|until| until.at(now())));
    if let Some(until) = until.filter(|until| *until <= since.at(now())) {
        let message = format!("--until {until:.0} is not after --since {:.0}", since.at(now()));
        return Err(UsageError::new(message, "name a later time, or begin earlier with --since").into());
    }
    let filter = Filter {
        person: to.map(|to| person(context, &to, &sender)).transpose()?,
        author: by.map(|by| match by {
            By::Bot => Author::Bot,
            By::User => Author::User,
        }),
        matching,
    };
    if context.mode != Mode::Send {
        let query = ListingQuery { since: Some(since.at(now())), until, message_id: None, page: 1 };
        sender.show(context, &Request::history(sender.planned_base().url(), sender.bot.as_str(), &query))?;
        return Ok(ExitCode::Success);
    }
    let start = match since {
        TimeBound::Ago(duration) => SpanStart::Ago(duration),
        TimeBound::At(at) => SpanStart::At(at),
    };
    let listing = MessageListing {
        context,
        sender: &sender,
        filter,
        limit: limit.map(NonZeroUsize::get),
        printed: HashMap::new(),
        people: HashSet::new(),
    };
    block_on(listing.run(LookUpSpan { start, until }, follow))
}

/// Who is meant by `--to`.
fn person(context: &Context, typed: &str, sender: &Sender) -> Result<String, UsageError> {
    let read = TypedRecipient::read(typed, sender.settings.country());
    let read = read.map_err(|error| UsageError::new(format!("--to: {error}"), error.hint()))?;
    context.stderr.warnings(read.warnings());
    Ok(person_key(read.recipient.as_str()).into_owned())
}

/// A listing under way.
struct MessageListing<'a> {
    context: &'a Context,
    sender: &'a Sender,
    filter: Filter,
    limit: Option<usize>,
    /// What was printed, with its time: `--follow` repeats nothing.
    printed: HashMap<u64, Option<Timestamp>>,
    /// Whom `-o to` has printed.
    people: HashSet<String>,
}

impl MessageListing<'_> {
    async fn run(mut self, span: LookUpSpan, follow: bool) -> Result<ExitCode, CommandError> {
        let (context, sender) = (self.context, self.sender);
        let mut connection = match sender.connect(context).await? {
            Opening::Open(connection) => connection,
            Opening::Interrupted(signal) => return Err(Interrupted(signal).into()),
        };
        let flight = Flight::default();
        let mut look_ups = connection.look_ups(&context.stderr, &sender.settings, sender.bot.as_str(), &flight);
        let reading = self.read(&mut look_ups, &span).await;
        self.print(&reading.listed, reading.problem.is_none())?;
        if reading.listed.is_empty() && reading.problem.is_none() && !follow {
            context.stderr.note("no messages found");
        }
        if let Some(problem) = reading.problem {
            return Err(problem.into());
        }
        if follow {
            self.limit = None;
            self.follow(&mut look_ups).await?;
        }
        Ok(ExitCode::Success)
    }

    /// Reads what is new until a signal comes, which is its ordinary end while the server answers. One that is away is
    /// waited for; after that the span begins where it was last read whole.
    async fn follow(&mut self, look_ups: &mut LookUps<'_>) -> Result<(), CommandError> {
        look_ups.retry_for = Duration::MAX;
        let mut since = look_ups.now().checked_sub(LATEST).unwrap_or(Timestamp::MIN);
        while !self.context.stdout.has_lost_its_reader() {
            tokio::select! {
                biased;
                _ = look_ups.signals.next() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
            let began = Instant::now();
            let span = LookUpSpan { start: SpanStart::At(since), until: None };
            let reading = self.read(look_ups, &span).await;
            let is_whole = reading.problem.is_none();
            self.print(&reading.listed, is_whole)?;
            match reading.problem {
                None => {
                    let next = look_ups.now().checked_sub(LATEST + began.elapsed()).unwrap_or(since);
                    since = since.max(next);
                    self.printed.retain(|_, at| at.is_none_or(|at| at >= since - KEPT));
                }
                Some(problem @ LookUpError::Incomplete { .. }) => self.context.stderr.warning(&problem.to_string()),
                Some(problem) if problem.signal().is_some() && !problem.was_failing() => return Ok(()),
                Some(problem) => return Err(problem.into()),
            }
        }
        Ok(())
    }

    /// Reads the messages of `span` that are to be shown and were not printed yet.
    async fn read(&self, look_ups: &mut LookUps<'_>, span: &LookUpSpan) -> Reading {
        let bot = self.sender.bot.as_str();
        let mut listed: Vec<Listed> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut unreadable = 0;
        let take = |entry: &Value| {
            let Some(message) = HistoryMessage::read(entry, bot) else {
                unreadable += 1;
                return ControlFlow::Continue(());
            };
            let key = entry_key(entry);
            if let Some(known) = places.get(&key).and_then(|place| listed.get_mut(*place)) {
                known.repeat(message);
            } else if !self.printed.contains_key(&key) && self.filter.shows(&message) {
                places.insert(key, listed.len());
                listed.push(Listed { key, message, entry: entry.clone() });
            }
            if self.limit == Some(listed.len()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let read = look_ups.read(LookUpList::History, None, span, MOST_PAGES, take).await;
        let nameless = listed.iter().filter(|listed| listed.message.user.is_none()).count();
        let unreadable = if self.context.stdout.format == Format::To { unreadable + nameless } else { unreadable };
        let problem = match read {
            Ok(Coverage::Whole) if unreadable == 0 => None,
            Ok(coverage) => Some(LookUpError::Incomplete { coverage, unreadable }),
            Err(error) => Some(error),
        };
        Reading { listed, problem }
    }

    /// Prints what was read, the newest last. Of people whom nobody may miss, nothing where something may be missing.
    fn print(&mut self, listed: &[Listed], is_whole: bool) -> Result<(), CommandError> {
        let stdout = &self.context.stdout;
        if stdout.format == Format::To && !is_whole {
            return Ok(());
        }
        let is_first = self.printed.is_empty();
        let ordered = newest_last(listed);
        self.printed.extend(ordered.iter().map(|listed| (listed.key, listed.message.at)));
        if stdout.format == Format::Response && stdout.is_for_a_person() {
            return Ok(print_for_a_person(stdout, &ordered, is_first)?);
        }
        for Listed { message, entry, .. } in ordered {
            match stdout.format {
                Format::To => {
                    let person = message.user.as_deref().unwrap_or_default();
                    if self.people.insert(person_key(person).into_owned()) {
                        stdout.value(&as_recipient(person))?;
                    }
                }
                Format::Id => message.id.as_ref().map_or(Ok(()), |id| stdout.value(id))?,
                Format::Record => stdout.json(&MessageRecord::new(message))?,
                Format::Response => stdout.json(entry)?,
                Format::None => {}
            }
        }
        Ok(())
    }
}

impl Filter {
    fn shows(&self, message: &HistoryMessage) -> bool {
        let is_of = |person: &String| message.user.as_deref().is_some_and(|user| person_key(user) == person.as_str());
        let has = |matching: &Matching| message.text.as_deref().is_some_and(|text| matching.is_in(text));
        self.person.as_ref().is_none_or(is_of)
            && self.author.is_none_or(|author| author == message.author)
            && self.matching.as_ref().is_none_or(has)
    }
}

impl Listed {
    /// Takes the same message as a later page has it: it may have gone further.
    fn repeat(&mut self, message: HistoryMessage) {
        if let Some(seen) = message.state {
            let known = self.message.state.take();
            self.message.state = Some(known.map_or(seen.clone(), |known| known.after(seen)));
        }
    }
}

impl<'a> MessageRecord<'a> {
    fn new(message: &'a HistoryMessage) -> Self {
        Self {
            message_id: message.id.as_deref(),
            at: message.at,
            by: message.author,
            user: message.user.as_deref(),
            name: message.name.as_deref(),
            state: message.state.as_ref(),
            status: message.state.as_ref().and_then(DeliveryState::unknown),
            kind: message.kind.as_deref(),
            text: message.text.as_deref(),
            media_url: message.media_url.as_deref(),
        }
    }
}

/// By their times; one without a time stays beside the one that was listed before it.
fn newest_last(listed: &[Listed]) -> Vec<&Listed> {
    let mut last = None;
    let mut timed: Vec<_> = listed
        .iter()
        .map(|listed| {
            last = listed.message.at.or(last);
            (last, listed)
        })
        .collect();
    timed.reverse();
    timed.sort_by_key(|(at, _)| *at);
    timed.into_iter().map(|(_, listed)| listed).collect()
}

/// As a list of recipients names a person: `id:` stands before what is neither a number nor a WhatsApp user id.
fn as_recipient(person: &str) -> String {
    match TypedRecipient::read(person, None) {
        Ok(read) if read.recipient.as_str() == person => person.to_owned(),
        Ok(_) | Err(_) => format!("id:{person}"),
    }
}

fn print_for_a_person(stdout: &Stdout, listed: &[&Listed], is_first: bool) -> Result<(), StreamError> {
    let rows = listed.iter().map(|Listed { message, .. }| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        vec![
            message.at.map(local_second).unwrap_or_default(),
            match message.author {
                Author::Bot => "bot".to_owned(),
                Author::User => "user".to_owned(),
                Author::Other => "other".to_owned(),
            },
            text(&message.user),
            message.state.as_ref().map(|state| state.words().to_owned()).unwrap_or_default(),
            message.text.clone().or(message.media_url.clone()).or(message.kind.clone()).unwrap_or_default(),
        ]
    });
    if is_first {
        return if listed.is_empty() { Ok(()) } else { stdout.table(&["TIME", "BY", "USER", "STATE", "TEXT"], rows) };
    }
    rows.into_iter().try_for_each(|row| stdout.fields(&row.iter().map(String::as_str).collect::<Vec<_>>()))
}
