//! The columns that a report adds behind those of the list, and the mark that keeps a spreadsheet from running a cell: a
//! report is written with them, and read back without.

/// The columns of the outcome, behind those of the input.
pub(crate) const OUTCOME_COLUMNS: [&str; 7] = ["sent", "message_id", "http_status", "code", "error", "attempts", "at"];

/// A cell that begins with one of these would be run by a spreadsheet, or taken for a guarded one.
const GUARDED_BEGINNINGS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// The cell with a `'` in front where a spreadsheet would run it.
pub(crate) fn guarded(cell: &str) -> String {
    if cell.starts_with(GUARDED_BEGINNINGS) { format!("'{cell}") } else { cell.to_owned() }
}

/// What [`guarded`] made a cell of a report from.
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_guarded_cell_comes_back_and_runs_nowhere(cell in "['=+@\\-\t\r]{0,3}.*") {
            let guarded = guarded(&cell);
            prop_assert_eq!(unguarded(&guarded), &cell);
            prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
