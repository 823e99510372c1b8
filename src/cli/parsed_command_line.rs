//! The parts of a line: the commands, the flags with their values, and the other words. Used only to suggest a correct
//! line, or to print the line with more flags; never runs anything.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::base::typed_line::{LinePart, TypedLine};

/// Flags of other tools that have a value as the next word.
const VALUES_OF_OTHER_TOOLS: &[&str] = &[
    "-t",
    "-m",
    "-d",
    "-s",
    "-u",
    "-n",
    "-b",
    "-H",
    "-X",
    "--message",
    "--msg",
    "--mensaje",
    "--number",
    "--recipient",
    "--para",
    "--numero",
    "--telefono",
    "--user",
    "--subject",
    "--data",
    "--json",
    "--header",
];

/// A line, and the role of its words.
pub(super) struct ParsedCommandLine<'a> {
    app: &'a Command,
    /// The commands that the line names, with the position of each.
    commands: Vec<CommandToken<'a>>,
    pub(super) flags: Vec<FlagToken>,
    /// The words that are neither a command nor a flag nor its value.
    pub(super) words: Vec<WordToken>,
}

struct CommandToken<'a> {
    command: &'a Command,
    position: usize,
}

pub(super) struct FlagToken {
    /// With its hyphens.
    pub(super) name: String,
    pub(super) value: Option<String>,
    position: usize,
    /// The position of the value, or of the flag if it contains the value.
    value_position: usize,
}

pub(super) struct WordToken {
    pub(super) text: String,
    pub(super) position: usize,
}

impl<'a> ParsedCommandLine<'a> {
    /// Reads `arguments`, the program's name first, up to `--`.
    pub(super) fn read(app: &'a Command, arguments: &[OsString]) -> Self {
        let mut line = Self {
            app,
            commands: Vec::new(),
            flags: Vec::new(),
            words: Vec::new(),
        };
        let mut words = words_before_dashes(arguments).enumerate().skip(1);
        while let Some((position, word)) = words.next() {
            let below = line.last().find_subcommand(&word);
            if let Some(command) = below {
                line.commands.push(CommandToken { command, position });
            } else if word.starts_with('-') && word.len() > 1 {
                let mut flag = FlagToken::read(&word, position);
                if flag.value.is_none() && takes_value(app, &flag.name) {
                    flag.value = words.next().map(|(_, value)| value);
                    flag.value_position = position + 1;
                }
                line.flags.push(flag);
            } else {
                let text = word;
                line.words.push(WordToken { text, position });
            }
        }
        line
    }

    /// Returns the innermost command of the line.
    pub(super) fn last(&self) -> &'a Command {
        self.commands.last().map_or(self.app, |typed| typed.command)
    }

    /// Returns the commands before `position`, the app first.
    pub(super) fn commands_before(&self, position: usize) -> Vec<&'a Command> {
        let named = self.commands.iter();
        let named = named.filter(|typed| typed.position < position);
        std::iter::once(self.app)
            .chain(named.map(|typed| typed.command))
            .collect()
    }

    /// Returns the names of all commands, without the app's.
    pub(super) fn path(&self) -> Vec<&'a str> {
        self.commands
            .iter()
            .map(|typed| typed.command.get_name())
            .collect()
    }

    /// Returns the position of the command of this name.
    pub(super) fn command_position(&self, name: &str) -> Option<usize> {
        let named = self.commands.iter();
        named
            .rev()
            .find(|typed| typed.command.get_name() == name)
            .map(|typed| typed.position)
    }

    pub(super) fn has_flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag.name == name)
    }

    /// Returns the first `words` of the line, each flag together with its value.
    fn parts(&self, words: &[String]) -> Vec<LinePart> {
        let mut parts: Vec<LinePart> = Vec::new();
        for (position, word) in words.iter().enumerate() {
            let mut flags = self.flags.iter();
            let of_flag =
                flags.find(|flag| (flag.position..=flag.value_position).contains(&position));
            let is_value = of_flag.is_some_and(|flag| flag.position < position);
            match parts.last_mut().filter(|_| is_value) {
                Some(flag) => flag.words.push(word.clone()),
                None => parts.push(LinePart {
                    flag: of_flag.map(|flag| flag.name.clone()),
                    words: vec![word.clone()],
                }),
            }
        }
        parts
    }

    /// Returns the flag with its value directly before the word at `position`, or before a group of
    /// words that ends there.
    pub(super) fn flag_before(&self, position: usize) -> Option<&FlagToken> {
        let before = position.checked_sub(1)?;
        if self.words.iter().any(|word| word.position == before) {
            return self.flag_before(before);
        }
        self.flags
            .iter()
            .find(|flag| flag.value.is_some() && flag.value_position == before)
    }
}

impl FlagToken {
    fn read(word: &str, position: usize) -> Self {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        Self {
            name: name.to_owned(),
            value,
            position,
            value_position: position,
        }
    }
}

/// Returns the line of `bulk send` with a place for more flags before the kind of its message; None for other lines.
pub(super) fn line_of_list(app: &Command, arguments: &[OsString]) -> Option<TypedLine> {
    let line = ParsedCommandLine::read(app, arguments);
    let [bulk, send, kind] = line.commands.as_slice() else {
        return None;
    };
    let names = [bulk, send].map(|typed| typed.command.get_name());
    if names != ["bulk", "send"] {
        return None;
    }
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let before = words.get(..kind.position)?;
    Some(TypedLine {
        before: line.parts(before),
        after: words.get(kind.position..)?.to_vec(),
    })
}

/// Returns the words of a line before `--`, the program's name first.
pub(super) fn words_before_dashes(arguments: &[OsString]) -> impl Iterator<Item = String> {
    arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .take_while(|word| word != "--")
}

/// Returns whether the word after the flag is its value, in any command.
fn takes_value(app: &Command, name: &str) -> bool {
    VALUES_OF_OTHER_TOOLS.contains(&name)
        || all_commands(app).into_iter().any(|command| {
            find_flag(&[command], name).is_some_and(|flag| flag.get_action().takes_values())
        })
}

/// Returns `command` and all commands below it.
pub(super) fn all_commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().flat_map(all_commands);
    std::iter::once(command).chain(below).collect()
}

/// Finds the flag of one of `commands` with the spelling `typed`.
pub(super) fn find_flag<'a>(commands: &[&'a Command], typed: &str) -> Option<&'a Arg> {
    let is_typed = |flag: &&Arg| match (typed.strip_prefix("--"), typed.strip_prefix('-')) {
        (Some(long), _) => {
            flag.get_long() == Some(long)
                || flag
                    .get_all_aliases()
                    .is_some_and(|all| all.contains(&long))
        }
        (None, Some(short)) => flag
            .get_short()
            .is_some_and(|letter| short.chars().eq([letter])),
        (None, None) => false,
    };
    commands
        .iter()
        .flat_map(|command| command.get_arguments())
        .find(is_typed)
}
