//! What is known about an expression without a row: whether it is a number, or yes or no. A condition must be one of these,
//! because a cell with `no` is not empty, and so must be the operands of arithmetic, which would join or repeat texts.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Filter, UnaryOpKind};
use minijinja::value::ValueKind;

use super::operators::list_after_in;
use super::problem::TextProblem;
use crate::base::message::msg;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExprKind {
    Number,
    /// Yes or no.
    Truth,
    /// A text, or anything that a row has.
    Other,
}

impl ExprKind {
    pub(super) fn find(expression: &Expr<'_>) -> Self {
        match expression {
            Expr::Const(constant) => match constant.value.kind() {
                ValueKind::Number => Self::Number,
                ValueKind::Bool => Self::Truth,
                _ => Self::Other,
            },
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOpKind::Not => Self::Truth,
                UnaryOpKind::Neg => Self::Number,
            },
            Expr::BinOp(operation) => match operation.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => Self::both(&operation.left, &operation.right),
                BinOpKind::Concat => Self::Other,
                other if is_arithmetic(other) => Self::Number,
                _ => Self::Truth,
            },
            Expr::IfExpr(choice) => match &choice.false_expr {
                Some(other) => Self::both(&choice.true_expr, other),
                None => Self::Other,
            },
            Expr::Filter(filter) => Self::of_filter(filter),
            _ => Self::Other,
        }
    }

    /// Returns the kind of a value that is one of two.
    fn both(one: &Expr<'_>, other: &Expr<'_>) -> Self {
        let kind = Self::find(one);
        if kind == Self::find(other) {
            kind
        } else {
            Self::Other
        }
    }

    fn of_filter(filter: &Filter<'_>) -> Self {
        match (filter.name, &filter.expr, filter.args.first()) {
            ("abs" | "length" | "round" | "sum", _, _) | ("number", _, None) => Self::Number,
            ("number", _, _) if sets_separator(filter) => Self::Number,
            ("yes", _, _) => Self::Truth,
            ("default", Some(before), Some(CallArg::Pos(other))) => Self::both(before, other),
            _ => Self::Other,
        }
    }
}

fn is_arithmetic(operator: BinOpKind) -> bool {
    use BinOpKind::{Add, Div, FloorDiv, Mul, Pow, Rem, Sub};
    matches!(operator, Add | Sub | Mul | Div | FloorDiv | Rem | Pow)
}

/// Returns whether a filter `number` sets the decimal separator: `number(',')`.
pub(super) fn sets_separator(filter: &Filter<'_>) -> bool {
    matches!(filter.args.first(), Some(CallArg::Pos(mark)) if !constant_texts(mark).is_empty())
}

/// Returns the texts of a constant, or of the constants in a list.
pub(super) fn constant_texts(expression: &Expr<'_>) -> Vec<String> {
    match expression {
        Expr::Const(constant) => {
            let text = constant.value.as_str();
            text.map(str::to_owned).into_iter().collect()
        }
        Expr::List(list) => list.items.iter().flat_map(constant_texts).collect(),
        _ => Vec::new(),
    }
}

/// The source of a text, for errors about its expressions.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceText<'a>(pub(super) &'a str);

impl<'a> SourceText<'a> {
    pub(super) fn at(self, span: Span) -> &'a str {
        let place = span.start_offset as usize..span.end_offset as usize;
        self.0.get(place).unwrap_or_default()
    }

    /// Returns the source of a column, a constant or a filter. minijinja does not keep where other expressions begin.
    pub(super) fn written(self, expression: &Expr<'_>) -> &'a str {
        let written = start(expression).map(|start_offset| {
            let span = expression.span();
            self.at(Span {
                start_offset,
                ..span
            })
        });
        let is_whole = |text: &&str| text.matches('(').count() == text.matches(')').count();
        written.filter(is_whole).unwrap_or("(…)")
    }

    /// Refuses a column, also with filters of texts: this condition is met if the cell is not empty, even if it says `no`.
    pub(super) fn check_condition(self, expression: &Expr<'_>) -> Result<(), TextProblem> {
        match expression {
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.check_condition(&both.left)?;
                self.check_condition(&both.right)
            }
            _ if ExprKind::find(expression) != ExprKind::Other => Ok(()),
            _ => {
                let own = self.written(expression);
                let problem = msg!("`{own}` is not a yes-or-no value", own);
                if let Some(text) = text_of_list(expression) {
                    let text = self.written(text);
                    let hint = msg!("write `{text} != \"\"`", text);
                    return Err(TextProblem::new(problem, hint));
                }
                if is_field(expression) {
                    let hint = msg!(
                        "write `{own} | yes`, or `{own} != \"\"` if it must not be empty, or `{own} | length > 0` for a list",
                        own
                    );
                    return Err(TextProblem::new(problem, hint));
                }
                let hint = msg!(
                    "write `{own} | yes`, or `{own} != \"\"` if it must not be empty",
                    own
                );
                Err(TextProblem::new(problem, hint))
            }
        }
    }

    /// Refuses a field of anything but a column or its field: `(nombre | title).x` is always missing.
    pub(super) fn check_whole(self, whole: &Expr<'_>) -> Result<(), TextProblem> {
        if is_field(whole) {
            return Ok(());
        }
        let own = self.written(whole);
        let problem = msg!("`{own}` is not a column, so it has no fields", own);
        let hint = msg!("an item of a list: `| first` or `| last`");
        Err(TextProblem::new(problem, hint))
    }

    /// Refuses what `in` and an order never mean: a column in a constant text, and null.
    pub(super) fn check_comparison(
        self,
        operation: &BinOp<'_>,
        has_column: bool,
    ) -> Result<(), TextProblem> {
        use BinOpKind::{Gt, Gte, In, Lt, Lte};
        let is_constant = |side: &Expr<'_>, kind: ValueKind| matches!(side, Expr::Const(constant) if constant.value.kind() == kind);
        match operation.op {
            In if has_column && is_constant(&operation.right, ValueKind::String) => {
                let text = self.written(&operation.right);
                let problem = msg!("a column is searched in the text {text}", text);
                Err(TextProblem::new(problem, list_after_in()))
            }
            Lt | Lte | Gt | Gte
                if [&operation.left, &operation.right]
                    .into_iter()
                    .any(|side| is_constant(side, ValueKind::None)) =>
            {
                let problem = msg!("`none` is neither less nor greater than a value");
                Err(TextProblem::new(
                    problem,
                    msg!("write `== none` or `!= none`"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Refuses arithmetic with a value that may be a text.
    pub(super) fn check_operands(self, operation: &BinOp<'_>) -> Result<(), TextProblem> {
        if !is_arithmetic(operation.op) {
            return Ok(());
        }
        self.check_number(&operation.left)?;
        self.check_number(&operation.right)
    }

    pub(super) fn check_number(self, expression: &Expr<'_>) -> Result<(), TextProblem> {
        if ExprKind::find(expression) == ExprKind::Number {
            return Ok(());
        }
        let own = self.written(expression);
        let hint = msg!("write `{own} | number`, or `~` to join texts", own);
        Err(TextProblem::new(msg!("`{own}` is not a number", own), hint))
    }
}

/// Returns the problem of an expression that the language does not have.
pub(super) fn unsupported(expression: &Expr<'_>) -> TextProblem {
    let syntax = match expression {
        Expr::Tuple(_) | Expr::Map(_) => "( , ) { }",
        Expr::Compare(_) => "1 < x < 5",
        Expr::Test(_) => "is",
        Expr::Call(_) => "f(x)",
        _ => "x[:3]",
    };
    msg!("the syntax `{syntax}` is not supported", syntax).into()
}

/// Returns whether an expression is a column or its field.
fn is_field(expression: &Expr<'_>) -> bool {
    matches!(
        expression,
        Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_)
    )
}

/// Returns the text that an expression splits into a list.
fn text_of_list<'e, 'a>(expression: &'e Expr<'a>) -> Option<&'e Expr<'a>> {
    match expression {
        Expr::Filter(filter) if ["lines", "split"].contains(&filter.name) => filter.expr.as_ref(),
        _ => None,
    }
}

/// Returns where a column, a constant or a filter begins.
fn start(expression: &Expr<'_>) -> Option<u32> {
    match expression {
        Expr::Var(_) | Expr::Const(_) => Some(expression.span().start_offset),
        Expr::GetAttr(part) => start(&part.expr),
        Expr::GetItem(part) => start(&part.expr),
        Expr::Filter(filter) => start(filter.expr.as_ref()?),
        _ => None,
    }
}
