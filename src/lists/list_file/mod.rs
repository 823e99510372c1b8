//! Reads list files: CSV, NDJSON and workbooks, one row at a time. Knows their columns, and the
//! columns that a report adds. This module does not know about messages.

mod any_input;
mod columns;
mod csv;
mod encoding;
mod error;
mod input;
mod outcome;
mod questions;
mod reader;
mod row;
mod sheet_list;
mod workbook;

pub(crate) use self::any_input::AnyInput;
pub(crate) use self::columns::{
    ColumnRole, CountryColumn, is_country_column, is_recipient_name, meant_columns, named_columns,
    no_header, not_one_column, several_columns, unnamed_column,
};
pub(crate) use self::csv::quoted;
pub(crate) use self::encoding::ListEncoding;
pub(crate) use self::error::one_a_line;
pub(crate) use self::input::{BOM, CsvFormat, DELIMITERS, ListFormat, ListInput, ListOptions};
pub(crate) use self::outcome::{
    ReportLayout, ReportedOutcome, SENT_COLUMN, SentValue, columns_without_sent, guarded,
    guarded_in_sheet, outcome_columns,
};
pub(crate) use self::questions::{read_sheet, typed_name, which_column};
pub(crate) use self::reader::{ListReader, is_report};
pub(crate) use self::row::{FaultyCell, ListRow, Row, kept_cells, with_stored_dates};
pub(crate) use self::sheet_list::FallbackColumn;
pub(crate) use self::workbook::{FormatFallback, plain_number};
