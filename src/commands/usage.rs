//! What clap answers in place of a command: help and version, or an error of usage.

use std::ffi::OsString;

use crate::exit::ExitCode;
use crate::output::{Output, one_line};

/// Prints what `error` says. `arguments` are the command line: what stands in it is shown on one line.
pub fn report(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Err(failed) if failed.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::Unexpected,
            _ => ExitCode::Success,
        };
    }
    let mut text = error.render().ansi().to_string();
    for argument in arguments.iter().map(|argument| argument.to_string_lossy()) {
        for part in [argument.split_once('=').map(|(_, value)| value), Some(&*argument)].into_iter().flatten() {
            let shown = shown(part);
            if shown != part {
                text = text.replace(part, &shown);
            }
        }
    }
    Output::default().usage(&text);
    ExitCode::Usage
}

/// What `jelouctl` alone says.
pub fn help(mut app: clap::Command) -> ExitCode {
    // A closed pipe is no error, and nothing was asked for that could fail.
    let _ = app.print_help();
    ExitCode::Success
}

/// An argument on one line, and without the password where it is a URL with one.
fn shown(argument: &str) -> String {
    let argument = one_line(argument);
    let user_info =
        argument.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map(|(user_info, _)| user_info);
    match user_info {
        Some(user_info) if !user_info.is_empty() => argument.replace(user_info, "(redacted)"),
        _ => argument.into_owned(),
    }
}
