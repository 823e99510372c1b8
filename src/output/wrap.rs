//! Breaks text into lines for a terminal.

use unicode_width::UnicodeWidthChar;

/// `text` in lines of at most `columns`, broken at blanks if possible.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ') {
        let needed = width(word.trim_end());
        if used > 0 && used + needed > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        for character in word.chars() {
            let wide = character.width().unwrap_or(0);
            // A blank may go beyond the end of the line.
            if used + wide > columns && character != ' ' {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used += wide;
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_and_no_word_is_lost() {
        for (text, columns, expected) in [
            ("", 5, vec![""]),
            ("a b", 5, vec!["a b"]),
            ("abc def", 5, vec!["abc", "def"]),
            ("abcdefgh ij", 5, vec!["abcde", "fgh", "ij"]),
            ("abcde fghij", 5, vec!["abcde", "fghij"]),
            ("日本語日本", 5, vec!["日本", "語日", "本"]),
        ] {
            assert_eq!(wrapped(text, columns), expected, "{text}");
        }
    }
}
