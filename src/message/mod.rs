//! What can be sent: one file a kind, each one struct that is at once its flags, its body, its limits and its schema.
//! No network, no printing; files are read only for the flags that name them.

mod call;
mod contacts;
mod flow;
mod flow_message;
mod incoming;
mod invalid;
mod limits;
mod outgoing;
mod raw;
mod recipient;
mod text;
mod text_file;
mod vcard;

use std::fmt::Debug;

use clap::{Args, Subcommand};
use garde::Validate;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

pub use self::call::Call;
pub use self::contacts::Contacts;
pub use self::flow::Flow;
pub use self::flow_message::FlowMessage;
pub use self::incoming::{check_flow_message, check_message};
pub use self::invalid::{InvalidMessage, Violation};
pub use self::outgoing::{Outgoing, RecipientSources, Route};
pub use self::raw::Raw;
pub use self::recipient::{Recipient, RecipientError};
pub use self::text::Text;
use crate::input::{Input, InputError};

/// What surrounds a kind's own fields in the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// `type` with this value, and `userId`.
    Typed(&'static str),
    /// Neither: the recipient is in the path of the kind's own endpoint.
    OwnEndpoint,
    /// Whatever the file says; `userId` is set when a recipient is given.
    Verbatim,
}

/// A kind of message. Its fields are spelt as on the wire; a nested flag's clap id is its path on the wire.
pub trait Kind: Args + Serialize + DeserializeOwned + Validate<Context = ()> + JsonSchema + Debug + Default {
    /// The word after `send`.
    const COMMAND: &'static str;
    const ENVELOPE: Envelope;

    /// What the flags say that are not one field each, as a part of the body.
    ///
    /// # Errors
    /// When a file that a flag names cannot be read.
    fn shape_flags(&self, _input: &mut Input) -> Result<Map<String, Value>, InputError> {
        Ok(Map::new())
    }

    /// Fills what neither flags nor file gave.
    fn fill_defaults(&mut self) {}

    fn route(&self) -> Route {
        Route::Messages
    }

    /// Whether the flag with this id may be named as the way to set a field, beside the flags that were typed.
    fn may_name(&self, _id: &str) -> bool {
        true
    }
}

/// The one list of kinds: the subcommands of `send`, and what is done with each.
macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// One message of any kind; from the command line, the part of it that its flags give.
        #[derive(Clone, Debug, Subcommand)]
        pub enum Message {
            $($kind($kind)),*
        }

        impl Message {
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
                [$(<$kind as Kind>::ENVELOPE),*]
                    .into_iter()
                    .filter_map(|envelope| match envelope {
                        Envelope::Typed(wire) => Some(wire),
                        Envelope::OwnEndpoint | Envelope::Verbatim => None,
                    })
                    .collect()
            }

            #[must_use]
            pub fn command(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Kind>::COMMAND),* }
            }

            #[must_use]
            pub fn envelope(&self) -> Envelope {
                match self { $(Self::$kind(_) => <$kind as Kind>::ENVELOPE),* }
            }

            fn route(&self) -> Route {
                match self { $(Self::$kind(kind) => kind.route()),* }
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

            fn validate(&self) -> Result<(), garde::Report> {
                match self { $(Self::$kind(kind) => kind.validate()),* }
            }

            fn to_body(&self) -> Value {
                match self { $(Self::$kind(kind) => json!(kind)),* }
            }

            fn schema(&self) -> Value {
                match self { $(Self::$kind(_) => schemars::schema_for!($kind).into()),* }
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

kinds!(Text, Flow, Contacts, Call, FlowMessage, Raw);

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
