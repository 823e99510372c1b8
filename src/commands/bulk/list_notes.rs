//! What is said of a list that was read: what was passed over, and what nobody sees who opens it.

use crate::list::ListReader;
use crate::output::{Stderr, counted};

pub(super) fn tell_of_list(stderr: &Stderr, list: &ListReader) {
    match list.empty_rows() {
        0 => {}
        1 => stderr.note("1 row without a filled cell was passed over"),
        rows => stderr.note(&format!("{rows} rows without a filled cell were passed over")),
    }
    match list.hidden_rows() {
        0 => {}
        1 => stderr.warning("1 row is hidden in the sheet, and is taken like the others"),
        rows => stderr.warning(&format!("{rows} rows are hidden in the sheet, and are taken like the others")),
    }
    if let Some((sheet, others)) = list.sheets().filter(|(_, others)| !others.is_empty()) {
        let others = counted(others.len() as u64, "other sheet");
        stderr.note(&format!("the sheet `{sheet}` was read; the workbook has {others}: --sheet NAME takes another"));
    }
}
