//! The rows of an NDJSON list: one object per line.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use serde_json::Value;

use super::csv::MAX_ROW;
use super::format::BUFFER;
use super::outcome::ReportedOutcome;
use super::row::{ListRow, Row};
use super::utf8_check::Utf8Check;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

pub(super) struct NdjsonRows {
    reader: BufReader<Box<dyn Read>>,
    line: u64,
    utf8_check: Utf8Check,
}

impl NdjsonRows {
    pub(super) fn new(input: Box<dyn Read>, utf8_check: Utf8Check) -> Self {
        Self {
            reader: BufReader::with_capacity(BUFFER, input),
            line: 0,
            utf8_check,
        }
    }

    /// Returns the next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, UsageError> {
        loop {
            let mut bytes = Vec::new();
            self.line += 1;
            let read = self
                .reader
                .by_ref()
                .take(MAX_ROW + 1)
                .read_until(b'\n', &mut bytes);
            match read.map_err(|cause| UsageError::unreadable(name, &cause))? as u64 {
                0 => return Ok(None),
                1..=MAX_ROW => {}
                _ => return Err(UsageError::row_too_long(name, self.line)),
            }
            let text = String::from_utf8(bytes)
                .map_err(|error| self.utf8_check.error(name, self.line, error.as_bytes()))?;
            self.utf8_check.keep_letters(self.line, &text);
            if text.trim() == "{" {
                let problem = msg!(
                    "{name}: the object in line {line} spans several lines",
                    name,
                    line = self.line
                );
                let hint = msg!("to write one object per line: jq -c .");
                return Err(UsageError::new(problem, hint));
            }
            if !text.trim().is_empty() {
                let (row, outcome) = object(text.trim_end());
                // A single cell could become a recipient in the report before it is corrected, so
                // this text never looks like one.
                let end = if text.starts_with('{') { "" } else { "," };
                let bad_text = if row.is_err() {
                    text.trim_end().to_owned() + end
                } else {
                    String::new()
                };
                return Ok(Some(ListRow {
                    outcome,
                    bad_text,
                    ..ListRow::new(self.line, row)
                }));
            }
        }
    }
}

/// Returns the row in a line, and its outcome if the list is a report.
fn object(text: &str) -> (Result<Row, Message>, Option<ReportedOutcome>) {
    match crate::base::input::parse_exact(text) {
        Ok(Value::Object(mut fields)) => {
            let outcome = ReportedOutcome::take(&mut fields);
            (Ok(Row::Fields(Arc::new(fields))), outcome)
        }
        Ok(_) => (Err(msg!("is not a JSON object")), None),
        Err(error) => (Err(error.message), None),
    }
}
