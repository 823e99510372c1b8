//! The rules of the ledger. Each test is written once, and runs on a file and on a database.

mod cancelled_runs;
#[cfg(unix)]
mod database;
mod deliveries;
mod earlier_runs;
mod exclusions;
mod kept_counts;
mod keys;
mod messaging_limit;
#[cfg(unix)]
#[path = "../../../../tests/support/needs.rs"]
mod needs;
mod new_runs;
mod pace;
#[cfg(unix)]
#[path = "../../../../tests/support/postgres.rs"]
mod postgres;
mod restored_ledgers;
mod rows;
mod stale_runs;
mod workers;

use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::db::values;
use super::error::LedgerError;
use super::fixture;
use super::history::earlier_rows::EarlierMessages;
use super::model::{RowState, SkipDetail, SkipReason};
use super::name::RunName;
use super::open::Ledger;
use super::rows::resolution::Resolution;
use super::run::Run;
use super::types::{ExchangeOrder, ExchangeReply, FinishedRow, RowFilter, RowToSend, RunSettings};
use super::worker::Worker;
use crate::runs::once::OnceScope;

/// A pace that delays nothing.
const FAST: f64 = 1_000_000.0;
/// Longer than the gap that a ledger keeps between two messages to one recipient.
const LONG_AGO: Duration = Duration::from_secs(7);
/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;
/// The recipients of most runs.
const PEOPLE: [&str; 5] = [
    "593990000000",
    "593990000001",
    "593990000002",
    "593990000003",
    "593990000004",
];

/// Generates the tests of each subject for both engines.
macro_rules! every_engine {
    ($($subject:ident { $($test:ident,)+ })+) => {
        mod in_a_file {
            $($(
                #[test]
                fn $test() {
                    super::$subject::$test(&super::TestedLedger::file());
                }
            )+)+
        }

        #[cfg(unix)]
        mod in_a_database {
            $($(
                #[test]
                fn $test() {
                    if let Some(cluster) = super::database::cluster() {
                        super::$subject::$test(&super::database::ledger(cluster));
                    }
                }
            )+)+
        }
    };
}

every_engine! {
    kept_counts {
        finished_run_keeps_true_counts,
        delivery_checks_renew_kept_counts,
        late_report_renews_kept_counts,
        cancelled_run_keeps_its_counts,
    }
    new_runs {
        new_run_begins_with_its_worker,
        imported_run_has_no_worker,
        refused_run_leaves_no_worker,
    }
    rows {
        row_state_changes_match_the_documented_table,
        rows_with_one_recipient_are_sent_in_sequence,
        successor_waits_for_a_row_sent_again,
        successor_of_skipped_row_waits_for_predecessor,
        single_and_batched_rows_finish_alike,
        row_not_in_flight_is_never_updated,
        modified_request_is_never_sent,
        clock_that_goes_back_delays_no_row,
    }
    pace {
        rate_limit_pace_matches_the_throttle,
        two_workers_share_rows_and_rate,
    }
    workers {
        listening_worker_writes_nothing_until_something_changes,
        killed_worker_leaves_unknown_rows_and_sends_none,
        lost_worker_may_still_report_results,
        late_exchange_of_replaced_connection_changes_nothing,
        rows_of_lost_response_become_pending_again,
        worker_marked_lost_gets_no_rows,
        worker_without_lock_gets_no_rows,
        transaction_timeout_error_is_retryable,
        stop_tells_whether_a_process_sends_the_run,
        ledger_keeps_who_did_what,
        resumption_beside_a_stopped_worker_is_an_event,
        end_by_another_process_has_exact_counts,
        late_outcome_has_exact_counts,
    }
    restored_ledgers {
        restored_ledger_refuses_until_you_accept_it,
        old_answer_does_not_accept_a_later_restore,
        accepted_run_leaves_the_ledger_refused,
        restored_ledger_keeps_the_time_of_its_newest_record,
        reopened_run_of_restored_ledger_is_stale,
        reopened_run_of_accepted_ledger_is_sent,
        refused_ledger_that_lacks_records_is_refused_again,
    }
    stale_runs {
        failed_rows_of_stale_run_are_not_resent,
        restored_ledger_marks_rows_unknown,
    }
    cancelled_runs {
        cancelled_run_sends_no_more_rows,
        row_returned_to_cancelled_run_is_skipped,
        cancelled_run_waits_for_rows_in_flight_elsewhere,
    }
    earlier_runs {
        new_list_finds_rows_of_earlier_runs,
        identical_runs_are_sent_one_at_a_time,
        only_an_explicit_run_name_must_be_unused,
    }
    exclusions {
        excluded_recipient_gets_no_row,
        run_of_excluded_recipients_is_finished,
        excluded_recipient_gets_no_second_attempt,
        spellings_of_a_recipient_are_one_exclusion,
        sandbox_has_its_own_exclusions,
        exclusion_waits_for_an_exchange,
    }
    keys {
        once_key_allows_one_send_per_recipient,
        removed_run_still_counts_under_its_key,
        manual_decision_is_kept_unless_message_was_sent,
        only_a_sent_row_replaces_inflight_claim,
        sent_row_replaces_an_unknown_claim,
        message_counts_under_its_key_for_every,
        row_counts_under_its_key_for_every,
        clock_that_goes_back_does_not_extend_every,
        slow_clock_does_not_end_every,
        message_from_1970_counts_for_every,
    }
    messaging_limit {
        distinct_recipients_count_for_24_hours,
        unreached_recipient_does_not_count,
        messaging_limit_blocks_no_allowed_row,
        limit_wait_ends_as_recipients_expire,
        clock_that_goes_back_extends_no_count,
        clock_that_goes_back_admits_no_expired_recipient,
    }
    deliveries {
        message_is_unlisted_only_if_checked,
        cost_counts_sent_and_delivered_messages,
    }
}

/// A ledger of a test.
struct TestedLedger {
    ledger: Ledger,
    /// Ends the leases of all processes, so that no test waits for them. In a file, a process is
    /// lost when its lock is free.
    end_leases: Box<dyn Fn()>,
    home: Option<TempDir>,
}

impl TestedLedger {
    fn file() -> Self {
        let home = TempDir::new().unwrap();
        Self {
            ledger: fixture::ledger(home.path()),
            end_leases: Box::new(|| {}),
            home: Some(home),
        }
    }

    /// Creates a run with a row for each of these recipients. No process sends it.
    fn begin(&self, recipients: &[&str]) -> Run {
        (self.end_leases)();
        if let Ok(before) = self.ledger.run(&name()) {
            before.remove(before.changed_at().unwrap()).unwrap();
        }
        fixture::make(&self.ledger, recipients, FAST)
    }

    /// Ends the sending process as SIGKILL would.
    fn kill(&self, worker: Worker) {
        drop(worker);
        (self.end_leases)();
    }

    /// Makes the run stale, as if the ledger lacked messages that it has sent.
    fn lose_records(&self, run: &Run) {
        let mut db = self.ledger.db();
        db.change(|db| {
            db.run(
                "UPDATE run SET identity = 'another' WHERE id = ?1",
                &values![run.id],
            )
        })
        .unwrap();
    }
}

fn join(run: &Run) -> Worker {
    let joined = run.join(Duration::from_secs(30), None, None).unwrap();
    joined.worker().expect("this process compares nothing")
}

fn exchange(worker: &mut Worker, finished: &[FinishedRow], wanted: usize) -> ExchangeReply {
    let order = ExchangeOrder {
        finished: finished.to_vec(),
        wanted,
        ..ExchangeOrder::default()
    };
    let mut assigned = worker.exchange(&order).unwrap();
    assigned.rows.sort_by_key(|row| row.index);
    assigned
}

/// Checks that the reply has no row, only the error of the stale run `r`.
fn assert_stale(reply: &ExchangeReply) {
    let problem = reply.problem.as_ref().map(ToString::to_string);
    assert!(reply.rows.is_empty() && reply.pause.is_none() && reply.next.is_none());
    assert_eq!(problem, Some(LedgerError::stale_run(&name()).to_string()));
}

fn close(worker: Worker) -> bool {
    worker.close().unwrap()
}

/// Skips the pending ones of `rows`.
fn skip(run: &Run, rows: &[i64]) {
    let excluded = SkipDetail {
        reason: SkipReason::Excluded,
        problem: "x".into(),
    };
    run.skip(&mut rows.iter().map(|n| (*n, excluded.clone())))
        .unwrap();
}

/// Decides rows after all their processes have ended.
fn resolve(run: &Run, change: [RowState; 2], lines: &[u64]) -> Result<u64, LedgerError> {
    let resolution = Resolution {
        change,
        lines: lines.to_vec(),
        people: Vec::new(),
    };
    let ended: Vec<_> = run
        .lost_processes(&resolution, &[])?
        .into_iter()
        .map(|process| process.id)
        .collect();
    Ok(run.resolve(&resolution, &ended)?.0)
}

/// Returns the state of each row, in order.
fn states(run: &Run) -> Vec<RowState> {
    let mut states = Vec::new();
    run.report::<LedgerError>(&RowFilter::default(), |row| {
        states.push(row.state);
        Ok(())
    })
    .unwrap();
    states
}

fn name() -> RunName {
    "r".parse().unwrap()
}

/// Creates the key of the runs in tests.
fn scope() -> OnceScope {
    let RunSettings {
        bot,
        api_url: address,
        ..
    } = fixture::details();
    OnceScope {
        key: "november".parse().unwrap(),
        bot,
        address,
    }
}

/// Creates another run under the key for the free ones of `recipients`. Returns why the others are
/// skipped.
fn make_under_key(ledger: &Ledger, run: &str, recipients: &[&str]) -> Vec<(SkipReason, u64)> {
    make_with_every(ledger, run, recipients, None)
}

/// Does the same as [`make_under_key`], but a message counts for `every` under the key, or forever.
fn make_with_every(
    ledger: &Ledger,
    run: &str,
    recipients: &[&str],
    every: Option<Duration>,
) -> Vec<(SkipReason, u64)> {
    let scope = scope();
    let mut draft = fixture::draft(recipients);
    let mut details = RunSettings {
        rate: FAST,
        ..fixture::details()
    };
    details.conditions.once = Some(scope.key.clone());
    details.conditions.every = every;
    let made = ledger.make(
        &run.parse().unwrap(),
        true,
        &mut draft,
        &mut details,
        &fixture::earlier(),
        |known, draft, _| {
            known.find_claimed(draft, &scope.key, every)?;
            draft.skip_earlier(Some(&scope.key))?;
            Ok::<_, LedgerError>(true)
        },
    );
    made.unwrap();
    draft.skip_counts().iter().collect()
}

/// Sends the rows of a run. Each ends in its state in `states`.
fn send_all(ledger: &Ledger, run: &str, states: &[RowState]) {
    let mut worker = join(&ledger.run(&run.parse().unwrap()).unwrap());
    let assigned = exchange(&mut worker, &[], states.len()).rows;
    let finished: Vec<_> = assigned
        .iter()
        .zip(states)
        .map(|(row, state)| ended(row, *state, LONG_AGO))
        .collect();
    exchange(&mut worker, &finished, 0);
    close(worker);
}

/// Returns the messages in earlier runs that a list to `recipients` would repeat: their reason and
/// their number.
fn compared(ledger: &Ledger, recipients: &[&str]) -> Vec<(SkipReason, u64)> {
    let draft = fixture::draft(recipients);
    ledger
        .with_earlier_runs(&fixture::earlier(), |known| known.compare(&draft))
        .unwrap();
    let found = draft.earlier().unwrap().into_iter();
    let mut found: Vec<_> = found
        .map(|EarlierMessages { reason, rows, .. }| (reason, rows))
        .collect();
    found.sort();
    found
}

/// Returns the indexes of the rows in a reply that neither pauses nor has a problem.
fn numbers(assigned: &ExchangeReply) -> Vec<i64> {
    assert!(
        assigned.problem.is_none() && assigned.pause.is_none(),
        "{assigned:?}"
    );
    assigned.rows.iter().map(|row| row.index).collect()
}

/// Returns the rows that may be sent after these outcomes, from this exchange or the next one.
fn all_due(sends: &mut Worker, finished: &[FinishedRow]) -> ExchangeReply {
    let assigned = exchange(sends, finished, 10);
    if !assigned.rows.is_empty() {
        return assigned;
    }
    // A waiting row is checked when its time has come, which may be 6 seconds later.
    sends.make_due();
    exchange(sends, &[], 10)
}

/// Returns the outcome of `row`, this long ago. A row that was certainly not sent may be retried
/// immediately.
fn ended(row: &RowToSend, state: RowState, ago: Duration) -> FinishedRow {
    FinishedRow {
        code: (state != RowState::Sent).then_some("network"),
        at: Instant::now().checked_sub(ago).unwrap(),
        ..FinishedRow::new(row.clone(), state)
    }
}
