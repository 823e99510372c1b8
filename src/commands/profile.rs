//! `profile`: the senders in the configuration file.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand, ValueHint};
use serde_json::{Map, json};

use super::confirm;
use super::store::ledger_database;
use crate::command_error::CommandError;
use crate::config::{
    self, ConfigEdit, ConfigError, ConfigFile, Environment, KEYS, Key, Layer, LedgerDatabase, LedgerUrl, Origin,
    SecretSource, Settings, Sourced, checked,
};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::UsageError;
use crate::output::{Format, SystemError};
use crate::private_file::FileError;
use crate::process::block_on;
use crate::secret::Secret;
use crate::sending;

/// The settings that a new profile is asked for, the questions, and the flags of those that it needs.
const QUESTIONS: [(&str, &str, Option<&str>); 4] = [
    ("bot_id", "Bot id:", Some("--bot")),
    ("client_id", "Client id:", Some("--client-id")),
    ("country", "Country of national numbers, such as EC (empty: none):", None),
    ("allow_to", "Allowed recipients, numbers or patterns such as 593* (empty: anyone):", None),
];

/// Manage profiles: the senders in the configuration file
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum ProfileCommand {
    /// List the profiles: name, bot, and which is the default
    List,
    /// Show the settings and where they come from; never the secret
    ///
    /// Add -v to list the settings that are not set, too.
    Show {
        /// Profile [default: the one that would send]
        name: Option<String>,
    },
    /// Create or change a profile
    ///
    /// Examples:
    ///   jelouctl profile set prod --bot 77 --client-id ID --client-secret-file secret.txt
    ///   pass show jelou | jelouctl profile set prod --bot 77 --client-id ID --client-secret-file -
    ///   jelouctl profile set prod --allow-to '593*'
    ///   jelouctl profile set prod --do-not-contact no-contactar.txt --between 'mon-fri 08:00-18:00'
    ///
    /// It saves the flags that you give. For a new profile, a terminal asks for what is missing.
    /// Of a secret file it saves the path; a secret from standard input is saved in the configuration.
    #[command(verbatim_doc_comment)]
    Set {
        /// Profile
        name: String,

        #[command(flatten)]
        keys: Box<KeyFlags>,
    },
    /// Make a profile the default
    #[command(aliases = ["default", "switch"])]
    Use {
        /// Profile
        name: String,
    },
    /// Remove a profile; asks first, or needs --yes
    #[command(aliases = ["delete", "rm"])]
    Remove {
        /// Profile
        name: String,
    },
}

/// The settings that `profile set` takes beside the global flags.
#[derive(Debug)]
pub(crate) struct KeyFlags(Layer);

impl Args for KeyFlags {
    fn augment_args(command: Command) -> Command {
        command.args(KEYS.iter().filter(|key| !key.value.is_empty()).map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for KeyFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut typed = Layer::default();
        for key in KEYS.iter().filter(|key| !key.value.is_empty()) {
            typed.type_in(key.name, matches.get_many::<String>(key.name).into_iter().flatten());
        }
        Ok(Self(typed))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag of a setting.
fn argument(key: &'static Key) -> Arg {
    let is_list = key.form == "list";
    let again = if is_list { " (repeatable; replaces the earlier ones)" } else { "" };
    let argument = Arg::new(key.name).long(key.flag.trim_start_matches('-')).value_name(key.value);
    let argument = argument.help(format!("{}{again}", key.about)).value_parser(checked(key.name));
    let hint = if key.value.ends_with("FILE") { ValueHint::FilePath } else { ValueHint::Unknown };
    let argument = argument.allow_hyphen_values(!is_list && key.form != "path");
    argument.action(if is_list { ArgAction::Append } else { ArgAction::Set }).value_hint(hint)
}

pub(crate) fn run(context: &mut Context, command: ProfileCommand) -> Result<ExitCode, CommandError> {
    if !matches!(command, ProfileCommand::List | ProfileCommand::Show { .. }) {
        context.refuse_rehearsal("would change the configuration")?;
    }
    match command {
        ProfileCommand::List => list(context)?,
        ProfileCommand::Show { name } => show(context, name)?,
        ProfileCommand::Set { name, keys } => set(context, &name, *keys)?,
        ProfileCommand::Use { name } => {
            ConfigEdit::change(&config_path(context)?, |edit| edit.use_profile(&name))?;
            context.stderr.note(&format!("{name} is the default profile"));
        }
        ProfileCommand::Remove { name } => remove(context, &name)?,
    }
    Ok(ExitCode::Success)
}

/// The configuration that is named.
fn named_config(context: &Context) -> Result<Option<PathBuf>, ConfigError> {
    Ok(context.flags.config_file(&Environment::read()?))
}

fn config_path(context: &Context) -> Result<PathBuf, ConfigError> {
    named_config(context)?.map_or_else(ConfigFile::default_path, Ok)
}

/// Prints one line per profile: name, bot, and whether it is the default, separated by tabs; or one JSON object.
fn list(context: &Context) -> Result<(), CommandError> {
    let Some(file) = ConfigFile::find(named_config(context)?.as_deref())? else {
        let path = config_path(context)?;
        context.stderr.note(&format!("there are no profiles: {} does not exist", path.display()));
        return Ok(());
    };
    let default = file.default_profile()?;
    if context.stdout.format == Format::Record {
        let profiles = file.profiles.iter().map(|(name, profile)| {
            let bot = profile.text("bot_id");
            let ledger = profile.text("ledger").map(|raw| LedgerUrl::parse_from(Origin::Profile(name.clone()), raw));
            let ledger = ledger.transpose()?.map(|url| url.value.shown);
            Ok(json!({ "name": name, "bot_id": bot, "default": default == Some(name), "ledger": ledger }))
        });
        let profiles = profiles.collect::<Result<Vec<_>, ConfigError>>()?;
        context.stdout.json(&json!({ "schema_version": 1, "profiles": profiles }))?;
        return Ok(());
    }
    for (name, profile) in &file.profiles {
        let bot = profile.text("bot_id").unwrap_or_default();
        let mark = if default == Some(name) { "default" } else { "" };
        context.stdout.fields(&[name.as_str(), bot, mark])?;
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
        context.stderr.warning(&problem.to_string());
    }
    let ledger = ledger_database(context)?;
    let rows = rows(&settings, ledger.as_ref());
    if context.stdout.format == Format::Record {
        let settings = rows.map(|(name, value, origin)| {
            let value = Some(value).filter(|value| !value.is_empty());
            (name.to_owned(), json!({ "origin": value.is_some().then_some(origin), "value": value }))
        });
        context.stdout.json(&json!({ "schema_version": 1, "settings": settings.collect::<Map<_, _>>() }))?;
        return Ok(());
    }
    let is_verbose = context.stderr.is_verbose();
    for (name, value, origin) in rows.filter(|(_, value, _)| is_verbose || !value.is_empty()) {
        context.stdout.fields(&[name, &value, &origin])?;
    }
    Ok(())
}

/// Name, value and origin of each setting; never the secret itself.
pub(super) fn rows(
    settings: &Settings,
    ledger: Option<&LedgerDatabase>,
) -> impl Iterator<Item = (&'static str, String, String)> {
    let profile = ("profile", settings.profile.as_ref().map(Sourced::shown));
    // How a secret is found is shown as the secret.
    let keys = KEYS.iter().filter(|key| !key.name.ends_with("_file") && !key.name.ends_with("_command"));
    let shown = keys.map(|key| match key.name {
        "ledger" => (key.name, ledger.map(|ledger| ledger.url.origin.of(ledger.url.value.shown.clone()))),
        name => (name, settings.shown(key)),
    });
    let password = ledger.and_then(LedgerDatabase::password_source);
    let password = ("ledger_password", password.as_ref().map(Sourced::shown));
    let rows: Vec<_> = [profile].into_iter().chain(shown).chain([password]).collect();
    rows.into_iter().map(|(name, shown)| match shown {
        Some(Sourced { value, origin }) => (name, value, origin.to_string()),
        None => (name, String::new(), "not set".to_owned()),
    })
}

/// Writes the typed values; for a new profile it asks for the rest, or prints what is missing.
fn set(context: &mut Context, name: &str, keys: KeyFlags) -> Result<(), CommandError> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(
            UsageError::new(format!("`{name}` cannot be a profile's name"), "use letters, digits and dashes").into()
        );
    }
    if let Some(ledger) = context.flags.layer.text("ledger") {
        LedgerUrl::parse_from(Origin::Flag("--ledger"), ledger)?;
    }
    let path = config_path(context)?;
    let is_new = !ConfigEdit::open(&path)?.has_profile(name);
    let mut change = keys.0.over(context.flags.layer.clone());
    if change.has_stdin("client_secret_file") {
        change.remove("client_secret_file");
        change.type_in("client_secret", Some(read_secret()?.reveal()));
    }
    for (key, path) in change.paths() {
        *path = kept_file(context, key, Path::new(path.as_str()))?;
    }
    check_change(&change)?;
    if is_new {
        complete(context, name, &mut change)?;
    } else if change.is_empty() {
        if !context.can_ask() {
            return Err(UsageError::new(
                format!("nothing to change in profile {name}"),
                "name what to change, such as --bot BOT",
            )
            .into());
        }
        change.type_in("client_secret", ask_secret()?);
    }
    ConfigEdit::change(&path, |edit| {
        edit.set_profile(name, &change);
        Ok(())
    })?;
    let word = shlex::try_quote(name).unwrap_or_else(|_| name.into());
    context.stderr.note(&format!("profile {name} is saved; try it with: jelouctl doctor --profile {word}"));
    Ok(())
}

/// Refuses values that cannot be, or contradict each other.
fn check_change(change: &Layer) -> Result<(), UsageError> {
    config::check(change).map_err(|problem| UsageError::new(problem, "nothing was saved; try again"))
}

/// A file that the profile will name. A missing file is not an error: it may be mounted later.
fn kept_file(context: &Context, key: &Key, path: &Path) -> Result<String, CommandError> {
    // The log is created when its first line is written, and may be /dev/stderr.
    let (flag, is_read) = (key.flag, key.name != "log");
    if is_read && (path.starts_with("/dev") || path.starts_with("/proc")) {
        let hint = "name a file that stays; a secret can be piped in: --client-secret-file -; nothing was saved";
        let message = format!("{flag}: {} is below /dev or /proc, where files do not stay", path.display());
        return Err(UsageError::new(message, hint).into());
    }
    let whole = std::path::absolute(path).map_err(FileError::of("find", path))?;
    if is_read && !whole.exists() {
        let shown = whole.display();
        context.stderr.warning(&format!("{flag}: {shown} is not there (yet); it is read when it is needed"));
    }
    Ok(whole.to_string_lossy().into_owned())
}

fn read_secret() -> Result<Secret, CommandError> {
    let stdin = Sourced { value: SecretSource::Stdin, origin: Origin::Flag("--client-secret-file") };
    block_on(async { Ok(stdin.fetch(|| Err(io::ErrorKind::Unsupported.into())).await?.0) })
}

/// Asks for the values that a new profile needs and that were not typed.
fn complete(context: &Context, name: &str, change: &mut Layer) -> Result<(), CommandError> {
    let mut missing = Vec::new();
    for (key, question, flag) in QUESTIONS {
        if change.has(key) {
            continue;
        }
        if !context.can_ask() {
            missing.extend(flag);
            continue;
        }
        let answer = context.stderr.ask(question)?;
        if flag.is_some() || !answer.is_empty() {
            change.type_answer(key, &answer);
            check_change(change)?;
        }
    }
    if !missing.is_empty() {
        let problem = format!("a new profile needs {}", missing.join(" and "));
        let hint = format!("jelouctl profile set {name} --bot BOT --client-id ID; nothing was saved");
        return Err(UsageError::new(problem, hint).into());
    }
    if context.can_ask() && !change.has("client_secret") && !change.has("client_secret_file") {
        change.type_in("client_secret", ask_secret()?);
    }
    Ok(())
}

/// The last question: from here on Ctrl-C is caught.
fn ask_secret() -> Result<Option<String>, CommandError> {
    const QUESTION: &str = "Client secret (hidden; saved in the configuration file; empty: not saved):";
    let typed = block_on(async { Ok::<_, SystemError>(sending::ask_secret(QUESTION)) })?;
    match typed {
        Ok(typed) => Ok(Some(Secret::new(typed).reveal().to_owned()).filter(|secret| !secret.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(ConfigError::interrupted().into()),
        Err(cause) => Err(SystemError { action: "ask on the terminal", cause }.into()),
    }
}

fn remove(context: &Context, name: &str) -> Result<(), CommandError> {
    let path = config_path(context)?;
    ConfigEdit::open(&path)?.remove_profile(name)?;
    let question = format!("Remove profile {name} and the secret it holds?");
    confirm(context, &question, &format!("profile {name} was not removed"))?;
    ConfigEdit::change(&path, |edit| edit.remove_profile(name))?;
    context.stderr.note(&format!("profile {name} is removed"));
    Ok(())
}
