//! The guard over recipients, for one send and for every row of a bulk run.

use thiserror::Error;

use crate::config::Settings;
use crate::message::{Outgoing, RecipientError};
use crate::output::{counted, counted_are};
use crate::people::Exclusions;
use crate::phone::spellings;

/// Checks every recipient of a request against `allow_to`; a person is allowed in any spelling of the number.
///
/// # Errors
/// If one is not allowed, with the first of them.
pub(super) fn check_allowed<'a>(
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

/// Checks every recipient of one message against `exclusions` and `allow_to`. If one of them or a key of `--once` is in
/// force, the body must name people clearly.
///
/// # Errors
/// If one must not be written to, is not allowed or not clear, with the first of them.
pub(super) fn check_message(
    settings: &Settings,
    exclusions: &Exclusions,
    has_key: bool,
    outgoing: &Outgoing,
) -> Result<(), GuardError> {
    if let Some((recipient, list)) = exclusions.find(outgoing.recipients()) {
        return Err(GuardError::Excluded { recipient: recipient.to_owned(), list: list.to_owned() });
    }
    check_allowed(settings, outgoing.recipients())?;
    let is_guarded = has_key || settings.allow_to.is_some() || !exclusions.is_empty();
    match outgoing.unclear_recipient() {
        Some(error) if is_guarded => Err(GuardError::Unclear(error.clone())),
        Some(_) | None => Ok(()),
    }
}

/// A guard that stopped a send.
#[derive(Debug, Error)]
pub(crate) enum GuardError {
    #[error("{recipient} is not among the recipients that {origin} allows: {}", patterns(allowed))]
    Recipient { recipient: String, allowed: Vec<String>, origin: String },
    #[error(transparent)]
    Unclear(RecipientError),
    #[error("{recipient} must not be written to: they are on {list}")]
    Excluded { recipient: String, list: String },
    #[error("{count} of the rows go to recipients that are not allowed; the first: {first}")]
    Rows { count: u64, first: Box<GuardError> },
    #[error("sending {} was not confirmed", counted(*rows, "message"))]
    Unconfirmed { rows: u64, is_answer: bool },
    /// The content of a run that was left for days may be outdated.
    #[error("run {run} last changed {age} ago, and {} still to be sent", counted_are(*rows, "message"))]
    OldRun { run: String, age: String, rows: u64 },
    /// An earlier run has sent some of the messages, or will send them.
    #[error("{message}")]
    SentBefore { message: String, hint: String },
    /// The clock decides which earlier runs count, and dates the rows of this one.
    #[error("the clock of {whose} shows {problem}")]
    Clock { whose: &'static str, problem: String },
}

impl GuardError {
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Recipient { .. } | Self::Rows { .. } => {
                "check the recipient; allow_to in the configuration lists who may get messages".to_owned()
            }
            Self::Unclear(error) => error.hint(),
            Self::Excluded { list, .. } => {
                format!("take them off {list} if they may be written to after all")
            }
            Self::Unconfirmed { is_answer: true, .. } => return None,
            Self::Unconfirmed { is_answer: false, .. } => {
                "there is no terminal to ask on: add --yes to continue".to_owned()
            }
            Self::OldRun { run, .. } => {
                format!("add --yes to send what is left; or leave it out for good: jelouctl bulk cancel {run}")
            }
            Self::Clock { .. } => {
                "set the clock: what was sent is remembered by its time, and people would get it again".to_owned()
            }
            Self::SentBefore { hint, .. } => hint.clone(),
        })
    }
}

fn patterns(allowed: &[String]) -> String {
    if allowed.is_empty() { "no one (allow_to is empty)".to_owned() } else { allowed.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags};

    /// The first of `recipients` that the profile does not allow.
    fn refused(profile: &str, recipients: &[&str]) -> Option<String> {
        let directory = tempfile::TempDir::new().unwrap();
        let config = directory.path().join("config.toml");
        std::fs::write(&config, format!("[profiles.p]\nbot_id = \"1\"\n{profile}\n")).unwrap();
        let flags = Flags { config: Some(config), profile: Some("p".to_owned()), ..Flags::default() };
        let settings = Settings::load(&flags, &Environment::default()).unwrap();
        match check_allowed(&settings, recipients.iter().copied()) {
            Ok(()) => None,
            Err(GuardError::Recipient { recipient, .. }) => Some(recipient),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn every_recipient_must_be_allowed_in_one_of_its_spellings() {
        let (ana, luis) = ("593987654321", "593987654322");
        for (profile, recipients, expected) in [
            ("", &[ana, luis][..], None),
            ("allow_to = [\"593*\"]", &[ana, luis], None),
            ("allow_to = [\"593987654321\"]", &[ana, luis], Some(luis)),
            ("allow_to = [\"593987654322\", \"51*\"]", &[ana, luis], Some(ana)),
            ("allow_to = []", &[ana], Some(ana)),
            // Mexico's and Brazil's numbers are written in two ways.
            ("allow_to = [\"5215512345678\"]", &["525512345678"], None),
            ("allow_to = [\"5511987654321\"]", &["551187654321"], None),
            ("allow_to = [\"593*\"]", &["id:593"], Some("id:593")),
        ] {
            assert_eq!(refused(profile, recipients).as_deref(), expected, "{profile} {recipients:?}");
        }
    }

    #[test]
    fn a_guard_says_whom_it_keeps_and_how_to_go_on() {
        let recipient = |allowed: &[&str]| GuardError::Recipient {
            recipient: "593987654321".to_owned(),
            allowed: allowed.iter().map(ToString::to_string).collect(),
            origin: "profile p".to_owned(),
        };
        for (error, message, hint) in [
            (
                recipient(&["51*", "52*"]),
                "593987654321 is not among the recipients that profile p allows: 51*, 52*",
                Some("check the recipient; "),
            ),
            (
                recipient(&[]),
                "593987654321 is not among the recipients that profile p allows: no one (allow_to is empty)",
                Some("check the recipient; "),
            ),
            (
                GuardError::Unconfirmed { rows: 1, is_answer: false },
                "sending 1 message was not confirmed",
                Some("there is no terminal to ask on: add --yes"),
            ),
            // A person who said no does not need a way to say yes.
            (GuardError::Unconfirmed { rows: 2, is_answer: true }, "sending 2 messages was not confirmed", None),
        ] {
            assert_eq!(error.to_string(), message);
            let told = error.hint();
            assert_eq!(told.is_some(), hint.is_some(), "{message}");
            assert!(told.unwrap_or_default().starts_with(hint.unwrap_or_default()), "{message}");
        }
    }
}
