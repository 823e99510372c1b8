//! Chooses the language of what a command prints: `--lang`, the environment, the profile, or the locale of a terminal. A
//! script without any of them gets English.

use std::io::{self, IsTerminal};

use super::app::Command;
use crate::base::message::Lang;
use crate::commands::bulk::BulkCommand;
use crate::sender::config::{Flags, configured_lang};

/// The variables of the locale, in the order of POSIX. The first that is set counts.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// Returns the language that `command` has as its flag.
pub(super) fn typed_lang(command: Option<&Command>) -> Option<Lang> {
    match command? {
        Command::Bulk(BulkCommand::Send(args)) => args.lang,
        Command::Bulk(BulkCommand::Report(args)) => args.lang,
        _ => None,
    }
}

/// Returns the language for a command with these `flags`. `typed` is the value of its `--lang`.
pub(super) fn choose_lang(typed: Option<Lang>, flags: &Flags) -> Lang {
    typed
        .or_else(|| configured_lang(flags))
        .or_else(|| lang_of_locale().filter(|_| io::stderr().is_terminal()))
        .unwrap_or_default()
}

fn lang_of_locale() -> Option<Lang> {
    let mut set = LOCALE.iter().filter_map(|name| std::env::var(name).ok());
    let locale = set.find(|locale| !locale.is_empty())?;
    let language = locale.split(['_', '.', '@', '-']).next()?;
    (language == "es").then_some(Lang::Es)
}
