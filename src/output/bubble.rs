//! A message drawn for a terminal, as its recipient would see it. Any body: it goes by the names of the fields.

use serde_json::Value;

/// The lines of the bubble; escaping is the printer's work.
pub fn lines(body: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(text(body, "/mediaUrl").map(|url| format!("({}) {url}", text(body, "/type").unwrap_or("media"))));
    lines.extend(text(body, "/elementName").or(text(body, "/templateId")).map(|name| format!("(template) {name}")));
    for pointer in ["/filename", "/title", "/header", "/text", "/caption"] {
        lines.extend(text(body, pointer).into_iter().flat_map(str::lines).map(str::to_owned));
    }
    lines.extend(parameters(body));
    lines.extend(place(body));
    lines.extend(list(body, "/contacts").map(contact));
    lines.extend(list(body, "/options").filter_map(option));
    for pointer in ["/buttonText/text", "/parameters/flow_cta", "/parameters/display_text"] {
        lines.extend(text(body, pointer).map(button));
    }
    lines.extend((text(body, "/type") == Some("location_request")).then(|| button("Send location")));
    lines.extend(list(body, "/quick_replies").filter_map(|reply| text(reply, "/title").map(button)));
    lines.extend(list(body, "/parameters/cards").flat_map(card));
    if lines.is_empty() {
        lines.push(body.to_string());
    }
    lines
}

fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn list<'a>(body: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    body.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn button(label: &str) -> String {
    format!("[ {label} ]")
}

/// The values that a template is filled with, by their place or by their name.
fn parameters(body: &Value) -> Option<String> {
    let is_template = body.get("elementName").or(body.get("templateId")).is_some();
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values: Vec<_> = match body.get("parameters").filter(|_| is_template)? {
        Value::Array(values) => values.iter().map(shown).collect(),
        Value::Object(named) => named.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect(),
        _ => return None,
    };
    Some(values.join(" | "))
}

fn place(body: &Value) -> Option<String> {
    let coordinates = body.get("coordinates")?;
    let (lat, long) = (coordinates.get("lat")?, coordinates.get("long")?);
    let words = ["/name", "/address"].into_iter().filter_map(|pointer| text(body, pointer).map(str::to_owned));
    Some(words.chain([format!("{lat}, {long}")]).collect::<Vec<_>>().join("  "))
}

fn contact(contact: &Value) -> String {
    let name = text(contact, "/name/formatted_name").unwrap_or("(no name)");
    let phones = list(contact, "/phones").filter_map(|phone| text(phone, "/phone"));
    std::iter::once(name).chain(phones).collect::<Vec<_>>().join("  ")
}

fn option(option: &Value) -> Option<String> {
    let title = text(option, "/title")?;
    Some(match text(option, "/description") {
        Some(description) => format!("• {title}: {description}"),
        None => format!("• {title}"),
    })
}

fn card(card: &Value) -> Vec<String> {
    let media = text(card, "/header/image/link").or(text(card, "/header/video/link"));
    let mut lines: Vec<_> = media.map(|link| format!("(card) {link}")).into_iter().collect();
    lines.extend(text(card, "/body/text").into_iter().flat_map(str::lines).map(str::to_owned));
    lines.extend(text(card, "/action/parameters/display_text").map(button));
    lines.extend(list(card, "/action/buttons").filter_map(|reply| text(reply, "/quick_reply/title").map(button)));
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
        let menu = json!({"text": "a", "buttonText": {"text": "Menu"}, "options": [{"title": "A", "description": "d"}, {"title": "B"}]});
        assert_eq!(lines(&menu), ["a", "• A: d", "• B", "[ Menu ]"]);
        let replies = json!({"text": "a", "quick_replies": [{"title": "Yes"}, {"title": "No"}]});
        assert_eq!(lines(&replies), ["a", "[ Yes ]", "[ No ]"]);
        let image = json!({"type": "image", "mediaUrl": "https://e.com/1.png", "text": "a"});
        assert_eq!(lines(&image), ["(image) https://e.com/1.png", "a"]);
        let quito = json!({"type": "location", "coordinates": {"lat": -0.5, "long": 78}, "name": "Quito"});
        assert_eq!(lines(&quito), ["Quito  -0.5, 78"]);
        let template = json!({"elementName": "t", "parameters": ["a", "b"]});
        assert_eq!(lines(&template), ["(template) t", "a | b"]);
        let by_id = json!({"type": "template", "templateId": "3", "parameters": {"name": "Ana", "n": 1}});
        assert_eq!(lines(&by_id), ["(template) 3", "name: Ana | n: 1"]);
        let cards = json!({"text": "t", "parameters": {"cards": [
            {"header": {"image": {"link": "https://e.com/1.png"}}, "body": {"text": "1"},
                "action": {"parameters": {"display_text": "Go"}}},
            {"body": {"text": "2"}, "action": {"buttons": [{"quick_reply": {"title": "Want"}}]}},
        ]}});
        assert_eq!(lines(&cards), ["t", "(card) https://e.com/1.png", "1", "[ Go ]", "2", "[ Want ]"]);
        assert_eq!(lines(&json!({"type": "new"})), [r#"{"type":"new"}"#]);
    }
}
