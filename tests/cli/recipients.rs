//! Several recipients of `send`, `flow-message` and `run`: each gets a separate message, or no recipient gets one. The
//! server's own count proves it.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::signal;
use crate::bulk_server::{Act, Jelou, Listing};
use crate::harness::{CommandOutput, Home, kill, wait_until};
use crate::server::{Reply, Server, refused_url};

const ANA: &str = "593987654321";
const LUIS: &str = "593987654322";
const EVA: &str = "593987654323";
const ALL: &str = "--to 593987654321 --to 593987654322 --to 593987654323";

/// Returns the recipients of the accepted messages, in order.
fn reached(jelou: &Jelou) -> Vec<String> {
    let requests = jelou.requests().into_iter();
    let accepted = requests.filter(|request| request.accepted);
    accepted.map(|request| request.user).collect()
}

/// Returns the recipient, `sent` and the error's code of each record.
fn records(ended: &CommandOutput) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows = ended.rows().into_iter();
    rows.map(|row| {
        (
            text(&row["to"]),
            text(&row["sent"]),
            text(&row["error"]["code"]),
        )
    })
    .collect()
}

fn record(to: &str, sent: &str, code: &str) -> (String, String, String) {
    (to.to_owned(), sent.to_owned(), code.to_owned())
}

#[test]
fn each_recipient_gets_one_message_in_order() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(
        "flow.json",
        crate::harness::fixture("bodies/flow-message.en.json").to_string(),
    );
    for (command, end) in [
        ("send text", "Hola"),
        ("send template", "t --language es"),
        ("flow-message", "--body flow.json"),
        ("run", "-- true"),
    ] {
        let before = reached(&jelou).len();
        let line = format!("{command} --to {EVA} --to {ANA} --to '+593 98 765 4323' {end}");
        let ended = home.run(&line).api(&jelou.url).success();
        let mut reached = reached(&jelou).split_off(before);
        if command == "run" {
            // It notifies all at the same time.
            reached.sort_by_key(|user| user != EVA);
        }
        assert_eq!(reached, [EVA, ANA], "{line}");
        let note =
            format!("{EVA} and +593 98 765 4323 are the same recipient, which gets one message");
        ended.stderr_has(&[&note]);
    }
}

#[test]
fn output_has_one_line_for_each_recipient() {
    let home = Home::new();
    let jelou = Jelou::start(|user, _| match user {
        LUIS => Act::Answer(400, "", r#"{"error":"x"}"#),
        _ => Act::Accept,
    });
    let line = format!("send text {ALL} Hola");
    let ended = home
        .run(&format!("{line} -o record"))
        .api(&jelou.url)
        .env("JELOUCTL_LOG", "log")
        .fails(10, &["593987654322: not sent: "]);
    let expected = [
        record(ANA, "yes", "-"),
        record(LUIS, "no", "rejected"),
        record(EVA, "yes", "-"),
    ];
    assert_eq!(records(&ended), expected);
    assert!(!ended.stderr.contains("nothing was sent"), "{ended:?}");
    let log = home.read("log");
    let logged: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let codes: Vec<_> = logged
        .iter()
        .map(|line| {
            (
                line["to"].as_str().unwrap(),
                line["exit_code"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(codes, [(ANA, 0), (LUIS, 5), (EVA, 0)]);
    let ids = home
        .run(&format!("{line} -o id"))
        .api(&jelou.url)
        .fails(10, &[])
        .stdout;
    let ids: Vec<_> = ids.split('\n').collect();
    assert!(
        matches!(ids[..], [first, "", third, ""] if !first.is_empty() && !third.is_empty()),
        "{ids:?}"
    );
}

#[test]
fn wrong_recipients_stop_the_send_together() {
    let (home, server) = (Home::new(), Server::expect_no_requests());
    home.write("excluded", format!("{LUIS}\n"));
    home.profile("p", &server.url, "allow_to = [\"59398765432*\"]");
    let send = |to: &str, code: i32, parts: &[&str]| {
        home.run(&format!(
            "send text --profile p --exclude excluded --to {ANA} {to} Hola -o record"
        ))
        .fails(code, parts)
    };
    let others = "2 of 4 recipients cannot get the message";
    let national = "`0987654321` has no country code";
    let skipped = "warning: skipped: 593987654322 is excluded by excluded";
    for (to, code, parts) in [
        ("--to 0987654321", 2, &[national][..]),
        (
            "--to abc --to 0987654321 --to 593987654329",
            2,
            &[others, national, "`abc`"],
        ),
        (
            "--to 573001234567",
            11,
            &["573001234567 is not among the recipients"],
        ),
        (
            "--to 573009876543 --to 573001234567 --to 593987654329",
            11,
            &[others, "573009876543 is not", "573001234567 is not"],
        ),
        // An excluded recipient does not count.
        (
            "--to 593987654322 --to 573001234567 --to 593987654329",
            11,
            &[skipped, "error: 573001234567 is not among"],
        ),
        (
            "--to 0987654321 --to 593987654322 --to 573001234567",
            2,
            &[others, national, "573001234567 is not among"],
        ),
    ] {
        let ended = send(to, code, parts).stderr_has(&["nothing was sent"]);
        let records = records(&ended);
        assert_eq!(records.len(), to.matches("--to").count() + 1, "{to}");
        assert!(
            records
                .iter()
                .all(|(_, sent, error)| sent == "no" && error != "-")
        );
        assert_eq!(records[0].0, ANA);
    }
    let many: String = (0..20)
        .map(|number| format!(" --to 5939876544{number:02}"))
        .collect::<Vec<_>>()
        .concat();
    home.run(&format!("send text --to {ANA} {many} Hola"))
        .api(&server.url)
        .fails(
            2,
            &[
                "21 recipients",
                "at most 20",
                "bulk send",
                "nothing was sent",
            ],
        );
    // A check of more recipients sends nothing.
    let checked = Home::new()
        .run(&format!("send text --to {ANA} {many} Hola --dry-run"))
        .args(&["-o", "record"])
        .api(&server.url)
        .success();
    assert_eq!(checked.stdout.lines().count(), 21);
}

#[test]
fn excluded_recipient_is_skipped_and_does_not_count() {
    let home = Home::new();
    let jelou = Jelou::start(|user, _| match user {
        EVA => Act::Answer(400, "", "{}"),
        _ => Act::Accept,
    });
    home.write("excluded", format!("{LUIS}\n"));
    home.write("both", format!("{LUIS}\n+593 98 765 4321\n"));
    home.profile("p", &jelou.url, "do_not_contact = \"excluded\"");
    std::fs::rename(
        home.path().join("excluded"),
        home.path().join(crate::harness::CONFIG).join("excluded"),
    )
    .unwrap();
    let [ana, luis, eva] = [ANA, LUIS, EVA].map(|user| format!("--to {user}"));
    let two = format!("{ana} {luis}");
    let skipped = record(LUIS, "no", "excluded");
    for (to, flags, code, expected) in [
        (&two, "", 0, vec![record(ANA, "yes", "-"), skipped.clone()]),
        (
            &format!("{luis} {ana} {eva}"),
            "",
            10,
            vec![
                skipped.clone(),
                record(ANA, "yes", "-"),
                record(EVA, "no", "rejected"),
            ],
        ),
        // Of those that count, none got it.
        (
            &format!("{luis} {eva}"),
            "",
            5,
            vec![skipped.clone(), record(EVA, "no", "rejected")],
        ),
        (
            &two,
            "--exclude both",
            11,
            vec![record(ANA, "no", "excluded"), skipped.clone()],
        ),
        (&luis, "", 11, vec![skipped.clone()]),
    ] {
        home.write("log", "");
        let line = format!("send text --profile p {to} {flags} Hola -o record");
        let ended = home.run(&line).env("JELOUCTL_LOG", "log").end();
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(records(&ended), expected, "{line}");
        let is_all = expected.iter().all(|(_, _, error)| error == "excluded");
        assert_eq!(
            ended.stderr.contains("nothing was sent"),
            is_all,
            "{ended:?}"
        );
        assert_eq!(home.read("log").lines().count(), expected.len());
    }
    assert_eq!(reached(&jelou), [ANA, ANA]);
    // What would be sent is shown; the limit and the key count only those who get it.
    let shown = home
        .run(&format!("send text --profile p {two} Hola --dry-run"))
        .success()
        .stderr_has(&["warning: skipped: 593987654322 is excluded by "]);
    assert_eq!(shown.rows().len(), 1, "{shown:?}");
    home.profile(
        "p",
        &jelou.url,
        "do_not_contact = \"excluded\"\nlimit_24h = 1",
    );
    home.run(&format!("send template --profile p {two} t --once k"))
        .success();
    let keys = home.run("once show k --profile p").success();
    assert_eq!(keys.json()["sent"], 1, "{keys:?}");
}

/// The hints after exit code 10 are followed: nobody gets a second message.
#[test]
fn some_recipients_without_the_message_end_with_10() {
    let home = Home::new();
    let jelou = Jelou::start(|user, before| match (user, before) {
        (LUIS | "7", 0) => Act::RATE_LIMIT,
        _ => Act::Accept,
    });
    let line = "send text --retry-for 0 Hola";
    let ended = home
        .run(&format!("{line} {ALL} --to id:7"))
        .api(&jelou.url)
        .fails(
            10,
            &["error: 2 of 4 recipients did not get the message from this command"],
        );
    let hint = "hint: to send it only to them: ";
    let flags = ended
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix(hint));
    assert_eq!(flags, Some("--to +593987654322 --to id:7"), "{ended:?}");
    home.run(&format!("{line} {}", flags.unwrap()))
        .api(&jelou.url)
        .success();
    let once = |user: &str| (user.to_owned(), 1);
    let each_once = [ANA, LUIS, EVA, "7"].map(once).into();
    assert_eq!(jelou.accepted(), each_once);

    let jelou = Jelou::start(|user, before| match (user, before) {
        (LUIS, 0) => Act::Answer(400, "", "{}"),
        _ => Act::Accept,
    });
    let line = format!("{line} {ALL} --once k");
    home.run(&line)
        .api(&jelou.url)
        .fails(10, &["hint: to send it only to them: repeat the command"]);
    home.run(&line).api(&jelou.url).success();
    assert_eq!(jelou.accepted(), [ANA, LUIS, EVA].map(once).into());

    // A recipient with an earlier message under the key counts as one that got it.
    let jelou = Jelou::start(|user, _| match user {
        EVA => Act::Answer(401, "", "{}"),
        _ => Act::Accept,
    });
    let line = format!("send text --to {ANA} --to {EVA} --once k2 Hola");
    home.run(&format!("send text --to {ANA} --once k2 Hola"))
        .api(&jelou.url)
        .success();
    home.run(&line).api(&jelou.url).fails(10, &["already sent"]);
    let line = format!("run --to {ANA} --to {EVA} --once k2 --strict-notify -- true");
    home.run(&line).api(&jelou.url).fails(10, &["already sent"]);
    assert_eq!(jelou.accepted(), [once(ANA)].into());
}

#[test]
fn twenty_recipients_and_their_repetitions_are_accepted() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let many: String = (0..20)
        .map(|number| format!(" --to 5939876544{number:02}"))
        .collect::<Vec<_>>()
        .concat();
    home.run(&format!("send text {many} {many} Hola"))
        .api(&jelou.url)
        .success();
    assert_eq!(reached(&jelou).len(), 20);
}

#[test]
fn variable_lists_recipients_and_flag_replaces_it() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let list = format!("\n{ANA},, +{LUIS};\r\nid:7;\n");
    let body = json!({ "type": "text", "userId": EVA, "text": "Hola" });
    home.write("body.json", body.to_string());
    for (line, expected) in [
        ("send text Hola", &[ANA, LUIS, "7"][..]),
        ("run -- true", &[ANA, LUIS, "7"]),
        ("send text --to 593987654323 Hola", &[EVA]),
        ("send text --body body.json", &[EVA]),
        (
            "send text --body body.json --to 593987654321 --to 593987654322",
            &[ANA, LUIS],
        ),
    ] {
        let before = reached(&jelou).len();
        home.run(line)
            .env("JELOU_TO", &list)
            .api(&jelou.url)
            .success();
        let mut sent = reached(&jelou)[before..].to_vec();
        if line.starts_with("run ") {
            // Notifications are sent at the same time.
            sent.sort();
        }
        assert_eq!(sent, *expected, "{line}");
    }
    for (several, flags) in [
        (format!("{ANA},{LUIS}"), format!("--to {ANA} --to {LUIS}")),
        ("id:7,id:8".to_owned(), "--to id:7 --to id:8".to_owned()),
    ] {
        let hint = format!("hint: pass each recipient on its own: {flags}");
        home.run(&format!("send text --to {several} Hola"))
            .api(&refused_url())
            .fails(2, &[&hint]);
        let before = reached(&jelou).len();
        home.run(&format!("send text {flags} Hola"))
            .api(&jelou.url)
            .success();
        assert_eq!(reached(&jelou).len(), before + 2);
    }
}

#[test]
fn each_part_of_the_variable_is_checked_alone() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    for (list, parts) in [
        (
            format!("{ANA},123,{EVA}"),
            &["JELOU_TO: `123` has 3 digits, and a phone number has 7 to 15\n"][..],
        ),
        (
            format!("{ANA};ana\n0987654321,{EVA}"),
            &["2 of 4 recipients", "JELOU_TO: `ana`", "`0987654321`"],
        ),
        // Nothing is left, as if the variable were not set.
        (" ,\n; ".to_owned(), &["error: no recipient"]),
    ] {
        home.run("send text Hola")
            .env("JELOU_TO", &list)
            .api(&jelou.url)
            .fails(2, parts)
            .stderr_has(&["nothing was sent"]);
        assert_eq!(reached(&jelou), [""; 0], "{list:?}");
    }
    // A notification reaches the others.
    home.run("run -- true")
        .env("JELOU_TO", format!("{ANA},123,{EVA},"))
        .api(&jelou.url)
        .success()
        .stderr_has(&["warning: a recipient cannot be notified", "`123`"]);
    // They are notified at the same time.
    let mut notified = reached(&jelou);
    notified.sort_unstable();
    assert_eq!(notified, [ANA, EVA]);
    home.run("run -- true")
        .env("JELOU_TO", ",")
        .api(&jelou.url)
        .success()
        .stderr_has(&["the notification will not be sent: no recipient"]);
    let body = json!({ "type": "text", "userId": LUIS, "text": "Hola" });
    home.write("body.json", body.to_string());
    home.run("send text --body body.json")
        .env("JELOU_TO", ",")
        .api(&jelou.url)
        .success();
    let mut all = reached(&jelou);
    all.sort_unstable();
    assert_eq!(all, [ANA, LUIS, EVA]);
}

#[test]
fn dry_run_shows_every_request() {
    let (home, server) = (Home::new(), Server::expect_no_requests());
    for (line, count) in [
        (format!("send text {ALL} Hola --dry-run"), 3),
        (format!("run {ALL} --dry-run -- true"), 3),
    ] {
        let rows = home.run(&line).api(&server.url).success().rows();
        let users: Vec<_> = rows
            .iter()
            .map(|row| row["body"]["userId"].as_str().unwrap())
            .collect();
        assert_eq!(users, [ANA, LUIS, EVA], "{line}");
        assert_eq!(rows.len(), count);
    }
    let curl = home
        .run(&format!("send text {ALL} Hola --curl"))
        .api(&server.url)
        .success();
    assert_eq!(curl.stdout.matches("curl --silent").count(), 3);
}

#[test]
fn only_shared_faults_end_all_sends() {
    for (status, body, code, expected) in [
        (
            400,
            "{}",
            10,
            [("no", "rejected"), ("yes", "-"), ("yes", "-")],
        ),
        (
            500,
            "{}",
            8,
            [("unknown", "unknown"), ("yes", "-"), ("yes", "-")],
        ),
        (
            429,
            "{}",
            10,
            [("no", "unavailable"), ("yes", "-"), ("yes", "-")],
        ),
        (
            401,
            "{}",
            4,
            [
                ("no", "credentials"),
                ("no", "credentials"),
                ("no", "credentials"),
            ],
        ),
    ] {
        let jelou = Jelou::start(move |user, _| match user {
            ANA => Act::Answer(status, "", body),
            _ => Act::Accept,
        });
        let ended = Home::new()
            .run(&format!("send text {ALL} --retry-for 0 Hola -o record"))
            .api(&jelou.url)
            .fails(code, &[]);
        let found: Vec<_> = records(&ended)
            .into_iter()
            .map(|(_, sent, code)| (sent, code))
            .collect();
        let expected = expected.map(|(sent, code)| (sent.to_owned(), code.to_owned()));
        assert_eq!(found, expected, "{status}");
        let tried = if code == 4 { 1 } else { 3 };
        assert_eq!(jelou.requests().len(), tried, "{status}");
    }
}

/// The first message is accepted and waits for its delivery when the second shows that the credentials are refused.
#[test]
fn accepted_message_stays_sent_if_the_rest_cannot_be() {
    let act = |user: &str, _| match user {
        LUIS => Act::Answer(401, "", "{}"),
        _ => Act::Accept,
    };
    let jelou = Jelou::with_templates(|_| Listing::Answer(404), act);
    let line = format!("send text {ALL} --wait delivered --for 1s Hola -o record");
    let ended = Home::new().run(&line).api(&jelou.url).fails(10, &[]);
    let expected = [
        record(ANA, "yes", "not_reached"),
        record(LUIS, "no", "credentials"),
        record(EVA, "no", "credentials"),
    ];
    assert_eq!(records(&ended), expected);
    assert_eq!(reached(&jelou), [ANA]);
}

#[test]
fn signal_stops_before_the_next_recipient() {
    let (home, server) = (Home::new(), Server::answering(Reply::HangAfterReading));
    let line = format!("send text {ALL} Hola -o record");
    let child = home.process(&line, &server.url).spawn().unwrap();
    wait_until("the first request is there", || {
        !server.received().is_empty()
    });
    signal(&child, Signal::TERM);
    let ended = CommandOutput::new(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{ended:?}");
    let sent: Vec<_> = records(&ended).into_iter().map(|record| record.1).collect();
    assert_eq!(sent, ["unknown", "no", "no"]);
    let rows = ended.rows();
    let lacks_hint: Vec<_> = rows
        .iter()
        .map(|row| row["error"]["hint"].is_null())
        .collect();
    assert_eq!(lacks_hint, [false, true, true], "{ended:?}");
    assert_eq!(server.received().len(), 1);
    ended.stderr_has(&[&format!("not tried and not sent: {LUIS}, {EVA}")]);
}

#[test]
fn key_counts_for_each_recipient() {
    let home = Home::new();
    let jelou = Jelou::start(|user, before| match (user, before) {
        (LUIS, 0) => Act::AcceptAndFail,
        (EVA, 0) => Act::Answer(400, "", "{}"),
        _ => Act::Accept,
    });
    let line = format!("send text {ALL} --once k --retry-for 0 Hola -o record");
    home.run(&line).api(&jelou.url).fails(8, &[]);
    let again = home.run(&line).api(&jelou.url).fails(8, &[]);
    let expected = [
        record(ANA, "yes", "-"),
        record(LUIS, "unknown", "unknown"),
        record(EVA, "yes", "-"),
    ];
    assert_eq!(records(&again), expected);
    let users: Vec<_> = jelou.requests().into_iter().map(|seen| seen.user).collect();
    assert_eq!(users, [ANA, LUIS, EVA, EVA]);
    home.run(&format!("once resolve k --to {LUIS} --as sent"))
        .api(&jelou.url)
        .success();
    home.run(&line).api(&jelou.url).success();
    assert_eq!(jelou.requests().len(), 4);
}

#[test]
fn limit_without_room_stops_all_recipients() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.profile("p", &jelou.url, "limit_24h = 2");
    let send = |to: &str, flags: &str| {
        home.run(&format!(
            "send template --profile p {to} t --language es {flags} -o record"
        ))
    };
    send(&format!("--to {ANA}"), "").success();
    // One of the recipients already counts.
    let ended = send(ALL, "").fails(11, &["593987654323: limit_24h (2 recipients) has no room"]);
    assert_eq!(records(&ended).len(), 3);
    assert_eq!(reached(&jelou), [ANA]);
    send(&format!("--to {ANA} --to {LUIS}"), "").success();
    send(ALL, "--over-limit").success();
    assert_eq!(reached(&jelou).len(), 6);
}

#[test]
fn bad_recipient_does_not_silence_the_others() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write("excluded", format!("{LUIS}\n"));
    // An excluded recipient does not count in the exit code.
    for (to, codes, warning) in [
        (
            "--to 0987654321",
            [10, 10],
            "a recipient cannot be notified: --to: `0987654321` has no country code",
        ),
        (
            "--to 593987654322",
            [0, 1],
            "skipped: 593987654322 is excluded by excluded",
        ),
    ] {
        let before = reached(&jelou).len();
        let flags = format!("--to {ANA} {to} --to {EVA} --exclude excluded");
        let ended = home
            .run(&format!("run {flags} -- sh -c 'echo runs >&2'"))
            .api(&jelou.url)
            .env("PATH", "/usr/bin:/bin")
            .success();
        let warned = ended.stderr.find(&format!("warning: {warning}"));
        assert!(warned.is_some(), "{ended:?}");
        assert!(warned < ended.stderr.find("runs\n"), "{ended:?}");
        assert_eq!(
            ended.stderr.matches("593987654322").count(),
            usize::from(codes == [0, 1])
        );
        let mut notified = reached(&jelou)[before..].to_vec();
        notified.sort();
        assert_eq!(notified, [ANA, EVA]);
        for (command, code) in ["true", "false"].into_iter().zip(codes) {
            let ended = home
                .run(&format!("run {flags} --strict-notify -- {command}"))
                .api(&jelou.url)
                .end();
            assert_eq!(ended.code, code, "{command}: {ended:?}");
        }
        home.run(&format!("run {flags} -- false"))
            .api(&jelou.url)
            .fails(1, &[]);
    }
}

#[test]
fn waits_name_the_recipient() {
    let home = Home::new();
    let jelou = Jelou::start(|user, _| match user {
        LUIS => Act::Answer(503, "Retry-After: 1\r\n", ""),
        _ => Act::Accept,
    });
    for (command, end) in [
        ("send text --retry-for 1200ms", "Hola"),
        ("run --notify-timeout 1200ms", "-- true"),
    ] {
        let ended = home
            .run(&format!("{command} {ALL} {end}"))
            .api(&jelou.url)
            .end();
        let note = "note: 593987654322: Jelou answered 503; not sent, retrying in 1.0 s\n";
        assert!(ended.stderr.contains(note), "{ended:?}");
    }
    let ended = home
        .run(&format!(
            "--sandbox send text --to {ANA} --wait delivered Hola"
        ))
        .success();
    let note = "note: waiting until the message to 593987654321 is delivered, at most 2 min 0 s\n";
    assert!(ended.stderr.contains(note), "{ended:?}");
}

#[test]
fn all_are_sent_before_the_wait() {
    let home = Home::new();
    let line = format!("--sandbox send text {ALL} --wait delivered Hola -o record");
    let ended = home.run(&line).success();
    let rows = ended.rows();
    let states: Vec<_> = rows
        .iter()
        .map(|row| row["delivery"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["delivered"; 3]);
    let note = "waiting until the messages to 593987654321, 593987654322, 593987654323 are delivered, at most";
    assert_eq!(ended.stderr.matches(note).count(), 1, "{ended:?}");
    let line = format!("--sandbox send text {ALL} --wait read --for 1s Hola -o record");
    let ended = home.run(&line).fails(15, &["593987654323: accepted, but "]);
    let sent: Vec<_> = records(&ended).into_iter().map(|record| record.1).collect();
    assert_eq!(sent, ["yes"; 3]);
}

/// Kills sends to five recipients at any instant. Repeats each send until it succeeds or reports unknown messages. No
/// recipient gets a message twice, and none is missed.
fn kill_between_recipients(rounds: u64) -> [u64; 3] {
    let jelou = Jelou::accept_all();
    let mut killed = 0;
    let mut unknown = 0;
    let mut cut = 0;
    for round in 0..rounds {
        let home = Home::new();
        let people: Vec<_> = (0..5)
            .map(|place| format!("593987{:06}", 10 * round + place))
            .collect();
        let to = people
            .iter()
            .map(|person| format!("--to {person} "))
            .collect::<Vec<_>>()
            .concat();
        let line = format!("send text {to} --once k Hola -o record");
        let mut child = home.process(&line, &jelou.url).spawn().unwrap();
        // This waits for nothing: the test varies the instant of the kill.
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..200_000)));
        child.kill().unwrap();
        let ended = child.wait_with_output().unwrap();
        killed += u64::from(!ended.status.success());
        let reached = |person: &String| jelou.accepted().get(person).copied().unwrap_or_default();
        let before = people.iter().filter(|person| reached(person) > 0).count();
        cut += u64::from((1..5).contains(&before));
        let ended = home.run(&line).api(&jelou.url).end();
        assert!([0, 8].contains(&ended.code), "{ended:?}");
        let records = records(&ended);
        assert_eq!(records.len(), 5, "{ended:?}");
        for (person, (to, sent, _)) in people.iter().zip(records) {
            assert_eq!(*person, to);
            let count = reached(person);
            let is_true = match sent.as_str() {
                "yes" => count == 1,
                "unknown" => count <= 1,
                _ => false,
            };
            assert!(
                is_true,
                "{person} got {count}, and is told {sent}: {ended:?}"
            );
            unknown += u64::from(sent == "unknown");
        }
    }
    [killed, cut, unknown]
}

#[test]
fn kill_between_recipients_sends_each_once() {
    kill_between_recipients(10);
}

/// `cargo test --test cli -- --ignored kill_at_200`: a few minutes.
#[test]
#[ignore = "takes minutes; CONTRIBUTING.md says when to run it"]
fn kill_at_200_random_times_reaches_each_once() {
    let [killed, cut, unknown] = kill_between_recipients(200);
    eprintln!(
        "200 sends to 5, {killed} killed, {cut} of them between recipients; {unknown} unknown; nobody twice"
    );
    assert!(cut > 0);
}

#[test]
fn two_processes_with_one_key_share_the_recipients() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let line = format!("send text {ALL} --once k Hola -o record");
    let spawn = || home.process(&line, &jelou.url).spawn().unwrap();
    let children = [spawn(), spawn()];
    for child in children {
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert!([0, 10, 11].contains(&ended.code), "{ended:?}");
        assert_eq!(records(&ended).len(), 3);
    }
    let accepted = jelou.accepted();
    assert_eq!(accepted.len(), 3);
    assert!(accepted.values().all(|count| *count == 1), "{accepted:?}");
}

#[test]
fn records_are_printed_as_they_end() {
    let (home, (jelou, has_arrived, go)) = (Home::new(), Jelou::hold_responses());
    let line = format!("send text {ALL} Hola -o id");
    let mut child = home.process(&line, &jelou.url).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    has_arrived.recv().unwrap();
    go.send(()).unwrap();
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.len() > 1, "{first}");
    has_arrived.recv().unwrap();
    go.send(()).unwrap();
    has_arrived.recv().unwrap();
    go.send(()).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.lines().count(), 2);
    kill(child);
}
