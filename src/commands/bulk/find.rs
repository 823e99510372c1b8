//! `bulk find`: the messages of all runs to a recipient, in any number format.

use std::collections::BTreeMap;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::summary::describe_state;
use super::summary::report_stale;
use crate::base::exit::ExitCode;
use crate::base::message::{Lang, msg};
use crate::base::output::OutputRow;
use crate::base::timestamps::time_in_both;
use crate::command_error::CommandError;
use crate::commands::open_ledger::open_ledger_to_show;
use crate::commands::read_recipient;
use crate::jelou::api::DeliveryState;
use crate::jelou::message::{MessageKind, merge};
use crate::phone::Country;
use crate::runs::ledger::{MessageMatch, RowState};
use crate::runs::report::reported_outcome;
use crate::runs::report_page::ledger_word;
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::read_environment;

/// Show one recipient's messages from all runs
///
/// Examples:
///   jelouctl bulk find 593987654321
///   jelouctl bulk find 0987654321 --country EC -o record | jq .body
///
/// Finds the recipient in any number format. Prints a table at a terminal, JSON lines elsewhere: the
/// columns of `bulk report` plus to, state, kind, bot_id, sandbox and body (the message).
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkFindArgs {
    /// Phone number, WhatsApp user id, or `id:USER` (other channels)
    #[arg(value_name = "RECIPIENT", allow_hyphen_values = true)]
    user: String,

    /// Country of a local number, such as EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,
}

pub(crate) fn run(context: &Context, args: &BulkFindArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger_to_show(context)?;
    let settings = Settings::load(&context.flags, &read_environment()?)?;
    let zone = settings.hours.zone();
    let typed = read_recipient(
        context,
        "RECIPIENT",
        &args.user,
        args.country.or(settings.country),
    )?;
    let recipient = typed.recipient.as_str();
    let found = ledger.find(recipient)?;
    if found.is_empty() {
        context
            .stderr
            .note(msg!("no run has a message to {recipient}", recipient));
    }
    let lang = context.lang();
    let header = [
        msg!("RUN"),
        msg!("WHEN"),
        msg!("OUTCOME"),
        msg!("DELIVERY"),
        msg!("LINE"),
        msg!("MESSAGE"),
        msg!("TO"),
        msg!("FROM"),
    ];
    let rows = found.iter().map(|found| row(found, &zone, lang));
    context.stdout.rows(&header, rows)?;
    let mut code = ExitCode::Success;
    let stale_runs: BTreeMap<_, _> = found
        .iter()
        .filter_map(|found| Some((&found.run, found.stale.as_ref()?)))
        .collect();
    for (run, stale) in stale_runs {
        code = report_stale(context, run, Some(stale));
    }
    Ok(code)
}

/// Returns the row's columns as in the report, with the run and its sender.
fn row(found: &MessageMatch, zone: &TimeZone, lang: Lang) -> OutputRow {
    let body: Value = serde_json::from_str(&found.body).unwrap_or_default();
    let words = describe(found, &body, zone, lang);
    let reported = &found.reported;
    let mut record = json!({
        "to": reported.recipient,
        "kind": found.details.kind,
        "bot_id": found.details.bot,
        "sandbox": found.details.sandbox,
        "state": reported.state.name(),
        "body": body,
    });
    merge(
        &mut record,
        reported_outcome(&found.run, reported, &TimeZone::UTC)
            .into_iter()
            .collect(),
    );
    OutputRow {
        id: reported.message_id.clone(),
        words,
        record,
    }
}

fn describe(
    MessageMatch {
        run,
        details,
        reported,
        ..
    }: &MessageMatch,
    body: &Value,
    zone: &TimeZone,
    lang: Lang,
) -> Vec<String> {
    let state = reported.state.describe().text(lang);
    let outcome = match reported.code.as_deref() {
        Some(code) if reported.state != RowState::Sent && code != reported.state.name() => {
            let reason = ledger_word(code, lang).unwrap_or_else(|| code.to_owned());
            format!("{state}: {reason}")
        }
        _ => state,
    };
    let delivery = reported.delivery.as_ref();
    let delivery = delivery.map(|delivery| match &delivery.facts.state {
        DeliveryState::Other(status) => status.clone(),
        state => describe_state(state.name()).text(lang),
    });
    let from = if details.sandbox {
        "sandbox"
    } else {
        &details.bot
    };
    let time = reported.at.map(|at| lang.pick(time_in_both(zone, at)));
    // As its recipient would see it, on one line.
    let drawn = MessageKind::from_name(&details.kind).map(|kind| kind.draw(body, lang).join(" / "));
    vec![
        run.clone(),
        time.unwrap_or_default(),
        outcome,
        delivery.unwrap_or_else(|| "-".to_owned()),
        reported.line.to_string(),
        drawn.unwrap_or_default(),
        reported.recipient.clone().unwrap_or_default(),
        from.to_owned(),
    ]
}
