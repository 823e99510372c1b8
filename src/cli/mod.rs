//! What is typed: the command line as clap structs, turned into plain values before anything else sees it.

mod app;
mod bulk;
mod complete;
mod global;
mod profile;
mod run;
mod sandbox;
mod send;
mod templates;
mod usage;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser};

use self::app::{App, Command};
use self::global::GlobalFlags;
use crate::commands;
use crate::context::Context;
use crate::exit::ExitCode;

/// Runs the command in `arguments`.
pub fn run(arguments: &[OsString]) -> ExitCode {
    if let Some(code) = complete::answer(arguments) {
        return code;
    }
    match App::try_parse_from(arguments) {
        Ok(app) => dispatch(app),
        Err(error) => usage::report(&readable_context(arguments), error, arguments),
    }
}

fn dispatch(app: App) -> ExitCode {
    let mut context = app.global.context(std::env::var_os("CI").is_some());
    let ended = match app.command {
        Some(Command::Send(command)) => return commands::send::run(&mut context, &command.into()),
        Some(Command::FlowMessage(command)) => return commands::send::run(&mut context, &command.into()),
        Some(Command::Templates(command)) => commands::templates::run(&mut context, &command.into()),
        Some(Command::Bulk(action)) => commands::bulk::run(&mut context, action.into()),
        Some(Command::Run(command)) => commands::run::run(&mut context, &command.into()),
        Some(Command::Sandbox(command)) => commands::sandbox::run(&mut context, &command.into()),
        Some(Command::Profile(action)) => commands::profile::run(&mut context, action.into()),
        Some(Command::Doctor { offline }) => commands::doctor::run(&context, offline),
        Some(Command::Explain { topic }) => commands::explain::run(&context, topic.as_deref()),
        Some(Command::Schema { name, dir }) => commands::schema::run(&context, name.as_deref(), dir.as_deref()),
        Some(Command::Completions { shell, dynamic }) => {
            commands::completions::run(&context, App::command(), shell, dynamic)
        }
        Some(Command::Man { dir }) => commands::man::run(&context, App::command(), dir.as_deref()),
        None => usage::help(&context, App::command()),
    };
    ended.unwrap_or_else(|error| usage::print_error(&context.output, &error))
}

/// What can be read of a line that is wrong: enough to say so in the form and colour that it asks for.
fn readable_context(arguments: &[OsString]) -> Context {
    let matches = App::command().ignore_errors(true).try_get_matches_from(arguments).unwrap_or_default();
    GlobalFlags::from_arg_matches(&matches).map(|flags| flags.context(true)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
