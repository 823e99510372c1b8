//! `bulk send`: every row is read, filled and checked first; then the run exists, and its rows are sent.

use std::path::Path;

use super::arguments::BulkSendArguments;
use super::begin::{PreparedRun, details};
use super::earlier::{self, Repetition};
use super::hours::of_new_run;
use super::import::{import, open};
use super::plan::{compile_body, read_body, recipient_rule, typed_country};
use super::show::ShownList;
use super::store::{check_clocks, open_store, open_store_to_look};
use super::summary::nothing_to_send;
use super::test_send::TestedList;
use crate::commands::CommandError;
use crate::context::{Context, Mode, UsageError};
use crate::exit::ExitCode;
use crate::import::{ImportPlan, ReportedRule};
use crate::input::Source;
use crate::ledger::{Details, KnownRuns, LedgerDraft, LedgerError, LookedUpRuns};
use crate::people::Exclusions;
use crate::phone::Country;
use crate::process::block_on;
use crate::sending::{Sender, UnresolvedSender, add_do_not_contact, claim_exclusions, read_exclusions};
use crate::template::language;

pub(crate) fn run(context: &mut Context, arguments: &BulkSendArguments) -> Result<ExitCode, CommandError> {
    let unresolved = UnresolvedSender::claim(context)?;
    claim_inputs(context, arguments)?;
    let body = read_body(context, arguments)?;
    let kind = body.as_ref().and_then(|body| arguments.message.read_as(body.as_object()?));
    let kind = kind.as_ref().unwrap_or(&arguments.message);
    let schema = kind.schema().clone();
    let language = language();
    let compiled = compile_body(&language, kind, &schema, body.as_ref())?;
    let recipient = recipient_rule(&language, arguments.to.as_deref(), arguments.to_column.as_deref())?;
    let country = typed_country(arguments)?;
    let mut list = open(&arguments.source, &arguments.list)?;

    let sender = unresolved.resolve(context)?;
    let hours = of_new_run(&arguments.hours, &sender.settings)?;
    let country = country.or(sender.settings.country());
    let exclusions = exclusions(context, arguments, &sender, country)?;
    let base = sender.planned_base();
    let is_shown = arguments.preview.is_some() || context.mode != Mode::Send;
    // Where no run is made no directory is, and none needs to be there.
    let makes_run = !is_shown && arguments.test.is_none();
    let store = match (&arguments.test, makes_run) {
        (Some(_), _) => None,
        (None, true) => Some(open_store(context)?),
        (None, false) => open_store_to_look(context)?,
    };
    let store = store.as_deref();
    if let Some(store) = store.filter(|_| makes_run) {
        check_clocks(store)?;
    }
    let api_url = sender.settings.api_url.value.to_string();
    let remember = arguments.remember.unwrap_or(sender.settings.remember.value).duration();
    let of = (sender.bot.as_str(), api_url.as_str());
    let mut runs_before = store
        .filter(|_| !sender.settings.is_sandboxed())
        .map(|store| store.earlier(of, remember, &arguments.earlier.ignored_runs));
    let repetition = Repetition::of(arguments.earlier.again, arguments.earlier.skip_sent);
    let open_runs = open_runs(arguments, runs_before.as_mut(), repetition)?;
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
        earlier: open_runs.as_deref(),
        // On the sandbox nothing was sent, and nothing will be.
        reported: if sender.settings.is_sandboxed() { ReportedRule::NotCounted } else { repetition.of_report() },
    };
    let rows = (arguments.range, arguments.policy, arguments.options.progress);
    let mut compare = |draft: &mut LedgerDraft| match &mut runs_before {
        Some(earlier) => earlier::compare(&mut **earlier, draft, repetition),
        None => Ok(()),
    };
    if let Some(test) = &arguments.test {
        let recipient = test.recipient(plan.country)?;
        let mut draft = LedgerDraft::create(None)?;
        let nobody = Exclusions::default();
        let read = import(context, &mut list, &mut draft, &plan, (None, &nobody), rows, &mut |_| Ok(()))?;
        read.verdict?;
        let tested = TestedList { list: &list, draft: &draft, plan: &plan };
        tested.send(context, &sender, &recipient, test.rows, arguments.options.unchecked)
    } else if is_shown {
        let mut draft = LedgerDraft::create(None)?;
        let read = import(context, &mut list, &mut draft, &plan, (Some(&sender), &exclusions), rows, &mut compare)?;
        let shown = ShownList { sender: &sender, draft: &draft, kind, most: arguments.preview };
        shown.show(context, read, runs_before)
    } else {
        let store = store.ok_or(LedgerError::NoDirectory)?;
        let mut new = store.begin(arguments.run.as_ref(), file_of(&arguments.source))?;
        let read = import(context, &mut list, &mut new.draft, &plan, (Some(&sender), &exclusions), rows, &mut compare)?;
        read.verdict?;
        read.comparison?;
        if new.draft.to_be_sent() == 0 {
            return nothing_to_send(context, &new.draft);
        }
        let details = details(arguments, &sender, hours, list.format(), &read.imported, body.as_ref())?;
        let details = Details { remember, ..details };
        drop(open_runs);
        let prepared = PreparedRun { store, new, details, kind, earlier: runs_before, repetition };
        block_on(prepared.begin(context, arguments, &sender))
    }
}

/// Nothing of standard input.
fn file_of(source: &Source) -> &Path {
    match source {
        Source::Stdin => Path::new(""),
        Source::File(path) => path,
    }
}

/// Claims standard input for the list, or for who must not be written to.
fn claim_inputs(context: &mut Context, arguments: &BulkSendArguments) -> Result<(), CommandError> {
    if arguments.test.is_some() && context.mode != Mode::Send {
        let message = "--test-to sends, and --dry-run and --curl send nothing";
        return Err(UsageError::new(message, "leave one of them out").into());
    }
    if arguments.source == Source::Stdin {
        context.input.claim_stdin("the list of people")?;
    }
    claim_exclusions(context, &arguments.excluded)?;
    Ok(())
}

/// Who must not be written to, by the flags and the profile.
fn exclusions(
    context: &Context,
    arguments: &BulkSendArguments,
    sender: &Sender,
    country: Option<Country>,
) -> Result<Exclusions, CommandError> {
    let mut exclusions = read_exclusions(context, &arguments.excluded, country)?;
    add_do_not_contact(context, &mut exclusions, &sender.settings)?;
    Ok(exclusions)
}

/// The earlier runs, where rows that are left out do not count for `--limit`: they are looked up as the list is read.
fn open_runs<'a>(
    arguments: &BulkSendArguments,
    earlier: Option<&mut Box<dyn KnownRuns<'a> + 'a>>,
    repetition: Repetition,
) -> Result<Option<Box<dyn LookedUpRuns + 'a>>, CommandError> {
    match earlier {
        Some(earlier) if repetition == Repetition::LeftOut && arguments.range.limit.is_some() => {
            Ok(Some(earlier.open()?))
        }
        _ => Ok(None),
    }
}
