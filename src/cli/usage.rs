//! What clap answers in place of a command: help and version, or an error of usage.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{guesses, help};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::UsageError;
use crate::output::{Format, Record, RecordError, Stderr, Stdout, one_line};

/// At most this many characters of a value are repeated.
const MOST_SHOWN: usize = 200;

/// Reports `error` for the command line `arguments`.
pub(crate) fn report(context: &Context, error: clap::Error, arguments: &[OsString]) -> ExitCode {
    let Context { stdout, stderr, .. } = context;
    if guesses::asks_for_options(&error, arguments) {
        return print_help(context, &help::global_options());
    }
    let error = arranged(error, arguments);
    let is_help = !error.use_stderr();
    if let Some(error) = guesses::text_with_dash(arguments, is_help) {
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
    let hint = guesses::hint(&error, arguments).map(str::to_owned);
    let (message, hint_of_clap) = in_two_lines(error);
    // A job that was not done must not look like a notice that was not sent.
    let message = if guesses::is_run(arguments) { message + "; the command did not run" } else { message };
    refuse(context, UsageError::new(message, hint.unwrap_or(hint_of_clap)))
}

/// clap's error, which has several lines, as a message and a hint: its tip, else the usage.
fn in_two_lines(mut error: clap::Error) -> (String, String) {
    hide_values(&mut error);
    let text = error.render().to_string();
    let message: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let message = message.join(" ");
    let message = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            format!("{} {} missing", missing.join(", "), if missing.len() == 1 { "is" } else { "are" })
        }
        (ErrorKind::MissingSubcommand, _) => "a subcommand is missing".to_owned(),
        _ => message.trim_start_matches("error: ").to_owned(),
    };
    // For an unknown flag, clap also suggests sending its name as a text, which is hardly ever meant.
    let is_meant = |tip: &&str| !tip.starts_with("to pass '--");
    let lines_after = |start| text.lines().filter_map(move |line| line.trim().strip_prefix(start));
    let hint = match (lines_after("tip: ").find(is_meant), lines_after("Usage: ").next()) {
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
    let texts = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue];
    let flag = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let may_be_secret = ["--client-id ", "--api-url ", "--allow-to "].iter().any(|name| flag.starts_with(name));
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
    if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return error;
    }
    let is_long = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--help");
    help::arranged(is_long).try_get_matches_from(arguments).err().unwrap_or(error)
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

/// The record of a line that is not a command, if one is asked for. The exit code says the same, so a failure to print it
/// is not another error.
fn record(stdout: &Stdout, message: &str, hint: Option<&str>) {
    let (message, hint) = (message.to_owned(), hint.map(str::to_owned));
    let error = RecordError { code: "usage", api_code: None, message, hint, retry_after_s: None };
    if stdout.format == Format::Record {
        let _ = stdout.json(&Record { error: Some(error), ..Record::default() });
    }
}

/// The output of `jelouctl` alone. With flags but no command it is an error, because a script would take help for a success.
pub(crate) fn help(context: &Context, arguments: &[OsString]) -> ExitCode {
    if arguments.len() > 1 {
        return refuse(context, UsageError::new("a command is missing", "jelouctl --help lists the commands"));
    }
    print_help(context, &help::arranged(false).render_help())
}
