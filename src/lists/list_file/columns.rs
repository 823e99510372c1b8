//! The columns of a list, and the choice of the recipient column.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::country_column::is_country_column;
use super::questions::{HeaderLine, filled, which_column, which_header};
use crate::base::input::UsageError;
use crate::base::question::Question;
use crate::base::suggest::{name_words, plain};

/// Names of a recipient column in the languages of Jelou's users, in the form of [`plain`]. The
/// whole name must match: `celular_conyuge` is another person's number.
static RECIPIENT_NAMES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("recipient_names.txt").lines().collect());

/// Names of a recipient column that count only if no other column has one of the names above: a
/// contact may also be a name, and a number may be an order number.
const WEAK_RECIPIENT_NAMES: [&str; 9] = [
    "contacto",
    "contact",
    "contactnumber",
    "numerodecontacto",
    BARE_NUMBER,
    "fone",
    "telcelular",
    "telefonecelular",
    "telmovil",
];

/// The name of a column that may be the number of anything, such as an invoice.
const BARE_NUMBER: &str = "numero";

/// A name with one of these words may be the name of a column of phone numbers.
const PHONE_WORDS: [&str; 21] = [
    "cel",
    "cell",
    "cellphone",
    "celular",
    "celulares",
    "fone",
    "fono",
    "mobile",
    "movil",
    "phone",
    "tel",
    "telef",
    "telefone",
    "telefono",
    "telefonos",
    "telemovel",
    "telf",
    "tlf",
    "whatsapp",
    "wpp",
    "wsp",
];

/// If a name also has one of these words, its column has another phone of the recipient, or no phone numbers.
const WORDS_FOR_OTHER_COLUMNS: [&str; 31] = [
    "acepta",
    "casa",
    "cod",
    "code",
    "codigo",
    "conyuge",
    "country",
    "emergencia",
    "estado",
    "etiqueta",
    "fecha",
    "fijo",
    "imei",
    "indicativo",
    "label",
    "marca",
    "modelo",
    "obs",
    "observacion",
    "observaciones",
    "oficina",
    "operador",
    "operadora",
    "plan",
    "prefijo",
    "referencia",
    "status",
    "tipo",
    "trabajo",
    "type",
    "valor",
];

/// The fewest digits that are certainly a phone number. A date has fewer.
const CERTAIN_NUMBER: usize = 9;

/// The fewest digits of a phone number.
const MIN_DIGITS: usize = 7;

/// A column must contain one of these to be suggested for `--to-column`.
const SUGGESTED_PARTS: [&str; 8] = [
    "telefon",
    "phone",
    "celular",
    "movil",
    "mobile",
    "whatsapp",
    "recipient",
    "destinatari",
];

/// A column of mobiles has one of these in its name.
const MOBILE_PARTS: [&str; 5] = ["celular", "cellphone", "movil", "mobile", "whatsapp"];

/// Or one of these words.
const MOBILE_WORDS: [&str; 2] = ["cel", "cell"];

/// A column of landlines has one of these in its name.
const LANDLINE_PARTS: [&str; 4] = ["tel", "tlf", "fono", "phone"];

/// The names in a header, with their positions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    names: Vec<String>,
    /// The names in the form of [`plain`].
    plain_names: Vec<String>,
    /// The columns with a usual name for the country of a row.
    country_places: Vec<usize>,
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
    /// Spaces around a name are ignored. Many columns may have no name, because spreadsheets keep
    /// empty columns.
    ///
    /// # Errors
    /// If two columns have the same name.
    pub(super) fn new(names: Vec<String>, place: HeaderPlace) -> Result<Self, UsageError> {
        let mut known = HashSet::new();
        if let Some(name) = names
            .iter()
            .map(|name| name.trim())
            .find(|name| !name.is_empty() && !known.insert(*name))
        {
            return Err(UsageError::new(
                format!("two columns have the name `{name}`"),
                "rename one of them",
            ));
        }
        let plain_names = names.iter().map(|name| plain(name)).collect();
        let title = possible_title(&names)
            .filter(|name| !place.is_chosen && recipient_column(&[name], &[], None).is_err())
            .map(str::to_owned);
        let country_places = (0..)
            .zip(&names)
            .filter(|(_, name)| is_country_column(name))
            .map(|(place, _)| place)
            .collect();
        Ok(Self {
            names,
            plain_names,
            country_places,
            title,
            place,
        })
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
        if !is_wider && (names.len() < 2 || recipient_column(&names, &[], None).is_err()) {
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
            format!("the first line is not the header: no column in it has recipients ({names})")
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

    fn title_problem(title: &str) -> String {
        match title {
            "" => "the first line has no column names".to_owned(),
            title => format!("the first line is a title, not the header: `{title}`"),
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

    pub(super) fn country_places(&self) -> &[usize] {
        &self.country_places
    }

    /// Returns the position of the column that `name` selects, as in [`meant_columns`].
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
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
    let is_named = cells
        .iter()
        .any(|cell| ColumnRole::from_name(cell) == ColumnRole::Recipient);
    let may_be_recipient = |cell: &&str| {
        cell.contains(|character: char| character.is_ascii_digit()) || cell.starts_with("id:")
    };
    has_several && is_named && !cells.iter().any(may_be_recipient)
}

/// Returns whether the row `cells` has a phone number under the name of a recipient column in `header`.
pub(super) fn has_recipient_below(header: &[&str], cells: &[&str]) -> bool {
    header.iter().zip(cells).any(|(name, cell)| {
        ColumnRole::from_name(name) == ColumnRole::Recipient && is_number(cell, MIN_DIGITS)
    })
}

/// The last line that jelouctl checks for a header below titles.
pub(super) const LAST_HEADER_LINE: u64 = 10;

/// Returns the columns that `asked` may mean: the column with exactly this name. Without one,
/// columns that differ only in case, accents, spaces and punctuation.
pub(crate) fn meant_columns<'a>(names: &[&'a str], asked: &str) -> Vec<&'a str> {
    let asked = asked.trim();
    let all = names.iter().map(|name| name.trim());
    if let Some(exact) = all.clone().find(|name| *name == asked) {
        return vec![exact];
    }
    // A line break in a header cell is printed as these two characters, and users copy them.
    let plain_name = plain(&asked.replace("\\r", " ").replace("\\n", " "));
    all.filter(|name| !plain_name.is_empty() && plain(name) == plain_name)
        .collect()
}

/// Returns the recipient column: the one in `asked`, or the only one with a matching name. `cells`
/// are the cells of a row, or empty. An error suggests the columns of this row's numbers.
///
/// # Errors
/// If no column, or more than one, can be the recipient column.
pub(crate) fn recipient_column(
    names: &[&str],
    cells: &[&str],
    asked: Option<&str>,
) -> Result<String, UsageError> {
    if let Some(asked) = asked.map(str::trim) {
        return match meant_columns(names, asked)[..] {
            [name] => Ok(name.to_owned()),
            [first, second, ..] => {
                let error = UsageError::ambiguous_column("--to-column", asked, first, second);
                Err(UsageError::open(
                    error.message,
                    which_column(&[first, second]),
                ))
            }
            [] => {
                let hint = "write the name exactly as in the header";
                let error = UsageError::no_column("--to-column", asked, names, hint);
                Err(no_header(names)
                    .unwrap_or_else(|| error.or_ask_column(&proposed(names, cells))))
            }
        };
    }
    match named_columns(names, cells)[..] {
        [name] => Ok(name.to_owned()),
        [] => Err(unnamed_column(names, cells)),
        ref several => Err(several_columns(several)),
    }
}

/// Returns the columns with the name of a recipient column. `cells` are the cells of a row, or empty.
pub(crate) fn named_columns<'a>(names: &[&'a str], cells: &[&str]) -> Vec<&'a str> {
    let alike = |role| -> Vec<&str> {
        names
            .iter()
            .map(|name| name.trim())
            .filter(|name| ColumnRole::from_name(name) == role)
            .collect()
    };
    let strong = alike(ColumnRole::Recipient);
    if !strong.is_empty() {
        return strong;
    }
    let weak = alike(ColumnRole::Ambiguous);
    let better = better_than_bare_number(names, cells, &weak);
    [better, weak].concat()
}

/// Returns the error for a list without the name of a recipient column.
pub(crate) fn unnamed_column(names: &[&str], cells: &[&str]) -> UsageError {
    let columns: Vec<_> = names.iter().map(|name| name.trim()).collect();
    let none = || UsageError::no_recipient_column(&columns, &proposed(names, cells));
    no_header(names).unwrap_or_else(none)
}

/// Returns the error for several columns that may have the recipients.
pub(crate) fn several_columns(columns: &[&str]) -> UsageError {
    let named = columns.iter().take(2).map(|name| format!("`{name}`"));
    let named = named.collect::<Vec<_>>().join(" and ");
    let problem = format!("{named} could both be the recipient's column");
    UsageError::open(problem, which_column(columns))
}

/// Returns the columns that are more probably the recipient's column than the only one in `weak`, if that is `Número`. In
/// the row `cells`, they have a phone number or no value.
fn better_than_bare_number<'a>(names: &[&'a str], cells: &[&str], weak: &[&str]) -> Vec<&'a str> {
    let is_bare_number = matches!(weak, [only] if plain(only) == BARE_NUMBER);
    if !is_bare_number {
        return Vec::new();
    }
    let may_be_better = |name: &str, cell: &str| {
        let words = name_words(name);
        let names_own_phone =
            has_one_of(&words, &PHONE_WORDS) && !has_one_of(&words, &WORDS_FOR_OTHER_COLUMNS);
        names_own_phone && (is_blank(cell) || has_phone_number(cell))
    };
    let named_cells = names.iter().map(|name| name.trim()).zip(cells);
    named_cells
        .filter(|(name, cell)| may_be_better(name, cell))
        .map(|(name, _)| name)
        .collect()
}

/// Returns the columns that may have the recipient without its name: first those with a related
/// name and a number in the row, then others with a number. If the row has no number, those with a
/// related name.
fn proposed<'a>(names: &[&'a str], cells: &[&str]) -> Vec<&'a str> {
    let has_number = |place: usize, fewest: usize| {
        cells
            .get(place)
            .is_some_and(|cell| has_number(cell, fewest))
    };
    let mut with_number = Vec::new();
    let mut by_name = Vec::new();
    let mut others = Vec::new();
    for (place, name) in names.iter().map(|name| name.trim()).enumerate() {
        let is_related =
            ColumnRole::from_name(name) == ColumnRole::Related && !is_type_column(name);
        if is_related && has_number(place, MIN_DIGITS) {
            with_number.push(name);
        } else if is_related {
            by_name.push(name);
        } else if !name.is_empty() && has_number(place, CERTAIN_NUMBER) {
            others.push(name);
        }
    }
    [with_number, by_name, others]
        .into_iter()
        .find(|columns| !columns.is_empty())
        .unwrap_or_default()
}

/// Returns the columns that may have the recipients' mobiles, if `column` may have landlines or names instead. Each has a
/// number in the row `cells`.
pub(crate) fn other_mobile_columns<'a>(
    names: &[&'a str],
    cells: &[&str],
    column: &str,
) -> Vec<&'a str> {
    let has_part = |name: &str, parts: &[&str]| {
        let name = plain(name);
        parts.iter().any(|part| name.contains(part))
    };
    let names_mobile =
        |name: &str| has_part(name, &MOBILE_PARTS) || has_one_of(&name_words(name), &MOBILE_WORDS);
    let may_have_names = ColumnRole::from_name(column) == ColumnRole::Ambiguous;
    let may_have_landlines = has_part(column, &LANDLINE_PARTS) && !names_mobile(column);
    if !may_have_names && !may_have_landlines {
        return Vec::new();
    }
    let named_cells = names.iter().map(|name| name.trim()).zip(cells);
    named_cells
        .filter(|(name, cell)| {
            ColumnRole::from_name(name) == ColumnRole::Related
                && names_mobile(name)
                && has_number(cell, MIN_DIGITS)
        })
        .map(|(name, _)| name)
        .collect()
}

/// Returns whether a cell begins with a number that has at least this many digits.
fn has_number(cell: &str, fewest: usize) -> bool {
    // Google Contacts writes several numbers into a cell.
    let first = cell.split(":::").next();
    first.is_some_and(|number| is_number(number, fewest))
}

/// Returns whether a cell begins with a phone number. A date is not one.
fn has_phone_number(cell: &str) -> bool {
    let is_plain = cell.trim().bytes().all(|byte| byte.is_ascii_digit());
    has_number(cell, if is_plain { MIN_DIGITS } else { CERTAIN_NUMBER })
}

/// Returns whether a cell is empty or has a word for an empty one.
fn is_blank(cell: &str) -> bool {
    ["", "na", "nan", "nd", "none", "notiene", "null", "sd"].contains(&plain(cell).as_str())
}

/// Returns whether a column has the types of phone numbers, such as `Phone 1 - Label`.
fn is_type_column(name: &str) -> bool {
    let last_word = name
        .split(|character: char| !character.is_alphanumeric())
        .rfind(|word| !word.is_empty());
    last_word
        .is_some_and(|word| ["label", "type", "tipo", "etiqueta"].contains(&plain(word).as_str()))
}

/// The role of a column, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnRole {
    /// The recipient column.
    Recipient,
    /// The recipient column if there is no other. It may also be something else, such as
    /// `Contacto`.
    Ambiguous,
    /// Not the recipient column, but it may have phone numbers: `celular_conyuge`.
    Related,
    Other,
}

impl ColumnRole {
    pub(crate) fn from_name(written: &str) -> Self {
        let name = plain(written);
        match name.as_str() {
            name if RECIPIENT_NAMES.contains(name) => Self::Recipient,
            name if WEAK_RECIPIENT_NAMES.contains(&name) => Self::Ambiguous,
            _ if has_one_of(&name_words(written), &PHONE_WORDS) => Self::Related,
            name if SUGGESTED_PARTS.iter().any(|part| name.contains(part)) => Self::Related,
            _ => Self::Other,
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

/// Returns whether one of the `words` is `wanted`.
fn has_one_of(words: &[String], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(&word.as_str()))
}

/// Returns an error if `names` are the cells of a row, because one of them is a phone number.
pub(crate) fn no_header(names: &[&str]) -> Option<UsageError> {
    let cells: Vec<_> = names.iter().map(|name| name.trim()).collect();
    cells.iter().find(|cell| is_number(cell, CERTAIN_NUMBER))?;
    Some(UsageError::new(
        format!(
            "expected a header in the first line, found a recipient's row: {}",
            cells.join(", ")
        ),
        "add a first line with the column names, such as nombre,celular",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_column_is_found_or_explained() {
        for (names, named, expected) in [
            (&["nombre", "celular"][..], None, Ok("celular")),
            (&["Teléfono ", "x"], None, Ok("Teléfono")),
            (&["USER_ID"], None, Ok("USER_ID")),
            (&["Tel.", "x"], None, Ok("Tel.")),
            (&["Nº de celular"], None, Ok("Nº de celular")),
            (&["N° Teléfono", "x"], None, Ok("N° Teléfono")),
            (&["Contacto"], None, Ok("Contacto")),
            (&["Contacto", "Celular"], None, Ok("Celular")),
            (&["Fono", "x"], None, Ok("Fono")),
            (&["Fone", "x"], None, Ok("Fone")),
            (&["Tel. Móvil", "x"], None, Ok("Tel. Móvil")),
            (&["Telefone Celular", "x"], None, Ok("Telefone Celular")),
            (
                &["Teléfono 1", "Teléfono 2"],
                None,
                Err("found no recipient column"),
            ),
            (&["Teléfono 1", "Celular"], None, Ok("Celular")),
            (
                &["Celular\n(WhatsApp)", "x"],
                None,
                Ok("Celular\n(WhatsApp)"),
            ),
            (&["Número", "nombre"], None, Ok("Número")),
            (&["Número", "Móvil"], None, Ok("Móvil")),
            (&["WhatsApp", "Número"], None, Ok("WhatsApp")),
            (
                &["celular_conyuge", "WhatsApp cliente"],
                None,
                Err("found no recipient column"),
            ),
            (
                &["Teléfono celular", "x"],
                Some("telefono_celular"),
                Ok("Teléfono celular"),
            ),
            (&["Teléfono", "telefono"], Some("telefono"), Ok("telefono")),
            (
                &["Teléfono", "telefono"],
                Some("TELEFONO"),
                Err("could be the column `Teléfono` or `telefono`"),
            ),
            (&["!", "?"], Some("-"), Err("there is no column `-`")),
            (&["phone", "celular"], None, Err("`phone` and `celular`")),
            (&["phone", "celular"], Some("celular"), Ok("celular")),
            (&["a", "b"], Some("c"), Err("there is no column `c`")),
            (&["a", "b"], None, Err("no recipient column")),
        ] {
            match (recipient_column(names, &[], named), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{error}");
                }
                (found, _) => panic!("{names:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn bare_number_is_not_preferred_to_a_phone_column() {
        let both = |name: &str| {
            Err(format!(
                "`{name}` and `Número` could both be the recipient's column"
            ))
        };
        let number = || Ok("Número".to_owned());
        for (name, cell, expected) in [
            ("Cel titular", "3001234567", both("Cel titular")),
            ("Cel. cliente", "0987654321", both("Cel. cliente")),
            ("Celular titular", "987654321", both("Celular titular")),
            ("telTitular", "987654321", both("telTitular")),
            ("WhatsApp del cliente", "", both("WhatsApp del cliente")),
            ("Cel titular", "N/A", both("Cel titular")),
            ("Cel titular", " - ", both("Cel titular")),
            ("Acepta WhatsApp", "Sí", number()),
            ("Acepta WhatsApp", "", number()),
            ("WhatsApp desde", "2026-11-28", number()),
            ("Tel. trabajo", "", number()),
            ("Country Phone Code", "", number()),
            ("IMEI celular", "351234567890123", number()),
            ("Modelo celular", "S24", number()),
            ("Tel. tipo", "", number()),
            ("Cancelado", "987654321", number()),
            ("Monto", "120000000", number()),
        ] {
            let found = recipient_column(&["Número", name], &["3101234567", cell], None);
            assert_eq!(found.map_err(|error| error.to_string()), expected, "{name}");
        }
        let names = ["Número", "Cel titular", "Celular"];
        let found = recipient_column(&names, &["1", "2", "0987654321"], None);
        assert_eq!(found.unwrap(), "Celular");
    }

    #[test]
    fn columns_with_numbers_are_proposed() {
        for (names, cells, expected) in [
            (
                &[
                    "Name",
                    "Phone 1 - Label",
                    "Phone 1 - Value",
                    "Phone 2 - Value",
                ][..],
                &["Ana", "Mobile", "+593 98 765 4301", ""][..],
                &["Phone 1 - Value"][..],
            ),
            (
                &["Phone 1 - Type", "Phone 1 - Value"],
                &["Mobile", "098 765 4302 ::: 098 765 4303"],
                &["Phone 1 - Value"],
            ),
            (
                &["Phone 1 - Type", "Phone 1 - Value"],
                &["", ""],
                &["Phone 1 - Value"],
            ),
            (
                &["celular_conyuge", "WhatsApp cliente"],
                &["", "0987654321"],
                &["WhatsApp cliente"],
            ),
            (
                &["nombre", "fecha", "dato"],
                &["Ana", "2026-11-20", "0987654321"],
                &["dato"],
            ),
            (&["nombre", "monto"], &["Ana", "120"], &[]),
        ] {
            assert_eq!(proposed(names, cells), expected, "{names:?}");
        }
    }

    #[test]
    fn other_columns_of_mobiles_are_found() {
        for (names, cells, column, expected) in [
            (
                &["Cliente", "Teléfono", "Celular 1", "Celular 2"][..],
                &["Ana", "022345678", "0987654321", ""][..],
                "Teléfono",
                &["Celular 1"][..],
            ),
            (
                &["Contacto", "Nombre", "Celular Contacto"],
                &["Juan", "Ana", "0987654321"],
                "Contacto",
                &["Celular Contacto"],
            ),
            (
                &["Cliente", "Teléfono", "Cel titular"],
                &["Ana", "022345678", "0987654321"],
                "Teléfono",
                &["Cel titular"],
            ),
            (
                &["Tel. Cel", "Celular 2"],
                &["0987654321", "0987654322"],
                "Tel. Cel",
                &[],
            ),
            (
                &["Celular", "celular_conyuge"],
                &["0987654321", "0987654322"],
                "Celular",
                &[],
            ),
            (
                &["Teléfono", "Acepta WhatsApp"],
                &["0987654321", "Sí"],
                "Teléfono",
                &[],
            ),
            (
                &["to", "Celular 1"],
                &["0987654321", "0987654322"],
                "to",
                &[],
            ),
            (
                &["Teléfono", "Teléfono 2"],
                &["022345678", "022345679"],
                "Teléfono",
                &[],
            ),
        ] {
            assert_eq!(
                other_mobile_columns(names, cells, column),
                expected,
                "{names:?}"
            );
        }
    }

    #[test]
    fn second_header_row_is_found() {
        let place = HeaderPlace {
            line: 1,
            is_chosen: false,
        };
        let columns =
            |place| Columns::new(vec!["Datos".to_owned(), "x".to_owned()], place).unwrap();
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
}
