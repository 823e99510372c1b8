//! axe-core finds no problems on the page, in any of its views, on three screens, light and dark.

use crate::axe::findings;
use crate::inbox::{Inbox, block_on};
use crate::listening::{KINDS, Sandbox, fixture, text_to};

async fn assert_fine(inbox: &Inbox, place: &str) {
    for scheme in ["light", "dark"] {
        inbox.scheme(scheme).await;
        let found = findings(&inbox.page).await;
        assert!(found.is_empty(), "{place}, {scheme}: {found:#?}");
    }
}

#[test]
fn axe_finds_nothing() {
    block_on(async {
        let sandbox = Sandbox::start(&["--fault", "status=500,stored,to=593987654329"]);
        let inbox = Inbox::open(&sandbox, 1280, 800).await;
        assert_fine(&inbox, "empty").await;
        sandbox.send([text_to("593987654322", "> quoted\n* one\n* two\n`code` *bold* https://example.com")]);
        sandbox.send(KINDS.map(|kind| fixture(&format!("bodies/{kind}.json"))));
        sandbox.ask("POST", "/v2/whatsapp/77/hsm", &fixture("bodies/template.json").to_string());
        let faulty = text_to("593987654329", "x").to_string();
        assert_eq!(sandbox.ask("POST", "/v1/bots/77/messages", &faulty).status, 500);
        assert_eq!(sandbox.ask("POST", "/v1/bots/77/messages", r#"{"type":"text"}"#).status, 422);
        assert_eq!(sandbox.ask("POST", "/v1/bots/77/message", "{").status, 404);
        sandbox.ask("POST", "/sandbox/users/593987654320/messages", r#"{"text":"Gracias"}"#);
        inbox.until("document.querySelectorAll('.chat').length === 4").await;
        for width in [1280, 820, 390] {
            inbox.size(width, 800).await;
            inbox.value::<bool>("(location.hash = '', true)").await;
            inbox.until("document.getElementById('app').dataset.pane === 'chats'").await;
            assert_fine(&inbox, &format!("chats at {width}")).await;
            for user in ["593987654320", "593987654322", "593987654321", "593987654329"] {
                inbox.value::<bool>(&format!("(location.hash = '#/{user}', true)")).await;
                inbox.until(&format!("document.getElementById('talk-name').textContent === '{user}' && !document.getElementById('talk').hidden")).await;
                assert_fine(&inbox, &format!("{user} at {width}")).await;
            }
            if width < 1200 {
                inbox.click(".talk:not([hidden]) [aria-controls=request]", "").await;
                assert_fine(&inbox, &format!("request at {width}")).await;
                inbox.click("#close-request", "").await;
            }
            inbox.value::<bool>("(location.hash = '#refused', true)").await;
            inbox.until("document.querySelectorAll('.refusal').length === 2").await;
            assert_fine(&inbox, &format!("refused at {width}")).await;
            inbox.value::<bool>("(location.hash = '', true)").await;
            inbox.until("document.getElementById('app').dataset.pane === 'chats'").await;
            inbox.click("#open-filters", "").await;
            assert_fine(&inbox, &format!("filters at {width}")).await;
            inbox.click("#open-filters", "").await;
            inbox.click("#open-faults", "").await;
            assert_fine(&inbox, &format!("faults at {width}")).await;
            inbox.key("Escape").await;
        }
        inbox.close().await;
    });
}
