//! Whether a part of a text is inside a link, which a space in a value would end.

const BEGINNINGS: [&str; 3] = ["http://", "https://", "www."];

/// The text before a part, from the last sign that ends a link.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkState {
    before: String,
}

impl LinkState {
    /// Passes `words`, a part of the text without an expression.
    pub(super) fn pass(&mut self, words: &str) {
        let last = words.rsplit(ends_link).next().unwrap_or_default();
        if last.len() < words.len() {
            self.before.clear();
        }
        self.before.push_str(&last.to_lowercase());
    }

    /// Returns whether the next part is inside a link.
    pub(super) fn is_inside(&self) -> bool {
        BEGINNINGS
            .iter()
            .any(|beginning| self.before.contains(beginning))
    }
}

/// Returns whether a link ends before `sign`.
pub(super) fn ends_link(sign: char) -> bool {
    sign.is_whitespace() || "\"<>".contains(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_ends_at_a_space_or_a_quote() {
        for (before, expected) in [
            (&["Mira https://x.ec/?n="][..], true),
            (&["Mira HTTP://x.ec/", "&c="], true),
            (&["www.x.ec/"], true),
            (&["(https://x.ec/"], true),
            (&["https://x.ec/ y "], false),
            (&["https://x.ec/\n"], false),
            (&["<a href=\"https://x.ec/\">"], false),
            (&["https://x.ec/", " Hola "], false),
            (&["x.ec/"], false),
            (&["Hola "], false),
        ] {
            let mut state = LinkState::default();
            for part in before {
                state.pass(part);
            }
            assert_eq!(state.is_inside(), expected, "{before:?}");
        }
    }
}
