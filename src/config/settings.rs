//! The one place that decides precedence: flag, then environment, then profile, then default.

use std::io;
use std::path::PathBuf;

use super::api_url::ApiUrl;
use super::environment::Environment;
use super::error::{ConfigError, ConfigFault};
use super::file::ConfigFile;
use super::flags::Flags;
use super::keys::{Key, windows};
use super::layer::Layer;
use super::login::Login;
use super::secret_source::SecretSource;
use super::sourced::{Origin, Sourced};
use super::trust::MAX_BYTES;
use super::values::{AllowTo, BotId, Budget, ClientId, PeopleLimit, Rate, Remember, RetryFor, Timeout};
use crate::hours::{DailyWindow, DayOff, ZoneName};
use crate::phone::Country;
use crate::private_file::{FileError, PipeBound, open_to_read, read_to_limit};

/// Whether a sandbox takes the place of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sandboxed {
    No,
    /// `--sandbox`: the one running on this machine, otherwise one inside this process.
    Nearest,
    /// `JELOUCTL_SANDBOX`: this one. It wins over every flag, variable and profile, so that a script under test cannot send.
    At(ApiUrl),
}

/// The result of all sources.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) profile: Option<Sourced<String>>,
    pub(crate) bot: Option<Sourced<BotId>>,
    login: Login,
    pub(crate) api_url: Sourced<ApiUrl>,
    pub(crate) sandbox: Sandboxed,
    pub(crate) timeout: Sourced<Timeout>,
    pub(crate) retry_for: Sourced<RetryFor>,
    pub(crate) ca_cert: Option<Sourced<PathBuf>>,
    pub(crate) allow_to: Option<Sourced<AllowTo>>,
    pub(crate) do_not_contact: Option<Sourced<PathBuf>>,
    /// The audit log.
    pub(crate) log: Option<Sourced<PathBuf>>,
    pub(crate) rate: Sourced<Rate>,
    /// Whose national numbers recipients may be, where `--country` does not say.
    pub(crate) country: Option<Sourced<Country>>,
    pub(crate) remember: Sourced<Remember>,
    pub(crate) confirm_bulk: Sourced<bool>,
    /// Of the profile; flags may say otherwise.
    pub(crate) between: Option<Sourced<Vec<DailyWindow>>>,
    pub(crate) not_on: Option<Sourced<Vec<DayOff>>>,
    pub(crate) time_zone: Option<Sourced<ZoneName>>,
    /// The file of rates.
    pub(crate) rates: Option<Sourced<PathBuf>>,
    pub(crate) budget: Option<Sourced<Budget>>,
    pub(crate) limit_24h: Option<Sourced<PeopleLimit>>,
    /// The values as they were given, for display.
    layer: Layer,
    /// Notes for a person about how it was resolved.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Reads the configuration that `flags` and `environment` name, and resolves everything.
    ///
    /// # Errors
    /// When something is missing, broken or mixed in a way that could send a secret to the wrong place.
    pub(crate) fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        Self::resolve(flags, environment, load_file(flags, environment)?.as_ref())
    }

    fn resolve(flags: &Flags, environment: &Environment, file: Option<&ConfigFile>) -> Result<Self, ConfigError> {
        let sandbox = sandboxed(flags, environment)?;
        let mut warnings = environment.warnings.clone();
        warnings.extend(file.into_iter().flat_map(|file| file.warnings.clone()));
        let chosen = match choose_profile(flags, environment, file) {
            // The sandbox works without a profile.
            Err(error) if error.fault == ConfigFault::UnknownProfile && matches!(sandbox, Sandboxed::At(_)) => {
                warnings.push(format!("{error}; the sandbox needs none"));
                None
            }
            Err(error) if error.fault == ConfigFault::NoDefaultProfile && sandbox != Sandboxed::No => None,
            chosen => chosen?,
        };
        let mut outside = environment.layer.clone();
        // With `--profile` on the command line, the sender does not come from the environment.
        if flags.profile.is_some() {
            let sender = ["bot_id", "client_id", "client_secret", "client_secret_file"];
            let ignored = sender.iter().filter_map(|key| outside.remove(key)).map(|ignored| ignored.origin.to_string());
            let ignored: Vec<_> = ignored.collect();
            if !ignored.is_empty() {
                warnings.push(format!("--profile sets bot and credentials: {} ignored", ignored.join(", ")));
            }
        }
        let outside = flags.layer.clone().over(outside);
        let name = chosen.as_ref().map(|chosen| chosen.value.clone()).unwrap_or_default();
        let profile = file.and_then(|file| file.profiles.get(&name)).cloned().unwrap_or_default();
        let secret = if sandbox == Sandboxed::No { typed_secret(flags, &outside)? } else { None };
        let login = Login::new(outside.get("client_id"), secret, &profile, &name)?;
        let layer = outside.over(profile).over(Layer::of_defaults());
        let mut settings = Self {
            profile: chosen,
            bot: layer.get("bot_id"),
            login,
            api_url: layer.or_default("api_url"),
            sandbox,
            timeout: layer.or_default("timeout"),
            retry_for: layer.or_default("retry_for"),
            ca_cert: layer.get("ca_cert"),
            allow_to: layer.get_list("allow_to", |patterns| Ok(AllowTo(patterns.to_vec()))),
            do_not_contact: layer.get("do_not_contact"),
            log: layer.get("log"),
            rate: layer.or_default("rate"),
            country: layer.get("country"),
            remember: layer.or_default("remember"),
            confirm_bulk: layer.or_default("confirm_bulk"),
            between: layer.get_list("between", windows),
            not_on: layer.get_list("not_on", |days| days.iter().map(|day| day.parse()).collect()),
            time_zone: layer.get("time_zone"),
            rates: layer.get("rates"),
            budget: layer.get("budget"),
            limit_24h: layer.get("limit_24h"),
            layer,
            warnings,
        };
        settings.enter_sandbox();
        Ok(settings)
    }

    /// The sandbox reads no secret and needs no bot.
    fn enter_sandbox(&mut self) {
        match &self.sandbox {
            Sandboxed::No => return,
            Sandboxed::Nearest => {}
            Sandboxed::At(url) => self.api_url = Origin::Variable("JELOUCTL_SANDBOX").of(url.clone()),
        }
        self.bot = self.bot.take().or(Some(Origin::Sandbox.of(BotId("sandbox".to_owned()))));
        self.login.enter_sandbox();
        self.ca_cert = None;
    }

    /// The country of the profile.
    pub(crate) fn country(&self) -> Option<Country> {
        self.country.as_ref().map(|country| country.value)
    }

    /// Whether nothing can reach Jelou.
    pub(crate) fn is_sandboxed(&self) -> bool {
        self.sandbox != Sandboxed::No
    }

    /// The note after a sandbox accepted a message; none without a sandbox.
    pub(crate) fn sandbox_note(&self) -> Option<&'static str> {
        match &self.sandbox {
            Sandboxed::No => None,
            Sandboxed::At(url) if !url.is_loopback() => Some("sandbox: nothing was sent to Jelou"),
            Sandboxed::Nearest | Sandboxed::At(_) => Some("sandbox: nothing left this machine"),
        }
    }

    /// The bot to send from.
    pub(crate) fn bot(&self) -> Result<&BotId, ConfigError> {
        self.bot.as_ref().map(|bot| &bot.value).ok_or_else(ConfigError::no_bot)
    }

    /// The value of a key as it is printed, and its origin; never a secret.
    pub(crate) fn shown(&self, key: &Key) -> Option<Sourced<String>> {
        match key.name {
            "bot_id" => self.bot.as_ref().map(Sourced::shown),
            "client_id" => self.client_id().map(Sourced::shown),
            "client_secret" => self.client_secret().map(Sourced::shown),
            "api_url" => Some(self.api_url.shown()),
            "ca_cert" if self.is_sandboxed() => None,
            _ => self.layer.shown(key),
        }
    }

    /// The client id that comes first, whether it can be used with the secret or not.
    pub(crate) fn client_id(&self) -> Option<&Sourced<ClientId>> {
        self.login.id()
    }

    /// The source of the secret that comes first, whether it can be used with the id or not.
    pub(crate) fn client_secret(&self) -> Option<&Sourced<SecretSource>> {
        self.login.secret()
    }

    /// Client id and where its secret comes from: both from flags and environment, or both from the profile, whose
    /// secret stays home. `can_ask` says whether a person could type it.
    ///
    /// # Errors
    /// When one of them is missing, or the secret would go to a place that it is not for.
    pub(crate) fn credentials(
        &self,
        can_ask: bool,
    ) -> Result<(&Sourced<ClientId>, Sourced<SecretSource>), ConfigError> {
        self.login.credentials(can_ask, &self.api_url)
    }

    /// The certificates of `ca_cert`, as PEM: at most 1 MiB.
    pub(crate) fn ca_cert_file(&self) -> Result<Option<(PathBuf, Vec<u8>)>, ConfigError> {
        let Some(Sourced { value: path, .. }) = &self.ca_cert else { return Ok(None) };
        let file = open_to_read(path, PipeBound::FirstByte);
        let content = file.and_then(|file| read_to_limit(file, MAX_BYTES)).map_err(FileError::of("read", path))?;
        Ok(Some((path.clone(), content)))
    }
}

/// Whether there is a profile of this name.
///
/// # Errors
/// When the configuration cannot be read.
pub(crate) fn knows_profile(flags: &Flags, name: &str) -> Result<bool, ConfigError> {
    let file = load_file(flags, &Environment::read_for_ledger()?)?;
    Ok(file.is_some_and(|file| file.profiles.contains_key(name)))
}

/// The named configuration, else the user's or the machine's; None if neither exists.
pub(super) fn load_file(flags: &Flags, environment: &Environment) -> Result<Option<ConfigFile>, ConfigError> {
    let named = flags.config_file(environment);
    match (ConfigFile::find(named.as_deref())?, named) {
        (None, Some(path)) => {
            let missing = io::Error::new(io::ErrorKind::NotFound, "there is no such file");
            Err(FileError::of("read", &path)(missing).into())
        }
        (found, _) => Ok(found),
    }
}

fn sandboxed(flags: &Flags, environment: &Environment) -> Result<Sandboxed, ConfigError> {
    let Some(raw) = &environment.sandbox else {
        return Ok(if flags.sandbox { Sandboxed::Nearest } else { Sandboxed::No });
    };
    ApiUrl::of_sandbox(raw).map(Sandboxed::At).map_err(|problem| {
        let way_out = "give the address of a sandbox that runs, http://HOST:PORT, or pass --sandbox";
        ConfigError::variable("JELOUCTL_SANDBOX", format!("{problem}: {way_out}"))
    })
}

/// The secret outside the profiles.
fn typed_secret(flags: &Flags, outside: &Layer) -> Result<Option<Sourced<SecretSource>>, ConfigError> {
    if let Some(source) = &flags.client_secret {
        return Ok(Some(Origin::Flag("--client-secret-file").of(source.clone())));
    }
    outside.secret("client_secret")
}

pub(super) fn choose_profile(
    flags: &Flags,
    environment: &Environment,
    file: Option<&ConfigFile>,
) -> Result<Option<Sourced<String>>, ConfigError> {
    let asked = match (&flags.profile, &environment.profile) {
        (Some(name), _) => Some(Origin::Flag("--profile").of(name.clone())),
        (None, Some(name)) => Some(Origin::Variable("JELOU_PROFILE").of(name.clone())),
        (None, None) => flags.default_profile.clone().map(|name| Origin::Default.of(name)),
    };
    let known: Vec<_> = file.into_iter().flat_map(|file| file.profiles.keys().map(String::as_str)).collect();
    if let Some(asked) = asked {
        if known.contains(&asked.value.as_str()) {
            return Ok(Some(asked));
        }
        return Err(ConfigError::unknown_profile(&asked.value, &asked.origin.to_string(), &known));
    }
    let default = file.map(ConfigFile::default_profile).transpose()?.flatten().map(String::as_str);
    match (default, known.as_slice()) {
        (Some(name), _) | (None, &[name]) => Ok(Some(Origin::Default.of(name.to_owned()))),
        (None, []) => Ok(None),
        (None, _) => {
            let message =
                format!("there are several profiles and none is the default; there are: {}", known.join(", "));
            let hint = "choose with --profile NAME, or once for all with: jelouctl profile use NAME";
            Err(ConfigError::of(ConfigFault::NoDefaultProfile, message, hint))
        }
    }
}
