//! axe-core finds no problems on the page, in any of its views, on three screens, light and dark.

use crate::axe::findings;
use crate::inbox::Inbox;
use crate::listening::{KINDS, Sandbox, fixture, text_to};

fn assert_fine(inbox: &Inbox, place: &str) {
    for scheme in ["light", "dark"] {
        inbox.scheme(scheme);
        let found = findings(inbox);
        assert!(found.is_empty(), "{place}, {scheme}: {found:#?}");
    }
}

#[test]
fn axe_finds_nothing() {
    let sandbox = Sandbox::start(&["--fault", "status=500,stored,to=593987654329"]);
    let inbox = Inbox::open(&sandbox, 1280, 800);
    assert_fine(&inbox, "empty");
    sandbox.send([text_to(
        "593987654322",
        "> quoted\n* one\n* two\n`code` *bold* https://example.com",
    )]);
    sandbox.send(KINDS.map(|kind| fixture(&format!("bodies/{kind}.json"))));
    sandbox.ask(
        "POST",
        "/v2/whatsapp/77/hsm",
        &fixture("bodies/template.json").to_string(),
    );
    let faulty = text_to("593987654329", "x").to_string();
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/77/messages", &faulty).status,
        500
    );
    assert_eq!(
        sandbox
            .ask("POST", "/v1/bots/77/messages", r#"{"type":"text"}"#)
            .status,
        422
    );
    assert_eq!(sandbox.ask("POST", "/v1/bots/77/message", "{").status, 404);
    sandbox.ask(
        "POST",
        "/sandbox/users/593987654320/messages",
        r#"{"text":"Gracias"}"#,
    );
    inbox.until("document.querySelectorAll('.chat').length === 4");
    for width in [1280, 820, 390] {
        inbox.size(width, 800);
        inbox.value::<bool>("(location.hash = '', true)");
        inbox.until("document.getElementById('app').dataset.pane === 'chats'");
        assert_fine(&inbox, &format!("chats at {width}"));
        for user in [
            "593987654320",
            "593987654322",
            "593987654321",
            "593987654329",
        ] {
            inbox.value::<bool>(&format!("(location.hash = '#/{user}', true)"));
            inbox.until(&format!("document.getElementById('talk-name').textContent === '{user}' && !document.getElementById('talk').hidden"));
            assert_fine(&inbox, &format!("{user} at {width}"));
        }
        if width < 1200 {
            inbox.click(".talk:not([hidden]) [aria-controls=request]", "");
            assert_fine(&inbox, &format!("request at {width}"));
            inbox.click("#close-request", "");
        }
        inbox.value::<bool>("(location.hash = '#refused', true)");
        inbox.until("document.querySelectorAll('.refusal').length === 2");
        assert_fine(&inbox, &format!("refused at {width}"));
        inbox.value::<bool>("(location.hash = '', true)");
        inbox.until("document.getElementById('app').dataset.pane === 'chats'");
    }
}
