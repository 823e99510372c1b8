//! `explain` for the results of a command: exit codes and names in the record, as in `docs/exit-codes.md`.

use clap::ValueEnum;

use crate::ledger::SkipReason;

/// Its tables of exit codes and of names have four columns; no other table has.
const DOCUMENT: &str = include_str!("../../../docs/exit-codes.md");

/// Explains `topic`: an exit code or a name.
pub(super) fn about(topic: &str) -> Option<String> {
    let number = topic.parse::<u16>().ok();
    let code = number.and_then(|number| exit_code(&number.to_string()));
    code.or_else(|| name(topic)).or_else(|| skip_reason(topic))
}

/// Why a row of a report was left out.
fn skip_reason(topic: &str) -> Option<String> {
    let reason = SkipReason::from_str(topic, true).ok()?.to_possible_value()?;
    Some(format!("{} in a report: the row was not sent. {}", reason.get_name(), reason.get_help()?))
}

/// Every name that can be explained.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let of_record = rows().filter_map(|[name, ..]| quoted(name));
    of_record.chain(SkipReason::value_variants().iter().map(|reason| reason.name()))
}

/// The name in a cell; a header has none.
fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let cells = |line: &'static str| line.strip_prefix("| ")?.strip_suffix(" |").map(|cells| cells.split(" | "));
    DOCUMENT.lines().filter_map(move |line| cells(line)?.collect::<Vec<_>>().try_into().ok())
}

fn exit_code(code: &str) -> Option<String> {
    let [_, meaning, sent, again] = rows().find(|[first, ..]| *first == code)?;
    Some(format!("Exit code {code}: {meaning}\nSent: {sent}\nSend again: {again}"))
}

fn name(topic: &str) -> Option<String> {
    let is_topic = |name: &str| name.eq_ignore_ascii_case(topic);
    let [_, of, meaning, code] = rows().find(|[name, ..]| quoted(name).is_some_and(is_topic))?;
    let code = exit_code(code).map(|code| format!("\n{code}")).unwrap_or_default();
    Some(format!("{topic} in the record ({of}): {meaning}{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_document_lists_is_explained() {
        for code in (0..=8).chain(10..=15).chain([124, 126, 127, 129, 130, 137, 143]) {
            assert!(exit_code(&code.to_string()).is_some(), "{code}");
        }
        assert_eq!((about("code"), about("value")), (None, None));
        assert_eq!(names().count(), 26 + SkipReason::value_variants().len());
        let reasons = include_str!("../../../docs/bulk.md");
        for name in SkipReason::value_variants().iter().map(|reason| reason.name()) {
            assert!(reasons.contains(&format!("`{name}`")), "{name} is not in docs/bulk.md");
        }
    }
}
