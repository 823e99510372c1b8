//! Finds signs that a row has twice: the text writes `${{ saldo }}`, and the cell or a filter has the `$` too.

use serde_json::Value;

use crate::jelou::message::each_text;

/// A sign next to a value in a text.
struct SignNextToValue {
    in_text: &'static str,
    doubled: &'static str,
}

const SIGNS: [SignNextToValue; 3] = [
    SignNextToValue {
        in_text: "${{",
        doubled: "$$",
    },
    SignNextToValue {
        in_text: "$ {{",
        doubled: "$ $",
    },
    SignNextToValue {
        in_text: "}}%",
        doubled: "%%",
    },
];

/// A doubled sign that the text at `path` of a body may have.
pub(super) struct PossibleDouble<'a> {
    path: &'a str,
    doubled: &'static str,
}

/// Finds the signs that a value next to them could repeat. Each text has its path and its source.
pub(super) fn possible_doubles<'a>(
    texts: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<PossibleDouble<'a>> {
    let mut possible = Vec::new();
    for (path, source) in texts {
        let next_to_value = SIGNS
            .iter()
            .filter(|sign| source.contains(sign.in_text) && !source.contains(sign.doubled));
        possible.extend(next_to_value.map(|sign| PossibleDouble {
            path,
            doubled: sign.doubled,
        }));
    }
    possible
}

/// Returns a warning for each of the `possible` doubles that `body` has.
pub(super) fn warn_of_doubled_signs(possible: &[PossibleDouble<'_>], body: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    if possible.is_empty() {
        return warnings;
    }
    each_text(body, "", &mut |path, text| {
        let found = possible
            .iter()
            .filter(|double| double.path == path && text.contains(double.doubled));
        warnings.extend(found.map(|double| {
            let doubled = double.doubled;
            format!("{path}: `{doubled}` is sent, because the value next to the sign has it too")
        }));
    });
    warnings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::phrases::assert_in_spanish;

    #[test]
    fn sign_of_text_and_value_is_found() {
        for (source, sent, doubled) in [
            ("Debe ${{ saldo }}.", "Debe $$100,00.", Some("$$")),
            ("Debe $ {{ saldo }}.", "Debe $ $100,00.", Some("$ $")),
            ("{{ tasa }}% al mes", "15%% al mes", Some("%%")),
            ("Debe ${{ saldo }}.", "Debe $100,00.", None),
            ("Debe {{ saldo }}.", "Debe $$.", None),
            ("$$ ${{ saldo }}", "$$ $1", None),
        ] {
            let possible = possible_doubles(std::iter::once(("text", source)));
            let warnings = warn_of_doubled_signs(&possible, &json!({ "text": sent }));
            let expected = doubled.map(|doubled| {
                format!("text: `{doubled}` is sent, because the value next to the sign has it too")
            });
            assert_eq!(warnings, Vec::from_iter(expected), "{source}");
            for warning in &warnings {
                assert_in_spanish(warning);
            }
        }
    }
}
