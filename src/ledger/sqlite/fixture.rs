//! A small run for the tests of the engine and the writer.

#![allow(clippy::unwrap_used, reason = "a panic says what is wrong")]

use std::fs::File;
use std::path::Path;

use super::Ledger;
use super::directory::Runs;
use super::draft::{DraftRequest, DraftRow, LedgerDraft};
use super::lock_file::LockFile;
use crate::api::SuccessCriterion;
use crate::ledger::{Details, EndedAttempt, RecipientFlags, RowState, RunConditions};
use crate::list::ListFormat;
use crate::message::{TemplateTexts, TemplateUses};

/// Opens the ledger of a run twice, to write and to read. The run has a row for each of `recipients`.
pub(crate) fn ledgers(directory: &Path, recipients: &[&str]) -> (Ledger, Ledger) {
    let path = directory.join("r.db");
    let mut draft = LedgerDraft::create(Some(&directory.join("r.db.part"))).unwrap();
    fill(&mut draft, recipients);
    draft.complete(&details(), &mark(directory), &path).unwrap();
    (Ledger::resume(&path, mark(directory)).unwrap(), Ledger::read(&path, &mark(directory).note()).unwrap())
}

/// Adds a row for each of `recipients`.
pub(crate) fn fill(draft: &mut LedgerDraft, recipients: &[&str]) {
    for (line, recipient) in (2..).zip(recipients) {
        let request = DraftRequest { recipient, path: "/v1/bots/1/messages", body: "{}" };
        draft.add([DraftRow { line, cells: "[]", request: Ok(request), skip: None }]).unwrap();
    }
    draft.find_repeated().unwrap();
}

/// The runs of this directory.
pub(crate) fn runs(directory: &Path) -> Runs {
    Runs { directory: directory.to_owned() }
}

pub(crate) fn details() -> Details {
    Details {
        kind: "text".to_owned(),
        profile: None,
        bot: "1".to_owned(),
        client_id: "id".to_owned(),
        api_url: "http://127.0.0.1".to_owned(),
        sandbox: false,
        accepts: SuccessCriterion::MessageId,
        format: ListFormat::Ndjson,
        columns: Vec::new(),
        list: None,
        recipient_flags: RecipientFlags::default(),
        message: None,
        rate: 5.0,
        concurrency: 64,
        max_wait: std::time::Duration::ZERO,
        no_keep_alive: false,
        conditions: RunConditions::default(),
        templates: TemplateUses::default(),
        template_texts: TemplateTexts::default(),
        remember: std::time::Duration::ZERO,
        written_to: 0,
    }
}

/// The lock file of the run in this directory.
fn mark(directory: &Path) -> LockFile {
    let path = directory.join("r.lock");
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path).unwrap();
    LockFile::new(file, path)
}

/// The outcome of the first attempt for row `n`.
pub(crate) fn ended(n: i64, state: RowState) -> EndedAttempt {
    EndedAttempt {
        n,
        number: 1,
        recipient: "593990000000".to_owned(),
        state,
        began_at: 1,
        ended_at: 2,
        http_status: None,
        message_id: None,
        code: (state != RowState::Sent).then_some("network"),
        error: None,
        api_code: None,
    }
}
