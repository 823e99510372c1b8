//! The guard over recipients, for one send and for every row of a bulk run.

use super::GuardError;
use crate::config::Settings;

/// `allow_to`, over every recipient of a request.
///
/// # Errors
/// With the first one that it does not allow.
pub fn check_allowed<'a>(settings: &Settings, mut recipients: impl Iterator<Item = &'a str>) -> Result<(), GuardError> {
    let Some(allow_to) = &settings.allow_to else { return Ok(()) };
    match recipients.find(|recipient| !allow_to.value.allows(recipient)) {
        None => Ok(()),
        Some(recipient) => Err(GuardError::Recipient {
            recipient: recipient.to_owned(),
            allowed: allow_to.value.0.clone(),
            origin: allow_to.origin.to_string(),
        }),
    }
}
