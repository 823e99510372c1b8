//! The expressions of a text: each gets a type and its columns, or is refused with the line to type instead.

use std::ops::Range;

use minijinja::Value as Cell;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Compare, CompareOpKind, Expr, IfExpr, UnaryOpKind};
use minijinja::machinery::ast::{Call, Filter};
use minijinja::value::ValueKind;

use super::filters::{FilterRule, Gives, Type};
use super::language::tried;
use super::uses::ReadAmount;
use super::walk::TextWalk;

/// What an expression is, before any row.
pub(super) struct Known {
    pub(super) at: Range<usize>,
    kind: Type,
    content: ContentOf,
    /// The columns that it prints, each with whether it is printed unchanged.
    pub(super) prints: Vec<(String, bool)>,
    /// The column whose empty cell leaves a gap.
    pub(super) gap: Option<String>,
    /// The constant that it is, or those of the list that it is.
    constants: Vec<Cell>,
}

/// Boxed, since the walk goes as deep as an expression.
pub(super) type Found = Result<Box<Known>, String>;

/// Whose content an expression is.
pub(super) enum ContentOf {
    /// A column's cell, unchanged.
    Cell(String),
    /// A column's cell, through filters that keep its meaning.
    Text(String),
    /// A value inside the JSON of a column: `cliente.saldo`.
    Inside(String),
    Other,
}

impl Known {
    fn new(at: Range<usize>, kind: Type) -> Self {
        Self { at, kind, content: ContentOf::Other, prints: Vec::new(), gap: None, constants: Vec::new() }
    }

    #[expect(clippy::unnecessary_wraps, reason = "each way through the walk ends in it")]
    fn found(self) -> Found {
        Ok(Box::new(self))
    }

    /// One of two values, or both joined.
    fn or(self, other: Self) -> Found {
        let kind = if self.kind == other.kind { self.kind } else { Type::Any };
        let prints = [self.prints, other.prints].concat();
        Self { prints, ..Self::new(around(&self.at, &other.at), kind) }.found()
    }

    pub(super) fn column(&self) -> Option<&String> {
        match &self.content {
            ContentOf::Cell(column) | ContentOf::Text(column) => Some(column),
            ContentOf::Inside(_) | ContentOf::Other => None,
        }
    }

    /// The column, or the place inside the value of one.
    pub(super) fn path(&self) -> Option<&String> {
        if let ContentOf::Inside(path) = &self.content { Some(path) } else { self.column() }
    }

    /// Whether it is a number, or the text of one: `saldo > '100'` compares letters.
    fn is_number(&self) -> bool {
        let is_one = |text: &Cell| text.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok());
        self.kind == Type::Number || self.kind == Type::Text && self.constants.iter().any(is_one)
    }
}

impl TextWalk<'_> {
    /// What an expression is.
    ///
    /// # Errors
    /// If it is not in the language; in words, with the line to type.
    pub(super) fn value(&mut self, expression: &Expr<'_>) -> Found {
        match expression {
            Expr::Var(name) => self.name(name.id, range(name.span())),
            Expr::GetAttr(attribute) => self.part(&attribute.expr, Some(attribute.name), attribute.span()),
            Expr::GetItem(item) => self.item(&item.expr, &item.subscript_expr, item.span()),
            Expr::Const(constant) => self.constant(&constant.value, range(constant.span())),
            Expr::List(list) => self.list(&list.items, range(list.span())),
            Expr::Tuple(tuple) => self.list(&tuple.items, range(tuple.span())),
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOpKind::Not => self.condition(expression).and_then(|()| truth(range(operation.span()))),
                UnaryOpKind::Neg => self.negative(&operation.expr),
            },
            Expr::BinOp(operation) => self.operation(operation),
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::IfExpr(choice) => self.choice(choice),
            Expr::Filter(filter) => self.filter(filter, filter.span()),
            Expr::Test(test) => {
                self.value(&test.expr).and_then(|tested| self.no_test(test.name, &tested.at, test.span()))
            }
            Expr::Call(call) => self.no_call(call, call.span()),
            Expr::Slice(slice) => self.value(&slice.expr).and_then(|inside| {
                let (written, inside) = (self.cut(self.at(slice.span(), &[&inside.at])), self.cut(inside.at));
                Err(format!("`{written}`: there are no slices; write `{inside} | first` or `{inside} | split | first`"))
            }),
            Expr::Map(_) => Err("`{ }` is not a value; write a column, or a text in quotes".to_owned()),
        }
    }

    /// A name: a column's, or the row's.
    fn name(&mut self, name: &str, at: Range<usize>) -> Found {
        if name != "row" {
            self.uses.names.insert(name.to_owned());
            return self.column(name, at);
        }
        self.uses.is_of_all = true;
        self.seen.push(name.to_owned());
        Known::new(at, Type::Any).found()
    }

    /// A column: `saldo`, `row.saldo` or `row['saldo']`.
    fn column(&mut self, name: &str, at: Range<usize>) -> Found {
        let column = name.to_owned();
        self.seen.push(column.clone());
        self.uses.columns.insert(column.clone());
        let (prints, gap) = (vec![(column.clone(), true)], Some(column.clone()));
        Known { content: ContentOf::Cell(column), prints, gap, ..Known::new(at, Type::Any) }.found()
    }

    /// `row['saldo']`, `cuotas[0]`
    fn item(&mut self, whole: &Expr<'_>, key: &Expr<'_>, span: Span) -> Found {
        let constant = key.as_const();
        let name = constant.as_ref().and_then(Cell::as_str);
        if name.is_none() {
            self.value(key)?;
        }
        self.part(whole, name, span)
    }

    /// A column of `row`, or a value inside another: `cliente.saldo`.
    fn part(&mut self, whole: &Expr<'_>, name: Option<&str>, span: Span) -> Found {
        if let (Expr::Var(row), Some(name)) = (whole, name)
            && row.id == "row"
        {
            return self.column(name, self.at(span, &[&range(row.span())]));
        }
        let whole = self.value(whole)?;
        let at = self.at(span, &[&whole.at]);
        let kind = match whole.kind {
            Type::Texts => Type::Text,
            Type::List | Type::Any => Type::Any,
            Type::Text | Type::Number | Type::Truth => {
                let (written, whole, kind) = (self.cut(at), self.cut(whole.at), whole.kind.words());
                return Err(format!("`{written}`: `{whole}` is {kind}, which has no parts"));
            }
        };
        let mut known = Known::new(at, kind);
        if let (Some(path), Some(name)) = (whole.path(), name) {
            let path = format!("{path}.{name}");
            self.uses.paths.insert(path.clone());
            known.content = ContentOf::Inside(path);
        }
        known.found()
    }

    fn constant(&mut self, value: &Cell, at: Range<usize>) -> Found {
        let kind = match value.kind() {
            ValueKind::String => Type::Text,
            ValueKind::Number => Type::Number,
            ValueKind::Bool => Type::Truth,
            _ => Type::Any,
        };
        self.words += usize::from(value.as_str().is_some_and(|text| !text.is_empty()));
        Known { constants: vec![value.clone()], ..Known::new(at, kind) }.found()
    }

    fn list(&mut self, items: &[Expr<'_>], at: Range<usize>) -> Found {
        let mut constants = Vec::new();
        for item in items {
            constants.extend(self.value(item)?.constants);
        }
        Known { constants, ..Known::new(at, Type::List) }.found()
    }

    fn choice(&mut self, choice: &IfExpr<'_>) -> Found {
        self.condition(&choice.test_expr)?;
        let one = self.value(&choice.true_expr)?;
        let Some(other) = &choice.false_expr else { return Ok(one) };
        let other = self.value(other)?;
        one.or(*other)
    }

    fn negative(&mut self, operand: &Expr<'_>) -> Found {
        let operand = self.value(operand)?;
        self.negated(&operand)
    }

    fn negated(&mut self, operand: &Known) -> Found {
        let sign = self.cut(0..operand.at.start).rfind('-').unwrap_or(operand.at.start);
        let at = sign..operand.at.end;
        self.numbers(&at, &[operand])?;
        Known::new(at, Type::Number).found()
    }

    fn operation(&mut self, operation: &BinOp<'_>) -> Found {
        let left = self.value(&operation.left)?;
        let right = self.value(&operation.right)?;
        self.operated(operation.op, left, right)
    }

    /// `left` and `right` with an operator between them.
    fn operated(&mut self, operator: BinOpKind, left: Box<Known>, right: Box<Known>) -> Found {
        use BinOpKind::{Add, Concat, Div, Eq, FloorDiv, Gt, Gte, In, Lt, Lte, Mul, Ne, Pow, Rem, ScAnd, ScOr, Sub};
        let at = self.closed(around(&left.at, &right.at));
        let reads =
            |one: &Known, other: &Known| one.kind == Type::Number || one.is_number() && other.column().is_some();
        match operator {
            Lt | Lte | Gt | Gte => self.order(&at, [&left, &right])?,
            Eq | Ne | In => self.equality(&at, [&left, &right])?,
            ScAnd | ScOr => return left.or(*right),
            Concat => {
                self.check_text(&left)?;
                self.check_text(&right)?;
                return left.or(*right).map(|joined| Box::new(Known { kind: Type::Text, ..*joined }));
            }
            // Two texts are joined.
            Add if !reads(&left, &right) && !reads(&right, &left) => return left.or(*right),
            Add | Sub | Mul | Div | FloorDiv | Rem | Pow => {
                self.numbers(&at, &[&left, &right])?;
                return Known::new(at, Type::Number).found();
            }
        }
        truth(at)
    }

    /// `1 < saldo < 5`
    fn comparison(&mut self, comparison: &Compare<'_>) -> Found {
        let mut left = self.value(&comparison.expr)?;
        let begins = left.at.start;
        for step in &comparison.ops {
            let right = self.value(&step.expr)?;
            let at = self.closed(around(&left.at, &right.at));
            match step.op {
                CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte => {
                    self.order(&at, [&left, &right])?;
                }
                CompareOpKind::Eq | CompareOpKind::Ne | CompareOpKind::In | CompareOpKind::NotIn => {
                    self.equality(&at, [&left, &right])?;
                }
            }
            left = right;
        }
        truth(begins..left.at.end)
    }

    /// `left < right` or `left > right`
    fn order(&self, at: &Range<usize>, operands: [&Known; 2]) -> Result<(), String> {
        if operands.iter().any(|operand| operand.is_number()) { self.numbers(at, &operands) } else { Ok(()) }
    }

    /// `left == right`, `left in right` and their opposites.
    fn equality(&mut self, at: &Range<usize>, [left, right]: [&Known; 2]) -> Result<(), String> {
        for (one, other) in [(left, right), (right, left)] {
            let has = |kind: ValueKind| other.constants.iter().any(|constant| constant.kind() == kind);
            let is_number = has(ValueKind::Number) || other.kind == Type::Number;
            let is_text = one.column().is_some() || one.kind == Type::Text && one.constants.is_empty();
            if one.column().is_some() && has(ValueKind::Bool) {
                let (written, own) = (self.cut(at.clone()), self.cut(one.at.clone()));
                return Err(format!("`{written}` compares a text with yes or no; write `{own} | yes`"));
            }
            if is_number && is_text {
                self.numbers(at, &[one])?;
            } else if let ContentOf::Cell(column) = &one.content {
                let texts = other.constants.iter().filter_map(Cell::as_str);
                self.uses.compared.extend(texts.map(|text| (column.clone(), text.to_owned())));
            }
        }
        Ok(())
    }

    /// Operands that must be numbers, in an expression at `whole`.
    fn numbers(&self, whole: &Range<usize>, operands: &[&Known]) -> Result<(), String> {
        for operand in operands.iter().filter(|operand| operand.kind != Type::Number) {
            let (written, own) = (self.cut(whole.clone()), self.cut(operand.at.clone()));
            let mut meant = self.as_number(whole, &operand.at);
            if let Some(column) = operand.column() {
                // A number in quotes is compared as a text.
                for quoted in
                    operands.iter().filter(|other| !other.constants.is_empty()).map(|other| self.cut(other.at.clone()))
                {
                    meant = meant.replace(quoted, quoted.trim_matches(['"', '\'']));
                }
                return Err(format!("`{written}` uses {column} as a number, but its cells are text; write `{meant}`"));
            }
            if operand.kind == Type::Text && !operand.is_number() {
                return Err(format!("`{written}` uses a text as a number; write `{meant}`"));
            }
            if matches!(operand.kind, Type::Truth | Type::Texts | Type::List) {
                return Err(format!("`{written}`: `{own}` is {}, not a number", operand.kind.words()));
            }
        }
        Ok(())
    }

    /// The expression at `whole` with the filter that makes a number of the operand at `own`.
    fn as_number(&self, whole: &Range<usize>, own: &Range<usize>) -> String {
        let (before, behind) = (self.cut(whole.start..own.start), self.cut(own.end..whole.end));
        let own = self.cut(own.clone());
        match behind.strip_prefix(')') {
            Some(behind) if before.ends_with('(') && before != "-(" => format!("{before}{own}) | number{behind}"),
            // A filter behind `-saldo` would apply to the negative.
            _ if before.ends_with('-') => format!("{before}({own} | number){behind}"),
            _ => format!("{before}{own} | number{behind}"),
        }
    }

    /// Refuses a text where yes or no is needed.
    pub(super) fn check_truth(&self, known: &Known) -> Result<(), String> {
        let own = self.cut(known.at.clone());
        let meant = match known.kind {
            Type::Truth | Type::Number => return Ok(()),
            Type::Texts | Type::List => format!("`{own} | length > 0`"),
            Type::Text | Type::Any => format!("`{own} | yes`, or `{own} != ''` if it must not be empty"),
        };
        Err(format!("`{own}` is not yes or no; write {meant}"))
    }

    fn filter(&mut self, filter: &Filter<'_>, span: Span) -> Found {
        let Some(inside) = &filter.expr else { return Err(format!("filter {} has nothing before it", filter.name)) };
        let inside = self.value(inside)?;
        let mut given = Vec::new();
        for argument in &filter.args {
            given.push(match argument {
                CallArg::Pos(value) => (None, self.value(value)?),
                CallArg::Kwarg(name, value) => (Some(*name), self.value(value)?),
                CallArg::PosSplat(values) | CallArg::KwargSplat(values) => (Some("*"), self.value(values)?),
            });
        }
        self.filtered(filter.name, inside, &given, span)
    }

    /// What `inside` is behind the filter `name` with the values `given` in its brackets.
    fn filtered(&mut self, name: &str, inside: Box<Known>, given: &[(Option<&str>, Box<Known>)], span: Span) -> Found {
        let parts: Vec<_> = std::iter::once(&inside.at).chain(given.iter().map(|(_, known)| &known.at)).collect();
        let at = self.at(span, &parts);
        let written = self.cut(at.clone());
        let own = self.cut(at.start..range(span).start).trim_end().trim_end_matches('|').trim_end();
        let brackets = written.strip_prefix(own).unwrap_or_default();
        if ["int", "float"].contains(&name) {
            return Err(format!("`{written}`: write `{own} | number`, which reads a number as people write it"));
        }
        let rule = FilterRule::named(name).map_err(|meant| format!("filter {name} is unknown; {meant}"))?;
        let types: Vec<_> = given.iter().map(|(name, known)| (*name, known.kind)).collect();
        if let Some(fault) = rule.fault(inside.kind, &types) {
            return Err(format!("`{written}`: {fault}; write `{own} | {}`", rule.line(inside.kind)));
        }
        if let Some(trial) = rule.trial.filter(|_| given.iter().all(|(_, given)| !given.constants.is_empty())) {
            tried(self.language, &format!("{trial}{brackets}")).map_err(|problem| format!("`{written}`: {problem}"))?;
        }
        let how = given.first().map(|(_, how)| how);
        let has_mark = how.is_some_and(|how| how.constants.iter().any(|mark| mark.as_str().is_some()));
        if let Some(column) = inside.column()
            && (name == "number" && !has_mark || ["money", "percent"].contains(&name))
        {
            let rest = if name == "number" && how.is_none() { "" } else { brackets };
            let with_point = format!("{own} | number('.'){rest}");
            self.uses.amounts.push(ReadAmount { column: column.clone(), with_point });
        }
        if rule.takes_numbers() {
            self.numbers(&at, &[&inside])?;
        }
        let is_default = rule.gives == Gives::Either;
        let kind = rule.kind(inside.kind, how.map(|how| how.kind));
        let Known { content, mut prints, gap, .. } = *inside;
        // A default leaves a cell unchanged, and fills the gap of an empty one.
        let gap = gap.filter(|_| !is_default);
        for (_, is_plain) in &mut prints {
            *is_plain &= is_default;
        }
        let content = match content {
            _ if matches!(rule.gives, Gives::New(_)) => ContentOf::Other,
            ContentOf::Cell(column) => ContentOf::Text(column),
            other => other,
        };
        Known { content, prints, gap, ..Known::new(at, kind) }.found()
    }

    /// Why there is no `saldo is none`.
    fn no_test(&self, name: &str, tested: &Range<usize>, span: Span) -> Found {
        let (written, own) = (self.cut(self.at(span, &[tested])), self.cut(tested.clone()));
        let line = match name {
            "none" | "undefined" | "defined" => {
                format!("`{own} != ''` where it is filled, `{own} == ''` where it is empty")
            }
            "true" | "false" => format!("`{own} | yes` or `not {own} | yes`"),
            _ => format!("a comparison, such as `{own} == 'x'` or `{own} | number > 100`"),
        };
        Err(format!("`{written}`: there are no tests with `is`; write {line}"))
    }

    /// Why there is no `nombre.title()`.
    fn no_call(&mut self, call: &Call<'_>, span: Span) -> Found {
        let Expr::GetAttr(method) = &call.expr else {
            let written = self.cut(self.at(span, &[&range(call.expr.span())]));
            return Err(format!("`{written}`: there are no functions; write a column, with filters behind it"));
        };
        let inside = self.value(&method.expr)?.at;
        let (written, own) = (self.cut(self.at(span, &[&inside])), self.cut(inside));
        let line = FilterRule::named(method.name).map_or("split | first".to_owned(), |filter| filter.line(Type::Any));
        Err(format!("`{written}`: there are no methods; write a filter: {{{{ {own} | {line} }}}}"))
    }

    /// Refuses a list where a text is made.
    pub(super) fn check_text(&self, known: &Known) -> Result<(), String> {
        let is_list = matches!(known.kind, Type::Texts | Type::List);
        let written = self.cut(known.at.clone());
        if is_list { Err(format!("`{written}` is a list; write `{written} | join(', ')`")) } else { Ok(()) }
    }

    /// The position of an expression with these parts. The parser's span may begin before them, or cover only the last,
    /// and lacks the bracket after the arguments.
    fn at(&self, span: Span, parts: &[&Range<usize>]) -> Range<usize> {
        let own = range(span);
        let begins = parts.iter().map(|part| part.start).min().unwrap_or(own.start);
        let ends = parts.iter().map(|part| part.end).max().unwrap_or(own.end).max(own.end);
        self.closed(begins..ends)
    }

    /// The position with the brackets that lack their other half in it.
    fn closed(&self, Range { start, end }: Range<usize>) -> Range<usize> {
        let text = self.cut(start..end);
        let (opened, closed) = (text.matches('(').count(), text.matches(')').count());
        let behind = self.cut(end..self.source.len()).find(')').filter(|_| opened > closed);
        let before = self.cut(0..start).rfind('(').filter(|_| closed > opened);
        before.unwrap_or(start)..behind.map_or(end, |at| end + at + 1)
    }
}

fn truth(at: Range<usize>) -> Found {
    Known::new(at, Type::Truth).found()
}

fn range(span: Span) -> Range<usize> {
    let offset = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    offset(span.start_offset)..offset(span.end_offset)
}

fn around(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
}
