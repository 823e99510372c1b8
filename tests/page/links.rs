//! Chats, messages and refused requests have addresses: Back follows them, and the page says if an address is outdated.

use crate::inbox::{Inbox, block_on};
use crate::listening::{Sandbox, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";

const CURRENT: &str = "document.querySelector('.talk:not([hidden]) .selected')";

async fn follow(inbox: &Inbox, link: &str) {
    inbox.value::<bool>(&format!("(location.hash = {link:?}, true)")).await;
}

#[test]
fn back_leads_to_what_was_looked_at_before() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        sandbox.send([text_to(ANA, "uno"), text_to(ANA, "dos"), text_to(JUAN, "tres")]);
        sandbox.ask("POST", "/v1/bots/77/messages", "{}");
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        inbox.click(".chat", ANA).await;
        inbox.click("article", "uno").await;
        inbox.until(&format!("location.hash.startsWith('#/{ANA}/msg_sandbox_1@')")).await;
        inbox.click(".chat", JUAN).await;
        inbox.until("document.getElementById('talk-name').textContent === '593987654322'").await;
        inbox.click("#open-refused", "").await;
        inbox.until("document.querySelector('.refusal.selected')").await;
        inbox.value::<bool>("(history.back(), true)").await;
        inbox.until("document.getElementById('talk-name').textContent === '593987654322'").await;
        inbox.until("document.getElementById('refused').hidden").await;
        inbox.value::<bool>("(history.back(), true)").await;
        inbox.until(&format!("{CURRENT}?.innerText.includes('uno')")).await;
        inbox.value::<bool>("(history.forward(), true)").await;
        inbox.until(&format!("{CURRENT}?.innerText.includes('tres')")).await;
        inbox.close().await;
    });
}

#[test]
fn a_link_opens_its_message_and_says_when_that_is_gone() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        sandbox.send((1..=200).map(|number| text_to(ANA, &format!("mensaje {number}"))));
        let port = sandbox.address.split(':').nth(1).unwrap().to_owned();
        // Typed by hand, as the address that the page opens with.
        let inbox = Inbox::open_at(&format!("http://{}/#/{ANA}/msg_sandbox_42", sandbox.address), 1440, 900).await;
        inbox.until(&format!("{CURRENT}?.innerText.includes('mensaje 42')")).await;
        inbox.click("article", "mensaje 43").await;
        let link: String = inbox.value("location.hash").await;
        for gone in [format!("#/{ANA}/msg_sandbox_4200"), format!("#/{JUAN}/msg_sandbox_42"), "#refused/9".to_owned()] {
            inbox.value::<bool>("(document.getElementById('toast').textContent = '', true)").await;
            follow(&inbox, &gone).await;
            inbox.until("document.getElementById('toast').textContent.includes(' is gone: ')").await;
        }
        follow(&inbox, &link).await;
        inbox.until(&format!("{CURRENT}?.innerText.includes('mensaje 43')")).await;
        inbox.value::<bool>("(document.getElementById('toast').textContent = '', true)").await;
        // Another sandbox has a different message with the same id.
        drop(sandbox);
        inbox.until("document.getElementById('live').textContent === 'not connected'").await;
        let again = Sandbox::start_on(&port, &[]);
        again.send((1..=50).map(|number| text_to(ANA, &format!("otro {number}"))));
        inbox.until("document.getElementById('toast').textContent.includes('msg_sandbox_43 is gone: ')").await;
        inbox.until(&format!("{CURRENT}?.innerText.includes('otro 50')")).await;
        assert_eq!(inbox.value::<String>("location.hash").await, format!("#/{ANA}"));
        follow(&inbox, &link).await;
        inbox.until(&format!("location.hash === '#/{ANA}'")).await;
        inbox.close().await;
    });
}
