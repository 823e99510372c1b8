//! A copied or restored ledger sends nothing until you accept it.

use std::time::Duration;

use super::{
    PEOPLE, TestedLedger, assert_stale, exchange, join, make_under_key, resolve, scope, send_all,
    states,
};
use crate::runs::ledger::db::values;
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::fixture;
use crate::runs::ledger::identity::SeenIdentities;
use crate::runs::ledger::keys::claims::ClaimResult;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::restored::RestoredLedger;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::ResumeOptions;

/// Makes the ledger one that was restored, and opens it.
fn restore(tested: &TestedLedger, identity: &str) -> Ledger {
    let changed = tested.ledger.db().change(|db| {
        db.run("UPDATE store SET identity = ?1", &values![identity])?;
        db.run("UPDATE run SET identity = ?1", &values![identity])
    });
    changed.unwrap();
    tested.ledger.reopened().unwrap()
}

fn seen(ledger: &Ledger) -> RestoredLedger {
    ledger.restored().unwrap().expect("it was restored")
}

fn claim(ledger: &Ledger) -> Result<ClaimResult, LedgerError> {
    let person = ledger.hasher().unwrap().person(PEOPLE[0]);
    ledger.claim(&scope(), &person, None, Duration::from_secs(90))
}

fn resume(run: &Run, accepted: Option<&SeenIdentities>) -> Result<(), LedgerError> {
    let options = ResumeOptions {
        accepted,
        rate: None,
        conditions: None,
    };
    run.resume(None, &options)
}

fn is_refused<T>(result: Result<T, LedgerError>, hint: &str) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(
        (error.kind, error.hint.to_string().as_str()),
        (LedgerErrorKind::Guard, hint)
    );
}

/// Creates a run from a list, as `bulk send` does.
fn create(ledger: &Ledger, name: &str) -> Result<bool, LedgerError> {
    let made = ledger.make(
        &name.parse().unwrap(),
        true,
        &mut fixture::draft(&PEOPLE[..1]),
        &mut fixture::details(),
        &fixture::earlier(),
        |_, _, _| Ok::<_, LedgerError>(true),
    );
    made.map(|made| made.is_some())
}

const ACCEPT: &str = "jelouctl ledger accept";
const ACCEPT_RUN: &str = "to see the rows that may have been sent: jelouctl bulk report r --state unknown; to send \
    them, even if recipients get it twice: jelouctl bulk resume r --accept-stale";

pub(super) fn restored_ledger_refuses_until_you_accept_it(tested: &TestedLedger) {
    tested.begin(&PEOPLE[..2]);
    assert_eq!(tested.ledger.restored().unwrap().map(|_| ()), None);
    let ledger = restore(tested, "another");
    for _ in 0..3 {
        is_refused(claim(&ledger), ACCEPT);
        is_refused(create(&ledger, "n"), ACCEPT);
        is_refused(
            resume(&ledger.run(&super::name()).unwrap(), None),
            ACCEPT_RUN,
        );
        // A command that is killed after it has opened the ledger accepts nothing.
        is_refused(ledger.reopened().unwrap().refuse_restored(), ACCEPT);
    }
    // A command that opened the ledger before it was restored is refused, too.
    is_refused(claim(&tested.ledger), ACCEPT);
    let run = ledger.run(&super::name()).unwrap();
    let reply = exchange(&mut join(&run), &[], 5);
    assert_stale(&reply);
    let restored = seen(&ledger);
    assert_eq!(restored.stale_runs.len(), 1);
    assert_eq!(restored.stale_runs[0].pending, 2);
    assert!(ledger.accept(&restored).unwrap());
    assert!(!ledger.accept(&restored).unwrap());
    assert!(run.stale_reason().unwrap().is_none());
    assert_eq!(exchange(&mut join(&run), &[], 5).rows.len(), 2);
    assert!(create(&ledger, "n").unwrap());
    assert!(matches!(claim(&ledger).unwrap(), ClaimResult::Held(_)));
}

pub(super) fn old_answer_does_not_accept_a_later_restore(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    let first = restore(tested, "another");
    let restored = seen(&first);
    let identities = run.stale_identities().unwrap();
    let ledger = restore(tested, "a third one");
    is_refused(first.accept(&restored), ACCEPT);
    is_refused(resume(&run, identities.as_ref()), ACCEPT_RUN);
    is_refused(claim(&ledger), ACCEPT);
    assert!(ledger.accept(&seen(&ledger)).unwrap());
}

pub(super) fn accepted_run_leaves_the_ledger_refused(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    make_under_key(&tested.ledger, "a", &PEOPLE[..2]);
    let ledger = restore(tested, "another");
    let identities = run.stale_identities().unwrap();
    resume(&run, identities.as_ref()).unwrap();
    // A second command with the same answer finds an accepted run.
    resume(&run, identities.as_ref()).unwrap();
    assert_eq!(exchange(&mut join(&run), &[], 5).rows.len(), 2);
    is_refused(claim(&ledger), ACCEPT);
    let other = ledger.run(&"a".parse().unwrap()).unwrap();
    let accept = ACCEPT_RUN.replace(" r ", " a ");
    is_refused(resume(&other, None), &accept);
}

pub(super) fn restored_ledger_keeps_the_time_of_its_newest_record(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    send_all(&tested.ledger, "r", &[RowState::Sent]);
    let newest = run.changed_at().unwrap();
    let ledger = restore(tested, "another");
    assert_eq!(seen(&ledger).complete_until, Some(newest));
    let later = "UPDATE run SET changed_at = changed_at + 60000";
    ledger.db().change(|db| db.run(later, &[])).unwrap();
    let ledger = ledger.reopened().unwrap();
    assert_eq!(seen(&ledger).complete_until, Some(newest));
    ledger.accept(&seen(&ledger)).unwrap();
    let ledger = restore(tested, "a third one");
    assert_eq!(seen(&ledger).complete_until, Some(newest + 60_000));
}

const SEND_AGAIN: [RowState; 2] = [RowState::Failed, RowState::Pending];

pub(super) fn reopened_run_of_restored_ledger_is_stale(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    send_all(&tested.ledger, "r", &[RowState::Sent, RowState::Failed]);
    // The files were replaced in place, so their identity is the same.
    tested.ledger.mark_restored().unwrap();
    assert!(run.stale_reason().unwrap().is_none(), "it is finished");
    assert_eq!(resolve(&run, SEND_AGAIN, &[]).unwrap(), 1);
    is_refused(resume(&run, None), ACCEPT_RUN);
    let reply = exchange(&mut join(&run), &[], 5);
    assert_stale(&reply);
    assert_eq!(states(&run), [RowState::Sent, RowState::Unknown]);
    let ledger = tested.ledger.reopened().unwrap();
    assert_eq!(seen(&ledger).stale_runs[0].pending, 1);
    let identities = run.stale_identities().unwrap();
    resume(&run, identities.as_ref()).unwrap();
    assert_eq!(exchange(&mut join(&run), &[], 5).rows.len(), 1);
}

pub(super) fn reopened_run_of_accepted_ledger_is_sent(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    send_all(&tested.ledger, "r", &[RowState::Sent, RowState::Failed]);
    let ledger = restore(tested, "another");
    assert!(ledger.accept(&seen(&ledger)).unwrap());
    assert_eq!(resolve(&run, SEND_AGAIN, &[]).unwrap(), 1);
    assert_eq!(states(&run), [RowState::Sent, RowState::Pending]);
    resume(&run, None).unwrap();
    assert_eq!(exchange(&mut join(&run), &[], 5).rows.len(), 1);
}

pub(super) fn refused_ledger_that_lacks_records_is_refused_again(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..2]);
    let ledger = restore(tested, "another");
    let restored = seen(&ledger);
    let identities = run.stale_identities().unwrap();
    resume(&run, identities.as_ref()).unwrap();
    ledger.mark_restored().unwrap();
    assert!(run.stale_reason().unwrap().is_some());
    is_refused(ledger.accept(&restored), ACCEPT);
    // A worker of the accepted run ends, and does not exchange forever.
    let identities = run.stale_identities().unwrap();
    resume(&run, identities.as_ref()).unwrap();
    let mut worker = join(&run);
    assert_eq!(exchange(&mut worker, &[], 1).rows.len(), 1);
    let older = "UPDATE worker SET exchanges = 0";
    ledger.db().change(|db| db.run(older, &[])).unwrap();
    let reply = exchange(&mut worker, &[], 5);
    assert_stale(&reply);
}
