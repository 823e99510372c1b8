//! An OpenDocument spreadsheet (.ods). One XML file has all sheets, one after another.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, damaged, open_part, password};
use super::part::XmlPart;
use super::sheet_row::{CellFault, CellLook, MAX_ROWS, MAX_TEXT, RowSink, SheetCell, SheetRow};
use super::values::{NumberKind, iso_date, iso_duration, number, truth};
use super::{MergedCellPolicy, Sheet};
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::base::message::msg;

/// A merged cell after the first, which the sheet does not show.
const COVERED: &str = "covered-table-cell";

const CONTENT: &str = "content.xml";
const SETTINGS: &str = "settings.xml";

/// Reads the sheets, and the styles of their cells.
pub(super) fn open(archive: &mut Archive) -> Result<(Vec<Sheet>, OdsStyles), UsageError> {
    if let Some(manifest) = open_part(archive, "META-INF/manifest.xml")? {
        let mut is_encrypted = false;
        XmlPart::new(manifest, "META-INF/manifest.xml").inside(|_, tag| {
            is_encrypted |= tag.local_name().as_ref() == "encryption-data";
            Ok(())
        })?;
        if is_encrypted {
            return Err(password());
        }
    }
    let mut styles = OdsStyles::default();
    let mut sheets = Vec::new();
    if let Some(part) = open_part(archive, "styles.xml")? {
        XmlPart::new(part, "styles.xml").inside(|part, tag| styles.add(part, tag))?;
    }
    let front = front_sheet(archive)?;
    // The styles come before the tables.
    content(archive)?.inside(|part, tag| match table(part, tag)? {
        Some((name, style)) => {
            let is_hidden = style.is_some_and(|style| styles.is_hidden(&style));
            sheets.push(Sheet {
                is_in_front: front.as_ref() == Some(&name),
                name,
                is_hidden,
                part: CONTENT.to_owned(),
            });
            Ok(())
        }
        None => styles.add(part, tag),
    })?;
    Ok((sheets, styles))
}

/// Returns the name of the sheet that was in front when the file was saved, if the file records it.
fn front_sheet(archive: &mut Archive) -> Result<Option<String>, UsageError> {
    let Some(part) = open_part(archive, SETTINGS)? else {
        return Ok(None);
    };
    let mut front = None;
    XmlPart::small(part, SETTINGS).inside(|part, tag| {
        let [name] = part.attributes(tag, ["name"])?;
        if name.as_deref() == Some("ActiveTable") {
            front = Some(part.text()?);
        }
        Ok(())
    })?;
    Ok(front)
}

/// Reads the sheet at `place`, a position that counts from 0.
pub(super) fn read_sheet(
    archive: &mut Archive,
    place: usize,
    styles: &OdsStyles,
    covered: MergedCellPolicy,
    sink: &mut RowSink,
) -> Result<(), UsageError> {
    let mut tables = 0;
    content(archive)?.inside(|part, tag| {
        let is_it = table(part, tag)?.is_some_and(|_| {
            tables += 1;
            tables == place + 1
        });
        if !is_it {
            return Ok(());
        }
        Table {
            styles,
            column_styles: Vec::new(),
            row_style: None,
            covered,
            sink,
            last: 0,
        }
        .read(part, false)
    })
}

fn content(archive: &mut Archive) -> Result<XmlPart<impl Read>, UsageError> {
    let part =
        open_part(archive, CONTENT)?.ok_or_else(|| damaged(CONTENT, msg!("it does not exist")))?;
    Ok(XmlPart::new(part, CONTENT))
}

/// Returns the name and the style of a table, if this tag opens one.
fn table(
    part: &XmlPart<impl Read>,
    tag: &BytesStart<'_>,
) -> Result<Option<(String, Option<String>)>, UsageError> {
    if tag.local_name().as_ref() != "table" {
        return Ok(None);
    }
    let [name, style] = part.attributes(tag, ["name", "style-name"])?;
    Ok(name.map(|name| (name, style)))
}

/// A table during reading.
struct Table<'a> {
    styles: &'a OdsStyles,
    /// The default styles of the columns' cells, each with the index after its last column.
    column_styles: Vec<(usize, String)>,
    /// The default style of the row's cells.
    row_style: Option<String>,
    covered: MergedCellPolicy,
    sink: &'a mut RowSink,
    /// The number of the last row that was read.
    last: u64,
}

impl Table<'_> {
    /// Reads the content of the table, or of a group of its rows, which may be folded.
    fn read(&mut self, part: &mut XmlPart<impl Read>, is_folded: bool) -> Result<(), UsageError> {
        part.inside(|part, tag| match tag.local_name().as_ref() {
            "table-column" => {
                let [style] = part.attributes(tag, ["default-cell-style-name"])?;
                let begin = self.column_styles.last().map_or(0, |(end, _)| *end);
                let times: usize = repeats(part, tag, "number-columns-repeated")?;
                self.column_styles
                    .push((begin.saturating_add(times), style.unwrap_or_default()));
                Ok(())
            }
            "table-row-group" => {
                let [display] = part.attributes(tag, ["display"])?;
                self.read(
                    part,
                    is_folded || display.is_some_and(|display| display == "false"),
                )
            }
            "table-row" => self.read_row(part, tag, is_folded),
            _ => Ok(()),
        })
    }

    fn read_row(
        &mut self,
        part: &mut XmlPart<impl Read>,
        tag: &BytesStart<'_>,
        is_folded: bool,
    ) -> Result<(), UsageError> {
        let times: u64 = repeats(part, tag, "number-rows-repeated")?;
        let [style, visibility] =
            part.attributes(tag, ["default-cell-style-name", "visibility"])?;
        self.row_style = style;
        let is_hidden = visibility.is_some_and(|state| state != "visible") || is_folded;
        let mut row = SheetRow::new(self.last + 1, is_hidden);
        self.read_cells(part, &mut row)?;
        let end = self.last.saturating_add(times);
        if row.is_filled() {
            if end > MAX_ROWS {
                return Err(part.damaged(msg!("a sheet has at most {max} rows", max = MAX_ROWS)));
            }
            for number in self.last + 1..=end {
                self.sink.push(row.repeated(number))?;
            }
        }
        self.last = end;
        Ok(())
    }

    fn read_cells(
        &self,
        part: &mut XmlPart<impl Read>,
        row: &mut SheetRow,
    ) -> Result<(), UsageError> {
        let mut column = 0_usize;
        part.inside(|part, tag| {
            let is_covered = tag.local_name().as_ref() == COVERED;
            if !is_covered && tag.local_name().as_ref() != "table-cell" {
                return Ok(());
            }
            let times: usize = repeats(part, tag, "number-columns-repeated")?;
            let found = OdsCell::read(part, tag)?;
            let saved = read_text(part)?;
            let column_style = || {
                self.column_styles
                    .iter()
                    .find(|(end, _)| column < *end)
                    .map(|(_, style)| style)
            };
            let style = found
                .style
                .as_ref()
                .or(self.row_style.as_ref())
                .or_else(column_style);
            let is_crossed_out = style.is_some_and(|style| self.styles.is_crossed_out(style));
            let look = found.cell_look(
                saved.as_deref().unwrap_or_default(),
                style.is_some_and(|style| self.styles.has_format(style)),
            );
            let value = found.value(saved);
            let is_empty = matches!(&value, Ok(text) if text.is_empty());
            if !is_empty && (!is_covered || self.covered == MergedCellPolicy::Read) {
                let cell = SheetCell {
                    value,
                    look,
                    is_crossed_out,
                };
                for further in 0..times {
                    row.put(column.saturating_add(further), cell.clone())?;
                }
            }
            column = column.saturating_add(times);
            Ok(())
        })
    }
}

/// Returns how often an element is repeated.
fn repeats<T: std::str::FromStr + From<u8>>(
    part: &XmlPart<impl Read>,
    start: &BytesStart<'_>,
    name: &str,
) -> Result<T, UsageError> {
    let [Some(times)] = part.attributes(start, [name])? else {
        return Ok(T::from(1));
    };
    times
        .parse()
        .map_err(|_| part.damaged(msg!("`{times}` is not a number of repetitions", times)))
}

/// The properties of a value in a cell's tag.
#[derive(Default)]
struct OdsCell {
    kind: String,
    stored: Option<String>,
    style: Option<String>,
    is_error: bool,
    has_formula: bool,
}

impl OdsCell {
    fn read(part: &XmlPart<impl Read>, start: &BytesStart<'_>) -> Result<Self, UsageError> {
        let mut cell = Self::default();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| part.damaged(error.to_string()))?;
            let name = attribute.key.as_ref();
            match name {
                "calcext:value-type" => cell.is_error = attribute.value == "error",
                "office:value-type" => cell.kind = part.attribute_text(&attribute)?,
                "table:formula" => cell.has_formula = true,
                "table:style-name" => cell.style = Some(part.attribute_text(&attribute)?),
                "office:value"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value" => cell.stored = Some(part.attribute_text(&attribute)?),
                _ => {}
            }
        }
        Ok(cell)
    }

    /// Returns how the sheet shows a number or a date, or a text if its format adds something to it.
    /// None for any other text. A number without a format is shown as it is stored, unless its text is no number:
    /// LibreOffice shows the result of a formula as a date, and saves no format for it.
    fn cell_look(&self, text: &str, has_format: bool) -> Option<CellLook> {
        let is_number =
            ["float", "currency", "percentage", "date", "time"].contains(&self.kind.as_str());
        let is_short = self.kind == "float" && ["E+", "E-"].iter().any(|sign| text.contains(sign));
        let is_other_text =
            self.kind == "string" && self.stored.as_ref().is_some_and(|stored| stored != text);
        let stored: Option<f64> = self.stored.as_ref().and_then(|stored| stored.parse().ok());
        if is_number && stored == Some(0.0) && Conventions::is_zero_as_dash(text) {
            // In a column the dash is clear, but not in a text: `Debe $ -`.
            let shown = text.replace(['-', '–', '—'], "0");
            let words: Vec<_> = shown.split_whitespace().collect();
            return Some(CellLook::Text(words.join(" ")));
        }
        let is_formula = self.has_formula && self.kind == "float";
        let has_format = has_format || is_formula && !is_like_number(text);
        let is_shown = !text.is_empty() && (is_other_text || is_number && has_format && !is_short);
        if is_shown {
            Some(CellLook::Text(text.trim().to_owned()))
        } else {
            is_number.then_some(CellLook::Stored)
        }
    }

    /// Returns the value of the cell. A formula without a type has a value only if its `saved` text is empty.
    fn value(self, saved: Option<String>) -> Result<String, CellFault> {
        if self.has_formula && self.kind.is_empty() && saved.as_deref() != Some("") {
            return Err(CellFault::NotCalculated);
        }
        let text = saved.unwrap_or_default();
        // Only LibreOffice marks an error. Other programs show one next to another value.
        let shows_error = text.starts_with('#')
            && (text.ends_with(['!', '?']) || ["#N/A", "#N/D"].contains(&text.as_str()));
        let is_other = self.stored.as_ref().is_some_and(|stored| *stored != text);
        if self.is_error || self.has_formula && shows_error && is_other {
            return Err(CellFault::Error(text));
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

/// Returns whether `text` has the digits of a number, with one separator at most.
fn is_like_number(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['+', '-']);
    let is_of_number = |sign: char| sign.is_ascii_digit() || ".,".contains(sign);
    digits.chars().all(is_of_number) && digits.matches(['.', ',']).count() <= 1
}

/// Reads the paragraphs of the cell, but not the paragraphs of a comment on it. None if it has none.
fn read_text(part: &mut XmlPart<impl Read>) -> Result<Option<String>, UsageError> {
    let cell = part.depth();
    let mut text = String::new();
    let mut paragraphs = 0;
    part.inside(|part, tag| {
        if tag.local_name().as_ref() == "p" && part.depth() == cell + 1 {
            text.extend((paragraphs > 0).then_some('\n'));
            paragraphs += 1;
            read_paragraph(part, &mut text)?;
        }
        Ok(())
    })?;
    Ok((paragraphs > 0).then_some(text))
}

fn read_paragraph(part: &mut XmlPart<impl Read>, text: &mut String) -> Result<(), UsageError> {
    part.events(|part, event| {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "s" => {
                    let spaces = repeats::<usize>(part, tag, "c")?;
                    text.extend(std::iter::repeat_n(' ', spaces.min(MAX_TEXT)));
                }
                "tab" => text.push('\t'),
                "line-break" => text.push('\n'),
                _ => {}
            },
            event => part.push_text(event, text)?,
        }
        if text.len() > MAX_TEXT {
            return Err(part.damaged(msg!(
                "a cell has more than {max} bytes of text",
                max = MAX_TEXT
            )));
        }
        Ok(())
    })
}

/// The most parent styles that are followed. A damaged file may have a loop.
const MAX_PARENTS: usize = 20;

/// The properties of the styles of cells and tables.
#[derive(Default)]
pub(super) struct OdsStyles {
    formatted: HashSet<String>,
    /// The styles that set whether a text is crossed out.
    crossed_out: HashMap<String, bool>,
    /// The parent of each style.
    parents: HashMap<String, String>,
    /// The styles of hidden tables.
    hidden: HashSet<String>,
}

impl OdsStyles {
    /// Adds the style that this tag opens, if it opens one.
    pub(super) fn add(
        &mut self,
        part: &mut XmlPart<impl Read>,
        tag: &BytesStart<'_>,
    ) -> Result<(), UsageError> {
        if tag.local_name().as_ref() != "style" {
            return Ok(());
        }
        let [name, family, format, parent] = part.attributes(
            tag,
            ["name", "family", "data-style-name", "parent-style-name"],
        )?;
        let name = name.unwrap_or_default();
        // Paragraphs have styles with the same names.
        let is_of_cells = family.is_none_or(|family| family == "table-cell");
        if is_of_cells {
            self.formatted.extend(format.map(|_| name.clone()));
            self.parents
                .extend(parent.map(|parent| (name.clone(), parent)));
        }
        part.inside(|part, tag| {
            match tag.local_name().as_ref() {
                "text-properties" if is_of_cells => {
                    let [style, kind] = part
                        .attributes(tag, ["text-line-through-style", "text-line-through-type"])?;
                    self.crossed_out
                        .extend(style.or(kind).map(|line| (name.clone(), line != "none")));
                }
                "table-properties" => {
                    let [display] = part.attributes(tag, ["display"])?;
                    self.hidden.extend(
                        display
                            .filter(|display| display == "false")
                            .map(|_| name.clone()),
                    );
                }
                _ => {}
            }
            Ok(())
        })
    }

    /// Returns the style and its parents.
    fn ancestors<'a>(&'a self, style: &'a str) -> impl Iterator<Item = &'a str> {
        let based_on = |style: &&str| self.parents.get(*style).map(String::as_str);
        std::iter::successors(Some(style), based_on).take(MAX_PARENTS)
    }

    fn has_format(&self, style: &str) -> bool {
        self.ancestors(style)
            .any(|style| self.formatted.contains(style))
    }

    /// Returns whether tables with this style are hidden.
    fn is_hidden(&self, style: &str) -> bool {
        self.hidden.contains(style)
    }

    fn is_crossed_out(&self, style: &str) -> bool {
        self.ancestors(style)
            .find_map(|style| self.crossed_out.get(style))
            .is_some_and(|it| *it)
    }
}
