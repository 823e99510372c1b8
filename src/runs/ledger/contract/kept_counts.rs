//! The ledger keeps the counts of a finished run, and they always match its rows.

use std::time::Duration;

use super::TestedLedger;
use crate::jelou::api::{DeliveryFacts, DeliveryState};
use crate::runs::ledger::Worker;
use crate::runs::ledger::db::values;
use crate::runs::ledger::history::overview::RunOverview;
use crate::runs::ledger::manage::StopResult;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::rows::delivery::{
    DeliveryUpdate, DeliveryUpdates, ProvenRow, count_deliveries,
};
use crate::runs::ledger::run::{Run, count_rows};
use crate::runs::ledger::types::FinishedRow;

const RECIPIENTS: [&str; 3] = ["593990000001", "593990000002", "593990000003"];

/// Compares what a list of runs shows with the rows, and checks that only a finished run keeps it.
#[track_caller]
fn check_counts(run: &Run, is_kept: bool) {
    let overview = RunOverview::read(run).unwrap();
    let mut db = run.ledger.db();
    let counts = count_rows(&mut db, run.id).unwrap();
    let deliveries = count_deliveries(&mut db, run.id, i64::MIN)
        .unwrap()
        .unwrap();
    let query = "SELECT counts, deliveries, finished_at FROM run WHERE id = ?1";
    let kept = db.one(query, &values![run.id]).unwrap();
    assert_eq!(kept.opt_text("counts").unwrap().is_some(), is_kept);
    let is_checked = deliveries.asked_at.is_some();
    assert_eq!(
        kept.opt_text("deliveries").unwrap().is_some(),
        is_kept && is_checked
    );
    assert_eq!(kept.opt_int("finished_at").unwrap().is_some(), is_kept);
    assert_eq!(overview.counts, counts);
    assert_eq!(overview.deliveries, Some(deliveries).filter(|_| is_checked));
}

/// Sends the three rows, which end in these states. The worker still sends the run.
fn send(run: &Run, states: [RowState; 3]) -> Worker {
    let mut worker = super::join(run);
    let assigned = super::exchange(&mut worker, &[], states.len());
    let ended: Vec<_> = assigned
        .rows
        .iter()
        .zip(states)
        .map(|(row, state)| super::ended(row, state, super::LONG_AGO))
        .collect();
    super::exchange(&mut worker, &ended, 0);
    worker
}

pub(super) fn finished_run_keeps_true_counts(tested: &TestedLedger) {
    use RowState::{Failed, Pending, Sent, Unknown};
    let run = tested.begin(&RECIPIENTS);
    check_counts(&run, false);
    let worker = send(&run, [Sent, Unknown, Failed]);
    check_counts(&run, true);
    super::close(worker);
    check_counts(&run, true);
    super::resolve(&run, [Unknown, Sent], &[]).unwrap();
    check_counts(&run, true);
    super::resolve(&run, [Failed, Pending], &[]).unwrap();
    check_counts(&run, false);
    let mut worker = super::join(&run);
    worker.make_due();
    check_counts(&run, false);
    let assigned = super::exchange(&mut worker, &[], 1);
    check_counts(&run, false);
    let ended: Vec<FinishedRow> = vec![super::ended(&assigned.rows[0], Unknown, Duration::ZERO)];
    super::exchange(&mut worker, &ended, 0);
    check_counts(&run, true);
    super::close(worker);
    super::resolve(&run, [Unknown, Failed], &[]).unwrap();
    check_counts(&run, true);
    assert_eq!(run.stop(None).unwrap(), StopResult::Complete);
    assert!(!run.cancel().unwrap());
    run.prepare().unwrap();
    check_counts(&run, true);
}

pub(super) fn delivery_checks_renew_kept_counts(tested: &TestedLedger) {
    use RowState::{Sent, Unknown};
    let run = tested.begin(&RECIPIENTS);
    super::close(send(&run, [Sent, Sent, Unknown]));
    check_counts(&run, true);
    let now = tested.ledger.now().unwrap();
    let read = |index, after| DeliveryUpdate {
        index,
        after,
        steps: vec![DeliveryFacts::new(DeliveryState::Read)],
        message_id: None,
    };
    let save = |updates, proven, asked| {
        let news = DeliveryUpdates {
            updates,
            proven,
            asked,
        };
        run.save_deliveries(&news).unwrap();
    };
    save(vec![read(1, 0)], Vec::new(), None);
    check_counts(&run, true);
    save(Vec::new(), Vec::new(), Some((now, 3)));
    check_counts(&run, true);
    save(vec![read(2, 0)], Vec::new(), None);
    check_counts(&run, true);
    let proof = ProvenRow {
        index: 3,
        number: 1,
        evidence: "listed".into(),
    };
    save(Vec::new(), vec![proof], None);
    check_counts(&run, true);
    assert_eq!(run.noted_counts().unwrap().sent, 3);
}

pub(super) fn late_report_renews_kept_counts(tested: &TestedLedger) {
    use RowState::{Failed, Pending, Sent};
    let run = tested.begin(&RECIPIENTS);
    let mut lost = super::join(&run);
    let assigned = super::exchange(&mut lost, &[], 3);
    let worker = lost.id();
    run.change(|db, run| {
        run.mark_unknown(db, worker, &"lost".into())?;
        run.note_finished(db)
    })
    .unwrap();
    check_counts(&run, true);
    let report = |lost: &mut Worker, row: usize, state| {
        let ended = super::ended(&assigned.rows[row], state, Duration::ZERO);
        super::exchange(lost, &[ended], 0);
    };
    report(&mut lost, 0, Sent);
    check_counts(&run, true);
    report(&mut lost, 1, Failed);
    check_counts(&run, true);
    report(&mut lost, 2, Pending);
    check_counts(&run, false);
}

pub(super) fn cancelled_run_keeps_its_counts(tested: &TestedLedger) {
    let run = tested.begin(&RECIPIENTS);
    run.cancel().unwrap();
    check_counts(&run, true);
    let run = tested.begin(&RECIPIENTS);
    super::skip(&run, &[1, 2, 3]);
    check_counts(&run, true);
}
