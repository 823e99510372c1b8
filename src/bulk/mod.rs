//! Many messages from a list of people: source → template → ledger → pace → engine → report. It talks to the API and
//! prints its progress; what was typed, who sends and who may be written to is decided by the commands.

mod breaker;
mod columns;
mod engine;
mod import;
mod ledger;
mod pace;
mod report;
mod row;
mod runs;
mod source;
mod template;
mod writer;

pub use self::breaker::Trip;
pub use self::engine::{Api, Engine, Stop};
pub use self::import::{Imported, Leniency, Plan, RecipientRule, RowFault, Window, import};
pub use self::ledger::{Counts, Details, Draft, Ended, Ledger, LedgerError, State};
pub use self::report::{ReportFormat, write as write_report};
pub use self::row::Row;
pub use self::runs::{Lock, Reserved, RunError, RunName, Runs, SameCampaign};
pub use self::source::{Source, SourceError};
pub use self::template::{Body, Leaf, TemplateError, language};
pub use self::writer::Lost;
