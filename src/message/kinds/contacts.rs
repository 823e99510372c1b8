//! Contact cards: from flags for one, from JSON or from vCards for any number.

use serde_json::{Map, Value, json};

use crate::input::{Input, UsageError, name_of};
use crate::message::contact::{complete_name, complete_phone, has_parts};
use crate::message::drawing::{Part, items, text};
use crate::message::envelope::Envelope;
use crate::message::flag::{Flag, TypedFlags};
use crate::message::kind::Kind;
use crate::message::vcard;

pub(super) const CONTACTS: Kind = Kind {
    draw,
    shape,
    fill,
    problem,
    ..Kind::new(
        "contacts",
        Envelope::Typed("contacts"),
        include_str!("contacts.json"),
        &[
            Flag::json_list("contacts", "--contact JSON|@FILE")
                .conflicts(&[VCARD.id, FULL, FIRST, LAST, PHONES, EMAILS]),
            VCARD,
            Flag::text(FULL, "--name NAME"),
            Flag::text(FIRST, "--first-name NAME"),
            Flag::text(LAST, "--last-name NAME"),
            Flag::texts(PHONES, "--phone PHONE"),
            Flag::other("phone_type", "--phone-type TYPE", "Type of every phone of the card [default: Mobile]")
                .requires(PHONES),
            Flag::texts(EMAILS, "--email EMAIL").checked(email_address),
            Flag::other("email_type", "--email-type TYPE", "Type of every email address of the card [default: Work]")
                .requires(EMAILS),
        ],
    )
};

const VCARD: Flag =
    Flag::other("vcard", "--vcard FILE|-", "Every card of a vCard file, version 2.1, 3.0 or 4.0").conflicts(&CARD);
/// The flags of one card.
const CARD: [&str; 5] = [FULL, FIRST, LAST, PHONES, EMAILS];
const FULL: &str = "contacts[0].name.formatted_name";
const FIRST: &str = "contacts[0].name.first_name";
const LAST: &str = "contacts[0].name.last_name";
const PHONES: &str = "contacts[0].phones";
const EMAILS: &str = "contacts[0].emails";

fn email_address(raw: &str) -> Result<(), String> {
    // A column of a list is filled in later.
    let is_one = raw.contains('@') || raw.contains("{{");
    if is_one { Ok(()) } else { Err("an address has an @, such as juan@example.com".to_owned()) }
}

fn draw(body: &Value) -> Vec<Part> {
    let drawn = items(body, "/contacts").map(|contact| {
        let name = text(contact, "/name/formatted_name").unwrap_or_else(|| "(no name)".to_owned());
        let phones = items(contact, "/phones").filter_map(|phone| text(phone, "/phone"));
        let words: Vec<_> = std::iter::once(name).chain(phones).collect();
        Part::Drawing { drawing: "contact", of: contact.clone(), plain: vec![Part::text(words.join("  "))] }
    });
    drawn.collect()
}

fn shape(typed: &TypedFlags, fields: &mut Map<String, Value>, input: &mut Input) -> Result<(), UsageError> {
    if let Some(file) = typed.one(VCARD.id) {
        let Ok(source) = file.parse();
        let text = input.read("--vcard", &source)?;
        let cards = vcard::contacts(&text).map_err(|problem| {
            let problem = format!("--vcard: {} is not a vCard file: {problem}", name_of(&source));
            let hint = "export the contact as a .vcf file; each card stands between BEGIN:VCARD and END:VCARD";
            UsageError::new(problem, hint)
        })?;
        fields.insert("contacts".to_owned(), Value::Array(cards));
    }
    if !typed.has_any(&CARD) {
        return Ok(());
    }
    let kinds = [("phones", "phone", "phone_type", "Mobile"), ("emails", "email", "email_type", "Work")];
    for card in fields.get_mut("contacts").and_then(Value::as_array_mut).into_iter().flatten() {
        for (list, field, flag, otherwise) in kinds {
            let kind = typed.one(flag).unwrap_or(otherwise);
            for item in card.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                *item = json!({ field: item.take(), "type": kind });
            }
        }
    }
    Ok(())
}

/// Fills in a name's parts and a phone's `wa_id`, if flags of one card were typed.
fn fill(typed: &TypedFlags, fields: &mut Map<String, Value>) {
    let contacts = fields.get_mut("contacts").and_then(Value::as_array_mut).into_iter().flatten();
    for contact in contacts.filter(|_| typed.has_any(&CARD)) {
        if let Some(Value::Object(name)) = contact.get_mut("name") {
            complete_name(name);
        }
        let phones = contact.get_mut("phones").and_then(Value::as_array_mut).into_iter().flatten();
        phones.filter_map(Value::as_object_mut).for_each(complete_phone);
    }
}

fn problem(place: &str, around: &Map<String, Value>) -> Option<String> {
    let is_alone = place == "contacts[].name.formatted_name" && !has_parts(around);
    is_alone.then(|| "is not enough; give also one of: first_name, last_name, middle_name, prefix or suffix".to_owned())
}
