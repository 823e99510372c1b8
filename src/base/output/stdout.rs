//! Standard output: the API's response, a record, or what was requested, such as the findings of `doctor`; nothing
//! else.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use super::escape::{compact, compact_text, one_line, pretty};
use super::stderr::{Color, SystemError};
use super::words::aligned;

/// A value of `--output`; the comments are its help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The API's response (default)
    #[default]
    Response,
    /// Only the message id, or for a list the name of its run; nothing if there is none
    Id,
    /// One JSON object with the outcome of the message
    Record,
    /// Recipients, one a line; only of a command that lists messages
    #[value(hide = true)]
    To,
    /// Nothing; check the exit code
    None,
}

/// One thing of a list, in each form that `--output` can ask for.
pub(crate) struct OutputRow {
    pub(crate) id: Option<String>,
    pub(crate) words: Vec<String>,
    pub(crate) record: Value,
}

#[derive(Debug, Default)]
pub(crate) struct Stdout {
    pub(crate) format: Format,
    /// Whether `--output` was given.
    is_format_given: bool,
    color: Color,
    /// Whether it is a terminal: checked once, not for each line of a list.
    is_terminal: OnceLock<bool>,
    /// Set when something is written after the reader has closed the pipe.
    reader_is_gone: OnceLock<()>,
    /// Set when something is written, or when a list is complete without a row.
    is_answered: OnceLock<()>,
}

impl Stdout {
    /// `format` is `--output`, if it was given.
    pub(crate) fn new(format: Option<Format>, color: Color) -> Self {
        let is_format_given = format.is_some();
        Self {
            format: format.unwrap_or_default(),
            is_format_given,
            color,
            ..Self::default()
        }
    }

    /// The API's response, or other JSON: pretty on a terminal, one line elsewhere, where JSON text that it holds
    /// stays as it was written.
    ///
    /// # Errors
    /// If stdout cannot be written; a closed pipe is not an error.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), SystemError> {
        let text = if self.is_for_a_person() {
            serde_json::to_value(value).map(|value| pretty(&value))
        } else {
            compact_text(value)
        };
        let text = text.map_err(|error| SystemError {
            action: "write JSON",
            cause: error.into(),
        })?;
        self.line(&text)
    }

    /// Text from others as one line on stdout, escaped.
    pub(crate) fn value(&self, text: &str) -> Result<(), SystemError> {
        self.line(&one_line(text))
    }

    /// A row of a table: fields separated by tabs, each escaped, so that scripts can split it.
    pub(crate) fn fields(&self, fields: &[impl AsRef<str>]) -> Result<(), SystemError> {
        let fields: Vec<_> = fields
            .iter()
            .map(|field| one_line(field.as_ref()))
            .collect();
        self.line(&fields.join("\t"))
    }

    /// Whether a person reads stdout.
    pub(crate) fn is_for_a_person(&self) -> bool {
        *self.is_terminal.get_or_init(|| io::stdout().is_terminal())
    }

    /// Whether to print words instead of data: a person reads it, and no format was requested.
    pub(crate) fn wants_words(&self) -> bool {
        !self.is_format_given && self.is_for_a_person()
    }

    /// A table for a person; cells that are too long are cut.
    pub(crate) fn table(
        &self,
        header: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), SystemError> {
        self.line(&aligned(header, rows))
    }

    /// A list: for a person as a table under `header`, else as one JSON object a line, or as its ids.
    pub(crate) fn rows(
        &self,
        header: &[&str],
        rows: impl Iterator<Item = OutputRow>,
    ) -> Result<(), SystemError> {
        let mut rows = rows.peekable();
        self.is_answered.get_or_init(|| ());
        match self.format {
            Format::Id => rows
                .filter_map(|row| row.id)
                .try_for_each(|id| self.value(&id)),
            Format::Response if self.wants_words() && rows.peek().is_none() => Ok(()),
            Format::Response if self.wants_words() => self.table(header, rows.map(|row| row.words)),
            Format::Response | Format::Record => {
                rows.try_for_each(|row| self.line(&compact(&row.record)))
            }
            Format::None | Format::To => Ok(()),
        }
    }

    /// One of our own lines (a table, a script) on stdout, unchanged.
    pub(crate) fn line(&self, text: &str) -> Result<(), SystemError> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Generated files (completions, manual pages) on stdout.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), SystemError> {
        if self.format == Format::None {
            return Ok(());
        }
        self.is_answered.get_or_init(|| ());
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => Err(SystemError {
                action: "write standard output",
                cause,
            }),
            Err(_) => {
                self.reader_is_gone.get_or_init(|| ());
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether something was written to a pipe without a reader. Only callers that lose something by it need to check.
    pub(crate) fn has_lost_its_reader(&self) -> bool {
        self.reader_is_gone.get().is_some()
    }

    /// Whether `--output record` was asked for and nothing is printed yet.
    pub(crate) fn lacks_record(&self) -> bool {
        self.format == Format::Record && self.is_answered.get().is_none()
    }

    /// clap's help, in its colours.
    pub(crate) fn help(&self, text: &str) -> Result<(), SystemError> {
        let mut plain = anstream::AutoStream::new(Vec::new(), self.color.choice(&io::stdout()));
        // Writing to a vector cannot fail.
        let _ = plain.write_all(text.as_bytes());
        self.bytes(&plain.into_inner())
    }

    /// stdout for a long text from others that must stay unchanged: a report.
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

/// A single check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) state: CheckState,
    pub(crate) detail: String,
    /// What to do about it, if anything.
    pub(crate) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckState {
    Ok,
    Warning,
    Failed,
}

impl Stdout {
    /// The checks on stdout: one line each with the hint below it, or one JSON object with `--output record`.
    pub(crate) fn checkup(
        &self,
        checks: &[Check],
        exit_code: u8,
        summary: &str,
    ) -> Result<(), SystemError> {
        if self.format == Format::Record {
            return self
                .json(&json!({ "schema_version": 1, "exit_code": exit_code, "checks": checks }));
        }
        let mut text = String::new();
        for Check {
            name,
            state,
            detail,
            hint,
        } in checks
        {
            let (color, word) = match state {
                CheckState::Ok => ("\x1b[32m", "ok"),
                CheckState::Warning => ("\x1b[33m", "warning"),
                CheckState::Failed => ("\x1b[1;31m", "failed"),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{color}{word:<7}\x1b[0m  {name}: {}",
                one_line(detail)
            );
            if let Some(hint) = hint {
                let _ = writeln!(text, "         {}", one_line(hint));
            }
        }
        let _ = writeln!(text, "{}", one_line(summary));
        self.help(&text)
    }
}
