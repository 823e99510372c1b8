//! `explain` for the results of a command: exit codes, HTTP statuses, and names in the record, as in `docs/exit-codes.md`.

use clap::ValueEnum;

use crate::ledger::SkipReason;

/// The table of the exit codes is the documentation's: code, meaning, whether the message was sent, whether to send it again.
const DOCUMENT: &str = include_str!("../../../docs/exit-codes.md");

/// Names in the record, each with its exit code.
const NAMES: [(&str, &str, Option<u8>); 26] = [
    ("yes", "`sent`: accepted by Jelou; how far it came, jelouctl messages get ID tells", Some(0)),
    ("no", "`sent`: it did not leave, or was refused; `error` says why", None),
    ("unknown", "`sent` and `error.code`: it may have been sent", Some(8)),
    ("usage", "`error.code`: the command line cannot be carried out", Some(2)),
    ("invalid_message", "`error.code`: the message breaks a limit", Some(2)),
    ("configuration", "`error.code`: something is missing or broken in the configuration or the environment", Some(3)),
    ("guard", "`error.code`: allow_to, an excluded person, or a question that was not answered with yes", Some(11)),
    ("credentials", "`error.code`: the API does not accept client id and secret", Some(4)),
    ("proxy_credentials", "`error.code`: the proxy asks for credentials", Some(3)),
    ("account", "`error.code`: WhatsApp lets the business send nothing; `api_code` says why", Some(4)),
    ("rejected", "`error.code`: the API refuses the message; `api_code` has its own code", Some(5)),
    ("unavailable", "`error.code`: rate limits or an API that is down, beyond --retry-for", Some(6)),
    ("network", "`error.code`: the API could not be reached", Some(7)),
    ("tls", "`error.code`: the connection could not be made safe", Some(7)),
    ("interrupted", "`error.code`: a signal came before anything left", None),
    ("in_use", "`error.code`: another process has the bulk run", Some(13)),
    (
        "ledger",
        "`error.code`: the bulk run's ledger cannot be written, is damaged or is a copy, or its database is away",
        Some(12),
    ),
    ("unexpected", "`error.code`: an error that has no other name", Some(1)),
    ("dry_run", "whether the request was only shown", None),
    ("replayed", "whether nothing was sent, since the person got a message under the key of --once before", None),
    ("accepted", "`delivery.state`: Jelou has it", Some(0)),
    ("at_whatsapp", "`delivery.state`: WhatsApp has it", Some(0)),
    ("delivered", "`delivery.state`: it is on the person's phone", Some(0)),
    ("read", "`delivery.state`: the person has read it, and shows read receipts", Some(0)),
    ("replied", "`delivery.state`: the person has answered", Some(0)),
    ("undelivered", "`delivery.state`: accepted by Jelou, but it failed on its way to the person", Some(15)),
];

/// Explains `topic`: an exit code, a status, or a name.
pub(super) fn about(topic: &str) -> Option<String> {
    let number = topic.parse::<u16>().ok();
    let code = number.and_then(|number| u8::try_from(number).ok()).and_then(exit_code);
    let status = number.and_then(status);
    let name = NAMES.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(topic)).map(|name| of_name(*name));
    code.or(status).or(name).or_else(|| skip_reason(topic))
}

/// Why a row of a report was left out.
fn skip_reason(topic: &str) -> Option<String> {
    let reason = SkipReason::from_str(topic, true).ok()?.to_possible_value()?;
    Some(format!("{} in a report: the row was not sent. {}", reason.get_name(), reason.get_help()?))
}

/// Every name that can be explained.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _, _)| *name).chain(SkipReason::value_variants().iter().map(|reason| reason.name()))
}

fn exit_code(code: u8) -> Option<String> {
    let row = DOCUMENT.lines().find_map(|line| line.strip_prefix(&format!("| {code} | "))?.strip_suffix(" |"))?;
    let [meaning, sent, again] = row.split(" | ").collect::<Vec<_>>()[..] else { return None };
    Some(format!("Exit code {code}: {meaning}\nSent: {sent}\nSend again: {again}"))
}

fn of_name((name, meaning, code): (&str, &str, Option<u8>)) -> String {
    let code = code.and_then(exit_code).map(|code| format!("\n{code}")).unwrap_or_default();
    format!("{name} in the record, {meaning}{code}")
}

/// Like the table of `docs/exit-codes.md`, from the top; an error code in the answer is more precise.
fn status(status: u16) -> Option<String> {
    let (meaning, code) = match status {
        200..=299 => (
            "an answer that says whether the message was accepted: 0 if it does, 5 if it names an error, 8 if it says both or neither",
            None,
        ),
        401 | 403 => ("the API does not accept the credentials", Some(4)),
        408 => ("the API waited for the request too long", Some(8)),
        425 | 429 => ("a rate limit; tried again for --retry-for", Some(6)),
        501 | 505 => ("the API does not do what it is asked", Some(5)),
        300..=399 => ("another address, which is not followed: check --api-url", Some(5)),
        400..=499 => ("the API refuses the request", Some(5)),
        500 => ("the API failed; with the code internal_server_error and a text that names the company: 4", Some(8)),
        503 => ("the API is down; with Retry-After it is tried again, and ends with 6", Some(8)),
        502 | 504 | 506..=599 => ("the API or a gateway before it failed", Some(8)),
        _ => return None,
    };
    let code = code.and_then(exit_code).map(|code| format!("\n{code}")).unwrap_or_default();
    Some(format!("HTTP status {status}: {meaning}{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_document_lists_is_explained() {
        for code in (0..=8).chain(10..=15).chain([124, 126, 127, 129, 130, 137, 143]) {
            assert!(exit_code(code).is_some(), "{code}");
        }
        for (name, ..) in NAMES {
            assert!(DOCUMENT.contains(&format!("`{name}`")), "{name} is not in docs/exit-codes.md");
        }
        let reasons = include_str!("../../../docs/bulk.md");
        for name in SkipReason::value_variants().iter().map(|reason| reason.name()) {
            assert!(reasons.contains(&format!("`{name}`")), "{name} is not in docs/bulk.md");
        }
    }
}
