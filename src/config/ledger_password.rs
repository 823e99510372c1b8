//! Finds the password of a ledger in a database: in the profile, the address, `PGPASSWORD` or `~/.pgpass`.

use std::io;
use std::path::{Path, PathBuf};

use tokio_postgres::config::Host;

use super::error::ConfigError;
use super::ledger_url::LedgerUrl;
use super::secret_source::SecretSource;
use super::settings::LedgerDatabase;
use super::sourced::{Origin, Sourced};
use super::trust::open_to_others;
use crate::private_file::{FileError, PipeBound, open_to_read};
use crate::secret::Secret;

const PASSWORD_VARIABLE: &str = "PGPASSWORD";
const PASSWORD_FILE_VARIABLE: &str = "PGPASSFILE";

impl LedgerDatabase {
    /// The source of the password, for display: the first one that has it, as in [`Self::password`].
    pub(crate) fn password_source(&self) -> Option<Sourced<SecretSource>> {
        let of_address = || {
            let password = self.url.value.password.as_ref()?;
            Some(self.url.origin.of(SecretSource::Value(password.clone())))
        };
        let of_variable = || {
            let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty())?;
            Some(Origin::Variable(PASSWORD_VARIABLE).of(SecretSource::Value(Secret::new(password))))
        };
        let of_file = || {
            let file = password_file()?;
            // An unusable password is reported when it is used.
            let has_one = !matches!(of_password_file(&file.value, &self.url.value), Ok(None));
            has_one.then(|| file.origin.of(SecretSource::File(file.value)))
        };
        self.password.clone().or_else(of_address).or_else(of_variable).or_else(of_file)
    }

    /// The password for a new connection, by the first of these that has one: the profile, the address, `PGPASSWORD`,
    /// `~/.pgpass`.
    ///
    /// # Errors
    /// When a source is named and gives none.
    pub(crate) async fn password(&self) -> Result<Option<Secret>, ConfigError> {
        if let Some(source) = &self.password {
            let nobody = || Err(io::Error::other("there is no terminal to ask on"));
            return Ok(Some(source.fetch(nobody).await.map_err(|error| of_password(&source.origin, error))?.0));
        }
        if let Some(password) = &self.url.value.password {
            return Ok(Some(password.clone()));
        }
        if let Some(password) = std::env::var_os(PASSWORD_VARIABLE).filter(|password| !password.is_empty()) {
            let password =
                password.into_string().map_err(|_| ConfigError::VariableNotUtf8 { name: PASSWORD_VARIABLE })?;
            return Ok(Some(Secret::new(password)));
        }
        match password_file() {
            Some(file) => of_password_file(&file.value, &self.url.value),
            None => Ok(None),
        }
    }
}

/// An error of the password's source, as an error of a ledger.
fn of_password(origin: &Origin, error: ConfigError) -> ConfigError {
    let problem = match error {
        ConfigError::SecretFile { error, .. } => error.to_string(),
        ConfigError::SecretCommand { program, cause, .. } => format!("failed to run `{program}`: {cause}"),
        ConfigError::SecretCommandFailed { program, status, stderr, .. } => {
            format!("`{program}` failed with {status}: {stderr}")
        }
        ConfigError::SecretCommandHangs { program, seconds, .. } => {
            format!("`{program}` gave no password within {seconds} s")
        }
        ConfigError::BadSecret { problem, .. } => format!("the password {problem}"),
        other => return other,
    };
    ConfigError::Ledger { origin: format!("{origin}, ledger_password"), problem }
}

/// `PGPASSFILE`, else `~/.pgpass`.
fn password_file() -> Option<Sourced<PathBuf>> {
    let named = std::env::var_os(PASSWORD_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let named = named.map(|path| Origin::Variable(PASSWORD_FILE_VARIABLE).of(path));
    named.or_else(|| Some(Origin::Default.of(dirs::home_dir()?.join(".pgpass"))))
}

/// The password of the first line that fits: `host:port:database:user:password`, `*` for any.
fn of_password_file(path: &Path, url: &LedgerUrl) -> Result<Option<Secret>, ConfigError> {
    let file = match open_to_read(path, PipeBound::FirstByte) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(FileError::of("read", path))?,
    };
    let metadata = file.metadata().map_err(FileError::of("read", path))?;
    if open_to_others(path, &metadata).is_some() {
        return Err(ConfigError::Ledger {
            origin: path.display().to_string(),
            problem: "others can read the passwords in it: chmod 600".to_owned(),
        });
    }
    let text = io::read_to_string(file).map_err(FileError::of("read", path))?;
    Ok(password_in(&text, url).map(Secret::new))
}

fn password_in(text: &str, url: &LedgerUrl) -> Option<String> {
    let config = &url.config;
    let host = match config.get_hosts().first()? {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(_) => "localhost".to_owned(),
    };
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let wanted = [host.as_str(), &port, database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [known @ .., password] = fields.as_slice() else { return None };
        let fits = known.len() == 4 && known.iter().zip(wanted).all(|(known, wanted)| known == "*" || known == wanted);
        fits.then(|| password.clone())
    })
}

/// The fields of a line, in which `\:` is a colon and `\\` a backslash; the fifth goes to the end.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let is_end = letter == ':' && fields.len() < 5;
        if is_end {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.push(if letter == '\\' { letters.next().unwrap_or('\\') } else { letter });
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_password_file_that_fits_is_taken() {
        let file = "# a comment\ndb.example:5432:other:u:no\ndb.example:*:j:u:a\\:b:c\\\\\n*:*:*:*:last\nshort:line\n";
        for (url, expected) in [
            ("postgres://u@db.example/j", Some("a:b:c\\")),
            ("postgres://v@db.example/j", Some("last")),
            #[cfg(unix)]
            ("postgres://u@%2Frun/j", Some("last")),
        ] {
            assert_eq!(password_in(file, &url.parse().unwrap()).as_deref(), expected, "{url}");
        }
        #[cfg(unix)]
        assert_eq!(
            password_in("localhost:6000:j:u:x", &"postgres://u@%2Frun:6000/j".parse().unwrap()).as_deref(),
            Some("x")
        );
        assert_eq!(password_in("", &"postgres://u@h/j".parse().unwrap()), None);
    }
}
