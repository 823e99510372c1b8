//! Checks the promises of the ledger after every step. The checker reads the ledger on its own connection, and trusts
//! the server about what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::sender::ListPlan;
use super::server::Server;
use crate::runs::ledger::model::{Counts, RowState};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::types::AttemptResult;

/// A run and a row.
type RowKey = (i64, i64);

pub(super) struct Checker {
    path: PathBuf,
    /// None until the ledger exists.
    db: Option<Connection>,
    /// The state at the last check: the version of the ledger, the number of requests, and the number of arrived
    /// requests.
    checked: (i64, usize, usize),
    states: BTreeMap<RowKey, String>,
}

impl Checker {
    pub(super) fn new(home: &Path) -> Self {
        Self {
            path: home.join("state.db"),
            db: None,
            checked: (0, 0, 0),
            states: BTreeMap::new(),
        }
    }

    fn db(&self) -> &Connection {
        self.db.as_ref().expect("the ledger exists")
    }

    /// Opens the ledger for the checks.
    pub(super) fn open(&mut self) {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags).expect("the ledger can be read");
        db.set_prepared_statement_cache_capacity(32);
        self.db = Some(db);
    }

    /// Returns the violations: the broken promises. Returns none if nothing has changed since the last check.
    pub(super) fn check(
        &mut self,
        server: &Server,
        lists: &BTreeMap<String, ListPlan>,
    ) -> Vec<String> {
        let version = self
            .db()
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .expect("the version can be read");
        let now = (version, server.flights.len(), server.arrivals());
        if now == self.checked {
            return Vec::new();
        }
        self.checked = now;
        let states = self.read_states();
        let mut violations = Vec::new();
        check_truth(&states, server, &mut violations);
        self.check_final_states(&states, &mut violations);
        self.check_runs(&states, lists, &mut violations);
        self.states = states;
        violations
    }

    fn read_states(&self) -> BTreeMap<RowKey, String> {
        let mut rows = self
            .db()
            .prepare_cached("SELECT run, n, state FROM row")
            .expect("rows can be read");
        let rows = rows.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
        let rows = rows.expect("rows can be read");
        rows.map(|row| row.expect("a row can be read")).collect()
    }

    /// Checks that sent and skipped rows never change.
    fn check_final_states(&self, states: &BTreeMap<RowKey, String>, violations: &mut Vec<String>) {
        for (row, before) in &self.states {
            let is_final = matches!(before.as_str(), "sent" | "skipped");
            let Some(state) = states.get(row).filter(|_| is_final) else {
                continue;
            };
            if state != before {
                violations.push(format!("final: row {row:?} was {before} and is {state}"));
            }
        }
    }

    /// Checks the rows of each run: none is missing, and a finished run has no open rows. Also checks the kept counts.
    fn check_runs(
        &self,
        states: &BTreeMap<RowKey, String>,
        lists: &BTreeMap<String, ListPlan>,
        violations: &mut Vec<String>,
    ) {
        let mut runs = self
            .db()
            .prepare_cached("SELECT id, name, finished_at IS NOT NULL, counts FROM run")
            .expect("runs can be read");
        let runs = runs.query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, bool>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        });
        for run in runs.expect("runs can be read") {
            let (id, name, is_finished, kept) = run.expect("a run can be read");
            let rows = || states.range((id, 0)..(id + 1, 0));
            let expected = lists[&name].rows.len();
            let found = rows().count();
            if found != expected {
                violations.push(format!("counts: run {name} has {found} of {expected} rows"));
            }
            let is_open = |state: &str| matches!(state, "pending" | "inflight");
            if is_finished && rows().any(|(_, state)| is_open(state)) {
                violations.push(format!("finished: run {name} has open rows"));
            }
            if kept.is_some() != is_finished {
                violations.push(format!(
                    "kept: run {name} is finished: {is_finished}, and keeps the counts {kept:?}"
                ));
            }
            let mut counts = Counts::default();
            for (_, state) in rows() {
                let state = RowState::from_name(state).expect("the ledger stores names of states");
                *counts.count_mut(state) += 1;
            }
            let counts = serde_json::to_string(&counts).expect("counts are JSON");
            if kept.is_some_and(|kept| kept != counts) {
                violations.push(format!("kept: the counts of run {name} are {counts}"));
            }
        }
    }

    /// The unfinished runs, or all runs if every run is finished.
    pub(super) fn open_runs(&self) -> Vec<RunName> {
        let unfinished =
            self.run_names("SELECT name FROM run WHERE finished_at IS NULL ORDER BY id");
        if unfinished.is_empty() {
            self.existing_runs()
        } else {
            unfinished
        }
    }

    pub(super) fn existing_runs(&self) -> Vec<RunName> {
        self.run_names("SELECT name FROM run ORDER BY id")
    }

    fn run_names(&self, query: &str) -> Vec<RunName> {
        let mut runs = self.db().prepare_cached(query).expect("runs can be read");
        let names = runs.query_map([], |row| row.get::<_, String>(0));
        let names = names.expect("runs can be read");
        let names = names.map(|name| name.expect("a run can be read"));
        names
            .map(|name| name.parse().expect("the ledger stores names of runs"))
            .collect()
    }

    /// Whether rows of the run may be sent: it is neither paused nor cancelled.
    pub(super) fn may_leave(&self, run: i64) -> bool {
        let query = "SELECT paused IS NULL AND cancelled_at IS NULL FROM run WHERE id = ?1";
        let found = self.db().query_row(query, [run], |row| row.get(0));
        let may_leave: Option<bool> = found.optional().expect("a run can be read");
        may_leave.unwrap_or(true)
    }

    /// Whether the lease of a worker has expired.
    pub(super) fn is_lease_over(&self, worker: i64, time_of_day: i64) -> bool {
        let query = "SELECT seen_at + lease_ms <= ?2 FROM worker WHERE id = ?1";
        let found = self
            .db()
            .query_row(query, [worker, time_of_day], |row| row.get(0));
        let is_over: Option<bool> = found.optional().expect("a worker can be read");
        is_over.unwrap_or(false)
    }

    /// Finds a row that is in flight in the ledger, but that its worker does not have.
    pub(super) fn check_held(&self, worker: i64, held: &BTreeSet<i64>) -> Option<String> {
        let query = "SELECT n FROM row WHERE worker = ?1 AND state = 'inflight'";
        let mut rows = self.db().prepare_cached(query).expect("rows can be read");
        let rows = rows.query_map([worker], |row| row.get::<_, i64>(0));
        let mut rows = rows
            .expect("rows can be read")
            .map(|row| row.expect("a row can be read"));
        let other = rows.find(|row| !held.contains(row))?;
        Some(format!(
            "held: row {other} is in flight, and its process does not have it"
        ))
    }

    /// The number of the newest connection of a worker.
    pub(super) fn connection(&self, worker: i64) -> Option<i64> {
        let query = "SELECT connection FROM worker WHERE id = ?1";
        let found = self.db().query_row(query, [worker], |row| row.get(0));
        found.optional().expect("a worker can be read")
    }

    /// The recipients of the rows of a run that were sent.
    pub(super) fn sent_recipients(&self, run: i64) -> Vec<String> {
        let query = "SELECT recipient FROM row, message WHERE row.run = ?1 AND state = 'sent' \
                     AND message.run = row.run AND message.n = row.n";
        let mut rows = self.db().prepare_cached(query).expect("rows can be read");
        let rows = rows.query_map([run], |row| row.get(0));
        let rows = rows.expect("rows can be read");
        rows.map(|row| row.expect("a row can be read")).collect()
    }

    /// The rows that are unknown, with the workers that sent them last.
    pub(super) fn unknown_rows(&self, run: i64) -> Vec<(i64, i64)> {
        let query = "SELECT n, worker FROM row WHERE run = ?1 AND state = 'unknown' \
                     AND worker IS NOT NULL AND ended_at IS NULL";
        let mut rows = self.db().prepare_cached(query).expect("rows can be read");
        let rows = rows.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)));
        let rows = rows.expect("rows can be read");
        rows.map(|row| row.expect("a row can be read")).collect()
    }

    /// Checks that the ledger has recorded an outcome after the exchange that wrote it. Returns the violation, if there
    /// is one.
    pub(super) fn check_told(
        &self,
        run: i64,
        ended: &AttemptResult,
        has_true_clock: bool,
    ) -> Option<String> {
        let query = "SELECT state, number FROM row WHERE run = ?1 AND n = ?2";
        let found = self.db().query_row(query, [run, ended.index], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        let found: Option<(String, i64)> = found.optional().expect("a row can be read");
        let (state, number) = found?;
        if ended.state == RowState::Sent && state != "sent" {
            return Some(format!(
                "outcome: row {} was sent, and is {state}",
                ended.index
            ));
        }
        // A message that was certainly not sent must not count for the limit.
        let was_taken = number == ended.number && state == ended.state.name();
        let is_unsent = matches!(ended.state, RowState::Failed | RowState::Pending);
        if was_taken && is_unsent && has_true_clock {
            let query = "SELECT count(*) FROM reached WHERE run = ?1 AND n = ?2 AND number = ?3";
            let count = self
                .db()
                .query_row(query, [run, ended.index, number], |row| row.get(0));
            let count: i64 = count.expect("the limit can be read");
            if count > 0 {
                return Some(format!(
                    "limit: row {} was not sent, and counts",
                    ended.index
                ));
            }
        }
        None
    }

    /// The rows that explain a violation, one per line.
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
        ];
        let mut lines = Vec::new();
        for query in queries {
            let mut rows = self.db().prepare(query).expect("the ledger can be read");
            let rows = rows.query_map([], |row| row.get::<_, String>(0));
            let rows = rows.expect("the ledger can be read");
            lines.extend(rows.map(|row| row.expect("a row can be read")));
        }
        lines
    }
}

/// Checks that no row counts as unsent after its message has left, and that no row counts as sent without a message.
/// Also checks that no row was accepted twice.
fn check_truth(states: &BTreeMap<RowKey, String>, server: &Server, violations: &mut Vec<String>) {
    let counting = server.flights.iter().filter(|flight| flight.counts());
    let with_message: BTreeSet<RowKey> = counting.filter_map(|flight| flight.message.row).collect();
    for (row, state) in states {
        let has_message = with_message.contains(row);
        match state.as_str() {
            "pending" | "failed" | "skipped" if has_message => {
                violations.push(format!(
                    "untrue: row {row:?} is {state}, and its message has left"
                ));
            }
            "sent" if !has_message => {
                violations.push(format!(
                    "untrue: row {row:?} is sent, and its recipient has no message"
                ));
            }
            _ => {}
        }
    }
    let accepted = server.flights.iter().filter(|flight| flight.is_accepted());
    let rows: Vec<RowKey> = accepted.filter_map(|flight| flight.message.row).collect();
    let different: BTreeSet<_> = rows.iter().collect();
    if different.len() < rows.len() {
        violations.push("twice: a row was accepted twice".to_owned());
    }
}
