//! Rows of a ledger as a set: a bit for each, so that it stays small however long the list is.

#[derive(Clone, Debug, Default)]
pub(super) struct RowSet {
    bits: Vec<u64>,
    rows: u64,
}

impl RowSet {
    /// How many rows it has.
    pub(super) fn len(&self) -> u64 {
        self.rows
    }

    pub(super) fn insert(&mut self, n: u32) {
        let (word, bit) = place(n);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            self.rows += u64::from(*bits & bit == 0);
            *bits |= bit;
        }
    }

    /// Adds all of `others`.
    pub(super) fn add(&mut self, others: &Self) {
        if self.bits.len() < others.bits.len() {
            self.bits.resize(others.bits.len(), 0);
        }
        for (bits, others) in self.bits.iter_mut().zip(&others.bits) {
            *bits |= others;
        }
        self.rows = self.bits.iter().map(|bits| u64::from(bits.count_ones())).sum();
    }

    pub(super) fn has(&self, n: u32) -> bool {
        let (word, bit) = place(n);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(n: u32) -> (usize, u64) {
    (n as usize / 64, 1 << (n % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_row_once() {
        let mut rows = RowSet::default();
        for n in [1, 64, 1, 63, 1_000_000] {
            rows.insert(n);
        }
        assert_eq!(rows.len(), 4);
        let known: Vec<_> = [0, 1, 62, 63, 64, 65, 1_000_000, 2_000_000].into_iter().filter(|n| rows.has(*n)).collect();
        assert_eq!(known, [1, 63, 64, 1_000_000]);
        let mut others = RowSet::default();
        others.insert(1);
        others.insert(2);
        others.add(&rows);
        assert_eq!((others.len(), others.has(2), others.has(64)), (5, true, true));
    }
}
