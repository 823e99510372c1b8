//! A field that the schema of its kind does not know, and the known field that may be meant.

use super::invalid::Violation;
use super::schema::Schema;
use crate::base::message::{Message, msg};
use crate::base::suggest::nearest;

pub(super) struct UnknownField {
    path: String,
    /// The nearest known field: its name if it belongs to the same object, else its path.
    meant: Option<String>,
}

impl UnknownField {
    /// Creates the field at `path` in an object with the schema `object`, in a body with the schema `root`.
    pub(super) fn new(path: String, object: &Schema, root: &Schema) -> Self {
        let name = last_name(&path);
        let siblings = object.properties.iter().map(|(known, _)| known.as_str());
        let meant = match nearest(name, siblings) {
            Some(sibling) => Some(sibling.to_owned()),
            None => elsewhere(name, root),
        };
        Self { path, meant }
    }

    /// Returns the warning for a valid body, which is sent with the field.
    pub(super) fn warning(&self) -> Message {
        let path = &self.path;
        match &self.meant {
            Some(meant) => msg!(
                "{path}: unknown field, sent unchanged (did you mean `{meant}`?)",
                path,
                meant
            ),
            None => msg!("{path}: unknown field, sent unchanged", path),
        }
    }

    /// Returns the fault of an invalid body, in which it may be the name of a missing field.
    pub(super) fn violation(self) -> Violation {
        let problem = match &self.meant {
            Some(meant) => msg!("unknown field; did you mean `{meant}`?", meant),
            None => msg!("unknown field"),
        };
        Violation {
            path: self.path,
            problem,
            flag: None,
        }
    }
}

/// Returns the path of the field anywhere in the body whose name is nearest to `name`.
fn elsewhere(name: &str, root: &Schema) -> Option<String> {
    let paths = root.known_paths();
    let found = nearest(name, paths.iter().map(|path| last_name(path)))?;
    paths.iter().find(|path| last_name(path) == found).cloned()
}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
