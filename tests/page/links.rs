//! Chats, messages and refused requests have addresses. The Back button follows them, and the page reports an outdated
//! address.

use crate::inbox::Inbox;
use crate::listening::{Sandbox, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";

const CURRENT: &str = "document.querySelector('.talk:not([hidden]) .selected')";

fn follow(inbox: &Inbox, link: &str) {
    inbox.value::<bool>(&format!("(location.hash = {link:?}, true)"));
}

#[test]
fn back_returns_to_the_previous_view() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([
        text_to(ANA, "uno"),
        text_to(ANA, "dos"),
        text_to(JUAN, "tres"),
    ]);
    sandbox.ask("POST", "/v1/bots/77/messages", "{}");
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", ANA);
    inbox.click("article", "uno");
    inbox.until(&format!(
        "location.hash.startsWith('#/{ANA}/msg_sandbox_1@')"
    ));
    inbox.click(".chat", JUAN);
    inbox.until("document.getElementById('talk-name').textContent === '593987654322'");
    inbox.click("#open-refused", "");
    inbox.until("document.querySelector('.refusal.selected')");
    inbox.value::<bool>("(history.back(), true)");
    inbox.until("document.getElementById('talk-name').textContent === '593987654322'");
    inbox.until("document.getElementById('refused').hidden");
    inbox.value::<bool>("(history.back(), true)");
    inbox.until(&format!("{CURRENT}?.innerText.includes('uno')"));
    inbox.value::<bool>("(history.forward(), true)");
    inbox.until(&format!("{CURRENT}?.innerText.includes('tres')"));
}

#[test]
fn link_opens_its_message_or_reports_it_missing() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send((1..=200).map(|number| text_to(ANA, &format!("mensaje {number}"))));
    let port = sandbox.address.split(':').nth(1).unwrap().to_owned();
    // You type the address, so the page opens with it.
    let inbox = Inbox::open_at(
        &format!("http://{}/#/{ANA}/msg_sandbox_42", sandbox.address),
        1440,
        900,
    );
    inbox.until(&format!("{CURRENT}?.innerText.includes('mensaje 42')"));
    inbox.click("article", "mensaje 43");
    let link: String = inbox.value("location.hash");
    for gone in [
        format!("#/{ANA}/msg_sandbox_4200"),
        format!("#/{JUAN}/msg_sandbox_42"),
        "#refused/9".to_owned(),
    ] {
        inbox.value::<bool>("(document.getElementById('toast').textContent = '', true)");
        follow(&inbox, &gone);
        inbox.until("document.getElementById('toast').textContent.includes(' is gone: ')");
    }
    follow(&inbox, &link);
    inbox.until(&format!("{CURRENT}?.innerText.includes('mensaje 43')"));
    inbox.value::<bool>("(document.getElementById('toast').textContent = '', true)");
    // Another sandbox has a different message with the same id.
    drop(sandbox);
    inbox.until("document.getElementById('live').textContent === 'not connected'");
    let again = Sandbox::start_on(&port, &[]);
    again.send((1..=50).map(|number| text_to(ANA, &format!("otro {number}"))));
    inbox
        .until("document.getElementById('toast').textContent.includes('msg_sandbox_43 is gone: ')");
    inbox.until(&format!("{CURRENT}?.innerText.includes('otro 50')"));
    assert_eq!(inbox.value::<String>("location.hash"), format!("#/{ANA}"));
    follow(&inbox, &link);
    inbox.until(&format!("location.hash === '#/{ANA}'"));
}
