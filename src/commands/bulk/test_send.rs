//! `--test-to`: sends the first messages of a plan to one test recipient. It creates no run, and the ledger records
//! nothing.

use std::time::Duration;

use super::options::or_unchecked;
use super::plan::Plan;
use super::send_args::BulkSendArgs;
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, Sent};
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::deliver::SendTerms;
use crate::commands::result::{note_error, note_error_as, print_result};
use crate::commands::sends::SendReport;
use crate::jelou::message::{Outgoing, TemplateUses};
use crate::sender::context::Context;
use crate::sender::{Connection, RequestProgress, catch_panic, refuse_templates};

/// WhatsApp accepts one message to the same recipient in this time (its error 131056).
const PAUSE: Duration = Duration::from_secs(6);

/// The command in the audit log.
const COMMAND: &str = "bulk send --test-to";

/// Sends the messages of the test. If one is not sent, the test stops and exits with its code.
pub(crate) fn send_test(plan: &Plan, context: &Context, args: &BulkSendArgs) -> ExitCode {
    let flight = RequestProgress::default();
    let mut send_report = SendReport::new(COMMAND);
    // A body can name more recipients, so each message is checked.
    let checked = plan.test_messages.iter().try_for_each(|outgoing| {
        send_report = SendReport::for_message(COMMAND, &plan.sender, &plan.exclusions, outgoing);
        plan.sender.check_message(&plan.exclusions, false, outgoing)
    });
    let ended = checked.and_then(|()| {
        let send = send_each(plan, context, args, &mut send_report, &flight);
        catch_panic(&flight, || block_on(send))
    });
    ended.unwrap_or_else(|error| {
        let code = note_error(context, error, &mut send_report.record);
        report(context, &mut send_report, code)
    })
}

async fn send_each(
    plan: &Plan,
    context: &Context,
    args: &BulkSendArgs,
    send_report: &mut SendReport,
    flight: &RequestProgress,
) -> Result<ExitCode, CommandError> {
    let messages = &plan.test_messages;
    let mut connection = plan.sender.connect(context).await?;
    if !args.work.unchecked {
        // The templates of the rows, sent to the recipient of the test.
        let mut uses = TemplateUses::default();
        for outgoing in messages {
            uses.note(outgoing);
        }
        let strict = args.typed.delivery.strict;
        refuse_templates(&mut connection, &uses, strict, or_unchecked()).await?;
    }
    for (number, outgoing) in messages.iter().enumerate() {
        *send_report = SendReport::for_message(COMMAND, &plan.sender, &plan.exclusions, outgoing);
        let delivery = async {
            if number > 0 {
                pause(&mut connection).await?;
            }
            let mut terms = SendTerms::new(context, &plan.sender);
            let sent = terms
                .send_alone(&mut connection, outgoing, send_report, flight)
                .await;
            flight.landed();
            sent
        };
        let code = delivery.await.unwrap_or_else(|error: CommandError| {
            let error = if number > 0 {
                error.in_phase(Phase::Sending)
            } else {
                error
            };
            let tell = |problem| msg!("not sent: {problem}", problem);
            note_error_as(context, tell, error, &mut send_report.record)
        });
        let code = report(context, send_report, code);
        if code != ExitCode::Success || send_report.record.sent != Sent::Yes {
            context.stderr.note(describe_result(number, messages));
            return Ok(code);
        }
    }
    context
        .stderr
        .note(describe_result(messages.len(), messages));
    Ok(ExitCode::Success)
}

/// Waits before the next message, unless a signal comes.
async fn pause(connection: &mut Connection) -> Result<(), CommandError> {
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => Ok(()),
        signal = connection.signals.next() => Err(CommandError::interrupted(signal)),
    }
}

/// Logs the outcome of one message and prints it. At a terminal, the note at the end is enough.
fn report(context: &Context, send_report: &mut SendReport, code: ExitCode) -> ExitCode {
    send_report.log(context, code);
    let format = match context.stdout.format {
        _ if context.stdout.wants_words() => Format::None,
        Format::Response => Format::Record,
        format => format,
    };
    print_result(
        context,
        &msg!("the message"),
        format,
        &send_report.record,
        code,
    )
}

/// Describes the result: `test: 2 of 3 messages sent, only to 593987654321; no run was created`
fn describe_result(sent: usize, messages: &[Outgoing]) -> Message {
    let all = messages.len();
    match messages.first() {
        Some(first) => msg!(
            "test: {sent} of {all} {all|message|messages} sent, only to {recipient}; no run was created",
            sent,
            all,
            recipient = first.recipient().as_str()
        ),
        None => msg!("test: no message to send; no run was created"),
    }
}
