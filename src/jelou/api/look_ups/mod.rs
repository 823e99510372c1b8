//! The state of messages after Jelou accepted them: its history, the templates that were sent, and single templates.
//! It sends only GETs, and reads every answer as if it were hostile and incomplete.

mod client;
mod entries;
mod error;
mod facts;
mod tracked;

pub(crate) use self::client::{
    CLOCK_TOLERANCE, LookUpList, LookUpSpan, LookUps, MOST_PAGES, Since, look_up_pace,
};
pub(crate) use self::entries::{
    HistoryMessage, MessageAuthor, Notification, entry_key, is_another_person, is_person,
};
pub(crate) use self::error::LookUpError;
pub(crate) use self::facts::{DeliveryState, DeliveryStatus};
pub(crate) use self::tracked::{MessageClass, TrackedMessage};
