//! Compares a list with earlier runs. Messages that they sent are refused, skipped, or sent again.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::runs::import::{DuplicatePolicy, earlier_messages, undelivered_messages};
use crate::runs::ledger::{
    EarlierMessages, EarlierQuery, EarlierRow, EarlierRuns, Ledger, LedgerDraft, LedgerError, Run,
    RunConditions, RunName, RunSettings, SkipCounts, SkipReason,
};
use crate::runs::once::OnceScope;
use crate::runs::unchecked::{self, MarkedSend};
use crate::sender::context::Context;

/// The maximum number of clauses in one refusal, each about one run and one reason.
const MAX_CLAUSES: usize = 3;

/// The rows that were sent or may have been, according to a report.
#[derive(Debug, Default)]
pub(crate) struct ReportedRows {
    pub(crate) rows: SkipCounts,
    /// The rows that Jelou accepted, but did not deliver.
    pub(crate) undelivered: u64,
}

/// Refuses a report with rows that were sent or may have been; `policy` says what to do with them.
pub(crate) fn refuse_reported(
    reported: &ReportedRows,
    policy: DuplicatePolicy,
) -> Result<(), CommandError> {
    let rows = &reported.rows;
    if policy != DuplicatePolicy::Refused || rows.all() == 0 {
        return Ok(());
    }
    if reported.undelivered == rows.all() {
        let message = msg!(
            "{rows} {rows|row was|rows were} accepted by Jelou, but not delivered",
            rows = rows.all()
        );
        return Err(CommandError::open_guard(message, undelivered_messages()));
    }
    let sent = rows.rows(SkipReason::AlreadySent);
    let perhaps = rows.rows(SkipReason::MayHaveBeenSent) + rows.rows(SkipReason::ToBeSent);
    let message = match (sent, perhaps) {
        (_, 0) => msg!("rows of this report: {sent} {sent|was|were} sent", sent),
        (0, _) => msg!("rows of this report: {perhaps} may have been sent", perhaps),
        _ => msg!(
            "rows of this report: {sent} {sent|was|were} sent, {perhaps} may have been sent",
            sent,
            perhaps
        ),
    };
    Err(CommandError::open_guard(message, earlier_messages()))
}

/// Creates the query for the earlier runs that a run with `details` is compared with.
pub(super) fn earlier_query(details: &RunSettings) -> EarlierQuery {
    EarlierQuery {
        bot: details.bot.clone(),
        address: details.api_url.clone(),
        remember: details.remember,
    }
}

/// Compares `draft` with earlier runs. Depending on `conditions`, skips duplicate rows or refuses the draft. With a
/// `--once` key, skips recipients that have any message with this key, and sends other messages again. Returns whether
/// the last command with the key had a different `--every`. Errors show times in `zone`.
pub(crate) fn compare(
    conditions: &RunConditions,
    earlier: &mut EarlierRuns<'_>,
    draft: &mut LedgerDraft,
    zone: &TimeZone,
) -> Result<bool, CommandError> {
    let policy = DuplicatePolicy::new(conditions);
    let mut has_other_every = false;
    if let Some(key) = &conditions.once {
        has_other_every = earlier.find_claimed(draft, key, conditions.every)?;
        find_unchecked(&earlier.scope(key), conditions.every, draft)?;
        draft.skip_earlier(Some(key))?;
    }
    if policy == DuplicatePolicy::Meant {
        return Ok(has_other_every);
    }
    earlier.compare(draft)?;
    if policy == DuplicatePolicy::LeftOut {
        draft.skip_earlier(None)?;
        return Ok(has_other_every);
    }
    let found = draft.earlier()?;
    if found.is_empty() {
        return Ok(has_other_every);
    }
    let message = describe_found(&found, zone, draft.messages()?, None);
    Err(CommandError::open_guard(message, earlier_messages()))
}

/// Marks the rows of `draft` if the recipient has a notification under the key that was sent unchecked.
fn find_unchecked(
    scope: &OnceScope,
    every: Option<Duration>,
    draft: &LedgerDraft,
) -> Result<(), LedgerError> {
    let marks: Vec<_> = unchecked::existing().collect();
    if marks.is_empty() {
        return Ok(());
    }
    draft.note_recipients(|recipient| {
        let send = MarkedSend {
            scope,
            recipient,
            every,
        };
        let found = marks.iter().find_map(|marks| marks.find(send))?;
        let (state, at) = found.state();
        EarlierRow::from_state(state, at)
    })
}

/// Refuses a list if it skipped rows for another run or a single send that no longer sends them. Those recipients would
/// get nothing.
pub(super) fn refuse_abandoned_rows(draft: &LedgerDraft) -> Result<(), CommandError> {
    let rows = draft.freed()?;
    if rows == 0 {
        return Ok(());
    }
    let message = msg!(
        "this command skipped {rows} {rows|row|rows} because other runs or single sends had them, but those no longer send \
         them",
        rows
    );
    Err(CommandError::guard(
        message,
        msg!("to send them: send the list again"),
    ))
}

/// Warns of runs that have unsent rows of this list while no process sends them. This list skipped those rows.
pub(super) fn report_idle_runs(
    context: &Context,
    ledger: &Ledger,
    draft: &LedgerDraft,
) -> Result<(), LedgerError> {
    for run in draft.awaited_runs()? {
        if let Ok(name) = run.parse()
            && let Ok(found) = ledger.run(&name)
            && found.is_abandoned()?
        {
            let name = name.to_string();
            context.stderr.warning_with_hint(
                msg!(
                    "run {run} has unsent rows of this list, but no process is sending it",
                    run
                ),
                msg!("to continue: jelouctl bulk resume {run}", run = name),
            );
        }
    }
    Ok(())
}

/// Warns that earlier runs sent messages to these recipients recently, because the text of a sent list may have been
/// corrected. Also warns of unfinished runs with messages for them, because these runs may have been forgotten.
pub(crate) fn report_recipients(context: &Context, written_to: u64, waiting: u64) {
    if waiting > 0 {
        context.stderr.warning_with_hint(
            msg!("{count} of these recipients still {count|has|have} unsent messages in unfinished runs", count = waiting),
            msg!("to see them: jelouctl bulk list"),
        );
    }
    if written_to > 0 {
        context.stderr.warning(msg!(
            "earlier runs sent messages to {count} of these recipients in the last 24 hours",
            count = written_to
        ));
    }
}

/// Checks whether another run has sent rows that `run` still has; sandbox runs do not count. Skips
/// these rows, or refuses the run.
pub(crate) fn skip_sent_rows(
    run: &Run,
    details: &RunSettings,
    zone: &TimeZone,
) -> Result<(), CommandError> {
    let Some(skips_rows) = skips_sent_rows(details).filter(|_| !details.sandbox) else {
        return Ok(());
    };
    let found = run.compare(details, skips_rows)?;
    if found.is_empty() || skips_rows {
        Ok(())
    } else {
        Err(earlier_runs_error(run, &found, zone)?)
    }
}

/// Returns whether a run skips rows that other runs have sent. If not, they are a reason to refuse it.
/// None if it sends them again.
pub(super) fn skips_sent_rows(details: &RunSettings) -> Option<bool> {
    match DuplicatePolicy::new(&details.conditions) {
        DuplicatePolicy::Meant => None,
        policy => Some(policy == DuplicatePolicy::LeftOut),
    }
}

/// Returns the error for rows of a run that others have sent, or are about to send.
pub(super) fn earlier_runs_error(
    run: &Run,
    found: &[EarlierMessages],
    zone: &TimeZone,
) -> Result<CommandError, LedgerError> {
    let name = run.name();
    // `bulk work` does not have these flags.
    let way = msg!(
        "to skip them: jelouctl bulk resume {run} --skip-sent; to send them again: jelouctl bulk resume {run} --again",
        run = name.to_string()
    );
    let message = describe_found(found, zone, run.pending()?, Some(name));
    Ok(CommandError::guard(message, way))
}

/// Describes messages that earlier runs sent: `95 of 100 messages were sent by run fail1 at 2026-11-20 08:23 -05:00`. With
/// `of`, they are unsent messages of this run.
fn describe_found(
    found: &[EarlierMessages],
    zone: &TimeZone,
    all: u64,
    of: Option<&RunName>,
) -> Message {
    let count: u64 = found.iter().map(|messages| messages.rows).sum();
    let which = match of {
        None => msg!("{count} of {all} messages", count, all),
        Some(run) => {
            let run = run.to_string();
            msg!(
                "{count} of {all} unsent messages in run {run}",
                count,
                all,
                run
            )
        }
    };
    if let [only] = found {
        return msg!("{which} {what}", which, what = only.describe(zone));
    }
    let first = found.iter().take(MAX_CLAUSES);
    let mut clauses: Vec<_> = first
        .map(|messages| {
            let what = messages.describe(zone);
            msg!("{count} {what}", count = messages.rows, what)
        })
        .collect();
    let others = found.iter().skip(MAX_CLAUSES);
    let count: u64 = others.map(|messages| messages.rows).sum();
    clauses.extend((count > 0).then(|| msg!("{count} are in other runs", count)));
    let clauses = Message::joined(clauses, ", ");
    msg!("{which} are in earlier runs: {clauses}", which, clauses)
}
