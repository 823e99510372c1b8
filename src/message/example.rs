//! A kind in words: its help, and an example with the body that it sends.

use clap::{Arg, Command};
use serde_json::Value;

use super::kinds::Message;
use super::outgoing::Outgoing;
use super::recipient::RecipientSources;
use crate::input::Input;

/// A command line and the body that it sends, without its recipient: it can be sent as it is with `--to`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Example {
    pub(crate) command: String,
    pub(crate) body: Value,
}

impl Message {
    /// What the definition says under `name`: a line, or some of them.
    pub(super) fn words(&self, name: &str, between: &str) -> String {
        match self.json_schema().get(name) {
            Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between),
            said => said.and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }

    /// What sending one does, in a line.
    pub(crate) fn summary(&self) -> String {
        self.words("description", "")
    }

    /// Notes for a sender; may be empty.
    pub(crate) fn notes(&self) -> String {
        self.words("x-notes", "\n")
    }

    /// An example, built as the command would; None for a kind whose body is any file.
    pub(crate) fn example(&self) -> Option<Example> {
        let command = self.words("x-example", "");
        let writer = Self::named(self.written_by())?;
        let words = shlex::split(&command)?;
        let words = words.into_iter().skip_while(|word| word != writer.command());
        let line = writer.augment(Command::new(writer.command())).arg(Arg::new("to").long("to"));
        let matches = line.try_get_matches_from(words).ok()?;
        let to = matches.get_one::<String>("to").cloned();
        let typed = writer.typed(&matches);
        let flags = typed.flag_body(&mut Input::default()).ok()?;
        let recipients = RecipientSources { flag: Some(to?), environment: None, country: None };
        let (outgoing, _) = Outgoing::new(&typed, flags, None, &recipients).ok()?;
        let mut body = outgoing.body().clone();
        if let Some(fields) = body.as_object_mut() {
            for recipient in ["userId", "destinations"] {
                fields.shift_remove(recipient);
            }
        }
        Some(Example { command, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Part;

    #[test]
    fn every_kind_but_raw_has_an_example_that_is_itself() {
        for kind in Message::all() {
            let example = kind.example();
            assert_eq!(example.is_none(), kind.command() == "raw", "{}", kind.command());
            let Some(Example { body, .. }) = example else { continue };
            let drawn = kind.drawn(&body);
            assert!(!matches!(drawn[..], [Part::Drawing { drawing: "json", .. }]), "{drawn:?}");
            let Some(wire) = body.get("type").and_then(Value::as_str) else { continue };
            let read = Message::of_wire_type(wire, body.as_object().unwrap()).unwrap();
            assert_eq!(read.command(), kind.command());
        }
    }
}
