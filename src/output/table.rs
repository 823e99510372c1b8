//! Tables, aligned by the width of their characters, and lines broken for a terminal.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use unicode_width::UnicodeWidthStr;

use super::escape::one_line;

/// The maximum number of characters shown of a cell.
const MAX_CELL: usize = 60;

/// For a terminal: columns, under `header` if it is not empty; every cell on one line.
pub(crate) fn aligned(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if !header.is_empty() {
        table.set_header(header);
    }
    table.add_rows(rows.map(|row| row.iter().map(|cell| cut(&one_line(cell))).collect::<Vec<_>>()));
    table.trim_fmt()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_CELL {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(MAX_CELL - 1).collect();
    shown.push('…');
    shown
}

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
    fn columns_are_aligned_and_cells_stay_on_one_line() {
        let rows = [["día", "a\nb"], ["日本", "x"]].map(|row| row.map(str::to_owned).to_vec());
        let table = aligned(&["NAME", "TEXT"], rows.into_iter());
        assert_eq!(table, " NAME  TEXT\n día   a\\nb\n 日本  x");
        assert_eq!(cut(&"ñ".repeat(61)), format!("{}…", "ñ".repeat(59)));
    }

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
