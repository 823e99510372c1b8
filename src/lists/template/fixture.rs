//! Fills a text in tests.

use std::io::Cursor;
use std::sync::Arc;

use serde_json::json;

use crate::lists::list_file::{ListInput, ListOptions, ListReader, Row};
use crate::lists::template::{TextTemplate, language};

/// Fills `source` from a row: column `x` has `cell`, `y` has `y`, and `n` has the text `10`. `tags` is
/// a list, `client` an object, and `nothing` is null.
pub(super) fn filled(source: &str, cell: &str, country: Option<&str>) -> Result<String, String> {
    let row = Row::Fields(Arc::new(
        serde_json::from_value(json!({
            "x": cell,
            "y": "y",
            "n": "10",
            "tags": ["vip", "oro"],
            "client": { "age": 30 },
            "nothing": null
        }))
        .unwrap(),
    ));
    filled_from(&row, source, country, false)
}

/// Fills `source` from a row of a sheet that shows the number `stored` in column `x` as `shown`.
pub(super) fn filled_from_sheet(
    source: &str,
    [stored, shown]: [&str; 2],
    country: &str,
    as_shown: bool,
) -> Result<String, String> {
    let list = format!("x\tz\n{shown}\tz\n");
    let input = ListInput::Stream(Box::new(Cursor::new(list)));
    let mut list = ListReader::open(input, "p.tsv", &ListOptions::default()).unwrap();
    let row = list.read().unwrap().unwrap().row.unwrap();
    let kept = json!([[stored, shown]]).to_string();
    let row = row.with_stored(&["x".to_owned()], &kept);
    filled_from(&row, source, Some(country), as_shown)
}

fn filled_from(
    row: &Row,
    source: &str,
    country: Option<&str>,
    as_shown: bool,
) -> Result<String, String> {
    let language = language();
    let template = TextTemplate::compile(&language, "text", source)
        .map_err(|problem| problem.to_string())?
        .unwrap();
    let country = country.map(|code| code.parse().unwrap());
    let filled = template
        .fill("text", row, country, as_shown)
        .map_err(|problem| problem.to_string())?
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
