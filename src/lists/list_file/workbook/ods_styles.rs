//! The styles of an OpenDocument spreadsheet. They contain formats of cells, crossed-out texts and
//! hidden tables.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use quick_xml::events::BytesStart;

use super::part::XmlPart;
use crate::base::input::UsageError;

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

    pub(super) fn has_format(&self, style: &str) -> bool {
        self.ancestors(style)
            .any(|style| self.formatted.contains(style))
    }

    /// Returns whether tables with this style are hidden.
    pub(super) fn is_hidden(&self, style: &str) -> bool {
        self.hidden.contains(style)
    }

    pub(super) fn is_crossed_out(&self, style: &str) -> bool {
        self.ancestors(style)
            .find_map(|style| self.crossed_out.get(style))
            .is_some_and(|it| *it)
    }
}
