//! `profile`: manages the senders in the configuration file.

mod set;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Map, json};

pub(crate) use self::set::KeyFlags;
use super::confirm;
use super::open_ledger::ledger_database;
use super::setting_rows::setting_rows;
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::output::{Format, versioned};
use crate::command_error::{CommandError, Phase};
use crate::sender::config::{
    ConfigEdit, ConfigFile, Environment, LedgerDatabase, Origin, Settings, use_profile,
};
use crate::sender::context::Context;

/// Manage profiles: saved bots, credentials and settings
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles, their bots, and the default one
    List,
    /// Show the settings and where they come from, without the secret
    ///
    /// -v also lists the settings that are not set.
    Show {
        /// Name of the profile [default: the profile that `send` uses]
        name: Option<String>,
    },
    /// Create or change a profile
    ///
    /// Examples:
    ///   jelouctl profile set prod --bot 77 --client-id my-client-id
    ///   pass show jelou | jelouctl profile set prod --client-secret-file -
    ///   jelouctl profile set prod --allow-to '593*'
    ///   jelouctl profile set prod --do-not-contact no-contactar.txt
    ///   jelouctl profile set prod --between 'mon-fri 08:00-18:00'
    ///
    /// Saves the flags that you pass. For a new profile, prompts for missing values at a terminal.
    /// With --client-secret-file FILE it saves the path; with `-` it saves the secret itself.
    #[command(verbatim_doc_comment)]
    Set {
        /// Name of the profile
        name: String,

        #[command(flatten)]
        keys: Box<KeyFlags<false>>,
    },
    /// Make a profile the default
    #[command(aliases = ["default", "switch"])]
    Use {
        /// Name of the profile
        name: String,
    },
    /// Remove a profile (asks first)
    #[command(aliases = ["delete", "rm"])]
    Remove {
        /// Name of the profile
        name: String,
    },
}

pub(crate) fn run(
    context: &mut Context,
    command: ProfileCommand,
) -> Result<ExitCode, CommandError> {
    if !matches!(command, ProfileCommand::List | ProfileCommand::Show { .. }) {
        context.refuse_preview(msg!("would change the configuration"))?;
    }
    match command {
        ProfileCommand::List => list(context)?,
        ProfileCommand::Show { name } => show(context, name)?,
        ProfileCommand::Set { name, keys } => {
            let path = config_path(context)?;
            set::set(context, &path, &name, keys.0)
                .map_err(|error| error.in_phase(Phase::Saving))?;
        }
        ProfileCommand::Use { name } => {
            ConfigEdit::change(&config_path(context)?, |edit| edit.use_profile(&name))?;
            context
                .stderr
                .note(msg!("{name} is the default profile", name));
        }
        ProfileCommand::Remove { name } => remove(context, &name)?,
    }
    Ok(ExitCode::Success)
}

/// Returns the configuration file in use.
fn named_config(context: &Context) -> Result<Option<PathBuf>, CommandError> {
    Ok(context.flags.config_file(&Environment::read()?))
}

fn config_path(context: &Context) -> Result<PathBuf, CommandError> {
    named_config(context)?.map_or_else(ConfigFile::default_path, Ok)
}

/// Prints one line per profile: name, bot, and whether it is the default, separated by tabs; or one JSON object.
fn list(context: &Context) -> Result<(), CommandError> {
    let Some(file) = ConfigFile::find(named_config(context)?.as_deref())? else {
        let path = config_path(context)?;
        context
            .stderr
            .note(msg!("there are no profiles: {path} does not exist", path));
        if context.stdout.format == Format::Record {
            let none: [serde_json::Value; 0] = [];
            context
                .stdout
                .json(&versioned(json!({ "profiles": none })))?;
        }
        return Ok(());
    };
    let default = file.default_profile()?;
    if context.stdout.format == Format::Record {
        let profiles = file.profiles.iter().map(|(name, profile)| {
            let bot = profile.text("bot_id");
            let ledger = profile.text("ledger").map(|raw| LedgerDatabase::parse_choice(&Origin::Profile(name.clone()), raw));
            let ledger = ledger.transpose()?.flatten().map(|database| database.shown.value);
            Ok(json!({ "name": name, "bot_id": bot, "default": default == Some(name), "ledger": ledger }))
        });
        let profiles = profiles.collect::<Result<Vec<_>, CommandError>>()?;
        context
            .stdout
            .json(&versioned(json!({ "profiles": profiles })))?;
        return Ok(());
    }
    for (name, profile) in &file.profiles {
        let bot = profile.text("bot_id").unwrap_or_default();
        let mark = if default == Some(name) {
            msg!("default").text(context.lang())
        } else {
            String::new()
        };
        context.stdout.fields(&[name.as_str(), bot, &mark])?;
    }
    Ok(())
}

/// Prints each value with its origin, one per line or as one JSON object. It never prints the secret and does not run a
/// secret command.
fn show(context: &mut Context, name: Option<String>) -> Result<(), CommandError> {
    if name.is_some() {
        context.flags.profile = name;
    }
    let settings = Settings::load(&context.flags, &Environment::read()?)?;
    context.stderr.warnings(&settings.warnings);
    let has_credentials = settings.login.id().is_some() || settings.login.secret().is_some();
    if has_credentials && let Err(problem) = settings.credentials(true) {
        context.stderr.warning(&problem.message);
    }
    let ledger = ledger_database(context)?;
    let rows = setting_rows(&settings, ledger.as_ref());
    if context.stdout.format == Format::Record {
        let settings = rows.into_iter().map(|(name, shown)| {
            let (value, origin) = shown
                .map(|shown| (shown.value, shown.origin.message()))
                .unzip();
            (name.to_owned(), json!({ "origin": origin, "value": value }))
        });
        context.stdout.json(&versioned(
            json!({ "settings": settings.collect::<Map<_, _>>() }),
        ))?;
        return Ok(());
    }
    let is_verbose = context.stderr.is_verbose();
    for (name, shown) in rows {
        let (value, origin) = match shown {
            Some(shown) => {
                let origin = shown.origin.message();
                (shown.value.to_string(), origin)
            }
            None if is_verbose => (String::new(), msg!("not set")),
            None => continue,
        };
        let origin = origin.text(context.lang());
        context.stdout.fields(&[name, &value, &origin])?;
    }
    Ok(())
}

fn remove(context: &Context, name: &str) -> Result<(), CommandError> {
    let path = config_path(context)?;
    let mut edit = ConfigEdit::open(&path)?;
    let other = edit.next_default(name).cloned();
    edit.remove_profile(name)?;
    confirm(
        context,
        msg!("Remove profile {name} and its saved secret?", name),
        msg!("profile {name} was not removed", name),
    )?;
    ConfigEdit::change(&path, |edit| edit.remove_profile(name))?;
    context.stderr.note(msg!("profile {name} is removed", name));
    if let Some(other) = other {
        context
            .stderr
            .warning_with_hint(msg!("there is no default profile now"), use_profile(&other));
    }
    Ok(())
}
