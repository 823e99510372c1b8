//! What is said of many rows at once, none of which is refused for it: how many, and the first lines.

use crate::output::{Stderr, counted};

/// Lines that are named.
const NAMED: usize = 5;

/// Notes about rows, in the order in which the first of each came.
#[derive(Default)]
pub(crate) struct RowNotes {
    notes: Vec<RowNote>,
}

struct RowNote {
    /// Behind the count: of one row, and of several.
    words: [String; 2],
    rows: u64,
    lines: Vec<String>,
    way_out: &'static str,
    is_warning: bool,
}

/// Of rows that are left out for the list of this name.
pub(crate) fn excluded_words(list: &str) -> [String; 2] {
    [format!("is left out, whose recipient is on {list}"), format!("are left out, whose recipients are on {list}")]
}

impl RowNotes {
    /// `line` is one more row of which `words` can be said.
    pub(crate) fn add(&mut self, words: [String; 2], line: String, way_out: &'static str) {
        self.add_as(words, line, way_out, false);
    }

    /// As [`RowNotes::add`], of what is probably a mistake.
    pub(crate) fn warn(&mut self, words: [String; 2], line: String, way_out: &'static str) {
        self.add_as(words, line, way_out, true);
    }

    fn add_as(&mut self, words: [String; 2], line: String, way_out: &'static str, is_warning: bool) {
        let known = self.notes.iter_mut().find(|note| note.words == words);
        match known {
            Some(note) => {
                note.rows += 1;
                if note.lines.len() <= NAMED {
                    note.lines.push(line);
                }
            }
            None => self.notes.push(RowNote { words, rows: 1, lines: vec![line], way_out, is_warning }),
        }
    }

    pub(crate) fn tell(&self, stderr: &Stderr) {
        for RowNote { words: [one, several], rows, lines, way_out, is_warning } in &self.notes {
            let words = if *rows == 1 { one } else { several };
            let more = if lines.len() > NAMED { ", …" } else { "" };
            let lines: Vec<_> = lines.iter().take(NAMED).map(String::as_str).collect();
            let told = format!("{} {words}: line {}{more}{way_out}", counted(*rows, "row"), lines.join(", "));
            if *is_warning { stderr.warning(&told) } else { stderr.note(&told) }
        }
    }
}
