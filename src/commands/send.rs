//! `send KIND` and `flow-message`: send a message to each recipient and report the outcomes.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use serde_json::Value;

use super::claim::{OnceSend, note_skipped};
use super::deliver::SendTerms;
use super::limited_send::LimitedSend;
use super::prices::{read_prices, report_cost};
use super::recipients::{Refused, distinct};
use super::result::preview;
use super::sends::{SendReport, Sends};
use super::single_send::SingleSendArgs;
use crate::base::exit::ExitCode;
use crate::base::input::{JsonSource, UsageError};
use crate::base::message::{Message, msg};
use crate::base::output::Sent;
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::jelou::message::{
    InvalidMessage, MessageArgs, NamedRecipients, Outgoing, Route, each_text,
};
use crate::lists::template::faults_of_single_text;
use crate::runs::cost::PriceList;
use crate::sender::config::ApiUrl;
use crate::sender::context::{Context, Mode};
use crate::sender::{RequestProgress, Sender, catch_panic};

/// Send one message
///
/// Examples:
///   jelouctl send text --to 593987654321 "Hola"
///   jelouctl send flow --to 593987654321 --body flow.json
///
/// Flags override --body. jelouctl prints the API's response on standard output.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    arg_required_else_help = true,
    subcommand_value_name = "KIND",
    subcommand_help_heading = "Kinds"
)]
pub(crate) struct SendArgs {
    #[command(subcommand)]
    pub(crate) typed: MessageArgs<DeliveryArgs>,
}

#[derive(Args, Debug)]
// clap accepts these flags, so that the error can explain that the response has no id to check.
#[command(mut_arg("wait", |wait| wait.hide(true)), mut_arg("within", |within| within.hide(true)))]
pub(crate) struct FlowMessageArgs {
    #[command(flatten)]
    pub(crate) typed: MessageArgs<DeliveryArgs>,
}

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    pub(crate) send: SingleSendArgs,

    /// Use this JSON as all or part of the body; flags override it
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::from_body_flag)]
    #[arg(value_hint = clap::ValueHint::FilePath, allow_hyphen_values = true)]
    pub(crate) body: Option<JsonSource>,

    /// With --dry-run, estimate the cost at these prices (CSV) [default: the profile's]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    prices: Option<PathBuf>,

    /// Refuse a message that causes a warning
    #[arg(long)]
    strict: bool,

    /// Send a template even if the profile's limit_24h is reached
    #[arg(long)]
    over_limit: bool,
}

/// Sends the message to each recipient and reports the outcomes.
pub(crate) fn run(context: &mut Context, typed: &MessageArgs<DeliveryArgs>) -> ExitCode {
    let mut report = SendReport::new("send");
    report.record.kind = Some(typed.message.command().into());
    report.record.dry_run = context.mode != Mode::Send;
    let mut sends = Sends::new(report, true);
    if let Err(error) = send(context, typed, &mut sends) {
        sends.fail(context, |problem| problem, error);
    }
    sends.put_out(context);
    sends.exit_code()
}

fn send(
    context: &mut Context,
    typed: &MessageArgs<DeliveryArgs>,
    sends: &mut Sends,
) -> Result<(), CommandError> {
    let DeliveryArgs { send, prices, .. } = &typed.delivery;
    let (settings, recipients) = send.read(context)?;
    let mut refused = Vec::new();
    make_messages(context, typed, &recipients, sends, &mut refused)?;
    let is_flow_message =
        |outgoing: &Outgoing| matches!(outgoing.route(), Route::FlowMessage { .. });
    if send.wait().is_some() && sends.messages().any(is_flow_message) {
        let message = msg!("--wait: the response to a flow message has no id to check");
        let hint = msg!("send the flow with: jelouctl send flow");
        return Err(UsageError::new(message, hint).into());
    }
    let sought = sends.sought();
    let (sender, exclusions) = match send.guard(context, settings, sends, sought.as_ref()) {
        Ok(guard) => guard,
        Err(error) if refused.is_empty() => return Err(error),
        Err(_) => {
            sends.refuse(context, refused);
            return Ok(());
        }
    };
    let has_key = send.once.is_some();
    sends.check(context, &sender, &exclusions, has_key, &mut refused)?;
    if !refused.is_empty() {
        sends.refuse(context, refused);
        return Ok(());
    }
    if context.mode != Mode::Send {
        let prices = read_prices(prices.as_deref(), &sender.settings)?;
        note_skipped(context, send, &sender, sends.recipients());
        return show(context, &sender, prices.as_ref(), sends);
    }
    let mut terms = terms(context, &typed.delivery, &sender, sends)?;
    let refused = without_room(&terms, sends)?;
    if !refused.is_empty() {
        sends.refuse(context, refused);
        return Ok(());
    }
    deliver(&mut terms, sends)?;
    sends.report_incomplete(context, terms.once.is_some());
    Ok(())
}

/// Returns the recipients that the limit has no room for. A single recipient is counted just before
/// its request.
fn without_room(terms: &SendTerms<'_>, sends: &Sends) -> Result<Vec<Refused>, CommandError> {
    let (Some(limit), true) = (&terms.limit, sends.are_several()) else {
        return Ok(Vec::new());
    };
    let mut places = Vec::new();
    let mut recipients = Vec::new();
    for (at, send) in sends.all.iter().enumerate() {
        let Some(outgoing) = send.open_message() else {
            continue;
        };
        let recipient = outgoing.recipient().as_str();
        let is_free = match &terms.once {
            Some(once) => once.is_free(recipient)?,
            None => true,
        };
        // A recipient that gets nothing with the key needs no room.
        if is_free {
            places.push(at);
            recipients.push(recipient);
        }
    }
    let without = limit.without_room(&recipients)?.into_iter();
    Ok(without
        .map(|(place, error)| Refused {
            at: places.get(place).copied().unwrap_or_default(),
            error,
        })
        .collect())
}

/// Prints each request, for `--dry-run` and `--curl`.
fn show(
    context: &Context,
    sender: &Sender,
    prices: Option<&PriceList>,
    sends: &mut Sends,
) -> Result<(), CommandError> {
    let terms = SendTerms::new(context, sender);
    for send in sends.open() {
        let Some(outgoing) = &send.outgoing else {
            continue;
        };
        let request = |base: &ApiUrl| Ok(terms.request(base, outgoing));
        preview(context, sender, request, &mut send.report.record)?;
        report_cost(context, outgoing, prices);
        send.code = Some(ExitCode::Success);
    }
    Ok(())
}

/// Returns what all messages share. Opens the ledger for the key and the limit.
fn terms<'a>(
    context: &'a Context,
    arguments: &DeliveryArgs,
    sender: &'a Sender,
    sends: &Sends,
) -> Result<SendTerms<'a>, CommandError> {
    let mut terms = SendTerms::new(context, sender);
    terms.once = OnceSend::open(context, &arguments.send, sender)?.map(Rc::new);
    terms.wait = arguments.send.wait();
    // The messages differ only in the recipient.
    if let Some(outgoing) = sends.messages().next() {
        terms.limit = LimitedSend::open(context, sender, outgoing, arguments.over_limit)?;
    }
    Ok(terms)
}

/// Sends all messages over one connection.
fn deliver(terms: &mut SendTerms<'_>, sends: &mut Sends) -> Result<(), CommandError> {
    let flight = RequestProgress::default();
    let context = terms.context;
    let work = async {
        let mut connection = terms.sender.connect(context).await?;
        terms.send_all(&mut connection, sends, &flight).await;
        Ok(())
    };
    let Err(error) = catch_panic(&flight, || block_on(work)) else {
        return Ok(());
    };
    // An accepted message stays accepted despite a later error.
    for send in sends.open() {
        if send.report.record.sent == Sent::Yes {
            context.stderr.warning(msg!(
                "accepted, but its delivery status is unknown: {problem}",
                problem = error.line()
            ));
            send.code = Some(ExitCode::NotReached);
        }
    }
    if sends.open().next().is_none() {
        return Ok(());
    }
    Err(error)
}

/// Makes the message for each recipient from flags and `--body`, and prints the warnings about it.
fn make_messages(
    context: &mut Context,
    typed: &MessageArgs<DeliveryArgs>,
    recipients: &NamedRecipients,
    sends: &mut Sends,
    refused: &mut Vec<Refused>,
) -> Result<(), CommandError> {
    // The recipients, for the records, if the message cannot be read.
    sends.set_recipients(recipients.sources(true));
    let flags = typed.message.flag_body(&mut context.input)?;
    let file = typed
        .delivery
        .body
        .as_ref()
        .map(|source| context.input.json_value("--body", source))
        .transpose()?;
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
    sends.set_recipients(distinct(context, recipients.sources(is_addressed))?);
    let mut warnings = sends.make_messages(refused, |source| {
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
    warnings.extend(sends.messages().next().into_iter().flat_map(left_as_typed));
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
pub(super) fn other_kind_hint(kind: &str) -> Message {
    let command = match kind {
        "flow-message" => kind.to_owned(),
        _ => format!("send {kind}"),
    };
    msg!(
        "it is a body of {kind}: jelouctl {command} --to NUMBER --body FILE",
        kind,
        command
    )
}

/// Warns about expressions, because a single message has no columns, about texts that are certainly wrong, and about
/// parameters with names.
fn left_as_typed(outgoing: &Outgoing) -> Vec<Message> {
    let mut told = texts_left_as_typed(outgoing.body());
    told.extend(outgoing.named_parameters(|_| false));
    told
}

fn texts_left_as_typed(body: &Value) -> Vec<Message> {
    let mut told = Vec::new();
    each_text(body, "", &mut |path, text| {
        told.extend(faults_of_single_text(path, text));
    });
    told
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
        assert_eq!(texts_left_as_typed(&body), expected);
    }
}
