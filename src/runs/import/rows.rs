//! Reads every row, builds its request and checks it before anything is sent. A second thread writes the draft.

use std::thread;

use super::cells::MessageColumns;
use super::counted_columns::count_row;
use super::draft_feed::DraftFeed;
use super::error::{BulkError, RowError};
use super::finding::{Finding, RowNote, RowReport, Severity};
use super::import_result::{ImportResult, LocalNumber, describe_exclusion, describe_not_allowed};
use super::plan::{Addressee, ImportPlan, RecipientRule, TO};
use super::policy::{DuplicatePolicy, HiddenRule};
use super::recipient_column::FirstRows;
use super::reported::{EarlierOutcome, ReportRuns, reported_skip};
use super::selection::ListSelection;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::jelou::api::{Request, SuccessCriterion};
use crate::jelou::message::{Outgoing, Route, each_text, refused_character};
use crate::lists::column_facts::CountedRow;
use crate::lists::list_file::{FaultyCell, ListReader, ListRow, Row, SENT_COLUMN};
use crate::lists::template::{BodyTemplate, RowValues, faults_of_row_text};
use crate::runs::ledger::{CheckedRow, LedgerDraft, SkipDetail, SkipReason};

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
                let checked = self
                    .check(row, report)
                    .map_err(|error| error.with_sheets(list))?;
                self.requests += u64::from(checked.skip.is_none());
                feed.add(checked)?;
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

    /// Makes the request of a row, or finds the reason for skipping it.
    fn check(
        &mut self,
        mut list_row: ListRow,
        report: RowReport<'_>,
    ) -> Result<CheckedRow, BulkError> {
        let line = list_row.line;
        if let (Ok(row), Some(outcome)) = (&mut list_row.row, &list_row.outcome) {
            self.reported.restore_stored(outcome, row)?;
        }
        if let Ok(row) = &list_row.row {
            self.imported.note_columns(line, row)?;
        }
        if let Some(skip) = self.why_unread(&list_row, report) {
            return Ok(skipped(line, list_row.cells(), skip));
        }
        let checked = self.check_read_row(&list_row, report);
        checked.or_else(|error| self.skip_invalid(&list_row, error, report))
    }

    /// Returns why the contents of a row are not checked.
    fn why_unread(&self, row: &ListRow, report: RowReport<'_>) -> Option<SkipDetail> {
        if row.is_hidden && self.plan.policy.hidden != Some(HiddenRule::Send) {
            return Some(SkipDetail {
                reason: SkipReason::Hidden,
                problem: msg!("the row is hidden or crossed out in the sheet"),
            });
        }
        let reason = self.reported.kept_reason(row.outcome.as_ref()?)?;
        if !matches!(reason, SkipReason::Hidden | SkipReason::NotSelected) {
            return None;
        }
        let skip = reported_skip(reason);
        let finding = Finding::skipped_row(row.line, skip.problem.clone());
        report(RowNote::Found(finding));
        Some(skip)
    }

    /// Checks a row that is neither hidden nor left out by its report.
    ///
    /// # Errors
    /// If the row is invalid.
    fn check_read_row(
        &mut self,
        list_row: &ListRow,
        report: RowReport<'_>,
    ) -> Result<CheckedRow, RowError> {
        let line = list_row.line;
        let row = list_row.row.as_ref().map_err(Message::clone)?;
        self.refuse_unselectable(list_row)?;
        if let Some(problem) = self.selection.why_not_selected(row) {
            let reason = SkipReason::NotSelected;
            return Ok(skipped(line, row.cells(), SkipDetail { reason, problem }));
        }
        let plan = self.plan;
        self.cells.note(line, row, || plan.find_country(row));
        let made = self.make_message(list_row, row);
        self.cells.note_shares(line, self.values.take_bare_shares());
        let (outgoing, warnings) = made?;
        let earlier = match &list_row.outcome {
            Some(outcome) => {
                let recipient = outgoing.recipient().as_str();
                self.reported.earlier_outcome(line, outcome, recipient)?
            }
            None => EarlierOutcome::default(),
        };
        for warning in warnings {
            let finding = Finding::for_row(line, Severity::Warning, warning);
            report(RowNote::Found(finding));
        }
        let skip = self.why_skipped(&outgoing, earlier);
        if let Some(skip) = &skip {
            let problem = skip.problem.clone();
            report(RowNote::Found(Finding::skipped_row(line, problem)));
        } else if let Some(reason) = earlier.sent {
            report(RowNote::Earlier {
                line,
                reason,
                is_undelivered: earlier.is_undelivered,
            });
        }
        let reason = skip.as_ref().map(|skip| skip.reason);
        if matches!(reason, None | Some(SkipReason::NotAllowed)) {
            let accepts = &mut self.imported.accepts;
            accepts.get_or_insert_with(|| SuccessCriterion::for_message(&outgoing));
        }
        let sent = earlier.sent.filter(|_| self.skips_sent());
        let skip = skip.or_else(|| sent.map(reported_skip));
        if skip.is_none() {
            self.imported.templates.note(&outgoing);
            self.count_columns(line, row, &outgoing);
        }
        Ok(CheckedRow {
            line,
            cells: row.cells(),
            request: Some([
                outgoing.recipient().as_str().to_owned(),
                self.path(&outgoing),
                outgoing.json().to_owned(),
            ]),
            skip,
        })
    }

    /// Refuses a row with a faulty cell that `--skip-if` or `--only-if` needs.
    fn refuse_unselectable(&self, row: &ListRow) -> Result<(), Message> {
        let mut faults = row.faulty_cells.iter();
        match faults.find(|(name, _)| self.selection.needs(name)) {
            Some((_, problem)) => Err(problem.clone()),
            None => Ok(()),
        }
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

    /// Makes the message of a row, with its warnings.
    fn make_message(
        &mut self,
        list_row: &ListRow,
        row: &Row,
    ) -> Result<(Outgoing, Vec<Message>), RowError> {
        let line = list_row.line;
        let is_reported = list_row.outcome.is_some();
        if self.column.is_none() {
            self.note_first_row(row, line, is_reported)?;
        }
        let column = self.column.as_deref().unwrap_or_default();
        if self.may_say_sent && !is_reported {
            self.plan.refuse_sent(row).map_err(RowError::from_list)?;
        }
        let addressee = self.read_recipient(row, column, &list_row.faulty_cells);
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
        Ok((outgoing, warnings))
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

    /// Why the row of a message is skipped, whatever other rows there are.
    fn why_skipped(&self, outgoing: &Outgoing, earlier: EarlierOutcome) -> Option<SkipDetail> {
        let plan = self.plan;
        if let Some((_, list)) = plan.exclusions.find(outgoing.recipients()) {
            return Some(SkipDetail {
                reason: SkipReason::Excluded,
                problem: describe_exclusion(list),
            });
        }
        if let Some(reason) = earlier.skip_reason {
            return Some(reported_skip(reason));
        }
        let checks = plan.checks.as_ref();
        let refusal = checks
            .filter(|_| plan.policy.skip_not_allowed)?
            .why_not_allowed?;
        refusal(&mut outgoing.recipients()).map(|_| SkipDetail {
            reason: SkipReason::NotAllowed,
            problem: describe_not_allowed(),
        })
    }

    /// Skips an invalid row.
    ///
    /// # Errors
    /// If `error` is not only about this row.
    fn skip_invalid(
        &mut self,
        row: &ListRow,
        error: RowError,
        report: RowReport<'_>,
    ) -> Result<CheckedRow, BulkError> {
        match error {
            RowError::List(error) => return Err(*error),
            RowError::Message(error) if self.plan.affects_every_row(&error) => {
                return Err(BulkError::Message(error));
            }
            _ => {}
        }
        self.note_local_number(row, &error);
        let problem = error.message();
        report(RowNote::Found(Finding {
            hint: error.hint(),
            column: error.column().map(str::to_owned),
            ..self.plan.policy.finding(row.line, problem.clone())
        }));
        let reason = SkipReason::Invalid;
        let cells = if row.bad_text.is_empty() {
            row.cells()
        } else {
            row.bad_cells()
        };
        Ok(skipped(row.line, cells, SkipDetail { reason, problem }))
    }

    /// Records the number in a row if it has no country.
    fn note_local_number(&mut self, row: &ListRow, error: &RowError) {
        if let RowError::Recipient { column, error } = error
            && error.is_without_country
            && let Ok(cells) = &row.row
        {
            let written = cells.text(column).unwrap_or_default().trim().to_owned();
            let line = row.line;
            self.imported
                .note_local_number(LocalNumber { line, written });
        }
    }

    /// Counts the columns of a row that would be sent, with the values of its message.
    fn count_columns(&mut self, line: u64, row: &Row, outgoing: &Outgoing) {
        let plan = self.plan;
        let counted = CountedRow {
            line,
            row,
            country: plan.find_country(row),
            named_country: plan.countries.named_for(row),
            recipient: outgoing.recipient().as_str(),
            json: outgoing.json(),
            sent: plan.sent_values(&self.values, outgoing.body()),
        };
        let column = self.column.as_deref().unwrap_or_default();
        count_row(&mut self.imported.counted, plan, column, counted);
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

/// A row that is skipped without a request.
fn skipped(line: u64, cells: String, skip: SkipDetail) -> CheckedRow {
    CheckedRow {
        line,
        cells,
        request: None,
        skip: Some(skip),
    }
}
