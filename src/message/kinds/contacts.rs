//! Contact cards: from flags for one, from JSON or from vCards for any number.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::input::{Input, JsonSource, Source, UsageError, name_of};
use crate::message::contact::{complete_name, complete_phone, filled, has_parts};
use crate::message::drawing::{Part, items, text};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::vcard;

/// Send contact cards
///
/// Examples:
///   jelouctl send contacts --to 593987654321 --name "Juan Pérez" --phone +593987654322
///   jelouctl send contacts --to 593987654321 --vcard juan.vcf
///   jelouctl send contacts --to 593987654321 --contact @juan.json --contact @ana.json
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Contacts {
    #[command(flatten)]
    #[serde(skip)]
    flags: ContactFlags,
}

/// Its flags: `--contact`, `--vcard`, or the parts of one card.
#[derive(Args, Clone, Debug, Default)]
#[command(group = clap::ArgGroup::new("card").multiple(true).conflicts_with_all(["contacts", "vcard"]))]
struct ContactFlags {
    /// A contact, or an array of them, as JSON; or --vcard, or --name (repeatable)
    #[arg(id = "contacts", long = "contact", value_name = "JSON|@FILE", conflicts_with = "vcard")]
    contact: Vec<JsonSource>,

    /// Every card of a vCard file, version 2.1, 3.0 or 4.0
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    vcard: Option<Source>,

    /// Full name of the contact
    #[arg(id = "contacts[0].name.formatted_name", long = "name", value_name = "NAME")]
    #[arg(allow_hyphen_values = true, group = "card")]
    name: Option<String>,

    /// First name [default: the first word of --name]
    #[arg(id = "contacts[0].name.first_name", long = "first-name", value_name = "NAME")]
    #[arg(allow_hyphen_values = true, group = "card")]
    first_name: Option<String>,

    /// Last name [default: --name without its first word]
    #[arg(id = "contacts[0].name.last_name", long = "last-name", value_name = "NAME")]
    #[arg(allow_hyphen_values = true, group = "card")]
    last_name: Option<String>,

    /// Phone with country code: +593987654322 (repeatable)
    ///
    /// With the country code WhatsApp shows "Message" below the card.
    #[arg(id = "contacts[0].phones", long = "phone", value_name = "PHONE")]
    #[arg(allow_hyphen_values = true, group = "card")]
    phone: Vec<String>,

    /// Type of every phone of the card [default: Mobile]
    #[arg(long, value_name = "TYPE", requires = "contacts[0].phones", allow_hyphen_values = true)]
    phone_type: Option<String>,

    /// Email address (repeatable)
    #[arg(id = "contacts[0].emails", long = "email", value_name = "EMAIL")]
    #[arg(allow_hyphen_values = true, group = "card", value_parser = email_address)]
    email: Vec<String>,

    /// Type of every email address of the card [default: Work]
    #[arg(long, value_name = "TYPE", requires = "contacts[0].emails", allow_hyphen_values = true)]
    email_type: Option<String>,
}

impl ContactFlags {
    fn has_card(&self) -> bool {
        let has_name = [&self.name, &self.first_name, &self.last_name].into_iter().any(Option::is_some);
        has_name || !self.phone.is_empty() || !self.email.is_empty()
    }

    /// The one card that `--name` and its companions describe.
    fn card(&self) -> Option<Value> {
        if !self.has_card() {
            return None;
        }
        let name = [("formatted_name", &self.name), ("first_name", &self.first_name), ("last_name", &self.last_name)];
        let name = filled(name.map(|(part, words)| (part, words.clone().map(Value::from))));
        let kind = self.phone_type.as_deref().unwrap_or("Mobile");
        let phones: Vec<_> = self.phone.iter().map(|phone| json!({ "phone": phone, "type": kind })).collect();
        let kind = self.email_type.as_deref().unwrap_or("Work");
        let emails: Vec<_> = self.email.iter().map(|email| json!({ "email": email, "type": kind })).collect();
        let list = |items: Vec<Value>| Some(Value::Array(items)).filter(|items| *items != json!([]));
        Some(json!(filled([("name", Some(json!(name))), ("phones", list(phones)), ("emails", list(emails))])))
    }
}

fn email_address(raw: &str) -> Result<String, String> {
    // A column of a list is filled in later.
    if raw.contains('@') || raw.contains("{{") {
        return Ok(raw.to_owned());
    }
    Err("an address has an @, such as juan@example.com".to_owned())
}

impl Kind for Contacts {
    const COMMAND: &'static str = "contacts";
    const ENVELOPE: Envelope = Envelope::Typed("contacts");
    const SCHEMA: &'static str = include_str!("contacts.json");
    const EXAMPLE: &'static str =
        r#"send contacts --to 593987654321 --name "Juan Pérez" --phone +593987654322 --email juan@example.com"#;

    fn draw(body: &Value) -> Vec<Part> {
        let drawn = items(body, "/contacts").map(|contact| {
            let name = text(contact, "/name/formatted_name").unwrap_or_else(|| "(no name)".to_owned());
            let phones = items(contact, "/phones").filter_map(|phone| text(phone, "/phone"));
            let words: Vec<_> = std::iter::once(name).chain(phones).collect();
            Part::Drawing { drawing: "contact", of: contact.clone(), plain: vec![Part::text(words.join("  "))] }
        });
        drawn.collect()
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let ContactFlags { contact, vcard, .. } = &self.flags;
        let mut contacts = input.json_list("--contact", contact)?;
        if let Some(source) = vcard {
            let text = input.read("--vcard", source)?;
            let cards = vcard::contacts(&text).map_err(|problem| {
                let problem = format!("--vcard: {} is not a vCard file: {problem}", name_of(source));
                let hint = "export the contact as a .vcf file; each card stands between BEGIN:VCARD and END:VCARD";
                UsageError::new(problem, hint)
            })?;
            contacts.extend(cards);
        }
        contacts.extend(self.flags.card());
        let mut body = Map::new();
        if !contacts.is_empty() || !contact.is_empty() {
            body.insert("contacts".to_owned(), Value::Array(contacts));
        }
        Ok(body)
    }

    /// Fills in a name's parts and a phone's `wa_id`, if flags of one card were typed.
    fn fill_derived(&self, fields: &mut Map<String, Value>) {
        let contacts = fields.get_mut("contacts").and_then(Value::as_array_mut).into_iter().flatten();
        for contact in contacts.filter(|_| self.flags.has_card()) {
            if let Some(Value::Object(name)) = contact.get_mut("name") {
                complete_name(name);
            }
            let phones = contact.get_mut("phones").and_then(Value::as_array_mut).into_iter().flatten();
            phones.filter_map(Value::as_object_mut).for_each(complete_phone);
        }
    }

    fn problem(place: &str, around: &Map<String, Value>) -> Option<String> {
        let is_alone = place == "contacts[].name.formatted_name" && !has_parts(around);
        is_alone
            .then(|| "is not enough; give also one of: first_name, last_name, middle_name, prefix or suffix".to_owned())
    }

    /// `--contact`, `--vcard` and the flags of one card exclude each other: a hint must not lead from one to another.
    fn may_name(&self, id: &str) -> bool {
        match id {
            "contacts" => self.flags.vcard.is_none() && !self.flags.has_card(),
            _ => self.flags.has_card(),
        }
    }
}
