//! A run and the process that sends it begin in one transaction.

use std::time::Duration;

use super::TestedLedger;
use crate::runs::ledger::create_run::{CreatedRun, NewRun};
use crate::runs::ledger::db::values;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;

/// Creates the run `r` with one row. With `sends`, this process sends the run. Without `is_wanted`,
/// no run is created.
fn create(tested: &TestedLedger, sends: bool, is_wanted: bool) -> Option<CreatedRun> {
    let new = NewRun {
        name: &super::name(),
        is_typed: true,
        draft: &mut fixture::draft(&["593990000001"]),
        settings: &mut fixture::details(),
        earlier: &fixture::earlier(),
        sends_with_timeout: Some(Duration::from_secs(30)).filter(|_| sends),
    };
    let created = tested
        .ledger
        .create_run(new, |_, _, _| Ok::<_, LedgerError>(is_wanted));
    created.unwrap()
}

/// Counts the transactions that have changed the ledger, for a file.
fn commits(tested: &TestedLedger) -> i64 {
    let query = "SELECT commits FROM store WHERE id = 1";
    let found = tested.ledger.db().one(query, &[]).unwrap();
    found.int("commits").unwrap()
}

pub(super) fn new_run_begins_with_its_worker(tested: &TestedLedger) {
    let before = commits(tested);
    let created = create(tested, true, true).unwrap();
    let run = created.run;
    if tested.ledger.is_shared() {
        let query = "SELECT 1 FROM run CROSS JOIN worker WHERE run.id = ?1 AND worker.run = run.id \
            AND worker.xmin = run.xmin";
        let is_one_transaction = tested.ledger.db().exists(query, &values![run.id]);
        assert!(is_one_transaction.unwrap());
    } else {
        assert_eq!(commits(tested), before + 1);
    }
    assert!(run.is_running().unwrap());
    assert!(!run.is_abandoned().unwrap());
    let mut worker = created.worker.unwrap();
    assert_eq!(super::exchange(&mut worker, &[], 1).rows.len(), 1);
    let events: Vec<_> = run
        .events()
        .unwrap()
        .iter()
        .map(|event| event.kind.name())
        .collect();
    assert_eq!(events, ["begun"]);
    tested.kill(worker);
    assert!(run.is_abandoned().unwrap());
}

pub(super) fn imported_run_has_no_worker(tested: &TestedLedger) {
    let created = create(tested, false, true).unwrap();
    assert!(created.worker.is_none());
    assert!(!created.run.is_running().unwrap());
    // Another process is about to send it.
    assert!(!created.run.is_abandoned().unwrap());
    let worker = super::join(&created.run);
    assert!(created.run.is_running().unwrap());
    super::close(worker);
}

pub(super) fn refused_run_leaves_no_worker(tested: &TestedLedger) {
    assert!(create(tested, true, false).is_none());
    let mut db = tested.ledger.db();
    assert!(!db.exists("SELECT 1 FROM worker", &[]).unwrap());
    assert!(!db.exists("SELECT 1 FROM run", &[]).unwrap());
}
