//! A new run finds those before it: their messages and their names.

use std::time::Duration;

use super::{PEOPLE, TestedLedger, close, compared, ended, exchange, join, states};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;
use crate::runs::ledger::history::comparing::EarlierQuery;
use crate::runs::ledger::model::{RowState, SkipReason};
use crate::runs::ledger::run::Run;
use crate::runs::ledger::worker::Joined;

pub(super) fn new_list_finds_rows_of_earlier_runs(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE);
    let ledger = &tested.ledger;
    let [sent, perhaps, to_be] = [
        SkipReason::AlreadySent,
        SkipReason::MayHaveBeenSent,
        SkipReason::ToBeSent,
    ];
    assert_eq!(compared(ledger, &PEOPLE), [(to_be, 5)]);
    let mut worker = join(&run);
    let assigned = exchange(&mut worker, &[], 4);
    let ends = [RowState::Sent, RowState::Failed, RowState::Unknown];
    let finished: Vec<_> = assigned
        .rows
        .iter()
        .zip(ends)
        .map(|(row, state)| ended(row, state, Duration::ZERO))
        .collect();
    exchange(&mut worker, &finished, 0);
    // The fourth row is in flight in a process that is alive, and the fifth is pending.
    assert_eq!(
        compared(ledger, &PEOPLE),
        [(sent, 1), (perhaps, 1), (to_be, 2)]
    );
    assert_eq!(
        compared(ledger, &["593990000009", PEOPLE[0], PEOPLE[0]]),
        [(sent, 1)],
        "rows that repeat are one message"
    );
    let draft = fixture::draft(&PEOPLE);
    let of = fixture::earlier();
    assert_eq!(
        ledger
            .with_earlier_runs(&of, |known| known.people(&draft))
            .unwrap(),
        (3, 1)
    );
    let of_another = EarlierQuery {
        bot: "2".to_owned(),
        ..of
    };
    ledger
        .with_earlier_runs(&of_another, |known| known.compare(&draft))
        .unwrap();
    assert!(draft.earlier().unwrap().is_empty());
    tested.kill(worker);
    assert_eq!(
        compared(ledger, &PEOPLE),
        [(sent, 1), (perhaps, 2), (to_be, 1)]
    );
}

pub(super) fn identical_runs_are_sent_one_at_a_time(tested: &TestedLedger) {
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
    let join = |run: &Run, skips_earlier| {
        run.join(Duration::from_secs(30), Some(skips_earlier), None)
            .unwrap()
    };
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

pub(super) fn only_an_explicit_run_name_must_be_unused(tested: &TestedLedger) {
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
