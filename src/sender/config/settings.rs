//! The only place that decides precedence: flag, environment, profile, default.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::api_url::ApiUrl;
use super::env::{Environment, Flags};
use super::error::{no_bot, unknown_profile, use_profile};
use super::file::ConfigFile;
use super::keys::{self, Key};
use super::layer::{Layer, Origin, WithOrigin};
use super::login::Login;
use super::secret_source::SecretSource;
use crate::base::message::{Lang, Message, msg};
use crate::base::paths::is_ledger_file;
use crate::base::private_file::link_target;
use crate::base::texts::shell_argument;
use crate::command_error::CommandError;
use crate::phone::Country;
use crate::runs::cost::Money;
use crate::runs::hours::{HoursBase, ZoneName, collect_windows, day_off};

/// Whether a sandbox replaces the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SandboxMode {
    No,
    /// `--sandbox`: the sandbox on this machine, else one inside this process.
    Nearest,
    /// `JELOUCTL_SANDBOX`: this sandbox. It overrides every flag, variable and profile, so that a script under test
    /// cannot send.
    At(ApiUrl),
}

/// The settings from all sources.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) profile: Option<WithOrigin<String>>,
    pub(crate) bot: Option<String>,
    pub(crate) login: Login,
    pub(crate) api_url: ApiUrl,
    pub(crate) sandbox: SandboxMode,
    /// Whether a message can have a key of `--once`: not in a sandbox without a directory for keys.
    pub(crate) keeps_keys: bool,
    pub(crate) timeout: Duration,
    pub(crate) retry_for: Duration,
    pub(crate) ca_cert: Option<PathBuf>,
    pub(crate) allow_to: Option<Vec<String>>,
    pub(crate) do_not_contact: Option<PathBuf>,
    /// The audit log.
    pub(crate) log: Option<PathBuf>,
    /// Requests a second.
    pub(crate) rate: f64,
    /// The country of local numbers without `--country`.
    pub(crate) country: Option<Country>,
    /// The columns of lists that may have the recipients, in the order of preference.
    pub(crate) to_column: Vec<String>,
    pub(crate) remember: Duration,
    pub(crate) confirm_bulk: bool,
    /// The profile's; flags may override them.
    pub(crate) hours: HoursBase,
    /// The price list.
    pub(crate) prices: Option<PathBuf>,
    pub(crate) budget: Option<Money>,
    pub(crate) limit_24h: Option<u32>,
    /// The values from their sources, for display.
    layer: Layer,
    /// Warnings about the sources.
    pub(crate) warnings: Vec<Message>,
    /// Why no configuration file was found, if that may surprise.
    missing_file: Vec<Message>,
}

impl Settings {
    /// Reads the configuration that `flags` and `environment` name, and resolves all settings.
    ///
    /// # Errors
    /// When something is missing or invalid, or a secret could reach the wrong server.
    pub(crate) fn load(flags: &Flags, environment: &Environment) -> Result<Self, CommandError> {
        Self::resolve(flags, environment, load_file(flags, environment)?.as_ref())
    }

    /// Resolves all settings. Flags override the environment, which overrides the profile.
    fn resolve(
        flags: &Flags,
        environment: &Environment,
        file: Option<&ConfigFile>,
    ) -> Result<Self, CommandError> {
        let sandbox = sandboxed(flags, environment)?;
        let mut warnings = environment.warnings.clone();
        warnings.extend(file.into_iter().flat_map(|file| file.warnings.clone()));
        let chosen = choose_profile(flags, environment, file, sandbox == SandboxMode::No)?;
        let mut outside = environment.layer.clone();
        // With `--profile` on the command line, the environment does not set the sender.
        if flags.profile.is_some() {
            warnings.extend(remove_sender(&mut outside));
        }
        if flags.layer.has("client_secret_file") {
            outside.remove("client_secret");
        }
        let mut outside = flags.layer.clone().over(outside);
        let name = chosen
            .as_ref()
            .map(|chosen| chosen.value.clone())
            .unwrap_or_default();
        let mut profile = file
            .and_then(|file| file.profiles.get(&name))
            .cloned()
            .unwrap_or_default();
        let mut defaults = Layer::defaults();
        if sandbox != SandboxMode::No {
            // A sandbox has its own credentials and needs no bot, so no secret is read.
            outside.remove("client_secret_file");
            outside.remove("ca_cert");
            profile.remove("ca_cert");
            outside = Layer::for_sandbox(environment.sandbox.as_deref()).over(outside);
            defaults.put("bot_id", vec!["sandbox".to_owned()], &Origin::Sandbox);
        }
        let directory = file.map_or(Path::new(""), ConfigFile::directory);
        let login = Login::new(&outside, &profile, &name, directory)?;
        let read = Self::read(outside.over(profile).over(defaults), login, sandbox)?;
        read.refuse_damaging_log(file)?;
        Ok(Self {
            keeps_keys: read.keeps_keys || environment.sandbox_keys.is_some(),
            profile: chosen,
            warnings,
            missing_file: match file {
                Some(_) => Vec::new(),
                None => ConfigFile::why_missing(),
            },
            ..read
        })
    }

    /// Refuses a log that is the configuration or a file of the ledger: a log line would damage it.
    fn refuse_damaging_log(&self, file: Option<&ConfigFile>) -> Result<(), CommandError> {
        let Some(log) = self.log.as_deref().map(link_target) else {
            return Ok(());
        };
        let is_configuration = file.is_some_and(|file| link_target(&file.path) == log);
        if is_configuration || is_ledger_file(&log) {
            let problem = msg!("it is the configuration or a file of the ledger");
            return Err(self.layer.wrong("log", problem));
        }
        Ok(())
    }

    /// Parses each value of the combined `layer`.
    fn read(layer: Layer, login: Login, sandbox: SandboxMode) -> Result<Self, CommandError> {
        let between: Option<Vec<_>> = layer.get_list("between", str::parse)?;
        let hours = HoursBase {
            between: collect_windows(&between.unwrap_or_default())
                .map_err(|problem| layer.wrong("between", problem))?,
            not_on: layer
                .get_list("not_on", day_off)?
                .unwrap_or_default()
                .into_iter()
                .collect(),
            time_zone: layer.get("time_zone", str::parse)?,
        };
        let country = layer.get("country", str::parse)?;
        // The language was chosen before. Here, a wrong one is an error.
        layer.get("lang", keys::lang)?;
        Ok(Self {
            profile: None,
            missing_file: Vec::new(),
            bot: layer.get("bot_id", keys::bot_id)?,
            login,
            api_url: match &sandbox {
                SandboxMode::At(url) => url.clone(),
                SandboxMode::No | SandboxMode::Nearest => {
                    layer.or_default("api_url", str::parse)?
                }
            },
            keeps_keys: sandbox == SandboxMode::No,
            sandbox,
            timeout: layer.or_default("timeout", keys::timeout)?,
            retry_for: layer.or_default("retry_for", keys::retry_for)?,
            ca_cert: layer.path("ca_cert"),
            allow_to: layer.get_list("allow_to", |raw| keys::pattern(raw, country))?,
            do_not_contact: layer.path("do_not_contact"),
            log: layer.path("log"),
            rate: layer.or_default("rate", keys::rate)?,
            country,
            to_column: layer
                .get_list("to_column", keys::column)?
                .unwrap_or_default(),
            remember: layer.or_default("remember", keys::remember)?,
            confirm_bulk: layer.or_default("confirm_bulk", keys::switch)?,
            hours,
            prices: layer.path("prices"),
            budget: layer.get("budget", keys::budget)?,
            limit_24h: layer.get("limit_24h", keys::messaging_limit)?,
            layer,
            warnings: Vec::new(),
        })
    }

    /// Returns whether no message can reach Jelou.
    pub(crate) fn is_sandboxed(&self) -> bool {
        self.sandbox != SandboxMode::No
    }

    /// Returns the note after a sandbox accepted a message. None without a sandbox.
    pub(crate) fn sandbox_note(&self) -> Option<Message> {
        self.is_sandboxed()
            .then(|| msg!("sandbox: nothing was sent to Jelou"))
    }

    /// Returns the bot to send from.
    pub(crate) fn bot(&self) -> Result<&str, CommandError> {
        self.bot.as_deref().ok_or_else(|| CommandError {
            details: self.missing_file.clone(),
            ..no_bot()
        })
    }

    /// Returns the origin of a key's value.
    pub(crate) fn origin(&self, key: &str) -> &Origin {
        self.layer.origin(key)
    }

    /// Returns the flags of this command that another command needs to act for the same bot: ` --profile p --bot 77`.
    /// Empty if the configuration and the environment name it.
    pub(crate) fn sender_flags(&self) -> String {
        let is_typed = |origin: &Origin| matches!(origin, Origin::Flag(_));
        let profile = self.profile.as_ref();
        let profile = profile.filter(|profile| is_typed(&profile.origin));
        let profile = profile.map(|profile| ("--profile", &profile.value));
        let bot = self
            .bot
            .as_ref()
            .filter(|_| is_typed(self.origin("bot_id")));
        let bot = bot.map(|bot| ("--bot", bot));
        let mut flags = String::new();
        for (flag, value) in profile.into_iter().chain(bot) {
            let _ = write!(flags, " {flag} {}", shell_argument(value));
        }
        flags
    }

    /// Returns the printed value of a key, which is never a secret, and its origin.
    pub(crate) fn display(&self, key: &Key) -> Option<WithOrigin<Message>> {
        match key.name {
            "client_secret" => self.login.secret().map(WithOrigin::display),
            _ => self.layer.display(key),
        }
    }

    /// Returns client id and source of the secret: both from flags and environment, or both from
    /// the profile. A profile's secret goes only to the address in the profile. `can_ask` allows a
    /// prompt for the secret.
    ///
    /// # Errors
    /// When one of them is missing, or the secret would reach the wrong server.
    pub(crate) fn credentials(
        &self,
        can_ask: bool,
    ) -> Result<(&WithOrigin<String>, WithOrigin<SecretSource>), CommandError> {
        self.login
            .credentials(can_ask, &self.api_url, self.origin("api_url"))
    }
}

/// Checks the values of a layer. The error does not name their source.
pub(crate) fn check(layer: &Layer) -> Result<(), Message> {
    let login = Login::new(layer, &Layer::default(), "", Path::new(""));
    let read = login.and_then(|login| {
        Settings::read(
            layer.clone().over(Layer::defaults()),
            login,
            SandboxMode::No,
        )
    });
    read.map(drop).map_err(|error| error.message)
}

/// Returns a parser for the flag of the key called `name`.
pub(crate) fn checked(
    name: &'static str,
) -> impl Fn(&str) -> Result<String, Message> + Clone + Send + Sync {
    move |raw| {
        let text = raw.trim().to_owned();
        let mut layer = Layer::default();
        layer.type_in(name, Some(&text));
        check(&layer).map(|()| text)
    }
}

/// Removes bot and credentials from the layer of the environment. Returns a warning if it had any.
fn remove_sender(environment: &mut Layer) -> Option<Message> {
    let sender = ["bot_id", "client_id", "client_secret", "client_secret_file"];
    let ignored: Vec<_> = sender
        .iter()
        .filter_map(|key| environment.remove(key))
        .map(|ignored| ignored.origin.to_string())
        .collect();
    (!ignored.is_empty()).then(|| {
        msg!(
            "--profile sets bot and credentials; ignored: {variables}",
            variables = ignored.join(", ")
        )
    })
}

/// Returns whether a profile of this name exists.
///
/// # Errors
/// When the configuration cannot be read.
pub(crate) fn knows_profile(flags: &Flags, name: &str) -> Result<bool, CommandError> {
    let file = load_file(flags, &Environment::read_only("ledger")?)?;
    Ok(file.is_some_and(|file| file.profiles.contains_key(name)))
}

/// Reads the time zone of a profile: of the one from `--profile`, else of the run's, else of the
/// sender's.
///
/// # Errors
/// When the configuration cannot be read, or has a time zone that does not exist.
pub(crate) fn profile_zone(
    flags: &Flags,
    run_profile: Option<&str>,
) -> Result<Option<ZoneName>, CommandError> {
    let environment = Environment::read_only("ledger")?;
    let Some(file) = load_file(flags, &environment)? else {
        return Ok(None);
    };
    let run_profile = run_profile.and_then(|name| file.profiles.get(name));
    if let Some(profile) = run_profile.filter(|_| flags.profile.is_none()) {
        return profile.get("time_zone", str::parse);
    }
    match chosen_layer(flags, &environment, Some(&file), false)? {
        Some(profile) => profile.get("time_zone", str::parse),
        None => Ok(None),
    }
}

/// Returns the language in the environment or the profile. A configuration that cannot be read sets none: the command
/// reports it.
pub(crate) fn configured_lang(flags: &Flags) -> Option<Lang> {
    let environment = Environment::read_only("lang").ok()?;
    let variable = environment.layer.get("lang", keys::lang).ok()?;
    variable.or_else(|| profile_lang(flags))
}

/// Returns the language in the profile.
pub(crate) fn profile_lang(flags: &Flags) -> Option<Lang> {
    let environment = Environment::read_only("lang").ok()?;
    let file = load_file(flags, &environment).ok()?;
    let profile = chosen_layer(flags, &environment, file.as_ref(), false).ok()??;
    profile.get("lang", keys::lang).ok()?
}

/// Loads the file from a flag or variable, else the user's or the machine's. None if neither
/// exists.
pub(super) fn load_file(
    flags: &Flags,
    environment: &Environment,
) -> Result<Option<ConfigFile>, CommandError> {
    ConfigFile::find(flags.config_file(environment).as_deref())
}

/// Returns the hint for a wrong `JELOUCTL_SANDBOX`.
pub(crate) fn sandbox_hint() -> Message {
    msg!(
        "to use a running sandbox: JELOUCTL_SANDBOX=http://HOST:PORT; to use the default one: unset JELOUCTL_SANDBOX and \
         pass --sandbox"
    )
}

fn sandboxed(flags: &Flags, environment: &Environment) -> Result<SandboxMode, CommandError> {
    let Some(raw) = &environment.sandbox else {
        return Ok(if flags.sandbox {
            SandboxMode::Nearest
        } else {
            SandboxMode::No
        });
    };
    ApiUrl::parse_sandbox(raw)
        .map(SandboxMode::At)
        .map_err(|problem| {
            let message = msg!("{flag}: {problem}", flag = "JELOUCTL_SANDBOX", problem);
            CommandError::configuration(message, sandbox_hint())
        })
}

/// Returns the values of the profile that [`choose_profile`] chooses.
pub(super) fn chosen_layer<'a>(
    flags: &Flags,
    environment: &Environment,
    file: Option<&'a ConfigFile>,
    is_needed: bool,
) -> Result<Option<&'a Layer>, CommandError> {
    let chosen = choose_profile(flags, environment, file, is_needed)?;
    Ok(chosen.and_then(|name| file?.profiles.get(&name.value)))
}

/// Chooses the profile. Unless one `is_needed`, several profiles without a default are not an
/// error, and under `JELOUCTL_SANDBOX` the profile may be missing.
fn choose_profile(
    flags: &Flags,
    environment: &Environment,
    file: Option<&ConfigFile>,
    is_needed: bool,
) -> Result<Option<WithOrigin<String>>, CommandError> {
    let requested = match (&flags.profile, &environment.profile) {
        (Some(name), _) => Some(Origin::Flag("--profile").tag(name.clone())),
        (None, Some(name)) => Some(Origin::Variable("JELOU_PROFILE").tag(name.clone())),
        (None, None) => flags
            .default_profile
            .clone()
            .map(|name| Origin::Default.tag(name)),
    };
    let known: Vec<_> = file
        .into_iter()
        .flat_map(|file| file.profiles.keys().map(String::as_str))
        .collect();
    if let Some(requested) = requested {
        if known.contains(&requested.value.as_str()) {
            return Ok(Some(requested));
        }
        // The profile of a script under test may exist only on the machine that sends.
        if !is_needed && environment.sandbox.is_some() {
            return Ok(None);
        }
        let variable = match requested.origin {
            Origin::Variable(variable) => Some(variable),
            _ => None,
        };
        return Err(unknown_profile(&requested.value, variable, &known));
    }
    let default = file
        .map(ConfigFile::default_profile)
        .transpose()?
        .flatten()
        .map(String::as_str);
    match (default, known.as_slice()) {
        (Some(name), _) | (None, &[name]) => Ok(Some(Origin::Default.tag(name.to_owned()))),
        (None, []) => Ok(None),
        (None, _) if !is_needed => Ok(None),
        (None, [first, ..]) => {
            let message = msg!(
                "several profiles exist, but no default: {known}",
                known = known.join(", ")
            );
            let hint = msg!(
                "to choose one now: --profile {name}; {default}",
                name = shell_argument(first),
                default = use_profile(first)
            );
            Err(CommandError::configuration(message, hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn resolve(profile: &str) -> Result<Settings, String> {
        let text = format!(
            "default_profile = \"a\"\n[profiles.b]\ntimeout = \"soon\"\n[profiles.a]\n{profile}"
        );
        let file = ConfigFile::parse(Path::new("/etc/c.toml"), &text).unwrap();
        let resolved = Settings::resolve(&Flags::default(), &Environment::default(), Some(&file));
        resolved.map_err(|error| format!("{} | {}", error.message, error.hint.unwrap_or_default()))
    }

    #[test]
    fn invalid_value_names_its_key_and_profile() {
        for (profile, expected) in [
            (
                "timeout = \"soon\"",
                "timeout of profile a: `soon` is not a duration of at most 24h, ",
            ),
            ("rate = \"fast\"", "jelouctl profile set a"),
            (
                "api_url = \"http://x.example\"",
                "api_url of profile a: `http://x.example` would get the secret unencrypted",
            ),
            (
                "client_id = \"a:b\"",
                "client_id of profile a: a client id cannot contain a colon",
            ),
            (
                "bot_id = \"\"",
                "bot_id of profile a: a bot id cannot be empty",
            ),
            (
                "allow_to = [\"593*\", \"x\"]",
                "allow_to of profile a: an allowed recipient is a number",
            ),
            (
                "between = [\"always\", \"08:00-09:00\"]",
                "between of profile a: `always` cannot be combined",
            ),
            ("not_on = [\"05/06/2026\"]", "not_on of profile a: "),
            (
                "budget = 0",
                "budget of profile a: `0` is not an amount above 0",
            ),
        ] {
            let error = resolve(profile).expect_err(profile);
            assert!(error.contains(expected), "{profile}: {error}");
        }
        // A wrong value in another profile does not matter.
        assert_eq!(resolve("allow_to = []").unwrap().allow_to, Some(Vec::new()));
    }
}
