//! The configuration file: its location, its content, and whether jelouctl can trust its owner and permissions.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, Metadata};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use toml::Spanned;

use super::error::{bad_file, unknown_key, use_profile, wrong_syntax, wrong_toml};
use super::keys::{KEYS, Key};
use super::layer::{Layer, Origin};
use super::secret_source::open_to_others;
use crate::base::message::{Message, msg};
#[cfg(unix)]
use crate::base::owner::is_trusted;
use crate::base::paths::{CONFIGURATION, HOME, home, service_secrets};
use crate::base::private_file::{FileAction, FileError, PipeBound, open_to_read, read_to_limit};
use crate::base::suggest::nearest;
use crate::base::text_encoding::{NotText, decode_text};
use crate::command_error::CommandError;

/// The configuration for services. Their system users do not have a file.
const MACHINE_FILE: Option<&str> = if cfg!(unix) {
    Some("/etc/jelouctl/config.toml")
} else {
    None
};

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    default_profile: Option<String>,
    pub(crate) profiles: BTreeMap<String, Layer>,
    pub(crate) warnings: Vec<Message>,
}

/// The content of a configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, BTreeMap<Spanned<String>, Spanned<toml::Value>>>,
}

impl ConfigFile {
    /// Returns `config.toml` in the user's configuration directory.
    pub(crate) fn default_path() -> Result<PathBuf, CommandError> {
        let directory = CONFIGURATION.directory().ok_or_else(|| {
            let message = msg!(
                "cannot find the configuration: {problem}",
                problem = CONFIGURATION.problem()
            );
            CommandError::configuration(message, msg!("to use another file: --config FILE"))
        })?;
        Ok(directory.join("config.toml"))
    }

    /// Loads the file at `named`, which must exist, or else [`Self::load_default`].
    pub(crate) fn find(named: Option<&Path>) -> Result<Option<Self>, CommandError> {
        let Some(path) = named else {
            return Self::load_default();
        };
        Self::load(path)?
            .ok_or_else(|| {
                let missing = io::ErrorKind::NotFound.into();
                let error = FileError::while_doing(FileAction::Read, path)(missing);
                CommandError::bare_configuration(msg!(
                    "{source}: {problem}",
                    source = source_of(path),
                    problem = error.message()
                ))
            })
            .map(Some)
    }

    /// Loads the user's file, else the machine's. None if neither exists or can be searched: flags
    /// and environment may be enough.
    fn load_default() -> Result<Option<Self>, CommandError> {
        let user_file = match Self::default_path() {
            // Without it, its safety checks would be missing.
            Err(error) if CONFIGURATION.is_named() => return Err(error),
            path => path.ok(),
        };
        for path in user_file
            .iter()
            .map(PathBuf::as_path)
            .chain(MACHINE_FILE.map(Path::new))
        {
            // A link counts as a file, even if its target cannot be read.
            let is_missing = path.symlink_metadata().is_err_and(|error| {
                use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
                [NotFound, NotADirectory, PermissionDenied].contains(&error.kind())
            });
            if is_missing {
                continue;
            }
            if let Some(file) = Self::load(path)? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// Returns why no configuration was found, with the files that were looked for. Empty if the
    /// reason is only that the user has not created one.
    pub(super) fn why_missing() -> Vec<Message> {
        let user_file = Self::default_path().ok();
        let mut why = Vec::new();
        if env::var_os(HOME).is_none() && !CONFIGURATION.is_named() {
            why.push(msg!("{variable} is not set", variable = HOME));
        }
        let machine_file = MACHINE_FILE.map(PathBuf::from);
        let files: Vec<_> = user_file.into_iter().chain(machine_file).collect();
        for file in &files {
            if let Err(error) = file.symlink_metadata()
                && error.kind() == io::ErrorKind::PermissionDenied
            {
                why.push(msg!(
                    "cannot look for {file}: {problem}",
                    file,
                    problem = error
                ));
            }
        }
        if !why.is_empty() {
            let files: Vec<_> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            let files = files.join(", ");
            why.push(msg!("no configuration file at {files}", files));
        }
        why
    }

    /// Loads the file at `path`, or None if it does not exist. A file that others can write is an
    /// error.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, CommandError> {
        let Some((text, metadata)) = read_trusted(path)? else {
            // The target may be on a volume that is not mounted, and may exclude recipients.
            return if path.is_symlink() {
                Err(CommandError::bare_configuration(msg!(
                    "failed to read {path}: it is a link to a file that does not exist",
                    path
                )))
            } else {
                Ok(None)
            };
        };
        let mut config = Self::parse(path, &text)?;
        if config
            .profiles
            .values()
            .any(|profile| profile.has("client_secret"))
        {
            config.warnings.extend(open_to_others(path, &metadata));
        }
        Ok(Some(config))
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, CommandError> {
        let wrong =
            |at: Range<usize>, problem: Message| wrong_syntax(path, text, at.start, problem);
        let document: Document =
            toml::from_str(text).map_err(|error| wrong_toml(path, text, &error))?;
        let directory = parent_directory(path);
        let mut profiles = BTreeMap::new();
        for (name, settings) in document.profiles {
            let mut profile = Layer::default();
            for (written, value) in settings {
                let key = Key::find(written.get_ref()).ok_or_else(|| {
                    // Files of earlier versions may still use the old name.
                    let near = match written.get_ref().as_str() {
                        "rates" => Some("prices"),
                        name => nearest(name, KEYS.iter().map(|key| key.name)),
                    };
                    wrong(written.span(), unknown_key(written.get_ref(), near))
                })?;
                let at = value.span();
                let value = key
                    .read(value.into_inner())
                    .map_err(|problem| wrong(at, problem))?;
                profile.put(key.name, value, &Origin::Profile(name.clone()));
            }
            profile
                .paths()
                .for_each(|(_, path)| *path = resolve(directory, path));
            profiles.insert(name, profile);
        }
        let default_profile = document.default_profile;
        Ok(Self {
            path: path.to_owned(),
            default_profile,
            profiles,
            warnings: Vec::new(),
        })
    }

    /// Returns the directory where the relative paths of its profiles start.
    pub(super) fn directory(&self) -> &Path {
        parent_directory(&self.path)
    }

    /// Returns the profile that `default_profile` names. Only this function reports a missing
    /// profile, so that `profile use` can still read and fix the file.
    pub(crate) fn default_profile(&self) -> Result<Option<&String>, CommandError> {
        match &self.default_profile {
            Some(name) if !self.profiles.contains_key(name) => {
                let message = msg!(
                    "{path}: default_profile is `{name}`, but [profiles.{name}] does not exist",
                    path = self.path,
                    name
                );
                let other = self.profiles.keys().next();
                let hint = other.map(|other| use_profile(other));
                Err(CommandError {
                    hint,
                    ..CommandError::bare_configuration(message)
                })
            }
            default => Ok(default.as_ref()),
        }
    }
}

fn parent_directory(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// Resolves a path of the configuration. Relative paths start at the file's directory. `~/` is the
/// home directory, and `${CREDENTIALS_DIRECTORY}/` contains the secrets of a systemd service. No
/// other variable is replaced.
pub(super) fn resolve(directory: &Path, path: &str) -> String {
    let of_service = path
        .strip_prefix("${CREDENTIALS_DIRECTORY}/")
        .and_then(|name| Some(service_secrets()?.join(name)));
    let whole = of_service.unwrap_or_else(|| match (Path::new(path).strip_prefix("~"), home()) {
        _ if path.starts_with("${") => PathBuf::from(path),
        (Ok(rest), Some(home)) => home.join(rest),
        _ => directory.join(path),
    });
    whole.to_string_lossy().into_owned()
}

/// The maximum size of a configuration file, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

type ReadText = Result<Option<(String, Metadata)>, CommandError>;

/// Reads the text of a configuration that only its owner can write. None if the file does not
/// exist.
pub(super) fn read_trusted(path: &Path) -> ReadText {
    // A command reads its configuration for its language, its ledger and its settings, but a pipe can be read only once.
    static PIPES: Mutex<BTreeMap<PathBuf, ReadText>> = Mutex::new(BTreeMap::new());
    let metadata = fs::metadata(path);
    if metadata.map_or(true, |metadata| metadata.is_file() || metadata.is_dir()) {
        return read_text(path);
    }
    let mut pipes = PIPES.lock().unwrap_or_else(PoisonError::into_inner);
    let pipe = pipes.entry(path.to_owned());
    pipe.or_insert_with(|| read_text(path)).clone()
}

fn read_text(path: &Path) -> ReadText {
    let unread = |cause: io::Error| bad_file(FileError::while_doing(FileAction::Read, path)(cause));
    let file = match open_to_read(path, PipeBound::FirstByte) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    let metadata = file.metadata().map_err(unread)?;
    if metadata.is_dir() {
        return Err(unread(io::ErrorKind::IsADirectory.into()));
    }
    // The owner and permissions of a pipe or /dev/null do not show who wrote the data.
    #[cfg(unix)]
    if metadata.is_file() {
        refuse_unsafe(path, &metadata)?;
    }
    let text = decode_text(read_to_limit(file, MAX_BYTES).map_err(unread)?);
    let text = text.map_err(|NotText { encoding, line }| {
        CommandError::bare_configuration(msg!(
            "failed to read {path}: it is not {encoding} at line {line}",
            path,
            encoding,
            line
        ))
    })?;
    Ok(Some((text, metadata)))
}

/// Refuses an unsafe file: a user who can write the configuration can redirect messages and
/// secrets.
#[cfg(unix)]
fn refuse_unsafe(path: &Path, metadata: &Metadata) -> Result<(), CommandError> {
    use std::os::unix::fs::MetadataExt;

    let (message, remedy) = if !is_trusted(metadata) {
        let message = msg!(
            "{path}: it belongs to another user, who could send your secret elsewhere",
            path
        );
        (message, "chown \"$(id -u)\"")
    } else if metadata.mode() & 0o022 != 0 {
        let message = msg!(
            "{path}: others can change it and could send your secret elsewhere",
            path
        );
        (message, "chmod 600")
    } else {
        return Ok(());
    };
    let hint = msg!("to make it private: {remedy} {path}", remedy, path);
    Err(CommandError::configuration(message, hint))
}

/// Returns the variable with this path of a configuration file, else the flag.
fn source_of(path: &Path) -> &'static str {
    let variable = env::var_os("JELOUCTL_CONFIG");
    if variable.is_some_and(|set| Path::new(&set) == path) {
        "JELOUCTL_CONFIG"
    } else {
        "--config"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        let file = ConfigFile::parse(Path::new("/etc/c.toml"), text);
        file.and_then(|file| file.default_profile().map(|_| ()).map(|()| file.clone()))
            .map_err(|error| match &error.hint {
                Some(hint) => format!("{} | {hint}", error.message),
                None => error.message.to_string(),
            })
    }

    #[test]
    fn errors_name_file_line_and_the_nearest_name() {
        for (text, expected) in [
            (
                "\n[profiles.a]\nbotid = \"7\"",
                "/etc/c.toml: line 3: unknown key `botid`; did you mean `bot_id`?",
            ),
            (
                "[profiles.a]\nrates = \"x.csv\"",
                "/etc/c.toml: line 2: unknown key `rates`; did you mean `prices`?",
            ),
            (
                "default_profil = \"a\"",
                "/etc/c.toml: line 1: unknown key `default_profil`; did you mean `default_profile`?",
            ),
            (
                "\ndefault_profile = \"prd\"\n[profiles.prod]",
                "/etc/c.toml: default_profile is `prd`, but [profiles.prd] does not exist | to set the default",
            ),
            (
                "[profiles.a]\nbot_id = 7",
                "line 2: bot_id: expected a text in double quotes; this is a number",
            ),
            (
                "[profiles.a]\ntimeout = true",
                "line 2: timeout: expected a number",
            ),
            (
                "[profiles.a]\nbot_id = [\"7\"]",
                "line 2: bot_id: expected a text in double quotes; this is a list",
            ),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn secret_of_wrong_type_is_not_printed() {
        for text in [
            "[profiles.a]\nclient_secret = 987654",
            "[profiles.a]\nclient_secret = \"987654",
            "client_secret = \"987654\"",
            "[profiles]\nclient_secret = \"987654\"",
            "profiles = \"987654, expected x\"",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!error.contains("987654"), "{error}");
        }
    }

    #[test]
    fn paths_start_at_the_file() {
        let config = parse("[profiles.a]\nclient_secret_file = \"s\"\nca_cert = \"/ca\"\n[profiles.b]\nclient_secret_command = [\"./get\", \"./x\"]").unwrap();
        let text = |key| config.profiles["a"].text(key).map(Path::new);
        assert_eq!(text("client_secret_file"), Some(Path::new("/etc/s")));
        assert_eq!(text("ca_cert"), Some(Path::new("/ca")));
        let command = config.profiles["b"].list("client_secret_command").unwrap();
        assert_eq!(
            (Path::new(&command[0]), command[1].as_str()),
            (Path::new("/etc/get"), "./x")
        );
    }
}
