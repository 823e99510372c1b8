//! Handles clap's results that are not a command: help, the version, and usage errors with a suggestion.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;

use super::app::{self, App};
use super::help;
use super::misplaced_words::looks_like_recipient;
use super::parsed_command_line::{ParsedCommandLine, words_before_dashes};
use super::similar_flags::{find_similar_flag, is_similar};
use super::suggest::suggest;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::{Format, Record, RecordError, Stderr, one_line};
use crate::command_error::CommandError;
use crate::commands::bulk::BulkCommand;
use crate::commands::send::SendArgs;
use crate::sender::context::{Context, Mode};

/// The maximum length of a repeated value, in characters.
const MAX_SHOWN: usize = 200;

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
    let error = negative_value_error(&error, arguments).unwrap_or(error);
    let error = with_similar_names(error, arguments);
    let suggestion = suggest(&error, arguments);
    let (message, hint_of_clap) = message_and_hint(error);
    let (message, hint) = match suggestion {
        Some(suggestion) => (suggestion.message.unwrap_or(message), suggestion.hint),
        None => (message, hint_of_clap),
    };
    // Shows that the command did not run, not only that the notification was not sent.
    let message = if is_run(arguments) {
        message + "; the command did not run"
    } else {
        message
    };
    refuse(context, UsageError::new(message, hint))
}

/// Returns the error about a negative value that clap reads as a flag: of `--skip -1`, it is the error of `--skip=-1`.
fn negative_value_error(error: &clap::Error, arguments: &[OsString]) -> Option<clap::Error> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let wrong = text(error, ContextKind::InvalidArg)?;
    let is_number = |digits: &str| digits.starts_with(|sign: char| sign.is_ascii_digit());
    wrong.strip_prefix('-').filter(|digits| is_number(digits))?;
    // clap names only the first digit.
    let words: Vec<_> = words_before_dashes(arguments).collect();
    let position = words.iter().position(|word| word.starts_with(wrong))?;
    let flag = words.get(position.checked_sub(1)?)?;
    if !flag.starts_with('-') || flag.contains('=') {
        return None;
    }
    let joined = format!("{flag}={}", words.get(position)?);
    let mut line = arguments.to_vec();
    line.splice(position - 1..=position, [OsString::from(joined)]);
    let about_value = app::parse(&line).err()?;
    matches!(
        about_value.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    )
    .then_some(about_value)
}

/// Keeps only the suggestions that are really similar to the wrong name: for clap, `--prices` is similar to `--at`.
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
        let line = ParsedCommandLine::read(&app, arguments);
        let commands = [&app, line.last()];
        let typed = text(&error, ContextKind::InvalidArg).unwrap_or_default();
        match find_similar_flag(&commands, typed) {
            Some(flag) => error.insert(ContextKind::SuggestedArg, ContextValue::String(flag)),
            None => error.remove(ContextKind::SuggestedArg),
        };
    }
    error
}

/// Converts clap's error, which has several lines, into a message and a hint: its tip, else the usage.
fn message_and_hint(mut error: clap::Error) -> (String, String) {
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
        _ => replace_words(message.trim_start_matches("error: ")),
    };
    // For an unknown flag, clap also suggests to send its name as a text, which is rarely intended.
    let is_useful = |tip: &&str| !tip.starts_with("to pass '--");
    let lines_after = |start| {
        text.lines()
            .filter_map(move |line| line.trim().strip_prefix(start))
    };
    let hint = match (
        lines_after("tip: ").find(is_useful),
        lines_after("Usage: ").next(),
    ) {
        (Some(tip), _) => tip.to_owned(),
        // The usage shows both flags.
        _ if error.kind() == ErrorKind::ArgumentConflict => "remove one of them".to_owned(),
        (None, Some(usage)) => format!("usage: {usage}"),
        (None, None) => "to list the flags and values: --help".to_owned(),
    };
    (message, hint)
}

/// Puts each value on one line, and hides possible secrets.
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
        || flag.starts_with("--allow-to ")
        || flag.starts_with("--api-url ") && !is_plain_address(&value);
    for kind in texts {
        if let Some(ContextValue::String(text)) = error.get(kind) {
            let shown = match kind {
                ContextKind::InvalidValue if may_be_secret => "(not shown)".to_owned(),
                _ => one_line(text).chars().take(MAX_SHOWN).collect(),
            };
            error.insert(kind, ContextValue::String(shown));
        }
    }
}

/// Returns whether `value` is only a host, which cannot contain a secret.
fn is_plain_address(value: &str) -> bool {
    let (scheme, address) = value.split_once("://").unwrap_or(("", value));
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "0"));
    let is_host = host.contains('.') || host == "localhost" || !scheme.is_empty();
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_host && is_port && !value.contains(['@', '?', '#'])
}

/// Replaces the texts of clap and of the parsers about a value.
fn replace_words(message: &str) -> String {
    const OURS: [(&str, &str); 4] = [
        (
            "invalid digit found in string",
            "use a whole number, such as 10",
        ),
        (
            "cannot parse integer from empty string",
            "use a whole number, such as 10",
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
    if let Some((before, range)) = message.split_once(" is not in ")
        && let Some((min, max)) = range.split_once("..=")
        && let Some((about, _)) = before.rsplit_once(": ")
    {
        return format!("{about}: write a number from {min} to {max}");
    }
    OURS.iter()
        .fold(message.to_owned(), |message, (theirs, ours)| {
            message.replace(theirs, ours)
        })
}

/// Replaces clap's help with our own. Other errors stay the same.
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

/// Prints the error of a command, and returns its exit code.
pub(crate) fn print_error(stderr: &Stderr, error: &CommandError) -> ExitCode {
    error.print(stderr, "");
    error.code
}

/// Prints the error of a command, and with `--output record` its JSON object on standard output.
pub(super) fn fail(context: &Context, error: &CommandError) -> ExitCode {
    if context.stdout.lacks_record() {
        print_outcome(context, error.code, Some(&RecordError::from(error)));
    }
    print_error(&context.stderr, error)
}

/// Ends a command with success. With `--output record`, prints the JSON object of a command that
/// has no other output.
pub(super) fn succeed(context: &Context, code: ExitCode) -> ExitCode {
    if context.stdout.lacks_record() {
        print_outcome(context, code, None);
    }
    code
}

/// Prints the outcome. If printing fails, the exit code still shows the outcome.
fn print_outcome(context: &Context, code: ExitCode, error: Option<&RecordError>) {
    let outcome = json!({ "schema_version": 1, "exit_code": code.code(), "error": error });
    let _ = context.stdout.json(&outcome);
}

/// Prints the record of an invalid line, if requested. If printing fails, the exit code still shows the outcome.
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

/// Prints the help for `jelouctl` without a command. With flags it prints an error, because a
/// script would mistake help for success.
pub(crate) fn help(context: &Context, arguments: &[OsString]) -> ExitCode {
    if arguments.len() > 1 {
        return refuse(
            context,
            UsageError::new(
                "a command is missing",
                "to list the commands: jelouctl --help",
            ),
        );
    }
    print_help(context, &help::arrange_help(false).render_help())
}

/// Returns the command line for `help [COMMAND]`.
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

/// Returns whether the line is `help options`, which prints its own page.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    text(error, ContextKind::InvalidSubcommand) == Some("options")
        && arguments.iter().any(|word| word == "--help")
}

/// Returns whether the line is a `run` command.
pub(super) fn is_run(arguments: &[OsString]) -> bool {
    ParsedCommandLine::read(&App::command(), arguments).path() == ["run"]
}

/// Returns the error for a line that was parsed, but probably not as intended.
pub(super) fn misread(
    command: Option<&app::Command>,
    arguments: &[OsString],
) -> Option<UsageError> {
    let message = match command? {
        app::Command::Send(args) => &args.typed.message,
        app::Command::Bulk(BulkCommand::Send(args)) => &args.typed.message,
        _ => return None,
    };
    // Other tools read standard input for a lone dash.
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

/// Returns the error for a number instead of the text. The recipient is missing, or `--to` has a word.
fn number_as_text(args: &SendArgs) -> Option<UsageError> {
    let delivery = &args.typed.delivery;
    let has_number = args.typed.message.text().is_some_and(looks_like_recipient);
    if !has_number || delivery.body.is_some() {
        return None;
    }
    let message = match delivery.send.to.as_slice() {
        [] if std::env::var_os("JELOU_TO").is_none() => "no recipient: the text is a number",
        [to] if !to.is_empty() && to.chars().all(|sign| sign.is_alphabetic() || sign == ' ') => {
            "the text is a number, and the recipient is a word"
        }
        _ => return None,
    };
    Some(UsageError::new(
        message,
        "to set the recipient: jelouctl send text --to NUMBER 'TEXT'",
    ))
}

/// Returns the error for a text that begins with `-`: clap parsed its first letters as flags. It is
/// an argument with spaces, such as `'-oferta del día'`. It can also be `-hola`, which prints help,
/// and a script would mistake help for success. A real help flag is a separate word.
pub(super) fn text_with_dash(arguments: &[OsString], is_help: bool) -> Option<UsageError> {
    let words: Vec<_> = words_before_dashes(arguments).skip(1).collect();
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
    let hint = "to send a text with a dash: -- '-5 % hoy'; to show help: --help";
    is_misread.then(|| UsageError::new("the text starts with a dash, like a flag", hint))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}
