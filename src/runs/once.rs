//! The keys of `--once`, and the hashes of their recipients. With one key, a bot sends each recipient at most one
//! message, or one in the time of `--every`, whatever its text. The claims are in the ledger (`ledger/keys/claims.rs`).

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use icu_normalizer::ComposingNormalizerBorrowed;
use ring::hmac::{self, HMAC_SHA256};
use serde::{Deserialize, Serialize};

use crate::base::invisible::is_invisible;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::texts::shell_argument;
use crate::phone::person_key;

const MAX_CHARACTERS: usize = 100;

/// A name for a message that each recipient gets once: `november`, `build-4711`. Two keys are equal if they look the
/// same, whatever their encoding: macOS writes `é` in file names as two characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct OnceKey(String);

impl OnceKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The key quoted for a shell.
    pub(crate) fn quoted(&self) -> String {
        shell_argument(&self.0)
    }
}

impl ToValue for OnceKey {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

impl Display for OnceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for OnceKey {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        text.parse()
    }
}

impl From<OnceKey> for String {
    fn from(key: OnceKey) -> Self {
        key.0
    }
}

impl FromStr for OnceKey {
    type Err = Message;

    fn from_str(key: &str) -> Result<Self, Message> {
        let length = key.chars().count();
        if key.is_empty() {
            return Err(msg!("the key is empty"));
        }
        if length > MAX_CHARACTERS {
            return Err(msg!(
                "the key has {length} characters; the limit is {most}",
                length,
                most = MAX_CHARACTERS
            ));
        }
        // The key would look like another one. The same is true of hidden characters below.
        if key.trim() != key {
            return Err(msg!("a key cannot begin or end with a space"));
        }
        let is_hidden =
            |character: char| character.is_control() || is_invisible(character) && character != ' ';
        if let Some(place) = key.chars().position(is_hidden) {
            return Err(msg!(
                "a key can only have visible characters and spaces; character {place} is neither",
                place = place + 1
            ));
        }
        Ok(Self(
            ComposingNormalizerBorrowed::new_nfc()
                .normalize(key)
                .into_owned(),
        ))
    }
}

/// A time under a key as it is typed: `6h`, `30d`.
pub(crate) fn describe_every(every: Duration) -> String {
    let seconds = every.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units
        .into_iter()
        .find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, name) = unit.unwrap_or((1, "s"));
    format!("{}{name}", seconds / length)
}

/// A key with its bot and API address: another bot has other recipients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OnceScope {
    pub(crate) key: OnceKey,
    pub(crate) bot: String,
    pub(crate) address: String,
}

/// Hashes the recipients of one ledger. The hashes are keyed with the ledger's secret: without it, no one can find a
/// number by trying them all.
pub(crate) struct OnceHasher(hmac::Key);

impl OnceHasher {
    /// The length of a new ledger's secret, in bytes.
    pub(crate) const SECRET: usize = 32;

    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, secret))
    }

    /// The hash of a recipient, in hexadecimal: the same for every form of their number.
    pub(crate) fn person(&self, recipient: &str) -> String {
        self.hash(&person_key(recipient))
    }

    /// The hash of a key, in hexadecimal.
    pub(crate) fn key(&self, OnceScope { key, bot, address }: &OnceScope) -> String {
        self.hash(&format!("{key}\n{bot}\n{address}"))
    }

    /// The hash of a recipient under a key, in hexadecimal.
    pub(crate) fn person_under(&self, scope: &OnceScope, recipient: &str) -> String {
        let OnceScope { key, bot, address } = scope;
        let person = person_key(recipient);
        self.hash(&format!("{key}\n{bot}\n{address}\n{person}"))
    }

    fn hash(&self, text: &str) -> String {
        let hash = hmac::sign(&self.0, text.as_bytes());
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
    fn every_prints_in_one_unit() {
        for (seconds, expected) in [
            (60, "1m"),
            (90, "90s"),
            (3600, "1h"),
            (129_600, "36h"),
            (2_592_000, "30d"),
        ] {
            assert_eq!(describe_every(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn once_key_is_short_and_visible() {
        for (key, expected) in [
            ("november", None),
            ("n", None),
            ("campaña 2026/11, part 2", None),
            (&"ñ".repeat(100), None),
            ("", Some("the key is empty")),
            (" ", Some("begin or end with a space")),
            ("\u{3000}\u{a0} ", Some("begin or end with a space")),
            ("nov ", Some("begin or end with a space")),
            ("\u{a0}nov", Some("begin or end with a space")),
            (
                &"ñ".repeat(101),
                Some("the key has 101 characters; the limit is 100"),
            ),
            ("nov\u{a0}2026", Some("character 4 is neither")),
            ("\u{200b}nov", Some("character 1 is neither")),
            ("nov\u{fe0f}", Some("character 4 is neither")),
            ("n\u{34f}ov", Some("character 2 is neither")),
            ("\u{3164}nov", Some("character 1 is neither")),
            ("no\u{180e}v", Some("character 3 is neither")),
            ("no\u{e0061}v", Some("character 3 is neither")),
            ("a\tb", Some("character 2 is neither")),
            ("ab\n", Some("begin or end with a space")),
            ("\u{85}", Some("begin or end with a space")),
        ] {
            let found = key.parse::<OnceKey>().err();
            assert_eq!(found.is_some(), expected.is_some(), "{key:?}: {found:?}");
            let found = found.unwrap_or_default().to_string();
            assert!(found.ends_with(expected.unwrap_or_default()), "{key:?}");
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
