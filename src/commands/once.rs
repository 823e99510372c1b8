//! `once …`: the keys of `--once`, and the people recorded under them.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::CommandError;
use super::store::{open_store, open_store_to_look};
use crate::config::{Origin, Settings};
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::input::UsageError;
use crate::ledger::{LedgerError, OnceSummary, RunName, Shown, Store};
use crate::message::{InvalidMessage, TypedRecipient, typed_form};
use crate::once::{OnceEntry, OnceError, OnceKey, OnceScope, OnceState};
use crate::output::{Format, Sent, StreamError, compact, counted, counted_are, counted_people};
use crate::phone::Country;
use crate::sending::{AuditLog, read_environment};
use crate::timestamps::{local_time, of_milliseconds};

const KEYS: [&str; 8] = ["KEY", "FROM", "SENT", "UNKNOWN", "UNDER WAY", "TO BE SENT", "NOT SENT", "LAST CHANGE"];
const PEOPLE: [&str; 4] = ["STATE", "SINCE", "MESSAGE ID", "RUN"];

/// Show and manage the keys of --once
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum OnceCommand {
    /// List the keys, with how many people have a message under each
    ///
    /// If standard output is not a terminal, it prints, separated by tabs: key, bot, sent, unknown,
    /// under way, to be sent, not sent, and the last change (UTC). With -o record it prints one JSON
    /// object a line.
    #[command(verbatim_doc_comment)]
    List,
    Show(OnceShowArgs),
    Resolve(OnceResolveArgs),
    Add(OnceAddArgs),
    #[command(aliases = ["remove", "delete", "rm"])]
    Forget(OnceForgetArgs),
}

/// Show what people have under a key
///
/// Examples:
///   jelouctl once show november
///   jelouctl once show november --to 593987654321
///
/// Only hashes of the people are kept, so that nobody is named: --to looks one up.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct OnceShowArgs {
    /// The key of --once
    key: OnceKey,

    #[command(flatten)]
    person: PersonArgs,
}

/// Record the outcome of a message that may have been sent
///
/// Example:
///   jelouctl once resolve november --to 593987654321 --as sent
///
/// As `sent`, the person gets no other message under the key; as `failed`, the next one is sent. A row of
/// a run is decided with `jelouctl bulk resolve`.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct OnceResolveArgs {
    /// The key of --once
    key: OnceKey,

    /// Recipient: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    to: String,

    /// Country whose national number it is, in two letters: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// The outcome
    #[arg(long = "as", value_name = "STATE")]
    found: FoundState,
}

/// Put the people of a finished run under a key
///
/// Example:
///   jelouctl once add november --run people-20261120-101500
///
/// For a campaign that began without one: whoever was sent a message by the run, or may have been, gets
/// no other one under the key.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct OnceAddArgs {
    /// The key of --once
    key: OnceKey,

    /// Name of the run
    #[arg(long)]
    run: RunName,
}

/// Forget one person or everybody under a key, who can then get another message; asks, or needs --yes
///
/// Examples:
///   jelouctl once forget november --to 593987654321
///   jelouctl once forget november --yes
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct OnceForgetArgs {
    /// The key of --once
    key: OnceKey,

    #[command(flatten)]
    person: PersonArgs,
}

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
struct PersonArgs {
    /// One person: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    to: Option<String>,

    /// Country whose national number it is, in two letters: EC [default: the profile's]
    #[arg(long, value_name = "CODE", requires = "to")]
    country: Option<Country>,
}

/// A value of `--as`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FoundState {
    /// The person has got it
    Sent,
    /// It was not sent
    Failed,
}

pub(crate) fn run(context: &Context, command: &OnceCommand) -> Result<ExitCode, CommandError> {
    let ended = match command {
        OnceCommand::List => list(context),
        OnceCommand::Show(args) => UsedKey::find(context, &args.key).and_then(|used| used.show(context, &args.person)),
        OnceCommand::Resolve(args) => {
            UsedKey::to_change(context, &args.key).and_then(|used| used.resolve(context, args))
        }
        OnceCommand::Forget(args) => {
            UsedKey::to_change(context, &args.key).and_then(|used| used.forget(context, &args.person))
        }
        OnceCommand::Add(args) => return add(context, args),
    };
    ended.map_err(CommandError::of_single_send)
}

fn settings(context: &Context) -> Result<Settings, CommandError> {
    Ok(Settings::load(&context.flags, &read_environment()?.0)?)
}

/// Refuses to change entries under a key in a rehearsal, which does not send anything.
fn refuse_rehearsal(context: &Context, settings: &Settings) -> Result<(), UsageError> {
    if context.mode != Mode::Send {
        let message = "--dry-run and --curl show what a command would send; this one would change who gets a message";
        return Err(UsageError::new(message, "leave them out, or look with `jelouctl once show`"));
    }
    if settings.is_sandboxed() {
        let message = "the sandbox remembers no key, and this would change who gets a real message";
        return Err(UsageError::new(message, "run it outside of the sandbox"));
    }
    Ok(())
}

/// Logs a decision about who may get another message under the key.
fn log_decision(context: &Context, settings: &Settings, command: &str, scope: &OnceScope, fields: &Value) {
    let OnceScope { key, bot, address } = scope;
    let log = AuditLog::of(settings).of_bot(bot.clone());
    log.key(&context.stderr, command, (key.as_str(), address), fields);
}

/// `once add`: adds the people of a run that began without the key.
fn add(context: &Context, OnceAddArgs { key, run }: &OnceAddArgs) -> Result<ExitCode, CommandError> {
    let settings = settings(context)?;
    refuse_rehearsal(context, &settings)?;
    let store = open_store(context).map_err(CommandError::of_single_send)?;
    let run = store.run(run)?.whole()?;
    run.note_lost()?;
    let (name, details, counts) = (run.name(), run.details()?, run.counts()?);
    if details.sandbox {
        let message = format!("run {name} was on the sandbox and reached no one");
        return Err(UsageError::new(message, "name a run that sent to people").into());
    }
    if !counts.is_finished() {
        let message =
            format!("run {name} is not finished: {} still to be sent", counted_are(counts.pending, "message"));
        let hint =
            format!("finish it first with jelouctl bulk resume {name}, or give it up with jelouctl bulk cancel {name}");
        return Err(UsageError::new(message, hint).into());
    }
    let scope = OnceScope { key: key.clone(), bot: details.bot, address: details.api_url };
    let added = match store.add_to_key(&scope, &run)? {
        Ok(added) => added,
        // These people would get a second message if that run continues.
        Err(run) => {
            let recipient = format!("people of run {name}");
            return Err(OnceError::ToBeSent { recipient, scope, run }.into());
        }
    };
    log_decision(context, &settings, "once add", &scope, &json!({ "run": name.to_string(), "people": added }));
    context.stderr.note(&format!("{} of run {name} added under the key {key}", counted_people(added)));
    if counts.unknown > 0 {
        context.stderr.note(&format!(
            "{} may have been sent, and these people get no other one until you decide: jelouctl once resolve {} --to USER \
             --as sent (or failed)",
            counted(counts.unknown, "message"),
            key.quoted()
        ));
    }
    Ok(ExitCode::Success)
}

fn list(context: &Context) -> Result<ExitCode, CommandError> {
    let stdout = &context.stdout;
    let keys = open_store_to_look(context)?.map_or(Ok(Vec::new()), |store| store.keys())?;
    if keys.is_empty() {
        context.stderr.note("there are no keys");
    }
    match stdout.format {
        Format::Id => keys.iter().try_for_each(|of| stdout.value(of.scope.key.as_str()))?,
        Format::Record => keys.iter().try_for_each(|of| stdout.line(&compact(&key_of_machine(of))))?,
        Format::Response if keys.is_empty() => {}
        Format::Response if stdout.wants_words() => {
            stdout.table(&KEYS, keys.iter().map(|of| words(of, local(of.at))))?;
        }
        Format::Response => {
            for of in &keys {
                let words = words(of, of_milliseconds(of.at).to_string());
                stdout.fields(&words)?;
            }
        }
        Format::None | Format::To => {}
    }
    Ok(ExitCode::Success)
}

fn words(of: &OnceSummary, at: String) -> Vec<String> {
    let begin = [of.scope.key.to_string(), of.scope.bot.clone()];
    begin.into_iter().chain(of.people.iter().map(u64::to_string)).chain([at]).collect()
}

fn key_of_machine(of: &OnceSummary) -> Value {
    let people = OnceState::ALL.into_iter().zip(of.people).map(|(state, people)| (state.name(), json!(people)));
    of_machine(&of.scope, people.chain([("changed_at", json!(of_milliseconds(of.at).to_string()))]))
}

/// A key with `fields` about it.
fn of_machine(
    OnceScope { key, bot, address }: &OnceScope,
    fields: impl Iterator<Item = (&'static str, Value)>,
) -> Value {
    let scope = [
        ("schema_version", json!(1)),
        ("key", json!(key.as_str())),
        ("bot_id", json!(bot)),
        ("api_url", json!(address)),
    ];
    scope.into_iter().chain(fields).map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

fn local(at: i64) -> String {
    local_time(of_milliseconds(at))
}

fn no_such_key(key: &OnceKey) -> UsageError {
    UsageError::new(
        format!("there is no message under the key {key}"),
        "`jelouctl once list` shows the keys; those of a ledger in a database need --ledger",
    )
}

/// Bot and address: the configured ones, if set; otherwise the only ones that used the key.
fn scope_of(settings: &Settings, key: &OnceKey, keys: &[OnceSummary]) -> Result<OnceScope, UsageError> {
    let mut of_key: Vec<_> = keys.iter().map(|of| &of.scope).filter(|scope| scope.key == *key).collect();
    if of_key.is_empty() {
        return Err(no_such_key(key));
    }
    let bots = of_key.iter().map(|scope| format!("{} at {}", scope.bot, scope.address)).collect::<Vec<_>>().join(", ");
    let hint = format!("the key is used by {bots}: name one with --bot, and its address with --api-url");
    // In the sandbox they are not the sender's.
    if !settings.is_sandboxed() {
        let (bot, api_url) = (settings.bot.as_ref().map(|bot| bot.value.as_str()), &settings.api_url);
        let address = api_url.value.as_key();
        of_key.retain(|scope| bot.is_none_or(|bot| bot == scope.bot));
        if of_key.len() > 1 || api_url.origin != Origin::Default {
            of_key.retain(|scope| scope.address == address);
        }
        if let (Some(bot), true) = (bot, of_key.is_empty()) {
            return Err(UsageError::new(format!("there is no message of bot {bot} under the key {key}"), hint));
        }
    }
    match of_key.as_slice() {
        [scope] => Ok((*scope).clone()),
        _ => Err(UsageError::new(format!("it is not clear which bot of the key {key} is meant"), hint)),
    }
}

/// A key with entries.
struct UsedKey {
    store: Store,
    scope: OnceScope,
    settings: Settings,
}

/// A person, by the hash and as typed.
struct NamedPerson {
    hash: String,
    recipient: String,
}

impl UsedKey {
    fn find(context: &Context, key: &OnceKey) -> Result<Self, CommandError> {
        Self::of(context, key, settings(context)?)
    }

    /// The same for a change, which may affect who gets a message.
    fn to_change(context: &Context, key: &OnceKey) -> Result<Self, CommandError> {
        let settings = settings(context)?;
        refuse_rehearsal(context, &settings)?;
        Self::of(context, key, settings)
    }

    fn of(context: &Context, key: &OnceKey, settings: Settings) -> Result<Self, CommandError> {
        let Some(store) = open_store_to_look(context)? else { return Err(no_such_key(key).into()) };
        let scope = scope_of(&settings, key, &store.keys()?)?;
        Ok(Self { store, scope, settings })
    }

    fn person(&self, context: &Context, to: &str, country: Option<Country>) -> Result<NamedPerson, CommandError> {
        let typed = TypedRecipient::read(to, country.or(self.settings.country()));
        let typed = typed.map_err(|error| InvalidMessage::Recipient { origin: "--to", error })?;
        context.stderr.warnings(typed.warnings());
        let recipient = typed.recipient.as_str().to_owned();
        Ok(NamedPerson { hash: self.store.hasher()?.person(&recipient), recipient })
    }

    fn show(&self, context: &Context, PersonArgs { to, country }: &PersonArgs) -> Result<ExitCode, CommandError> {
        let entries = if let Some(to) = to {
            let person = self.person(context, to, *country)?;
            let entry = self.store.standing(&self.scope, &person.hash)?;
            if entry.is_none() {
                let key = &self.scope.key;
                context.stderr.note(&format!("{} has no message under the key {key}", person.recipient));
            }
            entry.into_iter().collect()
        } else {
            let mut entries = Vec::new();
            self.store.people_under(&self.scope, |entry| entries.push(entry))?;
            entries.sort_by_key(|entry: &OnceEntry| entry.at);
            entries
        };
        self.print(context, &entries)?;
        Ok(ExitCode::Success)
    }

    fn print(&self, context: &Context, entries: &[OnceEntry]) -> Result<(), StreamError> {
        let stdout = &context.stdout;
        let fields = |entry: &OnceEntry, at: String| {
            let (id, run) = (entry.message_id.clone().unwrap_or_default(), entry.run.clone().unwrap_or_default());
            vec![entry.state.name().replace('_', " "), at, id, run]
        };
        match stdout.format {
            Format::Id => {
                entries.iter().filter_map(|entry| entry.message_id.as_deref()).try_for_each(|id| stdout.value(id))
            }
            Format::Record => entries.iter().try_for_each(|entry| stdout.line(&compact(&self.entry_of_machine(entry)))),
            Format::Response if entries.is_empty() => Ok(()),
            Format::Response if stdout.wants_words() => {
                stdout.table(&PEOPLE, entries.iter().map(|entry| fields(entry, local(entry.at))))
            }
            Format::Response => entries.iter().try_for_each(|entry| {
                let fields = fields(entry, of_milliseconds(entry.at).to_string());
                stdout.fields(&fields)
            }),
            Format::None | Format::To => Ok(()),
        }
    }

    fn entry_of_machine(&self, entry: &OnceEntry) -> Value {
        let OnceEntry { state, at, message_id, run, .. } = entry;
        let fields = [
            ("state", json!(state)),
            ("at", json!(of_milliseconds(*at).to_string())),
            ("message_id", json!(message_id)),
            ("run", json!(run)),
        ];
        of_machine(&self.scope, fields.into_iter())
    }

    fn resolve(&self, context: &Context, arguments: &OnceResolveArgs) -> Result<ExitCode, CommandError> {
        let OnceResolveArgs { to, country, found, .. } = arguments;
        let person = self.person(context, to, *country)?;
        let (key, recipient) = (&self.scope.key, &person.recipient);
        let entry = self.store.standing(&self.scope, &person.hash)?;
        if let Some(OnceEntry { is_row: true, run: Some(run), state, .. }) = &entry {
            let (state, to) = (*state, typed_form(recipient));
            let message = format!(
                "what {recipient} has under the key {key} is a row of run {run}, which is {}",
                state.name().replace('_', " ")
            );
            let hint = if state == OnceState::Unknown {
                format!("decide it with jelouctl bulk resolve {run} --to {to} --unknown-as sent (or failed)")
            } else {
                format!("only an unknown row can be decided; `jelouctl bulk find {to}` shows the person's rows")
            };
            return Err(UsageError::new(message, hint).into());
        }
        let was_sent = *found == FoundState::Sent;
        let finding = if was_sent { Sent::Yes } else { Sent::No };
        if !self.store.decide_claim(&self.scope, &person.hash, finding)? {
            let state = entry.map_or("nothing".to_owned(), |entry| {
                format!("a message that is {} since {}", entry.state.name().replace('_', " "), local(entry.at))
            });
            let message =
                format!("{recipient} has {state} under the key {key}, and only an unknown one can be decided");
            let hint = format!("`jelouctl once show {} --to {}` shows it", key.quoted(), typed_form(recipient));
            return Err(UsageError::new(message, hint).into());
        }
        let decided = json!({ "to": recipient, "people": 1, "sent": if was_sent { "yes" } else { "no" } });
        log_decision(context, &self.settings, "once resolve", &self.scope, &decided);
        let means = if was_sent { "gets no other message" } else { "can get a message again" };
        context.stderr.note(&format!("{recipient} {means} under the key {key}"));
        Ok(ExitCode::Success)
    }

    fn forget(&self, context: &Context, PersonArgs { to, country }: &PersonArgs) -> Result<ExitCode, CommandError> {
        let key = &self.scope.key;
        let person = to.as_ref().map(|to| self.person(context, to, *country)).transpose()?;
        let (entry, summary) = (person.as_ref().map(|person| self.forgettable(person)).transpose()?, self.summary()?);
        let shown = if let (Some(person), Some(entry)) = (&person, &entry) {
            Shown::Person(&person.hash, entry)
        } else {
            self.refuse_open(&summary)?;
            Shown::Everybody(&summary)
        };
        let people = summary.people.iter().sum();
        let who = person.as_ref().map_or_else(|| counted_people(people), |one| one.recipient.clone());
        if context.confirms(&format!("Forget {who} under the key {key}, so that another message can be sent?"))?
            != Some(true)
        {
            let message = format!("{who}: not forgotten under the key {key}");
            return Err(UsageError::new(message, "add --yes to forget").into());
        }
        // The question may have waited for hours: a person who got a message meanwhile must not be forgotten.
        if !self.store.forget(&self.scope, &shown)? {
            let message = format!("what people have under the key {key} has changed meanwhile; nothing was forgotten");
            return Err(UsageError::new(message, "run the command again").into());
        }
        let to = person.as_ref().map(|person| &person.recipient);
        let forgotten = if to.is_some() { 1 } else { people };
        log_decision(context, &self.settings, "once forget", &self.scope, &json!({ "to": to, "people": forgotten }));
        context.stderr.note(&format!("{who} can get a message again under the key {key}"));
        Ok(ExitCode::Success)
    }

    /// The key in counts.
    fn summary(&self) -> Result<OnceSummary, CommandError> {
        let own = self.store.keys()?.into_iter().find(|summary| summary.scope == self.scope);
        own.ok_or_else(|| no_such_key(&self.scope.key).into())
    }

    /// What the person has, which can be forgotten.
    ///
    /// # Errors
    /// If it is nothing, or must end first.
    fn forgettable(&self, person: &NamedPerson) -> Result<OnceEntry, CommandError> {
        let (key, recipient) = (&self.scope.key, person.recipient.clone());
        let Some(entry) = self.store.standing(&self.scope, &person.hash)? else {
            let message = format!("{recipient} has nothing under the key {key}");
            return Err(UsageError::new(message, "nothing needs to be forgotten").into());
        };
        let scope = self.scope.clone();
        match (entry.state, entry.run.clone()) {
            (OnceState::UnderWay, _) => return Err(OnceError::UnderWay { recipient, scope }.into()),
            (OnceState::ToBeSent, Some(run)) => return Err(OnceError::ToBeSent { recipient, scope, run }.into()),
            (OnceState::Sent | OnceState::Unknown | OnceState::NotSent | OnceState::ToBeSent, _) => {}
        }
        if let Some(run) = entry.run.as_ref().filter(|_| entry.is_row && !entry.state.is_free())
            && !self.is_finished(run)?
        {
            return Err(OnceError::OfUnfinishedRun { recipient, scope, run: run.clone() }.into());
        }
        Ok(entry)
    }

    /// Refuses to forget everybody while something under the key is under way, or a run with it is unfinished.
    fn refuse_open(&self, summary: &OnceSummary) -> Result<(), CommandError> {
        let (recipient, scope) = ("somebody".to_owned(), self.scope.clone());
        if let Some(run) = self.store.runs_under(&self.scope)?.into_iter().next() {
            return Err(OnceError::OfUnfinishedRun { recipient, scope, run }.into());
        }
        if OnceState::ALL
            .into_iter()
            .zip(summary.people)
            .any(|(state, people)| state == OnceState::UnderWay && people > 0)
        {
            return Err(OnceError::UnderWay { recipient, scope }.into());
        }
        Ok(())
    }

    fn is_finished(&self, run: &str) -> Result<bool, CommandError> {
        let name = run.parse().map_err(|_| LedgerError::damaged(format!("`{run}` names no run")))?;
        Ok(self.store.run(&name)?.is_finished()?)
    }
}
