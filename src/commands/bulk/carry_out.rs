//! A run on its way, begun or resumed: the engine, and what became of it.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::arguments::RunOptions;
use super::excluded_since::leave_out_of_file;
use super::hours;
use super::summary::{RunSummary, may_have_been_sent, print_summary, to_continue};
use crate::api::{HEADERS_OF_A_POST, Problem, SwapWatch, signed};
use crate::bulk::{
    ApiSession, Counts, Details, EndedAttempt, Engine, FileRun, Ledger, LedgerError, PauseReason, RunEnd, RunEvent,
    RunEventKind, RunLedger, RunLimits, RunLock, RunName, RunPause, Runs, StopReason, StopRequest, StopWatch,
    StoredRun, WriteFailure,
};
use crate::commands::CommandError;
use crate::commands::error::{of_pause, of_signal};
use crate::config::Rate;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::output::{Progress, Record, RecordError, compact, counted};
use crate::people::Exclusions;
use crate::sending::{AuditLog, Connection, Panicked, Sender, reread_do_not_contact};

/// A run that no other process has.
pub(crate) struct LockedRun<'a> {
    pub(crate) runs: &'a Runs,
    pub(crate) name: RunName,
    pub(crate) details: Details,
    /// Whether its conditions were given anew.
    pub(crate) is_changed: bool,
    /// How a run that goes on was found; said once its ledger is known to be whole.
    pub(crate) found: Option<Counts>,
    /// Kept to the end.
    pub(crate) lock: RunLock,
}

/// A run on its way, wherever its ledger is.
pub(crate) trait RunningRun {
    fn name(&self) -> &RunName;

    fn details(&self) -> &Details;

    /// Its ledger, with how many rows are in each state; asked for once more where the run goes on after its hours opened.
    ///
    /// # Errors
    /// When it cannot be written.
    fn open(&mut self) -> Result<(Box<dyn RunLedger>, Counts), CommandError>;

    /// Leaves out people who are not to be written to by now.
    ///
    /// # Errors
    /// When that cannot be written.
    fn leave_out(&self, context: &Context, exclusions: &Exclusions) -> Result<(), CommandError>;

    /// How it stands.
    ///
    /// # Errors
    /// When it cannot be read.
    fn look(&self) -> Result<RunSummary, LedgerError>;

    /// What tells that somebody asks it to stop, where its ledger does not.
    fn stop_watch(&self) -> Option<StopWatch>;

    /// Every row is final.
    fn end(&self);
}

/// A run in a file.
struct FileOnItsWay<'a> {
    run: &'a LockedRun<'a>,
    /// As it was opened first.
    ledger: Option<Ledger>,
}

impl RunningRun for FileOnItsWay<'_> {
    fn name(&self) -> &RunName {
        &self.run.name
    }

    fn details(&self) -> &Details {
        &self.run.details
    }

    fn open(&mut self) -> Result<(Box<dyn RunLedger>, Counts), CommandError> {
        let LockedRun { runs, name, lock, .. } = self.run;
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => Ledger::resume(&runs.path(name), lock.mark()?)?,
        };
        let counts = ledger.counts()?;
        Ok((Box::new(FileRun::new(ledger)?), counts))
    }

    fn leave_out(&self, context: &Context, exclusions: &Exclusions) -> Result<(), CommandError> {
        let LockedRun { runs, name, lock, .. } = self.run;
        leave_out_of_file(context, &runs.path(name), lock, exclusions)
    }

    fn look(&self) -> Result<RunSummary, LedgerError> {
        let ledger = Ledger::read(&self.run.runs.path(&self.run.name))?;
        RunSummary::of(&StoredRun::File(Box::new(ledger)), self.run.details.written_to)
    }

    fn stop_watch(&self) -> Option<StopWatch> {
        Some(self.run.runs.stop_mark(&self.run.name).watch())
    }

    fn end(&self) {
        // Nothing is left that it could stop.
        let _ = self.run.runs.stop_mark(&self.run.name).lift();
    }
}

/// Sends what the run has left, and says what became of it.
pub(crate) async fn carry_out(
    context: &Context,
    sender: &Sender,
    connection: Connection,
    run: &LockedRun<'_>,
    options: RunOptions,
) -> Result<ExitCode, CommandError> {
    let path = run.runs.path(&run.name);
    let mut ledger = Ledger::resume(&path, run.lock.mark()?)?;
    if run.is_changed {
        ledger.keep_conditions(&run.details.conditions)?;
    }
    if let Some(found) = &run.found {
        report_found(context, &run.name, found);
    }
    let began = if run.found.is_some() { RunEventKind::Resumed } else { RunEventKind::Begun };
    ledger.note_events(&[RunEvent::now(began)])?;
    let rate = options.rate.map_or(run.details.rate, Rate::per_second);
    send_rows(context, sender, connection, FileOnItsWay { run, ledger: Some(ledger) }, options, rate).await
}

/// Sends rows of `run`, from here at most so many a second.
pub(crate) async fn send_rows(
    context: &Context,
    sender: &Sender,
    connection: Connection,
    mut run: impl RunningRun,
    options: RunOptions,
    rate: f64,
) -> Result<ExitCode, CommandError> {
    let Connection { base, client, credentials, mut signals } = connection;
    let session = Arc::new(ApiSession {
        client: client.keep_connections()?,
        headers: signed(HEADERS_OF_A_POST, &credentials),
        credentials,
        base: base.url().clone(),
        accepts: run.details().accepts.clone(),
        swaps: SwapWatch::default(),
    });
    let details = run.details();
    if details.sandbox {
        hours::report_not_waited_for(context, details.conditions.hours.as_ref());
    }
    let limits = RunLimits {
        rate,
        concurrency: options.concurrency.unwrap_or(details.concurrency),
        max_wait: options.max_wait.unwrap_or(details.max_wait),
        hours: details.conditions.hours.clone().filter(|_| !details.sandbox),
        keep_going: details.conditions.keep_going,
    };
    let (mut stop, began) = (run.stop_watch(), Instant::now());
    let mut opened = run.open()?;
    let end = loop {
        let (ledger, counts) = opened;
        let mut progress = Progress::new(&context.stderr, options.progress);
        let engine = Engine::new(Arc::clone(&session), ledger, counts, limits.clone(), &mut progress);
        let end = engine
            .run(async || {
                tokio::select! {
                    signal = signals.next() => StopRequest::Signal(signal),
                    () = seen(stop.as_mut()) => StopRequest::Command,
                }
            })
            .await;
        if !matches!(end, RunEnd::Stopped { reason: StopReason::HoursOpened, .. }) {
            break Ok(end);
        }
        match after_opening(context, sender, &mut run) {
            Ok(again) => opened = again,
            Err(error) => break Err(error),
        }
    };
    let ended = report(context, sender, &run, end, began.elapsed());
    log_end(context, sender, &run, &ended);
    ended
}

/// The run once more, where its hours have opened: it may have waited for a night, or for days.
fn after_opening(
    context: &Context,
    sender: &Sender,
    run: &mut impl RunningRun,
) -> Result<(Box<dyn RunLedger>, Counts), CommandError> {
    run.leave_out(context, &reread_do_not_contact(&sender.settings)?)?;
    run.open()
}

/// Notes in the audit log how the run stands.
fn log_end(context: &Context, sender: &Sender, run: &impl RunningRun, ended: &Result<ExitCode, CommandError>) {
    let (code, name) = match ended {
        Ok(code) => (*code, None),
        Err(error) => (error.code, Some(error.name)),
    };
    // What of the counts cannot be read stays open.
    let counts = run.look().map(|summary| summary.counts).ok();
    let of = |part: fn(&Counts) -> u64| counts.as_ref().map(part);
    AuditLog::of(&sender.settings).run_end(
        &context.stderr,
        &json!({
            "run": run.name().to_string(),
            "complete": counts.as_ref().map(Counts::is_finished),
            "exit_code": code.code(),
            "code": name,
            "kind": run.details().kind,
            "rows": of(Counts::all),
            "rows_sent": of(|counts| counts.sent),
            "rows_failed": of(|counts| counts.failed),
            "rows_unknown": of(|counts| counts.unknown),
            "rows_skipped": of(|counts| counts.skipped),
            "rows_under_way": of(|counts| counts.inflight),
            "rows_left": of(|counts| counts.pending),
            "api_url": run.details().api_url,
        }),
    );
}

/// What is left of a run that goes on, and what is left alone.
fn report_found(context: &Context, name: &RunName, counts: &Counts) {
    let all = counted(counts.all(), "message");
    context.stderr.note(&format!("run {name}: {} of {all} left to send", counts.pending));
    if let Some(left_alone) = may_have_been_sent(name, counts) {
        context.stderr.note(&left_alone);
    }
}

/// Says how the run stands, on stderr in words and on stdout as JSON; gives the exit code.
fn report(
    context: &Context,
    sender: &Sender,
    run: &impl RunningRun,
    end: Result<RunEnd, CommandError>,
    took: Duration,
) -> Result<ExitCode, CommandError> {
    let stderr = &context.stderr;
    if sender.settings.is_sandboxed() {
        stderr.note("sandbox: nothing left this machine");
    }
    let to_continue = to_continue(run.name());
    let is_written = !matches!(end, Ok(RunEnd::Stopped { is_written: false, .. }));
    let ended = match end {
        Ok(end) => report_end(context, run, end, &to_continue),
        Err(error) => {
            let hint = error.hint.as_deref().unwrap_or_default();
            let hint = hint.strip_suffix("; nothing was sent").unwrap_or(hint);
            stderr.error(
                &format!("the run stopped at the opening of its hours: {}", error.message()),
                &[],
                Some(&format!("{hint}; {to_continue}")),
            );
            Ok(error.code)
        }
    };
    if !is_written {
        let watch = format!("jelouctl bulk status {}", run.name());
        stderr.warning(&format!("the ledger is still being written; how the run stands: {watch}"));
        return ended;
    }
    if let Ok(summary) = run.look() {
        let (json, words) = (summary.to_json(Some(run.name())), summary.words(Some(took), false));
        // What was accepted stays so when standard output cannot take it: an error would invite a second run.
        if let Err(error) = print_summary(context, &json, &words, Some(run.name())) {
            let watch = format!("jelouctl bulk status {}", run.name());
            stderr.error(&format!("how the run ended could not be written: {}", error.cause), &[], Some(&watch));
        }
        for way in summary.ways_on(run.name()) {
            stderr.note(&way);
        }
    }
    ended
}

/// Says how the engine ended.
fn report_end(
    context: &Context,
    run: &impl RunningRun,
    end: RunEnd,
    to_continue: &str,
) -> Result<ExitCode, CommandError> {
    let stderr = &context.stderr;
    match end {
        RunEnd::Complete { was_stopped } => {
            if was_stopped {
                stderr.note(&format!("run {} is complete: its last rows have ended", run.name()));
            }
            run.end();
            Ok(run.look()?.exit_code())
        }
        RunEnd::Stopped { reason: StopReason::Paused(PauseReason::AllRefused, problem), .. } => {
            report_all_refused(context, run, &problem);
            Ok(of_pause(PauseReason::AllRefused))
        }
        RunEnd::Stopped { reason: StopReason::Paused(reason, problem), .. } => {
            stderr.error(
                &format!("the run paused: {}", problem.message),
                &[],
                Some(&format!("{}; {to_continue}", without_again(&problem.hint))),
            );
            Ok(of_pause(reason))
        }
        RunEnd::Stopped { reason: StopReason::PausedByOthers(pause), .. } => {
            Ok(report_pause(context, run.name(), &pause))
        }
        RunEnd::Stopped { reason: StopReason::Signal(signal), .. } => {
            stderr.error(&format!("stopped by {}", signal.name()), &[], Some(to_continue));
            Ok(of_signal(signal))
        }
        RunEnd::Stopped { reason: StopReason::Command, .. } => {
            stderr.error("stopped by `jelouctl bulk stop`", &[], Some(to_continue));
            Ok(ExitCode::Guard)
        }
        RunEnd::Stopped { reason: StopReason::LedgerFailed(failure), .. } => {
            report_unwritten(context, run, &failure);
            Err(CommandError::from(failure.error))
        }
        // That is no end: the run goes on.
        RunEnd::Stopped { reason: StopReason::HoursOpened, .. } => Ok(ExitCode::Success),
        RunEnd::Stopped { reason: StopReason::Panicked, .. } => Err(Panicked::UnderWay.into()),
    }
}

/// Ends once somebody asks the run to stop.
async fn seen(stop: Option<&mut StopWatch>) {
    match stop {
        Some(stop) => stop.seen().await,
        None => pending().await,
    }
}

/// Somebody else paused the run; gives the code of that.
fn report_pause(context: &Context, name: &RunName, pause: &RunPause) -> ExitCode {
    let RunPause { reason, by } = pause;
    let (why, code) = match reason.as_str() {
        "unknown" => ("too many messages may or may not have been sent", ExitCode::Unknown),
        "all_rejected" => ("no message was accepted", ExitCode::Rejected),
        "failover" => ("what was written may be lost", ExitCode::Guard),
        _ => ("a person stopped it", ExitCode::Guard),
    };
    let hint = format!("jelouctl bulk status {name} shows how it stands; {}", to_continue(name));
    context.stderr.error(&format!("the run is paused: {why} ({by})"), &[], Some(&hint));
    code
}

/// Every row was rejected: what is wrong with one is wrong with all.
fn report_all_refused(context: &Context, run: &impl RunningRun, problem: &Problem) {
    let (name, hint) = (run.name(), without_again(&problem.hint));
    let again = format!("jelouctl bulk resolve {name} --failed-as pending; jelouctl bulk resume {name}");
    context.stderr.error(
        &format!("the run paused, as no message was accepted: {}", problem.message),
        &[],
        Some(&format!(
            "{hint}; to send all of them then: {again}; to send the rest in any case: add --keep-going to resume"
        )),
    );
}

/// The hint for one message without its last words, in whose place the command stands.
fn without_again(hint: &str) -> &str {
    let ends = [", then try again", "; try again after that"];
    ends.iter().find_map(|end| hint.strip_suffix(end)).unwrap_or(hint)
}

/// What became of rows whose outcome is nowhere but here.
fn report_unwritten(context: &Context, run: &impl RunningRun, failure: &WriteFailure) {
    let details = run.details();
    for row in &failure.outcomes {
        let record = Record {
            sent: row.state.sent(),
            kind: Some(details.kind.clone().into()),
            to: Some(row.recipient.clone()),
            profile: details.profile.clone(),
            bot_id: Some(details.bot.clone()),
            api_url: Some(details.api_url.clone()),
            message_id: row.message_id.clone(),
            http_status: row.http_status,
            attempts: 1,
            duration_ms: u64::try_from(row.ended_at - row.began_at).unwrap_or_default(),
            error: error_of(row),
            ..Record::default()
        };
        context.stderr.progress_line(&compact(&record.to_json()));
    }
}

fn error_of(row: &EndedAttempt) -> Option<RecordError> {
    let message = row.error.clone()?;
    Some(RecordError {
        code: row.code.unwrap_or("unknown"),
        api_code: row.api_code.clone(),
        message,
        hint: None,
        retry_after_s: None,
    })
}
