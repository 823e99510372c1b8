//! Lines that people type before they have read any help, and what to type instead. No proposed line repeats a number, a text or
//! a flag that was typed: it could be somebody else's number, or a text that was meant as a command.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::app::{self, App};
use crate::commands::bulk::BulkCommand;
use crate::input::UsageError;
use crate::tables::rows;

/// The commands before the word, the words, and what to type instead. `*` stands for any further command; of several rows, the
/// first counts. A row without words is for any that is not a flag, unless it is a command misspelt.
const GUESSES: &str = include_str!("guesses.tsv");
const FLAG_OF_LIST: &str = "it belongs before the kind of message: jelouctl bulk send LIST --limit 2 text 'Hola'";

/// The command line that `help [COMMAND]` means.
pub(super) fn asked_for_help(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let help = arguments.iter().position(|word| word == "help")?;
    (text(error, ContextKind::InvalidSubcommand)? == "help").then_some(())?;
    let others = arguments.iter().enumerate().filter(|(index, _)| *index != help).map(|(_, word)| word.clone());
    Some(others.take_while(|word| *word != "--").chain(["--help".into()]).collect())
}

/// Whether the line is `help options`, which has a page of its own.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    text(error, ContextKind::InvalidSubcommand) == Some("options") && arguments.iter().any(|word| word == "--help")
}

/// Whether the line is one of `run`.
pub(super) fn is_run(arguments: &[OsString]) -> bool {
    commands_before("", &App::command(), arguments).get(1).is_some_and(|command| command.get_name() == "run")
}

/// What to type instead of a wrong line.
pub(super) fn hint(error: &clap::Error, arguments: &[OsString]) -> Option<&'static str> {
    let command = text(error, ContextKind::InvalidSubcommand);
    let argument = text(error, ContextKind::InvalidArg).and_then(|argument| argument.split(' ').next());
    let word = command.or(argument).unwrap_or_default();
    let app = App::command();
    let commands = commands_before(word, &app, arguments);
    let path: Vec<_> = commands.iter().map(|command| command.get_name()).skip(1).collect();
    let row = |is_meant: &dyn Fn(&str) -> bool| {
        let path = path.join(" ");
        let is_here = |place: &str| match place.strip_suffix('*') {
            Some(begin) => format!("{path} ").starts_with(begin),
            None => place == path,
        };
        rows(GUESSES).find(|[place, words, _]| is_here(place) && is_meant(words)).map(|[_, _, hint]| hint)
    };
    let is_unknown = matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::MissingSubcommand
    );
    let is_misspelt = error.get(ContextKind::SuggestedSubcommand).is_some();
    let any = || (is_unknown && !is_misspelt && !word.starts_with('-')).then(|| row(&str::is_empty)).flatten();
    let above = commands.split_last().map(|(_, above)| above).unwrap_or_default();
    let of_list =
        || find(above, word).filter(|_| is_unknown && path.starts_with(&["bulk", "send"])).map(|_| FLAG_OF_LIST);
    row(&|words| !word.is_empty() && words.split(' ').any(|one| one == word)).or_else(any).or_else(of_list)
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
    text_with_dash(arguments, false)
}

/// A text whose first letters were read as flags: a word with blanks, such as `'-oferta del día'`, or `-hola` if the answer is
/// the help, which a script would take for a success. A flag for help is a word of its own.
pub(super) fn text_with_dash(arguments: &[OsString], is_help: bool) -> Option<UsageError> {
    let words: Vec<_> = words(arguments).collect();
    let is_text = |pair: &[String]| {
        let [before, word] = pair else { return false };
        let is_value = before.starts_with('-') && !before.contains('=');
        !is_value && word.starts_with('-') && !word.starts_with("--") && word.contains(' ') && !word.contains('=')
    };
    let asks_for_help = |word: &String| ["-h", "--help", "-V", "--version"].contains(&word.as_str());
    let is_misread = if is_help { !words.iter().any(asks_for_help) } else { words.windows(2).any(is_text) };
    let hint = "write -- before a text that begins with a dash: -- '-5 % hoy'; help is -h or --help";
    is_misread.then(|| UsageError::new("the text begins with a dash, as flags do", hint))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// The words of the line before `--`, without the program's name.
fn words(arguments: &[OsString]) -> impl Iterator<Item = String> {
    arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).take_while(|word| word != "--")
}

/// `app` and the commands below it that the line names before the wrong `word`; the value of a flag is not one.
fn commands_before<'a>(word: &str, app: &'a Command, arguments: &[OsString]) -> Vec<&'a Command> {
    let mut path = vec![app];
    let mut words = words(arguments).take_while(|next| next != word);
    while let Some(word) = words.next() {
        if let Some(command) = path.last().and_then(|command| command.find_subcommand(&word)) {
            path.push(command);
        } else if find(&path, &word).is_some_and(|flag| flag.get_action().takes_values()) {
            words.next();
        }
    }
    path
}

/// The flag of one of `commands` that is typed so.
fn find<'a>(commands: &[&'a Command], typed: &str) -> Option<&'a Arg> {
    let is_typed = |flag: &&Arg| match (typed.strip_prefix("--"), typed.strip_prefix('-')) {
        (Some(long), _) => {
            flag.get_long() == Some(long) || flag.get_all_aliases().is_some_and(|all| all.contains(&long))
        }
        (None, Some(short)) => flag.get_short().is_some_and(|letter| short.chars().eq([letter])),
        (None, None) => false,
    };
    commands.iter().flat_map(|command| command.get_arguments()).find(is_typed)
}
