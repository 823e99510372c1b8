//! The bot's templates, in the format of Jelou's listing: a few samples, or those from `--templates FILE`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::message::{Lang, Message, msg};
use crate::jelou::message::{
    MessageKind, Part, TemplatePart, is_same_language, note, template_button,
};

/// The query of the listing, as in the API.
#[derive(Debug, Deserialize)]
pub(super) struct PageQuery {
    query: Option<String>,
    status: Option<String>,
    category: Option<String>,
    page: Option<usize>,
    limit: Option<usize>,
}

/// WhatsApp adds four characters before the name that the creator chose, as in the last sample.
const SAMPLES: &str = include_str!("samples.json");
/// Jelou's own default.
const DEFAULT_LIMIT: usize = 50;

/// The templates.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    pub(super) list: Vec<Value>,
    /// Whether the list has all of the bot's templates. The samples do not.
    pub(super) is_complete: bool,
}

impl Default for Templates {
    fn default() -> Self {
        // The samples are part of the binary, and a test reads them.
        Self {
            list: serde_json::from_str(SAMPLES).unwrap_or_default(),
            is_complete: false,
        }
    }
}

impl Templates {
    /// Templates from JSON: an array, or a response of Jelou's listing. Each must have a name. A template without a
    /// status counts as approved.
    pub(crate) fn from_json(json: Value) -> Result<Self, Message> {
        let mut list = match json {
            Value::Array(list) => list,
            Value::Object(mut listing) => {
                let mut lists = ["results", "data"]
                    .into_iter()
                    .filter_map(|name| listing.shift_remove(name));
                match lists.find(Value::is_array) {
                    Some(Value::Array(list)) => list,
                    _ => return Err(msg!("it has no array `results`")),
                }
            }
            _ => return Err(msg!("it is not an array of templates")),
        };
        let has_name = |template: &Value| template.get("elementName").is_some_and(Value::is_string);
        if let Some(index) = list.iter().position(|template| !has_name(template)) {
            return Err(msg!(
                "template {number} has no elementName",
                number = index + 1
            ));
        }
        for template in list.iter_mut().filter_map(Value::as_object_mut) {
            template
                .entry("status")
                .or_insert_with(|| json!("APPROVED"));
        }
        Ok(Self {
            list,
            is_complete: true,
        })
    }

    /// Draws a message as its recipient sees it, with the text and the buttons of its template.
    pub(super) fn draw(&self, kind: &str, body: &Value, lang: Lang) -> Vec<Part> {
        let mut parts = MessageKind::from_name(kind)
            .map(|kind| kind.drawn(body, lang))
            .unwrap_or_default();
        let name = body
            .get("elementName")
            .or(body.get("templateId"))
            .and_then(Value::as_str);
        let known = name.and_then(|name| self.find(name, body.get("language")));
        for part in &mut parts {
            if let (Part::Template(template), Some(known)) = (&mut *part, known) {
                complete(template, known, body);
            }
        }
        // Only Jelou knows the ids.
        if let (None, Some(name)) = (known, body.get("elementName").and_then(Value::as_str)) {
            let no_sample = msg!("no sample is called {name}", name).text(lang);
            parts.push(note(&[("tag", no_sample)]));
        }
        parts
    }

    /// Finds the template with this name or id, in this language if `language` is set.
    fn find(&self, name: &str, language: Option<&Value>) -> Option<&Value> {
        let is_named = |template: &&Value| {
            let is_it = |id: &Value| {
                id.as_str() == Some(name) || id.as_u64().is_some_and(|id| name.parse() == Ok(id))
            };
            template.get("id").is_some_and(is_it)
                || template.get("elementName").and_then(Value::as_str) == Some(name)
        };
        let language = language.and_then(Value::as_str);
        let is_in = |template: &&Value| {
            is_same_language(language, template.get("language").and_then(Value::as_str))
        };
        let mut named = self.list.iter().filter(is_named);
        named.clone().find(is_in).or_else(|| named.next())
    }

    /// Returns a page of the templates that match.
    pub(super) fn page(&self, wanted: &PageQuery) -> Value {
        let has = |template: &Value, field: &str, value: &Option<String>| {
            value.as_ref().is_none_or(|value| {
                template.get(field).and_then(Value::as_str) == Some(value.as_str())
            })
        };
        let is_named = |template: &Value| {
            let names = ["elementName", "displayName"]
                .map(|field| template.get(field).and_then(Value::as_str));
            wanted.query.as_ref().is_none_or(|query| {
                names
                    .into_iter()
                    .flatten()
                    .any(|name| name.contains(query.as_str()))
            })
        };
        let matching = self.list.iter().filter(|template| {
            is_named(template)
                && has(template, "status", &wanted.status)
                && has(template, "category", &wanted.category)
        });
        let all: Vec<_> = matching.collect();
        let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT).max(1);
        let offset = wanted
            .page
            .unwrap_or(1)
            .saturating_sub(1)
            .saturating_mul(limit);
        let total = all.len();
        let pages = all.len().div_ceil(limit);
        let results: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
        let pagination =
            json!({ "limit": limit, "total": total, "offset": offset, "totalPages": pages });
        let mut page = json!({ "pagination": pagination, "results": results, "links": [] });
        if let (false, Some(page)) = (self.is_complete, page.as_object_mut()) {
            page.insert("samples_only".to_owned(), json!(true));
        }
        page
    }
}

/// Adds the data of the list to the template of `body`.
fn complete(template: &mut TemplatePart, known: &Value, body: &Value) {
    if let Some(text) = known.get("template").and_then(Value::as_str) {
        template.fill(text);
    }
    if body.get("buttonParameters").is_none() {
        let buttons = known
            .get("buttons")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        template.parts.extend(buttons.filter_map(template_button));
    }
}
