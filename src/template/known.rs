//! What an expression is before any row, and what is told where that is not what is needed.

use minijinja::Value as Cell;
use minijinja::machinery::ast::{CallArg, Expr};

use super::filters::Type;
use super::misspelling::quoted;

/// What an expression is, before any row.
pub(super) struct Known {
    pub(super) kind: Type,
    /// The columns that it prints, each with whether it is printed unchanged.
    pub(super) prints: Vec<(String, bool)>,
    /// The column whose empty cell leaves a gap.
    pub(super) gap: Option<String>,
    /// The constant that it is, or those of the list that it is.
    pub(super) constants: Vec<Cell>,
}

impl Known {
    pub(super) fn new(kind: Type) -> Self {
        Self { kind, prints: Vec::new(), gap: None, constants: Vec::new() }
    }

    /// One of two values, or both joined.
    pub(super) fn or(self, other: Self) -> Self {
        let kind = if self.kind == other.kind { self.kind } else { Type::Any };
        Self { prints: [self.prints, other.prints].concat(), ..Self::new(kind) }
    }
}

/// Refuses a list where a text is made.
pub(super) fn check_text(expression: &Expr<'_>, known: &Known) -> Result<(), String> {
    let told = |own| format!("`{own}` is a list; write `{own} | join(', ')`");
    if matches!(known.kind, Type::Texts | Type::List) { Err(told(written(expression))) } else { Ok(()) }
}

/// Refuses a text where yes or no is needed.
pub(super) fn check_truth(expression: &Expr<'_>, known: &Known) -> Result<(), String> {
    let own = written(expression);
    let meant = match known.kind {
        Type::Truth | Type::Number => return Ok(()),
        Type::Texts | Type::List => format!("`{own} | length > 0`"),
        Type::Text | Type::Any => format!("`{own} | yes`, or `{own} != ''` if it must not be empty"),
    };
    Err(format!("`{own}` is not yes or no; write {meant}"))
}

pub(super) fn check_number(expression: &Expr<'_>, known: &Known) -> Result<(), String> {
    let own = written(expression);
    match known.kind {
        Type::Number => Ok(()),
        Type::Text | Type::Any => Err(format!("`{own}` is not a number; write `{own} | number`")),
        kind => Err(format!("`{own}` is {}, not a number", kind.words())),
    }
}

/// An expression as it is written.
pub(super) fn written(expression: &Expr<'_>) -> String {
    match expression {
        Expr::Var(name) => name.id.to_owned(),
        Expr::Const(constant) => {
            constant.value.as_str().map_or_else(|| constant.value.to_string().to_lowercase(), quoted)
        }
        Expr::GetAttr(part) => format!("{}.{}", written(&part.expr), part.name),
        Expr::GetItem(part) => format!("{}[{}]", written(&part.expr), written(&part.subscript_expr)),
        Expr::Filter(filter) => {
            let inside = filter.expr.as_ref().map(written).unwrap_or_default();
            format!("{inside} | {}{}", filter.name, brackets(&filter.args))
        }
        // It stands in brackets where a filter or a sign is behind it.
        Expr::BinOp(_) | Expr::IfExpr(_) => "(…)".to_owned(),
        _ => "…".to_owned(),
    }
}

/// The values in the brackets of a filter.
pub(super) fn brackets(given: &[CallArg<'_>]) -> String {
    let value = |argument: &CallArg<'_>| match argument {
        CallArg::Pos(value) => written(value),
        _ => "…".to_owned(),
    };
    let values: Vec<_> = given.iter().map(value).collect();
    if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) }
}
