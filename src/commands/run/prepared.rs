//! What is known of a notice before its command runs: its text, its sender, and what will prevent it.

use minijinja::Environment as Language;
use serde_json::{Map, Value};

use super::args::RunArgs;
use super::notice::{ENDS, Facts, NO_TAIL, Notice};
use crate::commands::CommandError;
use crate::context::Context;
use crate::message::{Message, Outgoing, TemplateUses};
use crate::output::Record;
use crate::people::{CountryRule, ExclusionOptions, Exclusions};
use crate::sending::{AuditLog, Sender, UnresolvedSender, read_exclusions};

/// A notice, as far as it could be prepared.
#[derive(Default)]
pub(super) struct Prepared<'a> {
    /// None if the notice cannot be sent, however the command ends.
    pub(super) ready: Option<(Notice<'a>, Sender)>,
    /// The people who must not be written to.
    pub(super) exclusions: Exclusions,
    /// The notice of one outcome, if each outcome has its own.
    pub(super) example: Option<Outgoing>,
    /// The templates that the notices name.
    pub(super) templates: TemplateUses,
    /// The warnings about the notice that were printed.
    pub(super) warnings: Vec<String>,
    pub(super) log: AuditLog,
    /// The known facts of the notice, for a log.
    pub(super) record: Record,
    /// The error that keeps the notice, or the notice of one outcome, from being sent.
    pub(super) problem: Option<CommandError>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        context: &Context,
        arguments: &RunArgs,
        language: &'a Language<'a>,
        read: &'a (Message, Value),
        mut unresolved: UnresolvedSender,
    ) -> Self {
        let to = unresolved.recipients(context, arguments.to.as_ref(), arguments.country);
        let notice = match Notice::compile(language, read.0.schema(), read, to, arguments.body.is_none()) {
            Ok(notice) => notice,
            Err(problem) => return Self { problem: Some(problem), ..Self::default() },
        };
        context.stderr.warnings(&notice.cautions);
        let example = try_out(context, arguments, &notice);
        let is_environment_read = unresolved.said().is_some();
        let mut log = AuditLog::default();
        let sender = unresolved.settings(context).and_then(|settings| {
            log = AuditLog::of(&settings);
            Sender::of(settings, context)
        });
        let sender = match sender {
            Err(problem) => Err(problem.into()),
            Ok(sender) => read_lists(context, arguments, &sender).map(|exclusions| (sender, exclusions)),
        };
        let to = example.as_ref().ok().map(|example| example.outgoing.recipient().to_string());
        let record = Record { kind: Some(read.0.command().into()), to, ..Record::default() };
        let prepared = match (example, sender) {
            // A recipient may be missing only because the environment is broken.
            (Err(_), Err(problem)) if !is_environment_read => Self { problem: Some(problem), ..Self::default() },
            (Err(problem), Err(_)) | (Ok(_), Err(problem)) => Self { problem: Some(problem), ..Self::default() },
            (Err(problem), Ok((sender, exclusions))) => {
                Self { ready: Some((notice, sender)), exclusions, problem: Some(problem), ..Self::default() }
            }
            (Ok(tried), Ok((sender, exclusions))) => match check(arguments, &sender, &exclusions, &tried.outgoing) {
                Ok(()) => {
                    let (ready, example) = (Some((notice, sender)), Some(tried.outgoing));
                    let TriedOut { templates, warnings, .. } = tried;
                    Self { ready, exclusions, example, templates, warnings, ..Self::default() }
                }
                Err(problem) => Self { problem: Some(problem), ..Self::default() },
            },
        };
        Self { log: log.with(&prepared.exclusions), record, ..prepared }
    }
}

/// Reads the lists of people who must not be written to.
fn read_lists(context: &Context, arguments: &RunArgs, sender: &Sender) -> Result<Exclusions, CommandError> {
    let countries = CountryRule { otherwise: arguments.country.or(sender.settings.country()), by_column: true };
    let options = ExclusionOptions { countries, encoding: None };
    Ok(read_exclusions(context, &arguments.exclude, options, &sender.settings)?)
}

/// Checks the bot that a body names, and the recipients.
///
/// # Errors
/// If `sender` may not send `outgoing`.
pub(super) fn check(
    arguments: &RunArgs,
    sender: &Sender,
    exclusions: &Exclusions,
    outgoing: &Outgoing,
) -> Result<(), CommandError> {
    outgoing.check_bot(sender.bot.as_str())?;
    Ok(sender.check_message(exclusions, arguments.once.once.is_some(), outgoing)?)
}

/// A notice that was filled for every outcome that is sent.
struct TriedOut {
    /// The notice of the last outcome.
    outgoing: Outgoing,
    templates: TemplateUses,
    warnings: Vec<String>,
}

/// Fills the notice for every outcome that is sent, and prints its warnings on standard error.
fn try_out(context: &Context, arguments: &RunArgs, notice: &Notice<'_>) -> Result<TriedOut, CommandError> {
    let facts = Facts::new(arguments.program());
    let tail = arguments.tail.map(|_| NO_TAIL);
    let mut ends =
        ENDS.into_iter().filter(|ended| arguments.on.wants(*ended)).map(|ended| facts.ended(ended, facts.begun()));
    let mut templates = TemplateUses::default();
    let mut fill = |facts: &Map<String, Value>| {
        let filled = notice.fill(facts, tail)?;
        templates.note(&filled.0);
        Ok::<_, CommandError>(filled)
    };
    let first = fill(&ends.next().unwrap_or_default())?;
    let (outgoing, warnings) = ends.try_fold(first, |_, facts| fill(&facts))?;
    context.stderr.warnings(&warnings);
    Ok(TriedOut { outgoing, templates, warnings })
}
