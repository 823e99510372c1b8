//! `bulk send`: every row is read, filled and checked first; then the run exists, and its rows are sent.

use std::path::Path;
use std::time::Duration;

use super::arguments::BulkSendArguments;
use super::before::{BeforeRun, draw_messages, refuse_templates};
use super::carry_out::{LockedRun, carry_out};
use super::earlier::{self, Repetition};
use super::hours::{of_new_run, report_closed};
use super::import::{import, open};
use super::plan::{compile_body, read_body, recipient_rule, typed_country};
use super::summary::nothing_to_send;
use super::test_send::TestedList;
use crate::api::{Request, SuccessCriterion};
use crate::bulk::{
    BulkError, Details, EarlierRuns, ImportPlan, Imported, LedgerDraft, LedgerError, OpenRuns, ReservedRun,
    RunConditions, RunError, RunName, Runs,
};
use crate::commands::CommandError;
use crate::context::{Context, Mode, UsageError};
use crate::exit::ExitCode;
use crate::hours::Hours;
use crate::input::Source;
use crate::list::ListFormat;
use crate::message::Message;
use crate::output::counted;
use crate::people::Exclusions;
use crate::process::block_on;
use crate::sending::{
    GuardError, Interrupted, Opening, Sender, UnresolvedSender, add_do_not_contact, claim_exclusions, read_exclusions,
};
use crate::template::language;

/// What a run is stored with where nothing leaves the machine.
const SANDBOX: &str = "sandbox";
/// Messages that `--preview` draws.
const MOST_DRAWN: u64 = 10;
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

pub(crate) fn run(context: &mut Context, arguments: &BulkSendArguments) -> Result<ExitCode, CommandError> {
    let unresolved = UnresolvedSender::claim(context)?;
    if arguments.test.is_some() && context.mode != Mode::Send {
        let message = "--test-to sends, and --dry-run and --curl send nothing";
        return Err(UsageError::new(message, "leave one of them out; nothing was sent").into());
    }
    if arguments.source == Source::Stdin {
        context.input.claim_stdin("the list of people")?;
    }
    claim_exclusions(context, &arguments.excluded)?;
    let body = read_body(context, arguments)?;
    let kind = body.as_ref().and_then(|body| arguments.message.read_as(body.as_object()?));
    let kind = kind.as_ref().unwrap_or(&arguments.message);
    let schema = kind.schema().clone();
    let language = language();
    let compiled = compile_body(&language, kind, &schema, body.as_ref())?;
    let recipient = recipient_rule(&language, arguments)?;
    let country = typed_country(arguments)?;
    let mut list = open(&arguments.source, &arguments.list)?;

    let sender = unresolved.resolve(context)?;
    let hours = of_new_run(&arguments.hours, &sender.settings)?;
    let country = country.or(sender.settings.country());
    let mut exclusions = read_exclusions(context, &arguments.excluded, country)?;
    add_do_not_contact(context, &mut exclusions, &sender.settings)?;
    let base = sender.planned_base();
    let is_shown = arguments.preview.is_some() || context.mode != Mode::Send;
    // Where no run is made no directory is, and none needs to be there.
    let makes_run = !is_shown && arguments.test.is_none();
    let runs = if makes_run { Some(Runs::open()?) } else { Runs::at_home().ok() };
    let api_url = sender.settings.api_url.value.to_string();
    let remember = arguments.remember.unwrap_or(sender.settings.remember.value).duration();
    let of = (sender.bot.as_str(), api_url.as_str());
    let mut runs_before = runs
        .as_ref()
        .filter(|_| !sender.settings.is_sandboxed())
        .map(|runs| EarlierRuns::of_list(runs, of, remember, &arguments.earlier.ignored_runs));
    let repetition = Repetition::of(&arguments.earlier, false, false);
    let open_runs = open_runs(context, arguments, runs_before.as_mut(), repetition)?;
    let plan = ImportPlan {
        kind: &arguments.message,
        strict: arguments.strict,
        schema,
        body: compiled,
        recipient,
        country,
        language: &language,
        bot: sender.bot.as_str(),
        base: base.url(),
        earlier: open_runs.as_ref(),
    };
    let rows = (arguments.range, arguments.policy, arguments.options.progress);
    let mut compare = |draft: &mut LedgerDraft| match &mut runs_before {
        Some(earlier) => earlier::compare(context, earlier, draft, repetition),
        None => Ok(()),
    };
    if let Some(test) = &arguments.test {
        let recipient = test.recipient(plan.country)?;
        let mut draft = LedgerDraft::create(None)?;
        let nobody = Exclusions::default();
        let read = import(context, &mut list, &mut draft, &plan, (&sender, &nobody), rows, &mut |_| Ok(()))?;
        read.verdict?;
        let tested = TestedList { list: &list, draft: &draft, plan: &plan, imported: &read.imported };
        return tested.send(context, &sender, &recipient, test.rows, arguments.options.unchecked);
    }
    if is_shown {
        let mut draft = LedgerDraft::create(None)?;
        let read = import(context, &mut list, &mut draft, &plan, (&sender, &exclusions), rows, &mut compare)?;
        let words = read.words();
        if read.verdict.is_ok() && !report_shown(context, runs_before.as_mut(), &draft, read.comparison)? {
            return Ok(ExitCode::Success);
        }
        let Some(shown) = arguments.preview else {
            read.verdict?;
            return show(context, &draft, &sender, read.imported.accepts.as_ref(), u64::MAX);
        };
        show(context, &draft, &sender, read.imported.accepts.as_ref(), shown)?;
        draw_messages(context, &draft, kind, shown.min(MOST_DRAWN))?;
        context.stderr.note(&words);
        return read.verdict.map(|()| ExitCode::Success);
    }
    let Some(runs) = &runs else { return Err(LedgerError::NoDirectory.into()) };
    let reserved = reserve(runs, arguments)?;
    let mut draft = LedgerDraft::create(Some(&reserved.draft_path()))?;
    let read = import(context, &mut list, &mut draft, &plan, (&sender, &exclusions), rows, &mut compare)?;
    read.verdict?;
    read.comparison?;
    let imported = read.imported;
    earlier::report_skipped(context, &draft)?;
    if draft.to_be_sent()? == 0 {
        return nothing_to_send(context, &draft);
    }
    let details = Details { remember, ..details(arguments, &sender, hours, list.format(), &imported)? };
    drop(open_runs);
    let prepared = PreparedRun { runs, reserved, draft, details, kind };
    block_on(begin(context, arguments, &sender, prepared, (runs_before, repetition)))
}

/// The earlier runs, where rows that are left out do not count for `--limit`: they are looked up as the list is read.
fn open_runs(
    context: &Context,
    arguments: &BulkSendArguments,
    earlier: Option<&mut EarlierRuns<'_>>,
    repetition: Repetition,
) -> Result<Option<OpenRuns>, CommandError> {
    match earlier {
        Some(earlier) if repetition == Repetition::LeftOut && arguments.range.limit.is_some() => {
            Ok(Some(earlier.open(earlier::warn(context))?))
        }
        _ => Ok(None),
    }
}

/// Says what earlier runs have of rows that are only shown; false where nothing would leave.
fn report_shown(
    context: &Context,
    earlier: Option<&mut EarlierRuns<'_>>,
    draft: &LedgerDraft,
    comparison: Result<(), CommandError>,
) -> Result<bool, CommandError> {
    match comparison {
        Ok(()) => {}
        Err(error) if error.code == ExitCode::Guard => {
            context.stderr.warning(&format!("this would be refused, and nothing would leave: {}", error.line()));
            context.stderr.note(error.hint.as_deref().unwrap_or_default());
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    let Some(earlier) = earlier else { return Ok(true) };
    earlier::report_skipped(context, draft)?;
    earlier::report_written_to(context, earlier.people_written_to(draft)?);
    Ok(true)
}

/// All of a run that is read in and not begun.
struct PreparedRun<'a> {
    runs: &'a Runs,
    reserved: ReservedRun,
    draft: LedgerDraft,
    details: Details,
    kind: &'a Message,
}

async fn begin(
    context: &Context,
    arguments: &BulkSendArguments,
    sender: &Sender,
    prepared: PreparedRun<'_>,
    (mut earlier, repetition): (Option<EarlierRuns<'_>>, Repetition),
) -> Result<ExitCode, CommandError> {
    let PreparedRun { runs, reserved, mut draft, mut details, kind } = prepared;
    if let Some(earlier) = &mut earlier {
        details.written_to = earlier.people_written_to(&draft)?;
        earlier::report_written_to(context, details.written_to);
    }
    if !details.sandbox {
        report_closed(context, details.conditions.hours.as_ref());
    }
    let hours = details.conditions.hours.as_ref();
    let before = BeforeRun { draft: &draft, kind, rate: details.rate, hours, remarks: &[] };
    before.report(context, is_asked(context, sender))?;
    confirm(context, sender, draft.to_be_sent()?)?;
    let mut connection = match sender.connect(context).await? {
        Opening::Open(connection) => connection,
        Opening::Interrupted(signal) => return Err(Interrupted(signal).into()),
    };
    if !arguments.options.unchecked {
        let requests = |each: &mut dyn FnMut(&str)| {
            draft.requests(|_, body| {
                each(body);
                Ok(())
            })
        };
        refuse_templates(context, sender, &mut connection, &details.templates, requests).await?;
    }
    let name = reserved.name().clone();
    let held = runs.hold()?;
    if let Some(earlier) = &mut earlier {
        earlier::compare(context, earlier, &mut draft, repetition)?;
    }
    let rows = draft.to_be_sent()?;
    if rows == 0 {
        return nothing_to_send(context, &draft);
    }
    if let Some(signal) = connection.signals.came() {
        return Err(Interrupted(signal).into());
    }
    draft.complete(&details, &reserved.mark()?, &runs.path(&name))?;
    drop(held);
    let Some(lock) = reserved.keep() else { return Err(LedgerError::InUse { run: name.to_string() }.into()) };
    context.stderr.note(&format!("run {name}: {} from bot {}", counted(rows, "message"), sender.bot.as_str()));
    let run = LockedRun { runs, name, details, is_changed: false, found: None, lock };
    carry_out(context, sender, connection, &run, arguments.options).await
}

/// The name that was typed, or one of the input's that is free.
fn reserve(runs: &Runs, arguments: &BulkSendArguments) -> Result<ReservedRun, BulkError> {
    if let Some(name) = &arguments.run {
        return runs.reserve(name);
    }
    let path = match &arguments.source {
        Source::Stdin => Path::new(""),
        Source::File(path) => path,
    };
    let first = RunName::of_source(path);
    let others = (2..100).filter_map(|number| format!("{first}-{number}").parse().ok());
    for name in std::iter::once(first.clone()).chain(others) {
        match runs.reserve(&name) {
            Err(BulkError::Run(_) | BulkError::Ledger(LedgerError::InUse { .. })) => {}
            reserved => return reserved,
        }
    }
    Err(RunError::Exists { name: first }.into())
}

/// What the run is.
fn details(
    arguments: &BulkSendArguments,
    sender: &Sender,
    hours: Option<Hours>,
    format: ListFormat,
    imported: &Imported,
) -> Result<Details, UsageError> {
    let settings = &sender.settings;
    let nothing = || UsageError::new("no row can be sent", "fix the message or the rows; nothing was sent");
    Ok(Details {
        kind: arguments.message.command().to_owned(),
        profile: settings.profile.as_ref().map(|profile| profile.value.clone()),
        bot: sender.bot.as_str().to_owned(),
        client_id: sender.client_id.as_str().to_owned(),
        api_url: if settings.is_sandboxed() { SANDBOX.to_owned() } else { settings.api_url.value.to_string() },
        sandbox: settings.is_sandboxed(),
        accepts: imported.accepts.clone().ok_or_else(nothing)?,
        format,
        columns: imported.columns.clone(),
        rate: arguments.options.rate.unwrap_or(settings.rate.value).per_second(),
        concurrency: arguments.options.concurrency.unwrap_or(DEFAULT_CONCURRENCY),
        max_wait: arguments.options.max_wait.unwrap_or(DEFAULT_MAX_WAIT),
        conditions: RunConditions { hours, keep_going: arguments.options.keep_going },
        templates: imported.templates.clone(),
        again: arguments.earlier.again,
        skip_sent: arguments.earlier.skip_sent,
        remember: Duration::ZERO,
        written_to: 0,
    })
}

/// Whether a person will be asked.
fn is_asked(context: &Context, sender: &Sender) -> bool {
    let needs_yes = !sender.settings.is_sandboxed() && sender.settings.confirm_bulk.value;
    needs_yes && !context.assume_yes && context.can_ask()
}

/// A person is asked; a script says `--yes`, unless the profile or the sandbox makes that needless.
fn confirm(context: &Context, sender: &Sender, rows: u64) -> Result<(), CommandError> {
    if sender.settings.is_sandboxed() || !sender.settings.confirm_bulk.value {
        return Ok(());
    }
    let question = format!("Send {rows} messages from {} to {}?", sender.description(), sender.planned_base());
    match context.confirms(&question)? {
        Some(true) => Ok(()),
        Some(false) | None => Err(GuardError::Unconfirmed { rows }.into()),
    }
}

/// `--preview`, `--dry-run` and `--curl`: the first `most` requests that would leave, and nothing stays behind.
fn show(
    context: &Context,
    draft: &LedgerDraft,
    sender: &Sender,
    accepts: Option<&SuccessCriterion>,
    most: u64,
) -> Result<ExitCode, CommandError> {
    let Some(accepts) = accepts else { return Ok(ExitCode::Success) };
    let base = sender.planned_base();
    let mut shown = 0;
    draft.requests::<CommandError>(|path, body| {
        if shown == most {
            return Ok(());
        }
        shown += 1;
        let request = Request::below(base.url(), path, body.into(), accepts.clone())
            .map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        Ok(sender.show(context, &request)?)
    })?;
    Ok(ExitCode::Success)
}
