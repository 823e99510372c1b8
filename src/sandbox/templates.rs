//! Sample templates, listed as Jelou lists a bot's own.

use serde::Deserialize;
use serde_json::{Value, json};

/// The parameters of the listing, as the API has them.
#[derive(Debug, Deserialize)]
pub struct Page {
    query: Option<String>,
    status: Option<String>,
    category: Option<String>,
    page: Option<usize>,
    limit: Option<usize>,
}

/// Jelou's own default.
const DEFAULT_LIMIT: usize = 50;

/// A page of the templates that match.
pub fn page(wanted: &Page) -> Value {
    let has = |template: &Value, field: &str, value: &Option<String>| {
        value.as_ref().is_none_or(|value| template.get(field).and_then(Value::as_str) == Some(value.as_str()))
    };
    let is_named = |template: &Value| {
        let name = template.get("elementName").and_then(Value::as_str).unwrap_or_default();
        wanted.query.as_ref().is_none_or(|query| name.contains(query.as_str()))
    };
    let all: Vec<_> = samples()
        .into_iter()
        .filter(|template| is_named(template))
        .filter(|template| has(template, "status", &wanted.status) && has(template, "category", &wanted.category))
        .collect();
    let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT).max(1);
    let offset = wanted.page.unwrap_or(1).saturating_sub(1).saturating_mul(limit);
    let (total, pages) = (all.len(), all.len().div_ceil(limit));
    let results: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
    let pagination = json!({ "limit": limit, "total": total, "offset": offset, "totalPages": pages });
    json!({ "pagination": pagination, "results": results, "links": [] })
}

fn samples() -> [Value; 3] {
    [
        sample(1, "order_shipped", "en", "UTILITY", "Hello {{1}}, your order {{2}} is on its way.", 2),
        sample(2, "bienvenida", "es", "MARKETING", "¡Hola {{1}}! Te damos la bienvenida.", 1),
        sample(3, "codigo", "es", "AUTHENTICATION", "{{1}} es tu código.", 1),
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
