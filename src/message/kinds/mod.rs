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

use std::sync::LazyLock;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use self::audio::Audio;
use self::call::Call;
use self::carousel::Carousel;
use self::contact_info_request::ContactInfoRequest;
use self::contacts::Contacts;
use self::cta_url::CtaUrl;
use self::file::File;
use self::flow::Flow;
pub(crate) use self::flow_message::FlowMessage;
use self::image::Image;
use self::list::List;
use self::location::Location;
use self::location_request::LocationRequest;
use self::quick_reply::QuickReply;
use self::raw::Raw;
use self::sticker::Sticker;
pub(super) use self::template::Template;
use self::template_by_id::TemplateById;
use self::text::Text;
use self::video::Video;
use super::drawing::Part;
use super::envelope::Envelope;
use super::kind::Kind;
use super::parameter::{fit_parameters, trim_parameters};
use super::route::Route;
use crate::input::{Input, UsageError};

/// The one list of kinds: the subcommands of `send`, and what is done with each.
macro_rules! kinds {
    ($($(#[$attribute:meta])* $kind:ident),* $(,)?) => {
        /// One message of any kind; from the command line, the part of it that its flags give.
        #[derive(Clone, Debug, Subcommand)]
        pub(crate) enum Message {
            $($(#[$attribute])* $kind($kind)),*
        }

        impl Message {
            /// Every kind, empty.
            #[must_use]
            pub(crate) fn all() -> Vec<Self> {
                vec![$(Self::$kind($kind::default())),*]
            }

            #[must_use]
            pub(crate) fn command(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::COMMAND),* }
            }

            #[must_use]
            pub(crate) fn envelope(&self) -> Envelope {
                match self { $(Self::$kind(_) => <$kind as Kind>::ENVELOPE),* }
            }

            /// The command that writes it, as the word after `send`.
            #[must_use]
            pub(crate) fn written_by(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::WRITTEN_BY),* }
            }

            pub(super) fn example_line(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::EXAMPLE),* }
            }

            /// The endpoint; `body` may hold a part of the path.
            #[must_use]
            pub(crate) fn route(&self, body: &Value) -> Route {
                match self { $(Self::$kind(kind) => kind.route(body)),* }
            }

            /// The kind that a body with these fields really is.
            #[must_use]
            pub(crate) fn read_as(&self, fields: &Map<String, Value>) -> Option<Self> {
                let name = match self { $(Self::$kind(_) => <$kind as Kind>::read_as(fields)),* };
                Self::named(name?)
            }

            fn draw_fields(&self, body: &Value) -> Vec<Part> {
                match self { $(Self::$kind(_) => <$kind as Kind>::draw(body)),* }
            }

            pub(super) fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
                match self { $(Self::$kind(kind) => kind.shape_flags(input)),* }
            }

            pub(super) fn read_fields(&self, fields: &mut Map<String, Value>) -> Vec<(&'static str, String)> {
                match self { $(Self::$kind(_) => <$kind as Kind>::read_fields(fields)),* }
            }

            pub(super) fn fill_defaults(&self, fields: &mut Map<String, Value>) {
                match self { $(Self::$kind(_) => <$kind as Kind>::fill_defaults(fields)),* }
            }

            pub(super) fn fill_derived(&self, fields: &mut Map<String, Value>) {
                match self { $(Self::$kind(kind) => kind.fill_derived(fields)),* }
            }

            pub(super) fn problem(&self, place: &str, around: &Map<String, Value>) -> Option<String> {
                match self { $(Self::$kind(_) => <$kind as Kind>::problem(place, around)),* }
            }

            /// The flags that are one field each, as a part of the body.
            pub(super) fn plain_flags(&self) -> Value {
                match self { $(Self::$kind(kind) => json!(kind)),* }
            }

            /// JSON Schema of the kind's own fields, read when it is first asked for.
            #[must_use]
            pub(crate) fn schema(&self) -> &'static Value {
                match self {
                    $(Self::$kind(_) => {
                        static SCHEMA: LazyLock<Value> = LazyLock::new(|| read_schema(<$kind as Kind>::SCHEMA));
                        &SCHEMA
                    }),*
                }
            }

            /// Adds those subcommands of all that `is_named` tells.
            #[must_use]
            pub(crate) fn augment_named_subcommands(
                mut command: clap::Command,
                is_named: impl Fn(&str) -> bool,
            ) -> clap::Command {
                $(if Self::has_subcommand(<$kind as Kind>::COMMAND) && is_named(<$kind as Kind>::COMMAND) {
                    let kind = clap::Command::new(<$kind as Kind>::COMMAND);
                    command = command.subcommand(<$kind as Args>::augment_args(kind));
                })*
                command
            }

            /// The kind's flags as clap has them.
            pub(super) fn flags(&self) -> clap::Command {
                let command = clap::Command::new(self.command());
                match self { $(Self::$kind(_) => <$kind as Args>::augment_args(command)),* }
            }

            pub(super) fn may_name(&self, id: &str) -> bool {
                match self { $(Self::$kind(kind) => kind.may_name(id)),* }
            }
        }
    };
}

kinds!(
    Text,
    List,
    QuickReply,
    Image,
    Audio,
    Video,
    File,
    Sticker,
    Location,
    LocationRequest,
    ContactInfoRequest,
    Contacts,
    CtaUrl,
    Call,
    Flow,
    FlowMessage,
    Carousel,
    Template,
    #[command(skip)]
    TemplateById,
    Raw,
);

#[expect(clippy::expect_used, reason = "a test reads the schema of each kind")]
fn read_schema(schema: &str) -> Value {
    serde_json::from_str(schema).expect("a schema is JSON")
}

impl Message {
    /// The kind of this name, empty.
    #[must_use]
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|kind| kind.command() == name)
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
            let template = Self::Template(Template::default());
            return Some(template.read_as(fields).unwrap_or(template));
        }
        Self::of_wire_type(fields.get("type")?.as_str()?, fields)
    }

    /// Whether it is a text whose argument is `text`.
    #[must_use]
    pub(crate) fn has_text(&self, text: &str) -> bool {
        matches!(self, Self::Text(typed) if typed.is(text))
    }

    /// Rewrites the parameters of a template in `body` so that WhatsApp accepts them; returns what was wrong with each.
    pub(crate) fn fit_parameters(&self, body: &mut Value) -> Vec<String> {
        if self.is_template() { fit_parameters(body, self.schema()) } else { Vec::new() }
    }

    /// Removes line breaks from the ends of the parameters of a template.
    pub(super) fn trim_parameters(&self, body: &mut Value) {
        if self.is_template() {
            trim_parameters(body, self.schema());
        }
    }

    /// Whether some of its messages are templates; a body that is sent as it is may be one.
    pub(crate) fn may_be_template(&self) -> bool {
        self.is_template() || self.envelope() == Envelope::Verbatim
    }

    fn is_template(&self) -> bool {
        matches!(self, Self::Template(_) | Self::TemplateById(_))
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
        let parts = found.as_ref().unwrap_or(self).draw_fields(body);
        if parts.is_empty() {
            vec![Part::Drawing { drawing: "json", of: body.clone(), plain: vec![Part::text(body.to_string())] }]
        } else {
            parts
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    #[test]
    fn each_kind_is_known_by_the_word_that_is_typed() {
        let app = Message::augment_subcommands(clap::Command::new("send"));
        let names: Vec<_> = app.get_subcommands().map(|kind| kind.get_name().to_owned()).collect();
        assert!(names.contains(&"text".to_owned()), "{names:?}");
        for name in names {
            let matches = app.clone().try_get_matches_from(["send", &name]).unwrap();
            assert_eq!(Message::from_arg_matches(&matches).unwrap().command(), name);
        }
    }

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
