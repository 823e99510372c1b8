//! The filter `percent`, and the percentages in the cells of a list.

use minijinja::{Error, State, Value as Cell};

use super::numbers::{Separator, format_number, layout, read, sheet_text, visible_text};
use super::problem::{TextProblem, refused};
use super::read_number::{Amount, DecimalSign};
use super::spelling::quoted;
use crate::base::conventions::NumberLayout;
use crate::base::message::msg;

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
    if has_sign || share.abs() <= 1.0 {
        return Ok(());
    }
    // A sheet may show other words next to the number.
    let stored = typed.as_str().unwrap_or_default().trim();
    let cell = if amount.is_some() { &text } else { stored };
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
    let read = amount.number(DecimalSign::Declared(known)).ok().flatten();
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
    use crate::lists::template::fixture::{check, filled_from_sheet};

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
