//! The settings of the run of a list, before its rows are read.

use std::time::Duration;

use super::list_message::ListMessage;
use super::messaging_limit::run_messaging_limit;
use super::send_args::BulkSendArgs;
use crate::base::input::UsageError;
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::{MessageKind, TemplateTexts, TemplateUses};
use crate::lists::column_facts::ColumnTable;
use crate::lists::exclusions::CountryRule;
use crate::lists::list_file::ListFormat;
use crate::runs::ledger::{RunConditions, RunSettings};
use crate::sender::Sender;
use crate::sender::context::Context;

/// The API address in the metadata of a sandbox run.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// Returns the conditions of a new run, from the flags and the profile. Warns about days in the
/// past.
pub(super) fn new_conditions(
    context: &Context,
    args: &BulkSendArgs,
    sender: &Sender,
    kind: &MessageKind,
) -> Result<RunConditions, UsageError> {
    let settings = &sender.settings;
    let hours = args
        .hours
        .over(settings.hours.clone(), args.file.is_some())?;
    args.hours
        .warn_about_past_days(hours.as_ref(), &context.stderr);
    let per_day = run_messaging_limit(args.hours.per_day, settings.limit_24h, kind)?;
    let begun = RunConditions {
        once: args.once.clone(),
        every: args.every,
        only_in_window: args.only_in_window,
        ..RunConditions::default()
    };
    Ok(args
        .options
        .conditions(hours, per_day, &args.choices.earlier, &begun))
}

pub(super) fn run_settings(
    args: &BulkSendArgs,
    sender: &Sender,
    conditions: RunConditions,
    format: ListFormat,
    message: &ListMessage,
) -> RunSettings {
    let settings = &sender.settings;
    args.work.over(RunSettings {
        kind: args.message().command().to_owned(),
        profile: settings
            .profile
            .as_ref()
            .map(|profile| profile.value.clone()),
        bot: sender.bot.clone(),
        client_id: sender.client_id.value.clone(),
        api_url: if settings.is_sandboxed() {
            SANDBOX.to_owned()
        } else {
            settings.api_url.as_key()
        },
        sandbox: settings.is_sandboxed(),
        // If no row of a list can be sent, the value is used only for the page.
        accepts: SuccessCriterion::AnyObject,
        format,
        columns: Vec::new(),
        column_table: ColumnTable::default(),
        list: args
            .file_name()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        country: CountryRule::new(args.choices.country, settings.country).otherwise,
        message: message.body.clone(),
        rate: args.options.rate.unwrap_or(settings.rate),
        concurrency: DEFAULT_CONCURRENCY,
        max_wait: DEFAULT_MAX_WAIT,
        no_keep_alive: false,
        conditions,
        templates: TemplateUses::default(),
        template_texts: TemplateTexts::default(),
        estimate: None,
        // Sending a list in parts may take longer than the default time to look back for duplicates.
        remember: args.remember.unwrap_or(if args.choices.earlier.skip_sent {
            Duration::MAX
        } else {
            settings.remember
        }),
        written_to: 0,
    })
}
