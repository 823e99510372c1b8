//! The deliveries of a run's messages, which Jelou reports later: which rows to ask for, what the answers mean, and
//! which unknown rows they prove as sent. It uses the look-ups of `api` and writes nothing: the caller stores the
//! results.

mod evidence;
mod inquired_row;
mod inquiry;
mod sweep;

pub(crate) use self::evidence::StillUnknown;
pub(crate) use self::inquired_row::InquiryTerms;
pub(crate) use self::inquiry::Inquiry;
pub(crate) use self::sweep::sweep;
