//! A card of a carousel and its parts: the limits of each, and what must go together.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::media_url;

/// One card. `card_index` counts from 0.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(crate) struct Card {
    pub(crate) card_index: Option<u64>,

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

/// What a card offers: a link (`name` and `parameters`) or replies (`buttons`).
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

/// The value of `name` and of a card's `type` for a link.
const LINK: &str = "cta_url";

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
            (Some(_), _, _) => "must be cta_url; no other name is known",
        };
        Err(garde::Error::new(problem))
    }
}
