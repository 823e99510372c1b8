//! `send KIND` and `flow-message`: send a message to each recipient and report the outcomes.

pub(crate) mod batch;
pub(crate) mod claim;
pub(crate) mod deliver;
pub(crate) mod report;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Command};
use serde_json::Value;

use self::batch::Batch;
use self::claim::{Claims, OnceArgs, note_skipped};
use self::deliver::BatchOptions;
use self::report::{preview, report_cost};
use crate::base::exit::ExitCode;
use crate::base::input::{JsonSource, Source, UsageError};
use crate::base::message::{Message, msg};
use crate::base::output::Sent;
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::jelou::api::DeliveryState;
use crate::jelou::message::{
    InvalidMessage, MessageArgs, MessageKind, NamedRecipients, Outgoing, Route, each_text,
};
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions, SoughtRecipients};
use crate::lists::template::faults_of_single_text;
use crate::phone::Country;
use crate::runs::cost::PriceList;
use crate::sender::config::{ApiUrl, Settings, timeout};
use crate::sender::context::{Context, Mode};
use crate::sender::{
    DeliveryWait, RequestProgress, Sender, catch_panic, claim_exclusions, read_environment,
    read_exclusions, read_prices, read_settings, warn_about_lists,
};

/// Send a message to up to 20 recipients
///
/// Examples:
///   jelouctl send text --to 593987654321 'Hola'
///   jelouctl explain flow --example > flow.json
///   jelouctl send flow --to 593987654321 --body flow.json
///
/// Flags override --body. jelouctl prints the API's response on standard output.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    subcommand_value_name = "KIND",
    subcommand_help_heading = "Kinds",
    mut_subcommands(hide_over_limit)
)]
pub(crate) struct SendArgs {
    #[command(subcommand)]
    pub(crate) typed: MessageArgs<DeliveryArgs>,
}

#[derive(Args, Debug)]
// clap accepts the flags of `--wait`, so that the error can explain that the response has no id to check.
#[command(
    mut_arg("wait", |wait| wait.hide(true)),
    mut_arg("within", |within| within.hide(true)),
    mut_arg("over_limit", |over_limit| over_limit.hide(true))
)]
pub(crate) struct FlowMessageArgs {
    #[command(flatten)]
    pub(crate) typed: MessageArgs<DeliveryArgs>,
}

/// Hides a flag for templates in the help of the kinds that cannot send one.
fn hide_over_limit(kind: Command) -> Command {
    let named = MessageKind::from_name(kind.get_name());
    if named.is_some_and(|named| named.may_be_template()) {
        kind
    } else {
        kind.mut_arg("over_limit", |over_limit| over_limit.hide(true))
    }
}

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    pub(crate) batch: BatchArgs,

    /// Use this JSON as all or part of the body; flags override it
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::from_body_flag)]
    #[arg(value_hint = clap::ValueHint::FilePath, allow_hyphen_values = true)]
    pub(crate) body: Option<JsonSource>,

    /// With --dry-run, estimate the cost at these prices (CSV) [default: the profile's]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, display_order = 908)]
    prices: Option<PathBuf>,

    /// Refuse a message that causes a warning
    #[arg(long, display_order = 906)]
    strict: bool,

    /// Send a template even if the profile's limit_24h is reached
    #[arg(long, display_order = 907)]
    over_limit: bool,
}

// The flags that `send` and `run` share. Not a doc comment: it would replace the help of the command that it is
// flattened into.
#[derive(Args, Debug)]
pub(crate) struct BatchArgs {
    /// Recipient, such as 593987654321 (repeatable, at most 20) [env: JELOU_TO]
    ///
    /// A phone number with country code, a WhatsApp user id, or `id:USER` of another channel. Each recipient gets a
    /// separate message. JELOU_TO may list several, separated by commas, semicolons or line breaks. --to overrides
    /// JELOU_TO and the recipients in --body.
    #[arg(long, value_name = "RECIPIENT", allow_hyphen_values = true)]
    pub(crate) to: Vec<String>,

    /// Country of local numbers, such as EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// Send nothing to the recipients in this file (repeatable)
    ///
    /// If one of several recipients is excluded, jelouctl skips it with a warning. If all are, the exit code is 11.
    ///
    /// A file with one number, user id or `id:USER` per line, or a list file with a header. For a WhatsApp
    /// user id, also list the phone number: the id changes with the number.
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath, display_order = 900)]
    exclude: Vec<Source>,

    #[command(flatten)]
    pub(crate) key: OnceArgs,

    /// Wait until the message is delivered or read; else exit with 15
    ///
    /// After Jelou accepts the message, jelouctl checks its status. Exit code 15: the message is undelivered or late.
    /// Do not send it again: the recipient could get both. With several recipients, jelouctl sends
    /// all messages before it waits.
    #[arg(long, value_name = "STATE", value_parser = wait_state(), display_order = 904)]
    wait: Option<DeliveryState>,

    /// With --wait: wait at most this long [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout, display_order = 905)]
    within: Option<Duration>,
}

/// Parses a value of `--wait`: a send cannot wait for a reply.
fn wait_state() -> impl TypedValueParser<Value = DeliveryState> {
    PossibleValuesParser::new(["delivered", "read"]).map(|name| DeliveryState::from_name(&name))
}

impl BatchArgs {
    /// Reads the configuration, and where recipients may be named. Sets the recipients of `batch` as far as they are known,
    /// for the records of an error.
    pub(crate) fn read(
        &self,
        context: &mut Context,
        batch: &mut Batch,
    ) -> Result<(Settings, NamedRecipients), CommandError> {
        let mut recipients = NamedRecipients {
            flags: self.to.clone(),
            environment: None,
            country: self.country,
        };
        batch.set_recipients(recipients.sources(false));
        claim_exclusions(context, &self.exclude)?;
        let environment = read_environment()?;
        let settings = read_settings(context, &environment)?;
        recipients.environment = environment.to;
        recipients.country = self.country.or(settings.country);
        batch.set_recipients(recipients.sources(false));
        Ok((settings, recipients))
    }

    pub(crate) fn wait(&self) -> Option<DeliveryWait> {
        let within = self.within.unwrap_or(DeliveryWait::DEFAULT);
        self.wait.clone().map(|goal| DeliveryWait { goal, within })
    }

    /// Resolves the sender and the excluded recipients, and records both in `batch`. With `sought`,
    /// the lists may be searched for these recipients only.
    ///
    /// # Errors
    /// If settings are missing, a list cannot be read, or the body names another bot.
    pub(crate) fn guard(
        &self,
        context: &Context,
        settings: Settings,
        batch: &mut Batch,
        sought: Option<&SoughtRecipients>,
    ) -> Result<(Sender, Exclusions), CommandError> {
        for message in &mut batch.messages {
            message.set_sender(&settings);
        }
        // The bodies differ only in the recipient.
        if let (Some(bot), Some(outgoing)) = (&settings.bot, batch.outgoing().next()) {
            outgoing.check_bot(bot)?;
        }
        let sender = Sender::new(settings, context)?;
        let options = ExclusionOptions {
            countries: CountryRule::new(self.country, sender.settings.country),
            encoding: None,
        };
        let exclusions = read_exclusions(&self.exclude, options, &sender.settings, sought)?;
        warn_about_lists(context, &exclusions);
        for message in &mut batch.messages {
            message.set_guard(&sender, &exclusions);
        }
        Ok((sender, exclusions))
    }
}

/// Sends the message to each recipient and reports the outcomes.
pub(crate) fn run(context: &mut Context, typed: &MessageArgs<DeliveryArgs>) -> ExitCode {
    let is_flow_message = typed.message.command() == "flow-message";
    let mut batch = Batch::new(if is_flow_message {
        "flow-message"
    } else {
        "send"
    });
    for message in &mut batch.messages {
        message.record.kind = Some(typed.message.command().into());
        message.record.dry_run = context.mode != Mode::Send;
    }
    if let Err(error) = send(context, typed, &mut batch) {
        batch.fail(context, error);
    }
    batch.put_out(context);
    batch.exit_code()
}

fn send(
    context: &mut Context,
    typed: &MessageArgs<DeliveryArgs>,
    batch: &mut Batch,
) -> Result<(), CommandError> {
    let arguments = &typed.delivery;
    let (settings, recipients) = arguments.batch.read(context, batch)?;
    make_messages(context, typed, &recipients, batch)?;
    let is_flow_message =
        |outgoing: &Outgoing| matches!(outgoing.route(), Route::FlowMessage { .. });
    if arguments.batch.wait.is_some() && batch.outgoing().any(is_flow_message) {
        let message = msg!("--wait: the response to a flow message has no id to check");
        let hint = msg!("send the flow with: jelouctl send flow");
        return Err(UsageError::new(message, hint).into());
    }
    let sought = batch.sought();
    let guard = arguments
        .batch
        .guard(context, settings, batch, sought.as_ref());
    // A refused recipient is reported before a missing setting.
    let (sender, exclusions) = guard.map_err(|error| batch.refusal().unwrap_or(error))?;
    let has_key = arguments.batch.key.once.is_some();
    batch.check(context, &sender, &sender.settings, &exclusions, has_key)?;
    batch.refuse()?;
    if context.mode != Mode::Send {
        let prices = read_prices(arguments.prices.as_deref(), &sender.settings)?;
        note_skipped(context, &arguments.batch.key, &sender, batch.recipients());
        return show(context, &sender, prices.as_ref(), batch);
    }
    let mut options = BatchOptions::new(batch.reporter(context, &sender));
    options.claims = Claims::open(context, &arguments.batch.key, &sender)?;
    options.wait = arguments.batch.wait();
    options.over_limit = arguments.over_limit;
    options.limit_recipients(&sender.settings, batch)?;
    batch.refuse()?;
    deliver(&mut options, batch)?;
    batch.report_incomplete(context, options.claims.has_key());
    Ok(())
}

/// Prints each request, for `--dry-run` and `--curl`.
fn show(
    context: &Context,
    sender: &Sender,
    prices: Option<&PriceList>,
    batch: &mut Batch,
) -> Result<(), CommandError> {
    for message in batch.open() {
        let Some(outgoing) = &message.outgoing else {
            continue;
        };
        let request = |base: &ApiUrl| Ok(sender.request(base, outgoing));
        preview(context, sender, request, &mut message.record)?;
        report_cost(context, outgoing, prices);
        message.code = Some(ExitCode::Success);
    }
    Ok(())
}

/// Sends all messages over one connection.
fn deliver(options: &mut BatchOptions<'_>, batch: &mut Batch) -> Result<(), CommandError> {
    let flight = RequestProgress::default();
    let context = options.reporter.context;
    let work = async {
        let sender = options.reporter.sender;
        let mut connection = sender.connect(context).await?;
        if sender.may_wait_for_secret() {
            options.check_again(batch)?;
        }
        options.send_all(&mut connection, batch, &flight).await;
        Ok(())
    };
    let Err(error) = catch_panic(&flight, || block_on(work)) else {
        return Ok(());
    };
    // An accepted message stays accepted despite a later error.
    for message in batch.open() {
        if message.record.sent == Sent::Yes {
            context.stderr.warning(msg!(
                "accepted, but its delivery status is unknown: {problem}",
                problem = error.line()
            ));
            message.end_unreached(error.line(), error.hint.clone());
        }
    }
    if batch.open().next().is_none() {
        return Ok(());
    }
    Err(error)
}

/// Makes the message for each recipient from flags and `--body`, and prints the warnings about it.
fn make_messages(
    context: &mut Context,
    typed: &MessageArgs<DeliveryArgs>,
    recipients: &NamedRecipients,
    batch: &mut Batch,
) -> Result<(), CommandError> {
    let flags = typed.message.flag_body(&mut context.input)?;
    let file = typed
        .delivery
        .body
        .as_ref()
        .map(|source| context.input.json_value("--body", source))
        .transpose()
        .map_err(|error| error.or_hint(typed.message.body_hint()))?;
    let other = file
        .as_ref()
        .and_then(|body| typed.message.other_command(body));
    let has_fields = flags.as_object().is_some_and(|fields| !fields.is_empty());
    let is_empty = typed.delivery.body.is_none() && !has_fields;
    let text = flags.get("text").and_then(Value::as_str);
    let is_long = text.is_some_and(|text| typed.message.is_too_long(text));
    let is_long_pipe = is_long && context.input.is_piped_into("--text-file");
    let is_addressed = file
        .as_ref()
        .is_some_and(|body| Outgoing::is_addressed(&typed.message, body));
    batch.set_distinct_recipients(context, recipients.sources(is_addressed))?;
    let mut warnings = batch.make_messages(|source| {
        let made = Outgoing::new(&typed.message, flags.clone(), file.clone(), source);
        made.map_err(|error| {
            if is_long_pipe {
                error.with_hint(msg!(
                    "to send its first lines: COMMAND | head -20 | cut -c 1-200; to send its last lines: jelouctl run \
                     --tail 20 -- COMMAND"
                ))
            } else {
                with_way_out(error, other, is_empty)
            }
        })
    })?;
    warnings.append(&mut context.input.warnings);
    // The texts are the same for every recipient.
    warnings.extend(batch.outgoing().next().into_iter().flat_map(text_warnings));
    if typed.delivery.strict && !warnings.is_empty() {
        return Err(InvalidMessage::warnings(warnings).into());
    }
    context.stderr.warnings(&warnings);
    Ok(())
}

/// Adds a hint to the error: the command of a body for the `other` kind, or how to read the body if the message
/// `is_empty`.
fn with_way_out(error: InvalidMessage, other: Option<&str>, is_empty: bool) -> InvalidMessage {
    let lacks_text = match &error {
        InvalidMessage::Violations {
            text_is_missing, ..
        } => Some(*text_is_missing),
        InvalidMessage::Other(_) => None,
    };
    let reads_input = is_empty && !std::io::stdin().is_terminal();
    let hint = match other {
        Some(kind) => other_kind_hint(kind),
        None if reads_input && lacks_text == Some(true) => {
            msg!("to read the text from standard input: --text-file -; to read the body: --body -")
        }
        None if reads_input && lacks_text == Some(false) => {
            msg!("to read the body from standard input: --body -")
        }
        None => return error,
    };
    error.with_hint(hint)
}

/// Returns the hint for a body of the kind `kind`, which the command does not send.
pub(crate) fn other_kind_hint(kind: &str) -> Message {
    let command = match kind {
        "flow-message" => kind.to_owned(),
        _ => format!("send {kind}"),
    };
    msg!(
        "for a body of {kind}: jelouctl {command} --to NUMBER --body FILE",
        kind,
        command
    )
}

/// Warns about expressions, because a single message has no columns, about texts that are certainly wrong, and about
/// parameters with names.
fn text_warnings(outgoing: &Outgoing) -> Vec<Message> {
    let mut warnings = text_faults(outgoing.body());
    warnings.extend(outgoing.named_parameters(|_| false));
    warnings
}

fn text_faults(body: &Value) -> Vec<Message> {
    let mut faults = Vec::new();
    each_text(body, "", &mut |path, text| {
        faults.extend(faults_of_single_text(path, text));
    });
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unfilled_columns_are_reported_with_their_path() {
        let body = json!({
            "text": "Hola {{ nombre }}",
            "rows": [{ "title": "Uno" }, { "title": "{{ dos }}" }],
            "caption": "Para #nombre# {nombre}",
            "count": 3,
        });
        let expected = [
            "text: {{ nombre }} is sent unchanged: only `bulk send` fills in columns",
            "rows[1].title: {{ dos }} is sent unchanged: only `bulk send` fills in columns",
        ];
        assert_eq!(text_faults(&body), expected);
    }
}
