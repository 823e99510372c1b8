//! The scripts of release/ that build nothing: which tags may become a release, and how its files are packed and named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{CommandOutput, Home, set_mode, tool};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// Returns whether `tag` may become a release of a source with this version and changelog.
fn fits(tag: &str, version: &str, changelog: &str) -> CommandOutput {
    let home = Home::new();
    let script = home.write("release/fits", read("release/fits"));
    home.write(
        "Cargo.toml",
        format!("[package]\nname = \"jelouctl\"\nversion = \"{version}\"\n"),
    );
    home.write("CHANGELOG.md", changelog);
    CommandOutput::new(&Command::new("bash").arg(script).arg(tag).output().unwrap())
}

#[test]
fn mismatched_tag_makes_no_release() {
    let dated = "# Changelog\n\n## 0.3.0 – 2026-11-30\n";
    assert_eq!(fits("v0.3.0", "0.3.0", dated).code, 0);
    assert_eq!(
        fits("v0.3.0-rc.1", "0.3.0-rc.1", "## 0.3.0 (not released)\n").code,
        0
    );
    for (tag, version, changelog, words) in [
        ("v0.3.1", "0.3.0", dated, "expected the tag v0.3.0"),
        ("0.3.0", "0.3.0", dated, "expected the tag v0.3.0"),
        ("v0.3.0-rc.1", "0.3.0", dated, "expected the tag v0.3.0"),
        (
            "v0.3.0",
            "0.3.0",
            "## 0.3.0 (not released)\n",
            "no line \"## 0.3.0 – DATE\"",
        ),
        (
            "v0.3.0",
            "0.3.0",
            "## 0.3.0 – soon\n",
            "no line \"## 0.3.0 – DATE\"",
        ),
        (
            "v0.3.0",
            "0.3.0",
            "## 0x3.0 – 2026-11-30\n",
            "no line \"## 0.3.0 – DATE\"",
        ),
    ] {
        let ended = fits(tag, version, changelog);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (1, ""),
            "{tag}: {ended:?}"
        );
        assert!(ended.stderr.contains(words), "{tag}: {ended:?}");
    }
}

/// release/licences must know each licence that deny.toml allows. Otherwise no release is possible.
#[test]
fn release_accepts_the_licences_of_deny_toml() {
    let table = |file| read(file).parse::<toml::Table>().unwrap();
    let names = |list: &toml::Value| -> BTreeSet<String> { list.clone().try_into().unwrap() };
    let (allowed, accepted) = (
        &table("deny.toml")["licenses"],
        &table("release/about.toml")["accepted"],
    );
    let mut may_come_in = names(&allowed["allow"]);
    for exception in allowed["exceptions"].as_array().unwrap() {
        may_come_in.extend(names(&exception["allow"]));
    }
    assert_eq!(names(accepted), may_come_in);
}

/// Packs a program and a page with these file modes into `archive`.
fn pack(home: &Home, archive: &str, program: u32, page: u32) -> PathBuf {
    set_mode(&home.write("stage/jelouctl", "program"), program);
    set_mode(&home.write("stage/man/jelouctl.1", "page"), page);
    let (stage, archive) = (home.path().join("stage"), home.path().join(archive));
    let script = repository().join("release/archive.py");
    tool(
        Command::new("python3")
            .arg(script)
            .arg(stage)
            .arg("jelouctl-1.0.0")
            .arg(&archive)
            .arg("1800000000"),
    );
    archive
}

#[test]
fn archive_is_reproducible_with_safe_modes() {
    for ending in ["tar.gz", "zip"] {
        let home = Home::new();
        let one = pack(&home, &format!("one.{ending}"), 0o700, 0o666);
        let other = pack(&home, &format!("other.{ending}"), 0o777, 0o600);
        assert!(
            fs::read(one).unwrap() == fs::read(other).unwrap(),
            "{ending}"
        );
    }
    let home = Home::new();
    let archive = pack(&home, "archive.tar.gz", 0o777, 0o666);
    let listed = tool(Command::new("tar").arg("-tvzf").arg(archive)).stdout;
    let listed = String::from_utf8(listed).unwrap();
    let modes: Vec<_> = listed
        .lines()
        .map(|line| (&line[..10], line.rsplit(' ').next().unwrap()))
        .collect();
    assert_eq!(
        modes,
        [
            ("-rwxr-xr-x", "jelouctl-1.0.0/jelouctl"),
            ("-rw-r--r--", "jelouctl-1.0.0/man/jelouctl.1")
        ]
    );
}

/// The files for Homebrew and Scoop: each archive with its checksum, and in the formula only files that an archive has.
#[test]
fn package_managers_find_each_archive_and_checksum() {
    let home = Home::new();
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let version = manifest["package"]["version"].as_str().unwrap();
    let mut archives = Vec::new();
    for target in targets() {
        let ending = if target.contains("windows") {
            "zip"
        } else {
            "tar.gz"
        };
        let name = format!("jelouctl-{version}-{target}.{ending}");
        home.write(&format!("release/{name}"), &target);
        let sum = ring::digest::digest(&ring::digest::SHA256, target.as_bytes());
        archives.push((
            name,
            sum.as_ref()
                .iter()
                .fold(String::new(), |sum, byte| sum + &format!("{byte:02x}")),
        ));
    }
    let script = repository().join("release/manifests.py");
    let address = "https://github.com/OWNER/jelouctl/releases";
    tool(
        Command::new("python3")
            .arg(script)
            .arg(home.path().join("release"))
            .arg(address),
    );
    let (formula, scoop) = (
        home.read("release/jelouctl.rb"),
        home.read("release/jelouctl.json"),
    );
    for (name, sum) in &archives {
        let url = format!("{address}/download/v{version}/{name}\"");
        let text = if name.contains("windows") {
            &scoop
        } else {
            &formula
        };
        let behind = text
            .split_once(&url)
            .unwrap_or_else(|| panic!("{name} is missing: {text}"))
            .1;
        assert!(
            behind.split('"').take(4).any(|word| word == sum),
            "{name}: {behind}"
        );
    }
    // release/build packs the installed files.
    let packed = read("release/build");
    for file in formula
        .lines()
        .filter(|line| line.contains(".install"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
    {
        let is_packed =
            packed.contains(file) || file == "LICENSES-OF-PACKAGES.txt" || file == "man/*.1";
        let is_completion = file
            .strip_prefix("completions/")
            .is_some_and(|name| repository().join("completions").join(name).exists());
        assert!(is_packed || is_completion || file == "jelouctl", "{file}");
    }
    let scoop: serde_json::Value = serde_json::from_str(&scoop).unwrap();
    assert_eq!(scoop["version"], version);
}

/// If an action uses a Node.js version that is no longer supported, every run warns, and later fails.
#[test]
fn workflow_actions_are_pinned_to_one_version() {
    let workflows = ["ci", "nightly", "release"]
        .map(|name| read(&format!(".github/workflows/{name}.yml")))
        .concat();
    let mut pins: Vec<_> = workflows
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        .collect();
    pins.sort_unstable();
    pins.dedup();
    let names: Vec<_> = pins
        .iter()
        .map(|pin| pin.split('@').next().unwrap())
        .collect();
    let known = [
        "actions/attest-build-provenance",
        "actions/checkout",
        "actions/download-artifact",
        "actions/upload-artifact",
    ];
    assert_eq!(names, known, "one version of each");
    for pin in pins {
        let (commit, version) = pin.split_once('@').unwrap().1.split_once(" # v").unwrap();
        assert!(
            commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{pin}"
        );
        // The first version of each that runs on Node.js 24.
        let least = match names
            .iter()
            .find(|name| pin.starts_with(**name))
            .copied()
            .unwrap()
        {
            "actions/attest-build-provenance" => 3,
            "actions/checkout" => 5,
            "actions/download-artifact" => 7,
            _ => 6,
        };
        assert!(
            version.split('.').next().unwrap().parse::<u32>().unwrap() >= least,
            "{pin}"
        );
    }
}

/// The files that the release's workflow builds.
fn targets() -> Vec<String> {
    let workflow = read(".github/workflows/release.yml");
    workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- { os: "))
        .map(|line| {
            line.split_once("target: ")
                .unwrap()
                .1
                .trim_end_matches(" }")
                .to_owned()
        })
        .collect()
}

#[test]
fn installers_find_every_released_target() {
    let targets = targets();
    let (installer, action) = (read("install.sh"), read("action/install.sh"));
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    for target in &targets {
        let archive = if target.contains("windows") {
            "zip"
        } else {
            "tar.gz"
        };
        let by_target = binstall["overrides"].get(target).unwrap_or(binstall);
        let url = by_target["pkg-url"].as_str().unwrap();
        assert_eq!(
            url,
            format!(
                "{{ repo }}/releases/download/v{{ version }}/jelouctl-{{ version }}-{{ target }}.{archive}"
            )
        );
        assert_eq!(
            by_target["pkg-fmt"].as_str().unwrap(),
            if archive == "zip" { "zip" } else { "tgz" }
        );
        assert_eq!(
            installer.contains(&format!("echo {target} ;;")),
            archive == "tar.gz",
            "{target}"
        );
        assert_eq!(
            action.contains(&format!("target={target} ;;")),
            archive == "tar.gz",
            "{target}"
        );
    }
    assert_eq!(targets.len(), 5);
    // All of them must exist before anything is published.
    let workflow = read(".github/workflows/release.yml");
    let (_, assemble) = workflow.split_once("\n  assemble:\n").unwrap();
    assert!(
        targets.iter().all(|target| assemble.contains(target)),
        "{assemble}"
    );
}
