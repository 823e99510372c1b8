//! A message drawn for a terminal, as its recipient would see it. Any body: it goes by the names of the fields.

use serde_json::Value;

/// The lines of the bubble; escaping is the printer's work.
pub fn lines(body: &Value) -> Vec<String> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut lines = Vec::new();
    for pointer in ["/title", "/header", "/text", "/caption"] {
        lines.extend(text(pointer).into_iter().flat_map(str::lines).map(str::to_owned));
    }
    for contact in body.get("contacts").and_then(Value::as_array).into_iter().flatten() {
        let name = contact.pointer("/name/formatted_name").and_then(Value::as_str).unwrap_or("(no name)");
        let phones = contact.get("phones").and_then(Value::as_array).into_iter().flatten();
        let phones = phones.filter_map(|phone| phone.get("phone")?.as_str());
        lines.push(std::iter::once(name).chain(phones).collect::<Vec<_>>().join("  "));
    }
    for pointer in ["/parameters/flow_cta", "/parameters/display_text"] {
        lines.extend(text(pointer).map(|label| format!("[ {label} ]")));
    }
    if lines.is_empty() {
        lines.push(body.to_string());
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn draws_each_part_in_reading_order() {
        let flow = json!({"text": "a\nb", "title": "T", "caption": "c", "parameters": {"flow_cta": "Go"}});
        assert_eq!(lines(&flow), ["T", "a", "b", "c", "[ Go ]"]);
        let contacts = json!({"contacts": [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+1"}]}]});
        assert_eq!(lines(&contacts), ["Ana  +1"]);
        assert_eq!(lines(&json!({"type": "new"})), [r#"{"type":"new"}"#]);
    }
}
