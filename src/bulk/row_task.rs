//! One row on its way, which the ledger has as under way: on the wire, and what became of it.

use std::sync::Arc;

use url::Url;

use super::ledger::{EndedAttempt, LedgerError, QueuedRow, RowState, now};
use crate::api::{Attempt, Cause, Client, Credentials, Outcome, Request, SuccessCriterion, SwapWatch, Verdict, judge};

/// Bytes of a message's id that are kept; a longer one is kept as none.
const LONGEST_ID: usize = 256;
/// Bytes that are kept of what a server says.
const LONGEST_TEXT: usize = 2048;

/// What requests are sent with.
pub(crate) struct ApiSession {
    pub(crate) client: Client,
    pub(crate) credentials: Credentials,
    pub(crate) base: Url,
    pub(crate) accepts: SuccessCriterion,
    pub(crate) swaps: SwapWatch,
}

/// What a task says of its row.
pub(crate) struct RowTaskEnd {
    /// Where the row begins in the input.
    pub(crate) line: u64,
    pub(crate) ended: EndedAttempt,
    pub(crate) verdict: Box<Verdict>,
    /// What a sandbox warns of.
    pub(crate) warnings: Vec<String>,
}

impl ApiSession {
    /// The request that the ledger keeps for `row`.
    pub(crate) fn request(&self, row: &QueuedRow) -> Result<Request, LedgerError> {
        let accepts = self.accepts.for_recipient(&row.recipient);
        Request::below(&self.base, &row.path, row.body.as_str().into(), accepts)
            .map_err(|error| LedgerError::Damaged { problem: format!("row {}: {error}", row.n) })
    }
}

/// Sends a row once; the ledger has it as under way.
pub(crate) async fn send_row(session: Arc<ApiSession>, request: Request, row: QueuedRow) -> RowTaskEnd {
    let began_at = now();
    let attempt = session.client.attempt(&request, &session.credentials).await;
    let verdict = session.swaps.check(judge(&attempt, &request.accepts), &attempt, &session.client);
    let (state, message_id) = match &verdict.outcome {
        Outcome::Sent { message_id } => (RowState::Sent, message_id.clone()),
        Outcome::NotSent(Cause::Rejected) => (RowState::Failed, None),
        Outcome::NotSent(_) => (RowState::Pending, None),
        Outcome::Unknown(_) => (RowState::Unknown, None),
    };
    let (http_status, warnings) = match attempt {
        Attempt::Answered(answer) => (Some(answer.status), answer.warnings),
        Attempt::Failed(_) => (None, Vec::new()),
    };
    let ended = EndedAttempt {
        n: row.n,
        number: row.number,
        recipient: row.recipient,
        state,
        began_at,
        ended_at: now(),
        http_status,
        message_id: message_id.filter(|id| id.len() <= LONGEST_ID),
        code: verdict.problem.as_ref().map(|problem| problem.code),
        error: verdict.problem.as_ref().map(|problem| shortened(&problem.message)),
    };
    RowTaskEnd { line: row.line, ended, verdict: Box::new(verdict), warnings }
}

/// The text, or its beginning and `…`.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        text.to_owned()
    } else {
        format!(
            "{}…",
            text.chars()
                .scan(0, |size, letter| {
                    *size += letter.len_utf8();
                    (*size <= LONGEST_TEXT).then_some(letter)
                })
                .collect::<String>()
        )
    }
}
