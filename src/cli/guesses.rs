//! What to type instead of a line that people type before they have read any help. No proposed line repeats a number,
//! a text or a value that was typed: it could be somebody else's number, a secret, or a text that was meant as a
//! command. It keeps `--sandbox`, `--dry-run` and `--curl`, so that a trial stays one.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::app::App;
use super::typed_line::{TypedFlag, TypedLine, all_commands, find_flag, words};
use crate::base::texts::rows;

/// The commands before the word, the words, and what to type instead. `*` stands for any further commands, `|` separates
/// places; of several rows, the first counts.
const GUESSES: &str = include_str!("guesses.tsv");
/// The kinds of message: what follows the kind on a line, with names for the values, and other words for it.
const KIND_WORDS: &str = include_str!("kind_words.tsv");

const A_LIST: &str = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];
const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];
/// Flags that make a trial of a line.
const TRIALS: [&str; 3] = ["--sandbox", "--dry-run", "--curl"];

/// What was probably meant by a wrong line.
pub(super) struct Guess {
    /// What is wrong, if the parser's own words are about something else.
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

/// A wrong line with the word that the parser does not take.
struct WrongLine<'a> {
    app: &'a Command,
    line: TypedLine<'a>,
    kind: ErrorKind,
    /// The wrong word, or the name of the wrong flag; empty if a word is missing.
    word: String,
    has_no_value: bool,
    /// The commands before that word, the app first.
    commands: Vec<&'a Command>,
}

/// What to type instead of the line `arguments`, which the parser refused with `error`.
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
        .other_signs()
        .or_else(|| wrong.missing_value())
        .or_else(|| wrong.missing_word())
        .or_else(|| wrong.flag_before_kind())
        .or_else(|| wrong.listed())
        .or_else(|| wrong.other_name_of_kind())
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
    /// The names of the commands before the wrong word.
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

    /// The kind of message that the line names anywhere after `send`.
    fn kind_of_message(&self) -> Option<KindWords> {
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

    /// The dashes and quotes of a word processor, and a long flag with one hyphen.
    fn other_signs(&self) -> Option<Guess> {
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
                let message = format!("`{name}` begins with a dash that is not a hyphen");
                return Some(Guess::new(
                    message,
                    format!(
                        "type two hyphens on the keyboard, as flags begin with two hyphens: {flag}"
                    ),
                ));
            }
            if is_known && sign == "-" && self.is_unknown() && name.starts_with(&self.word) {
                let message = format!("`{name}` has one hyphen");
                return Some(Guess::new(
                    message,
                    format!("flags begin with two hyphens: {flag}"),
                ));
            }
        }
        let is_curly = |word: &&str| word.starts_with(QUOTES);
        let is_split = self.is_unknown() && typed.iter().any(is_curly);
        is_split.then(|| {
            let usage = self.line_to_type();
            Guess::new(
                "curly quotes do not hold a text together",
                format!("a text is one argument, in the quotes of the keyboard: {usage}"),
            )
        })
    }

    /// A flag without its value, which took the next command for it, or has nothing after it.
    fn missing_value(&self) -> Option<Guess> {
        if self.has_no_value {
            let flag = self.flag_with_value();
            return Some(Guess::new(
                format!("{} has no value", self.word),
                format!("the value follows it: {flag}"),
            ));
        }
        let is_command = |flag: &&TypedFlag| {
            let value = flag.value.as_deref().unwrap_or_default();
            let known = if self.is_list() && self.kind_of_message().is_none() {
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
            "preview" => {
                "--preview 3 shows the first 3 messages, --preview all shows all of them".to_owned()
            }
            _ => format!("put the value of --{name} before `{value}`"),
        };
        Some(Guess::new(format!("--{name} has no value"), hint))
    }

    /// The wrong flag with the name of its value.
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

    /// What a line lacks: a list its kind of message or its file, others their command.
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
        let kind = self.kind_of_message();
        if self.line.has_flag("--lang") && !self.line.has_flag("--file") {
            let hint = "for the language of a template: --language CODE after its kind; for that of a page: --preview all --file FILE --lang es";
            return Some(Guess::new(
                "--lang is the language of a page with the preview",
                hint,
            ));
        }
        let hint = match kind {
            Some(kind) => format!("the list comes before the kind: {}", kind.line_of_list()),
            None => format!("the kind of message follows the list: {A_LIST}"),
        };
        Some(Guess::hint(hint))
    }

    /// A row of the table. A flag is looked up where the whole line leads, then where it stands.
    fn listed(&self) -> Option<Guess> {
        let is_repeated = self.kind == ErrorKind::ArgumentConflict && self.word == "--to";
        let is_format = self.kind == ErrorKind::InvalidValue && self.word == "--output";
        if self.word.is_empty() || !(self.is_unknown() || is_repeated || is_format) {
            return None;
        }
        let here = self.path().join(" ");
        let whole = self.line.path().join(" ");
        let row = if self.is_flag() && !self.is_in_table_of_list() {
            self.row_at(&whole).or_else(|| self.row_at(&here))
        } else {
            self.row_at(&here)
        };
        row.map(|hint| Guess::hint(hint.replace("{usage}", &self.line_to_type())))
    }

    /// Whether the table has the flag for the place before the kind of message of a list.
    fn is_in_table_of_list(&self) -> bool {
        let is_row = |[places, words, _]: [&str; 3]| {
            places == "bulk send" && words.split(' ').any(|one| one == self.word)
        };
        self.path() == ["bulk", "send"] && rows::<3>(GUESSES).any(is_row)
    }

    fn row_at(&self, path: &str) -> Option<&'static str> {
        let is_at = |place: &str| match (place.strip_suffix('*'), place.strip_prefix('*')) {
            (Some(begin), _) => format!("{path} ").starts_with(begin),
            (None, Some(end)) => path.ends_with(end),
            (None, None) => place == path,
        };
        let is_here = |places: &str| places.split('|').any(is_at);
        let word = if self.is_flag() {
            self.word.clone()
        } else {
            self.word.to_lowercase()
        };
        rows(GUESSES)
            .find(|[places, words, _]| is_here(places) && words.split(' ').any(|one| one == word))
            .map(|[_, _, hint]| hint)
    }

    /// A kind of message under its name elsewhere, or without `send`.
    fn other_name_of_kind(&self) -> Option<Guess> {
        if self.kind != ErrorKind::InvalidSubcommand {
            return None;
        }
        let row = KindWords::meant_by(&self.word)?;
        match self.path().as_slice() {
            [] | ["send"] => Some(Guess::hint(row.line())),
            ["bulk"] | ["bulk", "send"] => Some(Guess::hint(row.line_of_list())),
            _ => None,
        }
    }

    /// A flag that belongs on the other side of the kind of message, or of the command.
    fn flag_before_kind(&self) -> Option<Guess> {
        if !self.is_unknown() || !self.is_flag() {
            return None;
        }
        if self.is_in_table_of_list() {
            return None;
        }
        let path = self.path();
        let word = &self.word;
        if let ["bulk", "send", _] = path.as_slice()
            && let Some((_, above)) = self.commands.split_last()
            && find_flag(above, word).is_some()
        {
            let list = "it belongs before the kind of message: jelouctl bulk send LIST --limit 2 text 'Hola'";
            return Some(Guess::hint(list));
        }
        // The recipients of a list are a column.
        if word == "--to" && self.is_list() {
            return None;
        }
        let is_of_last = find_flag(&[self.line.last()], word).is_some();
        match (path.as_slice(), self.kind_of_message()) {
            ([] | ["send" | "bulk"] | ["bulk", "send"], Some(kind)) if is_of_last => {
                let usage = self.usage_of(&kind);
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

    /// A text in two places, or a flag that is given twice.
    fn conflict(&self) -> Option<Guess> {
        let has_text = self.line.has_flag("--text") && self.word == "--text";
        (self.kind == ErrorKind::ArgumentConflict && has_text).then(|| {
            let usage = self.line_to_type();
            Guess::hint(format!(
                "leave one of them out; a text with spaces is in quotes: {usage}"
            ))
        })
    }

    /// A word where only flags can be.
    fn misplaced_word(&self) -> Option<Guess> {
        if !self.is_unknown() || self.is_flag() {
            return None;
        }
        let path = self.path();
        let hint = match path.as_slice() {
            [] => self.instead_of_command()?,
            ["send"] => KindWords::text().line(),
            ["send", kind] | [kind @ "flow-message"] => self.instead_of_word(kind)?,
            ["bulk"] if is_list_file(&self.word) => format!("`send` comes before the list: {A_LIST}"),
            ["bulk"] => format!("jelouctl bulk --help lists the commands; to send a list: {A_LIST}"),
            ["bulk", "send"] => self.instead_of_kind_of_list(),
            ["bulk", "send", kind] => self.instead_of_word_in_list(kind),
            ["run"] if is_recipient(&self.word) => {
                "-- belongs before the command, and --to before the recipient: jelouctl run --to NUMBER -- COMMAND".to_owned()
            }
            ["run"] => "-- belongs before the command: jelouctl run --to NUMBER -- COMMAND".to_owned(),
            ["sandbox"] => self.instead_of_word_in_sandbox(),
            ["messages", "list"] if is_recipient(&self.word) => {
                "the recipient is given with --to: jelouctl messages list --to NUMBER".to_owned()
            }
            ["messages", "list"] => "to see one chat: jelouctl messages list --to NUMBER; to search the texts: jelouctl messages list --matching WORD".to_owned(),
            ["messages"] => "to see what was sent and received: jelouctl messages list --to NUMBER; to see one message: jelouctl messages get ID".to_owned(),
            ["doctor"] => "a profile is named with --profile: jelouctl doctor --profile NAME".to_owned(),
            ["profile"] => "to make a profile: jelouctl profile set NAME --bot BOT --client-id ID; to use one: jelouctl profile use NAME".to_owned(),
            ["templates"] => "a name is given with --query: jelouctl templates --query NAME".to_owned(),
            _ => return None,
        };
        Some(Guess::hint(hint))
    }

    fn instead_of_command(&self) -> Option<String> {
        let word = &self.word;
        if is_recipient(word) {
            return Some(KindWords::text().line());
        }
        if is_list_file(word) {
            return Some(A_LIST.to_owned());
        }
        if word.starts_with("/v1/") || word.contains("://") {
            return Some("to call an address of the API: jelouctl api PATH".to_owned());
        }
        self.named_elsewhere()
    }

    /// The commands below others that are called so: `report` is one of `bulk`.
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
                "it is a command of `{}`: {one}",
                one.split(' ').nth(1)?
            )),
            [others @ .., last] => Some(format!(
                "it is a command of several: {} or {last}",
                others.join(", ")
            )),
        }
    }

    /// A word after a kind, which is the recipient, an address, a body, or a text without quotes.
    fn instead_of_word(&self, kind: &str) -> Option<String> {
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
            && !is_recipient(&wrong.text)
        {
            return Some(format!(
                "a number with spaces is one argument, without spaces or in quotes: {usage}"
            ));
        }
        let has_recipient = self.line.words.iter().any(|word| is_recipient(&word.text));
        if has_recipient && !self.line.has_flag("--to") {
            return Some(format!("the recipient is given with --to: {usage}"));
        }
        let hint = match &wrong.text {
            body if body.trim_start().starts_with(['{', '[']) || has_ending(body, &["json"]) => {
                format!("a body is given with --body: jelouctl send {kind} --to NUMBER --body FILE")
            }
            address if address.contains("://") && usage.contains("--media-url") => {
                format!("the address of the file is given with --media-url: {usage}")
            }
            address if address.contains("://") && usage.contains("--url") => {
                format!("the address is given with --url: {usage}")
            }
            file if usage.contains("--media-url") && is_file_name(file) => {
                format!("--media-url URL takes a file on the web, not one on this machine: {usage}")
            }
            _ if kind == "text" => format!("a text is one argument, in quotes: {usage}"),
            _ if before.is_some_and(|flag| {
                flag.name != "--to" && find_flag(&self.commands, &flag.name).is_some()
            }) =>
            {
                let flag = before.map(|flag| flag.name.as_str()).unwrap_or_default();
                format!(
                    "a value with spaces is in quotes, and each value has a flag: {flag} 'VALUE'"
                )
            }
            _ if kind == "template" => {
                format!("the values of a template are given with --param: {usage}")
            }
            _ if usage.contains("--text") => format!("the text is given with --text: {usage}"),
            _ => format!("every part of the message is given with a flag: {usage}"),
        };
        Some(hint)
    }

    /// A second word before the kind of message of a list.
    fn instead_of_kind_of_list(&self) -> String {
        let first = self.line.words.first().map(|word| word.text.as_str());
        match first.and_then(KindWords::meant_by) {
            Some(kind) => format!("the list comes before the kind: {}", kind.line_of_list()),
            None => format!(
                "one list comes before the kind of message, in quotes if its name has spaces: {A_LIST}"
            ),
        }
    }

    fn instead_of_word_in_list(&self, kind: &str) -> String {
        let usage =
            KindWords::named(kind).map_or_else(|| A_LIST.to_owned(), |row| row.line_of_list());
        let is_list = self.line.words.iter().any(|word| {
            is_list_file(&word.text) && Some(word.position) > self.line.position_of(kind)
        });
        if is_list {
            return format!("the list comes before the kind: {usage}");
        }
        if kind == "text" {
            return format!(
                "a text is one argument, in quotes; so is the name of the list, which comes before the kind: {usage}"
            );
        }
        if kind == "template" {
            return format!("the values of a template are given with --param: {usage}");
        }
        format!("every part of the message is given with a flag: {usage}")
    }

    /// A command after `sandbox`, which was meant for the flag.
    fn instead_of_word_in_sandbox(&self) -> String {
        let word = self.word.as_str();
        let to_send = KindWords::meant_by(word).map(|row| row.line());
        let line = match word {
            "send" => Some(self.sent_in_sandbox()),
            "bulk" => Some(A_LIST.to_owned()),
            _ if self.app.find_subcommand(word).is_some() => Some(format!("jelouctl {word} …")),
            _ => to_send,
        };
        match line {
            Some(line) => {
                let line = line.replacen("jelouctl ", "jelouctl --sandbox ", 1);
                format!("--sandbox is a flag: {line}")
            }
            None => "-- belongs before the command: jelouctl sandbox -- COMMAND".to_owned(),
        }
    }

    /// The line of the kind that follows `sandbox send`.
    fn sent_in_sandbox(&self) -> String {
        let mut words = self.line.words.iter().map(|word| word.text.as_str());
        words
            .find_map(KindWords::meant_by)
            .unwrap_or_else(KindWords::text)
            .line()
    }

    /// A flag that only other commands have.
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
            format!("; jelouctl {here} --help lists the flags of `{here}`")
        };
        Some(Guess::hint(format!(
            "{} is a flag of `jelouctl {first}`{help}",
            self.word
        )))
    }

    /// A word that nothing resembles.
    fn guess_unknown_word(&self) -> Option<Guess> {
        let here = self.path().join(" ");
        let command = format!("jelouctl {here}");
        let command = command.trim_end();
        match self.kind {
            ErrorKind::InvalidSubcommand => {
                Some(Guess::hint(format!("{command} --help lists the commands")))
            }
            ErrorKind::UnknownArgument
                if self.word.starts_with("--")
                    && find_similar_flag(&self.commands, &self.word).is_none() =>
            {
                Some(Guess::hint(format!("{command} --help lists the flags")))
            }
            _ => None,
        }
    }

    /// The line of the kind that was typed, or of a text.
    fn line_to_type(&self) -> String {
        let kind = self.kind_of_message().unwrap_or_else(KindWords::text);
        self.usage_of(&kind)
    }

    fn usage_of(&self, kind: &KindWords) -> String {
        if self.is_list() {
            kind.line_of_list()
        } else {
            kind.line()
        }
    }

    /// The hint, whose lines stay trials.
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

/// A row of [`KIND_WORDS`].
struct KindWords {
    name: &'static str,
    rest: &'static str,
}

impl KindWords {
    fn text() -> Self {
        Self {
            name: "text",
            rest: "'TEXT'",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::find(|row| row[0] == name)
    }

    /// The kind of this name, or of this other word for it.
    fn meant_by(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        Self::named(&word)
            .or_else(|| Self::find(|row| row[2].split(' ').any(|other| other == word)))
    }

    fn find(is_meant: impl Fn(&[&'static str; 3]) -> bool) -> Option<Self> {
        let [name, rest, _] = rows(KIND_WORDS).find(is_meant)?;
        Some(Self { name, rest })
    }

    /// The line that sends one.
    fn line(&self) -> String {
        let Self { name, rest } = self;
        match *name {
            "flow-message" => format!("jelouctl flow-message --to NUMBER {rest}"),
            _ => format!("jelouctl send {name} --to NUMBER {rest}"),
        }
    }

    /// The line that sends one to each row of a list.
    fn line_of_list(&self) -> String {
        let Self { name, rest } = self;
        let rest = rest.replace("'TEXT'", "'Hola {{ nombre }}'");
        format!(
            "jelouctl bulk send LIST {name} {}",
            rest.replace("'VALUE'", "'{{ nombre }}'")
        )
    }
}

/// The flag with the name of its value: `--language CODE`.
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

/// The names of the commands that have this flag as their own.
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

/// The long flag of `commands` that `typed` is nearly, or a part of.
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

/// Whether `typed` is the beginning of `known`, one of its parts, or misspelt by a letter or two.
pub(super) fn is_similar(typed: &str, known: &str) -> bool {
    let length = typed.chars().count();
    let is_begun = length >= 3 && known.starts_with(typed);
    let is_part = length >= 3 && known.split('-').any(|part| part == typed);
    let edits = strsim::osa_distance(typed, known);
    let begins_alike = typed.chars().next() == known.chars().next();
    let is_misspelt = edits == 1 && length >= 3 || edits == 2 && length >= 5 && begins_alike;
    is_begun || is_part || is_misspelt
}

/// Whether it looks like a phone number or a user's id.
pub(super) fn is_recipient(word: &str) -> bool {
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

/// Whether it ends as the name of a file on this machine does.
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
    use crate::jelou::message::MessageKind;

    #[test]
    fn each_kind_has_a_line_that_parses() {
        let kinds = MessageKind::all();
        let kinds: Vec<_> = kinds
            .iter()
            .map(MessageKind::command)
            .filter(|kind| *kind != "template-by-id")
            .collect();
        let mut rows: Vec<_> = rows::<3>(KIND_WORDS).map(|[kind, ..]| kind).collect();
        assert_eq!(rows.len(), kinds.len());
        for kind in kinds {
            rows.retain(|row| *row != kind);
            let row = KindWords::named(kind).expect("a row");
            let mut lines = vec![row.line()];
            if kind != "flow-message" {
                lines.push(row.line_of_list());
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
        for [places, words, hint] in rows::<3>(GUESSES) {
            for place in places.split('|').filter(|place| !place.contains('*')) {
                let mut command = &app;
                for name in place.split_whitespace() {
                    command = command.find_subcommand(name).expect(place);
                }
                for word in words.split(' ') {
                    let is_known = command.find_subcommand(word).is_some()
                        || find_flag(&[&app, command], word).is_some();
                    assert!(!is_known, "{place} {word}");
                }
            }
            assert!(!hint.is_empty() && !words.is_empty(), "{places} {words}");
        }
        let table = GUESSES.lines().count();
        assert_eq!(rows::<3>(GUESSES).count() + 1, table);
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
