//! `bulk resume`: goes on with a run. It needs no input and no message, and sends as the one who began it, or not at all.

use super::arguments::RunOptions;
use super::carry_out::{LockedRun, carry_out};
use crate::bulk::{Details, Ledger, RunName, Runs};
use crate::commands::CommandError;
use crate::config::{BotId, ConfigError};
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::process::block_on;
use crate::sending::{Interrupted, Opening, Sender, Unresolved};

pub(crate) fn run(
    context: &mut Context,
    asked: Option<&RunName>,
    options: RunOptions,
) -> Result<ExitCode, CommandError> {
    let unresolved = Unresolved::claim(context)?;
    let runs = Runs::open()?;
    let name = runs.find(asked)?;
    let lock = runs.lock(&name)?;
    let ledger = Ledger::read(&runs.path(&name))?;
    let details = ledger.details()?;
    send_as_begun(context, &name, &details)?;

    let settings = unresolved.settings(context)?;
    if settings.is_sandboxed() && !details.sandbox {
        // The environment may say so too; what is sent there would count as sent to people.
        refuse_other(&name, "the sandbox", &details.api_url, Some("the sandbox"))?;
    }
    let sender = Sender::of(settings, context)?;
    refuse_other(&name, "client id", &details.client_id, Some(sender.client_id.as_str()))?;
    let mut refused = Ok(());
    ledger.recipients(|recipient| {
        if refused.is_ok() {
            refused = sender.check_allowed(std::iter::once(recipient));
        }
    })?;
    refused?;
    let counts = ledger.counts()?;
    drop(ledger);
    context.stderr.note(&format!("run {name}: {} of {} messages to go", counts.left(), counts.all()));
    let run = LockedRun { runs: &runs, name, details, _lock: lock };
    block_on(async {
        match sender.connect(context).await? {
            Opening::Open(connection) => carry_out(context, &sender, connection, &run, options).await,
            Opening::Interrupted(signal) => Err(Interrupted(signal).into()),
        }
    })
}

/// Takes profile, bot and address from the run; what was typed may say the same, but nothing else.
fn send_as_begun(context: &mut Context, name: &RunName, run: &Details) -> Result<(), CommandError> {
    let flags = &mut context.flags;
    let url = flags.api_url.as_ref().map(ToString::to_string);
    refuse_other(name, "--profile", run.profile.as_deref().unwrap_or("none"), flags.profile.as_deref())?;
    refuse_other(name, "--bot", &run.bot, flags.bot.as_ref().map(BotId::as_str))?;
    refuse_other(name, "--api-url", &run.api_url, url.as_deref())?;
    let broken = |problem| ConfigError::Variable { name: "the run", problem };
    flags.sandbox |= run.sandbox;
    flags.default_profile.clone_from(&run.profile);
    flags.bot = Some(run.bot.parse().map_err(broken)?);
    if !run.sandbox {
        flags.api_url = Some(run.api_url.parse().map_err(broken)?);
    }
    Ok(())
}

fn refuse_other(name: &RunName, what: &str, of_run: &str, given: Option<&str>) -> Result<(), UsageError> {
    match given {
        Some(given) if given != of_run => Err(UsageError::new(
            format!("{what}: run {name} was begun with {of_run}, not with {given}"),
            "a run is resumed as it was begun; nothing was sent",
        )),
        _ => Ok(()),
    }
}
