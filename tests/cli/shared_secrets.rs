//! The password of a ledger's database never appears in an argument, a child's environment, a log, an error, a record
//! or a file.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::bulk_run::{Watched, people, start};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Run, set_mode};
use crate::postgres::Cluster;

const PASSWORD: &str = "canary-of-the-database";

/// Creates a role that needs the password. Returns the address of a ledger for the role.
fn secretive(cluster: &Cluster) -> (String, String) {
    let database = cluster.database();
    cluster.script(
        "postgres",
        "postgres",
        &format!(
            "DO $$ BEGIN CREATE ROLE secretive_sender LOGIN PASSWORD '{PASSWORD}'; \
             EXCEPTION WHEN duplicate_object THEN END $$; GRANT jelouctl_sender TO secretive_sender"
        ),
    );
    let ledger = cluster.url("secretive_sender", &database);
    (database, ledger)
}

/// Returns all files below a directory, as text.
fn files(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((
                path.display().to_string(),
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned(),
            ));
        }
    }
    found
}

/// Returns every value of every table of the ledger.
fn records(cluster: &Cluster, database: &str) -> String {
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'jelouctl' ORDER BY 1";
    let tables: Vec<String> = cluster
        .sql(database, tables)
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(tables.len() >= 8, "{tables:?}");
    let all = |table: &String| {
        let rows = cluster.sql(
            database,
            &format!("SELECT t::text FROM jelouctl.\"{table}\" AS t"),
        );
        rows.iter()
            .map(|row| row.get::<_, String>(0))
            .collect::<Vec<_>>()
            .join("\n")
    };
    tables.iter().map(all).collect()
}

#[test]
fn run_never_exposes_the_database_password() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (database, ledger) = secretive(cluster);
    let home = people(20);
    // A command prints the password. It also records its own arguments and environment.
    let script = format!(
        "#!/bin/sh\n/usr/bin/env > child.env\ntr '\\0' ' ' < /proc/$PPID/cmdline > parent.args\necho {PASSWORD}\n"
    );
    set_mode(&home.write("password.sh", script), 0o700);
    home.config(&format!(
        "[profiles.p]\nbot_id = \"BOT-ID\"\nledger = \"{ledger}\"\nledger_password_command = [\"{}\"]\n",
        home.path().join("password.sh").display()
    ));
    let jelou = Jelou::start(|user, _| {
        if user.ends_with('7') {
            Act::Hang { accepted: true }
        } else {
            Act::Accept
        }
    });
    let words =
        "bulk send people.csv --yes --run r --rate 1000000/s --timeout 1s --hold -v text Hola";
    let made = home
        .run(words)
        .env("JELOUCTL_LOG", "log")
        .api(&jelou.url)
        .success();
    let mut child = home.process("bulk work r -v --timeout 5s", &jelou.url);
    let watched = Watched::new(child.env("JELOUCTL_LOG", "log").spawn().unwrap());
    jelou.wait_for(12);
    let process = format!("/proc/{}", watched.child.id());
    let seen_from_outside =
        ["cmdline", "environ"].map(|file| fs::read(format!("{process}/{file}")).unwrap());
    let sessions = "SELECT string_agg(concat_ws(' ', query, application_name, usename), ' ') FROM pg_stat_activity";
    let sessions: String = cluster.sql("postgres", sessions)[0].get(0);
    let ended = watched.end();
    assert_eq!(ended.code, 10, "{ended:?}");
    for shown in seen_from_outside.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) {
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
    let told = format!(
        "{}{}{}{}{sessions}",
        made.stdout, made.stderr, ended.stdout, ended.stderr
    );
    assert!(!told.contains(PASSWORD), "{told}");
    assert!(!records(cluster, &database).contains(PASSWORD));
    let kept = files(home.path());
    for name in ["child.env", "parent.args", "log"] {
        assert!(
            kept.iter()
                .any(|(path, text)| path.ends_with(name) && !text.is_empty()),
            "there is no {name}"
        );
    }
    for (path, text) in kept
        .iter()
        .filter(|(path, _)| !path.ends_with("password.sh"))
    {
        assert!(!text.contains(PASSWORD), "{path}: {text}");
    }
    // The server itself got the password once, when the role was created.
    assert!(!cluster.log().contains(PASSWORD), "{}", cluster.log());
}

fn credentials(run: Run<'_>) -> Run<'_> {
    run.env("JELOU_CLIENT_ID", "id")
        .env("JELOU_CLIENT_SECRET", "canary-secret")
}

#[test]
fn run_selects_no_profile_for_outside_credentials() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let home = people(3).on(cluster.ledger());
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    let url = format!("http://{}", stranger.local_addr().unwrap());
    let profiles = format!(
        "[profiles.prod]\nbot_id = \"BOT-ID\"\n[profiles.staging]\nbot_id = \"BOT-ID\"\napi_url = \"{url}\"\n"
    );
    home.config(&profiles);
    // Anyone who may write runs can choose the profile, and so the address.
    let made = home
        .run("bulk send people.csv --yes --run r --hold text Hola")
        .env("JELOU_PROFILE", "staging");
    credentials(made).success();
    home.write("secret", "canary-secret");
    for words in ["bulk work r", "bulk resume r --yes"] {
        let typed = || {
            home.run(words)
                .args(&["--client-id", "id", "--client-secret-file", "secret"])
        };
        for own in [credentials(home.run(words)), typed()] {
            own.fails(
                3,
                &["several profiles exist, but no default: prod, staging"],
            );
        }
        home.config(&format!("default_profile = \"prod\"\n{profiles}"));
        for own in [credentials(home.run(words)), typed()] {
            let told = "the default profile (set JELOU_PROFILE to use another): run r uses staging, not prod";
            own.fails(2, &[told]);
        }
        home.config(&profiles);
    }
    assert_eq!(
        stranger.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
    // This process may choose the profile.
    let jelou = Jelou::accept_all();
    home.config(&profiles.replace(&url, &jelou.url));
    let made = home
        .run("bulk send people.csv --yes --run s --rate 1000000/s --hold text Hola")
        .env("JELOU_PROFILE", "staging");
    credentials(made).success();
    // The safety check of its profile applies.
    let guarded = profiles.replace(
        &format!("\"{url}\""),
        &format!("\"{}\"\nallow_to = []", jelou.url),
    );
    home.config(&guarded);
    credentials(home.run("bulk work s").env("JELOU_PROFILE", "staging"))
        .fails(11, &["allow_to is empty"]);
    home.config("[profiles.prod]\nbot_id = \"BOT-ID\"\n");
    let elsewhere = credentials(home.run("bulk work s").env("JELOU_API_URL", &jelou.url)).success();
    let told = "run s was started with profile staging, which does not exist on this machine: only the rules that the run keeps apply";
    assert!(elsewhere.stderr.contains(told), "{elsewhere:?}");
    assert_eq!(jelou.accepted().len(), 3);
}

#[test]
fn errors_and_logs_omit_the_database_password() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (database, ledger) = secretive(cluster);
    let home = people(3);
    let jelou = Jelou::expect_no_requests();
    let with =
        |password: &str, ledger: &str| ledger.replace("_sender@", &format!("_sender:{password}@"));
    // `Run::end` searches all output for the password.
    for (address, code, part) in [
        (
            with(&format!("{PASSWORD}-wrong"), &ledger),
            3,
            "refused the login",
        ),
        (
            with(PASSWORD, &ledger.replace(&database, "nowhere")),
            3,
            "does not exist",
        ),
        (
            with(PASSWORD, "postgres://secretive_sender@127.0.0.1:1/j"),
            12,
            "is not available",
        ),
        (
            with(PASSWORD, &format!("{ledger}?sslmode=prefer")),
            3,
            "sslmode=prefer",
        ),
        (
            with(PASSWORD, &format!("{ledger}?passfile=x")),
            3,
            "passfile",
        ),
        (
            with(&format!("{PASSWORD}%zz"), &ledger),
            3,
            "JELOUCTL_LEDGER",
        ),
    ] {
        for words in [
            "bulk list -v",
            "doctor -v --sandbox",
            "ledger setup -v",
            "bulk send people.csv --yes -v text Hola",
        ] {
            let run = home
                .run(words)
                .api(&jelou.url)
                .env("JELOUCTL_LEDGER", &address)
                .env("JELOUCTL_LOG", "log");
            if words.starts_with("doctor") {
                // A send needs no ledger, and works without it; if a database is named, it is required.
                let ended = run.end();
                assert!(
                    ended.stdout.contains("bulk and --once do not work"),
                    "{ended:?}"
                );
                assert_eq!(ended.code, code, "{ended:?}");
            } else {
                run.fails(code, &[part]);
            }
        }
    }
    drop(jelou);
    // A process's variables are visible only to its own user, and its arguments to everyone.
    let hangs = Jelou::start(|_, _| Act::Hang { accepted: false });
    let home = home.on(with(PASSWORD, &ledger));
    home.run("bulk send people.csv --yes --run r --hold text Hola")
        .api(&hangs.url)
        .success();
    let mut watched = Watched::new(start(&home, "bulk work r -v", &[], &hangs.url));
    hangs.wait_for(1);
    let arguments = fs::read(format!("/proc/{}/cmdline", watched.child.id())).unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains("canary"));
    watched.child.kill().unwrap();
    let ended = watched.end();
    assert!(
        !format!("{}{}", ended.stdout, ended.stderr).contains("canary"),
        "{ended:?}"
    );
    assert!(
        files(home.path())
            .iter()
            .all(|(_, text)| !text.contains("canary"))
    );
    assert!(!records(cluster, &database).contains("canary"));
}
