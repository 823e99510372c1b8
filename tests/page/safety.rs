//! The page shows everything in a message as plain text.

use serde_json::{Value, json};

use crate::inbox::Inbox;
use crate::listening::{KINDS, Sandbox, fixture, text_to};

const ATTACK: &str = "<img src=x onerror='hacked=1'><script>hacked=1</script>";

/// Replaces every text of a drawing with an attack, except the texts that come from the sandbox's own code.
fn attacking(body: &mut Value) {
    match body {
        Value::String(text) => {
            *text = if text.starts_with("https://") {
                "https://example.com/<img src=x onerror=hacked=1>".to_owned()
            } else {
                ATTACK.to_owned()
            }
        }
        Value::Array(items) => items.iter_mut().for_each(attacking),
        Value::Object(fields) => {
            const OWN: [&str; 5] = ["is", "drawing", "block", "look", "icon"];
            fields
                .iter_mut()
                .filter(|(name, _)| !OWN.contains(&name.as_str()))
                .for_each(|(_, value)| attacking(value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn script_is_shown_as_text_in_every_kind() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    // A user's name is also a text from outside.
    sandbox.send([text_to(ATTACK, ATTACK)]);
    inbox.click(".chat", ATTACK);
    for kind in KINDS.into_iter().chain(["template-by-id"]) {
        sandbox.send([fixture(&format!("bodies/{kind}.json"))]);
    }
    let template = fixture("bodies/template.json").to_string();
    assert_eq!(
        sandbox.ask("POST", "/v2/whatsapp/77/hsm", &template).status,
        200
    );
    let read = sandbox.read("/sandbox/messages?drawn=true");
    let messages: Vec<_> = read
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["user"] != ATTACK)
        .collect();
    assert_eq!(messages.len(), KINDS.len() + 2);
    for message in messages {
        let (mut parts, kind) = (message["drawn"].clone(), &message["kind"]);
        attacking(&mut parts);
        let drawn: String = inbox
                .value(&format!(
                    "import('/page/draw.js').then(({{ draw }}) => {{ const log = document.getElementById('log'); log.replaceChildren(...draw({parts})); return log.innerText; }})"
                ));
        assert!(
            drawn.contains("<img src=x") || kind == "audio",
            "{kind}: {drawn}"
        );
    }
    let (hacked, added): (bool, usize) =
            inbox.value("['hacked' in window, document.querySelectorAll('.talk img, .talk script, .chats li img, #request img, iframe').length]");
    assert_eq!((hacked, added), (false, 0));
}

#[test]
fn content_policy_blocks_an_injected_script() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    assert!(
        sandbox
            .ask("GET", "/", "")
            .head
            .contains("content-security-policy: default-src 'none'")
    );
    let blocked: String = inbox
            .value(
                "new Promise((told) => { addEventListener('securitypolicyviolation', (event) => told(event.effectiveDirective)); \
                 const script = document.createElement('script'); script.textContent = 'hacked = 1'; document.body.append(script); })",
            );
    assert_eq!(blocked, "script-src-elem");
    assert!(!inbox.value::<bool>("'hacked' in window"));
}

#[test]
fn long_unbroken_text_and_emoji_fit_the_page() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let user = "593987654321";
    sandbox.send([
        text_to(user, &"w".repeat(4096)),
        text_to(user, &"👩‍👩‍👧".repeat(800)),
        json!({ "type": "text", "userId": user, "text": "Hola", "more": "x".repeat(100_000) }),
        text_to(&"9".repeat(10_000), "a long name"),
        text_to(user, "\u{202e}desrever \t\u{2028}"),
        text_to(user, &"*_~```".repeat(600)),
    ]);
    // The chats change their order until the last message arrives.
    inbox.until("document.querySelector('.chat')?.textContent.includes('*_~')");
    inbox.click(".chat", user);
    inbox.until("document.querySelectorAll('article').length === 5");
    for index in 0..5 {
        inbox.value::<bool>(&format!(
            "(document.querySelectorAll('article')[{index}].click(), true)"
        ));
        for width in [1440, 390] {
            inbox.size(width, 800);
            let wide: Vec<String> = inbox
                    .value(
                        "[...document.querySelectorAll('body, .chats, .scroll, article, .bar, #request')].filter((one) => one.clientWidth && \
                         one.scrollWidth > one.clientWidth + 1).map((one) => one.id || one.className)",
                    );
            assert!(wide.is_empty(), "message {index}, {width} wide: {wide:?}");
        }
    }
}
