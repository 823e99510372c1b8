//! A row of a list: its cells by column.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::columns::{Columns, CountryColumn, HeaderPlace, meant_columns};
use super::outcome::{ReportLayout, ReportedOutcome};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

/// The header of a CSV or a sheet: the list's own columns, and the columns that a report adds.
#[derive(Debug)]
pub(super) struct TableHeader {
    pub(super) columns: Arc<Columns>,
    pub(super) layout: ReportLayout,
    /// The number of its cells.
    pub(super) width: usize,
}

impl TableHeader {
    /// # Errors
    /// If a column of a report occurs twice.
    pub(super) fn new(names: &[&str], place: HeaderPlace) -> Result<Self, UsageError> {
        let layout = ReportLayout::from_header(names)?;
        let columns = Arc::new(Columns::new(layout.own(names), place));
        Ok(Self {
            columns,
            layout,
            width: names.len(),
        })
    }

    /// Creates a row with these cells. `shown` has the cells that a sheet shows differently.
    pub(super) fn row(&self, cells: &[&str], shown: Vec<(usize, String)>) -> Row {
        Row::from_cells(&self.columns, self.layout.own(cells), shown)
    }
}

/// A row with its first line, or the error of a bad row.
#[derive(Debug)]
pub(crate) struct ListRow {
    /// The line in the file. In a workbook, it is the row number in the sheet.
    pub(crate) line: u64,
    /// The last line. A quoted cell of CSV may have several lines.
    pub(crate) last_line: u64,
    pub(crate) row: Result<Row, Message>,
    /// The single lines, if the row has several.
    pub(super) inner_lines: Vec<InnerLine>,
    /// Whether the sheet hides the row, by hand or with a filter, or shows it crossed out.
    pub(crate) is_hidden: bool,
    /// The columns without a usable value, each with the reason.
    pub(crate) faulty_cells: Vec<FaultyCell>,
    /// The outcome, if the list is a report.
    pub(crate) outcome: Option<ReportedOutcome>,
    /// The text of a bad or incomplete row, so that it can be corrected.
    pub(crate) bad_text: String,
}

/// A column without a usable value in a row, and the reason.
pub(crate) type FaultyCell = (String, Message);

/// One line of a row that has several.
#[derive(Debug)]
pub(super) struct InnerLine {
    pub(super) line: u64,
    /// The line as a separate row, if it has as many cells as the header.
    pub(super) row: Option<Row>,
    /// Whether the whole line is inside one quoted cell.
    pub(super) is_inside: bool,
}

/// One row: for CSV or a sheet, the cells of the header's columns, all texts; for NDJSON, the
/// fields of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Row {
    Cells {
        columns: Arc<Columns>,
        cells: Arc<[String]>,
        shown: CellTexts,
    },
    Fields(Arc<Map<String, Value>>),
}

/// The texts of cells that a sheet shows differently from their stored value, by position.
pub(crate) type CellTexts = Option<Arc<[(usize, String)]>>;

/// A cell in the ledger.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum LedgerCell<'a> {
    Stored(Cow<'a, str>),
    /// The stored value and the value that the sheet shows.
    Shown([Cow<'a, str>; 2]),
}

/// Returns the cells of a row in a report, as the sheet shows them. `kept` is the row in the
/// ledger's form.
///
/// # Errors
/// If `kept` is not in the ledger's form.
pub(crate) fn kept_cells(kept: Value) -> Result<Vec<Value>, serde_json::Error> {
    let cells: Vec<LedgerCell<'_>> = serde_json::from_value(kept)?;
    let shown = cells.into_iter().map(|cell| match cell {
        LedgerCell::Stored(text) | LedgerCell::Shown([_, text]) => Value::from(text),
    });
    Ok(shown.collect())
}

/// Returns `kept`, a row in the ledger's form, with only the stored value of each date. The shown `12/5/2026` would be read
/// in the order of the list's country.
pub(crate) fn with_stored_dates(kept: &str) -> String {
    // Any other row has no cells of a sheet.
    let Ok(mut cells) = serde_json::from_str::<Vec<LedgerCell<'_>>>(kept) else {
        return kept.to_owned();
    };
    for cell in &mut cells {
        if let LedgerCell::Shown([stored, _]) = cell
            && stored.contains('-')
            && stored.parse::<Date>().is_ok()
        {
            *cell = LedgerCell::Stored(std::mem::take(stored));
        }
    }
    to_json_text(&cells)
}

impl ListRow {
    /// Creates a row of one line without further details.
    pub(super) fn new(line: u64, row: Result<Row, Message>) -> Self {
        let inner_lines = Vec::new();
        let faulty_cells = Vec::new();
        let bad_text = String::new();
        Self {
            line,
            last_line: line,
            row,
            inner_lines,
            is_hidden: false,
            faulty_cells,
            outcome: None,
            bad_text,
        }
    }

    /// Returns the texts of its cells. The only text of a bad row is the whole row.
    pub(super) fn texts(&self) -> Vec<&str> {
        match &self.row {
            Ok(row) if self.bad_text.is_empty() => row.texts(),
            _ => vec![&self.bad_text],
        }
    }

    /// Returns its cells in the ledger's form.
    pub(crate) fn cells(&self) -> String {
        match &self.row {
            Ok(row) => row.cells(),
            Err(_) => self.bad_cells(),
        }
    }

    /// Returns the cells of a bad or incomplete row in the ledger's form: only its text, without columns.
    pub(crate) fn bad_cells(&self) -> String {
        to_json_text(&self.bad_text)
    }

    /// Rejects a row that contains the rows after it because of a stray quote. `name` is the list file. A line looks
    /// like a row if `has_recipient` is true for it. If the line is completely inside a cell, it is an error. Two of
    /// these lines in succession are an error, too. A single one is allowed, because a cell of several lines can begin
    /// or end in it.
    pub(crate) fn reject_merged_rows(
        &self,
        name: &str,
        has_recipient: impl Fn(&Row) -> bool,
    ) -> Result<(), UsageError> {
        let mut is_row_before = false;
        for InnerLine {
            line,
            row,
            is_inside,
        } in &self.inner_lines
        {
            let is_row = row.as_ref().is_some_and(&has_recipient);
            if is_row && (*is_inside || is_row_before) {
                return Err(UsageError::new(
                    msg!(
                        "{name}: the row in line {from} continues to line {to} because of a quote, but line {line} looks \
                         like a row",
                        name,
                        from = self.line,
                        to = self.last_line,
                        line
                    ),
                    msg!(
                        "to split the lines: remove or close the quote; to keep them in one cell: send a workbook or NDJSON"
                    ),
                ));
            }
            is_row_before = is_row;
        }
        Ok(())
    }
}

impl Row {
    /// Restores a row from the ledger's form.
    pub(super) fn read_back(columns: &Arc<Columns>, kept: &str) -> Option<Self> {
        let kept: Vec<LedgerCell<'_>> = serde_json::from_str(kept).ok()?;
        let mut cells = Vec::new();
        let mut shown = Vec::new();
        for cell in kept {
            match cell {
                LedgerCell::Stored(text) => cells.push(text.into_owned()),
                LedgerCell::Shown([stored, look]) => {
                    shown.push((cells.len(), look.into_owned()));
                    cells.push(stored.into_owned());
                }
            }
        }
        Some(Self::from_cells(columns, cells, shown))
    }

    fn from_cells(columns: &Arc<Columns>, cells: Vec<String>, shown: Vec<(usize, String)>) -> Self {
        let shown = (!shown.is_empty()).then(|| shown.into());
        Self::Cells {
            columns: Arc::clone(columns),
            cells: cells.into(),
            shown,
        }
    }

    /// Returns a row of a report with the sheet's stored values, for each cell that is unchanged
    /// since the report. `kept` is the row of the run with the columns `names`, in the ledger's
    /// form.
    pub(crate) fn with_stored(&self, names: &[String], kept: &str) -> Self {
        let Self::Cells { columns, cells, .. } = self else {
            return self.clone();
        };
        let kept: Vec<LedgerCell<'_>> = serde_json::from_str(kept).unwrap_or_default();
        let mut cells = cells.to_vec();
        let mut shown = self.cell_texts().to_vec();
        for (name, kept) in names.iter().zip(kept) {
            let (LedgerCell::Shown([stored, look]), Some(place)) =
                (kept, columns.position(name.trim()))
            else {
                continue;
            };
            let is_new = shown.iter().all(|(at, _)| *at != place);
            if let Some(cell) = cells.get_mut(place).filter(|cell| is_new && **cell == look) {
                *cell = stored.into_owned();
                shown.push((place, look.into_owned()));
            }
        }
        Self::from_cells(columns, cells, shown)
    }

    /// Returns, from a row in the ledger's form, only the cells that a sheet shows differently from
    /// their stored value, if there are any.
    pub(crate) fn shown_alone(kept: &str) -> Option<Box<str>> {
        let mut kept: Vec<LedgerCell<'_>> = serde_json::from_str(kept).ok()?;
        let is_shown = |cell: &LedgerCell<'_>| matches!(cell, LedgerCell::Shown(_));
        let has_any = kept.iter().any(is_shown);
        kept.iter_mut()
            .filter(|cell| !is_shown(cell))
            .for_each(|cell| *cell = LedgerCell::Stored(Cow::Borrowed("")));
        has_any.then(|| to_json_text(&kept).into())
    }

    /// Returns the texts of cells that a sheet shows differently from their stored value, by position.
    pub(crate) fn cell_texts(&self) -> &[(usize, String)] {
        let Self::Cells {
            shown: Some(shown), ..
        } = self
        else {
            return &[];
        };
        shown
    }

    /// Returns the text that a sheet shows at a position, if it differs from the stored value.
    pub(crate) fn cell_text(&self, place: usize) -> Option<&str> {
        self.cell_texts()
            .iter()
            .find(|(at, _)| *at == place)
            .map(|(_, look)| look.as_str())
    }

    /// Returns the text that a sheet shows in this column, if it differs from the stored value. A sheet stores a number with
    /// a point in every country.
    pub(crate) fn shown_text(&self, column: &str) -> Option<&str> {
        self.cell_text(self.position(column)?)
    }

    /// Returns the columns of a header.
    pub(crate) fn columns(&self) -> Option<&Columns> {
        let Self::Cells { columns, .. } = self else {
            return None;
        };
        Some(columns)
    }

    /// Returns the position of the column that `name` selects.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.columns()?.position(name)
    }

    /// Returns the column of a header that `name` selects.
    pub(crate) fn column(&self, name: &str) -> Option<&str> {
        self.columns()?
            .names()
            .get(self.position(name)?)
            .map(String::as_str)
    }

    /// Returns the value of `name`, or of the column that it selects.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        self.cell(name)
            .map(Value::from)
            .or_else(|| self.field(name).cloned())
    }

    /// Returns the text of `name`; None if the value is not a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.cell(name).or_else(|| self.field(name)?.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.position(name).is_some() || self.field(name).is_some()
    }

    /// Returns the text of each of [`Row::names`]; empty if the value is not a text.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Cells { cells, .. } => cells.iter().map(String::as_str).collect(),
            Self::Fields(fields) => fields
                .values()
                .map(|value| value.as_str().unwrap_or_default())
                .collect(),
        }
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Cells { columns, .. } => columns.names().iter().map(String::as_str).collect(),
            Self::Fields(fields) => fields.keys().map(String::as_str).collect(),
        }
    }

    /// Returns the cells with the country of the row's local numbers, each with its column's name.
    pub(crate) fn country_cells(&self, column: &CountryColumn) -> Vec<(&str, Cow<'_, str>)> {
        match (self, column) {
            (_, CountryColumn::None) => Vec::new(),
            (Self::Cells { columns, .. }, CountryColumn::Usual) => {
                self.cells_at(columns.country_places())
            }
            (Self::Cells { columns, .. }, CountryColumn::Named(name)) => {
                let place = columns.position(name);
                self.cells_at(place.as_slice())
            }
            (Self::Fields(fields), _) => country_fields(fields, column),
        }
    }

    /// Returns the cells in these places of a row of cells, each with its column's name.
    fn cells_at(&self, places: &[usize]) -> Vec<(&str, Cow<'_, str>)> {
        let Self::Cells { columns, cells, .. } = self else {
            return Vec::new();
        };
        let cell = |place: &usize| {
            let name = columns.names().get(*place)?.trim();
            Some((name, Cow::Borrowed(cells.get(*place)?.as_str())))
        };
        places.iter().filter_map(cell).collect()
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Cells { columns, cells, .. } => {
                let named = columns.names().iter().map(|name| name.trim().to_owned());
                Value::Object(
                    named
                        .zip(cells.iter().map(|cell| Value::from(cell.as_str())))
                        .collect(),
                )
            }
            Self::Fields(fields) => Value::Object(fields.as_ref().clone()),
        }
    }

    /// Returns the ledger's form: a JSON array of cells, or the object. A cell that the sheet shows
    /// differently has both values.
    pub(crate) fn cells(&self) -> String {
        match self {
            Self::Cells {
                cells, shown: None, ..
            } => to_json_text(cells.as_ref()),
            Self::Cells {
                cells,
                shown: Some(_),
                ..
            } => {
                let kept =
                    cells
                        .iter()
                        .enumerate()
                        .map(|(place, cell)| match self.cell_text(place) {
                            Some(look) => LedgerCell::Shown([cell, look].map(Cow::Borrowed)),
                            None => LedgerCell::Stored(Cow::Borrowed(cell.as_str())),
                        });
                to_json_text(&kept.collect::<Vec<_>>())
            }
            Self::Fields(fields) => to_json_text(fields.as_ref()),
        }
    }

    /// Returns a cell of CSV, unchanged.
    pub(crate) fn cell(&self, name: &str) -> Option<&str> {
        self.cell_at(self.position(name)?)
    }

    /// Returns the cell at a position.
    pub(crate) fn cell_at(&self, place: usize) -> Option<&str> {
        let Self::Cells { cells, .. } = self else {
            return None;
        };
        cells.get(place).map(String::as_str)
    }

    /// Returns a field of NDJSON, unchanged.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        let Self::Fields(fields) = self else {
            return None;
        };
        fields
            .get(name)
            .or_else(|| match meant_columns(&self.names(), name)[..] {
                [name] => fields
                    .iter()
                    .find(|(key, _)| key.trim() == name)
                    .map(|(_, value)| value),
                _ => None,
            })
    }
}

/// Returns the fields of an NDJSON row that have its country.
fn country_fields<'a>(
    fields: &'a Map<String, Value>,
    column: &CountryColumn,
) -> Vec<(&'a str, Cow<'a, str>)> {
    let named = fields
        .iter()
        .filter(|(name, value)| !value.is_null() && column.has_name(name));
    let cells = named.map(|(name, value)| match value {
        Value::String(text) => (name.as_str(), Cow::Borrowed(text.as_str())),
        other => (name.as_str(), Cow::Owned(other.to_string())),
    });
    cells.collect()
}

#[expect(
    clippy::expect_used,
    reason = "texts and values with texts as keys can always be written"
)]
fn to_json_text<T: Serialize + ?Sized>(cells: &T) -> String {
    serde_json::to_string(cells).expect("texts and values are JSON")
}
