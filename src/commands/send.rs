//! `send KIND` and `flow-message`: one message, from what was typed to the outcome.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use super::connection::{self, Connection, Opening};
use super::guard::check_allowed;
use super::{Context, Mode, PanicInFlight, preview, tell_error, templates};
use crate::api::{Cause, Delivery, Event, Fault, Outcome, Request, deliver, may_miss_a_template};
use crate::config::{ApiUrl, BotId, ClientId, Environment, SecretSource, Settings, Sourced};
use crate::exit::{self, ExitCode};
use crate::input::Source;
use crate::message::{InvalidMessage, Message, Outgoing, RecipientSources};
use crate::output::{Format, Record, RecordError, Sent};

/// What was typed for one message.
#[derive(Debug)]
pub struct Typed {
    /// `--to`
    pub to: Option<String>,
    /// `--body`
    pub body: Option<Source>,
    /// `--strict`: a warning about the message is an error.
    pub strict: bool,
    /// The kind, with what its flags say.
    pub message: Message,
}

/// Sends one message and tells what became of it.
pub fn run(context: &mut Context, typed: &Typed) -> ExitCode {
    let mut record = Record { kind: Some(typed.message.command()), ..Record::default() };
    let code = send(context, typed, &mut record).unwrap_or_else(|error| {
        let told = tell_error(context, &error);
        record.sent = if told.code == ExitCode::Unknown { Sent::Unknown } else { Sent::No };
        record.error = Some(RecordError {
            code: told.name,
            api_code: None,
            message: std::iter::once(told.message).chain(told.details).collect::<Vec<_>>().join("; "),
            hint: told.hint,
            retry_after_s: None,
        });
        told.code
    });
    print_result(context, &record, code)
}

fn send(context: &mut Context, typed: &Typed, record: &mut Record) -> anyhow::Result<ExitCode> {
    context.claim_secret()?;
    let environment = Environment::read();
    let to_variable = environment.as_ref().ok().and_then(|environment| environment.to.clone());
    let recipients = RecipientSources { flag: typed.to.clone(), environment: to_variable };
    let outgoing = match read_message(context, typed, &recipients) {
        // It may be missing only because the environment is broken.
        Err(InvalidMessage::NoRecipient) => {
            environment?;
            return Err(InvalidMessage::NoRecipient.into());
        }
        outgoing => outgoing?,
    };
    record.kind = Some(outgoing.kind());
    record.to = Some(outgoing.recipient().to_string());

    let settings = Settings::load(&context.flags, &environment?)?;
    context.output.warnings(&settings.warnings);
    record.profile = settings.profile.as_ref().map(|profile| profile.value.clone());
    let bot = settings.bot()?;
    record.bot_id = Some(bot.as_str().to_owned());
    outgoing.check_bot(bot.as_str())?;
    let (client_id, secret) = settings.credentials(context.can_ask())?;
    check_allowed(&settings, outgoing.recipients())?;

    let client_id = &client_id.value;
    let prepared = Prepared { context, settings: &settings, bot, client_id, secret: &secret, outgoing: &outgoing };
    if context.mode != Mode::Send {
        prepared.preview(record)?;
        return Ok(ExitCode::Success);
    }
    let delivery = prepared.transmit(record)?;
    Ok(prepared.tell(delivery, record))
}

/// The message from flags and `--body`, its warnings told.
fn read_message(
    context: &mut Context,
    typed: &Typed,
    recipients: &RecipientSources,
) -> Result<Outgoing, InvalidMessage> {
    let flags = typed.message.flag_body(&mut context.input)?;
    let file = typed.body.as_ref().map(|source| context.input.json("--body", source)).transpose()?;
    let (outgoing, warnings) = Outgoing::new(&typed.message, flags, file, recipients)?;
    if typed.strict && !warnings.is_empty() {
        return Err(InvalidMessage::Warnings(warnings));
    }
    context.output.warnings(&warnings);
    Ok(outgoing)
}

/// All that a send has decided, before anything leaves.
struct Prepared<'a> {
    context: &'a Context,
    settings: &'a Settings,
    bot: &'a BotId,
    client_id: &'a ClientId,
    secret: &'a Sourced<SecretSource>,
    outgoing: &'a Outgoing,
}

impl Prepared<'_> {
    fn request(&self, base: &ApiUrl) -> Request {
        Request::new(base.url(), self.bot.as_str(), self.outgoing)
    }

    /// `--dry-run` and `--curl`.
    fn preview(&self, record: &mut Record) -> anyhow::Result<()> {
        let Context { output, mode, .. } = self.context;
        let base = preview::base(self.settings);
        record.api_url = Some(base.to_string());
        record.dry_run = true;
        if *mode == Mode::Curl || output.format == Format::Response {
            preview::show(self.context, self.settings, self.client_id, &self.request(&base))?;
        }
        Ok(())
    }

    /// Sends it. A panic on the way is an error that says whether a request was under way.
    fn transmit(&self, record: &mut Record) -> anyhow::Result<Delivery> {
        let in_flight = Cell::new(false);
        let work = AssertUnwindSafe(|| connection::block_on(self.deliver(record, &in_flight)));
        match catch_unwind(work) {
            Ok(delivery) => delivery,
            Err(_) if in_flight.get() => Err(PanicInFlight.into()),
            Err(_) => anyhow::bail!("a fault in jelouctl before the request began"),
        }
    }

    async fn deliver(&self, record: &mut Record, in_flight: &Cell<bool>) -> anyhow::Result<Delivery> {
        let Self { context, settings, .. } = self;
        let base = connection::base(settings).await?;
        record.api_url = Some(base.to_string());
        let request = self.request(&base);
        let opening = Connection::open(context, settings, &base, self.client_id, self.secret).await?;
        let mut connection = match opening {
            Opening::Open(connection) => connection,
            Opening::Interrupted(signal) => return Ok(Delivery::never_begun(signal)),
        };
        let watch = |event: Event<'_>| {
            match event {
                Event::Attempt(_) => in_flight.set(true),
                Event::Waiting { .. } => in_flight.set(false),
                // What the answer means is not yet known.
                Event::Answered(_) | Event::Failed(_) => {}
            }
            connection::watch(&context.output, &request, &event);
        };
        let retry_for = settings.retry_for.value.duration();
        let Connection { client, credentials, stop } = &mut connection;
        let mut delivery = deliver(client, &request, credentials, retry_for, stop, watch).await;
        if let Some(fault) = &mut delivery.fault
            && is_of_a_missing_template(&delivery.outcome, fault)
        {
            // What became of the message is known, whatever happens from here on.
            in_flight.set(false);
            fault.hint = self.suggestion(&mut connection, &base).await.unwrap_or_else(|| fault.hint.clone());
        }
        Ok(delivery)
    }

    /// A better hint for a template that the API does not find.
    async fn suggestion(&self, connection: &mut Connection, base: &ApiUrl) -> Option<String> {
        let text = |field: &str| self.outgoing.body().get(field).and_then(Value::as_str);
        let (name, language) = (text("elementName")?, text("language"));
        templates::suggestion(connection, &self.context.output, base, self.bot, name, language).await
    }

    /// Says on stderr what the outcome means, and fills the record.
    fn tell(&self, delivery: Delivery, record: &mut Record) -> ExitCode {
        let output = &self.context.output;
        let recipient = self.outgoing.recipient();
        let (code, sent) = exit::of_outcome(&delivery.outcome);
        record.sent = sent;
        record.attempts = delivery.attempts;
        record.duration_ms = u64::try_from(delivery.duration.as_millis()).unwrap_or(u64::MAX);
        if let Some(answer) = delivery.answer {
            record.http_status = Some(answer.status);
            record.response = answer.body.into_value();
        }
        if let Outcome::Sent { message_id } = delivery.outcome {
            let profile = record.profile.as_ref().map(|name| format!(" (profile {name})")).unwrap_or_default();
            let id = message_id.as_ref().map(|id| format!(": {id}")).unwrap_or_default();
            output.accepted(&format!("for {recipient} from bot {}{profile}{id}", self.bot.as_str()));
            record.message_id = message_id;
        }
        if let Some(fault) = delivery.fault {
            let state = if sent == Sent::Unknown { "it may have been sent" } else { "not sent" };
            output.error(&format!("{state}: {}", fault.message), &[], Some(&fault.hint));
            record.error = Some(RecordError {
                code: fault.code,
                api_code: fault.api_code,
                message: fault.message,
                hint: Some(fault.hint),
                retry_after_s: fault.retry_after.map(|wait| wait.as_secs()),
            });
        }
        if self.settings.is_sandboxed() {
            let shown =
                Some(preview::base(self.settings).to_string()).filter(|url| record.api_url.as_ref() == Some(url));
            let shown = shown.map(|url| format!("; it is shown on {url}")).unwrap_or_default();
            output.note(&format!("sandbox: nothing left this machine{shown}"));
            if sent == Sent::Yes {
                output.would_see(recipient.as_str(), &self.outgoing.draw());
            }
        }
        code
    }
}

fn is_of_a_missing_template(outcome: &Outcome, fault: &Fault) -> bool {
    *outcome == Outcome::NotSent(Cause::Rejected) && fault.api_code.as_deref().is_some_and(may_miss_a_template)
}

/// Prints the answer, id or record, and gives the exit code. What was accepted stays a success when standard output
/// cannot take the answer: an error would invite a second send.
fn print_result(context: &Context, record: &Record, code: ExitCode) -> ExitCode {
    let output = &context.output;
    let printed = match (output.format, &record.response, &record.message_id) {
        (Format::Record, _, _) if context.mode == Mode::Curl && record.error.is_none() => Ok(()),
        (Format::Record, _, _) => output.record(record),
        (Format::Response, Some(response), _) => output.json(response),
        (Format::Id, _, Some(id)) => output.value(id),
        (Format::Response | Format::Id, _, _) => Ok(()),
    };
    let Err(error) = printed else { return code };
    let (state, code) = match record.sent {
        Sent::Yes => ("the message was accepted", code),
        Sent::No if code == ExitCode::Success => ("nothing was sent", ExitCode::Unexpected),
        Sent::No => ("the message was not sent", code),
        Sent::Unknown => ("the message may have been sent", code),
    };
    output.error(&format!("{state}, but the answer could not be written: {error}"), &[], None);
    code
}
