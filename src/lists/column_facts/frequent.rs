//! Counts the most frequent of any number of keys with a fixed number of counters, by the algorithm of Misra and Gries
//! (Finding repeated elements, 1982), which removes many counters at once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The number of counters. Counts are exact up to this number of different keys.
pub(super) const COUNTERS: usize = 256;

/// The counters of the most frequent keys. A key that occurs in more than one of [`COUNTERS`] / 2 cases has a counter.
#[derive(Debug)]
pub(super) struct FrequentKeys<T> {
    counters: HashMap<u64, Counter<T>, BuildHasherDefault<KeyHasher>>,
    is_exact: bool,
}

#[derive(Debug)]
pub(super) struct Counter<T> {
    /// How often the key occurred. If the counts are not exact, it occurred at least this often.
    pub(super) count: u64,
    pub(super) seen: T,
}

impl<T> Default for FrequentKeys<T> {
    fn default() -> Self {
        Self {
            counters: HashMap::default(),
            is_exact: true,
        }
    }
}

impl<T> FrequentKeys<T> {
    /// Counts a key, which is a hash, and returns its counter. `first` makes the value of a new counter.
    pub(super) fn count(&mut self, key: u64, first: impl FnOnce() -> T) -> &mut Counter<T> {
        if self.counters.len() >= COUNTERS && !self.counters.contains_key(&key) {
            self.make_room();
        }
        let counter = self.counters.entry(key).or_insert_with(|| Counter {
            count: 0,
            seen: first(),
        });
        counter.count += 1;
        counter
    }

    /// Whether every key has a counter, and every count is exact.
    pub(super) fn is_exact(&self) -> bool {
        self.is_exact
    }

    pub(super) fn counters(&self) -> impl Iterator<Item = &Counter<T>> {
        self.counters.values()
    }

    /// Subtracts the median from every counter, and removes those that become zero.
    fn make_room(&mut self) {
        self.is_exact = false;
        let mut counts: Vec<_> = self.counters.values().map(|known| known.count).collect();
        let middle = counts.len() / 2;
        let median = *counts.select_nth_unstable(middle).1;
        self.counters.retain(|_, counter| {
            counter.count = counter.count.saturating_sub(median);
            counter.count > 0
        });
    }
}

/// Passes a key unchanged: it already is a hash.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lists::column_facts::hash;

    /// Counts the keys, with the key itself as the value of its counter.
    fn counted(keys: &[u16]) -> FrequentKeys<u16> {
        let mut frequent = FrequentKeys::default();
        for key in keys {
            frequent.count(hash(&key.to_string()), || *key);
        }
        frequent
    }

    fn true_count(keys: &[u16], key: u16) -> u64 {
        keys.iter().filter(|other| **other == key).count() as u64
    }

    proptest! {
        #[test]
        fn counts_are_exact_with_a_counter_for_each_key(
            keys in prop::collection::vec(0..u16::try_from(COUNTERS).unwrap(), 0..2000),
        ) {
            let frequent = counted(&keys);
            prop_assert!(frequent.is_exact());
            let mut sum = 0;
            for counter in frequent.counters() {
                prop_assert_eq!(counter.count, true_count(&keys, counter.seen));
                sum += counter.count;
            }
            prop_assert_eq!(sum, keys.len() as u64);
        }

        #[test]
        fn other_counts_are_lower_bounds(
            mut keys in prop::collection::vec(0..5000_u16, 600..3000),
            common in 0..5000_u16,
        ) {
            // More than one of 64: it must keep its counter.
            for at in (0..keys.len()).step_by(40) {
                keys[at] = common;
            }
            let frequent = counted(&keys);
            prop_assert!(frequent.counters().count() <= COUNTERS);
            for counter in frequent.counters() {
                let real = true_count(&keys, counter.seen);
                prop_assert!(counter.count <= real);
                prop_assert!(counter.count == real || !frequent.is_exact());
            }
            prop_assert!(frequent.counters().any(|counter| counter.seen == common));
        }
    }
}
