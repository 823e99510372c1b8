//! What WhatsApp takes as a parameter of a template, of either form.

use serde_json::Value;

use super::characters::visit_texts;

/// What [`check_parameter`] takes, as a pattern and in words.
pub(super) const ONE_LINE: &str = r"^(?!.* {5})[^\n\r\t]*\S[^\n\r\t]*$";
pub(super) const ONE_LINE_IN_WORDS: &str = "one line, not empty, without tabs or more than 4 spaces in a row";

/// WhatsApp takes a template with a parameter of another kind and never delivers it: "Param text cannot have new-line/tab
/// characters or more than 4 consecutive spaces" (Meta, error 132018).
pub(super) fn check_parameter(text: &str) -> garde::Result {
    let found = match text {
        _ if text.trim().is_empty() => return Err(garde::Error::new(EMPTY)),
        _ if text.contains(['\n', '\r']) => "has a line break",
        _ if text.contains('\t') => "has a tab",
        _ if text.contains("     ") => "has more than 4 spaces in a row",
        _ => return Ok(()),
    };
    Err(garde::Error::new(format!("{found}, which WhatsApp refuses in a parameter of a template")))
}

/// Writes the parameters in `body` so that WhatsApp takes them, for a message that matters more than its form: on one line,
/// its lines divided by ` / `, and `-` for an empty one. Says what was wrong with each that was changed.
pub(super) fn fit_parameters(body: &mut Value) -> Vec<String> {
    let mut changed = Vec::new();
    visit_texts(body, "", &mut |path, text| {
        let is_parameter = path.starts_with("parameters")
            || path.starts_with("headerParameters")
            || path.starts_with("buttonParameters") && path.ends_with("].param");
        let Some(Err(problem)) = is_parameter.then(|| check_parameter(text)) else { return };
        let lines = text.split(['\n', '\r']).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let line = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ");
        *text = if line.is_empty() { "-".to_owned() } else { line };
        let sent = if text == "-" { "sent as `-`" } else { "sent on one line" };
        changed.push(format!("{path}: {problem}; it is {sent}"));
    });
    changed
}

const EMPTY: &str = "is empty; a template takes no empty parameter";

/// Whether every text in a value whose form is not documented says something.
pub(super) fn check_filled(value: &Value) -> garde::Result {
    match value {
        Value::String(text) if text.trim().is_empty() => Err(garde::Error::new(EMPTY)),
        Value::Array(items) => items.iter().try_for_each(check_filled),
        Value::Object(fields) => fields.values().try_for_each(check_filled),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_is_made_one_that_whatsapp_takes() {
        for (text, expected) in [
            ("a\nb", "a / b"),
            ("\r\n a \r\n\r\n\tb  c\n", "a / b c"),
            ("a\tb", "a b"),
            ("a     b", "a b"),
            (" \n\t", "-"),
            ("", "-"),
            ("a    b", "a    b"),
        ] {
            let mut body = json!({"parameters": [text], "headerParameters": [text],
                "buttonParameters": [{"param": text, "payload": text}]});
            let changed = fit_parameters(&mut body);
            let fitted = json!({"parameters": [expected], "headerParameters": [expected],
                "buttonParameters": [{"param": expected, "payload": text}]});
            assert_eq!(body, fitted, "{text:?}");
            assert_eq!(changed.len(), if text == expected { 0 } else { 3 }, "{text:?}: {changed:?}");
            assert!(check_parameter(expected).is_ok());
        }
    }
}
