//! What every ledger must do, in a file or in a database: each test is written once and runs on both.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use super::sqlite::{FileRun, fixture};
use super::{
    ClaimEnd, Claimed, Delay, DeliveryNews, Details, EarlierError, EndedAttempt, ExchangeReply, HeldFor, HeldRun,
    LearntDelivery, LedgerError, LedgerStore, Pace, PaceNews, ProvenRow, QueuedRow, ReportedRow, Resolution,
    ResolveError, RowState, RunLedger, RunName, Runs, SettledRow, Skip, SkipReason, now,
};
use crate::api::{
    Answer, Attempt, Body, Cause, DeliveryFacts, DeliveryState, Outcome, Request, SuccessCriterion, judge,
};
use crate::once::{NewClaim, OnceScope, OnceState};
use crate::run::{RunLimits, Throttle};

#[cfg(unix)]
#[path = "../../tests/support/needs.rs"]
mod needs;
#[cfg(unix)]
#[path = "../../tests/support/postgres.rs"]
mod postgres;

/// A pace that delays nothing.
const FAST: f64 = 1_000_000.0;
/// Longer than the gap that a ledger keeps between two messages to one person.
const LONG_AGO: Duration = Duration::from_secs(7);

/// Generates these tests for each ledger.
macro_rules! every_ledger {
    ($($test:ident,)+) => {
        mod in_a_file {
            $(
                #[test]
                fn $test() {
                    super::$test(&|recipients, rate| Box::new(super::RunInFile::new(recipients, rate)));
                }
            )+
        }

        #[cfg(unix)]
        mod in_a_database {
            $(
                #[test]
                fn $test() {
                    if let Some(cluster) = super::shared::cluster() {
                        super::$test(&|recipients, rate| Box::new(super::shared::SharedTestRun::new(cluster, recipients, rate)));
                    }
                }
            )+
        }
    };
}

every_ledger! {
    a_row_takes_the_steps_of_the_table_and_no_others,
    rows_to_one_person_leave_one_after_the_other,
    who_was_let_go_waits_again_for_a_row_that_is_sent_again,
    who_waits_for_a_row_that_is_left_out_waits_for_the_one_before_it,
    one_row_and_many_leave_and_end,
    who_waits_for_a_row_that_a_person_takes_for_unknown_waits_no_more,
    of_a_row_that_is_not_under_way_nothing_is_written,
    a_limit_slows_and_holds_alike,
    what_was_under_way_at_a_process_that_was_killed_is_unknown_and_leaves_no_more,
    under_a_key_a_person_is_one_rows_or_one_single_sends,
    whom_a_removed_run_reached_is_known_under_its_key,
    whom_a_removed_run_may_have_reached_is_known_under_its_key,
    what_a_run_that_lacks_messages_has_as_failed_is_not_sent_by_another_list,
    of_a_cancelled_run_nothing_leaves_any_more,
}

/// Begins a run at this rate, with a row for each of these recipients.
type Begin<'a> = &'a dyn Fn(&[&str], f64) -> Box<dyn TestedRun>;

/// A run of a test in any ledger: what the ledger traits do not offer.
trait TestedRun {
    /// The store that holds the run.
    fn store(&self) -> &dyn LedgerStore;

    /// Ends the sending process as SIGKILL would, and lets the ledger know.
    fn kill(&mut self, sends: Sends);

    /// From now on the run, which no process sends, may lack messages that it has sent.
    fn lose_records(&self, run: &str);

    /// Gives a sending process `rows` rows, settles each as `becomes` says, and asks for one more. Returns whether one
    /// more may leave, and the part of the rate that is left.
    fn hear(&self, rows: usize, becomes: &mut dyn FnMut(&QueuedRow) -> SettledRow) -> (bool, f64);

    /// The steps that the ledger itself allows any caller. Each is tried with the first row.
    fn steps(&self) -> BTreeSet<[&'static str; 2]>;
}

/// A process that sends the run.
struct Sends {
    ledger: Box<dyn RunLedger>,
    held: Box<dyn HeldRun>,
}

impl Sends {
    fn exchange(&mut self, settled: &[SettledRow], wanted: usize) -> ExchangeReply {
        let mut given = self.ledger.exchange(settled, &[], wanted).unwrap();
        given.rows.sort_by_key(|row| row.n);
        given
    }

    fn close(self) -> bool {
        let is_finished = self.ledger.close().unwrap();
        drop(self.held);
        is_finished
    }
}

impl dyn TestedRun {
    fn hold(&self, purpose: HeldFor) -> Box<dyn HeldRun> {
        self.store().hold(&name(), purpose).unwrap()
    }

    fn open(&self) -> Sends {
        let mut held = self.hold(HeldFor::Sending);
        let (ledger, _) = held.open(Duration::from_secs(30)).unwrap();
        Sends { ledger, held }
    }

    /// Skips those of `rows` that are still to be sent, while no process sends the run.
    fn skip(&self, rows: &[i64]) {
        let excluded = Skip { reason: SkipReason::Excluded, problem: "x", run: None };
        self.hold(HeldFor::Sending).skip(&mut rows.iter().map(|n| (*n, excluded))).unwrap();
    }

    /// Decides rows by hand, while no process sends the run.
    fn resolve(&self, resolution: &Resolution) {
        self.hold(HeldFor::Deciding).resolve(resolution, &mut |_| true).unwrap();
    }

    /// For each row, in order.
    fn states(&self) -> Vec<RowState> {
        let mut states = Vec::new();
        let each = &mut |row: ReportedRow| {
            states.push(row.state);
            ControlFlow::Continue(())
        };
        self.store().read(&name()).unwrap().each_row(each).unwrap();
        states
    }
}

fn name() -> RunName {
    "r".parse().unwrap()
}

/// Makes the run, with a row for each of these recipients.
fn make(store: &dyn LedgerStore, recipients: &[&str], rate: f64) {
    let mut new = store.reserve(&name()).unwrap();
    fixture::fill(&mut new.draft, recipients);
    store.make(new, &Details { rate, ..fixture::details() }).unwrap();
}

/// The key of the runs in tests.
fn scope() -> OnceScope {
    let Details { bot, api_url: address, .. } = fixture::details();
    OnceScope { key: "november".parse().unwrap(), bot, address }
}

/// Makes another run under the key, with those of `recipients` who are free. Returns why the others are skipped.
fn make_under_key(store: &dyn LedgerStore, run: &str, recipients: &[&str]) -> Vec<(SkipReason, u64)> {
    let (scope, mut new) = (scope(), store.reserve(&run.parse().unwrap()).unwrap());
    fixture::fill(&mut new.draft, recipients);
    assert!(store.try_hold(&mut new).unwrap());
    let mut earlier = store.earlier((&scope.bot, &scope.address), Duration::ZERO, &[]);
    earlier.find_claimed(&new.draft, &scope.key).unwrap();
    new.draft.skip_earlier(Some(&scope.key)).unwrap();
    let left_out = new.draft.skip_counts().iter().collect();
    let mut details = Details { rate: FAST, ..fixture::details() };
    details.conditions.once = Some(scope.key);
    store.make(new, &details).unwrap();
    left_out
}

/// Sends the rows of a run. Each ends in the state at its place in `states`.
fn send_all(store: &dyn LedgerStore, run: &str, states: &[RowState]) {
    let mut held = store.hold(&run.parse().unwrap(), HeldFor::Sending).unwrap();
    let (mut ledger, _) = held.open(Duration::from_secs(30)).unwrap();
    let mut given = ledger.exchange(&[], &[], states.len()).unwrap().rows;
    given.sort_by_key(|row| row.n);
    let settled: Vec<_> = given.iter().zip(states).map(|(row, state)| ended(row, *state, LONG_AGO)).collect();
    ledger.exchange(&settled, &[], 0).unwrap();
    ledger.close().unwrap();
}

/// Sends a single message under the key.
fn send_single(store: &dyn LedgerStore, recipient: &str, end: &ClaimEnd) {
    let claims = store.try_hold_claims().unwrap().unwrap();
    let hasher = claims.hasher();
    let claim = NewClaim { person: hasher.person(recipient), words: hasher.words(&["x"]) };
    match claims.claim(&scope(), &claim).unwrap() {
        Claimed::Now(mut held) => held.end(end).unwrap(),
        Claimed::Before(entry) => panic!("{entry:?}"),
    }
}

fn under_a_key_a_person_is_one_rows_or_one_single_sends(begin: Begin) {
    let [one, two, three, four] = ["593990000001", "593990000002", "593990000003", "593990000004"];
    let [sent, failed, unknown] = [RowState::Sent, RowState::Failed, RowState::Unknown];
    let [already, perhaps, to_be] = [SkipReason::AlreadySent, SkipReason::MayHaveBeenSent, SkipReason::ToBeSent];
    let run = begin(&[one], FAST);
    let store = run.store();
    assert_eq!(make_under_key(store, "a", &[one, two, three, four]), [], "a run without the key counts for nothing");
    assert_eq!(make_under_key(store, "b", &[one, two]), [(to_be, 2)]);
    send_all(store, "a", &[sent, failed, unknown, failed]);
    let all = [one, two, three, four];
    assert_eq!(make_under_key(store, "c", &all), [(already, 1), (perhaps, 1)]);
    send_all(store, "c", &[failed, failed]);
    send_single(store, two, &ClaimEnd::Sent { message_id: None });
    send_single(store, four, &ClaimEnd::NotSent);
    // The person of row 2 now has a message, and that of row 4 is free.
    let again = Resolution::All([failed, RowState::Pending]);
    let resolve = |name: &str, resolution: &Resolution| {
        let _others_held_off = store.try_hold_claims().unwrap().unwrap();
        store.hold(&name.parse().unwrap(), HeldFor::Deciding).unwrap().resolve(resolution, &mut |_| true)
    };
    assert_eq!(resolve("a", &again).unwrap().pending, 1);
    assert_eq!(resolve("c", &again).unwrap().pending, 0, "row 4 is that of the other run");
    let chosen = |line| Resolution::Some { change: [failed, RowState::Pending], lines: vec![line], people: vec![] };
    assert!(matches!(resolve("a", &chosen(3)), Err(ResolveError::NotFree { line: 3, .. })));
    // What may have been sent belongs to the run, whatever a person decides about it.
    let unsent = Resolution::All([unknown, RowState::Pending]);
    assert_eq!(resolve("a", &unsent).unwrap().pending, 1);
    assert_eq!(make_under_key(store, "d", &all), [(already, 2), (to_be, 2)]);
}

fn whom_a_removed_run_reached_is_known_under_its_key(begin: Begin) {
    let all = ["593990000001", "593990000002", "593990000003", "593990000004"];
    let run = begin(&all[..1], FAST);
    let store = run.store();
    make_under_key(store, "a", &all);
    send_all(store, "a", &[RowState::Sent, RowState::Failed, RowState::Unknown, RowState::Unknown]);
    // Jelou's lists have the last one.
    let news = DeliveryNews {
        learnt: vec![LearntDelivery {
            n: 4,
            after: 0,
            steps: vec![DeliveryFacts::new(DeliveryState::Delivered)],
            message_id: Some("m-4".to_owned()),
        }],
        proven: vec![ProvenRow { n: 4, number: 1, evidence: "seen".to_owned() }],
        asked: None,
    };
    assert_eq!(store.hold(&"a".parse().unwrap(), HeldFor::Deciding).unwrap().learn(&news).unwrap(), 1);
    let message_of_last = || {
        let claims = store.try_hold_claims().unwrap().unwrap();
        let claimed = claims.person(&scope(), &claims.hasher().person(all[3])).unwrap();
        store.row_under(&scope(), all[3]).unwrap().or(claimed)?.message_id
    };
    assert_eq!(message_of_last().as_deref(), Some("m-4"));
    let remove = |name: &str| {
        let _others_held_off = store.try_hold_claims().unwrap().unwrap();
        store.hold(&name.parse().unwrap(), HeldFor::Removal).unwrap().remove(false).unwrap();
    };
    remove("a");
    remove("r");
    assert_eq!(message_of_last().as_deref(), Some("m-4"));
    let left_out = [(SkipReason::AlreadySent, 2), (SkipReason::MayHaveBeenSent, 1)];
    assert_eq!(make_under_key(store, "b", &all), left_out);
}

fn whom_a_removed_run_may_have_reached_is_known_under_its_key(begin: Begin) {
    let run = begin(&PEOPLE[..1], FAST);
    let store = run.store();
    make_under_key(store, "a", &PEOPLE);
    let excluded = Skip { reason: SkipReason::Excluded, problem: "x", run: None };
    store.hold(&"a".parse().unwrap(), HeldFor::Sending).unwrap().skip(&mut [(5, excluded)].into_iter()).unwrap();
    send_all(store, "a", &[RowState::Sent, RowState::Failed, RowState::Unknown]);
    run.lose_records("a");
    let others_held_off = store.try_hold_claims().unwrap().unwrap();
    let held = store.hold(&"a".parse().unwrap(), HeldFor::Removal).unwrap();
    assert!(held.read().unwrap().damage().is_some());
    held.remove(false).unwrap();
    drop(others_held_off);
    let left_out = [(SkipReason::AlreadySent, 1), (SkipReason::MayHaveBeenSent, 3)];
    assert_eq!(make_under_key(store, "b", &PEOPLE), left_out);
}

fn what_a_run_that_lacks_messages_has_as_failed_is_not_sent_by_another_list(begin: Begin) {
    let run = begin(&PEOPLE[..3], FAST);
    let (store, scope) = (run.store(), scope());
    make_under_key(store, "a", &PEOPLE[..3]);
    for run_name in ["r", "a"] {
        send_all(store, run_name, &[RowState::Sent, RowState::Failed]);
        run.lose_records(run_name);
    }
    let mut new = store.reserve(&"b".parse().unwrap()).unwrap();
    fixture::fill(&mut new.draft, &PEOPLE[1..3]);
    let mut earlier = store.earlier((&scope.bot, &scope.address), Duration::from_secs(60), &[]);
    match (earlier.find_claimed(&new.draft, &scope.key), earlier.compare(&new.draft)) {
        // A file does not tell which rows it has lost.
        (Err(EarlierError::Unreadable { .. }), Err(EarlierError::Unreadable { .. })) => {}
        found => {
            assert!(matches!(found, (Ok(()), Ok(()))), "{found:?}");
            let found = new.draft.earlier().unwrap();
            assert!(found.iter().all(|found| found.reason == SkipReason::MayHaveBeenSent), "{found:?}");
            assert_eq!(found.iter().map(|found| found.rows).sum::<u64>(), 2, "{found:?}");
        }
    }
    let claims = store.try_hold_claims().unwrap().unwrap();
    let person = claims.hasher().person(PEOPLE[1]);
    let claimed = claims.person(&scope, &person).unwrap();
    let known = store.row_under(&scope, PEOPLE[1]).unwrap().or(claimed);
    assert_eq!(known.unwrap().state, OnceState::Unknown);
}

fn a_row_takes_the_steps_of_the_table_and_no_others(begin: Begin) {
    let table = RowState::ALL.into_iter().flat_map(|from| {
        RowState::ALL.into_iter().filter(move |to| from.may_become(*to)).map(move |to| [from.name(), to.name()])
    });
    assert_eq!(begin(&["593990000000"], FAST).steps(), table.collect());
}

fn rows_to_one_person_leave_one_after_the_other(begin: Begin) {
    let [one, other] = ["593990000000", "593990000001"];
    for (ago, follows) in [(Duration::ZERO, vec![]), (LONG_AGO, vec![2])] {
        let run = begin(&[one, one, other, one], FAST);
        let mut sends = run.open();
        let given = sends.exchange(&[], 10);
        assert_eq!(numbers(&given), [1, 3]);
        // The retry may be due before the next exchange.
        let given = all_due(&mut sends, &[ended(&given.rows[0], RowState::Pending, Duration::ZERO)]);
        assert_eq!((numbers(&given), given.rows[0].number), (vec![1], 2), "whoever waits for it still waits");
        let given = all_due(&mut sends, &[ended(&given.rows[0], RowState::Unknown, ago)]);
        assert_eq!(numbers(&given), follows);
        sends.close();
    }
}

fn who_was_let_go_waits_again_for_a_row_that_is_sent_again(begin: Begin) {
    let run = begin(&["593990000000"; 2], FAST);
    let mut sends = run.open();
    let given = sends.exchange(&[], 10);
    sends.exchange(&[ended(&given.rows[0], RowState::Failed, LONG_AGO)], 0);
    sends.close();
    run.resolve(&Resolution::All([RowState::Failed, RowState::Pending]));
    // In a database even the first one waits for a moment.
    let mut sends = run.open();
    assert!(!numbers(&all_due(&mut sends, &[])).contains(&2));
    sends.close();
    assert_eq!(run.states()[1], RowState::Pending);
}

fn who_waits_for_a_row_that_is_left_out_waits_for_the_one_before_it(begin: Begin) {
    let chain = ["593990000000"; 4];
    for (left_out, order) in
        [(vec![2], vec![1, 3, 4]), (vec![3, 2], vec![1, 4]), (vec![1], vec![2, 3, 4]), (vec![1, 2, 3], vec![4])]
    {
        let run = begin(&chain, FAST);
        run.skip(&left_out);
        let mut sends = run.open();
        let mut settled = Vec::new();
        for n in &order {
            let given = all_due(&mut sends, &settled);
            assert_eq!(numbers(&given), [*n], "{left_out:?}");
            settled = vec![ended(&given.rows[0], RowState::Sent, LONG_AGO)];
        }
        assert_eq!(numbers(&sends.exchange(&settled, 10)), [0_i64; 0]);
        assert!(sends.close(), "it is complete");
        // Final rows do not change.
        run.skip(&[1, 2, 3, 4]);
        let state = |n| if left_out.contains(&n) { RowState::Skipped } else { RowState::Sent };
        assert_eq!(run.states(), (1..=4).map(state).collect::<Vec<_>>());
    }
    // Between two processes that send the run.
    let run = begin(&chain, FAST);
    let mut sends = run.open();
    let given = sends.exchange(&[], 10);
    sends.exchange(&[ended(&given.rows[0], RowState::Sent, Duration::ZERO)], 0);
    sends.close();
    run.skip(&[2]);
    assert_eq!(numbers(&run.open().exchange(&[], 10)), [0_i64; 0], "the first one left just now");
}

fn one_row_and_many_leave_and_end(begin: Begin) {
    let recipients = fixture::people(0..100);
    let run = begin(&recipients.iter().map(String::as_str).collect::<Vec<_>>(), FAST);
    let mut sends = run.open();
    let one = sends.exchange(&[], 1);
    assert_eq!(numbers(&one), [1]);
    let many = sends.exchange(&[ended(&one.rows[0], RowState::Sent, Duration::ZERO)], 1000);
    assert_eq!(numbers(&many), (2..=100).collect::<Vec<_>>());
    let states = [RowState::Sent, RowState::Failed, RowState::Unknown, RowState::Pending];
    let becomes: Vec<_> = states.into_iter().cycle().take(100).collect();
    let settled: Vec<_> =
        many.rows.iter().zip(&becomes[1..]).map(|(row, state)| ended(row, *state, Duration::ZERO)).collect();
    assert_eq!(numbers(&sends.exchange(&settled, 0)), [0_i64; 0]);
    assert_eq!(run.states(), becomes);
    let again = sends.exchange(&[], 1000);
    assert_eq!(numbers(&again), (1..=100).filter(|n| n % 4 == 0).collect::<Vec<_>>());
    let settled: Vec<_> = again.rows.iter().map(|row| ended(row, RowState::Sent, Duration::ZERO)).collect();
    sends.exchange(&settled, 0);
    assert!(sends.close());
    run.resolve(&Resolution::All([RowState::Failed, RowState::Pending]));
    let states = [RowState::Sent, RowState::Pending, RowState::Unknown, RowState::Sent];
    assert_eq!(run.states(), states.into_iter().cycle().take(100).collect::<Vec<_>>());
}

fn who_waits_for_a_row_that_a_person_takes_for_unknown_waits_no_more(begin: Begin) {
    let run = begin(&["593990000000"; 3], FAST);
    let change = [RowState::Pending, RowState::Unknown];
    // The first line holds the column names.
    run.resolve(&Resolution::Some { change, lines: vec![2], people: Vec::new() });
    assert_eq!(run.states(), [RowState::Unknown, RowState::Pending, RowState::Pending]);
    let given = run.open().exchange(&[], 10);
    // The person may have been written to just now.
    assert!(given.rows.is_empty() && given.next.is_some(), "{given:?}");
    run.resolve(&Resolution::All(change));
    assert_eq!(run.states(), [RowState::Unknown; 3]);
    run.resolve(&Resolution::All([RowState::Unknown, RowState::Pending]));
    assert_eq!(run.states(), [RowState::Pending; 3]);
}

fn of_a_row_that_is_not_under_way_nothing_is_written(begin: Begin) {
    let run = begin(&["593990000000", "593990000001"], FAST);
    let mut sends = run.open();
    let given = sends.exchange(&[], 1);
    let row = &given.rows[0];
    sends.exchange(&[ended(row, RowState::Sent, Duration::ZERO)], 0);
    let another = QueuedRow { n: 2, ..row.clone() };
    for (row, state) in [(row, RowState::Failed), (row, RowState::Pending), (&another, RowState::Sent)] {
        // A file refuses it. In a database, another process may have had the row since.
        let _ = sends.ledger.exchange(&[ended(row, state, Duration::ZERO)], &[], 0);
        assert_eq!(run.states(), [RowState::Sent, RowState::Pending]);
    }
}

fn what_was_under_way_at_a_process_that_was_killed_is_unknown_and_leaves_no_more(begin: Begin) {
    use RowState::{Failed, Inflight, Pending, Sent, Unknown};
    let recipients = ["593990000000", "593990000001", "593990000002", "593990000003", "593990000000"];
    let mut run = begin(&recipients, FAST);
    let mut sends = run.open();
    let given = sends.exchange(&[], 3);
    let answered = sends.exchange(&[ended(&given.rows[1], RowState::Sent, Duration::ZERO)], 0);
    assert_eq!((numbers(&given), numbers(&answered)), (vec![1, 2, 3], vec![]));
    run.kill(sends);
    let mut sends = run.open();
    let given = sends.exchange(&[], 10);
    assert_eq!(numbers(&given), [4], "the last one is to a person who may just have been written to");
    assert_eq!(run.states(), [Unknown, Sent, Unknown, Inflight, Pending]);
    sends.exchange(&[ended(&given.rows[0], Sent, Duration::ZERO)], 0);
    sends.close();
    run.resolve(&Resolution::All([Unknown, Failed]));
    assert_eq!(run.states(), [Failed, Sent, Failed, Sent, Pending]);
}

fn of_a_cancelled_run_nothing_leaves_any_more(begin: Begin) {
    use RowState::{Failed, Pending, Sent, Skipped, Unknown};
    let mut run = begin(&PEOPLE, FAST);
    let mut sends = run.open();
    let given = sends.exchange(&[], 3);
    let [sent, failed] = [(0, Sent), (1, Failed)].map(|(row, state)| ended(&given.rows[row], state, Duration::ZERO));
    sends.exchange(&[sent, failed], 0);
    run.kill(sends);
    // Doing it twice changes nothing.
    for _ in 0..2 {
        run.hold(HeldFor::Deciding).cancel().unwrap();
        assert_eq!(run.states(), [Sent, Failed, Unknown, Skipped, Skipped]);
    }
    let read = run.store().read(&name()).unwrap();
    assert!(read.is_cancelled().unwrap() && read.counts().unwrap().is_finished());
    assert_eq!(read.skip_counts().unwrap().rows(SkipReason::Cancelled), 2);
    assert!(run.store().unfinished(false, &mut |_, _| {}).unwrap().names.is_empty());
    for from in [Failed, Unknown] {
        let again = run.hold(HeldFor::Deciding).resolve(&Resolution::All([from, Pending]), &mut |_| true);
        assert!(matches!(again, Err(ResolveError::Cancelled { .. })), "{again:?}");
    }
    let mut sends = run.open();
    assert!(sends.exchange(&[], 10).rows.is_empty());
    assert!(sends.close());
    run.resolve(&Resolution::All([Unknown, Sent]));
    assert_eq!(run.states(), [Sent, Failed, Sent, Skipped, Skipped]);
}

const PEOPLE: [&str; 5] = ["593990000000", "593990000001", "593990000002", "593990000003", "593990000004"];

/// The API's answers to the first rows of a run.
struct AnsweredRows {
    /// Status, `Retry-After` in seconds, and body; in this order.
    answers: &'static [(u16, Option<u64>, &'static str)],
    /// Whether other rows leave in between.
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
        AnsweredRows { answers, others_leave, slows }
    }
    [
        // After one rate limit only its own row waits, unless the API says for how long. From the second on, all rows
        // wait.
        case(&[(429, None, "{}")], true, true),
        case(&[(429, None, "{}"), (429, None, "{}")], false, true),
        case(&[(429, Some(60), "{}")], false, true),
        // A code counts as much as a status, whatever the status is.
        case(&[(400, None, LIMIT)], true, true),
        case(&[(500, None, LIMIT)], true, true),
        case(&[(400, None, LIMIT), (429, None, "{}")], false, true),
        case(&[(503, Some(60), "{}")], false, true),
        // A limit for one recipient does not affect the others.
        case(&[(400, None, PAIR_LIMIT), (400, None, PAIR_LIMIT)], true, false),
        case(&[(429, None, PAIR_LIMIT), (429, None, PAIR_LIMIT)], true, false),
        case(&[(400, None, "{}"), (400, None, "{}")], true, false),
        // A row without a limit between two of them resets the count.
        case(&[(429, None, "{}"), (400, None, "{}"), (429, None, "{}")], true, true),
    ]
};

fn a_limit_slows_and_holds_alike(begin: Begin) {
    for AnsweredRows { answers, others_leave, slows } in &LIMITS {
        let limits = RunLimits { concurrency: 64, max_wait: Duration::from_secs(900), hours: None, keep_going: true };
        let mut throttle = Throttle::new(limits, true, Instant::now());
        let mut left = answers.iter();
        let mut becomes = |row: &QueuedRow| {
            let (status, retry_after, body) = left.next().unwrap();
            let answer = Answer {
                status: *status,
                retry_after: retry_after.map(Duration::from_secs),
                date: None,
                warnings: Vec::new(),
                body: Body::new((*body).to_owned(), true),
                is_whole_by_its_json: false,
            };
            let request = Request::post("http://127.0.0.1".parse().unwrap(), "{}".into(), SuccessCriterion::MessageId);
            let verdict = judge(&Attempt::Answered(answer), &request);
            let state = match verdict.outcome {
                Outcome::NotSent(Cause::Rejected) => RowState::Failed,
                Outcome::NotSent(_) => RowState::Pending,
                Outcome::Sent { .. } | Outcome::Unknown(_) => panic!("{verdict:?}"),
            };
            throttle.note(&verdict, ended(row, state, Duration::ZERO).ended, Instant::now()).0
        };
        let (is_given, part) = begin(&PEOPLE, FAST).hear(answers.len(), &mut becomes);
        assert_eq!((is_given, part < 1.0), (*others_leave, *slows), "{answers:?}, {part} of the rate");
        assert!(!slows || (0.7..0.8).contains(&part), "{answers:?}: {part}");
    }
}

/// See [`TestedRun::hear`].
fn hear(sends: &mut dyn RunLedger, rows: usize, becomes: &mut dyn FnMut(&QueuedRow) -> SettledRow) -> bool {
    let mut given = sends.exchange(&[], &[], rows).unwrap();
    assert_eq!(given.rows.len(), rows);
    given.rows.sort_by_key(|row| row.n);
    let settled: Vec<_> = given.rows.iter().map(becomes).collect();
    !sends.exchange(&settled, &[], 1).unwrap().rows.is_empty()
}

/// A pace, the news it hears, and the result. Times are in milliseconds from now.
#[derive(Debug)]
struct PaceCase {
    /// Out of a full rate of 100.
    rate: f64,
    due: f64,
    spread: f64,
    stopped_until: f64,
    cut_at: f64,
    /// When the rate had this value.
    at: f64,
    is_too_much: bool,
    stop: u64,
    wanted: usize,
    /// How many rows may leave, and the rate and the time of the next row after that.
    given: usize,
    rate_after: f64,
    ready: f64,
}

/// At the full rate, with no row late.
const FULL: PaceCase = PaceCase {
    rate: 100.0,
    due: 0.0,
    spread: 0.0,
    stopped_until: -9_999.0,
    cut_at: -9_999.0,
    at: 0.0,
    is_too_much: false,
    stop: 0,
    wanted: 64,
    given: 1,
    rate_after: 100.0,
    ready: 10.0,
};

const PACES: [PaceCase; 15] = [
    FULL,
    PaceCase { wanted: 0, given: 0, ready: 0.0, ..FULL },
    PaceCase { due: 7.0, given: 0, ready: 7.0, ..FULL },
    // Late rows catch up, a burst at a time and 5% faster. At most one second is made up for.
    PaceCase { due: -25.0, spread: -25.0, given: 3, ready: 5.0, ..FULL },
    PaceCase { due: -25.0, spread: -25.0, wanted: 2, given: 2, ready: -5.0, ..FULL },
    PaceCase { due: -9_000.0, spread: -9_000.0, given: 5, ready: 2.619, ..FULL },
    PaceCase { due: -9_000.0, spread: 48.0, given: 0, ready: 3.0, ..FULL },
    // The rate is cut at most once a second, down to a fiftieth. Missed rows are not made up for.
    PaceCase { is_too_much: true, rate_after: 70.0, ready: 14.286, ..FULL },
    PaceCase { due: -500.0, is_too_much: true, rate_after: 70.0, ready: 14.286, ..FULL },
    PaceCase { rate: 70.0, cut_at: -400.0, is_too_much: true, rate_after: 70.0, ready: 14.286, ..FULL },
    PaceCase { rate: 70.0, cut_at: -1_500.0, at: -1_500.0, is_too_much: true, rate_after: 51.1, ready: 19.569, ..FULL },
    PaceCase { rate: 2.5, is_too_much: true, rate_after: 2.0, ready: 500.0, ..FULL },
    // The rate recovers by a fiftieth of the full rate each second, up to the full rate.
    PaceCase { rate: 70.0, at: -10_000.0, rate_after: 90.0, ready: 11.111, ..FULL },
    PaceCase { rate: 95.0, at: -10_000.0, ..FULL },
    // Of two waits, the longer one counts.
    PaceCase { stopped_until: 5_000.0, stop: 2_000, given: 0, ready: 5_000.0, ..FULL },
];

impl PaceCase {
    /// The state at `base`.
    fn pace(&self, base: Instant) -> Pace {
        let at = |milliseconds| shifted(base, milliseconds);
        let (due, spread, stopped_until) = (at(self.due), at(self.spread), at(self.stopped_until));
        Pace {
            full: 100.0,
            rate: self.rate,
            due,
            spread,
            stopped_until,
            cut_at: Some(at(self.cut_at)),
            at: at(self.at),
        }
    }

    /// The result, `later` than the state.
    fn next(&self, base: Instant, later: Duration) -> (usize, Pace) {
        let (mut pace, now) = (self.pace(base), base + later);
        let stopped_until = (self.stop > 0).then(|| now + Duration::from_millis(self.stop));
        pace.hear(PaceNews { is_too_much: self.is_too_much, stopped_until }, now);
        let given = self.wanted.min(pace.available(now));
        pace.take(given, now);
        (given, pace)
    }
}

fn shifted(base: Instant, milliseconds: f64) -> Instant {
    let by = Duration::from_secs_f64(milliseconds.abs() / 1_000.0);
    if milliseconds < 0.0 { base.checked_sub(by).unwrap() } else { base + by }
}

/// In milliseconds from `base` on.
fn milliseconds(base: Instant, at: Instant) -> f64 {
    at.saturating_duration_since(base).as_secs_f64() * 1e3 - base.saturating_duration_since(at).as_secs_f64() * 1e3
}

#[test]
fn a_pace_becomes_what_the_table_says() {
    let base = Instant::now() + Duration::from_secs(3600);
    for case in PACES {
        let (given, pace) = case.next(base, Duration::ZERO);
        assert_eq!(given, case.given, "{case:?}");
        assert!((pace.rate - case.rate_after).abs() < 0.001, "{case:?}: {}", pace.rate);
        let ready = milliseconds(base, pace.ready_at());
        assert!((ready - case.ready).abs() < 0.001, "{case:?}: {ready}");
    }
}

fn numbers(given: &ExchangeReply) -> Vec<i64> {
    assert!(given.problem.is_none() && given.pause.is_none(), "{given:?}");
    given.rows.iter().map(|row| row.n).collect()
}

/// Rows that may leave once this is known: a ledger returns them at once, or at the next exchange.
fn all_due(sends: &mut Sends, settled: &[SettledRow]) -> ExchangeReply {
    let given = sends.exchange(settled, 10);
    if given.rows.is_empty() { sends.exchange(&[], 10) } else { given }
}

/// The outcome of `row`, this long ago. A row that was certainly not sent may be retried at once.
fn ended(row: &QueuedRow, state: RowState, ago: Duration) -> SettledRow {
    let at = now() - i64::try_from(ago.as_millis()).unwrap();
    let ended = EndedAttempt {
        number: row.number,
        recipient: row.recipient.clone(),
        began_at: at,
        ended_at: at,
        ..fixture::ended(row.n, state)
    };
    let now = Instant::now();
    let retry = (state == RowState::Pending).then_some((now, Delay::Retry));
    SettledRow { at: now.checked_sub(ago).unwrap(), retry, ..SettledRow::new(ended) }
}

/// A run whose ledger is a file.
struct RunInFile {
    home: TempDir,
    runs: Runs,
}

impl RunInFile {
    fn new(recipients: &[&str], rate: f64) -> Self {
        let home = TempDir::new().unwrap();
        let runs = runs_of(&home);
        make(&runs, recipients, rate);
        Self { home, runs }
    }
}

/// The runs in a directory. The store of the keys is beside them.
fn runs_of(home: &TempDir) -> Runs {
    let directory = home.path().join("runs");
    fs::create_dir_all(&directory).unwrap();
    fixture::runs(&directory)
}

impl TestedRun for RunInFile {
    fn store(&self) -> &dyn LedgerStore {
        &self.runs
    }

    fn kill(&mut self, sends: Sends) {
        let left = TempDir::new().unwrap();
        let runs = runs_of(&left);
        for file in fs::read_dir(self.home.path().join("runs")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), left.path().join("runs").join(file.file_name())).unwrap();
        }
        drop(sends);
        *self = Self { runs, home: left };
    }

    fn lose_records(&self, run: &str) {
        let db = Connection::open(self.home.path().join(format!("runs/{run}.db"))).unwrap();
        assert_eq!(db.execute("UPDATE progress SET commits = commits - 1", []).unwrap(), 1);
    }

    fn hear(&self, rows: usize, becomes: &mut dyn FnMut(&QueuedRow) -> SettledRow) -> (bool, f64) {
        let home = TempDir::new().unwrap();
        let (ledger, _reader) = fixture::ledgers(home.path(), &PEOPLE);
        let mut run = FileRun::new(ledger, FAST).unwrap();
        let is_given = hear(&mut run, rows, becomes);
        (is_given, run.pace().rate / run.pace().full)
    }

    fn steps(&self) -> BTreeSet<[&'static str; 2]> {
        const ATTEMPT: &str = "INSERT INTO attempt VALUES (1, 1, 0);";
        let states = RowState::ALL.map(RowState::name);
        let numbers = 1..=2;
        let mut records: Vec<_> =
            numbers.clone().map(|number| ATTEMPT.replace(", 1,", &format!(", {number},"))).collect();
        let outcome = |number, state| {
            format!("INSERT INTO outcome VALUES (1, {number}, 0, '{state}', NULL, NULL, 'x', NULL, NULL);")
        };
        let decision = |number, from, to| {
            format!("INSERT INTO decision VALUES (1, {number}, '{from}', '{to}', 'x', NULL, NULL, 0);")
        };
        for (number, to) in numbers.flat_map(|number| states.map(|to| (number, to))) {
            records.push(outcome(number, to));
            records.extend(states.map(|from| decision(number, from, to)));
        }
        let mut db = Connection::open(self.home.path().join("runs/r.db")).unwrap();
        let mut steps = BTreeSet::new();
        for from in RowState::ALL {
            let reached = match from {
                RowState::Pending => String::new(),
                RowState::Inflight => ATTEMPT.to_owned(),
                RowState::Skipped => decision(1, RowState::Pending.name(), from.name()),
                RowState::Sent | RowState::Failed | RowState::Unknown => ATTEMPT.to_owned() + &outcome(1, from.name()),
            };
            for record in &records {
                let transaction = db.transaction().unwrap();
                let state = || {
                    transaction.query_row("SELECT state FROM standing WHERE n = 1", [], |row| row.get::<_, RowState>(0))
                };
                transaction.execute_batch(&reached).unwrap();
                assert_eq!(state().unwrap(), from);
                if transaction.execute_batch(record).is_ok() {
                    steps.insert([from.name(), state().unwrap().name()]);
                }
            }
        }
        steps
    }
}

/// A run whose ledger is in a database.
#[cfg(unix)]
mod shared {
    use std::sync::{Arc, OnceLock};

    use super::needs::can_test;
    use super::postgres::{Cluster, EMPTY_LEDGER, SENDER, programs};
    use super::*;
    use crate::ledger::{DatabaseAddress, DatabaseTls, SharedRuns, set_up};

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
        DatabaseAddress { config: url.parse().unwrap(), tls: DatabaseTls::None, password, shown: url.to_owned() }
    }

    pub(super) struct SharedTestRun {
        cluster: &'static Cluster,
        database: String,
        runs: SharedRuns,
    }

    impl SharedTestRun {
        pub(super) fn new(cluster: &'static Cluster, recipients: &[&str], rate: f64) -> Self {
            let database = cluster.database();
            let runs = SharedRuns::open(address(&cluster.url(SENDER, &database))).unwrap();
            make(&runs, recipients, rate);
            Self { cluster, database, runs }
        }

        /// Ends all leases now, so that no test has to wait for them.
        fn end_leases(&self) {
            self.cluster.sql(
                &self.database,
                "WITH lost AS (UPDATE jelouctl.run SET swept_at = '-infinity') \
                 UPDATE jelouctl.row SET lease_until = clock_timestamp() - interval '1 s' WHERE lease_until IS NOT NULL",
            );
        }

        /// Whether the owner of the ledger can take this step. The change is always rolled back.
        fn accepts(&self, statements: &str) -> bool {
            let tried = format!("DO $$ BEGIN {statements} RAISE 'accepted'; END $$");
            let error = self.cluster.try_sql("postgres", &self.database, &tried).unwrap_err();
            error.as_db_error().unwrap().message() == "accepted"
        }
    }

    impl TestedRun for SharedTestRun {
        fn store(&self) -> &dyn LedgerStore {
            &self.runs
        }

        fn kill(&mut self, sends: Sends) {
            drop(sends);
            self.end_leases();
        }

        /// As after a failover.
        fn lose_records(&self, run: &str) {
            let change = format!("UPDATE jelouctl.run SET database = 'another' WHERE name = '{run}'");
            self.cluster.sql(&self.database, &change);
        }

        fn hear(&self, rows: usize, becomes: &mut dyn FnMut(&QueuedRow) -> SettledRow) -> (bool, f64) {
            let is_given = hear(&mut *(self as &dyn TestedRun).open().ledger, rows, becomes);
            (is_given, self.cluster.sql(&self.database, "SELECT pace / rate FROM jelouctl.run")[0].get(0))
        }

        fn steps(&self) -> BTreeSet<[&'static str; 2]> {
            let states = RowState::ALL.map(RowState::name);
            let pairs: Vec<_> = states.into_iter().flat_map(|from| states.map(|to| [from, to])).collect();
            let set = |state: &str| {
                let lease = if state == "inflight" { "clock_timestamp()" } else { "NULL" };
                format!("UPDATE jelouctl.row SET state = '{state}', worker = 1, lease_until = {lease} WHERE n = 1;")
            };
            let is_step = |[from, to]: &[&str; 2]| {
                let begin = format!(
                    "SET LOCAL session_replication_role = replica; {} SET LOCAL session_replication_role = origin;",
                    set(from)
                );
                assert!(self.accepts(&begin));
                from != to && self.accepts(&(begin + &set(to)))
            };
            let steps: BTreeSet<_> = pairs.iter().filter(|pair| is_step(pair)).copied().collect();
            let decided = pairs.into_iter().filter(|[from, to]| {
                self.accepts(&format!(
                    "INSERT INTO jelouctl.decision VALUES (1, 1, 1, '{from}', '{to}', 'x', NULL, NULL, clock_timestamp());"
                ))
            });
            let without_request = steps.iter().filter(|step| !step.contains(&"inflight"));
            assert_eq!(decided.collect::<BTreeSet<_>>(), without_request.copied().collect());
            steps
        }
    }

    #[test]
    fn what_comes_back_to_a_cancelled_run_is_left_out() {
        use RowState::{Inflight, Pending, Sent, Skipped, Unknown};
        let Some(cluster) = cluster() else { return };
        let mut run = SharedTestRun::new(cluster, &PEOPLE, FAST);
        let tested: &dyn TestedRun = &run;
        let mut sends = tested.open();
        let given = sends.exchange(&[], 3);
        tested.hold(HeldFor::Deciding).cancel().unwrap();
        assert_eq!(tested.states(), [Inflight, Inflight, Inflight, Skipped, Skipped]);
        // Another process that joins gets nothing either.
        let mut other = tested.open();
        assert!(other.exchange(&[], 10).rows.is_empty());
        let [back, sent] = [(0, Pending), (1, Sent)].map(|(row, state)| ended(&given.rows[row], state, Duration::ZERO));
        assert!(sends.exchange(&[back, sent], 10).rows.is_empty());
        assert_eq!(tested.states(), [Skipped, Sent, Inflight, Skipped, Skipped]);
        other.close();
        run.kill(sends);
        let tested: &dyn TestedRun = &run;
        tested.hold(HeldFor::Deciding).cancel().unwrap();
        assert_eq!(tested.states(), [Skipped, Sent, Unknown, Skipped, Skipped]);
        let read = tested.store().read(&name()).unwrap();
        assert_eq!(read.skip_counts().unwrap().rows(SkipReason::Cancelled), 3);
        let problem = "a row that is decided as to be sent meanwhile is left out, too";
        cluster.sql(&run.database, "SELECT jelouctl.decide_rows(1, ARRAY[3], ARRAY[1], 'unknown', 'pending', 'x')");
        assert_eq!(tested.states()[2], Skipped, "{problem}");
    }

    #[test]
    fn who_was_let_go_waits_again_for_a_row_that_a_lost_process_gives_back() {
        let Some(cluster) = cluster() else { return };
        let run = SharedTestRun::new(cluster, &["593990000000"; 2], FAST);
        let tested: &dyn TestedRun = &run;
        let mut lost = tested.open();
        let given = lost.exchange(&[], 1);
        run.end_leases();
        tested.open().exchange(&[], 0);
        let waits =
            || -> bool { cluster.sql(&run.database, "SELECT due_at IS NULL FROM jelouctl.row WHERE n = 2")[0].get(0) };
        assert_eq!((tested.states()[0], waits()), (RowState::Unknown, false));
        lost.exchange(&[ended(&given.rows[0], RowState::Pending, Duration::ZERO)], 0);
        assert_eq!((tested.states()[0], waits()), (RowState::Pending, true));
    }

    #[test]
    fn a_rehearsal_under_a_key_tries_again() {
        let Some(cluster) = cluster() else { return };
        let run = SharedTestRun::new(cluster, &["593990000000"], FAST);
        let mut details = Details { sandbox: true, rate: FAST, ..fixture::details() };
        details.conditions.once = Some(scope().key);
        let mut new = run.runs.reserve(&"rehearsal".parse().unwrap()).unwrap();
        fixture::fill(&mut new.draft, &["593990000000"]);
        run.runs.make(new, &details).unwrap();
        send_all(&run.runs, "rehearsal", &[RowState::Pending]);
        let read = run.runs.read(&"rehearsal".parse().unwrap()).unwrap();
        assert_eq!(read.counts().unwrap().pending, 1);
    }

    #[test]
    fn the_pace_of_a_database_becomes_what_that_of_a_file_does() {
        let Some(cluster) = cluster() else { return };
        let recipients = fixture::people(0..64);
        let run = SharedTestRun::new(cluster, &recipients.iter().map(String::as_str).collect::<Vec<_>>(), 100.0);
        let joined = cluster.sql(&run.database, "SELECT worker FROM jelouctl.join_run(1, 'host', 1, 3600000)");
        let worker: i64 = joined[0].get(0);
        let base = Instant::now() + Duration::from_secs(3600);
        let mut given_before = 0;
        for case in PACES {
            let PaceCase { rate, due, spread, stopped_until, cut_at, at, is_too_much, stop, wanted, .. } = case;
            // `swept_at` holds the time of the state, so that it does not change.
            let change = format!(
                "DO $$ DECLARE t timestamptz = clock_timestamp(); ms interval = interval '1 ms'; BEGIN \
                 UPDATE jelouctl.run SET pace = {rate}, due_at = t + {due} * ms, spread_at = t + {spread} * ms, \
                   stopped_until = t + {stopped_until} * ms, cut_at = t + {cut_at} * ms, paced_at = t + {at} * ms, \
                   swept_at = t; \
                 PERFORM jelouctl.exchange({worker}, 1, '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', \
                   '{{}}', '{{}}', {stop}, {is_too_much}, NULL, {wanted}); END $$"
            );
            cluster.sql(&run.database, &change);
            let of = |column: &str| format!("extract(epoch FROM {column} - swept_at)::float8 * 1000");
            let query = format!(
                "SELECT {}, pace, {}, {}, {}, {}, \
                 (SELECT count(*) FROM jelouctl.row WHERE state = 'inflight') FROM jelouctl.run",
                of("paced_at"),
                of("due_at"),
                of("spread_at"),
                of("stopped_until"),
                of("cut_at"),
            );
            let rows = cluster.sql(&run.database, &query);
            let later: f64 = rows[0].get(0);
            let (given, pace) = case.next(base, Duration::from_secs_f64(later / 1e3));
            let times = [pace.due, pace.spread, pace.stopped_until, pace.cut_at.unwrap()];
            let [due, spread, stopped_until, cut_at] = times.map(|at| milliseconds(base, at));
            for (column, is) in [pace.rate, due, spread, stopped_until, cut_at].into_iter().enumerate() {
                let of_database: f64 = rows[0].get(column + 1);
                assert!((of_database - is).abs() < 0.01, "column {column} of {case:?}: {of_database}, not {is}");
            }
            let given_so_far = rows[0].get::<_, i64>(6);
            assert_eq!(given_so_far - given_before, i64::try_from(given).unwrap(), "{case:?}");
            given_before = given_so_far;
        }
    }

    #[test]
    fn who_is_left_out_of_a_run_in_doubt_is_unknown_and_nobody_waits_for_them() {
        let Some(cluster) = cluster() else { return };
        let run = SharedTestRun::new(cluster, &["593990000000"; 3], FAST);
        let tested: &dyn TestedRun = &run;
        tested.lose_records("r");
        tested.skip(&[1, 2]);
        assert_eq!(tested.states(), [RowState::Unknown, RowState::Unknown, RowState::Pending]);
        let rows = cluster.sql(&run.database, "SELECT due_at IS NOT NULL FROM jelouctl.row WHERE n = 3");
        assert!(rows[0].get::<_, bool>(0));
        assert!(matches!(tested.hold(HeldFor::Deciding).cancel(), Err(LedgerError::Doubtful { .. })));
    }

    #[test]
    fn a_clock_that_goes_back_keeps_no_row_waiting() {
        let Some(cluster) = cluster() else { return };
        let run = SharedTestRun::new(cluster, &PEOPLE, FAST);
        let tested: &dyn TestedRun = &run;
        let mut sends = tested.open();
        let given = sends.exchange(&[], 2);
        let back = ended(&given.rows[0], RowState::Pending, Duration::ZERO);
        sends.exchange(&[back], 0);
        // What was written before the clock went back is ten minutes ahead of it.
        let ahead = "WITH r AS (UPDATE jelouctl.run SET due_at = due_at + ten, spread_at = spread_at + ten, \
                       stopped_until = stopped_until + ten, paced_at = paced_at + ten, swept_at = swept_at + ten \
                       FROM (SELECT interval '10 min' AS ten) AS t), \
                     w AS (UPDATE jelouctl.worker SET seen_at = seen_at + interval '10 min') \
                     UPDATE jelouctl.row SET due_at = due_at + interval '10 min', \
                       lease_until = lease_until + interval '10 min'";
        cluster.sql(&run.database, ahead);
        assert_eq!(numbers(&all_due(&mut sends, &[])), [1, 3, 4, 5]);
        let found = "SELECT pace = rate, paced_at <= clock_timestamp(), seen_at <= clock_timestamp(), \
                       lease_until < clock_timestamp() + interval '2 min' \
                     FROM jelouctl.run, jelouctl.worker, jelouctl.row WHERE n = 2";
        let found = &cluster.sql(&run.database, found)[0];
        assert_eq!([0, 1, 2, 3].map(|column| found.get::<_, bool>(column)), [true; 4]);
    }

    #[test]
    fn who_says_that_a_process_has_ended_says_it_of_the_rows_that_they_were_asked_about() {
        let Some(cluster) = cluster() else { return };
        let run = SharedTestRun::new(cluster, &PEOPLE[..1], FAST);
        make_under_key(&run.runs, "a", &PEOPLE[..1]);
        let mut held = run.runs.hold(&"a".parse().unwrap(), HeldFor::Sending).unwrap();
        let (mut lost, _) = held.open(Duration::from_secs(30)).unwrap();
        assert_eq!(lost.exchange(&[], &[], 1).unwrap().rows.len(), 1);
        run.end_leases();
        let _others_held_off = run.runs.try_hold_claims().unwrap().unwrap();
        let again = Resolution::All([RowState::Unknown, RowState::Pending]);
        let mut held = run.runs.hold(&"a".parse().unwrap(), HeldFor::Deciding).unwrap();
        let resolved = held.resolve(&again, &mut |lost| {
            // Meanwhile it was sent again, and the next process was lost, too.
            cluster.sql(&run.database, "UPDATE jelouctl.row SET number = 3 WHERE lease_until IS NOT NULL");
            lost.len() == 1
        });
        assert_eq!(resolved.unwrap().pending, 0);
    }

    #[test]
    fn who_waits_for_a_row_that_a_person_takes_for_unknown_leaves_at_a_time_of_its_own() {
        let Some(cluster) = cluster() else { return };
        let run = SharedTestRun::new(cluster, &["593990000000"; 3], FAST);
        let change = [RowState::Pending, RowState::Unknown];
        (&run as &dyn TestedRun).resolve(&Resolution::Some { change, lines: vec![2], people: Vec::new() });
        let rows = cluster.sql(&run.database, "SELECT due_at IS NOT NULL FROM jelouctl.row WHERE n > 1 ORDER BY n");
        assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<bool>>(), [true, false]);
    }
}
