//! A row of the tables of suggestions.

/// A suggestion for words that are wrong in some places of a line.
pub(super) struct Suggestion {
    /// The commands before the word, such as `bulk send`; empty before any command. `*` means any further commands.
    pub(super) places: &'static [&'static str],
    /// The wrong words or flags, separated by spaces.
    pub(super) words: &'static str,
    /// `{usage}` is the line for the kind of message that the user typed.
    pub(super) hint: &'static str,
}

impl Suggestion {
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
