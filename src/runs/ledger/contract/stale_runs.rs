//! Runs that may lack their latest records.

use std::time::Duration;

use super::{
    PEOPLE, TestedLedger, assert_stale, compared, ended, exchange, join, make_under_key, resolve,
    scope, send_all, states,
};
use crate::runs::ledger::model::{OnceState, RowState, SkipReason};

pub(super) fn failed_rows_of_stale_run_are_not_resent(tested: &TestedLedger) {
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
        assert!(exchange(&mut join(&of), &[], 5).rows.is_empty());
        let refused = resolve(&of, [RowState::Unknown, RowState::Sent], &[2]).unwrap_err();
        assert!(
            refused
                .hint
                .to_string()
                .contains("--accept-stale --exclude FILE"),
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
    let standing = || ledger.once_entry(&scope(), &person).unwrap().unwrap().state;
    assert_eq!(standing(), OnceState::Unknown);
    let run = ledger.run(&"a".parse().unwrap()).unwrap();
    (tested.end_leases)();
    run.remove(run.changed_at().unwrap()).unwrap();
    assert_eq!(
        standing(),
        OnceState::Unknown,
        "the message stays unknown after the run is removed"
    );
}

pub(super) fn restored_ledger_marks_rows_unknown(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let assigned = exchange(&mut worker, &[], 2);
    exchange(
        &mut worker,
        &[ended(&assigned.rows[0], RowState::Sent, Duration::ZERO)],
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
    assert_stale(&again);
    assert_eq!(states(&run)[..2], [RowState::Unknown; 2]);
    let restored = tested.ledger.restored().unwrap();
    assert!(
        restored.is_some_and(|restored| restored.complete_until.is_none()),
        "the process marks the whole ledger"
    );
    exchange(
        &mut worker,
        &[ended(&assigned.rows[1], RowState::Sent, Duration::ZERO)],
        0,
    );
    let counts = run.noted_counts().unwrap();
    assert_eq!(
        [counts.sent, counts.unknown],
        [1, 1],
        "its own word still counts"
    );
}
