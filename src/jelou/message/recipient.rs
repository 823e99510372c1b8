//! The recipient of a message. Turns what you type into the `userId` of the body or refuses it with
//! the reason, and decides which recipient counts if several are set.

use std::fmt;

use super::invalid::InvalidMessage;
use super::placeholder::documented_placeholder;
use crate::base::invisible::is_unseen;
use crate::base::invisible::with_control_pictures;
use crate::base::message::{Message, msg};
use crate::base::texts::shell_argument;
use crate::phone::{Country, PhoneNumber, RecipientError, is_user_id};

/// A `userId` in a body: a phone number's digits, a WhatsApp user id, or the user id of another
/// channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient(String);

/// A recipient that you typed, and how jelouctl read it.
#[derive(Clone, Debug)]
pub(crate) struct TypedRecipient {
    pub(crate) recipient: Recipient,
    /// None for a WhatsApp user id and for a user of another channel.
    number: Option<PhoneNumber>,
    /// Warnings about how it was read.
    warnings: Vec<Message>,
}

impl Recipient {
    /// Accepts a `userId` from a body literally, except for invisible characters at its ends.
    ///
    /// # Errors
    /// If it is empty, a dot segment of a path, or has control characters, which a URL may lose.
    pub(crate) fn verbatim(user: &str) -> Result<Self, RecipientError> {
        let user = user.trim_matches(is_unseen);
        if user.is_empty() {
            return Err(RecipientError::empty());
        }
        match segment_problem(user, &msg!("a recipient")) {
            Some(problem) => Err(RecipientError::new(
                problem,
                msg!("write the recipient's number or id"),
            )),
            None => Ok(Self(user.to_owned())),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the problem of `text`, which is `what` and becomes one segment of a URL's path.
pub(super) fn segment_problem(text: &str, what: &Message) -> Option<Message> {
    if [".", ".."].contains(&text) {
        return Some(msg!(
            "`{text}` cannot be {what}: in a URL, it refers to a directory",
            text,
            what
        ));
    }
    text.chars().any(char::is_control).then(|| {
        let text = with_control_pictures(text.to_owned());
        msg!("`{text}` has a control character", text)
    })
}

/// Returns a recipient in a form that [`TypedRecipient::read`] reads back, and that no spreadsheet
/// takes for a number: `+593987654321`, `id:USER`, or a WhatsApp user id unchanged.
pub(crate) fn typed_form(recipient: &str) -> String {
    let of_number = || {
        PhoneNumber::read(&format!("+{recipient}"), None)
            .is_ok_and(|number| number.as_str() == recipient)
    };
    match recipient {
        _ if is_user_id(recipient) => recipient.to_owned(),
        _ if of_number() => format!("+{recipient}"),
        _ => format!("id:{recipient}"),
    }
}

/// Returns the flag that names this recipient, quoted for a shell.
pub(crate) fn to_flag(recipient: &str) -> String {
    let quoted = shell_argument(&typed_form(recipient));
    format!("--to {quoted}")
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TypedRecipient {
    /// Reads a recipient from a flag, a list or a file: `id:USER`, a WhatsApp user id, or a phone
    /// number. Digits without a country code can be a local number of `country`.
    ///
    /// # Errors
    /// If it is not exactly one recipient.
    pub(crate) fn read(typed: &str, country: Option<Country>) -> Result<Self, RecipientError> {
        let user = typed.trim_matches(is_unseen);
        if let Some(user) = user.strip_prefix("id:") {
            if let Some(problem) = documented_placeholder(user) {
                return Err(RecipientError::new(
                    problem,
                    msg!("write the user's own id after id:"),
                ));
            }
            return Ok(Recipient::verbatim(user)?.into());
        }
        if is_user_id(user) {
            return Ok(Recipient(user.to_owned()).into());
        }
        PhoneNumber::read_in_any_form(typed, country).map(Self::from)
    }

    /// Reads a recipient to exclude.
    ///
    /// # Errors
    /// If it is not exactly one recipient, or an id that is rather a number with a comment.
    pub(crate) fn read_to_exclude(
        typed: &str,
        country: Option<Country>,
    ) -> Result<Self, RecipientError> {
        check_id_to_exclude(typed, country)?;
        Self::read(typed, country)
    }

    /// Adds warnings about how it was read, each once.
    pub(crate) fn warn(&mut self, warnings: impl IntoIterator<Item = impl Into<Message>>) {
        for warning in warnings {
            let warning = warning.into();
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Warnings about how it was read.
    pub(crate) fn warnings(&self) -> &[Message] {
        &self.warnings
    }

    /// Returns the country code of a number that was typed without `+` or 00.
    pub(crate) fn bare_code(&self) -> Option<&'static str> {
        self.number.as_ref()?.bare_code()
    }
}

/// Checks an `id:USER` to exclude. One with a space, or with a phone number next to other text, is rather a number with a
/// comment. As an id, it would exclude no one.
///
/// # Errors
/// If it is such an id. `country` is that of local numbers.
pub(crate) fn check_id_to_exclude(
    typed: &str,
    country: Option<Country>,
) -> Result<(), RecipientError> {
    let Some(id) = typed.trim_matches(is_unseen).strip_prefix("id:") else {
        return Ok(());
    };
    let id = id.trim_matches(is_unseen);
    if id.contains(char::is_whitespace) {
        let problem = msg!("`{id}` is not an id: it contains a space", id);
        return Err(RecipientError::not_an_id(problem, id));
    }
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || "+-._".contains(sign);
    let is_number = |word: &&str| match PhoneNumber::read(word, country) {
        Ok(_) => true,
        Err(error) => error.is_without_country,
    };
    let mut words = id.split(|sign| !is_word(sign));
    let number = words.find(|word| *word != id && is_number(word));
    number.map_or(Ok(()), |number| {
        let problem = msg!(
            "`{id}` is not an id: it contains the number {number}",
            id,
            number
        );
        Err(RecipientError::not_an_id(problem, id))
    })
}

impl From<Recipient> for TypedRecipient {
    fn from(recipient: Recipient) -> Self {
        Self {
            recipient,
            number: None,
            warnings: Vec::new(),
        }
    }
}

impl From<PhoneNumber> for TypedRecipient {
    fn from(number: PhoneNumber) -> Self {
        Self {
            recipient: Recipient(number.as_str().to_owned()),
            warnings: number.warnings().to_vec(),
            number: Some(number),
        }
    }
}

/// The recipients in flags and the environment. Each gets a separate message.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedRecipients {
    /// Each `--to`.
    pub(crate) flags: Vec<String>,
    /// `JELOU_TO`, which may list several.
    pub(crate) environment: Option<String>,
    /// The country of national numbers in flags and environment.
    pub(crate) country: Option<Country>,
}

impl NamedRecipients {
    /// Returns where each recipient comes from, in order. There is always one, which may find no
    /// recipient, for example if `JELOU_TO` has only commas.
    pub(crate) fn sources(&self, is_in_body: bool) -> Vec<RecipientSources> {
        let source = |flag, environment| RecipientSources {
            flag,
            environment,
            country: self.country,
        };
        if !self.flags.is_empty() {
            let flags = self.flags.iter().cloned();
            return flags.map(|flag| source(Some(flag), None)).collect();
        }
        match &self.environment {
            Some(listed) if !is_in_body => {
                let listed = split_list(listed).map(|one| source(None, Some(one.to_owned())));
                let sources: Vec<_> = listed.collect();
                if sources.is_empty() {
                    vec![source(None, None)]
                } else {
                    sources
                }
            }
            environment => vec![source(None, environment.clone())],
        }
    }
}

/// Splits a list of recipients at every comma, semicolon and line break, and ignores empty parts. No recipient contains
/// one of these.
fn split_list(listed: &str) -> impl Iterator<Item = &str> {
    let parts = listed.split([',', ';', '\n', '\r']);
    parts
        .map(|part| part.trim_matches(is_unseen))
        .filter(|part| !part.is_empty())
}

/// Returns the hint for a value of `--to` that lists recipients: `--to A --to B`. None unless each of them is valid.
fn one_flag_each(raw: &str, country: Option<Country>) -> Option<Message> {
    let mut flags = Vec::new();
    for one in split_list(raw) {
        TypedRecipient::read(one, country).ok()?;
        let quoted = shell_argument(one);
        flags.push(format!("--to {quoted}"));
    }
    (!flags.is_empty()).then(|| {
        msg!(
            "pass each recipient on its own: {flags}",
            flags = flags.join(" ")
        )
    })
}

/// The possible sources of a recipient, in order of precedence: flag, body, environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecipientSources {
    /// `--to`
    pub(crate) flag: Option<String>,
    /// One recipient of `JELOU_TO`. An invalid value matters only if it is used.
    pub(crate) environment: Option<String>,
    /// The country of local numbers in the flag and the environment.
    pub(crate) country: Option<Country>,
}

impl RecipientSources {
    /// Returns the recipient as it was typed; empty if only the body can name one.
    pub(crate) fn raw(&self) -> &str {
        let typed = self.flag.as_ref().or(self.environment.as_ref());
        typed.map_or("", |typed| typed.trim_matches(is_unseen))
    }
}

/// A recipient, or the places to look for one.
#[derive(Clone, Debug)]
pub(crate) enum RecipientChoice<'a> {
    /// This recipient, even if the body names another.
    Made {
        recipient: TypedRecipient,
        /// The country of local numbers in the body.
        country: Option<Country>,
    },
    /// The first of these that is set.
    Among(&'a RecipientSources),
}

impl RecipientChoice<'_> {
    /// Returns whether the recipient comes from the body.
    pub(crate) fn is_left_to_body(&self) -> bool {
        matches!(self, Self::Among(RecipientSources { flag: None, .. }))
    }

    /// Returns the country of local numbers.
    pub(crate) fn country(&self) -> Option<Country> {
        match self {
            Self::Made { country, .. } => *country,
            Self::Among(sources) => sources.country,
        }
    }

    /// Chooses the recipient; `in_body` is the one in the body.
    ///
    /// # Errors
    /// If there is no recipient, or the first one is invalid. The others are not checked.
    pub(crate) fn make(
        self,
        in_body: Option<&Recipient>,
    ) -> Result<TypedRecipient, InvalidMessage> {
        let sources = match self {
            Self::Made { recipient, .. } => return Ok(recipient),
            Self::Among(sources) => sources,
        };
        let (origin, raw) = match (&sources.flag, in_body, &sources.environment) {
            (Some(raw), _, _) => ("--to", raw),
            (None, Some(recipient), _) => return Ok(recipient.clone().into()),
            (None, None, Some(raw)) => ("JELOU_TO", raw),
            (None, None, None) => {
                let hint =
                    msg!("to pass one: --to NUMBER; to set one for all commands: JELOU_TO=NUMBER");
                return Err(InvalidMessage::other(msg!("no recipient"), hint));
            }
        };
        let typed = match TypedRecipient::read(raw, sources.country) {
            // The id of another channel would include the recipients after it.
            Ok(_) if split_list(raw).count() > 1 => Err(RecipientError::new(
                msg!("`{raw}` lists several recipients", raw),
                msg!("pass each recipient with its own --to"),
            )),
            typed => typed,
        };
        let typed = typed.map_err(|mut error| {
            if origin == "--to"
                && let Some(hint) = one_flag_each(raw, sources.country)
            {
                error.hint = Some(hint);
            }
            InvalidMessage::recipient(origin, error)
        })?;
        // Only a single message gets this warning here. A list gets it once for all its numbers.
        match typed.number {
            Some(number) if sources.country.is_none() => Ok(number.with_country_warning().into()),
            number => Ok(TypedRecipient { number, ..typed }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_has_common_number_formats() {
        for (raw, expected) in [
            ("593987654321", "593987654321"),
            ("+593 98 765-4321", "593987654321"),
            ("00593 98 765-4321", "593987654321"),
            (
                "\u{202a}+593\u{a0}98\u{2011}765\u{2011}4321\u{202c}",
                "593987654321",
            ),
            ("+1 (415) 555.0100", "14155550100"),
            (" 593987654321 ", "593987654321"),
            ("\t593987654321\r\n", "593987654321"),
            ("593987654321\u{1f}", "593987654321"),
            ("US.13491208655302741918\n", "US.13491208655302741918"),
            ("+1.415.555.0000", "14155550000"),
            ("(+593) 987654321", "593987654321"),
            ("593.98.765.4321", "593987654321"),
            ("+44 (0)20 7946 0000", "442079460000"),
            ("tel:+593-98-765-4321", "593987654321"),
            ("TEL:+593987654321", "593987654321"),
            ("whatsapp:+593987654321", "593987654321"),
            ("p:+593987654321", "593987654321"),
            ("https://wa.me/593987654321", "593987654321"),
            ("https://wa.me/593987654321?text=Hola", "593987654321"),
            (
                "https://api.whatsapp.com/send?phone=593987654321&text=Hola",
                "593987654321",
            ),
            ("593987654321@c.us", "593987654321"),
            ("593987654321@s.whatsapp.net", "593987654321"),
            ("Ana Ríos <+593 98 765 4321>", "593987654321"),
            ("Ana <593987654321@c.us>", "593987654321"),
            ("id:USER", "USER"),
            ("id:user_id", "user_id"),
            ("US.13491208655302741918", "US.13491208655302741918"),
            (
                " US.ENT.11815799212886844830\u{a0}",
                "US.ENT.11815799212886844830",
            ),
            ("id:EC.593987654321", "EC.593987654321"),
            ("id: 1,2", "1,2"),
            ("\u{200b}id:abc \u{200b}\t", "abc"),
            ("id:0987654321", "0987654321"),
        ] {
            assert_eq!(
                TypedRecipient::read(raw, None).map(|typed| typed.recipient.to_string()),
                Ok(expected.to_owned()),
                "{raw}"
            );
        }
    }

    #[test]
    fn ambiguous_recipient_is_rejected() {
        for (raw, expected) in [
            ("", "is empty"),
            ("+", "is empty"),
            ("id:", "is empty"),
            ("id: ", "is empty"),
            ("id:\u{a0}\u{200b}\u{2060}\u{feff}", "is empty"),
            ("id:..", "it refers to a directory"),
            ("id:1\n4155550100", "`1␊4155550100` has a control character"),
            ("id:.\t.", "has a control character"),
            ("593987654321,593987654322", "several numbers"),
            ("593987654321\n593987654322", "several numbers"),
            ("593987654321\t1", "contains a tab"),
            ("++593987654321", "contains `+`"),
            ("5939876+54321", "contains `+`"),
            ("5.93988E+11", "Excel has shortened this number"),
            ("5,93E+11", "Excel has shortened this number"),
            (
                "593987650001.5",
                "has decimals, as a spreadsheet writes a number",
            ),
            (
                "de 'casa'",
                "`de 'casa'` is not a phone number: it contains `d`",
            ),
            ("USER_ID", "contains `U`"),
            (
                "id:USER_ID",
                "`USER_ID` is a placeholder of the API's documentation",
            ),
            (
                "id: <USER_ID>",
                "`<USER_ID>` is a placeholder of the API's documentation",
            ),
            (
                "EC.593987654321",
                "`EC.593987654321` is not a phone number: it contains `E`",
            ),
            ("US.12", "`US.12` is not a phone number: it contains `U`"),
            ("us.13491208655302741918", "contains `u`"),
            ("MR.Smith", "contains `M`"),
            ("٥٩٣٩٨٧٦٥٤٣٢١", "contains `٥`"),
            ("0987654321", "has no country code"),
            ("https://wa.me/message/ABCDEF123", "contains `h`"),
            ("123456789@lid", "contains `@`"),
            ("120363041234567890@g.us", "contains `@`"),
            ("Ana <ana@example.com>", "contains `a`"),
            ("0987654321 (no llamar)", "contains `n`"),
            ("tel:0987654321", "has no country code"),
            ("+0987654321", "no country code begins with 0"),
            (
                "593987654321.00",
                "spreadsheet writes a number (did you mean +593987654321?)",
            ),
            ("5.0", "has decimals, as a spreadsheet writes a number"),
            ("+593987654321,0", "did you mean +593987654321?"),
            ("5.93987654321E+11", "did you mean +593987654321?"),
            ("5,93987654321e11", "did you mean +593987654321?"),
            (
                "593987654321\u{1}1",
                "contains the control character U+0001",
            ),
            (
                "=593987654321",
                "is a spreadsheet formula that keeps a number as text (did you mean +593987654321?)",
            ),
            (
                "''593987654321",
                "begins with the apostrophe that marks text in a spreadsheet",
            ),
            ("=\"Ana\"", "it contains `A`"),
            ("593.98.765.4321.0", "spreadsheet"),
            ("593-987-654-321.00", "spreadsheet"),
            ("987654321", "has no country code"),
            ("+123456", "7 to 15"),
            ("1234567890123456", "7 to 15"),
            (
                "123456789012345",
                "it is too long for a number of the United States, such as +1",
            ),
            ("593987654321 593987654322", "several numbers"),
        ] {
            let error = TypedRecipient::read(raw, None).expect_err(raw).to_string();
            assert!(error.contains(expected), "{raw}: {error}");
        }
    }

    #[test]
    fn list_is_split_at_every_separator() {
        for (listed, expected) in [
            ("593987654321", &["593987654321"][..]),
            ("+593 98 765-4322", &["+593 98 765-4322"]),
            (
                "593987654321, +593 98 765-4322;id:7\r\nid:ana\r8",
                &["593987654321", "+593 98 765-4322", "id:7", "id:ana", "8"],
            ),
            ("593987654321,", &["593987654321"]),
            (",;\n593987654321 ,\t,\u{a0}\n\n", &["593987654321"]),
            ("593987654321,123,ana", &["593987654321", "123", "ana"]),
            ("id:1,2", &["id:1", "2"]),
            ("5,93988E+11", &["5", "93988E+11"]),
            ("593987654321 593987654322", &["593987654321 593987654322"]),
            (" , ;\n", &[]),
            ("", &[]),
        ] {
            let parts: Vec<_> = split_list(listed).collect();
            assert_eq!(parts, expected, "{listed:?}");
        }
    }

    #[test]
    fn flags_replace_body_and_environment() {
        let named = |flags: &[&str], environment: Option<&str>| NamedRecipients {
            flags: flags.iter().map(ToString::to_string).collect(),
            environment: environment.map(str::to_owned),
            country: None,
        };
        let two = "593987654321,593987654322";
        for (named, is_in_body, expected) in [
            (
                named(&["1", "2"], Some(two)),
                false,
                &[(true, "1"), (true, "2")][..],
            ),
            (named(&["1"], Some(two)), true, &[(true, "1")]),
            (
                named(&[], Some(two)),
                false,
                &[(false, "593987654321"), (false, "593987654322")],
            ),
            (named(&[], Some(two)), true, &[(false, two)]),
            (named(&[], Some(" ,\n;")), false, &[(false, "")]),
            (named(&[two], None), false, &[(true, two)]),
        ] {
            let sources = named.sources(is_in_body);
            let found: Vec<_> = sources
                .iter()
                .map(|source| match (&source.flag, &source.environment) {
                    (Some(flag), _) => (true, flag.as_str()),
                    (None, environment) => (false, environment.as_deref().unwrap_or_default()),
                })
                .collect();
            assert_eq!(found, expected, "{named:?}");
        }
        assert_eq!(named(&[], None).sources(false).len(), 1);
    }

    #[test]
    fn list_in_flag_is_refused_with_flags() {
        let make = |flag: Option<&str>, environment: Option<&str>| {
            let source = RecipientSources {
                flag: flag.map(str::to_owned),
                environment: environment.map(str::to_owned),
                country: None,
            };
            let made = RecipientChoice::Among(&source).make(None);
            made.unwrap_err().hint().unwrap_or_default()
        };
        let expected = "pass each recipient on its own: --to 593987654321 --to +593987654322";
        assert_eq!(make(Some("593987654321, +593987654322"), None), expected);
        let ids = "pass each recipient on its own: --to id:7 --to id:ana";
        assert_eq!(make(Some("id:7;id:ana"), None), ids);
        let alone = "pass each recipient on its own: --to 593987654321";
        assert_eq!(make(Some("593987654321;"), None), alone);
        for other in [
            "593987654321,0",
            "593987654321,ana",
            "0987654321,0987654322",
            ",",
        ] {
            assert!(
                !make(Some(other), None).to_string().contains("--to "),
                "{other}"
            );
        }
        assert!(
            !make(None, Some("593987654321,593987654322"))
                .to_string()
                .contains("--to 593")
        );
    }
}
