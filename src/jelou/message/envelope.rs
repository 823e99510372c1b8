//! The fields around a kind's own fields in a request's body: type, recipient and bot. They are
//! removed from a body that is read, and merged into a body that is sent. Also the endpoints that
//! accept messages.

use std::slice;

use serde_json::{Map, Value, json};

use super::invalid::InvalidMessage;
use super::recipient::Recipient;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

/// The fields around a kind's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `type` with this value, and `userId`.
    Typed(&'static str),
    /// Neither field: the recipient is in the path of the kind's own endpoint.
    OwnEndpoint,
    /// `destinations` with the recipient; `type` is a field of the kind.
    Destinations,
    /// The body as the file has it; only `--to` sets `userId`.
    Verbatim,
}

/// A recipient in a body that a message cannot be sent to.
pub(super) struct InvalidRecipient {
    /// Its field.
    pub(super) path: &'static str,
    pub(super) problem: Message,
    hint: Option<Message>,
}

impl InvalidRecipient {
    /// Creates the error for `destinations` that are not exactly one recipient.
    fn destinations(problem: Message) -> Self {
        Self {
            path: "destinations",
            problem,
            hint: Some(msg!("remove them from the body, and pass --to RECIPIENT")),
        }
    }

    fn not_text(path: &'static str, found: &Value) -> Self {
        let found = found.to_string();
        Self {
            path,
            problem: msg!("a recipient must be a text, found {found}", found),
            hint: Some(msg!("write it in quotes: \"593987654321\"")),
        }
    }
}

impl From<InvalidRecipient> for InvalidMessage {
    fn from(
        InvalidRecipient {
            path,
            problem,
            hint,
        }: InvalidRecipient,
    ) -> Self {
        Self::Other(UsageError {
            hint,
            ..UsageError::bare(msg!("{path}: {problem}", path, problem))
        })
    }
}

/// Takes `type` from a body. Except for `raw`, it must be the type of the kind. `command` is the
/// word after `send`.
pub(crate) fn take_type(
    envelope: Envelope,
    command: &'static str,
    fields: &mut Map<String, Value>,
) -> Result<(), InvalidMessage> {
    let wire = match envelope {
        Envelope::Verbatim | Envelope::Destinations => return Ok(()),
        Envelope::OwnEndpoint => None,
        Envelope::Typed(wire) => Some(wire),
    };
    let Some(found) = fields
        .shift_remove("type")
        .filter(|found| wire.is_none_or(|wire| found != wire))
    else {
        return Ok(());
    };
    let found = found.to_string();
    let problem = match wire {
        Some(wire) => msg!(
            "the body has type {found}, but `send {command}` sends type \"{wire}\"",
            found,
            command,
            wire
        ),
        None => msg!(
            "the body has type {found}, but `send {command}` sends no type",
            found,
            command
        ),
    };
    let hint = msg!(
        "to send this type: jelouctl send KIND; to send the body unchanged: jelouctl send raw"
    );
    Err(InvalidMessage::other(problem, hint))
}

/// Takes the recipient from a body, unchanged. A body that has `destinations` may use `userId`
/// instead.
pub(super) fn take_recipient(
    envelope: Envelope,
    fields: &mut Map<String, Value>,
) -> Result<Option<(&'static str, Recipient)>, InvalidRecipient> {
    let user = named_recipient("userId", fields.shift_remove("userId"))?;
    if envelope != Envelope::Destinations {
        // The safety checks need every recipient as a text.
        let other = listed(fields.get("destinations"))
            .iter()
            .find(|named| !named.is_string());
        return other.map_or(Ok(user), |found| {
            Err(InvalidRecipient::not_text("destinations", found))
        });
    }
    let destination = fields
        .shift_remove("destinations")
        .map(one_destination)
        .transpose()?;
    let destination = named_recipient("destinations", destination)?;
    match (destination, user) {
        (Some((_, destination)), Some((_, user))) if destination != user => Err(
            InvalidRecipient::destinations(msg!("another recipient than in userId")),
        ),
        (destination, user) => Ok(destination.or(user)),
    }
}

/// Returns the recipients in the `destinations` of a body, which is a list or one recipient.
pub(super) fn listed(destinations: Option<&Value>) -> &[Value] {
    match destinations {
        None => &[],
        Some(Value::Array(list)) => list,
        Some(one) => slice::from_ref(one),
    }
}

fn named_recipient(
    path: &'static str,
    named: Option<Value>,
) -> Result<Option<(&'static str, Recipient)>, InvalidRecipient> {
    match named {
        None => Ok(None),
        Some(Value::String(user)) => {
            let recipient = Recipient::verbatim(&user).map_err(|error| InvalidRecipient {
                path,
                problem: error.message(),
                hint: error.hint,
            })?;
            Ok(Some((path, recipient)))
        }
        Some(other) => Err(InvalidRecipient::not_text(path, &other)),
    }
}

/// Returns the only destination. A request must have one recipient, so that its response is about
/// one message.
fn one_destination(destinations: Value) -> Result<Value, InvalidRecipient> {
    let found = match destinations {
        Value::Array(mut list) if list.len() == 1 => return Ok(list.remove(0)),
        Value::Array(list) => list.len().to_string(),
        other => other.to_string(),
    };
    Err(InvalidRecipient::destinations(msg!(
        "the body has {found}; a list with one recipient is expected",
        found
    )))
}

/// Adds the recipient to a body. The recipient comes first, then `botId` if the file has one.
pub(crate) fn enclose(
    envelope: Envelope,
    recipient: &Recipient,
    bot: Option<Value>,
    body: Value,
) -> Value {
    let mut whole = match envelope {
        Envelope::OwnEndpoint => json!({}),
        Envelope::Destinations => json!({ "destinations": [recipient.as_str()] }),
        Envelope::Typed(wire) => json!({ "type": wire, "userId": recipient.as_str() }),
        Envelope::Verbatim => json!({ "userId": recipient.as_str() }),
    };
    if let Some(bot) = bot {
        merge(&mut whole, json!({ "botId": bot }));
    }
    merge(&mut whole, body);
    whole
}

/// Returns the items of a list in a body, to change them; none if it is not a list.
pub(super) fn items_mut(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

/// Objects merge deeply; arrays and values replace.
pub(crate) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                match into.get_mut(&name) {
                    Some(present) => merge(present, value),
                    None => {
                        into.insert(name, value);
                    }
                }
            }
        }
        (into, from) => *into = from,
    }
}

/// The endpoint of a message, and what it needs in addition to bot and recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /v1/bots/{botId}/messages`
    Messages,
    /// `POST /v1/bots/{botId}/users/{userId}/flow_message?type=…`
    FlowMessage { flow_type: Option<String> },
    /// `POST /v2/whatsapp/{botId}/hsm`
    Template,
    /// `POST /v1/bots/{botId}/campaigns/{campaignId}/template-messages`
    CampaignTemplate { campaign: String },
}

impl Route {
    /// Returns whether the path contains the recipient.
    pub(crate) fn has_recipient(&self) -> bool {
        matches!(self, Self::FlowMessage { .. })
    }

    /// Returns the endpoint as the API's documentation writes it.
    pub(crate) fn endpoint(&self) -> &'static str {
        match self {
            Self::Messages => "POST /v1/bots/{botId}/messages",
            Self::FlowMessage { .. } => "POST /v1/bots/{botId}/users/{userId}/flow_message",
            Self::Template => "POST /v2/whatsapp/{botId}/hsm",
            Self::CampaignTemplate { .. } => {
                "POST /v1/bots/{botId}/campaigns/{campaignId}/template-messages"
            }
        }
    }
}

/// Returns whether a request sends a template, which can reach anyone. The path or `templateId` in
/// the body shows it.
pub(crate) fn sends_template(path: &str, body: &str) -> bool {
    let has_id = |body| {
        serde_json::from_str(body)
            .is_ok_and(|fields: Map<String, Value>| fields.contains_key("templateId"))
    };
    path.ends_with("/hsm")
        || path.ends_with("/template-messages")
        || body.contains("\"templateId\"") && has_id(body)
}
