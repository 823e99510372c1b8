//! What clap answers in place of a command: help and version, or an error of usage.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{guesses, help};
use crate::commands::CommandError;
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
    let mut error = arranged(error, arguments);
    if !error.use_stderr() {
        return match taken_for_help(arguments) {
            Some(error) => refuse(context, error),
            None => print_help(context, &error.render()),
        };
    }
    if let Some(error) = guesses::meant(&error, arguments) {
        return refuse(context, error);
    }
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let value = error.get(ContextKind::InvalidValue).map(ToString::to_string).unwrap_or_default();
    let flag = argument.split(' ').next().unwrap_or_default();
    let is_hidden = flag == "--client-id" || may_hold_secret(flag, &value);
    drop_tip_to_send_the_flag(&mut error);
    drop_tip_of_another_command(&mut error);
    let visible: Vec<_> =
        error.context().filter_map(|(kind, value)| Some((kind, visible(kind, value, is_hidden)?))).collect();
    for (kind, value) in visible {
        error.insert(kind, value);
    }
    let text = error.render();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        stderr.usage(&text.ansi().to_string());
        record(stdout, "a subcommand is missing", None);
        return ExitCode::Usage;
    }
    refuse(context, in_two_lines(&error, &text.to_string()))
}

/// clap's error, of which `text` has several lines, as a message and a hint: its tip, else the usage.
fn in_two_lines(error: &clap::Error, text: &str) -> UsageError {
    let message: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let message = message.join(" ");
    let message = message.trim_start_matches("error: ");
    let message = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            format!("{} {} missing", missing.join(", "), if missing.len() == 1 { "is" } else { "are" })
        }
        (ErrorKind::MissingSubcommand, _) => "a subcommand is missing".to_owned(),
        _ => message.to_owned(),
    };
    let line_after = |start: &str| text.lines().find_map(|line| line.trim().strip_prefix(start));
    if let Some(tip) = line_after("tip: ") {
        return UsageError::new(message, tip);
    }
    // The usage has both.
    if error.kind() == ErrorKind::ArgumentConflict {
        return UsageError::new(message, "leave one of them out");
    }
    match line_after("Usage: ") {
        Some(usage) => UsageError::new(message, format!("the usage is {usage}")),
        None => UsageError::new(message, "--help lists the flags and their values"),
    }
}

/// For an unknown flag, clap suggests sending its name as a text, which is hardly ever meant.
fn drop_tip_to_send_the_flag(error: &mut clap::Error) {
    if error.get(ContextKind::InvalidArg).is_some_and(|flag| flag.to_string().starts_with("--"))
        && let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested)
    {
        let tips: Vec<_> = tips.iter().filter(|tip| !tip.to_string().contains(" as a value, use ")).cloned().collect();
        if tips.is_empty() {
            error.remove(ContextKind::Suggested);
        } else {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
}

/// clap takes `move` for `remove`. A command that sends or ends something is proposed only for its own name, misspelt.
fn drop_tip_of_another_command(error: &mut clap::Error) {
    let typed = error.get(ContextKind::InvalidSubcommand).map(ToString::to_string).unwrap_or_default();
    let is_far = |name: &String| {
        ["resume", "cancel", "remove"].contains(&name.as_str()) && strsim::osa_distance(name, &typed) > 1
    };
    if let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) {
        let near: Vec<_> = names.iter().filter(|name| !is_far(name)).cloned().collect();
        if near.is_empty() {
            error.remove(ContextKind::SuggestedSubcommand);
        } else {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(near));
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
    stderr.error(&error.message(), &error.details, error.hint.as_deref());
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

/// clap finds an `-h` in a text such as `-hola` or `-vh`, and a script would take the help for a success. A flag for help is a
/// word of its own.
fn taken_for_help(arguments: &[OsString]) -> Option<UsageError> {
    let words: Vec<_> =
        arguments.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--").collect();
    if words.iter().any(|word| ["-h", "--help", "-V", "--version"].contains(&word.as_ref())) {
        return None;
    }
    let text = words.iter().rfind(|word| word.starts_with('-') && word.contains(['h', 'V']))?;
    Some(UsageError {
        message: format!("`{text}` begins with a dash, as flags do"),
        hint: "write -- before a text that begins with a dash; help is -h or --help".to_owned(),
    })
}

/// Whether `value` may hold a secret, given to `flag`.
fn may_hold_secret(flag: &str, value: &str) -> bool {
    match flag {
        "--client-secret" | "--secret" | "--password" => true,
        "--client-id" => value.contains(':'),
        "--api-url" | "--ledger" => !is_plain_address(value),
        _ => false,
    }
}

/// Whether `value` is only the address of a host, which has no room for a secret.
fn is_plain_address(value: &str) -> bool {
    let (host, port) =
        value.rsplit_once("://").map_or(value, |(_, address)| address).rsplit_once(':').unwrap_or((value, "0"));
    let is_host = host.contains('.') || host == "localhost" || value.contains("://");
    is_host && !value.contains(['@', '?', '#']) && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// A part of an error as one line, since it may come from the command line.
fn visible(kind: ContextKind, value: &ContextValue, is_hidden: bool) -> Option<ContextValue> {
    let line = |text: &str| one_line(text).into_owned();
    let short = |text: &str| match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", line(text.get(..end).unwrap_or_default())),
        None => line(text),
    };
    match value {
        ContextValue::String(_) if is_hidden && kind == ContextKind::InvalidValue => {
            Some(ContextValue::String("(not shown)".to_owned()))
        }
        ContextValue::String(text) => Some(ContextValue::String(short(text))),
        ContextValue::Strings(texts) => Some(ContextValue::Strings(texts.iter().map(|text| line(text)).collect())),
        ContextValue::StyledStrs(texts) => {
            Some(ContextValue::StyledStrs(texts.iter().map(|text| line(&text.to_string()).into()).collect()))
        }
        // clap's own words; the usage has several lines.
        _ => None,
    }
}
