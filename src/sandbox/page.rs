//! The page, embedded in the binary: no build step, nothing from elsewhere.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{MethodRouter, get};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page and its parts.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("page/index.html")))
        .route("/page/style.css", file("text/css; charset=utf-8", include_str!("page/style.css")))
        .route("/page/icon.svg", file("image/svg+xml", include_str!("page/icon.svg")))
        .route("/page/answering.js", file(SCRIPT, include_str!("page/answering.js")))
        .route("/page/app.js", file(SCRIPT, include_str!("page/app.js")))
        .route("/page/bubble.js", file(SCRIPT, include_str!("page/bubble.js")))
        .route("/page/chats.js", file(SCRIPT, include_str!("page/chats.js")))
        .route("/page/conversation.js", file(SCRIPT, include_str!("page/conversation.js")))
        .route("/page/dom.js", file(SCRIPT, include_str!("page/dom.js")))
        .route("/page/draw.js", file(SCRIPT, include_str!("page/draw.js")))
        .route("/page/links.js", file(SCRIPT, include_str!("page/links.js")))
        .route("/page/panel.js", file(SCRIPT, include_str!("page/panel.js")))
        .route("/page/refused.js", file(SCRIPT, include_str!("page/refused.js")))
        .route("/page/server.js", file(SCRIPT, include_str!("page/server.js")))
        .route("/page/state.js", file(SCRIPT, include_str!("page/state.js")))
}

fn file<S: Clone + Send + Sync + 'static>(media_type: &'static str, text: &'static str) -> MethodRouter<S> {
    get(move || async move { ([(CONTENT_TYPE, media_type)], text) })
}
