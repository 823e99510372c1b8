//! A valid message: merged, parsed as its kind, completed, checked, and written as JSON. There is
//! no other way to make one.

use serde_json::{Map, Value, json};

use super::characters::each_text;
use super::checks::{complete, object};
use super::envelope::{
    Envelope, Route, enclose, items_mut, listed, merge, take_recipient, take_type,
};
use super::flag::FlagValues;
use super::invalid::{InvalidMessage, Violation};
use super::kinds::MessageKind;
use super::literal_recipient::{literal_warning, unclear};
use super::parameter::named_parameter;
use super::placeholder::documented_placeholder;
use super::recipient::{Recipient, RecipientChoice, RecipientSources, TypedRecipient};
use super::vcard::complete_phone;
use crate::base::invisible::{is_unseen, with_control_pictures};
use crate::base::message::{Lang, Message, msg};
use crate::phone::{Country, PhoneNumber, RecipientError, is_clear, may_be_national, person_key};

/// A valid message with its recipient, as the JSON that is sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    kind: MessageKind,
    recipient: Recipient,
    route: Route,
    body: Value,
    unclear_recipient: Option<RecipientError>,
    /// The body as JSON. These bytes are stored, digested, shown and sent.
    json: Box<str>,
}

impl Outgoing {
    /// Merges `flags`, the part of the body from the flags of `typed`, over `file`; completes and
    /// checks the result. Also returns warnings.
    ///
    /// # Errors
    /// If the message is invalid, with every problem that can be found.
    pub(crate) fn new(
        typed: &MessageKind,
        flags: Value,
        file: Option<Value>,
        recipients: &RecipientSources,
    ) -> Result<(Self, Vec<Message>), InvalidMessage> {
        if typed.envelope() == Envelope::Verbatim && file.is_none() {
            let hint = msg!(
                "to read it from a file: --body FILE; to read it from standard input: --body -"
            );
            return Err(InvalidMessage::other(msg!("send raw needs a body"), hint));
        }
        let mut body = Value::Object(object(file.unwrap_or_else(|| json!({})))?);
        let mut flags = flags;
        let mut notes = with_country_codes(&mut flags, recipients.country)?;
        merge(&mut body, flags);
        let (outgoing, warnings) =
            Self::from_body(typed, body, RecipientChoice::Among(recipients))?;
        notes.extend(warnings);
        Ok((outgoing, notes))
    }

    /// Creates a message like [`Outgoing::new`], from a whole body without flags.
    pub(crate) fn from_body(
        typed: &MessageKind,
        body: Value,
        recipient: RecipientChoice<'_>,
    ) -> Result<(Self, Vec<Message>), InvalidMessage> {
        let mut fields = object(body)?;
        let kind = typed.read_as(&fields);
        take_type(kind.envelope(), typed.command(), &mut fields)?;
        let in_body = take_recipient(kind.envelope(), &mut fields)?;
        let bot = fields.shift_remove("botId");
        let is_row = matches!(recipient, RecipientChoice::Made { .. });
        let country = recipient.country();
        let judged = in_body.as_ref().filter(|_| recipient.is_left_to_body());
        let recipient = recipient.make(in_body.as_ref().map(|(_, recipient)| recipient));
        let mut violations: Vec<_> = misspelt_recipients(&fields).collect();
        let fields = Value::Object(fields);
        violations.extend(copied_value_violations(typed, &fields));
        let judged = judged.map(|(path, user)| (*path, user.as_str()));
        let users: Vec<_> = judged
            .into_iter()
            .chain(other_recipients(&fields, &recipient))
            .collect();
        let unclear_recipient = users
            .iter()
            .find(|(_, user)| !is_clear(user))
            .map(|(_, user)| unclear(user));
        if is_row {
            // A run can wait for days, and a safety check may be set up before the row is sent.
            let unclear = unclear_recipient.as_ref();
            violations.extend(
                unclear.map(|error| Violation::without_flag("destinations", error.message())),
            );
            violations.extend(missing_place(&fields));
        }
        let mut warnings = check_literal_recipients(users, country, &mut violations);
        let route = kind.route(&fields);
        // Report errors of the message before a missing recipient.
        let (body, advice) = complete(&kind, typed, fields, violations, country)?;
        let typed = recipient?;
        let recipient_warnings = typed.warnings().to_vec();
        let recipient = typed.recipient;

        warnings.extend(advice);
        warnings.extend(recipient_warnings);
        let body = enclose(kind.envelope(), &recipient, bot, body);
        let json = to_json(&body);
        let kind = MessageKind {
            kind: kind.kind,
            typed: FlagValues::default(),
        };
        Ok((
            Self {
                kind,
                recipient,
                route,
                body,
                unclear_recipient,
                json,
            },
            warnings,
        ))
    }

    /// Returns whether a body for `typed` has a recipient, valid or not.
    pub(crate) fn is_addressed(typed: &MessageKind, body: &Value) -> bool {
        let Some(fields) = body.as_object() else {
            return false;
        };
        let kind = typed.read_as(fields);
        let recipient = take_recipient(kind.envelope(), &mut fields.clone());
        !matches!(recipient, Ok(None))
    }

    /// Returns the kind, as the word after `send`. It may differ from the kind of the command,
    /// because a body can be of another kind.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind.written_by()
    }

    pub(crate) fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    pub(crate) fn body(&self) -> &Value {
        &self.body
    }

    /// Returns the bytes of the body that are sent.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// Draws the lines that show the message as its recipient sees it.
    pub(crate) fn draw(&self, lang: Lang) -> Vec<String> {
        self.kind.draw(&self.body, lang)
    }

    /// Warnings about template parameters that begin with a name: the recipient would read
    /// `nombre=Ana`. `is_name` decides which words are names.
    pub(crate) fn named_parameters(&self, is_name: impl Fn(&str) -> bool) -> Vec<Message> {
        if self.route != Route::Template {
            return Vec::new();
        }
        let mut named = Vec::new();
        each_text(&self.body, "", &mut |path, text| {
            named.extend(named_parameter(path, text, &is_name));
        });
        named
    }

    /// Returns every recipient of the request, from its path and its body, for the safety checks.
    pub(crate) fn recipients(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.recipient.as_str()).chain(recipients_in(&self.body))
    }

    /// Returns a recipient in the body that is not the message's own recipient in another spelling.
    pub(crate) fn second_recipient(&self) -> Option<&str> {
        let recipient = self.recipient.as_str();
        let is_other =
            |other: &&str| *other != recipient && person_key(other) != person_key(recipient);
        self.recipients().find(is_other)
    }

    /// Returns a recipient in the body that no safety check can understand.
    pub(crate) fn unclear_recipient(&self) -> Option<&RecipientError> {
        self.unclear_recipient.as_ref()
    }

    /// Checks that a bot in the body is the sender.
    ///
    /// # Errors
    /// If it is another bot.
    pub(crate) fn check_bot(&self, bot: &str) -> Result<(), InvalidMessage> {
        match self.body.get("botId") {
            None => Ok(()),
            Some(Value::String(found)) if found == bot => Ok(()),
            Some(Value::Number(found)) if found.to_string() == bot => Ok(()),
            Some(found) => {
                let found = found.to_string();
                Err(InvalidMessage::other(
                    msg!(
                        "botId: the body is for bot {found}, but the sender is bot `{bot}`",
                        found,
                        bot
                    ),
                    msg!("to send from that bot: --bot {found}", found),
                ))
            }
        }
    }
}

#[expect(clippy::expect_used, reason = "a value has texts as keys")]
fn to_json(body: &Value) -> Box<str> {
    serde_json::to_string(body)
        .expect("a value is JSON")
        .into_boxed_str()
}

/// Returns a violation for each value that was copied from the API's documentation. Recipients are checked separately.
fn copied_value_violations(typed: &MessageKind, fields: &Value) -> Vec<Violation> {
    let mut copied = Vec::new();
    each_text(fields, "", &mut |path, text| {
        let is_recipient = path.split(['.', '[']).next() == Some("destinations");
        let problem = documented_placeholder(text).filter(|_| !is_recipient);
        copied.extend(problem.map(|problem| typed.violation(path, problem)));
    });
    copied
}

/// Returns the violation of a row at 0, 0: programs write these coordinates for a place that they do not have.
fn missing_place(fields: &Value) -> Option<Violation> {
    let place = fields.get("coordinates")?;
    let is_zero = |name: &str| place.get(name).and_then(Value::as_f64) == Some(0.0);
    (is_zero("lat") && is_zero("long")).then(|| {
        let problem = msg!("is 0, 0, which stands for a missing place");
        Violation::without_flag("coordinates", problem)
    })
}

/// Returns the problem of a recipient in a body that has the prefix of an id in a flag.
fn flag_prefix_problem(user: &str) -> Option<Message> {
    let id = user.strip_prefix("id:")?;
    Some(msg!(
        "`{user}` has the prefix of --to; a body has only the id, `{id}`",
        user,
        id
    ))
}

/// Checks recipients that are sent literally, each with the path of its field. Adds a violation for
/// each that cannot be one, and returns warnings about doubtful ones.
fn check_literal_recipients(
    users: Vec<(&str, &str)>,
    country: Option<Country>,
    violations: &mut Vec<Violation>,
) -> Vec<Message> {
    let mut warnings = Vec::new();
    for (path, user) in users {
        let problem = documented_placeholder(user).or_else(|| flag_prefix_problem(user));
        if let Some(problem) = problem {
            violations.push(Violation {
                path: path.to_owned(),
                problem,
                flag: Some("--to".to_owned()),
            });
        } else if let Some(warning) = literal_warning(user, country) {
            warnings.push(msg!("{path}: {warning}", path, warning));
        }
    }
    warnings
}

/// Returns every recipient in a body, without white space around it.
pub(crate) fn recipients_in(body: &Value) -> impl Iterator<Item = &str> {
    written_recipients(body).map(|user| user.trim_matches(is_unseen))
}

/// Returns every recipient in a body as it is written.
pub(crate) fn written_recipients(body: &Value) -> impl Iterator<Item = &str> {
    body.get("userId")
        .into_iter()
        .chain(listed(body.get("destinations")))
        .filter_map(Value::as_str)
}

/// The fields that contain recipients.
const RECIPIENT_FIELDS: [&str; 2] = ["userId", "destinations"];

/// Fields that differ from a recipient field only in case or in invisible characters. Jelou may
/// read them as recipients, but no safety check would.
fn misspelt_recipients(fields: &Map<String, Value>) -> impl Iterator<Item = Violation> {
    let is_alike = |name: &str, field: &str| {
        let seen = name.chars().filter(|sign| !is_unseen(*sign));
        seen.map(|sign| sign.to_ascii_lowercase())
            .eq(field.chars().map(|sign| sign.to_ascii_lowercase()))
    };
    fields.keys().filter_map(move |name| {
        let meant = RECIPIENT_FIELDS
            .into_iter()
            .find(|field| name != field && is_alike(name, field))?;
        let path = with_control_pictures(name.clone());
        let problem = msg!("differs from `{meant}` only in capitals or spaces", meant);
        Some(Violation::without_flag(path, problem))
    })
}

/// Returns whether a body has a field that only looks like one of recipients.
pub(crate) fn has_misspelt_recipients(body: &Value) -> bool {
    body.as_object()
        .is_some_and(|fields| misspelt_recipients(fields).next().is_some())
}

/// Recipients in the body that differ from the recipient of the message.
fn other_recipients<'a>(
    fields: &'a Value,
    named: &'a Result<TypedRecipient, InvalidMessage>,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let named = named.as_ref().ok().map(|typed| typed.recipient.as_str());
    recipients_in(fields)
        .filter(move |user| named != Some(user))
        .map(|user| ("destinations", user))
}

/// Writes the phone numbers of contacts with `+` and their country code, if the country is certain.
/// Returns warnings about how the numbers were read.
///
/// # Errors
/// If a number may be of `country` or of another country.
pub(crate) fn with_country_codes(
    flags: &mut Value,
    country: Option<Country>,
) -> Result<Vec<Message>, InvalidMessage> {
    let mut warnings = Vec::new();
    for (card, contact) in items_mut(flags.get_mut("contacts")).enumerate() {
        let phones = items_mut(contact.get_mut("phones")).filter_map(Value::as_object_mut);
        for (place, phone) in phones.enumerate() {
            let path = format!("contacts[{card}].phones[{place}].phone");
            match with_country_code(phone, country) {
                Ok(notes) => {
                    let notes = notes.iter();
                    warnings.extend(notes.map(|warning| msg!("{path}: {warning}", path, warning)));
                }
                Err(error) => return Err(InvalidMessage::recipient(&path, error)),
            }
        }
    }
    Ok(warnings)
}

/// Does the same for one number.
fn with_country_code(
    phone: &mut Map<String, Value>,
    country: Option<Country>,
) -> Result<Vec<Message>, RecipientError> {
    let Some(raw) = phone.get("phone").and_then(Value::as_str) else {
        return Ok(Vec::new());
    };
    let number = match PhoneNumber::read(raw, country) {
        Ok(number) => number,
        // A chat reads a local number in a card with its own country.
        Err(error) if error.candidates.is_empty() || error.is_without_country => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let is_certain = country.is_some() || raw.contains('+') || !may_be_national(number.as_str());
    if is_certain {
        phone.insert("phone".to_owned(), json!(format!("+{}", number.as_str())));
        complete_phone(phone);
    }
    Ok(number.parse_warnings().to_vec())
}
