//! The recipients of a list, and the people who must not be written to.

mod country_rule;
mod exclusion_error;
mod exclusion_file;
mod exclusion_list;
mod exclusion_table;
mod meaning;

pub(crate) use self::country_rule::{CountryRule, read_recipient};
pub(crate) use self::exclusion_file::{ExclusionOptions, read_exclusion_list};
pub(crate) use self::exclusion_list::{ExclusionList, Exclusions};
