//! What messages cost: the user's own rates, by country and category, and sums by them. No price is built in.

mod amount;
mod estimate;
mod rates;

pub(crate) use self::amount::Amount;
pub(crate) use self::estimate::{Estimate, Spent};
pub(crate) use self::rates::{Category, EXPLAINED, Rates, RatesError};
