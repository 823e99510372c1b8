//! The layout of `src/`: which module may import which other, no two files that import each other, no type name twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the modules that each module may import, from the table of `docs/architecture.md`.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md"))
            .unwrap();
    let (_, table) = page
        .split_once("| module | may import |\n|---|---|\n")
        .unwrap();
    let rows: Vec<_> = table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .collect();
    let cells: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.trim_matches('|').split('|').collect())
        .collect();
    // The names are in backticks.
    let names = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<_> = cells.iter().flat_map(|cells| names(cells[0])).collect();
    let may_import = |cell: &str| match cell.trim().strip_prefix("everything but") {
        Some(but) => &all - &names(but),
        None => names(cell),
    };
    let of_row = |cells: &Vec<&str>| {
        names(cells[0])
            .into_iter()
            .map(|name| (name, may_import(cells[1])))
            .collect::<Vec<_>>()
    };
    cells.iter().flat_map(of_row).collect()
}

/// A file of `src/`: its module path, and its words without comments and tests.
struct File {
    /// Relative to `src/`.
    path: PathBuf,
    text: String,
    module: Vec<String>,
    words: Vec<String>,
}

/// A path in a file, in a `use` or elsewhere.
struct Import {
    is_public: bool,
    path: Vec<String>,
    name: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

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
    files.sort();
    files
}

fn files() -> Vec<File> {
    let root = root();
    // Test files may use any module.
    let is_of_tests = |path: &Path| {
        path.ends_with("tests.rs")
            || path.parent().is_some_and(|room| {
                room.ends_with("ledger/contract") || room.ends_with("ledger/simulation")
            })
    };
    let files = sources(&root)
        .into_iter()
        .filter(|path| !is_of_tests(path))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(&root).unwrap().to_owned();
            let words = split_code(&text);
            let mut module: Vec<_> = path
                .with_extension("")
                .iter()
                .map(|step| step.to_str().unwrap().to_owned())
                .collect();
            module.pop_if(|last| ["mod", "lib"].contains(&last.as_str()));
            File {
                path,
                text,
                module,
                words,
            }
        });
    files.collect()
}

/// Splits code into names, `::` and single characters, without comments and the tests at the end.
fn split_code(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let mut words: Vec<String> = Vec::new();
    for line in code.lines() {
        let line = line.split("//").next().unwrap();
        let mut is_name = false;
        for character in line.chars() {
            let continues = character.is_alphanumeric() || character == '_';
            match words.last_mut() {
                Some(last) if is_name && continues => last.push(character),
                Some(last) if last == ":" && character == ':' => last.push(character),
                _ if character.is_whitespace() => {}
                _ => words.push(character.to_string()),
            }
            is_name = continues;
        }
    }
    words
}

impl File {
    fn is_parent(&self) -> bool {
        self.path.ends_with("mod.rs") || self.path.ends_with("lib.rs")
    }

    fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut at = 0;
        while at < words.len() {
            let before = if at > 0 { words[at - 1] } else { "" };
            match words[at] {
                // Otherwise it is a word in a text.
                "use" if ["", ";", "{", "}", "]", ")", "pub"].contains(&before) => {
                    let is_public = ["pub", ")"].contains(&before);
                    at = use_tree(&words, at + 1, is_public, &[], &mut imports);
                }
                "crate" | "super" | "self"
                    if before != "::" && words.get(at + 1) == Some(&"::") =>
                {
                    let first = at;
                    while words.get(at + 1) == Some(&"::") {
                        at += 2;
                    }
                    let path: Vec<_> = words[first..=at]
                        .iter()
                        .step_by(2)
                        .map(|step| (*step).to_owned())
                        .collect();
                    let name = path.last().unwrap().clone();
                    imports.push(Import {
                        is_public: false,
                        path,
                        name,
                    });
                }
                _ => {}
            }
            at += 1;
        }
        imports
    }

    /// The path from the crate's root; None for another crate.
    fn absolute(
        &self,
        path: &[String],
        modules: &BTreeMap<Vec<String>, usize>,
    ) -> Option<Vec<String>> {
        let mut base = self.module.clone();
        let steps = match path[0].as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => &path[1..],
            "super" => {
                let ups = path.iter().take_while(|step| *step == "super").count();
                base.truncate(base.len().checked_sub(ups)?);
                &path[ups..]
            }
            child => {
                let child = [&base[..], &[child.to_owned()]].concat();
                modules.contains_key(&child).then_some(path)?
            }
        };
        base.extend_from_slice(steps);
        Some(base)
    }
}

/// Reads the tree of a `use` from `at` and returns where it ends.
fn use_tree(
    words: &[&str],
    mut at: usize,
    is_public: bool,
    prefix: &[String],
    imports: &mut Vec<Import>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match words[at] {
            "::" => {}
            "{" => {
                while words[at] != "}" {
                    at = use_tree(words, at + 1, is_public, &path, imports);
                }
                return at + 1;
            }
            "," | "}" | ";" => {
                if path.len() > prefix.len() {
                    let name = path.last().unwrap().clone();
                    imports.push(Import {
                        is_public,
                        path,
                        name,
                    });
                }
                return at;
            }
            "as" => {
                imports.push(Import {
                    is_public,
                    path,
                    name: words[at + 1].to_owned(),
                });
                return at + 2;
            }
            step => path.push(step.to_owned()),
        }
        at += 1;
    }
}

/// The files that each file imports. A re-export of a `mod.rs` counts as an import of its user.
fn graph(files: &[File]) -> Vec<BTreeSet<usize>> {
    let modules: BTreeMap<_, _> = files
        .iter()
        .enumerate()
        .map(|(number, file)| (file.module.clone(), number))
        .collect();
    let mut handed_on = BTreeMap::new();
    for file in files {
        for import in file.imports().into_iter().filter(|import| import.is_public) {
            if let Some(target) = file.absolute(&import.path, &modules) {
                handed_on.insert([&file.module[..], &[import.name]].concat(), target);
            }
        }
    }
    let defining = |mut path: Vec<String>| {
        // Re-exports are not nested deeper than this. The limit also ends a cycle.
        for _ in 0..8 {
            let length = (0..=path.len())
                .rev()
                .find(|length| modules.contains_key(&path[..*length]))
                .unwrap_or(0);
            let Some(target) = path.get(..=length).and_then(|path| handed_on.get(path)) else {
                return modules.get(&path[..length]).copied();
            };
            path = [&target[..], &path[length + 1..]].concat();
        }
        None
    };
    let imported = |(number, file): (usize, &File)| {
        let imports = file
            .imports()
            .into_iter()
            .filter(|import| !(import.is_public && file.is_parent()));
        let paths = imports.filter_map(|import| file.absolute(&import.path, &modules));
        paths
            .filter_map(defining)
            .filter(|target| *target != number)
            .collect()
    };
    files.iter().enumerate().map(imported).collect()
}

/// Returns the files that each file reaches. A file in a cycle reaches itself.
fn reached(graph: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = graph[from].iter().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(&graph[next]);
        }
    }
    reached
}

#[test]
fn no_two_files_import_each_other() {
    let files = files();
    let graph = graph(&files);
    let edges: usize = graph.iter().map(BTreeSet::len).sum();
    assert!(
        edges > files.len(),
        "{edges} imports are too few to be true"
    );
    let circles = (0..files.len()).filter(|number| reached(&graph, *number).contains(number));
    let circles: Vec<_> = circles
        .map(|number| files[number].path.display().to_string())
        .collect();
    assert!(circles.is_empty(), "in circles of imports: {circles:#?}");
}

#[test]
fn import_cycle_is_found() {
    let file = |path: &str, text: &str| {
        let module = path
            .trim_end_matches(".rs")
            .split('/')
            .filter(|step| *step != "mod")
            .map(str::to_owned)
            .collect();
        File {
            path: PathBuf::from(path),
            text: text.to_owned(),
            module,
            words: split_code(text),
        }
    };
    let parent = file(
        "a/mod.rs",
        "mod b;\nmod c;\npub use self::b::{B, Other as Renamed};\n// use self::c::C;\n",
    );
    for (b, c, in_circle) in [
        ("use super::c::C;", "use std::fmt;", false),
        ("use super::c::C;", "use super::B;", true),
        ("use super::c::C;", "use crate::a::{Renamed};", true),
        (
            "use super::c::{self, C};",
            "fn f() { crate::a::b::g() }",
            true,
        ),
        (
            "use super::c;",
            "#[cfg(test)]\nmod tests { use super::b; }",
            false,
        ),
    ] {
        let files = [
            file("a/mod.rs", &parent.text),
            file("a/b.rs", b),
            file("a/c.rs", c),
        ];
        assert_eq!(
            reached(&graph(&files), 1).contains(&1),
            in_circle,
            "{b} {c}"
        );
    }
}

#[test]
fn type_names_are_unique() {
    let mut places: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for file in files() {
        let code = file.text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for line in code.lines() {
            let words = split_code(line);
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let item = match &words[..] {
                ["pub", "(", _, ")", item @ ..] | ["pub", item @ ..] | item => item,
            };
            let name = match item {
                ["struct" | "enum" | "trait" | "union", name, ..] => name,
                // An associated type is indented.
                ["type", name, ..] if !line.starts_with(' ') => name,
                _ => continue,
            };
            // One file may have a type twice, for two operating systems.
            places
                .entry((*name).to_owned())
                .or_default()
                .insert(file.path.clone());
        }
    }
    assert!(places.len() > 100, "{}", places.len());
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn imports_go_one_way() {
    let table = allowed();
    assert!(table.len() > 10, "{table:?}");
    for file in files() {
        let module = file.module.first().map_or("lib", String::as_str);
        let allowed = table
            .get(module)
            .unwrap_or_else(|| panic!("{module} is not in the table"));
        assert!(
            !file.text.contains("crate::{"),
            "{}: import one module a line",
            file.path.display()
        );
        for import in file.imports() {
            let from_root = import.path[0] == "crate";
            let ups = import
                .path
                .iter()
                .take_while(|step| *step == "super")
                .count();
            // `super` reaches another module only at the top of its own module.
            let step = if from_root { 1 } else { ups };
            if (from_root || ups > 0 && ups == file.module.len())
                && import.path[step].starts_with(char::is_lowercase)
            {
                let import = import.path[step].as_str();
                assert!(
                    import == module || allowed.contains(import),
                    "{} imports {import}",
                    file.path.display()
                );
            }
        }
    }
}

/// The rooms that consist of parts, such as `runs/ledger`. Any other room is one part.
const ROOMS_OF_PARTS: [&str; 5] = ["base", "jelou", "lists", "runs", "sender"];

/// The part to which a module belongs: `runs/ledger`, or `commands`.
fn part(module: &[String]) -> &[String] {
    let has_parts = module
        .first()
        .is_some_and(|room| ROOMS_OF_PARTS.contains(&room.as_str()));
    let steps = if has_parts { 2 } else { 1 };
    &module[..module.len().min(steps)]
}

/// The folder of a file inside a part: `runs/ledger/postgres`.
fn folder_inside_a_part(file: &File) -> Option<PathBuf> {
    let steps = part(&file.module).len() + 1;
    let folders = file.path.parent()?;
    (folders.iter().count() >= steps).then(|| folders.iter().take(steps).collect())
}

/// Checks that groups of files import in one direction. A file without a group does not count.
fn check_direction(group: impl Fn(&File) -> Option<PathBuf>, fewest: usize) {
    let files = files();
    let groups: BTreeSet<_> = files.iter().filter_map(&group).collect();
    assert!(groups.len() > fewest, "{groups:?}");
    let groups: Vec<_> = groups.into_iter().collect();
    let number = |file: &File| Some(groups.binary_search(&group(file)?).unwrap());
    let mut arrows = vec![BTreeSet::new(); groups.len()];
    for (file, imported) in files.iter().zip(graph(&files)) {
        if let Some(from) = number(file) {
            let targets = imported
                .into_iter()
                .filter_map(|target| number(&files[target]));
            arrows[from].extend(targets.filter(|to| *to != from));
        }
    }
    for (from, group) in groups.iter().enumerate() {
        let is_in_circle = reached(&arrows, from).contains(&from);
        assert!(!is_in_circle, "{} is in a circle", group.display());
    }
}

#[test]
fn parts_import_in_one_direction() {
    check_direction(|file| Some(part(&file.module).iter().collect()), 20);
}

#[test]
fn folders_inside_a_part_import_in_one_direction() {
    check_direction(folder_inside_a_part, 10);
}

#[test]
fn ledger_engine_is_used_only_by_its_module() {
    let files = files();
    let modules = files
        .iter()
        .enumerate()
        .map(|(number, file)| (file.module.clone(), number))
        .collect();
    // A folder for one kind of database. Any other folder is a subject with several files.
    let is_folder = |file: &&File| {
        ["runs/ledger/file", "runs/ledger/postgres"].contains(&file.module.join("/").as_str())
    };
    let folders: Vec<_> = files.iter().filter(is_folder).collect();
    assert_eq!(folders.len(), 2);
    let mut faults = Vec::new();
    for file in &files {
        for path in file
            .imports()
            .iter()
            .filter_map(|import| file.absolute(&import.path, &modules))
        {
            let is_opened = folders.iter().any(|folder| {
                let is_inside = file.module.starts_with(&folder.module);
                let is_room = file.is_parent() && file.module == folder.module[..2];
                path.starts_with(&folder.module) && !is_inside && !is_room
            });
            if is_opened {
                faults.push(format!("{} opens {}", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "what others need is handed on by the room: {faults:#?}"
    );
}

#[test]
fn each_dependency_stays_in_its_module() {
    for file in files() {
        let inside = |place: &str| part(&file.module).join("/") == place;
        let has = |word: &str| file.words.iter().any(|known| known == word);
        let path = file.path.display();
        assert!(
            inside("jelou/api") || !has("reqwest"),
            "{path}: only the api knows reqwest"
        );
        assert!(
            inside("commands") || !has("anyhow"),
            "{path}: only commands end with any error"
        );
        let has_flags = has("clap") && ["Args", "Parser", "Subcommand"].into_iter().any(has);
        let may_have_flags = ["cli", "commands", "jelou/message"].into_iter().any(inside);
        assert!(
            may_have_flags || !has_flags,
            "{path}: flags stand with their command, or with their kind"
        );
        assert!(
            inside("base/output") || !has("println") && !file.text.contains("io::stderr()).write"),
            "{path}: only output prints"
        );
        assert!(file.text.starts_with("//! "), "{path} has no header");
    }
}

#[test]
fn hints_omit_that_nothing_was_sent() {
    for file in files() {
        let code = file.text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let lines = code
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//"));
        // A text may continue in the next line.
        let code = lines
            .map(|line| line.strip_suffix('\\').unwrap_or(line))
            .collect::<Vec<_>>()
            .concat();
        for part in ["; nothing was sent", "\"nothing was sent;"] {
            assert!(
                !code.contains(part),
                "{}: CommandError says it",
                file.path.display()
            );
        }
    }
}

#[test]
fn library_is_private_to_the_binary() {
    let library = fs::read_to_string(root().join("lib.rs")).unwrap();
    let (before, after) = library
        .split_once("#[cfg(fuzzing)]\npub mod fuzzing;\n")
        .unwrap();
    assert!(
        ![before, after].iter().any(|part| part.contains("pub mod ")),
        "{library}"
    );
}

#[test]
fn release_profile_allows_catching_panics() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert!(
        manifest["profile"]["release"].get("panic").is_none(),
        "a panic in flight must end with the code for unknown"
    );
}
