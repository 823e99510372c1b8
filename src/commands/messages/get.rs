//! `messages get`: the delivery status of one message.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, SystemError, versioned};
use crate::base::timestamps::{local_second, now};
use crate::command_error::CommandError;
use crate::jelou::api::{
    DeliveryState, ListingQuery, LookUpError, MessageClass, Request, TrackedMessage,
};
use crate::sender::config::timeout;
use crate::sender::context::Context;
use crate::sender::{DeliveryWait, RequestProgress, Sender};

/// The maximum length of an id in characters.
const LONGEST_ID: usize = 200;

/// Show the delivery status of a message
///
/// Examples:
///   jelouctl messages get msg_123456789
///   jelouctl messages get msg_123456789 --wait delivered --for 5m
///
/// The status is accepted, at WhatsApp, delivered, read, replied or undelivered. Jelou has times and
/// reasons only for templates.
/// Exits with 0 if Jelou lists the message, in any state, and with 5 if not. With --wait, exits with
/// 15 if the message is undelivered or late.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetArgs {
    /// Id of the message, as `send` printed it
    #[arg(value_name = "ID", value_parser = message_id)]
    id: String,

    /// Wait for this delivery status
    #[arg(long, value_name = "STATE", value_parser = wait_state())]
    wait: Option<DeliveryState>,

    /// Wait this long [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout)]
    within: Option<Duration>,
}

fn wait_state() -> impl TypedValueParser<Value = DeliveryState> {
    let goals = [
        PossibleValue::new("delivered").help("On the recipient's phone"),
        PossibleValue::new("read").help("The recipient opened it; only with read receipts"),
        PossibleValue::new("replied").help("The recipient answered"),
    ];
    PossibleValuesParser::new(goals).map(|name| DeliveryState::from_name(&name))
}

fn message_id(raw: &str) -> Result<String, Message> {
    let length = raw.chars().count();
    // In a URL, `.` and `..` mean folders.
    let is_id = !["", ".", ".."].contains(&raw)
        && length <= LONGEST_ID
        && !raw.chars().any(char::is_control);
    is_id.then(|| raw.to_owned()).ok_or_else(|| {
        msg!(
            "an id has 1 to {most} characters, without control characters; it is neither . nor ..",
            most = LONGEST_ID
        )
    })
}

pub(super) fn run(context: &mut Context, arguments: &GetArgs) -> Result<ExitCode, CommandError> {
    let sender = Sender::resolve(context)?;
    let within = arguments.within.unwrap_or(DeliveryWait::DEFAULT);
    let mut tracked = TrackedMessage::new(arguments.id.clone(), MessageClass::Either, None);
    let first = ListingQuery {
        since: Timestamp::UNIX_EPOCH,
        until: now(),
        message_id: Some(&arguments.id),
        page: 1,
    };
    let first = |base: &Url| Request::history(base, &sender.bot, &first);
    sender.ask(context, first, async |connection| {
        let Some(goal) = arguments.wait.clone() else {
            connection
                .look_ups(&RequestProgress::default())
                .look_for(&mut tracked)
                .await?;
            print(context, &tracked)?;
            let is_searched = tracked.is_fully_searched();
            return match tracked.entry {
                Some(_) => Ok(ExitCode::Success),
                None => Err(LookUpError::NotListed {
                    id: tracked.id,
                    is_searched,
                }
                .into()),
            };
        };
        let ended = connection
            .wait(&mut tracked, &DeliveryWait { goal, within })
            .await;
        // The status found before an error is also printed.
        print(context, &tracked)?;
        let Some((message, hint)) = ended? else {
            return Ok(ExitCode::Success);
        };
        context.stderr.error(message, &[], hint.as_ref());
        Ok(ExitCode::NotReached)
    })
}

fn print(context: &Context, tracked: &TrackedMessage) -> Result<(), SystemError> {
    let stdout = &context.stdout;
    match (stdout.format, &tracked.entry) {
        (Format::Response, Some(_)) if stdout.is_for_reading() => {
            let known = known_facts(tracked);
            let known = known
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, value)| !value.is_null());
            stdout.table(
                &[msg!("FIELD"), msg!("VALUE")],
                known
                    .map(|(name, value)| vec![name.replace('_', " "), describe_field(name, value)]),
            )
        }
        (Format::Response, Some(entry)) => stdout.json(entry),
        (Format::Record, _) => stdout.json(&versioned(known_facts(tracked))),
        (Format::Id, Some(_)) => stdout.value(&tracked.id),
        (Format::Response | Format::Id, None) | (Format::None | Format::To, _) => Ok(()),
    }
}

/// Formats a fact for a terminal: times are local.
fn describe_field(name: &str, value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.parse() {
        Ok(at) if ["at", "created_at"].contains(&name) => local_second(at),
        _ => text.to_owned(),
    }
}

/// Returns the facts about a message, as `-o record` prints them.
fn known_facts(
    TrackedMessage {
        id,
        facts,
        message,
        notification,
        ..
    }: &TrackedMessage,
) -> Value {
    let facts = facts.as_ref();
    let message = message.as_ref();
    let notification = notification.as_ref();
    let user = message.and_then(|message| message.user.as_ref());
    let created_at = message.and_then(|message| message.at);
    json!({
        "message_id": id,
        "state": facts.map(|facts| &facts.state),
        // The API's own word for a state that is `other`.
        "status": facts.and_then(|facts| facts.state.unknown()),
        "at": facts.and_then(|facts| facts.at),
        "code": facts.and_then(|facts| facts.code.as_ref()),
        "reason": facts.and_then(|facts| facts.reason.as_ref()),
        "user": user.or_else(|| notification?.destination.as_ref()),
        "created_at": created_at.or_else(|| notification?.created_at),
        "template": notification.and_then(|notification| notification.element_name.as_ref()),
        "kind": message.and_then(|message| message.kind.as_ref()),
        "text": message.and_then(|message| message.text.as_ref()),
    })
}
