//! Prints jelouctl's documents, or writes them to a directory. They need neither network nor settings:
//! - `schema`: the JSON Schema of a body
//! - `completions`: a script for a shell. It calls jelouctl as you type (`cli/complete.rs`)
//! - `man`: the manual pages
//! - `skill`: instructions for an agent that sends messages

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};
use clap_complete::env::Shells;
use serde_json::Value;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::output::{RECORD_SCHEMA, pretty};
use crate::base::owner::follow_own_links;
use crate::base::private_file::{FileAction, FileError};
use crate::command_error::CommandError;
use crate::jelou::message::MessageKind;
use crate::sender::context::Context;

/// The schema of a body of any kind.
const ANY: &str = "message";
/// The schema of every record about an outcome.
const RECORD: &str = "record";

/// Print the JSON Schema of a message body, or of a record
///
/// Examples:
///   jelouctl schema carousel
///   jelouctl schema record
///
/// `record` is what -o record prints about an outcome. jelouctl only warns about values that are not in the key `x-advised`.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SchemaArgs {
    /// Kind, `message` for all kinds, or `record` [default: message]
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(schema_names()))]
    name: Option<String>,

    /// Write every schema to this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "name")]
    dir: Option<PathBuf>,
}

/// Returns the schemas that can be requested.
fn schema_names() -> Vec<&'static str> {
    MessageKind::all()
        .iter()
        .map(MessageKind::command)
        .chain([ANY, RECORD])
        .collect()
}

/// Prints the named schema, or writes all of them into the directory, as `NAME.json`.
pub(crate) fn schema(context: &Context, args: &SchemaArgs) -> Result<ExitCode, CommandError> {
    let Some(directory) = &args.dir else {
        context
            .stdout
            .json(&find_schema(args.name.as_deref().unwrap_or(ANY)))?;
        return Ok(ExitCode::Success);
    };
    make_directory(directory)?;
    for name in schema_names() {
        let text = pretty(&find_schema(name)) + "\n";
        write_document(&directory.join(format!("{name}.json")), text.as_bytes())?;
    }
    Ok(ExitCode::Success)
}

/// Writes a file in the directory of `--dir`, which everyone may read.
fn write_document(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || fs::write(follow_own_links(path)?, bytes);
    write().map_err(FileError::while_doing(FileAction::Write, path))
}

/// Creates the directory of `--dir`.
fn make_directory(directory: &Path) -> Result<(), UsageError> {
    fs::create_dir_all(directory).map_err(|cause| {
        let error = FileError::while_doing(FileAction::Create, directory)(cause);
        UsageError::bare(msg!(
            "{flag}: {problem}",
            flag = "--dir",
            problem = error.message()
        ))
    })
}

fn find_schema(name: &str) -> Value {
    if name == RECORD {
        // A test reads it.
        return serde_json::from_str(RECORD_SCHEMA).unwrap_or_default();
    }
    match MessageKind::from_name(name) {
        Some(kind) => kind.body_schema(),
        None => MessageKind::any_schema(),
    }
}

/// The supported shells.
const SHELLS: Shells<'static> = Shells::builtins();
/// compinit loads the file at the first Tab, so the script must also complete that one.
const FIRST_TAB_IN_ZSH: &str = "
if [[ ${funcstack[1]} == _jelouctl ]]; then
    _clap_dynamic_completer_jelouctl
fi
";

/// Print a shell completion script
///
/// Examples, each for the start-up file of its shell:
///   source <(jelouctl completions bash)         # ~/.bashrc
///   source <(jelouctl completions zsh)          # ~/.zshrc, after compinit
///   jelouctl completions fish | source          # ~/.config/fish/config.fish
///   eval (jelouctl completions elvish | slurp)  # ~/.config/elvish/rc.elv
///   jelouctl completions powershell | Out-String | Invoke-Expression  # $PROFILE
///
/// The script calls jelouctl as you type, so it also completes your profiles, runs and keys. It does
/// not use the network.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    /// Shell that runs the script
    #[arg(value_parser = PossibleValuesParser::new(SHELLS.names()))]
    shell: String,
}

/// Prints the script.
pub(crate) fn completions(
    context: &Context,
    args: &CompletionsArgs,
) -> Result<ExitCode, CommandError> {
    let mut script = Vec::new();
    if let Some(shell) = SHELLS.completer(&args.shell) {
        // Writing to a vector cannot fail.
        let _ =
            shell.write_registration("COMPLETE", "jelouctl", "jelouctl", "jelouctl", &mut script);
    }
    if args.shell == "zsh" {
        script.extend(FIRST_TAB_IN_ZSH.bytes());
    }
    context.stdout.bytes(&script)?;
    Ok(ExitCode::Success)
}

/// Print the manual page
///
/// Examples:
///   jelouctl man | man -l -
///   jelouctl man --dir ~/.local/share/man/man1
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ManArgs {
    /// Write one page per command to this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Prints the page of `app`, or writes one page per command into the directory.
pub(crate) fn man(
    context: &Context,
    app: clap::Command,
    args: &ManArgs,
) -> Result<ExitCode, CommandError> {
    // The kinds of `bulk send` have the same flags as the kinds of `send`, which have pages.
    let without_kinds = |send: clap::Command| {
        send.mut_subcommands(|kind| kind.hide(true))
            .after_help("The kinds are in jelouctl-send(1).")
    };
    let app = app.mut_subcommand("bulk", |bulk| bulk.mut_subcommand("send", without_kinds));
    let Some(directory) = &args.dir else {
        let mut page = Vec::new();
        // Writing to a vector cannot fail.
        let _ = clap_mangen::Man::new(app).render(&mut page);
        context.stdout.bytes(&page)?;
        return Ok(ExitCode::Success);
    };
    make_directory(directory)?;
    let failed = FileError::while_doing(FileAction::WritePages, directory);
    let pages = tempfile::tempdir().map_err(&failed)?;
    clap_mangen::generate_to(app, pages.path()).map_err(&failed)?;
    for page in fs::read_dir(pages.path()).map_err(&failed)? {
        let page = page.map_err(&failed)?;
        let bytes = fs::read(page.path()).map_err(&failed)?;
        write_document(&directory.join(page.file_name()), &bytes)?;
    }
    Ok(ExitCode::Success)
}

/// The page that agents read.
const PAGE: &str = include_str!("../../skills/jelouctl/SKILL.md");

pub(crate) fn skill(context: &Context) -> Result<ExitCode, CommandError> {
    context.stdout.bytes(PAGE.as_bytes())?;
    Ok(ExitCode::Success)
}
