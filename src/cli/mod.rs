//! The command line: finds the command and runs it, or prints help.

mod app;
mod complete;
mod help;
mod hints;
mod lang;
mod line;
mod parser_error;
mod usage;
mod wrong_line;

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::ErrorKind;

use self::app::{App, Command};
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Lang, msg};
use crate::base::output::{Color, Format, RecordError, Stdout, set_flags};
use crate::commands;
use crate::commands::bulk::BulkCommand;
use crate::commands::messages::MessagesCommand;
use crate::commands::once::OnceCommand;
use crate::commands::profile::ProfileCommand;
use crate::sender::config::LedgerDatabase;
use crate::sender::context::{Context, Mode};

/// Runs the command in `arguments`.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    if let Some(code) = complete::answer(arguments) {
        return code;
    }
    match app::parse(arguments) {
        Ok(app) => dispatch(app, arguments),
        // Building all commands to read the language and the format would take three times as long.
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            usage::print_help(&Context::default(), &error.render())
        }
        Err(error) => match usage::asked_for_help(&error, arguments) {
            Some(arguments) => run(&arguments),
            None => usage::report(&readable_context(arguments), error, arguments),
        },
    }
}

fn dispatch(app: App, arguments: &[OsString]) -> ExitCode {
    let mut context = app.global.context(std::env::var_os("CI").is_some());
    context.set_lang(lang::choose_lang(
        lang::typed_lang(app.command.as_ref()),
        &context.flags,
    ));
    set_flags(
        context.flags.config.as_deref(),
        LedgerDatabase::typed_url(&context.flags),
        context.flags.profile.as_deref(),
    );
    context.stdout.command = app.name;
    let is_list = matches!(app.command, Some(Command::Bulk(BulkCommand::Send(_))));
    if is_list {
        context.typed_line = line::line_of_list(&App::command(), arguments);
    }
    let checked = usage::misread(app.command.as_ref(), arguments);
    if let Err(error) = checked.map_or_else(|| check(&mut context, app.command.as_ref()), Err) {
        return usage::refuse(&context, &error.into(), arguments);
    }
    let has_record = app.command.as_ref().is_some_and(has_record);
    let is_change = app.command.as_ref().is_some_and(is_change);
    let ended = match app.command {
        Some(Command::Send(args)) => return commands::send::run(&mut context, &args.typed),
        Some(Command::FlowMessage(args)) => return commands::send::run(&mut context, &args.typed),
        Some(Command::Templates(args)) => commands::templates::run(&mut context, args),
        Some(Command::Messages(command)) => commands::messages::run(&mut context, command),
        Some(Command::Once(command)) => commands::once::run(&context, &command),
        Some(Command::Bulk(command)) => commands::bulk::run(&mut context, command),
        Some(Command::Run(args)) => commands::run::run(&mut context, &args),
        Some(Command::Api(typed)) => return commands::api::run(&mut context, &typed),
        Some(Command::Sandbox(args)) => commands::sandbox::run(&mut context, &args),
        Some(Command::Profile(command)) => commands::profile::run(&mut context, command),
        Some(Command::Ledger(command)) => commands::ledger::run(&context, &command),
        Some(Command::Doctor(args)) => commands::doctor::run(&context, &args),
        Some(Command::Explain(args)) => commands::explain::run(&context, &args),
        Some(Command::Schema(args)) => commands::documents::schema(&context, &args),
        Some(Command::Skill) => commands::documents::skill(&context),
        Some(Command::Completions(args)) => commands::documents::completions(&context, &args),
        Some(Command::Man(args)) => commands::documents::man(&context, App::command(), &args),
        None => return usage::help(&context, arguments),
    };
    match ended {
        Err(error) => {
            if has_record {
                let record = RecordError::from(&error);
                context.stdout.outcome(error.code, Some(&record));
            }
            usage::print_error(&context.stderr, &error)
        }
        Ok(code) => {
            if is_change {
                context.stdout.outcome(code, None);
            }
            code
        }
    }
}

/// Returns whether the command may print its record on standard output. The output of `run` and
/// `sandbox` belongs to the command that they run.
fn has_record(command: &Command) -> bool {
    !matches!(command, Command::Run(_) | Command::Sandbox(_))
}

/// Returns whether the command changes something on this machine and prints no other result.
fn is_change(command: &Command) -> bool {
    match command {
        Command::Profile(command) => {
            !matches!(command, ProfileCommand::List | ProfileCommand::Show { .. })
        }
        Command::Ledger(_) => true,
        Command::Once(command) => !matches!(command, OnceCommand::List | OnceCommand::Show { .. }),
        Command::Bulk(command) => command.is_change(),
        _ => false,
    }
}

/// Refuses global flags that do not apply to the command or that conflict with each other.
fn check(context: &mut Context, command: Option<&Command>) -> Result<(), UsageError> {
    let lists_recipients = matches!(
        command,
        Some(Command::Messages(MessagesCommand::List(_)) | Command::Bulk(BulkCommand::Report(_)))
    );
    let prints_report = matches!(
        command,
        Some(Command::Bulk(BulkCommand::Report(args))) if args.is_printed()
    );
    match context.stdout.format {
        Format::Id | Format::Record if prints_report => Err(UsageError::new(
            msg!("-o id, -o record: standard output gets the report"),
            msg!(
                "to choose its format: --format csv, ndjson, xlsx or html; for a record: --file FILE"
            ),
        )),
        Format::To if !lists_recipients => Err(UsageError::new(
            msg!("-o to: this command lists no recipients"),
            msg!("use -o response, id, record or none"),
        )),
        Format::Id if context.mode != Mode::Send => Err(UsageError::new(
            msg!("-o id: --dry-run and --curl send nothing, so there is no id"),
            msg!("remove -o id, --dry-run or --curl"),
        )),
        _ if context.flags.layer.has_stdin("client_secret_file") => {
            context.input.claim_stdin("--client-secret-file")
        }
        _ => Ok(()),
    }
}

/// Reads enough of a wrong line to report the error in the requested format. clap stops at the first error, even if it
/// is set to ignore errors, and does not see the rest.
fn readable_context(arguments: &[OsString]) -> Context {
    let words: Vec<_> = line::words_before_dashes(arguments).collect();
    let line = words.join(" ").replace('=', " ") + " ";
    let asks_for = |flag: &str| line.contains(&format!(" {flag} "));
    let flags = ["-o record", "-orecord", "--output record"];
    let format = flags.into_iter().any(asks_for).then_some(Format::Record);
    let mode = if asks_for("--dry-run") {
        Mode::DryRun
    } else {
        Mode::Send
    };
    let mut context = Context {
        mode,
        stdout: Stdout::new(format, Color::Auto),
        ..Context::default()
    };
    context.stdout.command = line::command_name(arguments);
    // Only commands of `bulk` have it, and not those of a template, which has --language.
    let (_, of_bulk) = line.split_once(" bulk ").unwrap_or_default();
    let (of_bulk, _) = of_bulk.split_once(" template ").unwrap_or((of_bulk, ""));
    let langs = [(" --lang es ", Lang::Es), (" --lang en ", Lang::En)];
    let typed = langs.into_iter().find(|(flag, _)| of_bulk.contains(flag));
    let typed = typed.map(|(_, lang)| lang);
    context.set_lang(lang::choose_lang(typed, &context.flags));
    context
}

#[cfg(test)]
mod tests;
