//! Chats are found by kind, fault and warning, deleted one by one, and copied as commands; the page shows how many are
//! kept.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";
const EVA: &str = "593987654323";

fn listed(inbox: &Inbox, wanted: &[&str]) {
    let wanted = json!(wanted);
    inbox
        .until(&format!(
            "JSON.stringify([...document.querySelectorAll('.chat .who')].map((one) => one.textContent)) === JSON.stringify({wanted})"
        ));
}

#[test]
fn chats_are_filtered_by_kind_fault_and_warning() {
    let sandbox = Sandbox::start(&["--fault", "status=500,stored,kind=call"]);
    let of = |user: &str, kind: &str| {
        let mut body = fixture(&format!("bodies/{kind}.json"));
        body["userId"] = json!(user);
        body
    };
    let mut warned = of(JUAN, "flow");
    warned["parameters"]["flow_cta"] = json!("Iniciar 🚀");
    sandbox.send([of(ANA, "image"), text_to(ANA, "Hola"), warned]);
    assert_eq!(sandbox.ask("POST", "/v1/bots/77/messages", &of(EVA, "call").to_string()).status, 500);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    listed(&inbox, &[EVA, JUAN, ANA]);
    inbox.click("#open-filters", "");
    inbox.click("#only-faults", "");
    listed(&inbox, &[EVA]);
    inbox.click("#only-faults", "");
    inbox.click("#only-warnings", "");
    listed(&inbox, &[JUAN]);
    inbox.until("!document.getElementById('filters-on').hidden");
    inbox.click("#only-warnings", "");
    let kinds: Vec<String> = inbox.value("[...document.getElementById('kind').options].map((one) => one.value)");
    assert_eq!(kinds, ["", "call", "flow", "image", "text"]);
    let choose = "(kind => (kind.value = 'image', kind.dispatchEvent(new Event('change')), true))(document.getElementById('kind'))";
    inbox.value::<bool>(choose);
    listed(&inbox, &[ANA]);
    // The chat opens at the message that was found, not at the newest.
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('.selected')?.querySelector('.picture')");
}

#[test]
fn a_chat_is_deleted_alone_and_the_counts_follow() {
    let sandbox = Sandbox::start(&["--max", "3"]);
    sandbox.send([text_to(ANA, "uno"), text_to(JUAN, "dos"), text_to(ANA, "tres"), text_to(ANA, "cuatro")]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let counts = "document.getElementById('counts').textContent";
    inbox.until(&format!("{counts} === '3 messages · 1 older dropped'"));
    inbox.click(".chat", ANA);
    inbox.value::<bool>("(window.confirm = () => true)()");
    inbox.click("#delete-chat", "");
    listed(&inbox, &[JUAN]);
    inbox.until("document.getElementById('talk').hidden");
    inbox.until(&format!("{counts} === '1 message · 1 older dropped'"));
    // A chat that is deleted elsewhere disappears from the page.
    sandbox.ask("DELETE", &format!("/sandbox/chats/{JUAN}"), "");
    listed(&inbox, &[]);
}

#[test]
fn what_is_copied_sends_the_same_again_to_this_sandbox() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.value::<bool>("(navigator.clipboard.writeText = (text) => (window.copied = text, Promise.resolve()), true)");
    let bin = cargo_bin!("jelouctl");
    let path = format!("{}:/usr/bin:/bin", Path::new(&bin).parent().unwrap().display());
    let mut sent = 0;
    for body in [
        text_to(ANA, "It's \"5 < 6\" & $HOME `x` \\n é 👋"),
        text_to(ANA, "-starts with a dash\nand has two lines"),
        fixture("bodies/list.json"),
        fixture("bodies/contacts.json"),
    ] {
        sandbox.ask("DELETE", "/sandbox/messages", "");
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
            shell.args(["-c", &copied]).env_clear().env("PATH", &path).env("HOME", home.path());
            let ended = shell.output().unwrap();
            assert!(ended.status.success(), "{copied}: {ended:?}");
            sent += 1;
        }
        let all = sandbox.read("/sandbox/messages");
        let bodies: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["body"]).collect();
        assert_eq!(bodies, [&body, &body, &body]);
    }
    assert_eq!(sent, 8);
}
