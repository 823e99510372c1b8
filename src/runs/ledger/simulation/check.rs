//! The checker of the promises that every step must keep. It reads the ledger on its own connection, and compares it
//! with what the server accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Params, Row};

use super::lists::ListPlan;
use super::server::Server;
use crate::runs::ledger::model::{Counts, RowState};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::types::FinishedRow;

/// A run and a row.
type RowKey = (i64, i64);

#[derive(Default)]
pub(super) struct Checker {
    path: PathBuf,
    /// None before the ledger exists.
    db: Option<Connection>,
    /// The version of the ledger, and the counts of requests and arrivals, at the last check.
    checked: (i64, usize, usize),
    states: BTreeMap<RowKey, String>,
    /// The excluded recipients at the last check.
    excluded: BTreeSet<i64>,
}

impl Checker {
    pub(super) fn new(home: &Path) -> Self {
        Self {
            path: home.join("state.db"),
            ..Self::default()
        }
    }

    /// Closes the ledger before its files are replaced.
    pub(super) fn close(&mut self) {
        self.db = None;
        self.states.clear();
        self.excluded.clear();
    }

    pub(super) fn open(&mut self) {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags).expect("the ledger is readable");
        db.set_prepared_statement_cache_capacity(32);
        self.db = Some(db);
    }

    /// Returns the rows of a query.
    fn rows<T>(
        &self,
        query: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let db = self.db.as_ref().expect("the ledger exists");
        let mut statement = db.prepare_cached(query).expect("the query is right");
        let rows = statement.query_map(values, read);
        let rows = rows.expect("the ledger is readable");
        rows.map(|row| row.expect("a row is readable")).collect()
    }

    /// Returns the broken promises, unless nothing has changed since the last check.
    pub(super) fn check(&mut self, server: &Server, lists: &[ListPlan]) -> Vec<String> {
        let version = self.rows("PRAGMA data_version", [], |row| row.get(0)).pop();
        let version = version.expect("a database has a version");
        let now = (version, server.requests.len(), server.count_arrivals());
        if now == self.checked {
            return Vec::new();
        }
        self.checked = now;
        let states = self.rows("SELECT run, n, state FROM row", [], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        });
        let states = states.into_iter().collect();
        let mut violations = Vec::new();
        check_truth(&states, server, &mut violations);
        self.check_final_states(&states, &mut violations);
        self.check_runs(&states, lists, &mut violations);
        let excluded = self.rows("SELECT person FROM exclusion", [], |row| row.get(0));
        let excluded = excluded.into_iter().collect();
        self.check_exclusions(&excluded, &mut violations);
        self.states = states;
        self.excluded = excluded;
        violations
    }

    /// Checks that a row that was sent or skipped never changes its state.
    fn check_final_states(&self, states: &BTreeMap<RowKey, String>, violations: &mut Vec<String>) {
        for (row, before) in &self.states {
            let is_final = matches!(before.as_str(), "sent" | "skipped");
            if let Some(state) = states.get(row)
                && is_final
                && state != before
            {
                violations.push(format!("final: row {row:?} was {before} and is {state}"));
            }
        }
    }

    /// Checks that no process got a row of a recipient that was excluded before and still is.
    fn check_exclusions(&self, excluded: &BTreeSet<i64>, violations: &mut Vec<String>) {
        let query = "SELECT row.run, row.n, person FROM row, message WHERE state = 'inflight' \
                     AND message.run = row.run AND message.n = row.n";
        let rows = self.rows(query, [], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        });
        for (row, person) in rows {
            let was_pending = self
                .states
                .get(&row)
                .is_some_and(|state| state == "pending");
            if was_pending && self.excluded.contains(&person) && excluded.contains(&person) {
                violations.push(format!(
                    "excluded: row {row:?} is assigned, but its recipient is excluded"
                ));
            }
        }
    }

    /// Checks that no row is missing, and that a finished run has no open rows and the right counts.
    fn check_runs(
        &self,
        states: &BTreeMap<RowKey, String>,
        lists: &[ListPlan],
        violations: &mut Vec<String>,
    ) {
        let query = "SELECT id, name, finished_at IS NOT NULL, counts FROM run";
        let runs = self.rows(query, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        for run in runs {
            let (id, name, is_finished, saved_counts): (i64, String, bool, Option<String>) = run;
            let rows: Vec<_> = states.range((id, 0)..(id + 1, 0)).collect();
            let found = rows.len();
            let list = lists.iter().find(|list| list.name.to_string() == name);
            let expected = list.expect("every run has a list").rows.len();
            if found != expected {
                violations.push(format!("counts: run {name} has {found} of {expected} rows"));
            }
            let is_open = |state: &str| matches!(state, "pending" | "inflight");
            if is_finished && rows.iter().any(|(_, state)| is_open(state)) {
                violations.push(format!("finished: run {name} has open rows"));
            }
            if saved_counts.is_some() != is_finished {
                violations.push(format!(
                    "kept: run {name} is finished: {is_finished}, but saved counts: {saved_counts:?}"
                ));
            }
            let mut counts = Counts::default();
            for (_, state) in rows {
                let state = RowState::from_name(state).expect("a state has a name");
                *counts.count_mut(state) += 1;
            }
            let counts = serde_json::to_string(&counts).expect("counts are JSON");
            if saved_counts.is_some_and(|saved| saved != counts) {
                violations.push(format!("kept: the counts of run {name} are {counts}"));
            }
        }
    }

    /// Returns the unfinished runs, or all runs if every run is finished.
    pub(super) fn open_runs(&self) -> Vec<RunName> {
        let open = self.run_names("SELECT name FROM run WHERE finished_at IS NULL ORDER BY id");
        if open.is_empty() {
            self.existing_runs()
        } else {
            open
        }
    }

    pub(super) fn existing_runs(&self) -> Vec<RunName> {
        self.run_names("SELECT name FROM run ORDER BY id")
    }

    fn run_names(&self, query: &str) -> Vec<RunName> {
        let names = self.rows(query, [], |row| row.get::<_, String>(0));
        names
            .into_iter()
            .map(|name| name.parse().expect("it is a name"))
            .collect()
    }

    /// Returns whether the run is neither paused nor cancelled.
    pub(super) fn may_send(&self, run: i64) -> bool {
        let query = "SELECT paused IS NULL AND cancelled_at IS NULL FROM run WHERE id = ?1";
        self.rows(query, [run], |row| row.get(0))
            .pop()
            .unwrap_or(true)
    }

    /// Returns whether the last contact of a worker is longer ago than its lease.
    pub(super) fn is_lease_over(&self, worker: i64, time_of_day: i64) -> bool {
        let query = "SELECT seen_at + lease_ms <= ?2 FROM worker WHERE id = ?1";
        self.rows(query, [worker, time_of_day], |row| row.get(0))
            .pop()
            .unwrap_or(false)
    }

    /// Returns the number of the last run.
    pub(super) fn last_run(&self) -> i64 {
        self.number("SELECT runs FROM store")
    }

    /// Returns the number of commits.
    pub(super) fn commits(&self) -> i64 {
        self.number("SELECT commits FROM store")
    }

    fn number(&self, query: &str) -> i64 {
        let found = self.rows(query, [], |row| row.get(0));
        found.into_iter().next().expect("the ledger has this row")
    }

    /// Returns the number of the newest connection of a worker.
    pub(super) fn connection(&self, worker: i64) -> Option<i64> {
        let query = "SELECT connection FROM worker WHERE id = ?1";
        self.rows(query, [worker], |row| row.get(0)).pop()
    }

    /// Returns the recipients of the sent rows of a run.
    pub(super) fn sent_recipients(&self, run: i64) -> Vec<String> {
        let query = "SELECT recipient FROM row, message WHERE row.run = ?1 AND state = 'sent' \
                     AND message.run = row.run AND message.n = row.n";
        self.rows(query, [run], |row| row.get(0))
    }

    /// Returns the rows that became unknown without an outcome, each with its last worker.
    pub(super) fn unknown_rows(&self, run: i64) -> Vec<(i64, i64)> {
        let query = "SELECT n, worker FROM row WHERE run = ?1 AND state = 'unknown' \
                     AND worker IS NOT NULL AND ended_at IS NULL";
        self.rows(query, [run], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Checks that a process has every row that is in flight in its name.
    pub(super) fn check_inflight(&self, worker: i64, own_rows: &BTreeSet<i64>) -> Option<String> {
        let query = "SELECT n FROM row WHERE worker = ?1 AND state = 'inflight'";
        let rows = self.rows(query, [worker], |row| row.get(0));
        let other = rows.iter().find(|row| !own_rows.contains(row))?;
        Some(format!(
            "held: row {other} is in flight, but its process does not have it"
        ))
    }

    /// Checks that the rows of a run were assigned at its rate, and caught up as `pace.rs` says.
    pub(super) fn check_pace(&self, run: i64, rate: f64) -> Option<String> {
        let query = "SELECT began_at FROM row WHERE run = ?1 AND began_at > 0 ORDER BY began_at";
        let begun: Vec<f64> = self.rows(query, [run], |row| row.get(0));
        for (index, first) in begun.iter().enumerate() {
            for (rows, last) in (1_u32..).zip(&begun[index..]) {
                let time = last - first + 45.0;
                if f64::from(rows) > 1.001 + rate * 1.05 * time / 1000.0 {
                    return Some(format!("pace: {rows} rows are assigned within {time} ms"));
                }
            }
        }
        None
    }

    /// Checks that the ledger has an outcome that an exchange wrote.
    pub(super) fn check_outcome(
        &self,
        run: i64,
        finished: &FinishedRow,
        has_true_clock: bool,
    ) -> Option<String> {
        let n = finished.index;
        let query = "SELECT state, number FROM row WHERE run = ?1 AND n = ?2";
        let found = self.rows(query, [run, n], |row| Ok((row.get(0)?, row.get(1)?)));
        let (state, number): (String, i64) = found.into_iter().next()?;
        if finished.state == RowState::Sent && state != "sent" {
            return Some(format!("outcome: row {n} was sent, but is {state}"));
        }
        // A row that was certainly not sent must no longer count for the messaging limit.
        let is_written = number == finished.number && state == finished.state.name();
        let is_unsent = matches!(finished.state, RowState::Failed | RowState::Pending);
        if !(is_written && is_unsent && has_true_clock) {
            return None;
        }
        let query = "SELECT 1 FROM reached WHERE run = ?1 AND n = ?2 AND number = ?3";
        self.rows(query, [run, n, number], |_| Ok(()))
            .pop()
            .map(|()| format!("limit: row {n} was not sent, but counts"))
    }

    /// Returns the state of the ledger as lines for the log.
    pub(super) fn dump(&self) -> Vec<String> {
        let queries = [
            "SELECT 'row ' || run || '/' || n || ' ' || state || ' due ' || ifnull(due_at, '-') || ' worker ' \
             || ifnull(worker, '-') || ' number ' || number FROM row",
            "SELECT 'worker ' || id || ' run ' || run || ' seen ' || seen_at || ' stopped ' || ifnull(stopped_at, '-') \
             || ' left ' || ifnull(left_at, '-') FROM worker",
            "SELECT 'run ' || id || ' ' || name || ' taken ' || taken || ' finished ' || ifnull(finished_at, '-') \
             || ' paused ' || ifnull(paused, '-') || ' ' || pace FROM run",
            "SELECT 'claim ' || ifnull(run, '-') || '/' || ifnull(n, '-') || ' ' || ifnull(state, '-') FROM claim",
            "SELECT 'reached ' || at || ' by ' || run || '/' || n FROM reached",
            "SELECT 'run ' || name || ' of ledger: ' || identity FROM run",
            "SELECT 'ledger: ' || identity FROM store",
        ];
        let lines = queries.map(|query| self.rows(query, [], |row| row.get(0)));
        lines.concat()
    }
}

/// Checks that a row with a sent request does not look unsent, that a sent row has a message, and that no row has two.
fn check_truth(states: &BTreeMap<RowKey, String>, server: &Server, violations: &mut Vec<String>) {
    let counted = server.requests.iter().filter(|request| request.counts());
    let with_message: BTreeSet<RowKey> =
        counted.filter_map(|request| request.message.row).collect();
    let accepted = server
        .requests
        .iter()
        .filter(|request| request.is_accepted());
    let accepted: BTreeSet<RowKey> = accepted.filter_map(|request| request.message.row).collect();
    for (row, state) in states {
        let has_message = with_message.contains(row);
        match state.as_str() {
            "pending" | "failed" | "skipped" if has_message => {
                violations.push(format!(
                    "untrue: row {row:?} is {state}, but its request was sent"
                ));
            }
            "sent" if !has_message && !accepted.contains(row) => {
                violations.push(format!(
                    "untrue: row {row:?} is sent, but its recipient has no message"
                ));
            }
            _ => {}
        }
    }
    let mut accepted_rows = BTreeSet::new();
    for request in &server.requests {
        if request.is_known()
            && let Some(row) = request.message.row
            && !accepted_rows.insert(row)
        {
            violations.push(format!("twice: row {row:?} was accepted twice"));
        }
    }
}
