//! Parses the command line, runs it, and ends with the exit code. A panic is code 1: scripts must only see documented
//! codes.

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
