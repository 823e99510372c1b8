//! Suggests a correct line for a wrong one, because users type before they read any help. A suggestion may repeat a flag
//! or a kind of message, but never a number, a text or a value: it could be a secret or the number of another recipient.
//! A suggestion keeps `--sandbox`, `--dry-run` and `--curl`, so that a trial stays a trial.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::app::App;
use super::flag_suggestions::FLAG_SUGGESTIONS;
use super::kind_words::KindWords;
use super::parsed_command_line::{
    FlagToken, ParsedCommandLine, all_commands, find_flag, words_before_dashes,
};
use super::similar_flags::find_similar_flag;
use super::suggestion::Suggestion;
use super::word_suggestions::WORD_SUGGESTIONS;
use super::wrong_line::{A_LIST, WrongLine, with_value_name};

const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];
const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];

/// Suggests a correction of the line `arguments`, after the parser's `error`.
pub(super) fn suggest(error: &clap::Error, arguments: &[OsString]) -> Option<Suggestion> {
    let app = App::command();
    let line = ParsedCommandLine::read(&app, arguments);
    let word = wrong_word(error);
    let position = words_before_dashes(arguments)
        .skip(1)
        .position(|typed| typed == word || typed.starts_with(&format!("{word}=")));
    let position = match position {
        Some(position) if !word.is_empty() => position + 1,
        Some(_) | None => arguments.len(),
    };
    let wrong = WrongLine {
        app: &app,
        commands: line.commands_before(position),
        kind: error.kind(),
        has_no_value: error.kind() == ErrorKind::InvalidValue
            && matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty()),
        missing_flags: missing_flags(error),
        word,
        line,
    };
    let is_misspelt = error.get(ContextKind::SuggestedSubcommand).is_some();
    let suggestion = wrong
        .wrong_dash_or_quote()
        .or_else(|| wrong.missing_value())
        .or_else(|| wrong.missing_word())
        .or_else(|| wrong.flag_before_kind())
        .or_else(|| wrong.find_row())
        .or_else(|| wrong.kind_by_other_name())
        .or_else(|| wrong.conflict())
        .or_else(|| (!is_misspelt).then(|| wrong.misplaced_word()).flatten())
        .or_else(|| {
            (!is_misspelt)
                .then(|| wrong.suggest_other_command())
                .flatten()
        })
        .or_else(|| (!is_misspelt).then(|| wrong.suggest_help()).flatten())?;
    Some(Suggestion {
        hint: wrong.with_trials(&suggestion.hint),
        ..suggestion
    })
}

/// Returns the missing flags with their placeholders, or nothing if another argument is missing.
fn missing_flags(error: &clap::Error) -> Vec<String> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing))
            if missing.iter().all(|argument| argument.starts_with("--")) =>
        {
            missing.clone()
        }
        _ => Vec::new(),
    }
}

fn wrong_word(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg);
    let argument = argument.and_then(|argument| match argument.strip_prefix('-') {
        Some(_) => argument.split([' ', '=']).next(),
        None => Some(argument),
    });
    let word = text(ContextKind::InvalidSubcommand).or(argument);
    word.unwrap_or_default().to_owned()
}

impl WrongLine<'_> {
    /// Detects the dashes and quotes of word processors, and long flags with one hyphen.
    fn wrong_dash_or_quote(&self) -> Option<Suggestion> {
        let typed = self.line.words.iter().map(|word| word.text.as_str());
        let typed = typed.chain(self.line.flags.iter().map(|flag| flag.name.as_str()));
        let typed: Vec<_> = typed.collect();
        for word in &typed {
            let name = word.split('=').next().unwrap_or_default();
            let bare = name.trim_start_matches('-').trim_start_matches(DASHES);
            let flag = format!("--{bare}");
            let commands = all_commands(self.app);
            let is_known = bare.chars().count() > 1 && find_flag(&commands, &flag).is_some();
            let sign = name.strip_suffix(bare).unwrap_or_default();
            if is_known && sign.contains(DASHES) {
                let message = format!("`{name}` starts with a dash that is not a hyphen");
                return Some(Suggestion::new(
                    message,
                    format!("type the flag with two hyphens: {flag}"),
                ));
            }
            if is_known && sign == "-" && self.is_unknown() && name.starts_with(&self.word) {
                let message = format!("`{name}` has one hyphen");
                return Some(Suggestion::new(
                    message,
                    format!("type the flag with two hyphens: {flag}"),
                ));
            }
        }
        let is_curly = |word: &&str| word.starts_with(QUOTES);
        let is_split = self.is_unknown() && typed.iter().any(is_curly);
        is_split.then(|| {
            let usage = self.suggested_line();
            Suggestion::new(
                "curly quotes do not group words",
                format!("to group the words, use straight quotes: {usage}"),
            )
        })
    }

    /// Detects a flag without its value: the next word is a command, or the line ends.
    fn missing_value(&self) -> Option<Suggestion> {
        if self.has_no_value {
            let flag = self.flag_with_value();
            return Some(Suggestion::new(
                format!("{} has no value", self.word),
                format!("add its value: {flag}"),
            ));
        }
        let is_command = |flag: &&FlagToken| {
            let value = flag.value.as_deref().unwrap_or_default();
            let known = if self.is_list() && self.message_kind().is_none() {
                KindWords::from_name(value).is_some()
            } else {
                self.line.path().is_empty() && self.app.find_subcommand(value).is_some()
            };
            known && self.line.has_flag(&flag.name)
        };
        let flag = self.line.flags.iter().find(is_command)?;
        let commands = all_commands(self.app);
        let name = find_flag(&commands, &flag.name)?.get_long()?;
        let value = flag.value.as_deref().unwrap_or_default();
        let hint = match name {
            "preview" => "to show 3 messages: --preview 3; to show all: --preview all".to_owned(),
            _ => format!("put the value of --{name} before `{value}`"),
        };
        Some(Suggestion::new(format!("--{name} has no value"), hint))
    }

    /// Returns the wrong flag with the placeholder of its value.
    fn flag_with_value(&self) -> String {
        let commands = self.commands.iter().copied().chain([self.line.last()]);
        // The command nearest to the flag.
        let owner = commands
            .rev()
            .find(|command| find_flag(&[command], &self.word).is_some());
        owner.map_or_else(
            || self.word.clone(),
            |command| with_value_name(command, &self.word),
        )
    }

    /// Detects a missing word: the kind or the file of a list, or a command.
    fn missing_word(&self) -> Option<Suggestion> {
        let path = self.line.path();
        let is_missing = matches!(
            self.kind,
            ErrorKind::MissingSubcommand | ErrorKind::MissingRequiredArgument
        );
        let flags = self.missing_flags.join(" and ");
        match path.as_slice() {
            ["run"] if is_missing && !flags.is_empty() => {
                return Some(Suggestion::hint(format!("add {flags} before the command")));
            }
            ["run"] if is_missing => {
                return Some(Suggestion::hint("jelouctl run --to NUMBER -- COMMAND"));
            }
            ["completions"] if is_missing => {
                return Some(Suggestion::hint(
                    "jelouctl completions bash, or zsh, fish or powershell",
                ));
            }
            _ => {}
        }
        if !is_missing || !path.starts_with(&["bulk", "send"]) {
            return None;
        }
        let kind = self.message_kind();
        if self.line.has_flag("--lang") && !self.line.has_flag("--file") {
            let hint = "to set the template's language: --language CODE after the kind; to set the page's: --preview \
                all --file FILE --lang es";
            return Some(Suggestion::new(
                "--lang applies only to the page of a preview",
                hint,
            ));
        }
        let hint = match kind {
            Some(_) if !flags.is_empty() => format!("add {flags} before the kind of message"),
            Some(kind) => format!("the list comes before the kind: {}", kind.bulk_line()),
            None => format!("add the kind of message after the list: {A_LIST}"),
        };
        Some(Suggestion::hint(hint))
    }

    /// Finds a row of the tables. Looks up a flag after all commands of the line first, then after the commands before it.
    fn find_row(&self) -> Option<Suggestion> {
        let is_repeated = self.kind == ErrorKind::ArgumentConflict && self.word == "--to";
        let is_format = self.kind == ErrorKind::InvalidValue && self.word == "--output";
        if self.word.is_empty() || !(self.is_unknown() || is_repeated || is_format) {
            return None;
        }
        let here = self.path().join(" ");
        let whole = self.line.path().join(" ");
        let row = if self.is_flag() && !self.is_bulk_flag() {
            self.row_at(&whole).or_else(|| self.row_at(&here))
        } else {
            self.row_at(&here)
        };
        let kind = self.message_kind().map_or("KIND", |kind| kind.name);
        row.map(|hint| {
            let hint = hint
                .replace("{usage}", &self.suggested_line())
                .replace("{kind}", kind)
                .replace("{flag}", &self.word);
            Suggestion::hint(hint)
        })
    }

    /// Returns whether the table has the flag for the position before a list's kind of message.
    fn is_bulk_flag(&self) -> bool {
        self.path() == ["bulk", "send"]
            && FLAG_SUGGESTIONS
                .iter()
                .any(|row| row.places == ["bulk send"] && row.has_word(&self.word))
    }

    fn row_at(&self, path: &str) -> Option<&'static str> {
        let row = if self.is_flag() {
            FLAG_SUGGESTIONS
                .iter()
                .find(|row| row.matches(path, &self.word))
        } else {
            let word = self.word.to_lowercase();
            WORD_SUGGESTIONS.iter().find(|row| row.matches(path, &word))
        };
        row.map(|row| row.hint)
    }

    /// Detects a kind without `send`, or another word for a kind.
    fn kind_by_other_name(&self) -> Option<Suggestion> {
        if self.kind != ErrorKind::InvalidSubcommand {
            return None;
        }
        let row = KindWords::from_word(&self.word)?;
        match self.path().as_slice() {
            [] | ["send"] => Some(Suggestion::hint(row.line())),
            ["bulk"] | ["bulk", "send"] => Some(Suggestion::hint(row.bulk_line())),
            _ => None,
        }
    }

    /// Detects a flag on the wrong side of the kind of message, or of the command.
    fn flag_before_kind(&self) -> Option<Suggestion> {
        if !self.is_unknown() || !self.is_flag() {
            return None;
        }
        if self.is_bulk_flag() {
            return None;
        }
        let path = self.path();
        let word = &self.word;
        if let ["bulk", "send", _] = path.as_slice()
            && let Some((_, above)) = self.commands.split_last()
            && find_flag(above, word).is_some()
        {
            let flag = self.flag_with_value();
            let usage = self.suggested_line();
            let usage = usage.replacen(" LIST ", &format!(" LIST {flag} "), 1);
            return Some(Suggestion::hint(format!(
                "put {word} before the kind of message: {usage}"
            )));
        }
        // The recipients of a list are a column.
        if word == "--to" && self.is_list() {
            return None;
        }
        let is_of_last = find_flag(&[self.line.last()], word).is_some();
        match (path.as_slice(), self.message_kind()) {
            ([] | ["send" | "bulk"] | ["bulk", "send"], Some(kind)) if is_of_last => {
                let usage = self.usage_line(kind);
                let hint = if usage.contains(word.as_str()) {
                    format!("the kind of message comes first: {usage}")
                } else {
                    let flag = with_value_name(self.line.last(), word);
                    format!("{word} comes after `{}`: {usage} {flag}", kind.name)
                };
                Some(Suggestion::hint(hint))
            }
            (["send"], None) if word == "--to" => Some(Suggestion::hint(format!(
                "the kind of message comes first: {}",
                KindWords::text().line()
            ))),
            ([], None) if is_of_last => {
                let command = self.line.path().join(" ");
                Some(Suggestion::hint(format!(
                    "{word} comes after the command: jelouctl {command} {word} …"
                )))
            }
            _ => None,
        }
    }

    /// Detects a repeated flag, or a text in two places.
    fn conflict(&self) -> Option<Suggestion> {
        let has_text = self.line.has_flag("--text") && self.word == "--text";
        (self.kind == ErrorKind::ArgumentConflict && has_text).then(|| {
            let usage = self.suggested_line();
            Suggestion::hint(format!(
                "remove one of them; quote a text with spaces: {usage}"
            ))
        })
    }

    /// Detects a flag of other commands.
    fn suggest_other_command(&self) -> Option<Suggestion> {
        if self.kind != ErrorKind::UnknownArgument
            || !self.word.starts_with("--")
            || find_similar_flag(&self.commands, &self.word).is_some()
        {
            return None;
        }
        let here = self.path().join(" ");
        let names = commands_with(self.app, &self.word);
        let group = here.split(' ').next().unwrap_or_default();
        let is_of_group = |name: &&String| name.split(' ').next() == Some(group);
        let first = names
            .iter()
            .filter(|name| is_of_message(&here) || !is_of_message(name))
            .min_by_key(|name| !is_of_group(name))?;
        let help = if here.is_empty() {
            String::new()
        } else {
            format!("; to list the flags of `{here}`: jelouctl {here} --help")
        };
        Some(Suggestion::hint(format!(
            "{} is a flag of `jelouctl {first}`{help}",
            self.word
        )))
    }

    /// Suggests the help, for a word that resembles nothing.
    fn suggest_help(&self) -> Option<Suggestion> {
        let here = self.path().join(" ");
        let command = format!("jelouctl {here}");
        let command = command.trim_end();
        match self.kind {
            ErrorKind::InvalidSubcommand => Some(Suggestion::hint(format!(
                "to list the commands: {command} --help"
            ))),
            ErrorKind::UnknownArgument
                if self.word.starts_with("--")
                    && find_similar_flag(&self.commands, &self.word).is_none() =>
            {
                Some(Suggestion::hint(format!(
                    "to list the flags: {command} --help"
                )))
            }
            _ => None,
        }
    }
}

/// Returns whether the flags of the command at this path are those of a message.
fn is_of_message(path: &str) -> bool {
    match path.split(' ').collect::<Vec<_>>()[..] {
        ["send" | "flow-message" | "run", ..] => true,
        ["bulk", "send", ref kind @ ..] => !kind.is_empty(),
        _ => false,
    }
}

/// Returns the names of the commands that have this flag as their own.
fn commands_with(app: &Command, flag: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(app, "", flag, &mut found);
    found
}

fn collect(command: &Command, path: &str, flag: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands() {
        let path = format!("{path} {}", below.get_name());
        if find_flag(&[below], flag).is_some() {
            found.push(path.trim_start().to_owned());
        }
        collect(below, &path, flag, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::kind_words::KIND_WORDS;
    use crate::jelou::message::MessageKind;

    #[test]
    fn each_kind_has_a_line_that_parses() {
        let kinds = MessageKind::all();
        let kinds: Vec<_> = kinds
            .iter()
            .map(MessageKind::command)
            .filter(|kind| *kind != "template-by-id")
            .collect();
        let mut rows: Vec<_> = KIND_WORDS.iter().map(|kind| kind.name).collect();
        assert_eq!(rows.len(), kinds.len());
        for kind in kinds {
            rows.retain(|row| *row != kind);
            let row = KindWords::from_name(kind).expect("a row");
            let mut lines = vec![row.line()];
            if kind != "flow-message" {
                lines.push(row.bulk_line());
            }
            for line in lines {
                let words = shlex::split(&line).expect("whole quotes");
                assert!(App::command().try_get_matches_from(words).is_ok(), "{line}");
            }
        }
        assert_eq!(rows, Vec::<&str>::new());
    }

    #[test]
    fn tables_name_no_existing_command_or_flag() {
        let app = App::command();
        for row in WORD_SUGGESTIONS.iter().chain(FLAG_SUGGESTIONS) {
            let places = row.places.iter().filter(|place| !place.contains('*'));
            for place in places {
                let mut command = &app;
                for name in place.split_whitespace() {
                    command = command.find_subcommand(name).expect(place);
                }
                for word in row.words.split(' ') {
                    let is_known = command.find_subcommand(word).is_some()
                        || find_flag(&[&app, command], word).is_some();
                    assert!(!is_known, "{place} {word}");
                }
            }
            assert!(
                !row.hint.is_empty() && !row.words.is_empty(),
                "{:?} {}",
                row.places,
                row.words
            );
        }
    }

    #[test]
    fn hints_show_the_typed_flag_and_kind() {
        for (line, expected) in [
            (
                "jelouctl bulk send a.csv text --limit 2 Hola",
                "put --limit before the kind of message: jelouctl bulk send LIST --limit N text 'Hola {{ nombre }}'",
            ),
            (
                "jelouctl --sandbox bulk send a.csv template t --rate=5/s",
                "put --rate before the kind of message: jelouctl --sandbox bulk send LIST --rate RATE template \
                 NAME --param '{{ nombre }}'",
            ),
            (
                "jelouctl bulk send a.csv --param x template t",
                "put --param after the kind of message: jelouctl bulk send LIST template --param …",
            ),
            (
                "jelouctl bulk send a.csv --body x",
                "put --body after the kind of message: jelouctl bulk send LIST KIND --body …",
            ),
            (
                "jelouctl bulk send --csv a.csv image --media-url x",
                "pass the list first: jelouctl bulk send LIST image --media-url URL",
            ),
            (
                "jelouctl bulk a.csv image --media-url x",
                "`send` comes before the list: jelouctl bulk send LIST image --media-url URL",
            ),
            (
                "jelouctl run --to 593987654321 --strict -- true",
                "to exit with the notification's code if it fails: --strict-notify",
            ),
        ] {
            let words = shlex::split(line).expect("whole quotes");
            let arguments: Vec<_> = words.iter().map(OsString::from).collect();
            let error = App::command()
                .try_get_matches_from(&arguments)
                .expect_err(line);
            let suggestion = suggest(&error, &arguments).expect(line);
            assert_eq!(suggestion.hint, expected, "{line}");
        }
    }

    #[test]
    fn each_table_has_either_words_or_flags() {
        let is_flag = |word: &str| word.starts_with('-');
        for row in WORD_SUGGESTIONS {
            assert!(!row.words.split(' ').any(is_flag), "{}", row.words);
        }
        for row in FLAG_SUGGESTIONS {
            assert!(row.words.split(' ').all(is_flag), "{}", row.words);
        }
    }
}
