//! A plain text.

use serde_json::{Map, Value};

use super::{FieldProblem, Kind};
use crate::base::message::msg;
use crate::jelou::message::envelope::Envelope;

pub(super) const PLAIN_TEXT: Kind = Kind {
    problem,
    ..Kind::new("text", Envelope::Typed("text"), include_str!("text.json"))
};

fn problem(place: &str, around: &Map<String, Value>) -> Option<FieldProblem> {
    let text = around.get("text")?.as_str().filter(|_| place.is_empty())?;
    let problem = match text.trim() {
        // The variable in the command was empty.
        "" if !text.is_empty() => msg!("has only white space"),
        placeholder @ ("…" | "TEXT") => {
            msg!(
                "is `{placeholder}`, the placeholder for your message in a hint",
                placeholder
            )
        }
        _ => return None,
    };
    Some(("text", problem))
}
