//! Handles clap's results that are not a command: help, the version, and usage errors with a suggestion.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ErrorKind};

use super::app::App;
use super::help;
use super::line::{path_of, read_line, value_of, words_before_dashes};
use super::misread::text_with_dash;
use super::parser_error::{in_our_words, needs, string};
use super::wrong_line::WrongLine;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::output::{Format, Record, Stderr};
use crate::command_error::CommandError;
use crate::commands::run::write_refusal;
use crate::sender::context::{Context, Mode};

/// Reports `error` for the command line `arguments`.
pub(crate) fn report(context: &Context, error: clap::Error, arguments: &[OsString]) -> ExitCode {
    if asks_for_options(&error, arguments) {
        return print_help(context, &help::global_options());
    }
    let error = arrange_help(error, arguments);
    let is_help = !error.use_stderr();
    if let Some(error) = text_with_dash(arguments, is_help) {
        return refuse(context, &error.into(), arguments);
    }
    if is_help {
        return print_help(context, &error.render());
    }
    let mut app = App::command();
    app.build();
    let tokens = read_line(&app, arguments);
    let wrong = WrongLine::new(&app, &tokens, &error);
    let mut message = in_our_words(&error, &tokens, wrong.here);
    if path_of(&tokens) == "jelouctl run" {
        // Not only the notification was not sent.
        message = msg!("{problem}; the command did not run", problem = message);
    }
    let error = CommandError::new(ExitCode::Usage, "usage", message, wrong.hint());
    refuse(context, &error, arguments)
}

/// Replaces clap's help with our own. Other errors stay the same.
fn arrange_help(error: clap::Error, arguments: &[OsString]) -> clap::Error {
    if error.kind() != ErrorKind::DisplayHelp {
        return error;
    }
    let is_long = words_before_dashes(arguments).any(|word| word == "--help");
    let help = help::arrange_help(is_long).try_get_matches_from(arguments);
    help.err().unwrap_or(error)
}

/// Prints what the user asked for: a help page or the version.
pub(super) fn print_help(context: &Context, text: &StyledStr) -> ExitCode {
    match context.stdout.help(&text.ansi().to_string()) {
        Ok(()) => ExitCode::Success,
        Err(error) => print_error(&context.stderr, &error.into()),
    }
}

/// Reports a wrong line: nothing ran.
pub(super) fn refuse(context: &Context, error: &CommandError, arguments: &[OsString]) -> ExitCode {
    record(context, error, arguments);
    print_error(&context.stderr, error)
}

/// Prints the error of a command, and returns its exit code.
pub(crate) fn print_error(stderr: &Stderr, error: &CommandError) -> ExitCode {
    error.print(stderr);
    error.code
}

/// Prints the record of a wrong line, if requested. If printing fails, the exit code still shows the outcome.
fn record(context: &Context, error: &CommandError, arguments: &[OsString]) {
    let is_run = context.stdout.command.as_deref() == Some("run");
    let command = match context.stdout.command.as_deref() {
        Some("send") => "send",
        Some("flow-message") => "flow-message",
        _ if is_run => "run",
        _ => return context.stdout.outcome(error.code, Some(&error.into())),
    };
    let mut record = Record {
        command: command.into(),
        dry_run: context.mode != Mode::Send,
        error: Some(error.into()),
        ..Record::default()
    };
    record.end(error.code);
    let file = is_run.then(|| value_of(arguments, "--record")).flatten();
    match file {
        Some(path) => write_refusal(context, path.as_ref(), &record),
        None if context.stdout.format == Format::Record => {
            let _ = context.stdout.json(&record);
        }
        None => {}
    }
}

/// Prints the help for `jelouctl` without a command. With flags it prints an error, because a
/// script would mistake help for success.
pub(crate) fn help(context: &Context, arguments: &[OsString]) -> ExitCode {
    if arguments.len() > 1 {
        let hint = msg!("to list the commands: jelouctl --help");
        let problem = needs("`jelouctl`", &["COMMAND".to_owned()]);
        return refuse(context, &UsageError::new(problem, hint).into(), arguments);
    }
    print_help(context, &help::arrange_help(false).render_help())
}

/// Returns the command line for `help [COMMAND]`.
pub(super) fn asked_for_help(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    (string(error, ContextKind::InvalidSubcommand)? == "help").then_some(())?;
    let others = arguments.iter().filter(|word| *word != "help").cloned();
    let others = others.take_while(|word| word != "--");
    Some(others.chain(["--help".into()]).collect())
}

/// Returns whether the line is `help options`, which prints its own page.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    string(error, ContextKind::InvalidSubcommand) == Some("options")
        && arguments.iter().any(|word| word == "--help")
}
