//! `bulk exclude`: the server counts the messages to the recipients that the ledger excludes.

use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use serde_json::json;

use crate::bulk_run::{counts, people, send_with, user, users};
use crate::bulk_server::Jelou;
use crate::harness::{Home, STATE, test_with_both_ledgers};

test_with_both_ledgers! {
    excluded_recipient_of_a_running_run_is_skipped,
    exclusion_holds_for_waiting_runs_and_new_lists,
    listed_exclusions_can_be_added_again,
}

/// Sends the list `people.csv` one by one. Does `work` while the first message is in flight.
fn during_a_run(
    home: &Home,
    (jelou, arrived, go): &(Jelou, Receiver<()>, Sender<()>),
    work: impl FnOnce(),
) {
    let ended = thread::scope(|scope| {
        let run = scope.spawn(|| send_with(home, &jelou.url, &["--concurrency", "1"]).end());
        arrived.recv().unwrap();
        work();
        // A response for each row, and more than enough for the excluded ones.
        (0..100).for_each(|_| go.send(()).unwrap());
        run.join().unwrap()
    });
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(counts(&ended.json()), [4, 0, 0, 0]);
    assert_eq!(ended.json()["skipped_reasons"], json!({ "excluded": 2 }));
}

#[test]
fn excluded_recipient_of_a_running_run_is_skipped() {
    let home = people(6);
    let held = Jelou::hold_responses();
    during_a_run(&home, &held, || {
        let entries = format!("bulk exclude add {} +{}", user(3), user(5));
        home.run(&entries).success();
    });
    assert_eq!(held.0.times(&users(0..6)), [1, 1, 1, 0, 1, 0]);
    let codes: Vec<_> = home
        .report("r")
        .iter()
        .map(|row| [row["code"].clone(), row["error"].clone()])
        .filter(|row| !row[0].is_null())
        .collect();
    let excluded = json!(["excluded", "the recipient is excluded in the ledger"]);
    assert_eq!(json!(codes), json!([excluded, excluded]));
}

#[test]
fn exclusion_holds_for_waiting_runs_and_new_lists() {
    let home = people(4);
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.run(&format!("bulk exclude add {}", user(1))).success();
    let resumed = home.run("bulk resume r").api(&jelou.url).success();
    assert_eq!(resumed.json()["skipped_reasons"], json!({ "excluded": 1 }));
    home.write("more.csv", format!("celular\n{}\n{}\n", user(1), user(9)));
    home.run("bulk send more.csv --yes --run more text Oferta")
        .api(&jelou.url)
        .success()
        .stderr_has(&["1 row is skipped because the recipient is excluded in the ledger: line 2"]);
    // It is no matter of a single send.
    home.run(&format!("send text Alerta --to {}", user(1)))
        .api(&jelou.url)
        .success();
    home.run(&format!("bulk exclude remove +{}", user(1)))
        .success();
    home.run("bulk send more.csv --yes --run again --skip-sent text Oferta")
        .api(&jelou.url)
        .success();
    assert_eq!(jelou.times(&users(0..4)), [1, 2, 1, 1]);
    assert_eq!(jelou.accepted()[&user(9)], 1);
}

#[test]
fn single_recipient_is_named_as_it_was_understood() {
    let home = Home::new();
    for (line, told) in [
        ("add 0987654321", "excluded 593987654321 in the ledger"),
        (
            "add 0987654321",
            "593987654321 was already excluded in the ledger",
        ),
        (
            "remove 0987654321",
            "removed 593987654321 from the exclusions",
        ),
        (
            "remove 0987654321",
            "593987654321 was not excluded in the ledger",
        ),
    ] {
        home.run(&format!("bulk exclude {line} --country EC"))
            .success()
            .stderr_has(&[told])
            .stderr_lacks(&["recipient"]);
    }
}

#[test]
fn listed_exclusions_can_be_added_again() {
    let home = Home::new();
    let first = "593987654321\n\n# asked by mail\n+52 1 55 1234 5678 # Ana\nid:U1\nUS.13491208655302741918\n";
    home.write("bajas.txt", first);
    home.run("bulk exclude add bajas.txt 525512345678 --reason BAJA")
        .success()
        .stderr_has(&["excluded 4 recipients in the ledger"]);
    let listed = home.run("bulk exclude list -o id").success().stdout;
    let again = home.run("bulk exclude add -").stdin(listed.as_bytes());
    again
        .success()
        .stderr_has(&["4 recipients were already excluded"])
        .stderr_lacks(&["excluded 0"]);
    let removed = home
        .run("bulk exclude remove - 593987654329")
        .stdin(listed.as_bytes());
    removed.success().stderr_has(&[
        "removed 4 recipients from the exclusions",
        "1 recipient was not excluded",
    ]);
    home.run("bulk exclude list")
        .success()
        .stderr_has(&["excludes no one"]);
    home.run("bulk exclude add -")
        .stdin(listed.as_bytes())
        .success();
    let row = home
        .run("bulk exclude check 5215512345678")
        .success()
        .json();
    assert_eq!(row["excluded"], true);
    assert_eq!(home.run("bulk exclude list").success().rows().len(), 4);
}

#[test]
fn entry_that_is_no_recipient_adds_nothing() {
    let home = Home::new();
    home.write("bajas.txt", "593987654321\n\nhola\n0987654321\n59398\n");
    home.run("bulk exclude add +593987654322 bajas.txt").fails(
        2,
        &[
            "bajas.txt: 3 lines have no valid recipient",
            "line 3: `hola` is not a phone number",
            "line 4: `0987654321`",
            "line 5: `59398` has 5 digits",
        ],
    );
    home.run("bulk exclude add 593987654321 nada.txt")
        .fails(2, &["there is no file nada.txt, and it is not a recipient"]);
    home.run("bulk exclude add --dry-run 593987654321")
        .fails(2, &["would change who gets a message"]);
    assert_eq!(home.run("bulk exclude list").success().stdout, "");
    home.run("bulk exclude add bajas.txt --country EC")
        .fails(2, &["bajas.txt: 2 lines have no valid recipient"]);
    home.write("bajas.txt", "0987654321\n");
    home.run("bulk exclude add bajas.txt --country EC")
        .success();
    assert_eq!(
        home.run("bulk exclude list -o id").success().stdout,
        "+593987654321\n"
    );
}

#[test]
fn exclusion_names_its_ledger_reason_and_author() {
    let home = Home::new();
    home.profile("p", "http://127.0.0.1:9", "log = \"audit.log\"");
    let ledger = home.path().join(STATE).join("state.db");
    let ledger = ledger.display().to_string();
    let unknown = home.run("bulk exclude check 593987654321").success().json();
    assert_eq!(
        (&unknown["excluded"], &unknown["ledger"]),
        (&json!(false), &json!(ledger))
    );
    home.run("bulk exclude add 593987654321 --reason")
        .args(&["escribió BAJA"])
        .success();
    let found = home
        .run("bulk exclude check +593-98-765-4321")
        .success()
        .json();
    assert_eq!(found["reason"], "escribió BAJA");
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    assert!(
        found["excluded_by"].as_str().unwrap().ends_with(&*host),
        "{found}"
    );
    assert!(
        found["excluded_at"].as_str().unwrap().starts_with("20"),
        "{found}"
    );
    let checked = home.run("doctor --offline").end().stdout;
    assert!(
        checked.contains("lists skip 1 recipient of bulk exclude"),
        "{checked}"
    );
    home.run("bulk exclude remove 593987654321").success();
    let log = home.read(&format!("{}/audit.log", crate::harness::CONFIG));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            json!([
                line["event"],
                line["command"],
                line["recipients"],
                line["ledger"]
            ])
        })
        .collect();
    let expected = ["add", "remove"]
        .map(|change| json!(["exclusion", format!("bulk exclude {change}"), 1, ledger]));
    assert_eq!(lines, expected);
}

#[test]
fn sandbox_has_its_own_exclusions() {
    let home = people(2);
    home.run(&format!("bulk exclude add {}", user(0))).success();
    home.run(&format!("--sandbox bulk exclude add {}", user(1)))
        .success()
        .stderr_has(&[
            &format!("excluded {} in the ledger", user(1)),
            "state.db (sandbox)",
        ]);
    for (flag, found) in [("", user(0)), ("--sandbox", user(1))] {
        let listed = home.run(&format!("{flag} bulk exclude list")).success();
        let listed = listed.rows().remove(0);
        let in_sandbox = json!(!flag.is_empty());
        let checked = home.run(&format!("{flag} bulk exclude check {found}"));
        let checked = checked.success().json();
        for shown in [&listed, &checked] {
            assert_eq!(shown["recipient"], found);
            assert_eq!(shown["sandbox"], in_sandbox);
        }
    }
    let sent = home
        .run("--sandbox bulk send people.csv --yes --run r text Hola")
        .success()
        .json();
    assert_eq!(sent["skipped_reasons"], json!({ "excluded": 1 }));
    let codes: Vec<_> = home
        .report("r")
        .iter()
        .map(|row| row["code"].clone())
        .collect();
    assert_eq!(json!(codes), json!([null, "excluded"]));
    let shown = home.run("--sandbox bulk exclude list -o id").success();
    assert_eq!(shown.stdout, format!("+{}\n", user(1)));
}

#[test]
fn ledger_of_another_version_passes_its_exclusions_on() {
    let home = people(2);
    home.run(&format!("bulk exclude add {} --reason BAJA", user(0)))
        .success();
    home.change_store("PRAGMA user_version = 26");
    let state = home.path().join(STATE).display().to_string();
    home.run("bulk list").fails(
        12,
        &[
            "has version 26, older than this jelouctl reads",
            &format!("then: mv {state} {state}.v26"),
        ],
    );
    std::fs::rename(&state, format!("{state}.v26")).unwrap();
    let found = home
        .run(&format!("bulk exclude check {}", user(0)))
        .success()
        .json();
    assert_eq!(
        (&found["excluded"], &found["reason"]),
        (&json!(true), &json!("BAJA"))
    );
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &[]).success();
    assert_eq!(jelou.times(&users(0..2)), [0, 1]);
}

#[test]
fn new_ledger_takes_over_the_exclusions_of_all_old_ones() {
    let home = Home::new();
    let state = home.path().join(STATE).display().to_string();
    let old = format!("{state}.old");
    // The last one is moved into the first, as `mv` does.
    let places = [
        old.clone(),
        format!("{state}.v26"),
        format!("{state}.v26_2"),
        format!("{old}/jelouctl"),
    ];
    let numbers = [1, 2, 3, 4].map(|number| format!("59398765432{number}"));
    for (number, place) in numbers.iter().zip(&places) {
        let other = Home::new();
        other.run(&format!("bulk exclude add {number}")).success();
        other.change_store("PRAGMA user_version = 26");
        std::fs::create_dir_all(std::path::Path::new(place).parent().unwrap()).unwrap();
        crate::harness::tool(
            std::process::Command::new("cp")
                .arg("-r")
                .args([&other.path().join(STATE).display().to_string(), place]),
        );
    }
    let told = format!("the new ledger took over 1 exclusion from {old}/jelouctl");
    home.run(&format!("bulk exclude check {}", numbers[3]))
        .success()
        .stderr_has(&[&told]);
    let listed = home.run("bulk exclude list -o id").success().stdout;
    assert_eq!(listed.lines().count(), 4, "{listed}");
    home.change_store("PRAGMA user_version = 26");
    home.run("bulk list")
        .fails(12, &[&format!("then: mv {state} {state}.v26_3")]);
}

/// A process that was killed leaves its last changes in the log.
#[test]
fn old_ledger_passes_on_what_its_log_has() {
    let home = Home::new();
    home.run("bulk exclude add 593987654321").success();
    let state = home.path().join(STATE);
    let held = rusqlite::Connection::open(state.join("state.db")).unwrap();
    let read = "SELECT count(*) FROM run";
    held.query_row(read, [], |row| row.get::<_, i64>(0))
        .unwrap();
    home.run("bulk exclude add 593987654322").success();
    let old = format!("{}.v27", state.display());
    crate::harness::tool(
        std::process::Command::new("cp")
            .arg("-r")
            .args([&state.display().to_string(), &old]),
    );
    drop(held);
    let log = format!("{old}/state.db-wal");
    let without = format!("{log}.moved");
    std::fs::rename(&log, &without).unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    let lacks = format!("it lacks the last changes, which were in {log}");
    home.run("bulk exclude list").fails(12, &[&lacks]);
    std::fs::rename(&without, &log).unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    let listed = home.run("bulk exclude list").success().rows();
    assert_eq!(listed.len(), 2, "{listed:?}");
}

#[test]
fn old_ledger_that_cannot_be_read_is_an_error() {
    let home = Home::new();
    let old = format!("{}.v26", home.path().join(STATE).display());
    std::fs::create_dir_all(&old).unwrap();
    let refused = format!("the exclusions of the old ledger {old}/state.db cannot be copied: ");
    for damaged in [None, Some("text"), Some("")] {
        if let Some(text) = damaged {
            std::fs::write(format!("{old}/state.db"), text).unwrap();
        }
        home.run("bulk exclude add 593987654321")
            .fails(12, &[&refused]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn database_of_another_version_passes_its_exclusions_on() {
    let Some(cluster) = crate::postgres::Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let home = Home::new().on(cluster.url("postgres", &database));
    home.run("bulk exclude add 593987654321 --reason BAJA")
        .success();
    home.change_database("UPDATE store SET version = 26");
    home.run("bulk list").fails(
        3,
        &[
            "has version 26, older than this jelouctl reads",
            "`ALTER SCHEMA jelouctl RENAME TO jelouctl_v26` and `jelouctl ledger setup`",
        ],
    );
    cluster.sql(&database, "ALTER SCHEMA jelouctl RENAME TO jelouctl_v26");
    home.run("ledger setup")
        .success()
        .stderr_has(&["the new ledger took over 1 exclusion from jelouctl_v26"]);
    let found = home.run("bulk exclude check 593987654321").success().json();
    assert_eq!(
        (&found["excluded"], &found["reason"]),
        (&json!(true), &json!("BAJA"))
    );
    home.change_database("UPDATE store SET version = 26");
    home.run("bulk list")
        .fails(3, &["RENAME TO jelouctl_v26_2` and"]);
    cluster.sql(&database, "ALTER SCHEMA jelouctl RENAME TO jelouctl_old");
    cluster.sql(&database, "UPDATE jelouctl_old.store SET version = 27");
    cluster.sql(&database, "DROP TABLE jelouctl_old.exclusion");
    let refused = home.run("ledger setup").end();
    let told = "the schema jelouctl_old has no table exclusion";
    assert!(
        refused.code != 0 && refused.stderr.contains(told),
        "{refused:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn exclusion_of_another_machine_counts_during_a_run() {
    let Some(home) = crate::shared_ledger::people_in_a_database(6) else {
        return;
    };
    let held = Jelou::hold_responses();
    let other = home.another_machine();
    during_a_run(&home, &held, || {
        other.write("bajas.txt", format!("{}\n{}\n", user(2), user(4)));
        other
            .run("bulk exclude add bajas.txt")
            .success()
            .stderr_has(&["excluded 2 recipients in the ledger postgres://app@"]);
    });
    assert_eq!(held.0.times(&users(0..6)), [1, 1, 0, 1, 0, 1]);
}

#[cfg(target_os = "linux")]
#[test]
fn two_machines_exclude_and_remove_at_once() {
    let Some(home) = crate::shared_ledger::people_in_a_database(0) else {
        return;
    };
    let homes = [home.another_machine(), home];
    let lists = [users(0..300), users(200..500)].map(|users| users.join("\n"));
    thread::scope(|scope| {
        for (home, list) in homes.iter().zip(&lists) {
            scope.spawn(move || {
                for change in ["add", "remove", "add"] {
                    let words = format!("bulk exclude {change} -");
                    home.run(&words).stdin(list.as_bytes()).success();
                }
            });
        }
    });
    let left = homes[0].run("bulk exclude list -o id").success().stdout;
    // Each machine adds its list again, so no removal is the last change.
    assert_eq!(left.lines().count(), 500);
}

/// Others do not wait for the upload of a long list.
#[cfg(target_os = "linux")]
#[test]
fn list_is_uploaded_before_the_ledger_is_locked() {
    let Some(home) = crate::shared_ledger::people_in_a_database(0) else {
        return;
    };
    home.run("bulk exclude add 593987654321").success();
    // The temporary table of the recipients.
    let uploaded = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE wait_event_type = 'Lock' \
        AND datname = current_database() AND locktype = 'relation' AND mode = 'AccessExclusiveLock' AND granted";
    thread::scope(|scope| {
        home.while_holding("BEGIN; SELECT 1 FROM jelouctl.store FOR UPDATE", || {
            scope.spawn(|| home.run("bulk exclude add 593987654322").success());
            crate::harness::wait_until("the list is uploaded, and the command waits", || {
                home.sql(uploaded)[0].get::<_, i64>(0) > 0
            });
        });
    });
    assert_eq!(home.run("bulk exclude list").success().rows().len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn missing_right_names_the_grant() {
    let Some(cluster) = crate::postgres::Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let home = Home::new().on(cluster.url("app", &database));
    home.run("bulk exclude add 593987654321").success();
    home.change_database(crate::shared_ledger::LOOKER);
    let looker = Home::new().on(cluster.url("looker", &database));
    looker.run("bulk exclude add 593987654322").fails(
        3,
        &[
            "may not use the ledger",
            "GRANT jelouctl_sender TO \"looker\"",
        ],
    );
    let found = looker.run("bulk exclude check 593987654321").success();
    assert_eq!(found.json()["excluded"], true);
}
