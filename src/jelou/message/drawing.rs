//! A message as its recipient sees it, as a list of parts. A terminal shows them as lines, a page
//! reads them as JSON.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::marks;
use crate::base::message::{Lang, Message, msg};
use crate::base::texts::has_only_digits;

/// A part of a message, in reading order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(crate) enum Part {
    Text {
        /// `title`, `caption`, or empty for the message's own text.
        #[serde(skip_serializing_if = "str::is_empty")]
        look: &'static str,
        #[serde(rename = "lines", serialize_with = "marks::serialize")]
        text: String,
    },
    Media {
        /// The type of the file.
        what: String,
        address: String,
        /// The name that the recipient sees, if the body has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    Button {
        label: String,
        icon: &'static str,
        /// The effect of a click: it `opens` a URL, or answers with a `text` and its `payload`.
        press: Value,
    },
    Template(TemplatePart),
    /// A part that only the inbox draws. Everything else shows `plain` instead.
    Drawing {
        drawing: &'static str,
        of: Value,
        #[serde(skip)]
        plain: Vec<Part>,
    },
}

/// A template. Its text is not in the body.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TemplatePart {
    /// Its name or its id.
    name: String,
    /// Its parameters: number or name, and value.
    values: Vec<(String, String)>,
    /// The text with its values, if the bot's list of templates has it; otherwise empty.
    #[serde(
        rename = "lines",
        serialize_with = "marks::serialize",
        skip_serializing_if = "String::is_empty"
    )]
    text: String,
    /// The cards and buttons that have parameters.
    pub(crate) parts: Vec<Part>,
}

impl TemplatePart {
    /// Replaces each `{{place}}` in `text` with its value, if it has one. Numbered values fill
    /// named places in order.
    pub(crate) fn fill(&mut self, text: &str) {
        let named = named_places(text);
        let value = |place: &str| {
            let order = named.iter().position(|name| *name == place);
            let number = order.map(|order| (order + 1).to_string());
            let is_its = |name: &str| name == place || number.as_deref() == Some(name);
            self.values
                .iter()
                .find(|(name, _)| is_its(name))
                .map(|(_, value)| value.as_str())
        };
        let mut pieces = text.split("{{");
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            match piece
                .split_once("}}")
                .and_then(|(place, after)| Some([value(place.trim())?, after]))
            {
                Some(value_and_rest) => filled.extend(value_and_rest),
                None => filled.extend(["{{", piece]),
            }
        }
        self.text = filled;
    }

    /// Returns the text, or the name and the values; then the cards and buttons.
    fn simple(mut self) -> Vec<Part> {
        let below = Part::simple(std::mem::take(&mut self.parts));
        let values = std::mem::take(&mut self.values)
            .into_iter()
            .map(|(name, value)| match name.parse::<usize>() {
                Ok(_) => value,
                Err(_) => format!("{name}: {value}"),
            });
        let values =
            Some(values.collect::<Vec<_>>().join(" | ")).filter(|values| !values.is_empty());
        let mut parts = Vec::new();
        if self.text.is_empty() {
            parts.push(Part::Template(self));
            parts.extend(values.map(Part::text));
        } else {
            parts.push(Part::text(self.text));
        }
        parts.extend(below);
        parts
    }
}

/// Returns each place in a template's text, with the text after it.
pub(super) fn places(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pieces = text.split("{{").skip(1);
    let places = pieces.filter_map(|piece| piece.split_once("}}"));
    places.map(|(place, after)| (place.trim(), after))
}

/// Returns the names of the places in a template's text, each once, in order. Empty if the places
/// have numbers.
pub(super) fn named_places(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (name, _) in places(text) {
        if has_only_digits(name) {
            return Vec::new();
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Part {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text {
            look: "",
            text: text.into(),
        }
    }

    fn button(label: String, icon: &'static str, press: Value) -> Self {
        Self::Button { label, icon, press }
    }

    /// Creates a button without an action.
    fn label(label: String) -> Self {
        Self::button(label, "", Value::Null)
    }

    /// Returns the parts that a terminal and a report show.
    pub(crate) fn simple(parts: Vec<Self>) -> Vec<Self> {
        let parts = parts.into_iter().flat_map(|part| match part {
            Self::Text { .. } | Self::Media { .. } => vec![part],
            Self::Button { label, .. } => vec![Self::label(label)],
            Self::Template(template) => template.simple(),
            Self::Drawing { plain, .. } => plain,
        });
        parts.collect()
    }

    /// Returns the lines that a terminal shows.
    pub(crate) fn lines(parts: Vec<Self>, lang: Lang) -> Vec<String> {
        let lines = Self::simple(parts).into_iter().flat_map(|part| match part {
            Self::Text { text, .. } => text.lines().map(str::to_owned).collect(),
            Self::Media {
                what,
                address,
                name,
            } => [format!("({}) {address}", media_name(&what).text(lang))]
                .into_iter()
                .chain(name)
                .collect(),
            Self::Button { label, .. } => vec![format!("[ {label} ]")],
            Self::Template(template) => {
                let kind = msg!("template").text(lang);
                vec![format!("({kind}) {}", template.name)]
            }
            Self::Drawing { plain, .. } => Self::lines(plain, lang),
        });
        lines.collect()
    }
}

/// Returns the word for a type of file. An unknown type stays.
fn media_name(what: &str) -> Message {
    match what {
        "image" => msg!("image"),
        "video" => msg!("video"),
        "audio" => msg!("audio"),
        "file" => msg!("file"),
        "document" => msg!("document"),
        "sticker" => msg!("sticker"),
        "media" => msg!("media"),
        "card" => msg!("card"),
        other => Message::verbatim(other),
    }
}

/// Draws the parts that the recipient of `body`, a message of this kind, sees, with our own words in `lang`. Empty if
/// unknown.
pub(super) fn draw(kind: &str, body: &Value, lang: Lang) -> Vec<Part> {
    let label = |icon, press| {
        button(body, "/parameters/display_text", icon, press)
            .into_iter()
            .collect()
    };
    let below: Vec<Part> = match kind {
        "raw" => return Vec::new(),
        "contacts" => {
            let contacts = items(body, "/contacts");
            return contacts.map(|card| contact(card, lang)).collect();
        }
        "location" => return location(body, lang).into_iter().collect(),
        "template" => return template(body, "/elementName", lang),
        "template-by-id" => return template(body, "/templateId", lang),
        "list" => vec![options(body, lang)],
        "quick-reply" => items(body, "/quick_replies").filter_map(reply).collect(),
        "carousel" => cards(body, "/parameters/cards").into_iter().collect(),
        "call" => label(
            "call",
            json!({ "opens": msg!("a call to the bot").text(lang) }),
        ),
        "cta-url" => {
            let url = text(body, "/parameters/url").unwrap_or_default();
            let mut link: Vec<_> = label("link", json!({ "opens": url }));
            link.push(note(&[("", url)]));
            link
        }
        "flow" | "flow-message" => flow(body, lang),
        "location-request" => {
            let place = json!({ "coordinates": { "lat": -0.1807, "long": -78.4678 } });
            let press = json!({ "text": "📍 -0.1807, -78.4678", "payload": place });
            vec![Part::button(msg!("Send location").text(lang), "pin", press)]
        }
        "contact-info-request" => {
            let phone = json!([{ "phone": "+593987654321" }]);
            let contact = json!({ "name": { "formatted_name": "Ana Pérez", "first_name": "Ana" }, "phones": phone });
            let press = json!({ "text": "👤 Ana Pérez, +593987654321", "payload": { "contacts": [contact] } });
            let label = msg!("Share contact info").text(lang);
            vec![Part::button(label, "person", press)]
        }
        _ => Vec::new(),
    };
    file_and_texts(body, below)
}

/// Returns the text at `pointer`, unless it is empty.
fn text(body: &Value, pointer: &str) -> Option<String> {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Returns the items of the list at `pointer`.
pub(super) fn items<'a>(body: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    body.pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Draws the file and the texts of a body, as most kinds have them, followed by the parts `below`.
fn file_and_texts(body: &Value, below: Vec<Part>) -> Vec<Part> {
    let file = text(body, "/mediaUrl").map(|address| Part::Media {
        what: text(body, "/type").unwrap_or_else(|| "media".to_owned()),
        address,
        name: text(body, "/filename"),
    });
    let fields = [
        ("/header", "title"),
        ("/title", "title"),
        ("/text", ""),
        ("/caption", "caption"),
    ];
    let texts = fields.into_iter().filter_map(|(field, look)| {
        Some(Part::Text {
            look,
            text: text(body, field)?,
        })
    });
    file.into_iter().chain(texts).chain(below).collect()
}

/// Creates a button with the label at `pointer`.
fn button(body: &Value, pointer: &str, icon: &'static str, press: Value) -> Option<Part> {
    Some(Part::button(text(body, pointer)?, icon, press))
}

/// Creates a button that answers with its title and the other fields of `reply`.
fn reply(reply: &Value) -> Option<Part> {
    let mut payload = reply.clone();
    let title = payload.as_object_mut()?.shift_remove("title");
    let payload = Some(payload).filter(|payload| *payload != Value::Object(Map::new()));
    button(
        reply,
        "/title",
        "reply",
        json!({ "text": title, "payload": payload }),
    )
}

/// Draws the button of a list, and its options.
fn options(body: &Value, lang: Lang) -> Part {
    let label = text(body, "/buttonText/text");
    let shown = label.clone();
    let shown = shown.unwrap_or_else(|| msg!("Options").text(lang));
    let of = json!({ "label": shown, "options": body.get("options") });
    let lines = items(body, "/options").filter_map(|option| {
        match (text(option, "/title")?, text(option, "/description")) {
            (title, Some(description)) => Some(format!("• {title}: {description}")),
            (title, None) => Some(format!("• {title}")),
        }
    });
    Part::Drawing {
        drawing: "options",
        plain: lines
            .map(Part::text)
            .chain(label.map(Part::label))
            .collect(),
        of,
    }
}

/// Creates a note for developers, which only the inbox shows. Each text has a style: empty, `b` or
/// `tag`.
pub(crate) fn note(words: &[(&str, String)]) -> Part {
    Part::Drawing {
        drawing: "note",
        of: json!(words),
        plain: Vec::new(),
    }
}

/// Draws the cards at `pointer`, next to each other, if there are any.
fn cards(body: &Value, pointer: &str) -> Option<Part> {
    let cards: Vec<_> = items(body, pointer).map(card).collect();
    let of = json!(cards);
    let mut plain = Part::simple(cards.into_iter().flatten().collect());
    for part in &mut plain {
        if let Part::Media { what, .. } = part {
            "card".clone_into(what);
        }
    }
    (!plain.is_empty()).then_some(Part::Drawing {
        drawing: "cards",
        of,
        plain,
    })
}

/// Draws a contact card.
fn contact(contact: &Value, lang: Lang) -> Part {
    let name = text(contact, "/name/formatted_name");
    let name = name.unwrap_or_else(|| msg!("(no name)").text(lang));
    let phones = items(contact, "/phones").filter_map(|phone| text(phone, "/phone"));
    let words: Vec<_> = std::iter::once(name).chain(phones).collect();
    Part::Drawing {
        drawing: "contact",
        of: contact.clone(),
        plain: vec![Part::text(words.join("  "))],
    }
}

/// Writes degrees with the side of the equator or of Greenwich, so that swapped coordinates can be seen: `0.18° S`.
fn degrees(value: &Value, positive: &str, negative: &str) -> String {
    let written = value.to_string();
    match written.strip_prefix('-') {
        Some(written) => format!("{written}° {negative}"),
        None => format!("{written}° {positive}"),
    }
}

/// Draws a location on the map.
fn location(body: &Value, lang: Lang) -> Option<Part> {
    let latitude = degrees(body.pointer("/coordinates/lat")?, "N", "S");
    let west = lang.pick(["W", "O"]);
    let longitude = degrees(body.pointer("/coordinates/long")?, "E", west);
    let words = ["/name", "/address"]
        .into_iter()
        .filter_map(|pointer| text(body, pointer));
    let words: Vec<_> = words.chain([format!("{latitude}, {longitude}")]).collect();
    Some(Part::Drawing {
        drawing: "place",
        of: body.clone(),
        plain: vec![Part::text(words.join("  "))],
    })
}

fn card(card: &Value) -> Vec<Part> {
    let media = ["image", "video"].into_iter().find_map(|what| {
        let address = text(card, &format!("/header/{what}/link"))?;
        Some(Part::Media {
            what: what.to_owned(),
            address,
            name: None,
        })
    });
    let link = json!({ "opens": text(card, "/action/parameters/url").unwrap_or_default() });
    let link = button(card, "/action/parameters/display_text", "link", link);
    let replies = items(card, "/action/buttons").filter_map(|button_of| {
        let reply = button_of.get("quick_reply")?;
        let payload = reply.get("payload").or(reply.get("id"));
        button(
            reply,
            "/title",
            "reply",
            json!({ "text": reply.get("title"), "payload": payload }),
        )
    });
    media
        .into_iter()
        .chain(text(card, "/body/text").map(Part::text))
        .chain(link)
        .chain(replies)
        .collect()
}

/// Draws the button of a flow, and what it opens.
fn flow(body: &Value, lang: Lang) -> Vec<Part> {
    let of = |field: &str| text(body, &format!("/parameters/{field}"));
    let screen = of("flow_action_payload/screen");
    let flow = of("flow_name").or_else(|| of("flow_id"));
    let payload = json!({ "flow": flow, "screen": screen, "context": body.get("payload") });
    let flow = flow.unwrap_or_else(|| msg!("a flow").text(lang));
    let mut words = vec![("", msg!("opens ").text(lang)), ("b", flow)];
    words.extend(
        screen
            .into_iter()
            .flat_map(|screen| [("", msg!(" at screen ").text(lang)), ("b", screen)]),
    );
    let is_draft = of("mode").as_deref() == Some("draft");
    words.extend(is_draft.then(|| ("tag", msg!("draft").text(lang))));
    let press = json!({ "text": msg!("Response sent").text(lang), "payload": payload });
    let opener = button(body, "/parameters/flow_cta", "flow", press);
    opener.into_iter().chain([note(&words)]).collect()
}

/// Draws a template with the name or id at `pointer`, with its file, parameters, cards and buttons.
fn template(body: &Value, pointer: &str, lang: Lang) -> Vec<Part> {
    let Some(name) = text(body, pointer) else {
        return Vec::new();
    };
    let shown = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let values = match body.get("parameters") {
        Some(Value::Array(values)) => (1..)
            .zip(values)
            .map(|(place, it)| (place.to_string(), shown(it)))
            .collect(),
        Some(Value::Object(named)) => named
            .iter()
            .map(|(name, value)| (name.clone(), shown(value)))
            .collect(),
        _ => Vec::new(),
    };
    let parts = cards(body, "/cards")
        .into_iter()
        .chain(items(body, "/buttonParameters").filter_map(template_button));
    let language = text(body, "/language")
        .map(|language| format!(" ({language})"))
        .unwrap_or_default();
    let words = note(&[
        ("", msg!("template ").text(lang)),
        ("b", name.clone()),
        ("", language),
    ]);
    let template = Part::Template(TemplatePart {
        name,
        values,
        text: String::new(),
        parts: parts.collect(),
    });
    let header: Vec<_> = items(body, "/headerParameters").map(shown).collect();
    let header = (!header.is_empty()).then(|| Part::Text {
        look: "title",
        text: header.join(" | "),
    });
    file_and_texts(body, header.into_iter().chain([template, words]).collect())
}

/// Draws a button of a template. Its label is its text, or the value that fills it.
pub(crate) fn template_button(given: &Value) -> Option<Part> {
    let label = ["/text", "/title", "/payload", "/param", "/type"]
        .into_iter()
        .find_map(|pointer| text(given, pointer))?;
    let press = json!({ "text": label, "payload": given.get("payload") });
    Some(Part::button(label, "reply", press))
}
