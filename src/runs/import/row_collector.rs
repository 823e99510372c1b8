//! Collects what was found in rows while a list is read. Of many rows with the same finding, it lists the first ones.

use std::collections::{BTreeMap, HashMap};

use super::finding::{Finding, Place, RowPlace, Severity};
use super::import_result::RowNote;
use crate::base::message::{Message, msg};
use crate::base::output::{RefusedRow, RefusedRows};
use crate::runs::ledger::SkipCounts;

/// The number of rows listed for one kind of finding.
const MAX_ROWS: u64 = 5;
/// The number of lines that a note names.
const NAMED: usize = 5;

/// The faults and warnings of rows, and which rows have the recipient of an earlier one; by line.
pub(crate) type RowFindings = BTreeMap<u64, Vec<Finding>>;

/// The findings in the rows so far.
#[derive(Default)]
pub(crate) struct RowCollector<'a> {
    /// Gets each fault and warning at once, because their number has no limit. Without it, the first ones are listed.
    each: Option<&'a dyn Fn(&Finding)>,
    kinds: HashMap<FindingKind, RowsOfKind>,
    listed: Vec<Finding>,
    notes: RowNotes,
    reported: ReportedRows,
    by_line: Option<RowFindings>,
    refused: RefusedRows,
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

/// The rows that were sent or may have been, according to a report.
#[derive(Debug, Default)]
pub(super) struct ReportedRows {
    pub(super) rows: SkipCounts,
    /// The rows that Jelou accepted, but did not deliver.
    pub(super) undelivered: u64,
}

/// What was found in the rows of a list.
#[derive(Default)]
pub(crate) struct CollectedRows {
    /// What to print.
    pub(crate) listed: Vec<Finding>,
    /// Empty unless wanted.
    pub(crate) by_line: RowFindings,
    /// The rows that prevent the send.
    pub(crate) refused: RefusedRows,
}

impl<'a> RowCollector<'a> {
    /// Collects the findings also by line if the command `needs_lines`.
    pub(crate) fn new(each: Option<&'a dyn Fn(&Finding)>, needs_lines: bool) -> Self {
        Self {
            each,
            by_line: needs_lines.then(RowFindings::new),
            ..Self::default()
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
        if finding.severity == Severity::Fault {
            self.refused.add(RefusedRow {
                line: row.line,
                column: finding.column.clone(),
                code: finding.reason.name(),
                message: finding.message.clone(),
            });
        }
        // The draft has why a row is skipped.
        if let Some(all) = &mut self.by_line
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
        if let Some(each) = self.each {
            each(&finding);
        } else if rows.count <= MAX_ROWS {
            self.listed.push(finding);
        }
    }

    /// Adds how many further rows of each kind are not listed.
    pub(crate) fn finish(self) -> CollectedRows {
        let mut listed = self.listed;
        // Recipients that are not allowed are found after the other faults.
        listed.sort_by_key(|finding| match finding.place {
            Place::Row(row) => row.line,
            Place::List | Place::Column(_) => 0,
        });
        if self.each.is_none() {
            let kinds = self.kinds.into_iter();
            let mut longer: Vec<_> = kinds.filter(|(_, rows)| rows.count > MAX_ROWS).collect();
            longer.sort_by_key(|(_, rows)| rows.first_line);
            listed.extend(longer.into_iter().map(|((severity, _), rows)| Finding {
                severity,
                ..Finding::note(msg!(
                    "{rows} more {rows|row is|rows are} like line {line}; -v lists all",
                    rows = rows.count - MAX_ROWS,
                    line = rows.first_line
                ))
            }));
        }
        listed.extend(self.notes.findings());
        CollectedRows {
            listed,
            by_line: self.by_line.unwrap_or_default(),
            refused: self.refused,
        }
    }
}

/// Notes about rows, in order of first appearance. A column or an exclusion list can affect every row, so each note is
/// printed once, with its first lines.
#[derive(Default)]
pub(super) struct RowNotes {
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

    pub(super) fn findings(self) -> Vec<Finding> {
        self.notes.into_iter().map(NotedRows::finding).collect()
    }
}

impl NotedRows {
    fn finding(self) -> Finding {
        let rows = self.rows;
        let mut lines = self.lines;
        lines.extend((rows > NAMED as u64).then(|| Message::verbatim("…")));
        let lines = Message::joined(lines, ", ");
        let message = self.first.message;
        let message = if self.is_skipped {
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
        Finding {
            hint: self.first.hint,
            ..Finding::note(message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_listed_by_line() {
        let mut rows = RowCollector::new(None, false);
        for line in [8, 2, 7] {
            rows.add_finding(Finding::for_row(line, Severity::Fault, "x".into()));
        }
        let listed = rows.finish().listed;
        let lines: Vec<_> = listed
            .iter()
            .map(|finding| finding.line().to_string())
            .collect();
        assert_eq!(lines, ["line 2: x", "line 7: x", "line 8: x"]);
    }
}
