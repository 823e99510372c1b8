//! The countries whose national numbers runs were read with: a number that is typed for them means the same there.

use crate::commands::CommandError;
use crate::ledger::RunStore;
use crate::phone::Country;

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
