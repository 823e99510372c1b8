//! Numbers as users write them in the cells of a list, and the filters that read a number and write it in the format of its
//! country: `number`, `money`, `percent`.

use minijinja::{Error, State, Value as Cell};

use super::problem::{TextProblem, refused, text_before};
use super::read_number::{Amount, DecimalSign, read_number};
use super::row_view::RowView;
use super::spelling::quoted;
use crate::base::conventions::{Conventions, NumberLayout};
use crate::base::currencies::{may_be_same_currency, named_currencies};
use crate::base::message::msg;

/// The most decimals that a filter writes.
const MAX_DECIMALS: usize = 10;

pub(super) fn conventions(state: &State<'_, '_>) -> Option<Conventions> {
    Conventions::for_country(RowView::in_state(state)?.country?.code())
}

/// Implements `{% if saldo | number > 100 %}`: a text as a number; an empty text is undefined.
/// `number(',')` sets the decimal sign. `{{ saldo | number(2) }}` is a text with two decimals.
pub(super) fn number(
    state: &State<'_, '_>,
    typed: &Cell,
    how: Option<&Cell>,
) -> Result<Cell, Error> {
    let Some(how) = how else {
        return read(state, "number", typed, Separator::OfCountry);
    };
    match how.as_str() {
        Some(",") => read(state, "number", typed, Separator::Is(',')),
        Some(".") => read(state, "number", typed, Separator::Is('.')),
        Some(other) => Err(refused(
            "number",
            TextProblem::new(
                msg!("`{other}` is not a decimal separator", other),
                msg!("write number(\",\") or number(\".\")"),
            ),
        )),
        None => {
            let layout = layout("number", how)?;
            let number = read(state, "number", typed, Separator::OfCountry)?;
            format_number(state, "number", &number, layout).map(Cell::from)
        }
    }
}

/// Implements `{{ saldo | money('$') }}`: `$1.500,00`, in the format of the country.
pub(super) fn money(
    state: &State<'_, '_>,
    typed: &Cell,
    sign: &str,
    decimals: Option<&Cell>,
) -> Result<String, Error> {
    // A space after the sign is printed.
    let sign = sign.trim_start();
    let mark = sign.trim_end();
    let layout = layout("money", decimals.unwrap_or(&Cell::from(2)))?;
    let number = read(state, "money", typed, Separator::OfCountry)?;
    check_currency(state, typed, mark)?;
    let amount = format_number(state, "money", &number, layout)?;
    let (minus, amount) = amount
        .strip_prefix('-')
        .map_or(("", amount.as_str()), |amount| ("-", amount));
    Ok(match mark {
        _ if amount.is_empty() => String::new(),
        "€" if conventions(state).is_some_and(|known| known.has_sign_behind()) => {
            format!("{minus}{amount}\u{a0}€")
        }
        word if word.ends_with(char::is_alphabetic) => format!("{minus}{word}\u{a0}{amount}"),
        _ => format!("{minus}{sign}{amount}"),
    })
}

/// Refuses a cell in another currency than `sign`, and a percentage. A `sign` that is not the
/// sign of a known currency fits every cell.
fn check_currency(state: &State<'_, '_>, typed: &Cell, sign: &str) -> Result<(), Error> {
    let text = visible_text(state, typed).unwrap_or_default();
    let Some(amount) = Amount::parse(&text).filter(|_| !named_currencies(sign).is_empty()) else {
        return Ok(());
    };
    let country = conventions(state).map(|known| known.code);
    let currency = &amount.currency;
    let problem = if !currency.is_empty() && !may_be_same_currency(country, currency, sign) {
        msg!(
            "`{text}` is an amount in {currency}, not in {sign}",
            text,
            currency,
            sign
        )
    } else if currency.is_empty() && amount.is_percent {
        msg!(
            "`{text}` is a percentage, not an amount in {sign}",
            text,
            sign
        )
    } else {
        return Ok(());
    };
    let hint = msg!("to print the cell unchanged: omit `| money`");
    Err(refused(
        "money",
        TextProblem::new(problem, hint).of_cell(&text),
    ))
}

/// Returns the text of a cell that the sheet shows differently from its stored value.
pub(super) fn sheet_text(state: &State<'_, '_>, typed: &Cell) -> Option<String> {
    let view = RowView::in_state(state)?;
    Some(view.sheet_text(typed)?.trim().to_owned())
}

/// Returns the text of a cell as the list shows it. None if it is not a text.
fn visible_text(state: &State<'_, '_>, typed: &Cell) -> Option<String> {
    let text = || Some(typed.as_str()?.trim().to_owned());
    sheet_text(state, typed).or_else(text)
}

/// Returns the format of a number with this many decimals.
pub(super) fn layout(filter: &str, decimals: &Cell) -> Result<NumberLayout, Error> {
    let count = decimals.as_usize().filter(|count| *count <= MAX_DECIMALS);
    let count = count.ok_or_else(|| {
        let decimals = decimals.to_string();
        let problem = msg!(
            "the number of decimals is `{decimals}`; it must be 0 to {most}, as in {filter}(2)",
            decimals,
            most = MAX_DECIMALS,
            filter
        );
        refused(filter, problem)
    })?;
    Ok(NumberLayout {
        least_whole: 1,
        least_decimals: count,
        most_decimals: count,
        has_thousands: true,
        is_percent: false,
    })
}

/// Formats a number as a text; empty for a missing number.
fn format_number(
    state: &State<'_, '_>,
    filter: &str,
    number: &Cell,
    layout: NumberLayout,
) -> Result<String, Error> {
    if number.is_none() {
        return Ok(String::new());
    }
    let value = f64::try_from(number.clone()).map_err(|_| {
        let number = number.to_string();
        refused(filter, msg!("`{number}` is too large", number))
    })?;
    let conventions = conventions(state);
    let amount = layout.write(value, conventions.as_ref()).ok_or_else(|| {
        let number = number.to_string();
        let country = RowView::in_state(state).and_then(|view| view.country);
        let problem = match (conventions, country) {
            (Some(_), _) => msg!("`{number}` has too many digits", number).into(),
            (None, Some(country)) => TextProblem::new(
                msg!(
                    "`{number}` cannot be written: jelouctl does not know the format of {country}",
                    number,
                    country = country.with_article()
                ),
                msg!("write the amounts in the list, and print them without a filter"),
            ),
            (None, None) => TextProblem::new(
                msg!(
                    "`{number}` cannot be written, because its country is unknown",
                    number
                ),
                msg!("pass the country of the list with --country"),
            ),
        };
        refused(filter, problem.of_cell(&number))
    })?;
    let is_negative = value < 0.0 && amount.chars().any(|digit| ('1'..='9').contains(&digit));
    Ok(format!("{}{amount}", if is_negative { "-" } else { "" }))
}

/// Which decimal separator the text of a cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Is(char),
    /// The one of the country. A cell that may have three decimals or thousands is an error.
    OfCountry,
    /// The one of the country, whatever the cell.
    SurelyOfCountry,
}

/// Reads the number in a cell; None for an empty cell. The row keeps it for the smallest and largest of the column.
pub(super) fn read(
    state: &State<'_, '_>,
    filter: &str,
    typed: &Cell,
    separator: Separator,
) -> Result<Cell, Error> {
    let number = if typed.is_number() || typed.is_none() {
        typed.clone()
    } else {
        let text = text_before(filter, typed)?;
        let read = read_text(state, typed, text.trim(), separator);
        read.map_err(|problem| refused(filter, problem))?
    };
    if let Ok(amount) = f64::try_from(number.clone())
        && let Some(view) = RowView::in_state(state)
    {
        view.keep_amount(amount);
    }
    Ok(number)
}

fn read_text(
    state: &State<'_, '_>,
    typed: &Cell,
    text: &str,
    separator: Separator,
) -> Result<Cell, TextProblem> {
    let view = RowView::in_state(state);
    // A sheet stores numbers with a point, in every country.
    let in_sheet = DecimalSign::Expected('.');
    if let Some(shown) = view.as_ref().and_then(|view| view.sheet_text(typed)) {
        return match separator {
            // The sheet shows the stored digits, as in `1.234 USD`, so the text declares their separator.
            Separator::Is(mark) if shown.contains(text) => {
                read_number(text, DecimalSign::Expected(mark))
            }
            _ => read_number(text, in_sheet),
        };
    }
    let of_country = conventions(state).map(|known| known.decimal_mark);
    let sign = match (separator, of_country) {
        (Separator::Is(mark), _) => return read_number(text, DecimalSign::Declared(mark)),
        (Separator::OfCountry, Some(mark)) => DecimalSign::OfCountry(mark),
        (Separator::SurelyOfCountry, Some(mark)) => DecimalSign::Expected(mark),
        (_, None) => DecimalSign::Unknown,
    };
    if view.is_none_or(|view| !view.has_stored_text(text)) {
        return read_number(text, sign);
    }
    // Another filter has changed the cell to a text, so it may no longer come from the sheet's number.
    let stored = read_number(text, in_sheet);
    let expected = of_country.map_or(sign, DecimalSign::Expected);
    if read_number(text, expected) == stored {
        return stored;
    }
    let problem = msg!("`{text}` may be a number with decimals in the sheet", text);
    let hint = msg!("put the filter first, or write number(\".\")");
    Err(TextProblem::new(problem, hint).of_cell(text))
}

/// Implements `{{ tasa | percent }}`: 0.15 becomes `15%`; `percent(1)` writes one decimal. A cell that a sheet shows as
/// `15%` becomes `15%`, too.
pub(super) fn percent(
    state: &State<'_, '_>,
    typed: &Cell,
    decimals: Option<&Cell>,
) -> Result<String, Error> {
    let plain = NumberLayout {
        least_whole: 1,
        most_decimals: 2,
        ..NumberLayout::default()
    };
    let layout = decimals.map_or(Ok(plain), |decimals| layout("percent", decimals))?;
    let stored = read(state, "percent", typed, Separator::SurelyOfCountry)?;
    let share = share_in_cell(state, typed, stored);
    let amount = format_number(
        state,
        "percent",
        &share,
        NumberLayout {
            is_percent: true,
            ..layout
        },
    )?;
    if amount.is_empty() {
        return Ok(amount);
    }
    let percentage = format!("{amount}%");
    let filter = match decimals {
        Some(decimals) => format!("percent({decimals})"),
        None => "percent".to_owned(),
    };
    check_percentage(state, typed, &share, &percentage, &filter)?;
    Ok(percentage)
}

/// Returns the share that a cell means. The format `0"%"` shows the number 15 as `15%`, so it means 0.15.
fn share_in_cell(state: &State<'_, '_>, typed: &Cell, stored: Cell) -> Cell {
    let (Some(shown), Ok(number)) = (sheet_text(state, typed), f64::try_from(stored.clone()))
    else {
        return stored;
    };
    let is_percent_format = shows_percentage(&shown, 100.0 * number);
    if !is_percent_format && shows_percentage(&shown, number) {
        return Cell::from(number / 100.0);
    }
    stored
}

/// Refuses a cell with a currency, and a `share` above 1 without a percent sign in its cell: most lists mean `9.9` as 9.9%,
/// not as the `percentage` 990%. `filter` is the filter with its arguments.
fn check_percentage(
    state: &State<'_, '_>,
    typed: &Cell,
    share: &Cell,
    percentage: &str,
    filter: &str,
) -> Result<(), Error> {
    let Some(text) = visible_text(state, typed) else {
        return Ok(());
    };
    let amount = Amount::parse(&text);
    if let Some(amount) = amount.as_ref().filter(|amount| !amount.currency.is_empty()) {
        let currency = &amount.currency;
        let argument = quoted(currency);
        let problem = msg!(
            "`{text}` is an amount in {currency}, not a percentage",
            text,
            currency
        );
        let hint = msg!("to print it: `| money({argument})`", argument);
        return Err(refused(
            "percent",
            TextProblem::new(problem, hint).of_cell(&text),
        ));
    }
    let share = f64::try_from(share.clone()).unwrap_or_default();
    let has_sign = match sheet_text(state, typed) {
        Some(shown) => shows_percentage(&shown, 100.0 * share),
        None => text.ends_with('%'),
    };
    if has_sign || share == 0.0 {
        return Ok(());
    }
    // A sheet may show other words next to the number.
    let stored = typed.as_str().unwrap_or_default().trim();
    let cell = if amount.is_some() { &text } else { stored };
    let is_part = share.abs() <= 1.0;
    note_bare_share(state, cell, is_part);
    if is_part {
        return Ok(());
    }
    let problem = msg!("`{cell}` would be {percentage}", cell, percentage);
    let hint = msg!(
        "write `{cell}%` in the cell, or if the whole column is without %: `({column} | number / 100) | {filter}`",
        cell,
        column = "…",
        filter
    );
    Err(refused(
        "percent",
        TextProblem::new(problem, hint).of_cell(cell),
    ))
}

/// Notes a cell without a percent sign, so that the import can compare it with those of other rows.
fn note_bare_share(state: &State<'_, '_>, cell: &str, is_part: bool) {
    let Some(view) = RowView::in_state(state) else {
        return;
    };
    view.note(|values| {
        let shares = &mut values.bare_shares;
        let first = if is_part {
            &mut shares.part
        } else {
            &mut shares.above_1
        };
        first.get_or_insert_with(|| cell.to_owned());
    });
}

/// Returns whether a sheet's text such as `1,46%` shows this percentage, rounded to its decimals.
fn shows_percentage(shown: &str, percentage: f64) -> bool {
    let Some((before, _)) = shown.split_once('%') else {
        return false;
    };
    let digits = before.trim_start_matches(|sign: char| !sign.is_ascii_digit());
    let digits = digits.trim_end();
    // The format may have the separators of another country.
    [',', '.']
        .into_iter()
        .any(|mark| is_rounded(digits, mark, percentage.abs()))
}

/// Returns whether `digits` are `value`, rounded to their decimals. `known` is the decimal separator of ambiguous digits.
fn is_rounded(digits: &str, known: char, value: f64) -> bool {
    let Some(amount) = Amount::parse(digits) else {
        return false;
    };
    let read = amount.number(DecimalSign::Expected(known)).ok().flatten();
    let Some(number) = read.and_then(|number| f64::try_from(number).ok()) else {
        return false;
    };
    let decimals = amount.decimals(known);
    let half_unit = format!("5e-{}", decimals + 1);
    let half_unit = half_unit.parse::<f64>().unwrap_or_default();
    let rounding_error = 1e-9 * value;
    (number - value).abs() <= half_unit + rounding_error
}

#[cfg(test)]
mod tests {
    use crate::lists::template::fixture::{check, filled, filled_from_sheet};

    #[test]
    fn apostrophe_and_space_separate_thousands() {
        for (source, cell, country, expected) in [
            (
                "{{ x | money('$', 0) }}",
                "$1'200.000",
                Some("CO"),
                Ok("$1.200.000"),
            ),
            (
                "{{ x | money('$') }}",
                "$1'200,000.00",
                Some("MX"),
                Ok("$1,200,000.00"),
            ),
            (
                "{{ x | money('S/') }}",
                "S/ 1'200,000",
                Some("PE"),
                Ok("S/1,200,000.00"),
            ),
            (
                "{{ x | money('$') }}",
                "$1'200.000",
                Some("MX"),
                Err("money: `$1'200.000` is ambiguous"),
            ),
            (
                "{{ x | number }}",
                "1'200,000",
                Some("CL"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number(',') | money('$') }}",
                "$1'200.000",
                Some("MX"),
                Ok("$1,200,000.00"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn numbers_are_formatted_by_country() {
        for (source, cell, country, expected) in [
            ("{{ x | number(2) }}", "1500", Some("EC"), Ok("1.500,00")),
            ("{{ x | number(0) }}", "1500.4", Some("MX"), Ok("1,500")),
            ("{{ x | number(1) }}.", "", Some("MX"), Ok(".")),
            (
                "{{ x | number(2) }}",
                "1500",
                None,
                Err("country is unknown"),
            ),
            ("{{ x | number(0) }}", "15", None, Ok("15")),
            (
                "{{ x | number(0) }}",
                "quince",
                Some("EC"),
                Err("`quince` is not a number"),
            ),
            ("{{ x | number(11) }}", "1", Some("EC"), Err("0 to 10")),
            (
                "{{ x | number(';') }}",
                "1",
                Some("EC"),
                Err("not a decimal separator"),
            ),
            (
                "{{ x | money('$') }}",
                "-1500,5",
                Some("EC"),
                Ok("-$1.500,50"),
            ),
            (
                "{{ x | money('$') }}",
                "$1,234",
                Some("EC"),
                Err("`$1,234` is ambiguous: its separator"),
            ),
            (
                "{{ x | number(',') | money('$') }}",
                "$1,234",
                Some("EC"),
                Ok("$1,23"),
            ),
            ("{{ x | money('$') }}", "1.234", Some("EC"), Ok("$1.234,00")),
            ("{{ x | money('$') }}", "0,125", Some("EC"), Ok("$0,13")),
            (
                "{{ x | money('B/.') }}",
                "B/. 1,234",
                Some("PA"),
                Ok("B/.1,234.00"),
            ),
            (
                "{{ x | money('USD') }}",
                "1500",
                Some("US"),
                Ok("USD\u{a0}1,500.00"),
            ),
            ("{{ x | money('€') }}", "3.5", Some("ES"), Ok("3,50\u{a0}€")),
            ("{{ x | money('$', 0) }}", "1500", Some("CL"), Ok("$1.500")),
            (
                "{{ x | money('$ ', 0) }}",
                "1500",
                Some("CL"),
                Ok("$ 1.500"),
            ),
            (
                "{{ x | money('R$ ') }}",
                "-1234,56",
                Some("BR"),
                Ok("-R$ 1.234,56"),
            ),
            ("{{ x | money(' $') }}", "5", Some("EC"), Ok("$5,00")),
            (
                "{{ x | money('USD ') }}",
                "5",
                Some("US"),
                Ok("USD\u{a0}5.00"),
            ),
            ("{{ x | money('€ ') }}", "5", Some("ES"), Ok("5,00\u{a0}€")),
            ("{{ x | money('$ ') }}.", "", Some("CL"), Ok(".")),
            (
                "{{ x | money }}",
                "1500",
                Some("CL"),
                Err("filter money needs 1 argument, found 0"),
            ),
            ("{{ x | percent }}", "0.15", None, Ok("15%")),
            ("{{ x | percent }}", "15 %", None, Ok("15%")),
            ("{{ x | percent }}", "0.155", Some("EC"), Ok("15,5%")),
            ("{{ x | percent(1) }}", "0.15", Some("MX"), Ok("15.0%")),
            (
                "{{ x | percent }}",
                "mucho",
                None,
                Err("`mucho` is not a number"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn country_without_a_known_format_is_named() {
        let expected = "jelouctl does not know the format of Madagascar";
        check("{{ x | number(2) }}", "1500", Some("MG"), Err(expected));
    }

    #[test]
    fn money_reads_numbers_by_rules() {
        for (source, cell, country, expected) in [
            (
                "{{ x | money('$') }}",
                "1250.50",
                Some("EC"),
                Ok("$1.250,50"),
            ),
            (
                "{{ x | money('$') }}",
                "1.234,56-",
                Some("EC"),
                Ok("-$1.234,56"),
            ),
            (
                "{{ x | money('L') }}",
                "L-15",
                Some("HN"),
                Err("`L-15` is not a number"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn ambiguous_separator_is_refused() {
        for (source, cell, country, expected) in [
            (
                "{{ x | number }}",
                "1,234",
                Some("EC"),
                Err("number: `1,234` is ambiguous"),
            ),
            (
                "{{ x | number(0) }} puntos",
                "1,500",
                Some("EC"),
                Err("number: `1,500` is ambiguous"),
            ),
            (
                "{{ x | number | round }}",
                "1.500",
                Some("MX"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | split | first | number }}",
                "12,990 kg",
                Some("CL"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number('.') | number(0) }}",
                "1,500",
                Some("EC"),
                Ok("1.500"),
            ),
            ("{{ x | number(0) }}", "1.500", Some("EC"), Ok("1.500")),
            ("{{ x | number(0) }}", "12,50", Some("EC"), Ok("13")),
            (
                "{{ x | number(1) }}",
                "1.234.567,5",
                Some("EC"),
                Ok("1.234.567,5"),
            ),
            (
                "{{ x | number * 2 }}",
                "1,234",
                Some("EC"),
                Err(
                    "`1,234` is ambiguous: its separator may be for decimals or for thousands; to set it: number(\",\") or",
                ),
            ),
            (
                "{{ 'a' if 5 < x | trim | number else 'b' }}",
                "1,234",
                Some("EC"),
                Err("is ambiguous"),
            ),
            (
                "{% if y == 'z' %}{{ x | number + 1 }}{% endif %}.",
                "1,234",
                Some("EC"),
                Ok("."),
            ),
            (
                "{{ x | number(',') + 1 }}{{ x | number(',') ~ y }}",
                "1,234",
                Some("EC"),
                Ok("2.2341.234y"),
            ),
            ("{{ x | number + 1 }}", "1.234", Some("EC"), Ok("1235")),
            (
                "{% if x | number > 100 %}a{% endif %}",
                "$ 1.234",
                Some("MX"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number | money('S/') }}",
                "US$ 1.234",
                Some("PE"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number(',') | money('S/') }}",
                "US$ 1.234",
                Some("PE"),
                Ok("S/1,234.00"),
            ),
            (
                "{{ x | number(',') | round(1) }}",
                "1,234",
                Some("EC"),
                Ok("1.2"),
            ),
            ("{{ x | number | round }}", "0,125", Some("EC"), Ok("0")),
            ("{{ x | number }}", "0,125", Some("EC"), Ok("0.125")),
            ("{{ x | number(',') }}", "1,234", Some("EC"), Ok("1.234")),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn stored_number_is_not_ambiguous() {
        for (source, cell, country, expected) in [
            ("{{ x | number(1) }}", ["1.234", "1,23"], "EC", "1,2"),
            ("{{ x | number * 2 }}", ["1.234", "1.23"], "MX", "2.468"),
            ("{{ x | trim | number }}", ["1.234", "1.23"], "MX", "1.234"),
            ("{{ x | trim | number }}", ["1.234", "1,23"], "EC", "1.234"),
            ("{{ x | money('$') }}", ["1.234", "1,23"], "EC", "$1,23"),
            ("{{ x | number(',') }}", ["1.234", "1,23"], "EC", "1.234"),
            ("{{ x | number(',') }}", ["950.5", "950,50"], "EC", "950.5"),
            (
                "{{ x | number(',') }}",
                ["1.234", "1.234 USD"],
                "EC",
                "1234",
            ),
            (
                "{{ x | number }}",
                ["1.234,50", "1.234,50 USD"],
                "EC",
                "1234.5",
            ),
        ] {
            for as_shown in [true, false] {
                let found = filled_from_sheet(source, cell, country, as_shown);
                assert_eq!(found.as_deref(), Ok(expected), "{source} {cell:?}");
            }
        }
        // The part may no longer come from the sheet's number.
        let source = "{{ x | split('|') | first | number }}";
        let found = filled_from_sheet(source, ["1.234", "1,23"], "EC", false);
        let problem = found.unwrap_err();
        assert!(
            problem.contains("may be a number with decimals in the sheet"),
            "{problem}"
        );
    }

    #[test]
    fn amount_keeps_its_currency() {
        for (cell, country, sign, expected) in [
            (
                "US$ 300.00",
                "PE",
                "S/",
                Some(
                    "`US$ 300.00` is an amount in US$, not in S/; to print the cell unchanged: omit `| money`",
                ),
            ),
            (
                "usd 20.00",
                "PE",
                "S/ ",
                Some("is an amount in usd, not in S/"),
            ),
            ("$ 20", "PE", "S/", Some("is an amount in $, not in S/")),
            (
                "20 dólares",
                "PE",
                "S/",
                Some("is an amount in dólares, not in S/"),
            ),
            ("20 soles", "PE", "S/", None),
            ("(S/ 20.00)", "PE", "S/", None),
            ("€ 20.00", "PE", "S/", Some("is an amount in €")),
            (
                "20%",
                "PE",
                "S/",
                Some("`20%` is a percentage, not an amount in S/"),
            ),
            ("R$ 30", "EC", "$", Some("in R$, not in $")),
            ("S/ 30", "EC", "$", Some("in S/, not in $")),
            ("Bs 30", "EC", "$", Some("in Bs, not in $")),
            ("-£30", "EC", "$", Some("in £, not in $")),
            ("30 EUR", "EC", "$", Some("in EUR, not in $")),
            ("COP 30.000", "EC", "$", Some("in COP, not in $")),
            ("$ 50 MXN", "EC", "$", Some("in $ MXN, not in $")),
            ("US$ 50", "MX", "$", Some("in US$, not in $")),
            ("Bs. 50", "VE", "$", Some("in Bs., not in $")),
            ("$ 50 MXN", "MX", "$", None),
            ("US$ 50", "EC", "$", None),
            ("50 usd", "EC", "$", None),
            ("$ 50", "EC", "USD", None),
            ("$ 50", "MX", "USD", None),
            ("$ 50", "CO", "COP", None),
            ("PEN 50", "PE", "S/", None),
            ("s/. 50", "PE", "S/", None),
            ("US$ 50", "PE", "$", None),
            ("$ 50", "PA", "B/.", None),
            ("B/. 50", "PA", "US$", None),
            ("30 EUR", "EC", "€", None),
            ("RD$ 300", "DO", "$", None),
            ("$ 300", "DO", "RD$", None),
            ("US$ 300", "DO", "RD$", Some("in US$, not in RD$")),
            ("Gs 50", "PY", "₲", None),
            ("50", "PE", "S/", None),
            ("US$ 50", "PE", "pts ", None),
            ("20%", "PE", "", None),
        ] {
            let source = format!("{{{{ x | money('{sign}') }}}}");
            let found = filled(&source, cell, Some(country)).err();
            let is_it = match (&found, expected) {
                (Some(problem), Some(part)) => problem.contains(part),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_it, "{cell} {country} {sign}: {found:?}");
            let number = format!("{{{{ x | number | money('{sign}') }}}}");
            assert!(filled(&number, cell, Some(country)).is_ok(), "{cell}");
        }
    }

    #[test]
    fn percentage_is_not_an_amount() {
        for (cell, expected) in [
            (
                "20",
                Err(
                    "percent: `20` would be 2000%; write `20%` in the cell, or if the whole column is without %: \
                     `(x | number / 100) | percent`",
                ),
            ),
            ("-2", Err("would be -200%")),
            ("12.5", Err("`12.5` would be 1250%")),
            ("9.9", Err("write `9.9%` in the cell")),
            ("1.5", Err("`1.5` would be 150%")),
            ("1.001", Err("`1.001` would be 100.1%")),
            (
                "S/ 15",
                Err("`S/ 15` is an amount in S/, not a percentage; to print it: `| money(\"S/\")`"),
            ),
            ("S/ 0.15", Err("is an amount in S/")),
            ("20%", Ok("20%")),
            ("9.9%", Ok("9.9%")),
            ("150 %", Ok("150%")),
            ("1.125%", Ok("1.13%")),
            ("1,125%", Err("`1,125%` is ambiguous")),
            ("1,125.5%", Ok("1125.5%")),
            ("0.15", Ok("15%")),
            ("1", Ok("100%")),
            ("1.00", Ok("100%")),
            ("0", Ok("0%")),
            ("", Ok("")),
        ] {
            check("{{ x | percent }}", cell, Some("PE"), expected);
        }
        for (source, expected) in [
            ("{{ x | number | percent }}", Ok("990%")),
            ("{{ (x | number / 100) | percent(2) }}", Ok("9.90%")),
            ("{{ x | number('.') | percent }}", Ok("990%")),
            (
                "{{ x | percent(2) }}",
                Err(
                    "`9.9` would be 990.00%; write `9.9%` in the cell, or if the whole column is without %: \
                     `(x | number / 100) | percent(2)`",
                ),
            ),
        ] {
            check(source, "9.9", Some("PE"), expected);
        }
    }

    #[test]
    fn percent_prints_what_the_sheet_shows() {
        for (cell, expected) in [
            // With the format `0"%"` or `0.00"%"`.
            (["15", "15%"], Ok("15%")),
            (["1.5", "1,50%"], Ok("1,5%")),
            (["1.456", "1,46%"], Ok("1,46%")),
            (["0.5", "0,50%"], Ok("0,5%")),
            (["-15", "-15%"], Ok("-15%")),
            (["-15", "(15%)"], Ok("-15%")),
            (["1500", "1.500%"], Ok("1500%")),
            (["15", "15% dto."], Ok("15%")),
            // With a percent format.
            (["0.15", "15%"], Ok("15%")),
            (["0.004", "0%"], Ok("0,4%")),
            (["0.015", "1,50%"], Ok("1,5%")),
            (["1.5", "150%"], Ok("150%")),
            (["9.9", "990,00%"], Ok("990%")),
            (["1", "100,00 %"], Ok("100%")),
            (["15", "1.500%"], Ok("1500%")),
            (["1.5", "150% TEA"], Ok("150%")),
            // Without a sign.
            (["0.155", "0,16"], Ok("15,5%")),
            (
                ["9.9", "9,90"],
                Err("`9,90` would be 990%; write `9,90%` in the cell"),
            ),
            (["9.9", "9,9 pts"], Err("`9.9` would be 990%")),
            (["9.9", "3: 9,9%"], Err("`9.9` would be 990%")),
        ] {
            let found = filled_from_sheet("{{ x | percent }}", cell, "EC", true);
            let is_it = match (&found, expected) {
                (Ok(text), Ok(expected)) => text == expected,
                (Err(problem), Err(part)) => problem.contains(part),
                _ => false,
            };
            assert!(is_it, "{cell:?}: {found:?}");
        }
    }
}
