//! The last lines that a command wrote, in limited memory.

use std::collections::VecDeque;

use crate::output::{one_line, without_escape_sequences};

/// The maximum number of characters shown of a line.
const MAX_LINE: usize = 4096;
/// The maximum number of bytes of a line that is kept whole. More is searched for secrets than is shown, since half of a
/// secret cannot be recognised.
const MAX_KEPT: usize = 4 * MAX_LINE;

/// The last lines, up to the requested number.
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
                line.extend(text.iter().take((MAX_KEPT + 1).saturating_sub(line.len())));
            }
        }
    }

    /// The lines without escape sequences and after `redact`. Remaining characters that a terminal or a log would act
    /// on are visible escapes.
    pub(crate) fn text(&self, redact: impl Fn(String) -> String) -> String {
        let plain = |line: &Vec<u8>| {
            let mut plain = without_escape_sequences(&String::from_utf8_lossy(line));
            // The line may have been cut in the middle of a secret.
            if line.len() > MAX_KEPT {
                let end = plain.len().saturating_sub(MAX_LINE);
                plain.truncate((0..=end).rev().find(|at| plain.is_char_boundary(*at)).unwrap_or_default());
                plain = if plain.is_empty() { "…".to_owned() } else { plain };
            }
            plain
        };
        let plain = redact(self.lines.iter().map(plain).collect::<Vec<_>>().join("\n"));
        let shown = |line: &str| {
            let line: String = line.trim_end_matches('\r').chars().take(MAX_LINE).collect();
            line.split('\t').map(one_line).collect::<Vec<_>>().join("\t")
        };
        plain.split('\n').map(shown).collect::<Vec<_>>().join("\n")
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
            (&["\u{1b}[1;31mred\u{1b}[0m\u{1b}[2K\r\n"], "red"),
            (&["\u{1b}]0;title\u{7}made\u{1b}(B \u{1b}Mit\u{8}\u{1b}[12"], "made it"),
            (&["\u{1b}]8;;https://e.com/\u{1b}\\link\u{1b}]8;;\u{1b}\\\u{9b}"], "link\\u{9b}"),
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
            assert_eq!(tail.text(|text| text.replace("secret", "(redacted)")), expected, "{pieces:?}");
        }
        let mut tail = Tail::new(1);
        for _ in 0..100 {
            tail.push(&[0xff; 1000]);
        }
        assert_eq!(tail.text(|text| text).chars().count(), MAX_LINE);
        // Escape sequences count until they are removed.
        let mut tail = Tail::new(1);
        tail.push(format!("{}begin{}secret", "\u{1b}[0m".repeat(100), "\u{1b}[0m".repeat(3994)).as_bytes());
        assert_eq!(tail.text(|text| text.replace("secret", "*")), "…");
        let mut tail = Tail::new(1);
        tail.push(format!("{}\n", "😀".repeat(5000)).as_bytes());
        assert_eq!(tail.text(|text| text), "😀".repeat(3 * MAX_LINE / 4));
        // The text before the shown end is known.
        let mut tail = Tail::new(1);
        tail.push(format!("{}secret", "x".repeat(MAX_LINE - 3)).as_bytes());
        assert_eq!(tail.text(|text| text.replace("secret", "*")), format!("{}*", "x".repeat(MAX_LINE - 3)));
    }
}
