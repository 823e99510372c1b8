//! Finds out whether one of the processes that started us is `jelouctl sandbox … -- COMMAND`, and where it listens. A script
//! can clear its environment, but not its parents. Such a sandbox marks itself, because neither its file (a link, a copy, the
//! dynamic loader) nor its command line identifies it.

#[cfg(target_os = "linux")]
use std::ffi::CStr;

use super::error::SystemError;

/// A sandbox whose command we belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux says by whom a process was started"))]
pub(crate) enum EnclosingSandbox {
    /// It listens on this port of 127.0.0.1.
    Listening(u16),
    /// We may not read the address of this process, for example because it belongs to another user.
    Hidden(u32),
}

/// The name of a process that is a sandbox with a command, as far as the system stores it.
#[cfg(target_os = "linux")]
const MARK: &CStr = c"jelouctl sandbo";

/// Marks this process as a sandbox for all processes started below it. The main thread must call this, because a
/// process has the name of that thread.
#[cfg(target_os = "linux")]
pub(crate) fn enclose_commands() -> Result<(), SystemError> {
    rustix::thread::set_name(MARK).map_err(|error| SystemError { action: "name this process", cause: error.into() })
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(crate) fn enclose_commands() -> Result<(), SystemError> {
    Ok(())
}

/// The nearest sandbox among the processes that started us. Only Linux can tell; elsewhere there is none.
#[cfg(target_os = "linux")]
pub(crate) fn enclosing_sandbox() -> Option<EnclosingSandbox> {
    /// More than any chain has. It limits the search if process numbers are reused meanwhile.
    const LONGEST: usize = 1000;
    let mut process = linux::read_stat(std::process::id())?.parent;
    for _ in 0..LONGEST {
        let stat = linux::read_stat(process)?;
        if stat.name.as_bytes() == MARK.to_bytes() {
            let port = linux::listening_port(process);
            return Some(port.map_or(EnclosingSandbox::Hidden(process), EnclosingSandbox::Listening));
        }
        process = stat.parent;
    }
    None
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn enclosing_sandbox() -> Option<EnclosingSandbox> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io::Read;
    use std::path::Path;

    pub(super) struct Stat {
        /// The process's own name; initially that of the program's file.
        pub(super) name: String,
        /// The process that started this one, or adopted it; 0 for the first process, which cannot be read.
        pub(super) parent: u32,
    }

    /// Reads it in one call: every send reads several of these.
    pub(super) fn read_stat(process: u32) -> Option<Stat> {
        let mut buffer = [0; 1024];
        let count = File::open(format!("/proc/{process}/stat")).ok()?.read(&mut buffer).ok()?;
        let stat = String::from_utf8_lossy(buffer.get(..count)?);
        // The name itself may contain blanks and brackets.
        let (before, behind) = stat.rsplit_once(')')?;
        let (_, name) = before.split_once('(')?;
        Some(Stat { name: name.to_owned(), parent: behind.split_whitespace().nth(1)?.parse().ok()? })
    }

    /// The port of 127.0.0.1, or of every address, on which a process of ours listens.
    pub(super) fn listening_port(process: u32) -> Option<u16> {
        let sockets = sockets(process)?;
        let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).ok()?;
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_whitespace();
            let (host, port) = fields.nth(1)?.split_once(':')?;
            let state = fields.nth(1)?;
            let inode = fields.nth(5)?;
            let is_its_own = sockets.iter().any(|socket| socket == inode);
            let host = u32::from_str_radix(host, 16).ok()?.to_ne_bytes();
            let listens_here = state == "0A" && [[127, 0, 0, 1], [0, 0, 0, 0]].contains(&host);
            (is_its_own && listens_here).then(|| u16::from_str_radix(port, 16).ok())?
        })
    }

    /// The numbers of the sockets that a process has open.
    fn sockets(process: u32) -> Option<Vec<String>> {
        let open = fs::read_dir(Path::new("/proc").join(process.to_string()).join("fd")).ok()?;
        let targets = open.flatten().filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
        let number =
            |target: std::path::PathBuf| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
        Some(targets.filter_map(number).collect())
    }
}
