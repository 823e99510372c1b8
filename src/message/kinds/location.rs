//! A place on the map.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use serde_with::skip_serializing_none;

use crate::message::drawing::{Part, text};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::or_template::{OrTemplate, OrTemplateParser};

/// Send a place on the map
///
/// Examples:
///   jelouctl send location --to 593987654321 --lat -0.1806532 --long -78.4678382 --name Quito
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Location {
    #[command(flatten)]
    #[garde(dive)]
    #[serde(default)]
    coordinates: Coordinates,

    /// Name of the place
    #[arg(long, allow_hyphen_values = true)]
    #[garde(length(chars, min = 1))]
    name: Option<String>,

    /// Address of the place
    #[arg(long, allow_hyphen_values = true)]
    #[garde(length(chars, min = 1))]
    address: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Degrees (WGS 84), kept as the number that was written.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct Coordinates {
    /// Latitude in degrees, -90 to 90
    #[arg(id = "coordinates.lat", long = "lat", value_name = "DEGREES", allow_hyphen_values = true)]
    #[arg(value_parser = OrTemplateParser(degrees::<90>))]
    #[garde(required, custom(within(90.0)))]
    #[schemars(range(min = -90, max = 90))]
    lat: Option<OrTemplate<Number>>,

    /// Longitude in degrees, -180 to 180
    #[arg(id = "coordinates.long", long = "long", value_name = "DEGREES", allow_hyphen_values = true)]
    #[arg(value_parser = OrTemplateParser(degrees::<180>))]
    #[garde(required, custom(within(180.0)))]
    #[schemars(range(min = -180, max = 180))]
    long: Option<OrTemplate<Number>>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Reads a flag with degrees from -`MOST` to `MOST`.
fn degrees<const MOST: u8>(typed: &str) -> Result<Number, String> {
    let limits = format!("write degrees between -{MOST} and {MOST}, such as -0.18");
    typed.parse().map_err(|_| format!("`{}` is not a number; {limits}", typed.escape_debug()))
}

/// A check for degrees from -`most` to `most`.
fn within(most: f64) -> impl FnOnce(&Option<OrTemplate<Number>>, &()) -> garde::Result {
    let is_outside = move |degrees: &Number| degrees.as_f64().is_none_or(|size| size.abs() > most);
    move |degrees, ()| match degrees {
        Some(OrTemplate::Value(degrees)) if is_outside(degrees) => {
            Err(garde::Error::new(format!("is {degrees}; it must be between -{most} and {most}")))
        }
        // A message that is read to be sent has no templates.
        Some(OrTemplate::Value(_) | OrTemplate::Template(_)) | None => Ok(()),
    }
}

impl Kind for Location {
    const COMMAND: &'static str = "location";
    const ENVELOPE: Envelope = Envelope::Typed("location");
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
