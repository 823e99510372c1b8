//! The lists of excluded people, compared by person.

use std::collections::HashSet;
use std::fmt;

use super::country_rule::Readings;
use crate::phone::{national_forms, person_key};

/// The people who must not be written to: all lists of a command together, compared by person.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    pub(crate) lists: Vec<ExclusionList>,
}

/// `bajas.xlsx: 214 people from 2 sheets`
#[derive(Debug, Default)]
pub(crate) struct ExclusionList {
    pub(crate) name: String,
    /// For a workbook, how many of its sheets have people.
    pub(crate) sheets: Option<u64>,
    /// Cells that may have been meant for a number, each with its line.
    pub(crate) doubts: Vec<String>,
    /// The rows that were passed over, since a report has them as invalid and their recipient cannot be anyone's.
    pub(crate) passed_over: u64,
    people: People,
    /// Other people whom digits without `+` may mean. They are excluded, but not counted.
    possible: People,
    /// National numbers, sorted, of whatever country. They are excluded, but not counted either.
    national: Vec<u64>,
}

/// People by their keys. A list may have millions of them, nearly all of them phone numbers.
#[derive(Debug, Default)]
struct People {
    /// Keys that are numbers, sorted.
    numbers: Vec<u64>,
    others: HashSet<Box<str>>,
}

impl Exclusions {
    /// Whether there is no list.
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The first of `recipients` that is on a list, with the list's name.
    pub(crate) fn find<'a, 'b>(&'a self, mut recipients: impl Iterator<Item = &'b str>) -> Option<(&'b str, &'a str)> {
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
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds a person, in all readings.
    pub(super) fn add(&mut self, readings: &Readings) {
        self.national.extend(readings.national);
        if let Some((meant, others)) = readings.people.split_first() {
            self.people.add(meant);
            for other in others {
                self.possible.add(other);
            }
        }
    }

    /// After the last person, so that they are found.
    pub(super) fn sort(&mut self) {
        for numbers in [&mut self.people.numbers, &mut self.possible.numbers, &mut self.national] {
            numbers.sort_unstable();
            numbers.dedup();
        }
    }

    /// Whether the person of this key is on it, who has these national numbers.
    fn has(&self, key: &str, national: &[u64]) -> bool {
        let is_national = |form: &u64| self.national.binary_search(form).is_ok();
        self.people.has(key) || self.possible.has(key) || national.iter().any(is_national)
    }

    /// How many people are on it; each person counts once.
    pub(crate) fn count(&self) -> u64 {
        (self.people.numbers.len() + self.people.others.len()) as u64
    }
}

impl fmt::Display for ExclusionList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, sheets, .. } = self;
        let people = if self.count() == 1 { "person" } else { "people" };
        write!(formatter, "{name}: {} {people}", self.count())?;
        match sheets {
            None => Ok(()),
            Some(1) => write!(formatter, " from 1 sheet"),
            Some(sheets) => write!(formatter, " from {sheets} sheets"),
        }
    }
}

impl People {
    fn add(&mut self, recipient: &str) {
        let key = person_key(recipient);
        match number(&key) {
            Some(number) => self.numbers.push(number),
            None => {
                self.others.insert(Box::from(key));
            }
        }
    }

    fn has(&self, key: &str) -> bool {
        match number(key) {
            Some(number) => self.numbers.binary_search(&number).is_ok(),
            None => self.others.contains(key),
        }
    }
}

/// A key that is a number without a leading zero, which no other key can be.
fn number(key: &str) -> Option<u64> {
    let is_number = key.bytes().all(|byte| byte.is_ascii_digit()) && !key.starts_with('0');
    key.parse().ok().filter(|_| is_number)
}
