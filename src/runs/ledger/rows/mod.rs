//! The rows of runs: how their states change, and how they are read.

pub(super) mod delivery;
pub(super) mod reported_rows;
pub(super) mod resolution;
pub(super) mod run_cost;
pub(super) mod transitions;
