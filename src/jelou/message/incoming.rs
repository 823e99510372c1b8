//! Checks a body as a server does: the sandbox rejects a body that the sender could not have built.

use serde_json::{Map, Value};

use super::checks::{check, object};
use super::envelope::{Envelope, take_recipient};
use super::invalid::{InvalidMessage, Violation};
use super::kinds::MessageKind;
use super::recipient::Recipient;

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
    pub(crate) warnings: Vec<String>,
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
    let kind = kind
        .or_else(|| new.and_then(|_| MessageKind::named("raw")))
        .ok_or_else(|| {
            let found = wire
                .as_ref()
                .map_or("is missing".to_owned(), |wire| format!("{wire} is unknown"));
            violation(
                "type",
                format!(
                    "{found}; it can be {}",
                    MessageKind::wire_types().join(", ")
                ),
            )
        })?;
    let recipient = take_recipient(kind.envelope(), &mut fields)?;
    let (_, recipient) = recipient.ok_or_else(|| violation("userId", "is missing".to_owned()))?;
    if let Some(wire) = new {
        let warning = format!(
            "the sandbox does not know the type `{wire}` and did not check its fields; it knows {}",
            MessageKind::wire_types().join(", ")
        );
        return Ok(Checked {
            kind: kind.command(),
            recipient: Some(recipient),
            warnings: vec![warning],
        });
    }
    fields.shift_remove("botId");
    check_fields(kind.command(), Some(recipient), fields)
}

/// Checks a body of `/flow_message`, which has neither `type` nor `userId`.
///
/// # Errors
/// If limits are violated, with all of them.
pub(crate) fn check_flow_message(body: Value) -> Result<Checked, InvalidMessage> {
    check_fields("flow-message", None, object(body)?)
}

/// Checks a body of `/hsm`.
///
/// # Errors
/// If limits are violated, with all of them.
pub(crate) fn check_template(body: Value) -> Result<Checked, InvalidMessage> {
    let mut fields = object(body)?;
    let destination = take_recipient(Envelope::Destinations, &mut fields)?;
    let (_, destination) =
        destination.ok_or_else(|| violation("destinations", "is missing".to_owned()))?;
    check_fields("template", Some(destination), fields)
}

/// Whether an unknown `type` may be new in the API, rather than a typo.
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

fn check_fields(
    kind: &str,
    recipient: Option<Recipient>,
    fields: Map<String, Value>,
) -> Result<Checked, InvalidMessage> {
    let kind =
        &MessageKind::named(kind).ok_or_else(|| violation("type", format!("{kind} is unknown")))?;
    let body = Value::Object(fields);
    let warnings = check(kind, kind, &body, Vec::new())?;
    Ok(Checked {
        kind: kind.command(),
        recipient,
        warnings,
    })
}

fn violation(path: &str, problem: String) -> InvalidMessage {
    let violations = vec![Violation {
        path: path.to_owned(),
        problem,
        flag: None,
    }];
    InvalidMessage::Violations {
        violations,
        text_is_missing: false,
    }
}
