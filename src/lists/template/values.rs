//! The expressions of a text. Each gets a type and its columns, or an error with the text to write
//! instead.

use minijinja::Value as Cell;
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Filter, IfExpr, UnaryOpKind};
use minijinja::value::ValueKind;

use super::filters::{FilterOutput, FilterRule, Type};
use super::walk::{
    ExprInfo, ReadAmount, TextWalk, brackets, check_number, check_text, write_expression,
};

/// The filters that read an amount, except `number`: its argument may set the decimal separator.
const AMOUNT_FILTERS: [&str; 2] = ["money", "percent"];

/// Boxed, because the recursion is as deep as the expression.
pub(super) type ExprResult = Result<Box<ExprInfo>, String>;

impl TextWalk {
    /// Determines the type and the columns of an expression.
    ///
    /// # Errors
    /// If the language does not have it. The error contains the text to write instead.
    pub(super) fn value(&mut self, expression: &Expr<'_>) -> ExprResult {
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
            Expr::Tuple(_) | Expr::Map(_) => {
                return Err(unsupported(
                    "`( , )` and `{ }`",
                    "a list as `['oro', 'plata']`",
                ));
            }
            Expr::Compare(_) => {
                return Err(unsupported(
                    "comparisons of three values",
                    "`1 < x and x < 5`",
                ));
            }
            Expr::Test(_) => {
                return Err(unsupported(
                    "tests with `is`",
                    "`x != ''`, `x == 'oro'`, `x | number > 100` or `x | yes`",
                ));
            }
            Expr::Call(_) => {
                return Err(unsupported(
                    "functions and methods",
                    "filters: `x | title`, or `x | split | first`",
                ));
            }
            Expr::Slice(_) => {
                return Err(unsupported(
                    "slices, `x[:3]`,",
                    "`x | first` or `x | split | first`",
                ));
            }
        };
        Ok(Box::new(known))
    }

    /// Examines a column: `saldo`, `row.saldo` or `row['saldo']`.
    fn column(&mut self, name: &str) -> ExprInfo {
        let column = name.to_owned();
        self.seen.push(column.clone());
        self.uses.columns.insert(column.clone());
        ExprInfo {
            prints: vec![(column.clone(), true)],
            gap: Some(column),
            ..ExprInfo::new(Type::Any)
        }
    }

    /// Examines `row['saldo']` or `cuotas[0]`.
    fn item(&mut self, whole: &Expr<'_>, key: &Expr<'_>) -> ExprResult {
        let constant = key.as_const();
        let name = constant.as_ref().and_then(Cell::as_str);
        if name.is_none() {
            self.value(key)?;
        }
        self.part(whole, name)
    }

    /// Examines a column of `row`, or a value inside another one: `cliente.saldo`.
    fn part(&mut self, whole: &Expr<'_>, name: Option<&str>) -> ExprResult {
        if let (Expr::Var(row), Some(name)) = (whole, name)
            && row.id == "row"
        {
            return Ok(Box::new(self.column(name)));
        }
        match self.value(whole)?.kind {
            Type::Texts => Ok(Box::new(ExprInfo::new(Type::Text))),
            Type::List | Type::Any => Ok(Box::new(ExprInfo::new(Type::Any))),
            kind => Err(format!(
                "`{}` is {}; it has no fields or items",
                write_expression(whole),
                kind.describe()
            )),
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

    fn list(&mut self, items: &[Expr<'_>]) -> ExprResult {
        let mut list = ExprInfo::new(Type::List);
        for item in items {
            list.constants.extend(self.value(item)?.constants);
        }
        Ok(Box::new(list))
    }

    fn choice(&mut self, choice: &IfExpr<'_>) -> ExprResult {
        self.condition(&choice.test_expr)?;
        let one = self.value(&choice.true_expr)?;
        let Some(other) = &choice.false_expr else {
            return Ok(one);
        };
        let other = self.value(other)?;
        Ok(Box::new(one.or(*other)))
    }

    fn negative(&mut self, operand: &Expr<'_>) -> ExprResult {
        let known = self.value(operand)?;
        // A filter after `-saldo` would apply to the negative number.
        let error = |own| format!("`{own}` is not a number; write `-({own} | number)`");
        if known.kind == Type::Number {
            Ok(known)
        } else {
            Err(error(write_expression(operand)))
        }
    }

    /// Examines two values with an operator.
    fn operation(&mut self, operation: &BinOp<'_>) -> ExprResult {
        use BinOpKind::{
            Add, Concat, Div, Eq, FloorDiv, Gt, Gte, In, Lt, Lte, Mul, Ne, Pow, Rem, ScAnd, ScOr,
            Sub,
        };
        let left = self.value(&operation.left)?;
        let right = self.value(&operation.right)?;
        let has_number = left.kind == Type::Number || right.kind == Type::Number;
        let operands = [(&operation.left, &*left), (&operation.right, &*right)];
        let kind = match operation.op {
            ScAnd | ScOr => return Ok(Box::new(left.or(*right))),
            Concat => {
                operands
                    .iter()
                    .try_for_each(|(written, known)| check_text(written, known))?;
                return Ok(Box::new(ExprInfo {
                    kind: Type::Text,
                    ..left.or(*right)
                }));
            }
            Add if !has_number => {
                let error = format!("`{}` is not a number", write_expression(&operation.left));
                return Err(format!(
                    "{error}; write `~` to join texts, or `| number` after both"
                ));
            }
            Add | Sub | Mul | Div | FloorDiv | Rem | Pow => Type::Number,
            Lt | Lte | Gt | Gte | Eq | Ne | In => Type::Truth,
        };
        if kind == Type::Number || has_number && !matches!(operation.op, In) {
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
        for (column, _) in one.prints.iter().filter(|(_, is_plain)| *is_plain) {
            let texts = other.constants.iter().filter_map(Cell::as_str);
            self.uses
                .compared
                .extend(texts.map(|text| (column.clone(), text.to_owned())));
        }
    }

    fn filter(&mut self, filter: &Filter<'_>) -> ExprResult {
        let name = filter.name;
        let Some(own) = &filter.expr else {
            return Err(format!("filter {name} has nothing before it"));
        };
        let inside = self.value(own)?;
        let rule = FilterRule::from_name(name)
            .map_err(|meant| format!("filter {name} is unknown; {meant}"))?;
        let mut given = Vec::new();
        for argument in &filter.args {
            let CallArg::Pos(value) = argument else {
                return Err(format!(
                    "the arguments of `{name}` have no names; write `{}`",
                    rule.example
                ));
            };
            given.push(self.value(value)?);
        }
        let own = write_expression(own);
        let brackets = brackets(&filter.args);
        let types: Vec<_> = given.iter().map(|known| known.kind).collect();
        if let Some(fault) = rule.problem(inside.kind, &types) {
            return Err(format!(
                "`{own} | {name}{brackets}`: {fault}; write `{own} | {}`",
                rule.corrected(inside.kind)
            ));
        }
        let has_mark = given
            .iter()
            .any(|how| how.constants.iter().any(|mark| mark.as_str().is_some()));
        if inside.kind != Type::Number
            && (name == "number" && !has_mark || AMOUNT_FILTERS.contains(&name))
        {
            let rest = if filter.args.is_empty() && name == "number" {
                String::new()
            } else {
                format!(" | {name}{brackets}")
            };
            for (column, _) in &inside.prints {
                let with_point = format!("{own} | number('.'){rest}");
                self.uses.amounts.push(ReadAmount {
                    column: column.clone(),
                    with_point,
                });
            }
        }
        let kind = rule.result_type(inside.kind, types.first().copied());
        // A default leaves a filled cell unchanged, and replaces an empty one.
        let is_default = rule.output == FilterOutput::Either;
        let ExprInfo { prints, gap, .. } = *inside;
        let prints = prints
            .into_iter()
            .map(|(column, is_plain)| (column, is_plain && is_default))
            .collect();
        Ok(Box::new(ExprInfo {
            prints,
            gap: gap.filter(|_| !is_default),
            ..ExprInfo::new(kind)
        }))
    }
}

fn unsupported(what: &str, instead: &str) -> String {
    format!("{what} are not supported; write {instead}")
}
