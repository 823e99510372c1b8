//! One message, with everything decided: it is delivered, and its outcome is reported. `send`, `run` and the test of a list end
//! here.

use std::future::Future;
use std::time::Duration;

use super::claim::OnceSend;
use super::limit::LimitedSend;
use super::result::note_delivery;
use super::single_send::Told;
use crate::api::{Delivery, Outcome, Request, clipped};
use crate::command_error::CommandError;
use crate::config::ApiUrl;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::ReachedBySend;
use crate::message::{Outgoing, TemplateUses};
use crate::output::{Record, Sent};
use crate::phone::is_user_id;
use crate::sending::{Connection, DeliveryWait, Flight, Sender, refuse_templates, wait_for_delivery};
use crate::timestamps::{now, of_milliseconds};

/// A send with everything decided, before anything is sent.
pub(crate) struct PreparedSend<'a> {
    context: &'a Context,
    sender: &'a Sender,
    outgoing: &'a Outgoing,
    pub(super) once: Option<OnceSend>,
    pub(super) limit: Option<LimitedSend>,
    /// How long the notice of `run` may take; None for a message that was asked for itself.
    pub(super) notice_within: Option<Duration>,
}

impl<'a> PreparedSend<'a> {
    pub(super) fn new(context: &'a Context, sender: &'a Sender, outgoing: &'a Outgoing) -> Self {
        Self { context, sender, outgoing, once: None, limit: None, notice_within: None }
    }

    pub(super) fn request(&self, base: &ApiUrl) -> Request {
        Request::new(base.url(), self.sender.bot.as_str(), self.outgoing)
    }

    /// Sends it over `connection`, reports the outcome, and waits for the state that `wait` names.
    pub(super) async fn deliver_over(
        &self,
        connection: &mut Connection,
        told: &mut Told,
        flight: &Flight,
        wait: Option<DeliveryWait>,
    ) -> Result<ExitCode, CommandError> {
        let Self { context, sender, outgoing, once, .. } = self;
        told.record.api_url = Some(connection.base.to_string());
        let record = &mut told.record;
        let mut begun = now();
        let claim = match once {
            None => None,
            Some(once) => match self.in_time(once.turn(connection, sender, outgoing)).await {
                Some(turn) => Some((once, turn?)),
                None => return Ok(self.report(self.given_up(flight), record)),
            },
        };
        let code = if let Some((once, Err(entry))) = claim {
            begun = of_milliseconds(entry.at);
            once.note_replay(context, entry, record);
            ExitCode::Success
        } else {
            let delivery = self.deliver(connection, flight).await;
            // Reported first: to write its end may take some seconds.
            let code = delivery.map(|delivery| self.report(delivery, record));
            if let Some((once, Ok(held))) = claim {
                once.end(held, context, &mut connection.signals, record).await;
            }
            flight.landed();
            code?
        };
        if record.sent == Sent::Yes && wait.is_none() && is_user_id(outgoing.recipient().as_str()) {
            let note = "for a user id, accepted proves nothing: WhatsApp may drop the message without a word; --wait delivered \
                        tells whether it arrives";
            context.stderr.note(note);
        }
        let (Sent::Yes, Some(wait)) = (record.sent, wait) else { return Ok(code) };
        // It was sent. Log it now, in case the process is killed while it waits.
        told.log(context, code);
        let ended = wait_for_delivery(connection, outgoing, begun, wait, &mut told.record).await;
        Ok(match ended {
            Ok(()) => ExitCode::Success,
            Err((message, hint)) => {
                let accepted = if self.notice_within.is_some() { "the notice was accepted" } else { "accepted" };
                context.stderr.error(&format!("{accepted}, but {message}"), &[], Some(&hint));
                ExitCode::NotReached
            }
        })
    }

    /// The result of `work`; None if a notice took too long.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.notice_within {
            Some(limit) => tokio::time::timeout(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    fn given_up(&self, flight: &Flight) -> Delivery {
        flight.given_up(self.notice_within.unwrap_or_default())
    }

    async fn deliver(&self, connection: &mut Connection, flight: &Flight) -> Result<Delivery, CommandError> {
        // WhatsApp may drop one for authentication without a word.
        let mut to_user_ids = TemplateUses::default();
        to_user_ids.note(self.outgoing);
        to_user_ids.uses.retain(|wanted| wanted.goes_to_user_id);
        let hint = "fix the message, or send it to the person's phone number";
        refuse_templates(connection, &to_user_ids, false, hint).await?;
        let reached = match &self.limit {
            Some(limit) => Some(limit.admit(connection, self.outgoing).await?),
            None => None,
        };
        let (request, retry_for) = (self.request(&connection.base), connection.retry_for);
        let delivery = self.in_time(connection.deliver(&request, retry_for, flight)).await;
        let delivery = delivery.unwrap_or_else(|| self.given_up(flight));
        if matches!(delivery.outcome, Outcome::NotSent(_))
            && let Some(Err(error)) = reached.as_ref().map(ReachedBySend::take_back)
        {
            let told = format!("its recipient counts for limit_24h, although it was not sent: {error}");
            self.context.stderr.warning(&told);
        }
        Ok(delivery)
    }

    /// Prints what the outcome means on stderr, and fills in the record.
    fn report(&self, delivery: Delivery, record: &mut Record) -> ExitCode {
        let stderr = &self.context.stderr;
        let recipient = self.outgoing.recipient();
        let is_notice = self.notice_within.is_some();
        let code = note_delivery(delivery, record);
        if record.sent == Sent::Yes {
            let id = record.message_id.as_ref().map(|id| format!(": {}", clipped(id))).unwrap_or_default();
            let what = if is_notice { "the notice for" } else { "for" };
            stderr.accepted(&format!("{what} {recipient} from {}{id}", self.sender.description()));
        }
        if let Some(error) = &record.error {
            let state = match (is_notice, record.sent) {
                (true, Sent::Unknown) => "the notice may have been sent",
                (true, _) => "the notice was not sent",
                (false, Sent::Unknown) => "it may have been sent",
                (false, _) => "not sent",
            };
            stderr.error(&format!("{state}: {}", error.message), &[], error.hint.as_deref());
        }
        if let Some(note) = self.sender.settings.sandbox_note() {
            let page = self.sender.planned_base().to_string();
            // A message that did not reach the sandbox is not shown there.
            let has_arrived = record.http_status.is_some();
            let shown = Some(page).filter(|url| has_arrived && record.api_url.as_ref() == Some(url));
            let shown = shown.map(|url| format!("; it is shown on {url}")).unwrap_or_default();
            stderr.note(&format!("{note}{shown}"));
            if record.sent == Sent::Yes {
                stderr.preview(recipient.as_str(), &self.outgoing.draw());
            }
        }
        code
    }
}
