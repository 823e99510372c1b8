//! A contact card and its parts: what `send contacts` sends, and what a vCard becomes.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::phone::PhoneNumber;

/// One card; only the name is required (WhatsApp refuses the message without it).
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Contact {
    #[garde(required, dive)]
    pub(crate) name: Option<Name>,
    #[garde(dive)]
    pub(crate) phones: Option<Vec<Phone>>,
    #[garde(dive)]
    pub(crate) emails: Option<Vec<Email>>,
    #[garde(dive)]
    pub(crate) addresses: Option<Vec<Address>>,
    #[garde(dive)]
    pub(crate) org: Option<Organization>,
    pub(crate) birthday: Option<String>,
    #[garde(dive)]
    pub(crate) urls: Option<Vec<Link>>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// `formatted_name` and at least one more part, as WhatsApp asks for.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Name {
    #[garde(required, length(chars, min = 1), custom(|_: &_, (): &()| self.needs_parts()))]
    #[schemars(extend("x-source" = "WhatsApp", "x-rule" = "with one more part of the name"))]
    pub(crate) formatted_name: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) middle_name: Option<String>,
    pub(crate) suffix: Option<String>,
    pub(crate) prefix: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// A phone; `wa_id` is its WhatsApp identifier, which makes the card show "Message".
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Phone {
    #[garde(length(chars, min = 1))]
    #[schemars(extend("x-advised" = {"note": "E.164: + and digits", "source": "Jelou"}))]
    pub(crate) phone: Option<String>,
    pub(crate) r#type: Option<String>,
    pub(crate) wa_id: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// An email address.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Email {
    #[garde(length(chars, min = 1))]
    pub(crate) email: Option<String>,
    pub(crate) r#type: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// A postal address.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Address {
    pub(crate) street: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) zip: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) country_code: Option<String>,
    pub(crate) r#type: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// The person's employer.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Organization {
    pub(crate) company: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) title: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// A web page of the person.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Link {
    pub(crate) url: Option<String>,
    pub(crate) r#type: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

impl Name {
    /// Fills the parts from the full name (its first word, the rest), or the full name from the parts.
    pub(crate) fn complete(mut self) -> Self {
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

    pub(crate) fn has_parts(&self) -> bool {
        let parts = [&self.first_name, &self.last_name, &self.middle_name, &self.suffix, &self.prefix];
        parts.into_iter().flatten().any(|part| !part.is_empty())
    }

    fn needs_parts(&self) -> garde::Result {
        if self.has_parts() {
            return Ok(());
        }
        Err(garde::Error::new("is not enough; give also one of: first_name, last_name, middle_name, prefix or suffix"))
    }
}

impl Phone {
    pub(crate) fn new(phone: String, kind: Option<String>) -> Self {
        Self { phone: Some(phone), r#type: kind, ..Self::default() }
    }

    /// Adds `wa_id` if the number is certainly international.
    pub(crate) fn complete(mut self) -> Self {
        let international = self.phone.as_deref().filter(|phone| phone.trim_start().starts_with('+'));
        self.wa_id = self
            .wa_id
            .or_else(|| PhoneNumber::read(international?, None).ok().map(|number| number.as_str().to_owned()));
        self
    }
}
