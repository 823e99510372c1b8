//! `send KIND` and `flow-message`: sends one message and reports its outcome.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::claim::{OnceArgs, OnceSend};
use super::cost::{read_rates, report_cost};
use super::limit::LimitedSend;
use super::prepared_send::PreparedSend;
use super::result::{note_error, print_result};
use crate::command_error::CommandError;
use crate::config::{Settings, timeout};
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::input::{JsonSource, Source, UsageError};
use crate::message::{InvalidMessage, Outgoing, RecipientSources, Route, TypedMessage, visit_texts};
use crate::output::{Record, Sent};
use crate::people::{CountryRule, ExclusionOptions, Exclusions};
use crate::phone::Country;
use crate::process::block_on;
use crate::sending::{
    AuditLog, DeliveryWait, Flight, Sender, WaitGoal, catch_panic, claim_exclusions, read_environment, read_exclusions,
    read_settings,
};
use crate::template::{expressions, typed_line_break};

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

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(super) struct WaitArgs {
    /// Wait until the person got it; exit with 15 if not
    ///
    /// Once the message is accepted, Jelou is asked until it is delivered or read. 15 means that it was accepted, but failed
    /// later or has not come so far in time. That is not a reason to send it again: the person may get both.
    #[arg(long, value_name = "STATE", value_parser = goal())]
    wait: Option<WaitGoal>,

    /// How long to wait with --wait [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout)]
    within: Option<Duration>,
}

impl WaitArgs {
    pub(super) fn wait(&self) -> Option<DeliveryWait> {
        let within = self.within.unwrap_or(DeliveryWait::DEFAULT);
        self.wait.map(|goal| DeliveryWait { goal, within })
    }
}

/// A send cannot wait for a reply.
fn goal() -> impl TypedValueParser<Value = WaitGoal> {
    PossibleValuesParser::new(["delivered", "read"]).try_map(|word| WaitGoal::from_str(&word, false))
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
