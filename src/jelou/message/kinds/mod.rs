//! The kinds of message: a definition and a file of code for each, and the table of all kinds.

mod carousel;
mod contacts;
mod list;
mod template;
mod text;

use std::borrow::Cow;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::drawing::{Part, draw};
use super::envelope::{Envelope, Route, take_type};
use super::flag::{Flag, FlagValues};
use super::invalid::InvalidMessage;
use super::parameter::fit_parameters;
use super::schema::Schema;
use crate::base::input::{Input, UsageError};
use crate::base::message::{Lang, Message, msg};

/// The fields of a body.
type Fields = Map<String, Value>;
/// A field's name and what is wrong with it.
pub(super) type FieldProblem = (&'static str, Message);

/// A kind of message.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The name: the word after `send`, if the kind has its own command.
    name: &'static str,
    envelope: Envelope,
    /// The kind's JSON Schema: help, example, flags in the order of the help, and the kind's own
    /// fields with their order in the body, types, limits and advice.
    definition: &'static str,
    /// The command that has the flags for this kind.
    written_by: &'static str,
    /// Rewrites the part of the body that flags set, if a flag does not set exactly one field.
    pub(super) shape: fn(&FlagValues, &mut Fields, &mut Input) -> Result<(), UsageError>,
    /// Rewrites fields that a body may have in another form. Returns their problems.
    pub(super) read: fn(&mut Fields) -> Vec<FieldProblem>,
    /// Fills in fields that follow from others, unless the message's flags set them. In a bulk run
    /// these others may come from the row, so reading the flags is too early for this.
    pub(super) fill: fn(&FlagValues, &mut Fields),
    /// Returns the problem of a field of the object at a place, such as `cards[].header`, if the
    /// schema cannot express it.
    pub(super) problem: fn(&str, &Fields) -> Option<FieldProblem>,
}

impl Kind {
    /// Creates a kind that has only a definition, without code.
    const fn new(name: &'static str, envelope: Envelope, definition: &'static str) -> Self {
        Self {
            name,
            envelope,
            definition,
            written_by: name,
            shape: |_, _, _| Ok(()),
            read: |_| Vec::new(),
            fill: |_, _| {},
            problem: |_, _| None,
        }
    }
}

/// All kinds, in the order of the help.
const KINDS: &[Kind] = &[
    text::PLAIN_TEXT,
    list::LIST,
    Kind::new(
        "quick-reply",
        Envelope::Typed("quick_reply"),
        include_str!("quick_reply.json"),
    ),
    Kind::new(
        "image",
        Envelope::Typed("image"),
        include_str!("image.json"),
    ),
    Kind::new(
        "audio",
        Envelope::Typed("audio"),
        include_str!("audio.json"),
    ),
    Kind::new(
        "video",
        Envelope::Typed("video"),
        include_str!("video.json"),
    ),
    Kind::new("file", Envelope::Typed("file"), include_str!("file.json")),
    Kind::new(
        "sticker",
        Envelope::Typed("sticker"),
        include_str!("sticker.json"),
    ),
    Kind::new(
        "location",
        Envelope::Typed("location"),
        include_str!("location.json"),
    ),
    Kind::new(
        "location-request",
        Envelope::Typed("location_request"),
        include_str!("location_request.json"),
    ),
    Kind::new(
        "contact-info-request",
        Envelope::Typed("contact_info_request"),
        include_str!("contact_info_request.json"),
    ),
    contacts::CONTACTS,
    Kind::new(
        "cta-url",
        Envelope::Typed("cta_url"),
        include_str!("cta_url.json"),
    ),
    Kind::new(
        "call",
        Envelope::Typed("voice_call"),
        include_str!("call.json"),
    ),
    Kind::new("flow", Envelope::Typed("flow"), include_str!("flow.json")),
    Kind::new(
        "flow-message",
        Envelope::OwnEndpoint,
        include_str!("flow_message.json"),
    ),
    carousel::CAROUSEL,
    template::TEMPLATE,
    template::TEMPLATE_BY_ID,
    Kind::new("raw", Envelope::Verbatim, include_str!("raw.json")),
];

/// Fields that only one kind has. The first one in a body decides.
const OWN_FIELDS: [(&str, &str); 8] = [
    ("/quick_replies", "quick-reply"),
    ("/options", "list"),
    ("/contacts", "contacts"),
    ("/coordinates", "location"),
    ("/templateId", "template-by-id"),
    ("/parameters/cards", "carousel"),
    ("/parameters/flow_id", "flow"),
    ("/parameters/flow_name", "flow-message"),
];

/// The definition of a kind.
struct Definition {
    json: Value,
    schema: Schema,
    flags: Vec<Flag>,
}

impl Definition {
    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let json: Value = serde_json::from_str(json)?;
        let mut flags = Vec::<Flag>::deserialize(json.get("x-flags").unwrap_or(&json!([])))?;
        if let Some(text) = flags
            .iter()
            .rposition(|flag| flag.field.as_deref() == Some("text"))
        {
            flags.insert(text + 1, Flag::text_file());
        }
        Ok(Self {
            schema: Schema::read(&json, &json)?,
            json,
            flags,
        })
    }
}

/// A message of any kind. From the command line, it has the values of its flags.
#[derive(Clone, Debug)]
pub(crate) struct MessageKind {
    pub(super) kind: &'static Kind,
    pub(super) typed: FlagValues,
}

impl MessageKind {
    /// Returns every kind, without flags.
    pub(crate) fn all() -> Vec<Self> {
        KINDS
            .iter()
            .map(|kind| Self {
                kind,
                typed: FlagValues::default(),
            })
            .collect()
    }

    /// Returns the kind with this name, without flags.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|kind| kind.command() == name)
    }

    /// Returns the kind that users call `word`: by its name, by another name for it, or by its command in other tools,
    /// such as `send-image`.
    pub(crate) fn from_any_name(word: &str) -> Option<Self> {
        let word = word.to_lowercase().replace('_', "-");
        let word = word.trim_start_matches("send-");
        let mut commands = Self::all().into_iter();
        commands.find(|kind| {
            kind.written_by() == kind.command() && kind.all_names().iter().any(|name| name == word)
        })
    }

    /// Returns the kind's name, and other names for it.
    pub(crate) fn all_names(&self) -> Vec<String> {
        let others = self.definition_lines("x-other-names", "");
        let names = others.split_whitespace().chain([self.command()]);
        names.map(str::to_owned).collect()
    }

    /// Returns the line that sends the kind, or each row of a list, with placeholders.
    pub(crate) fn typical_line(&self, is_list: bool) -> String {
        let kind = self.command();
        let arguments = self.definition_lines("x-arguments", "");
        if is_list {
            let arguments = arguments.replace("'TEXT'", "'Hola {{ nombre }}'");
            let arguments = arguments.replace("'VALUE'", "'{{ nombre }}'");
            return format!("jelouctl bulk send LIST {kind} {arguments}");
        }
        match self.envelope() {
            Envelope::OwnEndpoint => format!("jelouctl {kind} --to NUMBER {arguments}"),
            _ => format!("jelouctl send {kind} --to NUMBER {arguments}"),
        }
    }

    /// Returns how to get a body for `--body`, or that a text needs none. None for a body of any form.
    pub(crate) fn body_hint(&self) -> Option<Message> {
        let kind = self.command();
        match self.envelope() {
            Envelope::Verbatim => None,
            _ if kind == "text" => Some(msg!(
                "to send a text: jelouctl send text --to NUMBER 'TEXT'"
            )),
            _ => Some(msg!(
                "to print an example body: jelouctl explain {kind} --example",
                kind
            )),
        }
    }

    pub(crate) fn command(&self) -> &'static str {
        self.kind.name
    }

    pub(crate) fn envelope(&self) -> Envelope {
        self.kind.envelope
    }

    /// Returns the word after `send` for this kind.
    pub(crate) fn written_by(&self) -> &'static str {
        self.kind.written_by
    }

    /// Returns the JSON Schema of the kind's fields, with its help. It is read on first use.
    pub(super) fn json_schema(&self) -> &'static Value {
        &self.definition().json
    }

    /// Returns the schema of the kind's fields.
    pub(crate) fn schema(&self) -> &'static Schema {
        &self.definition().schema
    }

    /// Returns the kind's flags, in the order of the help.
    pub(super) fn flags(&self) -> &'static [Flag] {
        &self.definition().flags
    }

    #[expect(
        clippy::expect_used,
        reason = "a test reads the definition of each kind"
    )]
    fn definition(&self) -> &'static Definition {
        static READ: [OnceLock<Definition>; KINDS.len()] = [const { OnceLock::new() }; KINDS.len()];
        let mut read = KINDS
            .iter()
            .zip(&READ)
            .filter(|(kind, _)| kind.name == self.kind.name)
            .map(|(_, read)| read);
        let read = read.next().expect("every kind is in the list");
        read.get_or_init(|| Definition::read(self.kind.definition).expect("a definition is JSON"))
    }

    /// Returns the endpoint. `body` may contain a part of its path.
    pub(crate) fn route(&self, body: &Value) -> Route {
        let campaign = || {
            body.get("campaignId")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        match self.envelope() {
            Envelope::OwnEndpoint => Route::FlowMessage {
                flow_type: self.typed.one("flow-type").map(str::to_owned),
            },
            Envelope::Destinations => Route::Template,
            Envelope::Typed("template") => campaign().map_or(Route::Messages, |campaign| {
                Route::CampaignTemplate { campaign }
            }),
            Envelope::Typed(_) | Envelope::Verbatim => Route::Messages,
        }
    }

    /// Returns the kind of a body with these fields: a text with options is a list.
    pub(crate) fn read_as(&self, fields: &Map<String, Value>) -> Cow<'_, Self> {
        let (field, other) = match self.command() {
            "text" => ("options", "list"),
            "template" => ("templateId", "template-by-id"),
            _ => return Cow::Borrowed(self),
        };
        if fields.get(field).is_none_or(Value::is_null) {
            return Cow::Borrowed(self);
        }
        Self::from_name(other).map_or(Cow::Borrowed(self), Cow::Owned)
    }

    /// Returns the kind's `type` in a body, if only this kind has it.
    fn wire_type(&self) -> Option<&'static str> {
        match self.envelope() {
            Envelope::Typed(wire) => Some(wire),
            Envelope::OwnEndpoint | Envelope::Destinations | Envelope::Verbatim => None,
        }
    }

    /// Returns every `type` in a body, for errors about an unknown one.
    pub(crate) fn wire_types() -> Vec<&'static str> {
        let mut types: Vec<_> = Self::all().iter().filter_map(Self::wire_type).collect();
        // A text and a list have the same type.
        types.dedup();
        types
    }

    /// Returns the kind of a body with the `type` `wire`. The other fields distinguish kinds with
    /// the same type.
    pub(crate) fn from_wire_type(wire: &str, fields: &Map<String, Value>) -> Option<Self> {
        let kind = Self::all()
            .into_iter()
            .find(|kind| kind.wire_type() == Some(wire))?;
        Some(kind.read_as(fields).into_owned())
    }

    /// Returns the likely kind of a body: by its `type`, or by a field that only one kind has.
    pub(crate) fn suggested_by(body: &Value) -> Option<Self> {
        let fields = body.as_object()?;
        if let Some(kind) = Self::from_body(fields) {
            return Some(kind);
        }
        let (_, name) = OWN_FIELDS
            .iter()
            .find(|(field, _)| body.pointer(field).is_some())?;
        Self::from_name(name)
    }

    /// Returns the command for the likely kind of `body`, if it is another command than this kind's.
    pub(crate) fn other_command(&self, body: &Value) -> Option<&'static str> {
        // A body of `raw` may have any kind.
        if self.command() == "raw" {
            return None;
        }
        let command = Self::suggested_by(body)?.written_by();
        (command != self.command()).then_some(command)
    }

    /// Checks that the `type` in a body is the one of this kind.
    ///
    /// # Errors
    /// If it is another type.
    pub(crate) fn check_type(&self, fields: &Map<String, Value>) -> Result<(), InvalidMessage> {
        take_type(
            self.read_as(fields).envelope(),
            self.command(),
            &mut fields.clone(),
        )
    }

    /// Returns the kind of a whole body: by a template's name, otherwise by its `type`.
    pub(crate) fn from_body(fields: &Map<String, Value>) -> Option<Self> {
        if fields.contains_key("elementName") {
            let template = Self::from_name("template")?;
            return Some(template.read_as(fields).into_owned());
        }
        Self::from_wire_type(fields.get("type")?.as_str()?, fields)
    }

    /// Returns the text argument.
    pub(crate) fn text(&self) -> Option<&str> {
        let text = self.typed.one("text");
        text.filter(|_| self.command() == "text")
    }

    /// Returns whether `text` has more characters than the text of a message may have.
    pub(crate) fn is_too_long(&self, text: &str) -> bool {
        let schema = self.schema().at("text");
        let most = schema.and_then(|schema| schema.max_size);
        most.is_some_and(|most| text.chars().count() > most)
    }

    /// Rewrites the parameters of a template in `body` so that WhatsApp accepts them. Returns the
    /// problem of each changed parameter.
    pub(crate) fn fit_parameters(&self, body: &mut Value) -> Vec<Message> {
        fit_parameters(body, self.schema())
    }

    /// Returns whether a message of this kind can be a template. A verbatim body can.
    pub(crate) fn may_be_template(&self) -> bool {
        self.written_by() == "template" || self.envelope() == Envelope::Verbatim
    }

    /// Returns the endpoint, as the API's documentation writes it.
    pub(crate) fn endpoint(&self) -> &'static str {
        self.route(&Value::Null).endpoint()
    }

    /// Draws the lines that show `body` on a terminal as its recipient sees it, or its JSON.
    pub(crate) fn draw(&self, body: &Value, lang: Lang) -> Vec<String> {
        Part::lines(self.drawn(body, lang), lang)
    }

    /// Draws what the recipient sees of `body`, or its JSON. The `type` in the body decides,
    /// because a verbatim body may be of any kind. A body without a type is of this kind.
    pub(crate) fn drawn(&self, body: &Value, lang: Lang) -> Vec<Part> {
        let said = body
            .as_object()
            .map(|fields| Self::from_body(fields).map_or_else(|| self.read_as(fields), Cow::Owned));
        let parts = draw(said.as_deref().unwrap_or(self).command(), body, lang);
        if parts.is_empty() {
            vec![Part::Drawing {
                drawing: "json",
                of: body.clone(),
                plain: vec![Part::text(body.to_string())],
            }]
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
    fn each_wire_type_maps_to_its_kind() {
        for wire in MessageKind::wire_types() {
            assert_eq!(
                MessageKind::from_wire_type(wire, &Map::new()).map(|kind| kind.envelope()),
                Some(Envelope::Typed(wire))
            );
        }
    }

    #[test]
    fn parts_are_drawn_in_reading_order() {
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
                vec!["Quito  0.5° S, 78° E"],
            ),
            (
                "template",
                json!({"elementName": "t", "parameters": ["a", "b"]}),
                vec!["(template) t", "a | b"],
            ),
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
                vec![
                    "t",
                    "(card) https://e.com/1.png",
                    "1",
                    "[ Go ]",
                    "2",
                    "[ Want ]",
                ],
            ),
            (
                "raw",
                json!({"type": "text", "text": "a", "options": [{"title": "A"}]}),
                vec!["a", "• A"],
            ),
            ("raw", json!({"elementName": "t"}), vec!["(template) t"]),
            ("raw", json!({"type": "new"}), vec![r#"{"type":"new"}"#]),
        ] {
            assert_eq!(
                MessageKind::from_name(kind).unwrap().draw(&body, Lang::En),
                expected,
                "{kind}"
            );
        }
    }
}
