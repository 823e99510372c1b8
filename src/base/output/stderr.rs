//! Standard error: errors, warnings, notes and prompts. Every message is on one line, even if its text has line breaks.

use std::io::{self, BufRead, IsTerminal, Write};

use anstream::ColorChoice;
use anstream::stream::RawStream;
use clap::ValueEnum;
use thiserror::Error;

use super::escape::one_line;
use super::facts::{FactLine, fact_table};
use super::program::completed;
use crate::base::message::{Lang, Message, msg};

/// The maximum of characters of a listed message.
const MAX_LISTED: usize = 100;

/// How much is printed on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Errors.
    Quiet,
    /// Errors, warnings and notes.
    #[default]
    Normal,
    /// Also print each attempt, request and answer.
    Verbose,
}

/// A value of `--color`; the comments are its help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    // `NO_COLOR` decides first, then `CLICOLOR_FORCE`, then whether it is a terminal.
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn choice(self, stream: &impl RawStream) -> ColorChoice {
        match self {
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
            Self::Auto => anstream::AutoStream::choice(stream),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Stderr {
    verbosity: Verbosity,
    color: Color,
    pub(crate) lang: Lang,
}

/// What begins a line.
#[derive(Clone, Copy)]
enum Label {
    Error,
    Hint,
    Warning,
    Note,
    Accepted,
    /// One of several.
    Item,
    /// What helps with an item.
    ItemHint,
    /// A line of a drawn message.
    Bubble,
    Detail(char),
}

impl Label {
    /// Returns the label in its color.
    fn text(self, lang: Lang) -> String {
        let (color, word) = match self {
            Self::Error => ("1;31", msg!("error:")),
            Self::Hint => ("36", msg!("hint:")),
            Self::Warning => ("33", msg!("warning:")),
            Self::Note => ("2", msg!("note:")),
            Self::Accepted => ("32", msg!("accepted")),
            Self::Item => return "  -".to_owned(),
            Self::ItemHint => return format!("    {}", Self::Hint.text(lang)),
            Self::Bubble => return "  \x1b[32m│\x1b[0m".to_owned(),
            Self::Detail(mark) => return format!("\x1b[2m{mark}\x1b[0m"),
        };
        format!("\x1b[{color}m{}\x1b[0m", word.text(lang))
    }
}

#[expect(
    clippy::unused_self,
    reason = "only code that has the stream may write to it"
)]
impl Stderr {
    pub(crate) fn new(verbosity: Verbosity, color: Color) -> Self {
        Self {
            verbosity,
            color,
            lang: Lang::default(),
        }
    }

    /// Prints an error with its details and the hint, also with `--quiet`.
    pub(crate) fn error(
        &self,
        message: impl Into<Message>,
        details: &[Message],
        hint: Option<&Message>,
    ) {
        self.print(Label::Error, &message.into().text(self.lang));
        for detail in details {
            self.print(Label::Item, &detail.text(self.lang));
        }
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// Prints what an error means for the messages of the command, also with `--quiet`.
    pub(crate) fn error_note(&self, message: &Message) {
        self.print(Label::Note, &message.text(self.lang));
    }

    pub(crate) fn warning(&self, message: impl Into<Message>) {
        self.print_unless_quiet(Label::Warning, &message.into());
    }

    /// Prints a warning with the command that helps.
    pub(crate) fn warning_with_hint(&self, message: impl Into<Message>, hint: impl Into<Message>) {
        if !self.is_quiet() {
            self.warning(message);
            self.hint(&hint.into());
        }
    }

    /// Prints the command that helps with the line above.
    pub(crate) fn hint(&self, hint: &Message) {
        self.print(Label::Hint, &completed(&hint.text(self.lang)));
    }

    pub(crate) fn warnings<'a, M>(&self, messages: &'a [M])
    where
        Message: From<&'a M>,
    {
        for message in messages {
            self.warning(message);
        }
    }

    pub(crate) fn note(&self, message: impl Into<Message>) {
        self.print_unless_quiet(Label::Note, &message.into());
    }

    fn print_unless_quiet(&self, label: Label, message: &Message) {
        if !self.is_quiet() {
            self.print(label, &completed(&message.text(self.lang)));
        }
    }

    /// Prints `accepted for …`, only on a terminal.
    pub(crate) fn accepted(&self, message: impl Into<Message>) {
        if !self.is_quiet() && io::stderr().is_terminal() {
            self.print(Label::Accepted, &message.into().text(self.lang));
        }
    }

    /// Prints one of several details of an error that follows at the end, with what helps.
    pub(crate) fn fault(&self, message: impl Into<Message>, hint: Option<&Message>) {
        self.print(Label::Item, &message.into().text(self.lang));
        if let Some(hint) = hint {
            self.print(Label::ItemHint, &completed(&hint.text(self.lang)));
        }
    }

    /// Prints a line of JSON progress, for programs.
    pub(crate) fn progress_line(&self, json: &str) {
        let _ = writeln!(io::stderr(), "{json}");
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Prints a detail for `--verbose`. `mark` is `>` for sent data, `<` for received data, and `*` for the rest.
    pub(crate) fn detail(&self, mark: char, message: &str) {
        if self.is_verbose() {
            self.print(Label::Detail(mark), message);
        }
    }

    /// Prints a message below its `title`, drawn as `lines`.
    pub(crate) fn preview(&self, title: impl Into<Message>, lines: &[String]) {
        self.note(title);
        if !self.is_quiet() {
            self.bubble(lines);
        }
    }

    /// Prints the lines of a drawn message.
    pub(crate) fn bubble(&self, lines: &[String]) {
        for line in lines {
            self.print(Label::Bubble, line);
        }
    }

    /// Prints a table of facts below its `title`, as wide as the terminal.
    pub(crate) fn fact_table(&self, title: impl Into<Message>, lines: &[FactLine]) {
        if self.is_quiet() {
            return;
        }
        self.note(title);
        let mut stream = self.stream();
        for line in fact_table(lines, terminal_width(io::stderr()).min(MAX_WIDTH)) {
            let _ = writeln!(stream, "{line}");
        }
    }

    /// Whether a person sees it, and not a log.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Prints what the user must know before a prompt.
    pub(crate) fn before_prompt<'a, M>(&self, lines: &'a [M])
    where
        Message: From<&'a M>,
    {
        for line in lines {
            let line = Message::from(line).text(self.lang);
            let _ = writeln!(self.stream(), "{}", one_line(&line));
        }
    }

    /// Prints a message on one line: its fields, then what its recipient would see, drawn as `lines`.
    pub(crate) fn listed(&self, fields: &[&str], lines: &[String]) {
        if !self.is_quiet() {
            let seen: String = lines.join(" / ").chars().take(MAX_LISTED).collect();
            self.print(Label::Item, &format!("{}  {seen}", fields.join("  ")));
        }
    }

    /// Prompts on the terminal; None if the input ends. The caller has checked that there is a terminal.
    pub(crate) fn ask_line(
        &self,
        question: impl Into<Message>,
    ) -> Result<Option<String>, SystemError> {
        let mut stderr = io::stderr();
        let mut answer = Vec::new();
        let question = question.into().text(self.lang);
        let written = write!(stderr, "{} ", one_line(&question)).and_then(|()| stderr.flush());
        let read = written.and_then(|()| io::stdin().lock().read_until(b'\n', &mut answer));
        read.map_err(|cause| SystemError {
            action: msg!("ask on the terminal"),
            cause,
        })?;
        if answer.is_empty() {
            // The prompt's line is still open.
            let _ = writeln!(stderr);
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&answer).trim().to_owned()))
    }

    /// Prints the stderr of a command that we run for the user, unchanged.
    pub(crate) fn pass_through(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stderr = io::stderr();
        stderr.write_all(bytes).and_then(|()| stderr.flush())
    }

    /// Prints one line, and ignores a failure to write it.
    fn print(&self, label: Label, text: &str) {
        let label = label.text(self.lang);
        let _ = writeln!(self.stream(), "{label} {}", one_line(text));
    }

    fn stream(&self) -> impl Write {
        anstream::AutoStream::new(io::stderr(), self.color.choice(&io::stderr()))
    }
}

/// The width of a log, and of a terminal that does not tell its own.
const USUAL_WIDTH: usize = 80;
/// The byte of the key that sends SIGQUIT.
#[cfg(unix)]
const CTRL_BACKSLASH: u8 = 0x1c;
/// Longer lines are hard to read.
const MAX_WIDTH: usize = 120;

/// Returns the number of columns of a terminal.
#[cfg(unix)]
pub(super) fn terminal_width(terminal: impl std::os::fd::AsFd) -> usize {
    let width = rustix::termios::tcgetwinsize(terminal).map(|size| size.ws_col.into());
    let width = width.ok().filter(|width| *width > 0);
    width.unwrap_or(USUAL_WIDTH)
}

/// Returns the usual number of columns.
#[cfg(windows)]
pub(super) fn terminal_width<T>(_terminal: T) -> usize {
    USUAL_WIDTH
}

/// Hides what is typed while it exists, and ends the line of the prompt. On Windows, the prompt itself does so.
pub(crate) struct HiddenInput {
    #[cfg(unix)]
    terminal: std::fs::File,
    #[cfg(unix)]
    mode_before: rustix::termios::Termios,
}

impl HiddenInput {
    #[cfg(unix)]
    pub(crate) fn begin() -> io::Result<Self> {
        use rustix::termios::{
            LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr,
        };

        let terminal = open_terminal()?;
        let mode_before = tcgetattr(&terminal)?;
        let mut mode = mode_before.clone();
        mode.local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        mode.special_codes[SpecialCodeIndex::VMIN] = 1;
        mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &mode)?;
        Ok(Self {
            terminal,
            mode_before,
        })
    }

    #[cfg(windows)]
    #[expect(clippy::unnecessary_wraps, reason = "on Unix, it can fail")]
    pub(crate) fn begin() -> io::Result<Self> {
        Ok(Self {})
    }
}

#[cfg(unix)]
impl Drop for HiddenInput {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};

        // A terminal that no longer exists needs no mode.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.mode_before);
        let _ = writeln!(self.terminal);
    }
}

#[cfg(unix)]
fn open_terminal() -> io::Result<std::fs::File> {
    std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
}

/// The keys at a hidden prompt. rpassword sends the signal of Ctrl-C, but not that of Ctrl-\.
#[cfg(unix)]
struct TypedKeys(std::fs::File);

#[cfg(unix)]
impl io::Read for TypedKeys {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(bytes)?;
        if bytes.iter().take(count).any(|byte| *byte == CTRL_BACKSLASH) {
            signal_hook::low_level::raise(signal_hook::consts::SIGQUIT)?;
        }
        Ok(count)
    }
}

/// Prompts on the terminal for a text that [`HiddenInput`] hides. The caller has checked that there is a terminal.
///
/// # Errors
/// If the terminal cannot be read, or the user types Ctrl-C.
pub(crate) fn ask_hidden(question: &str) -> io::Result<String> {
    let config = rpassword::ConfigBuilder::new();
    // rpassword would put back the mode of a terminal that it opens, perhaps after `HiddenInput` has ended.
    #[cfg(unix)]
    let config = config
        .input_reader(TypedKeys(open_terminal()?))
        .output_writer(open_terminal()?);
    let prompt = format!("{} ", one_line(question));
    rpassword::prompt_password_with_config(prompt, config.build())
}

/// An error of the operating system, usually of our streams.
#[derive(Debug, Error)]
#[error("{}", self.message())]
pub(crate) struct SystemError {
    /// What failed, after "failed to".
    pub(crate) action: Message,
    pub(crate) cause: io::Error,
}

impl SystemError {
    pub(crate) fn message(&self) -> Message {
        msg!(
            "failed to {action}: {cause}",
            action = self.action,
            cause = self.cause
        )
    }
}
