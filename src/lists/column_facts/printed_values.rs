//! Counts the values that an expression prints, row by row: which are frequent, their shapes, the smallest and the largest
//! number or date, and their unusual characters.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::frequent::{Counter, FrequentKeys};
use super::shape::write_shape;
use super::{
    DateOrders, FrequentValue, LengthInLine, Lengths, Letter, MAX_VALUE, Range, RareShape, Shape,
    ShapeRank, ValueFacts, ValueInLine, ValueOfRow, hash, shown_value,
};
use crate::base::conventions::Conventions;
use crate::base::letters::is_usual_letter;
use crate::base::texts::shorten;
use crate::lists::template::{AmountKind, CountryFit, DateOrder};

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
    dates: DateOrders,
    /// Whether a date has another order than its country's.
    is_date_contrary: bool,
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
        self.amounts.count(value, &conventions);
        self.letters.count(text, line);
        if !self.is_formatted {
            self.count_date(value, conventions);
            self.count_length(value);
            self.count_shape(value);
        }
    }

    fn count_date(&mut self, value: ValueOfRow<'_>, conventions: impl Fn() -> Option<Conventions>) {
        let Some(order) = DateOrder::find(value.text) else {
            return;
        };
        let fit = conventions().and_then(|known| order.fit(&known));
        self.is_date_contrary |= fit == Some(CountryFit::Contrary);
        let dates = match order {
            DateOrder::DayFirst => &mut self.dates.day_first,
            DateOrder::MonthFirst => &mut self.dates.month_first,
            DateOrder::Either => &mut self.dates.either,
        };
        dates.rows += 1;
        dates.first.get_or_insert_with(|| ValueInLine {
            value: Some(shown_value(value.text)),
            line: value.line,
        });
    }

    /// The orders of the dates, if they are several, or if one is not that of its country.
    fn date_orders(&self) -> Option<DateOrders> {
        let dates = &self.dates;
        let has_both = dates.day_first.rows > 0 && dates.month_first.rows > 0;
        (has_both || self.is_date_contrary).then(|| dates.clone())
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
            date_orders: None,
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
        facts.date_orders = self.date_orders();
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

    /// The rarest of several shapes of this `expression`.
    pub(super) fn rarest_shape(&self, expression: &str) -> Option<RareShape> {
        if !self.shapes.is_exact() || self.shapes.counters().count() < 2 {
            return None;
        }
        let ranks = self.rank_shapes();
        let rarest = self
            .shapes
            .counters()
            .min_by_key(|known| ranks.rank(known))?;
        Some(RareShape {
            expression: expression.to_owned(),
            shape: rarest.seen.shape.clone(),
            line: rarest.seen.line,
            rank: ranks.rank(rarest),
        })
    }
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

/// The numbers or dates of an expression so far.
#[derive(Debug, Default)]
pub(super) struct Amounts {
    /// Whether a filter has written the values. Then those without an amount, such as a default, do not count.
    is_formatted: bool,
    /// The amounts that a filter has read, or that the sheet stores.
    known: Extremes,
    /// Whether a value has no known amount.
    lacks_known: bool,
    /// The amounts that the texts of the values read as.
    read: Extremes,
    reading: ReadAs,
}

/// What all values so far read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ReadAs {
    /// No value was read yet.
    #[default]
    Unknown,
    All(AmountKind),
    /// A value reads as no amount, or as one of another kind.
    NotAll,
}

impl Amounts {
    pub(super) fn new(is_formatted: bool) -> Self {
        Self {
            is_formatted,
            ..Self::default()
        }
    }

    pub(super) fn count(
        &mut self,
        value: ValueOfRow<'_>,
        conventions: impl Fn() -> Option<Conventions>,
    ) {
        match value.amount {
            Some(amount) => self.known.note(amount, value),
            None => self.lacks_known = true,
        }
        if !self.is_formatted || value.amount.is_none() {
            self.read(value, conventions);
        }
    }

    /// Reads a value that may be an amount.
    fn read(&mut self, value: ValueOfRow<'_>, conventions: impl Fn() -> Option<Conventions>) {
        let kinds = match self.reading {
            ReadAs::Unknown => &AmountKind::ALL[..],
            ReadAs::All(AmountKind::Number) => &[AmountKind::Number],
            ReadAs::All(AmountKind::Date) => &[AmountKind::Date],
            ReadAs::NotAll => return,
        };
        for kind in kinds {
            if let Some(amount) = kind.read(value.text, &conventions) {
                self.reading = ReadAs::All(*kind);
                self.read.note(amount, value);
                return;
            }
        }
        self.reading = ReadAs::NotAll;
    }

    /// The smallest and the largest. None if a value is not an amount.
    pub(super) fn range(&self) -> Option<Range> {
        let known = self.known.range();
        if known.is_some() && (self.is_formatted || !self.lacks_known) {
            return known;
        }
        self.read.range().filter(|_| self.reading != ReadAs::NotAll)
    }
}

/// The smallest and the largest of some amounts.
#[derive(Debug, Default)]
struct Extremes {
    smallest: Option<SeenAmount>,
    largest: Option<SeenAmount>,
}

#[derive(Debug, Default)]
struct SeenAmount {
    amount: f64,
    value: String,
    line: u64,
}

impl SeenAmount {
    /// Replaces it, and reuses its memory, because every row of a sorted list does so.
    fn replace(&mut self, amount: f64, value: ValueOfRow<'_>) {
        self.amount = amount;
        self.value.clear();
        self.value.push_str(&shorten(value.text, MAX_VALUE));
        self.line = value.line;
    }

    fn value_in_line(&self) -> ValueInLine {
        ValueInLine {
            value: Some(self.value.clone()),
            line: self.line,
        }
    }
}

impl Extremes {
    fn note(&mut self, amount: f64, value: ValueOfRow<'_>) {
        let Self { smallest, largest } = self;
        if smallest.as_ref().is_none_or(|known| amount < known.amount) {
            smallest.get_or_insert_default().replace(amount, value);
        }
        if largest.as_ref().is_none_or(|known| amount > known.amount) {
            largest.get_or_insert_default().replace(amount, value);
        }
    }

    fn range(&self) -> Option<Range> {
        Some(Range {
            smallest: self.smallest.as_ref()?.value_in_line(),
            largest: self.largest.as_ref()?.value_in_line(),
        })
    }
}

/// The most different characters that are counted.
const MAX_OTHERS: usize = 32;

/// The other characters of a column, in the order of the list.
#[derive(Debug, Default)]
pub(super) struct OtherLetters {
    found: Vec<OtherLetter>,
}

#[derive(Debug)]
pub(super) struct OtherLetter {
    pub(super) letter: char,
    /// The first line with it.
    pub(super) line: u64,
    pub(super) times: u64,
}

impl OtherLetters {
    /// Counts the other characters in `text`, which is in `line`.
    pub(super) fn count(&mut self, text: &str, line: u64) {
        if text.is_ascii() {
            return;
        }
        let others = text.chars().filter(|character| is_other(*character));
        for letter in others {
            let known = self.found.iter_mut().find(|known| known.letter == letter);
            if let Some(known) = known {
                known.times += 1;
            } else if self.found.len() < MAX_OTHERS {
                self.found.push(OtherLetter {
                    letter,
                    line,
                    times: 1,
                });
            }
        }
    }

    /// The `most` rarest, in the order of the list.
    pub(super) fn rarest(&self, most: usize) -> Vec<&OtherLetter> {
        let mut rarest: Vec<_> = self.found.iter().collect();
        rarest.sort_by_key(|other| other.times);
        rarest.truncate(most);
        rarest.sort_by_key(|other| other.line);
        rarest
    }
}

fn is_other(character: char) -> bool {
    !character.is_ascii() && !character.is_whitespace() && !is_usual_letter(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(values: &[&str], is_formatted: bool) -> Option<String> {
        let mut amounts = Amounts::new(is_formatted);
        for (text, line) in values.iter().zip(2..) {
            // A text after a sign stands for a value that a filter has read, or that the sheet stores.
            let amount = text.strip_prefix('=').map(|number| number.parse().unwrap());
            amounts.count(ValueOfRow { line, text, amount }, || {
                Conventions::for_country("EC")
            });
        }
        let Range { smallest, largest } = amounts.range()?;
        let shown = |value: ValueInLine| format!("{} {}", value.value.unwrap(), value.line);
        Some(format!("{}, {}", shown(smallest), shown(largest)))
    }

    #[test]
    fn smallest_and_largest_have_their_lines() {
        for (values, expected) in [
            (&["5", "12,50", "-3", "12,5"][..], Some("-3 4, 12,50 3")),
            (
                &["28/11/2026", "2026-01-05", "30/12/1899"],
                Some("30/12/1899 4, 28/11/2026 2"),
            ),
            (&["5", "nan", "3"], None),
            (&["5", "28/11/2026"], None),
            (&["Ana", "5"], None),
            (&[], None),
        ] {
            assert_eq!(range(values, false).as_deref(), expected, "{values:?}");
        }
        // What a filter has read counts alone.
        let formatted = range(&["nada", "=7", "1", "=-2"], true);
        assert_eq!(formatted.as_deref(), Some("=-2 5, =7 3"));
    }

    /// A sheet may show some numbers as it stores them, such as 900120 in the format 000000.
    #[test]
    fn sheet_that_shows_some_amounts_as_stored_has_all_in_its_range() {
        let range = |cells: &[(&str, Option<f64>)]| {
            let mut amounts = Amounts::new(false);
            for (&(text, amount), line) in cells.iter().zip(2..) {
                amounts.count(ValueOfRow { line, text, amount }, || {
                    Conventions::for_country("EC")
                });
            }
            let Range { smallest, largest } = amounts.range()?;
            Some([smallest.line, largest.line])
        };
        let padded = [
            ("001234", Some(1234.0)),
            ("000077", Some(77.0)),
            ("900120", None),
        ];
        assert_eq!(range(&padded), Some([3, 4]));
        let with_text = [("15,00", Some(15.0)), ("por definir", None)];
        assert_eq!(range(&with_text), None);
        let stored = [("5 un", Some(5.0)), ("7 un", Some(7.0))];
        assert_eq!(range(&stored), Some([2, 3]));
    }

    #[test]
    fn letters_of_three_languages_are_known() {
        let mut others = OtherLetters::default();
        for (text, line) in [
            ("Ángel Núñez Ibáñez, João Conceição, Müller", 2),
            ("Luc¡a", 3),
            ("Pe¤a Pe¤a", 4),
            ("Jos\u{82} Ý\u{a0}x", 5),
            ("Ana 👍", 6),
        ] {
            others.count(text, line);
        }
        let found = others.rarest(5);
        let found: Vec<_> = found
            .iter()
            .map(|other| (other.letter, other.line))
            .collect();
        assert_eq!(
            found,
            [('¡', 3), ('¤', 4), ('\u{82}', 5), ('Ý', 5), ('👍', 6)]
        );
        others.count("¡¡¡ ñ", 7);
        let found = others.rarest(2);
        let found: Vec<_> = found.iter().map(|other| other.letter).collect();
        assert_eq!(found, ['\u{82}', 'Ý']);
    }
}
