//! What can be sent: one file a kind, each one struct that is at once its flags, its body, its limits and its schema.
//! No network, no printing; files are read only for the flags that name them.

#![allow(non_snake_case, reason = "fields are spelt as on the wire")]

mod audio;
mod call;
mod carousel;
mod contacts;
mod cta_url;
mod example;
mod fields;
mod file;
mod flow;
mod flow_message;
mod image;
mod incoming;
mod invalid;
mod leaf;
mod limits;
mod list;
mod location;
mod location_request;
mod media_url;
mod outgoing;
mod quick_reply;
mod raw;
mod recipient;
mod schema;
mod sticker;
mod template;
mod template_by_id;
mod text;
mod text_file;
mod vcard;
mod video;

use std::fmt::Debug;

use clap::{Args, Subcommand};
use garde::Validate;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use self::audio::Audio;
use self::call::Call;
use self::carousel::Carousel;
use self::contacts::Contacts;
use self::cta_url::CtaUrl;
pub use self::example::Example;
pub use self::fields::Field;
use self::file::File;
use self::flow::Flow;
pub use self::flow_message::FlowMessage;
use self::image::Image;
pub use self::incoming::{Checked, check_flow_message, check_message, check_template};
pub use self::invalid::{InvalidMessage, Violation};
pub use self::leaf::{Leaf, LeafType, is_template};
use self::list::List;
use self::location::Location;
use self::location_request::LocationRequest;
pub use self::outgoing::{Outgoing, RecipientSources, Route, merge};
use self::quick_reply::QuickReply;
use self::raw::Raw;
pub use self::recipient::{Recipient, RecipientError};
use self::sticker::Sticker;
use self::template::Template;
use self::template_by_id::TemplateById;
use self::text::Text;
use self::video::Video;
use crate::input::{Input, InputError};

/// What surrounds a kind's own fields in the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// `type` with this value, and `userId`.
    Typed(&'static str),
    /// Neither: the recipient is in the path of the kind's own endpoint.
    OwnEndpoint,
    /// `destinations` with the recipient; a `type` is the kind's own.
    Destinations,
    /// Whatever the file says; `userId` is set when a recipient is given.
    Verbatim,
}

/// A kind of message. Its fields are spelt as on the wire; a nested flag's clap id is its path on the wire.
pub trait Kind: Args + Serialize + DeserializeOwned + Validate<Context = ()> + JsonSchema + Debug + Default {
    /// Its name, which is the word after `send` where it has a command of its own.
    const COMMAND: &'static str;
    const ENVELOPE: Envelope;
    /// The command whose flags write it, where that is another kind's.
    const WRITTEN_BY: &'static str = Self::COMMAND;
    /// A command line that sends one and needs no file; empty where there is none.
    const EXAMPLE: &'static str;

    /// What the flags say that are not one field each, as a part of the body.
    ///
    /// # Errors
    /// When a file that a flag names cannot be read.
    fn shape_flags(&self, _input: &mut Input) -> Result<Map<String, Value>, InputError> {
        Ok(Map::new())
    }

    /// Fills what neither flags nor file gave.
    fn fill_defaults(&mut self) {}

    /// Fills what follows from other fields where the flags of `typed` leave it to that; the fields may come from the
    /// row of a bulk run, so it cannot be done when flags are read.
    fn fill_derived(&mut self, _typed: &Self) {}

    fn route(&self) -> Route {
        Route::Messages
    }

    /// The kind that a body with these fields is, where it is another one: a text with options is a list.
    fn read_as(&self, _fields: &Map<String, Value>) -> Option<Message> {
        None
    }

    /// Whether the flag with this id may be named as the way to set a field, beside the flags that were typed.
    fn may_name(&self, _id: &str) -> bool {
        true
    }
}

/// The one list of kinds: the subcommands of `send`, and what is done with each.
macro_rules! kinds {
    ($($(#[$attribute:meta])* $kind:ident),* $(,)?) => {
        /// One message of any kind; from the command line, the part of it that its flags give.
        #[derive(Clone, Debug, Subcommand)]
        pub enum Message {
            $($(#[$attribute])* $kind($kind)),*
        }

        impl Message {
            /// The kind of this name, empty.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::all().into_iter().find(|kind| kind.command() == name)
            }

            /// The kind whose `type` on the wire is `wire`, empty.
            #[must_use]
            pub fn of_wire_type(wire: &str) -> Option<Self> {
                $(if matches!(<$kind as Kind>::ENVELOPE, Envelope::Typed(own) if own == wire) {
                    return Some(Self::$kind($kind::default()));
                })*
                None
            }

            /// Every `type` on the wire, for messages about an unknown one.
            #[must_use]
            pub fn wire_types() -> Vec<&'static str> {
                let mut types: Vec<_> = [$(<$kind as Kind>::ENVELOPE),*]
                    .into_iter()
                    .filter_map(|envelope| match envelope {
                        Envelope::Typed(wire) => Some(wire),
                        Envelope::OwnEndpoint | Envelope::Destinations | Envelope::Verbatim => None,
                    })
                    .collect();
                // A text and a list have the same.
                types.dedup();
                types
            }

            /// Every kind, empty.
            #[must_use]
            pub fn all() -> Vec<Self> {
                vec![$(Self::$kind($kind::default())),*]
            }

            #[must_use]
            pub fn command(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::COMMAND),* }
            }

            #[must_use]
            pub fn envelope(&self) -> Envelope {
                match self { $(Self::$kind(_) => <$kind as Kind>::ENVELOPE),* }
            }

            /// The command that writes it, as the word after `send`.
            #[must_use]
            pub fn written_by(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::WRITTEN_BY),* }
            }

            fn example_line(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::EXAMPLE),* }
            }

            #[must_use]
            pub fn route(&self) -> Route {
                match self { $(Self::$kind(kind) => kind.route()),* }
            }

            /// The kind that a body with these fields is, where it is another one.
            #[must_use]
            pub fn read_as(&self, fields: &Map<String, Value>) -> Option<Self> {
                match self { $(Self::$kind(kind) => kind.read_as(fields)),* }
            }

            fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
                match self { $(Self::$kind(kind) => kind.shape_flags(input)),* }
            }

            /// Reads `body` as this kind.
            fn read(&self, body: Value) -> Result<Self, serde_path_to_error::Error<serde_json::Error>> {
                match self { $(Self::$kind(_) => serde_path_to_error::deserialize(body).map(Self::$kind)),* }
            }

            fn fill_defaults(&mut self) {
                match self { $(Self::$kind(kind) => kind.fill_defaults()),* }
            }

            fn fill_derived(&mut self, typed: &Self) {
                $(if let (Self::$kind(kind), Self::$kind(typed)) = (&mut *self, typed) {
                    kind.fill_derived(typed);
                })*
            }

            fn validate(&self) -> Result<(), garde::Report> {
                match self { $(Self::$kind(kind) => kind.validate()),* }
            }

            fn to_body(&self) -> Value {
                match self { $(Self::$kind(kind) => json!(kind)),* }
            }

            /// JSON Schema of the kind's own fields.
            #[must_use]
            pub fn schema(&self) -> Value {
                match self { $(Self::$kind(_) => schema::with_nested(schemars::schema_for!($kind))),* }
            }

            /// The kind's flags as clap has them.
            fn flags(&self) -> clap::Command {
                let command = clap::Command::new(self.command());
                match self { $(Self::$kind(_) => <$kind as Args>::augment_args(command)),* }
            }

            fn may_name(&self, id: &str) -> bool {
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

impl Message {
    /// The flag of the field at `path`, or of the nearest field around it: clap ids are paths on the wire.
    fn flag_of(&self, path: &str) -> Option<String> {
        let around = |id: &str| path == id || path.strip_prefix(id).is_some_and(|rest| rest.starts_with(['.', '[']));
        let command = self.flags();
        let named = command.get_arguments().filter(|argument| around(argument.get_id().as_str()));
        let named = named.filter(|argument| self.may_name(argument.get_id().as_str()));
        let nearest = named.max_by_key(|argument| argument.get_id().as_str().len())?;
        match nearest.get_long() {
            Some(long) => Some(format!("--{long}")),
            None => nearest.get_value_names().and_then(|names| names.first()).map(ToString::to_string),
        }
    }

    /// What the flags say, as a part of the body.
    ///
    /// # Errors
    /// When a file that a flag names cannot be read.
    pub fn flag_body(&self, input: &mut Input) -> Result<Value, InputError> {
        let mut body = self.to_body();
        if let Value::Object(fields) = &mut body {
            // A nested object of which no flag gave a field must not replace what a file has there.
            fields.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
        }
        outgoing::merge(&mut body, Value::Object(self.shape_flags(input)?));
        Ok(body)
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
            assert_eq!(Message::of_wire_type(wire).map(|kind| kind.envelope()), Some(Envelope::Typed(wire)));
        }
    }
}
