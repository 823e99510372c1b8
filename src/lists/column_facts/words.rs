//! Writes the table of columns in words, in English or Spanish.

use super::{
    CellKind, ColumnTable, ColumnValues, CountryRows, DateOrders, ExpressionFacts, FrequentValue,
    Lengths, Letter, NotMobile, OrderedDates, OtherCode, Range, Shape, UnusedColumn, ValueFacts,
    ValueInLine, ValueRows,
};
use crate::base::invisible::{is_invisible, is_unseen};
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{FactLine, one_line};
use crate::phone::country_title;

/// The most lines of expressions, and the most unused columns, unless all are wanted.
const MAX_LINES: usize = 12;
const MAX_UNUSED: usize = 12;
/// How many of the commonest countries are shown, and how many of the rarest of the others.
const SHOWN_COUNTRIES: usize = 4;

impl ColumnTable {
    /// The title of the table: `columns of 1,250 messages:`
    pub(crate) fn title(&self, language: Lang) -> String {
        let rows = language.number(self.rows);
        match self.rows {
            1 => msg!("columns of the message:"),
            _ => msg!("columns of the {rows} messages:", rows),
        }
        .text(language)
    }

    /// The lines of the table: all of them, or the first with the number of the others.
    pub(crate) fn lines(&self, language: Lang, are_all: bool) -> Vec<FactLine> {
        let words = Words {
            language,
            rows: self.rows,
        };
        let shown = if are_all { usize::MAX } else { MAX_LINES };
        let mut lines = vec![words.recipient_line(self)];
        let expressions = self.rarest_expressions(shown);
        let more = self.expressions.len() - expressions.len() + self.more_expressions;
        for expression in expressions {
            lines.push(words.expression_line(expression));
        }
        lines.extend((more > 0).then(|| words.more_line(more)));
        if self.uses_no_column {
            lines.push(words.no_column_line());
        }
        lines.extend(words.unused_line(self, are_all));
        lines
    }

    /// Returns at most `most` expressions, in the order of the message: those with the rarest shapes, then those with
    /// different values.
    fn rarest_expressions(&self, most: usize) -> Vec<&ExpressionFacts> {
        let mut expressions: Vec<_> = self.expressions.iter().enumerate().collect();
        expressions.sort_by_key(|(_, expression)| expression.commonness());
        expressions.truncate(most);
        expressions.sort_by_key(|(place, _)| *place);
        expressions
            .into_iter()
            .map(|(_, expression)| expression)
            .collect()
    }
}

impl ExpressionFacts {
    /// Returns the rows of the rarest of several shapes. Values of one shape are commoner, and a value of all rows is the
    /// commonest.
    fn commonness(&self) -> u64 {
        let Some(values) = &self.values else {
            return self.rows;
        };
        let is_only = values.most_often.as_ref().is_some_and(|most| most.is_only);
        let rarest = values.shapes.iter().map(|shape| shape.rows).min();
        match rarest {
            _ if values.date_orders.is_some() => 0,
            _ if is_only => u64::MAX,
            Some(rows) if values.shapes.len() > 1 => rows,
            _ => self.rows,
        }
    }
}

/// How the facts of a table are written.
struct Words {
    language: Lang,
    /// The rows of the table.
    rows: u64,
}

impl Words {
    fn text(&self, words: &Message) -> String {
        words.text(self.language)
    }

    fn recipient_line(&self, table: &ColumnTable) -> FactLine {
        let recipient = &table.recipient;
        let countries = country_words(&recipient.countries, self.language);
        let other_code = recipient.other_code.as_ref();
        let other_code = other_code.map(|found| vec![self.other_code(found)]);
        let not_mobile = recipient.not_mobile.as_ref();
        let not_mobile = not_mobile.map(|found| vec![self.not_mobile(found)]);
        let clauses = [Some(countries), other_code, not_mobile];
        FactLine {
            label: recipient.column.clone(),
            count: self.language.number(self.rows),
            facts: joined(clauses.into_iter().flatten().collect()),
        }
    }

    fn other_code(&self, found: &OtherCode) -> String {
        let rows = self.language.number(found.rows);
        let column = plain_or_quoted(&found.column);
        let line = self.line(found.line);
        self.text(&msg!(
            "{rows} with another calling code than {column} ({line})",
            rows,
            column,
            line
        ))
    }

    fn not_mobile(&self, found: &NotMobile) -> String {
        let rows = self.language.number(found.rows);
        let line = self.line(found.line);
        self.text(&msg!("{rows} without a mobile number ({line})", rows, line))
    }

    fn expression_line(&self, facts: &ExpressionFacts) -> FactLine {
        let clauses = match &facts.values {
            Some(values) => self.value_clauses(values),
            None => self.condition_clauses(&facts.columns),
        };
        FactLine {
            label: facts.expression.clone(),
            count: self.language.number(facts.rows),
            facts: joined(clauses),
        }
    }

    fn value_clauses(&self, values: &ValueFacts) -> Vec<Vec<String>> {
        let frequent = values.most_often.as_ref();
        let clauses = [
            frequent.map(|found| vec![self.most_often(found)]),
            values.amounts.as_ref().map(|range| vec![self.range(range)]),
            values
                .date_orders
                .as_ref()
                .map(|orders| self.date_orders(orders)),
            values
                .characters
                .as_ref()
                .map(|lengths| vec![self.lengths(lengths)]),
            self.shapes(values),
            self.letters(&values.letters),
        ];
        clauses.into_iter().flatten().collect()
    }

    fn most_often(&self, found: &FrequentValue) -> String {
        let rows = self.at_least(found.rows, found.at_least);
        let value = found.value.as_deref().map(quoted);
        let words = match (value, found.is_only) {
            (Some(value), true) if found.rows == 1 => return value,
            (Some(value), true) => msg!("always {value}", value),
            (None, true) if found.rows == 1 => msg!("one value"),
            (None, true) => msg!("always the same"),
            (Some(value), false) => msg!("most often {value} ({rows})", value, rows),
            (None, false) => msg!("{rows} have the same value", rows),
        };
        self.text(&words)
    }

    fn range(&self, range: &Range) -> String {
        let Range { smallest, largest } = range;
        let words = match (&smallest.value, &largest.value) {
            (Some(from), Some(to)) => msg!(
                "{from} to {to}",
                from = self.in_line(from, smallest),
                to = self.in_line(to, largest)
            ),
            _ => msg!(
                "smallest in line {from}, largest in line {to}",
                from = smallest.line,
                to = largest.line
            ),
        };
        self.text(&words)
    }

    fn date_orders(&self, orders: &DateOrders) -> Vec<String> {
        let rows = |dates: &OrderedDates| self.language.number(dates.rows);
        let DateOrders {
            day_first,
            month_first,
            either,
        } = orders;
        let items = [
            (
                day_first,
                msg!("dates with the day first {rows}", rows = rows(day_first)),
            ),
            (
                month_first,
                msg!(
                    "dates with the month first {rows}",
                    rows = rows(month_first)
                ),
            ),
            (
                either,
                msg!("dates in either order {rows}", rows = rows(either)),
            ),
        ];
        let items = items.iter().filter_map(|(dates, words)| {
            let first = dates.first.as_ref()?;
            let line = self.line(first.line);
            let words = self.text(words);
            Some(match &first.value {
                Some(value) => format!("{words} ({line}: {})", quoted(value)),
                None => format!("{words} ({line})"),
            })
        });
        items.collect()
    }

    fn in_line(&self, value: &str, place: &ValueInLine) -> String {
        // Amounts have commas of their own.
        let value = if has_clear_ends(value) {
            escaped(value)
        } else {
            quoted(value)
        };
        format!("{value} ({})", self.line(place.line))
    }

    fn line(&self, line: u64) -> String {
        self.text(&msg!("line {line}", line))
    }

    fn lengths(&self, lengths: &Lengths) -> String {
        let Lengths { shortest, longest } = lengths;
        let most = self.language.number(longest.length);
        if shortest.length == longest.length {
            return self.text(&msg!("{most} characters", most));
        }
        self.text(&msg!(
            "{least} to {most} characters (lines {from}, {to})",
            least = self.language.number(shortest.length),
            most,
            from = shortest.line,
            to = longest.line
        ))
    }

    fn shapes(&self, values: &ValueFacts) -> Option<Vec<String>> {
        let first = values.shapes.first()?;
        let shown = values.shapes.len();
        let title = match values.shape_count {
            // Numbers with digits alone need no more words.
            Some(1) if values.amounts.is_some() => return None,
            Some(1) => {
                let shape = shown_shape(&first.shape);
                return Some(vec![self.text(&msg!("shape: {shape}", shape))]);
            }
            Some(all) if all == shown => msg!("shapes: "),
            Some(all) => msg!("{all} shapes: ", all),
            None => msg!("many shapes: "),
        };
        let is_lower_bound = values.shape_count.is_none();
        let shapes = values.shapes.iter().enumerate();
        let mut items: Vec<_> = shapes
            .map(|(place, shape)| self.shape(shape, place == 0, is_lower_bound))
            .collect();
        if let Some(first) = items.first_mut() {
            first.insert_str(0, &self.text(&title));
        }
        Some(items)
    }

    fn shape(&self, shape: &Shape, is_commonest: bool, is_lower_bound: bool) -> String {
        let rows = self.at_least(shape.rows, is_lower_bound);
        let shown = format!("{} {rows}", shown_shape(&shape.shape));
        let line = self.line(shape.line);
        match &shape.value {
            _ if is_commonest => shown,
            Some(value) => format!("{shown} ({line}: {})", quoted(value)),
            None => format!("{shown} ({line})"),
        }
    }

    fn letters(&self, letters: &[Letter]) -> Option<Vec<String>> {
        let first = letters.first()?;
        if first.letter.is_none() {
            let mut lines: Vec<_> = letters.iter().map(|found| found.line.to_string()).collect();
            lines.dedup();
            let words = msg!(
                "other letters in {count|line|lines} {lines}",
                count = lines.len(),
                lines = lines.join(", ")
            );
            return Some(vec![self.text(&words)]);
        }
        let shown = letters.iter().filter_map(|found| {
            let letter = escaped(&found.letter?.to_string());
            Some(format!("{letter} ({})", self.line(found.line)))
        });
        let mut items: Vec<_> = shown.collect();
        if let Some(first) = items.first_mut() {
            first.insert_str(0, &self.text(&msg!("other letters: ")));
        }
        Some(items)
    }

    fn condition_clauses(&self, columns: &[ColumnValues]) -> Vec<Vec<String>> {
        let rows = self.language.number(self.rows);
        let of_all = vec![self.text(&msg!("of {rows}", rows))];
        let columns = columns
            .iter()
            .filter_map(|column| self.column_values(column));
        std::iter::once(of_all).chain(columns).collect()
    }

    /// The values of a column; None if they are too many to show.
    fn column_values(&self, column: &ColumnValues) -> Option<Vec<String>> {
        let values = column.values.as_ref()?;
        let mut items: Vec<_> = values.iter().map(|known| self.value_rows(known)).collect();
        let name = one_line(&column.column);
        let has_cells = values.iter().all(|known| known.value.is_some());
        if let Some(first) = items.first_mut() {
            let title = if has_cells {
                format!("{name}: ")
            } else {
                let number = values.len();
                self.text(&msg!(
                    "{name} has {number} different {number|value|values}: ",
                    name,
                    number
                ))
            };
            first.insert_str(0, &title);
        }
        Some(items)
    }

    fn value_rows(&self, known: &ValueRows) -> String {
        let rows = self.language.number(known.rows);
        match known.value.as_deref() {
            Some("") => self.text(&msg!("empty {rows}", rows)),
            Some(value) => format!("{} {rows}", plain_or_quoted(value)),
            None => rows,
        }
    }

    fn no_column_line(&self) -> FactLine {
        let rows = self.language.number(self.rows);
        let text = match self.rows {
            1 => msg!("this text uses no column"),
            _ => msg!("this text uses no column: all {rows} get the same", rows),
        };
        FactLine::from_remark(self.text(&text))
    }

    fn more_line(&self, more: usize) -> FactLine {
        FactLine::from_remark(self.text(&msg!("{more} more with -v", more)))
    }

    /// The line of the columns that the message does not use; None if there are none.
    fn unused_line(&self, table: &ColumnTable, are_all: bool) -> Option<FactLine> {
        let shown = if are_all { usize::MAX } else { MAX_UNUSED };
        let columns = table.unused.iter().take(shown);
        let mut items: Vec<_> = columns.map(|column| self.unused_column(column)).collect();
        let more = table.unused.len().saturating_sub(shown) + table.more_unused;
        if more > 0 {
            items.push(self.text(&msg!("{more} more", more)));
        }
        (!items.is_empty()).then(|| FactLine {
            label: self.text(&msg!("not used{#columns}")),
            count: String::new(),
            facts: joined(vec![items]),
        })
    }

    fn unused_column(&self, column: &UnusedColumn) -> String {
        let name = plain_or_quoted(&column.column);
        let mut notes: Vec<_> = column
            .values
            .iter()
            .map(|known| self.value_rows(known))
            .collect();
        let reads = match column.reads_as {
            Some(CellKind::Phones) => Some(msg!("reads as phone numbers")),
            Some(CellKind::Countries) => Some(msg!("reads as countries")),
            None => None,
        };
        notes.extend(reads.map(|reads| self.text(&reads)));
        if notes.is_empty() {
            name
        } else {
            format!("{name} ({})", notes.join(", "))
        }
    }

    fn at_least(&self, rows: u64, is_lower_bound: bool) -> String {
        let rows = self.language.number(rows);
        if is_lower_bound {
            self.text(&msg!("at least {rows}", rows))
        } else {
            rows
        }
    }
}

/// Returns the commonest and the rarest countries with their rows, each but the first with its line, and the number of the
/// others.
pub(super) fn country_words(countries: &[CountryRows], language: Lang) -> Vec<String> {
    let (commonest, others) = countries.split_at(countries.len().min(SHOWN_COUNTRIES));
    let (others, rarest) = others.split_at(others.len().saturating_sub(SHOWN_COUNTRIES));
    let named = commonest.iter().chain(rarest);
    let mut items: Vec<_> = named
        .enumerate()
        .map(|(place, known)| {
            let line = known.line.filter(|_| place > 0);
            one_country(known, line, language)
        })
        .collect();
    if !others.is_empty() {
        let number = others.len();
        let rows: u64 = others.iter().map(|known| known.rows).sum();
        let more = msg!(
            "{number} more {number|country|countries} {rows}",
            number,
            rows = language.number(rows)
        );
        items.push(more.text(language));
    }
    items
}

fn one_country(known: &CountryRows, line: Option<u64>, language: Lang) -> String {
    let rows = language.number(known.rows);
    let shown = match &known.country {
        Some(code) => {
            let name = country_title(code).map_or(code.as_str(), |names| language.pick(names));
            format!("{name} {rows}")
        }
        None => msg!("without a country {rows}", rows).text(language),
    };
    match line {
        Some(line) => msg!("{shown} (line {line})", shown, line).text(language),
        None => shown,
    }
}

/// Returns the items of all clauses, each with the punctuation after it. A line may be broken between them.
fn joined(clauses: Vec<Vec<String>>) -> Vec<String> {
    let last_clause = clauses.len().saturating_sub(1);
    let mut parts = Vec::new();
    for (number, clause) in clauses.into_iter().enumerate() {
        let last_item = clause.len().saturating_sub(1);
        for (place, item) in clause.into_iter().enumerate() {
            let sign = match (place == last_item, number == last_clause) {
                (false, _) => ",",
                (true, false) => ";",
                (true, true) => "",
            };
            parts.push(item + sign);
        }
    }
    parts
}

/// Returns a shape with escapes for invisible signs.
fn shown_shape(shape: &str) -> String {
    let is_hidden = |sign: char| sign != ' ' && is_invisible(sign);
    if !shape.contains(is_hidden) {
        return plain_or_quoted(shape);
    }
    let signs = shape.chars().map(|sign| {
        if is_hidden(sign) {
            sign.escape_default().to_string()
        } else {
            sign.to_string()
        }
    });
    plain_or_quoted(&signs.collect::<String>())
}

/// Writes a value without quotation marks, unless its end would not be clear.
fn plain_or_quoted(value: &str) -> String {
    if has_clear_ends(value) && !value.contains([',', ';', '(', ')', '"']) {
        escaped(value)
    } else {
        quoted(value)
    }
}

fn has_clear_ends(value: &str) -> bool {
    !value.is_empty() && !value.starts_with(is_unseen) && !value.ends_with(is_unseen)
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(value))
}

/// Returns a value with visible control characters, and visible blanks at its ends. Quotation marks show plain spaces.
fn escaped(value: &str) -> String {
    let inner = value.trim_matches(is_unseen);
    let start = value.len() - value.trim_start_matches(is_unseen).len();
    let before = value.get(..start).unwrap_or_default();
    let after = value.get(start + inner.len()..).unwrap_or_default();
    format!("{}{}{}", visible(before), one_line(inner), visible(after))
}

fn visible(blanks: &str) -> String {
    let shown = blanks.chars().map(|blank| match blank {
        ' ' => " ".to_owned(),
        other => other.escape_default().to_string(),
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_values_are_visible() {
        for (value, plain, in_quotes) in [
            ("Ana", "Ana", "\"Ana\""),
            ("Ana ", "\"Ana \"", "\"Ana \""),
            ("\u{a0}Ana\t", "\"\\u{a0}Ana\\t\"", "\"\\u{a0}Ana\\t\""),
            ("", "\"\"", "\"\""),
            ("  ", "\"  \"", "\"  \""),
            ("Peña, Ana", "\"Peña, Ana\"", "\"Peña, Ana\""),
            ("a\nb\u{1b}", "\"a\\nb\\u{1b}\"", "\"a\\nb\\u{1b}\""),
            ("a\nb", "a\\nb", "\"a\\nb\""),
            ("👩\u{200d}👧", "👩\u{200d}👧", "\"👩\u{200d}👧\""),
        ] {
            assert_eq!(plain_or_quoted(value), plain, "{value:?}");
            assert_eq!(quoted(value), in_quotes, "{value:?}");
        }
    }

    #[test]
    fn invisible_signs_of_a_shape_are_shown() {
        for (shape, shown) in [
            ("Aa Aa", "Aa Aa"),
            ("A/A", "A/A"),
            ("Aa\u{200b}a", "Aa\\u{200b}a"),
            ("a\u{202e}", "a\\u{202e}"),
            ("\u{200b}, 9", "\"\\u{200b}, 9\""),
        ] {
            assert_eq!(shown_shape(shape), shown, "{shape:?}");
        }
    }
}
