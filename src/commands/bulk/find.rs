//! `bulk find`: what which run has for a person, however the number is written.

use serde_json::{Map, Value, json};

use super::run_countries::countries_of_runs;
use super::shared;
use super::store::open_store;
use super::times::local_time;
use crate::bulk::{FoundRow, Ledger, LedgerError, RowState, RunName, RunStore, Runs, reported_outcome};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::message::{InvalidMessage, Message, TypedRecipient};
use crate::output::{Format, StreamError, compact};
use crate::phone::{Country, person_key};

const HEADER: [&str; 7] = ["RUN", "LINE", "WHEN", "TO", "BECAME", "FROM", "MESSAGE"];

/// A row, and the run that has it.
struct Found {
    run: RunName,
    kind: String,
    bot: String,
    is_rehearsal: bool,
    row: FoundRow,
}

pub(crate) fn run(context: &Context, user: &str, country: Option<Country>) -> Result<ExitCode, CommandError> {
    let meant = recipients_meant(context, user, country)?;
    let runs = match open_store(context)? {
        RunStore::Files(runs) => runs,
        RunStore::Shared(_) => return Err(shared::only_in_files("find").into()),
    };
    let mut found = Vec::new();
    for recipient in &meant {
        find_everywhere(context, &runs, recipient, &mut found)?;
    }
    // The last first, as they are remembered; what nothing became of yet has no time.
    found.sort_by_key(|found| std::cmp::Reverse(found.row.reported.at.unwrap_or(i64::MAX)));
    if found.is_empty() {
        context.stderr.note(&format!("no run has a message to {}", meant.join(" or ")));
    }
    print(context, &found)?;
    Ok(ExitCode::Success)
}

/// The recipients that `user` may mean: as each run was read, where no country is typed.
fn recipients_meant(context: &Context, user: &str, country: Option<Country>) -> Result<Vec<String>, CommandError> {
    let mut meant = Vec::new();
    let mut read = |country| {
        let typed = TypedRecipient::read(user, country)?;
        let recipient = typed.recipient.as_str().to_owned();
        if meant.iter().all(|other: &String| person_key(other) != person_key(&recipient)) {
            context.stderr.warnings(typed.warnings());
            meant.push(recipient);
        }
        Ok(())
    };
    let as_typed = read(country);
    if country.is_none() {
        for country in countries_of_runs(context)? {
            // Another run may know the number.
            let _ = read(Some(country));
        }
    }
    match as_typed {
        Err(error) if meant.is_empty() => Err(InvalidMessage::Recipient { origin: "USER", error }.into()),
        _ => Ok(meant),
    }
}

fn find_everywhere(
    context: &Context,
    runs: &Runs,
    recipient: &str,
    found: &mut Vec<Found>,
) -> Result<(), CommandError> {
    for name in runs.names()? {
        match find_in(runs, &name, recipient) {
            Ok(rows) => found.extend(rows),
            Err(_) if runs.is_removed(&name) => {}
            Err(error) => {
                let warning = format!("whether run {name} has a message to {recipient} is not known: {error}");
                context.stderr.warning(&warning);
            }
        }
    }
    for name in runs.lost()? {
        let warning = format!("whether run {name} has a message to {recipient} is not known: its ledger is gone");
        context.stderr.warning(&warning);
    }
    Ok(())
}

fn find_in(runs: &Runs, name: &RunName, recipient: &str) -> Result<Vec<Found>, LedgerError> {
    let ledger = Ledger::read(&runs.path(name))?;
    let rows = ledger.rows_to(recipient)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let details = ledger.details()?;
    let found = |row| Found {
        run: name.clone(),
        kind: details.kind.clone(),
        bot: details.bot.clone(),
        is_rehearsal: details.sandbox,
        row,
    };
    Ok(rows.into_iter().map(found).collect())
}

fn print(context: &Context, found: &[Found]) -> Result<(), CommandError> {
    let stdout = &context.stdout;
    match stdout.format {
        Format::Id => {
            let mut ids = found.iter().filter_map(|found| found.row.reported.message_id.as_deref());
            Ok(ids.try_for_each(|id| stdout.value(id))?)
        }
        Format::Response | Format::Record if found.is_empty() => Ok(()),
        Format::Response if stdout.wants_words() => Ok(stdout.table(&HEADER, found.iter().map(Found::words))?),
        Format::Response | Format::Record => found.iter().try_for_each(|found| found.print_json(context)),
        Format::None => Ok(()),
    }
}

impl Found {
    fn words(&self) -> Vec<String> {
        let FoundRow { recipient, body, reported } = &self.row;
        let became = match (reported.state, reported.code.as_deref()) {
            (RowState::Sent, _) | (_, None) => reported.state.name().to_owned(),
            (state, Some(code)) if code == state.name() => code.to_owned(),
            (state, Some(code)) => format!("{}: {code}", state.name()),
        };
        let from = if self.is_rehearsal { "sandbox" } else { &self.bot };
        vec![
            self.run.to_string(),
            reported.line.to_string(),
            reported.at.map(local_time).unwrap_or_default(),
            recipient.clone(),
            became,
            from.to_owned(),
            self.drawn(body),
        ]
    }

    /// The message on one line, as its recipient would see it.
    fn drawn(&self, body: &str) -> String {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        Message::named(&self.kind).map(|kind| kind.draw(&body).join(" / ")).unwrap_or_default()
    }

    /// What the report has of the row, and who sent what to whom.
    fn print_json(&self, context: &Context) -> Result<(), CommandError> {
        let FoundRow { recipient, body, reported } = &self.row;
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let mut line = Map::from_iter([
            ("to".to_owned(), json!(recipient)),
            ("kind".to_owned(), json!(self.kind)),
            ("bot_id".to_owned(), json!(self.bot)),
            ("sandbox".to_owned(), json!(self.is_rehearsal)),
            ("state".to_owned(), json!(reported.state.name())),
            ("body".to_owned(), body),
        ]);
        let outcome = reported_outcome(&self.run.to_string(), reported)?;
        line.extend(outcome.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let written: Result<(), StreamError> = context.stdout.line(&compact(&Value::Object(line)));
        Ok(written?)
    }
}
