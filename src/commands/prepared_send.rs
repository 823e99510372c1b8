//! One message, with everything decided: it is delivered, and its outcome is reported. `send`, `run` and the test of a list end
//! here.

use std::future::Future;
use std::time::Duration;

use super::claim::{OnceSend, note_replay};
use super::limit::LimitedSend;
use super::result::note_delivery;
use crate::api::{Delivery, Outcome, Request, clipped};
use crate::command_error::CommandError;
use crate::config::ApiUrl;
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::ledger::Claimed;
use crate::message::{Outgoing, TemplateUses};
use crate::output::{Format, Record, Sent};
use crate::phone::is_user_id;
use crate::sending::{AuditLog, Connection, DeliveryWait, Flight, Sender, refuse_templates, wait_for_delivery};
use crate::timestamps::{now, of_milliseconds};

/// A send with everything decided, before anything is sent.
pub(crate) struct PreparedSend<'a> {
    pub(crate) context: &'a Context,
    pub(crate) sender: &'a Sender,
    pub(crate) outgoing: &'a Outgoing,
    pub(super) limit: Option<&'a LimitedSend>,
    /// How long the notice of `run` may take; None for a message that was asked for itself.
    pub(crate) notice_within: Option<Duration>,
}

impl PreparedSend<'_> {
    fn request(&self, base: &ApiUrl) -> Request {
        Request::new(base.url(), self.sender.bot.as_str(), self.outgoing)
    }

    /// `--dry-run` and `--curl`.
    pub(super) fn preview(&self, record: &mut Record) -> Result<(), CommandError> {
        let Context { stdout, mode, .. } = self.context;
        record.dry_run = true;
        if *mode == Mode::Curl || stdout.format == Format::Response {
            self.sender.show(self.context, &self.request(&self.sender.planned_base()))?;
        }
        Ok(())
    }

    /// Sends it over `connection`, reports the outcome, and waits for the state that `wait` names.
    pub(super) async fn deliver_over(
        &self,
        connection: &mut Connection,
        record: &mut Record,
        log: &mut AuditLog,
        flight: &Flight,
        once: Option<&OnceSend>,
        wait: Option<DeliveryWait>,
    ) -> Result<ExitCode, CommandError> {
        let Self { context, sender, outgoing, .. } = self;
        let mut begun = now();
        let turn = match once {
            None => None,
            Some(once) => match self.in_time(once.turn(context, connection, sender, outgoing)).await {
                Some(turn) => Some(turn?),
                None => return Ok(self.report(self.given_up(flight), record)),
            },
        };
        let code = match turn {
            Some(Claimed::Before(entry)) => {
                begun = of_milliseconds(entry.at);
                note_replay(entry, record);
                ExitCode::Success
            }
            turn => {
                let delivery = self.deliver(connection, flight).await;
                // Reported first: to write its end may take some seconds.
                let code = delivery.map(|delivery| self.report(delivery, record));
                if let (Some(once), Some(Claimed::Now(held))) = (once, turn) {
                    once.end(held, context, &mut connection.signals, record).await;
                }
                flight.landed();
                code?
            }
        };
        if record.sent == Sent::Yes && wait.is_none() && is_user_id(outgoing.recipient().as_str()) {
            let note = "for a user id, accepted proves nothing: WhatsApp may drop the message without a word; --wait delivered \
                        tells whether it arrives";
            context.stderr.note(note);
        }
        let (Sent::Yes, Some(wait)) = (record.sent, wait) else { return Ok(code) };
        // It was sent. Log it now, in case the process is killed while it waits.
        let (command, accepted) =
            if self.notice_within.is_some() { ("run", "the notice was accepted") } else { ("send", "accepted") };
        std::mem::take(log).message(&context.stderr, command, record, code.code());
        let ended = wait_for_delivery(connection, outgoing, begun, wait, record).await;
        Ok(match ended {
            Ok(()) => ExitCode::Success,
            Err((message, hint)) => {
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
        flight.given_up(self.notice_within.unwrap_or_default(), false)
    }

    async fn deliver(&self, connection: &mut Connection, flight: &Flight) -> Result<Delivery, CommandError> {
        // WhatsApp may drop one for authentication without a word.
        let mut to_user_ids = TemplateUses::default();
        to_user_ids.note(self.outgoing);
        to_user_ids.uses.retain(|wanted| wanted.goes_to_user_id);
        let hint = "fix the message, or send it to the person's phone number";
        refuse_templates(connection, &to_user_ids, false, hint).await?;
        let Some(limit) = self.limit else { return Ok(self.deliver_after(Duration::ZERO, connection, flight).await) };
        let reached = limit.admit(connection, self.outgoing).await?;
        let delivery = self.deliver_after(Duration::ZERO, connection, flight).await;
        if matches!(delivery.outcome, Outcome::NotSent(_))
            && let Err(error) = reached.take_back()
        {
            self.context
                .stderr
                .warning(&format!("its recipient counts for limit_24h, although it was not sent: {error}"));
        }
        Ok(delivery)
    }

    /// Delivers it over `connection`, after `pause`.
    pub(crate) async fn deliver_after(
        &self,
        pause: Duration,
        connection: &mut Connection,
        flight: &Flight,
    ) -> Delivery {
        if !pause.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                signal = connection.signals.next() => return Delivery::never_begun(signal),
            }
        }
        let (request, retry_for) = (self.request(&connection.base), connection.retry_for);
        let delivery = self.in_time(connection.deliver(&request, retry_for, flight)).await;
        delivery.unwrap_or_else(|| self.given_up(flight))
    }

    /// Prints what the outcome means on stderr, and fills in the record.
    pub(crate) fn report(&self, delivery: Delivery, record: &mut Record) -> ExitCode {
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
