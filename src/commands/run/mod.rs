//! `run`: runs a command, then sends its result. Of the command, only its name goes into the message, unless the end of
//! its stderr is requested.

mod notification;

use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum, ValueHint};
use serde_json::{Map, Value, json};

use self::notification::{ENDS, NO_TAIL, RunNotification, facts};
use super::claim::OnceSend;
use super::result::note_error;
use super::single_send::{PreparedSend, SendReport, SingleSendArgs};
use crate::base::exit::ExitCode;
use crate::base::input::{JsonSource, UsageError};
use crate::base::output::Format;
use crate::base::private_file::PipeBound;
use crate::base::process::{CommandEnd, Tail, block_on, run_command};
use crate::command_error::CommandError;
use crate::jelou::api::{Credentials, Request};
use crate::jelou::message::{MessageKind, Outgoing};
use crate::lists::exclusions::Exclusions;
use crate::sender::config::{LedgerDatabase, timeout};
use crate::sender::context::{Context, Mode};
use crate::sender::{Connection, RequestProgress, Sender, catch_panic, reread_do_not_contact};

/// Run a command, then send a message with its result
///
/// Examples:
///   jelouctl run --to 593987654321 --on failure -- ./backup.sh
///   jelouctl run --to 593987654321 --template job_ended --param '{{ command }}' -- make
///   jelouctl run --to 593987654321 --tail 20 --text '{{ result }}: {{ tail }}' -- ./deploy.sh
///
/// Texts can use these values: `command` (only its name), `result` (ok, failed or killed), `code`,
/// `signal`, `duration`, `host`, `started`, and with --tail `tail`, the end of the command's stderr.
/// jelouctl puts each template parameter on one line. If the parameters have over 900 characters
/// together, it sends only their ends, because WhatsApp accepts 1,024 for the whole text.
///
/// The exit code is the command's, even if the notification fails. A text reaches only recipients that
/// wrote in the last 24 hours; a template reaches anyone. If jelouctl cannot send the notification, it
/// runs the command anyway.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    send: SingleSendArgs,

    /// Choose when to send
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "always",
        hide_default_value = true
    )]
    on: NotifyOn,

    /// Send this text [default: the command's result]
    ///
    /// The default has the command, its result, the host, the duration and the exit code.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["template", "body"])]
    text: Option<String>,

    /// Send this WhatsApp template instead of a text
    #[arg(
        long,
        value_name = "NAME",
        allow_hyphen_values = true,
        conflicts_with = "body"
    )]
    template: Option<String>,

    /// Language code of the WhatsApp template
    #[arg(
        long,
        value_name = "CODE",
        allow_hyphen_values = true,
        requires = "template"
    )]
    language: Option<String>,

    /// Value of the WhatsApp template's next parameter (repeatable)
    #[arg(
        long = "param",
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "template"
    )]
    parameters: Vec<String>,

    /// Send this JSON as the whole body; its texts can use the values
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::from_body_flag, value_hint = ValueHint::FilePath)]
    body: Option<JsonSource>,

    /// Keep the last lines of the command's stderr for `tail`, 1 to 1000
    ///
    /// Its stderr is then a pipe that ends with the command. If the command starts a server, redirect the server's stderr.
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u16).range(1..=1000))]
    tail: Option<u16>,

    /// How long the notification may take [default: 30s]
    ///
    /// All attempts and the waits between them together.
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "30s", hide_default_value = true)]
    notify_timeout: Duration,

    /// If the notification fails, exit with its code, not the command's
    #[arg(long)]
    strict_notify: bool,

    /// Command to run
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

/// When a notification is sent, a value of `--on`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotifyOn {
    /// After every end (default)
    Always,
    /// If the command failed, was killed or could not start
    Failure,
    /// If the command exited with 0
    Success,
}

impl RunArgs {
    fn program(&self) -> &OsStr {
        self.command
            .first()
            .map(OsString::as_os_str)
            .unwrap_or_default()
    }
}

impl NotifyOn {
    fn wants(self, ended: CommandEnd) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => ended.code != Some(0),
            Self::Success => ended.code == Some(0),
        }
    }
}

const TEXT: &str =
    "{{ command }}: {{ result }} on {{ host }} after {{ duration }}, exit code {{ code }}";
const TEXT_WITH_TAIL: &str = "{{ command }}: {{ result }} on {{ host }} after {{ duration }}, exit code {{ code }}\n{{ tail }}";

/// Runs the command and sends the notification. The command matters more than the notification: a problem with the notification is
/// reported before and after, and the command runs anyway.
///
/// # Errors
/// With `--dry-run` and `--curl`, if the notification cannot be created; after Ctrl-C at the question for the secret. The command
/// has not run then.
pub(crate) fn run(context: &mut Context, arguments: &RunArgs) -> Result<ExitCode, CommandError> {
    let mut told = SendReport::new("run");
    let prepared = Prepared::new(context, arguments, &mut told);
    if context.mode != Mode::Send {
        let Prepared {
            sender, example, ..
        } = prepared?;
        sender.show(
            context,
            &Request::new(sender.planned_base().url(), sender.bot.as_str(), &example),
        )?;
        return Ok(ExitCode::Success);
    }
    if matches!(context.stdout.format, Format::Id | Format::Record) {
        context.stderr.warning(
            "-o does nothing here: standard output is the command's; JELOUCTL_LOG=FILE keeps the record of the notification",
        );
    }
    let flight = RequestProgress::default();
    let command = CommandRun {
        context,
        arguments,
        flight: &flight,
    };
    catch_panic(&flight, || block_on(command.run(prepared, told)))
}

/// A command about to run.
struct CommandRun<'a> {
    context: &'a Context,
    arguments: &'a RunArgs,
    flight: &'a RequestProgress,
}

impl CommandRun<'_> {
    /// Runs the command, then sends the notification if wanted. Returns the command's exit code, or with `--strict-notify`
    /// that of a failed notification.
    async fn run(
        self,
        prepared: Result<Prepared, CommandError>,
        mut told: SendReport,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context, arguments, ..
        } = self;
        // Connects before the command gets the terminal and standard input.
        let ready = match prepared {
            Ok(prepared) => prepared
                .sender
                .connect(context)
                .await
                .map(|connection| (prepared, connection)),
            Err(problem) => Err(problem),
        };
        let ready = match ready {
            Err(problem) if matches!(problem.code, ExitCode::Signal(_)) => return Err(problem),
            ready => ready,
        };
        if let Err(problem) = &ready {
            let message = format!(
                "the command runs, but a notification of how it ended cannot be sent: {}",
                problem.message
            );
            context
                .stderr
                .error(&message, &problem.details, problem.hint.as_deref());
        }
        let started = SystemTime::now();
        let begun = Instant::now();
        let mut tail = arguments.tail.map(usize::from).map(Tail::new);
        let (ended, at) =
            run_command(&context.stderr, &arguments.command, &[], tail.as_mut()).await?;
        let code = ended.code.map_or(ExitCode::Unexpected, ExitCode::Command);
        if !arguments.on.wants(ended) {
            return Ok(code);
        }
        let notified = match ready {
            Ok((prepared, connection)) => {
                let facts = facts(
                    arguments.program(),
                    started,
                    ended,
                    at.saturating_duration_since(begun),
                );
                self.notify(prepared, connection, &facts, tail, &mut told)
                    .await
            }
            Err(problem) => Err(problem),
        };
        let of_notice = notified.unwrap_or_else(|error| {
            note_error(
                context,
                "the notification was not sent: ",
                error,
                &mut told.record,
            )
        });
        told.log(context, of_notice);
        let is_told_by_code = arguments.strict_notify && of_notice != ExitCode::Success;
        Ok(if is_told_by_code { of_notice } else { code })
    }

    /// Fills the notification from what is known now, and sends it as any message, within its time.
    async fn notify(
        &self,
        prepared: Prepared,
        mut connection: Connection,
        facts: &Map<String, Value>,
        tail: Option<Tail>,
        told: &mut SendReport,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            arguments,
            flight,
        } = self;
        let Prepared {
            notification,
            sender,
            exclusions,
            warnings: printed,
            ..
        } = prepared;
        // A job with `set -x` prints the secrets that it was given.
        let passwords: Vec<_> = LedgerDatabase::inherited_passwords()
            .map(|word| Credentials::new("", &word))
            .collect();
        let secrets = || passwords.iter().chain([&connection.credentials]);
        let redact =
            |text| secrets().fold(text, |text: String, secret| secret.hidden_in_lines(&text));
        let tail = tail.map(|tail| tail.text(redact));
        let tail = tail
            .as_deref()
            .map(|text| if text.is_empty() { NO_TAIL } else { text });
        let (outgoing, mut warnings) = notification.fill_to_fit(facts, tail)?;
        warnings.retain(|warning| !printed.contains(warning));
        context.stderr.warnings(&warnings);
        told.note_message(&outgoing);
        // The command may have run for hours.
        for excluded in [exclusions, reread_do_not_contact(&sender.settings)?] {
            sender.check_message(&excluded, arguments.send.once.is_some(), &outgoing)?;
        }
        let mut prepared = PreparedSend::new(context, &sender, &outgoing);
        let key = arguments.send.once.as_ref();
        let within = arguments.notify_timeout;
        prepared.once =
            OnceSend::open_for_notice(context, key, &sender, (&mut connection.signals, within))
                .await?;
        prepared.notice_within = Some(within);
        prepared
            .deliver_over(&mut connection, told, flight, arguments.send.wait())
            .await
    }
}

/// A notification that can be sent.
struct Prepared {
    notification: RunNotification,
    sender: Sender,
    exclusions: Exclusions,
    /// The notification of one outcome.
    example: Outgoing,
    /// The warnings about the notification that were printed.
    warnings: Vec<String>,
}

impl Prepared {
    /// # Errors
    /// If it cannot be sent for one of these outcomes.
    fn new(
        context: &mut Context,
        arguments: &RunArgs,
        told: &mut SendReport,
    ) -> Result<Self, CommandError> {
        let (settings, to) = arguments.send.read(context)?;
        let (kind, body) = read_body(context, arguments)?;
        told.record.kind = Some(kind.command().into());
        let notification = RunNotification { kind, body, to };
        let (example, mut warnings) = try_out(arguments, &notification)?;
        warnings.extend(notification.cautions());
        context.stderr.warnings(&warnings);
        let (sender, exclusions) = arguments.send.guarded(context, settings, &example, told)?;
        Ok(Self {
            notification,
            sender,
            exclusions,
            example,
            warnings,
        })
    }
}

/// The kind and the body from the flags, with its templates.
///
/// # Errors
/// If the body cannot be read, or does not match any kind.
fn read_body(
    context: &mut Context,
    arguments: &RunArgs,
) -> Result<(MessageKind, Value), CommandError> {
    let body = match (&arguments.template, &arguments.body) {
        (Some(name), _) => {
            let mut body = Map::from_iter([("elementName".to_owned(), json!(name))]);
            body.extend(
                arguments
                    .language
                    .iter()
                    .map(|language| ("language".to_owned(), json!(language))),
            );
            if !arguments.parameters.is_empty() {
                body.insert("parameters".to_owned(), json!(arguments.parameters));
            }
            Value::Object(body)
        }
        (None, Some(source)) => {
            // A late write must not keep the command from running.
            context.input.bound = PipeBound::FirstByte;
            context.input.json_value("--body", source)?
        }
        (None, None) => {
            let default = if arguments.tail.is_some() {
                TEXT_WITH_TAIL
            } else {
                TEXT
            };
            json!({ "type": "text", "text": arguments.text.as_deref().unwrap_or(default) })
        }
    };
    let fields = body.as_object();
    let kind = fields.and_then(MessageKind::from_body).ok_or_else(|| {
        let hint = "a body has the `type` of a kind (`jelouctl explain` lists them), or `elementName` for a template";
        UsageError::new("--body: the kind of message is not clear", hint)
    })?;
    Ok((kind, body))
}

/// Fills the notification for each outcome that `--on` selects; returns the last notification with its warnings.
fn try_out(
    arguments: &RunArgs,
    notification: &RunNotification,
) -> Result<(Outgoing, Vec<String>), CommandError> {
    let tail = arguments.tail.map(|_| NO_TAIL);
    let fill = |ended| {
        let facts = facts(
            arguments.program(),
            SystemTime::now(),
            ended,
            Duration::ZERO,
        );
        notification.fill(&facts, tail)
    };
    let mut ends = ENDS.into_iter().filter(|ended| arguments.on.wants(*ended));
    let [success, ..] = ENDS;
    let first = fill(ends.next().unwrap_or(success))?;
    ends.try_fold(first, |_, ended| fill(ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonzero_exit_counts_as_failure() {
        let ends = [
            (Some(0), None),
            (Some(1), None),
            (Some(127), None),
            (Some(137), Some(9)),
            (None, None),
        ];
        let wants = |on: NotifyOn| ends.map(|(code, signal)| on.wants(CommandEnd { code, signal }));
        assert_eq!(wants(NotifyOn::Always), [true; 5]);
        assert_eq!(wants(NotifyOn::Failure), [false, true, true, true, true]);
        assert_eq!(wants(NotifyOn::Success), [true, false, false, false, false]);
    }
}
