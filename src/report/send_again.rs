//! The commands that send rows again after they are corrected, with the flags of the run.

use std::fmt::Display;

use crate::api::shell_word;
use crate::ledger::Details;

/// The file that the first command writes and the second reads.
const FILE: &str = "again.csv";

/// Writes the failed and invalid rows of the run `name` to a file and sends it; does nothing if there are none.
pub(crate) fn commands_to_send_again(
    name: impl Display,
    failed: u64,
    invalid: u64,
    details: &Details,
) -> Option<[String; 2]> {
    let filter = match (failed, invalid) {
        (0, 0) => return None,
        (_, 0) => "--state failed",
        (0, _) => "--reason invalid",
        (_, _) => "--state failed --reason invalid",
    };
    Some([format!("jelouctl bulk report {name} {filter} --file {FILE}"), send(details)])
}

/// `jelouctl --profile prod bulk send again.csv --country EC text …`
fn send(details: &Details) -> String {
    let mut words = vec!["jelouctl".to_owned()];
    match &details.profile {
        _ if details.sandbox => words.push("--sandbox".to_owned()),
        Some(profile) => words.push(format!("--profile {profile}")),
        None => {}
    }
    words.push(format!("bulk send {FILE}"));
    let flags = &details.recipient_flags;
    // As a flag it would override the list's column.
    let country = flags.country.filter(|_| !flags.country_column);
    words.extend(country.map(|country| format!("--country {country}")));
    words.extend(flags.to.as_deref().map(|to| format!("--to {}", shell_word(to))));
    words.extend(flags.to_column.as_deref().map(|column| format!("--to-column {}", shell_word(column))));
    words.push(format!("{} …", details.kind));
    words.join(" ")
}
