//! A file of excluded people: one on each line, a table with a header, objects, or a workbook. Anything that cannot be read is
//! an error with its line, because a person who is overlooked would get messages.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::Value;

use super::country_rule::CountryRule;
use super::exclusion_error::ExclusionProblem;
use super::exclusion_list::ExclusionList;
use super::exclusion_table::{ExclusionTables, may_name_person};
use crate::list::{
    AnyInput, CsvFormat, ListEncoding, ListError, ListInput, MAX_ROW, ReportedOutcome, Row, cells_of_line, object,
    sample,
};
use crate::phone::{is_user_id, short_user_id};

/// What may stand between the cells of a line.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// How the lists of excluded people are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExclusionOptions {
    /// The countries of their national numbers.
    pub(crate) countries: CountryRule,
    /// For a text that is not UTF-8.
    pub(crate) encoding: Option<ListEncoding>,
}

/// Fills `list` from `input`; errors use its name.
pub(super) fn read(
    input: ListInput,
    options: ExclusionOptions,
    list: &mut ExclusionList,
) -> Result<(), ExclusionProblem> {
    let name = list.name.clone();
    let input = AnyInput::open(input, &name, options.encoding)?;
    let mut tables = ExclusionTables::new(options.countries, list);
    match input {
        // Each sheet is a table of its own.
        AnyInput::Workbook(workbook) => workbook.each_row(|sheet, line, cells| tables.row(Some(sheet), line, cells))?,
        AnyInput::Text(text) => read_text(text, &name, &mut tables)?,
    }
    tables.finish()
}

/// What each line of a text is, by the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineKind {
    Person,
    Object,
    /// A row of a table, with this delimiter.
    Row(u8),
}

/// No row goes on in the next line: who stands there may be missed.
fn read_text(input: impl Read, name: &str, tables: &mut ExclusionTables<'_>) -> Result<(), ListError> {
    let unreadable = |cause: io::Error| ListError::unreadable(name, &cause);
    let mut input = BufReader::new(input);
    let (mut kind, mut number, mut bytes) = (None, 0, Vec::new());
    loop {
        bytes.clear();
        let read = input.by_ref().take(MAX_ROW + 1).read_until(b'\n', &mut bytes).map_err(unreadable)?;
        match read as u64 {
            0 => return Ok(()),
            1..=MAX_ROW => {}
            _ => return Err(ListError::row_too_long(name, number + 1)),
        }
        let text = str::from_utf8(&bytes).map_err(|_| ListError::not_utf8(name, number + 1, &sample(&bytes)))?;
        // Programs of older Macs end a line with a carriage return alone.
        for line in text.trim_end_matches(['\r', '\n']).split('\r') {
            number += 1;
            read_line(line, number, &mut kind, tables);
        }
    }
}

fn read_line(line: &str, number: u64, kind: &mut Option<LineKind>, tables: &mut ExclusionTables<'_>) {
    let line = line.trim_start_matches('\u{feff}');
    if line.trim().is_empty() {
        return;
    }
    // The names of orders begin with `#`, too.
    let may_be_row = matches!(kind, None | Some(LineKind::Row(_))) && is_table_row(line);
    if line.trim_start().starts_with('#') && !may_be_row {
        return tables.comment();
    }
    if kind.is_none() {
        let format = CsvFormat::take(&mut line.as_bytes().to_vec());
        *kind = Some(kind_of(line, format.delimiter));
        if format.has_separator_line {
            return;
        }
    }
    match kind {
        Some(LineKind::Row(delimiter)) => match cells_of_line(line, *delimiter) {
            Some(cells) => tables.row(None, number, &cells.into_iter().map(Ok).collect::<Vec<_>>()),
            None => tables.bad(number, "has a quote that is not closed in this line".to_owned()),
        },
        Some(LineKind::Object) => read_object(line, number, tables),
        Some(LineKind::Person) | None => tables.person(number, bare(line)),
    }
}

fn kind_of(line: &str, delimiter: u8) -> LineKind {
    let text = line.trim();
    if text.starts_with('{') {
        return LineKind::Object;
    }
    let cell = bare(text).split(DELIMITERS).next().unwrap_or_default().trim_matches('"');
    let is_of_words =
        |character: char| character.is_alphabetic() || character.is_control() || "[{#".contains(character);
    let is_number = cell.contains(|character: char| character.is_ascii_digit()) && !cell.contains(is_of_words);
    let is_user = text.starts_with("id:") || is_user_id(cell) || short_user_id(cell).is_some();
    if is_number || is_user { LineKind::Person } else { LineKind::Row(delimiter) }
}

/// The person that a line names, without a comment after it and the quotes that some programs write around each cell.
fn bare(line: &str) -> &str {
    let comment =
        line.match_indices('#').find(|(at, _)| line.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
    let text = comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line).trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

fn read_object(line: &str, number: u64, tables: &mut ExclusionTables<'_>) {
    let (row, outcome) = object(line.trim_end());
    let fields = match row {
        Ok(Row::Fields(fields)) => fields,
        Ok(Row::Cells { .. }) => return,
        Err(problem) => return tables.bad(number, problem),
    };
    let was_invalid = outcome.as_ref().is_some_and(ReportedOutcome::was_invalid);
    // A report has the number of a row where the list has it without its country.
    let sent_to = outcome.and_then(|outcome| outcome.sent_to).map(|cell| ("sent_to", Ok(cell)));
    let fields = fields.iter().map(|(name, value)| (name.as_str(), text_of(value)));
    tables.fields(number, &fields.chain(sent_to).collect::<Vec<_>>(), was_invalid);
}

/// A field that may hold a recipient.
fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        found => Err(format!("is {found}; a recipient is a text or a number")),
    }
}

/// Whether a line that begins with `#` is a row of a table, in which a cell behind the first may name a person.
fn is_table_row(line: &str) -> bool {
    line.split(DELIMITERS).skip(1).any(may_name_person)
}
