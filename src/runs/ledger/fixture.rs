//! Small runs for tests, each in its own ledger.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic says what is wrong"
)]

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::TurnPatience;
use super::history::comparing::EarlierQuery;
use super::history::draft::{CheckedRow, LedgerDraft};
use super::open::Ledger;
use super::open::LedgerLocation;
use super::run::Run;
use super::types::{RunConditions, RunSettings};
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::{TemplateTexts, TemplateUses};
use crate::lists::column_facts::ColumnTable;
use crate::lists::list_file::ListFormat;
use crate::runs::ledger::Worker;

/// Creates a phone number for each of these numbers.
pub(crate) fn people(numbers: Range<u64>) -> Vec<String> {
    numbers
        .map(|number| format!("{}", 593_990_000_000 + number))
        .collect()
}

/// Creates a draft with a text for each of `recipients`.
pub(crate) fn draft(recipients: &[impl AsRef<str>]) -> LedgerDraft {
    draft_at("/v1/bots/1/messages", recipients)
}

/// Creates a draft with messages to this path.
pub(super) fn draft_at(path: &str, recipients: &[impl AsRef<str>]) -> LedgerDraft {
    let mut draft = LedgerDraft::create().unwrap();
    for (line, recipient) in (2..).zip(recipients) {
        let recipient = recipient.as_ref();
        let request = Some([recipient, path, "{}"].map(str::to_owned));
        draft
            .add(&[CheckedRow {
                line,
                cells: "[]".to_owned(),
                request,
                skip: None,
            }])
            .unwrap();
    }
    draft.find_repeated().unwrap();
    draft
}

/// Opens the ledger in this directory.
pub(crate) fn ledger(directory: &Path) -> Ledger {
    Ledger::open(
        LedgerLocation::Files(Some(directory.to_owned())),
        TurnPatience::quiet(),
    )
    .unwrap()
}

/// Returns the other runs of the bot of [`details`].
pub(crate) fn earlier() -> EarlierQuery {
    let RunSettings {
        bot,
        api_url: address,
        ..
    } = details();
    EarlierQuery {
        bot,
        address,
        remember: Duration::from_secs(3600),
    }
}

/// Creates the run `r` with a row for each of `recipients`, at this rate.
pub(crate) fn make(ledger: &Ledger, recipients: &[impl AsRef<str>], rate: f64) -> Run {
    let mut draft = draft(recipients);
    let mut details = RunSettings { rate, ..details() };
    let made = ledger.make(
        &"r".parse().unwrap(),
        true,
        &mut draft,
        &mut details,
        &earlier(),
        |_, _, _| Ok::<_, super::error::LedgerError>(true),
    );
    made.unwrap().unwrap()
}

/// Creates a run in this directory that delays no row, with a process that sends it.
pub(crate) fn sent(directory: &Path, recipients: &[impl AsRef<str>]) -> (Run, Worker) {
    let run = make(&ledger(directory), recipients, 1_000_000.0);
    let joined = run.join(Duration::from_secs(30), None, None).unwrap();
    let worker = joined.worker().expect("this process compares nothing");
    (run, worker)
}

pub(crate) fn details() -> RunSettings {
    RunSettings {
        kind: "text".to_owned(),
        profile: None,
        bot: "1".to_owned(),
        client_id: "id".to_owned(),
        api_url: "http://127.0.0.1".to_owned(),
        sandbox: false,
        accepts: SuccessCriterion::MessageId,
        format: ListFormat::Ndjson,
        allow_to: None,
        do_not_contact: false,
        columns: Vec::new(),
        column_table: ColumnTable::default(),
        list: None,
        narrowed_by: Vec::new(),
        country: None,
        message: None,
        rate: 5.0,
        concurrency: 64,
        max_wait: Duration::ZERO,
        no_keep_alive: false,
        conditions: RunConditions::default(),
        templates: TemplateUses::default(),
        estimate: None,
        template_texts: TemplateTexts::default(),
        remember: Duration::ZERO,
        written_to: 0,
        awaited_runs: Vec::new(),
    }
}
