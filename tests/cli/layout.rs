//! The direction of imports: who may know whom.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Module → the modules of the crate that it may name.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("main", &[]),
    ("lib", &["cli", "exit"]),
    ("cli", &["bulk", "commands", "config", "exit", "input", "message", "output"]),
    (
        "commands",
        &[
            "api",
            "bulk",
            "config",
            "exit",
            "input",
            "list",
            "message",
            "nearest",
            "output",
            "private_file",
            "sandbox",
            "secret",
            "template",
        ],
    ),
    ("bulk", &["api", "list", "message", "output", "private_file", "template"]),
    ("template", &["list", "message"]),
    ("list", &["input", "nearest"]),
    ("sandbox", &["message", "output"]),
    ("api", &["message", "secret"]),
    ("config", &["nearest", "private_file", "secret"]),
    ("message", &["input", "nearest"]),
    ("exit", &["api", "bulk", "commands", "config", "input", "list", "message", "output"]),
    ("input", &["private_file"]),
    ("nearest", &[]),
    ("output", &[]),
    ("private_file", &[]),
    ("secret", &[]),
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The first step of each `crate::` path.
fn imports(text: &str) -> BTreeSet<&str> {
    let ends = |path: &str| {
        path.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(path.len())
    };
    text.split("crate::")
        .skip(1)
        .map(|path| &path[..ends(path)])
        .filter(|name| name.starts_with(char::is_lowercase))
        .collect()
}

#[test]
fn imports_go_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 40, "{}", files.len());
    for path in files {
        // Tests may look at anything.
        if path.ends_with("tests.rs") {
            continue;
        }
        let name = path.strip_prefix(&root).unwrap().with_extension("");
        let module = name.components().next().unwrap().as_os_str().to_str().unwrap();
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(known, _)| *known == module)
            .unwrap_or_else(|| panic!("{module} is not in the table"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("crate::{") && !text.contains("super::super::super"),
            "{}: import one module a line",
            path.display()
        );
        for import in imports(&text) {
            assert!(import == module || allowed.contains(&import), "{} imports {import}", path.display());
        }
    }
}

#[test]
fn only_the_api_knows_reqwest_and_only_output_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        let text = fs::read_to_string(&path).unwrap();
        let inside = |module: &str| path.starts_with(root.join(module));
        assert!(inside("api") || !text.contains("reqwest::"), "{}", path.display());
        assert!(
            inside("output") || !text.contains("println!") && !text.contains("io::stderr()).write"),
            "{}",
            path.display()
        );
        assert!(text.starts_with("//! "), "{} has no header", path.display());
    }
}

#[test]
fn a_panic_can_be_caught_in_the_binary_that_is_shipped() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert!(
        manifest["profile"]["release"].get("panic").is_none(),
        "a panic in flight must end with the code for unknown"
    );
}
