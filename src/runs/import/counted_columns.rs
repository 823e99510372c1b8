//! Counts the columns of the rows that would be sent, while they are imported. If some of these rows are skipped later, such
//! as those of an earlier run, the columns of the others are counted again.

use serde_json::Value;

use super::import_result::ImportResult;
use super::plan::ImportPlan;
use crate::lists::column_facts::{ColumnCounts, ColumnTable, CountedRow, SentValues};
use crate::lists::list_file::{ListReader, meant_columns};
use crate::lists::template::{BodyTemplate, RowValues};
use crate::runs::ledger::{LedgerDraft, LedgerError};

/// Counts a row of a list with recipients in `recipient_column`. The counts begin with its first row to send.
pub(super) fn count_row(
    counts: &mut Option<ColumnCounts>,
    plan: &ImportPlan<'_>,
    recipient_column: &str,
    counted: CountedRow<'_>,
) {
    let row = counted.row;
    let counts = counts.get_or_insert_with(|| {
        let unused = unused_columns(plan, recipient_column, &row.names());
        ColumnCounts::new(recipient_column, plan.body.expressions(), &unused, row)
    });
    counts.count(counted);
}

impl ImportPlan<'_> {
    /// Returns what is counted of a row: the `values` of its expressions, or its whole message.
    pub(super) fn sent_values<'v>(
        &self,
        values: &'v RowValues,
        message: &'v Value,
    ) -> SentValues<'v> {
        match self.body {
            BodyTemplate::Of { .. } => SentValues::OfExpressions(values),
            BodyTemplate::Row => SentValues::Message(message),
        }
    }
}

impl ImportResult {
    /// Returns the table of the columns of the rows to send in `draft`. Call it after every step that skips rows.
    ///
    /// # Errors
    /// If the draft cannot be read.
    pub(super) fn column_table(
        &self,
        list: &ListReader,
        draft: &LedgerDraft,
        plan: &ImportPlan<'_>,
    ) -> Result<ColumnTable, LedgerError> {
        let counted_rows = self.counted.as_ref().map_or(0, ColumnCounts::rows);
        let recounted;
        let counts = if counted_rows == draft.to_be_sent() {
            &self.counted
        } else {
            recounted = self.recount(list, draft, plan)?;
            &recounted
        };
        let Some(counts) = counts else {
            return Ok(ColumnTable::default());
        };
        let texts: Vec<_> = plan.body.texts().iter().map(|text| text.source).collect();
        let names: Vec<_> = self.columns.iter().map(String::as_str).collect();
        let unused = unused_columns(plan, &self.recipient_column, &names);
        Ok(counts.table(&texts, &unused))
    }

    /// Counts only the rows to send in `draft`.
    fn recount(
        &self,
        list: &ListReader,
        draft: &LedgerDraft,
        plan: &ImportPlan<'_>,
    ) -> Result<Option<ColumnCounts>, LedgerError> {
        let mut counts = None;
        let mut values = RowValues::default();
        draft.each_row_to_send(|drafted, request| {
            // The row was filled before without an error.
            let Some(row) = list.read_back(drafted.cells) else {
                return Ok(());
            };
            let country = plan.find_country(&row);
            let filled = plan.body.fill_and_note(&row, country, &mut values);
            let body = filled.map(|filled| filled.value).unwrap_or_default();
            let counted = CountedRow {
                line: drafted.line,
                row: &row,
                country,
                named_country: plan.countries.named_for(&row),
                recipient: request.recipient,
                json: request.body,
                sent: plan.sent_values(&values, &body),
            };
            count_row(&mut counts, plan, &self.recipient_column, counted);
            Ok::<_, LedgerError>(())
        })?;
        Ok(counts)
    }
}

/// Returns those of the columns `names` that neither the message nor its recipient needs.
fn unused_columns<'n>(
    plan: &ImportPlan<'_>,
    recipient_column: &str,
    names: &[&'n str],
) -> Vec<&'n str> {
    let uses_all = plan.texts().any(|(_, uses)| uses.is_of_all);
    if uses_all || matches!(plan.body, BodyTemplate::Row) {
        return Vec::new();
    }
    let written = plan.texts().flat_map(|(_, uses)| &uses.columns);
    let mut used: Vec<_> = written
        .flat_map(|name| meant_columns(names, name))
        .map(str::trim)
        .collect();
    used.push(recipient_column.trim());
    let is_unused = |name: &&str| {
        let name = name.trim();
        let sets_country = plan.countries.column.has_name(name);
        !name.is_empty() && !used.contains(&name) && !sets_country
    };
    names.iter().copied().filter(is_unused).collect()
}
