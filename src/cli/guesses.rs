//! First guesses: lines that people type before they have read any help. Each is answered with the line to type.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::app::Command;
use crate::commands::bulk::BulkCommand;
use crate::context::UsageError;
use crate::message::Message;

const EXAMPLE: &str = "jelouctl send text --to 593987654321 \"Hola\"";

/// Flags of `bulk resume` that hold for all processes which send a run.
const OF_THE_RUN: [&str; 8] =
    ["--rate", "--between", "--not-on", "--time-zone", "--keep-going", "--again", "--skip-sent", "--ignore-run"];

/// Bytes of the longest text that is written into a line.
const LONGEST: usize = 200;

/// The line that `help [COMMAND]` stands for.
pub(super) fn asked_for_help(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let help = arguments.iter().position(|word| word == "help")?;
    (unknown_command(error)? == "help").then_some(())?;
    let others = arguments.iter().enumerate().filter(|(index, _)| *index != help).map(|(_, word)| word);
    let others = others.take_while(|word| *word != "--").flat_map(|word| match word.to_str() {
        Some(name) => page(name).split(' ').map(OsString::from).collect(),
        None => vec![word.clone()],
    });
    Some(others.chain(["--help".into()]).collect())
}

/// The command that the manual page `name` is about: `send-text` is `send text`.
fn page(name: &str) -> String {
    const WITH_COMMANDS: [&str; 5] = ["send", "bulk", "messages", "profile", "ledger"];
    let name = name.strip_prefix("jelouctl-").unwrap_or(name);
    match name.split_once('-') {
        Some((command, rest)) if WITH_COMMANDS.contains(&command) => format!("{command} {}", page_of_kind(rest)),
        _ => name.to_owned(),
    }
}

/// `send-text` of `bulk-send-text`; a kind may have dashes itself.
fn page_of_kind(rest: &str) -> String {
    rest.strip_prefix("send-").map_or_else(|| rest.to_owned(), |kind| format!("send {kind}"))
}

/// Whether the line is `help options`, which is a page of its own.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    unknown_command(error) == Some("options") && arguments.iter().any(|word| word == "--help")
}

/// What is meant by a line that is wrong.
pub(super) fn meant(error: &clap::Error, arguments: &[OsString]) -> Option<UsageError> {
    let words: Vec<_> = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match (unknown_command(error), unknown_argument(error)) {
        (Some(word), _) => instead_of_command(word, &words),
        (None, Some(word)) => instead_of_argument(word, &words),
        (None, None) => instead_of_value(error),
    }
}

fn instead_of_value(error: &clap::Error) -> Option<UsageError> {
    let text = |kind| error.get(kind).map(ToString::to_string);
    let is_output = text(ContextKind::InvalidArg)?.starts_with("--output");
    let is_json = text(ContextKind::InvalidValue)?.eq_ignore_ascii_case("json");
    (is_output && is_json).then(|| {
        let hint = "-o record prints one JSON object, also on failure; without -o the API's own JSON is printed";
        UsageError::new("`json` is not a value of --output", hint)
    })
}

/// A text that is a lone dash stands for standard input with other tools; one that is meant stands behind `--`.
pub(super) fn lone_dash(command: Option<&Command>, arguments: &[OsString]) -> Option<UsageError> {
    let message = match command? {
        Command::Send(args) => &args.typed.message,
        Command::Bulk(BulkCommand::Send(args)) => &args.typed.message,
        _ => return None,
    };
    let before = arguments.iter().rposition(|word| word == "-").and_then(|dash| arguments.get(..dash))?;
    let is_meant = before.iter().any(|word| word == "--");
    (message.has_text("-") && !is_meant).then(|| {
        UsageError::new(
            "the text is a lone `-`",
            "to read the text from standard input: --text-file -; to send a dash: -- -",
        )
    })
}

fn unknown_command(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) => Some(word),
        _ => None,
    }
}

fn unknown_argument(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(word) if error.kind() == ErrorKind::UnknownArgument => Some(word),
        _ => None,
    }
}

fn instead_of_command(word: &str, words: &[String]) -> Option<UsageError> {
    let is_of_send = words.first().is_some_and(|first| first == "send");
    let (problem, line) = match word {
        // Other tools log in; here credentials are kept.
        "login" | "auth" | "init" | "configure" | "config" | "setup" => (
            format!("there is no `{word}`: credentials are kept in a profile"),
            "jelouctl profile set NAME --bot BOT --client-id ID --client-secret-file FILE".to_owned(),
        ),
        "version" => ("there is no `version`: it is a flag".to_owned(), "jelouctl --version".to_owned()),
        "message" | "messages" | "msg" | "sms" | "whatsapp" | "notify" => {
            (format!("there is no `{word}`: `send` sends a message"), EXAMPLE.to_owned())
        }
        kind if !is_of_send && Message::named(kind).is_some() => {
            (format!("`{kind}` is a kind of message"), format!("jelouctl send {kind} --help"))
        }
        file if words.first().is_some_and(|first| first == "bulk") && file.contains('.') => (
            "`bulk` needs a command before the list".to_owned(),
            format!(
                "jelouctl bulk send {}",
                words.get(1..)?.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            ),
        ),
        number if is_of_send && is_number(number) => {
            ("the recipient is given with --to, after the kind".to_owned(), text_line(words.get(1..)?))
        }
        _ => return None,
    };
    Some(UsageError::new(problem, line))
}

fn instead_of_argument(word: &str, words: &[String]) -> Option<UsageError> {
    let (problem, line) = match words {
        [bulk, command, ..] if bulk == "bulk" && command == "work" && OF_THE_RUN.contains(&word) => (
            format!("`bulk work` takes no {word}: all who send a run share it"),
            format!("a person changes it for all of them: jelouctl bulk resume RUN {word} …"),
        ),
        [first, ..] if first == "api" && ["-X", "--method", "--request"].contains(&word) => {
            ("`api` takes the method as its first word".to_owned(), "jelouctl api POST PATH".to_owned())
        }
        [first, ..] if first == "api" && ["-d", "--data", "--body"].contains(&word) => (
            format!("`api` takes no {word}"),
            "give the body as fields, -f KEY=TEXT and -F KEY=JSON, or as a file with --input FILE".to_owned(),
        ),
        [first, ..] if first == "man" => (format!("`man` takes no `{word}`"), format!("jelouctl help {word}")),
        // Where a kind is among them, the parser says how to order them.
        [send, rest @ ..]
            if send == "send" && word == "--to" && !rest.iter().any(|word| Message::named(word).is_some()) =>
        {
            ("the kind of message comes before its flags".to_owned(), text_line(rest))
        }
        [send, kind, rest @ ..] if send == "send" && kind == "text" && !word.starts_with('-') => {
            let is_number_first = rest.first().is_some_and(|first| is_number(first));
            let problem =
                if is_number_first { "the recipient is given with --to" } else { "a text is one argument, in quotes" };
            (problem.to_owned(), text_line(rest))
        }
        [send, kind, rest @ ..] if send == "send" && !word.starts_with('-') => {
            (format!("`send {kind}` takes no `{word}` by itself"), flags_line(kind, rest)?)
        }
        [send, kind, rest @ ..] if send == "send" && ["--phone", "-t", "--number", "--recipient"].contains(&word) => {
            let rest = with_flag(rest, word, "--to");
            (format!("the recipient is given with --to, not {word}"), line(&["send", kind], &rest))
        }
        [send, kind, rest @ ..] if send == "send" && ["--json", "-d", "--data"].contains(&word) => {
            let rest = with_flag(rest, word, "--body");
            (format!("a body is given with --body, not {word}"), line(&["send", kind], &rest))
        }
        [send, kind, rest @ ..]
            if send == "send" && kind == "text" && ["--message", "--msg", "-m", "--body-text"].contains(&word) =>
        {
            let rest = with_flag(rest, word, "--text");
            (format!("the text is an argument by itself, or --text, not {word}"), line(&["send", kind], &rest))
        }
        [bulk, send, ..] if bulk == "bulk" && send == "send" && ["--message", "--text", "-m"].contains(&word) => (
            "`bulk send` takes the kind of message behind the list".to_owned(),
            "jelouctl bulk send people.csv text 'Hola {{ nombre }}'".to_owned(),
        ),
        _ => return None,
    };
    Some(UsageError::new(problem, line))
}

/// The line that sends the text in `words`, of which one may be the recipient; an example where it is not plain what they
/// are, or where quotes would not hold the text together.
fn text_line(words: &[String]) -> String {
    let (mut to, mut text) = (None, Vec::new());
    let mut words = words.iter().filter(|word| *word != "--");
    while let Some(word) = words.next() {
        match word.strip_prefix("--to") {
            Some("") => to = words.next().cloned(),
            Some(value) if value.starts_with('=') => to = value.strip_prefix('=').map(str::to_owned),
            _ if to.is_none() && is_number(word) => to = Some(word.clone()),
            _ => text.push(word.as_str()),
        }
    }
    let text = text.join(" ");
    let is_plain = |text: &str| (1..=LONGEST).contains(&text.len()) && !text.contains(['"', '$', '`', '\\', '!', '-']);
    match to {
        Some(to) if is_number(&to) && is_plain(&text) => format!("jelouctl send text --to {to} \"{text}\""),
        _ => EXAMPLE.to_owned(),
    }
}

/// `words` with the flag `wrong` written as `right`.
fn with_flag(words: &[String], wrong: &str, right: &str) -> Vec<String> {
    let renamed = |word: &String| match word.strip_prefix(wrong) {
        Some(rest) if rest.is_empty() || rest.starts_with('=') => format!("{right}{rest}"),
        _ => word.clone(),
    };
    words.iter().map(renamed).collect()
}

/// What stands in a line for a person who wrote words by themselves: a number is the recipient, an address the medium.
fn flags_line(kind: &str, words: &[String]) -> Option<String> {
    let has_medium = ["image", "audio", "video", "file", "sticker"].contains(&kind);
    let mut before = "";
    let mut line_words = Vec::new();
    for word in words {
        let is_value = before.starts_with("--") && !["--sandbox", "--dry-run", "--curl", "--strict"].contains(&before);
        match word.as_str() {
            number if !is_value && is_number(number) => line_words.extend(["--to".to_owned(), number.to_owned()]),
            url if !is_value && has_medium && url.contains("://") => {
                line_words.extend(["--media-url".to_owned(), url.to_owned()]);
            }
            word if !is_value && !word.starts_with('-') => return None,
            word => line_words.push(word.to_owned()),
        }
        before = word;
    }
    Some(line(&["send", kind], &line_words))
}

fn line(command: &[&str], words: &[String]) -> String {
    let words = words.iter().map(|word| quoted(word));
    std::iter::once("jelouctl".to_owned())
        .chain(command.iter().map(ToString::to_string))
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a shell takes it; `…` where it is long or has what quotes do not hold.
fn quoted(word: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_.,:/@=+".contains(one);
    match word {
        word if word.len() > LONGEST || word.contains(['\'', '!', '\n', '\r']) => "…".to_owned(),
        word if !word.is_empty() && word.chars().all(is_plain) => word.to_owned(),
        word => format!("'{word}'"),
    }
}

/// Whether somebody takes it for a phone number, in one word.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('+').unwrap_or(word);
    digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit())
}
