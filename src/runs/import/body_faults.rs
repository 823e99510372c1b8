//! Finds the texts that are probably a mistake in a row that is a whole body: they are sent as they are.

use serde_json::Value;

use super::import_result::RowProblem;
use crate::jelou::message::each_text;
use crate::lists::template::{NoValue, TextFault, repeats_name};

/// A text of a body that is probably a mistake.
pub(super) struct BodyFault {
    /// The path of the text in the body.
    path: String,
    /// The word that stands for a missing value, if the whole text is one.
    word: Option<String>,
    description: String,
}

impl BodyFault {
    fn new(path: &str, fault: &TextFault<'_>) -> Self {
        let word = match fault {
            TextFault::NoValue(NoValue { word, .. }) => Some((*word).to_owned()),
            TextFault::Placeholder(_) | TextFault::Foreign(_) | TextFault::StrayEnd => None,
        };
        Self {
            path: path.to_owned(),
            word,
            description: fault.describe_in_row(),
        }
    }

    /// Describes the fault for a row that is refused.
    pub(super) fn describe(&self) -> String {
        format!("{}: {}", self.path, self.description)
    }

    /// The fault as a warning about a row. Rows with the same word are counted together.
    pub(super) fn problem(&self) -> RowProblem {
        match &self.word {
            Some(word) => RowProblem::PlaceholderCell {
                column: self.path.clone(),
                cell: word.clone(),
            },
            None => RowProblem::Warning(self.describe()),
        }
    }
}

/// Finds the faults in the texts of `body`.
pub(super) fn body_faults(body: &Value) -> Vec<BodyFault> {
    let mut faults = Vec::new();
    each_text(body, "", &mut |path, text| {
        let found = TextFault::find_all(path, text);
        faults.extend(found.iter().map(|fault| BodyFault::new(path, fault)));
    });
    faults.dedup_by(|later, earlier| repeats_name(&later.describe(), &earlier.describe()));
    faults
}
