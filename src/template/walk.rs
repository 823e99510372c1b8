//! The language of a text: one walk over its syntax tree gives each expression a type and its columns (`values.rs`), or
//! refuses the text with the line to type instead. It is done once for the text; minijinja fills it for each row. Here
//! are its statements and conditions.

use std::collections::HashSet;
use std::ops::Range;

use minijinja::Environment;
use minijinja::machinery::ast::{BinOpKind, Expr, Stmt, UnaryOpKind};

use super::uses::Uses;

/// How the text `source`, with the syntax tree `text`, uses columns. It may be a list if it `is_whole`: an expression
/// and nothing else.
///
/// # Errors
/// If it is not in the language; in words, with the line to type.
pub(super) fn walk(language: &Environment<'_>, source: &str, text: &Stmt<'_>, is_whole: bool) -> Result<Uses, String> {
    let mut walk = TextWalk {
        language,
        source,
        is_whole,
        uses: Uses::default(),
        seen: Vec::new(),
        words: 0,
        looked_at: HashSet::new(),
    };
    walk.statement(text)?;
    let TextWalk { mut uses, looked_at, .. } = walk;
    uses.gaps.retain(|column| !looked_at.contains(column));
    Ok(uses)
}

/// The walk, with what it has met so far.
pub(super) struct TextWalk<'s> {
    pub(super) language: &'s Environment<'s>,
    pub(super) source: &'s str,
    is_whole: bool,
    pub(super) uses: Uses,
    /// The columns, in their order.
    pub(super) seen: Vec<String>,
    /// The number of texts that are written in expressions.
    pub(super) words: usize,
    /// The columns that a statement looks at.
    looked_at: HashSet<String>,
}

impl TextWalk<'_> {
    fn statements(&mut self, statements: &[Stmt<'_>]) -> Result<(), String> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt<'_>) -> Result<(), String> {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(emit) => self.print(&emit.expr),
            Stmt::IfCond(condition) => {
                let seen = self.seen.len();
                self.condition(&condition.expr)?;
                self.looked_at.extend(self.seen.iter().skip(seen).cloned());
                self.statements(&condition.true_body)?;
                self.statements(&condition.false_body)
            }
            Stmt::ForLoop(each) => {
                let list = self.value(&each.iter).map_or("cuotas", |list| self.cut(list.at));
                Err(format!("`{{% for %}}`: there are no loops; write `{{{{ {list} | join(', ') }}}}` for a list"))
            }
            Stmt::Set(set) => {
                let value = self.value(&set.expr)?;
                let value = self.cut(value.at);
                Err(format!("`{{% set %}}`: a text gives no names; write `{value}` where the name stands"))
            }
            _ => Err("the only statements are `{% if … %}`, `{% elif … %}`, `{% else %}` and `{% endif %}`".to_owned()),
        }
    }

    /// `{{ expression }}`
    fn print(&mut self, expression: &Expr<'_>) -> Result<(), String> {
        let (seen, words) = (self.seen.len(), self.words);
        let known = self.value(expression)?;
        if !self.is_whole {
            self.check_text(&known)?;
        }
        let plain = known.prints.iter().filter(|(_, is_plain)| *is_plain);
        self.uses.plain.extend(plain.map(|(column, _)| column.clone()));
        self.uses.printed.extend(known.prints.into_iter().map(|(column, _)| column));
        self.uses.gaps.extend(known.gap);
        if self.seen.len() == seen && self.words == words {
            let begins = self.cut(0..known.at.start).rfind("{{").unwrap_or_default();
            let ends = self.cut(known.at.end..self.source.len()).find("}}");
            let ends = ends.map_or(self.source.len(), |at| known.at.end + at + 2);
            self.uses.constants.push(self.cut(begins..ends).to_owned());
        }
        Ok(())
    }

    /// An expression that is tested as yes or no. A column is a text, which is never false where it says `no`.
    pub(super) fn condition(&mut self, expression: &Expr<'_>) -> Result<(), String> {
        match expression {
            Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => self.condition(&not.expr),
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.condition(&both.left)?;
                self.condition(&both.right)
            }
            _ => {
                let known = self.value(expression)?;
                self.check_truth(&known)
            }
        }
    }

    pub(super) fn cut(&self, range: Range<usize>) -> &str {
        self.source.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use minijinja::machinery::parse;

    use super::*;
    use crate::template::language::syntax;
    use crate::template::{TextTemplate, language};

    fn of(source: &str) -> Uses {
        walk(&language(), source, &parse(source, "<text>", syntax()).unwrap(), false).unwrap()
    }

    fn refused(source: &str) -> String {
        TextTemplate::compile(&language(), "text", source).err().map_or_else(String::new, |error| error.problem)
    }

    #[test]
    fn knows_the_amounts_whose_decimal_sign_no_filter_says() {
        for (source, expected) in [
            ("{{ saldo | money('$') }}", &["saldo | number('.') | money('$')"][..]),
            ("{{ saldo | trim | number }}", &["saldo | trim | number('.')"]),
            ("{{ row['mi saldo'] | number(2) }}", &["row['mi saldo'] | number('.') | number(2)"]),
            ("{% if saldo | number > 5 %}!{% endif %}", &["saldo | number('.')"]),
            ("{{ saldo | number(',') | money('$') }} {{ saldo }} {{ nombre | upper }}", &[]),
        ] {
            let amounts = of(source).amounts;
            let found: Vec<_> = amounts.iter().map(|amount| amount.with_point.as_str()).collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn knows_the_columns_that_leave_gaps() {
        for (source, expected) in [
            (
                "Hola {{ nombre }}, {{ row['Nombre completo'] | upper }} {{ row.a }}",
                &["Nombre completo", "a", "nombre"][..],
            ),
            ("{{ nombre or 'x' }} {{ nombre | default('x', true) }} {{ a ~ b }}", &[]),
            ("{% if nombre != '' %}{{ nombre }}{% endif %}{{ otro }}", &["otro"]),
            ("{{ Ciudad | first }}", &["Ciudad"]),
        ] {
            assert_eq!(Vec::from_iter(of(source).gaps), expected, "{source}");
        }
    }

    #[test]
    fn knows_the_columns_that_are_printed() {
        for (source, expected) in [
            (
                "Hola {{ nombre }} {{ row['Nombre completo'] | default('x') }} {{ 1 }}",
                &["Nombre completo", "nombre"][..],
            ),
            ("{{ a ~ a }}", &["a"]),
            ("{{ nombre if nombre != '#N/A' else 'x' }} {{ 'x' }} {{ row }}", &["nombre"]),
            ("{% if nombre | yes %}{{ nombre }}{% endif %}", &["nombre"]),
            ("{% if nombre != '-' %}{{ otro }}{% endif %}", &["otro"]),
            ("{{ Ciudad | split | first }} {{ nombre | title }}", &["Ciudad", "nombre"]),
        ] {
            assert_eq!(Vec::from_iter(of(source).printed), expected, "{source}");
        }
    }

    #[test]
    fn a_text_is_not_taken_for_a_number() {
        for (source, meant) in [
            ("{% if saldo > 100 %}a{% endif %}", "saldo | number > 100"),
            ("{% if 100 <= row['Saldo total'] %}a{% endif %}", "100 <= row['Saldo total'] | number"),
            ("{{ saldo * 2 }}", "saldo | number * 2"),
            ("{{ saldo + 10 }}", "saldo | number + 10"),
            ("{{ -saldo }}", "-(saldo | number)"),
            ("{% if saldo == 100 %}a{% endif %}", "saldo | number == 100"),
            ("{% if saldo in [100, 200] %}a{% endif %}", "saldo | number in [100, 200]"),
            ("{% if saldo > '100' %}a{% endif %}", "saldo | number > 100"),
            ("{% if saldo | trim > 100 %}a{% endif %}", "saldo | trim | number > 100"),
            ("{{ 'a' if saldo >= 5 else 'b' }}", "saldo | number >= 5"),
            ("{{ saldo | round(1) }}", "saldo | number | round(1)"),
            ("{% if saldo | number > deuda %}a{% endif %}", "saldo | number > deuda | number"),
            ("{% if 1 < saldo < 5 %}a{% endif %}", "1 < saldo | number"),
            ("{% if 1 < saldo | number < deuda %}a{% endif %}", "saldo | number < deuda | number"),
        ] {
            let told = refused(source);
            assert!(told.contains(&format!("its cells are text; write `{meant}`")), "{source}: {told}");
        }
        for source in [
            "{% if saldo | number > 100 %}a{% endif %}",
            "{% if codigo == '100' %}a{% endif %}",
            "{{ nombre + ' ' + apellido }} {{ nombre ~ 1 }}",
            "{% if nombre | length > 10 %}a{% endif %}",
            "{{ saldo | number * 2 }}",
            "{% if vence < '2026-11-30' %}a{% endif %}",
            "{% if c.saldo > 100 %}a{% endif %}",
        ] {
            assert_eq!(refused(source), "", "{source}");
        }
    }

    #[test]
    fn a_text_is_not_taken_for_yes_or_no() {
        for (source, meant) in [
            ("{% if vip %}a{% endif %}", "vip | yes"),
            ("{% if not vip and otro | yes %}a{% endif %}", "vip | yes"),
            ("{% if vip | yes or otro %}a{% endif %}", "otro | yes"),
            ("{{ 'a' if row['Es VIP'] else 'b' }}", "row['Es VIP'] | yes"),
            ("{% if vip == true %}a{% endif %}", "vip | yes"),
            ("{% if vip | trim %}a{% endif %}", "vip | trim | yes"),
            ("{% if saldo and saldo | number < 5 %}a{% endif %}", "saldo | yes`, or `saldo != ''"),
            ("{% if c.vip %}a{% endif %}", "c.vip | yes"),
            ("{% if cuotas[0].pagada %}a{% endif %}", "cuotas[0].pagada | yes"),
            ("{% if (vip or 'x') %}a{% endif %}", "vip | yes"),
            ("{% if vip | split %}a{% endif %}", "vip | split | length > 0"),
        ] {
            let told = refused(source);
            assert!(told.contains(&format!("write `{meant}`")), "{source}: {told}");
        }
        for source in [
            "{% if vip | yes %}a{% endif %}",
            "{% if not (vip == 'si' or saldo | number) %}a{% endif %}",
            "{% if saldo != '' and saldo | number < 5 %}a{% endif %}",
            "{{ vip or 'x' }}",
            "{% if true %}{{ vip }}{% endif %}",
        ] {
            assert_eq!(refused(source), "", "{source}");
        }
        assert_eq!(Vec::from_iter(of("{% if vip in ['si', 'sí'] %}a{% endif %}").compared).len(), 2);
    }

    #[test]
    fn what_is_not_in_the_language_is_refused_with_the_line_to_type() {
        for (source, expected) in [
            ("{% for c in cuotas %}{{ c }}{% endfor %}", "write `{{ cuotas | join(', ') }}` for a list"),
            ("{% set n = nombre | title %}{{ n }}", "write `nombre | title` where the name stands"),
            ("{% with n = 1 %}{{ n }}{% endwith %}", "the only statements are `{% if … %}`"),
            ("{% raw %}{nombre}{% endraw %}", "`{% raw %}`: write `{{ '{{' }}`"),
            ("{{ nombre[:3] }}", "`nombre[:3]`: there are no slices; write `nombre | first`"),
            ("{{ nombre.title() }}", "`nombre.title()`: there are no methods; write a filter: {{ nombre | title }}"),
            ("{{ range(3) }}", "`range(3)`: there are no functions"),
            ("{{ debug() }}", "`debug()`: there are no functions"),
            (
                "{% if saldo is none %}a{% endif %}",
                "`saldo is none`: there are no tests with `is`; write `saldo != ''` where",
            ),
            ("{% if vip is true %}a{% endif %}", "write `vip | yes`"),
            ("{% if saldo is gt(5) %}a{% endif %}", "`saldo | number > 100`"),
            ("{{ {'a': 1} }}", "`{ }` is not a value"),
            ("{{ nombre | grita }}", "filter grita is unknown; there are abs, capitalize, "),
            ("{{ nombre | uper }}", "filter uper is unknown; did you mean `upper`?"),
            ("{{ nombre | map('upper') }}", "filter map is unknown"),
            ("{{ saldo | float }}", "`saldo | float`: write `saldo | number`"),
            ("{{ (saldo | int(0)) + 1 }}", "`saldo | int(0)`: write `saldo | number`"),
            ("{{ nombre | split | upper }}", "`upper` takes a text or a number or yes or no, not a list of words"),
            ("{{ nombre | split | round(1) }}", "`round` takes a number, not a list of words"),
            ("{{ nombre | length | split }}", "`split` takes a text, not a number"),
            ("{{ nombre | upper | round }}", "write `nombre | upper | number | round(2)`"),
            ("{% if nombre | split | first > 5 %}a{% endif %}", "write `nombre | split | first | number > 5`"),
            ("{{ nombre | split | sum }}", "`sum` takes a list"),
            ("{{ (nombre or 'x') | upper(1) }}", "write `(nombre or 'x') | upper`"),
            ("{% if (nombre ~ 'a') > 5 %}a{% endif %}", "write `(nombre ~ 'a') | number > 5`"),
            ("{{ (nombre | yes) + 1 }}", "is yes or no, not a number"),
            ("{{ '=' * (nombre | length) }}", "uses a text as a number"),
            ("Hola {{ nombre | split }}", "`nombre | split` is a list; write `nombre | split | join(', ')`"),
            ("{{ 'a' ~ nombre | split }}", "is a list; write"),
            ("{{ (nombre | upper).x }}", "which has no parts"),
        ] {
            let told = refused(source);
            assert!(told.contains(expected), "{source}: {told}");
        }
        assert_eq!(refused("{{ nombre | split }}"), "");
    }
}
