//! Splits the code of a cell's format into sections and tokens.

use crate::base::conventions::Conventions;

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
        if tag.eq_ignore_ascii_case("F800") {
            return Token::LongDate;
        }
        // A time in the format of the computer.
        if tag.to_ascii_uppercase().starts_with('F') && tag.len() == 4 {
            return Token::Other;
        }
        *conventions = conventions.or(Conventions::for_language_tag(tag));
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
