//! The limits of one value by its schema, and how a value violates them. Also warnings about a valid value that a source
//! advises against.

use serde_json::Value;
use url::Url;

use super::kinds::MessageKind;
use super::media_url::{self, has_repaired_character, is_public_host};
use super::schema::{Advised, Schema};
use crate::base::message::{Message, msg};
use crate::base::texts::shorten;
use crate::phone::{Country, PhoneNumber};

/// Returns the limits of a value, with their source: `1–20 characters (WhatsApp)`.
pub(super) fn limit(schema: &Schema) -> String {
    let unit = if schema.items.is_some() {
        "items"
    } else {
        "characters"
    };
    let mut rules = Vec::new();
    rules.extend(match (schema.min_size, schema.max_size) {
        (least, Some(most)) => Some(format!("{}–{most} {unit}", least.unwrap_or(0))),
        (Some(_), None) => Some("not empty".to_owned()),
        (None, None) => None,
    });
    if let (Some(least), Some(most)) = (schema.minimum, schema.maximum) {
        rules.push(format!("{least} to {most}"));
    }
    rules.extend(
        schema
            .unique
            .iter()
            .map(|field| format!("each {field} once")),
    );
    rules.extend((!schema.words.is_empty()).then(|| schema.words.join(", ")));
    rules.extend(schema.is_address().then(|| "public HTTPS".to_owned()));
    rules.extend(schema.rule.clone());
    let of_files = schema
        .advised
        .as_ref()
        .filter(|advised| advised.formats.is_some());
    match schema
        .source
        .as_ref()
        .or(of_files.map(|files| &files.source))
    {
        Some(source) => format!("{} ({source})", rules.join(", ")),
        None => rules.join(", "),
    }
}

/// Returns the problem of a value that does not have the type in the schema, or is not one of its
/// words.
pub(super) fn wrong_type(schema: &Schema, value: &Value) -> Option<Message> {
    let (is_right, needed) = match schema.type_name.as_deref()? {
        "string" => (value.is_string(), msg!("a text")),
        "number" => (value.is_number(), msg!("a number")),
        "integer" => (value.is_i64() || value.is_u64(), msg!("a whole number")),
        "array" => (value.is_array(), msg!("a list")),
        _ => (value.is_object(), msg!("an object")),
    };
    if is_right && (schema.words.is_empty() || schema.words.iter().any(|word| value == word)) {
        return None;
    }
    let found = match value {
        Value::Null => msg!("null"),
        Value::Bool(value) => msg!("`{value}`", value = value.to_string()),
        Value::Number(number) => msg!("the number {number}", number = number.to_string()),
        Value::String(text) => msg!("the text \"{text}\"", text = shorten(text, RECOGNIZED)),
        Value::Array(_) => msg!("a list"),
        Value::Object(_) => msg!("an object"),
    };
    if is_right {
        let words = schema.words.join(", ");
        return Some(msg!("is {found}; it can be {words}", found, words));
    }
    let needed = match schema.minimum.zip(schema.maximum) {
        Some((least, most)) => msg!(
            "{needed} from {least} to {most}",
            needed,
            least = least.to_string(),
            most = most.to_string()
        ),
        None => needed,
    };
    Some(msg!("is {found}; {needed} is expected", found, needed))
}

/// This many characters of a text are enough to recognize it.
pub(super) const RECOGNIZED: usize = 40;

/// Returns the problem of a value, without its neighbors.
pub(super) fn problem(schema: &Schema, value: &Value) -> Option<Message> {
    wrong_type(schema, value).or_else(|| match value {
        Value::String(text) => {
            let count = text.chars().count();
            let too_many = |most| {
                msg!(
                    "has {count} characters; at most {most} are allowed",
                    count,
                    most
                )
            };
            size(schema, count, too_many)
                .or_else(|| schema.is_address().then(|| media_url::problem(text))?)
        }
        Value::Array(items) => {
            let count = items.len();
            let too_many =
                |most| msg!("has {count} items; at most {most} are allowed", count, most);
            let mut fields = schema.unique.iter();
            size(schema, count, too_many)
                .or_else(|| fields.find_map(|field| repeated(items, field)))
        }
        Value::Number(number) => {
            let (least, most) = schema.minimum.zip(schema.maximum)?;
            let is_inside = (least..=most).contains(&number.as_f64()?);
            (!is_inside).then(|| {
                msg!(
                    "is the number {number}; must be between {least} and {most}",
                    number = number.to_string(),
                    least = least.to_string(),
                    most = most.to_string()
                )
            })
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    })
}

fn size(schema: &Schema, count: usize, too_many: impl FnOnce(usize) -> Message) -> Option<Message> {
    match (schema.min_size, schema.max_size) {
        (Some(_), _) if count == 0 => Some(msg!("is empty")),
        (_, Some(most)) if count > most => Some(too_many(most)),
        _ => None,
    }
}

/// Returns a text that two `items` have in `field`.
fn repeated(items: &[Value], field: &str) -> Option<Message> {
    let texts: Vec<_> = items
        .iter()
        .filter_map(|item| item.get(field)?.as_str())
        .collect();
    let again = (0..)
        .zip(&texts)
        .find(|(at, text)| texts.iter().take(*at).any(|other| other == *text));
    again.map(|(_, text)| {
        msg!(
            "repeats the {field} `{text}`; every {field} must be different",
            field,
            text
        )
    })
}

/// Warnings about the value at `path`, if it is valid. Local numbers are numbers of `country`.
pub(super) fn advice(
    path: &str,
    schema: &Schema,
    value: &Value,
    country: Option<Country>,
) -> Vec<Message> {
    let advice = match (value, &schema.advised) {
        (
            Value::Array(items),
            Some(Advised {
                min_items: Some(least),
                source,
                ..
            }),
        ) if items.len() < *least => {
            vec![msg!(
                "{source} needs at least {least} items, found {count}",
                source,
                least,
                count = items.len()
            )]
        }
        (Value::String(text), Some(advised)) => advice_on_text(advised, text, country),
        _ => Vec::new(),
    };
    advice
        .into_iter()
        .map(|advice| msg!("{path}: {advice}", path, advice))
        .collect()
}

fn advice_on_text(advised: &Advised, text: &str, country: Option<Country>) -> Vec<Message> {
    let mut advice = Vec::new();
    let source = &advised.source;
    let count = text.chars().count();
    if let Some(most) = advised.max_length.filter(|most| count > *most) {
        advice.push(msg!(
            "has {count} characters; {source} allows at most {most}",
            count,
            source,
            most
        ));
    }
    if advised.emoji == Some(false) && text.chars().any(is_emoji) {
        advice.push(msg!("has an emoji, which {source} may reject here", source));
    }
    if advised.markdown == Some(false) && has_markdown(text) {
        advice.push(msg!("has markdown, which {source} may reject here", source));
    }
    if advised.phone {
        advice.extend(advice_on_phone(source, text, country));
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()));
    let is_public = |url: &Url| url.host().is_some_and(|host| is_public_host(&host));
    if advised.link && url.is_none() {
        advice.push(msg!(
            "is not an http or https address, which {source} may reject here",
            source
        ));
    } else if advised.link && has_repaired_character(text) {
        advice.push(msg!(
            "has a space or a backslash, which {source} may reject here; a space is %20",
            source
        ));
    } else if advised.link && !url.as_ref().is_some_and(is_public) {
        advice.push(msg!(
            "is on a host that the recipient cannot open from outside"
        ));
    }
    if let Some(formats) = &advised.formats {
        // A URL without an extension may be of any format.
        let other = media_url::extension(text).filter(|extension| {
            let has_query = url.as_ref().is_some_and(|url| url.query().is_some());
            !advised.extensions.contains(extension) && (!has_query || is_format(extension))
        });
        advice.extend(other.map(|extension| {
            msg!(
                "ends in .{extension}; {source} accepts {formats} here",
                extension,
                source,
                formats
            )
        }));
    }
    advice
}

/// Returns whether a kind of message sends files with this extension. The address of a program, such as
/// `image.php?id=1`, has another one.
fn is_format(extension: &String) -> bool {
    MessageKind::all().iter().any(|kind| {
        let media = kind.schema().at("mediaUrl");
        let advised = media.and_then(|media| media.advised.as_ref());
        advised.is_some_and(|advised| advised.extensions.contains(extension))
    })
}

/// Returns a warning about a phone number that is not in E.164 (`+` and digits).
fn advice_on_phone(source: &str, raw: &str, country: Option<Country>) -> Option<Message> {
    match PhoneNumber::read(raw, country) {
        Ok(number) if raw.strip_prefix('+') == Some(number.as_str()) => None,
        Ok(number) => Some(msg!(
            "`{raw}` is sent unchanged; {source} expects +{number}",
            raw,
            source,
            number = number.as_str()
        )),
        Err(error) => Some(msg!(
            "{problem}; sent unchanged, but {source} expects + and digits",
            problem = error.message(),
            source
        )),
    }
}

/// Returns whether the text has formatting: WhatsApp formats a word that begins with a mark, if
/// that word or a later one ends with the same mark.
fn has_markdown(text: &str) -> bool {
    ['*', '_', '~', '`'].into_iter().any(|mark| {
        let opens = |word: &str| word.starts_with(mark) && !word.trim_matches(mark).is_empty();
        let closes = |word: &str| word.ends_with(mark) && !word.trim_matches(mark).is_empty();
        let mut words = text
            .split_whitespace()
            .skip_while(|word| !opens(word))
            .peekable();
        let is_one_word = words.peek().is_some_and(|word| closes(word));
        is_one_word || words.skip(1).any(closes)
    })
}

/// Returns whether the character is one of Unicode's pictographs, approximately.
fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
        || matches!(
            character,
            '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{2122}' | '\u{2139}'
        )
        || matches!(character, '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{231b}' | '\u{2328}' | '\u{23cf}')
        || matches!(character, '\u{23e9}'..='\u{23f3}' | '\u{23f8}'..='\u{23fa}' | '\u{25aa}'..='\u{25fe}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_differs_from_plain_signs() {
        for (text, expected) in [
            ("*Yes*", true),
            ("say *yes or no* now", true),
            ("_a_", true),
            ("~a b~", true),
            ("```a```", true),
            ("2 * 3 * 4", false),
            ("snake_case_name", false),
            ("*", false),
            ("**", false),
            ("5* hotel", false),
            ("*5 hotel", false),
            ("", false),
        ] {
            assert_eq!(has_markdown(text), expected, "{text}");
        }
    }
}
