//! Compares a list with earlier runs. Messages that they sent are refused, skipped, or sent again.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::error::BulkError;
use super::finding::ReportedRows;
use super::policy::DuplicatePolicy;
use super::questions::{earlier_messages, undelivered_messages};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::runs::ledger::{
    EarlierMessages, EarlierQuery, EarlierRow, EarlierRuns, Ledger, LedgerDraft, LedgerError, Run,
    RunConditions, RunName, RunSettings, SkipReason,
};
use crate::runs::once::OnceScope;
use crate::runs::unchecked::{self, MarkedSend};

/// The maximum number of clauses in one refusal, each about one run and one reason.
const MAX_CLAUSES: usize = 3;

/// Refuses a report with rows that were sent or may have been; `policy` says what to do with them.
pub(super) fn refuse_reported(
    reported: &ReportedRows,
    policy: DuplicatePolicy,
) -> Result<(), BulkError> {
    let rows = &reported.rows;
    if policy != DuplicatePolicy::Refuse || rows.all() == 0 {
        return Ok(());
    }
    if reported.undelivered == rows.all() {
        let message = msg!(
            "{rows} {rows|row was|rows were} accepted by Jelou, but not delivered",
            rows = rows.all()
        );
        return Err(BulkError::Guard(UsageError::open(
            message,
            undelivered_messages(),
        )));
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
    Err(BulkError::Guard(UsageError::open(
        message,
        earlier_messages(),
    )))
}

/// Creates the query for the earlier runs that a run with `details` is compared with.
pub(crate) fn earlier_query(details: &RunSettings) -> EarlierQuery {
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
) -> Result<bool, BulkError> {
    let policy = DuplicatePolicy::new(conditions);
    let mut has_other_every = false;
    if let Some(key) = &conditions.once {
        has_other_every = earlier.find_claimed(draft, key, conditions.every)?;
        find_unchecked(&earlier.scope(key), conditions.every, draft)?;
        draft.skip_earlier(Some(key))?;
    }
    if policy == DuplicatePolicy::Send {
        return Ok(has_other_every);
    }
    earlier.compare(draft)?;
    if policy == DuplicatePolicy::Skip {
        draft.skip_earlier(None)?;
        return Ok(has_other_every);
    }
    let found = draft.earlier()?;
    if found.is_empty() {
        return Ok(has_other_every);
    }
    let message = describe_found(&found, zone, draft.messages()?, None);
    Err(BulkError::Guard(UsageError::open(
        message,
        earlier_messages(),
    )))
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
pub(crate) fn refuse_abandoned_rows(draft: &LedgerDraft) -> Result<(), BulkError> {
    let rows = draft.freed()?;
    if rows == 0 {
        return Ok(());
    }
    let message = msg!(
        "this command skipped {rows} {rows|row|rows} for other runs or single sends that no longer send {rows|it|them}",
        rows
    );
    Err(BulkError::Guard(UsageError::new(
        message,
        msg!("to send them: send the list again"),
    )))
}

/// Returns those of the `awaited` runs that no process sends. A list skipped their unsent rows.
pub(crate) fn idle_runs(ledger: &Ledger, awaited: &[String]) -> Result<Vec<RunName>, LedgerError> {
    let mut idle = Vec::new();
    for run in awaited {
        if let Ok(name) = run.parse()
            && let Ok(found) = ledger.run(&name)
            && found.is_abandoned()?
        {
            idle.push(name);
        }
    }
    Ok(idle)
}

/// Checks whether another run has sent rows that `run` still has; sandbox runs do not count. Skips
/// these rows, or refuses the run.
pub(crate) fn skip_sent_rows(
    run: &Run,
    details: &RunSettings,
    zone: &TimeZone,
) -> Result<(), BulkError> {
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
pub(crate) fn skips_sent_rows(details: &RunSettings) -> Option<bool> {
    match DuplicatePolicy::new(&details.conditions) {
        DuplicatePolicy::Send => None,
        policy => Some(policy == DuplicatePolicy::Skip),
    }
}

/// Returns the error for rows of a run that others have sent, or are about to send.
pub(crate) fn earlier_runs_error(
    run: &Run,
    found: &[EarlierMessages],
    zone: &TimeZone,
) -> Result<BulkError, LedgerError> {
    let name = run.name();
    // `bulk work` does not have these flags.
    let way = msg!(
        "to skip them: jelouctl bulk resume {run} --skip-sent; to send them again: jelouctl bulk resume {run} --again",
        run = name.to_string()
    );
    let message = describe_found(found, zone, run.pending()?, Some(name));
    Ok(BulkError::Guard(UsageError::new(message, way)))
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
