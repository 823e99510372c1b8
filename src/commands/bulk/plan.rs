//! Makes the plan of `bulk send`: reads and checks the list, and decides which rows to send, which to skip and why, their
//! cost and their limits. At a terminal it asks what the flags leave open. It sends nothing and creates no run.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::earlier::{earlier_query, report_idle_runs};
use super::exclude::look_up_windows;
use super::list_message::{ListMessage, recipient_rule};
use super::options::{EarlierOptions, run_messaging_limit};
use super::questions::Questions;
use super::read_rows::{Findings, ListReading, RowChecks};
use super::report_file::{ReportFile, format_from_name};
use super::row_report::RowReportEnd;
use super::send_args::BulkSendArgs;
use crate::base::conventions::Conventions;
use crate::base::input::{Source, UsageError};
use crate::base::message::{Lang, msg};
use crate::command_error::CommandError;
use crate::commands::claim::warn_about_local_keys;
use crate::commands::open_ledger::{check_clocks, open_ledger, open_ledger_to_read};
use crate::commands::prices::{budget, read_prices};
use crate::commands::read_recipient;
use crate::commands::zone::sender_zone;
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::{
    InvalidMessage, MessageKind, Outgoing, TemplateTexts, TemplateUses, TypedRecipient,
};
use crate::lists::column_facts::ColumnTable;
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::lists::list_file::{ListFormat, ListReader};
use crate::lists::template::language;
use crate::runs::cost::{Estimate, Money, PriceList};
use crate::runs::import::{
    DuplicatePolicy, ImportPlan, ImportResult, ListCountries, ListSelection, TypedCountries,
    TypedSelection,
};
use crate::runs::ledger::{
    DraftRequest, Ledger, LedgerDraft, LedgerError, RunConditions, RunName, RunSettings,
};
use crate::runs::report::{ListReport, write_skipped_rows};
use crate::sender::config::Settings;
use crate::sender::context::{Context, Mode};
use crate::sender::{
    OpenWindows, Sender, check_allowed, claim_exclusions, read_exclusions, warn_about_lists,
};

/// The API address in the metadata of a sandbox run.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);
/// The name of the error of a list that the budget does not allow.
const OVER_BUDGET: &str = "budget";
const FLAG: &str = "--rejects";

/// What `bulk send` is about to do.
pub(crate) struct Plan {
    /// The kind of the message, as its body says.
    pub(crate) kind: MessageKind,
    pub(crate) sender: Sender,
    /// The excluded recipients.
    pub(crate) exclusions: Exclusions,
    /// The recipients in the 24-hour window, with `--only-in-window`.
    pub(super) windows: Option<OpenWindows>,
    /// The rows: each with its request, or with the reason why it is skipped.
    pub(crate) draft: LedgerDraft,
    /// How its run is sent, and what it costs.
    pub(crate) settings: RunSettings,
    pub(super) cost_limit: CostLimit,
    pub(super) findings: Findings,
    /// The faults of single rows.
    pub(super) rows: RowReportEnd,
    /// None if no run is created and there is no ledger.
    pub(super) ledger: Option<Ledger>,
    /// The name of its run; None if no run is created.
    pub(super) run_name: Option<RunName>,
    /// With `--test-to`: the messages of the first rows, to the recipient of the test.
    pub(super) test_messages: Vec<Outgoing>,
    pub(super) outputs: Outputs,
}

/// The files that a plan writes, until they are written.
pub(super) struct Outputs {
    /// The file of `--rejects`.
    pub(super) rejects: Option<RejectsFile>,
    /// The file of the page.
    pub(super) page: Option<ReportFile>,
}

/// Reads and checks the list: first the flags, then the sender, then the rows. At a terminal it asks what the flags leave
/// open, and adds the answers to them.
///
/// # Errors
/// If no row can be read, or if the error is not in a row.
pub(crate) fn plan(context: &mut Context, args: &mut BulkSendArgs) -> Result<Plan, CommandError> {
    args.page_file()?;
    claim_inputs(context, args)?;
    let rejects = RejectsFile::open(context, args)?;
    let message = ListMessage::read(context, args)?;
    let language = language();
    message.compile(&language)?;
    recipient_rule(&language, args, &[])?;
    let mut questions = Questions::new(context, args);
    let mut list = questions.open_list(context, args)?;
    let mut prepared = Preparation::new(context, args, message)?;
    let page = open_page(context, args)?;
    let reading = loop {
        let mut rows = RowReportEnd::default();
        let read = prepared.read(context, args, &mut list, &mut rows);
        let open_error = match &read {
            Ok(reading) => reading.findings.open_error(),
            Err(error) => Some(error),
        };
        let is_answered = match open_error {
            Some(error) => questions.ask(context, args, error)?,
            None => false,
        };
        match read {
            _ if is_answered => {
                list = questions.open_list(context, args)?;
                // Its local numbers may have another country now.
                prepared.exclusions = exclusions_for_list(args, &prepared.sender)?;
            }
            Ok(reading) => break Reading { rows, ..reading },
            Err(error) => {
                rows.print(&context.stderr);
                return Err(error);
            }
        }
    };
    questions.finish(context, &prepared.sender)?;
    Ok(Plan::new(prepared, reading, Outputs { rejects, page }))
}

/// What a plan needs beside the rows of its list.
struct Preparation {
    message: ListMessage,
    sender: Sender,
    exclusions: Exclusions,
    conditions: RunConditions,
    cost_limit: CostLimit,
    ledger: Option<Ledger>,
    windows: Option<OpenWindows>,
    /// The recipient of `--test-to`.
    tester: Option<TypedRecipient>,
    run_name: Option<RunName>,
}

/// The rows of a list, by the flags and answers so far.
struct Reading {
    settings: RunSettings,
    draft: LedgerDraft,
    findings: Findings,
    /// The faults of single rows.
    rows: RowReportEnd,
    test_messages: Vec<Outgoing>,
}

impl Preparation {
    fn new(
        context: &Context,
        args: &BulkSendArgs,
        message: ListMessage,
    ) -> Result<Self, CommandError> {
        let sender = Sender::resolve(context)?;
        let conditions = new_conditions(context, args, &sender, &message.kind)?;
        let exclusions = exclusions_for_list(args, &sender)?;
        let cost_limit = CostLimit::read(args, &sender.settings)?;
        let ledger = ledger_for_run(context, args, &sender)?;
        if args.once.is_some() && reaches_recipients(args, &sender) {
            warn_about_local_keys(context, ledger.as_ref());
        }
        let windows = windows_for_list(context, args, &message.kind, &sender)?;
        let tester = read_tester(context, args, &sender)?;
        let run_name = new_name(context, args, ledger.as_ref())?;
        Ok(Self {
            message,
            sender,
            exclusions,
            conditions,
            cost_limit,
            ledger,
            windows,
            tester,
            run_name,
        })
    }

    /// Reads every row of `list`, and for a test makes its messages. `rows` gets the faults of rows, also with an error.
    ///
    /// # Errors
    /// If no row can be read, or if the error is not in a row.
    fn read(
        &self,
        context: &Context,
        args: &BulkSendArgs,
        list: &mut ListReader,
        rows: &mut RowReportEnd,
    ) -> Result<Reading, CommandError> {
        let sender = &self.sender;
        let typed_countries = TypedCountries {
            country: args.choices.country,
            column: args.choices.country_column.as_deref(),
        };
        let countries = ListCountries::new(typed_countries, sender.settings.country, list)?;
        let typed_selection = TypedSelection {
            skip_if: &args.skip_if,
            only_if: &args.only_if,
        };
        let country = countries.otherwise;
        list.write_as(country.and_then(|country| Conventions::for_country(country.code())));
        let conditions = self.conditions_now(args);
        let mut settings = run_settings(args, sender, conditions, list.format(), &self.message);
        let language = language();
        let is_test = self.tester.is_some();
        let no_exclusions = Exclusions::default();
        let exclusions = if is_test {
            &no_exclusions
        } else {
            &self.exclusions
        };
        let is_allowed =
            |outgoing: &Outgoing| check_allowed(&sender.settings, outgoing.recipients()).is_ok();
        let base = sender.planned_base();
        let policy = DuplicatePolicy::new(&settings.conditions);
        let import = ImportPlan {
            kind: args.message(),
            strict: args.typed.delivery.strict,
            body: self.message.compile(&language)?,
            recipient: recipient_rule(&language, args, &sender.settings.to_column)?,
            countries,
            selection: ListSelection::new(typed_selection, list)?,
            // A test is sent to another recipient.
            exclusions,
            is_allowed: (args.policy.skip_not_allowed && !is_test).then_some(&is_allowed),
            bot: sender.bot.as_str(),
            base: base.url(),
            reported: policy_for_reported(args, sender, policy),
            ledger: self.ledger.as_ref(),
            skips_rows: can_skip_rows(args, self.windows.is_some(), policy),
            skip: args.skip,
            limit: args.limit,
            policy: args.import_policy(),
            has_key: args.once.is_some(),
        };
        let reading = ListReading {
            context,
            import: &import,
            other_kind_hint: self.message.other_kind_hint.as_ref(),
            checks: (!is_test).then(|| self.row_checks(args, &settings)),
            progress: args.work.progress,
            keeps_findings: args.file.is_some(),
        };
        let mut draft = LedgerDraft::create()?;
        let findings = reading.read(list, &mut draft, rows)?;
        let tester = self.tester.as_ref();
        let test_messages = match tester.filter(|_| findings.list_error.is_none()) {
            Some(tester) => {
                let count = args.test_rows.unwrap_or(1);
                first_messages(list, &draft, &import, tester, count)?
            }
            None => Vec::new(),
        };
        if !is_test {
            note_rows(&mut settings, &findings.imported, &draft)?;
            settings.column_table = findings.imported.column_table(list, &draft, &import)?;
        }
        Ok(Reading {
            settings,
            draft,
            findings,
            rows: RowReportEnd::default(),
            test_messages,
        })
    }

    /// Returns the conditions of the run, with the answers so far.
    fn conditions_now(&self, args: &BulkSendArgs) -> RunConditions {
        let EarlierOptions { again, skip_sent } = args.choices.earlier;
        RunConditions {
            again,
            skip_sent,
            ..self.conditions.clone()
        }
    }

    /// Returns the checks of rows. Runs in the sandbox have no earlier runs.
    fn row_checks<'a>(&'a self, args: &BulkSendArgs, settings: &'a RunSettings) -> RowChecks<'a> {
        RowChecks {
            sender: &self.sender,
            windows: self.windows.as_ref(),
            ledger: self.ledger.as_ref().filter(|_| !settings.sandbox),
            earlier: earlier_query(settings),
            conditions: &settings.conditions,
            zone: list_time_zone(args, settings, &self.sender),
        }
    }
}

/// Saves the columns, types and templates of the rows in the settings of the run.
fn note_rows(
    settings: &mut RunSettings,
    imported: &ImportResult,
    draft: &LedgerDraft,
) -> Result<(), LedgerError> {
    if let Some(accepts) = &imported.accepts {
        settings.accepts = accepts.clone();
    }
    settings.columns.clone_from(&imported.columns);
    settings.templates = imported.templates.filter_unsent(|each| {
        draft.each_row_to_send(|_, request| {
            each(request.body);
            Ok::<_, LedgerError>(())
        })
    })?;
    Ok(())
}

impl Plan {
    fn new(prepared: Preparation, reading: Reading, outputs: Outputs) -> Self {
        Self {
            kind: prepared.message.kind,
            sender: prepared.sender,
            exclusions: prepared.exclusions,
            windows: prepared.windows,
            draft: reading.draft,
            settings: reading.settings,
            cost_limit: prepared.cost_limit,
            findings: reading.findings,
            rows: reading.rows,
            ledger: prepared.ledger,
            run_name: prepared.run_name,
            test_messages: reading.test_messages,
            outputs,
        }
    }

    /// Prints what was found in the lists and in the rows.
    pub(crate) fn print_findings(&self, context: &Context) {
        warn_about_lists(context, &self.exclusions);
        self.rows.print(&context.stderr);
        self.findings.print(&context.stderr);
    }

    /// Writes the file of `--rejects`.
    pub(crate) fn write_rejects(&mut self, context: &Context) -> Result<(), CommandError> {
        let Some(rejects) = self.outputs.rejects.take() else {
            return Ok(());
        };
        let zone = sender_zone(&self.settings, &self.sender);
        rejects.write(context, &self.draft, &self.settings, zone)
    }

    /// Returns the error if the list may not be sent.
    pub(crate) fn require_sendable_list(&self) -> Result<(), CommandError> {
        self.findings.require_sendable_list()
    }

    /// Returns the error if the list may not be sent. Otherwise warns of runs with unsent rows of it that are not in
    /// progress.
    pub(crate) fn require_sendable(&self, context: &Context) -> Result<(), CommandError> {
        self.findings.require_sendable()?;
        if let Some(ledger) = &self.ledger {
            report_idle_runs(context, ledger, &self.draft)?;
        }
        Ok(())
    }

    /// Estimates the cost of the rows to send.
    pub(super) fn estimate_cost(&mut self) -> Result<(), LedgerError> {
        self.settings.estimate = self.cost_limit.estimate(&self.draft, &self.settings)?;
        Ok(())
    }
}

/// Opens the file of the page; None without the flag.
fn open_page(context: &Context, args: &BulkSendArgs) -> Result<Option<ReportFile>, UsageError> {
    let path = args.page_file()?;
    path.map(|path| ReportFile::open(context, "--file", path, &args.inputs()))
        .transpose()
}

/// Reads the exclusion lists, with local numbers of the list's countries.
fn exclusions_for_list(args: &BulkSendArgs, sender: &Sender) -> Result<Exclusions, CommandError> {
    let options = ExclusionOptions {
        countries: CountryRule::new(args.choices.country, sender.settings.country),
        encoding: args.encoding,
    };
    read_exclusions(&args.policy.exclude, options, &sender.settings, None)
}

/// Returns whether valid rows can be skipped: for the key, for the 24-hour window, or for earlier
/// runs.
fn can_skip_rows(args: &BulkSendArgs, has_windows: bool, policy: DuplicatePolicy) -> bool {
    args.once.is_some() || has_windows || policy == DuplicatePolicy::LeftOut
}

/// Returns the zone for the times of a list: from `--time-zone`, from its hours, or from the profile.
pub(super) fn list_time_zone(
    args: &BulkSendArgs,
    settings: &RunSettings,
    sender: &Sender,
) -> TimeZone {
    match &args.hours.time_zone {
        Some(typed) => typed.zone().clone(),
        None => sender_zone(settings, sender),
    }
}

/// Claims standard input for the list, or for an exclusion list.
fn claim_inputs(context: &mut Context, args: &BulkSendArgs) -> Result<(), CommandError> {
    if args.test_to.is_some() && context.mode != Mode::Send {
        let message = msg!("--test-to cannot be used with --dry-run or --curl");
        return Err(UsageError::bare(message).into());
    }
    if args.source == Source::Stdin {
        context.input.claim_stdin("the list file")?;
    }
    claim_exclusions(context, &args.policy.exclude)?;
    Ok(())
}

/// Returns the name of the run; None if no run is created.
fn new_name(
    context: &Context,
    args: &BulkSendArgs,
    ledger: Option<&Ledger>,
) -> Result<Option<RunName>, LedgerError> {
    match ledger {
        Some(ledger) if args.makes_run(context.mode) => ledger
            .choose_run_name(args.run.as_ref(), args.file_name())
            .map(Some),
        _ => Ok(None),
    }
}

/// Returns how to treat rows that a report says were sent.
fn policy_for_reported(
    args: &BulkSendArgs,
    sender: &Sender,
    policy: DuplicatePolicy,
) -> DuplicatePolicy {
    if reaches_recipients(args, sender) {
        policy
    } else {
        DuplicatePolicy::Meant
    }
}

/// Returns whether the recipients of the list get messages, now or once the plan is confirmed.
fn reaches_recipients(args: &BulkSendArgs, sender: &Sender) -> bool {
    !sender.settings.is_sandboxed() && args.test_to.is_none()
}

/// Returns the ledger; None if the command creates no run and there is no ledger.
fn ledger_for_run(
    context: &Context,
    args: &BulkSendArgs,
    sender: &Sender,
) -> Result<Option<Ledger>, CommandError> {
    // Without a run, the directory is not created and need not exist.
    if !args.makes_run(context.mode) {
        return open_ledger_to_read(context);
    }
    let ledger = open_ledger(context)?;
    check_clocks(&ledger)?;
    if !sender.settings.is_sandboxed() {
        ledger.refuse_older_layout()?;
        ledger.refuse_restored()?;
    }
    Ok(Some(ledger))
}

/// Returns the recipients that have written recently, for a list that becomes a run; None without
/// the flag.
fn windows_for_list(
    context: &Context,
    args: &BulkSendArgs,
    kind: &MessageKind,
    sender: &Sender,
) -> Result<Option<OpenWindows>, CommandError> {
    if !args.only_in_window {
        return Ok(None);
    }
    if kind.command() == "template" {
        let message =
            msg!("--only-in-window is for free-form messages; a template can be sent at any time");
        return Err(UsageError::bare(message).into());
    }
    if !args.makes_run(context.mode) {
        context.stderr.note(msg!(
            "--only-in-window applies when the run is created, and has no effect here"
        ));
        return Ok(None);
    }
    look_up_windows(context, sender).map(Some)
}

/// Returns the conditions of a new run, from the flags and the profile. Warns about days in the
/// past.
pub(super) fn new_conditions(
    context: &Context,
    args: &BulkSendArgs,
    sender: &Sender,
    kind: &MessageKind,
) -> Result<RunConditions, UsageError> {
    let settings = &sender.settings;
    let hours = args
        .hours
        .over(settings.hours.clone(), args.file.is_some())?;
    args.hours
        .warn_about_past_days(hours.as_ref(), &context.stderr);
    let per_day = run_messaging_limit(args.hours.per_day, settings.limit_24h, kind)?;
    let begun = RunConditions {
        once: args.once.clone(),
        every: args.every,
        only_in_window: args.only_in_window,
        ..RunConditions::default()
    };
    Ok(args
        .options
        .conditions(hours, per_day, &args.choices.earlier, &begun))
}

pub(super) fn run_settings(
    args: &BulkSendArgs,
    sender: &Sender,
    conditions: RunConditions,
    format: ListFormat,
    message: &ListMessage,
) -> RunSettings {
    let settings = &sender.settings;
    args.work.over(RunSettings {
        kind: args.message().command().to_owned(),
        profile: settings
            .profile
            .as_ref()
            .map(|profile| profile.value.clone()),
        bot: sender.bot.clone(),
        client_id: sender.client_id.value.clone(),
        api_url: if settings.is_sandboxed() {
            SANDBOX.to_owned()
        } else {
            settings.api_url.as_key()
        },
        sandbox: settings.is_sandboxed(),
        // If no row of a list can be sent, the value is used only for the page.
        accepts: SuccessCriterion::AnyObject,
        format,
        columns: Vec::new(),
        column_table: ColumnTable::default(),
        list: args
            .file_name()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        country: CountryRule::new(args.choices.country, settings.country).otherwise,
        message: message.body.clone(),
        rate: args.options.rate.unwrap_or(settings.rate),
        concurrency: DEFAULT_CONCURRENCY,
        max_wait: DEFAULT_MAX_WAIT,
        no_keep_alive: false,
        conditions,
        templates: TemplateUses::default(),
        template_texts: TemplateTexts::default(),
        estimate: None,
        // Sending a list in parts may take longer than the default time to look back for duplicates.
        remember: args.remember.unwrap_or(if args.choices.earlier.skip_sent {
            Duration::MAX
        } else {
            settings.remember
        }),
        written_to: 0,
    })
}

/// The prices, and the budget; both are optional.
pub(super) struct CostLimit {
    pub(super) prices: Option<PriceList>,
    pub(super) budget: Option<Money>,
}

impl CostLimit {
    /// Reads the limit from the flag, or else from the profile.
    pub(super) fn read(args: &BulkSendArgs, settings: &Settings) -> Result<Self, CommandError> {
        let prices = read_prices(args.prices.as_deref(), settings)?;
        let budget = budget(args.budget, settings, prices.is_some())?;
        Ok(Self { prices, budget })
    }

    /// Estimates the cost of the draft's messages; None without prices.
    pub(super) fn estimate(
        &self,
        draft: &LedgerDraft,
        settings: &RunSettings,
    ) -> Result<Option<Estimate>, LedgerError> {
        let Some(prices) = &self.prices else {
            return Ok(None);
        };
        let mut estimate = Estimate::new(prices);
        draft.each_row_to_send(|_, request| {
            let DraftRequest {
                recipient,
                path,
                body,
            } = request;
            let (country, category) = settings.charged_by(recipient, path, body);
            estimate.add(prices, country, category);
            Ok::<_, LedgerError>(())
        })?;
        Ok(Some(estimate))
    }

    /// Refuses messages that cost more than the budget.
    pub(super) fn check(&self, estimate: Option<&Estimate>) -> Result<(), CommandError> {
        let (Some(budget), Some(estimate)) = (self.budget, estimate) else {
            return Ok(());
        };
        if let Some(words) = estimate.without_price() {
            let hint = msg!("add the missing prices to the price list, or remove --budget");
            let problem = msg!(
                "with a budget of {budget}, {problem}",
                budget,
                problem = words
            );
            return Err(CommandError::guard(problem, hint).named(OVER_BUDGET));
        }
        if estimate.total() > budget {
            let problem = msg!(
                "the messages cost {total}, more than the budget of {budget}",
                total = estimate.total_value(),
                budget
            );
            let hint = msg!("raise --budget, or send fewer messages: --limit N");
            return Err(CommandError {
                details: estimate.describe(),
                ..CommandError::guard(problem, hint).named(OVER_BUDGET)
            });
        }
        Ok(())
    }
}

/// Reads the recipient of the test; None without the flag.
pub(super) fn read_tester(
    context: &Context,
    args: &BulkSendArgs,
    sender: &Sender,
) -> Result<Option<TypedRecipient>, InvalidMessage> {
    match &args.test_to {
        Some(to) => {
            let country = args.choices.country.or(sender.settings.country);
            read_recipient(context, "--test-to", to, country).map(Some)
        }
        None => Ok(None),
    }
}

/// Returns the messages of the first `rows`, with `recipient` instead.
pub(super) fn first_messages(
    list: &ListReader,
    draft: &LedgerDraft,
    import: &ImportPlan<'_>,
    recipient: &TypedRecipient,
    rows: u8,
) -> Result<Vec<Outgoing>, CommandError> {
    let mut messages = Vec::new();
    draft.each_row_to_send_up_to(rows.into(), |drafted, _| {
        let row = list.read_back(drafted.cells);
        let row = row.ok_or_else(|| {
            LedgerError::damaged(format!("line {} cannot be read back", drafted.line))
        })?;
        let made = import.message(&row, recipient.clone());
        let (outgoing, _) = made.map_err(|error| {
            let message = error.message();
            UsageError::bare(msg!("line {line}: {message}", line = drafted.line, message))
        })?;
        messages.push(outgoing);
        Ok::<_, CommandError>(())
    })?;
    Ok(messages)
}

/// The file, and how the rows are written.
pub(super) struct RejectsFile {
    file: ReportFile,
    format: ListReport,
}

impl RejectsFile {
    /// Opens the file; None without the flag.
    pub(super) fn open(context: &Context, args: &BulkSendArgs) -> Result<Option<Self>, UsageError> {
        let Some(path) = args.rejects.as_deref() else {
            return Ok(None);
        };
        let format = format_from_name(FLAG, path)?
            .list_report(false, None, Lang::En)
            .ok_or_else(|| {
                UsageError::new(
                    msg!(
                        "{flag}: rows are written as a list, not as a page",
                        flag = FLAG
                    ),
                    msg!("write to a .csv, .xlsx or .ndjson file"),
                )
            })?;
        let file = ReportFile::open(context, FLAG, path, &args.inputs())?;
        Ok(Some(Self { file, format }))
    }

    /// Writes the skipped rows of the draft, with times in `zone`.
    pub(super) fn write(
        self,
        context: &Context,
        draft: &LedgerDraft,
        settings: &RunSettings,
        zone: TimeZone,
    ) -> Result<(), CommandError> {
        let format = self.format;
        self.file.write(context, |to| {
            let rows = write_skipped_rows(draft, settings, format, zone, to)?;
            Ok(msg!("{rows} {rows|row|rows} that will not be sent", rows))
        })
    }
}
