//! Who must not be written to: the lists of `--exclude` and of the profile's `do_not_contact`, which add up.

use std::io::{self, Read};

use crate::config::{Origin, Settings};
use crate::context::Context;
use crate::input::{InputError, Source, name_of};
use crate::people::{ExclusionError, ExclusionOrigin, Exclusions};
use crate::phone::Country;
use crate::private_file::{PipeBound, open_to_read};

/// Reserves standard input where one of `sources` is it.
pub(crate) fn claim_exclusions(context: &mut Context, sources: &[Source]) -> Result<(), InputError> {
    let stdin = sources.iter().filter(|source| **source == Source::Stdin);
    stdin.into_iter().try_for_each(|_| context.input.claim_stdin("--exclude"))
}

/// The lists that `--exclude` names.
///
/// # Errors
/// When one of them cannot be read, or names somebody who is not surely one person.
pub(crate) fn read_exclusions(
    context: &Context,
    sources: &[Source],
    country: Option<Country>,
) -> Result<Exclusions, ExclusionError> {
    let mut exclusions = Exclusions::default();
    for source in sources {
        let is_anybody = add(&mut exclusions, source, &ExclusionOrigin::Flag, country)?;
        report_nobody(context, source, is_anybody);
    }
    Ok(exclusions)
}

/// Adds the list that the profile names.
///
/// # Errors
/// As of [`read_exclusions`].
pub(crate) fn add_do_not_contact(
    context: &Context,
    exclusions: &mut Exclusions,
    settings: &Settings,
) -> Result<(), ExclusionError> {
    let Some((source, origin)) = do_not_contact(settings) else { return Ok(()) };
    let is_anybody = add(exclusions, &source, &origin, settings.country())?;
    report_nobody(context, &source, is_anybody);
    Ok(())
}

/// The list that the profile names as it is by now; that nobody is on it was said before.
///
/// # Errors
/// As of [`read_exclusions`].
pub(crate) fn reread_do_not_contact(settings: &Settings) -> Result<Exclusions, ExclusionError> {
    let mut exclusions = Exclusions::default();
    if let Some((source, origin)) = do_not_contact(settings) {
        add(&mut exclusions, &source, &origin, settings.country())?;
    }
    Ok(exclusions)
}

fn do_not_contact(settings: &Settings) -> Option<(Source, ExclusionOrigin)> {
    let kept = settings.do_not_contact.as_ref()?;
    let profile = match &kept.origin {
        Origin::Profile(name) => name.clone(),
        other => other.to_string(),
    };
    Some((Source::File(kept.value.clone()), ExclusionOrigin::Profile(profile)))
}

/// Adds a list; says whether anybody is on it.
fn add(
    exclusions: &mut Exclusions,
    source: &Source,
    origin: &ExclusionOrigin,
    country: Option<Country>,
) -> Result<bool, ExclusionError> {
    let name = name_of(source);
    let input: Box<dyn Read> = match source {
        Source::Stdin => Box::new(io::stdin()),
        Source::File(path) => Box::new(
            open_to_read(path, PipeBound::FirstByte)
                .map_err(|cause| ExclusionError::unreadable(origin, &name, cause))?,
        ),
    };
    exclusions.add(input, &name, origin, country)
}

fn report_nobody(context: &Context, source: &Source, is_anybody: bool) {
    if !is_anybody {
        context.stderr.note(&format!("{} has nobody on it, so it excludes nobody", name_of(source)));
    }
}
