//! Sends the notifications of `run` at the same time, all within one limit: an unreachable recipient must not delay the
//! others. Their claims come first, one after another. The results are printed and logged in the order of the recipients.

use std::mem;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::{FutureExt, Shared};
use futures_util::stream::{FuturesOrdered, StreamExt};

use super::claim::OnceSend;
use super::deliver::{
    MessagePlace, SendTerms, faults_for_user_ids, for_user_id, in_time, refuse_late,
};
use super::sends::Sends;
use super::turn::{Replay, Turn};
use crate::base::exit::ExitCode;
use crate::base::message::Message;
use crate::base::output::Record;
use crate::base::process::Signal;
use crate::base::timestamps::now;
use crate::command_error::CommandError;
use crate::jelou::api::{Deadline, Delivery, Event};
use crate::jelou::message::Outgoing;
use crate::phone::is_user_id;
use crate::sender::{Connection, RequestProgress, refuse_unusable};

/// A notification before its request.
struct PendingNotification {
    /// The index of its recipient.
    at: usize,
    outgoing: Outgoing,
    record: Record,
    turn: Result<Turn, CommandError>,
    /// What claimed the recipient.
    once: Option<Rc<OnceSend>>,
}

impl PendingNotification {
    /// Returns whether its recipient may get it.
    fn has_turn(&self) -> bool {
        matches!(&self.turn, Ok(turn) if !matches!(turn, Turn::Replay(_)))
    }
}

/// A notification that has ended, but is not reported.
struct EndedNotification {
    at: usize,
    outgoing: Outgoing,
    record: Record,
    end: NotificationEnd,
}

enum NotificationEnd {
    Replayed(Replay),
    Delivered(ExitCode),
    Failed(CommandError),
}

/// What all requests of the notifications share.
struct Requests<'a, F: Future<Output = Signal>> {
    connection: &'a Connection,
    limit: Duration,
    are_several: bool,
    /// Why a template cannot be sent to user ids.
    faults_for_user_ids: Vec<Message>,
    /// The signal that came before the first request.
    interrupted: Option<CommandError>,
    /// The first signal ends all requests, and the second one ends the attempts to save their outcomes.
    first_signal: Shared<F>,
    second_signal: Shared<F>,
}

impl SendTerms<'_> {
    /// Sends every notification that has not ended, and then waits for them. Each is logged and printed after all before it.
    pub(super) async fn notify_all(
        &mut self,
        connection: &mut Connection,
        sends: &mut Sends,
        flight: &RequestProgress,
    ) {
        let notifications = self.take_turns(connection, sends).await;
        let to_be_sent = notifications.iter().filter(|one| one.has_turn());
        let checked = faults_for_user_ids(connection, to_be_sent.map(|one| &one.outgoing)).await;
        let interrupted_turn = notifications.iter().find_map(interruption);
        let interrupted = interrupted_turn.or(checked.as_ref().err()).cloned();
        let requests = Requests {
            connection,
            limit: self.notify_timeout.unwrap_or_default(),
            are_several: sends.are_several(),
            faults_for_user_ids: checked.unwrap_or_default(),
            interrupted,
            first_signal: connection.signals.next().shared(),
            second_signal: connection.signals.next().shared(),
        };
        // After a panic, each of them may have been sent.
        flight.note(&Event::Attempt(1));
        self.report_each(notifications, requests, sends).await;
        flight.landed();
        self.wait_for_accepted(connection, sends).await;
    }

    /// Claims the recipients, until an error that applies to all others.
    async fn take_turns(
        &mut self,
        connection: &mut Connection,
        sends: &mut Sends,
    ) -> Vec<PendingNotification> {
        let mut notifications = Vec::new();
        for (at, send) in sends.all.iter_mut().enumerate() {
            let Some(outgoing) = send.open_message().cloned() else {
                continue;
            };
            let turn = self.turn(connection, &outgoing).await;
            let mut record = mem::take(&mut send.report.record);
            record.api_url = Some(connection.base.to_string());
            record.key_check = self.fallback.as_ref().and_then(|fallback| fallback.check);
            send.begun = Some(now());
            let is_last = turn.as_ref().is_err_and(ends_all);
            notifications.push(PendingNotification {
                at,
                outgoing,
                record,
                turn,
                once: self.once.clone(),
            });
            if is_last {
                break;
            }
        }
        notifications
    }

    /// Makes all requests, and reports the results in order.
    async fn report_each<F: Future<Output = Signal>>(
        &self,
        notifications: Vec<PendingNotification>,
        requests: Requests<'_, F>,
        sends: &mut Sends,
    ) {
        let begun = Instant::now();
        let all = notifications.into_iter();
        let mut ending: FuturesOrdered<_> = all.map(|one| self.notify(&requests, one)).collect();
        let mut is_first = true;
        while let Some(mut ended) = ending.next().await {
            let is_last = ending.is_empty();
            if let NotificationEnd::Delivered(code) = ended.end
                && is_last
            {
                // A hint must not delay another notification, nor take longer than the notifications may.
                let left = requests.limit.saturating_sub(begun.elapsed());
                let record = &mut ended.record;
                let hint =
                    self.add_template_hint(requests.connection, &ended.outgoing, code, record);
                in_time(Some(left), hint).await;
            }
            let place = MessagePlace {
                is_first,
                are_several: requests.are_several,
            };
            is_first = false;
            self.report_ended(ended, place, is_last, sends);
        }
    }

    /// Sends one notification in time, and saves its outcome.
    async fn notify<F: Future<Output = Signal>>(
        &self,
        requests: &Requests<'_, F>,
        notification: PendingNotification,
    ) -> EndedNotification {
        let PendingNotification {
            at,
            outgoing,
            mut record,
            turn,
            once,
        } = notification;
        let end = match turn {
            Err(error) => NotificationEnd::Failed(error),
            Ok(Turn::Replay(replay)) => NotificationEnd::Replayed(replay),
            Ok(turn) => {
                let delivered = self
                    .deliver_in_time(requests, &outgoing, turn.begins_by())
                    .await;
                let code = delivered.map(|delivery| self.note(&outgoing, delivery, &mut record));
                let once = once.as_deref();
                self.end_turn(turn, once, requests.next_signal(), &record)
                    .await;
                code.map_or_else(NotificationEnd::Failed, NotificationEnd::Delivered)
            }
        };
        EndedNotification {
            at,
            outgoing,
            record,
            end,
        }
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
        let request = self.request(&connection.base, outgoing);
        let named = requests.are_several.then_some(recipient);
        let stop = requests.first_signal.clone();
        let retry_for = connection.retry_for;
        let delivered = connection.deliver(&request, named, retry_for, begins_by, &flight, stop);
        let delivery = in_time(Some(requests.limit), delivered).await;
        refuse_late(delivery.unwrap_or_else(|| flight.given_up(requests.limit)))
    }

    /// Prints and logs the end of a notification. After an error that applies to all others, the last one ends those that
    /// were not tried.
    fn report_ended(
        &self,
        ended: EndedNotification,
        place: MessagePlace,
        is_last: bool,
        sends: &mut Sends,
    ) {
        let Some(send) = sends.all.get_mut(ended.at) else {
            return;
        };
        send.report.record = ended.record;
        let record = &mut send.report.record;
        let end = match ended.end {
            NotificationEnd::Replayed(replay) => {
                replay.note(self.context, record);
                // It may have been sent long before its state was written.
                send.begun = None;
                Ok(ExitCode::Success)
            }
            NotificationEnd::Delivered(code) => {
                self.report(&ended.outgoing, record, place);
                Ok(code)
            }
            NotificationEnd::Failed(error) => Err(error),
        };
        let ends_all = end.as_ref().is_err_and(ends_all);
        let code = self.end(end, send, place.are_several);
        if ends_all && is_last {
            let error = send.report.record.error.clone();
            self.end_rest(sends, ended.at, code, error.as_ref());
        }
        sends.put_out(self.context);
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

/// Returns whether the error of a claim applies to all recipients.
fn ends_all(error: &CommandError) -> bool {
    error.ledger.is_some() || matches!(error.code, ExitCode::Signal(_))
}

fn interruption(notification: &PendingNotification) -> Option<&CommandError> {
    let error = notification.turn.as_ref().err();
    error.filter(|error| matches!(error.code, ExitCode::Signal(_)))
}
