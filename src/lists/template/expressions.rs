//! The expressions and conditions of a message. Filling its texts notes their values, and counts of these show what a list
//! sends (`column_facts/`).

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{CodeGenerator, Instruction, Instructions, Span, Token, tokenize};
use minijinja::{Environment, State, Value as Cell};

use super::operators::{NOT_CACHED, in_text, replace_operators};
use super::row_view::RowView;
use super::syntax::syntax;

/// The filter that notes the value before it, which is printed next. A template cannot write this name.
const NOTE_VALUE: &str = "\0value";
/// The filter that notes whether the condition before it is true.
const NOTE_CONDITION: &str = "\0condition";

/// What a text takes from a row: `{{ nombre | title }}`, or the condition of `{% if plan == 'oro' %}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextExpression {
    /// Its source on one line: `nombre | title`, or `if plan == 'oro'`.
    pub(crate) written: String,
    pub(crate) is_condition: bool,
    /// Whether a filter has written its value as a number or a date, so that all values look alike.
    pub(crate) is_formatted: bool,
    /// The columns that it uses, by the names in the text. Empty if it may use any column.
    pub(crate) columns: Vec<String>,
    pub(super) rule: PrintRule,
}

/// What an expression may print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PrintRule {
    /// The columns in its value.
    pub(super) printed: Vec<String>,
    /// Whether its text says that it may print nothing.
    pub(super) may_be_empty: bool,
    /// Whether a text has it inside a link.
    pub(super) is_in_link: bool,
}

impl TextExpression {
    /// Creates a printed expression, which is at `span` of `source`.
    pub(super) fn printed(source: &str, span: Span) -> Self {
        let start = span.start_offset as usize;
        let end = span.end_offset as usize;
        Self {
            written: on_one_line(source.get(start..end).unwrap_or_default()),
            is_condition: false,
            is_formatted: false,
            columns: Vec::new(),
            rule: PrintRule::default(),
        }
    }

    /// Creates the condition of a statement, which begins at `span` of `source`.
    pub(super) fn condition(source: &str, span: Span) -> Self {
        let start = span.start_offset as usize;
        let tokens = tokenize(source, false, syntax()).map_while(Result::ok);
        let mut ends = tokens.filter(|(token, _)| matches!(token, Token::BlockEnd));
        let end = ends.find(|(_, end)| end.start_offset as usize > start);
        let end = end.map_or(source.len(), |(_, end)| end.start_offset as usize);
        let written = source.get(start..end).unwrap_or_default();
        Self {
            written: on_one_line(written.trim_end().trim_end_matches('-')),
            is_condition: true,
            is_formatted: false,
            columns: Vec::new(),
            rule: PrintRule::default(),
        }
    }
}

fn on_one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The different expressions of a message. An expression has one number, however often it is written.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    all: Vec<TextExpression>,
}

impl Expressions {
    /// Returns the number of `expression`.
    pub(super) fn number(&mut self, expression: TextExpression) -> usize {
        let mut all = self.all.iter_mut().enumerate();
        let known = all.find(|(_, known)| known.written == expression.written);
        if let Some((number, known)) = known {
            known.rule.may_be_empty &= expression.rule.may_be_empty;
            known.rule.is_in_link |= expression.rule.is_in_link;
            return number;
        }
        self.all.push(expression);
        self.all.len() - 1
    }

    pub(super) fn into_all(self) -> Vec<TextExpression> {
        self.all
    }
}

/// Adds the filters that note values.
pub(super) fn add_notes(language: &mut Environment<'_>) {
    language.add_filter(NOTE_VALUE, note_value);
    language.add_filter(NOTE_CONDITION, note_condition);
}

fn note_value(state: &State<'_, '_>, value: Cell, expression: usize) -> Cell {
    // A value that cannot be printed is an error of the next instruction.
    if let Some(view) = RowView::in_state(state)
        && let Ok(text) = in_text(state, &value)
    {
        let amount = view.take_amount().or_else(|| view.stored_amount(&value));
        view.note(|values| values.note_text(expression, &text, amount));
    }
    value
}

fn note_condition(state: &State<'_, '_>, value: Cell, expression: usize) -> Cell {
    if let Some(view) = RowView::in_state(state) {
        view.take_amount();
        view.note(|values| values.note_condition(expression, value.is_true()));
    }
    value
}

/// Compiles `text` so that filling it notes its values. `numbers` has the number of each printed expression and condition,
/// in the order of the text; None for one without a column.
pub(super) fn compile_noted<'a>(
    source: &'a str,
    text: &Stmt<'a>,
    numbers: &[Option<usize>],
) -> Instructions<'a> {
    let mut compiler = NotingCompiler {
        generator: CodeGenerator::new("<text>", source),
        numbers: numbers.iter(),
    };
    compiler.statement(text);
    let (mut instructions, _) = compiler.generator.finish();
    replace_operators(&mut instructions);
    instructions
}

struct NotingCompiler<'a, 'n> {
    generator: CodeGenerator<'a>,
    numbers: std::slice::Iter<'n, Option<usize>>,
}

impl<'a> NotingCompiler<'a, '_> {
    fn statements(&mut self, statements: &[Stmt<'a>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'a>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => {
                self.noted(&emit.expr, NOTE_VALUE);
                self.generator.add_with_span(Instruction::Emit, emit.span());
            }
            Stmt::IfCond(condition) => {
                self.noted(&condition.expr, NOTE_CONDITION);
                self.generator.start_if();
                self.statements(&condition.true_body);
                if !condition.false_body.is_empty() {
                    self.generator.start_else();
                    self.statements(&condition.false_body);
                }
                self.generator.end_if();
            }
            other => self.generator.compile_stmt(other),
        }
    }

    /// Compiles an expression, and then the filter that notes its value.
    fn noted(&mut self, expression: &Expr<'a>, filter: &'static str) {
        self.generator.compile_expr(expression);
        if let Some(Some(number)) = self.numbers.next() {
            let number = Instruction::LoadConst(Cell::from(*number));
            self.generator.add(number);
            let note = Instruction::ApplyFilter(filter, Some(2), NOT_CACHED);
            self.generator.add(note);
        }
    }
}
