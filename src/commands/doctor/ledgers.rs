//! Checks the ledger of bulk runs and `--once` keys.

use super::checkup::Checkup;
use crate::base::message::{Message, msg};
use crate::base::output::CheckState;
use crate::base::paths::STATE;
use crate::command_error::CommandError;
use crate::commands::open_ledger::{ledger_address, open_existing_ledger};
use crate::runs::ledger::{AccessWarning, Ledger, LedgerError, check_writable, make_private};
use crate::sender::context::Context;

impl Checkup {
    /// Checks whether a bulk run could be stored; creates nothing. A send does not need a ledger, so an unusable
    /// directory is a warning. A database was requested, so it fails with the exit code of a bulk run.
    pub(super) fn ledgers(&mut self, context: &Context, offline: bool) {
        let address = ledger_address(context);
        let is_database = !matches!(address, Ok(None));
        let checked = match address {
            Ok(Some(address)) if offline => {
                Ok((msg!("{shown}, not checked", shown = address.shown), None))
            }
            Ok(address) => ledger(
                context,
                address.as_ref().map(|address| address.shown.as_str()),
            ),
            Err(error) => Err(error),
        };
        let name = msg!("ledgers");
        match checked {
            Ok((detail, None)) => self.ok(name, detail),
            Ok((detail, hint)) => self.push(name, CheckState::Warning, detail, hint),
            Err(error) => {
                self.has_ledger = false;
                let problem = &error.message;
                let message = msg!("bulk and --once do not work: {problem}", problem);
                if is_database {
                    self.fail(name, CommandError { message, ..error });
                } else {
                    self.push(name, CheckState::Warning, message, error.hint);
                }
            }
        }
    }
}

/// Something wrong with a ledger that can be used, and how to fix it.
struct LedgerProblem {
    message: Message,
    hint: Message,
}

impl From<AccessWarning> for LedgerProblem {
    fn from(AccessWarning { message, hint }: AccessWarning) -> Self {
        Self { message, hint }
    }
}

impl From<LedgerError> for LedgerProblem {
    fn from(error: LedgerError) -> Self {
        Self {
            message: error.message,
            hint: error.hint,
        }
    }
}

/// Checks the whole ledger; returns its description, with a hint if something is wrong. A read-only role is not an error.
fn ledger(
    context: &Context,
    database: Option<&str>,
) -> Result<(Message, Option<Message>), CommandError> {
    let mut problems: Vec<LedgerProblem> = Vec::new();
    let detail = if let Some(shown) = database {
        msg!(
            "{shown}: durable, with a ledger (checked: connection, certificate, that it is the primary, server version, \
             fsync, synchronous_commit, ledger version, privileges)",
            shown
        )
    } else {
        let directory = STATE.directory().ok_or_else(LedgerError::no_directory)?;
        problems.extend(make_private(&directory)?.map(LedgerProblem::from));
        check_writable(&directory)?;
        msg!("{directory} is writable", directory)
    };
    let Some(ledger) = open_existing_ledger(context)? else {
        return Ok(describe(detail, &problems));
    };
    match ledger.ensure_writable() {
        Err(error) if database.is_some() => {
            let detail = msg!("{detail}; this role can read, but not send", detail);
            return Ok((detail, Some(error.hint)));
        }
        may_write => may_write?,
    }
    ledger.check()?;
    problems.extend(why_not_sent(&ledger)?.map(LedgerProblem::from));
    let detail = match ledger.count_excluded(context.flags.sandbox)? {
        0 => detail,
        excluded => msg!(
            "{detail}; lists skip {excluded} {excluded|recipient|recipients} of bulk exclude",
            detail,
            excluded
        ),
    };
    Ok(describe(detail, &problems))
}

/// Returns why the ledger, or one of its runs, is not sent.
fn why_not_sent(ledger: &Ledger) -> Result<Option<LedgerError>, LedgerError> {
    for refused in [ledger.refuse_older_layout(), ledger.refuse_restored()] {
        if let Err(error) = refused {
            return Ok(Some(error));
        }
    }
    for run in ledger.runs()? {
        if let Some(error) = run.stale_reason()? {
            return Ok(Some(error));
        }
    }
    Ok(None)
}

/// Adds the problems to the description of the ledger, and returns their hints.
fn describe(mut described: Message, problems: &[LedgerProblem]) -> (Message, Option<Message>) {
    for LedgerProblem {
        message: problem, ..
    } in problems
    {
        described = msg!("{described}; but {problem}", described, problem);
    }
    let hints: Vec<_> = problems
        .iter()
        .map(|problem| problem.hint.clone())
        .collect();
    let hint = (!hints.is_empty()).then(|| Message::joined(hints, "; "));
    (described, hint)
}
