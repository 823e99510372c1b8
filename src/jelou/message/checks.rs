//! Completes the fields of a body and checks them against the schema of its kind. Reports all
//! errors together.

use serde_json::{Map, Value};

use super::envelope::Envelope;
use super::invalid::{InvalidMessage, Violation};
use super::kinds::MessageKind;
use super::parameter::{self, ONE_LINE};
use super::schema::{Schema, inside};
use super::{characters, limits, media_url};
use crate::base::invisible::{is_other_line_break, with_plain_line_breaks, without_blanks_at_ends};
use crate::base::message::{Message, msg};
use crate::base::suggest::nearest;
use crate::phone::Country;

/// Returns the fields of `body` as `kind` sends them (completed, ordered, within every limit), and
/// warnings. Errors name the flags of `typed`. `found` contains the errors so far. Local numbers are
/// numbers of `country`.
pub(crate) fn complete(
    kind: &MessageKind,
    typed: &MessageKind,
    mut body: Value,
    mut found: Vec<Violation>,
    country: Option<Country>,
) -> Result<(Value, Vec<Message>), InvalidMessage> {
    if let Value::Object(fields) = &mut body {
        let problems = (kind.kind.read)(fields).into_iter();
        found.extend(problems.map(|(name, problem)| typed.violation(name, problem)));
        (kind.kind.fill)(&typed.typed, fields);
    }
    if kind.envelope() != Envelope::Verbatim {
        normalize(kind.schema(), None, &mut body);
    }
    let warnings = check(kind, typed, &body, found, country)?;
    Ok((body, warnings))
}

/// Changes `value` to the form that is sent. Null in a known field is the same as no field,
/// defaults are filled in, fields are in the order of the schema, and line breaks are `\n`. Line
/// breaks at the end of a template's parameter and white space around a URL are removed, because they
/// are invisible in a list's cell.
fn normalize(schema: &Schema, rule: Option<&str>, value: &mut Value) {
    let rule = schema.rule.as_deref().or(rule);
    match value {
        Value::String(text) => {
            if characters::may_have_controls(text) && text.contains(is_other_line_break) {
                *text = with_plain_line_breaks(text);
            }
            if rule == Some(ONE_LINE) {
                text.truncate(text.trim_end_matches('\n').len());
            }
            if schema.is_address() || schema.is_link() {
                let address = without_blanks_at_ends(text);
                if address.len() < text.len() {
                    *text = address.to_owned();
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| normalize(schema.item(), rule, item)),
        Value::Object(fields) => {
            if !is_in_order(schema, fields) {
                let mut others = std::mem::take(fields);
                for (name, known) in &schema.properties {
                    let given = others
                        .shift_remove_entry(name)
                        .filter(|(_, given)| !given.is_null());
                    fields.extend(given.or_else(|| Some((name.clone(), known.default.clone()?))));
                }
                fields.extend(others);
            }
            for (name, value) in fields {
                if let Some(known) = schema.field(name) {
                    normalize(known, rule, value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns whether `fields` are complete, in the order of the schema, and not null. Most bodies
/// are.
fn is_in_order(schema: &Schema, fields: &Map<String, Value>) -> bool {
    let place = |name: &String| {
        schema
            .properties
            .iter()
            .position(|(known, _)| known == name)
            .unwrap_or(usize::MAX)
    };
    let is_there =
        |(name, known): &(String, Schema)| known.default.is_none() || fields.contains_key(name);
    fields.keys().map(place).is_sorted()
        && schema.properties.iter().all(is_there)
        && !fields.values().any(Value::is_null)
}

pub(crate) fn object(body: Value) -> Result<Map<String, Value>, InvalidMessage> {
    let found = match body {
        Value::Object(fields) => return Ok(fields),
        Value::Null => msg!("null"),
        Value::Bool(_) => msg!("a boolean"),
        Value::Number(_) => msg!("a number"),
        Value::String(_) => msg!("a text"),
        Value::Array(_) => msg!("a list"),
    };
    Err(InvalidMessage::other(
        msg!("expected a JSON object as the body, found {found}", found),
        msg!("write the body as {{\"field\": value, …}}"),
    ))
}

/// Checks every limit of `body` and adds the errors to those in `found`. Errors name the flags of
/// `typed`. A verbatim body has no limits. Local numbers are numbers of `country`. Returns warnings.
pub(super) fn check(
    kind: &MessageKind,
    typed: &MessageKind,
    body: &Value,
    found: Vec<Violation>,
    country: Option<Country>,
) -> Result<Vec<Message>, InvalidMessage> {
    let mut checks = Checks {
        kind,
        typed,
        country,
        found,
        unknown: Vec::new(),
        warnings: Vec::new(),
    };
    if kind.envelope() != Envelope::Verbatim {
        checks.check_value("", kind.schema(), None, body);
        checks.see_file(body);
    }
    let Checks {
        found: mut violations,
        unknown,
        mut warnings,
        ..
    } = checks;
    if violations.is_empty() {
        warnings.extend(unknown.iter().map(UnknownField::warning));
        return Ok(warnings);
    }
    // Report one error for each value.
    violations.sort_by(|one, other| one.path.cmp(&other.path));
    violations.dedup_by(|next, first| next.path == first.path);
    let text_is_missing =
        body.get("text").is_none() && violations.iter().any(|violation| violation.path == "text");
    violations.extend(unknown.into_iter().map(UnknownField::violation));
    Err(InvalidMessage::Violations {
        violations,
        text_is_missing,
    })
}

struct Checks<'a> {
    kind: &'a MessageKind,
    typed: &'a MessageKind,
    country: Option<Country>,
    found: Vec<Violation>,
    unknown: Vec<UnknownField>,
    warnings: Vec<Message>,
}

impl Checks<'_> {
    /// Checks the `value` at `path` and everything in it; an unknown field may have any value. `rule` is the rule
    /// in words of the nearest value that contains it.
    fn check_value(&mut self, path: &str, schema: &Schema, rule: Option<&str>, value: &Value) {
        let rule = schema.rule.as_deref().or(rule);
        let of_text =
            |text| characters::refused_character(text).or_else(|| parameter::problem(rule?, text));
        let own = limits::problem(schema, value).or_else(|| value.as_str().and_then(of_text));
        self.found
            .extend(own.map(|problem| self.typed.violation(path, problem)));
        self.warnings
            .extend(limits::advice(path, schema, value, self.country));
        match value {
            Value::Object(fields) => self.see_fields(path, schema, rule, fields),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_value(&format!("{path}[{index}]"), schema.item(), rule, item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Checks what a schema of one field cannot express about the file of a message: its name, and for a template the
    /// formats of its type.
    fn see_file(&mut self, body: &Value) {
        let Some(url) = body.get("mediaUrl") else {
            return;
        };
        let text = |field| body.get(field).and_then(Value::as_str);
        let is_template = self.kind.command() == "template";
        let kind = match text("type").filter(|_| is_template) {
            Some("document") => "file",
            Some(kind) => kind,
            None => self.kind.command(),
        };
        let known = MessageKind::from_name(kind).and_then(|kind| kind.schema().at("mediaUrl"));
        let Some(known) = known else {
            return;
        };
        if is_template {
            self.warnings
                .extend(limits::advice("mediaUrl", known, url, self.country));
        }
        let extensions = known.advised.as_ref().map(|advised| &advised.extensions);
        if let Some(extensions) = extensions
            && let Some(url) = url.as_str()
            && let Some(filename) = text("filename")
            && let Some(caution) = media_url::filename_caution(filename, url, extensions)
        {
            self.warnings.push(msg!("filename: {caution}", caution));
        }
    }

    fn see_fields(
        &mut self,
        path: &str,
        schema: &Schema,
        rule: Option<&str>,
        fields: &Map<String, Value>,
    ) {
        for (name, field) in schema
            .required()
            .filter(|(name, _)| !fields.contains_key(name))
        {
            self.missing(&inside(path, name), field);
        }
        for (name, value) in fields {
            match schema.field(name) {
                Some(field) => self.check_value(&inside(path, name), field, rule, value),
                None => self.unknown.push(UnknownField::new(
                    inside(path, name),
                    schema,
                    self.kind.schema(),
                )),
            }
        }
        // Rules that a schema cannot express.
        let problem = (self.kind.kind.problem)(&without_indices(path), fields);
        self.found.extend(
            problem.map(|(name, problem)| self.typed.violation(&inside(path, name), problem)),
        );
    }

    /// Adds that a field is missing. If fields of a missing object have their own flags, adds those
    /// fields instead, because their flags show what to type.
    fn missing(&mut self, path: &str, schema: &Schema) {
        let flag = self.typed.flag_for(path);
        let before = self.found.len();
        for (name, field) in schema.required() {
            let path = inside(path, name);
            if self.typed.flag_for(&path) != flag {
                self.missing(&path, field);
            }
        }
        if self.found.len() == before {
            self.found
                .push(self.typed.violation(path, msg!("is missing")));
        }
    }
}

/// Returns `cards[].header` for `cards[3].header`.
fn without_indices(path: &str) -> String {
    path.split('[')
        .map(|part| {
            part.split_once(']')
                .map_or(part.to_owned(), |(_, rest)| format!("[]{rest}"))
        })
        .collect()
}

/// A field that the schema of its kind does not know.
struct UnknownField {
    path: String,
    /// The nearest known field: its name if it belongs to the same object, else its path.
    meant: Option<String>,
}

impl UnknownField {
    /// Creates the field at `path` in an object with the schema `object`, in a body with the schema `root`.
    fn new(path: String, object: &Schema, root: &Schema) -> Self {
        let name = last_name(&path);
        let siblings = object.properties.iter().map(|(known, _)| known.as_str());
        let meant = match nearest(name, siblings) {
            Some(sibling) => Some(sibling.to_owned()),
            None => elsewhere(name, root),
        };
        Self { path, meant }
    }

    /// Returns the warning for a valid body, which is sent with the field.
    fn warning(&self) -> Message {
        let path = &self.path;
        match &self.meant {
            Some(meant) => msg!(
                "{path}: unknown field, sent unchanged (did you mean `{meant}`?)",
                path,
                meant
            ),
            None => msg!("{path}: unknown field, sent unchanged", path),
        }
    }

    /// Returns the fault of an invalid body, in which it may be the name of a missing field.
    fn violation(self) -> Violation {
        let problem = match &self.meant {
            Some(meant) => msg!("unknown field; did you mean `{meant}`?", meant),
            None => msg!("unknown field"),
        };
        Violation::without_flag(self.path, problem)
    }
}

/// Returns the path of the field anywhere in the body whose name is nearest to `name`.
fn elsewhere(name: &str, root: &Schema) -> Option<String> {
    let paths = root.known_paths();
    let found = nearest(name, paths.iter().map(|path| last_name(path)))?;
    paths.iter().find(|path| last_name(path) == found).cloned()
}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
