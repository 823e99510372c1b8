//! The one place that decides precedence: flag, then environment, then profile, then default.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::environment::Environment;
use super::error::{ConfigError, nearest};
use super::file::{ConfigFile, Profile};
use super::secret_source::SecretSource;
use super::values::{AllowTo, ApiUrl, BotId, ClientId, RetryFor, Timeout};
use crate::secret::Secret;

/// What was typed on the command line.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub profile: Option<String>,
    pub config: Option<PathBuf>,
    pub bot: Option<BotId>,
    pub client_id: Option<ClientId>,
    /// `--client-secret-file`
    pub client_secret: Option<SecretSource>,
    pub api_url: Option<ApiUrl>,
    pub sandbox: bool,
    pub timeout: Option<Timeout>,
    pub retry_for: Option<RetryFor>,
    pub ca_cert: Option<PathBuf>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    Profile(String),
    Sandbox,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => formatter.write_str(name),
            Self::Profile(name) => write!(formatter, "profile {name}"),
            Self::Sandbox => formatter.write_str("sandbox"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub origin: Origin,
}

/// What is meant, once all is considered.
#[derive(Clone, Debug)]
pub struct Settings {
    pub profile: Option<Sourced<String>>,
    pub bot: Option<Sourced<BotId>>,
    pub client_id: Option<Sourced<ClientId>>,
    pub client_secret: Option<Sourced<SecretSource>>,
    pub api_url: Sourced<ApiUrl>,
    pub sandbox: bool,
    pub timeout: Sourced<Timeout>,
    pub retry_for: Sourced<RetryFor>,
    pub ca_cert: Option<Sourced<PathBuf>>,
    pub allow_to: Option<Sourced<AllowTo>>,
    /// What a person should know of how it was resolved.
    pub warnings: Vec<String>,
}

/// The bot and the credentials of the sandbox, where none is given.
const SANDBOX: &str = "sandbox";

impl Settings {
    /// Reads the configuration that `flags` and `environment` name, and resolves everything.
    ///
    /// # Errors
    /// When something is missing, broken or mixed in a way that could send a secret to the wrong place.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let named = flags.config.clone().or_else(|| environment.config.as_ref().map(PathBuf::from));
        let file = match &named {
            Some(path) => Some(ConfigFile::load(path)?.ok_or_else(|| ConfigError::File {
                action: "read",
                path: path.clone(),
                cause: std::io::ErrorKind::NotFound.into(),
            })?),
            // Without a home there is no file, which is no error: flags and environment may say everything.
            None => match ConfigFile::default_path() {
                Ok(path) => ConfigFile::load(&path)?,
                Err(_) => None,
            },
        };
        Self::resolve(flags, environment, file.as_ref())
    }

    fn resolve(flags: &Flags, environment: &Environment, file: Option<&ConfigFile>) -> Result<Self, ConfigError> {
        let chosen = choose_profile(flags, environment, file)?;
        let mut warnings = file.map(|file| file.warnings.clone()).unwrap_or_default();
        let environment = &environment_beside(flags, environment, &mut warnings);
        let name = chosen.as_ref().map(|chosen| chosen.value.clone());
        let profile = name.as_ref().and_then(|name| file?.profiles.get(name)).cloned().unwrap_or_default();
        let of_profile = Origin::Profile(name.clone().unwrap_or_default());

        let bot = pick(
            ("--bot", flags.bot.clone()),
            ("JELOU_BOT_ID", environment.bot_id.as_ref()),
            (&of_profile, profile.bot_id.clone()),
        )?;
        let api_url = pick(
            ("--api-url", flags.api_url.clone()),
            ("JELOU_API_URL", environment.api_url.as_ref()),
            (&of_profile, profile.api_url.clone()),
        )?;
        let timeout = pick(
            ("--timeout", flags.timeout),
            ("JELOU_TIMEOUT", environment.timeout.as_ref()),
            (&of_profile, profile.timeout),
        )?;
        let retry_for = pick(
            ("--retry-for", flags.retry_for),
            ("JELOU_RETRY_FOR", environment.retry_for.as_ref()),
            (&of_profile, profile.retry_for),
        )?;
        let ca_cert = match &flags.ca_cert {
            Some(path) => Some(Sourced { value: path.clone(), origin: Origin::Flag("--ca-cert") }),
            None => profile.ca_cert.clone().map(|value| Sourced { value, origin: of_profile.clone() }),
        };
        let mut settings = Self {
            profile: chosen,
            bot,
            client_id: None,
            client_secret: None,
            api_url: match api_url {
                Some(url) => url,
                None => jelou()?,
            },
            sandbox: flags.sandbox,
            timeout: timeout.unwrap_or(Sourced { value: Timeout::DEFAULT, origin: Origin::Default }),
            retry_for: retry_for.unwrap_or(Sourced { value: RetryFor::DEFAULT, origin: Origin::Default }),
            ca_cert,
            allow_to: profile.allow_to.clone().map(|value| Sourced { value, origin: of_profile.clone() }),
            warnings,
        };
        if flags.sandbox {
            settings.enter_sandbox();
        } else {
            settings.choose_credentials(flags, environment, &profile, &of_profile)?;
        }
        Ok(settings)
    }

    /// The sandbox reads no secret and needs no bot.
    fn enter_sandbox(&mut self) {
        let sandboxed = |value| Sourced { value, origin: Origin::Sandbox };
        if self.bot.is_none() {
            self.bot = SANDBOX.parse().ok().map(|value| Sourced { value, origin: Origin::Sandbox });
        }
        self.client_id = SANDBOX.parse().ok().map(|value| Sourced { value, origin: Origin::Sandbox });
        self.client_secret = Some(sandboxed(SecretSource::Value(Secret::new(SANDBOX.to_owned()))));
        self.ca_cert = None;
    }

    /// Id and secret come both from flags and environment, or both from the profile, whose secret stays home.
    fn choose_credentials(
        &mut self,
        flags: &Flags,
        environment: &Environment,
        profile: &Profile,
        of_profile: &Origin,
    ) -> Result<(), ConfigError> {
        let id = pick(
            ("--client-id", flags.client_id.clone()),
            ("JELOU_CLIENT_ID", environment.client_id.as_ref()),
            (of_profile, None),
        )?;
        let secret = match (&flags.client_secret, &environment.client_secret) {
            (Some(source), _) => Some(Sourced { value: source.clone(), origin: Origin::Flag("--client-secret-file") }),
            (None, Some(secret)) => Some(Sourced {
                value: SecretSource::Value(secret.clone()),
                origin: Origin::Variable("JELOU_CLIENT_SECRET"),
            }),
            (None, None) => None,
        };
        match (&id, &secret) {
            (Some(_), Some(_)) => {
                (self.client_id, self.client_secret) = (id, secret);
                return Ok(());
            }
            (None, Some(secret)) => return Err(ConfigError::SecretWithoutId { secret: secret.origin.to_string() }),
            (Some(id), None) if profile.secret().is_some() => {
                return Err(ConfigError::IdWithoutSecret { id: id.origin.to_string() });
            }
            (Some(_), None) => {
                self.client_id = id;
                return Ok(());
            }
            (None, None) => {}
        }
        let of_profile = || of_profile.clone();
        self.client_id = profile.client_id.clone().map(|value| Sourced { value, origin: of_profile() });
        self.client_secret = profile.secret().map(|value| Sourced { value, origin: of_profile() });
        if self.client_id.is_some() { self.keep_secret_home(profile) } else { Ok(()) }
    }

    fn keep_secret_home(&self, profile: &Profile) -> Result<(), ConfigError> {
        let home = match &profile.api_url {
            Some(url) => url.clone(),
            None => jelou()?.value,
        };
        let asked = &self.api_url;
        if asked.value == home || asked.value.is_loopback() {
            return Ok(());
        }
        Err(ConfigError::SecretForAnotherHost {
            profile: self.profile.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            home: home.to_string(),
            asked: asked.value.to_string(),
            origin: asked.origin.to_string(),
        })
    }

    /// The bot to send from.
    ///
    /// # Errors
    /// When none is given.
    pub fn bot(&self) -> Result<&BotId, ConfigError> {
        self.bot.as_ref().map(|bot| &bot.value).ok_or(ConfigError::NoBot)
    }

    /// Client id and where its secret comes from; `can_ask` says whether a person could type it.
    ///
    /// # Errors
    /// When one of them is given nowhere.
    pub fn credentials(&self, can_ask: bool) -> Result<(&ClientId, SecretSource), ConfigError> {
        let client_id = &self.client_id.as_ref().ok_or(ConfigError::NoCredentials)?.value;
        match &self.client_secret {
            Some(secret) => Ok((client_id, secret.value.clone())),
            None if can_ask => Ok((client_id, SecretSource::Prompt)),
            None => Err(ConfigError::NoSecret { client_id: client_id.as_str().to_owned() }),
        }
    }
}

impl Profile {
    fn secret(&self) -> Option<SecretSource> {
        let value = self.client_secret.clone().map(SecretSource::Value);
        let file = self.client_secret_file.clone().map(SecretSource::File);
        value.or(file).or_else(|| self.client_secret_command.clone().map(SecretSource::Command))
    }
}

fn jelou() -> Result<Sourced<ApiUrl>, ConfigError> {
    let value = ApiUrl::JELOU.parse().map_err(|problem| ConfigError::Variable { name: "api_url", problem })?;
    Ok(Sourced { value, origin: Origin::Default })
}

/// Flag, then environment, then profile.
fn pick<T: FromStr<Err = String>>(
    flag: (&'static str, Option<T>),
    variable: (&'static str, Option<&String>),
    profile: (&Origin, Option<T>),
) -> Result<Option<Sourced<T>>, ConfigError> {
    if let Some(value) = flag.1 {
        return Ok(Some(Sourced { value, origin: Origin::Flag(flag.0) }));
    }
    if let Some(raw) = variable.1 {
        let value = raw.parse().map_err(|problem| ConfigError::Variable { name: variable.0, problem })?;
        return Ok(Some(Sourced { value, origin: Origin::Variable(variable.0) }));
    }
    Ok(profile.1.map(|value| Sourced { value, origin: profile.0.clone() }))
}

fn choose_profile(
    flags: &Flags,
    environment: &Environment,
    file: Option<&ConfigFile>,
) -> Result<Option<Sourced<String>>, ConfigError> {
    let known = || file.map(|file| file.profiles.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let asked = match (&flags.profile, &environment.profile) {
        (Some(name), _) => Some(Sourced { value: name.clone(), origin: Origin::Flag("--profile") }),
        (None, Some(name)) => Some(Sourced { value: name.clone(), origin: Origin::Variable("JELOU_PROFILE") }),
        (None, None) => None,
    };
    if let Some(asked) = asked {
        let known = known();
        if known.contains(&asked.value) {
            return Ok(Some(asked));
        }
        let nearest = nearest(&asked.value, known.iter().map(String::as_str));
        return Err(ConfigError::UnknownProfile {
            name: asked.value,
            origin: asked.origin.to_string(),
            known,
            nearest,
        });
    }
    let default = file.and_then(|file| file.default_profile.clone());
    let mut known = known();
    match (default, known.len()) {
        (Some(name), _) => Ok(Some(Sourced { value: name, origin: Origin::Default })),
        (None, 1) => Ok(known.pop().map(|value| Sourced { value, origin: Origin::Default })),
        // The sandbox takes nothing from a profile that it could not do without.
        (None, 0) => Ok(None),
        (None, _) if flags.sandbox => Ok(None),
        (None, _) => Err(ConfigError::NoDefaultProfile { known }),
    }
}

/// `--profile` on the command line is taken whole: who sends does not come from the environment then.
fn environment_beside(flags: &Flags, environment: &Environment, warnings: &mut Vec<String>) -> Environment {
    let mut beside = environment.clone();
    if flags.profile.is_none() {
        return beside;
    }
    let set = [
        ("JELOU_BOT_ID", beside.bot_id.take().is_some()),
        ("JELOU_CLIENT_ID", beside.client_id.take().is_some()),
        ("JELOU_CLIENT_SECRET", beside.client_secret.take().is_some()),
    ];
    let ignored: Vec<_> = set.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
    if !ignored.is_empty() {
        warnings.push(format!("--profile is taken whole: {} ignored", ignored.join(", ")));
    }
    beside
}
