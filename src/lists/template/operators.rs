//! The operators of a text during filling, because only the row shows the types of values.
//! minijinja compares any types: every text is greater than every number. These operators reject
//! surprising comparisons. A cell that is joined to a text looks as the sheet shows it.

use std::borrow::Cow;

use minijinja::machinery::{Instruction, Instructions};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, Value as Cell, tests::is_in};

use super::problem::{TextProblem, described};
use super::row_view::RowView;
use crate::base::letters::are_same_letters;
use crate::base::message::{Message, msg};
use crate::lists::list_file::plain_number;

/// The slot in minijinja's cache that means: look up the filter each time.
pub(super) const NOT_CACHED: u8 = u8::MAX;

/// The problem of a missing value in a text.
pub(super) fn null_in_text() -> TextProblem {
    TextProblem::new(
        msg!("null, which is also the number of an empty cell, cannot be part of a text"),
        msg!("write `| default(\"…\")` after it"),
    )
}

/// Adds the operators as filters with names that a template cannot write.
pub(super) fn add_operators(language: &mut Environment<'_>) {
    language.add_filter("\0<", |one: &Cell, other: &Cell| {
        check_order(one, other).map(|()| one < other)
    });
    language.add_filter("\0<=", |one: &Cell, other: &Cell| {
        check_order(one, other).map(|()| one <= other)
    });
    language.add_filter("\0>", |one: &Cell, other: &Cell| {
        check_order(other, one).map(|()| one > other)
    });
    language.add_filter("\0>=", |one: &Cell, other: &Cell| {
        check_order(other, one).map(|()| one >= other)
    });
    language.add_filter("\0==", equal);
    language.add_filter("\0!=", |state: &State<'_, '_>, one: &Cell, other: &Cell| {
        equal(state, one, other).map(|is_equal| !is_equal)
    });
    language.add_filter("\0in", inside);
    language.add_filter("\0~", joined);
}

/// Replaces minijinja's operators with ours.
pub(super) fn replace_operators(instructions: &mut Instructions<'_>) {
    for at in 0.. {
        let Some(instruction) = instructions.get_mut(at) else {
            return;
        };
        let ours = match instruction {
            Instruction::Lt => "\0<",
            Instruction::Lte => "\0<=",
            Instruction::Gt => "\0>",
            Instruction::Gte => "\0>=",
            Instruction::Eq => "\0==",
            Instruction::Ne => "\0!=",
            Instruction::In => "\0in",
            Instruction::StringConcat => "\0~",
            // `'VIP' if plan == 'oro'` without `else` prints nothing.
            Instruction::LoadConst(value) if value.is_undefined() => {
                *value = Cell::from("");
                continue;
            }
            _ => continue,
        };
        *instruction = Instruction::ApplyFilter(ours, Some(2), NOT_CACHED);
    }
}

/// Checks that `less < greater` compares what the text means. An empty cell is not greater than anything.
fn check_order(less: &Cell, greater: &Cell) -> Result<(), Error> {
    if less.is_undefined() || greater.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let is_empty =
        |cell: &Cell| cell.is_none() || cell.as_str().is_some_and(|text| text.trim().is_empty());
    match (
        less.as_str().map(str::trim),
        greater.as_str().map(str::trim),
    ) {
        (Some(_), Some("")) => Ok(()),
        _ if is_empty(less) => {
            let problem = msg!("an empty cell counts as less than anything");
            let hint = msg!("write `COLUMN != \"\" and …` before the comparison");
            Err(TextProblem::new(problem, hint).into())
        }
        _ if greater.is_none() && (less.is_number() || less.as_str().is_some()) => Ok(()),
        _ if !are_of_one_type(less, greater) => Err(mixed_comparison(less, greater)),
        (Some(one), Some(other)) if !are_dates(one, other) => {
            let problem = msg!(
                "`{one}` and `{other}` would be compared letter by letter",
                one,
                other
            );
            let hint = msg!(
                "write `| number` after both, or `| date(\"%Y-%m-%d\")` after a date of the list, \"2026-11-28\" for a day and \
                 \"09:30\" for a time"
            );
            Err(TextProblem::new(problem, hint).into())
        }
        _ => Ok(()),
    }
}

fn equal(state: &State<'_, '_>, one: &Cell, other: &Cell) -> Result<bool, Error> {
    if one.is_undefined() || other.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let view = RowView::in_state(state);
    if view.as_ref().is_some_and(|view| view.has_nulls())
        && let Some(is_equal) = equal_to_null(one, other)
    {
        return Ok(is_equal);
    }
    for (cell, other) in [(one, other), (other, one)] {
        let shown = view.as_ref().and_then(|view| view.shown_text(cell));
        if let Some(shown) = shown.filter(|shown| other.as_str() == Some(shown) && cell != other) {
            let cell = cell.to_string();
            let problem = msg!(
                "the sheet shows `{shown}`, but stores `{cell}`",
                shown,
                cell
            );
            let hint = msg!("to compare the stored value, write \"{cell}\"", cell);
            return Err(TextProblem::new(problem, hint).into());
        }
        let is_null_and_text = cell.as_str().is_some() && other.is_none();
        let is_same = cell.is_none() || other.is_none() || are_of_one_type(cell, other);
        if is_null_and_text || !is_same {
            return Err(mixed_comparison(cell, other));
        }
    }
    Ok(match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => are_same_letters(one, other),
        _ => one == other,
    })
}

/// Compares null, which is an empty cell of NDJSON, with a text. None for other values.
fn equal_to_null(one: &Cell, other: &Cell) -> Option<bool> {
    let text = match (one.is_none(), other.is_none()) {
        (true, _) => other.as_str(),
        (_, true) => one.as_str(),
        (false, false) => None,
    };
    text.map(|text| text.trim().is_empty())
}

/// Returns whether both are texts, both are numbers, or both are yes or no.
fn are_of_one_type(one: &Cell, other: &Cell) -> bool {
    let kind = one.kind();
    matches!(
        kind,
        ValueKind::String | ValueKind::Number | ValueKind::Bool
    ) && kind == other.kind()
}

/// Implements `one in other`.
fn inside(state: &State<'_, '_>, one: &Cell, other: &Cell) -> Result<bool, Error> {
    match other.kind() {
        _ if one.is_undefined() => Err(ErrorKind::UndefinedError.into()),
        ValueKind::Seq | ValueKind::Iterable => {
            let found = other
                .try_iter()?
                .map(|item| equal(state, one, &item))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(found.contains(&true))
        }
        ValueKind::String if one.as_str().is_none_or(|text| text.trim().is_empty()) => {
            let one = described(one);
            let problem = msg!("`in` cannot find {one} in a text", one);
            Err(TextProblem::new(problem, list_after_in()).into())
        }
        ValueKind::String | ValueKind::Map | ValueKind::Undefined => is_in(state, one, other),
        kind => {
            let kind = kind.to_string();
            Err(TextProblem::from(msg!("a {kind} cannot contain anything", kind)).into())
        }
    }
}

/// Implements `'N.º ' ~ codigo`, each in the form that is printed.
fn joined(state: &State<'_, '_>, one: &Cell, other: &Cell) -> Result<String, Error> {
    Ok(in_text(state, one)?.into_owned() + &in_text(state, other)?)
}

/// Returns a value as a part of a text: a text, a number or a boolean. Null is an error, because it
/// would print `None`. An unchanged cell has the text that the sheet shows.
pub(super) fn in_text<'v>(state: &State<'_, '_>, value: &'v Cell) -> Result<Cow<'v, str>, Error> {
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => {
            return Err(null_in_text().into());
        }
        // As in JSON, not as in Python.
        ValueKind::Bool => value.is_true().to_string().into(),
        ValueKind::String => {
            let view = RowView::in_state(state).filter(|_| value.is_safe());
            let shown = view
                .as_ref()
                .and_then(|view| view.shown_text(value))
                .map(|shown| shown.to_owned().into());
            shown.or(value.as_str().map(Cow::from)).unwrap_or_default()
        }
        // Computed numbers have rounding errors: `900 * 1.12` is 1008.0000000000001.
        ValueKind::Number if !value.is_integer() => {
            plain_number(f64::try_from(value.clone())?).into()
        }
        ValueKind::Number => value.to_string().into(),
        other => {
            let other = other.to_string();
            return Err(
                TextProblem::from(msg!("a {other} cannot be part of a text", other)).into(),
            );
        }
    })
}

/// Returns what to write instead of a text after `in`.
pub(super) fn list_after_in() -> Message {
    msg!("write a list after `in`: [\"oro\", \"plata\"]")
}

/// Returns the problem of two values that cannot be compared.
fn mixed_comparison(one: &Cell, other: &Cell) -> Error {
    // The one to change is named first.
    let rank = |cell: &Cell| match cell.kind() {
        ValueKind::Seq | ValueKind::Iterable => 0,
        ValueKind::String => 2,
        ValueKind::Bool | ValueKind::Number | ValueKind::None => 3,
        _ => 1,
    };
    let (first, second) = if rank(one) <= rank(other) {
        (one, other)
    } else {
        (other, one)
    };
    let hint = match (rank(first), second.kind()) {
        (0, _) => Some(msg!(
            "write `| length` after the list, or `\"…\" in` before it"
        )),
        (2, ValueKind::Bool) => Some(msg!("write `| yes` after the text")),
        (2, ValueKind::None) => Some(msg!("write \"\" for an empty cell")),
        (2, _) => Some(msg!("write `| number` after the text")),
        _ => None,
    };
    let [first, second] = [first, second].map(described);
    let problem = msg!("compares {first} with {second}", first, second);
    let problem = TextProblem::from(problem);
    TextProblem { hint, ..problem }.into()
}

/// Returns whether two texts are days or times that sort alphabetically: `2026-11-28` and
/// `2026-12-01`.
fn are_dates(one: &str, other: &str) -> bool {
    let form = |date: &str| date.replace(|sign: char| sign.is_ascii_digit(), "0");
    let [one, other] = [one, other].map(form);
    one == other
        && ["0000-00-00", "00:00"]
            .iter()
            .any(|begin| one.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use crate::lists::template::fixture::{check, filled_from_sheet};

    #[test]
    fn none_is_no_cell_of_a_table() {
        let source = "{% if x == none %}yes{% endif %}";
        let refused = filled_from_sheet(source, ["a", "a"], "EC", false).unwrap_err();
        let expected = "compares the text `a` with none; write \"\" for an empty cell";
        assert!(refused.contains(expected), "{refused}");
    }

    #[test]
    fn only_values_of_one_type_are_compared() {
        for (condition, expected) in [
            (
                "x | split(',') > 1",
                Err("compares a list with 1; write `| length` after the list"),
            ),
            ("tags > 3", Err("text: compares a list with 3")),
            ("3 < tags", Err("compares a list with 3")),
            ("client > 3", Err("compares an object with 3")),
            ("client == 'a'", Err("compares an object with the text `a`")),
            (
                "tags == 'vip'",
                Err(
                    "compares a list with the text `vip`; write `| length` after the list, or `\"…\" in`",
                ),
            ),
            ("tags != ''", Err("compares a list with the text ``")),
            ("tags == tags", Err("compares a list with a list")),
            ("n | number == true", Err("compares 10 with true")),
            ("n | number > false", Err("compares false with 10")),
            (
                "n | number < none",
                Err("`none` is neither less nor greater"),
            ),
            ("none >= tags", Err("`none` is neither less nor greater")),
            ("tags > nothing", Err("an empty cell counts as less")),
            ("nothing > tags", Err("compares a list with none")),
            ("nothing == ''", Ok("yes")),
            ("nothing == 'oro'", Ok("no")),
            ("nothing in ['oro', 'plata']", Ok("no")),
            ("x != none", Ok("yes")),
            ("nothing >= nothing", Err("an empty cell counts as less")),
            ("n | number in [tags]", Err("compares a list with 10")),
            ("x == 'Ana'", Ok("yes")),
            ("n | number > 9.5", Ok("yes")),
            ("n | number > nothing", Err("an empty cell counts as less")),
            ("n | number < nothing", Ok("no")),
            ("(x | length > 9 or '' | yes) == false", Ok("yes")),
            ("(n == '10') == (x != '')", Ok("yes")),
            ("tags | length > 1", Ok("yes")),
            ("'vip' in tags", Ok("yes")),
            ("'age' in client", Ok("yes")),
            ("client.age == 30", Ok("yes")),
            ("tags == none", Ok("no")),
            ("tags != none", Ok("yes")),
            ("nothing == none", Ok("yes")),
            ("n | number == none", Ok("no")),
            ("x | split | first == 'Ana'", Ok("yes")),
        ] {
            let source = format!("{{% if {condition} %}}yes{{% else %}}no{{% endif %}}");
            check(&source, "Ana", Some("EC"), expected);
        }
    }

    #[test]
    fn text_after_in_needs_a_text_to_find() {
        for (condition, expected) in [
            (
                "x in 'oro,plata'",
                Err(
                    "a column is searched in the text 'oro,plata'; write a list after `in`: [\"oro\", \"plata\"]",
                ),
            ),
            (
                "x | lower not in 'oro'",
                Err("a column is searched in the text"),
            ),
            ("x in y", Err("`in` cannot find the text `` in a text")),
            ("1 in y", Err("`in` cannot find 1 in a text")),
            ("nothing in y", Err("`in` cannot find none in a text")),
            ("'y' in y", Ok("yes")),
            ("'z' not in y", Ok("yes")),
            ("x in ['oro', '']", Ok("yes")),
        ] {
            let source = format!("{{% if {condition} %}}yes{{% else %}}no{{% endif %}}");
            check(&source, "", Some("EC"), expected);
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn ambiguous_condition_is_rejected() {
        for (source, cell, expected) in [
            (
                "{{ x | number ~ 5 }}",
                "",
                Err("cannot be part of a text; write `| default(\"…\")`"),
            ),
            ("{% if x | number > 100 %}a{% endif %}.", "50", Ok(".")),
            (
                "{% if x | number > 100 %}a{% endif %}.",
                "1.200,50",
                Ok("a."),
            ),
            (
                "{% if x | number > 100 %}a{% endif %}.",
                "1.200",
                Err("to set it: number"),
            ),
            (
                "{% if x | number(',') > 100 %}a{% endif %}.",
                "1.200",
                Ok("a."),
            ),
            (
                "{% if x | number('.') > 100 %}a{% endif %}.",
                "1.200",
                Ok("."),
            ),
            ("{% if x | number > 100 %}a{% endif %}.", "", Ok(".")),
            (
                "{% if x | number < 100 %}a{% endif %}.",
                "",
                Err("write `COLUMN != \"\" and …` before the comparison"),
            ),
            ("{% if x | number == 100 %}a{% endif %}.", "", Ok(".")),
            (
                "{% if x != '' and x | number < 100 %}a{% endif %}.",
                "",
                Ok("."),
            ),
            (
                "{% if x != '' and x | number < 100 %}a{% endif %}.",
                "0",
                Ok("a."),
            ),
            (
                "{% if x | number and x | number > 0 %}a{% endif %}.",
                "0",
                Ok("."),
            ),
            (
                "{% if n | number < x %}a{% endif %}.",
                "",
                Err("the text `` with 10; write `| number`"),
            ),
            (
                "{% if x > n | number | default('-') %}a{% endif %}.",
                "",
                Err("the text `` with 10; write `| number`"),
            ),
            (
                "{% if x < n | number | default('-') %}a{% endif %}.",
                "",
                Err("an empty cell counts as less"),
            ),
            (
                "{% if x | number | default('') > 100 %}a{% endif %}.",
                "",
                Err("the text `` with 100; write `| number`"),
            ),
            (
                "{% if x | number | default > 100 %}a{% endif %}.",
                "",
                Err("the text `` with 100; write `| number`"),
            ),
            (
                "{% if x > 100 %}a{% endif %}.",
                "50",
                Err("the text `50` with 100; write `| number`"),
            ),
            (
                "{% if 100 <= row['x'] %}a{% endif %}.",
                "",
                Err("the text `` with 100; write `| number`"),
            ),
            (
                "{% if x == 100 %}a{% endif %}.",
                "100",
                Err("the text `100` with 100; write `| number`"),
            ),
            (
                "{% if x | number > '100' %}a{% endif %}.",
                "50",
                Err("the text `100` with 50; write `| number`"),
            ),
            (
                "{% if (x if x | yes else 0) > 2 %}a{% endif %}.",
                "1",
                Err("the text `1` with 2; write `| number`"),
            ),
            (
                "{{ x | number | default('12') * 2 }}",
                "",
                Err("is not a number; write `x | number | default('12') | number`"),
            ),
            (
                "{{ x | number | default(n) * 2 }}",
                "",
                Err("write `x | number | default(n) | number`"),
            ),
            ("{{ x | number | default(12) * 2 }}", "", Ok("24")),
            (
                "{{ x | number(n) * 2 }}",
                "50",
                Err("is not a number; write `x | number(n) | number`"),
            ),
            ("{% if x | length < 3 %}a{% endif %}.", "", Ok("a.")),
            (
                "{% if x > n %}a{% endif %}.",
                "9",
                Err("`10` and `9` would be compared letter by letter"),
            ),
            (
                "{% if x > y %}a{% endif %}.",
                "z",
                Err("`y` and `z` would be compared letter by letter"),
            ),
            (
                "{% if x | number > 100 %}a{% endif %}.",
                "cien",
                Err("`cien` is not a number"),
            ),
            ("{{ x | number * 2 }}", "50", Ok("100")),
            (
                "{{ x | number / 2 }}",
                "",
                Err("write `| default(\"…\")` after a value that may be missing"),
            ),
            (
                "{{ x | number | round }}",
                "",
                Err("write `| default(\"…\")` after a value that may be missing"),
            ),
            ("{{ x | number }}", "1.200,50", Ok("1200.5")),
            (
                "a {{ x | number }}",
                " ",
                Err("null, which is also the number of an empty cell, cannot be part of a text"),
            ),
            ("{{ x | number | default('0') }}", " ", Ok("0")),
            ("{{ x | number | default(0) }}", "", Ok("0")),
            ("{% if x != '' and x != '0' %}a{% endif %}.", "50", Ok("a.")),
            ("{% if x not in ['0', 'no'] %}a{% endif %}.", "no", Ok(".")),
            ("{% if x | number %}a{% endif %}.", "0", Ok(".")),
            ("{% if x | number %}a{% endif %}.", "150,20", Ok("a.")),
            ("{% if x | yes %}a{% endif %}.", "FALSE", Ok(".")),
            ("{% if x | yes %}a{% endif %}.", "SÍ", Ok("a.")),
            ("{% if x | yes %}a{% endif %}.", "", Ok(".")),
            (
                "{% if x | yes %}a{% endif %}.",
                "quizás",
                Err("`quizás` is neither yes nor no"),
            ),
            // Errors that only a row can show.
            (
                "{% if x in [1, 2] %}a{% endif %}.",
                "1",
                Err("the text `1` with 1; write `| number` after the text"),
            ),
            (
                "{% if (x or 0) in [50] %}a{% endif %}.",
                "50",
                Err("compares the text `50` with 50"),
            ),
            (
                "{% if x == true %}a{% endif %}.",
                "false",
                Err("compares the text `false` with true; write `| yes`"),
            ),
            ("{% if x == none %}a{% endif %}.", "", Ok("a.")),
            (
                "{{ x | first }}",
                "",
                Err("`x` is empty, but the text needs it; write `x | default(\"…\")`"),
            ),
            ("a{{ x | first | default('-') }}", "", Ok("a-")),
            ("{{ [x] | join(', ') }}", "a", Ok("a")),
            // Dates are compared as texts.
            (
                "{% if x < '01/12/2026' %}a{% endif %}.",
                "28/11/2026",
                Err("write `| number` after both, or `| date(\"%Y"),
            ),
            (
                "{% if x < '2026-12-01' %}a{% endif %}.",
                "28/11/2026",
                Err("would be compared letter by letter"),
            ),
            (
                "{% if x < '2026-12-01' %}a{% endif %}.",
                "",
                Err("an empty cell counts as less than anything"),
            ),
            ("{% if x > '2026-12-01' %}a{% endif %}.", "", Ok(".")),
            (
                "{% if x | date('%Y-%m-%d') < '2026-12-01' %}a{% endif %}.",
                "28/11/2026",
                Ok("a."),
            ),
            (
                "{% if x < '2026-11-30' %}a{% endif %}.",
                "2026-11-29",
                Ok("a."),
            ),
            (
                "{% if x < '2026-11-28' %}a{% endif %}.",
                "2026-9-30",
                Err("would be compared letter by letter"),
            ),
            (
                "{% if x < '2026-11-28 12:00' %}a{% endif %}.",
                "2026-11-28T10:00:00Z",
                Err("letter by letter"),
            ),
            (
                "{% if x < '10:00' %}a{% endif %}.",
                "9:30",
                Err("\"09:30\" for a time"),
            ),
            ("{% if x < '10:00' %}a{% endif %}.", "09:30", Ok("a.")),
            // Numbers are sent in the usual form.
            ("{{ x | number * 1.12 ~ 5 }}", "900", Ok("10085")),
            ("{{ x | number * 1.12 }} USD", "900", Ok("1008 USD")),
            ("{{ x | number * 1.12 }}", "900", Ok("1008")),
            ("{{ x | number / 7 }}", "900", Ok("128.571428571429")),
            ("{{ x | number * 1.12 ~ ' USD' }}", "900", Ok("1008 USD")),
            // Comparisons of texts stay unchanged.
            ("{% if x == '100' %}a{% endif %}.", "100", Ok("a.")),
            (
                "{% if x in ['oro', 'plata'] %}a{% endif %}.",
                "oro",
                Ok("a."),
            ),
            ("{{ x ~ ' ' ~ y }}", "Ana", Ok("Ana y")),
        ] {
            check(source, cell, None, expected);
        }
    }
}
