//! What happens to the rows of a run: their states, their order, and what is never sent.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{
    LONG_AGO, PEOPLE, TestedLedger, all_due, close, ended, exchange, join, numbers, resolve, skip,
    states,
};
use crate::runs::ledger::db::values;
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::rows::transitions::lock;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::RowToSend;

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

pub(super) fn row_state_changes_match_the_documented_table(tested: &TestedLedger) {
    let run = tested.begin(&["593990000000"]);
    let mut steps = BTreeSet::new();
    let mut worker = join(&run);
    for from in RowState::ALL.iter().copied() {
        let mut note = |what: &str| {
            let to = states(&run)[0];
            if to != from {
                assert!(from.can_become(to), "{what}: {from:?} to {to:?}");
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
        note("to be skipped");
        for to in RowState::ALL
            .iter()
            .copied()
            .filter(|to| from.can_become(*to) && *to != RowState::Inflight)
        {
            put(&run, from, worker.id());
            let mut db = run.ledger.db();
            db.change(|db| {
                lock(db, run.id)?
                    .unwrap()
                    .decide(db, &[(1, 1)], [from, to], &"x".into())
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
            .filter(move |to| from.can_become(*to))
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

pub(super) fn rows_with_one_recipient_are_sent_in_sequence(tested: &TestedLedger) {
    let [one, other] = ["593990000000", "593990000001"];
    for (ago, follows) in [(Duration::ZERO, vec![]), (LONG_AGO, vec![2])] {
        let run = tested.begin(&[one, one, other, one]);
        let mut sends = join(&run);
        let assigned = exchange(&mut sends, &[], 10);
        assert_eq!(numbers(&assigned), [1, 3]);
        // A process that was suspended must not send them at any later time.
        assert!(assigned.rows.iter().all(|row| row.deadline.is_some()));
        // The retry may be due before the next exchange.
        let assigned = all_due(
            &mut sends,
            &[ended(&assigned.rows[0], RowState::Pending, Duration::ZERO)],
        );
        assert_eq!(
            (numbers(&assigned), assigned.rows[0].number),
            (vec![1], 2),
            "its successor still waits"
        );
        let assigned = all_due(
            &mut sends,
            &[ended(&assigned.rows[0], RowState::Unknown, ago)],
        );
        assert_eq!(numbers(&assigned), follows);
        close(sends);
    }
}

pub(super) fn successor_waits_for_a_row_sent_again(tested: &TestedLedger) {
    let run = tested.begin(&["593990000000"; 2]);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 10);
    exchange(
        &mut sends,
        &[ended(&assigned.rows[0], RowState::Failed, LONG_AGO)],
        0,
    );
    close(sends);
    resolve(&run, [RowState::Failed, RowState::Pending], &[]).unwrap();
    let mut sends = join(&run);
    assert!(!numbers(&all_due(&mut sends, &[])).contains(&2));
    close(sends);
    assert_eq!(states(&run)[1], RowState::Pending);
}

pub(super) fn successor_of_skipped_row_waits_for_predecessor(tested: &TestedLedger) {
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
        let mut finished = Vec::new();
        for n in &order {
            let assigned = all_due(&mut sends, &finished);
            assert_eq!(numbers(&assigned), [*n], "{left_out:?}");
            finished = vec![ended(&assigned.rows[0], RowState::Sent, LONG_AGO)];
        }
        assert_eq!(numbers(&exchange(&mut sends, &finished, 10)), [0_i64; 0]);
        assert!(close(sends), "the run is complete");
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
    let assigned = exchange(&mut sends, &[], 10);
    exchange(
        &mut sends,
        &[ended(&assigned.rows[0], RowState::Sent, Duration::ZERO)],
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

pub(super) fn single_and_batched_rows_finish_alike(tested: &TestedLedger) {
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
    let finished: Vec<_> = many
        .rows
        .iter()
        .zip(&becomes[1..])
        .map(|(row, state)| ended(row, *state, Duration::ZERO))
        .collect();
    assert_eq!(numbers(&exchange(&mut sends, &finished, 0)), [0_i64; 0]);
    assert_eq!(states(&run), becomes);
    let again = exchange(&mut sends, &[], 1000);
    assert_eq!(
        numbers(&again),
        (1..=100).filter(|n| n % 4 == 0).collect::<Vec<_>>()
    );
    let finished: Vec<_> = again
        .rows
        .iter()
        .map(|row| ended(row, RowState::Sent, Duration::ZERO))
        .collect();
    exchange(&mut sends, &finished, 0);
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

pub(super) fn row_not_in_flight_is_never_updated(tested: &TestedLedger) {
    let run = tested.begin(&["593990000000", "593990000001"]);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 1);
    let row = &assigned.rows[0];
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

pub(super) fn modified_request_is_never_sent(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let change = "UPDATE message SET body = '[]' WHERE run = ?1 AND n = 2";
    run.ledger
        .db()
        .change(|db| db.run(change, &values![run.id]))
        .unwrap();
    let mut worker = join(&run);
    assert_eq!(numbers(&exchange(&mut worker, &[], 1)), [1]);
    let assigned = exchange(&mut worker, &[], 2);
    assert!(
        assigned.problem.is_some() && assigned.rows.is_empty(),
        "{assigned:?}"
    );
    exchange(&mut worker, &[], 0);
    assert_eq!(states(&run)[1..3], [RowState::Pending; 2]);
}

pub(super) fn clock_that_goes_back_delays_no_row(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let mut sends = join(&run);
    let assigned = exchange(&mut sends, &[], 2);
    exchange(
        &mut sends,
        &[ended(&assigned.rows[0], RowState::Pending, Duration::ZERO)],
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
