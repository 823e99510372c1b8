//! The recipients of a list, and the recipients to exclude.

mod exclusion_file;
mod exclusion_list;
mod meaning;

pub(crate) use self::exclusion_file::{
    ExclusionOptions, ReadRecipient, read_exclusion_list, read_recipient_lines,
};
pub(crate) use self::exclusion_list::{ExclusionList, Exclusions, SoughtRecipients};
pub(crate) use self::meaning::{CountryRule, country_in, read_recipient};
