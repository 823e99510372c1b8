//! The sources of settings, their precedence, and invalid settings.

use std::path::PathBuf;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

use crate::harness::{CONFIG, CommandOutput, Home, Run, set_mode};
#[cfg(target_os = "linux")]
use crate::needs::can_mount;
use crate::needs::can_test;
use crate::server::{Reply, Server};

const SEND: &str = "send text --to 593987654321 Hola";

/// Creates a profile for the server, with the secret in the file.
fn profile(name: &str, server: &Server) -> String {
    let url = &server.url;
    format!(
        "[profiles.{name}]\nbot_id = \"{name}-bot\"\nclient_id = \"{name}-id\"\nclient_secret = \"canary-{name}\"\napi_url = \"{url}\"\n"
    )
}

fn authorization(id: &str, secret: &str) -> String {
    use base64::Engine;

    format!(
        "Basic {}",
        base64::prelude::BASE64_STANDARD.encode(format!("{id}:{secret}"))
    )
}

/// Returns the bot and the `Authorization` header of the only request.
fn sent_as(server: &Server) -> (String, String) {
    let request = server.only();
    (
        request.line.split('/').nth(3).unwrap().to_owned(),
        request.headers["authorization"].clone(),
    )
}

#[test]
fn flags_then_environment_then_profile() {
    let home = Home::new();
    let server = || Server::answering(Reply::accepted());

    let only_profile = server();
    home.config(&profile("prod", &only_profile));
    home.run(SEND).success();
    assert_eq!(
        sent_as(&only_profile),
        (
            "prod-bot".to_owned(),
            authorization("prod-id", "canary-prod")
        )
    );

    let with_environment = server();
    home.config(&profile("prod", &with_environment));
    home.run(SEND)
        .env("JELOU_BOT_ID", "env-bot")
        .env("JELOU_CLIENT_ID", "e")
        .env("JELOU_CLIENT_SECRET", "s")
        .success();
    assert_eq!(
        sent_as(&with_environment),
        ("env-bot".to_owned(), authorization("e", "s"))
    );

    let with_flags = server();
    home.config(&profile("prod", &with_flags));
    home.write("secret.txt", "from-file\n");
    let run = home.run(SEND).args(&[
        "--bot-id",
        "flag-bot",
        "--client-id",
        "f",
        "--client-secret-file",
        "secret.txt",
    ]);
    run.env("JELOU_BOT_ID", "env-bot")
        .env("JELOU_CLIENT_ID", "e")
        .env("JELOU_CLIENT_SECRET", "s")
        .success();
    assert_eq!(
        sent_as(&with_flags),
        ("flag-bot".to_owned(), authorization("f", "from-file"))
    );
}

#[test]
fn explicit_profile_overrides_environment_variables() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.config(&format!(
        "{}{}",
        profile("prod", &server),
        profile("test", &server)
    ));
    let run = home
        .run(SEND)
        .args(&["-p", "test"])
        .env("JELOU_BOT_ID", "b")
        .env("JELOU_CLIENT_ID", "i")
        .env("JELOU_CLIENT_SECRET", "s");
    let ended = run.success();
    assert_eq!(
        ended.stderr,
        "warning: --profile sets bot and credentials; ignored: JELOU_BOT_ID, JELOU_CLIENT_ID, JELOU_CLIENT_SECRET\n"
    );
    assert_eq!(
        sent_as(&server),
        (
            "test-bot".to_owned(),
            authorization("test-id", "canary-test")
        )
    );
}

#[test]
fn profile_comes_from_flag_variable_or_default() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let two = format!("{}{}", profile("prod", &server), profile("test", &server));
    home.config(&two);
    home.run(SEND).fails(
        3,
        &[
            "several profiles exist, but no default: prod, test",
            "jelouctl profile use prod",
        ],
    );
    assert_eq!(server.received().len(), 0);
    home.run(SEND).env("JELOU_PROFILE", "test").success();
    home.config(&format!("default_profile = \"prod\"\n{two}"));
    home.run(SEND).success();
    home.run(SEND).args(&["--profile", "test"]).success();
    let bots: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.line.split('/').nth(3).unwrap().to_owned())
        .collect();
    assert_eq!(bots, ["test-bot", "prod-bot", "test-bot"]);
    home.run(SEND).args(&["--profile", "prd"]).fails(
        3,
        &[
            "error: there is no profile `prd`; there are: prod, test",
            "did you mean `prod`?",
        ],
    );
    home.run(SEND)
        .env("JELOU_PROFILE", "x")
        .fails(3, &["JELOU_PROFILE: there is no profile"]);
    Home::new().run(SEND).args(&["-p", "x"]).fails(
        3,
        &[
            "there is no profile `x`; none exists",
            "jelouctl profile set x",
        ],
    );
    // The sandbox works in any case.
    home.config(&two);
    home.run(SEND).args(&["--sandbox"]).success();
}

#[test]
fn every_command_uses_the_configured_ledger() {
    let home = Home::new();
    let database = |name: &str| format!("postgres://u@127.0.0.1:1/{name}");
    let with_ledger = |name: &str| {
        format!(
            "[profiles.{name}]\nbot_id = \"1\"\nledger = \"{}\"\n",
            database(name)
        )
    };
    home.config(&format!("{}{}", with_ledger("prod"), with_ledger("test")));
    home.write("list.csv", "to\n593987654321\n");
    let unknown = "there is no profile `prodd`";
    for command in [
        "bulk stop",
        "bulk work",
        "bulk resume",
        "bulk list",
        "bulk find 593987654321",
        "bulk status",
        "bulk report",
        "bulk resolve r --unknown-as failed",
        "bulk remove --older-than 90d --yes",
        "bulk remove r --yes",
        "ledger setup",
        "bulk send list.csv text Hola",
    ] {
        let run = || home.run(command).env_remove("JELOUCTL_LEDGER");
        let near = "did you mean `prod`?";
        for profile in [
            &["--profile", "prodd"][..],
            &["--profile", "prodd", "--ledger", &database("prod")],
        ] {
            let ended = run().args(profile).fails(3, &[unknown, near]);
            assert_eq!(ended.stdout, "", "{command}");
        }
        run()
            .env("JELOU_PROFILE", "prodd")
            .fails(3, &[unknown, "JELOU_PROFILE", near]);
        run()
            .env("JELOU_PROFILE", "prodd")
            .env("JELOUCTL_LEDGER", database("prod"))
            .fails(3, &[unknown, near]);
        run().fails(
            3,
            &[
                "several profiles exist, but no default: prod, test",
                "--profile prod",
            ],
        );
        run()
            .args(&["--config", "nosuch.toml"])
            .fails(3, &["error: --config: nosuch.toml does not exist"]);
        run()
            .env("JELOUCTL_CONFIG", "nosuch.toml")
            .fails(3, &["error: JELOUCTL_CONFIG: nosuch.toml does not exist"]);
    }
    // A sandbox run uses the ledger of the profile, too.
    home.run("bulk stop --sandbox")
        .env_remove("JELOUCTL_LEDGER")
        .fails(3, &["several profiles"]);
    let enclosed = || {
        home.run("bulk stop")
            .env_remove("JELOUCTL_LEDGER")
            .env("JELOUCTL_SANDBOX", "http://127.0.0.1:9")
    };
    enclosed().fails(3, &["several profiles"]);
    enclosed()
        .env("JELOU_PROFILE", "prodd")
        .fails(3, &[unknown, "did you mean `prod`?"]);
}

#[test]
fn file_ledgers_need_no_profile_or_sender() {
    let home = Home::new();
    let run = |words: &str| home.run(words).env_remove("JELOUCTL_LEDGER");
    // The ledger is a file, so no bot, credentials or readable secret are needed.
    home.config("[profiles.a]\nclient_secret_file = \"nosuch\"\n[profiles.b]\nclient_secret_command = [\"/nosuch\"]\n");
    for command in ["bulk list", "bulk resume"] {
        run(command).success();
        run(command).args(&["--profile", "b"]).success();
        run(command)
            .env("JELOU_BOT_ID", "")
            .env("JELOU_TIMEOUT", "soon")
            .env("JELOU_CLIENT_SECRET", " canary")
            .success();
    }
    run("ledger setup").fails(2, &["no database is set"]);
    let sandbox = ("JELOUCTL_SANDBOX", "http://127.0.0.1:9");
    run("bulk list --profile c").fails(3, &["there is no profile `c`"]);
    run("bulk list --profile c")
        .env(sandbox.0, sandbox.1)
        .success();
    // If one of them has a database, a profile must be chosen.
    let same = "[profiles.a]\nledger = \"postgres://a@127.0.0.1:1/j\"\n[profiles.b]\nledger = \"postgresql://b@127.0.0.1:1/j\"\n";
    home.config(same);
    run("bulk list").fails(3, &["several profiles exist, but no default: a, b"]);
    run("bulk list --profile b").fails(12, &["b@127.0.0.1:1/j"]);
    // A missing profile has no database. The database of another profile is not used, even if it is the only one.
    for config in [
        same,
        "[profiles.a]\nledger = \"postgres://a@127.0.0.1:1/j\"\n",
    ] {
        home.config(config);
        for command in [
            "bulk list",
            "bulk stop",
            "bulk remove --older-than 90d --yes",
        ] {
            let ended = run(command)
                .args(&["--profile", "c"])
                .env(sandbox.0, sandbox.1);
            ended.fails(3, &["there is no profile `c`"]);
        }
    }
    home.config(&format!("{same}[profiles.c]\n"));
    run("bulk list").fails(3, &["several profiles exist, but no default: a, b, c"]);
    run("bulk list --profile c").success();
    run("bulk list --ledger postgres://u@127.0.0.1:1/k").fails(12, &["127.0.0.1:1/k"]);
    run("bulk list")
        .env("JELOUCTL_LEDGER", "postgres://u@127.0.0.1:1/k")
        .fails(12, &["127.0.0.1:1/k"]);
    home.config(&format!("default_profile = \"d\"\n{same}"));
    run("bulk list").fails(3, &["config.toml: default_profile is `d`"]);
    home.config("[profiles.a\n");
    for command in [
        "bulk list",
        "bulk list --ledger postgres://u@127.0.0.1:1/k",
        "bulk stop",
    ] {
        run(command).fails(3, &["config.toml: line 1"]);
    }
}

#[test]
fn misspelt_variable_prefix_is_warned_about() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    // This warning is not about the message, so `--strict` does not stop the send.
    let send = || {
        home.run(SEND)
            .api(&server.url)
            .env("JELOUCTL_BOT_ID", "78")
            .env("JELOU_SERVICE_HOST", "10.0.0.1")
    };
    let ended = send().args(&["--strict"]).success();
    assert_eq!(
        ended.stderr,
        "warning: unknown variable JELOUCTL_BOT_ID: did you mean JELOU_BOT_ID?\n"
    );
    assert_eq!(send().args(&["--quiet"]).success().stderr, "");
    // Without the variable the message goes to its recipient.
    send().env("JELOUCTL_SANDBX", "1").success().stderr_has(&[
        "warning: unknown variable JELOUCTL_SANDBX: did you mean JELOUCTL_SANDBOX?\n",
    ]);
    let ended = home
        .run("doctor --offline")
        .env("JELOU_SANDBOX", "78")
        .env("JELOU_SERVICE_HOST", "10.0.0.1")
        .end();
    let told =
        "warning  environment: unknown variable JELOU_SANDBOX: did you mean JELOUCTL_SANDBOX?";
    assert!(
        ended.stdout.contains(told) && !ended.stdout.contains("JELOU_SERVICE_HOST"),
        "{}",
        ended.stdout
    );
}

#[test]
fn missing_configuration_lists_every_option() {
    let all = "error: no bot to send from\nhint: to create a profile: jelouctl profile set NAME";
    let ended = Home::new().run(SEND).fails(3, &[all, "--bot", "--sandbox"]);
    assert_eq!(ended.stdout, "");
    // A command that only reads does not print it.
    assert!(
        ended.stderr.ends_with("\nnote: nothing was sent\n"),
        "{ended:?}"
    );
    assert!(
        !Home::new()
            .run("templates")
            .fails(3, &[all])
            .stderr
            .contains("nothing was sent")
    );
    let ways = ["error: no credentials", "jelouctl profile set", "--sandbox"];
    Home::new().run(SEND).args(&["--bot", "1"]).fails(3, &ways);
    Home::new()
        .run(SEND)
        .args(&["--bot", "1", "--client-id", "x"])
        .fails(3, &["no client secret for client id `x`"]);
}

#[test]
fn complete_environment_needs_no_home() {
    // Without HOME the system still knows one: the user who runs the tests may have a configuration there.
    let is_there =
        std::env::home_dir().is_some_and(|home| home.join(CONFIG).join("config.toml").exists());
    if !can_test("a user without a configuration", || !is_there) {
        return;
    }
    let server = Server::answering(Reply::accepted());
    let bare = |run: Run<'_>| {
        run.env_remove("HOME")
            .env_remove("XDG_CONFIG_HOME")
            .success()
    };
    let home = Home::new();
    bare(home.run(SEND).api(&server.url));
    bare(home.run(SEND).args(&["--sandbox"]));
}

#[test]
fn empty_variable_is_named() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    home.config(&profile("prod", &server));
    let names = "JELOU_PROFILE JELOUCTL_CONFIG JELOU_BOT_ID JELOU_CLIENT_ID JELOU_CLIENT_SECRET JELOU_API_URL \
                         JELOU_TIMEOUT JELOU_RETRY_FOR JELOU_TO";
    for name in names.split(' ') {
        let ended = home
            .run(SEND)
            .args(&["-o", "record"])
            .env(name, "")
            .fails(3, &[&format!("error: {name} is set but empty"), "unset"]);
        assert_eq!(ended.json()["error"]["code"], "configuration");
    }
    home.run(SEND)
        .env("JELOU_TIMEOUT", "soon")
        .fails(3, &["JELOU_TIMEOUT: `soon` is not a duration"]);
    home.run(SEND)
        .env("JELOU_API_URL", "http://api.example")
        .fails(3, &["JELOU_API_URL: ", "http:// is only for this machine"]);
}

#[test]
fn stray_characters_in_a_variable_are_reported() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    for name in [
        "JELOU_BOT_ID",
        "JELOU_CLIENT_ID",
        "JELOU_CLIENT_SECRET",
        "JELOU_API_URL",
        "JELOU_TIMEOUT",
        "JELOU_TO",
    ] {
        let run = home
            .run("send text Hola")
            .api(&server.url)
            .env("JELOU_TO", "593987654321")
            .env(name, "\"canary\"");
        run.fails(3, &[&format!("error: {name}: its value has quotes")]);
    }
}

#[test]
fn id_and_secret_are_never_mixed() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.config(&profile("prod", &server));
    home.run(SEND).env("JELOU_CLIENT_ID", "x").fails(
        3,
        &["no client secret for client id `x`", "to use variables: "],
    );
    home.run(SEND)
        .env("JELOU_CLIENT_SECRET", "x")
        .fails(3, &["the client secret comes from JELOU_CLIENT_SECRET, but no flag or variable sets its client id"]);
    home.run(SEND)
        .args(&["--client-id", "x"])
        .fails(3, &["no client secret for client id `x`"]);
    home.write("secret.txt", "s");
    home.run(SEND)
        .args(&["--client-secret-file", "secret.txt"])
        .fails(3, &["comes from --client-secret-file"]);
    home.run(SEND)
        .args(&["--client-id", "x"])
        .env("JELOU_CLIENT_SECRET", "s")
        .success();
    assert_eq!(server.received().len(), 1);
}

#[test]
#[cfg(unix)]
fn profile_secret_is_sent_only_to_its_url() {
    let home = Home::new();
    let marker = home.path().join("ran");
    let command = format!(
        "[profiles.prod]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret_command = [\"touch\", \"{}\"]\n",
        marker.display()
    );
    home.config(&command);
    for run in [
        home.run(SEND)
            .args(&["--api-url", "https://elsewhere.example"]),
        home.run(SEND)
            .env("JELOU_API_URL", "https://elsewhere.example"),
        home.run(SEND)
            .args(&["-p", "prod"])
            .env("JELOU_API_URL", "https://api.jelou.ai.example"),
    ] {
        run.fails(
            3,
            &[
                "the secret of profile `prod` is for https://api.jelou.ai, but",
                "asks for https://",
            ],
        );
    }
    assert!(!marker.exists(), "the secret was fetched");
    let server = Server::answering(Reply::accepted());
    home.config("[profiles.prod]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\n");
    home.run(SEND).args(&["--api-url", &server.url]).success();
}

#[test]
fn only_allowed_recipients_get_messages() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let with = |allow_to: &str| {
        home.config(&format!(
            "{}allow_to = {allow_to}\n",
            profile("prod", &server)
        ))
    };
    with("[\"593*\"]");
    home.run("send text --to '+593 98 765 4321' Hola").success();
    let ended = home
        .run("send text --to +14155550100 Hola -o record")
        .fails(
            11,
            &["14155550100 is not among the recipients that profile prod allows: 593*"],
        );
    assert_eq!(
        (
            ended.json()["sent"].as_str(),
            ended.json()["error"]["code"].as_str()
        ),
        (Some("no"), Some("not_allowed"))
    );
    home.write("body.json", r#"{"text": "a", "userId": "14155550100"}"#);
    home.run("send text --body body.json")
        .fails(11, &["14155550100"]);
    home.run("send raw --body body.json")
        .fails(11, &["14155550100"]);
    home.run("send text --body body.json --dry-run")
        .fails(11, &["14155550100"]);
    home.run("send text --body body.json --curl")
        .fails(11, &["14155550100"]);
    home.run("send text --to id:1593 Hola").fails(11, &["1593"]);
    home.config("[profiles.p]\nallow_to = [\"id:1593\"]\n");
    let previewed = home
        .run("--profile p --sandbox --dry-run send text --to id:1593 Hola")
        .success();
    assert_eq!(previewed.json()["body"]["userId"], "1593");
    home.run("--profile p --sandbox --dry-run send text --to id:15930 Hola")
        .fails(11, &["15930"]);
    with("[]");
    home.run(SEND).fails(11, &["no one (allow_to is empty)"]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn errors_follow_usage_configuration_safety_check_order() {
    let home = Home::new();
    home.config("[profiles.prod]\nallow_to = []\nbot_id = \"1\"\n");
    home.run("send text --to 593987654321")
        .fails(2, &["text: is missing"]);
    home.run(SEND).fails(3, &["no credentials"]);
    home.run("flow-message --to 593987654321 --body body.json")
        .fails(2, &["body.json"]);
    home.write("other-bot.json", r#"{"text": "a", "botId": "2"}"#);
    home.run("send text --to 593987654321 --body other-bot.json")
        .fails(2, &["botId"]);
    home.config("[profiles.prod]\nallow_to = []\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\n");
    home.run(SEND)
        .fails(11, &["allows: no one (allow_to is empty)"]);
}

#[test]
fn record_is_complete_despite_missing_credentials() {
    let home = Home::new();
    home.config("[profiles.prod]\nbot_id = \"1\"\n");
    let record = |home: &Home| {
        let ended = home
            .run(SEND)
            .args(&["-o", "record", "--profile", "prod"])
            .fails(3, &[]);
        serde_json::from_str::<serde_json::Value>(&ended.stdout).unwrap()
    };
    let known = record(&home);
    assert_eq!(
        (&known["profile"], &known["bot_id"], &known["sent"]),
        (&"prod".into(), &"1".into(), &"no".into())
    );
    home.config(
        "[profiles.prod]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret_file = \"none\"\n",
    );
    assert_eq!(record(&home)["api_url"], "https://api.jelou.ai");
}

#[test]
#[cfg(unix)]
fn insecure_or_unreadable_configuration_is_refused() {
    let home = Home::new();
    let path = home.config("[profiles.prod]\nbot_id = \"1\"\n");
    for mode in [0o620, 0o602, 0o666] {
        set_mode(&path, mode);
        home.run(SEND)
            .fails(3, &["others can change it", "chmod 600"]);
    }
    set_mode(&path, 0o600);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    home.run(SEND).fails(3, &["config.toml: it is a directory"]);
    std::fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("/nowhere/config.toml", &path).unwrap();
    home.run(SEND).fails(
        3,
        &["config.toml: it is a link to a file that does not exist"],
    );
    home.run(SEND)
        .args(&["--config", "missing.toml"])
        .fails(3, &["error: --config: missing.toml does not exist"]);
    home.run(SEND)
        .env("JELOUCTL_CONFIG", "missing.toml")
        .fails(3, &["error: JELOUCTL_CONFIG: missing.toml does not exist"]);
    home.write("broken.toml", "[profiles.prod]\nbotid = \"1\"\n");
    home.run(SEND).args(&["--config", "broken.toml"]).fails(
        3,
        &[
            "broken.toml: line 2: unknown key `botid`",
            "did you mean `bot_id`?",
        ],
    );
    home.write("latin1.toml", b"# se\xf1or\n");
    home.run(SEND)
        .args(&["--config", "latin1.toml"])
        .fails(3, &["failed to read latin1.toml"]);
    std::fs::remove_file(&path).unwrap();
    // A file of the current directory is read only if a flag or variable selects it.
    home.write("config.toml", "broken");
    home.run("profile list").success();
}

#[test]
#[cfg(unix)]
fn special_configuration_file_is_read_but_not_changed() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.config("broken");
    let ended = home
        .run(SEND)
        .args(&["--config", "/dev/null"])
        .api(&server.url)
        .success();
    assert_eq!(ended.stderr, "");
    home.run("profile list")
        .env("JELOUCTL_CONFIG", "/dev/null")
        .success();
    let piped = |words: &str| {
        home.run(words)
            .args(&["--config", "/dev/stdin"])
            .stdin(profile("prod", &server))
    };
    piped(SEND).success();
    // Nor does it become empty for a command that reads it for its ledger, too.
    home.write("people.csv", "to\n593987654321\n");
    piped("bulk send people.csv --yes --run r text Hola").success();
    let spanish = profile("prod", &server) + "lang = \"es\"\n";
    home.run("bulk status nope --config /dev/stdin")
        .stdin(spanish)
        .fails(2, &["ayuda: "]);
    piped("profile set prod --bot 2").fails(
        3,
        &[
            "cannot change /dev/stdin: it is not a regular file",
            "--config",
        ],
    );
}

#[test]
#[cfg(unix)]
fn unsearchable_home_has_no_configuration() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let in_vain = |run: Run<'_>| {
        run.env("HOME", "/dev/null")
            .env_remove("XDG_CONFIG_HOME")
            .success()
    };
    in_vain(home.run(SEND).api(&server.url));
    in_vain(home.run(SEND).args(&["--sandbox"]));
}

#[test]
fn trailing_slash_does_not_change_the_address() {
    let home = Home::new();
    home.config("[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\napi_url = \"https://gw.example/a\"\n");
    home.run(SEND)
        .args(&["--api-url", "https://gw.example/a/", "--dry-run"])
        .success();
    home.run(SEND)
        .args(&["--api-url", "https://gw.example/b", "--dry-run"])
        .fails(3, &["is for https://gw.example/a"]);
}

#[test]
fn broken_configuration_precedes_message_errors() {
    let home = Home::new();
    home.run("send text --to 593987654321")
        .env("JELOU_TIMEOUT", "")
        .fails(3, &["JELOU_TIMEOUT is set but empty"]);
    home.run("send text --to 593987654321")
        .fails(2, &["text: is missing"]);
    home.run("send text --to 593987654321 Hola")
        .fails(3, &["no bot to send from"]);
    home.run("send text Hola")
        .env("JELOU_TO", "")
        .fails(3, &["JELOU_TO is set but empty"]);
}

#[test]
#[cfg(unix)]
fn secret_accessible_to_others_warns() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    set_mode(&home.config(&profile("prod", &server)), 0o644);
    home.run(SEND)
        .success()
        .stderr_has(&["config.toml contains a secret, and others can read it (mode 644, not 600)"]);
    set_mode(&home.write("secret.txt", "canary"), 0o640);
    home.config("");
    let ended = home
        .run(SEND)
        .args(&["--client-secret-file", "secret.txt"])
        .api(&server.url)
        .success();
    assert!(
        ended
            .stderr
            .contains("secret.txt contains a secret, and others can read it"),
        "{}",
        ended.stderr
    );
    set_mode(&home.write("secret.txt", "canary"), 0o622);
    let ended = home
        .run(SEND)
        .args(&["--client-secret-file", "secret.txt"])
        .api(&server.url)
        .success();
    assert!(
        ended
            .stderr
            .contains("secret.txt contains a secret, and others can write it"),
        "{}",
        ended.stderr
    );
}

#[test]
fn secret_file_is_named_by_a_variable() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    home.write("credentials/jelou", "canary-1\n");
    let send = || {
        home.run(SEND)
            .env("JELOU_API_URL", &server.url)
            .env("JELOU_BOT_ID", "1")
            .env("JELOU_CLIENT_ID", "x")
    };
    send()
        .env("JELOU_CLIENT_SECRET_FILE", "credentials/jelou")
        .success();
    send()
        .env("JELOU_CLIENT_SECRET_FILE", "./missing")
        .fails(3, &["JELOU_CLIENT_SECRET_FILE: ./missing does not exist\n"]);
    let both = send()
        .env("JELOU_CLIENT_SECRET_FILE", "credentials/jelou")
        .env("JELOU_CLIENT_SECRET", "canary-2");
    both.fails(
        3,
        &["both client_secret (JELOU_CLIENT_SECRET) and client_secret_file (JELOU_CLIENT_SECRET_FILE) are set"],
    );
    // The sandbox always sets one of them, and reads neither.
    let both = send()
        .env("JELOU_CLIENT_SECRET_FILE", "missing")
        .env("JELOU_CLIENT_SECRET", "canary-2");
    both.args(&["--sandbox"])
        .env_remove("JELOU_API_URL")
        .success();

    let configure = |file: &str| {
        home.config(&format!(
            "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\nclient_secret_file = \"{file}\"\n",
            server.url
        ));
    };
    configure("${CREDENTIALS_DIRECTORY}/jelou");
    home.run(SEND)
        .env("CREDENTIALS_DIRECTORY", home.path().join("credentials"))
        .success();
    home.run(SEND).fails(
        3,
        &["profile p: ${CREDENTIALS_DIRECTORY}/jelou does not exist"],
    );
    configure("${HOME}/credentials/jelou");
    home.run(SEND)
        .fails(3, &["profile p: ${HOME}/credentials/jelou does not exist"]);
    let secrets: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.headers["authorization"].clone())
        .collect();
    // x:canary-1
    assert_eq!(secrets, ["Basic eDpjYW5hcnktMQ=="; 2]);
}

/// The machine's file, in a separate mount namespace.
#[test]
#[cfg(target_os = "linux")]
fn machine_configuration_is_the_fallback() {
    if !can_mount() {
        return;
    }
    let home = Home::new();
    home.write(
        "of-machine.toml",
        "[profiles.machine]\nbot_id = \"1\"\nclient_id = \"x\"\n",
    );
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-ec", script])
            .current_dir(home.path());
        command
            .env("HOME", home.path())
            .env("JELOUCTL", cargo_bin!("jelouctl"))
            .output()
            .unwrap()
    };
    let mount = "mount -t tmpfs none /etc; mkdir /etc/jelouctl; cp of-machine.toml /etc/jelouctl/config.toml";
    let run = |more: &str| CommandOutput::new(&unshare(&format!("{mount}; {more}")));
    let ended = run("\"$JELOUCTL\" profile list; \"$JELOUCTL\" doctor --offline || true");
    assert!(ended.stdout.starts_with("machine\t1\t\n"), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("ok       configuration: /etc/jelouctl/config.toml, profiles: 1\n"),
        "{ended:?}"
    );
    // As in config.example.toml: everyone can read it, and only its owner can write it.
    let ended = run("chmod 644 /etc/jelouctl/config.toml; \"$JELOUCTL\" profile list");
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    let ended = run("chmod 666 /etc/jelouctl/config.toml; \"$JELOUCTL\" profile show");
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("/etc/jelouctl/config.toml: others can change it"),
        "{ended:?}"
    );
    home.config("[profiles.mine]\n");
    assert_eq!(run("\"$JELOUCTL\" profile list").stdout, "mine\t\t\n");
}

/// A mount needs a separate namespace.
#[test]
#[cfg(target_os = "linux")]
fn secret_on_read_only_mount_does_not_warn() {
    if !can_mount() {
        return;
    }
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    std::fs::create_dir(home.path().join("secrets")).unwrap();
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-ec", script])
            .current_dir(home.path());
        command
            .env("HOME", home.path())
            .env("JELOUCTL", cargo_bin!("jelouctl"))
            .env("JELOU_API_URL", &server.url);
        command
            .env("JELOU_BOT_ID", "1")
            .env("JELOU_CLIENT_ID", "x")
            .output()
            .unwrap()
    };
    let mount = "mount -t tmpfs none secrets; printf s > secrets/s; chmod 444 secrets/s; mount -o remount,ro secrets";
    let send = format!("\"$JELOUCTL\" {SEND} --client-secret-file secrets/s");
    let ended = CommandOutput::new(&unshare(&format!("{mount}; {send}")));
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    let ended = CommandOutput::new(&unshare(&format!(
        "{mount}; mount -o remount,rw secrets; {send}"
    )));
    assert!(ended.stderr.contains("others can read it"), "{ended:?}");
}

#[test]
#[cfg(unix)]
fn every_secret_source_loses_one_line_break() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    home.write(&format!("{CONFIG}/secret.txt"), "canary-file\r\n");
    let script = "printf 'canary-command\\n'\n";
    for path in ["script/get", &format!("{CONFIG}/script/get")] {
        set_mode(&home.write(path, format!("#!/bin/sh\n{script}")), 0o700);
    }
    let base = format!(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n",
        server.url
    );
    let mut expected = Vec::new();
    for (key, secret) in [
        ("client_secret = \"canary-inline\"", "canary-inline"),
        ("client_secret_file = \"secret.txt\"", "canary-file"),
        (
            "client_secret_command = [\"printf\", \"%s\", \"canary-printf $HOME\"]",
            "canary-printf $HOME",
        ),
        (
            "client_secret_command = [\"~/script/get\"]",
            "canary-command",
        ),
        (
            "client_secret_command = [\"./script/get\"]",
            "canary-command",
        ),
    ] {
        home.config(&format!("{base}{key}\n"));
        home.run(SEND).env("PATH", "/usr/bin:/bin").success();
        expected.push(authorization("x", secret));
    }
    home.run(SEND)
        .args(&["--client-id", "x", "--client-secret-file", "-"])
        .stdin("canary-stdin\n")
        .success();
    expected.push(authorization("x", "canary-stdin"));
    let sent: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.headers["authorization"].clone())
        .collect();
    assert_eq!(sent, expected);
}

#[test]
#[cfg(unix)]
fn unavailable_secret_is_explained() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    let base = format!(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n",
        server.url
    );
    home.write("empty.txt", "\n");
    home.write("latin1.txt", b"\xf1");
    home.write("large.txt", "x".repeat(70_000));
    let path = |name: &str| home.path().join(name).display().to_string();
    for (key, problem) in [
        (
            "client_secret = \"\"".to_owned(),
            "the secret from profile p is empty",
        ),
        (
            format!("client_secret_file = \"{}\"", path("empty.txt")),
            "is empty",
        ),
        (
            format!("client_secret_file = \"{}\"", path("latin1.txt")),
            "is not UTF-8",
        ),
        (
            format!("client_secret_file = \"{}\"", path("large.txt")),
            "it has more than 65536 bytes",
        ),
        (
            format!("client_secret_file = \"{}\"", path("missing.txt")),
            "missing.txt does not exist",
        ),
        (
            "client_secret_command = [\"/no/such\"]".to_owned(),
            "profile p: failed to run the secret command `/no/such`",
        ),
        (
            "client_secret_command = []".to_owned(),
            "failed to run the secret command",
        ),
        (
            "client_secret_command = [\"sh\", \"-c\", \"exit 3\"]".to_owned(),
            "`sh` failed with exit status: 3",
        ),
        (
            "client_secret_command = [\"printf\", \"a\\nurl: b\"]".to_owned(),
            "has more than one line",
        ),
        (
            "client_secret_command = [\"sh\", \"-c\", \"exit 0\"]".to_owned(),
            "is empty",
        ),
        (
            "client_secret_command = [\"yes\"]".to_owned(),
            "is longer than 64 KiB",
        ),
    ] {
        home.config(&format!("{base}{key}\n"));
        let ended = home
            .run(SEND)
            .env("PATH", "/usr/bin:/bin")
            .fails(3, &[problem]);
        let failed = problem.contains("failed");
        let hint = "hint: run the command yourself: it must print the secret, without a prompt";
        assert_eq!(ended.stderr.contains(hint), failed, "{ended:?}");
    }
    home.run(SEND)
        .api(&server.url)
        .env("JELOU_CLIENT_SECRET", "\n")
        .fails(3, &["the secret from JELOU_CLIENT_SECRET is empty"]);
}

#[test]
#[cfg(unix)]
fn secret_command_may_leave_a_background_process() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let command = "client_secret_command = [\"sh\", \"-c\", \"sleep 1 & printf secret\"]";
    home.config(&format!(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n{command}\n",
        server.url
    ));
    home.run(SEND).env("PATH", "/usr/bin:/bin").success();
    assert_eq!(
        server.only().headers["authorization"],
        authorization("x", "secret")
    );
}

#[test]
#[cfg(unix)]
fn hanging_secret_command_is_stopped_without_our_input() {
    let home = Home::new();
    let base =
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"http://127.0.0.1:1\"\n";
    home.config(&format!(
        "{base}client_secret_command = [\"sh\", \"-c\", \"echo canary-traced >&2; exec sleep 60\"]\n"
    ));
    home.run(SEND).env("PATH", "/usr/bin:/bin").fails(
        3,
        &["the secret command `sh` printed no secret within 10 s"],
    );
    home.config(&format!("{base}client_secret_command = [\"cat\"]\n"));
    home.run("send text --to 593987654321 --text-file -")
        .stdin("Hola")
        .env("PATH", "/usr/bin:/bin")
        .fails(3, &["is empty"]);
}

#[test]
#[cfg(target_os = "linux")]
fn send_works_with_a_read_only_home() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let run = home
        .run(SEND)
        .env("HOME", PathBuf::from("/proc/self"))
        .env("XDG_CONFIG_HOME", "/proc/self/none");
    run.api(&server.url).success();
}

#[test]
fn final_line_break_of_a_variable_is_removed() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let run = home
        .run("send text Hola")
        .env("JELOU_API_URL", format!("{}\n", server.url))
        .env("JELOU_BOT_ID", "77\n");
    let run = run
        .env("JELOU_CLIENT_ID", "id\n")
        .env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests\n");
    let ended = run.env("JELOU_TO", "593987654321\n").success();
    assert_eq!(ended.stderr, "");
    let received = server.only();
    assert_eq!(received.line, "POST /v1/bots/77/messages HTTP/1.1");
    // printf %s 'id:canary-secret-of-the-tests' | base64
    assert_eq!(
        received.headers["authorization"],
        "Basic aWQ6Y2FuYXJ5LXNlY3JldC1vZi10aGUtdGVzdHM="
    );
    let shown = home.run("send text --dry-run --to 593987654321 --bot '77\n' a");
    let shown = shown.api(&server.url).success().json();
    assert!(
        shown["url"]
            .as_str()
            .unwrap()
            .ends_with("/v1/bots/77/messages"),
        "{shown}"
    );
}

/// A pipe without a process at its other end.
#[cfg(unix)]
fn lonely_pipe(home: &Home, name: &str) {
    let path = home.path().join(name);
    crate::harness::tool(std::process::Command::new("mkfifo").arg(&path));
    set_mode(&path, 0o600);
}

#[test]
#[cfg(unix)]
fn pipe_without_writer_fails_after_ten_seconds() {
    let home = Home::new();
    for name in ["secret", "people", "body", "ca"] {
        lonely_pipe(&home, name);
    }
    let server = Server::expect_no_requests();
    let told = "nothing was written to this pipe within 10 s";
    let send = "send text --to 593987654321 Hola";
    let waits = [
        (
            format!("{send} --bot 1 --client-id x --client-secret-file secret"),
            3,
            "failed to read secret",
        ),
        (
            format!("{send} --exclude people"),
            2,
            "--exclude: failed to read people",
        ),
        (
            "bulk send people text Hola".to_owned(),
            2,
            "failed to read people",
        ),
        (
            "send text --body body".to_owned(),
            2,
            "--body: failed to read body",
        ),
        (format!("{send} --ca-cert ca"), 3, "failed to read ca"),
    ];
    std::thread::scope(|scope| {
        for (words, code, place) in &waits {
            let (home, url) = (&home, &server.url);
            scope.spawn(move || {
                let run = home
                    .run(words)
                    .env("JELOU_API_URL", url)
                    .env("JELOU_BOT_ID", "1");
                let run = run
                    .env("JELOU_CLIENT_ID", "x")
                    .env("JELOU_CLIENT_SECRET", "canary");
                run.fails(*code, &[place, told]);
            });
        }
    });
    // A late writer is still read.
    let path = home.path().join("secret");
    std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(&path, "canary-late\n").unwrap());
        let run = home
            .run("doctor --offline --bot 1 --client-id x --client-secret-file secret")
            .end();
        assert!(run.stdout.contains("obtained"), "{run:?}");
    });
}

#[test]
fn rejected_credentials_are_reported_with_their_origin() {
    let server = Server::answering(Reply::json(401, "{}"));
    let home = Home::new();
    home.write(
        &format!("{CONFIG}/secret.txt"),
        "canary-secret-of-the-tests",
    );
    let profile = "bot_id = \"1\"\nclient_id = \"i\"\nclient_secret_file = \"secret.txt\"";
    home.config(&format!(
        "[profiles.p]\n{profile}\napi_url = \"{}\"\n",
        server.url
    ));
    home.write("people.csv", "celular\n593987654321\n");
    for words in [
        "send text -p p --to 593987654321 Hola",
        "templates -p p",
        "messages get t -p p",
        "api -p p /v1/x",
        "bulk send people.csv -p p --yes --again text Hola",
    ] {
        home.run(words).fails(
            4,
            &[
                "client id",
                "; the client id is from profile p, the secret from profile p",
            ],
        );
        home.run(&words.replace("-p p", "")).api(&server.url).fails(
            4,
            &["; the client id is from JELOU_CLIENT_ID, the secret from JELOU_CLIENT_SECRET"],
        );
    }
}

/// Hints repeat `--config`, so that they change and read the same file, and quote a profile's name.
#[test]
fn hints_repeat_the_configuration_file() {
    let home = Home::new();
    set_mode(
        &home.write("my conf.toml", "[profiles.\"a b\"]\ntimeout = \"soon\"\n"),
        0o600,
    );
    let hint = |words: &[&str], code: i32| {
        let line = [&["--config", "my conf.toml"], words].concat();
        let ended = home.run_args(&line).fails(code, &[]);
        ended
            .stderr
            .lines()
            .find(|line| line.starts_with("hint: "))
            .unwrap()
            .to_owned()
    };
    let send: Vec<_> = SEND.split(' ').collect();
    assert_eq!(
        hint(&send, 3),
        "hint: to change it: jelouctl --config 'my conf.toml' profile set 'a b' --timeout DURATION"
    );
    assert_eq!(
        hint(&["profile", "show", "nope"], 3),
        "hint: to create it: jelouctl --config 'my conf.toml' profile set nope --bot BOT --client-id ID"
    );
    assert_eq!(
        hint(&["profile", "set", "c d", "--bot", "77"], 2),
        "hint: jelouctl --config 'my conf.toml' profile set 'c d' --bot 77 --client-id ID"
    );
    // A command that does not read the file needs no flag.
    assert_eq!(hint(&["explain", "nope"], 2), "hint: did you mean `no`?");
    let record = home
        .run_args(&[
            "--config",
            "my conf.toml",
            "-o",
            "record",
            "profile",
            "use",
            "x y",
        ])
        .fails(3, &["there is no profile `x y`; there are: a b"])
        .json();
    assert_eq!(
        record["error"]["hint"],
        "to create it: jelouctl --config 'my conf.toml' profile set 'x y' --bot BOT --client-id ID"
    );
}

#[test]
fn profile_of_a_variable_is_named_with_it() {
    let home = Home::new();
    home.config("[profiles.p1]\nbot_id = \"7\"\n[profiles.p2]\nbot_id = \"8\"\n");
    home.run("profile show nope")
        .fails(3, &["error: there is no profile `nope`; there are: p1, p2"]);
    home.run("profile show").env("JELOU_PROFILE", "p3").fails(
        3,
        &["error: JELOU_PROFILE: there is no profile `p3`; there are: p1, p2"],
    );
}

#[test]
fn password_in_the_ledger_of_a_profile_is_refused_by_its_key() {
    let home = Home::new();
    set_mode(
        &home.config("[profiles.p]\nledger = \"postgres://u:secreto@db.example/j\"\n"),
        0o600,
    );
    let ended = home.run("bulk list").fails(
        3,
        &[
            "error: ledger of profile p: the address must not contain a password\n",
            "hint: to read the password from a file: jelouctl profile set p --ledger-password-file FILE",
        ],
    );
    assert!(!ended.stderr.contains("secreto"), "{ended:?}");
}
