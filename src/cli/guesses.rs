//! Suggestions for lines that people type before they read any help. No suggestion repeats a number, a text or a value
//! of the line: it could be another recipient's number, a secret, or a text that was intended as a command. It keeps
//! `--sandbox`, `--dry-run` and `--curl`, so that a trial stays a trial.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::app::App;
use super::flag_guesses::FLAG_GUESSES;
use super::kind_words::KindWords;
use super::typed_line::{TypedFlag, TypedLine, all_commands, find_flag, words};
use super::word_guesses::WORD_GUESSES;

const A_LIST: &str = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];
const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];
/// The flags that make a line a trial.
const TRIALS: [&str; 3] = ["--sandbox", "--dry-run", "--curl"];

/// A suggestion for a wrong line.
pub(super) struct Guess {
    /// Replaces the parser's error if that reports a different problem.
    pub(super) message: Option<String>,
    pub(super) hint: String,
}

impl Guess {
    fn hint(hint: impl Into<String>) -> Self {
        Self {
            message: None,
            hint: hint.into(),
        }
    }

    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            hint: hint.into(),
        }
    }
}

/// A wrong line, and the word that the parser rejects.
struct WrongLine<'a> {
    app: &'a Command,
    line: TypedLine<'a>,
    kind: ErrorKind,
    /// The wrong word, or the name of the wrong flag. Empty if a word is missing.
    word: String,
    has_no_value: bool,
    /// The commands before that word, the app first.
    commands: Vec<&'a Command>,
}

/// Suggests a correction of the line `arguments`, after the parser's `error`.
pub(super) fn guess(error: &clap::Error, arguments: &[OsString]) -> Option<Guess> {
    let app = App::command();
    let line = TypedLine::read(&app, arguments);
    let word = wrong_word(error);
    let position = words(arguments)
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
        word,
        line,
    };
    let is_misspelt = error.get(ContextKind::SuggestedSubcommand).is_some();
    let guess = wrong
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
                .then(|| wrong.guess_other_command())
                .flatten()
        })
        .or_else(|| (!is_misspelt).then(|| wrong.guess_unknown_word()).flatten())?;
    Some(Guess {
        hint: wrong.with_trials(&guess.hint),
        ..guess
    })
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
    /// Returns the names of the commands before the wrong word.
    fn path(&self) -> Vec<&str> {
        let names = self.commands.iter().skip(1);
        names.map(|command| command.get_name()).collect()
    }

    fn is_unknown(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument
        )
    }

    fn is_flag(&self) -> bool {
        self.word.starts_with('-')
    }

    /// Returns the kind of message anywhere after `send`.
    fn message_kind(&self) -> Option<&'static KindWords> {
        let path = self.line.path();
        let (["send", name] | ["bulk", "send", name] | [name @ "flow-message"]) = path.as_slice()
        else {
            return None;
        };
        KindWords::named(name)
    }

    fn is_list(&self) -> bool {
        self.line.path().starts_with(&["bulk"])
    }

    /// Detects the dashes and quotes of word processors, and long flags with one hyphen.
    fn wrong_dash_or_quote(&self) -> Option<Guess> {
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
                return Some(Guess::new(
                    message,
                    format!("type the flag with two hyphens: {flag}"),
                ));
            }
            if is_known && sign == "-" && self.is_unknown() && name.starts_with(&self.word) {
                let message = format!("`{name}` has one hyphen");
                return Some(Guess::new(
                    message,
                    format!("type the flag with two hyphens: {flag}"),
                ));
            }
        }
        let is_curly = |word: &&str| word.starts_with(QUOTES);
        let is_split = self.is_unknown() && typed.iter().any(is_curly);
        is_split.then(|| {
            let usage = self.suggested_line();
            Guess::new(
                "curly quotes do not group words",
                format!("to group the words, use straight quotes: {usage}"),
            )
        })
    }

    /// Detects a flag whose value is missing: the next word is a command, or the line ends.
    fn missing_value(&self) -> Option<Guess> {
        if self.has_no_value {
            let flag = self.flag_with_value();
            return Some(Guess::new(
                format!("{} has no value", self.word),
                format!("add its value: {flag}"),
            ));
        }
        let is_command = |flag: &&TypedFlag| {
            let value = flag.value.as_deref().unwrap_or_default();
            let known = if self.is_list() && self.message_kind().is_none() {
                KindWords::named(value).is_some()
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
        Some(Guess::new(format!("--{name} has no value"), hint))
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
    fn missing_word(&self) -> Option<Guess> {
        let path = self.line.path();
        let is_missing = matches!(
            self.kind,
            ErrorKind::MissingSubcommand | ErrorKind::MissingRequiredArgument
        );
        match path.as_slice() {
            ["run"] if is_missing => {
                return Some(Guess::hint("jelouctl run --to NUMBER -- COMMAND"));
            }
            ["completions"] if is_missing => {
                return Some(Guess::hint(
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
            return Some(Guess::new(
                "--lang applies only to the page of a preview",
                hint,
            ));
        }
        let hint = match kind {
            Some(kind) => format!("the list comes before the kind: {}", kind.bulk_line()),
            None => format!("add the kind of message after the list: {A_LIST}"),
        };
        Some(Guess::hint(hint))
    }

    /// Finds a row of the table. Looks up a flag for the whole line first, then for its position.
    fn find_row(&self) -> Option<Guess> {
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
        row.map(|hint| Guess::hint(hint.replace("{usage}", &self.suggested_line())))
    }

    /// Returns whether the table has the flag for the position before a list's kind of message.
    fn is_bulk_flag(&self) -> bool {
        self.path() == ["bulk", "send"]
            && FLAG_GUESSES
                .iter()
                .any(|row| row.places == ["bulk send"] && row.has_word(&self.word))
    }

    fn row_at(&self, path: &str) -> Option<&'static str> {
        let row = if self.is_flag() {
            FLAG_GUESSES
                .iter()
                .find(|row| row.matches(path, &self.word))
        } else {
            let word = self.word.to_lowercase();
            WORD_GUESSES.iter().find(|row| row.matches(path, &word))
        };
        row.map(|row| row.hint)
    }

    /// Detects another name of a kind, or a kind without `send`.
    fn kind_by_other_name(&self) -> Option<Guess> {
        if self.kind != ErrorKind::InvalidSubcommand {
            return None;
        }
        let row = KindWords::from_word(&self.word)?;
        match self.path().as_slice() {
            [] | ["send"] => Some(Guess::hint(row.line())),
            ["bulk"] | ["bulk", "send"] => Some(Guess::hint(row.bulk_line())),
            _ => None,
        }
    }

    /// Detects a flag on the wrong side of the kind of message, or of the command.
    fn flag_before_kind(&self) -> Option<Guess> {
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
            let list =
                "put it before the kind of message: jelouctl bulk send LIST --limit 2 text 'Hola'";
            return Some(Guess::hint(list));
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
                Some(Guess::hint(hint))
            }
            (["send"], None) if word == "--to" => Some(Guess::hint(format!(
                "the kind of message comes first: {}",
                KindWords::text().line()
            ))),
            ([], None) if is_of_last => {
                let command = self.line.path().join(" ");
                Some(Guess::hint(format!(
                    "{word} comes after the command: jelouctl {command} {word} …"
                )))
            }
            _ => None,
        }
    }

    /// Detects a repeated flag, or a text in two places.
    fn conflict(&self) -> Option<Guess> {
        let has_text = self.line.has_flag("--text") && self.word == "--text";
        (self.kind == ErrorKind::ArgumentConflict && has_text).then(|| {
            let usage = self.suggested_line();
            Guess::hint(format!(
                "remove one of them; quote a text with spaces: {usage}"
            ))
        })
    }

    /// Detects a word where only flags are valid.
    fn misplaced_word(&self) -> Option<Guess> {
        if !self.is_unknown() || self.is_flag() {
            return None;
        }
        let path = self.path();
        let hint = match path.as_slice() {
            [] => self.suggest_command()?,
            ["send"] => KindWords::text().line(),
            ["send", kind] | [kind @ "flow-message"] => self.suggest_for_word(kind)?,
            ["bulk"] if is_list_file(&self.word) => format!("`send` comes before the list: {A_LIST}"),
            ["bulk"] => format!("to list the commands: jelouctl bulk --help; to send a list: {A_LIST}"),
            ["bulk", "send"] => self.suggest_list_kind(),
            ["bulk", "send", kind] => self.suggest_in_list(kind),
            ["run"] if looks_like_recipient(&self.word) => {
                "put -- before the command, and --to before the recipient: jelouctl run --to NUMBER -- \
                 COMMAND".to_owned()
            }
            ["run"] => "put -- before the command: jelouctl run --to NUMBER -- COMMAND".to_owned(),
            ["sandbox"] => self.suggest_in_sandbox(),
            ["messages", "list"] if looks_like_recipient(&self.word) => {
                "to set the recipient: jelouctl messages list --to NUMBER".to_owned()
            }
            ["messages", "list"] => "to see one chat: jelouctl messages list --to NUMBER; to search the texts: jelouctl messages list --matching WORD".to_owned(),
            ["messages"] => "to see what was sent and received: jelouctl messages list --to NUMBER; to see one message: jelouctl messages get ID".to_owned(),
            ["doctor"] => "pass a profile with --profile: jelouctl doctor --profile NAME".to_owned(),
            ["profile"] => "to create a profile: jelouctl profile set NAME --bot BOT --client-id ID; to use one: jelouctl profile use NAME".to_owned(),
            ["templates"] => "pass a name with --query: jelouctl templates --query NAME".to_owned(),
            _ => return None,
        };
        Some(Guess::hint(hint))
    }

    fn suggest_command(&self) -> Option<String> {
        let word = &self.word;
        if looks_like_recipient(word) {
            return Some(KindWords::text().line());
        }
        if is_list_file(word) {
            return Some(A_LIST.to_owned());
        }
        if word.starts_with("/v1/") || word.contains("://") {
            return Some("to call a path of the API: jelouctl api PATH".to_owned());
        }
        self.named_elsewhere()
    }

    /// Finds the word among the commands below others: `report` belongs to `bulk`.
    fn named_elsewhere(&self) -> Option<String> {
        let groups = self
            .app
            .get_subcommands()
            .filter(|group| group.get_name() != "send");
        let found: Vec<_> = groups
            .filter_map(|group| {
                let below = group.find_subcommand(&self.word)?;
                Some(format!(
                    "jelouctl {} {}",
                    group.get_name(),
                    below.get_name()
                ))
            })
            .collect();
        match found.as_slice() {
            [] => None,
            [one] => Some(format!(
                "this is a command of `{}`: {one}",
                one.split(' ').nth(1)?
            )),
            [others @ .., last] => Some(format!(
                "several commands have it: {} or {last}",
                others.join(", ")
            )),
        }
    }

    /// Corrects a word after a kind: a recipient, a URL, a body, or a text without quotes.
    fn suggest_for_word(&self, kind: &str) -> Option<String> {
        let row = KindWords::named(kind)?;
        let usage = row.line();
        let wrong = self.line.words.iter().find(|word| word.text == self.word)?;
        let before = self.line.flag_before(wrong.position);
        let is_part_of_number = |word: &str| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|sign| sign.is_ascii_digit() || "-().".contains(sign))
        };
        if before.is_some_and(|flag| flag.name == "--to")
            && is_part_of_number(&wrong.text)
            && !looks_like_recipient(&wrong.text)
        {
            return Some(format!(
                "remove the spaces from the number, or quote it: {usage}"
            ));
        }
        let has_recipient = self
            .line
            .words
            .iter()
            .any(|word| looks_like_recipient(&word.text));
        if has_recipient && !self.line.has_flag("--to") {
            return Some(format!("to set the recipient: {usage}"));
        }
        let hint = match &wrong.text {
            body if body.trim_start().starts_with(['{', '[']) || has_ending(body, &["json"]) => {
                format!("pass a body with --body: jelouctl send {kind} --to NUMBER --body FILE")
            }
            address if address.contains("://") && usage.contains("--media-url") => {
                format!("pass the URL of the file with --media-url: {usage}")
            }
            address if address.contains("://") && usage.contains("--url") => {
                format!("pass the URL with --url: {usage}")
            }
            file if usage.contains("--media-url") && is_file_name(file) => {
                format!("--media-url needs a URL on the web, not a local file: {usage}")
            }
            _ if kind == "text" => format!("quote the text: {usage}"),
            _ if before.is_some_and(|flag| {
                flag.name != "--to" && find_flag(&self.commands, &flag.name).is_some()
            }) =>
            {
                let flag = before.map(|flag| flag.name.as_str()).unwrap_or_default();
                format!(
                    "quote a value with spaces, and pass each value with its flag: {flag} 'VALUE'"
                )
            }
            _ if kind == "template" => {
                format!("pass the values of a template with --param: {usage}")
            }
            _ if usage.contains("--text") => format!("pass the text with --text: {usage}"),
            _ => format!("pass every part of the message with a flag: {usage}"),
        };
        Some(hint)
    }

    /// Corrects a second word before a list's kind of message.
    fn suggest_list_kind(&self) -> String {
        let first = self.line.words.first().map(|word| word.text.as_str());
        match first.and_then(KindWords::from_word) {
            Some(kind) => format!("the list comes before the kind: {}", kind.bulk_line()),
            None => format!(
                "put one list before the kind of message, quoted if its name has spaces: {A_LIST}"
            ),
        }
    }

    fn suggest_in_list(&self, kind: &str) -> String {
        let usage = KindWords::named(kind).map_or_else(|| A_LIST.to_owned(), KindWords::bulk_line);
        let is_list = self.line.words.iter().any(|word| {
            is_list_file(&word.text) && Some(word.position) > self.line.position_of(kind)
        });
        if is_list {
            return format!("the list comes before the kind: {usage}");
        }
        if kind == "text" {
            return format!("quote the text, and the name of the list before the kind: {usage}");
        }
        if kind == "template" {
            return format!("pass the values of a template with --param: {usage}");
        }
        format!("pass every part of the message with a flag: {usage}")
    }

    /// Corrects a command after `sandbox`, which is probably intended as the flag.
    fn suggest_in_sandbox(&self) -> String {
        let word = self.word.as_str();
        let to_send = KindWords::from_word(word).map(KindWords::line);
        let line = match word {
            "send" => Some(self.line_in_sandbox()),
            "bulk" => Some(A_LIST.to_owned()),
            _ if self.app.find_subcommand(word).is_some() => Some(format!("jelouctl {word} …")),
            _ => to_send,
        };
        match line {
            Some(line) => {
                let line = line.replacen("jelouctl ", "jelouctl --sandbox ", 1);
                format!("--sandbox is a flag: {line}")
            }
            None => "put -- before the command: jelouctl sandbox -- COMMAND".to_owned(),
        }
    }

    /// Returns the line of the kind that follows `sandbox send`.
    fn line_in_sandbox(&self) -> String {
        let mut words = self.line.words.iter().map(|word| word.text.as_str());
        words
            .find_map(KindWords::from_word)
            .unwrap_or_else(KindWords::text)
            .line()
    }

    /// Detects a flag of other commands.
    fn guess_other_command(&self) -> Option<Guess> {
        if self.kind != ErrorKind::UnknownArgument
            || !self.word.starts_with("--")
            || find_similar_flag(&self.commands, &self.word).is_some()
        {
            return None;
        }
        let here = self.path().join(" ");
        let is_of_message = here.starts_with("send") || here.starts_with("bulk send");
        let names = commands_with(self.app, &self.word);
        let mut names = names.iter().filter(|name| {
            is_of_message || !name.starts_with("send ") && !name.starts_with("bulk send ")
        });
        let first = names.next()?;
        let help = if here.is_empty() {
            String::new()
        } else {
            format!("; to list the flags of `{here}`: jelouctl {here} --help")
        };
        Some(Guess::hint(format!(
            "{} is a flag of `jelouctl {first}`{help}",
            self.word
        )))
    }

    /// Corrects a word that resembles nothing.
    fn guess_unknown_word(&self) -> Option<Guess> {
        let here = self.path().join(" ");
        let command = format!("jelouctl {here}");
        let command = command.trim_end();
        match self.kind {
            ErrorKind::InvalidSubcommand => Some(Guess::hint(format!(
                "to list the commands: {command} --help"
            ))),
            ErrorKind::UnknownArgument
                if self.word.starts_with("--")
                    && find_similar_flag(&self.commands, &self.word).is_none() =>
            {
                Some(Guess::hint(format!("to list the flags: {command} --help")))
            }
            _ => None,
        }
    }

    /// Returns the line of the kind in the wrong line, or else of a text.
    fn suggested_line(&self) -> String {
        let kind = self.message_kind().unwrap_or_else(KindWords::text);
        self.usage_line(kind)
    }

    fn usage_line(&self, kind: &KindWords) -> String {
        if self.is_list() {
            kind.bulk_line()
        } else {
            kind.line()
        }
    }

    /// Adds the flags of a trial to the lines of the hint.
    fn with_trials(&self, hint: &str) -> String {
        let mut flags = String::new();
        for flag in TRIALS {
            if self.line.has_flag(flag) && !hint.contains(flag) {
                flags.push_str(flag);
                flags.push(' ');
            }
        }
        [
            "send",
            "bulk send",
            "flow-message",
            "run",
            "messages",
            "templates",
        ]
        .iter()
        .fold(hint.to_owned(), |hint, command| {
            hint.replace(
                &format!("jelouctl {command} "),
                &format!("jelouctl {flags}{command} "),
            )
        })
    }
}

/// Returns the flag with the placeholder of its value: `--language CODE`.
fn with_value_name(command: &Command, flag: &str) -> String {
    let found = find_flag(&[command], flag);
    let value = found
        .filter(|found| found.get_action().takes_values())
        .and_then(|found| found.get_value_names()?.first().map(ToString::to_string));
    match value {
        Some(value) => format!("{flag} {value}"),
        None => flag.to_owned(),
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

/// Finds the long flag of `commands` that `typed` resembles or is part of.
pub(super) fn find_similar_flag(commands: &[&Command], typed: &str) -> Option<String> {
    let typed = typed.strip_prefix("--")?.split('=').next()?.to_lowercase();
    let flags = commands.iter().flat_map(|command| command.get_arguments());
    let names = flags
        .filter(|flag| !flag.is_hide_set())
        .flat_map(|flag| flag.get_long_and_visible_aliases().unwrap_or_default());
    let similar = names.filter(|name| is_similar(&typed, name));
    let nearest = similar.min_by_key(|name| strsim::osa_distance(&typed, name))?;
    Some(format!("--{nearest}"))
}

/// Returns whether `typed` is the start of `known`, one of its parts, or has one or two typos.
pub(super) fn is_similar(typed: &str, known: &str) -> bool {
    let length = typed.chars().count();
    let is_begun = length >= 3 && known.starts_with(typed);
    let is_part = length >= 3 && known.split('-').any(|part| part == typed);
    let edits = strsim::osa_distance(typed, known);
    let begins_alike = typed.chars().next() == known.chars().next();
    let is_misspelt = edits == 1 && length >= 3 || edits == 2 && length >= 5 && begins_alike;
    is_begun || is_part || is_misspelt
}

/// Returns whether it looks like a phone number or a user id.
pub(super) fn looks_like_recipient(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 7
        && word
            .chars()
            .all(|sign| sign.is_ascii_digit() || "+-(). ".contains(sign));
    is_number || word.starts_with("id:")
}

fn is_list_file(word: &str) -> bool {
    has_ending(
        word,
        &["csv", "xlsx", "xls", "ods", "ndjson", "jsonl", "tsv", "txt"],
    )
}

/// Returns whether `word` looks like a file name: it has a short extension, or starts with `/`, `@`
/// or `~`.
fn is_file_name(word: &str) -> bool {
    let ending = word
        .rsplit_once('.')
        .map(|(_, ending)| ending)
        .unwrap_or_default();
    let is_ending =
        (2..=4).contains(&ending.len()) && ending.chars().all(|sign| sign.is_ascii_alphanumeric());
    is_ending || word.starts_with(['/', '@', '~'])
}

fn has_ending(word: &str, endings: &[&str]) -> bool {
    let ending = word
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
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
            let row = KindWords::named(kind).expect("a row");
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
    fn guess_table_names_no_existing_command_or_flag() {
        let app = App::command();
        for row in WORD_GUESSES.iter().chain(FLAG_GUESSES) {
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
    fn each_table_has_only_its_sort_of_words() {
        let is_flag = |word: &str| word.starts_with('-');
        for row in WORD_GUESSES {
            assert!(!row.words.split(' ').any(is_flag), "{}", row.words);
        }
        for row in FLAG_GUESSES {
            assert!(row.words.split(' ').all(is_flag), "{}", row.words);
        }
    }

    #[test]
    fn similar_names_are_near() {
        for (typed, known, expected) in [
            ("too", "to", true),
            ("lang", "language", true),
            ("url", "media-url", true),
            ("parma", "param", true),
            ("recipiant", "recipient", true),
            ("at", "prices", false),
            ("on-failure", "profile", false),
            ("not-sent", "no-input", false),
            ("title", "file", false),
            ("move", "remove", false),
        ] {
            assert_eq!(is_similar(typed, known), expected, "{typed} {known}");
        }
    }
}
