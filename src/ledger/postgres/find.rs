//! What the runs of a database have for one person, however the number is written.

use tokio_postgres::{Error, Row};

use super::database::LONG;
use super::error::DatabaseError;
use super::report::{COLUMNS, reported, tables_after};
use super::runs::SharedRuns;
use crate::ledger::sqlite::{FoundRow, hash_of_person};
use crate::ledger::{Details, LedgerError};
use crate::phone::person_key;

/// Where the columns of a report end.
const BEHIND: usize = 13;

impl SharedRuns {
    /// The rows to the person whom `recipient` means, each with the name of its run and what that is.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn rows_to(&self, recipient: &str) -> Result<Vec<(String, Details, FoundRow)>, LedgerError> {
        let query = format!(
            "SELECT {COLUMNS}, run.name, run.details, body FROM {} JOIN jelouctl.run ON run.id = row.run \
             WHERE content.person = $1 ORDER BY row.run, row.n",
            tables_after("0")
        );
        let rows = self.call(LONG, self.client().query(&query, &[&hash_of_person(recipient)]))?;
        let mut found = Vec::new();
        for row in &rows {
            let (run, details, row) = read(row).map_err(|error| DatabaseError::of_statement(self.shown(), &error))?;
            // Two people may have one hash.
            if person_key(&row.recipient) == person_key(recipient) {
                let broken = |error: serde_json::Error| LedgerError::Damaged { problem: error.to_string() };
                found.push((run, serde_json::from_str(&details).map_err(broken)?, row));
            }
        }
        Ok(found)
    }
}

fn read(row: &Row) -> Result<(String, String, FoundRow), Error> {
    let found = FoundRow { recipient: row.try_get(11)?, body: row.try_get(BEHIND + 2)?, reported: reported(row)? };
    Ok((row.try_get(BEHIND)?, row.try_get(BEHIND + 1)?, found))
}
