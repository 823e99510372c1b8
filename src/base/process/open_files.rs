//! The limit on the files that a process may have open.

use std::io;

use crate::base::message::Message;
#[cfg(unix)]
use crate::base::message::msg;

/// Checks that this process can open `count` more files. If it cannot, SQLite does not report the cause, and the
/// runtime may panic.
///
/// # Errors
/// The error of the system, such as `Too many open files`.
pub(crate) fn ensure_open_files(count: usize) -> io::Result<()> {
    let mut pipes = Vec::new();
    // A pipe needs two files, and no file system.
    for _ in 0..count.div_ceil(2) {
        pipes.push(io::pipe()?);
    }
    Ok(())
}

/// Returns the hint for an error of the system, if the cause is too many open files.
#[cfg(unix)]
pub(crate) fn open_files_hint(cause: &io::Error) -> Option<Message> {
    let is_cause = cause.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error());
    is_cause.then(|| msg!("to allow more open files: ulimit -n 1024"))
}

/// Returns None: Windows has no `ulimit`.
#[cfg(windows)]
pub(crate) fn open_files_hint(_cause: &io::Error) -> Option<Message> {
    None
}
