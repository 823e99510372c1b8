//! The sender, for every command that sends or reads from the API. Flags, environment, configuration and standard input
//! become the bot, the credentials, the safety checks, the preview and the connection.

mod audit_log;
pub(crate) mod config;
mod connection;
pub(crate) mod context;
mod delivery_wait;
mod open_windows;
mod prices;
mod resolve;
mod safety_checks;
mod templates;

pub(crate) use self::audit_log::{AuditLog, check_audit_log};
pub(crate) use self::connection::{
    Connection, RequestProgress, ask_secret, catch_panic, new_client, no_client, panicked,
    proxy_to, reach_or_start,
};
pub(crate) use self::delivery_wait::{AwaitedMessage, DeliveryWait, wait_for_deliveries};
pub(crate) use self::open_windows::OpenWindows;
pub(crate) use self::prices::{budget, read_prices};
pub(crate) use self::resolve::{Sender, read_environment, read_settings, short_secret_warning};
pub(crate) use self::safety_checks::{
    ProfileRules, check_allowed, check_allowed_by, claim_exclusions, excluded, excluded_by,
    exclusion_error, open_list, read_exclusions, reread_do_not_contact, warn_about_lists,
};
pub(crate) use self::templates::{
    CheckedTemplates, Listing, check_templates, read_templates, refuse_templates, refuse_unusable,
    refused_template_hint,
};
