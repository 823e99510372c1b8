//! A cancelled run sends nothing more.

use std::time::{Duration, Instant};

use super::{PEOPLE, TestedLedger, close, ended, exchange, join, resolve, states};
use crate::base::process::host_name;
use crate::runs::ledger::manage::StopResult;
use crate::runs::ledger::model::{RowState, SkipReason};
use crate::runs::ledger::worker::POLL_EVERY;

pub(super) fn cancelled_run_sends_no_more_rows(tested: &TestedLedger) {
    use RowState::{Failed, Pending, Sent, Skipped, Unknown};
    let run = tested.begin(&PEOPLE);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 3);
    let [sent, failed] = [(0, Sent), (1, Failed)]
        .map(|(row, state)| ended(&assigned.rows[row], state, Duration::ZERO));
    exchange(&mut sends, &[sent, failed], 0);
    tested.kill(sends);
    // Doing it twice changes nothing.
    for _ in 0..2 {
        run.cancel().unwrap();
        assert_eq!(states(&run), [Sent, Failed, Unknown, Skipped, Skipped]);
    }
    let cancellation = run.cancellation().unwrap().unwrap();
    assert!(
        cancellation.by.to_string().ends_with(&host_name()) && run.counts().unwrap().is_finished()
    );
    // Neither a stop nor a second call changes who cancelled it.
    assert_eq!(
        run.stop(None).unwrap(),
        StopResult::Cancelled(cancellation.clone())
    );
    assert_eq!(run.cancellation().unwrap(), Some(cancellation));
    assert_eq!(run.reasons().unwrap().0.rows(SkipReason::Cancelled), 2);
    assert!(run.ledger().named_or_unfinished(None).unwrap().is_none());
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

pub(super) fn row_returned_to_cancelled_run_is_skipped(tested: &TestedLedger) {
    use RowState::{Inflight, Pending, Sent, Skipped, Unknown};
    let run = tested.begin(&PEOPLE);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 3);
    run.cancel().unwrap();
    assert_eq!(
        states(&run),
        [Inflight, Inflight, Inflight, Skipped, Skipped]
    );
    // Another process that joins gets nothing either.
    let mut other = join(&run);
    assert!(exchange(&mut other, &[], 10).rows.is_empty());
    let [back, sent] = [(0, Pending), (1, Sent)]
        .map(|(row, state)| ended(&assigned.rows[row], state, Duration::ZERO));
    assert!(exchange(&mut sends, &[back, sent], 10).rows.is_empty());
    assert_eq!(states(&run), [Skipped, Sent, Inflight, Skipped, Skipped]);
    close(other);
    tested.kill(sends);
    run.cancel().unwrap();
    assert_eq!(states(&run), [Skipped, Sent, Unknown, Skipped, Skipped]);
    assert_eq!(run.reasons().unwrap().0.rows(SkipReason::Cancelled), 3);
}

pub(super) fn cancelled_run_waits_for_rows_in_flight_elsewhere(tested: &TestedLedger) {
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
    assert!(next >= before + POLL_EVERY, "the worker checks again later");
    assert_eq!(states(&run), [Inflight, Skipped]);
    tested.kill(sends);
    // A process looks for lost ones from time to time, and this one has just done so.
    run.prepare().unwrap();
    let ends = exchange(&mut other, &[], 3);
    assert_eq!(ends.next, None);
    assert_eq!(states(&run), [Unknown, Skipped]);
    assert!(close(other), "every row is final");
}
