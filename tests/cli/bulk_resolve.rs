//! `bulk resolve` by line, by recipient and by report, and a report that is sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::bulk_run::{counts, people, resume, send, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, kill, test_with_both_ledgers};

test_with_both_ledgers! {
    named_rows_are_resolved_together_or_not,
}

#[test]
fn row_of_killed_process_can_be_resent() {
    let home = people(1);
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: false });
    let child = home
        .process("bulk send people.csv --yes --run r text Hola", &jelou.url)
        .spawn()
        .unwrap();
    jelou.wait_for(1);
    kill(child);
    home.run("bulk resolve r --line 2 --unknown-as pending")
        .success()
        .stderr_has(&["1 unknown row now counts as pending"]);
    assert_eq!(lines_in(&home, "pending"), [2]);
}

/// Creates a run of ten rows. The rows at lines 5, 6 and 7 are unknown, and the row at line 8 failed.
fn with_unknown_rows() -> (Home, Jelou) {
    sent_with_unknown_rows(people(10))
}

fn sent_with_unknown_rows(home: Home) -> (Home, Jelou) {
    let jelou = Jelou::start(|user, _| match user.chars().last() {
        Some('3'..='5') => Act::Reset { accepted: true },
        Some('6') => Act::Answer(422, "", "{}"),
        _ => Act::Accept,
    });
    send(&home, &jelou.url).fails(
        10,
        &["3 messages may have been sent; to check with Jelou: "],
    );
    (home, jelou)
}

/// Returns the lines of the rows in a state.
pub(crate) fn lines_in(home: &Home, state: &str) -> Vec<u64> {
    home.report(&format!("r --state {state}"))
        .iter()
        .map(|row| row["line"].as_u64().unwrap())
        .collect()
}

/// Returns the arguments that send the report again.
fn send_again<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    let send = [
        "bulk",
        "send",
        "again.csv",
        "--yes",
        "--run",
        "s",
        "--rate",
        "1000/s",
    ];
    [&send[..], flags, &["text", "x"]].concat()
}

/// Returns a report of these rows with other columns.
fn columns(report: &str, change: impl Fn(&mut Vec<&str>)) -> String {
    let rows: Vec<Vec<&str>> = report
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    let mut names = rows[0].clone();
    change(&mut names);
    let place = |name: &&str| rows[0].iter().position(|known| known == name).unwrap();
    let lines = rows.iter().map(|row| {
        names
            .iter()
            .map(|name| row[place(name)])
            .collect::<Vec<_>>()
            .join(",")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Checks that the rows still have these states.
fn is_unchanged(home: &Home) {
    assert_eq!(
        (lines_in(home, "unknown"), lines_in(home, "failed")),
        (vec![5, 6, 7], vec![8])
    );
}

#[test]
fn named_rows_are_resolved_together_or_not() {
    let (home, jelou) = with_unknown_rows();
    let resolve = |words: &str| home.run(&format!("bulk resolve r {words}"));
    resolve("--line 5 --line 2 --unknown-as sent").fails(2, &["there is no unknown row at line 2"]);
    resolve("--line 5 --line 8 --unknown-as sent").fails(2, &["there is no unknown row at line 8"]);
    resolve("--line 5 --line 900 --unknown-as sent")
        .fails(2, &["there is no unknown row at line 900"]);
    let other = format!("--line 5 --to {} --unknown-as sent", user(99));
    resolve(&other).fails(2, &[&format!("there is no unknown row to {}", user(99))]);
    resolve(&format!("--to {} --unknown-as sent", user(0)))
        .fails(2, &["there is no unknown row to"]);
    resolve("--to 12 --unknown-as sent").fails(2, &["--to"]);
    resolve("--line x --unknown-as sent").fails(2, &["--line"]);
    resolve("--line 5").fails(2, &["--unknown-as"]);
    // Rows that are pending in a damaged ledger can only be resolved all together.
    resolve("--line 5 --pending-as unknown").fails(2, &["--pending-as"]);
    is_unchanged(&home);
    let to = user(4).replacen("593", "+593 ", 1);
    let ended = home
        .run_args(&[
            "bulk",
            "resolve",
            "r",
            "--line=5",
            "--to",
            &to,
            "--unknown-as",
            "failed",
        ])
        .success();
    assert!(
        ended
            .stderr
            .contains("note: run r: 2 unknown rows now count as failed"),
        "{ended:?}"
    );
    // Both this command and `bulk status` show the unresolved rows with the command to resolve them.
    for way in [
        "1 message may have been sent; to check with Jelou: jelouctl bulk deliveries r\n",
        "to correct and resend 3 rows",
    ] {
        assert!(ended.stderr.contains(way), "{way}: {ended:?}");
    }
    assert_eq!(
        (lines_in(&home, "unknown"), lines_in(&home, "failed")),
        (vec![7], vec![5, 6, 8])
    );
    resolve("--unknown-as sent")
        .success()
        .stderr_has(&["note: run r: 1 unknown row now counts as sent"]);
    assert!(
        resolve("--unknown-as sent")
            .success()
            .stderr
            .contains("note: run r: no row has changed")
    );
    // Only one of the failed rows is sent again.
    resolve("--line 8 --failed-as pending").success();
    let accepting = resume(&home, &jelou.url).fails(10, &[]);
    assert_eq!(counts(&accepting.json()), [7, 3, 0, 0]);
}

#[test]
fn resent_report_sends_no_duplicates() {
    let (home, _first) = with_unknown_rows();
    home.run("bulk report r --file again.csv").success();
    // Only the report has the sent messages: the ledger is on another machine, or the run was removed.
    home.run("bulk remove r --yes").success();
    let never = Jelou::expect_no_requests();
    let refusal = ["rows of this report: 6 were sent, 3 may have been sent"];
    home.run_args(&send_again(&[])).api(&never.url).fails(
        11,
        &[
            &refusal[..],
            &["--skip-sent", "to send them again: --again"],
        ]
        .concat(),
    );
    // Every spelling of the word counts. If the word is unclear, nothing is sent.
    let report = home.read("again.csv");
    home.write(
        "again.csv",
        report
            .replace(",yes,", ",Yes ,")
            .replace(",unknown,", ",UNKNOWN,"),
    );
    home.run_args(&send_again(&[]))
        .api(&never.url)
        .fails(11, &refusal);
    home.write("again.csv", report.replace(",yes,", ",sí,"));
    home.run_args(&send_again(&[]))
        .api(&never.url)
        .fails(11, &refusal);
    home.write("again.csv", report.replace(",yes,", ",quizás,"));
    home.run_args(&send_again(&[]))
        .api(&never.url)
        .fails(2, &["sent: `quizás` is not yes, no or unknown"]);
    home.write("again.csv", report.replace(",yes,", ",,"));
    let empty = "sent: is empty";
    home.run_args(&send_again(&[]))
        .api(&never.url)
        .fails(2, &[empty]);
    // The same if columns were moved, renamed or deleted, which would make it an ordinary list.
    let with_notes: Vec<_> = report.lines().map(|line| format!("{line},x")).collect();
    for (changed, note) in [
        (with_notes.join("\n"), ""),
        (report.replacen(",sent,", ",Sent ,", 1), ""),
        (columns(&report, |names| names.rotate_left(4)), ""),
        (
            columns(&report, |names| names.retain(|name| *name != "error")),
            "the list is a report without `error`",
        ),
        (
            columns(&report, |names| {
                names.retain(|name| ["celular", "sent_to", "code", "sent"].contains(name));
            }),
            "without `run`, `line`, `message_id`,",
        ),
    ] {
        home.write("again.csv", changed);
        home.run_args(&send_again(&[]))
            .api(&never.url)
            .fails(11, &[&refusal[..], &[note]].concat());
    }
    // Without these columns the outcome of its rows is unknown.
    for column in ["sent_to", "code"] {
        home.write(
            "again.csv",
            columns(&report, |names| names.retain(|name| *name != column)),
        );
        let part = format!("line 2: the report has no column `{column}`");
        let parts = [
            part.as_str(),
            "keep it as `jelouctl bulk report` writes it",
            "nothing was sent",
        ];
        home.run_args(&send_again(&["--skip-sent"]))
            .api(&never.url)
            .fails(2, &parts);
    }
    // The outcome of one recipient does not apply to another.
    let swapped = report.replace(
        &format!("Persona 1,{}", user(1)),
        &format!("Persona 1,{}", user(6)),
    );
    home.write("again.csv", &swapped);
    let part = format!(
        "line 3 is to {}, but its `sent_to` is `+{}`",
        user(6),
        user(1)
    );
    for flags in [&["--skip-sent"][..], &["--skip-sent", "--skip-invalid"]] {
        home.run_args(&send_again(flags)).api(&never.url).fails(
            2,
            &[&part, "if you sorted only one column", "nothing was sent"],
        );
    }
    home.write("again.csv", report);
    // The status shows it, too.
    let told = home
        .run_args(&send_again(&["--dry-run"]))
        .api(&never.url)
        .fails(11, &["this would be refused"]);
    assert!(told.stdout.is_empty(), "{told:?}");
    let jelou = Jelou::accept_all();
    let ended = home
        .run_args(&send_again(&["--skip-sent"]))
        .api(&jelou.url)
        .fails(10, &[]);
    assert_eq!(
        ended.json()["skipped_reasons"],
        json!({"already_sent": 6, "may_have_been_sent": 3})
    );
    assert_eq!(
        jelou
            .requests()
            .iter()
            .map(|seen| seen.user.clone())
            .collect::<Vec<_>>(),
        [user(6)]
    );
    let report = home
        .run("bulk report s --reason already_sent")
        .success()
        .stdout;
    assert!(
        report.contains("the report says that the message was sent"),
        "{report}"
    );
    home.run("bulk remove s --yes").success();
    home.run_args(&send_again(&["--again"]))
        .api(&jelou.url)
        .success();
    assert_eq!(jelou.requests().len(), 11);
    // A report is sent again for its failed rows.
    let (home, _second) = with_unknown_rows();
    home.run("bulk report r --state failed --file again.csv")
        .success();
    home.run_args(&send_again(&[])).api(&jelou.url).success();
    assert_eq!(jelou.requests().len(), 12);
}

#[test]
fn ledger_overrides_the_report_of_its_run() {
    let (home, _jelou) = with_unknown_rows();
    let report = home.run("bulk report r").success().stdout;
    let never = Jelou::expect_no_requests();
    let refusal = ["rows of this report: 6 were sent, 3 may have been sent"];
    let said_no = report.replace(",yes,", ",no,").replace(",unknown,", ",no,");
    let without_sent_to = columns(&said_no, |names| names.retain(|name| *name != "sent_to"));
    for changed in [
        said_no.clone(),
        report.replace(",yes,", ",sí,"),
        without_sent_to,
    ] {
        home.write("again.csv", changed);
        home.run_args(&send_again(&[]))
            .api(&never.url)
            .fails(11, &refusal);
    }
    // Only one column was sorted, or a number was changed.
    let (one, other) = (
        format!("Persona 1,{},", user(1)),
        format!("Persona 2,{},", user(2)),
    );
    let sorted = said_no
        .replace(&one, "x")
        .replace(&other, &format!("Persona 2,{},", user(1)));
    let sorted = sorted.replace('x', &format!("Persona 1,{},", user(2)));
    let new = said_no.replace(&one, "Persona 1,593980000001,");
    for (changed, to) in [(&sorted, user(2)), (&new, "593980000001".to_owned())] {
        home.write("again.csv", changed);
        for flags in [
            &["--skip-sent"][..],
            &["--skip-sent", "--skip-invalid"],
            &["--again"],
        ] {
            let part = format!("line 3 is to {to}, but its `sent_to` is `+{}`", user(1));
            let parts = [
                part.as_str(),
                "if you sorted only one column: write the report again",
                "nothing was sent",
            ];
            home.run_args(&send_again(flags))
                .api(&never.url)
                .fails(2, &parts);
        }
    }
    // The rows are not of this run, or only one of the report's columns was sorted.
    let exchanged = said_no
        .replace(",r,3,", ",r,x,")
        .replace(",r,4,", ",r,3,")
        .replace(",r,x,", ",r,4,");
    for (changed, named) in [(said_no.replace(",r,3,", ",r,33,"), "33"), (exchanged, "4")] {
        home.write("again.csv", changed);
        for flags in [&["--skip-sent"][..], &["--skip-sent", "--skip-invalid"]] {
            let part = format!(
                "line 3 names line `{named}` of run r, which has no message to {} there",
                user(1)
            );
            let parts = [
                part.as_str(),
                "if you sorted only one column: write the report again",
                "nothing was sent",
            ];
            home.run_args(&send_again(flags))
                .api(&never.url)
                .fails(2, &parts);
        }
    }
    // Recipients who got no message may have another number now.
    let jelou = Jelou::accept_all();
    let corrected = said_no.replace(&format!("Persona 6,{}", user(6)), "Persona 6,593980000006");
    let corrected = corrected.replace(&format!("'+{}", user(6)), "");
    home.write("again.csv", corrected);
    home.run_args(&send_again(&["--skip-sent"]))
        .api(&jelou.url)
        .fails(10, &[]);
    assert_eq!(
        jelou
            .requests()
            .iter()
            .map(|seen| seen.user.clone())
            .collect::<Vec<_>>(),
        ["593980000006"]
    );
}

#[test]
fn report_of_another_same_named_run_is_trusted() {
    let home = people(3);
    let one_fails = Jelou::start(|user, _| {
        if user.ends_with('2') {
            Act::Answer(422, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &one_fails.url).fails(10, &[]);
    home.run("bulk report r --file again.csv").success();
    home.run("bulk remove r --yes").success();
    // A later run that sent nothing, and a sandbox run that sent everything.
    let rejecting = Jelou::start(|_, _| Act::Answer(422, "", "{}"));
    let never = Jelou::expect_no_requests();
    send(&home, &rejecting.url).fails(10, &[]);
    home.run_args(&send_again(&[]))
        .api(&never.url)
        .fails(11, &["rows of this report: 2 were sent"]);
    home.run("bulk remove r --yes").success();
    home.run("--sandbox bulk send people.csv --yes --run r --rate 1000/s text Hola")
        .success();
    let jelou = Jelou::accept_all();
    home.run_args(&send_again(&["--skip-sent"]))
        .api(&jelou.url)
        .success();
    assert_eq!(
        jelou
            .requests()
            .iter()
            .map(|seen| seen.user.clone())
            .collect::<Vec<_>>(),
        [user(2)]
    );
    // A run of another machine that has not begun.
    home.run("bulk remove r --yes").success();
    home.run("bulk remove s --yes").success();
    send(&home, &jelou.url).success();
    home.run("bulk remove r --yes").success();
    let made = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--hold",
        "--run",
        "r",
        "text",
        "x",
    ];
    home.run_args(&made).api(&never.url).success();
    let unknown = home.read("again.csv").replace(",no,", ",unknown,");
    home.write("again.csv", unknown);
    home.run_args(&send_again(&[])).api(&never.url).fails(
        11,
        &["rows of this report: 2 were sent, 1 may have been sent"],
    );
}

#[test]
fn report_rows_after_the_limit_are_not_counted() {
    let home = Home::new();
    let row = |name: &str, to: &str, sent: &str| format!("{name},{to},x,2,{sent},+{to},\n");
    let rows = [
        row("Ana", "593990000001", "no"),
        row("Ana dos", "593990000001", "no"),
        row("Eva", "593990000002", "no"),
        row("Luz", "593990000003", "yes"),
        row("Sol", "593990000004", "unknown"),
    ];
    home.write(
        "again.csv",
        format!("n,to,run,line,sent,sent_to,code\n{}", rows.concat()),
    );
    let jelou = Jelou::accept_all();
    let words =
        "bulk send again.csv --yes --run s --rate 1000/s --one-per-recipient --limit 2 text";
    home.run(words)
        .args(&["Hola {{ n }}"])
        .api(&jelou.url)
        .success();
    assert_eq!(jelou.requests().len(), 2);
}

#[test]
fn resumed_run_stores_its_skip_or_again_choice() {
    let home = people(3);
    let accepts = Arc::new(AtomicBool::new(false));
    let does = Arc::clone(&accepts);
    let jelou = Jelou::start(move |_, _| {
        if does.load(Ordering::SeqCst) {
            Act::Accept
        } else {
            Act::Answer(401, "", "{}")
        }
    });
    send(&home, &jelou.url).fails(4, &[]);
    accepts.store(true, Ordering::SeqCst);
    let other = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--again",
        "--run",
        "s",
        "--rate",
        "1000/s",
    ];
    home.run_args(&[&other[..], &["text", "Hola {{ nombre }}"]].concat())
        .api(&jelou.url)
        .success();
    accepts.store(false, Ordering::SeqCst);
    let resume = |flags: &[&str]| {
        home.run("bulk resume r --rate 1000000/s")
            .args(flags)
            .api(&jelou.url)
            .end()
    };
    assert_eq!(resume(&[]).code, 11);
    // The credentials are still refused. The next attempt does not need the flag again.
    assert_eq!(resume(&["--again"]).code, 4);
    assert_eq!(resume(&[]).code, 4);
    let ended = resume(&["--skip-sent"]);
    assert_eq!(
        (ended.code, &ended.json()["skipped_reasons"]),
        (0, &json!({"already_sent": 3})),
        "{ended:?}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn resolve_is_logged_even_if_output_fails() {
    let (home, _jelou) = with_unknown_rows();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let log = home.path().join("log");
    let mut command = home.command();
    command
        .args(["bulk", "resolve", "r", "--unknown-as", "failed"])
        .env("JELOUCTL_LOG", &log);
    let ended = CommandOutput::new(&command.stdout(full).output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stderr.contains("3 unknown rows now count as failed"),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("cannot print the state of the run"),
        "{ended:?}"
    );
    let logged = std::fs::read_to_string(log).unwrap();
    assert_eq!(logged.matches("bulk resolve").count(), 1, "{logged}");
    assert_eq!(lines_in(&home, "failed"), [5, 6, 7, 8]);
}
