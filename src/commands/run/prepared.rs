//! What is known of a notice before its command runs: its text, its sender, and what will prevent it.

use minijinja::Environment as Language;
use serde_json::{Map, Value};

use super::args::RunArgs;
use super::notice::{ENDS, Facts, NO_TAIL, Notice};
use crate::commands::CommandError;
use crate::commands::send::sender_and_exclusions;
use crate::context::Context;
use crate::message::{Message, Outgoing, TemplateUses};
use crate::output::Record;
use crate::people::Exclusions;
use crate::sending::{AuditLog, Sender, UnresolvedSender};

/// A notice, as far as it could be prepared.
#[derive(Default)]
pub(super) struct Prepared<'a> {
    /// None if the notice cannot be sent, however the command ends.
    pub(super) ready: Option<(Notice<'a>, Sender)>,
    /// The people who must not be written to.
    pub(super) exclusions: Exclusions,
    /// The templates that the notices name.
    pub(super) templates: TemplateUses,
    /// The warnings about the notice that were printed.
    pub(super) warnings: Vec<String>,
    pub(super) log: AuditLog,
    /// The known facts of the notice, for a log.
    pub(super) record: Record,
}

impl<'a> Prepared<'a> {
    /// Prepares the notice as far as possible; returns that of one outcome.
    ///
    /// # Errors
    /// If the notice, or that of one outcome, cannot be sent so far.
    pub(super) fn prepare(
        &mut self,
        context: &Context,
        arguments: &RunArgs,
        language: &'a Language<'a>,
        read: &'a (Message, Value),
        mut unresolved: UnresolvedSender,
    ) -> Result<Outgoing, CommandError> {
        self.record.kind = Some(read.0.command().into());
        let to = unresolved.recipients(context, arguments.to.as_ref(), arguments.country);
        let notice = Notice::compile(language, read, to)?;
        context.stderr.warnings(&notice.cautions);
        let example = self.try_out(context, arguments, &notice);
        self.record.to = example.as_ref().ok().map(|example| example.recipient().to_string());
        let is_environment_read = unresolved.said().is_some();
        let sender = unresolved.settings(context).map_err(CommandError::from).and_then(|settings| {
            sender_and_exclusions(context, settings, &arguments.exclude, arguments.country, &mut self.log)
        });
        match (example, sender) {
            // A recipient may be missing only because the environment is broken.
            (Err(problem), Err(_)) if is_environment_read => Err(problem),
            (_, Err(problem)) => Err(problem),
            (example, Ok((sender, exclusions))) => {
                self.exclusions = exclusions;
                if let Ok(example) = &example {
                    self.check(arguments, &sender, example)?;
                }
                self.ready = Some((notice, sender));
                example
            }
        }
    }

    /// Fills the notice for every outcome that is sent, and prints its warnings; returns the last of them.
    fn try_out(
        &mut self,
        context: &Context,
        arguments: &RunArgs,
        notice: &Notice<'_>,
    ) -> Result<Outgoing, CommandError> {
        let facts = Facts::new(arguments.program());
        let tail = arguments.tail.map(|_| NO_TAIL);
        let mut ends =
            ENDS.into_iter().filter(|ended| arguments.on.wants(*ended)).map(|ended| facts.ended(ended, facts.begun()));
        let mut fill = |facts: &Map<String, Value>| {
            let filled = notice.fill(facts, tail)?;
            self.templates.note(&filled.0);
            Ok::<_, CommandError>(filled)
        };
        let first = fill(&ends.next().unwrap_or_default())?;
        let (outgoing, warnings) = ends.try_fold(first, |_, facts| fill(&facts))?;
        context.stderr.warnings(&warnings);
        self.warnings = warnings;
        Ok(outgoing)
    }

    /// Checks the bot that a body names, and the recipients.
    ///
    /// # Errors
    /// If `sender` may not send `outgoing`.
    pub(super) fn check(&self, arguments: &RunArgs, sender: &Sender, outgoing: &Outgoing) -> Result<(), CommandError> {
        outgoing.check_bot(sender.bot.as_str())?;
        Ok(sender.check_message(&self.exclusions, arguments.once.once.is_some(), outgoing)?)
    }
}
