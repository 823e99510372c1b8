//! The questions that the rows of a list leave open: hidden rows, the country of local numbers, and recipients that got
//! the message before.

use crate::base::question::{FreeAnswer, PossibleAnswer, Question, TypedFlag};
use crate::phone::Country;

/// Returns the question what to do with hidden rows.
pub(super) fn hidden_rows() -> Question {
    let answer = |does: &str, value: &str| {
        let flag = TypedFlag::with_value("--hidden", value);
        PossibleAnswer::new(does, flag)
    };
    let answers = vec![answer("skip them", "skip"), answer("send them", "send")];
    Question::new("Skip or send these rows?", answers)
}

/// Returns the question what to do with messages that were sent before.
pub(crate) fn earlier_messages() -> Question {
    let answers = vec![skip_sent(), send_again()];
    Question::new("Skip these messages, or send them again?", answers)
}

/// Returns the question what to do with messages that Jelou accepted, but did not deliver.
pub(crate) fn undelivered_messages() -> Question {
    let answers = vec![send_again(), skip_sent()];
    Question::new("Send these messages again, or skip them?", answers)
}

fn skip_sent() -> PossibleAnswer {
    PossibleAnswer::new("skip them", TypedFlag::switch("--skip-sent"))
}

fn send_again() -> PossibleAnswer {
    PossibleAnswer::new("send them again", TypedFlag::switch("--again"))
}

/// Returns the question which country local numbers are of.
pub(super) fn which_country() -> Question {
    let free = FreeAnswer {
        what: "the code of a country, such as EC",
        usage: "to set the country of the local numbers: --country CODE",
        read: country_flag,
    };
    Question {
        free: Some(free),
        ..Question::new("Which country are the local numbers of?", Vec::new())
    }
}

/// Returns the flag for the code or the name of a country.
fn country_flag(typed: &str) -> Option<TypedFlag> {
    let country = Country::from_name(typed)?;
    Some(TypedFlag::with_value("--country", country.code()))
}
