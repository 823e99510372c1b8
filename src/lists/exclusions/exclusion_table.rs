//! The recipients in a table. The recipient column must have one in each row. Numbers in other
//! columns are excluded too, because excluding a recipient by mistake does less harm than sending
//! to one.

use super::exclusion_list::ExclusionList;
use super::exclusion_list::{BadLines, invalid_entry, no_recipient, unclear};
use super::meaning::{CountryRule, readings};
use super::meaning::{
    has_digits, has_number, is_international, is_recipient_text, may_be_recipient,
};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::lists::list_file::{ColumnRole, ReportLayout, ReportedOutcome, is_country_column};

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
    /// With all lines that have no clear recipient, or if there is no recipient column.
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
