//! Reads every row, makes its request and checks it, before anything is sent.

use std::collections::HashSet;

use minijinja::Environment;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::bare_codes::BareCodes;
use super::empty_cells::{EmptyCells, empty_parameter};
use super::error::BulkError;
use super::ledger::{DraftRequest, DraftRow, KeyKind, LedgerDraft, Skip, SkipReason};
use super::stand_ins::{StandIns, is_error};
use super::store::LookedUpRuns;
use crate::api::{Request, SuccessCriterion};
use crate::list::{
    ListError, ListReader, ListRow, MeantColumn, Row, meant_column, near_column, no_header, recipient_column,
};
use crate::message::{
    InvalidMessage, Message, Outgoing, RecipientChoice, RecipientError, TemplateUses, TypedRecipient, Violation,
};
use crate::phone::Country;
use crate::template::{
    BodyTemplate, MisspellingError, RowView, TemplateError, TextTemplate, left_as_they_are, misspelling,
    typed_line_break,
};

/// Different names of fields that the rows of an NDJSON list may have.
const MOST_FIELDS: usize = 1000;

/// What excludes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExcludedBy<'a> {
    /// The list of this name.
    List(&'a str),
    /// The report that is sent again.
    Report,
}

impl ExcludedBy<'_> {
    /// For the report.
    pub(crate) fn problem(self) -> String {
        match self {
            Self::List(list) => format!("the recipient must not be written to: they are on {list}"),
            Self::Report => "the report that was sent again has it as excluded".to_owned(),
        }
    }
}

/// What each row becomes.
pub(crate) struct ImportPlan<'a> {
    pub(crate) kind: &'a Message,
    /// Whether a warning makes a row invalid.
    pub(crate) strict: bool,
    /// Of the kind that the body is, made once.
    pub(crate) schema: Value,
    pub(crate) body: BodyTemplate<'a>,
    pub(crate) recipient: RecipientRule<'a>,
    /// Whose national numbers the list may have.
    pub(crate) country: Option<Country>,
    pub(crate) language: &'a Environment<'a>,
    pub(crate) bot: &'a str,
    /// The address that the requests are made for.
    pub(crate) base: &'a Url,
    /// Runs whose messages are left out; those of none where that is decided later.
    pub(crate) earlier: Option<&'a LookedUpRuns<'a>>,
}

/// Where a row's recipient comes from.
pub(crate) enum RecipientRule<'a> {
    /// `--to`, a template.
    Template(TextTemplate<'a>),
    /// A column: the one named, or the one whose name says so.
    Column(Option<&'a str>),
}

/// Which rows are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowRange {
    /// So many at the beginning are passed over.
    pub(crate) skip: u64,
    /// So many at most are sent; what is behind them is not read.
    pub(crate) limit: Option<u64>,
}

/// What is said of a row on the way.
#[derive(Debug)]
pub(crate) enum RowFault<'a> {
    /// It makes no valid request.
    Invalid(String),
    Warning(String),
    /// It is left out: its recipient must not be written to.
    Excluded(ExcludedBy<'a>),
    /// The cell under this column, which a text has, is empty.
    EmptyCell(&'a str),
    /// The cell under this column, which a text has, says that there is nothing.
    StandIn {
        column: &'a str,
        cell: &'a str,
    },
    /// It is sent, as is this earlier line to the same person.
    RepeatedPerson {
        of: u64,
    },
    /// It is left out: this earlier line goes to the same person.
    SamePerson {
        of: u64,
    },
    /// Its request is that of an earlier line.
    Duplicate {
        of: u64,
        recipient: &'a str,
    },
}

/// What was read in.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// Rows that make a request.
    pub(crate) rows: u64,
    pub(crate) invalid: u64,
    pub(crate) guarded: u64,
    pub(crate) excluded: u64,
    pub(crate) duplicates: u64,
    /// Rows left out for an earlier row to the same person.
    pub(crate) same_person: u64,
    /// Rows that were left out because of an earlier run.
    pub(crate) earlier: u64,
    pub(crate) columns: Vec<String>,
    /// Warnings about the texts, whatever the rows are.
    pub(crate) warnings: Vec<String>,
    /// The templates that rows name.
    pub(crate) templates: TemplateUses,
    pub(crate) bare_codes: BareCodes,
    /// What a success looks like; absent when no row makes a request.
    pub(crate) accepts: Option<SuccessCriterion>,
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

/// A row that makes no request.
#[derive(Debug, Error)]
pub(crate) enum RowError {
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("{column}: {error}")]
    Recipient { column: String, error: RecipientError },
    #[error("{column}: is {found}; a recipient is a text or a number")]
    RecipientType { column: String, found: Value },
    #[error("has no `{0}`, the recipient's")]
    NoRecipient(String),
    #[error("{column}: `{cell}` is an error of the spreadsheet, and would be sent")]
    CellError { column: String, cell: String },
    #[error("{column}: `{cell}` stands for nothing, and would be sent")]
    StandIn { column: String, cell: String },
    #[error("{0}: is empty; a template takes no empty parameter")]
    EmptyParameter(String),
    #[error("{}", words(.0))]
    Message(#[from] InvalidMessage),
}

fn words(error: &InvalidMessage) -> String {
    let details = error.details();
    if details.is_empty() { error.to_string() } else { details.join("; ") }
}

/// Fills `draft` with the rows of `list`. `list_of` gives the list of people who must not be written to that a request's recipient is on; `report` hears of
/// every row that is not as it should be, with its line, and `is_read` of how many rows there were.
///
/// # Errors
/// When the input or the ledger fails; faults of single rows are counted and reported.
pub(crate) fn import<'a>(
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    (range, policy): (RowRange, ImportPolicy),
    list_of: impl Fn(&Outgoing) -> Option<&'a str>,
    mut report: impl FnMut(u64, RowFault<'_>),
    is_read: impl Fn(u64),
) -> Result<Imported, BulkError> {
    let mut rows = Importer {
        plan,
        draft,
        imported: Imported::default(),
        known: HashSet::new(),
        column: None,
        empty_cells: EmptyCells::new(&plan.body),
        stand_ins: StandIns::new(plan.language, &plan.body),
        repeated: policy.repeated().filter(|_| range.limit.is_some()),
        to_be_sent: 0,
    };
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
    if taken == 0 {
        let name = list.name().to_owned();
        return Err(match passed {
            0 => ListError::NoRows { name },
            rows => ListError::AllSkipped { name, skip: range.skip, rows },
        }
        .into());
    }
    Ok(rows.imported)
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
        draft.repeated_people(|_, line, of| report(line, RowFault::RepeatedPerson { of }))?;
    }
    Ok(())
}

/// Takes one row after the other.
struct Importer<'a> {
    plan: &'a ImportPlan<'a>,
    draft: &'a mut LedgerDraft,
    imported: Imported,
    /// Names of columns so far.
    known: HashSet<String>,
    /// The recipient's column, from the first row on.
    column: Option<String>,
    empty_cells: EmptyCells,
    stand_ins: StandIns,
    /// What a row before it has too does not count for the limit: that is looked up as the rows come.
    repeated: Option<KeyKind>,
    to_be_sent: u64,
}

impl Importer<'_> {
    /// The row in the ledger, with its request or why it makes none.
    fn add<'a>(
        &mut self,
        ListRow { line, row, code }: ListRow,
        list_of: &impl Fn(&Outgoing) -> Option<&'a str>,
        report: &mut impl FnMut(u64, RowFault<'_>),
    ) -> Result<(), BulkError> {
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
                let made = refuse_stand_ins(&self.stand_ins, &row, self.plan.strict)
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
                let excluded = match list_of(&outgoing) {
                    Some(list) => Some(ExcludedBy::List(list)),
                    None if code.as_deref() == Some(SkipReason::Excluded.name()) => Some(ExcludedBy::Report),
                    None => None,
                };
                if let Some(by) = excluded {
                    report(line, RowFault::Excluded(by));
                } else {
                    self.empty_cells.of(&row).for_each(|column| report(line, RowFault::EmptyCell(column)));
                    for (column, cell) in self.stand_ins.of(&row) {
                        report(line, RowFault::StandIn { column, cell });
                    }
                }
                self.add_request(line, &cells, &outgoing, excluded)
            }
            Err(RowError::Template(error)) if error.is_of_every_row => Err(BulkError::Template(error)),
            Err(RowError::Message(error)) if self.plan.is_of_every_row(&error) => Err(BulkError::Message(error)),
            Err(error) => {
                self.imported.invalid += 1;
                let problem = error.to_string();
                self.draft.add(&DraftRow { line, cells: &cells, request: Err(&problem), skip: None })?;
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
        excluded: Option<ExcludedBy<'_>>,
    ) -> Result<(), BulkError> {
        let request = Request::new(self.plan.base, self.plan.bot, outgoing);
        let body = request.body.as_deref().unwrap_or_default();
        let path = request.path_below(self.plan.base);
        let made = DraftRequest { recipient: outgoing.recipient().as_str(), path, body };
        if let Some(by) = excluded {
            let problem = by.problem();
            let skip = Skip { reason: SkipReason::Excluded, problem: &problem, run: None };
            self.draft.add(&DraftRow { line, cells, request: Ok(made), skip: Some(skip) })?;
            self.imported.excluded += 1;
            return Ok(());
        }
        self.imported.accepts.get_or_insert(request.accepts.clone());
        if let Some((run, row)) = self.plan.earlier.map(|runs| runs.find(&made)).transpose()?.flatten() {
            let problem = row.problem(&run);
            let skip = Skip { reason: row.reason, problem: &problem, run: Some(&run) };
            if self.repeated == Some(KeyKind::Person) {
                // Who has a message of an earlier run is not the first one here.
                self.draft.is_first(KeyKind::Person, &made)?;
            }
            self.draft.add(&DraftRow { line, cells, request: Ok(made), skip: Some(skip) })?;
            self.imported.earlier += 1;
            return Ok(());
        }
        let counts = self.repeated.map_or(Ok(true), |kind| self.draft.is_first(kind, &made))?;
        self.draft.add(&DraftRow { line, cells, request: Ok(made), skip: None })?;
        self.imported.rows += 1;
        self.to_be_sent += u64::from(counts);
        self.imported.templates.note(outgoing);
        Ok(())
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

/// Refuses an error of a spreadsheet that would be sent; where `is_strict`, also what stands for nothing.
fn refuse_stand_ins(stand_ins: &StandIns, row: &Row, is_strict: bool) -> Result<(), RowError> {
    for (column, cell) in stand_ins.of(row) {
        let (column, cell) = (column.to_owned(), cell.to_owned());
        if is_error(&cell) {
            return Err(RowError::CellError { column, cell });
        }
        if is_strict {
            return Err(RowError::StandIn { column, cell });
        }
    }
    Ok(())
}

impl ImportPlan<'_> {
    /// Checks what the columns of the first row can tell; gives the column of the recipient.
    fn check_names(&self, row: &Row) -> Result<String, BulkError> {
        let names = row.names();
        let column = match self.recipient {
            RecipientRule::Template(_) => "--to".to_owned(),
            RecipientRule::Column(asked) => recipient_column(&names, asked)?,
        };
        let globals: HashSet<_> = self.language.globals().map(|(name, _)| name.to_owned()).collect();
        let to = match &self.recipient {
            RecipientRule::Template(template) => {
                template.names().into_iter().map(|name| ("--to".to_owned(), name)).collect()
            }
            RecipientRule::Column(_) => Vec::new(),
        };
        let body = self.body.names().into_iter().map(|(path, name)| (path.to_owned(), name));
        // Of NDJSON each row has fields of its own.
        let is_fixed = matches!(row, Row::Cells { .. });
        match to
            .into_iter()
            .chain(body)
            .find(|(_, name)| is_fixed && !RowView::has(row, name) && !globals.contains(name))
        {
            None => self.check_words(&names).map(|()| column),
            Some((path, name)) => {
                if let MeantColumn::Several(first, second) = meant_column(&names, &name) {
                    return Err(ListError::several(&path, &name, first, second).into());
                }
                if let Some(error) = no_header(&names) {
                    return Err(error.into());
                }
                let columns = names.iter().map(|name| name.trim().to_owned()).collect();
                Err(ListError::UnknownColumn { path, name, columns }.into())
            }
        }
    }

    /// Refuses a text in which something is meant for a column and is none: everybody would get it as it stands.
    fn check_words(&self, columns: &[&str]) -> Result<(), BulkError> {
        let meant = |name: &str| near_column(columns, name).map(str::to_owned);
        let to = match &self.recipient {
            RecipientRule::Template(template) => Some(("--to".to_owned(), template.source())),
            RecipientRule::Column(_) => None,
        };
        let mut sources = self.body.sources("").into_iter().chain(to);
        let found = sources.find_map(|(path, source)| Some((path, misspelling(self.language, source, meant)?)));
        match found {
            None => Ok(()),
            Some((path, misspelling)) => {
                let columns = columns.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
                Err(MisspellingError { path, misspelling, columns: columns.collect() }.into())
            }
        }
    }

    /// Whether a message is not valid for something that no row decides.
    fn is_of_every_row(&self, error: &InvalidMessage) -> bool {
        let is_fixed = |violation: &Violation| !self.body.varies_at(&violation.path);
        match error {
            InvalidMessage::Violations { violations, .. } => violations.iter().any(is_fixed),
            InvalidMessage::WrongShape(violation) => is_fixed(violation),
            _ => false,
        }
    }

    /// What goes out as it stands to everybody, and may be meant for something else.
    fn cautions(&self) -> Vec<String> {
        let sources = self.body.sources("").into_iter();
        let told = sources.flat_map(|(path, source)| {
            let line_break = typed_line_break(&path, source);
            let told = left_as_they_are(source).into_iter();
            told.map(move |written| format!("{path}: {written} goes out as it stands: no column is named so"))
                .chain(line_break)
        });
        told.collect()
    }

    /// The message of a row, with its warnings.
    fn request(
        &self,
        row: &Row,
        column: &str,
        line: u64,
        codes: &mut BareCodes,
    ) -> Result<(Outgoing, Vec<String>), RowError> {
        let body = self.body.fill(row)?;
        let recipient = match &self.recipient {
            RecipientRule::Template(template) => template.fill(column, row)?,
            RecipientRule::Column(_) => row.get(column).ok_or_else(|| RowError::NoRecipient(column.to_owned()))?,
        };
        let recipient = match recipient {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            found => return Err(RowError::RecipientType { column: column.to_owned(), found }),
        };
        let typed = TypedRecipient::read(&recipient, self.country);
        let typed = typed.map_err(|error| RowError::Recipient { column: column.to_owned(), error })?;
        if let Some(code) = typed.bare_code() {
            codes.note(code, (&recipient, typed.recipient.as_str()), line);
        }
        self.made(body, typed)
    }

    /// The message of a row for another recipient than its own, with its warnings.
    pub(crate) fn message(&self, row: &Row, recipient: TypedRecipient) -> Result<(Outgoing, Vec<String>), RowError> {
        self.made(self.body.fill(row)?, recipient)
    }

    fn made(&self, body: Value, recipient: TypedRecipient) -> Result<(Outgoing, Vec<String>), RowError> {
        let made = Outgoing::from_body(self.kind, Some(&self.schema), body, RecipientChoice::Made(recipient))?;
        if self.strict && !made.1.is_empty() {
            return Err(InvalidMessage::Warnings(made.1).into());
        }
        made.0.check_bot(self.bot)?;
        empty_parameter(made.0.body()).map_or(Ok(made), |path| Err(RowError::EmptyParameter(path)))
    }
}
