//! Why a message is not sent under its key, and what to do about it.

use thiserror::Error;

use super::entry::OnceScope;

/// Why a message is not sent under its key.
#[derive(Debug, Error)]
pub(crate) enum OnceError {
    #[error("{recipient} may have got a message under the key {}, at {at}", scope.key)]
    MayHaveBeenSent { recipient: String, scope: OnceScope, at: String, run: Option<String> },
    #[error("another process is sending {recipient} a message under the key {}", scope.key)]
    UnderWay { recipient: String, scope: OnceScope },
    #[error("run {run} will send {recipient} a message under the key {}", scope.key)]
    ToBeSent { recipient: String, scope: OnceScope, run: String },
    #[error("run {run} is unfinished, and has a row to {recipient} under the key {}", scope.key)]
    OfUnfinishedRun { recipient: String, scope: OnceScope, run: String },
}

impl OnceError {
    /// The remedy; `typed_form` writes a recipient as `--to` accepts it.
    pub(crate) fn hint(&self, typed_form: impl Fn(&str) -> String) -> String {
        match self {
            Self::MayHaveBeenSent { recipient, run: Some(run), .. } => {
                let to = typed_form(recipient);
                format!(
                    "look into the chat, then decide with jelouctl bulk resolve {run} --to {to} --unknown-as sent (or failed); \
                     or ask Jelou with jelouctl bulk resolve {run} --ask"
                )
            }
            Self::MayHaveBeenSent { recipient, scope, .. } => {
                let (key, to) = (scope.key.quoted(), typed_form(recipient));
                format!(
                    "look into the chat, then decide with jelouctl once resolve {key} --to {to} --as sent (or failed)"
                )
            }
            Self::UnderWay { .. } => "ask again in a moment: then it is known how that ended".to_owned(),
            Self::ToBeSent { run, .. } | Self::OfUnfinishedRun { run, .. } => {
                format!("let it be sent with jelouctl bulk resume {run}, or give it up with jelouctl bulk cancel {run}")
            }
        }
    }
}
