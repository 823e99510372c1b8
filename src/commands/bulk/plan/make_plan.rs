//! Makes the plan of `bulk send`: reads and checks the list, and decides which rows to send, which to skip and why, their
//! cost and their limits. It sends nothing and creates no run.

use jiff::tz::TimeZone;

use super::args::BulkSendArgs;
use super::cost_limit::CostLimit;
use super::message::{ListMessage, recipient_rule};
use super::read_rows::{Findings, ListReading, RowChecks};
use super::rejects::RejectsFile;
use super::run_settings::{new_conditions, run_settings};
use super::test_messages::{first_messages, read_tester};
use crate::base::conventions::Conventions;
use crate::base::input::{Source, UsageError, source_name};
use crate::base::private_file::PipeBound;
use crate::command_error::CommandError;
use crate::commands::bulk::earlier::{earlier_query, report_idle_runs};
use crate::commands::bulk::exclude::look_up_windows;
use crate::commands::bulk::report_file::ReportFile;
use crate::commands::claim::warn_about_local_keys;
use crate::commands::open_ledger::{check_clocks, open_ledger, open_ledger_to_read};
use crate::commands::zone::sender_zone;
use crate::jelou::message::{MessageKind, Outgoing};
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::lists::list_file::{ListOptions, ListReader};
use crate::lists::template::{BodyTemplate, language};
use crate::runs::import::{DuplicatePolicy, ImportPlan, RecipientRule};
use crate::runs::ledger::{Ledger, LedgerDraft, LedgerError, RunName, RunSettings};
use crate::sender::context::{Context, Mode};
use crate::sender::{
    OpenWindows, Sender, check_allowed, claim_exclusions, open_list, read_exclusions,
};

/// What `bulk send` is about to do.
pub(crate) struct Plan<'a> {
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
    /// None if no run is created and there is no ledger.
    pub(super) ledger: Option<Ledger>,
    /// The name of its run; None if no run is created.
    pub(super) run_name: Option<RunName>,
    /// With `--test-to`: the messages of the first rows, to the recipient of the test.
    pub(super) test_messages: Vec<Outgoing>,
    /// The file of `--rejects`, until it is written.
    pub(super) rejects: Option<RejectsFile<'a>>,
    /// The file of the page, until it is written.
    pub(super) page: Option<ReportFile<'a>>,
}

/// Reads and checks the list: first the flags, then the sender, then the rows. It prints the faults of rows and keeps
/// them in the plan.
///
/// # Errors
/// If no row can be read, or if the error is not in a row.
pub(crate) fn plan<'a>(
    context: &mut Context,
    args: &'a BulkSendArgs,
) -> Result<Plan<'a>, CommandError> {
    let page_file = args.page_file()?;
    claim_inputs(context, args)?;
    let rejects = RejectsFile::open(context, args)?;
    let message = ListMessage::read(context, args)?;
    let language = language();
    let body = message.compile(&language)?;
    let recipient = recipient_rule(&language, args)?;
    let mut list = open_reader(args)?;

    let sender = Sender::resolve(context)?;
    let conditions = new_conditions(context, args, &sender, &message.kind)?;
    let countries = CountryRule::new(args.country, sender.settings.country);
    list.write_as(
        countries
            .otherwise
            .and_then(|country| Conventions::for_country(country.code())),
    );
    let exclusions = exclusions_for_list(context, args, &sender, countries)?;
    let cost_limit = CostLimit::read(args, &sender.settings)?;
    let ledger = ledger_for_run(context, args, &sender)?;
    if args.once.is_some() && reaches_recipients(args, &sender) {
        warn_about_local_keys(context, ledger.as_ref());
    }
    let windows = windows_for_list(context, args, &message.kind, &sender)?;
    let settings = run_settings(args, &sender, conditions, list.format(), &message);
    let page = page_file
        .map(|path| ReportFile::open(context, "--file", path, &args.inputs()))
        .transpose()?;
    let mut plan = Plan {
        kind: message.kind.clone(),
        sender,
        exclusions,
        windows,
        draft: LedgerDraft::create()?,
        settings,
        cost_limit,
        findings: Findings::default(),
        ledger,
        run_name: None,
        test_messages: Vec::new(),
        rejects,
        page,
    };
    let template = RowTemplate {
        body,
        recipient,
        other_kind_hint: message.other_kind_hint.as_deref(),
    };
    plan.read(context, args, &mut list, template)?;
    Ok(plan)
}

/// Makes the messages from the rows.
struct RowTemplate<'a> {
    body: BodyTemplate<'a>,
    recipient: RecipientRule<'a>,
    /// The hint for an invalid message, if its body is of another kind.
    other_kind_hint: Option<&'a str>,
}

impl Plan<'_> {
    /// Reads every row, and for a test makes its messages.
    fn read(
        &mut self,
        context: &Context,
        args: &BulkSendArgs,
        list: &mut ListReader,
        template: RowTemplate<'_>,
    ) -> Result<(), CommandError> {
        let sender = &self.sender;
        let is_test = args.test_to.is_some();
        let countries = CountryRule::new(args.country, sender.settings.country);
        let tester = read_tester(context, args, countries)?;
        self.run_name = new_name(context, args, self.ledger.as_ref())?;
        let base = sender.planned_base();
        let policy = DuplicatePolicy::new(&self.settings.conditions);
        let no_exclusions = Exclusions::default();
        let is_allowed =
            |outgoing: &Outgoing| check_allowed(&sender.settings, outgoing.recipients()).is_ok();
        let import = ImportPlan {
            kind: args.message(),
            strict: args.typed.delivery.strict,
            body: template.body,
            recipient: template.recipient,
            countries,
            // A test is sent to another recipient.
            exclusions: if is_test {
                &no_exclusions
            } else {
                &self.exclusions
            },
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
        let windows = self.windows.as_ref();
        let checks = (!is_test)
            .then(|| row_checks(args, sender, windows, self.ledger.as_ref(), &self.settings));
        let reading = ListReading {
            context,
            import: &import,
            other_kind_hint: template.other_kind_hint,
            checks,
            progress: args.work.progress,
            keeps_remarks: self.page.is_some(),
        };
        self.findings = reading.read(list, &mut self.draft)?;
        match tester {
            Some(tester) => {
                self.findings.require_sendable_list()?;
                let rows = args.test_rows.unwrap_or(1);
                self.test_messages = first_messages(list, &self.draft, &import, &tester, rows)?;
            }
            None => self.note_findings()?,
        }
        Ok(())
    }

    /// Saves the columns, types and templates of the rows in the settings of the run.
    fn note_findings(&mut self) -> Result<(), LedgerError> {
        let imported = &self.findings.imported;
        let settings = &mut self.settings;
        if let Some(accepts) = &imported.accepts {
            settings.accepts = accepts.clone();
        }
        settings.columns.clone_from(&imported.columns);
        settings.templates = imported.templates.filter_unsent(|each| {
            self.draft.each_row_to_send(|_, request| {
                each(request.body);
                Ok::<_, LedgerError>(())
            })
        })?;
        Ok(())
    }

    /// Writes the file of `--rejects`.
    pub(crate) fn write_rejects(&mut self, context: &Context) -> Result<(), CommandError> {
        let Some(rejects) = self.rejects.take() else {
            return Ok(());
        };
        let zone = sender_zone(&self.settings, &self.sender);
        rejects.write(context, &self.draft, &self.settings, zone)
    }

    /// Returns the error if the list may not be sent. Otherwise warns of runs with unsent rows of it that are not in
    /// progress.
    pub(crate) fn require_sendable(&mut self, context: &Context) -> Result<(), CommandError> {
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

/// Reads the exclusion lists, with local numbers of the list's `countries`.
fn exclusions_for_list(
    context: &mut Context,
    args: &BulkSendArgs,
    sender: &Sender,
    countries: CountryRule,
) -> Result<Exclusions, CommandError> {
    let options = ExclusionOptions {
        countries,
        encoding: args.encoding,
    };
    let settings = &sender.settings;
    read_exclusions(context, &args.policy.exclude, options, settings, None)
}

/// Returns whether valid rows can be skipped: for the key, for the 24-hour window, or for earlier
/// runs.
fn can_skip_rows(args: &BulkSendArgs, has_windows: bool, policy: DuplicatePolicy) -> bool {
    args.once.is_some() || has_windows || policy == DuplicatePolicy::LeftOut
}

/// Returns the checks of rows. Runs in the sandbox have no earlier runs.
fn row_checks<'a>(
    args: &BulkSendArgs,
    sender: &'a Sender,
    windows: Option<&'a OpenWindows>,
    ledger: Option<&'a Ledger>,
    settings: &'a RunSettings,
) -> RowChecks<'a> {
    RowChecks {
        sender,
        windows,
        ledger: ledger.filter(|_| !settings.sandbox),
        earlier: earlier_query(settings),
        conditions: &settings.conditions,
        zone: list_time_zone(args, settings, sender),
    }
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
        let message = "--test-to cannot be used with --dry-run or --curl";
        return Err(UsageError::new(message, "remove one of them").into());
    }
    if args.source == Source::Stdin {
        context.input.claim_stdin("the list file")?;
    }
    claim_exclusions(context, &args.policy.exclude)?;
    Ok(())
}

fn open_reader(args: &BulkSendArgs) -> Result<ListReader, CommandError> {
    let input = open_list(&args.source, PipeBound::Writer)?;
    let options = ListOptions {
        sheet: args.sheet.clone(),
        encoding: args.encoding,
        header_row: args.header_row,
    };
    Ok(ListReader::open(
        input,
        &source_name(&args.source),
        &options,
    )?)
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
        ledger.refuse_restored_once()?;
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
            "--only-in-window is for free-form messages; a template can be sent at any time";
        return Err(UsageError::new(message, "remove --only-in-window").into());
    }
    if !args.makes_run(context.mode) {
        context
            .stderr
            .note("--only-in-window applies when the run is created, and has no effect here");
        return Ok(None);
    }
    look_up_windows(context, sender).map(Some)
}
