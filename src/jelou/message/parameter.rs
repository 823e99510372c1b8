//! The template parameters that WhatsApp accepts, for both kinds of template.

use serde_json::Value;

use super::characters::visit_texts;
use super::schema::Schema;
use crate::base::invisible::{is_other_line_break, with_plain_line_breaks};
use crate::base::message::{Message, msg};
use crate::base::texts::has_only_digits;

/// The rule for a parameter that is a single text; the schema also has it as a pattern.
pub(super) const ONE_LINE: &str =
    "one line, not empty, without tabs or more than 4 spaces in a row";
/// The rule for a value with an undocumented form.
const FILLED: &str = "no empty text in it";

/// Returns the problem of a text under `rule`. WhatsApp accepts a template with any other parameter
/// but never delivers it: "Param text cannot have new-line/tab characters or more than 4
/// consecutive spaces" (Meta, error 132018).
pub(super) fn problem(rule: &str, text: &str) -> Option<Message> {
    match text {
        _ if ![ONE_LINE, FILLED].contains(&rule) => None,
        _ if text.trim().is_empty() => Some(msg!("is empty; a template parameter cannot be empty")),
        _ if rule == FILLED => None,
        _ if text.contains('\n') || text.contains(is_other_line_break) => Some(msg!(
            "has a line break, which WhatsApp rejects in a template parameter"
        )),
        _ if text.contains('\t') => Some(msg!(
            "has a tab, which WhatsApp rejects in a template parameter"
        )),
        _ if text.contains("     ") => Some(msg!(
            "has more than 4 spaces in a row, which WhatsApp rejects in a template parameter"
        )),
        _ => None,
    }
}

/// Warns about a parameter at `path` that begins with a name, such as `nombre=Ana`, in a template
/// by its name. These parameters have only an order, so the recipient would read the name too.
/// `is_name` decides which words are names; the number of a place is one.
pub(crate) fn named_parameter(
    path: &str,
    text: &str,
    is_name: impl Fn(&str) -> bool,
) -> Option<Message> {
    let is_in_order = path.starts_with("parameters[") || path.starts_with("headerParameters[");
    let (name, _) = text.split_once('=').filter(|_| is_in_order)?;
    let name = name.trim();
    let is_number = (1..=2).contains(&name.len()) && has_only_digits(name);
    (is_number || is_name(name)).then(|| {
        msg!(
            "{path}: `{name}=` is sent too, because these parameters have an order and no names",
            path,
            name
        )
    })
}

/// The most characters that all parameters of a template may have in a notification. WhatsApp
/// rejects a template with more than 1,024 characters after its parameters are filled in (Meta,
/// error 132005). The rest is for the template's own text.
const MAX_TOGETHER: usize = 900;

/// Calls `see` with the path, the rule and the text of each parameter in `body`, a template with
/// `schema`. For `NAME=VALUE` the text is the value.
fn visit_parameters(
    body: &mut Value,
    schema: &Schema,
    mut see: impl FnMut(&str, &str, &mut String),
) {
    let are_named = schema
        .at("parameters")
        .is_some_and(|parameters| parameters.additional.is_some());
    visit_texts(body, "", &mut |path, text| {
        let Some(rule) = schema
            .nearest_rule(path)
            .filter(|rule| [ONE_LINE, FILLED].contains(rule))
        else {
            return;
        };
        let is_pair = are_named && path.starts_with("parameters[");
        let name = text
            .find('=')
            .filter(|_| is_pair)
            .map_or(0, |equals| equals + 1);
        let mut value = text.split_off(name);
        see(path, rule, &mut value);
        text.push_str(&value);
    });
}

/// Rewrites the parameters in `body` so that WhatsApp accepts them, for a message that matters more
/// than its format. Joins lines with ` / `, replaces an empty parameter with `-`, and keeps only
/// the ends of parameters that are too long together. Returns the problem of each changed
/// parameter.
pub(super) fn fit_parameters(body: &mut Value, schema: &Schema) -> Vec<Message> {
    let mut changed = Vec::new();
    let mut lengths = Vec::new();
    visit_parameters(body, schema, |path, rule, text| {
        if let Some(problem) = problem(rule, text) {
            let sent = fit(text);
            changed.push(msg!("{path}: {problem}; {sent}", path, problem, sent));
        }
        lengths.extend((rule == ONE_LINE).then(|| text.chars().count()));
    });
    let most = longest_that_fit(&lengths);
    visit_parameters(body, schema, |path, rule, text| {
        let count = text.chars().count();
        if rule == ONE_LINE && count > most {
            *text = format!(
                "…{}",
                text.chars().skip(count + 1 - most).collect::<String>()
            );
            changed.push(msg!(
                "{path}: is cut at the start: it has {count} characters, and all parameters together are limited to {most}",
                path,
                count,
                most = MAX_TOGETHER
            ));
        }
    });
    changed
}

/// Makes `text` one line that is not empty, and describes the change.
fn fit(text: &mut String) -> Message {
    let plain = with_plain_line_breaks(text);
    let lines = plain
        .split('\n')
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let line = lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" / ");
    if line.is_empty() {
        "-".clone_into(text);
        return msg!("sent as `-`");
    }
    *text = line;
    if plain.contains('\n') {
        msg!("sent on one line")
    } else {
        msg!("sent with single spaces")
    }
}

/// Returns the maximum length of each text so that all of them fit together and only the longest
/// are shortened.
fn longest_that_fit(lengths: &[usize]) -> usize {
    let fits =
        |most: &usize| lengths.iter().map(|length| length.min(most)).sum::<usize>() <= MAX_TOGETHER;
    let longest = lengths.iter().copied().max().unwrap_or_default();
    (2..=longest.min(MAX_TOGETHER))
        .rev()
        .find(fits)
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jelou::message::MessageKind;

    fn schema(kind: &Value) -> &'static Schema {
        MessageKind::from_body(kind.as_object().unwrap())
            .unwrap()
            .schema()
    }

    fn by_name() -> &'static Schema {
        schema(&json!({"elementName": "t"}))
    }

    #[test]
    fn parameter_becomes_valid_for_whatsapp() {
        for (text, expected) in [
            ("a\nb", "a / b"),
            ("\r\n a \r\n\r\n\tb  c\n", "a / b c"),
            ("a\tb", "a b"),
            ("a     b", "a b"),
            (" \n\t", "-"),
            ("", "-"),
            ("a    b", "a    b"),
        ] {
            let mut body = json!({"parameters": [text], "headerParameters": [text], "filename": text,
                "buttonParameters": [{"param": text, "type": text}]});
            let changed = fit_parameters(&mut body, by_name());
            let fitted = json!({"parameters": [expected], "headerParameters": [expected], "filename": text,
                "buttonParameters": [{"param": expected, "type": text}]});
            assert_eq!(body, fitted, "{text:?}");
            assert_eq!(
                changed.len(),
                if text == expected { 0 } else { 3 },
                "{text:?}: {changed:?}"
            );
            assert_eq!(problem(ONE_LINE, expected), None);
        }
    }

    #[test]
    fn named_parameter_causes_a_warning() {
        for (path, text, is_named) in [
            ("parameters[0]", "nombre=Ana", true),
            ("parameters[1]", "1=Ana", true),
            ("parameters[1]", " 12 = Ana", true),
            ("headerParameters[0]", "nombre=Ana", true),
            ("parameters[0]", "a=b", false),
            ("parameters[0]", "https://x.example/?nombre=Ana", false),
            ("parameters[0]", "2+2=4", false),
            ("parameters[0]", "2026=año", false),
            ("parameters[0]", "=", false),
            ("parameters.a", "nombre=Ana", false),
            ("buttonParameters[0].param", "nombre=Ana", false),
        ] {
            let found = named_parameter(path, text, |name| name == "nombre");
            assert_eq!(found.is_some(), is_named, "{path} {text}");
        }
    }

    #[test]
    fn empty_values_of_any_shape_are_filled() {
        let mut body = json!({"cards": [{"body": {"text": " "}, "at": [1, "", "a\nb"]}, ""],
            "buttonParameters": [{"payload": {"a": ["\n"]}}]});
        let changed = fit_parameters(&mut body, by_name());
        let fitted = json!({"cards": [{"body": {"text": "-"}, "at": [1, "-", "a\nb"]}, "-"],
            "buttonParameters": [{"payload": {"a": ["-"]}}]});
        assert_eq!((body, changed.len()), (fitted, 4), "{changed:?}");
        for (parameters, fitted) in [
            (
                json!(["a=", "b=x\ny=z", "c= "]),
                json!(["a=-", "b=x / y=z", "c=-"]),
            ),
            (
                json!({"a": "", "b": "x\ny", "c.d": " "}),
                json!({"a": "-", "b": "x / y", "c.d": "-"}),
            ),
        ] {
            let mut body = json!({"parameters": parameters});
            fit_parameters(
                &mut body,
                schema(&json!({"type": "template", "templateId": "39"})),
            );
            assert_eq!(body["parameters"], fitted);
        }
    }

    #[test]
    fn longest_parameters_are_shortened_from_the_start() {
        for (lengths, expected) in [
            (&[900][..], &[900][..]),
            (&[901], &[900]),
            (&[7500, 10], &[890, 10]),
            (&[800, 500, 20], &[440, 440, 20]),
            (&[300, 300, 300], &[300, 300, 300]),
        ] {
            let text = |length: &usize| format!("{}z", "ñ".repeat(length - 1));
            let mut body = json!({"parameters": lengths.iter().map(text).collect::<Vec<_>>()});
            let changed = fit_parameters(&mut body, by_name());
            let fitted: Vec<_> = body["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let found: Vec<_> = fitted.iter().map(|text| text.chars().count()).collect();
            assert_eq!(found, expected, "{lengths:?}");
            assert_eq!(
                changed.len(),
                fitted.iter().filter(|text| text.starts_with('…')).count(),
                "{changed:?}"
            );
            assert!(fitted.iter().all(|text| text.ends_with('z')), "{fitted:?}");
        }
    }
}
