//! Counts the values of a column, as long as it has few different ones.

/// The most different values that are counted.
pub(super) const FEW: usize = 10;
/// The longest value that is counted, in bytes. A column with longer ones has no few, repeated values.
const MAX_BYTES: usize = 200;

/// The values of a column with their counts, in the order of the list.
#[derive(Debug, Default)]
pub(super) struct FewValues {
    values: Vec<CountedValue>,
    are_too_many: bool,
}

#[derive(Debug)]
pub(super) struct CountedValue {
    pub(super) value: String,
    pub(super) rows: u64,
}

impl FewValues {
    pub(super) fn count(&mut self, value: &str) {
        if self.are_too_many {
            return;
        }
        let known = self.values.iter_mut().find(|known| known.value == value);
        if let Some(known) = known {
            known.rows += 1;
        } else if self.values.len() == FEW || value.len() > MAX_BYTES {
            self.are_too_many = true;
            self.values = Vec::new();
        } else {
            self.values.push(CountedValue {
                value: value.to_owned(),
                rows: 1,
            });
        }
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.are_too_many
    }

    /// The values; None if there are more than a few.
    pub(super) fn all(&self) -> Option<&[CountedValue]> {
        (!self.are_too_many).then_some(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_up_to_the_tenth() {
        let mut few = FewValues::default();
        for number in 0..25 {
            few.count(&(number % FEW).to_string());
        }
        let all = few.all().unwrap();
        let rows: Vec<_> = all.iter().map(|known| known.rows).collect();
        assert_eq!(rows, [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]);
        assert_eq!(all[9].value, "9");
        few.count("");
        assert!(few.all().is_none());
        let mut long = FewValues::default();
        long.count(&"x".repeat(MAX_BYTES + 1));
        assert!(long.all().is_none());
    }
}
