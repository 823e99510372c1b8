//! The records of `-o record` and `run --record`: what follows from an outcome. The harness checks every record of the
//! tests by `jelouctl schema record`.

use serde_json::json;

use crate::harness::{CommandOutput, Home, SUCCEEDS, checked_record};
use crate::server::{Reply, Server};

#[test]
fn refused_list_names_its_first_rows() {
    let home = Home::new();
    let rows = "12\n".repeat(150);
    home.write("people.csv", format!("celular\n593987654321\n{rows}"));
    let refused = home
        .run("--sandbox bulk send people.csv -o record text Hola")
        .fails(2, &[])
        .json();
    assert_eq!(refused["command"], "bulk send");
    assert_eq!(refused["exit_code"], 2);
    assert_eq!(refused["retry"], "after_fix");
    assert_eq!(refused["refused_rows"], 150);
    let rows = refused["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 100);
    assert_eq!(
        (&rows[0]["line"], &rows[0]["column"], &rows[0]["code"]),
        (&json!(3), &json!("celular"), &json!("invalid"))
    );
    assert!(rows[0]["message"].as_str().unwrap().contains("12"));
}

#[test]
fn rows_that_are_not_allowed_have_their_code() {
    let home = Home::new();
    home.write(
        "config.toml",
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"c\"\nclient_secret = \"s\"\nallow_to = [\"57*\"]\n",
    );
    home.write("people.csv", "celular\n593987654321\n573001234567\n");
    let refused = home
        .run("--config config.toml --profile p bulk send people.csv -o record --dry-run text Hola")
        .fails(11, &[])
        .json();
    assert_eq!(refused["error"]["code"], "not_allowed");
    assert_eq!(refused["refused_rows"], 1);
    assert_eq!(refused["rows"][0]["code"], "not_allowed");
}

#[test]
fn error_decides_whether_to_retry() {
    for (status, code, retry) in [
        (400, "rejected", "after_fix"),
        (401, "credentials", "after_fix"),
        (429, "unavailable", "later"),
        (500, "unknown", "never"),
    ] {
        let server = Server::answering(Reply::json(status, "{}"));
        let home = Home::new();
        let run = home.run("send text --to 593987654321 Hola -o record --retry-for 0");
        let record = run.api(&server.url).end().json();
        assert_eq!(record["error"]["code"], code, "{record}");
        assert_eq!(record["retry"], retry, "{record}");
    }
    let line = Home::new().run("bulk stop --nope -o record").end().json();
    assert_eq!(line["command"], "bulk stop");
    assert_eq!(line["retry"], "after_fix");
}

#[test]
fn excluded_recipient_is_not_to_be_sent_again() {
    let home = Home::new();
    home.write("out.txt", "593987654322\n");
    let ended = home
        .run("--sandbox send text --to 593987654321 --to 593987654322 --exclude out.txt -o record Hola")
        .success();
    let records = ended.rows();
    assert_eq!(
        (&records[0]["sent"], &records[0]["retry"]),
        (&json!("yes"), &json!("never"))
    );
    assert_eq!(
        (&records[1]["sent"], &records[1]["retry"]),
        (&json!("no"), &json!("never"))
    );
    assert_eq!(records[1]["error"]["code"], "excluded");
}

#[test]
fn stopped_run_can_be_resumed() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n593987654322\n");
    let created = home
        .run("--sandbox bulk send people.csv --run r --hold -o record text x")
        .success()
        .json();
    assert_eq!(
        (&created["retry"], &created["pending"]),
        (&json!("resume"), &json!(2))
    );
    let stopped = home.run("bulk stop r -o record").success().json();
    assert_eq!(
        (&stopped["command"], &stopped["run"]),
        (&json!("bulk stop"), &json!("r"))
    );
    assert_eq!(stopped["retry"], "resume");
    let cancelled = home.run("bulk cancel r --yes -o record").success().json();
    assert_eq!(
        (&cancelled["retry"], &cancelled["cancelled"]),
        (&json!("never"), &json!(true))
    );
    let removed = home.run("bulk remove r --yes -o record").success().json();
    assert_eq!(removed["command"], "bulk remove");
}

#[cfg(unix)]
#[test]
fn run_writes_the_record_of_each_notification() {
    let home = Home::new();
    let run = |flags: &str| {
        home.run(&format!(
            "--sandbox run --to 593987654321 --to 593987654322 {flags} -- echo done"
        ))
    };
    let ended = run("--record sent.ndjson").success();
    assert_eq!(ended.stdout, "done\n");
    let records: Vec<_> = home
        .read("sent.ndjson")
        .lines()
        .map(|line| checked_record(serde_json::from_str(line).unwrap()))
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(
        (
            &records[0]["command"],
            &records[0]["sent"],
            &records[1]["to"]
        ),
        (&json!("run"), &json!("yes"), &json!("593987654322"))
    );
    // Without a notification, nothing of an earlier command is left.
    run("--on failure --record sent.ndjson").success();
    assert_eq!(home.read("sent.ndjson"), "");
    // A wrong line has a record, too.
    home.write(
        "sent.ndjson",
        "{\"schema_version\":2,\"command\":\"run\",\"exit_code\":0}\n",
    );
    for flags in ["--record sent.ndjson --nope", "--record=sent.ndjson -o to"] {
        run(flags).fails(2, &[]);
        let record = checked_record(serde_json::from_str(&home.read("sent.ndjson")).unwrap());
        assert_eq!(
            (
                &record["command"],
                &record["sent"],
                &record["error"]["code"]
            ),
            (&json!("run"), &json!("no"), &json!("usage"))
        );
    }
    // A command that sends nothing writes nothing.
    home.write("sent.ndjson", "earlier\n");
    run("--dry-run --record sent.ndjson").success();
    run("--dry-run --record sent.ndjson --nope").fails(2, &[]);
    assert_eq!(home.read("sent.ndjson"), "earlier\n");
    // Another file is not replaced, such as a log or the output of another command.
    for other in [
        "earlier\n",
        "{\"schema_version\":1,\"time\":\"2026-12-01T13:05:24.704Z\",\"event\":\"message\",\"command\":\"run\"}\n",
        "{\"schema_version\":2,\"command\":\"bulk status\"}\n",
        "{\"schema_version\":2,\"run\":\"promo\"}\n",
    ] {
        home.write("sent.ndjson", other);
        let ended = run("--record sent.ndjson").success();
        assert_eq!(ended.stdout, "done\n");
        ended.stderr_has(&[
            "warning: --record: sent.ndjson exists and is not a record of jelouctl run, so no record is written",
        ]);
        run("--record sent.ndjson --nope").fails(2, &["exists and is not a record"]);
        assert_eq!(home.read("sent.ndjson"), other);
    }
    // A flag is not the name of a file.
    let line = "--sandbox run --record --to 593987654321 -- echo done";
    home.run(line).fails(2, &["--record"]);
    assert!(!home.path().join("--to").exists());
    let ended = run("--record nowhere/sent.ndjson").success();
    assert_eq!(ended.stdout, "done\n");
    ended.stderr_has(&["warning: --record: failed to write nowhere/sent.ndjson"]);
    let ended = run("-o record").success();
    assert_eq!(ended.stdout, "done\n");
    ended.stderr_has(&["-o has no effect", "--record FILE"]);
}

/// The file of the records would cut what the command prints.
#[test]
#[cfg(unix)]
fn record_does_not_replace_the_output_of_the_command() {
    let home = Home::new();
    home.write("job.log", "an earlier job\n");
    let line = "jelouctl --sandbox run --to 593987654321 --record job.log -- echo done >> job.log";
    let ended = home.program("sh").args(["-c", line]).output().unwrap();
    let ended = CommandOutput::new(&ended);
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.stderr_has(&["warning: --record: no record is written, because job.log is also"]);
    assert_eq!(home.read("job.log"), "an earlier job\ndone\n");
}

#[test]
fn untried_recipient_has_a_record_of_its_own() {
    let home = Home::new();
    let send = |flags: &str| {
        let line = format!("--sandbox send text --to 593987654321 {flags} -o record Hola");
        home.run(&line).end().rows()
    };
    for flags in ["--to 12", "--to 12 --to 13"] {
        let records = send(flags);
        let untried = &records[0];
        assert_eq!(untried["to"], "593987654321");
        assert_eq!(untried["error"]["code"], "not_tried");
        assert_eq!(untried["error"]["hint"], json!(null));
        assert!(!untried["error"]["message"].to_string().contains("12"));
        assert_eq!(records[1]["error"]["code"], "invalid_message");
    }
    // An error of the configuration applies to all.
    let records = send("--to 593987654322 --profile nope");
    assert_eq!(records[0]["to"], "593987654321");
    assert_eq!(records[1]["to"], "593987654322");
    assert_eq!(records[1]["error"]["code"], "configuration");
}

#[test]
fn line_about_a_refused_recipient_names_it_once() {
    let home = Home::new();
    home.profile("p", "http://127.0.0.1:9", "allow_to = [\"57*\"]");
    let line = "run --profile p --to 593987654321 --to 573001234567 --retry-for 0 --";
    let ended = home.run(line).args(&SUCCEEDS).success();
    let mut lines = ended.stderr.lines();
    let told = lines.find(|line| line.starts_with("error") && line.contains("593987654321"));
    let told = told.unwrap();
    assert_eq!(told.matches("593987654321").count(), 1, "{told}");
}

#[test]
fn every_outcome_has_one_record() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n12\n");
    for (line, code, command) in [
        ("bulk exclude add 593987654329", 0, "bulk exclude"),
        ("bulk exclude remove 593987654329", 0, "bulk exclude"),
        ("doctor --offline", 3, "doctor"),
        (
            "--sandbox bulk send people.csv --preview 2 text x",
            2,
            "bulk send",
        ),
        (
            "--sandbox bulk send people.csv --skip-invalid --run r text x",
            10,
            "bulk send",
        ),
        ("bulk report r", 2, "bulk report"),
        ("bulk report r --file report.csv", 0, "bulk report"),
    ] {
        let run = home.run(&format!("-o record {line}"));
        let record = run.fails(code, &[]).json();
        assert_eq!(record["command"], command, "{line}: {record}");
        assert_eq!(record["exit_code"], code, "{line}: {record}");
    }
    let server = Server::answering(Reply::json(401, "{}"));
    let listed = home.run("messages list -o record").api(&server.url);
    assert_eq!(listed.fails(4, &[]).json()["command"], "messages list");
}

#[test]
fn items_of_reading_commands_have_their_version() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    home.run("--sandbox bulk send people.csv --run r text x")
        .success();
    for line in [
        "bulk list",
        "bulk status r",
        "bulk find 593987654321",
        "profile list",
    ] {
        let item = home.run(line).args(&["-o", "record"]).success().json();
        assert_eq!(item["schema_version"], 2, "{line}: {item}");
    }
}
