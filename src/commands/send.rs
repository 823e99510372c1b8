//! `send KIND` and `flow-message`: sends one message and reports its outcome.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::claim::{OnceArgs, OnceSend, note_replay};
use super::cost::{read_rates, report_cost};
use super::limit::LimitedSend;
use super::result::{note_delivery, note_error, print_result};
use super::wait::WaitArgs;
use crate::api::{Delivery, Outcome, Request, clipped};
use crate::command_error::CommandError;
use crate::config::{ApiUrl, Settings};
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::input::{JsonSource, Source, UsageError};
use crate::ledger::Claimed;
use crate::message::{InvalidMessage, Outgoing, RecipientSources, Route, TemplateUses, TypedMessage, visit_texts};
use crate::output::{Format, Record, Sent};
use crate::people::{CountryRule, ExclusionOptions, Exclusions};
use crate::phone::{Country, is_user_id};
use crate::process::block_on;
use crate::sending::{
    AuditLog, Connection, DeliveryWait, Flight, Sender, catch_panic, claim_exclusions, read_environment,
    read_exclusions, read_settings, refuse_templates, wait_for_delivery,
};
use crate::template::{expressions, typed_line_break};
use crate::timestamps::{now, of_milliseconds};

/// Send one message
///
/// Examples:
///   jelouctl send text --to 593987654321 "Hola"
///   jelouctl send flow --to 593987654321 --body flow.json
///
/// Flags override `--body`. The response of the API goes to standard output.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    arg_required_else_help = true,
    subcommand_value_name = "KIND",
    subcommand_help_heading = "Kinds"
)]
pub(crate) struct SendArgs {
    #[command(subcommand)]
    pub(crate) typed: TypedMessage<DeliveryArgs>,
}

#[derive(Args, Debug)]
// Its answer has no id to look up; these flags are accepted so that the error can say so.
#[command(mut_arg("wait", |wait| wait.hide(true)), mut_arg("within", |within| within.hide(true)))]
pub(crate) struct FlowMessageArgs {
    #[command(flatten)]
    pub(crate) typed: TypedMessage<DeliveryArgs>,
}

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct DeliveryArgs {
    /// Recipient: 593987654321 [env: JELOU_TO]
    ///
    /// A phone number with country code, a WhatsApp user id, or `id:USER` of another channel.
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,

    /// Country of national numbers: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// The body, or a part of it, as JSON; flags override it
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::of_body)]
    #[arg(value_hint = clap::ValueHint::FilePath, allow_hyphen_values = true)]
    pub(crate) body: Option<JsonSource>,

    /// With --dry-run: file of rates, to say what it costs [default: the profile's]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    rates: Option<PathBuf>,

    /// Send nothing if there is a warning about the message
    #[arg(long)]
    strict: bool,

    /// Send a template although limit_24h of the profile is reached
    #[arg(long)]
    over_limit: bool,

    /// Send nothing to the people on this list (repeatable)
    ///
    /// One number, user id or `id:USER` a line, or a list with a header. A person who changes the number gets a new
    /// user id, so list the number, too.
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    exclude: Vec<Source>,

    #[command(flatten)]
    once: OnceArgs,

    #[command(flatten)]
    wait: WaitArgs,
}

/// Sends one message and reports its outcome.
pub(crate) fn run(context: &mut Context, typed: &TypedMessage<DeliveryArgs>) -> ExitCode {
    let mut record = Record { kind: Some(typed.message.command().into()), ..Record::default() };
    let mut log = AuditLog::default();
    let code =
        send(context, typed, &mut record, &mut log).unwrap_or_else(|error| note_error(context, "", error, &mut record));
    if context.mode == Mode::Send {
        log.message(&context.stderr, "send", &record, code.code());
    }
    print_result(context, "message", context.stdout.format, &record, code)
}

fn send(
    context: &mut Context,
    typed: &TypedMessage<DeliveryArgs>,
    record: &mut Record,
    log: &mut AuditLog,
) -> Result<ExitCode, CommandError> {
    let DeliveryArgs { to, country, exclude, .. } = &typed.delivery;
    claim_exclusions(context, exclude)?;
    let environment = read_environment()?;
    let settings = read_settings(context, &environment)?;
    let country = country.or(settings.country);
    let recipients = RecipientSources { flag: to.clone(), environment: environment.to, country };
    let outgoing = read_message(context, typed, &recipients)?;
    let wait = typed.delivery.wait.wait();
    if wait.is_some() && matches!(outgoing.route(), Route::FlowMessage { .. }) {
        let hint = "leave it out, or send the flow with `jelouctl send flow`";
        return Err(UsageError::new("--wait: the answer to a flow message has no id to ask Jelou by", hint).into());
    }
    record.kind = Some(outgoing.kind().into());
    record.to = Some(outgoing.recipient().to_string());

    *log = AuditLog::of(&settings);
    record.profile = settings.profile.as_ref().map(|profile| profile.value.clone());
    if let Some(bot) = &settings.bot {
        record.bot_id = Some(bot.clone());
        outgoing.check_bot(bot)?;
    }
    let (sender, exclusions) = sender_and_exclusions(context, settings, exclude, country, log)?;
    let once = typed.delivery.once.once.as_ref();
    sender.check_message(&exclusions, once.is_some(), &outgoing)?;
    record.api_url = Some(sender.planned_base().to_string());

    let mut prepared = PreparedSend { context, sender: &sender, outgoing: &outgoing, limit: None, notice_within: None };
    if context.mode != Mode::Send {
        prepared.preview(record)?;
        report_cost(context, &outgoing, read_rates(typed.delivery.rates.as_deref(), &sender.settings)?.as_ref());
        return Ok(ExitCode::Success);
    }
    let once = OnceSend::open(context, once, &sender)?;
    let limit = LimitedSend::open(context, &sender, &outgoing, typed.delivery.over_limit)?;
    prepared.limit = limit.as_ref();
    let flight = Flight::default();
    let deliver = async {
        let mut connection = sender.connect(context).await?;
        record.api_url = Some(connection.base.to_string());
        prepared.deliver_over(&mut connection, record, log, &flight, once.as_ref(), wait).await
    };
    match catch_panic(&flight, || block_on(deliver)) {
        // A later error does not change that the message was accepted.
        Err(error) if record.sent == Sent::Yes => {
            context.stderr.warning(&format!("accepted, but its delivery status is unknown: {}", error.line()));
            Ok(ExitCode::NotReached)
        }
        delivered => delivered,
    }
}

/// The sender, and the people who must not be written to; `log` knows of both.
///
/// # Errors
/// If settings are missing, or a list cannot be read.
pub(super) fn sender_and_exclusions(
    context: &Context,
    settings: Settings,
    exclude: &[Source],
    country: Option<Country>,
    log: &mut AuditLog,
) -> Result<(Sender, Exclusions), CommandError> {
    *log = AuditLog::of(&settings);
    let sender = Sender::of(settings, context)?;
    let countries = CountryRule { otherwise: country.or(sender.settings.country), by_column: true };
    let options = ExclusionOptions { countries, encoding: None };
    let exclusions = read_exclusions(context, exclude, options, &sender.settings)?;
    *log = std::mem::take(log).with(&exclusions);
    Ok((sender, exclusions))
}

/// Builds the message from flags and `--body`, and prints its warnings.
fn read_message(
    context: &mut Context,
    typed: &TypedMessage<DeliveryArgs>,
    recipients: &RecipientSources,
) -> Result<Outgoing, InvalidMessage> {
    let flags = typed.message.flag_body(&mut context.input)?;
    let file = typed.delivery.body.as_ref().map(|source| context.input.json_value("--body", source)).transpose()?;
    let (outgoing, mut warnings) = Outgoing::new(&typed.message, flags, file, recipients)?;
    warnings.extend(left_as_typed(outgoing.body()));
    if typed.delivery.strict && !warnings.is_empty() {
        return Err(InvalidMessage::Warnings(warnings));
    }
    context.stderr.warnings(&warnings);
    Ok(outgoing)
}

/// Warns of text that looks like a column, since one message has no columns, and of `\n` that is not a line break.
fn left_as_typed(body: &Value) -> Vec<String> {
    let mut told = Vec::new();
    visit_texts(&mut body.clone(), "", &mut |path, text| {
        let columns = expressions(text).into_iter();
        told.extend(
            columns.map(|written| format!("{path}: {written} is sent as it stands: only `bulk send` fills in columns")),
        );
        told.extend(typed_line_break(path, text));
    });
    told
}

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
    fn preview(&self, record: &mut Record) -> Result<(), CommandError> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_looks_like_a_column_is_told_with_its_place() {
        let body = json!({
            "text": "Hola {{ nombre }}",
            "rows": [{ "title": "Uno" }, { "title": "{{ dos }}" }],
            "count": 3,
        });
        let expected = [
            "text: {{ nombre }} is sent as it stands: only `bulk send` fills in columns",
            "rows[1].title: {{ dos }} is sent as it stands: only `bulk send` fills in columns",
        ];
        assert_eq!(left_as_typed(&body), expected);
    }
}
