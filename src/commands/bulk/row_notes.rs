//! Notes about rows: each note is printed once with its first lines, because a column or an exclusion list can affect every
//! row.

use crate::base::message::{Message, msg};
use crate::base::output::Stderr;
use crate::runs::import::{Finding, Place, RowPlace};

/// The number of lines to name.
const NAMED: usize = 5;

/// Notes about rows, in order of first appearance.
#[derive(Default)]
pub(crate) struct RowNotes {
    notes: Vec<NotedRows>,
}

/// The rows with the same note.
struct NotedRows {
    first: Finding,
    is_skipped: bool,
    rows: u64,
    lines: Vec<Message>,
}

impl RowNotes {
    /// Adds a note about a row. If the row is not skipped, its message follows "the row is".
    pub(super) fn add(&mut self, note: Finding) {
        let Place::Row(RowPlace {
            line,
            is_skipped,
            same_as,
        }) = note.place
        else {
            return;
        };
        let line = match same_as {
            Some(of) => msg!("{line} (same as line {of})", line, of),
            None => Message::verbatim(line.to_string()),
        };
        let mut known = self.notes.iter_mut();
        match known.find(|known| known.first.message == note.message) {
            Some(known) => {
                known.rows += 1;
                if known.lines.len() < NAMED {
                    known.lines.push(line);
                }
            }
            None => self.notes.push(NotedRows {
                first: note,
                is_skipped,
                rows: 1,
                lines: vec![line],
            }),
        }
    }

    pub(super) fn print(&self, stderr: &Stderr) {
        for note in &self.notes {
            stderr.note(note.describe());
        }
    }
}

impl NotedRows {
    fn describe(&self) -> Message {
        let rows = self.rows;
        let mut lines = self.lines.clone();
        lines.extend((rows > NAMED as u64).then(|| Message::verbatim("…")));
        let lines = Message::joined(lines, ", ");
        let message = &self.first.message;
        let all = if self.is_skipped {
            msg!(
                "{rows} {rows|row is|rows are} skipped because {message}: line {lines}",
                rows,
                message,
                lines
            )
        } else {
            msg!(
                "{rows} {rows|row is|rows are} {message}: line {lines}",
                rows,
                message,
                lines
            )
        };
        let hint = self.first.hint.clone();
        Finding {
            hint,
            ..Finding::note(all)
        }
        .line()
    }
}
