//! Sends the messages of a batch one after another, each with its claim, its place in the messaging limit and its report;
//! then waits for all of them together. The first message shows whether the others can be sent: after refused credentials
//! or a signal, they are not tried. `commands/notify.rs` sends the notifications of `run` at the same time instead.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::batch::{Batch, BatchMessage};
use super::claim::{Claims, SendPermission};
use super::report::{Reporter, note_delivery};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Record, RecordError, Retry, Sent};
use crate::base::timestamps::{now, time_value};
use crate::command_error::CommandError;
use crate::commands::open_ledger::{open_ledger_for_send, wait_for_turn};
use crate::jelou::api::{Deadline, Delivery, Outcome};
use crate::jelou::message::{Outgoing, TemplateUses, sends_template, to_flag};
use crate::runs::ledger::{Ledger, ReachEntry, ReachKey, SendLimit};
use crate::sender::config::Settings;
use crate::sender::{
    AwaitedMessage, Connection, DeliveryWait, ProfileRules, RequestProgress, check_templates,
    refuse_unusable, refused_template_hint, wait_for_deliveries,
};

/// What all messages of a batch share.
pub(crate) struct BatchOptions<'a> {
    pub(crate) reporter: Reporter<'a>,
    pub(crate) claims: Claims,
    /// Whether to send a template above the messaging limit.
    pub(crate) over_limit: bool,
    limit: Option<MessagingLimit>,
    pub(crate) wait: Option<DeliveryWait>,
}

impl<'a> BatchOptions<'a> {
    pub(crate) fn new(reporter: Reporter<'a>) -> Self {
        Self {
            reporter,
            claims: Claims::default(),
            over_limit: false,
            limit: None,
            wait: None,
        }
    }

    /// Checks the messages by the profile's rules as they are now.
    ///
    /// # Errors
    /// If the rules cannot be read, or a recipient may not get its message.
    pub(super) fn check_again(&mut self, batch: &mut Batch) -> Result<(), CommandError> {
        let Reporter {
            context, sender, ..
        } = self.reporter;
        let sought = batch.sought();
        let rules = ProfileRules::unread(&sender.settings);
        let rules = rules.read_again(context, sought.as_ref())?;
        let has_key = self.claims.has_key();
        batch.check(context, sender, &rules.settings, &rules.exclusions, has_key)?;
        self.limit_recipients(&rules.settings, batch)?;
        batch.refuse()
    }

    /// Opens the ledger for the messaging limit of `profile`, and refuses the recipients of `batch` that it has no room
    /// for. A single recipient is counted just before its request.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub(super) fn limit_recipients(
        &mut self,
        profile: &Settings,
        batch: &mut Batch,
    ) -> Result<(), CommandError> {
        // The messages differ only in the recipient.
        let outgoing = batch.outgoing().next();
        self.limit = match outgoing {
            Some(outgoing) => {
                MessagingLimit::open(&self.reporter, profile, outgoing, self.over_limit)?
            }
            None => None,
        };
        let Some(limit) = self.limit.as_ref().filter(|_| batch.are_several()) else {
            return Ok(());
        };
        let mut messages = Vec::new();
        for message in batch.open() {
            // A recipient that gets nothing with the key needs no room.
            if self.claims.is_free(&message.recipient())? {
                messages.push(message);
            }
        }
        limit.refuse_without_room(&mut messages)
    }

    /// Sends every message that has not ended, in order, and then waits for them. Each is logged and printed as it ends.
    pub(crate) async fn send_all(
        &mut self,
        connection: &mut Connection,
        batch: &mut Batch,
        flight: &RequestProgress,
    ) {
        let context = self.reporter.context;
        let mut has_begun = false;
        for at in 0..batch.messages.len() {
            let message = batch.messages.get_mut(at);
            let Some(message) = message.filter(|message| message.code.is_none()) else {
                continue;
            };
            if has_begun && let Some(signal) = connection.signals.came() {
                let error = CommandError::interrupted(signal);
                let in_record = RecordError::from(&error);
                batch.leave_untried(context, error.code, Some(&in_record));
                break;
            }
            has_begun = true;
            let ended = self.send_one(connection, message, flight).await;
            flight.set_outcome_known();
            let ends_all = match &ended {
                Ok(code) => code_ends_all(*code),
                Err(error) => error_ends_all(error),
            };
            let code = self.end(ended, message);
            if ends_all {
                let mut error = message.record.error.clone();
                if message.record.sent == Sent::Unknown
                    && let Some(error) = &mut error
                {
                    // It says how to ask this recipient.
                    error.hint = None;
                }
                batch.leave_untried(context, code, error.as_ref());
                break;
            }
            batch.put_out(context);
        }
        self.wait_for_accepted(connection, batch).await;
    }

    /// Sends one message, and reports its outcome.
    pub(crate) async fn send_one(
        &mut self,
        connection: &mut Connection,
        message: &mut BatchMessage,
        flight: &RequestProgress,
    ) -> Result<ExitCode, CommandError> {
        let BatchMessage {
            outgoing: Some(outgoing),
            record,
            begun,
            ..
        } = message
        else {
            return Ok(ExitCode::Success);
        };
        *begun = Some(now());
        record.api_url = Some(connection.base.to_string());
        let Reporter {
            context, sender, ..
        } = self.reporter;
        let turn = self.claims.turn(context, connection, sender, outgoing);
        let turn = match turn.await? {
            SendPermission::Replay(replay) => {
                replay.note(context, record);
                // The message may have been sent long before its state was written.
                *begun = None;
                return Ok(ExitCode::Success);
            }
            turn => turn,
        };
        let delivered = self.deliver(connection, outgoing, turn.begins_by(), flight);
        let delivery = delivered.await;
        let code = delivery.map(|delivery| self.note(outgoing, delivery, record));
        // Reported first: saving the outcome can take some seconds.
        if let Ok(code) = code {
            self.add_template_hint(connection, outgoing, code, record)
                .await;
            self.report(outgoing, record);
        }
        let stop = connection.signals.next();
        turn.end(context, stop, record).await;
        code
    }

    async fn deliver(
        &self,
        connection: &mut Connection,
        outgoing: &Outgoing,
        begins_by: Option<Deadline>,
        flight: &RequestProgress,
    ) -> Result<Delivery, CommandError> {
        let faults = faults_for_user_ids(connection, [outgoing]).await?;
        refuse_unusable(&faults, for_user_id())?;
        let admission = match &self.limit {
            Some(limit) => Some(limit.admit(connection, outgoing).await?),
            None => None,
        };
        let until = admission.as_ref().map(|admission| admission.begins_by);
        let begins_by = begins_by.into_iter().chain(until).min();
        let request = self.reporter.sender.request(&connection.base, outgoing);
        let recipient = self.reporter.named(outgoing.recipient().as_str());
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
            self.reporter.context.stderr.warning(warning);
        }
        refuse_late(delivery)
    }

    /// Fills in the record of a message with its outcome, and the command that looks for a message that may have been sent.
    pub(crate) fn note(
        &self,
        outgoing: &Outgoing,
        mut delivery: Delivery,
        record: &mut Record,
    ) -> ExitCode {
        let settings = &self.reporter.sender.settings;
        if matches!(delivery.outcome, Outcome::Unknown(_))
            && !settings.is_sandboxed()
            && let Some(problem) = &mut delivery.problem
        {
            problem.hint = msg!(
                "{hint}: jelouctl messages list{flags} {to}",
                hint = problem.hint,
                flags = settings.sender_flags(),
                to = to_flag(outgoing.recipient().as_str())
            );
        }
        note_delivery(delivery, record)
    }

    /// Adds what is wrong with the template of a rejected message.
    pub(crate) async fn add_template_hint(
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

    pub(crate) fn report(&self, outgoing: &Outgoing, record: &Record) {
        self.reporter.outcome(outgoing, record, self.wait.is_some());
    }

    /// Ends the message with its exit code or error, unless its delivery is awaited.
    pub(crate) fn end(
        &self,
        ended: Result<ExitCode, CommandError>,
        message: &mut BatchMessage,
    ) -> ExitCode {
        let code = ended.unwrap_or_else(|error| {
            let recipient = message.recipient();
            self.reporter
                .error(error, Some(&recipient), &mut message.record)
        });
        let is_awaited = message.record.sent == Sent::Yes && self.wait.is_some();
        if is_awaited {
            // Logged now, because the process could be killed while it waits.
            message.log(self.reporter.context, code);
        } else {
            message.code = Some(code);
        }
        code
    }

    /// Prints what has ended, and waits for the accepted messages if wanted.
    pub(crate) async fn wait_for_accepted(&self, connection: &mut Connection, batch: &mut Batch) {
        batch.put_out(self.reporter.context);
        let is_interrupted = matches!(batch.exit_code(), ExitCode::Signal(_));
        match &self.wait {
            Some(_) if is_interrupted => self.leave_unawaited(batch),
            Some(wait) => self.wait_for_all(connection, batch, wait).await,
            None => {}
        }
    }

    /// Reports a signal that came before the wait for the accepted messages.
    fn leave_unawaited(&self, batch: &mut Batch) {
        let context = self.reporter.context;
        for message in batch.open() {
            let told = msg!("accepted, but interrupted before the wait");
            let recipient = message.recipient();
            context.stderr.error(
                msg!("{recipient}: {told}", recipient, told = told.clone()),
                &[],
                None,
            );
            message.end_unreached(told, None);
        }
        batch.put_out(context);
    }

    /// Waits for the accepted messages.
    async fn wait_for_all(
        &self,
        connection: &mut Connection,
        batch: &mut Batch,
        wait: &DeliveryWait,
    ) {
        let mut awaited = Vec::new();
        for (place, message) in batch.messages.iter().enumerate() {
            if let Some(outgoing) = message.open_message() {
                awaited.push(AwaitedMessage {
                    place,
                    outgoing: outgoing.clone(),
                    begun: message.begun,
                    id: message.record.message_id.clone(),
                });
            }
        }
        wait_for_deliveries(connection, &awaited, wait, |place, ended| {
            if let Some(message) = batch.messages.get_mut(place) {
                let recipient = message.recipient();
                message.record.delivery = Some(ended.delivery);
                let record = &mut message.record;
                message.code = Some(self.reporter.wait_end(&recipient, ended.reached, record));
            }
            batch.put_out(self.reporter.context);
        })
        .await;
    }
}

/// Returns whether a message with this end shows that no other can be sent.
fn code_ends_all(code: ExitCode) -> bool {
    matches!(
        code,
        ExitCode::Configuration | ExitCode::Credentials | ExitCode::Signal(_)
    )
}

/// Returns whether the error of one message applies to all others.
pub(crate) fn error_ends_all(error: &CommandError) -> bool {
    error.ledger.is_some() || code_ends_all(error.code)
}

/// Returns the hint for a template for authentication to a user id.
pub(crate) fn for_user_id() -> Message {
    msg!("send it to the recipient's phone number")
}

/// Returns why the templates of these messages cannot be sent to their user ids: WhatsApp may silently drop a template for
/// authentication.
///
/// # Errors
/// If a signal arrives.
pub(crate) async fn faults_for_user_ids(
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
pub(crate) fn refuse_late(delivery: Delivery) -> Result<Delivery, CommandError> {
    if delivery.is_late {
        let problem = msg!(
            "the start was delayed for so long that another process may have sent the message"
        );
        let error = CommandError::guard(problem, msg!("send it again"));
        return Err(error.with_retry(Retry::Later));
    }
    Ok(delivery)
}

/// The maximum time between the count of a recipient and the first attempt of the send.
const LONGEST_START: Duration = Duration::from_secs(30);

/// The limit of a profile: how many different recipients its bot may send templates to in 24 hours.
pub(crate) struct MessagingLimit {
    ledger: Ledger,
    reach_key: ReachKey,
    /// None with `--over-limit`.
    limit: Option<u32>,
    /// The zone of the times in its errors.
    zone: TimeZone,
}

/// The permission to send one message within the limit.
struct Admission {
    reached: ReachEntry,
    /// The deadline for its first byte.
    begins_by: Deadline,
}

impl MessagingLimit {
    /// Opens the ledger for the limit of `profile`. None without a limit, for a message that is not a
    /// template, and in the sandbox.
    fn open(
        reporter: &Reporter<'_>,
        profile: &Settings,
        outgoing: &Outgoing,
        is_over_allowed: bool,
    ) -> Result<Option<Self>, CommandError> {
        let sender = reporter.sender;
        let settings = &sender.settings;
        let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
        let is_limited = is_template && !settings.is_sandboxed();
        let Some(limit) = profile.limit_24h.filter(|_| is_limited) else {
            return Ok(None);
        };
        let ledger = open_ledger_for_send(reporter.context)?;
        let lag = (2 * settings.timeout)
            .saturating_add(settings.retry_for)
            .saturating_add(LONGEST_START);
        let reach_key = ReachKey::new(&sender.bot, &settings.api_url.as_key(), lag);
        Ok(Some(Self {
            ledger,
            reach_key,
            limit: (!is_over_allowed).then_some(limit),
            zone: settings.hours.zone(),
        }))
    }

    /// Refuses the messages that the limit has no room for, if all are sent in order.
    fn refuse_without_room(&self, messages: &mut [&mut BatchMessage]) -> Result<(), CommandError> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let recipients: Vec<_> = messages.iter().map(|each| each.recipient()).collect();
        let recipients: Vec<_> = recipients.iter().map(String::as_str).collect();
        let places = self
            .ledger
            .without_room(&self.reach_key, &recipients, limit)?;
        for place in places {
            if let Some(message) = messages.get_mut(place) {
                let problem = msg!(
                    "{recipient}: limit_24h ({limit} recipients) has no room",
                    recipient = message.recipient(),
                    limit
                );
                let hint = msg!("to send anyway: --over-limit");
                let error = CommandError::guard(problem, hint);
                message.refusal = Some(error.with_retry(Retry::Later));
            }
        }
        Ok(())
    }

    /// Counts the recipient of the message. It must be sent soon: otherwise the recipient counts for too short a time.
    ///
    /// # Errors
    /// If the limit is reached, the ledger cannot be used, or a signal came first.
    async fn admit(
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
                let problem = msg!(
                    "limit_24h is reached until {until}: it allows templates to {limit} {limit|recipient|recipients}",
                    until = time_value(&self.zone, until),
                    limit = self.limit.unwrap_or_default()
                );
                let hint = msg!("to send now: --over-limit");
                Err(CommandError::guard(problem, hint).with_retry(Retry::Later))
            }
        }
    }
}
