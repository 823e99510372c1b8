//! What a run has for one person, however the number is written.

use super::keys::KeyKind;
use super::seal::hash_of_person;
use super::{Ledger, keys};
use crate::ledger::{LedgerError, ReportedRow};
use crate::phone::person_key;

/// A row to the person who was looked for.
#[derive(Debug)]
pub(crate) struct FoundRow {
    /// As the run writes it.
    pub(crate) recipient: String,
    /// The message, as JSON.
    pub(crate) body: String,
    pub(crate) reported: ReportedRow,
}

impl Ledger {
    /// The rows to the person whom `recipient` means, in the order of the list.
    pub(crate) fn rows_to(&self, recipient: &str) -> Result<Vec<FoundRow>, LedgerError> {
        let mut found = Vec::new();
        let mut statement =
            self.db.prepare_cached("SELECT recipient, body FROM row JOIN content USING (n) WHERE n = ?1")?;
        for n in self.numbers_to(recipient)? {
            let (recipient, body) = statement.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
            found.push(FoundRow { recipient, body, reported: self.reported_row(n)? });
        }
        Ok(found)
    }

    /// The numbers of these rows.
    pub(super) fn numbers_to(&self, recipient: &str) -> Result<Vec<i64>, LedgerError> {
        let mut statement = self.db.prepare_cached("SELECT recipient FROM row WHERE n = ?1")?;
        let mut numbers = Vec::new();
        for entry in keys::look_up(&self.db, KeyKind::Person, hash_of_person(recipient))? {
            let own: String = statement.query_row([entry.n], |row| row.get(0))?;
            // Two people may have one hash.
            if person_key(&own) == person_key(recipient) {
                numbers.push(i64::from(entry.n));
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}
