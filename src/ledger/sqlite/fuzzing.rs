//! A ledger whose files were damaged, for `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic says what is wrong")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::Ledger;
use super::file_run::FileRun;
use super::fixture::{ended, ledgers};
use super::lock_file::LockFile;
use crate::ledger::{BegunAttempt, RowState, RunLedger};

const FILES: [&str; 3] = ["r.db", "r.db-wal", "r.lock"];
/// The rows for which no request was sent, or that were certainly not sent.
const OPEN: [i64; 2] = [4, 5];
/// The body of every row in the fixture.
const BODY: &str = "{}";

/// Rows 1 to 3 are sent, failed and unknown, 4 was given back, 5 is untouched, 6 is under way.
static WHOLE: LazyLock<TempDir> = LazyLock::new(|| {
    let home = TempDir::new().unwrap();
    let recipients: Vec<_> = (0..6).map(|number| format!("59399000000{number}")).collect();
    let (mut ledger, reader) = ledgers(home.path(), &recipients.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = [1, 2, 3, 4, 6];
    ledger.commit(rows.into_iter().map(|n| BegunAttempt { n, number: 1 }), [].iter(), &[]).unwrap();
    let states = [RowState::Sent, RowState::Failed, RowState::Unknown, RowState::Pending];
    let ended: Vec<_> = (1..).zip(states).map(|(n, state)| ended(n, state)).collect();
    ledger.commit([].into_iter(), ended.iter(), &[]).unwrap();
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
    let path = home.join("r.lock");
    let mark = LockFile::new(File::options().read(true).write(true).open(&path).unwrap(), path);
    let Ok(ledger) = Ledger::resume(&home.join("r.db"), mark) else { return };
    let Ok(mut run) = FileRun::new(ledger, 1_000_000.0) else { return };
    let Ok(given) = run.exchange(&[], &[], 100) else { return };
    for row in given.rows {
        assert!(OPEN.contains(&row.n), "row {} would be sent again", row.n);
        assert_eq!((row.recipient.as_str(), row.body.as_str()), (format!("59399000000{}", row.n - 1).as_str(), BODY));
    }
}
