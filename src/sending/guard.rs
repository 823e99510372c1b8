//! The guard over recipients, for one send and for every row of a bulk run.

use thiserror::Error;

use crate::config::Settings;
use crate::output::counted;
use crate::phone::spellings;

/// `allow_to`, over every recipient of a request; a person is allowed in whichever way the number is written.
///
/// # Errors
/// With the first one that it does not allow.
pub(crate) fn check_allowed<'a>(
    settings: &Settings,
    mut recipients: impl Iterator<Item = &'a str>,
) -> Result<(), GuardError> {
    let Some(allow_to) = &settings.allow_to else { return Ok(()) };
    let is_allowed = |recipient: &str| spellings(recipient).any(|spelling| allow_to.value.allows(&spelling));
    match recipients.find(|recipient| !is_allowed(recipient)) {
        None => Ok(()),
        Some(recipient) => Err(GuardError::Recipient {
            recipient: recipient.to_owned(),
            allowed: allow_to.value.0.clone(),
            origin: allow_to.origin.to_string(),
        }),
    }
}

/// A guard that stopped a send.
#[derive(Debug, Error)]
pub(crate) enum GuardError {
    #[error("{recipient} is not among the recipients that {origin} allows: {}", patterns(allowed))]
    Recipient { recipient: String, allowed: Vec<String>, origin: String },
    #[error("{count} of the rows go to recipients that are not allowed; the first: {first}")]
    Rows { count: u64, first: Box<GuardError> },
    #[error("sending {} was not confirmed", counted(*rows, "message"))]
    Unconfirmed { rows: u64 },
    #[error("run {run} sends the same messages")]
    SameCampaign { run: String, is_finished: bool },
    #[error("run {run} of the same bot cannot be read, and may send the same messages: {problem}")]
    UnreadableCampaign { run: String, problem: String },
}

impl GuardError {
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Recipient { .. } | Self::Rows { .. } => {
                "check the recipient; who may be written to is allow_to in the configuration".to_owned()
            }
            Self::Unconfirmed { .. } => "add --yes to send them, or set confirm_bulk = false in the profile".to_owned(),
            Self::UnreadableCampaign { run, .. } => format!(
                "mend it; or forget it: jelouctl bulk remove {run}; or send all the same: --ignore-run {run}; nothing \
                 was sent"
            ),
            Self::SameCampaign { run, is_finished: true } => {
                format!("run {run} ended less than 12 hours ago; add --again if they are meant to go out once more")
            }
            Self::SameCampaign { run, is_finished: false } => {
                format!(
                    "go on with it: jelouctl bulk resume {run}; or add --again if they are meant to go out once more"
                )
            }
        }
    }
}

fn patterns(allowed: &[String]) -> String {
    if allowed.is_empty() { "nobody (allow_to is empty)".to_owned() } else { allowed.join(", ") }
}
