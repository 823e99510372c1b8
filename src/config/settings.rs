//! The one place that decides precedence: flag, then environment, then profile, then default.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::api_url::ApiUrl;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::{ConfigFile, Profile, resolve};
use super::flags::Flags;
use super::ledger_url::LedgerUrl;
use super::login::Login;
use super::secret_source::SecretSource;
use super::sourced::{Origin, Sourced};
use super::trust::read_to_limit;
use super::values::{AllowTo, BotId, ClientId, Rate, Remember, RetryFor, Timeout};
use crate::hours::{DayOff, Openings, ZoneName};
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
    pub(crate) between: Option<Sourced<Openings>>,
    pub(crate) not_on: Option<Sourced<Vec<DayOff>>>,
    pub(crate) time_zone: Option<Sourced<ZoneName>>,
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
        let environment = &environment_beside(flags, environment, &mut warnings);
        let name = chosen.as_ref().map(|chosen| chosen.value.clone());
        let profile = name.as_ref().and_then(|name| file?.profiles.get(name)).cloned().unwrap_or_default();
        let of_profile = Origin::Profile(name.clone().unwrap_or_default());

        let kept = profile.bot_id.clone().map(|value| of_profile.of(value));
        let bot = pick(("--bot", flags.bot.clone()), ("JELOU_BOT_ID", &environment.bot_id), kept)?;
        let kept = profile.api_url.clone().map(|value| of_profile.of(value));
        let api_url = pick(("--api-url", flags.api_url.clone()), ("JELOU_API_URL", &environment.api_url), kept)?;
        let kept = profile.timeout.map(|value| of_profile.of(value));
        let timeout = pick(("--timeout", flags.timeout), ("JELOU_TIMEOUT", &environment.timeout), kept)?;
        let kept = profile.retry_for.map(|value| of_profile.of(value));
        let retry_for = pick(("--retry-for", flags.retry_for), ("JELOU_RETRY_FOR", &environment.retry_for), kept)?;
        let ca_cert = flags.ca_cert.clone().map(|path| Origin::Flag("--ca-cert").of(path));
        // A relative path in the variable is relative to the working directory; `~/` may come from an env file.
        let log = environment.log.as_ref().map(|path| resolve(Path::new(""), Path::new(path)));
        let log = log.map(|path| Origin::Variable("JELOUCTL_LOG").of(path));
        let client_id = ("--client-id", flags.client_id.clone());
        let client_id = pick(client_id, ("JELOU_CLIENT_ID", &environment.client_id), None)?;
        let secret = if sandbox == Sandboxed::No { typed_secret(flags, environment)? } else { None };
        let mut settings = Self {
            profile: chosen,
            bot,
            login: Login::new(client_id, secret, &profile, &name.unwrap_or_default()),
            api_url: api_url.unwrap_or_else(|| Origin::Default.of(ApiUrl::jelou())),
            sandbox,
            timeout: timeout.unwrap_or(Origin::Default.of(Timeout::DEFAULT)),
            retry_for: retry_for.unwrap_or(Origin::Default.of(RetryFor::DEFAULT)),
            ca_cert: ca_cert.or_else(|| profile.ca_cert.clone().map(|path| of_profile.of(path))),
            allow_to: profile.allow_to.clone().map(|value| of_profile.of(value)),
            do_not_contact: profile.do_not_contact.clone().map(|value| of_profile.of(value)),
            log: log.or_else(|| profile.log.clone().map(|path| of_profile.of(path))),
            rate: profile.rate.map_or(Origin::Default.of(Rate::DEFAULT), |value| of_profile.of(value)),
            between: profile.between.clone().map(|value| of_profile.of(value)),
            not_on: profile.not_on.clone().map(|value| of_profile.of(value)),
            time_zone: profile.time_zone.clone().map(|value| of_profile.of(value)),
            country: profile.country.map(|value| of_profile.of(value)),
            remember: profile.remember.map_or(Origin::Default.of(Remember::DEFAULT), |value| of_profile.of(value)),
            confirm_bulk: profile.confirm_bulk.map_or(Origin::Default.of(true), |value| of_profile.of(value)),
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
        match (self.bot(), self.credentials(can_ask)) {
            (Ok(bot), Ok((client_id, secret))) => Ok((bot, client_id, secret)),
            (Err(_), Err(ConfigError::NoCredentials)) => {
                Err(ConfigError::NotSetUp { missing: "no client id and no client secret" })
            }
            (Err(_), Err(ConfigError::NoSecret { .. })) => Err(ConfigError::NotSetUp { missing: "no client secret" }),
            (Err(error), _) | (_, Err(error)) => Err(error),
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
        if let Some(raw) = &flags.ledger {
            return Self::named(Origin::Flag("--ledger"), raw).map(Some);
        }
        if let Some(raw) = &environment.ledger {
            return Self::named(Origin::Variable("JELOUCTL_LEDGER"), raw.reveal()).map(Some);
        }
        // Without a chosen profile, any of them may be meant.
        let profiles = file.iter().flat_map(|file| &file.profiles);
        let meant = profiles.filter(|(name, _)| chosen.as_ref().is_none_or(|chosen| chosen.value == **name));
        let ledgers = meant.map(|(name, profile)| Self::of_profile(name, profile)).collect::<Result<Vec<_>, _>>()?;
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

    fn named(origin: Origin, raw: &str) -> Result<Self, ConfigError> {
        Ok(Self { url: LedgerUrl::parse_from(origin, raw)?, password: None })
    }

    fn of_profile(name: &str, profile: &Profile) -> Result<Option<Self>, ConfigError> {
        let Some(raw) = &profile.ledger else { return Ok(None) };
        let origin = Origin::Profile(name.to_owned());
        let password = match (&profile.ledger_password_command, &profile.ledger_password_file) {
            (Some(words), _) => Some(SecretSource::Command(words.clone())),
            (None, Some(path)) => Some(SecretSource::File(path.clone())),
            (None, None) => None,
        };
        let password = password.map(|source| origin.of(source));
        Ok(Some(Self { url: LedgerUrl::parse_from(origin, raw)?, password }))
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

fn typed_secret(flags: &Flags, environment: &Environment) -> Result<Option<Sourced<SecretSource>>, ConfigError> {
    const FILE: &str = "JELOU_CLIENT_SECRET_FILE";
    if let Some(source) = &flags.client_secret {
        return Ok(Some(Origin::Flag("--client-secret-file").of(source.clone())));
    }
    match (&environment.client_secret, &environment.client_secret_file) {
        (Some(_), Some(_)) => Err(ConfigError::Variable {
            name: FILE,
            problem: "JELOU_CLIENT_SECRET is set too; keep one of them".to_owned(),
        }),
        (Some(secret), None) => {
            Ok(Some(Origin::Variable("JELOU_CLIENT_SECRET").of(SecretSource::Value(secret.clone()))))
        }
        (None, Some(path)) => Ok(Some(Origin::Variable(FILE).of(SecretSource::File(path.into())))),
        (None, None) => Ok(None),
    }
}

/// Flag, then environment, then profile.
fn pick<T: FromStr<Err = String>>(
    (flag, typed): (&'static str, Option<T>),
    (name, variable): (&'static str, &Option<String>),
    kept: Option<Sourced<T>>,
) -> Result<Option<Sourced<T>>, ConfigError> {
    match (typed, variable) {
        (Some(value), _) => Ok(Some(Origin::Flag(flag).of(value))),
        (None, Some(raw)) => match raw.parse() {
            Ok(value) => Ok(Some(Origin::Variable(name).of(value))),
            Err(problem) => Err(ConfigError::Variable { name, problem }),
        },
        (None, None) => Ok(kept),
    }
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

/// With `--profile` on the command line, the sender does not come from the environment.
fn environment_beside(flags: &Flags, environment: &Environment, warnings: &mut Vec<String>) -> Environment {
    let mut beside = environment.clone();
    if flags.profile.is_none() {
        return beside;
    }
    let set = [
        ("JELOU_BOT_ID", beside.bot_id.take().is_some()),
        ("JELOU_CLIENT_ID", beside.client_id.take().is_some()),
        ("JELOU_CLIENT_SECRET", beside.client_secret.take().is_some()),
        ("JELOU_CLIENT_SECRET_FILE", beside.client_secret_file.take().is_some()),
    ];
    let ignored: Vec<_> = set.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
    if !ignored.is_empty() {
        warnings.push(format!("--profile sets bot and credentials: {} ignored", ignored.join(", ")));
    }
    beside
}
