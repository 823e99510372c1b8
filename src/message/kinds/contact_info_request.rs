//! A text with a button that asks the recipient for their contact, which is how a number comes to a WhatsApp user id.

use serde_json::{Value, json};

use crate::message::drawing::{Part, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::flag::{TEXT, TEXT_FILE};
use crate::message::kind::Kind;

pub(super) const CONTACT_INFO_REQUEST: Kind = Kind {
    draw,
    ..Kind::new(
        "contact-info-request",
        Envelope::Typed("contact_info_request"),
        include_str!("contact_info_request.json"),
        &[TEXT, TEXT_FILE],
    )
};

fn draw(body: &Value) -> Vec<Part> {
    let phone = json!([{ "phone": "+593987654321" }]);
    let contact = json!({ "name": { "formatted_name": "Ana Pérez", "first_name": "Ana" }, "phones": phone });
    let press = json!({ "text": "👤 Ana Pérez, +593987654321", "payload": { "contacts": [contact] } });
    file_and_texts(body, [Part::Button { label: "Share contact info".to_owned(), icon: "person", press }])
}
