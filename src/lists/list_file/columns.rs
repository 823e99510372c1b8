//! The columns of a list: the choice of the recipient column, and the one with the country of local numbers.

use std::collections::HashSet;

use super::questions::{HeaderLine, filled, which_column, which_header};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::question::Question;
use crate::base::suggest::{name_words, plain};

/// The usual names of the recipient's column, in the form of [`plain`]. The whole name must match: `celular_conyuge` is
/// another person's number. The first twelve are names of this program, and the commonest words in Spanish, Portuguese and
/// English. The others are in published exports: `Phone Number` (HubSpot, Mailchimp, forms of Meta), `Mobile Phone Number` and
/// `WhatsApp Phone Number` (HubSpot), `Mobile Phone` and `Teléfono móvil` (Outlook), and `Phone 1 - Value` (Google Contacts).
const RECIPIENT_NAMES: [&str; 18] = [
    "to",
    "userid",
    "recipient",
    "destinatario",
    "phone",
    "tel",
    "telefono",
    "telefone",
    "celular",
    "movil",
    "mobile",
    "whatsapp",
    "phonenumber",
    "mobilephonenumber",
    "whatsappphonenumber",
    "mobilephone",
    "telefonomovil",
    "phone1value",
];

/// In an exclusion list, a column with one of these words or parts in its name may have numbers, too.
const PHONE_WORDS: [&str; 11] = [
    "cel",
    "cell",
    "fone",
    "fono",
    "tel",
    "telef",
    "telemovel",
    "telf",
    "tlf",
    "wpp",
    "wsp",
];
const PHONE_PARTS: [&str; 8] = [
    "telefon",
    "phone",
    "celular",
    "movil",
    "mobile",
    "whatsapp",
    "recipient",
    "destinatari",
];

/// The fewest digits that are certainly a phone number. A date has fewer.
const CERTAIN_NUMBER: usize = 9;

/// The fewest digits of a phone number.
const MIN_DIGITS: usize = 7;

/// The names in a header, with their positions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    names: Vec<String>,
    /// The names in the form of [`plain`].
    plain_names: Vec<String>,
    /// The columns with a usual name for the country of a row.
    country_places: Vec<usize>,
    /// The names that several columns have. No name selects these columns.
    repeated: Vec<String>,
    /// Set if the line may be above the header: its only name, which is then a title, or an empty
    /// text.
    title: Option<String>,
    place: HeaderPlace,
}

/// The line of a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderPlace {
    pub(super) line: u64,
    /// Whether `--header-row` names it. Then no other line is taken for the header.
    pub(super) is_chosen: bool,
}

impl Columns {
    /// Spaces around a name are ignored. Many columns may have no name, because spreadsheets keep empty columns.
    pub(super) fn new(names: Vec<String>, place: HeaderPlace) -> Self {
        let mut known = HashSet::new();
        let repeated = names
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty() && !known.insert(*name))
            .map(str::to_owned)
            .collect();
        let plain_names = names.iter().map(|name| plain(name)).collect();
        let title = possible_title(&names)
            .filter(|name| !place.is_chosen && named_columns(&[*name]).is_empty())
            .map(str::to_owned);
        let country_places = (0..)
            .zip(&names)
            .filter(|(_, name)| is_country_column(name))
            .map(|(place, _)| place)
            .collect();
        Self {
            names,
            plain_names,
            country_places,
            repeated,
            title,
            place,
        }
    }

    /// Returns an error if these names are a title, because the row in `line` looks like the
    /// header.
    pub(super) fn check_title(&self, line: u64, cells: &[&str]) -> Result<(), UsageError> {
        let Some(title) = &self.title else {
            return Ok(());
        };
        let has_digit = |cell: &&str| cell.contains(|sign: char| sign.is_ascii_digit());
        // A header has more cells than the title, and no number.
        let is_wider = cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1
            && !cells.iter().any(has_digit);
        // If the title has no delimiter, a cell may be a whole line.
        let names: Vec<_> = cells
            .iter()
            .flat_map(|cell| cell.split([',', ';', '\t', '|']))
            .map(str::trim)
            .collect();
        if !is_wider && (names.len() < 2 || named_columns(&names).is_empty()) {
            return Ok(());
        }
        let question = self.which_header(line, names);
        Err(UsageError::open(Self::title_problem(title), question))
    }

    /// Returns the error for a list with titles above the header, which is the row in `line`. None if
    /// the row does not look like a header, or has no more names than the first line.
    pub(super) fn later_header(&self, line: u64, cells: &[&str]) -> Option<UsageError> {
        // If the title has no delimiter, a cell may be a whole line.
        let cells: Vec<_> = match cells {
            [whole] => whole.split([',', ';', '\t', '|']).collect(),
            several => several.to_vec(),
        };
        let names: Vec<_> = self.names.iter().map(|name| name.trim()).collect();
        let count = |texts: &[&str]| texts.iter().filter(|text| !text.trim().is_empty()).count();
        if count(&cells) <= count(&names) {
            return None;
        }
        if self.place.is_chosen || !is_like_header(&cells) {
            return None;
        }
        let problem = if let Some(title) = &self.title {
            Self::title_problem(title)
        } else {
            let names = filled(names.into_iter());
            msg!(
                "the first line is not the header: no column in it has recipients ({names})",
                names
            )
        };
        let question = self.which_header(line, cells);
        Some(UsageError::open(problem, question))
    }

    /// Returns the question for a row in `line` that reads like the header: it has the name of a recipient column, and no
    /// number or id. None for other rows.
    pub(crate) fn second_header(&self, line: u64, cells: &[&str]) -> Option<Question> {
        let is_header = !self.place.is_chosen && is_like_header(cells);
        is_header.then(|| self.which_header(line, cells.to_vec()))
    }

    /// Returns the question whether the row in `line` is the header, and not this one.
    fn which_header(&self, line: u64, names: Vec<&str>) -> Question {
        let own = HeaderLine {
            line: self.place.line,
            names: self.names.iter().map(String::as_str).collect(),
        };
        which_header(&[HeaderLine { line, names }, own])
    }

    fn title_problem(title: &str) -> Message {
        match title {
            "" => msg!("the first line has no column names"),
            title => msg!(
                "the first line is a title, not the header: `{title}`",
                title
            ),
        }
    }

    /// Returns the names as the header has them.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns whether `header` has all columns that have a name. False if none has a name.
    pub(super) fn are_in(&self, header: &[&str]) -> bool {
        let header: Vec<_> = header.iter().map(|name| plain(name)).collect();
        let named = self.plain_names.iter().filter(|name| !name.is_empty());
        named.clone().count() > 0 && named.clone().all(|name| header.contains(name))
    }

    /// Returns the names that several columns have.
    pub(crate) fn repeated(&self) -> &[String] {
        &self.repeated
    }

    pub(super) fn country_places(&self) -> &[usize] {
        &self.country_places
    }

    /// Returns the position of the column that `name` selects, as in [`meant_columns`].
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        if !self.repeated.is_empty() && self.repeated.iter().any(|known| known == name.trim()) {
            return None;
        }
        let names = self.names.iter();
        // Each row may look up a name, so try the exact name first: it is faster.
        let exact = names.clone().position(|known| known == name);
        if let Some(exact) = exact.or_else(|| names.clone().position(|known| known.trim() == name))
        {
            return Some(exact);
        }
        let asked = plain(name);
        let mut alike = (0..)
            .zip(&self.plain_names)
            .filter(|(_, known)| !asked.is_empty() && **known == asked);
        alike
            .next()
            .filter(|_| alike.next().is_none())
            .map(|(place, _)| place)
    }
}

/// Returns whether a row reads like a header: it has the name of a recipient column, and no number or id.
fn is_like_header(cells: &[&str]) -> bool {
    let cells: Vec<_> = cells.iter().map(|cell| cell.trim()).collect();
    let has_several = cells.iter().filter(|cell| !cell.is_empty()).count() > 1;
    let is_named = cells.iter().any(|cell| is_recipient_name(cell));
    let may_be_recipient = |cell: &&str| {
        cell.contains(|character: char| character.is_ascii_digit()) || cell.starts_with("id:")
    };
    has_several && is_named && !cells.iter().any(may_be_recipient)
}

/// Returns whether the row `cells` has a phone number under the name of a recipient column in `header`.
pub(super) fn has_recipient_below(header: &[&str], cells: &[&str]) -> bool {
    header
        .iter()
        .zip(cells)
        .any(|(name, cell)| is_recipient_name(name) && is_number(cell, MIN_DIGITS))
}

/// The last line that jelouctl checks for a header below titles.
pub(super) const LAST_HEADER_LINE: u64 = 10;

/// Returns the columns that `asked` may mean: the column with exactly this name, or several. Without one, columns that differ
/// only in case, accents, spaces and punctuation.
pub(crate) fn meant_columns<'a>(names: &[&'a str], asked: &str) -> Vec<&'a str> {
    let asked = asked.trim();
    let all = names.iter().map(|name| name.trim());
    let exact: Vec<_> = all.clone().filter(|name| *name == asked).collect();
    if !exact.is_empty() {
        return exact;
    }
    // A line break in a header cell is printed as these two characters, and users copy them.
    let plain_name = plain(&asked.replace("\\r", " ").replace("\\n", " "));
    all.filter(|name| !plain_name.is_empty() && plain(name) == plain_name)
        .collect()
}

/// Returns the columns with a usual name of the recipient's column.
pub(crate) fn named_columns<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let names = names.iter().map(|name| name.trim());
    names.filter(|name| is_recipient_name(name)).collect()
}

/// Returns the error for `asked`, which is not the name of one column.
pub(crate) fn not_one_column(names: &[&str], asked: &str) -> UsageError {
    const FLAG: &str = "--to-column";
    match meant_columns(names, asked)[..] {
        [first, second, ..] if first != second => {
            let error = UsageError::ambiguous_column(FLAG, asked, names);
            UsageError::open(error.message, which_column(&[first, second]))
        }
        [_, ..] => UsageError::ambiguous_column(FLAG, asked, names),
        [] => {
            let error = UsageError::no_column(FLAG, asked, names);
            no_header(names).unwrap_or_else(|| error.about_recipients())
        }
    }
}

/// Returns the error for a list without the name of a recipient column.
pub(crate) fn unnamed_column(names: &[&str]) -> UsageError {
    let columns: Vec<_> = names.iter().map(|name| name.trim()).collect();
    no_header(names).unwrap_or_else(|| UsageError::no_recipient_column(&columns))
}

/// Returns the error for several columns that may have the recipients.
pub(crate) fn several_columns(columns: &[&str]) -> UsageError {
    let [first, second] = [0, 1].map(|place| columns.get(place).copied().unwrap_or_default());
    let problem = msg!(
        "`{first}` and `{second}` could both be the recipient's column",
        first,
        second
    );
    UsageError::open(problem, which_column(columns))
}

/// Returns whether this is a usual name of the recipient's column.
pub(crate) fn is_recipient_name(name: &str) -> bool {
    RECIPIENT_NAMES.contains(&plain(name).as_str())
}

/// The role of a column in an exclusion list, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnRole {
    /// The recipient column.
    Recipient,
    /// Not the recipient column, but it may have phone numbers: `celular_conyuge`.
    Related,
    Other,
}

impl ColumnRole {
    pub(crate) fn from_name(name: &str) -> Self {
        if is_recipient_name(name) {
            return Self::Recipient;
        }
        let words = name_words(name);
        let has_word = words
            .iter()
            .any(|word| PHONE_WORDS.contains(&word.as_str()));
        let name = plain(name);
        if has_word || PHONE_PARTS.iter().any(|part| name.contains(part)) {
            Self::Related
        } else {
            Self::Other
        }
    }
}

/// Returns whether `text` is a number with at least this many digits, and only the usual characters
/// between them.
pub(super) fn is_number(text: &str, fewest: usize) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= fewest
        && text
            .chars()
            .all(|sign| sign.is_ascii_digit() || " +-().'\u{a0}".contains(sign))
}

/// Returns an error if `names` are the cells of a row, because one of them is a phone number.
pub(crate) fn no_header(names: &[&str]) -> Option<UsageError> {
    let cells: Vec<_> = names.iter().map(|name| name.trim()).collect();
    cells.iter().find(|cell| is_number(cell, CERTAIN_NUMBER))?;
    Some(UsageError::new(
        msg!(
            "expected a header, found a recipient's row: {row}",
            row = cells.join(", ")
        ),
        msg!(
            "add a first line with a name for each column; if the header is in another line: --header-row LINE"
        ),
    ))
}

/// Returns the only name that is not empty, or an empty text if all are empty.
fn possible_title(names: &[String]) -> Option<&str> {
    let mut filled = names
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty());
    let first = filled.next().unwrap_or_default();
    filled.next().is_none().then_some(first)
}

/// The usual names of this column, in the form of [`plain`]: in Spanish and English, and in exports of HubSpot
/// (`Country/Region`).
const USUAL_NAMES: [&str; 3] = ["pais", "country", "countryregion"];

/// The longest usual name with its accents and punctuation, in bytes.
const MAX_LENGTH: usize = 20;

/// Which column of a list has the countries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CountryColumn {
    /// No column.
    None,
    /// Every column with a usual name.
    Usual,
    /// The column with exactly this name.
    Named(String),
}

impl CountryColumn {
    /// Returns whether it is the column with this `name`.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::Usual => is_country_column(name),
            Self::Named(named) => named == name.trim(),
        }
    }
}

/// Returns whether a column has a usual name.
pub(crate) fn is_country_column(name: &str) -> bool {
    // Check the length first: each NDJSON row has its own names, and most are longer or differ.
    name.len() <= MAX_LENGTH && USUAL_NAMES.contains(&plain(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_columns_have_exact_names() {
        for (names, expected) in [
            (&["nombre", "celular"][..], &["celular"][..]),
            (&["Teléfono ", "x"], &["Teléfono"]),
            (&["USER_ID", "Tel."], &["USER_ID", "Tel."]),
            (
                &["Phone 1 - Value", "Phone 1 - Label"],
                &["Phone 1 - Value"],
            ),
            (&["Mobile Phone", "Home Phone"], &["Mobile Phone"]),
            (&["Phone Number", "Record ID"], &["Phone Number"]),
            (&["phone", "celular"], &["phone", "celular"]),
            (&["Número", "Contacto", "Nº de celular", "Fono"], &[]),
            (&["Teléfono 1", "celular_conyuge", ""], &[]),
        ] {
            assert_eq!(named_columns(names), expected, "{names:?}");
        }
    }

    #[test]
    fn name_means_one_column_or_several() {
        for (names, asked, expected) in [
            (
                &["Teléfono celular", "x"][..],
                "telefono_celular",
                &["Teléfono celular"][..],
            ),
            (&["Teléfono", "telefono"], "telefono", &["telefono"]),
            (
                &["Teléfono", "telefono"],
                "TELEFONO",
                &["Teléfono", "telefono"],
            ),
            (&["n", "n "], "n", &["n", "n"]),
            (
                &["Celular\n(WhatsApp)"],
                "celular\\n(whatsapp)",
                &["Celular\n(WhatsApp)"],
            ),
            (&["!", "?"], "-", &[]),
            (&["a", "b"], "c", &[]),
        ] {
            assert_eq!(meant_columns(names, asked), expected, "{names:?}");
        }
    }

    #[test]
    fn second_header_row_is_found() {
        let place = HeaderPlace {
            line: 1,
            is_chosen: false,
        };
        let columns = |place| Columns::new(vec!["Datos".to_owned(), "x".to_owned()], place);
        let row = ["Nombre", "Apellido", " Celular", "Correo"];
        let question = columns(place).second_header(2, &row).unwrap();
        assert_eq!(
            question.hint(),
            "to read line 2 as the header (Nombre, Apellido, Celular, Correo): --header-row 2; to read line 1 as the \
             header (Datos, x): --header-row 1"
        );
        let chosen = HeaderPlace {
            is_chosen: true,
            ..place
        };
        assert_eq!(columns(chosen).second_header(2, &row), None);
        for row in [
            &["Ana", "Prado", "0987654301", "x"][..],
            &["Celular", "id:abc"],
            &["Ana", "Prado", "", ""],
            &["Celular"],
        ] {
            assert_eq!(columns(place).second_header(2, row), None, "{row:?}");
        }
    }

    #[test]
    fn country_column_is_recognized_by_name() {
        for (name, expected) in [
            ("País", true),
            ("COUNTRY", true),
            ("Country/Region", true),
            ("country_code", false),
            ("paisaje", false),
            ("", false),
        ] {
            assert_eq!(is_country_column(name), expected, "{name}");
        }
        let named = CountryColumn::Named("Código".to_owned());
        assert!(named.has_name(" Código "));
        assert!(!named.has_name("codigo") && !named.has_name("País"));
        assert!(!CountryColumn::None.has_name("País"));
    }
}
