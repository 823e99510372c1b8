//! A text with a button that asks for the recipient's location.

use serde_json::{Value, json};

use crate::message::drawing::{Part, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::flag::{TEXT, TEXT_FILE};
use crate::message::kind::Kind;

pub(super) const LOCATION_REQUEST: Kind = Kind {
    draw,
    ..Kind::new(
        "location-request",
        Envelope::Typed("location_request"),
        include_str!("location_request.json"),
        &[TEXT, TEXT_FILE],
    )
};

fn draw(body: &Value) -> Vec<Part> {
    let place = json!({ "coordinates": { "lat": -0.1807, "long": -78.4678 } });
    let press = json!({ "text": "📍 -0.1807, -78.4678", "payload": place });
    file_and_texts(body, [Part::Button { label: "Send location".to_owned(), icon: "pin", press }])
}
