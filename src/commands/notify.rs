//! Sends the notifications of `run` at the same time, all within one limit: an unreachable recipient must not delay the
//! others. Their claims come first, one after another. The results are printed and logged in the order of the recipients.

use std::mem;
use std::time::{Duration, Instant};

use futures_util::future::{FutureExt, Shared};
use futures_util::stream::{FuturesOrdered, StreamExt};

use super::send::batch::{Batch, BatchMessage};
use super::send::claim::{Replay, SendPermission, in_time};
use super::send::deliver::{
    BatchOptions, error_ends_all, faults_for_user_ids, for_user_id, refuse_late,
};
use super::send::report::Reporter;
use crate::base::exit::ExitCode;
use crate::base::message::Message;
use crate::base::process::Signal;
use crate::base::timestamps::now;
use crate::command_error::CommandError;
use crate::jelou::api::{Deadline, Delivery, Event};
use crate::jelou::message::Outgoing;
use crate::phone::is_user_id;
use crate::sender::{Connection, RequestProgress, refuse_unusable};

/// A notification before its request.
struct PendingNotification {
    message: BatchMessage,
    /// None if it has ended, or if the error of another claim applies to it.
    turn: Option<Result<SendPermission, CommandError>>,
}

impl PendingNotification {
    /// Returns the message if its recipient may get it.
    fn to_be_sent(&self) -> Option<&Outgoing> {
        match &self.turn {
            Some(Ok(SendPermission::Replay(_)) | Err(_)) | None => None,
            Some(Ok(_)) => self.message.open_message(),
        }
    }

    fn claim_error(&self) -> Option<&CommandError> {
        self.turn.as_ref()?.as_ref().err()
    }
}

/// How a notification ended that is not reported yet.
enum NotificationEnd {
    Replayed(Replay),
    Delivered(ExitCode),
    Failed(CommandError),
}

/// What all requests of the notifications share.
struct Requests<'a, F: Future<Output = Signal>> {
    connection: &'a Connection,
    limit: Duration,
    /// Why a template cannot be sent to user ids.
    faults_for_user_ids: Vec<Message>,
    /// The signal that came before the first request.
    interrupted: Option<CommandError>,
    /// The first signal ends all requests, and the second one ends the attempts to save their outcomes.
    first_signal: Shared<F>,
    second_signal: Shared<F>,
}

impl BatchOptions<'_> {
    /// Sends every notification that has not ended, within `limit`, and then waits for them. Each is logged after all
    /// before it.
    pub(super) async fn notify_all(
        &mut self,
        connection: &mut Connection,
        batch: &mut Batch,
        limit: Duration,
        flight: &RequestProgress,
    ) {
        let notifications = self.take_turns(connection, batch).await;
        let to_be_sent = notifications.iter().filter_map(|one| one.to_be_sent());
        let checked = faults_for_user_ids(connection, to_be_sent).await;
        let mut claim_errors = notifications.iter().filter_map(|one| one.claim_error());
        let interrupted = claim_errors.find(|error| matches!(error.code, ExitCode::Signal(_)));
        let interrupted = interrupted.or(checked.as_ref().err()).cloned();
        let requests = Requests {
            connection,
            limit,
            interrupted,
            faults_for_user_ids: checked.unwrap_or_default(),
            first_signal: connection.signals.next().shared(),
            second_signal: connection.signals.next().shared(),
        };
        // After a panic, each of them may have been sent.
        flight.note(&Event::Attempt(1));
        self.report_each(notifications, requests, batch).await;
        flight.set_outcome_known();
        self.wait_for_accepted(connection, batch).await;
    }

    /// Claims the recipients one after another, until an error that applies to all others.
    async fn take_turns(
        &mut self,
        connection: &mut Connection,
        batch: &mut Batch,
    ) -> Vec<PendingNotification> {
        let Reporter {
            context, sender, ..
        } = self.reporter;
        let mut can_claim = true;
        let mut notifications = Vec::new();
        for mut message in mem::take(&mut batch.messages) {
            let mut turn = None;
            if can_claim && let Some(outgoing) = message.open_message() {
                let taken = self
                    .claims
                    .turn(context, connection, sender, outgoing)
                    .await;
                can_claim = !taken.as_ref().is_err_and(error_ends_all);
                message.record.api_url = Some(connection.base.to_string());
                message.record.key_check = self.claims.check();
                message.begun = Some(now());
                turn = Some(taken);
            }
            notifications.push(PendingNotification { message, turn });
        }
        notifications
    }

    /// Makes all requests, reports the results in order, and puts the messages back into the batch.
    async fn report_each<F: Future<Output = Signal>>(
        &self,
        notifications: Vec<PendingNotification>,
        requests: Requests<'_, F>,
        batch: &mut Batch,
    ) {
        let begun = Instant::now();
        let mut untried = None;
        let all = notifications.into_iter();
        let mut ending: FuturesOrdered<_> = all.map(|one| self.notify(&requests, one)).collect();
        while let Some((mut message, end)) = ending.next().await {
            if let (Some(NotificationEnd::Delivered(code)), Some(outgoing)) =
                (&end, &message.outgoing)
                && ending.is_empty()
            {
                // A hint must not delay another notification, nor take longer than the notifications may.
                let left = requests.limit.saturating_sub(begun.elapsed());
                let record = &mut message.record;
                let hint = self.add_template_hint(requests.connection, outgoing, *code, record);
                in_time(Some(left), hint).await;
            }
            let ends_all =
                matches!(&end, Some(NotificationEnd::Failed(error)) if error_ends_all(error));
            if let Some(end) = end {
                let code = self.report_end(end, &mut message);
                if ends_all {
                    untried = Some((code, message.record.error.clone()));
                }
            }
            batch.messages.push(message);
            batch.put_out(self.reporter.context);
        }
        if let Some((code, error)) = untried {
            batch.leave_untried(self.reporter.context, code, error.as_ref());
        }
    }

    /// Sends one notification in time, and saves its outcome.
    async fn notify<F: Future<Output = Signal>>(
        &self,
        requests: &Requests<'_, F>,
        notification: PendingNotification,
    ) -> (BatchMessage, Option<NotificationEnd>) {
        let PendingNotification { mut message, turn } = notification;
        let (Some(turn), Some(outgoing)) = (turn, &message.outgoing) else {
            return (message, None);
        };
        let end = match turn {
            Err(error) => NotificationEnd::Failed(error),
            Ok(SendPermission::Replay(replay)) => NotificationEnd::Replayed(replay),
            Ok(turn) => {
                let delivered = self.deliver_in_time(requests, outgoing, turn.begins_by());
                let record = &mut message.record;
                let delivery = delivered.await;
                let code = delivery.map(|delivery| self.note(outgoing, delivery, record));
                let stop = requests.next_signal();
                turn.end(self.reporter.context, stop, record).await;
                code.map_or_else(NotificationEnd::Failed, NotificationEnd::Delivered)
            }
        };
        (message, Some(end))
    }

    async fn deliver_in_time<F: Future<Output = Signal>>(
        &self,
        requests: &Requests<'_, F>,
        outgoing: &Outgoing,
        begins_by: Option<Deadline>,
    ) -> Result<Delivery, CommandError> {
        if let Some(error) = &requests.interrupted {
            return Err(error.clone());
        }
        let recipient = outgoing.recipient().as_str();
        if is_user_id(recipient) {
            refuse_unusable(&requests.faults_for_user_ids, for_user_id())?;
        }
        let flight = RequestProgress::default();
        let connection = requests.connection;
        let request = self.reporter.sender.request(&connection.base, outgoing);
        let named = self.reporter.named(recipient);
        let stop = requests.first_signal.clone();
        let retry_for = connection.retry_for;
        let delivered = connection.deliver(&request, named, retry_for, begins_by, &flight, stop);
        let delivery = in_time(Some(requests.limit), delivered).await;
        refuse_late(delivery.unwrap_or_else(|| flight.timeout_result(requests.limit)))
    }

    /// Prints the end of a notification, and returns its exit code.
    fn report_end(&self, end: NotificationEnd, message: &mut BatchMessage) -> ExitCode {
        let context = self.reporter.context;
        let ended = match end {
            NotificationEnd::Replayed(replay) => {
                replay.note(context, &mut message.record);
                // It may have been sent long before its state was written.
                message.begun = None;
                Ok(ExitCode::Success)
            }
            NotificationEnd::Delivered(code) => {
                if let Some(outgoing) = &message.outgoing {
                    self.report(outgoing, &message.record);
                }
                Ok(code)
            }
            NotificationEnd::Failed(error) => Err(error),
        };
        self.end(ended, message)
    }
}

impl<F: Future<Output = Signal>> Requests<'_, F> {
    /// Returns the next signal, also after the first one has ended the requests.
    fn next_signal(&self) -> Shared<F> {
        if self.first_signal.peek().is_some() {
            self.second_signal.clone()
        } else {
            self.first_signal.clone()
        }
    }
}
