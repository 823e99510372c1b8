//! Bodies of messages, of every kind.

use serde_json::Value;

use crate::base::input::parse_exact;
use crate::base::message::Lang;
use crate::jelou::message::{
    MessageKind, Outgoing, RecipientChoice, Route, TypedRecipient, check_flow_message,
    check_message, check_template,
};

/// Checks that the sender can show every body that it builds, and that the sandbox accepts it. The sandbox rejects any
/// other body without a panic.
pub fn body(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(value) = parse_exact(text) else { return };
    for check in [check_message, check_flow_message, check_template] {
        let _ = check(value.clone()).map_err(|error| error.to_string());
    }
    let recipient = TypedRecipient::read("593987654321", None).unwrap();
    for kind in MessageKind::all() {
        let recipient = RecipientChoice::Made {
            recipient: recipient.clone(),
            country: None,
        };
        let made = Outgoing::from_body(&kind, value.clone(), recipient);
        let Ok((outgoing, _)) = made else { continue };
        assert_eq!(
            serde_json::from_str::<Value>(outgoing.json()).unwrap(),
            *outgoing.body()
        );
        // Unknown fields may contain other recipients. The safety checks must get these, too.
        assert_eq!(
            outgoing.recipients().next(),
            Some("593987654321"),
            "{}",
            outgoing.json()
        );
        let _ = outgoing.draw(Lang::Es);
        // A body that is sent literally is not checked.
        if outgoing.kind() == "raw" {
            continue;
        }
        let accepted = match outgoing.route() {
            Route::Messages => check_message(outgoing.body().clone()),
            Route::FlowMessage { .. } => check_flow_message(outgoing.body().clone()),
            Route::Template => check_template(outgoing.body().clone()),
            Route::CampaignTemplate { .. } => continue,
        };
        assert!(
            accepted.is_ok(),
            "{} is refused: {accepted:?}",
            outgoing.json()
        );
    }
}
