//! Why a message cannot be sent: every violated limit at once, each with its path, its value, the limit and the flag.

use std::fmt;

use thiserror::Error;

use super::recipient::RecipientError;
use crate::input::UsageError;

/// One violated limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The place in the body: `parameters.flow_cta`, `contacts[0].name`.
    pub(crate) path: String,
    /// The value and the limit: `5000 characters; at most 4096 are allowed`.
    pub(crate) problem: String,
    /// The flag that sets the field, if there is one.
    pub(crate) flag: Option<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.problem)?;
        match &self.flag {
            Some(flag) if flag.starts_with("--") => write!(formatter, " (set it with {flag})"),
            Some(argument) => write!(formatter, " (set it as the argument {argument})"),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Error)]
pub(crate) enum InvalidMessage {
    #[error(transparent)]
    Input(#[from] UsageError),
    #[error("{origin}: {error}")]
    Recipient { origin: &'static str, error: RecipientError },
    #[error("no recipient")]
    NoRecipient,
    #[error("{origin}: {found} in the body; a recipient is a text")]
    RecipientNotText { origin: &'static str, found: String },
    #[error("destinations: the body has {0}; give a list with one recipient")]
    NotOneDestination(String),
    #[error("destinations: the body names another recipient there than in userId")]
    TwoRecipients,
    #[error("the body is not a JSON object, but {0}")]
    NotAnObject(&'static str),
    #[error("send raw needs a body")]
    NoBody,
    #[error("the body says type {found}, but `send {command}` sends type \"{wire}\"")]
    OtherType { found: String, command: &'static str, wire: &'static str },
    #[error("type: flow-message has an endpoint of its own, and its body no type (this one says {0})")]
    TypeRefused(String),
    #[error("botId: the body is for bot {found}, but the message would be sent by bot `{bot}`")]
    OtherBot { found: String, bot: String },
    #[error("the message has warnings, which --strict makes errors")]
    Warnings(Vec<String>),
    #[error("the message is not valid")]
    Violations { violations: Vec<Violation>, text_is_missing: bool },
}

impl InvalidMessage {
    /// Whether it may be wrong only because no country was given for a national number.
    #[must_use]
    pub(crate) fn is_without_country(&self) -> bool {
        matches!(self, Self::Recipient { error, .. } if error.is_without_country())
    }

    /// The hint.
    #[must_use]
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Input(error) => error.hint.clone(),
            Self::Recipient { error, .. } => error.hint(),
            Self::NoRecipient => "give one with --to, with `userId` in the body, or in JELOU_TO".to_owned(),
            Self::RecipientNotText { .. } => "write it in quotes, as in \"593987654321\", or leave it out".to_owned(),
            Self::NotOneDestination(_) | Self::TwoRecipients => "leave them out and name the recipient with --to".to_owned(),
            Self::NotAnObject(_) => "write {\"field\": value, …}".to_owned(),
            Self::NoBody => "name it with --body FILE, or --body - for standard input".to_owned(),
            Self::OtherType { .. } => "use the command for that type, or `send raw` for the body as it is".to_owned(),
            Self::TypeRefused(_) => "take `type` out of the body; the endpoint's own parameter is --type, and `send flow` sends type \"flow\"".to_owned(),
            Self::OtherBot { .. } => "choose that bot with --bot, or take `botId` out of the body".to_owned(),
            Self::Violations { text_is_missing: true, .. } => {
                "to read the text from standard input or a file, pass --text-file - or --text-file FILE".to_owned()
            }
            Self::Warnings(_) => "change the message, or leave --strict out".to_owned(),
            Self::Violations { .. } => return None,
        })
    }

    /// One line for each fault, if there are several.
    #[must_use]
    pub(crate) fn details(&self) -> Vec<String> {
        match self {
            Self::Violations { violations, .. } => violations.iter().map(ToString::to_string).collect(),
            Self::Warnings(warnings) => warnings.clone(),
            _ => Vec::new(),
        }
    }
}
