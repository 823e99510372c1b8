//! What clap answers in place of a command: help and version, or an error of usage with what to type instead.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;

use super::app::{self, App};
use super::guesses::{find_similar_flag, guess, is_recipient, is_similar};
use super::help;
use super::typed_line::{TypedLine, words};
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::{Format, Record, RecordError, Stderr, one_line};
use crate::command_error::CommandError;
use crate::commands::bulk::BulkCommand;
use crate::commands::send::SendArgs;
use crate::sender::context::{Context, Mode};

/// At most this many characters of a value are repeated.
const MOST_SHOWN: usize = 200;

/// Reports `error` for the command line `arguments`.
pub(crate) fn report(context: &Context, error: clap::Error, arguments: &[OsString]) -> ExitCode {
    let Context { stderr, .. } = context;
    if asks_for_options(&error, arguments) {
        return print_help(context, &help::global_options());
    }
    let error = arrange_help(error, arguments);
    let is_help = !error.use_stderr();
    if let Some(error) = text_with_dash(arguments, is_help) {
        return refuse(context, error);
    }
    if is_help {
        return print_help(context, &error.render());
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        stderr.usage(&error.render().ansi().to_string());
        record(context, "a subcommand is missing", None);
        return ExitCode::Usage;
    }
    let error = with_similar_names(error, arguments);
    let guess = guess(&error, arguments);
    let (message, hint_of_clap) = in_two_lines(error);
    let (message, hint) = match guess {
        Some(guess) => (guess.message.unwrap_or(message), guess.hint),
        None => (message, hint_of_clap),
    };
    // A job that was not done must not look like a notification that was not sent.
    let message = if is_run(arguments) {
        message + "; the command did not run"
    } else {
        message
    };
    refuse(context, UsageError::new(message, hint))
}

/// The error with names that are really similar to the wrong one, and with no other name: a parser finds `--prices`
/// similar to `--at`.
fn with_similar_names(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    if let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) {
        let typed = text(&error, ContextKind::InvalidSubcommand).unwrap_or_default();
        let similar = names.iter().filter(|name| is_similar(typed, name));
        let similar: Vec<_> = similar.cloned().collect();
        if similar.is_empty() {
            error.remove(ContextKind::SuggestedSubcommand);
        } else {
            error.insert(
                ContextKind::SuggestedSubcommand,
                ContextValue::Strings(similar),
            );
        }
    }
    if error.kind() == ErrorKind::UnknownArgument {
        let app = App::command();
        let line = TypedLine::read(&app, arguments);
        let commands = [&app, line.last()];
        let typed = text(&error, ContextKind::InvalidArg).unwrap_or_default();
        match find_similar_flag(&commands, typed) {
            Some(flag) => error.insert(ContextKind::SuggestedArg, ContextValue::String(flag)),
            None => error.remove(ContextKind::SuggestedArg),
        };
    }
    error
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
        _ => in_our_words(message.trim_start_matches("error: ")),
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
    let value = error
        .get(ContextKind::InvalidValue)
        .map(ToString::to_string)
        .unwrap_or_default();
    let may_be_secret = flag.starts_with("--client-id ")
        || flag.starts_with("--api-url ") && !is_plain_address(&value);
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

/// Whether `value` is only the address of a host, which has no room for a secret.
fn is_plain_address(value: &str) -> bool {
    let (scheme, address) = value.split_once("://").unwrap_or(("", value));
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "0"));
    let is_host = host.contains('.') || host == "localhost" || !scheme.is_empty();
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_host && is_port && !value.contains(['@', '?', '#'])
}

/// clap's and the library's words about a value, in ours.
fn in_our_words(message: &str) -> String {
    const OURS: [(&str, &str); 4] = [
        (
            "invalid digit found in string",
            "write a whole number, such as 10",
        ),
        (
            "cannot parse integer from empty string",
            "write a whole number, such as 10",
        ),
        (
            "number too large to fit in target type",
            "the number is too large",
        ),
        (
            "number too small to fit in target type",
            "the number is too small",
        ),
    ];
    OURS.iter()
        .fold(message.to_owned(), |message, (theirs, ours)| {
            message.replace(theirs, ours)
        })
}

/// Our own help, if clap answers with help; any other error unchanged.
fn arrange_help(error: clap::Error, arguments: &[OsString]) -> clap::Error {
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
    help::arrange_help(is_long)
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
    record(context, &error.message, Some(&error.hint));
    print_error(&context.stderr, &error.into())
}

/// Prints the error that ended a command; returns its exit code.
pub(crate) fn print_error(stderr: &Stderr, error: &CommandError) -> ExitCode {
    error.print(stderr, "");
    error.code
}

/// Prints the error that ended a command, and with `--output record` the one object of it on standard output.
pub(super) fn fail(context: &Context, error: &CommandError) -> ExitCode {
    if context.stdout.lacks_record() {
        let told = RecordError {
            code: error.name,
            api_code: None,
            message: error.line(),
            hint: error.hint.clone(),
            retry_after_s: None,
        };
        print_outcome(context, error.code, Some(&told));
    }
    print_error(&context.stderr, error)
}

/// With `--output record`, prints the one object of a command that has no other answer.
pub(super) fn succeed(context: &Context, code: ExitCode) -> ExitCode {
    if context.stdout.lacks_record() {
        print_outcome(context, code, None);
    }
    code
}

/// The exit code says the same, so a failure to print it is not another error.
fn print_outcome(context: &Context, code: ExitCode, error: Option<&RecordError>) {
    let outcome = json!({ "schema_version": 1, "exit_code": code.code(), "error": error });
    let _ = context.stdout.json(&outcome);
}

/// The record of a line that is not a command, if one is asked for. The exit code says the same, so a failure to print
/// it is not another error.
fn record(context: &Context, message: &str, hint: Option<&str>) {
    let stdout = &context.stdout;
    let message = message.to_owned();
    let hint = hint.map(str::to_owned);
    let error = RecordError {
        code: "usage",
        api_code: None,
        message,
        hint,
        retry_after_s: None,
    };
    if stdout.format == Format::Record {
        let _ = stdout.json(&Record {
            dry_run: context.mode != Mode::Send,
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
    print_help(context, &help::arrange_help(false).render_help())
}

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
    TypedLine::read(&App::command(), arguments).path() == ["run"]
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
    if message.text() == Some("-")
        && before.is_some_and(|before| before.iter().all(|word| word != "--"))
    {
        let hint = "to read the text from standard input: --text-file -; to send a dash: -- -";
        return Some(UsageError::new("the text is a lone `-`", hint));
    }
    if let Some(app::Command::Send(args)) = command
        && let Some(error) = number_as_text(args)
    {
        return Some(error);
    }
    text_with_dash(arguments, false)
}

/// A number in the place of the text, with no recipient or with a word in its place.
fn number_as_text(args: &SendArgs) -> Option<UsageError> {
    let delivery = &args.typed.delivery;
    let has_number = args.typed.message.text().is_some_and(is_recipient);
    if !has_number || delivery.body.is_some() {
        return None;
    }
    let message = match &delivery.send.to {
        None if std::env::var_os("JELOU_TO").is_none() => {
            "no recipient: the number stands in the place of the text"
        }
        Some(to)
            if !to.is_empty() && to.chars().all(|sign| sign.is_alphabetic() || sign == ' ') =>
        {
            "the number stands in the place of the text, and a word in that of the recipient"
        }
        _ => return None,
    };
    Some(UsageError::new(
        message,
        "the recipient is given with --to: jelouctl send text --to NUMBER 'TEXT'",
    ))
}

/// A text whose first letters were read as flags: a word with blanks, such as `'-oferta del día'`, or `-hola` if the
/// answer is the help, which a script would take for a success. A flag for help is a word of its own.
pub(super) fn text_with_dash(arguments: &[OsString], is_help: bool) -> Option<UsageError> {
    let words: Vec<_> = words(arguments).skip(1).collect();
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
