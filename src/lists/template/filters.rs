//! The filters of the language. Those that change a text are minijinja's, but refuse null and a list, which they would
//! print as `none` and `['a', 'b']`. The arguments of each filter but `default` are texts or numbers; the
//! country of `phone` may be null, as an empty cell.

use std::borrow::Cow;

use minijinja::functions::Function;
use minijinja::machinery::ast::{CallArg, Filter};
use minijinja::value::{FunctionArgs, FunctionResult, Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value as Cell, filters};

use super::dates::date;
use super::numbers::{money, number, percent};
use super::operators::in_text;
use super::problem::{TextProblem, described, refused, text_before};
use super::row_view::RowView;
use crate::base::message::{Message, msg};
use crate::base::suggest::{folded, nearest};
use crate::phone::PhoneNumber;

const APOSTROPHES: [char; 2] = ['\'', '’'];

/// A filter with all its arguments, and how many of them it needs and takes without a name.
type FilterForm = (&'static str, usize, usize);

const FILTERS: [FilterForm; 24] = [
    ("abs", 0, 0),
    ("capitalize", 0, 0),
    ("date(\"%d/%m/%Y\", from=\"%m/%d/%y\")", 0, 1),
    ("default(\"cliente\", true)", 0, 2),
    ("first", 0, 0),
    ("join(\", \")", 0, 1),
    ("last", 0, 0),
    ("length", 0, 0),
    ("lines", 0, 0),
    ("lower", 0, 0),
    ("money(\"$\", 2)", 1, 2),
    ("number(2)", 0, 1),
    ("percent(1)", 0, 1),
    ("phone(\"EC\")", 0, 1),
    ("replace(\"-\", \"/\")", 2, 2),
    ("round(precision=1, method=\"ceil\")", 0, 2),
    ("split(\",\", 1)", 0, 2),
    ("string", 0, 0),
    ("sum(attribute=\"monto\", start=0)", 0, 2),
    ("title", 0, 0),
    ("trim(\"-\")", 0, 1),
    ("upper", 0, 0),
    ("urlencode", 0, 0),
    ("yes", 0, 0),
];

/// Returns the name in the form of a filter.
fn name_in(call: &'static str) -> &'static str {
    call.split('(').next().unwrap_or(call)
}

/// Refuses a filter that does not exist, or that has too few or too many arguments. `before` is the expression before it.
pub(super) fn check_filter(filter: &Filter<'_>, before: &str) -> Result<(), TextProblem> {
    let name = filter.name;
    let mut forms = FILTERS.into_iter();
    let Some((call, least, most)) = forms.find(|(call, ..)| name_in(call) == name) else {
        return Err(unknown_filter(name));
    };
    let mut found = 0;
    let mut problem = None;
    for argument in &filter.args {
        match argument {
            CallArg::Pos(_) => found += 1,
            CallArg::Kwarg(argument, _) if call.contains(&format!("{argument}=")) => {}
            CallArg::Kwarg(argument, _) => {
                let has_none = msg!("filter {name} has no argument `{argument}`", name, argument);
                problem = Some(has_none);
            }
            CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return Ok(()),
        }
    }
    if found < least {
        problem = Some(msg!(
            "filter {name} needs {least} {least|argument|arguments}, found {found}",
            name,
            least,
            found
        ));
    } else if found > 0 && most == 0 {
        problem = Some(msg!("filter {name} takes no argument", name));
    } else if found > most {
        problem = Some(msg!(
            "filter {name} takes at most {most} {most|argument|arguments}, found {found}",
            name,
            most,
            found
        ));
    }
    match problem {
        Some(problem) => {
            let hint = msg!("write `{before} | {call}`", before, call);
            Err(TextProblem::new(problem, hint))
        }
        None => Ok(()),
    }
}

/// Creates the error for a `name` that no filter has. The hint suggests a name.
fn unknown_filter(name: &str) -> TextProblem {
    let names = FILTERS.map(|(call, ..)| name_in(call));
    let hint = match nearest(name, names) {
        Some(nearest) => msg!("did you mean `{nearest}`?", nearest),
        None => msg!("the filters are {all}", all = names.join(", ")),
    };
    TextProblem::new(msg!("filter {name} is unknown", name), hint)
}

/// Adds the functions of the filters.
pub(super) fn add_filters(language: &mut Environment<'_>) {
    language.add_filter("default", default);
    language.add_filter("phone", phone);
    language.add_filter("string", |state: &State<'_, '_>, value: &Cell| {
        in_text(state, value).map(Cow::into_owned)
    });
    language.add_filter("sum", filters::sum);
    language.add_filter("yes", yes);
    add_filter(language, "abs", call_checked, |value: Cell| {
        check_number("abs", &value)?;
        filters::abs(value)
    });
    add_filter(language, "date", call_checked, date);
    add_filter(language, "join", call_checked, join);
    add_filter(language, "money", call_checked, money);
    add_filter(language, "number", call_checked, number);
    add_filter(language, "percent", call_checked, percent);
    add_filter(
        language,
        "round",
        call_checked,
        |value: Cell, decimals: Option<i32>, method: Option<&str>, named: Kwargs| {
            check_number("round", &value)?;
            filters::round(value, decimals, method, named)
        },
    );
    add_filter(language, "first", call_on_cell, filters::first);
    add_filter(language, "last", call_on_cell, filters::last);
    add_filter(language, "length", call_on_cell, filters::length);
    add_filter(language, "capitalize", call_on_text, filters::capitalize);
    add_filter(language, "lines", call_on_text, filters::lines);
    add_filter(language, "lower", call_on_text, filters::lower);
    add_filter(language, "replace", call_on_text, filters::replace);
    add_filter(language, "split", call_on_text, filters::split);
    add_filter(language, "title", call_on_text, title);
    add_filter(language, "trim", call_on_text, filters::trim);
    add_filter(language, "upper", call_on_text, filters::upper);
    add_filter(language, "urlencode", call_on_text, filters::urlencode);
}

/// Calls the function of the filter with this name.
type CallFilter =
    fn(&str, &Cell, &mut State<'_, '_>, Cell, Rest<ValueOrKwargs>) -> Result<Cell, Error>;

/// Adds a filter that `call` calls.
fn add_filter<F, Rv, Args>(
    language: &mut Environment<'_>,
    name: &'static str,
    call: CallFilter,
    function: F,
) where
    F: Function<Rv, Args>,
    Rv: FunctionResult,
    Args: for<'a> FunctionArgs<'a>,
{
    let function = Cell::from_function(function);
    let filter = move |state: &mut State<'_, '_>, value: Cell, arguments: Rest<ValueOrKwargs>| {
        call(name, &function, state, value, arguments)
    };
    language.add_filter(name, filter);
}

/// Calls a filter if it may have these arguments.
fn call_checked(
    name: &str,
    function: &Cell,
    state: &mut State<'_, '_>,
    value: Cell,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Cell, Error> {
    let arguments = arguments.into_values();
    check_arguments(name, &arguments)?;
    let mut all = vec![value];
    all.extend(arguments);
    function.call(state, &all)
}

/// Calls a filter that takes only a text, a number, or yes or no.
fn call_on_text(
    name: &str,
    function: &Cell,
    state: &mut State<'_, '_>,
    value: Cell,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Cell, Error> {
    text_before(name, &value)?;
    call_on_cell(name, function, state, value, arguments)
}

/// Calls a filter that takes a cell or a list. A cell that the sheet shows differently from its stored value stays this
/// cell if the filter changes neither of them. Otherwise it is unclear which of them to change.
fn call_on_cell(
    name: &str,
    function: &Cell,
    state: &mut State<'_, '_>,
    value: Cell,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Cell, Error> {
    let view = RowView::in_state(state);
    let Some(view) = view.filter(|view| view.sheet_text(&value).is_some()) else {
        return call_checked(name, function, state, value, arguments);
    };
    let mut change = |text: &str| {
        let arguments = Rest(arguments.to_vec());
        call_checked(name, function, state, Cell::from(text), arguments)
    };
    let stored = value.to_string();
    let changed = change(&stored)?;
    let is_changed = changed != Cell::from(stored.as_str());
    let Some(shown) = view.shown_text(&value) else {
        return Ok(if is_changed { changed } else { value });
    };
    if !is_changed && change(shown)? == Cell::from(shown) {
        return Ok(value);
    }
    let problem = msg!(
        "the sheet shows `{shown}`, but stores `{cell}`",
        shown,
        cell = stored
    );
    let hint = msg!(
        "to change what it shows, write `{column} | string` before {filter}",
        column = "…",
        filter = name
    );
    let problem = TextProblem::new(problem, hint).of_cell(stored.trim());
    Err(refused(name, problem))
}

/// Refuses a text before `filter`, which takes a number.
fn check_number(filter: &str, value: &Cell) -> Result<(), Error> {
    let Some(text) = value.as_str() else {
        return Ok(());
    };
    let problem = msg!("the text `{text}` is not a number", text);
    let hint = msg!("write `{column} | number | {filter}`", column = "…", filter);
    let problem = TextProblem::new(problem, hint).of_cell(text.trim());
    Err(refused(filter, problem))
}

/// Refuses the arguments of `filter` that are neither texts nor numbers.
fn check_arguments(filter: &str, arguments: &[Cell]) -> Result<(), Error> {
    for argument in arguments {
        match argument.kind() {
            ValueKind::String | ValueKind::Number => {}
            ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
            // `date(from='%m/%d/%y')`
            ValueKind::Map if argument.is_kwargs() => {
                for name in argument.try_iter()? {
                    check_arguments(filter, &[argument.get_item(&name)?])?;
                }
            }
            _ => {
                let argument = described(argument);
                let problem = msg!("{argument} cannot be an argument of a filter", argument);
                return Err(refused(filter, problem));
            }
        }
    }
    Ok(())
}

/// Implements `{{ nombre | title }}`: `O'BRIEN` becomes `O'Brien`, because one letter is in front of the apostrophe.
fn title(text: Cow<'_, str>) -> String {
    let mut titled = String::new();
    let mut is_after_initial = false;
    for part in filters::title(text).split_inclusive(APOSTROPHES) {
        let mut signs = part.chars();
        match signs.next().filter(|_| is_after_initial) {
            Some(first) => {
                titled.extend(first.to_uppercase());
                titled.push_str(signs.as_str());
            }
            None => titled.push_str(part),
        }
        let before = part.trim_end_matches(APOSTROPHES);
        let word = before.rsplit(|sign: char| !sign.is_alphabetic()).next();
        is_after_initial = word.is_some_and(|word| word.chars().count() == 1);
    }
    titled
}

/// Implements `{{ etiquetas | join(', ') }}`.
fn join(state: &State<'_, '_>, list: &Cell, separator: Option<&str>) -> Result<String, Error> {
    let mut joined = String::new();
    for (place, item) in list.try_iter()?.enumerate() {
        if place > 0 {
            joined.push_str(separator.unwrap_or_default());
        }
        joined.push_str(&in_text(state, &item)?);
    }
    Ok(joined)
}

/// Implements `{{ celular | phone("EC") }}` or `phone(pais)`: the number in international form,
/// `+593987654321`. Without a country, or if its cell is empty, the country of the row applies.
fn phone(state: &State<'_, '_>, typed: &Cell, country: Option<&str>) -> Result<String, Error> {
    let typed = text_before("phone", typed)?;
    let view = RowView::in_state(state);
    let named = country.filter(|country| !country.trim().is_empty());
    let country = match named {
        Some(named) => Some(
            named
                .parse()
                .map_err(|problem: Message| refused("phone", problem))?,
        ),
        None => view.as_ref().and_then(|view| view.country),
    };
    let number = PhoneNumber::read_in_any_form(&typed, country).map_err(|error| {
        let problem = TextProblem::from(error.message()).of_cell(typed.trim());
        let hint = error.hint;
        refused("phone", TextProblem { hint, ..problem })
    })?;
    let written = format!("+{}", number.as_str());
    if let Some(view) = view {
        // For numbers without a certain country, the warnings are about the whole list.
        let number = if country.is_some() {
            number.with_known_country()
        } else {
            number
        };
        view.keep_number(number);
    }
    Ok(written)
}

/// Implements `{{ saldo | default("0") }}`: a replacement that also applies to an empty cell,
/// unlike minijinja's own filter. With the last argument, no and 0 are also empty.
fn default(value: Cell, other: Option<Cell>, is_lax: Option<bool>) -> Cell {
    let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    let is_empty = value.is_undefined()
        || value.is_none()
        || is_blank
        || is_lax == Some(true) && !value.is_true();
    if is_empty {
        other.unwrap_or_else(|| Cell::from(""))
    } else {
        value
    }
}

/// Implements `{% if vip | yes %}`: whether a text means yes.
fn yes(typed: &Cell) -> Result<bool, Error> {
    if typed.is_none() {
        return Ok(false);
    }
    let text = text_before("yes", typed)?;
    let text = text.trim();
    means_yes(text).ok_or_else(|| {
        let problem = msg!("`{text}` is neither yes nor no", text);
        refused("yes", TextProblem::from(problem).of_cell(text))
    })
}

/// What means yes in Spanish, Portuguese and English, without accents.
const YES: [&str; 8] = [
    "si",
    "sim",
    "yes",
    "true",
    "verdadero",
    "verdadeiro",
    "1",
    "x",
];
const NO: [&str; 6] = ["no", "nao", "false", "falso", "0", ""];

/// Returns whether `text` means yes or no, as a word or its first letter. None if it is neither.
pub(crate) fn means_yes(text: &str) -> Option<bool> {
    let folded = folded(text);
    // A single point is not an answer.
    let without_point = folded.strip_suffix('.').filter(|word| !word.is_empty());
    let answer = without_point.unwrap_or(&folded);
    let is_in = |words: &[&str]| {
        let mut letters = words.iter().filter_map(|word| word.get(..1));
        words.contains(&answer) || letters.any(|letter| letter == answer)
    };
    if is_in(&YES) {
        Some(true)
    } else if is_in(&NO) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, FILTERS, means_yes, name_in};
    use crate::lists::template::fixture::{check, filled_from_sheet};
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn each_filter_has_a_function() {
        for (call, ..) in FILTERS {
            let name = name_in(call);
            let filled = language().render_str(&format!("{{{{ 'x' | {name} }}}}"), ());
            assert_ne!(
                filled.err().map(|error| error.kind()),
                Some(ErrorKind::UnknownFilter),
                "{name}"
            );
        }
    }

    #[test]
    fn filter_changes_only_a_text_that_the_sheet_shows_as_it_is() {
        let refused = "the sheet shows `8:00`, but stores `08:00:00`";
        for (source, expected) in [
            ("{{ x | trim }}", Ok("8:00")),
            ("{{ x | upper | trim }}", Ok("8:00")),
            ("{{ x | replace(':', 'h') }}", Err(refused)),
            ("{{ x | replace('0', 'o') }}", Err(refused)),
            ("{{ x | replace('08', '8') }}", Err(refused)),
            ("{{ x | split(':') | first }}", Err(refused)),
            ("{{ x | first }}", Err(refused)),
            ("{{ x | string | length }}", Ok("4")),
            ("{{ x | string | replace(':', 'h') }}", Ok("8h00")),
            ("{{ z | replace('z', 'a') }}", Ok("a")),
        ] {
            let found = filled_from_sheet(source, ["08:00:00", "8:00"], "EC", true);
            match expected {
                Ok(text) => assert_eq!(found.as_deref(), Ok(text), "{source}"),
                Err(part) => assert!(found.unwrap_err().contains(part), "{source}"),
            }
        }
        let source = "{{ x | replace(':', 'h') }}";
        let found = filled_from_sheet(source, ["08:00:00", "8:00"], "EC", false);
        assert_eq!(found.as_deref(), Ok("08h00h00"));
    }

    #[test]
    fn filter_refuses_values_that_it_cannot_take() {
        for (source, expected) in [
            (
                "{{ x | split | upper }}",
                Err(
                    "upper: a list is not a text; write `| first`, `| last` or `| join(\" \")` before it",
                ),
            ),
            (
                "{{ (x if x == 'q' else none) | title }}",
                Err("title: none is not a text"),
            ),
            (
                "{{ (x if x == 'q' else none) | string }}",
                Err("null, which is also"),
            ),
            ("{{ ['a', none] | join(' ') }}", Err("null, which is also")),
            (
                "{{ [x, ['a']] | join(' ') }}",
                Err("a sequence cannot be part of a text"),
            ),
            (
                "a {{ x | split }}",
                Err("a sequence cannot be part of a text"),
            ),
            (
                "{{ 'a' ~ x | split }}",
                Err("a sequence cannot be part of a text"),
            ),
            (
                "{{ x | date(28) }}",
                Err("`date(28)` cannot be calculated: \""),
            ),
            ("{{ x | sum }}", Err("`sum` cannot be calculated: \"")),
            (
                "{{ x | round }}",
                Err("x: round: the text `Ana Luz` is not a number; write `x | number | round`"),
            ),
            (
                "{{ x | upper | abs }}",
                Err("text: abs: the text `ANA LUZ` is not a number; write `… | number | abs`"),
            ),
            ("{{ n | number | abs }}", Ok("10")),
            (
                "{{ 'Debes X' | replace('X', nothing) }}",
                Err("replace: none cannot be an argument of a filter"),
            ),
            (
                "{{ 'Debes X' | replace('X', x | split) }}",
                Err("replace: a list cannot be an argument of a filter"),
            ),
            (
                "{{ n | number | round(true) }}",
                Err("round: true cannot be an argument of a filter"),
            ),
            ("{{ n | number(true) }}", Err("number: true cannot be")),
            (
                "{{ n | date('%d', from=none) }}",
                Err("date: none cannot be an argument of a filter"),
            ),
            ("{{ n | percent(true) }}", Err("percent: true cannot be")),
            ("{{ n | money('$', true) }}", Err("money: true cannot be")),
            ("{{ n | money('$', 1) }}", Ok("$10,0")),
            ("{{ n | number | round(1) }}", Ok("10")),
            ("{{ x | replace('Ana', n) }}", Ok("10 Luz")),
            (
                "{{ x | upper }}{{ 5 | upper }}{{ true | upper }}",
                Ok("ANA LUZ5TRUE"),
            ),
            ("{{ x | replace('a', 'b') | title }}", Ok("Anb Luz")),
            ("{{ \"MARÍA O'BRIEN\" | title }}", Ok("María O'Brien")),
            ("{{ 'D’ANGELO-L’ÉPÉE' | title }}", Ok("D’Angelo-L’Épée")),
            (
                "{{ \"PA'LANTE 'hoy' a'\" | title }}",
                Ok("Pa'lante 'hoy' A'"),
            ),
            ("{{ x | split(' ', 1) | join(', ') }}", Ok("Ana, Luz")),
            ("{{ x | split | length | string }}", Ok("2")),
            ("{{ x | trim('A') | lower() }}", Ok("na luz")),
            ("{{ x | urlencode }}", Ok("Ana%20Luz")),
            ("{{ x | lines | first | last }}", Ok("z")),
        ] {
            check(source, "Ana Luz", Some("EC"), expected);
        }
    }

    #[test]
    fn number_of_arguments_is_known_without_a_row() {
        for (source, expected) in [
            (
                "{{ x | money }}",
                "filter money needs 1 argument, found 0; write `x | money(\"$\", 2)`",
            ),
            (
                "{{ x | trim | replace('a') }}",
                "filter replace needs 2 arguments, found 1; write `x | trim | replace(\"-\", \"/\")`",
            ),
            (
                "{{ x | upper(1) }}",
                "filter upper takes no argument; write `x | upper`",
            ),
            (
                "{{ x | date('%d', '%m') }}",
                "filter date takes at most 1 argument, found 2; \
                 write `x | date(\"%d/%m/%Y\", from=\"%m/%d/%y\")`",
            ),
            (
                "{{ x | date(lang='es') }}",
                "filter date has no argument `lang`; write `x | date(\"%d/%m/%Y\", from=\"%m/%d/%y\")`",
            ),
            (
                "{{ (x ~ 'a') | percent(1, 2) }}",
                "filter percent takes at most 1 argument, found 2; write `(…) | percent(1)`",
            ),
        ] {
            let refused = TextTemplate::compile(&language(), "text", source).err();
            assert_eq!(refused.unwrap().to_string(), format!("text: {expected}"));
        }
        // Every form can be written.
        for (call, ..) in FILTERS {
            let source = format!("{{{{ x | {call} }}}}");
            assert!(
                TextTemplate::compile(&language(), "text", &source).is_ok(),
                "{call}"
            );
        }
    }

    #[test]
    fn yes_and_no_are_read_in_three_languages() {
        for (text, expected) in [
            ("Sí", Some(true)),
            ("Si.", Some(true)),
            ("SÍ.", Some(true)),
            ("Sim", Some(true)),
            ("yes", Some(true)),
            ("VERDADEIRO", Some(true)),
            ("1", Some(true)),
            ("T", Some(true)),
            ("v", Some(true)),
            ("s", Some(true)),
            ("y.", Some(true)),
            ("F", Some(false)),
            ("n", Some(false)),
            ("q", None),
            ("No.", Some(false)),
            ("Não", Some(false)),
            ("nao", Some(false)),
            ("FALSO", Some(false)),
            ("0", Some(false)),
            ("", Some(false)),
            (".", None),
            ("no..", None),
            ("no, gracias.", None),
            ("simón", None),
            ("tal vez", None),
        ] {
            assert_eq!(means_yes(text), expected, "{text}");
        }
    }
}
