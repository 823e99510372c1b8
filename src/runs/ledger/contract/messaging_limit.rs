//! The messaging limit: which recipients count in 24 hours, and which rows wait for room.

use std::time::{Duration, Instant};

use super::{
    FAST, HOUR, LONG_AGO, TestedLedger, all_due, close, ended, exchange, join, numbers, send_all,
};
use crate::runs::ledger::db::{Db, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;
use crate::runs::ledger::history::reach::ReachKey;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::types::{Delay, RunSettings};
use crate::runs::ledger::worker::Worker;

const RECIPIENTS: [&str; 5] = [
    "593990000001",
    "593990000002",
    "593990000003",
    "593990000004",
    "593990000005",
];

pub(super) fn distinct_recipients_count_for_24_hours(tested: &TestedLedger) {
    let [one, two, three, four, five] = RECIPIENTS;
    let ledger = &tested.ledger;
    let of = reach_key();
    let count = || ledger.reached(&of).unwrap().count();
    // Messages from before the bot had a limit count too. Texts and rejected messages do not.
    finish_rows(
        &mut limited(ledger, "before", None, &[one, five]),
        &[RowState::Sent, RowState::Failed],
    );
    assert_eq!(count(), 1, "before the prompt");
    tested.begin(&[four]);
    send_all(ledger, "r", &[RowState::Sent]);
    let mut first = limited(ledger, "first", Some(2), &[one, two, two, three]);
    let assigned = exchange(&mut first, &[], 10);
    assert_eq!(numbers(&assigned), [1, 2]);
    let wait = assigned.held_until.unwrap() - Instant::now();
    let hours = wait.as_secs() / 3600;
    assert_eq!(hours, 24, "until the first recipient no longer counts");
    let mut second = limited(ledger, "second", Some(2), &[four, one]);
    assert_eq!(
        numbers(&exchange(&mut second, &[], 10)),
        [0_i64; 0],
        "in the order of the list"
    );
    // A recipient that already counts may get more.
    let finished: Vec<_> = assigned
        .rows
        .iter()
        .map(|row| ended(row, RowState::Sent, LONG_AGO))
        .collect();
    let assigned = all_due(&mut first, &finished);
    assert_eq!(
        (numbers(&assigned), assigned.next.unwrap().1),
        (vec![3], Delay::MessagingLimit)
    );
    let sent = ended(&assigned.rows[0], RowState::Sent, LONG_AGO);
    exchange(&mut first, &[sent], 0);
    assert_eq!(count(), 2);
    let single = |to: &str, limit| ledger.reach(&of, to, limit).unwrap();
    assert!(single(one, Some(2)).counted().is_some());
    assert!(single(five, Some(2)).counted().is_none());
    assert!(single(five, Some(3)).counted().is_some());
    let without_limit = single("593990000006", None);
    assert!(without_limit.counted().is_some());
    assert_eq!(count(), 4);
    age(ledger, 23 * HOUR);
    let mut second = join_again(ledger, "second");
    assert!(exchange(&mut second, &[], 10).rows.is_empty());
    age(ledger, 2 * HOUR);
    assert_eq!(count(), 0);
    let mut second = join_again(ledger, "second");
    assert_eq!(numbers(&exchange(&mut second, &[], 10)), [1, 2]);
    let mut first = join_again(ledger, "first");
    assert_eq!(numbers(&exchange(&mut first, &[], 10)), [0_i64; 0]);
}

pub(super) fn unreached_recipient_does_not_count(tested: &TestedLedger) {
    let [one, two, three] = ["593990000001", "593990000002", "593990000003"];
    let ledger = &tested.ledger;
    let of = reach_key();
    let mut worker = limited(ledger, "a", Some(1), &[one, two, three]);
    let assigned = exchange(&mut worker, &[], 10);
    assert_eq!(numbers(&assigned), [1]);
    exchange(
        &mut worker,
        &[ended(&assigned.rows[0], RowState::Failed, LONG_AGO)],
        0,
    );
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
    let mut worker = join_again(ledger, "a");
    let assigned = exchange(&mut worker, &[], 10);
    assert_eq!(numbers(&assigned), [2]);
    // The row was certainly not sent, and waits for its turn again.
    exchange(
        &mut worker,
        &[ended(&assigned.rows[0], RowState::Pending, LONG_AGO)],
        0,
    );
    assert_eq!(ledger.reached(&of).unwrap().count(), 0);
    // A recipient that a single send reached in the meantime counts, although the row is returned.
    let mut worker = join_again(ledger, "a");
    let assigned = exchange(&mut worker, &[], 1);
    assert_eq!(numbers(&assigned), [2]);
    std::thread::sleep(Duration::from_millis(2));
    let reached = ledger.reach(&of, two, Some(1)).unwrap().counted().unwrap();
    exchange(
        &mut worker,
        &[ended(&assigned.rows[0], RowState::Failed, LONG_AGO)],
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

pub(super) fn messaging_limit_blocks_no_allowed_row(tested: &TestedLedger) {
    let ledger = &tested.ledger;
    let people: Vec<_> = (1..=5)
        .map(|number| format!("59399000000{number}"))
        .collect();
    let people: Vec<_> = people.iter().map(String::as_str).collect();
    let mut worker = limited(ledger, "a", Some(4), &people);
    let assigned = exchange(&mut worker, &[], 10);
    assert_eq!(
        (numbers(&assigned), assigned.next.unwrap().1),
        (vec![1, 2, 3, 4], Delay::MessagingLimit)
    );
    // The network is down, and then one row at a time is tried. The rows with an attempt wait for
    // nothing else.
    let back: Vec<_> = assigned
        .rows
        .iter()
        .map(|row| ended(row, RowState::Pending, Duration::ZERO))
        .collect();
    exchange(&mut worker, &back, 0);
    for n in 1..=4 {
        let assigned = exchange(&mut worker, &[], 1);
        assert_eq!(numbers(&assigned), [n]);
        assert!(
            assigned.next.unwrap().0 < Instant::now() + Duration::from_secs(1),
            "{assigned:?}"
        );
        let state = if n == 4 {
            RowState::Failed
        } else {
            RowState::Sent
        };
        exchange(
            &mut worker,
            &[ended(&assigned.rows[0], state, Duration::ZERO)],
            0,
        );
    }
    assert_eq!(numbers(&exchange(&mut worker, &[], 10)), [5]);
    assert_eq!(ledger.reached(&reach_key()).unwrap().count(), 4);
    // If a row in flight is rejected, the next row is sent. One exchange ends the wait, and the
    // next one returns the row.
    let mut worker = limited(ledger, "b", Some(5), &["593990000011", "593990000012"]);
    let assigned = exchange(&mut worker, &[], 10);
    assert_eq!(
        (numbers(&assigned), assigned.held_until.is_some()),
        (vec![1], true)
    );
    let reply = exchange(
        &mut worker,
        &[ended(&assigned.rows[0], RowState::Failed, Duration::ZERO)],
        10,
    );
    assert_eq!((numbers(&reply), reply.held_until), (vec![], None));
    assert_eq!(numbers(&exchange(&mut worker, &[], 10)), [2]);
}

pub(super) fn limit_wait_ends_as_recipients_expire(tested: &TestedLedger) {
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

pub(super) fn clock_that_goes_back_extends_no_count(tested: &TestedLedger) {
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

pub(super) fn clock_that_goes_back_admits_no_expired_recipient(tested: &TestedLedger) {
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
    let assigned = exchange(&mut worker, &[], 2);
    assert!(assigned.rows.is_empty());
    assert_eq!(assigned.next.unwrap().1, Delay::MessagingLimit);
    close(worker);
    assert!(is_admitted(one, 3), "there is room");
    assert_eq!(count(), 2);
    assert!(is_admitted(one, 2), "one counts now");
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

fn join_again(ledger: &Ledger, run: &str) -> Worker {
    join(&ledger.run(&run.parse().unwrap()).unwrap())
}

fn reach_key() -> ReachKey {
    ReachKey::for_run(&fixture::details(), Duration::ZERO).unwrap()
}

/// Makes everything that counts this much older; a negative time is in the future.
fn age(ledger: &Ledger, by: i64) {
    let aged = |db: &mut Db| {
        db.run("UPDATE reach SET at = at - ?1", &values![by])?;
        db.run("UPDATE reached SET at = at - ?1", &values![by])
    };
    ledger.db().change(aged).unwrap();
}

/// Ends each row of the worker in its state in `states`.
fn finish_rows(worker: &mut Worker, states: &[RowState]) {
    let assigned = exchange(worker, &[], states.len()).rows;
    let finished: Vec<_> = assigned
        .iter()
        .zip(states)
        .map(|(row, state)| ended(row, *state, LONG_AGO))
        .collect();
    exchange(worker, &finished, 0);
}
