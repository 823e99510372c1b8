//! The shape of a value: which kinds of characters it has, in which order. `N/A` and `{nombre}` differ from names in
//! their shape, without a list of such words.

/// The most characters of a shape. A longer one ends in `…`.
const MAX_SHAPE: usize = 40;

/// Replaces `shape` with the shape of `text`: runs of capitals become `A`, of other letters `a`, of digits `9`, and of
/// spaces one space. Other characters stay.
pub(super) fn write_shape(text: &str, shape: &mut String) {
    shape.clear();
    let mut length = 0;
    let mut last = None;
    for character in text.chars() {
        let sign = Sign::from_char(character);
        if sign.is_run() && last == Some(sign) {
            continue;
        }
        if length == MAX_SHAPE {
            shape.push('…');
            return;
        }
        shape.push(sign.to_char());
        length += 1;
        last = Some(sign);
    }
}

/// Returns a shape for a log. Signs that ASCII lacks become `?`. So does a shape without letters and digits, because it
/// would be the whole cell.
pub(super) fn shape_in_log(shape: &str) -> String {
    if !shape.is_empty() && !shape.contains(['A', 'a', '9']) {
        return "?".to_owned();
    }
    let signs = shape.chars();
    let shown = signs.map(|sign| {
        if sign.is_ascii() || sign == '…' {
            sign
        } else {
            '?'
        }
    });
    shown.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Capital,
    /// Also a letter of a script without capitals.
    Small,
    Digit,
    Space,
    Other(char),
}

impl Sign {
    fn from_char(character: char) -> Self {
        match character {
            'a'..='z' => Self::Small,
            'A'..='Z' => Self::Capital,
            '0'..='9' => Self::Digit,
            ' ' => Self::Space,
            '\0'..='\u{7f}' => Self::Other(character),
            _ if character.is_uppercase() => Self::Capital,
            _ if character.is_alphabetic() || is_accent(character) => Self::Small,
            _ if character.is_numeric() => Self::Digit,
            // A line break is no space between words.
            _ if character.is_whitespace() && !character.is_control() => Self::Space,
            _ => Self::Other(character),
        }
    }

    fn is_run(self) -> bool {
        !matches!(self, Self::Other(_))
    }

    fn to_char(self) -> char {
        match self {
            Self::Capital => 'A',
            Self::Small => 'a',
            Self::Digit => '9',
            Self::Space => ' ',
            Self::Other(character) => character,
        }
    }
}

/// Returns whether it is an accent on the letter before it (Unicode's Combining Diacritical Marks).
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_keeps_kinds_and_signs() {
        let long = "a9".repeat(30);
        let cut = format!("{}…", "a9".repeat(20));
        for (text, expected) in [
            ("", ""),
            ("Ana", "Aa"),
            ("ANA LUCÍA", "A A"),
            ("Ana  María\u{a0}Peña", "Aa Aa Aa"),
            ("Jose\u{301} Ibáñez", "Aa Aa"),
            ("N/A", "A/A"),
            ("{nombre}", "{a}"),
            ("20 mil", "9 a"),
            ("nan", "a"),
            ("ana@x.y", "a@a.a"),
            ("19.989999999999998", "9.9"),
            ("-- ", "-- "),
            ("Ana\nPeña\t", "Aa\nAa\t"),
            ("Luc¡a", "Aa¡a"),
            ("محمد علي", "a a"),
            ("李 ٣", "a 9"),
            ("👍👍", "👍👍"),
            (&long, &cut),
        ] {
            let mut shape = "old".to_owned();
            write_shape(text, &mut shape);
            assert_eq!(shape, expected, "{text}");
        }
    }

    #[test]
    fn shape_in_a_log_is_never_the_cell() {
        for (text, expected) in [
            ("", ""),
            ("Ana", "Aa"),
            ("N/A", "A/A"),
            ("Ana 🔥🔥", "Aa ??"),
            ("Ana\u{200b}", "Aa?"),
            ("🔥🔥", "?"),
            ("***", "?"),
            ("(^_^)", "?"),
            ("-", "?"),
            (&"a9".repeat(30), &format!("{}…", "a9".repeat(20))),
        ] {
            let mut shape = String::new();
            write_shape(text, &mut shape);
            assert_eq!(shape_in_log(&shape), expected, "{text}");
        }
    }
}
