//! Writes our files completely or not at all, and readable only by their owner. Also opens files of the user, and has
//! the error for a file that cannot be read or written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::{sync::mpsc, thread, time::Duration};

#[cfg(unix)]
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::OFlags,
    io::retry_on_intr,
};
use thiserror::Error;

use super::message::{Message, msg};
use super::owner::follow_own_links;
use super::process::TemporaryFile;
use super::system_error::system_problem;

/// What was done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileAction {
    Create,
    Find,
    Lock,
    Open,
    Read,
    Remove,
    Rename,
    Write,
    WritePages,
}

/// An action that failed, with its file or directory.
#[derive(Debug, Error)]
#[error("{}", self.message())]
pub(crate) struct FileError {
    pub(crate) action: FileAction,
    pub(crate) path: PathBuf,
    pub(crate) cause: io::Error,
}

impl FileError {
    /// Turns the cause into the whole error, for `map_err`.
    pub(crate) fn while_doing(action: FileAction, path: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self {
            action,
            path: path.to_owned(),
            cause,
        }
    }

    pub(crate) fn message(&self) -> Message {
        let path = &self.path;
        if path.as_os_str().is_empty() {
            return msg!("the name of the file is empty");
        }
        let parent = path.parent().unwrap_or(path);
        let is_about_path = [io::ErrorKind::NotFound, io::ErrorKind::AlreadyExists];
        if is_about_path.contains(&self.cause.kind())
            && let Some(link) = describe_dangling_link(path)
        {
            return match self.action {
                FileAction::Read => link,
                _ => self.failed(&link),
            };
        }
        match (self.cause.kind(), &self.action) {
            (io::ErrorKind::NotFound, FileAction::Read) => msg!("{path} does not exist", path),
            (io::ErrorKind::NotFound, FileAction::Create | FileAction::Write) => {
                self.failed(&msg!("{parent} does not exist", parent))
            }
            // A directory cannot be created in a file. Windows then says that it exists.
            (io::ErrorKind::AlreadyExists, FileAction::Create)
            | (io::ErrorKind::NotADirectory, _) => {
                match path.ancestors().find(|above| above.exists()) {
                    Some(file) => self.failed(&msg!("{file} is a file, not a directory", file)),
                    None => self.failed(&system_problem(&self.cause)),
                }
            }
            _ => self.failed(&system_problem(&self.cause)),
        }
    }

    fn failed(&self, problem: &Message) -> Message {
        let path = &self.path;
        match self.action {
            FileAction::Create => msg!("failed to create {path}: {problem}", path, problem),
            FileAction::Find => msg!("failed to find {path}: {problem}", path, problem),
            FileAction::Lock => msg!("failed to lock {path}: {problem}", path, problem),
            FileAction::Open => msg!("failed to open {path}: {problem}", path, problem),
            FileAction::Read => msg!("failed to read {path}: {problem}", path, problem),
            FileAction::Remove => msg!("failed to remove {path}: {problem}", path, problem),
            FileAction::Rename => msg!("failed to rename {path}: {problem}", path, problem),
            FileAction::Write => msg!("failed to write {path}: {problem}", path, problem),
            FileAction::WritePages => {
                msg!("failed to write pages to {path}: {problem}", path, problem)
            }
        }
    }
}

/// Describes the part of the path that is a link without a target, if there is one.
fn describe_dangling_link(path: &Path) -> Option<Message> {
    let is_dangling = |above: &&Path| above.is_symlink() && !above.exists();
    let link = path.ancestors().find(is_dangling)?;
    let target = link.read_link().ok()?;
    Some(msg!(
        "{link} is a link to {target}, which does not exist",
        link,
        target
    ))
}

/// Replaces the file with mode 0600, and creates its directory with 0700. If the path is a link of this user or of root,
/// this replaces its target. If writing fails, the old file stays intact.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let replace = || {
        let target = follow_own_links(path)?;
        let directory = directory_of(&target);
        make_directory(directory)?;
        let mut temporary = TemporaryFile::create(directory, &target)?;
        temporary.file.write_all(content)?;
        temporary.file.as_file().sync_all()?;
        temporary.file.persist(&target)?;
        Ok(())
    };
    replace().map_err(FileError::while_doing(FileAction::Write, path))
}

/// Creates a new file with mode 0600. `write` writes a temporary file next to it. If that fails, no file is left.
pub(crate) fn create<E: From<FileError>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let failed = FileError::while_doing(FileAction::Write, path);
    let temporary = TemporaryFile::create(directory_of(path), path).map_err(&failed)?;
    write(temporary.file.path())?;
    temporary.file.as_file().sync_all().map_err(&failed)?;
    temporary
        .file
        .persist_noclobber(path)
        .map_err(|error| failed(error.error))?;
    Ok(())
}

/// Returns the directory of a file.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// What must happen within ten seconds after a pipe is opened for reading. Later, the pipe may be slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PipeBound {
    /// A process opens it for writing. A query may take minutes until its first row.
    #[default]
    Writer,
    /// The first byte or the end arrives.
    FirstByte,
}

/// Opens a file for reading. A pipe that does not meet its `bound` is an error, because it could block forever.
#[cfg_attr(
    not(unix),
    expect(unused_variables, reason = "only Unix has pipes among its files")
)]
pub(crate) fn open_to_read(path: &Path, bound: PipeBound) -> io::Result<File> {
    #[cfg(unix)]
    if fs::metadata(path)
        .is_ok_and(|metadata| std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type()))
    {
        return open_pipe(path.to_owned(), bound);
    }
    // Windows reports a directory as access denied.
    File::open(path).map_err(|error| {
        if path.is_dir() {
            io::ErrorKind::IsADirectory.into()
        } else {
            error
        }
    })
}

/// Reads the bytes of a source. More than `max` are an error.
pub(crate) fn read_to_limit(source: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            msg!("it has more than {max} bytes", max),
        ));
    }
    Ok(bytes)
}

/// Opens a pipe in another thread, and abandons that thread if it waits too long.
#[cfg(unix)]
fn open_pipe(path: PathBuf, bound: PipeBound) -> io::Result<File> {
    const TIMEOUT: Duration = Duration::from_secs(10);
    let (opened, receiver) = mpsc::channel();
    let open = move || {
        let pipe = File::open(path)?;
        if bound == PipeBound::FirstByte {
            retry_on_intr(|| poll(&mut [PollFd::new(&pipe, PollFlags::IN)], None))?;
        }
        Ok(pipe)
    };
    thread::Builder::new().spawn(move || opened.send(open()))?;
    let timed_out = |_| {
        let problem = msg!(
            "nothing was written to this pipe within {seconds} s",
            seconds = TIMEOUT.as_secs()
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, problem))
    };
    receiver.recv_timeout(TIMEOUT).unwrap_or_else(timed_out)
}

/// Opens a file with `options`; a new file gets mode 0600. `action` is the purpose, for errors.
pub(crate) fn open(
    action: FileAction,
    path: &Path,
    options: &mut OpenOptions,
) -> Result<File, FileError> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
        .open(path)
        .map_err(FileError::while_doing(action, path))
}

/// What opening a pipe for writing does if no process reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissingReader {
    Fail,
    Wait,
}

/// Opens a file that the user has named, to write it. Follows links of this user and of root. A new file gets mode 0600.
#[cfg_attr(
    not(unix),
    expect(unused_variables, reason = "only Unix has pipes among its files")
)]
pub(crate) fn open_named(
    path: &Path,
    options: &mut OpenOptions,
    without_reader: MissingReader,
) -> Result<File, FileError> {
    let failed = FileError::while_doing(FileAction::Write, path);
    let target = follow_own_links(path).map_err(&failed)?;
    #[cfg(unix)]
    {
        let mut flags = OFlags::empty();
        // Another user could put a link there in the meantime.
        flags.set(OFlags::NOFOLLOW, !target.is_symlink());
        flags.set(OFlags::NONBLOCK, without_reader == MissingReader::Fail);
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    open(FileAction::Write, &target, options).map_err(|error| failed(error.cause))
}

/// Returns whether an open file is the one that standard output or standard error goes to. Emptying it would remove what
/// is there, and both would write over each other.
#[cfg(unix)]
pub(crate) fn is_own_output(file: &File) -> bool {
    use std::os::fd::AsFd;

    let identity = |stream: &dyn AsFd| {
        let found = rustix::fs::fstat(stream.as_fd()).ok()?;
        Some((found.st_dev, found.st_ino))
    };
    let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    let own = [identity(&io::stdout()), identity(&io::stderr())];
    is_regular && own.contains(&identity(file))
}

/// Windows does not let a redirected file be opened again.
#[cfg(not(unix))]
pub(crate) fn is_own_output(_file: &File) -> bool {
    false
}

/// Opens a file that the user has named, to overwrite it. A regular file becomes empty and gets mode 0600, even if it
/// existed. Others, such as a pipe, stay unchanged.
pub(crate) fn open_anew(path: &Path) -> Result<File, FileError> {
    let file = open_named(
        path,
        File::options().write(true).create(true).truncate(false),
        MissingReader::Wait,
    )?;
    let empty = || {
        if file.metadata()?.is_file() {
            #[cfg(unix)]
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            file.set_len(0)?;
        }
        Ok(())
    };
    empty().map_err(FileError::while_doing(FileAction::Write, path))?;
    Ok(file)
}

/// Excludes every other process that locks the same path, until the lock is dropped. The lock is on `FILE.lock` next to
/// the file, because each [`write`] replaces the file itself.
pub(crate) fn lock(path: &Path) -> Result<File, FileError> {
    let failed = FileError::while_doing(FileAction::Write, path);
    let target = follow_own_links(path).map_err(&failed)?;
    make_directory(directory_of(&target)).map_err(failed)?;
    let mut lock = target.into_os_string();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    let file = open(
        FileAction::Lock,
        &lock,
        File::options().write(true).create(true).truncate(false),
    )?;
    match file.lock() {
        // Some network file systems have no locks. Two simultaneous writers are rare there, too.
        Err(cause) if cause.kind() != io::ErrorKind::Unsupported => Err(FileError {
            action: FileAction::Lock,
            path: lock,
            cause,
        }),
        _ => Ok(file),
    }
}

/// Creates the directory and its missing parents, with mode 0700 each.
pub(crate) fn create_directory(directory: &Path) -> Result<(), FileError> {
    make_directory(directory).map_err(FileError::while_doing(FileAction::Create, directory))
}

/// Returns the target of a link, even if it does not exist; otherwise the path itself.
pub(crate) fn link_target(path: &Path) -> PathBuf {
    let dangling = |path: &Path| Some(path.parent()?.join(fs::read_link(path).ok()?));
    fs::canonicalize(path)
        .ok()
        .or_else(|| dangling(path))
        .unwrap_or_else(|| path.to_owned())
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn open_pipe_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        // A pipe that is opened for both does not wait for a reader. This one never writes a byte.
        let _writer = File::options().read(true).write(true).open(&path).unwrap();
        open_to_read(&path, PipeBound::Writer).unwrap();
        let silent = open_to_read(&path, PipeBound::FirstByte)
            .unwrap_err()
            .to_string();
        assert_eq!(silent, "nothing was written to this pipe within 10 s");
    }
}
