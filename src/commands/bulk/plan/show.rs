//! `--preview`, `--dry-run` and `--curl` of `bulk send`: show what would be sent, also as a page, and change nothing
//! else.

use std::mem;

use super::begin::{PreparedList, estimate};
use super::read_rows::ReadList;
use crate::base::exit::ExitCode;
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::commands::bulk::earlier::{earlier_of, report_people};
use crate::commands::bulk::options::OR_UNCHECKED;
use crate::commands::bulk::people_limit::report_limit;
use crate::commands::bulk::report_file::ReportFile;
use crate::commands::bulk::skips::report_left_out;
use crate::commands::bulk::zone::zone_of_sender;
use crate::jelou::api::{Request, SuccessCriterion};
use crate::jelou::message::TemplateTexts;
use crate::runs::cost::Estimate;
use crate::runs::ledger::{DailyLimit, DraftRequest, LedgerError};
use crate::runs::report_page::{self, PageStyle, PlannedList};
use crate::sender::context::{Context, Mode};
use crate::sender::{CheckedTemplates, check_templates, refuse_unusable};

/// The number of messages that `--preview` draws.
const MOST_DRAWN: u64 = 10;

impl PreparedList<'_> {
    /// The verdict on the list was printed while it was `read`.
    pub(crate) fn show(
        mut self,
        mut read: ReadList,
        page: Option<ReportFile<'_>>,
    ) -> Result<ExitCode, CommandError> {
        let context = self.context;
        let sums = read.imported.sums();
        let mut refusals = self.refusals_by_store(mem::replace(&mut read.comparison, Ok(())))?;
        let would_leave = read.verdict.is_err() || refusals.is_empty();
        if page.is_none() && self.args.preview.is_none() && !would_leave {
            return finish(context, read.verdict, refusals, &sums);
        }
        self.details.template_texts = self.template_texts(&mut refusals)?;
        self.details.estimate = estimate(&self.draft, &self.details, self.prices.as_ref())?;
        refusals.extend(self.report_cost());
        if context.mode == Mode::Send {
            report_limit(context, self.store, &self.details, &self.draft)?;
        }
        if let Some(page) = page {
            let refused = read.verdict.as_ref().err().or(refusals.first());
            self.write_page(page, &read, refused.map(CommandError::line))?;
            return finish(context, read.verdict, refusals, &sums);
        }
        let accepts = read.imported.accepts.as_ref();
        let Some(most) = self.args.preview else {
            read.verdict?;
            self.print_requests(accepts, u64::MAX)?;
            return end(context, refusals);
        };
        // At a terminal it shows the messages; the requests are for programs, and for --dry-run.
        if would_leave && (context.mode != Mode::Send || !context.stdout.wants_words()) {
            self.print_requests(accepts, most)?;
        }
        self.draw_messages(most.min(MOST_DRAWN))?;
        let wanted = most.min(self.draft.to_be_sent());
        if wanted > MOST_DRAWN {
            context.stderr.note(&format!(
                "these are the first {MOST_DRAWN} of {wanted} messages; to see all: --preview all --file page.html"
            ));
        }
        finish(context, read.verdict, refusals, &sums)
    }

    /// The texts of the templates, which `--preview` shows; adds why they cannot be sent. A command that must not send
    /// anything does not look them up.
    fn template_texts(
        &self,
        refusals: &mut Vec<CommandError>,
    ) -> Result<TemplateTexts, CommandError> {
        let context = self.context;
        let uses = &self.details.templates;
        if uses.uses.is_empty()
            || self.args.work.unchecked
            || self.args.preview.is_none()
            || context.mode != Mode::Send
        {
            return Ok(TemplateTexts::default());
        }
        let CheckedTemplates { faults, texts } = block_on(async {
            let mut connection = self.sender.connect(context).await?;
            check_templates(&mut connection, uses, self.args.typed.delivery.strict).await
        })?;
        refusals.extend(refuse_unusable(&faults, OR_UNCHECKED).err());
        Ok(texts)
    }

    /// Prints what the list costs; returns the error if that is more than the budget.
    fn report_cost(&self) -> Option<CommandError> {
        let stderr = &self.context.stderr;
        for line in self.details.estimate.iter().flat_map(Estimate::words) {
            stderr.note(&line);
        }
        // A dry run does not know the categories of templates, and the sandbox costs nothing.
        let knows_categories =
            self.context.mode == Mode::Send || self.details.templates.uses.is_empty();
        let is_checked = knows_categories && !self.details.sandbox;
        self.check_budget().err().filter(|_| is_checked)
    }

    fn write_page(
        &self,
        page: ReportFile<'_>,
        read: &ReadList,
        refused: Option<String>,
    ) -> Result<(), CommandError> {
        let args = self.args;
        let list = PlannedList {
            details: &self.details,
            draft: &self.draft,
            kind: self.kind,
            remarks: &read.remarks,
            skip_invalid: args.policy.skip_invalid,
            refused,
            daily: DailyLimit::for_draft(self.store, &self.details, &self.draft)?,
            budget: self.budget,
        };
        let style = PageStyle {
            language: args.lang.unwrap_or_default(),
            mask: args.mask,
            zone: match &args.hours.time_zone {
                Some(typed) => typed.zone().clone(),
                None => zone_of_sender(&self.details, self.sender),
            },
        };
        page.write(self.context, |to| {
            report_page::write_preview(&list, style, to)
        })
    }

    /// The error if the list would be refused because of earlier runs; otherwise prints which rows they have.
    fn refusals_by_store(
        &self,
        comparison: Result<(), CommandError>,
    ) -> Result<Vec<CommandError>, CommandError> {
        let context = self.context;
        let draft = &self.draft;
        match comparison {
            Ok(()) => {}
            Err(error) if error.code == ExitCode::Guard => return Ok(vec![error]),
            Err(error) => return Err(error),
        }
        if let Some(store) = self.store.filter(|_| !self.details.sandbox) {
            report_left_out(context, draft.skip_counts());
            let people = store.known(&earlier_of(&self.details), |known| known.people(draft))?;
            report_people(context, people);
        }
        Ok(Vec::new())
    }

    /// Prints the first `most` requests.
    fn print_requests(
        &self,
        accepts: Option<&SuccessCriterion>,
        most: u64,
    ) -> Result<(), CommandError> {
        let Some(accepts) = accepts else {
            return Ok(());
        };
        let base = self.sender.planned_base();
        self.draft
            .first_sent(most, |_, DraftRequest { path, body, .. }| {
                let url = Request::url_below(base.url(), path).map_err(LedgerError::damaged)?;
                let request = Request::post(url, body.into(), accepts.clone());
                Ok(self.sender.show(self.context, &request)?)
            })
    }
}

/// Returns the error about the rows, or about the run; otherwise prints how many rows are valid.
fn finish(
    context: &Context,
    verdict: Result<(), CommandError>,
    refusals: Vec<CommandError>,
    sums: &str,
) -> Result<ExitCode, CommandError> {
    verdict?;
    if refusals.is_empty() {
        context.stderr.note(sums);
    }
    end(context, refusals)
}

/// Returns the first error that a run would be refused for; prints the others as warnings.
fn end(context: &Context, refusals: Vec<CommandError>) -> Result<ExitCode, CommandError> {
    let mut refusals = refusals.into_iter();
    let first = refusals.next();
    for other in refusals {
        let other = other.line();
        context
            .stderr
            .warning(&format!("this would be refused: {other}"));
    }
    match first {
        None => Ok(ExitCode::Success),
        Some(error) => Err(CommandError {
            message: format!("this would be refused: {}", error.message),
            ..error
        }),
    }
}
