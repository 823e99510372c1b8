//! The command line as it was typed, to print it again with the flags of answers.

use std::fmt;
use std::path::Path;

use super::paths::file_name;
use super::question::TypedFlag;
use super::texts::shell_argument;

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
}

impl TypedLine {
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
        let words: Vec<_> = before
            .chain(&self.after)
            .map(|word| shell_argument(word))
            .collect();
        formatter.write_str(&words.join(" "))
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
        let list = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
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
