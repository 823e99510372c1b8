//! The people who must not be written to: all lists of a command together, compared by person.

use std::collections::HashSet;
use std::io::Read;

use super::exclusion_file::{ExclusionError, ExclusionOrigin, read};
use crate::phone::{Country, person_key};

/// Who must not be written to, and which list says so.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    lists: Vec<ExclusionList>,
}

#[derive(Debug)]
struct ExclusionList {
    name: String,
    people: People,
}

/// People by their keys. A list may have millions of them, nearly all of them phone numbers.
#[derive(Debug, Default)]
struct People {
    /// Keys that are numbers, sorted.
    numbers: Vec<u64>,
    others: HashSet<Box<str>>,
}

impl Exclusions {
    /// Adds the list that `input` holds. `name` is what it is called, `origin` who asks for it, and `country` whose national
    /// numbers it may have. Says whether somebody is
    /// on it.
    ///
    /// # Errors
    /// When it is no such list, or a line of it names nobody.
    pub(crate) fn add(
        &mut self,
        input: Box<dyn Read>,
        name: &str,
        origin: &ExclusionOrigin,
        country: Option<Country>,
    ) -> Result<bool, ExclusionError> {
        let mut people = People::default();
        read(input, name, country, |recipient| people.add(recipient))
            .map_err(|problem| ExclusionError::new(origin, name, problem))?;
        people.numbers.sort_unstable();
        people.numbers.dedup();
        let is_anybody = !people.numbers.is_empty() || !people.others.is_empty();
        self.lists.push(ExclusionList { name: name.to_owned(), people });
        Ok(is_anybody)
    }

    /// Whether there is no list at all.
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
            let list = self.lists.iter().find(|list| list.people.has(&key))?;
            Some((recipient, list.name.as_str()))
        })
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

    fn exclusions(lists: &[(&str, &str)]) -> Result<Exclusions, String> {
        let mut exclusions = Exclusions::default();
        for (name, text) in lists {
            let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
            exclusions.add(input, name, &ExclusionOrigin::Flag, None).map_err(|error| error.to_string())?;
        }
        Ok(exclusions)
    }

    #[test]
    fn finds_a_person_under_each_form_of_a_number() {
        let exclusions = exclusions(&[
            ("a", "# opt-outs\n\n+52 1 55 1234 5678\n5491123456789\nid:U1\nid:0593987654321\r\n"),
            ("b", "nombre;celular\n# none\nAna;551187654321\n"),
            ("c", "{\"to\":593987654321}\n"),
            ("d", "US.13491208655302741918\nEC.ENT.1 # of the group\n"),
            ("e", "EC.1234567890123456789\n"),
        ])
        .unwrap();
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
}
