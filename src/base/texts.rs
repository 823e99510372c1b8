//! Reads tables that are files of the project, quotes words for a shell, and shortens texts.

use std::borrow::Cow;

/// Returns the rows of `table` below its header, each with `N` cells that tabs separate.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}

/// Returns whether `text` has no character except the digits 0 to 9. The empty text has no character.
pub(crate) fn has_only_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Quotes a word, so that a shell reads every character literally.
pub(crate) fn shell_word(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Returns a word of a command line as it can be typed: in quotes only if a shell needs them.
pub(crate) fn shell_argument(word: &str) -> String {
    let is_plain =
        |character: char| character.is_alphanumeric() || "_-./:@%+,=".contains(character);
    // zsh replaces a word that begins with an equals sign.
    let is_bare = !word.is_empty() && !word.starts_with('=') && word.chars().all(is_plain);
    if is_bare {
        return word.to_owned();
    }
    if word.contains(char::is_control) {
        let escaped = word.replace('\\', r"\\").replace('\'', r"\'");
        let escaped: String = escaped.chars().map(escape_control).collect();
        return format!("$'{escaped}'");
    }
    shell_word(word)
}

/// Returns the character as bash, zsh and ksh write it between `$'` and `'`.
fn escape_control(character: char) -> String {
    match character {
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        character if character.is_control() => format!(r"\u{:04x}", u32::from(character)),
        character => character.to_string(),
    }
}

/// Returns the text, or its beginning and `…`, with at most `max` characters.
pub(crate) fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    let mut ends = text
        .char_indices()
        .skip(max.saturating_sub(1))
        .map(|(end, _)| end);
    match (ends.next(), ends.next()) {
        (Some(end), Some(_)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argument_is_quoted_only_if_needed() {
        for (word, expected) in [
            ("clientes.xlsx", "clientes.xlsx"),
            ("Teléfono", "Teléfono"),
            ("a=b", "a=b"),
            ("=b", "'=b'"),
            ("Cel titular", "'Cel titular'"),
            ("D'Nov", r"'D'\''Nov'"),
            ("Hola {{ nombre }} $5", "'Hola {{ nombre }} $5'"),
            ("a\n'b'\\", r"$'a\n\'b\'\\'"),
            ("a\u{1b}b", r"$'a\u001bb'"),
            ("", "''"),
        ] {
            assert_eq!(shell_argument(word), expected);
        }
    }
}
