//! A process that sends a list. It creates a run, or resumes one, then joins and sends it. `driver.rs` does the sending.

use std::time::Instant;

use super::actors::{Role, Step, open_ledger};
use super::driver::Driver;
use super::lists::{ListPlan, compare, earlier_runs, timeout};
use super::promises::Moment;
use super::world::{SECOND, World, world};
use crate::runs::import::skips_sent_rows;
use crate::runs::ledger::create_run::{CreatedRun, NewRun};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::events::RunPause;
use crate::runs::ledger::history::draft::LedgerDraft;
use crate::runs::ledger::identity::SeenIdentities;
use crate::runs::ledger::model::Counts;
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::{ResumeOptions, RunSettings};
use crate::runs::ledger::worker::{Joined, Worker};
use crate::runs::sending::{RunEnd, StopReason};

/// A list that was compared with earlier runs.
struct ComparedList {
    ledger: Ledger,
    draft: LedgerDraft,
    settings: RunSettings,
}

/// A run that the process sends.
struct SentRun {
    run: Run,
    settings: RunSettings,
    /// The pause that the process saw before it resumes the run.
    pause: Option<RunPause>,
    accepted: Option<AcceptedRestore>,
}

/// A restore that the process accepts for a stale run.
struct AcceptedRestore {
    seen: SeenIdentities,
    /// The number of restores when it saw them.
    asked_after: u32,
}

enum Phase {
    Compare(ListPlan),
    Create(Box<ComparedList>),
    Prepare,
    Resume(Box<SentRun>),
    Join(Box<SentRun>),
    Send(Box<Driver>),
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Compare(_) => "compare",
            Self::Create(_) => "create",
            Self::Prepare => "prepare",
            Self::Resume(_) => "resume",
            Self::Join(_) => "join",
            Self::Send(_) => "send",
        }
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each is independent")]
pub(super) struct Sender {
    name: RunName,
    phase: Phase,
    /// Whether it joins without resuming, as `bulk work` does.
    only_works: bool,
    skips_sent: bool,
    accepts_stale: bool,
    is_interrupted: bool,
}

impl Sender {
    /// Adds a process that sends a new list, or a run that exists.
    pub(super) fn add_to(world: &mut World) {
        let may_create = world.lists.len() < world.profile().max_lists;
        let mut runs = world.checker.open_runs();
        let creates = may_create && (runs.is_empty() || world.rng.u8(0..3) == 0);
        let sender = if creates {
            let plan = ListPlan::draw(world);
            Self::new(plan.name.clone(), Phase::Compare(plan))
        } else if runs.is_empty() {
            return;
        } else {
            let name = runs.swap_remove(world.rng.usize(0..runs.len()));
            Self {
                only_works: world.rng.u8(0..3) == 0,
                skips_sent: world.rng.u8(0..3) > 0 || world.profile().refusing_percent == 0,
                accepts_stale: world.profile().restores > 0 && world.rng.u8(0..3) == 0,
                ..Self::new(name, Phase::Prepare)
            }
        };
        world.add_actor(Role::Sender(Box::new(sender)));
    }

    /// Creates a process that resumes a run, and skips messages that other runs sent.
    pub(super) fn resuming(name: RunName) -> Self {
        Self {
            skips_sent: true,
            ..Self::new(name, Phase::Prepare)
        }
    }

    fn new(name: RunName, phase: Phase) -> Self {
        Self {
            name,
            phase,
            only_works: false,
            skips_sent: false,
            accepts_stale: false,
            is_interrupted: false,
        }
    }

    /// The user presses Ctrl-C, so the process ends soon.
    pub(super) fn interrupt(&mut self) {
        self.is_interrupted = true;
        if let Phase::Send(driver) = &mut self.phase {
            driver.interrupt();
        }
    }

    pub(super) fn has_tasks(&self) -> bool {
        matches!(&self.phase, Phase::Send(driver) if driver.has_tasks())
    }

    /// Returns when it continues, if it only waits.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Send(driver) => driver.waits_until(),
            _ => None,
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.name, self.phase.name())
    }

    pub(super) fn step(&mut self) -> Result<Step, LedgerError> {
        let phase = std::mem::replace(&mut self.phase, Phase::Prepare);
        let next = match phase {
            Phase::Compare(plan) => compare_list(&plan)?,
            Phase::Create(list) => self.create(*list)?,
            Phase::Prepare => self.prepare()?,
            Phase::Resume(run) => Self::resume(run)?,
            Phase::Join(run) => self.join(*run)?,
            Phase::Send(mut driver) => match driver.step() {
                None => {
                    self.phase = Phase::Send(driver);
                    return Ok(Step::Silent);
                }
                Some(end) => Self::after_send(end)?,
            },
        };
        let Some(next) = next else {
            return Ok(Step::Last("ends".to_owned()));
        };
        if matches!(next, Phase::Join(_)) {
            wait_before_join();
        }
        self.phase = next;
        Ok(Step::More("done".to_owned()))
    }

    fn create(&self, list: ComparedList) -> Result<Option<Phase>, LedgerError> {
        let ComparedList {
            ledger,
            mut draft,
            mut settings,
        } = list;
        // A run that is only imported is sent later. Otherwise its process may join it, as `bulk work` does.
        let is_only_imported = world(|world| world.percent(world.profile().only_imported_percent));
        let is_imported =
            is_only_imported || world(|world| world.percent(world.profile().imported_percent));
        let new = NewRun {
            name: &self.name,
            is_typed: true,
            draft: &mut draft,
            settings: &mut settings,
            earlier: &earlier_runs(),
            sends_with_timeout: (!is_imported).then(timeout),
        };
        let created = ledger.create_run(new, |known, draft, settings| {
            let are_recalled = draft.recall_awaited()?;
            compare(settings, known, draft)?;
            if are_recalled && draft.freed()? > 0 {
                return Err(LedgerError::from_choice(
                    "others no longer send these rows".into(),
                ));
            }
            Ok::<_, LedgerError>(draft.to_be_sent() > 0)
        })?;
        let Some(CreatedRun { run, worker }) = created else {
            return Ok(None);
        };
        world(|world| world.count("lists"));
        if is_only_imported {
            return Ok(None);
        }
        let counts = run.counts()?;
        let run = SentRun {
            run,
            settings,
            pause: None,
            accepted: None,
        };
        Ok(Some(match worker {
            Some(worker) => self.begin(run, worker, counts),
            None => Phase::Join(Box::new(run)),
        }))
    }

    fn prepare(&self) -> Result<Option<Phase>, LedgerError> {
        let ledger = open_ledger()?;
        let run = ledger.run(&self.name)?;
        let mut settings = run.details()?;
        let conditions = &mut settings.conditions;
        let has_choice = conditions.once.is_none() && !conditions.again && !self.only_works;
        if self.skips_sent && has_choice {
            conditions.skip_sent = true;
        }
        let accepts = self.accepts_stale && !self.only_works;
        let accepted = match run.stale_identities()? {
            None => None,
            Some(_) if !accepts => return Err(LedgerError::stale_run(&self.name)),
            Some(seen) => Some(AcceptedRestore {
                seen,
                asked_after: world(|world| world.server.restores),
            }),
        };
        let pause = run.prepare()?;
        if let Some(skips_sent) = skips_sent_rows(&settings) {
            let found = run.compare(&settings, skips_sent)?;
            if !found.is_empty() && !skips_sent {
                return Ok(None);
            }
        }
        let run = Box::new(SentRun {
            run,
            settings,
            pause,
            accepted,
        });
        Ok(Some(if self.only_works {
            Phase::Join(run)
        } else {
            Phase::Resume(run)
        }))
    }

    fn resume(sent: Box<SentRun>) -> Result<Option<Phase>, LedgerError> {
        let conditions = &sent.settings.conditions;
        let is_changed = sent.run.details()?.conditions != *conditions;
        let accepted = sent.accepted.as_ref();
        let options = ResumeOptions {
            accepted: accepted.map(|accepted| &accepted.seen),
            rate: None,
            conditions: is_changed.then_some(conditions),
        };
        let run = sent.run.id;
        if let Some(AcceptedRestore { asked_after, .. }) = accepted {
            world(|world| world.note_accepted_run(run, *asked_after));
        }
        sent.run.resume(sent.pause.as_ref(), &options)?;
        if let Some(AcceptedRestore { asked_after, .. }) = accepted {
            let asked_after = *asked_after;
            world(|world| {
                world.count("accepted runs");
                world.check_promises(&Moment::RunAccepted { run, asked_after });
            });
        }
        Ok(Some(Phase::Join(sent)))
    }

    fn join(&self, sent: SentRun) -> Result<Option<Phase>, LedgerError> {
        let skips_earlier = skips_sent_rows(&sent.settings);
        let joined = sent.run.join(timeout(), skips_earlier, None)?;
        let Joined::Sender { worker, counts } = joined else {
            return Ok(None);
        };
        Ok(Some(self.begin(sent, *worker, counts)))
    }

    /// Begins to send the run.
    fn begin(&self, sent: SentRun, worker: Worker, counts: Counts) -> Phase {
        world(|world| {
            world.workers.insert(worker.id(), world.current);
            let rows = world.list(&self.name).rows.len();
            if counts.all() != rows as u64 {
                world.add_violation(format!("counts: {counts:?} are not {rows} rows"));
            }
        });
        let is_keyed = sent.settings.conditions.once.is_some();
        let mut driver = Driver::new(sent.run, is_keyed, worker, counts);
        if self.is_interrupted {
            driver.interrupt();
        }
        Phase::Send(Box::new(driver))
    }

    /// After a long wait, the process joins the run again.
    fn after_send(end: RunEnd) -> Result<Option<Phase>, LedgerError> {
        match end {
            RunEnd::Stopped {
                reason: StopReason::LedgerFailed { error, .. },
                ..
            } => Err(error),
            RunEnd::Stopped {
                reason: StopReason::MustRejoin,
                ..
            } => Ok(Some(Phase::Prepare)),
            RunEnd::Complete | RunEnd::Stopped { .. } => Ok(None),
        }
    }
}

/// Reads the list, and compares it with earlier runs.
fn compare_list(plan: &ListPlan) -> Result<Option<Phase>, LedgerError> {
    let ledger = open_ledger()?;
    let path = world(|world| world.message_path());
    let mut draft = plan.draft(path)?;
    let settings = plan.settings(world(|world| world.server.limit));
    ledger.skip_excluded(settings.sandbox, &mut draft)?;
    ledger.with_earlier_runs(&earlier_runs(), |known| {
        compare(&settings, known, &mut draft)
    })?;
    if draft.to_be_sent() == 0 {
        return Ok(None);
    }
    Ok(Some(Phase::Create(Box::new(ComparedList {
        ledger,
        draft,
        settings,
    }))))
}

/// Suspends the current process before it joins a run, so that others may send its rows first. Only one profile does
/// so, half of the time.
fn wait_before_join() {
    world(|world| {
        if world.profile().waits_before_join && world.rng.bool() {
            let wait = world.rng.i64(SECOND..20 * SECOND);
            world.suspend_current(wait);
        }
    });
}
