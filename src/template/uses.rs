//! How a text uses the columns of a row, read from its syntax tree: which of them it prints, where an empty cell leaves
//! a gap, and where it uses a text as a number or as yes or no.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, CallArg, Compare, CompareOpKind, Expr, Filter, Stmt, UnaryOpKind};
use minijinja::machinery::parse;
use minijinja::value::ValueKind;
use minijinja::{Environment, Value as Cell};

use super::expressions::{argument, around, children, cut, extent, gives_number};
use super::filters::{self, Type};
use super::language::syntax;

/// Filters that return a text with the meaning of the cell.
const TEXT_FILTERS: [&str; 11] =
    ["trim", "upper", "lower", "title", "capitalize", "replace", "default", "d", "string", "first", "last"];
/// Filters that return items of a list.
const ITEM_FILTERS: [&str; 8] = ["list", "reverse", "sort", "unique", "select", "reject", "selectattr", "rejectattr"];
/// Filters that read a cell as a number.
const AMOUNT_FILTERS: [&str; 3] = ["number", "money", "percent"];
/// Tests that compare, such as `saldo is gt(100)`.
const ORDER_TESTS: [&str; 6] = ["lt", "lessthan", "le", "gt", "greaterthan", "ge"];
const EQUAL_TESTS: [&str; 3] = ["eq", "equalto", "ne"];
/// Tests that only a number passes.
const NUMBER_TESTS: [&str; 6] = ["odd", "even", "divisibleby", "number", "integer", "float"];

/// How a text uses columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// The names that a row must have: columns, and `row` if it is used by itself.
    pub(crate) names: BTreeSet<String>,
    /// The columns that it uses for anything.
    pub(crate) columns: BTreeSet<String>,
    /// Whether it may use any column: `row['cuota ' ~ n]`.
    pub(crate) is_of_all: bool,
    /// The columns that it prints.
    pub(crate) printed: BTreeSet<String>,
    /// The columns that it prints as the sheet shows them.
    pub(crate) plain: BTreeSet<String>,
    /// The columns that it prints unchanged, without a text for an empty cell.
    pub(crate) gaps: BTreeSet<String>,
    /// Where it uses a column as a number.
    pub(crate) numbers: Vec<TakenFor>,
    /// Where it reads a column with `int` or `float`.
    pub(crate) casts: Vec<TakenFor>,
    /// Where it leaves the decimal sign of a column to its cells and the country; `meant` says that it is a point.
    pub(crate) amounts: Vec<TakenFor>,
    /// Where it uses a column as yes or no.
    pub(crate) truths: Vec<TakenFor>,
    /// The texts that columns are compared with.
    pub(crate) compared: BTreeSet<(String, String)>,
    /// Expressions that name no column and have no text: `{{1}}`.
    pub(crate) constants: Vec<String>,
    /// The first fault of a filter's arguments, which every row has.
    pub(super) fault: Option<String>,
}

/// A use of a column as something other than the text of its cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenFor {
    /// With the names inside its value, if it is JSON: `cuotas[].pagada`.
    pub(crate) column: String,
    /// The expression, and a way to write it that works.
    pub(crate) written: String,
    pub(crate) meant: String,
    /// The texts for which the condition is false anyway: `'0'` in `saldo and saldo != '0'`.
    pub(crate) ruled_out: Vec<String>,
}

impl Uses {
    /// Whether every row gives the same text.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The uses in a template; a text that is not a template has none.
    pub(crate) fn of(language: &Environment<'_>, source: &str) -> Self {
        let mut visitor = Visitor {
            language,
            source,
            names: vec![HashMap::new()],
            uses: Self::default(),
            looked_at: HashSet::new(),
            guards: Vec::new(),
        };
        if let Ok(template) = parse(source, "<text>", syntax()) {
            visitor.statement(&template);
        }
        let Visitor { mut uses, looked_at, .. } = visitor;
        uses.gaps.retain(|column| !looked_at.contains(column));
        uses
    }
}

/// What a name means if the text itself gives it a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    /// The same for every row, and without a text.
    Constant,
    Column(String),
    /// A value inside a column.
    Inside(String),
    Other,
}

struct Visitor<'a> {
    language: &'a Environment<'a>,
    source: &'a str,
    /// The names to which the text gives a value, for each block around.
    names: Vec<HashMap<String, Named>>,
    uses: Uses,
    /// The columns that a statement looks at.
    looked_at: HashSet<String>,
    /// The columns that are known not to be empty at the visitor's position, and whether a number needed that.
    guards: Vec<(String, bool)>,
}

impl Visitor<'_> {
    fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn block(&mut self, visit: impl FnOnce(&mut Self)) {
        self.names.push(HashMap::new());
        visit(self);
        self.names.pop();
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => self.print(&emit.expr),
            Stmt::IfCond(condition) => {
                self.look_at(&condition.expr);
                self.guarded(&condition.expr, |visitor| visitor.statements(&condition.true_body));
                self.statements(&condition.false_body);
            }
            Stmt::ForLoop(each) => {
                self.value(&each.iter);
                self.look_at(&each.iter);
                let named = self.path(&each.iter).map_or(Named::Other, |path| Named::Inside(format!("{path}[]")));
                self.block(|visitor| {
                    visitor.assign("loop", Named::Other);
                    visitor.assign_target(&each.target, &named);
                    if let Some(filter) = &each.filter_expr {
                        visitor.condition(filter);
                    }
                    visitor.statements(&each.body);
                });
                self.statements(&each.else_body);
            }
            Stmt::WithBlock(with) => self.block(|visitor| {
                for (target, value) in &with.assignments {
                    visitor.set(target, value);
                }
                visitor.statements(&with.body);
            }),
            Stmt::Set(set) => {
                self.set(&set.target, &set.expr);
                self.look_at(&set.expr);
            }
            Stmt::SetBlock(set) => {
                self.assign_target(&set.target, &Named::Other);
                self.statements(&set.body);
            }
            Stmt::AutoEscape(block) => self.statements(&block.body),
            Stmt::FilterBlock(block) => self.statements(&block.body),
            Stmt::Do(call) => self.arguments(&call.call.args),
        }
    }

    fn set(&mut self, target: &Expr<'_>, value: &Expr<'_>) {
        self.value(value);
        let named = match self.text_column(value) {
            Some(column) => Named::Column(column),
            None if self.is_constant(value) => Named::Constant,
            None => self.path(value).map_or(Named::Other, Named::Inside),
        };
        self.assign_target(target, &named);
    }

    fn assign_target(&mut self, target: &Expr<'_>, named: &Named) {
        match target {
            Expr::Var(name) => self.assign(name.id, named.clone()),
            Expr::List(list) => list.items.iter().for_each(|target| self.assign_target(target, &Named::Other)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|target| self.assign_target(target, &Named::Other)),
            _ => {}
        }
    }

    fn assign(&mut self, name: &str, named: Named) {
        // A name that was once set to something else may have that value again, depending on a condition.
        let named = if self.named(name).is_some_and(|known| *known != named) { Named::Other } else { named };
        if let Some(names) = self.names.last_mut() {
            names.insert(name.to_owned(), named);
        }
    }

    fn named(&self, name: &str) -> Option<&Named> {
        self.names.iter().rev().find_map(|names| names.get(name))
    }

    /// `{{ expression }}`
    fn print(&mut self, expression: &Expr<'_>) {
        self.value(expression);
        self.printed(expression);
        self.plain(expression);
        if let Some(column) = self.gap(expression) {
            self.uses.gaps.insert(column);
        }
        if self.is_constant(expression) {
            let range = self.extent(expression);
            let begins = cut(self.source, 0..range.start).rfind("{{").unwrap_or_default();
            let ends = cut(self.source, range.end..self.source.len()).find("}}");
            let ends = ends.map_or(self.source.len(), |at| range.end + at + 2);
            self.uses.constants.push(cut(self.source, begins..ends).to_owned());
        }
    }

    fn extent(&self, expression: &Expr<'_>) -> Range<usize> {
        extent(self.source, expression)
    }

    /// The columns that an expression prints.
    fn printed(&mut self, expression: &Expr<'_>) {
        if let Some(column) = self.column(expression) {
            self.uses.printed.insert(column);
            return;
        }
        match expression {
            Expr::Filter(filter) => filter.expr.iter().for_each(|inside| self.printed(inside)),
            Expr::Slice(slice) => self.printed(&slice.expr),
            Expr::Call(call) => {
                if let Expr::GetAttr(method) = &call.expr {
                    self.printed(&method.expr);
                }
            }
            Expr::BinOp(operation)
                if matches!(operation.op, BinOpKind::Concat | BinOpKind::Add | BinOpKind::ScAnd | BinOpKind::ScOr) =>
            {
                self.printed(&operation.left);
                self.printed(&operation.right);
            }
            Expr::IfExpr(choice) => {
                self.printed(&choice.true_expr);
                choice.false_expr.iter().for_each(|other| self.printed(other));
            }
            _ => {}
        }
    }

    /// The columns whose cells an expression prints unchanged, alone or joined to a text.
    fn plain(&mut self, expression: &Expr<'_>) {
        if let Some(column) = self.column(expression) {
            self.uses.plain.insert(column);
            return;
        }
        match expression {
            Expr::Filter(filter) if ["default", "d"].contains(&filter.name) => {
                filter.expr.iter().for_each(|inside| self.plain(inside));
            }
            Expr::BinOp(operation)
                if matches!(operation.op, BinOpKind::Concat | BinOpKind::Add | BinOpKind::ScAnd | BinOpKind::ScOr) =>
            {
                self.plain(&operation.left);
                self.plain(&operation.right);
            }
            Expr::IfExpr(choice) => {
                self.plain(&choice.true_expr);
                choice.false_expr.iter().for_each(|other| self.plain(other));
            }
            _ => {}
        }
    }

    /// The column whose empty cell leaves a gap.
    fn gap(&self, expression: &Expr<'_>) -> Option<String> {
        match expression {
            Expr::Filter(filter) if ["default", "d"].contains(&filter.name) => None,
            Expr::Filter(filter) => self.gap(filter.expr.as_ref()?),
            Expr::Slice(slice) => self.gap(&slice.expr),
            other => self.column(other),
        }
    }

    /// Notes that a statement looks at the columns of an expression.
    fn look_at(&mut self, expression: &Expr<'_>) {
        let mut columns = HashSet::new();
        self.each_column(expression, &mut |column| {
            columns.insert(column);
        });
        self.looked_at.extend(columns);
    }

    fn each_column(&self, expression: &Expr<'_>, note: &mut impl FnMut(String)) {
        match self.column(expression) {
            Some(column) => note(column),
            None => children(expression).into_iter().for_each(|child| self.each_column(child, note)),
        }
    }

    /// Looks at a condition, and at the part that applies only if it holds. A condition that keeps empty cells from a
    /// number, as in `saldo and saldo | number < 5`, is not a yes-or-no test.
    fn guarded(&mut self, condition: &Expr<'_>, inside: impl FnOnce(&mut Self)) {
        let (truths, guards) = (self.uses.truths.len(), self.guards.len());
        self.condition(condition);
        let asked = self.uses.truths.split_off(truths);
        self.filled_columns(condition);
        inside(self);
        let needed: Vec<String> = self
            .guards
            .split_off(guards)
            .into_iter()
            .filter(|(_, is_needed)| *is_needed)
            .map(|(column, _)| column)
            .collect();
        self.uses.truths.extend(asked.into_iter().filter(|taken| !needed.contains(&taken.column)));
    }

    /// Notes the columns that are not empty if a condition holds: `saldo`, `saldo != ''`, and both of `a and b`.
    fn filled_columns(&mut self, condition: &Expr<'_>) {
        let is_empty_text = |other: &Expr<'_>| other.as_const().is_some_and(|text| text.as_str() == Some(""));
        match condition {
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd) => {
                self.filled_columns(&both.left);
                self.filled_columns(&both.right);
            }
            Expr::BinOp(unequal) if matches!(unequal.op, BinOpKind::Ne) && is_empty_text(&unequal.right) => {
                self.guards.extend(self.text_column(&unequal.left).map(|column| (column, false)));
            }
            other => self.guards.extend(self.text_column(other).map(|column| (column, false))),
        }
    }

    /// The columns and texts of `saldo != '0'` and `saldo not in ['0', 'no']` in a condition.
    fn ruled_out(&self, condition: &Expr<'_>) -> Vec<(String, String)> {
        let (tested, other) = match condition {
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd) => {
                return [self.ruled_out(&both.left), self.ruled_out(&both.right)].concat();
            }
            Expr::BinOp(unequal) if matches!(unequal.op, BinOpKind::Ne) => (&unequal.left, &unequal.right),
            Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => match &not.expr {
                Expr::BinOp(inside) if matches!(inside.op, BinOpKind::In) => (&inside.left, &inside.right),
                _ => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        // A name that was set may have another text than the cell.
        if matches!(tested, Expr::Var(name) if self.named(name.id).is_some()) {
            return Vec::new();
        }
        let texts = constants(other).into_iter().filter_map(|text| text.as_str().map(str::to_owned));
        texts.filter_map(|text| Some((self.column(tested)?, text))).collect()
    }

    /// An expression that is tested as yes or no.
    fn condition(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => self.condition(&not.expr),
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd) => {
                let before = self.uses.truths.len();
                self.guarded(&both.left, |visitor| visitor.condition(&both.right));
                let ruled_out = self.ruled_out(expression);
                for taken in self.uses.truths.iter_mut().skip(before) {
                    let texts = ruled_out.iter().filter(|(column, _)| *column == taken.column);
                    taken.ruled_out.extend(texts.map(|(_, text)| text.clone()));
                }
            }
            Expr::BinOp(either) if matches!(either.op, BinOpKind::ScOr) => {
                self.condition(&either.left);
                self.condition(&either.right);
            }
            _ => {
                if let Some(column) = self.path(expression) {
                    self.take_for_truth(column, expression, self.extent(expression));
                }
                self.value(expression);
            }
        }
    }

    /// Looks at the parts of an expression.
    fn value(&mut self, expression: &Expr<'_>) {
        let whole = self.extent(expression);
        if let Expr::Filter(filter) = expression {
            self.check_arguments(&whole, filter);
        }
        self.uses.columns.extend(self.column(expression));
        match expression {
            Expr::Var(name) => {
                let is_of_row = self.named(name.id).is_none() && !is_global(self.language, name.id);
                if is_of_row {
                    self.uses.names.insert(name.id.to_owned());
                    self.uses.is_of_all |= name.id == "row";
                }
                return;
            }
            Expr::GetAttr(_) | Expr::GetItem(_) if self.column(expression).is_some() => {
                self.uses.names.insert("row".to_owned());
                return;
            }
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::BinOp(operation) => match operation.op {
                BinOpKind::Eq | BinOpKind::Ne | BinOpKind::In => {
                    self.equality(&whole, (&operation.left, &operation.right));
                }
                BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => {
                    self.order(&whole, (&operation.left, &operation.right));
                }
                // Two texts are concatenated.
                BinOpKind::Add if !(gives_number(&operation.left) || gives_number(&operation.right)) => {}
                BinOpKind::Add
                | BinOpKind::Sub
                | BinOpKind::Mul
                | BinOpKind::Div
                | BinOpKind::FloorDiv
                | BinOpKind::Rem
                | BinOpKind::Pow => self.arithmetic(&whole, &[&operation.left, &operation.right]),
                BinOpKind::ScAnd | BinOpKind::ScOr | BinOpKind::Concat => {}
            },
            Expr::UnaryOp(minus) if matches!(minus.op, UnaryOpKind::Neg) => self.arithmetic(&whole, &[&minus.expr]),
            Expr::UnaryOp(not) => return self.condition(&not.expr),
            Expr::Filter(filter) if ["int", "float"].contains(&filter.name) => {
                if let Some((inside, column)) =
                    filter.expr.as_ref().and_then(|inside| Some((inside, self.text_column(inside)?)))
                {
                    let written = cut(self.source, self.extent(expression)).to_owned();
                    let meant = format!("{} | number", cut(self.source, self.extent(inside)));
                    self.uses.casts.push(TakenFor { column, written, meant, ruled_out: Vec::new() });
                }
            }
            Expr::Filter(filter) if AMOUNT_FILTERS.contains(&filter.name) => self.amount(&whole, filter),
            Expr::IfExpr(choice) => {
                self.condition(&choice.test_expr);
                self.value(&choice.true_expr);
                choice.false_expr.iter().for_each(|other| self.value(other));
                return;
            }
            Expr::Test(test) => {
                let argument = test.args.first().map(argument);
                if NUMBER_TESTS.contains(&test.name) {
                    self.arithmetic(&whole, &[&test.expr]);
                } else if let Some(other) = argument {
                    if ORDER_TESTS.contains(&test.name) {
                        self.order(&whole, (&test.expr, other));
                    } else if EQUAL_TESTS.contains(&test.name) {
                        self.equality(&whole, (&test.expr, other));
                    }
                }
            }
            _ => {}
        }
        for child in children(expression) {
            self.value(child);
        }
    }

    /// Compares the arguments of a filter, at `whole`, with those that it takes.
    fn check_arguments(&mut self, whole: &Range<usize>, filter: &Filter<'_>) {
        let (Some(known), Some(inside)) = (filters::Filter::named(filter.name), &filter.expr) else { return };
        let given: Vec<_> = filter.args.iter().map(|given| (name_of(given), type_of(argument(given)))).collect();
        if let Some(fault) = known.fault(&given) {
            let (written, inside) = (cut(self.source, whole.clone()), cut(self.source, self.extent(inside)));
            let told = format!("`{written}`: {fault}; write `{inside} | {}`", known.example);
            self.uses.fault.get_or_insert(told);
        }
    }

    /// A filter that reads a number, at `whole`.
    fn amount(&mut self, whole: &Range<usize>, filter: &Filter<'_>) {
        let Some((inside, column)) = filter.expr.as_ref().and_then(|inside| Some((inside, self.text_column(inside)?)))
        else {
            return;
        };
        let how = filter.args.first().and_then(|how| argument(how).as_const());
        if filter.name == "number" && how.is_some_and(|how| how.as_str().is_some()) {
            return;
        }
        let written = cut(self.source, whole.clone());
        let inside = cut(self.source, self.extent(inside));
        let is_bare = filter.name == "number" && filter.args.is_empty();
        let rest = written.strip_prefix(inside).filter(|_| !is_bare).unwrap_or_default();
        let meant = format!("{inside} | number('.'){rest}");
        self.uses.amounts.push(TakenFor { column, written: written.to_owned(), meant, ruled_out: Vec::new() });
    }

    fn comparison(&mut self, comparison: &Compare<'_>) {
        let mut left = &comparison.expr;
        for step in &comparison.ops {
            let whole = around(self.extent(left), self.extent(&step.expr));
            match step.op {
                CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte => {
                    self.order(&whole, (left, &step.expr));
                }
                CompareOpKind::Eq | CompareOpKind::Ne | CompareOpKind::In | CompareOpKind::NotIn => {
                    self.equality(&whole, (left, &step.expr));
                }
            }
            left = &step.expr;
        }
    }

    /// `left < right` or `left > right`
    fn order(&mut self, whole: &Range<usize>, (left, right): (&Expr<'_>, &Expr<'_>)) {
        if gives_number(left) || gives_number(right) {
            self.arithmetic(whole, &[left, right]);
            let read: Vec<_> = [left, right].into_iter().flat_map(|operand| self.read_as_numbers(operand)).collect();
            for column in read {
                let guard = self.guards.iter_mut().rev().find(|(guarded, _)| *guarded == column);
                if let Some((_, is_needed)) = guard {
                    *is_needed = true;
                }
            }
        }
    }

    /// The columns that an expression reads with `number` and whose empty cells stay undefined: other filters give them
    /// a value.
    fn read_as_numbers(&self, expression: &Expr<'_>) -> Vec<String> {
        match expression {
            Expr::Filter(filter) if filter.name == "number" => {
                filter.expr.as_ref().and_then(|inside| self.text_column(inside)).into_iter().collect()
            }
            Expr::Filter(_) => Vec::new(),
            other => children(other).into_iter().flat_map(|child| self.read_as_numbers(child)).collect(),
        }
    }

    /// Operands that must be numbers, in an expression at `whole`.
    fn arithmetic(&mut self, whole: &Range<usize>, operands: &[&Expr<'_>]) {
        for operand in operands {
            let Some(column) = self.text_column(operand) else { continue };
            let range = self.extent(operand);
            let mut meant = format!(
                "{} | number{}",
                cut(self.source, whole.start..range.end),
                cut(self.source, range.end..whole.end)
            );
            // A number in quotes is compared as a text.
            for other in operands.iter().filter(|other| matches!(other, Expr::Const(_))) {
                let quoted = cut(self.source, self.extent(other));
                meant = meant.replace(quoted, quoted.trim_matches(['"', '\'']));
            }
            let written = cut(self.source, whole.clone()).to_owned();
            self.uses.numbers.push(TakenFor { column, written, meant, ruled_out: Vec::new() });
        }
    }

    /// `left == right`, `left in right` and their opposites.
    fn equality(&mut self, whole: &Range<usize>, (left, right): (&Expr<'_>, &Expr<'_>)) {
        for (one, other) in [(left, right), (right, left)] {
            let Some(column) = self.text_column(one) else { continue };
            let constants = constants(other);
            if constants.iter().any(|constant| constant.kind() == ValueKind::Bool) {
                self.take_for_truth(column, one, whole.clone());
            } else if constants.iter().any(Cell::is_number) || gives_number(other) && other.as_const().is_none() {
                self.arithmetic(whole, &[left, right]);
            } else if self.column(one).is_some() {
                let texts = constants.iter().filter_map(|text| text.as_str().map(str::to_owned));
                self.uses.compared.extend(texts.map(|text| (column.clone(), text)));
            }
        }
    }

    /// `tested` is the column; the test is at `whole`.
    fn take_for_truth(&mut self, column: String, tested: &Expr<'_>, whole: Range<usize>) {
        let written = cut(self.source, whole).to_owned();
        let meant = format!("{} | yes", cut(self.source, self.extent(tested)));
        self.uses.truths.push(TakenFor { column, written, meant, ruled_out: Vec::new() });
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for each in arguments {
            self.value(argument(each));
        }
    }

    /// The column that an expression names: `saldo`, `row.saldo`, `row['saldo']`, or a name that was set to one.
    fn column(&self, expression: &Expr<'_>) -> Option<String> {
        let of_row =
            |inside: &Expr<'_>| matches!(inside, Expr::Var(name) if name.id == "row" && self.named("row").is_none());
        match expression {
            Expr::Var(name) => match self.named(name.id) {
                Some(Named::Column(column)) => Some(column.clone()),
                Some(Named::Constant | Named::Inside(_) | Named::Other) => None,
                None => (name.id != "row" && !is_global(self.language, name.id)).then(|| name.id.to_owned()),
            },
            Expr::GetAttr(attribute) if of_row(&attribute.expr) => Some(attribute.name.to_owned()),
            Expr::GetItem(item) if of_row(&item.expr) => item.subscript_expr.as_const()?.as_str().map(str::to_owned),
            _ => None,
        }
    }

    /// The column whose cell is the text of an expression, unchanged or through filters that return a text.
    fn text_column(&self, expression: &Expr<'_>) -> Option<String> {
        match expression {
            Expr::Filter(filter) if TEXT_FILTERS.contains(&filter.name) => self.text_column(filter.expr.as_ref()?),
            Expr::Slice(slice) => self.text_column(&slice.expr),
            other => self.column(other),
        }
    }

    /// The column of an expression, or the place inside the value of one: `cuotas[].pagada`.
    fn path(&self, expression: &Expr<'_>) -> Option<String> {
        self.text_column(expression).or_else(|| match expression {
            Expr::Var(name) => match self.named(name.id) {
                Some(Named::Inside(path)) => Some(path.clone()),
                _ => None,
            },
            Expr::GetAttr(attribute) => Some(format!("{}.{}", self.path(&attribute.expr)?, attribute.name)),
            Expr::GetItem(item) => {
                let (inside, key) = (self.path(&item.expr)?, item.subscript_expr.as_const());
                Some(
                    key.as_ref()
                        .and_then(Cell::as_str)
                        .map_or_else(|| format!("{inside}[]"), |key| format!("{inside}.{key}")),
                )
            }
            Expr::Slice(slice) => self.path(&slice.expr),
            Expr::Filter(filter) if [&TEXT_FILTERS[..], &ITEM_FILTERS].concat().contains(&filter.name) => {
                self.path(filter.expr.as_ref()?)
            }
            _ => None,
        })
    }

    /// Whether an expression is the same for every row, and contains no text except an empty one.
    fn is_constant(&self, expression: &Expr<'_>) -> bool {
        match expression {
            Expr::Var(name) => match self.named(name.id) {
                Some(named) => *named == Named::Constant,
                None => is_global(self.language, name.id),
            },
            Expr::Const(constant) => constant.value.as_str().is_none_or(str::is_empty),
            _ => children(expression).into_iter().all(|child| self.is_constant(child)),
        }
    }
}

fn name_of<'a>(argument: &CallArg<'a>) -> Option<&'a str> {
    match argument {
        CallArg::Kwarg(name, _) => Some(name),
        CallArg::Pos(_) => None,
        CallArg::PosSplat(_) | CallArg::KwargSplat(_) => Some("*"),
    }
}

fn type_of(expression: &Expr<'_>) -> Type {
    match expression.as_const().map(|constant| constant.kind()) {
        Some(ValueKind::String) => Type::Text,
        Some(ValueKind::Number) => Type::Number,
        Some(ValueKind::Bool) => Type::Truth,
        Some(ValueKind::Seq) => Type::List,
        _ => Type::Any,
    }
}

/// The constant that an expression is, or those of the list that it is.
fn constants(expression: &Expr<'_>) -> Vec<Cell> {
    match expression.as_const() {
        Some(list) if matches!(list.kind(), ValueKind::Seq) => {
            list.try_iter().map(Iterator::collect).unwrap_or_default()
        }
        Some(constant) => vec![constant],
        None => Vec::new(),
    }
}

fn is_global(language: &Environment<'_>, name: &str) -> bool {
    language.globals().any(|(global, _)| global == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::language;

    fn of(source: &str) -> Uses {
        Uses::of(&language(), source)
    }

    fn taken(uses: &[TakenFor]) -> Vec<(&str, &str)> {
        uses.iter().map(|taken| (taken.written.as_str(), taken.meant.as_str())).collect()
    }

    #[test]
    fn knows_the_amounts_whose_decimal_sign_no_filter_says() {
        for (source, expected) in [
            ("{{ saldo | money('$') }}", &[("saldo | money('$')", "saldo | number('.') | money('$')")][..]),
            ("{{ saldo | trim | number }}", &[("saldo | trim | number", "saldo | trim | number('.')")]),
            (
                "{{ row['mi saldo'] | number(2) }}",
                &[("row['mi saldo'] | number(2)", "row['mi saldo'] | number('.') | number(2)")],
            ),
            ("{% if saldo | number > 5 %}!{% endif %}", &[("saldo | number", "saldo | number('.')")]),
            ("{{ saldo | number(',') | money('$') }} {{ saldo }} {{ nombre | upper }}", &[]),
        ] {
            assert_eq!(taken(&of(source).amounts), expected, "{source}");
        }
    }

    #[test]
    fn knows_the_columns_that_leave_gaps() {
        for (source, expected) in [
            (
                "Hola {{ nombre }}, {{ row['Nombre completo'] | upper }} {{ row.a }}",
                &["Nombre completo", "a", "nombre"][..],
            ),
            ("{{ nombre or 'x' }} {{ nombre | default('x', true) }} {{ a ~ b }} {{ f(x) }}", &[]),
            ("{% if nombre %}{{ nombre }}{% endif %}{{ otro }}", &["otro"]),
            ("{{ Ciudad[:3] }}", &["Ciudad"]),
        ] {
            assert_eq!(Vec::from_iter(of(source).gaps), expected, "{source}");
        }
    }

    #[test]
    fn knows_the_columns_that_are_printed() {
        for (source, expected) in [
            (
                "Hola {{ nombre }} {{ row['Nombre completo'] | default('x') }} {{ 1 }}",
                &["Nombre completo", "nombre"][..],
            ),
            ("{{ a ~ a }}", &["a"]),
            ("{{ nombre if nombre != '#N/A' else 'x' }} {{ 'x' }} {{ row }}", &["nombre"]),
            ("{% if nombre %}{{ nombre }}{% endif %}", &["nombre"]),
            ("{% if nombre != '-' %}{{ otro }}{% endif %}", &["otro"]),
            ("{{ Ciudad[:3] }} {{ nombre.title() }}", &["Ciudad", "nombre"]),
            ("{% set n = nombre %}{{ n }}", &["nombre"]),
        ] {
            assert_eq!(Vec::from_iter(of(source).printed), expected, "{source}");
        }
    }

    #[test]
    fn finds_texts_that_are_taken_for_numbers() {
        for (source, expected) in [
            ("{% if saldo > 100 %}a{% endif %}", &[("saldo > 100", "saldo | number > 100")][..]),
            (
                "{% if 100 <= row['Saldo total'] %}a{% endif %}",
                &[("100 <= row['Saldo total']", "100 <= row['Saldo total'] | number")],
            ),
            ("{{ saldo * 2 }}", &[("saldo * 2", "saldo | number * 2")]),
            ("{{ saldo + 10 }}", &[("saldo + 10", "saldo | number + 10")]),
            ("{{ -saldo }}", &[("-saldo", "-saldo | number")]),
            ("{% if saldo == 100 %}a{% endif %}", &[("saldo == 100", "saldo | number == 100")]),
            ("{% if saldo in [100, 200] %}a{% endif %}", &[("saldo in [100, 200]", "saldo | number in [100, 200]")]),
            ("{% if saldo > '100' %}a{% endif %}", &[("saldo > '100'", "saldo | number > 100")]),
            ("{% if saldo | trim > 100 %}a{% endif %}", &[("saldo | trim > 100", "saldo | trim | number > 100")]),
            ("{{ 'a' if saldo >= 5 else 'b' }}", &[("saldo >= 5", "saldo | number >= 5")]),
            ("{% set s = saldo %}{% if s > 5 %}a{% endif %}", &[("s > 5", "s | number > 5")]),
            ("{% if saldo is gt(5) %}a{% endif %}", &[("saldo is gt(5)", "saldo | number is gt(5)")]),
            (
                "{% if saldo | number > deuda %}a{% endif %}",
                &[("saldo | number > deuda", "saldo | number > deuda | number")],
            ),
            (
                "{% if 1 < saldo < 5 %}a{% endif %}",
                &[("1 < saldo", "1 < saldo | number"), ("saldo < 5", "saldo | number < 5")],
            ),
        ] {
            assert_eq!(taken(&of(source).numbers), expected, "{source}");
        }
    }

    #[test]
    fn takes_nothing_else_for_a_number() {
        for source in [
            "{% if saldo | number > 100 %}a{% endif %}",
            "{% if saldo %}{{ saldo }}{% endif %}",
            "{% if codigo == '100' %}a{% endif %}",
            "{{ nombre + ' ' + apellido }} {{ nombre ~ 1 }}",
            "{% for i in range(3) %}{{ i * 2 }}{% endfor %}",
            "{% if nombre | length > 10 %}a{% endif %}",
            "{{ saldo | number * 2 }}",
            "{% if vence < '2026-11-30' %}a{% endif %}",
        ] {
            assert_eq!(taken(&of(source).numbers), &[], "{source}");
        }
    }

    #[test]
    fn finds_texts_that_are_taken_for_yes_or_no() {
        for (source, expected) in [
            ("{% if vip %}a{% endif %}", &[("vip", "vip | yes")][..]),
            ("{% if not vip and otro %}a{% endif %}", &[("otro", "otro | yes"), ("vip", "vip | yes")]),
            ("{{ 'a' if row['Es VIP'] else 'b' }}", &[("row['Es VIP']", "row['Es VIP'] | yes")]),
            ("{% if vip == true %}a{% endif %}", &[("vip == true", "vip | yes")]),
            ("{% if vip is true %}a{% endif %}", &[]),
            ("{% if vip | trim %}a{% endif %}", &[("vip | trim", "vip | trim | yes")]),
            ("{% if vip | yes %}a{% endif %}", &[]),
            ("{% if vip == 'si' %}a{% endif %}", &[]),
            ("{% if saldo and saldo | number < 5 %}a{% endif %}", &[]),
            ("{% if saldo and saldo | number > 0 %}a{% endif %}", &[]),
            ("{% if saldo and 0 < saldo | number %}a{% endif %}", &[]),
            ("{% if saldo %}{% if saldo | number < 5 %}a{% endif %}{% endif %}", &[]),
            ("{% if saldo %}a{% endif %}{% if saldo | number < 5 %}b{% endif %}", &[("saldo", "saldo | yes")]),
            ("{% if vip is defined %}a{% endif %}", &[]),
            ("{{ vip or 'x' }}", &[]),
            ("{% if c.vip %}a{% endif %}", &[("c.vip", "c.vip | yes")]),
            ("{% for q in row.cuotas %}{% if q.pagada %}a{% endif %}{% endfor %}", &[("q.pagada", "q.pagada | yes")]),
            ("{% for q in range(3) %}{% if loop.first %}a{% endif %}{% endfor %}", &[]),
        ] {
            assert_eq!(taken(&of(source).truths), expected, "{source}");
        }
        assert_eq!(taken(&of("{{ saldo | float }}").casts), [("saldo | float", "saldo | number")]);
        assert_eq!(Vec::from_iter(of("{% if vip in ['si', 'sí'] %}a{% endif %}").compared).len(), 2);
    }
}
