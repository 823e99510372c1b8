//! Says in our words what the parser refuses: the flag that was typed, the value and the limit. Never shows a secret.

use std::error::Error;
use std::num::{IntErrorKind, ParseIntError};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::app::App;
use super::line::{LineToken, Role, all_commands, path_of};
use crate::base::output::one_line;

/// The maximum length of a message, in characters: a word of the line can have any length.
const MAX_SHOWN: usize = 300;

/// The flags with a value that may be secret.
const MAY_BE_SECRET: [&str; 3] = ["--client-id", "--api-url", "--allow-to"];

/// Returns what is wrong with the line `tokens`.
pub(super) fn in_our_words(error: &clap::Error, tokens: &[LineToken]) -> String {
    let message = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => wrong_value(error),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let is_kind = path_of(tokens).ends_with(" send");
            let missing = if is_kind {
                "kind of message"
            } else {
                "command"
            };
            format!("no {missing}")
        }
        ErrorKind::MissingRequiredArgument => missing_arguments(error, tokens),
        _ => command_as_value(error, tokens).unwrap_or_else(|| {
            let text = error.render().to_string();
            let lines = text
                .lines()
                .take_while(|line| !line.is_empty())
                .map(str::trim);
            lines.collect::<Vec<_>>().join(" ")
        }),
    };
    let message = one_line(message.trim_start_matches("error: "));
    message.chars().take(MAX_SHOWN).collect()
}

/// Describes a command that a flag takes as its value.
fn command_as_value(error: &clap::Error, tokens: &[LineToken]) -> Option<String> {
    string(error, ContextKind::InvalidSubcommand)?;
    let app = App::command();
    let groups = all_commands(&app);
    let mut pairs = tokens.windows(2);
    pairs.find_map(|pair| match pair {
        [flag, value] if value.role == Role::Value => {
            let mut named = groups.iter();
            let command = named.find_map(|group| group.find_subcommand(&value.text))?;
            let command = command.get_name();
            let flag = flag.name();
            Some(format!(
                "{flag} takes the word after it as its value: `{command}`"
            ))
        }
        _ => None,
    })
}

/// Describes a wrong value of a flag or another argument.
fn wrong_value(error: &clap::Error) -> String {
    let name = argument_name(error).trim_matches(['<', '>', '[', ']']);
    let value = string(error, ContextKind::InvalidValue).unwrap_or_default();
    let cause = error.source();
    let problem = cause.map(ToString::to_string).unwrap_or_default();
    let expected = if cause.is_none() && value.is_empty() {
        return format!("{name} has no value");
    } else if let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue) {
        valid.join(" or ")
    } else if let Some(cause) = cause.and_then(|cause| cause.downcast_ref::<ParseIntError>()) {
        match cause.kind() {
            IntErrorKind::Zero => "1 or more".to_owned(),
            _ => "a whole number".to_owned(),
        }
    } else if let Some((_, range)) = problem.split_once(" is not in ") {
        format!("a number from {}", range.replace("..=", " to "))
    } else if problem.contains(value) || MAY_BE_SECRET.contains(&name) {
        return format!("{name}: {problem}");
    } else {
        return format!("{name} `{value}`: {problem}");
    };
    format!("{name}: expected {expected}, found `{value}`")
}

/// Names the command that needs the missing arguments, or else the flag.
fn missing_arguments(error: &clap::Error, tokens: &[LineToken]) -> String {
    let missing = missing_in(error);
    let command = format!("`{}`", path_of(tokens));
    for flag in std::iter::once(None).chain((0..tokens.len()).map(Some)) {
        let mut needed = missing_with(flag, tokens);
        needed.retain(|argument| missing.contains(argument));
        if !needed.is_empty() {
            let flag = flag
                .and_then(|position| tokens.get(position))
                .map(LineToken::name);
            return format!("{} needs {}", flag.unwrap_or(&command), names(&needed));
        }
    }
    format!("{command} needs {}", names(&missing))
}

/// Returns what is missing in the line if it has only the flag at this position.
fn missing_with(flag: Option<usize>, tokens: &[LineToken]) -> Vec<String> {
    let words = tokens
        .iter()
        .enumerate()
        .filter(|(position, token)| match token.role {
            Role::Flag => flag == Some(*position),
            Role::Value => flag == position.checked_sub(1),
            Role::Command | Role::Word => true,
        });
    let words = words.map(|(_, token)| token.text.as_str());
    let parsed = App::command().try_get_matches_from(std::iter::once("jelouctl").chain(words));
    parsed
        .err()
        .map(|error| missing_in(&error))
        .unwrap_or_default()
}

/// Returns the arguments that the parser misses.
pub(super) fn missing_in(error: &clap::Error) -> Vec<String> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.clone(),
        _ => Vec::new(),
    }
}

/// Writes missing arguments as in a line: `--wait STATE and --file FILE`, or `RUN or --older-than AGE`.
fn names(missing: &[String]) -> String {
    missing
        .join(" and ")
        .replace("|--", " or --")
        .replace(['<', '>'], "")
}

/// Returns the wrong argument, or only the name of a flag.
pub(super) fn argument_name(error: &clap::Error) -> &str {
    let argument = string(error, ContextKind::InvalidArg).unwrap_or_default();
    let name = argument.split([' ', '=']).next();
    name.filter(|name| name.starts_with('-'))
        .unwrap_or(argument)
}

/// Returns a text of the parser's error.
pub(super) fn string(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}
