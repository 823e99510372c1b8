//! The processes that we were started by: is one of them `jelouctl sandbox … -- COMMAND`, and where does it listen. An
//! environment can be cleared on the way to us, but not the processes.

/// A sandbox whose command we belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux says by whom a process was started"))]
pub(crate) enum EnclosingSandbox {
    /// It listens on this port of 127.0.0.1.
    Listening(u16),
    /// This process, of which we may not learn where it listens: another user's, for example.
    Hidden(u32),
}

/// The nearest sandbox among the processes that we were started by. Only Linux says; where it does not, there is none.
#[cfg(target_os = "linux")]
pub(crate) fn enclosing_sandbox() -> Option<EnclosingSandbox> {
    /// More than any chain has, should the numbers be taken by others meanwhile.
    const LONGEST: usize = 1000;
    let mut process = linux::parent(std::process::id())?;
    for _ in 0..LONGEST {
        if linux::is_sandbox(process) {
            let port = linux::listening_port(process);
            return Some(port.map_or(EnclosingSandbox::Hidden(process), EnclosingSandbox::Listening));
        }
        process = linux::parent(process)?;
    }
    None
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn enclosing_sandbox() -> Option<EnclosingSandbox> {
    None
}

/// Whether these words, each with a NUL behind it, are `jelouctl [FLAGS] sandbox [FLAGS] -- COMMAND`.
#[cfg(any(target_os = "linux", test))]
fn runs_a_command_in_a_sandbox(words: &[u8]) -> bool {
    let mut words = words.split(|byte| *byte == 0).skip(1);
    let mut own = words.by_ref().take_while(|word| *word != b"--");
    // `run` has a command behind `--`, too, and any word among its flags.
    let is_sandbox = own.by_ref().find(|word| [&b"sandbox"[..], b"run"].contains(word)) == Some(b"sandbox");
    own.for_each(drop);
    // Behind the last NUL stands an empty word.
    is_sandbox && words.next().is_some_and(|word| !word.is_empty())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;

    use super::runs_a_command_in_a_sandbox;

    const NAME: &str = "jelouctl";

    /// The process that started this one, or took it over; none for the first of all.
    pub(super) fn parent(process: u32) -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name before it may have blanks and brackets.
        let (_, behind) = stat.rsplit_once(')')?;
        behind.split_whitespace().nth(1)?.parse().ok().filter(|parent| *parent != 0)
    }

    pub(super) fn is_sandbox(process: u32) -> bool {
        let words = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let program = words.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        runs_a_command_in_a_sandbox(&words) && (name == NAME.as_bytes() || has_our_file(process))
    }

    /// Whether it runs the same file as we do, whatever it is called.
    fn has_our_file(process: u32) -> bool {
        let theirs = fs::read_link(format!("/proc/{process}/exe"));
        theirs.is_ok_and(|theirs| fs::read_link("/proc/self/exe").is_ok_and(|ours| ours == theirs))
    }

    /// The port of 127.0.0.1 on which a process of ours listens.
    pub(super) fn listening_port(process: u32) -> Option<u16> {
        let sockets = sockets(process)?;
        let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).ok()?;
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_whitespace();
            let (host, port) = fields.nth(1)?.split_once(':')?;
            let state = fields.nth(1)?;
            let inode = fields.nth(5)?;
            let is_its_own = sockets.iter().any(|socket| socket == inode);
            let listens_here = state == "0A" && u32::from_str_radix(host, 16).ok()?.to_ne_bytes() == [127, 0, 0, 1];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sandbox_with_a_command_encloses() {
        for (line, expected) in [
            ("jelouctl sandbox -- ./notify.sh", true),
            ("/opt/jelouctl --bot 7 sandbox --expect 1 -- sh -c true", true),
            ("jelouctl sandbox", false),
            ("jelouctl sandbox --open --", false),
            ("jelouctl run --text sandbox -- make", false),
            ("jelouctl run -- jelouctl sandbox -- make", false),
            ("jelouctl send text -- sandbox", false),
        ] {
            let words: String = line.split(' ').flat_map(|word| [word, "\0"]).collect();
            assert_eq!(runs_a_command_in_a_sandbox(words.as_bytes()), expected, "{line}");
        }
    }
}
