//! The expressions in a template's syntax tree: their parts, their position, and whether one returns a number.

use std::ops::Range;

use minijinja::Value as Cell;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};

/// Filters that return a number.
const NUMBER_FILTERS: [&str; 7] = ["number", "int", "float", "length", "count", "abs", "round"];

/// Whether an expression is a number for every row.
pub(super) fn gives_number(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::Filter(filter) if ["default", "d"].contains(&filter.name) => {
            filter.expr.as_ref().is_some_and(|inside| gives_number(inside))
        }
        // `number(2)` returns a text.
        Expr::Filter(filter) if filter.name == "number" => filter
            .args
            .iter()
            .all(|given| argument(given).as_const().is_none_or(|constant| constant.as_str().is_some())),
        Expr::Filter(filter) => NUMBER_FILTERS.contains(&filter.name),
        Expr::BinOp(operation) => matches!(
            operation.op,
            BinOpKind::Sub | BinOpKind::Mul | BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem | BinOpKind::Pow
        ),
        Expr::UnaryOp(minus) => matches!(minus.op, UnaryOpKind::Neg),
        other => other.as_const().is_some_and(|constant| is_number(&constant)),
    }
}

/// A number, or the text of one: `saldo > '100'` compares letters.
fn is_number(constant: &Cell) -> bool {
    constant.is_number() || constant.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok())
}

pub(super) fn argument<'a, 'b>(argument: &'b CallArg<'a>) -> &'b Expr<'a> {
    match argument {
        CallArg::Pos(expression)
        | CallArg::Kwarg(_, expression)
        | CallArg::PosSplat(expression)
        | CallArg::KwargSplat(expression) => expression,
    }
}

/// The direct parts of an expression.
pub(super) fn children<'a, 'b>(expression: &'b Expr<'a>) -> Vec<&'b Expr<'a>> {
    let with = |first: &'b Expr<'a>, arguments: &'b [CallArg<'a>]| {
        std::iter::once(first).chain(arguments.iter().map(argument)).collect()
    };
    match expression {
        Expr::Var(_) | Expr::Const(_) => Vec::new(),
        Expr::Slice(slice) => {
            let bounds = [&slice.start, &slice.stop, &slice.step];
            std::iter::once(&slice.expr).chain(bounds.into_iter().flatten()).collect()
        }
        Expr::UnaryOp(operation) => vec![&operation.expr],
        Expr::BinOp(operation) => vec![&operation.left, &operation.right],
        Expr::Compare(comparison) => {
            std::iter::once(&comparison.expr).chain(comparison.ops.iter().map(|step| &step.expr)).collect()
        }
        Expr::IfExpr(choice) => [&choice.test_expr, &choice.true_expr].into_iter().chain(&choice.false_expr).collect(),
        Expr::Filter(filter) => filter.expr.iter().chain(filter.args.iter().map(argument)).collect(),
        Expr::Test(test) => with(&test.expr, &test.args),
        Expr::GetAttr(attribute) => vec![&attribute.expr],
        Expr::GetItem(item) => vec![&item.expr, &item.subscript_expr],
        Expr::Call(call) => with(&call.expr, &call.args),
        Expr::List(list) => list.items.iter().collect(),
        Expr::Tuple(tuple) => tuple.items.iter().collect(),
        Expr::Map(map) => map.keys.iter().chain(&map.values).collect(),
    }
}

/// The position of an expression. The parser's span of a compound one may begin before its parts, or cover only the
/// last.
pub(super) fn extent(source: &str, expression: &Expr<'_>) -> Range<usize> {
    let span = expression.span();
    let own = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    let inside = children(expression).into_iter().map(|child| extent(source, child)).reduce(around);
    let is_sign = matches!(expression, Expr::UnaryOp(_));
    let has_brackets = matches!(expression, Expr::List(_) | Expr::Tuple(_) | Expr::Map(_));
    let range = match inside {
        Some(inside) if is_sign => {
            let sign = cut(source, 0..inside.start).rfind(['-', 'n']).unwrap_or(inside.start);
            sign..inside.end
        }
        Some(inside) if !has_brackets => inside.start..inside.end.max(own(span.end_offset)),
        _ => own(span.start_offset)..own(span.end_offset),
    };
    // The span also lacks the bracket after the arguments.
    let text = cut(source, range.clone());
    let is_open = text.matches('(').count() > text.matches(')').count();
    let closes = cut(source, range.end..source.len()).find(')').filter(|_| is_open);
    range.start..closes.map_or(range.end, |at| range.end + at + 1)
}

pub(super) fn around(one: Range<usize>, other: Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
}

pub(super) fn cut(source: &str, range: Range<usize>) -> &str {
    source.get(range).unwrap_or_default()
}
