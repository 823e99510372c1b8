//! What messages cost: the user's own rates, by country and category, and sums by them. No price is built in.

mod estimate;
mod rates;

pub(crate) use self::estimate::{Estimate, RunCost};
pub(crate) use self::rates::{Category, EXPLAINED, Money, Rates};
