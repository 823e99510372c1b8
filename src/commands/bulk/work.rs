//! `bulk work`, and `bulk resume` of a run whose ledger is in a database: this process sends rows of it, beside others. A
//! person who resumes it lifts a pause; a machine that works on it does not.

use super::arguments::{EarlierOptions, RunOptions};
use super::before::refuse_templates;
use super::earlier::{self, Repetition};
use super::excluded_since::leave_out_excluded;
use super::hours::of_resumed_run;
use super::joined_run::JoinedRun;
use super::resume::{self, refuse_other, sender_of_run};
use super::store::open_store;
use crate::bulk::{Details, LedgerError, RunEventKind, RunId, RunName, RunStore, SharedEarlier, SharedRuns};
use crate::commands::CommandError;
use crate::config::{BotId, ConfigError, Rate, knows_profile};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::hours::HoursChoice;
use crate::people::Exclusions;
use crate::process::block_on;
use crate::sending::{Interrupted, Opening, UnresolvedSender, add_do_not_contact};

/// What a person says who resumes a run.
struct Resumption<'a> {
    hours: &'a HoursChoice,
    earlier: &'a EarlierOptions,
}

/// `bulk work`: a machine sends rows of a run.
pub(crate) fn join(
    context: &mut Context,
    asked: Option<&RunName>,
    options: RunOptions,
) -> Result<ExitCode, CommandError> {
    match open_store(context)? {
        RunStore::Shared(runs) => run(context, &runs, asked, options, None),
        RunStore::Files(runs) => {
            resume::run(context, &runs, asked, options, &HoursChoice::default(), &EarlierOptions::default())
        }
    }
}

/// `bulk resume`: a person goes on with a run, wherever it is.
pub(crate) fn resume(
    context: &mut Context,
    asked: Option<&RunName>,
    options: RunOptions,
    hours: &HoursChoice,
    earlier: &EarlierOptions,
) -> Result<ExitCode, CommandError> {
    match open_store(context)? {
        RunStore::Shared(runs) => run(context, &runs, asked, options, Some(&Resumption { hours, earlier })),
        RunStore::Files(runs) => resume::run(context, &runs, asked, options, hours, earlier),
    }
}

fn run(
    context: &mut Context,
    runs: &SharedRuns,
    asked: Option<&RunName>,
    options: RunOptions,
    resumption: Option<&Resumption<'_>>,
) -> Result<ExitCode, CommandError> {
    let unresolved = UnresolvedSender::claim(context)?;
    let Some(name) = runs.named_or_unfinished(asked)? else {
        context.stderr.note("no run is unfinished: there is nothing to send");
        return Ok(ExitCode::Success);
    };
    let run = runs.id(&name)?;
    let mut details = runs.details(run)?;
    let mut changed = None;
    if let Some(Resumption { hours, earlier }) = resumption {
        let conditions = of_resumed_run(hours, options.keep_going, earlier, &details.conditions)?;
        if conditions != details.conditions {
            changed = Some(conditions.clone());
        }
        details.conditions = conditions;
    }
    send_from_where_it_began(context, &name, &details)?;
    let sender = sender_of_run(context, unresolved, &name, &details)?;
    let mut exclusions = Exclusions::default();
    add_do_not_contact(context, &mut exclusions, &sender.settings)?;
    leave_out_excluded(context, runs, run, &exclusions)?;
    if sender.settings.allow_to.is_some() {
        runs.pending_requests::<CommandError>(run, |row| {
            Ok(sender.check_allowed(row.recipients()?.iter().map(String::as_str))?)
        })?;
    }
    if resumption.is_some() {
        if !details.sandbox {
            leave_out_sent(runs, (run, &name), &details)?;
        }
        runs.resume(run, options.rate.map(Rate::per_second), changed.as_ref())?;
    }
    let timeout = sender.settings.timeout.value.duration();
    let joined = JoinedRun { runs, run, name: &name, details: &details, timeout };
    let began = resumption.map(|_| RunEventKind::Resumed);
    block_on(async {
        match sender.connect(context).await? {
            Opening::Open(mut connection) => {
                if !options.unchecked && runs.counts(run)?.pending > 0 {
                    let requests = |each: &mut dyn FnMut(&str)| {
                        runs.pending_requests::<LedgerError>(run, |row| {
                            each(&row.body);
                            Ok(())
                        })
                    };
                    refuse_templates(context, &sender, &mut connection, &details.templates, false, requests).await?;
                }
                joined.send(context, &sender, connection, options, began).await
            }
            Opening::Interrupted(signal) => Err(Interrupted(signal).into()),
        }
    })
}

/// Takes bot and address from the run. Its profile is taken where there is one of that name: a container may have variables
/// alone.
fn send_from_where_it_began(context: &mut Context, name: &RunName, run: &Details) -> Result<(), CommandError> {
    let flags = &mut context.flags;
    let url = flags.api_url.as_ref().map(ToString::to_string);
    refuse_other(name, "--bot", &run.bot, flags.bot.as_ref().map(BotId::as_str))?;
    refuse_other(name, "--api-url", &run.api_url, url.as_deref())?;
    let broken = |problem| ConfigError::Variable { name: "the run", problem };
    flags.sandbox |= run.sandbox;
    flags.bot = Some(run.bot.parse().map_err(broken)?);
    if !run.sandbox {
        flags.api_url = Some(run.api_url.parse().map_err(broken)?);
    }
    if let Some(profile) = &run.profile
        && knows_profile(flags, profile)?
    {
        flags.default_profile = Some(profile.clone());
    }
    Ok(())
}

/// Looks whether another run has sent meanwhile what this one has left.
fn leave_out_sent(runs: &SharedRuns, (run, name): (RunId, &RunName), details: &Details) -> Result<(), CommandError> {
    let repetition = Repetition::of(details.conditions.again, details.conditions.skip_sent);
    if repetition == Repetition::Meant {
        return Ok(());
    }
    let of = (details.bot.as_str(), details.api_url.as_str());
    let overlap = SharedEarlier::new(runs, of, details.remember).of_run(run)?;
    let found = overlap.messages();
    if found.is_empty() {
        return Ok(());
    }
    if repetition == Repetition::LeftOut {
        overlap.skip(runs, run)?;
        return Ok(());
    }
    Err(earlier::refuse_left(&found, name, runs.counts(run)?.pending).into())
}
