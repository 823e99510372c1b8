//! The people who must not be written to: the lists of `--exclude` and of the profile's `do_not_contact` together.

use std::io;

use crate::command_error::CommandError;
use crate::config::{Origin, Settings};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::{Source, UsageError, name_of};
use crate::list::ListInput;
use crate::output::counted;
use crate::people::{CountryRule, ExclusionList, ExclusionOptions, Exclusions, read_exclusion_list};
use crate::private_file::{PipeBound, open_to_read};

/// Reserves standard input if one of `sources` uses it.
pub(crate) fn claim_exclusions(context: &mut Context, sources: &[Source]) -> Result<(), UsageError> {
    let stdin = sources.iter().filter(|source| **source == Source::Stdin);
    stdin.into_iter().try_for_each(|_| context.input.claim_stdin("--exclude"))
}

/// The people on the lists of `--exclude` and of the profile. `options` are those of `--exclude`.
///
/// # Errors
/// If a list cannot be read, or has a row that does not clearly name one person.
pub(crate) fn read_exclusions(
    context: &Context,
    sources: &[Source],
    options: ExclusionOptions,
    settings: &Settings,
) -> Result<Exclusions, CommandError> {
    let lists = sources.iter().map(|source| read(source, options)).collect::<Result<Vec<_>, _>>();
    let mut lists = lists.map_err(|problem| problem.of("--exclude"))?;
    lists.extend(list_of_profile(settings)?);
    tell(context, &lists);
    Ok(Exclusions { lists })
}

/// Reads the profile's list again; its warnings were already printed.
///
/// # Errors
/// As for [`read_exclusions`].
pub(crate) fn reread_do_not_contact(settings: &Settings) -> Result<Exclusions, CommandError> {
    Ok(Exclusions { lists: list_of_profile(settings)?.into_iter().collect() })
}

fn list_of_profile(settings: &Settings) -> Result<Option<ExclusionList>, CommandError> {
    let Some(kept) = &settings.do_not_contact else { return Ok(None) };
    let profile = match settings.origin("do_not_contact") {
        Origin::Profile(name) => name.clone(),
        other => other.to_string(),
    };
    let options = ExclusionOptions { countries: CountryRule::new(None, settings.country), encoding: None };
    read(&Source::File(kept.clone()), options).map(Some).map_err(|problem| CommandError {
        code: ExitCode::Configuration,
        name: "configuration",
        ..problem.of(&format!("do_not_contact (profile {profile})")).into()
    })
}

fn read(source: &Source, options: ExclusionOptions) -> Result<ExclusionList, UsageError> {
    read_exclusion_list(open_list(source, PipeBound::FirstByte)?, &name_of(source), options)
}

/// Opens the list that `source` names.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn open_list(source: &Source, bound: PipeBound) -> Result<ListInput, UsageError> {
    match source {
        Source::Stdin => Ok(ListInput::Stream(Box::new(io::stdin()))),
        Source::File(path) => {
            let opened = open_to_read(path, bound).map(ListInput::File);
            opened.map_err(|cause| UsageError::unreadable(&name_of(source), &cause))
        }
    }
}

/// Warns of strange lists: one that is empty, or a cell that may have been meant for a number.
fn tell(context: &Context, lists: &[ExclusionList]) {
    for list in lists {
        for doubt in &list.doubts {
            context.stderr.warning(&format!("{}: {doubt}", list.name));
        }
        if list.passed_over > 0 {
            let rows = counted(list.passed_over, "invalid row");
            context.stderr.note(&format!("{}: {rows} of the report passed over", list.name));
        }
        if list.count() == 0 {
            let why = if list.passed_over == 0 { "is empty and excludes no one" } else { "excludes no one" };
            context.stderr.note(&format!("{} {why}", list.name));
        }
    }
}
