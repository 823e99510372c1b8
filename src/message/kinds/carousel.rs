//! Cards side by side, each with an image or a video, a text, and a link or replies.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, InputError, JsonSource};
use crate::message::card::Card;
use crate::message::drawing::{Part, cards, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::TextFile;

/// Send cards that scroll sideways
///
/// Examples:
///   jelouctl send carousel --to 593987654321 --text Offers --card @deal1.json --card @deal2.json
///   jelouctl send carousel --to 593987654321 --body carousel.json
///
/// The cards are numbered for you (`card_index`). `jelouctl schema carousel` shows the form of a card.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Carousel {
    /// Text above the cards, 1 to 1024 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 1024))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    text_file: TextFile,

    #[arg(skip)]
    #[garde(dive)]
    #[serde(default)]
    parameters: CarouselParameters,

    #[command(flatten)]
    #[serde(skip)]
    flags: CarouselFlags,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CarouselParameters {
    #[garde(required, length(min = 1, max = 10), custom(|cards: &Option<Vec<Card>>, (): &()| counted(cards.as_deref())), dive)]
    #[schemars(extend("x-source" = "Jelou", "x-advised" = {"minItems": 2, "source": "WhatsApp"}))]
    cards: Option<Vec<Card>>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default)]
struct CarouselFlags {
    /// A card, or an array of cards, as JSON; 1 to 10 of them (repeatable)
    #[arg(id = "parameters.cards", long = "card", value_name = "JSON|@FILE", allow_hyphen_values = true)]
    cards: Vec<JsonSource>,
}

fn counted(cards: Option<&[Card]>) -> garde::Result {
    let indices = (0..).zip(cards.unwrap_or_default().iter().filter_map(|card| card.card_index));
    match indices.into_iter().find(|(position, index)| position != index) {
        None => Ok(()),
        Some((position, index)) => Err(garde::Error::new(format!(
            "has card_index {index}, but {position} is expected; leave card_index out: the cards are numbered for you"
        ))),
    }
}

impl Kind for Carousel {
    const COMMAND: &'static str = "carousel";
    const ENVELOPE: Envelope = Envelope::Typed("CAROUSEL");
    const EXAMPLE: &'static str = r#"send carousel --to 593987654321 --text "Our offers" --card '[
    {"header": {"type": "image", "image": {"link": "https://example.com/1.png"}}, "body": {"text": "Deal 1"},
     "action": {"name": "cta_url", "parameters": {"display_text": "Shop now", "url": "https://example.com/1"}}},
    {"header": {"type": "video", "video": {"link": "https://example.com/2.mp4"}}, "body": {"text": "Deal 2"},
     "action": {"buttons": [{"type": "quick_reply", "quick_reply": {"title": "I want it", "id": "deal2"}}]}}
]'"#;

    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, cards(body, "/parameters/cards"))
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = self.text_file.shape(input)?;
        if !self.flags.cards.is_empty() {
            let cards = input.json_list("--card", &self.flags.cards)?;
            body.insert("parameters".to_owned(), json!({ "cards": cards }));
        }
        Ok(body)
    }

    fn fill_defaults(&mut self) {
        for (position, card) in (0..).zip(self.parameters.cards.iter_mut().flatten()) {
            card.card_index.get_or_insert(position);
        }
    }
}
