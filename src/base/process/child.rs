//! Runs a command for the user, with the same standard streams, signals and exit code as without jelouctl. Also finds
//! the program, and keeps the last lines of its output in limited memory.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::future::pending;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{sleep_until, timeout};

use super::signal::Signal;
use super::signals::Signals;
use crate::base::message::msg;
use crate::base::output::{Stderr, SystemError, one_line, without_escape_sequences};

/// The exit code of shells for a command that is not found.
const NOT_FOUND: u8 = 127;
/// The exit code of shells for a file that cannot be run.
const NOT_EXECUTABLE: u8 = 126;

/// How long to read output after a command has ended. A background process of the command may keep the pipe open and
/// write forever.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

/// How long to wait before a signal is forwarded to the command. If the whole group got the signal, the command ends
/// before that.
const FORWARD_DELAY: Duration = Duration::from_millis(75);

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommandEnd {
    /// Its exit code: 127 or 126 if it could not be started, 128 plus the signal's number if a signal ended it. None if
    /// waiting for the command failed.
    pub(crate) code: Option<u8>,
    /// The number of the signal that ended it.
    pub(crate) signal: Option<i32>,
}

impl CommandEnd {
    fn exited(code: u8) -> Self {
        Self {
            code: Some(code),
            signal: None,
        }
    }
}

/// Runs `command` with our variables and these, until it ends, and returns its end and the instant. It uses our
/// standard streams. With `tail`, its stderr goes through us, and `tail` keeps the last lines. Prints an error if
/// starting or waiting fails.
pub(crate) async fn run_command(
    stderr: &Stderr,
    command: &[OsString],
    variables: &[(&'static str, String)],
    mut tail: Option<&mut Tail>,
) -> Result<(CommandEnd, Instant), SystemError> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok((CommandEnd::exited(0), Instant::now()));
    };
    // Signals are caught from here, so that one during the start also reaches the command.
    let mut signals = Signals::catch()?;
    let mut to_forward = VecDeque::new();
    let mut started = Command::new(find_program(program));
    started
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)));
    if tail.is_some() {
        started.stderr(Stdio::piped());
    }
    let mut child = match started.spawn() {
        Ok(child) => child,
        Err(error) => {
            let end = report_failed_start(stderr, program, &error);
            signals.note_command_end();
            return Ok((end, Instant::now()));
        }
    };
    let mut written = child.stderr.take();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            signal = signals.next_for_command() => to_forward.push_back((Instant::now() + FORWARD_DELAY, signal)),
            signal = next_due_signal(&mut to_forward) => forward(signal, &child),
            is_open = copy(&mut written, stderr, tail.as_deref_mut()), if written.is_some() => if !is_open { written = None },
        }
    };
    let at = Instant::now();
    signals.note_command_end();
    let drained = async { while copy(&mut written, stderr, tail.as_deref_mut()).await {} };
    let _ = timeout(DRAIN_TIMEOUT, drained).await;
    let ended = match status {
        Ok(status) => ended(status),
        Err(error) => {
            stderr.error(
                msg!(
                    "failed to wait for the command, so its exit code is unknown: {error}",
                    error
                ),
                &[],
                None,
            );
            CommandEnd {
                code: None,
                signal: None,
            }
        }
    };
    Ok((ended, at))
}

/// Prints that the program could not be started, and returns the exit code that a shell would have.
fn report_failed_start(stderr: &Stderr, program: &OsStr, error: &io::Error) -> CommandEnd {
    let shown = without_arguments(program);
    let hint = (shown.len() < program.len())
        .then(|| msg!("for a command line in quotes: -- sh -c 'COMMAND ARGUMENTS'"));
    stderr.error(
        msg!("failed to run {shown}: {error}", shown, error),
        &[],
        hint.as_ref(),
    );
    if error.kind() == io::ErrorKind::NotFound {
        CommandEnd::exited(NOT_FOUND)
    } else {
        CommandEnd::exited(NOT_EXECUTABLE)
    }
}

/// Returns the program to show. If the user quoted a whole command line, this omits its arguments
/// and the variables before it, because they may contain a password.
pub(crate) fn without_arguments(program: &OsStr) -> String {
    let shown = program.to_string_lossy();
    if Path::new(program).exists() {
        return shown.into_owned();
    }
    let command = shown.split_whitespace().find(|word| !word.contains('='));
    let variable = || shown.trim().split('=').next().unwrap_or_default();
    command.unwrap_or_else(variable).to_owned()
}

/// Waits until the first of these signals is due, and returns it.
async fn next_due_signal(to_forward: &mut VecDeque<(Instant, Signal)>) -> Signal {
    let Some((due, signal)) = to_forward.front().copied() else {
        return pending().await;
    };
    sleep_until(due.into()).await;
    to_forward.pop_front();
    signal
}

/// Copies new output of the command. Returns false if no more follows.
async fn copy(written: &mut Option<ChildStderr>, stderr: &Stderr, tail: Option<&mut Tail>) -> bool {
    let (Some(written), Some(tail)) = (written, tail) else {
        return false;
    };
    let mut buffer = [0; 8192];
    let count = written.read(&mut buffer).await.unwrap_or(0);
    let read = buffer.get(..count).unwrap_or_default();
    tail.push(read);
    // If our own stderr has no reader, the output of the command is lost, too.
    let is_read = stderr
        .pass_through(read)
        .err()
        .is_none_or(|error| error.kind() != io::ErrorKind::BrokenPipe);
    count > 0 && is_read
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> CommandEnd {
    use std::os::unix::process::ExitStatusExt;

    let signal = status.signal();
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    CommandEnd {
        code: Some(
            code.and_then(|code| u8::try_from(code).ok())
                .unwrap_or(u8::MAX),
        ),
        signal,
    }
}

/// Windows exit codes have 32 bits. A code above 255 becomes 255.
#[cfg(windows)]
fn ended(status: ExitStatus) -> CommandEnd {
    /// `STATUS_CONTROL_C_EXIT`: Ctrl-C, Ctrl-Break, or the user closed the console's window.
    const CONTROL_C_EXIT: u32 = 0xC000_013A;
    let code = status.code().unwrap_or(-1).cast_unsigned();
    if code == CONTROL_C_EXIT {
        return CommandEnd {
            code: Some(130),
            signal: Some(Signal::Interrupt.number().into()),
        };
    }
    CommandEnd {
        code: Some(u8::try_from(code).unwrap_or(u8::MAX)),
        signal: None,
    }
}

/// Sends `signal` to the child.
#[cfg(unix)]
fn forward(signal: Signal, child: &Child) {
    use rustix::process::{Pid, Signal as SystemSignal, kill_process};

    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let number = SystemSignal::from_named_raw(signal.number().into());
    if let (Some(pid), Some(number)) = (pid, number) {
        // A child that has ended needs no signal.
        let _ = kill_process(pid, number);
    }
}

/// Windows has no signals to forward.
#[cfg(windows)]
fn forward(_signal: Signal, _child: &Child) {}

/// The maximum of characters of a printed line.
const MAX_LINE: usize = 4096;
/// The maximum of bytes of a line that is kept whole. It is larger than the printed part, because the search for
/// secrets needs whole secrets.
const MAX_KEPT: usize = 4 * MAX_LINE;

/// The last lines, up to the requested number.
#[derive(Debug)]
pub(crate) struct Tail {
    max_lines: usize,
    lines: VecDeque<Vec<u8>>,
    /// Whether the last line has no line break yet.
    is_open: bool,
}

impl Tail {
    pub(crate) fn new(max_lines: usize) -> Self {
        Self {
            max_lines,
            lines: VecDeque::new(),
            is_open: false,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.is_open {
                if self.lines.len() == self.max_lines {
                    self.lines.pop_front();
                }
                self.lines.push_back(Vec::new());
            }
            self.is_open = !part.ends_with(b"\n");
            if let Some(line) = self.lines.back_mut() {
                let text = part.strip_suffix(b"\n").unwrap_or(part);
                line.extend(text);
                drop_overwritten(line);
                line.truncate(MAX_KEPT + 1);
            }
        }
    }

    /// Returns the lines as a terminal shows them, without escape sequences and after `redact`.
    /// Other characters that a terminal or a log would act on are escaped.
    pub(crate) fn text(&self, redact: impl Fn(String) -> String) -> String {
        let plain = |line: &Vec<u8>| {
            let mut plain = render_line(&String::from_utf8_lossy(line));
            // The line may have been cut in the middle of a secret.
            if line.len() > MAX_KEPT {
                let end = plain.len().saturating_sub(MAX_LINE);
                plain.truncate(
                    (0..=end)
                        .rev()
                        .find(|at| plain.is_char_boundary(*at))
                        .unwrap_or_default(),
                );
                plain = if plain.is_empty() {
                    "…".to_owned()
                } else {
                    plain
                };
            }
            plain
        };
        let plain = redact(self.lines.iter().map(plain).collect::<Vec<_>>().join("\n"));
        let shown = |line: &str| {
            let line: String = line.chars().take(MAX_LINE).collect();
            line.split('\t')
                .map(one_line)
                .collect::<Vec<_>>()
                .join("\t")
        };
        plain.split('\n').map(shown).collect::<Vec<_>>().join("\n")
    }
}

/// Removes the overwritten part of a `line` that is too long, because a progress bar may write one line for hours.
fn drop_overwritten(line: &mut Vec<u8>) {
    if line.len() <= MAX_KEPT {
        return;
    }
    let written = line.trim_ascii_end().len();
    let begin = line
        .iter()
        .take(written)
        .rposition(|byte| *byte == b'\r')
        .unwrap_or(0);
    line.drain(..begin);
}

/// Returns the text that a terminal shows after the whole `line`. A progress bar moves to the start
/// of the line, or back by some characters, and overwrites the text.
fn render_line(line: &str) -> String {
    let mut shown = RenderedLine::default();
    let mut rest = line;
    let mut begin = 0;
    while let Some(found) = rest
        .get(begin..)
        .and_then(|after| after.find(['\r', '\u{8}', '\u{1b}']))
    {
        let (before, after) = rest.split_at(begin + found);
        let Some((movement, length)) = Movement::read(after) else {
            begin = before.len() + 1;
            continue;
        };
        shown.write(&without_escape_sequences(before));
        shown.apply(movement);
        rest = after.get(length..).unwrap_or_default();
        begin = 0;
    }
    shown.write(&without_escape_sequences(rest));
    shown.text
}

/// A line of a terminal during writing.
#[derive(Default)]
struct RenderedLine {
    text: String,
    /// The distance of the cursor from the end, in characters.
    back: usize,
}

/// A control sequence that moves the cursor in a line, or erases a part of it.
#[derive(Clone, Copy)]
enum Movement {
    ToStart,
    Back,
    EraseToEnd,
    EraseAll,
}

impl Movement {
    /// Reads the movement at the beginning of `text`, and its length in bytes.
    fn read(text: &str) -> Option<(Self, usize)> {
        if text.starts_with('\r') {
            return Some((Self::ToStart, 1));
        }
        if text.starts_with('\u{8}') {
            return Some((Self::Back, 1));
        }
        let sequences = [
            ("\u{1b}[G", Self::ToStart),
            ("\u{1b}[1G", Self::ToStart),
            ("\u{1b}[K", Self::EraseToEnd),
            ("\u{1b}[0K", Self::EraseToEnd),
            ("\u{1b}[J", Self::EraseToEnd),
            ("\u{1b}[0J", Self::EraseToEnd),
            ("\u{1b}[1K", Self::EraseAll),
            ("\u{1b}[2K", Self::EraseAll),
        ];
        sequences
            .into_iter()
            .find(|(sequence, _)| text.starts_with(sequence))
            .map(|(sequence, movement)| (movement, sequence.len()))
    }
}

impl RenderedLine {
    /// Writes `text` at the cursor and erases the rest of the line. At the start it replaces the whole line, like a
    /// frame of a progress bar.
    fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.erase_to_end();
        self.text.push_str(text);
    }

    fn apply(&mut self, movement: Movement) {
        let length = self.text.chars().count();
        match movement {
            Movement::ToStart => self.back = length,
            Movement::Back => self.back = length.min(self.back + 1),
            Movement::EraseToEnd => self.erase_to_end(),
            Movement::EraseAll => {
                self.text.clear();
                self.back = 0;
            }
        }
    }

    fn erase_to_end(&mut self) {
        for _ in 0..self.back {
            self.text.pop();
        }
        self.back = 0;
    }
}

/// Finds the program like the command line of Windows: `npm` is `npm.cmd`, by the extensions in `PATHEXT`. Other
/// systems search `PATH` themselves.
pub(crate) fn find_program(name: &OsStr) -> OsString {
    #[cfg(windows)]
    if let Ok(found) = which::which(name) {
        return found.into();
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_are_kept_from_any_chunks() {
        for (pieces, expected) in [
            (&["a\nb\nc\n"][..], "b\nc"),
            (&["a\nb\nc"], "b\nc"),
            (&["a", "\nb", "\n", "c"], "b\nc"),
            (&["a\n", "\n"], "a\n"),
            (&["\u{1b}[2K\u{1b}[1;31mred\u{1b}[0m\r\n"], "red"),
            (
                &["\rstep 1/3\rstep 2/3", "\rstep 3/3\ndone\n"],
                "step 3/3\ndone",
            ),
            (&["100 %\rDone\r", "\n"], "Done"),
            (&["working\r\u{1b}[Kdone\n"], "done"),
            (&["working\r\u{1b}[K\n"], ""),
            (&["working\u{1b}[2K\u{1b}[1Gdone"], "done"),
            (&["working\r\u{1b}[?25h\n"], "working"),
            (&["\r\u{1b}]0;title\u{7}made\r\u{1b}[32mok"], "ok"),
            (&["wait |\u{8}/\u{8}-\u{8}"], "wait -"),
            (&["10%\u{8}\u{8}\u{8}99%"], "99%"),
            (&["\u{8}\u{8}a\u{8}"], "a"),
            (
                &["\u{1b}]0;title\u{7}made\u{1b}(B \u{1b}Mit\u{8}\u{1b}[12"],
                "made it",
            ),
            (
                &["\u{1b}]8;;https://e.com/\u{1b}\\link\u{1b}]8;;\u{1b}\\\u{9b}"],
                "link\\u{9b}",
            ),
            (&["secret\u{1b}[m!\n"], "(redacted)!"),
            (&["\tat line 3\n"], "\tat line 3"),
            (&["uno\u{b}dos\n"], "uno\ndos"),
            (&["uno\u{2028}dos\u{2029}tres\n"], "uno\ndos\ntres"),
            (&[""], ""),
        ] {
            let mut tail = Tail::new(2);
            for piece in pieces {
                tail.push(piece.as_bytes());
            }
            assert_eq!(
                tail.text(|text| text.replace("secret", "(redacted)")),
                expected,
                "{pieces:?}"
            );
        }
        let mut tail = Tail::new(1);
        for _ in 0..100 {
            tail.push(&[0xff; 1000]);
        }
        assert_eq!(tail.text(|text| text).chars().count(), MAX_LINE);
        // A progress bar that writes one line for hours.
        let mut tail = Tail::new(1);
        for step in 0..5000 {
            tail.push(format!("\rstep {step} of 5000").as_bytes());
        }
        tail.push(b"\r\n");
        assert_eq!(tail.text(|text| text), "step 4999 of 5000");
        // Escape sequences count until they are removed.
        let mut tail = Tail::new(1);
        tail.push(
            format!(
                "{}begin{}secret",
                "\u{1b}[0m".repeat(100),
                "\u{1b}[0m".repeat(3994)
            )
            .as_bytes(),
        );
        assert_eq!(tail.text(|text| text.replace("secret", "*")), "…");
        let mut tail = Tail::new(1);
        tail.push(format!("{}\n", "😀".repeat(5000)).as_bytes());
        assert_eq!(tail.text(|text| text), "😀".repeat(3 * MAX_LINE / 4));
        // A secret at the end of the printed part is found whole.
        let mut tail = Tail::new(1);
        tail.push(format!("{}secret", "x".repeat(MAX_LINE - 3)).as_bytes());
        assert_eq!(
            tail.text(|text| text.replace("secret", "*")),
            format!("{}*", "x".repeat(MAX_LINE - 3))
        );
    }
}
