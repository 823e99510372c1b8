//! Lists of recipients: the file and its rows, the texts that a row fills, the facts about its columns, and the recipients
//! to exclude.

pub(crate) mod column_facts;
pub(crate) mod exclusions;
pub(crate) mod list_file;
pub(crate) mod template;
