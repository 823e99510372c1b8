//! The Spanish of all texts: `src/base/es.tsv` has each `msg!` of the code, with the same values.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the rows of the table: English, and Spanish.
fn table() -> Vec<(String, String)> {
    let table = fs::read_to_string(source().join("base/es.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|row| {
        let cells: Vec<_> = row.split('\t').collect();
        assert_eq!(cells.len(), 2, "{row}");
        (cells[0].to_owned(), cells[1].to_owned())
    });
    rows.collect()
}

/// Collects the text of each `msg!("…")` in `tokens`.
fn collect_texts(tokens: TokenStream, texts: &mut BTreeSet<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        collect_texts(group.stream(), texts);
        let is_macro = index >= 2 && {
            let before = (tokens[index - 2].to_string(), tokens[index - 1].to_string());
            before == ("msg".to_owned(), "!".to_owned())
        };
        let first = group.stream().into_iter().next();
        if let Some(TokenTree::Literal(literal)) = first.filter(|_| is_macro) {
            let text: LitStr = syn::parse_str(&literal.to_string()).unwrap();
            texts.insert(text.value());
        }
    }
}

fn collect_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Returns the code, without its unit tests.
fn code() -> Vec<String> {
    let mut files = Vec::new();
    collect_files(&source(), &mut files);
    let without_tests = |file: PathBuf| {
        let code = fs::read_to_string(file).unwrap();
        code.split("\n#[cfg(test)]").next().unwrap().to_owned()
    };
    files.into_iter().map(without_tests).collect()
}

/// Returns the texts of all `msg!` in `code`.
fn texts(code: &[String]) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for code in code {
        collect_texts(code.parse().unwrap(), &mut texts);
    }
    texts
}

/// Returns what is in braces, such as `line`, `rows|row|rows` and `#row`.
fn placeholders(text: &str) -> Vec<String> {
    let text = text.replace("{{", "").replace("}}", "");
    let parts = text.split('{').skip(1);
    parts
        .map(|part| part.split_once('}').unwrap().0.to_owned())
        .collect()
}

/// Returns whether the text has words, and not only values.
fn has_words(text: &str) -> bool {
    let mut rest = text.replace("{{", "").replace("}}", "");
    for placeholder in placeholders(text) {
        let is_choice = placeholder.contains('|');
        rest = rest.replacen(
            &format!("{{{placeholder}}}"),
            if is_choice { "a" } else { "" },
            1,
        );
    }
    rest.contains(char::is_alphabetic)
}

#[test]
fn every_text_has_its_spanish() {
    let table: BTreeMap<_, _> = table().into_iter().collect();
    let code = code();
    let texts = texts(&code);
    let untranslated: Vec<_> = texts
        .iter()
        .filter(|text| has_words(text) && !table.contains_key(*text))
        .collect();
    // A placeholder, such as <FILE>, is of a flag.
    let is_placeholder = |text: &str| text.starts_with('<');
    let unused: Vec<_> = table
        .keys()
        .filter(|text| !texts.contains(*text) && !is_placeholder(text))
        .collect();
    assert!(
        untranslated.is_empty(),
        "without Spanish in src/base/es.tsv: {untranslated:#?}"
    );
    assert!(
        unused.is_empty(),
        "no code has these rows of src/base/es.tsv: {unused:#?}"
    );
}

#[test]
fn spanish_has_the_same_values() {
    let rows = table();
    for (english, spanish) in &rows {
        let values = |text: &str| {
            let placeholders = placeholders(text);
            let names = placeholders
                .iter()
                .map(|inside| inside.split('|').next().unwrap().to_owned());
            names
                .filter(|name| !name.starts_with('#'))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(values(english), values(spanish), "{english}");
        for choice in placeholders(spanish)
            .iter()
            .filter(|inside| inside.contains('|'))
        {
            assert_eq!(choice.split('|').count(), 3, "{spanish}");
        }
        assert!(!spanish.is_empty() || english.is_empty(), "{english}");
    }
    let keys: BTreeSet<_> = rows.iter().map(|(english, _)| english).collect();
    assert_eq!(keys.len(), rows.len(), "a text has two rows");
}
