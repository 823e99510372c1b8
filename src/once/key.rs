//! The key of `--once`, as it is typed.

use std::fmt::{self, Display};
use std::str::FromStr;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_with::{DeserializeFromStr, SerializeDisplay};
use thiserror::Error;

use crate::invisible::is_invisible;

const MOST_CHARACTERS: usize = 100;

/// A name for what each person gets once: `november`, `build-4711`. Two keys are the same if all their characters are,
/// however these are encoded: macOS writes `é` in file names as two characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub(crate) struct OnceKey(String);

#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidKey {
    #[error("a key has at least one character: a variable may be empty")]
    Empty,
    /// It would look like another key.
    #[error("a key cannot begin or end with a blank")]
    Blank,
    /// It would look like another key, too.
    #[error("a key cannot have invisible characters or blanks other than the space, and character {0} is one")]
    Invisible(usize),
    #[error("a key has at most {MOST_CHARACTERS} characters, and this one has {0}")]
    Long(usize),
    #[error("a key cannot have control characters, and character {0} is one")]
    Control(usize),
}

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
    type Err = InvalidKey;

    fn from_str(key: &str) -> Result<Self, InvalidKey> {
        if key.is_empty() {
            return Err(InvalidKey::Empty);
        }
        let length = key.chars().count();
        if length > MOST_CHARACTERS {
            return Err(InvalidKey::Long(length));
        }
        if let Some(at) = key.chars().position(char::is_control) {
            return Err(InvalidKey::Control(at + 1));
        }
        if key.trim() != key {
            return Err(InvalidKey::Blank);
        }
        if let Some(at) = key.chars().position(|character| is_invisible(character) && character != ' ') {
            return Err(InvalidKey::Invisible(at + 1));
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
            ("", Some(InvalidKey::Empty)),
            (" ", Some(InvalidKey::Blank)),
            ("\u{3000}\u{a0} ", Some(InvalidKey::Blank)),
            ("nov ", Some(InvalidKey::Blank)),
            ("\u{a0}nov", Some(InvalidKey::Blank)),
            (&"ñ".repeat(101), Some(InvalidKey::Long(101))),
            ("nov\u{a0}2026", Some(InvalidKey::Invisible(4))),
            ("\u{200b}nov", Some(InvalidKey::Invisible(1))),
            ("nov\u{fe0f}", Some(InvalidKey::Invisible(4))),
            ("n\u{34f}ov", Some(InvalidKey::Invisible(2))),
            ("\u{3164}nov", Some(InvalidKey::Invisible(1))),
            ("no\u{180e}v", Some(InvalidKey::Invisible(3))),
            ("no\u{e0061}v", Some(InvalidKey::Invisible(3))),
            ("a\tb", Some(InvalidKey::Control(2))),
            ("ab\n", Some(InvalidKey::Control(3))),
            ("\u{85}", Some(InvalidKey::Control(1))),
        ] {
            assert_eq!(key.parse::<OnceKey>().err(), expected, "{key:?}");
        }
        assert_eq!("no\u{301}mina".parse::<OnceKey>(), "nómina".parse());
    }
}
