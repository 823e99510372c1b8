//! Under a key of `--once`, each person gets at most one message of a bot, whatever its words, forever. This is the key as it
//! is typed, and the hashes of people under it; the claims are in the store of the runs (`ledger/claims.rs`).

use std::fmt::{self, Display};
use std::str::FromStr;

use icu_normalizer::ComposingNormalizerBorrowed;
use ring::hmac::{self, HMAC_SHA256};
use serde::{Deserialize, Serialize};

use crate::base::invisible::is_invisible;
use crate::phone::person_key;

const MOST_CHARACTERS: usize = 100;

/// A name for what each person gets once: `november`, `build-4711`. Two keys are the same if all their characters are,
/// however these are encoded: macOS writes `é` in file names as two characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for OnceKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<OnceKey> for String {
    fn from(key: OnceKey) -> Self {
        key.0
    }
}

impl FromStr for OnceKey {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, String> {
        let length = key.chars().count();
        if key.is_empty() {
            return Err("a key has at least one character: a variable may be empty".to_owned());
        }
        if length > MOST_CHARACTERS {
            return Err(format!(
                "a key has at most {MOST_CHARACTERS} characters, and this one has {length}"
            ));
        }
        // It would look like another key; so would the next.
        if key.trim() != key {
            return Err("a key cannot begin or end with a blank".to_owned());
        }
        let is_hidden =
            |character: char| character.is_control() || is_invisible(character) && character != ' ';
        if let Some(place) = key.chars().position(is_hidden) {
            return Err(format!(
                "a key has visible characters and spaces only, and character {} is neither",
                place + 1
            ));
        }
        Ok(Self(
            ComposingNormalizerBorrowed::new_nfc()
                .normalize(key)
                .into_owned(),
        ))
    }
}

/// The key, with the bot and the API address for which it counts: another bot has other people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OnceScope {
    pub(crate) key: OnceKey,
    pub(crate) bot: String,
    pub(crate) address: String,
}

/// Makes the hashes of people in one store, keyed with its secret, so that no one else can find a number by trying them all.
pub(crate) struct OnceHasher(hmac::Key);

impl OnceHasher {
    /// The length of the secret of a new store, in bytes.
    pub(crate) const SECRET: usize = 32;

    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, secret))
    }

    /// The hash of a person, in hexadecimal: the same for every form of the person's number.
    pub(crate) fn person(&self, recipient: &str) -> String {
        let hash = hmac::sign(&self.0, person_key(recipient).as_bytes());
        format!(
            "{:032x}",
            hash.as_ref()
                .iter()
                .take(16)
                .fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_key_is_short_and_visible() {
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
            ("nov\u{a0}2026", Some("character 4 is neither")),
            ("\u{200b}nov", Some("character 1 is neither")),
            ("nov\u{fe0f}", Some("character 4 is neither")),
            ("n\u{34f}ov", Some("character 2 is neither")),
            ("\u{3164}nov", Some("character 1 is neither")),
            ("no\u{180e}v", Some("character 3 is neither")),
            ("no\u{e0061}v", Some("character 3 is neither")),
            ("a\tb", Some("character 2 is neither")),
            ("ab\n", Some("begin or end with a blank")),
            ("\u{85}", Some("begin or end with a blank")),
        ] {
            let found = key.parse::<OnceKey>().err();
            assert_eq!(found.is_some(), expected.is_some(), "{key:?}: {found:?}");
            assert!(
                found
                    .unwrap_or_default()
                    .ends_with(expected.unwrap_or_default()),
                "{key:?}"
            );
        }
        assert_eq!("no\u{301}mina".parse::<OnceKey>(), "nómina".parse());
    }

    #[test]
    fn recipient_hash_depends_on_the_ledger() {
        let [one, other] = [[1; OnceHasher::SECRET], [2; OnceHasher::SECRET]]
            .map(|secret| OnceHasher::new(&secret));
        assert_eq!(one.person("5215512345678"), one.person("+52 55 1234 5678"));
        assert_ne!(one.person("5215512345678"), one.person("5215512345679"));
        assert_ne!(one.person("5215512345678"), other.person("5215512345678"));
    }
}
