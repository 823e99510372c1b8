//! `bulk resume`: goes on with a run. It needs no input and no message, and sends as the one who began it, or not at all.

use super::RunOptions;
use super::sending::{Held, Sender};
use crate::bulk::{Details, Ledger, RunName, Runs};
use crate::commands::guard::check_allowed;
use crate::commands::{Context, UsageError};
use crate::config::{BotId, ConfigError, Environment, Settings};
use crate::exit::ExitCode;

pub fn run(context: &mut Context, asked: Option<&RunName>, options: RunOptions) -> anyhow::Result<ExitCode> {
    context.claim_secret()?;
    let runs = Runs::open()?;
    let name = runs.find(asked)?;
    let lock = runs.lock(&name)?;
    let ledger = Ledger::read(&runs.path(&name))?;
    let details = ledger.details()?;
    become_sender(context, &name, &details)?;

    let settings = Settings::load(&context.flags, &Environment::read()?)?;
    context.output.warnings(&settings.warnings);
    if settings.is_sandboxed() && !details.sandbox {
        // The environment may say so too; what is sent there would count as sent to people.
        refuse_other(&name, "the sandbox", &details.api_url, Some("the sandbox"))?;
    }
    let (client_id, secret) = settings.credentials(context.can_ask())?;
    refuse_other(&name, "client id", &details.client_id, Some(client_id.value.as_str()))?;
    let mut refused = Ok(());
    ledger.recipients(|recipient| {
        if refused.is_ok() {
            refused = check_allowed(&settings, std::iter::once(recipient));
        }
    })?;
    refused?;
    let counts = ledger.counts()?;
    drop(ledger);
    context.output.note(&format!("run {name}: {} of {} messages to go", counts.left(), counts.all()));
    let sender = Sender::new(context, &settings, &client_id.value, &secret)?;
    sender.send(&Held { runs: &runs, name, details, _lock: lock }, options)
}

/// Takes profile, bot and address from the run; what was typed may say the same, but nothing else.
fn become_sender(context: &mut Context, name: &RunName, run: &Details) -> anyhow::Result<()> {
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
        Some(given) if given != of_run => Err(UsageError {
            message: format!("{what}: run {name} was begun with {of_run}, not with {given}"),
            hint: "a run is resumed as it was begun; nothing was sent".to_owned(),
        }),
        _ => Ok(()),
    }
}
