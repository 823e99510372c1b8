//! `profile set`: saves the typed values; for a new profile, asks for the others.

use std::io;
use std::path::Path;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::SystemError;
use crate::base::private_file::{FileAction, FileError};
use crate::base::process::{Signal, Signals, block_on};
use crate::base::secret::Secret;
use crate::base::texts::shell_argument;
use crate::base::timestamps::now;
use crate::command_error::CommandError;
use crate::phone::Country;
use crate::runs::hours::{day_off, days_past_everywhere};
use crate::sender;
use crate::sender::config::{
    self, ConfigEdit, KEYS, Key, KeyFlag, KeyForm, Layer, LedgerDatabase, Origin, SecretSource,
    WithOrigin, checked, describe_useless_pattern, interrupted, is_bare_name, set_profile,
};
use crate::sender::context::Context;

/// Returns the settings to ask for in a new profile, with their questions, and the flags of the required ones.
fn questions() -> Vec<(&'static str, Message, Option<&'static str>)> {
    let mut questions = vec![
        ("bot_id", msg!("Bot id:"), Some("--bot")),
        ("client_id", msg!("Client id:"), Some("--client-id")),
        (
            "country",
            msg!("Country of local numbers, such as EC (empty: none):"),
            None,
        ),
        (
            "allow_to",
            msg!("Allowed recipients, numbers or patterns such as 593* (empty: anyone):"),
            None,
        ),
    ];
    // Windows has no variable with the language of a terminal.
    if cfg!(windows) {
        questions.push(("lang", msg!("Language, en or es (empty: en):"), None));
    }
    questions
}

/// The flags of settings that a profile may have: the flags of every command, or only of `profile set`.
#[derive(Debug)]
pub(crate) struct KeyFlags<const OF_ALL: bool>(pub(crate) Layer);

impl<const OF_ALL: bool> KeyFlags<OF_ALL> {
    fn keys() -> impl Iterator<Item = (&'static Key, &'static KeyFlag)> {
        KEYS.iter()
            .filter_map(|key| Some((key, key.flag.as_ref()?)))
            .filter(|(_, flag)| flag.is_global == OF_ALL)
    }

    fn argument(key: &'static Key, flag: &'static KeyFlag) -> Arg {
        let (summary, details) = key.about.split_once(". ").unwrap_or((key.about, ""));
        let told = |name: &str, value: Option<&str>| match value {
            Some(value) => format!(" [{name}: {value}]"),
            None => String::new(),
        };
        let is_list = key.form == KeyForm::List;
        let again = if is_list {
            " (repeatable; replaces earlier values)"
        } else {
            ""
        };
        let help = format!(
            "{summary}{}{}{again}",
            told("env", key.variable),
            told("default", key.default)
        );
        let argument = Arg::new(key.name)
            .long(flag.name.trim_start_matches('-'))
            .value_name(flag.value)
            .global(OF_ALL);
        let argument = match (key.form, key.name) {
            (KeyForm::Path, _) => argument
                .value_parser(NonEmptyStringValueParser::new())
                .value_hint(ValueHint::FilePath),
            (_, "bot_id") => argument
                .value_parser(checked(key.name))
                .visible_alias("bot-id"),
            _ => argument.value_parser(checked(key.name)),
        };
        let argument =
            argument.allow_hyphen_values(!OF_ALL && !is_list && key.form != KeyForm::Path);
        let argument = if details.is_empty() {
            argument
        } else {
            argument.long_help(format!("{help}\n\n{details}"))
        };
        argument.help(help).action(if is_list {
            ArgAction::Append
        } else {
            ArgAction::Set
        })
    }
}

impl<const OF_ALL: bool> Args for KeyFlags<OF_ALL> {
    fn augment_args(command: Command) -> Command {
        command.args(Self::keys().map(|(key, flag)| Self::argument(key, flag)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const OF_ALL: bool> FromArgMatches for KeyFlags<OF_ALL> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut typed = Layer::default();
        for (key, _) in Self::keys() {
            typed.type_in(
                key.name,
                matches.get_many::<String>(key.name).into_iter().flatten(),
            );
        }
        Ok(Self(typed))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Saves the typed values; for a new profile it asks for the others, or prints which ones are missing.
pub(super) fn set(
    context: &mut Context,
    path: &Path,
    name: &str,
    keys: Layer,
) -> Result<(), CommandError> {
    if name.is_empty() || name.chars().any(char::is_control) {
        let message = msg!("`{name}` cannot be a profile's name", name);
        return Err(UsageError::new(message, msg!("use letters, digits and dashes")).into());
    }
    if let Some(ledger) = context.flags.layer.text("ledger") {
        LedgerDatabase::parse_choice(&Origin::Flag("--ledger"), ledger)?;
    }
    let file = ConfigEdit::open(path)?;
    let saved = file.profile(name);
    let is_new = saved.is_none();
    let mut change = keys.over(context.flags.layer.clone());
    if change.has_stdin("client_secret_file") {
        change.remove("client_secret_file");
        change.type_in("client_secret", Some(read_secret()?.reveal()));
    }
    for (key, path) in change.paths() {
        *path = kept_file(context, key, Path::new(path.as_str()))?;
    }
    check_change(&with_country(&change, saved))?;
    require_prices(name, &change, saved)?;
    if is_new {
        complete(context, name, &mut change)?;
    } else if change.is_empty() {
        if !context.can_ask() {
            let message = msg!("nothing to change in profile {name}", name);
            let hint = msg!("pass a setting to change, such as --bot BOT");
            return Err(UsageError::new(message, hint).into());
        }
        change.type_in("client_secret", ask_secret(context)?);
    }
    ConfigEdit::change(path, |edit| {
        edit.set_profile(name, &change);
        Ok(())
    })?;
    warn_about_past_days(context, &change);
    context.stderr.note(msg!(
        "profile {name} is saved; to test it: jelouctl doctor --profile {quoted}",
        name,
        quoted = shell_argument(name)
    ));
    Ok(())
}

/// Returns the change with the country of its local numbers, which may be in the `saved` profile. An invalid country is
/// left out, so that the profile can be repaired.
fn with_country(change: &Layer, saved: Option<&Layer>) -> Layer {
    let country = saved
        .and_then(|saved| saved.text("country"))
        .filter(|country| country.parse::<Country>().is_ok());
    let mut below = Layer::default();
    below.type_in("country", country);
    change.clone().over(below)
}

/// Warns of days off that are over in every time zone.
fn warn_about_past_days(context: &Context, change: &Layer) {
    let days = change.list("not_on").unwrap_or_default();
    let days = days.iter().filter_map(|day| day_off(day).ok());
    for past in days_past_everywhere(days, now()) {
        context
            .stderr
            .warning(msg!("{flag} {past}", flag = "--not-on", past));
    }
}

/// Refuses invalid values, values that contradict each other, and patterns that match no recipient, such as a local
/// number without a country.
fn check_change(change: &Layer) -> Result<(), UsageError> {
    config::check(change).map_err(UsageError::bare)?;
    let country = change
        .text("country")
        .and_then(|country| country.parse().ok());
    let patterns = change.list("allow_to").unwrap_or_default();
    match describe_useless_pattern(patterns.iter(), country) {
        Some(problem) => Err(UsageError::bare(msg!(
            "{flag}: {problem}",
            flag = "--allow-to",
            problem
        ))),
        None => Ok(()),
    }
}

/// Refuses a new budget if the profile has no prices: it would then refuse every list.
fn require_prices(name: &str, change: &Layer, saved: Option<&Layer>) -> Result<(), UsageError> {
    let has_prices = change.has("prices") || saved.is_some_and(|saved| saved.has("prices"));
    if has_prices || !change.has("budget") {
        return Ok(());
    }
    Err(UsageError::new(
        msg!(
            "--budget needs a price list, and profile {name} has none",
            name
        ),
        msg!("--prices FILE"),
    ))
}

/// Checks a file that the profile will name. A missing file is not an error: it may be mounted
/// later.
fn kept_file(context: &Context, key: &Key, path: &Path) -> Result<String, CommandError> {
    // The log is created when its first line is written, and may be /dev/stderr.
    let flag = key.flag_name();
    let is_read = key.name != "log";
    if is_read && (path.starts_with("/dev") || path.starts_with("/proc")) {
        let message = msg!(
            "{flag}: {path} is below /dev or /proc, where files are temporary",
            flag,
            path
        );
        if key.name == "client_secret_file" {
            let hint = msg!("to pipe a secret in: --client-secret-file -");
            return Err(UsageError::new(message, hint).into());
        }
        return Err(UsageError::bare(message).into());
    }
    let whole =
        std::path::absolute(path).map_err(FileError::while_doing(FileAction::Find, path))?;
    let may_be_secret = key.name == "client_secret_file" && is_bare_name(&path.to_string_lossy());
    if may_be_secret && !whole.exists() {
        let problem = msg!(
            "{origin}: no such file; its name is hidden because it may be the secret",
            origin = flag
        );
        let hint = msg!(
            "to save the secret itself, pipe it in: --client-secret-file -; to use a file that does not exist yet: ./FILE"
        );
        return Err(UsageError::new(problem, hint).into());
    }
    if is_read && !whole.exists() {
        context.stderr.warning(msg!(
            "{flag}: {path} does not exist; until it does, jelouctl refuses each command that needs it",
            flag,
            path = whole
        ));
    }
    Ok(whole.to_string_lossy().into_owned())
}

fn read_secret() -> Result<Secret, CommandError> {
    let stdin = WithOrigin {
        value: SecretSource::Stdin,
        origin: Origin::Flag("--client-secret-file"),
    };
    block_on(async {
        Ok(stdin
            .fetch(async || Err(io::ErrorKind::Unsupported.into()))
            .await?
            .0)
    })
}

/// Asks for the values that a new profile needs, except the typed ones.
fn complete(context: &Context, name: &str, change: &mut Layer) -> Result<(), CommandError> {
    let mut missing = Vec::new();
    for (key, question, flag) in questions() {
        if change.has(key) {
            continue;
        }
        if !context.can_ask() {
            missing.extend(flag);
            continue;
        }
        ask_setting(context, change, key, &question, flag.is_some())?;
    }
    if !missing.is_empty() {
        let problem = match missing.as_slice() {
            [bot, client_id] => msg!("a new profile needs {bot} and {client_id}", bot, client_id),
            _ => msg!("a new profile needs {flag}", flag = missing.concat()),
        };
        let bot = change.text("bot_id").unwrap_or("BOT");
        let id = change.text("client_id").unwrap_or("ID");
        let flags = format!(
            "--bot {} --client-id {}",
            shell_argument(bot),
            shell_argument(id)
        );
        let command = set_profile(name, &flags);
        return Err(UsageError::new(problem, msg!("{command}", command)).into());
    }
    if context.can_ask() && !change.has("client_secret") && !change.has("client_secret_file") {
        change.type_in("client_secret", ask_secret(context)?);
    }
    Ok(())
}

/// How often a question is repeated after an invalid answer.
const MAX_ATTEMPTS: u32 = 3;

/// Asks for the value of `key`; repeats the question after an invalid answer.
fn ask_setting(
    context: &Context,
    change: &mut Layer,
    key: &'static str,
    question: &Message,
    is_needed: bool,
) -> Result<(), CommandError> {
    let mut asked = 0;
    loop {
        asked += 1;
        let answer = context.stderr.ask_line(question)?.unwrap_or_default();
        if answer.is_empty() && !is_needed {
            return Ok(());
        }
        let mut answered = change.clone();
        answered.type_answer(key, &answer);
        match check_change(&answered) {
            Ok(()) => {
                *change = answered;
                return Ok(());
            }
            Err(error) if asked == MAX_ATTEMPTS => return Err(error.into()),
            Err(error) => context.stderr.warning(&error.message),
        }
    }
}

/// Asks the last question.
fn ask_secret(context: &Context) -> Result<Option<String>, CommandError> {
    let question =
        msg!("Client secret (hidden; saved in the configuration file; empty: not saved):");
    let typed = block_on(async {
        let signals = Signals::catch()?;
        tokio::select! {
            biased;
            signal = signals.next() => Err(interrupted(signal)),
            typed = sender::ask_secret(&context.stderr, question) => typed.map_err(not_typed),
        }
    })?;
    Ok(Some(Secret::new(typed).reveal().to_owned()).filter(|secret| !secret.is_empty()))
}

fn not_typed(cause: io::Error) -> CommandError {
    if cause.kind() == io::ErrorKind::Interrupted {
        return interrupted(Signal::Interrupt);
    }
    SystemError {
        action: msg!("ask on the terminal"),
        cause,
    }
    .into()
}
