//! `man`: the manual page on stdout, or every command's page into a directory.

use std::fs;
use std::path::Path;

use super::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::private_file::FileError;

/// Prints the page of `app`, or writes one page a command into `directory`.
pub(crate) fn run(context: &Context, app: clap::Command, directory: Option<&Path>) -> Result<ExitCode, CommandError> {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        // Writing to a vector cannot fail.
        let _ = clap_mangen::Man::new(app).render(&mut page);
        context.stdout.bytes(&page)?;
        return Ok(ExitCode::Success);
    };
    fs::create_dir_all(directory).map_err(|cause| {
        let error = FileError::of("create", directory)(cause);
        UsageError::new(format!("--dir: {error}"), "name a directory that can be made")
    })?;
    clap_mangen::generate_to(app, directory).map_err(FileError::of("write pages to", directory))?;
    Ok(ExitCode::Success)
}
