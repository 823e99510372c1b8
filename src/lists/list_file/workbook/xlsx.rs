//! An Excel workbook (.xlsx): finds the file with the sheet, and reads how its styles show cells.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use super::archive::{Archive, contains, damaged, open_part};
use super::number_format::NumberFormat;
use super::part::{XmlPart, unreadable_part};
use super::shared_strings::SharedStrings;
use super::sheet_row::RowSink;
use super::values::is_true;
use super::xlsx_rows::{CellStyle, CoveredCells, SheetContext, TAG, read_rows};
use super::{MergedCellPolicy, Sheet};
use crate::base::input::UsageError;
use crate::base::message::msg;

/// A reference from one part to another by an id.
struct Relation {
    id: String,
    /// The last segment of its type's URL. The rest differs between editions of the standard.
    kind: String,
    target: String,
}

/// Returns the path of the workbook's main part. None if the archive is not a workbook.
pub(super) fn workbook_path(archive: &mut Archive) -> Result<Option<String>, UsageError> {
    let relations = relations(archive, "", "_rels/.rels")?;
    Ok(relations
        .into_iter()
        .find(|relation| relation.kind == "officeDocument")
        .map(|relation| relation.target))
}

/// Reads the sheets, and the data that their cells refer to.
pub(super) fn open(
    archive: &mut Archive,
    workbook: &str,
) -> Result<(Vec<Sheet>, SheetContext), UsageError> {
    let (directory, name) = workbook.rsplit_once('/').unwrap_or(("", workbook));
    let relations = relations(
        archive,
        directory,
        &joined(directory, &format!("_rels/{name}.rels")),
    )?;
    let path_of = |kind: &str| {
        relations
            .iter()
            .find(|relation| relation.kind == kind)
            .map(|it| it.target.clone())
    };
    let (is_1904, mut sheets) = sheets(archive, workbook)?;
    // Charts and macros are listed as sheets too.
    let is_sheet = |relation: &&Relation| relation.kind == "worksheet";
    sheets.retain_mut(|sheet| {
        let relation = relations
            .iter()
            .filter(is_sheet)
            .find(|relation| relation.id == sheet.part);
        relation
            .map(|relation| sheet.part.clone_from(&relation.target))
            .is_some()
    });
    let styles = path_of("styles")
        .map(|path| styles(archive, &path, is_1904))
        .transpose()?
        .unwrap_or_default();
    let strings = path_of("sharedStrings")
        .map(|path| strings(archive, &path))
        .transpose()?
        .unwrap_or_default();
    Ok((sheets, SheetContext { strings, styles }))
}

/// Reads the sheet at `path`.
pub(super) fn read_sheet(
    archive: &mut Archive,
    path: &str,
    context: &SheetContext,
    covered: MergedCellPolicy,
    sink: &mut RowSink,
) -> Result<(), UsageError> {
    let covered = match covered {
        MergedCellPolicy::Hidden => covered_cells(archive, path)?,
        MergedCellPolicy::Read => CoveredCells::default(),
    };
    read_rows(
        XmlPart::new(sheet_part(archive, path)?, path),
        context,
        covered,
        sink,
    )
}

fn sheet_part<'a>(archive: &'a mut Archive, path: &str) -> Result<impl Read + use<'a>, UsageError> {
    open_part(archive, path)?.ok_or_else(|| damaged(path, msg!("it does not exist")))
}

/// Reads the merged areas. They come after the cells. Few sheets have any, and searching for the
/// tag is faster than reading the XML.
fn covered_cells(archive: &mut Archive, path: &str) -> Result<CoveredCells, UsageError> {
    let may_be = contains(sheet_part(archive, path)?, TAG.as_bytes());
    if may_be.map_err(|cause| unreadable_part(path, &cause.into()))? {
        CoveredCells::read(XmlPart::new(sheet_part(archive, path)?, path))
    } else {
        Ok(CoveredCells::default())
    }
}

fn strings(archive: &mut Archive, path: &str) -> Result<SharedStrings, UsageError> {
    let Some(part) = open_part(archive, path)? else {
        return Ok(SharedStrings::default());
    };
    SharedStrings::read(XmlPart::new(part, path))
}

/// Opens a small part that is read as a whole.
fn small_part<'a>(
    archive: &'a mut Archive,
    path: &str,
) -> Result<Option<XmlPart<impl Read + use<'a>>>, UsageError> {
    Ok(open_part(archive, path)?.map(|part| XmlPart::small(part, path)))
}

/// Reads the relations at `path`. Their targets are in `directory` unless they are absolute.
fn relations(
    archive: &mut Archive,
    directory: &str,
    path: &str,
) -> Result<Vec<Relation>, UsageError> {
    let Some(mut part) = small_part(archive, path)? else {
        return Ok(Vec::new());
    };
    let mut relations = Vec::new();
    part.inside(|part, tag| {
        if tag.local_name().as_ref() == "Relationship"
            && let [Some(id), Some(kind), Some(target)] =
                part.attributes(tag, ["Id", "Type", "Target"])?
        {
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            relations.push(Relation {
                id,
                kind,
                target: joined(directory, &target),
            });
        }
        Ok(())
    })?;
    Ok(relations)
}

/// Returns the path of `target` relative to `directory`.
fn joined(directory: &str, target: &str) -> String {
    let from = if target.starts_with('/') {
        ""
    } else {
        directory
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in from.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// Returns whether days are counted from 1904, and the sheets in order, also charts. Their `part` is still
/// an id.
fn sheets(archive: &mut Archive, path: &str) -> Result<(bool, Vec<Sheet>), UsageError> {
    let mut part =
        small_part(archive, path)?.ok_or_else(|| damaged(path, msg!("it does not exist")))?;
    let mut is_1904 = false;
    let mut front = None;
    let mut sheets = Vec::new();
    part.inside(|part, tag| {
        match tag.local_name().as_ref() {
            // A workbook with several windows has several views, and the views come before the
            // sheets.
            "workbookView" if front.is_none() => {
                let [active] = part.attributes(tag, ["activeTab"])?;
                let place = active.and_then(|place| place.parse::<usize>().ok());
                front = Some(place.unwrap_or_default());
            }
            "workbookPr" => {
                let [date] = part.attributes(tag, ["date1904"])?;
                is_1904 = date.as_deref().is_some_and(is_true);
            }
            "sheet" => {
                let [name, state, id] = part.attributes(tag, ["name", "state", "id"])?;
                let is_hidden = state.is_some_and(|state| state != "visible");
                let is_in_front = front == Some(sheets.len());
                sheets.extend(name.zip(id).map(|(name, part)| Sheet {
                    name,
                    is_hidden,
                    is_in_front,
                    part,
                }));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((is_1904, sheets))
}

/// Reads how each style shows a cell, by position.
fn styles(archive: &mut Archive, path: &str, is_1904: bool) -> Result<Vec<CellStyle>, UsageError> {
    let Some(mut part) = small_part(archive, path)? else {
        return Ok(Vec::new());
    };
    let mut declared = HashMap::new();
    let mut styles = Vec::new();
    let mut known: HashMap<String, Option<Arc<NumberFormat>>> = HashMap::new();
    // For each font, whether it crosses out.
    let mut fonts = Vec::new();
    part.inside(|part, tag| match tag.local_name().as_ref() {
        "numFmt" => {
            let [id, code] = part.attributes(tag, ["numFmtId", "formatCode"])?;
            declared.extend(id.zip(code));
            Ok(())
        }
        "fonts" => part.inside(|part, tag| {
            match tag.local_name().as_ref() {
                "font" => fonts.push(false),
                "strike" => {
                    let [value] = part.attributes(tag, ["val"])?;
                    fonts.pop();
                    fonts.push(value.as_deref().is_none_or(is_true));
                }
                _ => {}
            }
            Ok(())
        }),
        "cellXfs" => part.inside(|part, tag| {
            if tag.local_name().as_ref() != "xf" {
                return Ok(());
            }
            let [id, font] = part.attributes(tag, ["numFmtId", "fontId"])?;
            let format = known
                .entry(id.unwrap_or_default())
                .or_insert_with_key(|id| {
                    let code = declared.get(id).map(String::as_str);
                    NumberFormat::new(id.parse().unwrap_or(0), code, is_1904).map(Arc::new)
                });
            let font: Option<usize> = font.and_then(|font| font.parse().ok());
            let is_crossed_out = font.and_then(|font| fonts.get(font)).is_some_and(|it| *it);
            styles.push(CellStyle {
                is_crossed_out,
                format: format.clone(),
            });
            Ok(())
        }),
        _ => Ok(()),
    })?;
    Ok(styles)
}
