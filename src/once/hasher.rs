//! Hashes of people, texts and kinds, keyed with a store's secret, so that others cannot find a number by trying all numbers.

use std::fmt;

use ring::hmac::{self, HMAC_SHA256};

use crate::phone::person_key;

/// How many bytes of a hash are kept.
const BYTES: usize = 16;

/// A keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OnceHash(pub(crate) [u8; BYTES]);

/// Makes the hashes of one store.
pub(crate) struct OnceHasher(hmac::Key);

impl fmt::Debug for OnceHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OnceHasher(redacted)")
    }
}

impl OnceHasher {
    /// How long the secret of a store is, in bytes.
    pub(crate) const SECRET: usize = 32;

    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, secret))
    }

    /// The same for every way in which the number of one person is written.
    pub(crate) fn person(&self, recipient: &str) -> OnceHash {
        self.hash("person", &[&person_key(recipient)])
    }

    /// Of a message in the one way in which it is compared with others.
    pub(crate) fn words(&self, parts: &[&str]) -> OnceHash {
        self.hash("words", parts)
    }

    pub(crate) fn kind(&self, kind: &str) -> OnceHash {
        self.hash("kind", &[kind])
    }

    /// Of the text and the address of the file that Jelou's history shows of a message.
    pub(crate) fn shown(&self, text: Option<&str>, media_url: Option<&str>) -> OnceHash {
        self.hash("shown", &[text.unwrap_or_default(), media_url.unwrap_or_default()])
    }

    fn hash(&self, of: &str, parts: &[&str]) -> OnceHash {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [of].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut hash = [0; BYTES];
        for (byte, made) in hash.iter_mut().zip(context.sign().as_ref()) {
            *byte = *made;
        }
        OnceHash(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_hash_in_a_store_and_another_in_the_next() {
        let [one, other] = [[1; OnceHasher::SECRET], [2; OnceHasher::SECRET]].map(|secret| OnceHasher::new(&secret));
        assert_eq!(one.person("5215512345678"), one.person("+52 55 1234 5678"));
        assert_ne!(one.person("5215512345678"), one.person("5215512345679"));
        assert_ne!(one.person("5215512345678"), other.person("5215512345678"));
        assert_ne!(one.person("text"), one.kind("text"));
        assert_ne!(one.words(&["ab", "c"]), one.words(&["a", "bc"]));
        assert_ne!(one.shown(Some("a"), None), one.shown(None, Some("a")));
    }
}
