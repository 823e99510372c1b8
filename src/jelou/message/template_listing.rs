//! Checks a message against the bot's list of templates: jelouctl before it sends, the sandbox for
//! each message.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::drawing::{items, named_places, places};
use super::envelope::Route;
use super::outgoing::{Outgoing, recipients_in};
use crate::base::message::{Message, msg};
use crate::base::suggest::nearest;
use crate::phone::is_user_id;

/// The most different templates that are kept for one list.
const MAX_TEMPLATES: usize = 100;

/// The most characters of a template's text with its values (Meta, error 132005).
const MAX_TEXT: usize = 1024;

/// The requirements of a message on its template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct TemplateUse {
    pub(crate) name: String,
    pub(crate) language: Option<String>,
    /// The number of values for its text.
    pub(crate) parameters: usize,
    /// The names that text values begin with, such as `nombre` in `nombre=Ana`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parameter_names: Vec<String>,
    /// Whether the message goes to a WhatsApp user id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) goes_to_user_id: bool,
    /// The type of the message's media, such as an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<String>,
    /// The characters of its values, together. For several messages, those of the longest one.
    #[serde(default)]
    pub(crate) characters: usize,
}

/// The templates of many messages, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct TemplateUses {
    pub(crate) uses: Vec<TemplateUse>,
    /// Whether some were dropped because there were too many.
    pub(crate) is_cut: bool,
}

/// The result of checking a template against the bot's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateVerdict {
    Fits,
    UnknownName {
        /// Templates with a similar name: their display name, or their name after WhatsApp's
        /// prefix.
        meant: Vec<String>,
    },
    OtherLanguage {
        languages: Vec<String>,
    },
    NotApproved {
        status: String,
    },
    /// The template is for authentication, which requires a phone number.
    NeedsNumber,
    WrongCount {
        given: usize,
        expected: usize,
    },
    /// The template begins with an image, a document or a video. The message has no media, or
    /// another type.
    NeedsMedia {
        media: &'static str,
        given: Option<String>,
    },
    /// The template has only text, and the message has media of this type.
    TakesNoMedia {
        given: String,
    },
    /// With its values, the text of the template is longer than WhatsApp allows.
    TooLong {
        characters: usize,
        most: usize,
    },
    /// The template exists in each of these languages, and the message does not select one.
    SeveralLanguages {
        languages: Vec<String>,
    },
    /// The list lacks this field, so the result is unknown.
    Unclear {
        missing: &'static str,
    },
}

impl TemplateUse {
    /// Returns the requirements of a body; None without a template.
    pub(crate) fn from_body(body: &Value) -> Option<Self> {
        let has_media = text(body, "mediaUrl").is_some_and(|url| !url.is_empty());
        Some(Self {
            name: text(body, "elementName")?.to_owned(),
            language: text(body, "language").map(str::to_owned),
            parameters: body
                .get("parameters")
                .and_then(Value::as_array)
                .map_or(0, Vec::len),
            parameter_names: parameter_names(body),
            goes_to_user_id: recipients_in(body).any(is_user_id),
            media: has_media.then(|| text(body, "type").unwrap_or("text").to_owned()),
            characters: count_characters(body),
        })
    }

    /// Returns whether both have the same requirements, apart from the length of their values.
    fn is_like(&self, other: &Self) -> bool {
        let with_length = Self {
            characters: self.characters,
            ..other.clone()
        };
        *self == with_length
    }

    /// Returns a name at the start of a value, as in `nombre=Ana`, that is also a place in the
    /// template's text. The recipient would read the name too.
    pub(crate) fn named_place(&self, templates: &[Value]) -> Option<&str> {
        let is_place = |name: &&String| {
            let mut own = templates
                .iter()
                .filter(|each| text(each, "elementName") == Some(&self.name));
            own.any(|each| {
                named_places(text(each, "template").unwrap_or_default()).contains(&name.as_str())
            })
        };
        self.parameter_names
            .iter()
            .find(is_place)
            .map(String::as_str)
    }

    /// Returns whether one of `templates`, as the API lists them, fits. A field that is missing in
    /// the list is not an error.
    pub(crate) fn judge(&self, templates: &[Value]) -> TemplateVerdict {
        let named: Vec<_> = templates
            .iter()
            .filter(|each| text(each, "elementName") == Some(&self.name))
            .collect();
        if named.is_empty() {
            return TemplateVerdict::UnknownName {
                meant: named_otherwise(&self.name, templates),
            };
        }
        let matches_language =
            |each: &&&Value| is_same_language(self.language.as_deref(), text(each, "language"));
        let in_language: Vec<_> = named.iter().filter(matches_language).copied().collect();
        let Some(first) = in_language.first() else {
            return TemplateVerdict::OtherLanguage {
                languages: languages(&named),
            };
        };
        let approved: Vec<&Value> = in_language
            .iter()
            .filter(|each| is_approved(each))
            .copied()
            .collect();
        if approved.is_empty() {
            let has_status = in_language
                .iter()
                .all(|each| text(each, "status").is_some());
            let status = text(first, "status").unwrap_or_default().to_owned();
            return if has_status {
                TemplateVerdict::NotApproved { status }
            } else {
                TemplateVerdict::Unclear { missing: "status" }
            };
        }
        if self.goes_to_user_id
            && approved
                .iter()
                .all(|each| field_is(each, "category", "AUTHENTICATION"))
        {
            return TemplateVerdict::NeedsNumber;
        }
        if let Some(media) = self.missing_media(&approved) {
            return TemplateVerdict::NeedsMedia {
                media,
                given: self.media.clone(),
            };
        }
        let has_only_text = |each: &&Value| header_kind(each) == Some("text");
        match &self.media {
            Some(given) if approved.iter().all(has_only_text) => {
                let given = given.clone();
                TemplateVerdict::TakesNoMedia { given }
            }
            _ => self.judge_count(&approved),
        }
    }

    /// Returns the type of media that the first template begins with, if the message's media fits none
    /// of the templates.
    fn missing_media(&self, approved: &[&Value]) -> Option<&'static str> {
        let given = self.media.as_deref();
        let fits = |media: &str| given.is_some_and(|given| given.eq_ignore_ascii_case(media));
        let mut first_misfit = None;
        for template in approved {
            let media = header_kind(template).filter(|kind| *kind != "text");
            let misfit = media.filter(|media| !fits(media))?;
            first_misfit.get_or_insert(misfit);
        }
        first_misfit
    }

    /// Returns whether the message has as many values as one of the templates.
    fn judge_count(&self, approved: &[&Value]) -> TemplateVerdict {
        let counts: Vec<_> = approved.iter().map(|each| count_values(each)).collect();
        let languages = languages(approved);
        if counts.contains(&Some(self.parameters)) {
            if let Some(characters) = self.excess(approved) {
                let most = MAX_TEXT;
                return TemplateVerdict::TooLong { characters, most };
            }
            return if self.language.is_none() && languages.len() > 1 {
                TemplateVerdict::SeveralLanguages { languages }
            } else {
                TemplateVerdict::Fits
            };
        }
        let counts: Option<Vec<_>> = counts.into_iter().collect();
        match counts.as_deref() {
            Some([expected, ..]) => TemplateVerdict::WrongCount {
                given: self.parameters,
                expected: *expected,
            },
            Some([]) | None => TemplateVerdict::Unclear { missing: "text" },
        }
    }

    /// Returns the length of the text with its values, if it is too long in each of the templates that fit.
    fn excess(&self, approved: &[&Value]) -> Option<usize> {
        let fitting = approved.iter();
        let fitting = fitting.filter(|each| count_values(each) == Some(self.parameters));
        let lengths = fitting.map(|each| own_characters(each) + self.characters);
        lengths.min().filter(|length| *length > MAX_TEXT)
    }
}

impl TemplateUses {
    /// Adds the template of a message, if it has one.
    pub(crate) fn note(&mut self, outgoing: &Outgoing) {
        let template = (*outgoing.route() == Route::Template).then(|| outgoing.body());
        let Some(used) = template.and_then(TemplateUse::from_body) else {
            return;
        };
        if let Some(known) = self.uses.iter_mut().find(|known| known.is_like(&used)) {
            known.characters = known.characters.max(used.characters);
        } else if self.uses.len() == MAX_TEMPLATES {
            self.is_cut = true;
        } else {
            self.uses.push(used);
        }
    }

    /// Returns the templates of the unsent rows; `rows` passes the body of each.
    pub(crate) fn filter_unsent<E>(
        &self,
        rows: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), E>,
    ) -> Result<Self, E> {
        // With one template, every row has it.
        if self.uses.len() < 2 {
            return Ok(self.clone());
        }
        let mut unsent: Vec<TemplateUse> = Vec::new();
        rows(&mut |body| {
            let body = serde_json::from_str(body).ok();
            let Some(used) = body.and_then(|body| TemplateUse::from_body(&body)) else {
                return;
            };
            if let Some(known) = unsent.iter_mut().find(|known| known.is_like(&used)) {
                known.characters = known.characters.max(used.characters);
            } else if self.uses.iter().any(|known| known.is_like(&used)) {
                unsent.push(used);
            }
        })?;
        Ok(Self {
            uses: unsent,
            is_cut: self.is_cut,
        })
    }
}

/// Counts the characters of the parameters in `body`.
fn count_characters(body: &Value) -> usize {
    let texts = items(body, "/parameters").filter_map(Value::as_str);
    texts.map(|text| text.chars().count()).sum()
}

/// Counts the characters of a template's own text, without its placeholders.
fn own_characters(template: &Value) -> usize {
    let text = text(template, "template").unwrap_or_default();
    let first = text.split("{{").next().unwrap_or_default();
    let parts = places(text).map(|(_, words)| words.chars().count());
    first.chars().count() + parts.sum::<usize>()
}

/// Returns the names that the parameters in `body` begin with.
fn parameter_names(body: &Value) -> Vec<String> {
    let texts = items(body, "/parameters").filter_map(Value::as_str);
    let is_of_name = |sign: char| sign.is_alphanumeric() || sign == '_';
    texts
        .filter_map(|text| Some(text.split_once('=')?.0.trim()))
        .filter(|name| !name.is_empty() && name.chars().all(is_of_name))
        .map(str::to_owned)
        .collect()
}

/// Returns the templates called `name`, or else those with `name` after WhatsApp's prefix. If there
/// are several, the approved ones. Ignores case.
fn named_otherwise(name: &str, templates: &[Value]) -> Vec<String> {
    let name = name.to_lowercase();
    let is_it = |found: Option<&str>| found.is_some_and(|found| found.to_lowercase() == name);
    let mut found: Vec<_> = templates
        .iter()
        .filter(|each| is_it(text(each, "displayName")))
        .collect();
    if found.is_empty() {
        found.extend(
            templates
                .iter()
                .filter(|each| is_it(text(each, "elementName").and_then(without_prefix))),
        );
    }
    if found.iter().any(|each| is_approved(each)) {
        found.retain(|each| is_approved(each));
    }
    each_once(
        found
            .into_iter()
            .filter_map(|each| text(each, "elementName")),
    )
}

/// Returns the names without duplicates; ignores case.
fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names
        .filter(|name| seen.insert(name.to_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// Returns the template with the name or display name that is nearest to `name`.
pub(crate) fn nearest_template<'a>(name: &str, templates: &'a [Value]) -> Option<&'a str> {
    let names_of = |each: &'a Value| {
        let own = text(each, "elementName");
        [own, text(each, "displayName"), own.and_then(without_prefix)]
            .into_iter()
            .flatten()
    };
    let nearest = nearest(name, templates.iter().flat_map(names_of))?;
    let template = templates
        .iter()
        .find(|each| names_of(each).any(|name| name == nearest))?;
    text(template, "elementName")
}

/// Suggests at most two similar template names; None if `names` is empty.
pub(crate) fn did_you_mean(names: &[impl AsRef<str>]) -> Option<Message> {
    let name = names.first()?.as_ref();
    Some(match names.get(1).map(AsRef::as_ref) {
        Some(other) => msg!("did you mean `{name}` or `{other}`?", name, other),
        None => msg!("did you mean `{name}`?", name),
    })
}

/// Returns `order_shipped` for `a1b2_order_shipped`: WhatsApp adds four random characters to the
/// display name.
fn without_prefix(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_once('_')?;
    let is_prefix = prefix.len() == 4 && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_prefix && !rest.is_empty()).then_some(rest)
}

/// Returns the type of media that a template begins with, or `text`, from Meta's components or from a separate field. None
/// if the list does not have it.
fn header_kind(template: &Value) -> Option<&'static str> {
    let header = items(template, "/components").find(|each| field_is(each, "type", "header"));
    let header = header.or_else(|| template.get("header"));
    let of_header = header
        .into_iter()
        .flat_map(|header| ["format", "type"].map(|field| text(header, field)));
    let fields = [
        "headerType",
        "headerFormat",
        "mediaType",
        "templateType",
        "type",
    ]
    .map(|field| text(template, field));
    let mut named = of_header.chain(fields).flatten();
    named.find_map(|named| {
        ["image", "document", "video", "text"]
            .into_iter()
            .find(|media| named.eq_ignore_ascii_case(media))
    })
}

pub(super) fn is_approved(template: &Value) -> bool {
    field_is(template, "status", "APPROVED")
}

/// Returns whether `field` has this text, in any case.
fn field_is(object: &Value, field: &str, word: &str) -> bool {
    text(object, field).is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Returns whether both may be the same language. A missing language matches any.
pub(crate) fn is_same_language(wanted: Option<&str>, found: Option<&str>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
        (None, _) | (_, None) => true,
    }
}

pub(super) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

fn languages(templates: &[&Value]) -> Vec<String> {
    each_once(templates.iter().filter_map(|each| text(each, "language")))
}

/// Counts the values in the template's text; None if the list does not have the text.
fn count_values(template: &Value) -> Option<usize> {
    let places = places(text(template, "template")?);
    let names: BTreeSet<_> = places.map(|(place, _)| place).collect();
    Some(names.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn named_parameter_is_found_in_template() {
        let list = [
            json!({ "elementName": "named", "template": "Hola {{cliente}}, {{codigo}}" }),
            json!({ "elementName": "other", "template": "Hola {{1}} {{saldo}}" }),
        ];
        for (name, parameters, expected) in [
            ("named", json!(["cliente=Ana", "A-1"]), Some("cliente")),
            ("named", json!(["Ana", "codigo = A-1"]), Some("codigo")),
            ("named", json!(["saldo=5", "x?cliente=1"]), None),
            ("other", json!(["cliente=Ana", "saldo=5"]), None),
            ("none", json!(["cliente=Ana"]), None),
        ] {
            let body = json!({ "elementName": name, "parameters": parameters });
            let used = TemplateUse::from_body(&body).unwrap();
            assert_eq!(used.named_place(&list), expected, "{body}");
        }
    }

    #[test]
    fn template_is_checked_as_sent() {
        let list = [
            json!({ "elementName": "mine", "language": "es", "status": "APPROVED", "template": "{{1}} y {{1}}, {{ 2 }}" }),
            json!({ "elementName": "mine", "language": "pt", "status": "APPROVED", "template": "sem" }),
            json!({ "elementName": "mine", "language": "PT", "status": "APPROVED", "template": "{{1}}" }),
            json!({ "elementName": "mine", "language": "fr", "status": "REJECTED", "template": "sans" }),
            json!({ "elementName": "counted", "status": "APPROVED", "paramsNumber": 1 }),
            json!({ "elementName": "open", "status": "approved", "template": "{{1}}" }),
            json!({ "elementName": "bare", "language": "es", "template": "" }),
            json!({ "elementName": "new", "status": "PENDING" }),
            json!({ "elementName": "photo", "status": "APPROVED", "template": "a", "headerType": "IMAGE" }),
            json!({ "elementName": "film", "language": "es", "status": "APPROVED", "template": "a",
                "components": [{ "type": "BODY" }, { "type": "HEADER", "format": "video" }] }),
            json!({ "elementName": "film", "language": "en", "status": "APPROVED", "template": "a", "type": "HSM" }),
        ];
        let needs = |media, given: Option<&str>| TemplateVerdict::NeedsMedia {
            media,
            given: given.map(str::to_owned),
        };
        let url = "https://x.example/a.png";
        let wrong = |given, expected| TemplateVerdict::WrongCount { given, expected };
        let languages = |codes: &[&str]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let others = || TemplateVerdict::OtherLanguage {
            languages: languages(&["es", "pt", "fr"]),
        };
        let several = || TemplateVerdict::SeveralLanguages {
            languages: languages(&["es", "pt"]),
        };
        for (body, expected) in [
            (
                json!({ "elementName": "mine", "language": "ES", "parameters": ["a", "b"] }),
                TemplateVerdict::Fits,
            ),
            (
                json!({ "elementName": "mine", "language": "es", "parameters": ["a"] }),
                wrong(1, 2),
            ),
            (
                json!({ "elementName": "mine", "language": "es" }),
                wrong(0, 2),
            ),
            (
                json!({ "elementName": "mine", "language": "pt", "parameters": ["a"] }),
                TemplateVerdict::Fits,
            ),
            (json!({ "elementName": "mine" }), several()),
            (
                json!({ "elementName": "mine", "parameters": ["a", "b", "c"] }),
                wrong(3, 2),
            ),
            (json!({ "elementName": "mine", "language": "en" }), others()),
            (
                json!({ "elementName": "Mine", "language": "es" }),
                TemplateVerdict::UnknownName { meant: Vec::new() },
            ),
            (
                json!({ "elementName": "counted" }),
                TemplateVerdict::Unclear { missing: "text" },
            ),
            (
                json!({ "elementName": "open", "language": "fr", "parameters": ["a"] }),
                TemplateVerdict::Fits,
            ),
            (
                json!({ "elementName": "bare", "language": "es" }),
                TemplateVerdict::Unclear { missing: "status" },
            ),
            (
                json!({ "elementName": "new" }),
                TemplateVerdict::NotApproved {
                    status: "PENDING".to_owned(),
                },
            ),
            (json!({ "elementName": "photo" }), needs("image", None)),
            (
                json!({ "elementName": "photo", "mediaUrl": url, "type": "Image" }),
                TemplateVerdict::Fits,
            ),
            (
                json!({ "elementName": "photo", "mediaUrl": url }),
                needs("image", Some("text")),
            ),
            (
                json!({ "elementName": "photo", "mediaUrl": url, "type": "video" }),
                needs("image", Some("video")),
            ),
            (
                json!({ "elementName": "film", "language": "es" }),
                needs("video", None),
            ),
            (
                json!({ "elementName": "film", "language": "en" }),
                TemplateVerdict::Fits,
            ),
        ] {
            assert_eq!(
                TemplateUse::from_body(&body).unwrap().judge(&list),
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn template_of_text_has_no_media_and_a_limit() {
        let list = [
            json!({ "elementName": "words", "status": "APPROVED", "template": "Hola {{1}}: {{ 2 }}!", "type": "TEXT" }),
        ];
        let given = "image".to_owned();
        for (body, expected) in [
            (
                json!({ "parameters": ["a", "b"], "mediaUrl": "https://x.ec/a.png", "type": "image" }),
                TemplateVerdict::TakesNoMedia { given },
            ),
            (
                json!({ "parameters": ["ñ".repeat(1015), "b"] }),
                TemplateVerdict::Fits,
            ),
            (
                json!({ "parameters": ["ñ".repeat(1016), "b"] }),
                TemplateVerdict::TooLong {
                    characters: 1025,
                    most: 1024,
                },
            ),
        ] {
            let mut body = body;
            body["elementName"] = json!("words");
            let used = TemplateUse::from_body(&body).unwrap();
            assert_eq!(used.judge(&list), expected, "{body}");
        }
    }

    #[test]
    fn exact_template_name_precedes_similar_names() {
        let list = [
            json!({ "elementName": "order_stopped", "status": "APPROVED" }),
            json!({ "elementName": "a1b2_order_shipped", "displayName": "order_shipped", "status": "REJECTED" }),
            json!({ "elementName": "c3d4_order_shipped", "displayName": "order_shipped", "status": "APPROVED" }),
            json!({ "elementName": "c3d4_order_shipped", "displayName": "order_shipped", "status": "APPROVED" }),
            json!({ "elementName": "e5f6_recordatorio", "status": "PENDING" }),
            json!({ "elementName": "g7h8_Pago", "displayName": "Aviso de pago" }),
            json!({ "elementName": "i9j0_cita", "displayName": "x" }),
            json!({ "elementName": "k1l2_other", "displayName": "cita" }),
        ];
        for (name, meant, nearest) in [
            (
                "order_shipped",
                &["c3d4_order_shipped"][..],
                Some("a1b2_order_shipped"),
            ),
            (
                "Order_Shipped",
                &["c3d4_order_shipped"],
                Some("a1b2_order_shipped"),
            ),
            (
                "recordatorio",
                &["e5f6_recordatorio"],
                Some("e5f6_recordatorio"),
            ),
            ("aviso de pago", &["g7h8_Pago"], Some("g7h8_Pago")),
            ("pago", &["g7h8_Pago"], Some("g7h8_Pago")),
            // A display name comes before a name after a prefix.
            ("cita", &["k1l2_other"], Some("i9j0_cita")),
            ("order_shiped", &[], Some("a1b2_order_shipped")),
            ("recordatori", &[], Some("e5f6_recordatorio")),
            ("zzz", &[], None),
        ] {
            assert_eq!(named_otherwise(name, &list), meant, "{name}");
            assert_eq!(nearest_template(name, &list), nearest, "{name}");
        }
        for name in ["order_shipped", "a1b2_", "a1b2", "a1ñ2_x", "a1b23_x"] {
            assert_eq!(without_prefix(name), None, "{name}");
        }
    }
}
