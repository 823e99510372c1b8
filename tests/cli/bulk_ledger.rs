//! The data that a ledger keeps of a run, and its limits.

use serde_json::{Value, json};

use crate::bulk_run::user;
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, STATE, kill, test_with_both_ledgers, under};

test_with_both_ledgers! {
    ledger_records_events_with_api_codes,
    stored_server_text_is_limited,
}

fn people(rows: usize) -> Home {
    let home = Home::new();
    let rows: Vec<_> = (0..rows)
        .map(|number| format!("{}\n", user(number)))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    home
}

#[test]
fn ledger_records_events_with_api_codes() {
    let home = people(3);
    let body = r#"{"error":{"code":"131026","message":"Message undeliverable"}}"#;
    let jelou = Jelou::start(move |user, number| match (user.chars().last(), number) {
        (Some('1'), 0) => Act::Answer(401, "", "{}"),
        (Some('0'), _) => Act::Answer(422, "", body),
        _ => Act::Accept,
    });
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola")
        .api(&jelou.url)
        .fails(4, &["paused"]);
    for _ in 0..2 {
        home.run("bulk resume r").api(&jelou.url).fails(10, &[]);
    }
    let report = home.run("bulk report r --format html").success().stdout;
    assert!(
        report.contains("131026") && report.contains("credentials"),
        "{report}"
    );
    if home.ledger().is_some() {
        return;
    }
    let ledger = rusqlite::Connection::open(home.path().join(STATE).join("state.db")).unwrap();
    let mut statement = ledger
        .prepare("SELECT kind, coalesce(reason, '') FROM event ORDER BY number")
        .unwrap();
    let events = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let events: Vec<(String, String)> = events.map(Result::unwrap).collect();
    let events: Vec<_> = events
        .iter()
        .map(|(kind, reason)| (kind.as_str(), reason.as_str()))
        .collect();
    // There was nothing to resume.
    assert_eq!(
        events,
        [
            ("begun", ""),
            ("paused", "credentials"),
            ("resumed", ""),
            ("ended", "")
        ]
    );
    let code: String = ledger
        .query_row(
            "SELECT api_code FROM row WHERE state = 'failed'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(code, "131026");
}

#[test]
fn report_shows_manual_decision_and_last_response() {
    let home = people(3);
    let jelou = Jelou::start(|user, _| {
        if user.ends_with('2') {
            Act::AcceptAndFail
        } else {
            Act::Accept
        }
    });
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola")
        .api(&jelou.url)
        .end();
    home.run("bulk resolve r --unknown-as sent").success();
    let rows = home.report("r");
    let last = rows.last().unwrap();
    let expected = json!([
        "yes",
        500,
        "resolved",
        "decided by hand: unknown as sent; before that: Jelou answered 500"
    ]);
    assert_eq!(
        json!([
            last["sent"],
            last["http_status"],
            last["code"],
            last["error"]
        ]),
        expected
    );
}

#[test]
fn possibly_sent_rows_are_not_counted_as_unsent() {
    let home = people(10);
    let hangs = Jelou::start(|user, _| match user.chars().last() {
        Some('0') => Act::Accept,
        _ => Act::Hang { accepted: true },
    });
    let words = "bulk send people.csv --yes --run r --rate 1000/s --concurrency 4 text Hola";
    let child = home.process(words, &hangs.url).spawn().unwrap();
    hangs.wait_for(5);
    kill(child);
    home.end_leases();
    let told = "run r (5 not sent yet, 4 may have been sent): nothing was removed";
    home.run("bulk remove r").fails(11, &[told]);
    let parts = [
        "note: run r: 5 of 10 messages left to send, as in people.csv on 2",
        "note: 4 messages may have been sent; to check with Jelou: jelouctl bulk deliveries r",
    ];
    let ended = home
        .run("bulk resume r --timeout 300ms --rate 1000/s")
        .api(&hangs.url)
        .end();
    for part in parts {
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    let unknown = ended.json()["unknown"].as_u64().unwrap();
    let last = format!(
        "note: {unknown} messages may have been sent; to check with Jelou: jelouctl bulk deliveries r\n"
    );
    assert!(ended.stderr.contains(&last), "{ended:?}");
}

#[test]
fn stored_server_text_is_limited() {
    let home = people(2);
    let said: &'static str = Box::leak(
        format!(
            "{{\"code\":\"E1\",\"description\":\"{}\"}}",
            "é".repeat(4000)
        )
        .into(),
    );
    let id: &'static str =
        Box::leak(format!("{{\"success\":true,\"messageId\":\"{}\"}}", "i".repeat(300)).into());
    let jelou = Jelou::start(move |user, _| {
        if user.ends_with('0') {
            Act::Answer(200, "", id)
        } else {
            Act::Answer(422, "", said)
        }
    });
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola")
        .api(&jelou.url)
        .fails(10, &[]);
    let rows = home.report("r");
    assert_eq!(
        (&rows[0]["sent"], &rows[0]["message_id"]),
        (&json!("yes"), &Value::Null)
    );
    let error = rows[1]["error"].as_str().unwrap();
    let said = error.strip_prefix("Jelou answered 422: E1: ").unwrap();
    assert!(said.len() <= 2048 && said.ends_with('…'), "{}", said.len());
}

#[test]
fn list_fields_are_limited() {
    let home = Home::new();
    let rows: Vec<_> = (0..1001)
        .map(|n| format!("{{\"to\":\"{}\",\"field{n}\":1}}\n", user(n)))
        .collect();
    home.write("people.ndjson", rows.concat());
    let jelou = Jelou::expect_no_requests();
    let send = home
        .run("bulk send people.ndjson --yes text Hola")
        .api(&jelou.url);
    send.fails(
        2,
        &["line 1000: up to this row, the list has more than 1000 different field names"],
    );
    home.write("people.ndjson", rows[..999].concat());
    home.run("--dry-run bulk send people.ndjson text Hola")
        .api(&jelou.url)
        .success();
}

#[test]
fn file_size_limit_acts_like_full_disk() {
    let home = people(2000);
    let jelou = Jelou::accept_all();
    let with_limit = |blocks: u32, words: &str| {
        let line = format!("ulimit -f {blocks}; exec \"$0\" {words}");
        CommandOutput::new(
            &under(&["sh", "-c", &line], &home.process("", &jelou.url))
                .output()
                .unwrap(),
        )
    };
    let ended = with_limit(32, "bulk send people.csv --yes --run r text Hola");
    assert_eq!(ended.code, 12, "{ended:?}");
    let told = "hint: check that the disk is not full and the directory can be written\nnote: nothing was sent\n";
    assert!(ended.stderr.contains(told), "{ended:?}");
    let ended = with_limit(16, "send text --to 593987654321 --once k Hola");
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(jelou.requests().is_empty());
    let ended = with_limit(0, "send text --to 593987654321 Hola > answer");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("the file is too large"), "{ended:?}");
    assert_eq!(jelou.requests().len(), 1);
}

/// The number of files that a machine opens before it runs a command varies.
#[cfg(unix)]
#[test]
fn limit_on_open_files_is_explained() {
    let jelou = Jelou::accept_all();
    for inherited in ["", "exec 3</dev/null 4</dev/null 5</dev/null; "] {
        let before = jelou.requests().len();
        let send = |limit: u32| {
            let home = people(2);
            let line = format!(
                "{inherited}ulimit -n {limit}; exec \"$0\" bulk send people.csv --yes --rate 1000/s text Hola"
            );
            let mut command = under(&["sh", "-c", &line], &home.process("", &jelou.url));
            CommandOutput::new(&command.output().unwrap())
        };
        let enough = (5..100).find(|limit| {
            let ended = send(*limit);
            if ended.code == 0 {
                return true;
            }
            // The loader of programs opens files as well.
            if ended.code == 127 {
                return false;
            }
            assert!([1, 12].contains(&ended.code), "{limit}: {ended:?}");
            for part in ["Too many open files", "ulimit -n 1024"] {
                assert!(ended.stderr.contains(part), "{limit}: {ended:?}");
            }
            assert!(!ended.stderr.contains("panicked"), "{limit}: {ended:?}");
            assert_eq!(jelou.requests().len(), before, "{limit}");
            false
        });
        assert!(enough.is_some());
        assert_eq!(jelou.requests().len(), before + 2);
    }
}

/// Its target may be a disk that is not mounted.
#[test]
#[cfg(unix)]
fn state_directory_without_a_target_stops_before_sending() {
    let home = people(1);
    let state = home.path().join(STATE);
    std::fs::create_dir_all(state.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/nowhere/state", &state).unwrap();
    let told = format!(
        "{} is a link to /nowhere/state, which does not exist",
        state.display()
    );
    for (words, code) in [
        ("bulk send people.csv --yes text Hola", 12),
        ("send text --to 593987654321 --once k Hola", 3),
    ] {
        let nothing = Jelou::expect_no_requests();
        home.run(words).api(&nothing.url).fails(code, &[&told]);
    }
}
