//! Files that are not text. Their first bytes identify them, whatever their name, and they are not read as a list.

/// How a file begins, and what it is.
const SIGNATURES: [(&[u8], Foreign); 14] = [
    // Workbooks with a password are in the same container.
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Foreign::Workbook("an older Office file (.xls) or a workbook with a password"),
    ),
    (b"\x89PNG", Foreign::Other("a picture (PNG)")),
    (b"\xff\xd8\xff", Foreign::Other("a picture (JPEG)")),
    (b"GIF8", Foreign::Other("a picture (GIF)")),
    (b"%PDF-", Foreign::Other("a PDF")),
    (b"{\\rtf", Foreign::Other("an RTF document")),
    (b"SQLite format 3\0", Foreign::Other("an SQLite database")),
    (b"\x1f\x8b", Foreign::Archive("compressed (gzip)")),
    (b"BZh", Foreign::Archive("compressed (bzip2)")),
    (b"\xfd7zXZ\0", Foreign::Archive("compressed (xz)")),
    (b"\x28\xb5\x2f\xfd", Foreign::Archive("compressed (zstd)")),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Archive("a 7z archive")),
    (b"Rar!\x1a\x07", Foreign::Archive("a RAR archive")),
    (b"PK\x05\x06", Foreign::Archive("an empty zip archive")),
];

/// How a zip archive begins; every modern workbook is one.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// What a zip archive is, by how the names of its files begin.
const INSIDE_ZIP: [(&[u8], Foreign); 5] = [
    (b"xl/workbook.bin", Foreign::Workbook("a binary Excel workbook (.xlsb)")),
    (b"Index/", Foreign::Workbook("a Numbers document")),
    (b"Index.zip", Foreign::Workbook("a Numbers document")),
    (b"word/", Foreign::Other("a Word document (.docx)")),
    (b"ppt/", Foreign::Other("a PowerPoint presentation (.pptx)")),
];

/// A file that is not a list, in words that follow "is".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It was written by a program for tables, which can also write a CSV.
    Workbook(&'static str),
    /// The list may be inside.
    Archive(&'static str),
    Other(&'static str),
    /// UTF-16 without a mark, by the label of `--encoding`.
    Utf16(&'static str),
    Utf32,
}

impl Foreign {
    pub(super) const ZIP_ARCHIVE: Self = Self::Archive("a zip archive");

    /// What a zip archive with these file names is; None if it may be a workbook that can be read.
    pub(super) fn in_archive<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let known = |name: &[u8]| INSIDE_ZIP.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, what)| *what);
        names.into_iter().find_map(known)
    }

    /// What the file that begins with `head` is; None if it may be a text.
    pub(crate) fn at(head: &[u8]) -> Option<Self> {
        if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
            return Some(*what);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
        if begins(b"<!doctype html") || begins(b"<html") || begins(b"<table") || begins(b"<?xml") {
            return Some(Self::Workbook("HTML or XML, as some programs export under the name .xls"));
        }
        // In Latin text every other byte is zero, or three of four.
        let zeros = |remainder| head.iter().enumerate().filter(|(at, byte)| **byte == 0 && at % 2 == remainder).count();
        let (even, odd) = (zeros(0), zeros(1));
        match even + odd {
            0 => None,
            zeros if zeros == head.len() => Some(Self::Other("no text: it begins with nothing but zeros")),
            zeros if zeros * 5 > head.len() * 3 => Some(Self::Utf32),
            zeros if zeros * 3 > head.len() => Some(Self::Utf16(if even > odd { "utf-16be" } else { "utf-16le" })),
            _ => Some(Self::Other("no text: it has bytes that are zero")),
        }
    }

    /// The hint.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Workbook(_) => "open it, and save the sheet as .xlsx or \"CSV UTF-8\"",
            Self::Archive(_) => "unpack it, and name the list inside",
            Self::Other(_) => "name a list: CSV, NDJSON, .xlsx or .ods",
            Self::Utf16("utf-16be") => "add --encoding utf-16be before the kind, or save it as \"CSV UTF-8\"",
            Self::Utf16(_) => "add --encoding utf-16le before the kind, or save it as \"CSV UTF-8\"",
            Self::Utf32 => "save it as \"CSV UTF-8\"",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Workbook(name) | Self::Archive(name) | Self::Other(name) => name,
            Self::Utf16("utf-16be") => "UTF-16BE without a mark",
            Self::Utf16(_) => "UTF-16LE without a mark",
            Self::Utf32 => "UTF-32",
        }
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
