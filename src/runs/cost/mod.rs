//! The cost of messages: your own prices by country and category, and sums with them. jelouctl has no built-in prices.

mod estimate;
mod prices;

pub(crate) use self::estimate::{Estimate, RunCost};
pub(crate) use self::prices::{Category, EXPLAINED, Money, PriceList, PriceListError};
