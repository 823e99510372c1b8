//! Files that are not text. Their first bytes identify them, whatever their name, and they are not read as a list.

use crate::input::UsageError;

/// A file that is not a list, in words that follow "it is", and the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    name: &'static str,
    hint: &'static str,
}

const SAVE_SHEET: &str = "open it, and save the sheet as .xlsx or \"CSV UTF-8\"";
const UNPACK: &str = "unpack it, and name the list inside";
const NAME_LIST: &str = "name a list: CSV, NDJSON, .xlsx or .ods";

const fn foreign(name: &'static str, hint: &'static str) -> Foreign {
    Foreign { name, hint }
}

/// How a file begins, and what it is.
const SIGNATURES: [(&[u8], Foreign); 3] = [
    // Workbooks with a password are in the same container.
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        foreign("an older Office file (.xls) or a workbook with a password", SAVE_SHEET),
    ),
    (b"%PDF-", foreign("a PDF", NAME_LIST)),
    (b"\x1f\x8b", foreign("compressed (gzip)", UNPACK)),
];

/// How a zip archive begins; every modern workbook is one.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// What a zip archive is, by how the names of its files begin.
const INSIDE_ZIP: [(&[u8], Foreign); 5] = [
    (b"xl/workbook.bin", foreign("a binary Excel workbook (.xlsb)", SAVE_SHEET)),
    (b"Index/", foreign("a Numbers document", SAVE_SHEET)),
    (b"Index.zip", foreign("a Numbers document", SAVE_SHEET)),
    (b"word/", foreign("a Word document (.docx)", NAME_LIST)),
    (b"ppt/", foreign("a PowerPoint presentation (.pptx)", NAME_LIST)),
];

impl Foreign {
    pub(super) const ZIP_ARCHIVE: Self = foreign("a zip archive", UNPACK);
    const NO_TEXT: Self = foreign("no text: it has bytes that are zero", NAME_LIST);
    const UTF_16: Self = foreign(
        "UTF-16 without a mark",
        "save it as \"CSV UTF-8\", or for the list that is sent add --encoding utf-16le, or utf-16be, before the kind",
    );
    pub(super) const UTF_32: Self = foreign("UTF-32", "save it as \"CSV UTF-8\"");

    /// What a zip archive with these file names is; None if it may be a workbook that can be read.
    pub(super) fn in_archive<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let known = |name: &[u8]| INSIDE_ZIP.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, what)| *what);
        names.into_iter().find_map(known)
    }

    /// What the file that begins with `head` is; None if it may be a text.
    pub(super) fn at(head: &[u8]) -> Option<Self> {
        if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
            return Some(*what);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
        if begins(b"<!doctype html") || begins(b"<html") || begins(b"<table") || begins(b"<?xml") {
            return Some(foreign("HTML or XML, as some programs export under the name .xls", SAVE_SHEET));
        }
        // In Latin text every other byte is zero, or three of four.
        match head.split(|byte| *byte == 0).count() - 1 {
            0 => None,
            zeros if zeros == head.len() || zeros * 3 <= head.len() => Some(Self::NO_TEXT),
            zeros if zeros * 5 > head.len() * 3 => Some(Self::UTF_32),
            _ => Some(Self::UTF_16),
        }
    }

    /// As an error, in front of which the name of the list comes.
    pub(super) fn error(self) -> UsageError {
        UsageError::new(format!("it is {}, not a list", self.name), self.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_none_of_them() {
        for text in ["", "to,n\n1,2\n", "\u{feff}to\n", "{\"to\":1}", "PK,n\n", "GIF,n\n", "<to>,n\n", "BZ,h\n"] {
            assert_eq!(Foreign::at(text.as_bytes()), None, "{text}");
        }
    }
}
