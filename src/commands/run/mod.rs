//! `run`: runs a command, then sends its result. The message contains only the command's name, and with `--tail` the end
//! of its stderr.

mod notification;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum, ValueHint};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tokio::time::timeout as within;

use self::notification::{CommandTime, EXAMPLE_ENDS, NO_TAIL, RunNotification, facts};
use super::send::batch::{Batch, each_once};
use super::send::claim::{Claims, note_skipped};
use super::send::deliver::BatchOptions;
use super::send::{BatchArgs, other_kind_hint};
use crate::base::exit::ExitCode;
use crate::base::input::{JsonSource, UsageError, refuse_file_as_text, refuse_lone_dash};
use crate::base::message::{Message, msg};
use crate::base::output::{Format, Record, Stderr, compact, duration_value};
use crate::base::private_file::{
    FileAction, FileError, MissingReader, PipeBound, is_own_output, open_named,
};
use crate::base::process::{CommandEnd, Tail, block_on, run_command};
use crate::command_error::CommandError;
use crate::jelou::api::Credentials;
use crate::jelou::message::{Envelope, MessageKind, Outgoing, RecipientSources};
use crate::lists::exclusions::Exclusions;
use crate::sender::config::{LedgerDatabase, profile_lang, timeout};
use crate::sender::context::{Context, Mode};
use crate::sender::{Connection, ProfileRules, RequestProgress, Sender, catch_panic};

// The help of flags that have another meaning in `send`.
const ONCE: &str = "Notify each recipient at most once with this key";
const ONCE_OF_RUN: &str = "A recipient that has a message with the key gets no other. The exit code is the command's. \
     With --strict-notify, it is 8 if the first message may have been sent, and 11 while another process sends it. If \
     the shared ledger cannot check the key, jelouctl prints a warning and checks this machine's own ledger. If that \
     fails too, it notifies without a check, at most once in the time of --every (10 minutes without it), or each time \
     if it can write neither its state directory nor XDG_RUNTIME_DIR. Either way, a recipient could get two messages, \
     and the record has `key_check`. With --once-strict, it sends nothing instead.";
const WAIT: &str = "Wait until each notification is delivered or read";
const WAIT_OF_RUN: &str = "After Jelou accepts a notification, jelouctl checks its status. The exit code is the \
     command's. With --strict-notify, it is 15 if a notification is undelivered or late.";

/// Run a command, then send a message with its result
///
/// Examples:
///   jelouctl run --to 593987654321 --on failure -- ./backup.sh
///   jelouctl run --to 593987654321 --template job --param '{{ result }}' -- make
///   jelouctl run --to 593987654321 --tail 20 --text '{{ tail }}' -- ./deploy.sh
///
/// Texts can print values, such as {{ result }}. The values are `command` (only its name), `result`
/// (ok, failed or killed), `code`, `signal`, `duration`, `host` and `started`. With --tail, `tail` is
/// the end of the command's stderr. jelouctl puts each template parameter on one line. If the
/// parameters have over 900 characters together, it sends only their ends, because WhatsApp accepts
/// 1,024 for the whole text.
///
/// The exit code is the command's, even if the notification fails. A text reaches only users who
/// wrote to the bot in the last 24 hours; a template reaches anyone. If jelouctl cannot send the
/// notification, it runs the command anyway.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
#[command(
    mut_arg("once", |once| once.help(ONCE).long_help(format!("{ONCE}\n\n{ONCE_OF_RUN}"))),
    mut_arg("wait", |wait| wait.help(WAIT).long_help(format!("{WAIT}\n\n{WAIT_OF_RUN}")))
)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    batch: BatchArgs,

    /// Send always, on failure or on success [default: always]
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "always",
        hide_default_value = true
    )]
    on: NotifyOn,

    /// Send this text [default: the command's result]
    ///
    /// The default has the command, its result, the host, the duration and the exit code. It is in Spanish if the
    /// profile has `lang = "es"`.
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
        requires = "template",
        conflicts_with_all = ["text", "body"]
    )]
    language: Option<String>,

    /// Value of the WhatsApp template's next parameter (repeatable)
    #[arg(
        long = "param",
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "template",
        conflicts_with_all = ["text", "body"]
    )]
    parameters: Vec<String>,

    /// Send this JSON as the whole body; texts can use {{ result }}
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::from_body_flag, value_hint = ValueHint::FilePath)]
    body: Option<JsonSource>,

    /// Put the last LINES lines of stderr into {{ tail }}, 1 to 1000
    ///
    /// If the command leaves a server running, redirect the server's stderr: this pipe closes with the command.
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u16).range(1..=1000))]
    tail: Option<u16>,

    /// How long the notifications may take [default: 30s]
    ///
    /// The total for all recipients, including retries and waits: they are notified at the same time.
    /// Does not include reading the secret and checking the --once key.
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "30s", hide_default_value = true)]
    notify_timeout: Duration,

    /// If the notification fails, exit with its code, not the command's
    #[arg(long)]
    strict_notify: bool,

    /// Write the record of each notification to this file, one JSON object per line
    ///
    /// Standard output belongs to the command, so -o record has no effect. The file is emptied before the command runs.
    /// If the command line is wrong, the file gets a record of that error. If the file cannot be written, or is the
    /// output of the command, jelouctl prints a warning and runs the command.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    record: Option<PathBuf>,

    /// With --once: refuse to notify if the ledger cannot check the key
    ///
    /// As with `send --once`, the exit code is 3, or 7 if the database cannot be reached (--strict-notify).
    #[arg(long, requires = "once", display_order = 903)]
    once_strict: bool,

    /// Command to run
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

/// When a notification is sent, a value of `--on`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotifyOn {
    /// Every time
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

/// A notification that takes longer than this is announced.
const A_MOMENT: Duration = Duration::from_secs(2);

/// The text without `--text`, in the language of the profile: it depends neither on the machine nor on the terminal.
const TEXT: [&str; 2] = [
    "{{ command }}: {{ result }} on {{ host }} after {{ duration }}, exit code {{ code }}",
    "{{ command }}: {% if result == 'ok' %}terminó bien{% elif result == 'failed' %}falló{% elif result == 'killed' %}se \
     detuvo con {{ signal }}{% else %}terminó{% endif %} en {{ host }} después de {{ duration }}{% if result != 'ended' \
     %}, código {{ code }}{% endif %}",
];
/// What follows the text with `--tail`.
const TAIL: [&str; 2] = [
    "\n{{ tail }}",
    "\n{% if tail == '(nothing on stderr)' %}(nada en stderr){% else %}{{ tail }}{% endif %}",
];

/// Runs the command and notifies each recipient. The command matters more than the notification: a problem with the
/// notification is reported before and after, and the command runs anyway.
///
/// # Errors
/// With `--dry-run` and `--curl`, if the notification cannot be created; after Ctrl-C at the question for the secret. The
/// command has not run then.
pub(crate) fn run(context: &mut Context, arguments: &RunArgs) -> Result<ExitCode, CommandError> {
    let path = arguments.record.as_deref();
    let record = open_record(context, path.filter(|_| context.mode == Mode::Send));
    let mut batch = Batch::notifications();
    let prepared = ReadyNotification::new(context, arguments, &mut batch);
    if context.mode != Mode::Send {
        return show(context, arguments, &prepared?, &batch);
    }
    if matches!(context.stdout.format, Format::Id | Format::Record) {
        context.stderr.warning_with_hint(
            msg!("-o has no effect: standard output is the command's"),
            msg!("to write the record of the notification: --record FILE"),
        );
    }
    let flight = RequestProgress::default();
    let command = CommandRun {
        context,
        arguments,
        flight: &flight,
    };
    catch_panic(&flight, || block_on(command.run(prepared, batch, record)))
}

/// Prints each request, for `--dry-run` and `--curl`.
fn show(
    context: &Context,
    arguments: &RunArgs,
    prepared: &ReadyNotification,
    batch: &Batch,
) -> Result<ExitCode, CommandError> {
    batch.refuse()?;
    let sender = &prepared.sender;
    note_skipped(context, &arguments.batch.key, sender, batch.recipients());
    let base = sender.planned_base();
    for outgoing in batch.outgoing() {
        sender.show(context, &sender.request(&base, outgoing))?;
    }
    let flag = if context.mode == Mode::Curl {
        "--curl"
    } else {
        "--dry-run"
    };
    context
        .stderr
        .note(msg!("the command was not run ({flag})", flag));
    Ok(ExitCode::Success)
}

/// A command about to run.
struct CommandRun<'a> {
    context: &'a Context,
    arguments: &'a RunArgs,
    flight: &'a RequestProgress,
}

/// How the command ended, for the text of the notification.
struct RunResult {
    facts: Map<String, Value>,
    tail: Option<Tail>,
}

impl CommandRun<'_> {
    /// Runs the command, then notifies the recipients if wanted, and writes their records to the file of `--record`.
    /// Returns the command's exit code. With `--strict-notify`, returns the exit code of the notifications if one failed.
    async fn run(
        self,
        prepared: Result<ReadyNotification, CommandError>,
        mut batch: Batch,
        record: Option<File>,
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
        match &ready {
            Ok(_) => warn_about_refused(context, &batch),
            Err(problem) => report_unready(context, problem),
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
        match ready {
            Ok((prepared, connection)) => {
                let time = CommandTime {
                    started,
                    zone: &prepared.sender.settings.hours.zone(),
                    elapsed: at.saturating_duration_since(begun),
                };
                let facts = facts(arguments.program(), &time, ended);
                let result = RunResult { facts, tail };
                let note = self.slow_note(&batch);
                let notifying = Box::pin(self.notify(prepared, connection, result, &mut batch));
                if let Err(error) = noting_slowness(&context.stderr, &note, notifying).await {
                    batch.fail(context, error);
                }
            }
            Err(problem) => batch.fail_silently(problem),
        }
        batch.put_out(context);
        if let (Some(file), Some(path)) = (record, &arguments.record) {
            write_records(file, batch.records())
                .unwrap_or_else(|cause| warn_about_record(context, FileAction::Write, path, cause));
        }
        let notified = batch.exit_code();
        let is_told_by_code = arguments.strict_notify && notified != ExitCode::Success;
        Ok(if is_told_by_code { notified } else { code })
    }

    /// Returns who is notified and how long that can take, because the command has ended, but not jelouctl.
    fn slow_note(&self, batch: &Batch) -> Message {
        let recipients: Vec<_> = batch.recipients().collect();
        msg!(
            "the command has ended; notifying {recipients}, at most {within}",
            recipients = recipients.join(", "),
            within = duration_value(self.arguments.notify_timeout)
        )
    }

    /// Fills the notifications with the command's result, and sends them.
    async fn notify(
        &self,
        prepared: ReadyNotification,
        mut connection: Connection,
        result: RunResult,
        batch: &mut Batch,
    ) -> Result<(), CommandError> {
        let Self {
            context, arguments, ..
        } = self;
        let ReadyNotification {
            notification,
            sender,
            exclusions,
            warnings: printed,
        } = prepared;
        let mut options = BatchOptions::new(batch.reporter(context, &sender));
        options.wait = arguments.batch.wait();
        let tail = redacted_tail(result.tail.as_ref(), &connection.credentials);
        let tail = tail.as_deref();
        end_refused(&options, batch);
        let mut warnings = fill_messages(&notification, batch, &result.facts, tail)?;
        warnings.retain(|warning| !printed.contains(warning));
        context.stderr.warnings(&warnings);
        // The command may have run for hours.
        let key = &arguments.batch.key;
        let sought = batch.sought();
        let rules = ProfileRules::unread(&sender.settings);
        let rules = rules.read_again(context, sought.as_ref())?;
        for excluded in [exclusions, rules.exclusions] {
            let has_key = key.once.is_some();
            batch.check(context, &sender, &rules.settings, &excluded, has_key)?;
            end_refused(&options, batch);
        }
        let within = arguments.notify_timeout;
        options.claims = Claims::open_for_notifications(
            context,
            key,
            &sender,
            &mut connection.signals,
            within,
            arguments.once_strict,
        )
        .await?;
        options
            .notify_all(&mut connection, batch, within, self.flight)
            .await;
        Ok(())
    }
}

/// Writes the record of a wrong line to the file of `--record`, so that a script does not read an earlier one.
pub(crate) fn write_refusal(context: &Context, path: &Path, record: &Record) {
    if let Some(file) = open_record(context, Some(path)) {
        write_records(file, [record].into_iter())
            .unwrap_or_else(|cause| warn_about_record(context, FileAction::Write, path, cause));
    }
}

/// Opens and empties the file of the record. If that fails, or if it is another file, it prints a warning: the command
/// matters more.
fn open_record(context: &Context, path: Option<&Path>) -> Option<File> {
    let path = path?;
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let opened = open_named(path, &mut options, MissingReader::Fail);
    let file = opened
        .map_err(|error| warn_about_record(context, FileAction::Write, path, error.cause))
        .ok()?;
    if is_own_output(&file) {
        context.stderr.warning(msg!(
            "--record: no record is written, because {path} is also the output of the command",
            path
        ));
        return None;
    }
    let what = msg!("a record of jelouctl run");
    let checked = context.check_overwrite("--record", path, what, false, is_record);
    if let Err(UsageError { message, .. }) = checked {
        let warning = msg!("{message}, so no record is written", message);
        context.stderr.warning(warning);
        return None;
    }
    // A pipe or a device cannot be emptied.
    let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_regular && let Err(cause) = file.set_len(0) {
        warn_about_record(context, FileAction::Write, path, cause);
        return None;
    }
    Some(file)
}

/// Returns whether a file with this beginning has records of `run`. A log, and the output of other commands, begin in
/// another way.
fn is_record(begin: &[u8]) -> bool {
    let Some(version) = begin.strip_prefix(b"{\"schema_version\":") else {
        return false;
    };
    let digits = version.iter().take_while(|sign| sign.is_ascii_digit());
    let rest = version.get(digits.count()..).unwrap_or_default();
    rest.starts_with(b",\"command\":\"run\",")
}

/// Writes the record of each notification.
fn write_records<'a>(mut file: File, records: impl Iterator<Item = &'a Record>) -> io::Result<()> {
    // The log may be the same new file. A pipe has no end.
    let _ = file.seek(SeekFrom::End(0));
    for record in records {
        let line = compact(&json!(record));
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

fn warn_about_record(context: &Context, action: FileAction, path: &Path, cause: io::Error) {
    let error = FileError::while_doing(action, path)(cause);
    context.stderr.warning(msg!(
        "{flag}: {problem}",
        flag = "--record",
        problem = error.message()
    ));
}

/// Prints `note` if `work` takes longer than a moment.
async fn noting_slowness<T>(
    stderr: &Stderr,
    note: &Message,
    mut work: impl Future<Output = T> + Unpin,
) -> T {
    if let Ok(done) = within(A_MOMENT, &mut work).await {
        return done;
    }
    stderr.note(note);
    work.await
}

/// Sets the message of each recipient. Returns the warnings about the messages, each once.
fn fill_messages(
    notification: &RunNotification,
    batch: &mut Batch,
    facts: &Map<String, Value>,
    tail: Option<&str>,
) -> Result<Vec<Message>, CommandError> {
    let mut warnings = Vec::new();
    for message in batch.open() {
        let (outgoing, new) = notification.fill_to_fit(&message.source, facts, tail)?;
        warnings.extend(new);
        message.set_outgoing(outgoing);
    }
    Ok(each_once(warnings))
}

/// Tells why the notification will not be sent, before the command runs.
fn report_unready(context: &Context, problem: &CommandError) {
    let message = msg!(
        "the notification will not be sent: {problem}",
        problem = problem.message
    );
    context
        .stderr
        .error(message, &problem.details, problem.hint.as_ref());
}

/// Warns before the command of recipients that cannot be notified. The others are notified.
fn warn_about_refused(context: &Context, batch: &Batch) {
    for error in batch.refusals() {
        context.stderr.warning(msg!(
            "a recipient cannot be notified: {problem}",
            problem = error.line()
        ));
    }
}

/// Ends the notifications of recipients that cannot get them.
fn end_refused(options: &BatchOptions<'_>, batch: &mut Batch) {
    for message in batch.open() {
        if let Some(error) = message.refusal.take() {
            // A refusal names its recipient.
            let code = options.reporter.error(error, None, &mut message.record);
            message.code = Some(code);
        }
    }
}

/// Returns the end of the command's stderr without secrets: a job with `set -x` prints its secrets.
fn redacted_tail(tail: Option<&Tail>, credentials: &Credentials) -> Option<String> {
    let passwords: Vec<_> = LedgerDatabase::inherited_passwords()
        .map(|word| Credentials::new("", &word))
        .collect();
    let secrets = || passwords.iter().chain([credentials]);
    let redact = |text| secrets().fold(text, |text: String, secret| secret.hidden_in_lines(&text));
    let text = tail?.text(redact);
    Some(if text.is_empty() {
        NO_TAIL.to_owned()
    } else {
        text
    })
}

/// A notification that can be sent, at least to some of its recipients.
struct ReadyNotification {
    notification: RunNotification,
    sender: Sender,
    exclusions: Exclusions,
    /// The warnings about the notification that were printed.
    warnings: Vec<Message>,
}

impl ReadyNotification {
    /// Prepares the notification, and adds its recipients to `batch`.
    ///
    /// # Errors
    /// If it cannot be sent for one of these outcomes, or to none of the recipients.
    fn new(
        context: &mut Context,
        arguments: &RunArgs,
        batch: &mut Batch,
    ) -> Result<Self, CommandError> {
        let (settings, recipients) = arguments.batch.read(context, batch)?;
        let zone = settings.hours.zone();
        let (kind, body) = read_message(context, arguments)?;
        for message in batch.open() {
            message.record.kind = Some(kind.command().into());
        }
        let is_addressed = Outgoing::is_addressed(&kind, &body);
        batch.set_distinct_recipients(context, recipients.sources(is_addressed))?;
        let notification = RunNotification { kind, body };
        let mut warnings =
            batch.make_messages(|to| try_out(arguments, &notification, &zone, to))?;
        warnings.extend(notification.cautions());
        context.stderr.warnings(&warnings);
        let (sender, exclusions) = arguments.batch.guard(context, settings, batch, None)?;
        let has_key = arguments.batch.key.once.is_some();
        batch.check(context, &sender, &sender.settings, &exclusions, has_key)?;
        if batch.outgoing().next().is_none() {
            batch.refuse()?;
        }
        Ok(Self {
            notification,
            sender,
            exclusions,
            warnings,
        })
    }
}

/// Reads the kind and the body from the flags, with its templates.
///
/// # Errors
/// If the body cannot be read, or does not match any kind.
fn read_message(
    context: &mut Context,
    arguments: &RunArgs,
) -> Result<(MessageKind, Value), CommandError> {
    if let Some(text) = &arguments.text {
        refuse_file_as_text("--text", text, None)?;
        refuse_lone_dash("--text", text, None)?;
    }
    for parameter in &arguments.parameters {
        refuse_file_as_text("--param", parameter, None)?;
    }
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
            // Slow input must not delay the command.
            context.input.bound = PipeBound::FirstByte;
            context.input.json_value("--body", source)?
        }
        (None, None) => {
            let lang = profile_lang(&context.flags).unwrap_or_default();
            let tail = arguments.tail.map(|_| lang.pick(TAIL));
            let default = lang.pick(TEXT).to_owned() + tail.unwrap_or_default();
            json!({ "type": "text", "text": arguments.text.as_ref().unwrap_or(&default) })
        }
    };
    let fields = body.as_object();
    let kind = fields
        .and_then(MessageKind::from_body)
        .ok_or_else(|| unclear_kind(&body))?;
    Ok((kind, body))
}

/// Returns the error for a body without the `type` of a kind, with a hint for its likely kind.
fn unclear_kind(body: &Value) -> UsageError {
    let likely = MessageKind::suggested_by(body);
    let hint = match likely
        .as_ref()
        .map(|kind| (kind.written_by(), kind.envelope()))
    {
        Some((kind, Envelope::Typed(wire))) => {
            msg!(
                "for a body of {kind}: add \"type\": \"{wire}\" to it",
                kind,
                wire
            )
        }
        Some((kind, _)) => other_kind_hint(kind),
        None => msg!("to list the kinds, each with its `type`: jelouctl explain"),
    };
    UsageError::new(msg!("--body: the kind of the message is unclear"), hint)
}

/// Fills the notification to `to` for each outcome that `--on` selects; returns the last one with its warnings.
fn try_out(
    arguments: &RunArgs,
    notification: &RunNotification,
    zone: &TimeZone,
    to: &RecipientSources,
) -> Result<(Outgoing, Vec<Message>), CommandError> {
    let tail = arguments.tail.map(|_| NO_TAIL);
    let time = CommandTime {
        started: SystemTime::now(),
        zone,
        elapsed: Duration::ZERO,
    };
    let fill = |ended| {
        let facts = facts(arguments.program(), &time, ended);
        notification.fill(to, &facts, tail)
    };
    let mut ends = EXAMPLE_ENDS
        .into_iter()
        .filter(|ended| arguments.on.wants(*ended));
    let [success, ..] = EXAMPLE_ENDS;
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
