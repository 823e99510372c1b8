//! The inbox of a process in Spanish has no English: no text, no label for a screen reader, no title, and no error.

use serde_json::json;

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

const ANA: &str = "593987654321";

/// The page's own texts: name, English and Spanish.
const TEXTS: &str = include_str!("../../src/sandbox/page/texts.tsv");

/// English words of warnings, refusals and drawings, which come from the server.
const OTHER_ENGLISH: [&str; 6] = [
    "opens",
    "at screen",
    "Send location",
    "emoji, which",
    "at most",
    "there is no",
];

/// Returns everything that a person can read or hear on the page, without requests, which are the same in all languages.
fn readable(inbox: &Inbox) -> String {
    inbox.value(
        "(() => { const page = document.body.cloneNode(true); \
         page.querySelectorAll('pre, dd, .line, script, style, template').forEach((node) => node.remove()); return page.textContent; })() + \
         [...[...document.querySelectorAll('body *')].flatMap((node) => \
         ['title', 'aria-label', 'placeholder'].map((name) => node.getAttribute(name) ?? ''))].join('\\n')",
    )
}

fn assert_spanish(inbox: &Inbox) {
    // An address is the same in all languages.
    let shown = readable(inbox).replace("/sandbox/messages", "");
    let own = TEXTS.lines().skip(1).filter_map(|row| {
        let mut cells = row.split('\t').skip(1);
        let [english, spanish] = [cells.next()?, cells.next()?];
        let words = english.replace("{}", "");
        // A short word can be a part of a Spanish one.
        let is_clear = english != spanish && words.trim().len() > 5;
        is_clear.then(|| words.trim().to_owned())
    });
    for english in own.chain(OTHER_ENGLISH.map(str::to_owned)) {
        assert!(!shown.contains(&english), "`{english}` is in {shown}");
    }
}

#[test]
fn inbox_of_a_spanish_process_has_no_english() {
    let sandbox = Sandbox::start_with(&[("JELOUCTL_LANG", "es")], "0", &[]);
    let inbox = Inbox::open_at(&format!("http://{}/", sandbox.address), 1440, 900);
    inbox.until("document.getElementById('live').textContent === 'en vivo'");
    assert_eq!(inbox.value::<String>("document.documentElement.lang"), "es");
    assert_spanish(&inbox);

    let mut flow = fixture("bodies/flow.json");
    flow["userId"] = json!(ANA);
    flow["parameters"]["flow_cta"] = json!("Iniciar 🚀");
    let mut place = fixture("bodies/location-request.json");
    place["userId"] = json!(ANA);
    for body in [text_to(ANA, "Hola"), flow, place] {
        let answer = sandbox.ask("POST", "/v1/bots/77/messages", &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    inbox.click(".chat", ANA);
    inbox.until("document.querySelectorAll('article').length === 3");
    inbox.click("article", "Iniciar");
    inbox.until("document.getElementById('request').innerText.includes('emoji')");
    assert_spanish(&inbox);

    let long = text_to(ANA, &"x".repeat(4097)).to_string();
    for body in [long.as_str(), "{"] {
        let answer = sandbox.ask("POST", "/v1/bots/77/messages", body);
        assert!(answer.status >= 400, "{answer:?}");
    }
    inbox.click("#open-refused", "2 solicitudes rechazadas");
    inbox.until("document.querySelectorAll('.refusal').length === 2");
    inbox.click(".refusal", "tiene 4097 caracteres");
    inbox.until("document.getElementById('request').innerText.includes('HTTP 422')");
    let shown: String = inbox.value("document.querySelector('#refused-list').innerText");
    assert!(shown.contains("no es JSON"), "{shown}");
}
