//! Rights and tools that some tests need and some machines lack.

use std::process::Command;

#[path = "../support/needs.rs"]
mod support;

pub(crate) use self::support::{LEFT_OUT, can_test};

/// Returns whether to run a test that mounts something in its own namespace.
#[cfg(target_os = "linux")]
pub(crate) fn can_mount() -> bool {
    let mount = [
        "--map-root-user",
        "--mount",
        "mount",
        "-t",
        "tmpfs",
        "none",
        "/tmp",
    ];
    can_test(
        "unshare, and the right to mount in a namespace of its own",
        || works("unshare", &mount),
    )
}

/// Returns the words that run a command as root: none for root, or sudo without a password.
#[cfg(unix)]
pub(crate) fn by_root<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let sudo: &[&str] = if rustix::process::getuid().is_root() {
        &[]
    } else {
        &["sudo", "-n"]
    };
    [sudo, words].concat()
}

/// Returns whether a tool exists and supports `arguments`.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}
