//! The rows of an Excel sheet from its XML, and the merged cells that the sheet does not show.

use std::cmp::Reverse;
use std::io::Read;
use std::ops::RangeInclusive;
use std::sync::Arc;

use quick_xml::events::BytesStart;

use super::number_format::NumberFormat;
use super::part::XmlPart;
use super::shared_strings::{SharedStrings, read_item, unescaped};
use super::sheet_row::{
    CellFault, CellLook, RowSink, SheetCell, SheetRow, column_place, row_number,
};
use super::values::{NumberKind, is_true, iso_date, number, truth};
use crate::base::input::UsageError;
use crate::base::message::msg;

/// The data that a cell needs.
pub(super) struct SheetContext {
    pub(super) strings: SharedStrings,
    /// The styles by number.
    pub(super) styles: Vec<CellStyle>,
}

/// How a style shows a cell.
#[derive(Clone, Debug)]
pub(super) struct CellStyle {
    pub(super) is_crossed_out: bool,
    /// None if a number is shown as it is stored.
    pub(super) format: Option<Arc<NumberFormat>>,
}

/// The opening tag of a cell.
struct CellTag {
    column: usize,
    style: usize,
    /// `n` for a number, `s` for the index of a shared text, and so on.
    kind: String,
}

/// The content of a cell.
#[derive(Default)]
struct CellContent {
    value: Option<String>,
    has_formula: bool,
}

pub(super) fn read_rows(
    mut part: XmlPart<impl Read>,
    context: &SheetContext,
    mut covered: CoveredCells,
    sink: &mut RowSink,
) -> Result<(), UsageError> {
    let mut last = 0;
    part.inside(|part, tag| match tag.local_name().as_ref() {
        "sheetData" => part.inside(|part, tag| {
            if tag.local_name().as_ref() != "row" {
                return Ok(());
            }
            let mut row = begin_row(part, tag, last + 1)?;
            last = row.number;
            covered.begin_row(last);
            read_cells(part, context, &covered, &mut row)?;
            sink.push(row)
        }),
        _ => Ok(()),
    })
}

fn read_cells(
    part: &mut XmlPart<impl Read>,
    context: &SheetContext,
    covered: &CoveredCells,
    row: &mut SheetRow,
) -> Result<(), UsageError> {
    let mut next = 0;
    part.inside(|part, tag| {
        if tag.local_name().as_ref() != "c" {
            return Ok(());
        }
        let tag = cell_tag(part, tag, next)?;
        next = tag.column + 1;
        let found = read_content(part, &tag.kind)?;
        if covered.contains(row.number, tag.column) {
            return Ok(());
        }
        row.put(tag.column, cell(part, context, &tag, found)?)
    })
}

fn begin_row(
    part: &XmlPart<impl Read>,
    start: &BytesStart<'_>,
    next: u64,
) -> Result<SheetRow, UsageError> {
    let [number, hidden, height] = part.attributes(start, ["r", "hidden", "ht"])?;
    let number = number
        .map_or(Ok(next), |number| number.parse())
        .map_err(|_| part.damaged(msg!("a row has no number")))?;
    // A row with the height 0 is hidden too. Some programs hide rows like this.
    let is_flat = height.is_some_and(|height| height.trim().parse() == Ok(0.0));
    Ok(SheetRow::new(
        number,
        is_flat || hidden.as_deref().is_some_and(is_true),
    ))
}

fn cell_tag(
    part: &XmlPart<impl Read>,
    start: &BytesStart<'_>,
    next: usize,
) -> Result<CellTag, UsageError> {
    let mut tag = CellTag {
        column: next,
        style: 0,
        kind: "n".to_owned(),
    };
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| part.damaged(error.to_string()))?;
        match attribute.key.as_ref() {
            "r" => {
                let place = column_place(&attribute.value);
                tag.column = place.ok_or_else(|| {
                    part.damaged(msg!("there is no cell `{cell}`", cell = attribute.value))
                })?;
            }
            "s" => tag.style = attribute.value.parse().unwrap_or(0),
            "t" => tag.kind = attribute.value.into_owned(),
            _ => {}
        }
    }
    Ok(tag)
}

/// Reads up to the end of the cell.
fn read_content(part: &mut XmlPart<impl Read>, kind: &str) -> Result<CellContent, UsageError> {
    let mut content = CellContent::default();
    part.inside(|part, tag| {
        match tag.local_name().as_ref() {
            // An extension may have the same tag.
            "v" if kind != "inlineStr" && content.value.is_none() => {
                content.value = Some(part.text()?);
            }
            "f" => content.has_formula = true,
            "is" => content.value = Some(read_item(part)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(content)
}

fn cell(
    part: &XmlPart<impl Read>,
    context: &SheetContext,
    tag: &CellTag,
    found: CellContent,
) -> Result<SheetCell, UsageError> {
    let style = context.styles.get(tag.style);
    let is_crossed_out = style.is_some_and(|style| style.is_crossed_out);
    let format = style.and_then(|style| style.format.as_ref());
    let mut look = None;
    let value = match found.value.filter(|value| !value.is_empty()) {
        // A formula may return an empty text.
        None if found.has_formula && tag.kind != "str" => Err(CellFault::NotCalculated),
        None => Ok(String::new()),
        Some(stored) => match tag.kind.as_str() {
            "n" => {
                look = number_look(stored.trim(), format);
                Ok(format.map_or_else(
                    || number(&stored, NumberKind::Plain, false),
                    |format| format.value(&stored),
                ))
            }
            "s" => {
                let text = stored
                    .trim()
                    .parse()
                    .ok()
                    .and_then(|number| context.strings.get(number));
                Ok(text
                    .ok_or_else(|| {
                        part.damaged(msg!("there is no text {number}", number = stored))
                    })?
                    .to_owned())
            }
            "str" => Ok(unescaped(stored)),
            "inlineStr" => Ok(stored),
            "b" => Ok(truth(stored.trim()).to_owned()),
            "d" => Ok(iso_date(&stored)),
            "e" => Err(CellFault::Error(stored)),
            other => {
                return Err(
                    part.damaged(msg!("a cell has the unknown type `{kind}`", kind = other))
                );
            }
        },
    };
    if let (Ok(text), Some(format), "s" | "str" | "inlineStr") = (&value, format, tag.kind.as_str())
    {
        look = format.show_text(text).map(CellLook::Text);
    }
    Ok(SheetCell {
        value,
        look,
        is_crossed_out,
    })
}

/// Returns how the sheet shows a number that has a format or decimals.
fn number_look(stored: &str, format: Option<&Arc<NumberFormat>>) -> Option<CellLook> {
    match format {
        Some(format) => Some(CellLook::Number(stored.parse().ok()?, Arc::clone(format))),
        None => stored.contains(['.', 'E', 'e']).then_some(CellLook::Stored),
    }
}

/// The tag of a merged area, with any prefix.
pub(super) const TAG: &str = "mergeCell";

/// Cells that are shown as one.
struct MergedArea {
    rows: RangeInclusive<u64>,
    columns: RangeInclusive<usize>,
}

/// The merged cells of a sheet that are not shown. Rows must be read in order.
#[derive(Default)]
pub(super) struct CoveredCells {
    /// The areas that begin further down, the next one last.
    next: Vec<MergedArea>,
    /// The areas at the current row.
    here: Vec<MergedArea>,
}

impl CoveredCells {
    fn new(mut areas: Vec<MergedArea>) -> Self {
        areas.sort_by_key(|area| Reverse(*area.rows.start()));
        Self {
            next: areas,
            here: Vec::new(),
        }
    }

    /// Reads the areas of a whole sheet.
    pub(super) fn read(mut part: XmlPart<impl Read>) -> Result<Self, UsageError> {
        let mut areas = Vec::new();
        part.inside(|part, tag| {
            if tag.local_name().as_ref() == TAG {
                let [area] = part.attributes(tag, ["ref"])?;
                areas.extend(area.and_then(|area| MergedArea::read(&area.replace('$', ""))));
            }
            Ok(())
        })?;
        Ok(Self::new(areas))
    }

    /// Moves to this row.
    fn begin_row(&mut self, number: u64) {
        self.here.retain(|area| area.rows.contains(&number));
        while let Some(area) = self.next.pop_if(|area| *area.rows.start() <= number) {
            if area.rows.contains(&number) {
                self.here.push(area);
            }
        }
    }

    /// Returns whether a cell of the current row `number` is merged into another one.
    pub(super) fn contains(&self, number: u64, column: usize) -> bool {
        let is_first =
            |area: &MergedArea| (number, column) == (*area.rows.start(), *area.columns.start());
        self.here
            .iter()
            .any(|area| area.columns.contains(&column) && !is_first(area))
    }
}

impl MergedArea {
    /// Parses an area: `B2:C3`
    fn read(area: &str) -> Option<Self> {
        let (first, last) = area.split_once(':').unwrap_or((area, area));
        let rows = row_number(first)?..=row_number(last)?;
        Some(Self {
            rows,
            columns: column_place(first)?..=column_place(last)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_cells_after_the_first_are_covered() {
        let areas = ["B2:C3", "A3:A5", "D1", "B7:B8"].map(|area| MergedArea::read(area).unwrap());
        let mut covered = CoveredCells::new(areas.into());
        let found = (1..=8).map(|number| {
            covered.begin_row(number);
            (0..5)
                .filter(|column| covered.contains(number, *column))
                .collect::<Vec<_>>()
        });
        let none = Vec::new();
        let expected = [
            none.clone(),
            vec![2],
            vec![1, 2],
            vec![0],
            vec![0],
            none.clone(),
            none,
            vec![1],
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        for area in ["", "B", "2:3", "B2:", "B2:C"] {
            assert!(MergedArea::read(area).is_none(), "{area}");
        }
    }
}
