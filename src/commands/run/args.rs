//! The arguments of `run`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use crate::commands::single_send::SingleSendArgs;
use crate::config::timeout;
use crate::input::JsonSource;
use crate::process::CommandEnd;

/// Run a command, then send a message about how it ended
///
/// Examples:
///   jelouctl run --to 593987654321 --on failure -- ./backup.sh
///   jelouctl run --to 593987654321 --template job_ended --param '{{ command }}' -- make
///   jelouctl run --to 593987654321 --tail 20 --text '{{ result }}: {{ tail }}' -- ./deploy.sh
///
/// A text can use the values `command` (only its name), `result` (ok, failed or killed), `code`,
/// `signal`, `duration`, `host`, `started`, and, with --tail, `tail`: the end of its stderr. A
/// parameter of a WhatsApp template is put on one line, and of parameters that have more than 900
/// characters together only the end is sent: WhatsApp takes 1,024 for the whole text.
///
/// The exit code is the command's, also when the notice fails. A text reaches only a user who wrote
/// in the last 24 hours; a template reaches anyone. If the notice cannot be sent, the command runs
/// anyway.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(super) send: SingleSendArgs,

    /// When to send
    #[arg(long, value_name = "WHEN", default_value = "always", hide_default_value = true)]
    pub(super) on: NotifyOn,

    /// Text of the message [default: how the command ended]
    ///
    /// The default names the command, its result, the host, the duration and the exit code.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["template", "body"])]
    pub(super) text: Option<String>,

    /// Name of a WhatsApp template to send instead of a text
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, conflicts_with = "body")]
    pub(super) template: Option<String>,

    /// Language code of the WhatsApp template
    #[arg(long, value_name = "CODE", allow_hyphen_values = true, requires = "template")]
    pub(super) language: Option<String>,

    /// Value of the WhatsApp template's next parameter (repeatable)
    #[arg(long = "param", value_name = "TEXT", allow_hyphen_values = true, requires = "template")]
    pub(super) parameters: Vec<String>,

    /// A whole body as JSON, whose texts can use these values
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::of_body, value_hint = ValueHint::FilePath)]
    pub(super) body: Option<JsonSource>,

    /// Keep the last lines of the command's stderr for `tail`
    ///
    /// Its stderr is then a pipe that ends with the command: a server that it leaves running must write elsewhere.
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) tail: Option<u16>,

    /// How long the notice may take [default: 30s]
    ///
    /// All attempts and the waits between them together.
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "30s", hide_default_value = true)]
    pub(super) notify_timeout: Duration,

    /// When the notice fails, exit with its code, not the command's
    #[arg(long)]
    pub(super) strict_notify: bool,

    /// Command to run
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub(super) command: Vec<OsString>,
}

/// When a notice is sent, a value of `--on`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotifyOn {
    /// However it ended (default)
    Always,
    /// When it failed, was killed or could not be started
    Failure,
    /// When it ended with 0
    Success,
}

impl RunArgs {
    pub(super) fn program(&self) -> &OsStr {
        self.command.first().map(OsString::as_os_str).unwrap_or_default()
    }
}

impl NotifyOn {
    pub(super) fn wants(self, ended: CommandEnd) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => ended.code != Some(0),
            Self::Success => ended.code == Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_end_with_0_is_a_failure() {
        let ends = [(Some(0), None), (Some(1), None), (Some(127), None), (Some(137), Some(9)), (None, None)];
        let wants = |on: NotifyOn| ends.map(|(code, signal)| on.wants(CommandEnd { code, signal }));
        assert_eq!(wants(NotifyOn::Always), [true; 5]);
        assert_eq!(wants(NotifyOn::Failure), [false, true, true, true, true]);
        assert_eq!(wants(NotifyOn::Success), [true, false, false, false, false]);
    }
}
