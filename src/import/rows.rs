//! Reads every row, makes its request and checks it, before anything is sent. The draft is written by a thread of its own
//! meanwhile.

use std::collections::HashSet;
use std::thread;

use super::draft_feed::DraftFeed;
use super::empty_cells::EmptyCells;
use super::error::BulkError;
use super::imported::{ExcludedBy, Imported, RowFault};
use super::plan::{ImportPlan, RowError, refuse_stand_ins};
use super::reported::{ReportedRule, problem_of_report};
use super::stand_ins::StandIns;
use crate::api::Request;
use crate::ledger::{DraftRequest, DraftRow, KeyKind, LedgerDraft, SeenKeys, Skip, SkipReason};
use crate::list::{ListError, ListReader, ListRow, ReportedOutcome, Row};
use crate::message::Outgoing;

/// Different names of fields that the rows of an NDJSON list may have.
const MOST_FIELDS: usize = 1000;

/// Which rows are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowRange {
    /// So many at the beginning are passed over.
    pub(crate) skip: u64,
    /// So many at most are sent; what is behind them is not read.
    pub(crate) limit: Option<u64>,
}

/// How rows that cannot be taken as they are, are dealt with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImportPolicy {
    pub(crate) skip_invalid: bool,
    pub(crate) allow_duplicates: bool,
    /// Of several rows to one person only the first is sent.
    pub(crate) one_per_person: bool,
}

impl ImportPolicy {
    /// What no two rows that are sent may have in common.
    fn repeated(self) -> Option<KeyKind> {
        match (self.one_per_person, self.allow_duplicates) {
            (true, _) => Some(KeyKind::Person),
            (false, false) => Some(KeyKind::Message),
            (false, true) => None,
        }
    }
}

/// Fills `draft` with the rows of `list`. `list_of` gives the list of people who must not be written to that a request's recipient is on; `report` hears of
/// every row that is not as it should be, with its line, and `is_read` of how many rows there were.
///
/// # Errors
/// When the input or the ledger fails; faults of single rows are counted and reported.
pub(crate) fn import_list<'a>(
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    (range, policy): (RowRange, ImportPolicy),
    list_of: impl Fn(&Outgoing) -> Option<&'a str>,
    mut report: impl FnMut(u64, RowFault<'_>),
    is_read: impl Fn(u64),
) -> Result<Imported, BulkError> {
    let seen = policy.repeated().filter(|_| range.limit.is_some()).map(SeenKeys::new).transpose()?;
    thread::scope(|scope| {
        let mut rows = Importer {
            plan,
            feed: DraftFeed::start(scope, draft),
            imported: Imported::default(),
            known: HashSet::new(),
            column: None,
            empty_cells: EmptyCells::new(&plan.body),
            stand_ins: StandIns::new(plan.language, &plan.body),
            seen,
            to_be_sent: 0,
        };
        let mut read_all = || {
            let (mut passed, mut taken) = (0_u64, 0_u64);
            while range.limit.is_none_or(|limit| rows.to_be_sent < limit) {
                let Some(row) = list.read()? else { break };
                passed += 1;
                is_read(passed);
                if passed > range.skip {
                    taken += 1;
                    rows.add(row, &list_of, &mut report)?;
                }
            }
            let name = || list.name().to_owned();
            match (taken, passed) {
                (0, 0) => Err(ListError::NoRows { name: name() }.into()),
                (0, rows) => Err(ListError::AllSkipped { name: name(), skip: range.skip, rows }.into()),
                _ => Ok(()),
            }
        };
        let read: Result<(), BulkError> = read_all();
        let Importer { feed, imported, .. } = rows;
        // A row that the draft could not take stands before the one with which reading ended.
        feed.close()?;
        read.map(|()| imported)
    })
}

/// Finds the rows of `draft` that repeat another one, leaves out those that `policy` wants left out, and puts the rest in
/// order. It comes after all other reasons to leave a row out.
///
/// # Errors
/// When the ledger fails.
pub(crate) fn settle_repeated(
    draft: &mut LedgerDraft,
    imported: &mut Imported,
    policy: ImportPolicy,
    mut report: impl FnMut(u64, RowFault<'_>),
) -> Result<(), BulkError> {
    if !draft.find_repeated()? {
        return Ok(());
    }
    if policy.one_per_person {
        draft.keep_one_per_person(|line, of| {
            imported.same_person += 1;
            report(line, RowFault::SamePerson { of });
        })?;
        imported.rows -= imported.same_person;
    } else if !policy.allow_duplicates {
        draft.duplicates(policy.skip_invalid, |line, of, recipient| {
            imported.duplicates += 1;
            report(line, RowFault::Duplicate { of, recipient });
        })?;
        imported.rows -= imported.duplicates;
    }
    if !policy.one_per_person && (imported.duplicates == 0 || policy.skip_invalid) {
        draft.repeated_people(|line, of| report(line, RowFault::RepeatedPerson { of }))?;
    }
    Ok(())
}

/// Takes one row after the other.
struct Importer<'a, 'scope> {
    plan: &'a ImportPlan<'a>,
    feed: DraftFeed<'scope>,
    imported: Imported,
    /// Names of columns so far.
    known: HashSet<String>,
    /// The recipient's column, from the first row on.
    column: Option<String>,
    empty_cells: EmptyCells,
    stand_ins: StandIns,
    /// What a row before it has too does not count for the limit: that is looked up as the rows come.
    seen: Option<SeenKeys>,
    to_be_sent: u64,
}

impl Importer<'_, '_> {
    /// The row in the ledger, with its request or why it makes none.
    fn add<'a>(
        &mut self,
        ListRow { line, row, outcome }: ListRow,
        list_of: &impl Fn(&Outgoing) -> Option<&'a str>,
        report: &mut impl FnMut(u64, RowFault<'_>),
    ) -> Result<(), BulkError> {
        let reported = self.plan.reported.reason_of(outcome.as_ref());
        let (cells, made) = match row {
            Ok(row) => {
                self.note_columns(line, &row)?;
                let column = if let Some(column) = &self.column {
                    column
                } else {
                    let column = self.plan.check_names(&row)?;
                    self.imported.warnings = self.plan.cautions();
                    self.column.insert(column)
                };
                let made = reported
                    .clone()
                    .map_err(RowError::Reported)
                    .and_then(|_| refuse_stand_ins(&self.stand_ins, &row, self.plan.strict))
                    .and_then(|()| self.plan.request(&row, column, line, &mut self.imported.bare_codes));
                (row.cells(), made.map(|(outgoing, warnings)| (row, outgoing, warnings)))
            }
            Err(problem) => ("null".to_owned(), Err(RowError::Unreadable(problem))),
        };
        match made {
            Ok((row, outgoing, warnings)) => {
                for warning in warnings {
                    report(line, RowFault::Warning(warning));
                }
                let excluded = excluded_by(list_of(&outgoing), outcome.as_ref());
                if let Some(by) = excluded {
                    report(line, RowFault::Excluded(by));
                } else {
                    self.empty_cells.of(&row).for_each(|column| report(line, RowFault::EmptyCell(column)));
                    for (column, cell) in self.stand_ins.of(&row) {
                        report(line, RowFault::StandIn { column, cell });
                    }
                }
                self.add_request(line, &cells, &outgoing, (excluded, reported.ok().flatten()))
            }
            Err(RowError::Template(error)) if error.is_of_every_row => Err(BulkError::Template(error)),
            Err(RowError::Message(error)) if self.plan.is_of_every_row(&error) => Err(BulkError::Message(error)),
            Err(error) => {
                self.imported.invalid += 1;
                let problem = error.to_string();
                self.feed.add(&DraftRow { line, cells: &cells, request: Err(&problem), skip: None })?;
                report(line, RowFault::Invalid(problem));
                Ok(())
            }
        }
    }

    fn add_request(
        &mut self,
        line: u64,
        cells: &str,
        outgoing: &Outgoing,
        (excluded, reported): (Option<ExcludedBy<'_>>, Option<SkipReason>),
    ) -> Result<(), BulkError> {
        let request = Request::new(self.plan.base, self.plan.bot, outgoing);
        let path = request.path_below(self.plan.base);
        let made = || DraftRequest { recipient: outgoing.recipient().as_str(), path, body: outgoing.json() };
        if let Some(by) = excluded {
            self.imported.excluded += 1;
            let problem = by.problem();
            let skip = Skip { reason: SkipReason::Excluded, problem: &problem, run: None };
            return Ok(self.feed.add(&DraftRow { line, cells, request: Ok(made()), skip: Some(skip) })?);
        }
        self.imported.accepts.get_or_insert_with(|| request.accepts.clone());
        if let Some(reason) = reported {
            self.imported.reported.note(reason);
            if self.plan.reported == ReportedRule::LeftOut {
                let skip = Skip { reason, problem: problem_of_report(reason), run: None };
                return self.add_sent_before(line, cells, made(), skip);
            }
        }
        if let Some((run, row)) = self.plan.earlier.map(|runs| runs.find(&made())).transpose()?.flatten() {
            let problem = row.problem(&run);
            let skip = Skip { reason: row.reason, problem: &problem, run: Some(&run) };
            return self.add_sent_before(line, cells, made(), skip);
        }
        self.imported.rows += 1;
        self.to_be_sent += u64::from(self.seen.as_ref().map_or(Ok(true), |seen| seen.is_first(&made()))?);
        self.imported.templates.note(outgoing);
        Ok(self.feed.add(&DraftRow { line, cells, request: Ok(made()), skip: None })?)
    }

    /// A row that is left out since its person has the message, or may have it.
    fn add_sent_before(
        &mut self,
        line: u64,
        cells: &str,
        made: DraftRequest<'_>,
        skip: Skip<'_>,
    ) -> Result<(), BulkError> {
        if let Some(seen) = self.seen.as_ref().filter(|seen| seen.kind() == KeyKind::Person) {
            // Who has a message of an earlier run is not the first one here.
            seen.is_first(&made)?;
        }
        self.imported.earlier += 1;
        Ok(self.feed.add(&DraftRow { line, cells, request: Ok(made), skip: Some(skip) })?)
    }

    fn note_columns(&mut self, line: u64, row: &Row) -> Result<(), ListError> {
        for name in row.names() {
            if !self.known.contains(name) {
                self.known.insert(name.to_owned());
                self.imported.columns.push(name.to_owned());
            }
        }
        // A header is bounded as every row is; objects may have new fields without an end.
        if matches!(row, Row::Fields(_)) && self.known.len() > MOST_FIELDS {
            return Err(ListError::TooManyFields { line, most: MOST_FIELDS });
        }
        Ok(())
    }
}

/// What excludes a row: a list that its recipient is on, or what a report says of it.
fn excluded_by<'a>(list: Option<&'a str>, outcome: Option<&ReportedOutcome>) -> Option<ExcludedBy<'a>> {
    let is_excluded = |outcome: &ReportedOutcome| outcome.code.trim() == SkipReason::Excluded.name();
    list.map(ExcludedBy::List).or_else(|| outcome.is_some_and(is_excluded).then_some(ExcludedBy::Report))
}
