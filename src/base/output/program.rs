//! The flags that a command line in a hint must repeat, so that it acts on the same configuration.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use serde::Serializer;

use crate::base::message::Message;
use crate::base::texts::shell_argument;

/// The program of this process. Unset in tests.
static PROGRAM: OnceLock<Program> = OnceLock::new();

const NAME: &str = "jelouctl ";
const LEDGER: &str = "--ledger";
const PROFILE: &str = "--profile";

/// The commands that read the configuration.
const CONFIGURED: [&str; 11] = [
    "send",
    "flow-message",
    "templates",
    "messages",
    "bulk",
    "once",
    "run",
    "api",
    "profile",
    "ledger",
    "doctor",
];

/// Sets the file of `--config`, the URL of `--ledger` without a password, and the name of `--profile`, once for the
/// process.
pub(crate) fn set_flags(config: Option<&Path>, ledger: Option<&str>, profile: Option<&str>) {
    let _ = PROGRAM.set(Program::new(config, ledger, profile));
}

/// Returns the text with the flags of this process in its command lines.
pub(super) fn completed(text: &str) -> Cow<'_, str> {
    match PROGRAM.get() {
        Some(program) => program.complete(text),
        None => text.into(),
    }
}

/// Writes a hint with the flags of this process.
#[expect(clippy::ref_option, reason = "serde passes the field")]
pub(super) fn serialize_hint<S: Serializer>(
    hint: &Option<Message>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match hint {
        Some(hint) => serializer.serialize_some(&completed(&hint.to_string())),
        None => serializer.serialize_none(),
    }
}

/// The program as the user calls it: the flags that its command lines repeat.
#[derive(Clone, Debug, Default)]
struct Program(Vec<RepeatedFlag>);

#[derive(Clone, Debug)]
struct RepeatedFlag {
    name: &'static str,
    value: String,
}

impl Program {
    fn new(config: Option<&Path>, ledger: Option<&str>, profile: Option<&str>) -> Self {
        let config = config.map(Path::to_string_lossy);
        let flags = [
            ("--config", config.as_deref()),
            (LEDGER, ledger),
            (PROFILE, profile),
        ];
        let typed = flags.into_iter().filter_map(|(name, value)| {
            let value = value?.to_owned();
            Some(RepeatedFlag { name, value })
        });
        Self(typed.collect())
    }

    /// Returns the text with the flags in each command line: after `jelouctl`, if a command that reads them follows.
    /// A text that has a flag keeps its own.
    fn complete<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_missing = |flag: &&RepeatedFlag| !text.contains(&format!("{} ", flag.name));
        let missing: Vec<_> = self.0.iter().filter(is_missing).collect();
        if missing.is_empty() {
            return text.into();
        }
        let mut parts = text.split(NAME);
        let mut completed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            completed.push_str(NAME);
            for flag in &missing {
                if flag.belongs_to(part) {
                    completed.extend([flag.name, " ", &shell_argument(&flag.value), " "]);
                }
            }
            completed.push_str(part);
        }
        completed.into()
    }
}

impl RepeatedFlag {
    /// Returns whether the command line needs the flag. `profile set` names its profile, and would save the ledger. An
    /// existing run has its own profile.
    fn belongs_to(&self, line: &str) -> bool {
        let mut words = line.split(|sign: char| !is_of_name(sign));
        let command = words.next().unwrap_or_default();
        let needs_it = match self.name {
            PROFILE if command == "bulk" => words.next() == Some("send"),
            LEDGER | PROFILE => command != "profile",
            _ => true,
        };
        needs_it && CONFIGURED.contains(&command)
    }
}

/// Returns whether the character can be in the name of a command.
fn is_of_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_repeat_the_configuration() {
        let program = Program::new(Some(Path::new("my conf.toml")), None, None);
        for (text, expected) in [
            (
                "to see its state: jelouctl bulk status nov; to stop it: jelouctl bulk stop nov",
                "to see its state: jelouctl --config 'my conf.toml' bulk status nov; to stop it: jelouctl --config \
                 'my conf.toml' bulk stop nov",
            ),
            (
                "check `jelouctl doctor`",
                "check `jelouctl --config 'my conf.toml' doctor`",
            ),
            ("jelouctl explain prices", "jelouctl explain prices"),
            ("jelouctl --help", "jelouctl --help"),
            ("jelouctl sends nothing new", "jelouctl sends nothing new"),
            (
                "jelouctl runs inside a sandbox",
                "jelouctl runs inside a sandbox",
            ),
            (
                "jelouctl send a.csv --config b.toml",
                "jelouctl send a.csv --config b.toml",
            ),
            ("to continue: jelouctl ", "to continue: jelouctl "),
        ] {
            assert_eq!(program.complete(text), expected);
            assert_eq!(Program::new(None, None, None).complete(text), text);
        }
    }

    #[test]
    fn command_lines_repeat_the_ledger_and_the_profile() {
        let program = Program::new(
            Some(Path::new("c.toml")),
            Some("postgres://ana@db/a"),
            Some("ventas"),
        );
        for (text, expected) in [
            (
                "jelouctl bulk resume nov",
                "jelouctl --config c.toml --ledger postgres://ana@db/a bulk resume nov",
            ),
            (
                "jelouctl profile set p --bot 1, then jelouctl once list",
                "jelouctl --config c.toml profile set p --bot 1, then jelouctl --config c.toml --ledger \
                 postgres://ana@db/a --profile ventas once list",
            ),
            (
                "jelouctl doctor",
                "jelouctl --config c.toml --ledger postgres://ana@db/a --profile ventas doctor",
            ),
            (
                "jelouctl bulk send a.csv",
                "jelouctl --config c.toml --ledger postgres://ana@db/a --profile ventas bulk send a.csv",
            ),
            (
                "jelouctl bulk list --ledger local",
                "jelouctl --config c.toml bulk list --ledger local",
            ),
        ] {
            assert_eq!(program.complete(text), expected);
        }
    }

    #[test]
    fn configured_commands_exist() {
        let commands = include_str!("../../cli/app.rs");
        for command in CONFIGURED {
            let name: String = command
                .split('-')
                .map(|part| part[..1].to_uppercase() + &part[1..])
                .collect();
            assert!(commands.contains(&format!("    {name}(")), "{name}");
        }
    }
}
