//! The page shows refused requests as they arrive: the request, the answer, and the wrong field.

use serde_json::json;

use crate::inbox::Inbox;
use crate::listening::{Sandbox, text_to};

const ANA: &str = "593987654321";

#[test]
fn refused_request_shows_field_response_and_no_secret() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.until("document.getElementById('open-refused').hidden");
    let long = text_to(ANA, &"x".repeat(4097)).to_string();
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/77/messages", &long).status,
        422
    );
    inbox.click("#open-refused", "1 refused request");
    inbox.until("document.querySelector('.refusal')?.innerText.includes('has 4097 characters')");
    let shown: String = inbox.value("document.getElementById('request').innerText");
    for part in [
        "has 4097 characters; at most 4096 are allowed",
        "HTTP 422",
        "POST /v1/bots/77/messages",
        "(redacted)",
        ANA,
    ] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
    assert!(!shown.contains("c2FuZGJveDpzYW5kYm94"), "{shown}");
    // The next request appears on top, and this one stays selected.
    assert_eq!(sandbox.ask("POST", "/v1/bots/77/messages", "{").status, 400);
    inbox.until("document.querySelectorAll('.refusal').length === 2");
    inbox.until("document.querySelector('.refusal').innerText.includes('not JSON')");
    inbox.until("document.querySelector('.refusal:last-of-type').matches('.selected')");
    inbox.value::<bool>("(document.querySelector('.refusal.selected').focus(), true)");
    inbox.key("ArrowUp");
    inbox.until("location.hash === '#refused/2'");
    inbox.key("Enter");
    inbox.until("document.activeElement.id === 'request-body'");
    inbox.key("Escape");
    inbox.until("document.activeElement.matches('.refusal')");
    inbox.key("Escape");
    inbox.until("document.activeElement.id === 'open-refused'");
    sandbox.ask("DELETE", "/sandbox/messages", "");
    inbox.until("document.querySelectorAll('.refusal').length === 0");
}

#[test]
fn newest_refused_requests_are_shown() {
    let sandbox = Sandbox::start(&[]);
    let mut stream = sandbox.connect();
    for number in 0..1005 {
        let body = json!({ "type": "text", "userId": ANA, "number": number }).to_string();
        assert_eq!(
            sandbox
                .ask_on(&mut stream, "POST", "/v1/bots/77/messages", &body)
                .status,
            422
        );
    }
    let inbox = Inbox::open_at(&format!("http://{}/#refused", sandbox.address), 1440, 900);
    inbox
        .until("document.getElementById('refused-count').textContent === '1,000 refused requests'");
    inbox.until("document.getElementById('counts').textContent.includes('5 refused dropped')");
    inbox.until("document.querySelectorAll('.refusal').length === 60");
    let down = "document.getElementById('refused-scroll').scrollTop = 1e9";
    inbox.until(&format!(
        "({down}, document.querySelectorAll('.refusal').length >= 240)"
    ));
}
