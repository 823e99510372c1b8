//! Runs every command of the recipes literally, inside the sandbox. A recipe about duplicates runs against a server,
//! because sandbox runs do not count as duplicates.

use std::fs;
use std::path::Path;

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, sender, set_mode};
use crate::workbook::{sheet, xlsx, xlsx_rows};

/// A fenced block: its language, the words after it, and its text.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) words: Vec<String>,
    pub(crate) text: String,
}

impl Block {
    fn number(&self, name: &str) -> Option<i32> {
        let value = self
            .words
            .iter()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.parse().unwrap())
    }
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs")
            .join(page),
    )
    .unwrap();
    let fenced = text.split("```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (head, text) = block.split_once('\n').unwrap();
            let mut words = head.split(' ').map(str::to_owned);
            let language = words.next().unwrap();
            let is_powershell = language == "powershell";
            Block {
                language: if is_powershell {
                    "sh".to_owned()
                } else {
                    language
                },
                words: words.collect(),
                text: if is_powershell {
                    in_bash(text)
                } else {
                    text.to_owned()
                },
            }
        })
        .collect()
}

/// Translates commands in PowerShell. The pages use only quotes, variables, continued lines and the exit code, which
/// have one form each. PowerShell continues after a command that fails.
fn in_bash(powershell: &str) -> String {
    let joined = powershell.replace("`\n", "\\\n");
    let lines = joined.lines().map(|line| {
        assert_eq!(line.matches('\'').count() % 2, 0, "an open quote: {line}");
        if let Some((name, text)) = line
            .strip_prefix('$')
            .and_then(|rest| rest.split_once(" = "))
        {
            return format!("{name}={text}");
        }
        let is_text = line.starts_with('"');
        let line = line
            .replace("$LASTEXITCODE", "$?")
            .replace("$mensaje", "\"$mensaje\"");
        if is_text {
            format!("echo {line}")
        } else {
            line
        }
    });
    format!("set +e\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}

/// Creates a home with everything that the recipes require.
fn home() -> Home {
    let home = Home::new();
    for (name, script) in [
        ("backup.sh", "echo 'the disk is full' >&2; exit 1"),
        ("deploy.sh", "exit 0"),
        (
            "notify.sh",
            "jelouctl send text --to 593987654321 --retry-for 5 'Hola, Ana'",
        ),
        ("bin/make", "echo 'no rule' >&2; exit 2"),
        (
            "bin/pass",
            "[ \"$*\" = 'show jelou/prod' ] && echo canary-pass",
        ),
        (
            "bin/op",
            "[ \"$*\" = 'read op://ops/jelou/secret' ] && echo canary-op",
        ),
        (
            "bin/vault",
            "[ \"$*\" = 'kv get -field=secret kv/jelou' ] && echo canary-vault",
        ),
    ] {
        set_mode(&home.write(name, format!("#!/bin/sh\n{script}\n")), 0o755);
    }
    home.write(
        "people.csv",
        "telefono,nombre,pedido\n593987654321,Ana,A-1\n593987654322,Luis,A-2\n593987654323,\"Eva, hija\",A-3\n",
    );
    let rows = [
        ["Nombre completo", "Celular", "Pedido"],
        ["Ana Pérez", "0987654321", "A-1"],
        ["Luis Mora", "0987654322", "A-2"],
        ["Eva Ruiz", "+593 98 765-4323", "A-3"],
        ["Raúl Cruz", "12345", "A-4"],
        ["Rosa Vera", "0987654325", "A-5"],
    ];
    let rows = rows.map(|row| row.map(str::to_owned).to_vec());
    let workbook = xlsx(&[sheet("Clientes", &xlsx_rows(&rows))], "");
    for name in ["customers.xlsx", "clientes.xlsx"] {
        home.write(name, &workbook);
    }
    for name in ["do-not-contact.txt", "no-contactar.txt"] {
        home.write(name, "# asked on the phone\n+593987654325\n");
    }
    home
}

/// Runs the block's text against a server that accepts, except for a row that fails once and one that is accepted with
/// an error.
fn run_against_server(home: &Home, block: &Block) {
    let jelou = Jelou::start(|user, before| match (user, before) {
        ("593987654322", 0) => Act::Answer(400, "", "{\"code\":\"message_could_not_be_send\"}"),
        ("593987654323", 0) => Act::AcceptAndFail,
        _ => Act::Accept,
    });
    let mut command = home.program("bash");
    command
        .args(["-euo", "pipefail", "-c"])
        .arg(&block.text)
        .envs(sender(&jelou.url));
    let ended = CommandOutput::new(&command.output().unwrap());
    let accepted = jelou.accepted();
    assert_eq!(
        ended.code,
        block.number("code").unwrap_or(0),
        "{}\n{}\n{}",
        block.text,
        ended.stdout,
        ended.stderr
    );
    assert_eq!(
        accepted.len(),
        usize::try_from(block.number("messages").unwrap()).unwrap(),
        "{accepted:?} {ended:?}"
    );
    assert!(
        accepted.values().all(|times| *times == 1),
        "somebody got it twice: {accepted:?} {ended:?}"
    );
    let says = block
        .words
        .iter()
        .find_map(|word| word.strip_prefix("says="));
    for code in says.into_iter().flat_map(|codes| codes.split(',')) {
        assert!(ended.stdout.contains(&format!(": {code}\n")), "{ended:?}");
    }
    assert!(
        !format!("{}{}", ended.stdout, ended.stderr).contains("canary"),
        "{ended:?}"
    );
}

/// Runs the block's text with `program`, inside a sandbox that counts its messages unless the block is about settings.
fn run(home: &Home, program: &[&str], block: &Block) {
    let mut command = home.program(if block.words.contains(&"config".to_owned()) {
        program[0]
    } else {
        "jelouctl"
    });
    if command.get_program() == "jelouctl" {
        let expected = block
            .number("messages")
            .unwrap_or_else(|| panic!("no messages= for {}", block.text))
            .to_string();
        command
            .args(["sandbox", "--expect", &expected, "--"])
            .args(program);
    } else {
        command.args(&program[1..]);
    }
    let paths = command
        .get_envs()
        .find_map(|(name, value)| value.filter(|_| name == "PATH"))
        .unwrap()
        .to_owned();
    command.arg(&block.text).env(
        "PATH",
        format!("{}/bin:{}", home.path().display(), paths.display()),
    );
    command.env("XDG_STATE_HOME", home.path().join("state"));
    let ended = CommandOutput::new(&command.output().unwrap());
    let code = block.number("code").unwrap_or(0);
    assert_eq!(
        ended.code, code,
        "{}\n{}\n{}",
        block.text, ended.stdout, ended.stderr
    );
    assert!(
        !format!("{}{}", ended.stdout, ended.stderr).contains("canary"),
        "{ended:?}"
    );
}

fn every_block_runs(page: &str, count: usize) {
    let blocks = blocks(page);
    assert_eq!(blocks.len(), count);
    let mut config: Option<String> = None;
    for block in &blocks {
        let home = home();
        if let Some(config) = &config {
            home.config(config);
        }
        match block.language.as_str() {
            "sh" if block.words.contains(&"api".to_owned()) => run_against_server(&home, block),
            "sh" => run(&home, &["bash", "-euo", "pipefail", "-c"], block),
            "python" => run(&home, &["python3", "-c"], block),
            "toml" => config = Some(block.text.clone()),
            // The steps of a CI job cannot run here.
            "yaml" => {}
            other => panic!("nobody runs {other}"),
        }
    }
}

/// Each script that decides by the exit code, with the words of its branches: some got it, nobody did, and unknown.
const DECIDING: [(&str, &str, [&str; 3]); 5] = [
    (
        "../README.md",
        "sh",
        [
            "some recipients got it",
            "safe to try again later",
            "it may have been sent",
        ],
    ),
    (
        "../README.es.md",
        "sh",
        [
            "algunos lo recibieron",
            "puedes repetir más tarde",
            "puede haberse enviado",
        ],
    ),
    (
        "exit-codes.md",
        "sh",
        [
            "some recipients got it",
            "try again later",
            "it may have been sent",
        ],
    ),
    (
        "recipes.md",
        "sh",
        [
            "some recipients got it",
            "safe to try again later",
            "it may have been sent",
        ],
    ),
    (
        "recipes.md",
        "python",
        [
            "some recipients got it",
            "safe to try again later",
            "it may have been sent",
        ],
    ),
];

#[test]
fn scripts_tell_some_recipients_from_none() {
    let (ana, luis) = ("593987654321", "593987654322");
    for (page, language, words) in DECIDING {
        let decides = |block: &Block| {
            let text = &block.text;
            block.language == language && (text.contains("| 11)") || text.contains("returncode"))
        };
        let found: Vec<_> = blocks(page).into_iter().filter(decides).collect();
        let [block] = &found[..] else {
            panic!("{page} has {} of these blocks", found.len())
        };
        let named = ["\"$RECIPIENT\"", "\"$DESTINATARIO\""].iter();
        let text = named.fold(block.text.clone(), |text, name| text.replace(name, ana));
        let text = text.replace(
            "\"--to\", \"593987654321\"",
            "\"--to\", \"593987654321\", \"--to\", \"593987654322\"",
        );
        let text = text.replace(&format!("--to {ana}"), &format!("--to {ana} --to {luis}"));
        assert!(text.contains(luis), "{text}");
        let [some, none, unknown] = words;
        let reset = Act::Reset { accepted: true };
        // The second is the refused recipient; if empty, both are refused.
        for (act, only, said) in [
            (Act::RATE_LIMIT, luis, some),
            (Act::RATE_LIMIT, "", none),
            (reset.clone(), luis, unknown),
            (reset, "", unknown),
        ] {
            let jelou = Jelou::start(move |user, _| {
                if only.is_empty() || user == only {
                    act.clone()
                } else {
                    Act::Accept
                }
            });
            let home = home();
            let mut command = home.program(if language == "sh" { "bash" } else { "python3" });
            command
                .args(["-c", &text])
                .envs(sender(&jelou.url))
                .env("MESSAGE", "Hola")
                .env("MENSAJE", "Hola")
                .env("JELOU_RETRY_FOR", "0");
            let ended = CommandOutput::new(&command.output().unwrap());
            assert!(ended.stdout.contains(said), "{page} {only}: {ended:?}");
            assert_eq!(jelou.requests().len(), 2, "{page} {only}");
        }
    }
}

#[test]
fn every_recipe_runs() {
    every_block_runs("recipes.md", 27);
}

#[test]
fn every_recipe_in_spanish_runs() {
    every_block_runs("recetas.md", 19);
}

#[test]
fn every_step_of_spanish_excel_page_runs() {
    every_block_runs("lista-de-excel.md", 9);
}
