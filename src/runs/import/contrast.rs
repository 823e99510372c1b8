//! Chooses the messages to draw: the first, the longest, and the one with the rarest shape. They differ more than the
//! first three.

use crate::base::message::{Message, msg};
use crate::lists::column_facts::{ColumnTable, RareShape};
use crate::runs::ledger::{LedgerDraft, LedgerError};

/// A row whose message is drawn.
#[derive(Debug)]
pub(crate) struct DrawnRow {
    pub(crate) line: u64,
    reason: DrawnBecause,
}

#[derive(Debug, PartialEq)]
enum DrawnBecause {
    Only,
    First,
    Longest,
    HasShape(RareShape),
    /// It is one of the first messages.
    Next,
}

impl DrawnRow {
    /// Describes the message of the row, which goes to `recipient`.
    pub(crate) fn title(&self, recipient: &str) -> Message {
        let line = self.line;
        let which = match &self.reason {
            DrawnBecause::Only => msg!("the message, line {line}", line),
            DrawnBecause::First => msg!("the first message, line {line}", line),
            DrawnBecause::Longest => msg!("the longest message, line {line}", line),
            DrawnBecause::HasShape(RareShape {
                expression, shape, ..
            }) => msg!(
                "the rarest shape of {expression}, {shape}, line {line}",
                expression,
                shape,
                line
            ),
            DrawnBecause::Next => msg!("line {line}", line),
        };
        msg!("{which}, as {recipient} would see it:", which, recipient)
    }
}

/// Returns the rows to draw, at most `most`: those that differ most.
///
/// # Errors
/// If the draft cannot be read.
pub(crate) fn contrasting_rows(
    draft: &LedgerDraft,
    table: &ColumnTable,
    most: usize,
) -> Result<Vec<DrawnRow>, LedgerError> {
    let contrast = &table.contrast;
    let mut rows = Vec::new();
    let is_only = draft.to_be_sent() == 1;
    for line in first_lines(draft, 1)? {
        let reason = if is_only {
            DrawnBecause::Only
        } else {
            DrawnBecause::First
        };
        rows.push(DrawnRow { line, reason });
    }
    if let Some(line) = contrast.longest {
        add_new(&mut rows, line, DrawnBecause::Longest);
    }
    if let Some(rare) = &contrast.rarest {
        add_new(&mut rows, rare.line, DrawnBecause::HasShape(rare.clone()));
    }
    rows.truncate(most);
    Ok(rows)
}

/// Returns the rows to draw, at most `most`, in the order of the list: those that differ most, and the first ones.
///
/// # Errors
/// If the draft cannot be read.
pub(crate) fn rows_to_preview(
    draft: &LedgerDraft,
    table: &ColumnTable,
    most: usize,
) -> Result<Vec<DrawnRow>, LedgerError> {
    let mut rows = contrasting_rows(draft, table, most)?;
    for line in first_lines(draft, most)? {
        if rows.len() < most {
            add_new(&mut rows, line, DrawnBecause::Next);
        }
    }
    rows.sort_by_key(|row| row.line);
    Ok(rows)
}

fn add_new(rows: &mut Vec<DrawnRow>, line: u64, reason: DrawnBecause) {
    if rows.iter().all(|known| known.line != line) {
        rows.push(DrawnRow { line, reason });
    }
}

fn first_lines(draft: &LedgerDraft, most: usize) -> Result<Vec<u64>, LedgerError> {
    let mut lines = Vec::new();
    draft.each_row_to_send_up_to(most as u64, |row, _| {
        lines.push(row.line);
        Ok::<_, LedgerError>(())
    })?;
    Ok(lines)
}
