//! What clap answers in place of a command: help and version, or an error of usage, with what to type instead of a
//! line that people type before they have read any help. No proposed line repeats a number, a text or a flag that was
//! typed: it could be somebody else's number, or a text that was meant as a command.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::app::{self, App};
use super::help;
use crate::command_error::CommandError;
use crate::commands::bulk::BulkCommand;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::UsageError;
use crate::output::{Format, Record, RecordError, Stderr, Stdout, one_line};
use crate::texts::rows;

/// At most this many characters of a value are repeated.
const MOST_SHOWN: usize = 200;

/// Reports `error` for the command line `arguments`.
pub(crate) fn report(context: &Context, error: clap::Error, arguments: &[OsString]) -> ExitCode {
    let Context { stdout, stderr, .. } = context;
    if asks_for_options(&error, arguments) {
        return print_help(context, &help::global_options());
    }
    let error = arranged(error, arguments);
    let is_help = !error.use_stderr();
    if let Some(error) = text_with_dash(arguments, is_help) {
        return refuse(context, error);
    }
    if is_help {
        return print_help(context, &error.render());
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        stderr.usage(&error.render().ansi().to_string());
        record(stdout, "a subcommand is missing", None);
        return ExitCode::Usage;
    }
    let hint = hint(&error, arguments).map(str::to_owned);
    let (message, hint_of_clap) = in_two_lines(error);
    // A job that was not done must not look like a notice that was not sent.
    let message = if is_run(arguments) {
        message + "; the command did not run"
    } else {
        message
    };
    refuse(
        context,
        UsageError::new(message, hint.unwrap_or(hint_of_clap)),
    )
}

/// clap's error, which has several lines, as a message and a hint: its tip, else the usage.
fn in_two_lines(mut error: clap::Error) -> (String, String) {
    hide_values(&mut error);
    let text = error.render().to_string();
    let message: Vec<_> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let message = message.join(" ");
    let message = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            format!(
                "{} {} missing",
                missing.join(", "),
                if missing.len() == 1 { "is" } else { "are" }
            )
        }
        (ErrorKind::MissingSubcommand, _) => "a subcommand is missing".to_owned(),
        _ => message.trim_start_matches("error: ").to_owned(),
    };
    // For an unknown flag, clap also suggests sending its name as a text, which is hardly ever meant.
    let is_meant = |tip: &&str| !tip.starts_with("to pass '--");
    let lines_after = |start| {
        text.lines()
            .filter_map(move |line| line.trim().strip_prefix(start))
    };
    let hint = match (
        lines_after("tip: ").find(is_meant),
        lines_after("Usage: ").next(),
    ) {
        (Some(tip), _) => tip.to_owned(),
        // The usage has both.
        _ if error.kind() == ErrorKind::ArgumentConflict => "leave one of them out".to_owned(),
        (None, Some(usage)) => format!("the usage is {usage}"),
        (None, None) => "--help lists the flags and their values".to_owned(),
    };
    (message, hint)
}

/// Makes one line of what comes from the command line, and hides what may be a secret.
fn hide_values(error: &mut clap::Error) {
    let texts = [
        ContextKind::InvalidSubcommand,
        ContextKind::InvalidArg,
        ContextKind::InvalidValue,
    ];
    let flag = error
        .get(ContextKind::InvalidArg)
        .map(ToString::to_string)
        .unwrap_or_default();
    let may_be_secret = ["--client-id ", "--api-url ", "--allow-to "]
        .iter()
        .any(|name| flag.starts_with(name));
    for kind in texts {
        if let Some(ContextValue::String(text)) = error.get(kind) {
            let shown = match kind {
                ContextKind::InvalidValue if may_be_secret => "(not shown)".to_owned(),
                _ => one_line(text).chars().take(MOST_SHOWN).collect(),
            };
            error.insert(kind, ContextValue::String(shown));
        }
    }
}

/// Our own help, if clap answers with help; any other error unchanged.
fn arranged(error: clap::Error, arguments: &[OsString]) -> clap::Error {
    if !matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return error;
    }
    let is_long = arguments
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--help");
    help::arranged(is_long)
        .try_get_matches_from(arguments)
        .err()
        .unwrap_or(error)
}

fn print_help(context: &Context, text: &StyledStr) -> ExitCode {
    match context.stdout.help(&text.ansi().to_string()) {
        Ok(()) => ExitCode::Success,
        Err(error) => print_error(&context.stderr, &error.into()),
    }
}

pub(super) fn refuse(context: &Context, error: UsageError) -> ExitCode {
    record(&context.stdout, &error.message, Some(&error.hint));
    print_error(&context.stderr, &error.into())
}

/// Prints the error that ended a command; returns its exit code.
pub(crate) fn print_error(stderr: &Stderr, error: &CommandError) -> ExitCode {
    stderr.error(&error.message, &error.details, error.hint.as_deref());
    error.code
}

/// The record of a line that is not a command, if one is asked for. The exit code says the same, so a failure to print
/// it is not another error.
fn record(stdout: &Stdout, message: &str, hint: Option<&str>) {
    let (message, hint) = (message.to_owned(), hint.map(str::to_owned));
    let error = RecordError {
        code: "usage",
        api_code: None,
        message,
        hint,
        retry_after_s: None,
    };
    if stdout.format == Format::Record {
        let _ = stdout.json(&Record {
            error: Some(error),
            ..Record::default()
        });
    }
}

/// The output of `jelouctl` alone. With flags but no command it is an error, because a script would take help for a
/// success.
pub(crate) fn help(context: &Context, arguments: &[OsString]) -> ExitCode {
    if arguments.len() > 1 {
        return refuse(
            context,
            UsageError::new("a command is missing", "jelouctl --help lists the commands"),
        );
    }
    print_help(context, &help::arranged(false).render_help())
}

/// The commands before the word, the words, and what to type instead. `*` stands for any further command; of several
/// rows, the first counts. A row without words is for any that is not a flag, unless it is a command misspelt.
const GUESSES: &str = include_str!("guesses.tsv");
const FLAG_OF_LIST: &str =
    "it belongs before the kind of message: jelouctl bulk send LIST --limit 2 text 'Hola'";

/// The command line that `help [COMMAND]` means.
pub(super) fn asked_for_help(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let help = arguments.iter().position(|word| word == "help")?;
    (text(error, ContextKind::InvalidSubcommand)? == "help").then_some(())?;
    let others = arguments
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != help)
        .map(|(_, word)| word.clone());
    Some(
        others
            .take_while(|word| *word != "--")
            .chain(["--help".into()])
            .collect(),
    )
}

/// Whether the line is `help options`, which has a page of its own.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    text(error, ContextKind::InvalidSubcommand) == Some("options")
        && arguments.iter().any(|word| word == "--help")
}

/// Whether the line is one of `run`.
pub(super) fn is_run(arguments: &[OsString]) -> bool {
    commands_before("", &App::command(), arguments)
        .get(1)
        .is_some_and(|command| command.get_name() == "run")
}

/// What to type instead of a wrong line.
pub(super) fn hint(error: &clap::Error, arguments: &[OsString]) -> Option<&'static str> {
    let command = text(error, ContextKind::InvalidSubcommand);
    let argument =
        text(error, ContextKind::InvalidArg).and_then(|argument| argument.split(' ').next());
    let word = command.or(argument).unwrap_or_default();
    let app = App::command();
    let commands = commands_before(word, &app, arguments);
    let path: Vec<_> = commands
        .iter()
        .map(|command| command.get_name())
        .skip(1)
        .collect();
    let row = |is_meant: &dyn Fn(&str) -> bool| {
        let path = path.join(" ");
        let is_here = |place: &str| match place.strip_suffix('*') {
            Some(begin) => format!("{path} ").starts_with(begin),
            None => place == path,
        };
        rows(GUESSES)
            .find(|[place, words, _]| is_here(place) && is_meant(words))
            .map(|[_, _, hint]| hint)
    };
    let is_unknown = matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::MissingSubcommand
    );
    let is_misspelt = error.get(ContextKind::SuggestedSubcommand).is_some();
    let any = || {
        (is_unknown && !is_misspelt && !word.starts_with('-'))
            .then(|| row(&str::is_empty))
            .flatten()
    };
    let above = commands
        .split_last()
        .map(|(_, above)| above)
        .unwrap_or_default();
    let of_list = || {
        find(above, word)
            .filter(|_| is_unknown && path.starts_with(&["bulk", "send"]))
            .map(|_| FLAG_OF_LIST)
    };
    row(&|words| !word.is_empty() && words.split(' ').any(|one| one == word))
        .or_else(any)
        .or_else(of_list)
}

/// The answer to a line that was parsed, but takes a text for flags or for standard input.
pub(super) fn misread(
    command: Option<&app::Command>,
    arguments: &[OsString],
) -> Option<UsageError> {
    let message = match command? {
        app::Command::Send(args) => &args.typed.message,
        app::Command::Bulk(BulkCommand::Send(args)) => &args.typed.message,
        _ => return None,
    };
    // Other tools read standard input for a text that is a lone dash.
    let before = arguments
        .iter()
        .rposition(|word| word == "-")
        .and_then(|dash| arguments.get(..dash));
    if message.has_text("-") && before.is_some_and(|before| before.iter().all(|word| word != "--"))
    {
        let hint = "to read the text from standard input: --text-file -; to send a dash: -- -";
        return Some(UsageError::new("the text is a lone `-`", hint));
    }
    text_with_dash(arguments, false)
}

/// A text whose first letters were read as flags: a word with blanks, such as `'-oferta del día'`, or `-hola` if the
/// answer is the help, which a script would take for a success. A flag for help is a word of its own.
pub(super) fn text_with_dash(arguments: &[OsString], is_help: bool) -> Option<UsageError> {
    let words: Vec<_> = words(arguments).collect();
    let is_text = |pair: &[String]| {
        let [before, word] = pair else { return false };
        let is_value = before.starts_with('-') && !before.contains('=');
        !is_value
            && word.starts_with('-')
            && !word.starts_with("--")
            && word.contains(' ')
            && !word.contains('=')
    };
    let asks_for_help =
        |word: &String| ["-h", "--help", "-V", "--version"].contains(&word.as_str());
    let is_misread = if is_help {
        !words.iter().any(asks_for_help)
    } else {
        words.windows(2).any(is_text)
    };
    let hint =
        "write -- before a text that begins with a dash: -- '-5 % hoy'; help is -h or --help";
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
    arguments
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .take_while(|word| word != "--")
}

/// `app` and the commands below it that the line names before the wrong `word`; the value of a flag is not one.
fn commands_before<'a>(word: &str, app: &'a Command, arguments: &[OsString]) -> Vec<&'a Command> {
    let mut path = vec![app];
    let mut words = words(arguments).take_while(|next| next != word);
    while let Some(word) = words.next() {
        if let Some(command) = path
            .last()
            .and_then(|command| command.find_subcommand(&word))
        {
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
