//! Runs with a ledger in a database. Several machines, each with a separate home, send one run.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::{Watched, counts, end, people, send, send_with, signal, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, STATE, faketime, user_name, wait_until};
use crate::postgres::Cluster;
use crate::terminal::Terminal;
use crate::tls::authority;

pub(crate) const LOOKER: &str = "DO $$ BEGIN CREATE ROLE looker LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; \
                                 GRANT jelouctl_reader TO looker";

/// Creates a home with a list of this many recipients and a separate database. None if tests with a database are
/// skipped.
pub(crate) fn people_in_a_database(rows: usize) -> Option<Home> {
    Some(people(rows).on(Cluster::shared()?.ledger()))
}

/// Returns the kinds of a run's events, in order.
pub(crate) fn events(home: &Home) -> Vec<String> {
    home.sql("SELECT kind FROM jelouctl.event ORDER BY number")
        .iter()
        .map(|row| row.get(0))
        .collect()
}

pub(crate) fn status(home: &Home) -> Value {
    home.run("bulk status r").success().json()
}

#[test]
fn database_address_is_enough_to_manage_runs() {
    let Some(home) = people_in_a_database(300) else {
        return;
    };
    let jelou = Jelou::start(|user, _| {
        if user.ends_with('7') {
            Act::Answer(422, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &jelou.url).fails(10, &["note: run r: 300 messages from bot BOT-ID"]);
    let other = home.another_machine();
    let report = other.report("r");
    assert_eq!(
        (report.len(), &report[7]["code"], &report[7]["http_status"]),
        (300, &json!("rejected"), &json!(422))
    );
    let found = other.run_args(&["bulk", "find", &user(0)]).success().json();
    assert_eq!(
        (&found["run"], &found["sent"]),
        (&json!("r"), &json!("yes"))
    );
    let list = other.run("bulk list").success().json();
    assert_eq!(
        (counts(&list), &list["complete"], &list["bot_id"]),
        ([270, 30, 0, 0], &json!(true), &json!("BOT-ID"))
    );
    assert_eq!(events(&home), ["begun", "ended"]);
    // `bulk resolve` lets the failed rows be sent again.
    other.run("bulk resolve r --failed-as pending").success();
    other.run("bulk resume r").api(&jelou.url).fails(10, &[]);
    other.run("bulk remove r --yes").success();
    assert_eq!(other.run("bulk list").success().stdout, "");
    // No part of the ledger is in a file.
    assert!(!home.path().join(STATE).exists() && !other.path().join(STATE).exists());
}

#[test]
fn rate_limit_acts_equally_in_either_ledger() {
    const PAIR: &str = r#"{"error":{"code":131056,"message":"Too many to this recipient"}}"#;
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    for (answer, rows, slows, stops) in [
        (Act::Answer(429, "", "{}"), 1, true, false),
        (Act::Answer(429, "Retry-After: 1\r\n", "{}"), 1, true, true),
        // A burst of rate limits.
        (Act::Answer(429, "", "{}"), 8, true, true),
        (Act::Answer(422, "", "{}"), 8, false, false),
        (Act::Answer(400, "", PAIR), 1, false, false),
    ] {
        let home = people(30).on(cluster.ledger());
        let case = format!("{rows} rows: {answer:?}");
        // After the first eleven rows, the run sends as many rows in parallel as it may.
        let limited: Vec<_> = (15..15 + rows).map(user).collect();
        let jelou = Jelou::start(move |user, before| match before {
            0 if limited.iter().any(|limited| limited == user) => answer.clone(),
            _ => Act::Accept,
        });
        send(&home, &jelou.url).end();
        let query = "SELECT (pace::json->>'cut_at')::float8 > 0, \
                     (pace::json->>'stopped_until')::float8 > created_at FROM jelouctl.run";
        let [run] = &home.sql(query)[..] else {
            panic!("{case}")
        };
        assert_eq!(
            (run.get::<_, bool>(0), run.get::<_, bool>(1)),
            (slows, stops),
            "{case}"
        );
    }
}

#[test]
fn three_machines_send_each_row_once() {
    let Some(home) = people_in_a_database(2000) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let made = send_with(&home, &jelou.url, &["--hold"]).success();
    assert_eq!(counts(&made.json()), [0, 0, 0, 2000]);
    assert!(made.stderr.contains("jelouctl bulk work r"), "{made:?}");
    let homes = [(); 3].map(|()| home.another_machine());
    let workers = homes
        .each_ref()
        .map(|home| start(home, "bulk work", &[], &jelou.url));
    let ended = workers.map(end);
    for worker in &ended {
        assert_eq!(worker.code, 0, "{worker:?}");
        assert_eq!(counts(&worker.json()), [2000, 0, 0, 0]);
    }
    let accepted = jelou.accepted();
    assert_eq!((accepted.len(), accepted.values().max()), (2000, Some(&1)));
    let told = status(&home);
    assert_eq!(
        (&told["workers"], &told["paused"]),
        (&json!([]), &json!(null)),
        "who has left is no worker"
    );
    let shares = home.sql("SELECT count(*) FROM jelouctl.row GROUP BY worker");
    assert!(shares.len() > 1, "only one of them sent");
}

#[test]
fn suspended_worker_with_expired_rows_sends_none() {
    let Some(home) = people_in_a_database(4000) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let child = start(
        &home,
        "bulk work --timeout 3s --concurrency 64",
        &[],
        &jelou.url,
    );
    jelou.wait_for(200);
    signal(&child, Signal::STOP);
    home.run("bulk stop r").success();
    let by = format!("{} as app at ", user_name());
    let over = "SELECT pg_sleep_until(to_timestamp(max(seen_at + lease_ms) / 1000.0))::text FROM jelouctl.worker";
    home.sql(over);
    let seen = jelou.requests().len();
    signal(&child, Signal::CONT);
    let ended = end(child);
    // The requests in flight got no response in time, which may also end the process.
    assert!([8, 11].contains(&ended.code), "{ended:?}");
    // The process may be suspended after it checks the clock and before it writes to the socket.
    let late = jelou.requests().len() - seen;
    assert!(late <= 1, "{late} rows left after their lease");
    let told = status(&home);
    assert!(
        told["paused"]["by"].as_str().unwrap().starts_with(&by),
        "{told}"
    );
    // `bulk work` does not resume a paused run; `bulk resume` does.
    home.run("bulk work r").api(&jelou.url).fails(
        11,
        &[&format!(
            "run paused: stopped by `jelouctl bulk stop` ({by}"
        )],
    );
    let ended = home.run("bulk resume r").api(&jelou.url).end();
    let [sent, failed, unknown, pending] = counts(&ended.json());
    assert_eq!((sent + unknown, failed, pending), (4000, 0, 0), "{ended:?}");
    let accepted = jelou.accepted();
    assert_eq!(accepted.values().max(), Some(&1));
    assert!(accepted.len() as u64 >= sent, "{ended:?}");
}

#[test]
fn killed_worker_rows_are_unknown_and_others_continue() {
    let Some(home) = people_in_a_database(30) else {
        return;
    };
    // After the first eleven messages the run sends in parallel. The server never answers later ones.
    let jelou = Jelou::start(|user, _| {
        if user.parse::<u64>().unwrap() < 593_990_000_015 {
            Act::Accept
        } else {
            Act::Hang { accepted: true }
        }
    });
    send_with(&home, &jelou.url, &["--hold"]).success();
    let mut child = start(
        &home,
        "bulk work --timeout 60s --concurrency 4",
        &[],
        &jelou.url,
    );
    jelou.wait_for(19);
    child.kill().unwrap();
    child.wait().unwrap();
    home.sql("UPDATE jelouctl.worker SET seen_at = seen_at - 30000");
    let (_, screen) = Terminal::new(&home, &["bulk", "status", "r"], &[]).end();
    assert!(screen.contains(" sent, 4 in flight"), "{screen}");
    // Expire the lease now, because it takes two minutes.
    home.sql("UPDATE jelouctl.worker SET seen_at = 0");
    // `bulk status` reports these rows as unknown, although no other process has used the run since.
    let told = status(&home);
    assert_eq!(
        [&told["unknown"], &told["inflight"]],
        [&json!(4), &json!(0)],
        "{told}"
    );
    assert_eq!(
        (&told["reasons"], &told["complete"]),
        (&json!({"unknown": 4}), &json!(false)),
        "{told}"
    );
    let (_, screen) = Terminal::new(&home, &["bulk", "status", "r"], &[]).end();
    assert!(screen.contains("4 may have been sent\r\n"), "{screen}");
    let look = |words: &str| home.run(words).success();
    let listed = look("bulk list -o record").json();
    assert_eq!(
        [&listed["unknown"], &listed["inflight"]],
        [&json!(4), &json!(0)],
        "{listed}"
    );
    let report = look("bulk report r --state unknown").stdout;
    assert_eq!(
        report
            .matches("the process that sent it no longer responds: ")
            .count(),
        4,
        "{report}"
    );
    assert_eq!(
        look("bulk report r --state inflight --format ndjson").stdout,
        ""
    );
    let found = look(&format!("bulk find {}", user(15))).json();
    assert_eq!(
        (&found["state"], &found["code"]),
        (&json!("unknown"), &json!("unknown")),
        "{found}"
    );
    let accepting = Jelou::accept_all();
    // The run has stored the API's address, so the database must get the new address.
    let moved = format!(
        "UPDATE run SET details = replace(details, '{}', '{}')",
        jelou.url, accepting.url
    );
    home.change_database(&moved);
    let ended = home.run("bulk work r").api(&accepting.url).end();
    assert_eq!(ended.code, 10, "{ended:?}");
    assert_eq!(counts(&ended.json()), [26, 0, 4, 0]);
    let report = home.run("bulk report r --state unknown").success().stdout;
    assert_eq!(report.matches("no longer responds").count(), 4, "{report}");
    // The process may still send these rows if it is only suspended.
    let doubtful = home.run("bulk resolve r --unknown-as pending");
    doubtful.fails(
        11,
        &[
            "4 rows at",
            "may still send",
            "hint: stop that process, then add --yes\n",
        ],
    );
}

#[test]
fn too_many_unknown_rows_pause_every_process() {
    let Some(home) = people_in_a_database(100) else {
        return;
    };
    let jelou = Jelou::start(|_, _| Act::Reset { accepted: true });
    send(&home, &jelou.url).fails(8, &["run paused"]);
    let told = status(&home);
    assert_eq!(told["paused"]["reason"], json!("unknown"), "{told}");
    let seen = jelou.requests().len();
    // A platform that restarts the container causes no more unknown rows.
    home.another_machine()
        .run("bulk work r")
        .api(&jelou.url)
        .fails(8, &["run paused", "bulk resume r"]);
    assert_eq!(jelou.requests().len(), seen);
}

#[test]
fn machines_keep_the_row_order_per_recipient() {
    let Some(home) = people_in_a_database(0) else {
        return;
    };
    home.write(
        "people.csv",
        "to,nombre\n593987654321,uno\n593987654321,dos\n",
    );
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let homes = [(); 2].map(|()| home.another_machine());
    let ended = homes
        .each_ref()
        .map(|home| start(home, "bulk work", &[], &jelou.url))
        .map(end);
    assert!(ended.iter().all(|worker| worker.code == 0), "{ended:?}");
    let seen = jelou.requests();
    let texts: Vec<_> = seen
        .iter()
        .map(|seen| seen.received.json()["text"].clone())
        .collect();
    assert_eq!(texts, [json!("Hola uno"), json!("Hola dos")]);
    assert!(
        seen[1].at - seen[0].at >= Duration::from_millis(5900),
        "WhatsApp would refuse the second"
    );
}

#[test]
fn reader_role_cannot_send() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let home = people(3).on(cluster.url("app", &database));
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url).success();
    home.change_database(LOOKER);
    let other = Home::new().on(cluster.url("looker", &database));
    assert_eq!(counts(&status(&other)), [3, 0, 0, 0]);
    other.write("people.csv", "to,nombre\n593987654321,uno\n");
    for words in [
        "bulk send people.csv --yes --run s text Hola",
        "bulk deliveries r",
    ] {
        other
            .run(words)
            .api(&jelou.url)
            .fails(3, &["may not use the ledger", "GRANT jelouctl_sender"]);
    }
    let checked = other.run("doctor --sandbox -o response").end().stdout;
    let told = checked
        .lines()
        .skip_while(|line| !line.contains("can read, but not send"))
        .take(2)
        .collect::<String>();
    assert!(
        told.starts_with("warning  ledgers:") && told.contains("GRANT jelouctl_sender"),
        "{checked}"
    );
    home.change_database(
        "DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN END $$",
    );
    let stranger = cluster.url("stranger", &database);
    other
        .run("bulk list")
        .env("JELOUCTL_LEDGER", stranger)
        .fails(3, &["may not use the ledger"]);
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn unusable_database_is_reported_before_sending() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let home = people(3);
    let url = crate::server::refused_url();
    let refused = |ledger: &str, code: i32, parts: &[&str]| {
        send(&home, &url)
            .env("JELOUCTL_LEDGER", ledger)
            .fails(code, parts);
    };
    refused(
        &cluster.url("app", "nowhere"),
        3,
        &["does not exist", "createdb"],
    );
    let narrow =
        "CREATE DATABASE narrow ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    cluster.sql("postgres", narrow);
    let told = [
        "the encoding of the database is LATIN1; a ledger needs UTF8",
        "createdb --encoding UTF8",
    ];
    refused(&cluster.url("app", "narrow"), 3, &told);
    home.run("ledger setup")
        .env("JELOUCTL_LEDGER", cluster.url("app", "narrow"))
        .fails(3, &told);
    refused(
        &cluster.url("postgres", "postgres"),
        3,
        &["has no ledger", "jelouctl ledger setup"],
    );
    let database = cluster.database();
    cluster.script(
        "postgres",
        &database,
        "UPDATE jelouctl.store SET version = 99",
    );
    refused(
        &cluster.url("app", &database),
        3,
        &["version 99, newer", "use the newer jelouctl"],
    );
    cluster.script(
        "postgres",
        &database,
        "UPDATE jelouctl.store SET version = 0",
    );
    refused(
        &cluster.url("app", &database),
        3,
        &[
            "version 0, older",
            "ALTER SCHEMA jelouctl RENAME TO jelouctl_v0",
        ],
    );
    for words in [
        "bulk work",
        "bulk resume",
        "bulk find 593987654321",
        "bulk resolve --unknown-as sent",
        "ledger setup",
    ] {
        let run = home
            .run(words)
            .api(&url)
            .env("JELOUCTL_LEDGER", cluster.url("postgres", &database));
        run.fails(
            3,
            &[
                "version 0, older",
                "finish its runs with the jelouctl version that created it",
            ],
        );
    }
    let database = cluster.database();
    cluster.script(
        "postgres",
        &database,
        &format!("ALTER DATABASE {database} SET default_transaction_read_only = on"),
    );
    refused(
        &cluster.url("app", &database),
        3,
        &["read-only", "pass the address of the primary"],
    );
    refused("postgres://app@127.0.0.1:1/j", 12, &["is not available"]);
    refused(
        "mysql://app@127.0.0.1/j",
        3,
        &["JELOUCTL_LEDGER", "not the URL of a PostgreSQL database"],
    );
    refused(
        "postgres://app@db.example/j?sslmode=prefer",
        3,
        &["sslmode=prefer"],
    );
    home.run("bulk list --ledger postgres://app:canary@127.0.0.1/j")
        .fails(3, &["must not contain a password"]);
    home.config("[profiles.p]\nbot_id = \"1\"\nledger = \"postgres://app:canary@127.0.0.1/j\"\n");
    home.run("bulk list")
        .fails(3, &["profile p", "must not contain a password"]);
}

#[test]
fn session_uses_the_required_isolation_level() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let strict = format!(
        "ALTER DATABASE {database} SET default_transaction_isolation = 'repeatable read'; \
         CREATE FUNCTION jelouctl.watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF current_setting('transaction_isolation') <> 'read committed' THEN RAISE 'it is not'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON jelouctl.run FOR EACH ROW EXECUTE FUNCTION jelouctl.watch(); \
         CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON jelouctl.row FOR EACH ROW EXECUTE FUNCTION jelouctl.watch()"
    );
    cluster.script("postgres", &database, &strict);
    let jelou = Jelou::accept_all();
    send(&people(3).on(cluster.url("app", &database)), &jelou.url).success();
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn ledger_password_comes_from_private_sources() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    cluster.script(
        "postgres",
        &database,
        "DO $$ BEGIN CREATE ROLE secretive LOGIN PASSWORD 'canary:x'; EXCEPTION WHEN duplicate_object THEN END $$; \
         GRANT jelouctl_sender TO secretive",
    );
    let ledger = cluster.url("secretive", &database);
    let home = Home::new().on(ledger.clone());
    home.run("bulk list")
        .fails(3, &["it asks for a password, but none is set"]);
    home.run("bulk list")
        .env("PGPASSWORD", "canary:x")
        .success();
    home.run("bulk list")
        .env("PGPASSWORD", "canary-wrong")
        .fails(3, &[]);
    let in_url = ledger.replace("secretive@", "secretive:canary%3Ax@");
    home.run("bulk list")
        .env("JELOUCTL_LEDGER", in_url)
        .success();
    let home = Home::new();
    home.write("word", "canary:x\n");
    for (key, value) in [
        ("ledger_password_file", "\"word\""),
        ("ledger_password_command", "[\"cat\", \"word\"]"),
    ] {
        home.write(
            "config.toml",
            format!("[profiles.p]\nbot_id = \"1\"\nledger = \"{ledger}\"\n{key} = {value}\n"),
        );
        let run = home
            .run("bulk list")
            .env("JELOUCTL_CONFIG", "config.toml")
            .env("PATH", "/usr/bin:/bin");
        assert_eq!(run.success().stdout, "");
    }
    let config = format!(
        "[profiles.p]\nbot_id = \"1\"\nledger = \"{ledger}\"\nledger_password_command = [\"false\"]\n"
    );
    home.write("config.toml", config);
    let failing = home
        .run("bulk list")
        .env("JELOUCTL_CONFIG", "config.toml")
        .env("PATH", "/usr/bin:/bin");
    failing.fails(
        3,
        &[
            "cannot get the password of the ledger's database",
            "`false` failed",
        ],
    );
}

#[test]
fn printed_setup_creates_the_same_ledger() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.database_like("template1");
    let home = people(2);
    let set_up = |role: &str, database: &str| {
        home.run("ledger setup")
            .env("JELOUCTL_LEDGER", cluster.url(role, database))
    };
    let script = home.run("ledger setup --print").success().stdout;
    cluster.script("postgres", &database, &script);
    set_up("postgres", &database)
        .success()
        .stderr_has(&["already has a ledger"]);
    cluster.script("postgres", &database, "GRANT jelouctl_sender TO app");
    send(&home, &Jelou::accept_all().url)
        .env("JELOUCTL_LEDGER", cluster.url("app", &database))
        .end();
    let checked = home
        .run("doctor --sandbox")
        .env("JELOUCTL_LEDGER", cluster.url("app", &database))
        .end();
    assert!(
        checked.stdout.contains("durable, with a ledger (checked: "),
        "{checked:?}"
    );
    // If the role may not create the ledger, the error explains how an administrator can.
    let bare = cluster.database_like("template1");
    set_up("app", &bare).fails(
        3,
        &[
            "cannot create the ledger: it needs CREATE on the database\n",
            &format!("hint: as an administrator: GRANT CREATE ON DATABASE {bare} TO app; "),
            "ledger setup --print",
        ],
    );
    cluster.script(
        "postgres",
        &bare,
        "CREATE SCHEMA jelouctl; GRANT USAGE, CREATE ON SCHEMA jelouctl TO app",
    );
    set_up("app", &bare).fails(
        3,
        &[
            "cannot create the ledger: the schema jelouctl belongs to another role\n",
            "ALTER SCHEMA jelouctl OWNER TO app; ",
        ],
    );
    // An existing empty schema is used, whatever the name of its owner.
    let anew = |role: &str| {
        format!("DROP SCHEMA jelouctl CASCADE; CREATE SCHEMA jelouctl AUTHORIZATION {role}")
    };
    let named = "CREATE ROLE \"App@example.com\" LOGIN; ALTER ROLE \"App@example.com\" CREATEROLE";
    cluster.script(
        "postgres",
        &bare,
        &format!("{named}; {}", anew("\"App@example.com\"")),
    );
    set_up("App%40example.com", &bare).success();
    cluster.script("postgres", &bare, &anew("app"));
    set_up("app", &bare).success();
    send(&home, &Jelou::accept_all().url)
        .env("JELOUCTL_LEDGER", cluster.url("app", &bare))
        .success();
    home.run("ledger setup")
        .fails(2, &["no database is set", "--ledger"]);
}

#[test]
fn setup_names_every_missing_right_once() {
    if Cluster::shared().is_none() {
        return;
    }
    // Only a new server has no roles of jelouctl.
    let cluster = Cluster::empty("", &[], &[]);
    let database = cluster.database_like("template1");
    let home = Home::new().on(cluster.url("app", &database));
    home.run("send text --to 593987654321 --once k Hola")
        .api(&crate::server::refused_url())
        .fails(
            3,
            &[
                "has no ledger of jelouctl\n",
                "hint: to create it as a role with CREATEROLE and CREATE on the database: jelouctl ledger setup; ",
            ],
        );
    let both = format!("ALTER ROLE app CREATEROLE; GRANT CREATE ON DATABASE {database} TO app");
    home.run("ledger setup").fails(
        3,
        &[
            "cannot create the ledger: it needs CREATEROLE; it needs CREATE on the database\n",
            &format!("hint: as an administrator: {both}; "),
        ],
    );
    cluster.script(
        "postgres",
        "postgres",
        &format!("ALTER DATABASE {database} OWNER TO app"),
    );
    let ended = home.run("ledger setup").fails(
        3,
        &[
            "cannot create the ledger: it needs CREATEROLE\n",
            "hint: as an administrator: ALTER ROLE app CREATEROLE; to ",
        ],
    );
    assert!(!ended.stderr.contains("may not use"), "{ended:?}");
    cluster.script("postgres", "postgres", "ALTER ROLE app CREATEROLE");
    home.run("ledger setup").success();
}

#[test]
fn run_needs_its_bot_but_not_its_profile() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.profile("prod", &jelou.url, "");
    home.run("bulk send people.csv --yes --run r --hold text Hola")
        .success();
    let other = home.another_machine();
    other
        .run("bulk work r --bot 9")
        .api(&jelou.url)
        .fails(2, &["run r uses BOT-ID, not 9"]);
    let stranger = other
        .run("bulk work r")
        .api(&jelou.url)
        .env("JELOU_CLIENT_ID", "someone");
    stranger.fails(2, &["client id: run r uses id"]);
    other
        .run("bulk work s")
        .api(&jelou.url)
        .fails(2, &["there is no run s"]);
    other.run("bulk work r").api(&jelou.url).success();
    assert_eq!(jelou.accepted().len(), 3);
}

#[test]
fn database_crash_during_requests_loses_nothing() {
    if Cluster::shared().is_none() {
        return;
    }
    let cluster = Cluster::start("");
    let home = people(3000).on(cluster.ledger());
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let child = start(&home, "bulk work --timeout 20s", &[], &jelou.url);
    for requests in [300, 1200] {
        jelou.wait_for(requests);
        cluster.crash();
    }
    let ended = end(child);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(counts(&ended.json()), [3000, 0, 0, 0]);
    let accepted = jelou.accepted();
    assert_eq!((accepted.len(), accepted.values().max()), (3000, Some(&1)));
}

/// Creates a run and lets its process send some messages. Then alters the process's role with `change`, and cuts its
/// connections to the database.
fn locked_out(role: &str, change: &str) -> Option<(Home, Jelou, Watched)> {
    let cluster = Cluster::shared()?;
    cluster.script(
        "postgres",
        "postgres",
        &format!("CREATE ROLE {role} LOGIN; GRANT jelouctl_sender TO {role}"),
    );
    let (home, jelou) = (
        people(300).on(cluster.url(role, &cluster.database())),
        Jelou::accept_all(),
    );
    let import = "bulk send people.csv --yes --run r --rate 20/s --hold text Hola";
    home.run(import).api(&jelou.url).success();
    let child = Watched::new(start(&home, "bulk work", &[], &jelou.url));
    jelou.wait_for(5);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename";
    cluster.script(
        "postgres",
        "postgres",
        &format!("ALTER ROLE {role} {change}; {end} = '{role}'"),
    );
    Some((home, jelou, child))
}

#[test]
fn revoked_database_access_ends_run_without_false_note() {
    let Some((_home, jelou, child)) = locked_out("let_out", "NOLOGIN") else {
        return;
    };
    let ended = child.end();
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(
        ended.stderr.contains("refused the login") && ended.stderr.contains("bulk status"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains("nothing was sent"), "{ended:?}");
    assert!(jelou.requests().len() >= 5);
}

#[test]
fn unreachable_database_is_reported_once() {
    let Some((_home, _jelou, mut child)) = locked_out("too_many", "CONNECTION LIMIT 0") else {
        return;
    };
    signal(&child.child, Signal::INT);
    child.wait_for("press Ctrl-C again after a second to stop immediately");
    child.signal_until_it_ends(Signal::INT);
    let ended = child.end();
    assert_eq!(ended.code, 12, "{ended:?}");
    assert_eq!(
        ended.stderr.matches("the ledger's database").count(),
        1,
        "{ended:?}"
    );
    assert_eq!(
        ended.stderr.contains("listed above"),
        ended.stderr.contains("\"to\":"),
        "{ended:?}"
    );
}

#[test]
fn interrupted_import_leaves_nothing() {
    let Some(home) = people_in_a_database(3000) else {
        return;
    };
    let jelou = Jelou::accept_all();
    // Another session locks the last table, so the other tables are already filled when the connection is cut.
    let holding = "BEGIN; LOCK TABLE jelouctl.known IN SHARE MODE";
    let importing = home.while_holding(holding, || {
        let importing = start(&home, "bulk send people.csv --yes --run r --hold text Hola", &[], &jelou.url);
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%known%'";
        wait_until("a connection is cut", || home.sql(cut)[0].get::<_, i64>(0) > 0);
        importing
    });
    let ended = end(importing).stderr_has(&["is not available", "note: nothing was sent"]);
    assert_eq!(ended.code, 12, "{ended:?}");
    let left = "SELECT (SELECT count(*) FROM jelouctl.run) + (SELECT count(*) FROM jelouctl.row) \
                + (SELECT count(*) FROM jelouctl.message)";
    assert_eq!(home.sql(left)[0].get::<_, i64>(0), 0);
    send(&home, &jelou.url).success();
    assert_eq!(jelou.accepted().len(), 3000);
}

#[test]
fn concurrent_runs_with_one_name_refuse_one() {
    let Some(home) = people_in_a_database(500) else {
        return;
    };
    let url = crate::server::refused_url();
    let words = "bulk send people.csv --yes --again --run r --bot BOT-ID --hold text Hola";
    let mut ended = [(); 2].map(|()| start(&home, words, &[], &url)).map(end);
    ended.sort_by_key(|ended| ended.code);
    let [made, refused] = ended;
    assert_eq!((made.code, refused.code), (0, 2), "{refused:?}");
    refused.stderr_has(&["run r already exists"]);
    assert_eq!(counts(&status(&home)), [0, 0, 0, 500]);
}

#[test]
fn machines_with_wrong_clocks_send_normally() {
    let Some(home) = people_in_a_database(300) else {
        return;
    };
    let Some(library) = faketime() else { return };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let workers = ["+1h", "-1h"].map(|off| {
        let mut command = home.process("bulk work r", &jelou.url);
        command
            .envs([("LD_PRELOAD", library.as_str()), ("FAKETIME", off)])
            .spawn()
            .unwrap()
    });
    for ended in workers.map(end) {
        assert_eq!(
            (ended.code, counts(&ended.json())),
            (0, [300, 0, 0, 0]),
            "{ended:?}"
        );
    }
    let accepted = jelou.accepted();
    assert_eq!((accepted.len(), accepted.values().max()), (300, Some(&1)));
    // The times in a report come from the database's clock.
    let foreign = "SELECT count(*) FROM jelouctl.row WHERE abs(extract(epoch FROM clock_timestamp()) * 1000 - ended_at) > 1800000";
    assert_eq!(home.sql(foreign)[0].get::<_, i64>(0), 0);
}

#[test]
fn replaced_database_pauses_the_run() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.sql("UPDATE jelouctl.run SET identity = 'another one, timeline 00000007'");
    let stale = [
        "error: run r is stale: the ledger was copied or restored",
        "hint: to see the rows that may have been sent: jelouctl bulk report r --state unknown; to send them, ",
    ];
    for words in ["bulk work r", "bulk resume r", "bulk resume r"] {
        home.run(words).api(&jelou.url).fails(11, &stale);
    }
    assert!(jelou.requests().is_empty());
    let accepted = "bulk resume r --accept-stale";
    home.run(accepted).api(&jelou.url).success();
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn running_run_is_not_removed() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: false });
    send_with(&home, &jelou.url, &["--hold"]).success();
    let mut watched = Watched::new(start(&home, "bulk work r", &[], &jelou.url));
    jelou.wait_for(1);
    let refused = home
        .run("bulk remove r --yes")
        .fails(13, &["run r", "in use"]);
    assert!(!refused.stderr.contains("warning:"), "{refused:?}");
    let workers = status(&home)["workers"].clone();
    assert_eq!(
        (&workers[0]["pid"], &workers[0]["inflight"]),
        (&json!(watched.child.id()), &json!(1)),
        "{workers}"
    );
    watched.child.kill().unwrap();
    watched.end();
}

/// The numbers of reads in a database so far.
struct LookUps {
    scans: i64,
    /// The index entries that were read.
    entries: i64,
    /// The rows that were read without an index.
    read: i64,
}

fn look_ups(home: &Home) -> LookUps {
    let is_alone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jelouctl' AND datname = current_database()";
    // PostgreSQL adds the reads of a session when the session ends.
    wait_until("the sessions have ended", || {
        home.sql(is_alone)[0].get::<_, i64>(0) == 0
    });
    let sums = "SELECT sum(idx_scan)::bigint, sum(idx_tup_read)::bigint, \
                (SELECT sum(seq_tup_read)::bigint FROM pg_stat_user_tables) FROM pg_stat_user_indexes";
    let rows = home.sql(sums);
    LookUps {
        scans: rows[0].get(0),
        entries: rows[0].get(1),
        read: rows[0].get(2),
    }
}

#[test]
fn row_needs_few_reads_despite_other_runs() {
    let Some(home) = people_in_a_database(1500) else {
        return;
    };
    let jelou = Jelou::accept_all();
    for run in ["a", "b", "c", "d"] {
        let words = format!(
            "bulk send people.csv --yes --again --run {run} --rate 1000000/s --hold text Hola"
        );
        home.run(&words).api(&jelou.url).success();
    }
    let before = look_ups(&home);
    home.run("bulk work b").api(&jelou.url).success();
    let after = look_ups(&home);
    let [scans, entries, read] = [
        after.scans - before.scans,
        after.entries - before.entries,
        after.read - before.read,
    ]
    .map(|all| all / 1500);
    assert!(scans < 8, "{scans} index scans a row");
    assert!(entries < 40, "{entries} entries of indexes read a row");
    // The progress display counts all rows, a few times in a run.
    assert!(read <= 60, "{read} rows read a row without an index");
}

#[test]
fn earlier_runs_do_not_slow_a_new_one() {
    let Some(home) = people_in_a_database(1500) else {
        return;
    };
    let jelou = Jelou::accept_all();
    // These runs make the planner's statistics expect one row for each run.
    for run in ["a", "b", "c"] {
        let words = format!("bulk send people.csv --limit 1 --yes --again --run {run} text Hola");
        home.run(&words).api(&jelou.url).success();
    }
    home.change_database("ANALYZE jelouctl.row, jelouctl.message");
    send_with(&home, &jelou.url, &["--hold"]).success();
    let before = look_ups(&home);
    home.run("bulk work r").api(&jelou.url).success();
    let after = look_ups(&home);
    let (scans, entries) = (
        (after.scans - before.scans) / 1500,
        (after.entries - before.entries) / 1500,
    );
    assert!(scans < 8, "{scans} index scans a row");
    assert!(entries < 40, "{entries} entries of indexes read a row");
}

#[test]
fn report_reads_each_row_once() {
    let Some(home) = people_in_a_database(5000) else {
        return;
    };
    send_with(&home, "http://127.0.0.1:9", &["--hold"]).success();
    let read = || {
        look_ups(&home);
        let entries =
            "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'message_pkey'";
        home.sql(entries)[0].get::<_, i64>(0)
    };
    let before = read();
    home.run("bulk report r").success();
    let entries = read() - before;
    assert!(entries < 6000, "{entries} for 5000 rows");
}

#[test]
fn untrusted_or_misnamed_database_server_is_refused() {
    let Some(shared) = Cluster::shared() else {
        return;
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let [authority, other] = [authority(), authority()];
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let cluster = Cluster::start_with_tls(&certificate.pem(), &key.serialize_pem());
    let database = cluster.database();
    let home = Home::new();
    let (right, wrong) = (
        home.write("ca.pem", authority.pem()),
        home.write("other.pem", other.pem()),
    );
    let list = |host: &str, roots: &std::path::Path| {
        let port = cluster.port;
        let url = format!(
            "postgres://app@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={}",
            roots.display()
        );
        home.run("bulk list").env("JELOUCTL_LEDGER", url)
    };
    list("localhost", &right).success();
    list("127.0.0.1", &right).fails(3, &["cannot verify the certificate of"]);
    list("localhost", &wrong).fails(3, &["cannot verify the certificate of"]);
    list("localhost", &home.write("empty.pem", ""))
        .fails(3, &["sslrootcert", "has no certificate"]);
    // The client does not fall back to plain text if the server has no TLS.
    let (port, database) = (shared.port, shared.database());
    let url = format!(
        "postgres://app@localhost:{port}/{database}?sslmode=require&sslrootcert={}",
        right.display()
    );
    home.run("bulk list")
        .env("JELOUCTL_LEDGER", url)
        .fails(3, &["has no TLS"]);
}
