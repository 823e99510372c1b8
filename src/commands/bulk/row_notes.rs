//! Notes about rows: each kind of note is printed once with its first lines, because a fault in a column affects every row.

use std::fmt::Display;

use crate::base::output::{Stderr, counted_are};

/// The number of lines to name.
pub(super) const NAMED: usize = 5;

/// Notes about rows, in order of first appearance.
#[derive(Default)]
pub(crate) struct RowNotes {
    notes: Vec<RowNote>,
}

struct RowNote {
    /// The common property of the rows, such as `excluded by bajas.csv`.
    words: String,
    rows: u64,
    lines: Vec<String>,
    hint: &'static str,
    /// Whether it is probably a mistake.
    is_warning: bool,
}

/// Returns the note for rows that the exclusion list with this name excludes.
pub(super) fn excluded_words(list: &str) -> String {
    format!("excluded by {list}")
}

impl RowNotes {
    /// Adds a note that the row in `line` is `words`.
    pub(super) fn note(&mut self, words: String, line: impl Display) {
        self.note_with(words, line, "");
    }

    /// Works like [`RowNotes::note`], with a `hint`.
    pub(super) fn note_with(&mut self, words: String, line: impl Display, hint: &'static str) {
        self.add(words, line, hint, false);
    }

    /// Adds a warning that the row in `line` is `words`, which is probably a mistake.
    pub(super) fn warn(&mut self, words: String, line: impl Display, hint: &'static str) {
        self.add(words, line, hint, true);
    }

    fn add(&mut self, words: String, line: impl Display, hint: &'static str, is_warning: bool) {
        let line = line.to_string();
        match self.notes.iter_mut().find(|note| note.words == words) {
            Some(note) => {
                note.rows += 1;
                if note.lines.len() <= NAMED {
                    note.lines.push(line);
                }
            }
            None => self.notes.push(RowNote {
                words,
                rows: 1,
                lines: vec![line],
                hint,
                is_warning,
            }),
        }
    }

    pub(super) fn print(&self, stderr: &Stderr) {
        for note in &self.notes {
            let more = if note.lines.len() > NAMED {
                ", …"
            } else {
                ""
            };
            let lines: Vec<_> = note.lines.iter().take(NAMED).map(String::as_str).collect();
            let text = format!(
                "{} {}: line {}{more}{}",
                counted_are(note.rows, "row"),
                note.words,
                lines.join(", "),
                note.hint
            );
            if note.is_warning {
                stderr.warning(&text);
            } else {
                stderr.note(&text);
            }
        }
    }
}
