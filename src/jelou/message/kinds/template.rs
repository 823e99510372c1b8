//! A template by its name, with its own endpoint, or by its id. The older form by id has named
//! parameters; `send template --template-id` sends it. Only templates reach users outside the
//! 24-hour window.

use serde_json::{Map, Value, json};

use super::{FieldProblem, Kind};
use crate::base::invisible::is_unseen;
use crate::base::message::{Message, msg};
use crate::jelou::message::envelope::Envelope;
use crate::jelou::message::limits::wrong_type;
use crate::jelou::message::recipient::segment_problem;
use crate::jelou::message::schema::Schema;

pub(super) const TEMPLATE: Kind = Kind {
    problem,
    ..Kind::new(
        "template",
        Envelope::Destinations,
        include_str!("template.json"),
    )
};

fn problem(place: &str, around: &Map<String, Value>) -> Option<FieldProblem> {
    match place {
        "" => missing_media(around).map(|problem| ("mediaUrl", problem)),
        "buttonParameters[]" => whole_address(around).map(|problem| ("param", problem)),
        _ => None,
    }
}

fn missing_media(around: &Map<String, Value>) -> Option<Message> {
    let kind = around.get("type").and_then(Value::as_str)?;
    let is_missing =
        ["image", "document", "video"].contains(&kind) && !around.contains_key("mediaUrl");
    is_missing.then(|| msg!("is missing"))
}

/// Returns the problem of a whole address as the value of a URL button: the template has the beginning of its link, and
/// the button would lead nowhere.
fn whole_address(button: &Map<String, Value>) -> Option<Message> {
    let kind = button.get("type").and_then(Value::as_str);
    if !kind.is_none_or(|kind| kind.eq_ignore_ascii_case("url")) {
        return None;
    }
    let value = button.get("param")?.as_str()?.trim().to_lowercase();
    let beginning = ["http://", "https://", "www."]
        .into_iter()
        .find(|beginning| value.starts_with(beginning))?;
    Some(msg!(
        "begins with `{beginning}`, but is only the end of the button's link",
        beginning
    ))
}

pub(super) const TEMPLATE_BY_ID: Kind = Kind {
    written_by: "template",
    read,
    ..Kind::new(
        "template-by-id",
        Envelope::Typed("template"),
        include_str!("template_by_id.json"),
    )
};

/// Flags set parameters as texts NAME=VALUE. The campaign is a part of the path.
fn read(fields: &mut Map<String, Value>) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    match fields.get("parameters").map(named_parameters) {
        Some(Ok(named)) => _ = fields.insert("parameters".to_owned(), named),
        Some(Err(problem)) => {
            fields.shift_remove("parameters");
            problems.push(("parameters", problem));
        }
        None => {}
    }
    let campaign = fields
        .shift_remove("campaignId")
        .filter(|campaign| !campaign.is_null());
    let problem = campaign.and_then(|campaign| match campaign.as_str() {
        Some(campaign) if campaign.trim_matches(is_unseen).is_empty() => Some(msg!("is empty")),
        Some(campaign) => segment_problem(campaign.trim_matches(is_unseen), &msg!("a campaign")),
        None => wrong_type(
            &Schema {
                type_name: Some("string".to_owned()),
                ..Schema::default()
            },
            &campaign,
        ),
    });
    problems.extend(problem.map(|problem| ("campaignId", problem)));
    problems
}

/// Returns the parameters by name.
fn named_parameters(given: &Value) -> Result<Value, Message> {
    let other = || msg!("expected names with their values, or a list of NAME=VALUE");
    let Value::Array(pairs) = given else {
        return if given.is_object() || given.is_null() {
            Ok(given.clone())
        } else {
            Err(other())
        };
    };
    let pairs = pairs
        .iter()
        .map(Value::as_str)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(other)?;
    let mut named = Map::new();
    for pair in pairs {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| {
                msg!(
                    "`{pair}` is not NAME=VALUE; a template by its id has named parameters",
                    pair
                )
            })?;
        if named.insert(name.to_owned(), json!(value)).is_some() {
            return Err(msg!("`{name}` is set twice", name));
        }
    }
    Ok(Value::Object(named))
}
