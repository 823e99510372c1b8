//! Answers a wrong line with a hint, because users type before they read any help: a row of the table, else the flag or
//! the command that the line misplaces or misspells, else the help. A hint may repeat a flag or a kind of message, but
//! never a number, a text or a value: it could be a secret or the number of another recipient.

use std::path::Path;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, Command};

use super::hints::Hint;
use super::line::{LineToken, TokenRole, all_commands, find_flag, path_of};
use super::parser_error::{argument_name, missing_in, string};
use crate::base::message::{Lang, Message, Value, msg};
use crate::base::placeholders::written_in;
use crate::base::suggest::find_similar;
use crate::base::texts::shell_argument;
use crate::jelou::message::MessageKind;

/// The flags with which more messages are sent, or to another server. No similar name suggests them.
const LETS_MORE_THROUGH: [&str; 9] = [
    "again",
    "allow-duplicates",
    "api-url",
    "keep-going",
    "over-limit",
    "skip-invalid",
    "skip-not-allowed",
    "unchecked",
    "yes",
];

/// A line that the parser refuses.
pub(super) struct WrongLine<'a> {
    app: &'a Command,
    tokens: &'a [LineToken],
    error: &'a clap::Error,
    /// The wrong word, or the name of the wrong flag, as the table has it. Empty if something is missing.
    word: String,
    /// The last command before the wrong word.
    pub(super) here: &'a Command,
    /// The commands that the line means, the app first. Without a kind, it is the kind that a word names, else a text.
    meant: Vec<&'a Command>,
}

impl<'a> WrongLine<'a> {
    /// Finds the wrong word among `tokens` for the parser's `error`. The commands of `app` are built.
    pub(super) fn new(app: &'a Command, tokens: &'a [LineToken], error: &'a clap::Error) -> Self {
        let command = string(error, ContextKind::InvalidSubcommand);
        let word = command.unwrap_or(argument_name(error));
        let is_wrong = |token: &LineToken| token.text == word || token.name() == word;
        let here = path_of(tokens.split(is_wrong).next().unwrap_or(tokens));
        let is_flag = word.starts_with('-');
        let place = if is_flag { path_of(tokens) } else { here };
        let mut meant = place.to_owned();
        let group = meant.trim_end_matches(" send");
        let lacks_kind = ["jelouctl", "jelouctl bulk"].contains(&group);
        let mut words = tokens
            .iter()
            .filter(|token| lacks_kind && token.role == TokenRole::Word);
        let kind = words.find_map(|word| MessageKind::from_any_name(&word.text));
        if lacks_kind {
            meant = format!(
                "{group} send {}",
                kind.map_or("text", |kind| kind.command())
            );
        }
        Self {
            app,
            tokens,
            error,
            // Only a flag of one letter can be a capital.
            word: if word.len() > 2 {
                word.to_lowercase()
            } else {
                word.to_owned()
            },
            here: commands_at(app, here).last().copied().unwrap_or(app),
            meant: commands_at(app, &meant),
        }
    }

    /// Returns the hint, with the global flags of the line, so that a trial stays a trial.
    pub(super) fn hint(&self) -> Option<Message> {
        let english = self.hint_in(Lang::En)?;
        let spanish = self.hint_in(Lang::Es)?;
        let hint = Value::ByLanguage { english, spanish };
        Some(msg!("{hint}", hint))
    }

    fn hint_in(&self, lang: Lang) -> Option<String> {
        let hint = match self.error.kind() {
            ErrorKind::UnknownArgument if self.word.starts_with('-') => self.hint_for_flag(lang),
            ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => self.hint_for_word(lang),
            // The rows of other flags are for commands that do not have them.
            ErrorKind::InvalidValue if !self.word.starts_with("--") || self.word == "--output" => {
                self.row(lang, &[&self.word])?
            }
            // The second word of a text without quotes is taken for another text.
            ErrorKind::ArgumentConflict if self.has_rest() => {
                let other = string(self.error, ContextKind::PriorArg)?;
                self.row(lang, &["REST"]).filter(|_| other == "[TEXT]")?
            }
            ErrorKind::MissingSubcommand => {
                // Without subcommands, it is a kind in the place of the list.
                let typed = if self.here.has_subcommands() {
                    "*"
                } else {
                    "MISSING"
                };
                let row = self.row(lang, &[typed]);
                row.unwrap_or_else(|| self.commands_here(lang))
            }
            ErrorKind::MissingRequiredArgument => {
                // A flag that needs another one says so.
                let missing = missing_in(self.error);
                missing
                    .iter()
                    .find(|argument| !argument.trim_start_matches('<').starts_with("--"))?;
                self.row(lang, &["MISSING", &self.first_positional()])
                    .unwrap_or_else(|| line_of(self.here))
            }
            _ => return None,
        };
        let hint = written_in(lang, &hint);
        let mut program = "jelouctl ".to_owned();
        for token in self
            .tokens
            .iter()
            .filter(|token| token.role == TokenRole::Flag)
        {
            let flag = find_flag(self.app, token.name()).map(with_value_name);
            let flag = flag.map(|flag| written_in(lang, &flag));
            let flag = flag.filter(|flag| flag != "--yes" && !hint.contains(flag));
            program.extend(flag.map(|flag| flag + " "));
        }
        if hint.ends_with("--help") {
            return Some(hint);
        }
        Some(hint.replace("jelouctl ", &program))
    }

    fn hint_for_flag(&self, lang: Lang) -> String {
        let flags = self
            .meant
            .iter()
            .flat_map(|command| command.get_arguments());
        let flags = flags.filter(|flag| !flag.is_hide_set());
        let names = flags
            .filter_map(Arg::get_long_and_visible_aliases)
            .flatten();
        let names = names.filter(|name| !LETS_MORE_THROUGH.contains(name));
        self.name_of_file(lang)
            .or_else(|| self.place_in_line(lang))
            .or_else(|| self.row(lang, &[&self.word]))
            .or_else(|| self.row(lang, &[self.form_of_flag()]))
            .or_else(|| self.place_of_flag(lang))
            .or_else(|| self.with_flag(find_similar(self.word.strip_prefix("--")?, names)?))
            .or_else(|| {
                let is_letter = !self.word.starts_with("--");
                line_of_kind(self.here).filter(|_| is_letter)
            })
            .unwrap_or_else(|| {
                let command = path(self.here);
                msg!("to list the flags: {command} --help", command).text(lang)
            })
    }

    /// Returns the form of the wrong flag. It is a letter for the parser, and can be the begin of a text.
    fn form_of_flag(&self) -> &'static str {
        let is_letter = !self.word.starts_with("--");
        let is_text = |token: &LineToken| {
            let rest = token.text.strip_prefix(&self.word);
            token.role == TokenRole::Flag && rest.is_some_and(|rest| !rest.is_empty())
        };
        if is_letter && self.tokens.iter().any(is_text) {
            return "DASH-TEXT";
        }
        form(&self.word)
    }

    /// Returns the first argument of the command, in angle brackets.
    fn first_positional(&self) -> String {
        let mut positionals = self.here.get_positionals();
        let names = positionals.find_map(Arg::get_value_names);
        let name = names.and_then(<[_]>::first);
        format!("<{}>", name.map_or("", |name| name.as_str()))
    }

    fn hint_for_word(&self, lang: Lang) -> String {
        let names = self.here.get_subcommands().map(Command::get_name);
        self.row(lang, &[&self.word, self.form(lang)])
            .or_else(|| self.with_command(lang, find_similar(&self.word, names)?))
            .or_else(|| self.with_command(lang, &self.word))
            .or_else(|| self.row(lang, &["*"]))
            .unwrap_or_else(|| self.commands_here(lang))
    }

    /// Returns how to list the commands here. A command without others has its own line.
    fn commands_here(&self, lang: Lang) -> String {
        if !self.here.has_subcommands() {
            return line_of(self.here);
        }
        let command = path(self.here);
        msg!("to list the commands: {command} --help", command).text(lang)
    }

    /// Returns the form of the wrong word, or of another word that explains the error.
    fn form(&self, lang: Lang) -> &'static str {
        let forms = self.tokens.iter().map(|token| match token.role {
            TokenRole::Word if MessageKind::from_any_name(&token.text).is_some() => "KIND",
            TokenRole::Word => form(&token.text),
            TokenRole::Value if self.with_command(lang, &token.text).is_some() => {
                "COMMAND-AS-VALUE"
            }
            _ => "",
        });
        let has_recipient = self.tokens.iter().any(|token| token.name() == "--to");
        let mut forms = forms.filter(|form| !["", "LIST"].contains(form));
        match forms.next() {
            Some("NUMBER" | "DIGITS") if has_recipient => "SECOND-NUMBER",
            Some("DIGITS") | None if self.has_rest() => "REST",
            Some("DIGITS") | None => form(&self.word),
            Some(form) => form,
        }
    }

    /// Returns whether a word follows a flag with its value.
    fn has_rest(&self) -> bool {
        let mut pairs = self.tokens.windows(2);
        pairs.any(|pair| {
            pair.iter()
                .map(|token| &token.role)
                .eq([&TokenRole::Value, &TokenRole::Word])
        })
    }

    /// Returns the hint of the first row for this place that has one of `typed`.
    fn row(&self, lang: Lang, typed: &[&str]) -> Option<String> {
        let mut here = path(self.here).to_owned();
        if self.here.has_subcommands() {
            here += " COMMAND";
        }
        let meant = path(self.meant.last()?);
        let rows = Hint::all().filter(|row| row.is_at(&here) || row.is_at(meant));
        let mut rows = rows.filter(|row| row.has(typed));
        rows.find_map(|row| self.fill(lang, lang.pick(row.hint)))
    }

    /// Fills in the hint of a row. None if it is for a flag or a command that does not exist here.
    fn fill(&self, lang: Lang, hint: &str) -> Option<String> {
        let Some((before, rest)) = hint.split_once('<') else {
            return Some(hint.to_owned());
        };
        let (name, after) = rest.split_once('>')?;
        let meant = *self.meant.last()?;
        let filled = match name.strip_prefix("send ") {
            Some(kind) => kind_line(kind, path(meant))?,
            None if name == "usage" => line_of(meant),
            None if name.starts_with("--") => self.with_flag(name)?,
            None => self.with_command(lang, name)?,
        };
        Some(format!("{before}{filled}{after}"))
    }

    /// Returns the line of a flag of the commands that it means, with its value.
    fn with_flag(&self, name: &str) -> Option<String> {
        let mut commands = self.meant.iter();
        let owner = commands.find(|command| find_flag(command, name).is_some())?;
        let flag = find_flag(owner, name).map(with_value_name)?;
        Some(format!("{} {flag} …", path(owner)))
    }

    /// Returns the way to pass a file whose name the parser takes for the wrong flag.
    fn name_of_file(&self, lang: Lang) -> Option<String> {
        let mut words = self.tokens.iter().map(|token| token.text.as_str());
        let file = words.find(|word| {
            word.to_lowercase().starts_with(&self.word) && Path::new(word).is_file()
        })?;
        let path = shell_argument(&format!("./{file}"));
        Some(msg!("to pass the file: {path}", path).text(lang))
    }

    /// Returns the place of a flag of a command in this line, such as one of `bulk send` after the kind.
    fn place_in_line(&self, lang: Lang) -> Option<String> {
        let word = self.word.as_str();
        let here = path(self.here);
        let typed = self
            .meant
            .iter()
            .filter(|meant| word.starts_with("--") && here.starts_with(path(meant)));
        let owner = typed.rev().find(|owner| find_flag(owner, word).is_some())?;
        let flag = find_flag(owner, word)?;
        Some(belongs_here(owner, flag, word).text(lang))
    }

    /// Returns the place of a flag of this command, or of the nearest other one. A flag without a value, such as `--all`,
    /// means something else in another command. For a flag of several other kinds, it is the line of this kind.
    fn place_of_flag(&self, lang: Lang) -> Option<String> {
        let word = self.word.as_str();
        let nearest = self
            .meant
            .iter()
            .rev()
            .flat_map(|command| all_commands(command));
        let owners = nearest.filter(|_| word.starts_with("--"));
        let owners: Vec<_> = owners
            .filter(|command| find_flag(command, word).is_some())
            .collect();
        let owner = owners.first()?;
        let flag = find_flag(owner, word)?;
        if !flag.get_action().takes_values() {
            return None;
        }
        let kinds = owners.iter().filter(|owner| line_of_kind(owner).is_some());
        let is_of_kinds = line_of_kind(owner).is_some() && kinds.count() > 1;
        if let Some(line) = line_of_kind(self.here).filter(|_| is_of_kinds) {
            let command = path(self.here);
            let hint = msg!(
                "to send this kind: {line}; to list its flags: {command} --help",
                line,
                command
            );
            return Some(hint.text(lang));
        }
        Some(belongs_here(owner, flag, word).text(lang))
    }

    /// Returns the line of the command `name` here, or of all groups that have it if no group is named.
    fn with_command(&self, lang: Lang, name: &str) -> Option<String> {
        let groups = if path(self.here) == "jelouctl" {
            all_commands(self.app)
        } else {
            vec![self.here]
        };
        let commands = groups
            .iter()
            .filter_map(|group| group.find_subcommand(name));
        let lines: Vec<_> = commands.map(line_of).collect();
        (!lines.is_empty()).then(|| lines.join(lang.pick([" or ", " o "])))
    }
}

/// Returns the commands at `path`, the app first.
fn commands_at<'a>(app: &'a Command, path: &str) -> Vec<&'a Command> {
    let mut commands = vec![app];
    for name in path.split(' ') {
        commands.extend(commands.last().and_then(|last| last.find_subcommand(name)));
    }
    commands
}

fn path(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_default()
}

/// Returns the line of a kind, for a list if the `path` of a command is.
fn kind_line(kind: &str, path: &str) -> Option<String> {
    let is_list = path.starts_with("jelouctl bulk");
    MessageKind::from_name(kind).map(|kind| kind.typical_line(is_list))
}

/// Returns the line of a command that sends a kind.
fn line_of_kind(command: &Command) -> Option<String> {
    let path = path(command);
    let is_kind = path.contains("send ") || path.ends_with("-message");
    kind_line(command.get_name(), path).filter(|_| is_kind)
}

/// Returns the line of a command, with placeholders, or of its help.
fn line_of(command: &Command) -> String {
    if let Some(line) = line_of_kind(command) {
        return line;
    }
    let path = path(command);
    if command.has_subcommands() {
        return format!("{path} --help");
    }
    let names = command
        .get_positionals()
        .filter_map(|argument| argument.get_value_names()?.first());
    let names = names.filter(|name| !name.contains('|'));
    let names = names.map(ToString::to_string);
    let flags = command.get_arguments().filter(|flag| {
        let is_positional = flag.is_positional();
        flag.is_required_set() && !is_positional
    });
    let words = names.chain(flags.map(with_value_name));
    words.fold(path.to_owned(), |line, word| line + " " + &word)
}

/// Returns the flag with the placeholder of its value: `--language CODE`.
fn with_value_name(flag: &Arg) -> String {
    let name = flag.get_long().unwrap_or_default();
    match flag.get_value_names() {
        Some([value, ..]) if flag.get_action().takes_values() => format!("--{name} {value}"),
        _ => format!("--{name}"),
    }
}

/// Says that the `flag` called `word` belongs to the command `owner`.
fn belongs_here(owner: &Command, flag: &Arg, word: &str) -> Message {
    let line = format!("{} {} …", path(owner), with_value_name(flag));
    msg!("{word} belongs here: {line}", word, line)
}

/// The extensions of list files.
const LIST_ENDINGS: [&str; 8] = ["csv", "xlsx", "xls", "ods", "ndjson", "jsonl", "tsv", "txt"];
/// The dashes of word processors.
const DASHES: [char; 5] = ['–', '—', '−', '‐', '‑'];

/// Returns the form of `word`, as the table of hints names it.
pub(super) fn form(word: &str) -> &'static str {
    let is_digit = |sign: char| sign.is_ascii_digit();
    let ending = word.rsplit_once('.').map_or("", |(_, ending)| ending);
    if word
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(is_digit))
    {
        "NEGATIVE"
    } else if word.trim_start_matches('-').starts_with(DASHES) {
        "DASH"
    } else if looks_like_recipient(word) {
        "NUMBER"
    } else if word.contains(is_digit)
        && word
            .chars()
            .all(|sign| is_digit(sign) || "+-().".contains(sign))
    {
        "DIGITS"
    } else if LIST_ENDINGS.contains(&ending.to_lowercase().as_str()) {
        "LIST"
    } else {
        ""
    }
}

/// Returns whether `word` looks like a phone number or a user id.
fn looks_like_recipient(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let mut signs = word.chars();
    let is_number =
        digits >= 7 && signs.all(|sign| sign.is_ascii_digit() || "+-(). ".contains(sign));
    is_number || word.starts_with("id:")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::app::exacting_app;
    use crate::cli::line::read_line;

    fn built_app() -> Command {
        let mut app = exacting_app();
        app.build();
        app
    }

    /// Returns the hint for a line that the parser refuses.
    fn hint(app: &Command, line: &[&str]) -> Option<String> {
        let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
        let error = app.clone().try_get_matches_from(&arguments).err()?;
        let tokens = read_line(app, &arguments);
        WrongLine::new(app, &tokens, &error).hint_in(Lang::En)
    }

    /// Returns the lines of a hint, with values for the placeholders. Each begins with `jelouctl`.
    fn followed(hint: &str) -> Vec<Vec<String>> {
        let lines = hint.split("jelouctl ").skip(1);
        let lines = lines.map(|line| line.split("; to ").next().unwrap_or_default());
        let lines = lines.map(|line| line.trim_end_matches(" or ").split(" | ").next());
        let words = lines.flatten().filter_map(shlex::split);
        words
            .map(|words| {
                let words = words.into_iter().filter(|word| word != "…");
                std::iter::once("jelouctl".to_owned())
                    .chain(words.map(|word| value_for(&word)))
                    .collect()
            })
            .collect()
    }

    fn value_for(placeholder: &str) -> String {
        match placeholder {
            "COMMAND" => "doctor",
            "RATE" => "5/s",
            "N" | "PORT" => "3",
            "DURATION" | "TIME" => "1h",
            "CODE" => "EC",
            "STATE" => "sent",
            "NUMBER" | "RECIPIENT" => "593987654321",
            "DEGREES" => "0",
            "RUN" => "r",
            "SHELL" => "bash",
            "FORMAT" => "record",
            other => other,
        }
        .to_owned()
    }

    /// Returns the names of all flags in a hint, without their hyphens.
    fn flags_in(hint: &str) -> Vec<&str> {
        let is_end = |sign: char| !sign.is_ascii_alphanumeric() && sign != '-';
        let words = hint.split(is_end).filter(|word| word.starts_with('-'));
        words
            .map(|word| word.trim_start_matches('-'))
            .filter(|name| !name.is_empty())
            .collect()
    }

    #[test]
    fn each_kind_has_a_line_that_parses() {
        let app = built_app();
        let mut names = Vec::new();
        for kind in MessageKind::all() {
            if kind.written_by() != kind.command() {
                continue;
            }
            for is_list in [false, true] {
                let line = kind.typical_line(is_list);
                let words = shlex::split(&line).expect("whole quotes");
                assert!(app.clone().try_get_matches_from(words).is_ok(), "{line}");
            }
            names.extend(kind.all_names());
        }
        // No two kinds share a name.
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }

    /// Every line that a row is for gets a hint that parses, and that adds no flag with which more is sent.
    #[test]
    fn followed_hints_parse_and_lift_no_check() {
        let app = built_app();
        let paths: Vec<_> = all_commands(&app).into_iter().map(path).collect();
        let mut hints = 0;
        for row in Hint::all() {
            let words: Vec<_> = row.words().collect();
            let places = paths
                .iter()
                .filter(|path| row.is_at(path) || row.is_at(&format!("{path} COMMAND")));
            // The rows for any command are tried in some.
            for place in places.step_by(if row.is_for_any() { 11 } else { 1 }) {
                for word in &words {
                    let mut line: Vec<_> = place.split(' ').collect();
                    line.push(word);
                    let Some(hint) = hint(&app, &line) else {
                        continue;
                    };
                    hints += 1;
                    let added = flags_in(&hint);
                    let added = added
                        .iter()
                        .filter(|name| word.trim_start_matches('-') != **name);
                    for flag in added {
                        let lifts = LETS_MORE_THROUGH.contains(flag) && *flag != "api-url";
                        let lifts = lifts || *flag == "y";
                        assert!(!lifts, "{line:?}: {hint}");
                    }
                    for words in followed(&hint) {
                        check_line(&app, &words, &hint);
                    }
                }
            }
        }
        assert!(hints > 500, "{hints}");
    }

    fn check_line(app: &Command, words: &[String], hint: &str) {
        let error = app.clone().try_get_matches_from(words).err();
        let Some(error) = error else { return };
        let is_fine = match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
            // The rest of the line is left out, or a placeholder has the wrong form.
            ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::ValueValidation
            | ErrorKind::InvalidValue => hint.contains('…'),
            _ => false,
        };
        assert!(is_fine, "{hint}: {words:?}: {error}");
    }

    #[test]
    fn similar_name_never_lets_more_through() {
        let app = built_app();
        for name in LETS_MORE_THROUGH {
            let typo = format!("--{}x", &name[..name.len() - 1]);
            for place in [
                "bulk send a.csv",
                "bulk resume",
                "send text",
                "profile set p",
            ] {
                let line = format!("jelouctl {place} {typo}");
                let line: Vec<_> = line.split(' ').collect();
                let hint = hint(&app, &line).expect("a hint");
                assert!(!hint.contains(name), "{typo}: {hint}");
            }
            let all = all_commands(&app);
            let is_flag = all
                .iter()
                .any(|command| find_flag(command, &format!("--{name}")).is_some());
            assert!(is_flag, "--{name}");
        }
    }
}
