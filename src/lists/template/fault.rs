//! The faults of a text that is sent as it is, because nothing fills in its placeholders or decodes it again.

use super::foreign_text::ForeignText;
use super::misspelling::{Literal, find_placeholders, literals};
use super::no_value::NoValue;

/// The signs of a text that certainly has no placeholder and no code for another program.
const ORDINARY_SIGNS: &[u8] = b" .,:;!?-+/='\"\n";

/// A part of a text that is probably a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextFault<'t> {
    /// A placeholder with its marks: `{nombre}`.
    Placeholder(String),
    /// Text for another program or in another encoding.
    Foreign(ForeignText),
    /// The end of an expression that has no beginning.
    StrayEnd,
    /// The whole text stands for a missing value.
    NoValue(NoValue<'t>),
}

impl<'t> TextFault<'t> {
    /// Finds the faults of the text at `path` of a body.
    pub(crate) fn find_all(path: &str, text: &'t str) -> Vec<Self> {
        let mut faults = Vec::new();
        // Each row of a list can be a whole body, and most of their texts are ordinary.
        if !is_ordinary(text) {
            faults.extend(find_placeholders(text).into_iter().map(Self::Placeholder));
            faults.extend(Self::foreign(text));
        }
        faults.extend(NoValue::in_field(path, text).map(Self::NoValue));
        faults
    }

    /// Finds text for another program, such as `\n`, which most shells pass on unchanged, or else the end of an
    /// expression that has no beginning.
    fn foreign(text: &str) -> Option<Self> {
        let literals = literals(text);
        let found = literals
            .iter()
            .find_map(|literal| ForeignText::find(literal.text));
        match found {
            Some(found) => Some(Self::Foreign(found)),
            None => has_stray_end(&literals).then_some(Self::StrayEnd),
        }
    }

    /// Describes the fault of a single message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Placeholder(written) => {
                format!("{written} is sent unchanged: only `bulk send` fills in columns")
            }
            Self::Foreign(found) => found.describe(),
            Self::StrayEnd => "`}}` is sent unchanged, because no `{{` is before it".to_owned(),
            Self::NoValue(found) => found.describe(),
        }
    }

    /// Describes the fault of a row that is a whole body.
    pub(crate) fn describe_in_row(&self) -> String {
        match self {
            Self::Placeholder(written) => {
                format!("`{written}` is sent unchanged: the rows of `raw` are not templates")
            }
            Self::Foreign(found) => found.describe_in_cell(),
            Self::StrayEnd | Self::NoValue(_) => self.describe(),
        }
    }
}

/// Warns about the first [`TextFault::foreign`] in the text at `path`.
pub(crate) fn foreign_text(path: &str, source: &str) -> Option<String> {
    let fault = TextFault::foreign(source)?;
    Some(format!("{path}: {}", fault.describe()))
}

/// Returns whether `warning` reports the same problem as an `earlier` one, in a part of the same contact's name. The parts
/// of a name repeat the whole name, with its faults. Both warnings begin with the path of their text.
pub(crate) fn repeats_name(warning: &str, earlier: &str) -> bool {
    let name_and_problem = |warning| {
        let (path, problem) = str::split_once(warning, ": ")?;
        let (parent, _) = path.rsplit_once('.')?;
        parent.ends_with("].name").then_some((parent, problem))
    };
    let found = name_and_problem(warning);
    found.is_some() && found == name_and_problem(earlier)
}

/// Returns whether `text` has only signs that no placeholder, no code and no wrong letter has.
fn is_ordinary(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || ORDINARY_SIGNS.contains(&byte))
}

/// Returns whether `}}` is in the texts without an open brace before it, unlike in JSON.
fn has_stray_end(literals: &[Literal<'_>]) -> bool {
    let mut open = 0_usize;
    for literal in literals.iter().filter(|literal| !literal.is_raw) {
        let text = literal.text;
        for (place, character) in text.char_indices() {
            match character {
                '{' => open += 1,
                '}' if open > 0 => open -= 1,
                '}' if text.get(place..).is_some_and(|rest| rest.starts_with("}}")) => return true,
                _ => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_found_only_outside_expressions() {
        for (source, is_typed) in [
            ("Hola<br>Ana", true),
            ("{{ nombre | replace('&nbsp;', ' ') }}", false),
            ("Hola\\nAna", true),
            ("Hola {{ nombre }}\\n", true),
            ("Hola\nAna", false),
            ("{{ lines | join('\\n') }}", false),
            ("Hola nombre }}", true),
            ("{{ nombre }}}} {{ nombre }}", true),
            ("{\"a\": {\"b\": \"{{ nombre }}\"}}", false),
            ("{{ '}}' }} {a} :}", false),
            ("{% raw %}}}{% endraw %}", false),
            ("{% raw %}a<br>{% endraw %}", true),
        ] {
            assert_eq!(foreign_text("text", source).is_some(), is_typed, "{source}");
        }
    }

    #[test]
    fn problem_of_a_name_is_repeated_by_its_parts() {
        let whole = "contacts[0].name.formatted_name: `Luc¡a` was probably `Lucía`";
        for (warning, is_repeated) in [
            (
                "contacts[0].name.first_name: `Luc¡a` was probably `Lucía`",
                true,
            ),
            (
                "contacts[0].name.last_name: `Pe¤a` was probably `Peña`",
                false,
            ),
            (
                "contacts[1].name.first_name: `Luc¡a` was probably `Lucía`",
                false,
            ),
            (
                "contacts[0].org.company: `Luc¡a` was probably `Lucía`",
                false,
            ),
        ] {
            assert_eq!(repeats_name(warning, whole), is_repeated, "{warning}");
        }
        assert!(!repeats_name("text: `a`", "text: `a`"));
        assert!(!repeats_name("name: `a`", "name: `a`"));
    }

    #[test]
    fn every_kind_of_fault_is_found() {
        for (text, expected) in [
            ("Hola {nombre}", &["`{nombre}` is sent unchanged"][..]),
            ("Hola {{ nombre }}", &["`{{ nombre }}` is sent unchanged"]),
            ("NULL", &["`NULL` means no value"]),
            ("Err:502", &["`Err:502` is a spreadsheet error"]),
            ("#¡REF!", &["`#¡REF!` is a spreadsheet error"]),
            ("MarÃ\u{ad}a", &["`MarÃ\u{ad}a` was probably `María`"]),
            ("Ana<br>Luz", &["`<br>` is sent as these characters"]),
            ("Ana%0ALuz", &["`%0A` is sent as these characters"]),
            ("Ana\\nLuz", &["`\\n` is sent as these characters"]),
            ("Hola nombre }}", &["`}}` is sent unchanged"]),
            (
                "%nombre%<br>",
                &["`%nombre%` is sent unchanged", "`<br>` is sent"],
            ),
            ("Hola Ana, su pedido #1042 va por 50% ($20)", &[]),
            ("https://x.example/?a=1&b=2#c", &[]),
            ("María José Núñez", &[]),
            ("", &[]),
        ] {
            let found = TextFault::find_all("text", text);
            let found: Vec<_> = found.iter().map(TextFault::describe_in_row).collect();
            assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
            let are_expected = found
                .iter()
                .zip(expected)
                .all(|(found, expected)| found.starts_with(expected));
            assert!(are_expected, "{text}: {found:?}");
        }
        assert_eq!(TextFault::find_all("destinations[0]", "N/A"), []);
    }
}
