//! The message with a command's result. It is read and tested before the command runs, and filled after its end. It has
//! the command's name, but not its arguments, which may contain secrets.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::without_escape_sequences;
use crate::base::process::{CommandEnd, host_name, signal_name, without_arguments};
use crate::base::timestamps::{second_in, timestamp};
use crate::command_error::CommandError;
use crate::jelou::message::{
    InvalidMessage, MessageKind, Outgoing, RecipientChoice, RecipientSources, each_text,
    is_refused, visit_texts,
};
use crate::lists::list_file::Row;
use crate::lists::template::{BodyTemplate, faults_of_words, language};

/// The text instead of the tail if the command printed nothing on stderr: a message must not be empty.
pub(crate) const NO_TAIL: &str = "(nothing on stderr)";

/// The names of the values that a text can use.
const VALUES: [&str; 8] = [
    "command", "result", "code", "signal", "duration", "host", "started", "tail",
];

/// An example of each end of a command.
pub(super) const EXAMPLE_ENDS: [CommandEnd; 3] = [
    CommandEnd {
        code: Some(0),
        signal: None,
    },
    CommandEnd {
        code: Some(137),
        signal: Some(9),
    },
    CommandEnd {
        code: Some(1),
        signal: None,
    },
];

/// The run of a command: when it started, in the zone of the sender, and how long it took.
pub(super) struct CommandTime<'a> {
    pub(super) started: SystemTime,
    pub(super) zone: &'a TimeZone,
    pub(super) elapsed: Duration,
}

/// Returns the values of a text about a command that `ended` after this `time`.
pub(super) fn facts(
    program: &OsStr,
    time: &CommandTime<'_>,
    ended: CommandEnd,
) -> Map<String, Value> {
    let elapsed = time.elapsed;
    let program = without_arguments(program);
    let name = Path::new(&program).file_name().unwrap_or_default();
    // Milliseconds do not matter after minutes.
    let precision = if elapsed < Duration::from_secs(10) {
        100
    } else {
        1000
    };
    let rounded = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) / precision * precision;
    let facts = json!({
        "command": name.to_string_lossy(),
        "result": result(ended),
        "code": ended.code.map_or_else(|| json!("unknown"), |code| json!(code)),
        "signal": ended.signal.map(signal_name).unwrap_or_default(),
        "duration": humantime::format_duration(Duration::from_millis(rounded)).to_string(),
        "host": host_name(),
        "started": second_in(time.zone, timestamp(time.started)),
    });
    facts.as_object().cloned().unwrap_or_default()
}

fn result(ended: CommandEnd) -> &'static str {
    match ended {
        CommandEnd {
            signal: Some(_), ..
        } => "killed",
        CommandEnd { code: Some(0), .. } => "ok",
        CommandEnd { code: Some(_), .. } => "failed",
        CommandEnd { code: None, .. } => "ended",
    }
}

/// A notification to be filled.
pub(crate) struct RunNotification {
    pub(crate) kind: MessageKind,
    /// The body, with its templates.
    pub(crate) body: Value,
}

impl RunNotification {
    /// Fills the message, and returns it with its warnings. Characters that a message cannot
    /// contain are removed, because the notification matters more.
    ///
    /// # Errors
    /// If a template is faulty or uses a missing value, or the message is not valid.
    pub(crate) fn fill(
        &self,
        to: &RecipientSources,
        facts: &Map<String, Value>,
        tail: Option<&str>,
    ) -> Result<(Outgoing, Vec<Message>), CommandError> {
        let language = language();
        let body =
            BodyTemplate::compile(&language, self.kind.schema(), &self.body).map_err(|error| {
                UsageError::new(
                    error.message,
                    msg!(
                        "to print a value: {value}; to print braces: {braces}",
                        value = "{{ result }}",
                        braces = "{{ '{{' }}"
                    ),
                )
            })?;
        let mut facts = facts.clone();
        facts.extend(tail.map(|tail| ("tail".to_owned(), json!(tail))));
        let filled = body.fill(&Row::Fields(Arc::new(facts)), None);
        let uses_tail = body.uses().any(|(_, uses)| uses.columns.contains("tail"));
        let filled = filled.map_err(|error| {
            let lacks_tail = uses_tail && tail.is_none();
            UsageError {
                hint: lacks_tail.then(|| msg!("to add `tail`: --tail 20")),
                ..UsageError::bare(error.message)
            }
        })?;
        let warnings = filled.warnings();
        let mut body = filled.value;
        let mut changed = without_control_characters(&mut body);
        changed.extend(warnings);
        changed.extend(self.kind.fit_parameters(&mut body));
        let filled = Outgoing::from_body(&self.kind, body, RecipientChoice::Among(to));
        let (outgoing, warnings) = filled.map_err(without_flags)?;
        changed.extend(warnings);
        changed.extend(outgoing.named_parameters(|word| VALUES.contains(&word)));
        Ok((outgoing, changed))
    }

    /// Warnings about texts that are certainly wrong.
    pub(crate) fn cautions(&self) -> Vec<Message> {
        let mut cautions = Vec::new();
        each_text(&self.body, "", &mut |path, text| {
            cautions.extend(faults_of_words(path, text));
        });
        cautions
    }

    /// Works like [`RunNotification::fill`], with as much of the end of `tail` as fits into the
    /// message.
    pub(crate) fn fill_to_fit(
        &self,
        to: &RecipientSources,
        facts: &Map<String, Value>,
        tail: Option<&str>,
    ) -> Result<(Outgoing, Vec<Message>), CommandError> {
        let whole = self.fill(to, facts, tail);
        let (Err(_), Some(tail)) = (&whole, tail) else {
            return whole;
        };
        let ends: Vec<_> = tail
            .char_indices()
            .filter_map(|(at, _)| tail.get(at..))
            .collect();
        let first = ends.partition_point(|end| self.fill(to, facts, Some(end)).is_err());
        self.fill(to, facts, Some(ends.get(first).unwrap_or(&"")))
    }
}

/// Removes the flags of `send` from an error: `run` has only --to.
fn without_flags(mut error: InvalidMessage) -> InvalidMessage {
    if let InvalidMessage::Violations {
        violations,
        text_is_missing,
    } = &mut error
    {
        *text_is_missing = false;
        for violation in violations {
            violation.flag.take_if(|flag| flag != "--to");
        }
    }
    error
}

/// Removes escape sequences and control characters from the texts of `body`; returns a warning for each changed text.
fn without_control_characters(body: &mut Value) -> Vec<Message> {
    let mut changed = Vec::new();
    visit_texts(body, "", &mut |path, text| {
        if text.contains(is_refused) {
            *text = without_escape_sequences(text);
            text.retain(|character| !is_refused(character));
            changed.push(msg!(
                "{path}: its escape sequences and control characters are removed",
                path
            ));
        }
    });
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::exit::ExitCode;

    const MAX_TEXT: usize = 4096;

    /// Returns the result of `text` for a backup that failed, with the end of its stderr.
    fn filled(text: &str, tail: Option<&str>) -> Result<(Value, Vec<Message>), CommandError> {
        let body = json!({ "type": "text", "text": text });
        let kind = MessageKind::from_body(body.as_object().unwrap()).unwrap();
        let to = RecipientSources {
            flag: Some("593987654321".to_owned()),
            environment: None,
            country: None,
        };
        let notification = RunNotification { kind, body };
        let facts = Map::from_iter([
            ("command".to_owned(), json!("backup")),
            ("code".to_owned(), json!(3)),
        ]);
        let (outgoing, warnings) = notification.fill_to_fit(&to, &facts, tail)?;
        Ok((outgoing.body()["text"].clone(), warnings))
    }

    #[test]
    fn unknown_value_is_named_with_a_hint() {
        for (text, message, hint) in [
            (
                "{{ tail }}",
                "text: there is no `tail`; there are: command, code",
                Some("to add `tail`: --tail 20"),
            ),
            (
                "{{ comand }}",
                "text: there is no `comand`; there are: command, code",
                None,
            ),
            (
                "{{ code | upcase }}",
                "text: filter upcase is unknown",
                Some("to print a value: {{ result }}; to print braces: {{ '{{' }}"),
            ),
        ] {
            let error = filled(text, None).unwrap_err();
            assert_eq!(error.code, ExitCode::Usage, "{text}");
            assert!(
                error.message.to_string().starts_with(message),
                "{text}: {}",
                error.message
            );
            let shown = error.hint.map(|shown| shown.to_string());
            assert_eq!(shown.as_deref(), hint, "{text}");
        }
    }

    #[test]
    fn only_texts_that_are_certainly_wrong_are_warned_about() {
        for (text, expected) in [
            (
                "NULL",
                &["text: `NULL` means no value and would be sent"][..],
            ),
            ("Falló {command}, $code, #nombre# [OK] {", &[]),
        ] {
            let body = json!({ "type": "text", "text": text });
            let kind = MessageKind::from_body(body.as_object().unwrap()).unwrap();
            assert_eq!(
                RunNotification { kind, body }.cautions(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn long_tail_is_truncated_at_its_start() {
        let room = MAX_TEXT - "backup: ".len();
        for length in [1, room - 1, room, room + 1, 3 * room] {
            let tail = "x".to_owned() + &"é".repeat(length - 1);
            let (text, _) = filled("{{ command }}: {{ tail }}", Some(&tail)).unwrap();
            let expected: String = tail.chars().skip(length.saturating_sub(room)).collect();
            assert_eq!(text, format!("backup: {expected}"), "{length}");
        }
    }

    #[test]
    fn control_characters_are_removed_from_a_notification() {
        let (text, warnings) =
            filled("{{ tail }}", Some("\u{1b}[31mred\u{1b}[0m\u{7}\nblue")).unwrap();
        let told = "text: its escape sequences and control characters are removed";
        assert_eq!(text, json!("red\nblue"));
        assert_eq!(warnings, [told]);
    }

    #[test]
    fn unknown_exit_is_reported_as_ended() {
        for (code, signal, expected) in [
            (Some(0), None, json!(["ok", 0])),
            (Some(3), None, json!(["failed", 3])),
            (Some(137), Some(9), json!(["killed", 137])),
            (None, None, json!(["ended", "unknown"])),
        ] {
            let end = CommandEnd { code, signal };
            let time = CommandTime {
                started: SystemTime::now(),
                zone: &TimeZone::UTC,
                elapsed: Duration::ZERO,
            };
            let facts = facts(OsStr::new("backup"), &time, end);
            assert_eq!(json!([facts["result"], facts["code"]]), expected);
        }
    }
}
