//! The last lines of what a command wrote; its memory does not grow with what it writes.

use std::collections::VecDeque;

use crate::output::one_line;

/// The most of a line that is kept, in bytes.
const MAX_LINE: usize = 4096;

/// The last lines, at most as many as are asked for.
#[derive(Debug)]
pub(crate) struct Tail {
    most: usize,
    lines: VecDeque<Vec<u8>>,
    /// Whether the last line has no line break yet.
    is_open: bool,
}

impl Tail {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, lines: VecDeque::new(), is_open: false }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.is_open {
                if self.lines.len() == self.most {
                    self.lines.pop_front();
                }
                self.lines.push_back(Vec::new());
            }
            self.is_open = !part.ends_with(b"\n");
            if let Some(line) = self.lines.back_mut() {
                let text = part.strip_suffix(b"\n").unwrap_or(part);
                line.extend(text.iter().take(MAX_LINE.saturating_sub(line.len())));
            }
        }
    }

    /// The lines, each with what a terminal or a log would act on as visible escapes.
    pub(crate) fn text(&self) -> String {
        let shown = |line: &Vec<u8>| one_line(String::from_utf8_lossy(line).trim_end_matches('\r')).into_owned();
        self.lines.iter().map(shown).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines_however_they_come() {
        for (pieces, expected) in [
            (&["a\nb\nc\n"][..], "b\nc"),
            (&["a\nb\nc"], "b\nc"),
            (&["a", "\nb", "\n", "c"], "b\nc"),
            (&["a\n", "\n"], "a\n"),
            (&["\u{1b}[31mred\r\n"], "\\u{1b}[31mred"),
            (&[""], ""),
        ] {
            let mut tail = Tail::new(2);
            for piece in pieces {
                tail.push(piece.as_bytes());
            }
            assert_eq!(tail.text(), expected, "{pieces:?}");
        }
        let mut tail = Tail::new(1);
        for _ in 0..100 {
            tail.push(&[0xff; 1000]);
        }
        assert_eq!(tail.text().chars().count(), MAX_LINE);
    }
}
