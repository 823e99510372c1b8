//! Everything works without a mouse, and has a name for screen readers.

use serde_json::Value;

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

#[test]
fn chats_and_messages_are_reached_by_keys() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([
        text_to("1111111111", "uno"),
        text_to("2222222222", "dos"),
        text_to("2222222222", "tres"),
    ]);
    let inbox = Inbox::open(&sandbox, 1100, 800);
    inbox.until("document.querySelectorAll('.chat').length === 2");
    inbox.key("/");
    inbox.until("document.activeElement.id === 'search'");
    inbox.key("ArrowDown");
    inbox.until("document.activeElement.innerText.includes('2222222222')");
    inbox.key("ArrowDown");
    inbox.until("document.activeElement.innerText.includes('1111111111')");
    inbox.key("Home");
    inbox.key("Enter");
    inbox.until("document.querySelectorAll('article').length === 2");
    inbox.until("document.activeElement.matches('article') && document.activeElement.innerText.includes('tres')");
    inbox.key("ArrowUp");
    inbox.until("document.activeElement.innerText.includes('dos')");
    inbox.key("Enter");
    inbox.until("document.activeElement.id === 'request-body'");
    inbox.until("document.getElementById('request-body').innerText.includes('msg_sandbox_2')");
    inbox.key("Escape");
    inbox.until("document.activeElement.matches('article')");
    inbox.key("Escape");
    inbox.until("document.activeElement.matches('.chat')");
}

#[test]
fn message_buttons_are_reached_with_arrow_keys() {
    let sandbox = Sandbox::start(&[]);
    let user = "593987654321";
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let mut reply = fixture("bodies/quick-reply.json");
    reply["userId"] = user.into();
    sandbox.send([reply.clone(), reply]);
    inbox.until("document.querySelectorAll('.chat').length === 1");
    inbox.value::<bool>("(document.querySelector('.chat').focus(), true)");
    inbox.key("Enter");
    inbox.until("document.activeElement.matches('article:last-of-type')");
    let press = |number: usize| {
        format!(
            "document.activeElement === document.querySelectorAll('article:last-of-type .press')[{number}]"
        )
    };
    for (key, expected) in [
        ("ArrowRight", press(0)),
        ("ArrowDown", press(1)),
        ("ArrowRight", press(2)),
        ("ArrowRight", press(2)),
        ("ArrowUp", press(1)),
        ("ArrowLeft", press(0)),
        (
            "ArrowLeft",
            "document.activeElement.matches('article:last-of-type')".to_owned(),
        ),
        ("ArrowRight", press(0)),
        (
            "Escape",
            "document.activeElement.matches('article:last-of-type')".to_owned(),
        ),
        ("Tab", "document.activeElement.id === 'write'".to_owned()),
    ] {
        inbox.key(key);
        inbox.until(&expected);
    }
    inbox.value::<bool>("(document.querySelector('article:last-of-type').focus(), true)");
    inbox.key("ArrowRight");
    inbox.key("Enter");
    inbox.until("document.querySelectorAll('.mine').length === 1");
}

#[test]
fn everything_pressable_has_a_name() {
    let sandbox = Sandbox::start(&["--fault", "delay=1ms"]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    sandbox.send(
        ["list", "quick-reply", "carousel", "flow", "call", "cta-url"]
            .map(|kind| fixture(&format!("bodies/{kind}.json"))),
    );
    inbox.click(".chat", "593987654320");
    inbox.until("document.querySelectorAll('article').length === 6");
    let nameless: Vec<Value> = inbox
            .value(
                "[...document.querySelectorAll('button, input, article, nav, main, aside, dialog, [role=log]')].filter((one) => \
                 !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML)",
            );
    assert!(nameless.is_empty(), "{nameless:?}");
}

/// Returns the texts with less contrast than WCAG's 4.5 to 1 (3 to 1 for large texts).
const PALE: &str = r"(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
    const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map((one) => one / 255).map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (node) => { for (let at = node; at; at = at.parentElement) { const color = rgba(getComputedStyle(at).backgroundColor); if (color[3] > 250) return color; } return [255, 255, 255]; };
    const texts = [...document.querySelectorAll('body *')].filter((node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) && !node.closest('.toast, .media, .avatar, svg'));
    return texts.map((node) => { const style = getComputedStyle(node); const [a, b] = [light(rgba(style.color)), light(behind(node))].sort((a, b) => b - a);
        return [(a + 0.05) / (b + 0.05), node.className, node.textContent.slice(0, 30)]; }).filter(([ratio]) => ratio < 4.5);
})()";

#[test]
fn every_text_has_contrast_in_both_schemes() {
    let sandbox = Sandbox::start(&["--fault", "status=500,stored,kind=call"]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let mut flow = fixture("bodies/flow.json");
    flow["parameters"]["flow_cta"] = "Iniciar 🚀".into();
    sandbox.send([
        fixture("bodies/contacts.json"),
        fixture("bodies/location.json"),
        fixture("bodies/cta-url.json"),
        flow,
    ]);
    sandbox.ask(
        "POST",
        "/v1/bots/1/messages",
        &fixture("bodies/call.json").to_string(),
    );
    sandbox.ask(
        "POST",
        "/sandbox/users/593987654320/messages",
        r#"{"text":"Gracias"}"#,
    );
    inbox.click(".chat", "593987654320");
    inbox.until("document.querySelectorAll('article').length === 6");
    for scheme in ["light", "dark"] {
        inbox.scheme(scheme);
        let pale: Vec<Value> = inbox.value(PALE);
        assert!(pale.is_empty(), "{scheme}: {pale:?}");
    }
}
