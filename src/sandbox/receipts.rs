//! The delivery status of an accepted message: WhatsApp has it at once and delivers it later, or fails to; the person
//! reads it and replies. Nothing runs in the background: the state is computed from stored times.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::api::DeliveryState;
use crate::timestamps::rfc_3339_millis;

/// The effect of a fault on a stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    /// The code that WhatsApp gives when it fails to deliver the message.
    pub(crate) undelivered: Option<u32>,
    /// Whether it is beyond the limit of people: it fails without a code.
    pub(crate) is_held_back: bool,
    /// How long look-ups do not find the message; None if they never do.
    pub(crate) listed_after: Option<Duration>,
}

impl Default for Fate {
    fn default() -> Self {
        Self { undelivered: None, is_held_back: false, listed_after: Some(Duration::ZERO) }
    }
}

impl Fate {
    fn fails(self) -> bool {
        self.undelivered.is_some() || self.is_held_back
    }
}

/// The times of a message. If a person opens the chat, or writes, before the message is delivered, it counts as read, or
/// replied to, once it is.
#[derive(Debug)]
pub(super) struct Receipts {
    accepted_at: SystemTime,
    /// When it is delivered, or fails.
    arrives_at: SystemTime,
    fate: Fate,
    opened_at: OnceLock<SystemTime>,
    written_at: OnceLock<SystemTime>,
}

impl Receipts {
    pub(crate) fn new(accepted_at: SystemTime, deliver_after: Duration, fate: Fate) -> Self {
        let (opened_at, written_at) = (OnceLock::new(), OnceLock::new());
        Self { accepted_at, arrives_at: accepted_at + deliver_after, fate, opened_at, written_at }
    }

    /// The person opens the chat; returns whether that is the first time.
    pub(crate) fn open(&self, now: SystemTime) -> bool {
        self.opened_at.set(now).is_ok()
    }

    /// The person writes, having read the chat; returns whether that is the first time.
    pub(crate) fn reply(&self, now: SystemTime) -> bool {
        self.open(now);
        self.written_at.set(now).is_ok()
    }

    /// Whether the person has not opened the chat since.
    pub(crate) fn is_unread(&self) -> bool {
        self.opened_at.get().is_none()
    }

    /// When it is delivered, or fails.
    pub(crate) fn arrives_at(&self) -> SystemTime {
        self.arrives_at
    }

    /// Whether look-ups find it.
    pub(crate) fn is_listed(&self, now: SystemTime) -> bool {
        self.fate.listed_after.is_some_and(|after| now >= self.accepted_at + after)
    }

    /// When it was delivered, if it was.
    pub(crate) fn delivered_at(&self, now: SystemTime) -> Option<SystemTime> {
        (!self.fate.fails() && now >= self.arrives_at).then_some(self.arrives_at)
    }

    /// When it was read, if it was.
    pub(crate) fn read_at(&self, now: SystemTime) -> Option<SystemTime> {
        Some(self.delivered_at(now)?.max(*self.opened_at.get()?))
    }

    /// Its state, and when that began.
    pub(crate) fn state(&self, now: SystemTime) -> (DeliveryState, SystemTime) {
        if now < self.arrives_at {
            return (DeliveryState::AtWhatsapp, self.accepted_at);
        }
        if self.fate.fails() {
            return (DeliveryState::Undelivered, self.arrives_at);
        }
        match (self.written_at.get(), self.read_at(now)) {
            (Some(at), _) => (DeliveryState::Replied, self.arrives_at.max(*at)),
            (None, Some(at)) => (DeliveryState::Read, at),
            (None, None) => (DeliveryState::Delivered, self.arrives_at),
        }
    }

    /// The JSON that is read back with a message.
    pub(crate) fn to_json(&self, now: SystemTime) -> Value {
        let (state, at) = self.state(now);
        let at = rfc_3339_millis(at);
        if state != DeliveryState::Undelivered {
            return json!({ "state": state, "at": at });
        }
        let code = self.fate.undelivered;
        json!({ "state": state, "at": at, "code": code, "reason": code.map(reason) })
    }

    /// Why it failed, if it did: WhatsApp's code and what Meta calls it. Jelou does not say what its `error` holds.
    pub(crate) fn error(&self, now: SystemTime) -> Option<String> {
        let code = self.fate.undelivered.filter(|_| now >= self.arrives_at)?;
        Some(format!("(#{code}) {}", reason(code)))
    }
}

/// Meta's words for a failure.
fn reason(code: u32) -> &'static str {
    match code {
        130_472 => "User's number is part of an experiment",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_049 => "Meta chose not to deliver",
        131_050 => "User has stopped marketing messages",
        131_053 => "Media upload error",
        _ => "Message failed to send",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_only_moves_forward_and_is_read_once_it_is_delivered() {
        let begin = SystemTime::UNIX_EPOCH;
        let at = |seconds| begin + Duration::from_secs(seconds);
        let undelivered = Fate { undelivered: Some(131_049), ..Fate::default() };
        let held_back = Fate { is_held_back: true, ..Fate::default() };
        for (fate, opened, written, now, state, since) in [
            (Fate::default(), None, None, 0, DeliveryState::AtWhatsapp, 0),
            (Fate::default(), Some(1), Some(1), 4, DeliveryState::AtWhatsapp, 0),
            (Fate::default(), None, None, 5, DeliveryState::Delivered, 5),
            (Fate::default(), Some(1), None, 5, DeliveryState::Read, 5),
            (Fate::default(), Some(8), None, 9, DeliveryState::Read, 8),
            (Fate::default(), None, Some(1), 9, DeliveryState::Replied, 5),
            (Fate::default(), Some(8), Some(9), 9, DeliveryState::Replied, 9),
            (undelivered, Some(1), Some(2), 4, DeliveryState::AtWhatsapp, 0),
            (undelivered, Some(8), Some(9), 9, DeliveryState::Undelivered, 5),
            (held_back, Some(8), Some(9), 9, DeliveryState::Undelivered, 5),
        ] {
            let receipts = Receipts::new(begin, Duration::from_secs(5), fate);
            let changed = [opened.map(|time| receipts.open(at(time))), written.map(|time| receipts.reply(at(time)))];
            assert!(!changed.contains(&Some(false)));
            assert_eq!(receipts.state(at(now)), (state, at(since)), "{opened:?} {written:?} {now}");
        }
    }

    #[test]
    fn look_ups_find_it_at_once_later_or_never() {
        let begin = SystemTime::UNIX_EPOCH;
        for (listed_after, listed) in [
            (Some(Duration::ZERO), [true, true]),
            (Some(Duration::from_secs(10)), [false, true]),
            (None, [false, false]),
        ] {
            let receipts = Receipts::new(begin, Duration::ZERO, Fate { listed_after, ..Fate::default() });
            assert_eq!([0, 10].map(|seconds| receipts.is_listed(begin + Duration::from_secs(seconds))), listed);
        }
    }
}
