//! What to do next, as commands to copy.

use serde::Serialize;

use super::head::ReportedRun;
use crate::ledger::Counts;
use crate::report::report_to_correct;

#[derive(Debug, Serialize)]
pub(super) struct NextStep {
    /// The name of its text.
    text: &'static str,
    commands: Vec<String>,
}

/// The remaining steps for the run. `invalid` of its rows cannot be sent and `undelivered` did not arrive; the last
/// step exports the whole list.
pub(super) fn next_steps(
    run: &ReportedRun<'_>,
    counts: &Counts,
    invalid: u64,
    undelivered: u64,
    is_cancelled: bool,
) -> Vec<NextStep> {
    let ReportedRun { name, details, doubt, is_running, .. } = *run;
    let mut steps = Vec::new();
    let mut add = |is_needed: bool, text, commands: &[String]| {
        if is_needed {
            steps.push(NextStep { text, commands: commands.to_vec() });
        }
    };
    let report = |what: &str| format!("jelouctl bulk report {name} {what}");
    add(is_running, "next_running", &[format!("jelouctl bulk status {name}")]);
    let resume = format!("jelouctl bulk resume {name}");
    let is_left = counts.left() > 0 || doubt.is_some();
    add(!is_running && is_left, "next_resume", std::slice::from_ref(&resume));
    let unknown = [
        report("--state unknown --file unknown.csv"),
        format!("jelouctl bulk resolve {name} --line N --unknown-as sent|failed"),
    ];
    // No row of a run in doubt can be decided until it is resumed.
    add(doubt.is_none() && counts.unknown > 0, "next_unknown", &unknown);
    let failed = format!("jelouctl bulk resolve {name} --failed-as pending");
    add(!is_running && counts.failed > 0 && !is_cancelled, "next_failed", &[failed, resume]);
    add(undelivered > 0, "next_undelivered", &[report("--delivery undelivered --file undelivered.csv")]);
    let again = report_to_correct(name, details, counts.failed, invalid);
    add(!is_running && again.is_some(), "next_corrected", again.as_slice());
    if steps.is_empty() && doubt.is_none() {
        steps.push(NextStep { text: "next_none", commands: Vec::new() });
    }
    steps.push(NextStep { text: "next_all", commands: vec![report(&format!("--file {name}.csv"))] });
    steps
}
