//! Codes of Jelou and WhatsApp: what each means and what to do (`api.md`, "Errors"; WhatsApp Cloud API's error codes).
//! The errors of `send` and `explain CODE` use this one table.

/// A code with its meaning for a message, and the hint.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    /// Who returns it.
    pub(crate) origin: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) effect: Effect,
    /// WhatsApp's titles for it, for answers without the code.
    titles: &'static [&'static str],
}

/// The outcome of a message that was answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It was refused and would be refused again; with a 5xx the outcome is unknown.
    Refused,
    /// It was refused if the text names the company; otherwise the outcome is unknown.
    RefusedByCompany,
    /// The business itself was refused and cannot send anything until that is resolved.
    RefusedForAccount,
    /// It was only rate limited, so it certainly was not sent and may be retried.
    RateLimited,
    /// The code does not say.
    Open,
}

/// WhatsApp's limit of messages to the same user.
pub(crate) const PAIR_RATE_LIMIT: &str = "131056";
/// The shortest wait after it, in seconds: one message per 6 s to the same user.
pub(crate) const PAIR_RATE_LIMIT_SECONDS: u64 = 6;

/// The digits of the longest code to look for in a text.
const MOST_DIGITS: usize = 7;

const NO_BOT: &str = "there is no such bot, or your company may not use it";
const WRONG_FIELD: &str = "a field is missing or wrong";
const UNKNOWN: &str = "something went wrong that Jelou has no name for";
const NOT_IN_24_HOURS: &str = "the recipient has not written to the bot in the last 24 hours";
const USE_A_TEMPLATE: &str = "only a template reaches them until they write";

/// Every known code.
pub(crate) const CODES: [Code; 51] = [
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
        &["Temporarily blocked for policies violations"],
        "WhatsApp has blocked the account for breaking its policy",
        "see the account's state in WhatsApp Manager",
    ),
    whatsapp("470", &[], NOT_IN_24_HOURS, USE_A_TEMPLATE),
    limited("80007", &["Rate limit issues"], "WhatsApp's rate limit of the account is reached", "wait and try again"),
    limited("130429", &["Rate limit hit"], "WhatsApp's rate limit of the number is reached", "send more slowly"),
    whatsapp(
        "130472",
        &["User's number is part of an experiment"],
        "WhatsApp held it back: this recipient is part of an experiment",
        "do not send it again at once; use a utility template",
    ),
    whatsapp(
        "130497",
        &["Business account is restricted from messaging users in this country"],
        "WhatsApp does not let this business write to the recipient's country",
        "do not send it again; leave out the numbers of that country, or ask Meta which countries are allowed",
    ),
    whatsapp(
        "131000",
        &[],
        "WhatsApp could not send it and does not say why",
        "try again later; if it continues, ask Jelou",
    ),
    whatsapp(
        "131005",
        &[],
        "WhatsApp does not give this business permission to send it",
        "have Jelou check the permissions of the account",
    ),
    whatsapp(
        "131008",
        &["Required parameter is missing"],
        "a field of the message is missing",
        "compare the message with `jelouctl explain`, and a template's parameters with `jelouctl templates`",
    ),
    whatsapp(
        "131009",
        &["Parameter value is not valid"],
        "WhatsApp does not accept a value of the message",
        "compare the message with `jelouctl explain`, and a template's parameters with `jelouctl templates`",
    ),
    whatsapp(
        "131021",
        &["Recipient cannot be sender", "User cannot be sender"],
        "the recipient is the bot's own number",
        "send it to another number",
    ),
    whatsapp(
        "131026",
        &["Message undeliverable"],
        "WhatsApp cannot deliver to this recipient",
        "check that the number is on WhatsApp, and that its app is current",
    ),
    account(
        "131031",
        &["Account has been locked", "Business account locked"],
        "WhatsApp has locked the business's account",
        "nothing can be sent until it is unlocked: see the account's state in WhatsApp Manager",
    ),
    account(
        "131042",
        &["Business eligibility payment issue"],
        "WhatsApp cannot charge the business for its messages",
        "nothing can be sent until the payment is settled in WhatsApp Manager",
    ),
    whatsapp(
        "131045",
        &["Incorrect certificate", "Unsigned certificate"],
        "the bot's number is not registered with WhatsApp correctly",
        "have Jelou register the number again",
    ),
    whatsapp("131047", &["Re-engagement message"], NOT_IN_24_HOURS, USE_A_TEMPLATE),
    whatsapp(
        "131048",
        &["Spam rate limit hit"],
        "WhatsApp restricts the number, since too many of its messages were blocked or reported",
        "see the number's quality in WhatsApp Manager, and send less until it is better",
    ),
    whatsapp(
        "131049",
        &["Meta chose not to deliver", "This message was not delivered to maintain healthy ecosystem engagement"],
        "WhatsApp held it back: this recipient has had enough marketing lately",
        "do not send it again at once; try after a day, or use a utility template",
    ),
    whatsapp(
        "131050",
        &["User has stopped receiving marketing messages", "User has opted out of marketing messages"],
        "the recipient has opted out of this business's marketing",
        "never send them marketing again: add them to the list of --exclude or do_not_contact",
    ),
    whatsapp(
        "131051",
        &["Unsupported message type"],
        "WhatsApp does not know this type of message",
        "choose another kind: `jelouctl explain` lists them",
    ),
    whatsapp(
        "131052",
        &["Media download error"],
        "WhatsApp could not download the media",
        "give a public HTTPS URL that points straight at the file",
    ),
    whatsapp(
        "131053",
        &["Media upload error"],
        "WhatsApp could not take the media",
        "check the file's type and size: `jelouctl explain image` tells the limits",
    ),
    limited(
        PAIR_RATE_LIMIT,
        &["Pair rate limit hit", "(Business Account, Consumer Account) pair rate limit hit"],
        "too many messages to this recipient",
        "leave 6 seconds between messages to one recipient",
    ),
    whatsapp(
        "131062",
        &[],
        "an authentication template cannot go to a WhatsApp user id",
        "send it to the person's phone number",
    ),
    whatsapp(
        "132000",
        &["Template param count mismatch"],
        "the number of parameters does not match the template",
        "give as many --param as `jelouctl templates` shows {{…}} in its text",
    ),
    whatsapp(
        "132001",
        &["Template does not exist"],
        "there is no such template in this language, or it is not approved",
        "`jelouctl templates` lists names, languages and states",
    ),
    whatsapp(
        "132005",
        &["Template hydrated text too long"],
        "the template's text is too long with these parameters",
        "give shorter parameters",
    ),
    whatsapp(
        "132007",
        &["Template format character policy violated"],
        "the template's text with these parameters breaks WhatsApp's policy",
        "change the parameters, or use another template",
    ),
    whatsapp(
        "132012",
        &["Template parameter format mismatch"],
        "a parameter of the template has the wrong form",
        "compare the parameters with the template",
    ),
    whatsapp(
        "132015",
        &["Template is paused"],
        "the template is paused for its low quality",
        "change the template, or use another one",
    ),
    whatsapp("132016", &["Template is disabled"], "the template is disabled for good", "use another template"),
    whatsapp(
        "132018",
        &[],
        "a parameter of the template has a line break, a tab or more than 4 spaces in a row, or is empty",
        "write each parameter on one line",
    ),
    whatsapp(
        "132068",
        &["Flow is in blocked state"],
        "WhatsApp has blocked the flow",
        "fix the flow in WhatsApp Manager, or use another one",
    ),
    whatsapp(
        "132069",
        &["Flow is in throttled state"],
        "WhatsApp limits the flow to 10 messages an hour",
        "fix the flow in WhatsApp Manager, then send again",
    ),
    whatsapp(
        "133010",
        &["Phone number not registered"],
        "the bot's number is not registered with WhatsApp",
        "have Jelou register the number",
    ),
];

const fn code(code: &'static str, origin: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { code, origin, meaning, hint, effect: Effect::Refused, titles: &[] }
}

const fn jelou(name: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    code(name, "Jelou", meaning, hint)
}

const fn open(name: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code { effect: Effect::Open, ..jelou(name, meaning, hint) }
}

const fn whatsapp(
    name: &'static str,
    titles: &'static [&'static str],
    meaning: &'static str,
    hint: &'static str,
) -> Code {
    Code { titles, ..code(name, "WhatsApp", meaning, hint) }
}

const fn limited(
    name: &'static str,
    titles: &'static [&'static str],
    meaning: &'static str,
    hint: &'static str,
) -> Code {
    Code { effect: Effect::RateLimited, ..whatsapp(name, titles, meaning, hint) }
}

const fn account(
    name: &'static str,
    titles: &'static [&'static str],
    meaning: &'static str,
    hint: &'static str,
) -> Code {
    Code { effect: Effect::RefusedForAccount, ..whatsapp(name, titles, meaning, hint) }
}

/// Whether `code` may be about a template that the bot does not have.
pub(crate) fn may_miss_a_template(code: &str) -> bool {
    ["132001", "notification_could_not_be_send"].contains(&code)
}

pub(crate) fn look_up(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}

/// WhatsApp's code at the very start of a message of the API, `(#131047) …`. It does not count if the message may repeat a text
/// of `sent`, the body of the request.
pub(crate) fn code_at_start<'a>(text: &'a str, sent: &str) -> Option<&'a str> {
    let (code, _) = text.trim_start().strip_prefix("(#")?.split_once(')')?;
    let is_code = (1..=MOST_DIGITS).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    (is_code && !sent.contains(&format!("#{code}"))).then_some(code)
}

/// The code of a message of the API that is one of WhatsApp's titles and nothing else; `sent` as for a code.
pub(crate) fn code_of_title(text: &str, sent: &str) -> Option<&'static str> {
    let title = text.trim().trim_end_matches('.');
    let is_it = |known: &&Code| known.titles.iter().any(|known| known.eq_ignore_ascii_case(title));
    let known = CODES.iter().find(is_it)?;
    let is_repeated = sent.to_ascii_lowercase().contains(&title.to_ascii_lowercase());
    (!is_repeated).then_some(known.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_at_the_very_start_of_a_text_or_by_its_title() {
        let read = |text, sent| code_at_start(text, sent).or_else(|| code_of_title(text, sent));
        for (text, code) in [
            ("(#131047) Re-engagement message", Some("131047")),
            ("  (#100) Invalid parameter", Some("100")),
            ("(#131047)", Some("131047")),
            ("(#131047", None),
            ("(#12345678) x", None),
            ("(#) x", None),
            ("(#13a) x", None),
            ("error (#131047) x", None),
            ("131047", None),
            ("Message Undeliverable", Some("131026")),
            ("message undeliverable.", Some("131026")),
            ("Message Undeliverable to you", None),
            // Too common to be certainly WhatsApp's.
            ("Something went wrong", None),
            ("", None),
        ] {
            assert_eq!(read(text, r#"{"text":"Hola"}"#), code, "{text}");
        }
        for (text, sent) in [
            ("(#131042) hola is too long", r#"{"text":"(#131042) hola"}"#),
            ("(#131042) is too long", "{\"text\":\"#131042\"}"),
            ("Rate limit hit", r#"{"text":"rate limit hit"}"#),
        ] {
            assert_eq!(read(text, sent), None, "{text}");
        }
    }

    #[test]
    fn no_two_codes_have_a_name_or_a_title_in_common() {
        let mut names: Vec<_> = CODES.iter().map(|code| code.code.to_owned()).collect();
        names.extend(CODES.iter().flat_map(|code| code.titles).map(|title| title.to_lowercase()));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
