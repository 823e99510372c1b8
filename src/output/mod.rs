//! The only place that prints, escapes and draws. stdout carries the API's response and nothing else; stderr carries
//! what it means, one line each, whatever others put into it.

mod checkup;
mod escape;
mod json;
mod progress;
mod record;
mod table;

use std::io::{self, IsTerminal, Write};

use anstream::ColorChoice;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

pub use self::checkup::{Check, State};
pub use self::escape::one_line;
pub use self::json::{compact, visible as visible_json};
pub use self::progress::{Progress, ProgressFormat, Tally};
pub use self::record::{Record, RecordError, Sent};
pub use self::table::markdown_table;

/// Characters of a message that are listed.
const LISTED: usize = 100;

/// What goes to stdout after a send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The API's response.
    #[default]
    Response,
    /// The message id only.
    Id,
    /// One JSON object that says what became of the message.
    Record,
}

/// How much goes to stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors.
    Quiet,
    /// Errors, warnings and notes.
    #[default]
    Normal,
    /// Each attempt, request and answer too.
    Verbose,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

/// A stream of ours that cannot be written or read.
#[derive(Debug, Error)]
#[error("failed to {action}: {cause}")]
pub struct StreamError {
    pub action: &'static str,
    pub cause: io::Error,
}

/// The two streams and how they are written.
#[derive(Debug, Default)]
pub struct Output {
    pub format: Format,
    verbosity: Verbosity,
    color: Color,
}

impl Output {
    pub fn new(format: Format, verbosity: Verbosity, color: Color) -> Self {
        Self { format, verbosity, color }
    }

    /// The API's response, or other JSON: pretty on a terminal, one line elsewhere, where JSON text that it holds stays as
    /// it was written.
    ///
    /// # Errors
    /// When stdout cannot be written; a closed pipe is no error.
    pub fn json(&self, value: &impl Serialize) -> Result<(), StreamError> {
        let stdout = io::stdout();
        let text = match (stdout.is_terminal(), self.colored(&stdout)) {
            (true, color) => serde_json::to_value(value).map(|value| json::pretty(&value, color)),
            (false, true) => serde_json::to_value(value).map(|value| json::colored(&value)),
            (false, false) => json::compact_text(value),
        };
        let text = text.map_err(|error| StreamError { action: "write JSON", cause: error.into() })?;
        self.line(&text)
    }

    /// A record, on one line.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn record(&self, record: &Record) -> Result<(), StreamError> {
        self.json(&record.to_json())
    }

    /// Text from others as one line on stdout, escaped.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn value(&self, text: &str) -> Result<(), StreamError> {
        self.line(&one_line(text))
    }

    /// A row of a table: fields separated by tabs, each escaped, so that scripts can take it apart.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn fields(&self, fields: &[&str]) -> Result<(), StreamError> {
        let fields: Vec<_> = fields.iter().map(|field| one_line(field)).collect();
        self.line(&fields.join("\t"))
    }

    /// Whether a person reads stdout.
    pub fn is_for_a_person(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// A table for a person; what does not fit is cut.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn table(&self, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<(), StreamError> {
        self.line(&table::aligned(header, rows))
    }

    /// A line of our own making (a table, a script) on stdout, as it is.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn line(&self, text: &str) -> Result<(), StreamError> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Generated files (completions, manual pages) on stdout.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), StreamError> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                Err(StreamError { action: "write standard output", cause })
            }
            _ => Ok(()),
        }
    }

    /// clap's words on an error of usage, in its colours.
    pub fn usage(&self, text: &str) {
        let _ = self.error_stream().write_all(text.as_bytes());
    }

    /// clap's help, in its colours.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub fn help(&self, text: &str) -> Result<(), StreamError> {
        let choice = if self.colored(&io::stdout()) { ColorChoice::Always } else { ColorChoice::Never };
        let mut plain = anstream::AutoStream::new(Vec::new(), choice);
        // Writing to a vector cannot fail.
        let _ = plain.write_all(text.as_bytes());
        self.bytes(&plain.into_inner())
    }

    /// An error with its details and the way out. Always shown.
    pub fn error(&self, message: &str, details: &[String], hint: Option<&str>) {
        self.stderr("\x1b[1;31merror:\x1b[0m", message);
        for detail in details {
            self.stderr("  -", detail);
        }
        if let Some(hint) = hint {
            self.stderr("\x1b[36mhint:\x1b[0m", hint);
        }
    }

    pub fn warning(&self, message: &str) {
        if self.verbosity != Verbosity::Quiet {
            self.stderr("\x1b[33mwarning:\x1b[0m", message);
        }
    }

    pub fn warnings(&self, messages: &[String]) {
        for message in messages {
            self.warning(message);
        }
    }

    pub fn note(&self, message: &str) {
        if self.verbosity != Verbosity::Quiet {
            self.stderr("\x1b[2mnote:\x1b[0m", message);
        }
    }

    /// `accepted for …`; only a person at a terminal wants it.
    pub fn accepted(&self, message: &str) {
        if self.verbosity != Verbosity::Quiet && io::stderr().is_terminal() {
            self.stderr("\x1b[32maccepted\x1b[0m", message);
        }
    }

    /// One of several details of an error that is told at the end.
    pub fn fault(&self, message: &str) {
        self.stderr("  -", message);
    }

    /// JSON of our own making on stderr, for machines that watch.
    pub fn progress_line(&self, json: &str) {
        let _ = writeln!(io::stderr(), "{json}");
    }

    pub fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// stdout for a long text from others that must stay as it is: a report.
    pub fn stream(&self) -> impl Write + use<> {
        io::BufWriter::with_capacity(64 * 1024, io::stdout())
    }

    /// Detail for `--verbose`; `mark` is `>` for what leaves, `<` for what comes, `*` for the rest.
    pub fn detail(&self, mark: char, message: &str) {
        if self.verbosity == Verbosity::Verbose {
            self.stderr(&format!("\x1b[2m{mark}\x1b[0m"), message);
        }
    }

    /// The message as its recipient would see it, drawn as `lines`.
    pub fn would_see(&self, recipient: &str, lines: &[String]) {
        self.note(&format!("{recipient} would see:"));
        if self.verbosity != Verbosity::Quiet {
            for line in lines {
                self.stderr("  \x1b[32m│\x1b[0m", line);
            }
        }
    }

    /// A message on one line: what it is, then what its recipient would see, drawn as `lines`.
    pub fn listed(&self, fields: &[&str], lines: &[String]) {
        if self.verbosity != Verbosity::Quiet {
            let seen: String = lines.join(" / ").chars().take(LISTED).collect();
            self.stderr("  -", &format!("{}  {seen}", fields.join("  ")));
        }
    }

    /// Asks on the terminal; the caller has made sure that there is one.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub fn ask(&self, question: &str) -> Result<String, StreamError> {
        let mut stderr = io::stderr();
        let mut answer = String::new();
        let asked = write!(stderr, "{} ", one_line(question)).and_then(|()| stderr.flush());
        let read = asked.and_then(|()| io::stdin().read_line(&mut answer));
        read.map_err(|cause| StreamError { action: "ask on the terminal", cause })?;
        Ok(answer.trim().to_owned())
    }

    fn colored(&self, stream: &impl anstream::stream::RawStream) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(stream) != ColorChoice::Never,
        }
    }

    /// One line on stderr; that it cannot be written is no reason to fail.
    fn stderr(&self, label: &str, text: &str) {
        let _ = writeln!(self.error_stream(), "{label} {}", one_line(text));
    }

    fn error_stream(&self) -> impl Write {
        let choice = if self.colored(&io::stderr()) { ColorChoice::Always } else { ColorChoice::Never };
        anstream::AutoStream::new(io::stderr(), choice)
    }
}

/// `value` as indented JSON, for a text of ours.
pub fn pretty(value: &Value) -> String {
    json::pretty(value, false)
}

/// What a command that is run for the user wrote to stderr, as it is.
pub fn pass_through(bytes: &[u8]) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(bytes).and_then(|()| stderr.flush());
}

/// Asks on the terminal without showing what is typed; the caller has made sure that there is one.
///
/// # Errors
/// When the terminal cannot be read, or a signal comes.
pub fn ask_hidden(question: &str) -> io::Result<String> {
    rpassword::prompt_password(format!("{} ", one_line(question)))
}
