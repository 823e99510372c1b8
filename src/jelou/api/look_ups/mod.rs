//! Looks up the delivery status of accepted messages: in Jelou's history, in the list of sent templates, and as single
//! templates. It sends only GETs, and treats every answer as hostile and incomplete.

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
pub(crate) use self::facts::{DeliveryFacts, DeliveryState};
pub(crate) use self::tracked::{MessageClass, TrackedMessage};
