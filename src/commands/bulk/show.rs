//! `--preview`, `--dry-run` and `--curl` of `bulk send`: show what would be sent, also as a page, and leave nothing
//! else behind.

use std::mem;

use super::begin::{PreparedList, estimate};
use super::earlier::{earlier_of, report_people};
use super::import::ReadList;
use super::report_file::ReportFile;
use super::words::report_left_out;
use crate::api::{Request, SuccessCriterion};
use crate::command_error::CommandError;
use crate::commands::limit::report_limit;
use crate::context::{Context, Mode};
use crate::cost::Estimate;
use crate::exit::ExitCode;
use crate::ledger::{DraftRequest, LedgerError};
use crate::message::TemplateTexts;
use crate::process::block_on;
use crate::report_page::{self, PlannedList};
use crate::sending::{CheckedTemplates, check_templates};

/// The number of messages that `--preview` draws.
const MOST_DRAWN: u64 = 10;

impl PreparedList<'_> {
    /// The verdict on the list was printed while it was `read`.
    pub(super) fn show(
        mut self,
        mut read: ReadList,
        page: Option<ReportFile<'_>>,
    ) -> Result<ExitCode, CommandError> {
        let context = self.context;
        let sums = read.imported.sums();
        let comparison = mem::replace(&mut read.comparison, Ok(()));
        let mut refused = match (&read.verdict, &comparison) {
            (Err(error), _) | (Ok(()), Err(error)) => Some(error.line()),
            (Ok(()), Ok(())) => None,
        };
        let would_leave = read.verdict.is_err() || self.report_earlier(comparison)?;
        if page.is_none() && self.args.preview.is_none() && !would_leave {
            return Ok(ExitCode::Success);
        }
        self.details.template_texts = self.template_texts()?;
        self.details.estimate = estimate(&self.draft, &self.details, self.rates.as_ref())?;
        refused = refused.or(self.report_cost());
        if context.mode == Mode::Send {
            report_limit(context, self.store, &self.details, &self.draft)?;
        }
        if let Some(page) = page {
            self.write_page(page, &read, refused)?;
            return finish(context, read.verdict, &sums);
        }
        let accepts = read.imported.accepts.as_ref();
        let Some(most) = self.args.preview else {
            read.verdict?;
            self.print_requests(accepts, u64::MAX)?;
            return Ok(ExitCode::Success);
        };
        // At a terminal it shows the messages; the requests are for programs, and for --dry-run.
        if would_leave && (context.mode != Mode::Send || !context.stdout.wants_words()) {
            self.print_requests(accepts, most)?;
        }
        self.draw_messages(most.min(MOST_DRAWN))?;
        let wanted = most.min(self.draft.to_be_sent());
        if wanted > MOST_DRAWN {
            context.stderr.note(&format!(
                "these are the first {MOST_DRAWN} of {wanted} messages; --preview all --file page.html writes a page with all"
            ));
        }
        finish(context, read.verdict, &sums)
    }

    /// The texts of the templates, which `--preview` shows. A command that must not send anything does not look them
    /// up.
    fn template_texts(&self) -> Result<TemplateTexts, CommandError> {
        let (context, uses) = (self.context, &self.details.templates);
        if uses.uses.is_empty()
            || self.args.work.unchecked
            || self.args.preview.is_none()
            || context.mode != Mode::Send
        {
            return Ok(TemplateTexts::default());
        }
        let CheckedTemplates { faults, texts } = block_on(async {
            let mut connection = self.sender.connect(context).await?;
            check_templates(&mut connection, uses, false).await
        })?;
        for fault in &faults {
            context
                .stderr
                .warning(&format!("this would be refused: {fault}"));
        }
        Ok(texts)
    }

    /// Says what the list costs; returns why that is too much.
    fn report_cost(&self) -> Option<String> {
        let stderr = &self.context.stderr;
        for line in self.details.estimate.iter().flat_map(Estimate::words) {
            stderr.note(&line);
        }
        // A dry run does not know the categories, and the sandbox costs nothing.
        let is_checked = self.context.mode == Mode::Send && !self.details.sandbox;
        let error = self.check_budget().err().filter(|_| is_checked)?;
        stderr.warning(&format!(
            "this would be refused, and nothing would leave: {}",
            error.message
        ));
        Some(error.message)
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
        };
        let language = args.lang.unwrap_or_default();
        page.write(self.context, |to| {
            report_page::write_preview(&list, language, args.mask, to)
        })
    }

    /// Prints what earlier runs have of these rows; returns false if nothing would be sent.
    fn report_earlier(&self, comparison: Result<(), CommandError>) -> Result<bool, CommandError> {
        let (context, draft) = (self.context, &self.draft);
        match comparison {
            Ok(()) => {}
            Err(error) if error.code == ExitCode::Guard => {
                context.stderr.warning(&format!(
                    "this would be refused, and nothing would leave: {}",
                    error.line()
                ));
                if let Some(hint) = &error.hint {
                    context.stderr.note(hint);
                }
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        let Some(store) = self.store.filter(|_| !self.details.sandbox) else {
            return Ok(true);
        };
        report_left_out(context, draft.skip_counts());
        let people = store.known(&earlier_of(&self.details), |known| known.people(draft))?;
        report_people(context, people);
        Ok(true)
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

/// Prints how many rows are fine, unless the verdict on them has told.
fn finish(
    context: &Context,
    verdict: Result<(), CommandError>,
    sums: &str,
) -> Result<ExitCode, CommandError> {
    verdict?;
    context.stderr.note(sums);
    Ok(ExitCode::Success)
}
