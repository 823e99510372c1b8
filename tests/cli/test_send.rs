//! `--test-to` sends the first messages of a list to one recipient.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, STATE};
use crate::terminal::Terminal;

const PEOPLE: &str = "to,nombre\n593987654321,Ana\n593987654322,Luz\n593987654323,Eva\n";
const TESTER: &str = "593999111222";

fn home() -> Home {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home
}

fn bodies(jelou: &Jelou) -> Vec<Value> {
    jelou
        .requests()
        .iter()
        .map(|seen| seen.received.json())
        .collect()
}

#[test]
fn test_messages_go_to_one_recipient_without_run() {
    let (home, jelou) = (home(), Jelou::accept_all());
    let words = [
        "--test-to",
        TESTER,
        "--test-rows",
        "2",
        "text",
        "Hola {{ nombre }}, {{ to }}",
    ];
    let ended = home
        .run("bulk send people.csv")
        .args(&words)
        .api(&jelou.url)
        .success()
        .stderr_has(&[&format!(
            "note: test: 2 of 2 messages sent, only to {TESTER}; no run was created"
        )]);
    let sent = |name: &str, number: &str| json!({ "type": "text", "userId": TESTER, "text": format!("Hola {name}, {number}") });
    let seen = bodies(&jelou);
    assert_eq!(
        seen,
        [sent("Ana", "593987654321"), sent("Luz", "593987654322")]
    );
    let pause = jelou.requests()[1].at - jelou.requests()[0].at;
    assert!(pause >= Duration::from_secs(6), "{pause:?}");
    let records = ended.rows();
    let short: Vec<_> = records
        .iter()
        .map(|record| (&record["sent"], &record["to"], &record["kind"]))
        .collect();
    assert_eq!(short, [(&json!("yes"), &json!(TESTER), &json!("text")); 2]);
    assert!(!home.path().join(STATE).exists());
}

#[test]
fn every_request_kind_goes_to_test_recipient() {
    for (words, path) in [
        (
            "flow-message --title t --text x --caption c --flow-name f --cta Go --screen S",
            "593999111222/flow_message",
        ),
        (
            "template --template-id 39 --campaign 7",
            "/campaigns/7/template-messages",
        ),
        ("raw --body raw.json", "/messages"),
    ] {
        let (home, jelou) = (home(), Jelou::accept_all());
        home.write("raw.json", r#"{"type": "text", "text": "{{ to }}"}"#);
        let line = format!("bulk send people.csv --test-to 593999111222 {words}");
        let ended = home.run(&line).api(&jelou.url).success();
        let seen = jelou.requests();
        assert_eq!(seen.len(), 1, "{ended:?}");
        assert!(
            seen[0].received.line.contains(path) && seen[0].user == TESTER,
            "{seen:?}"
        );
    }
}

#[test]
fn whole_list_is_checked_before_a_test_message() {
    let (home, jelou) = (home(), Jelou::expect_no_requests());
    home.write("people.csv", format!("{PEOPLE}12,Bad\n"));
    home.run("bulk send people.csv --test-to 593999111222 text x")
        .api(&jelou.url)
        .fails(2, &["line 5"]);
}

#[test]
fn first_unsent_test_message_ends_the_test() {
    let (home, jelou) = (home(), Jelou::start(|_, _| Act::Answer(422, "", "{}")));
    let words = "bulk send people.csv --test-to 593999111222 --test-rows 3 text x{{nombre}}";
    let ended = home
        .run(words)
        .api(&jelou.url)
        .fails(5, &["not sent: ", "note: test: 0 of 3 messages sent"]);
    assert_eq!(
        (jelou.requests().len(), &ended.json()["sent"]),
        (1, &json!("no"))
    );
    let jelou = Jelou::start(|_, _| Act::Reset { accepted: true });
    let ended = home
        .run(words)
        .api(&jelou.url)
        .fails(8, &["it may have been sent"]);
    assert_eq!(
        (jelou.requests().len(), &ended.json()["sent"]),
        (1, &json!("unknown"))
    );
}

#[test]
fn test_recipient_must_be_allowed() {
    let (home, jelou) = (home(), Jelou::expect_no_requests());
    home.profile("p", &jelou.url, "allow_to = [\"5939876*\"]");
    home.run("-p p bulk send people.csv --test-to 593999111222 text x")
        .fails(11, &["593999111222 is not among"]);
}

#[test]
fn excluded_recipient_gets_no_test_message() {
    let (home, jelou) = (home(), Jelou::expect_no_requests());
    let list = home.write("bajas.txt", format!("+{TESTER}\n"));
    home.profile(
        "p",
        &jelou.url,
        &format!("do_not_contact = '{}'", list.display()),
    );
    let words = format!("bulk send people.csv --test-to {TESTER}");
    let of_flag = home
        .run(&format!("{words} --exclude bajas.txt text x"))
        .api(&jelou.url);
    let of_profile = home.run(&format!("-p p {words} text x"));
    let parts = [&format!("{TESTER} is excluded by "), "nothing was sent"];
    for run in [of_flag, of_profile] {
        let ended = run.env("JELOUCTL_LOG", "log").fails(11, &parts);
        assert!(ended.stderr.contains("bajas.txt"), "{ended:?}");
    }
    for line in home
        .read("log")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
    {
        let told = ["sent", "code", "to"].map(|name| &line[name]);
        assert_eq!(told, [&json!("no"), &json!("excluded"), &json!(TESTER)]);
        assert_eq!(line["exclusions"][0]["people"], 1, "{line}");
    }
    assert_eq!(home.read("log").lines().count(), 2);
}

#[test]
fn tester_in_bulk_exclude_gets_no_test_message() {
    let (home, jelou) = (home(), Jelou::accept_all());
    let words = format!("bulk send people.csv --test-to {TESTER} text x{{{{nombre}}}}");
    // The sandbox has its own.
    home.run(&format!("--sandbox bulk exclude add {TESTER}"))
        .success();
    home.run(&words).api(&jelou.url).success();
    home.run(&format!("bulk exclude add {TESTER}")).success();
    let parts = [
        &format!("{TESTER} is excluded by bulk exclude"),
        "nothing was sent",
    ];
    let ended = home.run(&words).api(&jelou.url).fails(11, &parts);
    assert_eq!(ended.json()["error"]["code"], "excluded");
    assert_eq!(jelou.requests().len(), 1);
}

#[test]
fn row_of_excluded_recipient_is_no_test_message() {
    let (home, jelou) = (home(), Jelou::accept_all());
    home.write("bajas.txt", "+593987654321\n");
    home.run("bulk exclude add 593987654322").success();
    let words =
        format!("bulk send people.csv --exclude bajas.txt --test-to {TESTER} text x{{{{nombre}}}}");
    home.run(&words)
        .api(&jelou.url)
        .env("JELOUCTL_LOG", "log")
        .success();
    assert_eq!(
        bodies(&jelou),
        [json!({ "type": "text", "userId": TESTER, "text": "xEva" })]
    );
    let line: Value = serde_json::from_str(&home.read("log")).unwrap();
    assert_eq!(line["exclusions"][0]["list"], "bajas.txt", "{line}");
}

#[test]
fn conflicting_test_options_are_refused() {
    let (home, jelou) = (home(), Jelou::expect_no_requests());
    for (words, part) in [
        ("--test-to 593999111222 --run r", "cannot be used with"),
        ("--test-to 593999111222 --preview 1", "cannot be used with"),
        (
            "--test-to 593999111222 --dry-run",
            "--test-to cannot be used with --dry-run or --curl",
        ),
        (
            "--test-to 593999111222 --curl",
            "--test-to cannot be used with --dry-run or --curl",
        ),
        (
            "--test-to 593999111222 --test-rows 0",
            "expected a number from 1 to 10",
        ),
        (
            "--test-to 593999111222 --test-rows 11",
            "expected a number from 1 to 10",
        ),
        ("--test-rows 2", "--test-rows needs --test-to RECIPIENT"),
        ("--test-to 12", "--test-to: "),
        ("--test-to x", "--test-to: `x` is not a phone number"),
    ] {
        let ended = home
            .run("bulk send people.csv")
            .args(&words.split(' ').collect::<Vec<_>>())
            .args(&["text", "x"]);
        ended.api(&jelou.url).fails(2, &[part]);
    }
    drop(jelou);
}

#[test]
fn signal_between_test_messages_ends_the_test() {
    let (home, jelou) = (home(), Jelou::accept_all());
    home.profile("p", &jelou.url, "");
    let words = [
        "-p",
        "p",
        "bulk",
        "send",
        "people.csv",
        "--test-to",
        TESTER,
        "--test-rows",
        "3",
        "text",
        "x {{nombre}}",
    ];
    let mut terminal = Terminal::plain(&home, &words);
    terminal.refuse("accepted for 593999111222");
    let (code, screen) = terminal.end();
    assert_eq!((code, jelou.requests().len()), (130, 1), "{screen}");
    assert!(
        screen.contains("not sent: interrupted by SIGINT"),
        "{screen}"
    );
    assert!(screen.contains("test: 1 of 3 messages sent"), "{screen}");
}

#[test]
fn test_message_prints_no_json_at_a_terminal() {
    let (home, jelou) = (home(), Jelou::accept_all());
    home.profile("p", &jelou.url, "");
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--test-to",
        TESTER,
        "text",
        "x",
    ];
    let (code, screen) = Terminal::plain(&home, &words).end();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains(&format!(
            "test: 1 of 1 message sent, only to {TESTER}; no run was created"
        )),
        "{screen}"
    );
    assert!(!screen.contains('{'), "{screen}");
    // With -o, the format is as typed.
    let words = [&words[..5], &["-o", "record"], &words[5..]].concat();
    let (_, screen) = Terminal::plain(&home, &words).end();
    assert!(screen.contains("\"schema_version\""), "{screen}");
}
