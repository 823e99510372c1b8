//! The text of a template from the bot's list, filled with the values of a message.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::drawing::Part;
use super::kinds::MessageKind;
use super::template_listing::{TemplateUses, is_approved, is_same_language, text};
use crate::base::message::Lang;

/// The most characters that are kept of a text. WhatsApp allows 1,024 in a template.
const MAX_CHARACTERS: usize = 4096;

/// The texts of some templates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct TemplateTexts(Vec<TemplateText>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct TemplateText {
    name: String,
    language: Option<String>,
    /// The text, with `{{1}}` for each value; empty if the list does not have it.
    text: String,
    category: Option<String>,
}

/// The template that a body uses.
#[derive(Deserialize)]
struct NamedTemplate<'a> {
    #[serde(borrow, rename = "elementName")]
    name: Cow<'a, str>,
    #[serde(borrow)]
    language: Option<Cow<'a, str>>,
}

impl TemplateTexts {
    /// Returns the texts of the templates in `uses`, from `templates` as the API lists them.
    pub(crate) fn new(uses: &TemplateUses, templates: &[Value]) -> Self {
        let is_used = |name: &str, language: Option<&str>| {
            uses.uses.iter().any(|used| {
                used.name == name && is_same_language(used.language.as_deref(), language)
            })
        };
        let texts = templates
            .iter()
            .filter(|each| is_approved(each))
            .filter_map(|each| {
                let name = text(each, "elementName")?;
                let language = text(each, "language");
                let category = text(each, "category").map(str::to_owned);
                let text = text(each, "template")
                    .filter(|text| text.chars().count() <= MAX_CHARACTERS)
                    .unwrap_or_default();
                let name = name.to_owned();
                let language = language.map(str::to_owned);
                let text = text.to_owned();
                is_used(&name, language.as_deref()).then_some(TemplateText {
                    name,
                    language,
                    text,
                    category,
                })
            });
        Self(texts.collect())
    }

    /// Draws what the recipient of `body` sees, with the template's text instead of its name and
    /// values.
    pub(crate) fn drawn(&self, kind: &MessageKind, body: &Value, lang: Lang) -> Vec<Part> {
        let mut parts = kind.drawn(body, lang);
        for part in &mut parts {
            if let (Part::Template(template), Some(text)) = (part, self.find_text(body)) {
                template.fill(text);
            }
        }
        parts
    }

    /// Finds the text of the template in `body`. None if unknown, or if there are several and the
    /// body does not select one.
    fn find_text(&self, body: &Value) -> Option<&str> {
        let mut matching = self
            .matching(text(body, "elementName")?, text(body, "language"))
            .filter(|each| !each.text.is_empty());
        matching
            .next()
            .filter(|_| matching.next().is_none())
            .map(|each| each.text.as_str())
    }

    /// Returns the category of the template in the JSON `body`, from the bot's list. None if
    /// unknown, or if the template has several.
    pub(crate) fn find_category(&self, body: &str) -> Option<&str> {
        let named: NamedTemplate<'_> = serde_json::from_str(body).ok()?;
        let mut matching = self
            .matching(&named.name, named.language.as_deref())
            .map(|each| each.category.as_deref());
        let first = matching.next()?;
        matching.all(|other| other == first).then_some(first)?
    }

    /// Returns the templates with this name and language.
    fn matching(&self, name: &str, language: Option<&str>) -> impl Iterator<Item = &TemplateText> {
        self.0.iter().filter(move |each| {
            each.name == name && is_same_language(language, each.language.as_deref())
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn template_text_replaces_template_name() {
        let list = [
            json!({ "elementName": "order", "language": "es", "status": "APPROVED", "template": "Hola {{1}}:\n\n{{ 2 }} y {{1}}, {{3}} {{x" }),
            json!({ "elementName": "order", "language": "en", "status": "APPROVED", "template": "Hi {{1}}" }),
            json!({ "elementName": "order", "language": "pt", "status": "REJECTED", "template": "Oi {{1}}" }),
            json!({ "elementName": "other", "language": "es", "status": "APPROVED", "template": "No" }),
            json!({ "elementName": "named", "language": "es", "status": "APPROVED", "template": "{{cliente}}, {{ codigo }}, {{cliente}} y {{fin}}" }),
        ];
        let kind = MessageKind::from_name("template").unwrap();
        for (body, expected) in [
            (
                json!({ "elementName": "order", "language": "ES", "parameters": ["Ana", "A-1"] }),
                &["Hola Ana:", "", "A-1 y Ana, {{3}} {{x"][..],
            ),
            (
                json!({ "elementName": "order", "language": "en", "parameters": ["{{2}}"], "type": "image", "mediaUrl": "https://x.example/a.png" }),
                &["(image) https://x.example/a.png", "Hi {{2}}"],
            ),
            (
                json!({ "elementName": "order", "parameters": ["Ana"] }),
                &["(template) order", "Ana"],
            ),
            (
                json!({ "elementName": "order", "language": "pt", "parameters": ["Ana"] }),
                &["(template) order", "Ana"],
            ),
            (json!({ "elementName": "other", "language": "es" }), &["No"]),
            (
                json!({ "elementName": "named", "language": "es", "parameters": ["Ana", "A-1"] }),
                &["Ana, A-1, Ana y {{fin}}"],
            ),
            (
                json!({ "elementName": "named", "language": "es", "parameters": { "codigo": "A-1" } }),
                &["{{cliente}}, A-1, {{cliente}} y {{fin}}"],
            ),
            (
                json!({ "elementName": "none", "language": "es" }),
                &["(template) none"],
            ),
        ] {
            let mut uses = TemplateUses::default();
            uses.uses
                .extend(crate::jelou::message::TemplateUse::from_body(&body));
            let texts = TemplateTexts::new(&uses, &list);
            let drawn = texts.drawn(&kind, &body, Lang::En);
            assert_eq!(Part::lines(drawn, Lang::En), expected, "{body}");
        }
    }
}
