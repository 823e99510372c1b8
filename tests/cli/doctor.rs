//! `doctor` runs every check, even after a failure, and exits with the code of the first failure.

use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home, set_mode};
use crate::server::{Reply, Server, refused_url};

fn templates() -> Reply {
    Reply::json(
        200,
        r#"{"pagination":{"totalPages":1},"results":[{"elementName":"a"}],"links":[]}"#,
    )
}

/// Returns the state and the detail of the check with this name.
fn check(ended: &CommandOutput, name: &str) -> (String, String) {
    let checks = ended.json()["checks"].clone();
    let found = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {checks}"));
    (
        found["state"].as_str().unwrap().to_owned(),
        found["detail"].as_str().unwrap().to_owned(),
    )
}

fn is(ended: &CommandOutput, name: &str, state: &str, detail: &str) {
    let (found, shown) = check(ended, name);
    assert!(
        found == state && shown.contains(detail),
        "{name}: {found}: {shown}"
    );
}

#[test]
fn hours_without_a_zone_cause_a_warning() {
    let home = Home::new();
    home.profile("prod", "https://127.0.0.1:9", "between = [\"09:00-10:00\"]");
    let doctor = |zone: &str| {
        let run = home.run("doctor --offline -o record");
        run.env("TZ", zone).success()
    };
    let unset = "sending hours need a time zone, and this machine's is UTC";
    is(&doctor("UTC"), "between", "warning", unset);
    is(&doctor("America/Lima"), "between", "ok", "09:00-10:00");
}

#[test]
fn doctor_passes_if_a_message_could_be_sent() {
    let home = Home::new();
    let server = Server::start(vec![templates()]);
    home.profile("prod", &server.url, "");
    let ended = home.run("doctor --output record").success();
    assert_eq!(ended.json()["exit_code"], 0);
    for (name, detail) in [
        ("configuration", "config.toml, profiles: 1"),
        ("profile", "prod (default)"),
        ("bot_id", "BOT-ID (profile prod)"),
        ("client_secret", "(redacted) (profile prod)"),
        ("secret", "obtained"),
        ("connection", "127.0.0.1:"),
        ("TLS", "not used"),
        ("credentials", "accepted for bot BOT-ID; templates: 1"),
        ("ledgers", "jelouctl is writable"),
        ("version", concat!("jelouctl ", env!("CARGO_PKG_VERSION"))),
    ] {
        is(&ended, name, "ok", detail);
    }
    let lines: Vec<_> = server
        .received()
        .into_iter()
        .map(|received| received.line)
        .collect();
    assert_eq!(
        lines,
        [
            "GET / HTTP/1.1",
            "GET /v1/bots/BOT-ID/templates?page=1&limit=100 HTTP/1.1"
        ]
    );
    // Only the second request is signed.
    assert!(!server.received()[0].headers.contains_key("authorization"));
    let text = home.run("doctor").success().stdout;
    assert!(text.starts_with("ok       configuration: "), "{text}");
    assert!(
        text.ends_with("\nready: credentials accepted for bot BOT-ID; templates: 1\n"),
        "{text}"
    );
}

#[test]
fn doctor_runs_all_checks_after_a_failure() {
    let ended = Home::new()
        .run("doctor --output record --api-url")
        .args(&[&refused_url()])
        .end();
    assert_eq!(ended.code, 3);
    assert_eq!(ended.json()["exit_code"], 3);
    let text = Home::new()
        .run("doctor --api-url")
        .args(&[&refused_url()])
        .end()
        .stdout;
    assert!(text.starts_with("failed   bot_id: no bot"), "{text}");
    assert!(
        text.ends_with(" problems; next: jelouctl profile set NAME --bot BOT --client-id ID\n"),
        "{text}"
    );
    // A default value is shown only with -v.
    assert!(!text.contains("timeout: "), "{text}");
    let verbose = Home::new().run("doctor -v --offline").end().stdout;
    assert!(
        verbose.contains("ok       timeout: 30s (default)\n"),
        "{verbose}"
    );
    is(&ended, "bot_id", "failed", "no bot to send from");
    is(&ended, "client_id", "warning", "not set");
    is(&ended, "client_secret", "warning", "not set");
    is(&ended, "secret", "failed", "no credentials");
    is(&ended, "connection", "failed", "the connection was refused");
    is(&ended, "version", "ok", "jelouctl");
    let hints: Vec<_> = ended.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["hint"].clone())
        .collect();
    assert_eq!(
        hints.iter().filter(|hint| **hint != Value::Null).count(),
        3,
        "{hints:?}"
    );
}

#[test]
fn each_failure_has_its_check_and_code() {
    let dead = refused_url();
    for (reply, code, name, detail) in [
        (templates(), 0, "credentials", "accepted"),
        (
            Reply::json(200, r#"{"data":[{"elementName":"a"}]}"#),
            0,
            "credentials",
            "templates: at least 1",
        ),
        (
            Reply::json(
                200,
                r#"{"pagination":{"totalPages":3},"results":[{"elementName":"a"}]}"#,
            ),
            0,
            "credentials",
            "templates: at least 1",
        ),
        (
            Reply::json(
                200,
                r#"{"pagination":{"totalPages":1,"total":250},"results":[{"elementName":"a"}]}"#,
            ),
            0,
            "credentials",
            "templates: at least 1",
        ),
        (
            Reply::json(401, r#"{"code":"unauthorized"}"#),
            4,
            "credentials",
            "Jelou answered 401: unauthorized",
        ),
        (
            Reply::json(404, r#"{"code":"bot_not_found"}"#),
            5,
            "credentials",
            "bot_not_found",
        ),
        (Reply::json(429, "{}"), 6, "credentials", "429"),
        (Reply::json(500, "{}"), 6, "credentials", "500"),
        (
            Reply::ResetAfterReading,
            7,
            "answer",
            "failed before a response",
        ),
    ] {
        let server = Server::answering(reply);
        let ended = Home::new()
            .run("doctor --output record")
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{}", ended.stdout);
        is(
            &ended,
            name,
            if code == 0 { "ok" } else { "failed" },
            detail,
        );
    }
    let ended = Home::new().run("doctor --output record").api(&dead).end();
    assert_eq!(ended.code, 7);
    let ended = Home::new()
        .run("doctor --output record")
        .api("https://api.jelou.invalid")
        .end();
    assert_eq!(ended.code, 7);
    is(&ended, "connection", "failed", "api.jelou.invalid");
}

#[test]
fn clock_is_compared_with_the_server() {
    let late = Reply::with_headers(200, "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "{}");
    let server = Server::start(vec![late, templates()]);
    let ended = Home::new()
        .run("doctor --output record")
        .api(&server.url)
        .success();
    let (state, detail) = check(&ended, "clock");
    assert!(
        state == "warning"
            && detail.contains(" d ")
            && detail.contains("differs from the server's by"),
        "{detail}"
    );
}

#[test]
fn untrusted_certificate_is_reported() {
    let (server, ca) = crate::tls::start("localhost");
    let home = Home::new();
    let url = format!("https://localhost:{}", server.port());
    let ended = home.run("doctor --output record").api(&url).end();
    assert_eq!(ended.code, 7, "{}", ended.stdout);
    is(&ended, "TLS", "failed", "certificate");
    home.write("ca.pem", ca);
    is(
        &home
            .run("doctor --output record --ca-cert ca.pem")
            .api(&url)
            .end(),
        "TLS",
        "ok",
        "ca.pem",
    );
}

#[test]
fn doctor_writes_no_files() {
    let home = Home::new();
    home.run("doctor --offline").api(&refused_url()).success();
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn offline_needs_no_network() {
    let ended = Home::new()
        .run("doctor --offline --output record")
        .api(&refused_url())
        .success();
    is(&ended, "network", "warning", "not checked");
    is(&ended, "secret", "ok", "obtained");
}

#[test]
#[cfg(unix)]
fn unusable_configuration_is_reported_first() {
    let home = Home::new();
    // The next step is not the same command again.
    let missing = home.run("--config none.toml doctor --offline").end();
    let next = "; next: correct configuration; then: jelouctl --config none.toml doctor\n";
    assert!(
        missing
            .stdout
            .contains("--config: none.toml does not exist"),
        "{missing:?}"
    );
    assert!(missing.stdout.ends_with(next), "{missing:?}");
    let path = home.config("[profiles.p]\nbot = \"1\"\n");
    let ended = home.run("doctor --output record").end();
    assert_eq!(ended.code, 3);
    is(&ended, "configuration", "failed", "unknown key `bot`");
    is(&ended, "secret and network", "warning", "not checked");
    home.config("[profiles.p]\nbot_id = \"1\"\n");
    set_mode(&path, 0o666);
    is(
        &home.run("doctor --output record").end(),
        "configuration",
        "failed",
        "others can change it",
    );
    let ended = home
        .run("doctor --output record --profile q --offline")
        .end();
    assert_eq!(ended.code, 3);
    set_mode(&path, 0o600);
    is(
        &home
            .run("doctor --output record --profile q --offline")
            .end(),
        "profile",
        "failed",
        "there is no profile `q`",
    );
    assert!(
        !home
            .run("doctor --profile q")
            .end()
            .stdout
            .contains("all else can")
    );
    is(
        &home
            .run("doctor --output record --config nowhere.toml")
            .end(),
        "configuration",
        "failed",
        "nowhere.toml",
    );
    is(
        &home
            .run("doctor --output record")
            .env("JELOU_BOT_ID", "")
            .end(),
        "environment",
        "failed",
        "set but empty",
    );
}

#[test]
#[cfg(target_os = "linux")]
fn unusable_ledger_is_reported() {
    let home = Home::new();
    home.write("file", "");
    let run = home
        .run("doctor --output record --sandbox")
        .env("XDG_STATE_HOME", home.path().join("file"));
    let ended = run.end();
    // A send does not need a ledger.
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    is(
        &ended,
        "ledgers",
        "warning",
        "bulk and --once do not work: ",
    );
    is(&ended, "ledgers", "warning", "is a file, not a directory");
    assert!(
        !ended.stdout.contains("everything else"),
        "{}",
        ended.stdout
    );
    is(&ended, "credentials", "ok", "accepted");
}

#[test]
#[cfg(unix)]
fn secret_command_output_is_not_shown() {
    let home = Home::new();
    let of = |command: Value| {
        home.config(&format!(
            "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret_command = {command}\n"
        ));
        home.run("doctor --output record --offline")
            .env("PATH", "/usr/bin:/bin")
            .end()
    };
    is(&of(json!(["echo", "canary-2"])), "secret", "ok", "obtained");
    let ended = of(json!(["false"]));
    assert_eq!(ended.code, 3);
    is(
        &ended,
        "secret",
        "failed",
        "the secret command `false` failed",
    );
}
