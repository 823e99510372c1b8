//! `ledger`: the ledger of runs that several machines send, in a database.

use super::CommandError;
use super::bulk::ledger_address;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::ledger::{schema_sql, set_up};

/// What is done with the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LedgerAction {
    Setup { print: bool },
}

pub(crate) fn run(context: &Context, action: LedgerAction) -> Result<ExitCode, CommandError> {
    let LedgerAction::Setup { print } = action;
    if print {
        context.stdout.bytes(schema_sql().as_bytes())?;
        return Ok(ExitCode::Success);
    }
    let Some(address) = ledger_address(context)? else {
        return Err(UsageError::new(
            "no database is named",
            "give its address with --ledger or JELOUCTL_LEDGER; a run in a file needs no setup",
        )
        .into());
    };
    let shown = address.shown.clone();
    if set_up(address)? {
        context.stderr.note(&format!("{shown} has a ledger now; who sends needs: GRANT jelouctl_sender TO NAME"));
    } else {
        context.stderr.note(&format!("{shown} has a ledger already, of this version"));
    }
    Ok(ExitCode::Success)
}
