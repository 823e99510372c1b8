//! The media files that a message names, by the schema of its kind.

use serde_json::Value;

use super::media_url;
use super::schema_path::{Seen, visit};

/// A file that Jelou fetches for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaFile {
    pub(crate) url: String,
    /// The most bytes for its kind, as a number and as text: `5 MB`; None if the kind has no limit.
    pub(crate) most: Option<(u64, String)>,
}

/// The files of a body of the kind with this `schema`.
pub(crate) fn media_files(schema: &Value, body: &Value) -> Vec<MediaFile> {
    let mut files = Vec::new();
    visit(schema, body, &mut |Seen { schema, value, .. }| {
        if let Some(url) = value.as_str().filter(|_| is_of_file(schema)) {
            let size = schema.pointer("/x-media/size").and_then(Value::as_str);
            files.push(MediaFile { url: url.to_owned(), most: size.and_then(largest) });
        }
    });
    files
}

/// Whether a message of the kind with this `schema` can name a file.
pub(crate) fn can_have_media_files(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => is_of_file(schema) || fields.values().any(can_have_media_files),
        Value::Array(schemas) => schemas.iter().any(can_have_media_files),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Only the address of a file has to be HTTPS.
fn is_of_file(schema: &Value) -> bool {
    schema.get("pattern").and_then(Value::as_str) == Some(media_url::PATTERN)
}

/// The largest of the sizes in a text such as `100 KB (animated: 500 KB, WhatsApp)`.
fn largest(size: &str) -> Option<(u64, String)> {
    let words: Vec<_> =
        size.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let sizes = words.windows(2).filter_map(|pair| {
        let [number, unit] = pair else { return None };
        let bytes = match *unit {
            "KB" => 1024,
            "MB" => 1024 * 1024,
            _ => return None,
        };
        Some((number.parse::<u64>().ok()? * bytes, format!("{number} {unit}")))
    });
    sizes.max_by_key(|(bytes, _)| *bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::Message;

    #[test]
    fn finds_the_files_of_every_kind_with_what_it_takes() {
        let kib = 1024;
        for (kind, body, expected) in [
            ("image", json!({"mediaUrl": "https://a.example/1.png", "text": "x"}), Some(5 * kib * kib)),
            ("sticker", json!({"mediaUrl": "https://a.example/1.png"}), Some(500 * kib)),
            ("file", json!({"mediaUrl": "https://a.example/1.png"}), Some(100 * kib * kib)),
            ("template", json!({"elementName": "a", "mediaUrl": "https://a.example/1.png"}), None),
        ] {
            let schema = Message::named(kind).unwrap().schema();
            assert!(can_have_media_files(schema), "{kind}");
            let files = media_files(schema, &body);
            let [MediaFile { url, most }] = &files[..] else { panic!("{kind}: {files:?}") };
            assert_eq!((url.as_str(), most.as_ref().map(|(most, _)| *most)), ("https://a.example/1.png", expected));
        }
        let text = Message::named("text").unwrap().schema();
        assert_eq!(media_files(text, &json!({"text": "https://a.example"})), []);
        assert!(!can_have_media_files(text));
    }
}
