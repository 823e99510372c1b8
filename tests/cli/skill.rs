//! The instructions for agents: each of their lines is run literally.

use std::fs;

use crate::harness::{CommandOutput, Home, set_mode};

const PAGE: &str = include_str!("../../skills/jelouctl/SKILL.md");

/// Returns the lines of the page's blocks, each with the documented exit code.
fn lines() -> Vec<(&'static str, i32)> {
    let blocks = PAGE.split("```").skip(1).step_by(2);
    let lines = blocks.flat_map(|block| block.strip_prefix("sh\n").unwrap().lines());
    lines
        .map(|line| {
            (
                line,
                line.split_once(" # exits with ")
                    .map_or(0, |(_, code)| code.parse().unwrap()),
            )
        })
        .collect()
}

#[test]
fn skill_page_is_short_and_has_a_description() {
    assert_eq!(Home::new().run("skill").success().stdout, PAGE);
    let (head, _) = PAGE
        .strip_prefix("---\nname: jelouctl\ndescription: ")
        .unwrap()
        .split_once("\n---\n")
        .unwrap();
    // Agents read only the description before they open a skill, so it must be one short line.
    assert!(!head.contains('\n') && head.len() < 1024, "{head}");
    assert!(PAGE.lines().count() < 120, "it is one page");
}

#[test]
fn each_skill_command_exits_as_documented() {
    let home = Home::new();
    for (name, script) in [
        (
            "notify.sh",
            "jelouctl send text --to 593987654321 'Hola, Ana'",
        ),
        ("backup.sh", "echo 'the disk is full' >&2; exit 1"),
    ] {
        set_mode(&home.write(name, format!("#!/bin/sh\n{script}\n")), 0o755);
    }
    home.write("secret.txt", "canary\n");
    home.write(
        "people.csv",
        "telefono,nombre\n593987654321,Ana\n593987654322,Luis\n",
    );
    let lines = lines();
    assert!(lines.len() > 15, "{lines:?}");
    // All lines share one sandbox, because later lines read the messages of earlier ones.
    let shown = |line: &str| {
        format!(
            "echo '== {}'\n{line}\necho \"-> $?\"\n",
            line.replace('\'', "")
        )
    };
    let script = lines
        .iter()
        .map(|(line, _)| shown(line))
        .collect::<Vec<_>>()
        .concat();
    let mut command = home.program("jelouctl");
    command.args([
        "sandbox",
        "--",
        "bash",
        "-c",
        &format!("exec 2>&1\n{script}"),
    ]);
    command.env("XDG_STATE_HOME", home.path().join("state"));
    let ended = CommandOutput::new(&command.output().unwrap());
    assert!(!ended.stdout.contains("canary"), "{ended:?}");
    let codes: Vec<i32> = ended
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("-> ")?.parse().ok())
        .collect();
    let expected: Vec<i32> = lines.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, expected, "{}", ended.stdout);
}

/// The table has the same codes as docs/exit-codes.md, and calls no code safe if the message may have been sent.
#[test]
fn skill_exit_codes_match_the_documentation() {
    let documented =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md")).unwrap();
    let sent = |code: &str| {
        let row = documented
            .lines()
            .find(|line| line.starts_with(&format!("| {code} |")))
            .unwrap();
        row.split('|').nth(3).unwrap().trim().to_owned()
    };
    let rows: Vec<Vec<_>> = PAGE
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        for code in row[0].split(", ") {
            let word = match code {
                "10" => "`yes` and `no`".to_owned(),
                "129" | "130" | "131" | "143" => "`unknown`".to_owned(),
                code => format!("`{}`", sent(code).split([';', ' ']).next().unwrap()),
            };
            assert_eq!(row[1], word, "{code}");
        }
    }
}
