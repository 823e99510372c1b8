//! The `--once` keys, and the recipients that are claimed under them.

pub(super) mod changes;
pub(super) mod claims;
pub(super) mod summaries;
