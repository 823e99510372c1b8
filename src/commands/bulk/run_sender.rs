//! Checks that the sender of an existing run is the sender that began it, with the same bot and client id, at the same
//! address.

use crate::base::input::UsageError;
use crate::command_error::CommandError;
use crate::runs::ledger::{Run, RunName, RunSettings};
use crate::sender::config::{Origin, Settings, WithOrigin, bot_id, knows_profile, wrong_variable};
use crate::sender::context::Context;
use crate::sender::{Sender, read_environment, read_settings};

/// The sender of an existing run: the profile, the bot, the credentials and the address that it began with. Flags and
/// the environment must agree with the run.
pub(super) fn sender_of_run(
    context: &mut Context,
    held: &Run,
    run: &RunSettings,
) -> Result<Sender, CommandError> {
    let name = held.name();
    let environment = read_environment()?;
    let is_shared = held.store().is_shared();
    // For a shared run, a container may have only variables.
    let is_bound = match &run.profile {
        Some(profile) if is_shared => knows_profile(&context.flags, profile)?,
        _ => !is_shared,
    };
    // Credentials from outside the profiles are sent only to the address that this process is configured with: the run must
    // not choose it.
    if is_bound && (!is_shared || run.sandbox || !context.flags.has_credentials(&environment)) {
        context.flags.default_profile.clone_from(&run.profile);
    }
    if run.sandbox {
        let flags = &mut context.flags;
        refuse_other(name, "--bot", &run.bot, flags.layer.text("bot_id"))?;
        refuse_other(name, "--api-url", &run.api_url, flags.layer.text("api_url"))?;
        flags.sandbox = true;
        flags.layer.type_in("bot_id", Some(bot_of(run)?));
    }
    let mut settings = read_settings(context, &environment)?;
    // The safety checks of the run's profile apply on every machine that has it. Another profile sends nothing.
    match (&run.profile, &settings.profile) {
        _ if run.sandbox && context.flags.profile.is_none() => {}
        (Some(profile), _) if !is_bound => {
            let missing =
                "does not exist on this machine: its allow_to and do_not_contact do not apply";
            context.stderr.warning(&format!(
                "run {name} was started with profile {profile}, which {missing}"
            ));
        }
        (of_run, Some(WithOrigin { value, origin }))
            if is_bound && (of_run.is_some() || *origin != Origin::Default) =>
        {
            let default = "the default profile (set JELOU_PROFILE to use another)";
            let what = if *origin == Origin::Default {
                default
            } else {
                &origin.to_string()
            };
            refuse_other(name, what, of_run.as_deref().unwrap_or("none"), Some(value))?;
        }
        _ => {}
    }
    if settings.is_sandboxed() && !run.sandbox {
        // The environment may also select the sandbox; rows sent there would count as sent to real recipients.
        refuse_other(name, "the sandbox", &run.api_url, Some("the sandbox"))?;
    }
    if !run.sandbox {
        check_address(name, run, &settings)?;
        match &settings.bot {
            Some(bot) => {
                refuse_setting(name, ("bot_id", settings.origin("bot_id")), &run.bot, bot)?;
            }
            None => settings.bot = Some(bot_of(run)?),
        }
    }
    let sender = Sender::new(settings, context)?;
    refuse_other(
        name,
        "client id",
        &run.client_id,
        Some(sender.client_id.value.as_str()),
    )?;
    Ok(sender)
}

fn bot_of(run: &RunSettings) -> Result<String, CommandError> {
    bot_id(&run.bot).map_err(|problem| wrong_variable("the run", problem))
}

/// The secret is sent only to the address configured for this process, never to an address from the run: anyone with
/// write access to the ledger could set their own.
fn check_address(
    name: &RunName,
    run: &RunSettings,
    settings: &Settings,
) -> Result<(), CommandError> {
    let own_url = settings.api_url.as_key();
    let origin = settings.origin("api_url");
    if *origin == Origin::Default && own_url != run.api_url {
        return Err(CommandError::configuration(
            format!(
                "run {name} sends to {}, but this process is set up to send to {own_url}",
                run.api_url
            ),
            "to send the credentials to that address: --api-url URL, JELOU_API_URL or api_url of the profile",
        ));
    }
    Ok(refuse_setting(
        name,
        ("api_url", origin),
        &run.api_url,
        &own_url,
    )?)
}

/// Refuses a setting that differs from the run's own.
fn refuse_setting(
    name: &RunName,
    (key, origin): (&str, &Origin),
    of_run: &str,
    given: &str,
) -> Result<(), UsageError> {
    let what = match origin {
        Origin::Profile(profile) => format!("{key} of profile {profile}"),
        _ => origin.to_string(),
    };
    refuse_other(name, &what, of_run, Some(given))
}

fn refuse_other(
    name: &RunName,
    what: &str,
    of_run: &str,
    given: Option<&str>,
) -> Result<(), UsageError> {
    match given {
        Some(given) if given != of_run => Err(UsageError::new(
            format!("{what}: run {name} was started with {of_run}, not with {given}"),
            "use the values that the run was started with",
        )),
        _ => Ok(()),
    }
}
