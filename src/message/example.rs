//! A kind in words: its help, and an example with the body that it sends.

use clap::{Arg, Command, FromArgMatches, Subcommand};
use serde_json::Value;

use super::kinds::Message;
use super::outgoing::Outgoing;
use super::recipient_choice::RecipientSources;
use crate::input::Input;

/// A command line and the body that it sends, without its recipient: it can be sent as it is with `--to`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Example {
    pub(crate) command: String,
    pub(crate) body: Value,
}

impl Message {
    /// What sending one does, in a line.
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        self.flags().get_about().map(ToString::to_string).unwrap_or_default()
    }

    /// Notes for a sender; may be empty.
    #[must_use]
    pub(crate) fn notes(&self) -> String {
        let help = self.flags().get_long_about().map(ToString::to_string).unwrap_or_default();
        // The rest, after the summary and the examples.
        help.split("\n\n").skip(2).collect::<Vec<_>>().join("\n\n")
    }

    /// An example, built as the command would; None for a kind whose body is any file.
    #[must_use]
    pub(crate) fn example(&self) -> Option<Example> {
        let words = shlex::split(self.example_line())?;
        let send = Message::augment_subcommands(Command::new("send"));
        let send = send.mut_subcommands(|kind| kind.arg(Arg::new("to").long("to")));
        let words = words.iter().map(String::as_str).skip_while(|word| *word == "send");
        let matches = send.no_binary_name(true).try_get_matches_from(words).ok()?;
        let to = matches.subcommand()?.1.get_one::<String>("to").cloned();
        let typed = Message::from_arg_matches(&matches).ok()?;
        let flags = typed.flag_body(&mut Input::default()).ok()?;
        let recipients = RecipientSources { flag: to, environment: None, country: None };
        let (outgoing, _) = Outgoing::new(&typed, flags, None, &recipients).ok()?;
        let mut body = outgoing.body().clone();
        if let Some(fields) = body.as_object_mut() {
            for recipient in ["userId", "destinations"] {
                fields.shift_remove(recipient);
            }
        }
        Some(Example { command: format!("jelouctl {}", self.example_line()), body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_but_raw_has_an_example_that_is_itself() {
        for kind in Message::all() {
            let example = kind.example();
            assert_eq!(example.is_none(), kind.command() == "raw", "{}", kind.command());
            let Some(Example { body, .. }) = example else { continue };
            let Some(wire) = body.get("type").and_then(Value::as_str) else { continue };
            let read = Message::of_wire_type(wire, body.as_object().unwrap()).unwrap();
            assert_eq!(read.command(), kind.command());
        }
    }
}
