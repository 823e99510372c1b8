//! Files that are not text. Their first bytes identify them, whatever their name, and they are not read as a list.

use super::format::MARK;
use crate::input::UsageError;

/// How a file begins; what it is, in words that follow "it is"; and the way out.
type Signature = (&'static [u8], &'static str, &'static str);

const SAVE_SHEET: &str = "open it, and save the sheet as .xlsx or \"CSV UTF-8\"";
const UNPACK: &str = "unpack it, and name the list inside";
const NAME_LIST: &str = "name a list: CSV, NDJSON, .xlsx or .ods";
const OF_UTF_16: &str = "name a list: CSV, NDJSON, .xlsx or .ods; a text in UTF-16 save as \"CSV UTF-8\", or for the list that is \
                         sent add --encoding utf-16le, or utf-16be, before the kind";

/// How a zip archive begins; every modern workbook is one.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

const FILES: [Signature; 3] = [
    // Workbooks with a password are in the same container.
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older Office file (.xls) or a workbook with a password", SAVE_SHEET),
    (b"%PDF-", "a PDF", NAME_LIST),
    (b"\x1f\x8b", "compressed (gzip)", UNPACK),
];

/// How a text begins that is not a list.
const MARKUP: [&[u8]; 4] = [b"<!doctype html", b"<html", b"<table", b"<?xml"];

/// The error for a file that is `what`, in front of which the name of the list comes.
pub(super) fn not_a_list(what: &str, hint: &str) -> UsageError {
    UsageError::new(format!("it is {what}, not a list"), hint)
}

/// The error for the file that begins with `head`; None if it may be a text.
pub(super) fn foreign_file(head: &[u8]) -> Option<UsageError> {
    let text = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start();
    let begins = |tag: &&[u8]| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
    if MARKUP.iter().any(begins) {
        return Some(not_a_list("HTML or XML, as some programs export under the name .xls", SAVE_SHEET));
    }
    let of_zeros = || head.contains(&0).then(|| not_a_list("not text in UTF-8: it has bytes that are zero", OF_UTF_16));
    let known = FILES.iter().find(|(begin, ..)| head.starts_with(begin));
    known.map(|(_, what, hint)| not_a_list(what, hint)).or_else(of_zeros)
}
