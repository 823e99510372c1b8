//! The page on a phone: one pane at a time, nothing wider than the screen.

use crate::inbox::{Inbox, block_on};
use crate::listening::{Sandbox, fixture};

#[test]
fn one_pane_at_a_time() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 390, 800).await;
        let kinds = ["carousel", "contacts", "image", "location", "list", "flow"];
        sandbox.send(kinds.map(|kind| fixture(&format!("bodies/{kind}.json"))));
        let shown = "['.chats', '.talk', '#request'].filter((one) => document.querySelector(one).checkVisibility({ visibilityProperty: true }))";
        inbox.until(&format!("{shown}.join() === '.chats'")).await;
        inbox.click(".chat", "593987654320").await;
        inbox.until(&format!("{shown}.join() === '.talk'")).await;
        inbox.until("document.querySelectorAll('article').length === 6").await;
        let wide: Vec<String> = inbox
            .value("[...document.querySelectorAll('body, .log, article')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML)")
            .await;
        assert!(wide.is_empty(), "{wide:?}");
        inbox.click("#toggle-request", "").await;
        inbox.until(&format!("{shown}.join() === '.talk,#request'")).await;
        inbox.until("document.getElementById('request').getBoundingClientRect().left === 0").await;
        inbox.click("#close-request", "").await;
        inbox.until(&format!("{shown}.join() === '.talk'")).await;
        inbox.click(".back", "").await;
        inbox.until(&format!("{shown}.join() === '.chats'")).await;
        inbox.close().await;
    });
}
