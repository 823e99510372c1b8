//! The format of a cell, and how it shows a number: `0000000000`, `0%`, `"$"#,##0.00`, `dd/mm/yyyy`
//! (ECMA-376 part 1, 18.8.30 and 18.8.31). A format with more than digits or a date is not simple.

use jiff::civil::DateTime;

use super::values::{NumberKind, is_general, moment, number as written_number};
use crate::base::conventions::{Conventions, NumberLayout, OF_DAY, has_code, written_date};
use crate::base::texts::rows;

/// A format of a workbook's cells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NumberFormat {
    /// The code in the workbook.
    pub(crate) code: String,
    /// How the format shows a positive number.
    kind: NumberKind,
    /// The sections for positive numbers, negative ones, and zero. None if the format is not
    /// simple.
    sections: Option<Vec<Section>>,
    /// The conventions of the country in the format.
    conventions: Option<Conventions>,
    /// Whether the country decides the order of day and month.
    is_regional: bool,
    /// Whether days are counted from 1904.
    is_1904: bool,
}

/// Why a cell is not written as its format shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormatFallback {
    /// The format is not simple.
    Format,
    /// No country decides which marks or names to write.
    Country,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Section {
    Number {
        before: String,
        layout: NumberLayout,
        after: String,
    },
    /// A format of strftime.
    Date(String),
    /// The long date of the list's language.
    LongDate,
    /// The total hours, which may be more than 24, and the format for the rest.
    Hours { is_padded: bool, format: String },
    /// A text without digits, such as `"-"` for zero.
    Text(String),
}

impl NumberFormat {
    /// Creates the format `id`. `declared` is its code, if the workbook declares it. None if it
    /// shows a number as it is stored.
    pub(super) fn new(id: u32, declared: Option<&str>, is_1904: bool) -> Option<Self> {
        // Some programs declare this format with the order of the United States.
        let is_regional = id == SHORT_DATE || (id == SHORT_DATE_AND_TIME && declared.is_none());
        let code = declared.filter(|_| !is_regional).or_else(|| built_in(id))?;
        Some(Self {
            is_regional,
            ..Self::from_code(code, is_1904)?
        })
    }

    fn from_code(code: &str, is_1904: bool) -> Option<Self> {
        if is_general(code) {
            return None;
        }
        let mut conventions = None;
        // The fourth section is for texts. A last section with `@` is, too.
        let mut codes = sections(code);
        codes.truncate(3);
        while codes.len() > 1 && codes.pop_if(|section| section.contains('@')).is_some() {}
        let sections: Vec<_> = codes
            .into_iter()
            .map(|section| tokens(section, &mut conventions))
            .collect();
        let kind = sections
            .first()
            .map_or(NumberKind::Plain, |tokens| kind(tokens));
        let sections = sections
            .iter()
            .map(|tokens| Section::from_tokens(tokens))
            .collect();
        Some(Self {
            code: code.to_owned(),
            kind,
            sections,
            conventions,
            is_regional: false,
            is_1904,
        })
    }

    /// Converts a stored number to a text.
    pub(super) fn value(&self, stored: &str) -> String {
        written_number(stored, self.kind, self.is_1904)
    }

    /// Returns how a sheet shows `text`, if the format adds something to it.
    pub(super) fn show_text(&self, text: &str) -> Option<String> {
        let (before, after) = sections(&self.code).pop()?.split_once('@')?;
        let literal = |code| literal_text(&tokens(code, &mut None));
        Some(
            format!("{}{text}{}", literal(before)?, literal(after)?)
                .trim()
                .to_owned(),
        )
        .filter(|shown| shown != text.trim())
    }

    /// Returns how a sheet shows `value`, in a list from a country with `conventions`.
    pub(crate) fn show(
        &self,
        value: f64,
        conventions: Option<&Conventions>,
    ) -> Result<String, FormatFallback> {
        let conventions = self.conventions.as_ref().or(conventions);
        let sections = self.sections.as_deref().ok_or(FormatFallback::Format)?;
        let (section, has_sign) = section_for(sections, value).ok_or(FormatFallback::Format)?;
        let shown = self.show_in(section, value, has_sign, conventions)?;
        let is_dash = value == 0.0 && Conventions::is_zero_as_dash(&shown);
        match sections {
            // In a column the dash is clear, but not in a text: `Debe $-`.
            [positive, ..] if is_dash => self.show_in(positive, value, false, conventions),
            _ => Ok(shown),
        }
    }

    /// Returns whether a sheet shows the whole number `stored`, which is `value`, only as its digits, as the format `0` does.
    pub(crate) fn shows_digits(&self, value: f64, stored: &str) -> bool {
        let sections = self.sections.as_deref().unwrap_or_default();
        let Some((
            Section::Number {
                before,
                layout,
                after,
            },
            has_sign,
        )) = section_for(sections, value)
        else {
            return false;
        };
        // A spreadsheet does not show the digits that its numbers cannot have.
        let is_exact = format!("{value:.0}") == stored;
        let digits = if has_sign {
            stored.trim_start_matches('-')
        } else {
            stored
        };
        let only_digits = NumberLayout {
            least_whole: layout.least_whole,
            ..NumberLayout::default()
        };
        is_exact
            && before.is_empty()
            && after.is_empty()
            && *layout == only_digits
            && layout.least_whole <= digits.len()
            && digits.chars().all(|digit| digit.is_ascii_digit())
    }

    /// Formats `value` as `section` shows it.
    fn show_in(
        &self,
        section: &Section,
        value: f64,
        has_sign: bool,
        conventions: Option<&Conventions>,
    ) -> Result<String, FormatFallback> {
        let at = || moment(value, self.is_1904).ok_or(FormatFallback::Format);
        let language = conventions.and_then(|known| known.language);
        let dated = |format: &str, at: DateTime| {
            written_date(format, at, language).ok_or(FormatFallback::Country)
        };
        let shown = match section {
            Section::Number {
                before,
                layout,
                after,
            } => {
                let fallback = match conventions {
                    Some(_) => FormatFallback::Format,
                    None => FormatFallback::Country,
                };
                let number = layout.write(value, conventions).ok_or(fallback)?;
                format!("{}{before}{number}{after}", if has_sign { "-" } else { "" })
            }
            Section::Text(text) => text.clone(),
            Section::Date(format) if self.is_regional => {
                let short = conventions.ok_or(FormatFallback::Country)?.short_date;
                dated(
                    &format.replace("%-m/%-d/%Y", short),
                    at()?.date.ok_or(FormatFallback::Format)?,
                )?
            }
            Section::Date(format) if has_code(format, OF_DAY) => {
                dated(format, at()?.date.ok_or(FormatFallback::Format)?)?
            }
            Section::Date(format) => dated(format, at()?.clock)?,
            Section::LongDate => {
                let long = conventions.and_then(Conventions::long_date);
                let long = long.ok_or(FormatFallback::Country)?;
                dated(long, at()?.date.ok_or(FormatFallback::Format)?)?
            }
            Section::Hours { is_padded, format } => {
                let at = at()?;
                let hours = if *is_padded {
                    format!("{:02}", at.hours)
                } else {
                    at.hours.to_string()
                };
                format!("{hours}{}", dated(format, at.clock)?)
            }
        };
        Ok(shown.trim().to_owned())
    }
}

/// Returns the section for `value`, and whether the sheet writes its minus sign before it.
fn section_for(sections: &[Section], value: f64) -> Option<(&Section, bool)> {
    match sections {
        [_, negative, ..] if value < 0.0 => Some((negative, false)),
        [_, _, zero] if value == 0.0 => Some((zero, false)),
        [positive, ..] => Some((positive, value < 0.0)),
        [] => None,
    }
}

/// The formats by their ids.
const BUILT_IN: &str = include_str!("built_in_formats.tsv");
const SHORT_DATE: u32 = 14;
const SHORT_DATE_AND_TIME: u32 = 22;

/// Returns the code of a format that every workbook has without a declaration. Some are dates of
/// East Asia.
fn built_in(id: u32) -> Option<&'static str> {
    rows(BUILT_IN)
        .find(|[known, _]| known.parse() == Ok(id))
        .map(|[_, code]| code)
}

impl Section {
    /// Creates the format of a section. None if the section is not simple.
    fn from_tokens(tokens: &[Token]) -> Option<Self> {
        match tokens {
            [Token::Hours(length), ..] => Some(Self::Hours {
                is_padded: *length > 1,
                format: date_format(tokens)?,
            }),
            [Token::LongDate, ..] => Some(Self::LongDate),
            _ if kind(tokens) == NumberKind::Plain => number(tokens),
            _ => date_format(tokens).map(Self::Date),
        }
    }
}

fn kind(tokens: &[Token]) -> NumberKind {
    let has = |wanted: char| {
        let is_wanted =
            |token: &Token| matches!(token, Token::Date(letter, _) if *letter == wanted);
        tokens.iter().any(is_wanted)
    };
    let is_time = (has('h') || has('s')) && !has('d') && !has('y');
    let kind = tokens.iter().find_map(|token| match token {
        Token::Hours(_) | Token::Elapsed => Some(NumberKind::Elapsed),
        Token::Date(..) | Token::HalfDay | Token::LongDate if is_time => Some(NumberKind::Time),
        Token::Date(..) | Token::HalfDay | Token::LongDate => Some(NumberKind::Date),
        _ => None,
    });
    kind.unwrap_or(NumberKind::Plain)
}

/// Returns the text of a section that has nothing else.
fn literal_text(tokens: &[Token]) -> Option<String> {
    let texts = tokens.iter().map(|token| match token {
        Token::Text(text) => Some(text.as_str()),
        Token::Percent => Some("%"),
        _ => None,
    });
    texts.collect()
}

fn number(tokens: &[Token]) -> Option<Section> {
    let is_digit = |token: &Token| matches!(token, Token::Digit(_) | Token::Point);
    let mut layout = NumberLayout {
        is_percent: tokens.contains(&Token::Percent),
        ..NumberLayout::default()
    };
    let (Some(first), Some(last)) = (
        tokens.iter().position(is_digit),
        tokens.iter().rposition(is_digit),
    ) else {
        return literal_text(tokens)
            .filter(|text| !text.trim().is_empty())
            .map(Section::Text);
    };
    let mut is_behind = false;
    for token in tokens.get(first..=last)? {
        match token {
            Token::Digit(digit) if is_behind => {
                layout.most_decimals += 1;
                layout.least_decimals += usize::from(*digit == '0');
            }
            Token::Digit(digit) => layout.least_whole += usize::from(*digit == '0'),
            Token::Point if !is_behind => is_behind = true,
            Token::Comma if !is_behind => layout.has_thousands = true,
            _ => return None,
        }
    }
    let before = literal_text(tokens.get(..first)?)?;
    let after = literal_text(tokens.get(last + 1..)?)?;
    // Two percent signs or two commas are not simple.
    if tokens
        .iter()
        .filter(|token| **token == Token::Percent)
        .count()
        > 1
    {
        return None;
    }
    // Return None for a fraction: `/` follows the digits.
    (!after.starts_with('/')).then_some(Section::Number {
        before,
        layout,
        after,
    })
}

/// Returns the strftime format with the same result; None if strftime cannot express the format.
fn date_format(tokens: &[Token]) -> Option<String> {
    let has_half_days = tokens.contains(&Token::HalfDay);
    let letter = |token: Option<&Token>| match token {
        Some(Token::Date(letter, _)) => Some(*letter),
        Some(Token::Hours(_)) => Some('h'),
        _ => None,
    };
    let mut format = String::new();
    let mut before = None;
    for (place, token) in tokens.iter().enumerate() {
        let next = tokens
            .iter()
            .skip(place + 1)
            .find(|token| matches!(token, Token::Date(..)));
        // After hours and before seconds, m means minutes.
        let is_minute = before == Some('h') || letter(next) == Some('s');
        before = letter(Some(token)).or(before);
        format += match token {
            Token::Hours(_) if place == 0 => continue,
            Token::Text(text) if !text.contains('%') => text,
            Token::Point => ".",
            Token::Comma => ",",
            Token::HalfDay => "%p",
            Token::Date('d', 1) => "%-d",
            Token::Date('d', 2) => "%d",
            Token::Date('d', 3) => "%a",
            Token::Date('d', _) => "%A",
            Token::Date('m', 1) if is_minute => "%-M",
            Token::Date('m', 2) if is_minute => "%M",
            Token::Date('m', 1) => "%-m",
            Token::Date('m', 2) => "%m",
            Token::Date('m', 3) => "%b",
            Token::Date('m', 4) => "%B",
            Token::Date('y', 1 | 2) => "%y",
            Token::Date('y', _) => "%Y",
            Token::Date('h', 1) if has_half_days => "%-I",
            Token::Date('h', _) if has_half_days => "%I",
            Token::Date('h', 1) => "%-H",
            Token::Date('h', _) => "%H",
            Token::Date('s', 1) => "%-S",
            Token::Date('s', _) => "%S",
            Token::Text(_)
            | Token::Date(..)
            | Token::Digit(_)
            | Token::Percent
            | Token::LongDate
            | Token::Hours(_)
            | Token::Elapsed
            | Token::Other => return None,
        };
    }
    Some(format)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Text(String),
    Digit(char),
    Point,
    Comma,
    Percent,
    /// A letter of a date, and how often it is repeated.
    Date(char, usize),
    HalfDay,
    /// The long date of the computer (MS-OI29500, 18.8.31).
    LongDate,
    Hours(usize),
    /// Minutes or seconds of a duration, which may be more than 60.
    Elapsed,
    /// It is not part of a simple format.
    Other,
}

/// Splits a format at its semicolons, unless they are quoted.
pub(super) fn sections(code: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    code.split(|character| {
        let ends = character == ';' && !is_quoted && !is_escaped;
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = matches!(character, '\\' | '_' | '*') && !is_escaped && !is_quoted;
        ends
    })
    .collect()
}

/// Splits a section into tokens.
pub(super) fn tokens(code: &str, conventions: &mut Option<Conventions>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = code.chars().peekable();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '"' => Token::Text(
                characters
                    .by_ref()
                    .take_while(|next| *next != '"')
                    .collect(),
            ),
            '\\' => characters
                .next()
                .map_or(Token::Other, |next| Token::Text(next.to_string())),
            // A space as wide as the next character, or a fill with it.
            '_' | '*' => {
                characters.next();
                continue;
            }
            '[' => {
                let inside: String = characters
                    .by_ref()
                    .take_while(|next| *next != ']')
                    .collect();
                match bracket(&inside, conventions) {
                    // A colour, or a country without a currency, shows nothing.
                    Token::Text(text) if text.is_empty() => continue,
                    token => token,
                }
            }
            '0' | '#' | '?' => Token::Digit(character),
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            'a' | 'A'
                if characters
                    .clone()
                    .take(4)
                    .collect::<String>()
                    .eq_ignore_ascii_case("m/pm") =>
            {
                characters.nth(3);
                Token::HalfDay
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => {
                let letter = character.to_ascii_lowercase();
                let mut length = 1;
                while characters
                    .next_if(|next| next.to_ascii_lowercase() == letter)
                    .is_some()
                {
                    length += 1;
                }
                Token::Date(letter, length)
            }
            character if character.is_ascii_alphabetic() || character == '@' => Token::Other,
            character => Token::Text(character.to_string()),
        });
    }
    tokens
}

/// Parses brackets: a currency with its country, a duration, or a colour. An empty text if they
/// show nothing.
fn bracket(inside: &str, conventions: &mut Option<Conventions>) -> Token {
    if let Some(currency) = inside.strip_prefix('$') {
        let (sign, tag) = currency.split_once('-').unwrap_or((currency, ""));
        let tag = tag.to_ascii_lowercase();
        if ["f800", "x-sysdate"].contains(&tag.as_str()) {
            return Token::LongDate;
        }
        // A time in the format of the computer.
        if tag == "x-systime" || tag.starts_with('f') && tag.len() == 4 {
            return Token::Other;
        }
        *conventions = conventions.or(Conventions::for_language_tag(&tag));
        return Token::Text(sign.to_owned());
    }
    match inside.to_ascii_lowercase().as_str() {
        "" => Token::Other,
        "h" | "hh" => Token::Hours(inside.len()),
        letters if letters.chars().all(|letter| "hms".contains(letter)) => Token::Elapsed,
        _ if inside.chars().all(char::is_alphanumeric) && !inside.starts_with("DB") => {
            Token::Text(String::new())
        }
        _ => Token::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_may_add_to_text() {
        for (code, expected) in [
            ("\"Sr. \"@", Some("Sr. Ana")),
            ("0;-0;0;\\[@\\]", Some("[Ana]")),
            ("_(\"$\"* #,##0.00_);_(\"$\"* \"-\"??_);_(@_)", None),
            ("0.00", None),
            ("0\"@\"", None),
            ("General@", None),
        ] {
            let format = NumberFormat::from_code(code, false).unwrap();
            assert_eq!(format.show_text("Ana").as_deref(), expected, "{code}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn simple_format_matches_spreadsheet_display() {
        for (code, value, country, expected) in [
            ("0000000000", 912_345_678.0, None, Ok("0912345678")),
            ("00000", 123.0, None, Ok("00123")),
            ("0", 12.5, None, Ok("13")),
            ("0%", 0.15, None, Ok("15%")),
            ("0.0%", 0.155, Some("EC"), Ok("15,5%")),
            ("0.0%", 0.155, None, Err(FormatFallback::Country)),
            ("#,##0.00", 1500.0, Some("EC"), Ok("1.500,00")),
            ("#,##0.00", 1500.0, None, Err(FormatFallback::Country)),
            ("\"$\"#,##0.00", 1500.0, Some("MX"), Ok("$1,500.00")),
            ("[$$-300A]\\ #,##0.00", 1500.0, Some("US"), Ok("$ 1.500,00")),
            ("[$€-C0A]#,##0.00", -3.5, None, Ok("-€3,50")),
            ("#,##0.00\\ [$€-1]", 3.5, Some("ES"), Ok("3,50 €")),
            ("#,##0 \"días\"", 12.0, None, Ok("12 días")),
            ("\"Bs \"??", 45.0, None, Ok("Bs 45")),
            ("$?", 3.25, None, Ok("$3")),
            ("?\" kg\"", 0.0, None, Ok("kg")),
            ("??/??", 45.0, None, Err(FormatFallback::Format)),
            ("[Red]0;[Blue]\\(0\\)", -7.0, None, Ok("(7)")),
            (
                "_(\"$\"* #,##0.00_);_(\"$\"* \\(#,##0.00\\);_(\"$\"* \"-\"??_);_(@_)",
                1500.0,
                Some("US"),
                Ok("$1,500.00"),
            ),
            (
                "_(\"$\"* #,##0.00_);_(\"$\"* \\(#,##0.00\\);_(\"$\"* \"-\"??_);_(@_)",
                0.0,
                Some("US"),
                Ok("$0.00"),
            ),
            (
                "_ \"$\"* #,##0.00_ ;_ \"$\"* \\-#,##0.00_ ;_ \"$\"* \"-\"??_ ;_ @_ ",
                0.0,
                Some("EC"),
                Ok("$0,00"),
            ),
            (
                "_-* #,##0.00\\ \"€\"_-;\\-* #,##0.00\\ \"€\"_-;_-* \"-\"??\\ \"€\"_-;_-@_-",
                0.0,
                Some("ES"),
                Ok("0,00 €"),
            ),
            (
                "_-* #,##0_-;\\-* #,##0_-;_-* \"-\"_-;_-@_-",
                0.0,
                None,
                Ok("0"),
            ),
            ("#,##0.00;-#,##0.00;\"gratis\"", 0.0, None, Ok("gratis")),
            ("0;-0;\"- sin saldo -\"", 0.0, None, Ok("- sin saldo -")),
            ("dd/mm/yyyy", 46354.0, None, Ok("28/11/2026")),
            ("[$-C0A]dd/mm/yyyy;@", 46354.0, None, Ok("28/11/2026")),
            (
                "d\" de \"mmmm\" de \"yyyy",
                46354.0,
                Some("EC"),
                Ok("28 de noviembre de 2026"),
            ),
            (
                "[$-300A]dddd\\,\\ d\\ \\d\\e\\ mmm",
                46354.0,
                Some("US"),
                Ok("sábado, 28 de nov"),
            ),
            ("d-mmm-yy", 46354.0, None, Err(FormatFallback::Country)),
            ("dd.mm.yy hh:mm", 46354.5625, None, Ok("28.11.26 13:30")),
            ("yyyy\\-mm\\-dd", 46354.0, None, Ok("2026-11-28")),
            ("h:mm AM/PM", 0.5625, Some("US"), Ok("1:30 PM")),
            ("mm:ss", 0.5625, None, Ok("30:00")),
            ("[h]:mm:ss", 1.5, None, Ok("36:00:00")),
            ("[h]:mm", 1.53125, None, Ok("36:45")),
            ("[hhh]:mm", 1.53125, None, Err(FormatFallback::Format)),
            ("dd/mm/yyyy", -1.0, None, Err(FormatFallback::Format)),
            ("# ?/?", 0.5, Some("EC"), Err(FormatFallback::Format)),
            ("0.00E+00", 1500.0, Some("EC"), Err(FormatFallback::Format)),
            ("#,##0,", 1500.0, Some("EC"), Err(FormatFallback::Format)),
            (
                "[>100]0;0.0",
                150.0,
                Some("EC"),
                Err(FormatFallback::Format),
            ),
            ("000\\-000", 123_456.0, None, Err(FormatFallback::Format)),
            (
                "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
                46354.0,
                Some("EC"),
                Ok("sábado, 28 de noviembre de 2026"),
            ),
            (
                "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
                46354.0,
                Some("US"),
                Ok("Saturday, November 28, 2026"),
            ),
            (
                "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
                46354.0,
                Some("GB"),
                Ok("Saturday, 28 November 2026"),
            ),
            (
                "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
                46354.0,
                None,
                Err(FormatFallback::Country),
            ),
            (
                "[$-F400]h:mm:ss\\ AM/PM",
                0.5625,
                Some("EC"),
                Err(FormatFallback::Format),
            ),
            (";;;", 5.0, Some("EC"), Err(FormatFallback::Format)),
            (
                "yyyy-mm-dd\"T\"hh:mm:ss.000",
                46354.0,
                None,
                Err(FormatFallback::Format),
            ),
        ] {
            let conventions = country.map(|code| Conventions::for_country(code).unwrap());
            let format = NumberFormat::from_code(code, false).unwrap();
            assert_eq!(
                format
                    .show(value, conventions.as_ref())
                    .as_deref()
                    .map_err(|why| *why),
                expected,
                "{code} {value}"
            );
        }
        for code in ["General", "@", ""] {
            assert_eq!(NumberFormat::from_code(code, false), None);
        }
        for id in 0..60 {
            if let Some(format) = NumberFormat::new(id, None, false) {
                let _ = format.show(46354.5625, None);
            }
        }
        let regional = NumberFormat::new(14, Some("mm-dd-yy"), false).unwrap();
        assert_eq!(regional.show(46354.0, None), Err(FormatFallback::Country));
        assert_eq!(
            regional
                .show(46354.0, Conventions::for_country("CL").as_ref())
                .unwrap(),
            "28-11-2026"
        );
    }

    #[test]
    fn format_of_digits_shows_long_numbers() {
        for (code, stored, expected) in [
            ("0", "4152313412345678", true),
            ("0", "-4152313412345678", true),
            ("#", "4152313412345678", true),
            ("0;-0", "4152313412345678", true),
            ("0;(0)", "-4152313412345678", false),
            ("00000000000000000000", "4152313412345678", false),
            ("#,##0", "4152313412345678", false),
            ("0.00", "4152313412345678", false),
            ("0%", "4152313412345678", false),
            ("\"N.º \"0", "4152313412345678", false),
            ("0", "4.1e25", false),
            ("0", "123456789012345678", false),
        ] {
            let format = NumberFormat::from_code(code, false).unwrap();
            let value = stored.parse().unwrap();
            assert_eq!(
                format.shows_digits(value, stored),
                expected,
                "{code} {stored}"
            );
            assert!(
                format
                    .show(value, Conventions::for_country("EC").as_ref())
                    .is_err()
            );
        }
    }

    #[test]
    fn format_shows_if_number_is_a_date() {
        use NumberKind::{Date, Elapsed, Plain, Time};

        for (code, expected) in [
            ("General", Plain),
            ("Standard", Plain),
            ("0.00", Plain),
            ("#,##0.00 \"días\"", Plain),
            ("[Red]0", Plain),
            ("[$-409]0", Plain),
            ("_-* #,##0\\ \\d_-", Plain),
            ("0;d", Plain),
            ("@", Plain),
            ("0E+00", Plain),
            ("dd/mm/yyyy", Date),
            ("[$-C0A]d\\-mmm;@", Date),
            ("dd/mm h:mm", Date),
            ("[$-F800]dddd", Date),
            ("[$-x-sysdate]dddd", Date),
            ("h:mm AM/PM", Time),
            ("hh:mm", Time),
            ("mm:ss", Time),
            ("[h]:mm:ss", Elapsed),
            ("[hhh]:mm", Elapsed),
            ("[ss]", Elapsed),
            ("_;d", Date),
            ("aaa d", Date),
            ("\"unclosed", Plain),
        ] {
            assert_eq!(
                NumberFormat::from_code(code, false).map_or(Plain, |format| format.kind),
                expected,
                "{code}"
            );
        }
    }
}
