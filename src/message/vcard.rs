//! vCards, version 2.1, 3.0 and 4.0, as contacts. calcard parses them; this file only maps properties to fields.

use calcard::common::PartialDateTime;
use calcard::vcard::{VCard, VCardEntry, VCardParameterName, VCardProperty, VCardValue};
use calcard::{Entry, Parser};
use serde_json::Map;

use super::contact::{Address, Contact, Email, Link, Name, Organization, Phone};
use super::field_types::clipped;

/// Types that mean nothing to a reader of the card.
const SILENT_TYPES: [&str; 6] = ["voice", "pref", "internet", "text", "x-internet", "other"];

/// Every card of `text`, in order.
///
/// # Errors
/// If it has no card, or an incomplete one.
pub(crate) fn contacts(text: &str) -> Result<Vec<Contact>, String> {
    let mut parser = Parser::new(text).strict();
    let mut contacts = Vec::new();
    loop {
        let problem = match parser.entry() {
            Entry::VCard(card) => {
                contacts.push(contact(&card));
                continue;
            }
            Entry::Eof if contacts.is_empty() => "it has no BEGIN:VCARD".to_owned(),
            Entry::Eof => return Ok(contacts),
            Entry::InvalidLine(line) if line.trim().is_empty() => continue,
            Entry::InvalidLine(line) => {
                let first = line.trim().lines().next().unwrap_or_default();
                format!("`{}` is not a line of a card", clipped(first))
            }
            Entry::UnterminatedComponent(_) => format!("card {} has no END:VCARD", contacts.len() + 1),
            // calcard's enum may grow: any other entry is not a card.
            _ => "it holds something other than cards".to_owned(),
        };
        return Err(problem);
    }
}

fn contact(card: &VCard) -> Contact {
    let all = |property: VCardProperty| card.entries.iter().filter(move |entry| entry.name == property);
    let first = |property| all(property).find_map(text);
    let name = all(VCardProperty::N).next();
    let organization = all(VCardProperty::Org).next();
    let organization = Organization {
        company: organization.and_then(|entry| component(entry, 0)),
        department: organization.and_then(|entry| component(entry, 1)),
        title: first(VCardProperty::Title),
        unknown: Map::new(),
    };
    let has_organization =
        organization.company.is_some() || organization.department.is_some() || organization.title.is_some();
    let mut full_name = Name {
        // The card of a company may have no other name.
        formatted_name: first(VCardProperty::Fn)
            .or_else(|| organization.company.clone().filter(|_| name.is_none_or(is_empty))),
        first_name: name.and_then(|entry| component(entry, 1)),
        last_name: name.and_then(|entry| component(entry, 0)),
        middle_name: name.and_then(|entry| component(entry, 2)),
        prefix: name.and_then(|entry| component(entry, 3)),
        suffix: name.and_then(|entry| component(entry, 4)),
        unknown: Map::new(),
    };
    if full_name.formatted_name.is_none() || !full_name.has_parts() {
        full_name = full_name.complete();
    }
    Contact {
        name: Some(full_name),
        phones: some(
            all(VCardProperty::Tel)
                .filter_map(|entry| Some(Phone::new(phone(entry)?, kind(entry)).complete()))
                .collect(),
        ),
        emails: some(
            all(VCardProperty::Email)
                .filter_map(|entry| Some(Email { email: Some(text(entry)?), r#type: kind(entry), unknown: Map::new() }))
                .collect(),
        ),
        addresses: some(all(VCardProperty::Adr).filter_map(address).collect()),
        org: Some(organization).filter(|_| has_organization),
        birthday: all(VCardProperty::Bday).find_map(birthday),
        urls: some(
            all(VCardProperty::Url)
                .filter_map(|entry| Some(Link { url: Some(text(entry)?), r#type: kind(entry), unknown: Map::new() }))
                .collect(),
        ),
        unknown: Map::new(),
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

fn value_text(value: &VCardValue) -> Option<String> {
    let text = match value {
        VCardValue::Component(parts) => parts.join(", "),
        other => other.as_text()?.to_owned(),
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The first value of a property.
fn text(entry: &VCardEntry) -> Option<String> {
    entry.values.first().and_then(value_text)
}

/// One part of a property whose parts are separated by `;`.
fn component(entry: &VCardEntry, index: usize) -> Option<String> {
    entry.values.get(index).and_then(value_text)
}

/// `TEL;VALUE=uri:tel:+593…;ext=1` is the number between the scheme and the parameters (RFC 3966).
fn phone(entry: &VCardEntry) -> Option<String> {
    let phone = text(entry)?;
    let number = match phone.split_at_checked("tel:".len()) {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number.split(';').next()?,
        _ => &phone,
    };
    Some(number.to_owned()).filter(|number| !number.is_empty())
}

/// `CELL` is WhatsApp's `Mobile`; any other type gets a capital; types without a meaning are skipped.
fn kind(entry: &VCardEntry) -> Option<String> {
    let types = entry.params.iter().filter(|param| param.name == VCardParameterName::Type);
    let types: Vec<String> = types.filter_map(|param| param.value.as_text()).map(str::to_lowercase).collect();
    if types.iter().any(|name| name == "cell") {
        return Some("Mobile".to_owned());
    }
    let name = types.iter().find(|name| !SILENT_TYPES.contains(&name.as_str()))?;
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect())
}

fn is_empty(entry: &VCardEntry) -> bool {
    entry.values.iter().all(|value| value_text(value).is_none())
}

/// ADR is post box; extension; street; city; region; code; country (RFC 6350, 6.3.1). An empty address counts as
/// absent.
fn address(entry: &VCardEntry) -> Option<Address> {
    if is_empty(entry) {
        return None;
    }
    let street = [2, 1, 0].into_iter().filter_map(|index| component(entry, index)).collect::<Vec<_>>().join(", ");
    let country_code = entry.params.iter().find(|param| param.name == VCardParameterName::Cc);
    Some(Address {
        street: Some(street).filter(|street| !street.is_empty()),
        city: component(entry, 3),
        state: component(entry, 4),
        zip: component(entry, 5),
        country: component(entry, 6),
        country_code: country_code.and_then(|param| param.value.as_text()).map(str::to_owned),
        r#type: kind(entry),
        unknown: Map::new(),
    })
}

/// WhatsApp's form is YYYY-MM-DD; any other date is skipped. Apple writes a date without a year with a parameter that
/// says to omit the year.
fn birthday(entry: &VCardEntry) -> Option<String> {
    let omits_year = |name: &VCardParameterName| match name {
        VCardParameterName::Other(name) => name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR"),
        _ => false,
    };
    if entry.params.iter().any(|param| omits_year(&param.name)) {
        return None;
    }
    match entry.values.first()? {
        VCardValue::PartialDateTime(PartialDateTime {
            year: Some(year),
            month: Some(month @ 1..=12),
            day: Some(day @ 1..=31),
            ..
        }) => Some(format!("{year:04}-{month:02}-{day:02}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &str) -> Value {
        json!(contacts(text).unwrap())
    }

    #[test]
    fn reads_version_3_with_folded_lines_escapes_and_types() {
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
    fn reads_version_4_without_n_and_several_cards() {
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
    fn takes_a_company_without_a_name_by_its_own() {
        let card = "BEGIN:VCARD\nVERSION:3.0\nN:;;;;\nFN:\nORG:Jelou SA;\nTEL:tel:\nEND:VCARD\n";
        let name = json!({"formatted_name": "Jelou SA", "first_name": "Jelou", "last_name": "SA"});
        assert_eq!(read(card), json!([{"name": name, "org": {"company": "Jelou SA"}}]));
    }

    #[test]
    fn reads_version_2_1_with_quoted_printable_and_bare_types() {
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
    fn refuses_what_is_not_whole_cards() {
        for (text, expected) in [
            ("", "no BEGIN:VCARD"),
            ("hello", "not a line of a card"),
            ("BEGIN:VCARD\nVERSION:3.0\nFN:x\n", "no END:VCARD"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "other than cards"),
            ("BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\ntrailing words\n", "not a line of a card"),
        ] {
            let error = contacts(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
