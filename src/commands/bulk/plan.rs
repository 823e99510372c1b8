//! The plan of `bulk send`: which rows of a list to send, which to skip and why, their cost and their limits. Making it
//! prints nothing, sends nothing and creates no run.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::active_run::look_up_windows;
use super::continued_run::chosen_flags;
use super::cost_limit::CostLimit;
use super::list_message::{ListMessage, recipient_rule};
use super::options::{EarlierOptions, run_messaging_limit};
use super::send_args::BulkSendArgs;
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::{ReadProgress, Stderr};
use crate::command_error::CommandError;
use crate::commands::open_ledger::{check_clocks, open_ledger, open_ledger_to_read};
use crate::commands::send::claim::warn_about_local_keys;
use crate::commands::zone::sender_zone;
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::{
    InvalidMessage, MessageKind, Outgoing, TemplateTexts, TemplateUses, TypedRecipient,
};
use crate::lists::column_facts::ColumnTable;
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::lists::list_file::{ListFormat, ListReader};
use crate::lists::template::language;
use crate::runs::import::{
    BulkError, CollectedRows, DuplicatePolicy, Finding, ImportPlan, ImportResult, ListCountries,
    ListReading, ListSelection, RowChecks, RowCollector, Severity, earlier_query, read_list,
};
use crate::runs::ledger::{Ledger, LedgerDraft, LedgerError, RunConditions, RunName, RunSettings};
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::{OpenWindows, Sender, check_allowed, read_exclusions, warn_about_lists};

/// The API address in the metadata of a sandbox run.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// What `bulk send` is about to do.
pub(super) struct Plan {
    pub(super) message: ListMessage,
    pub(super) sender: Sender,
    /// The excluded recipients.
    pub(super) exclusions: Exclusions,
    /// The recipients in the 24-hour window, with `--only-in-window`.
    pub(super) windows: Option<OpenWindows>,
    pub(super) cost_limit: CostLimit,
    /// None if no run is created and there is no ledger.
    pub(super) ledger: Option<Ledger>,
    /// The name of its run; None if no run is created.
    pub(super) run_name: Option<RunName>,
    /// The recipient of `--test-to`.
    tester: Option<TypedRecipient>,
    /// How its run is sent, and what it costs.
    pub(super) settings: RunSettings,
    /// The rows: each with its request, or with the reason why it is skipped. Empty, as the next fields, until the list is
    /// read.
    pub(super) draft: LedgerDraft,
    pub(super) imported: ImportResult,
    pub(super) refusals: Refusals,
    /// The findings about the whole list.
    findings: Vec<Finding>,
    /// The findings in rows.
    pub(super) rows: CollectedRows,
    /// With `--test-to`: the messages of the first rows, to the recipient of the test.
    pub(super) test_messages: Vec<Outgoing>,
}

impl Plan {
    /// Prepares a plan for a list in this `format`.
    pub(super) fn new(
        context: &Context,
        args: &BulkSendArgs,
        message: ListMessage,
        format: ListFormat,
    ) -> Result<Self, CommandError> {
        let sender = Sender::resolve(context)?;
        let conditions = new_conditions(args, &sender.settings, &message.kind)?;
        let exclusions = exclusions_for_list(args, &sender)?;
        let cost_limit = CostLimit::read(args.prices.as_deref(), args.budget, &sender.settings)?;
        let ledger = ledger_for_run(context, args, &sender)?;
        let windows = windows_for_list(context, args, &message.kind, &sender)?;
        let tester = read_tester(args, &sender.settings)?;
        let run_name = match &ledger {
            Some(ledger) if args.makes_run(context.mode) => {
                Some(ledger.choose_run_name(args.run.as_ref(), args.file_name())?)
            }
            _ => None,
        };
        Ok(Self {
            settings: run_settings(args, &message, &sender, &conditions, format),
            message,
            sender,
            exclusions,
            windows,
            cost_limit,
            ledger,
            run_name,
            tester,
            draft: LedgerDraft::create()?,
            imported: ImportResult::default(),
            refusals: Refusals::default(),
            findings: Vec::new(),
            rows: CollectedRows::default(),
            test_messages: Vec::new(),
        })
    }

    /// Reads the exclusion lists again: after an answer, their local numbers may have another country.
    pub(super) fn reread_exclusions(&mut self, args: &BulkSendArgs) -> Result<(), CommandError> {
        self.exclusions = exclusions_for_list(args, &self.sender)?;
        Ok(())
    }

    /// Reads every row of `list` by the flags and answers so far, and for a test makes its messages. If the command
    /// `can_ask`, a list with an open question is refused until there is an answer.
    ///
    /// # Errors
    /// If no row can be read, or if the error is not in a row. The findings in rows are complete also with an error.
    pub(super) fn read(
        &mut self,
        context: &Context,
        args: &BulkSendArgs,
        list: &mut ListReader,
        can_ask: bool,
    ) -> Result<(), CommandError> {
        self.rows = CollectedRows::default();
        let sender = &self.sender;
        let choices = &args.choices;
        let typed_column = choices.country_column.as_deref();
        let of_profile = choices.profile_country(sender.settings.country);
        let mut countries = ListCountries::new(choices.country(), typed_column, of_profile, list)?;
        countries.has_none = choices.has_no_country();
        let country = countries.otherwise;
        list.write_as(country.and_then(|country| Conventions::for_country(country.code())));
        let conditions = &self.settings.conditions;
        let settings = run_settings(args, &self.message, sender, conditions, list.format());
        let language = language();
        let policy = DuplicatePolicy::new(&settings.conditions);
        let why_not_allowed = |recipients: &mut dyn Iterator<Item = &str>| {
            let checked = check_allowed(&sender.settings, recipients);
            checked.err().map(|error| error.message)
        };
        let windows = self.windows.as_ref();
        let is_in_window = windows.map(|windows| |recipient: &str| windows.is_open(recipient));
        let has_allow_list = sender.settings.allow_to.is_some();
        let ledger = self.ledger.as_ref();
        let excludes_in_ledger = match ledger {
            Some(ledger) => ledger.excludes(settings.sandbox)?,
            None => false,
        };
        let checks = RowChecks {
            why_not_allowed: has_allow_list.then_some(&why_not_allowed),
            is_in_window: is_in_window.as_ref().map(|check| check as _),
            conditions: &settings.conditions,
            earlier: earlier_query(&settings),
            zone: list_time_zone(args, &settings, sender),
        };
        let base = sender.planned_base();
        let import = ImportPlan {
            kind: args.message(),
            strict: args.typed.delivery.strict,
            body: self.message.compile(&language)?,
            recipient: recipient_rule(&language, args, &sender.settings.to_column)?,
            countries,
            selection: ListSelection::new(&args.skip_if, &args.only_if, list)?,
            exclusions: &self.exclusions,
            sandbox: settings.sandbox,
            checks: Some(checks).filter(|_| self.tester.is_none()),
            bot: sender.bot.as_str(),
            base: base.url(),
            reported: if reaches_recipients(args, sender) {
                policy
            } else {
                DuplicatePolicy::Send
            },
            ledger,
            skips_rows: args.once.is_some()
                || windows.is_some()
                || policy == DuplicatePolicy::Skip
                || excludes_in_ledger,
            skip: args.skip,
            limit: args.limit,
            policy: args.import_policy(),
            has_key: args.once.is_some(),
            can_ask,
        };
        let mut draft = LedgerDraft::create()?;
        let read = read_rows(context, args, list, &mut draft, &import, &mut self.rows);
        let read = read.map_err(|error| match &self.message.other_kind_hint {
            Some(hint) => error.with_message_hint(hint.clone()),
            None => error,
        })?;
        self.test_messages = match &self.tester {
            Some(tester) if read.list_error.is_none() => {
                import.first_messages(list, &draft, tester, args.test_rows.unwrap_or(1))?
            }
            _ => Vec::new(),
        };
        self.draft = draft;
        self.take(read, settings);
        Ok(())
    }

    /// Takes over what was read, with the `settings` of the run.
    fn take(&mut self, read: ListReading, settings: RunSettings) {
        let imported = read.imported;
        let accepts = imported.accepts.clone();
        self.settings = RunSettings {
            accepts: accepts.unwrap_or(SuccessCriterion::AnyObject),
            columns: imported.columns.clone(),
            templates: imported.templates.clone(),
            column_table: read.columns,
            ..settings
        };
        let refused = &self.rows.refused;
        let list_error = read.list_error.map(CommandError::from);
        self.refusals = Refusals {
            by_list: list_error.map(|error| error.refusing(refused.clone())),
            by_ledger: read.earlier_error.map(CommandError::from),
        };
        self.imported = imported;
        self.findings = read.findings;
    }

    /// Prints what was found in the flags, the lists and the rows. For a list that is refused, prints how many rows are
    /// fine.
    pub(super) fn print_findings(&self, context: &Context, args: &BulkSendArgs) {
        let stderr = &context.stderr;
        args.hours
            .warn_about_past_days(self.settings.conditions.hours.as_ref(), stderr);
        if args.once.is_some() && reaches_recipients(args, &self.sender) {
            warn_about_local_keys(context, self.ledger.as_ref());
        }
        if args.only_in_window && !args.makes_run(context.mode) {
            stderr.note(msg!(
                "--only-in-window applies when the run is created, and has no effect here"
            ));
        }
        if self.settings.sandbox {
            note_sandbox(context, args);
        }
        stderr.warnings(self.tester.as_ref().map_or(&[], TypedRecipient::warnings));
        warn_about_lists(context, &self.exclusions);
        let findings = self.rows.listed.iter().chain(&self.findings);
        findings.for_each(|finding| print_finding(stderr, finding));
        if self.refusals.by_list.is_some() && self.imported.unclear_column.is_none() {
            stderr.note(self.imported.sums());
        }
    }

    /// Returns the warnings about the whole list, for the page.
    pub(super) fn list_warnings(&self) -> Vec<Message> {
        let warnings = self.findings.iter();
        warnings
            .filter(|finding| finding.severity == Severity::Warning)
            .map(Finding::line)
            .collect()
    }

    /// Estimates the cost of the rows to send.
    pub(super) fn estimate_cost(&mut self) -> Result<(), LedgerError> {
        self.settings.estimate = self.cost_limit.estimate(&self.draft, &self.settings)?;
        Ok(())
    }
}

/// Why a list may not be sent.
#[derive(Default)]
pub(super) struct Refusals {
    pub(super) by_list: Option<CommandError>,
    /// Earlier runs prevent the send.
    pub(super) by_ledger: Option<CommandError>,
}

impl Refusals {
    /// Returns the first error that an answer may settle. An error of the list that no answer settles comes first.
    pub(super) fn open_error(&self) -> Option<&CommandError> {
        let first = self.by_list.as_ref().or(self.by_ledger.as_ref());
        first.filter(|error| error.question.is_some())
    }

    /// Returns the error of the list itself.
    pub(super) fn require_sendable_list(&self) -> Result<(), CommandError> {
        self.by_list.clone().map_or(Ok(()), Err)
    }

    /// Returns the error if the list or earlier runs prevent the send.
    pub(super) fn require_sendable(&self) -> Result<(), CommandError> {
        self.require_sendable_list()?;
        self.by_ledger.clone().map_or(Ok(()), Err)
    }
}

/// Returns the settings of the run, before the rows of its list are read.
fn run_settings(
    args: &BulkSendArgs,
    message: &ListMessage,
    sender: &Sender,
    conditions: &RunConditions,
    format: ListFormat,
) -> RunSettings {
    let settings = &sender.settings;
    let EarlierOptions { again, skip_sent } = args.choices.earlier;
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
        allow_to: settings.allow_to.clone(),
        do_not_contact: settings.do_not_contact.is_some(),
        columns: Vec::new(),
        column_table: ColumnTable::default(),
        list: args.list_name(),
        narrowed_by: args.narrowing_flags(),
        country: country_rule(args, settings).otherwise,
        message: message.body.clone(),
        rate: args.options.rate.unwrap_or(settings.rate),
        concurrency: DEFAULT_CONCURRENCY,
        max_wait: DEFAULT_MAX_WAIT,
        no_keep_alive: false,
        // With the answers so far.
        conditions: RunConditions {
            again,
            skip_sent,
            ..conditions.clone()
        },
        templates: TemplateUses::default(),
        template_texts: TemplateTexts::default(),
        estimate: None,
        // Sending a list in parts may take longer than the default time to look back for duplicates.
        remember: args.remember.unwrap_or(if skip_sent {
            Duration::MAX
        } else {
            settings.remember
        }),
        written_to: 0,
        awaited_runs: Vec::new(),
    })
}

/// Reads the rows, with the progress on the terminal. With -v, each finding in a row is printed at once, because their
/// number has no limit.
fn read_rows(
    context: &Context,
    args: &BulkSendArgs,
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    import: &ImportPlan<'_>,
    rows: &mut CollectedRows,
) -> Result<ListReading, BulkError> {
    let stderr = &context.stderr;
    let name = list.name().to_owned();
    let progress = ReadProgress::new(stderr, args.work.progress, &name);
    let print = |finding: &Finding| progress.above(|| print_finding(stderr, finding));
    let print: &dyn Fn(&Finding) = &print;
    let each = Some(print).filter(|_| stderr.is_verbose());
    let mut collector = RowCollector::new(each, args.file.is_some());
    let show = |rows| progress.show(rows);
    let read = read_list(list, draft, import, &mut collector, &show);
    *rows = collector.finish();
    read
}

/// Prints a finding on one line, and its hint below it.
pub(super) fn print_finding(stderr: &Stderr, finding: &Finding) {
    let hint = finding.hint.as_ref();
    match finding.severity {
        Severity::Fault => return stderr.fault(finding.line(), hint),
        Severity::Warning => stderr.warning(finding.line()),
        Severity::Note => stderr.note(finding.line()),
    }
    if let Some(hint) = hint.filter(|_| !stderr.is_quiet()) {
        stderr.hint(hint);
    }
}

/// Prints what a run to Jelou does and one to the sandbox does not, if you may expect it: with a flag, or at a terminal.
fn note_sandbox(context: &Context, args: &BulkSendArgs) {
    let comparing = [
        ("--skip-sent", args.choices.earlier.skip_sent),
        ("--once", args.once.is_some()),
        ("--remember", args.remember.is_some()),
    ];
    let flags: Vec<_> = chosen_flags(comparing).collect();
    let would_ask = args.makes_run(context.mode) && !context.assume_yes && context.can_ask();
    if flags.is_empty() && !would_ask {
        return;
    }
    let note = msg!(
        "the sandbox does not ask before it sends, and does not compare the list with earlier runs"
    );
    context.stderr.note(match flags.len() {
        0 => note,
        count => msg!(
            "{note}, so {flags} {count|has|have} no effect here",
            note,
            flags = flags.join(", "),
            count
        ),
    });
}

/// Returns the conditions of a new run, from the flags and the profile.
pub(super) fn new_conditions(
    args: &BulkSendArgs,
    settings: &Settings,
    kind: &MessageKind,
) -> Result<RunConditions, UsageError> {
    let hours = args
        .hours
        .over(settings.hours.clone(), args.file.is_some())?;
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

/// Reads the recipient of the test; None without the flag.
fn read_tester(
    args: &BulkSendArgs,
    settings: &Settings,
) -> Result<Option<TypedRecipient>, InvalidMessage> {
    let country = country_rule(args, settings).otherwise;
    let read = |to: &String| {
        TypedRecipient::read(to, country)
            .map_err(|error| InvalidMessage::recipient("--test-to", error))
    };
    args.test_to.as_ref().map(read).transpose()
}

/// Returns the country of local numbers by the flags and the profile.
fn country_rule(args: &BulkSendArgs, settings: &Settings) -> CountryRule {
    let choices = &args.choices;
    CountryRule::new(choices.country(), choices.profile_country(settings.country))
}

/// Reads the exclusion lists, with local numbers of the list's countries.
fn exclusions_for_list(args: &BulkSendArgs, sender: &Sender) -> Result<Exclusions, CommandError> {
    let options = ExclusionOptions {
        countries: country_rule(args, &sender.settings),
        encoding: args.encoding,
    };
    read_exclusions(&args.policy.exclude, options, &sender.settings, None)
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
        return Ok(None);
    }
    look_up_windows(context, sender).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_list_stays_refused_when_asked_again() {
        let error = |message| Some(CommandError::guard(message, "hint".into()));
        for (by_list, by_ledger, of_list, of_both) in [
            (None, None, None, None),
            (error("list".into()), None, Some("list"), Some("list")),
            (None, error("ledger".into()), None, Some("ledger")),
            (
                error("list".into()),
                error("ledger".into()),
                Some("list"),
                Some("list"),
            ),
        ] {
            let refusals = Refusals { by_list, by_ledger };
            let answer =
                |checked: Result<(), CommandError>| checked.err().map(|it| it.message.to_string());
            for _ in 0..2 {
                assert_eq!(answer(refusals.require_sendable_list()).as_deref(), of_list);
                assert_eq!(answer(refusals.require_sendable()).as_deref(), of_both);
            }
        }
    }
}
