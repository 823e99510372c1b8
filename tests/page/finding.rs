//! Messages are copied as commands; the page shows how many are kept.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";

#[test]
fn the_page_counts_what_is_kept_and_what_was_dropped() {
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
fn what_is_copied_sends_the_same_again_to_this_sandbox() {
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
        // The next one may be for the same person.
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
