//! Prints a kind for a terminal: flags on the left, their values on the right, required ones first, in 80 characters.

use std::fmt::Write;

use crate::message::{Envelope, Field, Message};
use crate::output::pretty;

const WIDTH: usize = 80;
/// The column of the right side; a longer flag gets its own line.
const RIGHT: usize = 22;
const LEFT: usize = RIGHT - 2;

pub(super) fn of_kind(kind: &Message) -> String {
    let mut text = format!("{}: {}\n{}", kind.command(), kind.summary(), kind.endpoint());
    if let Envelope::Typed(wire) = kind.envelope() {
        // Writing to a String cannot fail.
        let _ = write!(text, ", type {wire}");
    }
    let notes = kind.notes();
    if !notes.is_empty() {
        let _ = write!(text, "\n\n{}", wrapped(&notes, WIDTH).join("\n"));
    }
    let (required, others): (Vec<_>, Vec<_>) = kind.fields().into_iter().partition(|field| field.required == "yes");
    let recipient = pair("--to", "the recipient");
    let _ = write!(text, "\n\nRequired, as flags or in --body:\n{recipient}{}", rows(&required));
    if !others.is_empty() {
        let _ = write!(text, "\nOptional:\n{}", rows(&others));
    }
    if let Some(example) = kind.example() {
        let _ = write!(text, "\nExample:\n{}\n\n{}", command_in_lines(&example.command), pretty(&example.body));
    }
    text
}

/// Splits a command line before its flags into lines that can be pasted.
fn command_in_lines(command: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for (index, part) in command.split(" --").enumerate() {
        let part = if index == 0 { part.to_owned() } else { format!(" --{part}") };
        // Leaves room for the backslash.
        if index > 0 && width + part.chars().count() + 2 > WIDTH {
            text.push_str(" \\\n   ");
            width = 3;
        }
        width += part.chars().count();
        text.push_str(&part);
    }
    text
}

fn rows(fields: &[Field]) -> String {
    let mut text = String::new();
    let mut before = "";
    for field in fields {
        let flag = field.flag.as_deref().unwrap_or("(in --body)");
        let shown = if flag == before { "" } else { flag };
        before = flag;
        let note = if field.required == "yes" { "" } else { field.required.as_str() };
        let parts = [field.limit.as_str(), note, field.advice.as_str()];
        let about = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        let about = if about.is_empty() { field.path.clone() } else { format!("{}: {about}", field.path) };
        text.push_str(&pair(shown, &about));
    }
    text
}

fn pair(flag: &str, about: &str) -> String {
    let about = wrapped(about, WIDTH - RIGHT).join(&format!("\n{:RIGHT$}", ""));
    if flag.chars().count() + 4 <= RIGHT {
        format!("  {flag:<LEFT$}{about}\n")
    } else {
        format!("  {flag}\n{:RIGHT$}{about}\n", "")
    }
}

/// The words of `text` in lines of at most `width` characters; a longer word gets its own line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_fits_80_characters_and_begins_with_what_it_needs() {
        for kind in Message::all() {
            let text = of_kind(&kind);
            let (about, json) = text.split_once("\n\n{").unwrap_or((&text, ""));
            // A long value of the example is not split, so that the line can be pasted.
            for line in about.split("\nExample:\n").next().unwrap_or_default().lines() {
                assert!(line.chars().count() <= WIDTH, "{}: {line}", kind.command());
            }
            assert!(!json.contains("userId") && !json.contains("destinations"), "{text}");
            if let Some(example) = kind.example() {
                let command = text.split_once("\nExample:\n").unwrap().1.split_once("\n\n").unwrap().0;
                assert_eq!(shlex::split(&command.replace("\\\n", "")), shlex::split(&example.command), "{command}");
            }
            assert!(about.contains("Required, as flags or in --body:\n  --to  "), "{about}");
        }
    }
}
