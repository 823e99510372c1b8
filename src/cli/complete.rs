//! Completion while you type. clap completes commands and flags. The names of profiles, runs and keys come from the
//! configuration and the ledger; a broken configuration has no names. Never uses the network or a secret.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, ValueHint};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::CompleteEnv;

use super::app::App;
use crate::base::exit::ExitCode;
use crate::commands::open_ledger::ledger_database;
use crate::jelou::message::MessageKind;
use crate::runs::ledger::{Ledger, LedgerLocation, TurnPatience};
use crate::sender::config::ConfigFile;
use crate::sender::context::Context;

/// Answers a completion request of a shell. The variable `COMPLETE` is not enough: if it is set by chance,
/// jelouctl must still send.
pub(crate) fn answer(arguments: &[OsString]) -> Option<ExitCode> {
    let shell = std::env::var_os("COMPLETE")?;
    if arguments.get(1).is_some_and(|word| word != "--") {
        return None;
    }
    // These two shells quote a space.
    let marks = if shell == "fish" || shell == "zsh" {
        "/~ "
    } else {
        "/~"
    };
    let directory = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(|| complete(App::command(), &[], marks))
        .try_complete(arguments.iter().cloned(), directory.as_deref());
    answered
        .is_ok_and(|answered| answered)
        .then_some(ExitCode::Success)
}

/// Returns the names that complete the argument `id` of the command at `path`, if it is a name.
fn name_completer(path: &[&str], id: &str) -> Option<fn() -> Vec<String>> {
    match (path, id) {
        // The argument is a new name.
        (["bulk", "send"], "run") | (["once", "add"], "key") => None,
        ([], "profile") | (["profile", _], "name") => Some(profiles),
        (["bulk", _], "run") => Some(runs),
        (["once", _], "key") => Some(keys),
        (["explain"], "topic") => Some(topics),
        _ => None,
    }
}

fn profiles() -> Vec<String> {
    let path = std::env::var_os("JELOUCTL_CONFIG").map(PathBuf::from);
    let file = has_readable_configuration()
        .then(|| ConfigFile::find(path.as_deref()).ok().flatten())
        .flatten();
    file.map(|file| file.profiles.into_keys().collect())
        .unwrap_or_default()
}

fn runs() -> Vec<String> {
    let names = local_store()
        .and_then(|ledger| ledger.names().ok())
        .unwrap_or_default();
    names.iter().map(ToString::to_string).collect()
}

fn keys() -> Vec<String> {
    let known = local_store()
        .and_then(|ledger| ledger.keys().ok())
        .unwrap_or_default();
    let keys: BTreeSet<_> = known
        .into_iter()
        .map(|summary| summary.scope.key.to_string())
        .collect();
    keys.into_iter().collect()
}

fn topics() -> Vec<String> {
    MessageKind::all()
        .iter()
        .map(|kind| kind.command().to_owned())
        .collect()
}

/// Returns the ledger, if it is a file. A database would need a connection, so its runs are not
/// completed.
fn local_store() -> Option<Ledger> {
    let is_local =
        has_readable_configuration() && matches!(ledger_database(&Context::default()), Ok(None));
    is_local
        .then(|| {
            Ledger::open_to_look(LedgerLocation::home(), TurnPatience::quiet())
                .ok()
                .flatten()
        })
        .flatten()
}

/// Returns whether the configuration, if there is one, is a regular file: a pipe would block.
fn has_readable_configuration() -> bool {
    std::env::var_os("JELOUCTL_CONFIG").is_none_or(|path| Path::new(&path).is_file())
}

/// Returns whether every shell reads `name` as one plain word: bash inserts a candidate literally,
/// so `x$(command)` would run. `marks` are allowed in addition to letters, digits and `_.-`.
fn is_plain(name: &str, marks: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|one| one.is_alphanumeric() || "_.-".contains(one) || marks.contains(one))
}

/// Returns the command at `path` with completers for its names and files. Files with plain names,
/// which may contain `marks`, are completed here. bash completes and quotes the others.
fn complete(command: Command, path: &[&str], marks: &'static str) -> Command {
    let of_paths = |completer: fn() -> PathCompleter| {
        ArgValueCompleter::new(move |begun: &OsStr| {
            let is_plain = |one: &CompletionCandidate| {
                one.get_value()
                    .to_str()
                    .is_some_and(|path| is_plain(path, marks))
            };
            completer()
                .complete(begun)
                .into_iter()
                .filter(is_plain)
                .collect::<Vec<_>>()
        })
    };
    let command = command.mut_args(|argument| {
        let completer = match (
            name_completer(path, argument.get_id().as_str()),
            argument.get_value_hint(),
        ) {
            (Some(names), _) => ArgValueCompleter::new(move |begun: &OsStr| {
                let begun = begun.to_string_lossy();
                let fits = |name: &String| is_plain(name, "") && name.starts_with(&*begun);
                names()
                    .into_iter()
                    .filter(fits)
                    .map(CompletionCandidate::new)
                    .collect::<Vec<_>>()
            }),
            (None, ValueHint::FilePath) => of_paths(PathCompleter::file),
            (None, ValueHint::DirPath) => of_paths(PathCompleter::dir),
            _ => return argument,
        };
        argument.add(completer)
    });
    command.mut_subcommands(|below| {
        let name = below.get_name().to_owned();
        complete(below, &[path, &[name.as_str()]].concat(), marks)
    })
}
