//! First guesses: lines that people type before they have read any help. Each is answered with the line to type.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::app::Command;
use super::typed_line::{RENAMED, TypedLine, has_flag, line_of};
use super::{list_guesses, typography};
use crate::commands::bulk::BulkCommand;
use crate::context::UsageError;
use crate::message::{Message, TypedRecipient};

const SEVERAL: &str = "to send to several people: jelouctl bulk send LIST text 'Hola'";

/// It has no real recipient, so that pasting it sends nothing.
const EXAMPLE: &str = "jelouctl send text --to NUMBER 'Hola'";

const OF_JSON: &str = "-o record prints one JSON object, also on failure; without -o the API's own JSON is printed";

const NEW_PROFILE: &str = "jelouctl profile set NAME --bot BOT --client-id ID";

/// Flags of `bulk resume` that hold for all processes which send a run.
const OF_THE_RUN: [&str; 8] =
    ["--rate", "--between", "--not-on", "--time-zone", "--keep-going", "--again", "--skip-sent", "--ignore-run"];

/// The command line that `help [COMMAND]` means.
pub(super) fn asked_for_help(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let help = arguments.iter().position(|word| word == "help")?;
    (unknown_command(error)? == "help").then_some(())?;
    let others = arguments.iter().enumerate().filter(|(index, _)| *index != help).map(|(_, word)| word);
    let others = others.take_while(|word| *word != "--").cloned();
    Some(others.chain(["--help".into()]).collect())
}

/// Whether the line is `help options`, which has a page of its own.
pub(super) fn asks_for_options(error: &clap::Error, arguments: &[OsString]) -> bool {
    unknown_command(error) == Some("options") && arguments.iter().any(|word| word == "--help")
}

/// What was probably meant by a wrong line.
pub(super) fn meant(error: &clap::Error, arguments: &[OsString]) -> Option<UsageError> {
    let words: Vec<_> = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(error) = typography::meant(&words) {
        return Some(error);
    }
    let line = TypedLine::read(arguments);
    let unknown = unknown_argument(error);
    if let Some(error) = unknown.and_then(|word| flag_of_other_tools(word, &line)) {
        return Some(error);
    }
    let corrected = RENAMED.iter().fold(line.clone(), |line, (wrong, right)| line.renamed(wrong, right));
    if let Some(error) = list_guesses::meant(error, unknown, corrected, &words) {
        return Some(error);
    }
    match (unknown_command(error), unknown) {
        (Some(word), _) => {
            let is_misspelt = error.get(ContextKind::SuggestedSubcommand).is_some();
            instead_of_command(word, is_misspelt, line, &words)
        }
        (None, Some(word)) => instead_of_argument(word, line, &words),
        (None, None) => instead_of_value(error),
    }
}

fn instead_of_value(error: &clap::Error) -> Option<UsageError> {
    if error.kind() == ErrorKind::MissingRequiredArgument
        && let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg)
    {
        let is_missing = |name: &str| missing.iter().any(|missing| missing == name);
        if is_missing("<SHELL>") {
            return Some(UsageError::new(
                "a shell is missing",
                "jelouctl completions bash, or elvish, fish, powershell or zsh",
            ));
        }
        // The method may be left out, and then the path is in its place.
        if is_missing("<METHOD|PATH>") {
            return Some(UsageError::new(
                "the path is missing",
                "jelouctl api '/v1/bots/{bot}/…', or jelouctl api POST PATH",
            ));
        }
    }
    let text = |kind| error.get(kind).map(ToString::to_string);
    let argument = text(ContextKind::InvalidArg)?;
    if error.kind() == ErrorKind::ArgumentConflict && argument.starts_with("--to ") {
        let is_again = text(ContextKind::PriorArg).is_none_or(|prior| prior == argument);
        return is_again.then(|| UsageError::new("a message goes to one recipient", SEVERAL));
    }
    let is_output = argument.starts_with("--output");
    let is_json = text(ContextKind::InvalidValue)?.eq_ignore_ascii_case("json");
    (is_output && is_json).then(|| UsageError::new("`json` is not a value of --output", OF_JSON))
}

/// Other tools read standard input for a text that is a lone dash; to send one, it comes after `--`.
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

/// A flag of other tools that is called otherwise here, or does not exist.
fn flag_of_other_tools(word: &str, line: &TypedLine) -> Option<UsageError> {
    let commands: Vec<_> = line.commands.iter().map(String::as_str).collect();
    let is_body = |value: &str| value.starts_with(['{', '@']) || has_ending(value, "json");
    let hint = match (word, commands.as_slice()) {
        ("--json" | "--format" | "--output-format", ["bulk", command, ..]) if *command != "send" => return None,
        ("--json", _) if !line.value_of(word).is_some_and(is_body) => OF_JSON,
        ("--format" | "--output-format", _) => OF_JSON,
        ("--where" | "--filter", ["bulk", "send", ..]) => {
            "filter the sheet, save it, and add --hidden skip; or name the people to leave out: --exclude FILE"
        }
        ("--schedule" | "--at" | "--send-at", ["bulk", "send", ..]) => {
            "a run starts now, and sends in the hours of --between 'mon-fri 07:00-19:00'"
        }
        ("--idempotency-key" | "--dedupe" | "--key", ["send" | "run", ..] | ["bulk", "send", ..]) => {
            "--once KEY sends each person at most one message under this key"
        }
        ("--resume", ["bulk", "send", ..]) => "to continue a run: jelouctl bulk resume RUN",
        ("--name", ["bulk", "send", kinds @ ..]) if !kinds.iter().any(|kind| has_flag(kind, word)) => {
            "--run NAME names the run"
        }
        ("--delay" | "--sleep", ["bulk", ..]) => "--rate says how fast to send: 5/s, 300/m or 1000/h",
        ("--batch" | "--batch-size", ["bulk", "send", ..]) => {
            "--limit N sends only the first N; --rate says how fast to send"
        }
        ("--retries" | "--retry", ["send" | "run" | "bulk", ..]) => "--retry-for DURATION says how long to try again",
        ("--image" | "--document" | "--video", ["send", "template"] | ["bulk", "send", "template"]) => {
            let kind = word.trim_start_matches('-');
            let hint = format!("the header of a template is given with --type {kind} --media-url URL");
            return Some(UsageError::new(format!("there is no {word}"), hint));
        }
        ("--template", ["bulk", "send", ..]) => {
            "a template is a kind of message: jelouctl bulk send LIST template NAME --param '{{ nombre }}'"
        }
        _ => return None,
    };
    Some(UsageError::new(format!("there is no {word}"), hint))
}

/// `is_misspelt` tells that the parser knows a command that is called almost so.
fn instead_of_command(word: &str, is_misspelt: bool, mut line: TypedLine, words: &[String]) -> Option<UsageError> {
    let commands = line.commands.clone();
    let commands: Vec<_> = commands.iter().map(String::as_str).collect();
    let (problem, line) = match (word, commands.as_slice()) {
        ("add" | "new" | "create", ["profile"]) => {
            (format!("there is no `profile {word}`: `profile set` makes a profile"), NEW_PROFILE.to_owned())
        }
        ("delete" | "rm", ["profile"]) => instead(words, word, &["remove"], "`profile remove` removes a profile")?,
        ("default" | "switch", ["profile"]) => instead(words, word, &["use"], "`profile use` makes it the default")?,
        // Other tools log in; here credentials are kept.
        ("login" | "auth" | "init" | "configure" | "config" | "setup", []) => {
            (format!("there is no `{word}`: credentials are kept in a profile"), NEW_PROFILE.to_owned())
        }
        ("remove" | "delete" | "rm", ["once"]) => instead(words, word, &["forget"], "`once forget` removes a key")?,
        ("runs" | "history" | "logs", []) => instead(words, word, &["bulk", "list"], "`bulk list` lists the runs")?,
        ("profiles", []) => ("there is no `profiles`".to_owned(), "jelouctl profile list".to_owned()),
        ("inbox", []) => ("there is no `inbox`: the sandbox has one".to_owned(), "jelouctl sandbox --open".to_owned()),
        ("version", []) => ("there is no `version`: it is a flag".to_owned(), "jelouctl --version".to_owned()),
        ("message" | "messages" | "msg" | "sms" | "whatsapp" | "notify" | "enviar", [] | ["send"]) => {
            line.words.retain(|other| other != word);
            (format!("there is no `{word}`: `send` sends a message"), as_text(line).1)
        }
        (kind, ["send"]) if Message::named(kind).is_some() => {
            line.words.retain(|other| other != kind);
            ("a kind of message follows `send`".to_owned(), line.with_commands(&["send", kind]).to_line()?)
        }
        ("bulk", ["send"]) => {
            ("`bulk` comes before `send`".to_owned(), "jelouctl bulk send LIST text 'Hola {{ nombre }}'".to_owned())
        }
        (kind, []) if Message::named(kind).is_some() => {
            instead(words, word, &["send", kind], "a kind of message follows `send`")?
        }
        ("pause" | "kill" | "halt", ["bulk"]) => {
            instead(words, word, &["stop"], "`bulk stop` stops a run, which `bulk resume` continues")?
        }
        ("abort", ["bulk"]) => {
            instead(words, word, &["stop"], "`bulk stop` stops a run; `bulk cancel` ends one for good")?
        }
        ("retry", ["bulk"]) => instead(
            words,
            word,
            &["resume"],
            "`bulk resume` continues a run; its failed rows only after `bulk resolve RUN --failed-as pending`",
        )?,
        ("delete" | "rm", ["bulk"]) => instead(words, word, &["remove"], "`bulk remove` removes a run")?,
        ("show" | "info" | "history" | "log" | "logs", ["bulk"]) => {
            instead(words, word, &["status"], "`bulk status` shows a run")?
        }
        ("errors", ["bulk"]) => instead(words, word, &["report"], "`bulk report` has the errors of a run")?,
        ("search" | "who", ["bulk"]) => instead(words, word, &["find"], "`bulk find` finds a person in the runs")?,
        ("watch", ["bulk"]) => {
            instead(words, word, &["deliveries", "--watch"], "`bulk deliveries` watches the messages of a run")?
        }
        ("start" | "run" | "import", ["bulk"]) if line.words.iter().any(|word| list_guesses::is_list(word)) => {
            instead(words, word, &["send"], "`bulk send` sends a list")?
        }
        ("clean" | "prune" | "purge", ["bulk"]) => (
            format!("there is no `bulk {word}`: `bulk remove` removes runs"),
            "jelouctl bulk remove --older-than 90d".to_owned(),
        ),
        ("show" | "status" | "info", ["messages"]) => instead(words, word, &["get"], "`messages get` shows a message")?,
        ("status" | "stop" | "resume" | "cancel" | "report" | "deliveries", []) => {
            instead(words, word, &["bulk", word], "it is a command of `bulk`")?
        }
        ("preview", ["bulk"]) => (
            "there is no `bulk preview`: `bulk send` has --preview".to_owned(),
            "jelouctl bulk send people.csv --preview 3 text 'Hola {{ nombre }}'".to_owned(),
        ),
        (file, ["bulk"]) if file.contains('.') => {
            instead(words, word, &["send", file], "`bulk` needs a command before the list")?
        }
        (_, ["send"]) if !is_misspelt => {
            let (problem, text) = as_text(line);
            (problem.unwrap_or("the kind of message is missing").to_owned(), text)
        }
        _ => return None,
    };
    Some(UsageError::new(problem, line))
}

/// The `problem`, and the line with `others` in place of `word`.
fn instead(words: &[String], word: &str, others: &[&str], problem: &str) -> Option<(String, String)> {
    let at = words.iter().position(|other| other == word)?;
    let mut line = words.to_vec();
    line.splice(at..=at, others.iter().map(ToString::to_string));
    Some((problem.to_owned(), line_of(&line)?))
}

fn instead_of_argument(word: &str, line: TypedLine, words: &[String]) -> Option<UsageError> {
    let commands = line.commands.clone();
    let commands: Vec<_> = commands.iter().map(String::as_str).collect();
    let is_flag = word.starts_with('-');
    let renamed = RENAMED.iter().find(|(wrong, _)| *wrong == word).map(|(_, right)| *right);
    let (problem, hint) = match (commands.as_slice(), renamed) {
        _ if ["--client-secret", "--secret", "--password", "--token", "--api-key"].contains(&word) => (
            "the secret is never an argument: others on this machine could read it".to_owned(),
            "leave it out to be asked for it, or give a file: --client-secret-file FILE".to_owned(),
        ),
        (["bulk", "work"], _) if OF_THE_RUN.contains(&word) => (
            format!("`bulk work` takes no {word}: all who send a run share it"),
            format!("a person changes it for all of them: jelouctl bulk resume RUN {word} …"),
        ),
        (["api"], _) if ["-X", "--method", "--request"].contains(&word) => {
            ("`api` takes the method as its first word".to_owned(), "jelouctl api POST PATH".to_owned())
        }
        (["api"], _) if ["-d", "--data", "--body", "--json"].contains(&word) => (
            format!("`api` takes no {word}"),
            "give the body as fields, -f KEY=TEXT and -F KEY=JSON, or as a file with --input FILE".to_owned(),
        ),
        (["man"], _) => (format!("`man` takes no `{word}`"), format!("jelouctl help {word}")),
        // `bulk send` names its run so.
        (["bulk", command], _) if word == "--run" && !["list", "find"].contains(command) => {
            instead(words, word, &[], "the name of the run is given without a flag")?
        }
        (["templates"], _) if word == "list" => instead(words, word, &[], "`templates` alone lists them")?,
        (["templates"], _) if ["show", "get"].contains(&word) && line.words.len() > 1 => {
            instead(words, word, &["--query"], "a name is given with --query")?
        }
        (["templates"], _) if !is_flag => instead(words, word, &["--query", word], "a name is given with --query")?,
        (["messages", "list"], _) if is_number(word) => {
            instead(words, word, &["--to", word], "the person is given with --to")?
        }
        (["messages", "list"], _) if word == "--from" => instead(
            words,
            word,
            &["--to"],
            "--to takes the person, also where they wrote: add --by user for those alone",
        )?,
        (["run"], _) if is_number(word) => instead(words, word, &["--to", word], "the recipient is given with --to")?,
        (["run" | "sandbox"], _) if !is_flag => instead(words, word, &["--", word], "-- belongs before the command")?,
        (["send"], _) => {
            let (problem, line) = as_text(all_renamed(line, "text"));
            (problem.unwrap_or("the kind of message is missing").to_owned(), line)
        }
        // The kind follows, but after the flag.
        (["send", kind], None)
            if has_flag(kind, word) && words.iter().position(|other| other == word) < kind_at(words, &commands) =>
        {
            ("the kind of message comes before its flags".to_owned(), line.to_line()?)
        }
        (["send", "text"] | ["bulk", "send", "text"], None)
            if is_flag && words.last().is_some_and(|last| last.starts_with(word) && last.contains(' ')) =>
        {
            text_with_dash(words)?
        }
        (["send", "text"], None) if !is_flag => {
            let (problem, line) = as_text(line);
            (problem.unwrap_or("a text is one argument, in quotes").to_owned(), line)
        }
        (["send", "template"], None) if !is_flag => {
            ("the values of a template are given with --param".to_owned(), line.words_as("--param", 1).to_line()?)
        }
        (["send", kind], None) if has_medium(kind) && !is_flag && !word.contains("://") && word.contains('.') => {
            let mut line = line;
            line.words.clear();
            (of_the_web(kind), line.with("--media-url", "URL").to_line()?)
        }
        (["send", kind], None) if !is_flag => {
            (format!("`send {kind}` takes no `{word}` without a flag"), as_flags(line, kind)?)
        }
        (["send", kind], Some("--media-url")) if has_medium(kind) && !line.value_of(word)?.contains("://") => {
            (of_the_web(kind), line.with(word, "URL").renamed(word, "--media-url").to_line()?)
        }
        (["send", kind], Some("--media-url")) if !has_medium(kind) => return None,
        // It was meant for something else.
        (["send", _], Some(right)) if line.value_of(right).is_some() => return None,
        (["send", "text"], Some("--text")) => (
            format!("the text is an argument without a flag, or --text, not {word}"),
            all_renamed(line, "text").to_line()?,
        ),
        (["send", kind], Some(right)) => {
            (format!("the flag is {right}, not {word}"), all_renamed(line, kind).to_line()?)
        }
        _ => return None,
    };
    Some(UsageError::new(problem, hint))
}

/// The line in which each flag of another tool has the name that it has in a message of this `kind`.
fn all_renamed(line: TypedLine, kind: &str) -> TypedLine {
    let is_meant = |wrong: &str, right: &str| !has_flag(kind, wrong) && (right == "--to" || has_flag(kind, right));
    RENAMED.iter().fold(line, |line, (wrong, right)| {
        let is_free = line.value_of(right).is_none();
        if is_free && is_meant(wrong, right) { line.renamed(wrong, right) } else { line }
    })
}

/// The line in which the text, the last word, is not taken for flags.
fn text_with_dash(words: &[String]) -> Option<(String, String)> {
    let (text, before) = words.split_last()?;
    let words = [before, &["--".to_owned(), text.clone()]].concat();
    Some(("the text begins with a dash, as flags do".to_owned(), line_of(&words)?))
}

/// The place of the last of `commands` in `words`.
fn kind_at(words: &[String], commands: &[&str]) -> Option<usize> {
    words.iter().position(|word| commands.last() == Some(&word.as_str()))
}

/// The line that sends a text, made from what was typed, and what is wrong with its number, if anything is. Without a number or
/// a text, the line has no real recipient, so that pasting it sends nothing.
fn as_text(mut line: TypedLine) -> (Option<&'static str>, String) {
    let mut problem = None;
    let mut to = line.value_of("--to").map(str::to_owned);
    if let Some(begun) = &to
        && !is_number(begun)
    {
        // `593 98 765 4321` without quotes: the first words that make a number, since the text may begin with one.
        let most = line.words.iter().take_while(|word| is_part_of_number(word)).count();
        let joined = |parts: usize| {
            let parts = line.words.iter().take(parts).map(String::as_str).collect::<String>();
            format!("{begun}{parts}").replace(['-', '(', ')', '.'], "")
        };
        let whole = (1..=most)
            .map(|parts| (parts, joined(parts)))
            .find(|(_, number)| is_real_number(number) || is_national(number));
        if let Some((parts, _)) = whole {
            line.words.drain(..parts);
            problem = Some("the number is one argument: write it without spaces, or in quotes");
        }
        to = whole.map(|(_, number)| number);
    } else if to.is_none() {
        problem = line.words.iter().any(|word| is_number(word)).then_some("the recipient is given with --to");
        let numbers: Vec<_> = (0..).zip(&line.words).filter(|(_, word)| is_number(word)).map(|(at, _)| at).collect();
        if let [at] = numbers[..] {
            to = Some(line.words.remove(at));
        }
    }
    let has_text = line.value_of("--text").or(line.value_of("--text-file")).or(line.value_of("--body")).is_some();
    let text = line.words.join(" ");
    let is_whole = to.is_some() && (has_text || !text.is_empty());
    line.words = match text {
        _ if has_text => Vec::new(),
        text if text.is_empty() => vec!["Hola".to_owned()],
        text => vec![text],
    };
    let to = to.filter(|_| is_whole).unwrap_or_else(|| "NUMBER".to_owned());
    let line = line.with_commands(&["send", "text"]).with("--to", &to).to_line();
    (problem, line.unwrap_or_else(|| EXAMPLE.to_owned()))
}

/// The line in which plain words get the flags that they were meant for: a number is the recipient, an address the medium.
fn as_flags(mut line: TypedLine, kind: &str) -> Option<String> {
    for word in std::mem::take(&mut line.words) {
        line = match word.as_str() {
            number if is_number(number) => line.with("--to", number),
            url if has_medium(kind) && url.contains("://") => line.with("--media-url", url),
            body if body.starts_with('{') || has_ending(body, "json") => line.with("--body", body),
            text if has_flag(kind, "--text") && line.value_of("--text").is_none() => line.with("--text", text),
            _ => return None,
        };
    }
    line.to_line()
}

fn has_ending(file: &str, expected: &str) -> bool {
    Path::new(file).extension().is_some_and(|ending| ending == expected)
}

fn of_the_web(kind: &str) -> String {
    format!("`send {kind}` takes the address of a file on the web, not a file on this machine")
}

fn has_medium(kind: &str) -> bool {
    ["image", "audio", "video", "file", "sticker"].contains(&kind)
}

/// Whether a person would take it for a phone number, in one word.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('+').unwrap_or(word);
    digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is a number of some country, with that country's code.
fn is_real_number(number: &str) -> bool {
    let international = format!("+{}", number.trim_start_matches('+'));
    is_number(number) && TypedRecipient::read(&international, None).is_ok()
}

/// Whether it seems to be a whole number without its country's code.
fn is_national(number: &str) -> bool {
    is_number(number) && number.starts_with('0') && !number.starts_with("00") && number.len() >= 10
}

fn is_part_of_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|one| one.is_ascii_digit() || "-().".contains(one))
}
