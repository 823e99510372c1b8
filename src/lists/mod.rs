//! Lists of recipients: the file with its rows, the texts that are filled from a row, and the recipients to exclude.

pub(crate) mod exclusions;
pub(crate) mod list_file;
pub(crate) mod template;
