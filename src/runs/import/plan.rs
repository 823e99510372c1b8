//! Determines the result of each row of a list: a request, or a reason for skipping it.

use jiff::tz::TimeZone;
use serde_json::Value;
use url::Url;

use super::countries::ListCountries;
use super::error::{BulkError, RowError};
use super::policy::{DuplicatePolicy, HiddenRule, ImportPolicy};
use super::recipient_column::ColumnRule;
use super::selection::ListSelection;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::jelou::api::LookUpError;
use crate::jelou::message::{
    Envelope, InvalidMessage, MessageKind, Outgoing, RecipientChoice, TypedRecipient,
    named_parameter, with_country_codes,
};
use crate::lists::exclusions::{Exclusions, read_recipient};
use crate::lists::list_file::{
    ListReader, Row, SENT_COLUMN, columns_without_sent, is_recipient_name, meant_columns, no_header,
};
use crate::lists::template::{
    BodyTemplate, ColumnUses, MarkedName, RowValues, TextTemplate, check_printed, escape_marks,
    faults_of_words, find_column, spelling,
};
use crate::phone::{Country, PhoneNumber};
use crate::runs::ledger::{
    EarlierQuery, Ledger, LedgerDraft, LedgerError, RunConditions, SkipReason,
};

/// How each row becomes a request.
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact")]
pub(crate) struct ImportPlan<'a> {
    pub(crate) kind: &'a MessageKind,
    /// Whether a warning makes a row invalid.
    pub(crate) strict: bool,
    pub(crate) body: BodyTemplate<'a>,
    pub(crate) recipient: RecipientRule<'a>,
    pub(crate) countries: ListCountries,
    /// Which rows are sent.
    pub(crate) selection: ListSelection,
    /// The lists with the recipients that get no message.
    pub(crate) exclusions: &'a Exclusions,
    /// Whether the messages are for the sandbox, which has its own exclusions in the ledger.
    pub(crate) sandbox: bool,
    /// The other checks. None for a test, which goes to another recipient.
    pub(crate) checks: Option<RowChecks<'a>>,
    pub(crate) bot: &'a str,
    /// The address of the API.
    pub(crate) base: &'a Url,
    /// What to do with the sent rows of a report.
    pub(crate) reported: DuplicatePolicy,
    /// Whether to skip messages that were sent before, and recipients outside the 24-hour window. Skipped rows do not
    /// count towards the limit.
    pub(crate) skips_rows: bool,
    /// The ledger, which has exclusions and the runs of a report. None if there is none and the command creates no run.
    pub(crate) ledger: Option<&'a Ledger>,
    /// How many rows at the beginning to skip.
    pub(crate) skip: u64,
    /// The maximum number of rows to send. The rows after them are not part of the run.
    pub(crate) limit: Option<u64>,
    pub(crate) policy: ImportPolicy,
    /// Whether the run has a key of `--once`, which needs one recipient for each message.
    pub(crate) has_key: bool,
    /// Whether the command asks open questions.
    pub(crate) can_ask: bool,
}

/// The checks that decide whether a valid row to a recipient that is not excluded may be sent.
pub(crate) struct RowChecks<'a> {
    /// None if every recipient is allowed.
    pub(crate) why_not_allowed: Option<WhyNotAllowed<'a>>,
    pub(crate) is_in_window: WindowCheck<'a>,
    pub(crate) conditions: &'a RunConditions,
    pub(crate) earlier: EarlierQuery,
    /// The zone of the times in errors.
    pub(crate) zone: TimeZone,
}

/// Returns whether a recipient is in the 24-hour window. None without `--only-in-window`.
pub(crate) type WindowCheck<'a> = Option<&'a dyn Fn(&str) -> Result<bool, LookUpError>>;

/// Returns why one of these recipients is not allowed.
type WhyNotAllowed<'a> = &'a dyn Fn(&mut dyn Iterator<Item = &str>) -> Option<Message>;

/// The source of a row's recipient.
pub(crate) enum RecipientRule<'a> {
    /// `--to`, a template.
    Template(TextTemplate<'a>),
    /// A column.
    Column(ColumnRule<'a>),
}

/// Stands for the column if the recipient is a template.
pub(super) const TO: &str = "--to";

/// The recipient of a row.
pub(crate) struct Addressee {
    /// The recipient as the list has it.
    written: String,
    typed: TypedRecipient,
}

impl RecipientRule<'_> {
    /// The recipient of a row.
    pub(crate) fn read(
        &self,
        row: &Row,
        column: &str,
        countries: &ListCountries,
    ) -> Result<Addressee, RowError> {
        let country = countries.row_country(row);
        let mut numbers = Vec::new();
        let recipient = match self {
            Self::Template(template) => {
                let country = country.clone().unwrap_or_default();
                let filled = template.fill(column, row, country, false)?;
                numbers = filled.numbers;
                filled.value
            }
            Self::Column(_) => row
                .get(column)
                .ok_or_else(|| RowError::from(msg!("has no recipient in `{column}`", column)))?,
        };
        let recipient = match recipient {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            found => {
                let found = found.to_string();
                return Err(RowError::from(msg!(
                    "{column}: `{found}` is neither a text nor a number",
                    column,
                    found
                )));
            }
        };
        let is_recipient =
            |number: &PhoneNumber| recipient.strip_prefix('+') == Some(number.as_str());
        if let Some(place) = numbers.iter().position(is_recipient) {
            // The `phone` filter has already read the number.
            let number = numbers.swap_remove(place);
            return Ok(Addressee {
                written: number.as_str().to_owned(),
                typed: number.into(),
            });
        }
        let mut typed =
            read_recipient(&recipient, country).map_err(|error| RowError::Recipient {
                column: column.to_owned(),
                error,
            })?;
        typed.warn(numbers.iter().flat_map(PhoneNumber::warnings).cloned());
        Ok(Addressee {
            written: recipient,
            typed,
        })
    }
}

impl Addressee {
    /// Returns the recipient as the list has it.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    pub(super) fn recipient(&self) -> &str {
        self.typed.recipient.as_str()
    }

    /// Whether its number has no `+`.
    pub(super) fn is_bare(&self) -> bool {
        self.typed.bare_code().is_some()
    }
}

impl ImportPlan<'_> {
    /// Refuses a list that has outcomes in `sent` but is not a complete report: some of its rows must never be sent.
    pub(super) fn refuse_sent(&self, row: &Row) -> Result<(), BulkError> {
        if self.reported == DuplicatePolicy::Send {
            return Ok(());
        }
        let words = [
            &["yes", "no", "unknown"][..],
            &["sí", "si", "no", "sin confirmar"],
        ];
        let mut columns = SENT_COLUMN.into_iter().zip(words);
        let found = columns.find_map(|(column, words)| {
            let cell = row.text(column)?.trim();
            let is_outcome = words.contains(&cell.to_lowercase().as_str());
            is_outcome.then_some((column, cell))
        });
        let Some((column, cell)) = found else {
            return Ok(());
        };
        Err(UsageError::new(
            msg!("{column}: is `{cell}`, but the list lacks the other columns of a report", column, cell),
            msg!("if the list is a report: keep all its columns; if `{column}` is your own column: rename it", column),
        )
        .into())
    }

    /// Checks the columns of the first row, at `line`, and returns the `column` of the recipient. If the list is a report
    /// (`is_reported`), the row does not have the report's own columns.
    pub(super) fn check_names(
        &self,
        row: &Row,
        line: u64,
        is_reported: bool,
        column: Result<String, UsageError>,
    ) -> Result<String, BulkError> {
        let names = row.names();
        if let Some(columns) = columns_without_sent(&names).filter(|_| !is_reported) {
            let columns = columns.join(", ");
            return Err(UsageError::new(
                msg!("the list has the report columns {columns}, but no `sent`, which records what was sent", columns),
                msg!("if the list is a report: restore its column `sent`; if not: rename these columns"),
            )
            .into());
        }
        let column = check_header(row, line, column)?;
        // In NDJSON, other rows may have other fields.
        let is_fixed = matches!(row, Row::Cells { .. });
        let mut used = self
            .texts()
            .flat_map(|(path, uses)| uses.columns.iter().map(move |name| (path, name)));
        let repeated = row.columns().and_then(|columns| columns.repeated().first());
        if let Some(name) = repeated
            && let Some((path, _)) = self.texts().find(|(_, uses)| uses.is_of_all)
        {
            return Err(UsageError::ambiguous_column(path, name, &names).into());
        }
        match used.find(|(_, name)| is_fixed && !row.has(name)) {
            None => self.check_words(&names).map(|()| column),
            Some((path, name)) => {
                if meant_columns(&names, name).len() > 1 {
                    return Err(UsageError::ambiguous_column(path, name, &names).into());
                }
                if let Some(error) = no_header(&names) {
                    return Err(error.into());
                }
                Err(UsageError::no_column(path, name, &names).into())
            }
        }
    }

    /// The reasons that keep a skipped row of a report skipped. A flag for a reason overrides the report.
    pub(super) fn skip_reason(&self) -> Vec<SkipReason> {
        let ImportPolicy {
            allow_duplicates,
            hidden,
            only_in_window,
            ..
        } = self.policy;
        let is_template = self.kind.command() == "template";
        let is_kept = |reason: &SkipReason| match reason {
            SkipReason::Excluded | SkipReason::NotSelected => true,
            SkipReason::Repeated => !allow_duplicates,
            SkipReason::Hidden => hidden != Some(HiddenRule::Send),
            SkipReason::OutsideWindow => !only_in_window && !is_template,
            SkipReason::AlreadySent | SkipReason::MayHaveBeenSent | SkipReason::ToBeSent => {
                self.reported != DuplicatePolicy::Send
            }
            SkipReason::Invalid | SkipReason::NotAllowed | SkipReason::Cancelled => false,
        };
        SkipReason::ALL.iter().copied().filter(is_kept).collect()
    }

    /// Whether the message of `row` needs the column `column`. The column `recipient` has the recipient.
    pub(super) fn uses(&self, row: &Row, recipient: &str, column: &str) -> bool {
        matches!(self.body, BodyTemplate::Row)
            || self.addresses_with(row, recipient, column)
            || self.body.uses().any(|(_, uses)| needs(uses, row, column))
    }

    /// Whether the recipient of `row` depends on the column `column`.
    pub(super) fn addresses_with(&self, row: &Row, recipient: &str, column: &str) -> bool {
        row.column(recipient) == Some(column)
            || self.addresses_by(row, column)
            || (self.countries.column.has_name(column) && !self.is_international(row, recipient))
    }

    /// Whether `--to` uses the column `column` of `row`.
    fn addresses_by(&self, row: &Row, column: &str) -> bool {
        self.to().is_some_and(|to| needs(&to.uses, row, column))
    }

    /// Whether the recipient of `row` is the same with every country.
    fn is_international(&self, row: &Row, recipient: &str) -> bool {
        let countries = ListCountries::unknown();
        let read = self.recipient.read(row, recipient, &countries);
        read.is_ok_and(|addressee| !addressee.is_bare())
    }

    /// How the texts of the message and `--to` use columns, each with its path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &ColumnUses)> {
        self.to()
            .map(|to| ("--to", &*to.uses))
            .into_iter()
            .chain(self.body.uses())
    }

    /// The template of `--to`.
    fn to(&self) -> Option<&TextTemplate<'_>> {
        match &self.recipient {
            RecipientRule::Template(template) => Some(template),
            RecipientRule::Column(_) => None,
        }
    }

    /// Refuses a text with an expression without a column, or with a column in the marks of another tool: every recipient
    /// would get the same.
    fn check_words(&self, columns: &[&str]) -> Result<(), BulkError> {
        let texts = self.body.texts().iter();
        let texts = texts.map(|text| (text.path.as_str(), text.source, text.uses()));
        let to = self.to().map(|to| ("--to", to.source, Some(&*to.uses)));
        for (path, source, uses) in texts.chain(to) {
            if let Some(constant) = uses.and_then(|uses| uses.constants.first()) {
                return Err(without_column(path, constant, columns).into());
            }
            let is_parameter = path.starts_with("parameters");
            let bare = bare_column(columns, source).filter(|_| is_parameter);
            let found = bare.or_else(|| MarkedName::find(source, uses, columns));
            if let Some(found) = found {
                return Err(found.error(path, columns).into());
            }
        }
        Ok(())
    }

    /// Whether a message is invalid for a reason that does not depend on the row.
    pub(super) fn affects_every_row(&self, error: &InvalidMessage) -> bool {
        let InvalidMessage::Violations { violations, .. } = error else {
            return false;
        };
        violations
            .iter()
            .any(|violation| !self.body.varies_at(&violation.path))
    }

    /// Warnings about text that every recipient would get unchanged, for a list with these columns.
    ///
    /// # Errors
    /// If there are any, and a warning is an error.
    pub(super) fn cautions(&self, columns: &[&str]) -> Result<Vec<Message>, BulkError> {
        let is_column = |name: &str| !meant_columns(columns, name).is_empty();
        let has_order = self.kind.command() == "template";
        let mut cautions = Vec::new();
        for text in self.body.texts() {
            let path = &text.path;
            cautions.extend(faults_of_words(path, text.source));
            if has_order {
                cautions.extend(named_parameter(path, text.source, is_column));
            }
        }
        if self.strict && !cautions.is_empty() {
            return Err(BulkError::Message(InvalidMessage::warnings(cautions)));
        }
        Ok(cautions)
    }

    /// The message of a row to `addressee`, with its warnings. Its values replace those in `values`.
    pub(super) fn request(
        &self,
        row: &Row,
        addressee: Addressee,
        values: &mut RowValues,
    ) -> Result<(Outgoing, Vec<Message>), RowError> {
        let country = self.find_country(row);
        let body = self.body.fill_and_note(row, country, values)?;
        let printed = check_printed(self.body.expressions(), values, row);
        let mut warnings = printed?;
        let mut typed = addressee.typed;
        typed.warn(body.warnings());
        let (outgoing, others) = self.build(body.value, typed, country)?;
        warnings.extend(others);
        Ok((outgoing, warnings))
    }

    /// The country of a row; None if it is unclear. That is an error only if a number needs the country.
    pub(super) fn find_country(&self, row: &Row) -> Option<Country> {
        self.countries.row_country(row).unwrap_or_default()
    }

    /// The message of a row for another recipient, with its warnings.
    fn message(
        &self,
        row: &Row,
        mut recipient: TypedRecipient,
    ) -> Result<(Outgoing, Vec<Message>), RowError> {
        let country = self.find_country(row);
        let body = self.body.fill(row, country)?;
        recipient.warn(body.warnings());
        let (outgoing, warnings) = self.build(body.value, recipient, country)?;
        self.refuse_warnings(&warnings)?;
        Ok((outgoing, warnings))
    }

    /// The messages of the first `rows` rows in `draft`, to `recipient` instead.
    pub(crate) fn first_messages(
        &self,
        list: &ListReader,
        draft: &LedgerDraft,
        recipient: &TypedRecipient,
        rows: u8,
    ) -> Result<Vec<Outgoing>, BulkError> {
        let mut messages = Vec::new();
        draft.each_row_to_send_up_to(rows.into(), |drafted, _| {
            let line = drafted.line;
            let row = list
                .read_back(drafted.cells)
                .ok_or_else(|| LedgerError::damaged(format!("line {line} cannot be read back")))?;
            let (outgoing, _) = self.message(&row, recipient.clone()).map_err(|error| {
                UsageError::bare(msg!(
                    "line {line}: {message}",
                    line,
                    message = error.message()
                ))
            })?;
            messages.push(outgoing);
            Ok::<_, BulkError>(())
        })?;
        Ok(messages)
    }

    /// Refuses a row with warnings, if a warning is an error.
    pub(super) fn refuse_warnings(&self, warnings: &[Message]) -> Result<(), RowError> {
        if self.strict && !warnings.is_empty() {
            return Err(RowError::from(Message::joined(warnings.to_vec(), "; ")));
        }
        Ok(())
    }

    fn build(
        &self,
        mut body: Value,
        recipient: TypedRecipient,
        country: Option<Country>,
    ) -> Result<(Outgoing, Vec<Message>), RowError> {
        // If the row's country differs from the list's, its contacts may belong to either.
        let mut warnings = Vec::new();
        if self.kind.envelope() != Envelope::Verbatim && country == self.countries.otherwise {
            warnings = with_country_codes(&mut body, country)?;
        }
        let recipient = RecipientChoice::Made { recipient, country };
        let (outgoing, others) = Outgoing::from_body(self.kind, body, recipient)?;
        warnings.extend(others);
        outgoing.check_bot(self.bot)?;
        if self.has_key
            && let Some(other) = outgoing.second_recipient()
        {
            let problem = msg!(
                "--once needs one recipient, but the body also names {other}",
                other
            );
            return Err(RowError::from(problem));
        }
        Ok((outgoing, warnings))
    }
}

/// Returns the `column` of the recipient, unless the first row, at `line`, reads like a second row of the header.
fn check_header(
    row: &Row,
    line: u64,
    column: Result<String, UsageError>,
) -> Result<String, UsageError> {
    let other_header = row
        .columns()
        .and_then(|columns| columns.second_header(line, &row.texts()));
    let Some(question) = other_header else {
        return column;
    };
    let column = column.map_err(|error| UsageError::open(error.message, question.clone()))?;
    // With --to, the cell may have any text.
    let cell = row.text(&column).unwrap_or_default();
    if !is_recipient_name(cell) {
        return Ok(column);
    }
    let problem = msg!(
        "line {line} also has column names: `{cell}` under `{column}`",
        line,
        cell,
        column
    );
    Err(UsageError::open(problem, question))
}

/// Whether a text needs the column `column` of `row`.
fn needs(uses: &ColumnUses, row: &Row, column: &str) -> bool {
    let is_column = |name: &String| row.column(name) == Some(column);
    uses.is_of_all || uses.columns.iter().any(is_column)
}

/// The error for the expression `written` without a column, such as `{{1}}`.
fn without_column(path: &str, written: &str, columns: &[&str]) -> UsageError {
    let names = columns.iter().map(|name| name.trim());
    let names = names.filter(|name| !name.is_empty());
    let all: Vec<_> = names.map(|name| spelling(name, columns)).collect();
    UsageError::new(
        msg!(
            "{path}: {written} uses no column: every recipient would get the same",
            path,
            written
        ),
        msg!(
            "to print a column, write one of: {columns}; to send it unchanged, write {escaped}",
            columns = all.join(", "),
            escaped = escape_marks(written)
        ),
    )
}

/// A template parameter that is only a column's name: `--param nombre`.
fn bare_column<'c>(columns: &[&'c str], source: &str) -> Option<MarkedName<'c>> {
    let column = find_column(source.trim(), columns)?;
    Some(MarkedName {
        written: source.to_owned(),
        column: Some(column),
    })
}
