//! What is said of rows while a list is read: the first lines of each kind, since one fault of a column is that of every row.

use std::collections::HashMap;

use crate::output::{Reading, Stderr};

/// Lines of one kind that are told.
const TOLD: u64 = 5;

/// How bad a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Severity {
    /// It ends the command.
    Fault,
    Warning,
}

/// Tells lines about rows, and at the end how many more there were.
pub(crate) struct RowMessages<'a> {
    stderr: &'a Stderr,
    reading: &'a Reading<'a>,
    /// The kinds in the order of their first lines, each with that line and how many there are.
    kinds: Vec<(Severity, u64, u64)>,
    places: HashMap<(Severity, String), usize>,
}

impl<'a> RowMessages<'a> {
    pub(crate) fn new(stderr: &'a Stderr, reading: &'a Reading<'a>) -> Self {
        Self { stderr, reading, kinds: Vec::new(), places: HashMap::new() }
    }

    /// Of the row in `line`: `said` behind its number.
    pub(crate) fn tell(&mut self, severity: Severity, line: u64, said: &str) {
        let next = self.kinds.len();
        let place = *self.places.entry((severity, kind_of(said))).or_insert(next);
        if place == next {
            self.kinds.push((severity, line, 0));
        }
        let Some((_, _, count)) = self.kinds.get_mut(place) else { return };
        *count += 1;
        if *count <= TOLD || self.stderr.is_verbose() {
            self.print(severity, &format!("line {line}{said}"));
        }
    }

    /// Says how many lines of each kind were not told.
    pub(crate) fn finish(self) {
        if self.stderr.is_verbose() {
            return;
        }
        for (severity, line, count) in &self.kinds {
            match count.saturating_sub(TOLD) {
                0 => {}
                1 => self.print(*severity, &format!("1 more row is like line {line}; -v lists all")),
                more => self.print(*severity, &format!("{more} more rows are like line {line}; -v lists all")),
            }
        }
    }

    fn print(&self, severity: Severity, line: &str) {
        self.reading.above(|| match severity {
            Severity::Fault => self.stderr.fault(line),
            Severity::Warning => self.stderr.warning(line),
        });
    }
}

/// The words without what they quote and count.
fn kind_of(said: &str) -> String {
    let outside = said.split('`').step_by(2);
    outside.flat_map(str::chars).filter(|character| !character.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_of_one_kind_where_only_values_differ() {
        for (left, right, are_alike) in [
            (": to: `1` has 1 digits", ": to: `593x` has 12 digits", true),
            (
                ": text: has 4097 characters; at most 4096 are allowed",
                ": text: has 5000 characters; at most 4096 are allowed",
                true,
            ),
            (": text: is empty", ": to: is empty", false),
        ] {
            assert_eq!(kind_of(left) == kind_of(right), are_alike, "{left}, {right}");
        }
    }
}
