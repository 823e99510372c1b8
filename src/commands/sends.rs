//! The messages of one command, one for each recipient: the facts of each, its record, its line in the audit log, and
//! its place in the output.

use std::mem;

use jiff::Timestamp;

use super::recipients::{MessageEnd, Refused, exit_code, refusal, report_incomplete};
use super::result::{note_error, note_error_as, print_result, record_error};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, Record, RecordError, Sent};
use crate::command_error::{CommandError, Phase};
use crate::jelou::message::{Outgoing, RecipientChoice, RecipientSources};
use crate::lists::exclusions::{Exclusions, SoughtRecipients};
use crate::sender::config::Settings;
use crate::sender::context::{Context, Mode};
use crate::sender::{AuditLog, Sender, excluded, exclusion_error};

/// The facts of a message, for its record and the audit log.
#[derive(Clone)]
pub(super) struct SendReport {
    command: &'static str,
    pub(super) record: Record,
    log: AuditLog,
}

impl SendReport {
    pub(super) fn new(command: &'static str) -> Self {
        Self {
            command,
            record: Record::default(),
            log: AuditLog::default(),
        }
    }

    /// Adds the facts of a message that this sender is about to send.
    pub(super) fn for_message(
        command: &'static str,
        sender: &Sender,
        exclusions: &Exclusions,
        outgoing: &Outgoing,
    ) -> Self {
        let mut report = Self::new(command);
        report.note_sender(&sender.settings);
        report.note_message(outgoing);
        report.note_guard(sender, exclusions);
        report
    }

    fn note_sender(&mut self, settings: &Settings) {
        self.log = AuditLog::from_settings(settings);
        self.record.profile = settings
            .profile
            .as_ref()
            .map(|profile| profile.value.clone());
        self.record.bot_id.clone_from(&settings.bot);
    }

    fn note_guard(&mut self, sender: &Sender, exclusions: &Exclusions) {
        self.log = mem::take(&mut self.log).with(exclusions);
        self.record.api_url = Some(sender.planned_base().to_string());
    }

    fn note_message(&mut self, outgoing: &Outgoing) {
        self.record.kind = Some(outgoing.kind().into());
        self.record.to = Some(outgoing.recipient().to_string());
    }

    /// Writes it to the audit log, once.
    pub(super) fn log(&mut self, context: &Context, code: ExitCode) {
        mem::take(&mut self.log).message(&context.stderr, self.command, &self.record, code.code());
    }
}

/// The message to one recipient.
pub(super) struct RecipientSend {
    pub(super) source: RecipientSources,
    /// None before the message is made, and if it cannot be made.
    pub(super) outgoing: Option<Outgoing>,
    pub(super) report: SendReport,
    /// The start of its request, unless an earlier command sent it.
    pub(super) begun: Option<Timestamp>,
    /// None until the message has ended.
    pub(super) code: Option<ExitCode>,
    /// Whether it is skipped, because the recipient is excluded. It then has ended, and does not count in the exit code
    /// of the command.
    is_skipped: bool,
}

impl RecipientSend {
    pub(super) fn set_message(&mut self, outgoing: Outgoing) {
        self.report.note_message(&outgoing);
        self.outgoing = Some(outgoing);
    }

    /// Returns its message, unless it has ended.
    pub(super) fn open_message(&self) -> Option<&Outgoing> {
        self.outgoing.as_ref().filter(|_| self.code.is_none())
    }

    fn end(&self) -> Option<MessageEnd> {
        Some(MessageEnd {
            sent: self.report.record.sent,
            code: self.code?,
        })
    }

    /// Returns the recipient, or else what was typed for it.
    pub(super) fn name(&self) -> String {
        let to = self.report.record.to.clone();
        to.unwrap_or_else(|| self.source.raw().to_owned())
    }
}

/// All messages of a command, in the order of its recipients; a single empty one before they are read.
pub(super) struct Sends {
    pub(super) all: Vec<RecipientSend>,
    /// Whether the results go to standard output, and how many are printed.
    is_printed: bool,
    printed: usize,
}

impl Sends {
    pub(super) fn new(report: SendReport, is_printed: bool) -> Self {
        let only = RecipientSend {
            source: RecipientSources::default(),
            outgoing: None,
            report,
            begun: None,
            code: None,
            is_skipped: false,
        };
        Self {
            all: vec![only],
            is_printed,
            printed: 0,
        }
    }

    /// Returns every recipient of the messages; None if one of them could not be made.
    pub(super) fn sought(&self) -> Option<SoughtRecipients> {
        let messages = self.all.iter().map(|send| send.outgoing.as_ref());
        let messages = messages.collect::<Option<Vec<_>>>()?;
        let recipients = messages.into_iter().flat_map(Outgoing::recipients);
        Some(SoughtRecipients::new(recipients))
    }

    /// Sets the recipients.
    pub(super) fn set_recipients(&mut self, sources: Vec<RecipientSources>) {
        let Some(first) = self.all.first() else {
            return;
        };
        let report = first.report.clone();
        let send = |source: RecipientSources| {
            let mut report = report.clone();
            let typed = RecipientChoice::Among(&source).make(None);
            report.record.to = typed.ok().map(|typed| typed.recipient.as_str().to_owned());
            RecipientSend {
                source,
                outgoing: None,
                report,
                begun: None,
                code: None,
                is_skipped: false,
            }
        };
        self.all = sources.into_iter().map(send).collect();
    }

    /// Returns whether errors name the recipient.
    pub(super) fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Returns the recipients that have no end yet, to change them.
    pub(super) fn open(&mut self) -> impl Iterator<Item = &mut RecipientSend> {
        self.all.iter_mut().filter(|send| send.code.is_none())
    }

    /// Returns the messages that have not ended.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Outgoing> {
        self.all.iter().filter_map(RecipientSend::open_message)
    }

    /// Returns the recipients of these messages.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.messages()
            .map(|outgoing| outgoing.recipient().as_str())
    }

    pub(super) fn note_sender(&mut self, settings: &Settings) {
        for send in &mut self.all {
            send.report.note_sender(settings);
        }
    }

    pub(super) fn note_guard(&mut self, sender: &Sender, exclusions: &Exclusions) {
        for send in &mut self.all {
            send.report.note_guard(sender, exclusions);
        }
    }

    /// Makes the message of each recipient with `make`, and adds the invalid recipients to `refused`. Returns the
    /// warnings, each once.
    ///
    /// # Errors
    /// If the message itself cannot be made, or the only recipient is not valid.
    pub(super) fn make_messages<E: Into<CommandError>>(
        &mut self,
        refused: &mut Vec<Refused>,
        mut make: impl FnMut(&RecipientSources) -> Result<(Outgoing, Vec<Message>), E>,
    ) -> Result<Vec<Message>, CommandError> {
        let are_several = self.are_several();
        let mut warnings = Vec::new();
        for (at, send) in self.all.iter_mut().enumerate() {
            let error = match make(&send.source) {
                Ok((outgoing, new)) => {
                    warnings.extend(new);
                    send.set_message(outgoing);
                    continue;
                }
                Err(error) => error,
            };
            match RecipientChoice::Among(&send.source).make(None) {
                Err(error) if are_several => refused.push(Refused {
                    at,
                    error: error.into(),
                }),
                _ => return Err(error.into()),
            }
        }
        Ok(each_once(warnings))
    }

    /// Skips the excluded ones of several recipients with a warning, and adds to `refused` the others that must not get
    /// the message.
    ///
    /// # Errors
    /// If all of several recipients are skipped.
    pub(super) fn check(
        &mut self,
        context: &Context,
        sender: &Sender,
        exclusions: &Exclusions,
        has_key: bool,
        refused: &mut Vec<Refused>,
    ) -> Result<(), CommandError> {
        let are_several = self.are_several();
        for (at, send) in self.all.iter_mut().enumerate() {
            let Some(outgoing) = send.open_message() else {
                continue;
            };
            if are_several && let Some(error) = exclusion_error(exclusions, outgoing) {
                let warning = msg!("skipped: {problem}", problem = error.message);
                context.stderr.warning(warning);
                send.code = Some(record_error(&error, &mut send.report.record));
                send.is_skipped = true;
            } else if let Err(error) = sender.check_message(exclusions, has_key, outgoing) {
                refused.push(Refused { at, error });
            }
        }
        if self.all.iter().all(|send| send.is_skipped) {
            let all = self.all.len();
            return Err(excluded(
                msg!("all {all} recipients are excluded", all),
                None,
            ));
        }
        Ok(())
    }

    /// Checks that a bot named in the body is the sender.
    pub(super) fn check_sender_bot(&self, bot: &str) -> Result<(), CommandError> {
        // The bodies differ only in the recipient.
        match self.messages().next() {
            Some(outgoing) => Ok(outgoing.check_bot(bot)?),
            None => Ok(()),
        }
    }

    /// Ends all messages: `refused` cannot get the message, so nothing is sent.
    pub(super) fn refuse(&mut self, context: &Context, mut refused: Vec<Refused>) {
        if refused.iter().any(|one| one.error.code == ExitCode::Usage) {
            // A wrong command line is not logged.
            for send in &mut self.all {
                send.report.log = AuditLog::default();
            }
        }
        refused.sort_by_key(|refused| refused.at);
        let number = refused.len();
        let whole = match (refused.pop(), number) {
            (None, _) => return,
            (Some(only), 1) => {
                if let Some(send) = self.all.get_mut(only.at) {
                    let record = &mut send.report.record;
                    let code = note_error(context, only.error, record);
                    send.code = Some(code);
                    let error = send.report.record.error.clone();
                    self.end_rest(code, error.as_ref());
                }
                return;
            }
            (Some(last), _) => {
                refused.push(last);
                refusal(&refused, self.all.len())
            }
        };
        for Refused { at, error } in refused {
            if let Some(send) = self.all.get_mut(at) {
                send.code = Some(record_error(&error, &mut send.report.record));
            }
        }
        self.fail(context, |problem| problem, whole);
    }

    /// Ends the open messages, for an error of the whole command. `tell` makes the printed sentence of its message.
    pub(super) fn fail(
        &mut self,
        context: &Context,
        tell: impl FnOnce(Message) -> Message,
        error: CommandError,
    ) {
        let mut shown = Record::default();
        let code = note_error_as(context, tell, error, &mut shown);
        self.end_open(code, &shown);
    }

    /// Ends the open messages, for an error of the whole command that was printed.
    pub(super) fn fail_silently(&mut self, error: CommandError) {
        let mut shown = Record::default();
        let code = record_error(&error.in_phase(Phase::SingleSend), &mut shown);
        self.end_open(code, &shown);
    }

    fn end_open(&mut self, code: ExitCode, shown: &Record) {
        for send in self.open() {
            send.report.record.sent = shown.sent;
            send.report.record.error.clone_from(&shown.error);
            send.code = Some(code);
        }
    }

    /// Ends the open messages with `code`: another message has shown that they cannot be sent. An accepted message stays
    /// open for its wait.
    pub(super) fn end_rest(&mut self, code: ExitCode, error: Option<&RecordError>) {
        let unsent = self
            .open()
            .filter(|send| send.report.record.sent != Sent::Yes);
        for send in unsent {
            let record = &mut send.report.record;
            record.sent = Sent::No;
            record.error = error.map(|error| RecordError {
                message: msg!("not tried: {error}", error = error.message),
                retry_after_s: None,
                ..error.clone()
            });
            send.code = Some(code);
        }
    }

    /// Logs the ended messages, and prints the results in order, each after all results before it.
    pub(super) fn put_out(&mut self, context: &Context) {
        let are_several = self.are_several();
        for send in &mut self.all {
            if let Some(code) = send.code
                && context.mode == Mode::Send
            {
                send.report.log(context, code);
            }
        }
        if !self.is_printed {
            return;
        }
        for send in self.all.iter_mut().skip(self.printed) {
            let Some(code) = send.code else { break };
            let format = context.stdout.format;
            let record = &send.report.record;
            let what = msg!("the message");
            send.code = Some(print_result(context, &what, format, record, code));
            if are_several && format == Format::Id && record.message_id.is_none() {
                // Line and recipient belong together.
                let _ = context.stdout.line("");
            }
            self.printed += 1;
        }
    }

    /// Returns the exit code of the command. Excluded recipients count only if all are excluded.
    pub(super) fn exit_code(&self) -> ExitCode {
        let counted = self.all.iter().filter(|send| !send.is_skipped);
        let ends: Vec<_> = counted.filter_map(RecipientSend::end).collect();
        let first = self.all.first().and_then(|send| send.code);
        match first {
            Some(code) if ends.is_empty() => code,
            _ => exit_code(&ends),
        }
    }

    /// Prints which recipients did not get the message, if others got it. With `has_key`, a repeated command sends only
    /// to them.
    pub(super) fn report_incomplete(&self, context: &Context, has_key: bool) {
        if self.exit_code() != ExitCode::Incomplete {
            return;
        }
        let counted: Vec<_> = self.all.iter().filter(|send| !send.is_skipped).collect();
        let left = counted
            .iter()
            .filter(|send| send.report.record.sent == Sent::No);
        let left: Vec<_> = left
            .filter_map(|send| send.report.record.to.as_deref())
            .collect();
        report_incomplete(context, &left, counted.len(), has_key);
    }
}

/// Returns the texts without repetitions.
pub(super) fn each_once(texts: Vec<Message>) -> Vec<Message> {
    let mut once = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}
