//! A question that a command line leaves open, with its answers and the flag of each. At a terminal, a command asks it.
//! Elsewhere, it becomes the hint of an error. Also the command line as it was typed, to print it again with the flags
//! of the answers.

use std::fmt;
use std::path::Path;

use super::message::{Message, msg};
use super::paths::file_name;
use super::texts::shell_argument;

/// The most answers that a hint names.
const MAX_IN_HINT: usize = 2;

/// An open question. The error that has it says what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// `Which column has the recipients?`
    pub(crate) text: Message,
    /// Empty if jelouctl knows none. Then nothing is asked.
    pub(crate) answers: Vec<PossibleAnswer>,
    pub(crate) free: Option<FreeAnswer>,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PossibleAnswer {
    /// What it does, after "to": `skip them`.
    pub(crate) does: Message,
    pub(crate) flag: TypedFlag,
    /// A cell of the list. Only a terminal shows it, because a log is not the place for phone numbers.
    pub(crate) example: Option<String>,
}

/// An answer that is a text, if there are too many to list.
#[derive(Clone, Debug)]
pub(crate) struct FreeAnswer {
    /// What to type: `the code or name of a country, such as EC`.
    pub(crate) what: Message,
    /// The flag with a placeholder, for the hint.
    pub(crate) usage: Message,
    /// Returns the flag for a typed text; None if the text is not an answer.
    pub(crate) read: fn(&str) -> Option<TypedFlag>,
}

impl PartialEq for FreeAnswer {
    fn eq(&self, other: &Self) -> bool {
        self.usage == other.usage
    }
}

impl Eq for FreeAnswer {}

/// A flag as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypedFlag {
    /// The name with its hyphens.
    pub(crate) name: &'static str,
    pub(crate) value: Option<String>,
}

impl Question {
    pub(crate) fn new(text: Message, answers: Vec<PossibleAnswer>) -> Self {
        Self {
            text,
            answers,
            free: None,
        }
    }

    /// Returns whether it has an answer.
    pub(crate) fn can_be_asked(&self) -> bool {
        !self.answers.is_empty() || self.free.is_some()
    }

    /// Returns the hint for a command that cannot ask: the flag with a placeholder, or those of the first answers.
    pub(crate) fn hint(&self) -> Message {
        if let Some(free) = &self.free {
            return free.usage.clone();
        }
        let answers = self.answers.iter().map(PossibleAnswer::way);
        Message::joined(answers.take(MAX_IN_HINT).collect(), "; ")
    }

    /// Returns the flag for what was typed: the number of an answer, or a text. None if it is no answer.
    pub(crate) fn read(&self, typed: &str) -> Option<TypedFlag> {
        let number: Option<usize> = typed.parse().ok();
        let answer = number.and_then(|number| self.answers.get(number.checked_sub(1)?));
        match answer {
            Some(answer) => Some(answer.flag.clone()),
            None => (self.free.as_ref()?.read)(typed),
        }
    }

    /// Returns what to type: `Type 1 or 2:`
    pub(crate) fn prompt(&self) -> Message {
        let numbers = match self.answers.len() {
            0 => None,
            1 => Some(Message::verbatim("1")),
            2 => Some(msg!("1 or 2")),
            count => Some(msg!("a number from 1 to {count}", count)),
        };
        let free = self.free.as_ref().map(|free| free.what.clone());
        match (numbers, free) {
            (Some(numbers), Some(free)) => msg!("Type {numbers}, or {free}:", numbers, free),
            (what, free) => {
                let what = what.or(free).unwrap_or_else(|| Message::verbatim(""));
                msg!("Type {what}:", what)
            }
        }
    }
}

impl PossibleAnswer {
    pub(crate) fn new(does: Message, flag: TypedFlag) -> Self {
        Self {
            does,
            flag,
            example: None,
        }
    }

    /// Returns the answer as a hint has it: `to skip them: --hidden skip`.
    pub(crate) fn way(&self) -> Message {
        let flag = self.flag.to_string();
        msg!("to {does}: {flag}", does = self.does, flag)
    }
}

impl TypedFlag {
    pub(crate) fn with_value(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: Some(value.into()),
        }
    }

    pub(crate) fn switch(name: &'static str) -> Self {
        Self { name, value: None }
    }

    /// Returns the words of the flag, without quotes.
    pub(crate) fn words(&self) -> Vec<String> {
        let name = self.name.to_owned();
        match &self.value {
            // The name of a column can begin with a hyphen.
            Some(value) if value.starts_with('-') => vec![format!("{name}={value}")],
            Some(value) => vec![name, value.clone()],
            None => vec![name],
        }
    }
}

/// Prints the value in the quotes of a shell.
impl fmt::Display for TypedFlag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&quoted(self.words().iter()))
    }
}

/// Returns the words as a command line, in the quotes of a shell.
fn quoted<'a>(words: impl Iterator<Item = &'a String>) -> String {
    let words: Vec<_> = words.map(|word| shell_argument(word)).collect();
    words.join(" ")
}

/// A command line with a place for more flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypedLine {
    /// The words before the place: the program, its commands and flags.
    pub(crate) before: Vec<LinePart>,
    /// The words after it.
    pub(crate) after: Vec<String>,
}

/// A word, or a flag with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinePart {
    /// The name of the flag, with its hyphens; None for another word.
    pub(crate) flag: Option<String>,
    pub(crate) words: Vec<String>,
}

impl TypedLine {
    /// Adds the flag, in place of an earlier one with its name.
    pub(crate) fn set(&mut self, flag: &TypedFlag) {
        self.before
            .retain(|part| part.flag.as_deref() != Some(flag.name));
        self.before.push(LinePart {
            flag: Some(flag.name.to_owned()),
            words: flag.words(),
        });
    }

    /// Returns the line without these flags.
    pub(crate) fn without(&self, flags: &[&str]) -> Self {
        let is_kept = |part: &&LinePart| {
            part.flag
                .as_deref()
                .is_none_or(|name| !flags.contains(&name))
        };
        Self {
            before: self.before.iter().filter(is_kept).cloned().collect(),
            after: self.after.clone(),
        }
    }

    /// Returns the line with the names of existing files in place of their absolute paths.
    pub(crate) fn with_file_names(&self) -> Self {
        let name = |path: &str| {
            let name = file_name(path).filter(|_| Path::new(path).is_file());
            name.unwrap_or_else(|| path.to_owned())
        };
        let shown = |word: &String| match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => format!("{flag}={}", name(value)),
            _ => name(word),
        };
        let part = |part: &LinePart| LinePart {
            flag: part.flag.clone(),
            words: part.words.iter().map(shown).collect(),
        };
        Self {
            before: self.before.iter().map(part).collect(),
            after: self.after.iter().map(shown).collect(),
        }
    }
}

/// Words in the quotes of a shell.
impl fmt::Display for TypedLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.before.iter().flat_map(|part| &part.words);
        formatter.write_str(&quoted(before.chain(&self.after)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(flag: Option<&str>, words: &[&str]) -> LinePart {
        LinePart {
            flag: flag.map(str::to_owned),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[test]
    fn line_on_a_page_has_no_path() {
        let list = std::env::current_dir().unwrap().join("Cargo.toml");
        let list = list.to_str().unwrap();
        let excluded = format!("--exclude={list}");
        let line = TypedLine {
            before: vec![
                part(None, &["jelouctl"]),
                part(None, &[list]),
                part(Some("--preview"), &["--preview", "all"]),
                part(Some("--exclude"), &[&excluded]),
                part(Some("--prices"), &["--prices", "../prices.csv"]),
            ],
            after: vec!["text".to_owned(), "/ y a/b".to_owned()],
        };
        assert_eq!(
            line.without(&["--preview"]).with_file_names().to_string(),
            "jelouctl Cargo.toml --exclude=Cargo.toml --prices ../prices.csv text '/ y a/b'"
        );
    }

    #[test]
    fn answered_flag_replaces_the_typed_one() {
        let mut line = TypedLine {
            before: vec![
                part(None, &["jelouctl"]),
                part(None, &["bulk"]),
                part(None, &["send"]),
                part(Some("--sheet"), &["--sheet", "x"]),
                part(None, &["mi lista.xlsx"]),
            ],
            after: vec!["text".to_owned(), "Hola {{ n }}".to_owned()],
        };
        line.set(&TypedFlag::with_value("--sheet", "Hoja 2"));
        line.set(&TypedFlag::with_value("--to-column", "-cel"));
        line.set(&TypedFlag::switch("--again"));
        assert_eq!(
            line.to_string(),
            "jelouctl bulk send 'mi lista.xlsx' --sheet 'Hoja 2' --to-column=-cel --again text 'Hola {{ n }}'"
        );
    }
}
