//! Standard output, which gets only the API's response, a record, or requested data, such as the checks of `doctor`.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use super::escape::{compact, compact_text, indented, one_line};
use super::program::{completed, serialize_hint};
use super::record::{RecordError, RecordHead, versioned};
use super::stderr::{Color, SystemError, terminal_width};
use super::words::aligned;
use crate::base::exit::ExitCode;
use crate::base::message::{Lang, Message, msg};

/// A value of `--output`; the comments are its help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The API's response
    #[default]
    Response,
    /// Only the message id, or the name of the bulk run; nothing if there is none
    Id,
    /// One JSON object with the outcome of the message
    Record,
    /// Recipients, one per line, for commands that list messages
    #[value(hide = true)]
    To,
    /// Nothing; check the exit code
    None,
}

/// One item of a list, in each form of `--output`.
pub(crate) struct OutputRow {
    pub(crate) id: Option<String>,
    pub(crate) words: Vec<String>,
    pub(crate) record: Value,
}

#[derive(Debug, Default)]
pub(crate) struct Stdout {
    pub(crate) format: Format,
    /// The command of the records, such as `bulk send`.
    pub(crate) command: Option<String>,
    /// Whether the user passed `--output`.
    has_format_flag: bool,
    color: Color,
    /// The language of text for people. JSON is English.
    pub(crate) lang: Lang,
    /// Whether it is a terminal. This is checked once, not for each line of a list.
    is_terminal: OnceLock<bool>,
    /// Set when a write fails because the reader has closed the pipe.
    reader_is_gone: OnceLock<()>,
    /// Set when something is written, except for the rows of a list.
    is_answered: OnceLock<()>,
}

impl Stdout {
    /// Creates the printer. `format` is the value of `--output`, if the user passed it.
    pub(crate) fn new(format: Option<Format>, color: Color) -> Self {
        let has_format_flag = format.is_some();
        Self {
            format: format.unwrap_or_default(),
            has_format_flag,
            color,
            ..Self::default()
        }
    }

    /// Prints the API's response or other JSON, pretty on a terminal, and otherwise on one line. JSON text inside it
    /// keeps its numbers.
    ///
    /// # Errors
    /// If writing to stdout fails. A closed pipe is not an error.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), SystemError> {
        let text = compact_text(value).map_err(|error| SystemError {
            action: msg!("write JSON"),
            cause: error.into(),
        })?;
        if self.is_for_reading() {
            self.line(&indented(&text))
        } else {
            self.line(&text)
        }
    }

    /// Prints external text on one line, escaped.
    pub(crate) fn value(&self, text: &str) -> Result<(), SystemError> {
        self.line(&one_line(text))
    }

    /// Prints a row of a table. Tabs separate the fields, and each field is escaped, so that scripts can split the row.
    pub(crate) fn fields(&self, fields: &[impl AsRef<str>]) -> Result<(), SystemError> {
        let fields: Vec<_> = fields
            .iter()
            .map(|field| one_line(field.as_ref()))
            .collect();
        self.line(&fields.join("\t"))
    }

    /// Returns whether stdout is a terminal.
    pub(crate) fn is_for_reading(&self) -> bool {
        *self.is_terminal.get_or_init(|| io::stdout().is_terminal())
    }

    /// Returns whether to print text instead of data: on a terminal without `--output`.
    pub(crate) fn wants_words(&self) -> bool {
        !self.has_format_flag && self.is_for_reading()
    }

    /// Prints a table for a terminal, as wide as it.
    pub(crate) fn table(
        &self,
        header: &[Message],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), SystemError> {
        let header: Vec<_> = header.iter().map(|name| name.text(self.lang)).collect();
        self.line(&aligned(&header, rows, terminal_width(io::stdout())))
    }

    /// Prints a list: on a terminal as a table under `header`, otherwise as one JSON object per line, or as its ids.
    pub(crate) fn rows(
        &self,
        header: &[Message],
        rows: impl Iterator<Item = OutputRow>,
    ) -> Result<(), SystemError> {
        let mut rows = rows.peekable();
        match self.format {
            Format::Id => rows
                .filter_map(|row| row.id)
                .try_for_each(|id| self.value(&id)),
            Format::Response if self.wants_words() && rows.peek().is_none() => Ok(()),
            Format::Response if self.wants_words() => self.table(header, rows.map(|row| row.words)),
            Format::Response => rows.try_for_each(|row| self.line(&compact(&row.record))),
            // After an error, the record of the command follows.
            Format::Record => rows.try_for_each(|row| {
                let line = compact(&versioned(row.record));
                self.write(format!("{line}\n").as_bytes())
            }),
            Format::None | Format::To => Ok(()),
        }
    }

    /// Prints a line from jelouctl itself (a table, a script), unchanged.
    pub(crate) fn line(&self, text: &str) -> Result<(), SystemError> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Prints generated files (completions, manual pages).
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), SystemError> {
        self.is_answered.get_or_init(|| ());
        self.write(bytes)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), SystemError> {
        if self.format == Format::None {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => Err(SystemError {
                action: msg!("write standard output"),
                cause,
            }),
            Err(_) => {
                self.reader_is_gone.get_or_init(|| ());
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Returns whether a write failed because the pipe has no reader. Only callers that lose data
    /// by it need to check.
    pub(crate) fn is_reader_gone(&self) -> bool {
        self.reader_is_gone.get().is_some()
    }

    /// Returns what the record of the command begins with.
    pub(crate) fn head<'a>(
        &'a self,
        code: ExitCode,
        error: Option<&'a RecordError>,
    ) -> RecordHead<'a> {
        RecordHead::new(self.command.as_deref(), code, error)
    }

    /// Prints the outcome of a command that has no other record. If printing fails, the exit code still shows it.
    pub(crate) fn outcome(&self, code: ExitCode, error: Option<&RecordError>) {
        if self.format == Format::Record && self.is_answered.get().is_none() {
            let _ = self.json(&self.head(code, error));
        }
    }

    /// Prints clap's help, in its colours.
    pub(crate) fn help(&self, text: &str) -> Result<(), SystemError> {
        let mut plain = anstream::AutoStream::new(Vec::new(), self.color.choice(&io::stdout()));
        // Writing to a vector cannot fail.
        let _ = plain.write_all(text.as_bytes());
        self.bytes(&plain.into_inner())
    }

    /// Creates a writer for long external text that must stay unchanged, such as a report.
    pub(crate) fn stream(&self) -> Box<dyn Write> {
        self.is_answered.get_or_init(|| ());
        match self.format {
            Format::None => Box::new(io::sink()),
            Format::Response | Format::Id | Format::Record | Format::To => {
                Box::new(io::BufWriter::with_capacity(64 * 1024, io::stdout()))
            }
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: Message,
    pub(crate) state: CheckState,
    pub(crate) detail: Message,
    /// The remedy, if any.
    #[serde(serialize_with = "serialize_hint")]
    pub(crate) hint: Option<Message>,
}

/// The record of `doctor`.
#[derive(Serialize)]
struct CheckupRecord<'a> {
    #[serde(flatten)]
    head: RecordHead<'a>,
    checks: &'a [Check],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckState {
    Ok,
    Warning,
    Failed,
}

impl Stdout {
    /// Prints the checks, one line each with the hint below it, or their record with the first `error`.
    pub(crate) fn checkup(
        &self,
        checks: &[Check],
        code: ExitCode,
        error: Option<&RecordError>,
        summary: &Message,
    ) -> Result<(), SystemError> {
        if self.format == Format::Record {
            let head = self.head(code, error);
            return self.json(&CheckupRecord { head, checks });
        }
        let words = [
            (CheckState::Ok, "\x1b[32m", msg!("ok")),
            (CheckState::Warning, "\x1b[33m", msg!("warning")),
            (CheckState::Failed, "\x1b[1;31m", msg!("failed")),
        ];
        let words = words.map(|(state, color, word)| (state, color, word.text(self.lang)));
        let width = words.iter().map(|(_, _, word)| word.chars().count()).max();
        let width = width.unwrap_or_default();
        let mut text = String::new();
        for Check {
            name,
            state,
            detail,
            hint,
        } in checks
        {
            let mut states = words.iter();
            let Some((_, color, word)) = states.find(|(known, ..)| known == state) else {
                continue;
            };
            let name = name.text(self.lang);
            let detail = one_line(&detail.text(self.lang)).into_owned();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{color}{word:<width$}\x1b[0m  {name}: {detail}");
            if let Some(hint) = hint {
                let hint = hint.text(self.lang);
                let _ = writeln!(text, "{:width$}  {}", "", one_line(&completed(&hint)));
            }
        }
        let _ = writeln!(text, "{}", one_line(&completed(&summary.text(self.lang))));
        self.help(&text)
    }
}
