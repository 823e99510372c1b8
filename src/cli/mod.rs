//! What is typed: the command line as clap structs, turned into plain values before anything else sees it.

mod app;
mod global;
mod profile;
mod send;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use self::app::{App, Command};
use crate::commands::{self, UsageError};
use crate::exit::ExitCode;

/// Runs the command in `arguments`.
pub fn run(arguments: &[OsString]) -> ExitCode {
    match App::try_parse_from(arguments) {
        Err(error) => commands::usage::report(&error, arguments),
        Ok(app) => dispatch(app),
    }
}

fn dispatch(app: App) -> ExitCode {
    let mut context = app.global.context(std::env::var_os("CI").is_some());
    let ended = match app.command {
        Some(Command::Send(command)) => return commands::send::run(&mut context, &command.into()),
        Some(Command::FlowMessage(command)) => return commands::send::run(&mut context, &command.into()),
        Some(Command::Profile(action)) => commands::profile::run(&mut context, action.into()),
        Some(Command::Completions { shell }) => commands::completions::run(&context, App::command(), shell),
        Some(Command::Man { dir }) => commands::man::run(&context, App::command(), dir.as_deref()),
        Some(Command::Login { .. }) => Err(UsageError {
            message: "there is no login: credentials are kept in a profile".to_owned(),
            hint: "jelouctl profile set NAME --bot BOT --client-id ID --client-secret-file FILE".to_owned(),
        }
        .into()),
        None => return commands::usage::help(App::command()),
    };
    ended.unwrap_or_else(|error| commands::fail(&context, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_has_a_flag_of_a_globals_name() {
        App::command().debug_assert();
    }
}
