//! Cards side by side, each with an image or a video, a text, and a link or replies.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::text_file::TextFile;
use super::{Envelope, Kind, media_url};
use crate::input::{Input, InputError, JsonSource};

/// Send cards that scroll sideways
///
/// Examples:
///   jelouctl send carousel --to 593987654321 --text Offers --card @deal1.json --card @deal2.json
///   jelouctl send carousel --to 593987654321 --body carousel.json
///
/// The cards are counted for you (`card_index`). `jelouctl schema carousel` shows what a card is made of.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub struct Carousel {
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

/// One card. `card_index` counts from 0.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct Card {
    card_index: Option<u64>,

    #[garde(custom(|_: &_, (): &()| self.is_what_it_says()))]
    r#type: Option<String>,

    #[garde(required, dive)]
    header: Option<CardHeader>,

    #[garde(required, dive)]
    body: Option<CardBody>,

    #[garde(required, dive)]
    action: Option<CardAction>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The image or the video at the top of a card.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CardHeader {
    #[garde(required)]
    r#type: Option<HeaderType>,

    #[garde(dive, custom(|_: &_, (): &()| self.needs(HeaderType::Image)))]
    image: Option<ImageLink>,

    #[garde(dive, custom(|_: &_, (): &()| self.needs(HeaderType::Video)))]
    video: Option<VideoLink>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum HeaderType {
    Image,
    Video,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct ImageLink {
    #[garde(required, length(chars, min = 1), custom(|url: &Option<String>, (): &()| media_url::check(url.as_deref())))]
    #[schemars(extend("pattern" = "^https://", "x-media" = media_url::image()))]
    link: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct VideoLink {
    #[garde(required, length(chars, min = 1), custom(|url: &Option<String>, (): &()| media_url::check(url.as_deref())))]
    #[schemars(extend("pattern" = "^https://", "x-media" = media_url::video()))]
    link: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CardBody {
    #[garde(required, length(chars, min = 1, max = 160))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// What a card offers: a link (`name` and `parameters`), or replies (`buttons`).
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CardAction {
    #[garde(custom(|_: &_, (): &()| self.is_a_link_or_replies()))]
    #[schemars(extend("x-rule" = "cta_url with parameters, or absent with buttons"))]
    name: Option<String>,

    #[garde(dive)]
    parameters: Option<CardLink>,

    #[garde(length(min = 1), dive)]
    buttons: Option<Vec<CardButton>>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CardLink {
    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    display_text: Option<String>,

    #[garde(required, length(chars, min = 1))]
    #[schemars(extend("x-advised" = {"link": true, "source": "WhatsApp"}))]
    url: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CardButton {
    #[garde(required)]
    r#type: Option<ButtonType>,

    #[garde(required, dive)]
    quick_reply: Option<CardReply>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum ButtonType {
    QuickReply,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CardReply {
    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    title: Option<String>,

    payload: Option<Value>,

    id: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default)]
struct CarouselFlags {
    /// A card, or an array of cards, as JSON; 1 to 10 of them (repeatable)
    #[arg(id = "parameters.cards", long = "card", value_name = "JSON|@FILE", allow_hyphen_values = true)]
    cards: Vec<JsonSource>,
}

/// The value of `name` and of a card's `type` for a link.
const LINK: &str = "cta_url";

fn counted(cards: Option<&[Card]>) -> garde::Result {
    let indices = (0..).zip(cards.unwrap_or_default().iter().filter_map(|card| card.card_index));
    match indices.into_iter().find(|(position, index)| position != index) {
        None => Ok(()),
        Some((position, index)) => Err(garde::Error::new(format!(
            "has card_index {index} where {position} is due; leave it out, and the cards are counted from 0"
        ))),
    }
}

impl Card {
    fn is_what_it_says(&self) -> garde::Result {
        let is_link = self.action.as_ref().is_some_and(|action| action.name.as_deref() == Some(LINK));
        match self.r#type.as_deref() {
            Some(LINK) if !is_link => {
                Err(garde::Error::new("is cta_url, but the card's action is not a link; leave it out"))
            }
            _ => Ok(()),
        }
    }
}

impl CardHeader {
    fn needs(&self, kind: HeaderType) -> garde::Result {
        let is_there = match kind {
            HeaderType::Image => self.image.is_some(),
            HeaderType::Video => self.video.is_some(),
        };
        if is_there || self.r#type != Some(kind) { Ok(()) } else { Err(garde::Error::new("is missing")) }
    }
}

impl CardAction {
    fn is_a_link_or_replies(&self) -> garde::Result {
        let problem = match (self.name.as_deref(), &self.parameters, &self.buttons) {
            (Some(LINK), Some(_), None) | (None, None, Some(_)) => return Ok(()),
            (Some(LINK), None, _) => "is cta_url, but `parameters` with the link is missing",
            (None, Some(_), _) => "is missing; it is cta_url for a link",
            (None, None, None) => "is missing; an action is a link (`name` and `parameters`) or replies (`buttons`)",
            (Some(LINK), Some(_), Some(_)) => "is cta_url, but there are `buttons` too; a card has a link or replies",
            (Some(_), _, _) => "is not cta_url, the only one that is known",
        };
        Err(garde::Error::new(problem))
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
