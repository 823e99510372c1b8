//! A template by its name, through its own endpoint. Only templates reach people who have not written.

use serde_json::{Map, Value};

use crate::message::envelope::Envelope;
use crate::message::kind::{FieldProblem, Kind};

pub(super) const TEMPLATE: Kind =
    Kind { problem, ..Kind::new("template", Envelope::Destinations, include_str!("template.json")) };

fn problem(place: &str, around: &Map<String, Value>) -> Option<FieldProblem> {
    let kind = around.get("type").and_then(Value::as_str).filter(|_| place.is_empty())?;
    let is_missing = ["image", "document", "video"].contains(&kind) && !around.contains_key("mediaUrl");
    is_missing.then(|| ("mediaUrl", "is missing".to_owned()))
}
