//! A line that the parser refuses, and the questions that suggestions ask about it.

use clap::Command;
use clap::error::ErrorKind;

use super::kind_words::KindWords;
use super::parsed_command_line::{ParsedCommandLine, find_flag};

pub(super) const A_LIST: &str = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
/// The flags that make a line a trial.
const TRIALS: [&str; 3] = ["--sandbox", "--dry-run", "--curl"];

/// A wrong line, and the word that the parser rejects.
pub(super) struct WrongLine<'a> {
    pub(super) app: &'a Command,
    pub(super) line: ParsedCommandLine<'a>,
    pub(super) kind: ErrorKind,
    /// The wrong word, or the name of the wrong flag. Empty if a word is missing.
    pub(super) word: String,
    pub(super) has_no_value: bool,
    /// The missing flags, with their placeholders, if nothing else is missing.
    pub(super) missing_flags: Vec<String>,
    /// The commands before that word, the app first.
    pub(super) commands: Vec<&'a Command>,
}

impl WrongLine<'_> {
    /// Returns the names of the commands before the wrong word.
    pub(super) fn path(&self) -> Vec<&str> {
        let names = self.commands.iter().skip(1);
        names.map(|command| command.get_name()).collect()
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument
        )
    }

    pub(super) fn is_flag(&self) -> bool {
        self.word.starts_with('-')
    }

    /// Returns the kind of message anywhere after `send`.
    pub(super) fn message_kind(&self) -> Option<&'static KindWords> {
        let path = self.line.path();
        let (["send", name] | ["bulk", "send", name] | [name @ "flow-message"]) = path.as_slice()
        else {
            return None;
        };
        KindWords::from_name(name)
    }

    pub(super) fn is_list(&self) -> bool {
        self.line.path().starts_with(&["bulk"])
    }

    /// Returns the line of the kind in the wrong line, or else of a text.
    pub(super) fn suggested_line(&self) -> String {
        let kind = self.message_kind().unwrap_or_else(KindWords::text);
        self.usage_line(kind)
    }

    pub(super) fn usage_line(&self, kind: &KindWords) -> String {
        if self.is_list() {
            kind.bulk_line()
        } else {
            kind.line()
        }
    }

    /// Adds the flags of a trial to the lines of the hint.
    pub(super) fn with_trials(&self, hint: &str) -> String {
        let mut flags = String::new();
        for flag in TRIALS {
            if self.line.has_flag(flag) && !hint.contains(flag) {
                flags.push_str(flag);
                flags.push(' ');
            }
        }
        [
            "send",
            "bulk send",
            "flow-message",
            "run",
            "messages",
            "templates",
        ]
        .iter()
        .fold(hint.to_owned(), |hint, command| {
            hint.replace(
                &format!("jelouctl {command} "),
                &format!("jelouctl {flags}{command} "),
            )
        })
    }
}

/// Returns the flag with the placeholder of its value: `--language CODE`.
pub(super) fn with_value_name(command: &Command, flag: &str) -> String {
    let found = find_flag(&[command], flag);
    let value = found
        .filter(|found| found.get_action().takes_values())
        .and_then(|found| found.get_value_names()?.first().map(ToString::to_string));
    match value {
        Some(value) => format!("{flag} {value}"),
        None => flag.to_owned(),
    }
}
