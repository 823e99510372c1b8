//! Sends the messages of a command one after another, each with its claim, its place in the limit and its report; then
//! waits for all of them together.

use std::future::Future;
use std::time::{Duration, Instant};

use super::claim::{OnceFallback, OnceSend, PATIENCE, Turn};
use super::limited_send::LimitedSend;
use super::recipients::to_flag;
use super::result::{note_delivery, note_error, note_error_among_others};
use super::sends::{RecipientSend, SendReport, Sends};
use crate::base::exit::ExitCode;
use crate::base::output::{Record, RecordError, Sent};
use crate::base::process::Signal;
use crate::base::timestamps::now;
use crate::command_error::CommandError;
use crate::jelou::api::{Cause, Deadline, Delivery, Outcome, Request, excerpt};
use crate::jelou::message::{Outgoing, TemplateUses};
use crate::phone::is_user_id;
use crate::sender::config::ApiUrl;
use crate::sender::context::Context;
use crate::sender::{
    AwaitedMessage, Connection, DeliveryWait, RequestProgress, Sender, refuse_templates,
    refused_template_hint, wait_for_deliveries,
};

/// What all messages of a command share, set before the first is sent.
pub(crate) struct SendTerms<'a> {
    pub(super) context: &'a Context,
    pub(super) sender: &'a Sender,
    pub(super) once: Option<OnceSend>,
    /// What to do if the ledger of `once` fails; None if the message is then not sent.
    pub(super) fallback: Option<OnceFallback>,
    pub(super) limit: Option<LimitedSend>,
    pub(super) wait: Option<DeliveryWait>,
    /// How long each notification of `run` may take; None for `send`.
    pub(super) notify_timeout: Option<Duration>,
}

/// The position of a message among the messages of a command.
#[derive(Clone, Copy)]
struct MessagePlace {
    is_first: bool,
    is_last: bool,
    are_several: bool,
}

impl<'a> SendTerms<'a> {
    pub(super) fn new(context: &'a Context, sender: &'a Sender) -> Self {
        Self {
            context,
            sender,
            once: None,
            fallback: None,
            limit: None,
            wait: None,
            notify_timeout: None,
        }
    }

    pub(super) fn request(&self, base: &ApiUrl, outgoing: &Outgoing) -> Request {
        Request::new(base.url(), self.sender.bot.as_str(), outgoing)
    }

    /// Sends every message that has not ended, in order, and then waits for them. Each is logged and printed as it ends.
    pub(super) async fn send_all(
        &mut self,
        connection: &mut Connection,
        sends: &mut Sends,
        flight: &RequestProgress,
    ) {
        let are_several = sends.are_several();
        let mut is_first = true;
        let last = sends.all.iter().rposition(|send| send.code.is_none());
        for at in 0..sends.all.len() {
            let Some(send) = sends.all.get_mut(at).filter(|send| send.code.is_none()) else {
                continue;
            };
            if !is_first && let Some(signal) = connection.signals.came() {
                self.stop(sends, signal);
                break;
            }
            let place = MessagePlace {
                is_first,
                is_last: last == Some(at),
                are_several,
            };
            is_first = false;
            let ended = self.send(connection, send, flight, place).await;
            flight.landed();
            let is_of_ledger = ended.as_ref().is_err_and(|error| error.ledger.is_some());
            let code = ended.unwrap_or_else(|error| self.note_error(error, send, are_several));
            let is_awaited = send.report.record.sent == Sent::Yes && self.wait.is_some();
            if is_awaited {
                // Logged now, because the process could be killed while it waits.
                send.report.log(self.context, code);
            } else {
                send.code = Some(code);
            }
            // These errors apply to every recipient.
            let ends_all = is_of_ledger
                || matches!(
                    code,
                    ExitCode::Configuration | ExitCode::Credentials | ExitCode::Signal(_)
                );
            if ends_all {
                let error = send.report.record.error.clone();
                self.end_rest(sends, at, code, error.as_ref());
                break;
            }
            sends.put_out(self.context);
        }
        sends.put_out(self.context);
        let is_interrupted = matches!(sends.exit_code(), ExitCode::Signal(_));
        match &self.wait {
            Some(_) if is_interrupted => self.leave_unawaited(sends),
            Some(wait) => self.wait_for_all(connection, sends, wait).await,
            None => {}
        }
    }

    /// Reports a signal that came before the wait for the accepted messages.
    fn leave_unawaited(&self, sends: &mut Sends) {
        for send in sends.open() {
            let message = format!("{}accepted, but interrupted before the wait", send.prefix());
            self.context.stderr.error(&message, &[], None);
            send.code = Some(ExitCode::NotReached);
        }
        sends.put_out(self.context);
    }

    /// Prints the error of one message, and writes it to its record.
    pub(super) fn note_error(
        &self,
        error: CommandError,
        send: &mut RecipientSend,
        are_several: bool,
    ) -> ExitCode {
        let what = if self.notify_timeout.is_some() {
            "the notification was not sent: "
        } else {
            ""
        };
        let prefix = send.prefix();
        let record = &mut send.report.record;
        if are_several {
            note_error_among_others(self.context, &format!("{prefix}{what}"), error, record)
        } else {
            note_error(self.context, what, error, record)
        }
    }

    /// Reports a signal that came before the next message.
    fn stop(&self, sends: &mut Sends, signal: Signal) {
        let open = sends.all.iter().position(|send| send.code.is_none());
        let error = CommandError::interrupted(signal);
        let record_error = RecordError::from(&error);
        self.end_rest(
            sends,
            open.unwrap_or_default(),
            error.code,
            Some(&record_error),
        );
    }

    /// Ends the untried messages from this index on.
    fn end_rest(
        &self,
        sends: &mut Sends,
        from: usize,
        code: ExitCode,
        error: Option<&RecordError>,
    ) {
        let is_open =
            |send: &&RecipientSend| send.code.is_none() && send.report.record.sent != Sent::Yes;
        let rest: Vec<_> = sends.all.iter().skip(from).filter(is_open).collect();
        if rest.is_empty() {
            return;
        }
        let recipients: Vec<_> = rest
            .iter()
            .filter_map(|send| send.report.record.to.as_deref())
            .collect();
        self.context.stderr.warning(&format!(
            "not tried and not sent: {}",
            recipients.join(", ")
        ));
        sends.end_rest(code, error);
    }

    /// Sends one message, and reports its outcome.
    async fn send(
        &mut self,
        connection: &mut Connection,
        send: &mut RecipientSend,
        flight: &RequestProgress,
        place: MessagePlace,
    ) -> Result<ExitCode, CommandError> {
        let RecipientSend {
            outgoing: Some(outgoing),
            report,
            begun,
            ..
        } = send
        else {
            return Ok(ExitCode::Success);
        };
        *begun = Some(now());
        let ended = self
            .send_one(connection, outgoing, report, flight, place)
            .await;
        if report.record.replayed {
            // The message may have been sent long before its state was written.
            *begun = None;
        }
        ended
    }

    /// Sends a message that is not one of several, and reports the outcome.
    pub(super) async fn send_alone(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing,
        report: &mut SendReport,
        flight: &RequestProgress,
    ) -> Result<ExitCode, CommandError> {
        let place = MessagePlace {
            is_first: true,
            is_last: true,
            are_several: false,
        };
        self.send_one(connection, outgoing, report, flight, place)
            .await
    }

    /// Sends `outgoing` over `connection`, and reports the outcome.
    async fn send_one(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing,
        report: &mut SendReport,
        flight: &RequestProgress,
        place: MessagePlace,
    ) -> Result<ExitCode, CommandError> {
        let context = self.context;
        report.record.api_url = Some(connection.base.to_string());
        let record = &mut report.record;
        let turn = self.turn(connection, outgoing).await;
        record.key_check = self.fallback.as_ref().and_then(|fallback| fallback.check);
        let code = match turn? {
            Turn::Replay(replay) => {
                replay.note(context, record);
                ExitCode::Success
            }
            turn => {
                let begins_by = turn.begins_by();
                let delivered = self.deliver(connection, outgoing, begins_by, flight, place);
                let delivery = delivered.await;
                // Reported first: saving the outcome can take some seconds.
                let code = delivery.map(|delivery| self.report(outgoing, delivery, record, place));
                self.end_turn(turn, connection, record).await;
                code?
            }
        };
        let is_awaited = self.wait.is_some();
        if record.sent == Sent::Yes && !is_awaited && is_user_id(outgoing.recipient().as_str()) {
            let note = "WhatsApp may silently drop a message to a user id; to confirm delivery: --wait delivered";
            context.stderr.note(note);
        }
        Ok(code)
    }

    /// Claims the recipient with the key, or marks a notification that is sent unchecked.
    async fn turn(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing,
    ) -> Result<Turn, CommandError> {
        // A notification gets no second chance, so it does not wait for a process that may be suspended.
        let patience = self.notify_timeout.map(|limit| limit.min(PATIENCE));
        loop {
            let Some(once) = &self.once else {
                let recipient = outgoing.recipient().as_str();
                let unchecked = self.fallback.as_ref();
                return unchecked.map_or(Ok(Turn::Free), |fallback| {
                    fallback.unchecked_turn(self.context, recipient)
                });
            };
            let turn = in_time(patience, once.turn(connection, self.sender, outgoing)).await;
            let turn = turn.unwrap_or_else(|| Err(once.kept_by_another(patience)));
            match (turn, &mut self.fallback) {
                (Err(problem), Some(fallback)) if OnceFallback::applies_to(&problem) => {
                    self.once = fallback.next(self.context, &problem);
                }
                (turn, _) => return turn,
            }
        }
    }

    /// Saves the outcome of a message, as the `record` has it, with its key.
    async fn end_turn(&self, turn: Turn, connection: &mut Connection, record: &Record) {
        match turn {
            Turn::Claimed(held) => {
                if let Some(once) = &self.once {
                    let signals = &mut connection.signals;
                    once.end(held, self.context, signals, record).await;
                }
            }
            Turn::Marked(held) => {
                if let Err(error) = held.end(record.sent) {
                    self.context.stderr.warning(&format!(
                        "cannot save the outcome of the unchecked notification: {error}"
                    ));
                }
            }
            Turn::Free | Turn::Replay(_) => {}
        }
    }

    fn given_up(&self, flight: &RequestProgress) -> Delivery {
        flight.given_up(self.notify_timeout.unwrap_or_default())
    }

    async fn deliver(
        &self,
        connection: &mut Connection,
        outgoing: &Outgoing,
        begins_by: Option<Deadline>,
        flight: &RequestProgress,
        place: MessagePlace,
    ) -> Result<Delivery, CommandError> {
        // WhatsApp may silently drop a template for authentication.
        let mut to_user_ids = TemplateUses::default();
        to_user_ids.note(outgoing);
        to_user_ids.uses.retain(|wanted| wanted.goes_to_user_id);
        let hint = "fix the message, or send it to the recipient's phone number";
        refuse_templates(connection, &to_user_ids, false, hint).await?;
        let admission = match &self.limit {
            Some(limit) => Some(limit.admit(connection, outgoing).await?),
            None => None,
        };
        let until = admission.as_ref().map(|admission| admission.begins_by);
        let begins_by = begins_by.into_iter().chain(until).min();
        let request = self.request(&connection.base, outgoing);
        let retry_for = connection.retry_for;
        let begun = Instant::now();
        let recipient = place.are_several.then_some(outgoing.recipient().as_str());
        let delivered = connection.deliver(&request, recipient, retry_for, begins_by, flight);
        let delivery = in_time(self.notify_timeout, delivered).await;
        let mut delivery = delivery.unwrap_or_else(|| self.given_up(flight));
        // A hint must not delay the next notification, nor take longer than the notification may.
        let has_time = self.notify_timeout.is_none() || place.is_last;
        if has_time
            && matches!(delivery.outcome, Outcome::NotSent(Cause::Rejected))
            && let Some(problem) = &mut delivery.problem
        {
            let left = self
                .notify_timeout
                .map(|limit| limit.saturating_sub(begun.elapsed()));
            let hint = in_time(left, refused_template_hint(connection, outgoing, problem)).await;
            if let Some(hint) = hint.flatten() {
                problem.hint = hint;
            }
        }
        if matches!(delivery.outcome, Outcome::NotSent(_))
            && let Some(admission) = admission
            && let Err(error) = admission.reached.take_back()
        {
            let warning =
                format!("the recipient counts for limit_24h, although nothing was sent: {error}");
            self.context.stderr.warning(&warning);
        }
        if delivery.is_late {
            let problem =
                "the start was delayed for so long that another process may have sent the message";
            return Err(CommandError::guard(problem, "send it again"));
        }
        Ok(delivery)
    }

    /// Prints what the outcome means on stderr, and fills in the record.
    fn report(
        &self,
        outgoing: &Outgoing,
        delivery: Delivery,
        record: &mut Record,
        place: MessagePlace,
    ) -> ExitCode {
        let code = note_delivery(self.with_look_up(outgoing, delivery), record);
        let recipient = outgoing.recipient().as_str();
        if record.sent == Sent::Yes {
            self.report_accepted(recipient, record);
        }
        self.report_error(recipient, record, place);
        if let Some(note) = self.sender.settings.sandbox_note() {
            self.report_in_sandbox(note, outgoing, record, place);
        }
        code
    }

    /// Adds the command that looks for a message that may have been sent, except in the sandbox.
    fn with_look_up(&self, outgoing: &Outgoing, mut delivery: Delivery) -> Delivery {
        let settings = &self.sender.settings;
        if matches!(delivery.outcome, Outcome::Unknown(_))
            && !settings.is_sandboxed()
            && let Some(problem) = &mut delivery.problem
        {
            let to = to_flag(outgoing.recipient().as_str());
            let flags = settings.sender_flags();
            problem.hint = format!("{}: jelouctl messages list{flags} {to}", problem.hint);
        }
        delivery
    }

    fn report_accepted(&self, recipient: &str, record: &Record) {
        let what = if self.notify_timeout.is_some() {
            "the notification for"
        } else {
            "for"
        };
        let id = record
            .message_id
            .as_ref()
            .map(|id| format!(": {}", excerpt(id)))
            .unwrap_or_default();
        self.context.stderr.accepted(&format!(
            "{what} {recipient} from {}{id}",
            self.sender.description()
        ));
    }

    fn report_error(&self, recipient: &str, record: &Record, place: MessagePlace) {
        let Some(error) = &record.error else {
            return;
        };
        let state = match (self.notify_timeout, record.sent) {
            (Some(_), Sent::Unknown) => "the notification may have been sent",
            (Some(_), _) => "the notification was not sent",
            (None, Sent::Unknown) => "it may have been sent",
            (None, _) => "not sent",
        };
        let prefix = if place.are_several {
            format!("{recipient}: ")
        } else {
            String::new()
        };
        self.context.stderr.error(
            &format!("{prefix}{state}: {}", error.message),
            &[],
            error.hint.as_deref(),
        );
    }

    /// Prints once that nothing is sent to WhatsApp, and draws an accepted message.
    fn report_in_sandbox(
        &self,
        note: &str,
        outgoing: &Outgoing,
        record: &Record,
        place: MessagePlace,
    ) {
        let stderr = &self.context.stderr;
        if place.is_first {
            let page = self.sender.planned_base().to_string();
            // The sandbox does not show a message that did not reach it.
            let has_arrived = record.http_status.is_some();
            let is_shown = has_arrived && record.api_url.as_ref() == Some(&page);
            let shown = if is_shown {
                format!("; it is shown on {page}")
            } else {
                String::new()
            };
            stderr.note(&format!("{note}{shown}"));
        }
        if record.sent == Sent::Yes {
            let title = format!("{} would see:", outgoing.recipient());
            stderr.preview(&title, &outgoing.draw());
        }
    }

    /// Waits for the accepted messages.
    async fn wait_for_all(
        &self,
        connection: &mut Connection,
        sends: &mut Sends,
        wait: &DeliveryWait,
    ) {
        let mut indexes = Vec::new();
        let mut awaited = Vec::new();
        for (index, send) in sends.all.iter().enumerate() {
            if send.code.is_none()
                && let Some(outgoing) = &send.outgoing
            {
                indexes.push(index);
                awaited.push(AwaitedMessage {
                    outgoing: outgoing.clone(),
                    begun: send.begun,
                    id: send.report.record.message_id.clone(),
                });
            }
        }
        let are_several = sends.are_several();
        wait_for_deliveries(connection, &awaited, wait, |place, ended| {
            let index = indexes.get(place).copied().unwrap_or_default();
            let Some(send) = sends.all.get_mut(index) else {
                return;
            };
            let prefix = if are_several {
                send.prefix()
            } else {
                String::new()
            };
            send.report.record.delivery = Some(ended.delivery);
            send.code = Some(match ended.reached {
                Ok(state) => {
                    self.context.stderr.note(&format!("{prefix}{state}"));
                    ExitCode::Success
                }
                Err((problem, hint)) => {
                    let accepted = if self.notify_timeout.is_some() {
                        "the notification was accepted"
                    } else {
                        "accepted"
                    };
                    let message = format!("{prefix}{accepted}, but {problem}");
                    self.context.stderr.error(&message, &[], Some(&hint));
                    ExitCode::NotReached
                }
            });
            sends.put_out(self.context);
        })
        .await;
    }
}

/// Waits for the result of `work`; None if it took longer than `limit`.
async fn in_time<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}
