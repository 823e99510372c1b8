//! Jelou's look-ups, in its formats: the history of a bot and its notifications. They only read the store.

use std::collections::HashMap;
use std::time::SystemTime;

use axum::Json;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::answers::{self, InvalidParameter};
use super::request::Caller;
use super::store::Filter;
use super::stored_message::{Author, StoredMessage};
use crate::base::message::msg;
use crate::base::timestamps::{rfc_3339_millis, timestamp};
use crate::jelou::api::DeliveryState;

/// Entries of a page: the default and the maximum.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;
/// The kinds that Jelou calls notifications.
const NOTIFICATIONS: [&str; 2] = ["template", "template-by-id"];

/// The query parameters of a look-up. The last one wins if one is repeated.
type LookupQuery = HashMap<String, String>;

/// The entries that a look-up requests. Times are in milliseconds.
struct Lookup {
    begin: Option<i64>,
    end: Option<i64>,
    page: usize,
    limit: usize,
}

/// Handles `GET /v1/external/messages/history/{bot}`: the messages of both sides, newest first.
pub(super) async fn history(
    caller: Caller,
    Query(query): Query<LookupQuery>,
) -> Result<Json<Value>, Response> {
    let lookup = Lookup::read(&query, ["startAt", "endAt"]).map_err(answers::invalid_parameters)?;
    let store = &caller.sandbox.store;
    let chat = query
        .get("messageId")
        .map(|id| store.get(id).map(|message| message.user.clone()));
    let is_of_chat = |message: &StoredMessage| {
        chat.as_ref()
            .is_none_or(|user| user.as_ref() == Some(&message.user))
    };
    Ok(lookup.page(&caller, is_of_chat, |message, now| {
        Some(history_entry(message, now))
    }))
}

/// Handles `GET /v1/external/bots/{bot}/notifications`: the sent templates, newest first.
pub(super) async fn notifications(
    caller: Caller,
    Query(query): Query<LookupQuery>,
) -> Result<Json<Value>, Response> {
    let lookup = Lookup::read(&query, ["from", "to"]).map_err(answers::invalid_parameters)?;
    let fits = |message: &StoredMessage| {
        let has = |parameter: &str, value: &dyn Fn() -> Value| {
            query
                .get(parameter)
                .is_none_or(|wanted| value().as_str() == Some(wanted))
        };
        NOTIFICATIONS.contains(&message.kind)
            && query.get("messageId").is_none_or(|id| *id == message.id)
            && has("elementName", &|| element_name(message))
            && has("campaignId", &|| campaign(message))
    };
    Ok(lookup.page(&caller, fits, notification_entry))
}

/// Handles `GET /v1/external/bots/{bot}/notifications/{notification}`, also without `external`: one
/// sent template.
pub(super) async fn notification(caller: Caller) -> Response {
    let now = SystemTime::now();
    let is_listed = |message: &StoredMessage| {
        message
            .times
            .as_ref()
            .is_some_and(|times| times.is_listed(now))
    };
    let found = caller
        .notification
        .as_deref()
        .and_then(|id| caller.sandbox.store.get(id));
    let found = found
        .filter(|one| one.bot == caller.bot && NOTIFICATIONS.contains(&one.kind) && is_listed(one));
    match found.and_then(|message| notification_entry(&message, now)) {
        Some(notification) => Json(notification).into_response(),
        None => answers::coded(
            StatusCode::NOT_FOUND,
            "not_found",
            &msg!("This notification does not exist"),
        ),
    }
}

/// Returns the number in a parameter, from 1 to `max`; `default` if it is missing or invalid.
fn read_number(
    query: &LookupQuery,
    name: &str,
    default: usize,
    max: usize,
    invalid: &mut Vec<InvalidParameter>,
) -> usize {
    let Some(text) = query.get(name) else {
        return default;
    };
    match text.parse() {
        Ok(number) if (1..=max).contains(&number) => number,
        _ => {
            let problem = msg!("must be a number from 1 to {max}", max);
            invalid.push(InvalidParameter {
                name: name.to_owned(),
                problem,
            });
            default
        }
    }
}

/// Reads the time in a parameter, in milliseconds; None if it is missing or invalid.
fn read_time(
    query: &LookupQuery,
    name: &str,
    is_end: bool,
    invalid: &mut Vec<InvalidParameter>,
) -> Option<i64> {
    let time = milliseconds(query.get(name)?, is_end);
    if time.is_none() {
        invalid.push(InvalidParameter {
            name: name.to_owned(),
            problem: msg!("must be a date in ISO 8601"),
        });
    }
    time
}

impl Lookup {
    /// Reads the parameters of all listings. `names` are the names of the parameters for the
    /// beginning and the end. An error lists each invalid parameter.
    fn read(query: &LookupQuery, names: [&str; 2]) -> Result<Self, Vec<InvalidParameter>> {
        let mut invalid = Vec::new();
        let [begin, end] = names.map(|name| read_time(query, name, name == names[1], &mut invalid));
        let page = read_number(query, "page", 1, usize::MAX, &mut invalid);
        let limit = read_number(query, "limit", DEFAULT_LIMIT, MAX_LIMIT, &mut invalid);
        if !invalid.is_empty() {
            return Err(invalid);
        }
        Ok(Self {
            begin,
            end,
            page,
            limit,
        })
    }

    /// Returns a page of the matching messages of the caller's bot, newest first. `entry` writes a message.
    fn page(
        &self,
        caller: &Caller,
        fits: impl Fn(&StoredMessage) -> bool,
        entry: impl Fn(&StoredMessage, SystemTime) -> Option<Value>,
    ) -> Json<Value> {
        let now = SystemTime::now();
        let of_bot = caller.sandbox.store.select(&Filter {
            bot: Some(caller.bot.clone()),
            ..Filter::default()
        });
        let is_listed = |message: &StoredMessage| {
            let at = timestamp(message.received_at).as_millisecond();
            self.begin.is_none_or(|begin| at >= begin)
                && self.end.is_none_or(|end| at <= end)
                && message
                    .times
                    .as_ref()
                    .is_none_or(|times| times.is_listed(now))
        };
        let found: Vec<_> = of_bot
            .into_iter()
            .rev()
            .filter(|message| is_listed(message) && fits(message))
            .collect();
        let offset = (self.page - 1).saturating_mul(self.limit);
        let pagination = json!({
            "limit": self.limit,
            "page": self.page,
            "total": found.len(),
            "offset": offset,
            "totalPages": found.len().div_ceil(self.limit),
        });
        let found = found.iter().skip(offset).take(self.limit);
        let results: Vec<_> = found.filter_map(|message| entry(message, now)).collect();
        Json(json!({ "pagination": pagination, "_metadata": {}, "results": results }))
    }
}

/// Parses a time, or a day: its start, or its end if `is_end`.
fn milliseconds(raw: &str, is_end: bool) -> Option<i64> {
    if let Ok(time) = raw.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let day: Date = raw.parse().ok()?;
    let day = if is_end {
        day.checked_add(1.day()).ok()?
    } else {
        day
    };
    let begin = day
        .to_zoned_datetime(TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_millisecond();
    Some(begin - i64::from(is_end))
}

/// Returns an entry of the history. The author is the sender; a bot's name is its id.
fn history_entry(message: &StoredMessage, now: SystemTime) -> Value {
    let user = &message.user;
    let bot = &message.bot;
    let (recipient, sender, by) = match message.from {
        Author::Bot => (user, bot, "bot"),
        Author::User => (bot, user, "user"),
    };
    json!({
        "recipient": { "id": recipient, "names": recipient },
        "sender": { "id": sender, "name": sender, "type": "Whatsapp" },
        "by": by,
        "messageId": message.id,
        "status": message.times.as_ref().map_or(DeliveryState::Accepted, |times| times.state(now).0).status(),
        "bubble": bubble(message),
        "createdAt": rfc_3339_millis(message.received_at),
    })
}

/// Returns the message's `type` in capitals, with its text and medium. Jelou documents only the
/// format for text.
fn bubble(message: &StoredMessage) -> Value {
    let body = &message.body;
    let on_wire = body
        .get("type")
        .and_then(Value::as_str)
        .filter(|_| !NOTIFICATIONS.contains(&message.kind));
    let mut bubble = json!({ "type": on_wire.unwrap_or(message.kind).to_uppercase() });
    if let Value::Object(bubble) = &mut bubble {
        let shown = ["text", "mediaUrl"].into_iter();
        bubble.extend(shown.filter_map(|name| Some((name.to_owned(), body.get(name)?.clone()))));
    }
    bubble
}

/// Returns a notification, with the fields of the listing and of the single look-up.
fn notification_entry(message: &StoredMessage, now: SystemTime) -> Option<Value> {
    let times = message.times.as_ref()?;
    let created_at = rfc_3339_millis(message.received_at);
    let read_at = times.read_at(now);
    Some(json!({
        "id": message.id,
        "messageId": message.id,
        "internalId": message.number.to_string(),
        "origin": "BULK",
        "sentStatus": times.state(now).0.status(),
        "wasRead": read_at.is_some(),
        "createdAt": created_at,
        "sentDate": created_at,
        "deliveryChannelAt": created_at,
        "deliveryUserAt": times.delivered_at(now).map(rfc_3339_millis),
        "readAt": read_at.map(rfc_3339_millis),
        "destination": message.user,
        "elementName": element_name(message),
        "campaignId": campaign(message),
        "error": times.error(now),
    }))
}

fn element_name(message: &StoredMessage) -> Value {
    message.body.get("elementName").cloned().unwrap_or_default()
}

/// Returns the campaign in the body, or in the path:
/// `/v1/bots/{bot}/campaigns/{campaign}/template-messages`.
fn campaign(message: &StoredMessage) -> Value {
    let head: Option<Value> = message
        .request
        .as_ref()
        .and_then(|head| serde_json::from_str(head.get()).ok());
    let path = head
        .as_ref()
        .and_then(|head| head.get("path")?.as_str())
        .unwrap_or_default();
    let in_path = path
        .split_once("/campaigns/")
        .and_then(|(_, rest)| rest.split('/').next());
    message
        .body
        .get("campaignId")
        .cloned()
        .or(in_path.map(Value::from))
        .unwrap_or_default()
}
