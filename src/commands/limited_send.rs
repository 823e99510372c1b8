//! A single send by a profile with a messaging limit: how many different recipients its bot may send templates to in
//! 24 hours.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::open_ledger::{open_ledger_for_send, wait_for_turn};
use crate::base::message::msg;
use crate::base::timestamps::time_value;
use crate::command_error::CommandError;
use crate::jelou::api::Deadline;
use crate::jelou::message::{Outgoing, sends_template};
use crate::runs::ledger::{Ledger, ReachEntry, ReachKey, SendLimit};
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::{Connection, Sender};

/// The maximum time between the count of a recipient and the first attempt of the send.
const LONGEST_START: Duration = Duration::from_secs(30);

/// The permission to send one message within the limit.
pub(super) struct Admission {
    pub(super) reached: ReachEntry,
    /// The deadline for its first byte.
    pub(super) begins_by: Deadline,
}

/// A template that a profile with a limit sends to one recipient.
pub(super) struct LimitedSend {
    ledger: Ledger,
    reach_key: ReachKey,
    /// None with `--over-limit`.
    limit: Option<u32>,
    /// The zone of the times in its errors.
    zone: TimeZone,
}

impl LimitedSend {
    /// Opens the ledger for the limit. None without a limit, for a message that is not a template,
    /// and in the sandbox.
    pub(super) fn open(
        context: &Context,
        sender: &Sender,
        outgoing: &Outgoing,
        is_over_allowed: bool,
    ) -> Result<Option<Self>, CommandError> {
        let Settings {
            limit_24h,
            api_url,
            timeout,
            retry_for,
            ..
        } = &sender.settings;
        let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
        let Some(limit) = limit_24h.filter(|_| is_template && !sender.settings.is_sandboxed())
        else {
            return Ok(None);
        };
        let ledger = open_ledger_for_send(context)?;
        let lag = (2 * *timeout)
            .saturating_add(*retry_for)
            .saturating_add(LONGEST_START);
        let reach_key = ReachKey::new(&sender.bot, &api_url.as_key(), lag);
        Ok(Some(Self {
            ledger,
            reach_key,
            limit: Some(limit).filter(|_| !is_over_allowed),
            zone: sender.settings.hours.zone(),
        }))
    }

    /// Returns the indexes of the `recipients` that the limit has no room for, if all are sent in
    /// order, each with the error.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub(super) fn without_room(
        &self,
        recipients: &[&str],
    ) -> Result<Vec<(usize, CommandError)>, CommandError> {
        let Some(limit) = self.limit else {
            return Ok(Vec::new());
        };
        let places = self
            .ledger
            .without_room(&self.reach_key, recipients, limit)?;
        let error = |place: usize| {
            let recipient = recipients.get(place).copied().unwrap_or_default();
            let problem = msg!(
                "{recipient}: limit_24h ({limit} recipients) has no room",
                recipient,
                limit
            );
            (
                place,
                CommandError::guard(problem, msg!("to send anyway: --over-limit")),
            )
        };
        Ok(places.into_iter().map(error).collect())
    }

    /// Counts the recipient of the message. It must be sent soon: otherwise the recipient counts for too short a time.
    ///
    /// # Errors
    /// If the limit is reached, the ledger cannot be used, or a signal came first.
    pub(super) async fn admit(
        &self,
        connection: &mut Connection,
        outgoing: &Outgoing,
    ) -> Result<Admission, CommandError> {
        wait_for_turn(&self.ledger, &mut connection.signals).await?;
        let begins_by = Deadline::after(LONGEST_START);
        match self
            .ledger
            .reach(&self.reach_key, outgoing.recipient().as_str(), self.limit)?
        {
            SendLimit::Counted(reached) => Ok(Admission { reached, begins_by }),
            SendLimit::Full { until } => {
                let until = time_value(&self.zone, until);
                let limit = self.limit.unwrap_or_default();
                let problem = msg!(
                    "limit_24h is reached until {until}: this bot has sent templates to {limit} {limit|recipient|recipients}",
                    until,
                    limit
                );
                let hint = msg!("to send now: --over-limit");
                Err(CommandError::guard(problem, hint))
            }
        }
    }
}
