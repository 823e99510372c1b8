//! Contact cards: from flags for one, from JSON or from vCards for any number.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::{Envelope, Kind, recipient};
use crate::input::{Input, InputError, JsonSource, Source};

/// Send contact cards
///
/// Examples:
///   jelouctl send contacts --to 593987654321 --name "Juan Pérez" --phone +593987654322
///   jelouctl send contacts --to 593987654321 --vcard juan.vcf
///   jelouctl send contacts --to 593987654321 --contact @juan.json --contact @ana.json
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub struct Contacts {
    #[arg(skip)]
    #[garde(required, length(min = 1, max = 257), dive)]
    #[schemars(extend("x-source" = "WhatsApp"))]
    contacts: Option<Vec<Contact>>,

    #[command(flatten)]
    #[serde(skip)]
    flags: ContactFlags,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// One card; only the name is required (WhatsApp refuses the message without it).
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Contact {
    #[garde(required, dive)]
    pub(super) name: Option<Name>,
    #[garde(dive)]
    pub(super) phones: Option<Vec<Phone>>,
    #[garde(dive)]
    pub(super) emails: Option<Vec<Email>>,
    #[garde(dive)]
    pub(super) addresses: Option<Vec<Address>>,
    #[garde(dive)]
    pub(super) org: Option<Organization>,
    pub(super) birthday: Option<String>,
    #[garde(dive)]
    pub(super) urls: Option<Vec<Link>>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

/// `formatted_name` and at least one more part, as WhatsApp asks for.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Name {
    #[garde(required, length(chars, min = 1), custom(|_: &_, (): &()| self.needs_parts()))]
    #[schemars(extend("x-source" = "WhatsApp", "x-rule" = "with one more part of the name"))]
    pub(super) formatted_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) middle_name: Option<String>,
    pub(super) suffix: Option<String>,
    pub(super) prefix: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

/// A phone; `wa_id` is its WhatsApp identifier, which makes the card show "Message".
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Phone {
    #[garde(length(chars, min = 1))]
    #[schemars(extend("x-advised" = {"note": "E.164: + and digits", "source": "Jelou"}))]
    pub(super) phone: Option<String>,
    pub(super) r#type: Option<String>,
    pub(super) wa_id: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

/// An email address.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Email {
    #[garde(length(chars, min = 1))]
    pub(super) email: Option<String>,
    pub(super) r#type: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

/// A postal address.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Address {
    pub(super) street: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) zip: Option<String>,
    pub(super) country: Option<String>,
    pub(super) country_code: Option<String>,
    pub(super) r#type: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

/// Where the person works.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Organization {
    pub(super) company: Option<String>,
    pub(super) department: Option<String>,
    pub(super) title: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

/// A web page of the person.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct Link {
    pub(super) url: Option<String>,
    pub(super) r#type: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

impl Name {
    /// Fills the parts from the full name (its first word, the rest), or the full name from the parts.
    pub(super) fn complete(mut self) -> Self {
        let Some(full) = &self.formatted_name else {
            let parts = [self.first_name.as_deref(), self.last_name.as_deref()];
            let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.formatted_name = Some(full).filter(|full| !full.is_empty());
            return self;
        };
        let mut words = full.trim().splitn(2, char::is_whitespace).map(str::trim).filter(|words| !words.is_empty());
        let (first, rest) = (words.next().map(str::to_owned), words.next().map(str::to_owned));
        self.first_name = self.first_name.or(first);
        self.last_name = self.last_name.or(rest);
        self
    }

    pub(super) fn has_parts(&self) -> bool {
        let parts = [&self.first_name, &self.last_name, &self.middle_name, &self.suffix, &self.prefix];
        parts.into_iter().flatten().any(|part| !part.is_empty())
    }

    fn needs_parts(&self) -> garde::Result {
        if self.has_parts() {
            return Ok(());
        }
        Err(garde::Error::new("needs one more part beside it: first_name, last_name, middle_name, prefix or suffix"))
    }
}

impl Phone {
    pub(super) fn new(phone: String, kind: Option<String>) -> Self {
        Self { phone: Some(phone), r#type: kind, ..Self::default() }
    }

    /// Adds `wa_id` where the number is surely international.
    pub(super) fn complete(mut self) -> Self {
        let international = self.phone.as_deref().filter(|phone| phone.trim_start().starts_with('+'));
        self.wa_id = self.wa_id.or_else(|| recipient::phone(international?).ok());
        self
    }
}

/// The flags: `--contact`, `--vcard`, or those of one card.
#[derive(Args, Clone, Debug, Default)]
#[command(group = clap::ArgGroup::new("card").multiple(true).conflicts_with_all(["contacts", "vcard"]))]
struct ContactFlags {
    /// A contact, or an array of contacts, as JSON (repeatable)
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

    /// Phone with country code (repeatable); +593987654322 lets WhatsApp show "Message"
    #[arg(id = "contacts[0].phones", long = "phone", value_name = "PHONE")]
    #[arg(allow_hyphen_values = true, group = "card")]
    phone: Vec<String>,

    /// Type of every phone of the card [default: Mobile]
    #[arg(long, value_name = "TYPE", requires = "contacts[0].phones", allow_hyphen_values = true)]
    phone_type: Option<String>,

    /// Email address (repeatable)
    #[arg(id = "contacts[0].emails", long = "email", value_name = "EMAIL")]
    #[arg(allow_hyphen_values = true, group = "card")]
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
    fn card(&self) -> Option<Contact> {
        if !self.has_card() {
            return None;
        }
        let phones = self.phone.iter().map(|phone| {
            Phone::new(phone.clone(), Some(self.phone_type.clone().unwrap_or_else(|| "Mobile".to_owned())))
        });
        let emails = self.email.iter().map(|email| Email {
            email: Some(email.clone()),
            r#type: Some(self.email_type.clone().unwrap_or_else(|| "Work".to_owned())),
            unknown: Map::new(),
        });
        Some(Contact {
            name: Some(Name {
                formatted_name: self.name.clone(),
                first_name: self.first_name.clone(),
                last_name: self.last_name.clone(),
                ..Name::default()
            }),
            phones: Some(phones.collect()).filter(|phones: &Vec<_>| !phones.is_empty()),
            emails: Some(emails.collect()).filter(|emails: &Vec<_>| !emails.is_empty()),
            ..Contact::default()
        })
    }
}

impl Kind for Contacts {
    const COMMAND: &'static str = "contacts";
    const ENVELOPE: Envelope = Envelope::Typed("contacts");
    const EXAMPLE: &'static str =
        r#"send contacts --to 593987654321 --name "Juan Pérez" --phone +593987654322 --email juan@example.com"#;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let ContactFlags { contact, vcard, .. } = &self.flags;
        let mut contacts = input.json_list("--contact", contact)?;
        if let Some(source) = vcard {
            let text = input.read("--vcard", source)?;
            contacts.extend(super::vcard::contacts(&text)?.into_iter().map(|contact| json!(contact)));
        }
        contacts.extend(self.flags.card().map(|contact| json!(contact)));
        let mut body = Map::new();
        if !contacts.is_empty() || !contact.is_empty() {
            body.insert("contacts".to_owned(), Value::Array(contacts));
        }
        Ok(body)
    }

    /// A name's parts and a phone's `wa_id`, where flags of one card were typed.
    fn fill_derived(&mut self, typed: &Self) {
        if !typed.flags.has_card() {
            return;
        }
        for contact in self.contacts.iter_mut().flatten() {
            contact.name = contact.name.take().map(Name::complete);
            contact.phones = contact.phones.take().map(|phones| phones.into_iter().map(Phone::complete).collect());
        }
    }

    /// `--contact`, `--vcard` and the flags of one card exclude each other: a hint must not lead from one to another.
    fn may_name(&self, id: &str) -> bool {
        match id {
            "contacts" => self.flags.vcard.is_none() && !self.flags.has_card(),
            _ => self.flags.has_card(),
        }
    }
}
