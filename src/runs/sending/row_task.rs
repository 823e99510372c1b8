//! Sends one row that is in flight in the ledger, and returns its outcome.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::base::clock;
use crate::base::message::msg;
use crate::jelou::api::{
    Cause, Client, Credentials, Outcome, Request, SuccessCriterion, UrlsBelow, Verdict, excerpt,
    judge,
};
use crate::runs::ledger::{FinishedRow, LedgerError, RowState, RowToSend};

/// The maximum length of a message id in bytes; a longer id is dropped.
const LONGEST_ID: usize = 256;

/// The client, credentials and address of all requests of a run.
pub(crate) struct ApiSession {
    pub(crate) client: Client,
    pub(crate) credentials: Credentials,
    pub(crate) base: Url,
    pub(crate) accepts: SuccessCriterion,
}

/// The result of a row's task.
pub(crate) struct RowTaskEnd {
    pub(crate) row: FinishedRow,
    pub(crate) verdict: Box<Verdict>,
}

impl ApiSession {
    /// Creates the request for `row` from the ledger, and takes its body.
    pub(crate) fn request(
        &self,
        urls: &mut UrlsBelow,
        row: &mut RowToSend,
    ) -> Result<Request, LedgerError> {
        let url = urls
            .url(&row.path)
            .map_err(|error| LedgerError::damaged(format!("row {}: {error}", row.index)))?;
        let accepts = self.accepts.for_recipient(&row.recipient);
        Ok(Request::post(
            url,
            std::mem::take(&mut row.body).into_boxed_str(),
            accepts,
        ))
    }
}

/// Sends a row once. The ledger must already have it as in flight.
pub(crate) async fn send_row(
    session: Arc<ApiSession>,
    request: Request,
    row: RowToSend,
) -> RowTaskEnd {
    let began = clock::instant();
    let attempt = session
        .client
        .attempt_until(row.deadline, &request, &session.credentials)
        .await;
    let Some(attempt) = attempt else {
        return RowTaskEnd::after_lease(row);
    };
    let verdict = judge(&attempt, &request).naming_origin(&session.credentials);
    let http_status = attempt.ok().map(|answer| answer.status);
    RowTaskEnd::new(row, clock::elapsed_since(began), http_status, verdict)
}

impl RowTaskEnd {
    /// Ends an attempt.
    pub(crate) fn new(
        row: RowToSend,
        took: Duration,
        http_status: Option<u16>,
        verdict: Verdict,
    ) -> Self {
        let (state, message_id) = match &verdict.outcome {
            Outcome::Sent { message_id } => (RowState::Sent, message_id.clone()),
            Outcome::NotSent(Cause::Rejected) => (RowState::Failed, None),
            Outcome::NotSent(_) => (RowState::Pending, None),
            Outcome::Unknown(_) => (RowState::Unknown, None),
        };
        let problem = verdict.problem.as_ref();
        let row = FinishedRow {
            took,
            http_status,
            message_id: message_id.filter(|id| id.len() <= LONGEST_ID),
            code: problem.map(|problem| problem.code),
            error: problem.map(|problem| problem.message.clone()),
            api_code: problem.and_then(|problem| Some(excerpt(problem.api_code.as_deref()?))),
            ..FinishedRow::new(row, state)
        };
        Self {
            row,
            verdict: Box::new(verdict),
        }
    }

    /// Ends an unsent row after its lease expired. Other processes may already count the row as unknown.
    pub(crate) fn after_lease(row: RowToSend) -> Self {
        let problem = msg!("this process was suspended until its lease on the row expired");
        let verdict = Verdict {
            outcome: Outcome::NotSent(Cause::Unavailable),
            problem: None,
            retry: None,
        };
        Self {
            row: FinishedRow::not_begun(row, problem),
            verdict: Box::new(verdict),
        }
    }
}
