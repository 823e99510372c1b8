//! The client of the Jelou API: requests as plain data, sending them, and judging whether the answer means that the
//! message was sent. No other module uses reqwest, and this one prints nothing.

mod answer;
mod classify;
mod codes;
mod credentials;
mod deadline;
mod delivery;
mod failure;
mod look_ups;
mod outcome;
mod pager;
mod proxy;
mod refusal;
mod request;
mod transport;
mod typed_path;

pub(crate) use self::answer::{Answer, Body, counted, excerpt};
pub(crate) use self::classify::judge;
pub(crate) use self::codes::{Code, CodeOutcome, PAIR_RATE_LIMIT, codes, look_up as look_up_code};
pub(crate) use self::credentials::Credentials;
pub(crate) use self::deadline::Deadline;
pub(crate) use self::delivery::{Delivery, Event, backoff, deliver};
pub(crate) use self::failure::Failure;
pub(crate) use self::look_ups::{
    CLOCK_TOLERANCE, DeliveryFacts, DeliveryState, HistoryMessage, LookUpError, LookUpList,
    LookUpSpan, LookUps, MOST_PAGES, MessageAuthor, MessageClass, Notification, Since,
    TrackedMessage, entry_key, is_another_person, is_person, look_up_pace,
};
pub(crate) use self::outcome::{Cause, Outcome, Problem, Verdict};
pub(crate) use self::pager::{ListingCoverage, Pager};
pub(crate) use self::proxy::Proxy;
pub(crate) use self::request::{
    LOOK_UP_LIMIT, ListingQuery, Request, SuccessCriterion, TEMPLATES_LIMIT, TemplateFilter,
    UrlsBelow, curl_command, other_recipient_in_path, unknown_hint,
};
pub(crate) use self::transport::{Client, ClientOptions, Roots};
pub(crate) use self::typed_path::TypedPath;
