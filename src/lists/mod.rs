//! Lists of recipients: the file and its rows, the texts that a row fills, and the recipients to
//! exclude.

pub(crate) mod exclusions;
pub(crate) mod list_file;
pub(crate) mod template;
