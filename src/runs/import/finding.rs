//! A finding in a list: a fact or a fault, with its place. Commands print it. If many rows have the same finding, they
//! list only the first ones.

use std::collections::{BTreeMap, HashMap};

use crate::base::message::{Message, msg};
use crate::base::output::{RefusedRow, RefusedRows};
use crate::runs::ledger::{SkipCounts, SkipReason};

/// A finding about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    pub(crate) severity: Severity,
    /// What was found, with its value.
    pub(crate) message: Message,
    /// What to do, as a command.
    pub(crate) hint: Option<Message>,
    /// The column of the row with the fault, if it is in one.
    pub(super) column: Option<String>,
    /// Why the row is not sent.
    pub(super) reason: SkipReason,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    List,
    /// The column with this name.
    Column(String),
    Row(RowPlace),
}

/// A row, by its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) line: u64,
    /// Whether it is skipped because of the finding.
    pub(crate) is_skipped: bool,
    /// The earlier line that it repeats.
    pub(crate) same_as: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Severity {
    /// A fact.
    Note,
    /// Probably a mistake.
    Warning,
    /// The command ends with an error.
    Fault,
}

/// Called with each note about a row.
pub(super) type RowReport<'a> = &'a mut dyn FnMut(RowNote);

/// A note about a row during the import.
#[derive(Debug)]
pub(super) enum RowNote {
    /// Its place is a row.
    Found(Finding),
    /// According to a report, it was or may have been sent.
    Earlier {
        line: u64,
        reason: SkipReason,
        /// Whether the report says that it was not delivered.
        is_undelivered: bool,
    },
}

impl RowNote {
    pub(super) fn line(&self) -> u64 {
        match self {
            Self::Found(Finding {
                place: Place::Row(row),
                ..
            }) => row.line,
            Self::Found(_) => 0,
            Self::Earlier { line, .. } => *line,
        }
    }
}

impl Finding {
    pub(crate) fn note(message: Message) -> Self {
        Self {
            place: Place::List,
            severity: Severity::Note,
            message,
            hint: None,
            column: None,
            reason: SkipReason::Invalid,
        }
    }

    pub(crate) fn warning(message: Message) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::note(message)
        }
    }

    /// Creates a finding about the row in `line`.
    pub(crate) fn for_row(line: u64, severity: Severity, message: Message) -> Self {
        Self {
            place: Place::Row(RowPlace {
                line,
                is_skipped: false,
                same_as: None,
            }),
            severity,
            ..Self::note(message)
        }
    }

    /// Creates the note that the row in `line` is skipped because of `problem`.
    pub(crate) fn skipped_row(line: u64, problem: Message) -> Self {
        let finding = Self::for_row(line, Severity::Note, problem);
        finding.in_row(|row| row.is_skipped = true)
    }

    /// Returns the finding with a change of its row.
    pub(super) fn in_row(mut self, change: impl FnOnce(&mut RowPlace)) -> Self {
        if let Place::Row(row) = &mut self.place {
            change(row);
        }
        self
    }

    pub(super) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(super) fn with_hint(self, hint: Message) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// Returns the finding on one line, without its hint.
    pub(crate) fn line(&self) -> Message {
        let message = &self.message;
        match &self.place {
            Place::List => message.clone(),
            Place::Column(name) => msg!("{name}: {message}", name, message),
            Place::Row(RowPlace {
                line,
                is_skipped: true,
                ..
            }) => msg!("line {line} is skipped: {message}", line, message),
            Place::Row(RowPlace { line, .. }) => msg!("line {line}: {message}", line, message),
        }
    }
}

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
