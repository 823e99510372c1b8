//! Checksums, which tell that a request is still what was written when the list was read, and which rows are the same message
//! or go to the same person.

use ring::digest::{Context, Digest, SHA256, digest};

use super::message::SameMessage;
use super::types::QueuedRow;
use crate::phone::person_key;

/// Spreads the number of a row over all bits.
const SPREAD: i64 = 0x9e37_79b9_7f4a_7c15_u64.cast_signed();

/// The hash of a request: its path, recipient and body.
pub(super) struct RequestHash {
    request: Digest,
    fingerprint: i64,
}

impl RequestHash {
    pub(super) fn of(path: &str, recipient: &str, body: &str) -> Self {
        let request = hash_of([path, recipient, body]);
        let message = SameMessage::of(path, recipient, body);
        let folded = if message.is_as_written() { None } else { Some(hash_of(message.parts())) };
        let fingerprint = eight_bytes(folded.as_ref().unwrap_or(&request).as_ref(), 16);
        Self { request, fingerprint }
    }

    /// The same for the same message to the same person, in every row and run.
    pub(super) fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// Of the request byte for byte as row `n`, which the list has at `line`. The fingerprint of a request that is written in
    /// one form only is the other half of its hash.
    pub(super) fn row_checksum(&self, n: i64, line: u64) -> i64 {
        let place = n.wrapping_mul(SPREAD) ^ line.cast_signed().wrapping_mul(SPREAD).rotate_left(32);
        eight_bytes(self.request.as_ref(), 24) ^ place
    }
}

impl QueuedRow {
    /// Whether it has the request whose fingerprint and row checksum these are.
    pub(super) fn is_as_written(&self, fingerprint: i64, row_checksum: i64) -> bool {
        let hash = RequestHash::of(&self.path, &self.recipient, &self.body);
        (hash.fingerprint(), hash.row_checksum(self.n, self.line)) == (fingerprint, row_checksum)
    }
}

fn hash_of([path, recipient, body]: [&str; 3]) -> Digest {
    let mut context = Context::new(&SHA256);
    // Neither a path nor a recipient has a line break.
    for part in [path, "\n", recipient, "\n", body] {
        context.update(part.as_bytes());
    }
    context.finish()
}

/// What tells whether rows, of this run or another, go to one person.
pub(super) fn hash_of_person(recipient: &str) -> i64 {
    eight_bytes(digest(&SHA256, person_key(recipient).as_bytes()).as_ref(), 0)
}

/// A number from the bytes of a digest that begin at `from`.
pub(super) fn eight_bytes(digest: &[u8], from: usize) -> i64 {
    digest.iter().skip(from).take(8).fold(0, |sum, byte| sum << 8 | i64::from(*byte))
}
