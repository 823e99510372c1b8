//! A workbook, Excel (.xlsx) or OpenDocument (.ods): its sheets and their rows, one at a time.
//! Values are the stored ones, as the texts that a CSV would have, together with what the sheet
//! shows. Only a phone number that its format completes is the shown one.

mod archive;
mod number_format;
mod ods;
mod part;
mod shared_strings;
mod sheet_row;
mod shown_phone;
mod values;
mod xlsx;
mod xlsx_rows;

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use zip::ZipArchive;

use self::archive::{Archive, open_part};
use self::archive::{unreadable, zip_error};
pub(crate) use self::number_format::FormatFallback;
pub(super) use self::sheet_row::{CellFault, CellLook, SheetRow, SheetStream, column_letters};
pub(crate) use self::values::plain_number;
use self::xlsx_rows::SheetContext;
use super::input::not_a_list;
use super::questions::{read_sheet, which_sheet};
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::question::Question;
use crate::base::suggest::nearest;

/// The media type of an OpenDocument spreadsheet. The type of a template begins with it.
const ODS: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

pub(crate) struct Workbook {
    file: File,
    /// The name of the list, for errors.
    name: String,
    pub(super) sheets: Vec<Sheet>,
    content: Arc<WorkbookContext>,
}

pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    /// Whether the spreadsheet showed it when the workbook was saved.
    is_in_front: bool,
    /// The path of the sheet's file in the archive.
    part: String,
}

/// The data that the cells of all sheets refer to.
enum WorkbookContext {
    Excel(SheetContext),
    OpenDocument(ods::OdsStyles),
}

/// Whether to skip the values of merged cells other than the first. The sheet does not show them,
/// but an exclusion list may have a recipient there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MergedCellPolicy {
    Hidden,
    Read,
}

impl Workbook {
    /// Opens the workbook in a zip archive. Errors use `name`.
    pub(super) fn open(file: File, name: &str) -> Result<Self, UsageError> {
        let opened = file
            .try_clone()
            .map_err(|cause| unreadable(&cause))
            .and_then(open);
        let (sheets, content) = opened.map_err(|error| error.in_file(name))?;
        Ok(Self {
            file,
            name: name.to_owned(),
            sheets,
            content: Arc::new(content),
        })
    }

    /// Returns the sheets that are not hidden, with their positions.
    pub(super) fn visible(&self) -> impl Iterator<Item = (usize, &Sheet)> {
        self.sheets
            .iter()
            .enumerate()
            .filter(|(_, sheet)| !sheet.is_hidden)
    }

    /// Returns the position of the visible sheet that was in front when the workbook was saved, if the
    /// workbook records it.
    pub(super) fn front(&self) -> Option<usize> {
        self.visible()
            .find(|(_, sheet)| sheet.is_in_front)
            .map(|(place, _)| place)
    }

    /// Returns whether the sheet at `place` has a row, or cannot be read.
    pub(super) fn is_filled(&self, place: usize) -> bool {
        let first = self
            .rows(place, MergedCellPolicy::Read)
            .and_then(|mut rows| rows.next());
        !matches!(first, Ok(None))
    }

    /// Returns the position of the sheet `wanted`, otherwise of the first visible one.
    pub(super) fn find_sheet(&self, wanted: Option<&str>) -> Result<usize, UsageError> {
        match wanted.filter(|_| !self.sheets.is_empty()) {
            Some(wanted) => self.named_sheet(wanted),
            None => self.first_visible(),
        }
    }

    fn first_visible(&self) -> Result<usize, UsageError> {
        let first = self.visible().next();
        first.map(|(place, _)| place).ok_or_else(|| {
            let names = self.names();
            let name = &self.name;
            if names.is_empty() {
                return UsageError::bare(msg!("{name} has no visible sheet", name));
            }
            let names = names.join(", ");
            let problem = msg!("{name} has no visible sheet; hidden: {names}", name, names);
            UsageError::open(problem, self.which_sheet(None))
        })
    }

    /// Returns the position of the sheet with this name, or the only one that differs in capitals. Spreadsheets do not
    /// allow two such names, but other programs write them.
    fn named_sheet(&self, wanted: &str) -> Result<usize, UsageError> {
        let names = self.names();
        if let Some(exact) = names.iter().position(|name| *name == wanted) {
            return Ok(exact);
        }
        let is_alike = |name: &str| name.trim().to_lowercase() == wanted.trim().to_lowercase();
        let places = (0..).zip(&names);
        let alike: Vec<_> = places.filter(|(_, name)| is_alike(name)).collect();
        match alike[..] {
            [(place, _)] => Ok(place),
            [] => {
                let meant = nearest(wanted, names.iter().copied());
                let name = &self.name;
                let names = names.join(", ");
                let problem = match meant {
                    Some(meant) => msg!(
                        "{name} has no sheet `{wanted}` (did you mean `{meant}`?); there are: {names}",
                        name,
                        wanted,
                        meant,
                        names
                    ),
                    None => msg!(
                        "{name} has no sheet `{wanted}`; there are: {names}",
                        name,
                        wanted,
                        names
                    ),
                };
                Err(UsageError::open(problem, self.which_sheet(meant)))
            }
            [(_, first), (_, second), ..] => {
                let problem = msg!(
                    "{name}: `{wanted}` could be the sheet `{first}` or `{second}`",
                    name = self.name,
                    wanted,
                    first,
                    second
                );
                let answers = alike.iter().map(|(_, name)| read_sheet(name)).collect();
                Err(UsageError::open(problem, which_sheet(answers)))
            }
        }
    }

    /// Returns the question which sheet to read, with the sheet `first` as the first answer.
    fn which_sheet(&self, first: Option<&str>) -> Question {
        let names = self.names();
        let others = names.into_iter().filter(|name| Some(*name) != first);
        let answers = first.into_iter().chain(others).map(read_sheet).collect();
        which_sheet(answers)
    }

    fn names(&self) -> Vec<&str> {
        let names = self.sheets.iter().map(|sheet| sheet.name.as_str());
        names.collect()
    }

    /// Returns the filled rows of the sheet at `place`.
    pub(super) fn rows(
        &self,
        place: usize,
        covered: MergedCellPolicy,
    ) -> Result<SheetStream, UsageError> {
        let file = self
            .file
            .try_clone()
            .map_err(|cause| UsageError::unreadable(&self.name, &cause))?;
        let part = self
            .sheets
            .get(place)
            .map(|sheet| sheet.part.clone())
            .unwrap_or_default();
        let book = Arc::clone(&self.content);
        SheetStream::start(&self.name, move |sink| {
            let mut archive = ZipArchive::new(BufReader::new(file)).map_err(zip_error)?;
            match book.as_ref() {
                WorkbookContext::Excel(context) => {
                    xlsx::read_sheet(&mut archive, &part, context, covered, sink)
                }
                WorkbookContext::OpenDocument(styles) => {
                    ods::read_sheet(&mut archive, place, styles, covered, sink)
                }
            }
        })
    }
}

fn open(file: File) -> Result<(Vec<Sheet>, WorkbookContext), UsageError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(zip_error)?;
    if is_ods(&mut archive)? {
        let (sheets, styles) = ods::open(&mut archive)?;
        return Ok((sheets, WorkbookContext::OpenDocument(styles)));
    }
    let path = xlsx::workbook_path(&mut archive)?;
    let hint =
        msg!("unpack it, and pass the list inside; save a document of another program as .xlsx");
    let path = path.ok_or_else(|| not_a_list(&msg!("a zip archive"), hint))?;
    let (sheets, context) = xlsx::open(&mut archive, &path)?;
    Ok((sheets, WorkbookContext::Excel(context)))
}

fn is_ods(archive: &mut Archive) -> Result<bool, UsageError> {
    let Some(mimetype) = open_part(archive, "mimetype")? else {
        return Ok(false);
    };
    let mut begin = Vec::new();
    mimetype
        .take(ODS.len() as u64)
        .read_to_end(&mut begin)
        .map_err(|cause| unreadable(&cause))?;
    Ok(begin == ODS)
}

#[cfg(test)]
mod tests;
