//! The run itself, begun or resumed: who sends, the engine, and what became of it.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::RunOptions;
use crate::api::{Client, Credentials, Signal};
use crate::bulk::{
    ApiSession, Counts, Details, EndedAttempt, Engine, Ledger, RunEnd, RunLimits, RunLock, RunName, Runs, StopReason,
    WriteFailure,
};
use crate::commands::connection::{self, ask_secret, client_options};
use crate::commands::interrupt::Signals;
use crate::commands::{Context, PanicInFlight};
use crate::config::{ClientId, Rate, SecretSource, Settings, Sourced};
use crate::exit::{self, ExitCode};
use crate::output::{Format, Progress, Record, RecordError};

/// What a run is stored with where nothing leaves the machine.
pub const SANDBOX: &str = "sandbox";
pub const DEFAULT_CONCURRENCY: usize = 64;

/// Who sends, ready to begin: the secret is read.
pub struct Sender<'a> {
    context: &'a Context,
    settings: &'a Settings,
    credentials: Credentials,
    runtime: tokio::runtime::Runtime,
}

/// A run that this process has.
pub struct Held<'a> {
    pub runs: &'a Runs,
    pub name: RunName,
    pub details: Details,
    /// Kept to the end.
    pub _lock: RunLock,
}

impl<'a> Sender<'a> {
    /// Reads the secret. A signal ends the process as usual until the first request is about to leave.
    pub fn new(
        context: &'a Context,
        settings: &'a Settings,
        client_id: &ClientId,
        secret: &Sourced<SecretSource>,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("failed to start the runtime")?;
        let (client_secret, warning) = runtime.block_on(secret.fetch(ask_secret))?;
        context.output.warnings(warning.as_slice());
        let credentials = Credentials::new(client_id.as_str(), &client_secret);
        Ok(Self { context, settings, credentials, runtime })
    }

    /// Sends what the run has left, and tells what became of it.
    pub fn send(self, run: &Held<'_>, options: RunOptions) -> anyhow::Result<ExitCode> {
        let path = run.runs.path(&run.name);
        let ledger = Ledger::resume(&path)?;
        let reader = Ledger::read(&path)?;
        let Self { context, settings, credentials, runtime } = self;
        let end = runtime.block_on(async {
            let base = connection::base(settings).await?;
            let client = Client::new(&client_options(settings, &base)?)?;
            let session =
                ApiSession { client, credentials, base: base.url().clone(), accepts: run.details.accepts.clone() };
            let mut progress = Progress::new(&context.output, options.progress);
            let rate = options.rate.map_or(run.details.rate, Rate::per_second);
            let concurrency = options.concurrency.unwrap_or(run.details.concurrency);
            let limits = RunLimits { rate, concurrency, max_wait: options.max_wait };
            let engine = Engine::new(session, ledger, reader, limits, &mut progress)?;
            let mut signals = Signals::catch().context("failed to listen for signals")?;
            anyhow::Ok(engine.run(async || signals.next().await).await)
        })?;
        // A name look-up that hangs must not keep the process once all is decided.
        runtime.shutdown_background();
        report(context, settings, run, end)
    }
}

/// Says how the run stands, on stderr in words and on stdout as JSON; gives the exit code.
fn report(context: &Context, settings: &Settings, run: &Held<'_>, end: RunEnd) -> anyhow::Result<ExitCode> {
    let output = &context.output;
    if settings.is_sandboxed() {
        output.note("sandbox: nothing left this machine");
    }
    let counts = || Ledger::read(&run.runs.path(&run.name)).and_then(|ledger| ledger.counts());
    let resume = format!("jelouctl bulk resume {}", run.name);
    let is_written = !matches!(end, RunEnd::Stopped { is_written: false, .. });
    let (code, error) = match end {
        RunEnd::Complete { was_stopped } => {
            if was_stopped {
                output.note(&format!("run {} is complete: its last rows have ended", run.name));
            }
            (of_counts(&counts()?), None)
        }
        RunEnd::Stopped { reason: StopReason::Paused(reason, fault), .. } => {
            output.error(
                &format!("the run paused: {}", fault.message),
                &[],
                Some(&format!("{}; then: {resume}", fault.hint)),
            );
            (exit::of_pause(reason), None)
        }
        RunEnd::Stopped { reason: StopReason::Signal(signal), .. } => {
            output.error(&format!("stopped by {}", name_of(signal)), &[], Some(&format!("to go on: {resume}")));
            (exit::of_signal(signal), None)
        }
        RunEnd::Stopped { reason: StopReason::LedgerFailed(failure), .. } => {
            report_lost(context, run, &failure);
            (ExitCode::Ledger, Some(anyhow::Error::from(failure.error)))
        }
        RunEnd::Stopped { reason: StopReason::Panicked, .. } => (ExitCode::Unknown, Some(PanicInFlight.into())),
    };
    if !is_written {
        let watch = format!("jelouctl bulk status {}", run.name);
        output.warning(&format!("the ledger is still being written; how the run stands: {watch}"));
        return error.map_or(Ok(code), Err);
    }
    if let Ok(counts) = counts() {
        // What was accepted stays so when standard output cannot take it: an error would invite a second run.
        if let Err(error) = print_summary(context, &summary(&run.name, &counts), &run.name) {
            let watch = format!("jelouctl bulk status {}", run.name);
            output.error(&format!("how the run ended could not be written: {error:#}"), &[], Some(&watch));
        }
    }
    error.map_or(Ok(code), Err)
}

fn of_counts(counts: &Counts) -> ExitCode {
    if counts.failed + counts.unknown + counts.skipped == 0 { ExitCode::Success } else { ExitCode::Incomplete }
}

fn name_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Interrupt => "SIGINT",
        Signal::Terminate => "SIGTERM",
    }
}

/// What became of rows whose outcome is nowhere but here.
fn report_lost(context: &Context, run: &Held<'_>, lost: &WriteFailure) {
    let details = &run.details;
    for row in &lost.outcomes {
        let record = Record {
            sent: row.state.sent(),
            to: Some(row.recipient.clone()),
            profile: details.profile.clone(),
            bot_id: Some(details.bot.clone()),
            api_url: Some(details.api_url.clone()),
            message_id: row.message_id.clone(),
            http_status: row.http_status,
            attempts: 1,
            duration_ms: u64::try_from(row.ended_at - row.began_at).unwrap_or_default(),
            error: fault_of(row),
            ..Record::default()
        };
        context.output.progress_line(&crate::output::compact(&record.to_json()));
    }
}

fn fault_of(row: &EndedAttempt) -> Option<RecordError> {
    let message = row.error.clone()?;
    Some(RecordError { code: row.code.unwrap_or("unknown"), api_code: None, message, hint: None, retry_after_s: None })
}

/// A run in figures: what goes to stdout at its end, and what `bulk status` shows.
pub fn summary(name: &RunName, counts: &Counts) -> Value {
    json!({
        "schema_version": 1,
        "run": name.to_string(),
        "complete": counts.is_finished(),
        "rows": counts.all(),
        "sent": counts.sent,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "skipped": counts.skipped,
        "pending": counts.pending,
        "inflight": counts.inflight,
    })
}

/// `--output id` is the run's name.
pub fn print_summary(context: &Context, summary: &Value, name: &RunName) -> anyhow::Result<()> {
    match context.output.format {
        Format::Id => context.output.value(&name.to_string())?,
        Format::Response | Format::Record => context.output.json(summary)?,
    }
    Ok(())
}
