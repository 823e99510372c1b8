//! The operators of a text that is filled: they refuse values for which minijinja would not do what the text means. To it
//! any text is greater than any number, and `'50' * 2` is `5050`. Cells that are joined to a text are as the sheet shows
//! them.

use std::borrow::Cow;

use minijinja::machinery::{Instruction, Instructions};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, Value as Cell};

use super::dates::is_date;
use super::numbers::{is_amount, read_yes};
use super::row_view::RowView;
use crate::list::plain_number;

/// Refuses two operands.
type OperandCheck = fn(&State<'_, '_>, &Cell, &Cell) -> Result<(), Error>;

/// Instead of a place in minijinja's cache: the filter is looked up each time.
const NOT_CACHED: u8 = u8::MAX;

/// What is done to the operands, by the name of its filter; a template cannot write it.
const LESS: &str = "\0less";
const GREATER: &str = "\0greater";
const EQUAL: &str = "\0equal";
const INSIDE: &str = "\0inside";
const NUMBERS: &str = "\0numbers";
const JOINED: &str = "\0joined";
const ADDED: &str = "\0added";

/// Adds the checks.
pub(super) fn add_checks(language: &mut Environment<'_>) {
    let checks: [(&str, OperandCheck); 5] = [
        (LESS, less),
        (GREATER, |state, greater, other| less(state, other, greater)),
        (EQUAL, equal),
        (INSIDE, inside),
        (NUMBERS, numbers),
    ];
    for (name, check) in checks {
        language.add_filter(name, move |state: &State<'_, '_>, operands: Cell| {
            check(state, &operands.get_item_by_index(0)?, &operands.get_item_by_index(1)?).map(|()| operands)
        });
    }
    language.add_filter(JOINED, joined);
    language.add_filter(ADDED, added);
}

/// The same instructions, with a check of the operands before each operator that needs one.
pub(super) fn checked<'a>(plain: &Instructions<'a>) -> Instructions<'a> {
    let mut checked = Instructions::new(plain.name(), plain.source());
    let mut places = Vec::new();
    for instruction in (0..).map_while(|at| plain.get(at)) {
        let check = check_of(instruction).map(|check| {
            let apply = Instruction::ApplyFilter(check, Some(1), NOT_CACHED);
            [Instruction::BuildTuple(Some(2)), apply, Instruction::UnpackList(2), Instruction::Swap]
        });
        let with_check = check.into_iter().flatten().chain([instruction.clone()]);
        let added: Vec<_> = with_check.map(|instruction| checked.add(instruction)).collect();
        places.extend(added.first().copied());
    }
    // A jump may lead behind the last instruction.
    let end = checked.add(Instruction::EmitRaw(""));
    let mut at = 0;
    while let Some(instruction) = checked.get_mut(at) {
        if let Instruction::Iterate(target)
        | Instruction::Jump(target)
        | Instruction::JumpIfFalse(target)
        | Instruction::JumpIfFalseOrPop(target)
        | Instruction::JumpIfTrueOrPop(target) = instruction
        {
            let place = usize::try_from(*target).ok().and_then(|target| places.get(target));
            *target = place.copied().unwrap_or(end);
        }
        at += 1;
    }
    checked
}

fn check_of(instruction: &Instruction<'_>) -> Option<&'static str> {
    Some(match instruction {
        // The operators of `1 < saldo < 5` but the last; which they are, minijinja does not make public.
        Instruction::Lt | Instruction::Lte | Instruction::CompareAndPreserve(_) => LESS,
        Instruction::Gt | Instruction::Gte => GREATER,
        Instruction::Eq | Instruction::Ne => EQUAL,
        Instruction::In => INSIDE,
        Instruction::Sub
        | Instruction::Mul
        | Instruction::Div
        | Instruction::IntDiv
        | Instruction::Rem
        | Instruction::Pow => NUMBERS,
        Instruction::StringConcat => JOINED,
        Instruction::Add => ADDED,
        _ => return None,
    })
}

fn refused(problem: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, problem)
}

/// `less < greater`
fn less(_: &State<'_, '_>, less: &Cell, greater: &Cell) -> Result<(), Error> {
    if less.is_undefined() || greater.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    match (less.as_str().map(str::trim), greater.as_str().map(str::trim)) {
        (Some(text), None) if greater.is_number() => Err(text_beside(text, greater)),
        (None, Some(text)) if less.is_number() => Err(text_beside(text, less)),
        (None, None) if less.is_none() && greater.is_number() => Err(empty("any number", "saldo | number < 100")),
        (Some(""), Some(text)) if is_date(text) => Err(empty("any date", "vence | date('%Y-%m-%d') < '2026-11-28'")),
        (Some(one), Some(other)) if is_amount(one) && is_amount(other) && !are_codes(one, other) => Err(refused(
            format!("`{one}` and `{other}` would be compared letter by letter; write `| number` behind both"),
        )),
        (Some(one), Some(other)) if !one.is_empty() && !other.is_empty() && (is_date(one) || is_date(other)) => {
            if sorts_by_letters(one, other) {
                return Ok(());
            }
            let way_out = if one.contains(':') && one.len() <= "10:30:00".len() {
                "write the hour with two digits, as '09:30'"
            } else {
                "write `| date('%Y-%m-%d')` behind a date of the list, and '2026-11-28' for a day"
            };
            Err(refused(format!("`{one}` and `{other}` would be compared letter by letter; {way_out}")))
        }
        _ => Ok(()),
    }
}

fn equal(state: &State<'_, '_>, one: &Cell, other: &Cell) -> Result<(), Error> {
    if one.is_undefined() || other.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let view = RowView::in_state(state);
    for (cell, other) in [(one, other), (other, one)] {
        if other.is_none() && cell.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Err(refused("an empty cell is an empty text, and never none; write `saldo == ''`".to_owned()));
        }
        let shown = view.as_ref().and_then(|view| view.shown_text(cell));
        if let Some(shown) = shown.filter(|shown| other.as_str() == Some(shown) && cell != other) {
            return Err(refused(format!(
                "the sheet shows `{shown}`, but has stored `{cell}`, and that is what is compared; write '{cell}'"
            )));
        }
        let text = cell.as_str();
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { continue };
        if other.is_number() && is_amount(text) {
            return Err(text_beside(text, other));
        }
        if other.kind() == ValueKind::Bool && read_yes(text).is_ok() {
            return Err(refused(format!("`{text}` is a text, and never equal to {other}; write `| yes` behind it")));
        }
    }
    Ok(())
}

/// `one in other`
fn inside(state: &State<'_, '_>, one: &Cell, other: &Cell) -> Result<(), Error> {
    match other.kind() {
        ValueKind::Seq | ValueKind::Iterable => other.try_iter()?.try_for_each(|item| equal(state, one, &item)),
        _ => Ok(()),
    }
}

fn numbers(_: &State<'_, '_>, one: &Cell, other: &Cell) -> Result<(), Error> {
    match [one, other].into_iter().find(|operand| !operand.is_number()) {
        None => Ok(()),
        Some(text) if text.as_str().is_some() => Err(refused(format!(
            "`{text}` is a text, and only numbers can be computed with; write `| number` behind it"
        ))),
        Some(operand) if operand.is_undefined() => Err(ErrorKind::UndefinedError.into()),
        Some(operand) => Err(refused(format!(
            "{} is not a number, and only numbers can be computed with; write `| number | default(0)` behind a column",
            operand.kind()
        ))),
    }
}

/// The operands of `'N.º ' ~ codigo`, each as it goes into a text.
fn joined(state: &State<'_, '_>, operands: &Cell) -> Result<Cell, Error> {
    let shown = |operand: Cell| in_text(state, &operand).map(|text| Cell::from(text.as_ref()));
    operands.try_iter()?.map(shown).collect::<Result<Vec<_>, _>>().map(Cell::from)
}

/// The operands of `'N.º ' + codigo`, or two numbers.
fn added(state: &State<'_, '_>, operands: &Cell) -> Result<Cell, Error> {
    let (one, other) = (operands.get_item_by_index(0)?, operands.get_item_by_index(1)?);
    if one.as_str().is_some() && other.as_str().is_some() {
        return joined(state, operands);
    }
    numbers(state, &one, &other).map(|()| operands.clone())
}

/// A value as a part of a text, which may be a text, a number or a boolean: null would read `None`. An unchanged cell has
/// the text that the sheet shows.
pub(super) fn in_text<'v>(state: &State<'_, '_>, value: &'v Cell) -> Result<Cow<'v, str>, Error> {
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => {
            return Err(refused(
                "null, which is also the number of an empty cell, cannot be part of a text; write `| default('…')` behind it"
                    .to_owned(),
            ));
        }
        // As in JSON, not as in Python.
        ValueKind::Bool => value.is_true().to_string().into(),
        ValueKind::String => {
            let view = RowView::in_state(state).filter(|_| value.is_safe());
            let shown = view.as_ref().and_then(|view| view.shown_text(value)).map(|shown| shown.to_owned().into());
            shown.or(value.as_str().map(Cow::from)).unwrap_or_default()
        }
        // Computed numbers carry binary fractions: `900 * 1.12` is 1008.0000000000001.
        ValueKind::Number if !value.is_integer() => plain_number(f64::try_from(value.clone())?).into(),
        ValueKind::Number => value.to_string().into(),
        other => return Err(refused(format!("a {other} cannot be part of a text"))),
    })
}

fn text_beside(text: &str, number: &Cell) -> Error {
    refused(format!("compares the text `{text}` with the number {number}; write `| number` behind the text"))
}

fn empty(than: &str, example: &str) -> Error {
    let column = example.split(' ').next().unwrap_or_default();
    refused(format!("an empty cell counts as less than {than}; write `{column} != '' and {example}`"))
}

/// Whether digits have the order of their letters: `00123`, `20261128`.
fn are_codes(one: &str, other: &str) -> bool {
    one.len() == other.len() && [one, other].iter().all(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether two dates or times have the order of their letters: `2026-11-28` and `2026-12-01 08:30`.
fn sorts_by_letters(one: &str, other: &str) -> bool {
    let form = |date: &str| date.replace(|sign: char| sign.is_ascii_digit(), "0");
    let [one, other] = [one, other].map(form);
    ["0000-00-00", "00:00"].iter().any(|begin| one.starts_with(begin) && other.starts_with(begin))
        && one.bytes().zip(other.bytes()).all(|(one, other)| one == other)
}
