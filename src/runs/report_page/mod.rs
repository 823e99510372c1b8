//! The report of a run, or of a list before its run, as one HTML page to view and share. The page loads nothing from
//! elsewhere. This module reads the ledger and decides nothing.

mod head;
mod page;
mod plan;
mod preview;
mod rows;
mod run_page;
mod texts;
mod timeline;

use jiff::tz::TimeZone;

pub(crate) use self::page::is_page;
pub(crate) use self::plan::{ListPreview, Refusal};
pub(crate) use self::preview::{write_preview, write_refused_list};
pub(crate) use self::run_page::write_run_page;
pub(crate) use self::texts::ledger_word;
use crate::base::message::Lang;

/// The options of a page.
pub(crate) struct PageStyle {
    pub(crate) language: Lang,
    /// Whether to hide names and numbers.
    pub(crate) mask: bool,
    /// The time zone of the page.
    pub(crate) zone: TimeZone,
}
