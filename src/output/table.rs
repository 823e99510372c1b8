//! Tables, aligned by the width of their characters.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

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
}
