//! Checks whether a ledger is complete, for readers and writers alike. A ledger without its log looks like one that has
//! sent nothing, and a copy does not know what was sent since.

use std::path::Path;

use ring::digest::{SHA256, digest};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::lock_file::LockNote;
use super::record::IntegrityScan;
use super::{Ledger, LedgerProgress};
use crate::ledger::{LedgerError, Run, eight_bytes};

/// How often a ledger can be opened for writing. Each run counts its openings from a number of its own, so that the log
/// of another run is recognized.
const OPENINGS: i64 = 1 << 24;

/// The number from which the run with this identity counts its openings.
pub(super) fn first_opening(identity: &[u8; 16]) -> i64 {
    (eight_bytes(identity, 0) & (i64::MAX / OPENINGS)) * OPENINGS
}

impl Ledger {
    /// Opens the ledger to read it, even while another process writes it. It is checked against what its lock file
    /// `noted`, at a cost that does not grow with its rows, or with `reads_all` by every record, which also finds damage
    /// in a single one. What it may have lost is reported as unknown.
    pub(super) fn read(path: &Path, noted: &LockNote, reads_all: bool) -> Result<Self, LedgerError> {
        let ledger = Self::open(path)?;
        let view = ledger.db.unchecked_transaction()?;
        let damage = ledger.find_damage(path, noted, reads_all)?;
        drop(view);
        if damage.is_none() {
            ledger.keep_log(false)?;
        }
        Ok(Self { damage, ..ledger })
    }

    /// For callers that cannot work with a damaged ledger.
    pub(crate) fn into_whole(self) -> Result<Self, LedgerError> {
        match self.damage {
            Some(damage) => Err(damage),
            None => Ok(self),
        }
    }

    fn find_damage(&self, path: &Path, noted: &LockNote, reads_all: bool) -> Result<Option<LedgerError>, LedgerError> {
        let progress = self.read_progress()?;
        match self.check_run(path, &progress) {
            Err(damage @ (LedgerError::Copy { .. } | LedgerError::Damaged { .. })) => return Ok(Some(damage)),
            checked => checked?,
        }
        let mut problem = self.loss(&progress, noted)?;
        if problem.is_none() && reads_all {
            problem = self.problem_of_records(&progress)?;
        }
        Ok(problem.map(|problem| self.damaged(problem)))
    }

    /// What is wrong with the records, in words. Reads every record.
    fn problem_of_records(&self, progress: &LedgerProgress) -> Result<Option<String>, LedgerError> {
        match self.integrity_scan() {
            Ok(scan) => Ok(scan.problem(&progress.records).map(str::to_owned)),
            Err(LedgerError::Damaged { problem }) => Ok(Some(problem)),
            Err(error) => Err(error),
        }
    }

    /// Checks that the ledger holds the run that the file is named after, unchanged since the list was read, and that
    /// the log is its own.
    pub(super) fn check_run(&self, path: &Path, progress: &LedgerProgress) -> Result<(), LedgerError> {
        let run = self.name()?;
        // Both copies would be sent, and neither knows what the other has sent.
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some(stem) if stem == run => {}
            stem => return Err(LedgerError::Copy { file: stem.unwrap_or_default().to_owned(), run }),
        }
        self.check_run_checksum()?;
        let openings = progress.opened.wrapping_sub(first_opening(&self.identity()?));
        if (0..OPENINGS).contains(&openings) { Ok(()) } else { Err(LedgerError::ForeignLog { run }) }
    }

    /// Checks that the run has not changed since the list was read.
    pub(super) fn check_run_checksum(&self) -> Result<(), LedgerError> {
        let query = "SELECT identity, name, details, rows, created_at, run_checksum FROM run";
        let is_unchanged = self.db.query_row(query, [], |row| {
            let bytes = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_bytes()?);
            let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.to_be_bytes());
            let checksum = run_checksum(&self.db, [bytes(0)?, bytes(1)?, bytes(2)?, &number(3)?, &number(4)?])?;
            Ok(row.get::<_, [u8; 32]>(5)? == checksum)
        })?;
        if is_unchanged { Ok(()) } else { Err(LedgerError::damaged("what the run is was changed")) }
    }

    /// What the ledger has lost, in words, by its own counters and by the lock file.
    pub(super) fn loss(&self, progress: &LedgerProgress, noted: &LockNote) -> Result<Option<String>, LedgerError> {
        let run = self.name()?;
        let noted_commits = noted.of_run(&self.identity()?).map(|noted| noted.commits);
        let is_comparable = *noted != LockNote::Held;
        Ok(if let Some(noted) = noted_commits.filter(|noted| *noted > progress.commits) {
            let (left, are) = (progress.commits, if progress.commits == 1 { "is" } else { "are" });
            Some(format!("{run}.db-wal is missing or has lost its end: only {left} of {noted} commits {are} left"))
        } else if noted_commits.is_none() && is_comparable && progress.opened != progress.began {
            Some(format!("{run}.lock is missing or changed, and {run}.db-wal too may be missing"))
        } else if noted_commits.is_none() && is_comparable && progress.opened != progress.closed {
            Some(format!("{run}.lock is missing or changed, so that {run}.db-wal may have lost its end"))
        } else if noted_commits.is_none() && is_comparable && progress.records.counts.pending > 0 {
            Some(format!("{run}.lock is missing or changed: this may be a copy, and the original may have sent more"))
        } else if progress.records.counts.all() != self.rows()? {
            Some("its counts are not those of its rows".to_owned())
        } else {
            None
        })
    }

    /// Reads every record.
    pub(super) fn integrity_scan(&self) -> Result<IntegrityScan, LedgerError> {
        Ok(IntegrityScan::of(&self.db, self.rows()?.cast_signed(), self.created_at()?)?)
    }

    /// Sets whether the log is kept when the last process closes the ledger. The log of a damaged ledger may be needed
    /// for repair, and the log of another run would be written into the file.
    pub(super) fn keep_log(&self, is_kept: bool) -> Result<(), LedgerError> {
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_kept)?;
        Ok(())
    }
}

/// The checksum of the run itself, over its fields (identity, name, details, rows, created_at) and the whole schema.
pub(super) fn run_checksum(db: &Connection, fields: [&[u8]; 5]) -> rusqlite::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    let mut add = |part: &[u8]| {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    };
    fields.into_iter().for_each(&mut add);
    let mut statement = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        add(row.get_ref(0)?.as_bytes().unwrap_or_default());
    }
    let mut checksum = [0; 32];
    checksum.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    Ok(checksum)
}

/// The checksum of new conditions.
pub(super) fn conditions_checksum(conditions: &str) -> i64 {
    eight_bytes(digest(&SHA256, conditions.as_bytes()).as_ref(), 0)
}
