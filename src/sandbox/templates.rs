//! The bot's templates, listed as Jelou lists them: a few samples, or those of `--templates FILE`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

/// The parameters of the listing, as the API has them.
#[derive(Debug, Deserialize)]
pub(super) struct PageQuery {
    query: Option<String>,
    status: Option<String>,
    category: Option<String>,
    page: Option<usize>,
    limit: Option<usize>,
}

/// Jelou's own default.
const DEFAULT_LIMIT: usize = 50;

/// The templates there are.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    list: Vec<Value>,
    /// Whether they are all that the bot has; the samples are not.
    is_complete: bool,
}

/// What the bot's list says of a template that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TemplateVerdict {
    Fits,
    /// No name of the samples: whether a bot has it, they cannot say.
    Unlisted(String),
    /// Not in the list, not in this language, or not approved.
    Missing,
    WrongCount {
        given: usize,
        expected: usize,
    },
}

/// A file that holds no templates.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct TemplatesError(String);

impl Default for Templates {
    fn default() -> Self {
        Self { list: samples().into(), is_complete: false }
    }
}

impl Templates {
    /// Templates from JSON: an array, or the answer of Jelou's own listing. Each must have a name.
    pub(crate) fn from_json(json: Value) -> Result<Self, TemplatesError> {
        let list = match json {
            Value::Array(list) => list,
            Value::Object(mut listing) => match listing.shift_remove("results") {
                Some(Value::Array(list)) => list,
                _ => return Err(TemplatesError("it has no array `results`".to_owned())),
            },
            _ => return Err(TemplatesError("it is not an array of templates".to_owned())),
        };
        let has_name = |template: &Value| template.get("elementName").is_some_and(Value::is_string);
        match list.iter().position(|template| !has_name(template)) {
            Some(index) => Err(TemplatesError(format!("template {} has no elementName", index + 1))),
            None => Ok(Self { list, is_complete: true }),
        }
    }

    pub(super) fn all(&self) -> &[Value] {
        &self.list
    }

    /// Judges the body of a template that is sent by its name, as Jelou and WhatsApp would.
    pub(super) fn judge(&self, body: &Value) -> TemplateVerdict {
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        let name = text(body, "elementName").unwrap_or_default();
        let named: Vec<_> =
            self.list.iter().filter(|template| text(template, "elementName").as_ref() == Some(&name)).collect();
        if named.is_empty() && !self.is_complete {
            return TemplateVerdict::Unlisted(name);
        }
        let is_or_says_nothing = |template: &Value, field: &str, wanted: &str| {
            text(template, field).is_none_or(|found| found.eq_ignore_ascii_case(wanted))
        };
        let language = text(body, "language");
        let usable = named.into_iter().filter(|template| {
            language.as_ref().is_none_or(|language| is_or_says_nothing(template, "language", language))
                && is_or_says_nothing(template, "status", "APPROVED")
        });
        let given = body.get("parameters").and_then(Value::as_array).map_or(0, Vec::len);
        let mut verdict = TemplateVerdict::Missing;
        for template in usable {
            match parameters(template) {
                Some(expected) if expected != given => verdict = TemplateVerdict::WrongCount { given, expected },
                Some(_) | None => return TemplateVerdict::Fits,
            }
        }
        verdict
    }

    /// A page of the templates that match.
    pub(super) fn page(&self, wanted: &PageQuery) -> Value {
        let has = |template: &Value, field: &str, value: &Option<String>| {
            value.as_ref().is_none_or(|value| template.get(field).and_then(Value::as_str) == Some(value.as_str()))
        };
        let is_named = |template: &Value| {
            let name = template.get("elementName").and_then(Value::as_str).unwrap_or_default();
            wanted.query.as_ref().is_none_or(|query| name.contains(query.as_str()))
        };
        let matching = self.list.iter().filter(|template| {
            is_named(template) && has(template, "status", &wanted.status) && has(template, "category", &wanted.category)
        });
        let all: Vec<_> = matching.collect();
        let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT).max(1);
        let offset = wanted.page.unwrap_or(1).saturating_sub(1).saturating_mul(limit);
        let (total, pages) = (all.len(), all.len().div_ceil(limit));
        let results: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
        let pagination = json!({ "limit": limit, "total": total, "offset": offset, "totalPages": pages });
        json!({ "pagination": pagination, "results": results, "links": [] })
    }
}

/// How many values the text of a template takes; nothing where it does not say.
fn parameters(template: &Value) -> Option<usize> {
    let Some(text) = template.get("template").and_then(Value::as_str) else {
        return template.get("paramsNumber").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    };
    let marks = text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()));
    Some(marks.collect::<BTreeSet<_>>().len())
}

fn samples() -> [Value; 4] {
    [
        sample(1, "order_shipped", "en", "UTILITY", "Hello {{1}}, your order {{2}} is on its way.", 2),
        sample(2, "bienvenida", "es", "MARKETING", "¡Hola {{1}}! Te damos la bienvenida.", 1),
        sample(3, "codigo", "es", "AUTHENTICATION", "{{1}} es tu código.", 1),
        sample(4, "order_shipped", "es", "UTILITY", "Hola {{1}}, tu pedido {{2}} está en camino.", 2),
    ]
}

fn sample(id: u32, name: &str, language: &str, category: &str, text: &str, parameters: u32) -> Value {
    json!({
        "id": id,
        "elementName": name,
        "displayName": name,
        "template": text,
        "language": language,
        "category": category,
        "status": "APPROVED",
        "paramsNumber": parameters,
        "type": "HSM",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_judged_as_it_will_be() {
        let list = json!([
            { "elementName": "mine", "language": "es", "status": "APPROVED", "template": "{{1}} y {{1}}, {{ 2 }}" },
            { "elementName": "mine", "language": "pt", "template": "sem" },
            { "elementName": "counted", "paramsNumber": 1 },
            { "elementName": "open" },
            { "elementName": "new", "status": "PENDING" },
        ]);
        let own = Templates::from_json(list).unwrap();
        let wrong = |given, expected| TemplateVerdict::WrongCount { given, expected };
        for (body, expected) in [
            (json!({ "elementName": "mine", "language": "ES", "parameters": ["a", "b"] }), TemplateVerdict::Fits),
            (json!({ "elementName": "mine", "language": "es", "parameters": ["a"] }), wrong(1, 2)),
            (json!({ "elementName": "mine", "language": "es" }), wrong(0, 2)),
            (json!({ "elementName": "mine" }), TemplateVerdict::Fits),
            (json!({ "elementName": "mine", "language": "en" }), TemplateVerdict::Missing),
            (json!({ "elementName": "Mine", "language": "es" }), TemplateVerdict::Missing),
            (json!({ "elementName": "counted" }), wrong(0, 1)),
            (json!({ "elementName": "open", "language": "fr", "parameters": ["a"] }), TemplateVerdict::Fits),
            (json!({ "elementName": "new" }), TemplateVerdict::Missing),
        ] {
            assert_eq!(own.judge(&body), expected, "{body}");
        }
        let samples = Templates::default();
        for (body, expected) in [
            (json!({ "elementName": "codigo", "language": "en", "parameters": ["1"] }), TemplateVerdict::Missing),
            (json!({ "elementName": "codigo", "parameters": ["1", "2"] }), wrong(2, 1)),
            (json!({ "elementName": "other" }), TemplateVerdict::Unlisted("other".to_owned())),
        ] {
            assert_eq!(samples.judge(&body), expected, "{body}");
        }
    }
}
