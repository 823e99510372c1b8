//! `once …`: the keys of `--once`, and the recipients recorded with them.

use clap::{Args, Subcommand, ValueEnum};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::open_ledger::{open_keys_to_read, open_ledger};
use super::send::claim::{in_flight_entry_error, in_flight_error, pending_run_error, unknown_from};
use super::zone::profile_zone;
use super::{RecipientArgs, confirm};
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{OutputRow, Sent, SystemError, versioned};
use crate::base::timestamps::{from_millis, time_in_both, time_value};
use crate::command_error::{CommandError, Phase};
use crate::jelou::message::{merge, to_flag};
use crate::runs::ledger::{
    ConfirmedEntries, KeyAddition, Ledger, OnceEntry, OnceState, OnceSummary, RunName,
};
use crate::runs::once::{OnceKey, OnceScope};
use crate::runs::unchecked::{count_marks, remove_marks};
use crate::sender::config::{Origin, Settings};
use crate::sender::context::Context;
use crate::sender::{AuditLog, read_environment};

/// Prints rows below the header of keys.
fn print_keys(context: &Context, rows: impl Iterator<Item = OutputRow>) -> Result<(), SystemError> {
    let header = [
        msg!("KEY"),
        msg!("FROM"),
        msg!("SENT"),
        msg!("UNKNOWN"),
        msg!("IN FLIGHT"),
        msg!("PENDING"),
        msg!("NOT SENT"),
        msg!("LAST CHANGE"),
        msg!("UNTIL"),
    ];
    context.stdout.rows(&header, rows)
}

/// Manage --once keys (one message per recipient)
#[derive(Debug, Subcommand)]
pub(crate) enum OnceCommand {
    /// List the keys and count their recipients
    ///
    /// Prints a table at a terminal, JSON lines elsewhere and with -o record.
    #[command(verbatim_doc_comment)]
    List,
    /// Count the recipients with a key, or show the message of one recipient
    ///
    /// Examples:
    ///   jelouctl once show november
    ///   jelouctl once show november --to 593987654321
    ///
    /// The ledger stores only hashes, so this cannot list recipients. Use --to to look up one.
    #[command(verbatim_doc_comment)]
    Show(KeyArgs),
    /// Record the outcome of a message that may have been sent
    ///
    /// Example:
    ///   jelouctl once resolve november --to 593987654321 --as sent
    ///
    /// sent: the recipient gets no other message with this key. failed: the next send goes through.
    /// For a row of a run, use `jelouctl bulk resolve`.
    #[command(verbatim_doc_comment, mut_arg("to", |to| to.required(true)))]
    Resolve {
        #[command(flatten)]
        of: KeyArgs,

        /// Record this outcome
        #[arg(long = "as", value_name = "STATE")]
        outcome: ManualOutcome,
    },
    /// Add the recipients of a finished run to a key
    ///
    /// Example:
    ///   jelouctl once add november --run people-20261120-101500
    ///
    /// For a run that began without a key. Recipients that got a message from the run, or may have got one,
    /// get no other message with the key.
    #[command(verbatim_doc_comment)]
    Add {
        /// The key of --once
        key: OnceKey,

        /// Add the recipients of this run
        #[arg(long)]
        run: RunName,
    },
    /// Remove a key or one of its recipients, to allow another message (asks first)
    ///
    /// Examples:
    ///   jelouctl once remove november --to 593987654321
    ///   jelouctl once remove november --yes
    ///
    /// Also removes what this machine records about notifications of `run` that no ledger could check.
    #[command(verbatim_doc_comment, aliases = ["forget", "delete", "rm"])]
    Remove(KeyArgs),
}

// Not a doc comment: it would replace the help of the command.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    /// The key of --once
    key: OnceKey,

    #[command(flatten)]
    recipient: RecipientArgs,
}

/// A value of `--as`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ManualOutcome {
    /// The recipient got it
    Sent,
    /// Not sent
    Failed,
}

pub(crate) fn run(context: &Context, command: &OnceCommand) -> Result<ExitCode, CommandError> {
    carry_out(context, command).map_err(|error| error.in_phase(Phase::KeyChange))
}

fn carry_out(context: &Context, command: &OnceCommand) -> Result<ExitCode, CommandError> {
    match command {
        OnceCommand::List => list(context)?,
        OnceCommand::Show(of) => {
            let settings = Settings::load(&context.flags, &read_environment()?)?;
            KeyEntries::open(context, of, settings)?.show(context)?;
        }
        OnceCommand::Resolve { of, outcome } => {
            KeyEntries::open(context, of, settings_for_change(context)?)?
                .resolve(context, *outcome)?;
        }
        OnceCommand::Add { key, run } => add(context, key, run)?,
        OnceCommand::Remove(of) => {
            let settings = settings_for_change(context)?;
            if !remove_unchecked(context, of, &settings)? {
                KeyEntries::open(context, of, settings)?.remove(context)?;
            }
        }
    }
    Ok(ExitCode::Success)
}

/// Reads the settings of a command that changes the entries of a key. Refuses `--dry-run` and
/// `--curl`, because the command sends no request.
fn settings_for_change(context: &Context) -> Result<Settings, CommandError> {
    let settings = Settings::load(&context.flags, &read_environment()?)?;
    context.refuse_preview(msg!("would change who gets a message"))?;
    if !settings.keeps_keys {
        let message = msg!("this sandbox has no keys, so the command would change your own");
        let hint = msg!("to try keys: jelouctl sandbox -- COMMAND");
        return Err(UsageError::new(message, hint).into());
    }
    Ok(settings)
}

/// Logs a decision about who may get another message with the key.
fn log_decision(
    context: &Context,
    settings: &Settings,
    command: &str,
    scope: &OnceScope,
    fields: Value,
) {
    let OnceScope { key, bot, address } = scope;
    let mut decided = json!({ "key": key, "api_url": address });
    merge(&mut decided, fields);
    AuditLog::from_settings(settings)
        .for_bot(bot)
        .add(&context.stderr, "key", command, decided);
}

/// Removes a key, or one of its recipients, that only unchecked notifications have: the ledger does not know them.
/// Returns whether it did.
fn remove_unchecked(
    context: &Context,
    KeyArgs { key, recipient }: &KeyArgs,
    settings: &Settings,
) -> Result<bool, CommandError> {
    let Some(bot) = settings.bot.clone() else {
        return Ok(false);
    };
    let scope = OnceScope {
        key: key.clone(),
        bot,
        address: settings.api_url.as_key(),
    };
    if count_marks(&scope, None) == 0 {
        return Ok(false);
    }
    let to = recipient.read(context, settings.country)?;
    let is_in_ledger = match open_keys_to_read(context)? {
        Some(ledger) => match &to {
            Some(to) => {
                let hash = ledger.hasher()?.person(to);
                ledger.once_entry(&scope, &hash)?.is_some()
            }
            None => ledger.keys()?.iter().any(|found| found.scope == scope),
        },
        None => false,
    };
    let people = count_marks(&scope, to.as_deref());
    if is_in_ledger || people == 0 {
        return Ok(false);
    }
    let who = recipient_or_count(to.as_deref(), people as u64);
    let question = msg!(
        "Remove {who} from the key {key}, to allow another notification?",
        who,
        key
    );
    let not_done = msg!("{who}: not removed from the key {key}", who, key);
    confirm(context, question, not_done)?;
    free_marks(&scope, to.as_deref())?;
    let removed = json!({ "to": to, "people": people });
    log_decision(context, settings, "once remove", &scope, removed);
    context.stderr.note(msg!(
        "{who} can get a message again with key {key}",
        who,
        key
    ));
    Ok(true)
}

/// Returns the recipient `to`, or the number of recipients.
fn recipient_or_count(to: Option<&str>, count: u64) -> Message {
    match to {
        Some(to) => Message::verbatim(to),
        None => msg!("{count} {count|recipient|recipients}", count),
    }
}

/// Removes the marks of unchecked notifications.
///
/// # Errors
/// If one cannot be removed, or another process is sending one.
fn free_marks(scope: &OnceScope, to: Option<&str>) -> Result<(), CommandError> {
    let are_removed = remove_marks(scope, to).map_err(|cause| SystemError {
        action: msg!("remove the mark of an unchecked notification"),
        cause,
    })?;
    if are_removed {
        Ok(())
    } else {
        let recipient = to.map_or(msg!("some recipient"), Message::verbatim);
        Err(in_flight_error(scope, &recipient))
    }
}

/// Adds, for `once add`, the recipients of a run that began without the key.
fn add(context: &Context, key: &OnceKey, run: &RunName) -> Result<(), CommandError> {
    let settings = settings_for_change(context)?;
    if settings.is_sandboxed() {
        return Err(UsageError::bare(msg!("a key of the sandbox has no runs")).into());
    }
    let ledger = open_ledger(context)?;
    let run = ledger.run(run)?.require_not_stale()?;
    run.prepare()?;
    let name = run.name();
    let details = run.details()?;
    let counts = run.counts()?;
    if details.sandbox {
        let message = msg!(
            "run {name} is a sandbox run and sent no real messages",
            name = name.to_string()
        );
        return Err(UsageError::new(message, msg!("to list the runs: jelouctl bulk list")).into());
    }
    if !counts.is_finished() {
        return Err(unfinished(name, counts.pending).into());
    }
    let scope = OnceScope {
        key: key.clone(),
        bot: details.bot,
        address: details.api_url,
    };
    let added = match ledger.add_to_key(&scope, &run)? {
        KeyAddition::Added(added) => added,
        // These recipients would get a second message if that run continued.
        KeyAddition::ToBeSent { run } => {
            let recipients = msg!("recipients of run {name}", name = name.to_string());
            return Err(pending_run_error(&scope, &recipients, &run, ""));
        }
        KeyAddition::InFlight { recipient } => {
            return Err(in_flight_error(&scope, &recipient));
        }
    };
    log_decision(
        context,
        &settings,
        "once add",
        &scope,
        json!({ "run": name.to_string(), "people": added }),
    );
    context.stderr.note(msg!(
        "added {added} {added|recipient|recipients} of run {name} to key {key}",
        added,
        name = name.to_string(),
        key
    ));
    if counts.unknown > 0 {
        context.stderr.note(msg!(
            "{unknown} {unknown|message|messages} may have been sent, and these recipients get no other one; to check \
             with Jelou: jelouctl bulk deliveries {name}",
            unknown = counts.unknown,
            name = name.to_string()
        ));
    }
    Ok(())
}

fn unfinished(name: &RunName, pending: u64) -> UsageError {
    let name = name.to_string();
    let message = msg!(
        "run {name} is not finished: {pending} {pending|message is|messages are} not sent yet",
        name,
        pending
    );
    let hint = msg!(
        "to finish it: jelouctl bulk resume {name}; to cancel the rest: jelouctl bulk cancel {name}",
        name
    );
    UsageError::new(message, hint)
}

fn list(context: &Context) -> Result<(), CommandError> {
    let keys = open_keys_to_read(context)?.map_or(Ok(Vec::new()), |ledger| ledger.keys())?;
    if keys.is_empty() {
        context.stderr.note(msg!("there are no keys"));
    }
    let zone = profile_zone(context, None)?;
    let rows = keys.iter().map(|key| key_row(key, &zone, context.lang()));
    Ok(print_keys(context, rows)?)
}

fn key_row(
    OnceSummary {
        scope,
        people,
        at,
        until,
    }: &OnceSummary,
    zone: &TimeZone,
    lang: Lang,
) -> OutputRow {
    let states = OnceState::ALL.iter().zip(people);
    let counts = states
        .filter(|(state, _)| !state.is_free())
        .map(|(_, people)| people);
    let until_words = until_in_words(*until, counts.sum::<u64>() > 0, zone, lang);
    let begin = [scope.key.to_string(), scope.bot.clone()];
    let words = begin
        .into_iter()
        .chain(people.iter().map(u64::to_string))
        .chain([lang.pick(time_in_both(zone, *at)), until_words])
        .collect();
    let mut fields: Value = OnceState::ALL
        .iter()
        .copied()
        .map(OnceState::name)
        .zip(people.iter().copied())
        .collect();
    merge(
        &mut fields,
        json!({ "changed_at": from_millis(*at).to_string(), "until": until_field(*until) }),
    );
    OutputRow {
        id: Some(scope.key.to_string()),
        words,
        record: scope_keys(scope, fields),
    }
}

/// Describes until when the messages with a key count; `is_counted` is whether one counts.
fn until_in_words(until: Option<i64>, is_counted: bool, zone: &TimeZone, lang: Lang) -> String {
    match until {
        Some(until) => lang.pick(time_in_both(zone, until)),
        None if is_counted => msg!("forever").text(lang),
        None => String::new(),
    }
}

/// Returns the time for JSON: null if a message counts forever, or if none counts.
fn until_field(until: Option<i64>) -> Option<String> {
    until.map(|until| from_millis(until).to_string())
}

/// Returns the record of a key, with these `fields`.
fn scope_keys(OnceScope { key, bot, address }: &OnceScope, fields: Value) -> Value {
    let mut record = versioned(json!({ "key": key, "bot_id": bot, "api_url": address }));
    merge(&mut record, fields);
    record
}

fn no_message(recipient: &str, key: &OnceKey) -> Message {
    msg!(
        "{recipient} has no message with the key {key}",
        recipient,
        key
    )
}

fn no_such_key(key: &OnceKey) -> UsageError {
    UsageError::new(
        msg!("no message has the key {key}", key),
        msg!("to list the keys: jelouctl once list"),
    )
}

/// Finds the bot and the address of the key: the configured ones if set, otherwise the only ones in its entries.
fn find_scope(
    settings: &Settings,
    key: &OnceKey,
    keys: &[OnceSummary],
) -> Result<OnceScope, UsageError> {
    let mut scopes: Vec<_> = keys
        .iter()
        .map(|of| &of.scope)
        .filter(|scope| scope.key == *key)
        .collect();
    if scopes.is_empty() {
        return Err(no_such_key(key));
    }
    let owners: Vec<_> = scopes
        .iter()
        .map(|OnceScope { bot, address, .. }| msg!("{bot} at {address}", bot, address))
        .collect();
    // In the sandbox, bot and address are not the sender's.
    let bot = settings.bot.as_deref().filter(|_| !settings.is_sandboxed());
    scopes.retain(|scope| bot.is_none_or(|bot| bot == scope.bot));
    if !settings.is_sandboxed()
        && (scopes.len() > 1 || *settings.origin("api_url") != Origin::Default)
    {
        let address = settings.api_url.as_key();
        scopes.retain(|scope| scope.address == address);
    }
    let problem = match (scopes.as_slice(), bot) {
        ([scope], _) => return Ok((*scope).clone()),
        ([], Some(bot)) => msg!("bot {bot} has no message with the key {key}", bot, key),
        _ => msg!("several bots have used the key {key}", key),
    };
    let bots = Message::joined(owners, ", ");
    let hint = msg!(
        "the key belongs to {bots}; to choose one: --bot BOT --api-url URL",
        bots
    );
    Err(UsageError::new(problem, hint))
}

/// The entries of a key, or with `--to` the entry of one recipient.
struct KeyEntries {
    ledger: Ledger,
    scope: OnceScope,
    settings: Settings,
    /// Its hash, and the recipient as typed.
    recipient: Option<(String, String)>,
}

impl KeyEntries {
    fn open(
        context: &Context,
        KeyArgs { key, recipient }: &KeyArgs,
        settings: Settings,
    ) -> Result<Self, CommandError> {
        let Some(ledger) = open_keys_to_read(context)? else {
            return Err(no_such_key(key).into());
        };
        let scope = find_scope(&settings, key, &ledger.keys()?)?;
        let recipient = match recipient.read(context, settings.country)? {
            Some(recipient) => Some((ledger.hasher()?.person(&recipient), recipient)),
            None => None,
        };
        Ok(Self {
            ledger,
            scope,
            settings,
            recipient,
        })
    }

    fn show(&self, context: &Context) -> Result<(), CommandError> {
        let Some((hash, recipient)) = &self.recipient else {
            let row = key_row(
                &self.summary()?,
                &self.settings.hours.zone(),
                context.lang(),
            );
            return Ok(print_keys(context, std::iter::once(row))?);
        };
        let entry = self.ledger.once_entry(&self.scope, hash)?;
        if entry.is_none() {
            context.stderr.note(no_message(recipient, &self.scope.key));
        }
        let header = [
            msg!("STATE"),
            msg!("SINCE"),
            msg!("UNTIL"),
            msg!("MESSAGE ID"),
            msg!("RUN"),
        ];
        let lang = context.lang();
        let rows = entry.iter().map(|entry| self.row(entry, lang));
        Ok(context.stdout.rows(&header, rows)?)
    }

    fn row(&self, entry: &OnceEntry, lang: Lang) -> OutputRow {
        let zone = self.settings.hours.zone();
        let OnceEntry {
            state,
            message_id,
            run,
            ..
        } = entry;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let until = entry.until();
        let fields = json!({
            "state": state.name(),
            "at": from_millis(entry.at).to_string(),
            "until": until_field(until),
            "message_id": message_id,
            "run": run,
        });
        OutputRow {
            id: message_id.clone(),
            words: vec![
                state.describe().text(lang),
                lang.pick(time_in_both(&zone, entry.at)),
                until_in_words(until, !state.is_free(), &zone, lang),
                text(message_id),
                text(run),
            ],
            record: scope_keys(&self.scope, fields),
        }
    }

    fn resolve(&self, context: &Context, outcome: ManualOutcome) -> Result<(), CommandError> {
        let Some((hash, recipient)) = &self.recipient else {
            return Err(UsageError::new(msg!("no recipient"), msg!("--to RECIPIENT")).into());
        };
        let key = &self.scope.key;
        let entry = self.ledger.once_entry(&self.scope, hash)?;
        if let Some(OnceEntry {
            run: Some(run),
            state: OnceState::Unknown,
            ..
        }) = &entry
        {
            let message = msg!(
                "the message of {recipient} with key {key} is an unknown row of run {run}",
                recipient,
                key,
                run
            );
            let hint = msg!(
                "to set its state to sent or failed: jelouctl bulk resolve {run} {to} --unknown-as STATE",
                run,
                to = to_flag(recipient)
            );
            return Err(UsageError::new(message, hint).into());
        }
        let was_sent = outcome == ManualOutcome::Sent;
        let finding = if was_sent { Sent::Yes } else { Sent::No };
        if !self.ledger.decide_claim(&self.scope, hash, finding)? {
            let message = match entry {
                None => no_message(recipient, key),
                Some(entry) => msg!(
                    "the message of {recipient} with key {key} is not unknown: its state is \"{state}\", since {at}",
                    recipient,
                    key,
                    state = entry.state.describe(),
                    at = time_value(&self.settings.hours.zone(), entry.at)
                ),
            };
            return Err(UsageError::bare(message).into());
        }
        let decided =
            json!({ "to": recipient, "people": 1, "sent": if was_sent { "yes" } else { "no" } });
        log_decision(
            context,
            &self.settings,
            "once resolve",
            &self.scope,
            decided,
        );
        let who = recipient;
        context.stderr.note(if was_sent {
            msg!("{who} gets no other message with key {key}", who, key)
        } else {
            msg!("{who} can get a message again with key {key}", who, key)
        });
        Ok(())
    }

    fn remove(&self, context: &Context) -> Result<(), CommandError> {
        let key = &self.scope.key;
        let selected = &self.recipient;
        let entry = selected
            .as_ref()
            .map(|recipient| self.removable(recipient))
            .transpose()?;
        let summary = self.summary()?;
        let shown = if let (Some((hash, _)), Some(entry)) = (selected, &entry) {
            ConfirmedEntries::Person(hash, entry)
        } else {
            self.refuse_open(&summary)?;
            ConfirmedEntries::Everybody(&summary)
        };
        let people = summary.people.iter().sum();
        let to = selected.as_ref().map(|(_, recipient)| recipient.as_str());
        let who = recipient_or_count(to, people);
        let question = msg!(
            "Remove {who} from the key {key}, to allow another message?",
            who,
            key
        );
        confirm(
            context,
            question,
            msg!("{who}: not removed from the key {key}", who, key),
        )?;
        // The command may have waited hours for the answer. A recipient that got a message since must not be removed.
        if !self.ledger.remove_claims(&self.scope, &shown)? {
            let message = msg!(
                "the messages with key {key} changed before the answer; nothing was removed",
                key
            );
            return Err(UsageError::new(message, msg!("run the command again")).into());
        }
        free_marks(&self.scope, to)?;
        let removed = if to.is_some() { 1 } else { people };
        log_decision(
            context,
            &self.settings,
            "once remove",
            &self.scope,
            json!({ "to": to, "people": removed }),
        );
        context.stderr.note(msg!(
            "{who} can get a message again with key {key}",
            who,
            key
        ));
        Ok(())
    }

    /// Returns the counts of the key.
    fn summary(&self) -> Result<OnceSummary, CommandError> {
        let own = self
            .ledger
            .keys()?
            .into_iter()
            .find(|summary| summary.scope == self.scope);
        own.ok_or_else(|| no_such_key(&self.scope.key).into())
    }

    /// Returns the entry of the recipient, if it can be removed.
    ///
    /// # Errors
    /// If there is no entry, or its message is not finished.
    fn removable(&self, (hash, recipient): &(String, String)) -> Result<OnceEntry, CommandError> {
        let key = &self.scope.key;
        let Some(entry) = self.ledger.once_entry(&self.scope, hash)? else {
            return Err(UsageError::bare(no_message(recipient, key)).into());
        };
        if entry.state == OnceState::Inflight {
            return Err(self.in_flight(&entry, recipient));
        }
        let unfinished = self.ledger.runs_under(&self.scope)?;
        let is_open = |run: &&String| !entry.state.is_free() && unfinished.contains(*run);
        match entry.run.as_ref().filter(is_open) {
            Some(run) => Err(pending_run_error(&self.scope, recipient, run, "")),
            None => Ok(entry),
        }
    }

    fn in_flight(&self, entry: &OnceEntry, recipient: &str) -> CommandError {
        let settings = &self.settings;
        let at = unknown_from(&self.ledger, entry, &settings.hours.zone());
        in_flight_entry_error(&self.scope, recipient, at, &settings.sender_flags())
    }

    /// Refuses to remove all recipients while a message with the key is in flight, or a run with it is unfinished.
    fn refuse_open(&self, summary: &OnceSummary) -> Result<(), CommandError> {
        if let Some(run) = self.ledger.runs_under(&self.scope)?.first() {
            return Err(pending_run_error(
                &self.scope,
                &msg!("some recipients"),
                run,
                "",
            ));
        }
        if OnceState::ALL
            .iter()
            .copied()
            .zip(summary.people)
            .any(|(state, people)| state == OnceState::Inflight && people > 0)
        {
            return Err(in_flight_error(&self.scope, &msg!("some recipient")));
        }
        Ok(())
    }
}
