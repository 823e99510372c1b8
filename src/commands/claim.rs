//! `--once KEY` for one message: looks up its person under the key and claims them before anything is sent, then writes
//! the outcome.

use std::env;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::store::{open_store, wait_for_turn};
use crate::base::output::{Record, Sent};
use crate::base::paths::STATE;
use crate::base::process::{Signals, overdue_signal};
use crate::base::timestamps::local_time;
use crate::command_error::CommandError;
use crate::jelou::api::Deadline;
use crate::jelou::message::{Outgoing, merge, typed_form};
use crate::runs::ledger::{Claimed, HeldClaim, Ledger, LedgerError, OnceEntry, OnceState};
use crate::runs::once::{OnceKey, OnceScope};
use crate::sender::context::Context;
use crate::sender::{Connection, Sender};

/// How long to try to open the store for a notification, and to write how a message ended, while the database is away: a restart takes
/// some seconds.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// How much longer than its attempts may take a message in a database is this process's own: the first of them begins, and its
/// end is written, meanwhile.
const LEASE: Duration = Duration::from_secs(60);

/// A key and its store.
pub(super) struct OnceSend {
    store: Ledger,
    scope: OnceScope,
}

impl OnceSend {
    /// Opens the store of `key`; None without a key, and in the sandbox, which does not remember keys.
    ///
    /// # Errors
    /// If the store cannot be used.
    pub(super) fn open(
        context: &Context,
        key: Option<&OnceKey>,
        sender: &Sender,
    ) -> Result<Option<Self>, CommandError> {
        let Some(key) = key else { return Ok(None) };
        if sender.settings.is_sandboxed() {
            context.stderr.note(
                "the sandbox remembers no key between two commands: --once changes nothing here",
            );
            return Ok(None);
        }
        let bot = sender.bot.as_str().to_owned();
        let address = sender.settings.api_url.as_key();
        let scope = OnceScope {
            key: key.clone(),
            bot,
            address,
        };
        let store = open_store(context)?;
        store.refuse_older_layout()?;
        store.refuse_restored_once()?;
        warn_of_forgotten_keys(context, Some(&store));
        Ok(Some(Self { store, scope }))
    }

    /// The same for a notification. Its command may have run for hours and it gets no second chance, so a database that is away is
    /// waited for within its time.
    pub(super) async fn open_for_notice(
        context: &Context,
        key: Option<&OnceKey>,
        sender: &Sender,
        (signals, within): (&mut Signals, Duration),
    ) -> Result<Option<Self>, CommandError> {
        let begun = Instant::now();
        loop {
            match Self::open(context, key, sender) {
                Err(error)
                    if error.is_of_lost_database() && begun.elapsed() < PATIENCE.min(within) =>
                {
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

    /// Looks up the person of `outgoing` and claims them for this process, in one transaction, unless they got a message.
    ///
    /// # Errors
    /// If the person is not free under the key and did not get a message, the store cannot be used, or a signal came
    /// first.
    pub(super) async fn turn(
        &self,
        connection: &mut Connection,
        sender: &Sender,
        outgoing: &Outgoing,
    ) -> Result<Claimed, CommandError> {
        let scope = &self.scope;
        let recipient = outgoing.recipient().as_str();
        let person = self.store.hasher()?.person(recipient);
        wait_for_turn(&self.store, &mut connection.signals).await?;
        let longest = 2 * sender.settings.timeout + sender.settings.retry_for;
        let begins_by = self.store.is_shared().then(|| Deadline::after(LEASE / 2));
        match self.store.claim(scope, &person, longest + LEASE)? {
            Ok(mut held) => {
                held.begins_by = begins_by;
                if let Some(signal) = connection.signals.came() {
                    let _ = held.end(Sent::No, None);
                    return Err(CommandError::interrupted(signal));
                }
                Ok(Ok(held))
            }
            Err(entry) if entry.state == OnceState::Sent => Ok(Err(entry)),
            Err(entry) => Err(refusal(scope, recipient, entry)),
        }
    }

    /// Whether the recipient could get a message under the key now.
    pub(super) fn is_free(&self, recipient: &str) -> Result<bool, CommandError> {
        let person = self.store.hasher()?.person(recipient);
        let standing = self.store.standing(&self.scope, &person)?;
        Ok(standing.is_none_or(|entry| entry.state.is_free()))
    }

    /// Says that the message was sent before, and fills in its record.
    pub(super) fn note_replay(&self, context: &Context, entry: OnceEntry, record: &mut Record) {
        let at = local_time(entry.at);
        let run = entry
            .run
            .map(|run| format!(" by run {run}"))
            .unwrap_or_default();
        context.stderr.note(&format!(
            "already sent under the key {} at {at}{run}: nothing is sent",
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

    /// Stores how the message ended, as the `record` has it. If the database is away, it tries for some time, until a signal
    /// comes.
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
            && begun.elapsed() < PATIENCE
            && overdue_signal(begun).is_none()
        {
            tokio::select! {
                biased;
                _ = signals.next() => break,
                () = sleep(BETWEEN_TRIES) => {}
            }
            ended = held.end(record.sent, message_id);
        }
        let key = &self.scope.key;
        let problem = match ended {
            Ok(false) if record.sent != Sent::No => {
                format!(
                    "under the key {key} this person has something else now: look into the chat before you send again"
                )
            }
            Ok(_) => return,
            Err(error) => format!(
                "under the key {key} it counts as a message that may have been sent, since its end could not be written: {error}"
            ),
        };
        context.stderr.warning(&problem);
    }
}

/// Warns if keys are not remembered forever.
pub(super) fn warn_of_forgotten_keys(context: &Context, store: Option<&Ledger>) {
    let has_database = store.is_some_and(Ledger::is_shared);
    if !has_database && env::var_os("CI").is_some() && env::var_os(STATE.variable).is_none() {
        context.stderr.warning(&format!(
            "the key is forgotten with this machine: CI is set, and neither a ledger nor {} is; name a database with \
             --ledger, or keep a directory between jobs and name it in {}",
            STATE.variable, STATE.variable
        ));
    }
}

/// Why a person who is not free, but did not get a message, gets none.
fn refusal(scope: &OnceScope, recipient: &str, entry: OnceEntry) -> CommandError {
    match (entry.state, entry.run) {
        (OnceState::Inflight, _) => under_way(scope, recipient),
        (OnceState::ToBeSent, Some(run)) => to_be_sent(scope, recipient, &run),
        (_, run) => {
            let at = local_time(entry.at);
            let to = typed_form(recipient);
            let message = format!(
                "{recipient} may have got a message under the key {}, at {at}",
                scope.key
            );
            let (command, or_ask) = match run {
                Some(run) => (
                    format!("bulk resolve {run} --to {to} --unknown-as"),
                    format!("; or ask Jelou with jelouctl bulk deliveries {run}"),
                ),
                None => (
                    format!("once resolve {} --to {to} --as", scope.key.quoted()),
                    String::new(),
                ),
            };
            let hint = format!(
                "look into the chat, then decide with jelouctl {command} sent (or failed){or_ask}"
            );
            CommandError::unknown(message, hint)
        }
    }
}

pub(super) fn under_way(scope: &OnceScope, recipient: &str) -> CommandError {
    let message = format!(
        "another process is sending {recipient} a message under the key {}",
        scope.key
    );
    CommandError::guard(
        message,
        "ask again in a moment: then it is known how that ended",
    )
}

/// An unfinished run will send it.
pub(super) fn to_be_sent(scope: &OnceScope, recipient: &str, run: &str) -> CommandError {
    let hint = format!(
        "let it be sent with jelouctl bulk resume {run}, or give it up with jelouctl bulk cancel {run}"
    );
    CommandError::guard(
        format!(
            "run {run} is unfinished, and has a row to {recipient} under the key {}",
            scope.key
        ),
        hint,
    )
}
