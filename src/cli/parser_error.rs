//! Says in our words what the parser refuses: the flag that was typed, the value and the limit. Never shows a secret.

use std::error::Error;
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::app::App;
use super::line::{LineToken, TokenRole, all_commands, path_of};
use crate::base::message::{Lang, Message, Value, msg};
use crate::base::placeholders::{in_both, written_in};

/// The maximum length of a word in a message, in characters: a word of the line can have any length.
const MAX_SHOWN: usize = 300;

/// The placeholders of a kind of message and of a list.
const KIND: &str = "KIND";
const LIST: &str = "LIST";

/// The maximum number of valid values in a message. More are in the help.
const MAX_VALUES: usize = 8;

/// The flags with a value that may be secret.
const MAY_BE_SECRET: [&str; 3] = ["--client-id", "--api-url", "--allow-to"];

/// Returns what is wrong with the line `tokens`. `here` is the last command before the wrong word.
pub(super) fn in_our_words(error: &clap::Error, tokens: &[LineToken], here: &Command) -> Message {
    let argument = shortened(argument_name(error));
    match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => wrong_value(error),
        ErrorKind::MissingSubcommand => {
            let command = format!("`{}`", path_of(tokens));
            needs(&command, &missing_before_end(here, tokens))
        }
        ErrorKind::MissingRequiredArgument => missing_arguments(error, tokens),
        ErrorKind::UnknownArgument => {
            // Without its kind, the line has no place for the next word.
            let is_word = here.has_subcommands() && !argument.starts_with('-');
            let taken = is_word.then(|| command_as_value(tokens)).flatten();
            taken.unwrap_or_else(|| msg!("unexpected argument `{argument}`", argument))
        }
        ErrorKind::InvalidSubcommand => command_as_value(tokens).unwrap_or_else(|| {
            let word = string(error, ContextKind::InvalidSubcommand);
            let word = shortened(word.unwrap_or_default());
            if here.get_subcommand_value_name() == Some(KIND) {
                msg!("unknown kind `{word}`", word)
            } else {
                msg!("unknown command `{word}`", word)
            }
        }),
        ErrorKind::ArgumentConflict => match other_arguments(error) {
            others if others.is_empty() || others == [without_brackets(&argument)] => {
                msg!(
                    "{argument} cannot be repeated",
                    argument = in_both(without_brackets(&argument))
                )
            }
            others => msg!(
                "{argument} cannot be used with {others}",
                argument = in_both(without_brackets(&argument)),
                others = listed(&others, [" and ", " y "])
            ),
        },
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            msg!(
                "{argument} has the wrong number of values",
                argument = in_both(&argument)
            )
        }
        ErrorKind::InvalidUtf8 => msg!("an argument is not UTF-8"),
        // The parser's own words.
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Message::verbatim(first.trim_start_matches("error: "))
        }
    }
}

/// Returns the arguments that conflict with the wrong one, without their values.
fn other_arguments(error: &clap::Error) -> Vec<String> {
    let others = match error.get(ContextKind::PriorArg) {
        Some(ContextValue::String(other)) => std::slice::from_ref(other),
        Some(ContextValue::Strings(others)) => others,
        _ => &[],
    };
    let names = others.iter().map(|other| without_brackets(name_of(other)));
    names.map(str::to_owned).collect()
}

/// Returns an argument of a command, which the parser writes as `[TEXT]` if it is optional.
fn without_brackets(argument: &str) -> &str {
    argument
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(argument)
}

fn shortened(word: &str) -> String {
    word.chars().take(MAX_SHOWN).collect()
}

/// Lists words, with a word of each language before the last.
fn listed(words: &[String], [english, spanish]: [&str; 2]) -> Value {
    let (last, others) = words
        .split_last()
        .map_or(("", words), |(last, others)| (last.as_str(), others));
    let others = others.join(", ");
    let with = |last_word| {
        let before = if others.is_empty() { "" } else { last_word };
        format!("{others}{before}{last}")
    };
    Value::ByLanguage {
        english: with(english),
        spanish: written_in(Lang::Es, &with(spanish)),
    }
}

/// Describes a command that a flag takes as its value.
fn command_as_value(tokens: &[LineToken]) -> Option<Message> {
    let app = App::command();
    let groups = all_commands(&app);
    let mut pairs = tokens.windows(2);
    pairs.find_map(|pair| match pair {
        [flag, value] if value.role == TokenRole::Value => {
            let mut named = groups.iter();
            let command = named.find_map(|group| group.find_subcommand(&value.text))?;
            let command = command.get_name();
            let flag = flag.name();
            Some(msg!(
                "{flag} takes the word after it as its value: `{command}`",
                flag,
                command
            ))
        }
        _ => None,
    })
}

/// Describes a wrong value of a flag or another argument.
fn wrong_value(error: &clap::Error) -> Message {
    let typed = argument_name(error).trim_matches(['<', '>', '[', ']']);
    let name = in_both(typed);
    let value = shortened(string(error, ContextKind::InvalidValue).unwrap_or_default());
    let cause = error.source();
    let text = cause.map(ToString::to_string).unwrap_or_default();
    let expected = if cause.is_none() && value.is_empty() {
        return msg!("{name} has no value", name);
    } else if let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue) {
        if valid.len() > MAX_VALUES {
            return msg!("{name}: unknown value `{value}`", name, value);
        }
        msg!("{values}", values = listed(valid, [" or ", " o "]))
    } else if let Some(cause) = cause.and_then(|cause| cause.downcast_ref::<ParseIntError>()) {
        let is_negative = value.parse::<i64>().is_ok_and(|number| number < 0);
        match cause.kind() {
            IntErrorKind::Zero => msg!("{least} or more", least = 1),
            _ if is_negative => msg!("{least} or more", least = 0),
            _ => msg!("a whole number"),
        }
    } else if let Some((_, range)) = text.split_once(" is not in ") {
        let (first, last) = range.split_once("..=").unwrap_or((range, ""));
        if last == u32::MAX.to_string() {
            msg!("{least} or more", least = first)
        } else {
            msg!("a number from {first} to {last}", first, last)
        }
    } else {
        let problem = cause.and_then(|cause| cause.downcast_ref::<Message>().cloned());
        let problem = problem.unwrap_or_else(|| Message::verbatim(text.as_str()));
        return if text.contains(&value) || MAY_BE_SECRET.contains(&typed) {
            msg!("{name}: {problem}", name, problem)
        } else {
            msg!("{name} `{value}`: {problem}", name, value, problem)
        };
    };
    msg!(
        "{name}: expected {expected}, found `{value}`",
        name,
        expected,
        value
    )
}

/// Names the command that needs the missing arguments, or else the flag.
fn missing_arguments(error: &clap::Error, tokens: &[LineToken]) -> Message {
    let missing = missing_in(error);
    let command = format!("`{}`", path_of(tokens));
    for flag in std::iter::once(None).chain((0..tokens.len()).map(Some)) {
        let mut needed = missing_with(flag, tokens);
        needed.retain(|argument| missing.contains(argument));
        if !needed.is_empty() {
            let flag = flag
                .and_then(|position| tokens.get(position))
                .map(LineToken::name);
            return needs(flag.unwrap_or(&command), &needed);
        }
    }
    needs(&command, &missing)
}

/// Returns the arguments and the command or kind that the line lacks at its end. A kind in the place of the list lacks the
/// list.
fn missing_before_end(here: &Command, tokens: &[LineToken]) -> Vec<String> {
    if !here.has_subcommands() {
        return vec![LIST.to_owned()];
    }
    let words = tokens.iter().filter(|token| token.role == TokenRole::Word);
    let arguments = here.get_positionals().skip(words.count());
    let names = arguments.filter_map(|argument| argument.get_value_names()?.first());
    let last = here.get_subcommand_value_name().unwrap_or("COMMAND");
    names
        .map(ToString::to_string)
        .chain([last.to_owned()])
        .collect()
}

/// Returns what is missing in the line if it has only the flag at this position.
fn missing_with(flag: Option<usize>, tokens: &[LineToken]) -> Vec<String> {
    let words = tokens
        .iter()
        .enumerate()
        .filter(|(position, token)| match token.role {
            TokenRole::Flag => flag == Some(*position),
            TokenRole::Value => flag == position.checked_sub(1),
            TokenRole::Command | TokenRole::Word => true,
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

/// Describes missing arguments as in a line: `--wait STATE and --file FILE`, or `RUN or --older-than AGE`.
pub(super) fn needs(what: &str, missing: &[String]) -> Message {
    let in_language = |lang: Lang, or| {
        let missing = missing.join(lang.pick([" and ", " y "]));
        written_in(lang, &missing.replace("|--", or).replace(['<', '>'], ""))
    };
    let missing = Value::ByLanguage {
        english: in_language(Lang::En, " or --"),
        spanish: in_language(Lang::Es, " o --"),
    };
    msg!("{what} needs {missing}", what, missing)
}

/// Returns the wrong argument, or only the name of a flag.
pub(super) fn argument_name(error: &clap::Error) -> &str {
    name_of(string(error, ContextKind::InvalidArg).unwrap_or_default())
}

/// Returns an argument, or only the name of a flag.
fn name_of(argument: &str) -> &str {
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
