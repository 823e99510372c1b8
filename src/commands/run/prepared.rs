//! A notice before its command runs: its text, filled once for each outcome that `--on` selects, and its sender.

use minijinja::Environment as Language;
use serde_json::{Map, Value};

use super::args::RunArgs;
use super::notice::{self, ENDS, Facts, NO_TAIL, Notice};
use crate::command_error::CommandError;
use crate::commands::send::sender_and_exclusions;
use crate::context::Context;
use crate::message::{Message, Outgoing, RecipientSources, TemplateUses};
use crate::output::Record;
use crate::people::Exclusions;
use crate::sending::{AuditLog, Sender, read_environment, read_settings};

/// A notice that can be sent.
pub(super) struct Prepared<'a> {
    pub(super) notice: Notice<'a>,
    pub(super) sender: Sender,
    /// The people who must not be written to.
    exclusions: Exclusions,
    /// The notice of one outcome.
    pub(super) example: Outgoing,
    /// The templates that the notices name.
    pub(super) templates: TemplateUses,
    /// The warnings about the notice that were printed.
    pub(super) warnings: Vec<String>,
}

/// What is known of a notice, for the audit log.
#[derive(Default)]
pub(super) struct NoticeLog {
    pub(super) log: AuditLog,
    pub(super) record: Record,
}

impl<'a> Prepared<'a> {
    /// Prepares the notice, whose kind and body are kept in `read`.
    ///
    /// # Errors
    /// If it cannot be sent for one of these outcomes.
    pub(super) fn new(
        context: &mut Context,
        arguments: &RunArgs,
        language: &'a Language<'a>,
        read: &'a mut Option<(Message, Value)>,
        known: &mut NoticeLog,
    ) -> Result<Self, CommandError> {
        let environment = read_environment()?;
        let settings = read_settings(context, &environment)?;
        let country = arguments.country.or(settings.country);
        let to = RecipientSources { flag: arguments.to.clone(), environment: environment.to, country };
        let read = read.insert(notice::read(context, arguments)?);
        known.record.kind = Some(read.0.command().into());
        let notice = Notice::compile(language, read, to)?;
        let (templates, example, warnings) = try_out(arguments, &notice)?;
        context.stderr.warnings(&warnings);
        known.record.to = Some(example.recipient().to_string());
        let (sender, exclusions) =
            sender_and_exclusions(context, settings, &arguments.exclude, country, &mut known.log)?;
        let prepared = Self { notice, sender, exclusions, example, templates, warnings };
        prepared.check(arguments, &prepared.example)?;
        Ok(prepared)
    }

    /// Checks the bot that a body names, and the recipients.
    ///
    /// # Errors
    /// If `outgoing` may not be sent.
    pub(super) fn check(&self, arguments: &RunArgs, outgoing: &Outgoing) -> Result<(), CommandError> {
        outgoing.check_bot(self.sender.bot.as_str())?;
        self.sender.check_message(&self.exclusions, arguments.once.once.is_some(), outgoing)
    }
}

/// Fills the notice for each outcome that `--on` selects; returns the templates of all, and the last notice with its
/// warnings.
fn try_out(arguments: &RunArgs, notice: &Notice<'_>) -> Result<(TemplateUses, Outgoing, Vec<String>), CommandError> {
    let facts = Facts::new(arguments.program());
    let tail = arguments.tail.map(|_| NO_TAIL);
    let mut templates = TemplateUses::default();
    let mut fill = |facts: &Map<String, Value>| {
        let filled = notice.fill(facts, tail)?;
        templates.note(&filled.0);
        Ok::<_, CommandError>(filled)
    };
    let mut ends =
        ENDS.into_iter().filter(|ended| arguments.on.wants(*ended)).map(|ended| facts.ended(ended, facts.begun()));
    let first = fill(&ends.next().unwrap_or_default())?;
    let (outgoing, warnings) = ends.try_fold(first, |_, facts| fill(&facts))?;
    Ok((templates, outgoing, warnings))
}
