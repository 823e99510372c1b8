//! `man`: prints the manual page, or writes every command's page into a directory.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::schema::make_directory;
use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::private_file::FileError;

/// Print the manual page
///
/// Examples:
///   jelouctl man | man -l -
///   jelouctl man --dir ~/.local/share/man/man1
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ManArgs {
    /// Write one page per command into this directory instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Prints the page of `app`, or writes one page per command into the directory.
pub(crate) fn run(context: &Context, app: clap::Command, args: &ManArgs) -> Result<ExitCode, CommandError> {
    let app = app.mut_subcommand("bulk", |bulk| bulk.mut_subcommand("send", without_kinds));
    let Some(directory) = &args.dir else {
        let mut page = Vec::new();
        // Writing to a vector cannot fail.
        let _ = clap_mangen::Man::new(app).render(&mut page);
        context.stdout.bytes(&page)?;
        return Ok(ExitCode::Success);
    };
    make_directory(directory)?;
    clap_mangen::generate_to(app, directory).map_err(FileError::of("write pages to", directory))?;
    Ok(ExitCode::Success)
}

/// The kinds of `bulk send` have the flags of those of `send`, which have pages.
fn without_kinds(send: clap::Command) -> clap::Command {
    send.mut_subcommands(|kind| kind.hide(true)).after_help("jelouctl-send(1) has the kinds.")
}
