//! Where this process runs: the name of the machine and its user, and whether one of the processes that started us is
//! `jelouctl sandbox … -- COMMAND`. A script can clear its environment, but not its parents. Such a sandbox marks
//! itself, because neither its file (a link, a copy, the dynamic loader) nor its command line identifies it.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read;

use crate::base::output::SystemError;

/// The name of a process that is a sandbox with a command, as far as the system stores it.
const MARK: &CStr = c"jelouctl sandbo";

/// Marks this process as a sandbox for all processes started below it. The main thread must call this, because a
/// process has the name of that thread.
#[cfg_attr(
    not(target_os = "linux"),
    expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")
)]
pub(crate) fn enclose_commands() -> Result<(), SystemError> {
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(MARK).map_err(|error| SystemError {
        action: "name this process",
        cause: error.into(),
    })?;
    Ok(())
}

/// The number of the nearest sandbox among the processes that started us. Only Linux can tell; elsewhere there is none.
pub(crate) fn enclosing_sandbox() -> Option<u32> {
    /// More than any chain has. It limits the search if process numbers are reused meanwhile.
    const LONGEST: usize = 1000;
    if !cfg!(target_os = "linux") {
        return None;
    }
    let (_, mut process) = read_stat(std::process::id())?;
    for _ in 0..LONGEST {
        let (name, parent) = read_stat(process)?;
        if name.as_bytes() == MARK.to_bytes() {
            return Some(process);
        }
        process = parent;
    }
    None
}

/// The process's own name, which is initially that of the program's file, and the process that started it, or adopted
/// it: 0 for the first process, which cannot be read. It is read in one call: every send reads several of these.
fn read_stat(process: u32) -> Option<(String, u32)> {
    let mut buffer = [0; 1024];
    let count = File::open(format!("/proc/{process}/stat"))
        .ok()?
        .read(&mut buffer)
        .ok()?;
    let stat = String::from_utf8_lossy(buffer.get(..count)?);
    // The name itself may contain blanks and brackets.
    let (before, behind) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    Some((
        name.to_owned(),
        behind.split_whitespace().nth(1)?.parse().ok()?,
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

/// `ana at build-7`; only the machine if the environment does not name the user.
pub(crate) fn user_and_host() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let user = names
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name} at "))
        .next();
    user.unwrap_or_default() + &host_name()
}
