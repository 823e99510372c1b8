//! The people who must not be written to: all lists of a command together, compared by person.

use super::exclusion_file::{ExclusionOptions, read};
use super::exclusion_list::ExclusionList;
use crate::input::UsageError;
use crate::list::ListInput;
use crate::phone::{national_forms, person_key};

/// The excluded people, and the list that excludes each.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    lists: Vec<ExclusionList>,
}

impl Exclusions {
    /// Adds the list in `input`, which is called `name`.
    ///
    /// # Errors
    /// If it is not such a list, or a line does not name a person.
    pub(crate) fn add(&mut self, input: ListInput, name: &str, options: ExclusionOptions) -> Result<(), UsageError> {
        let mut list = ExclusionList::new(name);
        read(input, options, &mut list)?;
        list.sort();
        self.lists.push(list);
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
            let list = self.lists.iter().find(|list| list.has(&key, &national))?;
            Some((recipient, list.name.as_str()))
        })
    }
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
            exclusions.add(input, name, options).unwrap();
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
