//! Collects notes about a list and its rows: each kind of note is printed once with its first lines, because a fault in
//! a column affects every row.

use std::collections::HashMap;

use crate::base::output::{ReadProgress, Stderr, counted, counted_are};
use crate::lists::exclusions::CountryRule;
use crate::lists::list_file::{FormatFallback, ListReader, UnshownColumn, is_country_column};
use crate::runs::import::{HiddenRule, ImportPlan, Imported};

/// The maximum number of lines listed for one kind.
const TOLD: u64 = 5;

/// The severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Severity {
    /// The command exits with an error.
    Fault,
    Warning,
}

/// Prints lines about rows, and at the end how many more there were.
pub(crate) struct RowMessages<'a> {
    stderr: &'a Stderr,
    reading: &'a ReadProgress<'a>,
    /// Each kind with its first line and its count.
    kinds: HashMap<(Severity, String), (u64, u64)>,
}

impl<'a> RowMessages<'a> {
    pub(crate) fn new(stderr: &'a Stderr, reading: &'a ReadProgress<'a>) -> Self {
        Self {
            stderr,
            reading,
            kinds: HashMap::new(),
        }
    }

    /// Prints `said` after the line number of the row.
    pub(crate) fn tell(&mut self, severity: Severity, line: u64, said: &str) {
        let (_, count) = self
            .kinds
            .entry((severity, kind_of(said)))
            .or_insert((line, 0));
        *count += 1;
        if *count <= TOLD || self.stderr.is_verbose() {
            self.print(severity, &format!("line {line}{said}"));
        }
    }

    /// Prints how many lines of each kind were not printed.
    pub(crate) fn finish(self) {
        if self.stderr.is_verbose() {
            return;
        }
        let mut kinds: Vec<_> = self
            .kinds
            .iter()
            .filter(|(_, (_, count))| *count > TOLD)
            .collect();
        kinds.sort_by_key(|(_, (line, _))| *line);
        for ((severity, _), (line, count)) in kinds {
            let rows = counted_are(count - TOLD, "more row");
            self.print(*severity, &format!("{rows} like line {line}; -v lists all"));
        }
    }

    fn print(&self, severity: Severity, line: &str) {
        self.reading.above(|| match severity {
            Severity::Fault => self.stderr.fault(line),
            Severity::Warning => self.stderr.warning(line),
        });
    }
}

/// The words without quoted text and numbers.
fn kind_of(said: &str) -> String {
    let outside = said.split('`').step_by(2);
    outside
        .flat_map(str::chars)
        .filter(|character| !character.is_ascii_digit())
        .collect()
}

/// The number of lines to name.
const NAMED: usize = 5;

/// Notes about rows, in order of first appearance.
#[derive(Default)]
pub(crate) struct RowNotes {
    notes: Vec<RowNote>,
}

struct RowNote {
    /// What the rows have in common, such as `excluded by bajas.csv`.
    words: String,
    rows: u64,
    lines: Vec<String>,
    way_out: &'static str,
    is_warning: bool,
}

/// The words for rows that the list with this name excludes.
pub(crate) fn excluded_words(list: &str) -> String {
    format!("excluded by {list}")
}

impl RowNotes {
    /// Adds `line` to the note that rows are `words`. It is printed as a warning if `is_warning`.
    pub(crate) fn add(
        &mut self,
        words: String,
        line: String,
        way_out: &'static str,
        is_warning: bool,
    ) {
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
                way_out,
                is_warning,
            }),
        }
    }

    pub(crate) fn tell(&self, stderr: &Stderr) {
        for RowNote {
            words,
            rows,
            lines,
            way_out,
            is_warning,
        } in &self.notes
        {
            let more = if lines.len() > NAMED { ", …" } else { "" };
            let lines: Vec<_> = lines.iter().take(NAMED).map(String::as_str).collect();
            let told = format!(
                "{} {words}: line {}{more}{way_out}",
                counted_are(*rows, "row"),
                lines.join(", ")
            );
            if *is_warning {
                stderr.warning(&told);
            } else {
                stderr.note(&told);
            }
        }
    }
}

/// Columns that the message uses, and that the sheet shows in another format.
pub(crate) fn unshown_columns(list: &ListReader, plan: &ImportPlan<'_>) -> Vec<String> {
    let is_printed = |column: &&UnshownColumn| {
        plan.texts().any(|(_, uses)| {
            uses.plain
                .iter()
                .any(|name| list.is_column(name, &column.name))
        })
    };
    let told = list.notes.unshown_columns.iter().filter(is_printed).map(
        |UnshownColumn { name, why, format, row, stored, .. }| {
            let because = match why {
                FormatFallback::Format => format!(
                    "jelouctl does not know the format `{format}`; to format it, add a filter such as number(2)"
                ),
                FormatFallback::Country => format!(
                    "the format `{format}` depends on the country; add --country, or a filter such as number(2) or \
                     date('%d/%m/%Y')"
                ),
            };
            format!("{name}: cells are sent as stored, `{stored}` in line {row}: {because}")
        },
    );
    told.collect()
}

/// Prints how jelouctl reads numbers without `+` in a list that has countries.
pub(crate) fn tell_of_countries(stderr: &Stderr, imported: &Imported, rule: CountryRule) {
    let Some(column) = imported.columns.iter().find(|name| is_country_column(name)) else {
        return;
    };
    let column = column.trim();
    match rule.otherwise.filter(|_| !rule.by_column) {
        Some(country) => {
            stderr.note(&format!(
                "numbers without + are read as numbers of {country}; `{column}` is ignored"
            ));
        }
        None if imported.bare_codes.by_column => {
            stderr.note(&format!(
                "numbers without + are read with the country in `{column}`"
            ));
        }
        None => {}
    }
}

/// The rows that the sheet hides or shows crossed out, if any.
pub(crate) fn hidden_rows(list: &ListReader) -> Option<String> {
    let hidden = Some(&list.notes.hidden_rows).filter(|hidden| !hidden.is_empty())?;
    let more = if hidden.len() > NAMED { ", …" } else { "" };
    let lines = hidden
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    Some(format!(
        "{} hidden or crossed out in the sheet: line {lines}{more}",
        counted_are(hidden.len() as u64, "row")
    ))
}

/// Prints what is not visible when the list is opened.
pub(crate) fn tell_of_list(stderr: &Stderr, list: &ListReader, rule: Option<HiddenRule>) {
    if let Some(misread) = &list.notes.misread {
        stderr.warning(misread);
    }
    let missing: Vec<_> = list
        .missing_columns()
        .into_iter()
        .map(|column| format!("`{column}`"))
        .collect();
    if !missing.is_empty() {
        stderr.note(&format!(
            "the list is a report without {}",
            missing.join(", ")
        ));
    }
    if let (Some(hidden), Some(rule)) = (hidden_rows(list), rule) {
        let done = match rule {
            HiddenRule::Skip => "skipped",
            HiddenRule::Send => "sent",
        };
        stderr.note(&format!("{hidden}; --hidden: {done}"));
    }
    let others = list.notes.other_sheets.len() as u64;
    if let Some(sheet) = list.notes.sheet.as_ref().filter(|_| others > 0) {
        let others = counted(others, "other sheet");
        let names = list.notes.named_sheets();
        stderr.note(&format!(
            "reading the sheet `{sheet}`; the workbook has {others}; to read another: --sheet NAME ({names})"
        ));
    }
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
                kind_of(left) == kind_of(right),
                are_alike,
                "{left}, {right}"
            );
        }
    }
}
