//! The expressions of a text. Each gets a type and its columns, or an error with the text to write
//! instead.

use minijinja::Value as Cell;
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Filter, IfExpr, UnaryOpKind};
use minijinja::value::ValueKind;

use super::dates::source_problem;
use super::filters::{FilterRule, Type};
use super::nothing::is_empty_text;
use super::problem::TextProblem;
use super::walk::{
    ExprInfo, ReadAmount, TextWalk, UsedColumn, brackets, check_number, check_text,
    write_expression,
};

use crate::base::message::{Message, msg};

/// The filters that read an amount, except `number`: its argument may set the decimal separator.
const AMOUNT_FILTERS: [&str; 2] = ["money", "percent"];

/// Boxed, because the recursion is as deep as the expression.
pub(super) type ExprResult = Result<Box<ExprInfo>, TextProblem>;

impl<'a> TextWalk<'a> {
    /// Determines the type and the columns of an expression.
    ///
    /// # Errors
    /// If the language does not have it. The error contains the text to write instead.
    pub(super) fn value(&mut self, expression: &Expr<'a>) -> ExprResult {
        let known = match expression {
            Expr::Var(name) if name.id == "row" => {
                self.uses.is_of_all = true;
                self.seen.push(name.id.to_owned());
                ExprInfo::new(Type::Any)
            }
            Expr::Var(name) => {
                self.uses.names.insert(name.id.to_owned());
                self.column(name.id)
            }
            Expr::GetAttr(attribute) => return self.part(&attribute.expr, Some(attribute.name)),
            Expr::GetItem(item) => return self.item(&item.expr, &item.subscript_expr),
            Expr::Const(constant) => self.constant(&constant.value),
            Expr::List(list) => return self.list(&list.items),
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOpKind::Not => {
                    self.condition(expression)?;
                    ExprInfo::new(Type::Truth)
                }
                UnaryOpKind::Neg => return self.negative(&operation.expr),
            },
            Expr::BinOp(operation) => return self.operation(operation),
            Expr::IfExpr(choice) => return self.choice(choice),
            Expr::Filter(filter) => return self.filter(filter),
            Expr::Tuple(_)
            | Expr::Map(_)
            | Expr::Compare(_)
            | Expr::Test(_)
            | Expr::Call(_)
            | Expr::Slice(_) => return Err(unsupported(expression)),
        };
        Ok(Box::new(known))
    }

    /// Examines a column: `saldo`, `row.saldo` or `row['saldo']`.
    fn column(&mut self, name: &str) -> ExprInfo {
        let column = name.to_owned();
        self.seen.push(column.clone());
        self.uses.columns.insert(column.clone());
        let used = UsedColumn {
            name: column,
            is_plain: true,
        };
        ExprInfo {
            columns: vec![used],
            ..ExprInfo::new(Type::Any)
        }
    }

    /// Examines `row['saldo']` or `cuotas[0]`.
    fn item(&mut self, whole: &Expr<'a>, key: &Expr<'a>) -> ExprResult {
        let constant = key.as_const();
        let name = constant.as_ref().and_then(Cell::as_str);
        if name.is_none() {
            self.value(key)?;
        }
        self.part(whole, name)
    }

    /// Examines a column of `row`, or a value inside another one: `cliente.saldo`.
    fn part(&mut self, whole: &Expr<'a>, name: Option<&str>) -> ExprResult {
        if let (Expr::Var(row), Some(name)) = (whole, name)
            && row.id == "row"
        {
            return Ok(Box::new(self.column(name)));
        }
        match self.value(whole)?.kind {
            Type::Texts => Ok(Box::new(ExprInfo::new(Type::Text))),
            Type::List | Type::Any => Ok(Box::new(ExprInfo::new(Type::Any))),
            kind => {
                let own = write_expression(whole);
                let kind = kind.describe();
                Err(msg!("`{own}` is {kind}; it has no fields or items", own, kind).into())
            }
        }
    }

    fn constant(&mut self, value: &Cell) -> ExprInfo {
        let kind = match value.kind() {
            ValueKind::String => Type::Text,
            ValueKind::Number => Type::Number,
            ValueKind::Bool => Type::Truth,
            _ => Type::Any,
        };
        self.words += usize::from(value.as_str().is_some_and(|text| !text.is_empty()));
        ExprInfo {
            constants: vec![value.clone()],
            ..ExprInfo::new(kind)
        }
    }

    fn list(&mut self, items: &[Expr<'a>]) -> ExprResult {
        let mut list = ExprInfo::new(Type::List);
        for item in items {
            let item = self.value(item)?;
            list.constants.extend(item.constants);
            list.columns.extend(item.columns);
        }
        Ok(Box::new(list))
    }

    fn choice(&mut self, choice: &IfExpr<'a>) -> ExprResult {
        self.condition(&choice.test_expr)?;
        let one = self.value(&choice.true_expr)?;
        let Some(other) = &choice.false_expr else {
            return Ok(one);
        };
        let other = self.value(other)?;
        Ok(Box::new(one.or(*other)))
    }

    /// Examines `nombre or 'cliente'`, or with `and`. It is its left value if that is not empty, or
    /// with `and`, if that is empty.
    fn either(&mut self, operation: &BinOp<'a>) -> ExprResult {
        let left = self.value(&operation.left)?;
        let right = self.value(&operation.right)?;
        Ok(Box::new(left.or(*right)))
    }

    fn negative(&mut self, operand: &Expr<'a>) -> ExprResult {
        let known = self.value(operand)?;
        // A filter after `-saldo` would apply to the negative number.
        if known.kind == Type::Number {
            return Ok(known);
        }
        Err(not_negatable(operand))
    }

    /// Examines two values with an operator.
    fn operation(&mut self, operation: &BinOp<'a>) -> ExprResult {
        use BinOpKind::{
            Add, Concat, Div, Eq, FloorDiv, Gt, Gte, In, Lt, Lte, Mul, Ne, Pow, Rem, ScAnd, ScOr,
            Sub,
        };
        if matches!(operation.op, ScAnd | ScOr) {
            return self.either(operation);
        }
        let left = self.value(&operation.left)?;
        let right = self.value(&operation.right)?;
        let has_number = left.kind == Type::Number || right.kind == Type::Number;
        let operands = [(&operation.left, &*left), (&operation.right, &*right)];
        let compares_empty_text = matches!(operation.op, Eq | Ne)
            && (is_empty_text(&operation.left) || is_empty_text(&operation.right));
        if compares_empty_text {
            let compared = left.columns.iter().chain(&right.columns);
            self.tested.extend(compared.map(|used| used.name.clone()));
        }
        let kind = match operation.op {
            Concat => {
                operands
                    .iter()
                    .try_for_each(|(written, known)| check_text(written, known))?;
                let mut joined = left.or(*right);
                joined.kind = Type::Text;
                return Ok(Box::new(joined));
            }
            Add if !has_number => {
                let own = write_expression(&operation.left);
                return Err(TextProblem::new(
                    msg!("`{own}` is not a number", own),
                    msg!("write `~` to join texts, or `| number` after both"),
                ));
            }
            Add | Sub | Mul | Div | FloorDiv | Rem | Pow => Type::Number,
            // `and` and `or` are examined above.
            Lt | Lte | Gt | Gte | Eq | Ne | In | ScAnd | ScOr => Type::Truth,
        };
        if kind == Type::Number || has_number && !matches!(operation.op, In) {
            check_filter_of_operand(operation, &left, &right)?;
            operands
                .iter()
                .try_for_each(|(written, known)| check_number(written, known))?;
        } else {
            self.record_comparisons(&left, &right);
            self.record_comparisons(&right, &left);
        }
        Ok(Box::new(ExprInfo::new(kind)))
    }

    /// Records the texts that the columns of `one` are compared with.
    fn record_comparisons(&mut self, one: &ExprInfo, other: &ExprInfo) {
        for used in one.columns.iter().filter(|used| used.is_plain) {
            let texts = other.constants.iter().filter_map(Cell::as_str);
            self.uses
                .compared
                .extend(texts.map(|text| (used.name.clone(), text.to_owned())));
        }
    }

    fn filter(&mut self, filter: &Filter<'a>) -> ExprResult {
        let name = filter.name;
        let Some(before) = &filter.expr else {
            return Err(msg!("filter {name} has nothing before it", name).into());
        };
        let inside = self.value(before)?;
        let rule = FilterRule::from_name(name)?;
        let given = self.arguments(filter, before, rule)?;
        let own = write_expression(before);
        let brackets = brackets(&filter.args);
        let types: Vec<_> = given.iter().map(|known| known.kind).collect();
        if let Some(fault) = rule.problem(inside.kind, &types) {
            let written = format!("{name}{brackets}");
            let corrected = rule.corrected(inside.kind);
            let problem = msg!("`{own} | {written}`: {fault}", own, written, fault);
            // The example cannot help if the value before it is wrong.
            return Err(if corrected == written {
                problem.into()
            } else {
                TextProblem::new(problem, msg!("write `{own} | {corrected}`", own, corrected))
            });
        }
        let is_declared = filter
            .args
            .iter()
            .any(|argument| matches!(argument, CallArg::Kwarg(..)));
        if name == "date" && !is_declared {
            let columns = inside.columns.iter().map(|used| used.name.clone());
            self.uses.dates.extend(columns);
        }
        self.record_amounts(filter, &own, &inside, &given);
        let kind = rule.result_type(inside.kind, types.first().copied());
        let mut columns = inside.columns;
        for used in &mut columns {
            // A default leaves a filled cell unchanged.
            used.is_plain &= rule.is_default();
        }
        if rule.is_default() {
            columns.extend(given.into_iter().flat_map(|known| known.columns));
        }
        Ok(Box::new(ExprInfo {
            columns,
            ..ExprInfo::new(kind)
        }))
    }

    /// Records the columns that `filter` reads as amounts, if no argument sets their decimal separator. `inside` is the value
    /// before it, written as `own`.
    fn record_amounts(
        &mut self,
        filter: &Filter<'a>,
        own: &str,
        inside: &ExprInfo,
        given: &[ExprInfo],
    ) {
        let name = filter.name;
        let has_mark = given
            .iter()
            .any(|how| how.constants.iter().any(|mark| mark.as_str().is_some()));
        let reads_amount = name == "number" && !has_mark || AMOUNT_FILTERS.contains(&name);
        if inside.kind == Type::Number || !reads_amount {
            return;
        }
        let is_plain_number = name == "number" && filter.args.is_empty();
        let rest = if is_plain_number {
            String::new()
        } else {
            format!(" | {name}{}", brackets(&filter.args))
        };
        for used in &inside.columns {
            let with_point = format!("{own} | number('.'){rest}");
            self.uses.amounts.push(ReadAmount {
                column: used.name.clone(),
                with_point,
            });
        }
    }

    fn arguments(
        &mut self,
        filter: &Filter<'a>,
        before: &Expr<'a>,
        rule: &FilterRule,
    ) -> Result<Vec<ExprInfo>, TextProblem> {
        let mut given = Vec::new();
        for argument in &filter.args {
            let value = match argument {
                CallArg::Pos(value) => value,
                CallArg::Kwarg(name, value) => {
                    named_argument(rule, name, value).map_err(|problem| {
                        let own = write_expression(before);
                        let written = format!("{}{}", filter.name, brackets(&filter.args));
                        let message = msg!(
                            "`{own} | {written}`: {problem}",
                            own,
                            written,
                            problem = problem.message
                        );
                        TextProblem { message, ..problem }
                    })?;
                    continue;
                }
                _ => {
                    let name = filter.name;
                    return Err(TextProblem::new(
                        msg!("the arguments of `{name}` have no names", name),
                        write_example(rule),
                    ));
                }
            };
            given.push(*self.value(value)?);
        }
        Ok(given)
    }
}

/// Returns the problem of an expression that the language does not have. It is not built in [`TextWalk::value`], because
/// its messages would take stack in each level of the recursion.
fn unsupported(expression: &Expr<'_>) -> TextProblem {
    let (problem, hint) = match expression {
        Expr::Tuple(_) | Expr::Map(_) => (
            msg!("`( , )` and `{{ }}` are not supported"),
            msg!("write a list as `['oro', 'plata']`"),
        ),
        Expr::Compare(_) => (
            msg!("comparisons of three values are not supported"),
            msg!("write `1 < x and x < 5`"),
        ),
        Expr::Test(_) => (
            msg!("tests with `is` are not supported"),
            msg!("write `x != ''`, `x == 'oro'`, `x | number > 100` or `x | yes`"),
        ),
        Expr::Call(_) => (
            msg!("functions and methods are not supported"),
            msg!("write filters: `x | title`, or `x | split | first`"),
        ),
        _ => (
            msg!("slices, `x[:3]`, are not supported"),
            msg!("write `x | first` or `x | split | first`"),
        ),
    };
    TextProblem::new(problem, hint)
}

/// Returns the problem of `-saldo`. See [`unsupported`] for why it is apart.
fn not_negatable(operand: &Expr<'_>) -> TextProblem {
    let own = write_expression(operand);
    TextProblem::new(
        msg!("`{own}` is not a number", own),
        msg!("write `-({own} | number)`", own),
    )
}

/// Checks an argument with a name: the format of the dates in the cells.
fn named_argument(rule: &FilterRule, name: &str, value: &Expr<'_>) -> Result<(), TextProblem> {
    if !rule.has_named(name) {
        let problem = msg!("it has no argument `{name}`", name);
        return Err(TextProblem::new(problem, write_example(rule)));
    }
    let constant = value.as_const();
    let Some(from) = constant.as_ref().and_then(Cell::as_str) else {
        return Err(msg!("`{name}` must be a text in quotes", name).into());
    };
    source_problem(from).map_or(Ok(()), |problem| Err(problem.into()))
}

fn write_example(rule: &FilterRule) -> Message {
    msg!("write `{example}`", example = rule.example)
}

/// Rejects `saldo | number * 1.12 | money('$')`, because the filter applies only to 1.12. The error has the parentheses
/// that are needed.
fn check_filter_of_operand(
    operation: &BinOp<'_>,
    left: &ExprInfo,
    right: &ExprInfo,
) -> Result<(), TextProblem> {
    use BinOpKind::{Add, Div, FloorDiv, Mul, Pow, Rem, Sub};
    let sign = match operation.op {
        Add => "+",
        Sub => "-",
        Mul => "*",
        Div => "/",
        FloorDiv => "//",
        Rem => "%",
        Pow => "**",
        _ => return Ok(()),
    };
    let Expr::Filter(filter) = &operation.right else {
        return Ok(());
    };
    let Some(Expr::Const(number)) = &filter.expr else {
        return Ok(());
    };
    let is_number = left.kind == Type::Number && number.value.is_number();
    if right.kind != Type::Text || !is_number {
        return Ok(());
    }
    let own = write_expression(&operation.right);
    let left = write_expression(&operation.left);
    let number = number.value.to_string();
    let written = format!("{}{}", filter.name, brackets(&filter.args));
    let problem = msg!("`{own}` is not a number", own);
    let hint = msg!(
        "write `({left} {sign} {number}) | {written}`",
        left,
        sign,
        number,
        written
    );
    Err(TextProblem::new(problem, hint))
}
