//! Reads every row, builds its request and checks it before anything is sent. A second thread writes the draft.

use std::thread;

use super::cells::MessageColumns;
use super::counted_columns::{RowToCount, count_row};
use super::draft_feed::DraftFeed;
use super::error::{BulkError, RowError};
use super::finding::{Finding, Severity};
use super::import_result::{
    ImportResult, RowNote, RowReport, describe_exclusion, describe_not_allowed,
};
use super::plan::{Addressee, ImportPlan, RecipientRule, TO};
use super::policy::{DuplicatePolicy, HiddenRule};
use super::questions::LocalNumber;
use super::recipient_column::FirstRows;
use super::reported::{EarlierOutcome, ReportRuns, reported_skip};
use super::selection::ListSelection;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::jelou::api::{Request, SuccessCriterion};
use crate::jelou::message::{Outgoing, Route, each_text, refused_character};
use crate::lists::list_file::{FaultyCell, ListReader, ListRow, ReportedOutcome, Row, SENT_COLUMN};
use crate::lists::template::{BodyTemplate, RowValues, faults_of_row_text};
use crate::runs::ledger::{DraftRow, LedgerDraft, SkipDetail, SkipReason};

/// The factor for the number of rows to read before the next comparison, until the limit is reached.
const READ_AHEAD: u64 = 4;

/// Fills `draft` with the rows of `list`. Calls `report` for every row with a problem, and `is_read` with the number of
/// rows so far. If `plan.skips_rows` is set, `skip_rows` marks rows as skipped, and returns false if it failed.
pub(crate) fn import_list(
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    report: RowReport<'_>,
    is_read: &dyn Fn(u64),
    mut skip_rows: impl FnMut(&mut LedgerDraft) -> bool,
) -> Result<ImportResult, BulkError> {
    let mut rows = Importer::new(plan, is_read);
    // Columns without a name count too: each has a cell in every row.
    rows.imported.columns = list.header().unwrap_or_default().to_vec();
    let Some(limit) = plan.limit else {
        rows.read(list, draft, u64::MAX, report)?;
        return Ok(rows.finish(None));
    };
    let mut wanted = limit;
    loop {
        // Notes after the limit are not reported, so they wait until the limit's position is clear.
        let mut notes = Vec::new();
        let read = rows.read(list, draft, wanted, &mut |note| notes.push(note));
        let could_skip = !plan.skips_rows || skip_rows(draft);
        let end = draft.cut(limit, plan.policy.limit_unit())?;
        notes.retain(|note| end.is_none_or(|end| note.line() <= end));
        notes.into_iter().for_each(&mut *report);
        if end.is_some() {
            return Ok(rows.finish(end));
        }
        let is_more = read?;
        if !is_more || !could_skip {
            return Ok(rows.finish(None));
        }
        wanted = rows.requests.saturating_mul(READ_AHEAD);
    }
}

/// Reads the rows of a list in order.
struct Importer<'a> {
    plan: &'a ImportPlan<'a>,
    is_read: &'a dyn Fn(u64),
    imported: ImportResult,
    /// The recipient's column by the first rows of the list, or why it is unclear.
    choice: Result<String, UsageError>,
    /// The recipient's column; None before the first row.
    column: Option<String>,
    /// Whether a row may have a report's column `sent`; set with the first row.
    may_say_sent: bool,
    /// Which rows are sent, and which of its values they have.
    selection: ListSelection,
    cells: MessageColumns<'a>,
    reported: ReportRuns<'a>,
    /// The number of rows so far.
    read: u64,
    /// The number of rows so far that are not skipped.
    requests: u64,
    /// The path of the last row's request, if it does not contain the recipient.
    shared_path: Option<(Route, String)>,
    /// The values of the last row's message.
    values: RowValues,
}

impl<'a> Importer<'a> {
    fn new(plan: &'a ImportPlan<'a>, is_read: &'a dyn Fn(u64)) -> Self {
        Self {
            plan,
            is_read,
            imported: ImportResult::default(),
            choice: Ok(String::new()),
            column: None,
            may_say_sent: false,
            selection: plan.selection.clone(),
            cells: MessageColumns::new(plan),
            reported: ReportRuns::new(plan.ledger, plan.reported, plan.skip_reason()),
            read: 0,
            requests: 0,
            shared_path: None,
            values: RowValues::default(),
        }
    }

    /// The result for the list up to the line `last`, or up to its end.
    fn finish(mut self, last: Option<u64>) -> ImportResult {
        self.imported.unclear_column = self.cells.refuse_unclear_columns(last).err();
        match last {
            Some(last) => self.imported.cut(last),
            None => self.imported.unmet = self.selection.unmet(),
        }
        self.imported
    }

    /// Reads until there are `wanted` requests; returns false if the list ended first.
    fn read(
        &mut self,
        list: &mut ListReader,
        draft: &mut LedgerDraft,
        wanted: u64,
        report: RowReport<'_>,
    ) -> Result<bool, BulkError> {
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, draft)?;
            let read = self.read_rows(list, &mut feed, wanted, report);
            // An error of the draft is about an earlier row than an error of the reader.
            feed.close()?;
            read
        })
    }

    fn read_rows(
        &mut self,
        list: &mut ListReader,
        feed: &mut DraftFeed<'_>,
        wanted: u64,
        report: RowReport<'_>,
    ) -> Result<bool, BulkError> {
        if self.read == 0 {
            self.choose_column(list)?;
        }
        while self.requests < wanted {
            let Some(row) = list.read()? else {
                self.check_row_count(list)?;
                return Ok(false);
            };
            self.read += 1;
            (self.is_read)(self.read);
            self.reject_merged_rows(list.name(), &row)?;
            if self.read > self.plan.skip {
                self.add(row, feed, report)
                    .map_err(|error| error.with_sheets(list))?;
            }
        }
        Ok(true)
    }

    /// Refuses a list that ended before its first row, or before the first row after `--skip`.
    fn check_row_count(&self, list: &ListReader) -> Result<(), BulkError> {
        let name = list.name();
        let rows = self.read;
        if rows == 0 {
            return Err(list.notes.with_sheets(UsageError::no_rows(name)).into());
        }
        let skip = self.plan.skip;
        if rows <= skip {
            let problem = msg!(
                "--skip {skip}: {name} has only {rows} {rows|row|rows}",
                skip,
                name,
                rows
            );
            return Err(UsageError::bare(problem).into());
        }
        Ok(())
    }

    /// Chooses the recipient's column by the first rows.
    ///
    /// # Errors
    /// If it is unclear, and titles are above the header.
    fn choose_column(&mut self, list: &mut ListReader) -> Result<(), BulkError> {
        let RecipientRule::Column(rule) = self.plan.recipient else {
            self.choice = Ok(TO.to_owned());
            return Ok(());
        };
        let names = list.column_names();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let mut first = FirstRows {
            list,
            countries: &self.plan.countries,
            hidden: self.plan.policy.hidden,
        };
        self.choice = rule.choose(&names, &mut first);
        if self.choice.is_ok() {
            return Ok(());
        }
        match list.later_header() {
            Some(error) => Err(list.notes.with_sheets(error).into()),
            None => Ok(()),
        }
    }

    /// Refuses rows that are inside the text of an unclosed quote, even if the outer row is invalid or skipped.
    fn reject_merged_rows(&self, name: &str, row: &ListRow) -> Result<(), BulkError> {
        let recipient = &self.plan.recipient;
        let column = self.choice.as_ref().ok();
        let is_row = |row: &Row| {
            column.is_some_and(|column| recipient.read(row, column, &self.plan.countries).is_ok())
        };
        Ok(row.reject_merged_rows(name, is_row)?)
    }

    /// Adds a row to the draft, with its request or the reason for skipping it.
    fn add(
        &mut self,
        list_row: ListRow,
        feed: &mut DraftFeed<'_>,
        report: RowReport<'_>,
    ) -> Result<(), BulkError> {
        let ListRow {
            line,
            row,
            bad_text,
            is_hidden,
            faulty_cells,
            outcome,
            ..
        } = list_row;
        let row = match (row, &outcome) {
            (Ok(shown), Some(outcome)) => Ok(self.reported.with_stored(outcome, shown)?),
            (row, _) => row,
        };
        if let Ok(row) = &row {
            self.imported.note_columns(line, row)?;
        }
        let cells = match &row {
            Ok(row) => row.cells(),
            Err(_) => ListRow::bad_cells(&bad_text),
        };
        // jelouctl does not check the contents of hidden rows.
        if is_hidden && self.plan.policy.hidden != Some(HiddenRule::Send) {
            let skip = SkipDetail {
                reason: SkipReason::Hidden,
                problem: msg!("the row is hidden or crossed out in the sheet"),
            };
            return Ok(feed.add(left_out(line, cells, skip))?);
        }
        let kept_reason = outcome
            .as_ref()
            .and_then(|outcome| self.reported.kept_reason(outcome));
        if let Some(reason @ (SkipReason::Hidden | SkipReason::NotSelected)) = kept_reason {
            let skip = reported_skip(reason);
            report(RowNote::Found(Finding::skipped_row(
                line,
                skip.problem.clone(),
            )));
            return Ok(feed.add(left_out(line, cells, skip))?);
        }
        let row = row.and_then(|row| match self.fault_of_selection(&faulty_cells) {
            Some(problem) => Err(problem),
            None => Ok(row),
        });
        let row = match row {
            Ok(row) => row,
            Err(problem) => {
                let error = RowError::from(problem);
                return self.add_invalid(feed, line, cells, error, report);
            }
        };
        if let Some(problem) = self.selection.why_left_out(&row) {
            let skip = SkipDetail {
                reason: SkipReason::NotSelected,
                problem,
            };
            return Ok(feed.add(left_out(line, cells, skip))?);
        }
        match self.read_message(line, &row, &faulty_cells, outcome.as_ref(), report) {
            Ok((message, skip)) => self.add_message(feed, line, cells, &message, skip, &row),
            Err(error) => {
                self.note_local_number(line, &row, &error);
                let cells = if bad_text.is_empty() {
                    cells
                } else {
                    ListRow::bad_cells(&bad_text)
                };
                self.add_invalid(feed, line, cells, error, report)
            }
        }
    }

    /// Returns the problem of a cell that `--skip-if` or `--only-if` needs.
    fn fault_of_selection(&self, faulty_cells: &[FaultyCell]) -> Option<Message> {
        let mut faults = faulty_cells.iter();
        let fault = faults.find(|(name, _)| self.selection.needs(name));
        fault.map(|(_, problem)| problem.clone())
    }

    /// Builds the message of a row, and reports its warnings. Also returns why the row is skipped, if it is.
    fn read_message(
        &mut self,
        line: u64,
        row: &Row,
        faulty_cells: &[FaultyCell],
        outcome: Option<&ReportedOutcome>,
        report: RowReport<'_>,
    ) -> Result<(RowMessage, Option<SkipDetail>), RowError> {
        let plan = self.plan;
        let country = || plan.find_country(row);
        self.cells.note_dates(line, row, country);
        self.cells.note_decimals(line, row, country);
        let message = self.build(line, row, faulty_cells, outcome)?;
        let skip = self.why_skipped(&message);
        Self::report_message(line, &message, skip.as_ref(), report);
        Ok((message, skip))
    }

    /// Finds the recipient's column in the first row, and checks the names of the columns.
    fn note_first_row(&mut self, row: &Row, line: u64, is_reported: bool) -> Result<(), RowError> {
        let column = self
            .plan
            .check_names(row, line, is_reported, self.choice.clone())
            .map_err(RowError::from_list)?;
        let cautions = self.plan.cautions(&row.names());
        self.imported.warnings = cautions.map_err(RowError::from_list)?;
        let has_sent = SENT_COLUMN.iter().any(|column| row.has(column));
        self.may_say_sent = matches!(row, Row::Fields(_)) || has_sent;
        self.imported.recipient_column.clone_from(&column);
        self.column = Some(column);
        Ok(())
    }

    /// Builds the message of a row, with warnings and the row's outcome in an earlier run.
    fn build(
        &mut self,
        line: u64,
        row: &Row,
        faulty_cells: &[FaultyCell],
        outcome: Option<&ReportedOutcome>,
    ) -> Result<RowMessage, RowError> {
        if self.column.is_none() {
            self.note_first_row(row, line, outcome.is_some())?;
        }
        let column = self.column.as_deref().unwrap_or_default();
        if self.may_say_sent && outcome.is_none() {
            self.plan.refuse_sent(row).map_err(RowError::from_list)?;
        }
        let addressee = self.read_recipient(row, column, faulty_cells);
        let conflict = &mut self.imported.country_conflict;
        conflict.note(self.plan, line, row, column, addressee.as_ref().ok());
        let addressee = addressee?;
        let has_country_cell = !row.country_cells(&self.plan.countries.column).is_empty();
        self.imported.uses_country_column |= addressee.is_bare() && has_country_cell;
        let (outgoing, mut warnings) = self
            .plan
            .request(row, addressee, &mut self.values)
            .map_err(|error| self.name_column(error, row))?;
        warnings.extend(self.body_faults(&outgoing));
        warnings.extend(self.cells.warnings(row));
        self.plan.refuse_warnings(&warnings)?;
        let earlier = match outcome {
            Some(outcome) => {
                self.reported
                    .earlier_outcome(line, outcome, outgoing.recipient().as_str())?
            }
            None => EarlierOutcome::default(),
        };
        Ok(RowMessage {
            outgoing,
            warnings,
            earlier,
        })
    }

    /// Reads the recipient of a row. No cell that the message or its recipient needs may be faulty.
    fn read_recipient(
        &self,
        row: &Row,
        column: &str,
        faulty_cells: &[FaultyCell],
    ) -> Result<Addressee, RowError> {
        // A row without a recipient, such as a total, needs no other reason.
        let fault_of_recipient = faulty_cells
            .iter()
            .find(|(name, _)| self.plan.addresses_with(row, column, name));
        if let Some((_, problem)) = fault_of_recipient {
            return Err(RowError::from(problem.clone()));
        }
        let addressee = self
            .plan
            .recipient
            .read(row, column, &self.plan.countries)?;
        let fault = faulty_cells
            .iter()
            .find(|(name, _)| self.plan.uses(row, column, name));
        match fault {
            Some((_, problem)) => Err(RowError::from(problem.clone())),
            None => Ok(addressee),
        }
    }

    /// The faults in the texts of a row that is a whole body.
    fn body_faults(&self, outgoing: &Outgoing) -> Vec<Message> {
        let mut faults = Vec::new();
        if matches!(self.plan.body, BodyTemplate::Row) {
            each_text(outgoing.body(), "", &mut |path, text| {
                faults.extend(faults_of_row_text(path, text));
            });
        }
        faults
    }

    /// Names the column instead of the text in the error of a row, if a character of its cell is the cause.
    fn name_column(&self, error: RowError, row: &Row) -> RowError {
        match error {
            RowError::Message(message) if !self.plan.affects_every_row(&message) => self
                .refused_character(row)
                .map_or(RowError::Message(message), RowError::from),
            error => error,
        }
    }

    /// The problem of the first cell that the message uses with a character that messages cannot contain.
    fn refused_character(&self, row: &Row) -> Option<Message> {
        let expressions = self.plan.body.expressions().iter();
        let mut columns = expressions.flat_map(|expression| &expression.columns);
        columns.find_map(|column| {
            let problem = refused_character(row.text(column)?)?;
            let name = row.column(column).unwrap_or(column).trim();
            Some(msg!("{name}: {problem}", name, problem))
        })
    }

    /// Why the row of `message` is skipped, whatever other rows there are.
    fn why_skipped(&self, message: &RowMessage) -> Option<SkipDetail> {
        let plan = self.plan;
        let checks = plan.checks.as_ref();
        let exclusions = checks.map(|checks| checks.exclusions);
        if let Some((_, list)) = exclusions.and_then(|it| it.find(message.outgoing.recipients())) {
            return Some(SkipDetail {
                reason: SkipReason::Excluded,
                problem: describe_exclusion(list),
            });
        }
        if let Some(reason) = message.earlier.skip_reason {
            return Some(reported_skip(reason));
        }
        let refusal = checks
            .filter(|_| plan.policy.skip_not_allowed)?
            .why_not_allowed?;
        refusal(&mut message.outgoing.recipients()).map(|_| SkipDetail {
            reason: SkipReason::NotAllowed,
            problem: describe_not_allowed(),
        })
    }

    /// Reports the warnings about a row with a message, and why it is skipped. If it is not, also reports an earlier
    /// outcome.
    fn report_message(
        line: u64,
        message: &RowMessage,
        skip: Option<&SkipDetail>,
        report: RowReport<'_>,
    ) {
        for warning in message.warnings.iter().cloned() {
            let finding = Finding::for_row(line, Severity::Warning, warning);
            report(RowNote::Found(finding));
        }
        if let Some(skip) = skip {
            let problem = skip.problem.clone();
            report(RowNote::Found(Finding::skipped_row(line, problem)));
        } else if let Some(reason) = message.earlier.sent {
            report(RowNote::Earlier {
                line,
                reason,
                is_undelivered: message.earlier.is_undelivered,
            });
        }
    }

    /// Records the number in `row` if it has no country.
    fn note_local_number(&mut self, line: u64, row: &Row, error: &RowError) {
        let RowError::Recipient { column, error } = error else {
            return;
        };
        if !error.is_without_country {
            return;
        }
        let written = row.text(column).unwrap_or_default().trim().to_owned();
        self.imported
            .note_local_number(LocalNumber { line, written });
    }

    fn add_invalid(
        &mut self,
        feed: &mut DraftFeed<'_>,
        line: u64,
        cells: String,
        error: RowError,
        report: RowReport<'_>,
    ) -> Result<(), BulkError> {
        match error {
            RowError::List(error) => return Err(*error),
            RowError::Message(error) if self.plan.affects_every_row(&error) => {
                return Err(BulkError::Message(error));
            }
            _ => {}
        }
        let problem = error.message();
        report(RowNote::Found(Finding {
            hint: error.hint(),
            column: error.column().map(str::to_owned),
            ..self.plan.policy.finding(line, problem.clone())
        }));
        let skip = SkipDetail {
            reason: SkipReason::Invalid,
            problem,
        };
        feed.add(left_out(line, cells, skip))?;
        Ok(())
    }

    /// Adds a row with its request.
    fn add_message(
        &mut self,
        feed: &mut DraftFeed<'_>,
        line: u64,
        cells: String,
        message: &RowMessage,
        skip: Option<SkipDetail>,
        row: &Row,
    ) -> Result<(), BulkError> {
        let outgoing = &message.outgoing;
        let parts = [
            outgoing.recipient().as_str().to_owned(),
            self.path(outgoing),
            outgoing.json().to_owned(),
        ];
        let reason = skip.as_ref().map(|skip| skip.reason);
        if matches!(reason, None | Some(SkipReason::NotAllowed)) {
            let accepts = &mut self.imported.accepts;
            accepts.get_or_insert_with(|| SuccessCriterion::for_message(outgoing));
        }
        let earlier = message.earlier.sent.filter(|_| self.skips_sent());
        let skip = skip.or_else(|| earlier.map(reported_skip));
        if skip.is_none() {
            self.requests += 1;
            self.imported.templates.note(outgoing);
            self.count_columns(line, row, outgoing);
        }
        Ok(feed.add(DraftRow {
            line,
            cells,
            request: Some(parts),
            skip,
        })?)
    }

    /// Counts the columns of a row that would be sent, with the values of its message.
    fn count_columns(&mut self, line: u64, row: &Row, outgoing: &Outgoing) {
        let to_count = RowToCount {
            line,
            row,
            recipient: outgoing.recipient().as_str(),
            json: outgoing.json(),
            body: outgoing.body(),
            values: &self.values,
        };
        let column = self.column.as_deref().unwrap_or_default();
        count_row(&mut self.imported.counted, self.plan, column, &to_count);
    }

    /// Path and query of the request for `outgoing`. Most rows of a list have the same.
    fn path(&mut self, outgoing: &Outgoing) -> String {
        let route = outgoing.route();
        if let Some((shared, path)) = &self.shared_path
            && shared == route
        {
            return path.clone();
        }
        let path = Request::message_path(self.plan.base, self.plan.bot, outgoing);
        if !route.has_recipient() {
            self.shared_path = Some((route.clone(), path.clone()));
        }
        path
    }

    /// Whether rows are skipped that were or may have been sent, according to a report.
    fn skips_sent(&self) -> bool {
        match self.plan.reported {
            DuplicatePolicy::Skip => true,
            DuplicatePolicy::Refuse => self.plan.policy.notes_rejects,
            DuplicatePolicy::Send => false,
        }
    }
}

/// The message of a row.
struct RowMessage {
    outgoing: Outgoing,
    warnings: Vec<Message>,
    /// The outcome of the row in an earlier run.
    earlier: EarlierOutcome,
}

/// A row whose message is not built.
fn left_out(line: u64, cells: String, skip: SkipDetail) -> DraftRow {
    DraftRow {
        line,
        cells,
        request: None,
        skip: Some(skip),
    }
}
