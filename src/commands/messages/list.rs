//! `messages list`: the history of a bot in both directions, newest last, as a table or as records; with `--follow` also new
//! messages.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::list_args::{ListArgs, Matching};
use crate::api::{
    DeliveryState, HistoryMessage, ListingCoverage, ListingQuery, LookUpError, LookUpList, LookUpSpan, LookUps,
    MOST_PAGES, MessageAuthor, Request, SpanStart, entry_key,
};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::UsageError;
use crate::message::typed_form;
use crate::output::{Format, OutputRow};
use crate::phone::person_key;
use crate::process::block_on;
use crate::sending::{Flight, Sender};
use crate::timestamps::{local_second, now};

const HEADER: [&str; 5] = ["TIME", "BY", "USER", "STATE", "TEXT"];
/// The default start of the listing.
const SINCE: SpanStart = SpanStart::Ago(Duration::from_secs(24 * 60 * 60));
/// The time between two look-ups with `--follow`.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest delay after which a message is still seen by `--follow`.
const LATEST: Duration = Duration::from_secs(10 * 60);

pub(super) fn run(context: &mut Context, args: &ListArgs) -> Result<ExitCode, CommandError> {
    let sender = Sender::resolve(context)?;
    let (start, until) = (args.since.unwrap_or(SINCE), args.until.map(|until| until.at(now())));
    let (begin, end) = (start.at(now()), until.unwrap_or_else(now));
    if end < begin {
        let flag = if until.is_some() { "--until" } else { "now," };
        let message = format!("--since {begin:.0} is not before {flag} {end:.0}");
        return Err(UsageError::new(message, "name an earlier time, such as --since 24h, or a later --until").into());
    }
    let person = args.person.read(context, sender.settings.country)?;
    let first = ListingQuery { since: begin, until: end, message_id: None, page: 1 };
    let listing = MessageListing {
        context,
        sender: &sender,
        args,
        person: person.map(|person| person_key(&person).into_owned()),
        printed: HashSet::new(),
        has_header: false,
        people: HashSet::new(),
    };
    block_on(listing.run(&first, LookUpSpan { start, until }))
}

/// A listing under way.
struct MessageListing<'a> {
    context: &'a Context,
    sender: &'a Sender,
    args: &'a ListArgs,
    /// Whose messages are listed; None: everybody's.
    person: Option<String>,
    /// The printed messages, so that `--follow` does not repeat them.
    printed: HashSet<u64>,
    /// Whether the table header was printed.
    has_header: bool,
    /// The people that `-o to` has printed.
    people: HashSet<String>,
}

impl MessageListing<'_> {
    async fn run(mut self, first: &ListingQuery<'_>, span: LookUpSpan) -> Result<ExitCode, CommandError> {
        let Self { context, sender, args: ListArgs { limit, follow, .. }, .. } = self;
        let opened = sender.open(context, |base| Request::history(base, sender.bot.as_str(), first)).await?;
        let Some(mut connection) = opened else { return Ok(ExitCode::Success) };
        let flight = Flight::default();
        let mut look_ups = connection.look_ups(&flight);
        let began = Instant::now();
        let (mut listed, problem) = self.read(&mut look_ups, &span).await;
        if *follow {
            // Messages beyond the limit do not become new when they are read again.
            self.printed.extend(listed.iter().map(|listed| listed.key));
            listed.truncate(limit.map_or(usize::MAX, NonZeroUsize::get));
        }
        self.print(&listed, problem.is_none())?;
        if listed.is_empty() && problem.is_none() && !follow {
            context.stderr.note("no messages found");
        }
        if let Some(problem) = problem {
            return Err(problem.into());
        }
        if *follow {
            let earliest = match span.start {
                SpanStart::Ago(ago) => SpanStart::Ago(ago.saturating_add(began.elapsed())),
                start => start,
            };
            let earliest = earliest.at(look_ups.now());
            self.follow(&mut look_ups, earliest).await?;
        }
        Ok(ExitCode::Success)
    }

    /// Reads new messages until a signal, which is its normal end while the server answers. If the server stops
    /// answering, it waits; then the span begins at the last complete read, and never before `earliest`.
    async fn follow(&mut self, look_ups: &mut LookUps<'_>, earliest: Timestamp) -> Result<(), CommandError> {
        look_ups.retry_for = Duration::MAX;
        let (first_look, first_time) = (Instant::now(), look_ups.now());
        let mut since = first_time.checked_sub(LATEST).unwrap_or(Timestamp::MIN).max(earliest);
        let mut told = None;
        while !self.context.stdout.has_lost_its_reader() {
            tokio::select! {
                biased;
                _ = look_ups.signals.next() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
            let began = Instant::now();
            let span = LookUpSpan { start: SpanStart::At(since), until: None };
            let (listed, problem) = self.read(look_ups, &span).await;
            self.print(&listed, problem.is_none())?;
            let is_printed = match &problem {
                None => true,
                Some(LookUpError::Incomplete { coverage, .. }) => {
                    *coverage == ListingCoverage::Whole && self.context.stdout.format != Format::To
                }
                Some(_) => false,
            };
            if is_printed {
                // A single wrong time from the server must not move the start of the span past messages that are still
                // to come.
                let passed = first_time.checked_add(first_look.elapsed()).unwrap_or(first_time);
                let now = look_ups.now().min(passed);
                since = now.checked_sub(LATEST + began.elapsed()).unwrap_or(since).max(earliest);
            }
            match problem {
                None => told = None,
                Some(problem @ LookUpError::Incomplete { .. }) => {
                    // Most look-ups fail in the same way, so an error is printed once.
                    let problem = Some(problem.to_string());
                    if problem != told {
                        self.context.stderr.warning(problem.as_deref().unwrap_or_default());
                    }
                    told = problem;
                }
                Some(problem) if problem.signal().is_some() && !problem.was_failing() => return Ok(()),
                Some(problem) => return Err(problem.into()),
            }
        }
        Ok(())
    }

    /// Reads the messages of `span` that should be shown and were not printed yet, the newest first; also why they are not
    /// all.
    async fn read(&self, look_ups: &mut LookUps<'_>, span: &LookUpSpan) -> (Vec<Listed>, Option<LookUpError>) {
        let bot = self.sender.bot.as_str();
        let mut listed: Vec<Listed> = Vec::new();
        let mut seen = HashSet::new();
        let mut unreadable = 0;
        let limit = self.args.limit.filter(|_| !self.args.follow).map(NonZeroUsize::get);
        let take = |entry: &Value| {
            let Some(message) = HistoryMessage::read(entry, bot) else {
                unreadable += 1;
                return ControlFlow::Continue(());
            };
            let key = entry_key(entry);
            if self.cannot_tell(&message, entry) {
                unreadable += 1;
            }
            // While pages are read, an entry may move to the next one.
            if !self.printed.contains(&key) && seen.insert(key) && self.shows(&message, entry) {
                // The rest of an entry can be long, and only one format prints it.
                let entry = if self.context.stdout.format == Format::Response { entry.clone() } else { Value::Null };
                listed.push(Listed { key, message, entry });
            }
            if limit == Some(listed.len()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let read = look_ups.read(LookUpList::History, None, span, MOST_PAGES, take).await;
        let nameless = listed.iter().filter(|listed| listed.message.user.is_none()).count();
        let unreadable = if self.context.stdout.format == Format::To { unreadable + nameless } else { unreadable };
        let problem = match read {
            Ok(ListingCoverage::Whole) if unreadable == 0 => None,
            Ok(coverage) => Some(LookUpError::Incomplete { coverage, unreadable }),
            Err(error) => Some(error),
        };
        (listed, problem)
    }

    /// Prints the messages that were read, newest last; those of the same time stay in the order in which they were listed.
    /// An incomplete list of people is not printed at all.
    fn print(&mut self, listed: &[Listed], is_whole: bool) -> Result<(), CommandError> {
        let stdout = &self.context.stdout;
        if stdout.format == Format::To && !is_whole {
            return Ok(());
        }
        let mut ordered: Vec<_> = listed.iter().rev().collect();
        ordered.sort_by_key(|listed| listed.message.at);
        self.printed.extend(ordered.iter().map(|listed| listed.key));
        if stdout.format == Format::To {
            let people = ordered.iter().filter_map(|listed| listed.message.user.as_deref());
            let mut new = people.filter(|person| self.people.insert(person_key(person).into_owned()));
            return Ok(new.try_for_each(|person| stdout.value(&typed_form(person)))?);
        }
        let header = if self.has_header { &[][..] } else { &HEADER };
        self.has_header |= !ordered.is_empty();
        Ok(stdout.rows(header, ordered.iter().map(|listed| listed.row(stdout.format)))?)
    }

    fn shows(&self, message: &HistoryMessage, entry: &Value) -> bool {
        let has = |matching: &Matching| match &message.text {
            Some(text) => matching.is_in(text),
            None => texts_of(entry).iter().any(|text| matching.is_in(text)),
        };
        self.is_of(message) && self.args.matching.as_ref().is_none_or(has)
    }

    /// Whether the message may have the words that are looked for, but its text is not where texts are listed.
    fn cannot_tell(&self, message: &HistoryMessage, entry: &Value) -> bool {
        let is_text = message.kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("text"));
        let has_none = || message.text.is_none() && texts_of(entry).is_empty();
        self.args.matching.is_some() && self.is_of(message) && is_text && has_none()
    }

    fn is_of(&self, message: &HistoryMessage) -> bool {
        let is_of = |person: &String| message.user.as_deref().is_some_and(|user| person_key(user) == person.as_str());
        self.person.as_ref().is_none_or(is_of) && self.args.by.is_none_or(|author| author == message.author)
    }
}

/// Every text of a listed message whose shape is not the documented one, such as the label of a pressed button.
fn texts_of(entry: &Value) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut left: Vec<_> = entry.get("bubble").into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => texts.push(text.as_str()),
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => {
                left.extend(fields.iter().filter(|(name, _)| *name != "type").map(|(_, value)| value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    texts
}

/// A shown message, with the API's own entry.
struct Listed {
    key: u64,
    message: HistoryMessage,
    entry: Value,
}

impl Listed {
    /// The data of `-o response` is the API's own entry.
    fn row(&self, format: Format) -> OutputRow {
        let record = if format == Format::Response { self.entry.clone() } else { record(&self.message) };
        OutputRow { id: self.message.id.clone(), words: words(&self.message), record }
    }
}

/// A message as `-o record` prints it.
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

fn words(message: &HistoryMessage) -> Vec<String> {
    let by = match message.author {
        MessageAuthor::Bot => "bot",
        MessageAuthor::User => "user",
        MessageAuthor::Other => "other",
    };
    // Jelou lists a state for what the person wrote, too.
    let state = message.state.as_ref().filter(|_| message.author != MessageAuthor::User);
    let shown = message.text.as_ref().or(message.media_url.as_ref()).or(message.kind.as_ref());
    vec![
        message.at.map(local_second).unwrap_or_default(),
        by.to_owned(),
        message.user.clone().unwrap_or_default(),
        state.map_or("", DeliveryState::words).to_owned(),
        shown.cloned().unwrap_or_default(),
    ]
}
