//! Whether an expression says that it may print nothing.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr};

/// Returns whether it has a part for an empty cell that prints nothing: `default('')`, a branch `''`, or no `else`.
pub(super) fn may_print_nothing(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::IfExpr(choice) => {
            let otherwise = choice.false_expr.as_ref();
            otherwise.is_none_or(may_print_nothing) || may_print_nothing(&choice.true_expr)
        }
        Expr::BinOp(operation) => match operation.op {
            BinOpKind::ScOr => may_print_nothing(&operation.right),
            BinOpKind::Concat => {
                may_print_nothing(&operation.left) && may_print_nothing(&operation.right)
            }
            _ => false,
        },
        Expr::Filter(filter) if filter.name == "default" => match filter.args.first() {
            Some(CallArg::Pos(replacement)) => may_print_nothing(replacement),
            _ => true,
        },
        Expr::Filter(filter) => filter.expr.as_ref().is_some_and(may_print_nothing),
        _ => is_empty_text(expression),
    }
}

/// Returns whether it is `''`.
pub(super) fn is_empty_text(expression: &Expr<'_>) -> bool {
    let constant = expression.as_const();
    let text = constant.as_ref().and_then(|constant| constant.as_str());
    text.is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use minijinja::machinery::parse_expr;

    use super::*;

    #[test]
    fn expression_says_that_it_may_print_nothing() {
        for (source, expected) in [
            ("nombre | default('')", true),
            ("nombre | default", true),
            ("nombre | default('') | upper", true),
            ("'Sr. ' if sexo == 'm'", true),
            ("'Sr. ' if sexo == 'm' else ''", true),
            ("'' if sexo == 'm' else apodo", true),
            ("nombre or ''", true),
            ("nombre | default(apodo | default(''))", true),
            ("(nombre | default('')) ~ (apodo | default(''))", true),
            ("nombre", false),
            ("nombre | default('cliente')", false),
            ("nombre | default(apodo)", false),
            ("nombre ~ (apodo | default(''))", false),
            ("nombre | replace('x', '')", false),
            ("(nombre ~ ' ' ~ apellido) | trim", false),
            ("nombre if vip | yes else apodo", false),
        ] {
            let expression = parse_expr(source).unwrap();
            assert_eq!(may_print_nothing(&expression), expected, "{source}");
        }
    }
}
