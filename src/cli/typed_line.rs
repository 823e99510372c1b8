//! A wrong line as it was typed: the commands that it names, its flags with their values, and its other words. A line that is
//! written again from it keeps every flag, so that a dry run stays one.

use std::ffi::OsString;

use clap::{Command, CommandFactory};

use super::app::App;

/// Names of other tools for flags of `send`.
pub(super) const RENAMED: [(&str, &str); 14] = [
    ("--phone", "--to"),
    ("-t", "--to"),
    ("--number", "--to"),
    ("--recipient", "--to"),
    ("--para", "--to"),
    ("--message", "--text"),
    ("--msg", "--text"),
    ("-m", "--text"),
    ("--mensaje", "--text"),
    ("--json", "--body"),
    ("-d", "--body"),
    ("--data", "--body"),
    ("--url", "--media-url"),
    ("--file", "--media-url"),
];

/// Bytes of the longest word that is repeated in a line.
const LONGEST: usize = 200;

#[derive(Clone, Debug, Default)]
pub(super) struct TypedLine {
    pub(super) commands: Vec<String>,
    flags: Vec<TypedFlag>,
    /// Words that are neither commands nor flags.
    pub(super) words: Vec<String>,
}

#[derive(Clone, Debug)]
struct TypedFlag {
    name: String,
    value: Option<String>,
}

impl TypedLine {
    /// Reads `arguments`, the program's name first.
    pub(super) fn read(arguments: &[OsString]) -> Self {
        let app = App::command();
        let kinds: Vec<_> = app.find_subcommand("send").into_iter().flat_map(Command::get_subcommands).collect();
        let mut path = vec![&app];
        let mut line = Self::default();
        let mut arguments = arguments.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned());
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                line.words.extend(arguments);
                break;
            }
            if let Some(command) = path.last().and_then(|command| command.find_subcommand(&argument)) {
                path.push(command);
                line.commands.push(argument);
            } else if argument.starts_with('-') && argument.len() > 1 {
                let (name, attached) = match argument.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (argument, None),
                };
                let has_value = is_renamed(&name) || takes_value(path.iter().chain(&kinds).copied(), &name);
                let value = if attached.is_none() && has_value { arguments.next() } else { attached };
                line.flags.push(TypedFlag { name, value });
            } else {
                line.words.push(argument);
            }
        }
        line
    }

    pub(super) fn value_of(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|flag| flag.name == name)?.value.as_deref()
    }

    /// The line with the flag `wrong` written as `right`.
    pub(super) fn renamed(mut self, wrong: &str, right: &str) -> Self {
        for flag in self.flags.iter_mut().filter(|flag| flag.name == wrong) {
            right.clone_into(&mut flag.name);
        }
        self
    }

    /// The line with the flag `name`, in place of any that it has.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.flags.retain(|flag| flag.name != name);
        self.flags.push(TypedFlag { name: name.to_owned(), value: Some(value.to_owned()) });
        self
    }

    /// The line in which each word after the first `kept` is a value of the flag `name`.
    pub(super) fn words_as(mut self, name: &str, kept: usize) -> Self {
        let values = self.words.split_off(kept.min(self.words.len()));
        self.flags.extend(values.into_iter().map(|value| TypedFlag { name: name.to_owned(), value: Some(value) }));
        self
    }

    pub(super) fn with_commands(mut self, commands: &[&str]) -> Self {
        self.commands = commands.iter().map(ToString::to_string).collect();
        self
    }

    /// The line to type: commands, flags, words. None if a word cannot be repeated.
    pub(super) fn to_line(&self) -> Option<String> {
        line_of(&self.to_words())
    }

    fn to_words(&self) -> Vec<String> {
        let mut words = self.commands.clone();
        for TypedFlag { name, value } in &self.flags {
            words.push(name.clone());
            words.extend(value.clone());
        }
        if self.words.iter().any(|word| word.starts_with('-')) {
            words.push("--".to_owned());
        }
        words.extend(self.words.iter().cloned());
        words
    }

    /// The words of `bulk send`, with each flag in its place: the list's flags before `kind`, the message's after it. None if
    /// neither of them knows a flag, or one lacks its value.
    pub(super) fn of_list(&self, list: &str, kind: &str) -> Option<Vec<String>> {
        let app = App::command();
        let send = app.find_subcommand("bulk")?.find_subcommand("send")?;
        let message = send.find_subcommand(kind)?;
        let (mut before, mut behind) = (Self::default(), Self { words: self.words.clone(), ..Self::default() });
        for flag in &self.flags {
            let of_list = find([&app, send], &flag.name);
            let known = of_list.or_else(|| find([message], &flag.name))?;
            if flag.value.is_none() && known.get_action().takes_values() && flag.name.starts_with("--") {
                return None;
            }
            if of_list.is_some() { before.flags.push(flag.clone()) } else { behind.flags.push(flag.clone()) }
        }
        before.commands = ["bulk", "send", list].map(str::to_owned).to_vec();
        Some([before.to_words(), vec![kind.to_owned()], behind.to_words()].concat())
    }
}

/// `jelouctl` with `words`, quoted for a shell. None if a word is too long, has several lines, or may hold a secret, or if no
/// command has one of its flags: it may be the misspelt flag of a secret.
pub(super) fn line_of(words: &[String]) -> Option<String> {
    let app = App::command();
    let commands = with_subcommands(&app);
    let is_value_of = |flag: &str| is_renamed(flag) || takes_value(commands.iter().copied(), flag);
    let pairs = std::iter::once("").chain(words.iter().map(String::as_str)).zip(words);
    let is_unknown = |(before, word): (&str, &String)| {
        let name = word.split('=').next().unwrap_or_default();
        let is_flag = name.starts_with('-') && name.len() > 1 && !is_value_of(before);
        is_flag && !is_renamed(name) && find(commands.iter().copied(), name).is_none()
    };
    if pairs.take_while(|(_, word)| *word != "--").any(is_unknown) {
        return None;
    }
    let mut line = "jelouctl".to_owned();
    let mut before = "";
    for word in words {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (flag, value),
            // Base64 and the query of a URL have a `=`, too.
            Some(_) | None => (before, word.as_str()),
        };
        if word.len() > LONGEST || word.contains(char::is_control) || may_hold_secret(flag, value) {
            return None;
        }
        line.push(' ');
        line.push_str(&shlex::try_quote(word).ok()?);
        before = word;
    }
    Some(line)
}

/// Whether `value` may hold a secret, given to `flag`.
pub(super) fn may_hold_secret(flag: &str, value: &str) -> bool {
    match flag {
        "--client-secret" | "--secret" | "--password" => true,
        "--client-id" => value.contains(':'),
        "--api-url" | "--ledger" => !is_plain_address(value),
        _ => false,
    }
}

/// Whether `value` is only the address of a host, which has no room for a secret.
fn is_plain_address(value: &str) -> bool {
    let (host, port) =
        value.rsplit_once("://").map_or(value, |(_, address)| address).rsplit_once(':').unwrap_or((value, "0"));
    let is_host = host.contains('.') || host == "localhost" || value.contains("://");
    is_host && !value.contains(['@', '?', '#']) && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a message of this `kind` has the flag `typed`.
pub(super) fn has_flag(kind: &str, typed: &str) -> bool {
    let app = App::command();
    let kind = app.find_subcommand("send").and_then(|send| send.find_subcommand(kind));
    typed.starts_with('-') && find(kind, typed.split('=').next().unwrap_or_default()).is_some()
}

fn is_renamed(name: &str) -> bool {
    RENAMED.iter().any(|(wrong, _)| *wrong == name)
}

fn with_subcommands(command: &Command) -> Vec<&Command> {
    std::iter::once(command).chain(command.get_subcommands().flat_map(with_subcommands)).collect()
}

/// Whether one of `commands` has the flag `name`, and its value is a separate word.
fn takes_value<'a>(commands: impl Iterator<Item = &'a Command>, name: &str) -> bool {
    let Some(short) = name.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
        let mut commands = commands;
        return commands.any(|command| find([command], name).is_some_and(|flag| flag.get_action().takes_values()));
    };
    // The value of `-vo record` is the next word; that of `-orecord` is in the same word.
    let valued: Vec<_> =
        flags(commands).filter(|flag| flag.get_action().takes_values()).filter_map(clap::Arg::get_short).collect();
    short.chars().position(|letter| valued.contains(&letter)) == Some(short.chars().count() - 1)
}

/// The flag of one of `commands` with that name, or with the first of several letters.
fn find<'a>(commands: impl IntoIterator<Item = &'a Command>, name: &str) -> Option<&'a clap::Arg> {
    let is_named = |flag: &&clap::Arg| match name.strip_prefix("--") {
        Some(long) => {
            flag.get_long() == Some(long) || flag.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
        }
        None => flag.get_short().is_some() && flag.get_short() == name.chars().nth(1),
    };
    flags(commands.into_iter()).find(is_named)
}

fn flags<'a>(commands: impl Iterator<Item = &'a Command>) -> impl Iterator<Item = &'a clap::Arg> {
    commands.flat_map(Command::get_arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> Option<String> {
        let words: Vec<_> = std::iter::once("jelouctl".to_owned()).chain(shlex::split(line).unwrap()).collect();
        let words: Vec<_> = words.into_iter().map(OsString::from).collect();
        TypedLine::read(&words).to_line()
    }

    #[test]
    fn a_line_is_written_again_with_all_that_it_had() {
        for (typed, written) in [
            ("--sandbox send text --to 5939 'a b'", "jelouctl send text --sandbox --to 5939 'a b'"),
            (
                "-vo record send --to=5939 text -p x -orecord a",
                "jelouctl send text -vo record --to 5939 -p x -orecord a",
            ),
            ("send text --phone 5939 -- -a", "jelouctl send text --phone 5939 -- -a"),
            ("send image --media-url https://x.example", "jelouctl send image --media-url https://x.example"),
            ("send text --dry-run a --client-id b", "jelouctl send text --dry-run --client-id b a"),
        ] {
            assert_eq!(rewritten(typed).as_deref(), Some(written), "{typed}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_written() {
        for line in [
            "--client-secert canary send text --to 5939 a",
            "send text --pass=canary a",
            "send text --phone 5939 -u id:canary a",
            "send text --client-id id:canary a",
            "send text --client-id=id:canary a",
            "send text --api-url https://a:canary@b.example a",
            "bulk list --ledger postgres://a:canary@b/c",
            "send text 'a\nb'",
            "text --client-secret canary a",
            "send text --client-id id:canary== a",
            "send text --client-id host.a:123456 a",
            "bulk list --ledger postgres://a:canary@b/c?sslmode=require",
            "bulk list --ledger=postgres://a:canary@b/c?x=y",
        ] {
            assert_eq!(rewritten(line), None, "{line}");
        }
    }
}
