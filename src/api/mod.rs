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

pub use self::answer::Answer;
pub use self::codes::{CODES, Code, Effect, PAIR_RATE_LIMIT, may_miss_a_template};
pub use self::credentials::Credentials;
pub use self::curl::curl_command;
pub use self::delivery::{Delivery, Event, backoff, deliver};
pub use self::outcome::{Cause, Outcome, Problem, UNKNOWN_HINT, Verdict, judge};
pub use self::request::{Request, SuccessCriterion, TemplateFilter};
pub use self::transport::{Attempt, Client, ClientError, ClientOptions, Failure, Roots, Stage};
