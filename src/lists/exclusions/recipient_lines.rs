//! A text with one recipient per line, for `bulk exclude`. Each line must be one clear recipient.

use super::exclusion_file::bare;
use super::exclusion_list::BadLines;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::jelou::message::TypedRecipient;
use crate::lists::list_file::{AnyInput, ListInput};
use crate::phone::{Country, RecipientError};

/// Reads a recipient of this country.
pub(crate) type ReadRecipient = fn(&str, Option<Country>) -> Result<TypedRecipient, RecipientError>;

/// Reads the recipients in `input`, each with `read`; errors use `name`. Local numbers are of `country`.
///
/// # Errors
/// If the file is not a text, or a line is not a clear recipient. The error names all of these lines.
pub(crate) fn read_recipient_lines(
    input: ListInput,
    name: &str,
    country: Option<Country>,
    read: ReadRecipient,
) -> Result<Vec<String>, UsageError> {
    let AnyInput::Text(text) = AnyInput::open(input, name, None)? else {
        return Err(UsageError::new(
            msg!("{name} is a workbook, not a text", name),
            msg!("save it as a text with one recipient per line"),
        ));
    };
    let mut recipients = Vec::new();
    let mut bad = BadLines::default();
    for (line, text) in (1..).zip(text.lines().map(str::trim)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match read(bare(text), country) {
            Ok(typed) => recipients.push(typed.recipient.to_string()),
            Err(error) => bad.add(
                None,
                line,
                UsageError {
                    hint: error.hint.clone(),
                    ..UsageError::bare(error.message())
                },
            ),
        }
    }
    bad.check(name)?;
    Ok(recipients)
}
