//! How the tests are laid out: over which ledgers one of runs is run, and when a slow one is.

use std::fs;
use std::path::Path;

/// The tests of a file, with what stands above each.
fn tests(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut above = String::new();
    for line in text.lines() {
        match line.strip_prefix("fn ").and_then(|rest| rest.split('(').next()) {
            Some(name) if above.contains("#[test]") => found.push((name.to_owned(), above.clone())),
            _ => {}
        }
        if line.starts_with("#[") || line.starts_with("///") {
            above.push_str(line);
            above.push('\n');
        } else {
            above.clear();
        }
    }
    found
}

/// Name and text of each file of these tests.
fn files() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let sources = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn a_test_of_runs_is_run_over_both_ledgers_or_says_why_not() {
    let mut over_both = 0;
    for (name, text) in files() {
        let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        if !name.starts_with("bulk_") || head.contains("Files alone") {
            continue;
        }
        let listed = text.split_once("\nalso_in_a_database! {\n").and_then(|(_, rest)| rest.split_once("\n}"));
        let listed: Vec<&str> =
            listed.map_or("", |(names, _)| names).lines().map(|line| line.trim().trim_end_matches(',')).collect();
        for (test, above) in tests(&text) {
            let is_over_both = listed.contains(&test.as_str());
            assert!(
                is_over_both != above.contains("/// Files alone: "),
                "{name}.rs: {test} stands in also_in_a_database!, or has a line `/// Files alone: …` that says why not"
            );
            over_both += usize::from(is_over_both);
        }
    }
    assert!(over_both > 100, "{over_both}");
}

#[test]
fn a_test_that_is_not_run_by_itself_has_its_line_in_contributing() {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md")).unwrap();
    let slow: Vec<_> =
        files().iter().flat_map(|(_, text)| tests(text)).filter(|(_, above)| above.contains("#[ignore")).collect();
    assert_eq!(slow.len(), 3, "{slow:?}");
    for (test, above) in slow {
        assert!(manual.contains(&format!("- `{test}` (")) && above.contains("CONTRIBUTING.md"), "{test}");
    }
}
