//! A list in a workbook: the rows of one sheet, or of every sheet, of an Excel (.xlsx) or OpenDocument (.ods) file, one
//! row at a time. Values are what is stored, as the texts that a CSV would have, together with what the sheet shows.

mod archive;
mod choice;
mod error;
mod number_format;
mod ods;
mod part;
mod shared_strings;
mod sheet_row;
mod stream;
mod values;
mod xlsx;
mod xlsx_merges;
mod xlsx_rows;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;

use self::archive::{Archive, contains, open_part};
pub(crate) use self::choice::SheetChoice;
pub(crate) use self::error::WorkbookError;
pub(crate) use self::number_format::Unshown;
use self::ods::OdsStyles;
use self::part::XmlPart;
pub(crate) use self::sheet_row::{CellFault, CellLook, SheetRow, column_letters};
use self::stream::RowSink;
pub(crate) use self::stream::SheetStream;
pub(crate) use self::values::plain_number;
use super::foreign::Foreign;

/// The type of an OpenDocument spreadsheet; a template's type continues after it.
const ODS: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

/// Begins to read the sheets of a zip archive.
pub(crate) fn read_sheets(file: File, choice: SheetChoice) -> Result<SheetStream, WorkbookError> {
    let most = match choice {
        SheetChoice::Heads(rows) => Some(rows),
        SheetChoice::One(_) | SheetChoice::Every => None,
    };
    SheetStream::start(file, most, move |file, sink| read(file, &choice, sink))
}

fn read(file: File, choice: &SheetChoice, sink: &mut RowSink) -> Result<(), WorkbookError> {
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    if is_ods(&mut archive)? {
        if let Some(manifest) = open_part(&mut archive, "META-INF/manifest.xml")?
            && ods::has_password(XmlPart::new(manifest, "META-INF/manifest.xml"))?
        {
            return Err(WorkbookError::Password);
        }
        let mut styles = OdsStyles::default();
        if let Some(part) = open_part(&mut archive, "styles.xml")? {
            styles.read(&mut XmlPart::new(part, "styles.xml"))?;
        }
        let missing = || WorkbookError::damaged("content.xml", &"it is missing");
        let content = open_part(&mut archive, "content.xml")?.ok_or_else(missing)?;
        return ods::read(XmlPart::new(content, "content.xml"), styles, choice, sink);
    }
    if let Some(foreign) = Foreign::in_archive(archive.file_names_raw()) {
        return Err(WorkbookError::Foreign(foreign));
    }
    match xlsx::workbook_path(&mut archive)? {
        Some(path) => xlsx::read(&mut archive, &path, choice, sink),
        None => Err(WorkbookError::Foreign(Foreign::ZIP_ARCHIVE)),
    }
}

fn is_ods(archive: &mut Archive) -> Result<bool, WorkbookError> {
    let Some(mimetype) = open_part(archive, "mimetype")? else { return Ok(false) };
    let mut begin = Vec::new();
    mimetype.take(ODS.len() as u64).read_to_end(&mut begin)?;
    Ok(begin == ODS)
}

/// What a file in the container of older Office programs is: workbooks with a password use it, too.
pub(crate) fn old_office(input: impl Read) -> WorkbookError {
    match contains(input, &"EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()) {
        Ok(true) => WorkbookError::Password,
        Ok(false) => WorkbookError::Foreign(Foreign::OLD_WORKBOOK),
        Err(cause) => cause.into(),
    }
}
