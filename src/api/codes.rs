//! Codes of Jelou and WhatsApp: what each means and what to do (`api.md`, "Errors"; WhatsApp Cloud API's error codes).

/// A code with its meaning for a message, and the way out.
pub struct Code {
    pub code: &'static str,
    pub meaning: &'static str,
    pub hint: &'static str,
    /// WhatsApp refused for its rate, so the message certainly did not go out and may be tried again.
    pub rate_limit: bool,
}

/// WhatsApp's limit of messages to the same user.
pub const PAIR_RATE_LIMIT: &str = "131056";
/// Least wait after it, in seconds: one message per 6 s to the same user.
pub const PAIR_RATE_LIMIT_SECONDS: u64 = 6;

const CODES: [Code; 18] = [
    refused("bot_not_found", "there is no such bot, or your company may not use it", "check --bot"),
    refused("E1019", "there is no such bot, or your company may not use it", "check --bot"),
    refused("BOT_NOT_FOUND", "there is no such bot, or your company may not use it", "check --bot"),
    refused("forbidden_bot", "these credentials may not use this bot", "check --bot and the credentials"),
    refused(
        "message_could_not_be_send",
        "Jelou could not send it",
        "check the recipient, and that they wrote in the last 24 hours: later only templates reach them",
    ),
    refused(
        "notification_could_not_be_send",
        "Jelou could not send the template",
        "check its name, language and parameters",
    ),
    refused("unauthorized", "the credentials are not accepted", "check client id and secret"),
    refused("unprocessable_entity", "a field is missing or wrong", "fix the field and send again"),
    refused("E0422", "a field is missing or wrong", "fix the field and send again"),
    refused("VALIDATOR_ERROR", "a field is missing or wrong", "fix the field and send again"),
    refused("internal_server_error", "the credentials belong to no company", "check client id and secret with Jelou"),
    refused(
        "INVALID_MEDIA_URL",
        "the media cannot be fetched",
        "give a public HTTPS URL that points straight at the file",
    ),
    refused("MEDIA_TOO_LARGE", "the media is too large", "give a smaller file"),
    refused("UNSUPPORTED_MEDIA_TYPE", "WhatsApp does not take this kind of file", "convert it"),
    refused(
        "131047",
        "the recipient has not written to the bot in the last 24 hours",
        "only a template reaches them until they write",
    ),
    limited("130429", "WhatsApp's rate limit of the number is reached", "send more slowly"),
    limited(
        PAIR_RATE_LIMIT,
        "too many messages to this recipient",
        "leave 6 seconds between messages to one recipient",
    ),
    limited("80007", "WhatsApp's rate limit of the account is reached", "wait and try again"),
];

const fn refused(code: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { code, meaning, hint, rate_limit: false }
}

const fn limited(code: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { code, meaning, hint, rate_limit: true }
}

pub fn look_up(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}
