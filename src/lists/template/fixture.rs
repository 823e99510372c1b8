//! Fills a text in tests.

use std::sync::Arc;

use serde_json::json;

use crate::base::phrases::assert_in_spanish;
use crate::lists::list_file::Row;
use crate::lists::template::{TextTemplate, language};

/// Fills `source` from a row: column `x` has `cell`, `y` has `y`, and `n` has the text `10`.
pub(super) fn filled(source: &str, cell: &str, country: Option<&str>) -> Result<String, String> {
    let language = language();
    let template = TextTemplate::compile(&language, "text", source)
        .map_err(|error| error.problem)?
        .unwrap();
    let row = Row::Fields(Arc::new(
        serde_json::from_value(json!({ "x": cell, "y": "y", "n": "10" })).unwrap(),
    ));
    let country = country.map(|code| code.parse().unwrap());
    let filled = template
        .fill("text", &row, country, false)
        .map_err(|error| error.problem)
        .inspect_err(|problem| assert_in_spanish(problem))?
        .value;
    Ok(filled
        .as_str()
        .map_or_else(|| filled.to_string(), str::to_owned))
}

/// Compares the filled `source` with the expected text, or its error with the expected part.
pub(super) fn check(source: &str, cell: &str, country: Option<&str>, expected: Result<&str, &str>) {
    match (filled(source, cell, country), expected) {
        (Ok(written), Ok(expected)) => assert_eq!(written, expected, "{source} {cell}"),
        (Err(problem), Err(part)) => assert!(problem.contains(part), "{source} {cell}: {problem}"),
        (found, expected) => panic!("{source} {cell}: {found:?}, not {expected:?}"),
    }
}
