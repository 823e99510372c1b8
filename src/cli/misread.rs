//! Finds lines that the parser accepts, but reads in another way than they were meant.

use std::ffi::OsString;

use super::app;
use super::line::words_before_dashes;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::commands::bulk::BulkCommand;

/// Returns the error for a text that was probably meant as something else.
pub(super) fn misread(
    command: Option<&app::Command>,
    arguments: &[OsString],
) -> Option<UsageError> {
    let message = match command? {
        app::Command::Send(args) => &args.typed.message,
        app::Command::Bulk(BulkCommand::Send(args)) => &args.typed.message,
        _ => return None,
    };
    // Other tools read standard input for a lone dash.
    if message.text() == Some("-") && words_before_dashes(arguments).any(|word| word == "-") {
        let hint =
            msg!("to read the text from standard input: --text-file -; to send a dash: -- -");
        return Some(UsageError::new(msg!("the text is a lone `-`"), hint));
    }
    text_with_dash(arguments, false)
}

/// Returns the error for a text that begins with `-`, such as `'-oferta del día'`: its first letters are read as flags. It
/// can also be `-hola`, which prints help, and a script would mistake help for success. A real help flag is a separate
/// word.
pub(super) fn text_with_dash(arguments: &[OsString], is_help: bool) -> Option<UsageError> {
    let words: Vec<_> = words_before_dashes(arguments).collect();
    let is_text = |pair: &[String]| {
        let [before, word] = pair else { return false };
        let is_value = before.starts_with('-') && !before.contains('=');
        let is_short = word.starts_with('-') && !word.starts_with("--");
        !is_value && is_short && word.contains(' ') && !word.contains('=')
    };
    let is_help_flag = |word: &String| ["-h", "--help", "-V", "--version"].contains(&word.as_str());
    let is_misread = if is_help {
        !words.iter().any(is_help_flag)
    } else {
        words.windows(2).any(is_text)
    };
    is_misread.then(|| {
        let hint = msg!("to send a text with a dash: -- '-5 % hoy'; to show help: --help");
        UsageError::new(msg!("the text starts with a dash, like a flag"), hint)
    })
}
