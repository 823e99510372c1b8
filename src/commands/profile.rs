//! `profile`: who sends, kept in the configuration file.

use std::io;
use std::path::PathBuf;

use super::{Context, Mode, interrupt, wrong_usage};
use crate::config::{
    AllowTo, BotId, ClientId, ConfigEdit, ConfigError, ConfigFile, Environment, Origin, ProfileChange, SecretSource,
    Settings, Sourced,
};
use crate::exit::ExitCode;
use crate::output;
use crate::secret::Secret;

/// What `profile` is asked to do.
#[derive(Debug)]
pub enum Action {
    List,
    Show { name: Option<String> },
    Set { name: String, allow_to: Vec<String> },
    Use { name: String },
    Remove { name: String },
}

/// Carries out `action`.
///
/// # Errors
/// When the configuration cannot be read or written, or something is missing and nobody can be asked.
pub fn run(context: &mut Context, action: Action) -> anyhow::Result<ExitCode> {
    if context.mode != Mode::Send && !matches!(action, Action::List | Action::Show { .. }) {
        return Err(wrong_usage(
            "--dry-run and --curl show a send; this would change the configuration",
            "leave them out",
        ));
    }
    match action {
        Action::List => list(context)?,
        Action::Show { name } => show(context, name)?,
        Action::Set { name, allow_to } => set(context, &name, allow_to)?,
        Action::Use { name } => {
            ConfigEdit::change(&config_path(context)?, |edit| edit.use_profile(&name))?;
            context.output.note(&format!("{name} is the default profile"));
        }
        Action::Remove { name } => remove(context, &name)?,
    }
    Ok(ExitCode::Success)
}

fn config_path(context: &Context) -> anyhow::Result<PathBuf> {
    let environment = Environment::read()?;
    match context.flags.config.clone().or(environment.config.map(PathBuf::from)) {
        Some(path) => Ok(path),
        None => Ok(ConfigFile::default_path()?),
    }
}

/// One line a profile: name, bot, and whether it is the default, separated by tabs.
fn list(context: &Context) -> anyhow::Result<()> {
    let path = config_path(context)?;
    let Some(file) = ConfigFile::load(&path)? else {
        context.output.note(&format!("there are no profiles: {} does not exist", path.display()));
        return Ok(());
    };
    let default = file.default_profile()?;
    for (name, profile) in &file.profiles {
        let bot = profile.bot_id.as_ref().map_or("", BotId::as_str);
        let mark = if default == Some(name) { "default" } else { "" };
        context.output.fields(&[name, bot, mark])?;
    }
    Ok(())
}

/// Each value with its origin; the secret itself never, and no secret command is run.
fn show(context: &mut Context, name: Option<String>) -> anyhow::Result<()> {
    if name.is_some() {
        context.flags.profile = name;
    }
    let settings = Settings::load(&context.flags, &Environment::read()?)?;
    context.output.warnings(&settings.warnings);
    let has_credentials = settings.client_id().is_some() || settings.client_secret().is_some();
    if has_credentials && let Err(problem) = settings.credentials(true) {
        context.output.warning(&problem.to_string());
    }
    for (name, value, origin) in &rows(&settings) {
        context.output.fields(&[name, value, origin])?;
    }
    Ok(())
}

/// Name, value and origin of each setting; the secret itself never.
pub(super) fn rows(settings: &Settings) -> [(&'static str, String, String); 11] {
    let seconds = |duration: std::time::Duration| humantime::format_duration(duration).to_string();
    [
        row("profile", settings.profile.as_ref(), Clone::clone),
        row("bot_id", settings.bot.as_ref(), |bot| bot.as_str().to_owned()),
        row("client_id", settings.client_id(), |id| id.as_str().to_owned()),
        row("client_secret", settings.client_secret(), ToString::to_string),
        row("api_url", Some(&settings.api_url), ToString::to_string),
        row("timeout", Some(&settings.timeout), |timeout| seconds(timeout.duration())),
        row("retry_for", Some(&settings.retry_for), |retry_for| seconds(retry_for.duration())),
        row("ca_cert", settings.ca_cert.as_ref(), |path| path.display().to_string()),
        row("allow_to", settings.allow_to.as_ref(), |allow_to| format!("{:?}", allow_to.0)),
        row("rate", Some(&settings.rate), ToString::to_string),
        row("confirm_bulk", Some(&settings.confirm_bulk), ToString::to_string),
    ]
}

fn row<T>(
    name: &'static str,
    setting: Option<&Sourced<T>>,
    show: impl Fn(&T) -> String,
) -> (&'static str, String, String) {
    match setting {
        Some(setting) => (name, show(&setting.value), setting.origin.to_string()),
        None => (name, String::new(), "not set".to_owned()),
    }
}

/// Writes what was typed; for a new profile asks for the rest, or says what is missing.
fn set(context: &mut Context, name: &str, allow_to: Vec<String>) -> anyhow::Result<()> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(wrong_usage(format!("`{name}` cannot be a profile's name"), "use letters, digits and dashes"));
    }
    if allow_to.iter().any(String::is_empty) {
        return Err(wrong_usage("--allow-to: an empty pattern fits nobody", "give a number or a pattern such as 593*"));
    }
    let path = config_path(context)?;
    let is_new = !ConfigEdit::open(&path)?.has_profile(name);
    let flags = context.flags.clone();
    let mut change = ProfileChange {
        bot_id: flags.bot.map(|bot| bot.as_str().to_owned()),
        client_id: flags.client_id.map(|id| id.as_str().to_owned()),
        api_url: flags.api_url.map(|url| url.to_string()),
        timeout: flags.timeout.map(|timeout| humantime::format_duration(timeout.duration()).to_string()),
        retry_for: flags.retry_for.map(|retry_for| humantime::format_duration(retry_for.duration()).to_string()),
        ca_cert: flags.ca_cert.map(std::path::absolute).transpose()?,
        allow_to: (!allow_to.is_empty()).then_some(AllowTo(allow_to)),
        ..ProfileChange::default()
    };
    match flags.client_secret {
        Some(SecretSource::File(path)) => change.client_secret_file = Some(std::path::absolute(path)?),
        Some(SecretSource::Stdin) => {
            context.input.claim_stdin("--client-secret-file")?;
            change.client_secret = Some(read_secret()?);
        }
        Some(SecretSource::Value(_) | SecretSource::Command(_) | SecretSource::Prompt) | None => {}
    }
    if is_new {
        complete(context, &mut change)?;
    } else if change == ProfileChange::default() {
        if !context.can_ask() {
            return Err(wrong_usage(
                format!("nothing to change in profile {name}"),
                "name what to change, such as --bot BOT",
            ));
        }
        change.client_secret = ask_secret()?;
    }
    for pattern in change.allow_to.iter().flat_map(|allow_to| &allow_to.0) {
        if pattern.starts_with('+') || pattern.contains(' ') {
            context
                .output
                .warning(&format!("allow_to: `{pattern}` fits no phone number: they are compared as digits alone"));
        }
    }
    ConfigEdit::change(&path, |edit| {
        edit.set_profile(name, &change);
        Ok(())
    })?;
    context.output.note(&format!("profile {name} is saved"));
    Ok(())
}

fn read_secret() -> anyhow::Result<Secret> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let stdin = Sourced { value: SecretSource::Stdin, origin: Origin::Flag("--client-secret-file") };
    Ok(runtime.block_on(stdin.fetch(|| Err(io::ErrorKind::Unsupported.into())))?.0)
}

/// Asks for what a new profile needs and was not typed.
fn complete(context: &Context, change: &mut ProfileChange) -> anyhow::Result<()> {
    if !context.can_ask() {
        let missing: Vec<_> = [("--bot", change.bot_id.is_none()), ("--client-id", change.client_id.is_none())]
            .into_iter()
            .filter_map(|(flag, is_missing)| is_missing.then_some(flag))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        return Err(wrong_usage(
            format!("a new profile needs {}", missing.join(" and ")),
            "add it; nothing was written",
        ));
    }
    let output = &context.output;
    if change.bot_id.is_none() {
        change.bot_id = Some(ask_valid(context, "Bot id:", |answer| answer.parse::<BotId>().map(|_| ()))?);
    }
    if change.client_id.is_none() {
        change.client_id = Some(ask_valid(context, "Client id:", |answer| answer.parse::<ClientId>().map(|_| ()))?);
    }
    if change.allow_to.is_none() {
        let answer = output.ask("Recipients that may be written to, as patterns with * (empty for anyone):")?;
        let patterns: Vec<_> =
            answer.split([',', ' ']).filter(|pattern| !pattern.is_empty()).map(str::to_owned).collect();
        change.allow_to = (!patterns.is_empty()).then_some(AllowTo(patterns));
    }
    if change.client_secret.is_none() && change.client_secret_file.is_none() {
        change.client_secret = ask_secret()?;
    }
    Ok(())
}

/// The last of the questions: from here on Ctrl-C is caught.
fn ask_secret() -> anyhow::Result<Option<Secret>> {
    // Caught, it ends the question with an error, and the terminal shows again what is typed.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let _interrupted = interrupt::interrupted()?;
    match output::ask_hidden("Client secret (hidden; kept in the configuration; empty to leave it):") {
        Ok(typed) => Ok(Some(Secret::new(typed)).filter(|secret| !secret.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(ConfigError::PromptInterrupted.into()),
        Err(error) => Err(error.into()),
    }
}

fn ask_valid(context: &Context, question: &str, check: impl Fn(&str) -> Result<(), String>) -> anyhow::Result<String> {
    let answer = context.output.ask(question)?;
    match check(&answer) {
        Ok(()) => Ok(answer),
        Err(problem) => Err(wrong_usage(problem, "nothing was written; try again")),
    }
}

fn remove(context: &Context, name: &str) -> anyhow::Result<()> {
    let path = config_path(context)?;
    ConfigEdit::open(&path)?.remove_profile(name)?;
    if !context.assume_yes {
        if !context.can_ask() {
            return Err(wrong_usage(format!("removing profile {name} needs a confirmation"), "add --yes"));
        }
        let answer = context.output.ask(&format!("Remove profile {name} and the secret it holds? [y/N]"))?;
        if !["y", "yes"].contains(&answer.to_lowercase().as_str()) {
            return Err(wrong_usage("nothing was removed".to_owned(), "answer y, or add --yes"));
        }
    }
    ConfigEdit::change(&path, |edit| edit.remove_profile(name))?;
    context.output.note(&format!("profile {name} is removed"));
    Ok(())
}
