//! A message that may be sent: merged, read as its kind, completed and validated. There is no other way to one.

use serde_json::{Map, Value, json};

use super::invalid::{InvalidMessage, Violation};
use super::recipient::{Recipient, phone};
use super::{Envelope, Message, limits};

/// Which endpoint a message goes to; what it needs beside bot and recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
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
    /// The endpoint as the API's documents write it.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        match self {
            Self::Messages => "POST /v1/bots/{botId}/messages",
            Self::FlowMessage { .. } => "POST /v1/bots/{botId}/users/{userId}/flow_message",
            Self::Template => "POST /v2/whatsapp/{botId}/hsm",
            Self::CampaignTemplate { .. } => "POST /v1/bots/{botId}/campaigns/{campaignId}/template-messages",
        }
    }
}

/// Where a recipient may come from besides the body, in the order they are asked: flag, body, environment.
#[derive(Clone, Debug, Default)]
pub struct RecipientSources {
    /// `--to`
    pub flag: Option<String>,
    /// `JELOU_TO`; a wrong one matters only where it is used.
    pub environment: Option<String>,
}

/// A valid message with its recipient, as the JSON that goes onto the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    kind: &'static str,
    recipient: Recipient,
    route: Route,
    body: Value,
}

impl Outgoing {
    /// Merges `flags`, the part of the body that the flags of `typed` give, over `file`; completes and validates.
    /// Warnings come beside the message.
    ///
    /// # Errors
    /// With everything that is wrong with it, as far as it can be read.
    pub fn new(
        typed: &Message,
        flags: Value,
        file: Option<Value>,
        recipients: &RecipientSources,
    ) -> Result<(Self, Vec<String>), InvalidMessage> {
        Self::with_schema(typed, None, flags, file, recipients)
    }

    /// As [`Outgoing::new`], for many messages of one kind, whose `schema` is made once.
    ///
    /// # Errors
    /// As [`Outgoing::new`].
    pub fn with_schema(
        typed: &Message,
        schema: Option<&Value>,
        flags: Value,
        file: Option<Value>,
        recipients: &RecipientSources,
    ) -> Result<(Self, Vec<String>), InvalidMessage> {
        if typed.envelope() == Envelope::Verbatim && file.is_none() {
            return Err(InvalidMessage::NoBody);
        }
        let mut body = Value::Object(object(file.unwrap_or_else(|| json!({})))?);
        merge(&mut body, flags);
        let mut fields = object(body)?;
        let other = typed.read_as(&fields);
        let kind = other.as_ref().unwrap_or(typed);
        take_type(kind, typed, &mut fields)?;
        let in_body = take_recipient(kind.envelope(), &mut fields)?;
        let bot = fields.shift_remove("botId");
        let recipient = recipient(recipients, in_body.as_ref());
        // The message's own faults come before a missing recipient.
        let message = complete(kind, typed, Value::Object(fields))?;
        let recipient = recipient?;

        let body = message.to_body();
        let mut warnings = match schema {
            Some(schema) => limits::advice(schema, &body),
            None => limits::advice(&message.schema(), &body),
        };
        warnings.extend(in_body.as_ref().filter(|user| **user == recipient).and_then(|user| {
            let path = if kind.envelope() == Envelope::Destinations { "destinations" } else { "userId" };
            written_otherwise(path, user.as_str())
        }));
        warnings.extend(contact_phones(&body));
        let body = enclose(kind.envelope(), &recipient, bot, body);
        Ok((Self { kind: kind.written_by(), recipient, route: kind.route(), body }, warnings))
    }

    /// The kind that it is, as the word after `send`; a body can be of another one than was typed.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// Every recipient of the request, for a guard: the path's and the body's.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        let destinations = self.body.get("destinations").and_then(Value::as_array).into_iter().flatten();
        let in_body = self.body.get("userId").into_iter().chain(destinations).filter_map(Value::as_str);
        std::iter::once(self.recipient.as_str()).chain(in_body)
    }

    /// A body may name the bot; it must be the one that sends it.
    ///
    /// # Errors
    /// When it is another.
    pub fn check_bot(&self, bot: &str) -> Result<(), InvalidMessage> {
        match self.body.get("botId") {
            None => Ok(()),
            Some(Value::String(found)) if found == bot => Ok(()),
            Some(Value::Number(found)) if found.to_string() == bot => Ok(()),
            Some(other) => Err(InvalidMessage::OtherBot { found: other.to_string(), bot: bot.to_owned() }),
        }
    }
}

/// Reads `body` as `kind`, fills the defaults and checks every limit; `typed` tells which flags may be named.
fn complete(kind: &Message, typed: &Message, body: Value) -> Result<Message, InvalidMessage> {
    let mut message = read(kind, typed, body)?;
    message.fill_derived(typed);
    message.fill_defaults();
    check(&message, typed)?;
    Ok(message)
}

pub(super) fn read(kind: &Message, typed: &Message, body: Value) -> Result<Message, InvalidMessage> {
    kind.read(body).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.inner().to_string();
        let flag = typed.flag_of(&path);
        InvalidMessage::WrongShape(Violation { path, problem, flag })
    })
}

/// Checks every limit of `message`; `typed` tells which flags may be named.
pub(super) fn check(message: &Message, typed: &Message) -> Result<(), InvalidMessage> {
    let Err(report) = message.validate() else { return Ok(()) };
    let body = message.to_body();
    let violations = limits::violations(&report, &message.schema(), typed, &body);
    let text_is_missing = violations.iter().any(|violation| violation.path == "text") && body.get("text").is_none();
    Err(InvalidMessage::Violations { violations, text_is_missing })
}

pub(super) fn object(body: Value) -> Result<Map<String, Value>, InvalidMessage> {
    match body {
        Value::Object(fields) => Ok(fields),
        Value::Null => Err(InvalidMessage::NotAnObject("null")),
        Value::Bool(_) => Err(InvalidMessage::NotAnObject("a boolean")),
        Value::Number(_) => Err(InvalidMessage::NotAnObject("a number")),
        Value::String(_) => Err(InvalidMessage::NotAnObject("a string")),
        Value::Array(_) => Err(InvalidMessage::NotAnObject("an array")),
    }
}

/// A body's `type` must be the kind's own; `raw` keeps it.
fn take_type(kind: &Message, typed: &Message, fields: &mut Map<String, Value>) -> Result<(), InvalidMessage> {
    let take = |fields: &mut Map<String, Value>| fields.shift_remove("type");
    match kind.envelope() {
        Envelope::Verbatim | Envelope::Destinations => Ok(()),
        Envelope::OwnEndpoint => {
            take(fields).map_or(Ok(()), |found| Err(InvalidMessage::TypeRefused(found.to_string())))
        }
        Envelope::Typed(wire) => match take(fields) {
            Some(found) if found != wire => {
                Err(InvalidMessage::OtherType { found: found.to_string(), command: typed.command(), wire })
            }
            _ => Ok(()),
        },
    }
}

/// The recipient that a body names, taken as it stands. Where it belongs into `destinations`, `userId` says it too.
pub(super) fn take_recipient(
    envelope: Envelope,
    fields: &mut Map<String, Value>,
) -> Result<Option<Recipient>, InvalidMessage> {
    let user = named_recipient("userId", fields.shift_remove("userId"))?;
    if envelope != Envelope::Destinations {
        return Ok(user);
    }
    let destination = fields.shift_remove("destinations").map(one_destination).transpose()?;
    let destination = named_recipient("destinations", destination)?;
    match (destination, user) {
        (Some(destination), Some(user)) if destination != user => Err(InvalidMessage::TwoRecipients),
        (destination, user) => Ok(destination.or(user)),
    }
}

fn named_recipient(origin: &'static str, named: Option<Value>) -> Result<Option<Recipient>, InvalidMessage> {
    match named {
        None => Ok(None),
        Some(Value::String(user)) => {
            Recipient::verbatim(&user).map(Some).map_err(|error| InvalidMessage::Recipient { origin, error })
        }
        Some(other) => Err(InvalidMessage::RecipientNotText { origin, found: other.to_string() }),
    }
}

/// A request has one recipient, so that one answer is about one message.
fn one_destination(destinations: Value) -> Result<Value, InvalidMessage> {
    match destinations {
        Value::Array(mut list) if list.len() == 1 => Ok(list.remove(0)),
        Value::Array(list) => Err(InvalidMessage::NotOneDestination(list.len().to_string())),
        other => Err(InvalidMessage::NotOneDestination(other.to_string())),
    }
}

fn recipient(sources: &RecipientSources, in_body: Option<&Recipient>) -> Result<Recipient, InvalidMessage> {
    let (origin, raw) = match (&sources.flag, in_body, &sources.environment) {
        (Some(raw), _, _) => ("--to", raw),
        (None, Some(recipient), _) => return Ok(recipient.clone()),
        (None, None, Some(raw)) => ("JELOU_TO", raw),
        (None, None, None) => return Err(InvalidMessage::NoRecipient),
    };
    raw.parse().map_err(|error| InvalidMessage::Recipient { origin, error })
}

/// What says who gets it comes first on the wire, then a `botId` where the file has one.
fn enclose(envelope: Envelope, recipient: &Recipient, bot: Option<Value>, body: Value) -> Value {
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

/// Objects merge deeply; arrays and values replace.
pub fn merge(into: &mut Value, from: Value) {
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

/// A warning when `raw` is a phone number, but not as WhatsApp writes it.
fn written_otherwise(path: &str, raw: &str) -> Option<String> {
    let digits = phone(raw).ok().filter(|digits| digits != raw)?;
    Some(format!("{path}: `{raw}` is sent as it stands; WhatsApp writes this number {digits}"))
}

/// Jelou asks for E.164 in contacts: `+` and digits.
fn contact_phones(body: &Value) -> Vec<String> {
    let contacts = body.get("contacts").and_then(Value::as_array).into_iter().flatten().enumerate();
    let phones = contacts.flat_map(|(contact, fields)| {
        let phones = fields.get("phones").and_then(Value::as_array).into_iter().flatten().enumerate();
        phones.filter_map(move |(index, phone)| {
            Some((format!("contacts[{contact}].phones[{index}].phone"), phone.get("phone")?.as_str()?))
        })
    });
    phones
        .filter_map(|(path, raw)| {
            let digits = phone(raw).ok().filter(|digits| raw.strip_prefix('+') != Some(digits))?;
            Some(format!("{path}: `{raw}` is sent as it stands; Jelou asks for +{digits}"))
        })
        .collect()
}
