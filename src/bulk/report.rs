//! The report on a run: the input's own columns, and behind them what became of each row.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::ledger::{Details, Ledger, Reported, State};
use super::source::Format;
use crate::output::{compact, one_line};

/// The columns of the outcome, behind those of the input.
pub const OUTCOME: [&str; 7] = ["sent", "message_id", "http_status", "code", "error", "attempts", "at"];

/// A cell that begins with one of these would be run by a spreadsheet, or taken for a guarded one.
const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    Csv,
    Ndjson,
}

/// Writes the rows in one of `states` to `to`.
///
/// # Errors
/// When the ledger cannot be read or `to` be written.
pub fn write(
    ledger: &Ledger,
    details: &Details,
    states: &[State],
    format: ReportFormat,
    to: impl Write,
) -> anyhow::Result<()> {
    match format {
        ReportFormat::Csv => write_csv(ledger, details, states, to),
        ReportFormat::Ndjson => write_ndjson(ledger, details, states, to),
    }
}

fn write_csv(ledger: &Ledger, details: &Details, states: &[State], to: impl Write) -> anyhow::Result<()> {
    let delimiter = match details.format {
        Format::Csv { delimiter } => delimiter,
        Format::Ndjson => b',',
    };
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(to);
    let columns = details.columns.iter().map(|column| guarded(column));
    writer.write_record(columns.chain(OUTCOME.map(str::to_owned)))?;
    ledger.report(states, |row| {
        let cells = cells(&details.columns, &row.cells)?;
        // What others said must not act on a terminal or a log; the list's own cells stay as they are.
        let outcome = outcome(&row).into_iter().map(|(_, value)| one_line(&text(&value)).into_owned());
        let line = cells.iter().map(text).chain(outcome).map(|cell| guarded(&cell));
        Ok(writer.write_record(line)?)
    })?;
    Ok(writer.flush()?)
}

fn write_ndjson(ledger: &Ledger, details: &Details, states: &[State], mut to: impl Write) -> anyhow::Result<()> {
    if let Some(column) = details.columns.iter().find(|column| OUTCOME.contains(&column.trim())) {
        anyhow::bail!("the input's own column `{column}` has the name of one of the outcome's: take --format csv");
    }
    ledger.report(states, |row| {
        let mut line = match serde_json::from_str(&row.cells).context("the ledger is damaged")? {
            Value::Array(cells) => details.columns.iter().map(|name| name.trim().to_owned()).zip(cells).collect(),
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        line.extend(outcome(&row).into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(writeln!(to, "{}", compact(&Value::Object(line)))?)
    })?;
    Ok(to.flush()?)
}

/// The cells of a row under `columns`; what an object lacks is empty.
fn cells(columns: &[String], stored: &str) -> anyhow::Result<Vec<Value>> {
    Ok(match serde_json::from_str(stored).context("the ledger is damaged")? {
        Value::Array(cells) => cells,
        Value::Object(mut fields) => {
            columns.iter().map(|column| fields.remove(column).unwrap_or(Value::Null)).collect()
        }
        _ => Vec::new(),
    })
}

fn outcome(row: &Reported) -> [(&'static str, Value); 7] {
    let sent = match row.state {
        State::Sent => "yes",
        State::Unknown | State::Inflight => "unknown",
        State::Failed | State::Pending | State::Skipped => "no",
    };
    let at = row.at.and_then(|at| u64::try_from(at).ok()).map(Duration::from_millis);
    let at = at.and_then(|at| UNIX_EPOCH.checked_add(at)).map(|at| humantime::format_rfc3339_millis(at).to_string());
    let [sent_column, message_id, http_status, code, error, attempts, at_column] = OUTCOME;
    [
        (sent_column, json!(sent)),
        (message_id, json!(row.message_id)),
        (http_status, json!(row.http_status)),
        (code, json!(row.code)),
        (error, json!(row.error)),
        (attempts, json!(row.attempts)),
        (at_column, json!(at)),
    ]
}

/// A value as the text of a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The cell with a `'` in front where a spreadsheet would run it.
fn guarded(cell: &str) -> String {
    if cell.starts_with(GUARDED) { format!("'{cell}") } else { cell.to_owned() }
}

/// What [`guarded`] made a cell of a report from.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_guarded_cell_comes_back_and_runs_nowhere(cell in "['=+@\\-\t\r]{0,3}.*") {
            let guarded = guarded(&cell);
            prop_assert_eq!(unguarded(&guarded), &cell);
            prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
