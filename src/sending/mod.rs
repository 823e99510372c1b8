//! Who sends and how it leaves: from flags, environment, configuration and standard input to bot, credentials, guard,
//! preview and connection. Every command that sends, or reads from the API, goes this way.

pub mod address;
mod connection;
mod flight;
mod guard;
mod listing;
mod preview;
mod secret;
mod sender;
pub mod template_names;

pub use self::connection::{ConnectError, Connection, Opening, new_client};
pub use self::flight::{Flight, Panicked, catch_panic};
pub use self::guard::GuardError;
pub use self::listing::{ReadError, nearest_template, read_templates};
pub use self::secret::ask_secret;
pub use self::sender::{Sender, Unresolved};
