//! Answers in Jelou's shapes (`api.md`, "Errors").

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::message::InvalidMessage;

/// `200` with `answer`; warnings in a header, each escaped, so that none can leave its line.
pub fn accepted(answer: &Value, warnings: &[String]) -> Response {
    let mut response = Json(answer).into_response();
    let values =
        warnings.iter().filter_map(|warning| HeaderValue::from_str(&warning.escape_default().to_string()).ok());
    for value in values {
        response.headers_mut().append("x-sandbox-warning", value);
    }
    response
}

/// `401`: no credentials, or not the sandbox's.
pub fn unauthorized() -> Response {
    let body = json!({ "code": "unauthorized", "description": "Client id or secret is missing or wrong" });
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

/// `400`: not JSON.
pub fn bad_request(problem: &str) -> Response {
    let body = json!({ "code": "message_could_not_be_send", "description": problem });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// `422`, naming each field, in the envelope of Jelou's validator.
pub fn unprocessable(error: &InvalidMessage) -> Response {
    let mut fields = Map::new();
    match error {
        InvalidMessage::Violations { violations, .. } => {
            for violation in violations {
                fields.insert(violation.path.clone(), json!([both(&violation.problem)]));
            }
        }
        InvalidMessage::WrongShape(violation) => {
            fields.insert(violation.path.clone(), json!([both(&violation.problem)]));
        }
        other => {
            fields.insert("body".to_owned(), json!([both(&other.to_string())]));
        }
    }
    let description = "The body is not valid";
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
