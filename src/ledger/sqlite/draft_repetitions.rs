//! Handles the rows of a draft that an earlier run has too.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::comparison::Comparison;
use super::directory::Runs;
use super::draft::{IS_SENT, LedgerDraft};
use super::earlier_runs::EarlierRuns;
use super::reading::skip_counts;
use super::{Ledger, comparison, text_of, walk};
use crate::ledger::{
    EarlierError, EarlierMessages, EarlierRow, LedgerError, LedgerStore, RunName, Skip, SkipCounts, SkipReason,
    of_rank, rank,
};
use crate::once::{OnceHasher, OnceKey, OncePeople, OnceScope};

/// The number of rows that one commit skips.
const ROWS_A_COMMIT: usize = 10_000;

impl LedgerDraft {
    /// Compares its rows that are to be sent with other runs. No rows may be added afterwards.
    pub(crate) fn comparison(&self) -> Result<Comparison<'_>, LedgerError> {
        Comparison::of(&self.db)
    }

    /// The matches of rows that are not skipped.
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Skips the rows with a match: the same message, or any message for the same person under `key`.
    pub(crate) fn skip_earlier(&mut self, key: Option<&OnceKey>) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let rows = noted(&self.db, after)?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after = *last;
            for (n, run, found) in rows {
                let problem = problem_of(&found, run.as_deref(), key);
                self.skip(n, Skip { reason: found.reason, problem: &problem, run: run.as_deref() })?;
            }
        }
    }

    /// Records a match for the rows of those `people` who have a claim under the key and are not free.
    pub(crate) fn note_claimed(&self, hasher: &OnceHasher, people: &OncePeople) -> Result<(), LedgerError> {
        if people.values().all(|entry| entry.state.is_free()) {
            return Ok(());
        }
        comparison::prepare(&self.db)?;
        let mut claimed = Vec::new();
        self.addressed(|n, recipient| {
            let entry = people.get(&hasher.person(recipient));
            claimed.extend(entry.and_then(|entry| Some((n, entry.run.as_deref(), EarlierRow::of_claim(entry)?))));
        })?;
        claimed.into_iter().try_for_each(|(n, run, found)| comparison::note(&self.db, n, run, found))
    }

    /// Passes to `each` the number and the recipient of every row that is to be sent.
    pub(crate) fn addressed(&self, mut each: impl FnMut(i64, &str)) -> Result<(), LedgerError> {
        walk(&self.db, &format!("SELECT n, recipient FROM row WHERE {IS_SENT} ORDER BY n"), [], |row| {
            each(row.get(0)?, text_of(row, 1)?);
            Ok(())
        })
    }

    /// When the first of the matching messages was sent.
    pub(crate) fn first_sent_at(&self) -> Result<Option<i64>, LedgerError> {
        comparison::prepare(&self.db)?;
        let query = "SELECT min(at) FROM earlier WHERE reason = ?1";
        Ok(self.db.query_row(query, [rank(SkipReason::AlreadySent)], |row| row.get(0))?)
    }

    /// See [`Ledger::skip_counts`].
    pub(crate) fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        skip_counts(&self.db)
    }
}

impl Ledger {
    /// Compares the rows that are still to be sent with other runs.
    pub(crate) fn comparison(&self) -> Result<Comparison<'_>, LedgerError> {
        Comparison::of(&self.db)
    }

    /// See [`LedgerDraft::earlier`].
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Whether a row with a match is not skipped yet.
    pub(super) fn has_noted(&self) -> Result<bool, LedgerError> {
        Ok(!noted(&self.db, 0)?.is_empty())
    }

    /// Skips the rows for which `compared`, the same ledger, has matches; see [`LedgerDraft::skip_earlier`].
    pub(crate) fn skip_earlier(&mut self, compared: &Self, key: Option<&OnceKey>) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let rows = noted(&compared.db, after)?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after = *last;
            self.write(|batch| {
                for (n, run, found) in rows {
                    let problem = problem_of(&found, run.as_deref(), key);
                    batch.skip(n, Skip { reason: found.reason, problem: &problem, run: run.as_deref() })?;
                }
                Ok(())
            })?;
        }
    }

    /// Those of `rows` whose people now have a message under the key, from runs other than `own` or from a claim, each
    /// with the reason.
    pub(super) fn taken_under(
        &self,
        scope: &OnceScope,
        runs: &Runs,
        own: &RunName,
        rows: &[i64],
    ) -> Result<BTreeMap<i64, String>, EarlierError> {
        self.note_taken(scope, runs, (own, &[]), rows)?;
        let mut taken = BTreeMap::new();
        let mut after = 0;
        loop {
            let found = noted(&self.db, after)?;
            let Some((last, ..)) = found.last() else { return Ok(taken) };
            after = *last;
            taken.extend(found.into_iter().map(|(n, run, row)| (n, row.problem_under(&scope.key, run.as_deref()))));
        }
    }

    /// Records a match for those of `rows` whose people have a message under the key from elsewhere than `own`.
    pub(super) fn note_taken(
        &self,
        scope: &OnceScope,
        runs: &Runs,
        (own, ignored): (&RunName, &[RunName]),
        rows: &[i64],
    ) -> Result<(), EarlierError> {
        let mut comparison = Comparison::of_people(&self.db, rows)?;
        EarlierRuns::of_key(runs, Some(own), scope, ignored).find_claimed_by_runs(&mut comparison)?;
        // After the runs: the people of a removed run are among the claims before the run is gone.
        if let Some(claims) = runs.claims_to_look()? {
            let people = claims.people(scope)?;
            for n in rows.iter().filter(|_| !people.is_empty()) {
                let Some(recipient) = self.standing(*n)?.recipient else { continue };
                let entry = people.get(&claims.hasher().person(&recipient));
                if let Some((entry, found)) = entry.and_then(|entry| Some((entry, EarlierRow::of_claim(entry)?))) {
                    comparison::note(&self.db, *n, entry.run.as_deref(), found)?;
                }
            }
        }
        Ok(())
    }

    /// The line where row `n` begins in the input.
    pub(super) fn line_of(&self, n: i64) -> Result<u64, LedgerError> {
        Ok(self.standing(n)?.line)
    }

    /// Identifies a version of the run: its identity and its number of commits.
    pub(crate) fn version(&self) -> Result<([u8; 16], u64), LedgerError> {
        let query = "SELECT identity, commits FROM run, progress";
        Ok(self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

fn earlier(db: &Connection) -> Result<Vec<EarlierMessages>, LedgerError> {
    comparison::prepare(db)?;
    let mut statement = db.prepare(&format!(
        "SELECT run, reason, count(*), max(at) FROM earlier WHERE {} GROUP BY run, reason \
         ORDER BY count(*) DESC, max(at) DESC",
        "NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = earlier.n AND decision.\"to\" = 'skipped')"
    ))?;
    let rows = statement.query_and_then([], |row| {
        Ok(EarlierMessages { run: row.get(0)?, reason: of_rank(row.get(1)?)?, rows: row.get(2)?, at: row.get(3)? })
    })?;
    rows.collect()
}

/// The next rows after `after` that have a match and are not skipped yet.
fn noted(db: &Connection, after: i64) -> Result<Vec<(i64, Option<String>, EarlierRow)>, LedgerError> {
    comparison::prepare(db)?;
    let mut statement = db.prepare_cached(
        "SELECT n, run, reason, at FROM earlier WHERE n > ?1 AND NOT EXISTS (SELECT 1 FROM decision \
         WHERE decision.n = earlier.n AND decision.\"to\" = 'skipped') ORDER BY n LIMIT ?2",
    )?;
    let rows = statement.query_and_then(params![after, ROWS_A_COMMIT], |row| {
        Ok((row.get(0)?, row.get(1)?, EarlierRow { reason: of_rank(row.get(2)?)?, at: row.get(3)? }))
    })?;
    rows.collect()
}

fn problem_of(found: &EarlierRow, run: Option<&str>, key: Option<&OnceKey>) -> String {
    match key {
        Some(key) => found.problem_under(key, run),
        None => found.problem(run.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Run;
    use crate::ledger::sqlite::fixture;

    #[test]
    fn a_row_that_is_left_out_holds_up_nobody() {
        let home = tempfile::TempDir::new().unwrap();
        let (mut ledger, reader) = fixture::ledgers(home.path(), &["593987650000"; 3]);
        let in_order = "DROP TRIGGER row_stays; UPDATE row SET before = n - 1 WHERE n > 1";
        reader.db.execute_batch(in_order).unwrap();
        comparison::prepare(&reader.db).unwrap();
        reader.db.execute("INSERT INTO earlier VALUES (2, 2, 'r', 0)", []).unwrap();
        ledger.skip_earlier(&reader, None).unwrap();
        assert_eq!(reader.skip_counts().unwrap().iter().collect::<Vec<_>>(), [(SkipReason::AlreadySent, 1)]);
        // The third row waits for the first.
        assert_eq!(reader.followers().unwrap(), []);
        assert_eq!(reader.pending(2).unwrap().map(|row| row.n), Some(3));
        reader.db.execute("INSERT OR REPLACE INTO earlier VALUES (1, 2, 'r', 0)", []).unwrap();
        ledger.skip_earlier(&reader, None).unwrap();
        assert_eq!(reader.followers().unwrap(), [(3, 0)]);
        let left = reader.pending(3).unwrap();
        assert_eq!(left.map(|row| row.number), Some(1));
        // The second time, it is not skipped.
        ledger.skip_earlier(&reader, None).unwrap();
        assert_eq!(reader.counts().unwrap().skipped, 2);
    }
}
