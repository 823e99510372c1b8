//! Turns a list that may be sent into a run: its metadata, the question, and the start.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::args::BulkSendArgs;
use crate::base::exit::ExitCode;
use crate::base::input::Source;
use crate::base::output::counted;
use crate::command_error::{CommandError, Phase};
use crate::commands::bulk::earlier::{compare, earlier_of, refuse_freed, report_people};
use crate::commands::bulk::exclude::{UnsentRows, leave_out};
use crate::commands::bulk::options::OR_UNCHECKED;
use crate::commands::bulk::people_limit::report_limit;
use crate::commands::bulk::send::report_end::ActiveRun;
use crate::commands::bulk::skips::report_left_out;
use crate::commands::bulk::summary::{RunSummary, nothing_to_send};
use crate::commands::bulk::waiting::report_closed;
use crate::commands::confirm;
use crate::commands::store::wait_for_turn;
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::{MessageKind, TemplateTexts, TemplateUses};
use crate::lists::exclusions::{CountryRule, Exclusions};
use crate::lists::list_file::ListFormat;
use crate::runs::cost::{Estimate, Money, PriceList};
use crate::runs::hours::Hours;
use crate::runs::ledger::{
    DraftRequest, Ledger, LedgerDraft, LedgerError, RunConditions, RunName, RunSettings,
};
use crate::sender::context::Context;
use crate::sender::{Connection, OpenWindows, Sender, refuse_templates, reread_do_not_contact};

/// The API address in the metadata of a sandbox run.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// A list with checked flags, a checked message and its sender. It is read, then shown or turned into a run.
pub(crate) struct PreparedList<'a> {
    pub(crate) context: &'a Context,
    pub(crate) args: &'a BulkSendArgs,
    pub(crate) sender: &'a Sender,
    /// The kind of the message.
    pub(crate) kind: &'a MessageKind,
    /// None if no run is created and there is no ledger.
    pub(crate) store: Option<&'a Ledger>,
    /// The excluded recipients.
    pub(crate) exclusions: &'a Exclusions,
    /// The recipients in the 24-hour window, with `--only-in-window`.
    pub(crate) windows: Option<OpenWindows>,
    pub(crate) draft: LedgerDraft,
    /// The properties of its run.
    pub(crate) details: RunSettings,
    pub(crate) prices: Option<PriceList>,
    /// The maximum cost of the run by these prices.
    pub(crate) budget: Option<Money>,
}

impl PreparedList<'_> {
    /// Asks, compares again, creates the run and sends it, unless it is only imported.
    pub(crate) async fn begin(
        mut self,
        store: &Ledger,
        name: RunName,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            args,
            sender,
            exclusions,
            ..
        } = self;
        let is_asked = is_asked(context, sender);
        let skips_told = self.draft.skip_counts().clone();
        let rows_told = self.draft.to_be_sent();
        let mut connection = self.ask(store, is_asked).await?;
        if is_asked {
            // The command may have waited hours for the answer.
            let excluded_now = reread_do_not_contact(&sender.settings)?;
            let windows = self.windows.as_ref();
            leave_out(
                context,
                UnsentRows::OfDraft(&mut self.draft),
                &excluded_now,
                windows,
            )?;
        }
        // The connection to the database may have closed while the command waited for the answer.
        let store = store.reconnected()?;
        wait_for_turn(&store, &mut connection.signals).await?;
        let Self {
            mut draft,
            mut details,
            prices,
            ..
        } = self;
        let earlier = earlier_of(&details);
        let made = store.make(
            &name,
            args.run.is_some(),
            &mut draft,
            &mut details,
            &earlier,
            |known, draft, details| {
                if !details.sandbox {
                    let are_recalled = draft.recall_awaited()?;
                    compare(&details.conditions, known, draft)?;
                    if are_recalled {
                        refuse_freed(draft)?;
                    }
                    if is_asked || draft.to_be_sent() != rows_told {
                        (details.written_to, _) = known.people(draft)?;
                    }
                }
                if let Some(signal) = connection.signals.came() {
                    return Err(CommandError::interrupted(signal));
                }
                if draft.to_be_sent() != rows_told {
                    details.estimate = estimate(draft, details, prices.as_ref())?;
                }
                Ok::<_, CommandError>(draft.to_be_sent() > 0)
            },
        );
        let Some(run) = made? else {
            return nothing_to_send(context, &draft);
        };
        report_left_out(context, &draft.skip_counts().since(&skips_told));
        let name = run.name();
        let rows = counted(draft.to_be_sent(), "message");
        drop(draft);
        context
            .stderr
            .note(&format!("run {name}: {rows} from bot {}", sender.bot));
        if args.import_only {
            let to_send = format!("to send it: jelouctl bulk work {name}");
            context.stderr.note(&format!(
                "the run is created, and nothing was sent; {to_send}"
            ));
            RunSummary::new(&run, &details)?.print(context, None)?;
            return Ok(ExitCode::Success);
        }
        let run = ActiveRun {
            context,
            sender,
            run,
            details: &details,
            exclusions,
        };
        run.carry_out(connection, args.work.progress)
            .await
            .map_err(|error| error.in_phase(Phase::Sending))
    }

    /// Prints the summary and asks. After that, the connection is open and the templates are checked.
    async fn ask(&mut self, store: &Ledger, is_asked: bool) -> Result<Connection, CommandError> {
        let Self {
            context,
            args,
            sender,
            ..
        } = *self;
        // The sandbox does not compare runs.
        if !self.details.sandbox {
            let people = store.known(&earlier_of(&self.details), |known| {
                known.people(&self.draft)
            })?;
            report_people(context, people);
            (self.details.written_to, _) = people;
            report_closed(context, self.details.conditions.hours.as_ref());
        }
        let checks = !args.work.unchecked;
        // The question shows the message with the template's own text.
        let mut opened = None;
        // The template's text comes with its category.
        let is_looked_up = is_asked || self.prices.is_some();
        if is_looked_up && checks && !self.details.templates.uses.is_empty() {
            opened = sender.connect_before_question(context).await?;
        }
        if let Some(connection) = &mut opened {
            self.note_templates(connection).await?;
            connection.release_signals();
        }
        self.details.estimate = estimate(&self.draft, &self.details, self.prices.as_ref())?;
        if !self.details.sandbox {
            self.check_budget()?;
        }
        let takes_days = report_limit(context, Some(store), &self.details, &self.draft)?;
        self.report_before(is_asked, takes_days)?;
        if needs_yes(sender) {
            let rows = self.draft.to_be_sent();
            let messages = counted(rows, "message");
            let from = sender.description();
            let to = sender.planned_base();
            ask(
                context,
                rows,
                &format!("Send {messages} from {from} to {to}?"),
            )?;
        }
        if let Some(mut connection) = opened {
            connection.catch_signals()?;
            return Ok(connection);
        }
        let mut connection = sender.connect(context).await?;
        if checks {
            self.note_templates(&mut connection).await?;
            self.details.estimate = estimate(&self.draft, &self.details, self.prices.as_ref())?;
        }
        Ok(connection)
    }

    /// Refuses a list that costs more than the budget.
    pub(crate) fn check_budget(&self) -> Result<(), CommandError> {
        let (Some(budget), Some(estimate)) = (self.budget, &self.details.estimate) else {
            return Ok(());
        };
        if let Some(words) = estimate.without_price() {
            let hint = "add the missing prices to the price list, or remove --budget";
            return Err(CommandError::guard(
                format!("with a budget of {budget}, {words}"),
                hint,
            ));
        }
        if estimate.total() > budget {
            let problem = format!(
                "the messages cost {}, more than the budget of {budget}",
                estimate.shown()
            );
            let hint = format!(
                "raise --budget, or send fewer messages: --limit N; {}",
                estimate.words().join("; ")
            );
            return Err(CommandError::guard(problem, hint));
        }
        Ok(())
    }

    /// Keeps the texts of the templates of the list.
    ///
    /// # Errors
    /// If the bot cannot send one of them.
    async fn note_templates(&mut self, connection: &mut Connection) -> Result<(), CommandError> {
        let Self { args, details, .. } = self;
        let uses = &details.templates;
        let strict = args.typed.delivery.strict;
        details.template_texts = refuse_templates(connection, uses, strict, OR_UNCHECKED).await?;
        Ok(())
    }
}

/// The file of a list, used to name its run; None for standard input.
pub(crate) fn file_of(source: &Source) -> &Path {
    match source {
        Source::Stdin => Path::new(""),
        Source::File(path) => path,
    }
}

/// The properties of the run of a list, before it is read.
pub(crate) fn details(
    args: &BulkSendArgs,
    sender: &Sender,
    countries: CountryRule,
    when: (Option<Hours>, Option<u32>),
    format: ListFormat,
    body: Option<&Value>,
) -> RunSettings {
    let settings = &sender.settings;
    let options = &args.options;
    let begun = RunConditions {
        once: args.once.clone(),
        every: args.every,
        only_in_window: args.only_in_window,
        ..RunConditions::default()
    };
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
        list: file_of(&args.source)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        country: countries.otherwise,
        message: body.cloned(),
        rate: options.rate.unwrap_or(settings.rate),
        concurrency: DEFAULT_CONCURRENCY,
        max_wait: DEFAULT_MAX_WAIT,
        no_keep_alive: false,
        conditions: options.conditions(when, &args.earlier, &begun),
        templates: TemplateUses::default(),
        template_texts: TemplateTexts::default(),
        estimate: None,
        // Sending a list in parts may take longer than the default time to look back for duplicates.
        remember: args.remember.unwrap_or(if args.earlier.skip_sent {
            Duration::MAX
        } else {
            settings.remember
        }),
        written_to: 0,
    })
}

/// The cost of the draft's messages; None without prices.
pub(crate) fn estimate(
    draft: &LedgerDraft,
    details: &RunSettings,
    prices: Option<&PriceList>,
) -> Result<Option<Estimate>, LedgerError> {
    let Some(prices) = prices else {
        return Ok(None);
    };
    let mut estimate = Estimate::new(prices);
    draft.each_sent(
        |_,
         DraftRequest {
             recipient,
             path,
             body,
         }| {
            let (country, category) = details.charged_by(recipient, path, body);
            estimate.add(prices, country, category);
            Ok::<_, LedgerError>(())
        },
    )?;
    Ok(Some(estimate))
}

/// Whether the command will ask.
pub(crate) fn is_asked(context: &Context, sender: &Sender) -> bool {
    needs_yes(sender) && !context.assume_yes && context.can_ask()
}

fn needs_yes(sender: &Sender) -> bool {
    !sender.settings.is_sandboxed() && sender.settings.confirm_bulk
}

/// Asks whether to send the messages. A script uses `--yes`, unless the profile or the sandbox makes that unnecessary.
pub(crate) fn ask(context: &Context, rows: u64, question: &str) -> Result<(), CommandError> {
    let not_done = format!("sending {} was not confirmed", counted(rows, "message"));
    let asked = confirm(context, question, &not_done);
    asked.map_err(|error| match error.code {
        ExitCode::Usage => CommandError {
            code: ExitCode::Guard,
            name: "guard",
            ..error
        },
        _ => error,
    })
}
