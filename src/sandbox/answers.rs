//! Responses in Jelou's formats.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::base::phrases::in_spanish;
use crate::jelou::message::InvalidMessage;

/// Responds with `200` and `answer`. The warnings are in a header, escaped so that each stays on
/// one line.
pub(crate) fn accepted(answer: &Value, warnings: &[String]) -> Response {
    let mut response = Json(answer).into_response();
    for value in warnings
        .iter()
        .filter_map(|warning| HeaderValue::from_str(&on_one_line(warning)).ok())
    {
        response.headers_mut().append("x-sandbox-warning", value);
    }
    response
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
        "The Bot could not be found at the moment.",
    );
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// Responds with `400`: not JSON, or not a valid request.
pub(crate) fn bad_request(problem: &str) -> Response {
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
                "The body is larger than 1 MiB",
            );
        }
        cause = error.source();
    }
    bad_request(&error.to_string())
}

/// Responds with `403` to a request from another site in a browser, or for a host that is not
/// allowed.
pub(crate) fn foreign(header: &str) -> Response {
    let description = format!(
        "The {header} header has another host; start the sandbox with --allow-host HOST to allow it"
    );
    coded(StatusCode::FORBIDDEN, "forbidden", &description)
}

/// Responds with `404` to an address that neither the API nor the sandbox has.
pub(crate) fn no_such_address(method: &Method, path: &str) -> Response {
    let description = format!("There is no {method} {path} here; GET /sandbox lists the addresses");
    coded(StatusCode::NOT_FOUND, "not_found", &description)
}

/// Responds with `405` to an address that has other methods.
pub(crate) fn wrong_method(method: &Method, path: &str) -> Response {
    let description = format!("{path} does not take {method}; GET /sandbox lists the addresses");
    coded(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        &description,
    )
}

/// Responds with `404`: the sandbox keeps no message with this id.
pub(crate) fn no_such_message(id: &str) -> Response {
    let description = format!("There is no message {id} here; GET /sandbox/messages lists them");
    coded(StatusCode::NOT_FOUND, "not_found", &description)
}

/// Responds with `422` from one of the sandbox's own addresses.
pub(crate) fn invalid_request(problem: &str) -> Response {
    coded(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unprocessable_entity",
        problem,
    )
}

/// Creates a response with a code and its description.
pub(crate) fn coded(status: StatusCode, code: &str, description: &str) -> Response {
    (
        status,
        Json(json!({ "code": code, "description": description })),
    )
        .into_response()
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
            fields.insert("body".to_owned(), json!([both(&other.message.to_string())]));
        }
    }
    invalid("The body is not valid", &fields)
}

/// A parameter of a look-up that is not valid.
#[derive(Debug)]
pub(crate) struct InvalidParameter {
    pub(crate) name: String,
    pub(crate) problem: String,
}

/// Responds with `422`, naming each parameter.
pub(crate) fn invalid_parameters(parameters: Vec<InvalidParameter>) -> Response {
    let mut fields = Map::new();
    for InvalidParameter { name, problem } in parameters {
        fields.insert(name, json!([both(&problem)]));
    }
    invalid("The request is not valid", &fields)
}

fn invalid(description: &str, fields: &Map<String, Value>) -> Response {
    let mut body = failed(["E0422", "VALIDATOR_ERROR"], description);
    if let Some(body) = body.as_object_mut() {
        body.insert("validationError".to_owned(), json!(fields));
    }
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

/// Returns Jelou's envelope for errors.
fn failed([code, key]: [&str; 2], description: &str) -> Value {
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

fn both(text: &str) -> Value {
    json!({ "en": text, "es": in_spanish(text) })
}
