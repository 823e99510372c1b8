//! Checks that the sender of an existing run is the sender that began it, with the same bot and client id, at the same
//! address.

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::runs::ledger::{Run, RunName, RunSettings};
use crate::sender::config::{Origin, Settings, WithOrigin, bot_id, knows_profile, wrong_variable};
use crate::sender::context::Context;
use crate::sender::{Sender, read_environment, read_settings};

/// Resolves the sender of an existing run: the profile, the bot, the credentials and the address
/// that it began with. Flags and the environment must agree with the run.
pub(super) fn resolve_run_sender(
    context: &mut Context,
    held: &Run,
    run: &RunSettings,
) -> Result<Sender, CommandError> {
    let name = held.name();
    let environment = read_environment()?;
    let is_shared = held.ledger().is_shared();
    // For a shared run, a container may have only variables.
    let is_bound = match &run.profile {
        Some(profile) if is_shared => knows_profile(&context.flags, profile)?,
        _ => !is_shared,
    };
    // Credentials from outside the profiles are sent only to the configured address of this process. The run must not
    // choose the address.
    if is_bound && (!is_shared || run.sandbox || !context.flags.has_credentials(&environment)) {
        context.flags.default_profile.clone_from(&run.profile);
    }
    if run.sandbox {
        take_sandbox(context, name, run)?;
    }
    let mut settings = read_settings(context, &environment)?;
    let is_of_sandbox = run.sandbox && context.flags.profile.is_none();
    if !is_of_sandbox {
        check_profile(context, name, run, &settings, is_bound)?;
    }
    if settings.is_sandboxed() && !run.sandbox {
        // The environment may also select the sandbox; rows sent there would count as sent to real recipients.
        let problem = msg!(
            "run {name} uses {run_value}, not the sandbox",
            name,
            run_value = run.api_url
        );
        return Err(UsageError::new(problem, use_own_values(name)).into());
    }
    if !run.sandbox {
        check_address(name, run, &settings)?;
        match &settings.bot {
            Some(bot) => {
                let origin = settings.origin("bot_id");
                refuse_setting(name, "bot_id", origin, &run.bot, bot)?;
            }
            None => settings.bot = Some(run_bot(run)?),
        }
    }
    let sender = Sender::new(settings, context)?;
    refuse_other(
        name,
        &msg!("client id"),
        &run.client_id,
        &sender.client_id.value,
    )?;
    Ok(sender)
}

/// Takes the bot and the address of a run on the sandbox, which has no others.
fn take_sandbox(
    context: &mut Context,
    name: &RunName,
    run: &RunSettings,
) -> Result<(), CommandError> {
    let flags = &mut context.flags;
    for (flag, key, of_run) in [
        ("--bot", "bot_id", &run.bot),
        ("--api-url", "api_url", &run.api_url),
    ] {
        if let Some(own) = flags.layer.text(key) {
            refuse_other(name, &Message::verbatim(flag), of_run, own)?;
        }
    }
    flags.sandbox = true;
    flags.layer.type_in("bot_id", Some(run_bot(run)?));
    Ok(())
}

/// Checks the profile. The safety checks of the run's profile apply on every machine that has it.
/// Another profile sends nothing. The run `is_bound` if its profile must be in use.
fn check_profile(
    context: &Context,
    name: &RunName,
    run: &RunSettings,
    settings: &Settings,
    is_bound: bool,
) -> Result<(), UsageError> {
    if !is_bound {
        if let Some(profile) = &run.profile {
            context.stderr.warning(msg!(
                "run {run} was started with profile {profile}, which does not exist on this machine: only the rules that \
                 the run keeps apply",
                run = name,
                profile
            ));
        }
        return Ok(());
    }
    let Some(WithOrigin { value, origin }) = &settings.profile else {
        return Ok(());
    };
    let is_default = *origin == Origin::Default;
    if run.profile.is_none() && is_default {
        return Ok(());
    }
    let what = if is_default {
        msg!("the default profile (set JELOU_PROFILE to use another)")
    } else {
        origin.message()
    };
    match &run.profile {
        Some(profile) => refuse_other(name, &what, profile, value),
        None => Err(UsageError::new(
            msg!("{what}: run {name} uses no profile", what, name),
            use_own_values(name),
        )),
    }
}

fn run_bot(run: &RunSettings) -> Result<String, CommandError> {
    bot_id(&run.bot).map_err(|problem| wrong_variable("the run", problem))
}

/// Checks the address. The secret is sent only to the address configured for this process, never to
/// an address from the run: anyone with write access to the ledger could set their own.
fn check_address(
    name: &RunName,
    run: &RunSettings,
    settings: &Settings,
) -> Result<(), CommandError> {
    let own_url = settings.api_url.as_key();
    let origin = settings.origin("api_url");
    if *origin == Origin::Default && own_url != run.api_url {
        return Err(CommandError::configuration(
            msg!(
                "run {name} sends to {url}, but this process is set up to send to {own_url}",
                name,
                url = run.api_url,
                own_url
            ),
            msg!(
                "to send the credentials to that address: --api-url URL, JELOU_API_URL or api_url of the profile"
            ),
        ));
    }
    Ok(refuse_setting(
        name,
        "api_url",
        origin,
        &run.api_url,
        &own_url,
    )?)
}

/// Refuses a setting that differs from the run's own.
fn refuse_setting(
    name: &RunName,
    key: &str,
    origin: &Origin,
    run_value: &str,
    own_value: &str,
) -> Result<(), UsageError> {
    let what = match origin {
        Origin::Profile(profile) => msg!("{key} of profile {profile}", key, profile),
        _ => origin.message(),
    };
    refuse_other(name, &what, run_value, own_value)
}

fn refuse_other(
    name: &RunName,
    what: &Message,
    run_value: &str,
    own_value: &str,
) -> Result<(), UsageError> {
    if run_value == own_value {
        return Ok(());
    }
    let problem = msg!(
        "{what}: run {name} uses {run_value}, not {own_value}",
        what,
        name,
        run_value,
        own_value
    );
    Err(UsageError::new(problem, use_own_values(name)))
}

fn use_own_values(name: &RunName) -> Message {
    msg!(
        "use the values that the run was started with; to end the run: jelouctl bulk cancel {run}",
        run = name
    )
}
