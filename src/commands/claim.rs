//! `--once KEY` for one message: looks up its recipient with the key and claims it before anything is sent, then saves
//! the outcome.

use std::cell::Cell;
use std::time::{Duration, Instant};
use std::{env, mem};

use serde_json::json;
use tokio::time::sleep;

use super::single_send::SingleSendArgs;
use super::store::{
    ledger_database, open_own_store, open_store, open_store_to_look, wait_for_turn,
};
use crate::base::output::{Record, Sent, Stderr};
use crate::base::paths::STATE;
use crate::base::process::{Signals, overdue_signal};
use crate::base::timestamps::local_time;
use crate::command_error::CommandError;
use crate::jelou::api::Deadline;
use crate::jelou::message::{Outgoing, merge, typed_form};
use crate::runs::ledger::{
    Claimed, HeldClaim, Ledger, LedgerError, LedgerFault, OnceEntry, OnceState,
};
use crate::runs::once::{OnceScope, every_in_words};
use crate::sender::context::Context;
use crate::sender::{Connection, Sender};

/// How long to try to open the ledger for a notification, and to save the outcome of a message, while the database is
/// down: a restart takes some seconds.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// The time added to the longest duration of the attempts, for this process's claim on a message in a database: time to
/// begin the first attempt and to save the outcome.
const LEASE: Duration = Duration::from_secs(60);

/// A key and its ledger.
pub(super) struct OnceSend {
    store: Ledger,
    scope: OnceScope,
    /// How long a message counts under the key; None is forever.
    every: Option<Duration>,
    /// How long the command still waits for a database that is away.
    patience: Cell<Duration>,
}

impl OnceSend {
    /// Opens the ledger of `key`; None without a key, and in the sandbox, which does not save keys.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub(super) fn open(
        context: &Context,
        arguments: &SingleSendArgs,
        sender: &Sender,
    ) -> Result<Option<Self>, CommandError> {
        let Some(key) = key else { return Ok(None) };
        if sender.settings.is_sandboxed() {
            context
                .stderr
                .note("the sandbox does not save keys, so --once has no effect here");
            return Ok(None);
        };
        let once = Self::on(open_store(context)?, scope, arguments.every)?;
        warn_of_forgotten_keys(context, Some(&once.store));
        Ok(Some(once))
    }

    /// The same for a notification. It cannot be repeated, because its command may have run for hours; so it waits for a
    /// database that is down, within its time.
    pub(super) async fn open_for_notice(
        context: &Context,
        arguments: &SingleSendArgs,
        sender: &Sender,
        signals: &mut Signals,
        within: Duration,
    ) -> Result<Option<Self>, CommandError> {
        let begun = Instant::now();
        loop {
            let tried = Instant::now();
            let opened = Self::open(context, arguments, sender);
            // The next try may take as long as this one.
            let would_end = begun.elapsed() + tried.elapsed() + BETWEEN_TRIES;
            match opened {
                Err(error) if error.is_of_lost_database() && would_end < PATIENCE.min(within) => {
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
    /// If the recipient has another message with the key that is not sent, the ledger cannot be used, or a signal came
    /// first.
    pub(super) async fn turn(
        &self,
        connection: &mut Connection,
        sender: &Sender,
        outgoing: &Outgoing,
    ) -> Result<Claimed, CommandError> {
        if self.patience.get().is_zero() {
            return Err(no_turn("its database was lost"));
        }
        let scope = &self.scope;
        let recipient = outgoing.recipient().as_str();
        let person = self.store.hasher()?.person(recipient);
        wait_for_turn(&self.store, &mut connection.signals).await?;
        let longest = 2 * sender.settings.timeout + sender.settings.retry_for;
        // A message that counts for a limited time must not leave long after its time began.
        let must_begin = self.store.is_shared() || self.every.is_some();
        let begins_by = must_begin.then(|| Deadline::after(LEASE / 2));
        match self
            .store
            .claim(scope, &person, self.every, longest + LEASE)?
        {
            Ok(mut held) => {
                held.begins_by = begins_by;
                if let Some(signal) = connection.signals.came() {
                    let _ = held.end(Sent::No, None);
                    return Err(CommandError::interrupted(signal));
                }
                self.note_other_every(&connection.stderr, held.before.as_ref());
                Ok(Ok(held))
            }
            Err(entry) => {
                self.note_other_every(&connection.stderr, Some(&entry));
                if entry.state == OnceState::Sent {
                    Ok(Err(entry))
                } else {
                    Err(refusal(scope, recipient, entry))
                }
            }
        }
    }

    /// Whether the recipient could get a message with the key now.
    pub(super) fn is_free(&self, recipient: &str) -> Result<bool, CommandError> {
        Ok(self.obstacle(recipient)?.is_none())
    }

    /// What keeps the recipient from getting a message under the key now.
    fn obstacle(&self, recipient: &str) -> Result<Option<OnceEntry>, LedgerError> {
        let person = self.store.hasher()?.person(recipient);
        let standing = self.store.standing(&self.scope, &person)?;
        let now = self.store.now()?;
        Ok(standing.filter(|entry| !entry.is_free(self.every, now)))
    }

    /// Prints that the message was sent before, and fills in its record.
    pub(super) fn note_replay(&self, context: &Context, entry: OnceEntry, record: &mut Record) {
        let at = local_time(entry.at);
        let until = entry.counts_until(self.every);
        let until = until.map(|until| format!(" until {}", local_time(until)));
        let until = until.unwrap_or_default();
        let run = entry.run.map(|run| format!(" by run {run}"));
        let run = run.unwrap_or_default();
        context.stderr.note(&format!(
            "already sent with the key {} at {at}{run}: nothing is sent",
            self.scope.key
        ));
        let mut response = json!({ "success": true, "replayed": true });
        if let Some(id) = &entry.message_id {
            merge(&mut response, json!({ "messageId": id }));
        }
        record.response = Some(response);
        record.sent = Sent::Yes;
        record.replayed = true;
        record.message_id = entry.message_id;
    }

    /// Saves the outcome of the message, as the `record` has it. If the database is down, it retries for some time, until
    /// a signal comes.
    pub(super) async fn end(
        &self,
        mut held: HeldClaim,
        context: &Context,
        signals: &mut Signals,
        record: &Record,
    ) {
        let message_id = record
            .message_id
            .as_deref()
            .filter(|_| record.sent == Sent::Yes);
        let begun = Instant::now();
        let mut ended = held.end(record.sent, message_id);
        while ended.as_ref().is_err_and(LedgerError::may_pass)
            && begun.elapsed() < self.patience.get()
            && overdue_signal(begun).is_none()
        {
            tokio::select! {
                biased;
                _ = signals.next() => break,
                () = sleep(BETWEEN_TRIES) => {}
            }
            ended = held.end(record.sent, message_id);
        }
        if ended.as_ref().is_err_and(LedgerError::may_pass) {
            let left = self.patience.get().saturating_sub(begun.elapsed());
            self.patience.set(left);
        }
        let key = &self.scope.key;
        let problem = match ended {
            Ok(false) if record.sent != Sent::No => {
                format!(
                    "key {key} changed for this recipient during the send; check the chat before you send again"
                )
            }
            Ok(_) => return,
            Err(error) => {
                format!("cannot save the outcome for key {key}, so it counts as unknown: {error}")
            }
        };
        context.stderr.warning(&problem);
    }
}

/// Warns if the keys will be lost with this machine.
pub(super) fn warn_of_forgotten_keys(context: &Context, store: Option<&Ledger>) {
    let has_database = store.is_some_and(Ledger::is_shared);
    if !has_database && env::var_os("CI").is_some() && env::var_os(STATE.variable).is_none() {
        context.stderr.warning(&format!(
            "the key is lost with this machine: CI is set, but neither a ledger nor {} is; to keep it, set a database with \
             --ledger, or a directory that lasts between jobs with {}",
            STATE.variable, STATE.variable
        ));
    }
}

/// The error for a recipient that did not get a message, but may not get one now.
fn refusal(scope: &OnceScope, recipient: &str, entry: OnceEntry) -> CommandError {
    match (entry.state, entry.run) {
        (OnceState::Inflight, _) => under_way(scope, recipient),
        (OnceState::ToBeSent, Some(run)) => to_be_sent(scope, recipient, &run),
        (_, run) => {
            let at = local_time(entry.at);
            let to = typed_form(recipient);
            let message = format!(
                "{recipient} may have got a message with the key {}, at {at}",
                scope.key
            );
            let (command, or_ask) = match run {
                Some(run) => (
                    format!("bulk resolve {run} --to {to} --unknown-as"),
                    format!("; to check its status: jelouctl bulk deliveries {run}"),
                ),
                None => (
                    format!("once resolve {} --to {to} --as", scope.key.quoted()),
                    String::new(),
                ),
            };
            let hint = format!(
                "check the chat, then set the outcome: jelouctl {command} sent|failed{or_ask}"
            );
            CommandError::unknown(message, hint)
        }
    }
}

pub(super) fn under_way(scope: &OnceScope, recipient: &str) -> CommandError {
    let message = format!(
        "another process is sending {recipient} a message with the key {}",
        scope.key
    );
    CommandError::guard(message, "try again in a moment")
}

/// The error if an unfinished run will send it.
pub(super) fn to_be_sent(scope: &OnceScope, recipient: &str, run: &str) -> CommandError {
    let hint = format!(
        "to send it: jelouctl bulk resume {run}; to cancel the run: jelouctl bulk cancel {run}"
    );
    CommandError::guard(
        format!(
            "run {run} is unfinished, and has a row to {recipient} with the key {}",
            scope.key
        ),
        hint,
    )
}
