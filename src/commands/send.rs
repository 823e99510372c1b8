//! `send KIND` and `flow-message`: sends one message and reports its outcome.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::claim::OnceSend;
use super::limited_send::LimitedSend;
use super::prices::{read_prices, report_cost};
use super::result::{note_error, preview, print_result};
use super::single_send::{PreparedSend, SendReport, SingleSendArgs};
use crate::base::exit::ExitCode;
use crate::base::input::{JsonSource, UsageError};
use crate::base::output::Sent;
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::jelou::message::{
    InvalidMessage, MessageArgs, MessageKind, Outgoing, RecipientChoice, RecipientSources, Route,
    visit_texts,
};
use crate::lists::template::{foreign_text, is_usual_name, placeholders_of_one};
use crate::sender::context::{Context, Mode};
use crate::sender::{RequestProgress, catch_panic};

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
// Its answer has no id to look up; these flags are accepted so that the error can say so.
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

    /// Use this JSON as the body, or a part of it; flags override it
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::from_body_flag)]
    #[arg(value_hint = clap::ValueHint::FilePath, allow_hyphen_values = true)]
    pub(crate) body: Option<JsonSource>,

    /// With --dry-run, estimate the cost by this price list (CSV) [default: the profile's]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    prices: Option<PathBuf>,

    /// Refuse a message that causes a warning
    #[arg(long)]
    strict: bool,

    /// Send a template even if the profile's limit_24h is reached
    #[arg(long)]
    over_limit: bool,
}

/// Sends one message and reports its outcome.
pub(crate) fn run(context: &mut Context, typed: &MessageArgs<DeliveryArgs>) -> ExitCode {
    let mut told = SendReport::new("send");
    told.record.kind = Some(typed.message.command().into());
    told.record.dry_run = context.mode != Mode::Send;
    let code = send(context, typed, &mut told)
        .unwrap_or_else(|error| note_error(context, "", error, &mut told.record));
    if context.mode == Mode::Send {
        told.log(context, code);
    }
    print_result(
        context,
        "message",
        context.stdout.format,
        &told.record,
        code,
    )
}

fn send(
    context: &mut Context,
    typed: &MessageArgs<DeliveryArgs>,
    told: &mut SendReport,
) -> Result<ExitCode, CommandError> {
    let DeliveryArgs {
        send,
        prices,
        over_limit,
        ..
    } = &typed.delivery;
    let (settings, recipients) = send.read(context)?;
    let recipient = RecipientChoice::Among(&recipients).make(None);
    told.record.to = recipient
        .ok()
        .map(|typed| typed.recipient.as_str().to_owned());
    let outgoing = read_message(context, typed, &recipients)?;
    let wait = send.wait();
    if wait.is_some() && matches!(outgoing.route(), Route::FlowMessage { .. }) {
        let hint = "leave it out, or send the flow with `jelouctl send flow`";
        return Err(UsageError::new(
            "--wait: the answer to a flow message has no id to ask Jelou by",
            hint,
        )
        .into());
    }
    let (sender, _) = send.guarded(context, settings, &outgoing, told)?;
    let mut prepared = PreparedSend::new(context, &sender, &outgoing);
    if context.mode != Mode::Send {
        preview(
            context,
            &sender,
            |base| Ok(prepared.request(base)),
            &mut told.record,
        )?;
        report_cost(
            context,
            &outgoing,
            read_prices(prices.as_deref(), &sender.settings)?.as_ref(),
        );
        return Ok(ExitCode::Success);
    }
    prepared.once = OnceSend::open(context, send.once.as_ref(), &sender)?;
    prepared.limit = LimitedSend::open(context, &sender, &outgoing, *over_limit)?;
    let flight = RequestProgress::default();
    let deliver = async {
        let mut connection = sender.connect(context).await?;
        prepared
            .deliver_over(&mut connection, told, &flight, wait)
            .await
    };
    match catch_panic(&flight, || block_on(deliver)) {
        // A later error does not change that the message was accepted.
        Err(error) if told.record.sent == Sent::Yes => {
            context.stderr.warning(&format!(
                "accepted, but its delivery status is unknown: {}",
                error.line()
            ));
            Ok(ExitCode::NotReached)
        }
        delivered => delivered,
    }
}

/// Builds the message from flags and `--body`, and prints its warnings.
fn read_message(
    context: &mut Context,
    typed: &MessageArgs<DeliveryArgs>,
    recipients: &RecipientSources,
) -> Result<Outgoing, InvalidMessage> {
    let flags = typed.message.flag_body(&mut context.input)?;
    let file = typed
        .delivery
        .body
        .as_ref()
        .map(|source| context.input.json_value("--body", source))
        .transpose()?;
    let suggested = file.as_ref().and_then(MessageKind::suggested_by);
    let made = Outgoing::new(&typed.message, flags, file, recipients);
    let (outgoing, mut warnings) = made.map_err(|error| {
        let is_whole = typed.delivery.body.is_some();
        with_way_out(error, &typed.message, suggested.as_ref(), is_whole)
    })?;
    warnings.append(&mut context.input.warnings);
    warnings.extend(left_as_typed(&outgoing));
    if typed.delivery.strict && !warnings.is_empty() {
        return Err(InvalidMessage::warnings(warnings));
    }
    context.stderr.warnings(&warnings);
    Ok(outgoing)
}

/// The error with the command for the kind that the body seems to be, or with how to give a whole body.
fn with_way_out(
    error: InvalidMessage,
    typed: &MessageKind,
    suggested: Option<&MessageKind>,
    is_whole: bool,
) -> InvalidMessage {
    let other = suggested.filter(|kind| kind.written_by() != typed.command());
    let lacks_text = match &error {
        InvalidMessage::Violations {
            text_is_missing, ..
        } => Some(*text_is_missing),
        InvalidMessage::Other(_) => None,
    };
    let reads_input = !is_whole && !std::io::stdin().is_terminal();
    let hint = match other.map(MessageKind::written_by) {
        Some("flow-message") => {
            "it is a body of flow-message: jelouctl flow-message --to NUMBER --body FILE".to_owned()
        }
        Some(kind) => format!("it is a body of {kind}: jelouctl send {kind} --to NUMBER --body FILE"),
        None if reads_input && lacks_text == Some(true) => {
            "to read a whole body as JSON from standard input: --body -; to read only the text: --text-file -".to_owned()
        }
        None if reads_input && lacks_text == Some(false) => {
            "to read a whole body as JSON from standard input: --body -".to_owned()
        }
        None => return error,
    };
    InvalidMessage::Other(UsageError {
        message: error.to_string(),
        details: error.details(),
        hint,
    })
}

/// Warns of text that looks like a column, since one message has no columns, of what is written for another program, and of
/// parameters with names.
fn left_as_typed(outgoing: &Outgoing) -> Vec<String> {
    let mut told = texts_left_as_typed(outgoing.body());
    told.extend(outgoing.named_parameters(is_usual_name));
    told
}

fn texts_left_as_typed(body: &Value) -> Vec<String> {
    let mut told = Vec::new();
    visit_texts(&mut body.clone(), "", &mut |path, text| {
        let columns = placeholders_of_one(text).into_iter();
        told.extend(columns.map(|written| {
            format!("{path}: {written} is sent as it stands: only `bulk send` fills in columns")
        }));
        told.extend(foreign_text(path, text));
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
            "caption": "Para #nombre#",
            "count": 3,
        });
        let expected = [
            "text: {{ nombre }} is sent as it stands: only `bulk send` fills in columns",
            "rows[1].title: {{ dos }} is sent as it stands: only `bulk send` fills in columns",
            "caption: #nombre# is sent as it stands: only `bulk send` fills in columns",
        ];
        assert_eq!(texts_left_as_typed(&body), expected);
    }
}
