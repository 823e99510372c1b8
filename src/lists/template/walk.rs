//! How a text uses columns: one walk over its syntax tree, once for each text. Each row is filled in before the first
//! request, so the walk refuses only what no row shows: syntax outside the language, a wrong filter, a cell as a
//! condition, and arithmetic with texts (`kinds.rs`).

use std::collections::BTreeSet;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Filter, Stmt, UnaryOpKind};

use super::expressions::{PrintRule, TextExpression};
use super::filters::check_filter;
use super::kinds::{ExprKind, SourceText, constant_texts, sets_separator, unsupported};
use super::links::LinkState;
use super::nothing::{is_empty_text, may_print_nothing};
use super::problem::TextProblem;
use super::row_view::ROW;
use crate::base::message::msg;

/// How a text uses columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnUses {
    /// The columns that the text uses.
    pub(crate) columns: BTreeSet<String>,
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
    /// A field of a column, which only NDJSON has: `cliente.saldo`.
    pub(crate) field: Option<String>,
}

/// A column that is read as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadAmount {
    pub(crate) column: String,
    /// The expression with a point as the decimal separator: `saldo | number(".")`.
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

/// Finds how the text with the syntax tree `text` uses columns. `source` is the source of the text.
///
/// # Errors
/// If the text is not in the language.
pub(super) fn walk<'a>(source: &'a str, text: &Stmt<'a>) -> Result<WalkedText, TextProblem> {
    let mut walk = TextWalk {
        source: SourceText(source),
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
struct TextWalk<'a> {
    source: SourceText<'a>,
    uses: ColumnUses,
    /// The columns, in their order.
    seen: Vec<String>,
    /// The number of texts in expressions.
    words: usize,
    /// The same as in [`WalkedText`].
    noted: Vec<Option<TextExpression>>,
    /// The columns that the text compares with an empty text, so that it says what an empty cell prints.
    tested: BTreeSet<String>,
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
                self.expression(&condition.expr)?;
                self.source.check_condition(&condition.expr)?;
                let statement = TextExpression::condition(self.source.0, condition.span());
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
                    "to print a list: `{{{{ cuotas | join(\", \") }}}}`; instead of a variable: its value"
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
        self.expression(expression)?;
        let columns = used_columns(expression);
        let as_shown = columns.iter().filter(|used| used.is_plain);
        let as_shown = as_shown.map(|used| used.name.to_owned());
        self.uses.printed_as_shown.extend(as_shown);
        let printed: Vec<_> = columns.iter().map(|used| used.name.to_owned()).collect();
        self.uses.printed.extend(printed.iter().cloned());
        let rule = PrintRule {
            printed,
            may_be_empty: may_print_nothing(expression),
            is_in_link: self.link.is_inside(),
        };
        let is_number = ExprKind::find(expression) == ExprKind::Number;
        let noted = TextExpression {
            is_formatted: is_number || is_written_by_filter(expression),
            rule,
            ..TextExpression::printed(self.source.0, span)
        };
        if self.seen.len() == seen && self.words == words {
            let constant = format!("{{{{{}}}}}", noted.written);
            self.uses.constants.push(constant);
        }
        self.note(noted, seen);
        Ok(())
    }

    /// Examines an expression and its parts. It does not recurse, because an expression may be deep.
    fn expression(&mut self, expression: &Expr<'a>) -> Result<(), TextProblem> {
        let mut open = vec![expression];
        while let Some(expression) = open.pop() {
            if let Some(name) = column_name(expression) {
                self.uses.columns.insert(name.to_owned());
                self.seen.push(name.to_owned());
            } else {
                self.examine(expression)?;
                open.extend(parts(expression).into_iter().rev());
            }
        }
        Ok(())
    }

    /// Examines an expression that is not a column, without its parts.
    fn examine(&mut self, expression: &Expr<'a>) -> Result<(), TextProblem> {
        match expression {
            // The name of a column, which another expression gives.
            Expr::Var(_) => {
                self.uses.is_of_all = true;
                self.seen.push(ROW.to_owned());
            }
            Expr::Const(constant) => {
                let text = constant.value.as_str();
                self.words += usize::from(text.is_some_and(|text| !text.is_empty()));
            }
            Expr::IfExpr(choice) => self.source.check_condition(&choice.test_expr)?,
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOpKind::Not => self.source.check_condition(&operation.expr)?,
                UnaryOpKind::Neg => self.source.check_number(&operation.expr)?,
            },
            Expr::BinOp(operation) => {
                self.source.check_operands(operation)?;
                let has_column = has_column(&operation.left);
                self.source.check_comparison(operation, has_column)?;
                self.record_comparison(operation);
            }
            Expr::Filter(filter) => {
                let before = filter
                    .expr
                    .as_ref()
                    .map(|before| self.source.written(before));
                check_filter(filter, before.unwrap_or("…"))?;
                check_choices(filter)?;
                self.record_reading(filter, expression.span());
            }
            Expr::GetAttr(part) => self.field(&part.expr, expression)?,
            Expr::GetItem(part) => self.field(&part.expr, expression)?,
            Expr::List(_) => {}
            Expr::Tuple(_)
            | Expr::Map(_)
            | Expr::Compare(_)
            | Expr::Test(_)
            | Expr::Call(_)
            | Expr::Slice(_) => return Err(unsupported(expression)),
        }
        Ok(())
    }

    /// Examines a field of `whole`.
    fn field(&mut self, whole: &Expr<'a>, field: &Expr<'a>) -> Result<(), TextProblem> {
        self.source.check_whole(whole)?;
        if !is_row(whole) {
            self.uses.field = Some(self.source.written(field).to_owned());
        }
        Ok(())
    }

    /// Records the texts that columns are compared with.
    fn record_comparison(&mut self, operation: &BinOp<'a>) {
        use BinOpKind::{Eq, Gt, Gte, In, Lt, Lte, Ne};
        if !matches!(operation.op, Eq | Ne | In | Lt | Lte | Gt | Gte) {
            return;
        }
        let sides = [&operation.left, &operation.right];
        for (one, other) in sides.into_iter().zip(sides.into_iter().rev()) {
            let columns = used_columns(one);
            if matches!(operation.op, Eq | Ne) && is_empty_text(other) {
                let compared = columns.iter().map(|used| used.name.to_owned());
                self.tested.extend(compared);
            }
            let texts = constant_texts(other);
            for used in columns.iter().filter(|used| used.is_plain) {
                let compared = texts.iter();
                let compared = compared.map(|text| (used.name.to_owned(), text.clone()));
                self.uses.compared.extend(compared);
            }
        }
    }

    /// Records the columns that a filter at `span` reads as dates or amounts, if no argument sets their format.
    fn record_reading(&mut self, filter: &Filter<'a>, span: Span) {
        let name = filter.name;
        let is_named = |argument: &CallArg<'_>| matches!(argument, CallArg::Kwarg(..));
        let is_declared = match name {
            "date" => filter.args.iter().any(is_named),
            "number" => sets_separator(filter),
            "money" | "percent" => false,
            _ => return,
        };
        let Some(before) = &filter.expr else { return };
        if is_declared || ExprKind::find(before) == ExprKind::Number {
            return;
        }
        let rest = if name == "number" && filter.args.is_empty() {
            String::new()
        } else {
            format!(" | {}", self.source.at(span))
        };
        for used in used_columns(before) {
            let column = used.name.to_owned();
            if name == "date" {
                self.uses.dates.insert(column);
            } else {
                let written = self.source.written(used.expression);
                let with_point = format!("{written} | number(\".\"){rest}");
                self.uses.amounts.push(ReadAmount { column, with_point });
            }
        }
    }
}

/// A column in the value of an expression.
struct UsedColumn<'e, 'a> {
    name: &'e str,
    /// The expression that the text has for it: `saldo`, or `row['Mi saldo']`.
    expression: &'e Expr<'a>,
    /// Whether no filter has changed it.
    is_plain: bool,
}

/// Returns the columns in the value of an expression, but not those in a condition or a calculation.
fn used_columns<'e, 'a>(expression: &'e Expr<'a>) -> Vec<UsedColumn<'e, 'a>> {
    use BinOpKind::{Concat, ScAnd, ScOr};
    if let Some(name) = column_name(expression) {
        return vec![UsedColumn {
            name,
            expression,
            is_plain: true,
        }];
    }
    match expression {
        Expr::List(list) => list.items.iter().flat_map(used_columns).collect(),
        Expr::IfExpr(choice) => {
            let values = [Some(&choice.true_expr), choice.false_expr.as_ref()];
            values
                .into_iter()
                .flatten()
                .flat_map(used_columns)
                .collect()
        }
        Expr::BinOp(both) if matches!(both.op, ScAnd | ScOr | Concat) => {
            let values = [&both.left, &both.right];
            values.into_iter().flat_map(used_columns).collect()
        }
        Expr::Filter(filter) => {
            let is_default = filter.name == "default";
            let mut columns: Vec<_> = filter.expr.iter().flat_map(used_columns).collect();
            for used in &mut columns {
                // A default leaves a filled cell unchanged.
                used.is_plain &= is_default;
            }
            if is_default {
                columns.extend(filter.args.iter().map(argument).flat_map(used_columns));
            }
            columns
        }
        _ => Vec::new(),
    }
}

fn is_row(whole: &Expr<'_>) -> bool {
    matches!(whole, Expr::Var(name) if name.id == ROW)
}

/// Returns whether an expression uses a column.
fn has_column(expression: &Expr<'_>) -> bool {
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        if matches!(expression, Expr::Var(_)) {
            return true;
        }
        open.extend(parts(expression));
    }
    false
}

/// Refuses an argument that may be missing: `money('$' if plan == 'oro')`.
fn check_choices(filter: &Filter<'_>) -> Result<(), TextProblem> {
    let is_open =
        |value: &Expr<'_>| matches!(value, Expr::IfExpr(choice) if choice.false_expr.is_none());
    if filter.name == "default" || !filter.args.iter().map(argument).any(is_open) {
        return Ok(());
    }
    let name = filter.name;
    let problem = msg!("an argument of {name} has `if` without `else`", name);
    Err(TextProblem::new(
        problem,
        msg!("write `… else \"…\"` after it"),
    ))
}

/// Returns the name of a column: `saldo`, `row.saldo` or `row['saldo']`.
fn column_name<'e>(expression: &'e Expr<'_>) -> Option<&'e str> {
    match expression {
        Expr::Var(name) => Some(name.id).filter(|name| *name != ROW),
        Expr::GetAttr(part) if is_row(&part.expr) => Some(part.name),
        Expr::GetItem(part) if is_row(&part.expr) => match &part.subscript_expr {
            Expr::Const(name) => name.value.as_str(),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the expressions inside an expression of the language, in the order of the text.
fn parts<'e, 'a>(expression: &'e Expr<'a>) -> Vec<&'e Expr<'a>> {
    match expression {
        Expr::GetAttr(part) => vec![&part.expr],
        Expr::GetItem(part) => vec![&part.subscript_expr, &part.expr],
        Expr::List(list) => list.items.iter().collect(),
        Expr::UnaryOp(operation) => vec![&operation.expr],
        Expr::BinOp(operation) => vec![&operation.left, &operation.right],
        Expr::IfExpr(choice) => {
            let first = [&choice.test_expr, &choice.true_expr];
            first.into_iter().chain(&choice.false_expr).collect()
        }
        Expr::Filter(filter) => {
            let arguments = filter.args.iter().map(argument);
            filter.expr.iter().chain(arguments).collect()
        }
        _ => Vec::new(),
    }
}

fn argument<'e, 'a>(argument: &'e CallArg<'a>) -> &'e Expr<'a> {
    match argument {
        CallArg::Pos(value)
        | CallArg::Kwarg(_, value)
        | CallArg::PosSplat(value)
        | CallArg::KwargSplat(value) => value,
    }
}

/// Returns whether a filter writes the number or the date, so that every value has its form.
fn is_written_by_filter(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Filter(filter)
        if ["date", "money", "number", "percent", "phone"].contains(&filter.name))
}

#[cfg(test)]
mod tests {
    use minijinja::machinery::parse;

    use super::*;
    use crate::lists::template::syntax::syntax;
    use crate::lists::template::{TextTemplate, language};

    fn column_uses(source: &str) -> ColumnUses {
        walk(source, &parse(source, "<text>", syntax()).unwrap())
            .unwrap()
            .uses
    }

    fn refused(source: &str) -> String {
        TextTemplate::compile(&language(), "text", source)
            .err()
            .map_or_else(String::new, |problem| problem.to_string())
    }

    #[test]
    fn ambiguous_decimal_separators_are_found() {
        for (source, expected) in [
            (
                "{{ saldo | money('$') }}",
                &["saldo | number(\".\") | money('$')"][..],
            ),
            ("{{ saldo | trim | number }}", &["saldo | number(\".\")"]),
            (
                "{{ row['mi saldo'] | number(2) }}",
                &["row['mi saldo'] | number(\".\") | number(2)"],
            ),
            (
                "{% if saldo | number > 5 %}!{% endif %}",
                &["saldo | number(\".\")"],
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
    fn condition_is_yes_or_no() {
        for (source, meant) in [
            ("{% if vip %}a{% endif %}", "vip | yes"),
            ("{% if not vip %}a{% endif %}", "vip | yes"),
            ("{% if saldo != '' and vip %}a{% endif %}", "vip | yes"),
            ("{% if vip and saldo != '' %}a{% endif %}", "vip | yes"),
            ("{% if a == 'x' %}b{% elif vip %}a{% endif %}", "vip | yes"),
            ("{{ 'a' if row['vip'] else 'b' }}", "row['vip'] | yes"),
            ("{{ 'x' ~ ('a' if c.vip else 'b') }}", "c.vip | yes"),
            ("{% if (vip or 'x') %}a{% endif %}", "vip | yes"),
            ("{% if vip | lower %}a{% endif %}", "vip | lower | yes"),
            ("{% if vip ~ '' %}a{% endif %}", "(…) | yes"),
            ("{% if (vip).x | lower %}a{% endif %}", "(…) | yes"),
            ("{% if 'no' %}a{% endif %}", "'no' | yes"),
            (
                "{% if vip | default(true) %}a{% endif %}",
                "vip | default(true) | yes",
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
            "{% if vip | yes | default(false) %}a{% endif %}",
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
    fn only_a_column_has_fields() {
        for (source, whole) in [
            (
                "{{ (nombre | title).x | default('cliente') }}",
                "nombre | title",
            ),
            ("{{ (saldo | money('$'))[0] }}", "saldo | money('$')"),
            ("{{ (x | split)[0] }}", "x | split"),
            ("{{ 'abc'[0] }}", "'abc'"),
            ("{{ (x ~ y).z }}", "(…)"),
        ] {
            let expected = format!("`{whole}` is not a column, so it has no fields");
            assert!(refused(source).contains(&expected), "{source}");
        }
        for source in [
            "{{ a.b }}{{ a[0].b['c d'] }}{{ row['x'].y }}{{ row['x' ~ n][0] }}",
            "{{ (a).b }}{{ x | split | first }}",
        ] {
            assert_eq!(refused(source), "", "{source}");
        }
    }

    #[test]
    fn argument_without_else_is_refused() {
        let error = refused("{{ saldo | money('$' if plan == 'oro') }}");
        assert!(
            error.contains("an argument of money has `if` without `else`"),
            "{error}"
        );
        let whole = "{{ saldo | money('$' if plan == 'oro' else 'S/') }}";
        assert_eq!(refused(whole), "");
    }

    #[test]
    fn condition_that_is_a_list_names_its_column() {
        for (source, hint) in [
            (
                "{% if etiquetas | split(',') %}a{% endif %}",
                "; write `etiquetas != \"\"`",
            ),
            (
                "{% if tags %}a{% endif %}",
                ", or `tags | length > 0` for a list",
            ),
        ] {
            let error = refused(source);
            assert!(error.ends_with(hint), "{error}");
        }
    }

    #[test]
    fn text_is_not_a_number() {
        for (source, meant) in [
            ("{{ saldo * 2 }}", "saldo | number"),
            ("{{ saldo + 10 }}", "saldo | number"),
            ("{{ nombre + apellido }}", "nombre | number`, or `~`"),
            ("{{ -saldo }}", "saldo | number"),
            ("{{ (saldo or 0) * 2 }}", "(…) | number"),
            (
                "{{ saldo | number * tasa|money('$') }}",
                "tasa|money('$') | number",
            ),
            (
                "{{ saldo|number*1.12|money(\"$\") }}",
                "1.12|money(\"$\") | number",
            ),
            ("{{ (nombre | yes) + 1 }}", "nombre | yes | number"),
            ("{{ '=' * (nombre | length) }}", "'=' | number"),
            (
                "{{ x | number | default('12') * 2 }}",
                "x | number | default('12') | number",
            ),
            ("{{ x | number(n) * 2 }}", "x | number(n) | number"),
            ("{{ cuotas[0].monto * 2 }}", "cuotas[0].monto | number"),
        ] {
            let error = refused(source);
            assert!(
                error.contains(&format!("write `{meant}")),
                "{source}: {error}"
            );
        }
        for source in [
            "{{ (saldo | number * 1.12) | money('$') }}{{ 3 * 2 | abs }}",
            "{{ x | number(',') * (x | number | default(2)) }}",
        ] {
            assert_eq!(refused(source), "", "{source}");
        }
    }

    #[test]
    fn unsupported_syntax_is_named() {
        for (source, expected) in [
            (
                "{% for c in cuotas %}{{ c }}{% endfor %}",
                "to print a list: `{{ cuotas | join(\", \") }}`",
            ),
            (
                "{% set n = nombre | title %}{{ n }}",
                "the only statements are `{% if … %}`",
            ),
            (
                "{% with n = 1 %}{{ n }}{% endwith %}",
                "the only statements are `{% if … %}`",
            ),
            ("{{ nombre[:3] }}", "`x[:3]` is not supported"),
            ("{{ nombre.title() }}", "`f(x)` is not supported"),
            ("{{ range(3) }}", "`f(x)` is not supported"),
            (
                "{% if saldo is none %}a{% endif %}",
                "`is` is not supported",
            ),
            (
                "{% if 1 < saldo < 5 %}a{% endif %}",
                "`1 < x < 5` is not supported",
            ),
            ("{{ {'a': 1} }}", "`( , ) { }` is not supported"),
            (
                "{{ nombre | grita }}",
                "filter grita is unknown; the filters are abs, capitalize, ",
            ),
            (
                "{{ nombre | uper }}",
                "filter uper is unknown; did you mean `upper`?",
            ),
            ("{{ nombre | safe }}", "filter safe is unknown"),
        ] {
            let error = refused(source);
            assert!(error.contains(expected), "{source}: {error}");
        }
    }
}
