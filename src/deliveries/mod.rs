//! What the people of a run got, as Jelou tells it later: which rows are asked for, what the answers say of them, and which
//! unknown rows were sent by that. It asks through the look-ups of `api`, and writes nothing: who calls keeps what is learnt.

mod claim;
mod content;
mod evidence;
mod inquiry;
mod sweep;

pub(crate) use self::claim::ClaimInquiry;
pub(crate) use self::evidence::StillUnknown;
pub(crate) use self::inquiry::{Inquiry, InquiryTerms, LeftRows};
pub(crate) use self::sweep::{Sweep, SweepEnd, SweepError, SweepListener};
