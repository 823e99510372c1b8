//! `doctor`: checks step by step whether this machine could send a message. Sends nothing, and does not stop at the first
//! failure.

mod checkup;
mod ledgers;
mod network;
mod settings;

use clap::Args;

use self::checkup::Checkup;
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Check, CheckState, Format};
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::sender::context::Context;

/// Check step by step whether you can send a message
///
/// Examples:
///   jelouctl doctor
///   jelouctl doctor --profile prod --output record
///   jelouctl doctor --offline
///
/// Sends nothing; lists the bot's templates to test the credentials. Exits with 0, or with the code
/// that a send would exit with.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct DoctorArgs {
    /// Skip the network checks
    #[arg(long)]
    offline: bool,
}

/// Checks everything, or with `--offline` only what works without the network, and prints the results.
pub(crate) fn run(
    context: &Context,
    &DoctorArgs { offline }: &DoctorArgs,
) -> Result<ExitCode, CommandError> {
    let mut checkup = Checkup::new();
    let settings = checkup.settings(context);
    match settings {
        None => checkup.warn(
            msg!("secret and network"),
            msg!("not checked: fix the configuration first"),
        ),
        Some(settings) => block_on(async {
            checkup.audit_log(&settings);
            let secret = checkup.secret(&settings).await;
            if offline {
                checkup.warn(msg!("network"), msg!("not checked: --offline"));
            } else {
                let _ = checkup.network(context, &settings, secret).await;
            }
            Ok::<_, CommandError>(())
        })?,
    }
    checkup.ledgers(context, offline);
    let version = Message::verbatim(concat!("jelouctl ", env!("CARGO_PKG_VERSION")));
    checkup.ok(msg!("version"), version);
    let code = checkup.code;
    if context.stdout.format != Format::Record {
        let Checkup {
            checks, defaults, ..
        } = &mut checkup;
        let is_default =
            |check: &Check| check.state == CheckState::Ok && defaults.contains(&check.name);
        let is_verbose = context.stderr.is_verbose();
        checks.retain(|check| is_verbose || !is_default(check));
        // Failures come first.
        checkup
            .checks
            .sort_by_key(|check| check.state != CheckState::Failed);
    }
    let summary = checkup.summary();
    let error = checkup.error.as_ref();
    context
        .stdout
        .checkup(&checkup.checks, code, error, &summary)?;
    Ok(code)
}
