//! Workers that were killed, lost or suspended, or that did not get an answer.

use std::time::Duration;

use super::{
    PEOPLE, TestedLedger, all_due, close, ended, exchange, join, numbers, resolve, states,
};
use crate::runs::ledger::db::SqlScript;
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::manage::StopResult;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::rows::transitions::lock;
use crate::runs::ledger::types::{ExchangeOrder, ResumeOptions};

pub(super) fn listening_worker_writes_nothing_until_something_changes(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..3]);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 1);
    let written = sends.exchanges();
    for _ in 0..3 {
        let reply = exchange(&mut sends, &[], 0);
        assert!(reply.pause.is_none() && !reply.was_lost);
    }
    assert_eq!(sends.exchanges(), written);
    // Its outcomes are written immediately.
    let sent = ended(&assigned.rows[0], RowState::Sent, Duration::ZERO);
    exchange(&mut sends, &[sent], 0);
    assert_eq!(sends.exchanges(), written + 1);
    exchange(&mut sends, &[], 0);
    assert_eq!(sends.exchanges(), written + 1);
    run.stop(None).unwrap();
    assert!(exchange(&mut sends, &[], 0).pause.is_some());
}

pub(super) fn killed_worker_leaves_unknown_rows_and_sends_none(tested: &TestedLedger) {
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
    let assigned = exchange(&mut sends, &[], 3);
    let answered = exchange(
        &mut sends,
        &[ended(&assigned.rows[1], RowState::Sent, Duration::ZERO)],
        0,
    );
    assert_eq!(
        (numbers(&assigned), numbers(&answered)),
        (vec![1, 2, 3], vec![])
    );
    tested.kill(sends);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 10);
    assert_eq!(
        numbers(&assigned),
        [4],
        "the recipient of the last row may have just got a message"
    );
    assert_eq!(states(&run), [Unknown, Sent, Unknown, Inflight, Pending]);
    exchange(
        &mut sends,
        &[ended(&assigned.rows[0], Sent, Duration::ZERO)],
        0,
    );
    close(sends);
    assert_eq!(resolve(&run, [Unknown, Failed], &[2]).unwrap(), 1);
    assert_eq!(resolve(&run, [Unknown, Pending], &[]).unwrap(), 1);
    assert_eq!(states(&run), [Failed, Sent, Pending, Sent, Pending]);
}

pub(super) fn lost_worker_may_still_report_results(tested: &TestedLedger) {
    use RowState::{Pending, Sent, Unknown};
    let run = tested.begin(&[
        "593990000000",
        "593990000001",
        "593990000002",
        "593990000000",
    ]);
    let mut lost = join(&run);
    let assigned = exchange(&mut lost, &[], 3);
    // In a file, a living process is never lost, because its lock is held.
    let mut db = run.ledger.db();
    db.change(|db| {
        lock(db, run.id)?
            .unwrap()
            .mark_unknown(db, lost.id(), &"lost".into())
    })
    .unwrap();
    drop(db);
    assert_eq!(states(&run), [Unknown, Unknown, Unknown, Pending]);
    assert_eq!(resolve(&run, [Unknown, Sent], &[4]).unwrap(), 1);
    let back = [(0, Pending), (1, Sent), (2, RowState::Failed)];
    let back = back.map(|(row, state)| ended(&assigned.rows[row], state, Duration::ZERO));
    exchange(&mut lost, &back, 0);
    assert_eq!(
        states(&run),
        [Pending, Sent, Sent, Pending],
        "you have decided the row in the meantime"
    );
    // The second row of the recipient waits again.
    assert!(!numbers(&all_due(&mut lost, &[])).contains(&4));
}

pub(super) fn late_exchange_of_replaced_connection_changes_nothing(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let assigned = exchange(&mut worker, &[], 1);
    run.ledger
        .db()
        .change(|db| db.run("UPDATE worker SET connection = connection + 1", &[]))
        .unwrap();
    let late = worker.try_exchange(&ExchangeOrder {
        finished: vec![ended(&assigned.rows[0], RowState::Sent, Duration::ZERO)],
        wanted: 2,
        ..ExchangeOrder::default()
    });
    assert_eq!(late.unwrap_err().kind, LedgerErrorKind::Superseded);
    assert_eq!(states(&run)[..2], [RowState::Inflight, RowState::Pending]);
}

pub(super) fn rows_of_lost_response_become_pending_again(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut worker = join(&run);
    let assigned = exchange(&mut worker, &[], 1);
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
        &[ended(&assigned.rows[0], RowState::Sent, Duration::ZERO)],
        5,
    );
    assert_eq!(numbers(&again), [2, 3, 4, 5]);
    assert_eq!(states(&run)[0], RowState::Sent);
}

/// Other processes may have sent its rows in the meantime, so it must join again. In a file, this
/// happens after it was suspended.
pub(super) fn worker_marked_lost_gets_no_rows(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..3]);
    let mut worker = join(&run);
    let rows = exchange(&mut worker, &[], 1).rows;
    tested
        .ledger
        .db()
        .change(|db| db.run("UPDATE worker SET seen_at = 0", &[]))
        .unwrap();
    worker.note_alive().unwrap();
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
pub(super) fn worker_without_lock_gets_no_rows(tested: &TestedLedger) {
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

/// A database ends the transaction of a suspended process, and may report that as the response to a
/// statement.
pub(super) fn transaction_timeout_error_is_retryable(tested: &TestedLedger) {
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

pub(super) fn stop_tells_whether_a_process_sends_the_run(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let run = tested.begin(&PEOPLE);
    assert!(ledger.in_progress().is_err());
    let mut sends = join(&run);
    exchange(&mut sends, &[], 1);
    assert_eq!(ledger.in_progress().unwrap().name(), run.name());
    // A second call changes nothing while the process waits for its row.
    for _ in 0..2 {
        assert_eq!(run.stop(None).unwrap(), StopResult::Stopping);
    }
    let pause = run.pause().unwrap().unwrap();
    tested.kill(sends);
    assert!(ledger.in_progress().is_err());
    assert_eq!(run.stop(None).unwrap(), StopResult::AlreadyPaused(pause));
    let idle = tested.begin(&PEOPLE);
    assert_eq!(idle.stop(None).unwrap(), StopResult::Paused);
}

pub(super) fn ledger_keeps_who_did_what(tested: &TestedLedger) {
    use RowState::{Sent, Unknown};
    let run = tested.begin(&PEOPLE[..2]);
    let who = run.ledger().who();
    assert_eq!(
        who.to_string().contains(" as "),
        run.ledger().is_shared(),
        "{who}"
    );
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 1);
    assert_eq!(run.workers().unwrap()[0].by, who);
    exchange(
        &mut sends,
        &[ended(&assigned.rows[0], Unknown, Duration::ZERO)],
        0,
    );
    run.stop(None).unwrap();
    assert_eq!(
        run.pause().unwrap().map(|pause| pause.by),
        Some(who.clone())
    );
    close(sends);
    resolve(&run, [Unknown, Sent], &[]).unwrap();
    run.note_overrides(&["--again"]).unwrap();
    run.cancel().unwrap();
    assert_eq!(run.created_by().unwrap(), who);
    assert_eq!(run.senders().unwrap(), std::slice::from_ref(&who));
    let history = run.history().unwrap();
    let kinds: Vec<_> = history.iter().map(|event| event.kind.name()).collect();
    assert_eq!(
        kinds,
        ["begun", "stopped", "resolved", "overridden", "cancelled"]
    );
    assert_eq!(history[3].reason.as_deref(), Some("--again"));
    assert!(history.iter().all(|event| event.by == who), "{history:?}");
    // What you decide does not change whether the run is sent.
    assert_eq!(run.events().unwrap().len(), 3);
}

/// A process that has not seen the stop goes on sending after the resumption.
pub(super) fn resumption_beside_a_stopped_worker_is_an_event(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut before = join(&run);
    exchange(&mut before, &[], 1);
    run.stop(None).unwrap();
    let pause = run.pause().unwrap();
    let options = ResumeOptions {
        accepted: None,
        rate: None,
        conditions: None,
    };
    run.resume(pause.as_ref(), &options).unwrap();
    let resumed = join(&run);
    let joined = join(&run);
    let history = run.history().unwrap();
    let kinds: Vec<_> = history.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["begun", "stopped", "resumed"]);
    close(resumed);
    close(joined);
    close(before);
}

pub(super) fn end_by_another_process_has_exact_counts(tested: &TestedLedger) {
    use RowState::{Failed, Sent};
    let run = tested.begin(&PEOPLE[..2]);
    let mut first = join(&run);
    let mut second = join(&run);
    let of_first = exchange(&mut first, &[], 1);
    let of_second = exchange(&mut second, &[], 1);
    let sent = ended(&of_first.rows[0], Sent, Duration::ZERO);
    exchange(&mut first, &[sent], 0);
    let failed = ended(&of_second.rows[0], Failed, Duration::ZERO);
    exchange(&mut second, &[failed], 1);
    let counts = exchange(&mut first, &[], 0).counts.unwrap();
    assert_eq!((counts.sent, counts.failed, counts.pending), (1, 1, 0));
    close(first);
    close(second);
}

pub(super) fn late_outcome_has_exact_counts(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..1]);
    let mut lost = join(&run);
    let assigned = exchange(&mut lost, &[], 1);
    let ended_by_others: Result<_, LedgerError> = run.change(|db, run| {
        run.mark_unknown(db, lost.id(), &"lost".into())?;
        run.note_finished(db)
    });
    ended_by_others.unwrap();
    // It sees the end before its outcome arrives.
    let counts = exchange(&mut lost, &[], 0).counts.unwrap();
    assert_eq!((counts.sent, counts.unknown), (0, 1));
    let sent = ended(&assigned.rows[0], RowState::Sent, Duration::ZERO);
    let counts = exchange(&mut lost, &[sent], 0).counts.unwrap();
    assert_eq!((counts.sent, counts.unknown), (1, 0));
    close(lost);
}
