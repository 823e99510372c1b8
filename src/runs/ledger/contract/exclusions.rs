//! The recipients that the ledger excludes: no process gets a row to one of them.

use std::thread;
use std::time::Duration;

use super::{
    LONG_AGO, PEOPLE, TestedLedger, all_due, close, ended, exchange, join, numbers, resolve, states,
};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::exclusions::ExclusionChange;
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::{RowState, SkipReason};
use crate::runs::ledger::rows::transitions::lock;

/// Excludes recipients; returns how many were not excluded before, and how many were.
fn exclude(tested: &TestedLedger, recipients: &[&str]) -> (u64, u64) {
    let recipients: Vec<_> = recipients.iter().map(ToString::to_string).collect();
    let ExclusionChange { changed, unchanged } =
        tested.ledger.exclude(false, &recipients, None).unwrap();
    (changed, unchanged)
}

pub(super) fn excluded_recipient_gets_no_row(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let first = exchange(&mut worker, &[], 1);
    assert_eq!(numbers(&first), [1]);
    assert_eq!(exclude(tested, &[PEOPLE[0], PEOPLE[1], PEOPLE[3]]), (3, 0));
    // The message of the first row may have been sent, so its outcome counts.
    let sent = ended(&first.rows[0], RowState::Sent, LONG_AGO);
    assert_eq!(numbers(&exchange(&mut worker, &[sent], 2)), [3]);
    let rest = exchange(&mut worker, &[], 10);
    assert_eq!(numbers(&rest), [5]);
    let skipped = RowState::Skipped;
    let inflight = RowState::Inflight;
    assert_eq!(
        states(&run),
        [RowState::Sent, skipped, inflight, skipped, inflight]
    );
}

pub(super) fn run_of_excluded_recipients_is_finished(tested: &TestedLedger) {
    let run = tested.begin(&[PEOPLE[0], PEOPLE[1], PEOPLE[0]]);
    let mut worker = join(&run);
    exclude(tested, &PEOPLE[..2]);
    assert_eq!(numbers(&exchange(&mut worker, &[], 10)), [0_i64; 0]);
    assert!(close(worker));
    assert_eq!(states(&run), [RowState::Skipped; 3]);
}

pub(super) fn excluded_recipient_gets_no_second_attempt(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    let mut worker = join(&run);
    let rows = exchange(&mut worker, &[], 2).rows;
    exclude(tested, &PEOPLE[..2]);
    let unsent = ended(&rows[0], RowState::Pending, Duration::ZERO);
    let failed = ended(&rows[1], RowState::Failed, Duration::ZERO);
    assert_eq!(
        numbers(&all_due(&mut worker, &[unsent, failed])),
        [0_i64; 0]
    );
    close(worker);
    assert_eq!(states(&run), [RowState::Skipped, RowState::Failed]);
    resolve(&run, [RowState::Failed, RowState::Pending], &[]).unwrap();
    let mut worker = join(&run);
    assert_eq!(numbers(&all_due(&mut worker, &[])), [0_i64; 0]);
    close(worker);
    assert_eq!(states(&run), [RowState::Skipped; 2]);
}

pub(super) fn spellings_of_a_recipient_are_one_exclusion(tested: &TestedLedger) {
    let [short, long] = ["525512345678", "5215512345678"];
    assert_eq!(exclude(tested, &[short, long]), (1, 0));
    assert_eq!(exclude(tested, &[long, PEOPLE[0]]), (1, 1));
    let found = tested.ledger.find_excluded(false, long).unwrap().unwrap();
    assert_eq!(found.recipient, short);
    let run = tested.begin(&[short, long]);
    assert_eq!(numbers(&exchange(&mut join(&run), &[], 2)), [0_i64; 0]);
    let removed = tested
        .ledger
        .stop_excluding(false, &[long.to_owned(), PEOPLE[1].to_owned()])
        .unwrap();
    assert_eq!((removed.changed, removed.unchanged), (1, 1));
    let left: Vec<_> = tested.ledger.excluded(false).unwrap();
    let left: Vec<_> = left.iter().map(|left| left.recipient.as_str()).collect();
    assert_eq!(left, [PEOPLE[0]]);
}

pub(super) fn sandbox_has_its_own_exclusions(tested: &TestedLedger) {
    let sandbox = [PEOPLE[0].to_owned()];
    tested.ledger.exclude(true, &sandbox, None).unwrap();
    exclude(tested, &PEOPLE[1..2]);
    let run = tested.begin(&PEOPLE[..2]);
    assert_eq!(numbers(&exchange(&mut join(&run), &[], 2)), [1]);
    let list = |sandbox| {
        let mut draft = fixture::draft(&PEOPLE);
        tested.ledger.skip_excluded(sandbox, &mut draft).unwrap();
        let lines = draft.lines_excluded_in_ledger().unwrap();
        assert_eq!(draft.skip_counts().rows(SkipReason::Excluded), 1);
        lines
    };
    assert_eq!((list(true), list(false)), (vec![2], vec![3]));
}

/// The exchange has locked its run before the recipient is excluded.
pub(super) fn exclusion_waits_for_an_exchange(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let own = run.on_own_connection().unwrap();
    let other = tested.ledger.reopened().unwrap();
    let recipients = [PEOPLE[0].to_owned()];
    let excluding = {
        let mut db = own.ledger.db();
        db.change(|db| {
            lock(db, run.id)?.unwrap();
            let excluding = thread::spawn(move || other.exclude(false, &recipients, None));
            let waits = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted";
            while db.0.is_shared()
                && !excluding.is_finished()
                && db.one(waits, &[])?.int("waiting")? == 0
            {
                thread::yield_now();
            }
            assert!(!excluding.is_finished());
            Ok::<_, LedgerError>(excluding)
        })
    };
    excluding.unwrap().join().unwrap().unwrap();
    assert_eq!(numbers(&exchange(&mut join(&run), &[], 1)), [0_i64; 0]);
}
