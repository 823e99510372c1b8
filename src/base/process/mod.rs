//! Processes and their signals: running a command for the user, keeping its last lines of output, and handling the
//! signals that end us. Also has the runtime for all of it. This module does not know messages.

mod blocking;
mod child;
mod listener;
mod machine;
mod open_files;
mod signal;
mod signal_source;
mod signals;
mod temporary_file;

pub(crate) use self::blocking::{ensure_thread, more_threads, run_blocking, threads_hint};
pub(crate) use self::child::{CommandEnd, Tail, find_program, run_command, without_arguments};
pub(crate) use self::listener::{becomes_overdue, overdue_signal};
pub(crate) use self::machine::{enclose_commands, enclosing_sandbox, host_name, user_name};
pub(crate) use self::open_files::{ensure_open_files, open_files_hint};
pub(crate) use self::signal::{Signal, signal_name};
pub(crate) use self::signals::{Signals, block_on, outlive_file_size_limit};
pub(crate) use self::temporary_file::TemporaryFile;
