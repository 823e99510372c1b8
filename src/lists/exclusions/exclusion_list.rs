//! The lists of excluded people, compared by person, and why one cannot be used.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::meaning::PossibleRecipients;
use crate::base::input::UsageError;
use crate::base::output::counted;
use crate::lists::list_file::ONE_A_LINE;
use crate::phone::{RecipientError, national_forms, person_key};

/// The people who must not be written to: all lists of a command together, compared by person.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    pub(crate) lists: Vec<ExclusionList>,
}

/// `bajas.xlsx: 214 recipients from 2 sheets`
#[derive(Debug, Default)]
pub(crate) struct ExclusionList {
    pub(crate) name: String,
    /// For a workbook, how many of its sheets have people.
    pub(crate) sheets: Option<u64>,
    /// Cells that may have been meant for a number, each with its line.
    pub(crate) doubts: Vec<String>,
    /// The rows that were passed over, since a report has them as invalid and their recipient cannot be anyone's.
    pub(crate) passed_over: u64,
    /// People by the hash of their key, sorted: a list may have millions of them. If the hashes of two were the same,
    /// one more would be left out.
    people: Vec<u64>,
    /// Other people whom digits without `+` may mean. They are excluded, but not counted.
    possible: Vec<u64>,
    /// National numbers, sorted, of whatever country. They are excluded, but not counted either.
    national: Vec<u64>,
}

impl Exclusions {
    /// Whether there is no list.
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The first of `recipients` that is on a list, with the list's name.
    pub(crate) fn find<'a, 'b>(
        &'a self,
        mut recipients: impl Iterator<Item = &'b str>,
    ) -> Option<(&'b str, &'a str)> {
        if self.is_empty() {
            return None;
        }
        recipients.find_map(|recipient| {
            let key = person_key(recipient);
            let national = national_forms(&key);
            let list = self.lists.iter().find(|list| list.has(&key, &national))?;
            Some((recipient, list.name.as_str()))
        })
    }
}

impl ExclusionList {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a person, in all readings.
    pub(super) fn add(&mut self, readings: &PossibleRecipients) {
        self.national.extend(readings.national);
        if let Some((meant, others)) = readings.people.split_first() {
            self.people.push(hash(&person_key(meant)));
            self.possible
                .extend(others.iter().map(|other| hash(&person_key(other))));
        }
    }

    /// After the last person, so that they are found.
    pub(super) fn sort(&mut self) {
        for numbers in [&mut self.people, &mut self.possible, &mut self.national] {
            numbers.sort_unstable();
            numbers.dedup();
        }
    }

    /// Whether the person of this key is on it, who has these national numbers.
    fn has(&self, key: &str, national: &[u64]) -> bool {
        let is_national = |form: &u64| self.national.binary_search(form).is_ok();
        let is_known = [&self.people, &self.possible]
            .iter()
            .any(|people| people.binary_search(&hash(key)).is_ok());
        is_known || national.iter().any(is_national)
    }

    /// How many people are on it; each person counts once.
    pub(crate) fn count(&self) -> u64 {
        self.people.len() as u64
    }
}

impl fmt::Display for ExclusionList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, sheets, .. } = self;
        write!(formatter, "{name}: {}", counted(self.count(), "recipient"))?;
        sheets.map_or(Ok(()), |sheets| {
            write!(formatter, " from {}", counted(sheets, "sheet"))
        })
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The most lines that are listed.
const NAMED: usize = 20;

/// The bad lines of a file; only the first are kept.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    lines: Vec<UsageError>,
    count: u64,
}

/// A line that does not clearly name a person.
pub(super) fn invalid_entry(words: impl Into<String>) -> UsageError {
    UsageError::new(words.into(), ONE_A_LINE)
}

pub(super) fn no_recipient(column: &str) -> UsageError {
    let words = format!("`{column}` is empty, so the person is not known");
    UsageError::new(words, "write the person's number there, or delete the line")
}

/// The list has no header, and `text` stands behind a person.
pub(super) fn behind(text: &str) -> UsageError {
    let delimiter = text.get(..1).unwrap_or(",");
    let hint = format!(
        "write a line with a name for each column above the first person, such as celular{delimiter}nombre, or leave \
         one person a line and nothing else"
    );
    UsageError::new(
        format!("the list has no header, and `{text}` stands behind the person"),
        hint,
    )
}

pub(super) fn unclear(error: &RecipientError) -> UsageError {
    let more = "; for numbers of several countries give that list a header, and a column País";
    UsageError::new(
        error,
        format!(
            "{}{}",
            error.hint,
            if error.is_without_country { more } else { "" }
        ),
    )
}

impl BadLines {
    /// `sheet` is that of a workbook.
    pub(super) fn add(&mut self, sheet: Option<&str>, line: u64, fault: UsageError) {
        self.count += 1;
        if self.lines.len() < NAMED {
            let sheet = sheet
                .map(|sheet| format!("sheet `{sheet}`, "))
                .unwrap_or_default();
            self.lines
                .push(fault.in_file(&format!("{sheet}line {line}")));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Removes all but the first `kept`.
    pub(super) fn cut(&mut self, kept: u64) {
        self.count = self.count.min(kept);
        self.lines
            .truncate(usize::try_from(self.count).unwrap_or(NAMED));
    }

    /// # Errors
    /// When there are any.
    pub(super) fn check(mut self, name: &str) -> Result<(), UsageError> {
        match self.count {
            0 => Ok(()),
            1 => Err(self.lines.remove(0).in_file(name)),
            count => {
                let more = count.saturating_sub(self.lines.len() as u64);
                let hint = self
                    .lines
                    .first()
                    .map(|fault| fault.hint.clone())
                    .unwrap_or_default();
                let details = self.lines.into_iter().map(|fault| fault.message);
                let details = details
                    .chain((more > 0).then(|| format!("and {more} more")))
                    .collect();
                Err(UsageError {
                    details,
                    ..UsageError::new(format!("{name}: {count} lines do not name a person"), hint)
                })
            }
        }
    }
}
