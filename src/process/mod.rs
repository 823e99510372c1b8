//! Processes and their signals: running a command for the user, keeping its last lines of output, handling the signals
//! that end us, and the runtime for all of it. It knows nothing about messages.

mod ancestors;
mod child;
mod host;
mod runtime;
mod signals;
mod tail;

pub(crate) use self::ancestors::{enclose_commands, enclosing_sandbox};
pub(crate) use self::child::{CommandEnd, run_command, without_arguments};
pub(crate) use self::host::{host_name, user_and_host};
pub(crate) use self::runtime::{block_on, outlive_file_size_limit};
pub(crate) use self::signals::{Signal, Signals, signal_name};
pub(crate) use self::tail::Tail;
