//! Finds and starts a program by the name that the user gave, including scripts that a shell would run but the system
//! would not.

#[cfg(windows)]
use std::ffi::OsString;
use std::{ffi::OsStr, io};
#[cfg(unix)]
use std::{fs::File, io::Read, path::Path, path::PathBuf};

use tokio::process::Command;

/// Starts the program `name` by passing its command to `start`; the shell runs a script without a `#!` line.
pub(crate) fn start_program<T>(name: &OsStr, start: impl Fn(Command) -> io::Result<T>) -> io::Result<T> {
    start(Command::new(find_program(name))).or_else(|error| match shell_for(name, &error) {
        Some(shell) => start(shell).map_err(|_| error),
        None => Err(error),
    })
}

/// The shell with the script `name`, if the script could not be started because it has no `#!` line.
#[cfg(unix)]
fn shell_for(name: &OsStr, error: &io::Error) -> Option<Command> {
    let is_unknown_format = error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error());
    let script = is_unknown_format.then(|| script_without_interpreter(name))??;
    let mut shell = Command::new("/bin/sh");
    shell.arg(script);
    Some(shell)
}

/// Windows chooses the interpreter by the file's extension.
#[cfg(windows)]
fn shell_for(_name: &OsStr, _error: &io::Error) -> Option<Command> {
    None
}

/// The program as the Windows command line finds it: `npm` is `npm.cmd`, by the extensions in `PATHEXT`.
#[cfg(windows)]
fn find_program(name: &OsStr) -> OsString {
    which::which(name).map_or_else(|_| name.to_owned(), OsString::from)
}

/// The system itself searches `PATH`.
#[cfg(unix)]
fn find_program(name: &OsStr) -> &OsStr {
    name
}

/// Where to look for programs if `PATH` is not set, as `execvp` does.
#[cfg(unix)]
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The script `name`, if the system cannot run it because it has no `#!` line: `execvp`, and so `env`, `nice` and every
/// shell, runs it with `/bin/sh`. None for a program for another machine, which they would also take for a script.
#[cfg(unix)]
fn script_without_interpreter(name: &OsStr) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;

    let path = if name.as_bytes().contains(&b'/') {
        PathBuf::from(name)
    } else {
        let directories = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
        std::env::split_paths(&directories).map(|directory| directory.join(name)).find(|path| is_executable(path))?
    };
    let mut beginning = Vec::new();
    File::open(&path).ok()?.take(256).read_to_end(&mut beginning).ok()?;
    // The same check as in bash.
    let mut first_line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default().iter();
    let is_binary = beginning.starts_with(b"\x7fELF") || first_line.any(|byte| *byte == 0);
    (!is_binary).then_some(path)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}
