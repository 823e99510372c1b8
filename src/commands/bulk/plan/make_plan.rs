//! `bulk send`: reads, fills and checks every row first; then creates the run and sends its rows.

use minijinja::Environment;
use serde_json::{Value, json};

use super::args::BulkSendArgs;
use super::begin::{PreparedList, details, file_of};
use super::read_rows::import;
use crate::base::conventions::Conventions;
use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError, name_of};
use crate::base::output::counted;
use crate::base::private_file::PipeBound;
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::bulk::earlier::{compare, earlier_of, report_idle_runs};
use crate::commands::bulk::exclude::{UnsentRows, leave_out, windows_for_list};
use crate::commands::bulk::people_limit::limit_of_run;
use crate::commands::bulk::report_file::{Rejects, ReportFile, open_rejects};
use crate::commands::bulk::send::report_end::log_refused_run;
use crate::commands::bulk::summary::nothing_to_send;
use crate::commands::bulk::zone::zone_of_sender;
use crate::commands::claim::warn_of_forgotten_keys;
use crate::commands::prices::{budget, read_prices};
use crate::commands::store::{check_clocks, open_store, open_store_to_look};
use crate::jelou::message::{
    Envelope, InvalidMessage, MessageKind, Outgoing, Route, is_template, merge,
};
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::lists::list_file::{ListOptions, ListReader};
use crate::lists::template::{BodyTemplate, TextTemplate, language};
use crate::runs::import::{DuplicatePolicy, ImportPlan, RecipientRule};
use crate::runs::ledger::{Ledger, LedgerDraft, LedgerError, RunConditions};
use crate::runs::report::write_left_out;
use crate::sender::context::{Context, Mode};
use crate::sender::{Sender, check_allowed, claim_exclusions, open_list, read_exclusions};

pub(crate) fn run(context: &mut Context, args: &BulkSendArgs) -> Result<ExitCode, CommandError> {
    let ended = send(context, args).map_err(|error| error.in_phase(Phase::Planning));
    if args.makes_run(context.mode) {
        log_refused_run(context, args.run.as_ref(), &ended);
    }
    ended
}

fn send(context: &mut Context, args: &BulkSendArgs) -> Result<ExitCode, CommandError> {
    let page_file = args.page_file()?;
    claim_inputs(context, args)?;
    let reads: Vec<_> = std::iter::once(&args.source)
        .chain(&args.policy.exclude)
        .collect();
    let rejects = args
        .rejects
        .as_deref()
        .map(|path| open_rejects(context, path, &reads))
        .transpose()?;
    let body = read_body(context, args)?;
    let kind = body
        .as_ref()
        .and_then(|body| args.message().read_as(body.as_object()?));
    let kind = kind.as_ref().unwrap_or(args.message());
    let language = language();
    let compiled = compile_body(&language, kind, body.as_ref())?;
    let recipient = recipient_rule(
        &language,
        args.typed.delivery.to.as_deref(),
        args.to_column.as_deref(),
    )?;
    let input = open_list(&args.source, PipeBound::Writer)?;
    let name = name_of(&args.source);
    let options = ListOptions {
        sheet: args.sheet.clone(),
        encoding: args.encoding,
        header_row: args.header_row,
    };
    let mut list = ListReader::open(input, &name, &options)?;

    let sender = Sender::resolve(context)?;
    let hours = args
        .hours
        .over(sender.settings.hours.clone(), page_file.is_some())?;
    args.hours
        .warn_of_past_days(hours.as_ref(), &context.stderr);
    let limit = limit_of_run(args.hours.per_day, sender.settings.limit_24h, kind)?;
    let countries = CountryRule::new(args.country, sender.settings.country);
    list.write_as(
        countries
            .otherwise
            .and_then(|country| Conventions::for_country(country.code())),
    );
    let of_lists = ExclusionOptions {
        countries,
        encoding: args.encoding,
    };
    let exclusions = read_exclusions(
        context,
        &args.policy.exclude,
        of_lists,
        &sender.settings,
        None,
    )?;
    let prices = read_prices(args.prices.as_deref(), &sender.settings)?;
    let budget = budget(args.budget, &sender.settings, prices.is_some())?;
    let opened = store_of(context, args, &sender)?;
    let base = sender.planned_base();
    let store = opened.as_ref();
    let reaches_people = !sender.settings.is_sandboxed() && args.test_to.is_none();
    if args.once.is_some() && reaches_people {
        warn_of_forgotten_keys(context, store);
    }
    let windows = windows_for_list(context, args, kind, &sender)?;
    let details = details(
        args,
        &sender,
        countries,
        (hours, limit),
        list.format(),
        body.as_ref(),
    );
    let policy = DuplicatePolicy::new(&details.conditions);
    let no_exclusions = Exclusions::default();
    let is_allowed =
        |outgoing: &Outgoing| check_allowed(&sender.settings, outgoing.recipients()).is_ok();
    let plan = ImportPlan {
        kind: args.message(),
        strict: args.typed.delivery.strict,
        body: compiled,
        recipient,
        countries,
        // A test is sent to another recipient.
        exclusions: if args.test_to.is_some() {
            &no_exclusions
        } else {
            &exclusions
        },
        is_allowed: if args.policy.skip_not_allowed && args.test_to.is_none() {
            Some(&is_allowed)
        } else {
            None
        },
        bot: sender.bot.as_str(),
        base: base.url(),
        reported: if reaches_people {
            policy
        } else {
            DuplicatePolicy::Meant
        },
        store,
        leaves_out: args.once.is_some() || windows.is_some() || policy == DuplicatePolicy::LeftOut,
        skip: args.skip,
        limit: args.limit,
        policy: args.import_policy(),
        has_key: args.once.is_some(),
    };
    let page = page_file
        .map(|path| ReportFile::open(context, "--file", path, &reads))
        .transpose()?;
    let sender = &sender;
    let exclusions = &exclusions;
    let draft = LedgerDraft::create()?;
    let job = PreparedList {
        context,
        args,
        sender,
        kind,
        store,
        exclusions,
        windows,
        draft,
        details,
        prices,
        budget,
    };
    match &args.test_to {
        Some(to) => job.test(&mut list, &plan, to),
        None => job.read(&mut list, &plan, rejects, page),
    }
}

impl PreparedList<'_> {
    /// Reads every row; then shows the list, or begins its run.
    fn read(
        mut self,
        list: &mut ListReader,
        plan: &ImportPlan<'_>,
        rejects: Option<Rejects<'_>>,
        page: Option<ReportFile<'_>>,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            args,
            sender,
            store,
            ..
        } = self;
        let conditions = self.details.conditions.clone();
        let earlier = earlier_of(&self.details);
        let windows = self.windows.as_ref();
        let compared = store.filter(|_| !self.details.sandbox);
        let made_in = store.filter(|_| args.makes_run(context.mode));
        let name = made_in
            .map(|store| store.name_of_new(args.run.as_ref(), file_of(&args.source)))
            .transpose()?;
        let mut compare_all = |draft: &mut LedgerDraft| {
            leave_out(
                context,
                UnsentRows::OfDraft(draft),
                &Exclusions::default(),
                windows,
            )?;
            let Some(store) = compared else {
                return Ok(());
            };
            if store.known(&earlier, |known| compare(&conditions, known, draft))? {
                note_other_every(context, &conditions);
            }
            Ok(())
        };
        let shown = (args.work.progress, page.is_some());
        let read = import(
            context,
            list,
            &mut self.draft,
            plan,
            Some(sender),
            shown,
            &mut compare_all,
        )?;
        if let Some((file, format)) = rejects {
            let zone = zone_of_sender(&self.details, sender);
            file.write(context, |to| {
                let rows = write_left_out(
                    &self.draft,
                    (&read.imported.columns, list.format()),
                    format,
                    zone,
                    to,
                )?;
                Ok(format!("{} that will not be sent", counted(rows, "row")))
            })?;
        }
        let imported = &read.imported;
        let details = &mut self.details;
        if let Some(accepts) = &imported.accepts {
            details.accepts = accepts.clone();
        }
        details.columns.clone_from(&imported.columns);
        details.templates = imported.templates.left(|each| {
            self.draft.each_sent(|_, request| {
                each(request.body);
                Ok::<_, LedgerError>(())
            })
        })?;
        let (Some(store), Some(name)) = (store, name) else {
            return self.show(read, page);
        };
        read.verdict?;
        read.comparison?;
        report_idle_runs(context, store, &self.draft)?;
        if self.draft.to_be_sent() == 0 {
            return nothing_to_send(context, &self.draft);
        }
        block_on(self.begin(store, name))
    }
}

/// The ledger; None if the command creates no run and there is no ledger.
fn store_of(
    context: &Context,
    args: &BulkSendArgs,
    sender: &Sender,
) -> Result<Option<Ledger>, CommandError> {
    // Without a run, the directory is not created and need not exist.
    if !args.makes_run(context.mode) {
        return open_store_to_look(context);
    }
    let store = open_store(context)?;
    check_clocks(&store)?;
    if !sender.settings.is_sandboxed() {
        store.refuse_older_layout()?;
        store.refuse_restored_once()?;
    }
    Ok(Some(store))
}

/// Claims standard input for the list, or for the exclusion list.
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

/// The body from flags and `--body`; None if each row is the body.
fn read_body(context: &mut Context, args: &BulkSendArgs) -> Result<Option<Value>, CommandError> {
    let flags = args.message().flag_body(&mut context.input)?;
    let warnings = std::mem::take(&mut context.input.warnings);
    if args.typed.delivery.strict && !warnings.is_empty() {
        return Err(InvalidMessage::warnings(warnings).into());
    }
    context.stderr.warnings(&warnings);
    let file = args
        .typed
        .delivery
        .body
        .as_ref()
        .map(|source| context.input.json_value("--body", source))
        .transpose()?;
    if file.is_none() && args.message().envelope() == Envelope::Verbatim {
        return Ok(None);
    }
    let mut body = file.unwrap_or_else(|| json!({}));
    if let Some(field) = ["userId", "destinations"]
        .into_iter()
        .find(|field| body.get(field).is_some())
    {
        return Err(UsageError::new(
            format!("{field}: the body names a recipient, but in a bulk run each row has its own"),
            format!(
                "remove it: jq 'del(.{field})'; to set the recipient, use a column or --to '593{{{{ celular }}}}'"
            ),
        )
        .into());
    }
    merge(&mut body, flags);
    Ok(Some(body))
}

/// Compiles the body from [`read_body`]: its strings are templates.
fn compile_body<'a>(
    language: &'a Environment<'a>,
    kind: &MessageKind,
    body: Option<&'a Value>,
) -> Result<BodyTemplate<'a>, UsageError> {
    let in_path = match kind.route(body.unwrap_or(&Value::Null)) {
        Route::FlowMessage {
            flow_type: Some(flow_type),
        } => Some(("--type", flow_type)),
        Route::CampaignTemplate { campaign } => Some(("--campaign", campaign)),
        Route::Messages | Route::FlowMessage { flow_type: None } | Route::Template => None,
    };
    if let Some((flag, _)) = in_path.filter(|(_, value)| is_template(value)) {
        return Err(UsageError::new(
            format!("{flag}: cannot contain a column: it is the same for every row"),
            "write a fixed value, without {{ }}",
        ));
    }
    match body {
        Some(body) => {
            BodyTemplate::compile(language, kind.schema(), body).map_err(|error| error.list_error())
        }
        None => Ok(BodyTemplate::Row),
    }
}

/// Compiles `--to`, which must contain a column. Without it, the recipient is in a column.
fn recipient_rule<'a>(
    language: &'a Environment<'a>,
    to: Option<&'a str>,
    to_column: Option<&'a str>,
) -> Result<RecipientRule<'a>, UsageError> {
    let Some(to) = to else {
        return Ok(RecipientRule::Column(to_column));
    };
    match TextTemplate::compile(language, "--to", to).map_err(|error| error.list_error())? {
        Some(template) if !template.uses.is_empty() => Ok(RecipientRule::Template(template)),
        _ => Err(UsageError::new(
            format!("--to: every row would go to `{to}`"),
            "to build the recipient: --to '593{{ celular }}'; to use one column: --to-column COLUMN",
        )),
    }
}

/// Prints a note that the last command with the key had another --every.
fn note_other_every(context: &Context, conditions: &RunConditions) {
    if let Some(key) = &conditions.once {
        context.stderr.note(&format!(
            "an earlier command with --once {key} had another --every; this one uses its own"
        ));
    }
}
