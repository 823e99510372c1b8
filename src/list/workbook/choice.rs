//! Which sheet of a workbook is the list.

use super::error::WorkbookError;

#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_hidden: bool,
}

/// The place of the sheet that is `wanted`, else of the first one that can be seen.
pub(super) fn choose(sheets: &[Sheet], wanted: Option<&str>) -> Result<usize, WorkbookError> {
    let chosen = match wanted {
        Some(name) => {
            let exact = sheets.iter().position(|sheet| sheet.name == name);
            exact.or_else(|| sheets.iter().position(|sheet| is_alike(&sheet.name, name)))
        }
        None => sheets.iter().position(|sheet| !sheet.is_hidden),
    };
    chosen.ok_or_else(|| not_there(sheets, wanted))
}

/// A spreadsheet knows no two sheets that differ in capitals alone.
pub(super) fn is_alike(sheet: &str, name: &str) -> bool {
    sheet.trim().to_lowercase() == name.trim().to_lowercase()
}

pub(super) fn not_there(sheets: &[Sheet], wanted: Option<&str>) -> WorkbookError {
    let names = |hidden_only: bool| {
        let those = sheets.iter().filter(|sheet| sheet.is_hidden || !hidden_only);
        those.map(|sheet| sheet.name.clone()).collect()
    };
    match wanted {
        Some(name) if !sheets.is_empty() => WorkbookError::UnknownSheet { name: name.to_owned(), sheets: names(false) },
        _ => WorkbookError::NoSheet { hidden: names(true) },
    }
}
