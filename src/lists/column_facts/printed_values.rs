//! Counts the values that an expression prints, row by row.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::amounts::Amounts;
use super::frequent::{Counter, FrequentKeys};
use super::hash;
use super::letters::OtherLetters;
use super::shape::write_shape;
use super::table::{FrequentValue, LengthInLine, Lengths, Letter, Shape, ValueFacts};
use super::{ValueOfRow, shown_value};
use crate::base::conventions::Conventions;

/// How many of the commonest shapes are shown, and how many of the rarest of the others.
const SHOWN_SHAPES: usize = 4;
/// How many other letters are shown.
const SHOWN_LETTERS: usize = 5;

/// The counts of an expression.
#[derive(Debug, Default)]
pub(super) struct PrintedValues {
    /// Whether a filter has written the values, so that they look alike.
    is_formatted: bool,
    /// The rows with a value.
    rows: u64,
    /// The last line with a value: a text may print an expression twice.
    last_line: u64,
    /// Each with its text, for the first value of the list and once it occurs again.
    values: FrequentKeys<Option<String>>,
    shapes: FrequentKeys<SeenShape>,
    lengths: Option<Lengths>,
    amounts: Amounts,
    letters: OtherLetters,
    /// The shape of the last value, reused, so that a row allocates nothing.
    shape: String,
}

/// A shape with its first value.
#[derive(Debug)]
struct SeenShape {
    shape: String,
    value: String,
    line: u64,
}

impl PrintedValues {
    pub(super) fn new(is_formatted: bool) -> Self {
        Self {
            is_formatted,
            amounts: Amounts::new(is_formatted),
            ..Self::default()
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Counts the value of a row. `conventions` are those of the row's country.
    pub(super) fn count(
        &mut self,
        value: ValueOfRow<'_>,
        conventions: impl Fn() -> Option<Conventions>,
    ) {
        let ValueOfRow { line, text, .. } = value;
        if line == self.last_line || text.trim().is_empty() {
            return;
        }
        self.last_line = line;
        self.rows += 1;
        let is_first = self.rows == 1;
        let known = self
            .values
            .count(hash(text), || is_first.then(|| shown_value(text)));
        if known.count == 2 && known.seen.is_none() {
            known.seen = Some(shown_value(text));
        }
        self.amounts.count(value, conventions);
        self.letters.count(text, line);
        if !self.is_formatted {
            self.count_length(value);
            self.count_shape(value);
        }
    }

    fn count_length(&mut self, value: ValueOfRow<'_>) {
        let found = LengthInLine {
            length: value.text.chars().count() as u64,
            line: value.line,
        };
        let lengths = self.lengths.get_or_insert(Lengths {
            shortest: found,
            longest: found,
        });
        if found.length < lengths.shortest.length {
            lengths.shortest = found;
        }
        if found.length > lengths.longest.length {
            lengths.longest = found;
        }
    }

    fn count_shape(&mut self, value: ValueOfRow<'_>) {
        write_shape(value.text, &mut self.shape);
        let shape = &self.shape;
        self.shapes.count(hash(shape), || SeenShape {
            shape: shape.clone(),
            value: shown_value(value.text),
            line: value.line,
        });
    }

    pub(super) fn facts(&self) -> ValueFacts {
        let only = self.only_value();
        let letters = self.letters.rarest(SHOWN_LETTERS).into_iter();
        let letters = letters.map(|other| Letter {
            letter: Some(other.letter),
            line: other.line,
        });
        let mut facts = ValueFacts {
            most_often: None,
            amounts: None,
            characters: None,
            shapes: Vec::new(),
            shape_count: self
                .shapes
                .is_exact()
                .then(|| self.shapes.counters().count()),
            letters: letters.collect(),
        };
        if only.is_some() {
            facts.most_often = only;
            return facts;
        }
        facts.most_often = self.most_frequent();
        facts.amounts = self.amounts.range();
        facts.characters.clone_from(&self.lengths);
        facts.shapes = self.shown_shapes();
        facts
    }

    /// The value of all rows, if it is the same.
    fn only_value(&self) -> Option<FrequentValue> {
        let mut values = self.values.counters();
        let only = values.next()?;
        let is_only = values.next().is_none() && self.values.is_exact();
        is_only.then(|| FrequentValue {
            value: only.seen.clone(),
            rows: only.count,
            at_least: false,
            is_only: true,
        })
    }

    /// The most frequent value that several rows have.
    fn most_frequent(&self) -> Option<FrequentValue> {
        let repeated = self.values.counters().filter(|known| known.count > 1);
        let most = repeated
            .filter(|known| known.seen.is_some())
            .max_by_key(|known| (known.count, Reverse(&known.seen)))?;
        Some(FrequentValue {
            value: most.seen.clone(),
            rows: most.count,
            at_least: !self.values.is_exact(),
            is_only: false,
        })
    }

    /// The commonest shapes, and the rarest of the others. If there are too many, only the commonest.
    fn shown_shapes(&self) -> Vec<Shape> {
        let mut shapes: Vec<_> = self.shapes.counters().collect();
        shapes.sort_by_key(|known| (Reverse(known.count), known.seen.line));
        let others = shapes.split_off(shapes.len().min(SHOWN_SHAPES));
        if self.shapes.is_exact() {
            let ranks = self.rank_shapes();
            let mut others = others;
            others.sort_by_key(|known| ranks.rank(known));
            others.truncate(SHOWN_SHAPES);
            shapes.append(&mut others);
        }
        let shown = shapes.into_iter().map(|known| Shape {
            shape: known.seen.shape.clone(),
            rows: known.count,
            line: known.seen.line,
            value: Some(known.seen.value.clone()),
        });
        shown.collect()
    }

    fn rank_shapes(&self) -> ShapeRanks {
        let mut rows_by_sign: BTreeMap<char, u64> = BTreeMap::new();
        for known in self.shapes.counters() {
            let mut signs: Vec<_> = known.seen.shape.chars().collect();
            signs.sort_unstable();
            signs.dedup();
            for sign in signs {
                *rows_by_sign.entry(sign).or_default() += known.count;
            }
        }
        ShapeRanks { rows_by_sign }
    }

    /// The rarest of several shapes.
    pub(super) fn rarest_shape(&self) -> Option<RarestShape> {
        if !self.shapes.is_exact() || self.shapes.counters().count() < 2 {
            return None;
        }
        let ranks = self.rank_shapes();
        let rarest = self
            .shapes
            .counters()
            .min_by_key(|known| ranks.rank(known))?;
        Some(RarestShape {
            rank: ranks.rank(rarest),
            shape: rarest.seen.shape.clone(),
            line: rarest.seen.line,
        })
    }
}

/// The rarest shape of an expression, and its rank, to compare it with those of other expressions.
pub(super) struct RarestShape {
    pub(super) rank: ShapeRank,
    pub(super) shape: String,
    pub(super) line: u64,
}

/// What makes a shape rare: few rows; of these, first a sign that few rows have, then a short shape, which says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShapeRank {
    rows: u64,
    rows_with_rarest_sign: u64,
    length: usize,
    line: u64,
}

/// The number of rows whose shapes have a sign.
struct ShapeRanks {
    rows_by_sign: BTreeMap<char, u64>,
}

impl ShapeRanks {
    fn rank(&self, known: &Counter<SeenShape>) -> ShapeRank {
        let signs = known.seen.shape.chars();
        let rows = signs.filter_map(|sign| self.rows_by_sign.get(&sign));
        ShapeRank {
            rows: known.count,
            rows_with_rarest_sign: rows.min().copied().unwrap_or_default(),
            length: known.seen.shape.len(),
            line: known.seen.line,
        }
    }
}
