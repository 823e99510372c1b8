//! Cards side by side, each with an image or a video, a text, and a link or replies.

use serde_json::{Map, Value, json};

use super::{FieldProblem, Kind};
use crate::base::message::{Message, msg};
use crate::jelou::message::envelope::{Envelope, items_mut};

pub(super) const CAROUSEL: Kind = Kind {
    fill: |_, fields| number_cards(fields),
    problem,
    ..Kind::new(
        "carousel",
        Envelope::Typed("CAROUSEL"),
        include_str!("carousel.json"),
    )
};

fn number_cards(fields: &mut Map<String, Value>) {
    let parameters = fields.get_mut("parameters");
    let cards = parameters.and_then(|parameters| parameters.get_mut("cards"));
    for (position, card) in items_mut(cards).enumerate() {
        if let Value::Object(card) = card {
            let index = card.entry("card_index").or_insert(Value::Null);
            if index.is_null() {
                *index = json!(position);
            }
        }
    }
}

fn problem(place: &str, around: &Map<String, Value>) -> Option<FieldProblem> {
    match place {
        "parameters" => Some(("cards", misnumbered(around.get("cards")?.as_array()?)?)),
        "parameters.cards[]" => {
            let is_link = around
                .get("action")
                .is_some_and(|action| action.get("name") == Some(&json!(LINK)));
            let says_link = around.get("type") == Some(&json!(LINK));
            let problem = || msg!("is cta_url, but the card's action is not a link");
            (says_link && !is_link).then(|| ("type", problem()))
        }
        // A header needs the file of its type.
        "parameters.cards[].header" => {
            let needed = ["image", "video"]
                .into_iter()
                .find(|file| around.get("type") == Some(&json!(file)))?;
            (!around.contains_key(needed)).then(|| (needed, msg!("is missing")))
        }
        "parameters.cards[].action" => Some(("name", neither_link_nor_replies(around)?)),
        _ => None,
    }
}

/// The value of `name` in a link action, and of `type` in its card.
const LINK: &str = "cta_url";

fn misnumbered(cards: &[Value]) -> Option<Message> {
    let indices = cards
        .iter()
        .filter_map(|card| card.get("card_index"))
        .enumerate();
    let (position, index) = indices
        .into_iter()
        .find(|(position, index)| **index != json!(position))?;
    Some(msg!(
        "has card_index {index}, but {position} is expected; without card_index, jelouctl numbers the cards",
        index = index.to_string(),
        position
    ))
}

/// Returns the problem of an action. It must be a link (`name` and `parameters`) or replies
/// (`buttons`).
fn neither_link_nor_replies(action: &Map<String, Value>) -> Option<Message> {
    let name = action.get("name").and_then(Value::as_str);
    match (
        name,
        action.contains_key("parameters"),
        action.contains_key("buttons"),
    ) {
        (Some(LINK), true, false) | (None, false, true) => None,
        (Some(LINK), false, _) => Some(msg!(
            "is cta_url, but `parameters` with the link is missing"
        )),
        (None, true, _) => Some(msg!("is missing; for a link it must be cta_url")),
        (None, false, false) => Some(msg!(
            "is missing; an action is a link (`name` and `parameters`) or replies (`buttons`)"
        )),
        (Some(LINK), true, true) => Some(msg!(
            "is cta_url, but there are `buttons` too; a card has a link or replies"
        )),
        (Some(_), ..) => Some(msg!("must be cta_url")),
    }
}
