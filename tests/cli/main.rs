//! Tests the command as users run it: a process, real sockets, real files. Tests that need a shell, signals or a
//! terminal do not run on Windows. Tests that need `/proc`, `/dev/full` or a Linux tool run only on Linux.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a failed test panics, and a table of cases may be long"
)]
#![cfg_attr(
    not(target_os = "linux"),
    allow(
        unused_imports,
        dead_code,
        reason = "some are for the tests of Linux alone"
    )
)]

mod acceptor;
#[cfg(unix)]
mod action;
mod answers;
mod api_command;
#[cfg(target_os = "linux")]
mod audit_log;
mod bad_input;
#[cfg(unix)]
mod bulk_before;
#[cfg(unix)]
mod bulk_cancel;
#[cfg(unix)]
mod bulk_columns;
mod bulk_conditions;
#[cfg(unix)]
mod bulk_connections;
mod bulk_cost;
#[cfg(unix)]
mod bulk_countries;
mod bulk_crash;
#[cfg(unix)]
mod bulk_damage;
#[cfg(unix)]
mod bulk_deliveries;
#[cfg(unix)]
mod bulk_earlier;
mod bulk_encoding;
#[cfg(unix)]
mod bulk_exclude;
#[cfg(unix)]
mod bulk_faults;
#[cfg(target_os = "linux")]
mod bulk_hours;
mod bulk_input;
#[cfg(unix)]
mod bulk_ledger;
#[cfg(target_os = "linux")]
mod bulk_limit;
mod bulk_lists;
#[cfg(unix)]
mod bulk_manage;
#[cfg(target_os = "linux")]
#[cfg(unix)]
mod bulk_once;
#[cfg(unix)]
mod bulk_recipient_column;
#[cfg(unix)]
mod bulk_refused;
mod bulk_report;
#[cfg(unix)]
mod bulk_resolve;
#[cfg(unix)]
mod bulk_restore;
#[cfg(unix)]
mod bulk_run;
#[cfg(unix)]
mod bulk_select;
mod bulk_server;
#[cfg(unix)]
mod bulk_stop;
#[cfg(target_os = "linux")]
mod bulk_team;
#[cfg(unix)]
mod bulk_terminal;
#[cfg(unix)]
mod bulk_window;
mod bulk_workbook;
#[cfg(unix)]
mod completion;
mod configuration;
#[cfg(unix)]
mod containers;
mod delivery;
mod doctor;
mod exclusions;
mod explain;
mod generated;
#[cfg(unix)]
mod gitlab;
mod harness;
#[cfg(unix)]
mod installer;
mod kinds;
#[cfg(unix)]
mod known_or_shown;
#[cfg(unix)]
mod language;
mod layout;
#[cfg(unix)]
mod ledger_backup;
mod limits;
mod listening;
#[cfg(unix)]
mod messages;
#[cfg(target_os = "linux")]
mod mixed_ledger;
mod needs;
#[cfg(unix)]
mod notify;
mod numbers;
#[cfg(unix)]
mod once;
#[cfg(unix)]
mod operations;
#[cfg(target_os = "linux")]
mod other_users;
mod output;
mod phone_rules;
#[cfg(unix)]
mod postgres;
mod preview;
#[cfg(unix)]
mod profiles;
mod properties;
#[cfg(unix)]
mod questions;
#[cfg(unix)]
mod recipes;
#[cfg(unix)]
mod recipients;
mod records;
#[cfg(unix)]
mod release;
#[cfg(target_os = "linux")]
mod restored_ledger;
#[cfg(unix)]
mod run;
mod sandbox;
#[cfg(unix)]
mod sandbox_command;
mod sandbox_faults;
mod sandbox_lookups;
mod sandbox_malformed;
#[cfg(target_os = "linux")]
mod sandbox_network;
mod sandbox_refused;
mod sandbox_server;
mod secrets;
mod seeds;
mod server;
#[cfg(unix)]
mod shared_chaos;
#[cfg(unix)]
mod shared_ledger;
#[cfg(unix)]
mod shared_operations;
#[cfg(target_os = "linux")]
mod shared_secrets;
#[cfg(unix)]
mod shared_servers;
#[cfg(unix)]
mod signal_waits;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod skill;
mod spanish;
mod spanish_day;
mod suite;
mod template_check;
mod templates;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod test_send;
mod text_faults;
mod time_zone;
mod tls;
mod transcripts;
#[cfg(target_os = "linux")]
mod unchecked;
#[cfg(unix)]
mod wait;
mod word_tables;
mod words;
mod workbook;
