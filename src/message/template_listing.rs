//! Whether a bot has a template that is to be sent, by the list of its templates: the client asks before it sends, the
//! sandbox at each message.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outgoing::Outgoing;
use super::route::Route;

/// Different ones that are kept of a list of messages.
const MOST: usize = 100;

/// What a message asks of a template that it names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct TemplateUse {
    pub(crate) name: String,
    pub(crate) language: Option<String>,
    /// How many values its text is given.
    pub(crate) parameters: usize,
}

/// What the templates of many messages are, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct TemplateUses {
    pub(crate) uses: Vec<TemplateUse>,
    /// Whether there were more than are kept.
    pub(crate) is_cut: bool,
}

/// What a bot's list says of a template that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateVerdict {
    Fits,
    UnknownName,
    OtherLanguage { languages: Vec<String> },
    NotApproved { status: String },
    WrongCount { given: usize, expected: usize },
}

impl TemplateUse {
    /// What the body of a template that is sent by its name asks for.
    pub(crate) fn of(body: &Value) -> Option<Self> {
        let name = body.get("elementName")?.as_str()?.to_owned();
        Some(Self { name, language: language(body).map(str::to_owned), parameters: values(body) })
    }

    fn is_of(&self, body: &Value) -> bool {
        body.get("elementName").and_then(Value::as_str) == Some(&self.name)
            && language(body) == self.language.as_deref()
            && values(body) == self.parameters
    }

    /// Whether one of `templates`, as the API lists them, is this one. What a list does not say is no fault.
    pub(crate) fn judge(&self, templates: &[Value]) -> TemplateVerdict {
        let named: Vec<_> = templates.iter().filter(|each| text(each, "elementName") == Some(&self.name)).collect();
        if named.is_empty() {
            return TemplateVerdict::UnknownName;
        }
        let is = |each: &Value, field: &str, wanted: &str| {
            text(each, field).is_none_or(|found| found.eq_ignore_ascii_case(wanted))
        };
        let spoken = named.iter().filter(|each| self.language.as_ref().is_none_or(|code| is(each, "language", code)));
        let spoken: Vec<_> = spoken.collect();
        let Some(first) = spoken.first() else {
            let languages = named.iter().filter_map(|each| text(each, "language")).map(str::to_owned).collect();
            return TemplateVerdict::OtherLanguage { languages };
        };
        let approved: Vec<_> = spoken.iter().filter(|each| is(each, "status", "APPROVED")).collect();
        if approved.is_empty() {
            return TemplateVerdict::NotApproved { status: text(first, "status").unwrap_or_default().to_owned() };
        }
        let counts: Option<Vec<_>> = approved.iter().map(|each| values_of_text(each)).collect();
        match counts.as_deref() {
            Some([expected, ..]) if !counts.iter().flatten().any(|count| *count == self.parameters) => {
                TemplateVerdict::WrongCount { given: self.parameters, expected: *expected }
            }
            _ => TemplateVerdict::Fits,
        }
    }
}

impl TemplateUses {
    /// Takes the template of a message that names one.
    pub(crate) fn note(&mut self, outgoing: &Outgoing) {
        if *outgoing.route() != Route::Template || self.uses.iter().any(|known| known.is_of(outgoing.body())) {
            return;
        }
        if self.uses.len() == MOST {
            self.is_cut = true;
        } else {
            self.uses.extend(TemplateUse::of(outgoing.body()));
        }
    }
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

fn language(body: &Value) -> Option<&str> {
    text(body, "language")
}

fn values(body: &Value) -> usize {
    body.get("parameters").and_then(Value::as_array).map_or(0, Vec::len)
}

/// How many values the text of a template takes; nothing where it does not say.
fn values_of_text(template: &Value) -> Option<usize> {
    let Some(text) = text(template, "template") else {
        return template.get("paramsNumber").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    };
    let marks = text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()));
    Some(marks.collect::<BTreeSet<_>>().len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_judged_as_it_will_be() {
        let list = [
            json!({ "elementName": "mine", "language": "es", "status": "APPROVED", "template": "{{1}} y {{1}}, {{ 2 }}" }),
            json!({ "elementName": "mine", "language": "pt", "template": "sem" }),
            json!({ "elementName": "counted", "paramsNumber": 1 }),
            json!({ "elementName": "open" }),
            json!({ "elementName": "new", "status": "PENDING" }),
        ];
        let wrong = |given, expected| TemplateVerdict::WrongCount { given, expected };
        let others = || TemplateVerdict::OtherLanguage { languages: vec!["es".to_owned(), "pt".to_owned()] };
        for (body, expected) in [
            (json!({ "elementName": "mine", "language": "ES", "parameters": ["a", "b"] }), TemplateVerdict::Fits),
            (json!({ "elementName": "mine", "language": "es", "parameters": ["a"] }), wrong(1, 2)),
            (json!({ "elementName": "mine", "language": "es" }), wrong(0, 2)),
            (json!({ "elementName": "mine" }), TemplateVerdict::Fits),
            (json!({ "elementName": "mine", "language": "en" }), others()),
            (json!({ "elementName": "Mine", "language": "es" }), TemplateVerdict::UnknownName),
            (json!({ "elementName": "counted" }), wrong(0, 1)),
            (json!({ "elementName": "open", "language": "fr", "parameters": ["a"] }), TemplateVerdict::Fits),
            (json!({ "elementName": "new" }), TemplateVerdict::NotApproved { status: "PENDING".to_owned() }),
        ] {
            assert_eq!(TemplateUse::of(&body).unwrap().judge(&list), expected, "{body}");
        }
    }
}
