//! The filter `date`, which writes a date in a format of strftime or of its country.

use jiff::civil::{DateTime, Time};
use minijinja::value::Kwargs;
use minijinja::{Error, State, Value as Cell};

use super::numbers::conventions;
use super::problem::{TextProblem, refused, text_before};
use super::read_date::{ReadDate, declared_date, read_date};
use super::row_view::RowView;
use super::stored_amount::seconds;
use crate::base::conventions::{Conventions, OF_DAY, OF_TIME, has_code, written_date};
use crate::base::date_names::DateName;
use crate::base::message::{Message, msg};

/// The codes of a format, as in strftime.
const CODES: &str = "%d %-d %m %-m %B %b %A %a %Y %y %H %-H %I %-I %M %-M %S %-S %p";

/// Implements `{{ vence | date('%d/%m/%Y') }}`: the date in this format. Without one, in the short
/// format of the country. `from='%m/%d/%y'` is the format of the cells.
#[expect(clippy::needless_pass_by_value, reason = "as minijinja passes it")]
pub(super) fn date(
    state: &State<'_, '_>,
    typed: &Cell,
    how: Option<&str>,
    named: Kwargs,
) -> Result<String, Error> {
    let from: Option<&str> = named.get("from")?;
    named.assert_all_used()?;
    if typed.is_none() {
        return Ok(String::new());
    }
    let text = text_before("date", typed)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let view = RowView::in_state(state);
    let conventions = conventions(state);
    let is_stored = view
        .as_ref()
        .is_some_and(|view| view.sheet_text(typed).is_some());
    let read = match from.filter(|_| !is_stored) {
        Some(from) => declared_date(text, from),
        None => read_date(text, conventions.as_ref()),
    };
    // A sheet stores midnight as a date without a time.
    let is_midnight = view.as_ref().is_some_and(|view| {
        view.shown_text(typed)
            .is_some_and(|shown| shown.contains(':'))
    });
    let written =
        read.and_then(|read| write_date(text, &read, is_midnight, how, conventions.as_ref()));
    let written = written.map_err(|problem| refused("date", problem))?;
    if let Some(view) = view {
        view.keep_amount(seconds(written.at));
    }
    Ok(written.text)
}

struct WrittenDate {
    at: DateTime,
    text: String,
}

/// Writes the date `read` from `text` in the format `how`. A date without a time is an error for a format
/// with a time, unless it `is_midnight`.
fn write_date(
    text: &str,
    read: &ReadDate,
    is_midnight: bool,
    how: Option<&str>,
    conventions: Option<&Conventions>,
) -> Result<WrittenDate, TextProblem> {
    let format = match (how, conventions) {
        (Some(format), _) => checked(format)?,
        (None, Some(known)) => known.short_date,
        (None, None) => {
            return Err(TextProblem::new(
                msg!("the format is missing"),
                usual_formats(),
            ));
        }
    };
    if read.is_without_century && has_code(format, "YAa") {
        let problem = msg!("the year of `{text}` may be in two centuries", text);
        let hint = msg!("write it with four digits in the list, or omit it: date(\"%d/%m\")");
        return Err(TextProblem::new(problem, hint));
    }
    if read.is_without_year && has_code(format, "YyAa") {
        let problem = msg!("`{text}` is a date without a year", text);
        let hint = msg!("omit the year and the weekday: date(\"%d/%m\")");
        return Err(TextProblem::new(problem, hint));
    }
    if read.day.is_none() && has_code(format, OF_DAY) {
        let problem = msg!("`{text}` is a time without a date", text);
        return Err(TextProblem::from(problem).of_cell(text));
    }
    let shows_time = has_code(format, OF_TIME);
    if shows_time && read.time.is_none() && !is_midnight {
        let problem = msg!("`{text}` is a date without a time", text);
        return Err(TextProblem::from(problem).of_cell(text));
    }
    let at = read
        .day
        .unwrap_or_default()
        .to_datetime(read.time.unwrap_or_default());
    if read.is_utc && (shows_time || at.time() != Time::midnight()) {
        let problem = msg!("`{text}` is the time in UTC", text);
        let hint = msg!("write the local time, such as 2026-11-28T13:30");
        return Err(TextProblem::new(problem, hint).of_cell(text));
    }
    let text = written_date(format, at, conventions.and_then(|known| known.language));
    let text = text.ok_or_else(|| {
        TextProblem::new(
            msg!("the language of its names is unknown"),
            msg!("pass the country of the list with --country"),
        )
    })?;
    Ok(WrittenDate { at, text })
}

/// Checks that a `format` such as `%d/%m/%Y` has known codes, and no month as a word.
fn checked(format: &str) -> Result<&str, TextProblem> {
    let is_known = |at: usize| {
        let rest = format.get(at..).unwrap_or_default();
        CODES.split(' ').any(|code| rest.starts_with(code))
    };
    if !format.match_indices('%').all(|(at, _)| is_known(at)) {
        let problem = msg!(
            "`{format}` has an unknown code; the codes are {codes}",
            format,
            codes = CODES
        );
        return Err(problem.into());
    }
    let text = CODES
        .split(' ')
        .fold(format.to_owned(), |text, code| text.replace(code, " "));
    let problem = match text
        .split(|letter: char| !letter.is_alphabetic())
        .find(|word| DateName::Month.number(word).is_some())
    {
        _ if !format.contains('%') => {
            msg!(
                "`{format}` has no code, so every date would be the same",
                format
            )
        }
        Some(month) => msg!("`{month}` would be in every date", month),
        None => return Ok(format),
    };
    Err(TextProblem::new(problem, usual_formats()))
}

fn usual_formats() -> Message {
    msg!("write date(\"%d/%m/%Y\") or date(\"%-d de %B\")")
}

#[cfg(test)]
mod tests {
    use crate::lists::template::fixture::{check, filled_from_sheet};

    #[test]
    fn time_with_a_zone_is_read_as_in_iso() {
        for (cell, expected) in [
            ("2026-11-21 09:15:00 -0600", Ok("21/11 09:15")),
            ("2026-11-21 09:15:00 -06:00", Ok("21/11 09:15")),
            ("2026-11-21T09:15:00-06:00", Ok("21/11 09:15")),
            ("2026-11-21 09:15:00 +0000", Err("is the time in UTC")),
            (
                "2026-11-21 09:15:00 UTC",
                Err("`2026-11-21 09:15:00 UTC` is the time in UTC"),
            ),
            ("2026-11-21T09:15:00Z", Err("is the time in UTC")),
            ("2026-11-21 09:15 pm", Ok("21/11 21:15")),
            ("2026-11-21 -0600", Err("is not a date")),
            ("2026-11-21 09:15:00 -6", Err("is not a date")),
            ("2026-11-21 09:15:00 EST", Err("is not a date")),
        ] {
            check("{{ x | date('%d/%m %H:%M') }}", cell, Some("MX"), expected);
        }
        for cell in ["2026-11-21 00:00:00 +0000", "2026-11-21T00:00:00Z"] {
            check("{{ x | date('%d/%m') }}", cell, Some("MX"), Ok("21/11"));
        }
    }

    #[test]
    fn wrong_day_is_explained() {
        for (cell, expected) in [
            (
                "45989",
                "`45989` is Excel's number for 2025-11-28; format the column as a date",
            ),
            ("32874", "for 1990-01-01"),
            ("73415", "for 2100-12-31"),
            ("99999", "for 2173-10-13"),
            ("1234", "`1234` is not a date"),
            ("045989", "`045989` is not a date"),
            ("45989.5", "`45989.5` is not a date"),
            (
                "31/02/2026",
                "`31/02/2026` is not a date: its month has no day 31",
            ),
            ("2026-02-29", "its month has no day 29"),
            ("32/01/2026", "`32/01/2026` is not a date"),
            (
                "12/25/2026",
                "but Ecuador writes the day first; if all its dates are like this: `date(\"…\", from=\"%m/%d/%Y\")`; else write each date",
            ),
            (
                "12/25/2026 15:15:22",
                "`date(\"…\", from=\"%m/%d/%Y %H:%M:%S\")`",
            ),
            (
                "12/25/26 3:15 PM",
                "`date(\"…\", from=\"%m/%d/%y %I:%M %p\")`",
            ),
            (
                "12/25/2026 (viernes)",
                "but Ecuador writes the day first; write each date",
            ),
        ] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), Err(expected));
        }
        check(
            "{{ x | date('%d/%m') }}",
            "29/02/2028",
            Some("EC"),
            Ok("29/02"),
        );
    }

    #[test]
    fn twelve_hour_times_are_read() {
        for (cell, expected) in [
            ("05/12/2026 02:30 p. m.", Ok("05/12 14:30")),
            ("05/12/2026 02:30 p.\u{a0}m.", Ok("05/12 14:30")),
            ("05/12/2026\u{202f}2:30\u{202f}PM", Ok("05/12 14:30")),
            ("5/12/2026, 12:05:09 a.m.", Ok("05/12 00:05")),
            ("2026-12-05 12:00 pm", Ok("05/12 12:00")),
            ("5 de diciembre de 2026 2:30pm", Ok("05/12 14:30")),
            ("05/12/2026 14:30 h", Ok("05/12 14:30")),
            ("05/12/2026 14:30", Ok("05/12 14:30")),
            ("05/12/2026 13:30 PM", Err("is not a date")),
            ("05/12/2026 0:30 PM", Err("is not a date")),
            ("05/12/2026 24:00", Err("is not a date")),
            ("05/12/2026 2:30 de la tarde", Err("is not a date")),
            ("05/12/2026:14:30", Err("is not a date")),
            ("2:30 PM", Err("is a time without a date")),
        ] {
            let source = "{{ x | date('%d/%m %H:%M') }}";
            check(source, cell, Some("EC"), expected);
        }
        for (cell, expected) in [
            ("2:30 PM", Ok("14:30")),
            ("02:30 p. m.", Ok("14:30")),
            ("12:00 AM", Ok("00:00")),
            ("9:05", Ok("09:05")),
        ] {
            check("{{ x | date('%H:%M') }}", cell, None, expected);
        }
    }

    #[test]
    fn declared_format_is_read() {
        for (source, cell, expected) in [
            (
                "date('%d/%m/%Y', from='%m/%d/%y')",
                "12/05/26",
                Ok("05/12/2026"),
            ),
            (
                "date('%d/%m/%Y', from='%m/%d/%Y')",
                "12/5/2026",
                Ok("05/12/2026"),
            ),
            ("date(from='%Y_%m_%d')", "2026_12_05", Ok("05/12/2026")),
            ("date('%H:%M', from='%H.%M')", "9.30", Ok("09:30")),
            (
                "date('%d/%m %H:%M', from='%d.%m.%Y %I.%M %p')",
                "5.12.2026 2.30 PM",
                Ok("05/12 14:30"),
            ),
            // As a sheet stores it.
            (
                "date('%d/%m/%Y', from='%m/%d/%y')",
                "2026-12-05",
                Ok("05/12/2026"),
            ),
            ("date('%d/%m/%Y', from='%m/%d/%y')", "", Ok("")),
            ("date('%d/%m', from='%m/%d/%y')", "12/05/85", Ok("05/12")),
            (
                "date('%-d de %B', from='%m/%d')",
                "02/29",
                Ok("29 de febrero"),
            ),
            (
                "date('%d/%m/%Y', from='%m/%d')",
                "12/05",
                Err("`12/05` is a date without a year"),
            ),
            (
                "date('%A', from='%m/%d')",
                "12/05",
                Err("`12/05` is a date without a year"),
            ),
            (
                "date('%d/%m/%Y', from='%m/%d/%y')",
                "12/05/85",
                Err("the year of `12/05/85` may be in two centuries"),
            ),
            (
                "date('%d/%m/%Y', from='%m/%d/%y')",
                "25/12/26",
                Err("`25/12/26` is not a date in the format `%m/%d/%y`"),
            ),
            (
                "date('%d/%m/%Y', from='%m/%d/%Y')",
                "12/05/26",
                Err("is not a date in the format"),
            ),
        ] {
            let source = format!("{{{{ x | {source} }}}}");
            check(&source, cell, Some("EC"), expected);
        }
        let stored = ["2026-12-05", "12/5/26"];
        let source = "{{ x | date('%d/%m', from='%d/%m/%y') }}";
        let found = filled_from_sheet(source, stored, "EC", true);
        assert_eq!(found.as_deref(), Ok("05/12"));
    }

    #[test]
    fn weekday_after_a_date_is_checked() {
        for (cell, expected) in [
            ("05/12/2026 (sábado)", Ok("05/12")),
            ("5 dic 2026, sábado", Ok("05/12")),
            ("2026-12-05 sáb.", Ok("05/12")),
            ("3 mar 2026 mar", Ok("03/03")),
            ("Mar 3, 2026 (Tue)", Ok("03/03")),
            ("4 de dezembro de 2026 (sexta-feira)", Ok("04/12")),
            ("4 DE DEZEMBRO DE 2026 (SEXTA-FEIRA)", Ok("04/12")),
            ("05/12/2026 14:30 (sábado)", Ok("05/12")),
            ("05/12/2026 (sábado) 02:30 p. m.", Ok("05/12")),
            ("05/12/2026 02:30 p. m., sábado", Ok("05/12")),
            (
                "05/12/2026 (lunes) 14:30",
                Err("the weekday of `05/12/2026 (lunes) 14:30` does not fit"),
            ),
            ("2026-12-05T14:30 sábado", Ok("05/12")),
            (
                "05/12/2026 (viernes)",
                Err("the weekday of `05/12/2026 (viernes)` does not fit its date"),
            ),
            (
                "12/25/2026 (viernes)",
                Err("`12/25/2026 (viernes)` has the month first"),
            ),
            ("mar 3 2026", Ok("03/03")),
            ("mar 3 2026 14:30", Ok("03/03")),
            ("05/12/2026 vence", Err("`05/12/2026 vence` is not a date")),
            ("05/12/2026 (5)", Err("is not a date")),
            ("14:30 (sábado)", Err("is not a date")),
            ("sábado", Err("is not a date")),
            ("", Ok("")),
        ] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), expected);
        }
    }

    #[test]
    fn weekday_of_either_century_fits_a_short_year() {
        for cell in ["viernes, 6/12/85", "jueves, 6/12/85", "6/12/85 (viernes)"] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), Ok("06/12"));
            let ambiguous = Err("may be in two centuries");
            check("{{ x | date('%d/%m/%Y') }}", cell, Some("EC"), ambiguous);
        }
        for cell in ["lunes, 6/12/85", "sábado, 6/12/26"] {
            let wrong = Err("does not fit its date");
            check("{{ x | date('%d/%m/%Y') }}", cell, Some("EC"), wrong);
        }
        check(
            "{{ x | date }}",
            "domingo, 6/12/26",
            Some("EC"),
            Ok("06/12/2026"),
        );
    }

    #[test]
    fn weekday_before_a_date_is_checked() {
        for (cell, expected) in [
            ("sábado, 5 de diciembre de 2026", Ok("05/12")),
            ("sáb 05/12/2026", Ok("05/12")),
            ("SÁB. 5-dic-2026", Ok("05/12")),
            ("martes 3 de marzo de 2026", Ok("03/03")),
            ("mar 3 mar 2026", Ok("03/03")),
            ("Saturday, December 5, 2026", Ok("05/12")),
            ("sábado, 5 de dezembro de 2026", Ok("05/12")),
            ("sexta-feira, 4 de dezembro de 2026", Ok("04/12")),
            ("sábado 2026-12-05", Ok("05/12")),
            (
                "viernes, 5 de diciembre de 2026",
                Err("the weekday of `viernes, 5 de diciembre de 2026` does not fit its date"),
            ),
            ("vence 05/12/2026", Err("is not a date")),
            ("1 05/12/2026", Err("is not a date")),
            ("sábado diciembre 2026", Err("is not a date")),
        ] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), expected);
        }
        let with_time = "sábado, 5 de diciembre de 2026 14:30";
        check(
            "{{ x | date('%d/%m %H:%M') }}",
            with_time,
            Some("EC"),
            Ok("05/12 14:30"),
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn dates_are_read_and_written_in_common_formats() {
        for (source, cell, country, expected) in [
            (
                "{{ x | date('%-d de %B') }}",
                "2026-03-05",
                Some("EC"),
                Ok("5 de marzo"),
            ),
            (
                "{{ x | date('%B %-d, %Y') }}",
                "2026-03-05",
                Some("US"),
                Ok("March 5, 2026"),
            ),
            (
                "{{ x | date('%A %-d de %b') }}",
                "2026-03-05",
                Some("EC"),
                Ok("jueves 5 de mar"),
            ),
            (
                "{{ x | date('%d/%m/%y %H:%M') }}",
                "2026-03-05T08:05:00",
                None,
                Ok("05/03/26 08:05"),
            ),
            (
                "{{ x | date('%Y-%m-%dT%I:%M:%S %p') }}",
                "2026-12-01T08:05:00",
                Some("EC"),
                Ok("2026-12-01T08:05:00 a.\u{a0}m."),
            ),
            (
                "{{ x | date('%-d/%m/%Y %H:%M') }}",
                "2026-03-05 08:05",
                None,
                Ok("5/03/2026 08:05"),
            ),
            (
                "{{ x | date('%d de %B') }}",
                "28/11/2026",
                Some("EC"),
                Ok("28 de noviembre"),
            ),
            (
                "{{ x | date('%d de %B') }}",
                "28/11/2026",
                None,
                Err("language of its names"),
            ),
            (
                "{{ x | date('%d de noviembre') }}",
                "2026-03-05",
                Some("EC"),
                Err("`noviembre` would be in every date"),
            ),
            ("{{ x | date }}", "2026-11-28", Some("US"), Ok("11/28/2026")),
            ("{{ x | date }}", "2026-03-05", Some("FI"), Ok("5.3.2026")),
            (
                "{{ x | date }}",
                "2026-11-28",
                None,
                Err("the format is missing"),
            ),
            (
                "{{ x | date('%d') }}",
                "05/03/2026",
                None,
                Err("may be two days"),
            ),
            ("{{ x | date('%d') }}", "05/03/2026", Some("US"), Ok("03")),
            // Panama uses both orders.
            (
                "{{ x | date('%d') }}",
                "05/03/2026",
                Some("PA"),
                Err(
                    "may be two days; write it as 2026-11-28, or set the order of the column: `date(\"…\", from=\"%d/%m/%Y\")`",
                ),
            ),
            (
                "{{ x | date('%d', from='%d/%m/%Y') }}",
                "05/03/2026",
                Some("PA"),
                Ok("05"),
            ),
            ("{{ x | date('%d') }}", "25/03/2026", Some("PA"), Ok("25")),
            ("{{ x | date('%d') }}", "03/25/2026", Some("PR"), Ok("25")),
            ("{{ x | date('%d') }}", "03/03/2026", Some("PA"), Ok("03")),
            ("{{ x | date('%d') }}", "05/03/2026", Some("MX"), Ok("05")),
            (
                "{{ x | date('%d/%m') }}",
                "5 de marzo de 2026",
                None,
                Ok("05/03"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "mañana",
                None,
                Err("`mañana` is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "31/02/2026",
                None,
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "13:30:00",
                None,
                Err("a time without a date"),
            ),
            ("{{ x | date('%d/%m') }}", "12/25/2026", None, Ok("25/12")),
            (
                "{{ x | date('%d/%m') }}",
                "12/25/2026",
                Some("US"),
                Ok("25/12"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "12/25/2026",
                Some("EC"),
                Err("has the month first, but"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "25/12/2026",
                Some("US"),
                Err("has the day first, but the United States writes the month first"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "13/14/2026",
                Some("EC"),
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "25/12/2026",
                Some("CA"),
                Ok("25/12"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "05/03/2026",
                Some("CA"),
                Err("may be two days"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "28/11/226",
                None,
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "1/2/3",
                Some("EC"),
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "2026-11-28T00:00:00.000Z",
                Some("EC"),
                Ok("28/11"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "2026-11-29T02:00:00.000Z",
                Some("EC"),
                Err("is the time in UTC"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T00:00:00Z",
                Some("EC"),
                Err("write the local time, such as"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T20:00:00+00:00",
                Some("EC"),
                Err("is the time in UTC"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T20:00:00-05:00",
                Some("EC"),
                Ok("20:00"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "28/11/2026",
                Some("EC"),
                Err("is a date without a time"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T00:00",
                Some("EC"),
                Ok("00:00"),
            ),
            (
                "{{ x | date('%d/%m/%Y') }}",
                "28/11/26",
                None,
                Ok("28/11/2026"),
            ),
            (
                "{{ x | date('%d/%m/%y') }}",
                "28/11/85",
                None,
                Ok("28/11/85"),
            ),
            (
                "{{ x | date('%d/%m/%Y') }}",
                "28/11/85",
                None,
                Err("the year of `28/11/85` may be in two centuries"),
            ),
            (
                "{{ x | date('%A') }}",
                "28 nov 85",
                None,
                Err("with four digits in the list, or omit it"),
            ),
            ("{{ x | date('%H.%M') }}", "13:30:00", None, Ok("13.30")),
            ("{{ x | date('%d/%m') }}.", "", None, Ok(".")),
            (
                "{{ x | date('%q') }}",
                "2026-03-05",
                None,
                Err("has an unknown code"),
            ),
            (
                "{{ x | date('28 de noviembre') }}",
                "2026-03-05",
                None,
                Err("has no code, so every date would be the same"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }
}
