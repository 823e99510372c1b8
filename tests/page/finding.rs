//! The page finds chats by kind, fault and warning, copies messages as commands, and shows how many messages are kept.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";
const EVA: &str = "593987654323";

/// Waits until these users are listed, the newest first.
fn listed(inbox: &Inbox, wanted: &[&str]) {
    let wanted = json!(wanted);
    inbox.until(&format!(
        "JSON.stringify([...document.querySelectorAll('.chat .who')].map((one) => one.textContent)) === JSON.stringify({wanted})"
    ));
}

#[test]
fn chats_are_filtered_by_kind_fault_and_warning() {
    let sandbox = Sandbox::start(&["--fault", "status=500,stored,kind=call"]);
    let to = |user: &str, kind: &str| {
        let mut body = fixture(&format!("bodies/{kind}.json"));
        body["userId"] = json!(user);
        body
    };
    let mut warned = to(JUAN, "flow");
    warned["parameters"]["flow_cta"] = json!("Iniciar 🚀");
    sandbox.send([to(ANA, "image"), text_to(ANA, "Hola"), warned]);
    let call = to(EVA, "call").to_string();
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/77/messages", &call).status,
        500
    );
    let inbox = Inbox::open(&sandbox, 1440, 900);
    listed(&inbox, &[EVA, JUAN, ANA]);
    for (chip, user) in [("#only-faults", EVA), ("#only-warnings", JUAN)] {
        inbox.click(chip, "");
        listed(&inbox, &[user]);
        inbox.click(chip, "");
        listed(&inbox, &[EVA, JUAN, ANA]);
    }
    let offered: Vec<String> =
        inbox.value("[...document.getElementById('kind').options].map((one) => one.value)");
    assert_eq!(offered, ["", "call", "flow", "image", "text"]);
    inbox.value::<bool>(
        "((kind) => (kind.value = 'image', kind.dispatchEvent(new Event('change'))))(document.getElementById('kind'))",
    );
    listed(&inbox, &[ANA]);
    // The chat opens at the message that was found, not at the newest.
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('.selected .media, .selected .picture, .selected img')");
    sandbox.ask("DELETE", "/sandbox/messages", "");
    inbox.until("document.getElementById('kind').options.length === 1");
    let faulty = sandbox.read("/sandbox/messages?fault=true");
    assert_eq!(faulty, json!([]));
}

#[test]
fn page_counts_kept_and_dropped_messages() {
    let sandbox = Sandbox::start(&["--max", "3"]);
    sandbox.send([
        text_to(ANA, "uno"),
        text_to(JUAN, "dos"),
        text_to(ANA, "tres"),
        text_to(ANA, "cuatro"),
    ]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.until("document.getElementById('counts').textContent === '3 messages · 1 older dropped'");
}

#[test]
fn copied_command_resends_the_same_message() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.value::<bool>("(navigator.clipboard.writeText = (text) => (window.copied = text, Promise.resolve()), true)");
    let bin = cargo_bin!("jelouctl");
    let path = format!(
        "{}:/usr/bin:/bin",
        Path::new(&bin).parent().unwrap().display()
    );
    let mut sent = 0;
    for body in [
        text_to(ANA, "It's \"5 < 6\" & $HOME `x` \\n é 👋"),
        text_to(ANA, "-starts with a dash\nand has two lines"),
        fixture("bodies/list.json"),
        fixture("bodies/contacts.json"),
    ] {
        sandbox.ask("DELETE", "/sandbox/messages", "");
        // The next message may be for the same recipient.
        inbox.until("document.querySelectorAll('article').length === 0");
        sandbox.send([body.clone()]);
        let user = body["userId"].as_str().unwrap();
        inbox.click(".chat", user);
        inbox.until("document.querySelectorAll('article').length === 1");
        for id in ["copy-jelouctl", "copy-curl"] {
            inbox.until("document.querySelector('article.selected')");
            inbox.value::<bool>("(window.copied = '', true)");
            inbox.click(&format!("#{id}"), "");
            inbox.until("window.copied");
            let copied: String = inbox.value("window.copied");
            let home = tempfile::TempDir::new().unwrap();
            let mut shell = Command::new("/bin/sh");
            shell
                .args(["-c", &copied])
                .env_clear()
                .env("PATH", &path)
                .env("HOME", home.path());
            let ended = shell.output().unwrap();
            assert!(ended.status.success(), "{copied}: {ended:?}");
            sent += 1;
        }
        let all = sandbox.read("/sandbox/messages");
        let bodies: Vec<&Value> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["body"])
            .collect();
        assert_eq!(bodies, [&body, &body, &body]);
    }
    assert_eq!(sent, 8);
}
