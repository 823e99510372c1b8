//! An Excel workbook (.xlsx): finds the file with the sheet, and reads how its styles show cells.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use quick_xml::events::Event;

use super::archive::{Archive, open_part};
use super::choice::{Sheet, SheetChoice, choose, others};
use super::error::WorkbookError;
use super::number_format::NumberFormat;
use super::part::{XmlPart, unreadable};
use super::shared_strings::SharedStrings;
use super::stream::RowSink;
use super::values::{NumberKind, is_true};
use super::xlsx_merges::CoveredCells;
use super::xlsx_rows::{CellStyle, SheetContext, read_rows};

/// Another part, which a part names by an id.
struct Relation {
    id: String,
    /// The last segment of its type's URL; the rest differs between editions of the standard.
    kind: String,
    target: String,
}

/// The path of the workbook's main part; None if the archive is not a workbook.
pub(super) fn workbook_path(archive: &mut Archive) -> Result<Option<String>, WorkbookError> {
    let relations = relations(archive, "", "_rels/.rels")?;
    Ok(relations.into_iter().find(|relation| relation.kind == "officeDocument").map(|relation| relation.target))
}

pub(super) fn read(
    archive: &mut Archive,
    workbook: &str,
    choice: &SheetChoice,
    sink: &mut RowSink,
) -> Result<(), WorkbookError> {
    let (directory, name) = workbook.rsplit_once('/').unwrap_or(("", workbook));
    let relations = relations(archive, directory, &joined(directory, &format!("_rels/{name}.rels")))?;
    let path_of = |kind: &str| relations.iter().find(|relation| relation.kind == kind).map(|it| it.target.clone());
    let (is_1904, listed) = sheets(archive, workbook)?;
    // Charts and the like are listed among the sheets.
    let is_sheet = |relation: &&Relation| relation.kind == "worksheet";
    let with_path = listed.into_iter().filter_map(|(sheet, id)| {
        let relation = relations.iter().filter(is_sheet).find(|relation| relation.id == id)?;
        Some((sheet, relation.target.clone()))
    });
    let (sheets, paths): (Vec<_>, Vec<_>) = with_path.unzip();
    let chosen = choose(&sheets, choice)?;
    let styles = match path_of("styles") {
        Some(path) => styles(archive, &path, is_1904)?,
        None => Vec::new(),
    };
    let strings = match path_of("sharedStrings") {
        Some(path) => strings(archive, &path)?,
        None => SharedStrings::default(),
    };
    let context = SheetContext { strings, styles, is_1904 };
    let others = others(&sheets, &chosen);
    let named = sheets.iter().zip(&paths).enumerate().filter(|(place, _)| chosen.contains(place));
    for (_, (sheet, path)) in named {
        sink.begin(sheet.name.clone(), others.clone())?;
        let covered =
            if choice.hides_covered_cells() { covered_cells(archive, path)? } else { CoveredCells::default() };
        read_rows(XmlPart::new(sheet_part(archive, path)?, path), &context, covered, sink)?;
    }
    Ok(())
}

fn sheet_part<'a>(archive: &'a mut Archive, path: &str) -> Result<impl Read + use<'a>, WorkbookError> {
    open_part(archive, path)?.ok_or_else(|| WorkbookError::damaged(path, &"it is missing"))
}

/// The merges stand behind the cells. Few sheets have any, and looking for their name is quicker than reading the XML.
fn covered_cells(archive: &mut Archive, path: &str) -> Result<CoveredCells, WorkbookError> {
    let may_be = CoveredCells::may_be_in(sheet_part(archive, path)?);
    if may_be.map_err(|cause| unreadable(path, &cause.into()))? {
        CoveredCells::read(XmlPart::new(sheet_part(archive, path)?, path))
    } else {
        Ok(CoveredCells::default())
    }
}

fn strings(archive: &mut Archive, path: &str) -> Result<SharedStrings, WorkbookError> {
    match open_part(archive, path)? {
        Some(part) => SharedStrings::read(XmlPart::new(part, path)),
        None => Ok(SharedStrings::default()),
    }
}

/// A small part that is read as a whole.
fn small_part<'a>(archive: &'a mut Archive, path: &str) -> Result<Option<XmlPart<impl Read + use<'a>>>, WorkbookError> {
    Ok(open_part(archive, path)?.map(|part| XmlPart::small(part, path)))
}

/// The relations at `path`, whose targets are in `directory` unless they say otherwise.
fn relations(archive: &mut Archive, directory: &str, path: &str) -> Result<Vec<Relation>, WorkbookError> {
    let Some(mut part) = small_part(archive, path)? else { return Ok(Vec::new()) };
    let (mut relations, mut buffer) = (Vec::new(), Vec::new());
    loop {
        match part.next(&mut buffer)? {
            Event::Start(start) if start.local_name().as_ref() == "Relationship" => {
                let [id, kind, target] = ["Id", "Type", "Target"].map(|name| part.attribute(&start, name));
                let (Some(id), Some(kind), Some(target)) = (id?, kind?, target?) else { continue };
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.push(Relation { id, kind, target: joined(directory, &target) });
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// The path of `target` as seen from `directory`.
fn joined(directory: &str, target: &str) -> String {
    let from = if target.starts_with('/') { "" } else { directory };
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

/// Whether days are counted from 1904, and the sheets in order with the ids of their parts.
fn sheets(archive: &mut Archive, path: &str) -> Result<(bool, Vec<(Sheet, String)>), WorkbookError> {
    let mut part = small_part(archive, path)?.ok_or_else(|| WorkbookError::damaged(path, &"it is missing"))?;
    let (mut is_1904, mut sheets, mut buffer) = (false, Vec::new(), Vec::new());
    loop {
        match part.next(&mut buffer)? {
            Event::Start(start) => match start.local_name().as_ref() {
                "workbookPr" => is_1904 = part.attribute(&start, "date1904")?.as_deref().is_some_and(is_true),
                "sheet" => {
                    let [name, state, id] = ["name", "state", "id"].map(|name| part.attribute(&start, name));
                    let (Some(name), Some(id)) = (name?, id?) else { continue };
                    let is_hidden = state?.is_some_and(|state| state != "visible");
                    sheets.push((Sheet { name, is_hidden }, id));
                }
                _ => {}
            },
            Event::Eof => return Ok((is_1904, sheets)),
            _ => {}
        }
    }
}

fn style(id: &str, code: Option<&String>, is_1904: bool) -> CellStyle {
    let id = id.parse().unwrap_or(0);
    let (kind, format) = match code {
        // Some programs write this format out, as used in the United States.
        Some(code) if id != 14 => (NumberKind::of_code(code), NumberFormat::of_code(code, is_1904)),
        _ => (NumberKind::built_in(id), NumberFormat::built_in(id, is_1904)),
    };
    CellStyle { is_crossed_out: false, kind, format: format.map(Arc::new) }
}

/// How each style shows a cell, by position.
fn styles(archive: &mut Archive, path: &str, is_1904: bool) -> Result<Vec<CellStyle>, WorkbookError> {
    let Some(mut part) = small_part(archive, path)? else { return Ok(Vec::new()) };
    let (mut own, mut styles, mut buffer) = (HashMap::new(), Vec::new(), Vec::new());
    let mut known: HashMap<String, CellStyle> = HashMap::new();
    // For each font, whether it crosses out.
    let mut fonts = Vec::new();
    let (mut in_fonts, mut in_styles) = (false, false);
    loop {
        match part.next(&mut buffer)? {
            Event::Start(start) => match start.local_name().as_ref() {
                "fonts" => in_fonts = true,
                "font" if in_fonts => fonts.push(false),
                "strike" if in_fonts => {
                    let value = part.attribute(&start, "val")?;
                    if let Some(is_crossed_out) = fonts.last_mut() {
                        *is_crossed_out = value.as_deref().is_none_or(is_true);
                    }
                }
                "numFmt" => {
                    let [id, code] = ["numFmtId", "formatCode"].map(|name| part.attribute(&start, name));
                    if let (Some(id), Some(code)) = (id?, code?) {
                        own.insert(id, code);
                    }
                }
                "cellXfs" => in_styles = true,
                "xf" if in_styles => {
                    let [id, font] = ["numFmtId", "fontId"].map(|name| part.attribute(&start, name));
                    let id = id?.unwrap_or_default();
                    let font: Option<usize> = font?.and_then(|font| font.parse().ok());
                    let style = known.entry(id).or_insert_with_key(|id| style(id, own.get(id), is_1904));
                    let is_crossed_out = font.and_then(|font| fonts.get(font)).is_some_and(|it| *it);
                    styles.push(CellStyle { is_crossed_out, ..style.clone() });
                }
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "fonts" => in_fonts = false,
                "cellXfs" => in_styles = false,
                _ => {}
            },
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}
