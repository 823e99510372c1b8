//! Answers `bulk send` lines in the wrong order. The right order is the list, its flags, the kind of message, the message.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::typed_line::{TypedLine, has_flag, line_of};
use crate::context::UsageError;
use crate::message::Message;

const EXAMPLE: &str = "jelouctl bulk send people.csv text 'Hola {{ nombre }}'";

/// What was probably meant by `line`, read from `words`. clap does not know the argument `unknown`.
pub(super) fn meant(
    error: &clap::Error,
    unknown: Option<&str>,
    mut line: TypedLine,
    words: &[String],
) -> Option<UsageError> {
    let unquoted = unquoted_list(&line.words);
    let is_incomplete = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingSubcommand, _) => true,
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(names))) => names.contains(&"<FILE|->".into()),
        (ErrorKind::InvalidSubcommand, _) if unquoted.is_some() => true,
        // A second list is where the kind belongs.
        (ErrorKind::InvalidSubcommand, _) => {
            matches!(error.get(ContextKind::InvalidSubcommand), Some(ContextValue::String(word)) if is_list(word))
        }
        _ => false,
    };
    if !line.commands.starts_with(&["bulk".to_owned(), "send".to_owned()]) || (unknown.is_none() && !is_incomplete) {
        return None;
    }
    let kind = line.commands.get(2).cloned();
    if kind.is_none() && line.value_of("--preview").is_some_and(|value| Message::named(value).is_some()) {
        let hint = "--preview 3 shows the first 3 messages, --preview all shows all of them";
        return Some(UsageError::new("--preview needs a number, or all", hint));
    }
    let is_unquoted = unquoted.is_some();
    if let Some((words, name)) = unquoted {
        line.words.splice(..words, [name]);
    }
    let is_recipient =
        |value: &str| value.contains(['{', '+', ':', ' ']) || value.bytes().any(|byte| byte.is_ascii_digit());
    let is_column = unknown == Some("--to") && line.value_of("--to").is_some_and(|value| !is_recipient(value));
    if is_column {
        line = line.renamed("--to", "--to-column");
    }
    let list = line.words.iter().position(|word| is_list(word)).or(if line.words.is_empty() { None } else { Some(0) });
    let list = list.map(|at| line.words.remove(at));
    let place = |word: &String| words.iter().position(|other| other == word);
    let kind_at = kind.as_ref().and_then(place);
    // A word before the kind is never part of the message.
    let is_extra = |word: &String| place(word) < kind_at || (kind.is_none() && is_list(word));
    let extra = line.words.iter().find(|word| is_extra(word)).cloned();
    line.words.retain(|word| !is_extra(word));
    let problem = match (&kind, &list, &extra, unknown) {
        (_, None, ..) => "the list is missing".to_owned(),
        _ if is_unquoted => "the name of the list has a blank: write it in quotes".to_owned(),
        _ if is_column => "the column of the recipients is named with --to-column".to_owned(),
        (_, _, Some(extra), _) => format!("`{extra}` is a second list: a run has one"),
        (None, ..) => "the kind of message is missing".to_owned(),
        (Some(kind), Some(list), ..) if place(kind) < place(list) => format!("the list comes before `{kind}`"),
        (Some(kind), .., Some(flag)) if flag.starts_with('-') => {
            let side = if has_flag(kind, flag) { "after" } else { "before" };
            format!("`{flag}` comes {side} `{kind}`")
        }
        (Some(kind), ..) if kind == "text" => "a text is one argument, in quotes".to_owned(),
        _ => return None,
    };
    let kind = kind.unwrap_or_else(|| "text".to_owned());
    if kind == "text" && line.value_of("--text").or(line.value_of("--text-file")).or(line.value_of("--body")).is_none()
    {
        let text = line.words.join(" ");
        line.words = vec![if text.is_empty() { "Hola {{ nombre }}".to_owned() } else { text }];
    }
    let words = line.of_list(list.as_deref().unwrap_or("people.csv"), &kind)?;
    Some(UsageError::new(problem, line_of(&words).unwrap_or_else(|| EXAMPLE.to_owned())))
}

/// The name of a list that stands in several words, if there is such a file.
fn unquoted_list(words: &[String]) -> Option<(usize, String)> {
    let end = words.iter().position(|word| is_list(word))? + 1;
    let name = words.get(..end)?.join(" ");
    (end > 1 && Path::new(&name).is_file()).then_some((end, name))
}

/// Whether `word` is named like a list.
pub(super) fn is_list(word: &str) -> bool {
    let ending = word.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ["csv", "xlsx", "ods", "ndjson", "jsonl", "tsv", "txt"].contains(&ending.as_str()))
}
