//! Lays out a table of facts for a terminal: a label, a count, and facts that wrap in their own column.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::escape::one_line;
use super::words::wrapped;

/// The spaces before the table, and between its columns.
const GAP: usize = 2;
/// The least width of the facts. If the terminal is narrower, they are below the label.
const MIN_FACTS: usize = 34;

/// A line of a table of facts. Without a label, its facts are a remark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FactLine {
    pub(crate) label: String,
    pub(crate) count: String,
    /// A line may be broken between them.
    pub(crate) facts: Vec<String>,
}

impl FactLine {
    pub(crate) fn from_remark(remark: String) -> Self {
        Self {
            label: String::new(),
            count: String::new(),
            facts: vec![remark],
        }
    }
}

/// Returns the lines of the table, at most `width` columns wide, unless a single word is wider.
pub(super) fn fact_table(lines: &[FactLine], width: usize) -> Vec<String> {
    let layout = Layout::new(lines, width);
    lines.iter().flat_map(|line| layout.lay_out(line)).collect()
}

/// The widths of a table.
struct Layout {
    width: usize,
    label: usize,
    count: usize,
    /// The column where the facts begin.
    indent: usize,
    are_facts_below: bool,
}

impl Layout {
    fn new(lines: &[FactLine], width: usize) -> Self {
        let most_label = (width / 3).max(8);
        let labels = lines.iter().map(|line| one_line(&line.label).width());
        // A longer label has a line of its own.
        let label = labels.filter(|label| *label <= most_label).max();
        let label = label.unwrap_or_default();
        let counts = lines.iter().map(|line| line.count.width());
        let count = counts.max().unwrap_or_default();
        let indent = GAP + label + GAP + count + GAP;
        let are_facts_below = indent + MIN_FACTS > width;
        Self {
            width,
            label,
            count,
            indent: if are_facts_below { 2 * GAP } else { indent },
            are_facts_below,
        }
    }

    fn lay_out(&self, line: &FactLine) -> Vec<String> {
        if line.label.is_empty() {
            let remark = packed(&line.facts, self.width.saturating_sub(GAP));
            return remark.iter().map(|text| spaced(GAP, text)).collect();
        }
        let label = one_line(&line.label);
        let mut facts = packed(&line.facts, self.width.saturating_sub(self.indent)).into_iter();
        let mut lines = Vec::new();
        if self.are_facts_below {
            lines.push(format!(
                "{}{}{}",
                spaced(GAP, &label),
                " ".repeat(GAP),
                line.count
            ));
        } else {
            let is_long = label.width() > self.label;
            if is_long {
                lines.push(spaced(GAP, &label));
            }
            let label = if is_long { "" } else { &label };
            let first = facts.next().unwrap_or_default();
            lines.push(self.begin(label, &line.count) + &first);
        }
        lines.extend(facts.map(|facts| spaced(self.indent, &facts)));
        lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    /// The part of a line before its facts. Counts are aligned at their end.
    fn begin(&self, label: &str, count: &str) -> String {
        let after_label = self.label.saturating_sub(label.width()) + GAP;
        let before_count = self.count.saturating_sub(count.width());
        let label = spaced(GAP, label);
        let count = spaced(after_label + before_count, count);
        format!("{label}{count}{}", " ".repeat(GAP))
    }
}

fn spaced(spaces: usize, text: &str) -> String {
    format!("{}{text}", " ".repeat(spaces))
}

/// Returns lines of at most `width` columns with these facts. A fact is broken only if it is wider.
fn packed(facts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        let fact = one_line(fact);
        match lines.last_mut() {
            Some(last) if last.width() + 1 + fact.width() <= width => {
                last.push(' ');
                last.push_str(&fact);
            }
            _ => lines.extend(wrapped(&fact, width)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, count: &str, facts: &[&str]) -> FactLine {
        FactLine {
            label: label.to_owned(),
            count: count.to_owned(),
            facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
        }
    }

    #[test]
    fn facts_wrap_in_their_own_column() {
        let lines = [
            line("celular", "1,250", &["Ecuador 1,240,", "Colombia 10"]),
            line(
                "ciudad | default('Quito') | upper",
                "9",
                &["always \"QUITO\""],
            ),
            line(
                "名前",
                "98",
                &["of 1,250;", "plan: oro 98,", "ORO 31,", "plata 1,121"],
            ),
            FactLine::from_remark("2 more with -v".to_owned()),
            line("not used", "", &["correo"]),
        ];
        let wide = fact_table(&lines, 60);
        assert_eq!(
            wide,
            [
                "  celular   1,250  Ecuador 1,240, Colombia 10",
                "  ciudad | default('Quito') | upper",
                "                9  always \"QUITO\"",
                "  名前         98  of 1,250; plan: oro 98, ORO 31,",
                "                   plata 1,121",
                "  2 more with -v",
                "  not used         correo",
            ]
        );
        let narrow = fact_table(&lines, 40);
        assert_eq!(
            narrow[..5],
            [
                "  celular  1,250",
                "    Ecuador 1,240, Colombia 10",
                "  ciudad | default('Quito') | upper  9",
                "    always \"QUITO\"",
                "  名前  98",
            ]
        );
        assert!(narrow.iter().all(|line| line.width() <= 40), "{narrow:#?}");
    }

    #[test]
    fn control_characters_and_long_facts_stay_in_the_table() {
        let long = "palabra ".repeat(20);
        let lines = fact_table(&[line("a\nb", "1", &[&long, "\u{1b}[2J"])], 60);
        assert!(lines[0].starts_with("  a\\nb  1  palabra"), "{lines:#?}");
        assert!(lines.concat().contains("\\u{1b}[2J"), "{lines:#?}");
        assert!(lines.iter().all(|line| line.width() <= 60), "{lines:#?}");
    }
}
