//! The one place that decides precedence: flag, then environment, then profile, then default.

use std::io;
use std::path::PathBuf;

use super::api_url::ApiUrl;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use super::flags::Flags;
use super::keys::Key;
use super::layer::Layer;
use super::ledger_url::LedgerUrl;
use super::login::Login;
use super::secret_source::SecretSource;
use super::sourced::{Origin, Sourced};
use super::trust::read_to_limit;
use super::values::{AllowTo, BotId, Budget, ClientId, PeopleLimit, Rate, Remember, RetryFor, Timeout};
use crate::hours::{DailyWindow, DayOff, ZoneName, windows_of};
use crate::nearest::nearest;
use crate::phone::Country;
use crate::private_file::FileError;

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

/// A database that has the runs, in place of files of this machine.
#[derive(Clone, Debug)]
pub(crate) struct LedgerDatabase {
    pub(crate) url: Sourced<LedgerUrl>,
    /// Of the profile that names it.
    pub(super) password: Option<Sourced<SecretSource>>,
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
            Err(ConfigError::UnknownProfile { name, .. }) if matches!(sandbox, Sandboxed::At(_)) => {
                warnings.push(format!("there is no profile `{name}`; the sandbox needs none"));
                None
            }
            // The sandbox works without a profile.
            Err(ConfigError::NoDefaultProfile { .. }) if sandbox != Sandboxed::No => None,
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
        let login = Login::new(outside.get("client_id")?, secret, &profile, &name)?;
        let layer = outside.over(profile).over(Layer::of_defaults());
        let mut settings = Self {
            profile: chosen,
            bot: layer.get("bot_id")?,
            login,
            api_url: layer.or_default("api_url")?,
            sandbox,
            timeout: layer.or_default("timeout")?,
            retry_for: layer.or_default("retry_for")?,
            ca_cert: layer.get("ca_cert")?,
            allow_to: layer.get_list("allow_to", |patterns| Ok(AllowTo(patterns.to_vec())))?,
            do_not_contact: layer.get("do_not_contact")?,
            log: layer.get("log")?,
            rate: layer.or_default("rate")?,
            country: layer.get("country")?,
            remember: layer.or_default("remember")?,
            confirm_bulk: layer.or_default("confirm_bulk")?,
            between: layer.get_list("between", |windows| {
                windows_of(&windows.iter().map(|window| window.parse()).collect::<Result<Vec<_>, _>>()?)
            })?,
            not_on: layer.get_list("not_on", |days| days.iter().map(|day| day.parse()).collect())?,
            time_zone: layer.get("time_zone")?,
            rates: layer.get("rates")?,
            budget: layer.get("budget")?,
            limit_24h: layer.get("limit_24h")?,
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
        self.bot = self.bot.take().or(Some(Origin::Sandbox.of(BotId::sandbox())));
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
        self.bot.as_ref().map(|bot| &bot.value).ok_or(ConfigError::NoBot)
    }

    /// Bot, client id and the source of the secret; [`Settings::bot`] and [`Settings::credentials`] together.
    ///
    /// # Errors
    /// As theirs; where both are missing, with all of it at once.
    pub(crate) fn identity(
        &self,
        can_ask: bool,
    ) -> Result<(&BotId, &Sourced<ClientId>, Sourced<SecretSource>), ConfigError> {
        let missing = match (self.bot(), self.credentials(can_ask)) {
            (Ok(bot), Ok((client_id, secret))) => return Ok((bot, client_id, secret)),
            (Err(_), Err(ConfigError::NoCredentials)) => "no client id and no client secret",
            (Err(_), Err(ConfigError::NoSecret { .. })) => "no client secret",
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        Err(ConfigError::new(
            format!("no bot to send from, {missing}"),
            "keep them in a profile: jelouctl profile set NAME --bot BOT --client-id ID; or set JELOU_BOT_ID, \
             JELOU_CLIENT_ID and JELOU_CLIENT_SECRET; to try without an account, add --sandbox",
        ))
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
        let content = read_to_limit(path).map_err(FileError::of("read", path))?;
        Ok(Some((path.clone(), content)))
    }
}

impl LedgerDatabase {
    /// The database with the runs; None if they are local files. It needs neither bot nor credentials.
    ///
    /// # Errors
    /// When a profile or a configuration is named that is not there, when profiles mean different ledgers and none of them
    /// is chosen, or when an address is not one.
    pub(crate) fn load(flags: &Flags, environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let file = load_file(flags, environment)?;
        let (chosen, undecided) = match choose_profile(flags, environment, file.as_ref()) {
            Ok(chosen) => (chosen, None),
            Err(error @ ConfigError::NoDefaultProfile { .. }) => (None, Some(error)),
            // A script under test may name a profile that only the machine has on which it will send; runs are files then.
            Err(error @ ConfigError::UnknownProfile { .. }) if environment.sandbox.is_some() => (None, Some(error)),
            Err(error) => return Err(error),
        };
        let outside = flags.layer.clone().over(environment.layer.clone());
        if outside.has("ledger") {
            return Self::of(&outside);
        }
        // Without a chosen profile, any of them may be meant.
        let profiles = file.iter().flat_map(|file| &file.profiles);
        let meant = profiles.filter(|(name, _)| chosen.as_ref().is_none_or(|chosen| chosen.value == **name));
        let ledgers = meant.map(|(_, profile)| Self::of(profile)).collect::<Result<Vec<_>, _>>()?;
        let are_the_same = ledgers.windows(2).all(|pair| match pair {
            [Some(one), Some(other)] => one.url.value.is_same_database(&other.url.value),
            [one, other] => one.is_none() && other.is_none(),
            _ => true,
        });
        match undecided {
            // The ledger of another profile is not used for a profile that does not exist.
            Some(error @ ConfigError::UnknownProfile { .. }) if ledgers.iter().any(Option::is_some) => Err(error),
            Some(error) if !are_the_same => Err(error),
            // A ledger with a source for its password can be connected to.
            _ => Ok(ledgers.into_iter().flatten().max_by_key(|ledger| ledger.password.is_some())),
        }
    }

    /// What a layer says of it.
    fn of(layer: &Layer) -> Result<Option<Self>, ConfigError> {
        let Some(Sourced { value: raw, origin }) = layer.get::<String>("ledger")? else { return Ok(None) };
        Ok(Some(Self { url: LedgerUrl::parse_from(origin, &raw)?, password: layer.secret("ledger_password") }))
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
fn load_file(flags: &Flags, environment: &Environment) -> Result<Option<ConfigFile>, ConfigError> {
    let Some(path) = flags.config_file(environment) else { return ConfigFile::load_default() };
    let missing = || FileError::of("read", &path)(io::Error::new(io::ErrorKind::NotFound, "there is no such file"));
    Ok(Some(ConfigFile::load(&path)?.ok_or_else(missing)?))
}

fn names(file: Option<&ConfigFile>) -> Vec<String> {
    file.map(|file| file.profiles.keys().cloned().collect()).unwrap_or_default()
}

fn sandboxed(flags: &Flags, environment: &Environment) -> Result<Sandboxed, ConfigError> {
    let Some(raw) = &environment.sandbox else {
        return Ok(if flags.sandbox { Sandboxed::Nearest } else { Sandboxed::No });
    };
    ApiUrl::of_sandbox(raw).map(Sandboxed::At).map_err(|problem| {
        let problem =
            format!("{problem}: give the address of a sandbox that runs, http://HOST:PORT, or pass --sandbox");
        ConfigError::Variable { name: "JELOUCTL_SANDBOX", problem }
    })
}

/// The secret outside the profiles.
fn typed_secret(flags: &Flags, outside: &Layer) -> Result<Option<Sourced<SecretSource>>, ConfigError> {
    if let Some(source) = &flags.client_secret {
        return Ok(Some(Origin::Flag("--client-secret-file").of(source.clone())));
    }
    if outside.has("client_secret") && outside.has("client_secret_file") {
        let problem = "JELOU_CLIENT_SECRET is set too; keep one of them".to_owned();
        return Err(ConfigError::Variable { name: "JELOU_CLIENT_SECRET_FILE", problem });
    }
    Ok(outside.secret("client_secret"))
}

fn choose_profile(
    flags: &Flags,
    environment: &Environment,
    file: Option<&ConfigFile>,
) -> Result<Option<Sourced<String>>, ConfigError> {
    let asked = match (&flags.profile, &environment.profile) {
        (Some(name), _) => Some(Origin::Flag("--profile").of(name.clone())),
        (None, Some(name)) => Some(Origin::Variable("JELOU_PROFILE").of(name.clone())),
        (None, None) => flags.default_profile.clone().map(|name| Origin::Default.of(name)),
    };
    if let Some(asked) = asked {
        let known = names(file);
        if known.contains(&asked.value) {
            return Ok(Some(asked));
        }
        let nearest = nearest(&asked.value, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(ConfigError::UnknownProfile {
            name: asked.value,
            origin: asked.origin.to_string(),
            known,
            nearest,
        });
    }
    let default = file.map(ConfigFile::default_profile).transpose()?.flatten().cloned();
    let mut known = names(file);
    match (default, known.len()) {
        (Some(name), _) => Ok(Some(Origin::Default.of(name))),
        (None, 1) => Ok(known.pop().map(|name| Origin::Default.of(name))),
        (None, 0) => Ok(None),
        (None, _) => Err(ConfigError::NoDefaultProfile { known }),
    }
}
