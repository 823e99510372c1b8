//! An OpenDocument spreadsheet (.ods): one XML file has all sheets, one after another.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, open_part};
use super::error::{damaged, password};
use super::part::XmlPart;
use super::sheet_row::{CellFault, CellLook, MAX_ROWS, MAX_TEXT, SheetCell, SheetRow};
use super::stream::RowSink;
use super::values::{NumberKind, iso_date, iso_duration, number, truth};
use super::{Covered, Sheet};
use crate::input::UsageError;

/// A cell that is covered by a merged one: its value is not seen.
const COVERED: &str = "covered-table-cell";
/// The most styles that are looked at for the properties of one: a damaged file may have a circle of them.
const MAX_PARENTS: usize = 20;

const CONTENT: &str = "content.xml";

/// The sheets, and the styles of their cells.
pub(super) fn open(archive: &mut Archive) -> Result<(Vec<Sheet>, OdsStyles), UsageError> {
    if let Some(manifest) = open_part(archive, "META-INF/manifest.xml")? {
        let mut is_encrypted = false;
        XmlPart::new(manifest, "META-INF/manifest.xml").each_tag("", |_, names, _| {
            is_encrypted |= names.ends_with(&["encryption-data"]);
            Ok(())
        })?;
        if is_encrypted {
            return Err(password());
        }
    }
    let mut styles = OdsStyles::default();
    if let Some(part) = open_part(archive, "styles.xml")? {
        styles.read(&mut XmlPart::new(part, "styles.xml"))?;
    }
    let mut content = content(archive)?;
    styles.read(&mut content)?;
    let mut sheets = Vec::new();
    while let Some((name, style)) = next_table(&mut content)? {
        let is_hidden = style.is_some_and(|style| styles.hidden.contains(&style));
        sheets.push(Sheet { name, is_hidden, part: CONTENT.to_owned() });
    }
    Ok((sheets, styles))
}

/// Reads the sheet at `place`.
pub(super) fn read_sheet(
    archive: &mut Archive,
    place: usize,
    styles: &OdsStyles,
    covered: Covered,
    sink: &mut RowSink,
) -> Result<(), UsageError> {
    let mut content = content(archive)?;
    for _ in 0..=place {
        next_table(&mut content)?;
    }
    read_rows(&mut content, styles, covered, sink)
}

fn content(archive: &mut Archive) -> Result<XmlPart<impl Read>, UsageError> {
    let part = open_part(archive, CONTENT)?.ok_or_else(|| damaged(CONTENT, "it is missing"))?;
    Ok(XmlPart::new(part, CONTENT))
}

/// Goes on to the next table: its name and its style.
fn next_table(content: &mut XmlPart<impl Read>) -> Result<Option<(String, Option<String>)>, UsageError> {
    let mut buffer = Vec::new();
    loop {
        match content.next(&mut buffer)? {
            Event::Start(start) if start.local_name().as_ref() == "table" => {
                if let [Some(name), style] = content.attributes(&start, ["name", "style-name"])? {
                    return Ok(Some((name, style)));
                }
            }
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}

/// What the styles of cells and tables say.
#[derive(Default)]
pub(super) struct OdsStyles {
    formatted: HashSet<String>,
    /// The styles that say whether a text is crossed out.
    crossed_out: HashMap<String, bool>,
    /// The style that each is based on.
    parents: HashMap<String, String>,
    /// The styles of tables that are not shown.
    hidden: HashSet<String>,
}

impl OdsStyles {
    /// Adds those of a part up to its body.
    pub(super) fn read(&mut self, part: &mut XmlPart<impl Read>) -> Result<(), UsageError> {
        let (mut name, mut is_of_cells) = (String::new(), false);
        part.each_tag("body", |part, names, tag| {
            match names {
                [.., "style"] => {
                    let [own, family, format, parent] =
                        part.attributes(tag, ["name", "family", "data-style-name", "parent-style-name"])?;
                    name = own.unwrap_or_default();
                    // Paragraphs have styles of the same names.
                    is_of_cells = family.is_none_or(|family| family == "table-cell");
                    if is_of_cells {
                        self.formatted.extend(format.map(|_| name.clone()));
                        self.parents.extend(parent.map(|parent| (name.clone(), parent)));
                    }
                }
                [.., "style", "text-properties"] if is_of_cells => {
                    let [style, kind] = part.attributes(tag, ["text-line-through-style", "text-line-through-type"])?;
                    self.crossed_out.extend(style.or(kind).map(|line| (name.clone(), line != "none")));
                }
                [.., "style", "table-properties"] => {
                    let [display] = part.attributes(tag, ["display"])?;
                    self.hidden.extend(display.filter(|display| display == "false").map(|_| name.clone()));
                }
                _ => {}
            }
            Ok(())
        })
    }

    /// The style, and those that it is based on.
    fn ancestry<'a>(&'a self, style: &'a str) -> impl Iterator<Item = &'a str> {
        let based_on = |style: &&str| self.parents.get(*style).map(String::as_str);
        std::iter::successors(Some(style), based_on).take(MAX_PARENTS)
    }

    fn has_format(&self, style: &str) -> bool {
        self.ancestry(style).any(|style| self.formatted.contains(style))
    }

    fn is_crossed_out(&self, style: &str) -> bool {
        self.ancestry(style).find_map(|style| self.crossed_out.get(style)).is_some_and(|it| *it)
    }
}

/// The styles of a table's cells.
struct TableStyles<'a> {
    all: &'a OdsStyles,
    /// The default style of each column's cells, with the column after the last one that has it.
    of_columns: Vec<(usize, String)>,
    /// The default style of the row's cells.
    of_row: Option<String>,
}

impl TableStyles<'_> {
    fn of<'a>(&'a self, column: usize, cell: &'a OdsCell) -> Option<&'a str> {
        let of_column = || self.of_columns.iter().find(|(end, _)| column < *end).map(|(_, style)| style);
        cell.style.as_ref().or(self.of_row.as_ref()).or_else(of_column).map(String::as_str)
    }
}

/// Reads up to the end of the table.
fn read_rows(
    part: &mut XmlPart<impl Read>,
    all: &OdsStyles,
    covered: Covered,
    sink: &mut RowSink,
) -> Result<(), UsageError> {
    let (mut buffer, mut last) = (Vec::new(), 0_u64);
    // For each group around a row, whether it is folded.
    let mut folded = Vec::new();
    let mut styles = TableStyles { all, of_columns: Vec::new(), of_row: None };
    loop {
        match part.next(&mut buffer)? {
            Event::Start(start) if start.local_name().as_ref() == "table-column" => {
                let [style] = part.attributes(&start, ["default-cell-style-name"])?;
                let begin = styles.of_columns.last().map_or(0, |(end, _)| *end);
                let times: usize = repeats(part, &start, "number-columns-repeated")?;
                styles.of_columns.push((begin.saturating_add(times), style.unwrap_or_default()));
            }
            Event::Start(start) if start.local_name().as_ref() == "table-row-group" => {
                let [display] = part.attributes(&start, ["display"])?;
                folded.push(display.is_some_and(|display| display == "false"));
            }
            Event::Start(start) if start.local_name().as_ref() == "table-row" => {
                let times: u64 = repeats(part, &start, "number-rows-repeated")?;
                let [style, visibility] = part.attributes(&start, ["default-cell-style-name", "visibility"])?;
                styles.of_row = style;
                let is_hidden = visibility.is_some_and(|state| state != "visible") || folded.contains(&true);
                let row = read_row(part, &styles, covered, SheetRow::new(last + 1, is_hidden))?;
                if row.is_filled() {
                    if last.saturating_add(times) > MAX_ROWS {
                        return Err(part.damaged(format_args!("a sheet has at most {MAX_ROWS} rows")));
                    }
                    for further in 1..=times {
                        sink.push(row.repeated(last + further))?;
                    }
                }
                last = last.saturating_add(times);
            }
            Event::End(end) if end.local_name().as_ref() == "table-row-group" => drop(folded.pop()),
            Event::End(end) if end.local_name().as_ref() == "table" => return Ok(()),
            _ => {}
        }
    }
}

/// How often an element is repeated.
fn repeats<T: std::str::FromStr + From<u8>>(
    part: &XmlPart<impl Read>,
    start: &BytesStart<'_>,
    name: &str,
) -> Result<T, UsageError> {
    let [Some(times)] = part.attributes(start, [name])? else { return Ok(T::from(1)) };
    times.parse().map_err(|_| part.damaged(format_args!("`{times}` is no number of repetitions")))
}

fn read_row(
    part: &mut XmlPart<impl Read>,
    styles: &TableStyles<'_>,
    covered: Covered,
    mut row: SheetRow,
) -> Result<SheetRow, UsageError> {
    let (mut buffer, mut column) = (Vec::new(), 0_usize);
    loop {
        match part.next(&mut buffer)? {
            Event::Start(start) if ["table-cell", COVERED].contains(&start.local_name().as_ref()) => {
                let is_hidden = covered == Covered::Hidden && start.local_name().as_ref() == COVERED;
                let times: usize = repeats(part, &start, "number-columns-repeated")?;
                let tag = OdsCell::of(part, &start)?;
                let text = read_text(part)?;
                let style = styles.of(column, &tag);
                let is_crossed_out = style.is_some_and(|style| styles.all.is_crossed_out(style));
                let look = tag.look(&text, style.is_some_and(|style| styles.all.has_format(style)));
                let value = tag.value(text);
                if !is_hidden && !matches!(&value, Ok(text) if text.is_empty()) {
                    let cell = SheetCell { value, look, is_crossed_out };
                    for further in 0..times {
                        row.put(column.saturating_add(further), cell.clone())?;
                    }
                }
                column = column.saturating_add(times);
            }
            Event::End(end) if end.local_name().as_ref() == "table-row" => return Ok(row),
            _ => {}
        }
    }
}

/// What a cell's tag says about its value.
#[derive(Default)]
struct OdsCell {
    kind: String,
    stored: Option<String>,
    style: Option<String>,
    is_error: bool,
    has_formula: bool,
}

impl OdsCell {
    fn of(part: &XmlPart<impl Read>, start: &BytesStart<'_>) -> Result<Self, UsageError> {
        let mut cell = Self::default();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| part.damaged(error))?;
            let name = attribute.key.as_ref();
            match name {
                "calcext:value-type" => cell.is_error = attribute.value == "error",
                "office:value-type" => cell.kind = part.text_of(&attribute)?,
                "table:formula" => cell.has_formula = true,
                "table:style-name" => cell.style = Some(part.text_of(&attribute)?),
                "office:value"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value" => cell.stored = Some(part.text_of(&attribute)?),
                _ => {}
            }
        }
        Ok(cell)
    }

    /// How the sheet shows a number or a date; if the cell has a format, that is `text`.
    fn look(&self, text: &str, has_format: bool) -> Option<CellLook> {
        let is_number = ["float", "currency", "percentage", "date", "time"].contains(&self.kind.as_str());
        let is_short = self.kind == "float" && ["E+", "E-"].iter().any(|sign| text.contains(sign));
        let is_shown = has_format && !is_short && !text.is_empty();
        is_number.then(|| if is_shown { CellLook::Text(text.trim().to_owned()) } else { CellLook::Stored })
    }

    /// With the text that is shown.
    fn value(self, text: String) -> Result<String, CellFault> {
        if self.is_error {
            return Err(CellFault::Error(text));
        }
        if self.has_formula && self.kind.is_empty() {
            return Err(CellFault::NotCalculated);
        }
        let stored = match (self.stored, self.kind.as_str()) {
            (Some(stored), _) => stored,
            (None, "" | "string") => return Ok(text),
            (None, _) => return Err(CellFault::NotCalculated),
        };
        Ok(match self.kind.as_str() {
            "float" | "currency" | "percentage" => number(&stored, NumberKind::Plain, false),
            "date" => iso_date(&stored),
            "time" => iso_duration(&stored),
            "boolean" => truth(&stored).to_owned(),
            _ => stored,
        })
    }
}

/// The cell's own paragraphs, without those of a comment on it. Reads up to the end of the cell.
fn read_text(part: &mut XmlPart<impl Read>) -> Result<String, UsageError> {
    let (mut text, mut buffer) = (String::new(), Vec::new());
    let (mut depth, mut paragraphs, mut in_paragraph) = (0, 0, false);
    loop {
        let event = part.next(&mut buffer)?;
        match &event {
            Event::Start(start) => {
                let name = start.local_name();
                match name.as_ref() {
                    "p" if depth == 0 => {
                        in_paragraph = true;
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                    }
                    "s" if in_paragraph => {
                        let spaces = repeats::<usize>(part, start, "c")?;
                        text.extend(std::iter::repeat_n(' ', spaces.min(MAX_TEXT)));
                    }
                    "tab" if in_paragraph => text.push('\t'),
                    "line-break" if in_paragraph => text.push('\n'),
                    _ => {}
                }
                depth += 1;
            }
            Event::End(_) if depth == 0 => return Ok(text),
            Event::End(_) => {
                depth -= 1;
                in_paragraph &= depth > 0;
            }
            event if in_paragraph => part.push_text(event, &mut text)?,
            _ => {}
        }
        if text.len() > MAX_TEXT {
            return Err(part.damaged(format_args!("a cell has more than {MAX_TEXT} bytes of text")));
        }
    }
}
