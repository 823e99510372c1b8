//! A place on the map.

use serde_json::Value;

use crate::message::drawing::{Part, text};
use crate::message::envelope::Envelope;
use crate::message::flag::Flag;
use crate::message::kind::Kind;

pub(super) const LOCATION: Kind = Kind {
    draw,
    ..Kind::new(
        "location",
        Envelope::Typed("location"),
        include_str!("location.json"),
        &[
            Flag::text("coordinates.lat", "--lat DEGREES"),
            Flag::text("coordinates.long", "--long DEGREES"),
            Flag::text("name", "--name NAME"),
            Flag::text("address", "--address ADDRESS"),
        ],
    )
};

fn draw(body: &Value) -> Vec<Part> {
    let coordinates = ["/coordinates/lat", "/coordinates/long"].map(|pointer| body.pointer(pointer));
    let [Some(lat), Some(long)] = coordinates else { return Vec::new() };
    let words = ["/name", "/address"].into_iter().filter_map(|pointer| text(body, pointer));
    let words: Vec<_> = words.chain([format!("{lat}, {long}")]).collect();
    vec![Part::Drawing { drawing: "place", of: body.clone(), plain: vec![Part::text(words.join("  "))] }]
}
