//! Sends the messages of a command one after another, each with its claim, its place in the limit and its report; then
//! waits for all of them together. The first message shows whether the others can be sent: after refused credentials or a
//! signal, they are not tried. `notify.rs` sends the notifications of `run` at the same time instead.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use super::claim::{OnceFallback, OnceSend, PATIENCE};
use super::limited_send::LimitedSend;
use super::recipients::to_flag;
use super::result::{note_delivery, note_error_as};
use super::sends::{RecipientSend, SendReport, Sends};
use super::turn::Turn;
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Record, RecordError, Sent};
use crate::base::process::Signal;
use crate::base::timestamps::now;
use crate::command_error::{CommandError, Phase};
use crate::jelou::api::{Deadline, Delivery, Outcome, Request, excerpt};
use crate::jelou::message::{Outgoing, TemplateUses};
use crate::phone::is_user_id;
use crate::sender::config::ApiUrl;
use crate::sender::context::Context;
use crate::sender::{
    AwaitedMessage, Connection, DeliveryWait, RequestProgress, Sender, check_templates,
    refuse_unusable, refused_template_hint, wait_for_deliveries,
};

/// What all messages of a command share, set before the first is sent.
pub(crate) struct SendTerms<'a> {
    pub(super) context: &'a Context,
    pub(super) sender: &'a Sender,
    pub(super) once: Option<Rc<OnceSend>>,
    /// What to do if the ledger of `once` fails; None if the message is then not sent.
    pub(super) fallback: Option<OnceFallback>,
    pub(super) limit: Option<LimitedSend>,
    pub(super) wait: Option<DeliveryWait>,
    /// How long the notifications of `run` may take; None for `send`.
    pub(super) notify_timeout: Option<Duration>,
}

/// The position of a message among the messages of a command.
#[derive(Clone, Copy)]
pub(super) struct MessagePlace {
    pub(super) is_first: bool,
    pub(super) are_several: bool,
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
                are_several,
            };
            is_first = false;
            let ended = self.send(connection, send, flight, place).await;
            flight.landed();
            let is_of_ledger = ended.as_ref().is_err_and(|error| error.ledger.is_some());
            let code = self.end(ended, send, are_several);
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
        self.wait_for_accepted(connection, sends).await;
    }

    /// Ends the message with its exit code or error, unless its delivery is awaited.
    pub(super) fn end(
        &self,
        ended: Result<ExitCode, CommandError>,
        send: &mut RecipientSend,
        are_several: bool,
    ) -> ExitCode {
        let code = ended.unwrap_or_else(|error| self.note_error(error, send, are_several));
        let is_awaited = send.report.record.sent == Sent::Yes && self.wait.is_some();
        if is_awaited {
            // Logged now, because the process could be killed while it waits.
            send.report.log(self.context, code);
        } else {
            send.code = Some(code);
        }
        code
    }

    /// Prints what has ended, and waits for the accepted messages if wanted.
    pub(super) async fn wait_for_accepted(&self, connection: &mut Connection, sends: &mut Sends) {
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
            let recipient = send.name();
            let message = msg!(
                "{recipient}: accepted, but interrupted before the wait",
                recipient
            );
            self.context.stderr.error(message, &[], None);
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
        let recipient = are_several.then(|| send.name());
        let phase = if are_several {
            Phase::OneOfSeveral
        } else {
            Phase::SingleSend
        };
        let tell = |problem| {
            let problem = match self.notify_timeout {
                Some(_) => unsent_notification(&problem),
                None => problem,
            };
            of_recipient(recipient.as_deref(), problem)
        };
        note_error_as(
            self.context,
            tell,
            error.in_phase(phase),
            &mut send.report.record,
        )
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
    pub(super) fn end_rest(
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
        let recipients = recipients.join(", ");
        self.context
            .stderr
            .warning(msg!("not tried and not sent: {recipients}", recipients));
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
                let code = delivery.map(|delivery| self.note(outgoing, delivery, record));
                // Reported first: saving the outcome can take some seconds.
                if let Ok(code) = code {
                    self.add_template_hint(connection, outgoing, code, record)
                        .await;
                    self.report(outgoing, record, place);
                }
                let stop = connection.signals.next();
                self.end_turn(turn, self.once.as_deref(), stop, record)
                    .await;
                code?
            }
        };
        Ok(code)
    }

    /// Claims the recipient with the key, or marks a notification that is sent unchecked.
    pub(super) async fn turn(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing,
    ) -> Result<Turn, CommandError> {
        // A notification gets no second chance, so it does not wait for a process that may be suspended.
        let patience = self.notify_timeout.map(|limit| limit.min(PATIENCE));
        loop {
            let Some(once) = &self.once else {
                let recipient = outgoing.recipient().as_str();
                let fallback = self.fallback.as_mut();
                return fallback.map_or(Ok(Turn::Free), |fallback| {
                    fallback.turn(self.context, recipient)
                });
            };
            let turn = in_time(patience, once.turn(connection, self.sender, outgoing)).await;
            let turn = turn.unwrap_or_else(|| Err(once.kept_by_another(patience)));
            match (turn, &mut self.fallback) {
                (Err(problem), Some(fallback)) if OnceFallback::applies_to(&problem) => {
                    self.once = fallback.next(self.context, &problem).map(Rc::new);
                }
                (turn, _) => return turn,
            }
        }
    }

    /// Saves the outcome of a message, as the `record` has it, with the key that claimed it.
    pub(super) async fn end_turn(
        &self,
        turn: Turn,
        once: Option<&OnceSend>,
        stop: impl Future<Output = Signal>,
        record: &Record,
    ) {
        match turn {
            Turn::Claimed(held) => {
                if let Some(once) = once {
                    once.end(held, self.context, stop, record).await;
                }
            }
            Turn::Marked(held) => {
                if let Err(error) = held.end(record.sent) {
                    self.context.stderr.warning(msg!(
                        "cannot save the outcome of the unchecked notification: {problem}",
                        problem = error
                    ));
                }
            }
            Turn::Free | Turn::Replay(_) => {}
        }
    }

    async fn deliver(
        &self,
        connection: &mut Connection,
        outgoing: &Outgoing,
        begins_by: Option<Deadline>,
        flight: &RequestProgress,
        place: MessagePlace,
    ) -> Result<Delivery, CommandError> {
        let faults = faults_for_user_ids(connection, [outgoing]).await?;
        refuse_unusable(&faults, for_user_id())?;
        let admission = match &self.limit {
            Some(limit) => Some(limit.admit(connection, outgoing).await?),
            None => None,
        };
        let until = admission.as_ref().map(|admission| admission.begins_by);
        let begins_by = begins_by.into_iter().chain(until).min();
        let request = self.request(&connection.base, outgoing);
        let recipient = place.are_several.then_some(outgoing.recipient().as_str());
        let stop = connection.signals.next();
        let retry_for = connection.retry_for;
        let delivered = connection.deliver(&request, recipient, retry_for, begins_by, flight, stop);
        let delivery = delivered.await;
        if matches!(delivery.outcome, Outcome::NotSent(_))
            && let Some(admission) = admission
            && let Err(error) = admission.reached.take_back()
        {
            let warning = msg!(
                "the recipient counts for limit_24h, although nothing was sent: {problem}",
                problem = error.message
            );
            self.context.stderr.warning(warning);
        }
        refuse_late(delivery)
    }

    /// Fills in the record of a message with its outcome.
    pub(super) fn note(
        &self,
        outgoing: &Outgoing,
        delivery: Delivery,
        record: &mut Record,
    ) -> ExitCode {
        note_delivery(self.with_look_up(outgoing, delivery), record)
    }

    /// Adds what is wrong with the template of a rejected message.
    pub(super) async fn add_template_hint(
        &self,
        connection: &Connection,
        outgoing: &Outgoing,
        code: ExitCode,
        record: &mut Record,
    ) {
        if code == ExitCode::Rejected
            && let Some(error) = &mut record.error
            && let Some(api_code) = &error.api_code
            && let Some(hint) = refused_template_hint(connection, outgoing, api_code).await
        {
            error.hint = Some(hint);
        }
    }

    /// Prints the outcome of a message, as its record has it.
    pub(super) fn report(&self, outgoing: &Outgoing, record: &Record, place: MessagePlace) {
        let recipient = outgoing.recipient().as_str();
        if record.sent == Sent::Yes {
            self.report_accepted(recipient, record);
        }
        self.report_error(recipient, record, place);
        if let Some(note) = self.sender.settings.sandbox_note() {
            self.report_in_sandbox(note, outgoing, record, place);
        }
        let is_awaited = self.wait.is_some();
        if record.sent == Sent::Yes && !is_awaited && is_user_id(recipient) {
            self.context.stderr.note(msg!(
                "WhatsApp may silently drop a message to a user id; to confirm delivery: --wait delivered"
            ));
        }
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
            problem.hint = msg!(
                "{hint}: jelouctl messages list{flags} {to}",
                hint = problem.hint,
                flags,
                to
            );
        }
        delivery
    }

    fn report_accepted(&self, recipient: &str, record: &Record) {
        let sender = self.sender.description();
        let accepted = match self.notify_timeout {
            Some(_) => msg!(
                "the notification for {recipient} from {sender}",
                recipient,
                sender
            ),
            None => msg!("for {recipient} from {sender}", recipient, sender),
        };
        let accepted = match &record.message_id {
            Some(id) => msg!("{accepted}: {id}", accepted, id = excerpt(id)),
            None => accepted,
        };
        self.context.stderr.accepted(accepted);
    }

    fn report_error(&self, recipient: &str, record: &Record, place: MessagePlace) {
        let Some(error) = &record.error else {
            return;
        };
        let problem = error.message.clone();
        let message = match (self.notify_timeout, record.sent) {
            (Some(_), Sent::Unknown) => {
                msg!("the notification may have been sent: {problem}", problem)
            }
            (Some(_), _) => unsent_notification(&problem),
            (None, Sent::Unknown) => msg!("it may have been sent: {problem}", problem),
            (None, _) => msg!("not sent: {problem}", problem),
        };
        let message = of_recipient(place.are_several.then_some(recipient), message);
        self.context.stderr.error(message, &[], error.hint.as_ref());
    }

    /// Prints once that nothing is sent to WhatsApp, and draws an accepted message.
    fn report_in_sandbox(
        &self,
        note: Message,
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
            stderr.note(if is_shown {
                msg!("{note}; it is shown on {page}", note, page)
            } else {
                note
            });
        }
        if record.sent == Sent::Yes {
            let recipient = outgoing.recipient().as_str();
            stderr.preview(
                msg!("{recipient} would see:", recipient),
                &outgoing.draw(self.context.lang()),
            );
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
            let recipient = are_several.then(|| send.name());
            let recipient = recipient.as_deref();
            send.report.record.delivery = Some(ended.delivery);
            send.code = Some(match ended.reached {
                Ok(state) => {
                    self.context.stderr.note(of_recipient(recipient, state));
                    ExitCode::Success
                }
                Err((problem, hint)) => {
                    let message = match self.notify_timeout {
                        Some(_) => msg!("the notification was accepted, but {problem}", problem),
                        None => msg!("accepted, but {problem}", problem),
                    };
                    let message = of_recipient(recipient, message);
                    self.context.stderr.error(message, &[], Some(&hint));
                    ExitCode::NotReached
                }
            });
            sends.put_out(self.context);
        })
        .await;
    }
}

/// Names the recipient of a sentence, if there are several.
fn of_recipient(recipient: Option<&str>, told: Message) -> Message {
    match recipient {
        Some(recipient) => msg!("{recipient}: {told}", recipient, told),
        None => told,
    }
}

pub(super) fn unsent_notification(problem: &Message) -> Message {
    msg!("the notification was not sent: {problem}", problem)
}

/// Returns the hint for a template for authentication to a user id.
pub(super) fn for_user_id() -> Message {
    msg!("send it to the recipient's phone number")
}

/// Returns why the templates of these messages cannot be sent to their user ids: WhatsApp may silently drop a template for
/// authentication.
///
/// # Errors
/// If a signal arrives.
pub(super) async fn faults_for_user_ids(
    connection: &mut Connection,
    messages: impl IntoIterator<Item = &Outgoing>,
) -> Result<Vec<Message>, CommandError> {
    let mut uses = TemplateUses::default();
    for outgoing in messages {
        uses.note(outgoing);
    }
    uses.uses.retain(|wanted| wanted.goes_to_user_id);
    let checked = check_templates(connection, &uses, false).await?;
    Ok(checked.faults)
}

/// Returns the delivery.
///
/// # Errors
/// If its deadline passed before its first byte.
pub(super) fn refuse_late(delivery: Delivery) -> Result<Delivery, CommandError> {
    if delivery.is_late {
        let problem = msg!(
            "the start was delayed for so long that another process may have sent the message"
        );
        return Err(CommandError::guard(problem, msg!("send it again")));
    }
    Ok(delivery)
}

/// Waits for the result of `work`; None if it took longer than `limit`.
pub(super) async fn in_time<T>(
    limit: Option<Duration>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}
