//! The faults of rows, to be printed when the list is read: after an answer to a question, it is read again. With `-v`,
//! they are printed immediately, because their number has no limit.

use std::collections::HashMap;

use crate::base::output::{ReadProgress, Stderr, counted_are};
use crate::commands::bulk::earlier::ReportedRows;
use crate::commands::bulk::row_notes::{RowNotes, excluded_words};
use crate::runs::import::{ImportPolicy, Remarks, RowFault, RowProblem, Severity};

/// The faults of the rows so far.
pub(super) struct RowReport<'a> {
    policy: ImportPolicy,
    messages: RowMessages<'a>,
    notes: RowNotes,
    reported: ReportedRows,
    /// Collected if wanted.
    remarks: Option<Remarks>,
}

/// The report, after every row is read.
#[derive(Default)]
pub(super) struct RowReportEnd {
    lines: Vec<RowLine>,
    notes: RowNotes,
    /// The faults of single rows, if the page needs them.
    pub(super) remarks: Remarks,
}

/// A line about a row.
struct RowLine {
    severity: Severity,
    text: String,
}

impl RowLine {
    fn print(&self, stderr: &Stderr) {
        match self.severity {
            Severity::Fault => stderr.fault(&self.text),
            Severity::Warning => stderr.warning(&self.text),
            Severity::Note => stderr.note(&self.text),
        }
    }
}

impl RowReportEnd {
    pub(super) fn print(&self, stderr: &Stderr) {
        for line in &self.lines {
            line.print(stderr);
        }
        self.notes.print(stderr);
    }
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

    /// Adds the fault of the row in `line` to the lines or the notes.
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
            RowProblem::RepeatedPerson { of } => {
                let words = "addressed to the recipient of an earlier row".to_owned();
                let way_out = "; to send only the first: --one-per-recipient";
                notes.note_with(words, as_line(line, *of), way_out);
            }
        }
    }

    /// Adds the problem of a row that cannot be sent unchanged.
    fn report_problem(&mut self, line: u64, problem: &str) {
        if self.policy.skip_invalid {
            let text = format!(" is skipped{problem}");
            self.messages.add(Severity::Warning, line, &text);
        } else {
            self.messages.add(Severity::Fault, line, problem);
        }
    }

    /// Adds how many further rows of each kind are not printed.
    pub(super) fn finish(self) -> RowReportEnd {
        RowReportEnd {
            lines: self.messages.finish(),
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

/// Collects messages about rows, and at the end how many more rows there were.
struct RowMessages<'a> {
    stderr: &'a Stderr,
    reading: &'a ReadProgress<'a>,
    kinds: HashMap<RowKind, RowsOfKind>,
    lines: Vec<RowLine>,
}

/// A kind of message: its severity, and its text without values.
#[derive(PartialEq, Eq, Hash)]
struct RowKind {
    severity: Severity,
    text: String,
}

impl<'a> RowMessages<'a> {
    fn new(stderr: &'a Stderr, reading: &'a ReadProgress<'a>) -> Self {
        Self {
            stderr,
            reading,
            kinds: HashMap::new(),
            lines: Vec::new(),
        }
    }

    /// Adds `text` after the line number of the row.
    fn add(&mut self, severity: Severity, line: u64, text: &str) {
        let kind = RowKind {
            severity,
            text: without_values(text),
        };
        let rows = self.kinds.entry(kind).or_insert(RowsOfKind::new(line));
        rows.note(line);
        let is_listed = rows.count <= MAX_ROWS;
        let text = format!("line {line}{text}");
        let row_line = RowLine { severity, text };
        if self.stderr.is_verbose() {
            self.reading.above(|| row_line.print(self.stderr));
        } else if is_listed {
            self.lines.push(row_line);
        }
    }

    /// Returns the lines, with the number of rows of each kind that are not listed.
    fn finish(self) -> Vec<RowLine> {
        let mut lines = self.lines;
        if self.stderr.is_verbose() {
            return lines;
        }
        let kinds = self.kinds.into_iter();
        let mut longer: Vec<_> = kinds.filter(|(_, rows)| rows.count > MAX_ROWS).collect();
        longer.sort_by_key(|(_, rows)| rows.first_line);
        lines.extend(longer.into_iter().map(|(kind, rows)| {
            let line = rows.first_line;
            let more = counted_are(rows.count - MAX_ROWS, "more row");
            RowLine {
                severity: kind.severity,
                text: format!("{more} like line {line}; -v lists all"),
            }
        }));
        lines
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
