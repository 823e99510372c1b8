//! `--once KEY`: whether a recipient may get a message with the key. A command claims the recipient in the ledger before
//! anything is sent, and then saves the outcome. If the ledger of a notification fails, a mark takes its place.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};
use std::{env, mem};

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;
use serde_json::value::to_raw_value;
use tokio::time::sleep;

use crate::base::exit::ExitCode;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::output::{EarlierMessage, Record, Retry, Sent, Stderr};
use crate::base::paths::STATE;
use crate::base::process::{Signal, Signals, overdue_signal};
use crate::base::timestamps::{from_millis, second_value, time_value};
use crate::command_error::CommandError;
use crate::commands::open_ledger::{
    ledger_database, open_keys, open_keys_to_read, open_local_ledger, open_local_ledger_to_read,
    wait_for_turn,
};
use crate::jelou::api::Deadline;
use crate::jelou::message::{Outgoing, merge, to_flag};
use crate::runs::ledger::{
    ClaimResult, HeldClaim, Ledger, LedgerError, LedgerErrorKind, OnceEntry, OnceState,
};
use crate::runs::once::{OnceKey, OnceScope, describe_every};
use crate::runs::unchecked::{
    EndedMark, FoundMark, HeldMark, MarkResult, MarkedSend, UNCHECKED_FOR,
};
use crate::sender::config::every;
use crate::sender::context::Context;
use crate::sender::{Connection, Sender};

/// How long to try to open the ledger for a notification, and to save the outcome of a message, while the database is
/// down: a restart takes some seconds.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// How much longer than its attempts this process holds its claim on a message in a database. It needs this time to begin
/// the first attempt and to save the outcome.
const LEASE: Duration = Duration::from_secs(60);
const SECOND_MS: i64 = 1_000;
/// How long before the time of a message to look for it.
const EARLIER_MS: i64 = 60 * 60 * SECOND_MS;
/// The flag that chooses this machine's own ledger.
const LOCAL_LEDGER: &str = " --ledger local";

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct OnceArgs {
    /// Send each recipient at most one message with this key
    ///
    /// Like an idempotency key for each recipient, for any text. If the recipient has a message with the key, jelouctl
    /// sends nothing, prints the id of the first message and exits with 0. The exit code is 8 if the first message may
    /// have been sent, and 11 while another process sends it. After a rejection, the next send goes through.
    /// `jelouctl once` manages the keys.
    #[arg(long, value_name = "KEY", display_order = 901)]
    pub(crate) once: Option<OnceKey>,

    /// With --once: repeat only after this time, 1m to 366d [default: never]
    ///
    /// With --every 6h, each recipient gets at most one message with the key in the 6 hours after the send. After
    /// that, the next send goes through, even if the first message was sent. Pass --every with each command.
    #[arg(long, value_name = "DURATION", requires = "once", value_parser = every, allow_hyphen_values = true, display_order = 902)]
    every: Option<Duration>,
}

/// How the recipients of a command are claimed.
#[derive(Default)]
pub(crate) struct Claims {
    once: Option<Rc<OnceSend>>,
    /// What to do if the ledger of `once` fails; None if the message is then not sent.
    fallback: Option<OnceFallback>,
    /// How long to wait for a process that may be suspended: a notification gets no second chance.
    patience: Option<Duration>,
}

impl Claims {
    /// Opens the ledger of the key, if there is one.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub(crate) fn open(
        context: &Context,
        arguments: &OnceArgs,
        sender: &Sender,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            once: OnceSend::open(context, arguments, sender, None)?.map(Rc::new),
            ..Self::default()
        })
    }

    /// Opens the ledger for notifications, which may take the time `within`. Unless `is_strict`, they are sent even if the
    /// ledger fails.
    ///
    /// # Errors
    /// If a signal comes, or the ledger cannot be used.
    pub(crate) async fn open_for_notifications(
        context: &Context,
        arguments: &OnceArgs,
        sender: &Sender,
        signals: &mut Signals,
        within: Duration,
        is_strict: bool,
    ) -> Result<Self, CommandError> {
        let patience = PATIENCE.min(within);
        let mut fallback = (!is_strict)
            .then(|| OnceFallback::new(context, arguments, sender))
            .flatten();
        let opened = OnceSend::open_patiently(context, arguments, sender, signals, patience).await;
        let once = match (opened, &mut fallback) {
            (Err(problem), Some(fallback)) if !matches!(problem.code, ExitCode::Signal(_)) => {
                fallback.next(context, &problem)
            }
            (opened, _) => opened?,
        };
        Ok(Self {
            once: once.map(Rc::new),
            fallback,
            patience: Some(patience),
        })
    }

    /// Returns whether a key decides who gets a message.
    pub(crate) fn has_key(&self) -> bool {
        self.once.is_some()
    }

    /// Returns whether the recipient could get a message now.
    pub(crate) fn is_free(&self, recipient: &str) -> Result<bool, CommandError> {
        match &self.once {
            Some(once) => Ok(once.obstacle(recipient)?.is_none()),
            None => Ok(true),
        }
    }

    /// Returns how the key of a notification was checked, if not in the ledger, for the audit log.
    pub(crate) fn check(&self) -> Option<&'static str> {
        self.fallback.as_ref()?.check
    }

    /// Claims the recipient with the key, or marks a notification that is sent unchecked.
    pub(crate) async fn turn(
        &mut self,
        context: &Context,
        connection: &mut Connection,
        sender: &Sender,
        outgoing: &Outgoing,
    ) -> Result<SendPermission, CommandError> {
        loop {
            let Some(once) = &self.once else {
                let recipient = outgoing.recipient().as_str();
                return match &mut self.fallback {
                    Some(fallback) => fallback.turn(context, recipient),
                    None => Ok(SendPermission::Free),
                };
            };
            let turn = in_time(self.patience, once.turn(connection, sender, outgoing)).await;
            let turn = turn.unwrap_or_else(|| Err(once.kept_by_another(self.patience)));
            match (turn, &mut self.fallback) {
                // The key was not checked.
                (Err(problem), Some(fallback))
                    if problem
                        .ledger
                        .is_some_and(|kind| !matches!(kind, LedgerErrorKind::Interrupted(_))) =>
                {
                    self.once = fallback.next(context, &problem).map(Rc::new);
                }
                (turn, _) => return turn,
            }
        }
    }
}

/// Waits for the result of `work`; None if it took longer than `limit`.
pub(crate) async fn in_time<T>(
    limit: Option<Duration>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

/// A key, and the ledger that it is checked in.
pub(crate) struct OnceSend {
    ledger: Ledger,
    terms: KeyTerms,
    /// How long the command still waits for a database that is down.
    patience: Cell<Duration>,
    /// The flag that the commands of a hint need to find this ledger; empty without one.
    ledger_flag: &'static str,
}

impl OnceSend {
    /// Opens the ledger of the key; None without a key, and in a sandbox that does not save keys. With `longest`, it does
    /// not wait longer for a process that may be suspended.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub(crate) fn open(
        context: &Context,
        arguments: &OnceArgs,
        sender: &Sender,
        longest: Option<Duration>,
    ) -> Result<Option<Self>, CommandError> {
        let Some(terms) = KeyTerms::new(context, arguments, sender) else {
            return Ok(None);
        };
        let once = Self::on(open_keys(context, longest)?, terms, "")?;
        if !sender.settings.is_sandboxed() {
            warn_about_local_keys(context, Some(&once.ledger));
        }
        Ok(Some(once))
    }

    fn on(
        ledger: Ledger,
        terms: KeyTerms,
        ledger_flag: &'static str,
    ) -> Result<Self, CommandError> {
        ledger.refuse_older_layout()?;
        ledger.refuse_restored()?;
        Ok(Self::new(ledger, terms, ledger_flag))
    }

    fn new(ledger: Ledger, terms: KeyTerms, ledger_flag: &'static str) -> Self {
        Self {
            ledger,
            terms,
            patience: Cell::new(PATIENCE),
            ledger_flag,
        }
    }

    /// Opens the key for a notification. Its command may have run for hours, and the notification gets no second chance. So
    /// if the database is unavailable, this waits for it.
    async fn open_patiently(
        context: &Context,
        arguments: &OnceArgs,
        sender: &Sender,
        signals: &mut Signals,
        longest: Duration,
    ) -> Result<Option<Self>, CommandError> {
        let begun = Instant::now();
        loop {
            let tried = Instant::now();
            let opened = Self::open(context, arguments, sender, Some(longest));
            // The next attempt may take as long as this one.
            let would_end = begun.elapsed() + tried.elapsed() + BETWEEN_TRIES;
            match opened {
                Err(error) if error.is_unreachable_database() && would_end < longest => {
                    tokio::select! {
                        biased;
                        signal = signals.next() => return Err(CommandError::interrupted(signal)),
                        () = sleep(BETWEEN_TRIES) => {}
                    }
                }
                opened => return opened,
            }
        }
    }

    /// Looks up the recipient of `outgoing` and claims it for this process, in one transaction, unless it got a message.
    ///
    /// # Errors
    /// If the recipient got no message but cannot get one now, if the ledger cannot be used, or if a signal comes first.
    pub(crate) async fn turn(
        self: &Rc<Self>,
        connection: &mut Connection,
        sender: &Sender,
        outgoing: &Outgoing,
    ) -> Result<SendPermission, CommandError> {
        if self.patience.get().is_zero() {
            return Err(key_timeout_error(&msg!("it no longer responds")));
        }
        let scope = &self.terms.scope;
        let recipient = outgoing.recipient().as_str();
        let hash = self.ledger.hasher()?.person(recipient);
        wait_for_turn(&self.ledger, &mut connection.signals).await?;
        let longest = 2 * sender.settings.timeout + sender.settings.retry_for;
        // With --every, a message must be sent soon after its time has started.
        let must_begin = self.ledger.is_shared() || self.terms.every.is_some();
        let begins_by = must_begin.then(|| Deadline::after(LEASE / 2));
        match self
            .ledger
            .claim(scope, &hash, self.terms.every, longest + LEASE)?
        {
            ClaimResult::Held(mut held) => {
                held.begins_by = begins_by;
                if let Some(signal) = connection.signals.came() {
                    let _ = held.end(Sent::No, None);
                    return Err(CommandError::interrupted(signal));
                }
                // The ledger does not have notifications that were sent unchecked.
                if let Some(found) = self.terms.find_mark(recipient) {
                    let _ = held.end(Sent::No, None);
                    return self.terms.after_unchecked(found, recipient);
                }
                self.note_other_every(&connection.stderr, held.before.as_ref());
                Ok(SendPermission::Claimed(Box::new(held), Rc::clone(self)))
            }
            ClaimResult::Found(entry) => {
                self.note_other_every(&connection.stderr, Some(&entry));
                self.found(recipient, entry)
            }
        }
    }

    /// Returns the message that a recipient got, or an error if the message may not be sent.
    fn found(&self, recipient: &str, entry: OnceEntry) -> Result<SendPermission, CommandError> {
        if entry.state != OnceState::Sent {
            return Err(self.refusal(recipient, &entry));
        }
        Ok(SendPermission::Replay(Replay {
            key: self.terms.scope.key.clone(),
            zone: self.terms.zone.clone(),
            until: entry.counts_until(self.terms.every),
            at: entry.at,
            run: entry.run,
            message_id: entry.message_id,
        }))
    }

    /// Returns the error if another process has kept the ledger for as long as this command could wait.
    fn kept_by_another(&self, waited: Option<Duration>) -> CommandError {
        let kept = self.ledger.kept_lock(waited.unwrap_or_default());
        kept.map_or_else(
            || key_timeout_error(&msg!("another process keeps it locked")),
            CommandError::from,
        )
    }

    /// Prints a note that the last command with the key had another --every.
    fn note_other_every(&self, stderr: &Stderr, entry: Option<&OnceEntry>) {
        let Some(entry) = entry else { return };
        let last = entry
            .every
            .map(|millis| Duration::from_millis(millis.unsigned_abs()));
        if last == self.terms.every {
            return;
        }
        let words = |every: Option<Duration>| match every {
            Some(every) => Message::verbatim(format!("--every {}", describe_every(every))),
            None => msg!("no --every"),
        };
        stderr.note(msg!(
            "the last command with --once {key} had {last}; this one has {now}",
            key = self.terms.scope.key,
            last = words(last),
            now = words(self.terms.every)
        ));
    }

    /// Returns the entry that prevents another message with the key now.
    fn obstacle(&self, recipient: &str) -> Result<Option<OnceEntry>, LedgerError> {
        let hash = self.ledger.hasher()?.person(recipient);
        let entry = self.ledger.once_entry(&self.terms.scope, &hash)?;
        let now = self.ledger.now()?;
        Ok(entry.filter(|entry| !entry.is_free(self.terms.every, now)))
    }

    /// Saves the outcome of the message, as the `record` has it. If the database is down, it retries for some time, until
    /// `stop`.
    pub(crate) async fn end(
        &self,
        mut held: HeldClaim,
        context: &Context,
        stop: impl Future<Output = Signal>,
        record: &Record,
    ) {
        let message_id = record
            .message_id
            .as_deref()
            .filter(|_| record.sent == Sent::Yes);
        let begun = Instant::now();
        let mut tried = begun;
        let mut ended = held.end(record.sent, message_id);
        let mut stop = pin!(stop);
        // The next attempt may take as long as this one.
        while ended.as_ref().is_err_and(LedgerError::may_pass)
            && begun.elapsed() + tried.elapsed() + BETWEEN_TRIES < self.patience.get()
            && overdue_signal(begun).is_none()
        {
            tokio::select! {
                biased;
                _ = &mut stop => break,
                () = sleep(BETWEEN_TRIES) => {}
            }
            tried = Instant::now();
            ended = held.end(record.sent, message_id);
        }
        if ended.as_ref().is_err_and(LedgerError::may_pass) {
            let left = self.patience.get().saturating_sub(begun.elapsed());
            self.patience.set(left);
        }
        let key = &self.terms.scope.key;
        let warning = match ended {
            Ok(false) if record.sent != Sent::No => msg!(
                "key {key} changed for this recipient during the send, so another send may have reached it",
                key
            ),
            Ok(_) => return,
            Err(LedgerError {
                message: problem, ..
            }) if self.ledger.is_shared() => msg!(
                "cannot save the outcome for key {key}, so it is in flight until its lease ends, and then unknown: {problem}",
                key,
                problem
            ),
            Err(LedgerError {
                message: problem, ..
            }) => msg!(
                "cannot save the outcome for key {key}, so it counts as unknown: {problem}",
                key,
                problem
            ),
        };
        context.stderr.warning(warning);
    }
}

/// Prints, for `--dry-run`, which recipients the key would skip.
pub(crate) fn note_skipped<'a>(
    context: &Context,
    arguments: &OnceArgs,
    sender: &Sender,
    recipients: impl Iterator<Item = &'a str>,
) {
    let Some(terms) = KeyTerms::new(context, arguments, sender) else {
        return;
    };
    let key = terms.scope.key.clone();
    let note = |recipient: &str, (state, at): (OnceState, i64)| {
        context.stderr.note(msg!(
            "{recipient} would be skipped: the state with key {key} is \"{state}\", since {at}",
            recipient,
            key,
            state = state.describe(),
            at = time_value(&terms.zone, at)
        ));
    };
    // The ledger does not have notifications that were sent unchecked.
    let mut unmarked = Vec::new();
    for recipient in recipients {
        match terms.find_mark(recipient) {
            Some(found) => note(recipient, found.state()),
            None => unmarked.push(recipient),
        }
    }
    let noted = open_keys_to_read(context).and_then(|ledger| {
        let Some(ledger) = ledger else { return Ok(()) };
        let once = OnceSend::new(ledger.for_single_send(), terms.clone(), "");
        for recipient in unmarked {
            if let Some(entry) = once.obstacle(recipient)? {
                note(recipient, (entry.state, entry.at));
            }
        }
        Ok(())
    });
    if let Err(error) = noted {
        context.stderr.warning(msg!(
            "cannot check which recipients key {key} would skip: {problem}",
            key,
            problem = error.line()
        ));
    }
}

/// The fallback of a notification if the ledger cannot check its key: a failed job still sends its alert.
struct OnceFallback {
    terms: KeyTerms,
    /// Whether to check the key in this machine's own ledger: not if that ledger has failed.
    has_own_ledger: bool,
    /// This machine's own ledger, if the key can only be looked up there.
    readable: Option<OnceSend>,
    /// Why no ledger can claim a recipient, until it is printed.
    problem: Option<Message>,
    /// The fallback in use, for the audit log.
    check: Option<&'static str>,
}

impl OnceFallback {
    /// Creates the check of a notification's key. None without a key.
    fn new(context: &Context, arguments: &OnceArgs, sender: &Sender) -> Option<Self> {
        if sender.settings.is_sandboxed() {
            return None;
        }
        Some(Self {
            terms: KeyTerms::new(context, arguments, sender)?,
            has_own_ledger: !matches!(ledger_database(context), Ok(None)),
            readable: None,
            problem: None,
            check: None,
        })
    }

    /// Returns the next ledger that can claim recipients, after `problem`; None if [`Self::turn`] decides.
    fn next(&mut self, context: &Context, problem: &CommandError) -> Option<OnceSend> {
        let mut problem = problem.line();
        if mem::take(&mut self.has_own_ledger) {
            let own = open_local_ledger(context, PATIENCE)
                .map_err(CommandError::from)
                .and_then(|ledger| OnceSend::on(ledger, self.terms.clone(), LOCAL_LEDGER));
            match own {
                Ok(own) => {
                    context.stderr.warning(msg!(
                        "cannot check the key {key} in the shared ledger, so this notification may arrive twice: {problem}",
                        key = self.terms.scope.key,
                        problem
                    ));
                    self.check = Some("local");
                    return Some(own);
                }
                Err(error) => problem = msg!("{problem}; {error}", problem, error = error.line()),
            }
        }
        let readable = open_local_ledger_to_read(context, PATIENCE);
        let readable = readable.ok().flatten();
        self.readable =
            readable.map(|ledger| OnceSend::new(ledger, self.terms.clone(), LOCAL_LEDGER));
        self.problem = Some(problem);
        None
    }

    /// Decides about a notification that no ledger can claim. If a readable ledger has an earlier message, it may not be
    /// sent. Otherwise, its mark allows one in the time of `--every`.
    ///
    /// # Errors
    /// If another process is sending it, or may have sent it.
    fn turn(&mut self, context: &Context, recipient: &str) -> Result<SendPermission, CommandError> {
        if let Some(own) = &self.readable
            && let Ok(Some(entry)) = own.obstacle(recipient)
        {
            self.check = Some("local");
            return own.found(recipient, entry);
        }
        self.check = Some("unchecked");
        if let Some(problem) = self.problem.take() {
            context.stderr.warning(msg!(
                "cannot check the key {key}, so the notification may arrive twice, unless a mark \
                 shows one in the last {every}: {problem}",
                key = self.terms.scope.key,
                every = describe_every(self.terms.every.unwrap_or(UNCHECKED_FOR)),
                problem
            ));
        }
        self.terms.unchecked_turn(context, recipient)
    }
}

/// Returns the error for a key that could not be checked in time.
fn key_timeout_error(problem: &Message) -> CommandError {
    LedgerError::unreachable(&msg!("with the keys"), problem).into()
}

/// Warns if the keys exist only on this machine, which may be temporary.
pub(crate) fn warn_about_local_keys(context: &Context, ledger: Option<&Ledger>) {
    let has_database = ledger.is_some_and(Ledger::is_shared);
    if !has_database && env::var_os("CI").is_some() && env::var_os(STATE.variable).is_none() {
        let variable = STATE.variable;
        context.stderr.warning_with_hint(
            msg!(
                "the key is lost with this machine: CI is set, but neither a ledger nor {variable} is",
                variable
            ),
            msg!(
                "to keep it: --ledger DATABASE, or {variable}=DIRECTORY that lasts between jobs",
                variable
            ),
        );
    }
}

impl OnceSend {
    /// Returns the error for a recipient that did not get a message, but may not get one now.
    fn refusal(&self, recipient: &str, entry: &OnceEntry) -> CommandError {
        let scope = &self.terms.scope;
        match (entry.state, &entry.run) {
            (OnceState::Inflight, _) => {
                let at = unknown_from(&self.ledger, entry, &self.terms.zone);
                in_flight_entry_error(scope, recipient, at, &self.flags())
            }
            (OnceState::ToBeSent, Some(run)) => {
                let flag = self.ledger_flag;
                pending_run_error(scope, recipient, run, flag)
            }
            (_, _) => {
                let message = msg!(
                    "{recipient} may have got a message with the key {key}, at {at}",
                    recipient,
                    key = scope.key,
                    at = time_value(&self.terms.zone, entry.at)
                );
                let hint = self.to_resolve(recipient, entry);
                CommandError::unknown(message, hint)
            }
        }
    }

    /// Returns how to check an unknown message, of a row of `run` or of a single send, and how to set its outcome.
    fn to_resolve(&self, recipient: &str, entry: &OnceEntry) -> Message {
        let ledger_flag = self.ledger_flag;
        let sender_flags = &self.terms.sender_flags;
        let to = to_flag(recipient);
        let (look, resolve) = if let Some(run) = &entry.run {
            let look = format!("jelouctl bulk deliveries {run}{ledger_flag}");
            let resolve = with_state(&format!(
                "jelouctl bulk resolve {run}{ledger_flag} {to} --unknown-as"
            ));
            (look, resolve)
        } else {
            // The message was sent up to some minutes before this time.
            let start = from_millis(entry.at.saturating_sub(EARLIER_MS));
            let since = TimeZone::system().to_datetime(start).date().to_string();
            let look = format!("jelouctl messages list{sender_flags} {to} --since {since}");
            (
                look,
                resolve_command(&self.terms.scope.key, &self.flags(), recipient),
            )
        };
        msg!(
            "to look for it: {look}; to set the outcome to sent or failed: {resolve}",
            look,
            resolve
        )
    }

    /// Returns the flags that choose the ledger and the bot in the commands of a hint.
    fn flags(&self) -> String {
        format!("{}{}", self.ledger_flag, self.terms.sender_flags)
    }
}

/// Returns when the message of a single send in flight counts as unknown, which is the end of its
/// lease. None without a lease, as in a file.
pub(crate) fn unknown_from(ledger: &Ledger, entry: &OnceEntry, zone: &TimeZone) -> Option<Value> {
    let is_single_send = entry.state == OnceState::Inflight && entry.run.is_none();
    // The next second is after the end of the lease.
    let at = from_millis(entry.counts_from + SECOND_MS);
    (is_single_send && ledger.is_shared()).then(|| second_value(zone, at))
}

/// Returns the error if an unfinished run will send it. `ledger_flag` is what its commands need to
/// find the ledger.
pub(crate) fn pending_run_error(
    scope: &OnceScope,
    recipient: &(impl ToValue + ?Sized),
    run: &str,
    ledger_flag: &str,
) -> CommandError {
    let run_and_ledger = format!("{run}{ledger_flag}");
    let hint = msg!(
        "to send it: jelouctl bulk resume {run}; to cancel the run: jelouctl bulk cancel {run}",
        run = run_and_ledger
    );
    let message = msg!(
        "run {run} is unfinished, and has a row to {recipient} with the key {key}",
        run,
        recipient,
        key = scope.key
    );
    CommandError::guard(message, hint).with_retry(Retry::Resume)
}

/// Whether a message may be sent.
pub(crate) enum SendPermission {
    /// Yes: there is no key, or nothing can check it.
    Free,
    /// Yes: this process has claimed the recipient in the ledger of this key.
    Claimed(Box<HeldClaim>, Rc<OnceSend>),
    /// Yes: this process has marked a notification that no ledger checks.
    Marked(HeldMark),
    /// No: the recipient got a message before.
    Replay(Replay),
}

impl SendPermission {
    /// Returns the deadline for the first byte of the message, if others cannot see whether this process is alive.
    pub(crate) fn begins_by(&self) -> Option<Deadline> {
        match self {
            Self::Claimed(held, _) => held.begins_by,
            Self::Free | Self::Marked(_) | Self::Replay(_) => None,
        }
    }

    /// Saves the outcome of a message, as the `record` has it, with what claimed its recipient.
    pub(crate) async fn end(
        self,
        context: &Context,
        stop: impl Future<Output = Signal>,
        record: &Record,
    ) {
        match self {
            Self::Claimed(held, once) => once.end(*held, context, stop, record).await,
            Self::Marked(held) => {
                if let Err(error) = held.end(record.sent) {
                    context.stderr.warning(msg!(
                        "cannot save the outcome of the unchecked notification: {problem}",
                        problem = error
                    ));
                }
            }
            Self::Free | Self::Replay(_) => {}
        }
    }
}

/// The key of a command.
#[derive(Clone)]
struct KeyTerms {
    scope: OnceScope,
    /// How long a message with the key counts; None is forever.
    every: Option<Duration>,
    /// The zone of the times that the command reports.
    zone: TimeZone,
    /// The flags that the commands of a hint need to act for the same bot.
    sender_flags: String,
}

impl KeyTerms {
    /// None without a key, and in a sandbox that does not save keys.
    fn new(context: &Context, arguments: &OnceArgs, sender: &Sender) -> Option<Self> {
        let key = arguments.once.clone()?;
        let settings = &sender.settings;
        if !settings.keeps_keys {
            context.stderr.note(msg!(
                "this sandbox does not save keys, so --once has no effect; to try keys: jelouctl sandbox -- COMMAND"
            ));
            return None;
        }
        Some(Self {
            scope: OnceScope {
                key,
                bot: sender.bot.as_str().to_owned(),
                address: settings.api_url.as_key(),
            },
            every: arguments.every,
            zone: settings.hours.zone(),
            sender_flags: settings.sender_flags(),
        })
    }

    /// Returns whether a notification may be sent although no ledger checks its key: once in its time, by its mark.
    ///
    /// # Errors
    /// If another process is sending it, or may have sent it.
    fn unchecked_turn(
        &self,
        context: &Context,
        recipient: &str,
    ) -> Result<SendPermission, CommandError> {
        match self.marked(recipient).mark() {
            Ok(MarkResult::Held(held)) => Ok(SendPermission::Marked(held)),
            Ok(MarkResult::Found(found)) => self.after_unchecked(found, recipient),
            Err(error) => {
                context.stderr.warning(msg!(
                    "cannot mark the unchecked notification, so the next one may repeat it: {problem}",
                    problem = error
                ));
                Ok(SendPermission::Free)
            }
        }
    }

    /// Looks for a notification that was sent unchecked: no ledger has it.
    fn find_mark(&self, recipient: &str) -> Option<FoundMark> {
        self.marked(recipient).find()
    }

    /// Returns what the mark of an unchecked notification means for another one.
    ///
    /// # Errors
    /// If another process is sending it, or may have sent it.
    fn after_unchecked(
        &self,
        found: FoundMark,
        recipient: &str,
    ) -> Result<SendPermission, CommandError> {
        let FoundMark::Ended(ended) = found else {
            return Err(in_flight_error(&self.scope, recipient));
        };
        let EndedMark { is_sent, at, until } = ended;
        let key = &self.scope.key;
        if !is_sent {
            let at = time_value(&self.zone, at);
            let until = time_value(&self.zone, until);
            let message = msg!(
                "{recipient} may have got an unchecked notification with the key {key}, at {at}",
                recipient,
                key,
                at
            );
            let hint = msg!(
                "check the chat; the key allows another notification at {until}",
                until
            );
            return Err(CommandError::unknown(message, hint));
        }
        Ok(SendPermission::Replay(Replay {
            key: key.clone(),
            zone: self.zone.clone(),
            at,
            until: Some(until),
            run: None,
            message_id: None,
        }))
    }

    fn marked<'a>(&'a self, recipient: &'a str) -> MarkedSend<'a> {
        MarkedSend {
            scope: &self.scope,
            recipient,
            every: self.every,
        }
    }
}

/// A message that was sent before with the same key.
pub(crate) struct Replay {
    key: OnceKey,
    zone: TimeZone,
    /// When it was sent, and until when it counts, in milliseconds since 1970; None is forever.
    at: i64,
    until: Option<i64>,
    run: Option<String>,
    message_id: Option<String>,
}

impl Replay {
    /// Prints that the message was sent before, and fills in its record.
    pub(crate) fn note(self, context: &Context, record: &mut Record) {
        context.stderr.note(self.describe(record.to.as_deref()));
        let mut response = json!({ "success": true, "replayed": true });
        if let Some(id) = &self.message_id {
            merge(&mut response, json!({ "messageId": id }));
        }
        record.response = to_raw_value(&response).ok();
        record.sent = Sent::Yes;
        record.replayed = true;
        record.once = Some(EarlierMessage {
            key: self.key.to_string(),
            at: from_millis(self.at).to_string(),
            until: self.until.map(|until| from_millis(until).to_string()),
        });
        record.message_id = self.message_id;
    }

    /// `already sent to 593987654321 with the key k at 2026-11-29 07:56: nothing is sent until …`
    fn describe(&self, to: Option<&str>) -> Message {
        let key = &self.key;
        let at = time_value(&self.zone, self.at);
        let sent = match (to, &self.run) {
            (Some(to), Some(run)) => {
                msg!(
                    "already sent to {to} with the key {key} at {at} by run {run}",
                    to,
                    key,
                    at,
                    run
                )
            }
            (Some(to), None) => msg!(
                "already sent to {to} with the key {key} at {at}",
                to,
                key,
                at
            ),
            (None, _) => msg!("already sent with the key {key} at {at}", key, at),
        };
        match self.until {
            Some(until) => {
                let until = time_value(&self.zone, until);
                msg!("{sent}: nothing is sent until {until}", sent, until)
            }
            None => msg!("{sent}: nothing is sent", sent),
        }
    }
}

/// Returns the error for a message in flight in a running process.
pub(crate) fn in_flight_error(
    scope: &OnceScope,
    recipient: &(impl ToValue + ?Sized),
) -> CommandError {
    let key = &scope.key;
    let message = msg!(
        "another process is sending {recipient} a message with the key {key}",
        recipient,
        key
    );
    CommandError::guard(message, msg!("try again in a moment")).with_retry(Retry::Later)
}

/// Returns the error for an entry in flight. If its process may have been killed, it counts as unknown from `unknown_at` on.
/// A command with `flags` then sets its outcome.
pub(crate) fn in_flight_entry_error(
    scope: &OnceScope,
    recipient: &str,
    unknown_at: Option<Value>,
    flags: &str,
) -> CommandError {
    let Some(at) = unknown_at else {
        return in_flight_error(scope, recipient);
    };
    let message = msg!(
        "another process is sending {recipient} a message with the key {key}, or was killed; if it was killed, its \
         message counts as unknown at {at}",
        recipient,
        key = scope.key,
        at
    );
    let hint = msg!(
        "try again at {at}; if the message is unknown then, set it to sent or failed: {resolve}",
        at,
        resolve = resolve_command(&scope.key, flags, recipient)
    );
    CommandError::guard(message, hint).with_retry(Retry::Later)
}

/// Returns the command that sets the outcome of an unknown message of a single send. `flags` choose the ledger and the bot.
fn resolve_command(key: &OnceKey, flags: &str, recipient: &str) -> Value {
    let key = key.quoted();
    let to = to_flag(recipient);
    with_state(&format!("jelouctl once resolve {key}{flags} {to} --as"))
}

/// Returns `command`, which ends in a flag, with the placeholder of a state.
fn with_state(command: &str) -> Value {
    Value::ByLanguage {
        english: format!("{command} STATE"),
        spanish: format!("{command} ESTADO"),
    }
}
