//! A run on its way, begun or resumed: the engine, and what became of it.

use super::arguments::RunOptions;
use super::hours;
use super::summary::{may_have_been_sent, of_counts, print_summary, summary};
use crate::api::{HEADERS_OF_A_POST, Problem, SwapWatch, signed};
use crate::bulk::{
    ApiSession, Counts, Details, EndedAttempt, Engine, FileRun, Ledger, LedgerError, PauseReason, RunEnd, RunLedger,
    RunLimits, RunLock, RunName, RunPause, Runs, SkipCounts, StopReason, WriteFailure,
};
use crate::commands::CommandError;
use crate::commands::error::{of_pause, of_signal};
use crate::config::Rate;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::output::{Progress, Record, RecordError, compact, counted};
use crate::sending::{Connection, Panicked, Sender};

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
    let conditions = &run.details.conditions;
    if run.is_changed {
        ledger.keep_conditions(conditions)?;
    }
    if let Some(found) = &run.found {
        report_found(context, &run.name, found);
    }
    let counts = ledger.counts()?;
    let rate = options.rate.map_or(run.details.rate, Rate::per_second);
    let ledger = Box::new(FileRun::new(ledger)?);
    let open = OpenRun { name: &run.name, details: &run.details, ledger, counts, rate };
    let look = || {
        let ledger = Ledger::read(&path)?;
        Ok((ledger.counts()?, ledger.skip_counts()?))
    };
    send_rows(context, sender, connection, open, options, look).await
}

/// A run on its way.
pub(crate) struct OpenRun<'a> {
    pub(crate) name: &'a RunName,
    pub(crate) details: &'a Details,
    pub(crate) ledger: Box<dyn RunLedger>,
    pub(crate) counts: Counts,
    /// Requests a second that may leave from here.
    pub(crate) rate: f64,
}

/// What is known of a run at its end.
type Look<'a> = &'a dyn Fn() -> Result<(Counts, SkipCounts), LedgerError>;

/// Sends rows of `run`; `look` says at its end how many are in each state.
pub(crate) async fn send_rows(
    context: &Context,
    sender: &Sender,
    connection: Connection,
    run: OpenRun<'_>,
    options: RunOptions,
    look: impl Fn() -> Result<(Counts, SkipCounts), LedgerError>,
) -> Result<ExitCode, CommandError> {
    let OpenRun { name, details, ledger, counts, rate } = run;
    let conditions = &details.conditions;
    let Connection { base, client, credentials, mut signals } = connection;
    let session = ApiSession {
        client: client.keep_connections()?,
        headers: signed(HEADERS_OF_A_POST, &credentials),
        credentials,
        base: base.url().clone(),
        accepts: details.accepts.clone(),
        swaps: SwapWatch::default(),
    };
    let mut progress = Progress::new(&context.stderr, options.progress);
    let concurrency = options.concurrency.unwrap_or(details.concurrency);
    if details.sandbox {
        hours::report_not_waited_for(context, conditions.hours.as_ref());
    }
    let limits = RunLimits {
        rate,
        concurrency,
        max_wait: options.max_wait.unwrap_or(details.max_wait),
        hours: conditions.hours.clone().filter(|_| !details.sandbox),
        keep_going: conditions.keep_going,
    };
    let engine = Engine::new(session, ledger, counts, limits, &mut progress);
    let end = engine.run(async || signals.next().await).await;
    report(context, sender, (name, details), end, &look)
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
    (name, details): (&RunName, &Details),
    end: RunEnd,
    counts: Look<'_>,
) -> Result<ExitCode, CommandError> {
    let stderr = &context.stderr;
    if sender.settings.is_sandboxed() {
        stderr.note("sandbox: nothing left this machine");
    }
    let resume = format!("jelouctl bulk resume {name}");
    let is_written = !matches!(end, RunEnd::Stopped { is_written: false, .. });
    let ended = match end {
        RunEnd::Complete { was_stopped } => {
            if was_stopped {
                stderr.note(&format!("run {name} is complete: its last rows have ended"));
            }
            let (counts, skips) = counts()?;
            Ok(of_counts(&counts, &skips))
        }
        RunEnd::Stopped { reason: StopReason::Paused(PauseReason::AllRefused, problem), .. } => {
            report_all_refused(context, name, &problem);
            Ok(of_pause(PauseReason::AllRefused))
        }
        RunEnd::Stopped { reason: StopReason::Paused(reason, problem), .. } => {
            stderr.error(
                &format!("the run paused: {}", problem.message),
                &[],
                Some(&format!("{}; to continue: {resume}", without_again(&problem.hint))),
            );
            Ok(of_pause(reason))
        }
        RunEnd::Stopped { reason: StopReason::PausedByOthers(pause), .. } => Ok(report_pause(context, name, &pause)),
        RunEnd::Stopped { reason: StopReason::Signal(signal), .. } => {
            stderr.error(&format!("stopped by {}", signal.name()), &[], Some(&format!("to continue: {resume}")));
            Ok(of_signal(signal))
        }
        RunEnd::Stopped { reason: StopReason::LedgerFailed(failure), .. } => {
            report_unwritten(context, details, &failure);
            Err(CommandError::from(failure.error))
        }
        RunEnd::Stopped { reason: StopReason::Panicked, .. } => Err(Panicked::UnderWay.into()),
    };
    if !is_written {
        let watch = format!("jelouctl bulk status {name}");
        stderr.warning(&format!("the ledger is still being written; how the run stands: {watch}"));
        return ended;
    }
    if let Ok((counts, skips)) = counts() {
        if let Some(left_alone) = may_have_been_sent(name, &counts) {
            stderr.note(&left_alone);
        }
        // What was accepted stays so when standard output cannot take it: an error would invite a second run.
        if let Err(error) =
            print_summary(context, &summary(Some(name), &counts, &skips, details.written_to), Some(name))
        {
            let watch = format!("jelouctl bulk status {name}");
            stderr.error(&format!("how the run ended could not be written: {}", error.cause), &[], Some(&watch));
        }
    }
    ended
}

/// Somebody else paused the run; gives the code of that.
fn report_pause(context: &Context, name: &RunName, pause: &RunPause) -> ExitCode {
    let RunPause { reason, by } = pause;
    let (why, code) = match reason.as_str() {
        "unknown" => ("too many messages may or may not have been sent", ExitCode::Unknown),
        "all_refused" => ("no message was accepted", ExitCode::Rejected),
        "failover" => ("what was written may be lost", ExitCode::Guard),
        _ => ("a person stopped it", ExitCode::Guard),
    };
    let hint = format!("jelouctl bulk status {name} shows how it stands; to continue: jelouctl bulk resume {name}");
    context.stderr.error(&format!("the run is paused: {why} ({by})"), &[], Some(&hint));
    code
}

/// Every row was rejected: what is wrong with one is wrong with all.
fn report_all_refused(context: &Context, name: &RunName, problem: &Problem) {
    let hint = without_again(&problem.hint);
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
fn report_unwritten(context: &Context, details: &Details, failure: &WriteFailure) {
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
    Some(RecordError { code: row.code.unwrap_or("unknown"), api_code: None, message, hint: None, retry_after_s: None })
}
