//! The jobs for GitLab CI in templates/notify.yml: their scripts run as GitLab runs them, and are repeated by their own
//! rule, against a server that counts.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::action::{HOSTILE, check_parameters, repository, script, send};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, tool};
use crate::needs::{can_test, works};
use crate::server::{Reply, Server};

const ANA: &str = "593987654321";
const LUIS: &str = "593987654322";
const EVA: &str = "593987654323";

const JOB: &str = ".jelouctl-notify";
const JOB_WITH_KEY: &str = ".jelouctl-notify-once";

/// A job of the template.
struct Job {
    script: String,
    max_retries: usize,
    retried_codes: Vec<i32>,
}

impl Job {
    fn read(name: &str) -> Self {
        let template = fs::read_to_string(repository().join("templates/notify.yml")).unwrap();
        let start = format!("\n{name}:\n");
        let (_, job) = template.split_once(&start).unwrap();
        let is_inside = |line: &&str| line.is_empty() || line.starts_with(' ');
        let lines: Vec<_> = job.lines().take_while(is_inside).collect();
        let value = |key: &str| {
            let value = lines.iter().find_map(|line| line.trim().strip_prefix(key));
            value.unwrap_or_else(|| panic!("{name} has no {key}"))
        };
        let codes = value("exit_codes: ").trim_matches(['[', ']']).split(", ");
        Self {
            script: script_of(&lines),
            max_retries: value("max: ").parse().unwrap(),
            retried_codes: codes.map(|code| code.parse().unwrap()).collect(),
        }
    }

    /// Runs the script once, with the defaults of its variables except for `inputs`.
    fn run_once(
        &self,
        shell: &str,
        home: &Home,
        url: &str,
        inputs: &[(&str, &str)],
    ) -> CommandOutput {
        let defaults = [
            ("NOTIFY_TEMPLATE", "t"),
            ("NOTIFY_LANGUAGE", ""),
            ("NOTIFY_PARAMS", ""),
        ];
        let inputs = [&defaults[..], inputs].concat();
        let mut job = script(home, shell, url, &inputs);
        CommandOutput::new(&job.args(["-e", "-c", &self.script]).output().unwrap())
    }

    /// Runs the script as often as GitLab does, and returns the exit codes.
    fn run(&self, home: &Home, url: &str, inputs: &[(&str, &str)]) -> Vec<i32> {
        let mut codes = Vec::new();
        loop {
            let code = self.run_once("sh", home, url, inputs).code;
            codes.push(code);
            if !self.retried_codes.contains(&code) || codes.len() > self.max_retries {
                return codes;
            }
        }
    }
}

/// Returns the script of a job, with the script of another job in place of a reference.
fn script_of(lines: &[&str]) -> String {
    let begin = lines.iter().position(|line| *line == "  script:").unwrap();
    let items = lines.iter().skip(begin + 1);
    let mut script = String::new();
    for line in items.take_while(|line| line.is_empty() || line.starts_with("    ")) {
        if let Some(text) = line.strip_prefix("      ") {
            script.extend([text, "\n"]);
        } else if *line == "    - !reference [.jelouctl-notify, script]" {
            script.push_str(&Job::read(JOB).script);
        } else {
            assert_eq!(*line, "    - |");
        }
    }
    script
}

/// Runs the job without a key once.
fn run_job(shell: &str, home: &Home, url: &str, inputs: &[(&str, &str)]) -> CommandOutput {
    Job::read(JOB).run_once(shell, home, url, inputs)
}

#[test]
fn template_is_yaml_with_these_scripts() {
    if !can_test("python3 with yaml", || {
        works("python3", &["-c", "import yaml"])
    }) {
        return;
    }
    let read = "import json, sys, yaml\n\
        yaml.SafeLoader.add_constructor('!reference', lambda loader, node: loader.construct_sequence(node))\n\
        json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let path = repository().join("templates/notify.yml");
    let output = tool(Command::new("python3").args(["-c", read]).arg(path));
    let jobs: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [job, job_with_key] = [JOB, JOB_WITH_KEY].map(|name| &jobs[name]);
    let items = |job: &Value| job["script"].as_array().unwrap().clone();
    let main = items(job)[0].as_str().unwrap().to_owned();
    assert_eq!((items(job).len(), &main), (1, &Job::read(JOB).script));
    let [check, reference] = &items(job_with_key)[..] else {
        panic!("{job_with_key}")
    };
    assert_eq!(*reference, json!([JOB, "script"]));
    assert_eq!(
        format!("{}{main}", check.as_str().unwrap()),
        Job::read(JOB_WITH_KEY).script
    );
    assert_eq!(job_with_key["extends"], JOB);
    for (job, codes) in [(job, json!([6, 7])), (job_with_key, json!([6, 7, 10]))] {
        assert_eq!(job["retry"], json!({ "max": 2, "exit_codes": codes }));
    }
}

/// Of three recipients, one is refused twice with 429. Each of the others gets one message, whichever job it is.
#[test]
fn repeated_job_sends_each_recipient_one_message() {
    let all = format!("{ANA}, {LUIS}, {EVA}");
    let counts = |users: &[&str]| users.iter().map(|user| ((*user).to_owned(), 1)).collect();
    for (name, key, codes, reached, tries) in [
        (JOB, "", &[10][..], &[ANA, EVA][..], 1),
        (JOB, "pipeline-7", &[10], &[ANA, EVA], 1),
        (
            JOB_WITH_KEY,
            "pipeline-7",
            &[10, 10, 0],
            &[ANA, LUIS, EVA],
            3,
        ),
    ] {
        let (home, job) = (Home::new(), Job::read(name));
        let jelou = Jelou::start(|user, before| match (user, before) {
            (LUIS, 0 | 1) => Act::RATE_LIMIT,
            _ => Act::Accept,
        });
        let kept = home.path().join("kept");
        let inputs = [
            ("JELOU_TO", all.as_str()),
            ("NOTIFY_ONCE", key),
            ("XDG_STATE_HOME", kept.to_str().unwrap()),
            ("JELOU_RETRY_FOR", "0"),
        ];
        assert_eq!(job.run(&home, &jelou.url, &inputs), codes, "{name} {key}");
        assert_eq!(jelou.accepted(), counts(reached), "{name} {key}");
        let to = |user: &str| {
            let requests = jelou.requests().into_iter();
            requests.filter(|request| request.user == user).count()
        };
        assert_eq!([ANA, LUIS, EVA].map(to), [1, tries, 1], "{name} {key}");
    }
}

#[test]
fn job_is_repeated_if_nobody_got_the_message() {
    for name in [JOB, JOB_WITH_KEY] {
        let (home, job) = (Home::new(), Job::read(name));
        // The second try reaches both.
        let jelou = Jelou::start(|_, before| match before {
            0 => Act::RATE_LIMIT,
            _ => Act::Accept,
        });
        let kept = home.path().join("kept");
        let to = format!("{ANA},{LUIS}");
        let inputs = [
            ("JELOU_TO", to.as_str()),
            ("NOTIFY_ONCE", "pipeline-7"),
            ("XDG_STATE_HOME", kept.to_str().unwrap()),
            ("JELOU_RETRY_FOR", "0"),
        ];
        assert_eq!(job.run(&home, &jelou.url, &inputs), [6, 0], "{name}");
        // A message that may have been sent is not repeated.
        let jelou = Jelou::start(|user, _| match user {
            LUIS => Act::Reset { accepted: true },
            _ => Act::RATE_LIMIT,
        });
        let inputs = [&inputs[..], &[("NOTIFY_ONCE", "pipeline-8")]].concat();
        assert_eq!(job.run(&home, &jelou.url, &inputs), [8], "{name}");
        assert_eq!(jelou.requests().len(), 2);
    }
}

#[test]
fn job_with_key_refuses_an_empty_key() {
    let (home, server) = (Home::new(), Server::expect_no_requests());
    let inputs = [("JELOU_TO", ANA), ("XDG_STATE_HOME", "/tmp")];
    for key in [None, Some(("NOTIFY_ONCE", ""))] {
        let inputs: Vec<_> = inputs.into_iter().chain(key).collect();
        let ended = Job::read(JOB_WITH_KEY).run_once("sh", &home, &server.url, &inputs);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(
            ended.stderr.contains("error: NOTIFY_ONCE is empty"),
            "{ended:?}"
        );
    }
}

#[test]
fn repeated_job_with_key_sends_nothing() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let run = |kept: &[(&str, &str)]| {
        let inputs = [
            ("NOTIFY_ONCE", "pipeline-7"),
            ("JELOU_TO", ANA),
            ("CI", "true"),
        ];
        run_job("sh", &home, &jelou.url, &[&inputs[..], kept].concat())
    };
    let forgets = run(&[]);
    assert!(
        forgets.code == 3
            && forgets
                .stderr
                .contains("error: NOTIFY_ONCE: the runner does not keep the key"),
        "{forgets:?}"
    );
    let kept = home.path().join("kept");
    for turn in 0..2 {
        let ended = run(&[("XDG_STATE_HOME", kept.to_str().unwrap())]);
        assert_eq!(ended.code, 0, "{turn}: {ended:?}");
        assert_eq!(
            (
                ended.stderr.contains("note: already sent to "),
                jelou.requests().len()
            ),
            (turn == 1, 1),
            "{ended:?}"
        );
    }
}

#[test]
fn job_sends_parameters_unchanged() {
    let answer = r#"[{"id":"a-b","destination":"593987654321"}]"#;
    for shell in ["sh", "bash"] {
        for value in HOSTILE {
            let line = value.lines().next().unwrap();
            let server = Server::answering(Reply::json(200, answer));
            let home = Home::new();
            let params = format!("{line}\nsecond\nthird");
            let inputs = [
                ("NOTIFY_TEMPLATE", line),
                ("NOTIFY_LANGUAGE", "es"),
                ("NOTIFY_PARAMS", &params),
                ("JELOU_TO", ANA),
            ];
            let ended = run_job(shell, &home, &server.url, &inputs);
            assert_eq!(ended.code, 0, "{value}: {}", ended.stderr);
            let expected: Value = json!({"destinations": [ANA], "elementName": line, "language": "es",
                "parameters": [line, "second", "third"]});
            assert_eq!(server.only().json(), expected, "{shell}");
            assert!(!home.path().join("pwned").exists());
        }
    }
}

#[test]
fn empty_parameter_keeps_its_position() {
    for shell in ["sh", "bash"] {
        check_parameters(|url, list| {
            let inputs = [("NOTIFY_PARAMS", list), ("JELOU_TO", ANA)];
            run_job(shell, &Home::new(), url, &inputs)
        });
    }
}

/// The job, the GitHub Action and the program read a list of recipients in the same way.
#[test]
fn recipients_are_separated_in_one_way() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    for list in [
        "593987654321,593987654322,593987654323",
        "593987654321; +593 98 765-4322 ;593987654323;",
        "593987654321\n593987654322\r\n593987654323\r\n",
        "\n\n593987654321,\n  593987654322,,\t\n593987654323\n\n",
    ] {
        let before = jelou.requests().len();
        let inputs = [("INPUT_TO", list), ("INPUT_TEXT", "a")];
        let (ended, _) = send(&home, &jelou.url, &inputs);
        assert_eq!(ended.code, 0, "{list:?}: {ended:?}");
        let ended = run_job("sh", &home, &jelou.url, &[("JELOU_TO", list)]);
        assert_eq!(ended.code, 0, "{list:?}: {ended:?}");
        home.run("send text a")
            .api(&jelou.url)
            .env("JELOU_TO", list)
            .success();
        let users = jelou.requests().into_iter().map(|request| request.user);
        let users: Vec<_> = users.skip(before).collect();
        assert_eq!(users, [ANA, LUIS, EVA].repeat(3), "{list:?}");
    }
}
