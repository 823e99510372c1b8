//! Breaks text into lines for a terminal.

use unicode_width::UnicodeWidthStr;

/// `text` in lines of at most `columns`, broken at blanks; a longer word has a line of its own.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ') {
        if used > 0 && used + word.trim_end().width() > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        line.push_str(word);
        used += word.width();
    }
    lines.push(line.trim_end().to_owned());
    lines
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
            ("a bcdefgh ij", 5, vec!["a", "bcdefgh", "ij"]),
            ("abcde fghij", 5, vec!["abcde", "fghij"]),
            ("日本 語日 本", 5, vec!["日本", "語日", "本"]),
        ] {
            assert_eq!(wrapped(text, columns), expected, "{text}");
        }
    }
}
