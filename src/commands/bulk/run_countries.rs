//! The countries whose national numbers runs were read with: a number that is typed for them means the same there.

use super::store::open_store;
use crate::bulk::{RunName, RunStore};
use crate::commands::CommandError;
use crate::context::Context;
use crate::phone::Country;

/// Of the run that is meant, where there is one.
pub(crate) fn country_of_run(context: &Context, asked: Option<&RunName>) -> Result<Option<Country>, CommandError> {
    let store = open_store(context)?;
    let Some(name) = store.named_or_unfinished(asked, |_, _| ())? else { return Ok(None) };
    Ok(store.read(&name)?.details()?.recipient_flags.country)
}

/// Of all runs, each once. What cannot be read is told by whoever looks into it.
pub(crate) fn countries_of_runs(store: &RunStore) -> Result<Vec<Country>, CommandError> {
    let mut countries = Vec::new();
    for name in store.names()? {
        let details = store.read(&name).and_then(|run| run.details());
        let country = details.ok().and_then(|details| details.recipient_flags.country);
        countries.extend(country.filter(|country| !countries.contains(country)));
    }
    Ok(countries)
}
