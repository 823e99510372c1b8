//! The endpoints that accept messages. Each message is checked, may trigger a fault, is stored and gets a response.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::answers;
use super::connection::{ConnectionCloser, Ending};
use super::fault::{Fault, FaultEffect};
use super::refused::{RefusedRequest, readable};
use super::request::{Caller, MessageRequest, ValidQuery, read_bytes, refuse};
use super::state::{SandboxState, SharedState};
use super::stored_message::{Author, StoredMessage};
use super::templates::{PageQuery, Templates};
use crate::base::message::{Message, msg};
use crate::jelou::message::{
    self, Checked, InvalidMessage, TemplateUse, TemplateVerdict, did_you_mean, nearest_template,
};

/// The kinds that need no 24-hour window.
const TEMPLATE: &str = "template";
/// Jelou's code for a rejected message.
const NOT_SENT: &str = "message_could_not_be_send";

/// Handles `POST /v1/bots/{bot}/messages`, and a template by its id to a user of a campaign.
pub(super) async fn message(received: MessageRequest) -> Response {
    let checked = message::check_message(received.body.clone());
    receive(
        received,
        checked,
        |id, _| json!({ "success": true, "messageId": id }),
    )
    .await
}

/// Handles `POST /v1/bots/{bot}/users/{user}/flow_message`
pub(super) async fn flow_message(received: MessageRequest) -> Response {
    let checked = message::check_flow_message(received.body.clone());
    receive(received, checked, |_, _| json!({})).await
}

/// Handles `POST /v2/whatsapp/{bot}/hsm`
pub(super) async fn template(received: MessageRequest) -> Response {
    let mut checked = message::check_template(received.body.clone());
    if let (Ok(checked), Some(wanted)) = (&mut checked, TemplateUse::from_body(&received.body))
        && let Some((code, description)) = check_template(
            &received.caller.sandbox.options.templates,
            &wanted,
            &mut checked.notes,
        )
    {
        let answer = answers::coded(StatusCode::BAD_REQUEST, code, &description);
        let user = checked.recipient.take().map(|user| user.to_string());
        return received.refuse(user, Some(checked.kind), answer).await;
    }
    receive(
        received,
        checked,
        |id, user| json!([{ "id": id, "destination": user }]),
    )
    .await
}

/// Checks the template of a message. Returns the code and description of the rejection, or adds a warning. Codes that
/// consist of digits are WhatsApp's.
fn check_template(
    templates: &Templates,
    wanted: &TemplateUse,
    notes: &mut Vec<Message>,
) -> Option<(&'static str, Message)> {
    let name = &wanted.name;
    match wanted.judge(&templates.list) {
        TemplateVerdict::Fits => {}
        TemplateVerdict::SeveralLanguages { languages } => notes.push(msg!(
            "the sandbox has the template `{name}` in several languages ({languages}), but the message does not set one",
            name,
            languages = languages.join(", ")
        )),
        TemplateVerdict::Unclear { missing } => notes.push(msg!(
            "the sandbox could not check the template `{name}`: its list of templates has no {missing}",
            name,
            missing
        )),
        TemplateVerdict::UnknownName { meant } if !templates.is_complete => {
            notes.push(not_in_samples(name, &meant, templates));
        }
        TemplateVerdict::UnknownName { .. }
        | TemplateVerdict::OtherLanguage { .. }
        | TemplateVerdict::NotApproved { .. } => {
            return Some((
                "notification_could_not_be_send",
                msg!("Template does not exist"),
            ));
        }
        TemplateVerdict::NeedsNumber => {
            let description = msg!("Authentication templates cannot be sent to a user id");
            return Some(("131062", description));
        }
        TemplateVerdict::NeedsMedia { media, given } => {
            return Some(("132012", wrong_header(media, given.as_deref().unwrap_or("none"))));
        }
        TemplateVerdict::TakesNoMedia { given } => {
            return Some(("132012", wrong_header("none", &given)));
        }
        TemplateVerdict::TooLong { characters, most } => {
            let description = msg!(
                "Translated text too long: {characters} characters, at most {most}",
                characters,
                most
            );
            return Some(("132005", description));
        }
        TemplateVerdict::WrongCount { given, expected } => {
            let description = msg!(
                "Number of parameters does not match the expected number of params: {given} were given, the template has {expected}",
                given,
                expected
            );
            return Some(("132000", description));
        }
    }
    None
}

/// The note about a template that the sandbox does not have, because it has only samples.
fn not_in_samples(name: &str, meant: &[String], templates: &Templates) -> Message {
    let note = msg!(
        "the sandbox has only its samples and could not check the template `{name}`; to load the bot's \
         templates: --templates FILE",
        name
    );
    let nearest = || did_you_mean(nearest_template(name, &templates.list).as_slice());
    match did_you_mean(meant).or_else(nearest) {
        Some(question) => msg!("{note}; {question}", note, question),
        None => note,
    }
}

fn wrong_header(expected: &str, given: &str) -> Message {
    msg!(
        "Parameter format does not match format in the created template: header: expected {expected}, got {given}",
        expected,
        given
    )
}

/// Handles `GET /v1/bots/{bot}/templates`
pub(super) async fn templates(
    caller: Caller,
    ValidQuery(wanted): ValidQuery<PageQuery>,
) -> Json<Value> {
    Json(caller.sandbox.options.templates.page(&wanted))
}

/// Handles a path that does not exist in the API.
pub(super) async fn no_such_address(State(sandbox): SharedState, request: Request) -> Response {
    let answer = answers::no_such_address(request.method(), request.uri().path());
    refuse_address(&sandbox, request, answer).await
}

/// Handles a path of the API with another method.
pub(super) async fn wrong_method(State(sandbox): SharedState, request: Request) -> Response {
    let answer = answers::wrong_method(request.method(), request.uri().path());
    refuse_address(&sandbox, request, answer).await
}

/// Records a wrong path of the API as a refused request, because it was probably a message. Missing files of the page
/// are not recorded.
async fn refuse_address(sandbox: &SandboxState, request: Request, answer: Response) -> Response {
    let (parts, body) = request.into_parts();
    if !["/v1/", "/v2/"]
        .iter()
        .any(|beginning| parts.uri.path().starts_with(beginning))
    {
        return answer;
    }
    let body = read_bytes(body).await.ok().as_ref().and_then(readable);
    refuse(sandbox, &parts, body, answer).await
}

/// Receives a message that was `checked`: refuses it, or stores it unless a fault drops it.
/// `answer` makes the response from the id and the user of a stored message.
async fn receive(
    received: MessageRequest,
    checked: Result<Checked, InvalidMessage>,
    answer: fn(&str, &str) -> Value,
) -> Response {
    let Checked {
        kind,
        recipient,
        mut warnings,
        notes,
    } = match checked {
        Ok(checked) => checked,
        Err(error) => {
            let answer = answers::unprocessable(&error);
            return received.refuse(None, None, answer).await;
        }
    };
    let user = recipient
        .map(|user| user.to_string())
        .or_else(|| received.caller.user.clone())
        .unwrap_or_default();
    let written = message::written_recipients(&received.body).next();
    warnings.extend(message::undocumented_form(written.unwrap_or(&user)));
    if !may_write_to(&received.caller.sandbox, &user, kind) {
        let description = msg!(
            "{user} has not written in the last 24 hours; only a template reaches them",
            user
        );
        let answer = answers::coded(StatusCode::BAD_REQUEST, NOT_SENT, &description);
        return received.refuse(Some(user), Some(kind), answer).await;
    }
    let MessageRequest {
        caller,
        request,
        body,
        hangup,
    } = received;
    let sandbox = caller.sandbox;
    let fault = sandbox.faults.next(&user, kind);
    if let Some(fault) = &fault {
        tokio::time::sleep(fault.delay).await;
    }
    let accepted = if fault.as_ref().is_none_or(Fault::stores_message) {
        let message = StoredMessage {
            warnings: warnings.iter().chain(&notes).cloned().collect(),
            request: Some(request),
            is_faulty: fault.is_some(),
            ..StoredMessage::new(Author::Bot, caller.bot, user, kind, body)
        };
        store_message(&sandbox, message, fault.as_ref(), answer)
    } else {
        let dropped = RefusedRequest {
            request,
            body: Some(body),
            user: Some(user),
            kind: Some(kind),
        };
        let response = record_response(fault.as_ref(), &Value::Null);
        sandbox.refused.keep(dropped, &response);
        Value::Null
    };
    match fault {
        Some(fault) => fail(&fault, &accepted, hangup).await,
        None => answers::accepted(&accepted, &warnings, &notes),
    }
}

/// Returns whether a message of this kind may reach the user: in the 24 hours after the user has
/// written, or always if it is a template.
fn may_write_to(sandbox: &SandboxState, user: &str, kind: &str) -> bool {
    !sandbox.options.window || kind.starts_with(TEMPLATE) || sandbox.store.may_write_to(user)
}

/// Stores a message, and returns the answer to it.
fn store_message(
    sandbox: &SandboxState,
    message: StoredMessage,
    fault: Option<&Fault>,
    answer: fn(&str, &str) -> Value,
) -> Value {
    let mut delivery_fault = fault.map(|fault| fault.delivery_fault).unwrap_or_default();
    if let Some(limit) = sandbox.options.limit_24h
        && message.kind.starts_with(TEMPLATE)
    {
        delivery_fault.exceeds_limit = !sandbox.store.reach(&message.user, limit);
    }
    let mut accepted = Value::Null;
    sandbox.store.add(message, delivery_fault, |message| {
        accepted = answer(&message.id, &message.user);
        record_response(fault, &accepted)
    });
    accepted
}

/// Returns the record of the response.
fn record_response(fault: Option<&Fault>, accepted: &Value) -> Value {
    match fault.map(|fault| (fault, fault.effect)) {
        None | Some((_, FaultEffect::None)) => json!({ "status": 200, "body": accepted }),
        Some((fault, FaultEffect::Status(status))) => {
            json!({ "status": status, "body": fault.body, "fault": "status" })
        }
        Some((_, FaultEffect::Reset)) => json!({ "fault": "reset" }),
        Some((_, FaultEffect::Hang)) => json!({ "fault": "hang" }),
        Some((_, FaultEffect::Truncate)) => {
            json!({ "status": 200, "body": accepted, "fault": "truncate" })
        }
    }
}

/// Sends the response of the fault, or none.
async fn fail(fault: &Fault, accepted: &Value, hangup: Option<ConnectionCloser>) -> Response {
    match (fault.effect, hangup) {
        (FaultEffect::None, _) => Json(accepted).into_response(),
        (FaultEffect::Status(status), _) => with_status(status, fault),
        (FaultEffect::Truncate, Some(hangup)) => truncated(&accepted.to_string(), hangup),
        (FaultEffect::Reset, Some(hangup)) => hangup.end(Ending::Reset).await,
        (FaultEffect::Hang, _) | (FaultEffect::Truncate | FaultEffect::Reset, None) => {
            std::future::pending().await
        }
    }
}

fn with_status(status: u16, fault: &Fault) -> Response {
    let mut response = match &fault.body {
        None => Body::empty().into_response(),
        Some(Value::String(text)) => text.clone().into_response(),
        Some(json) => Json(json).into_response(),
    };
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().extend(fault.headers.clone());
    response
}

/// Sends the first half of `answer` with the length of the whole, then closes the connection.
fn truncated(answer: &str, hangup: ConnectionCloser) -> Response {
    let (half, _) = answer.as_bytes().split_at(answer.len() / 2);
    let half = Bytes::copy_from_slice(half);
    let chunks = stream::unfold((Some(half), hangup), |(half, hangup)| async {
        match half {
            Some(half) => Some((Ok::<_, std::io::Error>(half), (None, hangup))),
            None => hangup.end(Ending::Close).await,
        }
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_LENGTH, answer.len().into()),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}
