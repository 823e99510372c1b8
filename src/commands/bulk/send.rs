//! `bulk send`: every row is read, filled and checked first; then the run exists, and its rows are sent.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::RunOptions;
use super::plan::{compile_body, read_body, recipient_rule};
use super::sending::{DEFAULT_CONCURRENCY, Held, SANDBOX, Sender};
use crate::api::{Accepts, Request};
use crate::bulk::{
    BulkError, Details, ImportPlan, ImportPolicy, Imported, LedgerDraft, LedgerError, ReservedRun, RowFault, RowRange,
    RunError, RunName, Runs, SameCampaign, import,
};
use crate::commands::guard::check_allowed;
use crate::commands::{Context, GuardError, Mode, UsageError, preview};
use crate::config::{ApiUrl, BotId, ClientId, Environment, SecretSource, Settings, Sourced};
use crate::exit::ExitCode;
use crate::input;
use crate::list::{ListError, ListReader};
use crate::message::Message;
use crate::template::language;

/// Warnings of rows that are told one by one.
const WARNINGS: u64 = 5;

/// What was typed for a run.
#[derive(Debug)]
pub struct Typed {
    pub source: input::Source,
    /// `--to`, a template.
    pub to: Option<String>,
    pub to_column: Option<String>,
    /// `--body`
    pub body: Option<input::Source>,
    /// The kind, with what its flags say.
    pub message: Message,
    pub run: Option<RunName>,
    pub options: RunOptions,
    pub window: RowRange,
    pub leniency: ImportPolicy,
    /// `--strict`: a warning about a row's message makes the row invalid.
    pub strict: bool,
    /// `--again`
    pub again: bool,
    /// `--preview`
    pub preview: Option<u64>,
}

/// Who sends, as far as it is decided before anything is read.
struct Who<'a> {
    settings: &'a Settings,
    bot: &'a BotId,
    client_id: &'a ClientId,
    /// The address that requests are made for.
    base: ApiUrl,
}

pub fn run(context: &mut Context, typed: &Typed) -> anyhow::Result<ExitCode> {
    context.claim_secret()?;
    if typed.source == input::Source::Stdin {
        context.input.claim_stdin("the list of people")?;
    }
    let body = read_body(context, typed)?;
    let kind = body.as_ref().and_then(|body| typed.message.read_as(body.as_object()?));
    let kind = kind.as_ref().unwrap_or(&typed.message);
    let schema = kind.schema();
    let language = language();
    let compiled = compile_body(&language, kind, &schema, body.as_ref())?;
    let recipient = recipient_rule(&language, typed)?;

    let settings = Settings::load(&context.flags, &Environment::read()?)?;
    context.output.warnings(&settings.warnings);
    let bot = settings.bot()?;
    let (client_id, secret) = settings.credentials(context.can_ask())?;
    let who = Who { settings: &settings, bot, client_id: &client_id.value, base: preview::base(&settings) };
    let mut source = open(&typed.source)?;
    let plan = ImportPlan {
        kind: &typed.message,
        strict: typed.strict,
        schema,
        body: compiled,
        recipient,
        language: &language,
        bot: bot.as_str(),
        base: who.base.url(),
    };
    if typed.preview.is_some() || context.mode != Mode::Send {
        let mut draft = LedgerDraft::create(None)?;
        let limit = typed.window.limit.into_iter().chain(typed.preview).min();
        let typed = (RowRange { limit, ..typed.window }, typed.leniency);
        let imported = read_in(context, &mut source, &mut draft, &plan, &who, typed)?;
        return show(context, &draft, &who, imported.accepts.as_ref());
    }
    let runs = Runs::open()?;
    let reserved = reserve(&runs, typed)?;
    let mut draft = LedgerDraft::create(Some(&reserved.draft_path()))?;
    let imported = read_in(context, &mut source, &mut draft, &plan, &who, (typed.window, typed.leniency))?;
    let details = details(typed, &who, &source, &imported)?;
    begin(context, typed, &who, &secret, Begin { runs: &runs, reserved, draft, imported, details })
}

/// All of a run that is read in and not begun.
struct Begin<'a> {
    runs: &'a Runs,
    reserved: ReservedRun,
    draft: LedgerDraft,
    imported: Imported,
    details: Details,
}

fn begin(
    context: &Context,
    typed: &Typed,
    who: &Who<'_>,
    secret: &Sourced<SecretSource>,
    begin: Begin<'_>,
) -> anyhow::Result<ExitCode> {
    let Begin { runs, reserved, draft, imported, details } = begin;
    let refuse_again = || match runs.same_campaign(&details, imported.digest)? {
        Some(SameCampaign { run, is_finished }) if !typed.again => {
            Err(anyhow::Error::from(GuardError::SameCampaign { run: run.to_string(), is_finished }))
        }
        _ => Ok(()),
    };
    refuse_again()?;
    confirm(context, who, imported.rows)?;
    let sender = Sender::new(context, who.settings, who.client_id, secret)?;
    let name = reserved.name().clone();
    let held = runs.hold()?;
    refuse_again()?;
    draft.complete(&details, imported.digest, &runs.path(&name))?;
    drop(held);
    let Some(lock) = reserved.keep() else { return Err(LedgerError::InUse { run: name.to_string() }.into()) };
    context.output.note(&format!("run {name}: {} messages from bot {}", imported.rows, who.bot.as_str()));
    sender.send(&Held { runs, name, details, _lock: lock }, typed.options)
}

fn open(source: &input::Source) -> anyhow::Result<ListReader> {
    let (reader, name): (Box<dyn Read>, _) = match source {
        input::Source::Stdin => (Box::new(io::stdin()), "standard input".to_owned()),
        input::Source::File(path) => {
            let name = path.display().to_string();
            let opened = File::open(path).map_err(|cause| ListError::Unreadable { name: name.clone(), cause });
            (Box::new(opened?), name)
        }
    };
    Ok(ListReader::open(reader, &name)?)
}

/// The name that was typed, or one of the input's that is free.
fn reserve(runs: &Runs, typed: &Typed) -> anyhow::Result<ReservedRun> {
    if let Some(name) = &typed.run {
        return Ok(runs.reserve(name)?);
    }
    let path = match &typed.source {
        input::Source::Stdin => Path::new(""),
        input::Source::File(path) => path,
    };
    let first = RunName::of_source(path);
    let others = (2..100).filter_map(|number| format!("{first}-{number}").parse().ok());
    for name in std::iter::once(first.clone()).chain(others) {
        match runs.reserve(&name) {
            Err(BulkError::Run(_) | BulkError::Ledger(LedgerError::InUse { .. })) => {}
            reserved => return Ok(reserved?),
        }
    }
    Err(RunError::Exists { name: first }.into())
}

/// Reads every row into `draft`; ends with what is wrong with them.
fn read_in(
    context: &Context,
    source: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    who: &Who<'_>,
    (window, leniency): (RowRange, ImportPolicy),
) -> anyhow::Result<Imported> {
    let output = &context.output;
    let mut first_guarded = None;
    let mut warnings = 0;
    let allows = |recipient: &str| check_allowed(who.settings, std::iter::once(recipient)).is_ok();
    let imported = import(source, draft, plan, (window, leniency), allows, |line, fault| match fault {
        RowFault::Warning(warning) => {
            warnings += 1_u64;
            if warnings <= WARNINGS {
                output.warning(&format!("line {line}: {warning}"));
            }
        }
        RowFault::Guarded(recipient) => {
            let guard = || check_allowed(who.settings, std::iter::once(recipient)).err();
            first_guarded = first_guarded.take().or_else(guard);
        }
        RowFault::Invalid(problem) if leniency.skip_invalid => {
            output.warning(&format!("line {line} is left out: {problem}"));
        }
        RowFault::Invalid(problem) => output.fault(&format!("line {line}: {problem}")),
        RowFault::Duplicate { of, recipient } if leniency.skip_invalid => {
            output.warning(&format!("line {line} is left out: it is the same message to {recipient} as line {of}"));
        }
        RowFault::Duplicate { of, recipient } => {
            output.fault(&format!("line {line}: it is the same message to {recipient} as line {of}"));
        }
    })?;
    if warnings > WARNINGS {
        output.warning(&format!("{} more warnings like these", warnings - WARNINGS));
    }
    refuse_faulty(&imported, leniency)?;
    match first_guarded {
        Some(first) => Err(GuardError::Rows { count: imported.guarded, first: Box::new(first) }.into()),
        None => Ok(imported),
    }
}

fn refuse_faulty(imported: &Imported, leniency: ImportPolicy) -> Result<(), UsageError> {
    let Imported { rows, invalid, duplicates, .. } = imported;
    let refuse = |message: String, hint: &str| Err(UsageError { message, hint: hint.to_owned() });
    match (invalid, duplicates) {
        _ if *rows == 0 && (leniency.skip_invalid || *duplicates == 0) => {
            refuse("no row can be sent".to_owned(), "fix the rows; nothing was sent")
        }
        (0, 0) => Ok(()),
        _ if leniency.skip_invalid => Ok(()),
        (0, _) => refuse(
            format!("{duplicates} rows send the same message to the same recipient as another one"),
            "remove them, leave them out with --skip-invalid, or send them with --allow-duplicates; nothing was sent",
        ),
        (_, _) => refuse(
            format!("{} rows cannot be sent", invalid + duplicates),
            "fix them, or leave them out with --skip-invalid; nothing was sent",
        ),
    }
}

fn details(typed: &Typed, who: &Who<'_>, source: &ListReader, imported: &Imported) -> anyhow::Result<Details> {
    let Some(accepts) = imported.accepts.clone() else { anyhow::bail!("no row makes a request") };
    Ok(Details {
        kind: typed.message.command().to_owned(),
        profile: who.settings.profile.as_ref().map(|profile| profile.value.clone()),
        bot: who.bot.as_str().to_owned(),
        client_id: who.client_id.as_str().to_owned(),
        api_url: if who.settings.is_sandboxed() { SANDBOX.to_owned() } else { who.settings.api_url.value.to_string() },
        sandbox: who.settings.is_sandboxed(),
        accepts,
        format: source.format(),
        columns: imported.columns.clone(),
        rate: typed.options.rate.unwrap_or(who.settings.rate.value).per_second(),
        concurrency: typed.options.concurrency.unwrap_or(DEFAULT_CONCURRENCY),
    })
}

/// A person is asked; a script says `--yes`, unless the profile or the sandbox makes that needless.
fn confirm(context: &Context, who: &Who<'_>, rows: u64) -> anyhow::Result<()> {
    if context.assume_yes || who.settings.is_sandboxed() || !who.settings.confirm_bulk.value {
        return Ok(());
    }
    let profile = who.settings.profile.as_ref().map(|name| format!(" (profile {})", name.value)).unwrap_or_default();
    let question = format!("Send {rows} messages from bot {}{profile} to {}? [y/N]", who.bot.as_str(), who.base);
    if context.can_ask()
        && ["y", "yes", "s", "si", "sí"].contains(&context.output.ask(&question)?.to_lowercase().as_str())
    {
        return Ok(());
    }
    Err(GuardError::Unconfirmed { rows }.into())
}

/// `--preview`, `--dry-run` and `--curl`: the requests that would leave, and nothing stays behind.
fn show(context: &Context, draft: &LedgerDraft, who: &Who<'_>, accepts: Option<&Accepts>) -> anyhow::Result<ExitCode> {
    let Some(accepts) = accepts else { return Ok(ExitCode::Success) };
    draft.requests::<anyhow::Error>(|path, body| {
        let request = Request::below(who.base.url(), path, serde_json::from_str(body)?, accepts.clone())?;
        Ok(preview::show(context, who.settings, who.client_id, &request)?)
    })?;
    Ok(ExitCode::Success)
}
