//! The words of a line with their roles. Used only to answer a wrong line, or to print the line with more flags; never
//! runs anything.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory};

use super::app::{App, name_in_records};
use crate::base::question::{LinePart, TypedLine};

/// A word of the line.
pub(super) struct LineToken {
    pub(super) text: String,
    pub(super) role: TokenRole,
    /// The path of the commands up to here, such as `jelouctl bulk send`.
    path: String,
}

#[derive(PartialEq, Eq)]
pub(super) enum TokenRole {
    Command,
    /// A flag, with its value if it contains `=`.
    Flag,
    /// The word after a flag that takes a value.
    Value,
    Word,
}

impl LineToken {
    /// Returns the name of a flag, with its hyphens.
    pub(super) fn name(&self) -> &str {
        self.text.split('=').next().unwrap_or_default()
    }
}

/// Reads `arguments`, the program's name first, up to `--`. The commands of `app` are built.
pub(super) fn read_line(app: &Command, arguments: &[OsString]) -> Vec<LineToken> {
    let mut tokens: Vec<LineToken> = Vec::new();
    let mut last = app;
    for text in words_before_dashes(arguments).skip(1) {
        let role = if tokens.last().is_some_and(|flag| takes_value(app, flag)) {
            TokenRole::Value
        } else if let Some(command) = last.find_subcommand(&text) {
            last = command;
            TokenRole::Command
        } else if text.starts_with('-') && text.len() > 1 {
            TokenRole::Flag
        } else {
            TokenRole::Word
        };
        let path = last.get_bin_name().unwrap_or_default().to_owned();
        tokens.push(LineToken { text, role, path });
    }
    tokens
}

/// Returns the line of `bulk send` with a place for more flags before the kind of its message.
pub(super) fn line_of_list(app: &Command, arguments: &[OsString]) -> Option<TypedLine> {
    let tokens = read_line(app, arguments);
    let mut commands = (0..)
        .zip(&tokens)
        .filter(|(_, token)| token.role == TokenRole::Command);
    let (kind, _) = commands.nth(2)?;
    let mut words = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned());
    let mut before = vec![LinePart {
        flag: None,
        words: vec![words.next()?],
    }];
    for token in tokens.get(..kind)? {
        let word = token.text.clone();
        match before.last_mut().filter(|_| token.role == TokenRole::Value) {
            Some(flag) => flag.words.push(word),
            None => before.push(LinePart {
                flag: (token.role == TokenRole::Flag).then(|| token.name().to_owned()),
                words: vec![word],
            }),
        }
    }
    Some(TypedLine {
        before,
        after: words.skip(kind).collect(),
    })
}

/// Returns the words of a line before `--`, the program's name first.
pub(super) fn words_before_dashes(arguments: &[OsString]) -> impl Iterator<Item = String> {
    arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .take_while(|word| word != "--")
}

/// Returns the value of `flag` in a line, if it has one.
pub(super) fn value_of(arguments: &[OsString], flag: &str) -> Option<OsString> {
    let mut app = App::command();
    app.build();
    let tokens = read_line(&app, arguments);
    let is_flag = |token: &LineToken| token.role == TokenRole::Flag && token.name() == flag;
    let place = tokens.iter().rposition(is_flag)?;
    // The tokens begin after the program's name.
    let typed = arguments.get(place + 1)?;
    if tokens.get(place)?.text.contains('=') {
        let (_, value) = typed.to_str()?.split_once('=')?;
        return Some(value.into());
    }
    let value = arguments.get(place + 2)?;
    // Before a flag, the value is missing.
    let is_value = tokens.get(place + 1)?.text == "-" || !value.to_string_lossy().starts_with('-');
    is_value.then(|| value.clone())
}

/// Returns the name that the records of the line's command have.
pub(super) fn command_name(arguments: &[OsString]) -> Option<String> {
    let mut app = App::command();
    app.build();
    let tokens = read_line(&app, arguments);
    let mut names = path_of(&tokens).split(' ').skip(1);
    Some(name_in_records(names.next()?, names.next()))
}

/// Returns the path of the commands among `tokens`, which begin the line.
pub(super) fn path_of(tokens: &[LineToken]) -> &str {
    tokens.last().map_or("jelouctl", |token| &token.path)
}

/// Returns whether the next word is a value of the flag, in any command.
fn takes_value(app: &Command, flag: &LineToken) -> bool {
    let mut flags = all_commands(app)
        .into_iter()
        .filter_map(|command| find_flag(command, &flag.text));
    flag.role == TokenRole::Flag && flags.any(|flag| flag.get_action().takes_values())
}

/// Returns `command` and all commands below it.
pub(super) fn all_commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().flat_map(all_commands);
    std::iter::once(command).chain(below).collect()
}

/// Finds the flag of `command` with the name `typed`, with any number of hyphens.
pub(super) fn find_flag<'a>(command: &'a Command, typed: &str) -> Option<&'a Arg> {
    let name = typed.trim_start_matches('-');
    command.get_arguments().find(|flag| {
        flag.get_long() == Some(name)
            || flag.get_all_aliases().unwrap_or_default().contains(&name)
            || flag
                .get_short()
                .is_some_and(|letter| name.chars().eq([letter]))
    })
}
