//! Hashes of people, keyed with the secret of a store, so that no one else can find a number by trying
//! them all.

use ring::hmac::{self, HMAC_SHA256};

use crate::phone::person_key;

/// Makes the hashes of one store.
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
        format!("{:032x}", hash.as_ref().iter().take(16).fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte)))
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
    }
}
