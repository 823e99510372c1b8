//! Real database servers that must not be used for a ledger, or that replaced another server.

use serde_json::{Value, json};

use crate::bulk_run::{Watched, counts, people, send, send_with, start, user};
use crate::bulk_server::Jelou;
use crate::harness::{Home, faketime, wait_until};
use crate::postgres::Cluster;
use crate::shared_ledger::{LOOKER, people_in_a_database, status};

/// Makes a run that takes some seconds.
const SLOWLY: &str = "bulk send people.csv --yes --run r --rate 200/s --hold text Hola";
const STALE: &str = "the ledger was copied or restored";
const REFUSED: [&str; 2] = [
    "run r is stale: the ledger was copied or restored",
    "hint: to see the rows that may have been sent: jelouctl bulk report r --state unknown; to send them, ",
];

/// Deletes the rows of every table.
const DELETE_ROWS: &str = "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables \
    WHERE schemaname = 'jelouctl' LOOP EXECUTE 'DELETE FROM jelouctl.' || quote_ident(name); END LOOP; END $$";

#[test]
fn server_without_durability_is_refused() {
    if Cluster::shared().is_none() {
        return;
    }
    let cluster = Cluster::start("");
    let home = people(3).on(cluster.ledger());
    let jelou = Jelou::expect_no_requests();
    cluster.sql("postgres", "ALTER SYSTEM SET fsync = off");
    cluster.sql("postgres", "SELECT pg_reload_conf()");
    wait_until("fsync is off", || {
        cluster.sql("postgres", "SHOW fsync")[0].get::<_, String>(0) == "off"
    });
    send(&home, &jelou.url).fails(3, &["the database could lose committed data: fsync is off"]);
    home.run("ledger setup")
        .fails(3, &["fsync is off", "turn it on"]);
    let checked = home.run("doctor --sandbox").end();
    assert!(
        checked.stdout.contains("bulk and --once do not work")
            && checked.stdout.contains("fsync is off"),
        "{checked:?}"
    );
}

#[test]
fn server_clock_before_release_prevents_sending() {
    if Cluster::shared().is_none() {
        return;
    }
    let Some(library) = faketime() else { return };
    let cluster = Cluster::start_at(&library, "1971-01-02 00:00:00");
    let home = people(3).on(cluster.ledger());
    let told = [
        "the clock of the database shows 1971-01-02T00:0",
        "before this jelouctl was released (20",
    ];
    send(&home, &Jelou::expect_no_requests().url).fails(11, &told);
}

#[test]
fn session_durability_overrides_the_database_setting() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    cluster.sql(
        "postgres",
        &format!("ALTER DATABASE {database} SET synchronous_commit = off"),
    );
    let home = people(3).on(cluster.url("app", &database));
    send(&home, &Jelou::accept_all().url).success();
}

#[test]
fn standby_is_refused_and_promotion_pauses_run() {
    if Cluster::shared().is_none() {
        return;
    }
    let primary = Cluster::start("");
    let database = primary.database();
    let home = people(6).on(primary.url("app", &database));
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let standby = primary.standby();
    let home = home.on(standby.url("app", &database));
    send(&home, &jelou.url).fails(3, &["the database is read-only, or a standby", "primary"]);
    home.run("bulk status r").fails(3, &["or a standby"]);
    drop(primary);
    standby.promote();
    assert_eq!(is_shown_as_unknown(&home)["paused"], json!(null));
    for words in ["bulk resume r", "bulk work r", "bulk resume r"] {
        home.another_machine()
            .run(words)
            .api(&jelou.url)
            .fails(11, &REFUSED);
    }
    assert!(jelou.requests().is_empty());
    home.another_machine().run("ledger accept --yes").success();
    let ended = home.run("bulk resume r").api(&jelou.url).success();
    assert_eq!(counts(&ended.json()), [6, 0, 0, 0]);
    home.run("bulk work r").api(&jelou.url).success();
    assert_eq!(jelou.requests().len(), 6);
}

/// Checks that every process detects the restored database, and sends nothing until you accept it.
fn is_refused_as_restored(home: &Home, url: &str) {
    for words in ["bulk work r", "bulk resume r --yes", "bulk work r"] {
        home.run(words).api(url).fails(11, &REFUSED);
    }
    home.run(&format!("send text --to {} Hola --once k", user(9)))
        .api(url)
        .fails(11, &[STALE, "hint: jelouctl ledger accept\n"]);
    is_shown_as_unknown(home);
}

/// Checks that the commands that show the run warn about it, and count no row as certainly unsent. Returns the status.
fn is_shown_as_unknown(home: &Home) -> Value {
    let look = |words: &str| home.run(words).fails(12, &["warning: run r: ", STALE]);
    let status = look("bulk status r").json();
    let of = |state: &str| status[state].as_u64().unwrap();
    assert_eq!(
        [of("pending"), of("inflight"), of("failed")],
        [0; 3],
        "{status}"
    );
    assert_eq!(
        (&status["reasons"]["stale"], &status["complete"]),
        (&status["unknown"], &json!(false)),
        "{status}"
    );
    assert!(
        status["stale"].as_str().unwrap().contains(STALE),
        "{status}"
    );
    let rows = look("bulk report r --format ndjson").stdout;
    assert_eq!(
        rows.matches("\"sent\":\"unknown\"").count() as u64,
        of("unknown")
    );
    assert!(!rows.contains("\"sent\":\"no\""));
    let found = look(&format!("bulk find {}", user(5))).stdout;
    assert!(
        found.lines().count() == 1 && !found.contains("\"sent\":\"no\""),
        "{found}"
    );
    assert_eq!(look("bulk list").json()["stale"], status["stale"]);
    look("bulk report r --file r.html --yes");
    assert!(
        home.read("r.html")
            .contains("The records of this run may be incomplete")
    );
    status
}

#[test]
fn dump_restored_during_a_run_pauses_it() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let home = people(600).on(cluster.url("app", &database));
    let jelou = Jelou::accept_all();
    home.run(SLOWLY).api(&jelou.url).success();
    let watched = Watched::new(start(&home, "bulk work r --timeout 10s", &[], &jelou.url));
    jelou.wait_for(60);
    let dump = cluster.dump(&database, &[]);
    jelou.wait_for(250);
    cluster.restore(&database, "DROP SCHEMA jelouctl CASCADE", &dump);
    let ended = watched.end();
    // The restore may have interrupted a statement of the process.
    assert!([11, 12].contains(&ended.code), "{ended:?}");
    is_refused_as_restored(&home, &jelou.url);
    let accepted = jelou.accepted();
    assert!(
        accepted.len() < 600 && accepted.values().max() == Some(&1),
        "{accepted:?}"
    );
    // You decide after the warning. Here every recipient may get the message twice.
    let ended = home
        .run("bulk resume r --accept-stale --rate 1000000/s")
        .api(&jelou.url)
        .end();
    assert_eq!(jelou.accepted().len(), 600);
    // Rows in flight in the dump belong to a process that no longer exists, so their outcome is unknown.
    let [sent, failed, unknown, skipped] = counts(&ended.json());
    assert!(
        sent + unknown == 600 && [failed, skipped] == [0; 2],
        "{ended:?}"
    );
    assert_eq!(ended.code, if unknown > 0 { 10 } else { 0 }, "{ended:?}");
}

#[test]
fn restored_database_is_detected_by_every_method() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    for (flags, before) in [
        (&[][..], "DROP SCHEMA jelouctl CASCADE"),
        (&["--clean", "--if-exists"], "SELECT 1"),
        (&["--data-only"], DELETE_ROWS),
    ] {
        let database = cluster.database();
        let home = people(20).on(cluster.url("app", &database));
        let jelou = Jelou::accept_all();
        send_with(&home, &jelou.url, &["--hold"]).success();
        let dump = cluster.dump(&database, flags);
        home.run("bulk work r").api(&jelou.url).success();
        cluster.restore(&database, before, &dump);
        // A role that may only read gets the warning, too, even before any sender has used the run.
        cluster.script("postgres", &database, LOOKER);
        is_shown_as_unknown(&Home::new().on(cluster.url("looker", &database)));
        is_refused_as_restored(&home, &jelou.url);
        assert_eq!(jelou.requests().len(), 20, "{flags:?}");
        home.run("bulk resume r --accept-stale")
            .api(&jelou.url)
            .success();
        home.run("bulk work r").api(&jelou.url).success();
        assert_eq!(status(&home)["stale"], json!(null));
    }
    // A copy of the database under another name.
    let database = cluster.database();
    let home = people(20).on(cluster.url("app", &database));
    let jelou = Jelou::expect_no_requests();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let home = home.on(cluster.url("app", &cluster.database_like(&database)));
    home.run("bulk work r").api(&jelou.url).fails(11, &REFUSED);
}

#[test]
fn database_maintenance_does_not_pause_a_run() {
    let Some(home) = people_in_a_database(20) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    for statement in [
        "VACUUM (FULL, FREEZE) jelouctl.message",
        "VACUUM (FULL, FREEZE) jelouctl.origin",
        "VACUUM FREEZE",
        "CLUSTER jelouctl.message USING message_pkey",
        "CLUSTER jelouctl.origin USING origin_pkey",
        "REINDEX SCHEMA jelouctl",
        "ANALYZE",
    ] {
        home.sql(statement);
    }
    home.run("bulk work r").api(&jelou.url).success();
    assert_eq!(jelou.requests().len(), 20);
}

#[test]
fn older_database_files_are_detected_by_the_sender() {
    if Cluster::shared().is_none() {
        return;
    }
    let cluster = Cluster::start("");
    let home = people(600).on(cluster.ledger());
    let jelou = Jelou::accept_all();
    home.run(SLOWLY).api(&jelou.url).success();
    let watched = Watched::new(start(&home, "bulk work r --timeout 10s", &[], &jelou.url));
    jelou.wait_for(60);
    cluster.keep_files();
    jelou.wait_for(250);
    cluster.put_files_back();
    let ended = watched.end();
    assert!(
        ended.code == 11 && REFUSED.iter().all(|line| ended.stderr.contains(line)),
        "{ended:?}"
    );
    is_refused_as_restored(&home, &jelou.url);
    assert_eq!(jelou.accepted().values().max(), Some(&1));
}

#[test]
fn pooler_that_drops_session_settings_is_refused() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let jelou = Jelou::expect_no_requests();
    // The pooler drops all session settings, with or without an error.
    for settings in ["", "ignore_startup_parameters = options"] {
        for mode in ["session", "transaction"] {
            let Some(pooler) = cluster.pooler(mode, settings) else {
                return;
            };
            let home = people(3).on(pooler.url(&cluster.database()));
            send(&home, &jelou.url).fails(
                3,
                &[
                    "a connection pooler drops",
                    "connect to the database without it",
                ],
            );
        }
    }
}

/// A setting of one session stays in the server process, which the next session gets.
#[test]
fn pooler_that_shares_session_settings_is_refused() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let settings = "ignore_startup_parameters = options\ndefault_pool_size = 1";
    let Some(pooler) = cluster.pooler("transaction", settings) else {
        return;
    };
    pooler.script(
        &database,
        "SET statement_timeout = '57s'; SET search_path = jelouctl, pg_temp",
    );
    let home = Home::new().on(pooler.url(&database));
    home.run("bulk list")
        .fails(3, &["a connection pooler drops", "they did not arrive"]);
}
