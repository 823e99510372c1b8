//! The language of a text. One walk over its syntax tree gives each expression a type and its
//! columns (`values.rs`), or rejects the text with the text to write instead. It happens once for
//! each text. This file has the statements and conditions, the type for an expression, and the uses
//! of columns.

use std::collections::BTreeSet;

use minijinja::Value as Cell;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt, UnaryOpKind};

use super::expressions::{PrintRule, TextExpression};
use super::filters::Type;
use super::links::LinkState;
use super::nothing::may_print_nothing;
use super::problem::TextProblem;
use super::row_view::ROW;
use super::spelling::quoted;
use crate::base::message::msg;

/// How a text uses columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnUses {
    /// The columns that the text uses.
    pub(crate) columns: BTreeSet<String>,
    /// The columns that it uses without `row`.
    pub(crate) names: BTreeSet<String>,
    /// Whether it may use any column: `row['cuota ' ~ n]`.
    pub(crate) is_of_all: bool,
    /// The columns in the expressions that it prints.
    pub(crate) printed: BTreeSet<String>,
    /// Those that it prints without a filter, as the sheet shows them.
    pub(crate) printed_as_shown: BTreeSet<String>,
    /// The numbers without a fixed decimal separator: their cells and the country decide it.
    pub(crate) amounts: Vec<ReadAmount>,
    /// The columns that it reads as dates.
    pub(crate) dates: BTreeSet<String>,
    /// The texts that columns are compared with.
    pub(crate) compared: BTreeSet<(String, String)>,
    /// Expressions without a column and without a text: `{{1}}`.
    pub(crate) constants: Vec<String>,
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
}

/// The results of the walk.
pub(super) struct WalkedText {
    pub(super) uses: ColumnUses,
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
) -> Result<WalkedText, TextProblem> {
    let mut walk = TextWalk {
        source,
        is_whole,
        uses: ColumnUses::default(),
        seen: Vec::new(),
        words: 0,
        noted: Vec::new(),
        tested: BTreeSet::new(),
        link: LinkState::default(),
    };
    walk.statement(text)?;
    walk.allow_tested_columns();
    Ok(WalkedText {
        uses: walk.uses,
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
    /// As in [`WalkedText`].
    noted: Vec<Option<TextExpression>>,
    /// The columns that the text compares with an empty text, so that it says what an empty cell prints.
    pub(super) tested: BTreeSet<String>,
    /// Whether the next part of the text is inside a link.
    link: LinkState,
}

impl<'a> TextWalk<'a> {
    fn statements(&mut self, statements: &[Stmt<'a>]) -> Result<(), TextProblem> {
        statements
            .iter()
            .try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt<'a>) -> Result<(), TextProblem> {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(words) => {
                self.link.pass(words.raw);
                Ok(())
            }
            Stmt::EmitExpr(emit) => self.print(&emit.expr, emit.span()),
            Stmt::IfCond(condition) => {
                let seen = self.seen.len();
                self.condition(&condition.expr)?;
                let statement = TextExpression::condition(self.source, condition.span());
                self.note(statement, seen);
                let before = self.link.clone();
                self.statements(&condition.true_body)?;
                let after = std::mem::replace(&mut self.link, before);
                self.statements(&condition.false_body)?;
                self.link = after;
                Ok(())
            }
            _ => Err(TextProblem::new(
                msg!(
                    "the only statements are `{{% if … %}}`, `{{% elif … %}}`, `{{% else %}}` and `{{% endif %}}`"
                ),
                msg!(
                    "to print a list: `{{{{ cuotas | join(', ') }}}}`; instead of a variable: its value"
                ),
            )),
        }
    }

    /// An expression may print nothing if the text compares each column in it with an empty text.
    fn allow_tested_columns(&mut self) {
        for noted in self.noted.iter_mut().flatten() {
            let rule = &mut noted.rule;
            let mut printed = rule.printed.iter();
            rule.may_be_empty |=
                !rule.printed.is_empty() && printed.all(|column| self.tested.contains(column));
        }
    }

    /// Records an expression or a condition, with the columns that it uses: those after the first `seen`.
    fn note(&mut self, noted: TextExpression, seen: usize) {
        let mut columns: Vec<_> = self.seen.get(seen..).unwrap_or_default().to_vec();
        let uses_columns = !columns.is_empty();
        if columns.iter().any(|column| column == ROW) {
            columns.clear();
        }
        columns.dedup();
        self.noted
            .push(uses_columns.then_some(TextExpression { columns, ..noted }));
    }

    /// Examines `{{ expression }}`, which is at `span`.
    fn print(&mut self, expression: &Expr<'a>, span: Span) -> Result<(), TextProblem> {
        let seen = self.seen.len();
        let words = self.words;
        let known = self.value(expression)?;
        if !self.is_whole {
            check_text(expression, &known)?;
        }
        let as_shown = known.columns.iter().filter(|used| used.is_plain);
        let as_shown = as_shown.map(|used| used.name.clone());
        self.uses.printed_as_shown.extend(as_shown);
        let printed: Vec<_> = known.columns.into_iter().map(|used| used.name).collect();
        self.uses.printed.extend(printed.iter().cloned());
        let is_formatted = known.kind == Type::Number || is_written_by_filter(expression);
        let rule = PrintRule {
            printed,
            may_be_empty: may_print_nothing(expression),
            is_in_link: self.link.is_inside(),
        };
        let noted = TextExpression {
            is_formatted,
            rule,
            ..TextExpression::printed(self.source, span)
        };
        self.note(noted, seen);
        if self.seen.len() == seen && self.words == words {
            self.uses
                .constants
                .push(format!("{{{{{}}}}}", write_expression(expression)));
        }
        Ok(())
    }

    /// Examines an expression that is tested as yes or no. A column is a text, which is true even
    /// if it says `no`.
    pub(super) fn condition(&mut self, expression: &Expr<'a>) -> Result<(), TextProblem> {
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

/// A column in the value of an expression.
#[derive(Clone, Debug)]
pub(super) struct UsedColumn {
    pub(super) name: String,
    /// Whether no filter has changed it.
    pub(super) is_plain: bool,
}

/// The properties of an expression that are the same for every row.
pub(super) struct ExprInfo {
    pub(super) kind: Type,
    /// The columns in its value.
    pub(super) columns: Vec<UsedColumn>,
    /// Its value if it is a constant, or the values if it is a list of constants.
    pub(super) constants: Vec<Cell>,
}

impl ExprInfo {
    pub(super) fn new(kind: Type) -> Self {
        Self {
            kind,
            columns: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// Combines the properties of two values, for an expression that is one of them or both joined.
    pub(super) fn or(self, other: Self) -> Self {
        let kind = if self.kind == other.kind {
            self.kind
        } else {
            Type::Any
        };
        Self {
            columns: [self.columns, other.columns].concat(),
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
pub(super) fn check_text(expression: &Expr<'_>, known: &ExprInfo) -> Result<(), TextProblem> {
    if !matches!(known.kind, Type::Texts | Type::List) {
        return Ok(());
    }
    let own = write_expression(expression);
    let problem = msg!("`{own}` is a list", own);
    Err(TextProblem::new(
        problem,
        msg!("write `{own} | join(', ')`", own),
    ))
}

/// Rejects a text if yes or no is expected.
pub(super) fn check_truth(expression: &Expr<'_>, known: &ExprInfo) -> Result<(), TextProblem> {
    let own = write_expression(expression);
    let hint = match known.kind {
        Type::Truth | Type::Number => return Ok(()),
        Type::Texts | Type::List => msg!("write `{own} | length > 0`", own),
        Type::Text | Type::Any => {
            msg!(
                "write `{own} | yes`, or `{own} != ''` if it must not be empty",
                own
            )
        }
    };
    let problem = msg!("`{own}` is not a yes-or-no value", own);
    Err(TextProblem::new(problem, hint))
}

pub(super) fn check_number(expression: &Expr<'_>, known: &ExprInfo) -> Result<(), TextProblem> {
    let own = write_expression(expression);
    match known.kind {
        Type::Number => Ok(()),
        Type::Text | Type::Any => {
            let problem = msg!("`{own}` is not a number", own);
            Err(TextProblem::new(
                problem,
                msg!("write `{own} | number`", own),
            ))
        }
        kind => {
            let kind = kind.describe();
            Err(msg!("`{own}` is {kind}, not a number", own, kind).into())
        }
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

/// Returns the arguments of a filter, in parentheses.
pub(super) fn brackets(given: &[CallArg<'_>]) -> String {
    let value = |argument: &CallArg<'_>| match argument {
        CallArg::Pos(value) => write_expression(value),
        CallArg::Kwarg(name, value) => format!("{name}={}", write_expression(value)),
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
    use crate::lists::template::syntax::syntax;
    use crate::lists::template::{TextTemplate, language};

    fn column_uses(source: &str) -> ColumnUses {
        walk(source, &parse(source, "<text>", syntax()).unwrap(), false)
            .unwrap()
            .uses
    }

    fn refused(source: &str) -> String {
        TextTemplate::compile(&language(), "text", source)
            .err()
            .map_or_else(String::new, |error| error.problem.to_string())
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
                "{{ nombre if vip != '#N/A' else 'x' }} {{ 'x' }} {{ row }}",
                &["nombre"],
            ),
            ("{% if vip | yes %}{{ nombre }}{% endif %}", &["nombre"]),
            (
                "{{ Ciudad | split | first }} {{ nombre | title }}",
                &["Ciudad", "nombre"],
            ),
        ] {
            assert_eq!(
                Vec::from_iter(column_uses(source).printed),
                expected,
                "{source}"
            );
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
