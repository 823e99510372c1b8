//! Commands that change runs and the state of their rows.

pub(crate) mod cancel;
pub(crate) mod remove;
pub(crate) mod resolve;
pub(crate) mod stop;
