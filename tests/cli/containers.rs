//! Runs in containers, as in docs/shared-ledger.md: each machine has its own home, which may disappear at any moment,
//! and only its variables configure it.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::{counts, end, people, signal};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, kill, wait_until};
use crate::needs::{can_test, works};
use crate::postgres::Cluster;
use crate::recipes::blocks;

/// The container in the documentation's examples: its arguments, and the names of its variables.
struct Example {
    arguments: Vec<String>,
    variables: Vec<String>,
}

impl Example {
    /// Reads the containers of the Kubernetes and Compose examples. None if the machine has no tool to read them.
    fn both() -> Option<[Self; 2]> {
        let read = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
        if !can_test("python3 with yaml", || {
            works("python3", &["-c", "import yaml"])
        }) {
            return None;
        }
        let examples: Vec<_> = blocks("shared-ledger.md")
            .into_iter()
            .filter(|block| block.language == "yaml")
            .collect();
        let [job_block, compose_block] = &examples[..] else {
            panic!("{} examples", examples.len())
        };
        let [job, compose] = [job_block, compose_block].map(|block| {
            let mut python = assert_cmd::Command::new("python3");
            let output = python
                .args(["-c", read])
                .write_stdin(block.text.as_str())
                .assert()
                .success();
            serde_json::from_slice::<Value>(&output.get_output().stdout).unwrap()
        });
        let words = |value: &Value| {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            json!([job["apiVersion"], job["kind"]]),
            json!(["batch/v1", "Job"])
        );
        let container = &job["spec"]["template"]["spec"]["containers"][0];
        // The secret's keys come after its name.
        let line = job_block
            .text
            .lines()
            .find(|line| line.contains("secretRef"))
            .unwrap();
        let secret = line
            .split_once("# ")
            .unwrap()
            .1
            .split(", ")
            .map(str::to_owned)
            .collect();
        let service = &compose["services"]["worker"];
        Some([
            Self {
                arguments: words(&container["args"]),
                variables: secret,
            },
            Self {
                arguments: words(&service["command"]),
                variables: words(&service["environment"]),
            },
        ])
    }

    /// Starts the container on a separate machine. Only Jelou's address is not from the example.
    fn start(&self, home: &Home, ledger: &str, url: &str) -> Child {
        let mut command = home.command();
        command.args(&self.arguments).env("JELOU_API_URL", url);
        for name in &self.variables {
            let value = match name.as_str() {
                "JELOUCTL_LEDGER" => ledger,
                "JELOU_CLIENT_ID" => "id",
                "JELOU_CLIENT_SECRET" => "canary-secret-of-the-tests",
                other => panic!("nobody knows {other}"),
            };
            command.env(name, value);
        }
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Returns the run that the container sends.
    fn run(&self) -> &str {
        let [bulk, work, run] = &self.arguments[..] else {
            panic!("{:?}", self.arguments)
        };
        assert_eq!([bulk, work], ["bulk", "work"]);
        run
    }
}

#[test]
fn example_containers_share_a_run() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let Some(examples) = Example::both() else {
        return;
    };
    for example in &examples {
        let (home, run) = (people(1200).on(cluster.ledger()), example.run());
        let ledger = home.ledger().unwrap();
        let jelou = Jelou::accept_all();
        let words = format!("bulk send people.csv --yes --hold --run {run} --rate 200/s text Hola");
        home.run(&words).api(&jelou.url).success();
        let workers = |wanted: i64| {
            let sql = "SELECT count(DISTINCT worker) FROM jelouctl.row WHERE worker IS NOT NULL";
            wait_until(&format!("{wanted} containers have rows"), || {
                home.sql(sql)[0].get::<_, i64>(0) == wanted
            });
        };
        let homes = [Home::new(), Home::new(), Home::new()];
        let first = example.start(&homes[0], ledger, &jelou.url);
        let leaves = example.start(&homes[1], ledger, &jelou.url);
        workers(2);
        let joins = example.start(&homes[2], ledger, &jelou.url);
        workers(3);
        // A platform that moves a container sends SIGTERM first.
        signal(&leaves, Signal::TERM);
        let left = end(leaves);
        assert!(
            left.code == 143 && left.json()["complete"] == false,
            "{left:?}"
        );
        for ended in [end(first), end(joins)] {
            assert_eq!(
                (ended.code, counts(&ended.json())),
                (0, [1200, 0, 0, 0]),
                "{ended:?}"
            );
        }
        let accepted = jelou.accepted();
        assert_eq!((accepted.len(), accepted.values().max()), (1200, Some(&1)));
        // A restarted container has nothing to do.
        let again = end(example.start(&Home::new(), ledger, &jelou.url));
        assert_eq!((again.code, jelou.requests().len()), (0, 1200), "{again:?}");
        assert!(
            homes
                .iter()
                .all(|home| std::fs::read_dir(home.path()).unwrap().next().is_none()),
            "a file was kept"
        );
    }
}

/// A command of a container that keeps its state on a volume.
fn on_volume(home: &Home, volume: &Home, words: &str, url: &str) -> Command {
    let mut command = home.process(words, url);
    command.env("XDG_STATE_HOME", volume.path());
    command
}

#[test]
fn another_container_resumes_from_the_kept_volume() {
    let volume = Home::new();
    let is_hanging = Arc::new(AtomicBool::new(true));
    let hangs = Arc::clone(&is_hanging);
    let jelou = Jelou::start(move |user, _| match user.parse::<usize>().unwrap() % 1000 {
        60.. if hangs.load(Ordering::SeqCst) => Act::Hang { accepted: true },
        _ => Act::Accept,
    });
    let gone = people(100);
    let words = "bulk send people.csv --yes --run r --rate 1000000/s --concurrency 4 text Hola";
    let child = on_volume(&gone, &volume, words, &jelou.url)
        .spawn()
        .unwrap();
    jelou.wait_for(64);
    kill(child);
    drop(gone);
    is_hanging.store(false, Ordering::SeqCst);
    let other = Home::new();
    let told = CommandOutput::new(
        &on_volume(&other, &volume, "bulk status r", &jelou.url)
            .output()
            .unwrap(),
    )
    .json();
    assert_eq!(
        json!([told["sent"], told["unknown"], told["pending"]]),
        json!([60, 4, 36]),
        "{told}"
    );
    let ended = CommandOutput::new(
        &on_volume(&other, &volume, "bulk resume", &jelou.url)
            .output()
            .unwrap(),
    );
    assert_eq!(
        (ended.code, counts(&ended.json())),
        (10, [96, 0, 4, 0]),
        "{ended:?}"
    );
    let accepted = jelou.accepted();
    assert_eq!((accepted.len(), accepted.values().max()), (100, Some(&1)));
    assert!(
        std::fs::read_dir(other.path()).unwrap().next().is_none(),
        "something is kept beside the volume"
    );
}
