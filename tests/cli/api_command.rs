//! `api`: requests to any endpoint that certainly does not send a message.

use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home, under};
use crate::server::{Reply, Server, refused_url};

/// A path that allows a POST, and any GET.
const HARMLESS: &str = "/v1/bots/{bot}/templates";

fn ok(body: &Value) -> Reply {
    Reply::json(200, &body.to_string())
}

#[test]
fn documented_endpoints_use_the_send_credentials() {
    let history = json!({"pagination": {"totalPages": 1}, "_metadata": {}, "results": [{"messageId": "m1", "status": "READ"}]});
    let notification = json!({"wasRead": false, "sentStatus": "FAILED", "error": "Message Undeliverable", "id": 7});
    let webhooks = json!({"message": ["ok"], "statusMessage": "success", "status": 1, "data": {"read": "https://x.example"}});
    for (words, line, answer) in [
        (
            "/v1/bots/{bot}/templates?limit=5",
            "GET /v1/bots/BOT-ID/templates?limit=5",
            json!({"data": []}),
        ),
        (
            "GET v1/external/messages/history/{bot} -f a=2",
            "GET /v1/external/messages/history/BOT-ID?a=2",
            history,
        ),
        (
            "/v1/external/bots/{bot}/notifications",
            "GET /v1/external/bots/BOT-ID/notifications",
            json!({"results": []}),
        ),
        // A message's error is not the request's error.
        (
            "get /v1/bots/{bot}/notifications/7",
            "GET /v1/bots/BOT-ID/notifications/7",
            notification,
        ),
        (
            "/v1/bots/{bot}/events/webhook",
            "GET /v1/bots/BOT-ID/events/webhook",
            webhooks.clone(),
        ),
        (
            "POST /v1/bots/{bot}/events/webhook",
            "POST /v1/bots/BOT-ID/events/webhook",
            webhooks,
        ),
    ] {
        let server = Server::answering(ok(&answer));
        let ended = Home::new()
            .run("api")
            .args(&words.split(' ').collect::<Vec<_>>())
            .api(&server.url)
            .success();
        assert_eq!(
            (ended.json(), ended.stderr.as_str()),
            (answer, ""),
            "{words}"
        );
        let received = server.only();
        assert_eq!(received.line, format!("{line} HTTP/1.1"));
        assert_eq!(
            received.headers["authorization"],
            "Basic aWQ6Y2FuYXJ5LXNlY3JldC1vZi10aGUtdGVzdHM="
        );
        assert!(received.body.is_empty());
        // A POST without a body has a length of 0: some servers require it.
        assert_eq!(
            received.headers.get("content-length").map(String::as_str),
            line.starts_with("POST").then_some("0")
        );
    }
}

#[test]
fn api_response_is_classified_like_a_send() {
    let refused = r#"{"success":false,"message":"no"}"#;
    let page = Reply::with_headers(200, "", "<html>login</html>");
    for (method, reply, code, words) in [
        (
            "POST",
            Reply::HangAfterReading,
            8,
            "error: Jelou may have carried it out: no response in time",
        ),
        (
            "POST",
            Reply::ResetAfterReading,
            8,
            "hint: check in Jelou whether it took effect before you try",
        ),
        (
            "POST",
            page,
            8,
            "Jelou may have carried it out: Jelou answered 200: its body is an HTML page",
        ),
        (
            "GET",
            Reply::HangAfterReading,
            7,
            "error: no response in time (waited ",
        ),
        ("GET", Reply::ResetAfterReading, 7, "hint: try again\n"),
        (
            "GET",
            Reply::json(502, ""),
            6,
            "error: Jelou answered 502\nhint: try again\n",
        ),
        (
            "GET",
            Reply::json(200, refused),
            5,
            "error: Jelou answered 200: no\nhint: fix the request and try again\n",
        ),
        ("POST", Reply::json(429, "{}"), 6, "try again later"),
        ("POST", Reply::json(204, ""), 0, ""),
        ("GET", Reply::json(200, "plain words"), 0, ""),
    ] {
        let server = Server::answering(reply.clone());
        let home = Home::new();
        let run = home.run("api").args(&[method, HARMLESS]).args(&[
            "--timeout",
            "700ms",
            "--retry-for",
            "0",
        ]);
        run.api(&server.url)
            .fails(code, &[words])
            .stderr_lacks(&["the message"]);
        assert_eq!(server.received().len(), 1, "{method} {reply:?}");
    }
    // A read is retried. A request that may have had an effect is not.
    for (method, code, requests) in [("GET", 0, 3), ("POST", 8, 1)] {
        let server = Server::start(vec![
            Reply::json(500, "{}"),
            Reply::ResetAfterReading,
            ok(&json!({})),
        ]);
        let ended = Home::new()
            .run("api")
            .args(&[method, HARMLESS])
            .api(&server.url)
            .end();
        assert_eq!(
            (ended.code, server.received().len()),
            (code, requests),
            "{ended:?}"
        );
    }
    Home::new()
        .run("api /v1/x --retry-for 0")
        .api(&refused_url())
        .fails(7, &["failed to connect"]);
}

#[test]
fn fields_become_query_and_file_becomes_body() {
    let home = Home::new();
    home.write("body.json", "\u{feff}{\"b\": [1, 1.5, \"ñ\"]}\n");
    let request = |arguments: &[&str]| {
        let run = home
            .run("api --dry-run")
            .args(arguments)
            .stdin(r#"{"in":"stdin"}"#);
        let shown = run.api(&refused_url()).success().json();
        let url = shown["url"]
            .as_str()
            .unwrap()
            .split_once("/v1")
            .unwrap()
            .1
            .to_owned();
        (
            shown["method"].as_str().unwrap().to_owned(),
            url,
            shown["body"].clone(),
        )
    };
    for (arguments, method, url, body) in [
        (&["POST", HARMLESS][..], "POST", "", Value::Null),
        (
            &[HARMLESS, "--input", "body.json"],
            "POST",
            "",
            json!({"b": [1, 1.5, "ñ"]}),
        ),
        (
            &["POST", HARMLESS, "--input", "-", "-f", "a=b c"],
            "POST",
            "?a=b+c",
            json!({"in": "stdin"}),
        ),
        (
            &[
                "/v1/x?z=1",
                "-f",
                "a=ñ&",
                "-f",
                "n=b=c",
                "--raw-field",
                "n=[6]",
                "-f",
                "o=",
            ],
            "GET",
            "/v1/x?z=1&a=%C3%B1%26&n=b%3Dc&n=%5B6%5D&o=",
            Value::Null,
        ),
        (
            &["/v1/bots/{bot}/x?bot={bot}"],
            "GET",
            "/v1/bots/BOT-ID/x?bot=BOT-ID",
            Value::Null,
        ),
    ] {
        let url = if method == "POST" {
            format!("/bots/BOT-ID/templates{url}")
        } else {
            url.replace("/v1", "")
        };
        assert_eq!(
            request(arguments),
            (method.to_owned(), url, body),
            "{arguments:?}"
        );
    }
    let run = home
        .run("api POST /v1/x --curl --input -")
        .stdin(r#"{"a": "it's"}"#);
    let shown = run.api("https://x.example").success().stdout;
    assert!(
        shown.contains("--request POST") && shown.contains("'https://x.example/v1/x'"),
        "{shown}"
    );
    assert!(
        shown.contains(r#"--data-raw '{"a":"it'\''s"}'"#)
            && shown.contains("${JELOU_CLIENT_SECRET:?}"),
        "{shown}"
    );
}

#[test]
fn unlisted_paths_accept_only_get() {
    let server = Server::expect_no_requests();
    let home = Home::new();
    home.config("[profiles.p]\nallow_to = [\"593987654321\"]\n");
    for (path, hint) in [
        (
            "/v1/bots/{bot}/messages",
            "to send: jelouctl --profile p send KIND --to RECIPIENT",
        ),
        (
            "/v1/bots/{bot}/users/593987654321/flow_message?type=x",
            "to send: jelouctl --profile p flow-message --to RECIPIENT",
        ),
        (
            "/v2/whatsapp/{bot}/hsm",
            "to send: jelouctl --profile p send template NAME --to RECIPIENT",
        ),
        (
            "/v2/whatsapp/{bot}/hsm/file",
            "to send: jelouctl --profile p bulk send LIST template NAME",
        ),
        (
            "/v1/bots/{bot}/campaigns/5/template-messages",
            "to send: jelouctl --profile p send template --template-id ID --campaign ID",
        ),
        (
            "/v1/rooms/ROOM/message",
            "to send: jelouctl --profile p send KIND --to RECIPIENT",
        ),
        (
            "v1/bots/{bot}/Messages/",
            "to send: jelouctl --profile p send KIND",
        ),
        (
            "/v1/bots/{bot}/users/573001234567/skill/12",
            "to print the request: --curl",
        ),
        ("/v1/bots/{bot}/message%73", "to print the request: --curl"),
    ] {
        for method in ["POST", "put", "PATCH", "DELETE"] {
            let run = home.run("api -p p").args(&[method, path]).api(&server.url);
            let refused = run.fails(2, &["send messages", &format!("hint: {hint}")]);
            assert!(
                refused.stderr.ends_with("\nnote: nothing was sent\n"),
                "{refused:?}"
            );
        }
    }
    // A body makes it a POST, and a preview does not change that.
    for words in [
        "--input x.json",
        "POST --dry-run",
        "POST --curl",
        "POST --sandbox",
    ] {
        let words = words
            .split(' ')
            .chain(["/v1/bots/{bot}/messages"])
            .collect::<Vec<_>>();
        home.run("api")
            .args(&words)
            .env("JELOU_CLIENT_SECRET", "x")
            .fails(2, &["does not send messages"]);
    }
    // A request to an unlisted path may be printed, and a request to a listed path is sent.
    let curl = home
        .run("api DELETE /v1/x --curl")
        .api(&server.url)
        .success()
        .stdout;
    assert!(
        curl.contains("--request DELETE") && curl.contains("/v1/x"),
        "{curl}"
    );
    let server = Server::answering(ok(&json!([])));
    for path in [
        HARMLESS,
        "/v1/bots/{bot}/events/webhook",
        "/v1/metrics/conversations/attended/external",
    ] {
        home.run("api POST")
            .args(&[path])
            .api(&server.url)
            .success();
    }
    home.run("api /v1/bots/{bot}/messages")
        .api(&server.url)
        .success();
    assert_eq!(server.received().len(), 4);
}

#[test]
fn invalid_or_foreign_path_is_refused() {
    let server = Server::expect_no_requests();
    let home = Home::new();
    for (path, problem) in [
        ("//evil.example/x", "leaves the API's address"),
        (
            "https://u:canary@api.jelou.ai/v1",
            "expected a path, found a URL",
        ),
        (
            "https://u:canary@x@api.jelou.ai?a=canary",
            "expected a path, found a URL",
        ),
        (
            "//u:canary@api.jelou.ai/v1",
            "the path leaves the API's address",
        ),
        ("@evil.example/..", "leaves the API's address"),
        ("/v1/x\r\nHost: evil", "the path has the character '\\r'"),
        ("", "no path"),
    ] {
        for method in [&[][..], &["POST"], &["--dry-run"]] {
            let run = home.run("api").args(method).args(&[path]).api(&server.url);
            let refused = run.fails(2, &[problem, "hint: "]);
            assert_eq!(refused.stdout, "");
        }
    }
    home.run("api POST").api(&server.url).fails(
        2,
        &[
            "no path",
            "hint: to list the templates: jelouctl api '/v1/bots/{bot}/templates'",
        ],
    );
    // A text that only looks like another host is a path.
    let shown = home
        .run("api --dry-run @evil.example:80/x")
        .api("https://x.example")
        .success()
        .json();
    assert_eq!(shown["url"], "https://x.example/@evil.example:80/x");
}

#[test]
fn invalid_arguments_are_reported_before_the_configuration() {
    let home = Home::new();
    home.write("body.json", "{");
    for (words, problem, hint) in [
        (
            "FETCH /v1/x",
            "`FETCH` is not a method of an endpoint",
            "write GET, POST, PUT, PATCH or DELETE",
        ),
        (
            "/v1/x GET",
            "`/v1/x` is not a method of an endpoint",
            "before the path",
        ),
        (
            "/v1/bots/{bot}/templates -f a",
            "--raw-field: `a` is not KEY=VALUE",
            "KEY=VALUE",
        ),
        (
            "/v1/bots/{bot}/templates -f =1",
            "--raw-field: `=1` is not KEY=VALUE",
            "",
        ),
        (
            "/v1/bots/{bot}/templates --input body.json",
            "--input: body.json is not valid JSON: ",
            "fix it there",
        ),
        (
            "GET /v1/x --input body.json",
            "--input: a GET has no body",
            "-f",
        ),
        (
            "-X POST /v1/x",
            "unexpected argument `-X`",
            "jelouctl api POST PATH",
        ),
        (
            "POST /v1/x -d {}",
            "unexpected argument `-d`",
            "--input FILE",
        ),
    ] {
        let ended = home
            .run("api")
            .args(&words.split(' ').collect::<Vec<_>>())
            .stdin("{}")
            .fails(2, &[problem, hint]);
        assert_eq!(
            ended.stdout.is_empty(),
            !words.contains("record"),
            "{ended:?}"
        );
    }
    home.run("api /v1/x").fails(3, &["no bot to send from"]);
}

/// The command has less memory than the size of the answer.
#[test]
#[cfg(target_os = "linux")]
fn response_of_200_mb_is_refused() {
    let mut answer =
        format!("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n\"", 200 << 20).into_bytes();
    answer.resize(answer.len() + (200 << 20), b'x');
    let server = Server::answering(Reply::Bytes(answer));
    let home = Home::new();
    for (method, code, words) in [
        (
            "GET",
            5,
            "error: Jelou answered 200 (the response has more than 8 MiB)\nhint: request less",
        ),
        (
            "POST",
            8,
            "error: Jelou may have carried it out: Jelou answered 200 (the response has more than 1 MiB)",
        ),
    ] {
        let mut command = home.process("api", &server.url);
        command.args([method, HARMLESS]);
        let limited = ["sh", "-c", "ulimit -v 180000; exec \"$0\" \"$@\""];
        let ended = CommandOutput::new(
            &under(&limited, &command)
                .env("PATH", "/usr/bin:/bin")
                .output()
                .unwrap(),
        );
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (code, ""),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn echoed_secret_is_not_printed() {
    let secret = "canary-secret-of-the-tests";
    let echo = json!({"results": [{"headers": {"authorization": "Basic aWQ6Y2FuYXJ5LXNlY3JldC1vZi10aGUtdGVzdHM="}, secret: secret}]});
    for words in [
        "/v1/x",
        "POST /v1/bots/{bot}/templates",
        "/v1/x -v",
        "/v1/x -o record",
    ] {
        let server = Server::answering(ok(&echo));
        let home = Home::new();
        let ended = home
            .run("api")
            .args(&words.split(' ').collect::<Vec<_>>())
            .api(&server.url)
            .success();
        assert!(
            ended.stdout.contains("redacted") && !ended.stdout.contains("aWQ6"),
            "{ended:?}"
        );
    }
}

#[test]
fn api_record_contains_the_outcome() {
    let home = Home::new();
    let server = Server::answering(ok(&json!({"messageId": "m1", "a": 1})));
    let record = home
        .run("api POST /v1/bots/{bot}/templates -f a=b -o record")
        .api(&server.url)
        .success()
        .json();
    assert_eq!(
        (&record["sent"], &record["message_id"]),
        (&json!("yes"), &json!("m1"))
    );
    assert_eq!(
        (&record["response"]["a"], &record["kind"], &record["bot_id"]),
        (&json!(1), &Value::Null, &json!("BOT-ID"))
    );
    assert_eq!(
        home.run("api POST /v1/bots/{bot}/templates -o id")
            .api(&server.url)
            .success()
            .stdout,
        "m1\n"
    );
    assert_eq!(
        home.run("api POST /v1/bots/{bot}/templates -o none")
            .api(&server.url)
            .success()
            .stdout,
        ""
    );
    let server = Server::answering(Reply::HangAfterReading);
    let run = home
        .run("api POST /v1/bots/{bot}/templates --timeout 500ms -o record")
        .api(&server.url);
    let record = run.fails(8, &[]).json();
    assert_eq!(
        (&record["sent"], &record["error"]["code"]),
        (&json!("unknown"), &json!("unknown"))
    );
    let record = home
        .run("api POST /v1/messages -o record")
        .api(&server.url)
        .fails(2, &[])
        .json();
    assert_eq!(
        (&record["sent"], &record["error"]["code"]),
        (&json!("no"), &json!("usage"))
    );
    let record = home
        .run("api POST /v1/bots/{bot}/templates --dry-run -o record")
        .api(&server.url)
        .success()
        .json();
    assert_eq!(
        (&record["dry_run"], &record["sent"]),
        (&json!(true), &json!("no"))
    );
}

#[test]
fn api_works_with_the_sandbox() {
    let listed = Home::new()
        .run("api --sandbox /v1/bots/{bot}/templates")
        .success();
    assert_eq!(listed.json()["results"][0]["elementName"], "order_shipped");
}

#[test]
#[cfg(target_os = "linux")]
fn accepted_request_succeeds_despite_print_failure() {
    let home = Home::new();
    for (method, code, words) in [
        ("POST", 0, "the request was accepted, but the response"),
        ("GET", 1, "write standard output"),
    ] {
        let server = Server::answering(ok(&json!({"success": true})));
        let mut command = home.process("api", &server.url);
        command.args([method, HARMLESS]).stdout(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        );
        let ended = CommandOutput::new(&command.output().unwrap());
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
}
