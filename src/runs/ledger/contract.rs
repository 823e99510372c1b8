//! The rules of a ledger, in a file and in a database. Each test is written once and runs on both.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::claims::{Claimed, HeldClaim, KeyAddition};
use super::comparing::{EarlierMessages, EarlierQuery};
use super::db::{SqlScript, values};
use super::delivery::{DeliveryUpdate, DeliveryUpdates, ProvenRow};
use super::error::{LedgerError, LedgerFault};
use super::events::PauseReason;
use super::fixture;
use super::model::{OnceState, RowState, SkipDetail, SkipReason, now};
use super::name::RunName;
use super::open::Ledger;
use super::reach::ReachKey;
use super::resolution::Resolution;
use super::run::Run;
use super::transitions::lock;
use super::types::{
    AttemptResult, Delay, ExchangeReply, FinishedRow, RowFilter, RowToSend, RunSettings,
};
use super::worker::{Joined, LISTENS_EVERY, Worker};
use crate::base::output::Sent;
use crate::jelou::api::{
    Answer, Body, Cause, DeliveryState, DeliveryStatus, Outcome, Request, SuccessCriterion, judge,
};
use crate::runs::cost::{Category, Estimate, PriceList};
use crate::runs::once::OnceScope;
use crate::runs::sending::{RunLimits, Throttle};

#[cfg(unix)]
#[path = "../../../tests/support/needs.rs"]
mod needs;
#[cfg(unix)]
#[path = "../../../tests/support/postgres.rs"]
mod postgres;

/// A pace that delays nothing.
const FAST: f64 = 1_000_000.0;
/// Longer than the gap between two messages to one recipient.
const LONG_AGO: Duration = Duration::from_secs(7);

/// Generates these tests for each engine.
macro_rules! every_engine {
    ($($test:ident,)+) => {
        mod in_a_file {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::TestedLedger::file());
                }
            )+
        }

        #[cfg(unix)]
        mod in_a_database {
            $(
                #[test]
                fn $test() {
                    if let Some(cluster) = super::shared::cluster() {
                        super::$test(&super::shared::ledger(cluster));
                    }
                }
            )+
        }
    };
}

every_engine! {
    row_state_changes_match_the_documented_table,
    listening_worker_writes_nothing_until_something_changes,
    rows_with_one_recipient_are_sent_in_sequence,
    successor_waits_for_a_row_sent_again,
    successor_of_skipped_row_waits_for_predecessor,
    single_and_batched_rows_finish_alike,
    row_not_in_flight_is_never_updated,
    rate_limit_pace_matches_the_throttle,
    killed_worker_leaves_unknown_rows_and_sends_none,
    lost_worker_may_still_report_results,
    late_exchange_of_replaced_connection_changes_nothing,
    rows_of_lost_response_become_pending_again,
    restored_ledger_marks_rows_unknown,
    two_workers_share_rows_and_rate,
    once_key_allows_one_send_per_recipient,
    removed_run_still_counts_under_its_key,
    new_list_finds_rows_of_earlier_runs,
    failed_rows_of_stale_run_are_not_resent,
    cancelled_run_sends_no_more_rows,
    row_returned_to_cancelled_run_is_skipped,
    cancelled_run_waits_for_rows_in_flight_elsewhere,
    modified_request_is_never_sent,
    clock_that_goes_back_delays_no_row,
    distinct_recipients_count_for_24_hours,
    unreached_recipient_does_not_count,
    messaging_limit_blocks_no_allowed_row,
    limit_wait_ends_as_recipients_expire,
    clock_that_goes_back_extends_no_count,
    clock_that_goes_back_admits_no_expired_recipient,
    transaction_timeout_error_is_retryable,
    only_an_explicit_run_name_must_be_unused,
    identical_runs_are_sent_one_at_a_time,
    worker_marked_lost_gets_no_rows,
    worker_without_lock_gets_no_rows,
    manual_decision_is_kept_unless_message_was_sent,
    only_a_sent_row_replaces_inflight_claim,
    sent_row_replaces_an_unknown_claim,
    message_is_unlisted_only_if_checked,
    message_counts_under_its_key_for_every,
    row_counts_under_its_key_for_every,
    clock_that_goes_back_does_not_extend_every,
    cost_counts_sent_and_delivered_messages,
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
    let joined = run.join(Duration::from_secs(30), None).unwrap();
    joined.worker().expect("it compares nothing")
}

fn exchange(worker: &mut Worker, settled: &[FinishedRow], wanted: usize) -> ExchangeReply {
    let mut given = worker.exchange(settled, &[], wanted).unwrap();
    given.rows.sort_by_key(|row| row.index);
    given
}

fn close(worker: Worker) -> bool {
    worker.close().unwrap()
}

/// Skips the pending ones of `rows`.
fn skip(run: &Run, rows: &[i64]) {
    let excluded = SkipDetail {
        reason: SkipReason::Excluded,
        problem: "x",
    };
    run.skip(&mut rows.iter().map(|n| (*n, excluded))).unwrap();
}

/// Decides rows whose processes have all ended.
fn resolve(run: &Run, change: [RowState; 2], lines: &[u64]) -> Result<u64, LedgerError> {
    let resolution = Resolution {
        change,
        lines: lines.to_vec(),
        people: Vec::new(),
    };
    let ended: Vec<_> = run
        .lost_processes(&resolution, &[])?
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    Ok(run.resolve(&resolution, &ended)?.0)
}

/// The state of each row, in order.
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

/// The key of the runs in tests.
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

/// As [`make_under_key`]. A message counts for `every` under the key, or forever.
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
    let given = exchange(&mut worker, &[], states.len()).rows;
    let settled: Vec<_> = given
        .iter()
        .zip(states)
        .map(|(row, state)| ended(row, *state, LONG_AGO))
        .collect();
    exchange(&mut worker, &settled, 0);
    close(worker);
}

/// Sends a single message under the key.
fn send_single(ledger: &Ledger, recipient: &str, sent: Sent) {
    let hasher = ledger.hasher().unwrap();
    match ledger
        .claim(
            &scope(),
            &hasher.person(recipient),
            None,
            Duration::from_secs(30),
        )
        .unwrap()
    {
        Claimed::Held(mut held) => assert!(held.end(sent, None).unwrap()),
        Claimed::Found(entry) => panic!("{entry:?}"),
    }
}

fn once_key_allows_one_send_per_recipient(tested: &TestedLedger) {
    let [one, two, three, four] = [
        "593990000001",
        "593990000002",
        "593990000003",
        "593990000004",
    ];
    let [sent, failed, unknown] = [RowState::Sent, RowState::Failed, RowState::Unknown];
    let [already, perhaps, to_be] = [
        SkipReason::AlreadySent,
        SkipReason::MayHaveBeenSent,
        SkipReason::ToBeSent,
    ];
    tested.begin(&[one]);
    let ledger = &tested.ledger;
    assert_eq!(
        make_under_key(ledger, "a", &[one, two, three, four]),
        [],
        "a run without the key counts for nothing"
    );
    assert_eq!(make_under_key(ledger, "b", &[one, two]), [(to_be, 2)]);
    send_all(ledger, "a", &[sent, failed, unknown, failed]);
    let all = [one, two, three, four];
    assert_eq!(
        make_under_key(ledger, "c", &all),
        [(already, 1), (perhaps, 1)]
    );
    send_all(ledger, "c", &[failed, failed]);
    send_single(ledger, two, Sent::Yes);
    send_single(ledger, four, Sent::No);
    // The recipient of row 2 now has a message, and the recipient of row 4 is free.
    let again = |name: &str, from: RowState, lines: &[u64]| {
        resolve(
            &ledger.run(&name.parse().unwrap()).unwrap(),
            [from, RowState::Pending],
            lines,
        )
    };
    assert_eq!(again("a", failed, &[]).unwrap(), 1);
    assert_eq!(
        again("c", failed, &[]).unwrap(),
        0,
        "row 4 is that of the other run"
    );
    assert_eq!(again("a", failed, &[3]).unwrap(), 0);
    // A message that may have been sent belongs to the run, whatever you decide about it.
    assert_eq!(again("a", unknown, &[]).unwrap(), 1);
    assert_eq!(
        make_under_key(ledger, "d", &all),
        [(already, 2), (to_be, 2)]
    );
    let keys = ledger.keys().unwrap();
    assert_eq!(
        keys.iter().map(|key| key.people).collect::<Vec<_>>(),
        [[2, 0, 0, 2, 0]]
    );
}

fn removed_run_still_counts_under_its_key(tested: &TestedLedger) {
    let all = [
        "593990000001",
        "593990000002",
        "593990000003",
        "593990000004",
    ];
    let ledger = &tested.ledger;
    make_under_key(ledger, "a", &all);
    send_all(
        ledger,
        "a",
        &[
            RowState::Sent,
            RowState::Failed,
            RowState::Unknown,
            RowState::Unknown,
        ],
    );
    // Jelou's lists have the last message.
    let news = DeliveryUpdates {
        updates: vec![DeliveryUpdate {
            index: 4,
            after: 0,
            steps: vec![DeliveryStatus::new(DeliveryState::Delivered)],
            message_id: Some("m-4".to_owned()),
        }],
        proven: vec![ProvenRow {
            index: 4,
            number: 1,
            evidence: "seen".to_owned(),
        }],
        asked: None,
    };
    let run = ledger.run(&"a".parse().unwrap()).unwrap();
    assert_eq!(run.save_deliveries(&news).unwrap(), 1);
    let message_of_last = || {
        ledger
            .standing(&scope(), &ledger.hasher().unwrap().person(all[3]))
            .unwrap()
            .unwrap()
            .message_id
    };
    assert_eq!(message_of_last().as_deref(), Some("m-4"));
    run.remove(run.changed_at().unwrap()).unwrap();
    assert_eq!(message_of_last().as_deref(), Some("m-4"));
    let left_out = [
        (SkipReason::AlreadySent, 2),
        (SkipReason::MayHaveBeenSent, 1),
    ];
    assert_eq!(make_under_key(ledger, "b", &all), left_out);
}

/// The matches of a list to these recipients with earlier runs, by reason.
fn compared(ledger: &Ledger, recipients: &[&str]) -> Vec<(SkipReason, u64)> {
    let draft = fixture::draft(recipients);
    ledger
        .known(&fixture::earlier(), |known| known.compare(&draft))
        .unwrap();
    let found = draft.earlier().unwrap().into_iter();
    let mut found: Vec<_> = found
        .map(|EarlierMessages { reason, rows, .. }| (reason, rows))
        .collect();
    found.sort();
    found
}

fn new_list_finds_rows_of_earlier_runs(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let ledger = &tested.ledger;
    let [sent, perhaps, to_be] = [
        SkipReason::AlreadySent,
        SkipReason::MayHaveBeenSent,
        SkipReason::ToBeSent,
    ];
    assert_eq!(compared(ledger, &PEOPLE), [(to_be, 5)]);
    let mut worker = join(&run);
    let given = exchange(&mut worker, &[], 4);
    let ends = [RowState::Sent, RowState::Failed, RowState::Unknown];
    let settled: Vec<_> = given
        .rows
        .iter()
        .zip(ends)
        .map(|(row, state)| ended(row, state, Duration::ZERO))
        .collect();
    exchange(&mut worker, &settled, 0);
    // The fourth row is in flight, and the fifth is pending.
    assert_eq!(
        compared(ledger, &PEOPLE),
        [(sent, 1), (perhaps, 2), (to_be, 1)]
    );
    assert_eq!(
        compared(ledger, &["593990000009", PEOPLE[0], PEOPLE[0]]),
        [(sent, 1)],
        "rows that repeat are one message"
    );
    let draft = fixture::draft(&PEOPLE);
    let of = fixture::earlier();
    assert_eq!(
        ledger.known(&of, |known| known.people(&draft)).unwrap(),
        (3, 1)
    );
    let of_another = EarlierQuery {
        bot: "2".to_owned(),
        ..of
    };
    ledger
        .known(&of_another, |known| known.compare(&draft))
        .unwrap();
    assert!(draft.earlier().unwrap().is_empty());
    close(worker);
}

fn failed_rows_of_stale_run_are_not_resent(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let run = tested.begin(&PEOPLE[..3]);
    make_under_key(ledger, "a", &PEOPLE[..3]);
    for of in [run, ledger.run(&"a".parse().unwrap()).unwrap()] {
        send_all(
            ledger,
            &of.name().to_string(),
            &[RowState::Sent, RowState::Failed],
        );
        tested.lose_records(&of);
        assert!(of.stale_reason().unwrap().is_some());
        assert_eq!(
            states(&of),
            [RowState::Sent, RowState::Unknown, RowState::Unknown]
        );
        assert!(join(&of).exchange(&[], &[], 5).unwrap().rows.is_empty());
        let refused = resolve(&of, [RowState::Unknown, RowState::Sent], &[2]).unwrap_err();
        assert!(
            refused
                .hint
                .contains("the run is stale; to continue without recipients"),
            "{refused:?}"
        );
    }
    let found = compared(ledger, &PEOPLE[1..3]);
    assert!(
        found
            .iter()
            .all(|(reason, _)| *reason == SkipReason::MayHaveBeenSent),
        "{found:?}"
    );
    assert_eq!(
        found.iter().map(|(_, rows)| rows).sum::<u64>(),
        2,
        "{found:?}"
    );
    let person = ledger.hasher().unwrap().person(PEOPLE[1]);
    let standing = || ledger.standing(&scope(), &person).unwrap().unwrap().state;
    assert_eq!(standing(), OnceState::Unknown);
    let run = ledger.run(&"a".parse().unwrap()).unwrap();
    (tested.end_leases)();
    run.remove(run.changed_at().unwrap()).unwrap();
    assert_eq!(
        standing(),
        OnceState::Unknown,
        "whether it was sent is not known later either"
    );
}

/// Sets the state of the first row, whatever it was.
fn put(run: &Run, state: RowState, worker: i64) {
    let mut db = run.ledger.db();
    let query = "UPDATE row SET state = ?2, worker = ?3, number = 1, due_at = 1, \
        ended_at = NULL, began_at = 1, at = 1 WHERE run = ?1 AND n = 1";
    db.change(|db| {
        db.run(
            "UPDATE run SET finished_at = NULL WHERE id = ?1",
            &values![run.id],
        )?;
        db.run(query, &values![run.id, state.name(), worker])
    })
    .unwrap();
}

fn row_state_changes_match_the_documented_table(tested: &TestedLedger) {
    let run = tested.begin(&["593990000000"]);
    let mut steps = BTreeSet::new();
    let mut worker = join(&run);
    for from in RowState::ALL.iter().copied() {
        let mut note = |what: &str| {
            let to = states(&run)[0];
            if to != from {
                assert!(from.may_become(to), "{what}: {from:?} to {to:?}");
                steps.insert([from.name(), to.name()]);
            }
        };
        for end in [
            RowState::Pending,
            RowState::Sent,
            RowState::Failed,
            RowState::Unknown,
        ] {
            put(&run, from, worker.id());
            let row = RowToSend {
                index: 1,
                number: 1,
                ..queued()
            };
            exchange(&mut worker, &[ended(&row, end, Duration::ZERO)], 0);
            note("an outcome");
        }
        put(&run, from, worker.id());
        exchange(&mut worker, &[], 1);
        note("an exchange");
        put(&run, from, worker.id());
        skip(&run, &[1]);
        note("to be left out");
        for to in RowState::ALL
            .iter()
            .copied()
            .filter(|to| from.may_become(*to) && *to != RowState::Inflight)
        {
            put(&run, from, worker.id());
            let mut db = run.ledger.db();
            db.change(|db| {
                lock(db, run.id)?
                    .unwrap()
                    .decide(db, &[(1, 1)], [from, to], "x")
            })
            .unwrap();
            drop(db);
            note("a decision");
        }
    }
    let table = RowState::ALL.iter().copied().flat_map(|from| {
        RowState::ALL
            .iter()
            .copied()
            .filter(move |to| from.may_become(*to))
            .map(move |to| [from.name(), to.name()])
    });
    assert_eq!(steps, table.collect());
}

fn queued() -> RowToSend {
    RowToSend {
        index: 1,
        line: 2,
        recipient: "593990000000".to_owned(),
        path: String::new(),
        body: String::new(),
        number: 1,
        deadline: None,
    }
}

fn rows_with_one_recipient_are_sent_in_sequence(tested: &TestedLedger) {
    let [one, other] = ["593990000000", "593990000001"];
    for (ago, follows) in [(Duration::ZERO, vec![]), (LONG_AGO, vec![2])] {
        let run = tested.begin(&[one, one, other, one]);
        let mut sends = join(&run);
        let given = exchange(&mut sends, &[], 10);
        assert_eq!(numbers(&given), [1, 3]);
        // The retry may be due before the next exchange.
        let given = all_due(
            &mut sends,
            &[ended(&given.rows[0], RowState::Pending, Duration::ZERO)],
        );
        assert_eq!(
            (numbers(&given), given.rows[0].number),
            (vec![1], 2),
            "whoever waits for it still waits"
        );
        let given = all_due(&mut sends, &[ended(&given.rows[0], RowState::Unknown, ago)]);
        assert_eq!(numbers(&given), follows);
        close(sends);
    }
}

fn successor_waits_for_a_row_sent_again(tested: &TestedLedger) {
    let run = tested.begin(&["593990000000"; 2]);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 10);
    exchange(
        &mut sends,
        &[ended(&given.rows[0], RowState::Failed, LONG_AGO)],
        0,
    );
    close(sends);
    resolve(&run, [RowState::Failed, RowState::Pending], &[]).unwrap();
    let mut sends = join(&run);
    assert!(!numbers(&all_due(&mut sends, &[])).contains(&2));
    close(sends);
    assert_eq!(states(&run)[1], RowState::Pending);
}

fn successor_of_skipped_row_waits_for_predecessor(tested: &TestedLedger) {
    let chain = ["593990000000"; 4];
    for (left_out, order) in [
        (vec![2], vec![1, 3, 4]),
        (vec![3, 2], vec![1, 4]),
        (vec![1], vec![2, 3, 4]),
        (vec![1, 2, 3], vec![4]),
    ] {
        let run = tested.begin(&chain);
        skip(&run, &left_out);
        let mut sends = join(&run);
        let mut settled = Vec::new();
        for n in &order {
            let given = all_due(&mut sends, &settled);
            assert_eq!(numbers(&given), [*n], "{left_out:?}");
            settled = vec![ended(&given.rows[0], RowState::Sent, LONG_AGO)];
        }
        assert_eq!(numbers(&exchange(&mut sends, &settled, 10)), [0_i64; 0]);
        assert!(close(sends), "it is complete");
        // Final rows do not change.
        skip(&run, &[1, 2, 3, 4]);
        let state = |n| {
            if left_out.contains(&n) {
                RowState::Skipped
            } else {
                RowState::Sent
            }
        };
        assert_eq!(states(&run), (1..=4).map(state).collect::<Vec<_>>());
    }
    // Two processes send the run.
    let run = tested.begin(&chain);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 10);
    exchange(
        &mut sends,
        &[ended(&given.rows[0], RowState::Sent, Duration::ZERO)],
        0,
    );
    close(sends);
    skip(&run, &[2]);
    assert_eq!(
        numbers(&exchange(&mut join(&run), &[], 10)),
        [0_i64; 0],
        "the first one left just now"
    );
}

fn single_and_batched_rows_finish_alike(tested: &TestedLedger) {
    let recipients = fixture::people(0..100);
    let run = tested.begin(&recipients.iter().map(String::as_str).collect::<Vec<_>>());
    let mut sends = join(&run);
    let one = exchange(&mut sends, &[], 1);
    assert_eq!(numbers(&one), [1]);
    let many = exchange(
        &mut sends,
        &[ended(&one.rows[0], RowState::Sent, Duration::ZERO)],
        1000,
    );
    assert_eq!(numbers(&many), (2..=100).collect::<Vec<_>>());
    let ends = [
        RowState::Sent,
        RowState::Failed,
        RowState::Unknown,
        RowState::Pending,
    ];
    let becomes: Vec<_> = ends.into_iter().cycle().take(100).collect();
    let settled: Vec<_> = many
        .rows
        .iter()
        .zip(&becomes[1..])
        .map(|(row, state)| ended(row, *state, Duration::ZERO))
        .collect();
    assert_eq!(numbers(&exchange(&mut sends, &settled, 0)), [0_i64; 0]);
    assert_eq!(states(&run), becomes);
    let again = exchange(&mut sends, &[], 1000);
    assert_eq!(
        numbers(&again),
        (1..=100).filter(|n| n % 4 == 0).collect::<Vec<_>>()
    );
    let settled: Vec<_> = again
        .rows
        .iter()
        .map(|row| ended(row, RowState::Sent, Duration::ZERO))
        .collect();
    exchange(&mut sends, &settled, 0);
    assert!(close(sends));
    resolve(&run, [RowState::Failed, RowState::Pending], &[]).unwrap();
    let ends = [
        RowState::Sent,
        RowState::Pending,
        RowState::Unknown,
        RowState::Sent,
    ];
    assert_eq!(
        states(&run),
        ends.into_iter().cycle().take(100).collect::<Vec<_>>()
    );
}

fn row_not_in_flight_is_never_updated(tested: &TestedLedger) {
    let run = tested.begin(&["593990000000", "593990000001"]);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 1);
    let row = &given.rows[0];
    exchange(&mut sends, &[ended(row, RowState::Sent, Duration::ZERO)], 0);
    let another = RowToSend {
        index: 2,
        ..row.clone()
    };
    for (row, state) in [
        (row, RowState::Failed),
        (row, RowState::Pending),
        (&another, RowState::Sent),
    ] {
        // Another process may have had the row in the meantime.
        exchange(&mut sends, &[ended(row, state, Duration::ZERO)], 0);
        assert_eq!(states(&run), [RowState::Sent, RowState::Pending]);
    }
}

fn killed_worker_leaves_unknown_rows_and_sends_none(tested: &TestedLedger) {
    use RowState::{Failed, Inflight, Pending, Sent, Unknown};
    let recipients = [
        "593990000000",
        "593990000001",
        "593990000002",
        "593990000003",
        "593990000000",
    ];
    let run = tested.begin(&recipients);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 3);
    let answered = exchange(
        &mut sends,
        &[ended(&given.rows[1], RowState::Sent, Duration::ZERO)],
        0,
    );
    assert_eq!(
        (numbers(&given), numbers(&answered)),
        (vec![1, 2, 3], vec![])
    );
    tested.kill(sends);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 10);
    assert_eq!(
        numbers(&given),
        [4],
        "the last one is to a person who may just have been written to"
    );
    assert_eq!(states(&run), [Unknown, Sent, Unknown, Inflight, Pending]);
    exchange(
        &mut sends,
        &[ended(&given.rows[0], Sent, Duration::ZERO)],
        0,
    );
    close(sends);
    assert_eq!(resolve(&run, [Unknown, Failed], &[2]).unwrap(), 1);
    assert_eq!(resolve(&run, [Unknown, Pending], &[]).unwrap(), 1);
    assert_eq!(states(&run), [Failed, Sent, Pending, Sent, Pending]);
}

fn cancelled_run_sends_no_more_rows(tested: &TestedLedger) {
    use RowState::{Failed, Pending, Sent, Skipped, Unknown};
    let run = tested.begin(&PEOPLE);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 3);
    let [sent, failed] =
        [(0, Sent), (1, Failed)].map(|(row, state)| ended(&given.rows[row], state, Duration::ZERO));
    exchange(&mut sends, &[sent, failed], 0);
    tested.kill(sends);
    // Doing it twice changes nothing.
    for _ in 0..2 {
        run.cancel().unwrap();
        assert_eq!(states(&run), [Sent, Failed, Unknown, Skipped, Skipped]);
    }
    assert!(run.is_cancelled().unwrap() && run.counts().unwrap().is_finished());
    assert_eq!(run.reasons().unwrap().0.rows(SkipReason::Cancelled), 2);
    assert!(
        run.ledger()
            .named_or_unfinished(None, false)
            .unwrap()
            .is_none()
    );
    for from in [Failed, Unknown] {
        let again = resolve(&run, [from, Pending], &[]);
        let is_cancelled = |message: &str| message.starts_with("the run is cancelled: ");
        assert!(
            again
                .as_ref()
                .is_err_and(|error| is_cancelled(&error.to_string())),
            "{again:?}"
        );
    }
    let mut sends = join(&run);
    assert!(exchange(&mut sends, &[], 10).rows.is_empty());
    assert!(close(sends));
    resolve(&run, [Unknown, Sent], &[]).unwrap();
    assert_eq!(states(&run), [Sent, Failed, Sent, Skipped, Skipped]);
    let run = tested.begin(&["593990000000"; 3]);
    run.cancel().unwrap();
    assert_eq!(
        states(&run),
        [Skipped; 3],
        "and so are rows that wait for another one"
    );
    assert!(run.counts().unwrap().is_finished());
}

const PEOPLE: [&str; 5] = [
    "593990000000",
    "593990000001",
    "593990000002",
    "593990000003",
    "593990000004",
];

/// The API's responses to the first rows of a run.
struct AnsweredRows {
    /// Status, `Retry-After` in seconds, and body, in this order.
    answers: &'static [(u16, Option<u64>, &'static str)],
    /// Whether other rows are sent in between.
    others_leave: bool,
    slows: bool,
}

const LIMITS: [AnsweredRows; 11] = {
    const LIMIT: &str = r#"{"code":"130429"}"#;
    const PAIR_LIMIT: &str = r#"{"code":"131056"}"#;
    const fn case(
        answers: &'static [(u16, Option<u64>, &'static str)],
        others_leave: bool,
        slows: bool,
    ) -> AnsweredRows {
        AnsweredRows {
            answers,
            others_leave,
            slows,
        }
    }
    [
        // After one rate limit only its own row waits, unless the API sets a time. From the second
        // on, all rows wait.
        case(&[(429, None, "{}")], true, true),
        case(&[(429, None, "{}"), (429, None, "{}")], false, true),
        case(&[(429, Some(60), "{}")], false, true),
        // The code of a rate limit counts like its status, with any status.
        case(&[(400, None, LIMIT)], true, true),
        case(&[(500, None, LIMIT)], true, true),
        case(&[(400, None, LIMIT), (429, None, "{}")], false, true),
        case(&[(503, Some(60), "{}")], false, true),
        // A limit for one recipient does not affect the others.
        case(
            &[(400, None, PAIR_LIMIT), (400, None, PAIR_LIMIT)],
            true,
            false,
        ),
        case(
            &[(429, None, PAIR_LIMIT), (429, None, PAIR_LIMIT)],
            true,
            false,
        ),
        case(&[(400, None, "{}"), (400, None, "{}")], true, false),
        // A row without a limit between two of them resets the count.
        case(
            &[(429, None, "{}"), (400, None, "{}"), (429, None, "{}")],
            true,
            true,
        ),
    ]
};

fn rate_limit_pace_matches_the_throttle(tested: &TestedLedger) {
    for AnsweredRows {
        answers,
        others_leave,
        slows,
    } in &LIMITS
    {
        let limits = RunLimits {
            concurrency: 64,
            max_wait: Duration::from_secs(900),
            hours: None,
            keep_going: true,
        };
        let mut throttle = Throttle::new(limits, true, Instant::now());
        let mut left = answers.iter();
        let mut becomes = |row: &RowToSend| {
            let (status, retry_after, body) = left.next().unwrap();
            let answer = Answer {
                status: *status,
                retry_after: retry_after.map(Duration::from_secs),
                date: None,
                warnings: Vec::new(),
                body: Body::new((*body).to_owned(), true),
            };
            let request = Request::post(
                "http://127.0.0.1".parse().unwrap(),
                "{}".into(),
                SuccessCriterion::MessageId,
            );
            let verdict = judge(&Ok(answer), &request);
            let state = match verdict.outcome {
                Outcome::NotSent(Cause::Rejected) => RowState::Failed,
                Outcome::NotSent(_) => RowState::Pending,
                Outcome::Sent { .. } | Outcome::Unknown(_) => panic!("{verdict:?}"),
            };
            throttle
                .note(
                    &verdict,
                    ended(row, state, Duration::ZERO).ended,
                    Instant::now(),
                )
                .0
        };
        let (is_given, part) = apply(&tested.begin(&PEOPLE), answers.len(), &mut becomes);
        assert_eq!(
            (is_given, part < 1.0),
            (*others_leave, *slows),
            "{answers:?}, {part} of the rate"
        );
        assert!(!slows || (0.7..0.8).contains(&part), "{answers:?}: {part}");
    }
}

/// Assigns `rows` rows to a process, ends each as `becomes` decides, and asks for one more. Returns
/// whether one more was assigned, and the remaining part of the rate.
fn apply(
    run: &Run,
    rows: usize,
    becomes: &mut dyn FnMut(&RowToSend) -> FinishedRow,
) -> (bool, f64) {
    let mut worker = join(run);
    let given = exchange(&mut worker, &[], rows);
    assert_eq!(given.rows.len(), rows);
    let settled: Vec<_> = given.rows.iter().map(becomes).collect();
    let is_given = !exchange(&mut worker, &settled, 1).rows.is_empty();
    let pace = lock(&mut run.ledger.db(), run.id).unwrap().unwrap().pace;
    close(worker);
    (is_given, pace.rate / pace.full)
}

fn lost_worker_may_still_report_results(tested: &TestedLedger) {
    use RowState::{Pending, Sent, Unknown};
    let run = tested.begin(&[
        "593990000000",
        "593990000001",
        "593990000002",
        "593990000000",
    ]);
    let mut lost = join(&run);
    let given = exchange(&mut lost, &[], 3);
    // In a file, a living process is never lost, because its lock is held.
    let mut db = run.ledger.db();
    db.change(|db| {
        lock(db, run.id)?
            .unwrap()
            .take_for_lost(db, lost.id(), "lost")
    })
    .unwrap();
    drop(db);
    assert_eq!(states(&run), [Unknown, Unknown, Unknown, Pending]);
    assert_eq!(resolve(&run, [Unknown, Sent], &[4]).unwrap(), 1);
    let back = [(0, Pending), (1, Sent), (2, RowState::Failed)];
    let back = back.map(|(row, state)| ended(&given.rows[row], state, Duration::ZERO));
    exchange(&mut lost, &back, 0);
    assert_eq!(
        states(&run),
        [Pending, Sent, Sent, Pending],
        "a person has decided meanwhile"
    );
    // The second row of the recipient waits again.
    assert!(!numbers(&all_due(&mut lost, &[])).contains(&4));
}

fn late_exchange_of_replaced_connection_changes_nothing(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let given = exchange(&mut worker, &[], 1);
    run.ledger
        .db()
        .change(|db| db.run("UPDATE worker SET connection = connection + 1", &[]))
        .unwrap();
    let late = worker.exchange_once(&[ended(&given.rows[0], RowState::Sent, Duration::ZERO)], 2);
    assert_eq!(late.unwrap_err().fault, LedgerFault::Superseded);
    assert_eq!(states(&run)[..2], [RowState::Inflight, RowState::Pending]);
}

fn rows_of_lost_response_become_pending_again(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let given = exchange(&mut worker, &[], 1);
    worker.forget_answer_of(|worker| drop(exchange(worker, &[], 2)));
    assert_eq!(
        states(&run)
            .iter()
            .filter(|state| **state == RowState::Inflight)
            .count(),
        3
    );
    let again = exchange(
        &mut worker,
        &[ended(&given.rows[0], RowState::Sent, Duration::ZERO)],
        5,
    );
    assert_eq!(numbers(&again), [2, 3, 4, 5]);
    assert_eq!(states(&run)[0], RowState::Sent);
}

fn restored_ledger_marks_rows_unknown(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let given = exchange(&mut worker, &[], 2);
    exchange(
        &mut worker,
        &[ended(&given.rows[0], RowState::Sent, Duration::ZERO)],
        0,
    );
    let older = "UPDATE row SET state = 'inflight', ended_at = NULL WHERE n = 1";
    run.ledger.db().change(|db| db.run(older, &[])).unwrap();
    run.ledger
        .db()
        .change(|db| db.run("UPDATE worker SET exchanges = 1", &[]))
        .unwrap();
    worker.forget_answer_of(|_| ());
    let again = exchange(&mut worker, &[], 5);
    assert!(
        again.rows.is_empty()
            && again
                .pause
                .is_some_and(|pause| pause.reason == PauseReason::Stale)
    );
    assert_eq!(states(&run)[..2], [RowState::Unknown; 2]);
    exchange(
        &mut worker,
        &[ended(&given.rows[1], RowState::Sent, Duration::ZERO)],
        0,
    );
    let counts = run.noted_counts().unwrap();
    assert_eq!(
        [counts.sent, counts.unknown],
        [1, 1],
        "its own word still counts"
    );
}

fn two_workers_share_rows_and_rate(tested: &TestedLedger) {
    let recipients = fixture::people(0..200);
    if let Ok(before) = tested.ledger.run(&name()) {
        before.remove(before.changed_at().unwrap()).unwrap();
    }
    let run = fixture::make(&tested.ledger, &recipients, 20.0);
    let mut one = join(&run);
    let mut other = join(&run);
    let began = Instant::now();
    let mut seen = BTreeSet::new();
    while seen.len() < 40 && began.elapsed() < Duration::from_secs(60) {
        for worker in [&mut one, &mut other] {
            for row in exchange(worker, &[], 64).rows {
                assert!(seen.insert(row.index), "row {} was given twice", row.index);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(
        seen.len() >= 40 && began.elapsed() > Duration::from_millis(1700),
        "{} at 20/s",
        seen.len()
    );
    close(one);
}

fn row_returned_to_cancelled_run_is_skipped(tested: &TestedLedger) {
    use RowState::{Inflight, Pending, Sent, Skipped, Unknown};
    let run = tested.begin(&PEOPLE);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 3);
    run.cancel().unwrap();
    assert_eq!(
        states(&run),
        [Inflight, Inflight, Inflight, Skipped, Skipped]
    );
    // Another process that joins gets nothing either.
    let mut other = join(&run);
    assert!(other.exchange(&[], &[], 10).unwrap().rows.is_empty());
    let [back, sent] = [(0, Pending), (1, Sent)]
        .map(|(row, state)| ended(&given.rows[row], state, Duration::ZERO));
    assert!(
        sends
            .exchange(&[back, sent], &[], 10)
            .unwrap()
            .rows
            .is_empty()
    );
    assert_eq!(states(&run), [Skipped, Sent, Inflight, Skipped, Skipped]);
    close(other);
    tested.kill(sends);
    run.cancel().unwrap();
    assert_eq!(states(&run), [Skipped, Sent, Unknown, Skipped, Skipped]);
    assert_eq!(run.reasons().unwrap().0.rows(SkipReason::Cancelled), 3);
}

fn listening_worker_writes_nothing_until_something_changes(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..3]);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 1);
    let written = sends.exchanges();
    for _ in 0..3 {
        let reply = exchange(&mut sends, &[], 0);
        assert!(reply.pause.is_none() && !reply.was_lost);
    }
    assert_eq!(sends.exchanges(), written);
    // Its outcomes are written immediately.
    let sent = ended(&given.rows[0], RowState::Sent, Duration::ZERO);
    exchange(&mut sends, &[sent], 0);
    assert_eq!(sends.exchanges(), written + 1);
    exchange(&mut sends, &[], 0);
    assert_eq!(sends.exchanges(), written + 1);
    run.stop(None).unwrap();
    assert!(exchange(&mut sends, &[], 0).pause.is_some());
}

fn cancelled_run_waits_for_rows_in_flight_elsewhere(tested: &TestedLedger) {
    use RowState::{Inflight, Skipped, Unknown};
    let run = tested.begin(&PEOPLE[..2]);
    let mut sends = join(&run);
    let mut other = join(&run);
    exchange(&mut sends, &[], 1);
    run.cancel().unwrap();
    let before = Instant::now();
    let waits = exchange(&mut other, &[], 3);
    assert!(waits.rows.is_empty());
    let (next, _) = waits.next.expect("a row is in flight");
    assert!(
        next >= before + LISTENS_EVERY,
        "it looks again, but not at once"
    );
    assert_eq!(states(&run), [Inflight, Skipped]);
    tested.kill(sends);
    // A process looks for lost ones from time to time, and this one has just done so.
    run.prepare().unwrap();
    let ends = exchange(&mut other, &[], 3);
    assert_eq!(ends.next, None);
    assert_eq!(states(&run), [Unknown, Skipped]);
    assert!(close(other), "every row is final");
}

fn modified_request_is_never_sent(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let change = "UPDATE message SET body = '[]' WHERE run = ?1 AND n = 2";
    run.ledger
        .db()
        .change(|db| db.run(change, &values![run.id]))
        .unwrap();
    let mut worker = join(&run);
    assert_eq!(numbers(&exchange(&mut worker, &[], 1)), [1]);
    let given = exchange(&mut worker, &[], 2);
    assert!(
        given.problem.is_some() && given.rows.is_empty(),
        "{given:?}"
    );
    exchange(&mut worker, &[], 0);
    assert_eq!(states(&run)[1..3], [RowState::Pending; 2]);
}

fn clock_that_goes_back_delays_no_row(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut sends = join(&run);
    let given = exchange(&mut sends, &[], 2);
    exchange(
        &mut sends,
        &[ended(&given.rows[0], RowState::Pending, Duration::ZERO)],
        0,
    );
    // The times from before the clock went back are ten minutes ahead of it.
    let mut db = run.ledger.db();
    let ahead = db.change(|db| {
        let mut locked = lock(db, run.id)?.unwrap();
        let pace = &mut locked.pace;
        for time in [&mut pace.due, &mut pace.spread, &mut pace.at] {
            *time += 600_000.0;
        }
        locked.write(db)?;
        db.run(
            "UPDATE row SET due_at = due_at + 600000 WHERE run = ?1 AND due_at > 0",
            &values![run.id],
        )?;
        db.run("UPDATE worker SET seen_at = seen_at + 600000", &[])
    });
    ahead.unwrap();
    drop(db);
    assert_eq!(numbers(&all_due(&mut sends, &[])), [1, 3, 4, 5]);
}

fn numbers(given: &ExchangeReply) -> Vec<i64> {
    assert!(
        given.problem.is_none() && given.pause.is_none(),
        "{given:?}"
    );
    given.rows.iter().map(|row| row.index).collect()
}

/// The rows that may be sent after these outcomes, from this exchange or the next one.
fn all_due(sends: &mut Worker, settled: &[FinishedRow]) -> ExchangeReply {
    let given = exchange(sends, settled, 10);
    if !given.rows.is_empty() {
        return given;
    }
    // A waiting row is checked when its time has come, which may be 6 seconds later.
    sends.make_due();
    exchange(sends, &[], 10)
}

/// The outcome of `row`, this long ago. A row that was certainly not sent may be retried
/// immediately.
fn ended(row: &RowToSend, state: RowState, ago: Duration) -> FinishedRow {
    let at = now() - i64::try_from(ago.as_millis()).unwrap();
    let ended = AttemptResult {
        number: row.number,
        recipient: row.recipient.clone(),
        began_at: at,
        ended_at: at,
        ..fixture::ended(row.index, state)
    };
    let now = Instant::now();
    let retry = (state == RowState::Pending).then_some(now);
    FinishedRow {
        at: now.checked_sub(ago).unwrap(),
        retry,
        ..FinishedRow::new(ended)
    }
}

/// A ledger in a database.
#[cfg(unix)]
mod shared {
    use std::sync::{Arc, OnceLock};

    use super::needs::can_test;
    use super::postgres::{Cluster, EMPTY_LEDGER, SENDER, programs};
    use super::*;
    use crate::runs::ledger::{DatabaseAddress, LedgerLocation, set_up};

    pub(super) fn cluster() -> Option<&'static Cluster> {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        let start = || {
            let cluster = Cluster::empty("", &[], &[]);
            assert!(set_up(address(&cluster.url("postgres", EMPTY_LEDGER))).unwrap());
            cluster.let_send();
            cluster
        };
        can_test("a PostgreSQL server", || programs().is_some()).then(|| SHARED.get_or_init(start))
    }

    fn address(url: &str) -> DatabaseAddress {
        let password = Arc::new(|| Ok(None));
        DatabaseAddress {
            config: url.parse().unwrap(),
            is_encrypted: false,
            roots: None,
            password,
            shown: url.to_owned(),
        }
    }

    pub(super) fn ledger(cluster: &'static Cluster) -> TestedLedger {
        let database = cluster.database();
        let place = LedgerLocation::Database(Box::new(address(&cluster.url(SENDER, &database))));
        let ledger = Ledger::open(place, Arc::new(|_| {})).unwrap();
        let end_leases = Box::new(move || {
            cluster.sql(&database, "UPDATE jelouctl.worker SET seen_at = 0");
        });
        TestedLedger {
            ledger,
            end_leases,
            home: None,
        }
    }
}

fn identical_runs_are_sent_one_at_a_time(tested: &TestedLedger) {
    let made = |name: &str| {
        let mut draft = fixture::draft(&PEOPLE);
        let mut details = fixture::details();
        let made = tested.ledger.make(
            &name.parse().unwrap(),
            true,
            &mut draft,
            &mut details,
            &fixture::earlier(),
            |_, _, _| Ok::<_, LedgerError>(true),
        );
        made.unwrap().unwrap()
    };
    let one = made("one");
    let other = made("other");
    let join = |run: &Run, leaves_out| run.join(Duration::from_secs(30), Some(leaves_out)).unwrap();
    let sends = join(&one, false).worker().unwrap();
    let Joined::HasEarlierMessages(found) = join(&other, false) else {
        panic!("the other run is sent at the same time");
    };
    assert_eq!(
        found
            .iter()
            .map(|messages| (messages.run.as_str(), messages.rows))
            .collect::<Vec<_>>(),
        [("one", 5)]
    );
    assert!(!other.is_running().unwrap());
    assert!(!close(sends));
    let sends = join(&other, false).worker().unwrap();
    close(join(&one, true).worker().unwrap());
    assert_eq!(states(&one), [RowState::Skipped; 5]);
    close(sends);
}

fn only_an_explicit_run_name_must_be_unused(tested: &TestedLedger) {
    let make = |is_typed: bool| {
        let mut draft = fixture::draft(&PEOPLE);
        let mut details = fixture::details();
        let name = "people-1".parse().unwrap();
        tested.ledger.make(
            &name,
            is_typed,
            &mut draft,
            &mut details,
            &fixture::earlier(),
            |_, _, _| Ok::<_, LedgerError>(true),
        )
    };
    for expected in ["people-1", "people-1-2", "people-1-3"] {
        assert_eq!(make(false).unwrap().unwrap().name().to_string(), expected);
    }
    assert!(make(true).is_err_and(|error| error.to_string() == "run people-1 already exists"));
}

/// Creates a run of templates with this limit of different recipients in 24 hours, and joins it.
fn limited(ledger: &Ledger, run: &str, limit: Option<u32>, recipients: &[&str]) -> Worker {
    let mut draft = fixture::draft_at("/v2/whatsapp/1/hsm", recipients);
    let mut details = RunSettings {
        rate: FAST,
        ..fixture::details()
    };
    details.conditions.per_day = limit;
    let made = ledger.make(
        &run.parse().unwrap(),
        true,
        &mut draft,
        &mut details,
        &fixture::earlier(),
        |_, _, _| Ok::<_, LedgerError>(true),
    );
    join(&made.unwrap().unwrap())
}

fn reach_key() -> ReachKey {
    ReachKey::for_run(&fixture::details(), Duration::ZERO).unwrap()
}

/// Makes everything that counts this much older; a negative time is in the future.
fn age(ledger: &Ledger, by: i64) {
    let aged = |db: &mut super::db::Db| {
        db.run("UPDATE reach SET at = at - ?1", &values![by])?;
        db.run("UPDATE reached SET at = at - ?1", &values![by])
    };
    ledger.db().change(aged).unwrap();
}

const HOUR: i64 = 3_600_000;

fn distinct_recipients_count_for_24_hours(tested: &TestedLedger) {
    let [one, two, three, four, five] = [
        "593990000001",
        "593990000002",
        "593990000003",
        "593990000004",
        "593990000005",
    ];
    let ledger = &tested.ledger;
    // Messages from before the bot had a limit count too. Texts and rejected messages do not.
    finish_rows(
        &mut limited(ledger, "before", None, &[one, five]),
        &[RowState::Sent, RowState::Failed],
    );
    assert_eq!(
        ledger.reached(&reach_key()).unwrap().count(),
        1,
        "a question tells of it already"
    );
    tested.begin(&[four]);
    send_all(ledger, "r", &[RowState::Sent]);
    let mut first = limited(ledger, "first", Some(2), &[one, two, two, three]);
    let given = exchange(&mut first, &[], 10);
    assert_eq!(numbers(&given), [1, 2]);
    let hours = given
        .held_until
        .unwrap()
        .duration_since(Instant::now())
        .as_secs()
        / 3600;
    assert_eq!(hours, 24, "the first of them leaves the window then");
    let mut second = limited(ledger, "second", Some(2), &[four, one]);
    assert_eq!(
        numbers(&exchange(&mut second, &[], 10)),
        [0_i64; 0],
        "in the order of the list"
    );
    // A recipient that already counts may get more.
    let settled: Vec<_> = given
        .rows
        .iter()
        .map(|row| ended(row, RowState::Sent, LONG_AGO))
        .collect();
    let given = all_due(&mut first, &settled);
    assert_eq!(
        (numbers(&given), given.next.unwrap().1),
        (vec![3], Delay::PeopleLimit)
    );
    exchange(
        &mut first,
        &[ended(&given.rows[0], RowState::Sent, LONG_AGO)],
        0,
    );
    let of = reach_key();
    assert_eq!(ledger.reached(&of).unwrap().count(), 2);
    let single = |to: &str, limit| ledger.reach(&of, to, limit).unwrap();
    assert!(single(one, Some(2)).counted().is_some());
    assert!(single(five, Some(2)).counted().is_none());
    assert!(single(five, Some(3)).counted().is_some());
    assert!(
        single("593990000006", None).counted().is_some(),
        "typed to go beyond it"
    );
    assert_eq!(ledger.reached(&of).unwrap().count(), 4);
    age(ledger, 23 * HOUR);
    assert!(
        exchange(
            &mut join(&ledger.run(&"second".parse().unwrap()).unwrap()),
            &[],
            10
        )
        .rows
        .is_empty()
    );
    age(ledger, 2 * HOUR);
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
    let mut again = join(&ledger.run(&"second".parse().unwrap()).unwrap());
    assert_eq!(numbers(&exchange(&mut again, &[], 10)), [1, 2]);
    let mut first = join(&ledger.run(&"first".parse().unwrap()).unwrap());
    assert_eq!(numbers(&exchange(&mut first, &[], 10)), [0_i64; 0]);
}

/// Ends each row of the worker in its state in `states`.
fn finish_rows(worker: &mut Worker, states: &[RowState]) {
    let given = exchange(worker, &[], states.len()).rows;
    let settled: Vec<_> = given
        .iter()
        .zip(states)
        .map(|(row, state)| ended(row, *state, LONG_AGO))
        .collect();
    exchange(worker, &settled, 0);
}

fn unreached_recipient_does_not_count(tested: &TestedLedger) {
    let [one, two, three] = ["593990000001", "593990000002", "593990000003"];
    let ledger = &tested.ledger;
    let of = reach_key();
    let mut worker = limited(ledger, "a", Some(1), &[one, two, three]);
    let given = exchange(&mut worker, &[], 10);
    assert_eq!(numbers(&given), [1]);
    exchange(
        &mut worker,
        &[ended(&given.rows[0], RowState::Failed, LONG_AGO)],
        0,
    );
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
    let mut worker = join(&ledger.run(&"a".parse().unwrap()).unwrap());
    let given = exchange(&mut worker, &[], 10);
    assert_eq!(numbers(&given), [2]);
    // The row was certainly not sent, and waits for its turn again.
    exchange(
        &mut worker,
        &[ended(&given.rows[0], RowState::Pending, LONG_AGO)],
        0,
    );
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
    // A recipient that a single send reached in the meantime counts, although the row is returned.
    let mut worker = join(&ledger.run(&"a".parse().unwrap()).unwrap());
    let given = exchange(&mut worker, &[], 1);
    assert_eq!(numbers(&given), [2]);
    std::thread::sleep(Duration::from_millis(2));
    let reached = ledger.reach(&of, two, Some(1)).unwrap().counted().unwrap();
    exchange(
        &mut worker,
        &[ended(&given.rows[0], RowState::Failed, LONG_AGO)],
        0,
    );
    assert_eq!(ledger.reached(&of).unwrap().count(), 1);
    reached.take_back().unwrap();
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
    age(ledger, 25 * HOUR);
    let reached = ledger
        .reach(&of, three, Some(1))
        .unwrap()
        .counted()
        .unwrap();
    reached.take_back().unwrap();
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
}

fn clock_that_goes_back_extends_no_count(tested: &TestedLedger) {
    let [one, two, three] = ["593990000001", "593990000002", "593990000003"];
    let ledger = &tested.ledger;
    let of = reach_key();
    let reach = |to: &str, limit| ledger.reach(&of, to, Some(limit)).unwrap();
    assert!(reach(one, 2).counted().is_some());
    age(ledger, 20 * HOUR);
    assert!(reach(two, 2).counted().is_some());
    // The clock goes back by two days.
    age(ledger, -48 * HOUR);
    let full = reach(three, 2).full_until().unwrap();
    let hours = (full - ledger.now().unwrap()) / HOUR;
    assert!((3..5).contains(&hours), "{hours}");
    age(ledger, 5 * HOUR);
    assert!(reach(three, 2).counted().is_some());
    assert_eq!(ledger.reached(&of).unwrap().count(), 2);
}

fn clock_that_goes_back_admits_no_expired_recipient(tested: &TestedLedger) {
    let [one, two, three] = ["593990000001", "593990000002", "593990000003"];
    let ledger = &tested.ledger;
    let of = reach_key();
    let reach = |to: &str, limit| ledger.reach(&of, to, Some(limit)).unwrap();
    let is_admitted = |to: &str, limit| reach(to, limit).counted().is_some();
    let count = || ledger.reached(&of).unwrap().count();
    assert!(is_admitted(one, 1));
    age(ledger, 25 * HOUR);
    assert!(is_admitted(two, 1), "one no longer counts");
    // The clock goes back twice. The message to one may be a day old or not: it takes up room
    // again, but gives one none.
    for _ in 0..2 {
        age(ledger, -HOUR);
        age(ledger, -HOUR);
        assert!(!is_admitted(one, 1));
        assert!(!is_admitted(one, 2));
        assert!(!is_admitted(three, 2));
        assert!(is_admitted(two, 2), "two has counted all the time");
        assert_eq!(count(), 2);
        age(ledger, 2 * HOUR);
    }
    age(ledger, -2 * HOUR);
    // The same limit applies to a run.
    let mut worker = limited(ledger, "a", Some(2), &[one, two]);
    let given = exchange(&mut worker, &[], 2);
    assert!(given.rows.is_empty());
    assert_eq!(given.next.unwrap().1, Delay::PeopleLimit);
    close(worker);
    assert!(is_admitted(one, 3), "there is room");
    assert_eq!(count(), 2);
    assert!(is_admitted(one, 2), "one counts now");
}

fn messaging_limit_blocks_no_allowed_row(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let people: Vec<_> = (1..=5)
        .map(|number| format!("59399000000{number}"))
        .collect();
    let people: Vec<_> = people.iter().map(String::as_str).collect();
    let mut worker = limited(ledger, "a", Some(4), &people);
    let given = exchange(&mut worker, &[], 10);
    assert_eq!(
        (numbers(&given), given.next.unwrap().1),
        (vec![1, 2, 3, 4], Delay::PeopleLimit)
    );
    // The network is down, and then one row at a time is tried. The rows with an attempt wait for
    // nothing else.
    let back: Vec<_> = given
        .rows
        .iter()
        .map(|row| ended(row, RowState::Pending, Duration::ZERO))
        .collect();
    exchange(&mut worker, &back, 0);
    for n in 1..=4 {
        let given = exchange(&mut worker, &[], 1);
        assert_eq!(numbers(&given), [n]);
        assert!(
            given.next.unwrap().0 < Instant::now() + Duration::from_secs(1),
            "{given:?}"
        );
        let state = if n == 4 {
            RowState::Failed
        } else {
            RowState::Sent
        };
        exchange(
            &mut worker,
            &[ended(&given.rows[0], state, Duration::ZERO)],
            0,
        );
    }
    assert_eq!(numbers(&exchange(&mut worker, &[], 10)), [5]);
    assert_eq!(ledger.reached(&reach_key()).unwrap().count(), 4);
    // If a row in flight is rejected, the next row is sent. One exchange ends the wait, and the
    // next one returns the row.
    let mut worker = limited(ledger, "b", Some(5), &["593990000011", "593990000012"]);
    let given = exchange(&mut worker, &[], 10);
    assert_eq!(
        (numbers(&given), given.held_until.is_some()),
        (vec![1], true)
    );
    let reply = exchange(
        &mut worker,
        &[ended(&given.rows[0], RowState::Failed, Duration::ZERO)],
        10,
    );
    assert_eq!((numbers(&reply), reply.held_until), (vec![], None));
    assert_eq!(numbers(&exchange(&mut worker, &[], 10)), [2]);
}

fn limit_wait_ends_as_recipients_expire(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let of = reach_key();
    let reach = |number: u32, limit| {
        ledger
            .reach(&of, &format!("5939900000{number:02}"), limit)
            .unwrap()
    };
    for number in 1..=9 {
        assert!(reach(number, None).counted().is_some());
        age(ledger, HOUR);
    }
    // The first recipient, from an hour before the second, gets another message at the end.
    assert!(reach(1, None).counted().is_some());
    // Eight of the nine must stop counting before a limit of two has room. The last of those was
    // reached one hour ago.
    let until = reach(10, Some(2)).full_until().unwrap();
    let hours = |until: i64| (until - ledger.now().unwrap() + HOUR / 2) / HOUR;
    assert_eq!(hours(until), 23);
    assert_eq!(
        hours(reach(10, Some(9)).full_until().unwrap()),
        16,
        "the second is the first one to leave"
    );
    // The clock was ahead for two days. No recipient is removed, and a second check changes
    // nothing.
    age(ledger, -48 * HOUR);
    for _ in 0..3 {
        assert_eq!(hours(reach(10, Some(9)).full_until().unwrap()), 16);
    }
    assert_eq!(ledger.reached(&of).unwrap().count(), 9);
}

/// A database ends the transaction of a suspended process, and may report that as the response to a
/// statement.
fn transaction_timeout_error_is_retryable(tested: &TestedLedger) {
    if tested.ledger.is_shared() {
        let ended = SqlScript {
            sqlite: "",
            postgres: "DO $$ BEGIN RAISE EXCEPTION 'it stood still' USING ERRCODE = '25P03'; \
                END $$",
        };
        let error = tested.ledger.db().0.script(&ended).unwrap_err();
        assert!(error.may_pass(), "{error}");
    }
}

/// Other processes may have sent its rows in the meantime, so it must join again. In a file, this
/// happens after it was suspended.
fn worker_marked_lost_gets_no_rows(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..3]);
    let mut worker = join(&run);
    let rows = exchange(&mut worker, &[], 1).rows;
    tested
        .ledger
        .db()
        .change(|db| db.run("UPDATE worker SET seen_at = 0", &[]))
        .unwrap();
    worker.stay().unwrap();
    let reply = exchange(
        &mut worker,
        &[ended(&rows[0], RowState::Sent, Duration::ZERO)],
        5,
    );
    assert_eq!(
        (reply.was_lost, reply.rows.len(), states(&run)[0]),
        (true, 0, RowState::Sent)
    );
    close(worker);
    assert_eq!(exchange(&mut join(&run), &[], 5).rows.len(), 2);
}

/// The lock was removed from the directory of a file while the process continued.
fn worker_without_lock_gets_no_rows(tested: &TestedLedger) {
    let Some(home) = &tested.home else { return };
    let run = tested.begin(&PEOPLE[..3]);
    let mut worker = join(&run);
    let rows = exchange(&mut worker, &[], 1).rows;
    // Windows keeps the name of a file that is open.
    if std::fs::remove_dir_all(home.path().join("processes")).is_err() && cfg!(windows) {
        return;
    }
    let other = join(&run);
    assert_eq!(states(&run)[0], RowState::Unknown);
    let reply = exchange(
        &mut worker,
        &[ended(&rows[0], RowState::Sent, Duration::ZERO)],
        5,
    );
    assert_eq!(
        (reply.was_lost, reply.rows.len(), states(&run)[0]),
        (true, 0, RowState::Sent)
    );
    close(worker);
    close(other);
}

/// In a database, you can decide the message while its process is only suspended. In a file, the
/// lock shows that the process is alive.
fn manual_decision_is_kept_unless_message_was_sent(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let is_shared = tested.home.is_none();
    let person = ledger.hasher().unwrap().person("593990000001");
    let mut held = held(
        ledger
            .claim(&scope(), &person, None, Duration::ZERO)
            .unwrap(),
    );
    assert_eq!(
        ledger.decide_claim(&scope(), &person, Sent::No).unwrap(),
        is_shared
    );
    assert_eq!(held.end(Sent::Unknown, None).unwrap(), !is_shared);
    let state = |ledger: &Ledger| ledger.standing(&scope(), &person).unwrap().unwrap().state;
    assert_eq!(
        state(ledger),
        if is_shared {
            OnceState::NotSent
        } else {
            OnceState::Unknown
        }
    );
    // The message was certainly sent.
    assert_eq!(held.end(Sent::Yes, None).unwrap(), is_shared);
    assert_eq!(
        state(ledger),
        if is_shared {
            OnceState::Sent
        } else {
            OnceState::Unknown
        }
    );
}

/// Begins a single send under the key.
fn claim(ledger: &Ledger, recipient: &str) -> HeldClaim {
    let person = ledger.hasher().unwrap().person(recipient);
    let claimed = ledger.claim(&scope(), &person, None, Duration::from_secs(120));
    held(claimed.unwrap())
}

fn held(claimed: Claimed) -> HeldClaim {
    match claimed {
        Claimed::Held(held) => held,
        Claimed::Found(entry) => panic!("{entry:?}"),
    }
}

fn state_under_key(ledger: &Ledger, recipient: &str) -> OnceState {
    let person = ledger.hasher().unwrap().person(recipient);
    ledger.standing(&scope(), &person).unwrap().unwrap().state
}

fn only_a_sent_row_replaces_inflight_claim(tested: &TestedLedger) {
    use RowState::{Failed, Sent as RowSent, Unknown};
    let [one, two] = ["593990000001", "593990000002"];
    let ledger = &tested.ledger;
    let run = tested.begin(&[one, two]);
    send_all(ledger, "r", &[Unknown, RowSent]);
    let held = [one, two].map(|recipient| claim(ledger, recipient));
    let recipient = one.to_owned();
    assert_eq!(
        ledger.add_to_key(&scope(), &run).unwrap(),
        KeyAddition::InFlight { recipient }
    );
    assert_eq!(state_under_key(ledger, two), OnceState::Inflight);
    // The row was not sent, but the recipient still has a single send, and is not free.
    resolve(&run, [Unknown, Failed], &[]).unwrap();
    assert_eq!(
        ledger.add_to_key(&scope(), &run).unwrap(),
        KeyAddition::Added(1)
    );
    assert_eq!(state_under_key(ledger, one), OnceState::Inflight);
    assert_eq!(state_under_key(ledger, two), OnceState::Sent);
    drop(held);
}

fn sent_row_replaces_an_unknown_claim(tested: &TestedLedger) {
    let [one, two] = ["593990000001", "593990000002"];
    let ledger = &tested.ledger;
    let run = tested.begin(&[one, two]);
    send_single(ledger, one, Sent::Unknown);
    send_single(ledger, two, Sent::Unknown);
    send_all(ledger, "r", &[RowState::Sent, RowState::Unknown]);
    assert_eq!(
        ledger.add_to_key(&scope(), &run).unwrap(),
        KeyAddition::Added(1)
    );
    assert_eq!(state_under_key(ledger, one), OnceState::Sent);
    assert_eq!(state_under_key(ledger, two), OnceState::Unknown);
    // You can still decide the message of the single send.
    let person = ledger.hasher().unwrap().person(two);
    assert!(ledger.decide_claim(&scope(), &person, Sent::No).unwrap());
}

fn message_is_unlisted_only_if_checked(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..3]);
    send_all(
        &tested.ledger,
        &run.name().to_string(),
        &[RowState::Sent; 3],
    );
    let asked_at = tested.ledger.now().unwrap();
    // The first message was sent too long before the check, and the third was still in flight.
    for (n, began, ended) in [
        (1_i64, -73 * HOUR, -500),
        (2, -1000, -500),
        (3, -1000, 1000),
    ] {
        let times = values![run.id, n, asked_at + began, asked_at + ended];
        let query = "UPDATE row SET began_at = ?3, ended_at = ?4, message_id = 'm' \
            WHERE run = ?1 AND n = ?2";
        tested
            .ledger
            .db()
            .change(|db| db.run(query, &times))
            .unwrap();
    }
    assert_eq!(
        (
            run.asked_at().unwrap(),
            run.deliveries(i64::MIN).unwrap().not_asked
        ),
        (None, 3)
    );
    run.save_deliveries(&DeliveryUpdates {
        asked: Some((asked_at, 2)),
        ..DeliveryUpdates::default()
    })
    .unwrap();
    let counts = run.deliveries(i64::MIN).unwrap();
    assert_eq!(
        (counts.asked_at, counts.not_listed, counts.not_asked),
        (Some(asked_at), 1, 2)
    );
    assert_eq!(run.deliveries(asked_at - 2000).unwrap().not_asked, 1);
}

const EVERY_HOUR: Duration = Duration::from_secs(3600);

/// Makes all messages under the key this many minutes older, as if the clock had moved forward.
fn age_claims(ledger: &Ledger, minutes: i64) {
    let by = minutes * 60_000;
    let aged = ledger.db().change(|db| {
        db.run(
            "UPDATE claim SET at = at - ?1, counts_from = counts_from - ?1, \
                lease_until = lease_until - ?1",
            &values![by],
        )?;
        db.run(
            "UPDATE row SET at = at - ?1, began_at = began_at - ?1, ended_at = ended_at - ?1",
            &values![by],
        )
    });
    aged.unwrap();
}

/// Whether a command that repeats each message after an hour gets the recipient. It does not send.
fn is_free_hourly(ledger: &Ledger, recipient: &str) -> bool {
    let person = ledger.hasher().unwrap().person(recipient);
    let standing = ledger.standing(&scope(), &person).unwrap();
    let now = ledger.now().unwrap();
    standing.is_none_or(|entry| entry.is_free(Some(EVERY_HOUR), now))
}

fn claim_hourly(ledger: &Ledger, recipient: &str) -> Option<HeldClaim> {
    let person = ledger.hasher().unwrap().person(recipient);
    let claimed = ledger.claim(&scope(), &person, Some(EVERY_HOUR), Duration::from_secs(30));
    match claimed.unwrap() {
        Claimed::Held(held) => Some(held),
        Claimed::Found(_) => None,
    }
}

fn message_counts_under_its_key_for_every(tested: &TestedLedger) {
    let one = "593990000001";
    let ledger = &tested.ledger;
    for sent in [Sent::Yes, Sent::Unknown] {
        let mut held = claim_hourly(ledger, one).unwrap();
        // A message in flight counts for any time.
        age_claims(ledger, 600);
        assert!(tested.home.is_none() || claim_hourly(ledger, one).is_none());
        held.end(sent, None).unwrap();
        drop(held);
        age_claims(ledger, 59);
        assert!(claim_hourly(ledger, one).is_none(), "{sent:?}");
        let person = ledger.hasher().unwrap().person(one);
        let entry = ledger.standing(&scope(), &person).unwrap().unwrap();
        assert_eq!(entry.until(), Some(entry.counts_from + 3_600_000));
        let summary = ledger.keys().unwrap().remove(0);
        assert_eq!(summary.until, entry.until());
        age_claims(ledger, 2);
    }
    // Each command applies its own `--every`, and the last one is kept.
    let mut held = claim_hourly(ledger, one).unwrap();
    assert_eq!(held.before.as_ref().unwrap().state, OnceState::Unknown);
    held.end(Sent::Yes, Some("m")).unwrap();
    drop(held);
    age_claims(ledger, 120);
    let person = ledger.hasher().unwrap().person(one);
    let forever = ledger.claim(&scope(), &person, None, EVERY_HOUR).unwrap();
    let Claimed::Found(found) = forever else {
        panic!("an older message counts forever");
    };
    assert_eq!(
        (found.state, found.every),
        (OnceState::Sent, Some(3_600_000))
    );
    let kept = ledger.standing(&scope(), &person).unwrap().unwrap();
    assert_eq!((kept.every, kept.until()), (None, None));
    assert_eq!(ledger.keys().unwrap().remove(0).until, None);
    assert!(claim_hourly(ledger, one).is_some());
}

fn row_counts_under_its_key_for_every(tested: &TestedLedger) {
    let [one, two, three] = ["593990000001", "593990000002", "593990000003"];
    let ledger = &tested.ledger;
    tested.begin(&[one]);
    let make = |run: &str| make_with_every(ledger, run, &[one, two, three], Some(EVERY_HOUR));
    assert_eq!(make("a"), []);
    // A pending row counts for any time.
    age_claims(ledger, 600);
    assert_eq!(make("b"), [(SkipReason::ToBeSent, 3)]);
    send_all(
        ledger,
        "a",
        &[RowState::Sent, RowState::Unknown, RowState::Failed],
    );
    age_claims(ledger, 54);
    let skipped = [
        (SkipReason::AlreadySent, 1),
        (SkipReason::MayHaveBeenSent, 1),
    ];
    assert_eq!(make("c"), skipped);
    assert!(
        [one, two]
            .iter()
            .all(|recipient| !is_free_hourly(ledger, recipient))
    );
    age_claims(ledger, 12);
    assert_eq!(make_under_key(ledger, "d", &[one, two]), skipped);
    assert_eq!(make("e"), [(SkipReason::ToBeSent, 1)]);
}

/// After the clock went back by a day, an older message counts for an hour from the first check.
fn clock_that_goes_back_does_not_extend_every(tested: &TestedLedger) {
    let one = "593990000001";
    let ledger = &tested.ledger;
    let mut held = claim_hourly(ledger, one).unwrap();
    held.end(Sent::Yes, None).unwrap();
    drop(held);
    age_claims(ledger, -1440);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 54);
    assert!(claim_hourly(ledger, one).is_none());
    age_claims(ledger, 12);
    assert!(claim_hourly(ledger, one).is_some());
}

/// The cost of three messages to Ecuador and one to Colombia.
fn estimate() -> Estimate {
    let home = TempDir::new().unwrap();
    let path = home.path().join("prices.csv");
    let prices = "country,category,price,currency\nEC,service,0.5,USD\n*,service,0.25,USD\n";
    std::fs::write(&path, prices).unwrap();
    let prices = PriceList::read(&path).unwrap();
    let mut estimate = Estimate::new(&prices);
    for country in ["EC", "EC", "EC", "CO"] {
        estimate.add(&prices, Some(country), Some(Category::Service));
    }
    estimate
}

fn cost_counts_sent_and_delivered_messages(tested: &TestedLedger) {
    use RowState::{Failed, Sent as RowSent};
    let ledger = &tested.ledger;
    let mut draft = fixture::draft(&[
        "593990000001",
        "593990000002",
        "593990000003",
        "573001234567",
    ]);
    let mut details = RunSettings {
        rate: FAST,
        estimate: Some(estimate()),
        ..fixture::details()
    };
    let made = ledger.make(
        &name(),
        true,
        &mut draft,
        &mut details,
        &fixture::earlier(),
        |_, _, _| Ok::<_, LedgerError>(true),
    );
    let run = made.unwrap().unwrap();
    send_all(ledger, "r", &[RowSent, Failed, RowSent, RowSent]);
    let shown = |estimate: &Estimate| (estimate.messages(), estimate.shown());
    let cost = run.spent().unwrap().unwrap();
    assert_eq!(shown(&cost.estimate), (4, "1.75 USD".to_owned()));
    assert_eq!(shown(&cost.sent), (3, "1.25 USD".to_owned()));
    assert!(cost.delivered.is_none(), "nobody has checked");
    let read = DeliveryUpdate {
        index: 1,
        after: 0,
        steps: vec![DeliveryStatus::new(DeliveryState::Read)],
        message_id: None,
    };
    run.save_deliveries(&DeliveryUpdates {
        updates: vec![read],
        proven: Vec::new(),
        asked: Some((ledger.now().unwrap(), 2)),
    })
    .unwrap();
    let delivered = run.spent().unwrap().unwrap().delivered.unwrap();
    assert_eq!(shown(&delivered), (1, "0.50 USD".to_owned()));
}
