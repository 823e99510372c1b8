//! What the user decides about runs and their rows.

pub(crate) mod cancel;
pub(crate) mod remove;
pub(crate) mod resolve;
pub(crate) mod stop;
