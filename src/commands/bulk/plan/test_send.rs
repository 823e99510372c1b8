//! `--test-to`: sends the first messages of a list to one recipient instead of their own. It does not create a run,
//! and the ledger records nothing.

use std::time::Duration;

use super::begin::PreparedList;
use super::read_rows::import;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::{Format, Sent, counted};
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::bulk::options::OR_UNCHECKED;
use crate::commands::deliver::SendTerms;
use crate::commands::read_person;
use crate::commands::result::{note_error, print_result};
use crate::commands::sends::SendReport;
use crate::jelou::message::{Outgoing, TemplateUses, TypedRecipient};
use crate::lists::list_file::ListReader;
use crate::runs::import::ImportPlan;
use crate::runs::ledger::{LedgerDraft, LedgerError};
use crate::sender::{RequestProgress, catch_panic, refuse_templates};

/// WhatsApp accepts one message to the same recipient in this time (its error 131056).
const PAUSE: Duration = Duration::from_secs(6);

/// The command in the audit log.
const COMMAND: &str = "bulk send --test-to";

impl PreparedList<'_> {
    /// Checks the whole list, then sends the messages of its first rows to `to` instead of their recipients. If one is
    /// not sent, the test stops and exits with its code.
    pub(crate) fn test(
        mut self,
        list: &mut ListReader,
        plan: &ImportPlan<'_>,
        to: &str,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            args,
            sender,
            exclusions,
            ..
        } = self;
        let recipient = read_person(context, "--test-to", to, plan.countries.otherwise)?;
        let shown = (args.work.progress, false);
        import(
            context,
            list,
            &mut self.draft,
            plan,
            None,
            shown,
            &mut |_| Ok(()),
        )?
        .verdict?;
        let messages = messages(
            list,
            &self.draft,
            plan,
            &recipient,
            args.test_rows.unwrap_or(1),
        )?;
        let flight = RequestProgress::default();
        let mut told = SendReport::new(COMMAND);
        // A body can name more recipients, so each message is checked.
        let checked = messages.iter().try_for_each(|outgoing| {
            told = SendReport::for_message(COMMAND, sender, exclusions, outgoing);
            sender.check_message(exclusions, false, outgoing)
        });
        let ended = checked.and_then(|()| {
            let send = self.send_each(&messages, &mut told, &flight);
            catch_panic(&flight, || block_on(send))
        });
        Ok(ended.unwrap_or_else(|error| {
            let code = note_error(context, "", error, &mut told.record);
            told.log(context, code);
            code
        }))
    }

    async fn send_each(
        &self,
        messages: &[Outgoing],
        told: &mut SendReport,
        flight: &RequestProgress,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            args,
            sender,
            exclusions,
            ..
        } = *self;
        let mut connection = sender.connect(context).await?;
        if !args.work.unchecked {
            // The templates of the rows, sent to the recipient of the test.
            let mut uses = TemplateUses::default();
            for outgoing in messages {
                uses.note(outgoing);
            }
            refuse_templates(
                &mut connection,
                &uses,
                args.typed.delivery.strict,
                OR_UNCHECKED,
            )
            .await?;
        }
        for (number, outgoing) in messages.iter().enumerate() {
            *told = SendReport::for_message(COMMAND, sender, exclusions, outgoing);
            let send = async {
                if number > 0 {
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        signal = connection.signals.next() => return Err(CommandError::interrupted(signal)),
                    }
                }
                let mut terms = SendTerms::new(context, sender);
                let sent = terms
                    .send_alone(&mut connection, outgoing, told, flight)
                    .await;
                flight.landed();
                sent
            };
            let code = send.await.unwrap_or_else(|error: CommandError| {
                let error = if number > 0 {
                    error.in_phase(Phase::Sending)
                } else {
                    error
                };
                note_error(context, "not sent: ", error, &mut told.record)
            });
            told.log(context, code);
            let format = match context.stdout.format {
                Format::Response => Format::Record,
                format => format,
            };
            let code = print_result(context, "message", format, &told.record, code);
            if code != ExitCode::Success || told.record.sent != Sent::Yes {
                context.stderr.note(&sent(number, messages));
                return Ok(code);
            }
        }
        context.stderr.note(&sent(messages.len(), messages));
        Ok(ExitCode::Success)
    }
}

/// The messages of the first rows, with `recipient` instead.
fn messages(
    list: &ListReader,
    draft: &LedgerDraft,
    plan: &ImportPlan<'_>,
    recipient: &TypedRecipient,
    most: u8,
) -> Result<Vec<Outgoing>, CommandError> {
    let mut messages = Vec::new();
    draft.first_sent(most.into(), |drafted, _| {
        let row = list.read_back(drafted.cells);
        let row = row.ok_or_else(|| {
            LedgerError::damaged(format!("line {} cannot be read back", drafted.line))
        })?;
        let made = plan.message(&row, recipient.clone());
        let (outgoing, _) = made.map_err(|error| {
            UsageError::new(format!("line {}: {error}", drafted.line), "fix the row")
        })?;
        messages.push(outgoing);
        Ok::<_, CommandError>(())
    })?;
    Ok(messages)
}

/// `test: 2 of 3 messages sent, only to 593987654321; no run was created`
fn sent(number: usize, messages: &[Outgoing]) -> String {
    let to = messages
        .first()
        .map(|first| format!(", only to {}", first.recipient()))
        .unwrap_or_default();
    let all = counted(messages.len() as u64, "message");
    format!("test: {number} of {all} sent{to}; no run was created")
}
