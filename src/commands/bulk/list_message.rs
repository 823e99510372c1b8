//! The message of a list, before the columns of a row are filled in.

use minijinja::Environment;
use serde_json::{Value, json};

use super::send_args::BulkSendArgs;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::jelou::message::{Envelope, InvalidMessage, MessageKind, Route, is_template, merge};
use crate::lists::template::{BodyTemplate, TextTemplate, language};
use crate::runs::import::{ColumnRule, RecipientRule};
use crate::sender::context::Context;

/// The typed parts of the message that each row gets.
pub(super) struct ListMessage {
    /// The typed kind, or the kind of the body.
    pub(super) kind: MessageKind,
    /// None if each row is the body.
    pub(super) body: Option<Value>,
    /// The hint for an invalid message, if `--body` has the body of another kind.
    pub(super) other_kind_hint: Option<Message>,
}

impl ListMessage {
    /// Reads the flags and `--body`, and prints warnings about them.
    pub(super) fn read(context: &mut Context, args: &BulkSendArgs) -> Result<Self, CommandError> {
        let typed = args.message();
        let body = read_body(context, args)?;
        let fields = body.as_ref().and_then(Value::as_object);
        let kind = match fields {
            Some(fields) => typed.read_as(fields).into_owned(),
            None => typed.clone(),
        };
        let other_command = body.as_ref().and_then(|body| typed.other_command(body));
        let message = Self {
            kind,
            other_kind_hint: other_command.map(other_kind_hint),
            body,
        };
        message.refuse_other_type(typed)?;
        let language = language();
        message.compile(&language)?;
        recipient_rule(&language, args, &[])?;
        Ok(message)
    }

    /// Refuses a body with the `type` of another kind, which no row can change.
    fn refuse_other_type(&self, typed: &MessageKind) -> Result<(), InvalidMessage> {
        let Some(fields) = self.body.as_ref().and_then(Value::as_object) else {
            return Ok(());
        };
        let wire_type = fields.get("type").and_then(Value::as_str);
        if wire_type.is_some_and(is_template) {
            return Ok(());
        }
        typed.check_type(fields).map_err(|error| {
            let raw = msg!("to send the body unchanged: jelouctl bulk send LIST raw --body FILE");
            error.with_hint(self.other_kind_hint.clone().unwrap_or(raw))
        })
    }

    /// Compiles the body: its strings are templates.
    pub(super) fn compile<'a>(
        &'a self,
        language: &'a Environment<'a>,
    ) -> Result<BodyTemplate<'a>, UsageError> {
        self.refuse_column_in_path()?;
        match &self.body {
            Some(body) => Ok(BodyTemplate::compile(language, self.kind.schema(), body)?),
            None => Ok(BodyTemplate::Row),
        }
    }

    /// Refuses a column in a flag that becomes part of the address.
    fn refuse_column_in_path(&self) -> Result<(), UsageError> {
        let body = self.body.as_ref().unwrap_or(&Value::Null);
        let in_path = match self.kind.route(body) {
            Route::FlowMessage {
                flow_type: Some(flow_type),
            } => Some(("--type", flow_type)),
            Route::CampaignTemplate { campaign } => Some(("--campaign", campaign)),
            Route::Messages | Route::FlowMessage { flow_type: None } | Route::Template => None,
        };
        match in_path {
            Some((flag, value)) if is_template(&value) => Err(UsageError::bare(msg!(
                "{flag}: cannot contain a column: it is the same for every row",
                flag
            ))),
            _ => Ok(()),
        }
    }
}

/// Reads the body from flags and `--body`; None if each row is the body.
fn read_body(context: &mut Context, args: &BulkSendArgs) -> Result<Option<Value>, CommandError> {
    let flags = args.message().flag_body(&mut context.input)?;
    let warnings = std::mem::take(&mut context.input.warnings);
    if args.typed.delivery.strict && !warnings.is_empty() {
        return Err(InvalidMessage::warnings(warnings).into());
    }
    context.stderr.warnings(&warnings);
    let file = args
        .typed
        .delivery
        .body
        .as_ref()
        .map(|source| context.input.json_value("--body", source))
        .transpose()
        .map_err(|error| error.or_hint(args.message().body_hint()))?;
    if file.is_none() && args.message().envelope() == Envelope::Verbatim {
        return Ok(None);
    }
    let mut body = file.unwrap_or_else(|| json!({}));
    refuse_recipient(&body)?;
    merge(&mut body, flags);
    Ok(Some(body))
}

fn refuse_recipient(body: &Value) -> Result<(), UsageError> {
    let mut fields = ["userId", "destinations"].into_iter();
    let Some(field) = fields.find(|field| body.get(field).is_some()) else {
        return Ok(());
    };
    Err(UsageError::new(
        msg!(
            "{field}: the body names a recipient, but in a bulk run each row has its own",
            field
        ),
        msg!("to remove it: jq 'del(.{field})'", field),
    ))
}

/// Compiles `--to`, which must contain a column. Without it, the recipient is in a column. `of_profile` are its names in
/// the profile.
pub(super) fn recipient_rule<'a>(
    language: &'a Environment<'a>,
    args: &'a BulkSendArgs,
    of_profile: &'a [String],
) -> Result<RecipientRule<'a>, UsageError> {
    let Some(to) = args.typed.delivery.to.as_deref() else {
        return Ok(RecipientRule::Column(ColumnRule {
            typed: args.choices.to_column.as_deref(),
            of_profile,
        }));
    };
    match TextTemplate::compile(language, "--to", to)? {
        Some(template) if !template.uses.is_empty() => Ok(RecipientRule::Template(template)),
        _ => Err(UsageError::new(
            msg!("--to: every row would go to `{to}`", to),
            msg!(
                "to build the recipient: --to '593{{{{ celular }}}}'; to use one column: --to-column COLUMN"
            ),
        )),
    }
}

/// Returns the hint for a body of the kind `kind`, in a list of another kind.
fn other_kind_hint(kind: &str) -> Message {
    msg!(
        "for a body of {kind}: jelouctl bulk send LIST {kind} --body FILE",
        kind
    )
}
