//! The errors for a list in another encoding than expected. They show a line in the encoding that
//! fits, because a wrong encoding would change names for every recipient.

use std::fs::File;
use std::io::{self, BufReader, Seek};

use encoding_rs::Encoding;

use super::format::{not_a_list, pass_list};
use super::input::ListInput;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::text_encoding::{LineSurvey, WesternEncoding};
use crate::base::texts::shell_word;
use crate::base::texts::shorten;

/// The most characters of a line that are shown, and how many of them may come before the first
/// unclear letter.
const SHOWN: usize = 60;
const SHOWN_BEFORE: usize = 20;

/// The facts about a list in UTF-8 that explain an error in it.
#[derive(Default)]
pub(super) struct Utf8Check {
    /// The list, if it can be read again.
    file: Option<File>,
    /// The first text with letters of several bytes.
    letters: Option<(u64, String)>,
}

impl Utf8Check {
    pub(super) fn new(input: &ListInput) -> Self {
        let file = match input {
            ListInput::File(file) => file.try_clone().ok(),
            ListInput::Stream(_) => None,
        };
        // A pipe cannot be read again.
        let is_regular = |file: &File| file.metadata().is_ok_and(|metadata| metadata.is_file());
        Self {
            file: file.filter(is_regular),
            letters: None,
        }
    }

    /// Keeps the first text that is not ASCII.
    pub(super) fn keep_letters(&mut self, line: u64, text: &str) {
        if self.letters.is_none() && !text.is_ascii() {
            self.letters = Some((line, text.to_owned()));
        }
    }

    /// Works like [`Utf8Check::keep_letters`], for the cells of a row.
    pub(super) fn keep_letters_of_row(&mut self, line: u64, cells: &[&str]) {
        if self.letters.is_none() && cells.iter().any(|cell| !cell.is_ascii()) {
            self.letters = Some((line, cells.join(" ")));
        }
    }

    /// Returns the error for the list `name`: its `bytes` at `line` are not UTF-8.
    pub(super) fn error(&self, name: &str, line: u64, bytes: &[u8]) -> UsageError {
        let survey = self
            .survey_file()
            .filter(|survey| survey.other.count > 0)
            .unwrap_or_else(|| self.survey_line(line, bytes));
        if survey.other_bytes.iter().any(|byte| is_control(*byte)) {
            let found = msg!("bytes that are neither a text nor a workbook");
            return not_a_list(&found, pass_list()).in_file(name);
        }
        if survey.is_mixed() {
            return mixed(name, &survey);
        }
        let encoding = WesternEncoding::guess(&survey.other_bytes);
        let shown = excerpt(&encoding.decode(&survey.other.sample));
        let hint = match encoding {
            WesternEncoding::Windows1252 | WesternEncoding::MacRoman => msg!(
                "if that is right, add --encoding {encoding} before the kind; if not, save the list as \"CSV UTF-8\"",
                encoding = encoding.to_string()
            ),
            WesternEncoding::Cp850 => msg!(
                "if that is right, convert it: iconv -f CP850 -t UTF-8 {file} > utf8.csv; if not, save the list as \
                 \"CSV UTF-8\"",
                file = shell_word(name)
            ),
        };
        let message = msg!(
            "{name}: line {line} is not UTF-8; in {encoding} it reads `{shown}`",
            name,
            line,
            encoding = encoding.to_string(),
            shown
        );
        UsageError::new(message, hint)
    }

    /// Surveys the whole list.
    fn survey_file(&self) -> Option<LineSurvey> {
        let mut file = self.file.as_ref()?.try_clone().ok()?;
        file.rewind().ok()?;
        LineSurvey::read(BufReader::new(file)).ok()
    }

    /// Surveys the known lines of a list that cannot be read again.
    fn survey_line(&self, line: u64, bytes: &[u8]) -> LineSurvey {
        let mut survey = LineSurvey::default();
        if let Some((line, text)) = &self.letters {
            survey.add(*line, text.as_bytes());
        }
        survey.add(line, bytes);
        survey
    }
}

/// Returns whether the byte is a control character in every encoding, and not white space.
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !byte.is_ascii_whitespace()
}

/// Checks that the list in `file` can have the encoding `asked`, where each byte is a character.
/// Returns a warning if another encoding fits better.
///
/// # Errors
/// If some of its lines are UTF-8.
pub(super) fn check_encoding(
    file: &File,
    name: &str,
    asked: &'static Encoding,
) -> Result<Option<Message>, UsageError> {
    let survey = file
        .try_clone()
        .and_then(|file| LineSurvey::read(BufReader::new(file)))
        .map_err(|cause: io::Error| UsageError::unreadable(name, &cause))?;
    if survey.is_mixed() {
        return Err(mixed(name, &survey));
    }
    if survey.utf_8.count > 0 || survey.other.count == 0 && survey.has_unusual_utf_8 {
        let encoding = asked.name();
        return Err(UsageError::bare(msg!(
            "--encoding: {name} is UTF-8, not {encoding}",
            name,
            encoding
        )));
    }
    let Some(asked) = WesternEncoding::from_encoding(asked) else {
        return Ok(None);
    };
    let guess = WesternEncoding::guess(&survey.other_bytes);
    let fits_better =
        guess.fitness(&survey.other_bytes) > asked.fitness(&survey.other_bytes) && guess != asked;
    Ok(fits_better.then(|| {
        let sample = &survey.other.sample;
        let asked_text = excerpt(&asked.decode(sample));
        let guessed_text = excerpt(&guess.decode(sample));
        msg!(
            "--encoding {asked}: line {line} of {name} reads `{asked_text}`; in {guess} it reads `{guessed_text}`",
            asked = asked.to_string(),
            line = survey.other.first(),
            name,
            asked_text,
            guess = guess.to_string(),
            guessed_text
        )
    }))
}

/// Returns the error for a list with some lines in UTF-8 and others in another encoding.
fn mixed(name: &str, survey: &LineSurvey) -> UsageError {
    let [utf_8, other] = [&survey.utf_8, &survey.other];
    let encoding = WesternEncoding::guess(&survey.other_bytes);
    let utf_8_text = excerpt(&String::from_utf8_lossy(&utf_8.sample));
    let other_text = excerpt(&encoding.decode(&other.sample));
    let message = msg!(
        "{name} mixes two encodings: {utf_8} {count|is|are} UTF-8 (`{utf_8_text}`), {other} {others|is|are} not \
         (`{other_text}` in {encoding})",
        name,
        utf_8 = utf_8.describe(),
        count = utf_8.count,
        utf_8_text,
        other = other.describe(),
        others = other.count,
        other_text,
        encoding = encoding.to_string()
    );
    let fewer = if utf_8.count < other.count {
        utf_8
    } else {
        other
    };
    let hint = msg!(
        "retype the letters of {lines} in an editor, and save the list as UTF-8",
        lines = fewer.describe()
    );
    UsageError::new(message, hint)
}

/// Returns the shown part of a line, with the first letter that is not ASCII.
fn excerpt(line: &str) -> String {
    let visible: Vec<char> = line
        .trim()
        .chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    let first = visible
        .iter()
        .position(|character| !character.is_ascii())
        .unwrap_or_default();
    let begin = if first < SHOWN {
        0
    } else {
        first.saturating_sub(SHOWN_BEFORE)
    };
    let shown: String = visible.iter().skip(begin).collect();
    let shown = shorten(&shown, SHOWN);
    if begin == 0 {
        shown.into_owned()
    } else {
        format!("…{shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_shows_the_first_unclear_letter() {
        assert_eq!(excerpt(" José;1\t"), "José;1");
        let long = format!("{}José;{}", "x".repeat(100), "y".repeat(100));
        let shown = excerpt(&long);
        assert!(shown.starts_with("…xxx") && shown.contains("José;") && shown.ends_with('…'));
        assert_eq!(excerpt("a\u{81}b"), "a\u{fffd}b");
    }
}
