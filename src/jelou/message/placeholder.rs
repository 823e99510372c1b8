//! Values that were copied from the API's documentation instead of being replaced.

use crate::base::message::{Message, msg};

/// Placeholders in the API's documentation and its copies.
const DOCUMENTED: [&str; 14] = [
    "USER_ID",
    "BOT_ID",
    "FLOW_ID",
    "PHONE_NUMBER",
    "+PHONE_NUMBER",
    "{userId}",
    "{botId}",
    "{flowId}",
    "{messageId}",
    "<string>",
    "<number>",
    "<integer>",
    "<boolean>",
    "<any>",
];

/// A web page hides an address from programs as one of these.
const HIDDEN_ADDRESSES: [&str; 2] = ["[email protected]", "[email\u{a0}protected]"];

/// The names of values in the API's documentation, in small letters and without separators.
const NAMES: [&str; 5] = ["userid", "botid", "flowid", "messageid", "phonenumber"];

/// Brackets around a name that stands for a value.
const BRACKETS: [(char, char); 3] = [('<', '>'), ('[', ']'), ('{', '}')];

/// Returns the problem of a value that was copied from the API's documentation.
pub(crate) fn documented_placeholder(value: &str) -> Option<Message> {
    let value = value.trim();
    let is_placeholder = DOCUMENTED.contains(&value)
        || HIDDEN_ADDRESSES.contains(&value)
        || is_name_in_brackets(value);
    is_placeholder.then(|| {
        msg!(
            "`{value}` is a placeholder of the API's documentation",
            value
        )
    })
}

/// Returns whether `value` is a name of the API's documentation in brackets: `<FLOW_ID>`, `[user-id]`.
fn is_name_in_brackets(value: &str) -> bool {
    let inside = BRACKETS
        .iter()
        .find_map(|(open, close)| value.strip_prefix(*open)?.strip_suffix(*close));
    inside.is_some_and(|inside| {
        let name = inside.replace(['_', '-', '+'], "").to_ascii_lowercase();
        NAMES.contains(&name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholder_is_found_with_and_without_brackets() {
        for value in [
            "USER_ID",
            "+PHONE_NUMBER",
            "{flowId}",
            "<string>",
            "<FLOW_ID>",
            "<USER_ID>",
            "<PHONE_NUMBER>",
            "<+PHONE_NUMBER>",
            "[USER_ID]",
            "{BOT_ID}",
            "<bot-id>",
            "[userId]",
            " <messageId> ",
            "[email protected]",
            "[email\u{a0}protected]",
        ] {
            assert!(documented_placeholder(value).is_some(), "{value}");
        }
        for value in [
            "user_id",
            "<b>USER_ID</b>",
            "[user id]",
            "[1]",
            "<a@example.com>",
            "<USER_ID",
            "Your USER_ID",
            "{{USER_ID}}",
            "[USER]",
            "ana@example.com",
            "",
        ] {
            assert_eq!(documented_placeholder(value), None, "{value}");
        }
    }
}
