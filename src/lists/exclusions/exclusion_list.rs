//! Exclusion lists, compared by recipient, and the errors in them.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::meaning::{CountryRule, PossibleRecipients, international_digits};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::lists::list_file::one_a_line;
use crate::phone::{RecipientError, national_forms, person_key};

/// All exclusion lists of a command, compared by recipient.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    pub(crate) lists: Vec<ExclusionList>,
}

/// `bajas.xlsx: 214 recipients from 2 sheets`
#[derive(Debug, Default)]
pub(crate) struct ExclusionList {
    pub(crate) name: String,
    /// For a workbook, the number of its sheets that have recipients.
    pub(crate) sheets: Option<u64>,
    /// Cells that may be a misspelled number, each with its line.
    pub(crate) unclear_cells: Vec<Message>,
    /// The number of skipped rows: a report has them as invalid, and their recipient does not
    /// exist.
    pub(crate) passed_over: u64,
    /// The hashes of all recipients' keys, sorted, because a list may have millions. If two hashes
    /// were equal, one more recipient would be excluded.
    people: Vec<u64>,
    /// Other recipients that digits without `+` may mean. They are excluded, but not counted.
    possible: Vec<u64>,
    /// Local numbers of unknown countries, sorted. They are excluded, but not counted.
    national: Vec<u64>,
    /// The only recipients to look for in the list. None: the whole list is kept.
    sought: Option<SoughtRecipients>,
    /// International numbers that are not one of the sought recipients. They are counted, but not
    /// searched.
    others: Vec<u64>,
}

/// The last digits of recipients. They are the same in every spelling of a number, whatever its country code.
#[derive(Clone, Debug, Default)]
pub(crate) struct SoughtRecipients(Vec<String>);

/// How many last digits are compared.
const LAST_DIGITS: usize = 6;

impl SoughtRecipients {
    pub(crate) fn new<'a>(recipients: impl Iterator<Item = &'a str>) -> Self {
        let last_digits = |recipient: &str| {
            let key = person_key(recipient);
            let digits: String = key.chars().filter(char::is_ascii_digit).collect();
            let from = digits.len().saturating_sub(LAST_DIGITS);
            digits.get(from..).unwrap_or_default().to_owned()
        };
        Self(recipients.map(last_digits).collect())
    }

    fn may_have(&self, digits: &str) -> bool {
        self.0.iter().any(|last| digits.ends_with(last.as_str()))
    }
}

impl Exclusions {
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The first of `recipients` that is on a list, and the name of the list.
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
    pub(super) fn new(name: &str, sought: Option<SoughtRecipients>) -> Self {
        Self {
            name: name.to_owned(),
            sought,
            ..Self::default()
        }
    }

    /// Skips a number with a country code if it cannot be one of the sought recipients, to save time on long lists.
    /// Returns whether it skipped the number.
    pub(super) fn skip_other(&mut self, text: &str, countries: CountryRule) -> bool {
        let Some(digits) = international_digits(text, countries) else {
            return false;
        };
        let is_other = self
            .sought
            .as_ref()
            .is_some_and(|sought| !sought.may_have(digits));
        let number = digits.parse::<u64>().ok().filter(|_| is_other);
        self.others.extend(number);
        number.is_some()
    }

    /// Adds a recipient and everything else that its text may mean.
    pub(super) fn add(&mut self, readings: &PossibleRecipients) {
        self.national.extend(readings.national);
        if let Some((meant, others)) = readings.people.split_first() {
            self.people.push(hash(&person_key(meant)));
            self.possible
                .extend(others.iter().map(|other| hash(&person_key(other))));
        }
    }

    /// Sorts the list after its last recipient, because the search needs sorted hashes.
    pub(super) fn sort(&mut self) {
        for numbers in [&mut self.people, &mut self.possible, &mut self.national] {
            numbers.sort_unstable();
            numbers.dedup();
        }
    }

    /// Whether the list has the recipient with this key or with one of these local numbers.
    fn has(&self, key: &str, national: &[u64]) -> bool {
        let is_national = |form: &u64| self.national.binary_search(form).is_ok();
        let is_known = [&self.people, &self.possible]
            .iter()
            .any(|people| people.binary_search(&hash(key)).is_ok());
        is_known || national.iter().any(is_national)
    }

    /// The number of recipients; each counts once.
    pub(crate) fn count(&self) -> u64 {
        if self.others.is_empty() {
            return self.people.len() as u64;
        }
        let others = self.others.iter();
        let mut people: Vec<_> = others
            .map(|number| hash(&person_key(&number.to_string())))
            .collect();
        people.extend(&self.people);
        people.sort_unstable();
        people.dedup();
        people.len() as u64
    }

    /// Whether it has no recipient.
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.others.is_empty()
    }
}

impl ExclusionList {
    /// Describes it: `bajas.xlsx: 214 recipients from 2 sheets`
    pub(crate) fn describe(&self) -> Message {
        let Self { name, sheets, .. } = self;
        let count = self.count();
        match sheets {
            Some(sheets) => msg!(
                "{name}: {count} {count|recipient|recipients} from {sheets} {sheets|sheet|sheets}",
                name,
                count,
                sheets
            ),
            None => msg!("{name}: {count} {count|recipient|recipients}", name, count),
        }
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The most bad lines that an error lists.
const MAX_LISTED: usize = 20;

/// The bad lines of a file; keeps only the first ones.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    lines: Vec<UsageError>,
    count: u64,
}

/// The error for a line without a clear recipient.
pub(super) fn invalid_entry(words: Message) -> UsageError {
    UsageError::new(words, one_a_line())
}

pub(super) fn no_recipient(column: &str) -> UsageError {
    UsageError::new(
        msg!("`{column}` is empty, so the recipient is unknown", column),
        msg!("write the recipient's number there, or delete the line"),
    )
}

/// Returns the error for a list without a header, if `text` follows a recipient.
pub(super) fn extra_cells(text: &str) -> UsageError {
    let delimiter = text.get(..1).unwrap_or(",");
    let hint = msg!(
        "to name the columns, add a first line such as celular{delimiter}nombre; to list only recipients, \
         write one per line",
        delimiter
    );
    UsageError::new(
        msg!(
            "the list has no header, but `{text}` follows the recipient",
            text
        ),
        hint,
    )
}

pub(super) fn unclear(error: &RecipientError) -> UsageError {
    let several = msg!("for numbers of several countries: a header with a column País");
    let mut hint: Vec<_> = error.hint.iter().cloned().collect();
    hint.extend(error.is_without_country.then_some(several));
    UsageError {
        hint: (!hint.is_empty()).then(|| Message::joined(hint, "; ")),
        ..UsageError::bare(error.message())
    }
}

impl BadLines {
    /// `sheet` is the sheet of a workbook.
    pub(super) fn add(&mut self, sheet: Option<&str>, line: u64, fault: UsageError) {
        self.count += 1;
        if self.lines.len() < MAX_LISTED {
            let message = match sheet {
                Some(sheet) => msg!(
                    "sheet `{sheet}`, line {line}: {fault}",
                    sheet,
                    line,
                    fault = fault.message
                ),
                None => msg!("line {line}: {fault}", line, fault = fault.message),
            };
            self.lines.push(UsageError { message, ..fault });
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Removes all except the first `kept`.
    pub(super) fn cut(&mut self, kept: u64) {
        self.count = self.count.min(kept);
        self.lines
            .truncate(usize::try_from(self.count).unwrap_or(MAX_LISTED));
    }

    /// # Errors
    /// If there are bad lines.
    pub(super) fn check(mut self, name: &str) -> Result<(), UsageError> {
        match self.count {
            0 => Ok(()),
            1 => Err(self.lines.remove(0).in_file(name)),
            count => {
                let more = count.saturating_sub(self.lines.len() as u64);
                let hint = self.lines.first().and_then(|fault| fault.hint.clone());
                let details = self.lines.into_iter().map(|fault| fault.message);
                let details = details
                    .chain((more > 0).then(|| msg!("and {more} more", more)))
                    .collect();
                let message = msg!("{name}: {count} lines have no valid recipient", name, count);
                Err(UsageError {
                    details,
                    hint,
                    ..UsageError::bare(message)
                })
            }
        }
    }
}
