//! Decides the recipient of a message if several places may name one.

use super::invalid::InvalidMessage;
use super::recipient::{Recipient, TypedRecipient};
use crate::phone::Country;

/// Where a recipient may come from besides the body, by precedence: flag, body, environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecipientSources {
    /// `--to`
    pub(crate) flag: Option<String>,
    /// `JELOU_TO`; an invalid one matters only if it is used.
    pub(crate) environment: Option<String>,
    /// The country of national numbers in flag and environment.
    pub(crate) country: Option<Country>,
}

/// A recipient, or where to look for one.
#[derive(Clone, Debug)]
pub(crate) enum RecipientChoice<'a> {
    /// This recipient, even if the body names another.
    Made(TypedRecipient),
    /// The first of these that is set.
    Among(&'a RecipientSources),
}

impl RecipientChoice<'_> {
    /// Whether the message goes to the recipient that the body names.
    pub(crate) fn is_left_to_body(&self) -> bool {
        matches!(self, Self::Among(RecipientSources { flag: None, .. }))
    }

    /// The recipient, given the one that the body names.
    ///
    /// # Errors
    /// If there is none, or the first one is invalid; an invalid one after it does not matter.
    pub(crate) fn make(self, in_body: Option<&Recipient>) -> Result<TypedRecipient, InvalidMessage> {
        let sources = match self {
            Self::Made(recipient) => return Ok(recipient),
            Self::Among(sources) => sources,
        };
        let (origin, raw) = match (&sources.flag, in_body, &sources.environment) {
            (Some(raw), _, _) => ("--to", raw),
            (None, Some(recipient), _) => return Ok(recipient.clone().into()),
            (None, None, Some(raw)) => ("JELOU_TO", raw),
            (None, None, None) => return Err(InvalidMessage::NoRecipient),
        };
        let typed = TypedRecipient::read(raw, sources.country);
        let typed = typed.map_err(|error| InvalidMessage::Recipient { origin, error })?;
        Ok(if sources.country.is_none() { typed.alone() } else { typed })
    }
}
