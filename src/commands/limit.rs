//! The limit of different people that a bot may reach with templates in 24 hours: of a run, and of a single send.

use super::CommandError;
use super::store::{open_store, wait_for_turn};
use crate::config::{PeopleLimit, Settings};
use crate::context::Context;
use crate::input::UsageError;
use crate::ledger::{ReachOf, ReachedBySend, Store};
use crate::message::{Message, Outgoing, sends_template};
use crate::sending::{Connection, GuardError, Interrupted, Sender};
use crate::timestamps::{local_time, of_milliseconds};

/// The limit of a run of this kind: as typed, or else `kept`. Only templates count.
pub(super) fn limit_of_run(
    typed: Option<PeopleLimit>,
    kept: Option<u32>,
    kind: &Message,
) -> Result<Option<u32>, UsageError> {
    if kind.may_be_template() {
        return Ok(typed.map(|limit| limit.0).or(kept));
    }
    match typed {
        None => Ok(None),
        Some(_) => Err(UsageError::new(
            format!(
                "--per-day: it counts people who get a template, and a message of kind {} is not one",
                kind.command()
            ),
            "leave it out; --rate and --between say when messages leave",
        )),
    }
}

/// A template that is sent alone by a profile with a limit.
pub(super) struct LimitedSend {
    store: Store,
    of: ReachOf,
    limit: u32,
    is_over_allowed: bool,
}

impl LimitedSend {
    /// None for a message that nobody limits, and in the sandbox.
    pub(super) fn open(
        context: &Context,
        sender: &Sender,
        outgoing: &Outgoing,
        is_over_allowed: bool,
    ) -> Result<Option<Self>, CommandError> {
        let Settings { limit_24h, api_url, timeout, retry_for, .. } = &sender.settings;
        let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
        let Some(limit) = limit_24h.as_ref().filter(|_| is_template && !sender.settings.is_sandboxed()) else {
            return Ok(None);
        };
        let store = open_store(context).map_err(CommandError::of_single_send)?;
        let lag = timeout.value.duration().saturating_add(retry_for.value.duration());
        let of = ReachOf::new(sender.bot.as_str().to_owned(), api_url.value.as_key(), lag);
        Ok(Some(Self { store, of, limit: limit.value.0, is_over_allowed }))
    }

    /// Counts the recipient of the message.
    ///
    /// # Errors
    /// If that would be one more than the limit, the store cannot be used, or a signal came first.
    pub(super) async fn admit(
        &self,
        connection: &mut Connection,
        outgoing: &Outgoing,
    ) -> Result<ReachedBySend, CommandError> {
        let count = async {
            if let Some(signal) = wait_for_turn(&self.store, &mut connection.signals).await? {
                return Err(Interrupted(signal).into());
            }
            let limit = Some(self.limit).filter(|_| !self.is_over_allowed);
            Ok::<_, CommandError>(self.store.reach(&self.of, outgoing.recipient().as_str(), limit)?)
        };
        match count.await.map_err(CommandError::of_single_send)? {
            Ok(reached) => Ok(reached),
            Err(until) => {
                let until = local_time(of_milliseconds(until));
                let problem =
                    format!("this bot has sent templates to as many people as limit_24h allows, {}", self.limit);
                let hint = format!("the next one may leave at {until}; --over-limit sends it now");
                Err(GuardError::new(problem, hint).into())
            }
        }
    }
}
