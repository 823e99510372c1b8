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
use crate::commands::send::batch::BatchMessage;
use crate::commands::send::deliver::BatchOptions;
use crate::commands::send::report::{Reporter, note_error, note_error_as, print_result};
use crate::jelou::message::{Outgoing, TemplateUses};
use crate::lists::exclusions::Exclusions;
use crate::runs::ledger::Ledger;
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::{
    Connection, ProfileRules, RequestProgress, catch_panic, excluded_by, refuse_templates,
};

/// WhatsApp accepts one message to the same recipient in this time (its error 131056).
const PAUSE: Duration = Duration::from_secs(6);

/// The command in the audit log.
const COMMAND: &str = "bulk send --test-to";

/// Sends the messages of the test. If one is not sent, the test stops and exits with its code.
pub(crate) fn send_test(plan: &Plan, context: &Context, args: &BulkSendArgs) -> ExitCode {
    let flight = RequestProgress::default();
    let mut message = BatchMessage::new(COMMAND);
    let checked = plan.test_messages.iter().try_for_each(|outgoing| {
        message = test_message(plan, outgoing);
        let ledger = plan.ledger.as_ref();
        check_message(
            plan,
            ledger,
            &plan.sender.settings,
            &plan.exclusions,
            outgoing,
        )
    });
    let ended = checked.and_then(|()| {
        let send = send_each(plan, context, args, &mut message, &flight);
        catch_panic(&flight, || block_on(send))
    });
    ended.unwrap_or_else(|error| {
        let code = note_error(context, error, &mut message.record);
        report(context, &mut message, code)
    })
}

/// Checks each recipient of a message, as the body can name more: by the rules of the profile, and by `bulk exclude`.
fn check_message(
    plan: &Plan,
    ledger: Option<&Ledger>,
    profile: &Settings,
    exclusions: &Exclusions,
    outgoing: &Outgoing,
) -> Result<(), CommandError> {
    plan.sender
        .check_message(profile, exclusions, false, outgoing)?;
    let Some(ledger) = ledger else {
        return Ok(());
    };
    for recipient in outgoing.recipients() {
        if ledger
            .find_excluded(plan.settings.sandbox, recipient)?
            .is_some()
        {
            return Err(excluded_by(recipient, "bulk exclude"));
        }
    }
    Ok(())
}

async fn send_each(
    plan: &Plan,
    context: &Context,
    args: &BulkSendArgs,
    message: &mut BatchMessage,
    flight: &RequestProgress,
) -> Result<ExitCode, CommandError> {
    let messages = &plan.test_messages;
    let mut connection = plan.sender.connect(context).await?;
    if plan.sender.may_wait_for_secret() {
        let rules = ProfileRules::unread(&plan.sender.settings).read_again(context, None)?;
        // The connection to the database may have closed while the command waited for the secret.
        let ledger = plan.ledger.as_ref().map(Ledger::reconnected).transpose()?;
        for outgoing in messages {
            *message = test_message(plan, outgoing);
            check_message(
                plan,
                ledger.as_ref(),
                &rules.settings,
                &rules.exclusions,
                outgoing,
            )?;
        }
    }
    if !args.work.unchecked {
        check_templates(messages, &mut connection, args.typed.delivery.strict).await?;
    }
    for (number, outgoing) in messages.iter().enumerate() {
        *message = test_message(plan, outgoing);
        let delivery = async {
            if number > 0 {
                pause(&mut connection).await?;
            }
            let reporter = Reporter::new(context, &plan.sender, false, false);
            let mut options = BatchOptions::new(reporter);
            let sent = options.send_one(&mut connection, message, flight).await;
            flight.set_outcome_known();
            sent
        };
        let code = delivery.await.unwrap_or_else(|error: CommandError| {
            let error = if number > 0 {
                error.in_phase(Phase::Sending)
            } else {
                error
            };
            let tell = |problem| msg!("not sent: {problem}", problem);
            note_error_as(context, tell, error, &mut message.record)
        });
        let code = report(context, message, code);
        if code != ExitCode::Success || message.record.sent != Sent::Yes {
            context.stderr.note(describe_result(number, messages));
            return Ok(code);
        }
    }
    context
        .stderr
        .note(describe_result(messages.len(), messages));
    Ok(ExitCode::Success)
}

/// Checks the templates of the rows, sent to the recipient of the test.
async fn check_templates(
    messages: &[Outgoing],
    connection: &mut Connection,
    strict: bool,
) -> Result<(), CommandError> {
    let mut uses = TemplateUses::default();
    for outgoing in messages {
        uses.note(outgoing);
    }
    refuse_templates(connection, &uses, strict, or_unchecked()).await?;
    Ok(())
}

fn test_message(plan: &Plan, outgoing: &Outgoing) -> BatchMessage {
    let mut message = BatchMessage::new(COMMAND);
    message.set_outgoing(outgoing.clone());
    message.set_sender(&plan.sender.settings);
    message.set_guard(&plan.sender, &plan.exclusions);
    message
}

/// Waits before the next message, unless a signal comes.
async fn pause(connection: &mut Connection) -> Result<(), CommandError> {
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => Ok(()),
        signal = connection.signals.next() => Err(CommandError::interrupted(signal)),
    }
}

/// Logs the outcome of one message and prints it. At a terminal, the note at the end is enough.
fn report(context: &Context, message: &mut BatchMessage, code: ExitCode) -> ExitCode {
    message.log(context, code);
    let format = match context.stdout.format {
        _ if context.stdout.wants_words() => Format::None,
        Format::Response => Format::Record,
        format => format,
    };
    print_result(
        context,
        &msg!("the message"),
        format,
        &mut message.record,
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
