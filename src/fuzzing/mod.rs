//! Properties of every input: one function for each target, for cargo-fuzz (`fuzz/`) and for the tests, which run
//! each on its files in `fuzz/corpus/`. A panic is a bug. No other build contains this.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic says what is wrong"
)]
#![cfg_attr(
    not(fuzzing),
    expect(unreachable_pub, reason = "cargo-fuzz calls these from outside")
)]

mod answer;
mod body;
mod look_up;
mod redaction;
mod template;
mod texts;

pub use self::answer::answer;
pub use self::body::body;
pub use self::look_up::look_up;
pub use self::redaction::redaction;
#[cfg(test)]
pub(crate) use self::redaction::{WAYS, escape_text};
pub use self::template::template;
pub use self::texts::{configuration, fault, json, list, recipient, vcard};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    type Target = (&'static str, fn(&[u8]));

    const TARGETS: [Target; 11] = [
        ("answer", answer),
        ("body", body),
        ("configuration", configuration),
        ("fault", fault),
        ("json", json),
        ("list", list),
        ("look_up", look_up),
        ("recipient", recipient),
        ("redaction", redaction),
        ("template", template),
        ("vcard", vcard),
    ];

    /// Returns the names in a directory of `fuzz/`, without their endings.
    fn names(directory: &str) -> BTreeSet<String> {
        let files = fs::read_dir(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fuzz")
                .join(directory),
        )
        .unwrap();
        files
            .map(|file| {
                file.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn every_fuzz_corpus_input_passes() {
        for (name, target) in TARGETS {
            let inputs = names(&format!("corpus/{name}"));
            assert!(inputs.len() > 2, "{name}");
            for file in fs::read_dir(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("fuzz/corpus")
                    .join(name),
            )
            .unwrap()
            {
                target(&fs::read(file.unwrap().path()).unwrap());
            }
        }
    }

    #[test]
    fn every_function_is_a_fuzz_target() {
        let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(
            (names("fuzz_targets"), names("corpus")),
            (targets.clone(), targets.clone())
        );
        let manifest =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml"))
                .unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let listed = manifest["bin"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bin| bin["name"].as_str().unwrap().to_owned());
        assert_eq!(listed.collect::<BTreeSet<_>>(), targets);
    }
}
