//! The language of a text. One walk over its syntax tree gives each expression a type and its
//! columns (`values.rs`), or rejects the text with the text to write instead. It happens once for
//! each text. This file has the statements and conditions, the type for an expression, and the uses
//! of columns. It also records the conditions under which a column is printed.

use std::collections::BTreeSet;

use minijinja::Value as Cell;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::{CodeGenerator, Instructions, Span};

use super::expressions::TextExpression;
use super::filters::Type;
use super::operators::replace_operators;
use super::row_view::ROW;

/// How a text uses columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnUses {
    /// The columns that the text uses.
    pub(crate) columns: BTreeSet<String>,
    /// The columns that it uses without `row`.
    pub(crate) names: BTreeSet<String>,
    /// Whether it may use any column: `row['cuota ' ~ n]`.
    pub(crate) is_of_all: bool,
    /// The places where it prints a column.
    pub(crate) prints: Vec<ColumnPrint>,
    /// The numbers without a fixed decimal separator: their cells and the country decide it.
    pub(crate) amounts: Vec<ReadAmount>,
    /// The columns that it reads as dates.
    pub(crate) dates: BTreeSet<String>,
    /// The texts that columns are compared with.
    pub(crate) compared: BTreeSet<(String, String)>,
    /// Expressions without a column and without a text: `{{1}}`.
    pub(crate) constants: Vec<String>,
}

/// A place where a text prints a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnPrint {
    pub(crate) column: String,
    /// Whether it is printed as the sheet shows it.
    pub(crate) is_plain: bool,
    /// Whether an empty cell leaves a gap in the text, because it has no default.
    pub(crate) has_gap: bool,
    /// The position in [`WalkedText::expressions`] of a filter of joined columns, if they are joined only with spaces. The
    /// filter may close the gap: `(nombre ~ ' ' ~ apellido) | trim`.
    pub(super) joined_by: Option<usize>,
    /// The conditions for it. All must apply.
    pub(super) guards: Vec<PrintCondition>,
}

/// A condition for a part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PrintCondition {
    /// The position in [`WalkedText::expressions`].
    pub(super) condition: usize,
    /// The result that the condition must have.
    pub(super) expected: bool,
}

/// A column that is read as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadAmount {
    pub(crate) column: String,
    /// The expression with a point as the decimal separator: `saldo | number('.')`.
    pub(crate) with_point: String,
}

impl ColumnUses {
    /// Returns whether every row gives the same text.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty() && !self.is_of_all
    }

    /// Returns whether an empty cell of `column` may leave a gap in the text.
    pub(super) fn may_leave_gap(&self, column: &str) -> bool {
        self.prints
            .iter()
            .any(|print| print.has_gap && print.column == column)
    }
}

/// The results of the walk.
pub(super) struct WalkedText<'a> {
    pub(super) uses: ColumnUses,
    /// The expressions that show what a row prints: the conditions of statements and choices, and filters of joined
    /// columns.
    pub(super) expressions: Vec<Instructions<'a>>,
    /// Each printed expression and each condition of a statement, in order. None if it uses no column.
    pub(super) noted: Vec<Option<TextExpression>>,
}

/// Finds how the text with the syntax tree `text` uses columns. If it `is_whole`, it is a single
/// expression, and may be a list. `source` is the source of the text.
///
/// # Errors
/// If the text is not in the language. The error contains the text to write instead.
pub(super) fn walk<'a>(
    source: &'a str,
    text: &Stmt<'a>,
    is_whole: bool,
) -> Result<WalkedText<'a>, String> {
    let mut walk = TextWalk {
        source,
        is_whole,
        uses: ColumnUses::default(),
        seen: Vec::new(),
        words: 0,
        expressions: Vec::new(),
        noted: Vec::new(),
        guards: Vec::new(),
    };
    walk.statement(text)?;
    Ok(WalkedText {
        uses: walk.uses,
        expressions: walk.expressions,
        noted: walk.noted,
    })
}

/// The state of the walk.
pub(super) struct TextWalk<'a> {
    source: &'a str,
    is_whole: bool,
    pub(super) uses: ColumnUses,
    /// The columns, in their order.
    pub(super) seen: Vec<String>,
    /// The number of texts in expressions.
    pub(super) words: usize,
    /// The recorded expressions so far.
    expressions: Vec<Instructions<'a>>,
    /// As in [`WalkedText`].
    noted: Vec<Option<TextExpression>>,
    /// The conditions for the current part.
    pub(super) guards: Vec<PrintCondition>,
}

impl<'a> TextWalk<'a> {
    fn statements(&mut self, statements: &[Stmt<'a>]) -> Result<(), String> {
        statements
            .iter()
            .try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt<'a>) -> Result<(), String> {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(emit) => self.print(&emit.expr, emit.span()),
            Stmt::IfCond(condition) => {
                let seen = self.seen.len();
                self.condition(&condition.expr)?;
                let statement = TextExpression::condition(self.source, condition.span());
                self.note(statement, seen);
                let place = self.add_expression(&condition.expr);
                self.guarded(place, true, |walk| walk.statements(&condition.true_body))?;
                self.guarded(place, false, |walk| walk.statements(&condition.false_body))
            }
            _ => {
                Err("the only statements are `{% if … %}`, `{% elif … %}`, `{% else %}` and `{% endif %}`; to print a list: \
                      `{{ cuotas | join(', ') }}`; instead of a variable: its value"
                    .to_owned())
            }
        }
    }

    /// Records an expression that is evaluated for rows, and returns its position.
    pub(super) fn add_expression(&mut self, expression: &Expr<'a>) -> usize {
        let mut generator = CodeGenerator::new("<text>", self.source);
        generator.compile_expr(expression);
        let (mut instructions, _) = generator.finish();
        replace_operators(&mut instructions);
        self.expressions.push(instructions);
        self.expressions.len() - 1
    }

    /// Examines a part of the text that has effect only if a condition is `expected`.
    pub(super) fn guarded<T>(
        &mut self,
        condition: usize,
        expected: bool,
        examine: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.guards.push(PrintCondition {
            condition,
            expected,
        });
        let known = examine(self);
        self.guards.pop();
        known
    }

    /// Records an expression or a condition, with the columns that it uses: those after the first `seen`.
    fn note(&mut self, noted: TextExpression, seen: usize) {
        let mut columns: Vec<_> = self.seen.get(seen..).unwrap_or_default().to_vec();
        let uses_columns = !columns.is_empty();
        columns.retain(|column| column != ROW);
        columns.dedup();
        self.noted
            .push(uses_columns.then_some(TextExpression { columns, ..noted }));
    }

    /// Examines `{{ expression }}`, which is at `span`.
    fn print(&mut self, expression: &Expr<'a>, span: Span) -> Result<(), String> {
        let seen = self.seen.len();
        let words = self.words;
        let known = self.value(expression)?;
        if !self.is_whole {
            check_text(expression, &known)?;
        }
        self.uses.prints.extend(known.prints);
        let printed = TextExpression::printed(self.source, span);
        let is_formatted = known.kind == Type::Number || is_written_by_filter(expression);
        self.note(
            TextExpression {
                is_formatted,
                ..printed
            },
            seen,
        );
        if self.seen.len() == seen && self.words == words {
            self.uses
                .constants
                .push(format!("{{{{{}}}}}", write_expression(expression)));
        }
        Ok(())
    }

    /// Examines an expression that is tested as yes or no. A column is a text, which is true even
    /// if it says `no`.
    pub(super) fn condition(&mut self, expression: &Expr<'a>) -> Result<(), String> {
        match expression {
            Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => self.condition(&not.expr),
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.condition(&both.left)?;
                self.condition(&both.right)
            }
            _ => {
                let known = self.value(expression)?;
                check_truth(expression, &known)
            }
        }
    }
}

/// The properties of an expression that are the same for every row.
pub(super) struct ExprInfo {
    pub(super) kind: Type,
    /// The columns that it prints.
    pub(super) prints: Vec<ColumnPrint>,
    /// Its value if it is a constant, or the values if it is a list of constants.
    pub(super) constants: Vec<Cell>,
    /// Whether it has words next to its columns, not only spaces: `'Sr. ' ~ nombre`.
    pub(super) joins_words: bool,
}

impl ExprInfo {
    pub(super) fn new(kind: Type) -> Self {
        Self {
            kind,
            prints: Vec::new(),
            constants: Vec::new(),
            joins_words: false,
        }
    }

    /// Returns whether it has words, not only columns and spaces.
    pub(super) fn has_words(&self) -> bool {
        let is_space =
            |constant: &Cell| constant.as_str().is_some_and(|text| text.trim().is_empty());
        self.joins_words || !self.constants.iter().all(is_space)
    }

    /// Combines the properties of two values, for an expression that is one of them or both joined.
    pub(super) fn or(self, other: Self) -> Self {
        let kind = if self.kind == other.kind {
            self.kind
        } else {
            Type::Any
        };
        // One of two words is a word. A word instead of an empty column is like a default.
        let is_constant = self.prints.is_empty() && other.prints.is_empty();
        let is_word = is_constant && (self.has_words() || other.has_words());
        Self {
            joins_words: is_word || self.joins_words || other.joins_words,
            prints: [self.prints, other.prints].concat(),
            ..Self::new(kind)
        }
    }
}

/// Returns whether a filter writes the number or the date, so that every value has its form.
fn is_written_by_filter(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Filter(filter)
        if ["date", "money", "number", "percent", "phone"].contains(&filter.name))
}

/// Rejects a list if a text is expected.
pub(super) fn check_text(expression: &Expr<'_>, known: &ExprInfo) -> Result<(), String> {
    let error = |own| format!("`{own}` is a list; write `{own} | join(', ')`");
    if matches!(known.kind, Type::Texts | Type::List) {
        Err(error(write_expression(expression)))
    } else {
        Ok(())
    }
}

/// Rejects a text if yes or no is expected.
pub(super) fn check_truth(expression: &Expr<'_>, known: &ExprInfo) -> Result<(), String> {
    let own = write_expression(expression);
    let meant = match known.kind {
        Type::Truth | Type::Number => return Ok(()),
        Type::Texts | Type::List => format!("`{own} | length > 0`"),
        Type::Text | Type::Any => {
            format!("`{own} | yes`, or `{own} != ''` if it must not be empty")
        }
    };
    Err(format!("`{own}` is not a yes-or-no value; write {meant}"))
}

pub(super) fn check_number(expression: &Expr<'_>, known: &ExprInfo) -> Result<(), String> {
    let own = write_expression(expression);
    match known.kind {
        Type::Number => Ok(()),
        Type::Text | Type::Any => Err(format!("`{own}` is not a number; write `{own} | number`")),
        kind => Err(format!("`{own}` is {}, not a number", kind.describe())),
    }
}

/// Returns the source of an expression.
pub(super) fn write_expression(expression: &Expr<'_>) -> String {
    match expression {
        Expr::Var(name) => name.id.to_owned(),
        Expr::Const(constant) => constant
            .value
            .as_str()
            .map_or_else(|| constant.value.to_string().to_lowercase(), quoted),
        Expr::GetAttr(part) => format!("{}.{}", write_expression(&part.expr), part.name),
        Expr::GetItem(part) => {
            format!(
                "{}[{}]",
                write_expression(&part.expr),
                write_expression(&part.subscript_expr)
            )
        }
        Expr::Filter(filter) => {
            let inside = filter
                .expr
                .as_ref()
                .map(write_expression)
                .unwrap_or_default();
            format!("{inside} | {}{}", filter.name, brackets(&filter.args))
        }
        // The expression may be an operand of a filter or an operator, so it needs parentheses.
        Expr::BinOp(_) | Expr::IfExpr(_) => "(…)".to_owned(),
        _ => "…".to_owned(),
    }
}

/// Writes `text` as a constant of the language.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Returns the arguments of a filter, in parentheses.
pub(super) fn brackets(given: &[CallArg<'_>]) -> String {
    let value = |argument: &CallArg<'_>| match argument {
        CallArg::Pos(value) => write_expression(value),
        _ => "…".to_owned(),
    };
    let values: Vec<_> = given.iter().map(value).collect();
    if values.is_empty() {
        String::new()
    } else {
        format!("({})", values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use minijinja::machinery::parse;

    use super::*;
    use crate::lists::template::language::syntax;
    use crate::lists::template::{TextTemplate, language};

    fn column_uses(source: &str) -> ColumnUses {
        walk(source, &parse(source, "<text>", syntax()).unwrap(), false)
            .unwrap()
            .uses
    }

    fn refused(source: &str) -> String {
        TextTemplate::compile(&language(), "text", source)
            .err()
            .map_or_else(String::new, |error| error.problem)
    }

    #[test]
    fn ambiguous_decimal_separators_are_found() {
        for (source, expected) in [
            (
                "{{ saldo | money('$') }}",
                &["saldo | number('.') | money('$')"][..],
            ),
            (
                "{{ saldo | trim | number }}",
                &["saldo | trim | number('.')"],
            ),
            (
                "{{ row['mi saldo'] | number(2) }}",
                &["row['mi saldo'] | number('.') | number(2)"],
            ),
            (
                "{% if saldo | number > 5 %}!{% endif %}",
                &["saldo | number('.')"],
            ),
            (
                "{{ saldo | number(',') | money('$') }} {{ saldo }} {{ nombre | upper }}",
                &[],
            ),
        ] {
            let amounts = column_uses(source).amounts;
            let found: Vec<_> = amounts
                .iter()
                .map(|amount| amount.with_point.as_str())
                .collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn columns_that_may_be_empty_are_found() {
        for (source, expected) in [
            (
                "Hola {{ nombre }}, {{ row['Nombre completo'] | upper }} {{ row.a }}",
                &["Nombre completo", "a", "nombre"][..],
            ),
            (
                "{{ nombre | default('x', true) }} {{ nombre | length }} {{ nombre | yes }}",
                &[],
            ),
            ("{{ Ciudad | first }}", &["Ciudad"]),
            ("{{ 'Sr. ' ~ nombre ~ a }}", &["a", "nombre"]),
            ("{{ [a, nombre] | join(' ') }}", &["a", "nombre"]),
            ("{{ nombre if vip | yes else 'x' }}", &["nombre"]),
            ("{{ nombre | default(apodo) }}", &["apodo"]),
        ] {
            let prints = column_uses(source).prints;
            let gaps = prints.into_iter().filter(|print| print.has_gap);
            let gaps: BTreeSet<_> = gaps.map(|print| print.column).collect();
            assert_eq!(Vec::from_iter(gaps), expected, "{source}");
        }
    }

    #[test]
    fn printed_columns_are_found() {
        for (source, expected) in [
            (
                "Hola {{ nombre }} {{ row['Nombre completo'] | default('x') }} {{ 1 }}",
                &["Nombre completo", "nombre"][..],
            ),
            ("{{ a ~ a }}", &["a"]),
            ("{{ [a, Ciudad] | join(' ') }}", &["Ciudad", "a"]),
            ("{{ a | default(Ciudad) }}", &["Ciudad", "a"]),
            (
                "{{ nombre if nombre != '#N/A' else 'x' }} {{ 'x' }} {{ row }}",
                &["nombre"],
            ),
            ("{% if nombre | yes %}{{ nombre }}{% endif %}", &["nombre"]),
            ("{% if nombre != '-' %}{{ otro }}{% endif %}", &["otro"]),
            (
                "{{ Ciudad | split | first }} {{ nombre | title }}",
                &["Ciudad", "nombre"],
            ),
        ] {
            let prints = column_uses(source).prints;
            let printed: BTreeSet<_> = prints.into_iter().map(|print| print.column).collect();
            assert_eq!(Vec::from_iter(printed), expected, "{source}");
        }
    }

    #[test]
    fn suggestion_is_not_the_same_mistake() {
        for (source, expected) in [
            (
                "{{ saldo|number|length }}",
                "`saldo | number | length`: `length` takes a text or a list of words or a list, not a number",
            ),
            (
                "{{ saldo|number*1.12|money(\"$\") }}",
                "`1.12 | money('$')` is not a number; write `(saldo | number * 1.12) | money('$')`",
            ),
            (
                "{{ 5 + (saldo|number) - 2|number(2) }}",
                "`2 | number(2)` is not a number; write `((…) - 2) | number(2)`",
            ),
            (
                "{{ saldo|number * tasa|money('$') }}",
                "`tasa | money('$')` is not a number; write `tasa | money('$') | number`",
            ),
        ] {
            assert_eq!(refused(source), expected, "{source}");
        }
        assert_eq!(
            refused("{{ (saldo | number * 1.12) | money('$') }}{{ 3 * 2 | abs }}"),
            ""
        );
    }

    #[test]
    fn text_is_not_compared_as_number_or_boolean() {
        for (source, meant) in [
            ("{% if saldo > 100 %}a{% endif %}", "saldo | number"),
            (
                "{% if 100 <= row['Saldo total'] %}a{% endif %}",
                "row['Saldo total'] | number",
            ),
            ("{{ saldo * 2 }}", "saldo | number"),
            ("{{ saldo + 10 }}", "saldo | number"),
            ("{{ -saldo }}", "-(saldo | number)"),
            ("{% if saldo == 100 %}a{% endif %}", "saldo | number"),
            (
                "{% if saldo | number > '100' %}a{% endif %}",
                "'100' | number",
            ),
            (
                "{% if saldo | trim > 100 %}a{% endif %}",
                "saldo | trim | number",
            ),
            ("{{ 'a' if saldo >= 5 else 'b' }}", "saldo | number"),
            ("{{ saldo | round(1) }}", "saldo | number | round(2)"),
            (
                "{% if saldo | number > deuda %}a{% endif %}",
                "deuda | number",
            ),
            ("{{ (saldo or 0) * 2 }}", "(…) | number"),
            (
                "{% if (saldo if vip | yes else 0) > 2 %}a{% endif %}",
                "(…) | number",
            ),
            (
                "{% if cuotas[0].monto > 5 %}a{% endif %}",
                "cuotas[0].monto | number",
            ),
            ("{% if vip %}a{% endif %}", "vip | yes"),
            ("{% if not vip %}a{% endif %}", "vip | yes"),
            ("{% if saldo != '' and vip %}a{% endif %}", "vip | yes"),
            ("{{ 'a' if row['vip'] else 'b' }}", "row['vip'] | yes"),
            ("{% if c.vip %}a{% endif %}", "c.vip | yes"),
            ("{% if (vip or 'x') %}a{% endif %}", "vip | yes"),
            (
                "{% if vip | split %}a{% endif %}",
                "vip | split | length > 0",
            ),
        ] {
            let error = refused(source);
            assert!(
                error.contains(&format!("write `{meant}`")),
                "{source}: {error}"
            );
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
        assert_eq!(
            Vec::from_iter(column_uses("{% if vip in ['si', 'sí'] %}a{% endif %}").compared).len(),
            2
        );
    }

    #[test]
    fn unsupported_syntax_suggests_a_replacement() {
        for (source, expected) in [
            (
                "{% for c in cuotas %}{{ c }}{% endfor %}",
                "to print a list: `{{ cuotas | join(', ') }}`",
            ),
            (
                "{% set n = nombre | title %}{{ n }}",
                "the only statements are `{% if … %}`",
            ),
            (
                "{% with n = 1 %}{{ n }}{% endwith %}",
                "the only statements are `{% if … %}`",
            ),
            (
                "{{ nombre[:3] }}",
                "slices, `x[:3]`, are not supported; write `x | first`",
            ),
            (
                "{{ nombre.title() }}",
                "functions and methods are not supported; write filters: `x | title`",
            ),
            ("{{ range(3) }}", "functions and methods are not supported"),
            ("{{ debug() }}", "functions and methods are not supported"),
            (
                "{% if saldo is none %}a{% endif %}",
                "tests with `is` are not supported; write `x != ''`",
            ),
            (
                "{% if 1 < saldo < 5 %}a{% endif %}",
                "comparisons of three values are not supported; write `1 < x and",
            ),
            (
                "{{ {'a': 1} }}",
                "`( , )` and `{ }` are not supported; write a list",
            ),
            (
                "{{ nombre | grita }}",
                "filter grita is unknown; the filters are abs, capitalize, ",
            ),
            (
                "{{ nombre | uper }}",
                "filter uper is unknown; did you mean `upper`?",
            ),
            (
                "{{ nombre | split | upper }}",
                "`upper` takes a text or a number or yes or no, not a list of words; write `nombre | split | join(' ') | upper`",
            ),
            (
                "{{ nombre | split | round(1) }}",
                "`round` takes a number, not a list of words",
            ),
            (
                "{{ nombre | length | split }}",
                "not a number; write `nombre | length | string | split | first`",
            ),
            (
                "{{ nombre | upper | round }}",
                "write `nombre | upper | number | round(2)`",
            ),
            (
                "{% if nombre | split | first > 5 %}a{% endif %}",
                "write `nombre | split | first | number`",
            ),
            ("{{ nombre | split | sum }}", "`sum` takes a list"),
            ("{{ (nombre or 'x') | upper(1) }}", "write `(…) | upper`"),
            (
                "{% if (nombre ~ 'a') > 5 %}a{% endif %}",
                "write `(…) | number`",
            ),
            ("{{ (nombre | yes) + 1 }}", "is yes or no, not a number"),
            ("{{ '=' * (nombre | length) }}", "`'='` is not a number"),
            (
                "{{ nombre + ' ' }}",
                "`nombre` is not a number; write `~` to join texts",
            ),
            (
                "Hola {{ nombre | split }}",
                "`nombre | split` is a list; write `nombre | split | join(', ')`",
            ),
            ("{{ 'a' ~ nombre | split }}", "is a list; write"),
            ("{{ (nombre | upper).x }}", "it has no fields or items"),
        ] {
            let error = refused(source);
            assert!(error.contains(expected), "{source}: {error}");
        }
        assert_eq!(refused("{{ nombre | split }}"), "");
    }
}
