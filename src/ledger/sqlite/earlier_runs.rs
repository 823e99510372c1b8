//! The earlier runs that a list, or the rest of a run, is compared with: those of the same bot at the same address.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Connection;

use super::Ledger;
use super::comparison::{Comparison, SameBy, note};
use super::directory::Runs;
use super::draft::LedgerDraft;
use super::lock_file::RunNote;
use crate::ledger::{
    DecidedRow, Details, DuplicateWindow, EarlierError, EarlierRow, KnownRuns, LedgerError, LedgerStore, OtherMessages,
    Run, RunName, SkipReason, WrittenTo, is_recent, now, since,
};
use crate::once::{OnceKey, OnceScope};

/// How long the people that a run wrote to are reported: 24 hours, in milliseconds.
const LATELY: i64 = 24 * 60 * 60 * 1000;
/// How much older than its last row a file may appear, in milliseconds.
const SLACK: i64 = 60 * 1000;

/// The runs that count, and which of their rows do.
pub(crate) struct EarlierRuns<'a> {
    runs: &'a Runs,
    bot: &'a str,
    api_url: &'a str,
    /// Runs to ignore if they cannot be read.
    ignored: &'a [RunName],
    /// The run that is being resumed.
    own: Option<&'a RunName>,
    window: DuplicateWindow,
    /// People that were written to after this time count as written to recently.
    lately: i64,
    /// The runs already compared, each at the version compared, with a draft of `rows` rows.
    seen: BTreeMap<RunName, ([u8; 16], u64)>,
    rows: i64,
    /// If set, only runs with this key are read.
    key: Option<&'a OnceKey>,
}

/// One of these runs.
struct EarlierRun {
    name: RunName,
    ledger: Ledger,
    window: DuplicateWindow,
}

/// Which of the runs are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// Those with rows that count.
    Counting,
    /// Those that changed in the last 24 hours.
    ChangedLately,
}

impl<'a> EarlierRuns<'a> {
    /// For a new list. Sent and unknown rows count for as long as `remember`; rows under way and rows still to be sent
    /// count whatever their age.
    pub(crate) fn of_list(
        runs: &'a Runs,
        (bot, api_url): (&'a str, &'a str),
        remember: Duration,
        ignored: &'a [RunName],
    ) -> Self {
        let now = now();
        let ended_since = since(now, remember);
        let window = DuplicateWindow { ended_since, ..DuplicateWindow::UNDER_KEY };
        let seen = BTreeMap::new();
        Self { runs, bot, api_url, ignored, own: None, window, lately: now - LATELY, seen, rows: 0, key: None }
    }

    /// For the rest of the run `own`. Runs that existed when its list was read were compared then. Rows that are still
    /// to be sent count only if they are about to be sent: otherwise two idle runs would block each other.
    pub(crate) fn of_run(
        runs: &'a Runs,
        (own, details): (&'a RunName, &'a Details),
        created_at: i64,
        ignored: &'a [RunName],
    ) -> Self {
        // Rows that counted when the list was read count now, even if a clock was wrong then or since.
        let ended_since = since(created_at.min(now()), details.remember);
        let window = DuplicateWindow { ended_since, pending: false, ..DuplicateWindow::UNDER_KEY };
        let of = (details.bot.as_str(), details.api_url.as_str());
        Self { own: Some(own), window, lately: i64::MAX, ..Self::of_list(runs, of, details.remember, ignored) }
    }

    /// The runs of a key, except `own`.
    pub(super) fn of_key(
        runs: &'a Runs,
        own: Option<&'a RunName>,
        scope: &'a OnceScope,
        ignored: &'a [RunName],
    ) -> Self {
        let OnceScope { key, bot, address } = scope;
        Self { own, key: Some(key), ..Self::of_list(runs, (bot, address), Duration::MAX, ignored) }
    }

    /// Records a match for the rows of `comparison` whose person has a message under the key.
    pub(super) fn find_claimed_by_runs(&mut self, comparison: &mut Comparison<'_>) -> Result<(), EarlierError> {
        let runs = self.runs;
        self.each_changed(Choice::Counting, |earlier| {
            let is_held = runs.is_held(&earlier.name);
            let under_way = if is_held { SkipReason::ToBeSent } else { SkipReason::MayHaveBeenSent };
            let window = DuplicateWindow { under_way, ..earlier.window };
            comparison.find_rows(&earlier.ledger, &earlier.name.to_string(), window, SameBy::Person)
        })?;
        Ok(comparison.finish()?)
    }

    /// Records a match for those of `rows`, all of the run that is being resumed, whose person has a message under the key
    /// from elsewhere.
    pub(super) fn find_taken(
        &mut self,
        ledger: &Ledger,
        scope: &OnceScope,
        rows: &[DecidedRow],
    ) -> Result<(), EarlierError> {
        self.find_claimed_by_runs(&mut Comparison::of_people(&ledger.db, rows)?)?;
        // After the runs: the people of a removed run are among the claims before the run is gone.
        let Some(claims) = self.runs.claims_to_look()? else { return Ok(()) };
        let people = claims.people(scope)?;
        for DecidedRow { n, .. } in rows.iter().filter(|_| !people.is_empty()) {
            let Some(recipient) = ledger.standing(*n)?.recipient else { continue };
            let entry = people.get(&claims.hasher().person(&recipient));
            if let Some((entry, found)) = entry.and_then(|entry| Some((entry, EarlierRow::of_claim(entry)?))) {
                note(&ledger.db, *n, entry.run.as_deref(), found)?;
            }
        }
        Ok(())
    }

    /// Records a match for the rows of `db`, a draft or a run, that one of the runs has too.
    pub(super) fn compare_with(&mut self, db: &Connection) -> Result<(), EarlierError> {
        let mut comparison = Comparison::of(db)?;
        let compared = self.each_changed(Choice::Counting, |earlier| {
            let run = earlier.name.to_string();
            comparison.find_rows(&earlier.ledger, &run, earlier.window, SameBy::Message)
        });
        comparison.finish()?;
        compared
    }

    fn each_changed(
        &mut self,
        choice: Choice,
        mut each: impl FnMut(EarlierRun) -> Result<(), LedgerError>,
    ) -> Result<(), EarlierError> {
        let mut unreadable = None;
        let mut names = self.runs.all_names()?;
        // Messages that the newest run has sent need no search in older runs.
        names.sort_by_cached_key(|run| Reverse(self.runs.files(run).changed_at()));
        for run in names {
            if self.own == Some(&run) {
                continue;
            }
            match self.look(&run, choice, &mut each) {
                Ok(()) => {}
                // The run was removed meanwhile, or is ignored.
                Err(_) if self.runs.is_removed(&run) || self.ignored.contains(&run) => {}
                Err(error) => {
                    let whose = self.whose(&run);
                    let may_be_ours = whose.as_ref().is_none_or(|whose| {
                        let is_of_key = self.key.is_none_or(|key| whose.once.as_ref() == Some(key));
                        whose.bot == self.bot && whose.api_url == self.api_url && !whose.sandbox && is_of_key
                    });
                    if may_be_ours && (self.own.is_none() || self.may_have_changed(&run)) {
                        let (path, is_ours) = (self.runs.path(&run), whose.is_some());
                        let error = Box::new(error);
                        unreadable = unreadable.or(Some(EarlierError::Unreadable { run, path, is_ours, error }));
                    }
                }
            }
        }
        unreadable.map_or(Ok(()), Err)
    }

    fn look(
        &mut self,
        run: &RunName,
        choice: Choice,
        each: &mut impl FnMut(EarlierRun) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let ledger = self.runs.ledger(run)?;
        let is_evidence = self.is_only_evidence(run, &ledger)?;
        let ledger = if is_evidence { ledger } else { ledger.into_whole()? };
        let details = ledger.details()?;
        let is_of_key = self.key.is_none_or(|key| details.conditions.once.as_ref() == Some(key));
        if details.bot != self.bot || details.api_url != self.api_url || details.sandbox || !is_of_key {
            return Ok(());
        }
        // Read before the rows: what is written in between is seen the next time.
        let version = version_of(&ledger)?;
        if self.seen.get(run) == Some(&version) {
            return Ok(());
        }
        let mut window = self.window;
        if self.own.is_some() && self.key.is_none() {
            window.pending = self.runs.is_held(run);
        }
        window.pending &= !is_evidence;
        let counts = ledger.counts()?;
        let (since, is_pending) = match choice {
            Choice::ChangedLately => (self.lately, false),
            Choice::Counting => (window.ended_since, window.pending && counts.pending > 0),
        };
        if is_pending || is_evidence || counts.inflight > 0 || is_recent(ledger.changed_at()?, since) {
            each(EarlierRun { name: run.clone(), ledger, window })?;
        }
        self.seen.insert(run.clone(), version);
        Ok(())
    }

    /// Whether only the sent and unknown rows of a damaged ledger count: either a copy of a run that is here too, which
    /// may know more than the run does, or an ignored run that has lost records.
    fn is_only_evidence(&self, name: &RunName, ledger: &Ledger) -> Result<bool, LedgerError> {
        let run = match ledger.damage() {
            Some(LedgerError::Copy { run, .. }) => run,
            Some(LedgerError::Incomplete { .. }) => return Ok(self.ignored.contains(name)),
            _ => return Ok(false),
        };
        let original = run.parse().ok().and_then(|run: RunName| self.runs.ledger(&run).ok());
        let original = original.map(|original| version_of(&original)).transpose()?;
        Ok(original.is_some_and(|(identity, _)| version_of(ledger).is_ok_and(|(own, _)| own == identity)))
    }

    /// The owner of the run: from its ledger if that still says what was written when the list was read, else from its
    /// lock file. None if neither says it.
    fn whose(&self, run: &RunName) -> Option<RunNote> {
        let of_ledger =
            self.runs.ledger(run).and_then(|ledger| ledger.check_run_checksum().and_then(|()| ledger.note()));
        of_ledger.ok().or_else(|| self.runs.note(run))
    }

    /// Whether a row of an unreadable run may have become one that counts since the list was read.
    fn may_have_changed(&self, run: &RunName) -> bool {
        is_recent(self.runs.files(run).changed_at().saturating_add(SLACK), self.window.ended_since)
    }
}

impl KnownRuns for EarlierRuns<'_> {
    /// Only runs that changed since the draft was last compared, unless the draft has grown.
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError> {
        if draft.rows > self.rows {
            self.seen.clear();
        }
        self.rows = draft.rows;
        self.compare_with(&draft.db)
    }

    fn find_claimed(&mut self, draft: &LedgerDraft, key: &OnceKey) -> Result<(), EarlierError> {
        let scope = OnceScope { key: key.clone(), bot: self.bot.to_owned(), address: self.api_url.to_owned() };
        let mut of_key = EarlierRuns::of_key(self.runs, None, &scope, self.ignored);
        of_key.find_claimed_by_runs(&mut Comparison::of(&draft.db)?)?;
        // After the runs: the people of a removed run are among the claims before the run is gone.
        if let Some(claims) = self.runs.claims_to_look()? {
            draft.note_claimed(claims.hasher(), &claims.people(&scope)?)?;
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), EarlierError> {
        self.each_changed(Choice::ChangedLately, |_| Ok(()))
    }

    fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<WrittenTo, EarlierError> {
        let (seen, written_to) =
            (std::mem::take(&mut self.seen), DuplicateWindow::written_to_between(self.lately, now()));
        let (mut comparison, mut last) = (Comparison::of(&draft.db)?, None);
        let found = self.each_changed(Choice::ChangedLately, |earlier| {
            let counts = earlier.ledger.counts()?;
            if counts.sent + counts.unknown + counts.inflight == 0 {
                return Ok(());
            }
            let found = comparison.find_people(&earlier.ledger, written_to)?;
            last = last.take().max(found.map(|at| (at, earlier.name)));
            Ok(())
        });
        self.seen = seen;
        found?;
        let [people, otherwise] = comparison.people();
        let otherwise = last.map(|(at, run)| OtherMessages { people: otherwise, run: run.to_string(), at });
        Ok(WrittenTo { people, otherwise })
    }

    fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError> {
        let seen = std::mem::take(&mut self.seen);
        let (mut comparison, mut unfinished) = (Comparison::of(&draft.db)?, Vec::new());
        let found = self.each_changed(Choice::Counting, |earlier| {
            if earlier.ledger.counts()?.pending == 0 {
                return Ok(());
            }
            comparison.find_people(&earlier.ledger, DuplicateWindow::to_be_sent())?;
            let [people, _] = comparison.people();
            unfinished.extend((people > 0).then_some((earlier.name, people)));
            Ok(())
        });
        self.seen = seen;
        found?;
        Ok(unfinished)
    }
}

/// Identifies a version of a run: its identity and its number of commits.
fn version_of(ledger: &Ledger) -> Result<([u8; 16], u64), LedgerError> {
    let query = "SELECT identity, commits FROM run, progress";
    Ok(ledger.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
