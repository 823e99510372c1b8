//! Codes of Jelou and WhatsApp: what each means and what to do (`api.md`, "Errors"; WhatsApp Cloud API's error codes).
//! The errors of `send` and `explain CODE` use this one table.

/// A code with its meaning for a message, and the way out.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    /// Who answers with it.
    pub(crate) origin: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) effect: Effect,
}

/// What became of the message that was answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It was refused, and would be again; only with a 5xx nobody knows.
    Refused,
    /// It was refused where the text names the company; otherwise nobody knows.
    RefusedByCompany,
    /// It was refused for its rate alone, so it certainly did not go out and may be tried again.
    RateLimited,
    /// The code does not say.
    Open,
}

/// WhatsApp's limit of messages to the same user.
pub(crate) const PAIR_RATE_LIMIT: &str = "131056";
/// Least wait after it, in seconds: one message per 6 s to the same user.
pub(crate) const PAIR_RATE_LIMIT_SECONDS: u64 = 6;

const NO_BOT: &str = "there is no such bot, or your company may not use it";
const WRONG_FIELD: &str = "a field is missing or wrong";
const UNKNOWN: &str = "something went wrong that Jelou has no name for";
const NOT_IN_24_HOURS: &str = "the recipient has not written to the bot in the last 24 hours";
const USE_A_TEMPLATE: &str = "only a template reaches them until they write";

/// Every code that is known.
pub(crate) const CODES: [Code; 33] = [
    jelou("bot_not_found", NO_BOT, "check --bot"),
    jelou("E1019", NO_BOT, "check --bot"),
    jelou("BOT_NOT_FOUND", NO_BOT, "check --bot"),
    jelou("forbidden_bot", "these credentials may not use this bot", "check --bot and the credentials"),
    jelou(
        "message_could_not_be_send",
        "Jelou could not send it",
        "check the recipient, and that they wrote in the last 24 hours: later only templates reach them",
    ),
    jelou(
        "notification_could_not_be_send",
        "Jelou could not send the template",
        "check its name, language and parameters",
    ),
    jelou("unauthorized", "the credentials are not accepted", "check client id and secret"),
    jelou("unprocessable_entity", WRONG_FIELD, "fix the field and send again"),
    jelou("E0422", WRONG_FIELD, "fix the field and send again"),
    jelou("VALIDATOR_ERROR", WRONG_FIELD, "fix the field and send again"),
    Code {
        effect: Effect::RefusedByCompany,
        ..jelou(
            "internal_server_error",
            "the credentials belong to no company",
            "check client id and secret with Jelou",
        )
    },
    jelou(
        "INVALID_MEDIA_URL",
        "the media cannot be fetched",
        "give a public HTTPS URL that points straight at the file",
    ),
    jelou(
        "MEDIA_TOO_LARGE",
        "the media is too large",
        "give a smaller file; `jelouctl explain image` tells the limits",
    ),
    jelou("UNSUPPORTED_MEDIA_TYPE", "WhatsApp does not take this kind of file", "convert it"),
    open("E0000", UNKNOWN, "ask the recipient or check in Jelou before you send it again"),
    open("UNKNOWN_ERROR", UNKNOWN, "ask the recipient or check in Jelou before you send it again"),
    whatsapp(
        "368",
        "WhatsApp has blocked the account for breaking its policy",
        "see the account's state in WhatsApp Manager",
    ),
    whatsapp("470", NOT_IN_24_HOURS, USE_A_TEMPLATE),
    limited("80007", "WhatsApp's rate limit of the account is reached", "wait and try again"),
    limited("130429", "WhatsApp's rate limit of the number is reached", "send more slowly"),
    whatsapp(
        "130472",
        "WhatsApp held it back: this recipient is part of an experiment",
        "do not send it again at once; use a utility template",
    ),
    whatsapp(
        "131026",
        "WhatsApp cannot deliver to this recipient",
        "check that the number is on WhatsApp, and that its app is current",
    ),
    whatsapp("131047", NOT_IN_24_HOURS, USE_A_TEMPLATE),
    whatsapp(
        "131048",
        "WhatsApp restricts the number, since too many of its messages were blocked or reported",
        "see the number's quality in WhatsApp Manager, and send less until it is better",
    ),
    whatsapp(
        "131049",
        "WhatsApp held it back: this recipient has had enough marketing lately",
        "do not send it again at once; try after a day, or use a utility template",
    ),
    whatsapp(
        "131051",
        "WhatsApp does not know this type of message",
        "choose another kind: `jelouctl explain` lists them",
    ),
    limited(
        PAIR_RATE_LIMIT,
        "too many messages to this recipient",
        "leave 6 seconds between messages to one recipient",
    ),
    whatsapp(
        "132000",
        "the number of parameters does not match the template",
        "give as many --param as `jelouctl templates` shows {{…}} in its text",
    ),
    whatsapp(
        "132001",
        "there is no such template in this language, or it is not approved",
        "`jelouctl templates` lists names, languages and states",
    ),
    whatsapp("132012", "a parameter of the template has the wrong form", "compare the parameters with the template"),
    whatsapp("132015", "the template is paused for its low quality", "change the template, or use another one"),
    whatsapp("132016", "the template is disabled for good", "use another template"),
    whatsapp(
        "132018",
        "a parameter of the template has a line break, a tab or more than 4 spaces in a row, or is empty",
        "write each parameter on one line",
    ),
];

const fn code(code: &'static str, origin: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { code, origin, meaning, hint, effect: Effect::Refused }
}

const fn jelou(name: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    code(name, "Jelou", meaning, hint)
}

const fn open(name: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { effect: Effect::Open, ..jelou(name, meaning, hint) }
}

const fn whatsapp(name: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    code(name, "WhatsApp", meaning, hint)
}

const fn limited(name: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { effect: Effect::RateLimited, ..whatsapp(name, meaning, hint) }
}

/// Whether `code` may be about a template that the bot does not have.
pub(crate) fn may_miss_a_template(code: &str) -> bool {
    ["132001", "notification_could_not_be_send"].contains(&code)
}

pub(crate) fn look_up(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}
