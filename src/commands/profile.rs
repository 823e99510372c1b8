//! `profile`: the senders in the configuration file.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand, ValueHint};
use serde_json::{Map, json};

use super::CommandError;
use super::store::ledger_database;
use crate::config::{
    BotId, Budget, ClientId, ConfigEdit, ConfigError, ConfigFile, Environment, KEYS, Layer, LedgerDatabase, LedgerUrl,
    Origin, PeopleLimit, Rate, Remember, SecretSource, Settings, Sourced,
};
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::hours::{Between, DayOff, ZoneName};
use crate::input::UsageError;
use crate::output::Format;
use crate::phone::{Country, PhoneNumber, is_national};
use crate::private_file::FileError;
use crate::process::{SystemError, block_on};
use crate::secret::Secret;
use crate::sending;

/// How often a question is repeated before a wrong answer ends the command.
const TRIES: usize = 3;

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

/// The settings of a profile that are not global flags.
#[derive(Args, Debug)]
pub(crate) struct KeyFlags {
    /// Refuse recipients that match no such pattern; `*` matches any characters (repeatable;
    /// replaces the earlier list)
    #[arg(long, value_name = "PATTERN")]
    allow_to: Vec<String>,

    /// Country whose national numbers may be typed, in two letters: EC
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// File with the password for the database of --ledger; the profile keeps both
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ledger_password_file: Option<PathBuf>,

    /// File with the people who are never written to: one a line, or a list with a header
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    do_not_contact: Option<PathBuf>,

    /// How fast bulk runs send: 5/s, 300/m, 1000/h
    #[arg(long, value_name = "RATE", value_parser = checked::<Rate>, allow_hyphen_values = true)]
    rate: Option<String>,

    /// For how long sent messages count as sent before: 3d, 12h, or 0
    #[arg(long, value_name = "TIME", value_parser = checked::<Remember>)]
    remember: Option<String>,

    /// Whether a bulk run asks, or needs --yes, before it sends
    #[arg(long, value_name = "BOOL")]
    confirm_bulk: Option<bool>,

    /// Hours in which bulk runs send: 'mon-fri 07:00-19:00', or always (repeatable; replaces the earlier ones)
    #[arg(long, value_name = "HOURS", value_parser = checked::<Between>)]
    between: Vec<String>,

    /// Day on which nothing is sent: 2026-12-25, or a file of dates (repeatable; replaces the earlier ones)
    #[arg(long, value_name = "DATE|FILE", value_hint = ValueHint::FilePath)]
    not_on: Vec<DayOff>,

    /// Time zone of the hours and days: America/Bogota
    #[arg(long, value_name = "ZONE", value_parser = checked::<ZoneName>)]
    time_zone: Option<String>,

    /// File of what a message costs: see `jelouctl explain rates`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    rates: Option<PathBuf>,

    /// The most that a bulk run may cost by these rates
    #[arg(long, value_name = "AMOUNT", value_parser = checked::<Budget>, allow_hyphen_values = true)]
    budget: Option<String>,

    /// How many different people a template may reach in any 24 hours
    #[arg(long = "limit-24h", value_name = "N", value_parser = checked::<PeopleLimit>)]
    limit_24h: Option<String>,

    /// File to which a line is added for each message and each end of a bulk run
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    log: Option<PathBuf>,
}

/// Checks a value and keeps it as typed.
fn checked<T: FromStr<Err: Display>>(raw: &str) -> Result<String, String> {
    raw.parse::<T>().map(|_| raw.trim().to_owned()).map_err(|problem| problem.to_string())
}

impl KeyFlags {
    /// The typed values over the global flags, with absolute paths.
    fn change(self, context: &Context) -> Result<Layer, CommandError> {
        let kept = |flag: &str, path: &Path| kept_file(context, flag, path);
        let day = |day: DayOff| match day {
            DayOff::Date(date) => Ok(date.to_string()),
            DayOff::File(path) => kept("--not-on", &path),
        };
        let mut change = context.flags.layer.clone();
        if let Some(path) = context.flags.layer.text("ca_cert") {
            change.type_text("ca_cert", Some(kept("--ca-cert", Path::new(path))?));
        }
        let ledger_password = self.ledger_password_file.map(|path| kept("--ledger-password-file", &path));
        change.type_text("ledger_password_file", ledger_password.transpose()?);
        let do_not_contact = self.do_not_contact.map(|path| kept("--do-not-contact", &path));
        change.type_text("do_not_contact", do_not_contact.transpose()?);
        change.type_text("rates", self.rates.map(|path| kept("--rates", &path)).transpose()?);
        change.type_text("budget", self.budget);
        change.type_text("limit_24h", self.limit_24h);
        // It is created when the first line is written.
        let log = self.log.as_deref().map(absolute).transpose()?;
        change.type_text("log", log.as_ref().map(|path| path.display()));
        change.type_text("country", self.country);
        change.type_text("rate", self.rate);
        change.type_text("remember", self.remember);
        change.type_text("confirm_bulk", self.confirm_bulk);
        change.type_text("time_zone", self.time_zone);
        change.type_list("allow_to", self.allow_to);
        change.type_list("between", self.between);
        change.type_list("not_on", self.not_on.into_iter().map(day).collect::<Result<_, _>>()?);
        Ok(change)
    }
}

pub(crate) fn run(context: &mut Context, command: ProfileCommand) -> Result<ExitCode, CommandError> {
    if context.mode != Mode::Send && !matches!(command, ProfileCommand::List | ProfileCommand::Show { .. }) {
        return Err(UsageError::new(
            "--dry-run and --curl show a send; this would change the configuration",
            "leave them out",
        )
        .into());
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
    let file = match named_config(context)? {
        Some(path) => ConfigFile::load(&path)?,
        None => ConfigFile::load_default()?,
    };
    let Some(file) = file else {
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
        context.stdout.fields(&[name, bot, mark])?;
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
    let has_credentials = settings.client_id().is_some() || settings.client_secret().is_some();
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
    if keys.allow_to.iter().any(String::is_empty) {
        return Err(UsageError::new(
            "--allow-to: an empty pattern matches nothing",
            "give a number or a pattern such as 593*",
        )
        .into());
    }
    if let Some(ledger) = context.flags.layer.text("ledger") {
        LedgerUrl::parse_from(Origin::Flag("--ledger"), ledger)?;
    }
    let path = config_path(context)?;
    let is_new = !ConfigEdit::open(&path)?.has_profile(name);
    let mut change = keys.change(context)?;
    match context.flags.client_secret.clone() {
        Some(SecretSource::File(path)) => {
            change.type_text("client_secret_file", Some(kept_file(context, "--client-secret-file", &path)?));
        }
        Some(SecretSource::Stdin) => {
            context.input.claim_stdin("--client-secret-file")?;
            change.type_text("client_secret", Some(read_secret()?.reveal()));
        }
        Some(SecretSource::Value(_) | SecretSource::Command(_) | SecretSource::Prompt) | None => {}
    }
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
        change.type_text("client_secret", ask_secret()?);
    }
    check_patterns(context, &change)?;
    ConfigEdit::change(&path, |edit| {
        edit.set_profile(name, &change);
        Ok(())
    })?;
    let has_secret = change.has("client_secret") || change.has("client_secret_file");
    let word = shlex::try_quote(name).unwrap_or_else(|_| name.into());
    let next = if is_new && !has_secret {
        // Variables may provide id and secret together.
        format!("it has no secret yet: jelouctl profile set {word} --client-secret-file FILE")
    } else {
        format!("try it with: jelouctl doctor --profile {word}")
    };
    context.stderr.note(&format!("profile {name} is saved; {next}"));
    Ok(())
}

/// Refuses patterns that match nothing, and warns of those that match no phone number: without a country code they may
/// be meant for users of another channel.
fn check_patterns(context: &Context, change: &Layer) -> Result<(), UsageError> {
    let country = change.text("country").and_then(|country| country.parse().ok());
    for pattern in change.list("allow_to").unwrap_or_default() {
        if !fits_somebody(pattern) {
            let message = format!("allow_to: `{pattern}` matches nothing");
            return Err(UsageError::new(message, "give numbers or patterns such as 593*; nothing was saved"));
        }
        if is_national(pattern) {
            context.stderr.warning(&format!(
                "allow_to: `{pattern}` matches no phone number, only the user id:{pattern} of another channel: \
                 numbers are compared with their country code; write {}, or a pattern such as 593*",
                with_country_code(pattern, country)
            ));
        } else if pattern.starts_with(['+', '0']) || pattern.contains([' ', ',']) {
            context.stderr.warning(&format!(
                "allow_to: `{pattern}` matches no phone number: write digits and * only, and repeat --allow-to for several"
            ));
        }
    }
    Ok(())
}

/// Whether any recipient can match `pattern`.
fn fits_somebody(pattern: &str) -> bool {
    match pattern.strip_prefix("id:") {
        // On the wire such a user looks like a number, so that a part of one would allow numbers too.
        Some(user) => !user.is_empty() && !user.contains('*'),
        None => pattern.contains(|letter: char| letter == '*' || letter.is_ascii_digit()),
    }
}

/// How to write a national number in a pattern.
fn with_country_code(number: &str, country: Option<Country>) -> String {
    let number = country.and_then(|country| PhoneNumber::read(number, Some(country)).ok());
    number.map_or_else(|| "a number as 593987654321".to_owned(), |number| number.as_str().to_owned())
}

/// A file that the profile will name. A missing file is not an error: it may be mounted later.
fn kept_file(context: &Context, flag: &str, path: &Path) -> Result<String, CommandError> {
    let is_descriptor = path.starts_with("/dev/fd")
        || path == Path::new("/dev/stdin")
        || path.starts_with("/proc") && path.components().any(|part| part.as_os_str() == "fd");
    if is_descriptor {
        let message = format!("{flag}: {} exists only until this command ends", path.display());
        let hint = match flag {
            "--client-secret-file" => {
                "to keep the secret itself, pipe it in: --client-secret-file -; nothing was saved"
            }
            _ => "name a file that stays; nothing was saved",
        };
        return Err(UsageError::new(message, hint).into());
    }
    let path = absolute(path)?;
    if !path.exists() {
        context.stderr.warning(&format!("{flag}: {} is not there (yet); it is read when it is needed", path.display()));
    }
    Ok(path.to_string_lossy().into_owned())
}

fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    std::path::absolute(path).map_err(FileError::of("find", path))
}

fn read_secret() -> Result<Secret, CommandError> {
    let stdin = Sourced { value: SecretSource::Stdin, origin: Origin::Flag("--client-secret-file") };
    block_on(async { Ok(stdin.fetch(|| Err(io::ErrorKind::Unsupported.into())).await?.0) })
}

/// Asks for the values that a new profile needs and that were not typed.
fn complete(context: &Context, name: &str, change: &mut Layer) -> Result<(), CommandError> {
    if !context.can_ask() {
        let missing: Vec<_> = [("--bot", "bot_id"), ("--client-id", "client_id")]
            .into_iter()
            .filter_map(|(flag, key)| (!change.has(key)).then_some(flag))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        return Err(UsageError::new(
            format!("a new profile needs {}", missing.join(" and ")),
            format!("jelouctl profile set {name} --bot BOT --client-id ID; nothing was saved"),
        )
        .into());
    }
    if !change.has("bot_id") {
        let bot = ask_valid(context, "Bot id:", |answer| answer.parse::<BotId>().map(|_| ()))?;
        change.type_text("bot_id", Some(bot));
    }
    if !change.has("client_id") {
        let id = ask_valid(context, "Client id:", |answer| answer.parse::<ClientId>().map(|_| ()))?;
        change.type_text("client_id", Some(id));
    }
    if !change.has("country") {
        let is_country = |answer: &str| match answer {
            "" => Ok(()),
            code => code.parse::<Country>().map(|_| ()),
        };
        let answer = ask_valid(context, "Country of national numbers, such as EC (empty: none):", is_country)?;
        change.type_text("country", answer.parse::<Country>().ok());
    }
    if !change.has("allow_to") {
        let patterns = |answer: &str| -> Vec<_> {
            answer.split([',', ' ']).filter(|pattern| !pattern.is_empty()).map(str::to_owned).collect()
        };
        let check = |answer: &str| {
            let are_patterns = patterns(answer).iter().all(|pattern| fits_somebody(pattern));
            // The typed value is not repeated: it may be the secret.
            are_patterns.then_some(()).ok_or("an allowed recipient is a number, or a pattern such as 593*".to_owned())
        };
        let question = "Allowed recipients, numbers or patterns such as 593* (empty: anyone):";
        change.type_list("allow_to", patterns(&ask_valid(context, question, check)?));
    }
    if !change.has("client_secret") && !change.has("client_secret_file") {
        change.type_text("client_secret", ask_secret()?);
    }
    Ok(())
}

/// The last question: from here on Ctrl-C is caught.
fn ask_secret() -> Result<Option<String>, CommandError> {
    const QUESTION: &str = "Client secret (hidden; saved in the configuration file; empty: not saved):";
    let typed = block_on(async { Ok::<_, SystemError>(sending::ask_secret(QUESTION)) })?;
    match typed {
        Ok(typed) => Ok(Some(Secret::new(typed).reveal().to_owned()).filter(|secret| !secret.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(ConfigError::PromptInterrupted.into()),
        Err(cause) => Err(SystemError { action: "ask on the terminal", cause }.into()),
    }
}

fn ask_valid(
    context: &Context,
    question: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<String, CommandError> {
    let mut left = TRIES;
    loop {
        let answer = context.stderr.ask(question)?;
        left -= 1;
        match check(&answer) {
            Ok(()) => return Ok(answer),
            Err(problem) if left == 0 => return Err(UsageError::new(problem, "nothing was written; try again").into()),
            Err(problem) => context.stderr.warning(&problem),
        }
    }
}

fn remove(context: &Context, name: &str) -> Result<(), CommandError> {
    let path = config_path(context)?;
    ConfigEdit::open(&path)?.remove_profile(name).map_err(|error| match &error {
        // A hint to create a profile would not help to remove one.
        ConfigError::UnknownProfile { nearest: None, .. } => {
            let mut error = CommandError::from(error);
            error.hint = None;
            error
        }
        _ => error.into(),
    })?;
    match context.confirms(&format!("Remove profile {name} and the secret it holds?"))? {
        Some(true) => {}
        Some(false) => return Err(UsageError::new("nothing was removed", "answer y, or add --yes").into()),
        None => {
            let message = format!("removing profile {name} needs a confirmation");
            return Err(UsageError::new(message, "add --yes").into());
        }
    }
    ConfigEdit::change(&path, |edit| edit.remove_profile(name))?;
    context.stderr.note(&format!("profile {name} is removed"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_national_number_is_written_with_its_country_where_that_is_known() {
        for (number, country, expected) in [
            ("0987654321", Some("EC"), "593987654321"),
            ("987654321", Some("EC"), "593987654321"),
            ("0987654321", None, "a number as 593987654321"),
            ("12", Some("EC"), "a number as 593987654321"),
        ] {
            let country = country.map(|country| country.parse().unwrap());
            assert_eq!(with_country_code(number, country), expected, "{number} {country:?}");
        }
    }
}
