//! Processes and their signals: a command that is run for the user, the end of what it wrote, the signals that end us,
//! and the runtime in which all of this waits. It knows nothing of messages.

mod child;
mod error;
mod runtime;
mod signals;
mod tail;

pub use self::child::{CommandEnd, run_command};
pub use self::error::SystemError;
pub use self::runtime::block_on;
pub use self::signals::{Signal, Signals, signal_name};
pub use self::tail::Tail;
