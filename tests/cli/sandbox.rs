//! `--sandbox`: a local Jelou without an account.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home};
use crate::needs::{can_test, works};
use crate::server::refused_url;

#[test]
fn sandbox_send_works_without_configuration() {
    let home = Home::new();
    let ended = home
        .run("--sandbox send text --to 593987654321 Hola")
        .success();
    assert_eq!(
        ended.stdout,
        "{\"success\":true,\"messageId\":\"msg_sandbox_1\"}\n"
    );
    assert_eq!(
        ended.stderr,
        "note: sandbox: nothing was sent to Jelou\nnote: 593987654321 would see:\n  │ Hola\n"
    );
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn sandbox_reads_no_secret_and_runs_no_command() {
    let home = Home::new();
    let marker = home.path().join("ran");
    home.config(&format!(
        "[profiles.p]\nbot_id = \"77\"\nclient_id = \"x\"\nallow_to = [\"593*\"]\nclient_secret_command = [\"touch\", '{}']\n",
        marker.display()
    ));
    let run = home
        .run("--sandbox send text --to 593987654321 Hola -v")
        .env("PATH", "/usr/bin:/bin");
    run.success().stderr_has(&["/v1/bots/77/messages"]);
    assert!(!marker.exists());
    home.run("--sandbox send text --to 14155550100 Hola")
        .fails(11, &["not among the recipients"]);
    home.run("--sandbox --api-url https://x.example send text --to 593987654321 Hola")
        .fails(2, &["cannot be used with"]);
}

#[test]
fn unknown_newer_message_type_warns() {
    let home = Home::new();
    for wire in ["poll", "reaction", "product_list", "document"] {
        home.write(
            "body.json",
            json!({"type": wire, "anything": [1]}).to_string(),
        );
        let ended = home
            .run("--sandbox send raw --to 593987654321 --body body.json")
            .success();
        let told = format!(
            "the sandbox does not know the type `{wire}` and did not check its fields; it knows text, "
        );
        assert!(ended.stderr.contains(&told), "{ended:?}");
    }
    for body in [
        json!({"type": ""}),
        json!({"type": 7}),
        json!({"type": "quickReply"}),
        json!({"type": "contact"}),
    ] {
        home.write("body.json", body.to_string());
        home.run("--sandbox send raw --to 593987654321 --body body.json")
            .fails(5, &["422: E0422", "is unknown"]);
    }
    // The recipient is required, as with any other server.
    let sandbox = home.run("--sandbox send raw --body body.json --to id:");
    sandbox.fails(2, &["is empty"]);
}

#[test]
fn sandbox_ignores_environment_address_and_proxy() {
    let home = Home::new();
    let run = home
        .run("--sandbox send text --to 593987654321 Hola")
        .api("https://api.jelou.invalid");
    run.env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .success();
}

/// The message types that the sandbox knows.
const TYPES: &str = "text, quick_reply, image, audio, video, file, sticker, location, location_request, \
                     contact_info_request, contacts, cta_url, voice_call, flow, CAROUSEL, template";

#[test]
fn sandbox_rejection_names_each_field() {
    let home = Home::new();
    for (body, field, problem) in [
        (
            json!({"text": "a"}),
            "type",
            format!("is missing; it can be {TYPES}").as_str(),
        ),
        (
            json!({"type": "txt"}),
            "type",
            format!("\"txt\" is unknown; it can be {TYPES}").as_str(),
        ),
        (
            json!({"type": "carousel", "text": "a"}),
            "type",
            format!("\"carousel\" is unknown; it can be {TYPES}").as_str(),
        ),
        (json!({"type": "text"}), "text", "is missing"),
        (
            json!({"type": "text", "text": "x".repeat(4097)}),
            "text",
            "has 4097 characters; at most 4096 are allowed",
        ),
        (
            json!({"type": "text", "text": 7}),
            "text",
            "is the number 7; a text is expected",
        ),
        (
            json!({"type": "voice_call", "text": "a", "parameters": {}}),
            "parameters.display_text",
            "is missing",
        ),
        (
            json!({"type": "voice_call", "text": "a", "header": null, "parameters": {"display_text": "b"}}),
            "header",
            "is null; a text is expected",
        ),
    ] {
        home.write("body.json", body.to_string());
        let ended = home
            .run("--sandbox send raw --to 593987654321 --body body.json")
            .fails(5, &["not sent: Jelou answered 422: E0422", problem]);
        assert_eq!(
            ended.json()["validationError"][field][0]["en"],
            problem,
            "{body}"
        );
        assert_eq!(ended.json()["statusMessage"], "failed");
    }
}

#[test]
fn recipient_view_shows_each_part() {
    let home = Home::new();
    let stderr = home
        .run("--sandbox send call --to 593987654321 --header H --text 'a\nb' --button Go")
        .success()
        .stderr;
    assert!(
        stderr.ends_with("  │ H\n  │ a\n  │ b\n  │ [ Go ]\n"),
        "{stderr}"
    );
    let stderr = home
        .run("--sandbox send contacts --to 593987654321 --name 'A B' --phone +593987654322")
        .success()
        .stderr;
    assert!(stderr.ends_with("  │ A B  +593987654322\n"), "{stderr}");
}

/// Runs a script in a separate network, because the default port may be in use here. None if that is not possible.
#[cfg(target_os = "linux")]
fn run_isolated(home: &Home, script: &str) -> Option<CommandOutput> {
    home.write("script.sh", script);
    let isolated = ["--map-root-user", "--net"];
    let is_isolated = || {
        works(
            "unshare",
            &[&isolated[..], &["ip", "link", "set", "lo", "up"]].concat(),
        )
    };
    if !can_test(
        "unshare and ip, and the right to make a network of its own",
        is_isolated,
    ) {
        return None;
    }
    let mut command = Command::new("unshare");
    command
        .args(isolated)
        .args(["sh", "script.sh"])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path());
    command
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("JELOUCTL", cargo_bin!("jelouctl"));
    Some(CommandOutput::new(&command.output().unwrap()))
}

#[test]
#[cfg(target_os = "linux")]
fn sandbox_flag_uses_the_running_sandbox() {
    let home = Home::new();
    let script = "set -e\nip link set lo up\n\
         \"$JELOUCTL\" sandbox --quiet --list sent.ndjson > variables &\n\
         while ! grep -q SECRET variables; do kill -0 $!; done\n\
         \"$JELOUCTL\" --sandbox send text --to 593987654321 Hola\n\
         kill $!\nwait $!\n";
    let Some(ended) = run_isolated(&home, script) else {
        return;
    };
    let ended = ended.stderr_has(&[
        "note: sandbox: nothing was sent to Jelou; it is shown on http://127.0.0.1:4780\n",
    ]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.stderr.contains("using the one"), "{ended:?}");
    let sent: Value = serde_json::from_str(&home.read("sent.ndjson")).unwrap();
    assert_eq!(
        (&sent["body"]["text"], &sent["bot"]),
        (&json!("Hola"), &json!("sandbox"))
    );
}

/// A sandbox from another directory may have other faults and templates than the user expects.
#[test]
#[cfg(target_os = "linux")]
fn sandbox_of_another_directory_is_named() {
    let home = Home::new();
    let script = "ip link set lo up\nmkdir shop other\n\
         (cd shop && exec \"$JELOUCTL\" sandbox --quiet --fault status=500 --window > ../variables) &\n\
         while ! grep -q SECRET variables; do kill -0 $!; done\n\
         cd other\n\
         \"$JELOUCTL\" --sandbox send template --to 593987654321 x --language es\n\
         HOME=$PWD \"$JELOUCTL\" --sandbox send text --to 593987654321 Hola\n\
         code=$?\nkill $!\nwait $!\nexit $code\n";
    let Some(ended) = run_isolated(&home, script) else {
        return;
    };
    let directory = home.path().join("shop");
    let directory = directory.display();
    let ended = ended.stderr_has(&[
        "note: sandbox: using the one on port 4780, started at ",
        &format!(" in {directory} with --fault, --window\n"),
        "Jelou answered 500",
        &format!(
            " in {directory} belongs to another home directory; using one inside this process\n"
        ),
    ]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

/// Jelou accepts messages to a user id that WhatsApp may drop.
#[test]
fn user_id_send_notes_limits_of_accepted() {
    let home = Home::new();
    let note = "note: WhatsApp may silently drop a message to a user id";
    let to = |recipient: &str, more: &[&str]| {
        home.run_args(&["--sandbox", "send", "text", "--to", recipient, "Hola"])
            .args(more)
            .success()
            .stderr
    };
    assert!(to("US.13491208655302741918", &[]).contains(note));
    assert!(!to("US.13491208655302741918", &["--wait", "delivered"]).contains(note));
    assert!(!to("593987654321", &[]).contains(note));
}

#[test]
fn unknown_host_of_the_sandbox_is_not_retried() {
    let home = Home::new();
    let at = |url: &str| {
        home.run("send text --to 593987654321 Hola")
            .env("JELOUCTL_SANDBOX", url)
            .fails(
                7,
                &["hint: to use a running sandbox: JELOUCTL_SANDBOX=http://HOST:PORT"],
            )
    };
    let unknown = at("http://no-such-host.invalid:4780");
    assert!(
        unknown
            .stderr
            .starts_with("error: JELOUCTL_SANDBOX: host `no-such-host.invalid`: "),
        "{unknown:?}"
    );
    assert!(!unknown.stderr.contains("retrying"), "{unknown:?}");
    assert!(!unknown.stderr.contains("--api-url"), "{unknown:?}");
}

#[test]
fn unreachable_sandbox_of_the_variable_is_named() {
    let ended = Home::new()
        .run("send text --to 593987654321 Hola --retry-for 0")
        .env("JELOUCTL_SANDBOX", refused_url())
        .fails(
            7,
            &["hint: to use a running sandbox: JELOUCTL_SANDBOX=http://HOST:PORT"],
        );
    assert!(!ended.stderr.contains("--api-url"), "{ended:?}");
}
