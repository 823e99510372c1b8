//! Whom a list reaches, and who must not be written to.

mod exclusion_file;
mod exclusions;

pub(crate) use self::exclusion_file::{ExclusionError, ExclusionOrigin};
pub(crate) use self::exclusions::Exclusions;
