//! `schema`: the JSON Schema of a body, or of the configuration. It needs no network and no settings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::CommandError;
use crate::config;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::message::Message;
use crate::output::pretty;
use crate::private_file::FileError;

/// The schema of a body of any kind.
const ANY: &str = "message";
/// The schema of the configuration.
const CONFIGURATION: &str = "config";

/// What can be asked for.
pub(crate) fn names() -> Vec<&'static str> {
    Message::all().iter().map(Message::command).chain([ANY, CONFIGURATION]).collect()
}

/// Prints the schema `name`, or writes every one into `directory`, as `NAME.json`.
pub(crate) fn run(context: &Context, name: Option<&str>, directory: Option<&Path>) -> Result<ExitCode, CommandError> {
    let Some(directory) = directory else {
        context.stdout.json(&schema(name.unwrap_or(ANY)))?;
        return Ok(ExitCode::Success);
    };
    fs::create_dir_all(directory).map_err(|cause| {
        let error = FileError::of("create", directory)(cause);
        UsageError::new(format!("--dir: {error}"), "name a directory that can be made")
    })?;
    for name in names() {
        let path = directory.join(format!("{name}.json"));
        fs::write(&path, pretty(&schema(name)) + "\n").map_err(FileError::of("write", &path))?;
    }
    Ok(ExitCode::Success)
}

fn schema(name: &str) -> Value {
    match Message::named(name) {
        Some(kind) => kind.body_schema(),
        None if name == CONFIGURATION => config::schema(),
        None => Message::any_schema(),
    }
}
