//! The page on a phone shows one pane at a time, and nothing wider than the screen.

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture};

#[test]
fn narrow_screen_shows_one_pane() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 390, 800);
    let kinds = ["carousel", "contacts", "image", "location", "list", "flow"];
    sandbox.send(kinds.map(|kind| fixture(&format!("bodies/{kind}.json"))));
    let shown = "['.chats', '.talk', '#request'].filter((one) => document.querySelector(one).checkVisibility({ visibilityProperty: true }))";
    inbox.until(&format!("{shown}.join() === '.chats'"));
    inbox.click(".chat", "593987654320");
    inbox.until(&format!("{shown}.join() === '.talk'"));
    inbox.until("document.querySelectorAll('article').length === 6");
    let wide: Vec<String> = inbox
            .value("[...document.querySelectorAll('body, .log, article')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML)");
    assert!(wide.is_empty(), "{wide:?}");
    inbox.click("#toggle-request", "");
    inbox.until(&format!("{shown}.join() === '.talk,#request'"));
    inbox.until("document.getElementById('request').getBoundingClientRect().left === 0");
    inbox.click("#close-request", "");
    inbox.until(&format!("{shown}.join() === '.talk'"));
    inbox.click(".back", "");
    inbox.until(&format!("{shown}.join() === '.chats'"));
}
