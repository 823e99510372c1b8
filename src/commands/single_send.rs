//! One message, for `send`, `run` and the test of a list: its flags, its sender, who must not be written to; it is
//! delivered, and its outcome is reported and logged.

use std::future::Future;
use std::mem;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::claim::OnceSend;
use super::limited_send::LimitedSend;
use super::result::note_delivery;
use crate::base::exit::ExitCode;
use crate::base::input::Source;
use crate::base::output::{Record, Sent};
use crate::base::timestamps::now;
use crate::command_error::CommandError;
use crate::jelou::api::{Deadline, Delivery, DeliveryState, Outcome, Request, excerpt};
use crate::jelou::message::{Outgoing, RecipientSources, TemplateUses};
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::phone::{Country, is_user_id};
use crate::runs::once::OnceKey;
use crate::sender::config::{ApiUrl, Settings, timeout};
use crate::sender::context::Context;
use crate::sender::{
    AuditLog, Connection, DeliveryWait, RequestProgress, Sender, claim_exclusions,
    read_environment, read_exclusions, read_settings, refuse_templates, wait_for_delivery,
};

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct SingleSendArgs {
    /// Recipient: 593987654321 [env: JELOU_TO]
    ///
    /// A phone number with country code, a WhatsApp user id, or `id:USER` of another channel.
    #[arg(long, value_name = "RECIPIENT", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,

    /// Set the country of local numbers: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// Refuse to send to the recipients on this list (repeatable)
    ///
    /// A file with one number, user id or `id:RECIPIENT` per line, or a list file with a header. List the phone number
    /// too: a new number gets a new user id.
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath, display_order = 900)]
    exclude: Vec<Source>,

    /// Send each person at most one message for this key, whatever the text
    ///
    /// A person who got a message of this bot under the key gets no second one: nothing is sent, and the command ends
    /// with 0 and prints the id of the first. It ends with 8 where the first may have been sent, and with 11 while
    /// another process sends it. A message that was refused can be sent again. `jelouctl once` manages the keys.
    #[arg(long, value_name = "KEY", display_order = 901)]
    pub(super) once: Option<OnceKey>,

    /// Wait until the person got it; exit with 15 if not
    ///
    /// Once the message is accepted, Jelou is asked until it is delivered or read. 15 means that it was accepted, but
    /// failed later or has not come so far in time. That is not a reason to send it again: the person may get both.
    #[arg(long, value_name = "STATE", value_parser = goal(), display_order = 902)]
    wait: Option<DeliveryState>,

    /// Wait this long with --wait [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout, display_order = 903)]
    within: Option<Duration>,
}

/// A send cannot wait for a reply.
fn goal() -> impl TypedValueParser<Value = DeliveryState> {
    PossibleValuesParser::new(["delivered", "read"]).map(|name| DeliveryState::from_name(&name))
}

impl SingleSendArgs {
    /// The configuration, and where the recipient may be named.
    pub(super) fn read(
        &self,
        context: &mut Context,
    ) -> Result<(Settings, RecipientSources), CommandError> {
        claim_exclusions(context, &self.exclude)?;
        let environment = read_environment()?;
        let settings = read_settings(context, &environment)?;
        let country = self.country.or(settings.country);
        Ok((
            settings,
            RecipientSources {
                flag: self.to.clone(),
                environment: environment.to,
                country,
            },
        ))
    }

    pub(super) fn wait(&self) -> Option<DeliveryWait> {
        let within = self.within.unwrap_or(DeliveryWait::DEFAULT);
        self.wait.clone().map(|goal| DeliveryWait { goal, within })
    }

    /// The sender and the people who must not be written to, once it is checked that `outgoing` may be sent; `told`
    /// knows of all three.
    ///
    /// # Errors
    /// If settings are missing, a list cannot be read, or it may not be sent.
    pub(super) fn guarded(
        &self,
        context: &Context,
        settings: Settings,
        outgoing: &Outgoing,
        told: &mut SendReport,
    ) -> Result<(Sender, Exclusions), CommandError> {
        told.note_sender(&settings);
        told.note_message(outgoing);
        if let Some(bot) = &settings.bot {
            outgoing.check_bot(bot)?;
        }
        let sender = Sender::new(settings, context)?;
        let countries = CountryRule {
            otherwise: self.country.or(sender.settings.country),
            by_column: true,
        };
        let options = ExclusionOptions {
            countries,
            encoding: None,
        };
        let exclusions = read_exclusions(context, &self.exclude, options, &sender.settings)?;
        told.log = mem::take(&mut told.log).with(&exclusions);
        told.record.api_url = Some(sender.planned_base().to_string());
        sender.check_message(&exclusions, self.once.is_some(), outgoing)?;
        Ok((sender, exclusions))
    }
}

/// What is known of a message, for its record and the audit log.
pub(super) struct SendReport {
    command: &'static str,
    pub(super) record: Record,
    log: AuditLog,
}

impl SendReport {
    /// Of a message of `command`, of which nothing is known yet.
    pub(super) fn new(command: &'static str) -> Self {
        Self {
            command,
            record: Record::default(),
            log: AuditLog::default(),
        }
    }

    /// Of a message that this sender is about to send.
    pub(super) fn for_message(
        command: &'static str,
        sender: &Sender,
        exclusions: &Exclusions,
        outgoing: &Outgoing,
    ) -> Self {
        let mut told = Self::new(command);
        told.note_sender(&sender.settings);
        told.note_message(outgoing);
        told.record.api_url = Some(sender.planned_base().to_string());
        Self {
            log: told.log.with(exclusions),
            ..told
        }
    }

    fn note_sender(&mut self, settings: &Settings) {
        self.log = AuditLog::from_settings(settings);
        self.record.profile = settings
            .profile
            .as_ref()
            .map(|profile| profile.value.clone());
        self.record.bot_id.clone_from(&settings.bot);
    }

    pub(super) fn note_message(&mut self, outgoing: &Outgoing) {
        self.record.kind = Some(outgoing.kind().into());
        self.record.to = Some(outgoing.recipient().to_string());
    }

    /// Writes it to the audit log, once.
    pub(super) fn log(&mut self, context: &Context, code: ExitCode) {
        mem::take(&mut self.log).message(&context.stderr, self.command, &self.record, code.code());
    }
}

/// A send with everything decided, before anything is sent.
pub(crate) struct PreparedSend<'a> {
    context: &'a Context,
    sender: &'a Sender,
    outgoing: &'a Outgoing,
    pub(super) once: Option<OnceSend>,
    pub(super) limit: Option<LimitedSend>,
    /// How long the notification of `run` may take; None for a message that was asked for itself.
    pub(super) notice_within: Option<Duration>,
}

impl<'a> PreparedSend<'a> {
    pub(super) fn new(context: &'a Context, sender: &'a Sender, outgoing: &'a Outgoing) -> Self {
        Self {
            context,
            sender,
            outgoing,
            once: None,
            limit: None,
            notice_within: None,
        }
    }

    pub(super) fn request(&self, base: &ApiUrl) -> Request {
        Request::new(base.url(), self.sender.bot.as_str(), self.outgoing)
    }

    /// Sends it over `connection`, reports the outcome, and waits for the state that `wait` names.
    pub(super) async fn deliver_over(
        &self,
        connection: &mut Connection,
        told: &mut SendReport,
        flight: &RequestProgress,
        wait: Option<DeliveryWait>,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            sender,
            outgoing,
            once,
            ..
        } = self;
        told.record.api_url = Some(connection.base.to_string());
        let record = &mut told.record;
        let mut begun = Some(now());
        let claim = match once {
            None => None,
            Some(once) => match self.in_time(once.turn(connection, sender, outgoing)).await {
                Some(turn) => Some((once, turn?)),
                None => return Ok(self.report(self.given_up(flight), record)),
            },
        };
        let code = if let Some((once, Err(entry))) = claim {
            // It may have left long before its state was written.
            begun = None;
            once.note_replay(context, entry, record);
            ExitCode::Success
        } else {
            let begins_by = claim
                .as_ref()
                .and_then(|(_, held)| held.as_ref().ok()?.begins_by);
            let delivery = self.deliver(connection, begins_by, flight).await;
            // Reported first: to write its end may take some seconds.
            let code = delivery.map(|delivery| self.report(delivery, record));
            if let Some((once, Ok(held))) = claim {
                once.end(held, context, &mut connection.signals, record)
                    .await;
            }
            flight.landed();
            code?
        };
        if record.sent == Sent::Yes && wait.is_none() && is_user_id(outgoing.recipient().as_str()) {
            let note = "for a user id, accepted proves nothing: WhatsApp may drop the message without a word; --wait delivered \
                        tells whether it arrives";
            context.stderr.note(note);
        }
        let (Sent::Yes, Some(wait)) = (record.sent, wait) else {
            return Ok(code);
        };
        // It was sent. Log it now, in case the process is killed while it waits.
        told.log(context, code);
        let ended = wait_for_delivery(connection, outgoing, begun, &wait, &mut told.record).await;
        Ok(match ended {
            Ok(()) => ExitCode::Success,
            Err((message, hint)) => {
                let accepted = if self.notice_within.is_some() {
                    "the notification was accepted"
                } else {
                    "accepted"
                };
                context
                    .stderr
                    .error(&format!("{accepted}, but {message}"), &[], Some(&hint));
                ExitCode::NotReached
            }
        })
    }

    /// The result of `work`; None if a notification took too long.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.notice_within {
            Some(limit) => tokio::time::timeout(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    fn given_up(&self, flight: &RequestProgress) -> Delivery {
        flight.given_up(self.notice_within.unwrap_or_default())
    }

    async fn deliver(
        &self,
        connection: &mut Connection,
        begins_by: Option<Deadline>,
        flight: &RequestProgress,
    ) -> Result<Delivery, CommandError> {
        // WhatsApp may drop one for authentication without a word.
        let mut to_user_ids = TemplateUses::default();
        to_user_ids.note(self.outgoing);
        to_user_ids.uses.retain(|wanted| wanted.goes_to_user_id);
        let hint = "fix the message, or send it to the recipient's phone number";
        refuse_templates(connection, &to_user_ids, false, hint).await?;
        let admission = match &self.limit {
            Some(limit) => Some(limit.admit(connection, self.outgoing).await?),
            None => None,
        };
        let until = admission.as_ref().map(|admission| admission.begins_by);
        let begins_by = begins_by.into_iter().chain(until).min();
        let request = self.request(&connection.base);
        let retry_for = connection.retry_for;
        let delivery = self
            .in_time(connection.deliver(&request, retry_for, begins_by, flight))
            .await;
        let delivery = delivery.unwrap_or_else(|| self.given_up(flight));
        if matches!(delivery.outcome, Outcome::NotSent(_))
            && let Some(admission) = admission
            && let Err(error) = admission.reached.take_back()
        {
            let told =
                format!("its recipient counts for limit_24h, although it was not sent: {error}");
            self.context.stderr.warning(&told);
        }
        if delivery.is_late {
            let problem =
                "it could not leave for so long that somebody else may have written to the person";
            return Err(CommandError::guard(problem, "send it again"));
        }
        Ok(delivery)
    }

    /// Prints what the outcome means on stderr, and fills in the record.
    fn report(&self, delivery: Delivery, record: &mut Record) -> ExitCode {
        let stderr = &self.context.stderr;
        let recipient = self.outgoing.recipient();
        let is_notification = self.notice_within.is_some();
        let code = note_delivery(delivery, record);
        if record.sent == Sent::Yes {
            let id = record
                .message_id
                .as_ref()
                .map(|id| format!(": {}", excerpt(id)))
                .unwrap_or_default();
            let what = if is_notification {
                "the notification for"
            } else {
                "for"
            };
            stderr.accepted(&format!(
                "{what} {recipient} from {}{id}",
                self.sender.description()
            ));
        }
        if let Some(error) = &record.error {
            let state = match (is_notification, record.sent) {
                (true, Sent::Unknown) => "the notification may have been sent",
                (true, _) => "the notification was not sent",
                (false, Sent::Unknown) => "it may have been sent",
                (false, _) => "not sent",
            };
            stderr.error(
                &format!("{state}: {}", error.message),
                &[],
                error.hint.as_deref(),
            );
        }
        if let Some(note) = self.sender.settings.sandbox_note() {
            let page = self.sender.planned_base().to_string();
            // A message that did not reach the sandbox is not shown there.
            let has_arrived = record.http_status.is_some();
            let shown =
                Some(page).filter(|url| has_arrived && record.api_url.as_ref() == Some(url));
            let shown = shown
                .map(|url| format!("; it is shown on {url}"))
                .unwrap_or_default();
            stderr.note(&format!("{note}{shown}"));
            if record.sent == Sent::Yes {
                stderr.preview(recipient.as_str(), &self.outgoing.draw());
            }
        }
        code
    }
}
