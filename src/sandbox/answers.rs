//! Answers in Jelou's shapes (`api.md`, "Errors").

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::message::InvalidMessage;

/// `200` with `answer`; warnings are in a header, each escaped so that it stays on its line.
pub(crate) fn accepted(answer: &Value, warnings: &[String]) -> Response {
    let mut response = Json(answer).into_response();
    for value in warnings.iter().filter_map(|warning| HeaderValue::from_str(&on_one_line(warning)).ok()) {
        response.headers_mut().append("x-sandbox-warning", value);
    }
    response
}

/// Text that is valid in a header.
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

/// `401`: no credentials, or not the sandbox's.
pub(crate) fn unauthorized() -> Response {
    let description = "Client id or secret is missing or wrong; the sandbox takes `sandbox` and `sandbox`";
    coded(StatusCode::UNAUTHORIZED, "unauthorized", description)
}

/// `401` of the look-ups that Jelou calls external.
pub(crate) fn external_unauthorized() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Authentication failed" }))).into_response()
}

/// `404` of the look-ups that Jelou calls external.
pub(crate) fn external_bot_not_found() -> Response {
    let en = "The botId is not found in the database or has been deleted.";
    let es = "El botId no se encuentra en la base de datos o ha sido eliminado.";
    let error = json!({
        "code": "E1019",
        "key": "BOT_NOT_FOUND",
        "description": "Error to be thrown when trying to get a Bot.",
        "developerMessages": { "es": es, "en": en },
        "clientMessages": { "es": es, "en": en },
    });
    let message = ["The Bot could not be found at the moment."];
    let body = json!({ "message": message, "statusMessage": "failed", "status": 0, "error": error });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// `404`: no template with this id was sent.
pub(crate) fn no_such_notification() -> Response {
    coded(StatusCode::NOT_FOUND, "not_found", "There is no such notification")
}

/// `404`: not the bot that the sandbox was started with.
pub(crate) fn bot_not_found(bot: &str) -> Response {
    let description = format!("There is no bot {bot} here; the sandbox was started with another --bot");
    coded(StatusCode::NOT_FOUND, "bot_not_found", &description)
}

/// `400`: not JSON, or not a request at all.
pub(crate) fn bad_request(problem: &str) -> Response {
    coded(StatusCode::BAD_REQUEST, "message_could_not_be_send", problem)
}

/// `400`: the user has not written in the last 24 hours.
pub(crate) fn outside_window(user: &str) -> Response {
    let description = format!("{user} has not written in the last 24 hours; only a template reaches them");
    coded(StatusCode::BAD_REQUEST, "message_could_not_be_send", &description)
}

/// `400`: the bot has no such template in this language, or it is not approved.
pub(crate) fn template_missing() -> Response {
    coded(StatusCode::BAD_REQUEST, "notification_could_not_be_send", "Template does not exist")
}

/// `400`: WhatsApp's own code for a number of parameters that differs from the text's.
pub(crate) fn wrong_parameters(given: usize, expected: usize) -> Response {
    let description = format!(
        "Number of parameters does not match the expected number of params: {given} were given, the template has {expected}"
    );
    coded(StatusCode::BAD_REQUEST, "132000", &description)
}

/// `400`: WhatsApp's own code for a template that needs an image, a document or a video, and gets none, or
/// another one.
pub(crate) fn without_media(media: &str, given: Option<&str>) -> Response {
    let given = given.unwrap_or("none");
    let description = format!(
        "Parameter format does not match format in the created template: header: expected {media}, got {given}"
    );
    coded(StatusCode::BAD_REQUEST, "132012", &description)
}

/// `400`: WhatsApp's own code for an authentication template to a user without a number.
pub(crate) fn needs_number() -> Response {
    coded(StatusCode::BAD_REQUEST, "131062", "Authentication templates cannot be sent to a user id")
}

/// `413`, or `400` if the client broke off.
pub(crate) fn unreadable(error: &axum::Error) -> Response {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit") {
            return coded(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "A body has at most 1 MiB");
        }
        cause = error.source();
    }
    bad_request(&error.to_string())
}

/// `408`: the body did not arrive in time.
pub(crate) fn too_slow() -> Response {
    coded(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body did not come in time")
}

/// `403`: from another site, through a browser, or for a host that is not allowed.
pub(crate) fn foreign(header: &str) -> Response {
    let description =
        format!("The {header} header names another site; --allow-host of the sandbox allows other names of it");
    coded(StatusCode::FORBIDDEN, "forbidden", &description)
}

/// `404`: no such address, or no such message.
pub(crate) fn not_found() -> Response {
    coded(StatusCode::NOT_FOUND, "not_found", "There is nothing here; docs/sandbox.md lists the addresses")
}

/// `405`: the address has other methods.
pub(crate) fn wrong_method() -> Response {
    coded(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address has other methods")
}

/// `422` from one of the sandbox's own addresses.
pub(crate) fn unusable(problem: &str) -> Response {
    coded(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable_entity", problem)
}

fn coded(status: StatusCode, code: &str, description: &str) -> Response {
    (status, Json(json!({ "code": code, "description": description }))).into_response()
}

/// `422`, naming each field, in the envelope of Jelou's validator.
pub(crate) fn unprocessable(error: &InvalidMessage) -> Response {
    let mut fields = Map::new();
    match error {
        InvalidMessage::Violations { violations, .. } => {
            for violation in violations {
                fields.insert(violation.path.clone(), json!([both(&violation.problem)]));
            }
        }
        other => {
            fields.insert("body".to_owned(), json!([both(&other.to_string())]));
        }
    }
    invalid("The body is not valid", &fields)
}

/// `422`: a parameter of the address, or a field, is not valid.
pub(crate) fn invalid_field(name: &str, problem: &str) -> Response {
    invalid("The request is not valid", &Map::from_iter([(name.to_owned(), json!([both(problem)]))]))
}

fn invalid(description: &str, fields: &Map<String, Value>) -> Response {
    let body = json!({
        "message": [description],
        "statusMessage": "failed",
        "status": 0,
        "error": {
            "code": "E0422",
            "key": "VALIDATOR_ERROR",
            "description": description,
            "developerMessages": both(description),
            "clientMessages": both(description),
        },
        "validationError": fields,
    });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

fn both(text: &str) -> Value {
    json!({ "en": text, "es": text })
}
