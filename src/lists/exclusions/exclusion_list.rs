//! Exclusion lists, compared by recipient, the tables that they are read from, and the errors in them. Numbers outside the
//! recipient column are excluded, too, because that does less harm than sending to one.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::meaning::{
    CountryRule, PossibleRecipients, has_digits, has_number, international_digits,
    is_international, is_recipient_text, may_be_recipient, readings,
};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::lists::list_file::{
    ColumnRole, ReportLayout, ReportedOutcome, is_country_column, one_a_line,
};
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

fn no_recipient(column: &str) -> UsageError {
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

/// The most unclear cells that a warning lists.
const MAX_UNCLEAR_CELLS: usize = 5;

/// The content of a cell, or why it has no value.
type Cell<'a> = Result<&'a str, String>;

/// The tables of one file.
pub(super) struct ExclusionTables<'a> {
    countries: CountryRule,
    list: &'a mut ExclusionList,
    table: ExclusionTable,
    bad: BadLines,
    /// The header of the first table, for the error if the file has no recipients.
    first_header: Option<Vec<String>>,
    /// The number of tables that have recipients.
    filled: u64,
    has_recipient_column: bool,
}

#[derive(Default)]
struct ExclusionTable {
    /// Set for a workbook.
    sheet: Option<String>,
    /// None until the header is found; empty for a table without a header.
    header: Option<Vec<TableColumn>>,
    /// The columns of a report, if the table is one.
    layout: Option<ReportLayout>,
    /// The first recipient column.
    recipient: Option<String>,
    has_recipients: bool,
    /// Whether a row had a cell with the name of a recipient column and another filled cell. No
    /// later row is then a header.
    is_settled: bool,
    /// The number of bad lines before the table.
    bad_before: u64,
}

/// The role of a column, by its name.
struct TableColumn {
    name: String,
    role: ColumnRole,
    is_country: bool,
}

/// The result of reading the cells of a row.
#[derive(Default)]
struct RowRecipients<'c> {
    has_recipient: bool,
    is_skipped: bool,
    faults: Vec<UsageError>,
    /// A cell that may be a recipient, with the name of its column.
    unclear_cell: Option<(&'c String, UsageError)>,
}

/// Whether a cell of a header or row may be a recipient. The name of a recipient column may have a
/// number in it.
fn may_have_recipient(cells: &[String]) -> bool {
    cells.iter().any(|cell| {
        is_recipient_text(cell)
            || may_be_recipient(cell) && ColumnRole::from_name(cell) != ColumnRole::Recipient
    })
}

/// A column without a name, after the last one of the header.
static UNNAMED: TableColumn = TableColumn {
    name: String::new(),
    role: ColumnRole::Other,
    is_country: false,
};

impl TableColumn {
    fn from_name(name: &str) -> Self {
        Self {
            name: name.trim().to_owned(),
            role: ColumnRole::from_name(name),
            is_country: is_country_column(name.trim()),
        }
    }
}

impl<'a> ExclusionTables<'a> {
    /// Creates the reader of the recipients of `list`.
    pub(super) fn new(countries: CountryRule, list: &'a mut ExclusionList) -> Self {
        let table = ExclusionTable::default();
        let bad = BadLines::default();
        Self {
            countries,
            list,
            table,
            bad,
            first_header: None,
            filled: 0,
            has_recipient_column: false,
        }
    }

    /// Sets the header of the table. A line with a number is a row instead.
    pub(super) fn header(&mut self, line: u64, names: &[String]) {
        self.first_header.get_or_insert_with(|| names.to_vec());
        let columns: Vec<_> = names
            .iter()
            .map(|name| TableColumn::from_name(name))
            .collect();
        let recipient = columns
            .iter()
            .find(|column| column.role == ColumnRole::Recipient);
        if may_have_recipient(names) {
            self.table.header = Some(Vec::new());
            return self.row(line, names.iter().map(|cell| Ok(cell.as_str())), None);
        }
        if let Some(column) = recipient {
            self.table.recipient = Some(column.name.clone());
            self.has_recipient_column = true;
        }
        self.table.layout =
            ReportLayout::from_header(&names.iter().map(String::as_str).collect::<Vec<_>>()).ok();
        self.table.header = Some(columns);
    }

    /// Adds a row that cannot be read.
    pub(super) fn add_unreadable(&mut self, line: u64, problem: Message) {
        self.bad
            .add(self.table.sheet.as_deref(), line, invalid_entry(problem));
    }

    /// Adds a row below the header. `outcome` is set for a row of a report.
    pub(super) fn row<'b>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = Cell<'b>>,
        outcome: Option<&'b ReportedOutcome>,
    ) {
        let columns = self.table.header.take().unwrap_or_default();
        // A report has the whole number, even if its list has a local number.
        let sent_to = outcome.and_then(|outcome| Some((&UNNAMED, Ok(outcome.sent_to.as_deref()?))));
        let cells: Vec<_> = columns
            .iter()
            .chain(std::iter::repeat(&UNNAMED))
            .zip(cells)
            .chain(sent_to)
            .collect();
        let mut found = self.read_cells(&cells, outcome.is_some_and(ReportedOutcome::was_invalid));
        self.table.has_recipients |= found.has_recipient;
        if found.is_skipped
            && !found.has_recipient
            && found.faults.is_empty()
            && found.unclear_cell.is_none()
        {
            self.list.passed_over += 1;
        } else {
            if found.faults.is_empty() {
                found.faults.extend(self.row_problem(
                    line,
                    &cells,
                    found.has_recipient,
                    found.unclear_cell,
                ));
            }
            for fault in found.faults {
                self.bad.add(self.table.sheet.as_deref(), line, fault);
            }
        }
        self.table.header = Some(columns);
    }

    /// Adds the next filled row of a workbook.
    pub(super) fn sheet_row(&mut self, sheet: &str, line: u64, cells: &[Result<String, String>]) {
        if self.table.sheet.as_deref() != Some(sheet) {
            self.filled += u64::from(self.table.has_recipients);
            let bad_before = self.bad.count();
            self.table = ExclusionTable {
                sheet: Some(sheet.to_owned()),
                bad_before,
                ..ExclusionTable::default()
            };
        }
        let names: Vec<_> = cells
            .iter()
            .map(|cell| cell.clone().unwrap_or_default())
            .collect();
        let has_recipient_column = names
            .iter()
            .any(|name| ColumnRole::from_name(name) == ColumnRole::Recipient);
        let is_header = has_recipient_column
            && !self.table.has_recipients
            && !self.table.is_settled
            && !may_have_recipient(&names);
        self.table.is_settled |=
            has_recipient_column && names.iter().filter(|name| !name.trim().is_empty()).count() > 1;
        if is_header || self.table.header.is_none() {
            if self.table.recipient.is_none() {
                // Lines above the column names have no recipients.
                self.bad.cut(self.table.bad_before);
            }
            return self.header(line, &names);
        }
        let texts: Vec<_> = cells
            .iter()
            .map(|cell| cell.as_deref().unwrap_or_default())
            .collect();
        let outcome = self
            .table
            .layout
            .as_ref()
            .and_then(|layout| layout.outcome(&texts));
        // Among the report's own columns, only the recipient's number counts.
        let layout = self.table.layout.take();
        let own = |(place, cell): (usize, &Result<String, String>)| match &layout {
            Some(layout) if layout.own_place(place).is_none() => Ok(String::new()),
            Some(layout) => cell.clone().map(|cell| layout.as_typed(&cell)),
            None => cell.clone(),
        };
        let own: Vec<_> = cells.iter().enumerate().map(own).collect();
        self.row(
            line,
            own.iter().map(|cell| cell.as_deref().map_err(Clone::clone)),
            outcome.as_ref(),
        );
        self.table.layout = layout;
    }

    /// Adds the recipients in the cells of a row.
    fn read_cells<'c>(
        &mut self,
        cells: &[(&'c TableColumn, Cell<'_>)],
        was_invalid: bool,
    ) -> RowRecipients<'c> {
        let mut found = RowRecipients::default();
        // A cell that cannot be read is not a country, so a local number in its row is an error.
        let of_countries =
            cells
                .iter()
                .filter(|(column, _)| column.is_country)
                .map(|(column, cell)| {
                    (
                        column.name.as_str(),
                        cell.as_ref().map_or_else(String::as_str, |text| *text),
                    )
                });
        for (TableColumn { name, role, .. }, cell) in cells {
            let role = *role;
            let text = match cell {
                Ok(text) if text.trim().is_empty() => {
                    found.is_skipped |= was_invalid && role == ColumnRole::Recipient;
                    continue;
                }
                // Such a cell cannot be a recipient.
                Ok(text) if role == ColumnRole::Other && !may_be_recipient(text) => continue,
                Ok(text) => *text,
                Err(problem) => {
                    let fault = invalid_entry(msg!("{name}: {problem}", name, problem));
                    match role {
                        ColumnRole::Recipient => found.faults.push(fault),
                        _ if has_number(problem) => found.unclear_cell = Some((name, fault)),
                        _ => {}
                    }
                    continue;
                }
            };
            match (readings(text, self.countries, of_countries.clone()), role) {
                (Ok(readings), role) if role != ColumnRole::Other || is_recipient_text(text) => {
                    self.list.add(&readings);
                    found.has_recipient = true;
                }
                (Err(_), ColumnRole::Recipient)
                    if was_invalid && (!may_be_recipient(text) || is_international(text)) =>
                {
                    found.is_skipped = true;
                }
                (Err(error), ColumnRole::Recipient) => found.faults.push(unclear(&error)),
                (Err(error), _) if may_be_recipient(text) || has_digits(text) => {
                    found.unclear_cell = Some((name, unclear(&error)));
                }
                (Ok(_) | Err(_), _) => {}
            }
        }
        found
    }

    /// The problem of a row without errors in its cells: it has no recipient, or an unclear cell,
    /// which comes with the name of its column.
    fn row_problem(
        &mut self,
        line: u64,
        cells: &[(&TableColumn, Cell<'_>)],
        has_recipient: bool,
        unclear_cell: Option<(&String, UsageError)>,
    ) -> Option<UsageError> {
        let is_column = |cell: &Cell<'_>| {
            cell.as_ref()
                .is_ok_and(|text| ColumnRole::from_name(text) == ColumnRole::Recipient)
        };
        let names_column = || cells.iter().any(|(.., cell)| is_column(cell));
        match (unclear_cell, &self.table.recipient) {
            (_, Some(column)) if !has_recipient => return Some(no_recipient(column)),
            (Some((_, fault)), None) if !has_recipient => return Some(fault),
            // Rows above the first recipient are titles. A title may contain a number that looks like a
            // recipient. Then the row of column names, which has no recipient, comes after it.
            (None, None) if !has_recipient && self.table.has_recipients && !names_column() => {
                return Some(invalid_entry(msg!("has no recipient")));
            }
            (Some((name, fault)), _) if ColumnRole::from_name(name) != ColumnRole::Other => {
                self.list.unclear_cells.push(msg!(
                    "line {line}, column {name}: skipped the cell: {fault}",
                    line,
                    name,
                    fault = fault.message
                ));
            }
            (Some(_) | None, _) => {}
        }
        None
    }

    /// # Errors
    /// If there is no column of recipients, or if a line has no clear recipient. The error lists all such lines.
    pub(super) fn finish(mut self) -> Result<(), UsageError> {
        let ExclusionList {
            name,
            sheets,
            unclear_cells,
            ..
        } = self.list;
        self.filled += u64::from(self.table.has_recipients);
        self.bad.check(name)?;
        if self.filled == 0 && !self.has_recipient_column {
            let columns = self
                .first_header
                .ok_or_else(|| invalid_entry(msg!("{name} has no rows", name = name.as_str())))?;
            let columns: Vec<_> = columns.iter().map(String::as_str).collect();
            let error = UsageError::no_recipient_column(&columns).in_file(name);
            return Err(invalid_entry(error.message));
        }
        let more = unclear_cells.len().saturating_sub(MAX_UNCLEAR_CELLS);
        unclear_cells.truncate(MAX_UNCLEAR_CELLS);
        unclear_cells.extend((more > 0).then(|| msg!("and {more} more lines", more)));
        *sheets = self.table.sheet.map(|_| self.filled);
        Ok(())
    }
}
