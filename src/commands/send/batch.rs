//! The messages of one command, one for each of its 1 to 20 recipients: which of them may be sent, how each has ended,
//! and the exit code of the whole.

use std::collections::HashMap;
use std::mem;

use jiff::Timestamp;

use super::report::{
    Reporter, note_error_as, print_result, record_error, unreached, unsent_notification,
};
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, Record, RecordError, Retry, Sent};
use crate::command_error::{CommandError, Phase};
use crate::jelou::message::{Outgoing, RecipientChoice, RecipientSources, to_flag};
use crate::lists::exclusions::{Exclusions, SoughtRecipients};
use crate::phone::person_key;
use crate::sender::config::Settings;
use crate::sender::context::{Context, Mode};
use crate::sender::{AuditLog, Sender, excluded, exclusion_error};

/// The maximum number of recipients of a command that sends. For more, `bulk send` checks a list and can resume.
const MAX_RECIPIENTS: usize = 20;

/// The message to one recipient.
#[derive(Clone, Default)]
pub(crate) struct BatchMessage {
    pub(crate) source: RecipientSources,
    /// None before the message is made, and if it cannot be made.
    pub(crate) outgoing: Option<Outgoing>,
    pub(crate) record: Record,
    log: AuditLog,
    /// Why the recipient cannot get the message.
    pub(crate) refusal: Option<CommandError>,
    /// The start of its request, unless an earlier command sent it.
    pub(crate) begun: Option<Timestamp>,
    /// The exit code of a command that sends only this message. None until it has ended.
    pub(crate) code: Option<ExitCode>,
    /// Whether it is skipped, because the recipient is excluded. It then has ended, and does not count in the exit code
    /// of the command.
    is_skipped: bool,
}

impl BatchMessage {
    pub(crate) fn new(command: &'static str) -> Self {
        let mut message = Self::default();
        message.record.command = command.into();
        message
    }

    pub(crate) fn set_outgoing(&mut self, outgoing: Outgoing) {
        self.record.kind = Some(outgoing.kind().into());
        self.record.to = Some(outgoing.recipient().to_string());
        self.outgoing = Some(outgoing);
    }

    /// Adds the facts of the sender.
    pub(crate) fn set_sender(&mut self, settings: &Settings) {
        let profile = settings.profile.as_ref();
        self.log = AuditLog::from_settings(settings);
        self.record.profile = profile.map(|profile| profile.value.clone());
        self.record.bot_id.clone_from(&settings.bot);
    }

    /// Adds the facts of the connection, and the lists of excluded recipients.
    pub(crate) fn set_guard(&mut self, sender: &Sender, exclusions: &Exclusions) {
        self.log = mem::take(&mut self.log).with(exclusions);
        self.record.api_url = Some(sender.planned_base().to_string());
    }

    /// Returns its message, unless it has ended or is refused.
    pub(crate) fn open_message(&self) -> Option<&Outgoing> {
        let is_open = self.code.is_none() && self.refusal.is_none();
        self.outgoing.as_ref().filter(|_| is_open)
    }

    /// Returns the recipient, or else what was typed for it.
    pub(crate) fn recipient(&self) -> String {
        let to = self.record.to.clone();
        to.unwrap_or_else(|| self.source.raw().to_owned())
    }

    /// Ends an accepted message that does not have the status of `--wait`.
    pub(crate) fn end_unreached(&mut self, problem: Message, hint: Option<Message>) {
        self.record.error = Some(unreached(problem, hint));
        self.code = Some(ExitCode::NotReached);
    }

    /// Writes it to the audit log, once.
    pub(crate) fn log(&mut self, context: &Context, code: ExitCode) {
        mem::take(&mut self.log).message(&context.stderr, &self.record, code.code());
    }
}

/// All messages of a command, in the order of its recipients; a single empty one before they are read.
pub(crate) struct Batch {
    pub(crate) messages: Vec<BatchMessage>,
    /// Whether they are the notifications of `run`. Their results are not printed.
    is_notification: bool,
    /// How many results are printed.
    printed: usize,
}

impl Batch {
    pub(crate) fn new(command: &'static str) -> Self {
        Self {
            messages: vec![BatchMessage::new(command)],
            is_notification: false,
            printed: 0,
        }
    }

    /// The notifications of `run`.
    pub(crate) fn notifications() -> Self {
        Self {
            is_notification: true,
            ..Self::new("run")
        }
    }

    /// Sets the recipients.
    pub(crate) fn set_recipients(&mut self, sources: Vec<RecipientSources>) {
        let Some(first) = self.messages.first() else {
            return;
        };
        let message = |source: RecipientSources| {
            let mut message = first.clone();
            let typed = RecipientChoice::Among(&source).make(None);
            message.record.to = typed.ok().map(|typed| typed.recipient.as_str().to_owned());
            message.source = source;
            message
        };
        self.messages = sources.into_iter().map(message).collect();
    }

    /// Sets the recipients without repetitions, with a note about each repetition.
    ///
    /// # Errors
    /// If it sends to more than the maximum.
    pub(crate) fn set_distinct_recipients(
        &mut self,
        context: &Context,
        sources: Vec<RecipientSources>,
    ) -> Result<(), UsageError> {
        self.set_recipients(distinct(context, sources)?);
        Ok(())
    }

    pub(crate) fn are_several(&self) -> bool {
        self.messages.len() > 1
    }

    pub(crate) fn reporter<'a>(&self, context: &'a Context, sender: &'a Sender) -> Reporter<'a> {
        Reporter::new(context, sender, self.is_notification, self.are_several())
    }

    /// Returns every recipient of the messages; None if one of them could not be made.
    pub(crate) fn sought(&self) -> Option<SoughtRecipients> {
        let messages = self.messages.iter().map(|each| each.outgoing.as_ref());
        let messages = messages.collect::<Option<Vec<_>>>()?;
        let recipients = messages.into_iter().flat_map(Outgoing::recipients);
        Some(SoughtRecipients::new(recipients))
    }

    /// Returns the messages that have not ended, to change them.
    pub(crate) fn open(&mut self) -> impl Iterator<Item = &mut BatchMessage> {
        self.messages.iter_mut().filter(|each| each.code.is_none())
    }

    /// Returns the messages that have not ended and are not refused.
    pub(crate) fn outgoing(&self) -> impl Iterator<Item = &Outgoing> {
        self.messages.iter().filter_map(BatchMessage::open_message)
    }

    /// Returns the recipients of these messages.
    pub(crate) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.outgoing()
            .map(|outgoing| outgoing.recipient().as_str())
    }

    /// Makes each message with `make`, and refuses the invalid recipients. Returns the warnings, each once.
    ///
    /// # Errors
    /// If the message itself cannot be made, or the only recipient is not valid.
    pub(crate) fn make_messages<E: Into<CommandError>>(
        &mut self,
        mut make: impl FnMut(&RecipientSources) -> Result<(Outgoing, Vec<Message>), E>,
    ) -> Result<Vec<Message>, CommandError> {
        let are_several = self.are_several();
        let mut warnings = Vec::new();
        for message in self.open() {
            let error = match make(&message.source) {
                Ok((outgoing, new)) => {
                    warnings.extend(new);
                    message.set_outgoing(outgoing);
                    continue;
                }
                Err(error) => error,
            };
            match RecipientChoice::Among(&message.source).make(None) {
                Err(error) if are_several => message.refusal = Some(error.into()),
                _ => return Err(error.into()),
            }
        }
        Ok(each_once(warnings))
    }

    /// Skips the excluded ones of several recipients with a warning, and refuses the others that must not get the message.
    ///
    /// # Errors
    /// If all of several recipients are skipped.
    pub(crate) fn check(
        &mut self,
        context: &Context,
        sender: &Sender,
        profile: &Settings,
        exclusions: &Exclusions,
        has_key: bool,
    ) -> Result<(), CommandError> {
        let are_several = self.are_several();
        for message in &mut self.messages {
            let Some(outgoing) = message.open_message() else {
                continue;
            };
            if are_several && let Some(error) = exclusion_error(exclusions, outgoing) {
                let warning = msg!("skipped: {problem}", problem = error.message);
                context.stderr.warning(warning);
                message.code = Some(record_error(&error, &mut message.record));
                message.is_skipped = true;
            } else {
                let checked = sender.check_message(profile, exclusions, has_key, outgoing);
                message.refusal = checked.err();
            }
        }
        if self.messages.iter().all(|each| each.is_skipped) {
            let all = self.messages.len();
            let problem = msg!("all {all} recipients are excluded", all);
            return Err(excluded(problem, None));
        }
        Ok(())
    }

    /// Returns why recipients cannot get the message.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = &CommandError> {
        self.messages
            .iter()
            .filter_map(|each| each.refusal.as_ref())
    }

    /// Returns the error of the whole command if recipients cannot get the message: then nobody may.
    pub(crate) fn refusal(&self) -> Option<CommandError> {
        let refusals: Vec<_> = self.refusals().collect();
        match refusals.as_slice() {
            [] => None,
            [only] => Some((*only).clone()),
            several => Some(joint_refusal(several, self.messages.len())),
        }
    }

    /// Returns that error, if there is one.
    pub(crate) fn refuse(&self) -> Result<(), CommandError> {
        self.refusal().map_or(Ok(()), Err)
    }

    /// Prints the error of the whole command, and ends the open messages. Each refused one has its own error.
    pub(crate) fn fail(&mut self, context: &Context, error: CommandError) {
        if error.code == ExitCode::Usage {
            // A wrong command line is not logged.
            for message in &mut self.messages {
                message.log = AuditLog::default();
            }
        }
        let is_of_others = self.refusals().next().is_some();
        for message in &mut self.messages {
            if let Some(error) = message.refusal.take() {
                message.code = Some(record_error(&error, &mut message.record));
            }
        }
        let is_notification = self.is_notification;
        let tell = |problem: Message| {
            if is_notification {
                unsent_notification(&problem)
            } else {
                problem
            }
        };
        let mut shown = Record::default();
        let code = note_error_as(context, tell, error, &mut shown);
        if is_of_others {
            shown.error = Some(untried_error(shown.error.and_then(|error| error.retry)));
        }
        self.end_open(code, &shown);
    }

    /// Ends the open messages, for an error of the whole command that was printed.
    pub(crate) fn fail_silently(&mut self, error: CommandError) {
        let mut shown = Record::default();
        let code = record_error(&error.in_phase(Phase::SingleSend), &mut shown);
        self.end_open(code, &shown);
    }

    /// Ends the open messages with `code`: another message has shown that they cannot be sent.
    fn end_untried(&mut self, code: ExitCode, error: Option<&RecordError>) {
        let error = error.map(|error| RecordError {
            message: msg!("not tried: {error}", error = error.message),
            retry_after_s: None,
            ..error.clone()
        });
        let shown = Record {
            error,
            ..Record::default()
        };
        self.end_open(code, &shown);
    }

    /// Ends the open messages with what `shown` has. An accepted message stays open for its wait.
    fn end_open(&mut self, code: ExitCode, shown: &Record) {
        for message in self.open().filter(|each| each.record.sent != Sent::Yes) {
            message.record.sent = shown.sent;
            message.record.error.clone_from(&shown.error);
            message.code = Some(code);
        }
    }

    /// Ends the untried messages with a warning: `error` applies to all.
    pub(crate) fn leave_untried(
        &mut self,
        context: &Context,
        code: ExitCode,
        error: Option<&RecordError>,
    ) {
        let untried = self.open().filter(|each| each.record.sent != Sent::Yes);
        let recipients: Vec<_> = untried.map(|each| each.recipient()).collect();
        if recipients.is_empty() {
            return;
        }
        let recipients = recipients.join(", ");
        context
            .stderr
            .warning(msg!("not tried and not sent: {recipients}", recipients));
        self.end_untried(code, error);
    }

    /// Logs the ended messages, and prints the results in order, each after all results before it.
    pub(crate) fn put_out(&mut self, context: &Context) {
        let are_several = self.are_several();
        for message in &mut self.messages {
            if let Some(code) = message.code
                && context.mode == Mode::Send
            {
                message.log(context, code);
            }
        }
        if self.is_notification {
            return;
        }
        for message in self.messages.iter_mut().skip(self.printed) {
            let Some(code) = message.code else { break };
            let format = context.stdout.format;
            let record = &mut message.record;
            let what = msg!("the message");
            message.code = Some(print_result(context, &what, format, record, code));
            if are_several && format == Format::Id && record.message_id.is_none() {
                // Line and recipient belong together.
                let _ = context.stdout.line("");
            }
            self.printed += 1;
        }
    }

    /// Returns the records of the ended messages.
    pub(crate) fn records(&mut self) -> impl Iterator<Item = &Record> {
        self.messages.iter_mut().filter_map(|message| {
            message.record.end(message.code?);
            Some(&message.record)
        })
    }

    /// Returns the exit code of the command. Excluded recipients count only if all are excluded.
    pub(crate) fn exit_code(&self) -> ExitCode {
        let end = |message: &BatchMessage| {
            Some(MessageEnd {
                sent: message.record.sent,
                code: message.code?,
            })
        };
        let ends: Vec<_> = self.counted().filter_map(end).collect();
        match self.messages.first().and_then(|first| first.code) {
            Some(code) if ends.is_empty() => code,
            _ => exit_code(&ends),
        }
    }

    fn counted(&self) -> impl Iterator<Item = &BatchMessage> {
        self.messages.iter().filter(|each| !each.is_skipped)
    }

    /// Prints which recipients did not get the message, if others got it. With `has_key`, a repeated command sends only
    /// to them.
    pub(crate) fn report_incomplete(&self, context: &Context, has_key: bool) {
        if self.exit_code() != ExitCode::Incomplete {
            return;
        }
        let unsent = self.counted().filter(|each| each.record.sent == Sent::No);
        let flags: Vec<_> = unsent.map(|each| to_flag(&each.recipient())).collect();
        let message = msg!(
            "{count} of {recipients} {recipients|recipient|recipients} did not get the message from this command",
            count = flags.len(),
            recipients = self.counted().count()
        );
        let hint = if has_key {
            msg!("to send it only to them: repeat the command")
        } else {
            msg!("to send it only to them: {flags}", flags = flags.join(" "))
        };
        context.stderr.error(message, &[], Some(&hint));
    }
}

/// Returns the error of a message that was not tried, because another recipient cannot get it. That recipient has a record
/// of its own.
fn untried_error(retry: Option<Retry>) -> RecordError {
    RecordError {
        code: "not_tried",
        message: msg!("not tried: another recipient cannot get the message"),
        retry,
        ..RecordError::default()
    }
}

/// Returns the texts without repetitions.
pub(crate) fn each_once(texts: Vec<Message>) -> Vec<Message> {
    let mut once = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

/// Returns the recipients without repetitions, with a note about each repetition.
///
/// # Errors
/// If it sends to more than the maximum.
fn distinct(
    context: &Context,
    sources: Vec<RecipientSources>,
) -> Result<Vec<RecipientSources>, UsageError> {
    if sources.len() < 2 {
        return Ok(sources);
    }
    let mut distinct = Vec::new();
    let mut typed_by_key: HashMap<String, String> = HashMap::new();
    for source in sources {
        // Invalid recipients are refused later, all together.
        if let Ok(typed) = RecipientChoice::Among(&source).make(None) {
            let person = person_key(typed.recipient.as_str()).into_owned();
            let raw = source.raw().to_owned();
            if let Some(first) = typed_by_key.get(&person) {
                context.stderr.note(named_again(first, &raw));
                continue;
            }
            typed_by_key.insert(person, raw);
        }
        distinct.push(source);
    }
    if context.mode == Mode::Send && distinct.len() > MAX_RECIPIENTS {
        let message = msg!(
            "{recipients} recipients: one command sends to at most {most}",
            recipients = distinct.len(),
            most = MAX_RECIPIENTS
        );
        let command = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
        let hint = msg!("to send to a list: {command}", command);
        return Err(UsageError::new(message, hint));
    }
    Ok(distinct)
}

fn named_again(first: &str, again: &str) -> Message {
    if first == again {
        msg!("{first} is named twice and gets one message", first)
    } else {
        msg!(
            "{first} and {again} are the same recipient, which gets one message",
            first,
            again
        )
    }
}

/// Returns the error of a command whose recipients cannot get the message, for the `refused` reasons.
fn joint_refusal(refused: &[&CommandError], recipients: usize) -> CommandError {
    let usage = refused.iter().find(|error| error.code == ExitCode::Usage);
    let (code, name) = usage
        .or(refused.first())
        .map_or((ExitCode::Usage, "usage"), |error| (error.code, error.name));
    let hints: Vec<_> = refused
        .iter()
        .filter_map(|error| error.hint.as_ref())
        .collect();
    let shared = hints
        .first()
        .filter(|hint| hints.iter().all(|other| other == *hint));
    let hint = shared.map(|hint| (*hint).clone());
    let message = msg!(
        "{count} of {recipients} {recipients|recipient|recipients} cannot get the message",
        count = refused.len(),
        recipients
    );
    CommandError {
        details: refused.iter().map(|error| error.line()).collect(),
        ..CommandError::new(code, name, message, hint)
    }
}

/// The end of the message to one recipient.
#[derive(Clone, Copy, Debug)]
struct MessageEnd {
    sent: Sent,
    /// The exit code of a command that sends only this message.
    code: ExitCode,
}

/// Returns the exit code of a command from the ends of its messages. The first match in this order
/// decides:
/// - a signal
/// - 8, if a message may have been sent
/// - 10, if some recipients got the message and some did not
/// - the code of the first message that was not sent
/// - 15, if a message did not reach the status of `--wait`
/// - 0
fn exit_code(ends: &[MessageEnd]) -> ExitCode {
    let has = |code| ends.iter().any(|end| end.code == code);
    let mut codes = ends.iter().map(|end| end.code);
    if let Some(signal) = codes.find(|code| matches!(code, ExitCode::Signal(_))) {
        return signal;
    }
    if has(ExitCode::Unknown) {
        return ExitCode::Unknown;
    }
    let is_some_sent = ends.iter().any(|end| end.sent == Sent::Yes);
    let is_unsent = |end: &&MessageEnd| end.sent == Sent::No && end.code != ExitCode::Success;
    match ends.iter().find(is_unsent) {
        Some(_) if is_some_sent => ExitCode::Incomplete,
        Some(unsent) => unsent.code,
        None if has(ExitCode::NotReached) => ExitCode::NotReached,
        None => ExitCode::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_code_tells_some_from_none() {
        use ExitCode::{
            Credentials, Guard, Incomplete, Network, NotReached, Rejected, Signal, Success,
            Unavailable, Unexpected, Unknown, Usage,
        };
        let yes = |code| MessageEnd {
            sent: Sent::Yes,
            code,
        };
        let no = |code| MessageEnd {
            sent: Sent::No,
            code,
        };
        let unknown = |code| MessageEnd {
            sent: Sent::Unknown,
            code,
        };
        for (ends, expected) in [
            (&[yes(Success)][..], Success),
            (&[no(Rejected)], Rejected),
            (&[unknown(Unknown)], Unknown),
            (&[yes(NotReached)], NotReached),
            (&[unknown(Signal(15))], Signal(15)),
            (&[yes(Success), yes(Success)], Success),
            (&[no(Guard), no(Rejected)], Guard),
            (&[no(Unavailable), no(Unavailable)], Unavailable),
            (&[yes(NotReached), yes(Success)], NotReached),
            // Some got it, and some did not.
            (&[yes(Success), no(Rejected)], Incomplete),
            (&[no(Rejected), no(Network), yes(Success)], Incomplete),
            (&[no(Usage), yes(Success)], Incomplete),
            (&[yes(NotReached), no(Unavailable)], Incomplete),
            (
                &[yes(Success), no(Credentials), no(Credentials)],
                Incomplete,
            ),
            // 8 comes first, and a signal before it.
            (&[no(Rejected), unknown(Unknown), no(Network)], Unknown),
            (&[yes(Success), no(Rejected), unknown(Unknown)], Unknown),
            (&[yes(NotReached), unknown(Unknown)], Unknown),
            (
                &[unknown(Unknown), unknown(Signal(2)), no(Signal(2))],
                Signal(2),
            ),
            (&[yes(Success), no(Signal(2))], Signal(2)),
            // Shown, and not sent.
            (&[no(Success), no(Success)], Success),
            (&[no(Success), no(Unexpected)], Unexpected),
            (&[], Success),
        ] {
            assert_eq!(exit_code(ends), expected, "{ends:?}");
        }
    }

    #[test]
    fn usage_error_outranks_a_safety_check() {
        let guard = CommandError::guard("a is excluded".into(), "take it off".into());
        let usage = UsageError::new("b is wrong".into(), "write it right".into()).into();
        for (refused, code, hint) in [
            ([&guard, &usage], 2, None),
            ([&guard, &guard], 11, Some("take it off")),
        ] {
            let error = joint_refusal(&refused, 3);
            assert_eq!(error.code.code(), code);
            assert_eq!(error.hint, hint.map(Message::from));
            assert_eq!(error.details.len(), 2);
            assert_eq!(error.message, "2 of 3 recipients cannot get the message");
        }
    }
}
