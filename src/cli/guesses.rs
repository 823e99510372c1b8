//! Lines that people type before they have read any help, and what to type instead. No proposed line repeats a number, a text or
//! a flag that was typed: it could be somebody else's number, or a text that was meant as a command.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::app::{self, App};
use crate::commands::bulk::BulkCommand;
use crate::input::UsageError;
use crate::message::Message;
use crate::tables::rows;

const SEVERAL: &str = "to send to several people: jelouctl bulk send LIST text 'Hola'";
const TEXT: &str = "jelouctl send text --to NUMBER 'Hola'";
const LIST: &str = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
const ONE_LIST: &str = "a run has one list, and a name with blanks belongs in quotes";
const WITH_DASH: &str = "write -- before a text that begins with a dash: -- '-5 % hoy'";
const KEYBOARD: &str = "type hyphens and quotes on the keyboard: --to, 'Hola'";
const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];
const SECRETS: [&str; 5] = ["--client-secret", "--secret", "--password", "--token", "--api-key"];
const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];

/// The commands before the word, the words, and what to type instead. `*` stands for any further command; of several rows, the
/// first counts. A row without words is for any that is not a flag.
const GUESSES: &str = include_str!("guesses.tsv");

/// The command line that `help [COMMAND]` means.
pub(super) fn asked_for_help(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let help = arguments.iter().position(|word| word == "help")?;
    (unknown_command(error)? == "help").then_some(())?;
    let others = arguments.iter().enumerate().filter(|(index, _)| *index != help).map(|(_, word)| word.clone());
    Some(others.take_while(|word| *word != "--").chain(["--help".into()]).collect())
}

/// Whether the line is `help options`, which has a page of its own.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    unknown_command(error) == Some("options") && arguments.iter().any(|word| word == "--help")
}

/// What was probably meant by a wrong line.
pub(super) fn meant(error: &clap::Error, arguments: &[OsString]) -> Option<UsageError> {
    if let Some(error) = typography(arguments).or_else(|| text_with_dash(arguments)) {
        return Some(error);
    }
    let commands = commands(arguments);
    let path = commands.join(" ");
    match (unknown_command(error), unknown_argument(error)) {
        (Some(word), _) => {
            let is_misspelt = error.get(ContextKind::SuggestedSubcommand).is_some();
            instead_of_command(&path, word, is_misspelt)
        }
        (None, Some(word)) => instead_of_argument(&commands, &path, word),
        (None, None) => instead_of_value(error, &commands),
    }
}

/// The answer to a line that was parsed, but takes a text for flags or for standard input.
pub(super) fn misread(command: Option<&app::Command>, arguments: &[OsString]) -> Option<UsageError> {
    let message = match command? {
        app::Command::Send(args) => &args.typed.message,
        app::Command::Bulk(BulkCommand::Send(args)) => &args.typed.message,
        _ => return None,
    };
    // Other tools read standard input for a text that is a lone dash.
    let before = arguments.iter().rposition(|word| word == "-").and_then(|dash| arguments.get(..dash));
    if message.has_text("-") && before.is_some_and(|before| before.iter().all(|word| word != "--")) {
        let hint = "to read the text from standard input: --text-file -; to send a dash: -- -";
        return Some(UsageError::new("the text is a lone `-`", hint));
    }
    text_with_dash(arguments)
}

/// A word with blanks whose first letter was read as a flag, such as `'-oferta del día'`.
fn text_with_dash(arguments: &[OsString]) -> Option<UsageError> {
    let words: Vec<_> = words(arguments).collect();
    let is_text = |pair: &&[String]| {
        let [before, word] = pair else { return false };
        let is_value = before.starts_with('-') && !before.contains('=');
        !is_value && word.starts_with('-') && !word.starts_with("--") && word.contains(' ') && !word.contains('=')
    };
    words.windows(2).find(is_text)?;
    Some(UsageError::new("the text begins with a dash, as flags do", WITH_DASH))
}

/// What word processors and other tools make of a line: `–to`, `“Hola Ana”`, `-to`.
fn typography(arguments: &[OsString]) -> Option<UsageError> {
    let app = App::command();
    let wrong = words(arguments).find_map(|word| {
        // The value may be a secret.
        let typed = word.split('=').next().unwrap_or_default();
        let name = typed.trim_start_matches('-').trim_start_matches(DASHES);
        let wrong = match typed.strip_suffix(name)? {
            "-" => "needs two hyphens",
            dash if dash.contains(DASHES) => "begins with a dash that is not the hyphen of a flag",
            _ => return None,
        };
        has_long_flag(&app, name).then(|| format!("`{}` {wrong}", typed.escape_debug()))
    });
    let has_quotes =
        words(arguments).any(|word| word.starts_with(QUOTES)) && words(arguments).any(|word| word.ends_with(QUOTES));
    let quotes = has_quotes.then(|| "a shell does not take curly quotes for quotes".to_owned());
    Some(UsageError::new(wrong.or(quotes)?, KEYBOARD))
}

fn instead_of_command(path: &str, word: &str, is_misspelt: bool) -> Option<UsageError> {
    let problem = format!("there is no `{}`", format!("{path} {word}").trim());
    if let Some(hint) = hint(path, word) {
        return Some(UsageError::new(problem, hint));
    }
    match path {
        "" if Message::named(word).is_some() => {
            Some(UsageError::new(problem, format!("a kind of message follows `send`: jelouctl send {word} --help")))
        }
        "bulk" if word.contains('.') => Some(UsageError::new("`bulk` needs a command before the list", LIST)),
        "send" if !is_misspelt => Some(UsageError::new("the kind of message is missing", TEXT)),
        "bulk send" if is_list(word) => Some(UsageError::new(format!("`{word}` is a second list"), ONE_LIST)),
        "bulk send" if !is_misspelt => Some(UsageError::new("the kind of message is missing", LIST)),
        _ => None,
    }
}

fn instead_of_argument(commands: &[String], path: &str, word: &str) -> Option<UsageError> {
    let is_flag = word.starts_with('-');
    if SECRETS.contains(&word) {
        let problem = "the secret is never an argument: others on this machine could read it";
        let hint = "leave it out to be asked for it, or give a file: --client-secret-file FILE";
        return Some(UsageError::new(problem, hint));
    }
    let (list, kind) = match commands {
        [bulk, send, kind] if bulk == "bulk" && send == "send" => (true, kind),
        [send, kind] if send == "send" => (false, kind),
        [bulk, send] if bulk == "bulk" && send == "send" && !is_flag => {
            let hint = if is_list(word) { ONE_LIST } else { LIST };
            return Some(UsageError::new(format!("`{word}` is not a kind of message"), hint));
        }
        _ => {
            let problem = if is_flag { format!("there is no {word}") } else { format!("`{path}` takes no `{word}`") };
            return Some(UsageError::new(problem, hint(path, word)?));
        }
    };
    let app = App::command();
    if list && is_flag {
        let send = app.find_subcommand("bulk").and_then(|bulk| bulk.find_subcommand("send"));
        if find(send.into_iter().chain([&app]), word).is_some() {
            return Some(UsageError::new(format!("`{word}` comes before `{kind}`"), LIST));
        }
    }
    if let Some(hint) = hint(path, word) {
        return Some(UsageError::new(format!("there is no {word}"), hint));
    }
    if is_flag {
        return None;
    }
    if list && is_list(word) {
        return Some(UsageError::new(format!("`{word}` is a second list"), ONE_LIST));
    }
    let hint = match kind.as_str() {
        _ if is_number(word) && !list => "the recipient is given with --to".to_owned(),
        "text" => "a text is one argument, in quotes; so is a number with spaces".to_owned(),
        "template" => "the values of a template are given with --param".to_owned(),
        "image" | "audio" | "video" | "file" | "sticker" => {
            "--media-url URL takes the address of a file on the web, not a file on this machine".to_owned()
        }
        _ => format!("every part has a flag: jelouctl send {kind} --help"),
    };
    Some(UsageError::new(format!("`{path}` takes no `{word}` here"), hint))
}

fn instead_of_value(error: &clap::Error, commands: &[String]) -> Option<UsageError> {
    if commands.starts_with(&["bulk".to_owned(), "send".to_owned()]) {
        match (error.kind(), error.get(ContextKind::InvalidArg)) {
            (ErrorKind::MissingSubcommand, _) => {
                return Some(UsageError::new("the kind of message is missing", LIST));
            }
            (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(names)))
                if names.contains(&"<FILE|->".to_owned()) =>
            {
                return Some(UsageError::new("the list is missing: it comes before the kind", LIST));
            }
            _ => {}
        }
    }
    let text = |kind| error.get(kind).map(ToString::to_string);
    let argument = text(ContextKind::InvalidArg)?;
    if error.kind() == ErrorKind::ArgumentConflict && argument.starts_with("--to ") {
        let is_again = text(ContextKind::PriorArg).is_none_or(|prior| prior == argument);
        return is_again.then(|| UsageError::new("a message goes to one recipient", SEVERAL));
    }
    let is_json = text(ContextKind::InvalidValue)?.eq_ignore_ascii_case("json");
    let is_output = argument.starts_with("--output");
    let hint = hint("", "--json").filter(|_| is_output && is_json)?;
    Some(UsageError::new("`json` is not a value of --output", hint))
}

/// The hint for `word` behind the commands of `path`.
fn hint(path: &str, word: &str) -> Option<&'static str> {
    let row = rows(GUESSES).find(|[place, words, _]| {
        let is_here = match place.strip_suffix('*') {
            Some(begin) => format!("{path} ").starts_with(begin),
            None => *place == path,
        };
        let is_meant = words.split(' ').any(|one| one == word) || (words.is_empty() && !word.starts_with('-'));
        is_here && is_meant
    });
    row.map(|[_, _, hint]| hint)
}

fn unknown_command(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) => Some(word),
        _ => None,
    }
}

fn unknown_argument(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(word) if error.kind() == ErrorKind::UnknownArgument => Some(word),
        _ => None,
    }
}

/// The words of the line before `--`, without the program's name.
fn words(arguments: &[OsString]) -> impl Iterator<Item = String> {
    arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).take_while(|word| word != "--")
}

/// The commands that the line names; the value of a flag is not one.
fn commands(arguments: &[OsString]) -> Vec<String> {
    let app = App::command();
    let mut path = vec![&app];
    let mut names = Vec::new();
    let mut words = words(arguments);
    while let Some(word) = words.next() {
        if let Some(command) = path.last().and_then(|command| command.find_subcommand(&word)) {
            path.push(command);
            names.push(command.get_name().to_owned());
        } else if find(path.iter().copied(), &word).is_some_and(|flag| flag.get_action().takes_values()) {
            words.next();
        }
    }
    names
}

/// The flag of one of `commands` that is typed so.
fn find<'a>(commands: impl IntoIterator<Item = &'a Command>, typed: &str) -> Option<&'a Arg> {
    let is_typed = |flag: &&Arg| match (typed.strip_prefix("--"), typed.strip_prefix('-')) {
        (Some(long), _) => {
            flag.get_long() == Some(long) || flag.get_all_aliases().is_some_and(|all| all.contains(&long))
        }
        (None, Some(short)) => flag.get_short().is_some_and(|letter| short.chars().eq([letter])),
        (None, None) => false,
    };
    commands.into_iter().flat_map(Command::get_arguments).find(is_typed)
}

fn has_long_flag(command: &Command, name: &str) -> bool {
    find([command], &format!("--{name}")).is_some()
        || command.get_subcommands().any(|command| has_long_flag(command, name))
}

/// Whether a person would take it for a phone number.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('+').unwrap_or(word);
    digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `word` is named like a list.
fn is_list(word: &str) -> bool {
    let ending = word.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ["csv", "xlsx", "ods", "ndjson", "jsonl", "tsv", "txt"].contains(&ending.as_str()))
}
