//! The page updates itself: messages arrive, are found and cleared, and the user writes.

use serde_json::json;

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";

#[test]
fn messages_appear_without_a_reload() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([text_to(ANA, "before the page")]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", ANA);
    sandbox.send([
        text_to(ANA, "*while* it is open"),
        text_to(JUAN, "to another"),
        text_to(JUAN, "twice"),
    ]);
    inbox.until("document.querySelectorAll('article').length === 2");
    inbox.until("document.querySelector('.chat').innerText.includes('twice')");
    let (first, badge): (String, String) = inbox.value(
        "[document.querySelector('.chat .who').textContent, document.querySelector('.chat .badge').textContent]",
    );
    assert_eq!((&*first, &*badge), (JUAN, "2"));
    assert_eq!(
        inbox.value::<String>("document.querySelector('article strong').textContent"),
        "while"
    );
    inbox.click(".chat", JUAN);
    inbox.until("document.querySelector('.chat .badge').hidden");
}

#[test]
fn inbox_shows_messages_of_a_restarted_sandbox() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([
        text_to(JUAN, "to another"),
        text_to(ANA, "before"),
        text_to(ANA, "the end"),
    ]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", ANA);
    inbox.until("document.querySelectorAll('article').length === 2");
    let port = sandbox.address.split(':').nth(1).unwrap().to_owned();
    drop(sandbox);
    inbox.until("document.getElementById('live').textContent === 'not connected'");
    let again = Sandbox::start_on(&port, &[]);
    again.send([text_to(ANA, "after")]);
    inbox.until("document.querySelector('article')?.innerText.includes('after')");
    inbox.until("document.querySelectorAll('.chat').length === 1");
    let chats: Vec<String> =
        inbox.value("[...document.querySelectorAll('.chat .who')].map((one) => one.textContent)");
    assert_eq!(chats, [ANA]);
    // The page continues from there.
    again.send([text_to(ANA, "later")]);
    inbox.until("document.querySelectorAll('article').length === 2");
}

#[test]
fn request_and_response_are_next_to_the_message() {
    let sandbox = Sandbox::start(&["--fault", "status=500,stored,kind=call,body=oops"]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let mut flow = fixture("bodies/flow.json");
    flow["userId"] = json!(ANA);
    flow["parameters"]["flow_cta"] = json!("Iniciar 🚀");
    sandbox.send([flow]);
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('#request .warnings li')");
    let shown: String = inbox.value("document.getElementById('request').innerText");
    for part in [
        "msg_sandbox_1",
        "POST /v1/bots/77/messages",
        "authorization",
        "(redacted)",
        "\"flow_id\"",
        "HTTP 200",
        "emoji",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
    assert!(!shown.contains("c2FuZGJveDpzYW5kYm94"), "{shown}");
    let mut call = fixture("bodies/call.json");
    call["userId"] = json!(ANA);
    assert_eq!(
        sandbox
            .ask("POST", "/v1/bots/77/messages", &call.to_string())
            .status,
        500
    );
    inbox.until(
        "document.querySelector('article:last-of-type .failed')?.textContent === 'then 500'",
    );
    let shown: String = inbox.value("document.getElementById('request').innerText");
    assert!(
        shown.contains("HTTP 500") && shown.contains("oops"),
        "{shown}"
    );
}

#[test]
fn search_finds_recipients_and_text() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send((0..150).map(|number| text_to(ANA, &format!("número {number}"))));
    sandbox.send([text_to(JUAN, "Tu pedido salió"), text_to(ANA, "otro")]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.type_into("#search", "PEDIDO");
    inbox.until("document.getElementById('found').textContent === '1 chat found'");
    assert_eq!(
        inbox.value::<String>("document.querySelector('.chat .who').textContent"),
        JUAN
    );
    inbox.type_into("#search", "número 7");
    inbox.until("document.querySelector('.chat .last').textContent === 'número 79'");
    // A message far up opens in its place, with the messages around it.
    inbox.click(".chat", "número 79");
    inbox.until("document.querySelector('.selected')?.innerText.includes('número 79')");
    inbox.until("[...document.querySelectorAll('article')].some((one) => one.innerText.includes('número 90'))");
    inbox.click("#newest", "");
    inbox.until("document.querySelector('article:last-of-type').innerText.includes('otro')");
    inbox.type_into("#search", "nobody says this");
    inbox.until("document.getElementById('found').textContent === '0 chats found'");
}

#[test]
fn reply_on_the_page_opens_the_window() {
    let sandbox = Sandbox::start(&["--window"]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let body = text_to(ANA, "Hola").to_string();
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/1/messages", &body).status,
        400
    );
    inbox.value::<String>(&format!("(window.prompt = () => '{ANA}')()"));
    inbox.click("#open-new", "");
    inbox.until("document.activeElement.id === 'write'");
    inbox.type_into("#write", "¿Hola?");
    inbox.key("Enter");
    inbox.until("document.querySelector('.mine')?.innerText.includes('¿Hola?')");
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/1/messages", &body).status,
        200
    );
    inbox.until("document.querySelectorAll('article').length === 2");
}

/// Sends the page's requests through `window.ask(address, answer)`. `answer` requests the address from the sandbox.
const THROUGH_ASK: &str = "(window.plain = window.fetch, window.fetch = (...given) => window.ask(String(given[0]), () => window.plain(...given)), true)";

#[test]
fn failed_page_load_is_retried_on_scroll() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send((1..=300).map(|number| text_to(ANA, &format!("mensaje {number}"))));
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", ANA);
    inbox.until("document.querySelectorAll('article').length === 60");
    let failing = "(window.refused = 0, window.ask = () => { window.refused += 1; return Promise.reject(new Error('gone')); }, true)";
    inbox.value::<bool>(failing);
    inbox.value::<bool>(THROUGH_ASK);
    let up = "document.getElementById('log').scrollTop = Math.random() * 100";
    inbox.until(&format!("({up}, window.refused > 0)"));
    inbox.until("document.getElementById('toast').textContent === 'gone'");
    inbox.value::<bool>("(window.ask = (address, answer) => answer(), true)");
    inbox.until(&format!(
        "({up}, document.querySelectorAll('article').length >= 120)"
    ));
}

#[test]
fn last_opened_chat_is_shown() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([text_to(ANA, "to the first"), text_to(JUAN, "to the last")]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    // The answer for the first chat arrives only after the one for the last chat.
    let slow = "(window.ask = (address, answer) => address.includes('/sandbox/messages') && address.includes('593987654321') \
                    ? new Promise((go) => { window.late = async () => { const late = await answer(); const json = await late.json(); \
                    late.json = () => { setTimeout(() => { window.taken = true; }, 0); return Promise.resolve(json); }; go(late); }; }) \
                    : answer(), true)";
    inbox.value::<bool>(slow);
    inbox.value::<bool>(THROUGH_ASK);
    inbox.click(".chat", ANA);
    inbox.until("window.late");
    inbox.click(".chat", JUAN);
    inbox.until("document.querySelector('article')?.innerText.includes('to the last')");
    inbox.value::<bool>("(window.late(), true)");
    // The code that waited for the answer has finished.
    inbox.until("window.taken");
    inbox.until("document.querySelector('article')?.innerText.includes('to the last')");
    assert_eq!(
        inbox.value::<String>("document.getElementById('talk-name').textContent"),
        JUAN
    );
}

#[test]
fn clear_removes_everything() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([text_to(ANA, "uno"), text_to(JUAN, "dos")]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", ANA);
    inbox.value::<bool>("(window.confirm = () => true)()");
    inbox.click("#open-clear", "");
    inbox.until("document.querySelectorAll('.chat, article').length === 0");
    assert_eq!(sandbox.read("/sandbox/messages"), json!([]));
    sandbox.send([text_to(ANA, "tres")]);
    inbox.until("document.querySelector('.chat')?.innerText.includes('tres')");
}

#[test]
fn ticks_show_status_and_open_chat_is_read() {
    let fault = format!("undelivered=131049,to={JUAN},after=1");
    let sandbox = Sandbox::start(&["--deliver-after", "0", "--fault", &fault]);
    sandbox.send([
        text_to(ANA, "first"),
        text_to(JUAN, "one"),
        text_to(JUAN, "two"),
    ]);
    let state = |id: &str| {
        sandbox.read(&format!("/sandbox/messages/{id}"))["delivery"]["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let in_list = |user: &str, tick: &str| {
        format!(
            "[...document.querySelectorAll('.chat')].find((one) => one.innerText.includes('{user}')).querySelector('{tick}')"
        )
    };
    inbox.until(&in_list(ANA, ".ticks.delivered[aria-label=\"Delivered\"]"));
    inbox.until(&in_list(JUAN, ".ticks.failed"));
    inbox.keep("ticks-unread.png");
    // The chat has not been opened yet.
    assert_eq!(state("msg_sandbox_1"), "delivered");
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('article .ticks.read')");
    inbox.until(&in_list(ANA, ".ticks.read"));
    assert_eq!(
        [state("msg_sandbox_1"), state("msg_sandbox_2")],
        ["read", "delivered"]
    );
    inbox.until("document.getElementById('request').innerText.includes('read')");
    inbox.keep("ticks-read.png");
    // A message that arrives in an open chat is read; in another chat it is not.
    sandbox.send([text_to(ANA, "second")]);
    inbox.until("document.querySelectorAll('article .ticks.read').length === 2");
    inbox.type_into("#write", "Gracias");
    inbox.key("Enter");
    inbox.until("document.querySelectorAll('article .ticks.replied').length === 2");
    // A user's own messages have no ticks.
    assert_eq!(
        inbox.value::<u32>("document.querySelectorAll('.mine .ticks').length"),
        0
    );
    inbox.keep("ticks-replied.png");
    inbox.click(".chat", JUAN);
    inbox.until("document.querySelector('article .ticks.read')");
    let failed: String = inbox.value("document.querySelector('article .ticks.failed').textContent");
    assert_eq!(failed, "undelivered 131049");
    inbox.keep("ticks-undelivered.png");
}

#[test]
fn ticks_update_live() {
    let sandbox = Sandbox::start(&["--deliver-after", "1h"]);
    sandbox.send([text_to(ANA, "waiting")]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('article .ticks.at_whatsapp[aria-label=\"At WhatsApp\"]')");
    inbox.keep("ticks-waiting.png");

    let sandbox = Sandbox::start(&["--deliver-after", "500ms"]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    sandbox.send([text_to(ANA, "on its way")]);
    inbox.until("document.querySelector('.chat .ticks.delivered')");
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('article .ticks.read')");
    sandbox.send([text_to(ANA, "while it is open")]);
    inbox.until("document.querySelectorAll('article .ticks.read').length === 2");
}

#[test]
fn hidden_chat_is_not_marked_read() {
    let sandbox = Sandbox::start(&["--deliver-after", "0"]);
    sandbox.send([text_to(ANA, "first")]);
    let inbox = Inbox::open(&sandbox, 390, 800);
    inbox.click(".chat", ANA);
    inbox.until("document.querySelector('article .ticks.read')");
    inbox.click("#talk .back", "");
    inbox.until("document.querySelector('.chat').checkVisibility()");
    sandbox.send([text_to(ANA, "second")]);
    inbox.until("document.querySelector('.chat .ticks.delivered')");
    assert_eq!(
        sandbox.read("/sandbox/messages/msg_sandbox_2")["delivery"]["state"],
        "delivered"
    );
    inbox.click(".chat", ANA);
    inbox.until("document.querySelectorAll('article .ticks.read').length === 2");
}
