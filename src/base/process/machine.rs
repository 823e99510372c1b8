//! Finds the machine's name and the user, and whether `jelouctl sandbox … -- COMMAND` is one of our parent processes. A
//! script can clear its environment, but not its parents. The sandbox marks its process, because neither its file (a
//! link, a copy, the dynamic loader) nor its command line identifies it.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read;

#[cfg(target_os = "linux")]
use crate::base::message::msg;
use crate::base::output::SystemError;

/// The name of a sandbox process with a command, cut to the length that the system stores.
const MARK: &CStr = c"jelouctl sandbo";

/// Marks this process as a sandbox for all its child processes. The main thread must call this, because its name is the
/// name of the process.
#[cfg_attr(
    not(target_os = "linux"),
    expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")
)]
pub(crate) fn enclose_commands() -> Result<(), SystemError> {
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(MARK).map_err(|error| SystemError {
        action: msg!("name this process"),
        cause: error.into(),
    })?;
    Ok(())
}

/// Returns the process id of the nearest sandbox among our parent processes. None on systems other
/// than Linux.
pub(crate) fn enclosing_sandbox() -> Option<u32> {
    /// More than any chain of parents has. It limits the search if process ids are reused during it.
    const MAX_DEPTH: usize = 1000;
    if !cfg!(target_os = "linux") {
        return None;
    }
    let (_, mut process) = read_stat(std::process::id())?;
    for _ in 0..MAX_DEPTH {
        let (name, parent) = read_stat(process)?;
        if name.as_bytes() == MARK.to_bytes() {
            return Some(process);
        }
        process = parent;
    }
    None
}

/// Reads the name of a process and the id of its parent, which is 0 for the first process. The
/// initial name is the name of the program's file. This uses one read call, because every send
/// reads several processes.
fn read_stat(process: u32) -> Option<(String, u32)> {
    let mut buffer = [0; 1024];
    let count = File::open(format!("/proc/{process}/stat"))
        .ok()?
        .read(&mut buffer)
        .ok()?;
    let stat = String::from_utf8_lossy(buffer.get(..count)?);
    // The name itself may contain spaces and brackets.
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    Some((
        name.to_owned(),
        after.split_whitespace().nth(1)?.parse().ok()?,
    ))
}

#[cfg(unix)]
pub(crate) fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(not(unix))]
pub(crate) fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Returns the name of the user of this process, or its number if it has no name. The environment could name another
/// user.
#[cfg(unix)]
pub(crate) fn user_name() -> String {
    whoami::username().unwrap_or_else(|_| rustix::process::geteuid().as_raw().to_string())
}

#[cfg(not(unix))]
pub(crate) fn user_name() -> String {
    whoami::username().unwrap_or_default()
}
