//! Notifications that were sent although no ledger could check their key. Each has a mark, a small file of its own, so
//! that the next one waits. Marks need no lock that another process could keep: a process locks only its own mark, while
//! it sends. The name of a mark has two keyed hashes: of key, bot and address, and of the same with the recipient.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::ledger::{OnceState, new_secret, now};
use super::once::{OnceHasher, OnceScope};
use crate::base::output::Sent;
use crate::base::owner::{OthersAccess, take_from_others};
use crate::base::paths::{STATE, runtime_directory};
use crate::base::private_file::{self, FileAction};
use crate::base::timestamps::{FIRST_TIME, wrong_clock};

/// How long a notification counts without `--every`.
pub(crate) const UNCHECKED_FOR: Duration = Duration::from_secs(10 * 60);

/// The directory of the marks, in the user's directory for state or runtime files.
const DIRECTORY: &str = "unchecked";
const SECRET: &str = "secret";
/// The extension of marks.
const MARK: &str = "mark";
/// How many marks to keep.
const MAX_MARKS: usize = 10_000;
/// The longest content of a mark, in bytes.
const MAX_BYTES: u64 = 100;
/// How often to try to lock a mark, and the pause between two tries. A reader keeps the lock for an instant. A sender
/// keeps it until its notification has ended.
const TRIES: usize = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// A directory with marks of this user on this machine.
pub(crate) struct UncheckedMarks {
    directory: PathBuf,
    hasher: OnceHasher,
}

/// A recipient and its key.
#[derive(Clone, Copy)]
pub(crate) struct MarkedSend<'a> {
    pub(crate) scope: &'a OnceScope,
    pub(crate) recipient: &'a str,
    /// How long a message with the key counts; None is [`UNCHECKED_FOR`].
    pub(crate) every: Option<Duration>,
}

/// Whether this process may send a notification that no ledger checks.
pub(crate) enum MarkResult {
    Held(HeldMark),
    Found(FoundMark),
}

/// A notification that prevents another one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundMark {
    /// Another process is sending it.
    Inflight,
    /// It was sent, or may have been sent.
    Ended(EndedMark),
}

impl FoundMark {
    /// Returns the state of its message, and since when it has that.
    pub(crate) fn state(self) -> (OnceState, i64) {
        match self {
            Self::Inflight => (OnceState::Inflight, now()),
            Self::Ended(EndedMark { is_sent, at, .. }) if is_sent => (OnceState::Sent, at),
            Self::Ended(EndedMark { at, .. }) => (OnceState::Unknown, at),
        }
    }
}

/// See [`FoundMark::Ended`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedMark {
    /// False if its process was killed before the outcome was known, or if the outcome is unknown.
    pub(crate) is_sent: bool,
    /// When it was sent, in milliseconds since 1970.
    pub(crate) at: i64,
    /// The time until which it counts.
    pub(crate) until: i64,
}

/// The mark of a notification that this process is about to send. If the process is killed, it may have been sent.
pub(crate) struct HeldMark(OpenMark);

impl MarkedSend<'_> {
    /// Looks in every directory for a notification that prevents another message with the key now. Creates no mark.
    pub(crate) fn find(self) -> Option<FoundMark> {
        existing().find_map(|marks| marks.find(self))
    }

    /// Marks a notification that this process is about to send, unless another one counts: with the state of the user, or
    /// with the runtime files if a mark of the state cannot be written, or if others can change it.
    ///
    /// # Errors
    /// If neither can be written.
    pub(crate) fn mark(self) -> io::Result<MarkResult> {
        // An earlier notification may have its mark in the other directory.
        if let Some(found) = self.find() {
            return Ok(MarkResult::Found(found));
        }
        let mut failed = io::ErrorKind::NotFound.into();
        for directory in directories() {
            match UncheckedMarks::create_in(directory).and_then(|marks| marks.claim(self)) {
                Ok(result) => return Ok(result),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// Returns how many marks have a key, or whether a recipient has one.
pub(crate) fn count_marks(scope: &OnceScope, recipient: Option<&str>) -> usize {
    let marks = existing().map(|marks| marks.with_key(scope, recipient).len());
    marks.sum()
}

/// Removes the marks with a key, or the one of a recipient. Returns whether all are removed: another process may be sending
/// a notification.
///
/// # Errors
/// If a mark cannot be removed.
pub(crate) fn remove_marks(scope: &OnceScope, recipient: Option<&str>) -> io::Result<bool> {
    let mut are_removed = true;
    for path in existing().flat_map(|marks| marks.with_key(scope, recipient)) {
        match OpenMark::open(&path)? {
            Some(_mark) => fs::remove_file(&path)?,
            None => are_removed = false,
        }
    }
    Ok(are_removed)
}

/// Returns the directories with marks, without creating any.
pub(crate) fn existing() -> impl Iterator<Item = UncheckedMarks> {
    directories().filter_map(|directory| UncheckedMarks::read_in(directory).ok())
}

impl UncheckedMarks {
    fn create_in(directory: PathBuf) -> io::Result<Self> {
        take_or_refuse(directory.parent().unwrap_or(&directory))?;
        private_file::create_directory(&directory).map_err(|error| error.cause)?;
        let secret = directory.join(SECRET);
        if !secret.exists() {
            let mut file = tempfile::NamedTempFile::new_in(&directory)?;
            file.write_all(new_secret().as_bytes())?;
            // If another process was faster, its secret counts.
            let _ = file.persist_noclobber(&secret);
        }
        Self::read_in(directory)
    }

    fn read_in(directory: PathBuf) -> io::Result<Self> {
        take_or_refuse(&directory)?;
        let secret = fs::read(directory.join(SECRET))?;
        Ok(Self {
            directory,
            hasher: OnceHasher::new(&secret),
        })
    }

    /// Looks for a notification that prevents another message with the key now.
    pub(crate) fn find(&self, send: MarkedSend<'_>) -> Option<FoundMark> {
        let path = self.path(send);
        if !path.exists() {
            return None;
        }
        match OpenMark::open(&path).ok()? {
            Some(mut mark) => mark.found(send.every).ok()?.map(FoundMark::Ended),
            None => Some(FoundMark::Inflight),
        }
    }

    /// Marks a notification that this process is about to send, unless another one counts.
    ///
    /// # Errors
    /// If the mark cannot be read or written.
    fn claim(&self, send: MarkedSend<'_>) -> io::Result<MarkResult> {
        let Some(mut mark) = OpenMark::open(&self.path(send))? else {
            return Ok(MarkResult::Found(FoundMark::Inflight));
        };
        if let Some(found) = mark.found(send.every)? {
            return Ok(MarkResult::Found(FoundMark::Ended(found)));
        }
        mark.write(MarkContent {
            state: MarkState::Begun,
            at: now(),
        })?;
        self.remove_oldest();
        Ok(MarkResult::Held(HeldMark(mark)))
    }

    fn path(
        &self,
        MarkedSend {
            scope, recipient, ..
        }: MarkedSend<'_>,
    ) -> PathBuf {
        let key = self.hasher.key(scope);
        let person = self.hasher.person_under(scope, recipient);
        let name = format!("{key}-{person}");
        self.directory.join(name).with_extension(MARK)
    }

    /// Returns the marks with a key, or the one of a recipient.
    fn with_key(&self, scope: &OnceScope, recipient: Option<&str>) -> Vec<PathBuf> {
        let mut marks = self.all();
        if let Some(recipient) = recipient {
            let every = None;
            let own = self.path(MarkedSend {
                scope,
                recipient,
                every,
            });
            marks.retain(|path| *path == own);
        } else {
            let begin = self.directory.join(self.hasher.key(scope) + "-");
            let begin = begin.to_string_lossy();
            marks.retain(|path| path.to_string_lossy().starts_with(&*begin));
        }
        marks
    }

    fn all(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten();
        let paths = entries.flatten().map(|entry| entry.path());
        let marks = paths.filter(|path| path.extension().is_some_and(|ending| ending == MARK));
        marks.collect()
    }

    /// Removes the marks that were written first if there are too many. A wrong clock cannot remove all.
    fn remove_oldest(&self) {
        let mut marks = self.all();
        let excess = marks.len().saturating_sub(MAX_MARKS);
        if excess == 0 {
            return;
        }
        marks.sort_by_cached_key(|path| path.metadata().and_then(|found| found.modified()).ok());
        for path in marks.iter().take(excess) {
            // If another process has locked it, it is in use.
            if let Ok(Some(_mark)) = OpenMark::open(path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Returns the directories that may have marks, in the order of preference.
fn directories() -> impl Iterator<Item = PathBuf> {
    let directories = [STATE.directory(), runtime_directory()];
    directories
        .into_iter()
        .flatten()
        .map(|directory| directory.join(DIRECTORY))
}

/// Makes a directory private, which may be missing. Refuses it if other users can still write in it, because they could
/// remove marks or add some.
fn take_or_refuse(directory: &Path) -> io::Result<()> {
    match take_from_others(directory) {
        Ok(OthersAccess::Write | OthersAccess::Own(_)) => {
            Err(io::ErrorKind::PermissionDenied.into())
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A mark that this process has locked.
struct OpenMark(File);

/// What a mark says about its last notification.
#[derive(Clone, Copy)]
struct MarkContent {
    state: MarkState,
    /// When it was written, in milliseconds since 1970.
    at: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkState {
    /// The request may have begun.
    Begun,
    Sent,
    NotSent,
}

impl MarkState {
    const ALL: [Self; 3] = [Self::Begun, Self::Sent, Self::NotSent];

    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Sent => "sent",
            Self::NotSent => "not_sent",
        }
    }
}

impl OpenMark {
    /// Opens and locks a mark. A missing one is created. None if another process keeps it locked.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        for _ in 0..TRIES {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            let file = private_file::open(FileAction::Create, path, &mut options);
            let file = file.map_err(|error| error.cause)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(BETWEEN_TRIES);
                    continue;
                }
                Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                    return Err(error);
                }
                // Some network file systems have no locks. Then two simultaneous notifications may both be sent.
                _ => {}
            }
            // Another process may have removed it before it was locked.
            if is_file_at(&file, path) {
                return Ok(Some(Self(file)));
            }
        }
        Ok(None)
    }

    /// Returns the last notification if it still counts. A time in the future, or before the first release, was written by a
    /// wrong clock. Such a notification counts from now on, and its mark gets the time of a right clock.
    fn found(&mut self, every: Option<Duration>) -> io::Result<Option<EndedMark>> {
        let Some(content) = self.read()?.filter(|read| read.state != MarkState::NotSent) else {
            return Ok(None);
        };
        let now = now();
        let is_right = wrong_clock(now).is_none();
        let is_wrong = content.at > now || is_right && content.at < FIRST_TIME;
        let at = if is_wrong { now } else { content.at };
        if is_wrong && is_right {
            self.write(MarkContent { at, ..content })?;
        }
        let counts_for = every.unwrap_or(UNCHECKED_FOR).as_millis();
        let until = at.saturating_add(i64::try_from(counts_for).unwrap_or(i64::MAX));
        Ok((now < until).then_some(EndedMark {
            is_sent: content.state == MarkState::Sent,
            at,
            until,
        }))
    }

    /// Reads the content; None if the mark is new or cannot be understood.
    fn read(&mut self) -> io::Result<Option<MarkContent>> {
        let mut text = String::new();
        self.0.rewind()?;
        (&self.0).take(MAX_BYTES).read_to_string(&mut text)?;
        let mut words = text.split_whitespace();
        let state = words.next();
        let state = MarkState::ALL
            .into_iter()
            .find(|known| Some(known.name()) == state);
        let at = words.next().and_then(|at| at.parse().ok());
        Ok(state.zip(at).map(|(state, at)| MarkContent { state, at }))
    }

    /// Replaces the content by a text of the same length, so that a killed process leaves one of the two.
    fn write(&mut self, MarkContent { state, at }: MarkContent) -> io::Result<()> {
        let text = format!("{:<8} {at:>20}\n", state.name());
        self.0.rewind()?;
        self.0.write_all(text.as_bytes())
    }
}

impl HeldMark {
    /// Writes the outcome. An unknown one counts as sent.
    ///
    /// # Errors
    /// If it cannot be written. Then the notification may have been sent.
    pub(crate) fn end(mut self, sent: Sent) -> io::Result<()> {
        let state = match sent {
            Sent::Yes => MarkState::Sent,
            Sent::Unknown => MarkState::Begun,
            Sent::No => MarkState::NotSent,
        };
        self.0.write(MarkContent { state, at: now() })
    }
}

#[cfg(unix)]
fn is_file_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let opened = file.metadata().map(identity).ok();
    opened.is_some() && opened == path.metadata().map(identity).ok()
}

/// Windows keeps the name of an open file until it is closed.
#[cfg(not(unix))]
fn is_file_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
