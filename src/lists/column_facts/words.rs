//! Writes the table of columns in words, in English or Spanish.

use super::table::{
    CellKind, ColumnTable, ColumnValues, CountryRows, ExpressionFacts, FrequentValue, Lengths,
    Letter, OtherCode, Range, Shape, UnusedColumn, ValueFacts, ValueInLine, ValueRows,
};
use crate::base::invisible::{is_invisible, is_unseen};
use crate::base::message::Lang;
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
            1 => language
                .pick(["columns of the message:", "columnas del mensaje:"])
                .to_owned(),
            _ => language.pick([
                format!("columns of the {rows} messages:"),
                format!("columnas de los {rows} mensajes:"),
            ]),
        }
    }

    /// The lines of the table: all of them, or the first with the number of the others.
    pub(crate) fn lines(&self, language: Lang, are_all: bool) -> Vec<FactLine> {
        let words = Words {
            language,
            rows: self.rows,
        };
        let shown = if are_all { usize::MAX } else { MAX_LINES };
        let mut lines = vec![words.recipient_line(self)];
        let expressions = self.most_telling(shown);
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
    fn most_telling(&self, most: usize) -> Vec<&ExpressionFacts> {
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
    fn recipient_line(&self, table: &ColumnTable) -> FactLine {
        let countries = country_words(&table.recipient.countries, self.language);
        let other_code = table.recipient.other_code.as_ref();
        let other_code = other_code.map(|found| vec![self.other_code(found)]);
        FactLine {
            label: table.recipient.column.clone(),
            count: self.language.number(self.rows),
            facts: joined(std::iter::once(countries).chain(other_code).collect()),
        }
    }

    fn other_code(&self, found: &OtherCode) -> String {
        let rows = self.language.number(found.rows);
        let column = plain_or_quoted(&found.column);
        let line = self.line(found.line);
        self.language.pick([
            format!("{rows} with another calling code than {column} ({line})"),
            format!("{rows} con otro código de país que {column} ({line})"),
        ])
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
                .characters
                .as_ref()
                .map(|lengths| vec![self.lengths(lengths)]),
            self.shapes(values),
            self.letters(&values.letters),
        ];
        clauses.into_iter().flatten().collect()
    }

    fn most_often(&self, found: &FrequentValue) -> String {
        let pick = |words: [&str; 2]| self.language.pick(words).to_owned();
        let rows = self.at_least(found.rows, found.at_least);
        match (&found.value, found.is_only) {
            (Some(value), true) if found.rows == 1 => quoted(value),
            (Some(value), true) => {
                format!("{} {}", pick(["always", "siempre"]), quoted(value))
            }
            (None, true) if found.rows == 1 => pick(["one value", "un valor"]),
            (None, true) => pick(["always the same", "siempre lo mismo"]),
            (Some(value), false) => {
                let most = pick(["most often", "lo más frecuente:"]);
                format!("{most} {} ({rows})", quoted(value))
            }
            (None, false) => {
                let same = pick(["have the same value", "tienen el mismo valor"]);
                format!("{rows} {same}")
            }
        }
    }

    fn range(&self, range: &Range) -> String {
        let Range { smallest, largest } = range;
        match (&smallest.value, &largest.value) {
            (Some(from), Some(to)) => {
                let from = self.in_line(from, smallest);
                let to = self.in_line(to, largest);
                self.language
                    .pick([format!("{from} to {to}"), format!("de {from} a {to}")])
            }
            _ => self.language.pick([
                format!(
                    "smallest in line {}, largest in line {}",
                    smallest.line, largest.line
                ),
                format!(
                    "el menor en la fila {}, el mayor en la fila {}",
                    smallest.line, largest.line
                ),
            ]),
        }
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
        let word = self.language.pick(["line", "fila"]);
        format!("{word} {line}")
    }

    fn lengths(&self, lengths: &Lengths) -> String {
        let Lengths { shortest, longest } = lengths;
        let characters = self.language.pick(["characters", "caracteres"]);
        let most = self.language.number(longest.length);
        if shortest.length == longest.length {
            return format!("{most} {characters}");
        }
        let least = self.language.number(shortest.length);
        let from = shortest.line;
        let to = longest.line;
        self.language.pick([
            format!("{least} to {most} {characters} (lines {from}, {to})"),
            format!("de {least} a {most} {characters} (filas {from}, {to})"),
        ])
    }

    fn shapes(&self, values: &ValueFacts) -> Option<Vec<String>> {
        let first = values.shapes.first()?;
        let shown = values.shapes.len();
        let title = match values.shape_count {
            // Numbers with digits alone need no more words.
            Some(1) if values.amounts.is_some() => return None,
            Some(1) => {
                let shape = self.language.pick(["shape", "forma"]);
                return Some(vec![format!("{shape}: {}", shown_shape(&first.shape))]);
            }
            Some(all) if all == shown => self.language.pick(["shapes", "formas"]).to_owned(),
            Some(all) => self
                .language
                .pick([format!("{all} shapes"), format!("{all} formas")]),
            None => self
                .language
                .pick(["many shapes", "muchas formas"])
                .to_owned(),
        };
        let is_lower_bound = values.shape_count.is_none();
        let shapes = values
            .shapes
            .iter()
            .zip([true].into_iter().chain(std::iter::repeat(false)));
        let mut items: Vec<_> = shapes
            .map(|(shape, is_commonest)| self.shape(shape, is_commonest, is_lower_bound))
            .collect();
        if let Some(first) = items.first_mut() {
            first.insert_str(0, &format!("{title}: "));
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
            let words = match lines.len() {
                1 => ["other letters in line", "otras letras en la fila"],
                _ => ["other letters in lines", "otras letras en las filas"],
            };
            return Some(vec![format!(
                "{} {}",
                self.language.pick(words),
                lines.join(", ")
            )]);
        }
        let shown = letters.iter().filter_map(|found| {
            let letter = escaped(&found.letter?.to_string());
            Some(format!("{letter} ({})", self.line(found.line)))
        });
        let mut items: Vec<_> = shown.collect();
        if let Some(first) = items.first_mut() {
            first.insert_str(0, self.language.pick(["other letters: ", "otras letras: "]));
        }
        Some(items)
    }

    fn condition_clauses(&self, columns: &[ColumnValues]) -> Vec<Vec<String>> {
        let rows = self.language.number(self.rows);
        let of_all = vec![
            self.language
                .pick([format!("of {rows}"), format!("de {rows}")]),
        ];
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
                self.language.pick([
                    format!("{name} has {number} different values: "),
                    format!("{name} tiene {number} valores distintos: "),
                ])
            };
            first.insert_str(0, &title);
        }
        Some(items)
    }

    fn value_rows(&self, known: &ValueRows) -> String {
        let rows = self.language.number(known.rows);
        match known.value.as_deref() {
            Some("") => format!("{} {rows}", self.language.pick(["empty", "vacío"])),
            Some(value) => format!("{} {rows}", plain_or_quoted(value)),
            None => rows,
        }
    }

    fn no_column_line(&self) -> FactLine {
        let rows = self.language.number(self.rows);
        let text = match self.rows {
            1 => self
                .language
                .pick([
                    "this text uses no column",
                    "este texto no usa ninguna columna",
                ])
                .to_owned(),
            _ => self.language.pick([
                format!("this text uses no column: all {rows} get the same"),
                format!("este texto no usa ninguna columna: los {rows} reciben lo mismo"),
            ]),
        };
        FactLine::from_remark(text)
    }

    fn more_line(&self, more: usize) -> FactLine {
        FactLine::from_remark(
            self.language
                .pick([format!("{more} more with -v"), format!("{more} más con -v")]),
        )
    }

    /// The line of the columns that the message does not use; None if there are none.
    fn unused_line(&self, table: &ColumnTable, are_all: bool) -> Option<FactLine> {
        let shown = if are_all { usize::MAX } else { MAX_UNUSED };
        let columns = table.unused.iter().take(shown);
        let mut items: Vec<_> = columns.map(|column| self.unused_column(column)).collect();
        let more = table.unused.len().saturating_sub(shown) + table.more_unused;
        if more > 0 {
            items.push(
                self.language
                    .pick([format!("{more} more"), format!("{more} más")]),
            );
        }
        (!items.is_empty()).then(|| FactLine {
            label: self.language.pick(["not used", "sin usar"]).to_owned(),
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
            Some(CellKind::Phones) => Some(["reads as phone numbers", "se lee como teléfonos"]),
            Some(CellKind::Countries) => Some(["reads as countries", "se lee como países"]),
            None => None,
        };
        notes.extend(reads.map(|reads| self.language.pick(reads).to_owned()));
        if notes.is_empty() {
            name
        } else {
            format!("{name} ({})", notes.join(", "))
        }
    }

    fn at_least(&self, rows: u64, is_lower_bound: bool) -> String {
        let rows = self.language.number(rows);
        if is_lower_bound {
            self.language
                .pick([format!("at least {rows}"), format!("al menos {rows}")])
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
        let rows = language.number(rows);
        items.push(match number {
            1 => language.pick([
                format!("1 more country {rows}"),
                format!("otro país {rows}"),
            ]),
            _ => language.pick([
                format!("{number} more countries {rows}"),
                format!("otros {number} países {rows}"),
            ]),
        });
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
        None => language.pick([
            format!("without a country {rows}"),
            format!("sin país {rows}"),
        ]),
    };
    match line {
        Some(line) => {
            let word = language.pick(["line", "fila"]);
            format!("{shown} ({word} {line})")
        }
        None => shown,
    }
}

/// Returns the items of all clauses, each with the sign behind it. A line may be broken between them.
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
