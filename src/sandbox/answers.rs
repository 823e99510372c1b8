//! Responses in Jelou's formats.

use std::fmt::Write;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::base::message::{Lang, Message, msg};
use crate::jelou::message::InvalidMessage;

/// Responds with `200` and `answer`. The warnings and the `notes`, which only a sandbox has, are in headers, escaped so
/// that each stays on one line. jelouctl prints the notes in its own language.
pub(crate) fn accepted(answer: &Value, warnings: &[Message], notes: &[Message]) -> Response {
    let mut response = Json(answer).into_response();
    let mut append = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().append(name, value);
        }
    };
    for warning in warnings.iter().chain(notes) {
        append("x-sandbox-warning", &on_one_line(&warning.to_string()));
    }
    for note in notes {
        append("x-sandbox-note", &in_ascii(&note.encode()));
    }
    response
}

/// Escapes the JSON text so that it is valid in a header.
fn in_ascii(json: &str) -> String {
    let mut line = String::new();
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => line.push(byte.into()),
            _ => {
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
    }
    line
}

/// Escapes text so that it is valid in a header.
fn on_one_line(text: &str) -> String {
    let mut line = String::new();
    for letter in text.chars() {
        if letter == ' ' || letter.is_ascii_graphic() {
            line.push(letter);
        } else {
            line.extend(letter.escape_default());
        }
    }
    line
}

/// Responds with `401` of Jelou's external look-ups.
pub(crate) fn external_unauthorized() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        Json(json!({ "message": "Authentication failed" })),
    )
        .into_response()
}

/// Responds with `404` of Jelou's external look-ups.
pub(crate) fn external_bot_not_found() -> Response {
    let body = failed(
        ["E1019", "BOT_NOT_FOUND"],
        &msg!("The Bot could not be found at the moment."),
    );
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// Responds with `400`: not JSON, or not a valid request.
pub(crate) fn bad_request(problem: &Message) -> Response {
    coded(
        StatusCode::BAD_REQUEST,
        "message_could_not_be_send",
        problem,
    )
}

/// Responds with `413`, or `400` if the client closed the connection.
pub(crate) fn unreadable(error: &axum::Error) -> Response {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit") {
            return coded(
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                &msg!("The body is larger than 1 MiB"),
            );
        }
        cause = error.source();
    }
    bad_request(&Message::verbatim(error.to_string()))
}

/// Responds with `403` to a request from another site in a browser, or for a host that is not
/// allowed.
pub(crate) fn foreign(header: &str) -> Response {
    let description = msg!(
        "The {header} header has another host; start the sandbox with --allow-host HOST to allow it",
        header
    );
    coded(StatusCode::FORBIDDEN, "forbidden", &description)
}

/// Responds with `404` to an address that neither the API nor the sandbox has.
pub(crate) fn no_such_address(method: &Method, path: &str) -> Response {
    let description = msg!(
        "There is no {method} {path} here; GET /sandbox lists the addresses",
        method = method.as_str(),
        path
    );
    coded(StatusCode::NOT_FOUND, "not_found", &description)
}

/// Responds with `405` to an address that has other methods.
pub(crate) fn wrong_method(method: &Method, path: &str) -> Response {
    let description = msg!(
        "{path} does not take {method}; GET /sandbox lists the addresses",
        path,
        method = method.as_str()
    );
    coded(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        &description,
    )
}

/// Responds with `404`: the sandbox keeps no message with this id.
pub(crate) fn no_such_message(id: &str) -> Response {
    let description = msg!(
        "There is no message {id} here; GET /sandbox/messages lists them",
        id
    );
    coded(StatusCode::NOT_FOUND, "not_found", &description)
}

/// Responds with `422` from one of the sandbox's own addresses.
pub(crate) fn invalid_request(problem: &Message) -> Response {
    coded(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unprocessable_entity",
        problem,
    )
}

/// Creates a response with a code and its description, also in Spanish.
pub(crate) fn coded(status: StatusCode, code: &str, description: &Message) -> Response {
    let body = json!({
        "code": code,
        "description": description,
        "clientMessages": both(description),
    });
    (status, Json(body)).into_response()
}

/// Responds with `422`, naming each field, in the envelope of Jelou's validator.
pub(crate) fn unprocessable(error: &InvalidMessage) -> Response {
    let mut fields = Map::new();
    match error {
        InvalidMessage::Violations { violations, .. } => {
            for violation in violations {
                fields.insert(violation.path.clone(), json!([both(&violation.problem)]));
            }
        }
        InvalidMessage::Other(other) => {
            fields.insert("body".to_owned(), json!([both(&other.message)]));
        }
    }
    invalid(&msg!("The body is not valid"), &fields)
}

/// A parameter of a look-up that is not valid.
#[derive(Debug)]
pub(crate) struct InvalidParameter {
    pub(crate) name: String,
    pub(crate) problem: Message,
}

/// Responds with `422`, naming each parameter.
pub(crate) fn invalid_parameters(parameters: Vec<InvalidParameter>) -> Response {
    let mut fields = Map::new();
    for InvalidParameter { name, problem } in parameters {
        fields.insert(name, json!([both(&problem)]));
    }
    invalid(&msg!("The request is not valid"), &fields)
}

fn invalid(description: &Message, fields: &Map<String, Value>) -> Response {
    let mut body = failed(["E0422", "VALIDATOR_ERROR"], description);
    if let Some(body) = body.as_object_mut() {
        body.insert("validationError".to_owned(), json!(fields));
    }
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

/// Returns Jelou's envelope for errors.
fn failed([code, key]: [&str; 2], description: &Message) -> Value {
    json!({
        "message": [description],
        "statusMessage": "failed",
        "status": 0,
        "error": {
            "code": code,
            "key": key,
            "description": description,
            "developerMessages": both(description),
            "clientMessages": both(description),
        },
    })
}

fn both(text: &Message) -> Value {
    json!({ "en": text, "es": text.text(Lang::Es) })
}
