//! The recipients of a list, and the recipients to exclude.

mod exclusion_file;
mod exclusion_list;
mod exclusion_table;
mod meaning;
mod recipient_lines;

pub(crate) use self::exclusion_file::{ExclusionOptions, read_exclusion_list};
pub(crate) use self::exclusion_list::{ExclusionList, Exclusions, SoughtRecipients};
pub(crate) use self::meaning::{CountryRule, country_in, read_recipient};
pub(crate) use self::recipient_lines::{ReadRecipient, read_recipient_lines};
