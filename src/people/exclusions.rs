//! The people who must not be written to: all lists of a command together, compared by person.

use std::collections::HashSet;
use std::fmt;

use super::country_rule::Readings;
use super::exclusion_error::{ExclusionError, ExclusionOrigin};
use super::exclusion_file::{ExclusionOptions, read};
use super::exclusion_table::ReadFile;
use crate::list::ListInput;
use crate::phone::{national_forms, person_key};

/// The excluded people, and the list that excludes each.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    lists: Vec<ExclusionList>,
}

/// `bajas.xlsx: 214 people from 2 sheets`
#[derive(Debug)]
pub(crate) struct ExclusionList {
    pub(crate) name: String,
    /// For a workbook, how many of its sheets have people.
    pub(crate) sheets: Option<u64>,
    /// Cells that may have been meant for a number.
    pub(crate) doubts: Vec<String>,
    /// See [`ReadFile`].
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
    /// Adds the list in `input`. `name` is its name, and `origin` the setting that asks for it.
    ///
    /// # Errors
    /// If it is not such a list, or a line does not name a person.
    pub(crate) fn add(
        &mut self,
        input: ListInput,
        name: &str,
        origin: &ExclusionOrigin,
        options: ExclusionOptions,
    ) -> Result<(), ExclusionError> {
        let (mut people, mut possible, mut national) = (People::default(), People::default(), Vec::new());
        let mut add = |readings: &Readings| {
            national.extend(readings.national);
            if let Some((meant, others)) = readings.people.split_first() {
                people.add(meant);
                for other in others {
                    possible.add(other);
                }
            }
        };
        let found =
            read(input, name, options, &mut add).map_err(|problem| ExclusionError::new(origin, name, problem))?;
        for numbers in [&mut people.numbers, &mut possible.numbers, &mut national] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        let (name, ReadFile { sheets, doubts, passed_over }) = (name.to_owned(), found);
        self.lists.push(ExclusionList { name, sheets, doubts, passed_over, people, possible, national });
        Ok(())
    }

    pub(crate) fn lists(&self) -> &[ExclusionList] {
        &self.lists
    }

    /// Whether there is no list.
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The first of `recipients` that is on a list, with the list's name.
    pub(crate) fn find<'a, 'b>(&'a self, mut recipients: impl Iterator<Item = &'b str>) -> Option<(&'b str, &'a str)> {
        if self.lists.is_empty() {
            return None;
        }
        recipients.find_map(|recipient| {
            let key = person_key(recipient);
            let national = national_forms(&key);
            let is_national =
                |list: &ExclusionList| national.iter().any(|form| list.national.binary_search(form).is_ok());
            let is_on = |list: &&ExclusionList| list.people.has(&key) || list.possible.has(&key) || is_national(list);
            let list = self.lists.iter().find(is_on)?;
            Some((recipient, list.name.as_str()))
        })
    }
}

impl ExclusionList {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::CountryRule;
    use crate::phone::Country;

    fn exclusions(country: Option<&str>, lists: &[(&str, &str)]) -> Exclusions {
        let countries = CountryRule::new(None, country.and_then(Country::named));
        let mut exclusions = Exclusions::default();
        for (name, text) in lists {
            let input = ListInput::Stream(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
            let options = ExclusionOptions { countries, encoding: None };
            exclusions.add(input, name, &ExclusionOrigin::Flag, options).unwrap();
        }
        exclusions
    }

    #[test]
    fn finds_a_person_under_each_form_of_a_number() {
        let lists = [
            ("a", "# opt-outs\n\n+52 1 55 1234 5678\n5491123456789\nid:U1\nid:0593987654321\r\n"),
            ("b", "nombre;celular\n# none\nAna;551187654321\n"),
            ("c", "{\"to\":593987654321}\n"),
            ("d", "US.13491208655302741918\nEC.ENT.1 # of the group\n"),
            ("e", "EC.1234567890123456789\n"),
        ];
        let exclusions = exclusions(None, &lists);
        for (recipient, list) in [
            ("525512345678", Some("a")),
            ("5215512345678", Some("a")),
            ("541123456789", Some("a")),
            ("U1", Some("a")),
            ("0593987654321", Some("a")),
            ("5511987654321", Some("b")),
            ("593987654321", Some("c")),
            ("593987654322", None),
            ("US.13491208655302741918", Some("d")),
            ("EC.ENT.1", Some("d")),
            ("EC.1234567890123456789", Some("e")),
            ("1234567890123456789", None),
            ("U2", None),
        ] {
            assert_eq!(
                exclusions.find(["593900000000", recipient].into_iter()).map(|(_, list)| list),
                list,
                "{recipient}"
            );
        }
    }

    #[test]
    fn digits_of_no_country_exclude_in_every_country() {
        let lists =
            [("a", "656 123 4567\n0987654321\n+6561234568\n"), ("b", "pais,celular\nPE,912345678\n,979345679\n")];
        let exclusions = exclusions(Some("EC"), &lists);
        for (recipient, list) in [
            // A number of Mexico, read as one of Singapore.
            ("526561234567", Some("a")),
            ("5216561234567", Some("a")),
            ("6561234567", Some("a")),
            ("526561234568", None),
            ("593987654321", Some("a")),
            ("51987654321", Some("a")),
            ("51912345678", Some("b")),
            ("593912345678", None),
            ("593979345679", Some("b")),
            ("51979345679", Some("b")),
        ] {
            let found = exclusions.find([recipient].into_iter());
            assert_eq!(found.map(|(_, list)| list), list, "{recipient}");
        }
    }
}
