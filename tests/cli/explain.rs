//! `explain` and `schema`, offline and without settings.

use serde_json::json;

use crate::harness::Home;
use crate::seeds::BODIES;
use crate::server::{Reply, Server};

/// Puts a wrapped text on one line.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn kind_is_found_by_name_or_type() {
    let home = Home::new();
    // docs/kinds.md is generated from the same texts, so this test need not repeat them.
    for (topic, parts) in [
        (
            "voice_call",
            &["call: ", "--button", "1–20 characters (WhatsApp)"][..],
        ),
        ("CAROUSEL", &["carousel: ", "at least 2 items (WhatsApp)"]),
        ("raw", &["Sends the body unchanged"]),
    ] {
        let shown = unwrapped(&home.run("explain").args(&[topic]).success().stdout);
        for part in parts {
            assert!(shown.contains(part), "`{part}` is missing in {shown}");
        }
    }
}

#[test]
fn error_code_is_explained_in_spanish() {
    let home = Home::new();
    let shown = home
        .run("explain 131047")
        .env("JELOUCTL_LANG", "es")
        .success();
    let shown = unwrapped(&shown.stdout);
    for part in [
        "El mensaje: no se envió",
        "Qué hacer: hasta que escriba, solo le llega una plantilla",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
}

#[test]
fn explain_example_can_be_sent_unchanged() {
    let home = Home::new();
    for kind in ["text", "flow", "template", "carousel", "contacts"] {
        let body = home.run("explain --example").args(&[kind]).success().stdout;
        assert!(
            !body.contains("userId") && !body.contains("destinations"),
            "{body}"
        );
        home.write("body.json", body);
        home.run("--sandbox send")
            .args(&[kind, "--body", "body.json", "--to", "593987654321"])
            .success();
    }
    home.run("explain raw --example")
        .fails(2, &["`raw` has no body, so"]);
}

#[test]
fn project_examples_can_be_sent_unchanged() {
    let home = Home::new();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let bodies = std::fs::read_dir(&examples)
        .unwrap()
        .map(|file| file.unwrap().path());
    let bodies: Vec<_> = bodies
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    assert!(bodies.len() >= 5, "{bodies:?}");
    for path in bodies {
        let (kind, path) = (
            path.file_stem().unwrap().to_str().unwrap(),
            path.to_str().unwrap(),
        );
        home.run("--sandbox send")
            .args(&[kind, "--to", "593987654321", "--strict", "--body", path])
            .success();
    }
    let list = examples.join("people.csv");
    let text = [
        "--country",
        "EC",
        "text",
        "Hola {{ nombre }}, tu pedido {{ pedido }} va en camino",
    ];
    home.run("--sandbox bulk send")
        .args(&[list.to_str().unwrap()])
        .args(&text)
        .success();
}

#[test]
fn exit_codes_statuses_and_record_fields_are_explained() {
    let home = Home::new();
    for (topic, parts) in [
        (
            "8",
            &[
                "Exit code 8: unknown",
                "Send again: only after asking the recipient",
            ][..],
        ),
        ("0", &["Exit code 0: accepted"]),
        (
            "12",
            &[
                "Exit code 12: ",
                "unreadable, unwritable or damaged",
                "its database cannot be reached",
            ],
        ),
        ("ledger", &["or is a copy", "Exit code 12: "]),
        ("11", &["the ledger was restored, or the clock is wrong"]),
        ("10", &["wait in a run that no process sends\n"]),
        (
            "3",
            &["proxy credentials", "the database is set up otherwise"],
        ),
        ("126", &["Exit code 126: ", "cannot be run"]),
        ("127", &["Exit code 127: ", "was not found"]),
        (
            "137",
            &["Exit code 137: SIGKILL", "only after asking the recipient"],
        ),
        (
            "proxy_credentials",
            &["the proxy asks for credentials", "Exit code 3: "],
        ),
        ("at_whatsapp", &["WhatsApp has it"]),
        ("replied", &["the recipient answered"]),
        ("contacts", &["--name", "--phone", "--email"]),
        ("143", &["Exit code 143: SIGTERM"]),
        ("unknown", &["unknown in the record", "Exit code 8: "]),
        (
            "invalid_message",
            &["invalid_message in the record", "Exit code 2: "],
        ),
        (
            "replayed",
            &[
                "replayed in the record",
                "has a message with this `--once` key",
            ],
        ),
        (
            "undelivered",
            &[
                "undelivered in the record",
                "not delivered to the recipient",
                "Exit code 15: ",
            ],
        ),
        (
            "already_sent",
            &[
                "already_sent in a report: the row was not sent. An earlier run has sent the same message",
            ],
        ),
        (
            "outside_window",
            &[
                "outside_window in a report",
                "has not written within 23 hours",
            ],
        ),
    ] {
        let shown = home.run("explain").args(&[topic]).success().stdout;
        assert!(
            parts.iter().all(|part| shown.contains(part)),
            "{topic}: {shown}"
        );
    }
    for topic in [
        "130403", "131037", "135000", "134011", "131057", "2494100", "190",
    ] {
        let shown = home.run("explain").args(&[topic]).success().stdout;
        assert!(
            shown.starts_with(&format!("{topic} (WhatsApp): ")),
            "{shown}"
        );
    }
    for topic in ["133016", "131055", "131060"] {
        let refused = home.run("explain").args(&[topic]).fails(
            2,
            &["this version does not know `", "hint: for Meta's list"],
        );
        assert!(!refused.stderr.contains("did you mean"), "{refused:?}");
    }
    for topic in ["9", "99", "600", "-1x"] {
        home.run_args(&["explain", "--", topic])
            .fails(2, &["is neither a kind nor"]);
    }
}

#[test]
fn code_explanation_has_outcome_and_remedy() {
    let home = Home::new();
    for (code, expected) in [
        (
            "131047",
            "131047 (WhatsApp): the recipient has not written to the bot in the last 24 hours\nThe message: not sent (with a 5xx: it may have been sent)\nWhat to do: only a template reaches them until they write\n",
        ),
        (
            "130429",
            "130429 (WhatsApp): WhatsApp's rate limit of the number is reached\nThe message: not sent; jelouctl retries for --retry-for\nWhat to do: send more slowly\n",
        ),
        (
            "e0000",
            "E0000 (Jelou): Jelou reports an unknown error\nThe message: not sent with a 4xx; with a 5xx it may have been sent\nWhat to do: ask the recipient or check in Jelou before you send it again\n",
        ),
    ] {
        assert_eq!(home.run("explain").args(&[code]).success().stdout, expected);
    }
    // By its number, its name and its other name.
    for code in ["E1019", "BOT_NOT_FOUND", "368"] {
        assert!(
            home.run("explain")
                .args(&[code])
                .success()
                .stdout
                .starts_with(code),
            "{code}"
        );
    }
}

#[test]
fn send_error_matches_the_code_explanation() {
    for code in ["131026", "132012", "368", "470"] {
        let explained = Home::new().run("explain").args(&[code]).success().stdout;
        let server = Server::answering(Reply::json(
            400,
            &format!(r#"{{"error":{{"code":{code}}}}}"#),
        ));
        let ended = Home::new()
            .run("send text --to 593987654321 Hola")
            .api(&server.url)
            .fails(5, &[code]);
        let meaning = explained
            .lines()
            .next()
            .unwrap()
            .split_once("): ")
            .unwrap()
            .1;
        let remedy = explained
            .lines()
            .last()
            .unwrap()
            .split_once(": ")
            .unwrap()
            .1;
        assert!(
            ended.stderr.contains(&format!("hint: {meaning}; {remedy}")),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn unknown_topic_suggests_the_nearest() {
    let home = Home::new();
    home.run("explain caroussel").fails(
        2,
        &["`caroussel` is neither a kind", "did you mean `carousel`?"],
    );
    home.run("explain 130472").success();
    home.run("explain 13147")
        .fails(2, &["did you mean `131047`?"]);
    home.run("explain ???").fails(
        2,
        &["to list the kinds: jelouctl explain; to list the codes: jelouctl explain -o record"],
    );
    home.run("schema caroussel").fails(
        2,
        &[
            "unknown value `caroussel`",
            "to list the kinds: jelouctl explain",
        ],
    );
}

#[test]
fn kind_schema_accepts_only_its_own_fixture() {
    let home = Home::new();
    for (command, name) in BODIES {
        let by_id = if name == "template-by-id.json" {
            "-by-id"
        } else {
            ""
        };
        let kind = command
            .trim_start_matches("send ")
            .split(' ')
            .next()
            .unwrap()
            .to_owned()
            + by_id;
        let schema = home.run("schema").args(&[&kind]).success().json();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for (_, other) in BODIES {
            let body = crate::harness::fixture(&format!("bodies/{other}"));
            // Both flow messages are of one kind. A flow has all the fields of a flow message, and more.
            let is_alike = other == name || (kind == "flow-message" && other.starts_with("flow"));
            assert_eq!(validator.is_valid(&body), is_alike, "{kind}: {other}");
        }
    }
    let any = jsonschema::validator_for(&home.run("schema").success().json()).unwrap();
    for (_, name) in BODIES {
        assert!(
            any.is_valid(&crate::harness::fixture(&format!("bodies/{name}"))),
            "{name}"
        );
    }
    for wrong in [
        json!({"type": "nope", "userId": "1"}),
        json!({"type": "image", "userId": "1", "text": "a"}),
        json!({"type": "image", "userId": "1", "mediaUrl": "http://example.com/a.png"}),
        json!({"type": "text", "userId": "1", "text": "x".repeat(4097)}),
        json!({"type": "text", "userId": "1", "text": "a", "options": [{"title": "x".repeat(25)}]}),
        json!({"type": "location", "userId": "1", "coordinates": {"lat": 91, "long": 0}}),
        json!({"type": "cta_url", "userId": "1", "text": "a"}),
    ] {
        assert!(!any.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn explained_status_shows_the_send_exit_code() {
    let home = Home::new();
    for status in [
        400, 401, 403, 404, 409, 422, 429, 500, 501, 502, 503, 504, 505,
    ] {
        let explained = home
            .run("explain")
            .args(&[&status.to_string()])
            .success()
            .stdout;
        let server = Server::answering(Reply::json(status, "{}"));
        let sent = home
            .run("send text --to 593987654321 Hola --retry-for 0")
            .api(&server.url)
            .end();
        let code = format!("\nExit code {}: ", sent.code);
        assert!(
            explained.starts_with(&format!("HTTP {status} ")),
            "{explained}"
        );
        assert!(explained.contains(&code), "{status} {code} {explained}");
        assert!(explained.contains("\nWhat to do: "), "{explained}");
    }
    let any = home.run("explain 418").success().stdout;
    assert!(any.starts_with("HTTP 418, "), "{any}");
    home.run("explain 700").fails(2, &["HTTP status"]);
    // WhatsApp's own code comes first.
    let code = home.run("explain 470").success().stdout;
    assert!(!code.starts_with("HTTP"), "{code}");
}

#[test]
fn record_of_a_topic_is_one_object() {
    let home = Home::new();
    for (topic, field) in [
        ("text", "fields"),
        ("131047", "hint"),
        ("8", "text"),
        ("404", "text"),
        ("prices", "text"),
    ] {
        let record = home
            .run("explain -o record")
            .args(&[topic])
            .success()
            .json();
        assert_eq!(
            (&record["schema_version"], &record["topic"]),
            (&json!(2), &json!(topic))
        );
        assert!(!record[field].is_null(), "{record}");
    }
    let all = home.run("explain -o record").success().json();
    assert!(all["kinds"].as_array().unwrap().len() > 15, "{all}");
}
