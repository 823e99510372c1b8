//! Which sheets of a workbook are read.

use super::error::WorkbookError;

#[derive(Clone, Debug)]
pub(crate) enum SheetChoice {
    /// The sheet of this name, otherwise the first visible one.
    One(Option<String>),
    /// Hidden ones, too.
    Every,
    /// The first filled rows of each visible sheet.
    Heads(usize),
}

impl SheetChoice {
    pub(super) fn wanted(&self) -> Option<&str> {
        match self {
            Self::One(wanted) => wanted.as_deref(),
            Self::Every | Self::Heads(_) => None,
        }
    }

    /// Whether the values of cells that are covered by a merge are left out, as the sheet does not show them. People who
    /// must not be written to are looked for in them, too.
    pub(super) fn hides_covered_cells(&self) -> bool {
        !matches!(self, Self::Every)
    }
}

#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_hidden: bool,
}

/// The positions of the sheets to read.
pub(super) fn choose(sheets: &[Sheet], choice: &SheetChoice) -> Result<Vec<usize>, WorkbookError> {
    match choice {
        SheetChoice::One(wanted) => Ok(vec![choose_one(sheets, wanted.as_deref())?]),
        SheetChoice::Every if sheets.is_empty() => Err(not_there(sheets, None)),
        SheetChoice::Every => Ok((0..sheets.len()).collect()),
        SheetChoice::Heads(_) => {
            let visible = (0..).zip(sheets).filter(|(_, sheet)| !sheet.is_hidden);
            Ok(visible.map(|(place, _)| place).collect())
        }
    }
}

/// The position of the sheet in `wanted`, otherwise of the first visible one.
fn choose_one(sheets: &[Sheet], wanted: Option<&str>) -> Result<usize, WorkbookError> {
    let chosen = match wanted {
        Some(name) => {
            let exact = sheets.iter().position(|sheet| sheet.name == name);
            exact.or_else(|| sheets.iter().position(|sheet| is_alike(&sheet.name, name)))
        }
        None => sheets.iter().position(|sheet| !sheet.is_hidden),
    };
    chosen.ok_or_else(|| not_there(sheets, wanted))
}

/// The visible sheets that are not at the positions in `chosen`.
pub(super) fn others(sheets: &[Sheet], chosen: &[usize]) -> Vec<String> {
    let others = sheets.iter().enumerate().filter(|(place, sheet)| !chosen.contains(place) && !sheet.is_hidden);
    others.map(|(_, sheet)| sheet.name.clone()).collect()
}

/// A spreadsheet cannot have two sheets whose names differ only in capitals.
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
