//! The key of `--once`, as it is typed.

use std::fmt::{self, Display};
use std::str::FromStr;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_with::{DeserializeFromStr, SerializeDisplay};

use crate::invisible::is_invisible;

const MOST_CHARACTERS: usize = 100;

/// A name for what each person gets once: `november`, `build-4711`. Two keys are the same if all their characters are,
/// however these are encoded: macOS writes `é` in file names as two characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub(crate) struct OnceKey(String);

impl OnceKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The key quoted for a shell.
    pub(crate) fn quoted(&self) -> String {
        shlex::try_quote(&self.0).map_or_else(|_| self.0.clone(), Into::into)
    }
}

impl Display for OnceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for OnceKey {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, String> {
        let length = key.chars().count();
        let place_of = |is_wrong: fn(char) -> bool| key.chars().position(is_wrong).map(|place| place + 1);
        if key.is_empty() {
            return Err("a key has at least one character: a variable may be empty".to_owned());
        }
        if length > MOST_CHARACTERS {
            return Err(format!("a key has at most {MOST_CHARACTERS} characters, and this one has {length}"));
        }
        if let Some(place) = place_of(char::is_control) {
            return Err(format!("a key cannot have control characters, and character {place} is one"));
        }
        // It would look like another key; so would the next.
        if key.trim() != key {
            return Err("a key cannot begin or end with a blank".to_owned());
        }
        if let Some(place) = place_of(|character| is_invisible(character) && character != ' ') {
            return Err(format!(
                "a key cannot have invisible characters or blanks other than the space, and character {place} is one"
            ));
        }
        Ok(Self(ComposingNormalizerBorrowed::new_nfc().normalize(key).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_visible() {
        for (key, expected) in [
            ("november", None),
            ("n", None),
            ("campaña 2026/11, part 2", None),
            (&"ñ".repeat(100), None),
            ("", Some("a variable may be empty")),
            (" ", Some("begin or end with a blank")),
            ("\u{3000}\u{a0} ", Some("begin or end with a blank")),
            ("nov ", Some("begin or end with a blank")),
            ("\u{a0}nov", Some("begin or end with a blank")),
            (&"ñ".repeat(101), Some("this one has 101")),
            ("nov\u{a0}2026", Some("space, and character 4 is one")),
            ("\u{200b}nov", Some("space, and character 1 is one")),
            ("nov\u{fe0f}", Some("space, and character 4 is one")),
            ("n\u{34f}ov", Some("space, and character 2 is one")),
            ("\u{3164}nov", Some("space, and character 1 is one")),
            ("no\u{180e}v", Some("space, and character 3 is one")),
            ("no\u{e0061}v", Some("space, and character 3 is one")),
            ("a\tb", Some("control characters, and character 2 is one")),
            ("ab\n", Some("control characters, and character 3 is one")),
            ("\u{85}", Some("control characters, and character 1 is one")),
        ] {
            let found = key.parse::<OnceKey>().err();
            assert_eq!(found.is_some(), expected.is_some(), "{key:?}: {found:?}");
            assert!(found.unwrap_or_default().ends_with(expected.unwrap_or_default()), "{key:?}");
        }
        assert_eq!("no\u{301}mina".parse::<OnceKey>(), "nómina".parse());
    }
}
