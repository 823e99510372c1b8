//! Reads vCards, version 2.1, 3.0 and 4.0, as contacts, and completes the fields of a contact. The
//! crate `vcard` splits cards into lines and their parts.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use jiff::civil::Date;
use quoted_printable::ParseMode;
use serde_json::{Map, Value, json};
use vcard::tree::cst::VcardCst;
use vcard::tree::error::VcardParseError;
use vcard::tree::line::VcardLine;

use super::limits::RECOGNIZED;
use crate::base::message::{Message, msg};
use crate::base::text_encoding::{NotText, decode_text};
use crate::base::texts::shorten;
use crate::phone::PhoneNumber;

/// Types that the reader of a card does not need.
const SILENT_TYPES: [&str; 6] = [
    "voice",
    "pref",
    "internet",
    "text",
    "other",
    "quoted-printable",
];

/// Names of lines that other programs use for a phone number, in part.
const PHONE_WORDS: [&str; 4] = ["TEL", "PHONE", "MOBILE", "CELL"];

/// Lines with digits that are not phone numbers.
const LINES_WITH_DIGITS: [&str; 6] = ["BDAY", "ANNIVERSARY", "REV", "UID", "VERSION", "ADR"];

/// The fewest digits of a phone number in a line with an unknown name.
const MIN_DIGITS: usize = 7;

/// The cards of a file.
pub(crate) struct Cards {
    pub(crate) contacts: Vec<Value>,
    /// The cards that lost a phone number because of an unknown line.
    pub(crate) warnings: Vec<Message>,
}

/// Decodes the text of a vCard file. A line that is not UTF-8 is decoded by its own CHARSET.
/// Without one, a card of version 2.1 is in Windows-1252, as Outlook writes it.
///
/// # Errors
/// If any other line is not UTF-8.
pub(crate) fn decode_cards(bytes: Vec<u8>) -> Result<String, NotText> {
    let has_mark = Encoding::for_bom(&bytes).is_some();
    if has_mark || std::str::from_utf8(&bytes).is_ok() {
        return decode_text(bytes);
    }
    let mut lines = Vec::new();
    let mut is_version_2 = false;
    for (index, line) in raw_lines(&bytes).into_iter().enumerate() {
        let upper_line = line.trim_ascii().to_ascii_uppercase();
        if upper_line.starts_with(b"VERSION:") {
            is_version_2 = upper_line.ends_with(b"2.1");
        }
        let text = match (std::str::from_utf8(line), line_charset(line)) {
            (Ok(text), _) => text.into(),
            (Err(_), Some(charset)) => charset.decode_without_bom_handling(line).0,
            (Err(_), None) if is_version_2 => WINDOWS_1252.decode_without_bom_handling(line).0,
            (Err(_), None) => {
                return Err(NotText {
                    encoding: UTF_8.name(),
                    line: index + 1,
                });
            }
        };
        lines.push(text);
    }
    Ok(lines.join("\n"))
}

/// Returns the lines of a file. Each may end in CR LF, LF or CR.
fn raw_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        lines.extend(line.split(|byte| *byte == b'\r'));
    }
    lines
}

/// Returns the encoding in the CHARSET parameter of a line. Its name is ASCII.
fn line_charset(line: &[u8]) -> Option<&'static Encoding> {
    let head = line.split(|byte| *byte == b':').next()?;
    let head = String::from_utf8_lossy(head).to_ascii_uppercase();
    let (_, charset) = head.split_once(";CHARSET=")?;
    let label = charset.split(';').next()?.trim_matches('"');
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != UTF_8)
}

/// Reads every card of `text`, in order. A line may also end in a single carriage return.
///
/// # Errors
/// If there is no card, or a card is incomplete.
pub(crate) fn read_cards(text: &str) -> Result<Cards, Message> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut contacts = Vec::new();
    let mut warnings = Vec::new();
    for card in VcardCst::parse_many(text.trim_start_matches('\u{feff}')) {
        let number = contacts.len() + 1;
        let card = card.map_err(|error| match error {
            VcardParseError::MissingEnd(_) => msg!("card {number} has no END:VCARD", number),
            VcardParseError::MissingCrlf(line)
            | VcardParseError::MissingPropertyColon(line)
            | VcardParseError::NonUtf8Header(line)
            | VcardParseError::ExpectedBegin(line) => {
                let first = line.trim().lines().next().unwrap_or_default();
                msg!(
                    "`{line}` is not a vCard line",
                    line = shorten(first, RECOGNIZED)
                )
            }
        })?;
        let is_card =
            |line: &VcardLine<'_>| line.raw_value_str().trim().eq_ignore_ascii_case("VCARD");
        if !card.begin.as_ref().is_some_and(is_card) {
            return Err(msg!("expected BEGIN:VCARD, found another BEGIN"));
        }
        if card
            .props
            .iter()
            .any(|line| line.name.get().eq_ignore_ascii_case("BEGIN"))
        {
            return Err(msg!("card {number} contains another card", number));
        }
        let contact = contact(&card.props);
        let name = contact
            .pointer("/name/formatted_name")
            .and_then(Value::as_str);
        let Some(name) = name else {
            return Err(msg!("card {number} has no name (FN, N or ORG)", number));
        };
        if let Some(problem) = number_problem(&card.props, &contact) {
            let name = shorten(name, RECOGNIZED);
            warnings.push(msg!(
                "card {number} (`{name}`) {problem}",
                number,
                name,
                problem
            ));
        }
        contacts.push(contact);
    }
    if contacts.is_empty() {
        Err(msg!("BEGIN:VCARD is missing"))
    } else {
        Ok(Cards { contacts, warnings })
    }
}

/// Returns the problem of a card that has phone numbers in unknown lines, or no way to reach its
/// contact.
fn number_problem(lines: &[VcardLine<'_>], contact: &Value) -> Option<Message> {
    let has_phone = contact.get("phones").is_some();
    let lost: Vec<_> = lines
        .iter()
        .filter(|line| may_be_phone(line, has_phone))
        .map(|line| {
            let written = format!("{}:{}", line.name.get(), line.raw_value_str().trim());
            format!("`{}`", shorten(&written, RECOGNIZED))
        })
        .collect();
    if !lost.is_empty() {
        let lost = lost.join(", ");
        return Some(if has_phone {
            msg!(
                "has a phone in an unknown line, which was skipped: {lost}",
                lost
            )
        } else {
            msg!("has no phone: the line {lost} was skipped", lost)
        });
    }
    let is_reachable = ["phones", "emails", "urls", "addresses"]
        .into_iter()
        .any(|list| contact.get(list).is_some());
    (!is_reachable).then(|| msg!("has only a name: no phone, email, URL or address"))
}

/// Returns whether a line other than TEL may have a phone number: by its name, or by its value if
/// the card has no phone.
fn may_be_phone(line: &VcardLine<'_>, has_phone: bool) -> bool {
    let name = line.name.get().to_ascii_uppercase();
    let bare_name = line.bare_name().to_ascii_uppercase();
    let value = line.raw_value_str();
    let value = value.trim();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits >= MIN_DIGITS
        && value
            .chars()
            .all(|character| character.is_ascii_digit() || " +-().".contains(character));
    if !is_number || bare_name == "TEL" || LINES_WITH_DIGITS.contains(&bare_name.as_str()) {
        return false;
    }
    let is_extension = bare_name.starts_with("X-");
    let is_named_phone = PHONE_WORDS.iter().any(|word| name.contains(word));
    !has_phone && (is_named_phone || !is_extension) || is_named_phone && !is_extension
}

fn contact(lines: &[VcardLine<'_>]) -> Value {
    let all = |name: &'static str| {
        lines
            .iter()
            .filter(move |line| line.bare_name().eq_ignore_ascii_case(name))
    };
    let first = |name| all(name).find_map(text);
    let name = all("N").next();
    let organization = all("ORG").next();
    let part = |index| name.and_then(|line| component(line, index));
    let company = organization.and_then(|line| component(line, 0));
    // A company's card may have no other name.
    let full_name = first("FN").or_else(|| company.clone().filter(|_| name.is_none_or(is_empty)));
    let mut name = object([
        ("formatted_name", full_name),
        ("first_name", part(1)),
        ("last_name", part(0)),
        ("middle_name", part(2)),
        ("suffix", part(4)),
        ("prefix", part(3)),
    ]);
    if !name.contains_key("formatted_name") || !has_parts(&name) {
        complete_name(&mut name);
    }
    let department = organization.and_then(|line| component(line, 1));
    let organization = object([
        ("company", company),
        ("department", department),
        ("title", first("TITLE")),
    ]);
    let phones = all("TEL").filter_map(|line| {
        let mut phone = object([
            ("phone", Some(phone(line)?)),
            ("type", kind(line)),
            ("wa_id", whatsapp_id(line)),
        ]);
        complete_phone(&mut phone);
        Some(phone)
    });
    let typed = |name, field| {
        let items = all(name);
        items.filter_map(move |line| {
            Some(object([(field, Some(text(line)?)), ("type", kind(line))]))
        })
    };
    let list = |items: Vec<Map<String, Value>>| Some(json!(items)).filter(|_| !items.is_empty());
    json!(filled([
        ("name", Some(json!(name))),
        ("phones", list(phones.collect())),
        ("emails", list(typed("EMAIL", "email").collect())),
        ("addresses", list(all("ADR").filter_map(address).collect())),
        (
            "org",
            Some(json!(organization)).filter(|_| !organization.is_empty())
        ),
        ("birthday", all("BDAY").find_map(birthday).map(Value::from)),
        ("urls", list(typed("URL", "url").collect())),
    ]))
}

/// Creates an object of the texts that exist.
fn object<const N: usize>(fields: [(&str, Option<String>); N]) -> Map<String, Value> {
    filled(fields.map(|(name, text)| (name, text.map(Value::from))))
}

/// Returns the whole value of a line.
fn text(line: &VcardLine<'_>) -> Option<String> {
    decoded(line, &line.value.decode())
}

/// Returns the part of a value at `index`; `;` separates the parts.
fn component(line: &VcardLine<'_>, index: usize) -> Option<String> {
    decoded(line, &line.value.decode_component_list(index).join(", "))
}

/// Returns the decoded text of a value or of a part of it; None if empty.
fn decoded(line: &VcardLine<'_>, value: &str) -> Option<String> {
    let text = if parameters(line, "ENCODING")
        .chain(bare(line))
        .any(|name| name.eq_ignore_ascii_case("QUOTED-PRINTABLE"))
    {
        let bytes = quoted_printable::decode(value, ParseMode::Robust).ok()?;
        let charset =
            parameters(line, "CHARSET").find_map(|label| Encoding::for_label(label.as_bytes()));
        let otherwise = if std::str::from_utf8(&bytes).is_ok() {
            UTF_8
        } else {
            WINDOWS_1252
        };
        charset
            .unwrap_or(otherwise)
            .decode(&bytes)
            .0
            .trim()
            .to_owned()
    } else {
        value.trim().to_owned()
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Returns the values of a parameter.
fn parameters<'a>(line: &'a VcardLine<'_>, name: &'static str) -> impl Iterator<Item = &'a str> {
    let named = line
        .params
        .iter()
        .filter(move |param| param.name.get().eq_ignore_ascii_case(name));
    named
        .flat_map(|param| &param.values)
        .flat_map(|value| value.get().trim_matches('"').split(','))
}

/// Returns the parameters of version 2.1, which have no name: `TEL;CELL`.
fn bare<'a>(line: &'a VcardLine<'_>) -> impl Iterator<Item = &'a str> {
    line.params
        .iter()
        .filter(|param| param.values.is_empty())
        .map(|param| param.name.get())
}

/// Returns the WhatsApp id from `TEL;waid=593…:`. WhatsApp writes it when you share a contact.
fn whatsapp_id(line: &VcardLine<'_>) -> Option<String> {
    let digits: String = parameters(line, "WAID")
        .next()?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    Some(digits).filter(|digits| (MIN_DIGITS..=15).contains(&digits.len()))
}

/// Returns the phone number in `TEL;VALUE=uri:tel:+593…;ext=1`, without scheme and parameters (RFC
/// 3966).
fn phone(line: &VcardLine<'_>) -> Option<String> {
    let phone = text(line)?;
    let number = match phone.split_at_checked("tel:".len()) {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => {
            number.split(';').next()?
        }
        _ => &phone,
    };
    Some(number.to_owned()).filter(|number| !number.is_empty())
}

/// Returns the type of a line. `CELL` is WhatsApp's `Mobile`, and any other type gets a capital.
/// Types without a meaning are skipped. Fax, pager and modem always count, because they cannot
/// receive messages.
fn kind(line: &VcardLine<'_>) -> Option<String> {
    let types = parameters(line, "TYPE")
        .chain(bare(line))
        .map(|name| name.trim().to_lowercase());
    // A custom label begins with `X-`.
    let types: Vec<_> = types
        .map(|name| name.strip_prefix("x-").unwrap_or(&name).to_owned())
        .collect();
    if types.iter().any(|name| name == "cell") {
        return Some("Mobile".to_owned());
    }
    let is_meaningful = |name: &&String| !SILENT_TYPES.contains(&name.as_str());
    let name = types
        .iter()
        .find(|name| cannot_chat(name))
        .or_else(|| types.iter().find(is_meaningful))?;
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
}

fn is_empty(line: &VcardLine<'_>) -> bool {
    (0..line.value.component_count()).all(|index| component(line, index).is_none())
}

/// Reads ADR. Its parts are: post box, extension, street, city, region, code, country (RFC 6350,
/// 6.3.1). An empty address counts as absent.
fn address(line: &VcardLine<'_>) -> Option<Map<String, Value>> {
    if is_empty(line) {
        return None;
    }
    let street = [2, 1, 0]
        .into_iter()
        .filter_map(|index| component(line, index))
        .collect::<Vec<_>>()
        .join(", ");
    Some(object([
        ("street", Some(street).filter(|street| !street.is_empty())),
        ("city", component(line, 3)),
        ("state", component(line, 4)),
        ("zip", component(line, 5)),
        ("country", component(line, 6)),
        (
            "country_code",
            parameters(line, "CC").next().map(str::to_owned),
        ),
        ("type", kind(line)),
    ]))
}

/// Reads BDAY. A birthday must be YYYY-MM-DD for WhatsApp; other dates are skipped. Apple writes a
/// date without a year and adds a parameter for that.
fn birthday(line: &VcardLine<'_>) -> Option<String> {
    if parameters(line, "X-APPLE-OMIT-YEAR").next().is_some() {
        return None;
    }
    let date: Date = text(line)?.split('T').next()?.parse().ok()?;
    Some(date.to_string())
}

/// Creates an object of the fields that exist.
pub(crate) fn filled<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Completes the parts of a name from the full name (first word, the rest), or the full name from
/// the parts.
pub(crate) fn complete_name(name: &mut Map<String, Value>) {
    let part = |part: &str| name.get(part).and_then(Value::as_str);
    let Some(full) = part("formatted_name") else {
        let full = ["first_name", "last_name"]
            .into_iter()
            .filter_map(part)
            .collect::<Vec<_>>()
            .join(" ");
        if !full.is_empty() {
            name.insert("formatted_name".to_owned(), json!(full));
        }
        return;
    };
    let words: Vec<_> = full
        .trim()
        .splitn(2, char::is_whitespace)
        .map(|words| words.trim().to_owned())
        .collect();
    for (part, words) in ["first_name", "last_name"]
        .into_iter()
        .zip(words)
        .filter(|(_, words)| !words.is_empty())
    {
        name.entry(part).or_insert(json!(words));
    }
}

/// Returns whether a name has a part other than the full name.
pub(crate) fn has_parts(name: &Map<String, Value>) -> bool {
    let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
    parts
        .into_iter()
        .filter_map(|part| name.get(part)?.as_str())
        .any(|part| !part.is_empty())
}

/// Returns whether a phone of this type cannot receive messages.
fn cannot_chat(phone_type: &str) -> bool {
    let phone_type = phone_type.to_lowercase();
    ["fax", "pager", "beeper", "modem", "textphone"]
        .iter()
        .any(|word| phone_type.contains(word))
}

/// Adds `wa_id`, the WhatsApp id, so that the card shows "Message". Only for a number that is
/// certainly international and not a fax, a pager or a modem.
pub(crate) fn complete_phone(phone: &mut Map<String, Value>) {
    let phone_type = phone.get("type").and_then(Value::as_str);
    if phone_type.is_some_and(cannot_chat) {
        return;
    }
    let typed = phone
        .get("phone")
        .and_then(Value::as_str)
        .filter(|typed| typed.trim_start().starts_with('+'));
    if let Some(number) = typed.and_then(|typed| PhoneNumber::read(typed, None).ok()) {
        phone.entry("wa_id").or_insert(json!(number.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        json!(read_cards(text).unwrap().contacts)
    }

    #[test]
    fn version_3_card_is_read() {
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Pérez;Juan;;Sr.;\r\nFN:Juan Pérez\r\nORG:Jelou;Ventas\r\nTITLE:Jefe\r\n\
            TEL;TYPE=CELL:+593 98 765 4321\r\nitem1.TEL;type=WORK;type=VOICE:+14155550100\r\nTEL:1800\r\nEMAIL;TYPE=WORK:juan@exa\r\n mple.com\r\n\
            ADR;TYPE=HOME:;;Calle 1\\, esq.;Quito;Pichincha;170101;Ecuador\r\nBDAY:1990-02-03\r\nURL:https://example.com\r\n\
            PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\n AAAA\r\nEND:VCARD\r\n";
        assert_eq!(
            read(card),
            json!([{
                "name": {"formatted_name": "Juan Pérez", "first_name": "Juan", "last_name": "Pérez", "prefix": "Sr."},
                "phones": [
                    {"phone": "+593 98 765 4321", "type": "Mobile", "wa_id": "593987654321"},
                    {"phone": "+14155550100", "type": "Work", "wa_id": "14155550100"},
                    {"phone": "1800"},
                ],
                "emails": [{"email": "juan@example.com", "type": "Work"}],
                "addresses": [{"street": "Calle 1, esq.", "city": "Quito", "state": "Pichincha", "zip": "170101", "country": "Ecuador", "type": "Home"}],
                "org": {"company": "Jelou", "department": "Ventas", "title": "Jefe"},
                "birthday": "1990-02-03",
                "urls": [{"url": "https://example.com"}],
            }])
        );
    }

    #[test]
    fn version_4_and_several_cards_are_read() {
        let cards = "BEGIN:VCARD\nVERSION:4.0\nFN:Ana María Ríos\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+593-99-999-9999\nBDAY:19900203\nEND:VCARD\n\n\
            BEGIN:VCARD\nVERSION:4.0\nFN:Bo\nBDAY:--0203\nADR;CC=EC:;;;Quito;;;\nADR:;;;;;;\nTEL;VALUE=uri:TEL:+14155550100;ext=5\nEND:VCARD\n\
            BEGIN:VCARD\nVERSION:4.0\nN:Cía;;;;\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03\nEND:VCARD\n";
        assert_eq!(
            read(cards),
            json!([
                {
                    "name": {"formatted_name": "Ana María Ríos", "first_name": "Ana", "last_name": "María Ríos"},
                    "phones": [{"phone": "+593-99-999-9999", "type": "Home", "wa_id": "593999999999"}],
                    "birthday": "1990-02-03",
                },
                {"name": {"formatted_name": "Bo", "first_name": "Bo"}, "phones": [{"phone": "+14155550100", "wa_id": "14155550100"}], "addresses": [{"city": "Quito", "country_code": "EC"}]},
                {"name": {"formatted_name": "Cía", "last_name": "Cía"}},
            ])
        );
    }

    #[test]
    fn unnamed_company_card_uses_company_name() {
        let card = "BEGIN:VCARD\nVERSION:3.0\nN:;;;;\nFN:\nORG:Jelou SA;\nTEL:tel:\nEND:VCARD\n";
        let name = json!({"formatted_name": "Jelou SA", "first_name": "Jelou", "last_name": "SA"});
        assert_eq!(
            read(card),
            json!([{"name": name, "org": {"company": "Jelou SA"}}])
        );
    }

    #[test]
    fn version_2_1_card_is_read() {
        let card = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:P=C3=A9rez;Juan;;;\r\n\
            FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Juan P=C3=A9=\r\nrez\r\nTEL;CELL:+593987654321\r\nTEL;HOME;VOICE:022\r\n\
            ADR;WORK;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:;;Calle=20=C3=91;Quito;;;\r\nEND:VCARD\r\n";
        assert_eq!(
            read(card),
            json!([{
                "name": {"formatted_name": "Juan Pérez", "first_name": "Juan", "last_name": "Pérez"},
                "phones": [{"phone": "+593987654321", "type": "Mobile", "wa_id": "593987654321"}, {"phone": "022", "type": "Home"}],
                "addresses": [{"street": "Calle Ñ", "city": "Quito", "type": "Work"}],
            }])
        );
    }

    #[test]
    fn incomplete_cards_are_rejected() {
        for (text, expected) in [
            ("", "BEGIN:VCARD is missing"),
            ("hello", "not a vCard line"),
            ("BEGIN:VCARD\nVERSION:3.0\nFN:x\n", "no END:VCARD"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "found another BEGIN"),
            (
                "BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\ntrailing words\n",
                "not a vCard line",
            ),
        ] {
            let error = read_cards(text).err().unwrap_or_default().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    fn warnings(lines: &str) -> Vec<String> {
        let card = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ana Ríos\n{lines}\nEND:VCARD\n");
        let warnings = read_cards(&card).unwrap().warnings;
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn skipped_numbers_cause_a_warning() {
        for (lines, expected) in [
            (
                "PHONE.WORK:+593987654312",
                "card 1 (`Ana Ríos`) has no phone: the line `PHONE.WORK:+593987654312` was skipped",
            ),
            (
                "MOVIL:(098) 765-4312\nEMAIL:ana@example.com",
                "card 1 (`Ana Ríos`) has no phone: the line `MOVIL:(098) 765-4312` was skipped",
            ),
            (
                "TEL:+593987654321\nTELEPHONE:+593987654322",
                "card 1 (`Ana Ríos`) has a phone in an unknown line, which was skipped: `TELEPHONE:+593987654322`",
            ),
            ("NOTE:x", "card 1 (`Ana Ríos`) has only a name"),
            ("TEL;TYPE=CELL:", "card 1 (`Ana Ríos`) has only a name"),
        ] {
            let warnings = warnings(lines);
            assert!(
                warnings.len() == 1 && warnings[0].starts_with(expected),
                "{lines}: {warnings:?}"
            );
        }
        for lines in [
            "EMAIL:ana@example.com\nREV:20250101\nBDAY:19900203",
            "TEL:+593987654321\nX-MS-TEL;ASSISTANT:022345678",
            "item1.TEL:+593987654321\nitem1.X-ABLabel:Mobile\nX-PHONETIC-LAST-NAME:Rios",
            "URL:https://example.com",
        ] {
            assert_eq!(warnings(lines), Vec::<String>::new(), "{lines}");
        }
    }

    #[test]
    fn whatsapp_id_comes_from_waid() {
        let phones = |lines: &str| {
            let card = format!("BEGIN:VCARD\nVERSION:3.0\nFN:A B\n{lines}\nEND:VCARD\n");
            read(&card).pointer("/0/phones").unwrap().clone()
        };
        assert_eq!(
            phones(
                "item1.TEL;waid=5215512340003:+52 55 1234 0003\nTEL;TYPE=CELL;WAID=\"551187654321\":+55 11 98765-4321"
            ),
            json!([
                {"phone": "+52 55 1234 0003", "wa_id": "5215512340003"},
                {"phone": "+55 11 98765-4321", "type": "Mobile", "wa_id": "551187654321"},
            ])
        );
        assert_eq!(
            phones("TEL;waid=x:+593987654321"),
            json!([{"phone": "+593987654321", "wa_id": "593987654321"}])
        );
        assert_eq!(
            phones(
                "TEL;TYPE=WORK,FAX:+59322345678\nTEL;TYPE=PAGER:+593987654320\nTEL;HOME;FAX:+59322345679\n\
                 TEL;MODEM:+59322345670\nTEL;TYPE=TEXTPHONE:+59322345671"
            ),
            json!([
                {"phone": "+59322345678", "type": "Fax"},
                {"phone": "+593987654320", "type": "Pager"},
                {"phone": "+59322345679", "type": "Fax"},
                {"phone": "+59322345670", "type": "Modem"},
                {"phone": "+59322345671", "type": "Textphone"},
            ])
        );
    }

    #[test]
    fn cards_are_decoded_by_version_and_charset() {
        let card = |version: &str, name: &[u8]| {
            let head = format!("BEGIN:VCARD\r\nVERSION:{version}\r\n");
            [head.as_bytes(), name, b"\r\nTEL:1800\r\nEND:VCARD\r\n"].concat()
        };
        let name = |bytes: Vec<u8>| {
            let contacts = read(&decode_cards(bytes).unwrap());
            contacts[0]["name"]["formatted_name"].clone()
        };
        for (version, line) in [
            ("2.1", &b"FN;LANGUAGE=es:Jos\xe9 N\xfa\xf1ez"[..]),
            (
                "2.1",
                b"FN;CHARSET=IBM866;ENCODING=QUOTED-PRINTABLE:x\r\nFN:Jos\xe9",
            ),
            ("2.1", b"FN;ENCODING=QUOTED-PRINTABLE:Jos=E9 N=FA=F1ez"),
            ("3.0", b"FN;CHARSET=ISO-8859-1:Jos\xe9 N\xfa\xf1ez"),
            ("3.0", "FN:José Núñez".as_bytes()),
            ("2.1", "FN:José Núñez".as_bytes()),
        ] {
            let found = name(card(version, line));
            let is_right = found == "José Núñez" || found == "x";
            assert!(is_right, "{version}: {found}");
        }
        let both = card("2.1", "ORG:Peña\r\nFN;CHARSET=UTF-8:Núñez".as_bytes());
        let both = [
            both,
            b"BEGIN:VCARD\nVERSION:2.1\nFN:Jos\xe9\nEND:VCARD\n".to_vec(),
        ]
        .concat();
        let text = decode_cards(both).unwrap();
        assert!(text.contains("Peña") && text.contains("José"), "{text}");

        let returns = "BEGIN:VCARD\rVERSION:3.0\rFN:José\rEND:VCARD\r";
        assert_eq!(name(returns.as_bytes().to_vec()), "José");
        let wide = returns.encode_utf16().flat_map(u16::to_be_bytes);
        assert_eq!(name([0xfe, 0xff].into_iter().chain(wide).collect()), "José");

        let error = decode_cards(card("3.0", b"FN:Jos\xe9")).unwrap_err();
        assert!(
            error.to_string().ends_with("is not UTF-8 at line 3"),
            "{error}"
        );
    }
}
