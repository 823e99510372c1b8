//! A small run for tests, and one whose files were damaged, for `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic says what is wrong")]

use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;

use super::Ledger;
use super::directory::Runs;
use super::draft::{DraftRequest, DraftRow, LedgerDraft};
use super::file_run::FileRun;
use super::lock_file::LockFile;
use crate::api::SuccessCriterion;
use crate::ledger::{Details, EndedAttempt, RecipientFlags, RowState, RunConditions, RunLedger, SettledRow};
use crate::list::ListFormat;
use crate::message::{TemplateTexts, TemplateUses};

/// Opens the ledger of a run twice, to write and to read. The run has a row for each of `recipients`.
pub(crate) fn ledgers(directory: &Path, recipients: &[impl AsRef<str>]) -> (Ledger, Ledger) {
    let path = directory.join("r.db");
    let mut draft = LedgerDraft::create(Some(&directory.join("r.db.part"))).unwrap();
    fill(&mut draft, recipients);
    draft.complete(&details(), &mark(directory), &path).unwrap();
    (Ledger::resume(&path, mark(directory)).unwrap(), Ledger::read(&path, &mark(directory).note(), false).unwrap())
}

/// The numbers of people: one for each of these.
pub(crate) fn people(numbers: Range<u64>) -> Vec<String> {
    numbers.map(|number| format!("{}", 593_990_000_000 + number)).collect()
}

/// Adds a row for each of `recipients`.
pub(crate) fn fill(draft: &mut LedgerDraft, recipients: &[impl AsRef<str>]) {
    for (line, recipient) in (2..).zip(recipients) {
        let recipient = recipient.as_ref();
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
        max_wait: Duration::ZERO,
        no_keep_alive: false,
        conditions: RunConditions::default(),
        templates: TemplateUses::default(),
        template_texts: TemplateTexts::default(),
        remember: Duration::ZERO,
        written_to: 0,
    }
}

/// The lock file of the run in this directory.
pub(super) fn mark(directory: &Path) -> LockFile {
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

/// Records that these rows are under way.
pub(crate) fn begin(ledger: &mut Ledger, rows: &[i64]) {
    let rows: Vec<_> = rows.iter().map(|n| ledger.pending(*n).unwrap().unwrap()).collect();
    ledger.commit(&rows, &[], &[]).unwrap();
}

/// Records how the first attempts for the first rows ended.
pub(crate) fn end(ledger: &mut Ledger, states: &[RowState]) {
    let settled: Vec<_> = (1..).zip(states).map(|(n, state)| SettledRow::new(ended(n, *state))).collect();
    ledger.commit(&[], &settled, &[]).unwrap();
}

const FILES: [&str; 3] = ["r.db", "r.db-wal", "r.lock"];
/// The rows for which no request was sent, or that were certainly not sent.
const OPEN: [i64; 2] = [4, 5];
/// The body of every row in the fixture.
const BODY: &str = "{}";

/// Rows 1 to 3 are sent, failed and unknown, 4 was given back, 5 is untouched, 6 is under way.
static WHOLE: LazyLock<TempDir> = LazyLock::new(|| {
    let home = TempDir::new().unwrap();
    let (mut ledger, reader) = ledgers(home.path(), &people(0..6));
    begin(&mut ledger, &[1, 2, 3, 4, 6]);
    end(&mut ledger, &[RowState::Sent, RowState::Failed, RowState::Unknown, RowState::Pending]);
    let copy = TempDir::new().unwrap();
    for file in FILES {
        fs::copy(home.path().join(file), copy.path().join(file)).unwrap();
    }
    // The log exists only while the ledger is open.
    drop((ledger, reader));
    copy
});

/// Damages a copy of a ledger and continues the run. Every five bytes are one damage: the file and the kind of damage,
/// the position, and the value.
pub(crate) fn damaged_ledger(damage: &[u8]) {
    let home = TempDir::new().unwrap();
    for (number, file) in FILES.into_iter().enumerate() {
        let mut bytes = fs::read(WHOLE.path().join(file)).unwrap();
        for damage in damage.chunks_exact(5).filter(|damage| usize::from(damage[0]) % FILES.len() == number) {
            let at = usize::from(u16::from_le_bytes([damage[2], damage[3]]));
            // This resolution is finer than the files are long.
            let at = at * bytes.len() / usize::from(u16::MAX);
            match damage[0] / 3 % 4 {
                0 => bytes.truncate(at),
                1 => bytes.iter_mut().skip(at).take(usize::from(damage[1])).for_each(|byte| *byte = 0),
                2 if at < bytes.len() => bytes[at] = damage[4],
                _ if at < bytes.len() => bytes[at] ^= damage[4],
                _ => {}
            }
        }
        fs::write(home.path().join(file), bytes).unwrap();
    }
    go_on(home.path());
}

fn go_on(home: &Path) {
    let Ok(ledger) = Ledger::resume(&home.join("r.db"), mark(home)) else { return };
    let Ok(mut run) = FileRun::new(ledger, 1_000_000.0) else { return };
    let Ok(given) = run.exchange(&[], &[], 100) else { return };
    for row in given.rows {
        assert!(OPEN.contains(&row.n), "row {} would be sent again", row.n);
        assert_eq!((row.recipient.as_str(), row.body.as_str()), (format!("59399000000{}", row.n - 1).as_str(), BODY));
    }
}
