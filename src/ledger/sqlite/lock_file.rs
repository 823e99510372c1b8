//! What `RUN.lock` says about a ledger, in lines that can be read without the ledger: the owner of the run, and the
//! number of commits that the ledger must have. A ledger with fewer commits has lost its log, or the end of it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::ledger::Details;
use crate::once::OnceKey;
use crate::private_file::FileError;

/// Precedes the number of commits, which comes first in the file.
const COMMITS: &str = "commits ";

/// The contents of the lock file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunNote {
    pub(crate) commits: u64,
    /// The identity of the run, in hexadecimal.
    pub(crate) identity: String,
    pub(crate) bot: String,
    pub(crate) api_url: String,
    pub(crate) sandbox: bool,
    /// The key under which its people have their message.
    pub(crate) once: Option<OnceKey>,
}

impl RunNote {
    /// The contents for a new run with this identity, which has no commit yet.
    pub(super) fn new(details: &Details, identity: &[u8; 16]) -> Self {
        let Details { bot, api_url, sandbox, conditions, .. } = details.clone();
        Self { commits: 0, identity: hexadecimal(identity), bot, api_url, sandbox, once: conditions.once }
    }

    /// The contents of the lock file at `path`. None if it does not exist, or is not a lock file of a run.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        // Opening a pipe would block forever.
        let text = path.is_file().then(|| fs::read_to_string(path).ok())??;
        Self::of_text(&text)
    }

    fn of_text(text: &str) -> Option<Self> {
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Some(Self {
            commits: commits_of(line("commits")?)?,
            identity: line("identity")?.to_owned(),
            bot: line("bot")?.to_owned(),
            api_url: line("address")?.to_owned(),
            sandbox: match line("sandbox")? {
                "yes" => true,
                "no" => false,
                _ => return None,
            },
            once: line("once").map(str::parse).transpose().ok()?,
        })
    }

    fn text(&self) -> String {
        let Self { commits, identity, bot, api_url, sandbox, once } = self;
        let sandbox = if *sandbox { "yes" } else { "no" };
        let commits = digits_of(*commits);
        let once = once.as_ref().map(|key| format!("once {key}\n")).unwrap_or_default();
        format!("{COMMITS}{commits}\nidentity {identity}\nbot {bot}\naddress {api_url}\nsandbox {sandbox}\n{once}")
    }
}

/// The identity of a run, as written in its lock file.
fn hexadecimal(identity: &[u8; 16]) -> String {
    identity.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The number with its complement, in a fixed length. In a number alone one digit could change unnoticed, and a ledger
/// without its last commits would look whole.
fn digits_of(commits: u64) -> String {
    format!("{commits:020} {:020}", !commits)
}

/// Parses the number; none if it is not intact.
fn commits_of(digits: &str) -> Option<u64> {
    let commits = digits.split(' ').next()?.parse().ok()?;
    (digits == digits_of(commits)).then_some(commits)
}

/// What the lock file of a run tells a process that opens its ledger. It is read before the ledger, which may advance
/// meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LockNote {
    Read(RunNote),
    /// The file is missing, unreadable, or was changed.
    Lost,
    /// A process holds the run: its number may be half written at this moment, and Windows lets no other process read
    /// it.
    Held,
}

impl LockNote {
    /// Reads the lock file at `path`; `is_held` says whether a process holds the run.
    pub(crate) fn of(path: &Path, is_held: impl Fn() -> bool) -> Self {
        match RunNote::read(path) {
            Some(note) => Self::Read(note),
            None if is_held() => Self::Held,
            // No process writes it any more.
            None => RunNote::read(path).map_or(Self::Lost, Self::Read),
        }
    }

    /// What the file says about the run with this identity.
    pub(super) fn of_run(&self, identity: &[u8; 16]) -> Option<&RunNote> {
        match self {
            Self::Read(note) if note.identity == hexadecimal(identity) => Some(note),
            Self::Read(_) | Self::Lost | Self::Held => None,
        }
    }
}

/// The lock file of a locked run, for writing.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Wraps an open lock file.
    pub(crate) fn new(file: File, path: PathBuf) -> Self {
        Self { file, path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The contents, for the process that holds the lock.
    pub(crate) fn note(&self) -> LockNote {
        // Through its open handle: on Windows, no other handle can read a locked file.
        let (mut file, mut text) = (&self.file, String::new());
        let is_read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text)).is_ok();
        RunNote::of_text(&text).filter(|_| is_read).map_or(LockNote::Lost, LockNote::Read)
    }

    /// Writes the whole file, so that it survives a power cut.
    pub(super) fn write(&self, note: &RunNote) -> Result<(), FileError> {
        let written = self.file.set_len(0).and_then(|()| self.put(0, &note.text())).and_then(|()| self.file.sync_all());
        written.map_err(FileError::of("write", &self.path))
    }

    /// Records a commit that is on the disk. The number itself need not be on the disk: one that is too low proves
    /// nothing.
    pub(super) fn count(&self, commits: u64) -> Result<(), FileError> {
        self.put(COMMITS.len() as u64, &digits_of(commits)).map_err(FileError::of("write", &self.path))
    }

    fn put(&self, at: u64, text: &str) -> std::io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_changed_is_none() {
        let note = RunNote {
            commits: 1042,
            identity: "0a".repeat(16),
            bot: "1".to_owned(),
            api_url: "http://127.0.0.1".to_owned(),
            sandbox: false,
            once: Some("campaña 1".parse().unwrap()),
        };
        let text = note.text();
        assert_eq!(RunNote::of_text(&text).as_ref(), Some(&note));
        let line = text.find('\n').unwrap();
        for at in COMMITS.len()..line {
            for other in "0123456789 \n\r+-x".chars() {
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(changed == text || RunNote::of_text(&changed).is_none(), "{changed}");
            }
            let cut = format!("{}{}", &text[..at], &text[line..]);
            assert_eq!(RunNote::of_text(&cut), None, "{cut}");
        }
    }
}
