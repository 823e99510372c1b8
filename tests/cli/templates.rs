//! `templates`, and the suggested name for a missing template.

use serde_json::{Value, json};

use crate::harness::Home;
use crate::server::{Reply, Server, refused_url};

fn page(names: &[(&str, &str)], pages: Option<u64>) -> Reply {
    let results: Vec<_> = names
        .iter()
        .map(|(name, language)| json!({"elementName": name, "language": language, "status": "APPROVED"}))
        .collect();
    let pagination = pages.map_or(json!({}), |pages| json!({"totalPages": pages}));
    Reply::json(
        200,
        &json!({"pagination": pagination, "results": results, "links": []}).to_string(),
    )
}

#[test]
fn templates_prints_json_of_every_page() {
    let server = Server::start(vec![
        page(&[("a", "es"), ("b", "en")], Some(2)),
        page(&[("c", "es")], Some(2)),
    ]);
    let ended = Home::new()
        .run("templates --query x&y --status approved --category Marketing")
        .api(&server.url)
        .success();
    let names: Vec<_> = ended.json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["elementName"].clone())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(ended.json()["links"], json!([]));
    let lines: Vec<_> = server
        .received()
        .into_iter()
        .map(|received| received.line)
        .collect();
    let line = |page| {
        format!(
            "GET /v1/bots/BOT-ID/templates?query=x%26y&status=APPROVED&category=MARKETING&page={page}&limit=100 HTTP/1.1"
        )
    };
    assert_eq!(lines, [line(1), line(2)]);
    assert!(server.received()[0].body.is_empty());
    assert_eq!(
        server.received()[0].headers["authorization"],
        "Basic aWQ6Y2FuYXJ5LXNlY3JldC1vZi10aGUtdGVzdHM="
    );
}

#[test]
fn template_page_may_use_the_data_key() {
    let data = |templates: Value| Reply::json(200, &json!({ "data": templates }).to_string());
    let first = data(
        json!([{"elementName": "a", "status": "APPROVED"}, {"elementName": "b", "status": "APPROVED"}]),
    );
    let (second, last) = (
        data(json!([{"elementName": "c", "status": "APPROVED"}])),
        data(json!([])),
    );
    let server = Server::start(vec![first, second, last]);
    let ended = Home::new().run("templates").api(&server.url).success();
    assert_eq!(
        ended.json()["results"].as_array().map(Vec::len),
        Some(3),
        "{ended:?}"
    );
    assert_eq!(ended.json().get("data"), None);
    // Its output, and such a page, are templates for the sandbox.
    let home = Home::new();
    home.write("own.json", r#"{"data":[{"elementName":"mine"}]}"#);
    let run = home.run("sandbox --templates own.json --");
    let listed = run
        .args(&[env!("CARGO_BIN_EXE_jelouctl"), "templates", "-o", "id"])
        .success();
    assert_eq!(listed.stdout, "mine\n");
}

#[test]
fn response_without_a_listing_is_refused() {
    let server = Server::start(vec![Reply::json(200, r#"{"destination":"x"}"#)]);
    Home::new()
        .run("templates")
        .api(&server.url)
        .fails(5, &["the response has no listing"]);
}

/// Prints the available templates, and never exits with 0.
#[test]
fn listing_below_its_count_is_incomplete() {
    let counted = |names: &[&str], pagination: Value| {
        let results: Vec<_> = names
            .iter()
            .map(|name| json!({"elementName": name, "status": "APPROVED"}))
            .collect();
        Reply::json(
            200,
            &json!({"pagination": pagination, "results": results}).to_string(),
        )
    };
    let all = json!({"totalPages": 2, "total": 3});
    let server = Server::start(vec![
        counted(&["a"], all.clone()),
        counted(&["b"], all.clone()),
        counted(&[], all.clone()),
    ]);
    let told = "error: the listing is incomplete: the API did not list everything\n";
    let home = Home::new();
    let ended = home.run("templates --output id").api(&server.url);
    let ended = ended.fails(6, &[told, "hint: try again"]);
    assert_eq!(ended.stdout, "a\nb\n");
    // The total may count all templates, although only some were requested.
    let server = Server::start(vec![counted(&["a"], json!({"totalPages": 1, "total": 60}))]);
    assert_eq!(
        Home::new()
            .run("templates --query a -o id")
            .api(&server.url)
            .success()
            .stdout,
        "a\n"
    );
}

#[test]
fn failed_read_is_never_unknown() {
    for (reply, code, message) in [
        (Reply::json(500, "{}"), 6, "error: Jelou answered 500"),
        (
            Reply::json(200, r#"{"success":false}"#),
            5,
            "hint: check --bot and the request",
        ),
        (
            Reply::ResetAfterReading,
            7,
            "the connection failed before a response came",
        ),
    ] {
        let server = Server::answering(reply.clone());
        let ended = Home::new()
            .run("templates --retry-for 0")
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{reply:?}: {}", ended.stderr);
        assert!(
            !ended.stderr.contains("may have been sent"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn oversized_page_is_read_once() {
    for (size, code) in [(3 << 20, 0), (9 << 20, 5)] {
        let results = json!([{"elementName": "a", "template": "x".repeat(size)}]);
        let server = Server::answering(Reply::json(200, &json!({"data": results}).to_string()));
        let ended = Home::new()
            .run("templates --output id")
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{}", ended.stderr);
        let (asked, told) = if code == 0 {
            (2, "")
        } else {
            (1, "hint: request less, such as a smaller page")
        };
        assert!(
            server.received().len() == asked && ended.stderr.contains(told),
            "{}",
            ended.stderr
        );
        assert_eq!(
            ended.stderr.contains("(the response has more than 8 MiB)"),
            code == 5,
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn endless_listing_is_an_error() {
    let names: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    let server = Server::start(
        names
            .iter()
            .map(|name| page(&[(name, "es")], None))
            .collect(),
    );
    let ended = Home::new()
        .run("templates")
        .api(&server.url)
        .fails(6, &["the API has more than 100 pages", "hint: "]);
    assert_eq!(ended.json()["results"].as_array().map(Vec::len), Some(100));
    assert_eq!(server.received().len(), 100);
}

#[test]
fn templates_needs_credentials_and_supports_dry_run() {
    let home = Home::new();
    home.run("templates").fails(3, &["no bot to send from"]);
    let shown = home
        .run("templates --dry-run")
        .api(&refused_url())
        .success()
        .json();
    assert_eq!(shown["method"], "GET");
    assert_eq!(shown["body"], Value::Null);
    let shown = home
        .run("templates --curl")
        .api("https://x.example")
        .success()
        .stdout;
    assert!(
        shown.contains("--request GET") && !shown.contains("--data"),
        "{shown}"
    );
    assert!(
        shown.contains("'https://x.example/v1/bots/BOT-ID/templates?page=1&limit=100'"),
        "{shown}"
    );
}

#[test]
fn sandbox_has_sample_templates() {
    let home = Home::new();
    assert_eq!(
        home.run("templates --sandbox --output id").success().stdout,
        "order_shipped\nbienvenida\ncodigo\norder_shipped\nk7x2_recordatorio\n"
    );
    assert_eq!(
        home.run("templates --sandbox --output id --category authentication")
            .success()
            .stdout,
        "codigo\n"
    );
    assert_eq!(
        home.run("templates --sandbox --output id --query shipped")
            .success()
            .stdout,
        "order_shipped\norder_shipped\n"
    );
    assert_eq!(
        home.run("templates --sandbox --output id --status pending")
            .success()
            .stdout,
        ""
    );
}

#[test]
fn unknown_status_with_an_empty_list_is_noted() {
    let home = Home::new();
    let list = |status: &str| {
        home.run("templates --sandbox --status")
            .args(&[status])
            .success()
            .stderr
    };
    assert_eq!(
        list("foo"),
        "note: --status: `foo` is none of the known statuses: approved, pending, rejected, disabled, deleted\n"
    );
    for status in ["pending", "Approved"] {
        assert_eq!(list(status), "");
    }
    let server = Server::answering(page(&[("a", "es")], Some(1)));
    let listed = home
        .run("templates --status paused")
        .api(&server.url)
        .success();
    assert_eq!(listed.stderr, "");
}

#[test]
fn missing_template_error_explains_finding_its_name() {
    let missing =
        r#"{"code":"notification_could_not_be_send","description":"Template does not exist"}"#;
    let server = Server::answering(Reply::json(400, missing));
    let home = Home::new();
    let hint = "hint: Jelou could not send the template; check its name, language and parameters";
    home.run("send template zzz --to 593987654321")
        .api(&server.url)
        .fails(5, &[hint]);
    // One of the sandbox's samples has a prefix.
    let ended = home
        .run("send template recordatorio --to 593987654321 --sandbox --param a --param b")
        .success();
    assert!(
        ended
            .stderr
            .contains("--templates FILE; did you mean `k7x2_recordatorio`?\n"),
        "{ended:?}"
    );
}
