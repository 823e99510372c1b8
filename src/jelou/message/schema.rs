//! The schema of a kind's fields, read once from its definition (JSON Schema), with references
//! resolved.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::media_url;

/// The schema of a value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Schema {
    /// The type's name in JSON Schema; None if any type is allowed. jelouctl never sends null, even if the schema
    /// allows it.
    #[serde(skip)]
    pub(super) type_name: Option<String>,
    pub(super) description: String,
    /// The number of characters of a text, or of items of a list.
    #[serde(alias = "minLength", alias = "minItems")]
    pub(super) min_size: Option<usize>,
    #[serde(alias = "maxLength", alias = "maxItems")]
    pub(super) max_size: Option<usize>,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    /// The texts that are allowed; empty if any text is.
    #[serde(rename = "enum")]
    pub(super) words: Vec<String>,
    pub(super) pattern: Option<String>,
    /// The fields of which each must differ between the items of a list.
    #[serde(rename = "x-unique")]
    pub(super) unique: Vec<String>,
    /// A rule in words, which also applies to everything inside.
    #[serde(rename = "x-rule")]
    pub(super) rule: Option<String>,
    #[serde(rename = "x-source")]
    pub(super) source: Option<String>,
    #[serde(alias = "x-advised", alias = "x-media")]
    pub(super) advised: Option<Advised>,
    pub(super) default: Option<Value>,
    /// The names of the required fields.
    pub(super) required: Vec<String>,
    /// The known fields, in the order of the body. If empty, an object may have any fields.
    #[serde(skip)]
    pub(super) properties: Vec<(String, Schema)>,
    #[serde(skip)]
    pub(super) additional: Option<Box<Schema>>,
    #[serde(skip)]
    pub(super) items: Option<Box<Schema>>,
}

/// The recommendations of a source. For the URL of a file: the files that the source accepts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Advised {
    pub(super) source: String,
    pub(super) min_items: Option<usize>,
    pub(super) max_length: Option<usize>,
    pub(super) emoji: Option<bool>,
    pub(super) markdown: Option<bool>,
    pub(super) phone: bool,
    pub(super) link: bool,
    pub(super) note: Option<String>,
    pub(super) formats: Option<String>,
    pub(super) size: Option<String>,
    /// The extensions of these formats, in lower case.
    pub(super) extensions: Vec<String>,
}

/// The schema of a field without a schema: anything is allowed.
static FREE: LazyLock<Schema> = LazyLock::new(Schema::default);

impl Schema {
    /// Reads `json`, a part of the schema `root`.
    pub(super) fn read(root: &Value, json: &Value) -> Result<Self, serde_json::Error> {
        let default = json.get("default").cloned();
        let json = resolve(root, json);
        let Value::Object(words) = json else {
            return Ok(Self::default());
        };
        let inside = |name| {
            words
                .get(name)
                .map(|json| Self::read(root, json).map(Box::new))
                .transpose()
        };
        let properties = words
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let properties = properties.map(|(name, json)| Ok((name.clone(), Self::read(root, json)?)));
        // For `[X, null]`, use X.
        let type_name = words.get("type").map(|json| json.get(0).unwrap_or(json));
        Ok(Self {
            type_name: type_name.and_then(Value::as_str).map(str::to_owned),
            default,
            properties: properties.collect::<Result<_, serde_json::Error>>()?,
            additional: inside("additionalProperties")?,
            items: inside("items")?,
            ..Self::deserialize(json)?
        })
    }

    /// Returns the schema of the field `name`; None if the field is unknown.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        if self.properties.is_empty() {
            return Some(self.additional.as_deref().unwrap_or(&FREE));
        }
        self.properties
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, field)| field)
    }

    /// Returns the required fields.
    pub(super) fn required(&self) -> impl Iterator<Item = &(String, Self)> {
        self.properties
            .iter()
            .filter(|(name, _)| self.required.contains(name))
    }

    /// Returns the paths of all known fields: `text`, `parameters.cards`, `parameters.cards[].body`.
    pub(super) fn known_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.add_paths("", &mut paths);
        paths
    }

    fn add_paths(&self, path: &str, paths: &mut Vec<String>) {
        for (name, field) in &self.properties {
            let path = inside(path, name);
            paths.push(path.clone());
            field.add_paths(&path, paths);
            field.item().add_paths(&format!("{path}[]"), paths);
        }
    }

    pub(super) fn item(&self) -> &Self {
        self.items.as_deref().unwrap_or(&FREE)
    }

    /// Returns the schema of the field at `path`, as messages write it.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        let mut steps = path.split(['.', '[']).filter(|step| !step.is_empty());
        steps.try_fold(self, |schema, step| {
            if step.ends_with(']') {
                Some(schema.item())
            } else {
                schema.field(step)
            }
        })
    }

    /// Returns the type of the field at `path`, by its name in JSON Schema; None if any type is
    /// allowed.
    pub(crate) fn type_at(&self, path: &str) -> Option<&str> {
        self.at(path)?.type_name.as_deref()
    }

    /// Returns the rule in words of the field at `path`, or of the nearest field around it.
    pub(super) fn nearest_rule(&self, path: &str) -> Option<&str> {
        let ends = path
            .match_indices(['.', '['])
            .map(|(at, _)| at)
            .chain([path.len()]);
        ends.rev()
            .find_map(|end| self.at(path.get(..end)?)?.rule.as_deref())
    }

    /// Returns whether the value is the URL of a page that a button opens.
    pub(super) fn is_link(&self) -> bool {
        self.advised.as_ref().is_some_and(|advised| advised.link)
    }

    /// Returns whether the value is the URL of a file.
    pub(super) fn is_address(&self) -> bool {
        self.pattern.as_deref() == Some(media_url::PATTERN)
    }
}

/// Resolves a reference; for `anyOf [X, null]` returns X.
fn resolve<'a>(root: &'a Value, json: &'a Value) -> &'a Value {
    let reference = json.get("$ref").and_then(Value::as_str);
    let next = reference.and_then(|reference| root.pointer(reference.trim_start_matches('#')));
    next.or(json.pointer("/anyOf/0"))
        .map_or(json, |next| resolve(root, next))
}

/// Returns the path of the field `name` in the object at `path`.
pub(crate) fn inside(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
