//! `schema`: the JSON Schema of a body. It needs no network and no settings.

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};
use serde_json::Value;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::UsageError;
use crate::message::Message;
use crate::output::pretty;
use crate::private_file::FileError;

/// The schema of a body of any kind.
const ANY: &str = "message";

/// Print the JSON Schema of a body
///
/// Examples:
///   jelouctl schema carousel
///
/// A value outside `x-advised` is a warning, not an error. Works offline.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SchemaArgs {
    /// Kind of message, or `message` for any of them [default: message]
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
    name: Option<String>,

    /// Write every schema into this directory instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "name")]
    dir: Option<PathBuf>,
}

/// The schemas that can be requested.
fn names() -> Vec<&'static str> {
    Message::all().iter().map(Message::command).chain([ANY]).collect()
}

/// Prints the named schema, or writes all of them into the directory, as `NAME.json`.
pub(crate) fn run(context: &Context, args: &SchemaArgs) -> Result<ExitCode, CommandError> {
    let Some(directory) = &args.dir else {
        context.stdout.json(&schema(args.name.as_deref().unwrap_or(ANY)))?;
        return Ok(ExitCode::Success);
    };
    make_directory(directory)?;
    for name in names() {
        let path = directory.join(format!("{name}.json"));
        fs::write(&path, pretty(&schema(name)) + "\n").map_err(FileError::of("write", &path))?;
    }
    Ok(ExitCode::Success)
}

/// Makes the directory of `--dir`.
pub(super) fn make_directory(directory: &Path) -> Result<(), UsageError> {
    fs::create_dir_all(directory).map_err(|cause| {
        let error = FileError::of("create", directory)(cause);
        UsageError::new(format!("--dir: {error}"), "name a directory that can be made")
    })
}

fn schema(name: &str) -> Value {
    match Message::named(name) {
        Some(kind) => kind.body_schema(),
        None => Message::any_schema(),
    }
}
