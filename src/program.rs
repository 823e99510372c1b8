//! How a program is found by the name that the user gave it, and what a shell would run that the system does not.

#[cfg(windows)]
use std::ffi::{OsStr, OsString};
#[cfg(unix)]
use std::{ffi::OsStr, fs::File, io::Read, path::Path, path::PathBuf};

/// The program as the command line finds it there: `npm` is `npm.cmd`, by the endings of `PATHEXT`.
#[cfg(windows)]
pub(crate) fn find_program(name: &OsStr) -> OsString {
    which::which(name).map_or_else(|_| name.to_owned(), OsString::from)
}

/// The system itself looks in `PATH`.
#[cfg(unix)]
pub(crate) fn find_program(name: &OsStr) -> &OsStr {
    name
}

/// Where programs are where `PATH` is not set, as for `execvp`.
#[cfg(unix)]
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The script that `name` is, where the system does not know what to run it with, since it has no `#!` line: `execvp`, and so
/// `env`, `nice` and every shell, runs it with `/bin/sh`. Nothing for a program of another machine, which they would take for
/// a script too.
#[cfg(unix)]
pub(crate) fn script_without_interpreter(name: &OsStr) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;

    let path = if name.as_bytes().contains(&b'/') {
        PathBuf::from(name)
    } else {
        let directories = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
        std::env::split_paths(&directories).map(|directory| directory.join(name)).find(|path| is_executable(path))?
    };
    let mut beginning = Vec::new();
    File::open(&path).ok()?.take(256).read_to_end(&mut beginning).ok()?;
    // As bash tells them apart.
    let mut first_line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default().iter();
    let is_binary = beginning.starts_with(b"\x7fELF") || first_line.any(|byte| *byte == 0);
    (!is_binary).then_some(path)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}
