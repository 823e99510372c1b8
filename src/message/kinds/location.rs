//! A place on the map.

use clap::Args;
use serde::Serialize;
use serde_json::{Number, Value};
use serde_with::skip_serializing_none;

use crate::message::drawing::{Part, text};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::or_template::OrTemplate;

/// Send a place on the map
///
/// Examples:
///   jelouctl send location --to 593987654321 --lat -0.1806532 --long -78.4678382 --name Quito
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Location {
    #[command(flatten)]
    coordinates: Coordinates,

    /// Name of the place
    #[arg(long, allow_hyphen_values = true)]
    name: Option<String>,

    /// Address of the place
    #[arg(long, allow_hyphen_values = true)]
    address: Option<String>,
}

/// Degrees (WGS 84), kept as the number that was written.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
struct Coordinates {
    /// Latitude in degrees, -90 to 90
    #[arg(id = "coordinates.lat", long = "lat", value_name = "DEGREES", allow_hyphen_values = true)]
    #[arg(value_parser = OrTemplate(degrees::<90>))]
    lat: Option<Value>,

    /// Longitude in degrees, -180 to 180
    #[arg(id = "coordinates.long", long = "long", value_name = "DEGREES", allow_hyphen_values = true)]
    #[arg(value_parser = OrTemplate(degrees::<180>))]
    long: Option<Value>,
}

/// Reads a flag with degrees from -`MOST` to `MOST`.
fn degrees<const MOST: u8>(typed: &str) -> Result<Number, String> {
    let limits = format!("write degrees between -{MOST} and {MOST}, such as -0.18");
    typed.parse().map_err(|_| format!("`{}` is not a number; {limits}", typed.escape_debug()))
}

impl Kind for Location {
    const COMMAND: &'static str = "location";
    const ENVELOPE: Envelope = Envelope::Typed("location");
    const SCHEMA: &'static str = include_str!("location.json");
    const EXAMPLE: &'static str =
        r#"send location --to 593987654321 --lat -0.1806532 --long -78.4678382 --name Quito --address "Plaza Grande""#;

    fn draw(body: &Value) -> Vec<Part> {
        let coordinates = ["/coordinates/lat", "/coordinates/long"].map(|pointer| body.pointer(pointer));
        let [Some(lat), Some(long)] = coordinates else { return Vec::new() };
        let words = ["/name", "/address"].into_iter().filter_map(|pointer| text(body, pointer));
        let words: Vec<_> = words.chain([format!("{lat}, {long}")]).collect();
        vec![Part::Drawing { drawing: "place", of: body.clone(), plain: vec![Part::text(words.join("  "))] }]
    }
}
