//! Prints the faults of rows: some immediately, the others together at the end.

use std::collections::HashMap;

use crate::base::output::{ReadProgress, Stderr, counted_are};
use crate::commands::bulk::earlier::ReportedRows;
use crate::commands::bulk::row_notes::{RowNotes, excluded_words};
use crate::runs::import::{ImportPolicy, Remarks, RowFault, RowProblem};

/// The faults of the rows so far.
pub(super) struct RowReport<'a> {
    policy: ImportPolicy,
    messages: RowMessages<'a>,
    notes: RowNotes,
    reported: ReportedRows,
    /// Collected if wanted.
    remarks: Option<Remarks>,
}

/// The rest of the report, after every row is read.
pub(super) struct RowReportEnd {
    /// Still to be printed.
    pub(super) notes: RowNotes,
    pub(super) remarks: Remarks,
}

impl<'a> RowReport<'a> {
    pub(super) fn new(
        stderr: &'a Stderr,
        progress: &'a ReadProgress<'a>,
        policy: ImportPolicy,
        keeps_remarks: bool,
    ) -> Self {
        Self {
            policy,
            messages: RowMessages::new(stderr, progress),
            notes: RowNotes::default(),
            reported: ReportedRows::default(),
            remarks: keeps_remarks.then(Remarks::new),
        }
    }

    pub(super) fn reported(&self) -> &ReportedRows {
        &self.reported
    }

    /// Prints the fault of the row in `line`, or adds it to the notes.
    pub(super) fn report_row(&mut self, line: u64, fault: &RowFault) {
        match fault {
            RowFault::Remark(remark) => self.report_remark(line, remark),
            RowFault::Reported {
                reason,
                is_undelivered,
            } => {
                self.reported.rows.add(*reason, 1);
                self.reported.undelivered += u64::from(*is_undelivered);
            }
            RowFault::Excluded(list) => self.notes.note(excluded_words(list), line),
            RowFault::KeptOut(reason) => {
                let words = format!("skipped, {} in the report", reason.name());
                self.notes.note(words, line);
            }
            RowFault::SamePerson { of } => {
                let words = "skipped because an earlier row has the same recipient".to_owned();
                self.notes.note(words, as_line(line, *of));
            }
        }
    }

    fn report_remark(&mut self, line: u64, remark: &RowProblem) {
        if let Some(remarks) = &mut self.remarks {
            remarks.entry(line).or_default().push(remark.clone());
        }
        let notes = &mut self.notes;
        match remark {
            RowProblem::Warning(warning) => {
                self.messages
                    .add(Severity::Warning, line, &format!(": {warning}"));
            }
            RowProblem::Invalid(problem) => self.report_problem(line, &format!(": {problem}")),
            RowProblem::Duplicate { of, recipient } => {
                let problem = format!(": it sends {recipient} the same message as line {of}");
                self.report_problem(line, &problem);
            }
            RowProblem::NotAllowed if self.policy.skip_not_allowed => {
                let words = "skipped because allow_to does not allow the recipient";
                notes.note(words.to_owned(), line);
            }
            RowProblem::NotAllowed => {
                let words = "addressed to recipients that are not allowed".to_owned();
                notes.warn(words, line, "; to skip them: --skip-not-allowed");
            }
            RowProblem::EmptyCell(column) => {
                let words = format!("missing `{column}`");
                notes.warn(words, line, "; this leaves a gap in the text");
            }
            RowProblem::PlaceholderCell { column, cell } => {
                let words = format!("marked `{cell}` in `{column}`");
                notes.warn(words, line, "; the recipient would read that");
            }
            RowProblem::RepeatedPerson { of } => {
                let words = "addressed to the recipient of an earlier row".to_owned();
                let way_out = "; to send only the first: --one-per-recipient";
                notes.note_with(words, as_line(line, *of), way_out);
            }
        }
    }

    /// Prints the problem of a row that cannot be sent unchanged.
    fn report_problem(&mut self, line: u64, problem: &str) {
        if self.policy.skip_invalid {
            let text = format!(" is skipped{problem}");
            self.messages.add(Severity::Warning, line, &text);
        } else {
            self.messages.add(Severity::Fault, line, problem);
        }
    }

    /// Prints how many further rows of each kind were not printed.
    pub(super) fn finish(self) -> RowReportEnd {
        self.messages.finish();
        RowReportEnd {
            notes: self.notes,
            remarks: self.remarks.unwrap_or_default(),
        }
    }
}

/// Describes the row in `line`, which has the same recipient as line `of`.
fn as_line(line: u64, of: u64) -> String {
    format!("{line} (same as line {of})")
}

/// The maximum number of rows listed for one kind.
const MAX_ROWS: u64 = 5;

/// The severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Severity {
    /// The command exits with an error.
    Fault,
    Warning,
}

/// The rows with messages of one kind. A row can have several.
struct RowsOfKind {
    first_line: u64,
    last_line: u64,
    count: u64,
}

impl RowsOfKind {
    /// Starts with the row in `line`.
    fn new(line: u64) -> Self {
        Self {
            first_line: line,
            last_line: line,
            count: 1,
        }
    }

    /// Adds a message about the row in `line`. The messages about a row follow each other.
    fn note(&mut self, line: u64) {
        if line != self.last_line {
            self.last_line = line;
            self.count += 1;
        }
    }
}

/// Prints messages about rows, and at the end how many more rows there were.
struct RowMessages<'a> {
    stderr: &'a Stderr,
    reading: &'a ReadProgress<'a>,
    kinds: HashMap<(Severity, String), RowsOfKind>,
}

impl<'a> RowMessages<'a> {
    fn new(stderr: &'a Stderr, reading: &'a ReadProgress<'a>) -> Self {
        Self {
            stderr,
            reading,
            kinds: HashMap::new(),
        }
    }

    /// Prints `text` after the line number of the row.
    fn add(&mut self, severity: Severity, line: u64, text: &str) {
        let rows = self
            .kinds
            .entry((severity, without_values(text)))
            .or_insert(RowsOfKind::new(line));
        rows.note(line);
        if rows.count <= MAX_ROWS || self.stderr.is_verbose() {
            self.print(severity, &format!("line {line}{text}"));
        }
    }

    /// Prints how many rows of each kind were not printed.
    fn finish(self) {
        if self.stderr.is_verbose() {
            return;
        }
        let mut kinds: Vec<_> = self
            .kinds
            .iter()
            .filter(|(_, rows)| rows.count > MAX_ROWS)
            .collect();
        kinds.sort_by_key(|(_, rows)| rows.first_line);
        for ((severity, _), rows) in kinds {
            let line = rows.first_line;
            let more = counted_are(rows.count - MAX_ROWS, "more row");
            self.print(*severity, &format!("{more} like line {line}; -v lists all"));
        }
    }

    fn print(&self, severity: Severity, line: &str) {
        self.reading.above(|| match severity {
            Severity::Fault => self.stderr.fault(line),
            Severity::Warning => self.stderr.warning(line),
        });
    }
}

/// Returns the text without quoted text and numbers.
fn without_values(text: &str) -> String {
    let outside = text.split('`').step_by(2);
    outside
        .flat_map(str::chars)
        .filter(|character| !character.is_ascii_digit())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_that_differ_in_values_are_grouped() {
        for (left, right, are_alike) in [
            (": to: `1` has 1 digits", ": to: `593x` has 12 digits", true),
            (
                ": text: has 4097 characters; at most 4096 are allowed",
                ": text: has 5000 characters; at most 4096 are allowed",
                true,
            ),
            (": text: is empty", ": to: is empty", false),
        ] {
            assert_eq!(
                without_values(left) == without_values(right),
                are_alike,
                "{left}, {right}"
            );
        }
    }
}
