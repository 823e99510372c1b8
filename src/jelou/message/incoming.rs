//! Checks a body as a server does: the sandbox rejects a body that the sender could not have built.

use serde_json::{Map, Value};

use super::checks::{check, object};
use super::envelope::{Envelope, take_recipient};
use super::invalid::{InvalidMessage, Violation};
use super::kinds::MessageKind;
use super::recipient::Recipient;
use crate::base::message::{Message, msg};

/// In a `type` of at most this many letters, two different letters are a different type, not a
/// typo.
const MAX_LETTERS_WITH_ONE_TYPO: usize = 5;
/// The most characters that a `type` may have.
const MAX_TYPE_LENGTH: usize = 64;

/// A message that a server may accept.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The word after `send`.
    pub(crate) kind: &'static str,
    /// The recipient in the body.
    pub(crate) recipient: Option<Recipient>,
    pub(crate) warnings: Vec<Message>,
    /// Warnings that only a server gives.
    pub(crate) notes: Vec<Message>,
}

/// Checks a body of `/messages`: `type`, `userId` and the kind's fields.
///
/// # Errors
/// If limits are violated, with all of them.
pub(crate) fn check_message(body: Value) -> Result<Checked, InvalidMessage> {
    let mut fields = object(body)?;
    let wire = fields.shift_remove("type");
    let name = wire.as_ref().and_then(Value::as_str);
    let kind = name.and_then(|wire| MessageKind::from_wire_type(wire, &fields));
    let new = name.filter(|wire| kind.is_none() && is_new(wire));
    let kind = kind.or_else(|| new.and_then(|_| MessageKind::from_name("raw")));
    let envelope = kind
        .as_ref()
        .map_or(Envelope::Verbatim, MessageKind::envelope);
    let recipient = recipient_in(envelope, &mut fields, "userId");
    let Some(kind) = kind else {
        let known = MessageKind::wire_types().join(", ");
        let problem = match &wire {
            Some(wire) => {
                let wire = wire.to_string();
                msg!("{wire} is unknown; it can be {known}", wire, known)
            }
            None => msg!("is missing; it can be {known}", known),
        };
        let of_type = Violation::without_flag("type", problem);
        return Err(invalid(
            [Some(of_type), recipient.err()].into_iter().flatten(),
        ));
    };
    if let Some(wire) = new {
        let recipient = recipient.map_err(|violation| invalid([violation]))?;
        let note = msg!(
            "the sandbox does not know the type `{wire}` and did not check its fields; it knows {known}",
            wire,
            known = MessageKind::wire_types().join(", ")
        );
        return Ok(Checked {
            kind: kind.command(),
            recipient: Some(recipient),
            warnings: Vec::new(),
            notes: vec![note],
        });
    }
    fields.shift_remove("botId");
    check_fields(kind.command(), recipient.map(Some), fields)
}

/// Checks a body of `/flow_message`, which has neither `type` nor `userId`.
///
/// # Errors
/// If limits are violated, with all of them.
pub(crate) fn check_flow_message(body: Value) -> Result<Checked, InvalidMessage> {
    check_fields("flow-message", Ok(None), object(body)?)
}

/// Checks a body of `/hsm`.
///
/// # Errors
/// If limits are violated, with all of them.
pub(crate) fn check_template(body: Value) -> Result<Checked, InvalidMessage> {
    let mut fields = object(body)?;
    let destination = recipient_in(Envelope::Destinations, &mut fields, "destinations");
    check_fields("template", destination.map(Some), fields)
}

/// Returns whether an unknown `type` may be new in the API, rather than a typo.
fn is_new(wire: &str) -> bool {
    let plain = |wire: &str| {
        wire.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase()
    };
    let wire = plain(wire);
    let typos = if wire.len() > MAX_LETTERS_WITH_ONE_TYPO {
        2
    } else {
        1
    };
    let is_misspelt = |known: &&str| strsim::osa_distance(&wire, &plain(known)) <= typos;
    (1..=MAX_TYPE_LENGTH).contains(&wire.len())
        && !MessageKind::wire_types().iter().any(is_misspelt)
}

/// Reads the recipient in a body. Its error is printed together with the problems of other fields.
fn recipient_in(
    envelope: Envelope,
    fields: &mut Map<String, Value>,
    field: &str,
) -> Result<Recipient, Violation> {
    match take_recipient(envelope, fields) {
        Ok(Some((_, recipient))) => Ok(recipient),
        Ok(None) => Err(Violation::without_flag(field, msg!("is missing"))),
        Err(error) => Err(Violation::without_flag(error.path, error.problem)),
    }
}

fn check_fields(
    kind: &str,
    recipient: Result<Option<Recipient>, Violation>,
    fields: Map<String, Value>,
) -> Result<Checked, InvalidMessage> {
    let kind = &MessageKind::from_name(kind).ok_or_else(|| {
        invalid([Violation::without_flag(
            "type",
            msg!("{kind} is unknown", kind),
        )])
    })?;
    let body = Value::Object(fields);
    let of_recipient: Vec<_> = recipient.as_ref().err().cloned().into_iter().collect();
    let warnings = check(kind, kind, &body, of_recipient, None)?;
    Ok(Checked {
        kind: kind.command(),
        recipient: recipient.ok().flatten(),
        warnings,
        notes: Vec::new(),
    })
}

fn invalid(violations: impl IntoIterator<Item = Violation>) -> InvalidMessage {
    InvalidMessage::Violations {
        violations: violations.into_iter().collect(),
        text_is_missing: false,
    }
}
