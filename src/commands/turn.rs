//! Whether a message may be sent with a key: the turn of its recipient, an earlier message that prevents it, and the marks
//! of notifications that no ledger checks. `claim.rs` has the keys in the ledger.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::recipients::to_flag;
use super::single_send::SingleSendArgs;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::output::{EarlierMessage, Record, Sent};
use crate::base::timestamps::{from_millis, time_value};
use crate::command_error::CommandError;
use crate::jelou::api::Deadline;
use crate::jelou::message::merge;
use crate::runs::ledger::HeldClaim;
use crate::runs::once::{OnceKey, OnceScope};
use crate::runs::unchecked::{EndedMark, FoundMark, HeldMark, MarkResult, MarkedSend};
use crate::sender::Sender;
use crate::sender::context::Context;

/// Whether a message may be sent.
pub(super) enum Turn {
    /// It may: there is no key, or nothing can check it.
    Free,
    /// It may: this process has claimed the recipient in the ledger.
    Claimed(HeldClaim),
    /// It may: this process has marked a notification that no ledger checks.
    Marked(HeldMark),
    /// The recipient got a message before.
    Replay(Replay),
}

impl Turn {
    /// Returns the deadline for the first byte of the message, if others cannot see whether this process is alive.
    pub(super) fn begins_by(&self) -> Option<Deadline> {
        match self {
            Self::Claimed(held) => held.begins_by,
            Self::Free | Self::Marked(_) | Self::Replay(_) => None,
        }
    }
}

/// The key of a command.
#[derive(Clone)]
pub(super) struct KeyTerms {
    pub(super) scope: OnceScope,
    /// How long a message with the key counts; None is forever.
    pub(super) every: Option<Duration>,
    /// The zone of the times that the command reports.
    pub(super) zone: TimeZone,
    /// The flags that the commands of a hint need to act for the same bot.
    pub(super) sender_flags: String,
}

impl KeyTerms {
    /// None without a key, and in a sandbox that does not save keys.
    pub(super) fn new(
        context: &Context,
        arguments: &SingleSendArgs,
        sender: &Sender,
    ) -> Option<Self> {
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
    pub(super) fn unchecked_turn(
        &self,
        context: &Context,
        recipient: &str,
    ) -> Result<Turn, CommandError> {
        match self.marked(recipient).mark() {
            Ok(MarkResult::Held(held)) => Ok(Turn::Marked(held)),
            Ok(MarkResult::Found(found)) => self.after_unchecked(found, recipient),
            Err(error) => {
                context.stderr.warning(msg!(
                    "cannot mark the unchecked notification, so the next one may repeat it: {problem}",
                    problem = error
                ));
                Ok(Turn::Free)
            }
        }
    }

    /// Looks for a notification that was sent unchecked: no ledger has it.
    pub(super) fn find_mark(&self, recipient: &str) -> Option<FoundMark> {
        self.marked(recipient).find()
    }

    /// Returns what the mark of an unchecked notification means for another one.
    ///
    /// # Errors
    /// If another process is sending it, or may have sent it.
    pub(super) fn after_unchecked(
        &self,
        found: FoundMark,
        recipient: &str,
    ) -> Result<Turn, CommandError> {
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
        Ok(Turn::Replay(Replay {
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
pub(super) struct Replay {
    pub(super) key: OnceKey,
    pub(super) zone: TimeZone,
    /// When it was sent, and until when it counts, in milliseconds since 1970; None is forever.
    pub(super) at: i64,
    pub(super) until: Option<i64>,
    pub(super) run: Option<String>,
    pub(super) message_id: Option<String>,
}

impl Replay {
    /// Prints that the message was sent before, and fills in its record.
    pub(super) fn note(self, context: &Context, record: &mut Record) {
        context.stderr.note(self.told(record.to.as_deref()));
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
}

impl Replay {
    /// `already sent to 593987654321 with the key k at 2026-11-29 07:56: nothing is sent until …`
    fn told(&self, to: Option<&str>) -> Message {
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
pub(super) fn in_flight_error(
    scope: &OnceScope,
    recipient: &(impl ToValue + ?Sized),
) -> CommandError {
    let key = &scope.key;
    let message = msg!(
        "another process is sending {recipient} a message with the key {key}",
        recipient,
        key
    );
    CommandError::guard(message, msg!("try again in a moment"))
}

/// Returns the error for a message in flight whose process may have been killed. It counts as unknown from `at` on, and the
/// command `resolve` then sets its outcome.
pub(super) fn perhaps_killed_error(
    scope: &OnceScope,
    recipient: &str,
    at: &Value,
    resolve: &str,
) -> CommandError {
    let key = &scope.key;
    let message = msg!(
        "another process is sending {recipient} a message with the key {key}, or was killed; if it was killed, its \
         message counts as unknown at {at}",
        recipient,
        key,
        at
    );
    let hint = msg!(
        "try again at {at}; if the message is unknown then, set it to sent or failed: {resolve}",
        at,
        resolve
    );
    CommandError::guard(message, hint)
}

/// Returns the command that sets the outcome of an unknown message of a single send. `flags` choose the ledger and the bot.
pub(super) fn resolve_command(key: &OnceKey, flags: &str, recipient: &str) -> String {
    let key = key.quoted();
    let to = to_flag(recipient);
    format!("jelouctl once resolve {key}{flags} {to} --as STATE")
}
