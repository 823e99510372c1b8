//! `man`: the manual page on stdout, or every command's page into a directory.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::Context;
use crate::exit::ExitCode;

/// Prints the page of `app`, or writes one page a command into `directory`.
///
/// # Errors
/// When stdout or the directory cannot be written.
pub fn run(context: &Context, app: clap::Command, directory: Option<&Path>) -> anyhow::Result<ExitCode> {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(app).render(&mut page)?;
        context.output.bytes(&page)?;
        return Ok(ExitCode::Success);
    };
    fs::create_dir_all(directory).with_context(|| format!("failed to make {}", directory.display()))?;
    clap_mangen::generate_to(app, directory)
        .with_context(|| format!("failed to write pages to {}", directory.display()))?;
    Ok(ExitCode::Success)
}
