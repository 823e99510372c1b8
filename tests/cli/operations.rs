//! The contents of docs/operations.md: its units are verified by systemd, its scripts and command lines are run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, sender, set_mode};
use crate::needs::{can_test, works};
use crate::recipes::{Block, blocks};

const PAGE: &str = "operations.md";

fn all(language: &str) -> Vec<Block> {
    let found: Vec<Block> = blocks(PAGE)
        .into_iter()
        .filter(|block| block.language == language)
        .collect();
    assert!(!found.is_empty(), "the page has no {language}");
    found
}

/// The block whose text is kept as this file.
fn file(language: &str, name: &str) -> String {
    let word = format!("file={name}");
    let mut found = all(language)
        .into_iter()
        .filter(|block| block.words.contains(&word));
    found
        .next()
        .unwrap_or_else(|| panic!("the page has no {name}"))
        .text
}

fn binary() -> PathBuf {
    PathBuf::from(Home::new().command().get_program())
}

#[test]
fn systemd_accepts_the_units() {
    if !can_test("systemd-analyze", || {
        works("systemd-analyze", &["--version"])
    }) {
        return;
    }
    let home = Home::new();
    let mut units = Vec::new();
    for unit in all("ini") {
        let name = unit
            .words
            .iter()
            .find_map(|word| word.strip_prefix("file="))
            .unwrap();
        let text = unit
            .text
            .replace("/usr/bin/jelouctl", binary().to_str().unwrap());
        units.push(home.write(name, text));
    }
    assert_eq!(units.len(), 4);
    let output = home
        .program("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(&units)
        .output()
        .unwrap();
    let ended = CommandOutput::new(&output);
    let of_ours: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.contains(home.path().to_str().unwrap()))
        .collect();
    assert_eq!((ended.code, of_ours), (0, Vec::new()), "{ended:?}");
}

#[test]
fn crontab_lines_send_silently() {
    let home = Home::new();
    set_mode(&home.write("backup.sh", "#!/bin/sh\nexit 1\n"), 0o755);
    let jelou = Jelou::accept_all();
    let table = all("cron").remove(0).text;
    let lines: Vec<&str> = table
        .lines()
        .filter(|line| !line.starts_with(['M', 'P']))
        .collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let job = line.splitn(6, ' ').nth(5).unwrap();
        let mut command = home.program("sh");
        command.args(["-c", job]).envs(sender(&jelou.url));
        let ended = CommandOutput::new(&command.output().unwrap());
        assert_eq!(ended.stdout, "", "{ended:?}");
        assert!(ended.code == i32::from(job.contains("backup")), "{ended:?}");
        if !job.contains("backup") {
            assert_eq!(ended.stderr, "", "{ended:?}");
        }
    }
    assert_eq!(jelou.requests().len(), 2);
}

#[test]
fn container_command_lines_are_valid() {
    let home = Home::new();
    home.write("today.csv", "nombre,celular\nAna,0987654321\n");
    let mut run = 0;
    for block in all("yaml") {
        for line in block.text.lines() {
            let Some((_, words)) = line
                .trim()
                .split_once(": [")
                .filter(|(key, _)| ["command", "args"].contains(key))
            else {
                continue;
            };
            let words: Vec<String> = serde_json::from_str(&format!("[{words}")).unwrap();
            let words = words.iter().map(|word| {
                if word == "/lists/today.csv" {
                    "today.csv"
                } else {
                    word
                }
            });
            let words: Vec<&str> = words.chain(["--sandbox"]).collect();
            let ended = home.run_args(&words).success();
            let answer = ended.json();
            assert!(answer["sent"] == "yes" || answer["sent"] == 1, "{ended:?}");
            run += 1;
        }
    }
    assert_eq!(run, 2);
}

/// The receiver of the page, listening.
struct Receiver {
    process: Child,
    port: u16,
}

impl Receiver {
    fn start(home: &Home, jelou: &Jelou, to: &str) -> Self {
        let script = home.write("receiver.py", file("python", "receiver.py"));
        let mut command = home.program("python3");
        command
            .arg(script)
            .arg("0")
            .envs(sender(&jelou.url))
            .env("JELOU_TO", to);
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(process.stderr.as_mut().unwrap())
            .read_line(&mut first)
            .unwrap();
        let port = first
            .trim()
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap_or_else(|_| panic!("{first}"));
        Self { process, port }
    }

    /// Posts `body`; returns the status of the answer.
    fn post(&self, body: &str) -> u16 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Alertmanager's message, from the documentation of its webhook.
const ALERTS: &str = r#"{"version":"4","groupKey":"{}:{alertname=\"DiskFull\"}","status":"firing","receiver":"whatsapp",
    "groupLabels":{"alertname":"DiskFull"},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://a","truncatedAlerts":0,
    "alerts":[{"status":"firing","labels":{"alertname":"DiskFull"},"annotations":{"summary":"db-1:\n 98 % full"}},
              {"status":"firing","labels":{"alertname":"DiskFull"},"annotations":{"summary":"db-2: 97 % full"}}]}"#;

#[test]
fn alert_is_reposted_only_if_certainly_unsent() {
    for (act, status) in [
        (Act::Accept, 200),
        (Act::RATE_LIMIT, 503),
        (
            Act::Answer(400, "", "{\"code\":\"message_could_not_be_send\"}"),
            400,
        ),
        (Act::Reset { accepted: true }, 200),
    ] {
        let home = Home::new();
        let wanted = act.clone();
        let jelou = Jelou::start(move |_, _| act.clone());
        let receiver = Receiver::start(&home, &jelou, "593987654321");
        assert_eq!(receiver.post(ALERTS), status, "{wanted:?}");
        let seen = jelou.requests();
        assert_eq!(seen.len(), 1, "{wanted:?}");
        let body: Value = serde_json::from_slice(&seen[0].received.body).unwrap();
        let parameters =
            serde_json::json!(["firing: DiskFull", "db-1: 98 % full; db-2: 97 % full"]);
        assert_eq!(body["parameters"], parameters, "{body}");
        assert_eq!(receiver.post("not JSON"), 400);
        assert_eq!(receiver.post("{}"), 400);
        assert_eq!(
            receiver.post(r#"{"status":"firing","alerts":[{"labels":[]}]}"#),
            400
        );
        assert_eq!(jelou.requests().len(), 1);
    }
}

/// Alertmanager posts a group again only after 503.
#[test]
fn alert_that_some_recipients_got_is_not_reposted() {
    for (refused, status, tries) in [
        (&["593987654322"][..], 200, 1),
        (&["593987654321", "593987654322"], 503, 2),
    ] {
        let home = Home::new();
        let jelou = Jelou::start(move |user, before| {
            if before == 0 && refused.contains(&user) {
                Act::RATE_LIMIT
            } else {
                Act::Accept
            }
        });
        let receiver = Receiver::start(&home, &jelou, "593987654321,593987654322");
        let mut posted = receiver.post(ALERTS);
        assert_eq!(posted, status);
        while posted == 503 {
            posted = receiver.post(ALERTS);
        }
        assert_eq!(posted, 200);
        assert_eq!(jelou.requests().len(), 2 * tries);
        assert!(jelou.accepted().values().all(|count| *count == 1));
    }
}

/// Starts the unit as often as systemd does. systemd itself needs a machine of its own.
#[test]
fn unit_is_restarted_only_if_nobody_got_the_alert() {
    let unit = file("ini", "jelouctl-failed@.service");
    let value = |key: &str| {
        let mut values = unit.lines().filter_map(|line| line.strip_prefix(key));
        values.next_back().unwrap().to_owned()
    };
    assert_eq!(value("Restart="), "on-failure");
    let final_codes: Vec<i32> = value("RestartPreventExitStatus=")
        .split(' ')
        .filter_map(|code| code.parse().ok())
        .collect();
    let most: usize = value("StartLimitBurst=").parse().unwrap();
    let program = binary().to_str().unwrap().to_owned();
    let line = value("ExecStart=").replace("/usr/bin/jelouctl", &program);
    let line = line.replace("%i", "backup").replace("%H", "db-1");
    for (refused, codes) in [
        (&["593987654322"][..], &[10][..]),
        (&["593987654321", "593987654322"], &[6, 0]),
    ] {
        let home = Home::new();
        let jelou = Jelou::start(move |user, before| {
            if before == 0 && refused.contains(&user) {
                Act::RATE_LIMIT
            } else {
                Act::Accept
            }
        });
        let start = || {
            let mut command = home.program("sh");
            command
                .args(["-c", &format!("exec {line}")])
                .envs(sender(&jelou.url))
                .env("JELOU_TO", "593987654321,593987654322")
                .env("JELOU_RETRY_FOR", "0");
            CommandOutput::new(&command.output().unwrap()).code
        };
        let mut ended = vec![start()];
        while ended.last() != Some(&0)
            && !final_codes.contains(&ended[ended.len() - 1])
            && ended.len() < most
        {
            ended.push(start());
        }
        assert_eq!(ended, codes);
        assert!(jelou.accepted().values().all(|count| *count == 1));
    }
}

#[test]
fn run_metrics_are_written_for_prometheus() {
    if !can_test("jq", || works("jq", &["--version"])) {
        return;
    }
    let home = Home::new();
    home.write(
        "people.csv",
        "nombre,celular\nAna,593987654321\nLuis,593987654322\n",
    );
    home.run("--sandbox bulk send people.csv --run orders text Hola")
        .success();
    let script = file("sh", "metrics.sh");
    let shells = [&["bash", "-euo", "pipefail"][..], &["sh"]];
    let write = |shell: &[&str]| {
        let output = home
            .program(shell[0])
            .args(&shell[1..])
            .args(["-c", &script])
            .output()
            .unwrap();
        assert!(
            !home.path().join("jelouctl.prom.new").exists()
                && !home.path().join("jelouctl_status.prom.new").exists()
        );
        (
            CommandOutput::new(&output).code,
            home.read("jelouctl_status.prom"),
        )
    };
    for shell in shells {
        assert_eq!(
            write(shell),
            (0, "jelouctl_status_success{run=\"orders\"} 1\n".to_owned())
        );
    }
    let figures = home.read("jelouctl.prom");
    for line in [
        "jelouctl_rows{run=\"orders\",state=\"sent\"} 2\n",
        "jelouctl_rows{run=\"orders\",state=\"unknown\"} 0\n",
        "jelouctl_complete{run=\"orders\"} 1\n",
    ] {
        assert!(figures.contains(line), "{figures}");
    }
    assert_eq!(figures.lines().count(), 7);
    // On a full disk both files stay unchanged.
    #[cfg(target_os = "linux")]
    for shell in shells {
        std::os::unix::fs::symlink("/dev/full", home.path().join("jelouctl_status.prom.new"))
            .unwrap();
        let output = home
            .program(shell[0])
            .args(&shell[1..])
            .args(["-c", &script])
            .output()
            .unwrap();
        assert_eq!(CommandOutput::new(&output).code, 1);
        assert_eq!(
            home.read("jelouctl_status.prom"),
            "jelouctl_status_success{run=\"orders\"} 1\n"
        );
        std::fs::remove_file(home.path().join("jelouctl_status.prom.new")).unwrap();
    }
    // If the status cannot be read, the earlier figures stay, with an error.
    home.run("bulk remove orders --yes").success();
    for shell in shells {
        assert_eq!(
            write(shell),
            (1, "jelouctl_status_success{run=\"orders\"} 0\n".to_owned())
        );
        assert_eq!(home.read("jelouctl.prom"), figures);
    }
}
