//! A text for users as a value: the English text with its values apart, so that it can be printed in another language.
//! `es.tsv` has the same English texts with their Spanish.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use clap::ValueEnum;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::texts::rows;

const SPANISH: &str = include_str!("es.tsv");

/// A text that is the value alone.
const VERBATIM: &str = "{text}";

/// A language of texts for users. Its comments are the help of `--lang`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Lang {
    /// English
    #[default]
    En,
    /// Spanish
    Es,
}

impl Lang {
    pub(crate) fn pick<T>(self, [english, spanish]: [T; 2]) -> T {
        match self {
            Self::En => english,
            Self::Es => spanish,
        }
    }
}

/// A text for users. `Display` prints it in English; [`Message::text`] in any language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    /// In English, with the names of the values as `{line}`. `{rows|row|rows}` chooses the word by the number `rows`. Braces
    /// are doubled, as in `format!`. `{#word}` prints nothing: it tells equal English texts with different translations apart.
    template: &'static str,
    values: Vec<(&'static str, Value)>,
}

/// A value of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    /// The same in all languages: a name, a cell, a command, a system's error.
    Text(String),
    /// A number, in digits.
    Number(i64),
    Message(Message),
    /// Several messages with a separator between them.
    List(Vec<Message>, &'static str),
    /// A text that each language writes in its own way, such as the name of a country.
    ByLanguage {
        english: String,
        spanish: String,
    },
    /// A time, in milliseconds since 1970. A report writes it in its own way.
    Time {
        at: i64,
        english: String,
        spanish: String,
    },
}

/// Creates a [`Message`]: `msg!("line {line}: {count} {count|cell|cells}", line, count = cells.len())`. The text and the values
/// must have the same names. The values are borrowed.
macro_rules! msg {
    ($template:literal) => {
        $crate::base::message::Message::fixed(const {
            assert!(
                $crate::base::message::has_names($template, &[]),
                "a value is missing"
            );
            $template
        })
    };
    ($template:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::base::message::Message::with_values(
            const {
                assert!(
                    $crate::base::message::has_names($template, &[$(stringify!($name)),+]),
                    "the text and its values have different names"
                );
                $template
            },
            &[$((stringify!($name), msg!(@value $name $(= $value)?))),+],
        )
    };
    (@value $name:ident) => { &$name };
    (@value $name:ident = $value:expr) => { &$value };
}
pub(crate) use msg;

impl Message {
    /// Use [`msg!`], which checks the names. The code of each text is small, because the values are converted here.
    pub(crate) fn with_values(
        template: &'static str,
        values: &[(&'static str, &dyn ToValue)],
    ) -> Self {
        let values = values.iter().map(|(name, value)| (*name, value.to_value()));
        Self::new(template, values.collect())
    }

    /// Use [`msg!`], which checks that the text needs no values.
    pub(crate) const fn fixed(template: &'static str) -> Self {
        Self::new(template, Vec::new())
    }

    const fn new(template: &'static str, values: Vec<(&'static str, Value)>) -> Self {
        Self { template, values }
    }

    /// Creates a text that is the same in all languages: a command, or a text of the user, of Jelou or of the system.
    pub(crate) fn verbatim(text: impl Into<String>) -> Self {
        Self::new(VERBATIM, vec![("text", Value::Text(text.into()))])
    }

    /// Joins messages, such as the parts of a list. Without one, it is empty.
    pub(crate) fn joined(messages: Vec<Self>, separator: &'static str) -> Self {
        Self::new(VERBATIM, vec![("text", Value::List(messages, separator))])
    }

    /// Replaces the value with this name, if the text has one.
    pub(crate) fn with_value(mut self, name: &str, new: &str) -> Self {
        let mut values = self.values.iter_mut();
        if let Some((_, value)) = values.find(|(known, _)| *known == name) {
            *value = new.to_value();
        }
        self
    }

    /// Replaces the values of which `write` returns a text.
    pub(crate) fn with_texts(mut self, write: &dyn Fn(&Value) -> Option<String>) -> Self {
        for (_, value) in &mut self.values {
            if let Some(text) = write(value) {
                *value = Value::Text(text);
                continue;
            }
            *value = match std::mem::replace(value, Value::Number(0)) {
                Value::Message(message) => Value::Message(message.with_texts(write)),
                Value::List(messages, separator) => {
                    let messages = messages.into_iter();
                    let messages = messages.map(|message| message.with_texts(write));
                    Value::List(messages.collect(), separator)
                }
                other => other,
            };
        }
        self
    }

    /// Returns the text in this language. A text without a translation is in English.
    pub(crate) fn text(&self, lang: Lang) -> String {
        let mut text = String::new();
        self.write(lang, &mut text);
        text
    }

    /// Returns the English texts in it without their values, which identify what it says.
    pub(crate) fn templates(&self) -> Vec<&'static str> {
        let mut templates = vec![self.template];
        for (_, value) in &self.values {
            let messages = match value {
                Value::Message(message) => std::slice::from_ref(message),
                Value::List(messages, _) => messages,
                _ => &[],
            };
            templates.extend(messages.iter().flat_map(Self::templates));
        }
        templates
    }

    /// Returns the command in a hint, which is its value `command`.
    pub(crate) fn command(&self) -> Option<Self> {
        let command = self.value("command")?.clone();
        Some(Self::new(VERBATIM, vec![("text", command)]))
    }

    /// Returns the text with its values apart, as the ledger keeps it.
    pub(crate) fn encode(&self) -> String {
        self.as_json().to_string()
    }

    /// Reads what [`Message::encode`] returned. A text of another version is in English. Any other text is printed as it is.
    pub(crate) fn decode(stored: &str) -> Self {
        let parsed = serde_json::from_str(stored).ok();
        parsed
            .and_then(|json| Self::from_json(&json))
            .unwrap_or_else(|| Self::verbatim(stored))
    }

    fn as_json(&self) -> Json {
        let values = self.values.iter();
        let values: Vec<_> = values
            .map(|(name, value)| json!([name, value.as_json()]))
            .collect();
        json!([self.template, values])
    }

    fn from_json(json: &Json) -> Option<Self> {
        let [template, values] = json.as_array()?.as_slice() else {
            return None;
        };
        let template = kept_template(template.as_str()?);
        let values: Option<Vec<_>> = values
            .as_array()?
            .iter()
            .map(|pair| {
                let [name, value] = pair.as_array()?.as_slice() else {
                    return None;
                };
                let name = name.as_str()?;
                let name = names(template).find(|known| *known == name)?;
                Some((name, Value::from_json(value)?))
            })
            .collect();
        Some(Self::new(template, values?))
    }

    fn write(&self, lang: Lang, out: &mut String) {
        let template = match lang {
            Lang::En => self.template,
            Lang::Es => spanish().get(self.template).unwrap_or(&self.template),
        };
        for part in parts(template) {
            match part {
                TextPart::Words(words) => out.push_str(words),
                TextPart::Value(name) => match self.value(name) {
                    Some(value) => value.write(lang, out),
                    None => out.push_str(name),
                },
                TextPart::Choice { name, one, more } => {
                    let is_one = self.value(name).is_some_and(Value::is_one);
                    out.push_str(if is_one { one } else { more });
                }
            }
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let mut values = self.values.iter();
        values
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

impl Default for Message {
    fn default() -> Self {
        Self::fixed("")
    }
}

/// Lets the errors of other crates carry it.
impl std::error::Error for Message {}

/// Writes it in English.
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text(Lang::En))
    }
}

impl Value {
    /// Returns whether it is the number 1, also as each language writes it.
    fn is_one(&self) -> bool {
        match self {
            Self::Number(number) => *number == 1,
            Self::ByLanguage { english, .. } => english == "1",
            _ => false,
        }
    }

    fn write(&self, lang: Lang, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Message(message) => message.write(lang, out),
            Self::List(messages, separator) => {
                for (index, message) in messages.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { separator });
                    message.write(lang, out);
                }
            }
            Self::ByLanguage { english, spanish }
            | Self::Time {
                english, spanish, ..
            } => out.push_str(lang.pick([english, spanish])),
        }
    }

    /// A number and a text are themselves. A text in two languages and a time are objects, and a message is an array. The separator of a
    /// list is not kept.
    fn as_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Message(message) => message.as_json(),
            Self::List(messages, _) => {
                let messages: Vec<_> = messages.iter().map(Message::as_json).collect();
                json!({ "list": messages })
            }
            Self::ByLanguage { english, spanish } => json!({ "en": english, "es": spanish }),
            Self::Time {
                at,
                english,
                spanish,
            } => json!({ "at": at, "en": english, "es": spanish }),
        }
    }

    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::String(text) => Some(Self::Text(text.clone())),
            Json::Number(number) => number.as_i64().map(Self::Number),
            Json::Array(_) => Message::from_json(json).map(Self::Message),
            Json::Object(fields) => Self::from_fields(fields),
            Json::Null | Json::Bool(_) => None,
        }
    }

    fn from_fields(fields: &serde_json::Map<String, Json>) -> Option<Self> {
        if let Some(list) = fields.get("list") {
            let messages: Option<_> = list.as_array()?.iter().map(Message::from_json).collect();
            return Some(Self::List(messages?, "; "));
        }
        let english = fields.get("en")?.as_str()?.to_owned();
        let spanish = fields.get("es")?.as_str()?.to_owned();
        Some(match fields.get("at").and_then(Json::as_i64) {
            Some(at) => Self::Time {
                at,
                english,
                spanish,
            },
            None => Self::ByLanguage { english, spanish },
        })
    }
}

/// What can be a value of a text.
pub(crate) trait ToValue {
    fn to_value(&self) -> Value;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for Message {
    fn to_value(&self) -> Value {
        Value::Message(self.clone())
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl ToValue for Cow<'_, str> {
    fn to_value(&self) -> Value {
        Value::Text(self.clone().into_owned())
    }
}

impl ToValue for char {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl ToValue for Path {
    fn to_value(&self) -> Value {
        Value::Text(self.display().to_string())
    }
}

impl ToValue for std::path::PathBuf {
    fn to_value(&self) -> Value {
        self.as_path().to_value()
    }
}

impl ToValue for u8 {
    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl ToValue for u16 {
    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl ToValue for u32 {
    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl ToValue for u64 {
    fn to_value(&self) -> Value {
        Value::Number(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl ToValue for usize {
    fn to_value(&self) -> Value {
        Value::Number(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl ToValue for i32 {
    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Number(*self)
    }
}

impl From<&Message> for Message {
    fn from(message: &Message) -> Self {
        message.clone()
    }
}

/// A part of a text.
enum TextPart<'a> {
    /// Words that are printed unchanged.
    Words(&'a str),
    /// The value with this name.
    Value(&'a str),
    /// `one` if the value is 1, else `more`.
    Choice {
        name: &'a str,
        one: &'a str,
        more: &'a str,
    },
}

/// Splits a text into its parts.
fn parts(template: &str) -> impl Iterator<Item = TextPart<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(['{', '}']).unwrap_or(rest.len());
            if at > 0 {
                let (words, behind) = rest.split_at(at);
                rest = behind;
                return Some(TextPart::Words(words));
            }
            if rest.is_empty() {
                return None;
            }
            if rest.starts_with("{{") || rest.starts_with("}}") {
                let (brace, behind) = rest.split_at(2);
                rest = behind;
                return Some(TextPart::Words(brace.get(1..).unwrap_or_default()));
            }
            let (inside, behind) = rest.strip_prefix('{')?.split_once('}')?;
            rest = behind;
            if inside.starts_with('#') {
                continue;
            }
            let mut words = inside.split('|');
            let name = words.next().unwrap_or_default();
            return Some(match (words.next(), words.next()) {
                (Some(one), Some(more)) => TextPart::Choice { name, one, more },
                _ => TextPart::Value(name),
            });
        }
    })
}

/// Returns the names of the values in a text.
fn names(template: &str) -> impl Iterator<Item = &str> {
    parts(template).filter_map(|part| match part {
        TextPart::Words(_) => None,
        TextPart::Value(name) | TextPart::Choice { name, .. } => Some(name),
    })
}

/// Returns whether the values in `template` have these `names`: all of them, and no other. Used at compile time.
#[expect(
    clippy::indexing_slicing,
    reason = "a compiler evaluates it, and an index outside of the text does not compile"
)]
pub(crate) const fn has_names(template: &str, names: &[&str]) -> bool {
    let text = template.as_bytes();
    let mut used = 0;
    let mut at = 0;
    while at < text.len() {
        let is_brace = text[at] == b'{' || text[at] == b'}';
        if is_brace && at + 1 < text.len() && text[at + 1] == text[at] {
            at += 2;
            continue;
        }
        if text[at] == b'}' {
            return false;
        }
        if text[at] != b'{' || text[at + 1] == b'#' {
            // The mark of a text with another translation ends at its brace.
            while text[at] == b'{' && text[at + 1] == b'#' {
                while text[at] != b'}' {
                    at += 1;
                }
            }
            at += 1;
            continue;
        }
        let begin = at + 1;
        let mut end = begin;
        while text[end] != b'}' && text[end] != b'|' {
            end += 1;
        }
        let mut index = 0;
        while index < names.len() && !is_name(text, begin, end, names[index].as_bytes()) {
            index += 1;
        }
        if index == names.len() {
            return false;
        }
        used |= 1_u64 << index;
        while text[end] != b'}' {
            end += 1;
        }
        at = end + 1;
    }
    used == (1_u64 << names.len()) - 1
}

#[expect(clippy::indexing_slicing, reason = "as in `has_names`")]
const fn is_name(text: &[u8], begin: usize, end: usize, name: &[u8]) -> bool {
    if end - begin != name.len() {
        return false;
    }
    let mut index = 0;
    while index < name.len() {
        if text[begin + index] != name[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Returns the Spanish of each English text.
fn spanish() -> &'static HashMap<&'static str, &'static str> {
    static TABLE: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    TABLE.get_or_init(|| {
        rows::<2>(SPANISH)
            .map(|[english, spanish]| (english, spanish))
            .collect()
    })
}

/// Returns the Spanish of an English text without values.
pub(crate) fn spanish_of(english: &str) -> Option<&'static str> {
    spanish().get(english).copied()
}

/// Returns a text that equals `stored`: of `es.tsv`, or one without words or of another version, which is kept until the
/// program ends. There are few, because their values are apart.
fn kept_template(stored: &str) -> &'static str {
    static OTHERS: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    if let Some((english, _)) = spanish().get_key_value(stored) {
        return english;
    }
    let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = others.get(stored) {
        return known;
    }
    let kept: &'static str = String::from(stored).leak();
    others.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    impl From<&str> for Message {
        fn from(text: &str) -> Self {
            Self::verbatim(text)
        }
    }

    /// Compares the English text.
    impl PartialEq<&str> for Message {
        fn eq(&self, other: &&str) -> bool {
            self.text(Lang::En) == **other
        }
    }

    #[test]
    fn text_has_its_values() {
        let file = "a{b}.csv";
        for rows in [0_usize, 1, 2] {
            let message = msg!("{file}: {rows} {rows|row|rows} {{ x }}{#row}", file, rows);
            let noun = if rows == 1 { "row" } else { "rows" };
            assert_eq!(
                message.to_string(),
                format!("a{{b}}.csv: {rows} {noun} {{ x }}")
            );
        }
        let inner = msg!("it is a directory");
        let message = msg!("{place}: {problem}", place = "x", problem = inner);
        assert_eq!(message.text(Lang::Es), "x: es una carpeta");
        assert_eq!(Message::verbatim("{x}").to_string(), "{x}");
        let joined = Message::joined(vec![inner.clone(), "b".into()], "; ");
        assert_eq!(joined.to_string(), "it is a directory; b");
    }

    #[test]
    fn stored_text_is_read_in_both_languages() {
        let country = Value::ByLanguage {
            english: "Spain".to_owned(),
            spanish: "España".to_owned(),
        };
        let inner = msg!("it is a directory");
        let parts = Message::joined(vec![inner.clone(), msg!("the disk is full")], "; ");
        for value in [
            inner.to_value(),
            3_u64.to_value(),
            "a\"{x}".to_value(),
            country,
            parts.to_value(),
        ] {
            let message = Message::new(VERBATIM, vec![("text", value)]);
            assert_eq!(Message::decode(&message.encode()), message);
        }
        for stored in ["Jelou answered 422", "", "[]", "[1, 2]"] {
            assert_eq!(Message::decode(stored).to_string(), stored);
        }
        // A text without words is not in `es.tsv`, and neither is a text of another version.
        let inside = msg!("{place}: {problem}", place = "x", problem = inner);
        assert_eq!(Message::decode(&inside.encode()), inside);
        let other = r#"["a text of version {number}", [["number", 7]]]"#;
        assert_eq!(Message::decode(other), "a text of version 7");
    }

    #[test]
    fn names_are_compared() {
        for (text, names, expected) in [
            ("a {b} c", &["b"][..], true),
            ("{b|x|y}{b}", &["b"], true),
            ("{{b}}", &[], true),
            ("{#b}", &[], true),
            ("a {b}", &[], false),
            ("a {b}", &["c"], false),
            ("a {b}", &["b", "c"], false),
            ("a }", &[], false),
        ] {
            assert_eq!(has_names(text, names), expected, "{text}");
        }
    }
}
