//! `explain`: what a kind of message needs, what an error code, an exit code or a name of the record means, and the
//! format of a price list. It needs neither network nor settings.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{Format, pretty, versioned, wrapped};
use crate::base::suggest::nearest;
use crate::base::texts::{self, has_only_digits};
use crate::command_error::CommandError;
use crate::jelou::api::{Code, CodeOutcome, codes, look_up_code};
use crate::jelou::message::{Envelope, Example, Field, MessageKind};
use crate::runs::cost::EXPLAINED;
use crate::runs::ledger::SkipReason;
use crate::sender::context::Context;

/// The topic that is neither a kind nor a code.
const PRICES: &str = "prices";

/// The number of terminal columns to use.
const WIDTH: usize = 80;
/// The column of the right side; a longer flag gets its own line.
const RIGHT: usize = 22;
const LEFT: usize = RIGHT - 2;

/// Explain a message type or an error code
///
/// Examples:
///   jelouctl explain image
///   jelouctl explain 131047
///   jelouctl explain 8
///   jelouctl explain flow --example > flow.json
///
/// Also explains exit codes, HTTP statuses, values of `error.code` in the record, and reasons in a
/// report. Without a topic, prints the names. Works offline.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ExplainArgs {
    /// Kind, error code, exit code, HTTP status, reason, or `prices`
    #[arg(value_name = "KIND|CODE|prices")]
    topic: Option<String>,

    /// Print only an example body (for --body FILE), or an example price list
    #[arg(long, requires = "topic")]
    example: bool,
}

/// Explains the topic: a kind, its type on the wire, a code or a name in the record. Without a topic, lists
/// all kinds and codes.
pub(crate) fn run(context: &Context, args: &ExplainArgs) -> Result<ExitCode, CommandError> {
    if context.stdout.format == Format::Record && !args.example {
        let stdout = &context.stdout;
        stdout.json(&versioned(as_json(args.topic.as_deref())?))?;
        return Ok(ExitCode::Success);
    }
    let text = match args.topic.as_deref() {
        None => every_name(),
        Some(PRICES) if args.example => EXPLAINED[1].to_owned(),
        Some(PRICES) => prices(),
        Some(topic) if args.example => kind_example(topic)?,
        Some(topic) => match find_kind(topic) {
            Some(kind) => describe_kind(&kind),
            None => match find_code(topic) {
                Some(code) => describe_code(&code, context.lang()),
                None => explain_ending(topic).ok_or_else(|| unknown(topic))?,
            },
        },
    };
    let text = if context.stdout.is_for_reading() {
        in_columns(&text)
    } else {
        text
    };
    context.stdout.line(&text)?;
    Ok(ExitCode::Success)
}

/// Wraps long sentences and long command lines, so that a command can still be pasted. JSON is not changed.
fn in_columns(text: &str) -> String {
    let fit = |line: &str| {
        if line.chars().count() <= WIDTH || line.starts_with(['{', '}', ' ', '"']) {
            line.to_owned()
        } else if line.starts_with("jelouctl ") {
            line.replace(" --", " \\\n  --")
        } else {
            wrapped(line, WIDTH).join("\n")
        }
    };
    text.lines().map(fit).collect::<Vec<_>>().join("\n")
}

/// Returns one object: of the topic, or of all kinds and codes.
fn as_json(topic: Option<&str>) -> Result<Value, UsageError> {
    let object = match topic {
        None => {
            let kinds: Vec<_> = MessageKind::all().iter().map(kind_as_json).collect();
            let codes: Vec<_> = codes().map(|code| code_as_json(&code)).collect();
            json!({ "kinds": kinds, "codes": codes })
        }
        Some(PRICES) => json!({ "topic": PRICES, "text": prices() }),
        Some(topic) => {
            if let Some(kind) = find_kind(topic) {
                kind_as_json(&kind)
            } else if let Some(code) = find_code(topic) {
                code_as_json(&code)
            } else {
                let text = explain_ending(topic).ok_or_else(|| unknown(topic))?;
                json!({ "topic": topic, "text": text })
            }
        }
    };
    Ok(object)
}

fn kind_as_json(kind: &MessageKind) -> Value {
    json!({
        "topic": kind.command(),
        "text": describe_kind(kind),
        "summary": kind.summary(),
        "endpoint": kind.endpoint(),
        "fields": kind.fields(),
        "example": kind.example(),
    })
}

fn code_as_json(code: &Code) -> Value {
    json!({
        "topic": code.code,
        "text": describe_code(code, Lang::En),
        "origin": code.origin,
        "meaning": code.meaning,
        "hint": code.hint,
    })
}

/// Returns the format of a price list.
fn prices() -> String {
    let [about, example] = EXPLAINED;
    format!("{about}\n\n{example}")
}

/// Returns the names of all topics.
fn every_name() -> String {
    let mut text = "Message types:\n".to_owned();
    for kind in MessageKind::all() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<22}{}", kind.command(), kind.summary());
    }
    text + "
Also error codes such as 131047 or network, exit codes such as 8, HTTP statuses such as 401, and
`prices`.
jelouctl explain KIND shows its fields, limits and an example; `jelouctl explain -o record` prints all as JSON."
}

fn kind_example(topic: &str) -> Result<String, UsageError> {
    let kind = find_kind(topic).ok_or_else(|| unknown(topic))?;
    match kind.example() {
        Some(Example { body, .. }) => Ok(pretty(&body)),
        None => Err(UsageError::new(
            msg!(
                "`{kind}` has no body, so there is no example",
                kind = kind.command()
            ),
            msg!("for an example of another kind: jelouctl explain text --example"),
        )),
    }
}

fn find_kind(topic: &str) -> Option<MessageKind> {
    let is_wire_type =
        |kind: &MessageKind| matches!(kind.envelope(), Envelope::Typed(wire) if wire == topic);
    MessageKind::from_name(topic).or_else(|| MessageKind::all().into_iter().find(is_wire_type))
}

fn find_code(topic: &str) -> Option<Code> {
    look_up_code(topic).or_else(|| codes().find(|code| code.code.eq_ignore_ascii_case(topic)))
}

fn unknown(topic: &str) -> UsageError {
    if topic.len() == 6 && has_only_digits(topic) {
        return UsageError::new(
            msg!(
                "this version does not know `{topic}`, which may be a code of WhatsApp",
                topic
            ),
            msg!(
                "for Meta's list: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes"
            ),
        );
    }
    let kinds = MessageKind::all();
    let names = kinds
        .iter()
        .map(MessageKind::command)
        .chain(codes().map(|code| code.code))
        .chain(ending_names())
        .chain([PRICES]);
    // Profiles and scripts may still have the older name.
    let near = if topic == "rates" {
        Some(PRICES)
    } else {
        nearest(topic, names)
    };
    let hint = match near {
        Some(nearest) => msg!("did you mean `{nearest}`?", nearest),
        None => msg!(
            "to list the kinds: jelouctl explain; to list the codes: jelouctl explain -o record"
        ),
    };
    let problem = msg!(
        "`{topic}` is neither a kind nor a known error code, exit code, HTTP status or reason",
        topic
    );
    UsageError::new(problem, hint)
}

/// Flags on the left, their values on the right, required ones first, in 80 characters.
fn describe_kind(kind: &MessageKind) -> String {
    let mut text = format!(
        "{}: {}\n{}",
        kind.command(),
        kind.summary(),
        kind.endpoint()
    );
    if let Envelope::Typed(wire) = kind.envelope() {
        // Writing to a String cannot fail.
        let _ = write!(text, ", type {wire}");
    }
    let notes = kind
        .notes()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if !notes.is_empty() {
        let _ = write!(text, "\n\n{}", wrapped(&notes, WIDTH).join("\n"));
    }
    let (required, others): (Vec<_>, Vec<_>) = kind
        .fields()
        .into_iter()
        .partition(|field| field.required == "yes");
    let recipient = pair("--to", "the recipient");
    let _ = write!(
        text,
        "\n\nRequired, as flags or in --body:\n{recipient}{}",
        rows(&required)
    );
    if !others.is_empty() {
        let _ = write!(text, "\nOptional:\n{}", rows(&others));
    }
    if let Some(example) = kind.example() {
        let _ = write!(
            text,
            "\nExample:\n{}\n\n{}",
            example.command,
            pretty(&example.body)
        );
    }
    text
}

fn rows(fields: &[Field]) -> String {
    let mut text = String::new();
    let mut before = "";
    for field in fields {
        let flag = field.flag.as_deref().unwrap_or("(in --body)");
        let shown = if flag == before { "" } else { flag };
        before = flag;
        let note = if field.required == "yes" {
            ""
        } else {
            field.required.as_str()
        };
        let parts = [field.limit.as_str(), note, field.advice.as_str()];
        let about = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let about = if about.is_empty() {
            field.path.clone()
        } else {
            format!("{}: {about}", field.path)
        };
        text.push_str(&pair(shown, &about));
    }
    text
}

fn pair(flag: &str, about: &str) -> String {
    let about = wrapped(about, WIDTH - RIGHT).join(&format!("\n{:RIGHT$}", ""));
    if flag.chars().count() + 4 <= RIGHT {
        format!("  {flag:<LEFT$}{about}\n")
    } else {
        format!("  {flag}\n{:RIGHT$}{about}\n", "")
    }
}

fn describe_code(code: &Code, lang: Lang) -> String {
    let lines = [
        msg!(
            "{name} ({origin}): {meaning}",
            name = code.code,
            origin = code.origin,
            meaning = code.meaning_value()
        ),
        msg!("The message: {effect}", effect = effect(code)),
        msg!("What to do: {hint}", hint = code.hint_value()),
    ];
    lines.map(|line| line.text(lang)).join("\n")
}

fn effect(code: &Code) -> Message {
    match code.effect {
        CodeOutcome::Refused => msg!("not sent (with a 5xx: it may have been sent)"),
        CodeOutcome::RefusedByCompany => msg!(
            "not sent if the error says that the token has no company; otherwise it may have been sent"
        ),
        CodeOutcome::RefusedForAccount => {
            msg!("not sent (with a 5xx: it may have been sent); a bulk run pauses")
        }
        CodeOutcome::RateLimited => msg!("not sent; jelouctl retries for --retry-for"),
        CodeOutcome::Open => msg!("not sent with a 4xx; with a 5xx it may have been sent"),
    }
}

/// Its tables of exit codes and of names have four columns; no other table has.
const DOCUMENT: &str = include_str!("../../docs/exit-codes.md");

/// Explains `topic`: an exit code, an HTTP status or a name.
fn explain_ending(topic: &str) -> Option<String> {
    let number = topic.parse::<u16>().ok();
    let code = number.and_then(|number| exit_code(&number.to_string()));
    code.or_else(|| explain_http_status(topic))
        .or_else(|| explain_word(topic))
        .map(|text| without_links(&text))
}

/// Returns the Markdown text without the addresses of its links.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(opened) = plain.rfind('[') {
            plain.remove(opened);
        }
        plain.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// Explains a name of the record or of a report. Some names are in both.
fn explain_word(topic: &str) -> Option<String> {
    let found = [explain_name(topic), skip_reason(topic)];
    let found: Vec<_> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// The HTTP statuses of responses: name, exit code of a message, and what to do. `4xx` is any other 4xx status.
const STATUSES: &str = include_str!("statuses.tsv");

/// Explains an HTTP status, also written as `HTTP 401`.
fn explain_http_status(topic: &str) -> Option<String> {
    let lower = topic.to_lowercase();
    let number = lower.strip_prefix("http").unwrap_or(&lower).trim();
    let status = number
        .parse::<u16>()
        .ok()
        .filter(|status| (200..600).contains(status))?;
    let class = format!("{}xx", status / 100);
    let row = |wanted: &str| texts::rows::<4>(STATUSES).find(|[status, ..]| *status == wanted);
    let [_, name, code, hint] = row(number).or_else(|| row(&class))?;
    let name = if name.is_empty() {
        String::new()
    } else {
        format!(" {name}")
    };
    let code = exit_code(code)?;
    Some(format!(
        "HTTP {status}{name}, a response to a message\n{code}\nWhat to do: {hint}"
    ))
}

/// Returns why a row of a report was skipped.
fn skip_reason(topic: &str) -> Option<String> {
    let reason = SkipReason::from_str(topic, true)
        .ok()?
        .to_possible_value()?;
    Some(format!(
        "{} in a report: the row was not sent. {}",
        reason.get_name(),
        reason.get_help()?
    ))
}

/// Returns every name that can be explained.
fn ending_names() -> impl Iterator<Item = &'static str> {
    let of_record = || documented().filter_map(|[name, ..]| quoted_name(name));
    let reasons = SkipReason::value_variants()
        .iter()
        .map(|reason| reason.name());
    let of_reports = reasons.filter(move |reason| of_record().all(|name| name != *reason));
    of_record().chain(of_reports)
}

/// Returns the name in a cell; None in a header.
fn quoted_name(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

fn documented() -> impl Iterator<Item = [&'static str; 4]> {
    let cells = |line: &'static str| {
        line.strip_prefix("| ")?
            .strip_suffix(" |")
            .map(|cells| cells.split(" | "))
    };
    DOCUMENT
        .lines()
        .filter_map(move |line| cells(line)?.collect::<Vec<_>>().try_into().ok())
}

fn exit_code(code: &str) -> Option<String> {
    let [_, meaning, sent, again] = documented().find(|[first, ..]| *first == code)?;
    let causes = match causes(code).as_slice() {
        [] => String::new(),
        causes => format!("Causes: {}\n", causes.join("; ")),
    };
    Some(format!(
        "Exit code {code}: {meaning}\n{causes}Sent: {sent}\nSend again: {again}"
    ))
}

/// Returns the causes of the exit code, from the rows of the table in the document.
fn causes(code: &str) -> Vec<&'static str> {
    let title = "## What a code can mean\n\n";
    let section = DOCUMENT.split_once(title).map_or("", |parts| parts.1);
    let first_cell = format!("| {code} | ");
    section
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix(&first_cell)?.strip_suffix(" |"))
        .collect()
}

fn explain_name(topic: &str) -> Option<String> {
    let is_topic = |name: &str| name.eq_ignore_ascii_case(topic);
    let [_, of, meaning, code] =
        documented().find(|[name, ..]| quoted_name(name).is_some_and(is_topic))?;
    let code = exit_code(code)
        .map(|code| format!("\n{code}"))
        .unwrap_or_default();
    Some(format!("{topic} in the record ({of}): {meaning}{code}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const INTRODUCTION: &str = "\
# Message types

jelouctl refuses a message that breaks a limit. It sends a message against advice with a warning, or refuses it with
`--strict`. jelouctl does not check the files behind URLs, so it does not know their sizes. Limits count Unicode
characters. For the JSON Schema of a kind: `jelouctl schema KIND`.";

    /// Returns the page of all kinds and codes.
    fn page() -> String {
        let fenced = |text: &str| format!("```text\n{text}\n```");
        let kinds = MessageKind::all();
        let kinds: Vec<_> = kinds
            .iter()
            .map(|kind| format!("## {}\n\n{}", kind.command(), fenced(&describe_kind(kind))))
            .collect();
        let kinds = kinds.join("\n\n");
        let codes: Vec<_> = codes().map(|code| describe_code(&code, Lang::En)).collect();
        let codes = fenced(&codes.join("\n\n"));
        let [about, example] = EXPLAINED;
        format!(
            "{INTRODUCTION}\n\n{kinds}\n\n# Error codes\n\n{codes}\n\n# Prices\n\n{about}\n\n```csv\n{example}\n```\n"
        )
    }

    #[test]
    fn kinds_page_is_current() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kinds.md");
        if std::env::var_os("UPDATE_KINDS").is_some() {
            fs::write(&file, page()).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap();
        assert!(
            page() == committed,
            "docs/kinds.md is not current: run tests/update"
        );
    }

    #[test]
    fn kind_explanations_fit_80_characters_required_first() {
        for kind in MessageKind::all() {
            let text = describe_kind(&kind);
            let (about, json) = text.split_once("\n\n{").unwrap_or((&text, ""));
            // The example stays on one line, so that it can be pasted.
            for line in about
                .split("\nExample:\n")
                .next()
                .unwrap_or_default()
                .lines()
            {
                assert!(line.chars().count() <= WIDTH, "{}: {line}", kind.command());
            }
            assert!(
                !json.contains("userId") && !json.contains("destinations"),
                "{text}"
            );
            assert!(
                about.contains("Required, as flags or in --body:\n  --to  "),
                "{about}"
            );
        }
    }

    #[test]
    fn documented_codes_and_reasons_are_explained() {
        for code in (0..=8)
            .chain(10..=15)
            .chain([124, 126, 127, 129, 130, 131, 137, 138, 140, 142, 143])
        {
            assert!(exit_code(&code.to_string()).is_some(), "{code}");
        }
        assert_eq!(
            (explain_ending("code"), explain_ending("value")),
            (None, None)
        );
        // Names of both a record and a report count once.
        let of_both: Vec<_> = ending_names()
            .filter(|name| explain_name(name).is_some() && skip_reason(name).is_some())
            .collect();
        assert_eq!(of_both, ["excluded", "not_allowed", "cancelled"]);
        for name in of_both {
            let explained = explain_ending(name).unwrap();
            assert!(
                explained.contains(" in the record (") && explained.contains(" in a report: "),
                "{explained}"
            );
        }
        assert_eq!(
            ending_names().count(),
            32 + SkipReason::value_variants().len()
        );
        let reasons = include_str!("../../docs/bulk.md");
        for name in SkipReason::value_variants()
            .iter()
            .map(|reason| reason.name())
        {
            assert!(
                reasons.contains(&format!("`{name}`")),
                "{name} is not in docs/bulk.md"
            );
        }
    }
}
