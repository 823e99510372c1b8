//! The secret in these tests is a canary that must never appear in any output. `Run::end` searches the output of every
//! command for it. These tests cover the ways that the secret could get there.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::harness::{CONFIG, Home, Run, set_mode};
use crate::server::{Reply, Server, refused_url};

const CANARY: &str = "canary-7f3a9c51";

/// Answers that repeat the secret, as a debugging server or a proxy might.
fn echoing() -> Vec<Reply> {
    let token = BASE64_STANDARD.encode(format!("x:{CANARY}"));
    let echo = format!(
        r#"{{"error":{{"code":"x","description":"bad header Basic {token} of {CANARY}"}}}}"#
    );
    vec![
        Reply::accepted(),
        Reply::json(200, &echo),
        Reply::json(401, &echo),
        Reply::json(500, &format!("<p>Basic {token}</p>{CANARY}")),
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{echo}").into_bytes()),
        Reply::ResetAfterReading,
        Reply::Greeting(format!("{CANARY} {token}\r\n").into_bytes()),
    ]
}

#[test]
fn escaped_secret_echo_is_hidden() {
    // A secret whose token has a slash, as PHP and ASCII-only writers escape it.
    let secret = r#"canary?>?>"\ñ/"#;
    let token = BASE64_STANDARD.encode(format!("x:{secret}"));
    assert!(token.contains('/'), "{token}");
    let ascii = serde_json::to_string(secret)
        .unwrap()
        .replace('ñ', "\\u00f1")
        .replace('/', "\\/");
    let php = token.replace('/', "\\/");
    let php_secret = serde_json::to_string(secret).unwrap().replace('/', "\\/");
    let json = format!(r#"{{"code":"x","description":{ascii},"{php}":["{php}",{ascii}]}}"#);
    for reply in [
        Reply::json(401, &json),
        Reply::json(401, &format!("<p>{secret} {token} {php}")),
        Reply::Bytes(
            format!("HTTP/1.1 401 X\r\nContent-Length: 9999\r\n\r\n{{\"a\": \"{php}\", \"b\": {php_secret}")
                .into_bytes(),
        ),
    ] {
        for words in ["-v", "-o record"] {
            let server = Server::answering(reply.clone());
            let home = Home::new();
            let run = home.run(&format!("send text --to 593987654321 Hola {words}")).api(&server.url);
            let ended = run.env("JELOU_CLIENT_ID", "x").env("JELOU_CLIENT_SECRET", secret).fails(4, &["not sent"]);
            let shown = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!shown.contains(&token) && !shown.contains(&php) && !shown.contains(&php_secret), "{shown}");
            assert!(shown.contains("(redacted)"), "{shown}");
        }
    }
}

#[test]
fn secret_in_a_wrong_place_is_hidden() {
    let secret = "canary-7f3a";
    for words in [
        "send text --to 593987654321 --bot canary-7f3a Hola -v",
        "send text --to 593987654321 canary-7f3a -v",
        "send text --to id:canary-7f3a Hola -v",
    ] {
        let server = Server::answering(Reply::json(200, r#"{"success":true,"messageId":"m"}"#));
        let home = Home::new();
        let run = home.run(words).api(&server.url);
        let ended = run
            .env("JELOU_CLIENT_ID", "x")
            .env("JELOU_CLIENT_SECRET", secret)
            .success();
        assert!(!ended.stderr.contains(secret), "{words}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("> (redacted)"),
            "{words}: {}",
            ended.stderr
        );
    }
}

#[test]
fn encoded_secret_echo_is_hidden() {
    let secret = "Canary/7f+3a 9ñc51";
    let token = BASE64_STANDARD.encode(format!("x:{secret}"));
    let unicode = |text: &str| {
        text.encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    let percent = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    let html = |text: &str| {
        text.chars()
            .map(|character| format!("&#{};", u32::from(character)))
            .collect::<Vec<_>>()
            .concat()
    };
    let in_json = serde_json::json!({"request": serde_json::json!({"secret": secret, "token": token}).to_string()});
    let in_ascii = in_json.to_string().replace('ñ', r"\\u00f1");
    let forms = [
        unicode(secret),
        unicode(&token),
        percent(secret),
        percent(&token),
        html(secret),
        html(&token),
        token.trim_end_matches('=').to_owned(),
        token.replace('+', "-").replace('/', "_"),
        BASE64_STANDARD.encode(secret),
        unicode(&percent(secret)),
        in_ascii.clone(),
    ];
    let mut replies: Vec<_> = forms
        .iter()
        .map(|form| Reply::json(401, &format!("<p>{form}</p>")))
        .collect();
    // The answer is truncated, so it is not JSON.
    replies.extend(forms.iter().map(|form| {
        Reply::Bytes(
            format!("HTTP/1.1 401 X\r\nContent-Length: 9999\r\n\r\n{{\"a\":\"{form}\",")
                .into_bytes(),
        )
    }));
    replies.push(Reply::json(401, &in_ascii));
    replies.push(Reply::json(
        401,
        &serde_json::json!({"code": "x", "description": forms}).to_string(),
    ));
    for reply in replies {
        let server = Server::answering(reply.clone());
        let home = Home::new();
        let run = home
            .run("send text --to 593987654321 Hola -v -o record")
            .api(&server.url);
        let ended = run
            .env("JELOU_CLIENT_ID", "x")
            .env("JELOU_CLIENT_SECRET", secret)
            .fails(4, &["not sent"]);
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(shown.contains("(redacted)"), "{reply:?}: {shown}");
        for form in forms
            .iter()
            .filter(|form| **form != in_ascii)
            .map(String::as_str)
            .chain([secret, token.as_str()])
        {
            assert!(!shown.contains(form), "{form} of {reply:?}: {shown}");
        }
    }
}

#[test]
fn secret_in_a_wrong_flag_is_hidden() {
    let home = Home::new();
    for arguments in [
        ["--client-id", "id:canary"],
        ["--client-id=id:canary", "-v"],
        ["--api-url", "https://user:canary@api.jelou.ai"],
        ["--api-url", "https:user:canary@h"],
        ["--api-url", "https://u:p@canary@h"],
        ["--api-url", "user:canary@api.jelou.ai"],
        ["--api-url", "https://h/?token=canary"],
        ["--api-url", "canary"],
    ] {
        home.run("send text --to 593987654321 Hola")
            .args(&arguments)
            .fails(2, &["error: --"])
            .stderr_lacks(&["canary"]);
        let (flag, value) = (arguments[0], arguments[1]);
        if flag == "--api-url" {
            home.run("send text --to 593987654321 Hola")
                .env("JELOU_API_URL", value)
                .fails(3, &["JELOU_API_URL: "]);
        }
    }
    home.run("send text --to 593987654321 Hola")
        .env("JELOU_CLIENT_ID", "id:canary")
        .fails(3, &["JELOU_CLIENT_ID: "]);
}

/// Sends in every way that prints; the token must not appear either.
fn send_in_every_way<'a>(run: impl Fn(&str) -> Run<'a>) {
    let token = BASE64_STANDARD.encode(format!("x:{CANARY}"));
    for words in [
        "",
        "-v",
        "-v -o record",
        "-o record",
        "-o id",
        "-q",
        "--dry-run",
        "--dry-run -o record -v",
        "--curl -v",
    ] {
        let ended = run(&format!(
            "send text --to 593987654321 Hola --retry-for 0 --timeout 1s {words}"
        ))
        .end();
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(![2, 3].contains(&ended.code), "{words}: {shown}");
        assert!(
            !shown.contains(&token) && !shown.contains(CANARY),
            "{words}: {shown}"
        );
    }
}

#[test]
fn secret_from_the_environment_is_hidden() {
    for reply in echoing() {
        let (home, server) = (Home::new(), Server::answering(reply));
        send_in_every_way(|words| {
            home.run(words)
                .api(&server.url)
                .env("JELOU_CLIENT_ID", "x")
                .env("JELOU_CLIENT_SECRET", CANARY)
        });
    }
    let home = Home::new();
    send_in_every_way(|words| {
        home.run(words)
            .api(&refused_url())
            .env("JELOU_CLIENT_ID", "x")
            .env("JELOU_CLIENT_SECRET", CANARY)
    });
}

#[test]
#[cfg(unix)]
fn secret_from_any_profile_source_is_hidden() {
    for key in [
        format!("client_secret = \"{CANARY}\""),
        "client_secret_file = \"secret.txt\"".to_owned(),
        format!("client_secret_command = [\"printf\", \"{CANARY}\"]"),
    ] {
        let (home, server) = (Home::new(), Server::answering(echoing()[2].clone()));
        home.write(&format!("{CONFIG}/secret.txt"), CANARY);
        home.config(&format!(
            "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n{key}\n",
            server.url
        ));
        send_in_every_way(|words| home.run(words).env("PATH", "/usr/bin:/bin"));
        for words in [
            "profile show",
            "profile list",
            "profile show p -v",
            "profile use p",
        ] {
            home.run(words).success();
        }
    }
}

#[test]
fn secret_from_standard_input_is_hidden() {
    let (home, server) = (Home::new(), Server::answering(echoing()[2].clone()));
    send_in_every_way(|words| {
        home.run(words)
            .args(&[
                "--client-id",
                "x",
                "--client-secret-file",
                "-",
                "--bot",
                "1",
                "--api-url",
                &server.url,
            ])
            .stdin(CANARY)
    });
    home.run("profile set p --bot 1 --client-id x --client-secret-file -")
        .stdin(CANARY)
        .success();
}

#[test]
fn secret_in_a_broken_configuration_is_hidden() {
    let home = Home::new();
    for text in [
        format!("[profiles.p]\nclient_secret = \"{CANARY}"),
        format!("[profiles.p]\nclient_secret = {CANARY}"),
        format!("[profiles.p]\nclient_secret = [\"{CANARY}\"]"),
        format!("[profiles.p]\nclient_secret = {{a = \"{CANARY}\"}}"),
        format!("client_secret = \"{CANARY}\""),
        format!("[profiles.p]\nclient_secret = \"{CANARY}\"\nbot_id = 7"),
        format!("[profiles.p]\nclient_secret_command = \"printf {CANARY}\""),
        format!("[profiles.p]\nclient_secret_command = [\"sh\", \"-c\", \"{CANARY}\"]\nbot = 1"),
    ] {
        set_mode(&home.config(&text), 0o644);
        for words in [
            "send text --to 593987654321 Hola -v",
            "profile show",
            "profile list",
            "profile set p --bot 1",
            "profile use p",
        ] {
            home.run(words).fails(3, &["error: "]);
        }
    }
    home.config(&format!(
        "[profiles.p]\nbot_id = \"1\"\nclient_secret = \"{CANARY}\"\nclient_secret_file = \"x\""
    ));
    for words in ["send text --to 593987654321 Hola -v", "profile show"] {
        let told = "both client_secret (profile p) and client_secret_file (profile p) are set";
        home.run(words).fails(3, &[told]);
    }
}

#[test]
#[cfg(unix)]
fn secret_of_a_failed_command_is_hidden() {
    let home = Home::new();
    let base =
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"http://127.0.0.1:1\"\n";
    home.config(&format!(
        "{base}client_secret_command = [\"sh\", \"-c\", \"set -x; S={CANARY}; printf $S; exit 1\"]\n"
    ));
    let told = ["`sh` failed with exit status: 1"];
    let ended = home
        .run("send text --to 593987654321 Hola -v")
        .env("PATH", "/usr/bin:/bin")
        .fails(3, &told);
    assert!(!ended.stderr.contains(CANARY), "{ended:?}");
    home.config(&format!(
        "{base}client_secret_command = [\"/no/such\", \"{CANARY}\"]\n"
    ));
    home.run("send text --to 593987654321 Hola -v")
        .fails(3, &["`/no/such`"]);
}

#[test]
fn no_flag_accepts_the_secret() {
    Home::new()
        .run("send text --to 593987654321 Hola --client-secret x")
        .fails(
            2,
            &[
                "other users can read secrets in arguments",
                "--client-secret-file FILE",
            ],
        );
}

#[test]
fn unknown_flag_is_shown_without_its_value() {
    for line in [
        "--client-secert canary-x send text --to 593987654321 Hola",
        "--client-secert=canary-x send text --to 593987654321 Hola",
        "--clientSecret canary-x send text --to 593987654321 Hola",
        "--pass canary-x send text --to 593987654321 Hola",
        "--auth canary-x send text --to 593987654321 Hola",
        "-u cid:canary-x send text --to 593987654321 Hola",
        "send --client-secret canary-x text",
        "send --client-secert canary-x text Hola",
        "send --pass canary-x Hola",
        "text --to 593987654321 --client-secert canary-x Hola",
        "send text --phone 593987654321 --clientsecret canary-x Hola",
        "bulk send text people.csv --client-secert canary-x Hola",
    ] {
        Home::new().run(line).fails(2, &[]);
        Home::new().run(&format!("{line} -o record")).fails(2, &[]);
    }
    Home::new()
        .run("--caption Hola send image --to 593987654321")
        .fails(2, &["unexpected argument `--caption`"]);
    let ended = Home::new()
        .run("--expect 3 send text --to 593987654321 Hola")
        .fails(2, &["--expect"]);
    assert!(!ended.stderr.contains("before its flags"), "{ended:?}");
}

#[test]
fn secret_instead_of_file_is_not_shown() {
    let home = Home::new();
    let words = "--bot 1 --client-id x --client-secret-file canary-in-place-of-file";
    let send = "send text --to 593987654321 Hola --api-url http://127.0.0.1:9";
    let profile = "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\n";
    for (config, run) in [
        (String::new(), format!("{send} {words}")),
        (String::new(), format!("doctor --offline {words}")),
        (
            format!("{profile}client_secret_file = \"canary-in-place-of-file\"\n"),
            "doctor --offline".to_owned(),
        ),
    ] {
        home.config(&config);
        let ended = home.run(&run).end();
        let output = format!("{}{}", ended.stdout, ended.stderr);
        assert!(output.contains("its name is hidden"), "{output}");
    }
    home.run(&format!("profile set q {words}")).fails(
        2,
        &[
            "--client-secret-file: no such file; its name is hidden",
            "nothing was saved",
        ],
    );
    for file in ["./missing", "missing.txt", "/nowhere/missing"] {
        home.config(&format!("{profile}client_secret_file = \"{file}\"\n"));
        let ended = home.run("doctor --offline").end();
        let output = format!("{}{}", ended.stdout, ended.stderr);
        assert!(output.contains("missing"), "{file}: {output}");
    }
}

#[test]
fn short_secret_has_warning() {
    let home = Home::new();
    let doctor = |secret: &str, url: &str| {
        let run = home.run("doctor --offline --bot 1 --client-id x");
        let run = run
            .env("JELOU_CLIENT_SECRET", secret)
            .env("JELOU_API_URL", url);
        run.end().stdout
    };
    let warning =
        "the client secret has fewer than 8 characters, so jelouctl cannot redact it in responses";
    let shown = doctor("canary7", "https://api.jelou.ai");
    assert!(shown.contains(warning), "{shown}");
    for (secret, url) in [
        ("canary-8", "https://api.jelou.ai"),
        ("canary7", "http://127.0.0.1:9"),
    ] {
        let shown = doctor(secret, url);
        assert!(!shown.contains(warning), "{shown}");
    }
}
