//! The pages of the sandbox and of a run in a real browser: Debian's `chromium`, without a window.

// Finding a browser and making files private work only on Unix.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic that it failed"
)]

mod accessible;
mod axe;
mod chromium;
mod finding;
mod inbox;
mod keyboard;
mod kinds;
mod links;
#[path = "../cli/listening.rs"]
mod listening;
mod live;
mod many;
mod phone;
mod refused;
mod report;
mod reported_run;
mod safety;
mod screenshots;
mod spanish;
