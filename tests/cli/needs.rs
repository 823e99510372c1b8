//! Rights and tools that a test needs and not every machine has.

use std::process::Command;

#[path = "../support/needs.rs"]
mod support;

pub(crate) use self::support::{LEFT_OUT, can_test};

/// Whether to make a test that mounts something where nothing else sees it.
#[cfg(target_os = "linux")]
pub(crate) fn can_mount() -> bool {
    let mount = ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"];
    can_test("unshare, and the right to mount in a namespace of its own", || works("unshare", &mount))
}

/// The words of a command for root: for whoever makes the tests, or by sudo, which must not ask for a password.
#[cfg(unix)]
pub(crate) fn by_root<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let sudo: &[&str] = if rustix::process::getuid().is_root() { &[] } else { &["sudo", "-n"] };
    [sudo, words].concat()
}

/// Whether a tool is there and does what `arguments` ask of it.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}
