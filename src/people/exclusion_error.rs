//! Why a list of excluded people cannot be used, with the hint.

use crate::input::UsageError;
use crate::list::ONE_A_LINE;
use crate::phone::RecipientError;

/// The most lines that are listed.
const NAMED: usize = 20;

/// The bad lines of a file; only the first are kept.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    lines: Vec<UsageError>,
    count: u64,
}

/// A line that does not clearly name a person.
pub(super) fn nobody(words: impl Into<String>) -> UsageError {
    UsageError::new(words.into(), ONE_A_LINE)
}

pub(super) fn no_recipient(column: &str) -> UsageError {
    let words = format!("`{column}` is empty, so the person is not known");
    UsageError::new(words, "write the person's number there, or delete the line")
}

/// The list has no header, and `text` stands behind a person.
pub(super) fn behind(text: &str) -> UsageError {
    let delimiter = text.get(..1).unwrap_or(",");
    let hint = format!(
        "write a line with a name for each column above the first person, such as celular{delimiter}nombre, or leave \
         one person a line and nothing else"
    );
    UsageError::new(format!("the list has no header, and `{text}` stands behind the person"), hint)
}

pub(super) fn unclear(error: &RecipientError) -> UsageError {
    let more = "; for numbers of several countries give that list a header, and a column País";
    UsageError::new(error, format!("{}{}", error.hint, if error.is_without_country { more } else { "" }))
}

impl BadLines {
    /// `sheet` is that of a workbook.
    pub(super) fn add(&mut self, sheet: Option<&str>, line: u64, fault: UsageError) {
        self.count += 1;
        if self.lines.len() < NAMED {
            let sheet = sheet.map(|sheet| format!("sheet `{sheet}`, ")).unwrap_or_default();
            self.lines.push(fault.of(&format!("{sheet}line {line}")));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Removes all but the first `kept`.
    pub(super) fn cut(&mut self, kept: u64) {
        self.count = self.count.min(kept);
        self.lines.truncate(usize::try_from(self.count).unwrap_or(NAMED));
    }

    /// # Errors
    /// When there are any.
    pub(super) fn check(mut self, name: &str) -> Result<(), UsageError> {
        match self.count {
            0 => Ok(()),
            1 => Err(self.lines.remove(0).of(name)),
            count => {
                let more = count.saturating_sub(self.lines.len() as u64);
                let hint = self.lines.first().map(|fault| fault.hint.clone()).unwrap_or_default();
                let details = self.lines.into_iter().map(|fault| fault.message);
                let details = details.chain((more > 0).then(|| format!("and {more} more"))).collect();
                Err(UsageError {
                    details,
                    ..UsageError::new(format!("{name}: {count} lines do not name a person"), hint)
                })
            }
        }
    }
}
