//! Prints messages as data, as recipients, or as a table.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::{DeliveryState, HistoryMessage, MessageAuthor};
use crate::message::typed_form;
use crate::output::{Format, Stdout, SystemError};
use crate::phone::person_key;
use crate::timestamps::local_second;

/// A shown message, with the API's own entry.
pub(super) struct Listed {
    pub(super) key: u64,
    pub(super) message: HistoryMessage,
    pub(super) entry: Value,
}

/// A message as `-o record` prints it.
fn record(message: &HistoryMessage) -> Value {
    json!({
        "message_id": message.id,
        "at": message.at,
        "by": message.author,
        "user": message.user,
        "name": message.name,
        "state": message.state,
        // The API's own word for a state that is `other`.
        "status": message.state.as_ref().and_then(DeliveryState::unknown),
        "kind": message.kind,
        "text": message.text,
        "media_url": message.media_url,
    })
}

/// Sorts by time; those of the same time stay in the order in which they were listed.
pub(super) fn newest_last(listed: &[Listed]) -> Vec<&Listed> {
    let mut ordered: Vec<_> = listed.iter().rev().collect();
    ordered.sort_by_key(|listed| listed.message.at);
    ordered
}

/// Prints a message for a program; `people` are those that `-o to` has printed.
pub(super) fn print_for_a_machine(
    stdout: &Stdout,
    Listed { message, entry, .. }: &Listed,
    people: &mut HashSet<String>,
) -> Result<(), SystemError> {
    match stdout.format {
        Format::To => {
            let person = message.user.as_deref().unwrap_or_default();
            if people.insert(person_key(person).into_owned()) { stdout.value(&typed_form(person)) } else { Ok(()) }
        }
        Format::Id => message.id.as_ref().map_or(Ok(()), |id| stdout.value(id)),
        Format::Record => stdout.json(&record(message)),
        Format::Response => stdout.json(entry),
        Format::None => Ok(()),
    }
}

/// Prints messages for a person, with a header before the first.
pub(super) fn print_for_a_person(stdout: &Stdout, listed: &[&Listed], is_first: bool) -> Result<(), SystemError> {
    let rows = listed.iter().map(|Listed { message, .. }| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        vec![
            message.at.map(local_second).unwrap_or_default(),
            match message.author {
                MessageAuthor::Bot => "bot".to_owned(),
                MessageAuthor::User => "user".to_owned(),
                MessageAuthor::Other => "other".to_owned(),
            },
            text(&message.user),
            // Jelou lists one for what the person wrote, too.
            match (message.author, &message.state) {
                (MessageAuthor::User, _) | (_, None) => String::new(),
                (_, Some(state)) => state.words().to_owned(),
            },
            message.text.clone().or(message.media_url.clone()).or(message.kind.clone()).unwrap_or_default(),
        ]
    });
    if is_first {
        return if listed.is_empty() { Ok(()) } else { stdout.table(&["TIME", "BY", "USER", "STATE", "TEXT"], rows) };
    }
    rows.into_iter().try_for_each(|row| stdout.fields(&row))
}
