//! What is said of a list that was read: what was passed over, and what nobody sees who opens it.

use crate::list::{HiddenRows, ListReader};
use crate::output::{Stderr, counted};

pub(super) fn tell_of_list(stderr: &Stderr, list: &ListReader) {
    match list.empty_rows() {
        0 => {}
        1 => stderr.note("1 row without a filled cell was passed over"),
        rows => stderr.note(&format!("{rows} rows without a filled cell were passed over")),
    }
    if let Some(HiddenRows { count, first }) = list.hidden_rows().filter(|hidden| hidden.count > 0) {
        let (rows, are) = if *count == 1 { ("row is", "is") } else { ("rows are", "are") };
        let more = if *count > first.len() as u64 { ", …" } else { "" };
        let lines = first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let hidden = format!("{count} {rows} hidden in the sheet, and {are} taken like the others");
        stderr.warning(&format!("{hidden}: line {lines}{more}"));
    }
    if let Some((sheet, others)) = list.sheets().filter(|(_, others)| !others.is_empty()) {
        let others = counted(others.len() as u64, "other sheet");
        stderr.note(&format!("the sheet `{sheet}` was read; the workbook has {others}: --sheet NAME takes another"));
    }
}
