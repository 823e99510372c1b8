//! The columns of an input, and which of them is the recipient's.

use std::collections::HashMap;

use super::error::ListError;

/// Names that say "the recipient" in the languages of those who use Jelou, as [`plain`] writes them.
const RECIPIENT_NAMES: [&str; 16] = [
    "to",
    "userid",
    "recipient",
    "destinatario",
    "phone",
    "phonenumber",
    "telefono",
    "telefone",
    "numerodetelefono",
    "celular",
    "numerodecelular",
    "movil",
    "mobile",
    "cell",
    "whatsapp",
    "msisdn",
];

/// The names of a header, with their places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    /// Spaces around a name are not part of it. Columns without a name may be many: spreadsheets leave them.
    ///
    /// # Errors
    /// When two have the same name.
    pub(crate) fn new(names: Vec<String>) -> Result<Self, ListError> {
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            let name = name.trim().to_owned();
            if places.insert(name.clone(), place).is_some() && !name.is_empty() {
                return Err(ListError::TwoColumns { name });
            }
        }
        Ok(Self { names, places })
    }

    /// As the header writes them.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// The column of the recipient: the one that was `asked` for, or the only one whose name says so.
///
/// # Errors
/// When there is none, or more than one.
pub(crate) fn recipient_column(names: &[&str], asked: Option<&str>) -> Result<String, ListError> {
    let owned = || names.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(asked) = asked.map(str::trim) {
        let is_there = names.iter().any(|name| name.trim() == asked);
        let missing = || ListError::NoSuchColumn { flag: "--to-column", name: asked.to_owned(), columns: owned() };
        return is_there.then(|| asked.to_owned()).ok_or_else(missing);
    }
    let mut candidates =
        names.iter().map(|name| name.trim()).filter(|name| RECIPIENT_NAMES.contains(&plain(name).as_str()));
    match (candidates.next(), candidates.next()) {
        (Some(name), None) => Ok(name.to_owned()),
        (Some(first), Some(second)) => {
            Err(ListError::TwoRecipients { first: first.to_owned(), second: second.to_owned() })
        }
        (None, _) => Err(ListError::NoRecipientColumn { columns: owned() }),
    }
}

/// A name as people mean it: lower case, without accents, spaces, `_` and `-`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|character| !matches!(character, ' ' | '_' | '-' | '.'));
    let bare = |letter: char| match letter {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' => 'u',
        other => other,
    };
    letters.flat_map(char::to_lowercase).map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_recipient_by_name_or_says_why_not() {
        for (names, named, expected) in [
            (&["nombre", "celular"][..], None, Ok("celular")),
            (&["Teléfono ", "x"], None, Ok("Teléfono")),
            (&["USER_ID"], None, Ok("USER_ID")),
            (&["phone", "celular"], None, Err("`phone` and `celular`")),
            (&["phone", "celular"], Some("celular"), Ok("celular")),
            (&["a", "b"], Some("c"), Err("there is no column `c`")),
            (&["a", "b"], None, Err("no column")),
        ] {
            match (recipient_column(names, named), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (found, _) => panic!("{names:?}: {found:?}"),
            }
        }
    }
}
