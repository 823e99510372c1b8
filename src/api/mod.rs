//! The Jelou API: a request as plain data, its way over the network, and what the answer means for the message.
//! The only place that knows reqwest; it prints nothing.

mod answer;
mod codes;
mod credentials;
mod curl;
mod delivery;
mod outcome;
mod request;
mod transport;

pub use self::answer::{Answer, Body};
pub use self::codes::{CODES, Code, Effect, may_miss_a_template};
pub use self::credentials::Credentials;
pub use self::curl::curl_command;
pub use self::delivery::{Delivery, Event, deliver};
pub use self::outcome::{Cause, Fault, Outcome, Signal, UNKNOWN_HINT};
pub use self::request::{Request, TemplateFilter};
pub use self::transport::{Client, ClientError, ClientOptions, Failure, Roots, Stage};
