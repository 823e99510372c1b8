//! Finds cells that are probably a mistake: a placeholder or a spreadsheet error, such as `#N/A` in a greeting; an empty
//! cell that leaves a gap; a text in a wrong encoding or in HTML; and amounts with contradicting decimal separators.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{BulkError, RowError};
use super::plan::ImportPlan;
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::lists::list_file::Row;
use crate::lists::template::{ForeignText, ReadAmount, decimal_mark};
use crate::phone::Country;

/// Words that programs write for a missing or pending value, in lower case and without spaces.
const NOTHING: &str = "- -- --- – — n/a n/d n.a. n.d. null (null) <null> nan none (none) undefined <na> nil \\n nulo (blank) \
    (vacío) (vacio) [objectobject] loading... loading… cargando... cargando… carregando... carregando… infinity -infinity +inf \
    -inf 1.#inf 1.#qnan -1.#ind";
/// A missing time in pandas. Written `Nat` or `NAT`, it is a name and not a missing value.
const NO_TIME: &str = "NaT";
/// A given name. Only other spellings, `nil` and `NIL`, are a missing value.
const NAME: &str = "Nil";
/// Words that spreadsheets write after `#` for an error, in English, Spanish and Portuguese. In lower case, they count
/// only with their final punctuation.
const ERRORS: &str = "N/A N/D REF! VALUE! VALOR! DIV/0! NUM! NÚM! NULL! NULO! NAME? NOMBRE? NOME? SPILL! DESBORDAMIENTO! \
    DESPEJAR! DERRAMAR! CALC! ERROR! ERR! FIELD! CAMPO! BLOCKED! BLOQUEADO! UNKNOWN! DESCONOCIDO! DESCONHECIDO! CONNECT! \
    CONECTAR! BUSY! OCUPADO! PYTHON! EXTERNAL! TIMEOUT! GETTING_DATA OBTENIENDO_DATOS";

/// The columns that a message uses.
pub(super) struct UsedCells<'a> {
    printed: BTreeSet<&'a str>,
    /// Whether any column may be printed.
    prints_all: bool,
    /// Columns that leave a gap in the text if their cell is empty.
    gaps: BTreeSet<&'a str>,
    /// Each with the path of its text.
    amounts: Vec<(&'a str, &'a ReadAmount)>,
    /// The first cells of `amounts` that are numbers with either decimal separator, by position and the separator of
    /// their country; each with its line.
    read_by_country: BTreeMap<(usize, char), (u64, String)>,
    /// The first cells of `amounts` with another decimal separator than their country's.
    shown_otherwise: BTreeMap<(usize, char), (u64, String)>,
    compared: BTreeSet<&'a (String, String)>,
}

impl<'a> UsedCells<'a> {
    pub(super) fn new(plan: &'a ImportPlan<'a>) -> Self {
        let body = plan.body.uses().collect::<Vec<_>>();
        let texts = plan.texts().collect::<Vec<_>>();
        let amounts = texts
            .iter()
            .flat_map(|(path, uses)| uses.amounts.iter().map(move |amount| (*path, amount)));
        Self {
            printed: body
                .iter()
                .flat_map(|(_, uses)| &uses.printed)
                .map(String::as_str)
                .collect(),
            prints_all: body.iter().any(|(_, uses)| uses.is_of_all),
            gaps: body
                .iter()
                .flat_map(|(_, uses)| &uses.gaps)
                .map(String::as_str)
                .collect(),
            amounts: amounts.collect(),
            read_by_country: BTreeMap::new(),
            shown_otherwise: BTreeMap::new(),
            compared: texts.iter().flat_map(|(_, uses)| &uses.compared).collect(),
        }
    }

    /// The columns of `row` with a placeholder or an error, each with this word; not if the message compares the cell with
    /// it. Also the columns with an empty cell that leaves a gap, each with an empty word.
    pub(super) fn suspects<'r>(&self, row: &'r Row) -> Vec<(&'r str, &'r str)>
    where
        'a: 'r,
    {
        let is_compared = |name: &str, cell: &str| {
            self.compared
                .iter()
                .any(|(column, text)| column == name && text == cell)
        };
        let word = |name| {
            let (cell, word) = row.text(name).map(|cell| (cell, cell.trim()))?;
            let is_gap = word.is_empty() && self.gaps.contains(name);
            (is_gap || (is_error(word) || is_nothing(word)) && !is_compared(name, cell))
                .then_some(word)
        };
        self.printed_columns(row)
            .into_iter()
            .filter_map(|name| Some((name, word(name)?)))
            .collect()
    }

    /// Descriptions of text in the printed cells of `row` for another program or in another encoding.
    pub(super) fn foreign_texts(&self, row: &Row) -> Vec<String> {
        let describe = |name: &str| {
            let found = ForeignText::find(row.text(name)?)?;
            Some(format!("{name}: {}", found.describe_in_cell()))
        };
        self.printed_columns(row)
            .into_iter()
            .filter_map(describe)
            .collect()
    }

    fn printed_columns<'r>(&self, row: &'r Row) -> Vec<&'r str>
    where
        'a: 'r,
    {
        let all = if self.prints_all {
            row.names()
        } else {
            Vec::new()
        };
        let rest = all.into_iter().filter(|name| !self.printed.contains(name));
        self.printed.iter().copied().chain(rest).collect()
    }

    /// Records which decimal separators the amounts of a row show.
    pub(super) fn note_decimals(
        &mut self,
        line: u64,
        row: &Row,
        country: impl Fn() -> Option<Country>,
    ) {
        let country = if self.amounts.is_empty() {
            None
        } else {
            country()
        };
        let conventions = country.and_then(|country| Conventions::for_country(country.code()));
        let Some(mark) = conventions.map(|known| known.decimal_mark) else {
            return;
        };
        for (place, (_, amount)) in self.amounts.iter().enumerate() {
            // A sheet stores a number with a point in every country.
            let is_stored = row
                .place(&amount.column)
                .is_some_and(|place| row.cell_text(place).is_some());
            let Some(text) = row.text(&amount.column).filter(|_| !is_stored) else {
                continue;
            };
            let cells = match decimal_mark(text, None) {
                Some(shown) if shown == mark => continue,
                Some(_) => &mut self.shown_otherwise,
                None if decimal_mark(text, Some(mark)).is_some() => &mut self.read_by_country,
                None => continue,
            };
            cells
                .entry((place, mark))
                .or_insert_with(|| (line, text.trim().to_owned()));
        }
    }

    /// Refuses the first column with contradicting cells, up to the line `last`.
    pub(super) fn refuse_decimals(self, last: Option<u64>) -> Result<(), BulkError> {
        let Self {
            amounts,
            read_by_country,
            mut shown_otherwise,
            ..
        } = self;
        let is_within = |line: u64| last.is_none_or(|last| line <= last);
        for ((place, mark), (line, text)) in read_by_country
            .into_iter()
            .filter(|(_, (line, _))| is_within(*line))
        {
            if let (Some(other), Some((path, amount))) =
                (shown_otherwise.remove(&(place, mark)), amounts.get(place))
            {
                let with_point = &amount.with_point;
                let correct = with_point.replace(
                    "number('.')",
                    if mark == ',' {
                        "number('.')"
                    } else {
                        "number(',')"
                    },
                );
                let (separator, other_separator) = if mark == ',' {
                    ("comma", "point")
                } else {
                    ("point", "comma")
                };
                let ((other_line, other_text), column) = (other, &amount.column);
                let message = format!(
                    "{path}: the decimal separator of {column} is unclear: in its country, `{text}` in line {line} has a \
                     decimal {separator}, but `{other_text}` in line {other_line} has a decimal {other_separator}"
                );
                let hint = format!(
                    "to set it, write `{correct}`; or write these cells in the same format"
                );
                return Err(UsageError::new(message, hint).into());
            }
        }
        Ok(())
    }

    /// Warnings about cells that the message compares with a text, if they differ only in case.
    pub(super) fn warnings(&self, row: &Row) -> impl Iterator<Item = String> {
        self.compared.iter().filter_map(|(column, text)| {
            let cell = row.text(column)?;
            let is_near = cell != text && cell.trim().to_lowercase() == text.trim().to_lowercase();
            is_near.then(|| {
                format!("{column}: `{cell}` is not exactly `{text}`, as in the message; to ignore case: `{column} | lower`")
            })
        })
    }
}

fn is_nothing(text: &str) -> bool {
    match text {
        NO_TIME => return true,
        NAME => return false,
        _ => {}
    }
    let word = without_spaces(text).to_lowercase();
    NOTHING.split_whitespace().any(|known| known == word)
}

/// Whether it is a spreadsheet error: `#¡REF!`, `#REF`, `#######` or `Err:502`.
fn is_error(text: &str) -> bool {
    let word = without_spaces(text);
    let upper = word.to_uppercase();
    if let Some(number) = upper.strip_prefix("ERR:") {
        return number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit());
    }
    let (Some(name), Some(as_written)) = (upper.strip_prefix('#'), word.strip_prefix('#')) else {
        return false;
    };
    // The column was too narrow for a number or a date.
    if name.len() > 1 && name.bytes().all(|sign| sign == b'#') {
        return true;
    }
    let opening = ['¡', '¿'];
    let name = name.trim_start_matches(opening);
    let as_written = as_written.trim_start_matches(opening);
    ERRORS.split_whitespace().any(|error| {
        let unpunctuated = error.trim_end_matches(['!', '?']);
        error == name || unpunctuated == as_written
    })
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace()).collect()
}

/// Refuses a spreadsheet error among `suspects`; if `is_strict`, also a placeholder or an empty cell.
pub(super) fn refuse(suspects: &[(&str, &str)], is_strict: bool) -> Result<(), RowError> {
    let refused = suspects
        .iter()
        .find(|(_, cell)| is_error(cell) || is_strict);
    refused.map_or(Ok(()), |(column, cell)| {
        if cell.is_empty() {
            return Err(RowError::Problem(format!(
                "{column}: is empty and would leave a gap in the text"
            )));
        }
        let what = if is_error(cell) {
            "is a spreadsheet error"
        } else {
            "means no value"
        };
        Err(RowError::Problem(format!(
            "{column}: `{cell}` {what} and would be sent"
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheet_errors_and_empty_words_are_recognized() {
        for (text, expected) in [
            ("#N/A", (true, false)),
            ("#¡REF!", (true, false)),
            ("#¿NOMBRE?", (true, false)),
            ("#DIV/0!", (true, false)),
            ("#n/a", (true, false)),
            ("# ref!", (true, false)),
            ("#REF", (true, false)),
            ("#¡valor!", (true, false)),
            ("#¿NOMBRE?", (true, false)),
            ("#######", (true, false)),
            ("Err:502", (true, false)),
            ("err: 508", (true, false)),
            ("#ref", (false, false)),
            ("#nombre", (false, false)),
            ("#", (false, false)),
            ("##1", (false, false)),
            ("Err:5020", (false, false)),
            ("Error", (false, false)),
            ("N/A", (false, true)),
            ("n / a", (false, true)),
            ("<NA>", (false, true)),
            ("NaT", (false, true)),
            ("nil", (false, true)),
            ("\\N", (false, true)),
            ("[object Object]", (false, true)),
            ("Loading...", (false, true)),
            ("CARGANDO…", (false, true)),
            ("-Infinity", (false, true)),
            ("(null)", (false, true)),
            ("Nil", (false, false)),
            ("Nat", (false, false)),
            ("N. A. Díaz", (false, false)),
            ("Loading", (false, false)),
            ("S/N", (false, false)),
            ("0", (false, false)),
            ("false", (false, false)),
            ("NaN", (false, true)),
            ("Null", (false, true)),
            ("—", (false, true)),
            ("", (false, false)),
            ("#1", (false, false)),
            ("#OFERTA!", (false, false)),
            ("Na", (false, false)),
            ("Nancy - Ana", (false, false)),
        ] {
            assert_eq!((is_error(text), is_nothing(text)), expected, "{text}");
        }
    }
}
