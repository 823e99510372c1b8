//! `run`: a command with its streams, signals and exit code untouched, and a message of how it ended.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Ended, Home, tool};
use crate::server::{Reply, Server, refused_url};

const TO: [&str; 3] = ["run", "--to", "593987654321"];

/// Runs `script` in a shell with `flags`, against `server`.
fn run_in(home: &Home, server: &Server, flags: &[&str], script: &str) -> Ended {
    let words = [&TO, flags, &["--", "/bin/sh", "-c", script]].concat();
    home.run_args(&words).env("PATH", "/usr/bin:/bin").api(&server.url).end()
}

/// Whether anything is sent is in the bodies.
fn run(flags: &[&str], script: &str) -> (Ended, Vec<Value>) {
    let server = Server::answering(Reply::accepted()).perhaps_asked();
    let ended = run_in(&Home::new(), &server, flags, script);
    (ended, server.received().iter().map(crate::server::Received::json).collect())
}

const ALL: [&str; 2] = ["--text", "{{ command }}|{{ result }}|{{ code }}|{{ signal }}"];

#[test]
fn the_end_of_the_command_is_the_message_and_the_exit_code() {
    for (script, code, text) in [
        ("true", 0, "sh|ok|0|"),
        ("exit 3", 3, "sh|failed|3|"),
        ("kill -9 $$", 137, "sh|killed|137|SIGKILL"),
        ("kill -TERM $$", 143, "sh|killed|143|SIGTERM"),
        ("exit 255", 255, "sh|failed|255|"),
    ] {
        let (ended, bodies) = run(&ALL, script);
        assert_eq!(ended.code, code, "{script}: {}", ended.stderr);
        assert_eq!(bodies, [json!({"type": "text", "userId": "593987654321", "text": text})]);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    }
}

#[test]
fn the_text_that_nobody_gave_says_what_matters() {
    let (_, bodies) = run(&[], "exit 3");
    let text = bodies[0]["text"].as_str().unwrap();
    assert!(text.starts_with("sh: failed on ") && text.ends_with(", exit code 3"), "{text}");
    let (_, bodies) = run(&["--text", "{{ host }} {{ started }} {{ duration }}"], "true");
    let text = bodies[0]["text"].as_str().unwrap();
    assert!(text.contains('T') && text.contains("Z ") && text.ends_with('s'), "{text}");
}

#[test]
fn it_is_sent_when_it_is_asked_for() {
    for (on, on_success, on_failure) in [("always", 1, 1), ("failure", 0, 1), ("success", 1, 0)] {
        assert_eq!(run(&["--on", on], "true").1.len(), on_success, "{on}");
        assert_eq!(run(&["--on", on], "false").1.len(), on_failure, "{on}");
    }
}

#[test]
fn a_command_that_cannot_be_run_has_failed() {
    let home = Home::new();
    home.write("script", "no program");
    for (command, code) in [("nowhere-to-be-found", 127), ("./script", 126), ("/", 126)] {
        let server = Server::answering(Reply::accepted());
        let words = [&TO[..], &ALL, &["--on", "failure", "--", command]].concat();
        let ended = home.run_args(&words).env("PATH", "/usr/bin:/bin").api(&server.url).end();
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("error: failed to run {command}: ")), "{}", ended.stderr);
        assert!(server.only().json()["text"].as_str().unwrap().contains(&format!("|failed|{code}|")));
        let words = [&TO[..], &["--on", "success", "--", command]].concat();
        home.run_args(&words).env("PATH", "/usr/bin:/bin").api(&server.url).end();
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn its_streams_are_the_commands() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let script = "cat; echo out; echo err >&2";
    let words = [&TO[..], &["--", "/bin/sh", "-c", script]].concat();
    let run = home.run_args(&words).env("PATH", "/usr/bin:/bin").api(&server.url).stdin("in\n");
    let ended = run.success();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("in\nout\n", "err\n"));
    // Nothing of it is in the message.
    let text = server.only().json()["text"].as_str().unwrap().to_owned();
    assert!(!text.contains("out") && !text.contains("err") && !text.contains("cat"), "{text}");
}

#[test]
fn a_template_and_a_body_are_filled() {
    let answer = r#"[{"id":"a","destination":"593987654321"}]"#;
    let server = Server::answering(Reply::json(200, answer));
    let home = Home::new();
    let flags = ["--template", "job_ended", "--language", "es", "--param", "{{ result }}", "--param", "-{{ code }}"];
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

    // A body says its campaign as it does in a single send.
    home.write("body.json", r#"{"type": "template", "templateId": "39", "campaignId": "c {{ code }}"}"#);
    let server = Server::answering(Reply::accepted());
    run_in(&home, &server, &["--body", "body.json"], "true");
    assert!(server.only().line.contains("/campaigns/c%200/template-messages"), "{}", server.only().line);
}

#[test]
fn the_tail_is_the_end_of_stderr_made_visible_and_cut_to_fit() {
    let flags = ["--tail", "2", "--text", "{{ tail }}"];
    let (ended, bodies) =
        run(&flags, "echo out; for i in 1 2 3; do echo err $i >&2; done; printf '\\033[31mred\\nlast' >&2");
    assert_eq!(bodies[0]["text"], "\\u{1b}[31mred\nlast");
    assert!(ended.stdout == "out\n", "{}", ended.stdout);
    // A message takes 4096 characters: the end counts.
    let (_, bodies) = run(&["--tail", "1000", "--text", "x{{ tail }}"], "seq 10000 >&2");
    let text = bodies[0]["text"].as_str().unwrap();
    assert_eq!(text.chars().count(), 4096);
    assert!(text.starts_with('x') && text.ends_with("\n9999\n10000"), "{text}");
    let (_, bodies) = run(&["--tail", "5"], "exit 2");
    assert!(bodies[0]["text"].as_str().unwrap().ends_with("exit code 2\n(nothing on stderr)"));
}

#[test]
fn what_the_command_leaves_running_keeps_nobody_waiting() {
    let home = Home::new();
    for script in ["sleep 60 & echo $! > pid", "exec >&- 2>&- <&-; sleep 60 & echo $! > pid"] {
        let server = Server::answering(Reply::accepted());
        // Its streams go nowhere here, or the test itself would wait for them.
        let words = [&TO[..], &["--tail", "1", "--", "/bin/sh", "-c", script]].concat();
        let mut command = home.command();
        command.args(&words).env("PATH", "/usr/bin:/bin").env("JELOU_API_URL", &server.url).env("JELOU_BOT_ID", "1");
        command.env("JELOU_CLIENT_ID", "x").env("JELOU_CLIENT_SECRET", "canary-1");
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{script}");
        server.only();
        tool(Command::new("kill").arg(home.read("pid").trim()));
    }
}

#[test]
fn much_output_is_passed_on_and_not_kept() {
    let (ended, bodies) = run(
        &["--tail", "1", "--text", "{{ tail }}"],
        "head -c 50000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2",
    );
    assert_eq!(ended.stderr.len(), 50_000_005);
    assert_eq!(bodies[0]["text"], "end");
}

#[test]
fn a_notice_that_fails_does_not_change_the_exit_code_unless_asked() {
    let dead = refused_url();
    for (url, code, problem) in [
        (Some(Reply::json(400, "{}")), 5, "not sent: the API answered 400"),
        (Some(Reply::ResetAfterReading), 8, "it may have been sent: "),
        (None, 7, "not sent: failed to connect"),
    ] {
        let server = url.map(Server::answering);
        let url = server.as_ref().map_or(dead.as_str(), |server| &server.url);
        let home = Home::new();
        let run = |flags: &[&str]| {
            let words = [&TO[..], &["--retry-for", "0"], flags, &["--", "/bin/sh", "-c", "exit 3"]].concat();
            home.run_args(&words).env("PATH", "/usr/bin:/bin").api(url).end()
        };
        let ended = run(&[]);
        assert_eq!(ended.code, 3);
        assert!(
            ended.stderr.starts_with(&format!("error: the notice of how the command ended: {problem}")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1);
        assert_eq!(run(&["--strict-notify"]).code, code);
    }
}

#[test]
fn the_notice_takes_no_longer_than_it_may() {
    let server = Server::answering(Reply::HangAfterReading);
    let ended = run_in(&Home::new(), &server, &["--notify-timeout", "300ms"], "exit 3");
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("it may have been sent: no answer within 0.3 s"), "{}", ended.stderr);
    let server = Server::answering(Reply::json(429, "{}"));
    let ended = run_in(&Home::new(), &server, &["--notify-timeout", "200ms", "-q"], "exit 3");
    assert!(ended.stderr.contains("not sent within 0.2 s: the API answered 429"), "{}", ended.stderr);
    let words = [&TO[..], &["--notify-timeout", "200ms", "--strict-notify", "--", "true"]].concat();
    let ended = Home::new().run_args(&words).env("PATH", "/usr/bin:/bin").api(&refused_url()).end();
    assert!(ended.code == 7 && ended.stderr.contains("failed to connect"), "{}", ended.stderr);
}

#[test]
fn only_the_ends_that_are_told_must_make_a_message() {
    let only_ok = ["--text", "{% if result == 'ok' %}done{% endif %}"];
    let (ended, bodies) = run(&[&["--on", "success"], &only_ok[..]].concat(), "true");
    assert_eq!((ended.code, bodies[0]["text"].as_str()), (0, Some("done")), "{}", ended.stderr);
    for on in ["always", "failure"] {
        let (ended, bodies) = run(&[&["--on", on], &only_ok[..]].concat(), "true");
        assert!(ended.code == 2 && bodies.is_empty(), "{on}: {}", ended.stderr);
    }
}

#[test]
fn what_would_keep_the_notice_is_told_before_the_command_runs() {
    let home = Home::new();
    home.write("broken.json", "{");
    home.write("kindless.json", r#"{"text": "a"}"#);
    home.config("[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret_command = [\"false\"]\n");
    let server = Server::never_asked();
    let long = format!("{}{{{{ result }}}}", "x".repeat(4095));
    for (flags, code, problem) in [
        (&["--text", "{{ nope }}"][..], 2, "text: the row has no `nope`"),
        (&["--text", "{{ result"], 2, "text: it is no template"),
        (&["--text", "{{ tail }}"], 2, "has no `tail`"),
        (&["--text", &long], 2, "at most 4096"),
        (&["--text", ""], 2, "text: is empty"),
        (&["--body", "broken.json"], 2, "not valid JSON"),
        (&["--body", "kindless.json"], 2, "nobody can tell what kind"),
        (&["--param", "x"], 2, "--template"),
        (&["--tail", "0"], 2, "--tail"),
        (&["--to", "12"], 2, "--to"),
    ] {
        let words = [&["run"], flags, &["--", "touch", "ran"]].concat();
        let run = home.run_args(&words).env("PATH", "/usr/bin:/bin").env("JELOU_TO", "593987654321").api(&server.url);
        run.fails(code, &[problem]);
    }
    let words = [&TO[..], &["--", "touch", "ran"]].concat();
    home.run_args(&words).env("PATH", "/usr/bin:/bin").fails(3, &["the secret command `false` failed"]);
    home.config("[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary-1\"\nallow_to = []\n");
    home.run_args(&words).env("PATH", "/usr/bin:/bin").fails(11, &["nobody (allow_to is empty)"]);
    home.config("");
    home.run_args(&words).env("PATH", "/usr/bin:/bin").fails(3, &["no bot to send from"]);
    home.run_args(&[&TO[..], &["--dry-run", "--", "touch", "ran"]].concat()).api(&server.url).success();
    home.run_args(&TO).api(&server.url).fails(2, &["COMMAND"]);
    assert!(!home.path().join("ran").exists());
}

#[test]
fn arguments_and_secrets_stay_out_of_the_message() {
    let server = Server::answering(Reply::accepted());
    let words = [&TO[..], &["--", "/bin/echo", "canary-argument"]].concat();
    let home = Home::new();
    let mut command = home.command();
    command.args(&words).env("JELOU_API_URL", &server.url).env("JELOU_BOT_ID", "1");
    command.env("JELOU_CLIENT_ID", "x").env("JELOU_CLIENT_SECRET", "canary-1");
    assert_eq!(command.output().unwrap().stdout, b"canary-argument\n");
    assert!(!server.only().json().to_string().contains("canary"));
}

#[test]
fn a_signal_is_the_commands_and_the_notice_is_still_sent() {
    for (signal, code) in [("TERM", 21), ("INT", 22), ("HUP", 23)] {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        let script =
            "trap 'exit 21' TERM; trap 'exit 22' INT; trap 'exit 23' HUP; echo up > up; while :; do sleep 0.05; done";
        let words = [&TO[..], &ALL, &["--", "/bin/sh", "-c", script]].concat();
        let mut command = home.command();
        command.args(&words).env("PATH", "/usr/bin:/bin").env("JELOU_API_URL", &server.url).env("JELOU_BOT_ID", "1");
        command.env("JELOU_CLIENT_ID", "x").env("JELOU_CLIENT_SECRET", "canary-1");
        // Not at our terminal, if there is one: what is typed there would be for the command too.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().unwrap();
        while !home.path().join("up").exists() {
            std::thread::yield_now();
        }
        tool(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert_eq!(server.only().json()["text"], format!("sh|failed|{code}|"));
    }
}
