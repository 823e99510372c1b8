//! The recipients that `bulk exclude` keeps in the ledger. No list of this ledger reaches them: a list skips their rows
//! when it is read, and an exchange skips them when it assigns rows. Runs in the sandbox have their own exclusions.

use std::collections::BTreeMap;

use super::db::{Db, LONGEST, SqlRow, SqlScript, values};
use super::error::LedgerError;
use super::history::draft::{IS_SENT, LedgerDraft, read_rows};
use super::history::matching::{fill_candidates, parts};
use super::message::hash_recipient;
use super::model::{SkipDetail, SkipReason};
use super::open::{Ledger, lock_ledger};
use crate::base::message::{Message, msg};

/// Finds the exclusion of the recipient of a row: parameter 7 is the `sandbox` of its run.
pub(super) const EXCLUSION_OF_ROW: &str = "(SELECT 1 FROM exclusion WHERE exclusion.sandbox = ?7 \
    AND exclusion.person = message.person)";

/// The recipients of a command.
const NAMED: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS named (person INTEGER PRIMARY KEY, \
        recipient TEXT NOT NULL); DELETE FROM named;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS named (person BIGINT PRIMARY KEY, \
        recipient TEXT NOT NULL); TRUNCATE named;",
};
/// Excludes the named recipients: `sandbox, reason, added_by, added_at`.
const ADD: &str = "INSERT INTO exclusion (sandbox, person, recipient, reason, added_by, added_at) \
    SELECT ?1, person, recipient, ?2, ?3, ?4 FROM named WHERE true ON CONFLICT DO NOTHING";
/// Removes the named recipients: `sandbox`.
const REMOVE: &str = "DELETE FROM exclusion WHERE sandbox = ?1 \
    AND person IN (SELECT person FROM named)";
/// Locks every run of a database, so that no exchange is between its check and its end.
const LOCK_RUNS: &str = "UPDATE run SET taken = taken";
/// The excluded rows of a part of a list: `sandbox`.
const EXCLUDED_CANDIDATES: &str = "SELECT candidate.n AS n FROM candidate CROSS JOIN exclusion \
    WHERE exclusion.sandbox = ?1 AND exclusion.person = candidate.person";

/// A recipient that no list of the ledger reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExcludedRecipient {
    /// The recipient as it was first excluded.
    pub(crate) recipient: String,
    pub(crate) reason: Option<String>,
    /// The user and the machine: `ana at build-7`.
    pub(crate) added_by: Message,
    pub(crate) added_at: i64,
}

/// How many of the named recipients a command changed. Several spellings of a recipient count once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExclusionChange {
    pub(crate) changed: u64,
    /// These were excluded before, or were not excluded before a removal.
    pub(crate) unchanged: u64,
}

/// Returns why the row of an excluded recipient is skipped.
pub(crate) fn excluded_in_ledger() -> SkipDetail {
    SkipDetail {
        reason: SkipReason::Excluded,
        problem: msg!("the recipient is excluded in the ledger"),
    }
}

impl Ledger {
    /// Excludes these recipients. When it returns, no process gets a row to one of them.
    pub(crate) fn exclude(
        &self,
        sandbox: bool,
        recipients: &[String],
        reason: Option<&str>,
    ) -> Result<ExclusionChange, LedgerError> {
        let sandbox = i64::from(sandbox);
        self.change_named(recipients, |db, now| {
            let who = db.who().encode();
            db.run(ADD, &values![sandbox, reason, who, now])
        })
    }

    /// Lets lists reach these recipients again.
    pub(crate) fn stop_excluding(
        &self,
        sandbox: bool,
        recipients: &[String],
    ) -> Result<ExclusionChange, LedgerError> {
        let sandbox = i64::from(sandbox);
        self.change_named(recipients, |db, _| db.run(REMOVE, &values![sandbox]))
    }

    fn change_named(
        &self,
        recipients: &[String],
        change: impl FnOnce(&mut Db, i64) -> Result<u64, LedgerError>,
    ) -> Result<ExclusionChange, LedgerError> {
        let mut people = BTreeMap::new();
        for recipient in recipients {
            people.entry(hash_recipient(recipient)).or_insert(recipient);
        }
        let mut db = self.db();
        let limit = db.0.limit(LONGEST);
        let changed = db.change(|db| {
            // Nobody waits for the upload of a long list to a database.
            db.0.script(&NAMED)?;
            db.0.fill("named (person, recipient)", &mut |each| {
                let mut people = people.iter();
                people.try_for_each(|(person, recipient)| each(&values![*person, *recipient]))
            })?;
            let now = lock_ledger(db)?.now;
            let changed = change(db, now)?;
            if db.0.is_shared() {
                db.run(LOCK_RUNS, &[])?;
            }
            Ok::<_, LedgerError>(changed)
        });
        db.0.limit(limit);
        let changed = changed?;
        Ok(ExclusionChange {
            changed,
            unchanged: people.len() as u64 - changed,
        })
    }

    /// Returns the exclusion of a recipient, in any spelling.
    pub(crate) fn find_excluded(
        &self,
        sandbox: bool,
        recipient: &str,
    ) -> Result<Option<ExcludedRecipient>, LedgerError> {
        let query = "SELECT recipient, reason, added_by, added_at FROM exclusion \
            WHERE sandbox = ?1 AND person = ?2";
        let sought = values![i64::from(sandbox), hash_recipient(recipient)];
        self.db().first(query, &sought)?.map(excluded).transpose()
    }

    /// Returns all exclusions, the oldest first.
    pub(crate) fn excluded(&self, sandbox: bool) -> Result<Vec<ExcludedRecipient>, LedgerError> {
        let query = "SELECT recipient, reason, added_by, added_at FROM exclusion \
            WHERE sandbox = ?1 ORDER BY added_at, recipient";
        let own = values![i64::from(sandbox)];
        self.db().rows(query, &own, excluded)
    }

    pub(crate) fn count_excluded(&self, sandbox: bool) -> Result<u64, LedgerError> {
        let query = "SELECT count(*) AS recipients FROM exclusion WHERE sandbox = ?1";
        let own = values![i64::from(sandbox)];
        self.db().one(query, &own)?.count("recipients")
    }

    /// Returns whether it excludes a recipient.
    pub(crate) fn excludes(&self, sandbox: bool) -> Result<bool, LedgerError> {
        let query = "SELECT 1 FROM exclusion WHERE sandbox = ?1 LIMIT 1";
        self.db().exists(query, &values![i64::from(sandbox)])
    }

    /// Skips the rows of a list to excluded recipients.
    pub(crate) fn skip_excluded(
        &self,
        sandbox: bool,
        draft: &mut LedgerDraft,
    ) -> Result<(), LedgerError> {
        if !self.excludes(sandbox)? {
            return Ok(());
        }
        let sandbox = i64::from(sandbox);
        let skip = excluded_in_ledger();
        let mut db = self.db();
        db.read_transaction(|db| {
            for part in parts(draft.rows, 1) {
                fill_candidates(db, &draft.keys_of_part(part, IS_SENT)?)?;
                let rows = db.rows(EXCLUDED_CANDIDATES, &values![sandbox], |row| row.int("n"))?;
                for n in rows {
                    draft.skip(n, &skip)?;
                }
            }
            Ok(())
        })
    }
}

impl LedgerDraft {
    /// Returns the lines of the rows to recipients that the ledger excludes.
    pub(crate) fn lines_excluded_in_ledger(&self) -> Result<Vec<u64>, LedgerError> {
        let SkipDetail { reason, problem } = excluded_in_ledger();
        let query = "SELECT line FROM row WHERE skipped = ?1 AND problem = ?2 ORDER BY n";
        let skipped = (reason.name(), problem.encode());
        read_rows(&self.db, query, skipped, |row| Ok(row.get(0)?))
    }
}

fn excluded(mut row: SqlRow) -> Result<ExcludedRecipient, LedgerError> {
    Ok(ExcludedRecipient {
        recipient: row.take_text("recipient")?,
        reason: row.opt_take_text("reason")?,
        added_by: row.message("added_by")?,
        added_at: row.int("added_at")?,
    })
}
