//! Turns the flags of a bulk run into templates: flags override `--body`. Also finds the source of the recipient.

use minijinja::Environment;
use serde_json::{Value, json};

use super::send_args::BulkSendArgs;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::import::RecipientRule;
use crate::message::{Envelope, Message, Route, is_template, merge};
use crate::template::{BodyTemplate, TemplateError, TextTemplate};

/// The body from flags and `--body`; None if each row is the body.
pub(crate) fn read_body(context: &mut Context, args: &BulkSendArgs) -> Result<Option<Value>, CommandError> {
    let flags = args.message().flag_body(&mut context.input)?;
    let file =
        args.typed.delivery.body.as_ref().map(|source| context.input.json_value("--body", source)).transpose()?;
    if file.is_none() && args.message().envelope() == Envelope::Verbatim {
        return Ok(None);
    }
    let mut body = file.unwrap_or_else(|| json!({}));
    if let Some(field) = ["userId", "destinations"].into_iter().find(|field| body.get(field).is_some()) {
        return Err(UsageError::new(
            format!("{field}: the body names a recipient, but in a bulk run each row has its own"),
            format!(
                "take it out, as `jq 'del(.{field})'` does; the recipient is a column, or --to '593{{{{ celular }}}}'"
            ),
        )
        .into());
    }
    merge(&mut body, flags);
    Ok(Some(body))
}

/// Compiles the body from [`read_body`].
pub(crate) fn compile_body<'a>(
    language: &'a Environment<'a>,
    kind: &Message,
    schema: &Value,
    body: Option<&'a Value>,
) -> Result<BodyTemplate<'a>, UsageError> {
    let in_path = match kind.route(body.unwrap_or(&Value::Null)) {
        Route::FlowMessage { flow_type: Some(flow_type) } => Some(("--type", flow_type)),
        Route::CampaignTemplate { campaign } => Some(("--campaign", campaign)),
        Route::Messages | Route::FlowMessage { flow_type: None } | Route::Template => None,
    };
    if let Some((flag, _)) = in_path.filter(|(_, value)| is_template(value)) {
        return Err(UsageError::new(
            format!("{flag}: cannot hold a column: it is the same for every row"),
            "give a fixed value, without {{ }}",
        ));
    }
    match body {
        Some(body) => BodyTemplate::compile(language, schema, body, "").map_err(|error| not_a_template(&error)),
        None => Ok(BodyTemplate::Row),
    }
}

/// Compiles `--to`, which must differ from row to row; without it, the recipient is in a column.
pub(crate) fn recipient_rule<'a>(
    language: &'a Environment<'a>,
    to: Option<&'a str>,
    to_column: Option<&'a str>,
) -> Result<RecipientRule<'a>, UsageError> {
    let Some(to) = to else { return Ok(RecipientRule::Column(to_column)) };
    match TextTemplate::compile(language, "--to", to).map_err(|error| not_a_template(&error))? {
        Some(template) if !template.uses().is_empty() => Ok(RecipientRule::Template(template)),
        _ => Err(UsageError::new(
            format!("--to: every row would go to `{to}`"),
            "write the recipient from columns, --to '593{{ celular }}', or name its column with --to-column",
        )),
    }
}

fn not_a_template(error: &TemplateError) -> UsageError {
    UsageError::new(
        format!("{}: is not a template: {}", error.path, error.problem),
        "a column is {{ nombre }}, and `Nombre completo` is {{ nombre_completo }}; to print braces, write {{ '{{' }}",
    )
}
