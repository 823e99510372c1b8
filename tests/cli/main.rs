//! The command as its users run it: a process, real sockets, real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic that it failed"
)]

mod action;
mod answers;
mod bad_input;
mod bulk_crash;
mod bulk_faults;
mod bulk_input;
mod bulk_report;
mod bulk_run;
mod bulk_server;
mod completion;
mod configuration;
mod delivery;
mod doctor;
mod explain;
mod generated;
mod harness;
mod kinds;
mod layout;
mod limits;
mod listening;
mod output;
mod preview;
mod profiles;
mod properties;
mod recipes;
mod run;
mod sandbox;
mod sandbox_command;
mod sandbox_faults;
mod sandbox_malformed;
mod sandbox_server;
mod secrets;
mod seeds;
mod server;
mod templates;
mod terminal;
mod tls;
mod transcripts;
