//! The kinds of message: one file each, and the list of them, in which a kind is looked up.

mod audio;
mod call;
mod carousel;
mod contact_info_request;
mod contacts;
mod cta_url;
mod file;
mod flow;
mod flow_message;
mod image;
mod list;
mod location;
mod location_request;
mod quick_reply;
mod raw;
mod sticker;
mod template;
mod template_by_id;
mod text;
mod video;

use std::sync::OnceLock;

use serde_json::{Map, Value};

use self::flow_message::FLOW_TYPE;
use super::drawing::Part;
use super::envelope::Envelope;
use super::flag::TypedFlags;
use super::kind::Kind;
use super::parameter::fit_parameters;
use super::route::Route;

/// The one list of kinds, in the order of the help.
static KINDS: [Kind; COUNT] = [
    text::PLAIN_TEXT,
    list::LIST,
    quick_reply::QUICK_REPLY,
    image::IMAGE,
    audio::AUDIO,
    video::VIDEO,
    file::FILE,
    sticker::STICKER,
    location::LOCATION,
    location_request::LOCATION_REQUEST,
    contact_info_request::CONTACT_INFO_REQUEST,
    contacts::CONTACTS,
    cta_url::CTA_URL,
    call::CALL,
    flow::FLOW,
    flow_message::FLOW_MESSAGE,
    carousel::CAROUSEL,
    template::TEMPLATE,
    template_by_id::TEMPLATE_BY_ID,
    raw::RAW,
];
const COUNT: usize = 20;

/// One message of any kind; from the command line, the part of it that its flags give.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(super) kind: &'static Kind,
    pub(super) typed: TypedFlags,
}

impl Message {
    /// Every kind, empty.
    #[must_use]
    pub(crate) fn all() -> Vec<Self> {
        KINDS.iter().map(|kind| Self { kind, typed: TypedFlags::default() }).collect()
    }

    /// The kind of this name, empty.
    #[must_use]
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|kind| kind.command() == name)
    }

    #[must_use]
    pub(crate) fn command(&self) -> &'static str {
        self.kind.name
    }

    #[must_use]
    pub(crate) fn envelope(&self) -> Envelope {
        self.kind.envelope
    }

    /// The command that writes it, as the word after `send`.
    #[must_use]
    pub(crate) fn written_by(&self) -> &'static str {
        self.kind.written_by
    }

    /// Its definition, read when it is first asked for: JSON Schema of its own fields, with its help.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test reads the definition of each kind")]
    pub(crate) fn schema(&self) -> &'static Value {
        static READ: [OnceLock<Value>; COUNT] = [const { OnceLock::new() }; COUNT];
        let mut read = KINDS.iter().zip(&READ).filter(|(kind, _)| kind.name == self.kind.name).map(|(_, read)| read);
        let read = read.next().expect("every kind is in the list");
        read.get_or_init(|| serde_json::from_str(self.kind.definition).expect("a definition is JSON"))
    }

    /// The endpoint; `body` may hold a part of the path.
    #[must_use]
    pub(crate) fn route(&self, body: &Value) -> Route {
        let campaign = || body.get("campaignId").and_then(Value::as_str).map(str::to_owned);
        match self.envelope() {
            Envelope::OwnEndpoint => Route::FlowMessage { flow_type: self.typed.one(FLOW_TYPE.id).map(str::to_owned) },
            Envelope::Destinations => Route::Template,
            Envelope::Typed("template") => {
                campaign().map_or(Route::Messages, |campaign| Route::CampaignTemplate { campaign })
            }
            Envelope::Typed(_) | Envelope::Verbatim => Route::Messages,
        }
    }

    /// The kind that a body with these fields really is: a text with options is a list.
    #[must_use]
    pub(crate) fn read_as(&self, fields: &Map<String, Value>) -> Option<Self> {
        let (field, other) = match self.command() {
            "text" => ("options", "list"),
            "template" => ("templateId", "template-by-id"),
            _ => return None,
        };
        Self::named(other).filter(|_| fields.get(field).is_some_and(|value| !value.is_null()))
    }

    /// Its `type` on the wire, if it has one of its own.
    fn wire_type(&self) -> Option<&'static str> {
        match self.envelope() {
            Envelope::Typed(wire) => Some(wire),
            Envelope::OwnEndpoint | Envelope::Destinations | Envelope::Verbatim => None,
        }
    }

    /// Every `type` on the wire, for messages about an unknown one.
    #[must_use]
    pub(crate) fn wire_types() -> Vec<&'static str> {
        let mut types: Vec<_> = Self::all().iter().filter_map(Self::wire_type).collect();
        // A text and a list have the same type.
        types.dedup();
        types
    }

    /// The kind of a body whose `type` on the wire is `wire`, empty; its other fields tell two with the same type apart.
    #[must_use]
    pub(crate) fn of_wire_type(wire: &str, fields: &Map<String, Value>) -> Option<Self> {
        let kind = Self::all().into_iter().find(|kind| kind.wire_type() == Some(wire))?;
        Some(kind.read_as(fields).unwrap_or(kind))
    }

    /// The kind of a whole body, by the name of a template, otherwise by its `type`; its fields are empty.
    #[must_use]
    pub(crate) fn of_body(fields: &Map<String, Value>) -> Option<Self> {
        if fields.contains_key("elementName") {
            let template = Self::named("template")?;
            return Some(template.read_as(fields).unwrap_or(template));
        }
        Self::of_wire_type(fields.get("type")?.as_str()?, fields)
    }

    /// Whether it is a text whose argument is `text`.
    #[must_use]
    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.command() == "text" && self.typed.one("text") == Some(text)
    }

    /// Rewrites the parameters of a template in `body` so that WhatsApp accepts them; returns what was wrong with each.
    pub(crate) fn fit_parameters(&self, body: &mut Value) -> Vec<String> {
        fit_parameters(body, self.schema())
    }

    /// Whether some of its messages are templates; a body that is sent as it is may be one.
    pub(crate) fn may_be_template(&self) -> bool {
        self.written_by() == "template" || self.envelope() == Envelope::Verbatim
    }

    /// The endpoint, as the API's documents write it.
    #[must_use]
    pub(crate) fn endpoint(&self) -> &'static str {
        self.route(&Value::Null).endpoint()
    }

    /// The lines that show `body` on a terminal as its recipient would see it, or its JSON.
    #[must_use]
    pub(crate) fn draw(&self, body: &Value) -> Vec<String> {
        Part::lines(self.drawn(body))
    }

    /// What its recipient would see of `body`, or its JSON. A body that is sent as it is may be of any kind.
    #[must_use]
    pub(crate) fn drawn(&self, body: &Value) -> Vec<Part> {
        let found = match self.envelope() {
            Envelope::Verbatim => body.as_object().and_then(Self::of_body),
            Envelope::Typed(_) | Envelope::OwnEndpoint | Envelope::Destinations => None,
        };
        let parts = (found.as_ref().unwrap_or(self).kind.draw)(body);
        if parts.is_empty() {
            vec![Part::Drawing { drawing: "json", of: body.clone(), plain: vec![Part::text(body.to_string())] }]
        } else {
            parts
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_wire_type_is_read_as_its_own_kind() {
        for wire in Message::wire_types() {
            assert_eq!(
                Message::of_wire_type(wire, &Map::new()).map(|kind| kind.envelope()),
                Some(Envelope::Typed(wire))
            );
        }
    }

    #[test]
    fn draws_each_part_in_reading_order() {
        for (kind, body, expected) in [
            (
                "flow",
                json!({"text": "a\nb", "title": "T", "caption": "c", "parameters": {"flow_cta": "Go"}}),
                vec!["T", "a", "b", "c", "[ Go ]"],
            ),
            (
                "contacts",
                json!({"contacts": [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+1"}]}]}),
                vec!["Ana  +1"],
            ),
            (
                "list",
                json!({"text": "a", "buttonText": {"text": "Menu"}, "options": [{"title": "A", "description": "d"}, {"title": "B"}]}),
                vec!["a", "• A: d", "• B", "[ Menu ]"],
            ),
            (
                "quick-reply",
                json!({"text": "a", "quick_replies": [{"title": "Yes"}, {"title": "No"}]}),
                vec!["a", "[ Yes ]", "[ No ]"],
            ),
            (
                "image",
                json!({"type": "image", "mediaUrl": "https://e.com/1.png", "text": "a"}),
                vec!["(image) https://e.com/1.png", "a"],
            ),
            (
                "location",
                json!({"type": "location", "coordinates": {"lat": -0.5, "long": 78}, "name": "Quito"}),
                vec!["Quito  -0.5, 78"],
            ),
            ("template", json!({"elementName": "t", "parameters": ["a", "b"]}), vec!["(template) t", "a | b"]),
            (
                "template-by-id",
                json!({"type": "template", "templateId": "3", "parameters": {"name": "Ana", "n": 1}}),
                vec!["(template) 3", "name: Ana | n: 1"],
            ),
            (
                "carousel",
                json!({"text": "t", "parameters": {"cards": [
                    {"header": {"image": {"link": "https://e.com/1.png"}}, "body": {"text": "1"},
                        "action": {"parameters": {"display_text": "Go"}}},
                    {"body": {"text": "2"}, "action": {"buttons": [{"quick_reply": {"title": "Want"}}]}},
                ]}}),
                vec!["t", "(card) https://e.com/1.png", "1", "[ Go ]", "2", "[ Want ]"],
            ),
            ("raw", json!({"type": "text", "text": "a", "options": [{"title": "A"}]}), vec!["a", "• A"]),
            ("raw", json!({"elementName": "t"}), vec!["(template) t"]),
            ("raw", json!({"type": "new"}), vec![r#"{"type":"new"}"#]),
        ] {
            assert_eq!(Message::named(kind).unwrap().draw(&body), expected, "{kind}");
        }
    }
}
