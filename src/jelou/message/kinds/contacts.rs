//! Contact cards: one from flags, or any number from JSON or vCards.

use serde_json::{Map, Value, json};

use super::{FieldProblem, Kind};
use crate::base::input::{Input, UsageError, source_name};
use crate::base::message::msg;
use crate::base::text_encoding::NotText;
use crate::jelou::message::envelope::{Envelope, items_mut};
use crate::jelou::message::flag::{FlagValues, is_template};
use crate::jelou::message::vcard::{self, complete_name, complete_phone, has_parts};

pub(super) const CONTACTS: Kind = Kind {
    shape,
    fill,
    problem,
    ..Kind::new(
        "contacts",
        Envelope::Typed("contacts"),
        include_str!("contacts.json"),
    )
};

/// The flags for one card.
const CARD: [&str; 5] = [
    "contacts[0].name.formatted_name",
    "contacts[0].name.first_name",
    "contacts[0].name.last_name",
    "contacts[0].phones",
    "contacts[0].emails",
];

fn shape(
    typed: &FlagValues,
    fields: &mut Map<String, Value>,
    input: &mut Input,
) -> Result<(), UsageError> {
    if let Some(file) = typed.one("vcard") {
        let contacts = read_vcard(file, input)?;
        fields.insert("contacts".to_owned(), Value::Array(contacts));
    }
    if !typed.has_any(&CARD) {
        return Ok(());
    }
    let is_address = |raw: &&str| raw.contains('@') || is_template(raw);
    if let Some(raw) = typed
        .all("contacts[0].emails")
        .into_iter()
        .find(|raw| !is_address(raw))
    {
        let address = raw.escape_debug().to_string();
        return Err(UsageError::bare(msg!(
            "--email: `{address}` has no @",
            address
        )));
    }
    for card in items_mut(fields.get_mut("contacts")) {
        for (list, flag, otherwise) in [
            ("phones", "phone_type", "Mobile"),
            ("emails", "email_type", "Work"),
        ] {
            let kind = typed.one(flag).unwrap_or(otherwise);
            items_mut(card.get_mut(list)).for_each(|item| item["type"] = json!(kind));
        }
    }
    Ok(())
}

/// Reads the contacts of a vCard file.
fn read_vcard(file: &str, input: &mut Input) -> Result<Vec<Value>, UsageError> {
    let Ok(source) = file.parse();
    let bytes = input.read_bytes("--vcard", &source)?;
    let name = source_name(&source);
    let text = vcard::decode_cards(bytes).map_err(|NotText { encoding, line }| {
        UsageError::new(
            msg!(
                "{flag}: {name} is not {encoding} at line {line}",
                flag = "--vcard",
                name,
                encoding,
                line
            ),
            msg!("save the file as UTF-8"),
        )
    })?;
    let cards = vcard::read_cards(&text).map_err(|problem| {
        UsageError::new(
            msg!(
                "--vcard: {name} is not a vCard file: {problem}",
                name,
                problem
            ),
            msg!("export the contact as a .vcf file"),
        )
    })?;
    let warnings = cards.warnings.iter();
    input
        .warnings
        .extend(warnings.map(|warning| msg!("--vcard: {warning}", warning)));
    Ok(cards.contacts)
}

/// Completes the names and the `wa_id` of phones, if flags for one card were passed.
fn fill(typed: &FlagValues, fields: &mut Map<String, Value>) {
    if !typed.has_any(&CARD) {
        return;
    }
    for contact in items_mut(fields.get_mut("contacts")) {
        if let Some(Value::Object(name)) = contact.get_mut("name") {
            complete_name(name);
        }
        let phones = items_mut(contact.get_mut("phones"));
        phones
            .filter_map(Value::as_object_mut)
            .for_each(complete_phone);
    }
}

fn problem(place: &str, around: &Map<String, Value>) -> Option<FieldProblem> {
    (place == "contacts[].name" && !has_parts(around)).then(|| {
        let problem = msg!(
            "is not enough: first_name, last_name, middle_name, prefix or suffix is needed, too"
        );
        ("formatted_name", problem)
    })
}
