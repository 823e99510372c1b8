//! Sends the rows of a run at its pace: the engine, and its reasons to wait or stop. The ledger decides which rows it may
//! send.

mod driver;
mod engine;
mod row_task;
mod run_end;
mod throttle;

pub(crate) use self::driver::Driver;
pub(crate) use self::row_task::ApiSession;
pub(crate) use self::run_end::{RunEnd, StopReason};
pub(crate) use self::throttle::RunLimits;
#[cfg(test)]
pub(crate) use self::{
    engine::{Engine, EngineAction, EngineInput},
    row_task::RowTaskEnd,
    throttle::Throttle,
};
