//! `run`: a command with its streams, signals and exit code unchanged, and a message about how it ended.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};

use crate::bulk_server::Jelou;
use crate::harness::{
    BETWEEN_LOOKS, CONFIG, CommandOutput, Home, sender, set_mode, tool, under, wait_until,
};
use crate::needs::{can_test, works};
use crate::server::{Reply, Server, refused_url};

const TO: [&str; 3] = ["run", "--to", "593987654321"];

/// Runs `script` in a shell with `flags`, against `server`.
fn run_in(home: &Home, server: &Server, flags: &[&str], script: &str) -> CommandOutput {
    let words = [&TO, flags, &["--", "/bin/sh", "-c", script]].concat();
    home.run_args(&words)
        .env("PATH", "/usr/bin:/bin")
        .api(&server.url)
        .end()
}

/// Creates the process of `run` with these arguments, for the API at `url`.
fn process(home: &Home, url: &str, words: &[&str]) -> Command {
    let mut command = home.command();
    command
        .args(TO)
        .args(words)
        .env("PATH", "/usr/bin:/bin")
        .envs(sender(url));
    command
}

/// Runs `script` with `flags`. Returns its output, and the bodies of the notifications.
fn run(flags: &[&str], script: &str) -> (CommandOutput, Vec<Value>) {
    let server = Server::answering(Reply::accepted()).allow_no_requests();
    let ended = run_in(&Home::new(), &server, flags, script);
    let received = server.received();
    let sent = received
        .iter()
        .filter(|request| request.line.starts_with("POST "));
    (ended, sent.map(crate::server::Received::json).collect())
}

const ALL: [&str; 2] = [
    "--text",
    "{{ command }}|{{ result }}|{{ code }}|{{ signal }}",
];

#[test]
fn command_result_is_the_message_and_exit_code() {
    for (script, code, text) in [
        ("true", 0, "sh|ok|0|"),
        ("exit 3", 3, "sh|failed|3|"),
        ("kill -9 $$", 137, "sh|killed|137|SIGKILL"),
        ("kill -TERM $$", 143, "sh|killed|143|SIGTERM"),
        ("exit 255", 255, "sh|failed|255|"),
    ] {
        let (ended, bodies) = run(&ALL, script);
        assert_eq!(ended.code, code, "{script}: {}", ended.stderr);
        assert_eq!(
            bodies,
            [json!({"type": "text", "userId": "593987654321", "text": text})]
        );
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    }
}

#[test]
fn default_notification_text_summarizes_the_result() {
    let (_, bodies) = run(&[], "exit 3");
    let text = bodies[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("sh: failed on ") && text.ends_with(", exit code 3"),
        "{text}"
    );
    let (_, bodies) = run(
        &["--text", "{{ host }} {{ started }} {{ duration }}"],
        "true",
    );
    let text = bodies[0]["text"].as_str().unwrap();
    assert!(text.ends_with('s'), "{text}");
}

/// The text is for the recipient: only the profile chooses its language.
#[test]
fn default_notification_text_has_the_language_of_the_profile() {
    for (lang, variable, script, begin, end) in [
        ("es", "en", "exit 3", "sh: falló en ", ", código 3"),
        ("es", "es", "exit 0", "sh: terminó bien en ", ", código 0"),
        (
            "es",
            "en",
            "kill -9 $$",
            "sh: se detuvo con SIGKILL en ",
            ", código 137",
        ),
        ("en", "es", "exit 3", "sh: failed on ", ", exit code 3"),
    ] {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        home.config(&format!(
            "[profiles.p]\nbot_id = \"77\"\nlang = \"{lang}\"\n"
        ));
        for (flags, rest) in [(&[][..], ""), (&["--tail", "3"], "\n(nada en stderr)")] {
            let words = [&TO, flags, &["--", "/bin/sh", "-c", script]].concat();
            home.run_args(&words)
                .env("PATH", "/usr/bin:/bin")
                .env("JELOUCTL_LANG", variable)
                .api(&server.url)
                .end();
            let rest = if lang == "es" {
                rest
            } else {
                &rest.replace("nada en", "nothing on")
            };
            let received = server.received();
            let sent = received
                .iter()
                .rfind(|request| request.line.starts_with("POST "));
            let body = sent.unwrap().json();
            let text = body["text"].as_str().unwrap();
            assert!(
                text.starts_with(begin) && text.ends_with(&format!("{end}{rest}")),
                "{text}"
            );
        }
    }
}

#[test]
fn start_of_the_command_is_in_the_senders_zone() {
    let started = |settings: &str, zone: &str| {
        let home = Home::new();
        let server = Server::answering(Reply::accepted());
        home.profile("p", &server.url, settings);
        let words = [&TO[..], &["--text", "{{ started }}", "--", "true"]].concat();
        home.run_args(&words)
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", zone)
            .success();
        server.only().json()["text"].as_str().unwrap().to_owned()
    };
    let at_home = started("", "America/Bogota");
    assert!(at_home.ends_with(" -05:00"), "{at_home}");
    let by_profile = started("time_zone = \"America/La_Paz\"", "America/Bogota");
    assert!(by_profile.ends_with(" -04:00"), "{by_profile}");
    let begin = jiff::Timestamp::strptime("%Y-%m-%d %H:%M:%S %:z", &by_profile).unwrap();
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
    let age = now.as_second() - begin.as_second();
    assert!((0..600).contains(&age), "{by_profile}");
}

#[test]
fn notification_errors_name_no_send_flags() {
    let home = Home::new();
    home.write("body.json", r#"{"type": "text"}"#);
    for (flags, told) in [
        (&["--text", ""][..], "  - text: is empty\n"),
        (&["--template", ""], "  - elementName: is empty\n"),
        (&["--body", "body.json"], "  - text: is missing\n"),
    ] {
        let words = [&["--to", "593987654321"][..], flags, &["--", "true"]].concat();
        let ended = home
            .run("run")
            .args(&words)
            .env("PATH", "/usr/bin:/bin")
            .api(&refused_url())
            .success();
        assert!(
            ended.stderr.contains(told) && !ended.stderr.contains("--text-file"),
            "{ended:?}"
        );
    }
}

#[test]
fn notification_follows_the_on_flag() {
    for (on, on_success, on_failure) in [("always", 1, 1), ("failure", 0, 1), ("success", 1, 0)] {
        assert_eq!(run(&["--on", on], "true").1.len(), on_success, "{on}");
        assert_eq!(run(&["--on", on], "false").1.len(), on_failure, "{on}");
    }
}

#[test]
fn unrunnable_command_counts_as_failed() {
    let home = Home::new();
    home.write("script", "no program");
    // A program for another machine is not a script.
    let foreign = home.write("foreign", b"\x7fELF\x02\x01\x01\n\x02\0\xf3\0");
    let garbage = home.write("garbage", b"MZ\x90\0\x03\n");
    set_mode(&foreign, 0o700);
    set_mode(&garbage, 0o700);
    for (command, code) in [
        ("nowhere-to-be-found", 127),
        ("./script", 126),
        ("/", 126),
        ("./foreign", 126),
        ("./garbage", 126),
    ] {
        let server = Server::answering(Reply::accepted());
        let words = [&TO[..], &ALL, &["--on", "failure", "--", command]].concat();
        let ended = home
            .run_args(&words)
            .env("PATH", "/usr/bin:/bin")
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(
            ended
                .stderr
                .contains(&format!("error: failed to run {command}: ")),
            "{}",
            ended.stderr
        );
        assert!(
            server.only().json()["text"]
                .as_str()
                .unwrap()
                .contains(&format!("|failed|{code}|"))
        );
        let words = [&TO[..], &["--on", "success", "--", command]].concat();
        home.run_args(&words)
            .env("PATH", "/usr/bin:/bin")
            .api(&server.url)
            .end();
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn quoted_command_arguments_are_never_revealed() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let line = "/usr/bin/no-such-dump -pcanary-secret-of-the-tests shop > /backup/shop.sql";
    let ended = home
        .run_args(&[&TO[..], &ALL, &["--on", "failure", "--", line]].concat())
        .api(&server.url)
        .end();
    assert_eq!(ended.code, 127, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("error: failed to run /usr/bin/no-such-dump: "),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("hint: for a command line in quotes: -- sh -c '"),
        "{}",
        ended.stderr
    );
    let text = server.only().json()["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("no-such-dump|failed|127|"), "{text}");
    assert!(
        !(text + &ended.stderr).contains("canary"),
        "{}",
        ended.stderr
    );
    for line in [
        " DUMP_PASSWORD=canary-secret-of-the-tests no-such-dump shop",
        "DUMP_PASSWORD=canary-secret-of-the-tests",
    ] {
        let server = Server::answering(Reply::accepted());
        let ended = home
            .run_args(&[&TO[..], &ALL, &["--on", "failure", "--", line]].concat())
            .api(&server.url)
            .end();
        let text = server.only().json()["text"].as_str().unwrap().to_owned();
        let shown = if line.starts_with(' ') {
            "no-such-dump"
        } else {
            "DUMP_PASSWORD"
        };
        assert!(text.starts_with(&format!("{shown}|failed|127|")), "{text}");
        assert!(
            ended
                .stderr
                .contains(&format!("error: failed to run {shown}: ")),
            "{}",
            ended.stderr
        );
        assert!(
            !(text + &ended.stderr).contains("canary"),
            "{}",
            ended.stderr
        );
    }
    // The name of a program may contain a space.
    let program = home.write("my backup", "#!/bin/sh\nexit 3\n");
    set_mode(&program, 0o700);
    let server = Server::answering(Reply::accepted());
    let words = [
        &TO[..],
        &ALL,
        &["--on", "failure", "-o", "record", "--", "./my backup"],
    ]
    .concat();
    let ended = home.run_args(&words).api(&server.url).end();
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(
        server.only().json()["text"]
            .as_str()
            .unwrap()
            .starts_with("my backup|failed|3|")
    );
    assert!(
        ended.stderr.contains("warning: -o has no effect"),
        "{}",
        ended.stderr
    );
}

#[test]
fn command_inherits_the_streams() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let script = "cat; echo out; echo err >&2";
    let words = [&TO[..], &["--", "/bin/sh", "-c", script]].concat();
    let run = home
        .run_args(&words)
        .env("PATH", "/usr/bin:/bin")
        .api(&server.url)
        .stdin("in\n");
    let ended = run.success();
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("in\nout\n", "err\n")
    );
    // The message contains no part of the command's output.
    let text = server.only().json()["text"].as_str().unwrap().to_owned();
    assert!(
        !text.contains("out") && !text.contains("err") && !text.contains("cat"),
        "{text}"
    );
}

#[test]
fn notification_template_and_body_are_filled() {
    let answer = r#"[{"id":"a","destination":"593987654321"}]"#;
    let server = Server::answering(Reply::json(200, answer));
    let home = Home::new();
    let flags = [
        "--template",
        "job_ended",
        "--language",
        "es",
        "--param",
        "{{ result }}",
        "--param",
        "-{{ code }}",
    ];
    assert_eq!(run_in(&home, &server, &flags, "exit 4").code, 4);
    let expected = json!({"destinations": ["593987654321"], "elementName": "job_ended", "language": "es", "parameters": ["failed", "-4"]});
    assert_eq!(server.only().json(), expected);

    home.write(
        "body.json",
        r#"{"type": "quick_reply", "text": "{{ command }} {{ result }}", "quick_replies": [{"title": "Retry"}]}"#,
    );
    let server = Server::answering(Reply::accepted());
    run_in(&home, &server, &["--body", "body.json"], "true");
    assert_eq!(server.only().json()["text"], "sh ok");
    assert_eq!(server.only().json()["quick_replies"][0]["title"], "Retry");

    // A body may contain a campaign, as in a single send.
    home.write(
        "body.json",
        r#"{"type": "template", "templateId": "39", "campaignId": "c {{ code }}"}"#,
    );
    let server = Server::answering(Reply::accepted());
    run_in(&home, &server, &["--body", "body.json"], "true");
    assert!(
        server
            .only()
            .line
            .contains("/campaigns/c%200/template-messages"),
        "{}",
        server.only().line
    );
}

#[test]
fn tail_is_end_of_stderr_without_colours() {
    let flags = ["--tail", "2", "--text", "{{ tail }}"];
    let (ended, bodies) = run(
        &flags,
        "echo out; for i in 1 2 3; do echo err $i >&2; done; printf '\\033[31mred\\nlast' >&2",
    );
    assert_eq!(bodies[0]["text"], "red\nlast");
    assert!(ended.stdout == "out\n", "{}", ended.stdout);
    // A message has at most 4096 characters, so only the end of the output is sent.
    let (_, bodies) = run(
        &["--tail", "1000", "--text", "x{{ tail }}"],
        "seq -f 'é%g' 10000 >&2",
    );
    let text = bodies[0]["text"].as_str().unwrap();
    assert_eq!(text.chars().count(), 4096);
    assert!(
        text.starts_with('x') && text.ends_with("\né9999\né10000"),
        "{text}"
    );
    let (_, bodies) = run(&["--tail", "5"], "exit 2");
    assert!(
        bodies[0]["text"]
            .as_str()
            .unwrap()
            .ends_with("exit code 2\n(nothing on stderr)")
    );
}

#[test]
fn tail_shows_the_final_progress_bar() {
    let flags = ["--tail", "2", "--text", "{{ tail }}"];
    let script = r"for i in 1 2 3; do printf '\rstep %s/3' $i >&2; done; printf '\nready\n' >&2";
    let (_, bodies) = run(&flags, script);
    assert_eq!(bodies[0]["text"], "step 3/3\nready");
}

#[test]
fn words_in_braces_are_sent() {
    let (ended, bodies) = run(&["--text", "Falló {command}, #nombre#"], "exit 0");
    assert_eq!(bodies[0]["text"], "Falló {command}, #nombre#");
    assert_eq!(ended.stderr, "");
}

#[test]
fn multiline_parameter_becomes_one_line_with_warning() {
    let home = Home::new();
    home.write(
        "by-id.json",
        r#"{"type": "template", "templateId": "7", "parameters": {"why": "{{ tail }}"}}"#,
    );
    let by_name = ["--tail", "5", "--template", "t", "--param", "{{ tail }}"];
    let by_id = ["--tail", "5", "--body", "by-id.json"];
    for (script, sent, told) in [
        (
            "printf 'one\n\n  two\nthree\n' >&2",
            "one / two / three",
            "has a line break",
        ),
        (
            "printf 'a          b' >&2",
            "a b",
            "has more than 4 spaces in a row",
        ),
        ("printf 'one\n\ttwo\n' >&2", "one / two", "has a line break"),
        ("printf '\n\n' >&2", "-", "is empty"),
        ("printf 'only one' >&2", "only one", ""),
        ("true", "(nothing on stderr)", ""),
    ] {
        for (flags, path) in [(&by_name[..], "parameters[0]"), (&by_id, "parameters.why")] {
            let server = Server::answering(Reply::accepted());
            let ended = run_in(&home, &server, flags, script);
            assert_eq!(ended.code, 0, "{ended:?}");
            let body = server.only().json();
            let parameter = body
                .pointer("/parameters/0")
                .or(body.pointer("/parameters/why"))
                .unwrap();
            assert_eq!(parameter, sent, "{script}");
            let warning = format!("warning: {path}: {told}");
            assert_eq!(
                ended.stderr.matches("warning: ").count(),
                usize::from(!told.is_empty()),
                "{ended:?}"
            );
            assert!(
                told.is_empty() || ended.stderr.contains(&warning),
                "{ended:?}"
            );
        }
    }
    // An error that does not depend on the command is printed before it runs, and once.
    let server = Server::answering(Reply::accepted());
    let ended = run_in(
        &home,
        &server,
        &["--template", "t", "--param", "a\tb"],
        "echo ran >&2",
    );
    let warning = "warning: parameters[0]: has a tab, which WhatsApp rejects in a template parameter; sent with single spaces";
    assert_eq!(ended.stderr, format!("{warning}\nran\n"));
    assert_eq!(server.only().json()["parameters"], json!(["a b"]));
}

/// WhatsApp adds the parameters to the text of the template, and rejects the template if it becomes too long.
#[test]
fn long_tail_sends_its_end_in_templates() {
    let server = Server::answering(Reply::accepted());
    let script = "for at in 1 2 3 4 5; do printf '%01500dend-%s\n' 0 $at >&2; done; exit 3";
    let flags = [
        "--tail",
        "5",
        "--template",
        "t",
        "--param",
        "{{ tail }}",
        "--param",
        "{{ result }}",
    ];
    let ended = run_in(&Home::new(), &server, &flags, script);
    assert_eq!(ended.code, 3, "{ended:?}");
    let body = server.only().json();
    let [tail, result] = [0, 1].map(|at| body["parameters"][at].as_str().unwrap());
    assert!(
        tail.starts_with("…0") && tail.ends_with("0end-5") && result == "failed",
        "{body}"
    );
    assert_eq!(tail.chars().count() + result.len(), 900);
    let told = "warning: parameters[0]: is cut at the start: it has 7537 characters, and all parameters together are limited to 900";
    assert!(ended.stderr.contains(told), "{ended:?}");
}

/// The notification matters more than its format.
#[test]
fn empty_value_does_not_prevent_the_notification() {
    let home = Home::new();
    for (body, path, sent) in [
        (
            json!({"elementName": "t", "cards": [{"body": {"text": "{{ signal }}"}}]}),
            "/cards/0/body/text",
            "-",
        ),
        (
            json!({"elementName": "t", "buttonParameters": [{"payload": " "}]}),
            "/buttonParameters/0/payload",
            "-",
        ),
        (
            json!({"type": "template", "templateId": "39", "parameters": ["a={{ signal }}"]}),
            "/parameters/a",
            "-",
        ),
        (
            json!({"type": "text", "text": "uno\u{b}dos\u{1}\u{85}tres"}),
            "/text",
            "uno\ndos\ntres",
        ),
    ] {
        home.write("body.json", body.to_string());
        let server = Server::answering(Reply::accepted());
        let ended = run_in(&home, &server, &["--body", "body.json"], "exit 3");
        let body = server.only().json();
        assert_eq!(body.pointer(path).unwrap(), sent, "{body}");
        assert!(
            ended.code == 3 && !ended.stderr.contains("not sent"),
            "{ended:?}"
        );
    }
}

#[test]
fn control_characters_are_removed_with_a_warning() {
    let (ended, bodies) = run(
        &["--text", "\u{1b}[31m{{ result }}\u{1b}[0m\u{7}\r\n!"],
        "true",
    );
    assert_eq!(bodies[0]["text"], "ok\n!");
    assert!(
        ended
            .stderr
            .contains("warning: text: its escape sequences and control characters are removed"),
        "{ended:?}"
    );
    let script = r"printf '\033]0;title\007\033[1;31mfailed\033[0m\033(B: no\033Mdisk\n' >&2";
    let (ended, bodies) = run(&["--tail", "1", "--text", "{{ tail }}"], script);
    assert_eq!(bodies[0]["text"], "failed: nodisk");
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
}

#[test]
fn background_process_of_command_delays_nothing() {
    let home = Home::new();
    // One program is silent, one has closed its streams, and one writes without end.
    for script in [
        "sleep 60 & echo $! > pid",
        "exec >&- 2>&- <&-; sleep 60 & echo $! > pid",
        "yes noise >&2 & echo $! > pid",
    ] {
        let server = Server::answering(Reply::accepted());
        // Discard the streams, otherwise the test itself would wait for them.
        let mut command = process(
            &home,
            &server.url,
            &["--tail", "1", "--", "/bin/sh", "-c", script],
        );
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{script}");
        server.only();
        // The program that writes without end has already ended with the pipe, so this may fail.
        let _ = Command::new("kill").arg(home.read("pid").trim()).output();
    }
}

#[test]
fn large_output_is_forwarded_without_buffering() {
    let (ended, bodies) = run(
        &["--tail", "1", "--text", "{{ tail }}"],
        "head -c 50000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2",
    );
    assert_eq!(ended.stderr.len(), 50_000_005);
    assert_eq!(bodies[0]["text"], "end");
}

#[test]
fn failed_notification_keeps_exit_code_unless_strict() {
    let dead = refused_url();
    for (url, code, problem) in [
        (
            Some(Reply::json(400, "{}")),
            5,
            "was not sent: Jelou answered 400",
        ),
        (Some(Reply::ResetAfterReading), 8, "may have been sent: "),
        (None, 7, "was not sent: failed to connect"),
    ] {
        let server = url.map(Server::answering);
        let url = server.as_ref().map_or(dead.as_str(), |server| &server.url);
        let home = Home::new();
        let run = |flags: &[&str]| {
            let words = [
                &TO[..],
                &["--retry-for", "0"],
                flags,
                &["--", "/bin/sh", "-c", "exit 3"],
            ]
            .concat();
            home.run_args(&words)
                .env("PATH", "/usr/bin:/bin")
                .api(url)
                .end()
        };
        let ended = run(&[]);
        assert_eq!(ended.code, 3);
        assert!(
            ended
                .stderr
                .starts_with(&format!("error: the notification {problem}")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 2);
        assert!(
            ended.stderr.lines().nth(1).unwrap().starts_with("hint: "),
            "{}",
            ended.stderr
        );
        assert_eq!(run(&["--strict-notify"]).code, code);
    }
}

#[test]
fn notification_respects_its_timeout() {
    let server = Server::answering(Reply::HangAfterReading);
    let ended = run_in(
        &Home::new(),
        &server,
        &["--notify-timeout", "300ms"],
        "exit 3",
    );
    assert_eq!(ended.code, 3);
    assert!(
        ended
            .stderr
            .contains("the notification may have been sent: no response (tried for 0.3 s)"),
        "{}",
        ended.stderr
    );
    let server = Server::answering(Reply::json(429, "{}"));
    let ended = run_in(
        &Home::new(),
        &server,
        &["--notify-timeout", "2s", "-q"],
        "exit 3",
    );
    assert!(
        ended
            .stderr
            .contains("the notification was not sent: Jelou answered 429 (tried for 2 s)"),
        "{}",
        ended.stderr
    );
    let words = [
        &TO[..],
        &["--notify-timeout", "2s", "--strict-notify", "--", "true"],
    ]
    .concat();
    let ended = Home::new()
        .run_args(&words)
        .env("PATH", "/usr/bin:/bin")
        .api(&refused_url())
        .end();
    assert!(
        ended.code == 7 && ended.stderr.contains("failed to connect"),
        "{}",
        ended.stderr
    );
}

#[test]
fn only_reported_results_must_make_a_message() {
    let only_ok = ["--text", "{% if result == 'ok' %}done{% endif %}"];
    let (ended, bodies) = run(
        &[&["--on", "success", "--strict-notify"], &only_ok[..]].concat(),
        "true",
    );
    assert_eq!(
        (ended.code, bodies[0]["text"].as_str()),
        (0, Some("done")),
        "{}",
        ended.stderr
    );
    for on in ["always", "failure"] {
        let (ended, bodies) = run(
            &[&["--on", on, "--strict-notify"], &only_ok[..]].concat(),
            "exit 3",
        );
        assert!(
            ended.code == 2 && bodies.is_empty(),
            "{on}: {}",
            ended.stderr
        );
    }
    let (ended, bodies) = run(&only_ok, "exit 3");
    assert!(ended.code == 3 && bodies.is_empty(), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("the notification will not be sent"),
        "{}",
        ended.stderr
    );
}

const BROKEN: &str = "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\n";

/// Flags and configurations that cannot make a notification, with the exit code and the error.
fn unsendable(home: &Home) -> Vec<(Vec<String>, String, i32, &'static str)> {
    home.write("broken.json", "{");
    home.write("kindless.json", r#"{"text": "a"}"#);
    let good = format!("{BROKEN}client_secret = \"canary-1\"\n");
    let long = format!("{}{{{{ result }}}}", "x".repeat(4095));
    let of_flags = [
        (
            &["--text", "{{ nope }}"][..],
            "text: there is no `nope`; there are: command, result,",
        ),
        (
            &["--text", "{{ result"],
            "text: `{{ result`: `{{` is not closed by `}}`",
        ),
        (
            &["--text", "{{ tail }}"],
            "text: there is no `tail`; there are: ",
        ),
        (&["--text", &long], "at most 4096"),
        (&["--text", ""], "text: is empty"),
        (
            &["--text", "{% for a in range(99999) %}{% endfor %}x"],
            "text: the only statements are `{% if … %}`",
        ),
        (&["--body", "broken.json"], "not valid JSON"),
        (
            &["--body", "kindless.json"],
            "the kind of the message is unclear",
        ),
        (&["--body", "nowhere.json"], "nowhere.json"),
        (&["--to", "12"], "--to"),
    ];
    let of_flags = of_flags.map(|(flags, problem)| {
        (
            flags.iter().map(|flag| (*flag).to_owned()).collect(),
            good.clone(),
            2,
            problem,
        )
    });
    let of_configuration = [
        (
            format!("{BROKEN}client_secret_command = [\"false\"]\n"),
            3,
            "the secret command `false` failed",
        ),
        (
            format!("{BROKEN}client_secret_file = \"nowhere.txt\"\n"),
            3,
            "nowhere.txt",
        ),
        (
            format!("{good}allow_to = []\n"),
            11,
            "no one (allow_to is empty)",
        ),
        ("[profiles.p\n".to_owned(), 3, "config.toml"),
        (String::new(), 3, "no bot to send from"),
    ];
    let of_configuration =
        of_configuration.map(|(config, code, problem)| (Vec::new(), config, code, problem));
    of_flags.into_iter().chain(of_configuration).collect()
}

#[test]
fn command_runs_even_if_notification_is_impossible() {
    let home = Home::new();
    for (flags, config, code, problem) in unsendable(&home) {
        home.config(&config);
        let run = |strict: &[&str], script: &str| {
            let flags: Vec<_> = flags.iter().map(String::as_str).collect();
            let words = [
                &["run"],
                &flags[..],
                strict,
                &["--", "/bin/sh", "-c", script],
            ]
            .concat();
            let run = home
                .run_args(&words)
                .env("PATH", "/usr/bin:/bin")
                .env("JELOU_TO", "593987654321");
            let ended = run.end();
            assert_eq!(
                std::fs::remove_file(home.path().join("ran")).ok(),
                Some(()),
                "{problem}: {ended:?}"
            );
            ended
        };
        let ended = run(&[], "touch ran; exit 9");
        assert_eq!(ended.code, 9, "{ended:?}");
        let told = "error: the notification will not be sent: ";
        assert_eq!(ended.stderr.matches(told).count(), 1, "{ended:?}");
        assert!(ended.stderr.contains(problem), "{ended:?}");
        assert_eq!(
            run(&["--strict-notify"], "touch ran").code,
            code,
            "{problem}"
        );
        // Without a flag, only messages that were already there are printed.
        let ended = run(&["--on", "failure", "--strict-notify"], "touch ran");
        assert_eq!(
            (ended.code, ended.stderr.matches("error: ").count()),
            (0, 1),
            "{problem}: {ended:?}"
        );
    }
}

#[test]
fn pipe_without_writer_does_not_block_the_command() {
    let home = Home::new();
    for name in ["secret", "opted-out"] {
        let path = home.path().join(name);
        tool(Command::new("mkfifo").arg(&path));
        set_mode(&path, 0o600);
    }
    home.config(
        "[profiles.secret]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret_file = \"../../secret\"\n\
         [profiles.list]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\ndo_not_contact = \"../../opted-out\"\n",
    );
    std::thread::scope(|scope| {
        for profile in ["secret", "list"] {
            let home = &home;
            scope.spawn(move || {
                let words = [
                    &TO[..],
                    &[
                        "--profile",
                        profile,
                        "--notify-timeout",
                        "1s",
                        "--",
                        "/bin/sh",
                        "-c",
                        "echo ran; exit 3",
                    ],
                ];
                let ended = home
                    .run_args(&words.concat())
                    .env("PATH", "/usr/bin:/bin")
                    .end();
                assert_eq!(
                    (ended.code, ended.stdout.as_str()),
                    (3, "ran\n"),
                    "{profile}: {ended:?}"
                );
                for told in [
                    "error: the notification will not be sent: ",
                    "nothing was written to this pipe within 10 s",
                ] {
                    assert!(ended.stderr.contains(told), "{profile}: {ended:?}");
                }
            });
        }
    });
}

#[test]
fn silent_pipe_writer_does_not_block_the_command() {
    let home = Home::new();
    let path = home.path().join("opted-out");
    tool(Command::new("mkfifo").arg(&path));
    let server = Server::answering(Reply::accepted()).allow_no_requests();
    let run = || {
        run_in(
            &home,
            &server,
            &["--exclude", "opted-out"],
            "echo ran; exit 3",
        )
    };
    // The pipe is open for reading and writing, so it does not wait for a reader.
    let writer = File::options().read(true).write(true).open(&path).unwrap();
    let told = "nothing was written to this pipe within 10 s";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            home.run("send text --to 593987654321 Hola --exclude opted-out")
                .api(&server.url)
                .fails(2, &[told]);
        });
        let of_body =
            scope.spawn(|| run_in(&home, &server, &["--body", "opted-out"], "echo ran; exit 3"));
        for ended in [run(), of_body.join().unwrap()] {
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (3, "ran\n"),
                "{ended:?}"
            );
            assert!(
                [told, "the notification will not be sent"]
                    .iter()
                    .all(|part| ended.stderr.contains(part)),
                "{ended:?}"
            );
        }
    });
    assert!(server.received().is_empty());
    drop(writer);
    // The command waits for a slow reader.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = File::options().write(true).open(&path).unwrap();
            std::thread::sleep(Duration::from_secs(2));
            writer.write_all(b"593987654321\n").unwrap();
        });
        let ended = run();
        assert!(
            ended.code == 3
                && ended.stderr.contains(
                    "the notification will not be sent: 593987654321 is excluded by opted-out"
                ),
            "{ended:?}"
        );
        assert!(!ended.stderr.contains("nothing was written"), "{ended:?}");
    });
    assert!(server.received().is_empty());
}

/// Without HOME, the system still knows the user's home directory.
#[cfg(target_os = "linux")]
#[test]
fn missing_home_is_named_with_the_files() {
    let without_configuration = || {
        let user_home = Command::new("sh")
            .args(["-c", "getent passwd \"$(id -u)\" | cut -d: -f6"])
            .output()
            .unwrap();
        let user_home = String::from_utf8(user_home.stdout).unwrap();
        let in_home = Path::new(user_home.trim()).join(".config/jelouctl/config.toml");
        !in_home.exists() && !Path::new("/etc/jelouctl/config.toml").exists()
    };
    if !can_test("a user without a configuration", without_configuration) {
        return;
    }
    let ended = Command::new(env!("CARGO_BIN_EXE_jelouctl"))
        .env_clear()
        .args(["run", "--to", "593987654321", "--", "true"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    for part in [
        "no bot to send from",
        "HOME is not set",
        "/etc/jelouctl/config.toml",
    ] {
        assert!(stderr.contains(part), "{stderr}");
    }
}

#[test]
fn usage_error_prevents_the_command() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    for (flags, problem) in [
        (&["--param", "x"][..], "--template"),
        (&["--text", "y", "--param", "x"], "--param"),
        (&["--body", "{}", "--language", "es"], "--language"),
        (&["--tail", "0"], "--tail"),
    ] {
        let words = [&TO[..], flags, &["--", "touch", "ran"]].concat();
        home.run_args(&words)
            .env("PATH", "/usr/bin:/bin")
            .stdin("{}")
            .fails(2, &[problem, "the command did not run"]);
    }
    for flag in ["--dry-run", "--curl"] {
        let ended = home
            .run_args(&[&TO[..], &[flag, "--", "touch", "ran"]].concat())
            .api(&server.url)
            .success();
        let note = format!("note: the command was not run ({flag})\n");
        assert!(ended.stderr.ends_with(&note), "{ended:?}");
    }
    home.run_args(&[&TO[..], &["--dry-run", "--text", "", "--", "touch", "ran"]].concat())
        .api(&server.url)
        .fails(2, &[]);
    home.run_args(&TO).api(&server.url).fails(2, &["COMMAND"]);
    assert!(!home.path().join("ran").exists());
}

#[test]
fn secret_and_colours_are_removed_from_tail() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    // printf %s 'x:canary-secret' | base64
    let script = "set -x; curl=\"-u x:$JELOU_CLIENT_SECRET\"; set +x; echo 'Basic eDpjYW5hcnktc2VjcmV0' >&2; \
                  printf '\\033[1;31mred\\033[0m can\\033[32mary-secret\\n' >&2; echo \"$JELOUCTL_LEDGER\" >&2";
    let words = [
        "--tail",
        "9",
        "--text",
        "{{ tail }}",
        "--",
        "/bin/sh",
        "-c",
        script,
    ];
    let mut command = process(&home, &server.url, &words);
    command
        .env("JELOU_CLIENT_ID", "x")
        .env("JELOU_CLIENT_SECRET", "canary-secret");
    command.env(
        "JELOUCTL_LEDGER",
        "postgres://ana:of-the-ledger@db.example/jelou",
    );
    assert!(command.output().unwrap().status.success());
    let text = server.only().json()["text"].as_str().unwrap().to_owned();
    assert_eq!(
        text,
        "(redacted)\n+ set +x\n(redacted)\n(redacted)\n(redacted)"
    );
}

#[test]
fn command_that_closes_stderr_is_awaited() {
    let (ended, bodies) = run(
        &["--tail", "2"],
        "echo before >&2; exec 2>&-; sleep 0.3; exit 4",
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (4, "before\n"));
    assert!(
        bodies[0]["text"]
            .as_str()
            .unwrap()
            .ends_with("exit code 4\nbefore"),
        "{bodies:?}"
    );
}

#[cfg(unix)]
#[test]
fn command_with_unread_stderr_ends() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    let words = [
        "--tail",
        "1",
        "--",
        "/bin/sh",
        "-c",
        "while :; do echo x >&2; done",
    ];
    let mut child = process(&home, &server.url, &words)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
    server.only();
}

#[test]
fn notification_omits_arguments_and_secrets() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let mut command = process(&home, &server.url, &["--", "/bin/echo", "canary-argument"]);
    assert_eq!(command.output().unwrap().stdout, b"canary-argument\n");
    assert!(!server.only().json().to_string().contains("canary"));
}

#[test]
fn command_gets_signals_and_notification_is_sent() {
    for (signal, code) in [
        ("TERM", 21),
        ("INT", 22),
        ("HUP", 23),
        ("USR1", 24),
        ("USR2", 25),
        ("ALRM", 26),
    ] {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        let script = "trap 'exit 21' TERM; trap 'exit 22' INT; trap 'exit 23' HUP; trap 'exit 24' USR1; trap 'exit 25' USR2; \
                      trap 'exit 26' ALRM; echo up > up; while [ -e up ]; do sleep 0.05; done";
        let mut command = process(
            &home,
            &server.url,
            &[&ALL[..], &["--", "/bin/sh", "-c", script]].concat(),
        );
        // Detach the command from the test's terminal, because it would also read input there.
        let mut child = command.process_group(0).spawn().unwrap();
        wait_until("the command is up", || home.path().join("up").exists());
        tool(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert_eq!(server.only().json()["text"], format!("sh|failed|{code}|"));
    }
}

/// A command that writes its process id to a file when it is ready, and never ends.
const ENDLESS: &str = "echo $$ > up.part; mv up.part up; exec sleep 1000";

fn wait_for_command(home: &Home) -> Pid {
    wait_until("the command is up", || home.path().join("up").exists());
    Pid::from_raw(home.read("up").trim().parse().unwrap()).unwrap()
}

/// The command and `run` can get a signal at different times, in any order, and more than once. `timeout` signals its
/// child and then the group, and a service manager signals each process.
#[test]
fn signal_to_the_command_keeps_its_notification() {
    type Send = fn(group: Pid, command: Pid, Signal);
    let to_group: Send = |group, _, signal| kill_process_group(group, signal).unwrap();
    let to_command: Send = |_, command, signal| kill_process(command, signal).unwrap();
    let to_launcher: Send = |group, _, signal| kill_process(group, signal).unwrap();
    for (launcher, send) in [
        (&[][..], to_group),
        (&[], to_command),
        (&["timeout", "--preserve-status", "1000"], to_launcher),
    ] {
        if !launcher.is_empty() && !can_test("timeout", || works("timeout", &["9", "true"])) {
            continue;
        }
        for (signal, text) in [
            (Signal::TERM, "sh|killed|143|SIGTERM"),
            (Signal::INT, "sh|killed|130|SIGINT"),
            (Signal::HUP, "sh|killed|129|SIGHUP"),
        ] {
            // An attempt whose last signal was late proves nothing.
            while !check_notification(
                launcher,
                |group, command| send(group, command, signal),
                signal,
                text,
            ) {}
        }
    }
}

/// Checks the notification about a command that a signal ends. Returns whether the last signal was in time.
fn check_notification(
    launcher: &[&str],
    end_command: impl Fn(Pid, Pid),
    signal: Signal,
    text: &str,
) -> bool {
    let home = Home::new();
    let (jelou, has_arrived, go) = Jelou::hold_responses();
    let words = [&ALL[..], &["--", "/bin/sh", "-c", ENDLESS]].concat();
    let mut command = under(launcher, &process(&home, &jelou.url, &words));
    let child = command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (group, command) = (Pid::from_child(&child), wait_for_command(&home));
    let begun = Instant::now();
    end_command(group, command);
    has_arrived.recv().unwrap();
    // During the notification, `run` gets the signal that ended the command, and gets it again.
    for _ in 0..2 {
        kill_process_group(group, signal).unwrap();
    }
    let was_soon = begun.elapsed() < Duration::from_secs(2);
    go.send(()).unwrap();
    let ended = CommandOutput::new(&child.wait_with_output().unwrap());
    if was_soon {
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (128 + signal.as_raw(), ""),
            "{text}: {ended:?}"
        );
        let told: Vec<_> = jelou
            .requests()
            .iter()
            .map(|seen| seen.received.json()["text"].clone())
            .collect();
        assert_eq!(told, [text]);
    }
    was_soon
}

#[test]
fn signal_after_the_command_ends_the_notification() {
    let home = Home::new();
    let server = Server::answering(Reply::HangAfterReading);
    let words = [
        &ALL[..],
        &["--notify-timeout", "60s", "--", "/bin/sh", "-c", "exit 3"],
    ]
    .concat();
    let mut child = process(&home, &server.url, &words)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "the notification is not ended"
        );
        if !server.received().is_empty() {
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    let ended = CommandOutput::new(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{ended:?}");
    let told = "the notification may have been sent: interrupted by SIGTERM";
    assert!(ended.stderr.contains(told), "{ended:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn ignored_signal_is_ignored_by_the_command() {
    for signal in ["HUP", "INT", "QUIT", "TERM"] {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        // The command sends the signal of a closing terminal to itself and to `run`, which ignores it as under nohup.
        let script = format!("kill -{signal} $$ $PPID; exit 3");
        let trap = format!("trap '' {signal}; exec \"$0\" \"$@\"");
        let command = process(
            &home,
            &server.url,
            &[&ALL[..], &["--", "/bin/sh", "-c", &script]].concat(),
        );
        let ended =
            CommandOutput::new(&under(&["/bin/sh", "-c", &trap], &command).output().unwrap());
        assert_eq!(
            (ended.code, &server.only().json()["text"]),
            (3, &json!("sh|failed|3|")),
            "{signal}: {ended:?}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn background_job_survives_ctrl_c_of_its_script() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let script = "echo $$ > up.part; mv up.part up; while [ ! -e go ]; do sleep 0.05; done; exit 7";
    let job = process(
        &home,
        &server.url,
        &[&ALL[..], &["--", "/bin/sh", "-c", script]].concat(),
    );
    let launcher = [
        "/bin/sh",
        "-c",
        "trap : INT; \"$0\" \"$@\" & wait $!; wait $!",
    ];
    let child = under(&launcher, &job)
        .process_group(0)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_command(&home);
    kill_process_group(Pid::from_child(&child), Signal::INT).unwrap();
    home.write("go", "");
    let ended = CommandOutput::new(&child.wait_with_output().unwrap());
    assert_eq!(
        (ended.code, &server.only().json()["text"]),
        (7, &json!("sh|failed|7|")),
        "{ended:?}"
    );
}

#[test]
fn excluded_recipient_gets_no_notification_but_command_runs() {
    let home = Home::new();
    home.write("bajas.txt", "+593 98 765 4321\n");
    home.write("broken.txt", "593987654322\nAna\n");
    home.write("otras.txt", "593987654322\n");
    let server = Server::answering(Reply::accepted()).allow_no_requests();
    for (flags, code, part) in [
        (
            &["--exclude", "bajas.txt"][..],
            3,
            "593987654321 is excluded by bajas.txt",
        ),
        (
            &["--exclude", "bajas.txt", "--strict-notify"],
            11,
            "is excluded by",
        ),
        (
            &["--exclude", "broken.txt"],
            3,
            "--exclude: broken.txt: line 2: `Ana` is not a phone number",
        ),
        (
            &["--exclude", "broken.txt", "--strict-notify"],
            2,
            "broken.txt: line 2",
        ),
        (
            &["--exclude", "nowhere.txt", "--strict-notify"],
            2,
            "--exclude: failed to read nowhere.txt",
        ),
    ] {
        let ended = run_in(&home, &server, flags, "echo ran; exit 3");
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (code, "ran\n"),
            "{flags:?}: {ended:?}"
        );
        assert!(ended.stderr.contains(part), "{flags:?}: {ended:?}");
        assert!(server.received().is_empty(), "{flags:?}");
    }
    assert_eq!(
        run_in(&home, &server, &["--exclude", "otras.txt"], "exit 3").code,
        3
    );
    assert_eq!(server.received().len(), 1);
    // These recipients were excluded while the command ran.
    home.profile("p", &server.url, "do_not_contact = \"../../otras.txt\"");
    let ended = run_in(
        &home,
        &server,
        &["--strict-notify"],
        "echo 593987654321 > otras.txt",
    );
    assert!(
        ended.code == 11 && ended.stderr.contains("is excluded by"),
        "{ended:?}"
    );
    assert_eq!(server.received().len(), 1);
    // So was a rule that the profile did not have.
    let config = home.path().join(CONFIG).join("config.toml");
    for rule in [
        "allow_to = [\"5938*\"]",
        "do_not_contact = \"../../otras.txt\"",
    ] {
        home.profile("p", &server.url, "");
        let command = format!("echo '{rule}' >> '{}'", config.display());
        let ended = run_in(&home, &server, &["--strict-notify"], &command);
        assert_eq!(ended.code, 11, "{ended:?}");
    }
    assert_eq!(server.received().len(), 1);
}
