//! What messages cost: the user's own prices, by country and category, and sums by them. No price is built in.

mod estimate;
mod prices;

pub(crate) use self::estimate::{Estimate, RunCost};
pub(crate) use self::prices::{Category, EXPLAINED, Money, PriceList};
