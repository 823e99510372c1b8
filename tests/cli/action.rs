//! The scripts of the GitHub Action, with hostile inputs, against a real server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CONFIG, CommandOutput, Home, sender, tool};
use crate::recipes::{Block, blocks};
use crate::server::{Reply, Server, refused_url};

/// Values that must arrive as they are: words of a shell, a flag, a command of the log, and `@` with the name of a file
/// that does not exist.
pub(crate) const HOSTILE: [&str; 12] = [
    "it's \"quoted\"",
    "$(touch pwned) `touch pwned` ${HOME}",
    "one\ntwo\n\nfour",
    "ends with a line break\n",
    "::error::forged\n::set-output name=sent::yes",
    "-rf --to 14155550100",
    "--",
    "@/etc/passwd-of-nobody",
    "-",
    "%0A%25 \\n \\",
    "ñandú 👍 \u{202e}",
    "a'; touch pwned; echo 'b",
];

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A script with the binary on its path, in `home`, with credentials for the API at `url`.
pub(crate) fn script(home: &Home, program: &str, url: &str, inputs: &[(&str, &str)]) -> Command {
    let mut command = home.program(program);
    command
        .envs(sender(url))
        .env("GITHUB_OUTPUT", home.path().join("outputs"));
    command
        .env("RUNNER_TEMP", home.path())
        .envs(inputs.iter().copied());
    command
}

/// Runs the Action's step that sends; also returns its outputs.
pub(crate) fn send(home: &Home, url: &str, inputs: &[(&str, &str)]) -> (CommandOutput, String) {
    home.write("outputs", "");
    let path = repository().join("action/send.sh");
    let ended = CommandOutput::new(
        &script(home, path.to_str().unwrap(), url, inputs)
            .output()
            .unwrap(),
    );
    assert!(
        !format!("{}{}", ended.stdout, ended.stderr).contains("canary"),
        "{ended:?}"
    );
    assert!(!home.path().join("pwned").exists());
    (ended, home.read("outputs"))
}

#[test]
fn every_text_arrives_unchanged() {
    for text in HOSTILE {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        let (ended, outputs) = send(
            &home,
            &server.url,
            &[("INPUT_TO", "+593 987654321"), ("INPUT_TEXT", text)],
        );
        assert_eq!(ended.code, 0, "{text}: {}", ended.stderr);
        assert_eq!(outputs, "sent=yes\nmessage-id=msg_123456789\n");
        assert_eq!(
            server.only().json(),
            json!({"type": "text", "userId": "593987654321", "text": text})
        );
        // The step removes its temporary files.
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}

#[test]
fn repeated_step_with_key_sends_nothing() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let step = |inputs: &[(&str, &str)]| {
        let inputs = [
            &[
                ("INPUT_TO", "593987654321"),
                ("INPUT_TEXT", "Hola"),
                ("INPUT_ONCE", "v1"),
            ],
            inputs,
        ]
        .concat();
        send(&home, &jelou.url, &inputs)
    };
    // A runner does not keep a home.
    let (ended, outputs) = step(&[]);
    assert_eq!(
        (ended.code, outputs.as_str()),
        (3, "sent=no\nmessage-id=\n")
    );
    assert!(
        ended
            .stderr
            .contains("error: once: the runner does not keep the key"),
        "{}",
        ended.stderr
    );
    assert_eq!(jelou.requests().len(), 0);
    let (ended, first) = step(&[("INPUT_STATE_DIR", "kept")]);
    assert_eq!(
        (ended.code, jelou.requests().len()),
        (0, 1),
        "{}",
        ended.stderr
    );
    let (again, second) = step(&[(
        "INPUT_STATE_DIR",
        home.path().join("kept").to_str().unwrap(),
    )]);
    assert_eq!(
        (again.code, jelou.requests().len()),
        (0, 1),
        "{}",
        again.stderr
    );
    assert!(
        first == second && first.starts_with("sent=yes\nmessage-id=m"),
        "{first} {second}"
    );
}

#[test]
fn step_with_wait_timeout_reports_sent() {
    let listed = |status: &str| {
        let entry = json!({"messageId": "msg_123456789", "status": status});
        Reply::json(
            200,
            &json!({"pagination": {"totalPages": 1}, "results": [entry]}).to_string(),
        )
    };
    let wait = [
        ("INPUT_TEXT", "Hola"),
        ("INPUT_WAIT", "delivered"),
        ("INPUT_WAIT_FOR", "5m"),
    ];
    for (status, to, code, on_failure) in [
        ("READ", "593987654321", 0, "fail"),
        ("FAILED", "593987654321", 15, "fail"),
        ("FAILED", "593987654321\n593987654322", 15, "fail"),
        ("FAILED", "593987654321", 0, "warn"),
    ] {
        let look_up = listed(status);
        let server = Server::responding(move |_, request| {
            if request.line.starts_with("POST ") {
                Reply::accepted()
            } else {
                look_up.clone()
            }
        });
        let inputs = [
            &wait[..],
            &[("INPUT_TO", to), ("INPUT_ON_FAILURE", on_failure)],
        ]
        .concat();
        let (ended, outputs) = send(&Home::new(), &server.url, &inputs);
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(outputs.starts_with("sent=yes\n"), "{outputs}");
        let posts = server
            .received()
            .iter()
            .filter(|request| request.line.starts_with("POST "))
            .count();
        assert_eq!(posts, to.lines().count());
    }
    let (ended, outputs) = send(
        &Home::new(),
        &refused_url(),
        &[&wait[1..], &[("INPUT_BODY", "{}")]].concat(),
    );
    assert_eq!(
        (ended.code, outputs.as_str()),
        (2, "sent=no\nmessage-id=\n"),
        "{ended:?}"
    );
}

#[test]
fn every_template_and_parameter_arrives_unchanged() {
    let answer = r#"[{"id":"a-b","destination":"593987654321"}]"#;
    for value in HOSTILE {
        let line = value.lines().next().unwrap();
        let server = Server::answering(Reply::json(200, answer));
        let inputs = [
            ("INPUT_TO", "593987654321"),
            ("INPUT_TEMPLATE", line),
            ("INPUT_LANGUAGE", line),
            ("INPUT_PARAMS", &*format!("{line}\nsecond\n")),
        ];
        let (ended, outputs) = send(&Home::new(), &server.url, &inputs);
        assert_eq!(ended.code, 0, "{value}: {}", ended.stderr);
        assert_eq!(outputs, "sent=yes\nmessage-id=a-b\n");
        let expected = json!({"destinations": ["593987654321"], "elementName": line, "language": line,
            "parameters": [line, "second"]});
        assert_eq!(server.only().json(), expected);
    }
}

/// Lists of parameters with their meaning; None for an empty line, with its number.
const PARAMETERS: [(&str, Result<&[&str], u8>); 9] = [
    ("a", Ok(&["a"])),
    ("a\nb\n", Ok(&["a", "b"])),
    ("a\r\nb\r\n", Ok(&["a", "b"])),
    ("a\r", Ok(&["a"])),
    (" a \n\\", Ok(&[" a ", "\\"])),
    ("\nhttps://x.example/", Err(1)),
    ("a\n\nb", Err(2)),
    ("a\r\n\r\nb", Err(2)),
    ("a\nb\n\n", Err(3)),
];

/// Checks how `run` sends with parameters, given the address of the API and the list.
pub(crate) fn check_parameters(run: impl Fn(&str, &str) -> CommandOutput) {
    for (list, parameters) in PARAMETERS {
        let answer = || Reply::json(200, r#"[{"id":"a-b","destination":"593987654321"}]"#);
        let server = if parameters.is_ok() {
            Server::answering(answer())
        } else {
            Server::expect_no_requests()
        };
        let ended = run(&server.url, list);
        match parameters {
            Ok(parameters) => {
                assert_eq!(ended.code, 0, "{list:?}: {}", ended.stderr);
                assert_eq!(
                    server.only().json()["parameters"],
                    json!(parameters),
                    "{list:?}"
                );
            }
            Err(line) => {
                assert_eq!(ended.code, 2, "{list:?}: {}", ended.stderr);
                assert!(
                    ended.stderr.contains(&format!("line {line} is empty")),
                    "{list:?}: {}",
                    ended.stderr
                );
            }
        }
    }
}

#[test]
fn empty_parameter_keeps_its_position() {
    check_parameters(|url, list| {
        let inputs = [
            ("INPUT_TO", "593987654321"),
            ("INPUT_TEMPLATE", "a"),
            ("INPUT_PARAMS", list),
        ];
        send(&Home::new(), url, &inputs).0
    });
}

#[test]
fn body_is_sent_unchanged() {
    let server = Server::answering(Reply::accepted());
    let body = json!({"type": "new", "text": HOSTILE.concat()});
    let inputs = [
        ("INPUT_TO", "593987654321"),
        ("INPUT_BODY", &*body.to_string()),
    ];
    assert_eq!(send(&Home::new(), &server.url, &inputs).0.code, 0);
    let mut expected = body;
    expected["userId"] = json!("593987654321");
    assert_eq!(server.only().json(), expected);
}

#[test]
fn step_outputs_the_outcome_and_exit_code() {
    let dead = refused_url();
    for (reply, code, sent) in [
        (
            Some(Reply::json(400, r#"{"code":"message_could_not_be_send"}"#)),
            5,
            "no",
        ),
        (Some(Reply::json(401, "{}")), 4, "no"),
        (Some(Reply::ResetAfterReading), 8, "unknown"),
        (None, 7, "no"),
    ] {
        let server = reply.map(Server::answering);
        let url = server.as_ref().map_or(dead.as_str(), |server| &server.url);
        let inputs = [
            ("INPUT_TO", "593987654321"),
            ("INPUT_TEXT", "a"),
            ("JELOU_RETRY_FOR", "0"),
        ];
        let (ended, outputs) = send(&Home::new(), url, &inputs);
        assert_eq!(
            (ended.code, outputs),
            (code, format!("sent={sent}\nmessage-id=\n")),
            "{}",
            ended.stderr
        );
        let inputs = [&inputs[..], &[("INPUT_ON_FAILURE", "warn")]].concat();
        let (ended, outputs) = send(&Home::new(), url, &inputs);
        assert_eq!(
            (ended.code, outputs),
            (0, format!("sent={sent}\nmessage-id=\n"))
        );
        assert_eq!(
            ended.stdout,
            format!(
                "::warning::the WhatsApp message: sent is {sent}, jelouctl exited with {code}\n"
            )
        );
    }
}

#[test]
fn message_id_cannot_forge_an_output() {
    let server = Server::answering(Reply::json(
        200,
        r#"{"messageId":"a\nsent=no\r\n::error::x"}"#,
    ));
    let inputs = [("INPUT_TO", "593987654321"), ("INPUT_TEXT", "a")];
    let (ended, outputs) = send(&Home::new(), &server.url, &inputs);
    assert_eq!(
        (ended.code, outputs.as_str()),
        (0, "sent=yes\nmessage-id=a\\nsent=no\\r\\n::error::x\n")
    );
}

#[test]
fn unwritable_output_keeps_the_exit_code() {
    let rejected = || Reply::json(400, r#"{"code":"message_could_not_be_send"}"#);
    for (reply, code, sent) in [
        (Reply::accepted(), 0, "yes"),
        (rejected(), 5, "no"),
        (Reply::ResetAfterReading, 8, "unknown"),
    ] {
        let server = Server::answering(reply);
        // The last one is not set at all.
        for outputs in ["/dev/full", "/nowhere/outputs", ""] {
            for (on_failure, code) in [("fail", code), ("warn", 0)] {
                let inputs = [
                    ("INPUT_TO", "593987654321"),
                    ("INPUT_TEXT", "a"),
                    ("INPUT_ON_FAILURE", on_failure),
                ];
                let inputs = [
                    &inputs[..],
                    &[("GITHUB_OUTPUT", outputs), ("JELOU_RETRY_FOR", "0")],
                ]
                .concat();
                let (ended, _) = send(&Home::new(), &server.url, &inputs);
                assert_eq!(ended.code, code, "{outputs}: {ended:?}");
                let warning = format!(
                    "::warning::the outputs of this step could not be written; sent is {sent}\n"
                );
                assert!(ended.stdout.starts_with(&warning), "{outputs}: {ended:?}");
            }
        }
    }
}

/// Returns this many recipients, one on each line.
fn other_recipients(count: usize) -> String {
    (0..count)
        .map(|number| format!("5939876500{number:02}\n"))
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn many_recipients_are_sent_in_groups() {
    let jelou = Jelou::start(|user, _| match user {
        "593987650021" => Act::Answer(400, "", "{}"),
        _ => Act::Accept,
    });
    let inputs = [("INPUT_TO", &*other_recipients(43)), ("INPUT_TEXT", "a")];
    let (ended, outputs) = send(&Home::new(), &jelou.url, &inputs);
    assert_eq!(ended.code, 10, "{ended:?}");
    let lines: Vec<_> = outputs.lines().collect();
    assert_eq!(lines[0], "sent=some");
    let ids = &lines[2..lines.len() - 1];
    let without: Vec<_> = (0..43).filter(|at| ids[*at].is_empty()).collect();
    assert_eq!((ids.len(), without), (43, vec![21]), "{outputs}");
    let accepted = jelou.accepted();
    assert_eq!(accepted.len(), 42);
    assert!(accepted.values().all(|count| *count == 1));
    // Either every message can be sent, or none is sent.
    let (none, home) = (Jelou::expect_no_requests(), Home::new());
    let to = format!("{}0987654321", other_recipients(30));
    let inputs = [("INPUT_TO", &*to), ("INPUT_TEXT", "a")];
    assert_eq!(send(&home, &none.url, &inputs).0.code, 2);
}

#[test]
fn outcome_of_all_groups_sets_output_and_code() {
    // Three commands: 0 to 19, 20 to 39, and 40 to 42.
    let user = |number: usize| format!("5939876500{number:02}");
    for (answers, code, sent, tried) in [
        (&[][..], 0, "yes", 43),
        (&[(0, 429)], 10, "some", 43),
        (&[(41, 429)], 10, "some", 43),
        (&[(0, 429), (25, 500)], 8, "unknown", 43),
        (&[(0, 500), (25, 429)], 8, "unknown", 43),
        // The credentials are wrong from the second group on, or from the first recipient on.
        (&[(20, 401)], 10, "some", 21),
        (&[(0, 401)], 4, "no", 1),
    ] {
        let answers: Vec<_> = answers
            .iter()
            .map(|(number, status)| (user(*number), *status))
            .collect();
        let jelou = Jelou::start(move |to, _| {
            let found = answers.iter().find(|(user, _)| user == to);
            found.map_or(Act::Accept, |(_, status)| Act::Answer(*status, "", "{}"))
        });
        let inputs = [
            ("INPUT_TO", &*other_recipients(43)),
            ("INPUT_TEXT", "a"),
            ("JELOU_RETRY_FOR", "0"),
        ];
        let (ended, outputs) = send(&Home::new(), &jelou.url, &inputs);
        assert_eq!(ended.code, code, "{sent}: {ended:?}");
        assert!(outputs.starts_with(&format!("sent={sent}\n")), "{outputs}");
        assert_eq!(jelou.requests().len(), tried);
    }
}

#[test]
fn excluded_recipients_of_a_step_do_not_count() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.profile("p", &jelou.url, "do_not_contact = \"none\"");
    let exclude = |users: &str| home.write(&format!("{CONFIG}/none"), users);
    let step = |to: &str| {
        let before = jelou.requests().len();
        let inputs = [
            ("INPUT_TO", to),
            ("INPUT_TEXT", "a"),
            ("JELOU_PROFILE", "p"),
        ];
        let (ended, outputs) = send(&home, &jelou.url, &inputs);
        let sent = outputs.lines().next().unwrap().to_owned();
        let ids = outputs.lines().count() - 3;
        let tried = jelou.requests().len() - before;
        assert_eq!(ids, to.lines().count(), "{outputs}");
        (ended.code, sent, tried)
    };
    let (yes, no) = ("sent=yes".to_owned(), "sent=no".to_owned());
    let many = other_recipients(21);
    exclude("593987650020\n593987650003\n");
    assert_eq!(step(&other_recipients(4)), (0, yes.clone(), 3));
    // The second group has only an excluded recipient.
    assert_eq!(step(&many), (0, yes, 19));
    exclude(&many);
    assert_eq!(step(&many), (11, no.clone(), 0));
    assert_eq!(step(&other_recipients(4)), (11, no, 0));
}

/// Bad and repeated recipients of several commands are found before the first of them.
#[test]
fn recipients_of_several_commands_are_checked_together() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.profile("p", &jelou.url, "allow_to = [\"5939876500*\"]");
    let step = |more: &str| {
        let to = format!("{}{more}", other_recipients(20));
        let inputs = [
            ("INPUT_TO", &*to),
            ("INPUT_TEXT", "a"),
            ("JELOU_PROFILE", "p"),
        ];
        send(&home, &jelou.url, &inputs).0
    };
    for (more, code, parts) in [
        ("593987650099\n123", 2, &["`123` has 3"][..]),
        ("573001234567", 11, &["573001234567 is not among"]),
        (
            "573001234567\nana\n573001234568",
            2,
            &["573001234567 is not", "`ana`", "573001234568 is not"],
        ),
    ] {
        let ended = step(more);
        assert_eq!(ended.code, code, "{ended:?}");
        let has_all = parts.iter().all(|part| ended.stderr.contains(part));
        assert!(has_all, "{ended:?}");
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{ended:?}");
        assert_eq!(jelou.requests().len(), 0);
    }
    assert_eq!(step("+593 98 765 0000\n593987650021").code, 0);
    let accepted = jelou.accepted();
    assert_eq!(accepted.len(), 21);
    assert!(accepted.values().all(|count| *count == 1), "{accepted:?}");
}

#[test]
fn step_repeats_a_message_after_the_time() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let step = |every: &str| {
        let inputs = [
            ("INPUT_TO", "593987654321\n593987654322"),
            ("INPUT_TEXT", "a"),
            ("INPUT_ONCE", "k"),
            ("INPUT_STATE_DIR", "kept"),
            ("INPUT_EVERY", every),
        ];
        send(&home, &jelou.url, &inputs).0
    };
    for _ in 0..2 {
        assert_eq!(step("1h").code, 0);
        assert_eq!(jelou.requests().len(), 2);
    }
    assert_eq!(step("0").code, 2);
}

#[test]
fn invalid_inputs_output_no_and_warn_if_requested() {
    let server = Server::expect_no_requests();
    let to = ("INPUT_TO", "593987654321");
    for (inputs, problem) in [
        (&[to][..], "set exactly one of text, template and body"),
        (
            &[to, ("INPUT_TEXT", "a"), ("INPUT_TEMPLATE", "b")],
            "set exactly one of text, template and body",
        ),
        (
            &[to, ("INPUT_TEMPLATE", "a"), ("INPUT_PARAMS", "b\n\nc")],
            "params: line 2 is empty",
        ),
        (&[to, ("INPUT_BODY", "{")], "jelouctl exited with 2"),
        (
            &[
                ("INPUT_TO", "593987654321\n0987654321"),
                ("INPUT_TEXT", "a"),
            ],
            "jelouctl exited with 2",
        ),
        (
            &[
                ("INPUT_TO", "593987654321,123,14155550100"),
                ("INPUT_TEXT", "a"),
            ],
            "jelouctl exited with 2",
        ),
        (
            &[("INPUT_TO", " ,;\r\n "), ("INPUT_TEXT", "a")],
            "jelouctl exited with 2",
        ),
        (&[("INPUT_TO", ""), ("INPUT_TEXT", "a")], ""),
    ] {
        let warns = [inputs, &[("INPUT_ON_FAILURE", "warn")]].concat();
        let (failed, outputs) = send(&Home::new(), &server.url, inputs);
        let (ended, same_outputs) = send(&Home::new(), &server.url, &warns);
        assert_eq!((failed.code, ended.code), (2, 0), "{failed:?}");
        for outputs in [outputs, same_outputs] {
            let without_ids = outputs
                .lines()
                .skip(2)
                .all(|line| line.is_empty() || line.starts_with("end-of-ids"));
            assert!(
                outputs.starts_with("sent=no\nmessage-id") && without_ids,
                "{outputs}"
            );
        }
        let start = "::warning::the WhatsApp message: sent is no, ";
        assert!(
            ended.stdout.starts_with(start) && ended.stdout.contains(problem),
            "{ended:?}"
        );
    }
    let inputs = [to, ("INPUT_TEXT", "a"), ("INPUT_ON_FAILURE", "maybe")];
    let (ended, outputs) = send(&Home::new(), &server.url, &inputs);
    assert_eq!(
        (ended.code, outputs.as_str()),
        (2, "sent=no\nmessage-id=\n"),
        "{ended:?}"
    );
    let inputs = [to, ("INPUT_TEXT", "a"), ("JELOU_CLIENT_SECRET", "")];
    assert_eq!(send(&Home::new(), &server.url, &inputs).0.code, 3);
    // The step cannot create a file for the text.
    let inputs = [to, ("INPUT_TEXT", "a"), ("RUNNER_TEMP", "/nowhere")];
    let (ended, outputs) = send(&Home::new(), &server.url, &inputs);
    assert_eq!(
        (ended.code, outputs.as_str()),
        (1, "sent=no\nmessage-id=\n"),
        "{ended:?}"
    );
}

#[test]
fn stopped_step_stops_its_send_and_reports() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let jelou = Jelou::start(|_, _| Act::Hang { accepted: true });
        let home = Home::new();
        let path = repository().join("action/send.sh");
        let inputs = [
            ("INPUT_TO", "593987654321\n593987654322"),
            ("INPUT_TEXT", "a"),
        ];
        let mut command = script(&home, path.to_str().unwrap(), &jelou.url, &inputs);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        jelou.wait_for(1);
        // Only the script gets the signal, and forwards it.
        tool(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]));
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert_eq!(
            (ended.code, home.read("outputs").lines().next().unwrap()),
            (code, "sent=unknown"),
            "{ended:?}"
        );
        let said = format!("it may have been sent: interrupted by SIG{signal}");
        assert!(ended.stderr.contains(&said), "{ended:?}");
        assert_eq!(jelou.requests().len(), 1);
    }
}

/// The actions, as paths in the repository: one sends a message, the other only installs.
const ACTIONS: [&str; 2] = ["", "action/setup"];

/// A step of an action: its command, and the variables that it sets.
struct Step {
    run: String,
    env: Vec<(String, String)>,
}

impl Step {
    /// Reads the step that installs.
    fn read(action: &str) -> Self {
        let path = repository().join(action).join("action.yml");
        let text = fs::read_to_string(&path).unwrap();
        let (_, steps) = text.split_once("\n    - shell: bash\n").unwrap();
        let (step, _) = steps.split_once("\n    - ").unwrap_or((steps, ""));
        let lines = step.lines().map(str::trim);
        let mut fields = lines.filter(|line| !line.starts_with('#'));
        let run = fields.next().unwrap().strip_prefix("run: '").unwrap();
        assert_eq!(fields.next(), Some("env:"));
        let env = fields.map(|line| line.split_once(": ").unwrap());
        Self {
            run: run.strip_suffix('\'').unwrap().to_owned(),
            env: env
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

/// Runs the step of `action` that installs, with this `releases.txt` and `archive` as the download.
fn install(
    home: &Home,
    action: &str,
    releases: &str,
    archive: &Path,
    version: &str,
) -> CommandOutput {
    let source = home.path().join("source");
    fs::create_dir_all(source.join("action/setup")).unwrap();
    fs::copy(
        repository().join("action/install.sh"),
        source.join("action/install.sh"),
    )
    .unwrap();
    fs::write(source.join("action/releases.txt"), releases).unwrap();
    // Replaces the network: notes the address and returns the archive.
    let curl = home.write("bin/curl", "#!/bin/sh\nfor last; do :; done\necho \"$last\" > asked\nwhile [ \"$1\" != --output ]; do shift; done\ncp \"$ARCHIVE\" \"$2\"\n");
    crate::harness::set_mode(&curl, 0o755);
    let step = Step::read(action);
    let mut command = Command::new("bash");
    command
        .args(["-e", "-c", &step.run])
        .env_clear()
        .current_dir(home.path());
    for (name, value) in &step.env {
        let value = match value.as_str() {
            "${{ inputs.version }}" => version,
            "${{ github.action_repository }}" => "jelou/jelouctl",
            other => panic!("{other}"),
        };
        command.env(name, value);
    }
    // A runner sets GITHUB_ACTION_REPOSITORY for such a step, but leaves it empty.
    command
        .env("GITHUB_ACTION_PATH", source.join(action))
        .env("GITHUB_ACTION_REPOSITORY", "");
    command
        .env(
            "PATH",
            format!("{}/bin:/usr/bin:/bin", home.path().display()),
        )
        .env("ARCHIVE", archive);
    command
        .env("RUNNER_TEMP", home.path())
        .env("GITHUB_PATH", home.path().join("path"));
    // Variables that a workflow sets for its own code.
    command
        .env("RUSTFLAGS", "-Dwarnings")
        .env("CARGO_BUILD_TARGET", "wasm32-unknown-unknown");
    CommandOutput::new(&command.output().unwrap())
}

/// Runs the step of docs/ci.md that reports how a deploy ended, with its own variables; `deploy` is the deploy's script.
fn deploy_as_on_the_page(home: &Home, url: &str, deploy: &str) -> CommandOutput {
    let is_the_step = |block: &Block| block.text.contains("action/setup@");
    let block = blocks("ci.md").into_iter().find(is_the_step).unwrap();
    let lines: Vec<_> = block.text.lines().map(str::trim).collect();
    let value = |key: &str| lines.iter().find_map(|line| line.strip_prefix(key));
    let uses = value("- uses: OWNER/jelouctl/").unwrap();
    assert!(ACTIONS.contains(&uses.strip_suffix("@COMMIT").unwrap()));
    let script = home.write("deploy", format!("#!/bin/sh\n{deploy}\n"));
    crate::harness::set_mode(&script, 0o755);
    let mut command = home.program("bash");
    command
        .args(["-e", "-c", value("run: ").unwrap()])
        .env("JELOU_API_URL", url);
    let set = lines.iter().skip_while(|line| **line != "env:").skip(1);
    let credentials = sender(url);
    for line in set {
        let (name, _) = line.split_once(": ").unwrap();
        let known = credentials.iter().find(|(known, _)| *known == name);
        command.env(name, known.map_or("593987654321", |(_, value)| value));
    }
    CommandOutput::new(&command.output().unwrap())
}

#[test]
fn deploy_of_the_page_sends_its_failure() {
    let answer = r#"[{"id":"a-b","destination":"593987654321"}]"#;
    let server = Server::answering(Reply::json(200, answer));
    let ended = deploy_as_on_the_page(&Home::new(), &server.url, "exit 3");
    assert_eq!(ended.code, 3, "{ended:?}");
    let sent = server.only().json();
    assert_eq!(sent["parameters"], json!(["deploy", "failed"]));
    let quiet = Server::expect_no_requests();
    let ended = deploy_as_on_the_page(&Home::new(), &quiet.url, "echo deployed");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "deployed\n"));
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn only_released_versions_are_installed() {
    for action in ACTIONS {
        installs_only_released_versions(action);
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn installs_only_released_versions(action: &str) {
    let home = Home::new();
    let binary = home.write("jelouctl-0.1.0/jelouctl", "#!/bin/sh\necho released\n");
    crate::harness::set_mode(&binary, 0o755);
    let archive = home.path().join("archive.tar.gz");
    tool(
        Command::new("tar")
            .arg("-czf")
            .arg(&archive)
            .arg("-C")
            .arg(home.path())
            .arg("jelouctl-0.1.0"),
    );
    let sum = tool(Command::new("sha256sum").arg(&archive)).stdout;
    let sum = String::from_utf8(sum).unwrap()[..64].to_owned();
    let releases = format!(
        "# comment\n0.0.9 x86_64-unknown-linux-musl {}\n0.1.0 x86_64-unknown-linux-musl {sum}\n",
        "0".repeat(64)
    );

    let ended = install(&home, action, &releases, &archive, "");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let asked = home.read("asked");
    assert_eq!(
        asked.trim(),
        "https://github.com/jelou/jelouctl/releases/download/v0.1.0/jelouctl-0.1.0-x86_64-unknown-linux-musl.tar.gz"
    );
    let installed = Path::new(home.read("path").trim()).join("jelouctl");
    assert_eq!(tool(&mut Command::new(installed)).stdout, b"released\n");

    fs::remove_file(home.path().join("path")).unwrap();
    for (version, problem) in [
        ("0.0.9", "wrong SHA-256 of "),
        ("9.9.9", "there is no release 9.9.9"),
        ("installed", "the runner has no jelouctl"),
    ] {
        let ended = install(&home, action, &releases, &archive, version);
        assert_eq!(ended.code, 1, "{version}");
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
        assert!(!home.path().join("path").exists());
    }
}

#[test]
fn source_is_installed_without_a_release() {
    // A candidate is not a release.
    for (action, releases, version) in [
        ("", "# none\n", ""),
        ("action/setup", "# none\n", ""),
        ("", "# none\n1.0.0-rc.1 x86_64-unknown-linux-musl 00\n", ""),
        ("action/setup", "", "source"),
    ] {
        let home = Home::new();
        let stub = "#!/bin/sh\necho \"$PWD ${RUSTFLAGS-none} ${CARGO_BUILD_TARGET-none} $*\" > \"$RUNNER_TEMP/asked\"\n";
        let cargo = home.write("bin/cargo", stub);
        crate::harness::set_mode(&cargo, 0o755);
        let ended = install(&home, action, releases, Path::new("none"), version);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let asked = home.read("asked");
        let directory = asked.trim().rsplit_once("--root ").unwrap().1;
        let source = fs::canonicalize(home.path().join("source")).unwrap();
        let expected = format!(
            "{} none none install --quiet --locked --path . --root ",
            source.display()
        );
        assert!(asked.starts_with(&expected), "{asked}");
        assert_eq!(home.read("path").trim(), format!("{directory}/bin"));

        fs::remove_file(cargo).unwrap();
        assert!(
            install(&home, action, releases, Path::new("none"), version)
                .stderr
                .contains("no cargo")
        );
    }
}

#[test]
fn release_lines_are_read_from_checksums() {
    let workflow = fs::read_to_string(repository().join(".github/workflows/release.yml")).unwrap();
    let line = workflow
        .lines()
        .find(|line| line.contains("sed -n"))
        .unwrap();
    let home = Home::new();
    home.write(
        "release/SHA256SUMS",
        "0a  jelouctl-1.0.0-rc.1-x86_64-unknown-linux-musl.tar.gz\n0b  jelouctl-1.0.0-aarch64-apple-darwin.tar.gz\n0c  jelouctl.cdx.json\n",
    );
    let mut shell = Command::new("bash");
    shell
        .args(["-c", line])
        .env("GITHUB_STEP_SUMMARY", "summary")
        .current_dir(home.path());
    tool(&mut shell);
    assert_eq!(
        home.read("summary"),
        "1.0.0-rc.1 x86_64-unknown-linux-musl 0a\n1.0.0 aarch64-apple-darwin 0b\n"
    );
}

#[test]
fn all_recipients_are_checked_before_the_first_send() {
    let home = Home::new();
    let rejected = Reply::json(400, r#"{"code":"message_could_not_be_send"}"#);
    let server = Server::start(vec![
        Reply::accepted(),
        rejected,
        Reply::ResetAfterReading,
        Reply::accepted(),
    ]);
    let to = "593987654321\r\n\n593987654322\n593987654323\n593987654324\n";
    let (ended, outputs) = send(&home, &server.url, &[("INPUT_TO", to), ("INPUT_TEXT", "a")]);
    assert_eq!(ended.code, 8, "{}", ended.stderr);
    let outputs: Vec<_> = outputs.lines().map(str::to_owned).collect();
    let end = outputs[1].strip_prefix("message-id<<").unwrap();
    let expected = ["msg_123456789", "", "", "msg_123456789", end];
    assert_eq!(
        (outputs[0].as_str(), &outputs[2..]),
        ("sent=unknown", &expected.map(str::to_owned)[..])
    );
    let recipients: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.json()["userId"].clone())
        .collect();
    assert_eq!(
        recipients,
        [
            "593987654321",
            "593987654322",
            "593987654323",
            "593987654324"
        ]
    );

    // After the signal, the step sends no other message.
    let stub = r#"#!/bin/sh
echo "$@" >> asked
case "$*" in *--dry-run*) ;; *) exit 143 ;; esac
for word; do
  case $word in --to=*) echo "{\"to\":\"${word#--to=}\",\"error\":null}" ;; esac
done
"#;
    crate::harness::set_mode(&home.write("bin/jelouctl", stub), 0o755);
    let path = format!("{}/bin:/usr/bin:/bin", home.path().display());
    let inputs = [
        ("INPUT_TO", &*other_recipients(50)),
        ("INPUT_TEXT", "a"),
        ("PATH", &path),
    ];
    let (ended, outputs) = send(&home, "", &inputs);
    assert_eq!(ended.code, 143, "{ended:?}");
    assert!(outputs.starts_with("sent=unknown\n"), "{outputs}");
    assert_eq!(outputs.lines().count(), 50 + 3, "{outputs}");
    // One command checks all recipients, and one sends to the first of them.
    let asked = home.read("asked");
    let asked: Vec<_> = asked.lines().collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0].matches("--to=5939876500").count(), 50);
    assert_eq!(asked[1].matches("--to=id:5939876500").count(), 20);
}

/// The two spellings of a number are in different groups.
#[test]
fn one_person_in_two_groups_gets_one_message() {
    for (first, second) in [
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
        ("553187654321", "5531987654321"),
    ] {
        let jelou = Jelou::accept_all();
        let to = format!("{first}\n{}{second}", other_recipients(20));
        let inputs = [("INPUT_TO", &*to), ("INPUT_TEXT", "a")];
        let (ended, outputs) = send(&Home::new(), &jelou.url, &inputs);
        assert_eq!(ended.code, 0, "{ended:?}");
        let said = format!("note: {first} and {second} are the same recipient");
        assert_eq!(ended.stderr.matches(&said).count(), 1, "{ended:?}");
        assert_eq!(jelou.requests().len(), 21, "{first}");
        assert_eq!(outputs.lines().count(), 21 + 3, "{outputs}");
    }
}

#[test]
fn every_recipient_of_several_commands_arrives_unchanged() {
    let server = Server::answering(Reply::accepted());
    let ids = ["id:a\"b\\c\\\"", "id:12345", "id:$(touch pwned)"];
    let to = format!("{}{}", other_recipients(20), ids.join("\n"));
    let inputs = [("INPUT_TO", &*to), ("INPUT_TEXT", "Hola {{ nombre }}")];
    let (ended, _) = send(&Home::new(), &server.url, &inputs);
    assert_eq!(ended.code, 0, "{ended:?}");
    // Each of three commands warns of the text, not each recipient.
    let warnings = ended.stderr.matches("warning: text: {{ nombre }} is sent");
    assert_eq!(warnings.count(), 3, "{ended:?}");
    let received = server.received();
    let users: Vec<_> = received
        .iter()
        .map(|request| request.json()["userId"].clone())
        .collect();
    let expected = ids.map(|id| json!(id.strip_prefix("id:").unwrap()));
    assert_eq!(users[20..], expected);
}

#[test]
fn scripts_contain_no_inputs() {
    let actions = ACTIONS.map(|action| {
        let path = repository().join(action).join("action.yml");
        fs::read_to_string(path).unwrap()
    });
    let lines = actions.iter().flat_map(|action| action.lines());
    for line in lines.filter(|line| line.contains("${{")) {
        let (name, value) = line.trim().split_once(": ").unwrap();
        assert!(name == "value" || name == name.to_uppercase(), "{line}");
        assert!(
            value.starts_with("${{ ") && value.ends_with(" }}"),
            "{line}"
        );
    }
    for workflow in ["ci.yml", "release.yml"] {
        let text =
            fs::read_to_string(repository().join(".github/workflows").join(workflow)).unwrap();
        for line in text.lines().filter(|line| line.contains("uses: ")) {
            let (_, pin) = line.split_once('@').unwrap();
            assert_eq!(pin.split(' ').next().unwrap().len(), 40, "{line}");
        }
    }
}

#[test]
fn third_party_parts_are_pinned_and_isolated() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    for line in read("Dockerfile")
        .lines()
        .filter(|line| line.starts_with("FROM ") && *line != "FROM scratch")
    {
        let (_, digest) = line
            .split_once("@sha256:")
            .unwrap_or_else(|| panic!("{line}"));
        assert_eq!(digest.split(' ').next().unwrap().len(), 64, "{line}");
    }
    let workflows = [
        read(".github/workflows/ci.yml"),
        read(".github/workflows/release.yml"),
    ];
    let scripts = ["release/build", "release/licences", "release/sbom"].map(read);
    for line in workflows
        .iter()
        .chain(&scripts)
        .flat_map(|text| text.lines())
        .filter(|line| line.contains("cargo install"))
    {
        assert!(line.contains("--locked") && line.contains('@'), "{line}");
    }
    let (_, publish) = workflows[1].split_once("\n  publish:\n").unwrap();
    assert!(
        publish.contains("contents: write")
            && !publish.contains("cargo")
            && !publish.contains("checkout"),
        "{publish}"
    );
    assert_eq!(
        workflows[1].matches(": write").count(),
        publish.matches(": write").count()
    );
}

/// A tool of the runner that is killed, or ends with `code`, before it prints anything.
fn send_with_a_tool_that(home: &Home, does: &str) -> (CommandOutput, String) {
    let tool = home.write("bin/jelouctl", format!("#!/bin/sh\n{does}\n"));
    crate::harness::set_mode(&tool, 0o755);
    home.write("outputs", "");
    let path = repository().join("action/send.sh");
    let inputs = [("INPUT_TO", "593987654321"), ("INPUT_TEXT", "a")];
    let mut command = script(home, path.to_str().unwrap(), &refused_url(), &inputs);
    let paths = command
        .get_envs()
        .find_map(|(name, value)| value.filter(|_| name == "PATH"));
    let paths = format!(
        "{}/bin:{}",
        home.path().display(),
        paths.unwrap().to_str().unwrap()
    );
    let ended = CommandOutput::new(&command.env("PATH", paths).output().unwrap());
    (ended, home.read("outputs"))
}

#[test]
fn only_documented_exit_codes_mean_not_sent() {
    for (does, code, sent) in [
        ("exit 10", 10, "some"),
        ("kill -KILL $$", 137, "unknown"),
        ("kill -HUP $$", 129, "unknown"),
        ("exit 255", 255, "unknown"),
        ("exit 11", 11, "no"),
        // The message of a shell that could not start it.
        ("exec /", 126, "no"),
        ("exec /no/such", 127, "no"),
    ] {
        let home = Home::new();
        let (ended, outputs) = send_with_a_tool_that(&home, does);
        assert_eq!(
            (ended.code, outputs),
            (code, format!("sent={sent}\nmessage-id=\n")),
            "{does}: {}",
            ended.stderr
        );
    }
    for code in 1..=7 {
        let (_, outputs) = send_with_a_tool_that(&Home::new(), &format!("exit {code}"));
        assert_eq!(outputs, "sent=no\nmessage-id=\n", "{code}");
    }
}

#[test]
fn send_killed_in_flight_is_unknown() {
    let of_home = Home::new().command();
    let binary = of_home.get_program().to_str().unwrap().to_owned();
    for (limit, code) in [("timeout", 124), ("timeout -s KILL", 137)] {
        let server = Server::answering(Reply::HangAfterReading);
        let home = Home::new();
        // The real tool; the server has its request when the time is up.
        let does = format!(
            "exec env JELOU_API_URL={} {limit} 2 {binary} \"$@\"",
            server.url
        );
        let (ended, outputs) = send_with_a_tool_that(&home, &does);
        assert_eq!(
            (ended.code, outputs.as_str()),
            (code, "sent=unknown\nmessage-id=\n"),
            "{}",
            ended.stderr
        );
        server.only();
    }
}
