//! After a run, or during it: list, find, and which run is used if none is named.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::json;

use crate::bulk_run::{counts, end, people, send, send_with, signal, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, Run, faketime, test_with_both_ledgers, wait_until};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    recipient_is_found_in_any_number_format,
    only_old_finished_runs_are_removed,
}

const SLOW: &str = "bulk send people.csv --yes --run r --rate 4/s --progress none text Hola";

#[test]
fn resume_and_resolve_never_guess() {
    let home = people(2);
    home.run("bulk resume r").fails(
        2,
        &[
            "there is no run r in the ledger ",
            "to list the runs: jelouctl bulk list",
        ],
    );
    home.run("bulk resume")
        .success()
        .stderr_has(&["nothing to resume: no unfinished runs"]);
    for command in ["bulk resume", "bulk work"] {
        let record = home.run(&format!("{command} -o record")).success().json();
        assert_eq!(record["command"], *command);
    }
    let jelou = Jelou::start(|_, _| Act::Answer(401, "", "{}"));
    for run in ["one", "two"] {
        let send = [
            "bulk",
            "send",
            "people.csv",
            "--yes",
            "--again",
            "--run",
            run,
            "text",
            "x",
        ];
        home.run_args(&send).api(&jelou.url).fails(4, &[]);
    }
    for words in ["bulk work", "bulk resume", "bulk resolve --unknown-as sent"] {
        home.run(words).fails(
            2,
            &[
                "several runs are unfinished: one, two",
                "to list the runs: jelouctl bulk list",
            ],
        );
    }
    home.run("bulk resume on").fails(
        2,
        &[
            "there is no run on in the ledger ",
            "; the nearest is one\n",
        ],
    );
    home.run("--sandbox bulk send people.csv --run three --rate 100/s text x")
        .success();
    for run in ["one", "two"] {
        home.run_args(&["bulk", "remove", run, "--yes"]).success();
    }
    home.run("bulk resolve --unknown-as sent").fails(
        2,
        &["no unfinished runs", "to list the runs: jelouctl bulk list"],
    );
}

#[test]
fn default_run_is_the_newest_real_run() {
    let home = people(1);
    let jelou = Jelou::accept_all();
    home.run("bulk status").fails(2, &["there are no runs"]);
    let rehearse = |run| {
        home.run_args(&[
            "--sandbox",
            "bulk",
            "send",
            "people.csv",
            "--run",
            run,
            "text",
            "x",
        ])
        .success()
    };
    rehearse("a");
    home.run("bulk report")
        .success()
        .stderr_has(&["note: using the newest run, a;"]);
    let send = |run| {
        let words = [
            "bulk",
            "send",
            "people.csv",
            "--yes",
            "--again",
            "--run",
            run,
            "text",
            "x",
        ];
        home.run_args(&words).api(&jelou.url).success()
    };
    send("c");
    send("b");
    rehearse("d");
    let told = home.run("bulk status").success();
    assert_eq!(told.json()["run"], "b");
    assert!(
        told.stderr
            .contains("note: using the newest run, b; to list all: jelouctl bulk list"),
        "{told:?}"
    );
    assert!(home.run("bulk status c").success().stderr.is_empty());
    assert_eq!(home.run("bulk list -o id").success().stdout, "d\nb\nc\na\n");
    let list = home.run("bulk list").success().rows();
    let of = |number: usize| {
        (
            &list[number]["sandbox"],
            &list[number]["bot_id"],
            &list[number]["kind"],
        )
    };
    assert_eq!(of(0), (&json!(true), &json!("sandbox"), &json!("text")));
    assert_eq!(of(1), (&json!(false), &json!("BOT-ID"), &json!("text")));
}

#[test]
fn rows_in_flight_at_death_become_unknown() {
    let home = people(5);
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: true });
    let child = start(&home, SLOW, &[], &jelou.url);
    jelou.wait_for(1);
    let figures = || {
        let listed = home.run("bulk list").success().json();
        ["unknown", "pending", "inflight"].map(|state| listed[state].as_u64().unwrap())
    };
    assert_eq!(figures(), [0, 4, 1]);
    signal(&child, Signal::KILL);
    drop(child.wait_with_output());
    assert_eq!(figures(), [1, 4, 0]);
    let status = home.run("bulk status r").success().json();
    assert_eq!(
        [&status["unknown"], &status["inflight"]],
        [&json!(1), &json!(0)],
        "{status}"
    );
    assert_eq!(
        (&status["reasons"], &status["complete"]),
        (&json!({"unknown": 1}), &json!(false)),
        "{status}"
    );
    assert_eq!(status["running"], false);
    // The report shows it, too.
    assert_eq!(
        home.run("bulk report r --state inflight --format ndjson")
            .success()
            .stdout,
        ""
    );
    let report = home.run("bulk report r --state unknown").success().stdout;
    assert!(
        report.contains(",unknown,,,unknown,the process that sent it no longer responds: "),
        "{report}"
    );
    assert_eq!(report.lines().count(), 2, "{report}");
    let found = home.run_args(&["bulk", "find", &user(0)]).success().stdout;
    assert!(
        found.contains("unknown") && !found.contains("inflight"),
        "{found}"
    );
    home.run("bulk resolve r --unknown-as sent")
        .success()
        .stderr_has(&["1 unknown row now counts as sent"]);
}

#[test]
fn failure_reasons_are_api_or_own_codes() {
    let home = people(8);
    let jelou = Jelou::start(|user, _| match user.chars().last() {
        Some('3' | '4') => Act::Answer(422, "", r#"{"code":"E0422","description":"no"}"#),
        Some('5') => Act::Answer(422, "", r#"{"message":"no"}"#),
        Some('6') => Act::Reset { accepted: true },
        _ => Act::Accept,
    });
    let ended = send(&home, &jelou.url).fails(10, &[]);
    let reasons = json!({"E0422": 2, "rejected": 1, "unknown": 1});
    assert_eq!(ended.json()["reasons"], reasons);
    assert_eq!(
        home.run("bulk status r").success().json()["reasons"],
        reasons
    );
    let again = "to correct and resend 3 rows: jelouctl bulk report r --state failed --file r-again.csv; then send that file with the same message";
    assert!(ended.stderr.contains(again), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("to check with Jelou: jelouctl bulk deliveries r\n"),
        "{ended:?}"
    );
    // Rows that you resolve or retry have another reason, or none.
    home.run("bulk resolve r --unknown-as failed").success();
    let resolved = home
        .run("bulk resolve r --failed-as pending --line 5")
        .success()
        .json();
    assert_eq!(
        resolved["reasons"],
        json!({"E0422": 1, "rejected": 1, "resolved": 1})
    );
}

#[test]
fn run_stores_how_numbers_were_read() {
    let home = Home::new();
    home.write(
        "people.csv",
        "nombre,suyo,otro\nAna,0987654321,1\nEva,0987654322,2\n",
    );
    let jelou = Jelou::start(|user, _| match user {
        "593987654321" => Act::Answer(422, "", r#"{"code":"E0422","description":"no"}"#),
        _ => Act::Reset { accepted: true },
    });
    let words =
        "bulk send people.csv --yes --run r --rate 1000/s --country EC --to-column suyo text Hola";
    home.run(words).api(&jelou.url).fails(10, &[]);
    // The number as it is written in the list.
    for (words, code) in [
        ("bulk find 0987654322 --country EC", 0),
        ("bulk find 0987654322 --country MX", 2),
    ] {
        let found = home.run(words).end();
        assert_eq!(
            (found.code, found.stdout.contains("593987654322")),
            (code, code == 0),
            "{words}: {found:?}"
        );
    }
    let told = home
        .run("bulk resolve r --unknown-as failed --to 0987654322")
        .success();
    assert!(
        told.stderr
            .contains("run r: 1 unknown row now counts as failed"),
        "{told:?}"
    );
}

#[test]
fn recipient_is_found_in_any_number_format() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.write(
        "a.csv",
        "to,nombre\n+52 1 55 1234 5678,Ana\n593987654321,Eva\n",
    );
    home.write("b.csv", "to,nombre\n525512345678,Ana\n");
    for (list, run, text) in [
        ("a.csv", "a", "Hola {{ nombre }}"),
        ("b.csv", "b", "Otra vez"),
    ] {
        let words = [
            "bulk", "send", list, "--yes", "--run", run, "--rate", "1000/s", "text", text,
        ];
        home.run_args(&words).api(&jelou.url).success();
    }
    for spelling in ["+5215512345678", "525512345678", "+52 55 1234 5678"] {
        let found = home.run_args(&["bulk", "find", spelling]).success().rows();
        let found: Vec<_> = found
            .iter()
            .map(|row| {
                (
                    &row["run"],
                    &row["line"],
                    &row["body"]["text"],
                    &row["sent"],
                )
            })
            .collect();
        let expected = [
            (&json!("b"), &json!(2), &json!("Otra vez"), &json!("yes")),
            (&json!("a"), &json!(2), &json!("Hola Ana"), &json!("yes")),
        ];
        assert_eq!(found, expected, "{spelling}");
    }
    let ids = home.run("bulk find 593987654321 -o id").success().stdout;
    assert_eq!(ids, "msg_593987654321\n");
    let nobody = home.run("bulk find 0987654329 --country EC").success();
    assert_eq!(
        (nobody.stdout.as_str(), nobody.stderr.as_str()),
        ("", "note: no run has a message to 593987654329\n")
    );
    home.run("bulk find 12").fails(
        2,
        &[
            "RECIPIENT: `12` has 2 digits, and a phone number has 7 to 15\n",
            "hint: for a user of another channel: `id:12`\n",
        ],
    );
}

#[test]
fn only_old_finished_runs_are_removed() {
    let home = people(3);
    let jelou = Jelou::start(|user, _| {
        if user.ends_with('1') {
            Act::Answer(401, "", "{}")
        } else {
            Act::Accept
        }
    });
    send_with(&home, &jelou.url, &["--concurrency", "1"]).fails(4, &[]);
    home.run("--sandbox bulk send people.csv --run old --rate 100/s text x")
        .success();
    let accepting = Jelou::accept_all();
    let other = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "sent",
        "--rate",
        "100/s",
        "text",
        "other",
    ];
    home.run_args(&other).api(&accepting.url).success();
    for garbage in ["soon", "90", "-1d", "0s", ""] {
        home.run_args(&["bulk", "remove", &format!("--older-than={garbage}")])
            .fails(2, &["--older-than", "such as 90d"]);
    }
    home.run("bulk remove").fails(2, &["--older-than"]);
    home.run("bulk remove r --older-than 90d")
        .fails(2, &["cannot be used with"]);
    let none = home.run("bulk remove --older-than 90d").success();
    assert_eq!(none.stderr, "note: no finished run is that old\n");
    let words = "bulk remove --older-than 1ms";
    let told = [
        "note: old: 3 rows",
        "note: sent: 3 rows",
        "2 finished runs: nothing was removed",
        "--yes",
    ];
    home.run(words).fails(11, &told);
    let memory = "3 messages were or may have been sent: after the removal";
    home.run(words).fails(11, &[memory]);
    let told = home
        .run("bulk remove --older-than 1ms --yes")
        .success()
        .stderr;
    assert!(
        told.contains("note: run old is removed") && told.contains("note: run sent is removed"),
        "{told}"
    );
    assert_eq!(home.run("bulk list -o id").success().stdout, "r\n");
    // A run by its name, even if it is not finished.
    home.run("bulk remove r --yes")
        .success()
        .stderr_has(&["after the removal", "run r is removed"]);
    assert_eq!(home.run("bulk list -o id").success().stdout, "");
}

#[test]
fn remove_warns_about_messages_before_removing() {
    let home = people(3);
    let jelou = Jelou::start(|user, _| {
        if user.ends_with('1') {
            Act::Reset { accepted: true }
        } else {
            Act::Accept
        }
    });
    send_with(&home, &jelou.url, &["--remember", "0"]).fails(10, &[]);
    let went_out = "warning: 3 messages were or may have been sent: after the removal, a later run can send them again";
    let told = home.run("bulk remove r").fails(11, &[went_out]).stderr;
    // Nothing else knows the outcome of one message.
    let undecided = "warning: run r: 1 message may have been sent, and only this run records them\nhint: to keep the list: \
                     jelouctl bulk report r --state unknown --state inflight --file r-unknown.csv";
    assert!(told.contains(undecided), "{told}");
    home.run("bulk remove --older-than 1ms")
        .fails(11, &[undecided]);
    home.run("bulk resolve r --unknown-as sent").success();
    home.run("bulk remove r --yes")
        .success()
        .stderr_has(&["3 messages were or may have been sent"])
        .stderr_lacks(&["1 message may have been sent"]);
    send_with(&home, &jelou.url, &["--limit", "1"]).success();
    home.run("bulk remove r").fails(
        11,
        &["warning: 1 message was or may have been sent: after the removal, a later run can send it again"],
    );
}

/// Runs the command this many days later, by the ledger's clock. The times in a database are set back. With a file, the
/// command gets another clock.
fn later(home: &Home, library: &str, days: u32) -> Vec<(&'static str, String)> {
    if home.change_database(&format!(
        "UPDATE run SET changed_at = changed_at - {}",
        u64::from(days) * 86_400_000
    )) {
        return Vec::new();
    }
    let days = format!("+{days}d");
    vec![
        ("LD_PRELOAD", library.to_owned()),
        ("FAKETIME", days),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

fn with<'a>(run: Run<'a>, variables: &[(&str, String)]) -> Run<'a> {
    variables
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
}

const IMPORT: &str = "bulk send people.csv --yes --run r --rate 1000000/s --hold text Hola";

#[test]
fn old_run_needs_confirmation_to_resume() {
    let Some(library) = faketime() else { return };
    let jelou = Jelou::accept_all();
    for (words, is_meant) in [
        ("bulk resume", false),
        ("bulk work r", false),
        ("bulk resume --yes", true),
    ] {
        let home = people(3);
        home.profile("prod", &jelou.url, "confirm_bulk = false");
        home.run(IMPORT).success();
        let (seen, clock) = (jelou.requests().len(), later(&home, &library, 40));
        // A machine that sends it together with others was started on purpose.
        let is_worker = words == "bulk work r";
        let run = with(home.run(words), &clock);
        if is_meant || is_worker {
            let ended = run.success();
            assert_eq!(counts(&ended.json()), [3, 0, 0, 0]);
        } else {
            let old = "run r last changed 40 d 0 h ago, and 3 messages are not sent yet";
            run.fails(
                11,
                &[
                    old,
                    "to send the rest: --yes",
                    "jelouctl bulk cancel r",
                    "nothing more was sent",
                ],
            );
        }
        assert_eq!(
            jelou.requests().len() - seen,
            if is_meant || is_worker { 3 } else { 0 },
            "{words}"
        );
    }
    // The kill of its process does not count as a change.
    let home = people(3);
    home.profile("prod", &jelou.url, "");
    home.run(IMPORT).success();
    home.change_store(
        "INSERT INTO worker (id, run, host, pid, who, connection, exchanges, lease_ms, joined_at, seen_at) \
         SELECT 1, id, 'h', 1, 'root at h', 1, 0, 1000, 0, 0 FROM run; \
         UPDATE row SET state = 'inflight', worker = 1, number = 1, began_at = 1, at = 1 WHERE n = 1",
    );
    let clock = later(&home, &library, 40);
    for _ in 0..2 {
        with(home.run("bulk resume"), &clock).fails(11, &["last changed 40 d 0 h ago"]);
    }
    // Two days are not long enough.
    let home = people(3);
    home.profile("prod", &jelou.url, "");
    home.run(IMPORT).success();
    let clock = later(&home, &library, 2);
    with(home.run("bulk resume"), &clock).success();
}

#[test]
fn resume_prompt_names_run_and_age() {
    let Some(library) = faketime() else { return };
    let home = people(3);
    let jelou = Jelou::expect_no_requests();
    home.profile("prod", &jelou.url, "");
    home.run(IMPORT).success();
    for (days, age) in [(0, ""), (1, "24 h 0 min")] {
        let clock = later(&home, &library, days);
        let mut variables: Vec<_> = clock
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        variables.push(("NO_COLOR", "1"));
        let (code, screen) = Terminal::new(&home, &["bulk", "resume"], &variables).confirm("n");
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, 11, "{screen}");
        assert!(
            screen.contains("Hola") && screen.contains("3 messages"),
            "{screen}"
        );
        let asked = [
            &format!("Run r last changed {age}"),
            " ago. Send 3 messages from bot BOT-ID",
        ];
        assert!(asked.iter().all(|part| screen.contains(*part)), "{screen}");
    }
}

#[test]
fn row_made_pending_during_start_is_checked() {
    let home = people(3);
    let jelou = Jelou::start(|to, before| match before {
        0 if to == user(0) => Act::Answer(400, "", "{}"),
        0 if to == user(1) => Act::Answer(401, "", "{}"),
        _ => Act::Accept,
    });
    let profile = home.profile("prod", &jelou.url, "do_not_contact = \"bajas.txt\"");
    home.write(".config/jelouctl/bajas.txt", user(9));
    home.run(IMPORT).success();
    home.run("bulk work r").fails(4, &[]);
    let [asked, go] = ["asked", "go"].map(|name| home.path().join(name).display().to_string());
    let waits = format!("touch {asked}; while [ ! -e {go} ]; do sleep 0.01; done; echo SECRET");
    let config = std::fs::read_to_string(&profile).unwrap();
    let secret = config
        .lines()
        .find(|line| line.starts_with("client_secret"))
        .unwrap();
    let waits = waits.replace("SECRET", secret.split('"').nth(1).unwrap());
    std::fs::write(
        &profile,
        config.replace(
            secret,
            &format!("client_secret_command = [\"sh\", \"-c\", \"{waits}\"]"),
        ),
    )
    .unwrap();
    let mut resume = home.command();
    resume.args(["bulk", "resume", "r", "--yes", "--progress", "none"]);
    let child = resume
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the secret is asked for", || {
        home.path().join("asked").exists()
    });
    home.write(
        ".config/jelouctl/bajas.txt",
        format!("{}\n{}", user(0), user(9)),
    );
    home.run("bulk resolve r --failed-as pending").success();
    home.write("go", "");
    let ended = end(child);
    assert_eq!(counts(&ended.json()), [2, 0, 0, 0], "{ended:?}");
    assert!(!jelou.accepted().contains_key(&user(0)));
}

#[test]
fn resume_accepts_an_exclusion_list() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.profile("prod", &jelou.url, "");
    home.run(IMPORT).success();
    home.write("bajas.txt", format!("{}\nAna\n", user(1)));
    home.run("bulk resume --yes --exclude bajas.txt").fails(
        2,
        &[
            "--exclude: bajas.txt: line 2: `Ana`",
            "nothing more was sent",
        ],
    );
    let ended = home
        .run("bulk resume --yes --exclude -")
        .stdin(user(1))
        .success();
    assert!(
        ended.stderr.contains(
            "1 row is skipped because the recipient is excluded by standard input: line 3"
        ),
        "{ended:?}"
    );
    assert_eq!(ended.json()["skipped_reasons"], json!({"excluded": 1}));
    assert!(!jelou.accepted().contains_key(&user(1)));
}

#[test]
fn real_run_precedes_sandbox_run() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.profile("prod", &jelou.url, "");
    home.run("--sandbox bulk send people.csv --run rehearsal --hold text Hola")
        .success();
    // The run is the default while it is the only one.
    home.run("bulk resolve --unknown-as sent")
        .success()
        .stderr_has(&["run rehearsal: no row has changed"]);
    home.run(IMPORT).success();
    for words in [
        "stop r",
        "cancel r --yes",
        "remove r --yes",
        "resolve r --unknown-as failed",
    ] {
        let refused = ["run r sends to real recipients", "outside the sandbox"];
        home.run(&format!("--sandbox bulk {words}"))
            .fails(2, &refused);
        home.run(&format!("bulk {words}"))
            .env("JELOUCTL_SANDBOX", &jelou.url)
            .fails(2, &refused);
    }
    home.run("--sandbox bulk resolve --unknown-as sent")
        .success()
        .stderr_has(&["run rehearsal: no row has changed"]);
    assert_eq!(
        home.run("--sandbox bulk status").success().json()["run"],
        "rehearsal"
    );
    home.run("bulk resolve --unknown-as sent")
        .success()
        .stderr_has(&["run r: no row has changed"]);
    assert_eq!(
        counts(&home.run("bulk resume --yes").success().json()),
        [3, 0, 0, 0]
    );
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn find_uses_the_profile_country() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.profile("prod", &jelou.url, "");
    home.write("people.csv", "to\n593987654321\n");
    home.run("bulk send people.csv --yes --run r text Hola")
        .success();
    home.run("bulk find 0987654321")
        .fails(2, &["has no country code"]);
    home.profile("prod", &jelou.url, "country = \"EC\"");
    let found = home.run("bulk find 0987654321").success().rows();
    assert_eq!((found.len(), &found[0]["to"]), (1, &json!("593987654321")));
}

/// Only for ledgers in files: a database uses the same statement for the name.
#[test]
fn sandbox_run_name_is_explained_as_such() {
    let home = people(2);
    let jelou = Jelou::accept_all();
    home.profile("p", &jelou.url, "");
    let rehearsal = "--sandbox bulk send people.csv --run hello text Hola";
    home.run(rehearsal).success();
    let sending = "bulk send people.csv --yes --run hello text Hola";
    home.run(sending).fails(
        2,
        &[
            "run hello already exists: it is a run of the sandbox",
            "to use the name again: jelouctl bulk remove hello",
            "nothing was sent",
        ],
    );
    home.run("bulk remove hello --yes").success();
    home.run(sending).success();
    home.run(sending)
        .fails(2, &["run hello already exists\n", "choose another name"])
        .stderr_lacks(&["sandbox"]);
}
