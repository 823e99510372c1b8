//! A suggestion for a wrong line, and a row of the tables of suggestions.

/// A suggestion for a wrong line.
pub(super) struct Suggestion {
    /// Replaces the parser's error if that reports a different problem.
    pub(super) message: Option<String>,
    pub(super) hint: String,
}

impl Suggestion {
    pub(super) fn hint(hint: impl Into<String>) -> Self {
        Self {
            message: None,
            hint: hint.into(),
        }
    }

    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            hint: hint.into(),
        }
    }
}

/// A row with a suggestion for words that are wrong in some places of a line.
pub(super) struct SuggestionRow {
    /// The commands before the word, such as `bulk send`; empty before any command. `*` means any further commands.
    pub(super) places: &'static [&'static str],
    /// The wrong words or flags, separated by spaces.
    pub(super) words: &'static str,
    /// Shows these parts of the wrong line: `{flag}`, `{kind}`, and `{usage}`, the line for that kind of message.
    pub(super) hint: &'static str,
}

impl SuggestionRow {
    /// Returns whether the row is about `word` after the commands in `path`.
    pub(super) fn matches(&self, path: &str, word: &str) -> bool {
        self.has_word(word) && self.places.iter().any(|place| is_place(place, path))
    }

    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.split(' ').any(|one| one == word)
    }
}

fn is_place(place: &str, path: &str) -> bool {
    if let Some(begin) = place.strip_suffix('*') {
        return format!("{path} ").starts_with(begin);
    }
    if let Some(end) = place.strip_prefix('*') {
        return path.ends_with(end);
    }
    place == path
}
