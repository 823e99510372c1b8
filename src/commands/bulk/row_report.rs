//! What was found in rows, to be printed when the list is read: after an answer to a question, it is read again. With `-v`,
//! it is printed immediately, because its size has no limit.

use std::collections::HashMap;

use super::earlier::ReportedRows;
use super::row_notes::RowNotes;
use crate::base::message::msg;
use crate::base::output::{ReadProgress, Stderr};
use crate::runs::import::{Finding, Place, RowFindings, RowNote, Severity};

/// The maximum number of rows listed for one kind.
const MAX_ROWS: u64 = 5;

/// The findings in the rows so far.
pub(super) struct RowReporter<'a> {
    stderr: &'a Stderr,
    reading: &'a ReadProgress<'a>,
    kinds: HashMap<FindingKind, RowsOfKind>,
    listed: Vec<Finding>,
    notes: RowNotes,
    reported: ReportedRows,
    /// Collected if wanted.
    all: Option<RowFindings>,
}

/// The severity and the texts without their values.
type FindingKind = (Severity, Vec<&'static str>);

/// The rows with findings of one kind. A row can have several.
#[derive(Default)]
struct RowsOfKind {
    first_line: u64,
    last_line: u64,
    count: u64,
}

/// The report, after every row is read.
#[derive(Default)]
pub(super) struct RowReportEnd {
    listed: Vec<Finding>,
    notes: RowNotes,
    /// The findings in single rows, if the page needs them.
    pub(super) findings: RowFindings,
}

impl RowReportEnd {
    pub(super) fn print(&self, stderr: &Stderr) {
        print_findings(stderr, &self.listed);
        self.notes.print(stderr);
    }
}

impl<'a> RowReporter<'a> {
    pub(super) fn new(
        stderr: &'a Stderr,
        reading: &'a ReadProgress<'a>,
        keeps_findings: bool,
    ) -> Self {
        Self {
            stderr,
            reading,
            kinds: HashMap::new(),
            listed: Vec::new(),
            notes: RowNotes::default(),
            reported: ReportedRows::default(),
            all: keeps_findings.then(RowFindings::new),
        }
    }

    pub(super) fn reported(&self) -> &ReportedRows {
        &self.reported
    }

    pub(super) fn add(&mut self, note: RowNote) {
        match note {
            RowNote::Found(finding) => self.add_finding(finding),
            RowNote::Earlier {
                reason,
                is_undelivered,
                ..
            } => {
                self.reported.rows.add(reason, 1);
                self.reported.undelivered += u64::from(is_undelivered);
            }
        }
    }

    pub(super) fn add_finding(&mut self, finding: Finding) {
        let Place::Row(row) = finding.place else {
            return;
        };
        let is_note = finding.severity == Severity::Note;
        // The draft has why a row is skipped.
        if let Some(all) = &mut self.all
            && !(is_note && row.is_skipped)
        {
            all.entry(row.line).or_default().push(finding.clone());
        }
        if is_note {
            self.notes.add(finding);
        } else {
            self.list(row.line, finding);
        }
    }

    /// Lists the finding, unless enough others say the same.
    fn list(&mut self, line: u64, mut finding: Finding) {
        let kind = (finding.severity, finding.message.templates());
        let rows = self.kinds.entry(kind).or_default();
        // The findings in a row follow each other.
        if rows.count == 0 {
            rows.first_line = line;
        }
        if rows.last_line != line {
            rows.last_line = line;
            rows.count += 1;
        }
        // The first one has the hint.
        if rows.count > 1 {
            finding.hint = None;
        }
        if self.stderr.is_verbose() {
            self.reading
                .above(|| print_findings(self.stderr, std::slice::from_ref(&finding)));
        } else if rows.count <= MAX_ROWS {
            self.listed.push(finding);
        }
    }

    /// Adds how many further rows of each kind are not listed.
    pub(super) fn finish(self) -> RowReportEnd {
        let mut listed = self.listed;
        let kinds = self.kinds.into_iter();
        let mut longer: Vec<_> = kinds.filter(|(_, rows)| rows.count > MAX_ROWS).collect();
        if self.stderr.is_verbose() {
            longer.clear();
        }
        longer.sort_by_key(|(_, rows)| rows.first_line);
        listed.extend(longer.into_iter().map(|((severity, _), rows)| {
            let more = msg!(
                "{rows} more {rows|row is|rows are} like line {line}; -v lists all",
                rows = rows.count - MAX_ROWS,
                line = rows.first_line
            );
            Finding {
                severity,
                ..Finding::note(more)
            }
        }));
        RowReportEnd {
            listed,
            notes: self.notes,
            findings: self.all.unwrap_or_default(),
        }
    }
}

/// Prints each finding on one line.
pub(super) fn print_findings(stderr: &Stderr, findings: &[Finding]) {
    for finding in findings {
        match finding.severity {
            Severity::Note => stderr.note(finding.line()),
            Severity::Warning => stderr.warning(finding.line()),
            Severity::Fault => stderr.fault(finding.line()),
        }
    }
}
