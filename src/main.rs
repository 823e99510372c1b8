//! Runs the command line and exits with its code. A panic exits with 1, because scripts must only see documented codes.

use std::panic;
use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    panic::catch_unwind(|| jelouctl::run(&arguments))
        .unwrap_or(jelouctl::ExitCode::Unexpected)
        .into()
}
