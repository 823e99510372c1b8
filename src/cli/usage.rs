//! Handles clap's results that are not a command: help, the version, and usage errors with a suggestion. Also finds lines
//! that the parser accepts, but reads in another way than they were meant.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ErrorKind};

use super::app::{self, App};
use super::help;
use super::line::{path_of, read_line, value_of, words_before_dashes};
use super::parser_error::{in_our_words, needs, string};
use super::wrong_line::WrongLine;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::output::{Format, Record, Stderr};
use crate::command_error::CommandError;
use crate::commands::bulk::BulkCommand;
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
    let sends_notification = is_run && context.mode == Mode::Send;
    let file = sends_notification
        .then(|| value_of(arguments, "--record"))
        .flatten();
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
fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    string(error, ContextKind::InvalidSubcommand) == Some("options")
        && arguments.iter().any(|word| word == "--help")
}

/// Returns the error for a text that was probably meant as something else.
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
    if message.text() == Some("-") && words_before_dashes(arguments).any(|word| word == "-") {
        let hint =
            msg!("to read the text from standard input: --text-file -; to send a dash: -- -");
        return Some(UsageError::new(msg!("the text is a lone `-`"), hint));
    }
    text_with_dash(arguments, false)
}

/// Returns the error for a text that begins with `-`, such as `'-oferta del día'`: its first letters are read as flags. It
/// can also be `-hola`, which prints help, and a script would mistake help for success. A real help flag is a separate
/// word.
fn text_with_dash(arguments: &[OsString], is_help: bool) -> Option<UsageError> {
    let words: Vec<_> = words_before_dashes(arguments).collect();
    let is_text = |pair: &[String]| {
        let [before, word] = pair else { return false };
        let is_value = before.starts_with('-') && !before.contains('=');
        let is_short = word.starts_with('-') && !word.starts_with("--");
        !is_value && is_short && word.contains(' ') && !word.contains('=')
    };
    let is_help_flag = |word: &String| ["-h", "--help", "-V", "--version"].contains(&word.as_str());
    let is_misread = if is_help {
        !words.iter().any(is_help_flag)
    } else {
        words.windows(2).any(is_text)
    };
    is_misread.then(|| {
        let hint = msg!("to send a text with a dash: -- '-5 % hoy'; to show help: --help");
        UsageError::new(msg!("the text starts with a dash, like a flag"), hint)
    })
}
